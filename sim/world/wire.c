/*
 * What a wire does to a message beside delaying, losing, doubling and holding it back: it takes its
 * time (bandwidth) and has room for so much that waits, it is out for a while and back again, it
 * drops what a fault names, and it corrupts.
 *
 * A message of s bytes occupies a wire of b bytes a second for s / b; those that come later wait
 * behind it, in order, and what would have to wait in more than the buffer holds is dropped. Of a
 * connection nothing is lost but what the buffer or a named drop kept out of it: an outage and a
 * checksum that does not fit cost time, as a loss does.
 *
 * Every accident has the address of its message, of a kind of its own, so that none shifts another.
 */
#include "sim/world/kernel.h"

#define SECOND ((nanoseconds)1000000000)

static struct wire *wire_of(const struct world *world, const struct link *link)
{
	return link->wire ? arena_at(&world->arena, link->wire) : NULL;
}

struct wire *world_wire(struct world *world, struct link *link)
{
	if (!link->wire) {
		link->wire = arena_ref(&world->arena, world_take(world, sizeof(struct wire)));
		wire_of(world, link)->buffer = link_setup(world, link)->buffer;
	}
	return wire_of(world, link);
}

probability_t *world_wire_drops(struct world *world, struct wire *wire)
{
	if (!wire->drops)
		wire->drops = arena_ref(&world->arena,
					world_take(world, MESSAGE_SORTS * sizeof(probability_t)));
	return arena_at(&world->arena, wire->drops);
}

/* No accident is left; its bandwidth is none. */
void wire_heal(struct world *world, struct wire *wire)
{
	wire->corrupt = wire->alter = 0;
	wire->stretch = 0;
	if (!wire->drops)
		return;
	arena_give(&world->arena, arena_at(&world->arena, wire->drops),
		   MESSAGE_SORTS * sizeof(probability_t));
	wire->drops = 0;
}

/* ---- Outages --------------------------------------------------------------------------------- */

/* In each stretch of time a coin says whether the wire is out (Gilbert's channel, "Capacity of a
 * burst-noise channel", 1960, in steps). One coin for both directions. Returns how long it still
 * is; 0: it is not. */
static nanoseconds outage(struct world *world, struct wire *wire, const struct env_message *message)
{
	uint64_t stretch = (uint64_t)(world->now / wire->stretch) + 1;
	bool ahead = message->from < message->to;
	address_t address = choice_address(CHOICE_FLAKY, ahead ? message->from : message->to,
					   ahead ? message->to : message->from, 0,
					   (uint32_t)stretch);

	if (stretch != wire->stretches) {
		wire->stretches = stretch;
		wire->out = choose_chance(&world->choices, address, PROBABILITY_ONE / 2);
	}
	return wire->out ? (nanoseconds)stretch * wire->stretch - world->now : 0;
}

/* ---- Bandwidth ------------------------------------------------------------------------------- */

/* The body, and each record with its index and term. */
static uint64_t bytes_of(struct world *world, struct env_message *message)
{
	const ref_t *records = message_records(world, message);
	uint64_t bytes = message->size;

	for (uint32_t i = 0; i < message->record_count; i++)
		bytes += 2 * sizeof(uint64_t) + world_record(world, records[i])->size;
	return bytes;
}

/* From now until its last byte is on the way; -1: there is no room where it could wait. */
static nanoseconds queue_for(struct world *world, struct wire *wire, struct env_message *message)
{
	uint64_t bytes = bytes_of(world, message);
	nanoseconds begins = wire->free > world->now ? wire->free : world->now;
	uint128_t waiting = (uint128_t)(begins - world->now) * wire->bandwidth / SECOND;

	if (waiting && waiting + bytes > wire->buffer)
		return -1;
	wire->free = begins + (nanoseconds)(((uint128_t)bytes * SECOND + wire->bandwidth - 1) /
					    wire->bandwidth);
	return wire->free - world->now;
}

/* ---- A message ------------------------------------------------------------------------------- */

static bool dropped(const struct world *world, const struct wire *wire,
		    const struct env_message *message, address_t address)
{
	const probability_t *drops = arena_at(&world->arena, wire->drops);

	return accident(world, address, CHOICE_DROP, drops[message_sort(message)]);
}

/* The counter of what keeps a message out, for good; NULL: nothing does, but it waits so long. */
static uint64_t *kept_out(struct world *world, struct wire *wire, struct env_message *message,
			  address_t address, nanoseconds *waits)
{
	nanoseconds out = wire->stretch ? outage(world, wire, message) : 0;

	if (wire->drops && dropped(world, wire, message, address))
		return &world->counters.dropped;
	if (out && !world->setup->connections)
		return &world->counters.lost;
	if (wire->bandwidth)
		*waits = queue_for(world, wire, message);
	if (*waits < 0)
		return &world->counters.overflowed;
	*waits += out;
	return NULL;
}

bool wire_take(struct world *world, struct link *link, struct env_message *message,
	       address_t address, nanoseconds *waits)
{
	struct wire *wire = wire_of(world, link);
	uint64_t *counter;

	*waits = 0;
	counter = wire ? kept_out(world, wire, message, address, waits) : NULL;
	if (counter) {
		network_lose(world, link, message, TRACE_LOST, counter);
		return false;
	}
	if (accident(world, address, CHOICE_CORRUPT, wire ? wire->corrupt : 0)) {
		if (!world->setup->connections) {
			network_lose(world, link, message, TRACE_CORRUPT,
				     &world->counters.corrupted);
			return false;
		}
		world->counters.corrupted++;
		*waits += choose_duration(&world->choices,
					  of_kind(address, CHOICE_CORRUPT) | SECOND_DURATION,
					  &world->setup->retransmit);
	}
	if (message->kind == MESSAGE_PROTOCOL &&
	    accident(world, address, CHOICE_ALTER, wire ? wire->alter : 0)) {
		message_alter(world, message, of_kind(address, CHOICE_FALSEHOOD));
		world->counters.altered++;
		harm_note(world, &world->groups[message->group].altered);
		trace_message(world, TRACE_ALTERED, message);
	}
	return true;
}
