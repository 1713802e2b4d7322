/*
 * The fault model: a protocol says what it survives (struct fault_model). Where a scenario does
 * more to it, what a judge finds is no verdict on the protocol: it is unknown, and says why. What
 * each fault does beyond it is noted when it fires (sim/faults/budget.c); what a setup does all the
 * time, and harm that shows only later, stand here.
 */
#include "sim/run/model.h"

static void add(struct beyond *first, const char *why, nanoseconds since)
{
	if (why && (!first->why || since < first->since))
		*first = (struct beyond){why, since};
}

/* What one group's protocol does not survive. */
static void add_group(struct beyond *first, const struct world *world,
		      const struct scenario *scenario, const struct protocol *protocol)
{
	const struct fault_model *survives = &protocol->survives;

	if (survives->clock_drift_ppm >= 0 && scenario->drift_ppm > survives->clock_drift_ppm)
		add(first, "clocks that drift so far", 0);
	if (world->counters.altered && !survives->survives_corruption)
		add(first, "false messages", world->altered_since);
}

struct beyond beyond_model(const struct world *world, const struct scenario *scenario)
{
	struct beyond first = {NULL, 0};
	nanoseconds since = 0;
	const char *fault = faults_beyond(world, &since);

	add(&first, fault, since);
	/* A lie that no crash has found out has done no harm. */
	if (world->counters.betrayed)
		add(&first, "a sync that lies", world->betrayed_since);
	for (unsigned i = 0; i < scenario->group_count; i++)
		add_group(&first, world, scenario, scenario->groups[i].protocol);
	return first;
}
