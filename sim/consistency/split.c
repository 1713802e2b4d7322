/*
 * From a history to objects: each is judged alone, which is sound because linearizability is local
 * (Herlihy and Wing 1990, Theorem 1). A set without reads of the whole is split further, element by
 * element (Horn and Kroening 2015).
 *
 * What says nothing is left out: a look whose answer nobody saw, a change of unknown outcome that
 * changes nothing. Positions become dense, object by object, and the calls stand in the order of
 * their invocations.
 */
#include "sim/consistency/engines.h"

#include <assert.h>

/* ---- Lowering -------------------------------------------------------------------------------- */

static bool lower_cas(struct call *call, bool returned, bool matched)
{
	call->kind = CALL_CAS;
	if (returned && !matched)
		call->kind = CALL_MISS;
	else if (call->expected == call->value)
		call->kind = CALL_READ;
	return returned || call->kind == CALL_CAS;
}

static bool lower_set(const struct told *told, bool returned, struct call *call)
{
	unsigned operation = told->operation;
	bool adds = operation == SET_ADD || operation == SET_INSERT;

	call->expected = !adds;
	call->value = adds;
	if (operation == SET_INSERT || operation == SET_DELETE) {
		call->kind = !returned || told->matched ? CALL_CAS : CALL_READ;
		return true;
	}
	call->kind = operation == SET_CONTAINS ? CALL_READ : CALL_WRITE;
	if (operation == SET_CONTAINS)
		call->value = told->matched;
	return returned || call->kind == CALL_WRITE;
}

bool lower(const struct model *model, const struct told *told, bool returned, struct call *call)
{
	call->kind = CALL_OTHER;
	call->value = told->value;
	call->expected = told->expected;
	if (model == &model_set && told->operation == SET_READ)
		return returned;
	if (model == &model_set)
		return lower_set(told, returned, call);
	if (model == &model_mutex) {
		call->expected = told->operation == LOCK_RELEASE;
		call->value = 1 - call->expected;
		return lower_cas(call, returned, told->matched);
	}
	switch (model->operations ? model->operations[told->operation].act : ACT_OTHER) {
	case ACT_READ:
		call->kind = CALL_READ;
		call->value = told->result;
		return returned;
	case ACT_WRITE: call->kind = CALL_WRITE; return true;
	case ACT_CAS: return lower_cas(call, returned, told->matched);
	case ACT_OTHER: break;
	}
	return true;
}

bool loosened(const struct object *object, const struct call *call, struct call *loose)
{
	const struct told *told = &object->history->operations[call->index].told;

	*loose = *call;
	loose->returned = NEVER_RETURNED;
	bool says = lower(object->model, told, false, loose);

	if (call->kind == CALL_OTHER) /* of a set that is read as a whole */
		loose->kind = CALL_OTHER;
	return says;
}

/* ---- Which object ---------------------------------------------------------------------------- */

struct splitting {
	struct room *room;
	const struct model *model;
	const struct history *history;
	const uint64_t *known;
	struct numbering keys, parts; /* objects; and, of a set, its elements in them */
	uint32_t *object;             /* of each operation; NO_NUMBER: left out */
	uint32_t *number;             /* of each operation, among its object's calls */
	bool *whole;                  /* of each key of a set: somebody reads all of it */
	uint32_t last;                /* position */
};

static uint32_t returned_at(const struct splitting *splitting, size_t i)
{
	const uint64_t *known = splitting->known;

	return !known || known[i / 64] >> i % 64 & 1 ? splitting->history->operations[i].returned
						     : NEVER_RETURNED;
}

/* An object is a key, or of a set that is never read as a whole a pair of key and element. */
static uint32_t object_of(struct splitting *splitting, const struct told *told,
			  struct numbering *elements)
{
	uint64_t key = number_of(&splitting->keys, told->key);

	if (splitting->model != &model_set)
		return (uint32_t)key;
	uint64_t element = splitting->whole[key] ? UINT32_MAX : number_of(elements, told->value);

	return number_of(&splitting->parts, key << 32 | element);
}

static void find_whole_reads(struct splitting *splitting)
{
	const struct history *history = splitting->history;

	for (size_t i = 0; i < history->count; i++)
		number_of(&splitting->keys, history->operations[i].told.key);
	splitting->whole = room_zeroed(splitting->room, splitting->keys.count, sizeof(bool));
	for (size_t i = 0; i < history->count; i++) {
		const struct told *told = &history->operations[i].told;

		if (told->operation == SET_READ && returned_at(splitting, i) != NEVER_RETURNED)
			splitting->whole[number_of(&splitting->keys, told->key)] = true;
	}
}

static void assign_objects(struct splitting *splitting)
{
	const struct history *history = splitting->history;
	struct numbering elements;
	struct call call;

	numbering_begin(&splitting->keys, splitting->room);
	if (splitting->model == &model_set) {
		numbering_begin(&splitting->parts, splitting->room);
		numbering_begin(&elements, splitting->room);
		find_whole_reads(splitting);
	}
	for (size_t i = 0; i < history->count; i++) {
		const struct operation *operation = &history->operations[i];
		uint32_t returned = returned_at(splitting, i);

		splitting->object[i] = NO_NUMBER;
		if (!lower(splitting->model, &operation->told, returned != NEVER_RETURNED, &call))
			continue;
		splitting->object[i] = object_of(splitting, &operation->told, &elements);
		if (operation->invoked > splitting->last)
			splitting->last = operation->invoked;
		if (returned != NEVER_RETURNED && returned > splitting->last)
			splitting->last = returned;
	}
}

/* Room for each object's calls and events, and its key. */
static void make_objects(struct splitting *splitting, struct objects *objects)
{
	const struct history *history = splitting->history;
	bool parts = splitting->model == &model_set;
	struct room *room = splitting->room;

	objects->count = parts ? splitting->parts.count : splitting->keys.count;
	objects->object = room_zeroed(room, objects->count, sizeof(struct object));
	for (size_t i = 0; i < history->count; i++) {
		if (splitting->object[i] == NO_NUMBER)
			continue;
		struct object *object = &objects->object[splitting->object[i]];

		object->key = history->operations[i].told.key;
		object->count++;
		object->returns += returned_at(splitting, i) != NEVER_RETURNED;
	}
	for (size_t i = 0; i < objects->count; i++) {
		struct object *object = &objects->object[i];

		object->model = splitting->model;
		object->history = history;
		object->is_register = true;
		object->calls = room_take(room, object->count, sizeof(struct call));
		object->events = room_take(room, object->count + object->returns, sizeof(uint32_t));
		object->count = 0;
	}
}

/* ---- The order of events --------------------------------------------------------------------- */

static void take_event(struct splitting *splitting, struct objects *objects, uint32_t event)
{
	uint32_t i = event >> 1;
	const struct operation *operation = &splitting->history->operations[i];
	struct object *object = &objects->object[splitting->object[i]];
	struct call *call = &object->calls[splitting->number[i]];

	if (event & 1) {
		call->returned = object->event_count;
		object->events[object->event_count++] = splitting->number[i] << 1 | 1;
		return;
	}
	splitting->number[i] = object->count++;
	call = &object->calls[splitting->number[i]];
	*call = (struct call){
		.invoked = object->event_count, .returned = NEVER_RETURNED, .index = i};
	lower(splitting->model, &operation->told, returned_at(splitting, i) != NEVER_RETURNED,
	      call);
	if (splitting->whole && splitting->whole[number_of(&splitting->keys, operation->told.key)])
		call->kind = CALL_OTHER; /* its elements can't be told apart */
	object->is_register &= call->kind != CALL_OTHER;
	object->witnessed |= operation->witness != 0;
	object->events[object->event_count++] = splitting->number[i] << 1;
}

/* Positions that are dense: each event has its place. */
static void take_by_place(struct splitting *splitting, struct objects *objects)
{
	const struct history *history = splitting->history;
	size_t places = (size_t)splitting->last + 1;
	struct room_mark mark = room_marked(splitting->room);
	uint32_t *at = room_take(splitting->room, places, sizeof(uint32_t));

	memset(at, 0xff, places * sizeof(uint32_t));
	for (uint32_t i = 0; i < history->count; i++) {
		if (splitting->object[i] == NO_NUMBER)
			continue;
		uint32_t returned = returned_at(splitting, i);

		assert(at[history->operations[i].invoked] == UINT32_MAX);
		at[history->operations[i].invoked] = i << 1;
		if (returned == NEVER_RETURNED)
			continue;
		assert(at[returned] == UINT32_MAX); /* each event has a position of its own */
		at[returned] = i << 1 | 1;
	}
	for (size_t place = 0; place < places; place++)
		if (at[place] != UINT32_MAX)
			take_event(splitting, objects, at[place]);
	room_release(splitting->room, mark);
}

/* Positions with wide gaps: sorted. */
static void take_sorted(struct splitting *splitting, struct objects *objects)
{
	const struct history *history = splitting->history;
	struct room_mark mark = room_marked(splitting->room);
	struct sortable *event = room_take(splitting->room, 2 * history->count,
					   sizeof(struct sortable));
	size_t count = 0;

	for (uint32_t i = 0; i < history->count; i++) {
		if (splitting->object[i] == NO_NUMBER)
			continue;
		uint32_t returned = returned_at(splitting, i);

		event[count++] = (struct sortable){history->operations[i].invoked, i << 1};
		if (returned != NEVER_RETURNED)
			event[count++] = (struct sortable){returned, i << 1 | 1};
	}
	event = sorted(splitting->room, event, count);
	for (size_t i = 0; i < count; i++)
		take_event(splitting, objects, event[i].what);
	room_release(splitting->room, mark);
}

void split(struct room *room, const struct model *model, const struct history *history,
	   const uint64_t *known, struct objects *objects)
{
	enum { GAPS = 8, GAPS_FREE = 1024 };
	struct splitting splitting = {
		.room = room, .model = model, .history = history, .known = known};

	splitting.object = room_take(room, history->count, sizeof(uint32_t));
	splitting.number = room_take(room, history->count, sizeof(uint32_t));
	assign_objects(&splitting);
	make_objects(&splitting, objects);
	if (splitting.last < GAPS * history->count + GAPS_FREE)
		take_by_place(&splitting, objects);
	else
		take_sorted(&splitting, objects);
}
