/* Captures who waits, while the clients' operations are still open: see stall.h. */
#include "sim/run/stall.h"

static void look_back(struct world *world, nanoseconds healed, struct stall *stall)
{
	for (size_t i = history_count(world); i-- > 0;) {
		const struct history_record *record = history_at(world, i);

		stall->given_up += record->type == HISTORY_INFO && record->time >= healed;
		if (stall->answered || (record->type != HISTORY_OK && record->type != HISTORY_FAIL))
			continue;
		stall->answered = request_number(record->id);
		stall->answered_at = record->time;
	}
}

void stall_capture(struct world *world, nanoseconds healed, struct stall *stall)
{
	uint32_t before = stall->elections_before_heal;

	*stall = (struct stall){
		.stalled = true,
		.elections_before_heal = before,
		.at = world->now,
		.elections = world->observed[SAW_LEADER_ELECTED] - before,
		.open = workload_open(world),
	};
	stall->told = workload_waiting(world, stall->operation, STALL_OPERATIONS);
	look_back(world, healed, stall);
}
