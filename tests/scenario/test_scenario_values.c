/* Single values: what is written reads back exactly, and nothing overflows. */
#include "sim/scenario/reader.h"
#include "tests/tests.h"

#include "sim/world/pcg.h"

static char *written(const struct key *key, const void *base)
{
	struct text text = {0};

	value_write(key, base, &text);
	return text.bytes;
}

static nanoseconds duration(const char *text)
{
	nanoseconds found = -1;

	return parse_duration(text, &found) ? found : -1;
}

static void durations(void)
{
	EQUAL(duration("0s"), 0);
	EQUAL(duration("1ns"), 1);
	EQUAL(duration("3us"), 3000);
	EQUAL(duration("150ms"), 150000000);
	EQUAL(duration("3s"), 3000000000);
	EQUAL(duration("2m"), 120000000000);
	EQUAL(duration("1h"), 3600000000000);
	EQUAL(duration("1.5s"), 1500000000);
	EQUAL(duration("0.000000001s"), 1);
	EQUAL(duration("007s"), 7000000000);
	EQUAL(duration("9223372036854775807ns"), INT64_MAX);
	EQUAL(duration("9223372036.854775807s"), INT64_MAX);
}

static void no_durations(void)
{
	static const char *const none[] = {
		"",
		"s",
		"1",
		"-1s",
		"+1s",
		" 1s",
		"1 s",
		"1s ",
		"1.s",
		".5s",
		"1e3s",
		"0x1s",
		"1S",
		"ms",
		"1.0.0s",
		"0.5ns",
		"1.5us ",
		"9223372036854775808ns",
		"9223372037s",
		"9223372036.9s",
		"153722867281m",
		"2562048h",
		"18446744073709551616ns",
		"99999999999999999999999999999999999999999999h",
		"340282366920938463463374607431768211456ns",
		"0.0000000001s",
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		nanoseconds found;

		if (parse_duration(none[i], &found))
			printf("\n  \"%s\" was read as a duration\n", none[i]);
		CU_ASSERT(!parse_duration(none[i], &found));
	}
}

/* Writes, reads, and compares, for one key whose value stands at offset 0 of 8 or more bytes. */
static bool survives(const struct key *key, const void *value, size_t size)
{
	char back[64] = {0};
	char *text = written(key, value);
	const char *wrong = value_read(key, text, back);
	bool same = !wrong && !memcmp(value, back, size);

	if (!same)
		printf("\n  \"%s\" %s\n", text, wrong ? wrong : "reads back as something else");
	free(text);
	return same;
}

static void numbers_survive(void)
{
	static const struct key keys[] = {
		{.type = TYPE_DURATION, .width = 8, .min = -INT64_MAX, .max = INT64_MAX},
		{.type = TYPE_COUNT, .width = 8, .max = INT64_MAX},
		{.type = TYPE_PERCENT, .width = 8, .max = INT64_MAX},
		{.type = TYPE_FACTOR, .width = 8, .max = INT64_MAX},
		{.type = TYPE_BYTES, .width = 8, .min = 1, .max = INT64_MAX},
		{.type = TYPE_BANDWIDTH, .width = 8, .max = INT64_MAX},
		{.type = TYPE_RATE, .width = 8, .min = 1, .max = INT64_MAX / 8},
		{.type = TYPE_PROBABILITY, .width = 8, .max = (int64_t)1 << 32},
		{.type = TYPE_PPM, .width = 8, .min = -INT32_MAX, .max = INT32_MAX},
		{.type = TYPE_SKEW, .width = 8, .max = INT64_MAX},
	};
	struct pcg32 pcg = pcg32_seeded(1, 1);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		for (int round = 0; round < 20000; round++) {
			/* Of all sizes, and often round. */
			int64_t value = (int64_t)(pcg32_next64(&pcg) >> pcg32_below(&pcg, 63) >> 1);

			if (pcg32_below(&pcg, 2))
				value -= value % 1000000;
			if (keys[i].min < 0 && pcg32_below(&pcg, 2))
				value = -value;
			if (value < keys[i].min || value > keys[i].max)
				value = keys[i].max - pcg32_below(&pcg, 1000);
			CU_ASSERT(survives(&keys[i], &value, sizeof(value)));
		}
}

static void thresholds_survive(void)
{
	struct text text = {0};
	probability_t back;

	for (probability_t p = 0; p <= PROBABILITY_ONE; p += p < 5000 ? 1 : 104729) {
		text.size = 0;
		write_probability(p, &text);
		CU_ASSERT(!read_probability(text.bytes, &back) && back == p);
	}
	text.size = 0;
	write_probability(PROBABILITY_ONE, &text);
	CU_ASSERT_STRING_EQUAL(text.bytes, "100%");
	text.size = 0;
	write_probability(PROBABILITY_ONE / 1000 + 1, &text);
	CU_ASSERT(!read_probability("0.1%", &back));
	EQUAL(back, 4294967);
	text.size = 0;
	write_probability(back, &text);
	CU_ASSERT_STRING_EQUAL(text.bytes, "0.1%");
	free(text.bytes);
}

/* Rising shares and durations, a few points. */
static struct quantiles any_quantiles(struct pcg32 *pcg)
{
	struct quantiles any = {.count = 2 + pcg32_below(pcg, QUANTILES_MAX - 1)};
	const probability_t step = PROBABILITY_ONE / any.count;
	nanoseconds at = 0;

	for (unsigned i = 0; i < any.count; i++) {
		at += pcg32_below(pcg, 3) * (nanoseconds)pcg32_below(pcg, 1000000);
		any.point[i] = (struct quantile){i * step + (i ? pcg32_below(pcg, 1000) : 0), at};
	}
	any.point[any.count - 1].share = PROBABILITY_ONE;
	return any;
}

static bool same_distribution(const struct distribution *a, const struct distribution *b)
{
	if (a->kind == EMPIRICAL && b->kind == EMPIRICAL)
		return quantiles_equal(distribution_quantiles(a), distribution_quantiles(b));
	return a->kind == b->kind && a->a == b->a && a->b == b->b && a->share == b->share;
}

static void distributions_survive(void)
{
	struct pcg32 pcg = pcg32_seeded(2, 1);

	for (int round = 0; round < 20000; round++) {
		enum type type = round % 2 ? TYPE_DISTRIBUTION : TYPE_OFFSET;
		struct key key = {.type = type, .max = INT64_MAX};
		struct distribution back,
			d = {
				.kind = (enum distribution_kind)pcg32_below(&pcg, DISTRIBUTIONS),
				.a = 1 + (nanoseconds)(pcg32_next64(&pcg) >>
						       pcg32_below(&pcg, 60) >> 4),
			};
		bool percentiles = d.kind == LOGNORMAL || d.kind == PARETO;
		struct quantiles list = any_quantiles(&pcg);

		d.a = !percentiles && !pcg32_below(&pcg, 4) ? 0 : d.a;
		if (d.kind == EMPIRICAL)
			d = (struct distribution){.kind = EMPIRICAL, .share = (uintptr_t)&list};
		else if (d.kind != CONSTANT && d.kind != EXPONENTIAL)
			d.b = d.a + pcg32_below(&pcg, 1000000);
		if (d.kind == BIMODAL)
			d.share = pcg32_next(&pcg);
		char *text = written(&key, &d);
		const char *wrong = value_read(&key, text, &back);
		if (wrong)
			printf("\n  %s %s\n", text, wrong);
		CU_ASSERT(!wrong && same_distribution(&back, &d));
		free(text);
	}
}

static void pairs_survive(void)
{
	struct key range = {.type = TYPE_RANGE, .width = 16, .max = INT64_MAX};
	struct key seeds = {.type = TYPE_SEEDS, .width = 16, .max = INT64_MAX};
	struct pcg32 pcg = pcg32_seeded(3, 1);

	for (int round = 0; round < 5000; round++) {
		int64_t pair[2] = {(int64_t)(pcg32_next64(&pcg) >> pcg32_below(&pcg, 60) >> 2)};

		pair[1] = pair[0] + pcg32_below(&pcg, 3) * 1000;
		CU_ASSERT(survives(&range, pair, sizeof(pair)));
		CU_ASSERT(survives(&seeds, pair, sizeof(pair)));
	}
}

static void rates_are_as_written(void)
{
	struct key rate = {.type = TYPE_RATE, .width = 8, .min = 1, .max = INT64_MAX};
	static const char *const same[] = {"200/s", "1/s", "333/s", "30/m",
					   "7/m",   "1/h", "1M/s",  "none"};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		int64_t interval;

		CU_ASSERT(!value_read(&rate, same[i], &interval));
		char *text = written(&rate, &interval);
		CU_ASSERT_STRING_EQUAL(text, same[i]);
		free(text);
	}
}

static void nearest_names(void)
{
	static const char *const names[] = {"duration",  "warmup", "heal",
					    "heal_mode", "seeds",  "at"};
	static const struct {
		const char *word, *meant;
	} cases[] = {
		{"durtion", "duration"},
		{"duraiton", "duration"},
		{"warmpu", "warmup"},
		{"seed", "seeds"},
		{"healmode", "heal_mode"},
		{"heel", "heal"},
		{"xyzzy", NULL},
		{"", NULL},
		{"zz", NULL},
	};
	char long_word[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *found = did_you_mean(cases[i].word, names, 6);

		CU_ASSERT(cases[i].meant ? found && !strcmp(found, cases[i].meant) : !found);
	}
	CU_ASSERT(!did_you_mean("heal", names, 0));
	memset(long_word, 'h', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = 0;
	CU_ASSERT(!did_you_mean(long_word, names, 6));
	CU_ASSERT(!did_you_mean("h", (const char *const[]){long_word}, 1));
}

static void quotes_are_short(void)
{
	char shown[QUOTE_MAX], text[200];

	CU_ASSERT_STRING_EQUAL(quote("short\ttext", shown), "short text");
	for (size_t size = 0; size < 120; size += 2) {
		text[0] = 'a';
		for (size_t i = 1; i <= size; i += 2)
			memcpy(text + i, "\xC3\xA9", 3);
		text[size + 1] = 0;
		quote(text, shown);
		CU_ASSERT(strlen(shown) < QUOTE_MAX);
		/* No half character: before the dots stands the second byte of a pair. */
		if (size >= QUOTE_MAX)
			CU_ASSERT(shown[strlen(shown) - 4] == '\xA9');
	}
}

static void lists_are_cut_between_names(void)
{
	char list[1000], whole[] = "one, two, three";
	size_t size = 0;

	shorten(whole);
	CU_ASSERT_STRING_EQUAL(whole, "one, two, three");
	for (int i = 0; i < 120; i++)
		size += (size_t)snprintf(list + size, sizeof(list) - size, i ? ", name" : "name");
	shorten(list);
	CU_ASSERT(strlen(list) <= 510);
	CONTAINS(list, "name, name, ...");
	CU_ASSERT_STRING_EQUAL(list + strlen(list) - 9, "name, ...");
}

CU_TestInfo scenario_values_tests[] = {
	{"durations have units, decimals and 63 bits", durations},
	{"what is no duration, or overflows, is none", no_durations},
	{"numbers of every type read back as they were", numbers_survive},
	{"probabilities read back to the same of 2^32 thresholds", thresholds_survive},
	{"distributions read back as they were", distributions_survive},
	{"ranges and seeds read back as they were", pairs_survive},
	{"rates are written as people write them", rates_are_as_written},
	{"did you mean: the nearest name, or none", nearest_names},
	{"what is quoted is short and keeps its characters whole", quotes_are_short},
	{"long lists are cut between two names", lists_are_cut_between_names},
	CU_TEST_INFO_NULL,
};
