/*
 * Figures of a finished run, defined once; SCENARIO's words: a success is an `ok` within the deadline;
 * buckets are by invocation time.
 */
#ifndef SIM_RESULTS_METRICS_H
#define SIM_RESULTS_METRICS_H

#include "sim/run/run.h"

enum { BUCKETS_MAX = 100000 };
struct bucket {
	uint32_t invoked, ok;
	nanoseconds
		avoidable;  /* of it: a live, connected majority was there, and nothing succeeded */
	nanoseconds faulty; /* of it: under a fault */
	nanoseconds p50, p99; /* latency of the successes */
};

struct outage {
	unsigned fault; /* index into the scenario's faults */
	nanoseconds lasted,
		recovered_after; /* -1: it did not end; from the fault's end, -1: never */
};

struct metrics {
	nanoseconds width; /* of a bucket */
	unsigned bucket_count;
	struct bucket *buckets;      /* malloced */
	double availability;         /* ok / invoked */
	double availability_outside; /* of operations invoked while no fault was active */
	double slices;               /* share of buckets with at least 95% */
	double windowed[5];          /* the worst window of 1, 2, 5, 10, 30 s */
	nanoseconds avoidable;
	nanoseconds p50, p95, p99, max; /* latency of the successes; -1: there was none */
	double throughput;              /* successes a second */
	double messages_per_commit, bytes_per_commit;
	unsigned outage_count;
	struct outage *outages; /* malloced, one for each fault that fired */
	nanoseconds leaderless;
	uint64_t leader_changes;
};

void metrics_of(struct theatre *, const struct scenario *, const struct run_result *,
		struct metrics *);
void metrics_free(struct metrics *);

#endif
