/* What a protocol declares to survive, against what a scenario does to it. */
#ifndef SIM_RUN_MODEL_H
#define SIM_RUN_MODEL_H

#include "sim/scenario/scenario.h"

/* The first thing that went beyond what the protocol of a group survives, or one that it stands on,
 * in words, and when it did; NULL: nothing has. A fault counts once it has fired: what was found
 * before it needs no excuse. */
struct beyond {
	const char *why;
	nanoseconds since;
};
struct beyond beyond_model(const struct world *, const struct scenario *, group_id);

#endif
