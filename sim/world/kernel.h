/*
 * What the world's files share with each other and with nobody else: the scratch that stands
 * outside the arena, and the functions that one file offers the next.
 */
#ifndef SIM_WORLD_KERNEL_H
#define SIM_WORLD_KERNEL_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/world/world.h"

enum { NOTES_MAX = 1000 }; /* in one event: an endless handler would fill the disk */

/* What a handler did to the world outside its process, in order. */
enum effect_kind { EFFECT_MESSAGE, EFFECT_WRITE, EFFECT_OBSERVE, EFFECT_ARM, EFFECT_DISARM };
struct effect {
	uint32_t kind;
	uint32_t what; /* observation, or timer type */
	ref_t message;
	uint32_t unused;
	uint64_t a, b, c, digest; /* of a timer: key, least, most. Of a write: its ticket in a */
};
/* Of a message: when every write of its handler is durable. */
#define AFTER_ALL UINT64_MAX

/*
 * A function of a protocol or an app that is no handler: it looks, and answers. A handler may be
 * under way around it, as an app's is that applies a command.
 */
struct question {
	const char *function;    /* "inspector", "draw"; NULL: none is under way */
	const char *of;          /* which inspector; whose app's */
	struct process *process; /* NULL: no process is asked */
	bool takes_memory;       /* it may call env_alloc */
};

/*
 * Stands outside the arena: nothing in it decides anything once a handler has returned. Its arrays
 * are address space, and take memory only as far as they are used.
 */
struct outside {
	struct effect effects[EFFECTS_MAX];
	uint32_t effect_count, effects_max; /* how many may be made now: where code is foreign, none
					       but in a handler */
	bool in_handler;
	struct process *current;            /* whose handler runs */
	struct question question;           /* and what else of a protocol or an app does */
	uint64_t calls;                     /* of handlers and questions: which one is under way */
	bool foreign;                       /* questions are guarded: see struct setup */
	struct log_record *viewed;          /* the record that env_next_record returned last */
	const struct env_message *received; /* while a request is handled */
	struct snapshot *snapshots;         /* all that are kept */
	FILE *trace;
	uint64_t noted_at; /* the event of the last note ... */
	uint32_t notes;    /* ... and how many it has */
	void (*digests)(void *, uint64_t, uint64_t);
	void *digests_context;
	jmp_buf escape;
	bool escapes;        /* `escape` is set */
	bool looping;        /* events happen, one after the other */
	int died_of;         /* the signal that a handler raised; 0: none */
	bool watched;        /* stores of plug-ins are looked at: see watch.c */
	bool wild;           /* and one of them went where it must not */
	void *stepped;       /* the page that is open for one instruction */
	uintptr_t called_at; /* where the handler's return address lies, as far as is known */
	const char *limit;
	_Alignas(ARENA_ALIGN) char answer[ANSWER_MAX]; /* of env_apply and env_query */
	_Alignas(ARENA_ALIGN) char image[IMAGE_MAX];   /* of env_app_image */
	_Alignas(ARENA_ALIGN) char records[RECORDS_KINDS][RECORDS_MAX];
};

/* The low four bits of a queue item's reference. */
enum item_kind { ITEM_MESSAGE, ITEM_TIMER, ITEM_SYNC, ITEM_FLOOR, ITEM_CRASH };
enum { ITEM_BITS = 4, FLOOR_BITS = 2 };

static inline struct outside *outside(const struct world *world)
{
	return world->outside;
}
static inline struct env_message *message_at(const struct world *world, ref_t ref)
{
	return arena_at(&world->arena, ref);
}
static inline struct process *process_of(const struct env *env)
{
	return (struct process *)(uintptr_t)env; /* env is its first member */
}

static inline uint32_t world_push(struct world *world, nanoseconds time, uint32_t ref)
{
	uint32_t sequence = ++world->sequence;

	queue_push(&world->arena, &world->queue,
		   (struct queue_item){.ref = ref, .sequence = sequence, .time = time});
	return sequence;
}

/* ---- watch.c --------------------------------------------------------------------------------- */

/* Around each call of a plug-in's function. */
void watch_begin(struct world *);
void watch_end(struct world *);
/* A store to `address` was refused: is it to be done again? Else it is the plug-in's, and wild, or
 * not the watch's. */
bool watch_store(struct world *, void *address, void *context);
/* One instruction is over: was it a store that was let through? */
bool watch_stepped(struct world *, void *context);

/* ---- Questions: around every call of a function that is no handler -------------------------- */

/* Around a handler of a plug-in's likewise. */
void handler_guard(struct world *);
void handler_over(struct world *);
void question_guard(struct world *, const char *function, const char *of, struct process *,
		    bool takes_memory);
void question_answered(struct world *);

static inline void question_begin(struct world *world, const struct question question)
{
	if (unlikely(world->outside->foreign))
		question_guard(world, question.function, question.of, question.process,
			       question.takes_memory);
}

static inline void question_end(struct world *world)
{
	if (unlikely(world->outside->foreign))
		question_answered(world);
}

/* What a line of the trace tells. */
enum trace_kind {
	TRACE_DELIVER,
	TRACE_TIMER,
	TRACE_SYNC,
	TRACE_DISK_FAILED,
	TRACE_FLOOR,
	TRACE_LOST,
	TRACE_CRASH,
	TRACE_BOOT,
	TRACE_PAUSE,
	TRACE_RESUME,
	TRACE_ROT,
	TRACE_CORRUPT,
	TRACE_ALTERED
};

uint64_t inspector_value(struct process *, const struct inspector *);
/* What it calls that value; NULL: it has no name. */
const char *value_name(const struct inspector *, uint64_t value);

/* ---- process.c ------------------------------------------------------------------------------- */

void process_init(struct world *, struct process *, group_id, unsigned member);
void process_boot(struct world *, struct process *, enum boot);
/* Around every call of a protocol's function. */
void handler_begin(struct world *, struct process *);
void handler_end(struct world *, struct process *);
/* A message has arrived at an endpoint that can take it. Returns whether it was an event. */
bool process_receive(struct world *, struct process *, struct env_message *);
bool process_timer(struct world *, struct timer *, uint32_t sequence);
void process_arm(struct world *, struct process *, const struct effect *);
void process_disarm(struct world *, struct process *, const struct effect *);
void process_saw(struct world *, struct process *, uint32_t what, uint64_t a, uint64_t b,
		 uint64_t c, uint64_t digest);
void process_memory_free(struct world *, struct process *);
nanoseconds clock_local(const struct clock *, nanoseconds true_time);
nanoseconds clock_true(const struct clock *, nanoseconds local); /* the first that reads it */

/* ---- effects.c ------------------------------------------------------------------------------- */

void effect_message(struct process *, struct env_message *, ticket_t after);

/* ---- apps.c ---------------------------------------------------------------------------------- */

enum { APP_KEYS_MAX = 16 };
/* Is that in a block of its memory? */
bool process_owns(const struct process *, uintptr_t address);
unsigned app_keys(struct process *, const void *command, size_t, uint64_t *keys);

/* ---- groups.c -------------------------------------------------------------------------------- */

void machine_join(struct world *, struct process *, unsigned member);
/* The member that a proposal came to knows a better one. */
void proposal_redirected(struct process *, request_id, process_id whom);
/* To whoever stands on this member's group, on its machine. */
void hand_up(struct process *, uint64_t index, const void *command, size_t size);
void handle_applied(struct process *, const struct env_message *);
/* What is applied is told in order of index, whatever is chosen to happen next. */
bool applied_overtakes(const struct env_message *, const struct env_message *other);

/* ---- disk.c, disk_stores.c ------------------------------------------------------------------- */

void disk_init(struct world *, struct disk *);
void disk_issue(struct world *, struct process *, ticket_t);
void disk_begin_sync(struct world *, struct process *);
static inline void disk_sync(struct world *world, struct process *process) /* if one is due */
{
	if (!process->disk.syncing && process->disk.issued > process->disk.durable)
		disk_begin_sync(world, process);
}
void disk_synced(struct world *, struct process *);
void disk_tell_failed(struct world *, struct process *); /* that failed_write failed */
/* Undoes what a crash takes. Returns the first log index that changed, or UINT64_MAX. */
uint64_t disk_crash(struct world *, struct process *);
void disk_wipe(struct world *, struct process *);
static inline bool disk_empty(const struct disk *disk)
{
	return !disk->log_durable && !disk->cell_count && !disk->snapshot;
}
struct log_slot *disk_slot(struct world *, struct disk *, uint64_t index); /* NULL: none */
void record_release(struct world *, struct log_record *);
struct log_record *record_new(struct world *, uint64_t index, uint64_t term, const void *command,
			      size_t size);
uint64_t command_digest(const void *command, size_t size);

/* ---- guard.c --------------------------------------------------------------------------------- */

/* Of every open world; the first and the last count. */
void guard_open(void);
void guard_close(void);
/* The world whose handlers are guarded from now on; returns the one before. */
struct world *guard_run(struct world *);
/* After RAN_FAILED: tells the observer of a signal, where it was one. */
void guard_told(struct world *);
/* It did what it may not: `how`, in words. */
_Noreturn void fail_run(struct world *, const char *format, ...) printf_like(2, 3);
/* More effects than a handler may make; or any, where no handler asks for them. */
_Noreturn void effects_refused(const struct env *, const char *effect);
/* Before what changes the world without being an effect. */
static inline void must_be_handler(const struct env *env, const char *what)
{
	if (unlikely(process_of(env)->world->outside->effects_max == 0))
		effects_refused(env, what);
}

/* ---- statics.c ------------------------------------------------------------------------------- */

/* The static data of plug-ins, as it was loaded. */
void statics_reset(struct world *);
/* After a handler: tells the observer where it has changed. */
void statics_watch(struct world *, const struct process *);

/* ---- held.c ---------------------------------------------------------------------------------- */

void held_add(struct world *, struct process *, const struct held *);
/* What waits for no more than `durable` leaves. */
void held_release(struct world *, struct process *, ticket_t durable);
void held_drop(struct world *, struct process *, ticket_t from);

/* ---- network.c ------------------------------------------------------------------------------- */

struct env_message *message_new(struct world *, enum message_kind, endpoint_t from, endpoint_t to,
				size_t size);
void message_attach(struct world *, struct env_message *, struct log_record *);
void message_free(struct world *, struct env_message *);
void network_send(struct world *, struct env_message *);
bool network_deliver(struct world *, struct env_message *); /* whether it was an event */
/* Would this message come before one that was sent earlier on the same connection? */
bool network_overtakes(const struct env_message *, const struct env_message *other);
void network_forget(struct world *, process_id);
void network_break(struct world *, endpoint_t from, endpoint_t to); /* a connection */
void network_init(struct world *);
/* Gone on its way, for one of the reasons that are counted; frees it. */
void network_lose(struct world *, struct link *, struct env_message *, enum trace_kind,
		  uint64_t *counter);
const struct link_setup *link_setup(const struct world *, const struct link *);
ref_t *message_records(struct world *, struct env_message *);
void message_digest_records(struct world *, struct env_message *);

/* ---- wire.c, alter.c ------------------------------------------------------------------------- */

/*
 * Puts it on the wire, which may keep it waiting. False: it is gone. `address` is that of the
 * message's choices, of no kind.
 */
bool wire_take(struct world *, struct link *, struct env_message *, address_t address,
	       nanoseconds *waits);
void wire_heal(struct world *, struct wire *);
/* One thing that it says becomes false. */
void message_alter(struct world *, struct env_message *, address_t address);

/* ---- trace.c --------------------------------------------------------------------------------- */

void trace_print_message(struct world *, enum trace_kind, const struct env_message *);
void trace_print_process(struct world *, enum trace_kind, const struct process *, uint64_t detail,
			 const char *text);
/* What a message says, without a line's end; what a client's command asks, as its app tells it. */
void trace_print_body(struct world *, const struct env_message *, FILE *);
void trace_print_value(FILE *out, const char *before, uint64_t value);
void trace_print_command(struct world *, group_id, const void *command, size_t, FILE *);
void trace_print_write(const struct process *, const char *what, uint64_t key, size_t size);
void trace_saw(struct world *, const struct process *, uint32_t what, uint64_t a, uint64_t b,
	       uint64_t c);

static inline void trace_ring(struct world *world, enum trace_kind kind, unsigned from, unsigned to,
			      unsigned type, uint64_t detail)
{
	struct trace_record *record = &world->ring[world->events % TRACE_RING];

	record->time = world->now;
	record->detail = detail;
	record->event = (uint32_t)world->events;
	record->from = (uint16_t)from;
	record->to = (uint16_t)to;
	record->kind = (uint8_t)kind;
	record->type = (uint8_t)type;
}

static inline void trace_message(struct world *world, enum trace_kind kind,
				 const struct env_message *message)
{
	trace_ring(world, kind, message->from, message->to, message->type, message->records_digest);
	if (unlikely(world->outside->trace != NULL))
		trace_print_message(world, kind, message);
}

static inline void trace_process(struct world *world, enum trace_kind kind,
				 const struct process *process, uint64_t detail, const char *text)
{
	trace_ring(world, kind, process->id, 0, 0, detail);
	if (unlikely(world->outside->trace != NULL))
		trace_print_process(world, kind, process, detail, text);
}

/* The process's latest write, as "what key, size bytes". */
static inline void trace_write(const struct process *process, const char *what, uint64_t key,
			       size_t size)
{
	if (unlikely(process->world->outside->trace != NULL))
		trace_print_write(process, what, key, size);
}

/* ---- Accidents of messages ------------------------------------------------------------------- */

/* A second duration of the same message (a duplicate's latency, how long it is held back or sent
 * again) has a place of its own: overrides count what happens at a place. */
#define SECOND_DURATION ((address_t)512 << 38)
_Static_assert(ENDPOINTS <= 512, "the bit is free");

static inline address_t of_kind(address_t address, enum choice_kind kind)
{
	return address | (address_t)kind << 58;
}

/* An accident of chance 0 is asked about too: an override may bring it; not once all is healed. */
static inline bool accident(const struct world *world, address_t address, enum choice_kind kind,
			    probability_t chance)
{
	if (likely(!chance && (!world->choices.source || world->healed)))
		return false;
	return choose_chance(&world->choices, of_kind(address, kind), chance);
}

static inline void harm_note(const struct world *world, struct harm *harm)
{
	if (!harm->count++)
		harm->since = world->now;
}

/* ---- The fingerprint ------------------------------------------------------------------------- */

/* One event: what is digested is packed, and its digest so far is the seed of the next. */
static inline void fingerprint(struct world *world, const void *bytes, size_t size)
{
	world->digest = XXH3_64bits_withSeed(bytes, size, world->digest);
	if (unlikely(world->outside->digests != NULL))
		world->outside->digests(world->outside->digests_context, world->events,
					world->digest);
}

static inline void fingerprint_words(struct world *world, uint64_t a, uint64_t b)
{
	uint64_t words[3] = {(uint64_t)world->now, a, b};

	fingerprint(world, words, sizeof(words));
}

/* The message is handled now, by a process or a client. */
static inline void message_delivered(struct world *world, struct env_message *message)
{
	world->counters.delivered++;
	message->at = world->now;
	fingerprint(world, &message->records_digest,
		    sizeof(*message) - offsetof(struct env_message, records_digest) +
			    message->size);
	trace_message(world, TRACE_DELIVER, message);
}

#endif
