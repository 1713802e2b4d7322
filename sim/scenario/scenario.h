/*
 * A scenario is the whole truth about a set of runs: the cluster, the network, disks, clocks, the
 * workload, the faults, the bugs, and what is expected.
 *
 * It is written in a strict subset of YAML. One table (schema.c) drives the reader, the emitter,
 * `ordeal lint` and the reference; read(emit(x)) == x.
 */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include "sim/check/check.h"
#include "sim/faults/faults.h"
#include "sim/workload/workload.h"

enum { SCENARIO_VERSION = 1, SCENARIO_GROUPS_MAX = GROUPS_MAX, EXPECTATIONS_MAX = 16 };
enum { ODD_TEXT_MAX = 300 };

struct cluster_group {
	char *name; /* "group" where the scenario has only one */
	const struct protocol *protocol;
	const struct app *app;
	unsigned nodes;
	uint8_t on;    /* 1 + the group that it stands on, an earlier one; 0: on none */
	void *options; /* the protocol's options struct, filled in, defaults too */
	/* What the protocol says of these options. */
	nanoseconds patience;
	char unsound[ODD_TEXT_MAX]; /* "": nothing */
	uint64_t bugs[BUG_WORDS];
};

enum expectation_kind {
	EXPECT_SAFE, /* no safety judge objects */
	EXPECT_LINEARIZABLE,
	EXPECT_LIVE, /* after the heal all pending operations answer, and members converge */
	EXPECT_AVAILABILITY, /* min, outside_faults */
	EXPECT_RECOVERS,     /* within, after: heal or each fault's end */
	EXPECT_VIOLATION     /* of a judge, within so many seeds */
};
struct expectation {
	enum expectation_kind kind;
	probability_t min;
	bool outside_faults;
	nanoseconds within;
	enum { AFTER_HEAL, AFTER_FAULT } after;
	enum judge of;
	uint32_t within_seeds;
};

enum plot { PLOT_LATENCY, PLOT_AVAILABILITY, PLOT_LEADERS, PLOT_RIBBON, PLOT_CDF, PLOTS };
extern const char *const plot_names[PLOTS + 1];

/* Where endpoints are. A region's number, from 1, is its place here and one more. */
enum { REGIONS_MAX = 16 };
typedef int64_t pair_values[REGIONS_MAX];
struct regions {
	unsigned count;
	char *name[REGIONS_MAX];
	uint8_t of[ENDPOINTS];                                /* 0: in none */
	pair_values rtt[REGIONS_MAX], bandwidth[REGIONS_MAX]; /* -1: not said */
	struct distribution jitter;
	struct link_setup *between; /* count x count: made of the above */
};

struct scenario {
	char *path, *name, *shows;
	uint64_t hash; /* XXH3 of the canonical text: what verdict.json names */

	unsigned group_count;
	struct cluster_group groups[SCENARIO_GROUPS_MAX];

	struct link_setup link;
	struct regions regions;
	struct link_override *links;
	size_t link_count;
	bool connections;
	struct distribution retransmit;
	struct disk_setup disk;
	struct distribution clock_offset;
	int32_t drift_ppm;
	struct distribution service;

	struct workload_setup workload;

	nanoseconds duration, warmup;
	nanoseconds heal; /* where the scenario does not say: its duration */
	enum heal_mode heal_mode;
	uint64_t max_events;
	uint64_t first_seed, last_seed;
	uint32_t stop_on; /* set of judges */

	struct fault *faults;
	unsigned fault_count;
	unsigned nemesis_count;
	struct nemesis nemeses[NEMESES_MAX];

	unsigned expectation_count;
	struct expectation expect[EXPECTATIONS_MAX];
	uint32_t plots; /* set of enum plot */
};

/* What is wrong with a file; several per pass. */
struct complaint {
	unsigned line, column; /* from 1; 0: the file as a whole */
	char text[800];        /* what is wrong; what is accepted; did you mean */
};
enum { COMPLAINTS_MAX = 20 };
struct complaints {
	unsigned count;
	struct complaint list[COMPLAINTS_MAX];
	/* What is legal and probably not meant: found in what is wrong elsewhere, too. */
	unsigned odd_count;
	struct complaint odd[COMPLAINTS_MAX];
};

/* Returns NULL with complaints filled in, or a scenario that scenario_free frees. Either way tells
 * what is odd. */
struct scenario *scenario_read(const char *path, struct complaints *);
struct scenario *scenario_parse(const char *path, const char *text, size_t size,
				struct complaints *);
void scenario_free(struct scenario *);
/* "file:line:col: error: ...", the offending line with a caret under it; then what is odd, as
 * warnings. `text` NULL: it is read from the file. */
void complaints_print(FILE *, const char *path, const char *text, const struct complaints *);
/* The canonical text, malloced. */
char *scenario_emit(const struct scenario *);
/* Turns a bug on ("raft.votes-twice"); false: there is none of that name in the cluster. */
bool scenario_bug(struct scenario *, const char *name, bool on);
/* Does an earlier group run the same protocol? A bug is on in all of them. */
bool protocol_repeated(const struct scenario *, unsigned group);
/* With no bug on, an expected violation turns into `safe` by itself. */
bool scenario_buggy(const struct scenario *);
/* The patience of the group that clients talk to, and of those that it stands on: the slowest
 * time-out of their protocols. */
nanoseconds scenario_patience(const struct scenario *);
/* The table of faults, for people: what each is, whom it hits, how much of it. */
void scenario_faults(FILE *);
/* The reference page: every key, its type, default and meaning. */
void scenario_reference(FILE *);
/* The JSON Schema of the language, for editors. */
void scenario_schema(FILE *);

/* "3s", "150ms", "1h": false where it is none. Also used for the command line. */
bool parse_duration(const char *text, nanoseconds *);
/* The nearest of the names (an edit distance that is worth asking about), or NULL. */
const char *did_you_mean(const char *word, const char *const *names, size_t count);

#endif
