/*
 * The world: one run of one cluster. Clock, queue, network, disks and processes, with no notion of
 * protocols by name, of judges, of workloads or of why things break.
 *
 * All that changes stands in the arena, struct world first. What is fixed for the run (struct
 * setup) and what is only ever appended to (records) stand outside. The floors above (faults,
 * workload, check, run) hang on `above`: the world calls them when what they scheduled is due, when
 * a client gets an answer, and for each thing that a process says or does.
 */
#ifndef SIM_WORLD_WORLD_H
#define SIM_WORLD_WORLD_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/gnu.h"
#include "sim/ordeal.h"
#include "sim/world/arena.h"
#include "sim/world/choice.h"
#include "sim/world/disk.h"
#include "sim/world/queue.h"

/* ---- Who and where --------------------------------------------------------------------------- */

/* Processes are endpoints 0 .. PROCESSES_MAX-1, client c1 is CLIENT_FIRST. */
typedef uint16_t endpoint_t;
enum { CLIENT_FIRST = PROCESSES_MAX, CLIENTS_MAX = 256, GROUPS_MAX = 16, BUG_WORDS = 2 };
enum { ENDPOINTS = CLIENT_FIRST + CLIENTS_MAX }; /* also: no endpoint */
/* A handler that makes more effects, or computes longer (processor time), is endless, and a process
 * that holds more bytes of env_alloc leaks: the protocol's violation. Messages for a paused
 * process: modelled, it drops. */
enum { EFFECTS_MAX = 65536, HANDLER_SECONDS = 2, MEMORY_MAX = 64 << 20, INBOX_MAX = 1024 };

/* "n3" or "c1", into `text` of at least 8 bytes; returns it. */
const char *endpoint_name(endpoint_t, char *text);

/* ---- What is fixed for a run ----------------------------------------------------------------- */

#define BANDWIDTH_MAX INT64_C(1000000000000) /* bytes a second */
struct link_setup {
	struct distribution latency;
	probability_t loss, duplicate, reorder;
	struct distribution held_back; /* on top of the latency, where a message is reordered */
	probability_t corrupt;         /* discarded by a checksum: lost, but counted apart */
	probability_t alter;           /* corrupted so that nobody notices: see alter.c */
	nanoseconds distance;          /* on top of every latency: half of a round trip */
	uint64_t bandwidth;            /* bytes a second; 0: no bound */
	uint64_t buffer;               /* bytes that may wait for it; what comes then is dropped */
};

/* Of one directed pair; the world's default otherwise. */
struct link_override {
	endpoint_t from, to;
	struct link_setup link;
};

struct group_setup {
	const struct protocol *protocol;
	const struct app *app;
	const void *options; /* the protocol's options struct */
	unsigned members;    /* processes are numbered over all groups, in order */
	uint8_t on;          /* 1 + the group that it stands on, an earlier one; 0: on none */
	uint64_t bugs[BUG_WORDS];
};

/* Memory of a plug-in that is no part of any process: its static data. */
struct static_data {
	void *at;
	size_t size;
	const void *loaded; /* what stood there when it was loaded */
	const char *owner;  /* the plug-in's path */
	/* The variable at that offset; NULL: unknown. */
	const char *(*name)(const struct static_data *, size_t offset);
};

struct setup {
	uint64_t seed;
	unsigned group_count;
	struct group_setup groups[GROUPS_MAX];
	unsigned clients;
	struct link_setup link;
	const struct link_override *links; /* the last that matches counts */
	size_t link_count;
	/* Links within and between regions, where `links` does not name them; a region is numbered
	 * from 1. */
	unsigned region_count;
	const uint8_t *region;            /* of each of the ENDPOINTS; 0: of none */
	const struct link_setup *between; /* region_count x region_count, from and to */
	bool connections;                 /* FIFO connections; else datagrams */
	struct distribution retransmit;   /* of a connection: what a loss costs */
	struct disk_setup disk;
	struct distribution clock_offset; /* of the wall clocks; a coin gives the sign */
	int32_t drift_ppm;                /* each clock's drift is drawn from [-drift, drift] */
	struct distribution service;      /* what a message takes of its process's time */
	uint64_t max_events;
	const struct static_data *statics; /* of plug-ins */
	unsigned static_count;
	/* Code runs that is not ordeal's own, a plug-in's: whatever is asked of it is guarded, and
	 * not its handlers alone. */
	bool foreign;
};

/* ---- Messages -------------------------------------------------------------------------------- */

enum message_kind {
	MESSAGE_PROTOCOL,
	MESSAGE_REQUEST,
	MESSAGE_ANSWER,
	MESSAGE_REDIRECT,
	MESSAGE_REFUSAL,
	MESSAGE_PROPOSAL, /* between groups: a request without an answer, by way of other members */
	MESSAGE_APPLIED   /* and back: what the base has applied */
};
/* MESSAGE_KINDS: those on clients' links. */
enum { MESSAGE_RECORDS_INLINE = 4, MESSAGE_KINDS = MESSAGE_PROPOSAL, MESSAGE_TYPES_MAX = 58 };
enum { MESSAGE_SORTS = MESSAGE_TYPES_MAX + MESSAGE_PROPOSAL + 1 };
_Static_assert((int)MESSAGE_SORTS <= 64, "a sort's place in an address");

/*
 * One block in the arena: the header, then the body that the protocol fills in. What the
 * fingerprint sees (from records_digest on) ends where the body begins, so that one call digests
 * both.
 */
struct env_message {
	ref_t next;      /* in whatever list it waits */
	bool serviced;   /* its process has spent its service time on it */
	bool lost;       /* went down with its connection */
	bool arrived;    /* at its process, where it waits: no cut can take it any more */
	bool promises;   /* as its type does */
	ticket_t after;  /* leaves when this write is durable ... */
	ticket_t needed; /* ... and ought to, when that one is */
	union {
		uint32_t place;       /* in its FIFO link */
		uint32_t incarnation; /* of the process where it has arrived */
	};
	uint32_t allocated; /* bytes of this block */
	ref_t records;      /* the array, where there are more than stand inline */
	uint32_t record_capacity;
	ref_t record[MESSAGE_RECORDS_INLINE]; /* struct log_record */
	uint32_t record_count;
	uint32_t size; /* of the body with its trailing elements */
	uint16_t group;
	uint16_t term_at; /* 1 + where its body has a FIELD_TERM; 0: it has none */
	uint32_t link;    /* index into the world's links */
	/* What is digested: the rest follows from it. */
	uint64_t records_digest;
	nanoseconds at;     /* delivered */
	uint16_t from, to;  /* endpoints */
	uint8_t kind, type; /* enum message_kind; the protocol's type */
	uint16_t count;     /* trailing elements */
	uint8_t body[];
};
_Static_assert(offsetof(struct env_message, body) % 16 == 0, "bodies are 16-aligned");
_Static_assert(offsetof(struct env_message, body) == sizeof(struct env_message), "no gap");

/* As the protocol's table names it, or "request", "answer" and so on, with "proposal" as the last;
 * NULL: none is so. */
const char *message_sort_name(const struct protocol *, unsigned sort);
/* What a message is, as one number: its type, or, between clients and processes, its kind. */
static inline unsigned message_sort(const struct env_message *message)
{
	return message->kind == MESSAGE_PROTOCOL ? message->type
						 : MESSAGE_TYPES_MAX + (unsigned)message->kind;
}

/* A request's id names its client, so that any process can answer, and numbers the operations of
 * the run, over all clients, from 1. */
static inline request_id request_name(uint64_t number, unsigned client)
{
	return number << 16 | client;
}
static inline unsigned request_client(request_id id)
{
	return id & 0xFFFF;
}
static inline uint64_t request_number(request_id id)
{
	return id >> 16;
}

/* Body of a request's message; the command follows. */
struct request_body {
	request_id id;
	uint64_t session, sequence;
	uint32_t kind, size;
};

/* Body of what a base has applied; the command follows. */
struct applied_body {
	uint64_t index;
	uint32_t group, size;
};

/* Body of an answer, a redirect or a refusal; the answer's bytes follow. */
struct answer_body {
	request_id id;
	uint32_t whom; /* of a redirect: the process to ask; the sender itself: not now */
	uint32_t size;
};

/* ---- Links ----------------------------------------------------------------------------------- */

struct link {          /* directed */
	uint32_t cuts; /* how many faults cut it: healing one never mends what another still cuts */
	uint32_t place;        /* of the last message of a FIFO connection ... */
	uint32_t broken_place; /* ... and of the last before it broke */
	ref_t wire;            /* struct wire; 0: an ideal one */
	probability_t loss, duplicate, reorder;
	nanoseconds slower;      /* added to every latency: its distance, and what faults add */
	nanoseconds last;        /* delivery of the last message of a FIFO connection */
	uint32_t setup;          /* 0: the default; then `links`, then `between` */
	uint32_t lost;           /* messages that it lost, for whatever reason */
	nanoseconds delivered;   /* when it last delivered anything; -1: never */
	uint32_t delivered_sort; /* message_sort of that */
	uint32_t unused;
};

/* What few links have: wire.c says what each does to a message. */
struct wire {
	probability_t corrupt, alter;
	uint64_t bandwidth, buffer;
	nanoseconds free;    /* when it has sent off all that it was given */
	nanoseconds stretch; /* of a flaky link: in each such stretch of time it is out or not */
	uint64_t stretches;  /* the number of the one it has looked at last, from 1 ... */
	bool out;            /* ... and whether it is out in that */
	ref_t drops;         /* probability_t, by message_sort; 0: none */
};

/* ---- Processes ------------------------------------------------------------------------------- */

enum status { UP, DOWN, PAUSED };

/* local = local_at + (true - true_at) * (1 + ppm / 10^6) */
struct clock {
	nanoseconds true_at, local_at;
	nanoseconds wall_ahead; /* of the monotonic clock */
	int32_t ppm;
};

struct timer {
	nanoseconds armed_at, least, most; /* on the process's own clock; least and most after it */
	nanoseconds deadline; /* the same; once drawn. Before that, the earliest it can be */
	nanoseconds queued;   /* true time of its queued item; -1: none is */
	uint64_t key;
	uint32_t queued_sequence;
	uint32_t arms; /* the ordinal of its choices */
	ref_t next;    /* of the same type, other keys */
	uint8_t process, type;
	bool armed, drawn;
};

/* What waits for the disk: a message, or a promise observed. */
struct held {
	ref_t next;
	ref_t message; /* 0: an observation */
	ticket_t after;
	uint64_t a, b, c, digest;
	uint32_t what;
	uint32_t unused;
};

struct process {
	struct env env; /* first: a handler's env is its process */
	struct world *world;
	const struct protocol *protocol;
	void *state, *app;
	process_id id;
	group_id group;
	uint8_t status; /* enum status */
	bool silenced;
	bool harmed;        /* its disk has lost, damaged or refused something, some time */
	bool wiped;         /* its disk was lost: it boots EMPTY, until something stays on it */
	bool durable_waits; /* paused, it was not yet told what became durable ... */
	uint8_t failed_how; /* ... nor what failed: enum disk_error */
	ticket_t failed_write;
	uint32_t boots, incarnation;
	struct clock clock;
	struct disk disk;
	uint64_t applied;              /* the last index */
	uint64_t machine;              /* the set of processes on its machine, itself too */
	ref_t held_first, held_last;   /* waiting for the disk, in order of ticket */
	ref_t inbox_first, inbox_last; /* of a paused process */
	uint32_t inbox_count;
	ref_t released_first, released_last; /* what the disk released while it was paused */
	nanoseconds busy_until;
	uint32_t draws;   /* the ordinal of env_random */
	uint32_t crashes; /* ordinal of crash choices */
	uint32_t serviced;
	bool crash_armed;        /* it dies in its next handler */
	bool dead_disk;          /* it crashed of a disk error, and boots when that is over */
	ref_t *timers;           /* struct timer, by type; keys other than 0 chained behind */
	const uint16_t *term_at; /* of its messages, by type */
	/* The highest that it has said to be in, also where a crash took that back: its disk may
	 * have kept it. */
	uint64_t term;
	ref_t blocks;    /* memory that dies with it ... */
	uint64_t memory; /* ... and how many bytes of it */
};

/* ---- The floors above ------------------------------------------------------------------------ */

enum floor { FLOOR_WORKLOAD, FLOOR_FAULTS, FLOOR_CHECK, FLOOR_RUN, FLOORS };

/*
 * Called in the order in which things happen. What is `observed` binds at that moment: promises
 * come when they are durable. `operation` is a request id, 0 where the command is no client's.
 */
struct observer {
	void (*observed)(struct world *, process_id, enum observation, uint64_t a, uint64_t b,
			 uint64_t c, uint64_t digest);
	/* `record` stands in this process's log now: in its own view, not yet durable. */
	void (*appended)(struct world *, process_id, struct log_record *);
	void (*truncated)(struct world *, process_id, uint64_t first_removed);
	/* Log indexes up to `last` are durable now. */
	void (*durable)(struct world *, process_id, uint64_t last);
	/* It crashed, or its disk failed: from `first_changed` on, its log is now what world_log
	 * says, and, after a crash, all of that is durable. */
	void (*recovered)(struct world *, process_id, uint64_t first_changed);
	void (*booted)(struct world *, process_id, enum boot);
	void (*applied)(struct world *, process_id, uint64_t index, uint64_t digest,
			request_id operation);
	/* Its app was restored from an image of the state right after `index`. */
	void (*restored)(struct world *, process_id, uint64_t index);
	void (*queried)(struct world *, process_id, request_id operation);
	/* Its handler has returned, and its effects are out (or died with it): called at least
	 * where world->ask_when_handled was set meanwhile. */
	void (*handled)(struct world *, process_id);
	/* A message of a type marked `promises` left before `needed` was durable. */
	void (*left_early)(struct world *, process_id, const struct env_message *, ticket_t needed);
	/* A promise that was never `observed`: the write that it rests on has failed. */
	void (*withdrawn)(struct world *, process_id, enum observation, uint64_t a, uint64_t b);
	/* A promise is said, before it is `observed`, and its process has no write under way: what
	 * it rests on must be on the disk already. */
	void (*unwritten)(struct world *, process_id, enum observation, uint64_t a, uint64_t b);
	/* A message of its handler has a FIELD_TERM above any term that it has entered. */
	void (*term_ahead)(struct world *, process_id, const struct env_message *, uint64_t term);
	/* Its handler changed static data: the variable's name, or NULL. It is as before again. */
	void (*hid)(struct world *, process_id, const char *variable);
	/* A handler or another function of its failed an assertion, crashed, did not return or did
	 * what it may not: `what`, in words. NO_PROCESS: of an app that no process was asked for,
	 * which `what` then names. */
	void (*failed)(struct world *, process_id, const char *what);
};

struct above {
	const struct observer *observer; /* NULL: nobody judges */
	/* What was scheduled is due. Whether it changed the world: such pops count as events. */
	bool (*due[FLOORS])(struct world *, uint32_t argument);
	/* An answer, redirect or refusal has reached its client. */
	void (*answered)(struct world *, unsigned client, const struct env_message *);
	/* A process has crashed, booted, paused or resumed, or a link was cut or mended. */
	void (*changed)(struct world *, process_id);
};

/* ---- The world ------------------------------------------------------------------------------- */

enum { RECORDS_HISTORY, RECORDS_VALUES, RECORDS_SERIES, RECORDS_KINDS };
enum { RECORDS_MAX = 1 << 30, IMAGE_MAX = 1 << 28 }; /* bytes of each kind; of an app's image */

enum { TRACE_RING = 128 };
struct trace_record { /* one event, in 32 bytes: the last of them are always at hand */
	nanoseconds time;
	uint64_t detail;
	uint32_t event;
	uint16_t from, to;
	uint8_t kind, type, unused[6];
};

struct counters {
	uint64_t sent, delivered, lost, cut, duplicated, reordered, refused_dead, broken;
	uint64_t dropped, overflowed, corrupted, altered;
	uint64_t bytes, timers, writes, syncs, crashes, boots, pauses, inbox_dropped;
	uint64_t statics_watched; /* handlers */
	uint64_t betrayed; /* writes that a lying sync had called durable, and a crash took */
};

struct world { /* stands at the arena's start */
	struct arena arena;
	nanoseconds now;
	uint64_t events;
	uint64_t digest; /* the fingerprint so far */
	uint32_t sequence;
	uint32_t observed[OBSERVATION_COUNT]; /* how many of each; anchors count from these */
	struct queue queue;
	struct choices choices;
	const struct setup *setup;
	const struct above *above;
	struct outside *outside;
	unsigned process_count, client_count;
	struct process *processes;
	struct link *links;        /* process x process */
	struct link *client_links; /* clients to processes, then processes to clients */
	uint32_t *ordinals;        /* messages by link and type */
	unsigned type_count;       /* of the protocol with the most */
	struct group {
		const struct protocol *protocol;
		const struct app *app;
		uint8_t first, count;
		group_id base; /* that it stands on; itself: on none */
		bool carries;  /* another stands on it */
		uint64_t bugs[BUG_WORDS];
		process_id *members;
		/* What has happened to it: false messages, and lies of syncs that a crash found. */
		struct harm {
			uint64_t count;
			nanoseconds since; /* the first */
		} altered, betrayed;
		uint16_t *term_at; /* see struct process */
	} groups[GROUPS_MAX];
	unsigned group_count;
	uint64_t proposals;      /* made so far */
	uint32_t cut_changes;    /* cuts and mends so far ... */
	nanoseconds cut_changed; /* ... and when the last was: links are worth another look */
	bool healed;             /* loss has stopped, latencies are capped */
	bool stop;               /* a floor above wants the run to end at this event */
	bool ask_when_handled;   /* the observer wants a word when this handler is over */
	struct counters counters;
	size_t records[RECORDS_KINDS]; /* bytes of each kind of record, on this branch */
	/* The floors' own state, in the arena. */
	void *workload, *faults, *check, *run;
	uint64_t sometimes[GROUPS_MAX]; /* sets of situations that occurred */
	struct trace_record ring[TRACE_RING];
};

/* Why world_run returned. */
enum outcome {
	RAN_UNTIL,   /* the time is reached, or nothing is left to happen; or `body` returned */
	RAN_STOPPED, /* a floor above set `stop` */
	RAN_LIMIT,   /* a bound of ours: its name in *limit */
	RAN_FAILED   /* a protocol's assertion, crash or endless handler; the observer knows */
};

/*
 * A theatre: the arena and what stands outside it; used for many runs, one after the other. `base`
 * is where the arena should lie (ARENA_BASE). NULL where the machine refuses.
 */
struct world *world_open(uintptr_t base, uint64_t arena_limit);
void world_close(struct world *);
/* Resets all, lays the cluster out, boots nothing yet. `setup` and `above` must outlive the run. */
void world_begin(struct world *, const struct setup *, const struct above *);
/* From the next run on: whatever of a plug-in writes to the arena where it must not ends its run at
 * that instruction. Slow. */
void world_watch(struct world *, bool);
/* Boots every process, in order; after the floors above have taken their memory. */
void world_boot(struct world *);
/* Runs until the next event would be later than `until`; `now` is then `until`. */
enum outcome world_run(struct world *, nanoseconds until, const char **limit);
/* For a world held still (unit tests, debuggers): one event. False: nothing is left. */
bool world_step(struct world *);
/*
 * Runs `body`, from which world_limit and a failed handler come back here; what floors do with
 * the world before and after world_run belongs in it. world_run does this itself where nobody did.
 */
enum outcome world_enter(struct world *, void (*body)(struct world *, void *), void *context,
			 const char **limit);
/* Ends the run from anywhere inside it with RAN_LIMIT: a bound of ours is reached. */
_Noreturn void world_limit(struct world *, const char *name);

static inline void *world_take(struct world *world, size_t size)
{
	return arena_take(&world->arena, size);
}
/* Calls above->due[floor](world, argument) at `time`. `argument` is below 2^24. */
void world_schedule(struct world *, nanoseconds time, enum floor, uint32_t argument);
/* Mixes a fact of a floor above (a fault that fired, an operation begun) into the fingerprint. */
void world_digest(struct world *, uint64_t a, uint64_t b);

/* Client `client` (from 0) asks `to`. The first 8 bytes of the command are the operation's id. */
void world_request(struct world *, unsigned client, process_id to, const struct request *);

/* ---- What can be done to a process ----------------------------------------------------------- */

/* A crash takes the whole machine, and a restart brings it back, in order of groups. The rest is
 * done to each of its processes by whoever does it (sim/faults). */

/* Crashes now, or in the middle of its next handler (a choice); false where it is down already. */
bool world_crash(struct world *, process_id);
void world_crash_now(struct world *, process_id);
void world_restart(struct world *, process_id); /* nothing, where it is up */
bool world_pause(struct world *, process_id);
void world_resume(struct world *, process_id);
void world_wipe(struct world *, process_id); /* its disk, while it is down: it boots EMPTY */
void world_clock_step(struct world *, process_id, nanoseconds by); /* of the wall clock */
void world_clock_drift(struct world *, process_id, int32_t ppm);
void world_disk_slower(struct world *, process_id, uint32_t times_thousandth);
void world_disk_failing(struct world *, process_id, probability_t);
void world_disk_full(struct world *, process_id, bool);
void world_disk_lying(struct world *, process_id, bool);
/* Damages the log record of that index, the cell of that key, the snapshot: what reads it is told.
 * False: nothing whole and durable is there. It stays so until it is removed or written anew. */
bool world_disk_rot(struct world *, process_id, enum store, uint64_t key);
/* The same, of whatever is there: a choice of that place, below 1024, and ordinal. */
bool world_disk_rot_any(struct world *, process_id, unsigned place, uint32_t ordinal);
bool world_disk_rotten(struct world *, process_id); /* is anything on it? */

/* ---- What can be done to links --------------------------------------------------------------- */

struct link *world_link(struct world *, endpoint_t from, endpoint_t to); /* NULL between clients */
void world_cut(struct world *, endpoint_t from, endpoint_t to);
void world_mend(struct world *, endpoint_t from, endpoint_t to); /* takes one cut away */
/* All but its cuts becomes what the setup says. */
void world_link_reset(struct world *, struct link *);
struct wire *world_wire(struct world *, struct link *); /* made where there is none */
/* Of each sort of message the share that the wire drops: MESSAGE_SORTS of them. */
probability_t *world_wire_drops(struct world *, struct wire *);
/* The liveness phase begins: loss, duplication, reordering and corruption stop, latencies are
 * capped at their 99th percentile. Cuts and crashes are for the caller to mend. */
void world_heal(struct world *);

/* ---- What can be seen ------------------------------------------------------------------------ */

static inline struct process *world_process(struct world *world, process_id id)
{
	return &world->processes[id];
}
static inline const struct protocol *world_protocol(const struct world *world, process_id id)
{
	return world->processes[id].protocol;
}
/* Value of the inspector of that name; `fallback` where it has none, is down, or, asked after the
 * run, does not return. */
uint64_t world_inspect(struct world *, process_id, const char *name, uint64_t fallback);
/* That group, or the one that it stands on where its own protocol knows no leaders. */
group_id world_led_group(struct world *, group_id);
/* The live process of a group that believes to lead, in the highest term, or NO_PROCESS. */
process_id world_leader(struct world *, group_id);
/* The record at `index` of its log, NULL where there is none. */
struct log_record *world_log(struct world *, process_id, uint64_t index);
static inline struct log_record *world_record(struct world *world, ref_t ref)
{
	return arena_at(&world->arena, ref);
}
/* Runs an app outside any process: for a judge that replays the ledger. Its memory is freed by
 * world_audit_end. */
struct audit {
	struct process process;
};
void world_audit_begin(struct world *, struct audit *, group_id);
const void *world_audit_apply(struct audit *, const void *command, size_t, size_t *answer_size);
uint64_t world_audit_digest(struct audit *);
void world_audit_end(struct audit *);
uint64_t world_app_digest(struct world *, process_id);
/* What a read of this key would tell there, now; false: the app has no reads. */
bool world_app_read(struct world *, process_id, uint64_t key, struct told *);
/* Of a group's app: its words for what was drawn, at most COMMAND_MAX - 8 bytes; and what a command
 * and its answer (NULL: none) mean. */
size_t world_app_draw(struct world *, group_id, const struct drawn *, void *command);
void world_app_tell(struct world *, group_id, const void *command, size_t, const void *answer,
		    size_t, struct told *);
/* Its app's model; of a plug-in's, a crash in it is the plug-in's. Holds until the next call. */
const struct model *world_app_model(const struct world *, group_id);
/* What it told cannot be: ends the run. */
_Noreturn void world_app_lied(struct world *, group_id, const char *function, const char *format,
			      ...) printf_like(4, 5);

/* ---- Trace ----------------------------------------------------------------------------------- */

/* One line an event goes to `out` from now on; NULL: none (the ring is always on). */
void world_trace_to(struct world *, FILE *out);
/* What the lines mean, each line behind `before`. */
void world_trace_legend(FILE *, const char *before);
/* One process at this moment, in words: its inspectors, the values that its app has under the first
 * so many keys, timers, disk, and what waits. */
void world_print_process(struct world *, process_id, unsigned keys, FILE *);
/* A line for something that a floor above did: a fault that fired, a violation. */
void world_trace_line(struct world *, const char *format, ...) printf_like(2, 3);
bool world_tracing(const struct world *);
/* The last events, a line each, traced or not: of a run that cannot be had again. */
void world_trace_recent(struct world *, FILE *out);
/* Where not NULL, every event's digest goes here: to find where two runs part. */
void world_digests_to(struct world *, void (*take)(void *context, uint64_t event, uint64_t digest),
		      void *context);

/* ---- Records: only ever appended to, outside the arena --------------------------------------- */

/* A run of bytes that grows up to RECORDS_MAX; the world keeps `size` of the branch that it is on.
 */
void *records_append(struct world *, unsigned kind,
		     size_t size); /* room for so many bytes, zeroed */
void *records_at(struct world *, unsigned kind, size_t offset);
size_t records_size(const struct world *, unsigned kind);

/* ---- Snapshots ------------------------------------------------------------------------------- */

struct snapshot;
/* A copy of all that changes. It stays good however often the world goes back and branches. */
struct snapshot *world_snapshot(struct world *);
void world_restore(struct world *, struct snapshot *); /* as often as you like */
void snapshot_free(struct world *, struct snapshot *);
size_t snapshot_bytes(const struct snapshot *);

#endif
