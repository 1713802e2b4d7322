/* Expectations, held against runs that are made up. */
#include "tests/tests.h"

#include <math.h>

#include "sim/results/judgement.h"

#define MS INT64_C(1000000)

static struct scenario scenario;
static struct run_result result;
static struct metrics metrics;
static struct judgement judgement;

/* A run in which every judge saw something and holds. */
static void begin(struct expectation expect)
{
	memset(&scenario, 0, sizeof(scenario));
	memset(&result, 0, sizeof(result));
	memset(&metrics, 0, sizeof(metrics));
	scenario.expectation_count = 1;
	scenario.expect[0] = expect;
	for (unsigned i = 0; i < JUDGES; i++) {
		result.check.verdict[i] = HOLDS;
		result.check.checks[i] = 1;
	}
	result.verdict = HOLDS;
}

static enum fulfilment judged(bool cut_short)
{
	result.cut_short = cut_short;
	judge_run(&scenario, &result, &metrics, &judgement);
	return judgement.outcome[0];
}

static void safe_takes_every_safety_judge(void)
{
	for (unsigned i = 0; i < JUDGES; i++) {
		begin((struct expectation){.kind = EXPECT_SAFE});
		EQUAL(judged(false), MET);
		result.check.verdict[i] = NOT_EXERCISED;
		EQUAL(judged(false), MET);
		result.check.verdict[i] = UNKNOWN;
		EQUAL(judged(false), judges[i].safety ? UNSETTLED : MET);
		result.check.verdict[i] = VIOLATED;
		EQUAL(judged(false), judges[i].safety ? UNMET : MET);
	}
}

static void what_nobody_saw_is_never_met(void)
{
	static const enum expectation_kind kinds[] = {EXPECT_SAFE, EXPECT_LINEARIZABLE,
						      EXPECT_LIVE};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		begin((struct expectation){.kind = kinds[i]});
		for (unsigned j = 0; j < JUDGES; j++)
			result.check.verdict[j] = NOT_EXERCISED;
		EQUAL(judged(false), UNSETTLED);
	}
	begin((struct expectation){.kind = EXPECT_AVAILABILITY});
	metrics.availability = NAN;
	EQUAL(judged(false), UNSETTLED);
	CU_ASSERT_STRING_EQUAL(judgement.why[0], "no operation was begun after the warm-up");
	scenario.expect[0].outside_faults = true;
	metrics.availability = 1;
	metrics.availability_outside = NAN;
	EQUAL(judged(false), UNSETTLED);
	CONTAINS(judgement.why[0], "after the warm-up and outside of faults");
	begin((struct expectation){.kind = EXPECT_RECOVERS, .after = AFTER_FAULT});
	EQUAL(judged(false), UNSETTLED);
}

static void live_takes_convergence_and_liveness(void)
{
	begin((struct expectation){.kind = EXPECT_LIVE});
	EQUAL(judged(false), MET);
	result.check.verdict[JUDGE_CONVERGENCE] = VIOLATED;
	EQUAL(judged(false), UNMET);
	begin((struct expectation){.kind = EXPECT_LIVE});
	result.check.verdict[JUDGE_LIVENESS] = VIOLATED;
	EQUAL(judged(false), UNMET);
}

static void a_run_cut_short_is_not_judged_by_its_end(void)
{
	static struct outage never = {0, 9 * MS, -1};

	begin((struct expectation){.kind = EXPECT_LIVE});
	EQUAL(judged(true), NOT_JUDGED);
	result.healed = 100 * MS;
	EQUAL(judged(true), NOT_JUDGED);
	begin((struct expectation){.kind = EXPECT_RECOVERS, .after = AFTER_HEAL, .within = MS});
	EQUAL(judged(true), NOT_JUDGED);
	result.healed = 100 * MS;
	EQUAL(judged(true), NOT_JUDGED);
	begin((struct expectation){.kind = EXPECT_RECOVERS, .after = AFTER_FAULT, .within = MS});
	EQUAL(judged(true), NOT_JUDGED);
	metrics.outages = &never;
	metrics.outage_count = 1;
	EQUAL(judged(true), NOT_JUDGED);
	begin((struct expectation){.kind = EXPECT_AVAILABILITY, .min = PROBABILITY_ONE});
	metrics.availability = NAN;
	EQUAL(judged(true), NOT_JUDGED);
	metrics.availability = 0.5;
	EQUAL(judged(true), NOT_JUDGED);
	CU_ASSERT_STRING_EQUAL(judgement.why[0], "the run was cut short");
}

static void a_run_cut_short_is_judged_by_what_was_seen(void)
{
	static const struct {
		enum expectation_kind kind;
		enum judge judge;
	} of[] = {{EXPECT_SAFE, JUDGE_VOTE_ONCE}, {EXPECT_LINEARIZABLE, JUDGE_LINEARIZABILITY}};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		begin((struct expectation){.kind = of[i].kind});
		EQUAL(judged(true), MET);
		result.check.verdict[of[i].judge] = UNKNOWN;
		EQUAL(judged(true), UNSETTLED);
		result.check.verdict[of[i].judge] = VIOLATED;
		EQUAL(judged(true), UNMET);
		for (unsigned j = 0; j < JUDGES; j++)
			result.check.verdict[j] = NOT_EXERCISED;
		EQUAL(judged(true), NOT_JUDGED);
	}
}

static void availability_is_compared_with_its_threshold(void)
{
	begin((struct expectation){.kind = EXPECT_AVAILABILITY, .min = PROBABILITY_ONE / 100 * 99});
	metrics.availability = 0.99;
	metrics.availability_outside = 0.5;
	EQUAL(judged(false), MET);
	metrics.availability = 0.9899;
	EQUAL(judged(false), UNMET);
	CONTAINS(judgement.why[0], "98.99%");
	scenario.expect[0].outside_faults = true;
	metrics.availability_outside = 1;
	EQUAL(judged(false), MET);
}

static void recovery_is_measured_from_the_heal_or_from_each_fault(void)
{
	static struct outage outages[] = {{0, 9 * MS, 3 * MS}, {1, 9 * MS, 5 * MS}};

	begin((struct expectation){.kind = EXPECT_RECOVERS, .after = AFTER_HEAL, .within = 5 * MS});
	EQUAL(judged(false), UNSETTLED);
	result.healed = 100 * MS;
	EQUAL(judged(false), UNMET);
	result.settled = 105 * MS;
	EQUAL(judged(false), MET);
	result.settled++;
	EQUAL(judged(false), UNMET);

	scenario.expect[0].after = AFTER_FAULT;
	metrics.outages = outages;
	metrics.outage_count = 2;
	EQUAL(judged(false), MET);
	CU_ASSERT_STRING_EQUAL(judgement.why[0], "the slowest took 5ms from the end of fault 2");
	outages[1].recovered_after++;
	EQUAL(judged(false), UNMET);
	outages[1].recovered_after = -1;
	EQUAL(judged(false), UNMET);
	CONTAINS(judgement.why[0], "never after the end of fault 2");
}

static void a_violation_leaves_unjudged_what_it_prevented(void)
{
	begin((struct expectation){.kind = EXPECT_LINEARIZABLE});
	result.check.violated = true;
	result.check.verdict[JUDGE_LINEARIZABILITY] = NOT_EXERCISED;
	EQUAL(judged(false), NOT_JUDGED);
}

static void with_no_bug_on_an_expected_violation_is_safe(void)
{
	begin((struct expectation){
		.kind = EXPECT_VIOLATION, .of = JUDGE_VOTE_ONCE, .within_seeds = 9});
	EQUAL(judged(false), MET);
	CONTAINS(judgement.why[0], "no violation of vote-once is expected");
	EQUAL(judged_expectation(&scenario, 0).kind, EXPECT_SAFE);
	result.check.verdict[JUDGE_VOTE_ONCE] = VIOLATED;
	EQUAL(judged(false), UNMET);
	CONTAINS(judgement.why[0], "vote-once is violated");
}

static void durations_are_readable(void)
{
	char text[DURATION_TEXT_MAX];

	CU_ASSERT_STRING_EQUAL(duration_text(1500 * MS, text), "1.5s");
	CU_ASSERT_STRING_EQUAL(duration_text(250 * MS, text), "250ms");
	CU_ASSERT_STRING_EQUAL(duration_text(1, text), "1ns");
	CU_ASSERT_STRING_EQUAL(duration_text(0, text), "0ns");
}

CU_TestInfo judgement_tests[] = {
	{"safe takes every safety judge, and no other", safe_takes_every_safety_judge},
	{"what nobody saw is never met", what_nobody_saw_is_never_met},
	{"live takes convergence and liveness", live_takes_convergence_and_liveness},
	{"a run cut short is not judged by its end", a_run_cut_short_is_not_judged_by_its_end},
	{"a run cut short is judged by what was seen", a_run_cut_short_is_judged_by_what_was_seen},
	{"availability is compared with its threshold",
	 availability_is_compared_with_its_threshold},
	{"recovery is measured from the heal, or from each fault's end",
	 recovery_is_measured_from_the_heal_or_from_each_fault},
	{"a violation leaves unjudged what it prevented",
	 a_violation_leaves_unjudged_what_it_prevented},
	{"with no bug on, an expected violation is safe",
	 with_no_bug_on_an_expected_violation_is_safe},
	{"durations are readable", durations_are_readable},
	CU_TEST_INFO_NULL,
};
