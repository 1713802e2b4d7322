/* What crashes, pauses, wipes and clocks do to processes, alone and several at once. */
#include "tests/faults/chat_stage.h"

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

CU_TestInfo fault_processes_tests[] = {
	{"a crashed process restarts when the fault ends", crash_and_restart},
	{"a crash that ends before the next handler has happened all the same",
	 short_crashes_happen},
	{"a paused process stands still and goes on", pause_and_resume},
	{"a wiped process comes back soon, with an empty disk", wipe_boots_empty},
	{"a clock step moves the wall clock alone, once", clock_jumps},
	{"clock drifts add up, and timers follow", drifts_add},
	{"a process that several faults keep down returns when the last ends", overlapping_crashes},
	{"who is down already cannot crash", the_dead_do_not_crash},
	{"a pause holds across a crash and a shorter pause", pause_outlives_crash},
	CU_TEST_INFO_NULL,
};
