/*
 * PCG32, the XSH-RR 64/32 generator of M. E. O'Neill, "PCG: A Family of Simple Fast
 * Space-Efficient Statistically Good Algorithms for Random Number Generation", HMC-CS-2014-0905,
 * section 6.3. tests/world/test_pcg.c holds it against the published vectors.
 */
#ifndef SIM_WORLD_PCG_H
#define SIM_WORLD_PCG_H

#include <stdint.h>

struct pcg32 {
	uint64_t state, increment; /* the increment is odd, and names the stream */
};

enum { PCG32_DEFAULT_STREAM = 54 };

static inline uint32_t pcg32_next(struct pcg32 *pcg)
{
	uint64_t old = pcg->state;

	pcg->state = old * 6364136223846793005u + pcg->increment;
	uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27);
	unsigned turn = (unsigned)(old >> 59);
	return shifted >> turn | shifted << (-turn & 31);
}

static inline struct pcg32 pcg32_seeded(uint64_t seed, uint64_t stream)
{
	struct pcg32 pcg = {.state = 0, .increment = stream << 1 | 1};

	pcg32_next(&pcg);
	pcg.state += seed;
	pcg32_next(&pcg);
	return pcg;
}

/* A 64-bit number from two draws, the first one on top. */
static inline uint64_t pcg32_next64(struct pcg32 *pcg)
{
	uint64_t high = pcg32_next(pcg);

	return high << 32 | pcg32_next(pcg);
}

/* In [0, bound), by multiplication; the bias is below bound / 2^32, the same on every machine. */
static inline uint32_t pcg32_below(struct pcg32 *pcg, uint32_t bound)
{
	return (uint32_t)((uint64_t)pcg32_next(pcg) * bound >> 32);
}

#endif
