/* What the pictures of a run share: see picture.h. */
#include "sim/results/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double axis_seconds(const struct show *show, double cm)
{
	return seconds(show->run->ended) * cm / (WIDTH_CM - LEFT_CM - RIGHT_CM);
}

/* ---- Faults, each in a lane where its bar and its name have room ----------------------------- */

static double label_seconds(const struct show *show, size_t letters)
{
	return axis_seconds(show, (double)letters * LETTER_CM + 0.35);
}

/* Cut short to what fits on the roomier side of its beginning. */
static void set_label(struct show *show, struct band *band, const char *label)
{
	double from = seconds(band->from), room = fmax(from, seconds(show->run->ended) - from);
	size_t letters = strlen(label) < LABEL_MAX ? strlen(label) : LABEL_MAX - 1;

	while (letters > 4 && label_seconds(show, letters) > room)
		letters--;
	if (letters == strlen(label)) {
		snprintf(band->label, LABEL_MAX, "%s", label);
		return;
	}
	snprintf(band->label, LABEL_MAX, "%.*s...", (int)letters - 3, label);
	show->nameless++;
}

/* Puts bar and name into the first lane that has room for both, the name on either side. */
static bool find_lane(const struct show *show, const double lane_end[LANES_MAX], struct band *band)
{
	double from = seconds(band->from), length = label_seconds(show, strlen(band->label));

	for (band->lane = 0; band->lane < LANES_MAX; band->lane++) {
		double end = lane_end[band->lane];

		band->to_the_left = end > from || from + length > seconds(show->run->ended);
		if (!band->to_the_left || end <= from - length)
			return true;
	}
	return false;
}

static void add_band(struct show *show, double *lane_end, struct band from, const char *label)
{
	struct band *band = &show->bands[show->band_count++];

	*band = from;
	set_label(show, band, label);
	if (!find_lane(show, lane_end, band)) {
		/* The heal has a lane of its own; faults without a name share one. */
		band->to_the_left = true;
		band->lane = band->after_heal ? show->lanes : LANES_MAX;
		if (!band->after_heal) {
			band->label[0] = '\0';
			show->nameless++;
		}
	}
	double end = seconds(band->to);

	if (!band->to_the_left)
		end = fmax(end, seconds(band->from) + label_seconds(show, strlen(band->label)));
	if (band->lane < LANES_MAX)
		lane_end[band->lane] = fmax(lane_end[band->lane], end);
	if (band->lane + 1 > show->lanes)
		show->lanes = band->lane + 1;
}

/* In a lane below the faults; its name beside its line, where there is more room. */
static void place_violation(struct show *show)
{
	const struct recorded *run = show->run;
	struct band *band = &show->violation;

	*band = (struct band){.from = run->violated, .to = run->violated};
	if (!run->judge[0])
		return;
	band->lane = show->band_count ? show->lanes++ : 0;
	snprintf(band->label, LABEL_MAX, "violated: %s", run->judge);
	if (run->accused >= 0)
		snprintf(band->label, LABEL_MAX, "violated: %s, n%d", run->judge, run->accused + 1);
	band->to_the_left = 2 * run->violated > run->ended;
}

/* In order of their beginning; those of one moment as the verdict has them. What the heal did comes
 * last, for no fault begins after it. */
void place_faults(struct show *show)
{
	const struct recorded *run = show->run;
	double lane_end[LANES_MAX] = {0};
	char heal[FAULT_TEXT_MAX + 8];
	bool *placed = calloc(run->fault_count + 1, sizeof(*placed));

	show->lanes = 1;
	show->bands = calloc(run->fault_count + 2, sizeof(*show->bands));
	if (!placed || !show->bands)
		abort();
	for (unsigned round = 0; round < run->fault_count; round++) {
		unsigned next = run->fault_count;

		for (unsigned i = 0; i < run->fault_count; i++)
			if (!placed[i] && (next == run->fault_count ||
					   run->faults[i].began < run->faults[next].began))
				next = i;
		placed[next] = true;
		add_band(show, lane_end,
			 (struct band){.from = run->faults[next].began,
				       .to = run->faults[next].ended < 0 ? run->ended
									 : run->faults[next].ended},
			 run->faults[next].label);
	}
	snprintf(heal, sizeof(heal), "heal: %s", run->heal);
	if (run->heal[0] && run->healed >= 0)
		add_band(show, lane_end,
			 (struct band){.from = run->healed, .to = run->ended, .after_heal = true},
			 heal);
	free(placed);
	place_violation(show);
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

/* Names beside the ticks of their bars. */
static void write_labels(const struct show *show, const char *block, bool to_the_left, FILE *out)
{
	begin_block(out, block, "beside (s), lane, label");
	for (unsigned i = 0; i <= show->band_count; i++) {
		const struct band *band = i < show->band_count ? &show->bands[i] : &show->violation;

		if (band->label[0] && band->to_the_left == to_the_left)
			fprintf(out, "%.6f %u \"%s\"\n", seconds(band->from), band->lane,
				band->label);
	}
	end_block(out);
}

static void write_violation(const struct show *show, FILE *out)
{
	const struct band *band = &show->violation;

	begin_block(out, "violation", "at (s), the accused's lane, lane");
	if (band->label[0] && show->run->accused >= 0)
		fprintf(out, "%.6f %d %u\n", seconds(band->from), show->run->accused, band->lane);
	else if (band->label[0])
		fprintf(out, "%.6f NaN %u\n", seconds(band->from), band->lane);
	end_block(out);
}

void write_faults(const struct show *show, FILE *out)
{
	double least = axis_seconds(show, 0.03); /* so that a moment is seen */

	begin_block(out, "faults", "from (s), to (s), lane");
	for (unsigned i = 0; i < show->band_count; i++) {
		const struct band *band = &show->bands[i];
		double from = seconds(band->from);

		fprintf(out, "%.6f %.6f %u\n", from, fmax(seconds(band->to), from + least),
			band->lane);
	}
	end_block(out);
	write_labels(show, "right-of", false, out);
	write_labels(show, "left-of", true, out);
	begin_block(out, "shade", "from (s), to (s): the time under any fault, each moment once");
	for (unsigned i = 0, last; i < show->band_count && !show->bands[i].after_heal; i = last) {
		nanoseconds to = show->bands[i].to;

		for (last = i + 1; last < show->band_count && !show->bands[last].after_heal &&
				   show->bands[last].from <= to;
		     last++)
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
	write_violation(show, out);
}

/* ---- Ticks ----------------------------------------------------------------------------------- */

void write_ticks(const char *axis, double least, double most, double cm, double apart, FILE *out)
{
	double decade = cm / log10(most / least);
	const char *numbered = decade * log10(2) >= apart   ? "125"
			       : decade * log10(3) >= apart ? "13"
							    : "1";
	const char *comma = "";

	fprintf(out, "%s_ticks = '", axis);
	for (int decades = (int)floor(log10(least)); pow(10, decades) <= most; decades++)
		for (int digit = 1; digit <= 9; digit++) {
			double value = digit * pow(10, decades);

			if (value < least || value > most)
				continue;
			if (strchr(numbered, '0' + digit))
				fprintf(out, "%s%g", comma, value);
			else
				fprintf(out, "%s\"\" %g 1", comma, value);
			comma = ", ";
		}
	fputs("'\n", out);
}

/* ---- What is not there ----------------------------------------------------------------------- */

const char *nothing_begun(const struct show *show)
{
	return show->run->count ? NULL : "no operation was begun";
}

const char *nothing_succeeded(const struct show *show)
{
	size_t count;

	if (!show->run->count)
		return nothing_begun(show);
	free(sorted_latencies(show->run, -1, &count));
	return count ? NULL : "no operation succeeded between the warm-up and the heal";
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
