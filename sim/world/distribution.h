/*
 * Distributions, sampled in integer arithmetic from committed fixed-point tables: libm differs
 * between machines, and a run may not.
 */
#ifndef SIM_WORLD_DISTRIBUTION_H
#define SIM_WORLD_DISTRIBUTION_H

#include <stddef.h>
#include <stdint.h>

#include "sim/gnu.h"
#include "sim/ordeal.h"
#include "sim/world/pcg.h"

enum distribution_kind {
	CONSTANT,    /* a */
	UNIFORM,     /* from a to b, both included; a <= b */
	EXPONENTIAL, /* mean a */
	NORMAL,      /* mean a, standard deviation b; never below zero */
	LOGNORMAL,   /* median a, 99th percentile b */
	BIMODAL,     /* a, and b with probability share */
	PARETO,      /* median a, 99th percentile b: a tail that falls by a power */
	EMPIRICAL,   /* as measured: share is the address of its struct quantiles */
	DISTRIBUTIONS
};

/* Probabilities are thresholds: of 2^32 equally likely draws, so many say yes. */
typedef uint64_t probability_t;
#define PROBABILITY_ONE ((probability_t)1 << 32)

struct distribution {
	enum distribution_kind kind;
	nanoseconds a, b;
	probability_t share;
};

/* Below each point lies this share of the draws; between two of them the quantile is a straight
 * line. The first share is 0, the last PROBABILITY_ONE; neither shares nor durations fall. */
enum { QUANTILES_MAX = 16 };
struct quantiles {
	unsigned count; /* at least 2 */
	struct quantile {
		probability_t share;
		nanoseconds at;
	} point[QUANTILES_MAX];
};
static inline const struct quantiles *distribution_quantiles(const struct distribution *empirical)
{
	return (const struct quantiles *)(uintptr_t)empirical->share;
}
static inline bool quantiles_equal(const struct quantiles *a, const struct quantiles *b)
{
	for (unsigned i = 0; i < a->count && a->count == b->count; i++)
		if (a->point[i].share != b->point[i].share || a->point[i].at != b->point[i].at)
			return false;
	return a->count == b->count;
}

/*
 * What a duration may be at most, about 73 years: a draw from a long tail stops there, so that
 * adding it to a time cannot overflow.
 */
#define DURATION_MAX (INT64_MAX / 4)

static inline nanoseconds uniform_draw(nanoseconds least, nanoseconds most, struct pcg32 *pcg)
{
	uint64_t width = (uint64_t)(most - least);

	if (likely(width <= UINT32_MAX))
		return least + (nanoseconds)(pcg32_next(pcg) * (width + 1) >> 32);
	return least + (nanoseconds)((uint128_t)pcg32_next64(pcg) * (width + 1) >> 64);
}

nanoseconds distribution_draw_shaped(const struct distribution *, struct pcg32 *);

/* Never negative, where a and b are not. Draws from `pcg` as often as it likes. */
static inline nanoseconds distribution_draw(const struct distribution *distribution,
					    struct pcg32 *pcg)
{
	if (likely(distribution->kind == UNIFORM))
		return uniform_draw(distribution->a, distribution->b, pcg);
	return distribution_draw_shaped(distribution, pcg);
}

/* The 99th percentile: what a latency is capped at once a run has healed. */
nanoseconds distribution_p99(const struct distribution *);

/* Fixed-point building blocks: integer arithmetic, so the same to the last bit on every machine. */
uint64_t fixed_log2(uint64_t x);     /* log2(x) for x >= 1, rounded, in units of 2^-32 */
uint64_t fixed_exp2(uint64_t x);     /* 2^(x / 2^32), rounded down; x < 63 * 2^32 */
uint64_t fixed_minus_ln(uint64_t u); /* -ln((u + 1/2) / 2^64), in units of 2^-32 */
int64_t fixed_normal(uint64_t u);    /* quantile of the standard normal at (u + 1/2) / 2^64,
					in units of 2^-32; within a millionth */

/*
 * Zipf over keys 0 .. count-1, the most popular first: P(k) is proportional to 1 / (k+1)^s, with s
 * in thousandths; s = 0 is uniform.
 */
struct zipf {
	uint32_t count;
	uint32_t *cumulative; /* the last of 2^32 draws that gives at most key k; the caller's */
};
void zipf_init(struct zipf *, uint32_t *cumulative, uint32_t count, uint32_t thousandths);
uint32_t zipf_draw(const struct zipf *, struct pcg32 *);

#endif
