/*
 * Why a history is not linearizable, for people: the operations that no order explains, when each
 * was under way, what its reads could have returned, and which faults were near.
 */
#ifndef SIM_HISTORIES_EXPLANATION_H
#define SIM_HISTORIES_EXPLANATION_H

#include "sim/histories/operations.h"
#include "sim/histories/transactions.h"

enum {
	SHOWN_MAX = 40,   /* operations of a core that are shown */
	ANSWERS_MAX = 12, /* answers that are tried for one read */
	NEAR_MAX = 3,     /* faults */
	LABEL_MAX = 64
};

struct shown {
	const struct call *call;
	uint32_t lane;     /* its process, from 0 in the order of appearance */
	uint32_t from, to; /* moments, from 0: an invocation or a return that is shown is one */
	bool stuck;        /* the last one to return: from then on no order exists */
	char label[LABEL_MAX];
	/* A read: what it could have returned, all that came before it being as it was; of what
	 * stood there at first and was written lately. None: it was not asked. */
	unsigned answer_count;
	struct datum said; /* what it did return */
	bool more;         /* there may be others, which were written earlier */
	struct datum answers[ANSWERS_MAX];
};

struct near {
	const struct disturbance *disturbance;
	uint32_t moment; /* it happened before this one */
	char label[LABEL_MAX];
};

/* Of a cycle of transactions: the second depends on the first. */
struct edge {
	unsigned from, to; /* of those shown */
	char name[24];     /* "ww"; "rw, wr": through one that the history lacks */
};

struct explanation {
	struct shown shown[SHOWN_MAX];
	struct edge edges[SHOWN_MAX];
	unsigned edge_count;
	unsigned count, lanes, moments;
	size_t left_out; /* operations of the core */
	int64_t processes[SHOWN_MAX];
	int64_t times[2 * SHOWN_MAX]; /* of the moments; INT64_MIN: not recorded */
	struct near near[NEAR_MAX];
	unsigned near_count;
	char source[160]; /* where the value of the stuck read came from; "": nothing to say */
};

/* Uses the room for the reads: evidence in it is lost, the core is copied first. */
void explain(struct room *, const struct recording *, const struct model *, struct object_history *,
	     const struct finding *, struct explanation *);

/* Of transactions: those of the first anomaly, and the faults near them. */
void explain_anomaly(const struct recording *, const struct transactions_finding *,
		     const struct transaction_history *, struct explanation *);
/* Each anomaly: its name, what it refutes, and its cycle, a line a transaction. */
void anomalies_print(FILE *, const struct recording *, const struct transactions_finding *,
		     const struct transaction_history *);

/* "cas k1 [1 2] -> false" */
void call_label(const struct recording *, const struct model *, const struct call *,
		char label[LABEL_MAX]);

/* Places what is shown in lanes and moments, and finds the faults near it: the last step of either
 * explanation. Cuts a label that is too long. */
void explanation_place(const struct recording *, struct explanation *);
void explanation_label(char label[LABEL_MAX], const char *text, size_t size);

/* As lanes of text, and as a picture. */
void explanation_print(FILE *, const struct explanation *);
void explanation_draw(FILE *svg, const struct explanation *);

#endif
