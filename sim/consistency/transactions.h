/*
 * The judge of transactions: is there a serial order of them that explains every read, and does one
 * agree with real time?
 *
 * Dependencies are those of Adya (Weak Consistency, PhD thesis, MIT 1999, chapter 3), found in what
 * clients saw as Elle does (Kingsbury and Alvaro, Elle: Inferring Isolation Anomalies from
 * Experimental Observations, VLDB 14(3) 2020): values are written once, so a read names its writer,
 * and a read of a list names all writers before it, in their order. A cycle among them is an
 * anomaly with a name. Where the order of versions does not follow from the reads (registers), a
 * search for the serial order decides, and not the absence of a cycle.
 *
 * A history of transactions is in real time, as in consistency.h. Keys and values are numbers; 0 is
 * nothing there, the state of every key at first.
 */
#ifndef SIM_CONSISTENCY_TRANSACTIONS_H
#define SIM_CONSISTENCY_TRANSACTIONS_H

#include "sim/consistency/consistency.h"

/* ---- What is judged -------------------------------------------------------------------------- */

/*
 *   multi-register  reads and writes; a key is 0 at first
 *   list-append     appends, and reads of whole lists
 *   rw-register     reads and writes
 *   bank            transfers between accounts, and reads of all of them: every read tells what
 *                   the transfers before it made of the start, whatever that was; nothing below
 * zero long-fork       writes, one a key, and reads of many keys
 */
enum transaction_model {
	TRANSACTION_MULTI_REGISTER,
	TRANSACTION_LIST_APPEND,
	TRANSACTION_RW_REGISTER,
	TRANSACTION_BANK,
	TRANSACTION_LONG_FORK,
	TRANSACTION_MODELS
};
extern const char *const transaction_models[TRANSACTION_MODELS]; /* their names */

enum micro_kind {
	MICRO_READ,
	MICRO_WRITE,
	MICRO_APPEND,
	MICRO_ADD /* to a balance; a transfer is two of them */
};
struct micro {
	enum micro_kind kind;
	uint32_t key;
	/* Where the transaction has committed, a read tells what it saw: `value`, or of list-append
	 * its `count` elements in values[first]. Else it tells nothing. */
	uint32_t first, count;
	uint64_t value; /* of a bank: an int64_t */
};

struct transaction {
	uint32_t first, count; /* its micro-operations, in order */
	uint32_t invoked;      /* positions, as of operations */
	uint32_t returned;     /* or NEVER_RETURNED: it may have committed, at any time, or never */
	uint32_t process;
	uint32_t source;
	bool aborted; /* it certainly did not commit: nobody may see it */
};

struct transactions {
	enum transaction_model model;
	const struct transaction *list; /* by invocation */
	uint32_t count;
	const struct micro *micros;
	size_t micro_count;
	const uint64_t *values; /* elements of lists */
	size_t value_count;
	uint32_t keys; /* keys are 1 .. keys */
};

/* ---- Anomalies ------------------------------------------------------------------------------- */

/* In the order in which they are told: the plainest first. */
enum anomaly {
	ANOMALY_INTERNAL,
	ANOMALY_UNWRITTEN,
	ANOMALY_DUPLICATE,
	ANOMALY_INCOMPATIBLE,
	ANOMALY_OVERDRAWN,
	ANOMALY_WRONG_TOTAL,
	ANOMALY_UNEXPLAINED,
	ANOMALY_G1A,
	ANOMALY_G1B,
	ANOMALY_G0,
	ANOMALY_G1C,
	ANOMALY_LOST_UPDATE,
	ANOMALY_G_SINGLE,
	ANOMALY_LONG_FORK,
	ANOMALY_G2,
	ANOMALY_READ_YOUR_WRITES,
	ANOMALY_MONOTONIC_READS,
	ANOMALY_MONOTONIC_WRITES,
	ANOMALY_WRITES_FOLLOW_READS,
	ANOMALIES
};
struct anomaly_kind {
	const char *name;    /* "G-single" */
	const char *what;    /* in a sentence */
	const char *refutes; /* the weakest level that forbids it */
	const char *source;
};
extern const struct anomaly_kind anomalies[ANOMALIES];

enum dependency {
	DEPENDS_WW,       /* overwrites it, or appends behind it */
	DEPENDS_WR,       /* reads it */
	DEPENDS_RW,       /* overwrites what it read */
	DEPENDS_REALTIME, /* begins after it returned */
	DEPENDS_NOT       /* a transaction that the anomaly is about, in no cycle */
};

/* One transaction of an anomaly, and how the next one (of a cycle: after the last, the first)
 * depends on it: through these versions of a key. */
struct step {
	uint32_t transaction; /* of a long fork, beyond the last: one that the history lacks */
	enum dependency dependency;
	bool by_time; /* it is certain only by real time */
	uint32_t key;
	uint64_t value; /* the version that this one wrote or read; 0: nothing */
	uint64_t next;  /* the one that the next wrote or read */
};

struct anomaly_found {
	enum anomaly kind;
	bool realtime; /* its cycle needs real time: it refutes strict serializability alone */
	uint32_t first_step, step_count;
};

/* ---- The judge ------------------------------------------------------------------------------- */

struct transactions_finding {
	enum legality strict, serializable;
	const char *engine; /* that decided */
	const char *limit;  /* UNDECIDED: what was spent */
	struct anomaly_found found[ANOMALIES * 2];
	unsigned found_count;
	struct step *steps; /* of all that were found */
	uint32_t step_count;
	/* Of a legal history: the serial order, of all that committed and of those of unknown fate
	 * that were seen. Where only `serializable` is legal it does not agree with real time. Of a
	 * long fork, those beyond the last have their places too. */
	uint32_t *order;
	uint32_t order_count;
	uint64_t dependencies, configurations;
};

void judge_transactions(const struct transactions *, const struct judge_limits *,
			struct transactions_finding *);
void transactions_finding_free(struct transactions_finding *);

/* Does every read say what this order of transactions makes it read? With `strict`, does it agree
 * with real time, too? Shares nothing with the engines. */
bool serial_order_holds(const struct transactions *, const uint32_t *order, uint32_t count,
			bool strict);

#endif
