/*
 * From events to operations: who answers whom.
 *
 * A process has one open operation; a completion belongs to it. After an unknown outcome a process
 * is done; who comes back all the same is counted, and what was unknown stays so. Events without a
 * process belong to the latest invocation that is still open. A file that does not keep to this is
 * refused, with its line: what a judge would say of it would be no verdict.
 */
#include "sim/histories/recording.h"

#include <inttypes.h>
#include <stdlib.h>

enum { NAMES_MAX = 64, FIRST = 64 };

struct client {
	int64_t process;
	uint32_t open; /* 1 + index of its call; 0: none */
	bool used;
	bool gone; /* its last outcome was unknown: it ought not to come back */
};

struct pairing {
	struct recording *recording;
	struct client *clients; /* open addressing */
	uint64_t mask;
	uint32_t *nameless, nameless_count, nameless_room; /* open calls without a process */
	uint32_t room, disturbance_room, open;
	int64_t index, time;
	unsigned line;
	bool has_index, has_time;
};

/* ---- Tables ---------------------------------------------------------------------------------- */

static void *grown(void *array, uint32_t *room, size_t size)
{
	*room = *room ? 2 * *room : FIRST;
	array = realloc(array, *room * size);
	if (!array)
		abort();
	return array;
}

static struct client *slot_of(const struct pairing *pairing, int64_t process)
{
	uint64_t at = (uint64_t)process * 0x9E3779B97F4A7C15u >> 20;

	while (pairing->clients[at & pairing->mask].used &&
	       pairing->clients[at & pairing->mask].process != process)
		at++;
	return &pairing->clients[at & pairing->mask];
}

static void grow_clients(struct pairing *pairing)
{
	struct client *old = pairing->clients;
	uint64_t count = old ? pairing->mask + 1 : 0, room = count ? 2 * count : FIRST;

	pairing->clients = calloc(room, sizeof(*pairing->clients));
	if (!pairing->clients)
		abort();
	pairing->mask = room - 1;
	for (uint64_t i = 0; i < count; i++)
		if (old[i].used)
			*slot_of(pairing, old[i].process) = old[i];
	free(old);
}

static struct client *client_of(struct pairing *pairing, int64_t process)
{
	if (!pairing->clients || 2 * (uint64_t)pairing->recording->processes > pairing->mask)
		grow_clients(pairing);
	struct client *client = slot_of(pairing, process);

	if (!client->used) {
		*client = (struct client){.process = process, .used = true};
		pairing->recording->processes++;
	}
	return client;
}

/* ---- Trouble --------------------------------------------------------------------------------- */

/* What is wrong with an event, at its own line. */
static bool wrong(struct pairing *pairing, const char *text)
{
	struct trouble *trouble = &pairing->recording->trouble;

	trouble->line = pairing->line;
	trouble->column = 1;
	snprintf(trouble->text, TROUBLE_MAX, "%s", text);
	return false;
}

static bool wrong_process(struct pairing *pairing, const struct event *event, const char *what,
			  unsigned line)
{
	char who[40] = "an event without a process", where[40] = "", text[TROUBLE_MAX];

	if (!event->anonymous)
		snprintf(who, sizeof(who), "process %" PRId64, event->process);
	if (line)
		snprintf(where, sizeof(where), " (line %u)", line);
	snprintf(text, sizeof(text), "%s %s%s", who, what, where);
	return wrong(pairing, text);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static bool check_order(struct pairing *pairing, const struct event *event)
{
	char text[TROUBLE_MAX];

	if (event->has_index && pairing->has_index && event->index <= pairing->index) {
		snprintf(text, sizeof(text), "index %" PRId64 " follows index %" PRId64,
			 event->index, pairing->index);
		return wrong(pairing, text);
	}
	if (event->has_time && pairing->has_time && event->time < pairing->time)
		pairing->recording->backwards++;
	if (event->has_index)
		pairing->index = event->index;
	if (event->has_time)
		pairing->time = event->time;
	pairing->has_index |= event->has_index;
	pairing->has_time |= event->has_time;
	return true;
}

static int64_t time_of(const struct event *event)
{
	return event->has_time ? event->time : INT64_MIN;
}

static void disturb(struct pairing *pairing, const struct event *event)
{
	struct recording *recording = pairing->recording;

	if (recording->disturbance_count == pairing->disturbance_room)
		recording->disturbances = grown(recording->disturbances, &pairing->disturbance_room,
						sizeof(*recording->disturbances));
	recording->disturbances[recording->disturbance_count++] = (struct disturbance){
		.name = event->name,
		.value = event->value,
		.phase = event->phase,
		.what = event->what,
		.time = time_of(event),
		.at = recording->events,
		.line = event->line,
	};
}

static void open_nameless(struct pairing *pairing, uint32_t call)
{
	if (pairing->nameless_count == pairing->nameless_room)
		pairing->nameless = grown(pairing->nameless, &pairing->nameless_room,
					  sizeof(*pairing->nameless));
	pairing->nameless[pairing->nameless_count++] = call;
}

static bool ask(struct pairing *pairing, const struct event *event)
{
	struct recording *recording = pairing->recording;
	uint32_t index = recording->count;

	if (event->anonymous) {
		open_nameless(pairing, index);
		if (!recording->processes)
			recording->processes = 1;
	} else {
		struct client *client = client_of(pairing, event->process);

		if (client->open)
			return wrong_process(pairing, event,
					     "asks again, while its last question is open",
					     recording->calls[client->open - 1].invoked_line);
		recording->came_back += client->gone;
		client->open = index + 1;
		client->gone = false;
	}
	uint32_t name = names_of(&recording->operations, &event->name);

	if (name > NAMES_MAX)
		return wrong(pairing, "more than 64 names of operations: is `f` the operation?");
	if (index == pairing->room)
		recording->calls = grown(recording->calls, &pairing->room,
					 sizeof(*recording->calls));
	recording->calls[recording->count++] = (struct call){
		.asked = event->value,
		.process = event->anonymous ? -(int64_t)pairing->nameless_count : event->process,
		.invoked_time = time_of(event),
		.returned_time = INT64_MIN,
		.invoked = recording->events,
		.returned = NEVER_RETURNED,
		.invoked_line = event->line,
		.key = names_of(&recording->keys, &event->key),
		.name = (uint16_t)name,
		.answer = ANSWER_UNKNOWN,
	};
	if (++pairing->open > recording->most_open)
		recording->most_open = pairing->open;
	return true;
}

/* The call that an answer belongs to, now closed; NULL, after trouble, where there is none. */
static struct call *asked_by(struct pairing *pairing, const struct event *event)
{
	struct call *calls = pairing->recording->calls;

	if (event->anonymous) {
		if (pairing->nameless_count)
			return &calls[pairing->nameless[--pairing->nameless_count]];
	} else {
		struct client *client = client_of(pairing, event->process);
		uint32_t open = client->open;

		client->open = 0;
		client->gone = event->type == EVENT_INFO;
		if (open)
			return &calls[open - 1];
	}
	wrong_process(pairing, event, "answers, but has asked nothing", 0);
	return NULL;
}

static bool answer(struct pairing *pairing, const struct event *event)
{
	struct recording *recording = pairing->recording;
	struct call *call = asked_by(pairing, event);

	if (!call)
		return false;
	if (event->name.kind != DATUM_NIL &&
	    names_find(&recording->operations, &event->name) != call->name)
		return wrong_process(pairing, event, "answers another operation than it asked for",
				     call->invoked_line);
	if (event->key.kind != DATUM_NIL && names_find(&recording->keys, &event->key) != call->key)
		return wrong_process(pairing, event, "answers for another key than it asked for",
				     call->invoked_line);
	pairing->open--;
	call->returned_line = event->line;
	call->returned_time = time_of(event);
	call->untrue = event->untrue;
	if (event->type == EVENT_INFO)
		return true;
	call->answer = event->type == EVENT_OK ? ANSWER_OK : ANSWER_FAIL;
	call->told = event->value;
	call->returned = recording->events;
	return true;
}

static bool take(struct pairing *pairing, const struct event *event)
{
	pairing->line = event->line;
	if (!check_order(pairing, event))
		return false;
	if (event->nemesis)
		disturb(pairing, event);
	else if (event->type == EVENT_INVOKE ? !ask(pairing, event) : !answer(pairing, event))
		return false;
	if (++pairing->recording->events == NEVER_RETURNED)
		return wrong(pairing, "a history of 2^32 events is too long");
	return true;
}

/* ---- A file ---------------------------------------------------------------------------------- */

static void count_answers(struct recording *recording)
{
	for (uint32_t i = 0; i < recording->count; i++) {
		uint8_t answer = recording->calls[i].answer;

		recording->ok += answer == ANSWER_OK;
		recording->failed += answer == ANSWER_FAIL;
		recording->unknown += answer == ANSWER_UNKNOWN;
	}
}

bool recording_read(struct recording *recording, enum format format, char *text, size_t size)
{
	struct events events;
	struct event event;

	*recording = (struct recording){.format = format};
	events_begin(&events, format, text, size, &recording->pool, &recording->trouble);
	struct pairing pairing = {.recording = recording};

	while (events_next(&events, &event) && take(&pairing, &event))
		;
	recording->strange = events.strange;
	count_answers(recording);
	events_end(&events);
	free(pairing.clients);
	free(pairing.nameless);
	return recording->trouble.line == 0;
}

void recording_free(struct recording *recording)
{
	free(recording->calls);
	free(recording->disturbances);
	names_free(&recording->operations);
	names_free(&recording->keys);
	pool_free(&recording->pool);
	*recording = (struct recording){0};
}

bool call_trouble(const struct recording *recording, const struct call *call, bool answer,
		  const char *what, struct trouble *trouble)
{
	char name[64] = "";

	if (call->name)
		datum_name(&recording->operations.data[call->name - 1], name, sizeof(name));
	trouble->line = answer ? call->returned_line : call->invoked_line;
	trouble->column = 1;
	snprintf(trouble->text, TROUBLE_MAX, "%s%s%s", name, name[0] ? ": " : "", what);
	return false;
}
