/*
 * Registers: one number under each key, read, written, compared and set.
 *
 * The classic object of Herlihy and Wing (Linearizability, TOPLAS 12(3) 1990), with compare-and-set
 * added. A register that was never written holds 0, and 0 is what the image and the digest leave
 * out: equal states have equal digests, whatever the order of the writes.
 */
#include <string.h>

#include "protocols/apps/keyed.h"
#include "protocols/common/mix.h"
#include "protocols/common/table.h"

enum { READ = REGISTER_READ, WRITE = REGISTER_WRITE, CAS = REGISTER_CAS };

struct registers {
	struct table table;
};

/* ---- What a log replicates ------------------------------------------------------------------- */

static size_t query(struct env *env, const void *state, const void *command, size_t size,
		    void *answer)
{
	const struct registers *registers = state;
	struct keyed_command read = keyed_read(env, command, size);
	uint64_t value = table_get(&registers->table, read.key);

	memcpy(answer, &value, sizeof(value));
	return sizeof(value);
}

static size_t apply(struct env *env, void *state, const void *command, size_t size, void *answer)
{
	struct registers *registers = state;
	struct keyed_command read = keyed_read(env, command, size);

	if (read.operation == READ)
		return query(env, state, command, size, answer);
	uint64_t *value = table_at(env, &registers->table, read.key);
	bool done = read.operation == WRITE || *value == read.expected;

	if (done)
		*value = read.value;
	return keyed_answer(answer, done);
}

static size_t image(struct env *env, const void *state, void *bytes)
{
	const struct table *table = &((const struct registers *)state)->table;
	size_t size = 0;

	(void)env;
	for (uint64_t i = 0; i < table->capacity; i++) {
		if (table->slots[i].value == 0)
			continue;
		if (bytes)
			memcpy((char *)bytes + size, &table->slots[i], sizeof(struct slot));
		size += sizeof(struct slot);
	}
	return size;
}

static void restore(struct env *env, void *state, const void *bytes, size_t size)
{
	struct registers *registers = state;

	table_clear(env, &registers->table);
	for (size_t at = 0; at < size; at += sizeof(struct slot)) {
		struct slot slot;

		memcpy(&slot, (const char *)bytes + at, sizeof(slot));
		*table_at(env, &registers->table, slot.name - 1) = slot.value;
	}
}

static uint64_t digest(const void *state)
{
	const struct table *table = &((const struct registers *)state)->table;
	uint64_t sum = 0; /* commutes: the order of the slots says nothing */

	for (uint64_t i = 0; i < table->capacity; i++)
		if (table->slots[i].value)
			sum += mix_after(table->slots[i].name, table->slots[i].value);
	return sum;
}

static void tell(const void *command, size_t size, const void *answer, size_t answer_size,
		 struct told *told)
{
	keyed_tell(command, size, answer, told);
	if (!told->answered)
		return;
	if (told->operation == READ)
		memcpy(&told->result, answer,
		       answer_size < sizeof(told->result) ? answer_size : sizeof(told->result));
	else
		told->matched = keyed_done(answer, answer_size);
}

/* ---- The table ------------------------------------------------------------------------------- */

static const struct app_operation operations[] = {
	[READ] = {.name = "read", .reads = true},
	[WRITE] = {.name = "write", .blind = true},
	[CAS] = {.name = "cas", .compares = true},
	{0},
};

const struct app app_register = {
	.name = "register",
	.summary = "one number under each key: read, write, compare and set",
	.state_size = sizeof(struct registers),
	.operations = operations,
	.model = &model_cas_register,
	.draw = keyed_draw,
	.keys = keyed_keys,
	.apply = apply,
	.query = query,
	.image = image,
	.restore = restore,
	.digest = digest,
	.tell = tell,
};
