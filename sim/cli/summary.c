/*
 * What a person reads of a campaign: the verdict first, then what it rests on. Of a violation the
 * one sentence, the last lines of its trace, and the command that gives it again.
 */
#include "sim/cli/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/cli/perform.h"
#include "sim/results/stall.h"
#include "sim/results/writers.h"

/* The ring has a line more than is shown: the one that is being read. */
enum {
	TRACE_LINES = 12,
	TRACE_RING_LINES = TRACE_LINES + 1,
	TRACE_LINE_MAX = 512,
	SENTENCE_KNOWN_BY = 48
};

void folder_of(char folder[FOLDER_PATH_MAX], const struct scenario *scenario,
	       const struct campaign_options *options, uint64_t seed)
{
	snprintf(folder, FOLDER_PATH_MAX, "%s/%s/seed-%" PRIu64, options->out, scenario->name,
		 seed);
}

char *again_text(const struct campaign_options *options, uint64_t seed)
{
	char *text;

	if (asprintf(&text, "%s%s --seed %" PRIu64, options->program,
		     options->replay + strlen("ordeal"), seed) < 0)
		abort();
	return text;
}

/* ---- A violation ----------------------------------------------------------------------------- */

/* The legend at a trace's head is none. */
static bool is_event(const char *line)
{
	return line[0] != '#' && line[0] != '\n';
}

/* The lines before the one that tells the violation; the last of the file, where none does. */
static void print_trace(FILE *out, const char *path, const char *sentence)
{
	char ring[TRACE_RING_LINES][TRACE_LINE_MAX], start[SENTENCE_KNOWN_BY + 1];
	FILE *trace = fopen(path, "re");
	size_t count = 0;

	if (!trace)
		return;
	snprintf(start, sizeof(start), "%.*s", SENTENCE_KNOWN_BY, sentence);
	while (fgets(ring[count % TRACE_RING_LINES], TRACE_LINE_MAX, trace) &&
	       !strstr(ring[count % TRACE_RING_LINES], start))
		count += is_event(ring[count % TRACE_RING_LINES]);
	fclose(trace);
	for (size_t i = count < TRACE_LINES ? 0 : count - TRACE_LINES; i < count; i++)
		fprintf(out, "    | %.*s\n", (int)strcspn(ring[i % TRACE_RING_LINES], "\n"),
			ring[i % TRACE_RING_LINES]);
}

/* Of a line of the history, -1 of a fault's; a process has one operation open at a time. */
static long process_of(const char *line)
{
	static const char key[] = "\"process\":";
	const char *at = strstr(line, key);
	long process;

	return at && sscanf(at + strlen(key), "%ld", &process) == 1 ? process : -1;
}

/* The operations that no order explains, as the history has them: question and answer. */
static void print_stuck(FILE *out, const struct campaign_options *options, const char *folder,
			const struct linearizability *found)
{
	char path[FOLDER_PATH_MAX + 16], line[TRACE_LINE_MAX];
	long open[STUCK_MAX];

	snprintf(path, sizeof(path), "%s/history.jsonl", folder);
	FILE *history = fopen(path, "re");

	for (unsigned i = 0; i < STUCK_MAX; i++)
		open[i] = -1;
	for (uint32_t at = 0; history && fgets(line, sizeof(line), history); at++)
		for (unsigned i = 0; i < found->stuck_count; i++) {
			bool asked = found->stuck[i] == at;

			if (!asked && (open[i] < 0 || open[i] != process_of(line)))
				continue;
			fprintf(out, "    | %.*s\n", (int)strcspn(line, "\n"), line);
			open[i] = asked ? process_of(line) : -1;
		}
	if (history)
		fclose(history);
	fprintf(out, "    all of it: %s\n    why: %s check", path, options->program);
	shell_word(out, path);
	fputs("\n    drawn: the same, with --out DIR\n", out);
}

/* Of a run that did not finish: who waits for whom, as its verdict has it. */
static bool print_stall(FILE *out, const char *folder)
{
	char path[FOLDER_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/verdict.json", folder);
	json_t *verdict = json_load_file(path, 0, NULL);
	const json_t *stall = json_object_get(verdict, "stall");

	if (stall)
		stall_print(out, stall);
	json_decref(verdict);
	return stall != NULL;
}

static void print_evidence(FILE *out, const struct campaign_options *options, const char *folder,
			   const struct run_result *result)
{
	char path[FOLDER_PATH_MAX + 16];

	if (result->check.first.judge == JUDGE_LINEARIZABILITY) {
		fputs("    what no order explains:\n", out);
		print_stuck(out, options, folder, &result->linearizability);
		return;
	}
	snprintf(path, sizeof(path), "%s/trace.txt", folder);
	if (result->check.first.judge != JUDGE_LIVENESS || !print_stall(out, folder)) {
		fputs("    what led to it:\n", out);
		print_trace(out, path, result->check.first.sentence);
	}
	fprintf(out, "    all of it: %s\n", path);
}

static void print_again(FILE *out, const struct campaign_options *options, uint64_t seed)
{
	char *again = again_text(options, seed);

	fprintf(out, "    again: %s\n", again);
	free(again);
}

static void print_violation(FILE *out, const struct scenario *scenario,
			    const struct campaign_options *options, const struct noted *noted)
{
	const struct violation *first = &noted->record.result.check.first;
	char folder[FOLDER_PATH_MAX];

	fprintf(out, "\n  seed %" PRIu64 " violated %s:\n    %s\n", noted->seed,
		judges[first->judge].name, first->sentence);
	folder_of(folder, scenario, options, noted->seed);
	if (noted->kept)
		print_evidence(out, options, folder, &noted->record.result);
	print_again(out, options, noted->seed);
}

/* The first violation in full, the others in a line each. */
static void print_noted(FILE *out, const struct scenario *scenario,
			const struct campaign_options *options, const struct campaign *campaign)
{
	uint64_t all = campaign->violated + campaign->unmet + campaign->unknown;
	char folder[FOLDER_PATH_MAX];
	bool told = false;

	for (unsigned i = 0; i < campaign->noted_count; i++) {
		const struct noted *noted = &campaign->noted[i];
		const struct check_result *check = &noted->record.result.check;

		if (check->violated && !told) {
			print_violation(out, scenario, options, noted);
			told = true;
		} else if (check->violated) {
			fprintf(out, "\n  seed %" PRIu64 " violated %s: %s\n", noted->seed,
				judges[check->first.judge].name, check->first.sentence);
		} else {
			fprintf(out, "\n  seed %" PRIu64 " is %s: %s\n", noted->seed,
				record_verdict(scenario, &noted->record),
				record_reason(scenario, &noted->record));
			folder_of(folder, scenario, options, noted->seed);
			if (noted->kept)
				print_stall(out, folder);
			print_again(out, options, noted->seed);
		}
	}
	if (!scenario_hunts(scenario) && all > campaign->noted_count)
		fprintf(out, "\n  and %" PRIu64 " more: runs.csv has a line for each run\n",
			all - campaign->noted_count);
}

/* Of the run whose folder is worth opening first. */
static void print_inspection(FILE *out, const struct scenario *scenario,
			     const struct campaign_options *options,
			     const struct campaign *campaign)
{
	char folder[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX + 16], line[TRACE_LINE_MAX];

	folder_of(folder, scenario, options, campaign->latest);
	snprintf(path, sizeof(path), "%s/" INSPECT_FILE, folder);
	FILE *file = fopen(path, "re");

	fprintf(out, "\n  seed %" PRIu64 ":\n", campaign->latest);
	while (file && fgets(line, sizeof(line), file))
		fprintf(out, line[0] == '\n' ? "%s" : "  %s", line);
	if (file)
		fclose(file);
}

/* ---- What the verdict rests on --------------------------------------------------------------- */

/* Where runs were to end: did they? */
static void print_until(FILE *out, const struct campaign_options *options,
			const struct campaign *campaign)
{
	bool many = campaign->runs > 1;

	if (campaign->cut_short && many)
		fprintf(out, "; %" PRIu64 " cut short", campaign->cut_short);
	else if (campaign->cut_short)
		fprintf(out, "; cut short");
	if (campaign->cut_short)
		fprintf(out, " by --until %s", options->until_text);
	if (campaign->ended_before && many)
		fprintf(out, "; %" PRIu64, campaign->ended_before);
	else if (campaign->ended_before)
		fputs("; it", out);
	if (campaign->ended_before)
		fprintf(out, " ended before --until %s", options->until_text);
}

static void print_runs(FILE *out, const struct campaign_options *options,
		       const struct campaign *campaign)
{
	char time[DURATION_TEXT_MAX];
	uint64_t last = campaign->first + campaign->runs - 1;

	if (campaign->runs == 1)
		fprintf(out, "  run           seed %" PRIu64, campaign->first);
	else
		fprintf(out, "  runs          %" PRIu64 ", seeds %" PRIu64 "..%" PRIu64,
			campaign->runs, campaign->first, last);
	if (campaign->runs < campaign->planned)
		fprintf(out, " (of %" PRIu64 ")", campaign->planned);
	fprintf(out, ": %" PRIu64 " events in %s of simulated time", campaign->events,
		duration_text(campaign->simulated, time));
	if (campaign->died)
		fprintf(out, "; %" PRIu64 " died", campaign->died);
	print_until(out, options, campaign);
	fputc('\n', out);
}

enum fulfilment expectation_over_all(const struct scenario *scenario,
				     const struct campaign *campaign, unsigned i)
{
	const struct campaign_expectation *found = &campaign->expectation[i];
	enum fulfilment worst = found->judged ? found->worst : NOT_JUDGED;

	/* What no run of a hunt brought about is missing from all of them together. */
	if (judged_expectation(scenario, i).kind == EXPECT_VIOLATION && worst != MET &&
	    !campaign->cut_short)
		return UNMET;
	return worst;
}

static void print_expectation(FILE *out, const struct scenario *scenario,
			      const struct campaign *campaign, unsigned i)
{
	const struct campaign_expectation *found = &campaign->expectation[i];
	const struct expectation expect = judged_expectation(scenario, i);
	enum fulfilment worst = expectation_over_all(scenario, campaign, i);
	char text[EXPECTATION_TEXT_MAX];

	fprintf(out, "  %-13s %-34s %s", i ? "" : "expected", expectation_text(&expect, text),
		fulfilment_names[worst]);
	if (found->why[0] && worst == found->worst)
		fprintf(out, ": %s", found->why);
	if (found->why[0] && worst == found->worst && campaign->runs > 1)
		fprintf(out, " (%sseed %" PRIu64 ")", found->badness != 0 ? "at worst, " : "",
			found->seed);
	fputc('\n', out);
}

static void print_expectations(FILE *out, const struct scenario *scenario,
			       const struct campaign *campaign)
{
	for (unsigned i = 0; i < scenario->expectation_count; i++)
		print_expectation(out, scenario, campaign, i);
}

enum verdict judge_over_all(const struct campaign *campaign, unsigned judge)
{
	static const enum verdict order[] = {VIOLATED, UNKNOWN, HOLDS};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (campaign->verdicts[judge][order[i]])
			return order[i];
	return NOT_EXERCISED;
}

static void print_idle_judges(FILE *out, const struct campaign *campaign)
{
	const char *before = "  not exercised ";

	for (unsigned i = 0; i < JUDGES; i++) {
		if (judge_over_all(campaign, i) != NOT_EXERCISED)
			continue;
		fprintf(out, "%s%s", before, judges[i].name);
		before = ", ";
	}
	if (before[0] == ',')
		fputc('\n', out);
}

static void print_judges(FILE *out, const struct campaign *campaign)
{
	const char *heading = "judges";

	for (unsigned i = 0; i < JUDGES; i++) {
		enum verdict verdict = judge_over_all(campaign, i);

		if (verdict == NOT_EXERCISED)
			continue;
		fprintf(out, "  %-13s %-22s %-9s %12" PRIu64 " checks", heading, judges[i].name,
			verdict_names[verdict], campaign->checks[i]);
		if (verdict != HOLDS && campaign->runs > 1)
			fprintf(out, ", in %" PRIu64 " of %" PRIu64 " runs",
				campaign->verdicts[i][verdict], campaign->runs);
		fputc('\n', out);
		heading = "";
	}
	print_idle_judges(out, campaign);
}

static void print_operations(FILE *out, const struct campaign *campaign)
{
	const struct workload_counts *operations = &campaign->operations;
	const struct metrics *sample = &campaign->sample.metrics;
	char p50[DURATION_TEXT_MAX], p99[DURATION_TEXT_MAX], most[DURATION_TEXT_MAX];

	if (!operations->invoked)
		return;
	/* Cut off, not rounded: what is not all must not read as 100%. */
	uint64_t hundredths = operations->ok * 10000 / operations->invoked;

	fprintf(out,
		"  operations    %" PRIu64 " invoked: %" PRIu64 " ok (%.2f%%), %" PRIu64
		" failed, %" PRIu64 " unknown%s\n",
		operations->invoked, operations->ok, (double)hundredths / 100, operations->failed,
		operations->unknown, campaign->cut_short ? ", with what was open at the cut" : "");
	if (campaign->runs == 1 && sample->p50 >= 0)
		fprintf(out, "  latency       median %s, 99%% within %s, at most %s\n",
			duration_text(sample->p50, p50), duration_text(sample->p99, p99),
			duration_text(sample->max, most));
}

static void print_faults(FILE *out, const struct scenario *scenario,
			 const struct campaign *campaign)
{
	if (!scenario->fault_count && !scenario->nemesis_count)
		return;
	fprintf(out, "  faults        %" PRIu64 " fired", campaign->faults_fired);
	if (campaign->faults_drawn)
		fprintf(out, ", %" PRIu64 " of them drawn", campaign->faults_drawn);
	if (campaign->faults_never_fired)
		fprintf(out, ", %" PRIu64 " never did", campaign->faults_never_fired);
	fputc('\n', out);
}

/* Of one run whose heal left somebody behind, as its verdict has it. */
static void print_heal(FILE *out, const struct scenario *scenario,
		       const struct campaign_options *options, const struct campaign *campaign)
{
	char folder[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX + 16];

	if (campaign->runs > 1 || scenario->heal_mode == HEAL_ALL)
		return;
	folder_of(folder, scenario, options, campaign->latest);
	snprintf(path, sizeof(path), "%s/verdict.json", folder);
	json_t *verdict = json_load_file(path, 0, NULL);
	const json_t *heal = json_object_get(verdict, "heal");
	const char *what = json_string_value(json_object_get(heal, "what"));

	if (what)
		fprintf(out, "  heal          %s\n", what);
	json_decref(verdict);
}

static void print_place(FILE *out, const struct scenario *scenario,
			const struct campaign_options *options, const struct campaign *campaign)
{
	const char *end = campaign->runs > 1 ? " and runs.csv beside it" : "";

	if (campaign->sample.died)
		return;
	fprintf(out, "  results       %s/%s/seed-%" PRIu64 "%s\n", options->out, scenario->name,
		campaign->latest, end);
	fputs("  pictures     ", out);
	for (unsigned i = 0; i < PLOTS && !campaign->plots[0]; i++)
		if (scenario->plots >> i & 1)
			fprintf(out, " %s.svg", plot_names[i]);
	fprintf(out, " %s\n",
		campaign->plots[0] ? campaign->plots
		: scenario->plots  ? "(and .png) in it; what each means: .txt"
				   : "none are asked for");
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* Of a hunt that found something else: who spoke, so that `of:` can be put right. */
static void print_other_judges(FILE *out, const struct campaign *campaign)
{
	const char *before = "  convicted instead by ";

	for (unsigned i = 0; i < JUDGES; i++) {
		if (!campaign->verdicts[i][VIOLATED])
			continue;
		fprintf(out, "%s%s in %" PRIu64 " runs", before, judges[i].name,
			campaign->verdicts[i][VIOLATED]);
		before = ", ";
	}
	fputs(before[0] == ',' ? "\n" : "  convicted by nobody\n", out);
}

static const char *headline(const struct scenario *scenario, const struct campaign *campaign)
{
	switch (campaign->status) {
	case STATUS_HELD:
		if (scenario_hunts(scenario))
			return "convicted, as expected";
		return campaign->cut_short ? "holds, as far as it went" : "holds";
	case STATUS_VIOLATED:
		if (scenario_hunts(scenario))
			return "NOT CONVICTED as expected";
		return campaign->violated ? "VIOLATED" : "UNMET";
	case STATUS_INCONCLUSIVE: return "UNKNOWN";
	case STATUS_INTERRUPTED: return "interrupted; what was finished is kept";
	case STATUS_DEFECT: return "DEFECT of ordeal's own";
	default: return "stopped";
	}
}

void summary_print(FILE *out, const struct scenario *scenario,
		   const struct campaign_options *options, const struct campaign *campaign,
		   bool quiet)
{
	if (campaign->runs == 0 || (quiet && campaign->status == STATUS_HELD))
		return;
	fprintf(out, "%s: %s\n", scenario->name, headline(scenario, campaign));
	if (scenario->shows && scenario->shows[0])
		fprintf(out, "  %s\n", scenario->shows);
	print_runs(out, options, campaign);
	if (campaign->died < campaign->runs)
		print_expectations(out, scenario, campaign);
	if (campaign->died < campaign->runs && !quiet) {
		print_judges(out, campaign);
		print_operations(out, campaign);
		print_faults(out, scenario, campaign);
		print_heal(out, scenario, options, campaign);
		print_place(out, scenario, options, campaign);
	}
	if (campaign->status == STATUS_VIOLATED && scenario_hunts(scenario))
		print_other_judges(out, campaign);
	print_noted(out, scenario, options, campaign);
	if (options->inspect)
		print_inspection(out, scenario, options, campaign);
	fputc('\n', out);
}
