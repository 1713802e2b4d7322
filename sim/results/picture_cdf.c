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

nanoseconds *sorted_latencies(const struct recorded *run, int under_fault, size_t *count)
{
	struct call *calls = calloc(run->count + 1, sizeof(*calls));
	nanoseconds *latency = calloc(run->count + 1, sizeof(*latency));
	size_t chosen = 0;

	if (!calls || !latency)
		abort();
	for (size_t i = 0; i < run->count; i++)
		if (measured(run, &run->calls[i]) &&
		    (under_fault < 0 ||
		     under_any_fault(run, run->calls[i].invoked) == (under_fault == 1)))
			calls[chosen++] = run->calls[i];
	*count = latencies(calls, chosen, latency);
	free(calls);
	return latency;
}

void write_distribution_of(const nanoseconds *sorted, size_t count, FILE *out)
{
	for (size_t i = 0, step; i < count; i += step) {
		fprintf(out, "%.6f %.6f %.9g\n", milliseconds(sorted[i]),
			100.0 * (double)(i + 1) / (double)count,
			(double)(count - i) / (double)count);
		step = (count - i) / STEPS + 1;
	}
}

/* ---- The picture ----------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int under_fault;
} curves[] = {{"all", -1}, {"calm", 0}, {"faulty", 1}};
enum { CURVES = sizeof(curves) / sizeof(curves[0]) };

void cdf_data(const struct show *show, FILE *out)
{
	size_t count;

	for (unsigned i = 0; i < CURVES; i++) {
		nanoseconds *sorted = sorted_latencies(show->run, curves[i].under_fault, &count);

		begin_block(out, curves[i].name,
			    "latency (ms), took at most so long (%), took at least so long (1)");
		write_distribution_of(sorted, count, out);
		end_block(out);
		free(sorted);
	}
}

void cdf_sizes(const struct show *show, FILE *out)
{
	nanoseconds least = 0, most = 0;
	size_t count, all = 1;

	for (unsigned i = 0; i < CURVES; i++) {
		nanoseconds *sorted = sorted_latencies(show->run, curves[i].under_fault, &count);

		if (i == 0 && count) {
			least = sorted[0];
			most = sorted[count - 1];
			all = count;
		}
		/* Two of the curves say nothing where there was no fault, or never a calm. */
		fprintf(out, "has_%s = %d\n", curves[i].name, count > 0);
		free(sorted);
	}
	if (least <= 0)
		least = most > 0 ? most / 100 + 1 : 1;
	if (most < 4 * least)
		most = 4 * least;
	fprintf(out, "x_least = %g\nx_most = %g\ny_least = %g\n", milliseconds(least) / 1.3,
		milliseconds(most) * 1.3, 0.5 / (double)all);
}

void cdf_caption(const struct show *show, FILE *out)
{
	static const char *const words[] = {"all", "begun while no fault was active",
					    "begun under a fault"};
	const struct recorded *run = show->run;
	size_t asked = 0, count;

	for (size_t i = 0; i < run->count; i++)
		asked += measured(run, &run->calls[i]);
	fprintf(out, "Latency of successes, from the warm-up to the heal: left, the share that "
		     "took at most so long; right, the share that took at least so long, on two "
		     "logarithmic axes. Percentiles are nearest ranks.\n");
	for (unsigned i = 0; i < CURVES; i++) {
		nanoseconds *sorted = sorted_latencies(run, curves[i].under_fault, &count);

		if (count)
			fprintf(out,
				"%s: %zu successes, median %.3f ms, p95 %.3f ms, p99 %.3f ms, at "
				"most %.3f ms.\n",
				words[i], count, milliseconds(percentile(sorted, count, 50)),
				milliseconds(percentile(sorted, count, 95)),
				milliseconds(percentile(sorted, count, 99)),
				milliseconds(sorted[count - 1]));
		if (i == 0)
			fprintf(out,
				"%zu of %zu operations did not succeed, and have no latency.\n",
				asked - count, asked);
		free(sorted);
	}
}
