/* Commands on one key, and a table by key: see keyed.h. */
#include "protocols/apps/keyed.h"

#include <string.h>

#include "protocols/common/mix.h"

/* ---- Commands -------------------------------------------------------------------------------- */

size_t keyed_draw(const struct drawn *drawn, void *command)
{
	struct keyed_command built = {
		.operation = drawn->operation,
		.key = drawn->key,
		.value = drawn->fresh,
		.expected = drawn->seen,
	};

	memcpy(command, &built, sizeof(built));
	return sizeof(built);
}

unsigned keyed_keys(const void *command, size_t size, uint64_t *keys)
{
	(void)size;
	memcpy(keys, (const char *)command + offsetof(struct keyed_command, key), sizeof(*keys));
	return 1;
}

struct keyed_command keyed_read(struct env *env, const void *command, size_t size)
{
	struct keyed_command read;

	ORDEAL_ASSERT(env, size == sizeof(read));
	memcpy(&read, command, sizeof(read));
	return read;
}

void keyed_tell(const void *command, size_t size, const void *answer, struct told *told)
{
	struct keyed_command read = {0};

	if (size == sizeof(read)) /* whatever else was recorded tells nothing */
		memcpy(&read, command, sizeof(read));
	*told = (struct told){
		.operation = (unsigned)read.operation,
		.answered = answer != NULL,
		.key = read.key,
		.value = read.value,
		.expected = read.expected,
	};
}

size_t keyed_answer(void *answer, bool done)
{
	uint64_t number = done;

	memcpy(answer, &number, sizeof(number));
	return sizeof(number);
}

bool keyed_done(const void *answer, size_t size)
{
	uint64_t number = 0;

	memcpy(&number, answer, size < sizeof(number) ? size : sizeof(number));
	return number != 0;
}

/* ---- The table ------------------------------------------------------------------------------- */

enum { SLOTS_FIRST = 16 };

/* The key's slot, or the free one where it belongs. The table is never full. */
static struct slot *probe(const struct table *table, uint64_t key)
{
	uint64_t mask = table->capacity - 1;
	uint64_t place = mix(key) & mask;

	while (table->slots[place].name != key + 1 && table->slots[place].name != 0)
		place = (place + 1) & mask;
	return &table->slots[place];
}

static void grow(struct env *env, struct table *table)
{
	struct table old = *table;

	table->capacity = old.capacity ? 2 * old.capacity : SLOTS_FIRST;
	table->slots = env_alloc(env, table->capacity * sizeof(struct slot));
	for (uint64_t i = 0; i < old.capacity; i++)
		if (old.slots[i].name)
			*probe(table, old.slots[i].name - 1) = old.slots[i];
	if (old.slots)
		env_free(env, old.slots);
}

uint64_t *table_at(struct env *env, struct table *table, uint64_t key)
{
	ORDEAL_ASSERT(env, key != UINT64_MAX);
	if (4 * (table->used + 1) > 3 * table->capacity)
		grow(env, table);
	struct slot *slot = probe(table, key);

	if (!slot->name) {
		slot->name = key + 1;
		table->used++;
	}
	return &slot->value;
}

uint64_t table_get(const struct table *table, uint64_t key)
{
	return table->capacity ? probe(table, key)->value : 0;
}

void table_clear(struct env *env, struct table *table)
{
	if (table->slots)
		env_free(env, table->slots);
	*table = (struct table){0};
}
