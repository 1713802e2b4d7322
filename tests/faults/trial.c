/* See trial.h. */
#include "tests/faults/trial.h"

static void on_boot(struct env *env, void *state, enum boot boot)
{
	uint64_t value = 1;

	(void)state, (void)boot;
	env_cell_put(env, 0, &value, sizeof(value));
}

static const struct protocol still = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "still",
	.state_size = 16,
	.survives = {.survives_restart = true,
		     .survives_lost_unsynced = true,
		     .survives_reordered_unsynced = true,
		     .clock_drift_ppm = -1},
	.boot = on_boot,
	.messages = (const struct message_type[]){{0}},
	.timers = (const struct timer_type[]){{0}},
	.inspectors = (const struct inspector[]){{0}},
	.options = (const struct option[]){{0}},
	.observes = (const unsigned[]){OBSERVATION_COUNT},
	.bugs = (const struct bug[]){{0}},
	.sometimes = (const struct sometimes[]){{0}},
};

static const struct above above = {.due = {[FLOOR_FAULTS] = faults_due}};

void trial_open(struct trial *trial)
{
	*trial = (struct trial){.world = world_open(ARENA_BASE, 1u << 28), .protocol = still};
	if (!trial->world) {
		printf("\n  no memory for a world\n");
		exit(1);
	}
	trial->setup = (struct setup){
		.seed = 1,
		.group_count = 1,
		.clients = 2,
		.link = {.latency = {CONSTANT, MS, 0, 0}},
		.disk = {.sync = {CONSTANT, MS, 0, 0}},
		.max_events = 1000000,
	};
	trial->setup.groups[0] = (struct group_setup){.protocol = &trial->protocol,
						      .members = PROCESSES};
	trial->nemesis = (struct nemesis){
		.every = {CONSTANT, 100 * MS, 0, 0},
		.between = {S, 9 * S},
		.lasts = {UNIFORM, 50 * MS, 500 * MS, 0},
		.weather = WEATHER_STEADY,
	};
	trial->faults = (struct faults_setup){.list = trial->list,
					      .nemeses = &trial->nemesis,
					      .nemesis_count = 1,
					      .patience = 100 * MS};
}

void trial_choose(struct trial *trial, enum fault_number kind)
{
	trial->nemesis.weight[kind] = 1;
}

void trial_aim(struct trial *trial, enum target_kind role)
{
	trial->nemesis.target = (struct target){1, {{(uint16_t)role, 0}}};
}

void trial_begin(struct trial *trial)
{
	world_begin(trial->world, &trial->setup, &above);
	trial->world->choices.source = trial->source;
	faults_begin(trial->world, &trial->faults);
	world_boot(trial->world);
}

void trial_play(struct trial *trial, nanoseconds until)
{
	const char *limit;

	EQUAL(world_run(trial->world, until, &limit), RAN_UNTIL);
}

void trial_close(struct trial *trial)
{
	world_close(trial->world);
}

void trial_perform(struct trial *trial, struct fired *fired)
{
	trial_begin(trial);
	trial_play(trial, 10 * S);
	fired->count = faults_count(trial->world);
	CU_ASSERT_FATAL(fired->count <= FIRED_MAX);
	for (unsigned i = 0; i < fired->count; i++) {
		const struct fault *fault = faults_fault(trial->world, i);
		const struct fault_state *state = faults_state(trial->world, i);

		fired->shot[i] = (struct shot){fault->kind, state->began, fault->amount,
					       state->hit.processes, fault->lasts};
	}
	trial_close(trial);
}

uint64_t fired_kinds(const struct fired *fired)
{
	uint64_t kinds = 0;

	for (unsigned i = 0; i < fired->count; i++)
		kinds |= (uint64_t)1 << fired->shot[i].kind;
	return kinds;
}
