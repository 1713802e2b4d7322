/*
 * Whom a fault hits: endpoints by name, and roles that are filled at the moment when it fires.
 *
 * Named ones come first, then roles, among the processes that this fault has not taken yet; `rest`
 * comes last. Whoever is hit, is hit with all that share its machine. Every draw has an address
 * made of the fault's number, the part, the item and the ordinal within it, so that no other
 * fault's presence moves it, and a role that is tried again draws the same. A random minority is
 * the largest one, a random majority the smallest: (n-1)/2 and n/2+1.
 */
#include "sim/faults/internal.h"

const char *const target_names[TARGET_KINDS] = {
	[TARGET_LEADER] = "leader",
	[TARGET_FOLLOWER] = "follower",
	[TARGET_RANDOM] = "random",
	[TARGET_RANDOM_MINORITY] = "random_minority",
	[TARGET_RANDOM_MAJORITY] = "random_majority",
	[TARGET_ALL] = "all",
	[TARGET_REST] = "rest",
	[TARGET_CLIENTS] = "clients",
};

/* ---- Sets ------------------------------------------------------------------------------------ */

endpoint_t set_next(const struct endpoint_set *set, unsigned from)
{
	while (from < ENDPOINTS) {
		uint64_t word = from < CLIENT_FIRST ? set->processes
						    : set->clients[(from - CLIENT_FIRST) / 64u];

		word >>= from % 64;
		if (word)
			return (endpoint_t)(from + lowest_bit(word));
		from += 64 - from % 64;
	}
	return ENDPOINTS;
}

static uint64_t first_bits(unsigned count)
{
	return count == 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1;
}

uint64_t set_group(const struct world *world, group_id group)
{
	return first_bits(world->groups[group].count) << world->groups[group].first;
}

uint64_t set_everyone(const struct world *world)
{
	return first_bits(world->process_count);
}

uint64_t set_machines(const struct world *world, uint64_t processes)
{
	uint64_t all = 0;

	for (; processes; processes &= processes - 1)
		all |= world->processes[lowest_bit(processes)].machine;
	return all;
}

uint64_t set_choose(struct world *world, address_t address, uint64_t set, unsigned count)
{
	uint64_t chosen = 0;

	while (count-- && set) {
		uint32_t skip = choose_below(&world->choices, address++, count_bits(set));
		uint64_t left = set;

		while (skip--)
			left &= left - 1;
		chosen |= left & -left;
		set &= ~(left & -left);
	}
	return chosen;
}

/* ---- Roles ----------------------------------------------------------------------------------- */

static uint64_t live(const struct world *world, uint64_t set)
{
	uint64_t up = 0;

	for (; set; set &= set - 1)
		if (world->processes[lowest_bit(set)].status == UP)
			up |= set & -set;
	return up;
}

/* The processes that fill a role now, among those that `taken` leaves; none: it must wait. */
static uint64_t fill_role(struct world *world, group_id group, enum target_kind role,
			  uint64_t taken, address_t address)
{
	uint64_t members = set_group(world, group), free = members & ~taken;
	unsigned size = count_bits(members);
	process_id leader = world_leader(world, group);
	uint64_t leaders = leader == NO_PROCESS ? 0 : (uint64_t)1 << leader;

	switch (role) {
	case TARGET_LEADER: return leaders & free;
	case TARGET_FOLLOWER: return set_choose(world, address, live(world, free & ~leaders), 1);
	case TARGET_RANDOM: return set_choose(world, address, live(world, free), 1);
	case TARGET_RANDOM_MINORITY: return set_choose(world, address, free, (size - 1) / 2);
	case TARGET_RANDOM_MAJORITY: return set_choose(world, address, free, size / 2 + 1);
	default: return set_everyone(world); /* all */
	}
}

static uint64_t taken_by(const struct endpoint_set *hit, unsigned parts)
{
	uint64_t taken = 0;

	for (unsigned part = 0; part < parts; part++)
		taken |= hit[part].processes;
	return taken;
}

static void add_clients(const struct world *world, struct endpoint_set *set)
{
	for (unsigned client = 0; client < world->client_count; client++)
		set_add(set, (endpoint_t)(CLIENT_FIRST + client));
}

/* Named endpoints in the first pass, roles in the second, the rest in the third. */
static unsigned pass_of(unsigned kind)
{
	if (kind == TARGET_ENDPOINT || kind == TARGET_CLIENTS)
		return 0;
	return kind == TARGET_REST ? 2 : 1;
}

static bool resolve_item(struct world *world, struct fault_entry *entry, unsigned part,
			 unsigned item)
{
	const struct faults *faults = world->faults;
	const struct fault *fault = entry->fault;
	const struct target_item *target = &fault->part[part].item[item];
	struct endpoint_set *hit = entry->hit;
	uint64_t taken = taken_by(hit, fault->part_count), filled;

	switch (target->kind) {
	case TARGET_ENDPOINT: set_add(&hit[part], target->endpoint); return true;
	case TARGET_CLIENTS: add_clients(world, &hit[part]); return true;
	case TARGET_REST: filled = set_everyone(world) & ~taken; break;
	default:
		filled = fill_role(
			world, faults->setup.group, (enum target_kind)target->kind, taken,
			choice_address(CHOICE_TARGET, entry->place, part, item, entry->ordinal));
	}
	hit[part].processes |= filled;
	return filled != 0;
}

bool faults_resolve(struct world *world, struct fault_entry *entry)
{
	const struct fault *fault = entry->fault;

	memset(entry->hit, 0, fault->part_count * sizeof(*entry->hit));
	for (unsigned pass = 0; pass < 3; pass++)
		for (unsigned part = 0; part < fault->part_count; part++) {
			uint64_t *processes = &entry->hit[part].processes;

			for (unsigned item = 0; item < fault->part[part].count; item++)
				if (pass_of(fault->part[part].item[item].kind) == pass &&
				    !resolve_item(world, entry, part, item))
					return false;
			*processes = set_machines(world, *processes);
		}
	return true;
}
