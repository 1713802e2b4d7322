/* After the heal: what counts as rest, what convergence convicts; and the witness of the order. */
#include "tests/check/court.h"
#include "tests/tests.h"

enum { ALL = 7 };

/* Three members that have committed and applied "ab", in term 1, and follow n2. */
static struct world *at_rest(void)
{
	struct world *world = court_open(3);

	for (process_id id = N1; id <= N3; id++) {
		court_log(world, id, "ab", "11");
		court_says(world, id, SAW_COMMIT_ADVANCED, 2, 1, 0);
		court_applies(world, id, 1, 'a');
		court_applies(world, id, 2, 'b');
		court_state(world, id)->term = 1;
	}
	court_state(world, N2)->leads = 1;
	return world;
}

/* ---- Settled --------------------------------------------------------------------------------- */

static void settles(struct world *world, uint64_t core)
{
	struct unsettled unsettled;

	check_settled(world, 0, core, 0, &unsettled);
	CU_ASSERT(unsettled.settled);
	CU_ASSERT_STRING_EQUAL(unsettled.why, "");
}

static void is_unsettled(struct world *world, unsigned open_operations, const char *why)
{
	struct unsettled unsettled;

	check_settled(world, 0, ALL, open_operations, &unsettled);
	CU_ASSERT(!unsettled.settled);
	CONTAINS(unsettled.why, why);
}

static void a_cluster_at_rest_has_settled(void)
{
	struct world *world = at_rest();

	settles(world, ALL);
	court_close(world);
}

static void open_operations_are_owed(void)
{
	struct world *world = at_rest();

	is_unsettled(world, 3, "3 operations have no outcome yet");
	court_close(world);
}

static void who_is_down_or_paused_has_not_settled_unless_it_is_left_out(void)
{
	struct world *world = at_rest();

	world_pause(world, N3);
	is_unsettled(world, 0, "n3 is paused");
	world_crash_now(world, N3);
	is_unsettled(world, 0, "n3 is down");
	settles(world, 3);
	court_close(world);
}

static void who_lags_behind_has_not_settled(void)
{
	struct world *world = at_rest();

	court_log(world, N1, "c", "1");
	court_says(world, N1, SAW_COMMIT_ADVANCED, 3, 1, 0);
	court_applies(world, N1, 3, 'c');
	is_unsettled(world, 0, "n1 has applied 3 commands, n3 2");
	court_close(world);
}

static void states_that_differ_have_not_settled(void)
{
	struct world *world = at_rest();

	++*(uint64_t *)world_process(world, N3)->app;
	is_unsettled(world, 0, "the states of n1 and n3 differ after 2 commands");
	court_close(world);
}

static void an_election_under_way_has_not_settled(void)
{
	struct world *world = at_rest();

	court_state(world, N3)->term = 2;
	is_unsettled(world, 0, "n2 leads in term 1, and n3 is in term 2");
	court_state(world, N3)->term = 1;
	court_state(world, N2)->leads = 0;
	is_unsettled(world, 0, "there is no leader");
	court_close(world);
}

static void a_leader_outside_the_core_leads_nobody(void)
{
	struct world *world = at_rest();
	struct unsettled unsettled;

	check_settled(world, 0, ALL & ~(1u << N2), 0, &unsettled);
	CU_ASSERT(!unsettled.settled);
	CONTAINS(unsettled.why, "there is no leader");
	check_settled(world, 0, 0, 0, &unsettled); /* nobody is left */
	CU_ASSERT(!unsettled.settled);
	court_close(world);
}

static void who_rightly_keeps_silent_is_exempt_while_a_quorum_is_left(void)
{
	struct world *world = at_rest();

	court_restarts(world, N3); /* it has applied nothing yet */
	court_state(world, N3)->term = 1;
	is_unsettled(world, 0, "n1 has applied 2 commands, n3 0");
	court_says(world, N3, SAW_SILENCED, 0, 0, 0);
	settles(world, ALL);
	court_says(world, N1, SAW_SILENCED, 0, 0, 0);
	is_unsettled(world, 0, "keeps silent, and the others are no quorum");
	court_close(world);
}

/* ---- Convergence ----------------------------------------------------------------------------- */

static struct check_result converged(struct world *world)
{
	struct check_result result;

	check_convergence(world, 0, ALL);
	world->events++;
	check_result(world, &result);
	return result;
}

static void members_that_did_what_was_committed_have_converged(void)
{
	struct world *world = at_rest();
	struct check_result result = converged(world);

	EQUAL(result.verdict[JUDGE_CONVERGENCE], HOLDS);
	EQUAL(result.checks[JUDGE_CONVERGENCE], 4); /* each member, and the replay */
	court_close(world);
}

static void members_that_differ_are_convicted(void)
{
	struct world *world = at_rest();

	++*(uint64_t *)world_process(world, N3)->app;
	struct check_result result = converged(world);

	EQUAL(result.verdict[JUDGE_CONVERGENCE], VIOLATED);
	CONTAINS(result.first.sentence,
		 "the members have not come together: the states of n1 and n3 differ");
	court_close(world);
}

static void members_that_agree_on_another_state_than_the_ledgers_are_convicted(void)
{
	struct world *world = at_rest();

	for (process_id id = N1; id <= N3; id++)
		++*(uint64_t *)world_process(world, id)->app;
	struct check_result result = converged(world);

	EQUAL(result.verdict[JUDGE_CONVERGENCE], VIOLATED);
	CONTAINS(result.first.sentence,
		 "n1 is in another state after 2 commands than a fresh app that replays them");
	court_close(world);
}

static void what_the_log_wraps_is_not_replayed(void)
{
	struct world *world = court_open(1);

	court_log(world, N1, "a", "1");
	court_says(world, N1, SAW_COMMIT_ADVANCED, 1, 1, 0);
	court_applies(world, N1, 1, 'b'); /* another command than stands in the log */
	check_convergence(world, 0, 1);
	struct check_result result;

	check_result(world, &result);
	EQUAL(result.verdict[JUDGE_CONVERGENCE], UNKNOWN);
	CONTAINS(result.unknown[JUDGE_CONVERGENCE], "the log wraps its commands");
	court_close(world);
}

/* ---- The witness ----------------------------------------------------------------------------- */

static void applies(struct world *world, process_id id, uint64_t index, uint64_t number)
{
	request_id operation = request_name(number, 0);
	size_t size;

	env_apply(court_begins(world, id), index, &operation, sizeof(operation), &size);
	court_ends(world, id);
}

static void queries(struct world *world, process_id id, uint64_t number)
{
	court_queries(world, id, request_name(number, 0));
}

static uint64_t witness(struct world *world, uint64_t number)
{
	return check_witness(world, request_name(number, 0));
}

static void operations_stand_in_the_order_in_which_they_were_first_applied(void)
{
	struct world *world = court_open(3);

	EQUAL(witness(world, 1), 0);
	for (uint64_t i = 1; i <= 200; i++)
		applies(world, N1, i, 1000 - i);
	applies(world, N2, 1, 999);
	for (uint64_t i = 1; i <= 200; i++)
		EQUAL(witness(world, 1000 - i), i << 20);
	EQUAL(witness(world, 1000), 0);
	court_close(world);
}

static void an_operation_applied_at_two_indexes_stands_at_the_first(void)
{
	struct world *world = court_open(3);

	applies(world, N1, 1, 77);
	applies(world, N1, 2, 77);
	EQUAL(witness(world, 77), 1 << 20);
	court_close(world);
}

static void queries_stand_behind_the_last_command_that_their_process_applied(void)
{
	struct world *world = court_open(3);

	queries(world, N1, 5);
	applies(world, N1, 1, 77);
	queries(world, N1, 6);
	queries(world, N2, 7);       /* it has applied nothing yet */
	court_queries(world, N1, 0); /* which is no client's */
	queries(world, N1, 8);
	EQUAL(witness(world, 5), 1);
	EQUAL(witness(world, 7), 2);
	EQUAL(witness(world, 6), (1 << 20) + 1);
	EQUAL(witness(world, 8), (1 << 20) + 2);
	queries(world, N1, 7); /* asked again, of another */
	EQUAL(witness(world, 7), (1 << 20) + 3);
	court_close(world);
}

CU_TestInfo settled_tests[] = {
	{"a cluster at rest has settled", a_cluster_at_rest_has_settled},
	{"open operations are owed", open_operations_are_owed},
	{"who is down or paused has not settled, unless it is left out",
	 who_is_down_or_paused_has_not_settled_unless_it_is_left_out},
	{"who lags behind has not settled", who_lags_behind_has_not_settled},
	{"states that differ have not settled", states_that_differ_have_not_settled},
	{"an election under way has not settled", an_election_under_way_has_not_settled},
	{"a leader outside the core leads nobody", a_leader_outside_the_core_leads_nobody},
	{"who rightly keeps silent is exempt while a quorum is left",
	 who_rightly_keeps_silent_is_exempt_while_a_quorum_is_left},
	{"members that did what was committed have converged",
	 members_that_did_what_was_committed_have_converged},
	{"members that differ are convicted", members_that_differ_are_convicted},
	{"members that agree on another state than the ledger's are convicted",
	 members_that_agree_on_another_state_than_the_ledgers_are_convicted},
	{"what the log wraps is not replayed", what_the_log_wraps_is_not_replayed},
	{"operations stand in the order in which they were first applied",
	 operations_stand_in_the_order_in_which_they_were_first_applied},
	{"an operation applied at two indexes stands at the first",
	 an_operation_applied_at_two_indexes_stands_at_the_first},
	{"queries stand behind the last command that their process applied",
	 queries_stand_behind_the_last_command_that_their_process_applied},
	CU_TEST_INFO_NULL,
};
