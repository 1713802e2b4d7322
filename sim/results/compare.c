/*
 * Compares results, seed by seed.
 *
 * A median is told with the interval that holds 95% of the medians of resamples (percentile
 * bootstrap; Efron 1979), whose draws have a fixed seed: the same results give the same words.
 */
#include "sim/results/compare.h"

#include "sim/results/picture.h"
#include "sim/results/scripts.h"
#include "sim/world/pcg.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEGEND_SAMPLE_CM 1.0 /* a line, and the space around it */
#define TAILS_CM         5.9 /* the panel of the tails */
#define PANEL_CM         5.4
enum { RESAMPLES_MAX = 2000, RESAMPLES_MIN = 200, DRAWS_MAX = 4000000, LINES_MAX = 300 };

/* ---- Runs ------------------------------------------------------------------------------------ */

static int by_seed(const void *a, const void *b)
{
	const struct seed_figures *x = a, *y = b;

	return (x->seed > y->seed) - (x->seed < y->seed);
}

static void add(struct compared *to, struct seed_figures figures)
{
	if ((to->seeds & (to->seeds - 1)) == 0)
		to->seed = realloc(to->seed, (to->seeds ? to->seeds * 2 : 1) * sizeof(*to->seed));
	if (!to->seed)
		abort();
	to->seed[to->seeds++] = figures;
}

void compared_add(struct compared *to, const struct recorded *run)
{
	add(to, (struct seed_figures){.seed = run->seed,
				      .p99 = run->p99 < 0 ? NAN : milliseconds(run->p99),
				      .availability = 100 * run->availability});
	qsort(to->seed, to->seeds, sizeof(*to->seed), by_seed);
}

void compared_free(struct compared *compared)
{
	recorded_free(&compared->run);
	free(compared->seed);
	compared->seed = NULL;
	compared->seeds = 0;
}

/* The next field of a line of CSV, in place; a quoted one may hold commas. NULL: none is left. */
static char *next_field(char **at)
{
	char *field = *at, *to = field;
	bool quoted = false;

	if (!field)
		return NULL;
	for (; **at && (quoted || **at != ','); ++*at)
		if (**at == '"')
			quoted = !quoted;
		else
			*to++ = **at;
	*at = **at ? *at + 1 : NULL;
	*to = '\0';
	return field;
}

/* Which column of the heading that is; -1: none. */
static int column_of(const char *heading, const char *name)
{
	char *copy = strdup(heading), *at = copy, *field;
	int column = -1;

	if (!copy)
		abort();
	copy[strcspn(copy, "\r\n")] = '\0';
	for (int i = 0; column < 0 && (field = next_field(&at)); i++)
		if (!strcmp(field, name))
			column = i;
	free(copy);
	return column;
}

static double number_of(const char *field, double scale)
{
	return *field ? strtod(field, NULL) * scale : NAN;
}

static void take_line(struct compared *to, char *line, int p99, int availability)
{
	struct seed_figures figures = {.p99 = NAN, .availability = NAN};
	char *at = line, *field;

	line[strcspn(line, "\r\n")] = '\0';
	for (int i = 0; (field = next_field(&at)); i++) {
		if (i == 0)
			figures.seed = strtoull(field, NULL, 10);
		if (i == p99)
			figures.p99 = number_of(field, 1e-6);
		if (i == availability)
			figures.availability = number_of(field, 100);
	}
	add(to, figures);
}

bool compared_table(struct compared *to, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int p99 = -1, availability = -1;

	if (!file)
		return false;
	if (getline(&line, &room, file) > 0) {
		p99 = column_of(line, "p99_ns");
		availability = column_of(line, "availability");
	}
	while (p99 >= 0 && availability >= 0 && getline(&line, &room, file) > 0)
		take_line(to, line, p99, availability);
	fclose(file);
	free(line);
	qsort(to->seed, to->seeds, sizeof(*to->seed), by_seed);
	return to->seeds > 0;
}

static const struct seed_figures *of_seed(const struct compared *compared, uint64_t seed)
{
	struct seed_figures sought = {.seed = seed};

	return bsearch(&sought, compared->seed, compared->seeds, sizeof(sought), by_seed);
}

/* ---- Medians --------------------------------------------------------------------------------- */

struct estimate {
	double median, low, high;
	size_t count;
};

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_size);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static struct estimate estimate_of(double *values, size_t count)
{
	struct estimate estimate = {NAN, NAN, NAN, count};
	struct pcg32 draws = pcg32_seeded(1, 1);
	size_t resamples = count ? DRAWS_MAX / count : 0;

	if (!count)
		return estimate;
	resamples = resamples > RESAMPLES_MAX   ? RESAMPLES_MAX
		    : resamples < RESAMPLES_MIN ? RESAMPLES_MIN
						: resamples;
	double *again = calloc(count, sizeof(*again)), *medians = calloc(resamples, sizeof(double));

	if (!again || !medians)
		abort();
	estimate.median = median_of(values, count);
	for (size_t r = 0; r < resamples; r++) {
		for (size_t i = 0; i < count; i++)
			again[i] = values[pcg32_below(&draws, (uint32_t)count)];
		medians[r] = median_of(again, count);
	}
	qsort(medians, resamples, sizeof(*medians), by_size);
	estimate.low = medians[resamples / 40];
	estimate.high = medians[resamples - 1 - resamples / 40];
	free(again);
	free(medians);
	return estimate;
}

/* ---- The two figures, each over all seeds ---------------------------------------------------- */

enum figure { FIGURE_P99, FIGURE_AVAILABILITY, FIGURES };

static double figure_of(const struct seed_figures *seed, enum figure figure)
{
	return figure == FIGURE_P99 ? seed->p99 : seed->availability;
}

/* Of one result, or, with `base`, of its differences to that one over the seeds of both. */
static struct estimate estimate_figure(const struct compared *of, const struct compared *base,
				       enum figure figure)
{
	double *values = calloc(of->seeds + 1, sizeof(*values));
	size_t count = 0;

	if (!values)
		abort();
	for (size_t i = 0; i < of->seeds; i++) {
		const struct seed_figures *other = base ? of_seed(base, of->seed[i].seed) : NULL;
		double value = figure_of(&of->seed[i], figure);

		if (base)
			value = other ? value - figure_of(other, figure) : NAN;
		if (isfinite(value))
			values[count++] = value;
	}
	struct estimate estimate = estimate_of(values, count);

	free(values);
	return estimate;
}

/* ---- Data ------------------------------------------------------------------------------------ */

/* Where the curve has its letter: at a height of its own, and at its end. */
static void write_letters(unsigned i, unsigned of, const nanoseconds *sorted, size_t successes,
			  FILE *out)
{
	double share = pow((double)successes, -(i + 1.0) / (of + 1.0));
	size_t ranks[] = {(size_t)((1 - share) * (double)successes), successes - 1};
	char name[16];

	snprintf(name, sizeof(name), "letters-%c", 'A' + (int)i);
	begin_block(out, name, "latency (ms), took at least so long (1)");
	for (unsigned r = 0; successes && r < 2; r++)
		fprintf(out, "%.6f %.9g\n", milliseconds(sorted[ranks[r]]),
			(double)(successes - ranks[r]) / (double)successes);
	end_block(out);
}

static void write_tails(const struct compared *list, unsigned count, FILE *out)
{
	char name[16];

	for (unsigned i = 0; i < count; i++) {
		size_t successes;
		nanoseconds *sorted = sorted_latencies(&list[i].run, -1, &successes);

		snprintf(name, sizeof(name), "tail-%c", 'A' + (int)i);
		begin_block(out, name,
			    "latency (ms), took at most so long (%), took at least so long (1)");
		write_distribution_of(sorted, successes, out);
		end_block(out);
		write_letters(i, count, sorted, successes, out);
		free(sorted);
	}
}

/* As many columns as the longest name leaves room for. */
static unsigned legend_columns(const struct compared *list, unsigned count)
{
	char label[RECORDED_LABEL_MAX];
	size_t longest = 1;

	for (unsigned i = 0; i < count; i++) {
		size_t length = strlen(recorded_label(&list[i].run, label));

		longest = length > longest ? length : longest;
	}
	unsigned fit = (unsigned)((WIDTH_CM - LEFT_CM - RIGHT_CM) /
				  ((double)(longest + 3) * LETTER_CM + LEGEND_SAMPLE_CM));

	return fit < 1 ? 1 : fit > 3 ? 3 : fit;
}

static void write_legend(const struct compared *list, unsigned count, FILE *out)
{
	unsigned columns = legend_columns(list, count), rows = (count + columns - 1) / columns;
	double wide = (WIDTH_CM - LEFT_CM - RIGHT_CM) / columns;
	int room = (int)((wide - LEGEND_SAMPLE_CM) / LETTER_CM) - 6;
	char label[RECORDED_LABEL_MAX];

	for (unsigned i = 0; i < count; i++) {
		unsigned column = i / rows;
		bool cut = (int)strlen(recorded_label(&list[i].run, label)) > room + 3;

		fprintf(out, "# legend-%c\n# at (cm), row, name\n%g %u \"%c  %.*s%s\"\n",
			'A' + (int)i, column * wide, i % rows, 'A' + (int)i,
			cut ? room : RECORDED_LABEL_MAX, label, cut ? "..." : "");
		end_block(out);
	}
}

/* A line for each seed, through all results that have it. */
static void write_pairs(const struct compared *list, unsigned count, FILE *out)
{
	size_t step = list[0].seeds / LINES_MAX + 1;

	begin_block(out, "pairs", "result, p99 (ms), availability (%), seed");
	fputs("NaN NaN NaN NaN\n", out);
	for (size_t s = 0; s < list[0].seeds; s += step) {
		for (unsigned i = 0; i < count; i++) {
			const struct seed_figures *seed = of_seed(&list[i], list[0].seed[s].seed);

			if (seed)
				fprintf(out, "%u %.6f %.6f %" PRIu64 "\n", i, seed->p99,
					seed->availability, seed->seed);
		}
		fputc('\n', out);
	}
	end_block(out);
}

static void write_seeds(const struct compared *list, unsigned count, FILE *out)
{
	for (unsigned i = 0; i < count; i++) {
		size_t step = list[i].seeds / LINES_MAX + 1;
		char name[16];

		snprintf(name, sizeof(name), "seeds-%c", 'A' + (int)i);
		begin_block(out, name, "result, p99 (ms), availability (%), seed");
		for (size_t s = 0; s < list[i].seeds; s += step)
			fprintf(out, "%u %.6f %.6f %" PRIu64 "\n", i, list[i].seed[s].p99,
				list[i].seed[s].availability, list[i].seed[s].seed);
		end_block(out);
	}
}

static void write_medians(const struct compared *list, unsigned count, FILE *out)
{
	static const char *const names[FIGURES] = {"median-p99", "median-availability"};

	for (unsigned figure = 0; figure < FIGURES; figure++) {
		begin_block(out, names[figure], "result, median, 95% from, to");
		for (unsigned i = 0; i < count; i++) {
			struct estimate of = estimate_figure(&list[i], NULL, (enum figure)figure);

			if (of.count)
				fprintf(out, "%u %.6f %.6f %.6f\n", i, of.median, of.low, of.high);
		}
		end_block(out);
	}
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

static void write_range(const struct compared *list, unsigned count, enum figure figure, FILE *out)
{
	const char *name = figure == FIGURE_P99 ? "p99" : "ok";
	double least = INFINITY, most = -INFINITY;

	for (unsigned i = 0; i < count; i++)
		for (size_t s = 0; s < list[i].seeds; s++) {
			least = fmin(least, figure_of(&list[i].seed[s], figure));
			most = fmax(most, figure_of(&list[i].seed[s], figure));
		}
	if (!isfinite(least))
		least = most = 1;
	double margin = fmax((most - least) * 0.08, fabs(most) * 0.02);

	fprintf(out, "%s_min = %g\n%s_max = %g\n", name, fmax(least - margin, 0), name,
		figure == FIGURE_AVAILABILITY ? fmin(most + margin, 100) : most + margin);
}

static void write_sizes(const struct compared *list, unsigned count, FILE *out)
{
	nanoseconds least = INT64_MAX, most = 0;
	size_t largest = 1;
	unsigned columns = legend_columns(list, count);

	for (unsigned i = 0; i < count; i++) {
		size_t successes;
		nanoseconds *sorted = sorted_latencies(&list[i].run, -1, &successes);

		if (successes && sorted[0] < least)
			least = sorted[0];
		if (successes && sorted[successes - 1] > most)
			most = sorted[successes - 1];
		largest = successes > largest ? successes : largest;
		free(sorted);
	}
	if (most == 0)
		least = most = 1000000;
	if (least <= 0)
		least = 1000;
	double from = milliseconds(least) / 1.3;
	double to = milliseconds(most > 4 * least ? most : 4 * least) * 1.5;

	fprintf(out, "panel = %g\nwide = %g\n", PANEL_CM, TAILS_CM);
	fprintf(out, "results = %u\nlegend_rows = %u\nx_least = %g\nx_most = %g\ny_least = %g\n",
		count, (count + columns - 1) / columns, from, to, 0.5 / (double)largest);
	write_ticks("x", from, to, TAILS_CM, NUMBERS_BESIDE_CM, out);
	write_ticks("y", 0.5 / (double)largest, 1, PANEL_CM, NUMBERS_ABOVE_CM, out);
	write_range(list, count, FIGURE_P99, out);
	write_range(list, count, FIGURE_AVAILABILITY, out);
}

/* ---- Words ----------------------------------------------------------------------------------- */

static void say_estimate(const struct estimate *of, bool difference, const char *unit, FILE *out)
{
	if (!of->count)
		fputs(" not known", out);
	else if (difference)
		fprintf(out, " %+.4g%s (95%% interval %+.4g to %+.4g)", of->median, unit, of->low,
			of->high);
	else
		fprintf(out, " %.4g%s (95%% interval %.4g to %.4g)", of->median, unit, of->low,
			of->high);
}

void compare_words(const struct compared *list, unsigned count, FILE *out)
{
	char label[RECORDED_LABEL_MAX];

	for (unsigned i = 0; i < count; i++) {
		struct estimate p99 = estimate_figure(&list[i], NULL, FIGURE_P99);
		struct estimate ok = estimate_figure(&list[i], NULL, FIGURE_AVAILABILITY);

		fprintf(out, "%c  %s, %zu seed%s: p99", 'A' + (int)i,
			recorded_label(&list[i].run, label), list[i].seeds,
			list[i].seeds == 1 ? "" : "s");
		say_estimate(&p99, false, " ms", out);
		fputs(", availability", out);
		say_estimate(&ok, false, "%", out);
		fputc('\n', out);
	}
	for (unsigned i = 1; i < count; i++) {
		struct estimate p99 = estimate_figure(&list[i], &list[0], FIGURE_P99);
		struct estimate ok = estimate_figure(&list[i], &list[0], FIGURE_AVAILABILITY);
		size_t shared = p99.count > ok.count ? p99.count : ok.count;

		fprintf(out, "%c against A, over %zu seed%s of both: ", 'A' + (int)i, shared,
			shared == 1 ? "" : "s");
		if (!shared) {
			fputs("no seed in common, nothing to pair\n", out);
			continue;
		}
		fputs("p99", out);
		say_estimate(&p99, true, " ms", out);
		fputs(", availability", out);
		say_estimate(&ok, true, " points", out);
		fputc('\n', out);
	}
}

static void write_caption(const struct compared *list, unsigned count, FILE *out)
{
	fputs("Left, the share of the successes of one run that took at least so long, on two "
	      "logarithmic axes. Middle and right, the 99th percentile of the latency and the "
	      "availability of each seed; grey lines join the runs of one seed, black is the "
	      "median with the interval that holds 95% of the medians of resamples.\n",
	      out);
	compare_words(list, count, out);
	fprintf(out, "The runs on the left: seed");
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "%s %" PRIu64 " (%c, %s)", i ? "," : "", list[i].run.seed,
			'A' + (int)i, list[i].run.hash);
	fprintf(out, "; ordeal %d.\n", ORDEAL_VERSION);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void write_data(const struct compared *list, unsigned count, FILE *out)
{
	write_tails(list, count, out);
	write_legend(list, count, out);
	write_pairs(list, count, out);
	write_seeds(list, count, out);
	write_medians(list, count, out);
}

static void write_script(const struct compared *list, unsigned count, FILE *out)
{
	script_begin(out, "compare");
	fputs("x_max = 1\nlanes = 0\nhas_fault = 0\nhas_heal = 0\n", out);
	write_sizes(list, count, out);
	script_end(out, script_compare);
}

enum plots_outcome compare_draw(struct folder *folder, const struct compared *list, unsigned count,
				FILE *say)
{
	static const struct {
		const char *name;
		void (*write)(const struct compared *, unsigned, FILE *);
	} files[] = {{"compare.dat", write_data},
		     {"compare.gp", write_script},
		     {"compare.txt", write_caption}};

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *out = folder_file(folder, files[i].name);

		if (!out)
			return PLOTS_UNWRITTEN;
		files[i].write(list, count, out);
		if (!folder_close(folder, out, files[i].name))
			return PLOTS_UNWRITTEN;
	}
	return picture_draw(folder, "compare", say);
}
