/* Whole runs of small scenarios, also of a protocol that is a little changed. One test at a time.
 */
#ifndef TESTS_RUN_STAGE_H
#define TESTS_RUN_STAGE_H

#include "sim/run/run.h"
#include "tests/tests.h"

extern struct theatre *here, *elsewhere;
extern struct scenario *scenario;
extern struct run_result result;
void open_theatres(void);
void close_theatres(void);

extern const char *const raft3, *const single; /* clusters */
/* A scenario of such a cluster, with more lines; run `here`. */
void parse(const char *cluster, const char *more);
void run_seed(uint64_t seed);

/* A copy of the scenario's protocol stands in its place, for a test to change. */
extern struct protocol changed;
extern const struct protocol *original;
void replace(void);
/* For its `request`: fails an assertion after a second. */
void request_asserts(struct env *, void *state, const struct request *);

#endif
