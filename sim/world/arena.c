/* The arena's slow paths: reserving, laying out, and lists that grow a page at a time. */
#include "sim/world/arena.h"

#include <errno.h>
#include <sys/mman.h>

enum { FIRST_BLOCK = (sizeof(struct arena) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN };

void *address_space(uintptr_t base, uint64_t bytes)
{
	/* A hint, not MAP_FIXED: where the address is taken, any other does. */
	void *memory = mmap((void *)base, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

struct arena *arena_open(uintptr_t base, uint64_t limit)
{
	if (limit > UINT32_MAX) {
		errno = EINVAL; /* a reference is 32 bits wide */
		return NULL;
	}
	struct arena *arena = address_space(base, limit);

	if (!arena)
		return NULL;
	/* Fewer, larger pages, where the machine has them: a hint that may be refused. */
	madvise(arena, limit, MADV_HUGEPAGE);

	arena->limit = limit;
	arena_reset(arena);
	return arena;
}

void arena_close(struct arena *arena)
{
	munmap(arena, arena->limit);
}

void arena_reset(struct arena *arena)
{
	arena->used = FIRST_BLOCK;
	memset(arena->free, 0, sizeof(arena->free));
}

void *arena_bump(struct arena *arena, size_t size)
{
	uint64_t start = arena->used;

	size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	if (arena->limit - start < size)
		arena->full(arena);
	arena->used = start + size;
	return memset((char *)arena + start, 0, size);
}

/* ---- Pages ----------------------------------------------------------------------------------- */

void pages_init(struct pages *pages, uint32_t element)
{
	assert(element && (element & (element - 1)) == 0 && element <= PAGE_BYTES);
	*pages = (struct pages){
		.shift = (uint8_t)log2_of(PAGE_BYTES / element),
		.width = (uint8_t)log2_of(element),
		.mask = (uint16_t)(PAGE_BYTES / element - 1),
	};
}

void pages_grow(struct arena *arena, struct pages *pages, uint64_t index)
{
	uint64_t page = index >> pages->shift;

	if (page >= pages->capacity) {
		uint64_t capacity = pages->capacity ? pages->capacity : 4;

		while (capacity <= page)
			capacity *= 2;
		if (capacity * sizeof(ref_t) > arena->limit)
			arena->full(arena);
		ref_t *directory = arena_take(arena, capacity * sizeof(ref_t));

		if (pages->capacity) {
			memcpy(directory, pages->page, pages->capacity * sizeof(ref_t));
			arena_give(arena, pages->page, pages->capacity * sizeof(ref_t));
		}
		pages->page = directory;
		pages->capacity = (uint32_t)capacity;
	}
	pages->page[page] = arena_ref(arena, arena_take(arena, PAGE_BYTES));
}

void pages_drop_below(struct arena *arena, struct pages *pages, uint64_t index)
{
	uint64_t end = index >> pages->shift;

	if (end > pages->capacity)
		end = pages->capacity;
	/* From the top down, so that dropping often is cheap: below the first gap all is gone. */
	while (end-- > 0 && pages->page[end]) {
		arena_give(arena, arena_at(arena, pages->page[end]), PAGE_BYTES);
		pages->page[end] = 0;
	}
}

void pages_free(struct arena *arena, struct pages *pages)
{
	for (uint32_t i = 0; i < pages->capacity; i++)
		if (pages->page[i])
			arena_give(arena, arena_at(arena, pages->page[i]), PAGE_BYTES);
	if (pages->capacity)
		arena_give(arena, pages->page, pages->capacity * sizeof(ref_t));
	pages_init(pages, 1u << pages->width);
}
