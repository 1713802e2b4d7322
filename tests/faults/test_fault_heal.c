/* The heal: of everything, or of a core that must get on alone. */
#include "tests/faults/chat_stage.h"

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
	char text[FAULT_TEXT_MAX];
	struct stage stage;

	broken_stage(&stage, 1, HEAL_ALL, true);
	EQUAL(faults_core(stage.world), (1u << PROCESSES) - 1);
	for (unsigned i = 0; i < PROCESSES; i++) {
		EQUAL(status(&stage, (process_id)i), UP);
		for (unsigned j = 0; j < PROCESSES; j++)
			EQUAL(cuts(&stage, (endpoint_t)i, (endpoint_t)j), 0);
	}
	EQUAL(history_count(stage.world), 8);
	CU_ASSERT_STRING_EQUAL(faults_describe_heal(stage.world, text), "all");
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

/* Each process stands in one of the three lists, and in the words of the one that it is in. */
static void heal_says_who_is_left(void)
{
	char text[FAULT_TEXT_MAX], words[40];
	unsigned dead = 0, cut = 0, told = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		struct stage stage;

		broken_stage(&stage, seed, HEAL_CORE, false);
		CU_ASSERT_PTR_EQUAL(strstr(faults_describe_heal(stage.world, text), "core n"),
				    text);
		for (process_id i = 0; i < PROCESSES; i++) {
			bool is_dead = faults_dead(stage.world) >> i & 1;
			bool is_cut = faults_cut_for_ever(stage.world) >> i & 1;

			EQUAL(is_dead, status(&stage, i) == DOWN);
			EQUAL(is_cut, cuts(&stage, i, C1) > 0);
			EQUAL((faults_core(stage.world) >> i & 1) + is_dead + is_cut, 1);
			dead += is_dead;
			cut += is_cut;
		}
		EQUAL(strstr(text, " dead") != NULL, faults_dead(stage.world) != 0);
		EQUAL(strstr(text, " cut") != NULL, faults_cut_for_ever(stage.world) != 0);
		if (count_bits(faults_dead(stage.world)) == 1) {
			snprintf(words, sizeof(words), ", n%u dead, n%u cut",
				 lowest_bit(faults_dead(stage.world)) + 1,
				 lowest_bit(faults_cut_for_ever(stage.world)) + 1);
			CONTAINS(text, words);
			told++;
		}
		stage_close(&stage);
	}
	CU_ASSERT(dead > 0);
	CU_ASSERT(cut > 0);
	CU_ASSERT(told > 0);
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

CU_TestInfo fault_heal_tests[] = {
	{"nothing fires after the heal", nothing_fires_after_the_heal},
	{"a heal of everything mends everything", heal_mends_all},
	{"a heal of a core leaves a random quorum, connected and alone", heal_leaves_a_core},
	{"a heal says who is whole, who is dead and who is cut off", heal_says_who_is_left},
	{"a heal may draw whether it mends all or a core", heal_draws_its_mode},
	{"a core does without a wiped disk where it can", core_avoids_wiped_disks},
	CU_TEST_INFO_NULL,
};
