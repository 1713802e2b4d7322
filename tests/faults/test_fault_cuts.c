/* What cuts of every shape let pass, and how losses and delays on one link combine. */
#include "tests/faults/chat_stage.h"

static void partition_cuts_parts(void)
{
	struct stage stage;

	stage_open(&stage);
	split(&stage, 100 * MS, 200 * MS);
	stage_begin(&stage);
	play(&stage, 105 * MS);
	uint64_t across = chat(&stage, N1)->heard[N3], back = chat(&stage, N3)->heard[N1];
	uint64_t within = chat(&stage, N1)->heard[N2], other = chat(&stage, N3)->heard[N5];

	play(&stage, 299 * MS);
	EQUAL(chat(&stage, N1)->heard[N3], across);
	EQUAL(chat(&stage, N3)->heard[N1], back);
	CU_ASSERT(chat(&stage, N1)->heard[N2] > within);
	CU_ASSERT(chat(&stage, N3)->heard[N5] > other); /* in no part: reaches everyone */
	EQUAL(cuts(&stage, C1, N1) + cuts(&stage, C1, N3) + cuts(&stage, N3, C1), 0);
	play(&stage, 400 * MS);
	CU_ASSERT(chat(&stage, N1)->heard[N3] > across);
	CU_ASSERT(chat(&stage, N3)->heard[N1] > back);
	stage_close(&stage);
}

static void partition_places_clients(void)
{
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	fault = split(&stage, 100 * MS, 0);
	name(fault, 0, C1);
	stage_begin(&stage);
	play(&stage, 101 * MS);
	EQUAL(cuts(&stage, C1, N1) + cuts(&stage, N2, C1), 0);
	EQUAL(cuts(&stage, C1, N3), 1);
	EQUAL(cuts(&stage, N4, C1), 1);
	EQUAL(cuts(&stage, C1 + 1, N3), 0);
	stage_close(&stage);
}

static void cut_is_one_way(void)
{
	struct stage stage;

	stage_open(&stage);
	on_link(&stage, FAULT_CUT, 100 * MS, 100 * MS, N1, N3);
	on_link(&stage, FAULT_CUT, 100 * MS, 100 * MS, N4, N5)->both_ways = true;
	stage_begin(&stage);
	play(&stage, 150 * MS);
	EQUAL(cuts(&stage, N1, N3), 1);
	EQUAL(cuts(&stage, N3, N1), 0);
	EQUAL(cuts(&stage, N4, N5), 1);
	EQUAL(cuts(&stage, N5, N4), 1);
	play(&stage, 201 * MS);
	EQUAL(cuts(&stage, N1, N3) + cuts(&stage, N4, N5) + cuts(&stage, N5, N4), 0);
	stage_close(&stage);
}

/* Whether messages pass from each of n1 .. n5 to each, as rows of 1 and 0. */
static void check_links(struct stage *stage, const char *const passes[PROCESSES])
{
	for (unsigned from = 0; from < PROCESSES; from++)
		for (unsigned to = 0; to < PROCESSES; to++)
			if (from != to &&
			    passes[from][to] !=
				    "10"[!!cuts(stage, (endpoint_t)from, (endpoint_t)to)])
				CU_FAIL("a link is cut, or not, as it should not be");
}

static const char *const all_pass[PROCESSES] = {"11111", "11111", "11111", "11111", "11111"};

/* Fires one fault of a shape that cuts, and looks at all links. */
static void check_shape(struct stage *stage, const char *const passes[PROCESSES])
{
	stage_begin(stage);
	play(stage, 101 * MS);
	check_links(stage, passes);
	play(stage, 201 * MS);
	check_links(stage, all_pass);
	stage_close(stage);
}

static void bridge_joins_two_sides(void)
{
	static const char *const passes[] = {"11100", "11100", "11111", "00111", "00111"};
	struct stage stage;
	struct fault *fault;

	stage_open(&stage);
	fault = on_process(&stage, FAULT_BRIDGE, 100 * MS, 100 * MS, N3);
	name(fault, 1, N1);
	name(fault, 1, N2);
	aim(fault, 2, TARGET_REST);
	check_shape(&stage, passes);
}

static void ring_leaves_neighbours(void)
{
	static const char *const passes[] = {"11001", "11100", "01110", "00111", "10011"};
	static const char *const of_four[] = {"11011", "11101", "01111", "10111", "11111"};
	struct stage stage;

	stage_open(&stage);
	in_parts(&stage, FAULT_RING, 100 * MS, 100 * MS, 5);
	check_shape(&stage, passes);
	stage_open(&stage); /* n5 is in no part */
	in_parts(&stage, FAULT_RING, 100 * MS, 100 * MS, 4);
	check_shape(&stage, of_four);
}

static void chain_is_an_open_ring(void)
{
	static const char *const passes[] = {"11000", "11100", "01110", "00111", "00011"};
	struct stage stage;

	stage_open(&stage);
	in_parts(&stage, FAULT_CHAIN, 100 * MS, 100 * MS, 5);
	check_shape(&stage, passes);
}

static void isolation_is_from_everyone(void)
{
	static const char *const passes[] = {"10000", "01000", "00111", "00111", "00111"};

	for (int64_t clients = CLIENTS_CUT; clients <= CLIENTS_STAY; clients++) {
		struct stage stage;
		struct fault *fault;

		stage_open(&stage);
		fault = on_process(&stage, FAULT_ISOLATE, 100 * MS, 100 * MS, N1);
		name(fault, 0, N2);
		fault->amount = clients;
		stage_begin(&stage);
		play(&stage, 101 * MS);
		check_links(&stage, passes);
		EQUAL(cuts(&stage, N1, N2), 1);
		EQUAL(cuts(&stage, N1, C1), clients == CLIENTS_CUT);
		EQUAL(cuts(&stage, C1 + 1, N2), clients == CLIENTS_CUT);
		EQUAL(cuts(&stage, C1, N3), 0);
		play(&stage, 201 * MS);
		check_links(&stage, all_pass);
		EQUAL(cuts(&stage, N1, C1) + cuts(&stage, C1 + 1, N2), 0);
		stage_close(&stage);
	}
}

static void losses_combine(void)
{
	struct stage stage;
	struct link *link;
	probability_t base;

	stage_open(&stage);
	on_link(&stage, FAULT_LOSS, 100 * MS, 300 * MS, N1, N2)->amount = PROBABILITY_ONE / 2;
	on_link(&stage, FAULT_LOSS, 200 * MS, 100 * MS, N1, N2)->amount = PROBABILITY_ONE / 2;
	on_link(&stage, FAULT_LOSS, 300 * MS, 50 * MS, N1, N2)->amount = PROBABILITY_ONE;
	stage_begin(&stage);
	link = world_link(stage.world, N1, N2);
	base = link->loss;
	play(&stage, 150 * MS);
	EQUAL(link->loss, PROBABILITY_ONE - (PROBABILITY_ONE - base) / 2);
	play(&stage, 250 * MS);
	EQUAL(link->loss, PROBABILITY_ONE - (PROBABILITY_ONE - base) / 4);
	play(&stage, 310 * MS);
	uint64_t heard = chat(&stage, N2)->heard[N1];

	EQUAL(link->loss, PROBABILITY_ONE);
	EQUAL(world_link(stage.world, N2, N1)->loss, base);
	play(&stage, 349 * MS);
	EQUAL(chat(&stage, N2)->heard[N1], heard);
	play(&stage, 401 * MS);
	EQUAL(link->loss, base);
	stage_close(&stage);
}

static void delays_add(void)
{
	struct stage stage;
	struct link *link;

	stage_open(&stage);
	on_link(&stage, FAULT_DELAY, 100 * MS, 300 * MS, N1, N2)->amount = 40 * MS;
	on_link(&stage, FAULT_DELAY, 200 * MS, 100 * MS, N1, N2)->amount = 50 * MS;
	stage_begin(&stage);
	link = world_link(stage.world, N1, N2);
	play(&stage, 101 * MS);
	EQUAL(link->slower, 40 * MS);
	uint64_t heard = chat(&stage, N2)->heard[N1];

	play(&stage, 140 * MS);
	CU_ASSERT(chat(&stage, N2)->heard[N1] <= heard + 1); /* one was under way */
	play(&stage, 201 * MS);
	EQUAL(link->slower, 90 * MS);
	play(&stage, 301 * MS);
	EQUAL(link->slower, 40 * MS);
	EQUAL(world_link(stage.world, N2, N1)->slower, 0);
	play(&stage, 401 * MS);
	EQUAL(link->slower, 0);
	stage_close(&stage);
}

static void cuts_are_counted(void)
{
	struct stage stage;

	stage_open(&stage);
	split(&stage, 100 * MS, 300 * MS);
	split(&stage, 200 * MS, 100 * MS);
	on_link(&stage, FAULT_CUT, 200 * MS, 400 * MS, N1, N3);
	stage_begin(&stage);
	play(&stage, 250 * MS);
	EQUAL(cuts(&stage, N1, N3), 3);
	play(&stage, 301 * MS); /* the second partition is mended, the first still cuts */
	EQUAL(cuts(&stage, N1, N3), 2);
	EQUAL(cuts(&stage, N3, N1), 1);
	play(&stage, 401 * MS);
	EQUAL(cuts(&stage, N1, N3), 1);
	EQUAL(cuts(&stage, N3, N1), 0);
	play(&stage, 601 * MS);
	EQUAL(cuts(&stage, N1, N3), 0);
	stage_close(&stage);
}

CU_TestInfo fault_cuts_tests[] = {
	{"a partition cuts its parts from each other, and nobody else", partition_cuts_parts},
	{"a partition places the clients that it names", partition_places_clients},
	{"a cut is one-way unless it says otherwise", cut_is_one_way},
	{"a bridge joins two sides that do not reach each other", bridge_joins_two_sides},
	{"in a ring each reaches its neighbours alone", ring_leaves_neighbours},
	{"a chain is a ring that does not close", chain_is_an_open_ring},
	{"who is isolated reaches nobody, and clients only where they stay",
	 isolation_is_from_everyone},
	{"losses on a link combine as independent accidents", losses_combine},
	{"delays on a link add up", delays_add},
	{"healing one partition does not mend what another still cuts", cuts_are_counted},
	CU_TEST_INFO_NULL,
};
