/*
 * The arena: all memory that changes during a run, in one piece.
 *
 * Because it is one piece, a run is a value: a snapshot is a memcpy of the used part, a restore a
 * memcpy back, a reset a number set to zero. Pointers into it stay valid across all three, and none
 * ever decides anything. Blocks come in classes of size, zeroed when handed out; what is given back
 * is handed out again, last first. Small references are byte offsets from the base: every block is
 * 16-aligned, so the low four bits of a reference are free for whoever holds it.
 */
#ifndef SIM_WORLD_ARENA_H
#define SIM_WORLD_ARENA_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sim/gnu.h"

typedef uint32_t ref_t; /* byte offset from the arena's base; 0 is nothing */

enum { ARENA_CLASSES = 32 + 23, ARENA_ALIGN = 16 };

struct arena {                        /* stands at its own base */
	uint64_t used;                /* bytes, this header included */
	uint64_t limit;               /* bytes reserved */
	ref_t free[ARENA_CLASSES];    /* by class of size */
	bool junk;                    /* fill what is given back: stale pointers then show */
	void (*full)(struct arena *); /* must not return */
};

/*
 * Reserves address space for `limit` bytes (at most 4 GiB), at `base` where that is free, and lays
 * an empty arena in it. Returns NULL with errno set if the machine refuses.
 */
struct arena *arena_open(uintptr_t base, uint64_t limit);
/* Address space of that many bytes, zeroed, at `base` where that is free; it takes memory only
 * where it is touched. NULL with errno set if the machine refuses. munmap gives it back. */
void *address_space(uintptr_t base, uint64_t bytes);
void arena_close(struct arena *);
void arena_reset(struct arena *); /* forgets every block */

#define ARENA_BASE ((uintptr_t)0x520000000000) /* free under ASan, UBSan and MSan too */

/* Small blocks come in steps of 16 bytes, the others in powers of two. */
enum { ARENA_STEPS = 32, ARENA_SMALL = ARENA_STEPS * ARENA_ALIGN };

static inline unsigned arena_class(size_t size)
{
	if (likely(size <= ARENA_SMALL))
		return (unsigned)((size - (size != 0)) / ARENA_ALIGN);
	return ARENA_STEPS + log2_of(size - 1) - log2_of(ARENA_SMALL);
}

static inline uint64_t arena_class_size(unsigned class)
{
	if (likely(class < ARENA_STEPS))
		return (class + 1) * (uint64_t)ARENA_ALIGN;
	return (uint64_t)2 * ARENA_SMALL << (class - ARENA_STEPS);
}

static inline void *arena_at(const struct arena *arena, ref_t ref)
{
	return (char *)(uintptr_t)arena + ref;
}

static inline ref_t arena_ref(const struct arena *arena, const void *block)
{
	return (ref_t)((const char *)block - (const char *)arena);
}

void *arena_bump(struct arena *, size_t size); /* never given back; exact, 16-aligned, zeroed */

/* As arena_take, but only the first `zeroed` bytes are. */
static inline void *arena_take_part(struct arena *arena, size_t size, size_t zeroed)
{
	unsigned class = arena_class(size);
	ref_t ref = arena->free[class];

	if (ref) {
		void *block = arena_at(arena, ref);

		memcpy(&arena->free[class], block, sizeof(ref_t));
		return memset(block, 0, zeroed);
	}
	uint64_t start = arena->used;

	uint64_t bytes = arena_class_size(class);

	if (unlikely(arena->limit - start < bytes))
		arena->full(arena);
	arena->used = start + bytes;
	return memset((char *)arena + start, 0, zeroed);
}

/* A zeroed block of at least `size` bytes. Does not return when the arena is full. */
static inline void *arena_take(struct arena *arena, size_t size)
{
	return arena_take_part(arena, size, size);
}

/* `size` is what it was taken with. */
static inline void arena_give(struct arena *arena, void *block, size_t size)
{
	unsigned class = arena_class(size);

	if (unlikely(arena->junk))
		memset(block, 0xA5, size);
	memcpy(block, &arena->free[class], sizeof(ref_t));
	arena->free[class] = arena_ref(arena, block);
}

/* ---- A list that grows a page at a time: doubling would leave old copies in every snapshot --- */

enum { PAGE_BYTES = 4096 };

struct pages {
	ref_t *page;       /* the directory: small, so it may grow by copying */
	uint32_t capacity; /* of the directory */
	uint8_t shift;     /* log2 of the elements a page */
	uint8_t width;     /* log2 of an element's bytes */
	uint16_t mask;     /* elements a page, less one */
};

void pages_init(struct pages *, uint32_t element);
void pages_grow(struct arena *, struct pages *, uint64_t index);
/* Gives back the pages that hold only elements below `index`. They read as absent from then on. */
void pages_drop_below(struct arena *, struct pages *, uint64_t index);
void pages_free(struct arena *, struct pages *);

/* The element, which must have been made by pages_make. */
static inline void *pages_at(const struct arena *arena, const struct pages *pages, uint64_t index)
{
	ref_t page = pages->page[index >> pages->shift];

	return (char *)arena_at(arena, page) + ((index & pages->mask) << pages->width);
}

/* The element, or NULL where pages_make never made its page. */
static inline void *pages_find(const struct arena *arena, const struct pages *pages, uint64_t index)
{
	uint64_t page = index >> pages->shift;

	return page < pages->capacity && pages->page[page] ? pages_at(arena, pages, index) : NULL;
}

/* The element, zeroed where it is new. */
static inline void *pages_make(struct arena *arena, struct pages *pages, uint64_t index)
{
	uint64_t page = index >> pages->shift;

	if (unlikely(page >= pages->capacity || !pages->page[page]))
		pages_grow(arena, pages, index);
	return pages_at(arena, pages, index);
}

#endif
