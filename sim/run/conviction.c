/*
 * The sentence about a history that is not linearizable: the operation by whose answer it became
 * so, and what contradicts it.
 *
 * It is made of the operations of the core, in the words of the history, and of nothing else: who
 * reads on finds in the evidence what the sentence says.
 */
#include "sim/run/conviction.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sim/workload/history.h"

enum { PHRASE_MAX = 160, VALUE_MAX = 36, NAMED_MAX = 2, MOMENT_MAX = 32 };

/* An operation of the core: both of its records, and the number of the second. */
struct member {
	const struct history_record *asked, *told;
	uint32_t answer;
};

static struct member member_of(struct world *world, uint32_t invocation)
{
	uint32_t i = invocation + 1;

	while (history_at(world, i)->type != HISTORY_OK ||
	       history_at(world, i)->invocation != invocation)
		i++;
	return (struct member){history_at(world, invocation), history_at(world, i), i};
}

/* As the history has it, but not too long. */
static const char *value_text(struct world *world, uint64_t value, char text[VALUE_MAX])
{
	char *whole = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&whole, &size);

	if (!out)
		abort();
	history_write_value(world, value, out);
	fclose(out);
	snprintf(text, VALUE_MAX, "%.*s%s", VALUE_MAX - 4, whole,
		 size > VALUE_MAX - 4 ? "..." : "");
	free(whole);
	return text;
}

static const char *moment_text(const struct history_record *record, char text[MOMENT_MAX])
{
	snprintf(text, MOMENT_MAX, "%" PRId64 ".%06" PRId64 " s", record->time / 1000000000,
		 record->time / 1000 % 1000000);
	return text;
}

/* What the accused was told. */
static void say_told(struct world *world, const struct app *app, const struct member *member,
		     char text[PHRASE_MAX])
{
	const struct app_operation *operation = &app->operations[member->told->operation];
	char value[VALUE_MAX];

	text[0] = '\0';
	if (operation->reads)
		snprintf(text, PHRASE_MAX, " returned %s",
			 value_text(world, member->told->result, value));
	else if (operation->compares)
		snprintf(text, PHRASE_MAX, " said that %s was%s there",
			 value_text(world, member->told->expected, value),
			 member->told->matched ? "" : " not");
}

/* "the cas of 805 to 974 by process 116 had been answered at 9.668737 s" */
static void say_other(struct world *world, const struct app *app, const struct member *member,
		      const struct history_record *began, char text[PHRASE_MAX])
{
	const struct history_record *told = member->told;
	const struct app_operation *operation = &app->operations[told->operation];
	char value[VALUE_MAX], expected[VALUE_MAX], moment[MOMENT_MAX],
		what[2 * VALUE_MAX + 16] = "";
	bool before = told->time < began->time;

	value_text(world, operation->reads ? told->result : told->value, value);
	value_text(world, told->expected, expected);
	if (operation->compares)
		snprintf(what, sizeof(what), " of %s to %s", expected, value);
	else if (!operation->reads && told->value)
		snprintf(what, sizeof(what), " of %s", value);
	moment_text(told, moment);
	if (operation->reads)
		snprintf(text, PHRASE_MAX, "the %s by process %" PRIu32 "%s returned %s at %s",
			 operation->name, told->process, before ? " had" : "", value, moment);
	else
		snprintf(text, PHRASE_MAX, "the %s%s by process %" PRIu32 " %s%s at %s",
			 operation->name, what, told->process, before ? "had been " : "was ",
			 operation->compares && !told->matched ? "refused" : "answered", moment);
}

/* All but the accused, those answered last first. */
static void sort_others(struct member *members, unsigned count)
{
	for (unsigned i = 2; i < count; i++) {
		struct member member = members[i];
		unsigned at = i;

		for (; at > 1 && members[at - 1].answer < member.answer; at--)
			members[at] = members[at - 1];
		members[at] = member;
	}
}

static void say_others(struct world *world, const struct app *app, const struct member *members,
		       const struct linearizability *found, char text[2 * PHRASE_MAX + 32])
{
	unsigned named = 0;
	char phrase[PHRASE_MAX], *at = text;

	if (found->core_count == 1) {
		strcpy(text, ", whatever the others did");
		return;
	}
	for (; named < NAMED_MAX && named + 1 < found->stuck_count; named++) {
		say_other(world, app, &members[named + 1], members[0].asked, phrase);
		at += sprintf(at, "%s%s", named ? " and " : ", though ", phrase);
	}
	if (found->core_count > named + 1)
		sprintf(at, " (and %zu more)", found->core_count - named - 1);
}

void convict_history(struct world *world, const struct app *app,
		     const struct linearizability *found)
{
	struct member members[STUCK_MAX];
	const struct history_record *asked;
	char told[PHRASE_MAX], others[2 * PHRASE_MAX + 32], moment[MOMENT_MAX];

	for (unsigned i = 0; i < found->stuck_count; i++)
		members[i] = member_of(world, found->stuck[i]);
	if (!found->stuck_count) {
		check_violated(world, JUDGE_LINEARIZABILITY, NO_PROCESS,
			       "no order of the operations on k%" PRIu64
			       " agrees with their model and with real time (Herlihy and Wing "
			       "1990)",
			       found->key);
		return;
	}
	sort_others(members, found->stuck_count);
	asked = members[0].asked;
	say_told(world, app, &members[0], told);
	say_others(world, app, members, found, others);
	check_violated_at(world, JUDGE_LINEARIZABILITY, members[0].told->time,
			  "the %s of k%" PRIu64 " that process %" PRIu32
			  " began at %s%s%s: no order of the operations on k%" PRIu64
			  " agrees with their model and with real time (Herlihy and Wing 1990)",
			  app->operations[asked->operation].name, found->key, asked->process,
			  moment_text(asked, moment), told, others, found->key);
}
