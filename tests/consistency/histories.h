/*
 * Histories made up for tests and figures: simulated objects, and clients that are always busy.
 */
#ifndef TESTS_CONSISTENCY_HISTORIES_H
#define TESTS_CONSISTENCY_HISTORIES_H

#include "sim/consistency/consistency.h"
#include "sim/world/pcg.h"

/* Percentages and weights of 0 mean never. */
struct recipe {
	const struct model *model;
	unsigned clients, operations, keys;
	unsigned values;     /* written and expected; 0: each write's own */
	unsigned weights[8]; /* of the model's operations */
	unsigned unknown;    /* percent that never return */
	unsigned lies;       /* percent of answers that are made up */
	bool hide_misses;    /* a cas, acquire or release that failed is left out */
	bool witness;        /* tells the order of effects */
};

struct made {
	struct history history;
	struct operation *operations; /* the history's, to be changed */
	uint64_t *elements;
};
struct made make_history(const struct recipe *, struct pcg32 *);
void made_free(struct made *);

/* Makes a read in the last half tell a value that was written, and overwritten, before the read
 * began; so often. False: there are not so many. */
bool swap_reads(struct made *, const struct model *, unsigned times, struct pcg32 *);

/* Swaps what two operations were told, of which one was invoked at most `reach` others after the
 * other. */
void swap_answers(struct made *, uint32_t reach, struct pcg32 *);

/* By trying every order: small histories only. */
bool twin_finds_order(const struct model *, const struct history *);

#endif
