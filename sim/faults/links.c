/*
 * What faults do to links that still carry messages: loss and delay.
 *
 * Both are computed anew from the setup and from all active faults whenever one of them begins or
 * ends. Chances combine as those of independent accidents, delays add.
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

/* ---- Loss ------------------------------------------------------------------------------------ */

static void bend_loss(struct world *world, endpoint_t from, endpoint_t to)
{
	const struct setup *setup = world->setup;
	struct link *link = world_link(world, from, to);
	probability_t loss = link->setup ? setup->links[link->setup - 1].link.loss
					 : setup->link.loss;
	const struct fault_entry *entry;

	for (unsigned at = 0; (entry = next_active(world, FAULT_LOSS, &at));)
		if (hits_link(entry, from, to))
			loss = either(loss, (probability_t)entry->fault->amount);
	link->loss = loss;
}

bool begin_loss(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	return on_links(world, fault, hit, bend_loss);
}

void end_loss(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	on_links(world, fault, hit, bend_loss);
}

/* ---- Delay ----------------------------------------------------------------------------------- */

static void bend_delay(struct world *world, endpoint_t from, endpoint_t to)
{
	const struct fault_entry *entry;
	nanoseconds slower = 0;

	for (unsigned at = 0; (entry = next_active(world, FAULT_DELAY, &at));)
		if (hits_link(entry, from, to))
			slower += entry->fault->amount;
	world_link(world, from, to)->slower = slower;
}

bool begin_delay(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	return on_links(world, fault, hit, bend_delay);
}

void end_delay(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	on_links(world, fault, hit, bend_delay);
}
