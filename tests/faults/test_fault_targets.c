/* Whom a fault hits, and when a role has nobody to fill it. */
#include "tests/faults/chat_stage.h"

static void roles_are_waited_for(void)
{
	struct stage stage;

	stage_open(&stage);
	stage.options.leads_after = 300 * MS;
	aim(add(&stage, FAULT_CRASH, 100 * MS, 100 * MS), 0, TARGET_LEADER);
	stage_begin(&stage);
	play(&stage, 299 * MS);
	EQUAL(state(&stage, 0), FAULT_WAITING);
	play(&stage, 330 * MS);
	EQUAL(state(&stage, 0), FAULT_ACTIVE);
	EQUAL(faults_state(stage.world, 0)->hit.processes, 1u << N2);
	nanoseconds began = faults_state(stage.world, 0)->began;

	CU_ASSERT(began > 300 * MS);
	play(&stage, 600 * MS); /* its time counts from the moment when it fired */
	EQUAL(faults_state(stage.world, 0)->ended, began + 100 * MS);
	stage_close(&stage);
}

static void unfilled_roles_never_fire(void)
{
	struct stage stage;

	stage_open(&stage);
	stage.options.leads_after = 100000 * MS;
	aim(add(&stage, FAULT_CRASH, 100 * MS, 100 * MS), 0, TARGET_LEADER);
	stage_begin(&stage);
	play(&stage, 599 * MS);
	EQUAL(state(&stage, 0), FAULT_WAITING);
	play(&stage, 620 * MS);
	EQUAL(state(&stage, 0), FAULT_NEVER_FIRED);
	EQUAL(history_count(stage.world), 0);
	stage_close(&stage);
}

/* The sets that a two-part fault hits, for one seed. */
static void sets(uint64_t seed, enum target_kind first, enum target_kind second, uint64_t hit[2])
{
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	stage.setup.seed = seed;
	on_process(&stage, FAULT_CRASH, 50 * MS, 0, N5);
	fault = add(&stage, FAULT_CUT, 100 * MS, 0);
	aim(fault, 0, first);
	aim(fault, 1, second);
	stage_begin(&stage);
	play(&stage, 101 * MS);
	hit[0] = hit[1] = 0;
	for (unsigned from = 0; from < PROCESSES; from++)
		for (unsigned to = 0; to < PROCESSES; to++)
			if (from != to && cuts(&stage, (endpoint_t)from, (endpoint_t)to)) {
				hit[0] |= (uint64_t)1 << from;
				hit[1] |= (uint64_t)1 << to;
			}
	stage_close(&stage);
}

static void roles_are_filled(void)
{
	uint64_t hit[2], minorities = 0, followers = 0, everyone = (1u << PROCESSES) - 1;

	for (uint64_t seed = 0; seed < 40; seed++) {
		sets(seed, TARGET_LEADER, TARGET_REST, hit);
		EQUAL(hit[0], 1u << N2);
		EQUAL(hit[1], everyone & ~(1u << N2));
		sets(seed, TARGET_RANDOM_MINORITY, TARGET_REST, hit);
		EQUAL(count_bits(hit[0]), 2);
		EQUAL(hit[1], everyone & ~hit[0]);
		minorities |= hit[0];
		sets(seed, TARGET_FOLLOWER, TARGET_RANDOM_MAJORITY, hit);
		EQUAL(count_bits(hit[0]), 1);
		EQUAL(hit[0] & (1u << N2 | 1u << N5), 0); /* N2 leads, N5 is down */
		EQUAL(count_bits(hit[1]), 3);
		EQUAL(hit[0] & hit[1], 0);
		followers |= hit[0];
		sets(seed, TARGET_RANDOM, TARGET_ALL, hit);
		EQUAL(hit[0] & 1u << N5, 0);
	}
	EQUAL(minorities, everyone);
	EQUAL(followers, 1u << N1 | 1u << N3 | 1u << N4);
}

static void half_is_no_minority(void)
{
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	stage.setup.groups[0].members = 4;
	aim(add(&stage, FAULT_CRASH, 100 * MS, 0), 0, TARGET_RANDOM_MINORITY);
	fault = add(&stage, FAULT_CUT, 100 * MS, 0);
	aim(fault, 0, TARGET_REST);
	aim(fault, 1, TARGET_RANDOM_MAJORITY);
	stage_begin(&stage);
	play(&stage, 101 * MS);
	EQUAL(count_bits(faults_state(stage.world, 0)->hit.processes), 1);
	EQUAL(faults_state(stage.world, 1)->hit.processes, 15); /* three, and the rest: one */
	EQUAL(state(&stage, 1), FAULT_ACTIVE);
	stage_close(&stage);
}

static void named_before_roles(void)
{
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	fault = add(&stage, FAULT_PARTITION, 100 * MS, 0);
	aim(fault, 0, TARGET_RANDOM_MAJORITY);
	name(fault, 1, N1);
	aim(fault, 1, TARGET_CLIENTS);
	aim(fault, 2, TARGET_REST);
	stage_begin(&stage);
	play(&stage, 101 * MS);
	const struct fault_state *fired = faults_state(stage.world, 0);
	char text[FAULT_TEXT_MAX];

	EQUAL(fired->state, FAULT_ACTIVE);
	EQUAL(fired->hit.processes, (1u << PROCESSES) - 1);
	EQUAL(fired->hit.clients[0], 3);
	CONTAINS(faults_describe(stage.world, 0, text), "partition n");
	CONTAINS(text, " | n1 c1 c2 | n");
	stage_close(&stage);
}

CU_TestInfo fault_targets_tests[] = {
	{"a role that nobody fills is waited for", roles_are_waited_for},
	{"after five patiences a fault has never fired", unfilled_roles_never_fire},
	{"roles are filled by who they say", roles_are_filled},
	{"half of the processes is no minority", half_is_no_minority},
	{"named endpoints are taken before roles, and the rest is last", named_before_roles},
	CU_TEST_INFO_NULL,
};
