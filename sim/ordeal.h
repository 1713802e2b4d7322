/*
 * ordeal.h - the contract between protocols, apps and the simulator.
 *
 * A protocol is a table of functions over a state that the kernel owns. A handler is a function of
 * (state, event, inputs from the world): what stays inside the process (its memory, its own view
 * of its disk, its app) happens at once; what leaves it (messages, answers, timers, bytes reaching
 * the platter) is recorded, and happens in order after the handler has returned. Nothing re-enters.
 *
 * The one rule that carries the rest: A SEND LEAVES ONLY WHEN EVERY WRITE OF ITS HANDLER, AND OF
 * THOSE BEFORE IT, IS DURABLE. The safe thing is the short thing to write; env_send_after() loosens
 * it for messages that promise less.
 *
 * A handler never reads a clock, draws a number, allocates, or prints but through the functions
 * below; it keeps no static mutable state, which no crash would take and all processes would share
 * (of a plug-in, the judge `no-hidden-state` sees it); it has at most one env_ call with an effect
 * in an expression, for the order of arguments is the compiler's.
 *
 * All other functions of a protocol or an app only look and answer: an effect, a random number or a
 * request for memory (but in an app's apply, query, image and restore) is `protocol-crashed` there.
 *
 * Contents: names of things; what a protocol is; inputs; effects; disk; app; observations; bugs.
 */
#ifndef ORDEAL_H
#define ORDEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDEAL_VERSION 1

#define ORDEAL_UNLIKELY(fact) __builtin_expect(!!(fact), 0)
#define ORDEAL_PRINTF(format_at, arguments_at)                                                     \
	__attribute__((format(printf, format_at, arguments_at)))

/* ---- Names of things ------------------------------------------------------------------------- */

typedef uint8_t process_id;  /* one member of one group, from 0; a scenario's n1 is 0 */
typedef uint8_t group_id;    /* from 0, in the scenario's order */
typedef int64_t nanoseconds; /* every time and every duration */
typedef uint64_t request_id; /* one operation of one client; never 0 */
typedef uint64_t ticket_t;   /* names a write; one process's writes become durable in this order */

enum {
	NO_PROCESS = 255,   /* no process_id: "voted for nobody" */
	PROCESSES_MAX = 64, /* over all groups, so that a set of processes is one uint64_t */
	COMMAND_MAX = 4096, /* bytes of one command, its operation id included */
	ANSWER_MAX = 65536, /* bytes of one answer of an app */
	CELL_MAX = 65536,   /* bytes of one cell */
};

/* The world as one process sees it, valid during one handler. The kernel's part follows. */
struct env {
	const uint64_t *bugs; /* public, so that BUG() is inline */
};

/* ---- What a protocol is: its table, at the foot of its file, is its index -------------------- */

/*
 * One member of a wire struct. From these the kernel prints, guards, corrupts and exports messages.
 * Wire structs have no padding (a table whose widths don't add up to the size is refused, for
 * padding would leak into fingerprints), and no bool or enum in them: uintN_t and intN_t only.
 */
enum field_kind {
	FIELD_NUMBER,
	FIELD_FLAG,
	FIELD_PROCESS,
	/* The term that its sender acts in, at most one a message, of 8 bytes: judged where it is
	 * higher than any that the sender has entered (TERM_ENTERED, VOTED, LEADER_ELECTED). */
	FIELD_TERM,
	/* Any other: of an entry, of what was accepted, a tag, a term only asked about. */
	FIELD_BALLOT,
	FIELD_BYTES
};
struct field {
	const char *name;
	uint16_t offset, width;
	enum field_kind kind;
};
#define FIELD(type, member, kind)                                                                  \
	{                                                                                          \
#member, (uint16_t)offsetof(type, member), (uint16_t)sizeof(((type *)0)->member),  \
			kind                                                                       \
	}

struct env_message; /* how a handler's `body` is known to the kernel */

struct message_type {
	const char *name;           /* as the paper spells it: "RequestVote" */
	size_t size;                /* of the fixed part */
	bool promises;              /* takes effect elsewhere as a promise: a vote, an ack */
	const struct field *fields; /* of the fixed part, ended by name == NULL */
	size_t element;             /* size of each element of a trailing array; 0: none */
	const struct field *element_fields;
	/* `body` and its `count` trailing elements hold until the handler returns. */
	void (*handle)(struct env *, void *state, process_id from, const void *body, size_t count);
};

struct timer_type {
	const char *name;
	void (*fire)(struct env *, void *state, uint64_t key);
};

/* A number of a process, for traces, lanes and liveness. "role", "term", "commit", "leader" are
 * understood by reports: a role named "leader" is what `crash: leader` aims at. */
struct inspector {
	const char *name;
	uint64_t (*get)(const struct env *, const void *state);
	const char *const
		*values; /* names of small values ("follower", ...), ended by NULL; or NULL */
};

/*
 * One key of a scenario's `options:`. Schema, help and default come from it. It is stored at
 * `offset` of the protocol's own options struct, as: FLAG uint8_t; COUNT int64_t; DURATION
 * nanoseconds; RANGE two nanoseconds, least and most; CHOICE int64_t, the index into `choices`.
 */
enum option_kind { OPT_FLAG, OPT_COUNT, OPT_DURATION, OPT_RANGE, OPT_CHOICE };
struct option {
	const char *name, *help;
	const char *fallback; /* the default, as a scenario would write it */
	enum option_kind kind;
	size_t offset;
	int64_t min, max;           /* inclusive; of COUNT, and in ns of DURATION and RANGE */
	const char *const *choices; /* of CHOICE, ended by NULL */
};

struct bug {
	const char *name, *breaks, *cite; /* "votes-twice", "vote-once", "5.2" of the paper */
};
struct sometimes {
	const char *name; /* a situation that must occur in some run: "a leader was deposed" */
};

/* What the protocol survives, on a minority of processes at once, repaired in between. Beyond
 * that the judges excuse it, and say so. */
struct fault_model {
	bool survives_restart, survives_lost_unsynced, survives_reordered_unsynced;
	bool survives_detected_rot, survives_wipe;
	int32_t clock_drift_ppm;  /* -1: any */
	bool survives_corruption; /* of messages, unnoticed: well-formed, and false */
};

enum request_kind {
	REQUEST_WRITE,
	REQUEST_READ,
	REQUEST_SESSION,
	REQUEST_MEMBERS,
	REQUEST_TRANSFER
};
struct request {
	request_id id; /* whoever learns it may answer it; the first answer counts */
	enum request_kind kind;
	uint64_t session, sequence; /* 0, 0 where the workload uses no sessions */
	const uint64_t *keys;       /* the objects that it touches, as the app tells */
	unsigned key_count;
	/*
	 * Opaque, for the app. Its first 8 bytes are the operation's id, written by the workload,
	 * read and stripped by env_apply and env_query. A protocol may wrap a command, and applies
	 * the command alone. Holds until the handler returns.
	 */
	const void *command;
	size_t size;
};

/* EMPTY: this disk was lost, and nothing has stayed on it since. */
enum boot { BOOT_FIRST, BOOT_RESTART, BOOT_EMPTY };
enum disk_error { WRITE_ERROR, DISK_FULL };

enum observation {
	/* Arguments a, b, c in order. Digests of commands are the kernel's own. */
	SAW_TERM_ENTERED,        /* term                                            promise */
	SAW_VOTED,               /* term, for whom: a repeated grant too            promise */
	SAW_LEADER_ELECTED,      /* term */
	SAW_LEADER_STEPPED_DOWN, /* term */
	SAW_PROMISED,            /* first slot, last slot, ballot                   promise */
	SAW_PROPOSED,            /* slot, ballot; command */
	SAW_ACCEPTED,            /* slot, ballot; command                           promise */
	SAW_CHOSEN,              /* slot, ballot; command */
	SAW_APPENDED,            /* index, term; command: the kernel's own, but for foreign logs */
	SAW_TRUNCATED,           /* first removed: likewise */
	SAW_COMMIT_ADVANCED,     /* up to index, current term, is it leader?: once an advance */
	SAW_CONFIG_ADOPTED,      /* index, members, outgoing members (as sets) */
	SAW_READ_SERVED,         /* request, index that the answer reflects */
	SAW_TXN_VOTED,           /* transaction, yes?                               promise */
	SAW_TXN_DECIDED,         /* transaction, commit?                            promise */
	SAW_TOKEN_HELD,          /* lock, token */
	SAW_SILENCED,            /* rightly: it cannot prove what it promised */
	OBSERVATION_COUNT
};

struct protocol {
	uint32_t version, size; /* ORDEAL_VERSION, sizeof(struct protocol) */
	const char *name, *paper, *summary;
	size_t state_size; /* volatile: zeroed at every boot */
	size_t options_size;
	struct fault_model survives;
	void (*boot)(struct env *, void *state, enum boot);
	void (*request)(struct env *, void *state, const struct request *);
	void (*durable)(struct env *, void *state, ticket_t); /* all up to it; NULL: nobody waits */
	/* That write and all after it are undone in this process's view; what waited for them never
	 * leaves. NULL: the process crashes, and restarts when the fault ends. */
	void (*disk_failed)(struct env *, void *state, ticket_t, enum disk_error);
	/* Of a protocol that stands on another: called for each index that the member of that group
	 * on this machine applies, from the first one again after a restart. */
	void (*applied)(struct env *, void *state, group_id, uint64_t index, const void *command,
			size_t size);
	uint64_t (*digest)(const struct env *, const void *state); /* canonical: no times */
	nanoseconds (*patience)(const void *options); /* its slowest time-out: bounds liveness */
	/* What keeps it from working with these options, as a sentence; NULL: nothing. May be NULL.
	 * `ordeal lint` and `run` warn of it. */
	const char *(*unsound)(const void *options);
	bool blind_writes_only;        /* no cas or append: `lint` refuses them in its mix */
	const struct app *const *apps; /* that a plug-in brings along, ended by NULL; or NULL */
	const struct message_type *messages; /* each table ends at name == NULL */
	const struct timer_type *timers;
	const struct inspector *inspectors;
	const struct option *options;
	const unsigned *observes; /* ended by OBSERVATION_COUNT; each must occur in its scenarios */
	const struct bug *bugs;
	const struct sometimes *sometimes;
};

/* ---- Inputs ---------------------------------------------------------------------------------- */

process_id env_self(const struct env *);
group_id env_group(const struct env *);
/* The processes of a group, in order; the array holds for the whole run. Returns their number. */
unsigned env_members(const struct env *, group_id, const process_id **members);
nanoseconds env_now(const struct env *);           /* monotonic; drifts; timers run on it */
nanoseconds env_wall(const struct env *);          /* the wall clock: drifts and steps */
uint32_t env_random(struct env *, uint32_t bound); /* in [0, bound); a choice like any other */
const void *env_options(const struct env *);       /* the protocol's options struct, filled in */
struct env *env_current(void);                     /* for a foreign library's malloc hook */
group_id env_base(const struct env *);             /* the group that this one stands on */
/* Arena memory: zeroed, 16-aligned, gone when the process crashes. A process that holds more than
 * 64 MiB of it leaks, and has crashed (judge `protocol-crashed`). */
void *env_alloc(struct env *, size_t);
void *env_realloc(struct env *, void *, size_t);
void env_free(struct env *, void *);

/* ---- Effects outside the process: recorded now, carried out in order after the handler ------- */

/*
 * Begins a message and returns its body, zeroed, with room for `count` trailing elements: fill it
 * in before the handler returns. It leaves when every write of this handler and of those before it
 * is durable, wherever in the handler it stands; if the process crashes first, it never leaves. To
 * itself: delivered after this handler, never lost.
 */
void *env_send(struct env *, process_id to, unsigned type, size_t count);
/* Leaves when that write is durable; ticket 0: at once. For messages that promise less. */
void *env_send_after(struct env *, ticket_t, process_id to, unsigned type, size_t count);
/*
 * Adds records to a body just begun: a run [first, last] of this process's own log (not copied: a
 * log record's bytes never change or move while a message in flight holds them), or any one record,
 * copied. Of a run, those before the first that is not whole are added; returns how many.
 */
uint64_t env_attach_log(struct env *, void *body, uint64_t first, uint64_t last);
void env_attach(struct env *, void *body, uint64_t index, uint64_t term, const void *command,
		size_t size);
/* Answers a client; leaves as env_send's does. The bytes are copied. */
void env_reply(struct env *, request_id, const void *answer, size_t size);
void env_reply_after(struct env *, ticket_t, request_id, const void *answer, size_t size);
void env_redirect(struct env *, request_id, process_id whom); /* itself: "not now" */
void env_refuse(struct env *, request_id); /* it did not and will not happen: `fail` */
/* Hands a command to the member of that group on this machine, as a request without an answer; the
 * kernel follows redirects. It may be lost: the proposer tries again. */
void env_propose(struct env *, group_id, const void *command, size_t size);
/* Fires after a duration drawn from [min, max] on this process's own clock. One timer a (type,
 * key): arming it again moves its deadline. */
void env_arm(struct env *, unsigned timer, uint64_t key, nanoseconds min, nanoseconds max);
void env_disarm(struct env *, unsigned timer, uint64_t key);

/* The records of a received message, in the order attached; start with a zeroed view. `command`
 * holds until the handler returns; `cursor` is the kernel's. */
struct record_view {
	uint64_t index, term;
	const void *command;
	size_t size;
	uint64_t cursor;
};
bool env_next_record(const void *body, struct record_view *);
size_t env_record_count(const void *body);

/*
 * ---- The disk: a process sees its own writes at once; after a crash, only what was durable ------
 *
 * Three things: a log, cells (small keyed records: the term and vote, an acceptor's slots), and a
 * snapshot. Pointers that a read returns hold until that record is removed.
 */

/* TORN was never durable, and counts in log_last; ROTTEN was, and may show at any read. */
enum record { WHOLE, ABSENT, TORN, ROTTEN };
struct written {
	uint64_t index;
	ticket_t ticket;
};
/*
 * At log_last + 1; `term` is the term, ballot or epoch it is written under. The kernel observes it
 * as APPENDED: never append twice, even across a crash, different commands under one (index, term).
 */
struct written env_log_append(struct env *, uint64_t term, const void *command, size_t size);
ticket_t env_log_truncate(struct env *, uint64_t first_removed); /* observes TRUNCATED */
/* Forgets all up to it. Beyond the last: the log is empty, the next append is last_discarded +
 * 1. */
ticket_t env_log_discard(struct env *, uint64_t last_discarded);
enum record env_log_read(const struct env *, uint64_t index, struct record_view *);
uint64_t env_log_first(const struct env *); /* the first held; log_last + 1 where it is empty */
uint64_t env_log_last(const struct env *);
uint64_t env_log_durable(const struct env *); /* highest index that a crash can't take */
ticket_t env_log_ticket(const struct env *);  /* of this process's latest write; 0: none yet */
ticket_t env_cell_put(struct env *, uint64_t key, const void *value, size_t size); /* atomic */
enum record env_cell_get(const struct env *, uint64_t key, const void **value, size_t *size);
uint64_t env_cell_next(const struct env *, uint64_t key); /* least held >= key; UINT64_MAX: none */
ticket_t env_cell_drop(struct env *, uint64_t first, uint64_t last);
/* The old snapshot stays until the new one is durable. Staged bytes may survive a crash; staging at
 * offset 0 begins anew. */
ticket_t env_snapshot_stage(struct env *, uint64_t offset, const void *bytes, size_t size);
size_t env_snapshot_staged(const struct env *);
ticket_t env_snapshot_commit(struct env *, uint64_t index, size_t image_size, const void *header,
			     size_t header_size);
struct snapshot_view {
	uint64_t index;
	const void *header, *image;
	size_t header_size, image_size;
};
enum record env_snapshot_get(const struct env *, struct snapshot_view *);

/* ---- The replicated app: at once, in this process -------------------------------------------- */

/*
 * The kernel observes what is applied, and judges it at once and for ever: apply and commit nothing
 * that a crash of all could take back. The answer holds until the next call. A no-op is (index,
 * NULL, 0): it moves the applied index. Index 0: not a log's position, no ledger (a quorum
 * register).
 */
const void *env_apply(struct env *, uint64_t index, const void *command, size_t size,
		      size_t *answer_size);
const void *env_query(struct env *, const void *command, size_t size, size_t *answer_size);
const void *env_app_image(struct env *, size_t *size);
void env_app_restore(struct env *, uint64_t index, const void *image, size_t size);

struct app_operation {
	const char *name; /* "get", "put": a scenario's mix */
	bool reads;       /* changes nothing: sent as REQUEST_READ */
	bool blind;       /* a write whose effect does not depend on the state: put, not cas */
	bool compares;    /* a write that happens only where it finds what it expects: cas */
};
/* What the workload chose for one operation: `fresh` is a value never used before in the run,
 * `seen` one that this client saw in this key last (0 at first), for a cas worth trying. */
struct drawn {
	unsigned operation;
	uint64_t key, fresh, seen;
};
/*
 * An operation in the words of histories and models. Values are numbers; 0 is "nothing there". An
 * app whose values are longer (kv, after an append) tells their digest. Where the answer is not
 * known (pending, timed out) `answered` is false, and a model's step accepts any outcome.
 */
struct told {
	unsigned operation;
	bool answered, matched; /* matched: the comparison of a cas held */
	uint64_t key, value, expected, result;
};

struct app { /* what a log replicates */
	const char *name, *summary;
	size_t state_size;                      /* zeroed at every boot */
	const struct app_operation *operations; /* ended by name == NULL */
	const struct model *model;              /* its sequential meaning, which the judges use */
	/* Writes a command for what was drawn, at most COMMAND_MAX - 8 bytes; returns its size. */
	size_t (*draw)(const struct drawn *, void *command);
	unsigned (*keys)(const void *command, size_t,
			 uint64_t *keys); /* at most 16; their number */
	/* Both write an answer of at most ANSWER_MAX bytes; return its size. `env`: for memory. */
	size_t (*apply)(struct env *, void *state, const void *command, size_t, void *answer);
	size_t (*query)(struct env *, const void *state, const void *command, size_t, void *answer);
	bool (*allowed)(const void *state, const void *command, size_t); /* a participant's vote */
	size_t (*image)(struct env *, const void *state, void *bytes);   /* NULL: only the size */
	void (*restore)(struct env *, void *state, const void *bytes, size_t size);
	uint64_t (*digest)(const void *state); /* equal states, equal digests, whatever the path */
	/* answer == NULL: not answered. What is told is zeroed before. */
	void (*tell)(const void *command, size_t, const void *answer, size_t, struct told *);
};

/*
 * What an operation does to its object, for judges that are faster than a search. The value is the
 * number that the state begins with.
 */
enum model_act {
	ACT_OTHER, /* only `step` knows */
	ACT_READ,  /* changes nothing; the value is `result` */
	ACT_WRITE, /* always possible: the value becomes `value`, whatever was there */
	ACT_CAS,   /* where the value is `expected` it becomes `value`; elsewhere nothing happens */
};
struct model_operation {
	const char *name;
	enum model_act act;
};

/* The sequential meaning of one object (one key). States are zeroed at first and compared bytewise:
 * no padding. */
struct model {
	const char *name;
	size_t state_size; /* at most 32 */
	bool (*step)(void *state,
		     const struct told *);        /* false: impossible here; state undefined */
	const struct model_operation *operations; /* ended by name == NULL; or NULL: all OTHER */
};

/* One number, read, written, compared and set. */
enum register_operation { REGISTER_READ, REGISTER_WRITE, REGISTER_CAS };
extern const struct model model_register, model_cas_register; /* the first has no cas */

/*
 * Strings under a key, as numbers that can be extended without the bytes: 0 is "" and what is not
 * there. An append tells what it adds as `value` and string_shift() of its length as `expected`;
 * one that did not match was refused, for only the server knows how long a string may grow.
 */
enum kv_operation { KV_GET, KV_PUT, KV_DELETE, KV_APPEND, KV_CAS };
extern const struct model model_kv;
uint64_t string_shift(size_t size);
uint64_t string_after(uint64_t string, uint64_t tail, uint64_t tail_shift);

/* ---- What a handler says that it did: the same words for every protocol ---------------------- */

/*
 * Judged when the handler has returned. Those marked "promise" bind only once every write of their
 * handler, and of those before it, is durable, wherever in the handler they stand: a crash before
 * that takes them back, and that is legal.
 */
void env_observe(struct env *, enum observation, uint64_t a, uint64_t b, uint64_t c,
		 const void *command, size_t size);
/* A line for the trace, and nothing else: no judge and no fingerprint sees it. */
void env_note(struct env *, const char *format, ...) ORDEAL_PRINTF(2, 3);
void env_sometimes(struct env *, unsigned which); /* this situation did occur */

/* A planted bug, off unless a scenario or --bug turns it on. Costs one predictable branch. */
#define BUG(env, which) ORDEAL_UNLIKELY(env_bug((env), (which)))
static inline bool env_bug(const struct env *env, unsigned which)
{
	return env->bugs[which / 64] >> which % 64 & 1;
}

/* A fact that the protocol's own authors would stake the run on: where it fails, the protocol has
 * crashed (judge `protocol-crashed`). */
#define ORDEAL_ASSERT(env, fact) ((fact) ? (void)0 : env_failed((env), #fact, __FILE__, __LINE__))
_Noreturn void env_failed(struct env *, const char *fact, const char *file, int line);

/* What a plug-in exports: exactly this. Of libc it may call what is pure (mem*, str*, assert). */
extern const struct protocol ordeal_protocol;

#endif
