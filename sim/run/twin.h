/*
 * Two runs of one scenario and seed, which ought to be equal bit for bit: the second with its arena
 * at another base and junk in freed memory.
 */
#ifndef SIM_RUN_TWIN_H
#define SIM_RUN_TWIN_H

#include "sim/run/run.h"

enum { TWIN_LINE = 240 };
struct twin {
	bool equal;
	uint64_t fingerprint;  /* of the first run */
	uint64_t event;        /* the first one that differs */
	nanoseconds time;      /* of it, in the first run */
	char first[TWIN_LINE]; /* what the trace says of it, in each run */
	char second[TWIN_LINE];
};

/* `other` must be a theatre of its own. Takes the options' `digests` and `trace` for itself. */
void run_twins(struct theatre *, struct theatre *other, const struct scenario *,
	       const struct run_options *, struct twin *);

#endif
