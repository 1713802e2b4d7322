/* What a machine asks for that runs scenarios by itself: fresh seeds as long as there is time, an
 * end at the first failure, and a document that a program reads. */
#include "tests/tests.h"

#include <jansson.h>

#include "tests/cli/shell.h"

#define SCENARIO(name, more)                                                                       \
	"scenario: 1\nname: " name "\n"                                                            \
	"cluster: {protocol: raft, nodes: 3, app: kv}\n"                                           \
	"workload: {clients: 4, rate: 100/s, arrival: poisson, keys: 5, timeout: 1s}\n"            \
	"run: {duration: 3s, seeds: 1..12}\n"                                                      \
	"faults:\n  - {at: 1s, partition: [[leader], [rest]], for: 1s}\nplots: []\n" more

static json_t *document;

static void begin(void)
{
	shell_begin();
	shell_file("good.yaml", SCENARIO("good", "expect: [safe]\n"));
	/* About every second run of it is convicted. */
	shell_file("bad.yaml",
		   SCENARIO("bad", "bugs: [raft.commits-unverified]\nexpect: [safe]\n"));
	shell_file("hunt.yaml", SCENARIO("hunt", "bugs: [raft.commits-unverified]\nexpect:\n"
						 "  - violation: {of: state-machine-safety, "
						 "within: 12}\n"));
	shell_file("unmet.yaml", SCENARIO("unmet", "expect: [availability: {min: 100%}]\n"));
	shell_file("odd.yaml", SCENARIO("odd", "expectt: [safe]\n"));
}

static void end(void)
{
	json_decref(document);
	document = NULL;
	shell_end();
}

/* ---- An end at the first failure ------------------------------------------------------------- */

static void a_first_violation_ends_the_seeds(void)
{
	begin();
	EQUAL(shell("$ORDEAL run bad.yaml --seeds 1..40 --stop-on-violation --jobs 1 --out a"), 1);
	CONTAINS(shell_out(), "bad: VIOLATED");
	CONTAINS(shell_out(), " (of 40): ");
	EQUAL(shell("grep -c ,violated, a/bad/runs.csv | grep -qx 1"), 0);
	EQUAL(shell("tail -n 1 a/bad/runs.csv | grep -q ,violated,"), 0);
	EQUAL(shell("$ORDEAL run bad.yaml --seeds 1..40 --stop-on-violation --jobs 3 --out b"), 1);
	EQUAL(shell("diff -r a b"), 0);
	/* The other files have their turn. */
	EQUAL(shell("$ORDEAL run unmet.yaml good.yaml --stop-on-violation"), 1);
	CONTAINS(shell_out(), "unmet: UNMET\n");
	CONTAINS(shell_out(), "seed 1 (of 12): ");
	CONTAINS(shell_out(), "12, seeds 1..12: ");
	end();
}

/* ---- As long as there is time ---------------------------------------------------------------- */

static void fresh_seeds_are_run_until_the_time_is_over(void)
{
	begin();
	EQUAL(shell("$ORDEAL run good.yaml --for 500ms --seed 2026112100 --jobs 2"), 0);
	CONTAINS(shell_out(), ", seeds 2026112100..20261");
	CU_ASSERT(!strstr(shell_out(), "(of "));
	EQUAL(shell("cut -d, -f1 out/good/runs.csv | tail -n +2 | sort -nc"), 0);
	EQUAL(shell("test $(wc -l < out/good/runs.csv) -gt 3"), 0);
	/* At least the first seed of each has its turn. */
	EQUAL(shell("$ORDEAL run good.yaml unmet.yaml --for 1ms --seed 7"), 1);
	CONTAINS(shell_out(), "good: holds");
	CONTAINS(shell_out(), "unmet: UNMET");
	CONTAINS(shell_out(), "run           seed 7: ");
	EQUAL(shell("$ORDEAL run bad.yaml --for 1h --stop-on-violation"), 1);
	EQUAL(shell("$ORDEAL run hunt.yaml --for 1h"), 0);
	end();
}

static void the_files_share_the_time(void)
{
	begin();
	EQUAL(shell("$ORDEAL run good.yaml unmet.yaml --for 1s --jobs 1"), 1);
	EQUAL(shell("test $(wc -l < out/good/runs.csv) -gt 3"), 0);
	EQUAL(shell("test $(wc -l < out/unmet/runs.csv) -gt 3"), 0);
	end();
}

static void a_time_that_is_none_is_refused(void)
{
	static const char *const times[] = {"0s", "10", "1us", "-1s", "soon", "''"};
	char line[100];

	begin();
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		snprintf(line, sizeof(line), "$ORDEAL run good.yaml --for %s", times[i]);
		EQUAL(shell(line), 2);
		CONTAINS(shell_err(), "a time is a number with its unit, at least 1ms");
	}
	EQUAL(shell("$ORDEAL run good.yaml --for 1s --seeds 1..9"), 2);
	CONTAINS(shell_err(), "accepted: one of them, or --seed N for the first");
	EQUAL(shell("test -e out"), 1);
	end();
}

/* ---- A document for a program ---------------------------------------------------------------- */

static json_t *at(json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static const char *text_at(json_t *object, const char *key)
{
	const char *text = json_string_value(at(object, key));

	return text ? text : "";
}

/* The document that the last command printed, and nothing beside it; of its files the i-th. */
static json_t *file_at(size_t i)
{
	if (!document)
		document = json_loads(shell_out(), 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(document);
	return json_array_get(at(document, "files"), i);
}

static void one_document_tells_of_every_file(void)
{
	static const char *const verdicts[] = {"holds", "violated", "unusable", "unmet",
					       "convicted"};

	begin();
	EQUAL(shell("$ORDEAL run good.yaml bad.yaml odd.yaml unmet.yaml hunt.yaml --json --jobs 1"),
	      2);
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		CU_ASSERT_STRING_EQUAL(text_at(file_at(i), "verdict"), verdicts[i]);
	EQUAL(json_integer_value(at(document, "status")), 2);
	EQUAL(json_integer_value(at(file_at(0), "status")), 0);
	EQUAL(json_integer_value(at(file_at(1), "status")), 1);
	CU_ASSERT_STRING_EQUAL(text_at(file_at(2), "file"), "odd.yaml");
	EQUAL(json_integer_value(at(at(file_at(0), "seeds"), "run")), 12);
	EQUAL(json_array_size(at(file_at(0), "noted")), 0);
	json_t *met = json_array_get(at(file_at(0), "expectations"), 0);

	CU_ASSERT_STRING_EQUAL(text_at(met, "expected"), "safe");
	CU_ASSERT_STRING_EQUAL(text_at(met, "outcome"), "met");
	json_t *unmet = json_array_get(at(file_at(3), "expectations"), 0);

	CU_ASSERT_STRING_EQUAL(text_at(unmet, "outcome"), "unmet");
	CONTAINS(text_at(unmet, "because"), "% succeeded");
	char *first = strdup(shell_out());

	EQUAL(shell("$ORDEAL run good.yaml bad.yaml odd.yaml unmet.yaml hunt.yaml --json --jobs 3"),
	      2);
	CU_ASSERT_STRING_EQUAL(shell_out(), first);
	free(first);
	end();
}

static void what_did_not_hold_can_be_found_and_run_again(void)
{
	begin();
	EQUAL(shell("$ORDEAL run bad.yaml --json --out some/where"), 1);
	json_t *noted = json_array_get(at(file_at(0), "noted"), 0);

	CU_ASSERT_STRING_EQUAL(text_at(noted, "verdict"), "violated");
	CU_ASSERT_STRING_EQUAL(text_at(noted, "judge"), "state-machine-safety");
	CU_ASSERT(strlen(text_at(noted, "because")) > 20);
	char line[1000];

	snprintf(line, sizeof(line), "grep '\"violated\"' %s/verdict.json && %s --quiet",
		 text_at(noted, "folder"), text_at(noted, "again"));
	EQUAL(shell(line), 1);
	CONTAINS(shell_out(), text_at(noted, "because"));
	end();
}

CU_TestInfo nightly_tests[] = {
	{"a first violation ends the seeds of its scenario", a_first_violation_ends_the_seeds},
	{"fresh seeds are run until the time is over", fresh_seeds_are_run_until_the_time_is_over},
	{"the files share the time", the_files_share_the_time},
	{"a time that is none is refused", a_time_that_is_none_is_refused},
	{"one document tells of every file", one_document_tells_of_every_file},
	{"what did not hold can be found, and run again",
	 what_did_not_hold_can_be_found_and_run_again},
	CU_TEST_INFO_NULL,
};
