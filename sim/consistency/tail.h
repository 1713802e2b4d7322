/*
 * The core of a register of few values: what its parts share. tail.c says what it is about.
 */
#ifndef SIM_CONSISTENCY_TAIL_H
#define SIM_CONSISTENCY_TAIL_H

#include "sim/consistency/engines.h"

/* So few unknown calls that say the same are told apart. */
enum { SPARES = 3 };

struct tail {
	struct room *room;
	const struct object *object;
	uint64_t budget, patience, work; /* configurations; work to be done at most; done */
	uint32_t accused, end;           /* a call, and the event of its return */
	/* By call: is it in question? Of those: has it been seen that it must stay? */
	bool *known, *needed;
	/* What each call says if its return is forgotten, and the number of all that say so, its
	 * group; or NO_NUMBER. */
	struct call *loose;
	uint32_t *group_of, group_count;
	struct numbering values, groups;
	const struct call **example; /* by group */
	uint32_t from;               /* the event that the tail begins with */
	uint32_t *number;            /* by call: in the sketch at hand, or NO_NUMBER */
	/* The order up to the accused call's return, of which `before` are before the tail. */
	uint32_t *order, *place, count, before;
	bool *kept;      /* by place: it can't do without */
	uint64_t *state; /* before each place, as those that are kept make it */
	uint64_t state_at_tail;
	/* Unknown calls that the order can do without: by group and time; by group, how many. */
	struct sortable *spares;
	uint32_t spare_count, *spare;
	uint32_t gaps; /* between the tail's known calls, and at both ends */
};

/* tail.c */
/* NO_NUMBER: nobody writes it. */
uint32_t group_of_write(struct tail *, uint64_t value);

/* sketch.c */
void sketch_begin(struct tail *, struct object *sketch, size_t calls); /* and of each group some */
uint32_t sketch_open(struct object *sketch, const struct call *like);  /* returns its number */
void sketch_close(struct object *sketch, uint32_t number);
void sketch_endless(struct object *sketch, const struct call *like);
/* One that is known, to be closed by its `number`. */
void sketch_known(struct tail *, struct object *sketch, uint32_t number, bool optional);
enum legality judge_sketch(struct tail *, struct object *sketch);
/* Part of the history, from event to event, whatever went before; and without one of the calls.
 * LEGAL: nothing is sure. */
enum legality judge_part(struct tail *, uint32_t from, uint32_t to, uint32_t without);

/* needed.c */
bool take_order(struct tail *); /* false: it was not found */
/* Sees of those that are known which are needed. Returns whether a longer tail may show more. */
bool prove_needed(struct tail *);

#endif
