/*
 * The tree of log entries: finding, making, and asking for ancestors.
 *
 * Jump pointers are those of Myers' skew-binary stack (An Applicative Random-Access Stack,
 * Information Processing Letters 17(5), 1983): one a node, made in O(1) when the node is, and an
 * ancestor is found in O(log n) steps. A log whose prefix was discarded may miss indexes; the way
 * is then longer, never wrong.
 */
#include "sim/check/entries.h"

void entries_init(struct world *world, struct entries *entries)
{
	struct entry *root = arena_bump(&world->arena, sizeof(*root));

	entries->root = root->jump = arena_ref(&world->arena, root);
	pages_init(&entries->first, sizeof(ref_t));
}

static ref_t jump_of(const struct world *world, ref_t parent_ref)
{
	const struct entry *parent = entry_at(world, parent_ref);
	const struct entry *jump = entry_at(world, parent->jump);
	const struct entry *second = entry_at(world, jump->jump);

	if (parent->index - jump->index == jump->index - second->index)
		return jump->jump;
	return parent_ref;
}

static ref_t entry_make(struct world *world, ref_t parent, struct log_record *record,
			process_id writer)
{
	struct entry *entry = arena_bump(&world->arena, sizeof(*entry));

	entry->parent = parent;
	entry->jump = jump_of(world, parent);
	entry->record = arena_ref(&world->arena, record);
	entry->index = record->index;
	entry->term = record->term;
	entry->time = world->now;
	entry->writer = writer;
	record->holders++;
	return arena_ref(&world->arena, entry);
}

ref_t entry_place(struct world *world, struct entries *entries, ref_t parent,
		  struct log_record *record, process_id writer, ref_t *rival)
{
	ref_t *at = pages_make(&world->arena, &entries->first, record->index);
	ref_t other = 0;

	*rival = 0;
	for (; *at; at = &entry_at(world, *at)->next) {
		const struct entry *entry = entry_at(world, *at);

		if (entry->term != record->term)
			continue;
		if (entry->parent == parent && entry_digest(world, entry) == record->digest)
			return record->node = *at;
		if (!other)
			other = *at;
	}
	*rival = other;
	return record->node = *at = entry_make(world, parent, record, writer);
}

bool entry_holds(const struct world *world, ref_t ref, ref_t above)
{
	uint64_t index = entry_at(world, above)->index;

	while (entry_at(world, ref)->index > index) {
		const struct entry *entry = entry_at(world, ref);

		ref = entry_at(world, entry->jump)->index >= index ? entry->jump : entry->parent;
	}
	return ref == above;
}

uint64_t entries_part(const struct world *world, ref_t a, ref_t b)
{
	uint64_t index = 0;

	while (a != b) {
		const struct entry *left = entry_at(world, a), *right = entry_at(world, b);

		if (left->index == right->index &&
		    entry_digest(world, left) != entry_digest(world, right))
			index = left->index;
		if (left->index >= right->index)
			a = left->parent;
		if (right->index >= left->index)
			b = right->parent;
	}
	return index;
}
