/*
 * That each call of a core is needed: with it unknown, the others have an order.
 *
 * There is an order of all that happened up to the accused call's return. It is followed up to the
 * tail, and there the search goes on with the one call unknown. A call from before the tail is
 * taken from its place in that order, which mostly bears it; and to the tail it is one more unknown
 * call, so of all that say the same the tail is asked once. Of the unknown calls before the tail
 * the order keeps those that it needs, and the others are spare: they may happen later, or in place
 * of the call that was taken out.
 */
#include "sim/consistency/tail.h"

#include <assert.h>

/* Around a call that is taken out, so many places are put into another order. */
enum { REACH_FIRST = 16, REACH_MAX = 256, REACH_FACTOR = 4 };

/* ---- The order up to the accused call's return ----------------------------------------------- */

bool take_order(struct tail *tail)
{
	struct object prefix;
	struct opinion opinion;
	uint32_t *numbers;

	object_prefix(tail->room, tail->object, tail->end, &prefix, &numbers);
	judge_object(tail->room, &prefix, tail->budget, &opinion);
	if (opinion.legality != LEGAL)
		return false;
	tail->order = room_take(tail->room, opinion.count, sizeof(uint32_t));
	tail->place = room_take(tail->room, tail->object->count, sizeof(uint32_t));
	memset(tail->place, 0xff, tail->object->count * sizeof(uint32_t));
	tail->count = (uint32_t)opinion.count;
	for (uint32_t i = 0; i < tail->count; i++) {
		tail->order[i] = numbers[opinion.calls[i]];
		tail->place[tail->order[i]] = i;
	}
	return true;
}

/* As it stands in the order: what had not returned is there for what it did. */
static const struct call *placed(const struct tail *tail, uint32_t place)
{
	uint32_t number = tail->order[place];

	return tail->object->calls[number].returned < tail->end ? &tail->object->calls[number]
								: &tail->loose[number];
}

static uint64_t after(uint64_t state, const struct call *call)
{
	return call_looks(call) ? state : call->value;
}

/*
 * Begins the tail anew, so early that none of those that it is about was under way. Before it, in
 * the order, are all that had returned, and with them some that had not.
 */
static void cut_order(struct tail *tail)
{
	const struct object *object = tail->object;
	uint32_t from = tail->from;

	for (uint32_t at = tail->from; at <= tail->end; at++) {
		uint32_t number = object->events[at] >> 1;

		if (object->events[at] & 1 && tail->known[number] &&
		    object->calls[number].invoked < from)
			from = object->calls[number].invoked;
	}
	tail->from = from;
	tail->before = 0;
	for (uint32_t i = 0; i < tail->count; i++)
		if (object->calls[tail->order[i]].returned < from)
			tail->before = i + 1;
}

static void add_spare(struct tail *tail, uint32_t number)
{
	uint64_t group = tail->group_of[number];

	if (group != NO_NUMBER)
		tail->spares[tail->spare_count++] = (struct sortable){
			group << 32 | tail->object->calls[number].invoked, number};
}

/* Which of the unknown ones the order needs before the tail. The others can be left out of it. */
static void find_spares(struct tail *tail)
{
	const struct object *object = tail->object;
	bool need = true;

	tail->kept = room_zeroed(tail->room, tail->before + 1, sizeof(bool));
	tail->spare = room_zeroed(tail->room, tail->group_count, sizeof(uint32_t));
	tail->spares = room_take(tail->room, object->count, sizeof(struct sortable));
	tail->spare_count = 0;
	for (uint32_t place = tail->before; place-- > 0;) {
		const struct call *call = placed(tail, place);
		uint32_t number = tail->order[place];

		if (!tail->known[number] && (!need || call_looks(call))) {
			add_spare(tail, number);
			continue;
		}
		tail->kept[place] = true;
		need = call->kind != CALL_WRITE;
	}
	for (uint32_t i = 0; i < object->count && object->calls[i].invoked < tail->from; i++)
		if (!tail->known[i] && tail->place[i] >= tail->before)
			add_spare(tail, i);
	tail->spares = sorted(tail->room, tail->spares, tail->spare_count);
	for (uint32_t i = 0; i < tail->spare_count; i++)
		tail->spare[tail->spares[i].by >> 32]++;
}

/* The number of spares before this group and time. */
static uint32_t spares_until(const struct tail *tail, uint64_t group, uint64_t invoked)
{
	uint32_t low = 0, high = tail->spare_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (tail->spares[middle].by < (group << 32 | invoked))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void follow_states(struct tail *tail)
{
	uint64_t state = 0;

	tail->state = room_take(tail->room, tail->before + 1, sizeof(uint64_t));
	for (uint32_t place = 0; place < tail->before; place++) {
		tail->state[place] = state;
		if (!tail->kept[place])
			continue;
		assert(placed(tail, place)->kind != CALL_CAS ||
		       placed(tail, place)->expected == state);
		state = after(state, placed(tail, place));
	}
	tail->state_at_tail = state;
}

/* ---- Is each one needed? --------------------------------------------------------------------- */

/* In the order, and before the tail. */
static bool is_early(const struct tail *tail, uint32_t number)
{
	return tail->place[number] < tail->before; /* NO_NUMBER: not in the order */
}

/*
 * Between two of those that are known, an order needs no unknown call of a group twice: who comes
 * back to a state need not have left it. So where there are more left over than such gaps, it is as
 * if there were no end of them.
 */
static void count_gaps(struct tail *tail)
{
	tail->gaps = 1;
	for (uint32_t at = tail->from; at <= tail->end; at++) {
		uint32_t number = tail->object->events[at] >> 1;

		tail->gaps += tail->object->events[at] & 1 && tail->known[number];
	}
}

static bool is_plenty(const struct tail *tail, uint32_t group)
{
	return group != NO_NUMBER && tail->spare[group] > tail->gaps;
}

/* So many of those left over are for the tail. */
static uint32_t offered(const struct tail *tail, uint32_t group)
{
	if (is_plenty(tail, group))
		return tail->gaps;
	return tail->spare[group] < SPARES ? tail->spare[group] : SPARES;
}

static void open_spares(const struct tail *tail, struct object *sketch, uint32_t group,
			uint32_t count, uint32_t gaps)
{
	if (count > gaps)
		sketch_endless(sketch, tail->example[group]);
	for (uint32_t i = 0; count <= gaps && i < count && i < SPARES; i++)
		sketch_open(sketch, tail->example[group]);
}

/* What is open when the tail begins: one call that makes the state, what is spare, and what is
 * known but has not happened. */
static void open_rest(struct tail *tail, struct object *sketch, uint32_t without)
{
	const struct object *object = tail->object;

	sketch_open(sketch, &(struct call){.kind = CALL_WRITE, .value = tail->state_at_tail});
	sketch_close(sketch, 0);
	for (uint32_t group = 0; group < tail->group_count; group++)
		open_spares(tail, sketch, group, tail->spare[group], tail->gaps);
	for (uint32_t at = tail->from; at <= tail->end; at++) {
		uint32_t number = object->events[at] >> 1;

		if (object->events[at] & 1 && object->calls[number].invoked < tail->from &&
		    tail->known[number] && number != without && !is_early(tail, number))
			sketch_known(tail, sketch, number, false);
	}
}

/* Has the tail an order, after this very beginning, without that call, or with one more unknown
 * call of that group? */
static bool tail_holds(struct tail *tail, uint32_t without, uint32_t group)
{
	const struct object *object = tail->object;
	struct room_mark mark = room_marked(tail->room);
	struct object sketch;

	sketch_begin(tail, &sketch, tail->end - tail->from + 1);
	open_rest(tail, &sketch, without);
	if (group != NO_NUMBER)
		sketch_open(&sketch, tail->example[group]);
	for (uint32_t at = tail->from; at <= tail->end; at++) {
		uint32_t number = object->events[at] >> 1, group_of = tail->group_of[number];
		bool known = tail->known[number] && number != without;

		if (is_early(tail, number))
			continue;
		if (object->events[at] & 1) {
			if (known)
				sketch_close(&sketch, tail->number[number]);
		} else if (known) {
			sketch_known(tail, &sketch, number, false);
		} else if (group_of != NO_NUMBER && !is_plenty(tail, group_of)) {
			sketch_open(&sketch, &tail->loose[number]);
		}
	}
	enum legality legality = judge_sketch(tail, &sketch);

	room_release(tail->room, mark);
	return legality == LEGAL;
}

/* Of those of a group that were invoked by then, how many are not for the tail. */
static uint32_t usable(const struct tail *tail, uint32_t group, uint32_t invoked)
{
	uint32_t left = tail->spare[group] - offered(tail, group);
	uint32_t old = spares_until(tail, group, (uint64_t)invoked + 1) -
		       spares_until(tail, group, 0);

	return old < left ? old : left;
}

static bool can_write(struct tail *tail, uint64_t value, uint32_t invoked)
{
	uint32_t group = group_of_write(tail, value);

	return group != NO_NUMBER && usable(tail, group, invoked);
}

/*
 * Can an early call be taken out of the order? What comes after it must do with the state before
 * it, until it is as it was: at the next write, or by a write that is left over, placed there. It
 * is old enough if it is older than the call taken out: nobody who comes after that one had
 * returned before.
 */
static bool can_take_out(struct tail *tail, uint32_t number)
{
	uint32_t invoked = tail->object->calls[number].invoked;
	uint64_t state = tail->state[tail->place[number]];

	for (uint32_t place = tail->place[number] + 1; place < tail->before; place++) {
		const struct call *call = placed(tail, place);

		if (!tail->kept[place])
			continue;
		if (state == tail->state[place] || call->kind == CALL_WRITE ||
		    can_write(tail, tail->state[place], invoked))
			return true;
		if (tail->known[tail->order[place]] &&
		    (call->kind != CALL_MISS || state == call->expected))
			return false;
	}
	return state == tail->state_at_tail || can_write(tail, tail->state_at_tail, invoked);
}

/* The events of those that are kept in a part of the order, as they came. Returns the gaps between
 * those that are known. */
static uint32_t events_of(struct tail *tail, uint32_t from, uint32_t to, struct sortable **events,
			  size_t *count)
{
	struct sortable *event = room_take(tail->room, 2 * (size_t)(to - from), sizeof(*event));
	uint32_t gaps = 1;

	*count = 0;
	for (uint32_t place = from; place < to; place++) {
		uint32_t number = tail->order[place];
		const struct call *call = &tail->object->calls[number];

		if (!tail->kept[place])
			continue;
		event[(*count)++] = (struct sortable){call->invoked, number << 1};
		if (!tail->known[number])
			continue;
		event[(*count)++] = (struct sortable){call->returned, number << 1 | 1};
		gaps++;
	}
	*events = sorted(tail->room, event, *count);
	return gaps;
}

/* The first write of those that are kept, from a place on; or where the tail begins. */
static uint32_t next_write(const struct tail *tail, uint32_t place)
{
	while (place < tail->before &&
	       !(tail->kept[place] && placed(tail, place)->kind == CALL_WRITE))
		place++;
	return place < tail->before ? place : tail->before;
}

/* The same, where it takes more: is there another order of what stands around it, from the state
 * that was before to that which was after? */
static bool can_go_around(struct tail *tail, uint32_t number, uint32_t reach)
{
	uint32_t place = tail->place[number];
	uint32_t from = place > reach / REACH_FACTOR ? place - reach / REACH_FACTOR : 0;
	uint32_t to = next_write(tail, place + reach);
	uint32_t since = tail->object->calls[tail->order[from]].invoked;
	struct room_mark mark = room_marked(tail->room);
	struct object sketch;
	struct sortable *event;
	size_t count;
	uint32_t gaps = events_of(tail, from, to, &event, &count);

	sketch_begin(tail, &sketch, to - from);
	sketch_open(&sketch, &(struct call){.kind = CALL_WRITE, .value = tail->state[from]});
	sketch_close(&sketch, 0);
	for (uint32_t group = 0; group < tail->group_count; group++)
		open_spares(tail, &sketch, group, usable(tail, group, since), gaps);

	for (size_t i = 0; i < count; i++) {
		uint32_t other = event[i].what >> 1;

		if (other == number)
			continue;
		if (event[i].what & 1)
			sketch_close(&sketch, tail->number[other]);
		else if (tail->known[other])
			sketch_known(tail, &sketch, other, false);
		else
			sketch_open(&sketch, &tail->loose[other]);
	}
	if (to == tail->before) /* else, what comes next is a write */
		sketch_close(&sketch,
			     sketch_open(&sketch, &(struct call){.kind = CALL_READ,
								 .value = tail->state_at_tail}));
	enum legality legality = judge_sketch(tail, &sketch);

	room_release(tail->room, mark);
	return legality == LEGAL;
}

static bool is_early_needed(struct tail *tail, uint32_t number)
{
	if (can_take_out(tail, number))
		return true;
	for (uint32_t reach = REACH_FIRST; reach <= REACH_MAX; reach *= REACH_FACTOR)
		if (can_go_around(tail, number, reach))
			return true;
	return false;
}

/* Returns whether a longer tail may show more. */
static bool see_each(struct tail *tail)
{
	const struct object *object = tail->object;
	uint8_t *holds = room_zeroed(tail->room, tail->group_count, 1);
	bool longer = false;

	for (uint32_t i = 0; i < object->count; i++) {
		uint32_t group = tail->group_of[i];

		if (!tail->known[i] || tail->needed[i])
			continue;
		if (!is_early(tail, i)) {
			tail->needed[i] = tail_holds(tail, i, NO_NUMBER);
			longer |= !tail->needed[i];
			continue;
		}
		if (!holds[group])
			holds[group] = 1 + tail_holds(tail, NO_NUMBER, group);
		tail->needed[i] = holds[group] == 2 && is_early_needed(tail, i);
		longer |= holds[group] == 1;
	}
	return longer;
}

bool prove_needed(struct tail *tail)
{
	cut_order(tail);
	find_spares(tail);
	follow_states(tail);
	count_gaps(tail);
	return see_each(tail);
}
