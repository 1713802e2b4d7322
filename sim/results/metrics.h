/*
 * Figures of a finished run, each defined once, here.
 *
 * A success is an `ok` within the deadline. Operations count by the time of their invocation, from
 * the end of the warm-up to the end of arrivals (the heal). Latencies are those of successes;
 * percentiles are nearest ranks. Figures that do not exist are NAN, or -1 where they are times.
 */
#ifndef SIM_RESULTS_METRICS_H
#define SIM_RESULTS_METRICS_H

#include "sim/run/run.h"

/* What became of one operation, in order of invocation. */
struct call {
	nanoseconds invoked, ended;
	enum history_type outcome; /* HISTORY_INFO where it has none */
	bool success;
	unsigned client; /* from 0; a folder's history does not tell */
};

/*
 * The time up to the end of arrivals in equal parts: the duration / 200, rounded up to 1, 2 or 5
 * times a power of ten, at least a millisecond.
 */
enum { BUCKETS_MAX = 256 };
struct bucket {
	uint32_t invoked, ok; /* of the operations invoked in it; ok: successes */
	/* Avoidable unavailability: the time in it during which a majority was live and mutually
	 * connected and a client that had an operation open in it could reach one of that majority
	 * and be reached, if none invoked or answered in it was a success. This is the protocol's
	 * fault or its clients' (who wait for a silent server until their deadline), not the
	 * environment's. */
	nanoseconds avoidable;
	nanoseconds faulty;   /* of it: under a fault */
	nanoseconds p50, p99; /* latency; -1 where nothing succeeded */
};

struct outage {
	unsigned fault; /* its number in the run */
	/* From the last success before the fault to the first of an operation invoked after its
	 * beginning. -1: there was none any more. */
	nanoseconds lasted;
	/* From the fault's end to the first of three buckets in a row with at least 95% successes
	 * (those without operations don't count); where no operation came later, until the run had
	 * settled. -1: never. */
	nanoseconds recovered_after;
};

/* Of a run that was cut short: of the part that ran, without the operations that were still open,
 * and in time, when it was cut. */
struct metrics {
	nanoseconds width; /* of a bucket */
	unsigned bucket_count;
	struct bucket *buckets;      /* malloced */
	double availability;         /* ok / invoked */
	double availability_outside; /* of operations invoked while no fault was active */
	double slices;      /* share of the buckets that saw operations: those with at least 95% */
	double windowed[5]; /* the worst window of 1, 2, 5, 10, 30 s (Hauer et al., NSDI '20) */
	nanoseconds avoidable;          /* of all buckets; -1: the run took no series */
	nanoseconds p50, p95, p99, max; /* latency; -1: nothing succeeded */
	double throughput;              /* successes a second */
	double messages_per_commit, bytes_per_commit; /* over the whole run, per success */
	unsigned outage_count;
	struct outage *outages; /* malloced, one for each fault that fired */
	/* No live process that reaches a majority believed to lead; -1: the run took no series, or
	 * its protocol has no leaders. */
	nanoseconds leaderless;
	uint64_t leader_changes;
};

/* Of the theatre's last run; the same of the world in which it took place. */
void metrics_of(struct theatre *, const struct scenario *, const struct run_result *,
		struct metrics *);
void metrics_of_world(struct world *, const struct scenario *, const struct run_result *,
		      struct metrics *);
void metrics_free(struct metrics *);

/* The operations of the history, malloced. What has no outcome is unknown, as of `ended`. */
struct call *calls_of(struct world *, nanoseconds timeout, nanoseconds ended, size_t *count);
/* The latencies of the successes among calls[from] and those up to calls[to], sorted, into
 * `latency`; their number. */
size_t latencies(const struct call *calls, size_t from, size_t to, nanoseconds *latency);
/* The nearest rank; -1: there are none. */
nanoseconds percentile(const nanoseconds *sorted, size_t count, size_t percent);
/* The value of the inspector "role" that means "leader", or -1. */
int leader_role(const struct protocol *);

#endif
