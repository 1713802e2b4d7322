/*
 * What faults do to processes: crash, wipe, pause.
 *
 * A process comes back when the last fault that keeps it down ends, and stands still again if one
 * asks for that. Whoever is down already can be neither crashed nor paused: such a fault hits
 * nobody. Its disk can be wiped all the same.
 */
#include "sim/faults/internal.h"

bool on_processes(struct world *world, const struct endpoint_set *hit, process_change *change)
{
	for (uint64_t left = hit->processes; left; left &= left - 1)
		change(world, (process_id)lowest_bit(left));
	return hit->processes != 0;
}

bool faults_hold(struct world *world, process_id id, uint32_t kinds)
{
	const struct faults *faults = world->faults;

	for (unsigned i = 0; i < faults->count; i++) {
		const struct fault_entry *entry = fault_entry(world, i);

		if (kinds >> entry->fault->kind & 1 && entry->state.state == FAULT_ACTIVE &&
		    set_has(&entry->hit[0], id))
			return true;
	}
	return false;
}

bool faults_keep_down(struct world *world, process_id id)
{
	const struct faults *faults = world->faults;

	return faults->dead >> id & 1 ||
	       faults_hold(world, id, 1u << FAULT_CRASH | 1u << FAULT_WIPE);
}

void faults_release(struct world *world, process_id id)
{
	if (faults_keep_down(world, id))
		return;
	/* A crash that waits for its next handler falls now, or it would never have happened. */
	if (world_process(world, id)->crash_armed)
		world_crash_now(world, id);
	world_restart(world, id);
	if (faults_hold(world, id, 1u << FAULT_PAUSE))
		world_pause(world, id);
}

static bool somebody_lives(const struct world *world, const struct endpoint_set *hit)
{
	for (uint64_t left = hit->processes; left; left &= left - 1)
		if (world->processes[lowest_bit(left)].status != DOWN)
			return true;
	return false;
}

/* ---- Crash ----------------------------------------------------------------------------------- */

static void crash_process(struct world *world, process_id id)
{
	world_crash(world, id);
}

bool begin_crash(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	return somebody_lives(world, hit) && on_processes(world, hit, crash_process);
}

void end_crash(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, faults_release);
}

/* ---- Wipe ------------------------------------------------------------------------------------ */

static void wipe_process(struct world *world, process_id id)
{
	world_crash_now(world, id);
	world_wipe(world, id);
}

bool begin_wipe(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, wipe_process);
}

void end_wipe(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, faults_release);
}

/* ---- Pause ----------------------------------------------------------------------------------- */

/* One that is down is paused once it is up again. */
static void pause_process(struct world *world, process_id id)
{
	world_pause(world, id);
}

bool begin_pause(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	return somebody_lives(world, hit) && on_processes(world, hit, pause_process);
}

static void resume_process(struct world *world, process_id id)
{
	if (!faults_hold(world, id, 1u << FAULT_PAUSE))
		world_resume(world, id);
}

void end_pause(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, resume_process);
}
