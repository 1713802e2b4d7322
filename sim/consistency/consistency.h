/*
 * The judge of histories: is there an order of the operations that the object's sequential model
 * accepts, and that agrees with real time? (Herlihy and Wing, Linearizability, TOPLAS 12(3) 1990.)
 *
 * It knows no world, no file and no protocol: who has a history, of a run or of a file, fills in
 * operations and asks. The verdict comes with its evidence: an order that holds, or a core that no
 * order explains.
 */
#ifndef SIM_CONSISTENCY_CONSISTENCY_H
#define SIM_CONSISTENCY_CONSISTENCY_H

#include "sim/ordeal.h"

/* ---- A history ------------------------------------------------------------------------------- */

#define NEVER_RETURNED UINT32_MAX /* an enum holds no more than an int */

/*
 * One operation. Its place in real time is a pair of positions in the order of events, where each
 * invocation and each return has a position of its own; there may be gaps. One that certainly did
 * not happen is no operation: leave it out. One whose outcome is unknown never returned, and has
 * `told.answered` false: it may happen at any time after its invocation, or never.
 *
 * Objects and values are numbers (`told.key`, `.value`, `.expected`, `.result`); who reads names
 * and texts numbers them. 0 is "nothing there", so that a 0 in a file needs another number; the
 * numbers of a counter are themselves, and so are tokens, which begin with 1.
 */
struct operation {
	struct told told;
	uint64_t witness;  /* sorts an order that somebody knows; 0: not in it */
	uint32_t invoked;  /* positions; at most 2^31 */
	uint32_t returned; /* or NEVER_RETURNED */
	uint32_t process;  /* for messages only */
	uint32_t source;   /* likewise: a line of a file, a record of a run */
};

struct history {
	const struct operation *operations; /* in any order, of any number of objects */
	size_t count;
	/* Where a read tells a whole set: its elements are elements[result .. result + value), in
	 * any order, none twice. */
	const uint64_t *elements;
};

/* ---- Models ---------------------------------------------------------------------------------- */

/*
 * The sequential objects (models.c says what each operation does, and which members of `told` it
 * uses). In the order of their tables:
 *   register      read, write
 *   cas-register  read, write, cas
 *   kv            get, put, delete, append, cas      (strings: see ordeal.h)
 *   counter       read, add, add-and-get
 *   set           add, remove, insert, delete, contains, read
 *   queue         enqueue, dequeue
 *   mutex         acquire, release
 *   fenced-lock   acquire, release
 */
extern const struct model model_counter, model_set, model_queue, model_mutex, model_fenced_lock;
extern const struct model *const models[]; /* ended by NULL; ordeal.h has those that apps use */
const struct model *model_named(const char *name);           /* NULL: none */
int model_operation(const struct model *, const char *name); /* index; -1: none */

/* The number of a string. Equal strings have equal ones; different ones, almost surely (2^-61 times
 * their length), different ones. What ordeal.h says of appends holds for it. */
uint64_t string_hash(const void *bytes, size_t size);

/* ---- The judge ------------------------------------------------------------------------------- */

enum legality { LEGAL, ILLEGAL, UNDECIDED };

struct judge_limits {
	size_t memory;           /* bytes of the room, all in all; 0: a gibibyte */
	uint64_t configurations; /* that a search keeps in mind, an object; 0: as memory allows */
	bool core;               /* is one wanted? */
};

struct finding {
	enum legality legality;
	const char *engine;  /* that decided: of several objects, of the hardest one */
	bool by_witness;     /* LEGAL: an order that somebody knew is the proof, for every object */
	uint64_t operations; /* judged: reads of unknown outcome say nothing */
	uint64_t objects, configurations;
	uint64_t key; /* of the object that is illegal first, or undecided */
	/* LEGAL: an order, object by object, as indexes into the history's operations. Holds until
	 * the room is used again. What is unknown and not in it has not happened. */
	const uint32_t *order;
	size_t order_count;
	/*
	 * ILLEGAL, and a core was wanted: what had happened when this operation returned has no
	 * order; what had happened before has one, of each object. It belongs to the core.
	 */
	uint32_t accused;
	/*
	 * Operations that no order explains, even if every other one is taken as unknown
	 * (its return forgotten). Minimal: with any one of them taken as unknown too, an order
	 * exists. By invocation. None: too little memory for it, or for the accused. Not
	 * `core_minimal`: the budget was spent before that was sure.
	 */
	const uint32_t *core;
	size_t core_count;
	bool core_minimal;
	/* UNDECIDED: the object has so many returns, and an order of the first `reached`. */
	uint64_t reached, returns;
	const char *limit; /* what was spent: "memory" or "configurations" */
};

/* Reusable memory of the judge. */
struct room;
struct room *room_open(void);
void room_close(struct room *);
size_t room_held(const struct room *); /* bytes */

/* The evidence is checked before it is given: an order by order_holds, a core by the judge. */
void judge(struct room *, const struct model *, const struct history *, const struct judge_limits *,
	   struct finding *);

/* Is this an order of all that returned, and perhaps more, that the model accepts and that agrees
 * with real time? Each object's operations stand together. Shares nothing with the engines; the
 * order is not in the room. */
bool order_holds(struct room *, const struct model *, const struct history *, const uint32_t *order,
		 size_t count);

#endif
