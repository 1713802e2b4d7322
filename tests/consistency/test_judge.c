/*
 * The judge of histories: against a twin that tries every order, and on histories that everybody
 * knows.
 */
#include "tests/tests.h"

#include "tests/consistency/agreement.h"

static void as_the_twin_says(void)
{
	for (const struct subject *subject = subjects; subject->name; subject++) {
		struct agreement agreement;

		agree(subject, 10000, 1, &agreement);
		EQUAL(agreement.differences, 0);
		EQUAL(agreement.bad_cores, 0);
		CU_ASSERT(agreement.legal > 2000);
		CU_ASSERT(agreement.unknown > 2000);
		if (subject->recipe.model != &model_set && subject->recipe.model != &model_queue)
			CU_ASSERT(agreement.witnessed > 500);
		CU_ASSERT(agreement.illegal > 500);
	}
}

CU_TestInfo judge_tests[] = {
	{"10,000 random small histories of each model are judged as by a twin that tries every "
	 "order",
	 as_the_twin_says},
	CU_TEST_INFO_NULL,
};
