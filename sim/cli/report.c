/*
 * `ordeal report`: pictures again, from what runs left behind; or one picture of several results.
 *
 * A path is a run's folder (it has a verdict.json), a scenario's (folders of runs, and perhaps
 * runs.csv), or the one around these.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cli/cli.h"
#include "sim/results/compare.h"

enum { DEPTH_MAX = 2 };

struct settings {
	uint32_t plots; /* 0: all that there is something to see in */
	bool compare;
	const char *out;
};

/* ---- Options --------------------------------------------------------------------------------- */

static bool take_plot(struct settings *settings, const char *name, char complaint[COMPLAINT_MAX])
{
	const char *near = did_you_mean(name, plot_names, PLOTS);

	for (unsigned i = 0; i < PLOTS; i++)
		if (!strcmp(plot_names[i], name)) {
			settings->plots |= (uint32_t)1 << i;
			return true;
		}
	snprintf(
		complaint, COMPLAINT_MAX,
		"\"%.40s\" is no plot; accepted: latency, availability, leaders, ribbon, cdf%s%s%s",
		name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return false;
}

static bool take_plots(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	char *copy = strdup(value), *rest = copy, *name;
	bool taken = true;

	if (!copy)
		abort();
	while (taken && (name = strsep(&rest, ",")))
		taken = take_plot(context, name, complaint);
	free(copy);
	return taken;
}

static bool take_compare(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;

	(void)value, (void)complaint;
	return settings->compare = true;
}

static bool take_out(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;

	if (!value[0]) {
		snprintf(complaint, COMPLAINT_MAX, "a folder has a name");
		return false;
	}
	settings->out = value;
	return true;
}

static const struct flag flags[] = {
	{"plots", "A,B,...",
	 "only these: latency, availability, leaders, ribbon, cdf (default: all that apply)",
	 take_plots},
	{"compare", NULL, "draw one picture of all the paths, seed by seed", take_compare},
	{"out", "DIR", "where the comparison goes (default: out/compare)", take_out},
	{NULL, NULL, NULL, NULL},
};

/* ---- Folders of runs ------------------------------------------------------------------------- */

struct found {
	char **path; /* malloced, in order of name and seed */
	size_t count;
};

static void found_free(struct found *found)
{
	while (found->count)
		free(found->path[--found->count]);
	free(found->path);
}

static bool is_file(const char *folder, const char *name)
{
	char path[FOLDER_PATH_MAX];
	struct stat there;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return stat(path, &there) == 0 && S_ISREG(there.st_mode);
}

/* Of folders, none hidden and no link: out/latest is there once more. */
static int is_inner(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type != DT_LNK && entry->d_type != DT_REG;
}

static void find_runs(const char *path, unsigned depth, struct found *found)
{
	char inner[FOLDER_PATH_MAX];
	struct dirent **entries;

	if (is_file(path, "verdict.json")) {
		found->path = realloc(found->path, (found->count + 1) * sizeof(*found->path));
		if (!found->path || !(found->path[found->count++] = strdup(path)))
			abort();
		return;
	}
	int count = depth < DEPTH_MAX ? scandir(path, &entries, is_inner, versionsort) : -1;

	for (int i = 0; i < count; i++) {
		snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
		find_runs(inner, depth + 1, found);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* False, after a complaint, where there is none. */
static bool find_or_complain(char *path, struct found *found)
{
	struct stat there;
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	*found = (struct found){NULL, 0};
	if (stat(path, &there) != 0) {
		complain_of("cannot read %s: %s", path, strerror(errno));
		return false;
	}
	find_runs(path, 0, found);
	if (!found->count)
		complain_of("%s holds no results: no verdict.json is in it, nor in a folder below; "
			    "accepted: a run's folder (out/raft-calm/seed-1), a scenario's, or out",
			    path);
	return found->count > 0;
}

/* ---- Pictures again -------------------------------------------------------------------------- */

static int tell(enum plots_outcome outcome, const struct folder *folder)
{
	if (outcome == PLOTS_UNWRITTEN)
		return complain_of("%s", folder->error);
	return outcome == PLOTS_FAILED ? STATUS_UNUSABLE : STATUS_HELD;
}

static int draw_run(const char *path, const struct settings *settings)
{
	char why[RECORDED_WHY_MAX];
	struct recorded run;
	struct folder folder;

	if (!recorded_read(path, &run, why))
		return complain_of("%s", why);
	uint32_t plots = settings->plots ? settings->plots & plots_possible(&run)
					 : plots_possible(&run);
	enum plots_outcome outcome = PLOTS_UNWRITTEN;

	if (folder_open(&folder, path))
		outcome = plots_draw(&folder, &run, plots, stdout);
	recorded_free(&run);
	if (outcome == PLOTS_DRAWN) {
		printf("%s:", path);
		for (unsigned i = 0; i < PLOTS; i++)
			if (plots >> i & 1)
				printf(" %s.svg", plot_names[i]);
		puts(plots ? " (and .png; what each means: .txt)"
			   : " nothing to see: nobody leads");
	}
	return tell(outcome, &folder);
}

static int draw_all(int count, char **paths, const struct settings *settings)
{
	int status = STATUS_HELD;

	for (int i = 0; i < count; i++) {
		struct found found;

		if (!find_or_complain(paths[i], &found))
			status = gravest(status, STATUS_UNUSABLE);
		for (size_t run = 0; run < found.count; run++)
			status = gravest(status, draw_run(found.path[run], settings));
		found_free(&found);
	}
	return status;
}

/* ---- One picture of several results ---------------------------------------------------------- */

/* The first run's latencies, and the figures of every seed: of the table, or else of the folders.
 */
static bool gather(char *path, struct compared *compared)
{
	char why[RECORDED_WHY_MAX], table[FOLDER_PATH_MAX];
	struct found found;
	bool read = find_or_complain(path, &found);

	snprintf(table, sizeof(table), "%s/runs.csv", path);
	bool tabled = read && compared_table(compared, table);

	for (size_t i = 0; read && i < (tabled ? 1 : found.count); i++) {
		struct recorded run;

		read = recorded_read(found.path[i], &run, why);
		if (!read)
			complain_of("%s", why);
		if (read && !tabled)
			compared_add(compared, &run);
		if (read && i == 0)
			compared->run = run;
		else if (read && strcmp(run.scenario, compared->run.scenario) != 0)
			read = complain_of("%s holds results of several scenarios; accepted: one "
					   "a path",
					   path) == STATUS_HELD;
		if (i > 0)
			recorded_free(&run);
	}
	found_free(&found);
	return read;
}

static int compare(int count, char **paths, const struct settings *settings)
{
	struct compared list[COMPARED_MAX] = {{.seeds = 0}};
	struct folder folder;
	int status = STATUS_HELD;

	if (count < 2 || count > COMPARED_MAX)
		return complain_of("%d result%s to compare; accepted: 2 to %d", count,
				   count == 1 ? "" : "s", COMPARED_MAX);
	for (int i = 0; i < count && status == STATUS_HELD; i++)
		if (!gather(paths[i], &list[i]))
			status = STATUS_UNUSABLE;
	if (status == STATUS_HELD) {
		if (folder_open(&folder, settings->out))
			status = tell(compare_draw(&folder, list, (unsigned)count, stdout),
				      &folder);
		else
			status = complain_of("%s", folder.error);
	}
	if (status == STATUS_HELD) {
		compare_words(list, (unsigned)count, stdout);
		printf("%s/compare.svg (and .png; what it means: .txt)\n", settings->out);
	}
	while (count)
		compared_free(&list[--count]);
	return status;
}

static int run_report(int argc, char **argv)
{
	struct settings settings = {.out = "out/compare"};
	int at = 0, status = options_read(&report_command, argc, argv, &settings, &at);

	if (status != STATUS_GO_ON)
		return status;
	if (at == argc)
		return complain_of("report needs a folder of results; see: ordeal help report");
	if (settings.compare)
		return compare(argc - at, argv + at, &settings);
	return draw_all(argc - at, argv + at, &settings);
}

static const char *const examples[] = {
	"ordeal report out/latest",
	"every picture of the run that is worth looking at first",
	"ordeal report out --plots ribbon,cdf",
	"two pictures of every run that has a folder",
	"ordeal report out/raft-calm out/raft-leader-crash-loop --compare",
	"one picture of both, seed by seed",
	NULL,
};
const struct command report_command = {
	.name = "report",
	.usage = "report PATH... [OPTION...]",
	.summary = "pictures again, from results; comparisons",
	.what = "Draws the pictures of runs again, from what they left behind: into a run's "
		"folder, or\n"
		"into those of all runs below a scenario's folder or below out. The .txt beside "
		"each says\n"
		"what its words mean. Avoidable, for one: nobody was answered, though a live, "
		"connected majority\n"
		"was there, and a client that waited and one of that majority could reach each "
		"other.\n"
		"\n"
		"With --compare, one picture of several results: the tails of their latency, and "
		"of each\n"
		"seed its 99th percentile and availability. Seeds that both have are the same "
		"accidents:\n"
		"their differences to the first result are paired, and told with a 95% interval.\n",
	.examples = examples,
	.flags = flags,
	.run = run_report,
};
