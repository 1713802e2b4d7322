/*
 * A key-value store: under each key a string of numbers, which grows by append.
 *
 * Histories and models speak of values as numbers, so each value has one: a string of a single
 * number is told as that number, a longer one as the number that the model extends (told_after), an
 * absent key as 0. A cas compares by this number, as with an entity tag. The digest of the state
 * depends on what is stored alone, not on the order of arrival.
 */
#include <string.h>

#include "protocols/apps/keyed.h"
#include "protocols/common/mix.h"
#include "protocols/common/table.h"

enum { VALUE_NUMBERS_MAX = 1024, STRING_FIRST = 4 };
_Static_assert(VALUE_NUMBERS_MAX * sizeof(uint64_t) <= ANSWER_MAX, "a get answers with all of it");

struct string {
	uint64_t told; /* the number of the value; 0: absent, and then length is 0 */
	uint32_t length, capacity;
	uint64_t numbers[];
};

struct kv {
	struct table table; /* key to the address of its struct string */
};

/* The number of a value after `appended` was added to it; appended to nothing, it stands alone. */
static uint64_t told_after(uint64_t before, uint64_t appended)
{
	return string_after(before, appended, string_shift(sizeof(appended)));
}

/* ---- Strings --------------------------------------------------------------------------------- */

static struct string *string_of(uint64_t address)
{
	return (struct string *)(uintptr_t)address;
}

static size_t string_size(uint32_t capacity)
{
	return sizeof(struct string) + capacity * sizeof(uint64_t);
}

static struct string *string_at(struct env *env, struct kv *kv, uint64_t key)
{
	uint64_t *address = table_at(env, &kv->table, key);

	if (!*address) {
		struct string *string = env_alloc(env, string_size(STRING_FIRST));

		string->capacity = STRING_FIRST;
		*address = (uintptr_t)string;
	}
	return string_of(*address);
}

static void string_set(struct string *string, uint64_t number)
{
	string->told = number;
	string->length = 1;
	string->numbers[0] = number;
}

static bool string_append(struct env *env, struct kv *kv, uint64_t key, uint64_t number)
{
	struct string *string = string_at(env, kv, key);

	if (string->length == VALUE_NUMBERS_MAX)
		return false;
	if (string->length == string->capacity) {
		uint32_t capacity = 2 * string->capacity;

		string = env_realloc(env, string, string_size(capacity));
		string->capacity = capacity;
		*table_at(env, &kv->table, key) = (uintptr_t)string;
	}
	string->numbers[string->length++] = number;
	string->told = told_after(string->told, number);
	return true;
}

/* ---- What a log replicates ------------------------------------------------------------------- */

static size_t query(struct env *env, const void *state, const void *command, size_t size,
		    void *answer)
{
	const struct kv *kv = state;
	struct keyed_command read = keyed_read(env, command, size);
	const struct string *string = string_of(table_get(&kv->table, read.key));

	if (!string)
		return 0;
	memcpy(answer, string->numbers, string->length * sizeof(uint64_t));
	return string->length * sizeof(uint64_t);
}

static bool change(struct env *env, struct kv *kv, const struct keyed_command *command)
{
	struct string *string = string_at(env, kv, command->key);

	switch ((enum kv_operation)command->operation) {
	case KV_APPEND: return string_append(env, kv, command->key, command->value);
	case KV_DELETE:
		string->told = 0;
		string->length = 0;
		return true;
	case KV_CAS:
		if (string->told != command->expected)
			return false;
		string_set(string, command->value);
		return true;
	case KV_PUT:
	case KV_GET: break;
	}
	string_set(string, command->value);
	return true;
}

static size_t apply(struct env *env, void *state, const void *command, size_t size, void *answer)
{
	struct keyed_command read = keyed_read(env, command, size);

	if (read.operation == KV_GET)
		return query(env, state, command, size, answer);
	return keyed_answer(answer, change(env, state, &read));
}

/* Of each key that is there: key, length, numbers. */
static size_t image(struct env *env, const void *state, void *bytes)
{
	const struct table *table = &((const struct kv *)state)->table;
	size_t size = 0;

	(void)env;
	for (uint64_t i = 0; i < table->capacity; i++) {
		const struct string *string = string_of(table->slots[i].value);

		if (!string || string->length == 0)
			continue;
		uint64_t head[2] = {table->slots[i].name - 1, string->length};
		size_t length = string->length * sizeof(uint64_t);

		if (bytes) {
			memcpy((char *)bytes + size, head, sizeof(head));
			memcpy((char *)bytes + size + sizeof(head), string->numbers, length);
		}
		size += sizeof(head) + length;
	}
	return size;
}

static void restore(struct env *env, void *state, const void *bytes, size_t size)
{
	struct kv *kv = state;
	const char *at = bytes;
	const char *end = at + size;

	for (uint64_t i = 0; i < kv->table.capacity; i++)
		if (kv->table.slots[i].value)
			env_free(env, string_of(kv->table.slots[i].value));
	table_clear(env, &kv->table);
	while (at < end) {
		uint64_t head[2];

		memcpy(head, at, sizeof(head));
		at += sizeof(head);
		for (uint64_t i = 0; i < head[1]; i++, at += sizeof(uint64_t)) {
			uint64_t number;

			memcpy(&number, at, sizeof(number));
			string_append(env, kv, head[0], number);
		}
	}
}

static uint64_t digest(const void *state)
{
	const struct table *table = &((const struct kv *)state)->table;
	uint64_t sum = 0; /* commutes: the order of the slots says nothing */

	for (uint64_t i = 0; i < table->capacity; i++) {
		const struct string *string = string_of(table->slots[i].value);

		if (string && string->length)
			sum += mix_after(mix_after(table->slots[i].name, string->length),
					 string->told);
	}
	return sum;
}

static void tell(const void *command, size_t size, const void *answer, size_t answer_size,
		 struct told *told)
{
	keyed_tell(command, size, answer, told);
	if (told->operation == KV_DELETE)
		told->value = 0; /* what is there afterwards: nothing */
	if (told->operation == KV_APPEND)
		told->expected = string_shift(sizeof(told->value));
	if (!told->answered)
		return;
	if (told->operation != KV_GET) {
		told->matched = keyed_done(answer, answer_size);
		return;
	}
	for (size_t at = 0; at + sizeof(uint64_t) <= answer_size; at += sizeof(uint64_t)) {
		uint64_t number;

		memcpy(&number, (const char *)answer + at, sizeof(number));
		told->result = told_after(told->result, number);
	}
}

/* ---- The table ------------------------------------------------------------------------------- */

static const struct app_operation operations[] = {
	[KV_GET] = {.name = "get", .reads = true},
	[KV_PUT] = {.name = "put", .blind = true},
	[KV_DELETE] = {.name = "delete", .blind = true},
	[KV_APPEND] = {.name = "append"},
	[KV_CAS] = {.name = "cas", .compares = true}, /* the value's number */
	{0},
};

const struct app app_kv = {
	.name = "kv",
	.summary = "strings of numbers by key: get, put, delete, append, compare and set",
	.state_size = sizeof(struct kv),
	.operations = operations,
	.model = &model_kv,
	.draw = keyed_draw,
	.keys = keyed_keys,
	.apply = apply,
	.query = query,
	.image = image,
	.restore = restore,
	.digest = digest,
	.tell = tell,
};
