/* Servers that do as they are told: see stage.h. */
#include "tests/workload/stage.h"

struct parrot {
	unsigned asked;
};

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env;
	(void)state;
	(void)boot;
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	const struct manners *manners = env_options(env);
	struct parrot *parrot = state;
	size_t size;

	parrot->asked++;
	switch (manners->how[env_self(env)]) {
	case ANSWERS: {
		const void *answer = env_apply(env, 0, request->command, request->size, &size);

		env_reply(env, request->id, answer, size);
		break;
	}
	case REFUSES: env_refuse(env, request->id); break;
	case NOT_NOW: env_redirect(env, request->id, env_self(env)); break;
	case REDIRECTS: env_redirect(env, request->id, manners->whom); break;
	case IS_SILENT: break;
	}
}

static nanoseconds patience(const void *options)
{
	(void)options;
	return SECOND;
}

static const struct protocol parrots = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "parrots",
	.paper = "none",
	.summary = "servers that do as they are told",
	.state_size = sizeof(struct parrot),
	.options_size = sizeof(struct manners),
	.boot = on_boot,
	.request = on_request,
	.patience = patience,
	.messages = (const struct message_type[]){{0}},
	.timers = (const struct timer_type[]){{0}},
	.inspectors = (const struct inspector[]){{0}},
	.options = (const struct option[]){{0}},
	.observes = (const unsigned[]){OBSERVATION_COUNT},
	.bugs = (const struct bug[]){{0}},
	.sometimes = (const struct sometimes[]){{0}},
};

void stage_prepare(struct stage *stage, const struct app *app)
{
	*stage = (struct stage){
		.workload = {.clients = 1,
			     .interval = 10 * MILLISECOND,
			     .think = {CONSTANT, 10 * MILLISECOND, 0, 0},
			     .backoff = {CONSTANT, 5 * MILLISECOND, 0, 0},
			     .timeout = SECOND,
			     .keys = 1,
			     .weight = {[WRITE] = 1}},
		.setup = {.seed = 1,
			  .group_count = 1,
			  .groups = {{.protocol = &parrots, .app = app, .members = SERVERS}},
			  .link = {.latency = {CONSTANT, MILLISECOND, 0, 0}},
			  .max_events = 10 * 1000 * 1000,
			  .foreign = true},
		.above = {.due = {[FLOOR_WORKLOAD] = workload_due}, .answered = workload_answered},
	};
}

void stage_begin(struct stage *stage)
{
	stage->check = (struct check_setup){0};
	stage->setup.groups[0].options = &stage->manners;
	stage->setup.clients = stage->workload.clients;
	stage->world = world_open(ARENA_BASE, (uint64_t)256 << 20);
	if (!stage->world)
		abort();
	world_begin(stage->world, &stage->setup, &stage->above);
	if (stage->above.observer)
		check_begin(stage->world, &stage->check);
	workload_begin(stage->world, &stage->workload);
	world_boot(stage->world);
}

enum outcome stage_run(struct stage *stage, nanoseconds until)
{
	const char *limit;

	return world_run(stage->world, until, &limit);
}

void stage_end(struct stage *stage)
{
	world_close(stage->world);
}

unsigned stage_asked(struct stage *stage, process_id id)
{
	const struct parrot *parrot = world_process(stage->world, id)->state;

	return parrot->asked;
}
