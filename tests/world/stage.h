/*
 * A stage for the world's own tests: a protocol whose handlers do what the test's script says, an
 * app that adds up, and an observer. All that happens is told, in order, in one line of words:
 *
 *     n2<7@1000            n2 got message 7, at 1000 us
 *     n1.tick(3)@500       a timer of n1 fired, with its key
 *     n1.voted(4)@1000     n1's observation has bound, with its first argument
 *     n1.early(7)@0        message 7 left before its handler's writes were durable
 *     n1.boot(0)@0  n1.durable(3)@1000  n1.failed(4)@1000  n1<c1:9@1000  c1<9@2000
 */
#ifndef TESTS_WORLD_STAGE_H
#define TESTS_WORLD_STAGE_H

#include "sim/world/kernel.h"
#include "tests/tests.h"

#define US ((nanoseconds)1000)
#define MS (1000 * US)
#define S  (1000 * MS)

enum { PLAIN, PROMISE, LONG, OTHER }; /* message types; PROMISE promises, LONG has elements */
enum { TICK, TOCK };                  /* timer types */
enum { TALE_MAX = 1 << 16, ACTS_MAX = 64 };

struct number_body { /* of every message */
	uint64_t number;
};

struct player {              /* a process's state */
	uint64_t heard;      /* the sum of all numbers in its messages */
	uint64_t role, term; /* of inspectors; the role 1 is "leader" */
};

/* What a process does; where NULL, nothing. The stage tells the event before it asks the script. */
struct script {
	void (*boot)(struct env *, enum boot);
	void (*request)(struct env *, const struct request *);
	void (*message)(struct env *, process_id from, unsigned type, uint64_t number,
			const void *body);
	void (*timer)(struct env *, unsigned type, uint64_t key);
	void (*durable)(struct env *, ticket_t);
	void (*disk_failed)(struct env *, ticket_t, enum disk_error);
};

extern const struct protocol players,
	players_helpless; /* the helpless have no disk_failed, nor durable */

struct act {
	process_id id;
	void (*handler)(struct env *);  /* a handler of that process, or ... */
	void (*direct)(struct world *); /* ... something done to the world */
};

/* One at a time, prepared anew by each test; what is fixed may be changed before play_begin. */
struct play {
	struct world *world;
	uintptr_t base;
	uint64_t arena_limit;
	bool junk;
	struct setup setup;
	struct above above;
	struct script script;
	struct override overrides[16];
	size_t override_count;
	struct overrides source;
	bool quiet;    /* nothing is told but what the test tells */
	bool tell_log; /* also appended, truncated, durable and recovered logs */
	struct act acts[ACTS_MAX];
	unsigned act_count;
	unsigned failures; /* of protocols; what was said of the last one: */
	char failure[512];
	size_t tale_size;
	char tale[TALE_MAX];
};
extern struct play play;

/* Three processes and a client; links and syncs take 1 ms, writes nothing; seed 1. */
void play_prepare(void);
void play_begin(void); /* opens, lays out and boots */
void play_reset(void); /* the same world, laid out and booted again */
enum outcome play_run(nanoseconds until);
/* A handler of that process, now. */
void play_act(process_id, void (*handler)(struct env *));
/* The same as a bracket: what stands between the two is the handler. */
struct env *play_enter(process_id);
void play_leave(void);
/* A handler as an event of the run. */
void play_act_at(nanoseconds, process_id, void (*handler)(struct env *));
void play_do_at(nanoseconds, void (*direct)(struct world *));
/* "The nth such choice is `value`": before play_begin. */
void play_override(enum choice_kind, unsigned from, unsigned to, unsigned type, uint32_t nth,
		   uint64_t value);
void play_request(request_id number, process_id to, uint64_t add);
void play_send(struct env *, process_id to, unsigned type, uint64_t number);
void play_send_after(struct env *, ticket_t, process_id to, unsigned type, uint64_t number);
void play_say(const char *format, ...) printf_like(1, 2);
/* What was told since the last call is exactly this. */
bool play_told(const char *tale, const char *file, int line);
#define TOLD(tale) CU_ASSERT(play_told((tale), __FILE__, __LINE__))
unsigned play_count(const char *part); /* how often it stands in the tale */

static inline struct disk *play_disk(process_id id)
{
	return &world_process(play.world, id)->disk;
}
static inline struct env *play_env(process_id id)
{
	return &world_process(play.world, id)->env;
}

#endif
