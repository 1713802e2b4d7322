/*
 * Mutations of good files: whatever they become, there is a scenario that survives being written,
 * or at least one complaint with a place that exists, and never a crash.
 */
#include "tests/scenario/mutants.h"
#include "tests/tests.h"

#include <stdlib.h>

#define GOOD "tests/data/scenarios/good/"

enum { MUTANTS = 1500 };

/* Returns whether it was a scenario. */
static bool judge(const struct mutant *mutant, FILE *nowhere)
{
	struct scenario *scenario;
	const char *wrong = mutant_judge(mutant, nowhere, &scenario);
	bool good = scenario != NULL;

	if (wrong)
		printf("\n  %s:\n%.*s\n", wrong, (int)mutant->size, mutant->text);
	CU_ASSERT(!wrong);
	scenario_free(scenario);
	return good;
}

static void mutants(void)
{
	static const char *const files[] = {GOOD "everything.yaml", GOOD "wide-area.yaml",
					    GOOD "conviction.yaml"};
	struct mutant *mutant = calloc(1, sizeof(*mutant)), *whole = calloc(1, sizeof(*whole));
	FILE *nowhere = fopen("/dev/null", "w");
	unsigned good = 0, bad = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct pcg32 pcg = pcg32_seeded(i, 7);

		CU_ASSERT(mutant_read(whole, files[i]));
		for (unsigned round = 0; round < MUTANTS; round++) {
			*mutant = *whole;
			mutant_spoil(mutant, &pcg);
			bool was_good = judge(mutant, nowhere);
			good += was_good;
			bad += !was_good;
		}
	}
	/* Both kinds of outcome must have been seen, or the mutations are too harsh or too mild. */
	CU_ASSERT(good > MUTANTS / 20);
	CU_ASSERT(bad > MUTANTS);
	fclose(nowhere);
	free(mutant);
	free(whole);
}

/* A file may end anywhere. */
static void prefixes(void)
{
	struct mutant *mutant = calloc(1, sizeof(*mutant));
	FILE *nowhere = fopen("/dev/null", "w");

	CU_ASSERT(mutant_read(mutant, GOOD "everything.yaml"));
	size_t size = mutant->size;

	for (mutant->size = 0; mutant->size <= size; mutant->size++)
		judge(mutant, nowhere);
	fclose(nowhere);
	free(mutant);
}

CU_TestInfo scenario_mutants_tests[] = {
	{"mutants of good files are scenarios or complaints, never crashes", mutants},
	{"a file that ends anywhere is a scenario or a complaint", prefixes},
	CU_TEST_INFO_NULL,
};
