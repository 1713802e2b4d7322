/*
 * What faults do to links that still carry messages: loss, delay, corruption, outages, drops of a
 * named message, and so on.
 *
 * A link is never changed by what one fault adds or takes away: whenever one begins or ends, all of
 * the link is set back to the setup, and bent anew by every fault that is active. Chances combine
 * as those of independent accidents, delays add, and of bandwidths and stretches the least counts.
 */
#include "sim/faults/internal.h"

bool on_links_from_to(struct world *world, const struct endpoint_set *from,
		      const struct endpoint_set *to, link_change *change)
{
	bool any = false;

	for (endpoint_t a = set_next(from, 0); a < ENDPOINTS; a = set_next(from, a + 1u))
		for (endpoint_t b = set_next(to, 0); b < ENDPOINTS; b = set_next(to, b + 1u))
			if (a != b && world_link(world, a, b)) {
				change(world, a, b);
				any = true;
			}
	return any;
}

bool on_links(struct world *world, const struct fault *fault, const struct endpoint_set *hit,
	      link_change *change)
{
	bool any = on_links_from_to(world, &hit[0], &hit[1], change);

	if (fault->both_ways)
		any |= on_links_from_to(world, &hit[1], &hit[0], change);
	return any;
}

static bool hits_link(const struct fault_entry *entry, endpoint_t from, endpoint_t to)
{
	const struct endpoint_set *hit = entry->hit;

	if (set_has(&hit[0], from) && set_has(&hit[1], to))
		return true;
	return entry->fault->both_ways && set_has(&hit[1], from) && set_has(&hit[0], to);
}

/* Names of messages are those of the group whose roles are meant. */
static void drop_sort(struct world *world, endpoint_t from, struct link *link, unsigned sort,
		      probability_t share)
{
	const struct faults *faults = world->faults;

	if (sort < MESSAGE_TYPES_MAX && from < CLIENT_FIRST &&
	    world_process(world, (process_id)from)->group != faults->setup.group)
		return;
	probability_t *drops = world_wire_drops(world, world_wire(world, link));

	drops[sort] = either(drops[sort], share);
}

static void bend_wire(struct wire *wire, const struct fault *fault)
{
	probability_t share = (probability_t)fault->amount;
	uint64_t bandwidth = (uint64_t)fault->amount;

	if (fault->kind == FAULT_CORRUPT)
		wire->corrupt = either(wire->corrupt, share);
	else if (fault->kind == FAULT_CORRUPT_UNDETECTED)
		wire->alter = either(wire->alter, share);
	else if (fault->kind == FAULT_BANDWIDTH &&
		 (!wire->bandwidth || wire->bandwidth > bandwidth))
		wire->bandwidth = bandwidth;
	else if (fault->kind == FAULT_FLAKY && (!wire->stretch || wire->stretch > fault->amount))
		wire->stretch = fault->amount;
}

static void bend_by(struct world *world, const struct fault *fault, endpoint_t from,
		    struct link *link)
{
	probability_t share = (probability_t)fault->amount;

	switch (fault->kind) {
	case FAULT_LOSS: link->loss = either(link->loss, share); break;
	case FAULT_DELAY: link->slower += fault->amount; break;
	case FAULT_DUPLICATE: link->duplicate = either(link->duplicate, share); break;
	case FAULT_REORDER: link->reorder = either(link->reorder, share); break;
	case FAULT_DROP: drop_sort(world, from, link, fault->sort, share); break;
	default: bend_wire(world_wire(world, link), fault); break;
	}
}

static void bend_link(struct world *world, endpoint_t from, endpoint_t to)
{
	const struct faults *faults = world->faults;
	struct link *link = world_link(world, from, to);

	world_link_reset(world, link);
	for (unsigned i = 0; i < faults->count; i++) {
		const struct fault_entry *entry = fault_entry(world, i);

		if (entry->state.state == FAULT_ACTIVE &&
		    fault_kinds[entry->fault->kind].begin == begin_bend &&
		    hits_link(entry, from, to))
			bend_by(world, entry->fault, from, link);
	}
}

bool begin_bend(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	return on_links(world, fault, hit, bend_link);
}

void end_bend(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	on_links(world, fault, hit, bend_link);
}
