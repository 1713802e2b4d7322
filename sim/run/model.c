/*
 * The fault model: a protocol says what it survives (struct fault_model). Where a scenario does
 * more to it, what a judge finds is no verdict on the protocol: it is unknown, and says why. What
 * each fault does beyond it is noted when it fires (sim/faults/budget.c); what a setup does all the
 * time, and harm that shows only later, stand here. What befell one group excuses that group, and
 * those that stand on it, for they can be no better than what they stand on; and no other.
 */
#include "sim/run/model.h"

static void add(struct beyond *first, const char *why, nanoseconds since)
{
	if (why && (!first->why || since < first->since))
		*first = (struct beyond){why, since};
}

/* What was done to one group that its protocol does not survive. */
static void add_group(struct beyond *first, const struct world *world,
		      const struct scenario *scenario, group_id id)
{
	const struct group *group = &world->groups[id];
	const struct fault_model *survives = &group->protocol->survives;
	nanoseconds since = 0;
	const char *fault = faults_beyond(world, id, &since);

	add(first, fault, since);
	if (survives->clock_drift_ppm >= 0 && scenario->drift_ppm > survives->clock_drift_ppm)
		add(first, "clocks that drift so far", 0);
	if (group->altered.count && !survives->survives_corruption)
		add(first, "false messages", group->altered.since);
	/* A lie that no crash has found out has done no harm. */
	if (group->betrayed.count)
		add(first, "a sync that lies", group->betrayed.since);
}

struct beyond beyond_model(const struct world *world, const struct scenario *scenario, group_id id)
{
	struct beyond first = {NULL, 0};

	add_group(&first, world, scenario, id);
	while (world->groups[id].base != id) {
		id = world->groups[id].base;
		add_group(&first, world, scenario, id);
	}
	return first;
}
