/*
 * The bounds of sim/run/liveness.c, to the probe: a patience is 100 ms, so a probe 25 ms, and the
 * heal is at 1 s. The protocol holds elections, answers, delays and falls silent as a test plans.
 */
#include "sim/run/run.h"
#include "tests/tests.h"

#define MS ((nanoseconds)1000000)

/* ---- The protocol ---------------------------------------------------------------------------- */

enum { ELECTIONS_MAX = 4, ANSWER_BYTES = 64 };
static struct plan { /* true times; the clocks do not drift */
	nanoseconds elections[ELECTIONS_MAX];
	nanoseconds silent_from, refuses_from, late_from; /* 0: never */
	nanoseconds late_by;
} plan;

struct chair {
	uint64_t term, leads;
	uint8_t answer[ANSWER_BYTES]; /* reads of what was never written: always the same */
	size_t size;
};
enum { ELECT, ANSWER };

static void on_boot(struct env *env, void *state, enum boot boot)
{
	const process_id *members;

	(void)state;
	env_members(env, env_group(env), &members);
	if (boot == BOOT_EMPTY)
		env_observe(env, SAW_SILENCED, 0, 0, 0, NULL, 0);
	for (unsigned i = 0; i < ELECTIONS_MAX && env_self(env) == members[0]; i++)
		if (plan.elections[i])
			env_arm(env, ELECT, i, plan.elections[i], plan.elections[i]);
	uint64_t mark = 1;

	env_cell_put(env, 0, &mark, sizeof(mark)); /* something that can be lost */
}

static void on_election(struct env *env, void *state, uint64_t key)
{
	struct chair *chair = state;

	(void)key;
	chair->leads = 1;
	env_observe(env, SAW_TERM_ENTERED, ++chair->term, 0, 0, NULL, 0);
	env_observe(env, SAW_LEADER_ELECTED, chair->term, 0, 0, NULL, 0);
}

static bool from(const struct env *env, nanoseconds time)
{
	return time && env_now(env) >= time;
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	struct chair *chair = state;
	const void *answer = env_query(env, request->command, request->size, &chair->size);

	ORDEAL_ASSERT(env, chair->size <= ANSWER_BYTES);
	memcpy(chair->answer, answer, chair->size);
	if (from(env, plan.silent_from))
		return;
	if (from(env, plan.refuses_from))
		env_refuse(env, request->id);
	else if (from(env, plan.late_from))
		env_arm(env, ANSWER, request->id, plan.late_by, plan.late_by);
	else
		env_reply(env, request->id, chair->answer, chair->size);
}

static void on_answer_due(struct env *env, void *state, uint64_t request)
{
	const struct chair *chair = state;

	env_reply(env, request, chair->answer, chair->size);
}

static uint64_t see_role(const struct env *env, const void *state)
{
	(void)env;
	return ((const struct chair *)state)->leads;
}

static const char *const roles[] = {"follower", "leader", NULL};
static const struct protocol chair_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "chair",
	.state_size = sizeof(struct chair),
	.survives = {.survives_restart = true,
		     .survives_lost_unsynced = true,
		     .survives_wipe = true,
		     .clock_drift_ppm = -1},
	.boot = on_boot,
	.request = on_request,
	.messages = (const struct message_type[]){{0}},
	.timers = (const struct timer_type[]){[ELECT] = {"elect", on_election},
					      [ANSWER] = {"answer", on_answer_due},
					      {0}},
	.inspectors = (const struct inspector[]){{"role", see_role, roles}, {0}},
	.observes = (const unsigned[]){SAW_TERM_ENTERED, SAW_LEADER_ELECTED, SAW_SILENCED,
				       OBSERVATION_COUNT},
};

/* ---- A run ----------------------------------------------------------------------------------- */

static struct run_result result;

static void play(unsigned nodes, unsigned clients, const char *timeout, const char *rest)
{
	struct complaints complaints = {0};
	char text[1000];

	snprintf(text, sizeof(text),
		 "scenario: 1\nname: test\nshows: A test.\n"
		 "cluster: {protocol: raft, nodes: %u, app: register}\n"
		 "network: {default: {latency: 1ms}}\n"
		 "workload: {clients: %u, %skeys: 1, timeout: %s, mix: {read: 100%%}}\n%s",
		 nodes, clients, clients ? "rate: 20/s, arrival: constant, " : "", timeout, rest);
	struct scenario *scenario = scenario_parse("test", text, strlen(text), &complaints);
	struct theatre *theatre = theatre_open(ARENA_BASE);

	if (!scenario)
		complaints_print(stdout, "test", text, &complaints);
	CU_ASSERT_FATAL(scenario && theatre);
	scenario->groups[0].protocol = &chair_protocol;
	scenario->groups[0].patience = 100 * MS;
	run_scenario(theatre, scenario, &(struct run_options){.seed = 1}, &result);
	scenario_free(scenario);
	theatre_close(theatre);
}

static void convicted(nanoseconds at, const char *sentence)
{
	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.check.first.judge, JUDGE_LIVENESS);
	EQUAL(result.check.first.time, at);
	CONTAINS(result.check.first.sentence, sentence);
}

static const char until_heal[] = "run: {duration: 1s}\n";

/* The first probe asks, the second finds the answer: the first of seven calm ones. */
static void a_cluster_settles_when_no_leader_was_elected_for_a_patience_and_a_half(void)
{
	plan = (struct plan){.elections = {10 * MS}};
	play(1, 2, "500ms", until_heal);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.settled, 1200 * MS);
	plan.elections[1] = 1110 * MS; /* seen at 1125 ms */
	play(1, 2, "500ms", until_heal);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.settled, 1300 * MS);
}

static void an_election_makes_it_settle_anew(void)
{
	plan = (struct plan){.elections = {10 * MS, 1260 * MS}};
	play(1, 2, "500ms", "run: {duration: 2s, heal: 1s}\n");
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.settled, 1450 * MS);
	/* And everyone asks anew: two time-outs of patience with each other. */
	plan.silent_from = 1260 * MS;
	play(1, 2, "500ms", "run: {duration: 2s, heal: 1s}\n");
	convicted(2350 * MS, "an operation that was begun in the settled cluster is not answered");
}

static void thirty_patiences_and_a_time_out_are_enough(void)
{
	plan = (struct plan){.elections = {10 * MS}, .silent_from = 1000 * MS};
	play(1, 2, "500ms", until_heal);
	convicted(4500 * MS, "no operation that was begun after the heal is answered");
	play(1, 2, "700ms", until_heal);
	convicted(4700 * MS, "no operation that was begun after the heal is answered");
	EQUAL(result.check.violations, 1);
}

static void who_is_settled_may_wait_for_the_end(void)
{
	plan = (struct plan){.elections = {10 * MS}};
	play(1, 2, "500ms", "run: {duration: 8s, heal: 1s}\n");
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.ended, 8000 * MS);
}

static void a_refusal_is_an_answer(void)
{
	plan = (struct plan){.elections = {10 * MS}, .refuses_from = 1190 * MS};
	play(1, 2, "500ms", until_heal);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.operations.failed, 2);
}

/* Four patiences after its client has given up, the last moment is over. */
static void a_late_answer_is_one_if_it_comes_in_four_patiences(void)
{
	plan = (struct plan){
		.elections = {10 * MS}, .late_from = 1190 * MS, .late_by = (50 + 390) * MS};
	play(1, 2, "50ms", until_heal);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.operations.late, 2);
	plan.late_by = (50 + 410) * MS;
	play(1, 2, "50ms", until_heal);
	convicted(1650 * MS, "an operation that was begun in the settled cluster is not answered");
}

static void who_rightly_keeps_silent_owes_no_answer(void)
{
	static const char wiped[] =
		"run: {duration: 1s}\nfaults: [{at: 500ms, wipe: n3, for: 10ms}]\n";

	plan = (struct plan){.elections = {10 * MS}, .silent_from = 1190 * MS};
	play(3, 3, "500ms", wiped);
	EQUAL(result.verdict, HOLDS);
	play(3, 3, "500ms", until_heal);
	convicted(2100 * MS, "an operation that was begun in the settled cluster is not answered");
}

static void where_nobody_asks_nobody_is_to_be_answered(void)
{
	plan = (struct plan){.elections = {10 * MS}};
	play(1, 0, "500ms", until_heal);
	EQUAL(result.check.verdict[JUDGE_LIVENESS], HOLDS);
	EQUAL(result.settled, 1175 * MS);
}

CU_TestInfo liveness_tests[] = {
	{"a cluster settles when no leader was elected for a patience and a half",
	 a_cluster_settles_when_no_leader_was_elected_for_a_patience_and_a_half},
	{"an election makes it settle anew, and everyone ask anew",
	 an_election_makes_it_settle_anew},
	{"thirty patiences and a time-out are enough", thirty_patiences_and_a_time_out_are_enough},
	{"who is settled may wait for the scenario's end", who_is_settled_may_wait_for_the_end},
	{"a refusal is an answer", a_refusal_is_an_answer},
	{"a late answer is one, if it comes in four patiences",
	 a_late_answer_is_one_if_it_comes_in_four_patiences},
	{"who rightly keeps silent owes no answer", who_rightly_keeps_silent_owes_no_answer},
	{"where nobody asks nobody is to be answered", where_nobody_asks_nobody_is_to_be_answered},
	CU_TEST_INFO_NULL,
};
