/* What a protocol declares to survive, against what a scenario does to it. */
#ifndef SIM_RUN_MODEL_H
#define SIM_RUN_MODEL_H

#include "sim/scenario/scenario.h"

/* The first thing in the scenario that goes beyond what the protocol of its clients' group
 * survives, in words; NULL: nothing does. */
const char *beyond_model(const struct scenario *);

#endif
