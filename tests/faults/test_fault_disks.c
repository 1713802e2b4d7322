/* What faults do to disks: slow, failing, full, lying and rotten. */
#include "tests/faults/chat_stage.h"

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

CU_TestInfo fault_disks_tests[] = {
	{"slow disks are slow, and slownesses multiply", slow_disks_multiply},
	{"write errors kill who cannot handle them, until they end", write_errors_kill},
	{"full disks kill who cannot handle them, until the last has room again", full_disks_kill},
	{"a crash takes what lying syncs said to have kept, until an honest one", lying_syncs_lose},
	{"syncs lie until the last fault that makes them ends", lies_are_counted_by_faults},
	{"rot hits the record that it names, once it is durable", rot_hits_what_it_names},
	{"rot that names no record chooses, whatever else breaks", rot_is_a_choice},
	{"a mended disk does not restart who is crashed by another fault", disk_mended_under_crash},
	CU_TEST_INFO_NULL,
};
