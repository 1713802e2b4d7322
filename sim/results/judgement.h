/*
 * What a scenario expected, held against what one run was.
 */
#ifndef SIM_RESULTS_JUDGEMENT_H
#define SIM_RESULTS_JUDGEMENT_H

#include "sim/results/metrics.h"

/* Ordered by gravity: over many seeds, the worst counts. */
enum fulfilment { MET, NOT_JUDGED, UNSETTLED, UNMET };
extern const char *const fulfilment_names[]; /* "met", "not judged", "unknown", "unmet" */

struct judgement {
	enum fulfilment outcome[EXPECTATIONS_MAX];
	char why[EXPECTATIONS_MAX][REASON_MAX]; /* what was measured, or what is missing */
	double badness[EXPECTATIONS_MAX];       /* of what was measured: the more, the worse */
};

/* All that is kept of a run once its world is gone: of one size, so that it fits through a pipe. */
struct run_record {
	struct run_result result;
	struct metrics metrics; /* without its lists */
	struct judgement judgement;
	int died; /* of this signal (or, below 0, by itself with that status): the rest is zero */
};

/* What a run that was cut short cannot decide is not judged. */
void judge_run(const struct scenario *, const struct run_result *, const struct metrics *,
	       struct judgement *);

/* Is the run worth a folder and a second look? In a hunt for an expected violation, only a
 * conviction is. */
bool worth_keeping(const struct scenario *, const struct run_record *);
/* Does the scenario look for a violation that a bug, turned on, should bring about? */
bool scenario_hunts(const struct scenario *);
/* What is judged of its i-th expectation: with no bug on, `safe` in place of a violation. */
struct expectation judged_expectation(const struct scenario *, unsigned i);
/* Seeds that a hunt may take: the largest `within`. */
uint32_t hunt_seeds(const struct scenario *);

/* "availability: {min: 99%, outside_faults: true}", as a scenario would write it. */
enum { EXPECTATION_TEXT_MAX = 96 };
const char *expectation_text(const struct expectation *, char text[EXPECTATION_TEXT_MAX]);
/* "1.5s", "250ms": the largest unit that keeps it exact enough to read. */
enum { DURATION_TEXT_MAX = 32 };
const char *duration_text(nanoseconds, char text[DURATION_TEXT_MAX]);

#endif
