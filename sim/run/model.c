/*
 * The fault model: a protocol says what it survives (struct fault_model). Where a scenario does
 * more to it, what a judge finds is no verdict on the protocol: it is unknown, and says why. What
 * each fault does beyond it is noted when it fires (sim/faults/budget.c); what a setup does all the
 * time, and harm that shows only later, stand here.
 */
#include "sim/run/model.h"

/* What one group's protocol does not survive. */
static const char *beyond(const struct world *world, const struct scenario *scenario,
			  const struct protocol *protocol)
{
	const struct fault_model *survives = &protocol->survives;

	if (survives->clock_drift_ppm >= 0 && scenario->drift_ppm > survives->clock_drift_ppm)
		return "clocks that drift so far";
	if (world->counters.altered && !survives->survives_corruption)
		return "false messages";
	return NULL;
}

const char *beyond_model(const struct world *world, const struct scenario *scenario)
{
	const char *why = NULL;

	/* A lie that no crash has found out has done no harm. */
	if (world->counters.betrayed)
		return "a sync that lies";
	for (unsigned i = 0; i < scenario->group_count && !why; i++)
		why = beyond(world, scenario, scenario->groups[i].protocol);
	return why ? why : faults_beyond(world);
}
