/* The phase after the heal: the cluster settles, answers everybody, and stays settled. */
#ifndef SIM_RUN_LIVENESS_H
#define SIM_RUN_LIVENESS_H

#include "sim/run/stall.h"

/*
 * Runs the world from the heal to the scenario's end, and beyond it as long as the cluster may take
 * to settle; or to `until`, where that is not 0, and then it was cut short. Speaks for the judge of
 * liveness. Fills in `healed` and `settled` of the result, and, where it convicts, who waited. What
 * happens in the world is the same with and without judges.
 */
void liveness_phase(struct world *, const struct scenario *, nanoseconds until, struct run_result *,
		    struct stall *);

#endif
