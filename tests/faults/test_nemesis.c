/* What a nemesis draws: when, which kinds and whom; and that each draw stands alone. */
#include "tests/faults/trial.h"

#include "sim/run/run.h"

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
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial_choose(&trial, FAULT_SLOW_DISK);
	trial_aim(&trial, TARGET_ALL);
	trial_perform(&trial, &fired);
	EQUAL(fired.count, 80);
	for (unsigned i = 0; i < fired.count; i++) {
		EQUAL(fired.shot[i].began, S + (i + 1) * 100 * MS);
		EQUAL(fired.shot[i].hit, (1u << PROCESSES) - 1);
		CU_ASSERT(fired.shot[i].lasts > 50 * MS && fired.shot[i].lasts <= 500 * MS + 1);
		CU_ASSERT(fired.shot[i].amount >= 2000 && fired.shot[i].amount <= 100000);
	}
}

static void draws_are_a_millisecond_apart_at_least(void)
{
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial_choose(&trial, FAULT_CLOCK_JUMP);
	trial_aim(&trial, TARGET_ALL);
	trial.nemesis.every.a = 0;
	trial.nemesis.between[1] = trial.nemesis.between[0] + 100 * MS;
	trial_perform(&trial, &fired);
	EQUAL(fired.count, 100);
}

static void a_heal_ends_the_drawing(void)
{
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial_choose(&trial, FAULT_CLOCK_JUMP);
	trial.faults.heal = 3050 * MS;
	trial_perform(&trial, &fired);
	CU_ASSERT_FATAL(fired.count > 0 && fired.count <= 20);
	CU_ASSERT(fired.shot[fired.count - 1].began < 3050 * MS);
}

/* A stretch lasts at least a second of these eight, with none, as many, or four times as many. */
static void weather_changes(void)
{
	unsigned calms = 0, storms = 0;

	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct trial trial;
		struct fired fired;
		unsigned calm = 0;

		trial_open(&trial);
		trial.setup.seed = seed;
		trial.nemesis.weather = WEATHER_CHANGING;
		trial_choose(&trial, FAULT_CLOCK_JUMP);
		trial_aim(&trial, TARGET_RANDOM);
		trial_perform(&trial, &fired);
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
	struct trial trial;
	struct fired with, without;
	unsigned taken = 0;

	trial_open(&trial);
	trial_choose(&trial, FAULT_SLOW_DISK);
	trial_choose(&trial, FAULT_CLOCK_JUMP);
	trial_choose(&trial, FAULT_DELAY);
	trial_perform(&trial, &with);
	trial_open(&trial);
	trial_choose(&trial, FAULT_CLOCK_JUMP);
	trial_choose(&trial, FAULT_DELAY);
	trial_perform(&trial, &without);
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
	struct trial trial;
	struct fired with, without;

	trial_open(&trial);
	trial_choose(&trial, FAULT_SLOW_DISK);
	trial_choose(&trial, FAULT_PARTITION);
	trial_aim(&trial, TARGET_RANDOM_MINORITY);
	trial_perform(&trial, &with);
	trial_open(&trial);
	trial_choose(&trial, FAULT_SLOW_DISK);
	trial_choose(&trial, FAULT_PARTITION);
	trial_aim(&trial, TARGET_RANDOM_MINORITY);
	overrides_init(&overrides, &away, 1, observed);
	trial.source = &overrides.source;
	trial_perform(&trial, &without);
	EQUAL(with.count, 80);
	EQUAL(without.count, 79);
	for (unsigned i = 0; i < without.count; i++)
		CU_ASSERT(same_shot(&without.shot[i], &with.shot[i < 9 ? i : i + 1]));
}

static void weights_are_kept(void)
{
	struct trial trial;
	struct fired fired;
	unsigned jumps = 0;

	trial_open(&trial);
	trial.nemesis.weight[FAULT_CLOCK_JUMP] = 3;
	trial.nemesis.weight[FAULT_SLOW_DISK] = 1;
	trial.nemesis.every.a = 25 * MS;
	trial_aim(&trial, TARGET_ALL);
	trial_perform(&trial, &fired);
	EQUAL(fired.count, 320);
	for (unsigned i = 0; i < fired.count; i++)
		jumps += fired.shot[i].kind == FAULT_CLOCK_JUMP;
	CU_ASSERT(jumps > 215 && jumps < 265);
}

static void each_run_has_a_mix_of_its_own(void)
{
	unsigned with[FAULT_KINDS] = {0};
	uint64_t chosen = 1u << FAULT_CLOCK_JUMP | 1u << FAULT_SLOW_DISK | 1u << FAULT_DELAY;

	for (uint64_t seed = 1; seed <= 80; seed++) {
		struct trial trial;
		struct fired fired;

		trial_open(&trial);
		trial.setup.seed = seed;
		trial.nemesis.swarm = true;
		trial_choose(&trial, FAULT_CLOCK_JUMP);
		trial_choose(&trial, FAULT_SLOW_DISK);
		trial_choose(&trial, FAULT_DELAY);
		trial_aim(&trial, TARGET_RANDOM);
		trial_perform(&trial, &fired);
		EQUAL(fired.count, 80); /* somebody always takes part */
		EQUAL(fired_kinds(&fired) & ~chosen, 0);
		for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
			with[kind] += (unsigned)(fired_kinds(&fired) >> kind & 1);
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
	struct trial trial;
	struct fired fired;
	uint64_t ever = 0, sizes = 0;

	trial_open(&trial);
	trial_choose(&trial, FAULT_SLOW_DISK);
	trial_perform(&trial, &fired);
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
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial_aim(&trial, TARGET_LEADER);
	trial_perform(&trial, &fired);
	for (unsigned i = 0; i < fired.count; i++) /* rings and chains need no leader */
		CU_ASSERT(fired.shot[i].kind == FAULT_RING || fired.shot[i].kind == FAULT_CHAIN);
}

/* All processes stand in it, each once, in an order of its own. */
static void rings_are_drawn_in_any_order(void)
{
	struct trial trial;
	char first[FAULT_TEXT_MAX] = "";
	unsigned orders = 0;

	trial_open(&trial);
	trial_choose(&trial, FAULT_RING);
	trial_begin(&trial);
	trial_play(&trial, 9 * S);
	EQUAL(faults_count(trial.world), 80);
	for (unsigned i = 0; i < faults_count(trial.world); i++) {
		char text[FAULT_TEXT_MAX];

		EQUAL(faults_fault(trial.world, i)->part_count, PROCESSES);
		EQUAL(faults_state(trial.world, i)->hit.processes, (1u << PROCESSES) - 1);
		orders += strcmp(faults_describe(trial.world, i, text), first) != 0;
		memcpy(first, text, sizeof(first));
	}
	CU_ASSERT(orders > 70);
	trial_close(&trial);
}

static void cuts_are_drawn_all_ways(void)
{
	struct trial trial;
	unsigned both = 0, there = 0, back = 0;

	trial_open(&trial);
	trial_choose(&trial, FAULT_DELAY);
	trial_aim(&trial, TARGET_RANDOM);
	trial_begin(&trial);
	trial_play(&trial, 9 * S);
	for (unsigned i = 0; i < faults_count(trial.world); i++) {
		const struct fault *fault = faults_fault(trial.world, i);

		both += fault->both_ways;
		there += !fault->both_ways && fault->part[0].item[0].kind == TARGET_RANDOM;
		back += !fault->both_ways && fault->part[1].item[0].kind == TARGET_RANDOM;
	}
	EQUAL(both + there + back, 80);
	CU_ASSERT(both > 10 && there > 10 && back > 10);
	trial_close(&trial);
}

/* All cannot be parted from the rest; and who is alone can only be parted from clients. */
static void there_is_always_a_rest(void)
{
	for (unsigned members = 1; members <= 3; members += 2) {
		struct trial trial;
		struct fired fired;

		trial_open(&trial);
		trial.setup.groups[0].members = members;
		trial_choose(&trial, FAULT_PARTITION);
		trial_choose(&trial, FAULT_LOSS);
		trial_aim(&trial, TARGET_ALL);
		trial_perform(&trial, &fired);
		EQUAL(fired.count, 80);
		EQUAL(count_bits(fired_kinds(&fired)), 2);
	}
}

/* A source of choices that says more than a kind's amounts reach. */
static void amounts_have_bounds(void)
{
	struct override vast = {.address = draw_address(0, DRAW_AMOUNT, FAULT_SLOW_DISK, 1),
				.value = (uint64_t)1 << 60};
	uint32_t observed[OBSERVATION_COUNT] = {0};
	struct overrides overrides;
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial_choose(&trial, FAULT_SLOW_DISK);
	trial_aim(&trial, TARGET_ALL);
	overrides_init(&overrides, &vast, 1, observed);
	trial.source = &overrides.source;
	trial_perform(&trial, &fired);
	EQUAL(fired.count, 80);
	EQUAL(fired.shot[0].amount, 100000);
}

static void durations_are_whole_milliseconds(void)
{
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial_choose(&trial, FAULT_DELAY);
	trial_choose(&trial, FAULT_CLOCK_JUMP);
	trial_aim(&trial, TARGET_RANDOM);
	trial_perform(&trial, &fired);
	CU_ASSERT(fired.count > 50);
	for (unsigned i = 0; i < fired.count; i++)
		EQUAL(fired.shot[i].amount % MS, 0);
}

static void clients_are_spared_copies(void)
{
	struct trial trial;
	unsigned lossy = 0, twice = 0;

	trial_open(&trial);
	trial_choose(&trial, FAULT_LOSS);
	trial_choose(&trial, FAULT_DUPLICATE);
	trial_aim(&trial, TARGET_RANDOM_MINORITY);
	trial_begin(&trial);
	trial_play(&trial, 9 * S);
	for (unsigned i = 0; i < faults_count(trial.world); i++) {
		bool clients = faults_state(trial.world, i)->hit.clients[0] != 0;
		bool copies = faults_fault(trial.world, i)->kind == FAULT_DUPLICATE;

		CU_ASSERT(!(clients && copies));
		lossy += clients;
		twice += copies;
	}
	CU_ASSERT(lossy > 10);
	CU_ASSERT(twice > 20);
	trial_close(&trial);
}

/* Connections do not repeat anything; and who sends nothing drops nothing by name. */
static void what_cannot_happen_is_not_drawn(void)
{
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial.setup.connections = true;
	trial_choose(&trial, FAULT_DUPLICATE);
	trial_choose(&trial, FAULT_REORDER);
	trial_perform(&trial, &fired);
	EQUAL(fired.count, 0);
	trial_open(&trial);
	trial_choose(&trial, FAULT_DROP);
	trial_aim(&trial, TARGET_RANDOM);
	trial_begin(&trial);
	trial_play(&trial, 9 * S);
	CU_ASSERT(faults_count(trial.world) > 20 && faults_count(trial.world) < 60);
	for (unsigned i = 0; i < faults_count(trial.world); i++)
		CU_ASSERT(faults_fault(trial.world, i)->sort >= MESSAGE_TYPES_MAX);
	trial_close(&trial);
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
	{"draws are a millisecond apart, at least", draws_are_a_millisecond_apart_at_least},
	{"nothing is drawn after the heal", a_heal_ends_the_drawing},
	{"calm, fair weather and storm take turns", weather_changes},
	{"a kind that is left out moves no other fault", a_kind_left_out_moves_no_other},
	{"a draw that is taken away moves no other", one_draw_taken_away_moves_no_other},
	{"weights say how often a kind is drawn", weights_are_kept},
	{"each run has a mix of kinds of its own, and never none", each_run_has_a_mix_of_its_own},
	{"with no target said, roles are drawn anew each time", roles_are_drawn_anew},
	{"a draw that finds nobody is no fault", nobody_there_is_no_fault},
	{"a ring holds every process, in an order that is drawn", rings_are_drawn_in_any_order},
	{"what hits links is drawn in each direction, and in both", cuts_are_drawn_all_ways},
	{"where all are hit, or there is one alone, cuts part them all the same",
	 there_is_always_a_rest},
	{"whatever is drawn, an amount keeps its bounds", amounts_have_bounds},
	{"what is drawn of time is whole milliseconds", durations_are_whole_milliseconds},
	{"clients are spared copies of what they say", clients_are_spared_copies},
	{"what cannot happen is not drawn", what_cannot_happen_is_not_drawn},
	{"every kind that Raft survives fires in chaos, and Raft survives it",
	 every_kind_fires_in_chaos},
	{"beyond the model every kind fires, and what comes of it is unknown",
	 beyond_the_model_every_kind_fires_and_convicts_nobody},
	CU_TEST_INFO_NULL,
};
