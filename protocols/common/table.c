/* Numbers by key: see table.h. */
#include "protocols/common/table.h"

#include "protocols/common/mix.h"

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
