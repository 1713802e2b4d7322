/*
 * What a nemesis draws: when, which kinds and whom; that draws stand alone; and that it stays
 * within what a protocol declares to survive.
 */
#include "tests/tests.h"

#include "sim/faults/internal.h"
#include "sim/run/run.h"

#define MS ((nanoseconds)1000000)
#define S  (1000 * MS)

/* ---- A stage: processes that do nothing, of a protocol that survives what a test says -------- */

enum { N1, N2, N3, N4, N5, PROCESSES };

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot;
}

static void on_disk_failed(struct env *env, void *state, ticket_t ticket, enum disk_error error)
{
	(void)env, (void)state, (void)ticket, (void)error;
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

struct stage {
	struct world *world;
	struct protocol protocol;
	struct setup setup;
	struct nemesis nemesis;
	struct fault list[4];
	struct faults_setup faults;
	struct choice_source *source;
};

static const struct above above = {.due = {[FLOOR_FAULTS] = faults_due}};

/* Every hundred milliseconds of ten seconds, in steady weather, all of what is chosen. */
static void stage_open(struct stage *stage)
{
	*stage = (struct stage){.world = world_open(ARENA_BASE, 1u << 28), .protocol = still};
	if (!stage->world) {
		printf("\n  no memory for a world\n");
		exit(1);
	}
	stage->setup = (struct setup){
		.seed = 1,
		.group_count = 1,
		.clients = 2,
		.link = {.latency = {CONSTANT, MS, 0, 0}},
		.disk = {.sync = {CONSTANT, MS, 0, 0}},
		.max_events = 1000000,
	};
	stage->setup.groups[0] = (struct group_setup){.protocol = &stage->protocol,
						      .members = PROCESSES};
	stage->nemesis = (struct nemesis){
		.every = {CONSTANT, 100 * MS, 0, 0},
		.between = {S, 9 * S},
		.lasts = {UNIFORM, 50 * MS, 500 * MS, 0},
		.weather = WEATHER_STEADY,
	};
	stage->faults = (struct faults_setup){.list = stage->list,
					      .nemeses = &stage->nemesis,
					      .nemesis_count = 1,
					      .patience = 100 * MS};
}

static void choose(struct stage *stage, enum fault_number kind)
{
	stage->nemesis.weight[kind] = 1;
}

static void aim(struct stage *stage, enum target_kind role)
{
	stage->nemesis.target = (struct target){1, {{(uint16_t)role, 0}}};
}

static void stage_begin(struct stage *stage)
{
	world_begin(stage->world, &stage->setup, &above);
	stage->world->choices.source = stage->source;
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

/* What fired, for comparison. */
enum { FIRED_MAX = 400 };
struct fired {
	unsigned count;
	struct shot {
		enum fault_number kind;
		nanoseconds began;
		int64_t amount;
		uint64_t hit;
		nanoseconds lasts;
	} shot[FIRED_MAX];
};

static void perform(struct stage *stage, struct fired *fired)
{
	stage_begin(stage);
	play(stage, 10 * S);
	fired->count = faults_count(stage->world);
	CU_ASSERT_FATAL(fired->count <= FIRED_MAX);
	for (unsigned i = 0; i < fired->count; i++) {
		const struct fault *fault = faults_fault(stage->world, i);
		const struct fault_state *state = faults_state(stage->world, i);

		fired->shot[i] = (struct shot){fault->kind, state->began, fault->amount,
					       state->hit.processes, fault->lasts};
	}
	stage_close(stage);
}

static bool same_shot(const struct shot *a, const struct shot *b)
{
	return a->kind == b->kind && a->began == b->began && a->amount == b->amount &&
	       a->hit == b->hit && a->lasts == b->lasts;
}

static const struct shot *shot_at(const struct fired *fired, nanoseconds time)
{
	for (unsigned i = 0; i < fired->count; i++)
		if (fired->shot[i].began == time)
			return &fired->shot[i];
	return NULL;
}

/* ---- When ------------------------------------------------------------------------------------ */

static void draws_keep_their_time(void)
{
	struct stage stage;
	struct fired fired;

	stage_open(&stage);
	choose(&stage, FAULT_SLOW_DISK);
	aim(&stage, TARGET_ALL);
	perform(&stage, &fired);
	EQUAL(fired.count, 80);
	for (unsigned i = 0; i < fired.count; i++) {
		EQUAL(fired.shot[i].began, S + (i + 1) * 100 * MS);
		EQUAL(fired.shot[i].hit, (1u << PROCESSES) - 1);
		CU_ASSERT(fired.shot[i].lasts > 50 * MS && fired.shot[i].lasts <= 500 * MS + 1);
		CU_ASSERT(fired.shot[i].amount >= 2000 && fired.shot[i].amount <= 100000);
	}
}

static void a_heal_ends_the_drawing(void)
{
	struct stage stage;
	struct fired fired;

	stage_open(&stage);
	choose(&stage, FAULT_CLOCK_JUMP);
	stage.faults.heal = 3050 * MS;
	perform(&stage, &fired);
	CU_ASSERT(fired.count > 0 && fired.count <= 20);
	CU_ASSERT(fired.shot[fired.count - 1].began < 3050 * MS);
}

/* A stretch lasts at least a second of these eight, with none, as many, or four times as many. */
static void weather_changes(void)
{
	unsigned calms = 0, storms = 0;

	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct stage stage;
		struct fired fired;
		unsigned calm = 0;

		stage_open(&stage);
		stage.setup.seed = seed;
		stage.nemesis.weather = WEATHER_CHANGING;
		choose(&stage, FAULT_CLOCK_JUMP);
		aim(&stage, TARGET_RANDOM);
		perform(&stage, &fired);
		storms += fired.count > 80;
		for (unsigned i = 0; i < fired.count; i++) {
			nanoseconds before = i ? fired.shot[i - 1].began : S;
			nanoseconds gap = fired.shot[i].began - before;

			CU_ASSERT(gap == 25 * MS || gap == 100 * MS || gap >= S - 100 * MS);
			calm += gap >= S - 100 * MS;
		}
		calms += calm > 0;
	}
	CU_ASSERT(calms > 10);
	CU_ASSERT(storms > 10);
}

/* ---- Which ----------------------------------------------------------------------------------- */

static void a_kind_left_out_moves_no_other(void)
{
	struct stage stage;
	struct fired with, without;
	unsigned taken = 0;

	stage_open(&stage);
	choose(&stage, FAULT_SLOW_DISK);
	choose(&stage, FAULT_CLOCK_JUMP);
	choose(&stage, FAULT_DELAY);
	perform(&stage, &with);
	stage_open(&stage);
	choose(&stage, FAULT_CLOCK_JUMP);
	choose(&stage, FAULT_DELAY);
	perform(&stage, &without);
	for (unsigned i = 0; i < with.count; i++) {
		const struct shot *other = shot_at(&without, with.shot[i].began);

		taken += with.shot[i].kind == FAULT_SLOW_DISK;
		if (with.shot[i].kind != FAULT_SLOW_DISK)
			CU_ASSERT(other && same_shot(other, &with.shot[i]));
	}
	CU_ASSERT(taken > 10 && taken < with.count - 20);
}

static void one_draw_taken_away_moves_no_other(void)
{
	/* The tenth; an override counts from 1. */
	struct override away = {.address = draw_address(0, DRAW_FIRES, 0, 10)};
	uint32_t observed[OBSERVATION_COUNT] = {0};
	struct overrides overrides;
	struct stage stage;
	struct fired with, without;

	stage_open(&stage);
	choose(&stage, FAULT_SLOW_DISK);
	choose(&stage, FAULT_PARTITION);
	aim(&stage, TARGET_RANDOM_MINORITY);
	perform(&stage, &with);
	stage_open(&stage);
	choose(&stage, FAULT_SLOW_DISK);
	choose(&stage, FAULT_PARTITION);
	aim(&stage, TARGET_RANDOM_MINORITY);
	overrides_init(&overrides, &away, 1, observed);
	stage.source = &overrides.source;
	perform(&stage, &without);
	EQUAL(with.count, 80);
	EQUAL(without.count, 79);
	for (unsigned i = 0; i < without.count; i++)
		CU_ASSERT(same_shot(&without.shot[i], &with.shot[i < 9 ? i : i + 1]));
}

static void weights_are_kept(void)
{
	struct stage stage;
	struct fired fired;
	unsigned jumps = 0;

	stage_open(&stage);
	stage.nemesis.weight[FAULT_CLOCK_JUMP] = 3;
	stage.nemesis.weight[FAULT_SLOW_DISK] = 1;
	stage.nemesis.every.a = 25 * MS;
	aim(&stage, TARGET_ALL);
	perform(&stage, &fired);
	EQUAL(fired.count, 320);
	for (unsigned i = 0; i < fired.count; i++)
		jumps += fired.shot[i].kind == FAULT_CLOCK_JUMP;
	CU_ASSERT(jumps > 215 && jumps < 265);
}

/* The kinds that fired in one run. */
static uint64_t kinds_of(const struct fired *fired)
{
	uint64_t kinds = 0;

	for (unsigned i = 0; i < fired->count; i++)
		kinds |= (uint64_t)1 << fired->shot[i].kind;
	return kinds;
}

static void each_run_has_a_mix_of_its_own(void)
{
	unsigned with[FAULT_KINDS] = {0};
	uint64_t chosen = 1u << FAULT_CLOCK_JUMP | 1u << FAULT_SLOW_DISK | 1u << FAULT_DELAY;

	for (uint64_t seed = 1; seed <= 80; seed++) {
		struct stage stage;
		struct fired fired;

		stage_open(&stage);
		stage.setup.seed = seed;
		stage.nemesis.swarm = true;
		choose(&stage, FAULT_CLOCK_JUMP);
		choose(&stage, FAULT_SLOW_DISK);
		choose(&stage, FAULT_DELAY);
		aim(&stage, TARGET_RANDOM);
		perform(&stage, &fired);
		EQUAL(fired.count, 80); /* somebody always takes part */
		EQUAL(kinds_of(&fired) & ~chosen, 0);
		for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
			with[kind] += (unsigned)(kinds_of(&fired) >> kind & 1);
	}
	for (uint64_t left = chosen; left; left &= left - 1) {
		unsigned runs = with[lowest_bit(left)];

		CU_ASSERT(runs > 28 && runs < 60);
	}
}

/* ---- Whom ------------------------------------------------------------------------------------ */

/* Of every shape, each process is hit at times, and each size of a hit that there can be occurs. */
static void roles_are_drawn_anew(void)
{
	struct stage stage;
	struct fired fired;
	uint64_t ever = 0, sizes = 0;

	stage_open(&stage);
	choose(&stage, FAULT_SLOW_DISK);
	perform(&stage, &fired);
	/* With nobody leading, a fifth of the draws finds nobody, and does not count. */
	CU_ASSERT(fired.count > 45 && fired.count < 76);
	for (unsigned i = 0; i < fired.count; i++) {
		ever |= fired.shot[i].hit;
		sizes |= 1u << count_bits(fired.shot[i].hit);
	}
	EQUAL(ever, (1u << PROCESSES) - 1);
	EQUAL(sizes, 1 << 1 | 1 << 2 | 1 << 5);
}

static void nobody_there_is_no_fault(void)
{
	struct stage stage;
	struct fired fired;

	stage_open(&stage);
	aim(&stage, TARGET_LEADER);
	perform(&stage, &fired);
	for (unsigned i = 0; i < fired.count; i++) /* rings and chains need no leader */
		CU_ASSERT(fired.shot[i].kind == FAULT_RING || fired.shot[i].kind == FAULT_CHAIN);
}

/* All processes stand in it, each once, in an order of its own. */
static void rings_are_drawn_in_any_order(void)
{
	struct stage stage;
	char first[FAULT_TEXT_MAX] = "";
	unsigned orders = 0;

	stage_open(&stage);
	choose(&stage, FAULT_RING);
	stage_begin(&stage);
	play(&stage, 9 * S);
	EQUAL(faults_count(stage.world), 80);
	for (unsigned i = 0; i < faults_count(stage.world); i++) {
		char text[FAULT_TEXT_MAX];

		EQUAL(faults_fault(stage.world, i)->part_count, PROCESSES);
		EQUAL(faults_state(stage.world, i)->hit.processes, (1u << PROCESSES) - 1);
		orders += strcmp(faults_describe(stage.world, i, text), first) != 0;
		strcpy(first, text);
	}
	CU_ASSERT(orders > 70);
	stage_close(&stage);
}

static void clients_are_spared_copies(void)
{
	struct stage stage;
	unsigned lossy = 0, twice = 0;

	stage_open(&stage);
	choose(&stage, FAULT_LOSS);
	choose(&stage, FAULT_DUPLICATE);
	aim(&stage, TARGET_RANDOM_MINORITY);
	stage_begin(&stage);
	play(&stage, 9 * S);
	for (unsigned i = 0; i < faults_count(stage.world); i++) {
		bool clients = faults_state(stage.world, i)->hit.clients[0] != 0;
		bool copies = faults_fault(stage.world, i)->kind == FAULT_DUPLICATE;

		CU_ASSERT(!(clients && copies));
		lossy += clients;
		twice += copies;
	}
	CU_ASSERT(lossy > 10);
	CU_ASSERT(twice > 20);
	stage_close(&stage);
}

/* Connections do not repeat anything; and who sends nothing drops nothing by name. */
static void what_cannot_happen_is_not_drawn(void)
{
	struct stage stage;
	struct fired fired;

	stage_open(&stage);
	stage.setup.connections = true;
	choose(&stage, FAULT_DUPLICATE);
	choose(&stage, FAULT_REORDER);
	perform(&stage, &fired);
	EQUAL(fired.count, 0);
	stage_open(&stage);
	choose(&stage, FAULT_DROP);
	aim(&stage, TARGET_RANDOM);
	stage_begin(&stage);
	play(&stage, 9 * S);
	CU_ASSERT(faults_count(stage.world) > 20 && faults_count(stage.world) < 60);
	for (unsigned i = 0; i < faults_count(stage.world); i++)
		CU_ASSERT(faults_fault(stage.world, i)->sort >= MESSAGE_TYPES_MAX);
	stage_close(&stage);
}

/* ---- The budget ------------------------------------------------------------------------------ */

static unsigned down(struct stage *stage)
{
	unsigned count = 0;

	for (unsigned i = 0; i < stage->world->process_count; i++)
		count += world_process(stage->world, (process_id)i)->status == DOWN;
	return count;
}

/* The most that were down at once, where a nemesis crashes all, over and over. */
static unsigned most_down(unsigned members, bool beyond)
{
	unsigned most = 0;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct stage stage;

		stage_open(&stage);
		stage.setup.seed = seed;
		stage.setup.groups[0].members = members;
		stage.nemesis.beyond_model = beyond;
		choose(&stage, FAULT_CRASH);
		aim(&stage, TARGET_ALL);
		stage_begin(&stage);
		for (nanoseconds at = S; at < 9 * S; at += 10 * MS) {
			play(&stage, at);
			most = down(&stage) > most ? down(&stage) : most;
		}
		CU_ASSERT(stage.world->counters.crashes > 10);
		stage_close(&stage);
	}
	return most;
}

static void a_minority_is_down_at_most(void)
{
	EQUAL(most_down(5, false), 2);
	EQUAL(most_down(4, false), 1);
	EQUAL(most_down(3, false), 1);
	EQUAL(most_down(1, false), 1); /* who is alone comes back as it was */
	EQUAL(most_down(5, true), 5);
}

/* Those that fail and those that are down are counted together. */
static void failing_disks_count_as_down(void)
{
	struct stage stage;
	struct fired fired;

	stage_open(&stage);
	stage.protocol.disk_failed = on_disk_failed;
	choose(&stage, FAULT_CRASH);
	choose(&stage, FAULT_WRITE_ERROR);
	choose(&stage, FAULT_FULL_DISK);
	aim(&stage, TARGET_RANDOM_MINORITY);
	perform(&stage, &fired);
	CU_ASSERT(fired.count > 10);
	for (unsigned i = 0; i < fired.count; i++) {
		uint64_t ill = 0;

		for (unsigned j = 0; j <= i; j++)
			if (fired.shot[j].began + fired.shot[j].lasts > fired.shot[i].began)
				ill |= fired.shot[j].hit;
		CU_ASSERT(count_bits(ill) <= 2);
	}
	EQUAL(count_bits(kinds_of(&fired)), 3);
}

static void what_is_not_survived_is_not_drawn(void)
{
	uint64_t within = 0, beyond = 0;
	uint64_t lost = 1u << FAULT_WIPE | 1u << FAULT_ROT | 1u << FAULT_LYING_SYNC;

	for (unsigned more = 0; more < 2; more++) {
		struct stage stage;
		struct fired fired;

		stage_open(&stage);
		stage.nemesis.beyond_model = more;
		stage.nemesis.every.a = 25 * MS;
		perform(&stage, &fired);
		*(more ? &beyond : &within) = kinds_of(&fired);
	}
	EQUAL(within & lost, 0);
	EQUAL(beyond & lost, lost & ~(1u << FAULT_ROT)); /* they write nothing that could rot */
}

static void restarts_must_be_survived(void)
{
	struct stage stage;
	struct fired fired;

	stage_open(&stage);
	choose(&stage, FAULT_CRASH);
	choose(&stage, FAULT_WRITE_ERROR); /* which kills who does not take it */
	stage.protocol.survives.survives_restart = false;
	perform(&stage, &fired);
	EQUAL(fired.count, 0);
	stage_open(&stage);
	choose(&stage, FAULT_CRASH);
	stage.protocol.survives.survives_lost_unsynced = false;
	perform(&stage, &fired);
	EQUAL(fired.count, 0);
	stage_open(&stage);
	choose(&stage, FAULT_CRASH);
	stage.protocol.survives.survives_reordered_unsynced = false;
	stage.setup.disk.crash = CRASH_REORDER;
	perform(&stage, &fired);
	EQUAL(fired.count, 0);
	stage_open(&stage);
	choose(&stage, FAULT_CRASH);
	stage.protocol.survives.survives_lost_unsynced = false;
	stage.setup.disk.crash = CRASH_KEEP;
	perform(&stage, &fired);
	CU_ASSERT(fired.count > 10);
}

static void drifts_keep_the_bound(void)
{
	for (int32_t bound = 0; bound <= 500; bound += 500) {
		struct stage stage;
		bool any = false;

		stage_open(&stage);
		choose(&stage, FAULT_CLOCK_DRIFT);
		aim(&stage, TARGET_ALL);
		stage.protocol.survives.clock_drift_ppm = bound;
		stage.setup.drift_ppm = bound / 2;
		stage_begin(&stage);
		for (nanoseconds at = S; at < 9 * S; at += 20 * MS) {
			play(&stage, at);
			for (unsigned i = 0; i < PROCESSES; i++) {
				int32_t ppm = world_process(stage.world, (process_id)i)->clock.ppm;

				CU_ASSERT(ppm <= bound && ppm >= -bound);
			}
		}
		for (unsigned i = 0; i < faults_count(stage.world); i++)
			any |= faults_fault(stage.world, i)->amount != 0;
		EQUAL(any, bound != 0);
		CU_ASSERT_PTR_NULL(faults_beyond(stage.world));
		stage_close(&stage);
	}
}

/* ---- Lost disks ------------------------------------------------------------------------------ */

static void all_have_applied(struct stage *stage, uint64_t index)
{
	for (unsigned i = 0; i < PROCESSES; i++)
		world_process(stage->world, (process_id)i)->applied = index;
}

/* Of those that a wipe hit so far. */
static uint64_t wiped(struct stage *stage)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < faults_count(stage->world); i++)
		set |= faults_state(stage->world, i)->hit.processes;
	return set;
}

static void a_lost_disk_is_repaired_before_the_next(void)
{
	struct stage stage;

	stage_open(&stage);
	stage.protocol.survives.survives_wipe = true;
	choose(&stage, FAULT_WIPE);
	aim(&stage, TARGET_RANDOM);
	stage_begin(&stage);
	all_have_applied(&stage, 10);
	play(&stage, 4 * S); /* two are wiped, and come back with nothing: then it is enough */
	EQUAL(count_bits(wiped(&stage)), 2);
	for (unsigned i = 0; i < PROCESSES; i++)
		EQUAL(world_process(stage.world, (process_id)i)->applied,
		      wiped(&stage) >> i & 1 ? 0 : 10);
	all_have_applied(&stage, 10);
	play(&stage, 9 * S);
	CU_ASSERT(count_bits(wiped(&stage)) > 2);
	CU_ASSERT_PTR_NULL(faults_beyond(stage.world));
	stage_close(&stage);
}

/* Three wipes by schedule, a second apart; whoever comes back is repaired, or not. */
static const char *wipe_three(bool repaired)
{
	struct stage stage;
	const char *beyond;

	stage_open(&stage);
	stage.protocol.survives.survives_wipe = true;
	stage.faults.nemesis_count = 0;
	for (unsigned i = 0; i < 3; i++) {
		struct fault *fault = &stage.list[stage.faults.count++];

		*fault = (struct fault){.kind = FAULT_WIPE, .at = (i + 1) * S, .part_count = 1};
		fault->part[0] = (struct target){1, {{TARGET_ENDPOINT, (endpoint_t)i}}};
	}
	stage_begin(&stage);
	all_have_applied(&stage, 10);
	for (unsigned i = 0; i < 3; i++) {
		play(&stage, (i + 1) * S + 500 * MS);
		if (repaired)
			all_have_applied(&stage, 10);
	}
	beyond = faults_beyond(stage.world);
	stage_close(&stage);
	return beyond;
}

static void a_majority_of_lost_disks_is_beyond_any_model(void)
{
	CU_ASSERT_PTR_NULL(wipe_three(true));
	CONTAINS(wipe_three(false), "more than a minority");
}

/* ---- Every kind, in runs --------------------------------------------------------------------- */

#define CHAOS                                                                                      \
	"scenario: 1\nname: test\n"                                                                \
	"cluster: {protocol: raft, nodes: 5, app: kv}\n"                                           \
	"workload: {clients: 3, rate: 50/s, arrival: poisson}\n"                                   \
	"run: {duration: 4s, heal_mode: random}\n"

static struct scenario *parse(const char *text)
{
	struct complaints complaints = {0};
	struct scenario *scenario = scenario_parse("test", text, strlen(text), &complaints);

	if (!scenario)
		complaints_print(stdout, "test", text, &complaints);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scenario);
	return scenario;
}

/* Which kinds fire, and which verdicts there are, over some seeds. */
static uint64_t run_chaos(const char *text, uint64_t seeds, unsigned verdicts[])
{
	struct theatre *theatre = theatre_open(ARENA_BASE);
	struct scenario *scenario = parse(text);
	uint64_t kinds = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(theatre);
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		struct run_result result;

		run_scenario(theatre, scenario, &(struct run_options){.seed = seed}, &result);
		verdicts[result.verdict]++;
		EQUAL(result.faults_never_fired, 0);
		EQUAL(result.faults_fired, faults_count(theatre_world(theatre)));
		for (unsigned i = 0; i < result.faults_fired; i++)
			kinds |= (uint64_t)1 << faults_fault(theatre_world(theatre), i)->kind;
	}
	scenario_free(scenario);
	theatre_close(theatre);
	return kinds;
}

static void every_kind_fires_in_chaos(void)
{
	unsigned verdicts[8] = {0};
	uint64_t fired, survived = 0;
	struct scenario *scenario = parse(CHAOS);

	for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
		if (!fault_beyond((enum fault_number)kind, scenario->groups[0].protocol,
				  scenario->disk.crash))
			survived |= (uint64_t)1 << kind;
	scenario_free(scenario);
	fired = run_chaos(CHAOS "nemesis: [{every: 50ms, for: 200ms}]\n", 40, verdicts);
	for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
		if ((fired ^ survived) >> kind & 1)
			printf("\n  %s %s", fault_kinds[kind].name,
			       fired >> kind & 1 ? "fired" : "never fired");
	CU_ASSERT(fired == survived);
	EQUAL(verdicts[HOLDS], 40);
}

static void beyond_the_model_every_kind_fires_and_convicts_nobody(void)
{
	unsigned verdicts[8] = {0};
	uint64_t fired = run_chaos(
		CHAOS "nemesis: [{every: 50ms, for: 200ms, beyond_model: true}]\n", 40, verdicts);

	for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
		if (!(fired >> kind & 1))
			printf("\n  %s never fired", fault_kinds[kind].name);
		CU_ASSERT(fired >> kind & 1);
	}
	EQUAL(verdicts[VIOLATED], 0);
	CU_ASSERT(verdicts[UNKNOWN] > 0);
}

CU_TestInfo nemesis_tests[] = {
	{"a nemesis draws when it should, for as long and as much as it may",
	 draws_keep_their_time},
	{"nothing is drawn after the heal", a_heal_ends_the_drawing},
	{"calm, fair weather and storm take turns", weather_changes},
	{"a kind that is left out moves no other fault", a_kind_left_out_moves_no_other},
	{"a draw that is taken away moves no other", one_draw_taken_away_moves_no_other},
	{"weights say how often a kind is drawn", weights_are_kept},
	{"each run has a mix of kinds of its own, and never none", each_run_has_a_mix_of_its_own},
	{"with no target said, roles are drawn anew each time", roles_are_drawn_anew},
	{"a draw that finds nobody is no fault", nobody_there_is_no_fault},
	{"a ring holds every process, in an order that is drawn", rings_are_drawn_in_any_order},
	{"clients are spared copies of what they say", clients_are_spared_copies},
	{"what cannot happen is not drawn", what_cannot_happen_is_not_drawn},
	{"at most a minority is down, unless it may go beyond the model",
	 a_minority_is_down_at_most},
	{"failing disks and crashes share one budget", failing_disks_count_as_down},
	{"what the protocol does not survive is drawn only beyond its model",
	 what_is_not_survived_is_not_drawn},
	{"a crash is drawn only where what it loses is survived", restarts_must_be_survived},
	{"drawn drifts, overlapping too, keep the protocol's bound", drifts_keep_the_bound},
	{"a lost disk is repaired before a third one is lost",
	 a_lost_disk_is_repaired_before_the_next},
	{"more lost disks than a minority, unrepaired, are beyond any model",
	 a_majority_of_lost_disks_is_beyond_any_model},
	{"every kind that Raft survives fires in chaos, and Raft survives it",
	 every_kind_fires_in_chaos},
	{"beyond the model every kind fires, and what comes of it is unknown",
	 beyond_the_model_every_kind_fires_and_convicts_nobody},
	CU_TEST_INFO_NULL,
};
