/*
 * Performs runs in a child process.
 *
 * Runs in bulk leave no trace: one that deserves a look is performed again with its trace on, and
 * must be the same run. If its fingerprint differs, ordeal itself is at fault and says so.
 */
#include "sim/cli/perform.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/child.h"
#include "sim/results/plots.h"
#include "sim/results/writers.h"

static void perform(struct theatre *theatre, const struct scenario *scenario,
		    const struct campaign_options *options, struct run_options *run,
		    struct run_record *record, struct metrics *metrics)
{
	memset(record, 0, sizeof(*record));
	run->duration_max = options->until;
	run->events_max = options->until_event;
	run_scenario(theatre, scenario, run, &record->result);
	metrics_of(theatre, scenario, &record->result, metrics);
	judge_run(scenario, &record->result, metrics, &record->judgement);
	record->metrics = *metrics;
	record->metrics.buckets = NULL;
	record->metrics.outages = NULL;
}

void bulk_work(int to, void *context)
{
	const struct bulk *bulk = context;
	struct theatre *theatre = theatre_open(ARENA_BASE);
	struct letter *letter = calloc(1, sizeof(*letter));

	if (!letter)
		abort();
	if (!theatre) {
		letter->trouble = NO_MEMORY;
		child_tell(to, letter, sizeof(*letter));
	}
	for (uint64_t i = 0; theatre && i < bulk->count; i++) {
		struct run_options run = {.seed = bulk->first + i * bulk->step};
		struct metrics metrics;

		perform(theatre, bulk->scenario, bulk->options, &run, &letter->record, &metrics);
		metrics_free(&metrics);
		if (!child_tell(to, letter, sizeof(*letter)))
			break;
	}
	if (theatre)
		theatre_close(theatre);
	free(letter);
}

/* ---- One run with its folder ----------------------------------------------------------------- */

/* The run, with its trace in the folder where `traced`. False: a file was refused. */
static bool perform_in_folder(const struct keep *keep, struct theatre *theatre, bool traced,
			      struct run_record *record, struct metrics *metrics)
{
	struct run_options run = {.seed = keep->seed, .series = true, .watched = keep->watched};

	if (traced && !(run.trace = folder_file(keep->folder, "trace.txt")))
		return false;
	if (traced) {
		world_trace_legend(run.trace, "# ");
		fputc('\n', run.trace);
	}
	perform(theatre, keep->scenario, keep->options, &run, record, metrics);
	if (!traced || folder_close(keep->folder, run.trace, "trace.txt"))
		return true;
	metrics_free(metrics);
	return false;
}

static bool same_run(const struct run_record *a, const struct run_record *b)
{
	return a->result.fingerprint == b->result.fingerprint &&
	       a->result.events == b->result.events;
}

static enum trouble not_repeated(struct theatre *theatre, struct metrics *metrics)
{
	fputs("the last events of the run that was another:\n", stderr);
	world_trace_recent(theatre_world(theatre), stderr);
	metrics_free(metrics);
	return NOT_REPEATED;
}

/* At most twice: where the first look, without a trace, finds something. */
static enum trouble perform_kept(const struct keep *keep, struct theatre *theatre,
				 struct run_record *record, struct metrics *metrics)
{
	bool traced = keep->options->trace || keep->known || keep->watched;

	if (!perform_in_folder(keep, theatre, traced, record, metrics))
		return NOT_WRITTEN;
	if (keep->known && !same_run(keep->known, record))
		return not_repeated(theatre, metrics);
	if (traced || !worth_keeping(keep->scenario, record))
		return NO_TROUBLE;
	struct run_record first = *record;

	metrics_free(metrics);
	if (!perform_in_folder(keep, theatre, true, record, metrics))
		return NOT_WRITTEN;
	return same_run(&first, record) ? NO_TROUBLE : not_repeated(theatre, metrics);
}

static bool write_verdict(const struct keep *keep, struct theatre *theatre,
			  const struct run_record *record, const struct metrics *metrics)
{
	char *replay = NULL;
	FILE *file = folder_file(keep->folder, "verdict.json");

	if (!file)
		return false;
	if (asprintf(&replay, "%s --seed %" PRIu64, keep->options->replay, keep->seed) < 0)
		abort();
	verdict_write(file, theatre_world(theatre), keep->scenario, record, metrics,
		      theatre_stall(theatre), replay);
	free(replay);
	return folder_close(keep->folder, file, "verdict.json");
}

static bool write_history(const struct keep *keep, struct theatre *theatre)
{
	static const struct fault_words words = {fault_name, faults_describe};
	const struct scenario *scenario = keep->scenario;
	FILE *file = folder_file(keep->folder, "history.jsonl");

	if (!file)
		return false;
	history_write(theatre_world(theatre), scenario->groups[scenario->workload.group].app,
		      &words, file);
	return folder_close(keep->folder, file, "history.jsonl");
}

static bool write_tables(const struct keep *keep, struct theatre *theatre,
			 const struct metrics *metrics)
{
	FILE *file = folder_file(keep->folder, "metrics.csv");

	if (!file)
		return false;
	metrics_write(file, metrics);
	if (!folder_close(keep->folder, file, "metrics.csv"))
		return false;
	file = folder_file(keep->folder, "series.csv");
	if (!file)
		return false;
	series_write(file, theatre_world(theatre));
	return folder_close(keep->folder, file, "series.csv");
}

/* The state of processes as the run left them: at its end, or where it was convicted. */
static bool write_inspection(const struct keep *keep, struct theatre *theatre)
{
	const struct workload_setup *workload = &keep->scenario->workload;
	struct world *world = theatre_world(theatre);
	FILE *file = folder_file(keep->folder, INSPECT_FILE);

	if (!file)
		return false;
	for (unsigned id = 0; id < world->process_count; id++) {
		if (!(keep->options->inspect >> id & 1))
			continue;
		bool asked = world_process(world, (process_id)id)->group == workload->group;

		world_print_process(world, (process_id)id, asked ? workload->keys : 0, file);
		fputc('\n', file);
	}
	return folder_close(keep->folder, file, INSPECT_FILE);
}

/* The scenario as it was run, bugs of the command line included. */
static bool write_scenario(const struct keep *keep)
{
	FILE *file = folder_file(keep->folder, "scenario.yaml");
	char *text = scenario_emit(keep->scenario);

	if (file && text)
		fputs(text, file);
	free(text);
	return file && folder_close(keep->folder, file, "scenario.yaml");
}

/* From what was written, as `ordeal report` draws them. Pictures never change a verdict; only a
 * folder that takes no more bytes counts. */
static bool draw(const struct keep *keep, struct letter *letter)
{
	FILE *say = fmemopen(letter->plots, sizeof(letter->plots) - 1, "w");
	enum plots_outcome outcome = PLOTS_FAILED;
	char why[RECORDED_WHY_MAX];
	struct recorded run;

	if (recorded_read(keep->folder->now, &run, why)) {
		outcome = plots_draw(keep->folder, &run, keep->scenario->plots, say);
		recorded_free(&run);
	} else if (say) {
		fprintf(say, "plots failed: %s\n", why);
	}
	if (say)
		fclose(say);
	letter->plots[strcspn(letter->plots, "\n")] = '\0';
	return outcome != PLOTS_UNWRITTEN;
}

void keep_work(int to, void *context)
{
	const struct keep *keep = context;
	struct theatre *theatre = theatre_open(ARENA_BASE);
	struct letter *letter = calloc(1, sizeof(*letter));
	struct metrics metrics;

	if (!letter)
		abort();
	letter->trouble = theatre ? perform_kept(keep, theatre, &letter->record, &metrics)
				  : NO_MEMORY;
	if (letter->trouble == NO_TROUBLE) {
		if (!write_verdict(keep, theatre, &letter->record, &metrics) ||
		    !write_history(keep, theatre) || !write_tables(keep, theatre, &metrics) ||
		    !write_scenario(keep) ||
		    (keep->options->inspect && !write_inspection(keep, theatre)) ||
		    (keep->scenario->plots && !draw(keep, letter)))
			letter->trouble = NOT_WRITTEN;
		metrics_free(&metrics);
	}
	memcpy(letter->text, keep->folder->error, sizeof(letter->text));
	child_tell(to, letter, sizeof(*letter));
	if (theatre)
		theatre_close(theatre);
	free(letter);
}
