/*
 * Canaries of the judges that sim/check/judges.c speaks for: persist-before-send, protocol-crashed,
 * no-hidden-state; and what makes a verdict.
 */
#include "tests/check/court.h"

#include "sim/check/ledger.h"
#include "tests/tests.h"

/* ---- persist-before-send --------------------------------------------------------------------- */

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
	struct world *world = court_open(3);

	votes_by_mail(world, false);
	court_acquits(world, JUDGE_PERSIST_BEFORE_SEND);
}

static void a_promise_that_leaves_before_its_write_is_durable_is_convicted(void)
{
	struct world *world = court_open(3);

	votes_by_mail(world, true);
	court_convicts(
		world, JUDGE_PERSIST_BEFORE_SEND, N1,
		"n1 sent Vote to n2 before its write 1 was durable (its disk had come to 0)");
}

/* What is committed is on a quorum's disks, and need not be on this one. */
static void an_answer_need_not_wait_for_the_disk(void)
{
	struct world *world = court_open(3);
	struct env *env = court_begins(world, N1);

	env_log_append(env, 1, NULL, 0);
	env_reply_after(env, 0, request_name(1, 0), NULL, 0);
	court_ends(world, N1);
	court_acquits(world, JUDGE_PERSIST_BEFORE_SEND);
}

/* ---- protocol-crashed ------------------------------------------------------------------------ */

static void asserts_nonsense(struct world *world, void *unused)
{
	struct env *env = court_begins(world, N2);

	(void)unused;
	ORDEAL_ASSERT(env, 1 + 1 == 3);
}

static void a_protocol_that_holds_its_own_assertions_passes(void)
{
	court_acquits(court_open(3), JUDGE_PROTOCOL_CRASHED);
}

static void a_protocol_that_fails_its_own_assertion_is_convicted(void)
{
	struct world *world = court_open(3);
	const char *limit;

	EQUAL(world_enter(world, asserts_nonsense, NULL, &limit), RAN_FAILED);
	court_convicts(world, JUDGE_PROTOCOL_CRASHED, N2,
		       "n2 failed its own assertion \"1 + 1 == 3\" at tests/check/test_judges.c:");
}

/* ---- no-hidden-state ------------------------------------------------------------------------- */

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
	struct world *world = court_open(3);
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
	court_acquits(world, JUDGE_NO_HIDDEN_STATE);
}

static void a_plug_in_that_remembers_in_static_data_is_convicted(void)
{
	struct world *world = court_of_a_plug_in();

	court_begins(world, N2);
	remembered++;
	court_ends(world, N2);
	court_convicts(
		world, JUDGE_NO_HIDDEN_STATE, N2,
		"a handler of n2 changed remembered, static data of its plug-in: what a process "
		"remembers stands in its state, which a crash takes, or on its disk");
}

/* ---- Verdicts -------------------------------------------------------------------------------- */

static void a_judge_that_saw_nothing_says_so(void)
{
	struct world *world = court_open(3);
	struct check_result result = court_result(world);

	EQUAL(result.verdict[JUDGE_ELECTION_SAFETY], NOT_EXERCISED);
	EQUAL(result.verdict[JUDGE_LINEARIZABILITY], NOT_EXERCISED);
	EQUAL(result.checks[JUDGE_ELECTION_SAFETY], 0);
	CU_ASSERT(!result.violated);
	court_close(world);
}

static void violated_comes_before_unknown_and_unknown_before_holds(void)
{
	struct world *world = court_open(3);

	check_count(world, JUDGE_LIVENESS, 3);
	check_count(world, JUDGE_CONVERGENCE, 1);
	check_unknown(world, JUDGE_CONVERGENCE, "first reason");
	check_unknown(world, JUDGE_CONVERGENCE, "second reason");
	check_unknown(world, JUDGE_VOTE_ONCE, "whatever");
	check_violated(world, JUDGE_VOTE_ONCE, NO_PROCESS, "seen %d times", 2);
	struct check_result result = court_result(world);

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
	struct world *world = court_open(3);

	check_of(world)->setup.stop_on = 1u << JUDGE_VOTE_ONCE;
	check_violated(world, JUDGE_LOG_TERMS, N1, "a matter of record");
	CU_ASSERT(!world->stop);
	world->events = 77;
	check_violated(world, JUDGE_VOTE_ONCE, N2, "what stops");
	CU_ASSERT(world->stop);
	check_violated(world, JUDGE_VOTE_ONCE, N3, "what came later");
	struct check_result result = court_result(world);

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
	{"a promise that waits for the disk passes", a_promise_that_waits_for_the_disk_passes},
	{"a promise that leaves before its write is durable is convicted",
	 a_promise_that_leaves_before_its_write_is_durable_is_convicted},
	{"an answer need not wait for the disk", an_answer_need_not_wait_for_the_disk},
	{"a protocol that holds its own assertions passes",
	 a_protocol_that_holds_its_own_assertions_passes},
	{"a protocol that fails its own assertion is convicted",
	 a_protocol_that_fails_its_own_assertion_is_convicted},
	{"a plug-in that remembers in its state passes",
	 a_plug_in_that_remembers_in_its_state_passes},
	{"a plug-in that remembers in static data is convicted",
	 a_plug_in_that_remembers_in_static_data_is_convicted},
	{"a judge that saw nothing says so", a_judge_that_saw_nothing_says_so},
	{"violated comes before unknown, and unknown before holds",
	 violated_comes_before_unknown_and_unknown_before_holds},
	{"the run stops on the chosen judges, and keeps their sentence",
	 the_run_stops_on_the_chosen_judges_and_keeps_their_sentence},
	{"every judge has a name, a rule and a source", every_judge_has_a_name_a_rule_and_a_source},
	CU_TEST_INFO_NULL,
};
