/*
 * What every test file includes. A file tests/<area>/test_<name>.c holds one suite: an array
 * `<name>_tests` of {"a sentence that says what holds", function}, ended by CU_TEST_INFO_NULL, and
 * a line SUITE(<name>) in tests/suites.h.
 *
 * CU_ASSERT_FATAL leaves the test by longjmp: what a test takes, its suite's teardown frees.
 */
#ifndef TESTS_TESTS_H
#define TESTS_TESTS_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers that differ are printed, with the line. */
#define EQUAL(actual, expected)                                                                    \
	do {                                                                                       \
		long long actual_ = (long long)(actual), expected_ = (long long)(expected);        \
		if (actual_ != expected_)                                                          \
			printf("\n  %s:%d: %s is %lld, not %lld", __FILE__, __LINE__, #actual,     \
			       actual_, expected_);                                                \
		CU_ASSERT(actual_ == expected_);                                                   \
	} while (0)

#define CONTAINS(text, part)                                                                       \
	do {                                                                                       \
		const char *text_ = (text), *part_ = (part);                                       \
		if (!text_ || !strstr(text_, part_))                                               \
			printf("\n  %s:%d: \"%s\" is not in:\n%s", __FILE__, __LINE__, part_,      \
			       text_ ? text_ : "(nothing)");                                       \
		CU_ASSERT(text_ &&strstr(text_, part_));                                           \
	} while (0)

#endif
