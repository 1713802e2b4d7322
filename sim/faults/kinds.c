/*
 * The one table of kinds of faults, at the foot of this file, and what each does to the world.
 *
 * Two faults on the same process or link never disturb each other. A process comes back when the
 * last fault that keeps it down ends; what faults bend (loss, delay, a disk's speed, a clock's
 * rate) is computed anew from the setup and from all active faults whenever one of them begins or
 * ends. Chances combine as those of independent accidents, delays add, slowness multiplies.
 */
#include "sim/faults/internal.h"

enum {
	SECOND = 1000000000,
	DRIFT_MAX = 900000,        /* ppm, of all faults together: no clock stands still */
	SLOWNESS_MAX = 1000000000, /* thousandths, of all faults together */
	WIPE_LASTS = SECOND / 10,  /* an empty disk is soon put in */
};
#define HOUR         ((int64_t)3600 * SECOND)
#define MUST_BE_SAID INT64_MIN

/* ---- Many at once ---------------------------------------------------------------------------- */

typedef void process_change(struct world *, process_id);

static bool on_processes(struct world *world, const struct endpoint_set *hit,
			 process_change *change)
{
	for (uint64_t left = hit->processes; left; left &= left - 1)
		change(world, (process_id)lowest_bit(left));
	return hit->processes != 0;
}

typedef void link_change(struct world *, endpoint_t from, endpoint_t to);

static bool on_links_from_to(struct world *world, const struct endpoint_set *from,
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

static bool on_links(struct world *world, const struct fault *fault, const struct endpoint_set *hit,
		     link_change *change)
{
	bool any = on_links_from_to(world, &hit[0], &hit[1], change);

	if (fault->both_ways)
		any |= on_links_from_to(world, &hit[1], &hit[0], change);
	return any;
}

/* ---- What all active faults make together ---------------------------------------------------- */

/* The next active fault of a kind, from `number` on; the count of faults where there is none. */
static unsigned next_active(const struct faults *faults, enum fault_number kind, unsigned number)
{
	while (number < faults->setup.count && (faults->setup.list[number].kind != kind ||
						faults->entry[number].state.state != FAULT_ACTIVE))
		number++;
	return number;
}

static bool hits_link(const struct faults *faults, unsigned number, endpoint_t from, endpoint_t to)
{
	const struct endpoint_set *hit = faults->entry[number].hit;

	if (set_has(&hit[0], from) && set_has(&hit[1], to))
		return true;
	return faults->setup.list[number].both_ways && set_has(&hit[1], from) &&
	       set_has(&hit[0], to);
}

static probability_t either(probability_t a, probability_t b)
{
	uint128_t neither = (uint128_t)(PROBABILITY_ONE - a) * (PROBABILITY_ONE - b);

	return PROBABILITY_ONE - (probability_t)(neither >> 32);
}

static void bend_loss(struct world *world, endpoint_t from, endpoint_t to)
{
	const struct faults *faults = world->faults;
	const struct setup *setup = world->setup;
	struct link *link = world_link(world, from, to);
	probability_t loss = link->setup ? setup->links[link->setup - 1].link.loss
					 : setup->link.loss;

	for (unsigned i = next_active(faults, FAULT_LOSS, 0); i < faults->setup.count;
	     i = next_active(faults, FAULT_LOSS, i + 1))
		if (hits_link(faults, i, from, to))
			loss = either(loss, (probability_t)faults->setup.list[i].amount);
	link->loss = loss;
}

static void bend_delay(struct world *world, endpoint_t from, endpoint_t to)
{
	const struct faults *faults = world->faults;
	nanoseconds slower = 0;

	for (unsigned i = next_active(faults, FAULT_DELAY, 0); i < faults->setup.count;
	     i = next_active(faults, FAULT_DELAY, i + 1))
		if (hits_link(faults, i, from, to))
			slower += faults->setup.list[i].amount;
	world_link(world, from, to)->slower = slower;
}

static void bend_disk_speed(struct world *world, process_id id)
{
	const struct faults *faults = world->faults;
	int64_t times = 1000;

	for (unsigned i = next_active(faults, FAULT_SLOW_DISK, 0); i < faults->setup.count;
	     i = next_active(faults, FAULT_SLOW_DISK, i + 1)) {
		if (!set_has(&faults->entry[i].hit[0], id))
			continue;
		times = times * faults->setup.list[i].amount / 1000;
		if (times > SLOWNESS_MAX)
			times = SLOWNESS_MAX;
	}
	world_disk_slower(world, id, (uint32_t)times);
}

static void bend_disk_errors(struct world *world, process_id id)
{
	const struct faults *faults = world->faults;
	probability_t failing = 0;

	for (unsigned i = next_active(faults, FAULT_WRITE_ERROR, 0); i < faults->setup.count;
	     i = next_active(faults, FAULT_WRITE_ERROR, i + 1))
		if (set_has(&faults->entry[i].hit[0], id))
			failing = either(failing, (probability_t)faults->setup.list[i].amount);
	world_disk_failing(world, id, failing);
}

static void bend_clock(struct world *world, process_id id)
{
	const struct faults *faults = world->faults;
	int64_t ppm = faults->drift[id];

	for (unsigned i = next_active(faults, FAULT_CLOCK_DRIFT, 0); i < faults->setup.count;
	     i = next_active(faults, FAULT_CLOCK_DRIFT, i + 1))
		if (set_has(&faults->entry[i].hit[0], id))
			ppm += faults->setup.list[i].amount;
	ppm = ppm > DRIFT_MAX ? DRIFT_MAX : ppm < -DRIFT_MAX ? -DRIFT_MAX : ppm;
	world_clock_drift(world, id, (int32_t)ppm);
}

bool faults_hold(struct world *world, process_id id, uint32_t kinds)
{
	const struct faults *faults = world->faults;

	for (unsigned i = 0; i < faults->setup.count; i++)
		if (kinds >> faults->setup.list[i].kind & 1 &&
		    faults->entry[i].state.state == FAULT_ACTIVE &&
		    set_has(&faults->entry[i].hit[0], id))
			return true;
	return false;
}

static bool stays_down(struct world *world, process_id id)
{
	const struct faults *faults = world->faults;

	return faults->dead >> id & 1 ||
	       faults_hold(world, id, 1u << FAULT_CRASH | 1u << FAULT_WIPE);
}

void faults_release(struct world *world, process_id id)
{
	if (stays_down(world, id))
		return;
	/* A crash that waits for its next handler falls now, or it would never have happened. */
	if (world_process(world, id)->crash_armed)
		world_crash_now(world, id);
	world_restart(world, id);
	if (faults_hold(world, id, 1u << FAULT_PAUSE))
		world_pause(world, id);
}

/* ---- Processes ------------------------------------------------------------------------------- */

static void crash_process(struct world *world, process_id id)
{
	world_crash(world, id);
}

static bool begin_crash(struct world *world, const struct fault *fault,
			const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, crash_process);
}

static void wipe_process(struct world *world, process_id id)
{
	world_crash_now(world, id);
	world_wipe(world, id);
}

static bool begin_wipe(struct world *world, const struct fault *fault,
		       const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, wipe_process);
}

static void release(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, faults_release);
}

/* One that is down is paused once it is up again. */
static void pause_process(struct world *world, process_id id)
{
	world_pause(world, id);
}

static bool somebody_lives(const struct world *world, const struct endpoint_set *hit)
{
	for (uint64_t left = hit->processes; left; left &= left - 1)
		if (world->processes[lowest_bit(left)].status != DOWN)
			return true;
	return false;
}

static bool begin_pause(struct world *world, const struct fault *fault,
			const struct endpoint_set *hit)
{
	(void)fault;
	/* Who is down already can't be paused: that hits nobody, and is waited for. */
	if (!somebody_lives(world, hit))
		return false;
	return on_processes(world, hit, pause_process);
}

static void resume_process(struct world *world, process_id id)
{
	if (!faults_hold(world, id, 1u << FAULT_PAUSE))
		world_resume(world, id);
}

static void end_pause(struct world *world, const struct fault *fault,
		      const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, resume_process);
}

/* ---- Links ----------------------------------------------------------------------------------- */

/* Endpoints of different parts no longer reach each other; those in no part keep all their links.
 * */
static bool between_parts(struct world *world, const struct fault *fault,
			  const struct endpoint_set *hit, link_change *change)
{
	bool any = false;

	for (unsigned i = 0; i < fault->part_count; i++)
		for (unsigned j = 0; j < fault->part_count; j++)
			if (i != j)
				any |= on_links_from_to(world, &hit[i], &hit[j], change);
	return any;
}

static bool begin_partition(struct world *world, const struct fault *fault,
			    const struct endpoint_set *hit)
{
	return between_parts(world, fault, hit, world_cut);
}

static void end_partition(struct world *world, const struct fault *fault,
			  const struct endpoint_set *hit)
{
	between_parts(world, fault, hit, world_mend);
}

static bool begin_cut(struct world *world, const struct fault *fault,
		      const struct endpoint_set *hit)
{
	return on_links(world, fault, hit, world_cut);
}

static void end_cut(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	on_links(world, fault, hit, world_mend);
}

static bool begin_loss(struct world *world, const struct fault *fault,
		       const struct endpoint_set *hit)
{
	return on_links(world, fault, hit, bend_loss);
}

static void end_loss(struct world *world, const struct fault *fault, const struct endpoint_set *hit)
{
	on_links(world, fault, hit, bend_loss);
}

static bool begin_delay(struct world *world, const struct fault *fault,
			const struct endpoint_set *hit)
{
	return on_links(world, fault, hit, bend_delay);
}

static void end_delay(struct world *world, const struct fault *fault,
		      const struct endpoint_set *hit)
{
	on_links(world, fault, hit, bend_delay);
}

/* ---- Disks and clocks ------------------------------------------------------------------------ */

static bool begin_slow_disk(struct world *world, const struct fault *fault,
			    const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, bend_disk_speed);
}

static void end_slow_disk(struct world *world, const struct fault *fault,
			  const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, bend_disk_speed);
}

static bool begin_write_error(struct world *world, const struct fault *fault,
			      const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, bend_disk_errors);
}

/* Who died of its disk boots when the disk is mended, unless another fault keeps it down: then that
 * one's end restarts it. */
static void mend_disk(struct world *world, process_id id)
{
	if (stays_down(world, id))
		world_process(world, id)->dead_disk = false;
	bend_disk_errors(world, id);
	faults_release(world, id);
}

static void end_write_error(struct world *world, const struct fault *fault,
			    const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, mend_disk);
}

static bool begin_clock_step(struct world *world, const struct fault *fault,
			     const struct endpoint_set *hit)
{
	for (uint64_t left = hit->processes; left; left &= left - 1)
		world_clock_step(world, (process_id)lowest_bit(left), fault->amount);
	return hit->processes != 0;
}

static bool begin_clock_drift(struct world *world, const struct fault *fault,
			      const struct endpoint_set *hit)
{
	(void)fault;
	return on_processes(world, hit, bend_clock);
}

static void end_clock_drift(struct world *world, const struct fault *fault,
			    const struct endpoint_set *hit)
{
	(void)fault;
	on_processes(world, hit, bend_clock);
}

/* ---- The table ------------------------------------------------------------------------------- */

const struct fault_kind fault_kinds[FAULT_KINDS] = {
	[FAULT_CRASH] = {.name = "crash",
			 .help = "the process crashes; it restarts from its disk at the end",
			 .shape = FAULT_ON_PROCESSES,
			 .lasts = true,
			 .begin = begin_crash,
			 .end = release},
	[FAULT_PAUSE] = {.name = "pause",
			 .help = "the process stands still; its messages wait, its disk goes on",
			 .shape = FAULT_ON_PROCESSES,
			 .lasts = true,
			 .begin = begin_pause,
			 .end = end_pause},
	[FAULT_WIPE] =
		{.name = "wipe",
		 .help = "the process crashes, loses its disk, and comes back with an empty one",
		 .shape = FAULT_ON_PROCESSES,
		 .lasts = true,
		 .lasts_fallback = WIPE_LASTS,
		 .begin = begin_wipe,
		 .end = release},
	[FAULT_PARTITION] =
		{.name = "partition",
		 .help = "endpoints of different parts do not reach each other; those in "
			 "no part, clients too, reach everyone",
		 .shape = FAULT_ON_PARTS,
		 .lasts = true,
		 .begin = begin_partition,
		 .end = end_partition},
	[FAULT_CUT] = {.name = "cut",
		       .help = "nothing passes from the first to the second",
		       .shape = FAULT_ON_LINKS,
		       .lasts = true,
		       .begin = begin_cut,
		       .end = end_cut},
	[FAULT_LOSS] =
		{.name = "loss",
		 .help = "links lose this share of their messages, beside what they lose anyway",
		 .shape = FAULT_ON_LINKS,
		 .amount = AMOUNT_SHARE,
		 .amount_key = "share",
		 .amount_fallback = MUST_BE_SAID,
		 .amount_min = 1,
		 .amount_max = (int64_t)PROBABILITY_ONE,
		 .lasts = true,
		 .begin = begin_loss,
		 .end = end_loss},
	[FAULT_DELAY] = {.name = "delay",
			 .help = "links take so much longer for each message",
			 .shape = FAULT_ON_LINKS,
			 .amount = AMOUNT_DURATION,
			 .amount_key = "by",
			 .amount_fallback = MUST_BE_SAID,
			 .amount_min = 1,
			 .amount_max = HOUR,
			 .lasts = true,
			 .begin = begin_delay,
			 .end = end_delay},
	[FAULT_SLOW_DISK] = {.name = "slow_disk",
			     .help = "writes and syncs take so many times as long",
			     .shape = FAULT_ON_PROCESSES,
			     .amount = AMOUNT_FACTOR,
			     .amount_key = "times",
			     .amount_fallback = 10 * 1000,
			     .amount_min = 1000,
			     .amount_max = 10000 * 1000,
			     .lasts = true,
			     .begin = begin_slow_disk,
			     .end = end_slow_disk},
	[FAULT_WRITE_ERROR] = {.name = "write_error",
			       .help = "this share of syncs fails, and the process is told",
			       .shape = FAULT_ON_PROCESSES,
			       .amount = AMOUNT_SHARE,
			       .amount_key = "share",
			       .amount_fallback = (int64_t)PROBABILITY_ONE,
			       .amount_min = 1,
			       .amount_max = (int64_t)PROBABILITY_ONE,
			       .lasts = true,
			       .begin = begin_write_error,
			       .end = end_write_error},
	[FAULT_CLOCK_STEP] = {.name = "clock_step",
			      .help = "the wall clock jumps; the monotonic one does not",
			      .shape = FAULT_ON_PROCESSES,
			      .amount = AMOUNT_DURATION,
			      .amount_key = "by",
			      .amount_fallback = MUST_BE_SAID,
			      .amount_min = -HOUR,
			      .amount_max = HOUR,
			      .begin = begin_clock_step},
	[FAULT_CLOCK_DRIFT] = {.name = "clock_drift",
			       .help = "both clocks run so much faster (or slower)",
			       .shape = FAULT_ON_PROCESSES,
			       .amount = AMOUNT_PPM,
			       .amount_key = "ppm",
			       .amount_fallback = MUST_BE_SAID,
			       .amount_min = -500000,
			       .amount_max = 500000,
			       .lasts = true,
			       .begin = begin_clock_drift,
			       .end = end_clock_drift},
};

const char *fault_name(unsigned kind)
{
	return fault_kinds[kind].name;
}
