/* What the pictures of a run share: see picture.h. */
#include "sim/results/picture.h"

#include <stdlib.h>
#include <string.h>

double axis_seconds(const struct show *show, double cm)
{
	return seconds(show->run->ended) * cm / (WIDTH_CM - LEFT_CM - RIGHT_CM);
}

/* ---- Faults, each in a lane where its bar and its name have room ----------------------------- */

/* A label that would leave the picture on the right is moved to the left. */
static void place_label(const struct show *show, struct band *band, double *end)
{
	double length = axis_seconds(show, (double)strlen(band->label) * LETTER_CM + 0.3);
	double most = seconds(show->run->ended) - length;

	band->label_at = seconds(band->from);
	if (band->label_at > most)
		band->label_at = most > 0 ? most : 0;
	*end = band->label_at + length;
	if (*end < seconds(band->to))
		*end = seconds(band->to);
}

static void add_band(struct show *show, double *lane_end, const struct recorded_fault *fault)
{
	struct band *band = &show->bands[show->band_count];
	double end;

	*band = (struct band){.from = fault->began, .to = fault->ended};
	if (fault->ended < 0)
		band->to = show->run->ended;
	snprintf(band->label, LABEL_MAX, "%.*s%s", LABEL_MAX - 4, fault->label,
		 strlen(fault->label) > LABEL_MAX - 4 ? "..." : "");
	place_label(show, band, &end);
	while (band->lane < LANES_MAX - 1 && lane_end[band->lane] > band->label_at)
		band->lane++;
	if (lane_end[band->lane] > band->label_at) { /* more than there are lanes */
		band->label[0] = '\0';
		end = seconds(band->to) > lane_end[band->lane] ? seconds(band->to)
							       : lane_end[band->lane];
	}
	lane_end[band->lane] = end;
	if (band->lane + 1 > show->lanes)
		show->lanes = band->lane + 1;
	show->band_count++;
}

/* In order of their beginning; those of one moment as the verdict has them. */
void place_faults(struct show *show)
{
	const struct recorded *run = show->run;
	double lane_end[LANES_MAX] = {0};
	bool *placed = calloc(run->fault_count + 1, sizeof(*placed));

	show->lanes = 1;
	show->bands = calloc(run->fault_count + 1, sizeof(*show->bands));
	if (!placed || !show->bands)
		abort();
	for (unsigned round = 0; round < run->fault_count; round++) {
		unsigned next = run->fault_count;

		for (unsigned i = 0; i < run->fault_count; i++)
			if (!placed[i] && (next == run->fault_count ||
					   run->faults[i].began < run->faults[next].began))
				next = i;
		placed[next] = true;
		add_band(show, lane_end, &run->faults[next]);
	}
	free(placed);
}

/* ---- Blocks of data -------------------------------------------------------------------------- */

void begin_block(FILE *out, const char *name, const char *columns)
{
	fprintf(out, "# %s\n# %s\n", name, columns);
}

void end_block(FILE *out)
{
	fputs("NaN NaN NaN NaN NaN\n\n\n", out);
}

void write_faults(const struct show *show, FILE *out)
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
	begin_block(out, "shade", "from (s), to (s): the time under any fault, each moment once");
	for (unsigned i = 0, last; i < show->band_count; i = last) {
		nanoseconds to = show->bands[i].to;

		for (last = i + 1; last < show->band_count && show->bands[last].from <= to; last++)
			to = show->bands[last].to > to ? show->bands[last].to : to;
		double from = seconds(show->bands[i].from);

		fprintf(out, "%.6f %.6f\n", from,
			seconds(to) < from + least ? from + least : seconds(to));
	}
	end_block(out);
	begin_block(out, "heal", "at (s)");
	if (show->run->healed >= 0)
		fprintf(out, "%.6f\n", seconds(show->run->healed));
	end_block(out);
}

/* ---- Parts of time --------------------------------------------------------------------------- */

nanoseconds bucket_end(const struct recorded *run, unsigned bucket)
{
	nanoseconds until = run->healed >= 0 ? run->healed : run->ended;
	nanoseconds end = (bucket + 1) * run->width;

	return end < until ? end : until;
}

unsigned slice_buckets(const struct recorded *run, unsigned wanted)
{
	static const unsigned sizes[] = {1, 2, 5, 10, 20};
	unsigned size = 1;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size = sizes[i];
		if (run->count * size >= (size_t)wanted * run->bucket_count)
			break;
	}
	return size;
}
