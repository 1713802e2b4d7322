/* Choices: pure functions of their addresses, and the sources that are asked before the seed. */
#include "tests/tests.h"

#include "sim/world/choice.h"

static const struct distribution latency = {UNIFORM, 1000000, 5000000, 0};

static address_t loss_at(unsigned from, unsigned to, uint32_t ordinal)
{
	return choice_address(CHOICE_LOSS, from, to, 2, ordinal);
}

/* ---- Addresses and the seed ------------------------------------------------------------------ */

static void every_kind_has_a_name_of_its_own(void)
{
	for (int i = 0; i < CHOICE_KINDS; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(choice_kind_names[i]);
		for (int j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(choice_kind_names[i], choice_kind_names[j]);
	}
}

static void no_part_of_an_address_reaches_into_another(void)
{
	EQUAL(choice_address((enum choice_kind)63, 0, 0, 0, 0) >> 58, 63);
	EQUAL(choice_address(0, 1023, 0, 0, 0), (address_t)1023 << 48);
	EQUAL(choice_address(0, 0, 1023, 0, 0), (address_t)1023 << 38);
	EQUAL(choice_address(0, 0, 0, 63, 0), (address_t)63 << 32);
	EQUAL(choice_address(0, 0, 0, 0, UINT32_MAX), UINT32_MAX);
}

static void a_choice_depends_on_its_address_and_on_nothing_asked_before(void)
{
	struct choices choices = {.seed = 99};
	nanoseconds forward[100];

	for (uint32_t i = 0; i < 100; i++)
		forward[i] = choose_duration(&choices, loss_at(1, 2, i), &latency);
	for (uint32_t i = 100; i-- > 0;) {
		choose_chance(&choices, loss_at(1, 2, i), PROBABILITY_ONE / 2);
		EQUAL(choose_duration(&choices, loss_at(1, 2, i), &latency), forward[i]);
	}
}

static void the_seed_alone_decides_the_same_everywhere(void)
{
	struct choices choices = {.seed = 42};
	address_t address = choice_address(CHOICE_LATENCY, 0, 1, 3, 7);

	EQUAL(choose_duration(&choices, address, &latency), 3352924);
	EQUAL(choose_below(&choices, address, 1000), 588);
	choices.seed = 43;
	EQUAL(choose_below(&choices, address, 1000), 78);
}

static void a_chance_comes_as_often_as_it_says(void)
{
	struct choices choices = {.seed = 5};
	int lost = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		address_t address = loss_at(3, 4, i);

		lost += choose_chance(&choices, address, PROBABILITY_ONE / 100);
		CU_ASSERT_FALSE(choose_chance(&choices, address, 0));
		CU_ASSERT_TRUE(choose_chance(&choices, address, PROBABILITY_ONE));
	}
	CU_ASSERT(abs(lost - 1000) < 5 * 32); /* five standard deviations */
}

/* ---- Neighbours ------------------------------------------------------------------------------ */

/* One 32-bit draw of neighbour `index` in some direction. */
typedef uint32_t (*neighbour)(uint32_t index);

static uint32_t draw_at(uint64_t seed, address_t address)
{
	struct choices choices = {.seed = seed};
	struct pcg32 pcg = choice_pcg(&choices, address);

	return pcg32_next(&pcg);
}

static uint32_t next_ordinal(uint32_t i)
{
	return draw_at(1, choice_address(CHOICE_LATENCY, 1, 2, 0, i));
}

static uint32_t next_type(uint32_t i)
{
	return draw_at(1, choice_address(CHOICE_LATENCY, 1, 2, i % 64, i / 64));
}

static uint32_t next_receiver(uint32_t i)
{
	return draw_at(1, choice_address(CHOICE_LATENCY, 1, i % 1024, 0, i / 1024));
}

static uint32_t next_sender(uint32_t i)
{
	return draw_at(1, choice_address(CHOICE_LATENCY, i % 1024, 1, 0, i / 1024));
}

static uint32_t next_kind(uint32_t i)
{
	return draw_at(
		1, choice_address((enum choice_kind)(i % CHOICE_KINDS), 1, 2, 0, i / CHOICE_KINDS));
}

static uint32_t next_seed(uint32_t i)
{
	return draw_at(i, choice_address(CHOICE_LATENCY, 1, 2, 0, 0));
}

static uint32_t second_draw(uint32_t i)
{
	struct choices choices = {.seed = 1};
	struct pcg32 pcg = choice_pcg(&choices, loss_at(1, 2, i / 2));

	if (i % 2)
		pcg32_next(&pcg);
	return pcg32_next(&pcg);
}

/*
 * How uneven the pairs of neighbouring draws fall into 16 x 16 boxes, as chi-square: about 255 for
 * independent draws, with a standard deviation of 22.6. `shift` tells which four bits are looked
 * at.
 */
static double pair_unevenness(neighbour draw, unsigned shift)
{
	enum { PAIRS = 1 << 16, BOXES = 256 };
	int counts[BOXES] = {0};
	double sum = 0, expected = (double)PAIRS / BOXES;

	for (uint32_t i = 0; i < PAIRS; i++)
		counts[(draw(2 * i) >> shift & 15) << 4 | (draw(2 * i + 1) >> shift & 15)]++;
	for (int i = 0; i < BOXES; i++)
		sum += (counts[i] - expected) * (counts[i] - expected) / expected;
	return sum;
}

static void neighbouring_addresses_draw_independently(void)
{
	static const neighbour neighbours[] = {next_ordinal, next_type, next_receiver, next_sender,
					       next_kind,    next_seed, second_draw};

	for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
		for (unsigned shift = 0; shift <= 28; shift += 14) {
			double unevenness = pair_unevenness(neighbours[i], shift);

			if (unevenness < 255 - 4.5 * 22.6 || unevenness > 255 + 4.5 * 22.6)
				printf("\n  neighbour %zu, bits from %u: %.1f", i, shift,
				       unevenness);
			CU_ASSERT(unevenness > 255 - 4.5 * 22.6 && unevenness < 255 + 4.5 * 22.6);
		}
	}
}

/* Each bit of an address and of the seed turns about half of the bits of a draw. */
static void one_bit_of_an_address_turns_half_of_a_draw(void)
{
	enum { TRIALS = 2000 };

	for (unsigned bit = 0; bit < 128; bit++) {
		unsigned turned = 0;

		for (uint32_t i = 0; i < TRIALS; i++) {
			address_t address = choice_address(CHOICE_TIMER, 1, 0, 1, i);
			uint64_t of_seed = bit < 64 ? 0 : (uint64_t)1 << (bit - 64);
			address_t of_address = bit < 64 ? (address_t)1 << bit : 0;

			turned += count_bits(draw_at(7, address) ^
					     draw_at(7 ^ of_seed, address ^ of_address));
		}
		/* of 64,000 bits; the standard deviation is 126 */
		CU_ASSERT(turned > 32000 - 6 * 126 && turned < 32000 + 6 * 126);
	}
}

/* ---- Overrides ------------------------------------------------------------------------------- */

static void an_override_loses_the_third_message_and_no_other(void)
{
	uint32_t observed[OBSERVATION_COUNT] = {0};
	struct override list[] = {{.address = loss_at(0, 1, 3), .value = 1}};
	struct overrides overrides;
	struct choices choices = {1, &overrides.source};

	overrides_init(&overrides, list, 1, observed);
	for (uint32_t i = 0; i < 10; i++) {
		/* a link that loses nothing by itself, and ordinals that began elsewhere */
		EQUAL(choose_chance(&choices, loss_at(0, 1, 40 + i), 0), i == 2);
		EQUAL(choose_chance(&choices, loss_at(1, 0, 40 + i), 0), 0);
		EQUAL(choose_chance(&choices, loss_at(0, 2, 40 + i), 0), 0);
		EQUAL(choose_chance(&choices, choice_address(CHOICE_LOSS, 0, 1, 3, i), 0), 0);
		EQUAL(choose_chance(&choices, choice_address(CHOICE_DUPLICATE, 0, 1, 2, i), 0), 0);
	}
}

static void an_override_can_spare_a_message_that_the_seed_would_lose(void)
{
	uint32_t observed[OBSERVATION_COUNT] = {0};
	struct override list[] = {{.address = loss_at(0, 1, 2), .value = 0}};
	struct overrides overrides;
	struct choices choices = {1, &overrides.source};

	overrides_init(&overrides, list, 1, observed);
	for (uint32_t i = 0; i < 4; i++)
		EQUAL(choose_chance(&choices, loss_at(0, 1, i), PROBABILITY_ONE), i != 1);
}

static void an_override_counts_from_its_anchor(void)
{
	uint32_t observed[OBSERVATION_COUNT] = {0};
	struct override list[] = {
		{.address = loss_at(0, 1, 2),
		 .anchor = SAW_LEADER_ELECTED,
		 .anchor_count = 2,
		 .value = 1},
	};
	struct overrides overrides;
	struct choices choices = {1, &overrides.source};

	overrides_init(&overrides, list, 1, observed);
	for (uint32_t i = 0; i < 20; i++) {
		observed[SAW_VOTED] = i;
		observed[SAW_LEADER_ELECTED] = i / 5; /* the second happens before message 10 */
		EQUAL(choose_chance(&choices, loss_at(0, 1, i), 0), i == 11);
	}
	overrides_init(&overrides, list, 1, observed); /* a new run counts anew */
	EQUAL(choose_chance(&choices, loss_at(0, 1, 0), 0), 0);
	EQUAL(choose_chance(&choices, loss_at(0, 1, 1), 0), 1);
}

static void what_no_override_names_stays_as_the_seed_has_it(void)
{
	uint32_t observed[OBSERVATION_COUNT] = {0};
	struct override list[] = {{.address = loss_at(0, 1, 5), .value = 1}};
	struct overrides overrides;
	struct choices with = {1, &overrides.source}, without = {1, NULL};

	overrides_init(&overrides, list, 1, observed);
	for (uint32_t i = 0; i < 1000; i++) {
		address_t address = loss_at(0, 1, i), other = loss_at(2, 1, i);
		bool lost = choose_chance(&with, address, PROBABILITY_ONE / 2);

		EQUAL(lost, i == 4 || choose_chance(&without, address, PROBABILITY_ONE / 2));
		EQUAL(choose_below(&with, other, 9), choose_below(&without, other, 9));
		EQUAL(choose_duration(&with, other, &latency),
		      choose_duration(&without, other, &latency));
	}
}

static void an_override_may_say_a_duration_or_the_last_alternative(void)
{
	uint32_t observed[OBSERVATION_COUNT] = {0};
	address_t delay = choice_address(CHOICE_LATENCY, 0, 1, 2, 1);
	address_t target = choice_address(CHOICE_TARGET, 0, 0, 0, 1);
	struct override list[] = {
		{.address = delay, .value = 7000000000},
		{.address = target, .value = 12},
	};
	struct overrides overrides;
	struct choices choices = {1, &overrides.source};

	overrides_init(&overrides, list, 2, observed);
	EQUAL(choose_duration(&choices, delay, &latency), 7000000000);
	EQUAL(choose_below(&choices, target, 5), 4);
	overrides_init(&overrides, list, 2, observed);
	EQUAL(choose_below(&choices, target, 1), 0); /* there is nothing to choose */
}

/* ---- Tape ------------------------------------------------------------------------------------ */

static void a_tape_says_a_byte_a_choice(void)
{
	static const uint8_t bytes[] = {0, 6, 5, 0, 255};
	struct tape tape;
	struct choices choices = {1, &tape.source};

	tape_init(&tape, bytes, sizeof(bytes));
	EQUAL(choose_chance(&choices, loss_at(0, 1, 0), PROBABILITY_ONE / 2), 0);
	EQUAL(choose_chance(&choices, loss_at(0, 1, 1), 1), 1);
	EQUAL(choose_below(&choices, loss_at(0, 1, 2), 3), 2);
	EQUAL(choose_below(&choices, loss_at(0, 1, 3), 3), 0);
	EQUAL(choose_below(&choices, loss_at(0, 1, 4), 100), 55);
	EQUAL(tape.position, 5);
}

static void an_exhausted_tape_is_benign(void)
{
	static const uint8_t bytes[] = {1};
	struct tape tape;
	struct choices choices = {1, &tape.source};

	tape_init(&tape, bytes, sizeof(bytes));
	EQUAL(choose_chance(&choices, loss_at(0, 1, 0), PROBABILITY_ONE), 1);
	for (uint32_t i = 1; i < 100; i++) {
		EQUAL(choose_chance(&choices, loss_at(0, 1, i), PROBABILITY_ONE), 0);
		EQUAL(choose_below(&choices, loss_at(0, 1, i), 64), 0);
	}
}

static void a_tape_spends_nothing_on_what_is_no_choice(void)
{
	static const uint8_t bytes[] = {9, 9, 9};
	struct tape tape;
	struct choices choices = {1, &tape.source};

	tape_init(&tape, bytes, sizeof(bytes));
	EQUAL(choose_chance(&choices, loss_at(0, 1, 0), 0), 0);
	EQUAL(choose_below(&choices, loss_at(0, 1, 0), 1), 0);
	EQUAL(tape.position, 0);
}

static void durations_stay_with_the_seed_unless_the_tape_claims_them(void)
{
	static const uint8_t bytes[] = {0, 8, 160, 255};
	struct tape tape;
	struct choices choices = {1, &tape.source}, seed = {1, NULL};
	address_t address = choice_address(CHOICE_LATENCY, 0, 1, 0, 0);
	nanoseconds unclaimed = choose_duration(&seed, address, &latency);

	tape_init(&tape, bytes, sizeof(bytes));
	EQUAL(choose_duration(&choices, address, &latency), unclaimed);
	EQUAL(tape.position, 0);
	tape.claims_time = true;
	EQUAL(choose_duration(&choices, address, &latency), unclaimed); /* a zero */
	EQUAL(choose_duration(&choices, address, &latency), 2);
	EQUAL(choose_duration(&choices, address, &latency), 1 << 20);
	EQUAL(choose_duration(&choices, address, &latency), 3938502375); /* 2^31.875 */
	EQUAL(choose_duration(&choices, address, &latency), unclaimed);  /* exhausted */
}

/* ---- Enumerator ------------------------------------------------------------------------------ */

static void the_enumerator_takes_every_path_once_and_in_order(void)
{
	struct enumerator enumerator;
	struct choices choices = {1, &enumerator.source};
	unsigned paths = 0;

	enumerator_init(&enumerator, (uint64_t)1 << CHOICE_LOSS | (uint64_t)1 << CHOICE_TARGET);
	do {
		unsigned first = choose_chance(&choices, loss_at(0, 1, 0), 1);
		unsigned second = choose_below(&choices, choice_address(CHOICE_TARGET, 0, 0, 0, 0),
					       3);
		unsigned third = choose_below(&choices, loss_at(0, 1, 1), 2);

		EQUAL(first * 6 + second * 2 + third, paths);
		paths++;
	} while (enumerator_next(&enumerator) && paths < 100);
	EQUAL(paths, 2 * 3 * 2);
	CU_ASSERT_FALSE(enumerator.beyond);
}

/* A tree whose branches differ: how many choices follow depends on those before. */
static void the_enumerator_follows_a_ragged_tree(void)
{
	struct enumerator enumerator;
	struct choices choices = {1, &enumerator.source};
	unsigned leaves[4] = {0}, paths = 0;

	enumerator_init(&enumerator, (uint64_t)1 << CHOICE_LOSS);
	do {
		unsigned first = choose_below(&choices, loss_at(0, 1, 0), 4);
		unsigned leaf = 0;

		for (uint32_t i = 1; i <= first; i++)
			leaf = leaf * 2 + choose_below(&choices, loss_at(0, 1, i), 2);
		EQUAL(leaf, leaves[first]);
		leaves[first]++;
		paths++;
	} while (enumerator_next(&enumerator) && paths < 100);
	for (unsigned i = 0; i < 4; i++)
		EQUAL(leaves[i], 1u << i);
}

static void the_enumerator_leaves_time_and_other_kinds_to_the_seed(void)
{
	struct enumerator enumerator;
	struct choices choices = {1, &enumerator.source}, seed = {1, NULL};
	unsigned paths = 0;

	enumerator_init(&enumerator, (uint64_t)1 << CHOICE_LOSS);
	do {
		address_t other = choice_address(CHOICE_DUPLICATE, 0, 1, 0, paths);

		EQUAL(choose_chance(&choices, other, PROBABILITY_ONE / 2),
		      choose_chance(&seed, other, PROBABILITY_ONE / 2));
		EQUAL(choose_duration(&choices, loss_at(0, 1, paths), &latency),
		      choose_duration(&seed, loss_at(0, 1, paths), &latency));
		EQUAL(choose_chance(&choices, loss_at(0, 1, 0), 0), 0); /* never branches */
		choose_chance(&choices, loss_at(0, 1, 1), PROBABILITY_ONE);
		paths++;
	} while (enumerator_next(&enumerator) && paths < 100);
	EQUAL(paths, 2);
}

static void beyond_its_depth_the_enumerator_is_benign_and_says_so(void)
{
	struct enumerator enumerator;
	struct choices choices = {1, &enumerator.source};

	enumerator_init(&enumerator, (uint64_t)1 << CHOICE_LOSS);
	for (uint32_t run = 0; run < 3; run++) {
		for (uint32_t i = 0; i < ENUMERATOR_DEPTH - 2; i++)
			EQUAL(choose_below(&choices, loss_at(0, 1, i), 2), 0);
		EQUAL(choose_below(&choices, loss_at(0, 1, 98), 2), run / 2);
		EQUAL(choose_below(&choices, loss_at(0, 1, 99), 2), run % 2);
		EQUAL(enumerator.beyond, run > 0);
		EQUAL(choose_below(&choices, loss_at(0, 1, 100), 2), 0);
		CU_ASSERT_TRUE(enumerator.beyond);
		CU_ASSERT_TRUE(enumerator_next(&enumerator));
	}
}

CU_TestInfo choice_tests[] = {
	{"every kind has a name of its own", every_kind_has_a_name_of_its_own},
	{"no part of an address reaches into another", no_part_of_an_address_reaches_into_another},
	{"a choice depends on its address and on nothing asked before",
	 a_choice_depends_on_its_address_and_on_nothing_asked_before},
	{"the seed alone decides the same everywhere", the_seed_alone_decides_the_same_everywhere},
	{"a chance comes as often as it says", a_chance_comes_as_often_as_it_says},
	{"neighbouring addresses draw independently", neighbouring_addresses_draw_independently},
	{"one bit of an address turns half of a draw", one_bit_of_an_address_turns_half_of_a_draw},
	{"an override loses the third message and no other",
	 an_override_loses_the_third_message_and_no_other},
	{"an override can spare a message that the seed would lose",
	 an_override_can_spare_a_message_that_the_seed_would_lose},
	{"an override counts from its anchor", an_override_counts_from_its_anchor},
	{"what no override names stays as the seed has it",
	 what_no_override_names_stays_as_the_seed_has_it},
	{"an override may say a duration, or the last alternative",
	 an_override_may_say_a_duration_or_the_last_alternative},
	{"a tape says a byte a choice", a_tape_says_a_byte_a_choice},
	{"an exhausted tape is benign", an_exhausted_tape_is_benign},
	{"a tape spends nothing on what is no choice", a_tape_spends_nothing_on_what_is_no_choice},
	{"durations stay with the seed unless the tape claims them",
	 durations_stay_with_the_seed_unless_the_tape_claims_them},
	{"the enumerator takes every path once and in order",
	 the_enumerator_takes_every_path_once_and_in_order},
	{"the enumerator follows a ragged tree", the_enumerator_follows_a_ragged_tree},
	{"the enumerator leaves time and other kinds to the seed",
	 the_enumerator_leaves_time_and_other_kinds_to_the_seed},
	{"beyond its depth the enumerator is benign, and says so",
	 beyond_its_depth_the_enumerator_is_benign_and_says_so},
	CU_TEST_INFO_NULL,
};
