/*
 * Scenarios spoilt in ways that disks, editors and people know, and what must become of each: a
 * scenario that survives being written, or at least one complaint with a place that exists.
 */
#ifndef TESTS_SCENARIO_MUTANTS_H
#define TESTS_SCENARIO_MUTANTS_H

#include "sim/scenario/scenario.h"
#include "sim/world/pcg.h"

enum { MUTANT_MAX = 16384 };
struct mutant {
	char text[MUTANT_MAX];
	size_t size;
};

/* False: there is no such file, or it is too long to grow. */
bool mutant_read(struct mutant *, const char *path);
/* One to three spoilings, one after the other. */
void mutant_spoil(struct mutant *, struct pcg32 *);
/* Says what is wrong with what became of it, or NULL. A scenario is the caller's; NULL: it was
 * refused. Complaints are printed to `nowhere`. */
const char *mutant_judge(const struct mutant *, FILE *nowhere, struct scenario **scenario);

#endif
