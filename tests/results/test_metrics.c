/*
 * The figures of a run, against histories whose figures are known by hand, and the worst window
 * against a naive twin.
 */
#include "tests/tests.h"

#include <math.h>

#include "sim/results/metrics.h"
#include "sim/world/pcg.h"

#define MS                     ((nanoseconds)1000000)
#define S                      (1000 * MS)
#define NEAR(actual, expected) CU_ASSERT_DOUBLE_EQUAL(actual, expected, 1e-9)

/* ---- A run of twenty seconds, told by hand --------------------------------------------------- */

enum { N1, N2, N3, PROCESSES, FOLLOWER = 0, LEADER = 1 };

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot;
}

static uint64_t see_role(const struct env *env, const void *state)
{
	(void)env, (void)state;
	return FOLLOWER;
}

static const char *const roles[] = {"follower", "leader", NULL};
static const struct protocol still = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "still",
	.state_size = 16,
	.boot = on_boot,
	.messages = (const struct message_type[]){{0}},
	.timers = (const struct timer_type[]){{0}},
	.inspectors = (const struct inspector[]){{"role", see_role, roles}, {0}},
	.options = (const struct option[]){{0}},
	.observes = (const unsigned[]){OBSERVATION_COUNT},
	.bugs = (const struct bug[]){{0}},
	.sometimes = (const struct sometimes[]){{0}},
};

struct told_run {
	struct world *world;
	struct setup setup;
	struct fault faults[4];
	struct scenario scenario;
	struct run_result result;
	struct metrics metrics;
};

static const struct above above = {.due = {[FLOOR_FAULTS] = faults_due}};

static void tell(struct told_run *run)
{
	*run = (struct told_run){.world = world_open(ARENA_BASE, 1u << 28)};
	if (!run->world) {
		printf("\n  no memory for a world\n");
		exit(1);
	}
	run->setup = (struct setup){.seed = 1, .group_count = 1, .max_events = 1000};
	run->setup.groups[0] = (struct group_setup){.protocol = &still, .members = PROCESSES};
	run->scenario.duration = 20 * S;
	run->scenario.workload.timeout = S;
	run->scenario.faults = run->faults;
	run->result.ended = 20 * S;
	world_begin(run->world, &run->setup, &above);
}

/* Pauses n1: twice at once, where two overlap. */
static void fault(struct told_run *run, nanoseconds at, nanoseconds lasts)
{
	struct fault *added = &run->faults[run->scenario.fault_count++];

	*added = (struct fault){.kind = FAULT_PAUSE, .at = at, .lasts = lasts, .part_count = 1};
	added->part[0] = (struct target){.count = 1};
	added->part[0].item[0] = (struct target_item){TARGET_ENDPOINT, N1};
}

/* After all faults, and before all operations, are told. */
static void faults_happen(struct told_run *run)
{
	struct faults_setup setup = {
		.list = run->faults, .count = run->scenario.fault_count, .patience = S};
	const char *limit;

	faults_begin(run->world, &setup);
	world_boot(run->world);
	world_run(run->world, 20 * S, &limit);
}

static void call_by(struct told_run *run, unsigned client, nanoseconds at, nanoseconds latency,
		    enum history_type outcome)
{
	uint32_t index = (uint32_t)history_count(run->world);

	*history_append(run->world) = (struct history_record){
		.time = at, .type = HISTORY_INVOKE, .client = client};
	*history_append(run->world) = (struct history_record){.time = at + latency,
							      .type = (uint8_t)outcome,
							      .invocation = index,
							      .client = client};
}

static void call(struct told_run *run, nanoseconds at, nanoseconds latency,
		 enum history_type outcome)
{
	call_by(run, 0, at, latency, outcome);
}

/* A live follower, reached by the clients of a set: of the first word, of the last. */
static void reached(struct told_run *run, nanoseconds time, process_id process, uint64_t first,
		    uint64_t last)
{
	struct series_record record = {.time = time,
				       .process = process,
				       .status = UP,
				       .role = FOLLOWER,
				       .clients = {first, 0, 0, last}};

	memcpy(records_append(run->world, RECORDS_SERIES, sizeof(record)), &record, sizeof(record));
}

/* Reached by c1, who asks everything. */
static void was(struct told_run *run, nanoseconds time, process_id process, enum status status,
		unsigned role, bool cut)
{
	struct series_record record = {.time = time,
				       .process = process,
				       .status = (uint8_t)status,
				       .role = (uint8_t)role,
				       .cut = cut,
				       .clients = {1}};

	memcpy(records_append(run->world, RECORDS_SERIES, sizeof(record)), &record, sizeof(record));
}

static const struct metrics *measured(struct told_run *run)
{
	metrics_of_world(run->world, &run->scenario, &run->result, &run->metrics);
	return &run->metrics;
}

static void forget(struct told_run *run)
{
	metrics_free(&run->metrics);
	world_close(run->world);
}

/* ---- Operations ------------------------------------------------------------------------------ */

static void widths(void)
{
	static const nanoseconds of[][2] = {
		{100 * MS, MS},     {10 * S, 50 * MS},  {20 * S, 100 * MS},    {30 * S, 200 * MS},
		{60 * S, 500 * MS}, {3600 * S, 20 * S}, {10001 * MS, 100 * MS}};

	for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		struct told_run run;

		tell(&run);
		run.scenario.duration = run.result.ended = of[i][0];
		EQUAL(measured(&run)->width, of[i][1]);
		EQUAL(run.metrics.bucket_count, (of[i][0] + of[i][1] - 1) / of[i][1]);
		forget(&run);
	}
}

/* The last operation was in time still; the one before had its whole deadline. */
static void what_was_open_at_the_cut_does_not_count(void)
{
	for (unsigned cut = 0; cut < 2; cut++) {
		struct told_run run;

		tell(&run);
		run.result.ended = 5 * S;
		run.result.cut_short = cut;
		call(&run, 3 * S, 10 * MS, HISTORY_OK);
		call(&run, 4 * S, S, HISTORY_INFO);
		call(&run, 4500 * MS, 500 * MS, HISTORY_INFO);
		NEAR(measured(&run)->availability, cut ? 1.0 / 2 : 1.0 / 3);
		EQUAL(run.metrics.bucket_count, 50);
		EQUAL(run.metrics.buckets[40].invoked, 1);
		EQUAL(run.metrics.buckets[45].invoked, !cut);
		forget(&run);
	}
}

static void what_a_success_is(void)
{
	struct told_run run;

	tell(&run);
	call(&run, 1 * S, S, HISTORY_OK);     /* just in time */
	call(&run, 2 * S, S + 1, HISTORY_OK); /* too late */
	call(&run, 3 * S, MS, HISTORY_FAIL);
	call(&run, 4 * S, S, HISTORY_INFO);
	*history_append(run.world) = (struct history_record){.time = 5 * S, .type = HISTORY_INVOKE};
	const struct metrics *metrics = measured(&run);

	NEAR(metrics->availability, 0.2);
	NEAR(metrics->throughput, 1 / 20.0);
	EQUAL(metrics->p50, S);
	EQUAL(metrics->max, S);
	EQUAL(metrics->buckets[10].ok, 1);
	EQUAL(metrics->buckets[20].invoked, 1);
	EQUAL(metrics->buckets[20].ok, 0);
	EQUAL(metrics->buckets[20].p50, -1);
	EQUAL(metrics->buckets[50].invoked, 1);
	forget(&run);
}

static void by_invocation(void)
{
	struct told_run run;

	tell(&run);
	call(&run, 0, 950 * MS, HISTORY_OK);
	call(&run, 99 * MS, MS, HISTORY_OK);
	call(&run, 100 * MS, MS, HISTORY_OK);
	const struct metrics *metrics = measured(&run);

	EQUAL(metrics->buckets[0].ok, 2);
	EQUAL(metrics->buckets[1].ok, 1);
	EQUAL(metrics->buckets[9].invoked, 0);
	EQUAL(metrics->buckets[0].p50, MS);
	EQUAL(metrics->buckets[0].p99, 950 * MS);
	forget(&run);
}

static void percentiles(void)
{
	struct told_run run;

	tell(&run);
	for (int i = 0; i < 100; i++) /* 1 to 100 ms, in no order */
		call(&run, i * 10 * MS, (1 + i * 37 % 100) * MS, HISTORY_OK);
	const struct metrics *metrics = measured(&run);

	EQUAL(metrics->p50, 50 * MS);
	EQUAL(metrics->p95, 95 * MS);
	EQUAL(metrics->p99, 99 * MS);
	EQUAL(metrics->max, 100 * MS);
	forget(&run);
}

static void nothing_happened(void)
{
	struct told_run run;

	tell(&run);
	const struct metrics *metrics = measured(&run);

	CU_ASSERT(isnan(metrics->availability) && isnan(metrics->slices));
	CU_ASSERT(isnan(metrics->windowed[0]) && isnan(metrics->messages_per_commit));
	EQUAL(metrics->p50, -1);
	EQUAL(metrics->avoidable, -1);
	EQUAL(metrics->leaderless, -1);
	forget(&run);
}

static void the_warm_up(void)
{
	struct told_run run;

	tell(&run);
	run.scenario.warmup = 2 * S;
	run.result.healed = 12 * S;
	run.result.counters.sent = 30;
	call(&run, 1 * S, MS, HISTORY_FAIL);
	call(&run, 2 * S, MS, HISTORY_OK);
	call(&run, 3 * S, MS, HISTORY_OK);
	const struct metrics *metrics = measured(&run);

	NEAR(metrics->availability, 1);
	NEAR(metrics->slices, 1);
	NEAR(metrics->throughput, 2 / 10.0);
	NEAR(metrics->messages_per_commit, 15);
	EQUAL(metrics->buckets[10].invoked, 1);
	EQUAL(metrics->bucket_count, 120); /* up to the heal */
	forget(&run);
}

static void probes_do_not_count(void)
{
	struct told_run run;

	tell(&run);
	run.result.healed = 12 * S;
	call(&run, 4 * S, MS, HISTORY_OK);
	call(&run, 12 * S, MS, HISTORY_OK); /* at the heal itself: the last that counts */
	call(&run, 12 * S + 1, 9 * MS, HISTORY_OK);
	call(&run, 13 * S, MS, HISTORY_FAIL);
	const struct metrics *metrics = measured(&run);

	NEAR(metrics->availability, 1);
	NEAR(metrics->throughput, 2 / 12.0);
	NEAR(metrics->windowed[4], 1); /* shorter than thirty seconds: one window */
	EQUAL(metrics->max, MS);
	EQUAL(metrics->buckets[119].invoked, 1);
	forget(&run);
}

static void good_slices(void)
{
	struct told_run run;

	tell(&run);
	for (int i = 0; i < 20; i++) /* 19 of 20: just enough */
		call(&run, i * MS, MS, i ? HISTORY_OK : HISTORY_FAIL);
	for (int i = 0; i < 19; i++) /* 18 of 19: not enough */
		call(&run, 100 * MS + i * MS, MS, i ? HISTORY_OK : HISTORY_FAIL);
	NEAR(measured(&run)->slices, 0.5); /* buckets without operations don't count */
	forget(&run);
}

/* Every window that begins at a whole millisecond. */
static double naive_window(const bool *ok, const bool *invoked, int length, int width)
{
	double worst = NAN;

	for (int start = 0; start + width <= length; start++) {
		int all = 0, good = 0;

		for (int i = start; i < start + width; i++) {
			all += invoked[i];
			good += invoked[i] && ok[i];
		}
		if (all)
			worst = fmin(worst, (double)good / all);
	}
	return worst;
}

static void the_worst_window(void)
{
	enum { LENGTH = 4000 };
	static bool ok[LENGTH], invoked[LENGTH];
	static const int seconds[] = {1, 2};

	for (uint64_t seed = 0; seed < 20; seed++) {
		struct pcg32 pcg = pcg32_seeded(seed, 1);
		struct told_run run;

		tell(&run);
		run.scenario.duration = run.result.ended = LENGTH * MS;
		for (int i = 0; i < LENGTH; i++) {
			invoked[i] = pcg32_below(&pcg, 200) == 0;
			ok[i] = pcg32_below(&pcg, 3) != 0;
			if (invoked[i])
				call(&run, i * MS, MS, ok[i] ? HISTORY_OK : HISTORY_FAIL);
		}
		measured(&run);
		for (unsigned w = 0; w < 2; w++)
			NEAR(run.metrics.windowed[w],
			     naive_window(ok, invoked, LENGTH, seconds[w] * 1000));
		NEAR(run.metrics.windowed[2], run.metrics.availability); /* longer than the run */
		forget(&run);
	}
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static void outside_faults(void)
{
	struct told_run run;

	tell(&run);
	fault(&run, 4 * S, 2 * S);
	fault(&run, 5 * S, 3 * S); /* overlaps */
	fault(&run, 6 * S, S);     /* within that */
	faults_happen(&run);
	call(&run, 1 * S, MS, HISTORY_OK);
	call(&run, 4 * S, MS, HISTORY_FAIL);
	call(&run, 7999 * MS, MS, HISTORY_FAIL);
	call(&run, 8 * S, MS, HISTORY_OK);
	call(&run, 9 * S, MS, HISTORY_FAIL);
	const struct metrics *metrics = measured(&run);

	NEAR(metrics->availability_outside, 2 / 3.0);
	NEAR(metrics->availability, 2 / 5.0);
	EQUAL(metrics->buckets[39].faulty, 0);
	EQUAL(metrics->buckets[40].faulty, 100 * MS);
	EQUAL(metrics->buckets[55].faulty, 100 * MS);
	EQUAL(metrics->buckets[80].faulty, 0);
	forget(&run);
}

static void outages(void)
{
	struct told_run run;

	tell(&run);
	fault(&run, 4 * S, 2 * S);
	fault(&run, 12 * S, 1 * S);
	faults_happen(&run);
	for (nanoseconds at = 0; at < 12 * S; at += 50 * MS)
		call(&run, at, 10 * MS, at >= 4 * S && at < 7 * S ? HISTORY_INFO : HISTORY_OK);
	call(&run, 14 * S, MS, HISTORY_FAIL);
	const struct metrics *metrics = measured(&run);

	EQUAL(metrics->outage_count, 2);
	EQUAL(metrics->outages[0].fault, 0);
	EQUAL(metrics->outages[0].lasted, 7010 * MS - 3960 * MS);
	EQUAL(metrics->outages[0].recovered_after, 1 * S);
	EQUAL(metrics->outages[1].lasted, -1);
	EQUAL(metrics->outages[1].recovered_after, -1);
	forget(&run);
}

/* Good for two buckets is not recovered. */
static void recovery_lasts(void)
{
	struct told_run run;

	tell(&run);
	fault(&run, 4 * S, 2 * S);
	faults_happen(&run);
	for (nanoseconds at = 0; at < 12 * S; at += 100 * MS)
		call(&run, at, 10 * MS, at == 6200 * MS ? HISTORY_FAIL : HISTORY_OK);
	EQUAL(measured(&run)->outages[0].recovered_after, 300 * MS);
	forget(&run);
}

static void settled_is_recovered(void)
{
	struct told_run run;

	tell(&run);
	fault(&run, 4 * S, 8 * S);
	faults_happen(&run);
	call(&run, 1 * S, MS, HISTORY_OK);
	run.result.healed = 12 * S;
	run.result.settled = 13 * S;
	EQUAL(measured(&run)->outages[0].recovered_after, 1 * S);
	forget(&run);
}

/* ---- What the processes were ----------------------------------------------------------------- */

/* A call every 50 ms; none that is invoked from 4 s to 8 s succeeds. */
static void dark_run(struct told_run *run)
{
	tell(run);
	for (nanoseconds at = 0; at < 12 * S; at += 50 * MS)
		call(run, at, 10 * MS, at >= 4 * S && at < 8 * S ? HISTORY_INFO : HISTORY_OK);
	for (process_id i = 0; i < PROCESSES; i++)
		was(run, 0, i, UP, i == N1 ? LEADER : FOLLOWER, false);
}

static void avoidable_with_majority(void)
{
	struct told_run run;

	dark_run(&run);
	was(&run, 5 * S, N1, DOWN, FOLLOWER, false);         /* two are left */
	was(&run, 6 * S, N2, UP, FOLLOWER, true);            /* one is */
	was(&run, 7 * S + 30 * MS, N2, UP, FOLLOWER, false); /* two are */
	const struct metrics *metrics = measured(&run);

	EQUAL(metrics->avoidable, 2 * S + 970 * MS);
	EQUAL(metrics->buckets[39].avoidable, 0);
	EQUAL(metrics->buckets[40].avoidable, 100 * MS);
	EQUAL(metrics->buckets[65].avoidable, 0);
	EQUAL(metrics->buckets[70].avoidable, 70 * MS);
	EQUAL(metrics->buckets[80].avoidable, 0);
	forget(&run);
}

static void paused_is_no_majority(void)
{
	struct told_run run;

	dark_run(&run);
	was(&run, 1 * S, N1, PAUSED, LEADER, false);
	was(&run, 1 * S, N2, DOWN, FOLLOWER, false);
	EQUAL(measured(&run)->avoidable, 0);
	forget(&run);
}

/* From 5 s on nobody of the majority is reached by who asks, from 6 s on only the one that is down,
 * from 7 s on one that lives. */
static void avoidable_where_clients_reach(void)
{
	struct told_run run;

	dark_run(&run);
	for (process_id i = 0; i < PROCESSES; i++)
		reached(&run, 5 * S, i, 0, 0);
	was(&run, 6 * S, N1, DOWN, FOLLOWER, false);
	was(&run, 7 * S, N3, UP, FOLLOWER, false);
	const struct metrics *metrics = measured(&run);

	EQUAL(metrics->avoidable, 2 * S);
	EQUAL(metrics->buckets[49].avoidable, 100 * MS);
	EQUAL(metrics->buckets[50].avoidable, 0);
	EQUAL(metrics->buckets[69].avoidable, 0);
	EQUAL(metrics->buckets[70].avoidable, 100 * MS);
	forget(&run);
}

/* c1 and c200 ask; only c2 reaches anybody, then c200 does; what c2 then asks is answered to c1. */
static void avoidable_for_those_who_ask(void)
{
	struct told_run run;

	tell(&run);
	for (process_id i = 0; i < PROCESSES; i++)
		reached(&run, 0, i, 2, 0);
	for (nanoseconds at = 2 * S; at < 5 * S; at += 50 * MS) {
		call(&run, at, 20 * MS, HISTORY_INFO);
		call_by(&run, 199, at, 20 * MS, HISTORY_INFO);
	}
	reached(&run, 4 * S, N2, 2, (uint64_t)1 << (199 - 192));
	call_by(&run, 1, 6 * S, 200 * MS, HISTORY_INFO);
	call(&run, 6150 * MS, 10 * MS, HISTORY_OK);
	const struct metrics *metrics = measured(&run);

	EQUAL(metrics->buckets[39].avoidable, 0);
	EQUAL(metrics->buckets[40].avoidable, 100 * MS);
	EQUAL(metrics->buckets[60].avoidable, 100 * MS);
	EQUAL(metrics->buckets[61].avoidable, 0);
	EQUAL(metrics->avoidable, 1 * S + 200 * MS); /* the last in the bucket of its deadline */
	forget(&run);
}

/* Nobody asked: nobody was let down. And who waits long but is answered was not let down at the
 * moments when he asked and was answered. */
static void idle_is_not_unavailable(void)
{
	struct told_run run;

	tell(&run);
	for (process_id i = 0; i < PROCESSES; i++)
		was(&run, 0, i, UP, FOLLOWER, false);
	call(&run, 1 * S, 950 * MS, HISTORY_OK);
	const struct metrics *metrics = measured(&run);

	EQUAL(metrics->buckets[10].avoidable, 0);
	EQUAL(metrics->buckets[11].avoidable, 100 * MS);
	EQUAL(metrics->buckets[19].avoidable, 0);
	EQUAL(metrics->avoidable, 800 * MS);
	forget(&run);
}

static void nothing_after_arrivals(void)
{
	struct told_run run;

	dark_run(&run);
	run.result.healed = 4 * S + 150 * MS; /* in the middle of a bucket */
	was(&run, 10 * S, N1, DOWN, FOLLOWER, false);
	EQUAL(measured(&run)->avoidable, 150 * MS);
	EQUAL(run.metrics.leaderless, 0);
	forget(&run);
}

static void without_a_leader(void)
{
	struct told_run run;

	dark_run(&run);
	was(&run, 5 * S, N1, UP, LEADER, true); /* it leads, but nobody hears */
	was(&run, 6 * S, N2, UP, LEADER, false);
	was(&run, 9 * S, N2, DOWN, LEADER, false);
	was(&run, 10 * S, N3, UP, LEADER, false);
	EQUAL(measured(&run)->leaderless, 2 * S);
	forget(&run);
}

CU_TestInfo metrics_tests[] = {
	{"buckets are 1, 2 or 5 wide, and at most 200", widths},
	{"a success is an ok within the deadline", what_a_success_is},
	{"what was open when a run was cut short does not count",
	 what_was_open_at_the_cut_does_not_count},
	{"operations count where they were invoked", by_invocation},
	{"percentiles are nearest ranks", percentiles},
	{"figures of nothing do not exist", nothing_happened},
	{"the warm-up and what follows the heal do not count", the_warm_up},
	{"what probes ask after the heal counts nowhere", probes_do_not_count},
	{"a good slice has 95% successes", good_slices},
	{"the worst window is what trying every window finds", the_worst_window},
	{"operations under any fault are not outside faults", outside_faults},
	{"an outage lasts from the last success before to the first after", outages},
	{"recovered is who stays so for three buckets", recovery_lasts},
	{"with no operations after a fault, recovered is settled", settled_is_recovered},
	{"unavailability is avoidable while a connected majority lives", avoidable_with_majority},
	{"unavailability is avoidable only if the majority and who asks reach each other",
	 avoidable_where_clients_reach},
	{"who asks nothing is not kept waiting", avoidable_for_those_who_ask},
	{"a paused process is not in a live majority", paused_is_no_majority},
	{"where nobody waits, nothing is unavailable", idle_is_not_unavailable},
	{"what follows the end of arrivals is not unavailability", nothing_after_arrivals},
	{"a leader that reaches no majority leads nobody", without_a_leader},
	CU_TEST_INFO_NULL,
};
