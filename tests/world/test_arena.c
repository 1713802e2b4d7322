/* The arena and its lists of pages against shadows: what was written, and who has which block. */
#include "tests/tests.h"

#include <errno.h>
#include <setjmp.h>

#include "sim/world/arena.h"
#include "sim/world/pcg.h"

enum { LIMIT = 16 << 20, LIVE_MAX = 300, GIVEN_MAX = 4096 };

static jmp_buf when_full;

static void full(struct arena *arena)
{
	(void)arena;
	longjmp(when_full, 1);
}

static struct arena *open_arena(void)
{
	struct arena *arena = arena_open(ARENA_BASE, LIMIT);

	if (!arena)
		abort();
	arena->full = full;
	arena->junk = false;
	return arena;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

struct block {
	uint8_t *bytes, fill;
	size_t size;
};

struct shadow {
	struct arena *arena;
	struct pcg32 pcg;
	struct block live[LIVE_MAX];
	uint32_t count;
	uint8_t *given[ARENA_CLASSES][GIVEN_MAX]; /* a stack a class */
	uint32_t given_count[ARENA_CLASSES];
	int wrong, reused;
};

static bool all_are(const uint8_t *bytes, size_t from, size_t to, uint8_t value)
{
	for (size_t i = from; i < to; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static bool overlaps(const struct shadow *shadow, const uint8_t *bytes, size_t size)
{
	for (uint32_t i = 0; i < shadow->count; i++)
		if (bytes < shadow->live[i].bytes + shadow->live[i].size &&
		    shadow->live[i].bytes < bytes + size)
			return true;
	return false;
}

/* Where the next block of this size must lie: what was given back last, or the used part's end. */
static uint8_t *expected_at(struct shadow *shadow, unsigned class)
{
	if (!shadow->given_count[class])
		return (uint8_t *)shadow->arena + shadow->arena->used;
	shadow->reused++;
	return shadow->given[class][--shadow->given_count[class]];
}

static void take_one(struct shadow *shadow)
{
	size_t size = 1 + pcg32_below(&shadow->pcg, 1u << pcg32_below(&shadow->pcg, 13));
	uint8_t *expected = expected_at(shadow, arena_class(size));
	uint8_t *bytes = arena_take(shadow->arena, size);

	shadow->wrong += bytes != expected;
	shadow->wrong += (uintptr_t)bytes % ARENA_ALIGN != 0;
	shadow->wrong += !all_are(bytes, 0, size, 0);
	shadow->wrong += overlaps(shadow, bytes, size);
	shadow->wrong += bytes < (uint8_t *)(shadow->arena + 1);
	shadow->wrong += bytes + size > (uint8_t *)shadow->arena + shadow->arena->used;
	shadow->wrong += arena_at(shadow->arena, arena_ref(shadow->arena, bytes)) != (void *)bytes;
	struct block block = {bytes, (uint8_t)pcg32_next(&shadow->pcg), size};

	memset(bytes, block.fill, size);
	shadow->live[shadow->count++] = block;
}

static void give_one(struct shadow *shadow)
{
	uint32_t which = pcg32_below(&shadow->pcg, shadow->count);
	struct block block = shadow->live[which];
	unsigned class = arena_class(block.size);

	shadow->wrong += !all_are(block.bytes, 0, block.size, block.fill);
	arena_give(shadow->arena, block.bytes, block.size);
	if (shadow->arena->junk)
		shadow->wrong += !all_are(block.bytes, sizeof(ref_t), block.size, 0xA5);
	shadow->given[class][shadow->given_count[class]++] = block.bytes;
	shadow->live[which] = shadow->live[--shadow->count];
}

static void fuzz_blocks(bool junk)
{
	struct shadow *shadow = calloc(1, sizeof(*shadow));

	shadow->arena = open_arena();
	shadow->arena->junk = junk;
	shadow->pcg = pcg32_seeded(7, junk);
	for (int step = 0; step < 20000; step++) {
		bool grow = pcg32_below(&shadow->pcg, 2);

		if (shadow->count == 0 || (grow && shadow->count < LIVE_MAX))
			take_one(shadow);
		else
			give_one(shadow);
	}
	EQUAL(shadow->wrong, 0);
	CU_ASSERT(shadow->reused > 1000);
	arena_close(shadow->arena);
	free(shadow);
}

static void blocks_are_zeroed_aligned_apart_and_come_back_last_first(void)
{
	fuzz_blocks(false);
}

static void junk_fills_what_is_given_back_and_nothing_else(void)
{
	fuzz_blocks(true);
}

static void a_block_in_part_zeroed_is_zeroed_so_far(void)
{
	struct arena *arena = open_arena();
	uint8_t *bytes = arena_take(arena, 256);

	memset(bytes, 0xEE, 256);
	arena_give(arena, bytes, 256);
	CU_ASSERT_PTR_EQUAL(arena_take_part(arena, 256, 100), bytes);
	CU_ASSERT(all_are(bytes, 0, 100, 0));
	CU_ASSERT(all_are(bytes, 100, 256, 0xEE));
	arena_close(arena);
}

static void a_bump_is_exact_zeroed_and_aligned(void)
{
	struct arena *arena = open_arena();
	uint64_t used = arena->used;
	uint8_t *first = arena_bump(arena, 100), *second = arena_bump(arena, 16);

	EQUAL(arena->used, used + 112 + 16);
	EQUAL(second - first, 112);
	EQUAL((uintptr_t)first % ARENA_ALIGN, 0);
	CU_ASSERT(all_are(first, 0, 128, 0));
	arena_close(arena);
}

static void a_class_holds_its_size_and_no_smaller_one_does(void)
{
	for (size_t size = 1; size <= 70000; size++) {
		unsigned class = arena_class(size);

		if (size > arena_class_size(class) ||
		    (class > 0 && size <= arena_class_size(class - 1)))
			EQUAL(class, -1);
	}
	EQUAL(arena_class_size(arena_class(1)), 16);
	EQUAL(arena_class_size(arena_class(17)), 32);
	EQUAL(arena_class_size(arena_class(512)), 512);
	EQUAL(arena_class_size(arena_class(513)), 1024);
	EQUAL(arena_class_size(arena_class(PAGE_BYTES)), PAGE_BYTES);
	CU_ASSERT(arena_class((size_t)1 << 32) < ARENA_CLASSES);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void it_lies_where_it_was_asked_to(void)
{
	struct arena *one = arena_open(ARENA_BASE, LIMIT);

	EQUAL((uintptr_t)one, ARENA_BASE);
	struct arena *other = arena_open(ARENA_BASE, LIMIT); /* taken: so anywhere else */

	CU_ASSERT(other && other != one);
	arena_close(one);
	arena_close(other);
}

static void more_than_references_reach_is_refused(void)
{
	errno = 0;
	CU_ASSERT_PTR_NULL(arena_open(ARENA_BASE, (uint64_t)1 << 33));
	EQUAL(errno, EINVAL);
}

static void a_reset_forgets_every_block_and_the_next_are_zeroed(void)
{
	struct arena *arena = open_arena();
	uint64_t used = arena->used;
	uint8_t *first = arena_take(arena, 1000);

	memset(first, 0xEE, 1000);
	arena_give(arena, arena_take(arena, 50), 50);
	arena_reset(arena);
	EQUAL(arena->used, used);
	CU_ASSERT_PTR_EQUAL(arena_take(arena, 50), first);
	CU_ASSERT_PTR_EQUAL(arena_bump(arena, 100), first + 64);
	CU_ASSERT_PTR_EQUAL(arena_take(arena, 500), first + 64 + 112);
	CU_ASSERT(all_are(first, 0, 50, 0));
	CU_ASSERT(all_are(first, 64, 64 + 112 + 500, 0));
	arena_close(arena);
}

/* How many blocks of a size fit before `full` is called, which must leave the arena as it was. */
static int fill(struct arena *arena, size_t size, bool bump)
{
	volatile int count = 0;

	if (setjmp(when_full))
		return count;
	for (;;) {
		void *block = bump ? arena_bump(arena, size) : arena_take(arena, size);

		memset(block, 0xEE, size);
		count++;
	}
}

static void at_its_limit_it_calls_full_and_not_before(void)
{
	struct arena *arena = open_arena();
	uint64_t room = arena->limit - arena->used;

	EQUAL(fill(arena, 1 << 16, false), room >> 16);
	EQUAL(fill(arena, 64, true), room % (1 << 16) / 64);
	EQUAL(fill(arena, 64, false), 0);
	CU_ASSERT(arena->used <= arena->limit && arena->limit - arena->used < 64);
	arena_close(arena);
}

static void it_can_be_used_to_its_last_byte(void)
{
	struct arena *arena = open_arena();

	for (int bump = 0; bump < 2; bump++) {
		arena_reset(arena);
		arena_bump(arena, arena->limit - arena->used - 64);
		EQUAL(fill(arena, 64, bump), 1);
		EQUAL(arena->used, arena->limit);
	}
	arena_close(arena);
}

static void a_copy_put_back_is_the_same_arena(void)
{
	struct arena *arena = open_arena();
	char *kept = arena_take(arena, 100), *given = arena_take(arena, 100);

	memcpy(kept, "before", sizeof("before"));
	arena_give(arena, given, 100);
	size_t used = arena->used;
	void *copy = malloc(used);

	memcpy(copy, arena, used);
	memcpy(kept, "after", sizeof("after"));
	CU_ASSERT_PTR_EQUAL(arena_take(arena, 100), given);
	CU_ASSERT_PTR_NOT_EQUAL(arena_take(arena, 100), given);
	memcpy(arena, copy, used);
	CU_ASSERT_STRING_EQUAL(kept, "before");
	EQUAL(arena->used, used);
	CU_ASSERT_PTR_EQUAL(arena_take(arena, 100), given);
	free(copy);
	arena_close(arena);
}

/* ---- Pages ----------------------------------------------------------------------------------- */

enum { ELEMENTS = 20000 };
struct element {
	uint64_t a, b, c, d;
};

/* A list that grows at its end, is written anywhere, and now and then loses its beginning. */
static void pages_hold_what_a_plain_array_holds(void)
{
	struct arena *arena = open_arena();
	struct element *plain = calloc(ELEMENTS, sizeof(*plain));
	struct pcg32 pcg = pcg32_seeded(5, 5);
	struct pages pages;
	uint64_t first = 0, end = 0;
	int wrong = 0;

	pages_init(&pages, sizeof(struct element));
	while (end < ELEMENTS) {
		uint64_t index = first + pcg32_below(&pcg, (uint32_t)(end - first) + 1);
		struct element *at = pages_make(arena, &pages, index);

		wrong += memcmp(at, &plain[index], sizeof(*at)) != 0; /* a new one: zeroed */
		plain[index] = *at = (struct element){index, pcg32_next(&pcg), pcg32_next(&pcg), 1};
		end += index == end || pcg32_below(&pcg, 2);
		if (pcg32_below(&pcg, 1000) == 0)
			pages_drop_below(arena, &pages, first = (first + end) / 2);
	}
	for (uint64_t i = first; i < end; i++)
		wrong += memcmp(pages_make(arena, &pages, i), &plain[i], sizeof(*plain)) != 0;
	EQUAL(wrong, 0);
	CU_ASSERT(first > 0);
	free(plain);
	arena_close(arena);
}

static void dropped_pages_are_used_again(void)
{
	struct arena *arena = open_arena();
	struct pages pages;
	uint64_t used = 0;

	pages_init(&pages, 64);
	for (uint64_t i = 0; i < 64000; i++) { /* a thousand pages through a window of two */
		*(uint64_t *)pages_make(arena, &pages, i) = i;
		pages_drop_below(arena, &pages, i);
		if (i == 640)
			used = arena->used;
	}
	EQUAL(*(uint64_t *)pages_at(arena, &pages, 63999), 63999);
	CU_ASSERT(arena->used < used + 4 * PAGE_BYTES); /* the directory alone has grown */
	arena_close(arena);
}

static void freed_lists_give_everything_back(void)
{
	struct arena *arena = open_arena();
	struct pages pages;
	uint64_t used = 0;

	pages_init(&pages, 8);
	for (int round = 0; round < 10; round++) {
		for (uint64_t i = 0; i < 100000; i += 7)
			pages_make(arena, &pages, i);
		if (round == 0)
			used = arena->used;
		pages_free(arena, &pages);
	}
	EQUAL(arena->used, used);
	EQUAL(pages.capacity, 0);
	EQUAL(pages.width, 3);
	arena_close(arena);
}

CU_TestInfo arena_tests[] = {
	{"blocks are zeroed, aligned and apart, and come back last first",
	 blocks_are_zeroed_aligned_apart_and_come_back_last_first},
	{"junk fills what is given back and nothing else",
	 junk_fills_what_is_given_back_and_nothing_else},
	{"a block in part zeroed is zeroed so far", a_block_in_part_zeroed_is_zeroed_so_far},
	{"a bump is exact, zeroed and aligned", a_bump_is_exact_zeroed_and_aligned},
	{"a class holds its size and no smaller one does",
	 a_class_holds_its_size_and_no_smaller_one_does},
	{"it lies where it was asked to", it_lies_where_it_was_asked_to},
	{"more than references reach is refused", more_than_references_reach_is_refused},
	{"a reset forgets every block, and the next are zeroed",
	 a_reset_forgets_every_block_and_the_next_are_zeroed},
	{"at its limit it calls full, and not before", at_its_limit_it_calls_full_and_not_before},
	{"it can be used to its last byte", it_can_be_used_to_its_last_byte},
	{"a copy put back is the same arena", a_copy_put_back_is_the_same_arena},
	{"pages hold what a plain array holds", pages_hold_what_a_plain_array_holds},
	{"dropped pages are used again", dropped_pages_are_used_again},
	{"freed lists give everything back", freed_lists_give_everything_back},
	CU_TEST_INFO_NULL,
};
