/*
 * The fault budget: what a protocol declares to survive (struct fault_model), against what happens
 * to it. A nemesis draws within it; and what any fault did beyond it is noted, so that whatever the
 * judges find then convicts nobody.
 *
 * At most a minority of a group is down or has a failing, lost or rotten disk at once, where a
 * nemesis is at work. A crash alone loses nothing that was durable, so a schedule may crash all of
 * them and the model still holds; but more lost disks than a minority, each not yet repaired when
 * the next one is lost, go beyond any model.
 *
 * A disk is repaired when nothing rotten is left on it, and its process is up again, does not stay
 * silent, and has applied all that anyone in its group had applied when the disk was damaged.
 */
#include "sim/faults/internal.h"

/* ---- The model ------------------------------------------------------------------------------- */

static const char *crash_beyond(const struct fault_model *model, enum crash_mode mode)
{
	if (!model->survives_restart)
		return "a restart";
	if (!model->survives_lost_unsynced && mode != CRASH_KEEP)
		return "the loss of unsynced writes";
	if (!model->survives_reordered_unsynced && mode == CRASH_REORDER)
		return "unsynced writes lost out of order";
	return NULL;
}

const char *fault_beyond(enum fault_number kind, const struct protocol *protocol,
			 enum crash_mode mode)
{
	const struct fault_model *model = &protocol->survives;

	switch (fault_kinds[kind].needs) {
	case NEEDS_NOTHING: return NULL;
	case NEEDS_RESTART: return crash_beyond(model, mode);
	case NEEDS_WRITE_ERRORS: return protocol->disk_failed ? NULL : crash_beyond(model, mode);
	case NEEDS_WIPE: return model->survives_wipe ? crash_beyond(model, mode) : "a wiped disk";
	case NEEDS_DETECTED_ROT: return model->survives_detected_rot ? NULL : "a record that rots";
	case NEEDS_DRIFT: return model->clock_drift_ppm ? NULL : "a clock that drifts";
	case NEEDS_CORRUPTION: return model->survives_corruption ? NULL : "false messages";
	case NEEDS_MORE: break;
	}
	return fault_kinds[kind].name;
}

static bool damages(const struct fault *fault)
{
	enum fault_needs needs = fault_kinds[fault->kind].needs;

	return needs == NEEDS_WIPE || needs == NEEDS_DETECTED_ROT;
}

/* Is it of those that only a minority may suffer at once? */
static bool is_rationed(const struct fault *fault)
{
	enum fault_needs needs = fault_kinds[fault->kind].needs;

	return damages(fault) || needs == NEEDS_RESTART || needs == NEEDS_WRITE_ERRORS;
}

/* ---- Drift ----------------------------------------------------------------------------------- */

/* How fast its clock would run beside the true time, with this fault on it too. */
static int64_t drift_with(const struct world *world, process_id id, const struct fault *fault)
{
	const struct faults *faults = world->faults;
	const struct fault_entry *entry;
	int64_t ppm = faults->drift[id] + fault->amount;

	for (unsigned at = 0; (entry = next_active(world, FAULT_CLOCK_DRIFT, &at));)
		if (set_has(&entry->hit[0], id))
			ppm += entry->fault->amount;
	return ppm < 0 ? -ppm : ppm;
}

static bool drifts_beyond(const struct world *world, process_id id, const struct fault *fault)
{
	int32_t most = world_protocol(world, id)->survives.clock_drift_ppm;

	return fault->kind == FAULT_CLOCK_DRIFT && most >= 0 && drift_with(world, id, fault) > most;
}

/* ---- Minorities ------------------------------------------------------------------------------ */

static unsigned minority(const struct world *world, group_id group)
{
	return (world->groups[group].count - 1u) / 2;
}

static uint64_t applied_by_any(const struct world *world, group_id group)
{
	uint64_t most = 0;

	for (uint64_t left = set_group(world, group); left; left &= left - 1)
		if (world->processes[lowest_bit(left)].applied > most)
			most = world->processes[lowest_bit(left)].applied;
	return most;
}

static bool is_repaired(struct world *world, process_id id)
{
	const struct faults *faults = world->faults;
	const struct process *process = world_process(world, id);

	return process->status == UP && !process->silenced && !world_disk_rotten(world, id) &&
	       process->applied >= faults->repaired_at[id];
}

/* Those whose lost disk is not made good. */
static uint64_t still_damaged(struct world *world)
{
	struct faults *faults = world->faults;

	for (uint64_t left = faults->damaged; left; left &= left - 1)
		if (is_repaired(world, (process_id)lowest_bit(left)))
			faults->damaged &= ~(left & -left);
	return faults->damaged;
}

/* Those that are down, or that a fault keeps down, or whose disk fails or is damaged. */
static uint64_t impaired(struct world *world)
{
	uint64_t set = still_damaged(world);

	for (unsigned i = 0; i < world->process_count; i++)
		if (world->processes[i].status == DOWN)
			set |= (uint64_t)1 << i;
	for (unsigned i = 0; i < faults_count(world); i++) {
		const struct fault_entry *entry = fault_entry(world, i);

		if (entry->state.state == FAULT_ACTIVE && is_rationed(entry->fault))
			set |= entry->hit[0].processes;
	}
	return set;
}

/* Those hit in one group, as far as its ration goes: first who suffers already, then others, drawn.
 * Who only restarts may be one even where that is no minority: it comes back as it was. */
static uint64_t ration(struct world *world, const struct fault_entry *entry, group_id group,
		       uint64_t hit)
{
	uint64_t members = set_group(world, group), ill = impaired(world) & members;
	unsigned most = minority(world, group), sick = count_bits(ill);
	address_t spared = draw_address(entry->place - FAULTS_MAX, DRAW_SPARED, group,
					entry->ordinal);

	if (most == 0 && !damages(entry->fault))
		most = 1;
	if (most < sick)
		return 0;
	return (hit & ill) | set_choose(world, spared, hit & members & ~ill, most - sick);
}

/* ---- Of a nemesis ---------------------------------------------------------------------------- */

uint64_t budget_kinds(const struct world *world, const struct nemesis *nemesis)
{
	const struct faults *faults = world->faults;
	const struct protocol *protocol = world->groups[faults->setup.group].protocol;
	uint64_t kinds = 0;

	for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
		if (fault_kinds[kind].datagrams && world->setup->connections)
			continue;
		if (nemesis->beyond_model ||
		    !fault_beyond((enum fault_number)kind, protocol, world->setup->disk.crash))
			kinds |= (uint64_t)1 << kind;
	}
	return kinds;
}

bool budget_amounts(const struct world *world, const struct fault_kind *kind,
		    const struct nemesis *nemesis, int64_t amounts[2])
{
	const struct faults *faults = world->faults;
	int32_t most = world->groups[faults->setup.group].protocol->survives.clock_drift_ppm;

	amounts[0] = kind->drawn_least;
	amounts[1] = kind->drawn_most;
	if (kind->needs != NEEDS_DRIFT || nemesis->beyond_model || most < 0)
		return true;
	most -= world->setup->drift_ppm;
	if (amounts[0] < -most)
		amounts[0] = -most;
	if (amounts[1] > most)
		amounts[1] = most;
	return most > 0;
}

bool budget_trim(struct world *world, struct fault_entry *entry)
{
	enum fault_number kind = entry->fault->kind;
	uint64_t *hit = &entry->hit[0].processes, drawn = *hit, kept = 0;

	if (drawn_by(world, entry)->beyond_model || fault_kinds[kind].needs == NEEDS_NOTHING)
		return true;
	for (uint64_t left = *hit; left; left &= left - 1) {
		process_id id = (process_id)lowest_bit(left);

		if (fault_beyond(kind, world_protocol(world, id), world->setup->disk.crash) ||
		    drifts_beyond(world, id, entry->fault))
			*hit &= ~(left & -left);
	}
	for (unsigned group = 0; is_rationed(entry->fault) && group < world->group_count; group++)
		kept |= ration(world, entry, (group_id)group,
			       *hit & set_group(world, (group_id)group));
	if (is_rationed(entry->fault))
		*hit = kept;
	/* A machine is hit as a whole, or not at all. */
	*hit &= ~set_machines(world, drawn & ~*hit);
	return *hit != 0;
}

/* ---- Of any fault ---------------------------------------------------------------------------- */

const char *budget_beyond(struct world *world, const struct fault_entry *entry, group_id group)
{
	const struct fault *fault = entry->fault;
	const struct protocol *protocol = world->groups[group].protocol;
	enum fault_needs needs = fault_kinds[fault->kind].needs;
	uint64_t members = set_group(world, group), hit = 0;

	/* False messages, and syncs that lie, do their harm later, if ever: the world counts it. */
	if (needs == NEEDS_NOTHING || needs == NEEDS_CORRUPTION || needs == NEEDS_MORE)
		return NULL;
	for (unsigned part = 0; part < fault->part_count; part++)
		hit |= entry->hit[part].processes & members;
	if (!hit)
		return NULL;
	const char *beyond = fault_beyond(fault->kind, protocol, world->setup->disk.crash);

	for (uint64_t left = hit; left && !beyond; left &= left - 1)
		if (drifts_beyond(world, (process_id)lowest_bit(left), fault))
			beyond = "a clock that drifts so far";
	if (beyond || !damages(fault))
		return beyond;
	hit |= still_damaged(world) & members;
	return count_bits(hit) > minority(world, group)
		       ? "lost or rotten disks of more than a minority at once"
		       : NULL;
}

void budget_note(struct world *world, const struct fault_entry *entry)
{
	struct faults *faults = world->faults;

	if (!damages(entry->fault))
		return;
	for (uint64_t left = entry->hit[0].processes; left; left &= left - 1) {
		process_id id = (process_id)lowest_bit(left);

		faults->repaired_at[id] = applied_by_any(world, world->processes[id].group);
		faults->damaged |= left & -left;
	}
}
