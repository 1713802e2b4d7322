/*
 * A table from keys to numbers: open addressing with linear probing. Keys are never taken out; an
 * absent one has the number 0.
 */
#ifndef PROTOCOLS_COMMON_TABLE_H
#define PROTOCOLS_COMMON_TABLE_H

#include "sim/ordeal.h"

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
