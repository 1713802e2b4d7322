/* Groups on groups in whole runs: whom faults hit, whose leader is meant, and who is convicted. */
#include "protocols/registry.h"
#include "sim/run/run.h"
#include "tests/tests.h"

static struct theatre *theatre;
static struct run_result result;

#define ON_RAFT                                                                                    \
	"cluster:\n"                                                                               \
	"  - {group: log, protocol: raft, nodes: 5, app: none}\n"                                  \
	"  - {group: count, protocol: counter, on: log, app: register}\n"

static void play(const char *cluster, const char *rest, uint64_t seed)
{
	char text[2048];
	struct complaints complaints = {0};

	snprintf(text, sizeof(text),
		 "scenario: 1\nname: groups\n%s"
		 "workload: {clients: 4, rate: 50/s, arrival: poisson, keys: 4}\n%s",
		 cluster, rest);
	struct scenario *scenario = scenario_parse("groups", text, strlen(text), &complaints);

	if (!scenario)
		complaints_print(stdout, "groups", text, &complaints);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scenario);
	if (!theatre)
		theatre = theatre_open(ARENA_BASE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(theatre);
	run_scenario(theatre, scenario, &(struct run_options){.seed = seed}, &result);
	scenario_free(scenario);
}

static uint64_t hit(unsigned fault)
{
	return faults_state(theatre_world(theatre), fault)->hit.processes;
}

static void a_fault_hits_all_that_share_the_machine(void)
{
	play(ON_RAFT,
	     "run: {duration: 6s, heal: 5s}\n"
	     "faults:\n"
	     "  - {at: 1s, crash: n2, for: 500ms}\n"
	     "  - {at: 2s, pause: n8, for: 500ms}\n"
	     "  - {at: 3s, partition: [[n1, n7], [rest]], for: 500ms}\n"
	     "  - {at: 4s, slow_disk: n5, for: 500ms}\n",
	     1);
	EQUAL(result.verdict, HOLDS);
	EQUAL(hit(0), 1u << 1 | 1u << 6);
	EQUAL(hit(1), 1u << 2 | 1u << 7);
	EQUAL(hit(2), 0x3FF); /* both parts: all */
	EQUAL(hit(3), 1u << 4 | 1u << 9);
	EQUAL(result.counters.crashes, 2);
	EQUAL(result.counters.pauses, 2);
	EQUAL(result.counters.boots, 12);
	CU_ASSERT(result.counters.cut > 0);
}

static void the_leader_is_that_of_the_group_below(void)
{
	play(ON_RAFT,
	     "run: {duration: 4s, heal: 3s}\n"
	     "faults:\n"
	     "  - {at: 1s, crash: leader, for: 500ms}\n"
	     "  - {at: 2s, crash: random_minority, for: 200ms}\n",
	     2);
	EQUAL(result.verdict, HOLDS);
	CU_ASSERT(result.leader_changes >= 2);
	EQUAL(hit(0) & 0x1F, hit(0) >> 5); /* with its counter */
	EQUAL(count_bits(hit(0)), 2);
	EQUAL(count_bits(hit(1)), 4);
}

static void a_core_is_made_of_whole_machines(void)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		play(ON_RAFT, "run: {duration: 3s, heal: 2s, heal_mode: core}\n", seed);
		EQUAL(result.verdict, HOLDS);
		struct world *world = theatre_world(theatre);
		uint64_t core = faults_core(world);

		EQUAL(count_bits(core & 0x1F), 3);
		EQUAL(core & 0x1F, core >> 5);
		for (process_id id = 0; id < 5; id++)
			EQUAL(world_process(world, id)->status == DOWN,
			      world_process(world, id + 5)->status == DOWN);
	}
}

static void smaller_groups_and_groups_of_one_stand_too(void)
{
	play("cluster:\n"
	     "  - {group: log, protocol: raft, nodes: 3, app: none}\n"
	     "  - {group: other, protocol: counter, nodes: 1, app: none, on: log}\n"
	     "  - {group: count, protocol: counter, nodes: 2, on: log, app: kv}\n",
	     "run: {duration: 3s, heal: 2s}\nfaults: [{at: 1s, crash: n1, for: 300ms}]\n", 1);
	EQUAL(result.verdict, HOLDS);
	EQUAL(hit(0), 1u << 0 | 1u << 3 | 1u << 4);
	CU_ASSERT(result.operations.ok > 80);
}

/* Both groups have ledgers of their own, and each is asked whether it has come together. */
static void judges_look_at_each_group(void)
{
	play(ON_RAFT, "run: {duration: 3s, heal: 2s}\n", 1);
	EQUAL(result.verdict, HOLDS);
	CU_ASSERT(result.check.checks[JUDGE_STATE_MACHINE_SAFETY] >= 2 * 5 * result.operations.ok);
	EQUAL(result.check.checks[JUDGE_CONVERGENCE], 10);
	CU_ASSERT(result.check.checks[JUDGE_LINEARIZABILITY] > 80);
}

static void a_base_that_loses_its_log_is_convicted_under_any_group(void)
{
	bool convicted = false;

	for (uint64_t seed = 1; seed <= 10 && !convicted; seed++) {
		play(ON_RAFT,
		     "run: {duration: 4s, heal: 3s}\n"
		     "faults: [{at: 1s, partition: [[leader, follower], [rest]], for: 1s}]\n"
		     "bugs: [raft.quorum-too-small]\n",
		     seed);
		convicted = result.verdict == VIOLATED;
	}
	CU_ASSERT(convicted);
}

/* A base whose majority is away answers nothing, and the group on it does not hide that. */
static void what_the_base_does_not_survive_excuses_the_group_on_it(void)
{
	play(ON_RAFT,
	     "run: {duration: 4s, heal: 3s}\n"
	     "faults:\n"
	     "  - {at: 500ms, wipe: n1}\n  - {at: 800ms, wipe: n7}\n  - {at: 1100ms, wipe: n3}\n"
	     "bugs: [counter.answers-before-applied]\n"
	     "expect: [linearizable]\n",
	     1);
	EQUAL(result.verdict, UNKNOWN);
	CONTAINS(result.reason, "does not claim to survive a wiped disk");
}

/* Copies of protocols, under names of their own: one that survives no restart, and one whose bugs
 * are its own alone. */
static void copies_are_known(void)
{
	static struct protocol frail, other;

	if (frail.name)
		return;
	frail = *protocol_named("counter");
	frail.name = "frail-counter";
	frail.survives.survives_restart = false;
	other = *protocol_named("raft");
	other.name = "other-raft";
	registry_add(&frail);
	registry_add(&other);
}

/* How many of ten seeds are convicted, and how many only for an excuse are not. */
static unsigned convicted(const char *cluster, const char *rest, unsigned *excused)
{
	unsigned count = 0;

	*excused = 0;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		play(cluster, rest, seed);
		count += result.verdict == VIOLATED;
		*excused += result.verdict == UNKNOWN &&
			    strstr(result.reason, "does not claim to survive") != NULL;
	}
	return count;
}

static void what_a_group_does_not_survive_excuses_not_the_one_that_it_stands_on(void)
{
	static const char cluster[] = "cluster:\n"
				      "  - {group: log, protocol: raft, nodes: 5, app: none}\n"
				      "  - {group: count, protocol: %s, on: log, app: register}\n";
	static const char rest[] =
		"run: {duration: 4s, heal: 3s}\n"
		"faults:\n  - {at: 1ms, crash: n3, for: 200ms}\n"
		"  - {at: 1s, partition: [[leader, follower], [rest]], for: 1s}\n"
		"bugs: [%s]\n";
	char with_frail[300], with_counter[300], base[400], upper[400];
	unsigned excused;

	copies_are_known();
	snprintf(with_frail, sizeof(with_frail), cluster, "frail-counter");
	snprintf(with_counter, sizeof(with_counter), cluster, "counter");
	snprintf(base, sizeof(base), rest, "raft.quorum-too-small");
	snprintf(upper, sizeof(upper), rest, "frail-counter.answers-before-applied");
	/* That the group on it is hit beyond its model changes nothing for the base ... */
	unsigned alone = convicted(with_counter, base, &excused);

	CU_ASSERT(alone > 0);
	EQUAL(excused, 0);
	EQUAL(convicted(with_frail, base, &excused), alone);
	/* ... and all for itself. */
	EQUAL(convicted(with_frail, upper, &excused), 0);
	CU_ASSERT(excused > 0);
}

static void what_befell_one_group_excuses_none_beside_it(void)
{
	static const char cluster[] = "cluster:\n"
				      "  - {group: one, protocol: %s, nodes: 3, app: none}\n"
				      "  - {group: two, protocol: %s, nodes: 3, app: kv}\n";
	static const char rest[] = "run: {duration: 4s, heal: 3s}\n"
				   "faults:\n  - {at: 1ms, %s}\n"
				   "  - {at: 1s, partition: [[n4], [rest]], for: 1s}\n"
				   "  - {at: 2500ms, partition: [[n5], [rest]], for: 400ms}\n"
				   "bugs: [other-raft.quorum-too-small]\n";
	static const char *const harms[] = {
		"wipe: n%u, for: 100ms",
		"corrupt_undetected: n%u <-> all, share: 100%%, for: 900ms"};
	char both[300], faults[600], fault[100];
	unsigned excused;

	copies_are_known();
	snprintf(both, sizeof(both), cluster, "raft", "other-raft");
	for (unsigned i = 0; i < sizeof(harms) / sizeof(harms[0]); i++)
		for (unsigned hit = 1; hit <= 4; hit += 3) {
			snprintf(fault, sizeof(fault), harms[i], hit);
			snprintf(faults, sizeof(faults), rest, fault);
			unsigned count = convicted(both, faults, &excused);

			CU_ASSERT(hit == 1 ? count > 0 : excused > 0);
			EQUAL(hit == 1 ? excused : count, 0);
		}
}

static void what_a_nemesis_hits_is_a_whole_machine(void)
{
	unsigned fired = 0;

	for (uint64_t seed = 1; seed <= 10; seed++) {
		play(ON_RAFT,
		     "run: {duration: 6s, heal: 5s}\n"
		     "nemesis: [{every: 300ms, for: 500ms, choose: {crash: 1},\n"
		     "  target: random_majority}]\n",
		     seed);
		EQUAL(result.verdict, HOLDS);
		for (unsigned i = 0; i < faults_count(theatre_world(theatre)); i++) {
			EQUAL(hit(i) & 0x1F, hit(i) >> 5);
			fired += hit(i) != 0;
		}
	}
	CU_ASSERT(fired > 50);
}

/* Answers come from the group that clients talk to, and drops by name are not only the base's. */
static void answers_of_the_upper_group_can_be_dropped(void)
{
	play(ON_RAFT,
	     "run: {duration: 4s, heal: 3s}\n"
	     "faults: [{at: 1s, drop: all -> clients, type: answer, share: 100%, for: 1s}]\n",
	     1);
	EQUAL(result.verdict, HOLDS);
	CU_ASSERT(result.operations.unknown > 20);
}

/* What a member of the base sends on to its leader, for the group above. */
static void proposals_that_are_sent_on_can_be_dropped(void)
{
	static const char rest[] = "run: {duration: 4s, heal: 3s}\n"
				   "faults: [{at: 1s, drop: all -> all, type: %s, for: 1s}]\n";
	char text[200];

	snprintf(text, sizeof(text), rest, "proposal");
	play(ON_RAFT, text, 1);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.faults_fired, 1);
	CU_ASSERT(result.counters.dropped > 20);
	EQUAL(result.leader_changes, 1); /* the base's own messages pass */
	snprintf(text, sizeof(text), rest, "AppendEntries");
	play(ON_RAFT, text, 1);
	CU_ASSERT(result.leader_changes > 1);
}

static nanoseconds patience_with(const char *raft, const char *counter)
{
	char text[512];
	struct complaints complaints = {0};

	snprintf(text, sizeof(text),
		 "scenario: 1\nname: groups\ncluster:\n"
		 "  - {group: log, protocol: raft, nodes: 3, app: none, options: {%s}}\n"
		 "  - {group: count, protocol: counter, on: log, app: register, options: {%s}}\n"
		 "run: {duration: 1s}\n",
		 raft, counter);
	struct scenario *scenario = scenario_parse("groups", text, strlen(text), &complaints);

	CU_ASSERT_PTR_NOT_NULL_FATAL(scenario);
	nanoseconds patience = scenario_patience(scenario);

	scenario_free(scenario);
	return patience;
}

static void patience_is_that_of_the_slowest(void)
{
	EQUAL(patience_with("election_timeout: 1s..2s", "retry: 50ms..100ms"), 2000000000);
	EQUAL(patience_with("election_timeout: 1s..2s", "retry: 1s..5s"), 16 * 5000000000);
}

/* What such a register holds is what a quorum says. */
static void members_without_a_log_owe_each_other_no_state(void)
{
	play("cluster: {protocol: abd, nodes: 3, app: register}\n",
	     "run: {duration: 4s, heal: 3s}\nfaults: [{at: 1s, cut: n1 -> n2, for: 1s}]\n", 1);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.check.verdict[JUDGE_CONVERGENCE], NOT_EXERCISED);
	EQUAL(result.check.verdict[JUDGE_STATE_MACHINE_SAFETY], NOT_EXERCISED);
	EQUAL(result.check.verdict[JUDGE_LIVENESS], HOLDS);
	CU_ASSERT(result.check.checks[JUDGE_LINEARIZABILITY] > 100);
}

/* A base without a leader is not at rest, whatever the group on it says. */
static void a_group_is_not_settled_before_its_base_is(void)
{
	struct unsettled unsettled;
	struct world *world;

	play(ON_RAFT, "run: {duration: 2s, heal: 1s}\n", 1);
	EQUAL(result.verdict, HOLDS);
	world = theatre_world(theatre);
	check_settled(world, 1, faults_core(world), 0, &unsettled);
	CU_ASSERT(unsettled.settled);
	world_process(world, world_leader(world, 0))->status = PAUSED;
	check_settled(world, 1, faults_core(world), 0, &unsettled);
	CU_ASSERT(!unsettled.settled);
	CONTAINS(unsettled.why, "is paused");
}

static void equal_seeds_give_equal_runs(void)
{
	uint64_t fingerprint = 0;

	for (unsigned i = 0; i < 2; i++) {
		play(ON_RAFT,
		     "network: {default: {loss: 5%}}\n"
		     "run: {duration: 4s, heal: 3s}\nfaults: [{at: 1s, crash: leader, for: 1s}]\n",
		     7);
		CU_ASSERT(!i || result.fingerprint == fingerprint);
		fingerprint = result.fingerprint;
	}
	theatre_close(theatre);
	theatre = NULL;
}

CU_TestInfo groups_tests[] = {
	{"a fault hits all that share the machine", a_fault_hits_all_that_share_the_machine},
	{"the leader is that of the group below", the_leader_is_that_of_the_group_below},
	{"a core is made of whole machines", a_core_is_made_of_whole_machines},
	{"smaller groups and groups of one stand too", smaller_groups_and_groups_of_one_stand_too},
	{"judges look at each group", judges_look_at_each_group},
	{"a base that loses its log is convicted under any group",
	 a_base_that_loses_its_log_is_convicted_under_any_group},
	{"what the base does not survive excuses the group on it",
	 what_the_base_does_not_survive_excuses_the_group_on_it},
	{"what a group does not survive excuses not the one that it stands on",
	 what_a_group_does_not_survive_excuses_not_the_one_that_it_stands_on},
	{"what befell one group excuses none beside it",
	 what_befell_one_group_excuses_none_beside_it},
	{"what a nemesis hits is a whole machine", what_a_nemesis_hits_is_a_whole_machine},
	{"answers of the upper group can be dropped", answers_of_the_upper_group_can_be_dropped},
	{"proposals that are sent on can be dropped", proposals_that_are_sent_on_can_be_dropped},
	{"patience is that of the slowest", patience_is_that_of_the_slowest},
	{"members without a log owe each other no state",
	 members_without_a_log_owe_each_other_no_state},
	{"a group is not settled before its base is", a_group_is_not_settled_before_its_base_is},
	{"equal seeds give equal runs", equal_seeds_give_equal_runs},
	CU_TEST_INFO_NULL,
};
