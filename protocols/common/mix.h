/*
 * A hash of numbers, for tables and for digests of states: the finalizer of splitmix64 (Steele,
 * Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014). It is a bijection, so
 * that different numbers have different hashes.
 */
#ifndef PROTOCOLS_COMMON_MIX_H
#define PROTOCOLS_COMMON_MIX_H

#include <stdint.h>

static inline uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Of a sequence: what came before, then the next number. The order counts. */
static inline uint64_t mix_after(uint64_t before, uint64_t next)
{
	return mix(mix(before) ^ next);
}

#endif
