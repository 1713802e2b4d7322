/* Canaries of sim/check/elections.c: election-safety, vote-once, term-monotone; silence. */
#include "tests/check/court.h"
#include "tests/tests.h"

/* ---- election-safety ------------------------------------------------------------------------- */

static void one_leader_a_term_passes(void)
{
	struct world *world = court_open(5);

	court_says(world, N4, SAW_LEADER_ELECTED, 7, 0, 0);
	court_says(world, N2, SAW_LEADER_ELECTED, 9, 0, 0);
	court_says(world, N1, SAW_LEADER_ELECTED, 8, 0, 0); /* its votes came late */
	court_acquits(world, JUDGE_ELECTION_SAFETY);
}

static void a_second_leader_in_a_term_is_convicted(void)
{
	struct world *world = court_open(5);

	world->now = 3120 * (nanoseconds)1000000;
	court_says(world, N4, SAW_LEADER_ELECTED, 7, 0, 0);
	court_restarts(world, N4);
	court_says(world, N1, SAW_LEADER_ELECTED, 8, 0, 0);
	court_says(world, N2, SAW_LEADER_ELECTED, 7, 0, 0);
	court_convicts(
		world, JUDGE_ELECTION_SAFETY, N2,
		"n2 was elected leader of term 7, in which n4 had been elected at 3.120 s: at most "
		"one leader a term");
}

/* ---- vote-once ------------------------------------------------------------------------------- */

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
	struct world *world = court_open(3);

	votes(world, N3, 5, N1);
	votes(world, N3, 5, N1);
	votes(world, N3, 6, N2);
	votes(world, N1, 5, N2);
	court_rests(world);
	court_acquits(world, JUDGE_VOTE_ONCE);
}

static void a_vote_that_a_crash_took_back_never_bound(void)
{
	struct world *world = court_open(3);
	struct env *env = court_begins(world, N3);
	uint64_t term = 5;

	env_cell_put(env, 0, &term, sizeof(term));
	env_observe(env, SAW_VOTED, term, N1, 0, NULL, 0);
	court_ends(world, N3);
	court_restarts(world, N3); /* before its disk had it */
	court_says(world, N3, SAW_VOTED, 5, N2, 0);
	court_acquits(world, JUDGE_VOTE_ONCE);
}

static void a_second_vote_in_a_term_is_convicted_over_a_crash(void)
{
	struct world *world = court_open(3);

	votes(world, N3, 5, N1);
	court_rests(world);
	court_restarts(world, N3);
	votes(world, N3, 5, N2);
	court_rests(world);
	court_convicts(world, JUDGE_VOTE_ONCE, N3,
		       "n3 voted for n2 in term 5, in which it had voted for n1 at 0.001 s");
}

static void a_second_vote_in_a_term_is_convicted_over_a_lost_disk(void)
{
	struct world *world = court_open(3);

	votes(world, N3, 5, N1);
	court_rests(world);
	world_crash_now(world, N3);
	world_wipe(world, N3);
	world_restart(world, N3);
	votes(world, N3, 5, N2);
	court_rests(world);
	court_convicts(world, JUDGE_VOTE_ONCE, N3, "in which it had voted for n1");
}

/* ---- persist-before-send --------------------------------------------------------------------- */

static void a_vote_whose_write_failed_is_not_told_again(void)
{
	struct world *world = court_open(3);

	world_disk_failing(world, N3, PROBABILITY_ONE);
	votes(world, N3, 5, N1);
	court_rests(world);
	world_disk_failing(world, N3, 0);
	court_says(world, N3, SAW_VOTED, 5, N1, 0);
	court_convicts(world, JUDGE_PERSIST_BEFORE_SEND, N3,
		       "n3 votes for n1 in term 5, and the write of that vote has failed");
}

static void a_vote_whose_write_failed_may_be_written_anew(void)
{
	struct world *world = court_open(3);

	world_disk_failing(world, N3, PROBABILITY_ONE);
	votes(world, N3, 5, N1);
	court_rests(world);
	world_disk_failing(world, N3, 0);
	votes(world, N3, 5, N1);
	court_rests(world);
	court_says(world, N3, SAW_VOTED, 5, N1, 0);
	court_acquits(world, JUDGE_VOTE_ONCE);
}

/* Its disk had it all the same. */
static void a_vote_that_a_crash_left_on_the_disk_may_be_told_again(void)
{
	struct world *world = court_open(3);

	votes(world, N3, 5, N1);
	court_restarts(world, N3);
	court_says(world, N3, SAW_VOTED, 5, N1, 0);
	court_acquits(world, JUDGE_VOTE_ONCE);
}

/* ---- term-monotone --------------------------------------------------------------------------- */

static void a_term_that_rises_passes(void)
{
	struct world *world = court_open(3);

	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_restarts(world, N1);
	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_says(world, N1, SAW_TERM_ENTERED, 4, 0, 0);
	court_says(world, N1, SAW_LEADER_ELECTED, 4, 0, 0);
	court_acquits(world, JUDGE_TERM_MONOTONE);
}

static void a_term_that_falls_over_a_restart_is_convicted(void)
{
	struct world *world = court_open(3);

	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_restarts(world, N1);
	court_says(world, N1, SAW_TERM_ENTERED, 2, 0, 0);
	court_convicts(world, JUDGE_TERM_MONOTONE, N1,
		       "n1 entered term 2, and had entered term 3 at 0.000 s");
}

static void acting_in_a_term_already_left_is_convicted(void)
{
	struct world *world = court_open(3);

	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_says(world, N1, SAW_LEADER_ELECTED, 2, 0, 0);
	court_convicts(world, JUDGE_TERM_MONOTONE, N1,
		       "n1 was elected in term 2, and had entered term 3");
}

static void a_vote_enters_its_term(void)
{
	struct world *world = court_open(3);

	votes(world, N1, 6, N1);
	court_rests(world);
	court_says(world, N1, SAW_TERM_ENTERED, 5, 0, 0);
	court_convicts(world, JUDGE_TERM_MONOTONE, N1, "n1 entered term 5, and had entered term 6");
}

static void voting_in_a_term_already_left_is_convicted(void)
{
	struct world *world = court_open(3);

	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_says(world, N1, SAW_VOTED, 2, N2, 0);
	court_convicts(world, JUDGE_TERM_MONOTONE, N1,
		       "n1 voted in term 2, and had entered term 3");
}

static void committing_in_a_term_already_left_is_convicted(void)
{
	struct world *world = court_open(3);

	court_log(world, N1, "a", "1");
	court_says(world, N1, SAW_TERM_ENTERED, 3, 0, 0);
	court_commits(world, N1, 1, 2, false);
	court_convicts(world, JUDGE_TERM_MONOTONE, N1,
		       "n1 advanced its commit index in term 2, and had entered term 3");
}

/* Writes n2 a message of one term, and only then says that it has entered another. */
static void writes_and_enters(struct world *world, uint64_t of_term, uint64_t entered)
{
	struct env *env = court_begins(world, N1);
	struct court_vote *vote = env_send(env, N2, COURT_VOTE, 0);
	uint64_t *number = env_send(env, N2, COURT_ENTRIES, 0);

	*number = UINT64_MAX; /* which is no term */
	vote->term = of_term;
	env_observe(env, SAW_TERM_ENTERED, entered, 0, 0, NULL, 0);
	court_ends(world, N1);
}

static void a_message_of_a_term_that_its_sender_has_entered_passes(void)
{
	struct world *world = court_open(3);

	writes_and_enters(world, 3, 3);
	writes_and_enters(world, 2, 4);
	votes(world, N1, 6, N1);
	writes_and_enters(world, 6, 6); /* its vote is not durable yet */
	court_says(world, N1, SAW_LEADER_ELECTED, 7, 0, 0);
	writes_and_enters(world, 7, 7);
	court_acquits(world, JUDGE_TERM_MONOTONE);
}

/* The term that it entered was never known to be durable, and yet its disk may have kept it. */
static void a_message_of_a_term_that_survived_a_crash_passes(void)
{
	struct world *world = court_open(3);

	votes(world, N1, 5, N1);
	court_restarts(world, N1);
	writes_and_enters(world, 5, 5);
	court_acquits(world, JUDGE_TERM_MONOTONE);
}

static void a_message_ahead_of_its_sender_is_convicted(void)
{
	struct world *world = court_open(3);

	court_says(world, N2, SAW_TERM_ENTERED, 9, 0, 0); /* which is not its sender's */
	writes_and_enters(world, 4, 3);
	court_convicts(world, JUDGE_TERM_MONOTONE, N1,
		       "n1 says term 4 in its Vote to n2, and has entered none above 3: a "
		       "message's term is at most its sender's");
}

/* ---- Silence --------------------------------------------------------------------------------- */

static void who_lost_its_disk_may_fall_silent(void)
{
	struct world *world = court_open(3);

	world_crash_now(world, N2);
	world_wipe(world, N2);
	court_restarts(world, N2);
	court_says(world, N2, SAW_SILENCED, 0, 0, 0);
	court_log(world, N3, "a", "1");
	CU_ASSERT(world_disk_rot(world, N3, STORE_LOG, 1));
	court_says(world, N3, SAW_SILENCED, 0, 0, 0);
	check_count(world, JUDGE_LIVENESS, 1);
	court_acquits(world, JUDGE_LIVENESS);
}

static void who_falls_silent_without_a_reason_is_convicted(void)
{
	struct world *world = court_open(3);

	court_restarts(world, N2);
	court_says(world, N2, SAW_SILENCED, 0, 0, 0);
	court_convicts(world, JUDGE_LIVENESS, N2, "n2 fell silent, and its disk has lost nothing");
}

CU_TestInfo elections_tests[] = {
	{"one leader a term passes", one_leader_a_term_passes},
	{"a second leader in a term is convicted", a_second_leader_in_a_term_is_convicted},
	{"one vote a term passes, and may be repeated", one_vote_a_term_passes_and_may_be_repeated},
	{"a vote that a crash took back never bound", a_vote_that_a_crash_took_back_never_bound},
	{"a second vote in a term is convicted over a crash",
	 a_second_vote_in_a_term_is_convicted_over_a_crash},
	{"a second vote in a term is convicted over a lost disk",
	 a_second_vote_in_a_term_is_convicted_over_a_lost_disk},
	{"a vote whose write failed is not told again",
	 a_vote_whose_write_failed_is_not_told_again},
	{"a vote whose write failed may be written anew",
	 a_vote_whose_write_failed_may_be_written_anew},
	{"a vote that a crash left on the disk may be told again",
	 a_vote_that_a_crash_left_on_the_disk_may_be_told_again},
	{"a term that rises passes", a_term_that_rises_passes},
	{"a term that falls over a restart is convicted",
	 a_term_that_falls_over_a_restart_is_convicted},
	{"acting in a term already left is convicted", acting_in_a_term_already_left_is_convicted},
	{"a vote enters its term", a_vote_enters_its_term},
	{"voting in a term already left is convicted", voting_in_a_term_already_left_is_convicted},
	{"committing in a term already left is convicted",
	 committing_in_a_term_already_left_is_convicted},
	{"a message of a term that its sender has entered passes",
	 a_message_of_a_term_that_its_sender_has_entered_passes},
	{"a message of a term that survived a crash passes",
	 a_message_of_a_term_that_survived_a_crash_passes},
	{"a message ahead of its sender is convicted", a_message_ahead_of_its_sender_is_convicted},
	{"who lost its disk may fall silent", who_lost_its_disk_may_fall_silent},
	{"who falls silent without a reason is convicted",
	 who_falls_silent_without_a_reason_is_convicted},
	CU_TEST_INFO_NULL,
};
