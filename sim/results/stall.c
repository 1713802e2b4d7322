/*
 * Who waits for whom in a run that did not finish: for verdict.json, and, read from there, for a
 * person.
 */
#include "sim/results/stall.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/results/json.h"

enum { HEARD_SHOWN = 4 };

static json_t *name_of(endpoint_t endpoint)
{
	char name[8];

	return json_string(endpoint_name(endpoint, name));
}

/* ---- For the machine ------------------------------------------------------------------------- */

static json_t *waiting_json(const struct app *app, const struct stall *stall)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < stall->told; i++) {
		const struct open_operation *of = &stall->operation[i];
		json_t *object = json_object();

		put(object, "client", name_of((endpoint_t)(CLIENT_FIRST + request_client(of->id))));
		put(object, "operation", json_integer((json_int_t)request_number(of->id)));
		put(object, "asks",
		    json_sprintf("%s k%" PRIu64, app->operations[of->operation].name, of->key));
		put(object, "since", json_integer(of->since));
		put(object, "asked", name_of(of->server));
		put(object, "times", json_integer(of->asked));
		put(object, "asks_again",
		    of->asks_at < 0 ? json_null() : json_integer(of->asks_at));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *heard_json(struct world *world, process_id id)
{
	json_t *list = json_array();

	for (unsigned from = 0; from < CLIENT_FIRST + world->client_count; from++) {
		const struct link *link;

		if (from == world->process_count)
			from = CLIENT_FIRST;
		link = from == id || from >= CLIENT_FIRST + world->client_count
			       ? NULL
			       : world_link(world, (endpoint_t)from, id);
		if (!link || (link->delivered < 0 && from >= CLIENT_FIRST))
			continue;
		const char *sort = message_sort_name(world_protocol(world, id),
						     link->delivered_sort);
		json_t *object = json_object();

		put(object, "from", name_of((endpoint_t)from));
		put(object, "message", link->delivered < 0 ? json_null() : json_string(sort));
		put(object, "at",
		    link->delivered < 0 ? json_null() : json_integer(link->delivered));
		put(object, "cut", json_boolean(link->cuts > 0));
		json_array_append_new(list, object);
	}
	return list;
}

/* An inspector's value, by its name where it has one; null where there is none. */
static json_t *inspected(struct world *world, process_id id, const char *name)
{
	const struct inspector *i = world_protocol(world, id)->inspectors;

	while (i && i->name && strcmp(i->name, name) != 0)
		i++;
	if (!i || !i->name || world_process(world, id)->status == DOWN)
		return json_null();
	uint64_t value = world_inspect(world, id, name, 0), names = 0;

	while (i->values && i->values[names])
		names++;
	return value < names ? json_string(i->values[value]) : json_integer((json_int_t)value);
}

static json_t *processes_json(struct world *world)
{
	static const char *const statuses[] = {[UP] = "up", [DOWN] = "down", [PAUSED] = "paused"};
	json_t *list = json_array();

	for (unsigned id = 0; id < world->process_count; id++) {
		const struct process *process = world_process(world, (process_id)id);
		json_t *object = json_object();

		put(object, "process", name_of((endpoint_t)id));
		put(object, "status",
		    json_string(process->silenced ? "silent" : statuses[process->status]));
		put(object, "role", inspected(world, (process_id)id, "role"));
		put(object, "term", inspected(world, (process_id)id, "term"));
		put(object, "applied", json_integer((json_int_t)process->applied));
		put(object, "heard", heard_json(world, (process_id)id));
		json_array_append_new(list, object);
	}
	return list;
}

json_t *stall_json(struct world *world, const struct app *app, const struct stall *stall,
		   nanoseconds healed)
{
	json_t *object = json_object();

	put(object, "at", json_integer(stall->at));
	put(object, "healed", healed ? json_integer(healed) : json_null());
	put(object, "elections_since_heal", json_integer((json_int_t)stall->elections));
	put(object, "given_up_since_heal", json_integer((json_int_t)stall->given_up));
	put(object, "last_answered",
	    stall->answered ? json_integer((json_int_t)stall->answered) : json_null());
	put(object, "last_answer",
	    stall->answered ? json_integer(stall->answered_at) : json_null());
	put(object, "open", json_integer(stall->open));
	put(object, "waiting", waiting_json(app, stall));
	put(object, "processes", processes_json(world));
	return object;
}

/* ---- For a person ---------------------------------------------------------------------------- */

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static double seconds(const json_t *object, const char *key)
{
	return (double)number(object, key) / 1e9;
}

static void print_answers(FILE *out, const json_t *stall)
{
	const bool healed = json_is_integer(json_object_get(stall, "healed"));

	fprintf(out, "    who waits for whom, at %.3f s", seconds(stall, "at"));
	if (healed)
		fprintf(out, ", %.3f s after the heal",
			seconds(stall, "at") - seconds(stall, "healed"));
	if (json_is_integer(json_object_get(stall, "last_answer")))
		fprintf(out, "; the last answer was to operation %lld at %.3f s:\n",
			(long long)number(stall, "last_answered"), seconds(stall, "last_answer"));
	else
		fputs("; nobody was ever answered:\n", out);
	fprintf(out, "    | operations: open %lld, given up %lld; elections: %lld, since the %s\n",
		(long long)number(stall, "open"), (long long)number(stall, "given_up_since_heal"),
		(long long)number(stall, "elections_since_heal"), healed ? "heal" : "start");
}

static void print_waiting(FILE *out, const json_t *of)
{
	fprintf(out, "    | %-4s waits since %.3f s: %s (operation %lld), asked %s",
		word(of, "client"), seconds(of, "since"), word(of, "asks"),
		(long long)number(of, "operation"), word(of, "asked"));
	if (number(of, "times") > 1)
		fprintf(out, ", tried %lld times", (long long)number(of, "times"));
	if (json_is_integer(json_object_get(of, "asks_again")))
		fputs(", which said `not now`", out);
	fputc('\n', out);
}

static int latest_first(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	json_int_t of_x = json_is_integer(json_object_get(x, "at")) ? number(x, "at") : -1;
	json_int_t of_y = json_is_integer(json_object_get(y, "at")) ? number(y, "at") : -1;

	return of_x != of_y ? (of_x < of_y) - (of_x > of_y)
			    : strcmp(word(x, "from"), word(y, "from"));
}

/* Of other processes: what clients ask does not bring a protocol on. */
static void print_heard(FILE *out, const json_t *list)
{
	size_t all = json_array_size(list), count = 0;
	json_t **sorted = calloc(all + 1, sizeof(*sorted));

	if (!sorted)
		abort();
	for (size_t i = 0; i < all; i++)
		if (word(json_array_get(list, i), "from")[0] == 'n')
			sorted[count++] = json_array_get(list, i);
	qsort(sorted, count, sizeof(json_t *), latest_first);
	for (size_t i = 0; i < count && i < HEARD_SHOWN; i++) {
		const json_t *of = sorted[i];

		fprintf(out, "%s %s", i ? "," : "; heard", word(of, "from"));
		if (json_is_integer(json_object_get(of, "at")))
			fprintf(out, " %s %.3f s", word(of, "message"), seconds(of, "at"));
		else
			fputs(" never", out);
		fputs(json_is_true(json_object_get(of, "cut")) ? " (cut)" : "", out);
	}
	free(sorted);
}

static void print_process(FILE *out, const json_t *of)
{
	const char *status = word(of, "status"), *role = word(of, "role");

	fprintf(out, "    | %-4s", word(of, "process"));
	if (strcmp(status, "up") != 0 || !role[0])
		fprintf(out, " %s", status);
	if (role[0])
		fprintf(out, " %s", role);
	if (json_is_integer(json_object_get(of, "term")))
		fprintf(out, " in term %lld", (long long)number(of, "term"));
	fprintf(out, ", applied %lld", (long long)number(of, "applied"));
	print_heard(out, json_object_get(of, "heard"));
	fputc('\n', out);
}

void stall_print(FILE *out, const json_t *stall)
{
	const json_t *waiting = json_object_get(stall, "waiting");
	const json_t *processes = json_object_get(stall, "processes");

	print_answers(out, stall);
	for (size_t i = 0; i < json_array_size(waiting); i++)
		print_waiting(out, json_array_get(waiting, i));
	for (size_t i = 0; i < json_array_size(processes); i++)
		print_process(out, json_array_get(processes, i));
}
