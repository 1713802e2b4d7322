/* Canaries of commits.c: commit-durable, commit-rule, commit-monotone, leader-completeness. */
#include "tests/check/court.h"
#include "tests/tests.h"

/* ---- commit-durable -------------------------------------------------------------------------- */

static void an_entry_on_a_majority_of_disks_may_be_committed(void)
{
	struct world *world = court_open(5);

	court_log(world, N1, "a", "1");
	court_log(world, N2, "a", "1");
	court_log(world, N3, "a", "1");
	world_crash_now(world, N2); /* its disk still counts */
	world_crash_now(world, N3);
	court_commits(world, N1, 1, 1, true);
	court_acquits(world, JUDGE_COMMIT_DURABLE);
}

static void an_entry_on_a_minority_of_disks_may_not_be_committed(void)
{
	struct world *world = court_open(5);

	court_log(world, N1, "a", "1");
	court_log(world, N4, "a", "1");
	court_appends(world, N5, 1, 'a'); /* not durable yet */
	court_commits(world, N1, 1, 1, true);
	court_convicts(world, JUDGE_COMMIT_DURABLE, N1,
		       "n1 committed entry 1 of term 1 while 2 of 5 disks held it (n1, n4)");
}

static void an_entry_that_was_removed_again_is_not_held(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	court_truncates(world, N2, 2);
	court_commits(world, N1, 2, 1, true);
	court_convicts(world, JUDGE_COMMIT_DURABLE, N1, "while 1 of 3 disks held it (n1)");
}

static void a_holder_that_removes_what_others_committed_is_convicted(void)
{
	struct world *world = court_open(5);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	court_log(world, N3, "ab", "11");
	court_log(world, N4, "ab", "11");
	court_commits(world, N1, 2, 1, true);
	court_truncates(world, N4, 2);
	court_acquits(world, JUDGE_COMMIT_DURABLE); /* three still hold it */
	world = court_open(5);
	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	court_log(world, N3, "ab", "11");
	court_commits(world, N1, 2, 1, true);
	court_truncates(world, N3, 2);
	court_convicts(
		world, JUDGE_COMMIT_DURABLE, N3,
		"n3 removed entry 2, which was committed, and left it on 2 of 5 disks (n1, n2)");
}

static void a_lost_disk_holds_nothing(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "a", "1");
	court_log(world, N2, "a", "1");
	world_crash_now(world, N2);
	world_wipe(world, N2);
	court_commits(world, N1, 1, 1, true);
	court_convicts(world, JUDGE_COMMIT_DURABLE, N1, "while 1 of 3 disks held it (n1)");
}

static void a_leader_that_does_not_say_so_is_judged_as_one(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_says(world, N1, SAW_LEADER_ELECTED, 1, 0, 0);
	court_commits(world, N1, 2, 1, false);
	court_convicts(world, JUDGE_COMMIT_DURABLE, N1, "1 of 3 disks held it");
}

/* ---- commit-rule ----------------------------------------------------------------------------- */

static void a_leader_commits_entries_of_its_own_term(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "12");
	court_log(world, N2, "ab", "12");
	court_commits(world, N1, 2, 2, true);
	court_acquits(world, JUDGE_COMMIT_RULE);
}

static void a_leader_that_commits_an_older_entry_by_count_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "12");
	court_log(world, N2, "a", "1");
	court_commits(world, N1, 1, 2, true);
	court_convicts(
		world, JUDGE_COMMIT_RULE, N1,
		"n1 advanced its commit index to 1 as leader of term 2, with an entry of term 1");
}

/* It has learnt of a later term, and its disk is still at work on that: it leads no more. */
static void a_leader_of_an_earlier_term_commits_as_a_follower(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "a", "1");
	court_says(world, N1, SAW_LEADER_ELECTED, 1, 0, 0);
	struct env *env = court_begins(world, N1);
	uint64_t term = 2;

	env_cell_put(env, 0, &term, sizeof(term));
	env_observe(env, SAW_TERM_ENTERED, term, 0, 0, NULL, 0);
	env_observe(env, SAW_COMMIT_ADVANCED, 1, term, false, NULL, 0);
	court_ends(world, N1);
	court_acquits(world, JUDGE_COMMIT_MONOTONE);
}

/* ---- commit-monotone ------------------------------------------------------------------------- */

static void a_commit_index_may_begin_anew_after_a_restart(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_commits(world, N1, 2, 1, false);
	court_restarts(world, N1);
	court_commits(world, N1, 1, 1, false);
	court_commits(world, N1, 2, 1, false);
	court_acquits(world, JUDGE_COMMIT_MONOTONE);
}

static void a_commit_index_that_falls_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_commits(world, N1, 2, 1, false);
	court_commits(world, N1, 1, 1, false);
	court_convicts(world, JUDGE_COMMIT_MONOTONE, N1,
		       "n1 moved its commit index from 2 back to 1");
}

static void a_handler_may_apply_before_it_tells_that_it_committed(void)
{
	struct world *world = court_open(3);
	size_t size;

	court_log(world, N1, "a", "1");
	struct env *env = court_begins(world, N1);

	env_apply(env, 1, NULL, 0, &size);
	env_observe(env, SAW_COMMIT_ADVANCED, 1, 1, false, NULL, 0);
	court_ends(world, N1);
	court_acquits(world, JUDGE_COMMIT_MONOTONE);
}

static void a_commit_explains_no_more_than_its_index(void)
{
	struct world *world = court_open(3);
	size_t size;

	court_log(world, N1, "ab", "11");
	struct env *env = court_begins(world, N1);

	env_apply(env, 1, NULL, 0, &size);
	env_apply(env, 2, NULL, 0, &size);
	env_observe(env, SAW_COMMIT_ADVANCED, 1, 1, false, NULL, 0);
	court_ends(world, N1);
	court_convicts(world, JUDGE_COMMIT_MONOTONE, N1,
		       "n1 applied entry 2 with its commit index at 1");
}

static void what_is_applied_beyond_the_commit_index_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_commits(world, N1, 1, 1, false);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N1, 2, 'b');
	court_convicts(world, JUDGE_COMMIT_MONOTONE, N1,
		       "n1 applied entry 2 with its commit index at 1");
}

/* ---- leader-completeness --------------------------------------------------------------------- */

static void a_leader_that_holds_what_was_committed_passes(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "abc", "112");
	court_commits(world, N1, 2, 1, true);
	court_says(world, N2, SAW_LEADER_ELECTED, 2, 0, 0);
	court_acquits(world, JUDGE_LEADER_COMPLETENESS);
}

static void a_leader_that_lacks_what_was_committed_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "abc", "111");
	court_log(world, N3, "abc", "111");
	court_log(world, N2, "ax", "12");
	court_commits(world, N1, 3, 1, true);
	court_says(world, N2, SAW_LEADER_ELECTED, 3, 0, 0);
	court_convicts(
		world, JUDGE_LEADER_COMPLETENESS, N2,
		"n2 was elected leader of term 3 without entry 2, which n1 committed in term 1 at "
		"0.006 s");
}

static void a_leader_of_an_older_term_need_not_hold_what_later_terms_committed(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "15");
	court_log(world, N2, "ab", "15");
	court_log(world, N3, "a", "1");
	court_commits(world, N1, 2, 5, true);
	court_says(world, N3, SAW_LEADER_ELECTED, 4, 0, 0); /* its votes came late */
	court_acquits(world, JUDGE_LEADER_COMPLETENESS);
}

static void a_late_commit_convicts_the_leader_that_was_elected_without_it(void)
{
	struct world *world = court_open(5);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	court_log(world, N3, "ab", "11");
	court_log(world, N4, "a", "1");
	court_says(world, N4, SAW_LEADER_ELECTED, 2, 0, 0);
	court_appends(world, N4, 2, 'c');
	court_commits(world, N1, 2, 1, true);
	court_convicts(
		world, JUDGE_LEADER_COMPLETENESS, N1,
		"n4 was elected leader of term 2 without entry 2, which n1 committed in term 1");
}

CU_TestInfo commits_tests[] = {
	{"an entry on a majority of disks may be committed",
	 an_entry_on_a_majority_of_disks_may_be_committed},
	{"an entry on a minority of disks may not be committed",
	 an_entry_on_a_minority_of_disks_may_not_be_committed},
	{"an entry that was removed again is not held",
	 an_entry_that_was_removed_again_is_not_held},
	{"a holder that removes what others committed is convicted",
	 a_holder_that_removes_what_others_committed_is_convicted},
	{"a lost disk holds nothing", a_lost_disk_holds_nothing},
	{"a leader that does not say so is judged as one",
	 a_leader_that_does_not_say_so_is_judged_as_one},
	{"a leader commits entries of its own term", a_leader_commits_entries_of_its_own_term},
	{"a leader that commits an older entry by count is convicted",
	 a_leader_that_commits_an_older_entry_by_count_is_convicted},
	{"a leader of an earlier term commits as a follower",
	 a_leader_of_an_earlier_term_commits_as_a_follower},
	{"a commit index may begin anew after a restart",
	 a_commit_index_may_begin_anew_after_a_restart},
	{"a commit index that falls is convicted", a_commit_index_that_falls_is_convicted},
	{"a handler may apply before it tells that it committed",
	 a_handler_may_apply_before_it_tells_that_it_committed},
	{"a commit explains no more than its index", a_commit_explains_no_more_than_its_index},
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
	CU_TEST_INFO_NULL,
};
