/*
 * What the apps with keys share: a command on one key, and a table from keys to numbers.
 *
 * The command's operation is an index into the app's own table of operations. The table is open
 * addressing with linear probing; keys are never taken out, an absent one has the number 0.
 */
#ifndef PROTOCOLS_APPS_KEYED_H
#define PROTOCOLS_APPS_KEYED_H

#include "sim/ordeal.h"

struct keyed_command {
	uint64_t operation, key;
	uint64_t value;    /* to write */
	uint64_t expected; /* of a cas: what it wants to find */
};
_Static_assert(sizeof(struct keyed_command) == 32, "no padding on the wire");

size_t keyed_draw(const struct drawn *, void *command);
unsigned keyed_keys(const void *command, size_t size, uint64_t *keys);
struct keyed_command keyed_read(struct env *, const void *command, size_t size);
/* What the command alone tells; the answer's part is the app's. */
void keyed_tell(const void *command, size_t size, const void *answer, struct told *);

/* The answer of every operation but a look: did it take effect? */
size_t keyed_answer(void *answer, bool done);
bool keyed_done(const void *answer, size_t size);

struct slot {
	uint64_t name; /* key + 1; 0: the slot is free */
	uint64_t value;
};
struct table { /* zeroed: empty */
	struct slot *slots;
	uint64_t capacity, used;
};

/* Where the key's number stands, to be read and written until the next call; 0 where it is new. */
uint64_t *table_at(struct env *, struct table *, uint64_t key);
uint64_t table_get(const struct table *, uint64_t key); /* 0: absent */
void table_clear(struct env *, struct table *);

#endif
