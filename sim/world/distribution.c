/*
 * Draws from distributions, in integer arithmetic alone: committed tables of log2, exp2 and the
 * normal quantile take the place of libm, whose last bits differ between machines.
 *
 * Every shape is drawn by inversion: a 64-bit uniform number u stands for the probability
 * (u + 1/2) / 2^64, and the draw is the distribution's quantile there (Devroye, "Non-Uniform Random
 * Variate Generation", 1986, II.2). So a draw takes a fixed number of words from the generator, a
 * larger u never gives an earlier time, and the tails are right down to 2^-64.
 */
#include "sim/world/distribution.h"

#include <assert.h>

#include "sim/world/distribution_tables.h"

#define ONE     ((uint64_t)1 << 32)     /* of fixed-point numbers in units of 2^-32 */
#define PART_99 (UINT64_MAX / 100 * 99) /* of a uniform 64-bit number */

/* ---- Building blocks ------------------------------------------------------------------------- */

/* The product of a number and a fraction in units of 2^-64. */
static inline uint64_t part_of(uint64_t x, uint64_t fraction)
{
	return (uint64_t)((uint128_t)x * fraction >> 64);
}

/*
 * x = 2^e (1 + i/256) (1 + z): the table knows log2 of the second factor, and as z is below 1/256,
 * four terms of the series ln(1 + z) = z - z^2/2 + z^3/3 - z^4/4 leave an error below 2^-42.
 */
uint64_t fixed_log2(uint64_t x)
{
	assert(x >= 1);
	uint64_t exponent = log2_of(x);
	uint64_t mantissa = x << (63 - exponent); /* the leading one on top */
	uint64_t i = mantissa >> 55 & (MANTISSAS - 1);
	uint64_t below = mantissa & (((uint64_t)1 << 55) - 1);
	uint64_t z = (below << 9) / (MANTISSAS + i); /* in 2^-64 */
	uint64_t ln = z - part_of(z, z / 2 - part_of(z, z / 3 - part_of(z, z / 4)));
	uint64_t fraction = log2_table[i] + part_of(ln, LOG2_E); /* in 2^-63 */

	return exponent * ONE + ((fraction + (ONE >> 2)) >> 31);
}

/*
 * x = e + i/256 + r: the table knows 2^(i/256), and as t = r ln 2 is below 2^-8.5, five terms of
 * the series of exp(t) - 1 leave an error below 2^-60 of the value.
 */
uint64_t fixed_exp2(uint64_t x)
{
	assert(x < 63 * ONE);
	uint64_t i = x >> 24 & (MANTISSAS - 1);
	uint64_t t = part_of((x & 0xFFFFFF) << 32, LN_2);
	uint64_t grown =
		t +
		part_of(t, t / 2 + part_of(t, t / 6 + part_of(t, t / 24 + part_of(t, t / 120))));
	uint64_t value = exp2_table[i] + part_of(exp2_table[i], grown); /* in 2^-63 */

	return value >> (63 - (x >> 32));
}

/* -log2((u + 1/2) / 2^64), in units of 2^-32. The half is lost where u is so large that it is less
 * than half a unit. */
static uint64_t minus_log2(uint64_t u)
{
	if (u >> 63)
		return 64 * ONE - fixed_log2(u);
	return 65 * ONE - fixed_log2(2 * u + 1);
}

uint64_t fixed_minus_ln(uint64_t u)
{
	return part_of(minus_log2(u), LN_2);
}

/* A signed number times a fraction in units of 2^-32, rounded down. */
static inline int64_t times(int64_t x, int64_t fraction)
{
	return (int64_t)((int128_t)x * fraction >> 32);
}

/*
 * The table holds the quantile at equal steps of the probability's logarithm, for there its tail is
 * smooth (about sqrt(2 ln 2 L) at 2^-L); between its points goes Lagrange's cubic through the four
 * nearest. The upper half mirrors the lower one.
 */
int64_t fixed_normal(uint64_t u)
{
	bool upper = u >> 63;
	uint64_t beyond = minus_log2(upper ? ~u : u) - ONE; /* octaves past the median */
	const int64_t *near = normal_table + (beyond * NORMAL_STEPS >> 32);
	int64_t f = (int64_t)(beyond * NORMAL_STEPS & (ONE - 1));
	int64_t cubic = (near[3] - near[0]) / 6 + (near[1] - near[2]) / 2;
	int64_t square = (near[0] + near[2]) / 2 - near[1];
	int64_t slope = near[2] - near[3] / 6 - near[0] / 3 - near[1] / 2;
	int64_t x = near[1] + times(slope + times(square + times(cubic, f), f), f);

	return upper ? x : -x;
}

/* ---- Distributions --------------------------------------------------------------------------- */

static nanoseconds bounded(int128_t duration)
{
	if (duration < 0)
		return 0;
	return duration > DURATION_MAX ? DURATION_MAX : (nanoseconds)duration;
}

/* a times a number in units of 2^-32, rounded. */
static int128_t scaled(nanoseconds a, int64_t by)
{
	return ((int128_t)a * by + (int64_t)(ONE / 2)) >> 32;
}

static nanoseconds exp2_duration(int64_t exponent)
{
	if (exponent < 0)
		return 0;
	if (exponent >= (int64_t)(61 * ONE))
		return DURATION_MAX;
	return (nanoseconds)fixed_exp2((uint64_t)exponent);
}

/* Its logarithm is normal: log2 a in the middle, log2 b where the normal's 99th percentile is. */
static nanoseconds lognormal_at(const struct distribution *distribution, int64_t z)
{
	assert(distribution->a >= 1 && distribution->b >= 1);
	int64_t middle = (int64_t)fixed_log2((uint64_t)distribution->a);
	int64_t spread = (int64_t)fixed_log2((uint64_t)distribution->b) - middle;
	int64_t exponent = middle + times(times(spread, Z_99_INVERSE), z);

	return exp2_duration(exponent);
}

/* At the median -log2 of what lies above is 1, at the 99th percentile it is log2 100, and the
 * duration's logarithm rises in proportion to it. */
static nanoseconds pareto_at(const struct distribution *distribution, uint64_t u)
{
	assert(distribution->a >= 1 && distribution->b >= 1);
	int64_t middle = (int64_t)fixed_log2((uint64_t)distribution->a);
	int64_t spread = (int64_t)fixed_log2((uint64_t)distribution->b) - middle;
	int64_t octaves = (int64_t)minus_log2(u) - (int64_t)ONE; /* past the median */

	return exp2_duration(middle + times(times(spread, LOG2_50_INVERSE), octaves));
}

static nanoseconds empirical_at(const struct distribution *distribution, uint64_t u)
{
	const struct quantile *point = distribution_quantiles(distribution)->point;

	while ((uint128_t)point[1].share << 32 <= u)
		point++;
	uint128_t width = (uint128_t)(point[1].share - point[0].share) << 32;
	uint128_t into = u - ((uint128_t)point[0].share << 32);

	return point[0].at + (nanoseconds)((uint64_t)(point[1].at - point[0].at) * into / width);
}

/* All but the uniform one, which stands in the header. */
nanoseconds distribution_draw_shaped(const struct distribution *distribution, struct pcg32 *pcg)
{
	nanoseconds a = distribution->a, b = distribution->b;

	assert(distribution->kind < DISTRIBUTIONS);
	switch (distribution->kind) {
	case UNIFORM: return uniform_draw(a, b, pcg);
	case EXPONENTIAL: return bounded(scaled(a, (int64_t)fixed_minus_ln(pcg32_next64(pcg))));
	case NORMAL: return bounded(a + scaled(b, fixed_normal(pcg32_next64(pcg))));
	case LOGNORMAL: return lognormal_at(distribution, fixed_normal(pcg32_next64(pcg)));
	case BIMODAL: return pcg32_next(pcg) < distribution->share ? b : a;
	case PARETO: return pareto_at(distribution, pcg32_next64(pcg));
	case EMPIRICAL: return empirical_at(distribution, pcg32_next64(pcg));
	case CONSTANT:
	case DISTRIBUTIONS: break;
	}
	return a;
}

/* The least of the two that is not exceeded in 99 of 100 draws. */
static nanoseconds bimodal_p99(const struct distribution *distribution)
{
	nanoseconds a = distribution->a, b = distribution->b;
	probability_t larger = a < b ? distribution->share : PROBABILITY_ONE - distribution->share;

	return (larger * 100 > PROBABILITY_ONE) == (a < b) ? b : a;
}

nanoseconds distribution_p99(const struct distribution *distribution)
{
	nanoseconds a = distribution->a, b = distribution->b;

	assert(distribution->kind < DISTRIBUTIONS);
	switch (distribution->kind) {
	case UNIFORM: { /* the least that 99 % of the whole numbers from a to b do not exceed */
		uint128_t count = (uint128_t)(b - a) + 1;

		return a + (nanoseconds)((count * 99 + 99) / 100) - 1;
	}
	case EXPONENTIAL: return bounded((int128_t)((uint128_t)a * LN_100 >> 61));
	case NORMAL: return bounded(a + (int128_t)((uint128_t)b * Z_99 >> 62));
	case LOGNORMAL:
	case PARETO: return b;
	case EMPIRICAL: return empirical_at(distribution, PART_99);
	case BIMODAL: return bimodal_p99(distribution);
	case CONSTANT:
	case DISTRIBUTIONS: break;
	}
	return a;
}

/* ---- Zipf ------------------------------------------------------------------------------------ */

/* 2^62 / (k+1)^s. */
static uint64_t zipf_weight(uint32_t key, uint32_t thousandths)
{
	uint64_t fall = fixed_log2((uint64_t)key + 1) * thousandths / 1000;

	return fall > 62 * ONE ? 0 : fixed_exp2(62 * ONE - fall);
}

void zipf_init(struct zipf *zipf, uint32_t *cumulative, uint32_t count, uint32_t thousandths)
{
	uint128_t total = 0, sum = 0; /* at most 2^94 */

	assert(count > 0);
	for (uint32_t key = 0; key < count; key++)
		total += zipf_weight(key, thousandths);
	assert(total > 0); /* the first key weighs 2^62 */
	for (uint32_t key = 0; key < count; key++) {
		sum += zipf_weight(key, thousandths);
		cumulative[key] = (uint32_t)((sum << 32) / total - 1);
	}
	*zipf = (struct zipf){count, cumulative};
}

/* The first key whose share of the 2^32 draws reaches this one. */
uint32_t zipf_draw(const struct zipf *zipf, struct pcg32 *pcg)
{
	uint32_t draw = pcg32_next(pcg), first = 0, last = zipf->count - 1;

	while (first < last) {
		uint32_t middle = first + (last - first) / 2;

		if (zipf->cumulative[middle] < draw)
			first = middle + 1;
		else
			last = middle;
	}
	return first;
}
