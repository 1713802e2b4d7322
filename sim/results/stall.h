/* Who waits for whom in a run that did not finish: a part of verdict.json, and a block of text. */
#ifndef SIM_RESULTS_STALL_H
#define SIM_RESULTS_STALL_H

#include <jansson.h>
#include <stdio.h>

#include "sim/run/stall.h"

/* `app` is that of the group that clients ask. */
json_t *stall_json(struct world *, const struct app *, const struct stall *, nanoseconds healed);
/* The same object, in a line for each operation that waits and each process. */
void stall_print(FILE *, const json_t *);

#endif
