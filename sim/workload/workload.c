/*
 * The clients of a run: they draw operations, ask, follow redirects, and give up at the deadline.
 *
 * An operation has a number, from 1 upward over all clients, which is also the value that it
 * writes: unique, and easy to find in a trace. While it is open it has a slot, and the slot a
 * process number: at most one open operation a process, as Jepsen has it. An operation's command is
 * a pure function of what was drawn, so it is written anew whenever it is needed and kept nowhere.
 * All operations have the same time to live: deadlines come in the order of invocation, and one
 * queued item, for the oldest open operation, is enough.
 *
 * What a client draws has the address (kind, client, its own count of operations): neither a slow
 * answer nor another client shifts it.
 */
#include "sim/workload/workload.h"

#include <assert.h>

const char *const arrival_names[] = {"closed", "constant", "poisson", NULL};

#define NOBODY UINT32_MAX /* no slot */
#define NEVER  INT64_MAX

/* What is scheduled; below it in an argument: the client, nothing, the slot. */
enum due { DUE_ARRIVAL, DUE_DEADLINE, DUE_ASK };
enum { DUE_SHIFT = 20 };

struct slot {
	request_id id; /* of the open operation; 0: none */
	nanoseconds deadline;
	nanoseconds asks_at; /* waits until then before it asks again; NEVER: waits for an answer */
	uint64_t seen;
	uint32_t process; /* as in Jepsen */
	uint32_t record;  /* of the invocation */
	uint32_t ordinal; /* of the operation, among its client's */
	uint32_t key;
	uint32_t older, newer;  /* open operations, in order of invocation */
	uint16_t client, asked; /* how often */
	uint8_t operation;
	process_id server; /* that was asked last */
	uint8_t unused[2];
};
_Static_assert(sizeof(struct slot) == 64, "a cache line, and a power of two for its pages");

struct client {
	uint32_t begun;
	process_id server; /* that it would ask; NO_PROCESS: it has no idea */
};

struct workload {
	struct workload_setup setup;
	struct workload_counts counts;
	const struct app *app;
	uint8_t group_first, group_count;
	bool stopped, deadline_queued;
	uint32_t weights; /* all together */
	struct zipf zipf;
	struct client *clients;
	/* By key, the last value that anybody was told: a cas that expects it is worth trying. */
	uint64_t *seen;

	struct pages slots; /* struct slot */
	uint64_t *taken;    /* of an open loop: the set of slots with an open operation */
	uint32_t slots_made, first_free; /* words of `taken` before the latter are full */
	struct pages slot_of;            /* uint16_t, by number of operation */
	uint32_t oldest, newest, open;
	uint32_t next_process;
	uint64_t arrivals;
	uint64_t freshest; /* the highest number of an operation that was answered */
	nanoseconds next_arrival;
};

static struct workload *workload(const struct world *world)
{
	return world->workload;
}

static struct slot *slot_at(struct world *world, uint32_t index)
{
	return pages_at(&world->arena, &workload(world)->slots, index);
}

static void schedule(struct world *world, nanoseconds at, enum due due, uint32_t index)
{
	world_schedule(world, at, FLOOR_WORKLOAD, (uint32_t)due << DUE_SHIFT | index);
}

/* An operation of a client, as a place for choices. */
static address_t address(enum choice_kind kind, unsigned client, unsigned asked, uint32_t ordinal)
{
	return choice_address(kind, CLIENT_FIRST + client, asked & 1023, 0, ordinal);
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static void make_slot(struct world *world, uint32_t index)
{
	struct workload *w = workload(world);
	struct slot *slot = pages_make(&world->arena, &w->slots, index);

	slot->process = w->next_process++;
	w->slots_made++;
}

/* Of an open loop: the lowest that is free. */
static uint32_t take_slot(struct world *world)
{
	struct workload *w = workload(world);
	uint32_t word = w->first_free;

	while (word < OPEN_OPERATIONS_MAX / 64 && w->taken[word] == UINT64_MAX)
		word++;
	w->first_free = word;
	if (word == OPEN_OPERATIONS_MAX / 64)
		world_limit(world, "open operations");
	uint32_t index = word * 64 + lowest_bit(~w->taken[word]);

	w->taken[word] |= (uint64_t)1 << index % 64;
	if (index == w->slots_made)
		make_slot(world, index);
	return index;
}

static void give_slot(struct workload *w, uint32_t index)
{
	w->taken[index / 64] &= ~((uint64_t)1 << index % 64);
	if (index / 64 < w->first_free)
		w->first_free = index / 64;
}

static void list_newest(struct world *world, uint32_t index)
{
	struct workload *w = workload(world);
	struct slot *slot = slot_at(world, index);

	slot->older = w->newest;
	slot->newer = NOBODY;
	if (w->newest == NOBODY)
		w->oldest = index;
	else
		slot_at(world, w->newest)->newer = index;
	w->newest = index;
	w->open++;
}

static void unlist(struct world *world, const struct slot *slot)
{
	struct workload *w = workload(world);

	if (slot->older == NOBODY)
		w->oldest = slot->newer;
	else
		slot_at(world, slot->older)->newer = slot->newer;
	if (slot->newer == NOBODY)
		w->newest = slot->older;
	else
		slot_at(world, slot->newer)->older = slot->older;
	w->open--;
}

static void remember_slot(struct world *world, uint64_t number, uint32_t index)
{
	struct workload *w = workload(world);
	uint16_t *slot_of = pages_make(&world->arena, &w->slot_of, number);

	*slot_of = (uint16_t)index;
	if (w->oldest != NOBODY)
		pages_drop_below(&world->arena, &w->slot_of,
				 request_number(slot_at(world, w->oldest)->id));
}

/* The slot of an operation, or NOBODY where it is over. */
static uint32_t find_slot(struct world *world, request_id id)
{
	struct workload *w = workload(world);
	uint64_t number = request_number(id);

	if (w->oldest == NOBODY || number > w->counts.invoked ||
	    number < request_number(slot_at(world, w->oldest)->id))
		return NOBODY;
	const uint16_t *index = pages_at(&world->arena, &w->slot_of, number);

	return slot_at(world, *index)->id == id ? *index : NOBODY;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

struct command {
	request_id id;
	uint8_t bytes[COMMAND_MAX - sizeof(request_id)]; /* the app's */
};

/* Returns the size of the app's part. */
static size_t write_command(struct world *world, const struct slot *slot, struct command *command)
{
	const struct workload *w = workload(world);
	struct drawn drawn = {.operation = slot->operation,
			      .key = slot->key,
			      .fresh = request_number(slot->id),
			      .seen = slot->seen};

	command->id = slot->id;
	return world_app_draw(world, w->setup.group, &drawn, command->bytes);
}

static void ask(struct world *world, struct slot *slot, process_id server)
{
	struct workload *w = workload(world);
	struct command command;
	size_t size = write_command(world, slot, &command);
	bool reads = w->app->operations[slot->operation].reads;
	struct request request = {.id = slot->id,
				  .kind = reads ? REQUEST_READ : REQUEST_WRITE,
				  .command = &command,
				  .size = sizeof(command.id) + size};

	slot->server = server;
	slot->asks_at = NEVER;
	slot->asked++;
	world_request(world, slot->client, server, &request);
}

/* Any member but `except`, if there is another. */
static process_id any_server(struct world *world, const struct slot *slot, process_id except)
{
	struct workload *w = workload(world);
	unsigned bound = w->group_count;
	bool spared = except != NO_PROCESS && bound > 1;
	unsigned chosen = choose_below(
		&world->choices, address(CHOICE_SERVER, slot->client, slot->asked, slot->ordinal),
		bound - spared);

	chosen += w->group_first;
	return (process_id)(spared && chosen >= except ? chosen + 1 : chosen);
}

/* ---- From invocation to outcome -------------------------------------------------------------- */

static void write_record(struct world *world, const struct slot *slot, enum history_type type,
			 const struct told *told)
{
	*history_append(world) = (struct history_record){.time = world->now,
							 .process = slot->process,
							 .invocation = slot->record,
							 .type = (uint8_t)type,
							 .operation = slot->operation,
							 .matched = told->matched,
							 .client = slot->client,
							 .id = slot->id,
							 .key = told->key,
							 .value = told->value,
							 .expected = told->expected,
							 .result = told->result};
	if (type == HISTORY_OK || type == HISTORY_FAIL)
		return; /* the answer itself was digested as it arrived */
	world_digest(world, (uint64_t)type << 60 ^ slot->id,
		     (uint64_t)slot->process << 32 ^ told->key << 8 ^ told->operation ^
			     told->expected ^ told->result);
}

static void watch_deadline(struct world *world)
{
	struct workload *w = workload(world);

	if (w->deadline_queued || w->oldest == NOBODY)
		return;
	schedule(world, slot_at(world, w->oldest)->deadline, DUE_DEADLINE, 0);
	w->deadline_queued = true;
}

static uint8_t draw_operation(struct world *world, unsigned client, uint32_t ordinal)
{
	struct workload *w = workload(world);
	uint32_t left = choose_below(&world->choices, address(CHOICE_OPERATION, client, 0, ordinal),
				     w->weights);
	uint8_t operation = 0;

	for (; left >= w->setup.weight[operation]; operation++)
		left -= w->setup.weight[operation];
	return operation;
}

static uint32_t draw_key(struct world *world, unsigned client, uint32_t ordinal)
{
	struct workload *w = workload(world);
	address_t at = address(CHOICE_KEY, client, 0, ordinal);
	struct choice_source *source = world->choices.source;

	if (!w->zipf.count)
		return choose_below(&world->choices, at, w->setup.keys);
	if (source && w->zipf.count > 1) {
		uint64_t said = source->ask(source, at, w->zipf.count);

		if (said != CHOICE_LEFT_TO_SEED)
			return (uint32_t)said;
	}
	struct pcg32 pcg = choice_pcg(&world->choices, at);

	return zipf_draw(&w->zipf, &pcg);
}

/* What the app says that this operation is, and, with an answer, what came of it. */
static void tell_operation(struct world *world, const struct slot *slot, const void *answer,
			   size_t size, struct told *told)
{
	const struct workload *w = workload(world);
	struct command command;
	size_t command_size = write_command(world, slot, &command);

	*told = (struct told){0};
	world_app_tell(world, w->setup.group, command.bytes, command_size, answer, size, told);
	if (told->operation != slot->operation)
		world_app_lied(world, w->setup.group, "tell",
			       "told of operation %u where %u was drawn", told->operation,
			       slot->operation);
	if (told->key >= w->setup.keys)
		world_app_lied(world, w->setup.group, "tell",
			       "told of key %llu, and there are %u from 0",
			       (unsigned long long)told->key, w->setup.keys);
}

static void begin_operation(struct world *world, unsigned client, uint32_t index)
{
	struct workload *w = workload(world);
	struct slot *slot = slot_at(world, index);
	uint32_t ordinal = ++w->clients[client].begun, process = slot->process;
	process_id server = w->clients[client].server;
	struct told told;

	*slot = (struct slot){.id = request_name(++w->counts.invoked, client),
			      .deadline = world->now + w->setup.timeout,
			      .process = process,
			      .record = (uint32_t)history_count(world),
			      .ordinal = ordinal,
			      .key = draw_key(world, client, ordinal),
			      .client = (uint16_t)client,
			      .operation = draw_operation(world, client, ordinal)};
	slot->seen = w->seen[slot->key];
	list_newest(world, index);
	remember_slot(world, w->counts.invoked, index);
	watch_deadline(world);
	tell_operation(world, slot, NULL, 0, &told);
	write_record(world, slot, HISTORY_INVOKE, &told);
	ask(world, slot, server != NO_PROCESS ? server : any_server(world, slot, NO_PROCESS));
}

static bool over(const struct workload *w)
{
	return w->stopped || (w->setup.operations && w->counts.invoked >= w->setup.operations);
}

/* Of a closed loop: the client's next operation, after some thought. */
static void think(struct world *world, unsigned client, nanoseconds from)
{
	struct workload *w = workload(world);

	if (over(w))
		return;
	nanoseconds thought = choose_duration(
		&world->choices, address(CHOICE_ARRIVAL, client, 0, w->clients[client].begun + 1),
		&w->setup.think);

	schedule(world, from + thought, DUE_ARRIVAL, client);
}

/* What others may now expect to find under this key. */
static void see(struct world *world, const struct told *told, const void *answer, size_t size)
{
	struct workload *w = workload(world);
	const struct app_operation *operation = &w->app->operations[told->operation];

	if (operation->reads) {
		w->seen[told->key] = told->result;
		if (size > sizeof(uint64_t) && size % sizeof(uint64_t) == 0)
			history_keep_value(world, told->result, answer, size);
	} else if (operation->blind || (operation->compares && told->matched)) {
		w->seen[told->key] = told->value;
	}
}

/* The outcome: `answer` where there is one. */
static void end_operation(struct world *world, uint32_t index, enum history_type type,
			  const void *answer, size_t size)
{
	struct workload *w = workload(world);
	struct slot *slot = slot_at(world, index);
	struct told told;

	tell_operation(world, slot, answer, size, &told);
	write_record(world, slot, type, &told);
	if (answer)
		see(world, &told, answer, size);
	unlist(world, slot);
	slot->id = 0;
	if (type == HISTORY_INFO)
		slot->process = w->next_process++;
	if (w->setup.arrival == ARRIVAL_CLOSED)
		think(world, slot->client, world->now);
	else
		give_slot(w, index);
}

/* ---- What is due, and what is answered ------------------------------------------------------- */

static void next_arrival(struct world *world)
{
	struct workload *w = workload(world);
	struct distribution between = {
		.kind = w->setup.arrival == ARRIVAL_POISSON ? EXPONENTIAL : CONSTANT,
		.a = w->setup.interval,
	};

	if (over(w))
		return;
	w->next_arrival += choose_duration(
		&world->choices, choice_address(CHOICE_ARRIVAL, 0, 0, 0, (uint32_t)w->arrivals),
		&between);
	schedule(world, w->next_arrival, DUE_ARRIVAL, (uint32_t)(w->arrivals % w->setup.clients));
	w->arrivals++;
}

static bool arrive(struct world *world, uint32_t client)
{
	struct workload *w = workload(world);

	if (over(w))
		return false;
	if (w->setup.arrival == ARRIVAL_CLOSED) {
		begin_operation(world, client, client);
		return true;
	}
	begin_operation(world, client, take_slot(world));
	next_arrival(world);
	return true;
}

static bool expire(struct world *world)
{
	struct workload *w = workload(world);
	bool any = false;

	while (w->oldest != NOBODY && slot_at(world, w->oldest)->deadline <= world->now) {
		const struct slot *slot = slot_at(world, w->oldest);
		struct client *client = &w->clients[slot->client];

		if (client->server == slot->server)
			client->server = NO_PROCESS;
		w->counts.unknown++;
		end_operation(world, w->oldest, HISTORY_INFO, NULL, 0);
		any = true;
	}
	w->deadline_queued = false;
	watch_deadline(world);
	return any;
}

/* Its operation may be over by now, and the slot taken by another. */
static bool ask_again(struct world *world, uint32_t index)
{
	struct slot *slot = slot_at(world, index);

	if (!slot->id || slot->asks_at > world->now)
		return false;
	ask(world, slot, any_server(world, slot, slot->server));
	return true;
}

bool workload_due(struct world *world, uint32_t argument)
{
	uint32_t index = argument & ((1u << DUE_SHIFT) - 1);

	switch ((enum due)(argument >> DUE_SHIFT)) {
	case DUE_ARRIVAL: return arrive(world, index);
	case DUE_DEADLINE: return expire(world);
	case DUE_ASK: return ask_again(world, index);
	}
	return false;
}

/*
 * Only the server that was asked last can send it on, and only once: an older one's word, or a copy
 * of it, would let two servers work on one operation.
 */
static void redirected(struct world *world, uint32_t index, process_id from, uint32_t whom)
{
	struct workload *w = workload(world);
	struct slot *slot = slot_at(world, index);
	struct client *client = &w->clients[slot->client];

	if (slot->server != from || slot->asks_at != NEVER)
		return;
	if (whom != from && whom - w->group_first < w->group_count) {
		w->counts.redirects++;
		client->server = (process_id)whom;
		ask(world, slot, client->server);
		return;
	}
	w->counts.not_now++;
	client->server = NO_PROCESS;
	slot->asks_at = world->now + choose_duration(&world->choices,
						     address(CHOICE_BACKOFF, slot->client,
							     slot->asked, slot->ordinal),
						     &w->setup.backoff);
	schedule(world, slot->asks_at, DUE_ASK, index);
}

void workload_answered(struct world *world, unsigned client, const struct env_message *message)
{
	struct workload *w = workload(world);
	const struct answer_body *answer = (const struct answer_body *)message->body;
	uint32_t index = find_slot(world, answer->id);
	bool final = message->kind == MESSAGE_ANSWER || message->kind == MESSAGE_REFUSAL;

	if (final && request_number(answer->id) > w->freshest)
		w->freshest = request_number(answer->id);
	if (index == NOBODY) {
		w->counts.late++;
	} else if (message->kind == MESSAGE_ANSWER) {
		w->counts.ok++;
		w->clients[client].server = (process_id)message->from;
		end_operation(world, index, HISTORY_OK, answer + 1, answer->size);
	} else if (message->kind == MESSAGE_REFUSAL) {
		w->counts.failed++;
		end_operation(world, index, HISTORY_FAIL, NULL, 0);
	} else {
		redirected(world, index, (process_id)message->from, answer->whom);
	}
}

/* ---- The workload as a whole ----------------------------------------------------------------- */

static void begin_closed(struct world *world)
{
	struct workload *w = workload(world);

	for (unsigned client = 0; client < w->setup.clients; client++) {
		make_slot(world, client);
		think(world, client, w->setup.starts);
	}
}

static void begin_open(struct world *world)
{
	struct workload *w = workload(world);

	w->taken = world_take(world, OPEN_OPERATIONS_MAX / 64 * sizeof(*w->taken));
	w->next_arrival = w->setup.starts;
	next_arrival(world);
}

void workload_begin(struct world *world, const struct workload_setup *setup)
{
	struct workload *w = world_take(world, sizeof(*w));

	assert(setup->clients <= world->client_count);
	assert(setup->keys > 0);
	world->workload = w;
	w->oldest = w->newest = NOBODY;
	w->setup = *setup;
	w->app = world->groups[setup->group].app;
	w->group_first = world->groups[setup->group].first;
	w->group_count = world->groups[setup->group].count;
	for (unsigned i = 0; i < OPERATIONS_MAX; i++)
		w->weights += setup->weight[i];
	w->clients = world_take(world, setup->clients * sizeof(struct client));
	for (unsigned i = 0; i < setup->clients; i++)
		w->clients[i].server = NO_PROCESS;
	w->seen = world_take(world, setup->keys * sizeof(*w->seen));
	if (setup->zipf_thousandths)
		zipf_init(&w->zipf, world_take(world, setup->keys * sizeof(uint32_t)), setup->keys,
			  setup->zipf_thousandths);
	pages_init(&w->slots, sizeof(struct slot));
	pages_init(&w->slot_of, sizeof(uint16_t));
	if (!setup->clients || !w->weights)
		return;
	if (setup->arrival == ARRIVAL_CLOSED)
		begin_closed(world);
	else
		begin_open(world);
}

void workload_stop(struct world *world)
{
	workload(world)->stopped = true;
}

bool workload_probe(struct world *world)
{
	struct workload *w = workload(world);
	bool closed = w->setup.arrival == ARRIVAL_CLOSED;

	for (unsigned i = 0; i < w->setup.clients; i++) {
		unsigned client = (unsigned)((w->counts.invoked + i) % w->setup.clients);

		if (closed && slot_at(world, client)->id)
			continue;
		begin_operation(world, client, closed ? client : take_slot(world));
		return true;
	}
	return false;
}

uint64_t workload_freshest(struct world *world)
{
	return workload(world)->freshest;
}

unsigned workload_open(struct world *world)
{
	return workload(world)->open;
}

unsigned workload_waiting(struct world *world, struct open_operation *list, unsigned most)
{
	const struct workload *w = workload(world);
	unsigned count = 0;

	for (uint32_t at = w->oldest; at != NOBODY && count < most;) {
		const struct slot *slot = slot_at(world, at);

		list[count++] = (struct open_operation){
			.id = slot->id,
			.since = slot->deadline - w->setup.timeout,
			.asks_at = slot->asks_at == NEVER ? -1 : slot->asks_at,
			.key = slot->key,
			.operation = slot->operation,
			.asked = slot->asked,
			.server = slot->server,
		};
		at = slot->newer;
	}
	return count;
}

const struct workload_counts *workload_counts(struct world *world)
{
	return &workload(world)->counts;
}

void workload_end(struct world *world)
{
	struct workload *w = workload(world);

	w->stopped = true;
	while (w->oldest != NOBODY) {
		w->counts.unknown++;
		end_operation(world, w->oldest, HISTORY_INFO, NULL, 0);
	}
}
