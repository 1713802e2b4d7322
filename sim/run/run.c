/*
 * A run, from its scenario to its verdict.
 *
 * Three phases. Safety: until the heal, faults fly and clients ask. Then one heal mends everything,
 * or only a core, and clients stop. Liveness: the cluster settles, and answers (liveness.c).
 */
#include "sim/run/run.h"
#include "sim/plugin/plugin.h"
#include "sim/run/conviction.h"
#include "sim/run/liveness.h"
#include "sim/run/model.h"

#include <stdlib.h>

struct theatre {
	struct world *world;
	struct linearizability_room *room;
	struct setup setup;
	const struct scenario *scenario;
	const struct run_options *options;
	struct run_result *result;
	struct stall stall;
	bool before_harm; /* what is judged now had happened before any harm beyond the model */
	/* What the series has last told of each process, and which links are in these. */
	struct series_record last[PROCESSES_MAX];
	uint32_t cuts_seen;
	nanoseconds last_event;
};

struct theatre *theatre_open(uintptr_t base)
{
	struct theatre *theatre = calloc(1, sizeof(*theatre));

	if (!theatre)
		return NULL;
	theatre->world = world_open(base, UINT32_MAX & ~(uint64_t)(PAGE_BYTES - 1));
	theatre->room = linearizability_room();
	if (theatre->world && theatre->room)
		return theatre;
	theatre_close(theatre);
	return NULL;
}

void theatre_close(struct theatre *theatre)
{
	if (theatre->world)
		world_close(theatre->world);
	if (theatre->room)
		linearizability_room_free(theatre->room);
	free(theatre);
}

const struct stall *theatre_stall(const struct theatre *theatre)
{
	return &theatre->stall;
}

struct world *theatre_world(struct theatre *theatre)
{
	return theatre->world;
}

static void set_up(const struct scenario *scenario, uint64_t seed, struct setup *setup)
{
	*setup = (struct setup){
		.seed = seed,
		.group_count = scenario->group_count,
		.clients = scenario->workload.clients,
		.link = scenario->link,
		.links = scenario->links,
		.link_count = scenario->link_count,
		.region_count = scenario->regions.count,
		.region = scenario->regions.of,
		.between = scenario->regions.between,
		.connections = scenario->connections,
		.retransmit = scenario->retransmit,
		.disk = scenario->disk,
		.clock_offset = scenario->clock_offset,
		.drift_ppm = scenario->drift_ppm,
		.service = scenario->service,
		.max_events = scenario->max_events,
	};
	for (unsigned i = 0; i < scenario->group_count; i++) {
		const struct cluster_group *group = &scenario->groups[i];
		struct group_setup *to = &setup->groups[i];

		*to = (struct group_setup){
			.protocol = group->protocol,
			.app = group->app,
			.options = group->options,
			.members = group->nodes,
			.on = group->on,
		};
		memcpy(to->bugs, group->bugs, sizeof(to->bugs));
	}
	setup->statics = plugin_data(&setup->static_count);
	setup->foreign = plugin_path(0) != NULL;
}

/* ---- The series: what each process was, for pictures ----------------------------------------- */

static bool both_ways(struct world *world, endpoint_t a, endpoint_t b)
{
	return !world_link(world, a, b)->cuts && !world_link(world, b, a)->cuts;
}

/* Has no majority of its group in reach, both ways. */
static bool cut_off(struct world *world, process_id id)
{
	const struct group *group = &world->groups[world_process(world, id)->group];
	unsigned reached = 0;

	for (unsigned m = 0; m < group->count; m++)
		reached += group->members[m] == id || both_ways(world, id, group->members[m]);
	return reached <= group->count / 2;
}

/* What the links let reach it. They seldom change, so that most samples take it from the last. */
static void look_at_links(struct world *world, struct series_record *record)
{
	record->cut = cut_off(world, record->process);
	memset(record->clients, 0, sizeof(record->clients));
	for (unsigned i = 0; i < world->client_count; i++)
		if (both_ways(world, record->process, (endpoint_t)(CLIENT_FIRST + i)))
			record->clients[i / 64] |= (uint64_t)1 << i % 64;
}

static bool same_links(const struct series_record *a, const struct series_record *b)
{
	return a->cut == b->cut && !memcmp(a->clients, b->clients, sizeof(a->clients));
}

static void sample(struct theatre *theatre)
{
	struct world *world = theatre->world;
	/* A fault may have changed them at this very event. */
	bool links_changed = theatre->cuts_seen != world->cut_changes;

	theatre->cuts_seen = world->cut_changes;
	for (unsigned id = 0; id < world->process_count; id++) {
		struct process *process = world_process(world, (process_id)id);
		struct series_record *last = &theatre->last[id], now = *last;

		now.time = links_changed ? world->cut_changed : theatre->last_event;
		now.term = world_inspect(world, (process_id)id, "term", 0);
		now.process = (uint8_t)id;
		now.status = process->status;
		now.role = (uint8_t)world_inspect(world, (process_id)id, "role", 0);
		if (links_changed)
			look_at_links(world, &now);
		if (last->term == now.term && last->status == now.status &&
		    last->role == now.role && same_links(last, &now) && last->unused)
			continue;
		*last = now;
		last->unused = 1; /* told once */
		now.unused = 0;
		memcpy(records_append(world, RECORDS_SERIES, sizeof(now)), &now, sizeof(now));
	}
}

/* Runs at every event, before it changes anything: what is seen was made by the event before. */
static void sample_and_pass_on(void *context, uint64_t event, uint64_t digest)
{
	struct theatre *theatre = context;
	const struct run_options *options = theatre->options;

	sample(theatre);
	theatre->last_event = theatre->world->now;
	if (options->digests)
		options->digests(options->digests_context, event, digest);
}

/* ---- The phases ------------------------------------------------------------------------------ */

/* What a protocol never promised to survive convicts it of nothing. But nothing makes a process
 * send before its writes are durable, or keep what it remembers elsewhere. */
static const char *excuse(const struct world *world, enum judge judge, process_id accused,
			  const void *context)
{
	const struct theatre *theatre = context;
	const struct scenario *scenario = theatre->scenario;
	group_id group = accused == NO_PROCESS ? scenario->workload.group
					       : world->processes[accused].group;

	if (judge == JUDGE_PERSIST_BEFORE_SEND || judge == JUDGE_NO_HIDDEN_STATE ||
	    theatre->before_harm)
		return NULL;
	return beyond_model(world, scenario, group).why;
}

static void begin(struct theatre *theatre)
{
	const struct scenario *scenario = theatre->scenario;
	struct world *world = theatre->world;
	struct workload_setup workload = scenario->workload;
	struct check_setup check = {
		.stop_on = scenario->stop_on, .excuse = excuse, .excuse_context = theatre};
	struct faults_setup faults = {
		.list = scenario->faults,
		.count = scenario->fault_count,
		.nemeses = scenario->nemeses,
		.nemesis_count = scenario->nemesis_count,
		.group = world_led_group(world, workload.group),
		.heal_mode = scenario->heal_mode,
	};

	if (!theatre->options->unjudged)
		check_begin(world, &check);
	faults.patience = scenario_patience(scenario);
	faults_begin(world, &faults);
	workload_begin(world, &workload);
	world_boot(world);
}

static uint32_t records_before(struct world *world, nanoseconds time)
{
	uint32_t count = 0;

	while (count < history_count(world) && history_at(world, count)->time < time)
		count++;
	return count;
}

/* Where something went beyond the model, what was answered before it must have an order all the
 * same. */
static void judge_what_was_before_harm(struct theatre *theatre, const struct model *model)
{
	struct world *world = theatre->world;
	struct beyond beyond = beyond_model(world, theatre->scenario,
					    theatre->scenario->workload.group);
	struct linearizability found;
	struct operation *operations;

	if (!beyond.why)
		return;
	size_t count = operations_before(world, theatre->room, records_before(world, beyond.since),
					 &operations);

	linearizable(theatre->room, model, operations, count, CONFIGURATIONS_MAX, &found);
	theatre->before_harm = found.verdict == VIOLATED;
	if (theatre->before_harm)
		theatre->result->linearizability = found;
}

/* The model may be a plug-in's: what it does wrong ends this, as it ends a run. */
static void judge_linearizability(struct world *world, void *context)
{
	struct theatre *theatre = context;
	struct linearizability *found = &theatre->result->linearizability;
	const struct app *app = theatre->scenario->groups[theatre->scenario->workload.group].app;
	const struct model *model = world_app_model(world, theatre->scenario->workload.group);
	struct operation *operations;
	size_t count = operations_of(world, theatre->room, &operations);

	linearizable(theatre->room, model, operations, count, CONFIGURATIONS_MAX, found);
	check_count(world, JUDGE_LINEARIZABILITY, found->operations);
	if (found->verdict == UNKNOWN)
		check_unknown(world, JUDGE_LINEARIZABILITY, "configurations");
	if (found->verdict != VIOLATED)
		return;
	judge_what_was_before_harm(theatre, model);
	convict_history(world, app, found);
}

/* Everything that may meet a limit or a failed assertion happens in here. */
static void play(struct world *world, void *context)
{
	struct theatre *theatre = context;
	const struct scenario *scenario = theatre->scenario;
	nanoseconds until = theatre->options->duration_max;
	const char *limit;

	begin(theatre);
	if (until && until <= scenario->heal) {
		world_run(world, until, &limit);
		theatre->result->cut_short = !world->stop;
		return;
	}
	world_run(world, scenario->heal, &limit);
	if (world->stop)
		return;
	workload_stop(world);
	faults_heal(world);
	liveness_phase(world, scenario, until, theatre->result, &theatre->stall);
}

/* Here, too, apps have their word, and inspectors. */
static void close_run(struct world *world, void *context)
{
	struct theatre *theatre = context;

	if (!world->workload)
		return; /* it died before it began */
	workload_end(world);
	if (theatre->options->series)
		sample(theatre);
}

/* ---- The verdict ----------------------------------------------------------------------------- */

static void count_faults(struct theatre *theatre)
{
	struct run_result *result = theatre->result;

	for (unsigned i = 0; i < faults_count(theatre->world); i++) {
		const struct fault_state *state = faults_state(theatre->world, i);

		result->faults_fired += state->state == FAULT_ACTIVE || state->state == FAULT_OVER;
		result->faults_drawn += faults_drawn_by(theatre->world, i) != 0;
		result->faults_never_fired += state->state == FAULT_NEVER_FIRED;
	}
}

static void conclude(struct theatre *theatre, enum outcome outcome, const char *limit)
{
	struct run_result *result = theatre->result;
	struct world *world = theatre->world;
	bool unknown = false;

	if (theatre->options->unjudged)
		return;
	check_result(world, &result->check);
	count_faults(theatre);
	for (unsigned judge = 0; judge < JUDGES && !unknown; judge++) {
		unknown = result->check.verdict[judge] == UNKNOWN;
		if (unknown)
			snprintf(result->reason, sizeof(result->reason), "%s: %s",
				 judges[judge].name, result->check.unknown[judge]);
	}
	if (outcome == RAN_LIMIT) {
		unknown = true;
		snprintf(result->reason, sizeof(result->reason), "the limit '%s' was reached",
			 limit);
	} else if (result->faults_never_fired && !unknown) {
		unknown = true;
		snprintf(result->reason, sizeof(result->reason),
			 "%u scheduled fault(s) never fired", result->faults_never_fired);
	}
	result->verdict = result->check.violated ? VIOLATED : unknown ? UNKNOWN : HOLDS;
}

static const struct above floors_above = {
	.observer = &check_observer,
	.due = {[FLOOR_WORKLOAD] = workload_due, [FLOOR_FAULTS] = faults_due},
	.answered = workload_answered,
};
static const struct above floors_unjudged = {
	.due = {[FLOOR_WORKLOAD] = workload_due, [FLOOR_FAULTS] = faults_due},
	.answered = workload_answered,
};

void run_scenario(struct theatre *theatre, const struct scenario *scenario,
		  const struct run_options *options, struct run_result *result)
{
	struct world *world = theatre->world;
	const char *limit, *none;

	*result = (struct run_result){.seed = options->seed, .verdict = HOLDS};
	theatre->scenario = scenario;
	theatre->options = options;
	theatre->result = result;
	theatre->stall = (struct stall){.stalled = false};
	theatre->before_harm = false;
	set_up(scenario, options->seed, &theatre->setup);
	if (options->events_max && options->events_max < theatre->setup.max_events)
		theatre->setup.max_events = options->events_max;
	world->arena.junk = options->junk;
	world_watch(world, options->watched);
	world_begin(world, &theatre->setup, options->unjudged ? &floors_unjudged : &floors_above);
	world->choices.source = options->source;
	world_trace_to(world, options->trace);
	if (options->series) {
		memset(theatre->last, 0, sizeof(theatre->last));
		theatre->last_event = 0;
		theatre->cuts_seen = UINT32_MAX;
		world_digests_to(world, sample_and_pass_on, theatre);
	} else {
		world_digests_to(world, options->digests, options->digests_context);
	}
	enum outcome outcome = world_enter(world, play, theatre, &limit);

	if (outcome == RAN_LIMIT && options->events_max && world->events == options->events_max) {
		outcome = RAN_UNTIL; /* this limit was asked for */
		result->cut_short = true;
	}
	if (outcome == RAN_LIMIT) /* what never came to its end is a stall, too */
		stall_capture(world, result->healed, &theatre->stall);
	if (world_enter(world, close_run, theatre, &none) == RAN_LIMIT) {
		outcome = RAN_LIMIT;
		limit = none;
	}
	if (world->workload)
		result->operations = *workload_counts(world);
	result->counters = world->counters;
	result->events = world->events;
	result->fingerprint = world->digest;
	result->ended = world->now;
	result->leader_changes = world->observed[SAW_LEADER_ELECTED];
	if (!options->unjudged && outcome == RAN_UNTIL)
		outcome = world_enter(world, judge_linearizability, theatre, &limit);
	conclude(theatre, outcome, limit);
	world_trace_to(world, NULL);
	world_digests_to(world, NULL, NULL);
}
