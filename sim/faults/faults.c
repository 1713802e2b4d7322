/*
 * The schedule: when faults begin and end, and the one heal.
 *
 * A fault goes from WAITING to ACTIVE to OVER, once. It begins when it is due; where nobody fills
 * one of its roles, it tries again every tenth of a patience, and after five patiences it counts as
 * never fired. It ends when its time is up or at the heal, whichever comes first; after the heal
 * nothing breaks any more. Each beginning and end stands in the history, the fingerprint and the
 * trace.
 *
 * After a heal of everything, faults that only minorities can survive go unnoticed: everyone
 * catches up from everyone. Hence the heal of a core: a random quorum, whole and mutually
 * connected, must make progress alone, while the rest stays dead or cut off for ever.
 */
#include "sim/faults/internal.h"

#include <stdarg.h>

enum { PATIENCES_WAITED = 5, TRIES_A_PATIENCE = 10 };
enum action { ACTION_BEGIN, ACTION_END, ACTION_HEAL, ACTION_DRAW };

_Static_assert(FAULTS_MAX + NEMESES_MAX <= 1 << 10, "both are places of choices");
_Static_assert(FAULTS_OF_A_RUN_MAX <= 1 << 16, "a fault's number fits beside the action");

const char *const heal_mode_names[] = {
	[HEAL_ALL] = "all", [HEAL_CORE] = "core", [HEAL_RANDOM] = "random", NULL};

static void schedule(struct world *world, nanoseconds time, enum action action, unsigned number)
{
	world_schedule(world, time, FLOOR_FAULTS, (uint32_t)action << 16 | number);
}

static size_t entry_bytes(const struct fault *fault)
{
	return sizeof(struct fault_entry) + fault->part_count * sizeof(struct endpoint_set);
}

static struct fault_entry *add_entry(struct world *world, const struct fault *fault)
{
	struct faults *faults = world->faults;
	struct fault_entry *entry = world_take(world, entry_bytes(fault));

	assert(fault->part_count >= 1 && fault->part_count <= FAULT_PARTS_MAX);
	entry->fault = fault;
	entry->beyond = world_take(world, world->group_count * sizeof(*entry->beyond));
	*(ref_t *)pages_make(&world->arena, &faults->entries,
			     faults->count++) = arena_ref(&world->arena, entry);
	return entry;
}

void faults_begin(struct world *world, const struct faults_setup *setup)
{
	struct faults *faults = world_take(world, sizeof(*faults));

	assert(setup->count <= FAULTS_MAX);
	world->faults = faults;
	faults->setup = *setup;
	faults->core = set_everyone(world);
	pages_init(&faults->entries, sizeof(ref_t));
	for (unsigned i = 0; i < world->process_count; i++)
		faults->drift[i] = world->processes[i].clock.ppm;
	for (unsigned i = 0; i < setup->count; i++) {
		add_entry(world, &setup->list[i])->place = i;
		schedule(world, setup->list[i].at, ACTION_BEGIN, i);
	}
	nemeses_begin(world);
	if (setup->heal)
		schedule(world, setup->heal, ACTION_HEAL, 0);
}

unsigned faults_count(const struct world *world)
{
	const struct faults *faults = world->faults;

	return faults ? faults->count : 0; /* a world of a unit test may have none */
}

const struct fault *faults_fault(const struct world *world, unsigned number)
{
	assert(number < faults_count(world));
	return fault_entry(world, number)->fault;
}

const struct fault_state *faults_state(const struct world *world, unsigned number)
{
	assert(number < faults_count(world));
	return &fault_entry(world, number)->state;
}

unsigned faults_drawn_by(const struct world *world, unsigned number)
{
	const struct faults *faults = world->faults;
	const struct nemesis *nemesis = drawn_by(world, fault_entry(world, number));

	return nemesis ? (unsigned)(nemesis - faults->setup.nemeses) + 1 : 0;
}

const struct fault_entry *next_active(const struct world *world, enum fault_number kind,
				      unsigned *at)
{
	const struct faults *faults = world->faults;

	while (*at < faults->count) {
		const struct fault_entry *entry = fault_entry(world, (*at)++);

		if (entry->fault->kind == kind && entry->state.state == FAULT_ACTIVE)
			return entry;
	}
	return NULL;
}

const char *faults_beyond(const struct world *world, group_id group, nanoseconds *since)
{
	const char *beyond = NULL;

	for (unsigned i = 0; i < faults_count(world); i++) {
		const struct fault_entry *entry = fault_entry(world, i);
		const struct fault_state *state = &entry->state;
		bool fired = state->state == FAULT_ACTIVE || state->state == FAULT_OVER;

		if (!fired || !entry->beyond[group] || (beyond && state->began >= *since))
			continue;
		beyond = entry->beyond[group];
		*since = state->began;
	}
	return beyond;
}

uint64_t faults_core(struct world *world)
{
	const struct faults *faults = world->faults;

	return faults->core;
}

uint64_t faults_dead(struct world *world)
{
	const struct faults *faults = world->faults;

	return faults->dead;
}

uint64_t faults_cut_for_ever(struct world *world)
{
	const struct faults *faults = world->faults;

	return set_everyone(world) & ~faults->core & ~faults->dead;
}

/* ---- In words -------------------------------------------------------------------------------- */

struct text {
	char *at;
	size_t left;
};

static void printf_like(2, 3) say(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(text->at, text->left, format, arguments);
	va_end(arguments);
	size_t moved = length < 0                    ? 0
		       : (size_t)length < text->left ? (size_t)length
						     : text->left - 1;

	text->at += moved;
	text->left -= moved;
}

/* "all c1 c3..c8": three and more in a row are named by the first and the last. */
static void say_set(struct text *text, const struct world *world, const struct endpoint_set *set)
{
	bool all = set->processes == set_everyone(world) && world->process_count > 1;
	const char *space = all ? " " : "";
	char name[8];

	if (all)
		say(text, "all");
	for (unsigned i = set_next(set, all ? CLIENT_FIRST : 0); i < ENDPOINTS;
	     i = set_next(set, i + 1)) {
		unsigned last = i;

		while (last + 1 < ENDPOINTS && last + 1 != CLIENT_FIRST &&
		       set_has(set, (endpoint_t)(last + 1)))
			last++;
		say(text, "%s%s", space, endpoint_name((endpoint_t)i, name));
		space = " ";
		if (last < i + 2)
			continue;
		say(text, "..%s", endpoint_name((endpoint_t)last, name));
		i = last;
	}
}

/* In the largest unit that leaves a whole number. */
static void say_duration(struct text *text, nanoseconds time)
{
	static const struct {
		const char *name;
		nanoseconds length;
	} units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
	unsigned unit = 0;

	while (time % units[unit].length)
		unit++;
	say(text, " %lld%s", (long long)(time / units[unit].length), units[unit].name);
}

/* A number of so many hundredths, without zeros that say nothing. */
static void say_hundredths(struct text *text, int64_t hundredths, const char *unit)
{
	long long whole = hundredths / 100, rest = hundredths % 100;

	if (!rest)
		say(text, " %lld%s", whole, unit);
	else if (rest % 10 == 0)
		say(text, " %lld.%lld%s", whole, rest / 10, unit);
	else
		say(text, " %lld.%02lld%s", whole, rest, unit);
}

static void say_amount(struct text *text, const struct fault_kind *kind, int64_t amount)
{
	switch (kind->amount) {
	case AMOUNT_NONE: break;
	case AMOUNT_DURATION: say_duration(text, amount); break;
	case AMOUNT_SHARE:
		say_hundredths(text, (int64_t)(((uint128_t)amount * 10000 + (1u << 31)) >> 32),
			       "%");
		break;
	case AMOUNT_FACTOR: say_hundredths(text, amount / 10, "x"); break;
	case AMOUNT_PPM: say(text, " %lldppm", (long long)amount); break;
	case AMOUNT_COUNT: say(text, " %s %lld", kind->amount_key, (long long)amount); break;
	case AMOUNT_BANDWIDTH: say(text, " %lldB/s", (long long)amount); break;
	case AMOUNT_CHOICE: say(text, " %s %s", kind->amount_key, kind->choices[amount]); break;
	}
}

const char *faults_describe(struct world *world, unsigned number, char text[FAULT_TEXT_MAX])
{
	const struct fault_entry *entry = fault_entry(world, number);
	const struct fault_kind *kind = &fault_kinds[entry->fault->kind];
	const struct faults *faults = world->faults;
	const struct protocol *protocol = world->groups[faults->setup.group].protocol;
	struct text to = {text, FAULT_TEXT_MAX};

	say(&to, "%s", kind->name);
	if (entry->state.state == FAULT_WAITING || entry->state.state == FAULT_NEVER_FIRED)
		return text;
	say_amount(&to, kind, entry->fault->amount);
	if (kind->sorted)
		say(&to, " %s", message_sort_name(protocol, entry->fault->sort));
	for (unsigned part = 0; part < entry->fault->part_count; part++) {
		if (part == 0)
			say(&to, " ");
		else if (kind->shape == FAULT_ON_LINKS)
			say(&to, entry->fault->both_ways ? " <-> " : " -> ");
		else
			say(&to, " | ");
		say_set(&to, world, &entry->hit[part]);
	}
	return text;
}

const char *faults_describe_heal(struct world *world, char text[FAULT_TEXT_MAX])
{
	const struct faults *faults = world->faults;
	struct endpoint_set core = {.processes = faults->core};
	struct endpoint_set dead = {.processes = faults->dead};
	struct endpoint_set cut = {.processes = faults_cut_for_ever(world)};
	struct text to = {text, FAULT_TEXT_MAX};

	if (!dead.processes && !cut.processes) {
		say(&to, "all");
		return text;
	}
	say(&to, "core ");
	say_set(&to, world, &core);
	if (dead.processes) {
		say(&to, ", ");
		say_set(&to, world, &dead);
		say(&to, " dead");
	}
	if (cut.processes) {
		say(&to, ", ");
		say_set(&to, world, &cut);
		say(&to, " cut");
	}
	return text;
}

/* To the history, the fingerprint and the trace. */
static void tell(struct world *world, unsigned number, enum history_type type)
{
	struct fault_entry *entry = fault_entry(world, number);
	enum fault_number kind = entry->fault->kind;
	uint32_t index = (uint32_t)history_count(world);
	struct history_record *record = history_append(world);
	char text[FAULT_TEXT_MAX], drawn[32] = "";

	if (type == HISTORY_FAULT_BEGINS)
		entry->record = index;
	*record = (struct history_record){
		.time = world->now,
		.process = number,
		.invocation = entry->record,
		.type = (uint8_t)type,
		.operation = (uint8_t)kind,
		.key = entry->state.hit.processes,
	};
	world_digest(world, (uint64_t)type << 32 | (uint64_t)kind << 16 | number,
		     entry->state.hit.processes);
	if (!world_tracing(world))
		return;
	if (faults_drawn_by(world, number))
		snprintf(drawn, sizeof(drawn), ", drawn by nemesis %u",
			 faults_drawn_by(world, number));
	world_trace_line(world, "fault %s: %s%s", type == HISTORY_FAULT_BEGINS ? "begins" : "ends",
			 faults_describe(world, number, text), drawn);
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static void end_fault(struct world *world, unsigned number)
{
	struct fault_entry *entry = fault_entry(world, number);

	assert(entry->state.state == FAULT_ACTIVE);
	entry->state.state = FAULT_OVER;
	entry->state.ended = world->now;
	tell(world, number, HISTORY_FAULT_ENDS);
	if (fault_kinds[entry->fault->kind].end)
		fault_kinds[entry->fault->kind].end(world, entry->fault, entry->hit);
}

static void join(struct endpoint_set *all, const struct endpoint_set *part)
{
	all->processes |= part->processes;
	for (unsigned i = 0; i < CLIENTS_MAX / 64; i++)
		all->clients[i] |= part->clients[i];
}

/* False where nobody fills a role, or nothing is there to break. */
static bool fire(struct world *world, unsigned number)
{
	struct fault_entry *entry = fault_entry(world, number);
	const struct fault *fault = entry->fault;
	const struct fault_kind *kind = &fault_kinds[fault->kind];
	nanoseconds lasts = fault->lasts ? fault->lasts : kind->lasts_fallback;

	if (!faults_resolve(world, entry))
		return false;
	if (drawn_by(world, entry) && !budget_trim(world, entry))
		return false;
	for (unsigned group = 0; group < world->group_count; group++)
		entry->beyond[group] = budget_beyond(world, entry, (group_id)group);
	entry->state = (struct fault_state){.state = FAULT_ACTIVE, .began = world->now};
	for (unsigned part = 0; part < fault->part_count; part++)
		join(&entry->state.hit, &entry->hit[part]);
	if (!kind->begin(world, fault, entry->hit)) {
		entry->state = (struct fault_state){.state = FAULT_WAITING};
		return false;
	}
	budget_note(world, entry);
	tell(world, number, HISTORY_FAULT_BEGINS);
	if (!kind->lasts)
		end_fault(world, number);
	else if (lasts)
		schedule(world, world->now + lasts, ACTION_END, number);
	return true;
}

static bool begin_fault(struct world *world, unsigned number)
{
	struct faults *faults = world->faults;
	struct fault_entry *entry = fault_entry(world, number);
	nanoseconds pause = faults->setup.patience / TRIES_A_PATIENCE + 1;

	if (entry->state.state != FAULT_WAITING)
		return false;
	if (fire(world, number))
		return true;
	if (world->now - entry->fault->at >= PATIENCES_WAITED * faults->setup.patience)
		entry->state.state = FAULT_NEVER_FIRED;
	else
		schedule(world, world->now + pause, ACTION_BEGIN, number);
	return false;
}

void faults_schedule_draw(struct world *world, nanoseconds time, unsigned nemesis)
{
	schedule(world, time, ACTION_DRAW, nemesis);
}

bool faults_fire_drawn(struct world *world, unsigned nemesis, uint32_t draw,
		       const struct fault *fault)
{
	struct faults *faults = world->faults;
	struct fault *kept;
	struct fault_entry *entry;

	if (faults->count == FAULTS_OF_A_RUN_MAX)
		world_limit(world, "faults");
	kept = world_take(world, sizeof(*kept));
	*kept = *fault;
	entry = add_entry(world, kept);
	entry->place = FAULTS_MAX + nemesis;
	entry->ordinal = draw * PROCESSES_MAX;
	if (fire(world, faults->count - 1))
		return true;
	faults->count--;
	arena_give(&world->arena, entry, entry_bytes(kept));
	arena_give(&world->arena, kept, sizeof(*kept));
	return false;
}

bool faults_due(struct world *world, uint32_t argument)
{
	struct faults *faults = world->faults;
	unsigned number = argument & 0xFFFF;

	switch ((enum action)(argument >> 16)) {
	case ACTION_BEGIN: return begin_fault(world, number);
	case ACTION_END:
		if (fault_entry(world, number)->state.state != FAULT_ACTIVE)
			return false;
		end_fault(world, number);
		return true;
	case ACTION_DRAW: return !faults->healed && nemesis_due(world, number);
	case ACTION_HEAL: break;
	}
	if (faults->healed)
		return false;
	faults_heal(world);
	return true;
}

/* ---- The heal -------------------------------------------------------------------------------- */

/*
 * A random quorum of the group; the other groups stay whole. Those that rightly stay silent, or are
 * about to because their disk was lost, are taken only where no quorum is left without them.
 */
static uint64_t choose_core(struct world *world, group_id group)
{
	uint64_t members = set_group(world, group), fit = 0;
	unsigned quorum = count_bits(members) / 2 + 1;

	for (uint64_t left = members; left; left &= left - 1) {
		process_id id = (process_id)lowest_bit(left);

		if (!world_process(world, id)->silenced &&
		    !faults_hold(world, id, 1u << FAULT_WIPE))
			fit |= left & -left;
	}
	uint64_t core = set_choose(world, choice_address(CHOICE_CORE, 0, 0, 0, 0), fit, quorum);

	core |= set_choose(world, choice_address(CHOICE_CORE, 0, 0, 1, 0), members & ~fit,
			   quorum - count_bits(core));
	return set_everyone(world) & ~set_machines(world, members & ~core);
}

/* Of those outside the core, the ones that die; the others are cut off alive. */
static uint64_t choose_dead(struct world *world, uint64_t core)
{
	uint64_t dead = 0;

	for (uint64_t left = set_everyone(world) & ~core; left; left &= left - 1) {
		address_t address = choice_address(CHOICE_CORE, (unsigned)lowest_bit(left), 0, 2,
						   0);

		if (choose_below(&world->choices, address, 2))
			dead |= left & -left;
	}
	return dead;
}

/* From the core and from clients, for ever; such processes still reach each other. */
static void cut_off(struct world *world, process_id id)
{
	struct faults *faults = world->faults;

	for (unsigned i = 0; i < ENDPOINTS; i++) {
		endpoint_t other = (endpoint_t)i;
		bool reached = i < CLIENT_FIRST ? faults->core >> i & 1
						: i - CLIENT_FIRST < world->client_count;

		if (!reached)
			continue;
		world_cut(world, id, other);
		world_cut(world, other, id);
	}
}

static void abandon_rest(struct world *world)
{
	struct faults *faults = world->faults;

	for (uint64_t left = set_everyone(world) & ~faults->core; left; left &= left - 1) {
		process_id id = (process_id)lowest_bit(left);

		if (faults->dead >> id & 1)
			world_crash_now(world, id);
		else
			cut_off(world, id);
	}
}

static bool heals_a_core(struct world *world)
{
	const struct faults *faults = world->faults;
	address_t address = choice_address(CHOICE_CORE, 0, 0, 3, 0);

	if (faults->setup.heal_mode == HEAL_RANDOM)
		return choose_below(&world->choices, address, 2);
	return faults->setup.heal_mode == HEAL_CORE;
}

void faults_heal(struct world *world)
{
	struct faults *faults = world->faults;
	char text[FAULT_TEXT_MAX];

	if (faults->healed)
		return;
	faults->healed = true;
	if (heals_a_core(world)) {
		faults->core = choose_core(world, faults->setup.group);
		faults->dead = choose_dead(world, faults->core);
	}
	world_digest(world, faults->core, faults->dead);
	if (world_tracing(world))
		world_trace_line(world, "heal: %s", faults_describe_heal(world, text));
	for (unsigned i = 0; i < faults->count; i++) {
		struct fault_state *state = &fault_entry(world, i)->state;

		if (state->state == FAULT_WAITING)
			state->state = FAULT_NEVER_FIRED;
		if (state->state == FAULT_ACTIVE)
			end_fault(world, i);
	}
	/* Who is down or paused for any other reason comes back too. */
	for (uint64_t left = set_everyone(world); left; left &= left - 1) {
		world_resume(world, (process_id)lowest_bit(left));
		faults_release(world, (process_id)lowest_bit(left));
	}
	abandon_rest(world);
	world_heal(world);
}
