/*
 * The core of a register to which few values are written again and again. There each value may be
 * explained by many calls, so none can be suspected before the others, and what makes up a core can
 * only be: all that could have made what the accused call saw, and what happened at the very end.
 *
 * So all that changes something is known to begin with, and as many of the last returns as it
 * takes: eight, then sixteen more, and so on. That no order explains them is seen in this tail
 * alone, where anything may have been the case at its beginning, and what is unknown may happen as
 * often as it likes: what has no order even so has none in the whole. What can be left out is left
 * out in the same way. That each of those that stay is needed, needed.c sees.
 *
 * A core of many thousands takes no more than some hundred searches of a tail. Most of it are the
 * calls that make the one value, each of which could have happened late.
 */
#include "sim/consistency/tail.h"

/* The tail begins with so many returns. Where one call was not seen to be needed, nor not to be, it
 * is made so many times longer; so often. */
enum { RETURNS_FIRST = 8, LONGER = 2, ROUNDS = 6 };
/* Events before and after a call that may need it in its place. */
enum { PIN_REACH_FIRST = 4, PIN_REACH_MAX = 256, PIN_REACH_FACTOR = 2 };

/* ---- Groups --------------------------------------------------------------------------------- */

static uint64_t group_key(struct tail *tail, const struct call *call)
{
	uint64_t from = call->kind == CALL_CAS ? number_of(&tail->values, call->expected) : 0;

	return (uint64_t)call->kind << 62 | from << 31 | number_of(&tail->values, call->value);
}

uint32_t group_of_write(struct tail *tail, uint64_t value)
{
	struct call write = {.kind = CALL_WRITE, .value = value};

	return number_known(&tail->groups, group_key(tail, &write));
}

static void number_groups(struct tail *tail)
{
	const struct object *object = tail->object;
	struct room *room = tail->room;

	tail->loose = room_take(room, object->count, sizeof(struct call));
	tail->group_of = room_take(room, object->count, sizeof(uint32_t));
	tail->example = room_take(room, object->count, sizeof(struct call *));
	numbering_begin(&tail->values, room);
	numbering_begin(&tail->groups, room);
	for (uint32_t i = 0; i < object->count; i++) {
		tail->group_of[i] = NO_NUMBER;
		if (object->calls[i].invoked > tail->end ||
		    !loosened(object, &object->calls[i], &tail->loose[i]))
			continue;
		tail->group_of[i] = number_of(&tail->groups, group_key(tail, &tail->loose[i]));
		tail->example[tail->group_of[i]] = &tail->loose[i];
	}
	tail->group_count = tail->groups.count;
}

/* Would the accused call be right if this value were there? */
static bool explains(const struct call *accused, uint64_t value)
{
	if (accused->kind == CALL_MISS)
		return value != accused->expected;
	return value == (accused->kind == CALL_READ ? accused->value : accused->expected);
}

/* ---- What is known -------------------------------------------------------------------------- */

/* All that had changed something, and what returned in the tail. */
static void know_all(struct tail *tail)
{
	const struct object *object = tail->object;

	for (uint32_t i = 0; i < object->count; i++) {
		uint32_t returned = object->calls[i].returned;

		tail->known[i] = returned <= tail->end &&
				 (tail->group_of[i] != NO_NUMBER || returned >= tail->from);
	}
}

/* Begins the tail earlier, by so many returns; or with the history. */
static void lengthen(struct tail *tail, uint32_t returns)
{
	while (returns && tail->from)
		returns -= tail->object->events[--tail->from] & 1;
}

/* ---- The tail ------------------------------------------------------------------------------- */

static enum legality judge_tail(struct tail *tail)
{
	return judge_part(tail, tail->from, tail->end, NO_NUMBER);
}

/* Makes the tail long enough. False: none is illegal. */
static bool find_tail(struct tail *tail)
{
	enum legality legality = LEGAL;

	tail->from = tail->end;
	for (uint32_t returns = RETURNS_FIRST; legality == LEGAL && tail->from; returns *= 2) {
		lengthen(tail, returns);
		know_all(tail);
		legality = judge_tail(tail);
	}
	return legality == ILLEGAL;
}

/* ---- What can be left out ------------------------------------------------------------------- */

/* Tries to do without them. */
static void leave_out(struct tail *tail, const struct sortable *item, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tail->known[item[i].what] = false;
	if (judge_tail(tail) == ILLEGAL)
		return;
	for (size_t i = 0; i < count; i++)
		tail->known[item[i].what] = true;
}

/* All of which but so many lower bits are the same, at once. */
static void leave_out_alike(struct tail *tail, const struct sortable *item, size_t count,
			    unsigned lower)
{
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from; to < count && item[to].by >> lower == item[from].by >> lower;)
			to++;
		if (tail->known[item[from].what])
			leave_out(tail, item + from, to - from);
	}
}

/*
 * Those from before the tail. First all that could not have made what the accused call saw, then
 * all that make the same, then all that say the same. Nothing less: one of them would do as well as
 * another.
 */
static void leave_out_early(struct tail *tail)
{
	const struct object *object = tail->object;
	struct sortable *item = room_take(tail->room, object->count, sizeof(*item));
	size_t count = 0;

	for (uint32_t i = 0; i < object->count; i++) {
		if (!tail->known[i] || tail->needed[i] || object->calls[i].returned >= tail->from)
			continue;
		uint64_t value = number_of(&tail->values, tail->loose[i].value);
		uint64_t makes_it = explains(&object->calls[tail->accused], tail->loose[i].value);

		item[count++] = (struct sortable){makes_it << 63 | value << 32 | tail->group_of[i],
						  i};
	}
	item = sorted(tail->room, item, count);
	leave_out_alike(tail, item, count, 63);
	leave_out_alike(tail, item, count, 32);
	leave_out_alike(tail, item, count, 0);
}

/* Those of the tail: in pieces, then one by one. */
static void leave_out_late(struct tail *tail)
{
	const struct object *object = tail->object;
	struct sortable *item = room_take(tail->room, tail->end - tail->from + 1, sizeof(*item));
	size_t piece = 1, count = 0;

	for (uint32_t at = tail->from; at < tail->end; at++) {
		uint32_t number = object->events[at] >> 1;

		if (object->events[at] & 1 && tail->known[number] && !tail->needed[number])
			item[count++].what = number;
	}
	while (piece < count / 4)
		piece *= 2;
	for (; piece; piece /= 2) {
		size_t kept = 0;

		for (size_t from = 0; from < count; from += piece)
			leave_out(tail, item + from, piece < count - from ? piece : count - from);
		for (size_t i = 0; i < count; i++)
			if (tail->known[item[i].what])
				item[kept++] = item[i];
		count = kept;
	}
}

/* ---- Or does it happen anyway? --------------------------------------------------------------- */

/* Is it known to have happened soon, even if its return is forgotten? That is asked of the events
 * from `*free` on, and up to where `*free` is then. */
static bool is_pinned(struct tail *tail, uint32_t number, uint32_t *free)
{
	const struct call *call = &tail->object->calls[number];

	for (uint32_t reach = PIN_REACH_FIRST; reach <= PIN_REACH_MAX; reach *= PIN_REACH_FACTOR) {
		uint32_t from = call->invoked > reach ? call->invoked - reach : 0;
		uint32_t to = call->returned + reach;

		if (from < *free || to >= tail->from)
			return false;
		if (judge_part(tail, from, to, number) == ILLEGAL) {
			*free = to + 1;
			return true;
		}
	}
	return false;
}

/*
 * What follows an early call at once may need it in its place, so that it is of no use in the tail.
 * Then it can be left out. Others may be left out so only at other times: who relies on one of them
 * must know it to be there. And nothing else may be left out after them.
 */
static void leave_out_pinned(struct tail *tail)
{
	const struct object *object = tail->object;
	bool *pinned = room_zeroed(tail->room, object->count, sizeof(bool));
	uint32_t free = 0;

	if (judge_tail(tail) != ILLEGAL)
		return;
	for (uint32_t i = 0; i < object->count; i++)
		pinned[i] = tail->known[i] && !tail->needed[i] && is_pinned(tail, i, &free);
	for (uint32_t i = 0; i < object->count; i++)
		tail->known[i] &= !pinned[i];
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void leave_out_or_prove(struct tail *tail)
{
	for (uint32_t round = 0; round < ROUNDS; round++) {
		leave_out_early(tail);
		leave_out_late(tail);
		if (!prove_needed(tail) || !tail->from)
			break;
		lengthen(tail, (LONGER - 1) * (tail->end - tail->from) / 2);
	}
	leave_out_pinned(tail);
}

bool find_late_core(struct room *room, const struct object *object, uint64_t budget,
		    uint32_t accused, uint64_t patience, bool *known, bool *needed)
{
	struct tail tail = {.room = room,
			    .object = object,
			    .budget = budget,
			    .patience = patience,
			    .accused = accused,
			    .end = object->calls[accused].returned,
			    .known = known,
			    .needed = needed};

	if (!object->is_register || object->calls[accused].kind == CALL_WRITE)
		return false;
	number_groups(&tail);
	tail.number = room_take(room, object->count, sizeof(uint32_t));
	if (!find_tail(&tail))
		return false;
	needed[accused] = take_order(&tail); /* without it, the order is one */
	if (needed[accused])
		leave_out_or_prove(&tail);
	return true;
}
