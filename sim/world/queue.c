/* The queue beyond QUEUE_SORTED items: a binary heap, the earliest first. */
#include "sim/world/queue.h"

/* Back to the sorted array well below the border, so that a run does not change to and fro. */
enum { QUEUE_BACK_TO_SORTED = QUEUE_SORTED / 2, QUEUE_FIRST_CAPACITY = 64 };

void queue_init(struct arena *arena, struct queue *queue)
{
	*queue = (struct queue){.capacity = QUEUE_FIRST_CAPACITY};
	queue->item = arena_take(arena, QUEUE_FIRST_CAPACITY * sizeof(struct queue_item));
}

void queue_grow(struct arena *arena, struct queue *queue)
{
	size_t bytes = queue->capacity * sizeof(struct queue_item);
	struct queue_item *item = arena_take(arena, 2 * bytes);

	memcpy(item, queue->item, bytes);
	arena_give(arena, queue->item, bytes);
	queue->item = item;
	queue->capacity *= 2;
}

static void sift_up(struct queue *queue, uint32_t at, struct queue_item item)
{
	while (at > 0) {
		uint32_t parent = (at - 1) / 2;

		if (!queue_before(item, queue->item[parent]))
			break;
		queue->item[at] = queue->item[parent];
		at = parent;
	}
	queue->item[at] = item;
}

static void sift_down(struct queue *queue, uint32_t at, struct queue_item item)
{
	for (uint32_t child; (child = 2 * at + 1) < queue->count; at = child) {
		if (child + 1 < queue->count &&
		    queue_before(queue->item[child + 1], queue->item[child]))
			child++;
		if (!queue_before(queue->item[child], item))
			break;
		queue->item[at] = queue->item[child];
	}
	queue->item[at] = item;
}

static void reverse(struct queue *queue)
{
	for (uint32_t i = 0, j = queue->count; i + 1 < j; i++) {
		struct queue_item item = queue->item[i];

		queue->item[i] = queue->item[--j];
		queue->item[j] = item;
	}
}

/* The other way round: a sorted array is a heap already, a heap has to be sorted. */
static void sort_latest_first(struct queue *queue)
{
	for (uint32_t i = 1; i < queue->count; i++) {
		struct queue_item item = queue->item[i];
		uint32_t at = i;

		for (; at > 0 && queue_before(queue->item[at - 1], item); at--)
			queue->item[at] = queue->item[at - 1];
		queue->item[at] = item;
	}
	queue->heap = false;
}

void queue_push_heap(struct arena *arena, struct queue *queue, struct queue_item item)
{
	if (!queue->heap) {
		reverse(queue);
		queue->heap = true;
	}
	if (queue->count == queue->capacity)
		queue_grow(arena, queue);
	sift_up(queue, queue->count++, item);
}

struct queue_item queue_pop_heap(struct queue *queue)
{
	struct queue_item first = queue->item[0];

	queue->count--;
	if (queue->count)
		sift_down(queue, 0, queue->item[queue->count]);
	if (queue->count <= QUEUE_BACK_TO_SORTED)
		sort_latest_first(queue);
	return first;
}

void queue_forget(struct queue *queue, struct queue_item item)
{
	if (queue->heap)
		return;
	for (uint32_t at = 0; at < queue->count; at++) {
		if (queue_key(queue->item[at]) != queue_key(item))
			continue;
		queue->count--;
		memmove(&queue->item[at], &queue->item[at + 1],
			(queue->count - at) * sizeof(struct queue_item));
		return;
	}
}

struct queue_item queue_take(struct queue *queue, uint32_t k)
{
	/* Rare, and only where somebody schedules by hand: sort, take, and leave it to pushes to
	 * make a heap of it again. */
	if (queue->heap)
		sort_latest_first(queue);
	uint32_t at = queue->count - 1 - k;
	struct queue_item item = queue->item[at];

	queue->count--;
	memmove(&queue->item[at], &queue->item[at + 1],
		(queue->count - at) * sizeof(struct queue_item));
	return item;
}
