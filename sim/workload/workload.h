/*
 * Clients: what they ask, whom, when, and when they give up.
 *
 * A closed loop begins the next operation when the last one is over; an open loop begins operations
 * when they are due, however many are still open (no coordinated omission). A client asks again
 * only after a redirect or a "not now"; silence until the deadline is unknown, and the client goes
 * on under a new process number. A late answer changes nothing.
 */
#ifndef SIM_WORKLOAD_WORKLOAD_H
#define SIM_WORKLOAD_WORKLOAD_H

#include "sim/workload/history.h"

enum { OPERATIONS_MAX = 16, OPEN_OPERATIONS_MAX = 65536, KEYS_MAX = 65536 };

enum arrival { ARRIVAL_CLOSED, ARRIVAL_CONSTANT, ARRIVAL_POISSON };
extern const char *const arrival_names[]; /* "closed", "constant", "poisson"; ended by NULL */

struct workload_setup {
	unsigned clients;
	enum arrival arrival;
	nanoseconds interval;      /* of an open loop: between arrivals, over all clients */
	struct distribution think; /* of a closed loop: between an answer and the next operation */
	struct distribution backoff;     /* after "not now", before asking somebody else */
	nanoseconds timeout;             /* from invocation to giving up */
	unsigned keys;                   /* keys 0 .. keys-1 */
	uint32_t zipf_thousandths;       /* skew; 0: uniform */
	uint32_t weight[OPERATIONS_MAX]; /* the mix, by the app's operations */
	uint64_t operations;             /* at most so many are begun; 0: no bound */
	group_id group;                  /* whom the clients talk to */
	nanoseconds starts;              /* the first operation may begin */
};

struct workload_counts {
	uint64_t invoked, ok, failed, unknown;
	uint64_t redirects, not_now, late;
};

/* Takes its memory in the world's arena and schedules the first arrivals. */
void workload_begin(struct world *, const struct workload_setup *);
void workload_stop(struct world *); /* no more operations begin */
/* One more operation of a client that has none open, even after the stop: is anybody answered?
 * False: every client has one open. */
bool workload_probe(struct world *);
/* The number of the latest-begun of all operations that were answered, be it too late; 0: none. */
uint64_t workload_freshest(struct world *);
unsigned workload_open(struct world *); /* operations without an outcome so far */
/* One that has none, as its client sees it. */
struct open_operation {
	request_id id;
	nanoseconds since;
	nanoseconds asks_at; /* it waits until then before it asks again; -1: for an answer */
	uint64_t key;
	unsigned operation; /* of the app */
	unsigned asked;     /* how often */
	process_id server;  /* that was asked last */
};
/* The oldest of them, at most `most`; returns how many. */
unsigned workload_waiting(struct world *, struct open_operation *, unsigned most);
const struct workload_counts *workload_counts(struct world *);
/* At the end of a run: every open operation becomes unknown, in order of invocation. */
void workload_end(struct world *);

/* For struct above. */
bool workload_due(struct world *, uint32_t argument);
void workload_answered(struct world *, unsigned client, const struct env_message *);

#endif
