/*
 * Does a protocol's table add up? Asked before anything of it is run: a table that lies (padding
 * that would leak into fingerprints, an option outside its struct) is refused with a sentence.
 */
#ifndef SIM_WORLD_CONTRACT_H
#define SIM_WORLD_CONTRACT_H

#include "sim/world/world.h"

enum {
	CONTRACT_WHY_MAX = 240,
	OPTIONS_MAX = 64,
	BUGS_MAX = 64 * BUG_WORDS,
	TIMERS_MAX = 64,
	MODEL_STATE_MAX = 32
};

/* False, with the reason in `why` (CONTRACT_WHY_MAX bytes), where the table does not keep the
 * contract of sim/ordeal.h. */
bool contract_kept(const struct protocol *, char *why);
/* Does it say that it makes this observation? */
bool protocol_observes(const struct protocol *, enum observation);

#endif
