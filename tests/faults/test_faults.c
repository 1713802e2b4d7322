/*
 * Faults as a whole: each kind fires, ends and heals; each tells whom it hit; none disturbs the
 * draws of another. What each does in particular stands in the suites beside this one.
 */
#include "tests/faults/chat_stage.h"

static uint64_t shape_of_wire(struct world *world, struct link *link)
{
	if (!link->wire)
		return 0;
	const struct wire *wire = world_wire(world, link);

	return wire->corrupt * 7 + wire->alter * 5 + wire->bandwidth * 3 + (uint64_t)wire->stretch +
	       wire->drops;
}

/* Statuses, clocks, disks and links: all that faults can bend. */
static uint64_t shape_of_world(struct stage *stage)
{
	uint64_t shape = 0;

	for (unsigned i = 0; i < PROCESSES; i++) {
		struct process *process = world_process(stage->world, (process_id)i);

		shape = shape * 31 + process->status;
		shape = shape * 31 + (uint64_t)process->clock.ppm;
		shape = shape * 31 + (process->disk.slower ? process->disk.slower : 1000);
		shape = shape * 31 + process->disk.failing;
		shape = shape * 31 + process->disk.full;
		shape = shape * 31 + process->disk.lying;
		for (unsigned j = 0; j < PROCESSES; j++) {
			struct link *link = world_link(stage->world, (endpoint_t)i, (endpoint_t)j);

			shape = shape * 31 + link->cuts;
			shape = shape * 31 + link->loss;
			shape = shape * 31 + link->duplicate;
			shape = shape * 31 + link->reorder;
			shape = shape * 31 + shape_of_wire(stage->world, link);
			shape = shape * 31 + (uint64_t)link->slower;
		}
	}
	return shape;
}

static void any_fault(struct stage *stage, enum fault_number kind)
{
	static const int64_t amounts[] = {[AMOUNT_NONE] = 0,
					  [AMOUNT_DURATION] = 7 * MS,
					  [AMOUNT_SHARE] = PROBABILITY_ONE / 2,
					  [AMOUNT_FACTOR] = 3000,
					  [AMOUNT_PPM] = 50000,
					  [AMOUNT_CHOICE] = 0,
					  [AMOUNT_COUNT] = 1,
					  [AMOUNT_BANDWIDTH] = 1000};

	switch (fault_kinds[kind].shape) {
	case FAULT_ON_PROCESSES: on_process(stage, kind, 100 * MS, 100 * MS, N2); break;
	case FAULT_ON_PARTS: in_parts(stage, kind, 100 * MS, 100 * MS, 4); break;
	case FAULT_ON_LINKS: on_link(stage, kind, 100 * MS, 100 * MS, N1, N2); break;
	}
	stage->list[0].amount = amounts[fault_kinds[kind].amount];
}

static void check_history(struct stage *stage, enum fault_number kind, nanoseconds ends)
{
	const struct history_record *begins = history_at(stage->world, 0);
	const struct history_record *over = history_at(stage->world, 1);

	EQUAL(history_count(stage->world), 2);
	EQUAL(begins->type, HISTORY_FAULT_BEGINS);
	EQUAL(begins->operation, kind);
	EQUAL(begins->time, 100 * MS);
	EQUAL(begins->key, faults_state(stage->world, 0)->hit.processes);
	EQUAL(over->type, HISTORY_FAULT_ENDS);
	EQUAL(over->invocation, 0);
	EQUAL(over->time, ends);
}

static void each_kind(void)
{
	for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
		struct stage stage;
		bool lasts = fault_kinds[kind].lasts;

		stage_open(&stage);
		any_fault(&stage, kind);
		stage_begin(&stage);
		uint64_t before = shape_of_world(&stage);

		play(&stage, 99 * MS);
		EQUAL(state(&stage, 0), FAULT_WAITING);
		play(&stage, 150 * MS);
		EQUAL(state(&stage, 0), lasts ? FAULT_ACTIVE : FAULT_OVER);
		if (kind == FAULT_CLOCK_JUMP)
			CU_ASSERT(world_process(stage.world, N2)->clock.wall_ahead == 7 * MS);
		if (kind == FAULT_ROT)
			CU_ASSERT(log_record(&stage, N2) == ROTTEN);
		if (kind != FAULT_CLOCK_JUMP && kind != FAULT_WRITE_ERROR && kind != FAULT_ROT)
			CU_ASSERT(shape_of_world(&stage) != before);
		play(&stage, 300 * MS);
		EQUAL(state(&stage, 0), FAULT_OVER);
		CU_ASSERT(shape_of_world(&stage) == before);
		check_history(&stage, kind, lasts ? 200 * MS : 100 * MS);
		stage_close(&stage);
	}
}

static void each_kind_until_heal(void)
{
	for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
		struct stage stage;

		stage_open(&stage);
		any_fault(&stage, kind);
		stage.list[0].lasts = 0;
		stage.setup.link.loss = 0; /* which a heal stops */
		stage.faults.heal = 500 * MS;
		stage_begin(&stage);
		uint64_t before = shape_of_world(&stage);

		play(&stage, 499 * MS);
		if (fault_kinds[kind].lasts && !fault_kinds[kind].lasts_fallback)
			EQUAL(state(&stage, 0), FAULT_ACTIVE);
		play(&stage, 500 * MS);
		CU_ASSERT(shape_of_world(&stage) == before);
		EQUAL(state(&stage, 0), FAULT_OVER);
		stage_close(&stage);
	}
}

static void table_is_complete(void)
{
	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		const struct fault_kind *kind = &fault_kinds[i];

		CU_ASSERT_FATAL(kind->name && kind->help && kind->begin);
		CU_ASSERT((kind->end != NULL) == kind->lasts);
		CU_ASSERT((kind->shape == FAULT_ON_PARTS) == (kind->parts_min >= 2));
		CU_ASSERT((kind->amount == AMOUNT_CHOICE) == (kind->choices != NULL));
		/* Of a count, 0 alone: which record rots is a choice of its own. */
		CU_ASSERT(kind->amount == AMOUNT_NONE || kind->amount == AMOUNT_COUNT ||
			  kind->drawn_least < kind->drawn_most);
		CU_ASSERT(kind->amount_min <= kind->drawn_least &&
			  kind->drawn_most <= kind->amount_max);
		CU_ASSERT((kind->amount != AMOUNT_NONE) == (kind->amount_key != NULL));
		CU_ASSERT(kind->amount_min <= kind->amount_max);
		CU_ASSERT(kind->amount_fallback == INT64_MIN ||
			  (kind->amount_fallback >= kind->amount_min &&
			   kind->amount_fallback <= kind->amount_max));
	}
	for (unsigned i = TARGET_LEADER; i < TARGET_KINDS; i++)
		CU_ASSERT(target_names[i] != NULL);
}

static void descriptions(void)
{
	struct stage stage;
	struct fault *fault;
	char text[FAULT_TEXT_MAX];

	stage_open(&stage);
	aim(add(&stage, FAULT_CRASH, 100 * MS, 0), 0, TARGET_LEADER);
	on_link(&stage, FAULT_CUT, 100 * MS, 0, N1, N3)->both_ways = true;
	fault = add(&stage, FAULT_DELAY, 100 * MS, 0);
	fault->amount = MS;
	aim(fault, 0, TARGET_CLIENTS);
	aim(fault, 1, TARGET_ALL);
	fault = split(&stage, 100 * MS, 0);
	name(fault, 1, N5);
	name(fault, 1, C1);
	stage_begin(&stage);
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 0, text), "crash");
	play(&stage, 101 * MS);
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 0, text), "crash n2");
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 1, text), "cut n1 <-> n3");
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 2, text), "delay 1ms c1 c2 -> all");
	CU_ASSERT_STRING_EQUAL(faults_describe(stage.world, 3, text),
			       "partition n1 n2 | n3..n5 c1");
	stage_close(&stage);
}

static uint64_t second_target(uint64_t seed, enum fault_number first)
{
	struct stage stage;
	uint64_t hit;

	stage_open(&stage);
	stage.setup.seed = seed;
	aim(add(&stage, first, 100 * MS, 50 * MS), 0, TARGET_RANDOM);
	stage.list[0].amount = 1000;
	aim(add(&stage, FAULT_PAUSE, 300 * MS, 100 * MS), 0, TARGET_RANDOM);
	stage_begin(&stage);
	play(&stage, 400 * MS);
	hit = faults_state(stage.world, 1)->hit.processes;
	stage_close(&stage);
	return hit;
}

static void targets_stand_alone(void)
{
	uint64_t seen = 0;

	for (uint64_t seed = 0; seed < 20; seed++) {
		uint64_t hit = second_target(seed, FAULT_CRASH);

		EQUAL(second_target(seed, FAULT_SLOW_DISK), hit);
		seen |= hit;
	}
	CU_ASSERT(count_bits(seen) > 1);
}

static uint64_t fingerprint_with(nanoseconds at)
{
	struct stage stage;
	uint64_t digest;

	stage_open(&stage);
	on_process(&stage, FAULT_CLOCK_JUMP, at, 0, N1)->amount = MS; /* nobody reads that clock */
	stage_begin(&stage);
	play(&stage, 500 * MS);
	digest = stage.world->digest;
	stage_close(&stage);
	return digest;
}

static void faults_are_fingerprinted(void)
{
	CU_ASSERT(fingerprint_with(100 * MS) == fingerprint_with(100 * MS));
	CU_ASSERT(fingerprint_with(100 * MS) != fingerprint_with(101 * MS));
}

CU_TestInfo faults_tests[] = {
	{"every kind of fault stands in the table with all that it needs", table_is_complete},
	{"every kind of fault fires, ends, and leaves the world as it was", each_kind},
	{"every kind of fault ends at the heal", each_kind_until_heal},
	{"a fault says in words whom it hit", descriptions},
	{"a fault's targets do not depend on other faults", targets_stand_alone},
	{"faults are part of the fingerprint", faults_are_fingerprinted},
	CU_TEST_INFO_NULL,
};
