/*
 * What is written about runs: verdict.json, metrics.csv, series.csv and a line of runs.csv.
 *
 * None of it knows the wall clock, where results go, or how many jobs there were: two runs of one
 * seed leave the same bytes. A FILE that took less than it was given says so when it is closed.
 */
#ifndef SIM_RESULTS_WRITERS_H
#define SIM_RESULTS_WRITERS_H

#include "sim/results/judgement.h"
#include "sim/run/stall.h"

/* `metrics` with its lists; `replay` is the command that gives this run again. The world is still
 * as the run left it. */
void verdict_write(FILE *, struct world *, const struct scenario *, const struct run_record *,
		   const struct metrics *, const struct stall *, const char *replay);
/* A line a bucket. */
void metrics_write(FILE *, const struct metrics *);
/* A line for each change in what a process is. */
void series_write(FILE *, struct world *);
void runs_header_write(FILE *);
void runs_line_write(FILE *, const struct scenario *, const struct run_record *, uint64_t seed);

/* "holds", "violated", "unmet", "unknown" or "died": of one run, its expectations included. */
const char *record_verdict(const struct scenario *, const struct run_record *);
/* Why it does not simply hold, in the words of whoever found it; else "". */
const char *record_reason(const struct scenario *, const struct run_record *);

#endif
