/*
 * The event queue: what is due, ordered by (time, sequence).
 *
 * An item is 16 bytes, compared as one 128-bit number. Its reference is an arena offset whose low
 * four bits tell the kind, so that timers, syncs and arrivals need no memory of their own. Up to
 * QUEUE_SORTED items stand in an array, the earliest last; beyond that, in a binary heap. The order
 * of events is the same in both.
 */
#ifndef SIM_WORLD_QUEUE_H
#define SIM_WORLD_QUEUE_H

#include "sim/gnu.h"
#include "sim/ordeal.h"
#include "sim/world/arena.h"

enum { QUEUE_SORTED = 48 };

struct queue_item {
	uint32_t ref, sequence;
	nanoseconds time;
};

struct queue {
	struct queue_item *item;
	uint32_t count, capacity;
	bool heap; /* else sorted, the earliest last */
};

void queue_init(struct arena *, struct queue *);
void queue_push_heap(struct arena *, struct queue *, struct queue_item);
void queue_grow(struct arena *, struct queue *);
struct queue_item queue_pop_heap(struct queue *);
/* Takes the item out if that is cheap: a superseded one does no harm but to be in the way. */
void queue_forget(struct queue *, struct queue_item);
/* Takes out the item that would come k-th, from 0: a scheduler's choice. O(count). */
struct queue_item queue_take(struct queue *, uint32_t k);

static inline uint128_t queue_key(struct queue_item item)
{
	return (uint128_t)(uint64_t)item.time << 64 | (uint64_t)item.sequence << 32 | item.ref;
}

static inline bool queue_before(struct queue_item a, struct queue_item b)
{
	return queue_key(a) < queue_key(b);
}

/* Sequences rise from push to push. */
static inline void queue_push(struct arena *arena, struct queue *queue, struct queue_item item)
{
	if (unlikely(queue->heap || queue->count >= QUEUE_SORTED)) {
		queue_push_heap(arena, queue, item);
		return;
	}
	struct queue_item *at = queue->item + queue->count++;

	/* Of equal times the one pushed later comes later: times alone decide. */
	for (; at > queue->item && at[-1].time <= item.time; at--)
		*at = at[-1];
	*at = item;
}

static inline struct queue_item queue_pop(struct queue *queue)
{
	if (unlikely(queue->heap))
		return queue_pop_heap(queue);
	return queue->item[--queue->count];
}

static inline nanoseconds queue_next_time(const struct queue *queue)
{
	return queue->heap ? queue->item[0].time : queue->item[queue->count - 1].time;
}

#endif
