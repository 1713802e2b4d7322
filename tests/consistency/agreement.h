/*
 * Random small histories, judged by the engines and by the twin that tries every order.
 */
#ifndef TESTS_CONSISTENCY_AGREEMENT_H
#define TESTS_CONSISTENCY_AGREEMENT_H

#include "tests/consistency/histories.h"

struct subject {
	const char *name;
	struct recipe recipe;
};
extern const struct subject subjects[]; /* ended by name == NULL; no model: that of the app kv */

struct agreement {
	unsigned legal, illegal;     /* as the twin says */
	unsigned witnessed, unknown; /* proved by the order of effects; operations */
	unsigned differences;        /* of the judge; the first is printed */
	unsigned bad_cores;          /* not illegal, or not minimal; likewise */
};
/* Judges so many histories, the same ones for the same seed. */
void agree(const struct subject *, unsigned times, uint64_t seed, struct agreement *);

#endif
