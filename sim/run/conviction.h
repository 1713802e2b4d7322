/*
 * A run's history is not linearizable: the judge's sentence about it.
 */
#ifndef SIM_RUN_CONVICTION_H
#define SIM_RUN_CONVICTION_H

#include "sim/check/linearizability.h"

void convict_history(struct world *, const struct app *, const struct linearizability *);

#endif
