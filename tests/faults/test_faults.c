/*
 * Each kind of fault, shown to fire and to heal in a small world, and what happens when several
 * meet.
 *
 * The processes of that world chat: each beats every ten milliseconds of its own clock, says hello
 * to all others, and writes a cell; its log has one record since its first boot. One of them
 * believes to lead from some moment on.
 */
#include "tests/tests.h"

#include "sim/faults/faults.h"

#define MS ((nanoseconds)1000000)

/* ---- A protocol that only chats -------------------------------------------------------------- */

enum { HELLO };
enum { BEAT };
struct hello {
	uint64_t beats;
};
struct chat {
	uint64_t leads, beats, synced;
	uint64_t boot; /* enum boot */
	uint64_t heard[PROCESSES_MAX];
};
struct chat_options {
	uint64_t leader;
	nanoseconds leads_after;
};

static void on_boot(struct env *env, void *state, enum boot boot)
{
	struct chat *chat = state;

	chat->boot = boot;
	if (boot == BOOT_FIRST)
		env_log_append(env, 1, "hello", 5);
	env_arm(env, BEAT, 0, 10 * MS, 10 * MS);
}

static void on_beat(struct env *env, void *state, uint64_t key)
{
	struct chat *chat = state;
	const struct chat_options *options = env_options(env);
	const process_id *members;
	unsigned count = env_members(env, env_group(env), &members);

	chat->beats++;
	chat->leads = env_self(env) == options->leader && env_now(env) >= options->leads_after;
	for (unsigned i = 0; i < count; i++)
		if (members[i] != env_self(env))
			((struct hello *)env_send_after(env, 0, members[i], HELLO, 0))->beats =
				chat->beats;
	env_cell_put(env, key, &chat->beats, sizeof(chat->beats));
	env_arm(env, BEAT, 0, 10 * MS, 10 * MS);
}

static void on_hello(struct env *env, void *state, process_id from, const void *body, size_t count)
{
	struct chat *chat = state;

	(void)env, (void)body, (void)count;
	chat->heard[from]++;
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	(void)state;
	env_refuse(env, request->id);
}

static void on_durable(struct env *env, void *state, ticket_t ticket)
{
	struct chat *chat = state;

	(void)env, (void)ticket;
	chat->synced++;
}

static uint64_t see_leads(const struct env *env, const void *state)
{
	(void)env;
	return ((const struct chat *)state)->leads;
}

static nanoseconds patience(const void *options)
{
	(void)options;
	return 100 * MS;
}

static const struct field hello_fields[] = {FIELD(struct hello, beats, FIELD_NUMBER), {0}};
static const char *const roles[] = {"follower", "leader", NULL};

static const struct protocol chat_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "chat",
	.state_size = sizeof(struct chat),
	.boot = on_boot,
	.request = on_request,
	.durable = on_durable,
	.patience = patience,
	.messages = (const struct message_type[]){{.name = "Hello",
						   .size = sizeof(struct hello),
						   .fields = hello_fields,
						   .handle = on_hello},
						  {0}},
	.timers = (const struct timer_type[]){{"beat", on_beat}, {0}},
	.inspectors = (const struct inspector[]){{"role", see_leads, roles}, {0}},
	.options = (const struct option[]){{0}},
	.observes = (const unsigned[]){OBSERVATION_COUNT},
	.bugs = (const struct bug[]){{0}},
	.sometimes = (const struct sometimes[]){{0}},
};

/* ---- A stage: five of them, two clients, and a list of faults -------------------------------- */

enum { N1, N2, N3, N4, N5, PROCESSES, CLIENTS = 2 };
#define C1 ((endpoint_t)CLIENT_FIRST)

struct stage {
	struct world *world;
	struct setup setup;
	struct chat_options options;
	struct fault list[4];
	struct faults_setup faults;
	bool used; /* whether the last thing due changed the world */
};

static const struct above above = {.due = {[FLOOR_FAULTS] = faults_due}};

static void stage_open(struct stage *stage)
{
	*stage = (struct stage){.world = world_open(ARENA_BASE, 1u << 28)};
	if (!stage->world) {
		printf("\n  no memory for a world\n");
		exit(1);
	}
	stage->options = (struct chat_options){.leader = N2};
	stage->setup = (struct setup){
		.seed = 1,
		.group_count = 1,
		.clients = CLIENTS,
		.link = {.latency = {CONSTANT, MS, 0, 0}, .loss = PROBABILITY_ONE / 10},
		.disk = {.sync = {CONSTANT, MS, 0, 0}},
		.drift_ppm = 100,
		.max_events = 1000000,
	};
	stage->setup.groups[0] = (struct group_setup){
		.protocol = &chat_protocol, .options = &stage->options, .members = PROCESSES};
	stage->faults = (struct faults_setup){.list = stage->list, .patience = 100 * MS};
}

static void stage_begin(struct stage *stage)
{
	world_begin(stage->world, &stage->setup, &above);
	faults_begin(stage->world, &stage->faults);
	world_boot(stage->world);
}

static void play(struct stage *stage, nanoseconds until)
{
	const char *limit;

	EQUAL(world_run(stage->world, until, &limit), RAN_UNTIL);
}

static void stage_close(struct stage *stage)
{
	world_close(stage->world);
}

static struct target_item *aim(struct fault *fault, unsigned part, enum target_kind kind)
{
	struct target *target = &fault->part[part];

	if (fault->part_count <= part)
		fault->part_count = part + 1;
	target->item[target->count].kind = (uint16_t)kind;
	return &target->item[target->count++];
}

static void name(struct fault *fault, unsigned part, endpoint_t endpoint)
{
	aim(fault, part, TARGET_ENDPOINT)->endpoint = endpoint;
}

static struct fault *add(struct stage *stage, enum fault_number kind, nanoseconds at,
			 nanoseconds lasts)
{
	struct fault *fault = &stage->list[stage->faults.count++];

	*fault = (struct fault){.kind = kind, .at = at, .lasts = lasts};
	return fault;
}

static struct fault *on_process(struct stage *stage, enum fault_number kind, nanoseconds at,
				nanoseconds lasts, endpoint_t whom)
{
	struct fault *fault = add(stage, kind, at, lasts);

	name(fault, 0, whom);
	return fault;
}

static struct fault *on_link(struct stage *stage, enum fault_number kind, nanoseconds at,
			     nanoseconds lasts, endpoint_t from, endpoint_t to)
{
	struct fault *fault = on_process(stage, kind, at, lasts, from);

	name(fault, 1, to);
	return fault;
}

/* n1, n2 against n3, n4; n5 stands in no part. */
static struct fault *split(struct stage *stage, nanoseconds at, nanoseconds lasts)
{
	struct fault *fault = add(stage, FAULT_PARTITION, at, lasts);

	name(fault, 0, N1);
	name(fault, 0, N2);
	name(fault, 1, N3);
	name(fault, 1, N4);
	return fault;
}

/* n1, n2, ... a part each. */
static struct fault *in_parts(struct stage *stage, enum fault_number kind, nanoseconds at,
			      nanoseconds lasts, unsigned parts)
{
	struct fault *fault = add(stage, kind, at, lasts);

	for (unsigned i = 0; i < parts; i++)
		name(fault, i, (endpoint_t)i);
	return fault;
}

static struct chat *chat(struct stage *stage, process_id id)
{
	return world_process(stage->world, id)->state;
}

static unsigned status(struct stage *stage, process_id id)
{
	return world_process(stage->world, id)->status;
}

static uint32_t cuts(struct stage *stage, endpoint_t from, endpoint_t to)
{
	return world_link(stage->world, from, to)->cuts;
}

static unsigned state(struct stage *stage, unsigned fault)
{
	return faults_state(stage->world, fault)->state;
}

static enum record log_record(struct stage *stage, process_id id)
{
	struct record_view view;

	return env_log_read(&world_process(stage->world, id)->env, 1, &view);
}

/* What its cell says: how many beats it counted before a crash. */
static uint64_t beats_on_disk(struct stage *stage, process_id id)
{
	const void *value;
	size_t size;

	if (env_cell_get(&world_process(stage->world, id)->env, 0, &value, &size) != WHOLE)
		return 0;
	return *(const uint64_t *)value;
}

/* ---- Every kind ------------------------------------------------------------------------------ */

static uint64_t shape_of_wire(struct world *world, struct link *link)
{
	if (!link->wire)
		return 0;
	const struct wire *wire = world_wire(world, link);

	return wire->corrupt * 7 + wire->alter * 5 + wire->bandwidth * 3 + (uint64_t)wire->stretch +
	       wire->drops;
}

/* Statuses, clocks, disks and links: all that faults can bend. */
static uint64_t shape_of_world(struct stage *stage)
{
	uint64_t shape = 0;

	for (unsigned i = 0; i < PROCESSES; i++) {
		struct process *process = world_process(stage->world, (process_id)i);

		shape = shape * 31 + process->status;
		shape = shape * 31 + (uint64_t)process->clock.ppm;
		shape = shape * 31 + (process->disk.slower ? process->disk.slower : 1000);
		shape = shape * 31 + process->disk.failing;
		shape = shape * 31 + process->disk.full;
		shape = shape * 31 + process->disk.lying;
		for (unsigned j = 0; j < PROCESSES; j++) {
			struct link *link = world_link(stage->world, (endpoint_t)i, (endpoint_t)j);

			shape = shape * 31 + link->cuts;
			shape = shape * 31 + link->loss;
			shape = shape * 31 + link->duplicate;
			shape = shape * 31 + link->reorder;
			shape = shape * 31 + shape_of_wire(stage->world, link);
			shape = shape * 31 + (uint64_t)link->slower;
		}
	}
	return shape;
}

static void any_fault(struct stage *stage, enum fault_number kind)
{
	static const int64_t amounts[] = {[AMOUNT_NONE] = 0,
					  [AMOUNT_DURATION] = 7 * MS,
					  [AMOUNT_SHARE] = PROBABILITY_ONE / 2,
					  [AMOUNT_FACTOR] = 3000,
					  [AMOUNT_PPM] = 50000,
					  [AMOUNT_CHOICE] = 0,
					  [AMOUNT_COUNT] = 1,
					  [AMOUNT_BANDWIDTH] = 1000};

	switch (fault_kinds[kind].shape) {
	case FAULT_ON_PROCESSES: on_process(stage, kind, 100 * MS, 100 * MS, N2); break;
	case FAULT_ON_PARTS: in_parts(stage, kind, 100 * MS, 100 * MS, 4); break;
	case FAULT_ON_LINKS: on_link(stage, kind, 100 * MS, 100 * MS, N1, N2); break;
	}
	stage->list[0].amount = amounts[fault_kinds[kind].amount];
}

static void check_history(struct stage *stage, enum fault_number kind, nanoseconds ends)
{
	const struct history_record *begins = history_at(stage->world, 0);
	const struct history_record *over = history_at(stage->world, 1);

	EQUAL(history_count(stage->world), 2);
	EQUAL(begins->type, HISTORY_FAULT_BEGINS);
	EQUAL(begins->operation, kind);
	EQUAL(begins->time, 100 * MS);
	EQUAL(begins->key, faults_state(stage->world, 0)->hit.processes);
	EQUAL(over->type, HISTORY_FAULT_ENDS);
	EQUAL(over->invocation, 0);
	EQUAL(over->time, ends);
}

static void each_kind(void)
{
	for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
		struct stage stage;
		bool lasts = fault_kinds[kind].lasts;

		stage_open(&stage);
		any_fault(&stage, kind);
		stage_begin(&stage);
		uint64_t before = shape_of_world(&stage);

		play(&stage, 99 * MS);
		EQUAL(state(&stage, 0), FAULT_WAITING);
		play(&stage, 150 * MS);
		EQUAL(state(&stage, 0), lasts ? FAULT_ACTIVE : FAULT_OVER);
		if (kind == FAULT_CLOCK_JUMP)
			CU_ASSERT(world_process(stage.world, N2)->clock.wall_ahead == 7 * MS);
		if (kind == FAULT_ROT)
			CU_ASSERT(log_record(&stage, N2) == ROTTEN);
		if (kind != FAULT_CLOCK_JUMP && kind != FAULT_WRITE_ERROR && kind != FAULT_ROT)
			CU_ASSERT(shape_of_world(&stage) != before);
		play(&stage, 300 * MS);
		EQUAL(state(&stage, 0), FAULT_OVER);
		CU_ASSERT(shape_of_world(&stage) == before);
		check_history(&stage, kind, lasts ? 200 * MS : 100 * MS);
		stage_close(&stage);
	}
}

static void each_kind_until_heal(void)
{
	for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
		struct stage stage;

		stage_open(&stage);
		any_fault(&stage, kind);
		stage.list[0].lasts = 0;
		stage.setup.link.loss = 0; /* which a heal stops */
		stage.faults.heal = 500 * MS;
		stage_begin(&stage);
		uint64_t before = shape_of_world(&stage);

		play(&stage, 499 * MS);
		if (fault_kinds[kind].lasts && !fault_kinds[kind].lasts_fallback)
			EQUAL(state(&stage, 0), FAULT_ACTIVE);
		play(&stage, 500 * MS);
		CU_ASSERT(shape_of_world(&stage) == before);
		EQUAL(state(&stage, 0), FAULT_OVER);
		stage_close(&stage);
	}
}

static void table_is_complete(void)
{
	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		const struct fault_kind *kind = &fault_kinds[i];

		CU_ASSERT_FATAL(kind->name && kind->help && kind->begin);
		CU_ASSERT((kind->end != NULL) == kind->lasts);
		CU_ASSERT((kind->shape == FAULT_ON_PARTS) == (kind->parts_min >= 2));
		CU_ASSERT((kind->amount == AMOUNT_CHOICE) == (kind->choices != NULL));
		/* Of a count, 0 alone: which record rots is a choice of its own. */
		CU_ASSERT(kind->amount == AMOUNT_NONE || kind->amount == AMOUNT_COUNT ||
			  kind->drawn_least < kind->drawn_most);
		CU_ASSERT(kind->amount_min <= kind->drawn_least &&
			  kind->drawn_most <= kind->amount_max);
		CU_ASSERT((kind->amount != AMOUNT_NONE) == (kind->amount_key != NULL));
		CU_ASSERT(kind->amount_min <= kind->amount_max);
		CU_ASSERT(kind->amount_fallback == INT64_MIN ||
			  (kind->amount_fallback >= kind->amount_min &&
			   kind->amount_fallback <= kind->amount_max));
	}
	for (unsigned i = TARGET_LEADER; i < TARGET_KINDS; i++)
		CU_ASSERT(target_names[i] != NULL);
}

/* ---- What each does -------------------------------------------------------------------------- */

static void crash_and_restart(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_CRASH, 100 * MS, 100 * MS, N2);
	stage_begin(&stage);
	play(&stage, 150 * MS);
	EQUAL(status(&stage, N2), DOWN);
	EQUAL(status(&stage, N1), UP);
	play(&stage, 201 * MS);
	EQUAL(status(&stage, N2), UP);
	EQUAL(chat(&stage, N2)->boot, BOOT_RESTART);
	stage_close(&stage);
}

/* Some crashes wait for the next handler to fall into; this one ends before there is any. */
static void short_crashes_happen(void)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct stage stage;

		stage_open(&stage);
		stage.setup.seed = seed;
		on_process(&stage, FAULT_CRASH, 104 * MS, MS, N2);
		stage_begin(&stage);
		play(&stage, 106 * MS);
		EQUAL(status(&stage, N2), UP);
		EQUAL(chat(&stage, N2)->boot, BOOT_RESTART);
		stage_close(&stage);
	}
}

static void pause_and_resume(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_PAUSE, 100 * MS, 100 * MS, N2);
	stage_begin(&stage);
	play(&stage, 110 * MS);
	uint64_t beats = chat(&stage, N2)->beats;

	EQUAL(status(&stage, N2), PAUSED);
	play(&stage, 199 * MS);
	EQUAL(chat(&stage, N2)->beats, beats);
	play(&stage, 250 * MS);
	CU_ASSERT(chat(&stage, N2)->beats > beats);
	stage_close(&stage);
}

static void wipe_boots_empty(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_WIPE, 100 * MS, 0, N2);
	stage_begin(&stage);
	play(&stage, 150 * MS);
	EQUAL(status(&stage, N2), DOWN);
	play(&stage, 250 * MS);
	EQUAL(status(&stage, N2), UP);
	EQUAL(chat(&stage, N2)->boot, BOOT_EMPTY);
	stage_close(&stage);
}

static void partition_cuts_parts(void)
{
	struct stage stage;

	stage_open(&stage);
	split(&stage, 100 * MS, 200 * MS);
	stage_begin(&stage);
	play(&stage, 105 * MS);
	uint64_t across = chat(&stage, N1)->heard[N3], back = chat(&stage, N3)->heard[N1];
	uint64_t within = chat(&stage, N1)->heard[N2], other = chat(&stage, N3)->heard[N5];

	play(&stage, 299 * MS);
	EQUAL(chat(&stage, N1)->heard[N3], across);
	EQUAL(chat(&stage, N3)->heard[N1], back);
	CU_ASSERT(chat(&stage, N1)->heard[N2] > within);
	CU_ASSERT(chat(&stage, N3)->heard[N5] > other); /* in no part: reaches everyone */
	EQUAL(cuts(&stage, C1, N1) + cuts(&stage, C1, N3) + cuts(&stage, N3, C1), 0);
	play(&stage, 400 * MS);
	CU_ASSERT(chat(&stage, N1)->heard[N3] > across);
	CU_ASSERT(chat(&stage, N3)->heard[N1] > back);
	stage_close(&stage);
}

static void partition_places_clients(void)
{
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	fault = split(&stage, 100 * MS, 0);
	name(fault, 0, C1);
	stage_begin(&stage);
	play(&stage, 101 * MS);
	EQUAL(cuts(&stage, C1, N1) + cuts(&stage, N2, C1), 0);
	EQUAL(cuts(&stage, C1, N3), 1);
	EQUAL(cuts(&stage, N4, C1), 1);
	EQUAL(cuts(&stage, C1 + 1, N3), 0);
	stage_close(&stage);
}

static void cut_is_one_way(void)
{
	struct stage stage;

	stage_open(&stage);
	on_link(&stage, FAULT_CUT, 100 * MS, 100 * MS, N1, N3);
	on_link(&stage, FAULT_CUT, 100 * MS, 100 * MS, N4, N5)->both_ways = true;
	stage_begin(&stage);
	play(&stage, 150 * MS);
	EQUAL(cuts(&stage, N1, N3), 1);
	EQUAL(cuts(&stage, N3, N1), 0);
	EQUAL(cuts(&stage, N4, N5), 1);
	EQUAL(cuts(&stage, N5, N4), 1);
	play(&stage, 201 * MS);
	EQUAL(cuts(&stage, N1, N3) + cuts(&stage, N4, N5) + cuts(&stage, N5, N4), 0);
	stage_close(&stage);
}

/* Whether messages pass from each of n1 .. n5 to each, as rows of 1 and 0. */
static void check_links(struct stage *stage, const char *const passes[PROCESSES])
{
	for (unsigned from = 0; from < PROCESSES; from++)
		for (unsigned to = 0; to < PROCESSES; to++)
			if (from != to &&
			    passes[from][to] !=
				    "10"[!!cuts(stage, (endpoint_t)from, (endpoint_t)to)])
				CU_FAIL("a link is cut, or not, as it should not be");
}

static const char *const all_pass[PROCESSES] = {"11111", "11111", "11111", "11111", "11111"};

/* Fires one fault of a shape that cuts, and looks at all links. */
static void check_shape(struct stage *stage, const char *const passes[PROCESSES])
{
	stage_begin(stage);
	play(stage, 101 * MS);
	check_links(stage, passes);
	play(stage, 201 * MS);
	check_links(stage, all_pass);
	stage_close(stage);
}

static void bridge_joins_two_sides(void)
{
	static const char *const passes[] = {"11100", "11100", "11111", "00111", "00111"};
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	fault = on_process(&stage, FAULT_BRIDGE, 100 * MS, 100 * MS, N3);
	name(fault, 1, N1);
	name(fault, 1, N2);
	aim(fault, 2, TARGET_REST);
	check_shape(&stage, passes);
}

static void ring_leaves_neighbours(void)
{
	static const char *const passes[] = {"11001", "11100", "01110", "00111", "10011"};
	static const char *const of_four[] = {"11011", "11101", "01111", "10111", "11111"};
	struct stage stage;

	stage_open(&stage);
	in_parts(&stage, FAULT_RING, 100 * MS, 100 * MS, 5);
	check_shape(&stage, passes);
	stage_open(&stage); /* n5 is in no part */
	in_parts(&stage, FAULT_RING, 100 * MS, 100 * MS, 4);
	check_shape(&stage, of_four);
}

static void chain_is_an_open_ring(void)
{
	static const char *const passes[] = {"11000", "11100", "01110", "00111", "00011"};
	struct stage stage;

	stage_open(&stage);
	in_parts(&stage, FAULT_CHAIN, 100 * MS, 100 * MS, 5);
	check_shape(&stage, passes);
}

static void isolation_is_from_everyone(void)
{
	static const char *const passes[] = {"10000", "01000", "00111", "00111", "00111"};

	for (int64_t clients = CLIENTS_CUT; clients <= CLIENTS_STAY; clients++) {
		struct stage stage;
		struct fault *fault;

		stage_open(&stage);
		fault = on_process(&stage, FAULT_ISOLATE, 100 * MS, 100 * MS, N1);
		name(fault, 0, N2);
		fault->amount = clients;
		stage_begin(&stage);
		play(&stage, 101 * MS);
		check_links(&stage, passes);
		EQUAL(cuts(&stage, N1, N2), 1);
		EQUAL(cuts(&stage, N1, C1), clients == CLIENTS_CUT);
		EQUAL(cuts(&stage, C1 + 1, N2), clients == CLIENTS_CUT);
		EQUAL(cuts(&stage, C1, N3), 0);
		play(&stage, 201 * MS);
		check_links(&stage, all_pass);
		EQUAL(cuts(&stage, N1, C1) + cuts(&stage, C1 + 1, N2), 0);
		stage_close(&stage);
	}
}

static void losses_combine(void)
{
	struct stage stage;
	struct link *link;
	probability_t base;

	stage_open(&stage);
	on_link(&stage, FAULT_LOSS, 100 * MS, 300 * MS, N1, N2)->amount = PROBABILITY_ONE / 2;
	on_link(&stage, FAULT_LOSS, 200 * MS, 100 * MS, N1, N2)->amount = PROBABILITY_ONE / 2;
	on_link(&stage, FAULT_LOSS, 300 * MS, 50 * MS, N1, N2)->amount = PROBABILITY_ONE;
	stage_begin(&stage);
	link = world_link(stage.world, N1, N2);
	base = link->loss;
	play(&stage, 150 * MS);
	EQUAL(link->loss, PROBABILITY_ONE - (PROBABILITY_ONE - base) / 2);
	play(&stage, 250 * MS);
	EQUAL(link->loss, PROBABILITY_ONE - (PROBABILITY_ONE - base) / 4);
	play(&stage, 310 * MS);
	uint64_t heard = chat(&stage, N2)->heard[N1];

	EQUAL(link->loss, PROBABILITY_ONE);
	EQUAL(world_link(stage.world, N2, N1)->loss, base);
	play(&stage, 349 * MS);
	EQUAL(chat(&stage, N2)->heard[N1], heard);
	play(&stage, 401 * MS);
	EQUAL(link->loss, base);
	stage_close(&stage);
}

static void delays_add(void)
{
	struct stage stage;
	struct link *link;

	stage_open(&stage);
	on_link(&stage, FAULT_DELAY, 100 * MS, 300 * MS, N1, N2)->amount = 40 * MS;
	on_link(&stage, FAULT_DELAY, 200 * MS, 100 * MS, N1, N2)->amount = 50 * MS;
	stage_begin(&stage);
	link = world_link(stage.world, N1, N2);
	play(&stage, 101 * MS);
	EQUAL(link->slower, 40 * MS);
	uint64_t heard = chat(&stage, N2)->heard[N1];

	play(&stage, 140 * MS);
	CU_ASSERT(chat(&stage, N2)->heard[N1] <= heard + 1); /* one was under way */
	play(&stage, 201 * MS);
	EQUAL(link->slower, 90 * MS);
	play(&stage, 301 * MS);
	EQUAL(link->slower, 40 * MS);
	EQUAL(world_link(stage.world, N2, N1)->slower, 0);
	play(&stage, 401 * MS);
	EQUAL(link->slower, 0);
	stage_close(&stage);
}

static void slow_disks_multiply(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_SLOW_DISK, 100 * MS, 400 * MS, N1)->amount = 20000;
	on_process(&stage, FAULT_SLOW_DISK, 300 * MS, 100 * MS, N1)->amount = 2500;
	stage_begin(&stage);
	play(&stage, 105 * MS);
	uint64_t slow = chat(&stage, N1)->synced, fast = chat(&stage, N2)->synced;

	play(&stage, 299 * MS);
	CU_ASSERT(chat(&stage, N1)->synced - slow < 12);
	CU_ASSERT(chat(&stage, N2)->synced - fast > 15);
	play(&stage, 350 * MS);
	EQUAL(world_process(stage.world, N1)->disk.slower, 50000);
	play(&stage, 450 * MS);
	EQUAL(world_process(stage.world, N1)->disk.slower, 20000);
	play(&stage, 501 * MS);
	EQUAL(world_process(stage.world, N1)->disk.slower, 1000);
	stage_close(&stage);
}

static void write_errors_kill(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_WRITE_ERROR, 100 * MS, 100 * MS, N1)->amount = PROBABILITY_ONE;
	stage_begin(&stage);
	play(&stage, 150 * MS);
	EQUAL(status(&stage, N1), DOWN);
	EQUAL(status(&stage, N2), UP);
	play(&stage, 201 * MS);
	EQUAL(status(&stage, N1), UP);
	EQUAL(world_process(stage.world, N1)->disk.failing, 0);
	stage_close(&stage);
}

static void full_disks_kill(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_FULL_DISK, 100 * MS, 100 * MS, N1);
	on_process(&stage, FAULT_FULL_DISK, 150 * MS, 100 * MS, N1);
	on_process(&stage, FAULT_WRITE_ERROR, 240 * MS, 60 * MS, N1)->amount = PROBABILITY_ONE;
	stage_begin(&stage);
	play(&stage, 99 * MS);
	EQUAL(status(&stage, N1), UP);
	for (nanoseconds at = 120 * MS; at < 300 * MS; at += 20 * MS) {
		play(&stage, at);
		EQUAL(status(&stage, N1), DOWN);
		EQUAL(world_process(stage.world, N1)->disk.full, at < 250 * MS);
		EQUAL(status(&stage, N2), UP);
	}
	play(&stage, 301 * MS);
	EQUAL(status(&stage, N1), UP);
	EQUAL(chat(&stage, N1)->boot, BOOT_RESTART);
	CU_ASSERT(beats_on_disk(&stage, N1) >= 9);
	play(&stage, 500 * MS);
	EQUAL(status(&stage, N1), UP);
	stage_close(&stage);
}

/* How many beats a crash at 290 ms leaves, of about 28, where syncs lie from 100 to 200 ms. */
static uint64_t beats_left(uint64_t seed, nanoseconds lasts)
{
	struct stage stage;
	uint64_t beats;

	stage_open(&stage);
	stage.setup.seed = seed;
	if (lasts)
		on_process(&stage, FAULT_LYING_SYNC, 100 * MS, lasts, N1);
	on_process(&stage, FAULT_CRASH, 290 * MS, 0, N1);
	stage_begin(&stage);
	play(&stage, 195 * MS);
	EQUAL(world_process(stage.world, N1)->disk.lying, lasts != 0);
	EQUAL(world_process(stage.world, N2)->disk.lying, 0);
	CU_ASSERT(chat(&stage, N1)->synced >= 18); /* so it is told */
	play(&stage, 301 * MS);
	EQUAL(status(&stage, N1), DOWN);
	beats = beats_on_disk(&stage, N1);
	CU_ASSERT(stage.world->counters.betrayed > 0 || beats >= 27);
	CU_ASSERT(stage.world->counters.betrayed == 0 || lasts > 100 * MS);
	stage_close(&stage);
	return beats;
}

static void lying_syncs_lose(void)
{
	unsigned lost = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		CU_ASSERT(beats_left(seed, 0) >= 27);
		CU_ASSERT(beats_left(seed, 100 * MS) >= 27); /* an honest sync has mended it */
		uint64_t left = beats_left(seed, 400 * MS);

		CU_ASSERT(left >= 9);
		lost += left < 27;
	}
	CU_ASSERT(lost >= 10);
}

static void lies_are_counted_by_faults(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_LYING_SYNC, 100 * MS, 200 * MS, N1);
	on_process(&stage, FAULT_LYING_SYNC, 150 * MS, 50 * MS, N1);
	stage_begin(&stage);
	play(&stage, 250 * MS);
	CU_ASSERT(world_process(stage.world, N1)->disk.lying);
	play(&stage, 301 * MS);
	CU_ASSERT(!world_process(stage.world, N1)->disk.lying);
	stage_close(&stage);
}

static void rot_hits_what_it_names(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_ROT, 100 * MS, 0, N1)->amount = 1;
	on_process(&stage, FAULT_ROT, 100 * MS, 0, N2)->amount = 2; /* there is none */
	on_process(&stage, FAULT_ROT, 0, 0, N3)->amount = 1;        /* not durable yet: it waits */
	stage_begin(&stage);
	play(&stage, 99 * MS);
	EQUAL(log_record(&stage, N1), WHOLE);
	EQUAL(log_record(&stage, N3), ROTTEN);
	EQUAL(state(&stage, 2), FAULT_OVER);
	CU_ASSERT(faults_state(stage.world, 2)->began > MS);
	play(&stage, 1000 * MS);
	EQUAL(log_record(&stage, N1), ROTTEN);
	EQUAL(log_record(&stage, N2), WHOLE);
	EQUAL(state(&stage, 0), FAULT_OVER);
	EQUAL(state(&stage, 1), FAULT_NEVER_FIRED);
	stage_close(&stage);
}

/* With no index said, the fault's own number draws: no other fault moves it. */
static bool rots_the_log(uint64_t seed, bool another)
{
	struct stage stage;
	bool log;

	stage_open(&stage);
	stage.setup.seed = seed;
	on_process(&stage, another ? FAULT_ROT : FAULT_PAUSE, 50 * MS, MS, N2);
	on_process(&stage, FAULT_ROT, 105 * MS, 0, N1);
	stage_begin(&stage);
	play(&stage, 106 * MS);
	EQUAL(state(&stage, 1), FAULT_OVER);
	log = log_record(&stage, N1) == ROTTEN;
	EQUAL(log, beats_on_disk(&stage, N1) != 0);
	stage_close(&stage);
	return log;
}

static void rot_is_a_choice(void)
{
	unsigned logs = 0;

	for (uint64_t seed = 0; seed < 40; seed++) {
		bool log = rots_the_log(seed, false);

		CU_ASSERT(rots_the_log(seed, true) == log);
		logs += log;
	}
	CU_ASSERT(logs > 5 && logs < 35);
}

static void clock_jumps(void)
{
	struct stage stage;
	nanoseconds wall, monotonic;

	stage_open(&stage);
	on_process(&stage, FAULT_CLOCK_JUMP, 100 * MS, 0, N1)->amount = -3000 * MS;
	stage_begin(&stage);
	play(&stage, 99 * MS);
	wall = world_process(stage.world, N1)->clock.wall_ahead;
	play(&stage, 100 * MS);
	monotonic = env_now(&world_process(stage.world, N1)->env);
	EQUAL(world_process(stage.world, N1)->clock.wall_ahead, wall - 3000 * MS);
	CU_ASSERT(monotonic > 99 * MS); /* timers run on */
	EQUAL(state(&stage, 0), FAULT_OVER);
	stage_close(&stage);
}

static void drifts_add(void)
{
	struct stage stage;
	int32_t base;

	stage_open(&stage);
	on_process(&stage, FAULT_CLOCK_DRIFT, 0, 1000 * MS, N1)->amount = 200000;
	on_process(&stage, FAULT_CLOCK_DRIFT, 500 * MS, 100 * MS, N1)->amount = -50000;
	stage_begin(&stage);
	base = world_process(stage.world, N1)->clock.ppm;
	play(&stage, 400 * MS);
	EQUAL(world_process(stage.world, N1)->clock.ppm, base + 200000);
	CU_ASSERT(chat(&stage, N1)->beats >= 47);
	CU_ASSERT(chat(&stage, N2)->beats <= 40);
	play(&stage, 550 * MS);
	EQUAL(world_process(stage.world, N1)->clock.ppm, base + 150000);
	play(&stage, 1001 * MS);
	EQUAL(world_process(stage.world, N1)->clock.ppm, base);
	stage_close(&stage);
}

/* ---- Several at once ------------------------------------------------------------------------- */

static void overlapping_crashes(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_CRASH, 100 * MS, 100 * MS, N1);
	on_process(&stage, FAULT_WIPE, 150 * MS, 200 * MS, N1);
	on_process(&stage, FAULT_CRASH, 180 * MS, 400 * MS, N1);
	name(&stage.list[2], 0, N2); /* of two, one lives */
	stage_begin(&stage);
	for (nanoseconds at = 120 * MS; at < 580 * MS; at += 20 * MS) {
		play(&stage, at);
		EQUAL(status(&stage, N1), DOWN);
	}
	play(&stage, 581 * MS);
	EQUAL(status(&stage, N1), UP);
	EQUAL(chat(&stage, N1)->boot, BOOT_EMPTY);
	stage_close(&stage);
}

static void the_dead_do_not_crash(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_CRASH, 100 * MS, 0, N1);
	on_process(&stage, FAULT_CRASH, 200 * MS, 100 * MS, N1);
	stage_begin(&stage);
	play(&stage, 699 * MS);
	EQUAL(state(&stage, 1), FAULT_WAITING);
	play(&stage, 800 * MS);
	EQUAL(state(&stage, 1), FAULT_NEVER_FIRED);
	EQUAL(history_count(stage.world), 1);
	stage_close(&stage);
}

static void pause_outlives_crash(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_PAUSE, 100 * MS, 400 * MS, N1);
	on_process(&stage, FAULT_CRASH, 200 * MS, 100 * MS, N1);
	on_process(&stage, FAULT_PAUSE, 250 * MS, 100 * MS, N1);
	stage_begin(&stage);
	play(&stage, 220 * MS);
	EQUAL(status(&stage, N1), DOWN);
	play(&stage, 301 * MS);
	EQUAL(status(&stage, N1), PAUSED);
	play(&stage, 351 * MS); /* the shorter pause ends, the longer one holds */
	EQUAL(status(&stage, N1), PAUSED);
	play(&stage, 501 * MS);
	EQUAL(status(&stage, N1), UP);
	stage_close(&stage);
}

static void disk_mended_under_crash(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_WRITE_ERROR, 100 * MS, 100 * MS, N1)->amount = PROBABILITY_ONE;
	on_process(&stage, FAULT_CRASH, 150 * MS, 200 * MS, N1);
	name(&stage.list[1], 0, N2); /* of two, one lives */
	stage_begin(&stage);
	play(&stage, 201 * MS);
	EQUAL(status(&stage, N1), DOWN);
	play(&stage, 349 * MS);
	EQUAL(status(&stage, N1), DOWN);
	play(&stage, 351 * MS);
	EQUAL(status(&stage, N1), UP);
	stage_close(&stage);
}

static void cuts_are_counted(void)
{
	struct stage stage;

	stage_open(&stage);
	split(&stage, 100 * MS, 300 * MS);
	split(&stage, 200 * MS, 100 * MS);
	on_link(&stage, FAULT_CUT, 200 * MS, 400 * MS, N1, N3);
	stage_begin(&stage);
	play(&stage, 250 * MS);
	EQUAL(cuts(&stage, N1, N3), 3);
	play(&stage, 301 * MS); /* the second partition is mended, the first still cuts */
	EQUAL(cuts(&stage, N1, N3), 2);
	EQUAL(cuts(&stage, N3, N1), 1);
	play(&stage, 401 * MS);
	EQUAL(cuts(&stage, N1, N3), 1);
	EQUAL(cuts(&stage, N3, N1), 0);
	play(&stage, 601 * MS);
	EQUAL(cuts(&stage, N1, N3), 0);
	stage_close(&stage);
}

/* ---- Whom ------------------------------------------------------------------------------------ */

static void roles_are_waited_for(void)
{
	struct stage stage;

	stage_open(&stage);
	stage.options.leads_after = 300 * MS;
	aim(add(&stage, FAULT_CRASH, 100 * MS, 100 * MS), 0, TARGET_LEADER);
	stage_begin(&stage);
	play(&stage, 299 * MS);
	EQUAL(state(&stage, 0), FAULT_WAITING);
	play(&stage, 330 * MS);
	EQUAL(state(&stage, 0), FAULT_ACTIVE);
	EQUAL(faults_state(stage.world, 0)->hit.processes, 1u << N2);
	nanoseconds began = faults_state(stage.world, 0)->began;

	CU_ASSERT(began > 300 * MS);
	play(&stage, 600 * MS); /* its time counts from the moment when it fired */
	EQUAL(faults_state(stage.world, 0)->ended, began + 100 * MS);
	stage_close(&stage);
}

static void unfilled_roles_never_fire(void)
{
	struct stage stage;

	stage_open(&stage);
	stage.options.leads_after = 100000 * MS;
	aim(add(&stage, FAULT_CRASH, 100 * MS, 100 * MS), 0, TARGET_LEADER);
	stage_begin(&stage);
	play(&stage, 599 * MS);
	EQUAL(state(&stage, 0), FAULT_WAITING);
	play(&stage, 620 * MS);
	EQUAL(state(&stage, 0), FAULT_NEVER_FIRED);
	EQUAL(history_count(stage.world), 0);
	stage_close(&stage);
}

static void nothing_fires_after_the_heal(void)
{
	struct stage stage;

	stage_open(&stage);
	on_process(&stage, FAULT_CRASH, 300 * MS, 100 * MS, N1);
	stage.faults.heal = 200 * MS;
	stage_begin(&stage);
	play(&stage, 350 * MS);
	EQUAL(state(&stage, 0), FAULT_NEVER_FIRED);
	EQUAL(status(&stage, N1), UP);
	stage_close(&stage);
}

/* The sets that a two-part fault hits, for one seed. */
static void sets(uint64_t seed, enum target_kind first, enum target_kind second, uint64_t hit[2])
{
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	stage.setup.seed = seed;
	on_process(&stage, FAULT_CRASH, 50 * MS, 0, N5);
	fault = add(&stage, FAULT_CUT, 100 * MS, 0);
	aim(fault, 0, first);
	aim(fault, 1, second);
	stage_begin(&stage);
	play(&stage, 101 * MS);
	hit[0] = hit[1] = 0;
	for (unsigned from = 0; from < PROCESSES; from++)
		for (unsigned to = 0; to < PROCESSES; to++)
			if (from != to && cuts(&stage, (endpoint_t)from, (endpoint_t)to)) {
				hit[0] |= (uint64_t)1 << from;
				hit[1] |= (uint64_t)1 << to;
			}
	stage_close(&stage);
}

static void roles_are_filled(void)
{
	uint64_t hit[2], minorities = 0, followers = 0, everyone = (1u << PROCESSES) - 1;

	for (uint64_t seed = 0; seed < 40; seed++) {
		sets(seed, TARGET_LEADER, TARGET_REST, hit);
		EQUAL(hit[0], 1u << N2);
		EQUAL(hit[1], everyone & ~(1u << N2));
		sets(seed, TARGET_RANDOM_MINORITY, TARGET_REST, hit);
		EQUAL(count_bits(hit[0]), 2);
		EQUAL(hit[1], everyone & ~hit[0]);
		minorities |= hit[0];
		sets(seed, TARGET_FOLLOWER, TARGET_RANDOM_MAJORITY, hit);
		EQUAL(count_bits(hit[0]), 1);
		EQUAL(hit[0] & (1u << N2 | 1u << N5), 0); /* N2 leads, N5 is down */
		EQUAL(count_bits(hit[1]), 3);
		EQUAL(hit[0] & hit[1], 0);
		followers |= hit[0];
		sets(seed, TARGET_RANDOM, TARGET_ALL, hit);
		EQUAL(hit[0] & 1u << N5, 0);
	}
	EQUAL(minorities, everyone);
	EQUAL(followers, 1u << N1 | 1u << N3 | 1u << N4);
}

static void half_is_no_minority(void)
{
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	stage.setup.groups[0].members = 4;
	aim(add(&stage, FAULT_CRASH, 100 * MS, 0), 0, TARGET_RANDOM_MINORITY);
	fault = add(&stage, FAULT_CUT, 100 * MS, 0);
	aim(fault, 0, TARGET_REST);
	aim(fault, 1, TARGET_RANDOM_MAJORITY);
	stage_begin(&stage);
	play(&stage, 101 * MS);
	EQUAL(count_bits(faults_state(stage.world, 0)->hit.processes), 1);
	EQUAL(faults_state(stage.world, 1)->hit.processes, 15); /* three, and the rest: one */
	EQUAL(state(&stage, 1), FAULT_ACTIVE);
	stage_close(&stage);
}

static void named_before_roles(void)
{
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	fault = add(&stage, FAULT_PARTITION, 100 * MS, 0);
	aim(fault, 0, TARGET_RANDOM_MAJORITY);
	name(fault, 1, N1);
	aim(fault, 1, TARGET_CLIENTS);
	aim(fault, 2, TARGET_REST);
	stage_begin(&stage);
	play(&stage, 101 * MS);
	const struct fault_state *fired = faults_state(stage.world, 0);
	char text[FAULT_TEXT_MAX];

	EQUAL(fired->state, FAULT_ACTIVE);
	EQUAL(fired->hit.processes, (1u << PROCESSES) - 1);
	EQUAL(fired->hit.clients[0], 3);
	CONTAINS(faults_describe(stage.world, 0, text), "partition n");
	CONTAINS(text, " | n1 c1 c2 | n");
	stage_close(&stage);
}

static void descriptions(void)
{
	struct stage stage;
	struct fault *fault;
	char text[FAULT_TEXT_MAX];

	stage_open(&stage);
	aim(add(&stage, FAULT_CRASH, 100 * MS, 0), 0, TARGET_LEADER);
	on_link(&stage, FAULT_CUT, 100 * MS, 0, N1, N3)->both_ways = true;
	fault = add(&stage, FAULT_DELAY, 100 * MS, 0);
	fault->amount = MS;
	aim(fault, 0, TARGET_CLIENTS);
	aim(fault, 1, TARGET_ALL);
	fault = split(&stage, 100 * MS, 0);
	name(fault, 1, N5);
	name(fault, 1, C1);
	stage_begin(&stage);
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 0, text), "crash");
	play(&stage, 101 * MS);
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 0, text), "crash n2");
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 1, text), "cut n1 <-> n3");
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 2, text), "delay 1ms c1 c2 -> all");
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 3, text),
			       "partition n1 n2 | n3..n5 c1");
	stage_close(&stage);
}

/* ---- Determinism ----------------------------------------------------------------------------- */

static uint64_t second_target(uint64_t seed, enum fault_number first)
{
	struct stage stage;
	uint64_t hit;

	stage_open(&stage);
	stage.setup.seed = seed;
	aim(add(&stage, first, 100 * MS, 50 * MS), 0, TARGET_RANDOM);
	stage.list[0].amount = 1000;
	aim(add(&stage, FAULT_PAUSE, 300 * MS, 100 * MS), 0, TARGET_RANDOM);
	stage_begin(&stage);
	play(&stage, 400 * MS);
	hit = faults_state(stage.world, 1)->hit.processes;
	stage_close(&stage);
	return hit;
}

static void targets_stand_alone(void)
{
	uint64_t seen = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		uint64_t hit = second_target(seed, FAULT_CRASH);

		EQUAL(second_target(seed, FAULT_SLOW_DISK), hit);
		seen |= hit;
	}
	CU_ASSERT(count_bits(seen) > 1);
}

static uint64_t fingerprint_with(nanoseconds at)
{
	struct stage stage;
	uint64_t digest;

	stage_open(&stage);
	on_process(&stage, FAULT_CLOCK_JUMP, at, 0, N1)->amount = MS; /* nobody reads that clock */
	stage_begin(&stage);
	play(&stage, 500 * MS);
	digest = stage.world->digest;
	stage_close(&stage);
	return digest;
}

static void faults_are_fingerprinted(void)
{
	CU_ASSERT(fingerprint_with(100 * MS) == fingerprint_with(100 * MS));
	CU_ASSERT(fingerprint_with(100 * MS) != fingerprint_with(101 * MS));
}

/* ---- The heal -------------------------------------------------------------------------------- */

static void broken_stage(struct stage *stage, uint64_t seed, enum heal_mode mode, bool more)
{
	stage_open(stage);
	stage->setup.seed = seed;
	stage->faults.heal_mode = mode;
	split(stage, 100 * MS, 0);
	on_process(stage, FAULT_CRASH, 100 * MS, 0, N1);
	on_process(stage, FAULT_PAUSE, 100 * MS, 0, N4);
	on_process(stage, FAULT_WRITE_ERROR, 100 * MS, 0, N5)->amount = PROBABILITY_ONE;
	stage_begin(stage);
	play(stage, 200 * MS);
	EQUAL(faults_core(stage->world), (1u << PROCESSES) - 1);
	EQUAL(status(stage, N1), DOWN);
	EQUAL(status(stage, N4), PAUSED);
	EQUAL(status(stage, N5), DOWN);
	if (more) { /* what no fault of the list did */
		world_crash_now(stage->world, N2);
		world_pause(stage->world, N3);
	}
	faults_heal(stage->world);
}

static void heal_mends_all(void)
{
	struct stage stage;

	broken_stage(&stage, 1, HEAL_ALL, true);
	EQUAL(faults_core(stage.world), (1u << PROCESSES) - 1);
	for (unsigned i = 0; i < PROCESSES; i++) {
		EQUAL(status(&stage, (process_id)i), UP);
		for (unsigned j = 0; j < PROCESSES; j++)
			EQUAL(cuts(&stage, (endpoint_t)i, (endpoint_t)j), 0);
	}
	EQUAL(history_count(stage.world), 8);
	CU_ASSERT(stage.world->healed);
	stage_close(&stage);
}

/* Whole and mutually connected; and what the others are. */
static void check_core(struct stage *stage, uint64_t core, unsigned *dead, unsigned *cut)
{
	for (process_id i = 0; i < PROCESSES; i++) {
		if (!(core >> i & 1)) {
			*dead += status(stage, i) == DOWN;
			*cut += status(stage, i) == UP;
		}
		for (process_id j = 0; j < PROCESSES; j++) {
			if (core >> i & core >> j & 1)
				EQUAL(cuts(stage, i, j), 0);
			else if ((core >> i & 1) && status(stage, j) == UP)
				EQUAL(cuts(stage, i, j) + cuts(stage, j, i), 2);
		}
		if (core >> i & 1)
			EQUAL(status(stage, i), UP);
		if (core >> i & 1)
			EQUAL(cuts(stage, i, C1) + cuts(stage, C1, i), 0);
	}
}

static void heal_leaves_a_core(void)
{
	uint64_t ever = 0, always = UINT64_MAX;
	unsigned dead = 0, cut = 0;

	for (uint64_t seed = 0; seed < 50; seed++) {
		struct stage stage;
		unsigned dead_here = 0, cut_here = 0;

		broken_stage(&stage, seed, HEAL_CORE, false);
		play(&stage, 1000 * MS); /* for ever: it stays so */
		uint64_t core = faults_core(stage.world);

		EQUAL(count_bits(core), 3);
		check_core(&stage, core, &dead_here, &cut_here);
		EQUAL(dead_here + cut_here, 2);
		dead += dead_here;
		cut += cut_here;
		ever |= core;
		always &= core;
		stage_close(&stage);
	}
	EQUAL(ever, (1u << PROCESSES) - 1);
	EQUAL(always, 0);
	CU_ASSERT(dead > 0);
	CU_ASSERT(cut > 0);
}

/* The choice is the run's: both heals occur, and each is what its own mode would do. */
static void heal_draws_its_mode(void)
{
	unsigned whole = 0;

	for (uint64_t seed = 0; seed < 40; seed++) {
		struct stage drawn, core;

		broken_stage(&drawn, seed, HEAL_RANDOM, false);
		uint64_t left = faults_core(drawn.world);

		stage_close(&drawn);
		whole += left == (1u << PROCESSES) - 1;
		if (left == (1u << PROCESSES) - 1)
			continue;
		broken_stage(&core, seed, HEAL_CORE, false);
		EQUAL(left, faults_core(core.world));
		stage_close(&core);
	}
	CU_ASSERT(whole > 10 && whole < 30);
}

static void core_avoids_wiped_disks(void)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct stage stage;

		stage_open(&stage);
		stage.setup.seed = seed;
		stage.faults.heal_mode = HEAL_CORE;
		on_process(&stage, FAULT_WIPE, 100 * MS, 900 * MS, N2);
		stage_begin(&stage);
		play(&stage, 200 * MS);
		faults_heal(stage.world);
		EQUAL(faults_core(stage.world) & 1u << N2, 0);
		stage_close(&stage);
	}
}

CU_TestInfo faults_tests[] = {
	{"every kind of fault stands in the table with all that it needs", table_is_complete},
	{"every kind of fault fires, ends, and leaves the world as it was", each_kind},
	{"every kind of fault ends at the heal", each_kind_until_heal},
	{"a crashed process restarts when the fault ends", crash_and_restart},
	{"a crash that ends before the next handler has happened all the same",
	 short_crashes_happen},
	{"a paused process stands still and goes on", pause_and_resume},
	{"a wiped process comes back soon, with an empty disk", wipe_boots_empty},
	{"a partition cuts its parts from each other, and nobody else", partition_cuts_parts},
	{"a partition places the clients that it names", partition_places_clients},
	{"a cut is one-way unless it says otherwise", cut_is_one_way},
	{"a bridge joins two sides that do not reach each other", bridge_joins_two_sides},
	{"in a ring each reaches its neighbours alone", ring_leaves_neighbours},
	{"a chain is a ring that does not close", chain_is_an_open_ring},
	{"who is isolated reaches nobody, and clients only where they stay",
	 isolation_is_from_everyone},
	{"losses on a link combine as independent accidents", losses_combine},
	{"delays on a link add up", delays_add},
	{"slow disks are slow, and slownesses multiply", slow_disks_multiply},
	{"write errors kill who cannot handle them, until they end", write_errors_kill},
	{"full disks kill who cannot handle them, until the last has room again", full_disks_kill},
	{"a crash takes what lying syncs said to have kept, until an honest one", lying_syncs_lose},
	{"syncs lie until the last fault that makes them ends", lies_are_counted_by_faults},
	{"rot hits the record that it names, once it is durable", rot_hits_what_it_names},
	{"rot that names no record chooses, whatever else breaks", rot_is_a_choice},
	{"a clock step moves the wall clock alone, once", clock_jumps},
	{"clock drifts add up, and timers follow", drifts_add},
	{"a process that several faults keep down returns when the last ends", overlapping_crashes},
	{"who is down already cannot crash", the_dead_do_not_crash},
	{"a pause holds across a crash and a shorter pause", pause_outlives_crash},
	{"a mended disk does not restart who is crashed by another fault", disk_mended_under_crash},
	{"healing one partition does not mend what another still cuts", cuts_are_counted},
	{"a role that nobody fills is waited for", roles_are_waited_for},
	{"after five patiences a fault has never fired", unfilled_roles_never_fire},
	{"nothing fires after the heal", nothing_fires_after_the_heal},
	{"roles are filled by who they say", roles_are_filled},
	{"half of the processes is no minority", half_is_no_minority},
	{"named endpoints are taken before roles, and the rest is last", named_before_roles},
	{"a fault says in words whom it hit", descriptions},
	{"a fault's targets do not depend on other faults", targets_stand_alone},
	{"faults are part of the fingerprint", faults_are_fingerprinted},
	{"a heal of everything mends everything", heal_mends_all},
	{"a heal of a core leaves a random quorum, connected and alone", heal_leaves_a_core},
	{"a heal may draw whether it mends all or a core", heal_draws_its_mode},
	{"a core does without a wiped disk where it can", core_avoids_wiped_disks},
	CU_TEST_INFO_NULL,
};
