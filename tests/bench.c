/*
 * The figures that the project is measured by, one line each: name, value, unit. They also go to
 * build/bench.tsv. An argument names a part: only figures whose name contains it.
 *
 * One thread; all judges and the digest on; an event is one queue pop that runs a handler or
 * changes the world. Ratios to queue_ceiling, a plain queue on the same machine in the same run,
 * carry over to other machines.
 */
#include "sim/histories/operations.h"
#include "sim/histories/text.h"
#include "tests/consistency/figures.h"

#include "sim/run/run.h"
#include "sim/world/queue.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 10 };

static const char *only = "";
static bool dirty; /* a run that ought to hold did not: its figure counts for nothing */
static FILE *table;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool wanted(const char *name)
{
	return strstr(name, only) != NULL;
}

static void figure(const char *name, double value, const char *unit)
{
	printf("%-32s %16.2f  %s\n", name, value, unit);
	fprintf(table, "%s\t%.2f\t%s\n", name, value, unit);
	fflush(stdout);
}

/* The best of several rounds: noise on a shared machine only ever slows down. */
static void best(double *best_so_far, double value)
{
	if (value > *best_so_far)
		*best_so_far = value;
}

static void must_hold(const char *name, const struct run_result *result)
{
	if (result->verdict == HOLDS)
		return;
	printf("%s: seed %llu IS NOT CLEAN: %s %s\n", name, (unsigned long long)result->seed,
	       result->check.first.sentence, result->reason);
	dirty = true;
}

/* ---- Worlds ---------------------------------------------------------------------------------- */

static struct scenario *scenario_under(const char *cluster, const char *workload, const char *run)
{
	char text[2048];
	struct complaints complaints = {0};

	snprintf(text, sizeof(text),
		 "scenario: 1\n"
		 "name: bench\n"
		 "shows: How fast a run is.\n"
		 "cluster: {%s, app: register}\n"
		 "network: {default: {latency: \"uniform(1ms, 5ms)\"}}\n"
		 "disk: {sync: 1ms}\n"
		 "workload: {%s}\n"
		 "%s\n",
		 cluster, workload, run);
	struct scenario *scenario = scenario_parse("bench", text, strlen(text), &complaints);

	if (!scenario) {
		complaints_print(stderr, "bench", text, &complaints);
		exit(70);
	}
	return scenario;
}

static struct scenario *scenario_of(const char *nodes, const char *workload, const char *run)
{
	char cluster[256];

	snprintf(cluster, sizeof(cluster),
		 "protocol: raft, %s, options: {election_timeout: 1s..2s, heartbeat: 100ms}",
		 nodes);
	return scenario_under(cluster, workload, run);
}

static const char *const writes_100 =
	"clients: 4, rate: 100/s, arrival: poisson, keys: 10, mix: {write: 100%}";
static const char *const idle =
	"clients: 1, operations: 1, rate: 1/s, arrival: constant, mix: {write: 100%}";

/* Events and simulated seconds a second, the best of some rounds of different seeds. */
static void pace(struct theatre *theatre, const char *name, struct scenario *scenario)
{
	double events = 0, simulated = 0, each = 0;
	uint64_t all_events = 0, all_ok = 0;
	struct run_result result;
	char full[64];

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct run_options options = {.seed = 1 + round,
					      .duration_max = scenario->duration};
		double start = seconds();

		run_scenario(theatre, scenario, &options, &result);
		double took = seconds() - start;

		must_hold(name, &result);
		all_events += result.events;
		all_ok += result.operations.ok;
		each += (double)result.ended / 1e9;
		if ((double)result.events / took / 1e6 < events)
			continue;
		events = (double)result.events / took / 1e6;
		simulated = (double)result.ended / 1e9 / took;
	}
	figure(name, events, "M events/s");
	snprintf(full, sizeof(full), "%s.simulated", name);
	figure(full, simulated, "simulated s/s");
	snprintf(full, sizeof(full), "%s.per_second", name);
	figure(full, (double)all_events / each, "events/simulated s");
	if (all_ok > 100 * ROUNDS) {
		snprintf(full, sizeof(full), "%s.per_write", name);
		figure(full, (double)all_events / (double)all_ok, "events/committed write");
	}
	scenario_free(scenario);
}

static void paces(struct theatre *theatre)
{
	if (wanted("raft_n3_100wps"))
		pace(theatre, "raft_n3_100wps",
		     scenario_of("nodes: 3", writes_100, "run: {duration: 300s}"));
	if (wanted("raft_n5_100wps"))
		pace(theatre, "raft_n5_100wps",
		     scenario_of("nodes: 5", writes_100, "run: {duration: 600s}"));
	if (wanted("abd_n5_100wps"))
		pace(theatre, "abd_n5_100wps",
		     scenario_under("protocol: abd, nodes: 5", writes_100,
				    "run: {duration: 300s}"));
	if (wanted("raft_n3_idle"))
		pace(theatre, "raft_n3_idle",
		     scenario_of("nodes: 3", idle, "run: {duration: 10000s}"));
	if (wanted("raft_n49"))
		pace(theatre, "raft_n49",
		     scenario_of("nodes: 49", writes_100, "run: {duration: 60s}"));
}

/* Boot, one leader kill, ten operations, linearizability and verdict: whole runs a second. */
static void leader_kill(struct theatre *theatre)
{
	enum { RUNS = 5000 };

	if (!wanted("raft_leader_kill"))
		return;
	struct scenario *scenario = scenario_of(
		"nodes: 3",
		"clients: 2, rate: 1/s, arrival: constant, operations: 10, keys: 2, "
		"timeout: 5s, mix: {write: 50%, read: 50%}",
		"run: {duration: 10s}\n"
		"faults: [{at: 4s, crash: leader, for: 3s}]");
	double runs = 0, events = 0, ok = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = seconds();

		for (unsigned i = 0; i < RUNS; i++) {
			struct run_options options = {.seed = round * RUNS + i + 1};
			struct run_result result;

			run_scenario(theatre, scenario, &options, &result);
			must_hold("raft_leader_kill", &result);
			events += (double)result.events;
			ok += (double)result.operations.ok;
		}
		best(&runs, RUNS / (seconds() - start));
	}
	figure("raft_leader_kill", runs, "runs/s");
	figure("raft_leader_kill.events", events / (RUNS * ROUNDS), "events/run");
	figure("raft_leader_kill.ok", ok / (RUNS * ROUNDS), "operations/run");
	scenario_free(scenario);
}

/* ---- The cost of an event as a run grows ----------------------------------------------------- */

struct marks {
	uint64_t next;
	double at[11];
	unsigned count;
};

static void mark(void *context, uint64_t event, uint64_t digest)
{
	struct marks *marks = context;

	(void)digest;
	if (event < marks->next || marks->count > 10)
		return;
	marks->at[marks->count++] = seconds();
	marks->next += 1000000;
}

static void flat(struct theatre *theatre)
{
	enum { TIMES = 3 };
	double ratio[TIMES + 1]; /* the first one warms up: its memory is new */

	if (!wanted("raft_flat"))
		return;
	struct scenario *scenario = scenario_of("nodes: 3", writes_100,
						"run: {duration: 20000s, max_events: 20M}");

	for (unsigned round = 0; round <= TIMES; round++) {
		struct marks marks = {0};
		struct run_options options = {.seed = 1,
					      .duration_max = 9600 * (nanoseconds)1000000000,
					      .digests = mark,
					      .digests_context = &marks};
		struct run_result result;

		run_scenario(theatre, scenario, &options, &result);
		must_hold("raft_flat", &result);
		ratio[round] = (marks.at[10] - marks.at[9]) / (marks.at[1] - marks.at[0]);
	}
	double low = ratio[1] < ratio[2] ? ratio[1] : ratio[2];
	double high = ratio[1] < ratio[2] ? ratio[2] : ratio[1];

	figure("raft_flat",
	       ratio[3] < low    ? low
	       : ratio[3] > high ? high
				 : ratio[3],
	       "last million / first million, median of 3");
	scenario_free(scenario);
}

/* ---- Snapshots ------------------------------------------------------------------------------- */

static void snapshots(struct theatre *theatre)
{
	enum { TIMES = 2000 };

	if (!wanted("snapshot"))
		return;
	struct scenario *scenario = scenario_of("nodes: 5", writes_100, "run: {duration: 100s}");
	struct run_options options = {.seed = 1, .duration_max = 10 * (nanoseconds)1000000000};
	struct run_result result;
	struct world *world = theatre_world(theatre);
	double take = 1e9, restore = 1e9, copy = 1e9;

	run_scenario(theatre, scenario, &options, &result);
	struct snapshot *snapshot = world_snapshot(world);
	size_t bytes = snapshot_bytes(snapshot);
	char *plain = malloc(bytes);
	volatile char seen = 0;

	(void)seen;

	for (unsigned round = 0; plain && round < ROUNDS; round++) {
		double start = seconds();

		for (unsigned i = 0; i < TIMES; i++)
			snapshot_free(world, world_snapshot(world));
		double taken = seconds();

		for (unsigned i = 0; i < TIMES; i++)
			world_restore(world, snapshot);
		double restored = seconds();

		for (unsigned i = 0; i < TIMES; i++) {
			memcpy(plain, world, bytes);
			seen = plain[i % bytes]; /* so that the copy is made */
		}
		double copied = seconds();

		if (taken - start < take)
			take = taken - start;
		if (restored - taken < restore)
			restore = restored - taken;
		if (copied - restored < copy)
			copy = copied - restored;
	}
	free(plain);
	figure("snapshot.bytes", (double)bytes, "bytes");
	figure("snapshot.take", take / TIMES * 1e6, "us");
	figure("snapshot.restore", restore / TIMES * 1e6, "us");
	figure("snapshot.memcpy", copy / TIMES * 1e6, "us");
	figure("snapshot.take_ratio", take / copy, "times a plain memcpy");
	figure("snapshot.restore_ratio", restore / copy, "times a plain memcpy");
	snapshot_free(world, snapshot);
	scenario_free(scenario);
}

/* ---- A plain queue --------------------------------------------------------------------------- */

static _Noreturn void full(struct arena *arena)
{
	(void)arena;
	abort();
}

static void ceiling(void)
{
	enum { PENDING = 20, TIMES = 20000000 };

	if (!wanted("queue_ceiling"))
		return;
	struct arena *arena = arena_open(0, 1 << 20);
	struct queue queue;
	struct pcg32 pcg = pcg32_seeded(1, PCG32_DEFAULT_STREAM);
	uint32_t sequence = 0;
	double pairs = 0;

	arena->full = full;
	queue_init(arena, &queue);
	while (sequence < PENDING)
		queue_push(arena, &queue,
			   (struct queue_item){.time = pcg32_below(&pcg, 4000000),
					       .sequence = ++sequence});
	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = seconds();

		for (unsigned i = 0; i < TIMES / ROUNDS; i++) {
			struct queue_item item = queue_pop(&queue);

			item.time += 1000000 + pcg32_below(&pcg, 4000000);
			item.sequence = ++sequence;
			queue_push(arena, &queue, item);
		}
		best(&pairs, TIMES / 1e6 / ROUNDS / (seconds() - start));
	}
	arena_close(arena);
	figure("queue_ceiling", pairs, "M push+pop/s, 20 pending");
}

/* ---- Recorded histories ---------------------------------------------------------------------- */

/* Text to verdict, with the order or the core; seconds of reading and of judging are added. */
static enum legality judge_text(char *text, size_t size, double *reading, double *judging)
{
	const struct judge_limits limits = {.core = true};
	struct finding finding = {.legality = UNDECIDED};
	struct recording recording;
	struct subject subject = {0};
	struct object_history object = {0};
	struct trouble trouble;
	enum format format = FORMAT_EDN;
	struct room *room = room_open();
	double start = seconds();

	format_guess(text, size, &format);
	bool good = recording_read(&recording, format, text, size) &&
		    subject_guess(&recording, &subject, &trouble);

	*reading += seconds() - start;
	start = seconds();
	if (good && !subject.name)
		finding.legality = LEGAL; /* nothing happened */
	else if (good && subject.model &&
		 operations_of_calls(&recording, subject.model, &object, &trouble))
		judge(room, subject.model, &object.history, &limits, &finding);
	*judging += seconds() - start;
	object_history_free(&object);
	recording_free(&recording);
	room_close(room);
	return finding.legality;
}

/* Judges files, so many of which are illegal, and ends: so its memory is of nothing else. */
static _Noreturn void judge_files(const char *pattern, unsigned illegal, int answer)
{
	double took[2] = {0};
	unsigned found = 0;
	glob_t files = {0};

	if (glob(pattern, 0, NULL, &files) != 0)
		_exit(1);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		size_t size = 0;
		char *text = text_of_file(files.gl_pathv[i], &size);

		if (!text)
			_exit(1);
		found += judge_text(text, size, &took[0], &took[1]) == ILLEGAL;
		free(text);
	}
	_exit(found != illegal || write(answer, took, sizeof(took)) != sizeof(took));
}

static void others(const char *name, const char *pattern, unsigned illegal)
{
	double took[2] = {0};
	struct rusage usage = {0};
	int ends[2], status = 1;
	char full[64];

	if (!wanted(name) || pipe(ends) != 0)
		return;
	fflush(stdout);
	fflush(table);
	pid_t child = fork();

	if (child == 0)
		judge_files(pattern, illegal, ends[1]);
	if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0 ||
	    read(ends[0], took, sizeof(took)) != sizeof(took)) {
		printf("%s: NOT THE RIGHT VERDICTS\n", name);
		dirty = true;
	}
	close(ends[0]);
	close(ends[1]);
	figure(name, took[1] * 1e3, "ms, judged");
	snprintf(full, sizeof(full), "%s.read", name);
	figure(full, took[0] * 1e3, "ms");
	snprintf(full, sizeof(full), "%s.memory", name);
	figure(full, (double)usage.ru_maxrss / 1024, "MiB, of the process");
}

/* One register, clients that are always busy: each event answers one and asks the next. */
static char *register_history(unsigned operations, unsigned clients, size_t *size)
{
	static const char *const types[] = {"invoke", "ok"};
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	uint64_t value = 0, time = 0;

	if (!out)
		exit(70);
	for (unsigned i = 0; i < 2 * (operations + clients); i++) {
		/* A client's turn: its invocation, and after those of all others its return. */
		unsigned client = i % clients, turn = i / clients;
		bool writes = (turn / 2 + client) % 2, ends = turn % 2;

		if (ends && writes)
			value = turn / 2 * clients + client + 1;
		fprintf(out,
			"{\"index\":%u,\"process\":%u,\"type\":\"%s\",\"f\":\"%s\",\"key\":\"k0\","
			"\"value\":",
			i, client, types[ends], writes ? "write" : "read");
		if (writes)
			fprintf(out, "%u", turn / 2 * clients + client + 1);
		else if (ends && value)
			fprintf(out, "%" PRIu64, value);
		else
			fputs("null", out);
		fprintf(out, ",\"time\":%" PRIu64 "}\n", time += 100);
	}
	fclose(out);
	return text;
}

static void a_million_operations(void)
{
	enum { OPERATIONS = 1000000, CLIENTS = 50 };
	double reading = 0, judging = 0;
	size_t size;

	if (!wanted("check_jsonl_1m"))
		return;
	char *text = register_history(OPERATIONS, CLIENTS, &size);

	if (judge_text(text, size, &reading, &judging) != LEGAL) {
		printf("check_jsonl_1m: NOT THE RIGHT VERDICT\n");
		dirty = true;
	}
	free(text);
	figure("check_jsonl_1m.read", reading, "s");
	figure("check_jsonl_1m.read_pace", (double)size / reading / 1e6, "MB/s");
	figure("check_jsonl_1m", judging, "s, judged");
}

static void histories(void)
{
	others("check_etcd_30", "tests/data/histories/porcupine/jepsen/*.log", 17);
	others("check_redis_latency", "tests/data/histories/redis/redis-extreme*/history.txt", 1);
	a_million_operations();
}

/* ---- The judge of histories, in runs and of histories made up -------------------------------- */

static int by_size(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* What judging the history of a run again costs, of what the run had cost. */
static void witness_share(struct theatre *theatre)
{
	enum { RUNS = 1000 };
	static double shares[RUNS];

	if (!wanted("check_witness"))
		return;
	struct linearizability_room *room = linearizability_room();
	struct scenario *scenario = scenario_of("nodes: 3", writes_100, "run: {duration: 10s}");

	for (unsigned i = 0; i < RUNS; i++) {
		struct run_options options = {.seed = i + 1, .duration_max = scenario->duration};
		struct run_result result;
		struct linearizability found;
		struct operation *operations;
		double start = seconds();

		run_scenario(theatre, scenario, &options, &result);
		double ran = seconds();
		size_t count = operations_of(theatre_world(theatre), room, &operations);

		linearizable(room, scenario->groups[0].app->model, operations, count, 1000, &found);
		shares[i] = 100 * (seconds() - ran) / (ran - start);
		must_hold("check_witness", &result);
		dirty |= !found.by_witness;
	}
	qsort(shares, RUNS, sizeof(double), by_size);
	figure("check_witness", (shares[RUNS / 2 - 1] + shares[RUNS / 2]) / 2,
	       "% of a run of 10 s, median");
	figure("check_witness.p99", shares[RUNS * 99 / 100], "%");
	linearizability_room_free(room);
	scenario_free(scenario);
}

int main(int argc, char **argv)
{
	if (argc > 2)
		only = argv[2];
	table = argc > 1 ? fopen(argv[1], "w") : NULL;
	if (!table) {
		fprintf(stderr, "usage: bench FILE.tsv [PART]\n");
		return 2;
	}
	histories(); /* first: the arena would count as their memory */
	struct theatre *theatre = theatre_open(ARENA_BASE);

	if (!theatre)
		return 2;
	ceiling();
	paces(theatre);
	leader_kill(theatre);
	flat(theatre);
	snapshots(theatre);
	witness_share(theatre);
	theatre_close(theatre);
	dirty |= !history_figures(only, seconds, figure);
	return fclose(table) != 0 || dirty;
}
