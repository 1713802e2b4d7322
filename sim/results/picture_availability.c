/* Availability over time: the share of successes, above how many were asked for and answered. */
#include "sim/results/picture.h"

enum { SLICE_WANTS = 25 };

struct slice {
	nanoseconds from, to;
	double invoked, ok; /* a second */
};

static struct slice slice_at(const struct recorded *run, unsigned first)
{
	unsigned last = first + slice_buckets(run, SLICE_WANTS) - 1, invoked = 0, ok = 0;

	if (last >= run->bucket_count)
		last = run->bucket_count - 1;
	for (unsigned i = first; i <= last; i++) {
		invoked += run->buckets[i].invoked;
		ok += run->buckets[i].ok;
	}
	nanoseconds from = first * run->width, to = bucket_end(run, last);
	double length = to > from ? seconds(to - from) : 1;

	return (struct slice){from, to, invoked / length, ok / length};
}

/* The buckets of which the greater part was avoidable. */
static bool was_avoidable(const struct recorded *run, unsigned i)
{
	return run->buckets[i].avoidable * 2 > bucket_end(run, i) - i * run->width;
}

static void write_avoidable(const struct recorded *run, FILE *out)
{
	begin_block(out, "avoidable", "from (s), to (s)");
	for (unsigned i = 0, last; i < run->bucket_count; i = last + 1) {
		last = i;
		if (!was_avoidable(run, i))
			continue;
		while (last + 1 < run->bucket_count && was_avoidable(run, last + 1))
			last++;
		fprintf(out, "%.6f %.6f\n", seconds(i * run->width),
			seconds(bucket_end(run, last)));
	}
	end_block(out);
}

static void write_shares(const struct recorded *run, FILE *out)
{
	begin_block(out, "buckets", "from (s), successful (%), 100 if any was invoked (%)");
	for (unsigned i = 0; i < run->bucket_count; i++) {
		const struct bucket *bucket = &run->buckets[i];

		fprintf(out, "%.6f %.4f %d\n", seconds(i * run->width),
			bucket->invoked ? 100.0 * bucket->ok / bucket->invoked : 0,
			bucket->invoked ? 100 : 0);
	}
	if (run->bucket_count)
		fprintf(out, "%.6f 0 0\n", seconds(bucket_end(run, run->bucket_count - 1)));
	end_block(out);
}

static bool is_probe(const struct recorded *run, const struct call *call)
{
	return run->healed >= 0 && call->invoked > run->healed;
}

/* From the first invocation to the last answer. Where clients have not begun, or have ended by
 * themselves, nothing is asked for, and nothing fails. */
static void busy_time(const struct recorded *run, nanoseconds busy[2])
{
	busy[0] = run->count ? run->calls[0].invoked : 0;
	busy[1] = 0;
	for (size_t i = 0; i < run->count; i++)
		if (!is_probe(run, &run->calls[i]) && run->calls[i].ended > busy[1])
			busy[1] = run->calls[i].ended;
}

void availability_data(const struct show *show, FILE *out)
{
	const struct recorded *run = show->run;
	nanoseconds busy[2];
	struct slice slice = {0};

	write_faults(show, out);
	write_avoidable(run, out);
	write_shares(run, out);
	begin_block(out, "rates", "from (s), invoked (1/s), successful (1/s)");
	busy_time(run, busy);
	for (unsigned i = 0; i < run->bucket_count; i += slice_buckets(run, SLICE_WANTS)) {
		struct slice next = slice_at(run, i);

		if (next.to <= busy[0] || next.from >= busy[1])
			continue;
		slice = next;
		fprintf(out, "%.6f %.4f %.4f\n", seconds(slice.from), slice.invoked, slice.ok);
	}
	fprintf(out, "%.6f %.4f %.4f\n", seconds(slice.to), slice.invoked, slice.ok);
	end_block(out);
}

void availability_sizes(const struct show *show, FILE *out)
{
	const struct recorded *run = show->run;
	bool avoidable = false, failed = false;
	double most = 1;

	for (unsigned i = 0; i < run->bucket_count; i++) {
		avoidable |= was_avoidable(run, i);
		failed |= run->buckets[i].ok < run->buckets[i].invoked;
	}
	for (unsigned i = 0; i < run->bucket_count; i += slice_buckets(run, SLICE_WANTS)) {
		struct slice slice = slice_at(run, i);

		most = slice.invoked > most ? slice.invoked : most;
	}
	fprintf(out, "y_max = %g\nhas_avoidable = %d\nhas_failures = %d\n", most * 1.08, avoidable,
		failed);
}

void availability_caption(const struct show *show, FILE *out)
{
	const struct recorded *run = show->run;
	double width = milliseconds(run->width);

	fprintf(out,
		"Above, the share of successes among the operations invoked in each bucket of %g "
		"ms; "
		"below, how many were invoked and how many of these succeeded, over %g ms at a "
		"time. "
		"Both lines reach from the first invocation to the last answer. "
		"Avoidable unavailability: a live, mutually connected majority existed, a client "
		"with an open operation and one of that majority could reach each other, and yet "
		"no operation succeeded in the bucket; clients that wait for a silent server "
		"until their deadline count in it. Buckets that were so for the most part are "
		"drawn.\n",
		width, width * slice_buckets(run, SLICE_WANTS));
	fprintf(out, "Availability: %.4f %%. Avoidable unavailability: ", 100 * run->availability);
	if (run->avoidable < 0)
		fprintf(out, "not measured.\n");
	else
		fprintf(out, "%.3f s.\n", seconds(run->avoidable));
}
