/*
 * Clients that wait for a log position: who asked for what stands at (index, term).
 *
 * A leader adds each request as it appends; when the position is applied, the client is answered if
 * the entry there still is the one that was appended for it: the same index AND the same term. They
 * are added in rising order of index, so that this is a queue with two ends.
 */
#ifndef PROTOCOLS_COMMON_PENDING_H
#define PROTOCOLS_COMMON_PENDING_H

#include "sim/ordeal.h"

struct waiting {
	uint64_t index, term;
	request_id request;
};

struct pending { /* zeroed: empty */
	struct waiting *ring;
	uint32_t first, count, capacity;
};

void pending_add(struct env *, struct pending *, uint64_t index, uint64_t term, request_id);
/* The request that waits for this entry, or 0; whoever waits for this index waits no more. */
request_id pending_take(struct pending *, uint64_t index, uint64_t term);
/* These entries are gone from the log: nobody can tell what becomes of their requests. */
void pending_forget(struct pending *, uint64_t first_removed);

#endif
