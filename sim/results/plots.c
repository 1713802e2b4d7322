/*
 * Draws the pictures of one run, from what its folder tells.
 *
 * All numbers are computed in C and written as .dat; the script beside them is what this run alone
 * needs (its sizes), then reports/style.gp, then the picture's own script from reports/. gnuplot
 * only draws. Blocks of data go by name; each ends with an undefined point, so that none is empty.
 */
#include "sim/results/plots.h"

#include "sim/results/picture.h"
#include "sim/results/scripts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- A plot is its data, its script and its caption ------------------------------------------ */

static const struct plot_kind {
	const char *const *script;
	void (*data)(const struct show *, FILE *);
	void (*sizes)(const struct show *, FILE *);
	void (*caption)(const struct show *, FILE *);
	const char *(*nothing)(const struct show *); /* NULL: there is always something */
} plot_kinds[PLOTS] = {
	[PLOT_LATENCY] = {script_latency, latency_data, latency_sizes, latency_caption,
			  nothing_begun},
	[PLOT_AVAILABILITY] = {script_availability, availability_data, availability_sizes,
			       availability_caption, nothing_begun},
	[PLOT_LEADERS] = {script_leaders, leaders_data, leaders_sizes, leaders_caption, NULL},
	[PLOT_RIBBON] = {script_ribbon, ribbon_data, ribbon_sizes, ribbon_caption,
			 nothing_succeeded},
	[PLOT_CDF] = {script_cdf, cdf_data, cdf_sizes, cdf_caption, nothing_succeeded},
};

void script_begin(FILE *out, const char *name)
{
	fprintf(out, "# gnuplot %s.gp draws %s.svg and %s.png here.\n\n", name, name, name);
	fprintf(out, "width = %g\nleft = %g\nright = %g\n", WIDTH_CM, LEFT_CM, RIGHT_CM);
}

void script_end(FILE *out, const char *const *script)
{
	fputc('\n', out);
	for (const char *const *line = script_style; *line; line++)
		fputs(*line, out);
	fputc('\n', out);
	for (const char *const *line = script; *line; line++)
		fputs(*line, out);
}

static void write_script(const struct show *show, enum plot plot, FILE *out)
{
	const struct plot_kind *kind = &plot_kinds[plot];
	const char *nothing = kind->nothing ? kind->nothing(show) : NULL;

	script_begin(out, plot_names[plot]);
	fprintf(out, "x_max = %.6f\nlanes = %u\nhas_fault = %d\nhas_heal = %d\n",
		seconds(show->run->ended), show->lanes, show->band_count > 0,
		show->run->healed >= 0);
	if (nothing)
		fprintf(out, "name = '%s'\nsentence = '%s'\n", plot_names[plot], nothing);
	else
		kind->sizes(show, out);
	script_end(out, nothing ? script_nothing : kind->script);
}

/* What every picture over time has in common. */
static void time_caption(const struct show *show, FILE *out)
{
	if (show->band_count)
		fprintf(out,
			"Bars at the top: what each fault did, to whom, and how long; the time "
			"under any of them is grey below.");
	if (show->nameless)
		fprintf(out, " %u of their names had no room; verdict.json has them all.",
			show->nameless);
	if (show->run->healed >= 0)
		fprintf(out,
			"%sHeal: from then on no fault acts, and clients begin nothing but "
			"probes.%s%s%s",
			show->band_count ? " " : "",
			show->run->heal[0] ? " It mended only a quorum: " : "", show->run->heal,
			show->run->heal[0] ? ", for ever." : "");
	if (show->band_count || show->run->healed >= 0)
		fputc('\n', out);
}

static void write_caption(const struct show *show, enum plot plot, FILE *out)
{
	const struct recorded *run = show->run;
	char label[RECORDED_LABEL_MAX];

	plot_kinds[plot].caption(show, out);
	if (plot != PLOT_CDF)
		time_caption(show, out);
	fprintf(out,
		"Scenario %s (%s), seed %" PRIu64 ", n = %zu operations, %.3f s simulated; "
		"ordeal %d.\n",
		recorded_label(run, label), run->hash, run->seed, run->count, seconds(run->ended),
		ORDEAL_VERSION);
}

static bool write_file(struct folder *folder, const struct show *show, enum plot plot,
		       const char *ending)
{
	char name[32];
	FILE *out;

	snprintf(name, sizeof(name), "%s.%s", plot_names[plot], ending);
	out = folder_file(folder, name);
	if (!out)
		return false;
	if (!strcmp(ending, "dat"))
		plot_kinds[plot].data(show, out);
	else if (!strcmp(ending, "gp"))
		write_script(show, plot, out);
	else
		write_caption(show, plot, out);
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

enum plots_outcome picture_draw(const struct folder *folder, const char *plot, FILE *say)
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

uint32_t plots_possible(const struct recorded *run)
{
	uint32_t all = ((uint32_t)1 << PLOTS) - 1;

	return run->leads ? all : all & ~((uint32_t)1 << PLOT_LEADERS);
}

enum plots_outcome plots_draw(struct folder *folder, const struct recorded *run, uint32_t plots,
			      FILE *say)
{
	static const char *const endings[] = {"dat", "gp", "txt"};
	struct show show = {.run = run};
	enum plots_outcome worst = PLOTS_DRAWN;
	bool written = true;

	place_faults(&show);
	for (unsigned i = 0; i < PLOTS; i++)
		for (unsigned e = 0; e < 3 && (plots >> i & 1); e++)
			written = written && write_file(folder, &show, (enum plot)i, endings[e]);
	free(show.bands);
	if (!written)
		return PLOTS_UNWRITTEN;
	for (unsigned i = 0; i < PLOTS && worst != PLOTS_SKIPPED; i++) {
		if (!(plots >> i & 1))
			continue;
		enum plots_outcome outcome = picture_draw(folder, plot_names[i], say);

		worst = outcome > worst ? outcome : worst;
	}
	return worst;
}
