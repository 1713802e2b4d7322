/*
 * Random histories, judged by the engines and by others: small ones by the twin that tries every
 * order, long ones by the patterns that must not occur.
 */
#ifndef TESTS_CONSISTENCY_AGREEMENT_H
#define TESTS_CONSISTENCY_AGREEMENT_H

#include "tests/consistency/histories.h"

struct subject {
	const char *name;
	struct recipe recipe;
};
extern const struct subject subjects[];      /* ended by name == NULL */
extern const struct subject long_subjects[]; /* likewise */
extern const struct subject core_subjects[]; /* likewise */

struct agreement {
	unsigned legal, illegal;     /* as the other one says */
	unsigned witnessed, unknown; /* proved by the order of effects; operations */
	unsigned differences;        /* of the judge; the first is printed */
	unsigned bad_cores;          /* not illegal, or not minimal; likewise */
	unsigned bad_accused;        /* it was illegal before, or was not yet; likewise */
	unsigned unsure;             /* questions about cores that took too long */
};
/* Judges so many histories, the same ones for the same seed. */
void agree(const struct subject *, unsigned times, uint64_t seed, struct agreement *);
/* Those of 100 to 10,000 operations, or of at most a tenth where the whole is read. */
void agree_at_length(const struct subject *, unsigned times, uint64_t seed, struct agreement *);
/* Of those of 12 to 91 operations: the verdict is the judge's own, and so is what is said of its
 * core with one operation less. */
void agree_on_cores(const struct subject *, unsigned times, uint64_t seed, struct agreement *);

/* Fills in a history's operations, all unknown but the core's, and one of these, too, unless
 * `without` is the size of the core. */
void know_core(const struct history *, const struct finding *, size_t without, struct operation *);

#endif
