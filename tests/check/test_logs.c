/* Canaries of sim/check/logs.c: leader-append-only, log-terms, log-matching. */
#include "tests/check/court.h"

#include "sim/check/ledger.h"
#include "tests/tests.h"

/* ---- leader-append-only ---------------------------------------------------------------------- */

static void a_leader_that_steps_down_may_truncate_in_the_same_handler(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_appends(world, N1, 2, 'c');
	struct env *env = court_begins(world, N1);

	env_log_truncate(env, 2); /* seen before what it observes */
	env_observe(env, SAW_LEADER_STEPPED_DOWN, 2, 0, 0, NULL, 0);
	court_ends(world, N1);
	court_truncates(world, N1, 1);
	court_acquits(world, JUDGE_LEADER_APPEND_ONLY);
}

static void a_leader_that_crashed_is_none_any_more(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_restarts(world, N1);
	court_truncates(world, N1, 1);
	court_acquits(world, JUDGE_LEADER_APPEND_ONLY);
}

/* Also where it does not say that it steps down. */
static void a_leader_that_enters_a_later_term_is_none_any_more(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_truncates(world, N1, 1);
	court_acquits(world, JUDGE_LEADER_APPEND_ONLY);
}

static void who_died_in_its_handler_could_not_explain_itself(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);

	struct env *env = court_begins(world, N1);
	struct override before_all = {.address = choice_address(CHOICE_CRASH, N1, 1, 0, 1)};
	struct overrides overrides;

	overrides_init(&overrides, &before_all, 1, world->observed);
	world->choices.source = &overrides.source;
	env_log_truncate(env, 2);
	env_observe(env, SAW_LEADER_STEPPED_DOWN, 2, 0, 0, NULL, 0);
	world_process(world, N1)->crash_armed = true;
	court_ends(world, N1);
	CU_ASSERT_EQUAL(world_process(world, N1)->status, DOWN);
	CU_ASSERT_EQUAL(world->observed[SAW_LEADER_STEPPED_DOWN], 0);
	court_acquits(world, JUDGE_LEADER_APPEND_ONLY);
}

static void a_leader_that_removes_entries_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_truncates(world, N1, 2);
	court_convicts(world, JUDGE_LEADER_APPEND_ONLY, N1,
		       "n1 removed entries from 2 on from its own log as the leader of term 2");
}

static void who_never_tells_that_it_steps_down_is_not_judged(void)
{
	struct world *world = court_open(3);

	check_of(world)->ledgers[0].tells_step_downs = false;
	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_truncates(world, N1, 2);
	court_acquits(world, JUDGE_LEADER_APPEND_ONLY);
}

static void an_offence_is_told_once(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_truncates(world, N1, 2);
	EQUAL(court_result(world).violations, 1);
	court_applies(world, N1, 1, 'a'); /* ahead of its commit index */
	EQUAL(court_result(world).violations, 2);
	court_close(world);
}

/* ---- log-terms ------------------------------------------------------------------------------- */

static void terms_that_rise_along_a_log_pass(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "abc", "114");
	court_says(world, N1, SAW_LEADER_ELECTED, 4, 0, 0);
	court_acquits(world, JUDGE_LOG_TERMS);
}

static void a_term_that_falls_along_a_log_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "abc", "132");
	court_convicts(
		world, JUDGE_LOG_TERMS, N1,
		"n1 appended entry 3 of term 2 behind one of term 3: terms never fall along a log");
}

static void an_entry_of_a_term_not_entered_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "15");
	court_says(world, N1, SAW_LEADER_ELECTED, 4, 0, 0);
	court_convicts(world, JUDGE_LOG_TERMS, N1,
		       "n1 acted in term 4 with entry 2 of term 5 in its log");
}

/* ---- log-matching ---------------------------------------------------------------------------- */

static void logs_that_part_under_different_terms_match(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "abc", "112");
	court_log(world, N2, "abd", "113");
	court_truncates(world, N1, 3);
	court_appends(world, N1, 3, 'd');
	court_acquits(world, JUDGE_LOG_MATCHING);
}

static void another_command_under_one_index_and_term_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "12");
	court_log(world, N2, "ac", "12");
	court_convicts(world, JUDGE_LOG_MATCHING, N2,
		       "n2 appended entry 2 of term 2 with another command than n1 had at 0.000 s");
}

static void another_prefix_under_one_index_and_term_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "13");
	court_log(world, N2, "ab", "23");
	court_convicts(world, JUDGE_LOG_MATCHING, N2,
		       "n2 appended entry 2 of term 3 behind another prefix than n1 had");
}

static void a_log_behind_a_snapshot_goes_on_from_what_was_committed(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "abc", "111");
	court_commits(world, N1, 2, 1, false);
	env_log_discard(court_begins(world, N2), 2);
	court_ends(world, N2);
	court_appends(world, N2, 1, 'c');
	court_acquits(world, JUDGE_LOG_MATCHING);
}

static void a_log_that_a_crash_cut_short_goes_on_from_what_survived(void)
{
	struct world *world = court_open(3);
	const struct env *env = &world_process(world, N1)->env;
	struct record_view record;
	unsigned lengths = 0;

	for (char letter = 'a'; letter <= 'z'; letter++) {
		uint64_t term = (uint64_t)letter;

		court_appends(world, N1, term, letter);
		court_appends(world, N1, term, letter);
		court_restarts(world, N1); /* of the writes under way, some survive */
		if (env_log_read(env, env_log_last(env), &record) == TORN)
			court_truncates(world, N1, env_log_last(env));
		lengths |= 1u << env_log_last(env);
		while (env_log_last(env) < 2)
			court_appends(world, N1, term, letter);
		court_truncates(world, N1, 1);
		court_rests(world);
	}
	EQUAL(lengths, 7); /* none survived, one, both */
	court_acquits(world, JUDGE_LOG_MATCHING);
}

CU_TestInfo logs_tests[] = {
	{"a leader that steps down may truncate in the same handler",
	 a_leader_that_steps_down_may_truncate_in_the_same_handler},
	{"a leader that crashed is none any more", a_leader_that_crashed_is_none_any_more},
	{"a leader that enters a later term is none any more",
	 a_leader_that_enters_a_later_term_is_none_any_more},
	{"who died in its handler could not explain itself",
	 who_died_in_its_handler_could_not_explain_itself},
	{"a leader that removes entries is convicted", a_leader_that_removes_entries_is_convicted},
	{"who never tells that it steps down is not judged",
	 who_never_tells_that_it_steps_down_is_not_judged},
	{"an offence is told once", an_offence_is_told_once},
	{"terms that rise along a log pass", terms_that_rise_along_a_log_pass},
	{"a term that falls along a log is convicted", a_term_that_falls_along_a_log_is_convicted},
	{"an entry of a term not entered is convicted",
	 an_entry_of_a_term_not_entered_is_convicted},
	{"logs that part under different terms match", logs_that_part_under_different_terms_match},
	{"another command under one index and term is convicted",
	 another_command_under_one_index_and_term_is_convicted},
	{"another prefix under one index and term is convicted",
	 another_prefix_under_one_index_and_term_is_convicted},
	{"a log behind a snapshot goes on from what was committed",
	 a_log_behind_a_snapshot_goes_on_from_what_was_committed},
	{"a log that a crash cut short goes on from what survived",
	 a_log_that_a_crash_cut_short_goes_on_from_what_survived},
	CU_TEST_INFO_NULL,
};
