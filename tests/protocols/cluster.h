/*
 * A cluster on a stage: worlds in which tests drive protocols by hand, without judges or workload.
 *
 * Links take 1 ms, syncs 1 ms, nothing is lost unless a test says so. What processes observe and
 * what clients are told is noted, in order.
 */
#ifndef TESTS_PROTOCOLS_CLUSTER_H
#define TESTS_PROTOCOLS_CLUSTER_H

#include "protocols/registry.h"
#include "sim/world/world.h"
#include "tests/tests.h"

#define MS ((nanoseconds)1000000)

enum { SEEN_MAX = 4096, TOLD_MAX = 1024 };

struct seen {
	nanoseconds time;
	process_id who;
	enum observation what;
	uint64_t a, b, c;
};

struct answer {
	request_id id;
	enum message_kind kind; /* MESSAGE_ANSWER, MESSAGE_REDIRECT, MESSAGE_REFUSAL */
	process_id whom;        /* of a redirect */
	struct told told;
};

/* One at a time, opened anew by each test and closed by the next or at the end. */
struct cluster {
	struct world *world;
	struct setup setup;
	struct above above;
	unsigned requests;
	unsigned seen_count, told_count, failures, early;
	struct seen seen[SEEN_MAX];
	struct answer told[TOLD_MAX];
	char sent[TOLD_MAX][64]; /* the command of each request */
	char failure[256];
};

/* Lays out and boots a protocol of that name, over the app register, with raft's defaults. */
struct cluster *cluster_open(const char *protocol, unsigned members);
/* As above, with the setup changed before the start. */
struct cluster *cluster_open_with(const char *protocol, unsigned members,
				  void (*change)(struct setup *));
void cluster_close(void);
void cluster_bug(struct cluster *, const char *name);
void cluster_run(struct cluster *, nanoseconds for_so_long);

/* A client asks; the id with which its answer comes. Operations are those of the app register. */
enum { READ, WRITE, CAS };
request_id cluster_ask(struct cluster *, process_id, unsigned operation, uint64_t key,
		       uint64_t value);
/* Forges a message of the protocol, on its way as any other: its body, to be filled in. */
void *cluster_forge(struct cluster *, process_id from, process_id to, unsigned type);
/* Adds the record at that index of that process's log to a forged message. */
void cluster_attach(struct cluster *, void *body, process_id, uint64_t index);
/* The last that was told to this request, or NULL. */
const struct answer *cluster_told(const struct cluster *, request_id);
unsigned cluster_saw(const struct cluster *, process_id, enum observation); /* how often */
process_id cluster_leader(const struct cluster *);
/* Runs until there is a leader that all live members follow, at most five seconds. */
process_id cluster_elect(struct cluster *);
uint64_t cluster_see(struct cluster *, process_id, const char *inspector);
/* Both ways, between this process and every other one. */
void cluster_isolate(struct cluster *, process_id);
void cluster_rejoin(struct cluster *, process_id);

#endif
