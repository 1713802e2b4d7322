/*
 * Several results in one picture: how long operations took, and what became of each seed. Seeds
 * that two results share are the same accidents, so their differences are paired.
 */
#ifndef SIM_RESULTS_COMPARE_H
#define SIM_RESULTS_COMPARE_H

#include "sim/results/plots.h"

enum { COMPARED_MAX = 7 }; /* colours that can be told apart */

/* One run of a result, of whatever seed. */
struct seed_figures {
	uint64_t seed;
	double p99;          /* milliseconds; NAN: nothing succeeded */
	double availability; /* percent; NAN: nothing was invoked */
};

struct compared {
	struct recorded run;       /* one run, whose latencies are drawn */
	struct seed_figures *seed; /* malloced, in order of seeds */
	size_t seeds;
};

/* The runs of a table (runs.csv); false: it is none. */
bool compared_table(struct compared *, const char *path);
/* The run's own figures, where there is no table. */
void compared_add(struct compared *, const struct recorded *);
void compared_free(struct compared *);

/* compare.dat, .gp, .txt, .svg and .png, into the folder. */
enum plots_outcome compare_draw(struct folder *, const struct compared *, unsigned count,
				FILE *say);
/* What the caption says of the figures: a line a result, and a line a pair. */
void compare_words(const struct compared *, unsigned count, FILE *);

#endif
