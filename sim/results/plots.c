/*
 * Pictures of one finished run.
 *
 * All numbers are computed here and written as .dat; the script beside them is what this run alone
 * needs (its sizes), then reports/style.gp, then the plot's own script from reports/. gnuplot only
 * draws. Blocks of data go by name; each ends with an undefined point, so that none is empty.
 */
#include "sim/results/plots.h"

#include "sim/results/scripts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Centimetres: of a picture, its margins, and a letter of 8 pt. */
static const double width_cm = 17.5, left_cm = 1.75, right_cm = 0.35, letter_cm = 0.155;

enum { LANES_MAX = 8, LABEL_MAX = 48, POINTS_MAX = 20000, DENSE = 3000, SLICE_WANTS = 25 };

struct band {
	nanoseconds from, to;
	double label_at; /* seconds */
	unsigned lane;
	char label[LABEL_MAX];
};

/* One run, as its pictures need it. */
struct show {
	struct world *world;
	const struct scenario *scenario;
	const struct run_result *result;
	const struct metrics *metrics;
	struct call *calls;
	size_t count;
	struct band *bands;
	unsigned band_count, lanes;
};

static double seconds(nanoseconds time)
{
	return (double)time / 1e9;
}

static double milliseconds(nanoseconds time)
{
	return (double)time / 1e6;
}

/* Seconds that so many centimetres are on the time axis. */
static double axis_seconds(const struct show *show, double cm)
{
	return seconds(show->result->ended) * cm / (width_cm - left_cm - right_cm);
}

/* ---- Faults, each in a lane where its bar and its name have room ----------------------------- */

/* A label that would leave the picture on the right is moved to the left. */
static void place_label(const struct show *show, struct band *band, double *end)
{
	double length = axis_seconds(show, (double)strlen(band->label) * letter_cm + 0.3);
	double most = seconds(show->result->ended) - length;

	band->label_at = seconds(band->from);
	if (band->label_at > most)
		band->label_at = most > 0 ? most : 0;
	*end = band->label_at + length;
	if (*end < seconds(band->to))
		*end = seconds(band->to);
}

static void add_band(struct show *show, double *lane_end, unsigned fault)
{
	const struct fault_state *state = faults_state(show->world, fault);
	struct band *band = &show->bands[show->band_count];
	char text[FAULT_TEXT_MAX];
	double end;

	if (state->state != FAULT_ACTIVE && state->state != FAULT_OVER)
		return;
	*band = (struct band){.from = state->began, .to = show->result->ended};
	if (state->state == FAULT_OVER)
		band->to = state->ended;
	faults_describe(show->world, fault, text);
	snprintf(band->label, LABEL_MAX, "%.*s%s", LABEL_MAX - 4, text,
		 strlen(text) > LABEL_MAX - 4 ? "..." : "");
	place_label(show, band, &end);
	while (band->lane < LANES_MAX - 1 && lane_end[band->lane] > band->label_at)
		band->lane++;
	if (lane_end[band->lane] > band->label_at) /* more than there are lanes */
		band->label[0] = '\0';
	lane_end[band->lane] = end;
	if (band->lane + 1 > show->lanes)
		show->lanes = band->lane + 1;
	show->band_count++;
}

/* In order of their beginning; those of one moment by their number. */
static void place_faults(struct show *show)
{
	double lane_end[LANES_MAX] = {0};
	unsigned count = faults_count(show->world);
	bool *placed = calloc(count + 1, sizeof(*placed));

	show->bands = calloc(count + 1, sizeof(*show->bands));
	if (!placed || !show->bands)
		abort();
	show->lanes = 1;
	for (unsigned round = 0; round < count; round++) {
		unsigned next = count;

		for (unsigned i = 0; i < count; i++)
			if (!placed[i] &&
			    (next == count || faults_state(show->world, i)->began <
						      faults_state(show->world, next)->began))
				next = i;
		placed[next] = true;
		add_band(show, lane_end, next);
	}
	free(placed);
}

/* ---- Blocks of data -------------------------------------------------------------------------- */

static void begin_block(FILE *out, const char *name, const char *columns)
{
	fprintf(out, "# %s\n# %s\n", name, columns);
}

static void end_block(FILE *out)
{
	fputs("NaN NaN NaN NaN NaN\n\n\n", out);
}

static void write_faults(const struct show *show, FILE *out)
{
	double least = axis_seconds(show, 0.03); /* so that a moment is seen */

	begin_block(out, "faults", "from (s), to (s), lane, label at (s), label");
	for (unsigned i = 0; i < show->band_count; i++) {
		const struct band *band = &show->bands[i];
		double from = seconds(band->from), to = seconds(band->to);

		fprintf(out, "%.6f %.6f %u %.6f \"%s\"\n", from,
			to < from + least ? from + least : to, band->lane, band->label_at,
			band->label);
	}
	end_block(out);
	begin_block(out, "heal", "at (s)");
	if (show->result->healed)
		fprintf(out, "%.6f\n", seconds(show->result->healed));
	end_block(out);
}

/* ---- Latency --------------------------------------------------------------------------------- */

/* Every how many-th success is drawn: a picture of a million points says no more. */
static size_t thinning(const struct show *show)
{
	return show->count / POINTS_MAX + 1;
}

static void write_outcome(const struct show *show, enum history_type outcome, const char *name,
			  FILE *out)
{
	size_t every = outcome == HISTORY_OK ? thinning(show) : 1, seen = 0;

	begin_block(out, name, "invoked (s), latency (ms)");
	for (size_t i = 0; i < show->count; i++) {
		const struct call *call = &show->calls[i];

		if (call->outcome == outcome && seen++ % every == 0)
			fprintf(out, "%.6f %.6f\n", seconds(call->invoked),
				milliseconds(call->ended - call->invoked));
	}
	end_block(out);
}

static void latency_data(const struct show *show, FILE *out)
{
	write_faults(show, out);
	write_outcome(show, HISTORY_OK, "ok", out);
	write_outcome(show, HISTORY_FAIL, "fail", out);
	write_outcome(show, HISTORY_INFO, "unknown", out);
}

/* A little around all latencies, and at least a power of ten. */
static void latency_sizes(const struct show *show, FILE *out)
{
	double least = 1e9, most = 0;

	for (size_t i = 0; i < show->count; i++) {
		double latency = milliseconds(show->calls[i].ended - show->calls[i].invoked);

		if (latency > 0 && latency < least)
			least = latency;
		if (latency > most)
			most = latency;
	}
	if (most <= 0)
		least = most = 1;
	if (most < 4 * least)
		least = most / 4;
	fprintf(out, "y_min = %g\ny_max = %g\ndot = %g\n", least / 1.7, most * 1.7,
		show->count > DENSE ? 0.16 : 0.28);
}

static void latency_caption(const struct show *show, FILE *out)
{
	fprintf(out,
		"Latency of each operation by the time of its invocation, on a logarithmic scale; "
		"what failed or stayed unknown stands where its client learnt so or gave up.\n");
	if (thinning(show) > 1)
		fprintf(out, "Of the successes, one in %zu is drawn.\n", thinning(show));
}

/* ---- Availability ---------------------------------------------------------------------------- */

/* The last bucket may be cut short by the end of arrivals. */
static nanoseconds bucket_end(const struct show *show, unsigned bucket)
{
	nanoseconds until = show->result->healed ? show->result->healed : show->result->ended;
	nanoseconds end = (bucket + 1) * show->metrics->width;

	return end < until ? end : until;
}

/*
 * Throughput is drawn over so many buckets at a time that each slice holds some operations: the
 * noise of small numbers would hide what it shows.
 */
static unsigned slice_buckets(const struct show *show)
{
	static const unsigned sizes[] = {1, 2, 5, 10, 20};
	unsigned count = show->metrics->bucket_count, size = 1;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size = sizes[i];
		if (show->count * size >= (size_t)SLICE_WANTS * count)
			break;
	}
	return size;
}

struct slice {
	nanoseconds from, to;
	double invoked, ok; /* a second */
};

static struct slice slice_at(const struct show *show, unsigned first)
{
	const struct metrics *metrics = show->metrics;
	unsigned last = first + slice_buckets(show) - 1, invoked = 0, ok = 0;

	if (last >= metrics->bucket_count)
		last = metrics->bucket_count - 1;
	for (unsigned i = first; i <= last; i++) {
		invoked += metrics->buckets[i].invoked;
		ok += metrics->buckets[i].ok;
	}
	nanoseconds from = first * metrics->width, to = bucket_end(show, last);
	double length = to > from ? seconds(to - from) : 1;

	return (struct slice){from, to, invoked / length, ok / length};
}

static void write_avoidable(const struct show *show, FILE *out)
{
	const struct metrics *metrics = show->metrics;

	begin_block(out, "avoidable", "from (s), to (s)");
	for (unsigned i = 0, last; i < metrics->bucket_count; i = last + 1) {
		last = i;
		if (metrics->buckets[i].avoidable <= 0)
			continue;
		while (last + 1 < metrics->bucket_count && metrics->buckets[last + 1].avoidable > 0)
			last++;
		fprintf(out, "%.6f %.6f\n", seconds(i * metrics->width),
			seconds(bucket_end(show, last)));
	}
	end_block(out);
}

static void write_shares(const struct show *show, FILE *out)
{
	const struct metrics *metrics = show->metrics;

	begin_block(out, "buckets", "from (s), successful (%), 100 if any was invoked (%)");
	for (unsigned i = 0; i < metrics->bucket_count; i++) {
		const struct bucket *bucket = &metrics->buckets[i];

		fprintf(out, "%.6f %.4f %d\n", seconds(i * metrics->width),
			bucket->invoked ? 100.0 * bucket->ok / bucket->invoked : 0,
			bucket->invoked ? 100 : 0);
	}
	fprintf(out, "%.6f 0 0\n", seconds(bucket_end(show, metrics->bucket_count - 1)));
	end_block(out);
}

static void availability_data(const struct show *show, FILE *out)
{
	struct slice slice = {0};

	write_faults(show, out);
	write_avoidable(show, out);
	write_shares(show, out);
	begin_block(out, "rates", "from (s), invoked (1/s), successful (1/s)");
	for (unsigned i = 0; i < show->metrics->bucket_count; i += slice_buckets(show)) {
		slice = slice_at(show, i);
		fprintf(out, "%.6f %.4f %.4f\n", seconds(slice.from), slice.invoked, slice.ok);
	}
	fprintf(out, "%.6f 0 0\n", seconds(slice.to));
	end_block(out);
}

static void availability_sizes(const struct show *show, FILE *out)
{
	double most = 1;

	for (unsigned i = 0; i < show->metrics->bucket_count; i += slice_buckets(show)) {
		struct slice slice = slice_at(show, i);

		most = slice.invoked > most ? slice.invoked : most;
	}
	fprintf(out, "y_max = %g\n", most * 1.08);
}

static void availability_caption(const struct show *show, FILE *out)
{
	double width = milliseconds(show->metrics->width);

	fprintf(out,
		"Above, the share of successes among the operations invoked in each bucket of %g "
		"ms; "
		"below, how many were invoked and how many of these succeeded, over %g ms at a "
		"time. "
		"Avoidable unavailability: buckets in which a live, mutually connected majority "
		"existed, an operation was open, and none succeeded; clients that wait for a "
		"silent "
		"server until their deadline count in it.\n",
		width, width * slice_buckets(show));
	fprintf(out, "Availability: %.4f %%. Avoidable unavailability: ",
		100 * show->metrics->availability);
	if (show->metrics->avoidable < 0)
		fprintf(out, "not measured.\n");
	else
		fprintf(out, "%.3f s.\n", seconds(show->metrics->avoidable));
}

/* ---- Leaders --------------------------------------------------------------------------------- */

enum lane_kind {
	LANE_FOLLOWER,
	LANE_CANDIDATE,
	LANE_EVEN,
	LANE_ODD,
	LANE_DOWN,
	LANE_PAUSED,
	LANES
};
static const char *const lane_names[LANES] = {"follower", "candidate", "even",
					      "odd",      "down",      "paused"};

static enum lane_kind lane_of(const struct world *world, const struct series_record *record)
{
	const struct protocol *protocol = world_protocol(world, record->process);

	if (record->status != UP)
		return record->status == DOWN ? LANE_DOWN : LANE_PAUSED;
	for (const struct inspector *i = protocol->inspectors; i && i->name; i++) {
		if (strcmp(i->name, "role") != 0 || !i->values)
			continue;
		for (unsigned value = 0; i->values[value]; value++) {
			if (value != record->role)
				continue;
			if (!strcmp(i->values[value], "leader"))
				return record->term % 2 ? LANE_ODD : LANE_EVEN;
			return strstr(i->values[value], "candidate") ? LANE_CANDIDATE
								     : LANE_FOLLOWER;
		}
	}
	return LANE_FOLLOWER;
}

static const struct series_record *series_at(const struct show *show, size_t index)
{
	return records_at(show->world, RECORDS_SERIES, index * sizeof(struct series_record));
}

/* The next record of that process, from `index` on; the count where there is none. */
static size_t series_next(const struct show *show, unsigned process, size_t index)
{
	size_t count = records_size(show->world, RECORDS_SERIES) / sizeof(struct series_record);

	while (index < count && series_at(show, index)->process != process)
		index++;
	return index;
}

/* Bars that are in no way different are one bar. `kind` LANES: being cut. */
static bool in_lane(const struct show *show, const struct series_record *record, unsigned kind)
{
	if (kind == LANES)
		return record->cut && record->status != DOWN;
	return lane_of(show->world, record) == kind;
}

static void write_lane(const struct show *show, unsigned process, unsigned kind, bool terms,
		       FILE *out)
{
	size_t count = records_size(show->world, RECORDS_SERIES) / sizeof(struct series_record);
	size_t i = series_next(show, process, 0);

	while (i < count) {
		const struct series_record *first = series_at(show, i);
		size_t next = series_next(show, process, i + 1);
		bool in = in_lane(show, first, kind), leads = kind == LANE_EVEN || kind == LANE_ODD;
		char term[24];

		while (next < count && in == in_lane(show, series_at(show, next), kind) &&
		       (!leads || !in || series_at(show, next)->term == first->term))
			next = series_next(show, process, next + 1);
		double from = seconds(first->time);
		double to = seconds(next < count ? series_at(show, next)->time
						 : show->result->ended);

		snprintf(term, sizeof(term), "%" PRIu64, first->term);
		if (in && !terms)
			fprintf(out, "%u %.6f %.6f\n", process, from, to);
		else if (in &&
			 to - from > axis_seconds(show, (double)strlen(term) * letter_cm + 0.15))
			fprintf(out, "%u %.6f %s %d\n", process, from, term,
				kind == LANE_ODD ? 0 : 0xFFFFFF);
		i = next;
	}
}

static void leaders_data(const struct show *show, FILE *out)
{
	unsigned processes = show->world->process_count;
	char name[8];

	write_faults(show, out);
	begin_block(out, "names", "lane, name");
	for (unsigned i = 0; i < processes; i++)
		fprintf(out, "%u %s\n", i, endpoint_name((endpoint_t)i, name));
	fputs("\n\n", out);
	for (unsigned kind = 0; kind <= LANES; kind++) {
		begin_block(out, kind == LANES ? "cut" : lane_names[kind],
			    "lane, from (s), to (s)");
		for (unsigned i = 0; i < processes; i++)
			write_lane(show, i, kind, false, out);
		end_block(out);
	}
	begin_block(out, "terms", "lane, from (s), term, colour");
	for (unsigned i = 0; i < processes; i++) {
		write_lane(show, i, LANE_EVEN, true, out);
		write_lane(show, i, LANE_ODD, true, out);
	}
	end_block(out);
}

static void leaders_sizes(const struct show *show, FILE *out)
{
	unsigned nodes = show->world->process_count;

	fprintf(out, "nodes = %u\nlane = %g\n", nodes, nodes <= 10 ? 0.55 : 0.36);
}

static void leaders_caption(const struct show *show, FILE *out)
{
	(void)show;
	fprintf(out, "What each process was: leaders with their term (two colours tell even terms "
		     "from odd ones), candidates, followers; down, "
		     "paused, or cut (live without a link to a majority).\n");
}

/* ---- A plot is its data, its script and its caption ------------------------------------------ */

static const struct plot_kind {
	const char *name;
	const char *const *script;
	void (*data)(const struct show *, FILE *);
	void (*sizes)(const struct show *, FILE *);
	void (*caption)(const struct show *, FILE *);
} plot_kinds[PLOTS] = {
	[PLOT_LATENCY] = {"latency", script_latency, latency_data, latency_sizes, latency_caption},
	[PLOT_AVAILABILITY] = {"availability", script_availability, availability_data,
			       availability_sizes, availability_caption},
	[PLOT_LEADERS] = {"leaders", script_leaders, leaders_data, leaders_sizes, leaders_caption},
};

static void write_script(const struct show *show, const struct plot_kind *kind, FILE *out)
{
	fprintf(out, "# gnuplot %s.gp draws %s.svg and %s.png here.\n\n", kind->name, kind->name,
		kind->name);
	fprintf(out, "width = %g\nleft = %g\nright = %g\n", width_cm, left_cm, right_cm);
	fprintf(out, "x_max = %.6f\nlanes = %u\nhas_heal = %d\n", seconds(show->result->ended),
		show->lanes, show->result->healed != 0);
	kind->sizes(show, out);
	fputc('\n', out);
	for (const char *const *line = script_style; *line; line++)
		fputs(*line, out);
	fputc('\n', out);
	for (const char *const *line = kind->script; *line; line++)
		fputs(*line, out);
}

static void write_caption(const struct show *show, const struct plot_kind *kind, FILE *out)
{
	kind->caption(show, out);
	fprintf(out,
		"Scenario %s (%016" PRIx64 "), seed %" PRIu64
		", n = %zu operations, %.3f s simulated; "
		"ordeal %d.\n",
		show->scenario->name, show->scenario->hash, show->result->seed, show->count,
		seconds(show->result->ended), ORDEAL_VERSION);
}

static bool write_file(struct folder *folder, const struct show *show, const struct plot_kind *kind,
		       const char *ending)
{
	char name[32];
	FILE *out;

	snprintf(name, sizeof(name), "%s.%s", kind->name, ending);
	out = folder_file(folder, name);
	if (!out)
		return false;
	if (!strcmp(ending, "dat"))
		kind->data(show, out);
	else if (!strcmp(ending, "gp"))
		write_script(show, kind, out);
	else
		write_caption(show, kind, out);
	return folder_close(folder, out, name);
}

/* ---- gnuplot --------------------------------------------------------------------------------- */

/* Runs it on one script, in the folder, with nobody's settings; returns what posix_spawn says. */
static int run_gnuplot(const char *folder, const char *plot, int *status)
{
	char script[32], program[] = "gnuplot", settings[] = "-d";
	char *arguments[] = {program, settings, script, NULL};
	posix_spawn_file_actions_t actions;
	pid_t child;

	snprintf(script, sizeof(script), "%s.gp", plot);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, folder);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	int error = posix_spawnp(&child, program, &actions, NULL, arguments, environ);

	posix_spawn_file_actions_destroy(&actions);
	if (error)
		return error;
	while (waitpid(child, status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

static enum plots_outcome draw(struct folder *folder, const char *plot, FILE *say)
{
	int status = 0, error = run_gnuplot(folder->now, plot, &status);

	if (!error && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return PLOTS_DRAWN;
	if (error == ENOENT) {
		if (say)
			fprintf(say, "plots skipped: gnuplot not found\n");
		return PLOTS_SKIPPED;
	}
	if (say)
		fprintf(say, "plots failed: gnuplot could not draw %s\n", plot);
	return PLOTS_FAILED;
}

enum plots_outcome plots_draw(struct folder *folder, struct world *world,
			      const struct scenario *scenario, const struct run_result *result,
			      const struct metrics *metrics, FILE *say)
{
	static const char *const endings[] = {"dat", "gp", "txt"};
	struct show show = {
		.world = world, .scenario = scenario, .result = result, .metrics = metrics};
	enum plots_outcome worst = PLOTS_DRAWN;
	bool written = true;

	show.calls = calls_of(world, scenario->workload.timeout, result->ended, &show.count);
	place_faults(&show);
	for (unsigned i = 0; i < PLOTS; i++)
		for (unsigned e = 0; e < 3 && (scenario->plots >> i & 1); e++)
			written = written && write_file(folder, &show, &plot_kinds[i], endings[e]);
	free(show.calls);
	free(show.bands);
	if (!written)
		return PLOTS_UNWRITTEN;
	for (unsigned i = 0; i < PLOTS && worst != PLOTS_SKIPPED; i++) {
		if (!(scenario->plots >> i & 1))
			continue;
		enum plots_outcome outcome = draw(folder, plot_kinds[i].name, say);

		worst = outcome > worst ? outcome : worst;
	}
	return worst;
}
