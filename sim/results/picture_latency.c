/* Latency over time: each operation as a point, or all of them as a ribbon of percentiles. */
#include "sim/results/picture.h"

#include <stdlib.h>

enum { POINTS_MAX = 20000, DENSE = 3000, RIBBON_WANTS = 100 };
#define PANEL_CM 5.2 /* its height */

/* ---- Points ---------------------------------------------------------------------------------- */

/* Every how many-th success is drawn: a picture of a million points says no more. */
static size_t thinning(const struct recorded *run)
{
	return run->count / POINTS_MAX + 1;
}

static void write_outcome(const struct recorded *run, enum history_type outcome, const char *name,
			  FILE *out)
{
	size_t every = outcome == HISTORY_OK ? thinning(run) : 1, seen = 0;

	begin_block(out, name, "invoked (s), latency (ms)");
	for (size_t i = 0; i < run->count; i++) {
		const struct call *call = &run->calls[i];

		if (call->outcome == outcome && seen++ % every == 0)
			fprintf(out, "%.6f %.6f\n", seconds(call->invoked),
				milliseconds(call->ended - call->invoked));
	}
	end_block(out);
}

void latency_data(const struct show *show, FILE *out)
{
	write_faults(show, out);
	write_outcome(show->run, HISTORY_OK, "ok", out);
	write_outcome(show->run, HISTORY_FAIL, "fail", out);
	write_outcome(show->run, HISTORY_INFO, "unknown", out);
}

/* A little around all latencies, and at least a power of ten. */
static void write_range(double least, double most, FILE *out)
{
	if (most <= 0)
		least = most = 1;
	if (least <= 0) /* a network without latency */
		least = most / 1000;
	if (most < 4 * least)
		least = most / 4;
	fprintf(out, "panel = %g\ny_min = %g\ny_max = %g\n", PANEL_CM, least / 1.7, most * 1.7);
	write_ticks("y", least / 1.7, most * 1.7, PANEL_CM, NUMBERS_ABOVE_CM, out);
}

void latency_sizes(const struct show *show, FILE *out)
{
	const struct recorded *run = show->run;
	double least = 1e9, most = 0;
	bool occurs[HISTORY_INFO + 1] = {false};

	for (size_t i = 0; i < run->count; i++) {
		double latency = milliseconds(run->calls[i].ended - run->calls[i].invoked);

		occurs[run->calls[i].outcome] = true;
		if (latency > 0 && latency < least)
			least = latency;
		if (latency > most)
			most = latency;
	}
	write_range(least, most, out);
	fprintf(out, "dot = %g\nhas_ok = %d\nhas_fail = %d\nhas_unknown = %d\n",
		run->count > DENSE ? 0.16 : 0.28, occurs[HISTORY_OK], occurs[HISTORY_FAIL],
		occurs[HISTORY_INFO]);
}

void latency_caption(const struct show *show, FILE *out)
{
	fprintf(out,
		"Latency of each operation by the time of its invocation, on a logarithmic scale; "
		"what failed or stayed unknown stands where its client learnt so or gave up.\n");
	if (thinning(show->run) > 1)
		fprintf(out, "Of the successes, one in %zu is drawn.\n", thinning(show->run));
}

/* ---- A ribbon -------------------------------------------------------------------------------- */

struct slice {
	nanoseconds from, to, p50, p95, p99;
	size_t successes;
};

/* The successes invoked in a part of time; *call moves behind them. */
static struct slice slice_at(const struct recorded *run, unsigned first, size_t *call,
			     nanoseconds *latency)
{
	unsigned last = first + slice_buckets(run, RIBBON_WANTS) - 1;

	if (last >= run->bucket_count)
		last = run->bucket_count - 1;
	struct slice slice = {.from = first * run->width, .to = bucket_end(run, last)};
	size_t begin = *call;

	while (*call < run->count && run->calls[*call].invoked < slice.to)
		++*call;
	slice.successes = latencies(run->calls, begin, *call, latency);
	slice.p50 = percentile(latency, slice.successes, 50);
	slice.p95 = percentile(latency, slice.successes, 95);
	slice.p99 = percentile(latency, slice.successes, 99);
	return slice;
}

/* Every part of time in turn, to `take`. */
static void each_slice(const struct recorded *run, void (*take)(const struct slice *, void *),
		       void *context)
{
	nanoseconds *latency = calloc(run->count + 1, sizeof(*latency));
	size_t call = 0;

	if (!latency)
		abort();
	for (unsigned i = 0; i < run->bucket_count; i += slice_buckets(run, RIBBON_WANTS)) {
		struct slice slice = slice_at(run, i, &call, latency);

		take(&slice, context);
	}
	free(latency);
}

/* Two rows, so that a part is a step; a gap where nothing succeeded. No blank line is written: the
 * second of two would end the block. */
static void write_slice(const struct slice *slice, void *context)
{
	const nanoseconds ends[] = {slice->from, slice->to};
	FILE *out = context;

	for (unsigned i = 0; slice->successes && i < 2; i++)
		fprintf(out, "%.6f %.6f %.6f %.6f %zu\n", seconds(ends[i]),
			milliseconds(slice->p50), milliseconds(slice->p95),
			milliseconds(slice->p99), slice->successes);
	if (!slice->successes)
		fputs("NaN NaN NaN NaN NaN\n", out);
}

/* As one box. */
static void write_band(const struct slice *slice, void *context)
{
	if (slice->successes)
		fprintf(context, "%.6f %.6f %.6f %.6f\n", seconds(slice->from), seconds(slice->to),
			milliseconds(slice->p50), milliseconds(slice->p99));
}

void ribbon_data(const struct show *show, FILE *out)
{
	write_faults(show, out);
	begin_block(out, "band", "from (s), to (s), p50 (ms), p99 (ms)");
	each_slice(show->run, write_band, out);
	end_block(out);
	begin_block(out, "ribbon", "time (s), p50 (ms), p95 (ms), p99 (ms), successes");
	each_slice(show->run, write_slice, out);
	end_block(out);
}

struct range {
	nanoseconds least, most;
};

static void widen(const struct slice *slice, void *context)
{
	struct range *range = context;

	if (!slice->successes)
		return;
	if (slice->p50 < range->least)
		range->least = slice->p50;
	if (slice->p99 > range->most)
		range->most = slice->p99;
}

void ribbon_sizes(const struct show *show, FILE *out)
{
	struct range range = {INT64_MAX, 0};

	each_slice(show->run, widen, &range);
	write_range(range.most ? milliseconds(range.least) : 1, milliseconds(range.most), out);
}

void ribbon_caption(const struct show *show, FILE *out)
{
	fprintf(out,
		"Latency of the successes invoked in each %g ms: the band reaches from the median "
		"to the 99th percentile, the line is the 95th; nearest ranks. A gap: nothing "
		"succeeded.\n",
		milliseconds(show->run->width * slice_buckets(show->run, RIBBON_WANTS)));
}
