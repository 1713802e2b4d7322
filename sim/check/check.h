/*
 * The judges: what they are called, what each saw, and what they found.
 *
 * Most hold global ledgers that the processes' observations feed, and check each in O(1) at the
 * very event; the rest look at the finished run. They know no protocol by name, and take quorums
 * from the setup, never from the accused. A judge that saw nothing says `not exercised`, never
 * `holds`.
 */
#ifndef SIM_CHECK_CHECK_H
#define SIM_CHECK_CHECK_H

#include "sim/world/world.h"

enum judge {
	JUDGE_ELECTION_SAFETY,
	JUDGE_VOTE_ONCE,
	JUDGE_PERSIST_BEFORE_SEND,
	JUDGE_TERM_MONOTONE,
	JUDGE_LEADER_APPEND_ONLY,
	JUDGE_LOG_TERMS,
	JUDGE_LOG_MATCHING,
	JUDGE_STATE_MACHINE_SAFETY,
	JUDGE_COMMIT_DURABLE,
	JUDGE_COMMIT_RULE,
	JUDGE_LEADER_COMPLETENESS,
	JUDGE_COMMIT_MONOTONE,
	JUDGE_PROTOCOL_CRASHED,
	JUDGE_NO_HIDDEN_STATE,
	JUDGE_CONVERGENCE,
	JUDGE_LIVENESS,
	JUDGE_LINEARIZABILITY,
	JUDGES
};

struct judge_kind {
	const char *name; /* "election-safety" */
	const char *rule; /* in one sentence */
	const char *source;
	bool safety; /* counts for `expect: safe` */
};
extern const struct judge_kind judges[JUDGES];

enum verdict { HOLDS, NOT_EXERCISED, UNKNOWN, VIOLATED };
extern const char *const verdict_names[]; /* "holds", "not exercised", "unknown", "violated" */

enum { SENTENCE_MAX = 512, REASON_MAX = 128 };
struct violation {
	enum judge judge;
	nanoseconds time;
	uint64_t event;              /* 0: the judge looked back, and knows only the time */
	process_id process;          /* the accused, or NO_PROCESS */
	char sentence[SENTENCE_MAX]; /* who, what, when, against which rule */
};

struct check_result {
	enum verdict verdict[JUDGES];
	uint64_t checks[JUDGES];
	char unknown[JUDGES][REASON_MAX]; /* why */
	bool violated;
	struct violation first; /* of those on which the run stops, or else of all */
	uint32_t violations;    /* all together ... */
	uint32_t excused;       /* ... and those that the fault model excuses */
};

struct check_setup {
	uint32_t stop_on; /* set of judges; the others record, and the run goes on */
	/* What has happened so far that the protocol of the accused does not claim to survive, and
	 * that may be why this judge objects now: then it convicts nobody, and its verdict is
	 * unknown. NULL: nothing. NO_PROCESS: it accuses the cluster as clients see it. May be
	 * NULL. */
	const char *(*excuse)(const struct world *, enum judge, process_id accused,
			      const void *context);
	const void *excuse_context;
};

extern const struct observer check_observer;

/* Takes its ledgers' memory in the world's arena. */
void check_begin(struct world *, const struct check_setup *);
/* A judge speaks. Ends the run where it stops on that judge. Checks are counted by the judges
 * themselves. */
void check_violated(struct world *, enum judge, process_id, const char *sentence, ...)
	printf_like(4, 5);
/* The same of the past: it was violated then, by nobody whom the judge could name. */
void check_violated_at(struct world *, enum judge, nanoseconds time, const char *sentence, ...)
	printf_like(4, 5);
void check_unknown(struct world *, enum judge, const char *reason);
void check_count(struct world *, enum judge, uint64_t checks);
/* A judge's verdict holds only if it counted at least one check. */
void check_result(struct world *, struct check_result *);

/* Where an operation stands in the order that the ledger knows, as (index << 20 | order among reads
 * after it); 0: nowhere. A witness for linearizability: it proves, it never convicts. */
uint64_t check_witness(struct world *, request_id);

/* ---- After the faults: liveness and convergence ---------------------------------------------- */

/* What the run still owes now: open operations, members that differ, a moving leader. */
struct unsettled {
	bool settled;
	char why[SENTENCE_MAX]; /* in one sentence, where it is not */
};
/* Of a group and all that it stands on. `core` are the processes that the heal left whole. Looks
 * only; changes nothing that is judged. */
void check_settled(struct world *, group_id, uint64_t core, unsigned open_operations,
		   struct unsettled *);
/* Same applied index, same app digest, and that digest is what the ledger's commands give when a
 * fresh app replays them. Counts its checks, speaks if not. */
void check_convergence(struct world *, group_id, uint64_t core);

#endif
