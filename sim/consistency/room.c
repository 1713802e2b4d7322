/*
 * The memory that engines work in: a stack of blocks, kept from one history to the next.
 */
#include "sim/consistency/engines.h"

#include <stdlib.h>

enum { BLOCK_FIRST = 1 << 16, BLOCK_MAX = 1 << 26, NUMBERS_FIRST = 32 };

struct room *room_open(void)
{
	return calloc(1, sizeof(struct room));
}

void room_close(struct room *room)
{
	for (unsigned i = 0; room && i < room->block_count; i++)
		free(room->blocks[i].base);
	free(room);
}

size_t room_held(const struct room *room)
{
	return room->held;
}

void room_spent(struct room *room, const char *limit)
{
	room->limit = limit;
	longjmp(room->spent, 1);
}

static void add_block(struct room *room, size_t least)
{
	size_t size = BLOCK_FIRST;

	while (size < least || (size < BLOCK_MAX && size < room->held))
		size *= 2;
	if (size > least && room->held + size > room->budget)
		size = least;
	if (room->block_count == ROOM_BLOCKS || room->held + size > room->budget)
		room_spent(room, "memory");
	char *base = malloc(size);

	if (!base)
		room_spent(room, "memory");
	room->blocks[room->block_count++] = (struct block){base, size};
	room->held += size;
}

void *room_take(struct room *room, size_t count, size_t size)
{
	size_t bytes = (count * size + 15) & ~(size_t)15;

	while (room->block == room->block_count ||
	       room->blocks[room->block].size - room->used < bytes) {
		if (room->block + 1 >= room->block_count)
			add_block(room, bytes);
		if (room->block + 1 < room->block_count) {
			room->block++;
			room->used = 0;
		}
	}
	void *taken = room->blocks[room->block].base + room->used;

	room->used += bytes;
	return taken;
}

void *room_zeroed(struct room *room, size_t count, size_t size)
{
	return memset(room_take(room, count, size), 0, count * size);
}

void *room_grown(struct room *room, const void *old, size_t old_count, size_t count, size_t size)
{
	void *grown = room_take(room, count, size);

	return old_count ? memcpy(grown, old, old_count * size) : grown;
}

struct room_mark room_marked(const struct room *room)
{
	return (struct room_mark){room->block, room->used};
}

void room_release(struct room *room, struct room_mark mark)
{
	room->block = mark.block;
	room->used = mark.used;
}

/* ---- Numbers for numbers --------------------------------------------------------------------- */

static void make_places(struct numbering *numbering, size_t room_for)
{
	numbering->room_for = room_for;
	numbering->numbers = room_take(numbering->room, room_for, sizeof(uint32_t));
	numbering->keys = room_take(numbering->room, room_for, sizeof(uint64_t));
	memset(numbering->numbers, 0xff, room_for * sizeof(uint32_t));
}

void numbering_begin(struct numbering *numbering, struct room *room)
{
	*numbering = (struct numbering){.room = room, .last_number = NO_NUMBER};
	make_places(numbering, NUMBERS_FIRST);
}

static size_t place_of(const struct numbering *numbering, uint64_t key)
{
	size_t at = mixed(key) & (numbering->room_for - 1);

	while (numbering->numbers[at] != NO_NUMBER && numbering->keys[at] != key)
		at = (at + 1) & (numbering->room_for - 1);
	return at;
}

static void more_places(struct numbering *numbering)
{
	struct numbering old = *numbering;

	make_places(numbering, 4 * old.room_for);
	for (size_t i = 0; i < old.room_for; i++) {
		if (old.numbers[i] == NO_NUMBER)
			continue;
		size_t at = place_of(numbering, old.keys[i]);

		numbering->keys[at] = old.keys[i];
		numbering->numbers[at] = old.numbers[i];
	}
}

uint32_t number_of(struct numbering *numbering, uint64_t key)
{
	if (key == numbering->last_key && numbering->last_number != NO_NUMBER)
		return numbering->last_number;
	size_t at = place_of(numbering, key);

	if (numbering->numbers[at] == NO_NUMBER) {
		if (numbering->count * 2 >= numbering->room_for) {
			more_places(numbering);
			at = place_of(numbering, key);
		}
		numbering->keys[at] = key;
		numbering->numbers[at] = numbering->count++;
	}
	numbering->last_key = key;
	numbering->last_number = numbering->numbers[at];
	return numbering->last_number;
}

uint32_t number_known(const struct numbering *numbering, uint64_t key)
{
	return numbering->numbers[place_of(numbering, key)];
}
