/*
 * Faults: what breaks, when, and whom. One table of kinds; a schedule of them; one heal.
 */
#ifndef SIM_FAULTS_FAULTS_H
#define SIM_FAULTS_FAULTS_H

#include "sim/workload/history.h"

/* ---- Whom a fault hits ----------------------------------------------------------------------- */

struct endpoint_set {
	uint64_t processes;
	uint64_t clients[CLIENTS_MAX / 64];
};

/* Resolved when the fault fires: named ones first, then roles among those not yet taken. */
enum target_kind {
	TARGET_ENDPOINT,        /* n3, c1 */
	TARGET_LEADER,          /* "leader": live, believes so, highest term */
	TARGET_FOLLOWER,        /* "follower": a random live process that is not the leader */
	TARGET_RANDOM,          /* "random": any live process */
	TARGET_RANDOM_MINORITY, /* "random_minority" */
	TARGET_RANDOM_MAJORITY, /* "random_majority" */
	TARGET_ALL,             /* "all" processes */
	TARGET_REST,            /* "rest": the processes that no other part of this fault names */
	TARGET_CLIENTS,         /* "clients": all of them */
	TARGET_KINDS
};
extern const char *const target_names[TARGET_KINDS]; /* NULL for TARGET_ENDPOINT */

enum { TARGET_ITEMS_MAX = 64, FAULT_PARTS_MAX = 8, FAULTS_MAX = 256, NEMESES_MAX = 16 };
struct target {
	unsigned count;
	struct target_item {
		uint16_t kind; /* enum target_kind */
		endpoint_t endpoint;
	} item[TARGET_ITEMS_MAX];
};

/* ---- The table ------------------------------------------------------------------------------- */

enum fault_shape {
	FAULT_ON_PROCESSES, /* crash: leader */
	FAULT_ON_PARTS,     /* partition: [[n1, n2], [n3]]; chain: [n1, leader, rest] */
	FAULT_ON_LINKS      /* cut: n1 -> n3; loss: leader -> rest; `<->` for both directions */
};
enum fault_amount {
	AMOUNT_NONE,
	AMOUNT_DURATION,
	AMOUNT_SHARE,
	AMOUNT_FACTOR,
	AMOUNT_PPM,
	AMOUNT_CHOICE, /* the index into the kind's `choices` */
	AMOUNT_COUNT,
	AMOUNT_BANDWIDTH /* bytes a second */
};
/* Of `isolate`: what becomes of the links to clients. */
enum isolated_clients { CLIENTS_CUT, CLIENTS_STAY };
/* What a protocol must declare to survive (struct fault_model) before such a fault is held against
 * it. What loses or damages a disk, or keeps a process down, is for a minority at once. */
enum fault_needs {
	NEEDS_NOTHING, /* late or lost messages, pauses, slowness: no protocol may rely on less */
	NEEDS_RESTART, /* and to lose unsynced writes, as the scenario's disks do */
	NEEDS_WRITE_ERRORS, /* a restart, where it does not take disk_failed */
	NEEDS_WIPE,
	NEEDS_DETECTED_ROT,
	NEEDS_DRIFT,      /* of so many ppm */
	NEEDS_CORRUPTION, /* and to be told what is false: undetected corruption */
	NEEDS_MORE        /* than a protocol can declare: a sync that lies */
};

/* Fingerprints know them by number: a new one goes to the end. */
enum fault_number {
	FAULT_CRASH,
	FAULT_PAUSE,
	FAULT_WIPE,
	FAULT_PARTITION,
	FAULT_CUT,
	FAULT_LOSS,
	FAULT_DELAY,
	FAULT_SLOW_DISK,
	FAULT_WRITE_ERROR,
	FAULT_CLOCK_JUMP,
	FAULT_CLOCK_DRIFT,
	FAULT_BRIDGE,
	FAULT_RING,
	FAULT_CHAIN,
	FAULT_ISOLATE,
	FAULT_FULL_DISK,
	FAULT_LYING_SYNC,
	FAULT_ROT,
	FAULT_DROP,
	FAULT_CORRUPT,
	FAULT_CORRUPT_UNDETECTED,
	FAULT_DUPLICATE,
	FAULT_REORDER,
	FAULT_BANDWIDTH,
	FAULT_FLAKY,
	FAULT_KINDS
};

/* One scheduled fault. */
struct fault {
	enum fault_number kind;
	nanoseconds at;
	nanoseconds lasts; /* 0: as its kind's fallback says, most often until the heal */
	/* On processes: part[0]. On parts: all of them. On links: from part[0] to part[1]. */
	unsigned part_count;
	struct target part[FAULT_PARTS_MAX];
	bool both_ways; /* of links */
	/* What the kind's `amount` says: nanoseconds, a probability_t, thousandths, ppm, an index,
	 * a count or bytes a second. */
	int64_t amount;
	unsigned sort; /* of messages (message_sort): which a `drop` drops */
};

struct fault_kind {
	const char *name; /* the scenario's key: "slow_disk" */
	const char *help;
	enum fault_shape shape;
	enum fault_amount amount;
	const char *amount_key; /* the scenario's key for the amount: "times", "by", "share" */
	int64_t amount_fallback, amount_min, amount_max; /* fallback INT64_MIN: it must be said */
	int64_t drawn_least, drawn_most;                 /* between them a nemesis draws it */
	const char *const *choices;                      /* of AMOUNT_CHOICE, ended by NULL */
	unsigned parts_min;                              /* of FAULT_ON_PARTS */
	enum fault_needs needs;
	bool sorted;                /* takes `type:`, the name of a message */
	bool datagrams;             /* a connection does no such thing */
	bool spares_clients;        /* a nemesis leaves their links alone: see kinds.c */
	bool lasts;                 /* takes `for:`; a clock's jump does not */
	nanoseconds lasts_fallback; /* where no `for:` is said; 0: until the heal */
	/* `hit` says whom, part by part. `begin` returns false where it hit nobody; `end` is NULL
	 * where nothing is to be undone. */
	bool (*begin)(struct world *, const struct fault *, const struct endpoint_set *hit);
	void (*end)(struct world *, const struct fault *, const struct endpoint_set *hit);
};
extern const struct fault_kind fault_kinds[FAULT_KINDS];
const char *fault_name(unsigned kind);

/* ---- The nemesis: faults that are drawn while the run is under way --------------------------- */

enum weather { WEATHER_CHANGING, WEATHER_STEADY };
extern const char *const weather_names[]; /* "changing", "steady"; ended by NULL */

struct nemesis {
	struct distribution every;    /* from one draw to the next, in fair weather */
	nanoseconds between[2];       /* the first may fire, and the last */
	struct distribution lasts;    /* each of them */
	uint32_t weight[FAULT_KINDS]; /* how often each kind; all 0: each alike */
	struct target target;         /* count 0: any role, drawn each time */
	bool swarm;                   /* each run draws which kinds take part in it */
	uint8_t weather;              /* enum weather */
	bool beyond_model;            /* also what the protocol does not claim to survive */
};

/* What of such a fault a protocol does not claim to survive, in words: "a wiped disk"; NULL:
 * nothing. What depends on amounts, or on whom it hits, is left out. */
const char *fault_beyond(enum fault_number, const struct protocol *, enum crash_mode);

/* ---- The schedule ---------------------------------------------------------------------------- */

enum heal_mode { HEAL_ALL, HEAL_CORE, HEAL_RANDOM };
extern const char *const heal_mode_names[]; /* "all", "core", "random"; ended by NULL */

struct faults_setup {
	const struct fault *list; /* must outlive the run, and so must the nemeses */
	unsigned count;
	const struct nemesis *nemeses;
	unsigned nemesis_count;
	group_id group;       /* whose roles are meant */
	nanoseconds patience; /* a role that nobody fills is waited for up to five of these */
	nanoseconds heal;     /* 0: never by itself */
	enum heal_mode heal_mode;
};

/* At most so many in one run: our bound. */
enum { FAULTS_OF_A_RUN_MAX = 1 << 14 };

/* What became of each fault. Drawn ones are there once they have fired. */
struct fault_state {
	enum { FAULT_WAITING, FAULT_ACTIVE, FAULT_OVER, FAULT_NEVER_FIRED } state;
	nanoseconds began, ended;
	struct endpoint_set hit; /* all parts together */
};

void faults_begin(struct world *, const struct faults_setup *);
bool faults_due(struct world *, uint32_t argument);
/* Ends every fault, restarts and resumes who is down, mends every cut; with HEAL_CORE only a random
 * quorum of the group is made whole and mutually connected, and the rest stays dead or cut off.
 * HEAL_RANDOM draws one of the two. */
void faults_heal(struct world *);
/* All faults of the run so far, by number. */
unsigned faults_count(const struct world *);
const struct fault *faults_fault(const struct world *, unsigned number);
const struct fault_state *faults_state(const struct world *, unsigned number);
/* Which entry of the setup's nemeses drew it, from 1; 0: it was scheduled. */
unsigned faults_drawn_by(const struct world *, unsigned number);
/* "crash n3", "partition n1 n2 | n3..n5", "loss 30% n1 -> all": for traces and pictures. Whom it
 * hit is known once it has fired. Returns `text`. */
const char *faults_describe(struct world *, unsigned number, char text[FAULT_TEXT_MAX]);
/* What the first fault that went beyond the model of a group's protocol did to that group, in
 * words, and since when; NULL: none has. One counts once it has fired. */
const char *faults_beyond(const struct world *, group_id, nanoseconds *since);
/* Processes that the heal left whole and connected; all of them before a heal. */
uint64_t faults_core(struct world *);
/* Those that it left down for ever, and those that it left alive and cut off: nobody before it. */
uint64_t faults_dead(struct world *);
uint64_t faults_cut_for_ever(struct world *);
/* What the heal did: "all", or "core n2 n4 n5, n1 dead, n3 cut". Returns `text`. */
const char *faults_describe_heal(struct world *, char text[FAULT_TEXT_MAX]);

#endif
