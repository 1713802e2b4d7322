/* Canaries of state-machine-safety: in sim/check/applied.c, commits.c and logs.c. */
#include "tests/check/court.h"
#include "tests/tests.h"

/* ---- What is applied ------------------------------------------------------------------------- */

static void the_same_commands_pass_and_again_after_a_restart(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "11");
	court_commits(world, N1, 2, 1, true);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N1, 2, 'b');
	court_restarts(world, N1);
	court_commits(world, N1, 1, 2, false);
	court_applies(world, N1, 1, 'a');
	court_commits(world, N2, 2, 1, false);
	court_applies(world, N2, 1, 'a');
	court_acquits(world, JUDGE_STATE_MACHINE_SAFETY);
}

static void another_command_applied_at_an_index_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "a", "1");
	court_log(world, N2, "a", "1");
	court_commits(world, N1, 1, 1, false);
	court_commits(world, N2, 1, 1, false);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N2, 1, 'b');
	court_convicts(world, JUDGE_STATE_MACHINE_SAFETY, N2,
		       "n2 applied another command at index 1 than n1 had at 0.002 s");
}

static void an_index_left_out_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "abc", "111");
	court_commits(world, N1, 3, 1, false);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N1, 3, 'c');
	court_convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		       "n1 applied index 3 right after index 1");
}

static void a_plain_command_applied_as_another_is_convicted(void)
{
	struct world *world = court_open(3);
	const request_id plain = request_name(1, 0);
	struct env *env = court_begins(world, N1);
	size_t size;

	env_log_append(env, 1, &plain, sizeof(plain));
	court_ends(world, N1);
	court_commits(world, N1, 1, 1, false);
	env = court_begins(world, N1);
	env_apply(env, 1, NULL, 0, &size);
	court_ends(world, N1);
	court_convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		       "n1 applied another command at index 1 than its own log holds there");
}

static void an_index_applied_twice_in_one_life_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_commits(world, N1, 2, 1, false);
	court_applies(world, N1, 1, 'a');
	court_applies(world, N1, 2, 'b');
	court_applies(world, N1, 2, 'b');
	court_convicts(
		world, JUDGE_STATE_MACHINE_SAFETY, N1,
		"n1 applied index 2 after index 2: a process applies each index once, in order");
}

/* ---- What is committed ----------------------------------------------------------------------- */

static void removing_what_is_committed_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_commits(world, N1, 2, 1, false);
	court_truncates(world, N1, 2);
	court_convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		       "n1 removed entries from 2 on, and had committed up to 2");
}

/* An entry is written in the place of another, committed, and lost with its write: what stands
 * there again was never committed, and goes; what was committed before it does not. */
static void what_a_failed_write_brought_back_may_go(void)
{
	struct world *world = court_open(3);
	const request_id other = request_name(1, 0);
	struct env *env;

	court_log(world, N1, "ab", "11");
	court_commits(world, N1, 1, 1, false);
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
	court_convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		       "n1 removed entries from 1 on, and had committed up to 2");
}

static void another_command_committed_at_an_index_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "abc", "111");
	court_log(world, N2, "axc", "122");
	court_commits(world, N1, 2, 2, false);
	court_commits(world, N2, 3, 2, false);
	court_convicts(world, JUDGE_STATE_MACHINE_SAFETY, N2,
		       "n2 advanced its commit index to 3 over another command at index 2 than n1 "
		       "committed there at 0.004 s");
}

/* Its log begins behind what stands in its snapshot. */
static void begins_behind(struct world *world, process_id id, uint64_t last, char letter)
{
	env_log_discard(court_begins(world, id), last);
	court_ends(world, id);
	court_appends(world, id, 2, letter);
	court_rests(world);
}

static void who_was_restored_goes_on_behind_its_image(void)
{
	struct world *world = court_open(3);

	begins_behind(world, N1, 2, 'c');
	check_observer.restored(world, N1, 2);
	court_commits(world, N1, 3, 2, false);
	court_applies(world, N1, 3, 'c');
	court_acquits(world, JUDGE_STATE_MACHINE_SAFETY);
}

static void what_a_snapshot_stands_for_contradicts_nobody(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "abc", "111");
	court_commits(world, N1, 1, 1, false);
	begins_behind(world, N2, 2, 'd');
	begins_behind(world, N3, 2, 'd');
	court_says(world, N3, SAW_LEADER_ELECTED, 3, 0, 0);
	court_commits(world, N2, 3, 2, false); /* nobody knows what it holds at 1 and 2 */
	court_commits(world, N1, 2, 2, false);
	court_acquits(world, JUDGE_STATE_MACHINE_SAFETY);
}

static void one_command_committed_under_two_terms_is_one_command(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "ab", "11");
	court_log(world, N2, "ab", "12");
	court_commits(world, N1, 2, 2, false);
	court_commits(world, N2, 2, 2, false);
	court_acquits(world, JUDGE_STATE_MACHINE_SAFETY);
}

static void a_commit_index_beyond_the_log_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "a", "1");
	court_commits(world, N1, 2, 1, false);
	court_convicts(world, JUDGE_STATE_MACHINE_SAFETY, N1,
		       "n1 advanced its commit index to 2, and its log ends at 1");
}

CU_TestInfo applied_tests[] = {
	{"the same commands pass, and again after a restart",
	 the_same_commands_pass_and_again_after_a_restart},
	{"another command applied at an index is convicted",
	 another_command_applied_at_an_index_is_convicted},
	{"an index left out is convicted", an_index_left_out_is_convicted},
	{"a client's command applied as something else is convicted",
	 a_plain_command_applied_as_another_is_convicted},
	{"an index applied twice in one life is convicted",
	 an_index_applied_twice_in_one_life_is_convicted},
	{"removing what is committed is convicted", removing_what_is_committed_is_convicted},
	{"removing what a failed write brought back passes",
	 what_a_failed_write_brought_back_may_go},
	{"another command committed at an index is convicted",
	 another_command_committed_at_an_index_is_convicted},
	{"who was restored goes on behind its image", who_was_restored_goes_on_behind_its_image},
	{"what a snapshot stands for contradicts nobody",
	 what_a_snapshot_stands_for_contradicts_nobody},
	{"one command committed under two terms is one command",
	 one_command_committed_under_two_terms_is_one_command},
	{"a commit index beyond the log is convicted", a_commit_index_beyond_the_log_is_convicted},
	CU_TEST_INFO_NULL,
};
