/* `ordeal check`: judges histories that were recorded, by a run or elsewhere. Here are its options
 * and the way of one file: text, recording, subject, operations, verdict, explanation. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sim/cli/checked.h"
#include "sim/cli/cli.h"
#include "sim/histories/text.h"
#include "sim/scenario/scenario.h"

enum { FILE_NAME_MAX = 240, FILE_PATH_MAX = 4096 };

struct settings {
	bool format_given, level_given, json, times, quiet;
	enum format format;
	struct subject subject; /* name NULL: guess it */
	struct judge_limits limits;
	bool serializable_will_do;
	const char *out; /* NULL: no files */
};

/* ---- Options --------------------------------------------------------------------------------- */

/* "there is no model "x"; did you mean y? accepted: ..." */
static bool no_such(const char *kind, const char *word, const char *const *names, size_t count,
		    char complaint[COMPLAINT_MAX])
{
	const char *near = did_you_mean(word, names, count);
	size_t at = (size_t)snprintf(complaint, COMPLAINT_MAX, "there is no such %s%s%s%s;", kind,
				     near ? ", did you mean " : "", near ? near : "",
				     near ? "?" : "");

	at += (size_t)snprintf(complaint + at, COMPLAINT_MAX - at, " accepted:");
	for (size_t i = 0; i < count && at < COMPLAINT_MAX; i++)
		at += (size_t)snprintf(complaint + at, COMPLAINT_MAX - at, "%s %s", i ? "," : "",
				       names[i]);
	return false;
}

static bool take_format(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;
	const char *names[FORMATS];

	for (unsigned i = 0; i < FORMATS; i++) {
		names[i] = formats[i].name;
		if (strcmp(formats[i].name, value) != 0)
			continue;
		settings->format = (enum format)i;
		return settings->format_given = true;
	}
	return no_such("format", value, names, FORMATS, complaint);
}

static bool take_model(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	struct settings *settings = context;
	const char *names[SUBJECTS_MAX];
	size_t count = subject_names(names);

	return subject_named(value, &settings->subject) ||
	       no_such("model", value, names, count, complaint);
}

static bool take_budget(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	static const struct {
		const char *name;
		unsigned long long bytes;
	} units[] = {{"MB", 1000000}, {"GB", 1000000000}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
	struct settings *settings = context;
	size_t digits = strspn(value, "0123456789");
	unsigned long long count = 0;
	char number[16] = "";

	if (digits < sizeof(number))
		memcpy(number, value, digits);
	if (parse_count(number, 1 << 20, &count) && count > 0)
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (!strcmp(value + digits, units[i].name)) {
				settings->limits.memory = (size_t)(count * units[i].bytes);
				return true;
			}
	snprintf(complaint, COMPLAINT_MAX,
		 "a budget is a number with its unit: MB, GB, MiB or GiB, as in 500MB; at most "
		 "1048576 of them");
	return false;
}

static bool take_level(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	static const char *const names[] = {"strict-serializable", "serializable"};
	struct settings *settings = context;

	for (unsigned i = 0; i < 2; i++) {
		if (strcmp(names[i], value) != 0)
			continue;
		settings->serializable_will_do = i == 1;
		return settings->level_given = true;
	}
	return no_such("level", value, names, 2, complaint);
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

static bool take_json(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	(void)value, (void)complaint;
	return ((struct settings *)context)->json = true;
}

static bool take_times(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	(void)value, (void)complaint;
	return ((struct settings *)context)->times = true;
}

static bool take_quiet(void *context, const char *value, char complaint[COMPLAINT_MAX])
{
	(void)value, (void)complaint;
	return ((struct settings *)context)->quiet = true;
}

static const struct flag flags[] = {
	{"format", "NAME", "how the files are written (default: guessed; ordeal list formats)",
	 take_format},
	{"model", "NAME", "what the operations mean (default: guessed; ordeal list models)",
	 take_model},
	{"level", "NAME",
	 "of transactions: strict-serializable (default), or serializable, whatever the time",
	 take_level},
	{"budget", "SIZE", "memory of the judge, as 500MB (default: 1GiB); beyond it: unknown",
	 take_budget},
	{"json", NULL, "print a line of JSON a file", take_json},
	{"out", "DIR", "write FILE.json there, and FILE.svg where it is not linearizable",
	 take_out},
	{"times", NULL, "print how long reading and judging took", take_times},
	{"quiet", NULL, "print only what is not linearizable", take_quiet},
	{NULL, NULL, NULL, NULL},
};

/* ---- What there is -------------------------------------------------------------------------- */

void list_formats(void)
{
	for (unsigned i = 0; i < FORMATS; i++)
		printf("%-12s %s\n", formats[i].name, formats[i].summary);
}

void list_models(void)
{
	const char *names[SUBJECTS_MAX];
	size_t count = subject_names(names);

	for (size_t i = 0; i < count; i++) {
		const struct model *model = model_named(names[i]);

		printf("%-15s", names[i]);
		for (unsigned op = 0; model && model->operations[op].name; op++)
			printf(" %s", model->operations[op].name);
		puts(model ? "" : " transactions");
	}
}

/* ---- One file -------------------------------------------------------------------------------- */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int refuse(const char *path, const struct trouble *trouble)
{
	fflush(stdout);
	fprintf(stderr, "%s:%u:%u: error: %s\n", path, trouble->line, trouble->column,
		trouble->text);
	return STATUS_UNUSABLE;
}

static int refuse_format(const char *path)
{
	struct trouble trouble = {.line = 1, .column = 1};
	size_t at = (size_t)snprintf(trouble.text, TROUBLE_MAX,
				     "this looks like none of the formats:");

	for (unsigned i = 0; i < FORMATS && at < TROUBLE_MAX; i++)
		at += (size_t)snprintf(trouble.text + at, TROUBLE_MAX - at, "%s %s", i ? "," : "",
				       formats[i].name);
	refuse(path, &trouble);
	return complain_of("how each of them looks: ordeal list formats");
}

/* What was said of the file may be why: then what would have been guessed is told. */
static int refuse_as_said(const char *path, const struct trouble *trouble, const char *said,
			  const char *guess)
{
	int status = refuse(path, trouble);

	if (!said || !guess || !strcmp(said, guess))
		return status;
	return complain_of("%s: you say %s, but it looks like %s", path, said, guess);
}

static bool is_blank(const char *text, size_t size)
{
	return strspn(text, " \t\r\n") >= size;
}

/* Past a byte order mark, which some editors put first, and which says nothing. */
static char *past_mark(char *text, size_t *size)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t length = strlen(mark);

	if (*size < length || memcmp(text, mark, length) != 0)
		return text;
	*size -= length;
	return text + length;
}

/* STATUS_GO_ON, or complained about. */
static int read_file(struct checked *checked, const struct settings *settings)
{
	size_t size = 0;
	enum format format = FORMAT_JSONL;
	double start = seconds();

	checked->text = text_of_file(checked->path, &size);
	if (!checked->text && errno == EISDIR)
		return complain_of("%s is a folder; judged are files, as %s/history.jsonl",
				   checked->path, checked->path);
	if (!checked->text)
		return complain_of("%s: %s", checked->path, strerror(errno));
	char *text = past_mark(checked->text, &size);
	bool guessed = format_guess(text, size, &format);
	const char *guess = guessed ? formats[format].name : NULL;

	if (settings->format_given)
		format = settings->format;
	checked->format_given = settings->format_given;
	checked->format_known = guessed || settings->format_given;
	if (!checked->format_known && !is_blank(text, size))
		return refuse_format(checked->path);
	bool good = recording_read(&checked->recording, format, text, size);

	checked->read_seconds = seconds() - start;
	if (good)
		return STATUS_GO_ON;
	return refuse_as_said(checked->path, &checked->recording.trouble,
			      settings->format_given ? formats[format].name : NULL, guess);
}

/* A level would say nothing of an object, and nobody should believe that it did. */
static int find_subject(struct checked *checked, const struct settings *settings)
{
	struct trouble trouble = {0};

	checked->model_given = settings->subject.name != NULL;
	if (checked->model_given)
		checked->subject = settings->subject;
	else if (!subject_guess(&checked->recording, &checked->subject, &trouble))
		return refuse(checked->path, &trouble);
	if (settings->level_given && checked->subject.model)
		return complain_of("%s: --level is of transactions, and this is a %s",
				   checked->path, checked->subject.name);
	return STATUS_GO_ON;
}

static int refuse_calls(const struct checked *checked, const struct trouble *trouble)
{
	struct subject guess = {.name = NULL};
	struct trouble no_guess;

	subject_guess(&checked->recording, &guess, &no_guess);
	return refuse_as_said(checked->path, trouble,
			      checked->model_given ? checked->subject.name : NULL, guess.name);
}

static int judge_object(struct room *room, struct checked *checked, const struct settings *settings)
{
	struct finding *finding = &checked->finding;
	struct trouble trouble = {0};

	if (!operations_of_calls(&checked->recording, checked->subject.model, &checked->object,
				 &trouble))
		return refuse_calls(checked, &trouble);
	double start = seconds();

	judge(room, checked->subject.model, &checked->object.history, &settings->limits, finding);
	checked->judge_seconds = seconds() - start;
	if (finding->legality != ILLEGAL)
		return STATUS_GO_ON;
	checked->core = malloc((finding->core_count + 1) * sizeof(*checked->core));
	if (!checked->core)
		abort();
	for (size_t i = 0; i < finding->core_count; i++)
		checked->core[i] = finding->core[i];
	finding->core = checked->core;
	explain(room, &checked->recording, checked->subject.model, &checked->object, finding,
		&checked->explanation);
	return STATUS_GO_ON;
}

static int judge_all_transactions(struct checked *checked, const struct settings *settings)
{
	struct trouble trouble = {0};

	checked->serializable_will_do = settings->serializable_will_do;
	if (!transactions_of_calls(&checked->recording, checked->subject.transactions,
				   &checked->transactions, &trouble))
		return refuse_calls(checked, &trouble);
	double start = seconds();

	judge_transactions(&checked->transactions.transactions, &settings->limits,
			   &checked->anomalies);
	checked->judge_seconds = seconds() - start;
	explain_anomaly(&checked->recording, &checked->anomalies, &checked->transactions,
			&checked->explanation);
	return STATUS_GO_ON;
}

/* ---- Files left behind ----------------------------------------------------------------------- */

/* A name for what is written about a file: its path, in one piece. */
static void name_of(const char *path, char name[FILE_NAME_MAX])
{
	path += strspn(path, "./");
	snprintf(name, FILE_NAME_MAX, "%.200s", strcmp(path, "-") ? path : "stdin");
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '-';
}

static int write_file(const struct checked *checked, const struct settings *settings,
		      const char *ending)
{
	char name[FILE_NAME_MAX], path[FILE_PATH_MAX];

	name_of(checked->path, name);
	snprintf(path, sizeof(path), "%.3000s/%s.%s", settings->out, name, ending);
	FILE *out = fopen(path, "we");

	if (!out)
		return complain_of("%s: %s", path, strerror(errno));
	if (!strcmp(ending, "svg"))
		explanation_draw(out, &checked->explanation);
	else
		checked_print_json(out, checked, false);
	bool bad = ferror(out) != 0;

	if (fclose(out) != 0 || bad)
		return complain_of("%s: %s", path, strerror(errno));
	return STATUS_HELD;
}

static int write_files(const struct checked *checked, const struct settings *settings)
{
	if (mkdir(settings->out, 0777) != 0 && errno != EEXIST)
		return complain_of("%s: %s", settings->out, strerror(errno));
	int status = write_file(checked, settings, "json");

	if (checked->explanation.count)
		status = gravest(status, write_file(checked, settings, "svg"));
	return status;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static int tell(const struct checked *checked, const struct settings *settings)
{
	static const int statuses[] = {[LEGAL] = STATUS_HELD,
				       [ILLEGAL] = STATUS_VIOLATED,
				       [UNDECIDED] = STATUS_INCONCLUSIVE};
	int status = statuses[checked_legality(checked)];

	if (settings->quiet && status == STATUS_HELD)
		; /* as it was asked for */
	else if (settings->json)
		checked_print_json(stdout, checked, settings->times);
	else
		checked_print(stdout, checked, settings->times);
	return settings->out ? gravest(status, write_files(checked, settings)) : status;
}

static int check_file(struct room *room, const char *path, const struct settings *settings)
{
	struct checked *checked = calloc(1, sizeof(*checked));
	int status;

	if (!checked)
		abort();
	checked->path = path;
	status = read_file(checked, settings);
	if (status == STATUS_GO_ON)
		status = find_subject(checked, settings);
	if (status == STATUS_GO_ON && checked->subject.model)
		status = judge_object(room, checked, settings);
	else if (status == STATUS_GO_ON && checked->subject.name)
		status = judge_all_transactions(checked, settings);
	if (status == STATUS_GO_ON)
		status = tell(checked, settings);
	checked_free(checked);
	free(checked);
	return status;
}

/* What is written about one file must not replace what was written about another. */
static bool names_differ(int count, char **paths)
{
	char one[FILE_NAME_MAX], other[FILE_NAME_MAX];

	for (int i = 0; i < count; i++) {
		name_of(paths[i], one);
		for (int j = 0; j < i; j++) {
			name_of(paths[j], other);
			if (strcmp(one, other) != 0)
				continue;
			complain_of("%s and %s would both be written to %s.json", paths[j],
				    paths[i], one);
			return false;
		}
	}
	return true;
}

static int run_check(int argc, char **argv)
{
	struct settings settings = {.limits = {.core = true}};
	int at = 0, status = options_read(&check_command, argc, argv, &settings, &at);

	if (status != STATUS_GO_ON)
		return status;
	if (at == argc)
		return complain_of("check needs a history; see: ordeal help check");
	if (settings.out && !names_differ(argc - at, argv + at))
		return STATUS_UNUSABLE;
	struct room *room = room_open();

	status = STATUS_HELD;
	for (; at < argc; at++)
		status = gravest(status, check_file(room, argv[at], &settings));
	room_close(room);
	return status;
}

static const char *const examples[] = {
	"ordeal check out/raft-calm/seed-1/history.jsonl",
	"what a run has left behind",
	"ordeal check store/*/history.edn --out checked",
	"Jepsen's histories; a picture of each violation in checked/",
	"ordeal check --model set --format jepsen-edn -",
	"from standard input, with nothing guessed",
	NULL,
};
const struct command check_command = {
	.name = "check",
	.usage = "check HISTORY... [OPTION...]",
	.summary = "judge recorded histories",
	.what = "Judges histories that were recorded, by ordeal or elsewhere: is there an order of "
		"the\n"
		"operations that their model accepts, and that agrees with real time?\n"
		"\n"
		"The order of events in a file is their order in time. An operation that failed is "
		"left\n"
		"out; one of unknown outcome (info, or no answer) may have happened at any time "
		"after\n"
		"its call, or never. Format and model are guessed, and told.\n"
		"\n"
		"Of a history that is not linearizable the fewest operations are shown that no "
		"order\n"
		"explains, what their reads could have returned, and the faults that were near.\n"
		"What is no history (an answer without a question, a file that is cut off) is "
		"refused\n"
		"with its line.\n",
	.examples = examples,
	.flags = flags,
	.run = run_check,
};
