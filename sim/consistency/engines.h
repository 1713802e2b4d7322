/*
 * What the engines share: one object's calls, and the memory they work in.
 */
#ifndef SIM_CONSISTENCY_ENGINES_H
#define SIM_CONSISTENCY_ENGINES_H

#include <setjmp.h>
#include <string.h>

#include "sim/consistency/consistency.h"
#include "sim/gnu.h"

/* ---- Memory ---------------------------------------------------------------------------------- */

/*
 * A stack of blocks that are kept from one history to the next, so that a room that is warm asks
 * malloc for nothing. Who takes more than the budget leaves by longjmp, and the object is
 * undecided.
 */
enum { ROOM_BLOCKS = 64 };
struct room {
	struct block {
		char *base;
		size_t size;
	} blocks[ROOM_BLOCKS];
	unsigned block_count, block; /* in use: [0, block] */
	size_t used;                 /* of blocks[block] */
	size_t held, budget;         /* bytes of all blocks */
	jmp_buf spent;
	const char *limit; /* why it was left */
	uint64_t patience; /* work that a search may do before it leaves */
};
struct room_mark {
	unsigned block;
	size_t used;
};
void *room_take(struct room *, size_t count, size_t size); /* not zeroed; 16-aligned */
void *room_zeroed(struct room *, size_t count, size_t size);
/* A longer copy; the old one stays taken. */
void *room_grown(struct room *, const void *old, size_t old_count, size_t count, size_t size);
struct room_mark room_marked(const struct room *);
void room_release(struct room *, struct room_mark); /* all taken since */
_Noreturn void room_spent(struct room *, const char *limit);

/* From any number to 0, 1, 2 ... in the order of their first coming. */
struct numbering {
	struct room *room;
	uint64_t *keys;
	uint32_t *numbers;
	size_t room_for; /* a power of two */
	uint32_t count;
	uint64_t last_key;
	uint32_t last_number;
};
void numbering_begin(struct numbering *, struct room *);
uint32_t number_of(struct numbering *, uint64_t key);
/* NO_NUMBER: never seen. */
#define NO_NUMBER UINT32_MAX
uint32_t number_known(const struct numbering *, uint64_t key);

/* Sorts by `by`, stably; returns the array or a copy. */
struct sortable {
	uint64_t by;
	uint32_t what;
};
struct sortable *sorted(struct room *, struct sortable *, size_t count);

static inline uint64_t mixed(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	return x ^ x >> 32;
}

/* The operations of those models that are not registers by name. */
enum counter_operation { COUNTER_READ, COUNTER_ADD, COUNTER_ADD_AND_GET };
enum lock_operation { LOCK_ACQUIRE, LOCK_RELEASE };
enum set_operation { SET_ADD, SET_REMOVE, SET_INSERT, SET_DELETE, SET_CONTAINS, SET_READ };
enum queue_operation { QUEUE_ENQUEUE, QUEUE_DEQUEUE };

/* ---- One object ------------------------------------------------------------------------------ */

/*
 * Operations in fewer words. Where all of an object's calls are of the first four kinds, it is a
 * register, whatever its model is called: `value` is the number that the state begins with.
 */
enum call_kind {
	CALL_READ,  /* the value is `value` */
	CALL_MISS,  /* the value is not `expected`: a cas that found something else */
	CALL_WRITE, /* it becomes `value` */
	CALL_CAS,   /* from `expected` it becomes `value`; elsewhere it does not happen */
	CALL_OTHER, /* only the model knows */
};
struct call {
	uint64_t value, expected;
	uint32_t invoked, returned; /* positions in the object's own order of events, dense */
	uint32_t index;             /* in the history */
	uint8_t kind;
	/* Of sketches only: it may have happened before they begin; it may happen again and again.
	 */
	bool optional, endless;
	uint8_t unused[1];
};

/* READ and MISS change nothing. */
static inline bool call_looks(const struct call *call)
{
	return call->kind <= CALL_MISS;
}
/* Of what kind says so: a value that was there when it took effect; one that it left there. */
static inline bool call_sees(const struct call *call, uint64_t *value)
{
	*value = call->kind == CALL_READ ? call->value : call->expected;
	return call->kind == CALL_READ || call->kind == CALL_CAS;
}
static inline bool call_makes(const struct call *call, uint64_t value)
{
	return (call->kind == CALL_WRITE || call->kind == CALL_CAS) && call->value == value;
}
static inline bool call_returned(const struct call *call)
{
	return call->returned != NEVER_RETURNED;
}

enum { STATE_WORDS = 4 }; /* of a model's state */

struct object {
	const struct model *model;
	const struct history *history;
	struct call *calls; /* by invocation */
	uint32_t count;
	uint32_t *events; /* by position: number of the call << 1 | does it return? */
	uint32_t event_count, returns;
	bool is_register; /* no call of kind OTHER */
	bool witnessed;   /* some are in an order that somebody knows */
	bool sketch;      /* part of a register's history: is there an order? Nobody asks which */
	bool anywhere;    /* a sketch may begin in any state */
	uint64_t key;
};

/* One step of the model. A call whose return was forgotten may have had any answer. */
static inline bool step_call(const struct object *object, uint64_t *state, const struct call *call)
{
	struct told told = object->history->operations[call->index].told;

	told.answered &= call_returned(call);
	return object->model->step(state, &told);
}

/* Can it be followed from state to state? Not a queue, nor a set that is read as a whole. */
static inline bool has_states(const struct object *object)
{
	return object->is_register || (object->model->step && object->model != &model_set);
}

/* What an engine says of one object. An engine that can't tell leaves it UNDECIDED. */
enum engine {
	ENGINE_NONE,
	ENGINE_WITNESS,
	ENGINE_ZONES,
	ENGINE_CHAINS,
	ENGINE_QUEUE,
	ENGINE_INCLUSION,
	ENGINE_SEARCH, /* the hardest last */
	ENGINES
};
struct opinion {
	enum legality legality;
	enum engine engine;
	uint64_t configurations;
	uint64_t work; /* of a search, in words of configurations looked at */
	uint32_t reached;
	/* LEGAL: calls in order; ILLEGAL: those that may matter to the core, or none: any may. */
	uint32_t *calls;
	size_t count;
};

void engine_witness(struct room *, const struct object *, struct opinion *);
void engine_zones(struct room *, const struct object *, struct opinion *);
void engine_queue(struct room *, const struct object *, struct opinion *);
void engine_inclusion(struct room *, const struct object *, struct opinion *);
void engine_search(struct room *, const struct object *, uint64_t budget, struct opinion *);

/* By the fastest engine that can tell (judge.c). */
void judge_object(struct room *, const struct object *, uint64_t budget, struct opinion *);
/*
 * Of an object that was found illegal: the call by whose return it became so; what happened before
 * has an order (earliest.c). The opinion becomes that of this prefix: `calls` that returned by
 * then, and the returns `reached` before it.
 */
uint32_t find_earliest(struct room *, const struct object *, uint64_t budget, struct opinion *);
/* An object as it was after so many of its events, and each call's number in the whole. */
void object_prefix(struct room *, const struct object *, uint32_t events, struct object *prefix,
		   uint32_t **numbers);
/* An event's position in the history; how many events are before a position. */
uint32_t event_position(const struct object *, uint32_t event);
uint32_t events_before(const struct object *, uint32_t position);
/*
 * Of a register that became illegal by the return of `accused`: calls that suffice for it (tail.c).
 * Both sets are by call; of those `known`, those `needed` were seen to be. False: nothing found.
 */
bool find_late_core(struct room *, const struct object *, uint64_t budget, uint32_t accused,
		    uint64_t patience, bool *known, bool *needed);
/* Likewise, of a counter (tally.c). */
bool find_tally_core(struct room *, const struct object *, uint32_t accused, bool *known,
		     bool *needed);
/* Then, by that opinion: fills in the finding's core. */
void find_core(struct room *, const struct object *, uint64_t budget, const struct opinion *,
	       uint32_t accused, struct finding *);

/* order_holds(), within the memory of a judgement under way (verify.c). */
bool replay(struct room *, const struct model *, const struct history *, const uint32_t *order,
	    size_t count);
/* An operation in the words of calls: all but positions. False: it says nothing. */
bool lower(const struct model *, const struct told *, bool returned, struct call *);
/* A call as if its return were forgotten. False: then it says nothing. */
bool loosened(const struct object *, const struct call *, struct call *loose);
/* Splits a history into objects. A set bit of `known`, or NULL: only those operations count as
 * returned; the others are taken as unknown. */
struct objects {
	struct object *object;
	size_t count;
};
void split(struct room *, const struct model *, const struct history *, const uint64_t *known,
	   struct objects *);

#endif
