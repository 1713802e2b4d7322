/* The event queue against a naive twin: an array kept in order by insertion. */
#include "tests/tests.h"

#include "sim/world/pcg.h"
#include "sim/world/queue.h"

enum { TWIN_MAX = 4096 };

struct twin {
	struct queue_item item[TWIN_MAX]; /* the earliest first */
	uint32_t count;
};

static bool item_before(struct queue_item a, struct queue_item b)
{
	return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
}

static void twin_push(struct twin *twin, struct queue_item item)
{
	uint32_t at = twin->count++;

	for (; at > 0 && item_before(item, twin->item[at - 1]); at--)
		twin->item[at] = twin->item[at - 1];
	twin->item[at] = item;
}

static struct queue_item twin_take(struct twin *twin, uint32_t k)
{
	struct queue_item item = twin->item[k];

	twin->count--;
	memmove(&twin->item[k], &twin->item[k + 1], (twin->count - k) * sizeof(struct queue_item));
	return item;
}

static bool same_item(struct queue_item a, struct queue_item b)
{
	return a.ref == b.ref && a.sequence == b.sequence && a.time == b.time;
}

static void full(struct arena *arena)
{
	(void)arena;
	abort();
}

/* One queue and its twin, in step; `wrong` counts where they part. */
struct pair {
	struct arena *arena;
	struct queue queue;
	struct twin twin;
	struct pcg32 pcg;
	uint32_t sequence;
	nanoseconds now;
	int wrong, heaps, arrays;
};

static struct pair *pair_open(uint64_t seed)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	pair->arena = arena_open(ARENA_BASE, 16 << 20);
	pair->arena->full = full;
	pair->pcg = pcg32_seeded(seed, 1);
	queue_init(pair->arena, &pair->queue);
	return pair;
}

static void pair_close(struct pair *pair)
{
	arena_close(pair->arena);
	free(pair);
}

/* Many share a time, so that the sequence decides; never in the past, as in a run. */
static void push(struct pair *pair)
{
	struct queue_item item = {pcg32_next(&pair->pcg), pair->sequence++,
				  pair->now + pcg32_below(&pair->pcg, 64)};

	queue_push(pair->arena, &pair->queue, item);
	twin_push(&pair->twin, item);
}

static void took(struct pair *pair, struct queue_item ours, struct queue_item theirs)
{
	pair->wrong += !same_item(ours, theirs);
	pair->wrong += pair->queue.count != pair->twin.count;
	if (pair->queue.count)
		pair->wrong += queue_next_time(&pair->queue) != pair->twin.item[0].time;
	pair->heaps += pair->queue.heap;
	pair->arrays += !pair->queue.heap;
}

static void pop(struct pair *pair)
{
	struct queue_item item = queue_pop(&pair->queue);

	took(pair, item, twin_take(&pair->twin, 0));
	pair->now = item.time;
}

static void take(struct pair *pair)
{
	uint32_t k = pcg32_below(&pair->pcg, pair->twin.count);

	took(pair, queue_take(&pair->queue, k), twin_take(&pair->twin, k));
}

/* Pushes, pops and takes, until about `level` wait, and some steps more around it. */
static void drift_to(struct pair *pair, uint32_t level, int takes_percent)
{
	for (int step = 0; step < 1000; step++) {
		uint32_t pushes = pair->twin.count < level ? 60 : 40;

		if (pair->twin.count == 0 || pcg32_below(&pair->pcg, 100) < pushes)
			push(pair);
		else if (pcg32_below(&pair->pcg, 100) < (uint32_t)takes_percent)
			take(pair);
		else
			pop(pair);
	}
}

static void fuzz(int takes_percent)
{
	static const uint32_t levels[] = {3, QUEUE_SORTED - 1, 300, QUEUE_SORTED, 10, 100, 1};

	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct pair *pair = pair_open(seed);

		for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
			drift_to(pair, levels[i], takes_percent);
		while (pair->twin.count)
			pop(pair);
		EQUAL(pair->queue.count, 0);
		EQUAL(pair->wrong, 0);
		CU_ASSERT(pair->heaps > 500 && pair->arrays > 500);
		pair_close(pair);
	}
}

static void it_gives_what_a_sorted_array_gives(void)
{
	fuzz(0);
}

static void it_gives_the_kth_that_a_sorted_array_gives(void)
{
	fuzz(30);
}

static void equal_times_come_in_the_order_of_their_sequence(void)
{
	struct pair *pair = pair_open(1);

	for (uint32_t i = 0; i < 200; i++) /* references fall, so that they would show */
		queue_push(pair->arena, &pair->queue, (struct queue_item){1000 - i, i, 77});
	for (uint32_t i = 0; i < 200; i++)
		EQUAL(queue_pop(&pair->queue).sequence, i);
	pair_close(pair);
}

static void it_is_an_array_when_short_and_a_heap_when_long(void)
{
	struct pair *pair = pair_open(1);

	for (int i = 0; i < QUEUE_SORTED; i++)
		push(pair);
	CU_ASSERT_FALSE(pair->queue.heap);
	push(pair);
	CU_ASSERT_TRUE(pair->queue.heap);
	while (pair->twin.count > QUEUE_SORTED / 2)
		pop(pair);
	CU_ASSERT_FALSE(pair->queue.heap);
	EQUAL(pair->wrong, 0);
	pair_close(pair);
}

static void it_grows_without_losing_anything(void)
{
	struct pair *pair = pair_open(2);

	for (int i = 0; i < TWIN_MAX; i++)
		push(pair);
	while (pair->twin.count)
		pop(pair);
	EQUAL(pair->queue.count, 0);
	EQUAL(pair->wrong, 0);
	CU_ASSERT(pair->queue.capacity >= TWIN_MAX);
	pair_close(pair);
}

static void a_restored_copy_goes_on_as_the_first_did(void)
{
	struct pair *pair = pair_open(3), *copy = malloc(sizeof(*copy));

	drift_to(pair, 100, 10);
	size_t used = pair->arena->used;
	void *bytes = malloc(used);

	memcpy(bytes, pair->arena, used);
	*copy = *pair;
	drift_to(pair, 10, 10);
	memcpy(pair->arena, bytes, used);
	*pair = *copy;
	while (pair->twin.count)
		pop(pair);
	EQUAL(pair->wrong, 0);
	free(bytes);
	free(copy);
	pair_close(pair);
}

CU_TestInfo queue_tests[] = {
	{"it gives what a sorted array gives", it_gives_what_a_sorted_array_gives},
	{"it gives the k-th that a sorted array gives", it_gives_the_kth_that_a_sorted_array_gives},
	{"equal times come in the order of their sequence",
	 equal_times_come_in_the_order_of_their_sequence},
	{"it is an array when short and a heap when long",
	 it_is_an_array_when_short_and_a_heap_when_long},
	{"it grows without losing anything", it_grows_without_losing_anything},
	{"a restored copy goes on as the first did", a_restored_copy_goes_on_as_the_first_did},
	CU_TEST_INFO_NULL,
};
