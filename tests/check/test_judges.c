/*
 * The canaries: for each judge a history that it must let pass, and one that it must convict, with
 * the sentence that it says. A judge that is blind, or sees ghosts, fails here.
 */
#include "tests/check/court.h"
#include "tests/tests.h"

enum { N1, N2, N3, N4, N5 };

static struct check_result result_of(struct world *world)
{
	struct check_result result;

	world->events++; /* whatever a handler could explain, it has */
	check_result(world, &result);
	return result;
}

/* That judge looked and nobody objected; the world is closed. */
static void acquits(struct world *world, enum judge judge)
{
	struct check_result result = result_of(world);

	if (result.violated)
		printf("\n  %s: %s", judges[result.first.judge].name, result.first.sentence);
	CU_ASSERT(!result.violated);
	EQUAL(result.verdict[judge], HOLDS);
	court_close(world);
}

/* That judge, and no other, convicts that process, in these words; the world is closed. */
static void convicts(struct world *world, enum judge judge, process_id accused,
		     const char *sentence)
{
	struct check_result result = result_of(world);

	EQUAL(result.violations, 1);
	EQUAL(result.verdict[judge], VIOLATED);
	EQUAL(result.first.judge, judge);
	EQUAL(result.first.process, accused);
	CONTAINS(result.first.sentence, sentence);
	court_close(world);
}

/* ---- Elections ------------------------------------------------------------------------------- */

static void one_leader_a_term_passes(void)
{
	struct world *world = court_open(5, 0);

	court_says(world, N4, SAW_LEADER_ELECTED, 7, 0, 0);
	court_says(world, N2, SAW_LEADER_ELECTED, 9, 0, 0);
	court_says(world, N1, SAW_LEADER_ELECTED, 8, 0, 0); /* its votes came late */
	acquits(world, JUDGE_ELECTION_SAFETY);
}

static void a_second_leader_in_a_term_is_convicted(void)
{
	struct world *world = court_open(5, 0);

	world->now = 3120 * (nanoseconds)1000000;
	court_says(world, N4, SAW_LEADER_ELECTED, 7, 0, 0);
	court_restarts(world, N4);
	court_says(world, N1, SAW_LEADER_ELECTED, 8, 0, 0);
	court_says(world, N2, SAW_LEADER_ELECTED, 7, 0, 0);
	convicts(
		world, JUDGE_ELECTION_SAFETY, N2,
		"n2 was elected leader of term 7, in which n4 had been elected at 3.120 s: at most "
		"one leader a term");
}

/* A vote as it ought to be: written, and told in the same handler. */
static void votes(struct world *world, process_id id, uint64_t term, process_id whom)
{
	struct env *env = court_begins(world, id);

	env_observe(env, SAW_VOTED, term, whom, 0, NULL, 0);
	env_cell_put(env, 0, &term, sizeof(term));
	court_ends(world, id);
}

static void one_vote_a_term_passes_and_may_be_repeated(void)
{
	struct world *world = court_open(3, 0);

	votes(world, N3, 5, N1);
	votes(world, N3, 5, N1);
	votes(world, N3, 6, N2);
	votes(world, N1, 5, N2);
	court_rests(world);
	acquits(world, JUDGE_VOTE_ONCE);
}

static void a_vote_that_a_crash_took_back_never_bound(void)
{
	struct world *world = court_open(3, 0);
	struct env *env = court_begins(world, N3);
	uint64_t term = 5;

	env_cell_put(env, 0, &term, sizeof(term));
	env_observe(env, SAW_VOTED, term, N1, 0, NULL, 0);
	court_ends(world, N3);
	court_restarts(world, N3); /* before its disk had it */
	court_says(world, N3, SAW_VOTED, 5, N2, 0);
	acquits(world, JUDGE_VOTE_ONCE);
}

static void a_second_vote_in_a_term_is_convicted_over_a_crash(void)
{
	struct world *world = court_open(3, 0);

	votes(world, N3, 5, N1);
	court_rests(world);
	court_restarts(world, N3);
	votes(world, N3, 5, N2);
	court_rests(world);
	convicts(world, JUDGE_VOTE_ONCE, N3,
		 "n3 voted for n2 in term 5, in which it had voted for n1 at 0.001 s");
}

static void a_second_vote_in_a_term_is_convicted_over_a_lost_disk(void)
{
	struct world *world = court_open(3, 0);

	votes(world, N3, 5, N1);
	court_rests(world);
	world_crash_now(world, N3);
	world_wipe(world, N3);
	world_restart(world, N3);
	votes(world, N3, 5, N2);
	court_rests(world);
	convicts(world, JUDGE_VOTE_ONCE, N3, "in which it had voted for n1");
}

static void a_term_that_rises_passes(void)
{
	struct world *world = court_open(3, 0);

	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_restarts(world, N1);
	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_says(world, N1, SAW_TERM_ENTERED, 4, 0, 0);
	court_says(world, N1, SAW_LEADER_ELECTED, 4, 0, 0);
	acquits(world, JUDGE_TERM_MONOTONE);
}

static void a_term_that_falls_over_a_restart_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_restarts(world, N1);
	court_says(world, N1, SAW_TERM_ENTERED, 2, 0, 0);
	convicts(world, JUDGE_TERM_MONOTONE, N1,
		 "n1 entered term 2, and had entered term 3 at 0.000 s");
}

static void acting_in_a_term_already_left_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	convicts(world, JUDGE_TERM_MONOTONE, N1,
		 "n1 was elected in term 2, and had entered term 3");
}

/* ---- Persist before send --------------------------------------------------------------------- */

static void votes_by_mail(struct world *world, bool early)
{
	struct env *env = court_begins(world, N1);
	uint64_t vote = N2;

	if (early)
		env_send_after(env, 0, N2, COURT_VOTE, 0);
	else
		env_send(env, N2, COURT_VOTE, 0);
	env_cell_put(env, 0, &vote, sizeof(vote));
	court_ends(world, N1);
	court_rests(world);
}

static void a_promise_that_waits_for_the_disk_passes(void)
{
	struct world *world = court_open(3, 0);

	votes_by_mail(world, false);
	acquits(world, JUDGE_PERSIST_BEFORE_SEND);
}

static void a_promise_that_leaves_before_its_write_is_durable_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	votes_by_mail(world, true);
	convicts(world, JUDGE_PERSIST_BEFORE_SEND, N1,
		 "n1 sent Vote to n2 before its write 1 was durable (its disk had come to 0)");
}

/* What is committed is on a quorum's disks, and need not be on this one. */
static void an_answer_need_not_wait_for_the_disk(void)
{
	struct world *world = court_open(3, 0);
	struct env *env = court_begins(world, N1);

	env_log_append(env, 1, NULL, 0);
	env_reply_after(env, 0, request_name(1, 0), NULL, 0);
	court_ends(world, N1);
	acquits(world, JUDGE_PERSIST_BEFORE_SEND);
}

/* ---- Logs ------------------------------------------------------------------------------------ */

static void a_leader_that_steps_down_may_truncate_in_the_same_handler(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_appends(world, N1, 2, 'c');
	struct env *env = court_begins(world, N1);

	env_log_truncate(env, 2); /* seen before what it observes */
	env_observe(env, SAW_LEADER_STEPPED_DOWN, 2, 0, 0, NULL, 0);
	court_ends(world, N1);
	court_truncates(world, N1, 1);
	acquits(world, JUDGE_LEADER_APPEND_ONLY);
}

static void a_leader_that_crashed_is_none_any_more(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_restarts(world, N1);
	court_truncates(world, N1, 1);
	acquits(world, JUDGE_LEADER_APPEND_ONLY);
}

static void who_died_in_its_handler_could_not_explain_itself(void)
{
	struct world *world = court_open(3, 0);

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
	acquits(world, JUDGE_LEADER_APPEND_ONLY);
}

static void a_leader_that_removes_entries_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_truncates(world, N1, 2);
	convicts(world, JUDGE_LEADER_APPEND_ONLY, N1,
		 "n1 removed entries from 2 on from its own log as the leader of term 2");
}

static void terms_that_rise_along_a_log_pass(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "abc", "114");
	court_says(world, N1, SAW_LEADER_ELECTED, 4, 0, 0);
	acquits(world, JUDGE_LOG_TERMS);
}

static void a_term_that_falls_along_a_log_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "abc", "132");
	convicts(
		world, JUDGE_LOG_TERMS, N1,
		"n1 appended entry 3 of term 2 behind one of term 3: terms never fall along a log");
}

static void an_entry_of_a_term_not_entered_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "15");
	court_says(world, N1, SAW_LEADER_ELECTED, 4, 0, 0);
	convicts(world, JUDGE_LOG_TERMS, N1,
		 "n1 acted in term 4 with entry 2 of term 5 in its log");
}

static void logs_that_part_under_different_terms_match(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "abc", "112");
	court_log(world, N2, "abd", "113");
	court_truncates(world, N1, 3);
	court_appends(world, N1, 3, 'd');
	acquits(world, JUDGE_LOG_MATCHING);
}

static void another_command_under_one_index_and_term_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "12");
	court_log(world, N2, "ac", "12");
	convicts(world, JUDGE_LOG_MATCHING, N2,
		 "n2 appended entry 2 of term 2 with another command than n1 had at 0.000 s");
}

static void another_prefix_under_one_index_and_term_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "13");
	court_log(world, N2, "ab", "23");
	convicts(world, JUDGE_LOG_MATCHING, N2,
		 "n2 appended entry 2 of term 3 behind another prefix than n1 had");
}

static void a_log_that_a_crash_cut_short_goes_on_from_what_survived(void)
{
	struct world *world = court_open(3, 0);
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
	acquits(world, JUDGE_LOG_MATCHING);
}

/* ---- State machines -------------------------------------------------------------------------- */

static void commits(struct world *world, process_id id, uint64_t up_to, uint64_t term, bool leads)
{
	court_says(world, id, SAW_COMMIT_ADVANCED, up_to, term, leads);
}

static void the_same_commands_pass_and_again_after_a_restart(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	commits(world, N1, 2, 1, true);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N1, 2, 'b');
	court_restarts(world, N1);
	commits(world, N1, 1, 2, false);
	court_applies(world, N1, 1, 'a');
	commits(world, N2, 2, 1, false);
	court_applies(world, N2, 1, 'a');
	acquits(world, JUDGE_STATE_MACHINE_SAFETY);
}

static void another_command_applied_at_an_index_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "a", "1");
	court_log(world, N2, "a", "1");
	commits(world, N1, 1, 1, false);
	commits(world, N2, 1, 1, false);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N2, 1, 'b');
	convicts(world, JUDGE_STATE_MACHINE_SAFETY, N2,
		 "n2 applied another command at index 1 than n1 had at 0.002 s");
}

static void an_index_left_out_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "abc", "111");
	commits(world, N1, 3, 1, false);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N1, 3, 'c');
	convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1, "n1 applied index 3 right after index 1");
}

static void a_plain_command_applied_as_another_is_convicted(void)
{
	struct world *world = court_open(3, 0);
	const request_id plain = request_name(1, 0);
	struct env *env = court_begins(world, N1);
	size_t size;

	env_log_append(env, 1, &plain, sizeof(plain));
	court_ends(world, N1);
	commits(world, N1, 1, 1, false);
	env = court_begins(world, N1);
	env_apply(env, 1, NULL, 0, &size);
	court_ends(world, N1);
	convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		 "n1 applied another command at index 1 than its own log holds there");
}

static void removing_what_is_committed_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	commits(world, N1, 2, 1, false);
	court_truncates(world, N1, 2);
	convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		 "n1 removed entries from 2 on, and had committed up to 2");
}

/* An entry is written in the place of another, committed, and lost with its write: what stands
 * there again was never committed, and goes; what was committed before it does not. */
static void what_a_failed_write_brought_back_may_go(void)
{
	struct world *world = court_open(3, 0);
	const request_id other = request_name(1, 0);
	struct env *env;

	court_log(world, N1, "ab", "11");
	commits(world, N1, 1, 1, false);
	court_rests(world);
	world_disk_failing(world, N1, PROBABILITY_ONE);
	env = court_begins(world, N1);
	env_log_truncate(env, 2);
	env_log_append(env, 2, &other, sizeof(other));
	env_observe(env, SAW_COMMIT_ADVANCED, 2, 2, false, NULL, 0);
	court_ends(world, N1);
	court_rests(world);
	world_disk_failing(world, N1, 0);
	EQUAL(world_log(world, N1, 2)->term, 1);
	court_truncates(world, N1, 2);
	court_truncates(world, N1, 1);
	convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		 "n1 removed entries from 1 on, and had committed up to 2");
}

static void a_leader_that_does_not_say_so_is_judged_as_one(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 1, 0, 0);
	commits(world, N1, 2, 1, false);
	convicts(world, JUDGE_COMMIT_DURABLE, N1, "1 of 3 disks held it");
}

static void an_index_applied_twice_in_one_life_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	commits(world, N1, 2, 1, false);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N1, 2, 'b');
	court_applies(world, N1, 2, 'b');
	convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		 "n1 applied index 2 after index 2: a process applies each index once, in order");
}

static void another_command_committed_at_an_index_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "abc", "111");
	court_log(world, N2, "axc", "122");
	commits(world, N1, 2, 2, false);
	commits(world, N2, 3, 2, false);
	convicts(world, JUDGE_STATE_MACHINE_SAFETY, N2,
		 "n2 advanced its commit index to 3 over another command at index 2 than n1 "
		 "committed there at 0.004 s");
}

static void one_command_committed_under_two_terms_is_one_command(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "12");
	commits(world, N1, 2, 2, false);
	commits(world, N2, 2, 2, false);
	acquits(world, JUDGE_STATE_MACHINE_SAFETY);
}

static void a_commit_index_beyond_the_log_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "a", "1");
	commits(world, N1, 2, 1, false);
	convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		 "n1 advanced its commit index to 2, and its log ends at 1");
}

/* ---- Commits --------------------------------------------------------------------------------- */

static void an_entry_on_a_majority_of_disks_may_be_committed(void)
{
	struct world *world = court_open(5, 0);

	court_log(world, N1, "a", "1");
	court_log(world, N2, "a", "1");
	court_log(world, N3, "a", "1");
	world_crash_now(world, N2); /* its disk still counts */
	world_crash_now(world, N3);
	commits(world, N1, 1, 1, true);
	acquits(world, JUDGE_COMMIT_DURABLE);
}

static void an_entry_on_a_minority_of_disks_may_not_be_committed(void)
{
	struct world *world = court_open(5, 0);

	court_log(world, N1, "a", "1");
	court_log(world, N4, "a", "1");
	court_appends(world, N5, 1, 'a'); /* not durable yet */
	commits(world, N1, 1, 1, true);
	convicts(world, JUDGE_COMMIT_DURABLE, N1,
		 "n1 committed entry 1 of term 1 while 2 of 5 disks held it (n1, n4)");
}

static void an_entry_that_was_removed_again_is_not_held(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	court_truncates(world, N2, 2);
	commits(world, N1, 2, 1, true);
	convicts(world, JUDGE_COMMIT_DURABLE, N1, "while 1 of 3 disks held it (n1)");
}

static void a_holder_that_removes_what_others_committed_is_convicted(void)
{
	struct world *world = court_open(5, 0);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	court_log(world, N3, "ab", "11");
	court_log(world, N4, "ab", "11");
	commits(world, N1, 2, 1, true);
	court_truncates(world, N4, 2);
	acquits(world, JUDGE_COMMIT_DURABLE); /* three still hold it */
	world = court_open(5, 0);
	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	court_log(world, N3, "ab", "11");
	commits(world, N1, 2, 1, true);
	court_truncates(world, N3, 2);
	convicts(world, JUDGE_COMMIT_DURABLE, N3,
		 "n3 removed entry 2, which was committed, and left it on 2 of 5 disks (n1, n2)");
}

static void a_lost_disk_holds_nothing(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "a", "1");
	court_log(world, N2, "a", "1");
	world_crash_now(world, N2);
	world_wipe(world, N2);
	commits(world, N1, 1, 1, true);
	convicts(world, JUDGE_COMMIT_DURABLE, N1, "while 1 of 3 disks held it (n1)");
}

static void a_leader_commits_entries_of_its_own_term(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "12");
	court_log(world, N2, "ab", "12");
	commits(world, N1, 2, 2, true);
	acquits(world, JUDGE_COMMIT_RULE);
}

static void a_leader_that_commits_an_older_entry_by_count_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "12");
	court_log(world, N2, "a", "1");
	commits(world, N1, 1, 2, true);
	convicts(world, JUDGE_COMMIT_RULE, N1,
		 "n1 advanced its commit index to 1 as leader of term 2, with an entry of term 1");
}

static void a_commit_index_may_begin_anew_after_a_restart(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	commits(world, N1, 2, 1, false);
	court_restarts(world, N1);
	commits(world, N1, 1, 1, false);
	commits(world, N1, 2, 1, false);
	acquits(world, JUDGE_COMMIT_MONOTONE);
}

static void a_commit_index_that_falls_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	commits(world, N1, 2, 1, false);
	commits(world, N1, 1, 1, false);
	convicts(world, JUDGE_COMMIT_MONOTONE, N1, "n1 moved its commit index from 2 back to 1");
}

static void a_handler_may_apply_before_it_tells_that_it_committed(void)
{
	struct world *world = court_open(3, 0);
	size_t size;

	court_log(world, N1, "a", "1");
	struct env *env = court_begins(world, N1);

	env_apply(env, 1, NULL, 0, &size);
	env_observe(env, SAW_COMMIT_ADVANCED, 1, 1, false, NULL, 0);
	court_ends(world, N1);
	acquits(world, JUDGE_COMMIT_MONOTONE);
}

static void what_is_applied_beyond_the_commit_index_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	commits(world, N1, 1, 1, false);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N1, 2, 'b');
	convicts(world, JUDGE_COMMIT_MONOTONE, N1, "n1 applied entry 2 with its commit index at 1");
}

/* ---- Leader completeness --------------------------------------------------------------------- */

static void a_leader_that_holds_what_was_committed_passes(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "abc", "112");
	commits(world, N1, 2, 1, true);
	court_says(world, N2, SAW_LEADER_ELECTED, 2, 0, 0);
	acquits(world, JUDGE_LEADER_COMPLETENESS);
}

static void a_leader_that_lacks_what_was_committed_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "abc", "111");
	court_log(world, N3, "abc", "111");
	court_log(world, N2, "ax", "12");
	commits(world, N1, 3, 1, true);
	court_says(world, N2, SAW_LEADER_ELECTED, 3, 0, 0);
	convicts(world, JUDGE_LEADER_COMPLETENESS, N2,
		 "n2 was elected leader of term 3 without entry 2, which n1 committed in term 1 at "
		 "0.006 s");
}

static void a_leader_of_an_older_term_need_not_hold_what_later_terms_committed(void)
{
	struct world *world = court_open(3, 0);

	court_log(world, N1, "ab", "15");
	court_log(world, N2, "ab", "15");
	court_log(world, N3, "a", "1");
	commits(world, N1, 2, 5, true);
	court_says(world, N3, SAW_LEADER_ELECTED, 4, 0, 0); /* its votes came late */
	acquits(world, JUDGE_LEADER_COMPLETENESS);
}

static void a_late_commit_convicts_the_leader_that_was_elected_without_it(void)
{
	struct world *world = court_open(5, 0);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	court_log(world, N3, "ab", "11");
	court_log(world, N4, "a", "1");
	court_says(world, N4, SAW_LEADER_ELECTED, 2, 0, 0);
	court_appends(world, N4, 2, 'c');
	commits(world, N1, 2, 1, true);
	convicts(world, JUDGE_LEADER_COMPLETENESS, N1,
		 "n4 was elected leader of term 2 without entry 2, which n1 committed in term 1");
}

/* ---- Crashes of the protocol itself ---------------------------------------------------------- */

static void asserts_nonsense(struct world *world, void *unused)
{
	struct env *env = court_begins(world, N2);

	(void)unused;
	ORDEAL_ASSERT(env, 1 + 1 == 3);
}

static void a_protocol_that_holds_its_own_assertions_passes(void)
{
	acquits(court_open(3, 0), JUDGE_PROTOCOL_CRASHED);
}

static void a_protocol_that_fails_its_own_assertion_is_convicted(void)
{
	struct world *world = court_open(3, 0);
	const char *limit;

	EQUAL(world_enter(world, asserts_nonsense, NULL, &limit), RAN_FAILED);
	convicts(world, JUDGE_PROTOCOL_CRASHED, N2,
		 "n2 failed its own assertion \"1 + 1 == 3\" at tests/check/test_judges.c:");
}

/* ---- Static data ----------------------------------------------------------------------------- */

static uint64_t remembered;
static const uint64_t as_loaded = 0;

static const char *name_of(const struct static_data *data, size_t offset)
{
	(void)data, (void)offset;
	return "remembered";
}

static struct world *court_of_a_plug_in(void)
{
	static const struct static_data data = {&remembered, sizeof(remembered), &as_loaded,
						"plug-in", name_of};
	struct world *world = court_open(3, 0);
	struct setup *setup = (struct setup *)(uintptr_t)world->setup;

	setup->statics = &data;
	setup->static_count = 1;
	world->ask_when_handled = true;
	return world;
}

static void a_plug_in_that_remembers_in_its_state_passes(void)
{
	struct world *world = court_of_a_plug_in();

	court_begins(world, N2);
	court_state(world, N2)->term = 7;
	court_ends(world, N2);
	acquits(world, JUDGE_NO_HIDDEN_STATE);
}

static void a_plug_in_that_remembers_in_static_data_is_convicted(void)
{
	struct world *world = court_of_a_plug_in();

	court_begins(world, N2);
	remembered++;
	court_ends(world, N2);
	convicts(world, JUDGE_NO_HIDDEN_STATE, N2,
		 "a handler of n2 changed remembered, static data of its plug-in: what a process "
		 "remembers stands in its state, which a crash takes, or on its disk");
}

/* ---- Verdicts -------------------------------------------------------------------------------- */

/* ---- Silence ----------------------------------------------------------------------------------
 */

static void who_lost_its_disk_may_fall_silent(void)
{
	struct world *world = court_open(3, 0);

	world_crash_now(world, N2);
	world_wipe(world, N2);
	court_restarts(world, N2);
	court_says(world, N2, SAW_SILENCED, 0, 0, 0);
	court_log(world, N3, "a", "1");
	CU_ASSERT(world_disk_rot(world, N3, STORE_LOG, 1));
	court_says(world, N3, SAW_SILENCED, 0, 0, 0);
	check_count(world, JUDGE_LIVENESS, 1);
	acquits(world, JUDGE_LIVENESS);
}

static void who_falls_silent_without_a_reason_is_convicted(void)
{
	struct world *world = court_open(3, 0);

	court_restarts(world, N2);
	court_says(world, N2, SAW_SILENCED, 0, 0, 0);
	convicts(world, JUDGE_LIVENESS, N2, "n2 fell silent, and its disk has lost nothing");
}

static void a_judge_that_saw_nothing_says_so(void)
{
	struct world *world = court_open(3, 0);
	struct check_result result = result_of(world);

	EQUAL(result.verdict[JUDGE_ELECTION_SAFETY], NOT_EXERCISED);
	EQUAL(result.verdict[JUDGE_LINEARIZABILITY], NOT_EXERCISED);
	EQUAL(result.checks[JUDGE_ELECTION_SAFETY], 0);
	CU_ASSERT(!result.violated);
	court_close(world);
}

static void violated_comes_before_unknown_and_unknown_before_holds(void)
{
	struct world *world = court_open(3, 0);

	check_count(world, JUDGE_LIVENESS, 3);
	check_count(world, JUDGE_CONVERGENCE, 1);
	check_unknown(world, JUDGE_CONVERGENCE, "first reason");
	check_unknown(world, JUDGE_CONVERGENCE, "second reason");
	check_unknown(world, JUDGE_VOTE_ONCE, "whatever");
	check_violated(world, JUDGE_VOTE_ONCE, NO_PROCESS, "seen %d times", 2);
	struct check_result result = result_of(world);

	EQUAL(result.verdict[JUDGE_LIVENESS], HOLDS);
	EQUAL(result.checks[JUDGE_LIVENESS], 3);
	EQUAL(result.verdict[JUDGE_CONVERGENCE], UNKNOWN);
	CONTAINS(result.unknown[JUDGE_CONVERGENCE], "first reason");
	EQUAL(result.verdict[JUDGE_VOTE_ONCE], VIOLATED);
	CONTAINS(result.first.sentence, "seen 2 times");
	court_close(world);
}

static void the_run_stops_on_the_chosen_judges_and_keeps_their_sentence(void)
{
	struct world *world = court_open(3, 1u << JUDGE_VOTE_ONCE);

	check_violated(world, JUDGE_LOG_TERMS, N1, "a matter of record");
	CU_ASSERT(!world->stop);
	world->events = 77;
	check_violated(world, JUDGE_VOTE_ONCE, N2, "what stops");
	CU_ASSERT(world->stop);
	check_violated(world, JUDGE_VOTE_ONCE, N3, "what came later");
	struct check_result result = result_of(world);

	EQUAL(result.violations, 3);
	EQUAL(result.first.judge, JUDGE_VOTE_ONCE);
	EQUAL(result.first.process, N2);
	EQUAL(result.first.event, 77);
	CONTAINS(result.first.sentence, "what stops");
	court_close(world);
}

static void every_judge_has_a_name_a_rule_and_a_source(void)
{
	for (unsigned i = 0; i < JUDGES; i++) {
		CU_ASSERT(judges[i].name && judges[i].rule && judges[i].source);
		for (unsigned j = 0; judges[i].name && j < i; j++)
			CU_ASSERT(strcmp(judges[i].name, judges[j].name) != 0);
	}
	CU_ASSERT(!judges[JUDGE_LIVENESS].safety && judges[JUDGE_COMMIT_RULE].safety);
}

CU_TestInfo judges_tests[] = {
	{"one leader a term passes", one_leader_a_term_passes},
	{"a second leader in a term is convicted", a_second_leader_in_a_term_is_convicted},
	{"one vote a term passes, and may be repeated", one_vote_a_term_passes_and_may_be_repeated},
	{"a vote that a crash took back never bound", a_vote_that_a_crash_took_back_never_bound},
	{"a second vote in a term is convicted over a crash",
	 a_second_vote_in_a_term_is_convicted_over_a_crash},
	{"a second vote in a term is convicted over a lost disk",
	 a_second_vote_in_a_term_is_convicted_over_a_lost_disk},
	{"a term that rises passes", a_term_that_rises_passes},
	{"a term that falls over a restart is convicted",
	 a_term_that_falls_over_a_restart_is_convicted},
	{"acting in a term already left is convicted", acting_in_a_term_already_left_is_convicted},
	{"a promise that waits for the disk passes", a_promise_that_waits_for_the_disk_passes},
	{"a promise that leaves before its write is durable is convicted",
	 a_promise_that_leaves_before_its_write_is_durable_is_convicted},
	{"an answer need not wait for the disk", an_answer_need_not_wait_for_the_disk},
	{"a leader that steps down may truncate in the same handler",
	 a_leader_that_steps_down_may_truncate_in_the_same_handler},
	{"a leader that crashed is none any more", a_leader_that_crashed_is_none_any_more},
	{"who died in its handler could not explain itself",
	 who_died_in_its_handler_could_not_explain_itself},
	{"a leader that removes entries is convicted", a_leader_that_removes_entries_is_convicted},
	{"terms that rise along a log pass", terms_that_rise_along_a_log_pass},
	{"a term that falls along a log is convicted", a_term_that_falls_along_a_log_is_convicted},
	{"an entry of a term not entered is convicted",
	 an_entry_of_a_term_not_entered_is_convicted},
	{"logs that part under different terms match", logs_that_part_under_different_terms_match},
	{"another command under one index and term is convicted",
	 another_command_under_one_index_and_term_is_convicted},
	{"another prefix under one index and term is convicted",
	 another_prefix_under_one_index_and_term_is_convicted},
	{"a log that a crash cut short goes on from what survived",
	 a_log_that_a_crash_cut_short_goes_on_from_what_survived},
	{"the same commands pass, and again after a restart",
	 the_same_commands_pass_and_again_after_a_restart},
	{"another command applied at an index is convicted",
	 another_command_applied_at_an_index_is_convicted},
	{"an index left out is convicted", an_index_left_out_is_convicted},
	{"a client's command applied as something else is convicted",
	 a_plain_command_applied_as_another_is_convicted},
	{"removing what is committed is convicted", removing_what_is_committed_is_convicted},
	{"removing what a failed write brought back passes",
	 what_a_failed_write_brought_back_may_go},
	{"a leader that does not say so is judged as one",
	 a_leader_that_does_not_say_so_is_judged_as_one},
	{"an index applied twice in one life is convicted",
	 an_index_applied_twice_in_one_life_is_convicted},
	{"another command committed at an index is convicted",
	 another_command_committed_at_an_index_is_convicted},
	{"one command committed under two terms is one command",
	 one_command_committed_under_two_terms_is_one_command},
	{"a commit index beyond the log is convicted", a_commit_index_beyond_the_log_is_convicted},
	{"an entry on a majority of disks may be committed",
	 an_entry_on_a_majority_of_disks_may_be_committed},
	{"an entry on a minority of disks may not be committed",
	 an_entry_on_a_minority_of_disks_may_not_be_committed},
	{"an entry that was removed again is not held",
	 an_entry_that_was_removed_again_is_not_held},
	{"a holder that removes what others committed is convicted",
	 a_holder_that_removes_what_others_committed_is_convicted},
	{"a lost disk holds nothing", a_lost_disk_holds_nothing},
	{"a leader commits entries of its own term", a_leader_commits_entries_of_its_own_term},
	{"a leader that commits an older entry by count is convicted",
	 a_leader_that_commits_an_older_entry_by_count_is_convicted},
	{"a commit index may begin anew after a restart",
	 a_commit_index_may_begin_anew_after_a_restart},
	{"a commit index that falls is convicted", a_commit_index_that_falls_is_convicted},
	{"a handler may apply before it tells that it committed",
	 a_handler_may_apply_before_it_tells_that_it_committed},
	{"what is applied beyond the commit index is convicted",
	 what_is_applied_beyond_the_commit_index_is_convicted},
	{"a leader that holds what was committed passes",
	 a_leader_that_holds_what_was_committed_passes},
	{"a leader that lacks what was committed is convicted",
	 a_leader_that_lacks_what_was_committed_is_convicted},
	{"a leader of an older term need not hold what later terms committed",
	 a_leader_of_an_older_term_need_not_hold_what_later_terms_committed},
	{"a late commit convicts the leader that was elected without it",
	 a_late_commit_convicts_the_leader_that_was_elected_without_it},
	{"a protocol that holds its own assertions passes",
	 a_protocol_that_holds_its_own_assertions_passes},
	{"a protocol that fails its own assertion is convicted",
	 a_protocol_that_fails_its_own_assertion_is_convicted},
	{"a plug-in that remembers in its state passes",
	 a_plug_in_that_remembers_in_its_state_passes},
	{"a plug-in that remembers in static data is convicted",
	 a_plug_in_that_remembers_in_static_data_is_convicted},
	{"who lost its disk may fall silent", who_lost_its_disk_may_fall_silent},
	{"who falls silent without a reason is convicted",
	 who_falls_silent_without_a_reason_is_convicted},
	{"a judge that saw nothing says so", a_judge_that_saw_nothing_says_so},
	{"violated comes before unknown, and unknown before holds",
	 violated_comes_before_unknown_and_unknown_before_holds},
	{"the run stops on the chosen judges, and keeps their sentence",
	 the_run_stops_on_the_chosen_judges_and_keeps_their_sentence},
	{"every judge has a name, a rule and a source", every_judge_has_a_name_a_rule_and_a_source},
	CU_TEST_INFO_NULL,
};
