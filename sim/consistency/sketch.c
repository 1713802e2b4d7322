/*
 * Sketches: small objects, made of part of a register's history, of which only is asked whether
 * they have an order. In place of the many calls that are unknown there are a few that are alike.
 */
#include "sim/consistency/tail.h"

/* Work on one of them. */
enum { QUESTION = 1 << 20 };

/* ---- How they are made ----------------------------------------------------------------------- */

void sketch_begin(struct tail *tail, struct object *sketch, size_t calls)
{
	size_t most = calls + (SPARES + 1) * (size_t)tail->group_count + 2;

	*sketch = (struct object){.model = tail->object->model,
				  .history = tail->object->history,
				  .is_register = true,
				  .sketch = true};
	sketch->calls = room_take(tail->room, most, sizeof(struct call));
	sketch->events = room_take(tail->room, 2 * most, sizeof(uint32_t));
}

uint32_t sketch_open(struct object *sketch, const struct call *like)
{
	struct call *call = &sketch->calls[sketch->count];

	*call = *like;
	call->invoked = sketch->event_count;
	call->returned = NEVER_RETURNED;
	sketch->events[sketch->event_count++] = sketch->count << 1;
	return sketch->count++;
}

void sketch_close(struct object *sketch, uint32_t number)
{
	sketch->calls[number].returned = sketch->event_count;
	sketch->events[sketch->event_count++] = number << 1 | 1;
	sketch->returns++;
}

void sketch_endless(struct object *sketch, const struct call *like)
{
	sketch->calls[sketch_open(sketch, like)].endless = true;
}

void sketch_known(struct tail *tail, struct object *sketch, uint32_t number, bool optional)
{
	tail->number[number] = sketch_open(sketch, &tail->object->calls[number]);
	sketch->calls[tail->number[number]].optional = optional;
}

enum legality judge_sketch(struct tail *tail, struct object *sketch)
{
	struct opinion opinion;

	if (tail->work >= tail->patience)
		return UNDECIDED;
	tail->room->patience = tail->patience - tail->work;
	if (tail->room->patience > QUESTION)
		tail->room->patience = QUESTION;
	judge_object(tail->room, sketch, tail->budget, &opinion);
	tail->work += sketch->event_count + opinion.work;
	tail->room->patience = UINT64_MAX;
	return opinion.legality;
}

/* ---- Part of the history, whatever went before ----------------------------------------------- */

/*
 * All that was known to be under way when the tail begins may have happened before. What it found
 * then is of no interest, and what it changes may yet happen.
 */
static void open_straddlers(struct tail *tail, struct object *sketch, uint32_t from, uint32_t to)
{
	const struct object *object = tail->object;

	for (uint32_t at = from; at <= to; at++) {
		uint32_t number = object->events[at] >> 1;
		const struct call *call = &object->calls[number];

		if (!(object->events[at] & 1) || call->invoked >= from)
			continue;
		tail->number[number] = NO_NUMBER;
		if (tail->known[number] && !call_looks(call))
			sketch_known(tail, sketch, number, true);
	}
}

/* By group, of those invoked before an event. */
static uint32_t *count_unknown(const struct tail *tail, uint32_t event)
{
	const struct object *object = tail->object;
	uint32_t *count = room_zeroed(tail->room, tail->group_count, sizeof(uint32_t));

	for (uint32_t i = 0; i < object->count && object->calls[i].invoked < event; i++)
		if (!tail->known[i] && tail->group_of[i] != NO_NUMBER)
			count[tail->group_of[i]]++;
	return count;
}

/* The unknown calls of a part: by group, how many were invoked before it and by the end, and is
 * there no end of them in the sketch? */
struct unknown {
	uint32_t *before, *by_end;
	bool *endless;
};

static void sketch_unknown(const struct tail *tail, struct object *sketch, uint32_t group,
			   struct unknown *unknown)
{
	if (unknown->by_end[group] <= SPARES)
		sketch_open(sketch, tail->example[group]);
	else if (!unknown->endless[group])
		sketch_endless(sketch, tail->example[group]);
	unknown->endless[group] = unknown->by_end[group] > SPARES;
}

/* What is open when the part begins. */
static struct unknown open_part(struct tail *tail, struct object *sketch, uint32_t from,
				uint32_t to)
{
	struct unknown unknown = {
		.before = count_unknown(tail, from),
		.by_end = count_unknown(tail, tail->end),
		.endless = room_zeroed(tail->room, tail->group_count, sizeof(bool)),
	};

	sketch_begin(tail, sketch, to - from + 1);
	sketch->anywhere = from > 0;
	for (uint32_t group = 0; group < tail->group_count; group++)
		for (uint32_t i = 0; i < unknown.before[group] && i < SPARES; i++)
			sketch_unknown(tail, sketch, group, &unknown);
	open_straddlers(tail, sketch, from, to);
	return unknown;
}

enum legality judge_part(struct tail *tail, uint32_t from, uint32_t to, uint32_t without)
{
	const struct object *object = tail->object;
	struct room_mark mark = room_marked(tail->room);
	struct object sketch;

	if (tail->work >= tail->patience)
		return UNDECIDED;
	struct unknown unknown = open_part(tail, &sketch, from, to);

	for (uint32_t at = from; at <= to; at++) {
		uint32_t number = object->events[at] >> 1, group = tail->group_of[number];

		if (number == without)
			continue;
		if (object->events[at] & 1) {
			if (tail->known[number] && tail->number[number] != NO_NUMBER)
				sketch_close(&sketch, tail->number[number]);
		} else if (tail->known[number]) {
			sketch_known(tail, &sketch, number, false);
		} else if (group != NO_NUMBER) {
			sketch_unknown(tail, &sketch, group, &unknown);
		}
	}
	enum legality legality = judge_sketch(tail, &sketch);

	room_release(tail->room, mark);
	return legality;
}
