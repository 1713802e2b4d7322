/* A run that does not finish: who waits, and since when, at the moment when it is given up. */
#ifndef SIM_RUN_STALL_H
#define SIM_RUN_STALL_H

#include "sim/run/run.h"

enum { STALL_OPERATIONS = 4 };

/* What else there is to tell (processes, links), the world still tells once the run is over. */
struct stall {
	bool stalled; /* else the rest is zero, but for: */
	uint32_t elections_before_heal;
	nanoseconds at;
	uint64_t elections, given_up; /* since the heal; operations */
	unsigned open;                /* operations; the oldest of them: */
	unsigned told;
	struct open_operation operation[STALL_OPERATIONS];
	uint64_t answered; /* the number of the operation that was answered last; 0: none */
	nanoseconds answered_at;
};

/* Of the theatre's last run. */
const struct stall *theatre_stall(const struct theatre *);
/* healed: 0 where it was not. */
void stall_capture(struct world *, nanoseconds healed, struct stall *);

#endif
