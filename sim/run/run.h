/*
 * One run: composed from a scenario and a seed, driven to its verdict.
 */
#ifndef SIM_RUN_RUN_H
#define SIM_RUN_RUN_H

#include "sim/check/linearizability.h"
#include "sim/scenario/scenario.h"

/* That the search for an order of one object's operations looks at: beyond, it does not know. */
enum { CONFIGURATIONS_MAX = 1000 * 1000 };

/* Where runs take place, one after the other: the arena, the checker's memory. */
struct theatre;
/* NULL where the machine refuses the memory. */
struct theatre *theatre_open(uintptr_t base);
void theatre_close(struct theatre *);
struct world *theatre_world(struct theatre *); /* of the last run; good until the next */

struct run_options {
	bool watched; /* world_watch: plug-ins are not trusted with memory */
	uint64_t seed;
	FILE *trace;              /* NULL: none */
	nanoseconds duration_max; /* where not 0: the run ends there, unless it ends before */
	uint64_t events_max;      /* where not 0: after so many, likewise */
	bool unjudged;            /* no judges at all: to show that they change nothing */
	bool junk;                /* freed memory is filled with junk */
	struct choice_source *source;
	void (*digests)(void *context, uint64_t event, uint64_t digest);
	void *digests_context;
	bool series; /* sample roles and terms for pictures into RECORDS_SERIES */
};

/* A change in what a process is, for the lanes of the leaders' picture. */
struct series_record {
	nanoseconds time;
	uint64_t term;
	uint8_t process, status, role, cut; /* cut: no link to a majority */
	uint32_t unused;
	uint64_t clients[CLIENTS_MAX / 64]; /* with links to it and from it */
};

struct run_result {
	uint64_t seed;
	enum verdict verdict;    /* VIOLATED, UNKNOWN or HOLDS: of the whole */
	char reason[REASON_MAX]; /* of UNKNOWN: which bound, which fault never fired */
	struct check_result check;
	struct linearizability linearizability;
	struct workload_counts operations;
	struct counters counters;
	uint64_t events, fingerprint;
	nanoseconds ended, healed, settled; /* 0: not */
	bool cut_short;                     /* it ended where the options say, before its own end */
	uint64_t leader_changes;
	unsigned faults_fired, faults_drawn, faults_never_fired; /* drawn: of those fired */
};

/* Runs it. The world stays as the run left it until the next one: results are read from there. */
void run_scenario(struct theatre *, const struct scenario *, const struct run_options *,
		  struct run_result *);

#endif
