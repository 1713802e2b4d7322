/*
 * The run itself: laying a world out, the loop, and what the floors above may ask.
 *
 * One event is one pop of the queue that runs a handler or changes the world. Which pending event
 * comes next is a choice like any other: by default the earliest.
 */
#include <sys/mman.h>

#include "sim/world/kernel.h"

/* ---- Opening and laying out ------------------------------------------------------------------ */

static void arena_full(struct arena *arena)
{
	world_limit((struct world *)arena, "arena");
}

struct world *world_open(uintptr_t base, uint64_t arena_limit)
{
	struct arena *arena = arena_open(base, arena_limit);
	struct outside *outside = address_space(0, sizeof(*outside));

	if (!arena || !outside) {
		if (arena)
			arena_close(arena);
		if (outside)
			munmap(outside, sizeof(*outside));
		return NULL;
	}
	arena->full = arena_full;
	struct world *world = (struct world *)arena; /* the arena is its first member */

	world->outside = outside;
	guard_open();
	return world;
}

void world_close(struct world *world)
{
	struct outside *outside = world->outside;

	while (outside->snapshots)
		snapshot_free(world, outside->snapshots);
	munmap(outside, sizeof(*outside));
	arena_close(&world->arena);
	guard_close();
}

static unsigned message_types(const struct protocol *protocol)
{
	unsigned count = 0;

	while (protocol->messages && protocol->messages[count].name)
		count++;
	return count;
}

static uint16_t *term_fields(struct world *world, const struct protocol *protocol)
{
	unsigned count = message_types(protocol);
	uint16_t *at = arena_bump(&world->arena, count * sizeof(*at));

	for (unsigned i = 0; i < count; i++)
		for (const struct field *field = protocol->messages[i].fields; field && field->name;
		     field++)
			if (field->kind == FIELD_TERM)
				at[i] = (uint16_t)(1 + field->offset);
	return at;
}

static void lay_out_groups(struct world *world, const struct setup *setup)
{
	unsigned next = 0;

	world->group_count = setup->group_count;
	for (unsigned i = 0; i < setup->group_count; i++) {
		const struct group_setup *from = &setup->groups[i];
		struct group *group = &world->groups[i];

		group->protocol = from->protocol;
		group->app = from->app;
		group->first = (uint8_t)next;
		group->count = (uint8_t)from->members;
		group->base = (group_id)(from->on ? from->on - 1u : i);
		world->groups[group->base].carries |= from->on != 0;
		memcpy(group->bugs, from->bugs, sizeof(group->bugs));
		group->members = arena_bump(&world->arena, from->members);
		group->term_at = term_fields(world, from->protocol);
		for (unsigned m = 0; m < from->members; m++)
			group->members[m] = (process_id)(next + m);
		next += from->members;
		if (message_types(from->protocol) > world->type_count)
			world->type_count = message_types(from->protocol);
	}
	/* What members send each other for an upper group has its own ordinals. */
	for (unsigned i = 0; i < setup->group_count; i++)
		if (setup->groups[i].on) {
			world->type_count++;
			break;
		}
	assert(next <= PROCESSES_MAX);
	world->process_count = next;
}

void world_begin(struct world *world, const struct setup *setup, const struct above *above)
{
	struct outside *outside = world->outside;
	struct arena header = world->arena;

	arena_reset(&header);
	header.used = (sizeof(*world) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	memset(world, 0, sizeof(*world));
	world->arena = header;
	world->outside = outside;
	world->setup = setup;
	world->above = above;
	world->choices.seed = setup->seed;
	world->digest = setup->seed;
	world->client_count = setup->clients;
	while (outside->snapshots)
		snapshot_free(world, outside->snapshots);
	outside->in_handler = false;
	outside->question.function = NULL;
	outside->foreign = setup->foreign;
	outside->effects_max = outside->foreign ? 0 : EFFECTS_MAX;
	outside->notes = 0;
	queue_init(&world->arena, &world->queue);
	lay_out_groups(world, setup);
	world->processes = arena_bump(&world->arena, world->process_count * sizeof(struct process));
	network_init(world);
	statics_reset(world);
	for (unsigned g = 0; g < world->group_count; g++)
		for (unsigned m = 0; m < world->groups[g].count; m++) {
			process_id id = world->groups[g].members[m];

			process_init(world, world_process(world, id), (group_id)g, m);
		}
}

void world_boot(struct world *world)
{
	for (unsigned id = 0; id < world->process_count; id++)
		process_boot(world, world_process(world, (process_id)id), BOOT_FIRST);
}

/* ---- Running --------------------------------------------------------------------------------- */

void world_schedule(struct world *world, nanoseconds time, enum floor floor, uint32_t argument)
{
	uint32_t tag = (uint32_t)floor << ITEM_BITS | ITEM_FLOOR;

	assert(argument < 1u << (32 - ITEM_BITS - FLOOR_BITS));
	world_push(world, time, argument << (ITEM_BITS + FLOOR_BITS) | tag);
}

void world_digest(struct world *world, uint64_t a, uint64_t b)
{
	fingerprint_words(world, a, b);
}

static bool floor_due(struct world *world, uint32_t ref)
{
	enum floor floor = (enum floor)(ref >> ITEM_BITS & ((1u << FLOOR_BITS) - 1));
	uint32_t argument = ref >> (ITEM_BITS + FLOOR_BITS);

	if (!world->above->due[floor](world, argument))
		return false;
	trace_ring(world, TRACE_FLOOR, floor, 0, 0, argument);
	return true;
}

static bool sync_due(struct world *world, uint32_t ref)
{
	struct process *process = world_process(world, ref >> ITEM_BITS & (PROCESSES_MAX - 1));
	uint32_t generation = ref >> (ITEM_BITS + 6);

	if (generation != (process->disk.generation & (UINT32_MAX >> (ITEM_BITS + 6))))
		return false; /* a crash ended this sync */
	fingerprint_words(world, (uint64_t)ITEM_SYNC << 32 | process->id, process->disk.syncing);
	trace_process(world, TRACE_SYNC, process, process->disk.syncing, NULL);
	disk_synced(world, process);
	return true;
}

static bool crash_due(struct world *world, uint32_t ref)
{
	struct process *process = world_process(world, ref >> ITEM_BITS & (PROCESSES_MAX - 1));
	uint32_t incarnation = ref >> (ITEM_BITS + 6);

	if (!process->crash_armed ||
	    incarnation != (process->incarnation & (UINT32_MAX >> (ITEM_BITS + 6))))
		return false;
	world_crash_now(world, process->id);
	return true;
}

/* A connection keeps its order: where a later message was chosen, its first one comes instead. */
static void keep_order(struct world *world, struct queue_item *chosen)
{
	if (chosen->ref % ARENA_ALIGN != ITEM_MESSAGE ||
	    (!world->setup->connections && message_at(world, chosen->ref)->kind != MESSAGE_APPLIED))
		return;
	for (uint32_t i = 0; i < world->queue.count; i++) {
		struct queue_item *item = &world->queue.item[i];

		if (item->ref % ARENA_ALIGN != ITEM_MESSAGE ||
		    !network_overtakes(message_at(world, chosen->ref),
				       message_at(world, item->ref)))
			continue;
		uint32_t first = item->ref;

		item->ref = chosen->ref; /* its time and sequence stay, and so its place */
		chosen->ref = first;
	}
}

static struct queue_item next_item(struct world *world)
{
	struct choice_source *source = world->choices.source;
	uint32_t count = world->queue.count;

	if (likely(source == NULL) || count == 1)
		return queue_pop(&world->queue);
	uint64_t said = source->ask(
		source, choice_address(CHOICE_NEXT, 0, 0, 0, (uint32_t)world->events), count);

	if (said == CHOICE_LEFT_TO_SEED)
		return queue_pop(&world->queue);
	struct queue_item chosen = queue_take(&world->queue, (uint32_t)said);

	keep_order(world, &chosen);
	return chosen;
}

/* Returns whether it was an event. */
static bool happen(struct world *world, struct queue_item item)
{
	ref_t at = item.ref & ~(uint32_t)(ARENA_ALIGN - 1);

	if (item.time > world->now)
		world->now = item.time;
	world->events++;
	bool event = false;

	switch ((enum item_kind)(item.ref % ARENA_ALIGN)) {
	case ITEM_MESSAGE: event = network_deliver(world, message_at(world, at)); break;
	case ITEM_TIMER:
		event = process_timer(world, arena_at(&world->arena, at), item.sequence);
		break;
	case ITEM_SYNC: event = sync_due(world, item.ref); break;
	case ITEM_FLOOR: event = floor_due(world, item.ref); break;
	case ITEM_CRASH: event = crash_due(world, item.ref); break;
	}
	world->events -= !event;
	return event;
}

bool world_step(struct world *world)
{
	while (world->queue.count)
		if (happen(world, next_item(world)))
			return true;
	return false;
}

static void run_until(struct world *world, nanoseconds until)
{
	uint64_t max_events = world->setup->max_events;

	world->outside->looping = true;
	while (world->queue.count && queue_next_time(&world->queue) <= until) {
		happen(world, next_item(world));
		if (unlikely(world->stop))
			break;
		if (unlikely(world->events >= max_events))
			world_limit(world, "events");
	}
	world->outside->looping = false;
	if (world->now < until && !world->stop)
		world->now = until;
}

enum outcome world_enter(struct world *world, void (*body)(struct world *, void *), void *context,
			 const char **limit)
{
	struct outside *outside = world->outside;
	struct world *before = guard_run(world);

	assert(!outside->escapes);
	*limit = NULL;
	outside->escapes = true;
	/* The one place to which a handler that can't go on returns. */
	int escaped = setjmp(outside->escape);

	if (!escaped)
		body(world, context);
	guard_run(before);
	outside->looping = false;
	if (unlikely(outside->watched))
		watch_end(world);
	guard_told(world);
	outside->escapes = false;
	outside->in_handler = false;
	outside->question.function = NULL;
	outside->effects_max = outside->foreign ? 0 : EFFECTS_MAX;
	if (escaped == RAN_LIMIT)
		*limit = outside->limit;
	if (escaped)
		return (enum outcome)escaped;
	return world->stop ? RAN_STOPPED : RAN_UNTIL;
}

static void run_body(struct world *world, void *until)
{
	run_until(world, *(nanoseconds *)until);
}

enum outcome world_run(struct world *world, nanoseconds until, const char **limit)
{
	if (!world->outside->escapes)
		return world_enter(world, run_body, &until, limit);
	*limit = NULL;
	run_until(world, until);
	return world->stop ? RAN_STOPPED : RAN_UNTIL;
}

_Noreturn void world_limit(struct world *world, const char *name)
{
	world->outside->limit = name;
	if (!world->outside->escapes) {
		fprintf(stderr, "ordeal: the limit '%s' was reached outside of any run\n", name);
		abort();
	}
	longjmp(world->outside->escape, RAN_LIMIT);
}

/* ---- What can be seen ------------------------------------------------------------------------ */

static const struct inspector *find_inspector(const struct protocol *protocol, const char *name)
{
	const struct inspector *inspector = protocol->inspectors;

	for (; inspector && inspector->name; inspector++)
		if (!strcmp(inspector->name, name))
			return inspector;
	return NULL;
}

uint64_t inspector_value(struct process *process, const struct inspector *inspector)
{
	question_begin(process->world, (struct question){.function = "inspector",
							 .of = inspector->name,
							 .process = process});
	uint64_t value = inspector->get(&process->env, process->state);

	question_end(process->world);
	return value;
}

struct inspection {
	struct process *process;
	const struct inspector *inspector;
	uint64_t value;
};

static void inspect(struct world *world, void *context)
{
	struct inspection *inspection = context;

	(void)world;
	inspection->value = inspector_value(inspection->process, inspection->inspector);
}

uint64_t world_inspect(struct world *world, process_id id, const char *name, uint64_t fallback)
{
	struct process *process = world_process(world, id);
	const struct inspector *inspector = find_inspector(world_protocol(world, id), name);

	if (!inspector || process->status == DOWN)
		return fallback;
	if (likely(world->outside->escapes))
		return inspector_value(process, inspector);
	struct inspection inspection = {process, inspector, fallback};
	const char *limit;

	world_enter(world, inspect, &inspection, &limit);
	return inspection.value;
}

const char *value_name(const struct inspector *inspector, uint64_t value)
{
	for (uint64_t i = 0; inspector->values && inspector->values[i]; i++)
		if (i == value)
			return inspector->values[i];
	return NULL;
}

group_id world_led_group(struct world *world, group_id id)
{
	const struct group *group = &world->groups[id];
	const struct inspector *role = find_inspector(group->protocol, "role");

	for (unsigned i = 0; role && role->values && role->values[i]; i++)
		if (!strcmp(role->values[i], "leader"))
			return id;
	return group->base == id ? id : world_led_group(world, group->base);
}

process_id world_leader(struct world *world, group_id group)
{
	const struct group *in = &world->groups[group];
	const struct inspector *role = find_inspector(in->protocol, "role");
	process_id leader = NO_PROCESS;
	uint64_t highest = 0;

	for (unsigned m = 0; role && role->values && m < in->count; m++) {
		process_id id = in->members[m];
		struct process *process = world_process(world, id);

		if (process->status != UP)
			continue;
		const char *name = value_name(role, inspector_value(process, role));
		uint64_t term = world_inspect(world, id, "term", 0);

		if (name && !strcmp(name, "leader") && (leader == NO_PROCESS || term > highest)) {
			leader = id;
			highest = term;
		}
	}
	return leader;
}

/* ---- Inputs of a handler --------------------------------------------------------------------- */

process_id env_self(const struct env *env)
{
	return process_of(env)->id;
}

group_id env_group(const struct env *env)
{
	return process_of(env)->group;
}

unsigned env_members(const struct env *env, group_id group, const process_id **members)
{
	const struct group *of = &process_of(env)->world->groups[group];

	*members = of->members;
	return of->count;
}

uint32_t env_random(struct env *env, uint32_t bound)
{
	struct process *process = process_of(env);

	must_be_handler(env, "drew a number");
	return choose_below(&process->world->choices,
			    choice_address(CHOICE_RANDOM, process->id, 0, 0, ++process->draws),
			    bound);
}

const void *env_options(const struct env *env)
{
	const struct process *process = process_of(env);

	return process->world->setup->groups[process->group].options;
}
