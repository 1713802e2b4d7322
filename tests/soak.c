/*
 * The long look, for two claims that a handful of seeds can't carry: nobody innocent is convicted,
 * and nobody guilty gets away.
 *
 * A healthy scenario runs over many seeds, and no judge may object or be unable to tell. A file of
 * the zoo runs its hunt in thirty ranges of seeds that share none, and its judge must convict in 27
 * of them; then the same seeds with the bug off, as a healthy one. A file with a bug and no
 * violation expected is a control: it must be as clean with the bug as without.
 *
 * Runs under a nemesis share a number among their files. They must be clean, and they must have
 * been chaos: in the median run enough was answered and enough went wrong, and over all of them
 * each kind of fault that a protocol claims to survive has fired.
 *
 * What the fault model excuses leaves a run unknown. In a scenario that goes beyond the model, and
 * says so, such runs must be there; in any other they are as bad as all that is unknown.
 *
 * Who only ever says "clean" may be blind. So a canary comes first: a cluster with a known bug,
 * taken for a healthy one, must be found wanting; and so must a hunt for a bug that is not there.
 *
 * Two processes share the work; reports are merged in the order of the seeds, and what is printed
 * does not depend on which came first.
 *
 * usage: soak [--seeds N] [SCENARIO...] [--zoo FILE...] [--chaos N FILE...]
 */
#include "sim/cli/child.h"
#include "sim/cli/progress.h"
#include "sim/results/judgement.h"

#include <inttypes.h>
#include <stdlib.h>

enum { WORKERS = 2, RANGES = 30, RANGES_NEEDED = 27, FINDINGS_MAX = 3, PROTOCOLS_MAX = 16 };
enum { COMPLETED_NEEDED = 500, FIRED_NEEDED = 5 }; /* in the median run under a nemesis */
enum { EXIT_GOOD, EXIT_SHORT, EXIT_USAGE, EXIT_INTERRUPTED = 130 };

/* ---- In a worker: runs ----------------------------------------------------------------------- */

/* So many reports: each of one run, or of a hunt through `within` seeds. */
struct task {
	const struct scenario *scenario;
	uint64_t reports, within;
	enum judge of;
	unsigned worker; /* makes reports worker, worker + WORKERS, ... */
};

struct report {
	uint64_t runs;
	struct run_result last;
	char unmet[REASON_MAX]; /* of the last run: an expectation; or empty */
	uint64_t sometimes[GROUPS_MAX];
	uint64_t fired[FAULT_KINDS];
};

static void note_situations(struct theatre *theatre, struct report *report)
{
	struct world *world = theatre_world(theatre);

	memcpy(report->sometimes, world->sometimes, sizeof(report->sometimes));
	for (unsigned i = 0; i < faults_count(world); i++) {
		const struct fault_state *state = faults_state(world, i);

		if (state->state == FAULT_ACTIVE || state->state == FAULT_OVER)
			report->fired[faults_fault(world, i)->kind]++;
	}
}

static void note_unmet(struct theatre *theatre, const struct scenario *scenario,
		       struct report *report)
{
	char text[EXPECTATION_TEXT_MAX];
	struct judgement judgement;
	struct metrics metrics;

	metrics_of(theatre, scenario, &report->last, &metrics);
	judge_run(scenario, &report->last, &metrics, &judgement);
	metrics_free(&metrics);
	for (unsigned i = 0; i < scenario->expectation_count; i++)
		if (judgement.outcome[i] >= UNSETTLED && !report->unmet[0])
			snprintf(report->unmet, REASON_MAX, "%s: %.60s",
				 expectation_text(&scenario->expect[i], text), judgement.why[i]);
}

static void work(int to, void *context)
{
	const struct task *task = context;
	struct theatre *theatre = theatre_open(ARENA_BASE);
	static struct report report;

	if (!theatre)
		return;
	for (uint64_t i = task->worker; i < task->reports; i += WORKERS) {
		struct run_options options = {.seed = 1 + i * task->within};

		memset(&report, 0, sizeof(report));
		do {
			run_scenario(theatre, task->scenario, &options, &report.last);
			options.seed++;
		} while (++report.runs < task->within &&
			 report.last.check.verdict[task->of] != VIOLATED);
		note_situations(theatre, &report);
		note_unmet(theatre, task->scenario, &report);
		if (!child_tell(to, &report, sizeof(report)))
			break;
	}
	theatre_close(theatre);
}

/* ---- In the parent: what they come to -------------------------------------------------------- */

/* How often each value was seen: for medians. */
enum { SPREAD_MAX = 1 << 14 };
struct spread {
	uint32_t times[SPREAD_MAX], seen;
};

static void spread_add(struct spread *spread, uint64_t value)
{
	spread->times[value < SPREAD_MAX ? value : SPREAD_MAX - 1]++;
	spread->seen++;
}

static unsigned median(const struct spread *spread)
{
	unsigned value = 0;

	for (uint64_t below = spread->times[0]; 2 * below < spread->seen;)
		below += spread->times[++value];
	return value;
}

struct tally {
	uint64_t runs, violated, unknown, unmet, excused, events;
	struct workload_counts operations;
	uint64_t checks[JUDGES], fired[FAULT_KINDS], sometimes[GROUPS_MAX];
	struct spread completed_a_run, fired_a_run;
	unsigned finding_count;
	char finding[FINDINGS_MAX][SENTENCE_MAX + 64];
	/* Of a hunt. */
	unsigned convicted;
	struct spread tries; /* until the conviction; one more than `within`: there was none */
};

static bool clean(const struct tally *tally)
{
	return tally->runs && !tally->violated && !tally->unknown && !tally->unmet;
}

/* Adds one to the other; findings and what a single run was stay behind. */
static void add_tally(struct tally *sum, const struct tally *tally)
{
	sum->runs += tally->runs;
	sum->violated += tally->violated;
	sum->unknown += tally->unknown;
	sum->unmet += tally->unmet;
	sum->events += tally->events;
	sum->operations.invoked += tally->operations.invoked;
	sum->operations.ok += tally->operations.ok;
	for (unsigned i = 0; i < JUDGES; i++)
		sum->checks[i] += tally->checks[i];
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		sum->fired[i] += tally->fired[i];
}

/* The first few; the totals tell of the others. */
static void find(struct tally *tally, uint64_t seed, const char *what, const char *why)
{
	if (tally->finding_count < FINDINGS_MAX)
		snprintf(tally->finding[tally->finding_count++], sizeof(tally->finding[0]),
			 "seed %" PRIu64 " %s: %s", seed, what, why);
}

/* Does a nemesis do more than the protocol claims to survive? */
static bool goes_beyond(const struct scenario *scenario)
{
	bool beyond = false;

	for (unsigned i = 0; i < scenario->nemesis_count; i++)
		beyond |= scenario->nemeses[i].beyond_model;
	return beyond;
}

static void add_run(struct tally *tally, const struct task *task, const struct report *report)
{
	const struct run_result *run = &report->last;

	tally->runs++;
	tally->events += run->events;
	spread_add(&tally->completed_a_run, run->operations.ok);
	spread_add(&tally->fired_a_run, run->faults_fired);
	tally->operations.invoked += run->operations.invoked;
	tally->operations.ok += run->operations.ok;
	for (unsigned i = 0; i < JUDGES; i++)
		tally->checks[i] += run->check.checks[i];
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		tally->fired[i] += report->fired[i];
	for (unsigned i = 0; i < GROUPS_MAX; i++)
		tally->sometimes[i] |= report->sometimes[i];
	if (run->check.violated) {
		tally->violated++;
		find(tally, run->seed, "is violated", run->check.first.sentence);
	} else if (run->check.excused && goes_beyond(task->scenario)) {
		tally->excused++;
	} else if (run->verdict != HOLDS) {
		tally->unknown++;
		find(tally, run->seed, "is unknown", run->reason);
	} else if (report->unmet[0]) {
		tally->unmet++;
		find(tally, run->seed, "does not meet", report->unmet);
	}
}

static void add_hunt(struct tally *tally, const struct task *task, const struct report *report)
{
	bool convicted = report->last.check.verdict[task->of] == VIOLATED;

	tally->runs += report->runs;
	tally->convicted += convicted;
	spread_add(&tally->tries, convicted ? report->runs : task->within + 1);
}

typedef void add_report(struct tally *, const struct task *, const struct report *);

static _Noreturn void give_up(struct child *workers, int status, const char *why)
{
	for (unsigned w = 0; w < WORKERS; w++)
		child_kill(&workers[w]);
	printf("\nsoak: %s\n", why);
	exit(status);
}

static void perform(const struct task *task, add_report *add, struct tally *tally)
{
	struct task tasks[WORKERS];
	struct child workers[WORKERS] = {0};
	struct progress progress;
	static struct report report;

	memset(tally, 0, sizeof(*tally));
	for (unsigned w = 0; w < WORKERS; w++) {
		tasks[w] = *task;
		tasks[w].worker = w;
		if (!child_start(&workers[w], work, &tasks[w]))
			give_up(workers, EXIT_SHORT, "the machine has no process for a worker");
	}
	progress_begin(&progress);
	for (uint64_t i = 0; i < task->reports; i++) {
		switch (child_read(&workers[i % WORKERS], &report, sizeof(report))) {
		case HEARD: add(tally, task, &report); break;
		case HEARD_NOTHING_MORE:
			printf("died at report %" PRIu64, i);
			give_up(workers, EXIT_SHORT, "a worker died");
		case HEARD_INTERRUPT: give_up(workers, EXIT_INTERRUPTED, "interrupted");
		}
		progress_show(&progress, task->scenario->name, i + 1, task->reports, 0);
	}
	progress_end(&progress);
	for (unsigned w = 0; w < WORKERS; w++)
		child_end(&workers[w]);
}

static void run_many(const struct scenario *scenario, uint64_t seeds, struct tally *tally)
{
	const struct task task = {.scenario = scenario, .reports = seeds, .within = 1};

	perform(&task, add_run, tally);
}

/* The violation that is expected; NULL: none is. */
static const struct expectation *prey(const struct scenario *scenario)
{
	for (unsigned i = 0; i < scenario->expectation_count; i++)
		if (scenario->expect[i].kind == EXPECT_VIOLATION)
			return &scenario->expect[i];
	return NULL;
}

static bool hunt(const struct scenario *scenario, struct tally *tally)
{
	const struct expectation *expect = prey(scenario);
	const struct task task = {.scenario = scenario,
				  .reports = RANGES,
				  .within = expect->within_seeds,
				  .of = expect->of};

	perform(&task, add_hunt, tally);
	return tally->convicted >= RANGES_NEEDED;
}

static void turn_bugs_off(struct scenario *scenario)
{
	for (unsigned i = 0; i < scenario->group_count; i++)
		memset(scenario->groups[i].bugs, 0, sizeof(scenario->groups[i].bugs));
}

/* ---- The canary ------------------------------------------------------------------------------ */

static struct scenario *parse(const char *text)
{
	struct complaints complaints = {0};
	struct scenario *scenario = scenario_parse("canary", text, strlen(text), &complaints);

	if (!scenario) {
		complaints_print(stdout, "canary", text, &complaints);
		exit(EXIT_SHORT);
	}
	return scenario;
}

#define CANARY                                                                                     \
	"scenario: 1\n"                                                                            \
	"name: canary\n"                                                                           \
	"cluster: {protocol: raft, nodes: 3, app: register}\n"                                     \
	"network: {default: {latency: \"uniform(1ms, 5ms)\"}}\n"                                   \
	"workload: {clients: 2, rate: 50/s, arrival: poisson, keys: 2,\n"                          \
	"  mix: {read: 50%, write: 50%}}\n"                                                        \
	"faults: [{at: 1s, partition: [[follower], [rest]], for: 2s}]\n"                           \
	"bugs: [raft.ignores-log]\n"

/* Twenty seeds each: of a bug as if it were health, of health as if there were a bug, and of a run
 * that has no room to end. */
static bool canary(void)
{
	struct scenario *sick = parse(CANARY "run: {duration: 5s}\nexpect: [safe]\n");
	struct scenario *hunted = parse(CANARY
					"run: {duration: 5s}\n"
					"expect: [{violation: {of: vote-once, within: 1}}]\n");
	struct scenario *stunted = parse(CANARY "run: {duration: 5s, max_events: 100}\n"
						"expect: [safe]\n");
	struct tally tally;
	bool sees = true;

	run_many(sick, 20, &tally);
	sees &= !clean(&tally) && tally.violated > 0 && tally.finding_count > 0;
	sees &= !hunt(hunted, &tally) && tally.convicted == 0;
	turn_bugs_off(sick);
	run_many(sick, 20, &tally);
	sees &= clean(&tally);
	run_many(stunted, 20, &tally);
	sees &= !clean(&tally) && tally.unknown == 20;
	scenario_free(sick);
	scenario_free(hunted);
	scenario_free(stunted);
	return sees;
}

/* ---- Over all scenarios ---------------------------------------------------------------------- */

struct soak {
	uint64_t seeds, runs, hunted, operations, checks;
	unsigned shortfalls;
	unsigned protocol_count;
	struct situations {
		const struct protocol *protocol;
		uint64_t seen;
	} protocols[PROTOCOLS_MAX];
	struct chaos {
		struct tally sum;
		uint64_t kinds; /* of faults, that some nemesis may draw */
	} chaos;
};

static void add_situations(struct soak *soak, const struct scenario *scenario,
			   const struct tally *tally)
{
	for (unsigned g = 0; g < scenario->group_count; g++) {
		unsigned at = 0;

		while (at < soak->protocol_count &&
		       soak->protocols[at].protocol != scenario->groups[g].protocol)
			at++;
		if (at == PROTOCOLS_MAX)
			continue;
		if (at == soak->protocol_count)
			soak->protocols[soak->protocol_count++].protocol =
				scenario->groups[g].protocol;
		soak->protocols[at].seen |= tally->sometimes[g];
	}
}

static void print_numbers(const struct tally *tally)
{
	printf("  runs %" PRIu64 ", events %" PRIu64 ", operations %" PRIu64 " of %" PRIu64 "\n",
	       tally->runs, tally->events, tally->operations.ok, tally->operations.invoked);
	fputs("  faults fired:", stdout);
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		if (tally->fired[i])
			printf(" %s %" PRIu64, fault_kinds[i].name, tally->fired[i]);
	fputs("\n  checks:", stdout);
	for (unsigned i = 0; i < JUDGES; i++)
		if (tally->checks[i])
			printf(" %s %" PRIu64, judges[i].name, tally->checks[i]);
	fputc('\n', stdout);
}

static void print_findings(const struct tally *tally)
{
	for (unsigned i = 0; i < tally->finding_count; i++)
		printf("  %s\n", tally->finding[i]);
}

/* Ends the line that names the scenario. */
static void conclude(struct soak *soak, const struct tally *tally)
{
	soak->runs += tally->runs;
	soak->operations += tally->operations.ok;
	for (unsigned i = 0; i < JUDGES; i++)
		soak->checks += tally->checks[i];
	soak->shortfalls += !clean(tally);
	printf("%s: %" PRIu64 " runs, %" PRIu64 " violated, %" PRIu64 " unknown, %" PRIu64
	       " unmet\n",
	       clean(tally) ? "clean" : "NOT CLEAN", tally->runs, tally->violated, tally->unknown,
	       tally->unmet);
	print_findings(tally);
}

static void soak_healthy(struct soak *soak, const struct scenario *scenario)
{
	struct tally tally;

	printf("%s ", scenario->name);
	if (scenario_buggy(scenario)) {
		printf("NOT CLEAN: a bug is on\n");
		soak->shortfalls++;
		return;
	}
	run_many(scenario, soak->seeds, &tally);
	conclude(soak, &tally);
	if (goes_beyond(scenario)) {
		printf("  excused, for it goes beyond the model: %" PRIu64 "%s\n", tally.excused,
		       tally.excused ? "" : ": NONE");
		soak->shortfalls += !tally.excused;
	}
	print_numbers(&tally);
	add_situations(soak, scenario, &tally);
	fflush(stdout);
}

static void soak_zoo(struct soak *soak, struct scenario *scenario)
{
	const struct expectation *expect = prey(scenario);
	struct tally tally;

	if (!expect) {
		printf("%s control ", scenario->name);
		run_many(scenario, soak->seeds, &tally);
		conclude(soak, &tally);
	} else {
		bool enough = hunt(scenario, &tally);

		soak->hunted += tally.runs;
		soak->shortfalls += !enough;
		printf("%s %s convicted %u/%d within %" PRIu32 ", median %u%s\n", scenario->name,
		       judges[expect->of].name, tally.convicted, RANGES, expect->within_seeds,
		       median(&tally.tries), enough ? "" : ": TOO SELDOM");
	}
	turn_bugs_off(scenario);
	printf("%s without the bug ", scenario->name);
	run_many(scenario, soak->seeds, &tally);
	conclude(soak, &tally);
	fflush(stdout);
}

/* Kinds of faults that a nemesis may draw in this scenario. */
static uint64_t kinds_survived(const struct scenario *scenario)
{
	uint64_t kinds = 0;

	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		bool beyond = false;

		for (unsigned g = 0; g < scenario->group_count; g++)
			beyond |= fault_beyond((enum fault_number)i, scenario->groups[g].protocol,
					       scenario->disk.crash) != NULL;
		kinds |= (uint64_t)!beyond << i;
	}
	return kinds;
}

static void soak_under_nemesis(struct soak *soak, const struct scenario *scenario, uint64_t runs)
{
	struct chaos *chaos = &soak->chaos;
	struct tally tally;

	printf("%s ", scenario->name);
	run_many(scenario, runs, &tally);
	conclude(soak, &tally);
	print_numbers(&tally);
	unsigned completed = median(&tally.completed_a_run), fired = median(&tally.fired_a_run);
	bool enough = completed >= COMPLETED_NEEDED && fired >= FIRED_NEEDED;

	printf("  the median run: %u operations completed, %u faults fired%s\n", completed, fired,
	       enough ? "" : ": TOO FEW");
	soak->shortfalls += !enough;
	add_situations(soak, scenario, &tally);
	add_tally(&chaos->sum, &tally);
	chaos->kinds |= kinds_survived(scenario);
	fflush(stdout);
}

/* What is claimed to be survived must have been tried. */
static void print_chaos(struct soak *soak)
{
	const struct chaos *chaos = &soak->chaos;
	const struct tally *sum = &chaos->sum;

	if (!sum->runs)
		return;
	printf("under nemeses: %" PRIu64 " runs, %" PRIu64 " violated, %" PRIu64
	       " unknown, %" PRIu64 " unmet\n",
	       sum->runs, sum->violated, sum->unknown, sum->unmet);
	print_numbers(sum);
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		if (chaos->kinds >> i & 1 && !sum->fired[i]) {
			printf("  fault NEVER fired: %s\n", fault_kinds[i].name);
			soak->shortfalls++;
		}
}

/* A situation that never occurs is one that nothing has been tried in. */
static void print_situations(struct soak *soak)
{
	for (unsigned i = 0; i < soak->protocol_count; i++) {
		const struct situations *of = &soak->protocols[i];
		const struct sometimes *list = of->protocol->sometimes;

		for (unsigned s = 0; list && list[s].name; s++) {
			bool seen = of->seen >> s & 1;

			printf("%s %s: %s\n", of->protocol->name, seen ? "sometimes" : "NEVER",
			       list[s].name);
			soak->shortfalls += !seen;
		}
	}
}

static struct scenario *read_file(const char *path)
{
	struct complaints complaints = {0};
	struct scenario *scenario = scenario_read(path, &complaints);

	if (!scenario) {
		complaints_print(stdout, path, NULL, &complaints);
		exit(EXIT_USAGE);
	}
	return scenario;
}

/* What is done with the files that follow. */
enum section { HEALTHY, ZOO, CHAOS };

static void soak_file(struct soak *soak, enum section section, const char *path, uint64_t runs)
{
	struct scenario *scenario = read_file(path);

	switch (section) {
	case HEALTHY: soak_healthy(soak, scenario); break;
	case ZOO: soak_zoo(soak, scenario); break;
	case CHAOS: soak_under_nemesis(soak, scenario, runs); break;
	}
	scenario_free(scenario);
}

static int usage(void)
{
	fprintf(stderr, "usage: soak [--seeds N] [SCENARIO...] [--zoo FILE...]"
			" [--chaos N FILE...]\n");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static struct soak soak = {.seeds = 1000};
	enum section section = HEALTHY;
	uint64_t runs = 0; /* of each file of chaos */

	if (argc < 2)
		return usage();
	if (!interrupts_watch() || !canary()) {
		printf("soak: the canary lives: what is said here would mean nothing\n");
		return EXIT_SHORT;
	}
	for (int at = 1; at < argc; at++) {
		bool more = at + 1 < argc;

		if (!strcmp(argv[at], "--seeds") && more) {
			soak.seeds = strtoull(argv[++at], NULL, 10);
		} else if (!strcmp(argv[at], "--zoo")) {
			section = ZOO;
		} else if (!strcmp(argv[at], "--chaos") && at + 2 < argc) {
			uint64_t files = (uint64_t)(argc - at - 2);

			section = CHAOS;
			runs = (strtoull(argv[++at], NULL, 10) + files - 1) / files;
		} else if (argv[at][0] == '-') {
			return usage();
		} else {
			soak_file(&soak, section, argv[at], runs);
		}
	}
	print_chaos(&soak);
	print_situations(&soak);
	printf("%" PRIu64 " clean looks and %" PRIu64 " runs of hunts; %" PRIu64
	       " operations completed; %" PRIu64 " checks; %u fell short\n",
	       soak.runs, soak.hunted, soak.operations, soak.checks, soak.shortfalls);
	return soak.shortfalls || !(soak.runs + soak.hunted) ? EXIT_SHORT : EXIT_GOOD;
}
