/*
 * What faults do to disks. Slowness multiplies, chances combine as those of independent accidents;
 * they, and whether a disk is full or lies, are computed anew from all active faults whenever one
 * of them begins or ends. Rot alone stays: what is damaged is so until it is written anew.
 */
#include "sim/faults/internal.h"

enum { SLOWNESS_MAX = 1000000000 }; /* thousandths, of all faults together */

/* ---- Slow ------------------------------------------------------------------------------------ */

static void bend_speed(struct world *world, process_id id)
{
	const struct fault_entry *entry;
	int64_t times = 1000;

	for (unsigned at = 0; (entry = next_active(world, FAULT_SLOW_DISK, &at));) {
		if (!set_has(&entry->hit[0], id))
			continue;
		times = times * entry->fault->amount / 1000;
		if (times > SLOWNESS_MAX)
			times = SLOWNESS_MAX;
	}
	world_disk_slower(world, id, (uint32_t)times);
}

bool begin_slow_disk(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, bend_speed);
}

void end_slow_disk(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, bend_speed);
}

/* ---- Failing --------------------------------------------------------------------------------- */

static void bend_errors(struct world *world, process_id id)
{
	const struct fault_entry *entry;
	probability_t failing = 0;

	for (unsigned at = 0; (entry = next_active(world, FAULT_WRITE_ERROR, &at));)
		if (set_has(&entry->hit[0], id))
			failing = either(failing, (probability_t)entry->fault->amount);
	world_disk_failing(world, id, failing);
}

bool begin_write_error(struct world *world, const struct fault *fault,
		       const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, bend_errors);
}

static void bend_room(struct world *world, process_id id)
{
	world_disk_full(world, id, faults_hold(world, id, 1u << FAULT_FULL_DISK));
}

bool begin_full_disk(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, bend_room);
}

/* Who died of its disk boots when the disk is mended, unless another fault keeps it down: then that
 * one's end restarts it. */
static void mend_disk(struct world *world, process_id id)
{
	if (faults_keep_down(world, id))
		world_process(world, id)->dead_disk = false;
	bend_errors(world, id);
	bend_room(world, id);
	faults_release(world, id);
}

void end_write_error(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, mend_disk);
}

void end_full_disk(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, mend_disk);
}

/* ---- Dishonest ------------------------------------------------------------------------------- */

static void bend_honesty(struct world *world, process_id id)
{
	world_disk_lying(world, id, faults_hold(world, id, 1u << FAULT_LYING_SYNC));
}

bool begin_lying_sync(struct world *world, const struct fault *fault,
		      const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, bend_honesty);
}

void end_lying_sync(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, bend_honesty);
}

/* ---- Rotten ---------------------------------------------------------------------------------- */

/* The fault itself, among the active ones: the address of its choices. */
static const struct fault_entry *entry_of(const struct world *world, const struct endpoint_set *hit)
{
	const struct fault_entry *entry;
	unsigned at = 0;

	do
		entry = next_active(world, FAULT_ROT, &at);
	while (entry && entry->hit != hit);
	assert(entry);
	return entry;
}

/* Where nothing is durable yet, there is nothing to rot, and the fault waits. */
bool begin_rot(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	const struct fault_entry *entry = entry_of(world, hit);
	uint64_t record = (uint64_t)fault->amount;
	bool any = false;

	for (uint64_t left = hit->processes; left; left &= left - 1) {
		process_id id = (process_id)lowest_bit(left);

		any |= record ? world_disk_rot(world, id, STORE_LOG, record)
			      : world_disk_rot_any(world, id, entry->place, entry->ordinal);
	}
	return any;
}
