/*
 * Reads a run's folder back.
 *
 * Invariant: a folder that anybody may have edited gives a sentence, never a crash: every number is
 * looked at before it is an index.
 */
#include "sim/results/recorded.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_FIELDS_MAX = 8, PROCESS_NUMBERS_MAX = 1 << 28 };

struct reader {
	const char *folder;
	struct recorded *to;
	char *why;
};

static bool complain(struct reader *reader, const char *format, ...) printf_like(2, 3);
static bool complain(struct reader *reader, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reader->why, RECORDED_WHY_MAX, format, arguments);
	va_end(arguments);
	return false;
}

static FILE *open_file(struct reader *reader, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", reader->folder, name);
	FILE *file = fopen(path, "re");

	if (!file)
		complain(reader, "cannot read %.300s: %s", path, strerror(errno));
	return file;
}

/* Room for one more of what there are `count` of, zeroed; the list is doubled when it is full. */
static void *one_more(void *list, size_t count, size_t size)
{
	void *at = *(void **)list;

	if ((count & (count - 1)) == 0 && !(at = realloc(at, (count ? count * 2 : 1) * size)))
		abort();
	*(void **)list = at;
	return memset((char *)at + count * size, 0, size);
}

/* ---- verdict.json ---------------------------------------------------------------------------- */

static void take_text(char *to, size_t size, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	snprintf(to, size, "%s", text ? text : "");
}

static nanoseconds time_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value)
									: -1;
}

static void take_bugs(struct recorded *to, const json_t *list)
{
	size_t length = 0;

	for (size_t i = 0; i < json_array_size(list) && length < sizeof(to->bugs); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		length += (size_t)snprintf(to->bugs + length, sizeof(to->bugs) - length, "%s%s",
					   i ? ", " : "", name ? name : "?");
	}
}

static void take_faults(struct recorded *to, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *from = json_array_get(list, i);

		if (time_of(from, "began") < 0)
			continue;
		struct recorded_fault *fault = one_more(&to->faults, to->fault_count,
							sizeof(*fault));

		to->fault_count++;
		fault->began = time_of(from, "began");
		fault->ended = time_of(from, "ended");
		take_text(fault->label, sizeof(fault->label), from, "what");
	}
}

/* Where it left nobody behind, the time of the heal says all. */
static void take_heal(struct recorded *to, const json_t *heal)
{
	if (json_array_size(json_object_get(heal, "dead")) +
	    json_array_size(json_object_get(heal, "cut")))
		take_text(to->heal, sizeof(to->heal), heal, "what");
}

/* A judge's name goes into a script: nothing but a name will do. */
static void take_violation(struct recorded *to, const json_t *violation)
{
	const char *process = json_string_value(json_object_get(violation, "process"));
	int number = process && process[0] == 'n' ? atoi(process + 1) : 0;

	take_text(to->judge, sizeof(to->judge), violation, "judge");
	to->violated = time_of(violation, "time");
	if (to->violated < 0 || to->judge[strspn(to->judge, "abcdefghijklmnopqrstuvwxyz-")])
		to->judge[0] = '\0';
	to->accused = number >= 1 && number <= PROCESSES_MAX ? (int8_t)(number - 1) : -1;
}

static bool read_verdict(struct reader *reader)
{
	struct recorded *to = reader->to;
	json_error_t error;
	FILE *file = open_file(reader, "verdict.json");

	if (!file)
		return false;
	json_t *root = json_loadf(file, 0, &error);

	fclose(file);
	const json_t *metrics = json_object_get(root, "metrics");

	if (!json_is_string(json_object_get(root, "scenario")) || !metrics) {
		json_decref(root);
		return complain(reader, "%.300s/verdict.json is no verdict of a run",
				reader->folder);
	}
	take_text(to->scenario, sizeof(to->scenario), root, "scenario");
	take_text(to->hash, sizeof(to->hash), root, "scenario_hash");
	take_bugs(to, json_object_get(root, "bugs"));
	take_faults(to, json_object_get(root, "faults"));
	take_heal(to, json_object_get(root, "heal"));
	to->seed = (uint64_t)json_integer_value(json_object_get(root, "seed"));
	to->warmup = time_of(root, "warmup");
	to->healed = time_of(root, "healed");
	take_violation(to, json_object_get(root, "violation"));
	to->ended = time_of(root, "ended");
	to->availability = json_is_number(json_object_get(metrics, "availability"))
				   ? json_number_value(json_object_get(metrics, "availability"))
				   : NAN;
	to->avoidable = time_of(metrics, "avoidable_unavailability");
	to->p99 = time_of(metrics, "latency_p99");
	json_decref(root);
	return to->ended > 0 ? true
			     : complain(reader, "the run in %.300s ended before it began",
					reader->folder);
}

/* ---- history.jsonl --------------------------------------------------------------------------- */

static enum history_type type_of(const char *name)
{
	return !strcmp(name, "ok")     ? HISTORY_OK
	       : !strcmp(name, "fail") ? HISTORY_FAIL
				       : HISTORY_INFO;
}

/* Which call each client process has open, + 1. */
struct open_calls {
	size_t *of;
	size_t room;
};

static size_t *open_call(struct open_calls *open, size_t process)
{
	if (process >= open->room) {
		size_t room = (process + 1) * 2;

		open->of = realloc(open->of, room * sizeof(*open->of));
		if (!open->of)
			abort();
		memset(open->of + open->room, 0, (room - open->room) * sizeof(*open->of));
		open->room = room;
	}
	return &open->of[process];
}

/* Lines of the nemesis are left aside: the verdict has its faults. */
static bool take_line(struct recorded *to, const json_t *line, struct open_calls *open)
{
	const json_t *process = json_object_get(line, "process");
	const char *type = json_string_value(json_object_get(line, "type"));
	nanoseconds time = time_of(line, "time");

	if (json_is_string(process))
		return true;
	if (!json_is_integer(process) || json_integer_value(process) < 0 ||
	    json_integer_value(process) >= PROCESS_NUMBERS_MAX || !type || time < 0)
		return false;
	size_t *at = open_call(open, (size_t)json_integer_value(process));

	if (!strcmp(type, "invoke")) {
		struct call *call = one_more(&to->calls, to->count, sizeof(*call));

		*call = (struct call){.invoked = time, .ended = to->ended, .outcome = HISTORY_INFO};
		*at = ++to->count;
	} else if (*at) {
		struct call *call = &to->calls[*at - 1];

		call->ended = time;
		call->outcome = type_of(type);
		call->success = call->outcome == HISTORY_OK;
		*at = 0;
	}
	return true;
}

static bool read_history(struct reader *reader)
{
	struct open_calls open = {0};
	FILE *file = open_file(reader, "history.jsonl");
	char *text = NULL;
	size_t room = 0, number = 0;
	bool well = file != NULL;

	while (well && getline(&text, &room, file) > 0) {
		json_t *line = json_loads(text, 0, NULL);

		number++;
		well = line && take_line(reader->to, line, &open);
		json_decref(line);
		if (!well)
			complain(reader, "%.300s/history.jsonl:%zu is no record of a history",
				 reader->folder, number);
	}
	if (file)
		fclose(file);
	free(text);
	free(open.of);
	return well;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

/* Cuts a line apart in place; false: it has another number of fields. */
static bool cut_line(char *line, char *field[LINE_FIELDS_MAX], unsigned count)
{
	unsigned found = 0;

	line[strcspn(line, "\r\n")] = '\0';
	for (char *at = line; at && found < LINE_FIELDS_MAX;)
		field[found++] = strsep(&at, ",");
	return found == count;
}

/* "": -1 */
static nanoseconds number_of(const char *field)
{
	return *field ? strtoll(field, NULL, 10) : -1;
}

/* Reads a table but for its heading, line by line. */
static bool read_table(struct reader *reader, const char *name, unsigned fields,
		       bool (*take)(struct recorded *, char **field))
{
	FILE *file = open_file(reader, name);
	char *field[LINE_FIELDS_MAX], *text = NULL;
	size_t room = 0, number = 0;
	bool well = file != NULL;

	while (well && getline(&text, &room, file) > 0)
		if (number++ > 0) {
			well = cut_line(text, field, fields) && take(reader->to, field);
			if (!well)
				complain(reader, "%.300s/%s:%zu is no line of it", reader->folder,
					 name, number);
		}
	if (file)
		fclose(file);
	free(text);
	return well;
}

static bool take_bucket(struct recorded *to, char **field)
{
	struct bucket *bucket = one_more(&to->buckets, to->bucket_count, sizeof(*bucket));
	nanoseconds from = number_of(field[0]);

	if (to->bucket_count == 1)
		to->width = from;
	if (from != to->bucket_count * to->width || to->bucket_count >= BUCKETS_MAX)
		return false;
	to->bucket_count++;
	*bucket = (struct bucket){
		.invoked = (uint32_t)number_of(field[1]),
		.ok = (uint32_t)number_of(field[2]),
		.p50 = number_of(field[3]),
		.p99 = number_of(field[4]),
		.faulty = number_of(field[5]),
		.avoidable = number_of(field[6]),
	};
	return true;
}

static enum lane_kind lane_named(const char *status, const char *role)
{
	if (strcmp(status, "up") != 0)
		return strcmp(status, "down") ? LANE_PAUSED : LANE_DOWN;
	if (!strcmp(role, "leader"))
		return LANE_LEADER;
	return strstr(role, "candidate") ? LANE_CANDIDATE : LANE_FOLLOWER;
}

static bool take_state(struct recorded *to, char **field)
{
	struct recorded_state *state = one_more(&to->states, to->state_count, sizeof(*state));
	unsigned process = field[1][0] == 'n' ? (unsigned)strtoul(field[1] + 1, NULL, 10) : 0;

	if (process == 0 || process > PROCESSES_MAX)
		return false;
	to->state_count++;
	*state = (struct recorded_state){
		.time = number_of(field[0]),
		.process = process - 1,
		.lane = lane_named(field[2], field[3]),
		.term = (uint64_t)number_of(field[4]),
		.cut = !strcmp(field[5], "cut"),
	};
	to->leads |= state->lane == LANE_LEADER;
	if (process > to->process_count)
		to->process_count = process;
	return true;
}

/* ---- The whole ------------------------------------------------------------------------------- */

bool recorded_read(const char *folder, struct recorded *to, char why[RECORDED_WHY_MAX])
{
	struct reader reader = {folder, to, why};

	*to = (struct recorded){.ended = 0};
	why[0] = '\0';
	if (read_verdict(&reader) && read_history(&reader) &&
	    read_table(&reader, "metrics.csv", 7, take_bucket) &&
	    read_table(&reader, "series.csv", 6, take_state)) {
		if (!to->width) /* one bucket has all */
			to->width = to->ended;
		return true;
	}
	recorded_free(to);
	return false;
}

void recorded_free(struct recorded *recorded)
{
	free(recorded->calls);
	free(recorded->buckets);
	free(recorded->faults);
	free(recorded->states);
	*recorded = (struct recorded){.ended = 0};
}

const char *recorded_label(const struct recorded *recorded, char label[RECORDED_LABEL_MAX])
{
	snprintf(label, RECORDED_LABEL_MAX, "%s%s%s", recorded->scenario,
		 recorded->bugs[0] ? " with " : "", recorded->bugs);
	return label;
}
