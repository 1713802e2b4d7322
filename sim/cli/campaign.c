/*
 * A campaign: the seeds of one scenario.
 *
 * The first seed runs in a child that fills its folder. The others are dealt to the workers in turn
 * (worker w of j takes seeds w, w + j, ...), and the parent reads the workers in turn as well: what
 * it merges, and so everything written or printed, is in the order of the seeds. A worker that dies
 * loses the one run it was at, and a new one takes over behind it; with plug-ins, that run is done
 * again, watched, for they may have broken ordeal's memory. A run worth a second look is
 * performed again in a child of its own, with trace and folder.
 */
#include "sim/cli/campaign.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/child.h"
#include "sim/cli/cli.h"
#include "sim/cli/perform.h"
#include "sim/cli/progress.h"
#include "sim/plugin/plugin.h"
#include "sim/results/writers.h"

struct crew {
	const struct scenario *scenario;
	const struct campaign_options *options;
	struct campaign *campaign;
	struct letter *letter; /* the last that was read */
	struct child workers[JOBS_MAX];
	unsigned worker_count;
	FILE *table; /* runs.csv; NULL: a single run has none */
	struct folder table_folder;
	unsigned folders;
	bool ended; /* no more runs: found, interrupted or stopped by trouble */
	struct progress progress;
};

static void stop(struct crew *crew, int status)
{
	crew->campaign->status = gravest(crew->campaign->status, status);
	crew->ended = true;
}

/* ---- Totals ---------------------------------------------------------------------------------- */

static void add_operations(struct workload_counts *sum, const struct workload_counts *more)
{
	sum->invoked += more->invoked;
	sum->ok += more->ok;
	sum->failed += more->failed;
	sum->unknown += more->unknown;
	sum->redirects += more->redirects;
	sum->not_now += more->not_now;
	sum->late += more->late;
}

/* The worst outcome stays, and what was measured worst; of an expected violation the first
 * conviction, for one is enough. */
static void add_expectation(struct crew *crew, unsigned i, const struct judgement *judgement,
			    uint64_t seed)
{
	const struct expectation *expect = &crew->scenario->expect[i];
	struct campaign_expectation *so_far = &crew->campaign->expectation[i];
	enum fulfilment now = judgement->outcome[i];
	bool worse = now > so_far->worst ||
		     (now == so_far->worst && judgement->badness[i] > so_far->badness);

	if (expect->kind == EXPECT_VIOLATION && scenario_hunts(crew->scenario)) {
		if (seed - crew->campaign->first >= expect->within_seeds)
			return;
		worse = now == MET && so_far->worst != MET;
	}
	if (so_far->judged && !worse)
		return;
	*so_far = (struct campaign_expectation){
		.judged = true, .worst = now, .badness = judgement->badness[i], .seed = seed};
	memcpy(so_far->why, judgement->why[i], REASON_MAX);
}

static void add(struct crew *crew, const struct run_record *record, uint64_t seed)
{
	const struct run_result *result = &record->result;
	struct campaign *campaign = crew->campaign;
	const char *verdict = record_verdict(crew->scenario, record);

	campaign->violated += !strcmp(verdict, "violated");
	campaign->unmet += !strcmp(verdict, "unmet");
	campaign->unknown += !strcmp(verdict, "unknown");
	campaign->cut_short += result->cut_short;
	campaign->ended_before += crew->options->until_text && !result->cut_short &&
				  !result->check.violated;
	campaign->events += result->events;
	campaign->simulated += result->ended;
	campaign->faults_fired += result->faults_fired;
	campaign->faults_drawn += result->faults_drawn;
	campaign->faults_never_fired += result->faults_never_fired;
	add_operations(&campaign->operations, &result->operations);
	for (unsigned i = 0; i < JUDGES; i++) {
		campaign->checks[i] += result->check.checks[i];
		campaign->verdicts[i][result->check.verdict[i]]++;
	}
	for (unsigned i = 0; i < crew->scenario->expectation_count; i++)
		add_expectation(crew, i, &record->judgement, seed);
}

/* A hunt is over when every violation that was expected has been found. */
static bool hunt_over(const struct crew *crew)
{
	if (!scenario_hunts(crew->scenario))
		return false;
	for (unsigned i = 0; i < crew->scenario->expectation_count; i++)
		if (crew->scenario->expect[i].kind == EXPECT_VIOLATION &&
		    (!crew->campaign->expectation[i].judged ||
		     crew->campaign->expectation[i].worst != MET))
			return false;
	return true;
}

/* Is one failure all that was asked for? */
static bool found_enough(const struct crew *crew)
{
	return crew->options->stop_on_violation && !scenario_hunts(crew->scenario) &&
	       crew->campaign->violated + crew->campaign->unmet;
}

static bool time_is_over(const struct crew *crew)
{
	return crew->options->ends && wall_ms() >= crew->options->ends;
}

/* ---- One run --------------------------------------------------------------------------------- */

/* What a letter complains of ends the campaign. */
static bool troubled(struct crew *crew, uint64_t seed)
{
	const struct letter *letter = crew->letter;

	switch (letter->trouble) {
	case NO_TROUBLE: return false;
	case NO_MEMORY:
		complain_of("%s: the machine has no memory for a run", crew->scenario->name);
		stop(crew, STATUS_DEFECT);
		break;
	case NOT_WRITTEN:
		complain_of("%s", letter->text);
		stop(crew, STATUS_UNUSABLE);
		break;
	case NOT_REPEATED:
		complain_of("%s: seed %" PRIu64 ", run again, was another run: a defect of ordeal",
			    crew->scenario->name, seed);
		stop(crew, STATUS_DEFECT);
		break;
	}
	return true;
}

/* Of what a child died that told nothing: a signal, or -(its exit status). */
static void died(struct crew *crew, uint64_t seed, int of)
{
	const char *seen = plugin_path(0) ? "; its plug-ins were not seen to be at fault" : "";

	if (of > 0)
		complain_of("%s: seed %" PRIu64 " died of signal %d (%s)%s", crew->scenario->name,
			    seed, of, strsignal(of), seen);
	else
		complain_of("%s: seed %" PRIu64 " ended its process with status %d%s",
			    crew->scenario->name, seed, -of, seen);
	memset(&crew->letter->record, 0, sizeof(crew->letter->record));
	crew->letter->record.died = of ? of : -1;
	crew->campaign->died++;
	crew->campaign->status = gravest(crew->campaign->status, STATUS_DEFECT);
}

static bool plug_in_convicted(const struct crew *crew)
{
	return crew->letter->record.result.check.verdict[JUDGE_PROTOCOL_CRASHED] == VIOLATED;
}

/*
 * Performs one seed in a child that fills its folder, and moves the folder to its place. True: the
 * letter tells of the run (it may have died). A run that dies is done again, watched, where its
 * plug-ins may be why: `died_of` says what it died of before, 0: nothing.
 */
static bool keep_run(struct crew *crew, uint64_t seed, const struct run_record *known, int died_of)
{
	struct folder folder;
	struct child child;
	struct keep keep = {crew->scenario, crew->options, seed, &folder, died_of != 0, known};
	bool kept = false;

	if (!folder_begin(&folder, crew->options->out, crew->scenario->name, seed)) {
		complain_of("%s", folder.error);
		folder_discard(&folder);
		stop(crew, STATUS_UNUSABLE);
		return false;
	}
	if (!child_start(&child, keep_work, &keep)) {
		complain_of("no process for a run: %s", strerror(errno));
		folder_discard(&folder);
		stop(crew, STATUS_DEFECT);
		return false;
	}
	switch (child_read(&child, crew->letter, sizeof(*crew->letter))) {
	case HEARD:
		child_end(&child);
		kept = !troubled(crew, seed);
		if (!kept || !died_of || plug_in_convicted(crew))
			break;
		died(crew, seed, died_of);
		folder_discard(&folder);
		return true;
	case HEARD_INTERRUPT:
		child_kill(&child);
		stop(crew, STATUS_INTERRUPTED);
		break;
	case HEARD_NOTHING_MORE: {
		int of = child_end(&child);

		folder_discard(&folder);
		if (plugin_path(0) && !died_of)
			return keep_run(crew, seed, NULL, of ? of : -1);
		died(crew, seed, died_of ? died_of : of);
		return true;
	}
	}
	if (kept && !folder_commit(&folder)) {
		complain_of("%s", folder.error);
		stop(crew, STATUS_UNUSABLE);
		kept = false;
	}
	if (!kept)
		folder_discard(&folder);
	return kept;
}

static void note(struct crew *crew, const struct run_record *record, uint64_t seed, bool kept)
{
	struct campaign *campaign = crew->campaign;

	if (campaign->noted_count == FOLDERS_KEPT_MAX)
		return;
	/* The folder that is worth opening first: of the first run that was noted. */
	if (kept && campaign->noted_count == 0)
		campaign->latest = seed;
	campaign->noted[campaign->noted_count++] = (struct noted){seed, kept, *record};
}

/* A run is over: it counts, has its line, and keeps its folder or loses that of an earlier time. */
static void merge(struct crew *crew, uint64_t seed, bool in_folder)
{
	struct run_record record = crew->letter->record;
	bool noteworthy = !record.died && worth_keeping(crew->scenario, &record);

	if (noteworthy && !in_folder && crew->folders < FOLDERS_KEPT_MAX) {
		in_folder = keep_run(crew, seed, &record, 0) && !crew->letter->record.died;
		if (crew->ended)
			return;
		crew->folders += in_folder;
	}
	if (!in_folder)
		folder_remove(crew->options->out, crew->scenario->name, seed);
	if (crew->table)
		runs_line_write(crew->table, crew->scenario, &record, seed);
	if (crew->campaign->runs++ == 0)
		crew->campaign->sample = record;
	if (!record.died)
		add(crew, &record, seed);
	if (noteworthy)
		note(crew, &record, seed, in_folder);
	if (hunt_over(crew) || found_enough(crew))
		crew->ended = true;
}

/* ---- All runs -------------------------------------------------------------------------------- */

/* Worker `which` goes on with the run that is `index`-th of the campaign. */
static bool start_worker(struct crew *crew, unsigned which, uint64_t index)
{
	uint64_t planned = crew->campaign->planned, step = crew->worker_count;
	struct bulk bulk = {crew->scenario, crew->options, crew->campaign->first + index, step,
			    index < planned ? (planned - index - 1) / step + 1 : 0};

	if (child_start(&crew->workers[which], bulk_work, &bulk))
		return true;
	complain_of("no process for runs: %s", strerror(errno));
	stop(crew, STATUS_DEFECT);
	return false;
}

static void worker_died(struct crew *crew, uint64_t seed, int of)
{
	if (!plugin_path(0)) {
		died(crew, seed, of);
		merge(crew, seed, false);
	} else if (keep_run(crew, seed, NULL, of ? of : -1)) {
		merge(crew, seed, !crew->letter->record.died);
	}
}

static void run_in_bulk(struct crew *crew)
{
	struct campaign *campaign = crew->campaign;
	uint64_t left = campaign->planned - 1;

	crew->worker_count = left < crew->options->jobs ? (unsigned)left : crew->options->jobs;
	assert(crew->worker_count > 0);
	for (unsigned w = 0; w < crew->worker_count && !crew->ended; w++)
		start_worker(crew, w, 1 + w);
	for (uint64_t i = 1; i < campaign->planned && !crew->ended && !time_is_over(crew); i++) {
		unsigned which = (unsigned)((i - 1) % crew->worker_count);
		uint64_t seed = campaign->first + i;

		switch (child_read(&crew->workers[which], crew->letter, sizeof(*crew->letter))) {
		case HEARD:
			if (!troubled(crew, seed))
				merge(crew, seed, false);
			break;
		case HEARD_INTERRUPT: stop(crew, STATUS_INTERRUPTED); break;
		case HEARD_NOTHING_MORE:
			worker_died(crew, seed, child_end(&crew->workers[which]));
			start_worker(crew, which, i + crew->worker_count);
			break;
		}
		progress_show(&crew->progress, crew->scenario->name, i + 1, campaign->planned,
			      crew->options->ends);
	}
	for (unsigned w = 0; w < crew->worker_count; w++)
		child_kill(&crew->workers[w]);
}

/* Which seeds: those given, or the scenario's, or as many as there is time for; a hunt takes no
 * more than it says. */
static uint64_t planned_runs(const struct crew *crew)
{
	uint64_t last = crew->options->ends ? INT64_MAX : crew->options->last;
	uint64_t count = last - crew->options->first + 1;
	uint32_t hunt = hunt_seeds(crew->scenario);

	if (scenario_hunts(crew->scenario) && count > hunt)
		return hunt;
	return count < SEEDS_MAX ? count : SEEDS_MAX;
}

/* What all runs together come to. */
static int verdict_status(const struct crew *crew)
{
	const struct campaign *campaign = crew->campaign;

	if (campaign->runs == campaign->died)
		return STATUS_HELD;
	if (scenario_hunts(crew->scenario))
		return hunt_over(crew)       ? STATUS_HELD
		       : campaign->cut_short ? STATUS_INCONCLUSIVE
					     : STATUS_VIOLATED;
	if (campaign->violated || campaign->unmet)
		return STATUS_VIOLATED;
	return campaign->unknown ? STATUS_INCONCLUSIVE : STATUS_HELD;
}

/* The table comes to its place, and out/latest points at the folder worth opening first. */
static void finish(struct crew *crew)
{
	struct campaign *campaign = crew->campaign;
	struct folder latest;

	if (crew->table && campaign->runs == 0) {
		table_discard(&crew->table_folder, crew->table);
	} else if (crew->table && !table_commit(&crew->table_folder, crew->table)) {
		complain_of("%s", crew->table_folder.error);
		stop(crew, STATUS_UNUSABLE);
	}
	if (campaign->runs == 0 || campaign->sample.died)
		return;
	if (!folder_point_latest(&latest, crew->options->out, crew->scenario->name,
				 campaign->latest)) {
		complain_of("%s", latest.error);
		stop(crew, STATUS_UNUSABLE);
	}
}

static bool begin_table(struct crew *crew)
{
	if (crew->campaign->planned < 2)
		return true;
	crew->table = table_begin(&crew->table_folder, crew->options->out, crew->scenario->name);
	if (crew->table) {
		runs_header_write(crew->table);
		return true;
	}
	complain_of("%s", crew->table_folder.error);
	stop(crew, STATUS_UNUSABLE);
	return false;
}

void campaign_run(const struct scenario *scenario, const struct campaign_options *options,
		  struct campaign *campaign)
{
	struct crew crew = {.scenario = scenario, .options = options, .campaign = campaign};

	memset(campaign, 0, sizeof(*campaign));
	campaign->first = campaign->latest = options->first;
	campaign->planned = planned_runs(&crew);
	crew.letter = calloc(1, sizeof(*crew.letter));
	if (!crew.letter)
		abort();
	progress_begin(&crew.progress);
	if (begin_table(&crew) && keep_run(&crew, options->first, NULL, 0)) {
		memcpy(campaign->plots, crew.letter->plots, sizeof(campaign->plots));
		merge(&crew, options->first, !crew.letter->record.died);
		if (campaign->planned > 1 && !crew.ended)
			run_in_bulk(&crew);
	}
	progress_end(&crew.progress);
	if (options->ends)
		campaign->planned = campaign->runs;
	finish(&crew);
	if (campaign->runs)
		campaign->status = gravest(campaign->status, verdict_status(&crew));
	free(crew.letter);
}
