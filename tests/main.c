/* Runs every suite, or those whose names are given. Exit status 1 where a test failed. */
#include "tests/tests.h"

#include <CUnit/Basic.h>

#define SUITE(name) extern CU_TestInfo name##_tests[];
#include "tests/suites.h"
#undef SUITE

static bool chosen(const char *name, int count, char **names)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return count == 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		CU_TestInfo *tests;
	} suites[] = {
#define SUITE(name) {#name, name##_tests},
#include "tests/suites.h"
#undef SUITE
	};

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (!chosen(suites[i].name, argc - 1, argv + 1))
			continue;
		CU_SuiteInfo info[] = {
			{suites[i].name, NULL, NULL, NULL, NULL, suites[i].tests},
			CU_SUITE_INFO_NULL,
		};
		if (CU_register_suites(info) != CUE_SUCCESS)
			return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_ErrorCode status = CU_basic_run_tests();
	bool failed = status != CUE_SUCCESS || CU_get_number_of_failures() != 0 ||
		      CU_get_number_of_tests_run() == 0;

	CU_cleanup_registry();
	return failed;
}
