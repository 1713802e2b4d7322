/*
 * Processes: boot, crash, pause; their clocks and timers; what they receive.
 *
 * A timer's re-arm only notes the bounds of its duration: the one item that it has in the queue
 * pushes itself again when it pops too early, and the duration is drawn when the least of it is
 * over. Deadlines are read on the process's own clock, which drifts.
 */
#include "sim/world/kernel.h"

#define MILLION 1000000

/* ---- Clocks ---------------------------------------------------------------------------------- */

nanoseconds clock_local(const struct clock *clock, nanoseconds true_time)
{
	nanoseconds passed = true_time - clock->true_at;

	if (likely(clock->ppm == 0))
		return clock->local_at + passed;
	return clock->local_at + (nanoseconds)((int128_t)passed * (MILLION + clock->ppm) / MILLION);
}

nanoseconds clock_true(const struct clock *clock, nanoseconds local)
{
	nanoseconds ahead = local - clock->local_at;

	if (likely(clock->ppm == 0))
		return clock->true_at + ahead;
	int128_t rate = MILLION + clock->ppm;

	return clock->true_at + (nanoseconds)(((int128_t)ahead * MILLION + rate - 1) / rate);
}

nanoseconds env_now(const struct env *env)
{
	const struct process *process = process_of(env);

	return clock_local(&process->clock, process->world->now);
}

nanoseconds env_wall(const struct env *env)
{
	return env_now(env) + process_of(env)->clock.wall_ahead;
}

void world_clock_step(struct world *world, process_id id, nanoseconds by)
{
	world_process(world, id)->clock.wall_ahead += by;
}

/* ---- Timers ---------------------------------------------------------------------------------- */

static struct timer *timer_at(const struct world *world, ref_t ref)
{
	return arena_at(&world->arena, ref);
}

/* The timer of that type and key; NULL where there is none, or, with `make`, a new one. */
static struct timer *find_timer(struct world *world, struct process *process, uint32_t type,
				uint64_t key, bool make)
{
	ref_t *first = &process->timers[type];
	struct timer *spare = NULL;

	for (ref_t ref = *first; ref; ref = timer_at(world, ref)->next) {
		struct timer *timer = timer_at(world, ref);

		if (timer->key == key)
			return timer;
		if (!timer->armed && timer->queued < 0)
			spare = timer;
	}
	if (!make)
		return NULL;
	if (!spare) {
		spare = world_take(world, sizeof(*spare));
		spare->process = process->id;
		spare->type = (uint8_t)type;
		spare->queued = -1;
		spare->next = *first;
		*first = arena_ref(&world->arena, spare);
	}
	spare->key = key;
	return spare;
}

/* Sees to it that the timer has an item in the queue no later than its deadline. */
static void timer_queue(struct world *world, struct process *process, struct timer *timer)
{
	nanoseconds due = clock_true(&process->clock, timer->deadline);

	if (due < world->now)
		due = world->now;
	if (timer->queued >= 0 && timer->queued <= due)
		return;
	if (timer->queued >= 0)
		queue_forget(&world->queue,
			     (struct queue_item){arena_ref(&world->arena, timer) | ITEM_TIMER,
						 timer->queued_sequence, timer->queued});
	timer->queued = due;
	timer->queued_sequence = world_push(world, due,
					    arena_ref(&world->arena, timer) | ITEM_TIMER);
}

static void timer_draw(struct world *world, struct timer *timer)
{
	struct distribution delay = {
		.kind = timer->least == timer->most ? CONSTANT : UNIFORM,
		.a = timer->least,
		.b = timer->most,
	};
	/* A place has room for small keys; the rest of a large one goes with the ordinal. */
	uint32_t beyond = (uint32_t)(timer->key / 1024) * 0x9E3779B1u;
	address_t address = choice_address(CHOICE_TIMER, timer->process, timer->key % 1024,
					   timer->type, timer->arms + beyond);

	timer->deadline = timer->armed_at + choose_duration(&world->choices, address, &delay);
	timer->drawn = true;
}

/* Most timers are armed anew before they fire: their duration is drawn when it begins to matter. */
void process_arm(struct world *world, struct process *process, const struct effect *effect)
{
	struct timer *timer = find_timer(world, process, effect->what, effect->a, true);

	timer->armed_at = clock_local(&process->clock, world->now);
	timer->least = (nanoseconds)effect->b;
	timer->most = (nanoseconds)effect->c;
	timer->deadline = timer->armed_at + timer->least;
	timer->arms++;
	timer->armed = true;
	timer->drawn = false;
	if (unlikely(world->choices.source != NULL)) /* which may say less than the least */
		timer_draw(world, timer);
	timer_queue(world, process, timer);
}

void process_disarm(struct world *world, struct process *process, const struct effect *effect)
{
	struct timer *timer = find_timer(world, process, effect->what, effect->a, false);

	if (timer)
		timer->armed = false;
}

bool process_timer(struct world *world, struct timer *timer, uint32_t sequence)
{
	struct process *process = world_process(world, timer->process);

	if (timer->queued_sequence != sequence)
		return false; /* superseded by an earlier one */
	timer->queued = -1;
	if (!timer->armed || process->status != UP)
		return false; /* a resume queues it again */
	if (!timer->drawn)
		timer_draw(world, timer);
	if (clock_local(&process->clock, world->now) < timer->deadline) {
		timer_queue(world, process, timer);
		return false;
	}
	const struct timer_type *type = &process->protocol->timers[timer->type];

	timer->armed = false;
	world->counters.timers++;
	fingerprint_words(world,
			  (uint64_t)ITEM_TIMER << 32 | (uint64_t)process->id << 8 | timer->type,
			  timer->key);
	trace_process(world, TRACE_TIMER, process, timer->type, type->name);
	handler_begin(world, process);
	type->fire(&process->env, process->state, timer->key);
	handler_end(world, process);
	return true;
}

static unsigned timer_types(const struct protocol *protocol)
{
	unsigned count = 0;

	while (protocol->timers && protocol->timers[count].name)
		count++;
	return count;
}

static void each_timer(struct world *world, struct process *process,
		       void (*visit)(struct world *, struct process *, struct timer *))
{
	unsigned types = timer_types(process->protocol);

	for (unsigned type = 0; type < types; type++)
		for (ref_t ref = process->timers[type]; ref; ref = timer_at(world, ref)->next)
			visit(world, process, timer_at(world, ref));
}

static void queue_if_armed(struct world *world, struct process *process, struct timer *timer)
{
	if (timer->armed)
		timer_queue(world, process, timer);
}

static void forget_timer(struct world *world, struct process *process, struct timer *timer)
{
	(void)world, (void)process;
	timer->armed = false;
}

void world_clock_drift(struct world *world, process_id id, int32_t ppm)
{
	struct process *process = world_process(world, id);

	process->clock.local_at = clock_local(&process->clock, world->now);
	process->clock.true_at = world->now;
	process->clock.ppm = ppm;
	/* A faster clock reaches its deadlines before the items that wait for them. */
	if (process->status == UP)
		each_timer(world, process, queue_if_armed);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static void list_add(struct world *world, ref_t *first, ref_t *last, struct env_message *message)
{
	ref_t ref = arena_ref(&world->arena, message);

	message->next = 0;
	if (*first)
		message_at(world, *last)->next = ref;
	else
		*first = ref;
	*last = ref;
}

static struct env_message *list_take(struct world *world, ref_t *first)
{
	struct env_message *message = message_at(world, *first);

	*first = message->next;
	return message;
}

static always_inline void handle_request(struct world *world, struct process *process,
					 const struct env_message *message)
{
	const struct request_body *body = (const struct request_body *)message->body;
	const struct app *app = world->groups[process->group].app;
	const uint8_t *command = (const uint8_t *)(body + 1);
	uint64_t keys[APP_KEYS_MAX];
	struct request request = {
		.id = body->id,
		.kind = (enum request_kind)body->kind,
		.session = body->session,
		.sequence = body->sequence,
		.keys = keys,
		.command = command,
		.size = body->size,
	};

	if (app)
		request.key_count = app_keys(process, command + sizeof(uint64_t),
					     body->size - sizeof(uint64_t), keys);
	world->outside->received = message;
	process->protocol->request(&process->env, process->state, &request);
	world->outside->received = NULL;
}

/* Service time makes load real: a message waits until its process has spent that time on it. */
static bool must_be_served(struct world *world, struct process *process,
			   struct env_message *message)
{
	const struct distribution *service = &world->setup->service;

	if (likely(service->kind == CONSTANT && service->a == 0) || message->serviced)
		return false;
	nanoseconds start = process->busy_until > world->now ? process->busy_until : world->now;

	process->busy_until = start +
			      choose_duration(&world->choices,
					      choice_address(CHOICE_SERVICE, process->id, 0,
							     message->type, ++process->serviced),
					      service);
	message->serviced = true;
	message->arrived = true;
	message->incarnation = process->incarnation;
	world_push(world, process->busy_until, arena_ref(&world->arena, message));
	return true;
}

bool process_receive(struct world *world, struct process *process, struct env_message *message)
{
	if (unlikely(process->status == PAUSED)) {
		/* What its own machine hands it takes no room in a socket. */
		if (process->inbox_count == INBOX_MAX && message->kind != MESSAGE_APPLIED) {
			world->counters.inbox_dropped++;
			trace_message(world, TRACE_LOST, message);
			message_free(world, message);
			return false;
		}
		process->inbox_count++;
		message->arrived = true;
		message->incarnation = process->incarnation;
		list_add(world, &process->inbox_first, &process->inbox_last, message);
		return false; /* an event once it is handled */
	}
	if (must_be_served(world, process, message))
		return false;
	message_delivered(world, message);
	handler_begin(world, process);
	if (likely(message->kind == MESSAGE_PROTOCOL))
		process->protocol->messages[message->type].handle(&process->env, process->state,
								  (process_id)message->from,
								  message->body, message->count);
	else if (message->kind == MESSAGE_APPLIED)
		handle_applied(process, message);
	else
		handle_request(world, process, message);
	handler_end(world, process);
	message_free(world, message);
	return true;
}

/* ---- Life ------------------------------------------------------------------------------------ */

void process_init(struct world *world, struct process *process, group_id group, unsigned member)
{
	const struct setup *setup = world->setup;
	struct group *in = &world->groups[group];
	process_id id = in->members[member];

	process->env.bugs = in->bugs;
	process->world = world;
	process->protocol = in->protocol;
	process->term_at = in->term_at;
	process->id = id;
	process->group = group;
	process->status = DOWN;
	process->state = arena_bump(&world->arena, in->protocol->state_size);
	process->app = in->app ? arena_bump(&world->arena, in->app->state_size) : NULL;
	process->timers = arena_bump(&world->arena,
				     (timer_types(in->protocol) + 1) * sizeof(ref_t));
	disk_init(world, &process->disk);
	machine_join(world, process, member);

	/* One clock a machine. */
	unsigned machine = (unsigned)lowest_bit(process->machine);
	address_t offset = choice_address(CHOICE_CLOCK, machine, 0, 0, 0);
	address_t sign = choice_address(CHOICE_CLOCK, machine, 0, 1, 0);
	address_t drift = choice_address(CHOICE_CLOCK, machine, 0, 2, 0);

	process->clock.wall_ahead = choose_duration(&world->choices, offset, &setup->clock_offset);
	if (choose_below(&world->choices, sign, 2))
		process->clock.wall_ahead = -process->clock.wall_ahead;
	if (setup->drift_ppm)
		process->clock.ppm = (int32_t)choose_below(&world->choices, drift,
							   2 * (uint32_t)setup->drift_ppm + 1) -
				     setup->drift_ppm;
}

static void changed(struct world *world, struct process *process)
{
	if (world->above->changed)
		world->above->changed(world, process->id);
}

void process_boot(struct world *world, struct process *process, enum boot boot)
{
	const struct protocol *protocol = process->protocol;
	const struct app *app = world->groups[process->group].app;

	process->status = UP;
	network_forget(world, process->id);
	process->boots++;
	process->applied = 0;
	process->silenced = false;
	process->busy_until = world->now;
	memset(process->state, 0, protocol->state_size);
	if (app)
		memset(process->app, 0, app->state_size);
	world->counters.boots++;
	fingerprint_words(world, (uint64_t)TRACE_BOOT << 40 | process->id, boot);
	trace_process(world, TRACE_BOOT, process, boot, NULL);
	changed(world, process);
	if (world->above->observer)
		world->above->observer->booted(world, process->id, boot);
	handler_begin(world, process);
	protocol->boot(&process->env, process->state, boot);
	handler_end(world, process);
}

static void break_connections(struct world *world, process_id id)
{
	if (!world->setup->connections)
		return;
	for (unsigned other = 0; other < world->process_count; other++) {
		if (other == id)
			continue;
		network_break(world, id, (endpoint_t)other);
		network_break(world, (endpoint_t)other, id);
	}
	for (unsigned client = 0; client < world->client_count; client++) {
		network_break(world, id, (endpoint_t)(CLIENT_FIRST + client));
		network_break(world, (endpoint_t)(CLIENT_FIRST + client), id);
	}
}

static void crash(struct world *world, struct process *process)
{
	const struct observer *observer = world->above->observer;
	process_id id = process->id;

	if (process->status == DOWN)
		return;
	process->status = DOWN;
	process->incarnation++;
	process->crash_armed = false;
	process->durable_waits = false;
	process->failed_write = 0;
	held_drop(world, process, 0);
	while (process->inbox_first)
		message_free(world, list_take(world, &process->inbox_first));
	while (process->released_first)
		message_free(world, list_take(world, &process->released_first));
	process->inbox_count = 0;
	uint64_t changed_from = disk_crash(world, process);

	process->crashes++;
	each_timer(world, process, forget_timer);
	process_memory_free(world, process);
	break_connections(world, id);
	world->counters.crashes++;
	fingerprint_words(world, (uint64_t)TRACE_CRASH << 40 | id, process->disk.log_last);
	trace_process(world, TRACE_CRASH, process, process->disk.log_last, NULL);
	if (observer)
		observer->recovered(world, id, changed_from);
	changed(world, process);
}

void world_crash_now(struct world *world, process_id id)
{
	for (uint64_t left = world_process(world, id)->machine; left; left &= left - 1)
		crash(world, world_process(world, (process_id)lowest_bit(left)));
}

static bool in_handler_of(const struct world *world, const struct process *process)
{
	return world->outside->in_handler && world->outside->current == process;
}

enum { CRASH_WAITS_AT_MOST = 10000000 }; /* ns, for a handler to die in */

bool world_crash(struct world *world, process_id id)
{
	struct process *process = world_process(world, id);
	address_t address = choice_address(CHOICE_CRASH, id, 0, 0, process->crashes);

	if (process->status == DOWN)
		return false;
	assert(!in_handler_of(world, process));
	if (process->status == PAUSED || !choose_below(&world->choices, address, 2)) {
		world_crash_now(world, id);
		return true;
	}
	process->crash_armed = true;
	world_push(world, world->now + CRASH_WAITS_AT_MOST,
		   (process->incarnation << 6 | id) << ITEM_BITS | ITEM_CRASH);
	return true;
}

static void restart(struct world *world, struct process *process, bool dead_disk)
{
	if (process->status != DOWN || dead_disk) {
		process->crash_armed = false; /* it had not died yet, and now it will not */
		return;
	}
	/* A disk on which nothing has stayed since it was put in is as empty as it was. */
	if (process->wiped && !disk_empty(&process->disk))
		process->wiped = false;
	enum boot boot = process->wiped ? BOOT_EMPTY : process->boots ? BOOT_RESTART : BOOT_FIRST;

	process_boot(world, process, boot);
}

void world_restart(struct world *world, process_id id)
{
	uint64_t machine = world_process(world, id)->machine;
	bool dead_disk = false;

	for (uint64_t left = machine; left; left &= left - 1)
		dead_disk |= world_process(world, (process_id)lowest_bit(left))->dead_disk;
	for (uint64_t left = machine; left; left &= left - 1)
		restart(world, world_process(world, (process_id)lowest_bit(left)), dead_disk);
}

void world_wipe(struct world *world, process_id id)
{
	struct process *process = world_process(world, id);

	assert(process->status == DOWN);
	disk_wipe(world, process);
	process->wiped = true;
	if (world->above->observer)
		world->above->observer->recovered(world, id, 1);
}

bool world_pause(struct world *world, process_id id)
{
	struct process *process = world_process(world, id);

	if (process->status != UP)
		return false;
	process->status = PAUSED;
	world->counters.pauses++;
	fingerprint_words(world, (uint64_t)TRACE_PAUSE << 40 | id, 0);
	trace_process(world, TRACE_PAUSE, process, 0, NULL);
	changed(world, process);
	return true;
}

void world_resume(struct world *world, process_id id)
{
	struct process *process = world_process(world, id);

	if (process->status != PAUSED)
		return;
	process->status = UP;
	fingerprint_words(world, (uint64_t)TRACE_RESUME << 40 | id, 0);
	trace_process(world, TRACE_RESUME, process, process->inbox_count, NULL);
	changed(world, process);
	while (process->released_first)
		network_send(world, list_take(world, &process->released_first));
	if (process->failed_write)
		disk_tell_failed(world, process);
	if (process->durable_waits) {
		process->durable_waits = false;
		handler_begin(world, process);
		world_protocol(world, id)->durable(&process->env, process->state,
						   process->disk.durable);
		handler_end(world, process);
	}
	/* What waited arrives now, in order, each as an event of its own. */
	while (process->inbox_first)
		world_push(world, world->now,
			   arena_ref(&world->arena, list_take(world, &process->inbox_first)));
	process->inbox_count = 0;
	each_timer(world, process, queue_if_armed);
}
