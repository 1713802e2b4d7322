/*
 * Liveness, in three parts. Within thirty patiences of the protocol, and the time that an operation
 * has, the healed cluster settles: an operation begun after the heal was answered, none is open,
 * members agree, and no leader was elected for one and a half patiences. Then every client asks
 * once more, and where all was healed every one is answered. And until the scenario ends it stays
 * so: an election makes it settle anew.
 */
#include "sim/run/liveness.h"

enum {
	PROBES_A_PATIENCE = 4,
	CALM = PROBES_A_PATIENCE * 3 / 2, /* probes without an election */
	PATIENCES = 30,                   /* from the heal to a settled cluster */
};

struct watch {
	struct world *world;
	const struct scenario *scenario;
	struct run_result *result;
	struct stall *stall;
	nanoseconds patience, deadline;
	uint64_t asked_before_heal; /* operations */
	uint32_t elections;
	unsigned calm; /* probes since the last of them */
	struct unsettled state;
	bool answered; /* an operation that was begun after the heal */
	/* The last round, in which every client asks once more. */
	bool asking, everyone_answered;
	uint64_t asked, answers_before;
	nanoseconds asking_until;
};

/* Answers that came too late for their client are answers all the same. */
static uint64_t answers(struct world *world)
{
	const struct workload_counts *counts = workload_counts(world);

	return counts->ok + counts->failed + counts->late;
}

static void look(struct watch *watch)
{
	struct world *world = watch->world;

	watch->answered = watch->scenario->workload.clients == 0 ||
			  workload_freshest(world) > watch->asked_before_heal;
	if (!watch->answered)
		workload_probe(world); /* silence is no proof of life */
	check_settled(world, watch->scenario->workload.group, faults_core(world),
		      workload_open(world), &watch->state);
	if (world->observed[SAW_LEADER_ELECTED] != watch->elections) {
		watch->elections = world->observed[SAW_LEADER_ELECTED];
		watch->calm = 0;
		watch->asking = watch->everyone_answered = false;
		watch->result->settled = 0;
	} else if (watch->answered && watch->state.settled && ++watch->calm > CALM &&
		   !watch->result->settled) {
		watch->result->settled = world->now;
	}
}

/* Whoever may talk to a server that is down, cut off or rightly silent need not be answered. */
static bool all_can_be_answered(const struct watch *watch)
{
	struct world *world = watch->world;

	for (unsigned id = 0; id < world->process_count; id++)
		if (!(faults_core(world) >> id & 1) ||
		    world_process(world, (process_id)id)->silenced)
			return false;
	return true;
}

static void ask_everyone(struct watch *watch)
{
	struct world *world = watch->world;

	watch->asking = true;
	watch->asked = 0;
	watch->answers_before = answers(world);
	watch->asking_until = world->now + watch->scenario->workload.timeout + 4 * watch->patience;
	while (watch->asked < watch->scenario->workload.clients && workload_probe(world))
		watch->asked++;
}

/* False: somebody was not answered. */
static bool heard_everyone(struct watch *watch)
{
	if (answers(watch->world) - watch->answers_before >= watch->asked)
		watch->everyone_answered = true;
	else if (watch->world->now >= watch->asking_until)
		watch->everyone_answered = !all_can_be_answered(watch);
	return watch->everyone_answered || watch->world->now < watch->asking_until;
}

static void convict(const struct watch *watch, const char *why)
{
	const struct run_result *result = watch->result;

	stall_capture(watch->world, result->healed, watch->stall);
	check_violated(watch->world, JUDGE_LIVENESS, NO_PROCESS,
		       "%s, %lld ms after the heal at %lld ms: within thirty times the protocol's "
		       "patience of %lld ms, and the time that an operation has, a healed cluster "
		       "answers and agrees",
		       why, (long long)((watch->world->now - result->healed) / 1000000),
		       (long long)(result->healed / 1000000),
		       (long long)(watch->patience / 1000000));
}

/* Returns whether there is nothing more to wait for. */
static bool over(struct watch *watch)
{
	const struct run_result *result = watch->result;
	nanoseconds now = watch->world->now;

	if (result->settled && !watch->asking)
		ask_everyone(watch);
	if (watch->asking && !watch->everyone_answered && !heard_everyone(watch)) {
		convict(watch,
			"an operation that was begun in the settled cluster is not answered");
		return true;
	}
	if (watch->everyone_answered && watch->state.settled && now >= watch->scenario->duration)
		return true;
	if (now <
	    (result->settled ? watch->asking_until + PATIENCES * watch->patience : watch->deadline))
		return false;
	if (result->settled && watch->state.settled)
		return false; /* only the scenario's end is waited for */
	if (!watch->answered)
		convict(watch, "no operation that was begun after the heal is answered");
	else
		convict(watch,
			watch->state.settled ? "leaders were still changing" : watch->state.why);
	return true;
}

void liveness_phase(struct world *world, const struct scenario *scenario, nanoseconds until,
		    struct run_result *result, struct stall *stall)
{
	nanoseconds patience = scenario_patience(scenario);
	struct watch watch = {
		.world = world,
		.scenario = scenario,
		.result = result,
		.stall = stall,
		.patience = patience,
		.deadline = world->now + PATIENCES * patience + scenario->workload.timeout,
		.asked_before_heal = workload_counts(world)->invoked,
		.elections = world->observed[SAW_LEADER_ELECTED],
	};
	const char *limit;

	result->healed = world->now;
	stall->elections_before_heal = world->observed[SAW_LEADER_ELECTED];
	do {
		nanoseconds next = world->now + patience / PROBES_A_PATIENCE;

		result->cut_short = until && next > until;
		world_run(world, result->cut_short ? until : next, &limit);
		result->cut_short &= !world->stop;
		if (world->stop || result->cut_short)
			return;
		look(&watch);
	} while (!over(&watch));
	check_count(world, JUDGE_LIVENESS, 1);
	if (!world->stop)
		check_convergence(world, scenario->workload.group, faults_core(world));
}
