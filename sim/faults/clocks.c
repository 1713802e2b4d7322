/* What faults do to clocks: a jump of the wall clock, and drifts of both, which add. */
#include "sim/faults/internal.h"

enum { DRIFT_MAX = 900000 }; /* ppm, of all faults together: no clock stands still */

bool begin_clock_jump(struct world *world, const struct fault *fault,
		      const struct endpoint_set *hit)
{
	for (uint64_t left = hit->processes; left; left &= left - 1)
		world_clock_step(world, (process_id)lowest_bit(left), fault->amount);
	return hit->processes != 0;
}

static void bend_clock(struct world *world, process_id id)
{
	const struct faults *faults = world->faults;
	const struct fault_entry *entry;
	int64_t ppm = faults->drift[id];

	for (unsigned at = 0; (entry = next_active(world, FAULT_CLOCK_DRIFT, &at));)
		if (set_has(&entry->hit[0], id))
			ppm += entry->fault->amount;
	ppm = ppm > DRIFT_MAX ? DRIFT_MAX : ppm < -DRIFT_MAX ? -DRIFT_MAX : ppm;
	world_clock_drift(world, id, (int32_t)ppm);
}

bool begin_clock_drift(struct world *world, const struct fault *fault,
		       const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, bend_clock);
}

void end_clock_drift(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, bend_clock);
}
