/*
 * Cuts: nothing passes. They differ in their shape alone, and are counted by the links, so that
 * mending one never mends what another still cuts.
 *
 * Of shapes with parts, two endpoints of one part always reach each other, and those that stand in
 * no part, clients too, reach everyone. Whether two parts do is all that such a shape says:
 *
 *     partition   none reaches another
 *     bridge      all reach the first, which none of them goes round
 *     ring        each reaches the one before it and the one behind it, the last the first
 *     chain       likewise, without the last step
 */
#include "sim/faults/internal.h"

/* Of parts i and j, i != j, of so many. */
typedef bool apart(unsigned i, unsigned j, unsigned parts);

static bool all_apart(unsigned i, unsigned j, unsigned parts)
{
	(void)i, (void)j, (void)parts;
	return true;
}

static bool apart_but_for_the_first(unsigned i, unsigned j, unsigned parts)
{
	(void)parts;
	return i != 0 && j != 0;
}

static bool no_neighbours_in_a_ring(unsigned i, unsigned j, unsigned parts)
{
	return (i + 1) % parts != j && (j + 1) % parts != i;
}

static bool no_neighbours_in_a_chain(unsigned i, unsigned j, unsigned parts)
{
	(void)parts;
	return i + 1 != j && j + 1 != i;
}

static bool between_parts(struct world *world, const struct fault *fault,
			  const struct endpoint_set *hit, apart *are_apart, link_change *change)
{
	unsigned parts = fault->part_count;
	bool any = false;

	for (unsigned i = 0; i < parts; i++)
		for (unsigned j = 0; j < parts; j++)
			if (i != j && are_apart(i, j, parts))
				any |= on_links_from_to(world, &hit[i], &hit[j], change);
	return any;
}

bool begin_partition(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	return between_parts(world, fault, hit, all_apart, world_cut);
}

void end_partition(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	between_parts(world, fault, hit, all_apart, world_mend);
}

bool begin_bridge(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	return between_parts(world, fault, hit, apart_but_for_the_first, world_cut);
}

void end_bridge(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	between_parts(world, fault, hit, apart_but_for_the_first, world_mend);
}

bool begin_ring(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	return between_parts(world, fault, hit, no_neighbours_in_a_ring, world_cut);
}

void end_ring(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	between_parts(world, fault, hit, no_neighbours_in_a_ring, world_mend);
}

bool begin_chain(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	return between_parts(world, fault, hit, no_neighbours_in_a_chain, world_cut);
}

void end_chain(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	between_parts(world, fault, hit, no_neighbours_in_a_chain, world_mend);
}

/* ---- Isolation ------------------------------------------------------------------------------- */

/* Each of them from every other process, and from clients unless these stay. */
static bool isolate(struct world *world, const struct fault *fault, const struct endpoint_set *hit,
		    link_change *change)
{
	struct endpoint_set others = {.processes = set_everyone(world)};
	bool any;

	if (fault->amount != CLIENTS_STAY)
		for (unsigned i = 0; i < world->client_count; i++)
			set_add(&others, (endpoint_t)(CLIENT_FIRST + i));
	any = on_links_from_to(world, &hit[0], &others, change);
	others.processes &= ~hit->processes; /* between two of them both ways are done */
	return on_links_from_to(world, &others, &hit[0], change) || any;
}

bool begin_isolate(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	return isolate(world, fault, hit, world_cut);
}

void end_isolate(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	isolate(world, fault, hit, world_mend);
}

/* ---- Single links ---------------------------------------------------------------------------- */

bool begin_cut(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	return on_links(world, fault, hit, world_cut);
}

void end_cut(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	on_links(world, fault, hit, world_mend);
}
