/*
 * Faults of links that still carry messages: each is seen to begin, to do what it says to the
 * messages of its link and of no other, to end, and to be gone after a heal, of all or of a core.
 *
 * Three processes say a number to each other every millisecond, which takes another millisecond.
 */
#include "tests/world/stage.h"

#include "sim/faults/faults.h"

static unsigned heard[3][3], lies, late; /* of whom, by whom */
static struct fault list[8];
static unsigned fault_count;

static void hear(struct env *env, process_id from, unsigned type, uint64_t number, const void *body)
{
	(void)type, (void)body;
	heard[from][env_self(env)]++;
	lies += number % 1000 != 7;
	late += number / 1000 + 1 < (uint64_t)(play.world->now / MS);
}

static void say(struct env *env, unsigned type, uint64_t key)
{
	(void)type;
	for (process_id to = 0; to < 3; to++)
		if (to != env_self(env))
			play_send_after(env, 0, to, PLAIN,
					(uint64_t)(play.world->now / MS) * 1000 + 7);
	env_arm(env, TICK, key, MS, MS);
}

static void begin_saying(struct env *env, enum boot boot)
{
	(void)boot;
	env_arm(env, TICK, 0, MS, MS);
}

/* Of the link from n1 to n2, from 100 to 200 ms. */
static struct fault *on_link(enum fault_number kind, int64_t amount)
{
	struct fault *fault = &list[fault_count++];

	*fault = (struct fault){.kind = kind,
				.at = 100 * MS,
				.lasts = 100 * MS,
				.part_count = 2,
				.part = {{1, {{TARGET_ENDPOINT, 0}}}, {1, {{TARGET_ENDPOINT, 1}}}},
				.amount = amount,
				.sort = PLAIN};
	return fault;
}

static void prepare(void)
{
	play_prepare();
	fault_count = 0;
	play.quiet = true;
	play.setup.link.held_back = (struct distribution){CONSTANT, 20 * MS, 0, 0};
	play.setup.link.buffer = 64;
	play.script.boot = begin_saying;
	play.script.timer = say;
	play.script.message = hear;
	play.above.due[FLOOR_FAULTS] = faults_due;
}

static void begin(nanoseconds heal, enum heal_mode mode)
{
	struct faults_setup setup = {.list = list,
				     .count = fault_count,
				     .patience = 100 * MS,
				     .heal = heal,
				     .heal_mode = mode};

	play_begin();
	faults_begin(play.world, &setup);
}

/* What n2 hears of n1 in the next so many milliseconds. */
static unsigned hears(nanoseconds so_long)
{
	nanoseconds from = play.world->now;

	memset(heard, 0, sizeof(heard));
	lies = late = 0;
	play_run(from + so_long);
	return heard[0][1];
}

/* Before, while and after the fault; nobody else notices. Returns the second. */
static unsigned seen_to_fire_and_heal(void)
{
	begin(0, HEAL_ALL);
	hears(10 * MS);
	EQUAL(hears(80 * MS), 80);
	EQUAL(lies + late, 0);
	hears(20 * MS);
	EQUAL(faults_state(play.world, 0)->state, FAULT_ACTIVE);
	unsigned while_it_lasts = hears(80 * MS);

	for (unsigned from = 0; from < 3; from++)
		for (unsigned to = 0; to < 3; to++)
			if (from != to && (from != 0 || to != 1) && !list[0].both_ways)
				EQUAL(heard[from][to], 80);
	return while_it_lasts;
}

static void then_all_is_well(void)
{
	hears(200 * MS);
	EQUAL(faults_state(play.world, 0)->state, FAULT_OVER);
	EQUAL(hears(80 * MS), 80);
	EQUAL(lies + late, 0);
}

static void a_drop_takes_messages_of_its_name(void)
{
	prepare();
	on_link(FAULT_DROP, (int64_t)PROBABILITY_ONE);
	EQUAL(seen_to_fire_and_heal(), 0);
	CU_ASSERT(play.world->counters.dropped >= 80);
	then_all_is_well();
	prepare();
	on_link(FAULT_DROP, (int64_t)PROBABILITY_ONE)->sort = OTHER;
	EQUAL(seen_to_fire_and_heal(), 80);
	EQUAL(play.world->counters.dropped, 0);
}

static void drops_of_several_names_combine(void)
{
	prepare();
	on_link(FAULT_DROP, (int64_t)PROBABILITY_ONE / 2);
	on_link(FAULT_DROP, (int64_t)PROBABILITY_ONE / 2);
	on_link(FAULT_DROP, (int64_t)PROBABILITY_ONE)->sort = OTHER;
	begin(0, HEAL_ALL);
	play_run(150 * MS);
	struct wire *wire = world_wire(play.world, world_link(play.world, 0, 1));

	EQUAL(world_wire_drops(play.world, wire)[PLAIN], PROBABILITY_ONE / 4 * 3);
	EQUAL(world_wire_drops(play.world, wire)[OTHER], PROBABILITY_ONE);
	EQUAL(world_wire_drops(play.world, wire)[LONG], 0);
}

static void a_drop_tells_its_name(void)
{
	char text[FAULT_TEXT_MAX];

	prepare();
	on_link(FAULT_DROP, (int64_t)PROBABILITY_ONE)->sort = MESSAGE_TYPES_MAX + MESSAGE_REQUEST;
	begin(0, HEAL_ALL);
	play_run(150 * MS);
	CU_ASSERT_STRING_EQUAL(faults_describe(play.world, 0, text), "drop 100% request n1 -> n2");
}

static void a_corrupt_link_loses_to_its_checksum(void)
{
	prepare();
	on_link(FAULT_CORRUPT, (int64_t)PROBABILITY_ONE);
	EQUAL(seen_to_fire_and_heal(), 0);
	CU_ASSERT(play.world->counters.corrupted >= 80);
	EQUAL(play.world->counters.lost, 0);
	then_all_is_well();
}

static void undetected_corruption_makes_every_message_lie(void)
{
	prepare();
	on_link(FAULT_CORRUPT_UNDETECTED, (int64_t)PROBABILITY_ONE);
	EQUAL(seen_to_fire_and_heal(), 80);
	CU_ASSERT(lies + late > 40); /* of a number, any bit may be false */
	CU_ASSERT(play.world->counters.altered >= 80);
	EQUAL(fault_kinds[FAULT_CORRUPT_UNDETECTED].needs, NEEDS_CORRUPTION);
	then_all_is_well();
}

static void duplication_says_everything_twice(void)
{
	prepare();
	on_link(FAULT_DUPLICATE, (int64_t)PROBABILITY_ONE);
	EQUAL(seen_to_fire_and_heal(), 160);
	then_all_is_well();
}

static void reordering_holds_messages_back(void)
{
	prepare();
	on_link(FAULT_REORDER, (int64_t)PROBABILITY_ONE);
	EQUAL(seen_to_fire_and_heal(), 70); /* by twenty: none for the first ten of these */
	EQUAL(late, 70);
	then_all_is_well();
}

static void a_throttle_lets_so_much_pass(void)
{
	prepare();
	on_link(FAULT_BANDWIDTH, 2000); /* a message of eight bytes takes four milliseconds */
	EQUAL(seen_to_fire_and_heal(), 20);
	CU_ASSERT(play.world->counters.overflowed > 50);
	then_all_is_well();
}

static void the_tightest_throttle_counts(void)
{
	prepare();
	play.setup.link.bandwidth = 4000;
	on_link(FAULT_BANDWIDTH, 5000);
	on_link(FAULT_BANDWIDTH, 3000)->lasts = 50 * MS;
	begin(0, HEAL_ALL);
	struct wire *wire = world_wire(play.world, world_link(play.world, 0, 1));

	play_run(120 * MS);
	EQUAL(wire->bandwidth, 3000);
	play_run(170 * MS);
	EQUAL(wire->bandwidth, 4000);
	play_run(220 * MS);
	EQUAL(wire->bandwidth, 4000);
}

static void a_flaky_link_comes_and_goes_both_ways_at_once(void)
{
	prepare();
	on_link(FAULT_FLAKY, 2 * MS)->both_ways = true;
	unsigned there = seen_to_fire_and_heal();

	CU_ASSERT(there > 15 && there < 65);
	EQUAL(heard[1][0], there);
	EQUAL(heard[0][2], 80);
	then_all_is_well();
}

static void all_at_once(void)
{
	for (unsigned kind = FAULT_DROP; kind <= FAULT_FLAKY; kind++)
		on_link((enum fault_number)kind, fault_kinds[kind].amount == AMOUNT_SHARE
							 ? (int64_t)PROBABILITY_ONE / 5
							 : 2 * MS)
			->lasts = 0;
}

static void a_heal_undoes_them_all(void)
{
	prepare();
	all_at_once();
	begin(300 * MS, HEAL_ALL);
	hears(290 * MS);
	CU_ASSERT(heard[0][1] < 200);
	hears(100 * MS);
	EQUAL(hears(80 * MS), 80);
	EQUAL(lies + late, 0);
	EQUAL(world_wire(play.world, world_link(play.world, 0, 1))->bandwidth, 0);
}

/* In the core that is left, whichever it is. */
static void the_heal_of_a_core_undoes_them_too(void)
{
	unsigned both = 0;

	for (uint64_t seed = 0; seed < 12; seed++) {
		prepare();
		play.setup.seed = seed;
		all_at_once();
		begin(300 * MS, HEAL_CORE);
		hears(400 * MS);
		struct counters before = play.world->counters;
		unsigned heard_of = hears(80 * MS);

		EQUAL(lies + late, 0);
		EQUAL(play.world->counters.corrupted, before.corrupted);
		EQUAL(play.world->counters.dropped, before.dropped);
		EQUAL(play.world->counters.altered, before.altered);
		EQUAL(play.world->counters.overflowed, before.overflowed);
		if ((faults_core(play.world) & 3) != 3)
			continue;
		both++;
		EQUAL(heard_of, 80);
	}
	CU_ASSERT(both > 0);
}

/* Each bends what it bends, and leaves what the others bend as they have it. */
static void faults_of_one_link_end_one_by_one(void)
{
	prepare();
	play.setup.link.corrupt = PROBABILITY_ONE / 2;
	play.setup.link.distance = 3 * MS;
	on_link(FAULT_CORRUPT, (int64_t)PROBABILITY_ONE / 2)->lasts = 200 * MS;
	on_link(FAULT_DELAY, 5 * MS)->lasts = 300 * MS;
	on_link(FAULT_CORRUPT_UNDETECTED, (int64_t)PROBABILITY_ONE / 2);
	on_link(FAULT_DUPLICATE, (int64_t)PROBABILITY_ONE / 2);
	on_link(FAULT_DUPLICATE, (int64_t)PROBABILITY_ONE / 2);
	on_link(FAULT_FLAKY, 30 * MS);
	on_link(FAULT_FLAKY, 20 * MS);
	begin(0, HEAL_ALL);
	struct link *link = world_link(play.world, 0, 1);
	struct wire *wire = world_wire(play.world, link);

	play_run(150 * MS);
	EQUAL(wire->corrupt, PROBABILITY_ONE / 4 * 3);
	EQUAL(wire->alter, PROBABILITY_ONE / 2);
	EQUAL(wire->stretch, 20 * MS);
	EQUAL(link->duplicate, PROBABILITY_ONE / 4 * 3);
	EQUAL(link->slower, 8 * MS);
	play_run(250 * MS);
	EQUAL(wire->corrupt, PROBABILITY_ONE / 4 * 3);
	EQUAL(wire->alter, 0);
	play_run(350 * MS);
	EQUAL(wire->corrupt, PROBABILITY_ONE / 2);
	EQUAL(link->slower, 8 * MS);
	play_run(450 * MS);
	EQUAL(link->slower, 3 * MS);
}

CU_TestInfo links_tests[] = {
	{"a drop takes messages of its name, and no others", a_drop_takes_messages_of_its_name},
	{"drops of several names combine", drops_of_several_names_combine},
	{"a drop tells its name", a_drop_tells_its_name},
	{"a corrupt link loses to its checksum", a_corrupt_link_loses_to_its_checksum},
	{"undetected corruption makes every message lie",
	 undetected_corruption_makes_every_message_lie},
	{"duplication says everything twice", duplication_says_everything_twice},
	{"reordering holds messages back", reordering_holds_messages_back},
	{"a throttle lets so much pass", a_throttle_lets_so_much_pass},
	{"the tightest throttle counts, the link's own too", the_tightest_throttle_counts},
	{"a flaky link comes and goes, both ways at once",
	 a_flaky_link_comes_and_goes_both_ways_at_once},
	{"a heal undoes them all", a_heal_undoes_them_all},
	{"the heal of a core undoes them too", the_heal_of_a_core_undoes_them_too},
	{"faults of one link end one by one", faults_of_one_link_end_one_by_one},
	CU_TEST_INFO_NULL,
};
