/*
 * The tree of log entries: each is one (index, term, command) behind one particular prefix.
 *
 * A path from the root is a log, so that two logs agree up to an index exactly when they hold the
 * same entry there. Log matching, leader completeness and the agreement of what is committed all
 * come down to comparing two references, or to asking for an ancestor, which jump pointers answer
 * in O(log n).
 */
#ifndef SIM_CHECK_ENTRIES_H
#define SIM_CHECK_ENTRIES_H

#include "sim/world/world.h"

struct entry {
	ref_t parent; /* the entry before it; of the root: nothing */
	ref_t jump;   /* an ancestor further up */
	ref_t next;   /* another entry of the same index: nearly always none */
	ref_t record; /* held, so that its command can be replayed */
	uint64_t index, term;
	uint64_t holders;  /* processes whose durable log holds it */
	nanoseconds time;  /* when it was first appended */
	process_id writer; /* by whom */
	uint8_t unused[7];
};

/* Of one group. */
struct entries {
	ref_t root;         /* index 0: the empty log */
	struct pages first; /* ref_t, by index: the first entry written there */
};

void entries_init(struct world *, struct entries *);

static inline struct entry *entry_at(const struct world *world, ref_t ref)
{
	return arena_at(&world->arena, ref);
}
static inline uint64_t entry_digest(const struct world *world, const struct entry *entry)
{
	return ((struct log_record *)arena_at(&world->arena, entry->record))->digest;
}

/*
 * The entry for this record behind `parent`, made where there is none yet. `rival` becomes the
 * first entry with the same index and term and yet another command or prefix, where one was just
 * made next to it; else nothing.
 */
ref_t entry_place(struct world *, struct entries *, ref_t parent, struct log_record *,
		  process_id writer, ref_t *rival);
/* Is `above` on the path from the root to `entry`, or the entry itself? */
bool entry_holds(const struct world *, ref_t entry, ref_t above);
/* The lowest index at which the logs that end in `a` and `b`, which have the same index, hold
 * different commands; 0: nowhere. Takes time with the way to where they part. */
uint64_t entries_part(const struct world *, ref_t a, ref_t b);

#endif
