/*
 * Records, and snapshots that keep them.
 *
 * A snapshot is a memcpy of the arena's used part, and of what a choice source counts. Records are
 * only ever appended to, so a snapshot shares the front of them with the run; when the run goes
 * back and would write over what a kept snapshot still needs, that part moves into the snapshot:
 * its own tail.
 */
#include "sim/world/kernel.h"

/* ---- Records --------------------------------------------------------------------------------- */

void *records_append(struct world *world, unsigned kind, size_t size)
{
	size_t at = world->records[kind];

	if (unlikely(size > RECORDS_MAX - at))
		world_limit(world, "records");
	world->records[kind] = at + size;
	return memset(world->outside->records[kind] + at, 0, size);
}

void *records_at(struct world *world, unsigned kind, size_t offset)
{
	return world->outside->records[kind] + offset;
}

size_t records_size(const struct world *world, unsigned kind)
{
	return world->records[kind];
}

/* ---- Snapshots ------------------------------------------------------------------------------- */

struct tail {
	size_t shared; /* bytes at the front that the run's records still hold */
	char *bytes;   /* the rest, the snapshot's own */
	size_t size;
};

struct snapshot {
	struct snapshot *next;
	struct tail tails[RECORDS_KINDS];
	size_t size;
	char arena[]; /* and what the choice source counts */
};

/* What of its state a source changes in a run goes back with the run. */
static size_t source_size(const struct world *world)
{
	return world->choices.source ? world->choices.source->counts_size : 0;
}

struct snapshot *world_snapshot(struct world *world)
{
	size_t size = world->arena.used;
	struct snapshot *snapshot = malloc(sizeof(*snapshot) + size + source_size(world));

	assert(!world->outside->in_handler);
	if (!snapshot)
		return NULL;
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->size = size;
	memcpy(snapshot->arena, world, size);
	if (source_size(world))
		memcpy(snapshot->arena + size, world->choices.source->counts, source_size(world));
	for (unsigned kind = 0; kind < RECORDS_KINDS; kind++)
		snapshot->tails[kind].shared = world->records[kind];
	snapshot->next = world->outside->snapshots;
	world->outside->snapshots = snapshot;
	return snapshot;
}

/* The run's records will be cut back to `size`: this snapshot keeps what it shares beyond that. */
static void tail_keep(struct world *world, struct snapshot *snapshot, unsigned kind, size_t size)
{
	struct tail *tail = &snapshot->tails[kind];

	if (tail->shared <= size)
		return;
	size_t more = tail->shared - size;
	char *bytes = malloc(more + tail->size);

	if (!bytes)
		world_limit(world, "memory");
	memcpy(bytes, records_at(world, kind, size), more);
	if (tail->size)
		memcpy(bytes + more, tail->bytes, tail->size);
	free(tail->bytes);
	*tail = (struct tail){.shared = size, .bytes = bytes, .size = more + tail->size};
}

void world_restore(struct world *world, struct snapshot *snapshot)
{
	struct outside *outside = world->outside;

	assert(!outside->in_handler);
	for (unsigned kind = 0; kind < RECORDS_KINDS; kind++) {
		struct tail *mine = &snapshot->tails[kind];

		for (struct snapshot *other = outside->snapshots; other; other = other->next)
			if (other != snapshot)
				tail_keep(world, other, kind, mine->shared);
		if (!mine->size)
			continue;
		memcpy(records_at(world, kind, mine->shared), mine->bytes, mine->size);
		mine->shared += mine->size;
		free(mine->bytes);
		mine->bytes = NULL;
		mine->size = 0;
	}
	memcpy(world, snapshot->arena, snapshot->size);
	statics_reset(world);
	if (source_size(world))
		memcpy(world->choices.source->counts, snapshot->arena + snapshot->size,
		       source_size(world));
}

void snapshot_free(struct world *world, struct snapshot *snapshot)
{
	struct snapshot **at = &world->outside->snapshots;

	if (!snapshot)
		return;
	while (*at != snapshot)
		at = &(*at)->next;
	*at = snapshot->next;
	for (unsigned kind = 0; kind < RECORDS_KINDS; kind++)
		free(snapshot->tails[kind].bytes);
	free(snapshot);
}

size_t snapshot_bytes(const struct snapshot *snapshot)
{
	return snapshot->size;
}
