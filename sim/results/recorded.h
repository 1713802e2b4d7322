/*
 * One run as its folder tells it: what pictures are drawn from, at once or years later.
 */
#ifndef SIM_RESULTS_RECORDED_H
#define SIM_RESULTS_RECORDED_H

#include "sim/results/metrics.h"

enum {
	RECORDED_NAME_MAX = 80,
	RECORDED_BUGS_MAX = 160,
	RECORDED_WHY_MAX = 400,
	RECORDED_JUDGE_MAX = 28
};

struct recorded_fault {
	nanoseconds began, ended; /* -1: it lasted until the run's end */
	char label[FAULT_TEXT_MAX];
};

/* From `time` on, this is what the process was. */
enum lane_kind { LANE_FOLLOWER, LANE_CANDIDATE, LANE_LEADER, LANE_DOWN, LANE_PAUSED };
struct recorded_state {
	nanoseconds time;
	uint64_t term;
	unsigned process; /* from 0 */
	enum lane_kind lane;
	bool cut;
};

struct recorded {
	char scenario[RECORDED_NAME_MAX], hash[24], bugs[RECORDED_BUGS_MAX];
	uint64_t seed;
	nanoseconds warmup, healed, ended; /* healed: -1 where it was not */
	char heal[FAULT_TEXT_MAX];         /* "core n2 n3, n1 dead"; "": nobody was left behind */
	double availability;               /* NAN: nothing was invoked */
	nanoseconds avoidable, p99;        /* -1: not known */
	struct call *calls;                /* in order of invocation */
	size_t count;
	struct bucket *buckets;
	unsigned bucket_count;
	nanoseconds width;
	struct recorded_fault *faults; /* that fired */
	unsigned fault_count;
	/* The first violation: its judge, "" for none, and the process, -1 where none is accused.
	 */
	char judge[RECORDED_JUDGE_MAX];
	nanoseconds violated;
	int8_t accused;
	struct recorded_state *states;
	size_t state_count;
	unsigned process_count;
	bool leads; /* somebody did, some time */
};

/* Reads verdict.json, history.jsonl, metrics.csv and series.csv of a run's folder. False, with a
 * sentence, where they are not what a run leaves; nothing is to be freed then. */
bool recorded_read(const char *folder, struct recorded *, char why[RECORDED_WHY_MAX]);
void recorded_free(struct recorded *);
/* "raft-calm", "raft-calm with raft.votes-twice" */
enum { RECORDED_LABEL_MAX = RECORDED_NAME_MAX + RECORDED_BUGS_MAX + 8 };
const char *recorded_label(const struct recorded *, char label[RECORDED_LABEL_MAX]);

#endif
