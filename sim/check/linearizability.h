/*
 * Linearizability of a run's history (Herlihy and Wing, TOPLAS 12(3) 1990): its operations in the
 * words of the judge of histories, sim/consistency, with the order that the ledgers know as a
 * witness.
 */
#ifndef SIM_CHECK_LINEARIZABILITY_H
#define SIM_CHECK_LINEARIZABILITY_H

#include "sim/check/check.h"
#include "sim/consistency/consistency.h"

enum { STUCK_MAX = 8 };
struct linearizability {
	enum verdict verdict;
	bool by_witness;    /* for every object */
	const char *engine; /* that decided: of several objects, of the hardest one */
	uint64_t operations, objects;
	uint64_t configurations; /* that a search looked at */
	uint64_t key;            /* of the object that failed or was too hard */
	/* Of a violation: records of operations that no order explains together. First the one by
	 * whose answer the history became illegal, then the others, the last one first; so many of
	 * the core. None: too little memory to tell. */
	uint32_t stuck[STUCK_MAX];
	unsigned stuck_count;
	size_t core_count;
};

/* Reusable memory of the checker, outside any run. */
struct linearizability_room;
struct linearizability_room *linearizability_room(void);
void linearizability_room_free(struct linearizability_room *);

/*
 * The client operations of a run's history, with the ledger's witness; `source` is the record of
 * the invocation. Those that certainly did not happen are left out. They stand in the room, until
 * it is asked again. Returns their number.
 */
size_t operations_of(struct world *, struct linearizability_room *, struct operation **);
/* The same, as if nothing had been recorded after the first so many. */
size_t operations_before(struct world *, struct linearizability_room *, uint32_t records,
			 struct operation **);

/* Judges `count` operations. At most `budget` configurations an object are looked at: beyond, the
 * verdict is UNKNOWN. */
void linearizable(struct linearizability_room *, const struct model *, const struct operation *,
		  size_t count, uint64_t budget, struct linearizability *);

#endif
