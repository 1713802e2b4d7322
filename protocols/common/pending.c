/* A queue of waiting clients, in a ring that doubles: see pending.h. */
#include "protocols/common/pending.h"

enum { RING_FIRST = 16 };

static struct waiting *at(const struct pending *pending, uint32_t place)
{
	return &pending->ring[(pending->first + place) & (pending->capacity - 1)];
}

static void grow(struct env *env, struct pending *pending)
{
	uint32_t capacity = pending->capacity ? 2 * pending->capacity : RING_FIRST;
	struct waiting *ring = env_alloc(env, capacity * sizeof(*ring));

	for (uint32_t i = 0; i < pending->count; i++)
		ring[i] = *at(pending, i);
	if (pending->ring)
		env_free(env, pending->ring);
	pending->ring = ring;
	pending->first = 0;
	pending->capacity = capacity;
}

void pending_add(struct env *env, struct pending *pending, uint64_t index, uint64_t term,
		 request_id request)
{
	if (pending->count == pending->capacity)
		grow(env, pending);
	if (pending->count > 0)
		ORDEAL_ASSERT(env, at(pending, pending->count - 1)->index < index);
	*at(pending, pending->count++) = (struct waiting){index, term, request};
}

request_id pending_take(struct pending *pending, uint64_t index, uint64_t term)
{
	request_id request = 0;

	while (pending->count > 0 && at(pending, 0)->index <= index) {
		if (at(pending, 0)->index == index && at(pending, 0)->term == term)
			request = at(pending, 0)->request;
		pending->first = (pending->first + 1) & (pending->capacity - 1);
		pending->count--;
	}
	return request;
}

void pending_forget(struct pending *pending, uint64_t first_removed)
{
	while (pending->count > 0 && at(pending, pending->count - 1)->index >= first_removed)
		pending->count--;
}
