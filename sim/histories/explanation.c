/*
 * What an explanation says is found by asking the judge again. What a read could have returned is
 * judged in the history as it was when the read returned: what had not returned by then is unknown,
 * the rest is as it was, and one answer after the other is put in the read's place. Where nothing
 * would do, for something else was wrong before, only the core counts, and what it wrote.
 */
#include "sim/histories/explanation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Operations that are judged anew, all in all: an explanation must not take longer than a verdict.
 */
enum { JUDGED_MAX = 1000000, CONFIGURATIONS_MAX_A_READ = 100000 };

/* ---- Labels ---------------------------------------------------------------------------------- */

static unsigned parts_of_call(const struct recording *recording, const struct model *model,
			      const struct call *call)
{
	char name[64] = "";

	if (call->name)
		datum_name(&recording->operations.data[call->name - 1], name, sizeof(name));
	return operation_parts(model, name);
}

/* Cuts what is too long, between characters. */
void explanation_label(char label[LABEL_MAX], const char *text, size_t size)
{
	size_t most = LABEL_MAX - 4;

	if (size < LABEL_MAX) {
		memcpy(label, text, size + 1);
		return;
	}
	while (most && ((unsigned char)text[most] & 0xC0) == 0x80)
		most--;
	memcpy(label, text, most);
	memcpy(label + most, "...", 4);
}

void call_label(const struct recording *recording, const struct model *model,
		const struct call *call, char label[LABEL_MAX])
{
	unsigned parts = parts_of_call(recording, model, call);
	char *text = NULL, name[64] = "";
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	if (call->name)
		datum_name(&recording->operations.data[call->name - 1], name, sizeof(name));
	fputs(name, out);
	if (call->key) {
		fputc(' ', out);
		datum_print_bare(out, &recording->keys.data[call->key - 1]);
	}
	if (parts & (TAKES | COMPARES)) {
		fputc(' ', out);
		datum_print(out, &call->asked);
	}
	if (call->answer == ANSWER_OK && parts & TELLS) {
		fputs(" -> ", out);
		datum_print(out, &call->told);
	}
	if (call->untrue)
		fputs(" -> false", out);
	fclose(out);
	explanation_label(label, text, size);
	free(text);
}

/* ---- What a read could have returned --------------------------------------------------------- */

struct asking {
	struct room *room;
	const struct recording *recording;
	const struct model *model;
	struct object_history *object;
	const struct finding *finding; /* of which the core is read */
	struct operation *operations;  /* room for all of them */
	size_t count, read;            /* the past of one read, and where it stands in it */
	size_t left;                   /* operations that may still be judged */
};

/* The object's history as it was when the read had returned. */
static void take_past(struct asking *asking, const struct operation *read)
{
	const struct history *history = &asking->object->history;

	asking->count = 0;
	for (size_t i = 0; i < history->count; i++) {
		const struct operation *operation = &history->operations[i];

		if (operation->told.key != read->told.key || operation->invoked > read->returned)
			continue;
		struct operation *taken = &asking->operations[asking->count];

		*taken = *operation;
		if (operation == read)
			asking->read = asking->count;
		if (operation->returned > read->returned) {
			taken->returned = NEVER_RETURNED;
			taken->told.answered = taken->told.matched = false;
		}
		asking->count++;
	}
}

/* Is its answer a yes or a no? */
static bool says_yes_or_no(const struct model *model, unsigned parts, const struct told *told)
{
	const char *name = model->operations[told->operation].name;

	return parts & COMPARES || (model == &model_mutex) ||
	       (model == &model_set &&
		(!strcmp(name, "contains") || !strcmp(name, "insert") || !strcmp(name, "delete")));
}

static bool could_return(struct asking *asking, const struct datum *answer)
{
	struct told *told = &asking->operations[asking->read].told;
	const struct judge_limits limits = {.configurations = CONFIGURATIONS_MAX_A_READ};
	struct history past = {asking->operations, asking->count, asking->object->elements};
	struct finding finding;

	if (asking->left < asking->count)
		return false;
	if (answer->kind == DATUM_TRUE || answer->kind == DATUM_FALSE)
		told->matched = answer->kind == DATUM_TRUE;
	else if (!number_of_value(asking->object, asking->model, answer, &told->result))
		return false;
	asking->left -= asking->count;
	judge(asking->room, asking->model, &past, &limits, &finding);
	return finding.legality == LEGAL;
}

/* What a call would leave behind for others to read; false: nothing of the kind. */
static bool leaves(const struct asking *asking, const struct call *call, struct datum *value)
{
	unsigned parts = parts_of_call(asking->recording, asking->model, call);

	if (parts & COMPARES && call->asked.kind == DATUM_LIST && call->asked.size == 2)
		*value = call->asked.items[1];
	else if (parts & TAKES && !(parts & APPENDS))
		*value = call->asked;
	else if (parts & TELLS && asking->model == &model_kv && call->answer == ANSWER_OK)
		*value = call->told; /* a string that somebody found there */
	else
		return false;
	return true;
}

static bool is_among(const struct datum *datum, const struct datum *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (datum_equal(datum, &list[i]))
			return true;
	return false;
}

/* What stood there at first, and what was left there lately; `known`: only by what has returned. */
static unsigned candidates(const struct asking *asking, bool known, struct datum list[ANSWERS_MAX])
{
	unsigned count = !known;
	struct datum value;

	list[0] = (struct datum){.kind = DATUM_NIL};
	for (size_t i = asking->count; i-- > 0 && count < ANSWERS_MAX;) {
		const struct operation *operation = &asking->operations[i];
		const struct call *call = &asking->recording->calls[operation->source];

		if (known && operation->returned == NEVER_RETURNED)
			continue;
		if (leaves(asking, call, &value) && !is_among(&value, list, count))
			list[count++] = value;
	}
	return count;
}

/* Of a counter: what was certainly added, with what may have been. */
static unsigned sums(const struct asking *asking, struct datum list[ANSWERS_MAX])
{
	const struct operation *read = &asking->operations[asking->read];
	unsigned count = 1;

	list[0] = (struct datum){.kind = DATUM_NUMBER, .number = (int64_t)read->told.value};
	for (unsigned certain = 2; certain-- > 0;)
		for (size_t i = 0; i < asking->count; i++) {
			const struct operation *operation = &asking->operations[i];
			struct datum sum = {.kind = DATUM_NUMBER};
			int64_t added = (int64_t)operation->told.value;

			if (operation == read || (operation->returned < read->invoked) != certain)
				continue;
			list[0].number += certain ? added : 0;
			for (unsigned at = count; !certain && at-- > 0 && count < ANSWERS_MAX;) {
				sum.number = list[at].number + added;
				if (!is_among(&sum, list, count))
					list[count++] = sum;
			}
		}
	return count;
}

/* All that is not of the core becomes unknown. */
static void forget_others(struct asking *asking)
{
	const struct finding *finding = asking->finding;
	const struct operation *all = asking->object->operations;

	for (size_t i = 0; i < asking->count; i++) {
		struct operation *operation = &asking->operations[i];
		size_t at = 0;

		while (at < finding->core_count &&
		       all[finding->core[at]].source != operation->source)
			at++;
		if (at < finding->core_count)
			continue;
		operation->returned = NEVER_RETURNED;
		operation->told.answered = operation->told.matched = false;
	}
}

static void try_answers(struct asking *asking, bool known, struct shown *shown)
{
	struct datum list[ANSWERS_MAX] = {{.kind = DATUM_TRUE}, {.kind = DATUM_FALSE}};
	unsigned parts = parts_of_call(asking->recording, asking->model, shown->call), count = 2;

	if (asking->model == &model_counter)
		count = sums(asking, list);
	else if (!says_yes_or_no(asking->model, parts, &asking->operations[asking->read].told))
		count = candidates(asking, known, list);
	for (unsigned i = 0; i < count; i++)
		if (could_return(asking, &list[i]))
			shown->answers[shown->answer_count++] = list[i];
	shown->more = count == ANSWERS_MAX;
}

/* Its answer, in the words of those that it could have had. */
static struct datum said_by(const struct asking *asking, const struct operation *read,
			    const struct call *call)
{
	unsigned parts = parts_of_call(asking->recording, asking->model, call);

	if (says_yes_or_no(asking->model, parts, &read->told))
		return (struct datum){.kind = call->untrue ? DATUM_FALSE : DATUM_TRUE};
	if (asking->model == &model_counter)
		return (struct datum){.kind = DATUM_NUMBER, .number = (int64_t)read->told.result};
	return call->told;
}

static void ask_read(struct asking *asking, const struct operation *read, struct shown *shown)
{
	shown->said = said_by(asking, read, shown->call);
	take_past(asking, read);
	try_answers(asking, false, shown);
	if (shown->answer_count || !shown->stuck || asking->finding->core_count > SHOWN_MAX)
		return;
	forget_others(asking);
	try_answers(asking, true, shown);
}

/* Sets have too many possible answers, and locks tell tokens. Who only says yes or no changes
 * something, too: he is asked where he has no place. */
static bool can_be_asked(const struct model *model, const struct told *told, unsigned parts,
			 bool stuck)
{
	if (says_yes_or_no(model, parts, told))
		return stuck;
	return parts & TELLS && !(parts & ALL_OF_IT) && model != &model_fenced_lock;
}

static void ask_reads(struct asking *asking, struct explanation *explanation,
		      const struct operation *const *operations)
{
	uint32_t end = NEVER_RETURNED; /* after the violation nothing is possible any more */

	for (unsigned i = 0; i < explanation->count; i++)
		if (explanation->shown[i].stuck)
			end = operations[i]->returned;
	for (unsigned i = 0; i < explanation->count; i++) {
		struct shown *shown = &explanation->shown[i];
		unsigned parts = parts_of_call(asking->recording, asking->model, shown->call);

		if (can_be_asked(asking->model, &operations[i]->told, parts, shown->stuck) &&
		    operations[i]->returned <= end)
			ask_read(asking, operations[i], shown);
	}
}

/* ---- Where a value came from ----------------------------------------------------------------- */

/* Who wrote what the stuck read returned: nobody, or only operations that failed. */
static void find_source(const struct asking *asking, const struct call *read, char *source,
			size_t size)
{
	const struct call *failed = NULL;
	struct datum value;

	source[0] = '\0';
	if (read->told.kind == DATUM_NIL ||
	    parts_of_call(asking->recording, asking->model, read) != TELLS ||
	    (asking->model != &model_register && asking->model != &model_cas_register &&
	     asking->model != &model_queue) ||
	    keys_in_values(asking->recording, asking->model))
		return;
	for (uint32_t i = 0; i < asking->recording->count; i++) {
		const struct call *call = &asking->recording->calls[i];

		if (call->key != read->key || !leaves(asking, call, &value) ||
		    !datum_equal(&value, &read->told))
			continue;
		if (call->answer != ANSWER_FAIL)
			return;
		failed = call;
	}
	if (failed)
		snprintf(source, size,
			 "what it returned was written by line %u alone, which failed (line %u)",
			 failed->invoked_line, failed->returned_line);
	else
		snprintf(source, size, "nobody wrote what it returned");
}

/* ---- Moments and lanes ----------------------------------------------------------------------- */

static int compare_positions(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static uint32_t moment_of(const uint32_t *positions, unsigned count, uint32_t position)
{
	uint32_t moment = 0;

	while (moment < count && positions[moment] < position)
		moment++;
	return moment;
}

static uint32_t lane_of(struct explanation *explanation, int64_t process)
{
	for (unsigned i = 0; i < explanation->lanes; i++)
		if (explanation->processes[i] == process)
			return i;
	explanation->processes[explanation->lanes] = process;
	return explanation->lanes++;
}

static void place_moments(struct explanation *explanation, uint32_t positions[2 * SHOWN_MAX])
{
	for (unsigned i = 0; i < explanation->count; i++) {
		const struct call *call = explanation->shown[i].call;

		positions[explanation->moments++] = call->invoked;
		if (call->returned != NEVER_RETURNED)
			positions[explanation->moments++] = call->returned;
	}
	qsort(positions, explanation->moments, sizeof(*positions), compare_positions);
	for (unsigned i = 0; i < explanation->moments; i++)
		explanation->times[i] = INT64_MIN;
	for (unsigned i = 0; i < explanation->count; i++) {
		struct shown *shown = &explanation->shown[i];

		shown->lane = lane_of(explanation, shown->call->process);
		shown->from = moment_of(positions, explanation->moments, shown->call->invoked);
		shown->to = moment_of(positions, explanation->moments, shown->call->returned);
		explanation->times[shown->from] = shown->call->invoked_time;
		if (shown->to < explanation->moments)
			explanation->times[shown->to] = shown->call->returned_time;
	}
}

/* Ordeal's own says in words what it is; of others all that stands there is told. */
static void label_fault(const struct disturbance *disturbance, char label[LABEL_MAX])
{
	bool in_words = disturbance->what.kind == DATUM_STRING;
	const struct datum *parts[] = {in_words ? &disturbance->what : &disturbance->name,
				       &disturbance->phase, in_words ? NULL : &disturbance->value};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (int i = 0; i < 3; i++) {
		if (!parts[i] || parts[i]->kind == DATUM_NIL)
			continue;
		if (i)
			fputc(' ', out);
		datum_print_bare(out, parts[i]);
	}
	fclose(out);
	explanation_label(label, text, size);
	free(text);
}

/* The faults that began or ended while the core was under way; else the last one before it. */
static void find_near(const struct recording *recording, const uint32_t *positions,
		      struct explanation *explanation)
{
	uint32_t first = positions[0], last = positions[explanation->moments - 1], from = 0;

	for (uint32_t i = 0; i < recording->disturbance_count; i++)
		if (recording->disturbances[i].at < first)
			from = i;
	for (uint32_t i = from; i < recording->disturbance_count; i++) {
		const struct disturbance *disturbance = &recording->disturbances[i];
		struct near *near = &explanation->near[explanation->near_count];

		if (disturbance->at > last || explanation->near_count == NEAR_MAX)
			break;
		near->disturbance = disturbance;
		near->moment = moment_of(positions, explanation->moments, disturbance->at);
		label_fault(disturbance, near->label);
		explanation->near_count++;
	}
}

void explanation_place(const struct recording *recording, struct explanation *explanation)
{
	uint32_t positions[2 * SHOWN_MAX];

	place_moments(explanation, positions);
	if (explanation->moments)
		find_near(recording, positions, explanation);
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void show(const struct asking *asking, const struct finding *finding,
		 struct explanation *explanation, const struct operation **operations)
{
	const struct history *history = &asking->object->history;
	size_t count = finding->core_count;
	uint32_t last = 0;

	for (size_t i = 0; i < count; i++)
		if (history->operations[finding->core[i]].returned > last)
			last = history->operations[finding->core[i]].returned;
	explanation->left_out = count > SHOWN_MAX ? count - SHOWN_MAX : 0;
	for (size_t i = explanation->left_out; i < count; i++) { /* the last ones say most */
		struct shown *shown = &explanation->shown[explanation->count];
		const struct operation *operation = &history->operations[finding->core[i]];

		operations[explanation->count++] = operation;
		shown->call = &asking->recording->calls[operation->source];
		shown->stuck = operation->returned == last;
		call_label(asking->recording, asking->model, shown->call, shown->label);
	}
}

void explain(struct room *room, const struct recording *recording, const struct model *model,
	     struct object_history *object, const struct finding *finding,
	     struct explanation *explanation)
{
	const struct operation *operations[SHOWN_MAX];
	struct asking asking = {.room = room,
				.recording = recording,
				.model = model,
				.object = object,
				.finding = finding,
				.left = JUDGED_MAX};

	*explanation = (struct explanation){0};
	if (!finding->core_count)
		return;
	asking.operations = calloc(object->history.count + 1, sizeof(*asking.operations));
	if (!asking.operations)
		abort();
	show(&asking, finding, explanation, operations);
	explanation_place(recording, explanation);
	for (unsigned i = 0; i < explanation->count; i++)
		if (explanation->shown[i].stuck)
			find_source(&asking, explanation->shown[i].call, explanation->source,
				    sizeof(explanation->source));
	ask_reads(&asking, explanation, operations);
	free(asking.operations);
}
