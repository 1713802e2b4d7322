/*
 * A campaign: the seeds of one scenario, run by several processes and merged in the order of the
 * seeds, so that nothing that is written depends on how many processes there were.
 */
#ifndef SIM_CLI_CAMPAIGN_H
#define SIM_CLI_CAMPAIGN_H

#include "sim/results/folder.h"
#include "sim/results/judgement.h"

enum {
	JOBS_MAX = 256,
	FOLDERS_KEPT_MAX = 10, /* beside the first seed's; runs.csv has all */
	PLOTS_NOTE_MAX = 128
};
#define SEEDS_MAX UINT64_C(1000000000)

struct campaign_options {
	uint64_t first, last;
	unsigned jobs;
	int64_t ends; /* on the wall clock: until then, one seed after `first` after the other; 0:
		       * to `last` */
	bool stop_on_violation;
	bool trace;             /* of every run that keeps a folder */
	nanoseconds until;      /* 0: each run's own end */
	uint64_t until_event;   /* 0: likewise */
	const char *until_text; /* either, as it was written; NULL: neither */
	uint64_t inspect; /* processes whose state is told, of every run that keeps a folder */
	const char *out;
	const char *replay;  /* the command that gives a run again, but for its seed */
	const char *program; /* what the command was called by: `replay` begins with "ordeal" */
};

/* A run that is worth a second look. */
struct noted {
	uint64_t seed;
	bool kept; /* it has a folder */
	struct run_record record;
};

/* All runs of the campaign together. */
struct campaign {
	uint64_t first, planned; /* seeds first .. first + planned - 1, unless it ended sooner */
	uint64_t runs, violated, unmet, unknown, died;
	uint64_t cut_short, ended_before; /* `until`; a conviction is neither */
	uint64_t events, checks[JUDGES], verdicts[JUDGES][VIOLATED + 1];
	nanoseconds simulated;
	struct workload_counts operations;
	uint64_t faults_fired, faults_drawn, faults_never_fired;
	struct campaign_expectation {
		bool judged; /* in any run at all */
		enum fulfilment worst;
		double badness;
		uint64_t seed; /* where; of an expected violation, the first convicted */
		char why[REASON_MAX];
	} expectation[EXPECTATIONS_MAX];
	struct run_record sample; /* the first run */
	unsigned noted_count;
	struct noted noted[FOLDERS_KEPT_MAX];
	char plots[PLOTS_NOTE_MAX]; /* what became of the pictures; empty: drawn */
	uint64_t latest;            /* seed of the folder that is worth opening first */
	int status;                 /* enum exit_status */
};

/* Runs it and writes its results; complains about what stopped it. */
void campaign_run(const struct scenario *, const struct campaign_options *, struct campaign *);

#endif
