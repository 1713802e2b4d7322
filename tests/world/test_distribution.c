/*
 * Distributions: the committed tables against the C library, the fixed-point functions against it
 * over their whole range, and many draws of each shape against theory. Seeds are fixed, so that a
 * bound of five standard deviations either always holds or never does.
 */
#include "tests/tests.h"

#include <math.h>

#include "sim/world/distribution.h"
#include "sim/world/distribution_tables.h"

#define UNIT ldexpl(1, -32) /* of the fixed-point functions */

/* The probability that a standard normal exceeds x. */
static long double normal_tail(long double x)
{
	return erfcl(x / sqrtl(2)) / 2;
}

static long double normal_density(long double x)
{
	return expl(-x * x / 2) / sqrtl(2 * acosl(-1));
}

/* The standard normal's quantile at p, by bisection. */
static long double normal_quantile(long double p)
{
	long double low = -10, high = 10;

	for (int i = 0; i < 100; i++) {
		long double middle = (low + high) / 2;

		if (normal_tail(-middle) < p)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* A 64-bit number whose leading zeros are as likely to be many as few. */
static uint64_t any_size(struct pcg32 *pcg)
{
	return pcg32_next64(pcg) >> pcg32_below(pcg, 64);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static bool is_fixed(uint64_t value, long double exact, int bits)
{
	return fabsl((long double)value - ldexpl(exact, bits)) <= 1;
}

static void every_constant_of_the_tables_is_right_to_a_unit(void)
{
	CU_ASSERT(is_fixed(LN_2, logl(2), 64));
	CU_ASSERT(is_fixed(LOG2_E, 1 / logl(2), 63));
	CU_ASSERT(is_fixed(LN_100, logl(100), 61));
	CU_ASSERT(is_fixed(Z_99_INVERSE, 1 / normal_quantile(0.99L), 32));
	CU_ASSERT(is_fixed(LOG2_50_INVERSE, 1 / log2l(50), 32));
	/* a tail falls by the density: about 0.0267 a unit there */
	CU_ASSERT(fabsl(normal_tail(ldexpl(Z_99, -62)) - 0.01L) < ldexpl(1, -62));
}

static void every_logarithm_and_power_of_the_tables_is_right_to_a_unit(void)
{
	EQUAL(sizeof(log2_table) / sizeof(log2_table[0]), MANTISSAS);
	EQUAL(sizeof(exp2_table) / sizeof(exp2_table[0]), MANTISSAS);
	for (int i = 0; i < MANTISSAS; i++) {
		long double part = (long double)i / MANTISSAS;

		CU_ASSERT(is_fixed(log2_table[i], log2l(1 + part), 63));
		CU_ASSERT(is_fixed(exp2_table[i], exp2l(part), 63));
	}
}

static void every_quantile_of_the_tables_is_right_to_a_unit(void)
{
	EQUAL(sizeof(normal_table) / sizeof(normal_table[0]), NORMAL_POINTS);
	for (int i = 0; i < NORMAL_POINTS; i++) {
		long double wanted = exp2l(-1 - (i - 1) / (long double)NORMAL_STEPS);

		CU_ASSERT(normal_tail((long double)(normal_table[i] - 1) * UNIT) > wanted);
		CU_ASSERT(normal_tail((long double)(normal_table[i] + 1) * UNIT) < wanted);
	}
}

/* ---- Fixed-point functions ------------------------------------------------------------------- */

enum { TRIALS = 200000 };

static void log2_is_libms_to_a_unit(void)
{
	struct pcg32 pcg = pcg32_seeded(1, 1);
	long double worst = 0;

	for (int i = 0; i < TRIALS; i++) {
		uint64_t x = any_size(&pcg) | 1;

		worst = fmaxl(worst, fabsl((long double)fixed_log2(x) / (1 / UNIT) - log2l(x)));
	}
	CU_ASSERT(worst < 0.51L * UNIT);
	for (unsigned e = 0; e < 64; e++)
		EQUAL(fixed_log2((uint64_t)1 << e), (uint64_t)e << 32);
}

static void exp2_is_libms_rounded_down(void)
{
	struct pcg32 pcg = pcg32_seeded(2, 1);
	int wrong = 0;

	for (int i = 0; i < TRIALS; i++) {
		uint64_t x = pcg32_next64(&pcg) % ((uint64_t)63 << 32);
		long double exact = exp2l((long double)x * UNIT);
		long double error = (long double)fixed_exp2(x) - exact, slack = ldexpl(exact, -58);

		wrong += error > slack || error <= -1 - slack;
	}
	EQUAL(wrong, 0);
	for (unsigned e = 0; e < 63; e++)
		EQUAL(fixed_exp2((uint64_t)e << 32), (uint64_t)1 << e);
}

static void exp2_takes_log2_back(void)
{
	struct pcg32 pcg = pcg32_seeded(3, 1);
	int wrong = 0;

	for (int i = 0; i < TRIALS; i++) {
		uint64_t x = pcg32_next64(&pcg) >> 2 | 1, back = fixed_exp2(fixed_log2(x));

		wrong += fabsl((long double)back - (long double)x) > 1 + ldexpl(x, -33);
	}
	EQUAL(wrong, 0);
}

static void minus_ln_is_libms_to_a_unit_down_to_its_tail(void)
{
	struct pcg32 pcg = pcg32_seeded(4, 1);
	long double worst = 0;

	for (int i = 0; i < TRIALS; i++) {
		uint64_t u = any_size(&pcg);
		long double exact = -logl(ldexpl((long double)u + 0.5L, -64));

		worst = fmaxl(worst, fabsl((long double)fixed_minus_ln(u) * UNIT - exact));
	}
	CU_ASSERT(worst < 1.6L * UNIT);
	EQUAL(fixed_minus_ln(UINT64_MAX), 0);
	CU_ASSERT(is_fixed(fixed_minus_ln(0), 65 * logl(2), 32));
}

/* How far a quantile is off: the tail it leaves, less that asked for, over the density there. */
static long double normal_error(uint64_t u)
{
	long double x = (long double)fixed_normal(u) * UNIT;
	long double below = ldexpl((long double)u + 0.5L, -64);
	long double above = ldexpl((long double)~u + 0.5L, -64);
	long double missed = u >> 63 ? normal_tail(x) - above : below - normal_tail(-x);

	return fabsl(missed / normal_density(x));
}

static void the_normal_quantile_is_right_to_a_millionth_down_to_its_tails(void)
{
	struct pcg32 pcg = pcg32_seeded(5, 1);
	long double worst = 0;
	int lopsided = 0;

	for (int i = 0; i < TRIALS; i++) {
		uint64_t u = any_size(&pcg);

		worst = fmaxl(worst, fmaxl(normal_error(u), normal_error(~u)));
		lopsided += fixed_normal(u) != -fixed_normal(~u);
	}
	CU_ASSERT(worst < 1e-6L);
	EQUAL(lopsided, 0);
	CU_ASSERT(normal_error(0) < 1e-6L);
	CU_ASSERT(normal_error(UINT64_MAX) < 1e-6L);
	CU_ASSERT(normal_error((uint64_t)1 << 63) < 1e-6L);
}

/* Across the seams of the tables too: quantiles never fall where probabilities rise. */
static void quantiles_rise_with_their_probabilities(void)
{
	int falls = 0;

	for (unsigned octave = 1; octave < 64; octave++) {
		uint64_t end = (uint64_t)1 << octave, step = (end >> 12) + 1;

		for (uint64_t u = end - end / 2; u < end; u += step) {
			falls += fixed_normal(u) > fixed_normal(u + step);
			falls += fixed_normal(~u) < fixed_normal(~(u + step));
			falls += fixed_minus_ln(u) < fixed_minus_ln(u + step);
			falls += fixed_log2(u) > fixed_log2(u + 1);
		}
	}
	EQUAL(falls, 0);
}

/* ---- Draws ----------------------------------------------------------------------------------- */

enum { DRAWS = 300000 };

static const struct distribution uniform = {UNIFORM, 1000000, 5000000, 0},
				 wide = {UNIFORM, 3, 3600000000000000, 0},
				 exponential = {EXPONENTIAL, 2000000, 0, 0},
				 normal = {NORMAL, 50000000, 10000000, 0},
				 clipped = {NORMAL, 1000000, 2000000, 0},
				 lognormal = {LOGNORMAL, 20000000, 80000000, 0},
				 bimodal = {BIMODAL, 1000000, 90000000, PROBABILITY_ONE / 20},
				 pareto = {PARETO, 20000000, 80000000, 0};

/* Half of the draws from 1 to 3 ms, four in ten from 3 to 4 ms, the rest from 50 to 90 ms. */
static const struct quantiles measured = {5,
					  {{0, 1000000},
					   {PROBABILITY_ONE / 2, 3000000},
					   {PROBABILITY_ONE / 10 * 9, 4000000},
					   {PROBABILITY_ONE / 10 * 9, 50000000},
					   {PROBABILITY_ONE, 90000000}}};

static struct distribution empirical(const struct quantiles *quantiles)
{
	return (struct distribution){.kind = EMPIRICAL, .share = (uintptr_t)quantiles};
}

static long double quantile_of(const struct quantiles *quantiles, long double p)
{
	const struct quantile *point = quantiles->point;

	while (ldexpl((long double)point[1].share, -32) <= p)
		point++;
	long double from = ldexpl((long double)point[0].share, -32);
	long double to = ldexpl((long double)point[1].share, -32);

	return (long double)point[0].at +
	       (long double)(point[1].at - point[0].at) * (p - from) / (to - from);
}

static long double quantile(const struct distribution *distribution, long double p)
{
	long double a = (long double)distribution->a, b = (long double)distribution->b;

	switch (distribution->kind) {
	case UNIFORM: return a + p * (b - a + 1) - 0.5L;
	case EXPONENTIAL: return -a * logl(1 - p);
	case NORMAL: return fmaxl(0, a + b * normal_quantile(p));
	case LOGNORMAL: return a * powl(b / a, normal_quantile(p) / normal_quantile(0.99L));
	case PARETO: return a * powl(b / a, -log2l(2 * (1 - p)) / log2l(50));
	case EMPIRICAL: return quantile_of(distribution_quantiles(distribution), p);
	default: return -1;
	}
}

/* As many draws lie below each quantile as should, tails included. */
static void draws_lie_where_theory_has_them(const struct distribution *distribution)
{
	static const long double parts[] = {0.0001L, 0.001L, 0.01L, 0.1L,   0.25L,  0.5L,
					    0.75L,   0.9L,   0.99L, 0.999L, 0.9999L};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };
	long double border[PARTS];
	int below[PARTS] = {0};
	struct pcg32 pcg = pcg32_seeded(10, distribution->kind);

	for (int i = 0; i < PARTS; i++)
		border[i] = quantile(distribution, parts[i]);
	for (int draw = 0; draw < DRAWS; draw++) {
		long double value = (long double)distribution_draw(distribution, &pcg);

		for (int i = 0; i < PARTS; i++)
			below[i] += value < border[i];
	}
	for (int i = 0; i < PARTS; i++) {
		long double expected = DRAWS * parts[i];
		long double off = ((long double)below[i] - expected) /
				  sqrtl(expected * (1 - parts[i]));

		if (border[i] > 0 && fabsl(off) > 5)
			printf("\n  kind %d: %.1Lf deviations off at %Lg", distribution->kind, off,
			       parts[i]);
		CU_ASSERT(border[i] <= 0 || fabsl(off) <= 5);
	}
}

static void every_shape_has_its_quantiles(void)
{
	draws_lie_where_theory_has_them(&uniform);
	draws_lie_where_theory_has_them(&wide);
	draws_lie_where_theory_has_them(&exponential);
	draws_lie_where_theory_has_them(&normal);
	draws_lie_where_theory_has_them(&clipped);
	draws_lie_where_theory_has_them(&lognormal);
	draws_lie_where_theory_has_them(&pareto);
	struct distribution as_measured = empirical(&measured);

	draws_lie_where_theory_has_them(&as_measured);
}

/* Of so many draws; the mean may be five of its standard deviations off, the variance 3 %. */
static void draws_have(const struct distribution *distribution, double mean, double variance)
{
	struct pcg32 pcg = pcg32_seeded(20, distribution->kind);
	double sum = 0, squares = 0;

	for (int i = 0; i < DRAWS; i++) {
		double off = (double)distribution_draw(distribution, &pcg) - mean;

		sum += off;
		squares += off * off;
	}
	CU_ASSERT(fabs(sum / DRAWS) < 5 * sqrt(variance / DRAWS));
	CU_ASSERT(fabs(squares / DRAWS / variance - 1) < 0.03);
}

static void every_shape_has_its_mean_and_variance(void)
{
	double sigma = log(4) / 2.3263478740408408;
	double lognormal_mean = 20e6 * exp(sigma * sigma / 2);

	draws_have(&uniform, 3e6, 16e12 / 12);
	draws_have(&exponential, 2e6, 4e12);
	draws_have(&normal, 50e6, 100e12);
	draws_have(&lognormal, lognormal_mean,
		   lognormal_mean * lognormal_mean * (exp(sigma * sigma) - 1));
	/* Of shape 3.5, so that both are finite: the p99 is 50^(1/3.5) medians. */
	struct distribution light = {PARETO, 20000000, (nanoseconds)(20e6 * pow(50, 1 / 3.5)), 0};
	double least = 20e6 * pow(2, -1 / 3.5);

	draws_have(&light, least * 3.5 / 2.5, least * least * 3.5 / (2.5 * 2.5 * 1.5));
	static const struct quantiles flat = {2, {{0, 1000000}, {PROBABILITY_ONE, 5000000}}};
	struct distribution line = empirical(&flat);

	draws_have(&line, 3e6, 16e12 / 12);
	draws_have(&bimodal, 0.95 * 1e6 + 0.05 * 90e6, 0.95 * 0.05 * 89e6 * 89e6);
}

/* A few draws of each, to the last bit: what any machine and compiler must draw from this seed. */
static void a_draw_is_the_same_to_the_last_bit_everywhere(void)
{
	static const struct distribution coin = {BIMODAL, 10, 20, PROBABILITY_ONE / 2};
	const struct distribution as_measured = empirical(&measured);
	const struct {
		const struct distribution *distribution;
		nanoseconds draws[3];
	} pins[] = {
		{&uniform, {3521241, 2926267, 3908032}},
		{&wide, {2269116793883416, 2617229001655658, 2694972101801012}},
		{&exponential, {923086, 637635, 579092}},
		{&normal, {53326751, 56037891, 56701012}},
		{&clipped, {1665350, 2207578, 2340202}},
		{&lognormal, {24385208, 28660971, 29816216}},
		{&coin, {10, 20, 10}},
		{&pareto, {18424094, 17515426, 17334679}},
		{&as_measured, {3325775, 3567520, 3621508}},
	};

	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
		struct pcg32 pcg = pcg32_seeded(42, 54);

		for (int draw = 0; draw < 3; draw++)
			EQUAL(distribution_draw(pins[i].distribution, &pcg), pins[i].draws[draw]);
	}
}

static void a_uniform_draw_reaches_both_ends_and_all_between(void)
{
	struct distribution die = {UNIFORM, 1, 6, 0};
	struct pcg32 pcg = pcg32_seeded(6, 6);
	int counts[8] = {0};

	for (int i = 0; i < 60000; i++)
		counts[distribution_draw(&die, &pcg) & 7]++;
	EQUAL(counts[0] + counts[7], 0);
	for (int i = 1; i <= 6; i++)
		CU_ASSERT(abs(counts[i] - 10000) < 5 * 92);
}

/* A generator that draws zeros for ever, or ones. */
static struct pcg32 stuck(bool ones)
{
	const uint64_t multiplier = 6364136223846793005u;
	uint64_t state = 0;

	/* What it gives are bits 27 to 58 of state ^ state >> 18. */
	for (unsigned bit = 59; ones && bit-- > 27;)
		state |= (bit + 18 > 63 ? 1 : ~state >> (bit + 18) & 1) << bit;
	return (struct pcg32){state, state * (1 - multiplier)};
}

static nanoseconds draw_at_end(const struct distribution *distribution, bool ones)
{
	struct pcg32 pcg = stuck(ones);

	return distribution_draw(distribution, &pcg);
}

static void draws_stay_within_their_ends(void)
{
	static const struct distribution ranges[] = {
		{UNIFORM, 7, 7, 0},
		{UNIFORM, 1, 6, 0},
		{UNIFORM, 0, UINT32_MAX - 1, 0},
		{UNIFORM, 5, 5 + (nanoseconds)UINT32_MAX, 0},
		{UNIFORM, 0, (nanoseconds)UINT32_MAX + 1, 0},
		{UNIFORM, 0, INT64_MAX, 0},
	};
	struct pcg32 zeros = stuck(false), ones = stuck(true);

	EQUAL(pcg32_next64(&zeros), 0);
	EQUAL(pcg32_next64(&ones), UINT64_MAX);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		EQUAL(draw_at_end(&ranges[i], false), ranges[i].a);
		EQUAL(draw_at_end(&ranges[i], true), ranges[i].b);
	}
	/* Quantiles at 2^-65 and at 1 - 2^-65. */
	EQUAL(draw_at_end(&exponential, true), 0);
	EQUAL(draw_at_end(&exponential, false), 90109133); /* 65 ln 2 means */
	EQUAL(draw_at_end(&normal, false), 0);
	EQUAL(draw_at_end(&normal, true) / 1000, 141552); /* 9.1553 deviations above */
	EQUAL(draw_at_end(&bimodal, false), bimodal.b);
	EQUAL(draw_at_end(&bimodal, true), bimodal.a);
	EQUAL(draw_at_end(&pareto, true), 15644248); /* the least: a (b / a)^(-1 / log2 50) */
	CU_ASSERT(draw_at_end(&pareto, false) > 100 * pareto.b);
	struct distribution as_measured = empirical(&measured);

	EQUAL(draw_at_end(&as_measured, false), 1000000);
	EQUAL(draw_at_end(&as_measured, true), 89999999);
}

static void a_tail_stops_at_the_longest_duration(void)
{
	struct distribution longest = {EXPONENTIAL, INT64_MAX, 0, 0};

	EQUAL(draw_at_end(&longest, false), DURATION_MAX);
	longest = (struct distribution){NORMAL, INT64_MAX, INT64_MAX, 0};
	EQUAL(draw_at_end(&longest, true), DURATION_MAX);
	EQUAL(draw_at_end(&longest, false), 0);
	longest = (struct distribution){PARETO, 1, INT64_MAX, 0};
	EQUAL(draw_at_end(&longest, false), DURATION_MAX);
	longest = (struct distribution){LOGNORMAL, 1, INT64_MAX, 0};
	EQUAL(draw_at_end(&longest, true), DURATION_MAX);
	EQUAL(draw_at_end(&longest, false), 0);
}

static nanoseconds p99(enum distribution_kind kind, nanoseconds a, nanoseconds b,
		       probability_t share)
{
	return distribution_p99(&(struct distribution){kind, a, b, share});
}

static void the_99th_percentile_is_exact(void)
{
	const probability_t percent = PROBABILITY_ONE / 100; /* a little less than 1 % */

	EQUAL(p99(CONSTANT, 5, 0, 0), 5);
	EQUAL(p99(UNIFORM, 1, 100, 0), 99);
	EQUAL(p99(UNIFORM, 1, 99, 0), 99);
	EQUAL(p99(UNIFORM, 0, 999, 0), 989);
	EQUAL(p99(UNIFORM, 4, 4, 0), 4);
	EQUAL(p99(UNIFORM, 0, INT64_MAX, 0), 9131138316486228049);
	EQUAL(p99(EXPONENTIAL, 1000000000000000, 0, 0), 4605170185988091);
	EQUAL(p99(NORMAL, 1000, 1000000000000000, 0), 2326347874041841);
	EQUAL(p99(LOGNORMAL, 20, 80, 0), 80);
	EQUAL(p99(PARETO, 20, 80, 0), 80);
	EQUAL(p99(EMPIRICAL, 0, 0, (uintptr_t)&measured), 86000000);
	EQUAL(p99(BIMODAL, 10, 20, percent), 10);
	EQUAL(p99(BIMODAL, 10, 20, percent + 1), 20);
	EQUAL(p99(BIMODAL, 20, 10, PROBABILITY_ONE - percent), 10);
	EQUAL(p99(BIMODAL, 20, 10, PROBABILITY_ONE - percent - 1), 20);
}

/*
 * Arrivals whose gaps are exponential: their number in windows of four mean gaps follows Poisson's
 * law, whose variance is its mean.
 */
static void exponential_gaps_make_poisson_counts(void)
{
	enum { WINDOWS = 100000, MEAN = 4 };
	struct pcg32 pcg = pcg32_seeded(8, 8);
	nanoseconds time = distribution_draw(&exponential, &pcg);
	double sum = 0, squares = 0, none = 0;

	for (int window = 1; window <= WINDOWS; window++) {
		int count = 0;

		for (; time < window * MEAN * exponential.a; count++)
			time += distribution_draw(&exponential, &pcg);
		sum += count;
		squares += (double)count * count;
		none += count == 0;
	}
	double mean = sum / WINDOWS, variance = squares / WINDOWS - mean * mean;

	CU_ASSERT(fabs(mean - MEAN) < 5 * sqrt((double)MEAN / WINDOWS));
	CU_ASSERT(fabs(variance / mean - 1) < 5 * sqrt(2.0 / WINDOWS));
	CU_ASSERT(fabs(none - WINDOWS * exp(-MEAN)) < 5 * sqrt(WINDOWS * exp(-MEAN)));
}

/* ---- Zipf ------------------------------------------------------------------------------------ */

enum { KEYS_MAX = 10000 };

/* Each key's share of the 2^32 draws is what it should be, but for two of them. */
static void zipf_shares_are(uint32_t count, uint32_t thousandths)
{
	uint32_t *cumulative = malloc(count * sizeof(*cumulative));
	struct zipf zipf;
	long double total = 0;
	int wrong = 0;

	zipf_init(&zipf, cumulative, count, thousandths);
	for (uint32_t key = 0; key < count; key++)
		total += powl(key + 1, -(long double)thousandths / 1000);
	for (uint32_t key = 0; key < count; key++) {
		long double share = powl(key + 1, -(long double)thousandths / 1000) / total;
		long double before = key ? (long double)cumulative[key - 1] + 1 : 0;
		long double ours = (long double)cumulative[key] + 1 - before;

		wrong += fabsl(ours - ldexpl(share, 32)) > 2 + ldexpl(share, 5);
	}
	EQUAL(wrong, 0);
	EQUAL(cumulative[count - 1], UINT32_MAX);
	free(cumulative);
}

static void zipf_gives_each_key_its_share(void)
{
	static const uint32_t skews[] = {0, 500, 990, 1000, 2500, 20000};

	for (size_t i = 0; i < sizeof(skews) / sizeof(skews[0]); i++) {
		zipf_shares_are(1, skews[i]);
		zipf_shares_are(10, skews[i]);
		zipf_shares_are(KEYS_MAX, skews[i]);
	}
}

static void zipf_draws_follow_their_shares(void)
{
	enum { KEYS = 100, ZIPF_DRAWS = 200000 };
	uint32_t cumulative[KEYS];
	int counts[KEYS] = {0};
	struct pcg32 pcg = pcg32_seeded(9, 9);
	struct zipf zipf;
	double unevenness = 0;

	zipf_init(&zipf, cumulative, KEYS, 990);
	for (int i = 0; i < ZIPF_DRAWS; i++)
		counts[zipf_draw(&zipf, &pcg)]++;
	for (int key = 0; key < KEYS; key++) {
		double before = key ? cumulative[key - 1] + 1.0 : 0;
		double expected = (cumulative[key] + 1.0 - before) / 4294967296.0 * ZIPF_DRAWS;

		unevenness += (counts[key] - expected) * (counts[key] - expected) / expected;
	}
	/* chi-square of 99 degrees of freedom: 99, with a standard deviation of 14 */
	CU_ASSERT(unevenness > 99 - 4 * 14 && unevenness < 99 + 4 * 14);
}

static void zipf_draws_reach_the_first_key_and_the_last(void)
{
	uint32_t cumulative[10];
	struct pcg32 zeros = stuck(false), ones = stuck(true);
	struct zipf zipf;

	zipf_init(&zipf, cumulative, 10, 1000);
	EQUAL(zipf_draw(&zipf, &zeros), 0);
	EQUAL(zipf_draw(&zipf, &ones), 9);
	EQUAL(cumulative[0], 1466375501); /* 2^32 over the 10th harmonic number, less one */
	cumulative[0] = 0;
	EQUAL(zipf_draw(&zipf, &zeros), 0); /* the last draw that is still its own */
}

CU_TestInfo distribution_tests[] = {
	{"every constant of the tables is right to a unit",
	 every_constant_of_the_tables_is_right_to_a_unit},
	{"every logarithm and power of the tables is right to a unit",
	 every_logarithm_and_power_of_the_tables_is_right_to_a_unit},
	{"every quantile of the tables is right to a unit",
	 every_quantile_of_the_tables_is_right_to_a_unit},
	{"log2 is libm's to a unit", log2_is_libms_to_a_unit},
	{"exp2 is libm's, rounded down", exp2_is_libms_rounded_down},
	{"exp2 takes log2 back", exp2_takes_log2_back},
	{"-ln is libm's to a unit, down to its tail", minus_ln_is_libms_to_a_unit_down_to_its_tail},
	{"the normal quantile is right to a millionth, down to its tails",
	 the_normal_quantile_is_right_to_a_millionth_down_to_its_tails},
	{"quantiles rise with their probabilities", quantiles_rise_with_their_probabilities},
	{"every shape has its quantiles", every_shape_has_its_quantiles},
	{"every shape has its mean and variance", every_shape_has_its_mean_and_variance},
	{"a draw is the same to the last bit everywhere",
	 a_draw_is_the_same_to_the_last_bit_everywhere},
	{"a uniform draw reaches both ends and all between",
	 a_uniform_draw_reaches_both_ends_and_all_between},
	{"draws stay within their ends", draws_stay_within_their_ends},
	{"a tail stops at the longest duration", a_tail_stops_at_the_longest_duration},
	{"the 99th percentile is exact", the_99th_percentile_is_exact},
	{"exponential gaps make Poisson counts", exponential_gaps_make_poisson_counts},
	{"zipf gives each key its share", zipf_gives_each_key_its_share},
	{"zipf draws follow their shares", zipf_draws_follow_their_shares},
	{"zipf draws reach the first key and the last",
	 zipf_draws_reach_the_first_key_and_the_last},
	CU_TEST_INFO_NULL,
};
