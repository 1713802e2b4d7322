/*
 * How each configuration came to be: the calls that took effect, as a list that leads back, shared
 * by all that began alike. And, from the list of one that survived, the whole order.
 */
#include "sim/consistency/search.h"

enum { PATHS_FIRST = 1024 };

/* ---- Lists that lead back ------------------------------------------------------------------- */

void paths_begin(struct search *search)
{
	search->path_room = PATHS_FIRST;
	search->path_limit = PATHS_FIRST;
	search->path = room_take(search->room, search->path_room, sizeof(struct path));
	search->path[0] = (struct path){0, NO_NUMBER, 0}; /* where all begin */
	search->path_count = 1;
}

uint32_t path_after(struct search *search, uint32_t path, uint32_t call, uint32_t time)
{
	if (search->path_count == search->path_room) {
		search->path = room_grown(search->room, search->path, search->path_count,
					  2 * (size_t)search->path_room, sizeof(struct path));
		search->path_room *= 2;
	}
	search->path[search->path_count] = (struct path){path, call, time};
	return search->path_count++;
}

/* Forgets what leads to no configuration any more, once that may be half of it. A list's earlier
 * part has smaller numbers, before and after. */
void paths_tidy(struct search *search)
{
	if (search->path_count < search->path_limit)
		return;
	struct room_mark mark = room_marked(search->room);
	uint32_t *moved = room_zeroed(search->room, search->path_count, sizeof(uint32_t));
	uint32_t count = 1;

	for (uint32_t i = 0; i < search->now.count; i++)
		moved[search->now.paths[i]] = 1;
	for (uint32_t i = search->path_count; i-- > 1;)
		if (moved[i])
			moved[search->path[i].before] = 1;
	moved[0] = 0;
	for (uint32_t i = 1; i < search->path_count; i++) {
		if (!moved[i])
			continue;
		struct path path = search->path[i];

		path.before = moved[path.before];
		search->path[count] = path;
		moved[i] = count++;
	}
	for (uint32_t i = 0; i < search->now.count; i++)
		search->now.paths[i] = moved[search->now.paths[i]];
	search->path_count = count;
	search->path_limit = 2 * count + PATHS_FIRST;
	room_release(search->room, mark);
}

/* ---- The whole order ------------------------------------------------------------------------ */

/*
 * What is in no list yet: looks, which take effect in the first state that fits them, and writes
 * that left no trace, just before the last write that came in their time. Each hangs on a step of
 * the list, before or after it.
 */
struct ordering {
	const struct object *object;
	const struct path *step; /* from first to last; [0] stands for the beginning */
	uint32_t count;
	uint32_t *before, *after; /* by step: a list of calls, plus 1 */
	uint32_t *link;           /* by call */
};

static void list_steps(struct search *search, struct ordering *ordering)
{
	uint32_t count = 0, path = search->now.paths[0];

	for (uint32_t at = path; at; at = search->path[at].before)
		count++;
	struct path *step = room_take(search->room, count + 1, sizeof(struct path));

	step[0] = (struct path){0, NO_NUMBER, 0};
	ordering->count = count + 1;
	for (; path; path = search->path[path].before)
		step[count--] = search->path[path];
	ordering->step = step;
}

/* The number of steps before this time: at least one, the beginning. */
static uint32_t steps_before(const struct ordering *ordering, uint32_t time)
{
	uint32_t low = 1, high = ordering->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ordering->step[middle].time < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void hang(struct ordering *ordering, uint32_t *lists, uint32_t step, uint32_t call)
{
	ordering->link[call] = lists[step];
	lists[step] = call + 1;
}

static void hang_look(struct search *search, struct ordering *ordering, const uint32_t *values,
		      uint32_t number)
{
	const struct call *call = &ordering->object->calls[number];
	const struct fate *fate = &search->fates[number];
	uint32_t step = steps_before(ordering, call->invoked) - 1;

	while (call->kind == CALL_READ ? values[step] != fate->to : values[step] == fate->from)
		step++;
	hang(ordering, ordering->after, step, number);
}

static void hang_write(struct ordering *ordering, uint32_t number)
{
	const struct call *calls = ordering->object->calls;
	uint32_t step = steps_before(ordering, calls[number].returned + 1) - 1;

	while (calls[ordering->step[step].call].kind != CALL_WRITE)
		step--;
	hang(ordering, ordering->before, step, number);
}

/* The value after each step. */
static uint32_t *follow_values(struct search *search, const struct ordering *ordering)
{
	uint32_t *values = room_take(search->room, ordering->count, sizeof(uint32_t));
	uint32_t state = 0;

	for (uint32_t i = 0; i < ordering->count; i++) {
		uint32_t call = ordering->step[i].call;

		if (i && search->object->is_register)
			state = search->fates[call].to;
		else if (i)
			states_step(search, state, &search->object->calls[call], &state);
		values[i] = search->object->is_register ? state : search->state_value[state];
	}
	return values;
}

static void write_order(const struct ordering *ordering, struct opinion *opinion)
{
	for (uint32_t i = 0; i < ordering->count; i++) {
		for (uint32_t at = ordering->before[i]; at; at = ordering->link[at - 1])
			opinion->calls[opinion->count++] = at - 1;
		if (i)
			opinion->calls[opinion->count++] = ordering->step[i].call;
		for (uint32_t at = ordering->after[i]; at; at = ordering->link[at - 1])
			opinion->calls[opinion->count++] = at - 1;
	}
}

void search_order(struct search *search, struct opinion *opinion)
{
	const struct object *object = search->object;
	struct ordering ordering = {.object = object};

	list_steps(search, &ordering);
	ordering.before = room_zeroed(search->room, ordering.count, sizeof(uint32_t));
	ordering.after = room_zeroed(search->room, ordering.count, sizeof(uint32_t));
	ordering.link = room_zeroed(search->room, object->count, sizeof(uint32_t));
	uint32_t *values = follow_values(search, &ordering);
	bool *placed = room_zeroed(search->room, object->count, sizeof(bool));

	for (uint32_t i = 1; i < ordering.count; i++)
		placed[ordering.step[i].call] = true;
	for (uint32_t i = object->count; i-- > 0;) { /* lists begin with what comes last */
		if (placed[i] || !call_returned(&object->calls[i]))
			continue;
		if (call_looks(&object->calls[i]))
			hang_look(search, &ordering, values, i);
		else
			hang_write(&ordering, i);
	}
	opinion->calls = room_take(search->room, object->count, sizeof(uint32_t));
	opinion->count = 0;
	write_order(&ordering, opinion);
}
