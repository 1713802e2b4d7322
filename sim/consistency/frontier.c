/*
 * The configurations of one prefix: none twice, and none dominated by another.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/consistency/search.h"

enum { FRONTIER_FIRST = 64, HEADS_FIRST = 64 };

/* ---- Frontiers ------------------------------------------------------------------------------ */

static void more_configurations(struct search *search, struct frontier *frontier)
{
	uint32_t count = frontier->count, room_for = 2 * frontier->room_for;
	struct room *room = search->room;

	frontier->words = room_grown(room, frontier->words, count * search->stride,
				     room_for * search->stride, sizeof(uint64_t));
	frontier->paths = room_grown(room, frontier->paths, count, room_for, sizeof(uint32_t));
	frontier->link = room_grown(room, frontier->link, count, room_for, sizeof(uint32_t));
	frontier->status = room_grown(room, frontier->status, count, room_for, 1);
	frontier->room_for = room_for;
}

/* The places of `next`, for at least so many configurations. */
static void make_places(struct search *search, uint32_t count)
{
	uint32_t room_for = FRONTIER_FIRST;

	while (room_for < 4 * count)
		room_for *= 2;
	if (room_for > search->places_most) {
		search->places = room_take(search->room, room_for, sizeof(uint32_t));
		search->places_most = room_for;
	}
	search->places_room = room_for;
	memset(search->places, 0, room_for * sizeof(uint32_t));
}

void frontiers_begin(struct search *search)
{
	search->stride = 1 + 2 * (size_t)search->width;
	search->scratch = room_zeroed(search->room, search->stride, sizeof(uint64_t));
	search->now = search->next = (struct frontier){.room_for = FRONTIER_FIRST / 2};
	more_configurations(search, &search->now);
	more_configurations(search, &search->next);
	for (uint32_t state = 0; state <= (search->object->anywhere ? search->other : 0); state++) {
		if (search->now.count == search->now.room_for)
			more_configurations(search, &search->now);
		uint64_t *configuration = frontier_at(search, &search->now, state);

		memset(configuration, 0, search->stride * sizeof(uint64_t));
		configuration[0] = state;
		search->now.paths[state] = 0;
		search->now.count++;
	}
	search->places_most = 0;
	search->heads_room = search->object->is_register ? search->other + 1 : HEADS_FIRST;
	search->heads = room_zeroed(search->room, search->heads_room, sizeof(uint32_t));
}

void frontier_begin(struct search *search)
{
	search->next.count = 0;
	make_places(search, search->now.count);
}

static uint32_t *head_of(struct search *search, uint32_t state)
{
	if (state >= search->heads_room) {
		uint32_t room_for = 2 * state;
		uint32_t *heads = room_zeroed(search->room, room_for, sizeof(uint32_t));

		memcpy(heads, search->heads, search->heads_room * sizeof(uint32_t));
		search->heads = heads;
		search->heads_room = room_for;
	}
	return &search->heads[state];
}

static uint32_t *place_of(const struct search *search, const uint64_t *configuration)
{
	size_t bytes = search->stride * sizeof(uint64_t);
	size_t at = XXH3_64bits(configuration, bytes) & (search->places_room - 1);

	for (;; at = (at + 1) & (search->places_room - 1)) {
		uint32_t *place = &search->places[at];

		if (!*place ||
		    !memcmp(frontier_at(search, &search->next, *place - 1), configuration, bytes))
			return place;
	}
}

static void more_places(struct search *search)
{
	make_places(search, 2 * search->next.count);
	for (uint32_t i = 0; i < search->next.count; i++)
		*place_of(search, frontier_at(search, &search->next, i)) = i + 1;
}

/* Its index; NO_NUMBER: it was there. The mark of a fresh one is part of what is compared. */
static uint32_t add(struct search *search, uint64_t *configuration, uint32_t path,
		    enum status status)
{
	configuration[0] = state_of(configuration) | (uint64_t)(status == WORK_FRESH) << 32;

	struct frontier *next = &search->next;

	if (next->count * 2 >= search->places_room)
		more_places(search);
	uint32_t *place = place_of(search, configuration);

	if (*place)
		return NO_NUMBER;
	if (next->count == next->room_for)
		more_configurations(search, next);
	uint32_t index = next->count++;

	*place = index + 1;
	memcpy(frontier_at(search, next, index), configuration, search->stride * sizeof(uint64_t));
	next->paths[index] = path;
	next->link[index] = 0;
	next->status[index] = (uint8_t)status;
	return index;
}

/* Rule 4: the same state is given. But what still has work to do takes nobody's place that is done,
 * and a fresh one, which may do less than its like, nobody's but a fresh one's. */
static bool dominates(const struct search *search, uint32_t first, uint32_t second)
{
	uint64_t *a = frontier_at(search, &search->next, first);
	uint64_t *b = frontier_at(search, &search->next, second);

	if (search->next.status[first] < search->next.status[second])
		return false;
	for (uint32_t word = 0; word < search->width; word++)
		if (owed_of(a)[word] & ~owed_of(b)[word] ||
		    free_of(search, b)[word] & ~free_of(search, a)[word])
			return false;
	return true;
}

void frontier_add(struct search *search, uint64_t *configuration, uint32_t path, enum status status)
{
	struct frontier *next = &search->next;
	uint32_t index = add(search, configuration, path, status);

	if (index == NO_NUMBER)
		return;
	uint32_t *head = head_of(search, state_of(configuration)), *from = head;

	while (*from) {
		uint32_t other = *from - 1;

		++*search->work;
		if (dominates(search, other, index)) {
			next->status[index] = DROPPED;
			return;
		}
		if (dominates(search, index, other)) {
			next->status[other] = DROPPED;
			*from = next->link[other];
		} else {
			from = &next->link[other];
		}
	}
	next->link[index] = *head;
	*head = index + 1;
}

/* ---- The cut -------------------------------------------------------------------------------- */

/* The less it owes and the freer it is, the better. */
static uint32_t burden(const struct search *search, uint64_t *configuration)
{
	uint32_t burden = search->slots;

	for (uint32_t word = 0; word < search->width; word++)
		burden += count_bits(owed_of(configuration)[word]) -
			  count_bits(free_of(search, configuration)[word]);
	return burden;
}

static struct sortable *by_burden(struct search *search)
{
	struct frontier *now = &search->now;
	struct sortable *item = room_take(search->room, now->count, sizeof(struct sortable));

	for (uint32_t i = 0; i < now->count; i++)
		item[i] = (struct sortable){burden(search, frontier_at(search, now, i)), i};
	return sorted(search->room, item, now->count);
}

/* Of each state the best, then of each the second best, and so on: what is promising in one state
 * may be a dead end where another one is needed. */
static void cut(struct search *search)
{
	struct frontier *now = &search->now;
	struct room_mark mark = room_marked(search->room);
	struct sortable *item = by_burden(search);
	uint32_t kept = 0;

	search->was_cut = true;
	for (uint32_t i = 0; i < now->count; i++) {
		uint32_t state = state_of(frontier_at(search, now, item[i].what));

		item[i].by = search->heads[state]++;
	}
	for (uint32_t i = 0; i < now->count; i++)
		search->heads[state_of(frontier_at(search, now, i))] = 0;
	item = sorted(search->room, item, now->count);
	/* In their old order, so that nothing is overwritten before it is read. */
	bool *chosen = room_zeroed(search->room, now->count, sizeof(bool));

	for (uint32_t i = 0; i < search->beam; i++)
		chosen[item[i].what] = true;
	for (uint32_t i = 0; i < now->count; i++) {
		if (!chosen[i])
			continue;
		memmove(frontier_at(search, now, kept), frontier_at(search, now, i),
			search->stride * sizeof(uint64_t));
		now->paths[kept++] = now->paths[i];
	}
	now->count = kept;
	room_release(search->room, mark);
}

/* What is kept of `next` is what there is now. */
void frontier_end(struct search *search)
{
	struct frontier next = search->next, *now = &search->now;
	uint32_t kept = 0;

	search->next = *now;
	*now = next;
	for (uint32_t i = 0; i < now->count; i++) {
		uint64_t *configuration = frontier_at(search, now, i);

		*head_of(search, state_of(configuration)) = 0;
		if (now->status[i] != KEPT)
			continue;
		memmove(frontier_at(search, now, kept), configuration,
			search->stride * sizeof(uint64_t));
		now->paths[kept++] = now->paths[i];
	}
	now->count = kept;
	if (kept > search->beam)
		cut(search);
}
