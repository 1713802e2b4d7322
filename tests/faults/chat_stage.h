/*
 * A small world for faults. Its processes chat: each beats every ten milliseconds of its own clock,
 * says hello to all others, and writes a cell; its log has one record since its first boot. One of
 * them believes to lead from some moment on.
 */
#ifndef TESTS_FAULTS_CHAT_STAGE_H
#define TESTS_FAULTS_CHAT_STAGE_H

#include "sim/faults/faults.h"
#include "tests/tests.h"

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

static inline void stage_open(struct stage *stage)
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

static inline void stage_begin(struct stage *stage)
{
	world_begin(stage->world, &stage->setup, &above);
	faults_begin(stage->world, &stage->faults);
	world_boot(stage->world);
}

static inline void play(struct stage *stage, nanoseconds until)
{
	const char *limit;

	EQUAL(world_run(stage->world, until, &limit), RAN_UNTIL);
}

static inline void stage_close(struct stage *stage)
{
	world_close(stage->world);
}

static inline struct target_item *aim(struct fault *fault, unsigned part, enum target_kind kind)
{
	struct target *target = &fault->part[part];

	if (fault->part_count <= part)
		fault->part_count = part + 1;
	target->item[target->count].kind = (uint16_t)kind;
	return &target->item[target->count++];
}

static inline void name(struct fault *fault, unsigned part, endpoint_t endpoint)
{
	aim(fault, part, TARGET_ENDPOINT)->endpoint = endpoint;
}

static inline struct fault *add(struct stage *stage, enum fault_number kind, nanoseconds at,
				nanoseconds lasts)
{
	struct fault *fault = &stage->list[stage->faults.count++];

	*fault = (struct fault){.kind = kind, .at = at, .lasts = lasts};
	return fault;
}

static inline struct fault *on_process(struct stage *stage, enum fault_number kind, nanoseconds at,
				       nanoseconds lasts, endpoint_t whom)
{
	struct fault *fault = add(stage, kind, at, lasts);

	name(fault, 0, whom);
	return fault;
}

static inline struct fault *on_link(struct stage *stage, enum fault_number kind, nanoseconds at,
				    nanoseconds lasts, endpoint_t from, endpoint_t to)
{
	struct fault *fault = on_process(stage, kind, at, lasts, from);

	name(fault, 1, to);
	return fault;
}

/* n1, n2 against n3, n4; n5 stands in no part. */
static inline struct fault *split(struct stage *stage, nanoseconds at, nanoseconds lasts)
{
	struct fault *fault = add(stage, FAULT_PARTITION, at, lasts);

	name(fault, 0, N1);
	name(fault, 0, N2);
	name(fault, 1, N3);
	name(fault, 1, N4);
	return fault;
}

/* n1, n2, ... a part each. */
static inline struct fault *in_parts(struct stage *stage, enum fault_number kind, nanoseconds at,
				     nanoseconds lasts, unsigned parts)
{
	struct fault *fault = add(stage, kind, at, lasts);

	for (unsigned i = 0; i < parts; i++)
		name(fault, i, (endpoint_t)i);
	return fault;
}

static inline struct chat *chat(struct stage *stage, process_id id)
{
	return world_process(stage->world, id)->state;
}

static inline unsigned status(struct stage *stage, process_id id)
{
	return world_process(stage->world, id)->status;
}

static inline uint32_t cuts(struct stage *stage, endpoint_t from, endpoint_t to)
{
	return world_link(stage->world, from, to)->cuts;
}

static inline unsigned state(struct stage *stage, unsigned fault)
{
	return faults_state(stage->world, fault)->state;
}

static inline enum record log_record(struct stage *stage, process_id id)
{
	struct record_view view;

	return env_log_read(&world_process(stage->world, id)->env, 1, &view);
}

/* What its cell says: how many beats it counted before a crash. */
static inline uint64_t beats_on_disk(struct stage *stage, process_id id)
{
	const void *value;
	size_t size;

	if (env_cell_get(&world_process(stage->world, id)->env, 0, &value, &size) != WHOLE)
		return 0;
	return *(const uint64_t *)value;
}

#endif
