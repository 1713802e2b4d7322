/* Defines `see_<member>`, an inspector's function that reads one member of a protocol's state. */
#ifndef PROTOCOLS_COMMON_INSPECT_H
#define PROTOCOLS_COMMON_INSPECT_H

#include "sim/ordeal.h"

#define SEE(type, member)                                                                          \
	static uint64_t see_##member(const struct env *env, const void *state)                     \
	{                                                                                          \
		(void)env;                                                                         \
		return ((const type *)state)->member;                                              \
	}

#endif
