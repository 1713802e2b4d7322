/*
 * How latency is distributed: the cumulative share, and the tail on two logarithmic axes.
 *
 * Only successes have a latency; how many operations had none is said in the caption.
 */
#include "sim/results/picture.h"

#include <stdlib.h>

enum { STEPS = 200 };

/* What is measured by latency: as in metrics.h. */
static bool measured(const struct recorded *run, const struct call *call)
{
	return call->invoked >= run->warmup && (run->healed < 0 || call->invoked < run->healed);
}

static bool under_any_fault(const struct recorded *run, nanoseconds time)
{
	for (unsigned i = 0; i < run->fault_count; i++)
		if (time >= run->faults[i].began &&
		    (run->faults[i].ended < 0 || time < run->faults[i].ended))
			return true;
	return false;
}

static bool in_curve(const struct recorded *run, const struct call *call, int under_fault)
{
	return measured(run, call) &&
	       (under_fault < 0 || under_any_fault(run, call->invoked) == (under_fault == 1));
}

nanoseconds *sorted_latencies(const struct recorded *run, int under_fault, size_t *count)
{
	struct call *calls = calloc(run->count + 1, sizeof(*calls));
	nanoseconds *latency = calloc(run->count + 1, sizeof(*latency));
	size_t chosen = 0;

	if (!calls || !latency)
		abort();
	for (size_t i = 0; i < run->count; i++)
		if (in_curve(run, &run->calls[i], under_fault))
			calls[chosen++] = run->calls[i];
	*count = latencies(calls, 0, chosen, latency);
	free(calls);
	return latency;
}

void write_rank(const nanoseconds *sorted, size_t count, size_t i, FILE *out)
{
	fprintf(out, "%.6f %.6f %.9g\n", milliseconds(sorted[i]),
		100.0 * (double)(i + 1) / (double)count, (double)(count - i) / (double)count);
}

void write_distribution_of(const nanoseconds *sorted, size_t count, FILE *out)
{
	for (size_t i = 0, step; i < count; i += step) {
		write_rank(sorted, count, i, out);
		step = (count - i) / STEPS + 1;
	}
}

/* ---- The picture ----------------------------------------------------------------------------- */

static const struct {
	const char *name, *words;
	int under_fault;
} curves[] = {
	{"all", "all", -1}, {"calm", "begun in calm", 0}, {"faulty", "begun under a fault", 1}};
enum { CURVES = sizeof(curves) / sizeof(curves[0]) };
#define PANEL_CM   5.6
#define BETWEEN_CM 1.7

/* Points of a curve that have a mark: the same ranks of each. */
static void write_marks(const char *curve, const nanoseconds *sorted, size_t count, FILE *out)
{
	static const size_t thousandths[] = {100, 250, 500, 750, 900, 970, 990, 997, 999};
	char name[24];

	snprintf(name, sizeof(name), "%s-marks", curve);
	begin_block(out, name, "the same, of some ranks");
	for (size_t i = 0; count && i < sizeof(thousandths) / sizeof(thousandths[0]); i++)
		write_rank(sorted, count, (count * thousandths[i] + 999) / 1000 - 1, out);
	end_block(out);
}

/* How many operations the curve would have, had all succeeded. */
static size_t asked(const struct recorded *run, int under_fault)
{
	size_t count = 0;

	for (size_t i = 0; i < run->count; i++)
		count += in_curve(run, &run->calls[i], under_fault);
	return count;
}

/* Two of the curves say nothing where there was no fault, or never a calm. */
static bool drawn(unsigned curve, size_t count, size_t all)
{
	return count && (curve == 0 || count < all);
}

void cdf_data(const struct show *show, FILE *out)
{
	size_t count, all = 0;

	for (unsigned i = 0; i < CURVES; i++) {
		nanoseconds *sorted = sorted_latencies(show->run, curves[i].under_fault, &count);

		all = i ? all : count;
		count = drawn(i, count, all) ? count : 0;
		begin_block(out, curves[i].name,
			    "latency (ms), took at most so long (%), took at least so long (1)");
		write_distribution_of(sorted, count, out);
		end_block(out);
		write_marks(curves[i].name, sorted, count, out);
		free(sorted);
	}
}

void cdf_sizes(const struct show *show, FILE *out)
{
	double half = (WIDTH_CM - LEFT_CM - RIGHT_CM - BETWEEN_CM) / 2;
	nanoseconds least = 0, most = 0;
	size_t count, all = 1;
	unsigned shown = 0;

	for (unsigned i = 0; i < CURVES; i++) {
		nanoseconds *sorted = sorted_latencies(show->run, curves[i].under_fault, &count);

		if (i == 0 && count) {
			least = sorted[0];
			most = sorted[count - 1];
			all = count;
		}
		if (drawn(i, count, all)) {
			fprintf(out, "title_%s = '%s: %zu of %zu operations succeeded'\n",
				curves[i].name, curves[i].words, count,
				asked(show->run, curves[i].under_fault));
			shown++;
		} else {
			fprintf(out, "title_%s = ''\n", curves[i].name);
		}
		free(sorted);
	}
	if (least <= 0)
		least = most > 0 ? most / 100 + 1 : 1;
	if (most < 4 * least)
		most = 4 * least;
	fprintf(out, "panel = %g\nbetween = %g\nhalf = %g\n", PANEL_CM, BETWEEN_CM, half);
	fprintf(out, "curves_shown = %u\nx_least = %g\nx_most = %g\ny_least = %g\n", shown,
		milliseconds(least) / 1.3, milliseconds(most) * 1.3, 0.5 / (double)all);
	write_ticks("x", milliseconds(least) / 1.3, milliseconds(most) * 1.3, half,
		    NUMBERS_BESIDE_CM, out);
	write_ticks("y", 0.5 / (double)all, 1, PANEL_CM, NUMBERS_ABOVE_CM, out);
}

void cdf_caption(const struct show *show, FILE *out)
{
	const struct recorded *run = show->run;
	size_t count;

	fprintf(out, "Latency of successes, from the warm-up to the heal: left, the share that "
		     "took at most so long; right, the share that took at least so long, on two "
		     "logarithmic axes. Percentiles are nearest ranks.\n");
	for (unsigned i = 0; i < CURVES; i++) {
		nanoseconds *sorted = sorted_latencies(run, curves[i].under_fault, &count);

		if (count)
			fprintf(out,
				"%s: %zu successes, median %.3f ms, p95 %.3f ms, p99 %.3f ms, at "
				"most %.3f ms.\n",
				curves[i].words, count, milliseconds(percentile(sorted, count, 50)),
				milliseconds(percentile(sorted, count, 95)),
				milliseconds(percentile(sorted, count, 99)),
				milliseconds(sorted[count - 1]));
		if (i == 0)
			fprintf(out,
				"%zu of %zu operations did not succeed, and have no latency.\n",
				asked(run, -1) - count, asked(run, -1));
		free(sorted);
	}
}
