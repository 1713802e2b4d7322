/* `ordeal run`: scenarios, judged, with their results and pictures. Here are its options, and the
 * way from one file to one campaign; campaign.c does the runs. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/campaign.h"
#include "sim/cli/child.h"
#include "sim/cli/cli.h"
#include "sim/cli/file.h"
#include "sim/cli/progress.h"
#include "sim/cli/summary.h"
#include "sim/plugin/plugin.h"

enum { BUGS_MAX = 32 };

struct settings {
	unsigned seeds_given; /* how often */
	unsigned inspected;   /* the highest of the processes that were named */
	bool quiet, json, bugs_off;
	bool range_given;  /* seeds with an end */
	int64_t budget_ms; /* of wall-clock time, for all files; 0: none */
	json_t *files;     /* what `json` tells of each */
	const char *bugs[BUGS_MAX];
	unsigned bug_count;
	struct campaign_options campaign;
};

/* ---- Options --------------------------------------------------------------------------------- */

static bool take_seed(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;
	unsigned long long seed;

	if (!parse_count(value, INT64_MAX, &seed)) {
		snprintf(complaint, COMPLAINT_MAX, "a seed is a number from 0 to 2^63-1");
		return false;
	}
	settings->seeds_given++;
	settings->campaign.first = settings->campaign.last = seed;
	return true;
}

static bool take_seeds(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;
	const char *dots = strstr(value, "..");
	unsigned long long first, last;
	char start[32] = "";

	if (!dots)
		return take_seed(context, value, complaint);
	snprintf(start, sizeof(start), "%.*s", (int)(dots - value), value);
	if (!parse_count(start, INT64_MAX, &first) || !parse_count(dots + 2, INT64_MAX, &last) ||
	    last < first || last - first >= SEEDS_MAX) {
		snprintf(complaint, COMPLAINT_MAX,
			 "seeds are a range A..B, both included, of at most a billion: 1..1000");
		return false;
	}
	settings->seeds_given++;
	settings->range_given = true;
	settings->campaign.first = first;
	settings->campaign.last = last;
	return true;
}

static bool take_for(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;
	nanoseconds budget = 0;

	if (!parse_duration(value, &budget) || budget < 1000000) {
		snprintf(complaint, COMPLAINT_MAX,
			 "a time is a number with its unit, at least 1ms: 30s, 10m, 8h");
		return false;
	}
	settings->budget_ms = budget / 1000000;
	return true;
}

static bool take_jobs(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;
	unsigned long long jobs;

	if (!parse_count(value, JOBS_MAX, &jobs) || jobs == 0) {
		snprintf(complaint, COMPLAINT_MAX, "jobs are a number from 1 to %d", JOBS_MAX);
		return false;
	}
	settings->campaign.jobs = (unsigned)jobs;
	return true;
}

/* A time has a unit, an event has none. */
static bool take_until(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;
	struct campaign_options *campaign = &settings->campaign;
	unsigned long long event = 0;

	campaign->until = 0;
	if (!(parse_count(value, INT64_MAX, &event) && event > 0) &&
	    (!parse_duration(value, &campaign->until) || campaign->until <= 0)) {
		snprintf(complaint, COMPLAINT_MAX,
			 "a time is a number with its unit, above zero (500ms, 10s, 2m), an event "
			 "a number without (317)");
		return false;
	}
	campaign->until_event = event;
	campaign->until_text = value;
	return true;
}

static bool take_inspect(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;
	unsigned long long process = 0;

	if (!strcmp(value, "all")) {
		settings->campaign.inspect = UINT64_MAX;
	} else if (value[0] == 'n' && parse_count(value + 1, PROCESSES_MAX, &process) && process) {
		settings->campaign.inspect |= (uint64_t)1 << (process - 1);
		if (process > settings->inspected)
			settings->inspected = (unsigned)process;
	} else {
		snprintf(complaint, COMPLAINT_MAX, "a process is n1 to n%d, or all", PROCESSES_MAX);
		return false;
	}
	return true;
}

static bool take_bug(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;

	if (settings->bug_count == BUGS_MAX) {
		snprintf(complaint, COMPLAINT_MAX, "at most %d bugs at once", BUGS_MAX);
		return false;
	}
	settings->bugs[settings->bug_count++] = value;
	return true;
}

static bool take_out(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;

	if (!value[0]) {
		snprintf(complaint, COMPLAINT_MAX, "a folder has a name");
		return false;
	}
	settings->campaign.out = value;
	return true;
}

static bool take_stop(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;

	(void)value, (void)complaint;
	return settings->campaign.stop_on_violation = true;
}

static bool take_json(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;

	(void)value, (void)complaint;
	return settings->json = true;
}

static bool take_trace(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;

	(void)value, (void)complaint;
	return settings->campaign.trace = true;
}

static bool take_no_bugs(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;

	(void)value, (void)complaint;
	return settings->bugs_off = true;
}

static bool take_quiet(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;

	(void)value, (void)complaint;
	return settings->quiet = true;
}

static const struct flag flags[] = {
	{"seeds", "A..B", "these seeds, both included (default: the scenario's `seeds`)",
	 take_seeds},
	{"seed", "N", "this one seed", take_seed},
	{"for", "TIME",
	 "go on, seed after seed, until so much time has passed (30s, 10m, 8h), which the\n"
	 "files share; with --seed N from that seed on: for fresh seeds each night",
	 take_for},
	{"stop-on-violation", NULL,
	 "the first run that is violated or unmet ends the seeds of its scenario", take_stop},
	{"jobs", "N", "run in so many processes (default: one a core); results don't depend on it",
	 take_jobs},
	{"until", "TIME|EVENT",
	 "end each run there: at a simulated time (500ms, 10s) or after an event, as the\n"
	 "trace numbers them (default: its own end); what needs the end is not judged",
	 take_until},
	{"inspect", "n2|all",
	 "print a process as the run left it, at its end, at --until or where it was\n"
	 "convicted: inspectors, values, log, cells, timers, what waits; may be "
	 "repeated",
	 take_inspect},
	{"bug", "NAME", "turn this planted bug on, as raft.ignores-log; may be repeated", take_bug},
	{"no-bugs", NULL, "turn the scenario's own bugs off: an expected violation becomes `safe`",
	 take_no_bugs},
	PLUGIN_FLAG,
	{"trace", NULL, "write trace.txt for each run that keeps a folder (violations always do)",
	 take_trace},
	{"out", "DIR", "where results go (default: out)", take_out},
	{"quiet", NULL, "print only what did not hold", take_quiet},
	{"json", NULL,
	 "print one JSON document instead: of each file its seeds, verdict, expectations,\n"
	 "judges; of what did not hold the folder, and the command that gives it again",
	 take_json},
	{NULL, NULL, NULL, NULL},
};

/* ---- One file -------------------------------------------------------------------------------- */

static int complain_bug(const struct scenario *scenario, const char *word)
{
	const char *names[SCENARIO_GROUPS_MAX * BUG_WORDS * 64] = {NULL};
	size_t count = 0;

	for (unsigned g = 0; g < scenario->group_count; g++) {
		const struct protocol *protocol = scenario->groups[g].protocol;

		for (const struct bug *bug = protocol->bugs; bug && bug->name; bug++) {
			char *name;

			if (asprintf(&name, "%s.%s", protocol->name, bug->name) < 0)
				abort();
			names[count++] = name;
		}
	}
	int status = complain_unknown("bug", word, names, count);

	while (count)
		free((char *)(uintptr_t)names[--count]);
	return status;
}

/* The bugs as the command line wants them; STATUS_GO_ON, or complained about. */
static int turn_bugs(struct scenario *scenario, const struct settings *settings)
{
	for (unsigned g = 0; settings->bugs_off && g < scenario->group_count; g++)
		memset(scenario->groups[g].bugs, 0, sizeof(scenario->groups[g].bugs));
	for (unsigned i = 0; i < settings->bug_count; i++)
		if (!scenario_bug(scenario, settings->bugs[i], true))
			return complain_bug(scenario, settings->bugs[i]);
	return STATUS_GO_ON;
}

/* What gives a run again: all that changes a run, and nothing that does not. Malloced. */
static char *replay_command(const struct scenario *scenario, const struct settings *settings)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fputs("ordeal run", out);
	shell_word(out, scenario->path);
	for (unsigned i = 0; plugin_path(i); i++) {
		fputs(" --plugin", out);
		shell_word(out, plugin_path(i));
	}
	if (settings->bugs_off)
		fputs(" --no-bugs", out);
	for (unsigned i = 0; i < settings->bug_count; i++) {
		fputs(" --bug", out);
		shell_word(out, settings->bugs[i]);
	}
	if (settings->campaign.until_text)
		fprintf(out, " --until %s", settings->campaign.until_text);
	fclose(out);
	return text;
}

/* How this command was called, as a shell takes it. Malloced. */
static char *program_word(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	shell_word(out, program_invocation_name);
	fclose(out);
	memmove(text, text + 1, strlen(text)); /* the space before it */
	return text;
}

static int run_scenario_file(struct scenario *scenario, const struct settings *settings)
{
	struct campaign_options options = settings->campaign;
	struct campaign *campaign = calloc(1, sizeof(*campaign));
	char *replay = replay_command(scenario, settings), *program = program_word();

	if (!campaign)
		abort();
	options.replay = replay;
	options.program = program;
	if (!settings->seeds_given) {
		options.first = scenario->first_seed;
		options.last = scenario->last_seed;
		/* A hunt that was given no seeds may take as many as it says. */
		if (scenario_hunts(scenario))
			options.last = options.first + hunt_seeds(scenario) - 1;
	}
	campaign_run(scenario, &options, campaign);
	if (settings->json)
		json_array_append_new(settings->files, summary_json(scenario, &options, campaign));
	else
		summary_print(stdout, scenario, &options, campaign, settings->quiet);
	int status = campaign->status;

	free(campaign);
	free(replay);
	free(program);
	return status;
}

/* What makes no sense together; STATUS_GO_ON, or complained about. */
static int refuse_together(const struct settings *settings)
{
	if (settings->seeds_given > 1)
		return complain_of("the seeds are given more than once; accepted: one --seed N, or "
				   "one --seeds A..B");
	if (settings->range_given && settings->budget_ms)
		return complain_of(
			"--for goes on as long as there is time, and --seeds has an end; "
			"accepted: one of them, or --seed N for the first");
	if (settings->bugs_off && settings->bug_count)
		return complain_of("--no-bugs turns off what --bug %s turns on; accepted: one of "
				   "them",
				   settings->bugs[0]);
	return STATUS_GO_ON;
}

/* Is everybody there who is to be inspected? */
static int check_inspected(const struct scenario *scenario, const struct settings *settings)
{
	unsigned nodes = 0;

	for (unsigned g = 0; g < scenario->group_count; g++)
		nodes += scenario->groups[g].nodes;
	if (settings->inspected <= nodes)
		return STATUS_GO_ON;
	return complain_of("%s: --inspect n%u: there is no such process; accepted: n1 to n%u, all",
			   scenario->path, settings->inspected, nodes);
}

static int run_file(const char *path, const struct settings *settings, const char **names,
		    unsigned *name_count)
{
	struct scenario *scenario = scenario_of_file(path, stderr);

	if (!scenario)
		return STATUS_UNUSABLE;
	for (unsigned i = 0; i < *name_count; i++) {
		if (strcmp(names[i], scenario->name) != 0)
			continue;
		scenario_free(scenario);
		return complain_of(
			"%s: there was a scenario named \"%s\" before: its results would "
			"be lost",
			path, names[i]);
	}
	names[*name_count] = strdup(scenario->name);
	if (!names[(*name_count)++])
		abort();
	int status = turn_bugs(scenario, settings);

	if (status == STATUS_GO_ON)
		status = check_inspected(scenario, settings);
	if (status == STATUS_GO_ON)
		status = run_scenario_file(scenario, settings);
	scenario_free(scenario);
	return status;
}

static int run_files(int count, char **paths, struct settings *settings)
{
	const char **names = calloc((size_t)count, sizeof(*names));
	int64_t ends = wall_ms() + settings->budget_ms;
	unsigned name_count = 0;
	int status = STATUS_HELD;

	settings->files = json_array();
	if (!names || !settings->files)
		abort();
	for (int i = 0; i < count; i++) {
		if (was_interrupted()) {
			status = STATUS_INTERRUPTED;
			break;
		}
		/* Those that are left have equal parts of the time that is left. */
		if (settings->budget_ms)
			settings->campaign.ends = ends - (ends - wall_ms()) / (count - i) *
								 (count - i - 1);
		int of_file = run_file(paths[i], settings, names, &name_count);

		if (json_array_size(settings->files) == (size_t)i)
			json_array_append_new(settings->files,
					      json_pack("{s:s, s:s, s:i}", "file", paths[i],
							"verdict", "unusable", "status", of_file));
		status = gravest(status, of_file);
	}
	while (name_count)
		free((char *)(uintptr_t)names[--name_count]);
	free(names);
	return status;
}

/* The document of `--json`. */
static void print_files(json_t *files, int status)
{
	json_t *document = json_pack("{s:i, s:O}", "status", status, "files", files);

	json_dumpf(document, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(document);
}

static int run_run(int argc, char **argv)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct settings settings = {.campaign = {.out = "out",
						 .jobs = cores < 1          ? 1
							 : cores > JOBS_MAX ? JOBS_MAX
									    : (unsigned)cores}};
	int at = 0, status = options_read(&run_command, argc, argv, &settings, &at);

	if (status != STATUS_GO_ON)
		return status;
	if (at == argc)
		return complain_of("run needs a scenario file; see: ordeal help run");
	status = refuse_together(&settings);
	if (status != STATUS_GO_ON)
		return status;
	if (!interrupts_watch()) {
		complain_of("the machine refuses to watch for interrupts: %s", strerror(errno));
		return STATUS_DEFECT;
	}
	status = run_files(argc - at, argv + at, &settings);
	if (settings.json)
		print_files(settings.files, status);
	json_decref(settings.files);
	return status;
}

static void explain_trace(FILE *out)
{
	fputs("\nA trace has a line an event:\n", out);
	world_trace_legend(out, "  ");
}

static const char *const examples[] = {
	"ordeal run scenarios/raft/calm.yaml",
	"the scenario's own seeds; pictures and verdict in out/",
	"ordeal run scenarios/zoo/*.yaml --seeds 1..50 --jobs 4",
	"many files, fifty runs each at most",
	"ordeal run scenarios/raft/calm.yaml --seed 7 --bug raft.ignores-log --trace",
	"one run of a broken protocol, with its trace",
	"ordeal run scenarios/raft/leader-crash-loop.yaml --seed 7 --until 12345 --inspect n2",
	"that run up to its 12345th event, and what n2 was then",
	"ordeal run scenarios/raft/chaos.yaml --for 10m --seed 20261121 --stop-on-violation",
	"ten minutes of fresh seeds, or less: at the first failure it ends",
	NULL,
};
const struct command run_command = {
	.name = "run",
	.usage = "run FILE... [OPTION...]",
	.summary = "run scenarios, judge them, write results",
	.what = "Runs scenarios, one run a seed, lets the judges decide what each has shown, and "
		"writes\n"
		"results and pictures.\n"
		"\n"
		"Each scenario says what it expects. One that expects a violation stops at the "
		"first\n"
		"run in which that judge convicts; with its bugs off it expects to be safe.\n"
		"\n"
		"Results go to DIR/<scenario>/seed-<n>/: verdict.json, history.jsonl, "
		"metrics.csv,\n"
		"scenario.yaml, plots, and trace.txt. The first seed keeps a folder, and so do the "
		"first\n"
		"ten others that are violated, unmet or unknown; all have a line in runs.csv. "
		"DIR/latest\n"
		"is the folder to open first. Two runs of one seed leave the same bytes.\n",
	.examples = examples,
	.flags = flags,
	.more = explain_trace,
	.run = run_run,
};
