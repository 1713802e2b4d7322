/* What goes beyond a protocol's fault model convicts nobody; what was before it does. */
#include "tests/run/stage.h"

static void what_is_not_survived_convicts_nobody(void)
{
	unsigned unknown = 0;

	open_theatres();
	parse("protocol: raft, nodes: 3, app: register",
	      "run: {duration: 8s}\nfaults: [{at: 2s, wipe: follower, for: 100ms}, "
	      "{at: 3s, wipe: follower, for: 100ms}, {at: 4s, wipe: leader, for: 100ms}]\n");
	for (uint64_t seed = 1; seed <= 20; seed++) {
		run_seed(seed);
		CU_ASSERT(result.verdict != VIOLATED);
		if (result.verdict != UNKNOWN)
			continue;
		CONTAINS(result.reason, "does not claim to survive a wiped disk");
		CU_ASSERT(result.check.excused > 0);
		unknown++;
	}
	CU_ASSERT(unknown > 0);
	/* What was found before such a fault has fired stays found. */
	parse("protocol: raft, nodes: 3, app: register",
	      "run: {duration: 8s}\nbugs: [raft.acks-before-durable]\n"
	      "faults: [{at: 7s, wipe: follower, for: 100ms}]\n");
	run_seed(1);
	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.check.first.judge, JUDGE_PERSIST_BEFORE_SEND);
	CU_ASSERT(result.check.first.time < 7000000000);
	close_theatres();
}

/* Also by judges on which the run does not stop, and by those who look when all is over; and some
 * things are nobody's doing but the protocol's. */
static void harm_excuses_nothing_that_was_before_it(void)
{
	unsigned commits = 0, reads = 0, excused_reads = 0;

	open_theatres();
	parse("protocol: raft, nodes: 5, app: register",
	      "run: {duration: 9s, heal: 8s}\nbugs: [raft.serves-stale-reads]\n"
	      "faults: [{at: 2s, partition: [[leader, c1], [rest]], for: 2s}, "
	      "{at: 7s, wipe: n1}]\n");
	for (uint64_t seed = 1; seed <= 20; seed++) {
		run_seed(seed);
		reads += result.verdict == VIOLATED;
		excused_reads += result.verdict == UNKNOWN;
		if (result.verdict == VIOLATED)
			EQUAL(result.check.first.judge, JUDGE_LINEARIZABILITY);
	}
	CU_ASSERT(reads > 3);
	EQUAL(excused_reads, 0);
	parse("protocol: raft, nodes: 5, app: register",
	      "run: {duration: 9s, heal: 8s}\nbugs: [raft.serves-stale-reads]\n"
	      "faults: [{at: 1s, wipe: n1}, {at: 2s, partition: [[leader, c1], [rest]], for: "
	      "2s}]\n");
	for (uint64_t seed = 1; seed <= 20; seed++) {
		run_seed(seed);
		CU_ASSERT(result.verdict != VIOLATED);
		excused_reads += result.verdict == UNKNOWN;
	}
	CU_ASSERT(excused_reads > 3);
	parse(raft3, "run: {duration: 8s}\nbugs: [raft.quorum-too-small]\nstop_on: [liveness]\n"
		     "faults: [{at: 7s, wipe: follower, for: 100ms}]\n");
	for (uint64_t seed = 1; seed <= 20; seed++) {
		run_seed(seed);
		commits += result.check.verdict[JUDGE_COMMIT_DURABLE] == VIOLATED;
		CU_ASSERT(result.verdict != VIOLATED || result.check.first.time < 7000000000);
	}
	CU_ASSERT(commits > 3);
	/* A promise that leaves early is no harm that a disk could do. */
	parse(raft3, "run: {duration: 8s}\nbugs: [raft.acks-before-durable]\n"
		     "faults: [{at: 1ms, wipe: n3, for: 1ms}]\n");
	run_seed(1);
	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.check.first.judge, JUDGE_PERSIST_BEFORE_SEND);
	close_theatres();
}

/* How many of twenty seeds are unknown for that reason; none is violated. */
static unsigned excused(const char *cluster, const char *more, const char *reason)
{
	unsigned unknown = 0;

	parse(cluster, more);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		run_seed(seed);
		CU_ASSERT(result.verdict != VIOLATED);
		if (result.verdict != UNKNOWN)
			continue;
		CONTAINS(result.reason, reason);
		unknown++;
	}
	return unknown;
}

static void what_disks_do_beyond_the_model_convicts_nobody(void)
{
	open_theatres();
	CU_ASSERT(excused(raft3,
			  "run: {duration: 6s}\nfaults: [{at: 1s, lying_sync: all}, "
			  "{at: 3s, crash: all, for: 1s}]\n",
			  "does not claim to survive a sync that lies") > 10);
	/* Two of three fall silent. */
	CU_ASSERT(excused(raft3,
			  "run: {duration: 6s}\nfaults: [{at: 1s, rot: [n1, n2]}, "
			  "{at: 3s, crash: [n1, n2], for: 1s}]\n",
			  "does not claim to survive a record that rots") > 10);
	/* A lie that no crash finds out excuses nothing. */
	parse(raft3, "run: {duration: 6s}\nbugs: [raft.acks-before-durable]\n"
		     "faults: [{at: 1ms, lying_sync: all}]\n");
	run_seed(1);
	EQUAL(result.verdict, VIOLATED);
	/* Disks that fail, and writes lost in any order, are within Raft's model, and survived. */
	EQUAL(excused(raft3,
		      "disk: {sync: 10ms, crash: reorder}\nrun: {duration: 6s}\n"
		      "faults: [{at: 1s, full_disk: all, for: 1s}, {at: 3s, crash: all, for: "
		      "100ms}, "
		      "{at: 4s, full_disk: leader, for: 1s}, {at: 4500ms, crash: all, for: "
		      "100ms}]\n",
		      ""),
	      0);
	close_theatres();
}

/* Altered messages are beyond who does not claim to survive them, from the first one on. */
static void false_messages_convict_only_who_claims_to_survive_them(void)
{
	static const char lies[] =
		"run: {duration: 6s}\n"
		"faults: [{at: 1s, corrupt_undetected: all -> all, share: 5%}]\n";
	unsigned convicted = 0;

	open_theatres();
	CU_ASSERT(excused(raft3, lies, "does not claim to survive false messages") > 15);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		parse(raft3, lies);
		replace();
		changed.survives.survives_corruption = true;
		run_seed(seed);
		convicted += result.verdict == VIOLATED;
	}
	CU_ASSERT(convicted > 15);
	/* Of one in a billion, none is there to excuse anything. */
	parse(raft3, "run: {duration: 6s}\nbugs: [raft.acks-before-durable]\n"
		     "network: {default: {corrupt_undetected: 0.00000003%}}\n"
		     "faults: [{at: 1s, crash: all, for: 1s}, {at: 3s, crash: all, for: 1s}]\n");
	unsigned violated = 0;
	for (uint64_t seed = 1; seed <= 20 && !violated; seed++) {
		run_seed(seed);
		violated += result.verdict == VIOLATED;
	}
	EQUAL(violated, 1);
	close_theatres();
}

/* A full disk kills who has no disk_failed: what it says after that boot is excused where it does
 * not claim to survive one. */
static void who_dies_of_its_disk_must_claim_to_survive_that(void)
{
	open_theatres();
	for (int claims = 0; claims <= 1; claims++) {
		parse(single, "run: {duration: 4s}\nfaults: [{at: 500ms, full_disk: n1, for: 1ms}, "
			      "{at: 600ms, full_disk: n1, for: 100ms}]\n");
		replace();
		changed.request = request_asserts;
		changed.survives.survives_restart = claims;
		run_seed(1);
		EQUAL(result.verdict, claims ? VIOLATED : UNKNOWN);
		CU_ASSERT(claims || strstr(result.reason, "does not claim to survive a restart"));
	}
	close_theatres();
}

/* Clocks drift from the beginning on: what else befalls it later excuses nothing less. */
static void clocks_that_drift_too_far_excuse_from_the_beginning(void)
{
	open_theatres();
	for (int32_t bound = 199; bound <= 200; bound++) {
		unsigned verdicts[VIOLATED + 1] = {0};

		parse("protocol: raft, nodes: 5, app: register",
		      "clocks: {drift: 200ppm}\nrun: {duration: 9s, heal: 8s}\n"
		      "bugs: [raft.serves-stale-reads]\n"
		      "faults: [{at: 2s, partition: [[leader, c1], [rest]], for: 2s}, "
		      "{at: 7s, wipe: n1}]\n");
		replace();
		changed.survives.clock_drift_ppm = bound;
		for (uint64_t seed = 1; seed <= 20; seed++) {
			run_seed(seed);
			verdicts[result.verdict]++;
		}
		CU_ASSERT(verdicts[bound < 200 ? UNKNOWN : VIOLATED] > 3);
		EQUAL(verdicts[bound < 200 ? VIOLATED : UNKNOWN], 0);
	}
	close_theatres();
}

CU_TestInfo model_tests[] = {
	{"what a protocol does not claim to survive makes the verdict unknown",
	 what_is_not_survived_convicts_nobody},
	{"harm excuses nothing that was before it", harm_excuses_nothing_that_was_before_it},
	{"what disks do beyond a protocol's model makes the verdict unknown",
	 what_disks_do_beyond_the_model_convicts_nobody},
	{"false messages convict only who claims to survive them",
	 false_messages_convict_only_who_claims_to_survive_them},
	{"who dies of a full disk must claim to survive that",
	 who_dies_of_its_disk_must_claim_to_survive_that},
	{"clocks that drift too far excuse from the beginning",
	 clocks_that_drift_too_far_excuse_from_the_beginning},
	CU_TEST_INFO_NULL,
};
