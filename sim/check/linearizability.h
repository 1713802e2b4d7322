/*
 * Linearizability of one history (Herlihy and Wing, TOPLAS 12(3) 1990), object by object.
 *
 * First the witness: the order that the ledger knows, verified against model and real time in one
 * pass. A witness that passes proves; one that fails proves nothing, and the search decides: Wing
 * and Gong's (J. Parallel Distrib. Comput. 17, 1993), with a memory of configurations already seen.
 */
#ifndef SIM_CHECK_LINEARIZABILITY_H
#define SIM_CHECK_LINEARIZABILITY_H

#include "sim/check/check.h"

struct operation {
	nanoseconds invoked;
	nanoseconds returned;    /* INT64_MAX: never, or unknown */
	uint64_t witness;        /* sorts the ledger's order; 0: not in it */
	uint32_t record;         /* where the history has its invocation */
	uint32_t order;          /* of invocation, from 0: ties in time broken as they happened */
	uint32_t returned_order; /* of the return, on the same scale; UINT32_MAX: never */
	uint32_t unused;
	struct told told;
};

enum { STUCK_MAX = 8 };
struct linearizability {
	enum verdict verdict;
	bool by_witness; /* for every object */
	uint64_t operations, objects;
	uint64_t configurations; /* that the search looked at */
	uint64_t key;            /* of the object that failed or was too hard */
	/* Of a violation: records of operations that could not be placed. On the path that came
	 * furthest, the first had to be placed next, and the others were open with it. */
	uint32_t stuck[STUCK_MAX];
	unsigned stuck_count;
};

/* Reusable memory of the checker, outside any run. */
struct linearizability_room;
struct linearizability_room *linearizability_room(void);
void linearizability_room_free(struct linearizability_room *);

/*
 * The client operations of a run's history, with the ledger's witness. Those that certainly did not
 * happen are left out. They stand in the room, until it is asked again. Returns their number.
 */
size_t operations_of(struct world *, struct linearizability_room *, struct operation **);

/*
 * Judges `count` operations, in any order; reorders them. At most `budget` configurations an object
 * are looked at: beyond, the verdict is UNKNOWN.
 */
void linearizable(struct linearizability_room *, const struct model *, struct operation *,
		  size_t count, uint64_t budget, struct linearizability *);

#endif
