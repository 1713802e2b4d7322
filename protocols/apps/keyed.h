/*
 * What the apps with keys share: a command on one key. Its operation is an index into the app's own
 * table of operations.
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

#endif
