/*
 * The fault model: a protocol says what it survives (struct fault_model). Where a scenario does
 * more to it, what a judge finds is no verdict on the protocol: it is unknown, and says why.
 */
#include "sim/run/model.h"

/* Who can't take a failed write dies of it. */
static bool crashes_of(const struct protocol *protocol, enum fault_number kind)
{
	bool fails = kind == FAULT_WRITE_ERROR || kind == FAULT_FULL_DISK;

	return kind == FAULT_CRASH || kind == FAULT_WIPE || (fails && !protocol->disk_failed);
}

/* One fault of the schedule. */
static const char *fault_beyond(const struct scenario *scenario, const struct fault *fault,
				const struct protocol *protocol)
{
	const struct fault_model *survives = &protocol->survives;
	bool crashes = crashes_of(protocol, fault->kind);
	bool drifts = fault->kind == FAULT_CLOCK_DRIFT && survives->clock_drift_ppm >= 0;
	int64_t drift = fault->amount < 0 ? -fault->amount : fault->amount;

	if (fault->kind == FAULT_WIPE && !survives->survives_wipe)
		return "a wiped disk";
	if (fault->kind == FAULT_ROT && !survives->survives_detected_rot)
		return "a record that rots";
	if (crashes && !survives->survives_restart)
		return "a restart";
	if (crashes && !survives->survives_lost_unsynced && scenario->disk.crash != CRASH_KEEP)
		return "the loss of unsynced writes";
	if (crashes && !survives->survives_reordered_unsynced &&
	    scenario->disk.crash == CRASH_REORDER)
		return "unsynced writes lost out of order";
	return drifts && drift > survives->clock_drift_ppm ? "a clock that drifts so far" : NULL;
}

const char *beyond_model(struct world *world, const struct scenario *scenario)
{
	const struct protocol *protocol = scenario->groups[scenario->workload.group].protocol;
	const struct fault_model *survives = &protocol->survives;

	if (survives->clock_drift_ppm >= 0 && scenario->drift_ppm > survives->clock_drift_ppm)
		return "clocks that drift so far";
	/* A lie that no crash has found out has done no harm. */
	if (world->counters.betrayed)
		return "a sync that lies";
	if (world->counters.altered && !survives->survives_corruption)
		return "false messages";
	for (unsigned i = 0; i < scenario->fault_count; i++) {
		const struct fault_state *state = faults_state(world, i);
		bool fired = state->state == FAULT_ACTIVE || state->state == FAULT_OVER;
		const char *beyond = fault_beyond(scenario, &scenario->faults[i], protocol);

		if (fired && beyond)
			return beyond;
	}
	return NULL;
}
