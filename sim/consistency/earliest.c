/*
 * From when on an object's history is illegal: at the first return after which what has happened so
 * far has no order. What is open at that moment is pending: it may have happened, or not yet.
 *
 * An order of what has happened orders what had happened before, too, so prefixes are legal up to
 * one return and illegal from there on, and halving finds it. Mostly the engine that convicted
 * knows better: a search stops at the very return or a little before it, and other engines'
 * suspects are illegal by the last return of theirs. Such hints are probed before a half; none is
 * believed.
 */
#include "sim/consistency/engines.h"

#include <assert.h>

/* ---- A prefix ------------------------------------------------------------------------------- */

uint32_t event_position(const struct object *object, uint32_t event)
{
	const struct call *call = &object->calls[object->events[event] >> 1];
	const struct operation *operation = &object->history->operations[call->index];

	return object->events[event] & 1 ? operation->returned : operation->invoked;
}

uint32_t events_before(const struct object *object, uint32_t position)
{
	uint32_t low = 0, high = object->event_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (event_position(object, middle) < position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A call as it was known then. False: it says nothing yet. */
static bool as_of(const struct object *object, const struct call *whole, uint32_t events,
		  struct call *call)
{
	if (whole->returned >= events)
		return loosened(object, whole, call);
	*call = *whole;
	return true;
}

void object_prefix(struct room *room, const struct object *object, uint32_t events,
		   struct object *prefix, uint32_t **numbers)
{
	uint32_t *now = room_take(room, object->count, sizeof(uint32_t)); /* by number in all */

	*prefix = *object;
	prefix->is_register = true;
	prefix->count = prefix->event_count = prefix->returns = 0;
	prefix->calls = room_take(room, object->count, sizeof(struct call));
	prefix->events = room_take(room, events, sizeof(uint32_t));
	*numbers = room_take(room, object->count, sizeof(uint32_t));
	for (uint32_t i = 0; i < events; i++) {
		uint32_t number = object->events[i] >> 1, at = prefix->event_count;

		if (object->events[i] & 1) {
			prefix->calls[now[number]].returned = at;
			prefix->events[prefix->event_count++] = now[number] << 1 | 1;
			prefix->returns++;
			continue;
		}
		struct call *call = &prefix->calls[prefix->count];

		if (!as_of(object, &object->calls[number], events, call))
			continue;
		call->invoked = at;
		prefix->is_register &= call->kind != CALL_OTHER;
		prefix->events[prefix->event_count++] = prefix->count << 1;
		(*numbers)[prefix->count] = number;
		now[number] = prefix->count++;
	}
}

/* ---- Between one that has an order and one that has none ------------------------------------ */

struct halving {
	struct room *room;
	const struct object *object;
	uint64_t budget;
	uint32_t *returns;       /* the events that are returns */
	uint32_t legal, illegal; /* after so many returns */
	uint32_t hint, stride;   /* what to probe next; 0: the half. How far to go on from there */
	uint32_t *suspects;      /* of the prefix that is known to be illegal */
	size_t suspect_count;
	bool *suspected; /* by call */
};

static void list_returns(struct halving *halving)
{
	const struct object *object = halving->object;
	uint32_t count = 0;

	halving->returns = room_take(halving->room, object->returns, sizeof(uint32_t));
	for (uint32_t i = 0; i < object->event_count; i++)
		if (object->events[i] & 1)
			halving->returns[count++] = i;
	assert(count == object->returns);
}

/* Returns up to this event and with it. */
static uint32_t returns_until(const struct halving *halving, uint32_t event)
{
	uint32_t low = 0, high = halving->object->returns;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (halving->returns[middle] <= event)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Takes over an opinion's suspects that had returned, each once; `numbers` of its calls, or NULL.
 */
static void take_suspects(struct halving *halving, const struct opinion *opinion,
			  const uint32_t *numbers)
{
	uint32_t end = halving->returns[halving->illegal - 1];

	halving->suspect_count = 0;
	for (size_t i = 0; i < opinion->count; i++) {
		uint32_t number = numbers ? numbers[opinion->calls[i]] : opinion->calls[i];

		if (halving->suspected[number] || halving->object->calls[number].returned > end)
			continue;
		halving->suspected[number] = true;
		halving->suspects[halving->suspect_count++] = number;
	}
	for (size_t i = 0; i < halving->suspect_count; i++)
		halving->suspected[halving->suspects[i]] = false;
}

/* Who made what the accused saw: of all that may be in the core, people understand that best. */
static void suspect_makers(struct halving *halving, uint32_t accused)
{
	const struct object *object = halving->object;
	uint64_t seen;

	for (size_t i = 0; i < halving->suspect_count; i++)
		halving->suspected[halving->suspects[i]] = true;
	for (uint32_t i = 0; i < object->count && call_sees(&object->calls[accused], &seen); i++)
		if (call_makes(&object->calls[i], seen) && !halving->suspected[i] &&
		    object->calls[i].returned < object->calls[accused].returned)
			halving->suspects[halving->suspect_count++] = i;
}

/* The event by which the last of the suspects returned, or 0. */
static uint32_t last_return(const struct halving *halving)
{
	uint32_t last = 0;

	for (size_t i = 0; i < halving->suspect_count; i++) {
		uint32_t returned = halving->object->calls[halving->suspects[i]].returned;

		last = returned > last ? returned : last;
	}
	return last;
}

/* Illegal after so many returns, for the opinion's reasons. */
static void convicted(struct halving *halving, uint32_t returns, const struct opinion *opinion,
		      const uint32_t *numbers)
{
	halving->illegal = returns;
	take_suspects(halving, opinion, numbers);
	if (opinion->engine == ENGINE_SEARCH && opinion->reached > halving->legal)
		halving->legal = opinion->reached;
	uint32_t last = returns_until(halving, last_return(halving));

	halving->hint = last > halving->legal + 1 ? last - 1 : halving->legal + 1;
	halving->stride = 1;
}

static void probe(struct halving *halving, uint32_t returns)
{
	bool hinted = returns == halving->hint;
	struct room_mark mark = room_marked(halving->room);
	struct object prefix;
	struct opinion opinion;
	uint32_t *numbers;

	object_prefix(halving->room, halving->object, halving->returns[returns - 1] + 1, &prefix,
		      &numbers);
	judge_object(halving->room, &prefix, halving->budget, &opinion);
	halving->hint = 0;
	if (opinion.legality == ILLEGAL) {
		convicted(halving, returns, &opinion, numbers);
		if (hinted) /* hints that go back a little each may be many */
			halving->hint = 0;
	} else {
		halving->legal = returns;
		halving->hint = hinted ? returns + halving->stride : 0;
		halving->stride *= 2;
	}
	room_release(halving->room, mark);
}

uint32_t find_earliest(struct room *room, const struct object *object, uint64_t budget,
		       struct opinion *opinion)
{
	struct halving halving = {.room = room, .object = object, .budget = budget};

	list_returns(&halving);
	halving.suspects = room_take(room, object->count, sizeof(uint32_t));
	halving.suspected = room_zeroed(room, object->count, sizeof(bool));
	convicted(&halving, object->returns, opinion, NULL);
	while (halving.illegal - halving.legal > 1) {
		uint32_t returns = halving.legal + (halving.illegal - halving.legal) / 2;

		if (halving.hint > halving.legal && halving.hint < halving.illegal)
			returns = halving.hint;
		else
			halving.hint = 0;
		probe(&halving, returns);
	}
	uint32_t accused = object->events[halving.returns[halving.illegal - 1]] >> 1;

	if (halving.suspect_count) /* else all are */
		suspect_makers(&halving, accused);
	opinion->calls = halving.suspects;
	opinion->count = halving.suspect_count;
	opinion->reached = halving.legal;
	return accused;
}
