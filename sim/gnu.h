/*
 * The few things that C11 lacks and both gcc and clang have. No other file of the simulator uses an
 * extension; sim/ordeal.h, which stands alone, has its own two.
 */
#ifndef SIM_GNU_H
#define SIM_GNU_H

#include <stdint.h>

#define likely(fact)   __builtin_expect(!!(fact), 1)
#define unlikely(fact) __builtin_expect(!!(fact), 0)
/* Where the address lies to which this function returns. */
#define return_slot() ((uintptr_t)__builtin_frame_address(0) + sizeof(void *))
#define printf_like(format_at, arguments_at)                                                       \
	__attribute__((format(printf, format_at, arguments_at)))
#define always_inline inline __attribute__((always_inline))
#define never_inline  __attribute__((noinline))

__extension__ typedef unsigned __int128 uint128_t;
__extension__ typedef __int128 int128_t;

/* Floor of log2; x is not 0. */
static inline unsigned log2_of(uint64_t x)
{
	return 63 - (unsigned)__builtin_clzll(x);
}
/* The least member of a set that is not empty. */
static inline unsigned lowest_bit(uint64_t set)
{
	return (unsigned)__builtin_ctzll(set);
}
static inline unsigned count_bits(uint64_t set)
{
	return (unsigned)__builtin_popcountll(set);
}

#endif
