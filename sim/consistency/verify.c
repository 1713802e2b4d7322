/*
 * Is this order what it claims to be? Written apart from the engines, so that a mistake of theirs
 * can't hide here: it replays the order on the model itself, and on plain containers where an
 * object is longer than a state.
 */
#include "sim/consistency/engines.h"

#include <assert.h>

/* One object's sequential life. */
struct life {
	uint64_t state[STATE_WORDS];
	struct numbering elements; /* of a set: which are there */
	bool *there;
	uint64_t *queue;
	size_t first, size; /* of the queue; or the size of the set */
	uint32_t latest;    /* invocation of all that was placed */
};

static struct life new_life(struct room *room, const struct model *model, size_t count)
{
	struct life life = {.latest = 0};

	if (model == &model_set) {
		numbering_begin(&life.elements, room);
		life.there = room_zeroed(room, count, sizeof(bool));
	} else if (model == &model_queue) {
		life.queue = room_take(room, count, sizeof(uint64_t));
	}
	return life;
}

static bool set_lives(struct life *life, const struct history *history, const struct told *told)
{
	assert(life->there);
	if (told->operation != SET_READ) {
		bool *there = &life->there[number_of(&life->elements, told->value)];
		uint64_t state[STATE_WORDS] = {*there};

		if (!model_set.step(state, told))
			return false;
		life->size += state[0] - *there;
		*there = state[0];
		return true;
	}
	if (told->answered && told->value != life->size)
		return false;
	for (size_t i = 0; told->answered && i < told->value; i++) {
		uint64_t element = history->elements[told->result + i];
		uint32_t number = number_known(&life->elements, element);

		if (number == NO_NUMBER || !life->there[number])
			return false;
	}
	return true;
}

static bool queue_lives(struct life *life, const struct told *told)
{
	assert(life->queue);
	if (told->operation == QUEUE_ENQUEUE) {
		life->queue[life->size++] = told->value;
		return true;
	}
	uint64_t head = life->first < life->size ? life->queue[life->first++] : 0;

	return !told->answered || told->result == head;
}

static bool lives(struct life *life, const struct model *model, const struct history *history,
		  const struct operation *operation)
{
	if (operation->returned < life->latest)
		return false; /* it was over before one that stands before it began */
	if (life->latest < operation->invoked)
		life->latest = operation->invoked;
	if (model == &model_set)
		return set_lives(life, history, &operation->told);
	if (model == &model_queue)
		return queue_lives(life, &operation->told);
	return model->step(life->state, &operation->told);
}

/* Each that returned stands there, none twice. */
static bool complete(struct room *room, const struct history *history, const uint32_t *order,
		     size_t count)
{
	bool *placed = room_zeroed(room, history->count, sizeof(bool));
	size_t owed = 0;

	for (size_t i = 0; i < count; i++) {
		if (order[i] >= history->count || placed[order[i]])
			return false;
		placed[order[i]] = true;
	}
	for (size_t i = 0; i < history->count; i++)
		owed += !placed[i] && history->operations[i].returned != NEVER_RETURNED;
	return !owed;
}

bool replay(struct room *room, const struct model *model, const struct history *history,
	    const uint32_t *order, size_t count)
{
	struct room_mark mark = room_marked(room);
	bool holds = complete(room, history, order, count);
	struct numbering keys;
	struct life life = {.latest = 0};
	uint32_t current = NO_NUMBER;

	numbering_begin(&keys, room);
	for (size_t i = 0; holds && i < count; i++) {
		const struct operation *operation = &history->operations[order[i]];
		uint32_t before = keys.count, key = number_of(&keys, operation->told.key);

		if (key != current && key != before)
			return false; /* an object's operations stand together */
		if (key != current)
			life = new_life(room, model, count);
		current = key;
		holds = lives(&life, model, history, operation);
	}
	room_release(room, mark);
	return holds;
}

bool order_holds(struct room *room, const struct model *model, const struct history *history,
		 const uint32_t *order, size_t count)
{
	room_release(room, (struct room_mark){0, 0});
	room->budget = SIZE_MAX;
	return !setjmp(room->spent) && replay(room, model, history, order, count);
}
