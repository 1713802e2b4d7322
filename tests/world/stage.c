/* Processes that follow a script, and the tale of what they did: see stage.h. */
#include "tests/world/stage.h"

#include <inttypes.h>
#include <stdarg.h>

struct play play;

/* ---- The tale -------------------------------------------------------------------------------- */

void play_say(const char *format, ...)
{
	va_list arguments;
	size_t room = sizeof(play.tale) - play.tale_size;

	va_start(arguments, format);
	int size = vsnprintf(play.tale + play.tale_size, room, format, arguments);
	va_end(arguments);
	if (size > 0 && (size_t)size < room)
		play.tale_size += (size_t)size;
}

static void tell(const char *format, unsigned who, uint64_t number)
{
	if (play.quiet)
		return;
	if (play.tale_size)
		play_say(" ");
	play_say("n%u", who + 1);
	play_say(format, number);
	play_say("@%" PRId64, play.world->now / US);
}

bool play_told(const char *tale, const char *file, int line)
{
	bool same = !strcmp(play.tale, tale);

	if (!same)
		printf("\n  %s:%d: told was\n    %s\n  and not\n    %s", file, line, play.tale,
		       tale);
	play.tale_size = 0;
	play.tale[0] = '\0';
	return same;
}

unsigned play_count(const char *part)
{
	unsigned count = 0;

	for (const char *at = play.tale; (at = strstr(at, part)); at++)
		count++;
	return count;
}

/* ---- The protocol ---------------------------------------------------------------------------- */

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)state;
	tell(".boot(%" PRIu64 ")", env_self(env), boot);
	if (play.script.boot)
		play.script.boot(env, boot);
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	(void)state;
	tell("<c1:%" PRIu64, env_self(env), request->id >> 16);
	if (play.script.request)
		play.script.request(env, request);
}

static void on_message(struct env *env, void *state, process_id from, unsigned type,
		       const void *body)
{
	struct player *player = state;
	const struct number_body *number = body;

	player->heard += number->number;
	tell("<%" PRIu64, env_self(env), number->number);
	if (play.script.message)
		play.script.message(env, from, type, number->number, body);
}

#define HANDLER(name, type)                                                                        \
	static void name(struct env *env, void *state, process_id from, const void *body,          \
			 size_t count)                                                             \
	{                                                                                          \
		(void)count;                                                                       \
		on_message(env, state, from, type, body);                                          \
	}
HANDLER(on_plain, PLAIN)
HANDLER(on_promise, PROMISE)
HANDLER(on_long, LONG)
HANDLER(on_other, OTHER)

static void on_tick(struct env *env, void *state, uint64_t key)
{
	(void)state;
	tell(".tick(%" PRIu64 ")", env_self(env), key);
	if (play.script.timer)
		play.script.timer(env, TICK, key);
}

static void on_tock(struct env *env, void *state, uint64_t key)
{
	(void)state;
	tell(".tock(%" PRIu64 ")", env_self(env), key);
	if (play.script.timer)
		play.script.timer(env, TOCK, key);
}

static void on_durable(struct env *env, void *state, ticket_t ticket)
{
	(void)state;
	tell(".durable(%" PRIu64 ")", env_self(env), ticket);
	if (play.script.durable)
		play.script.durable(env, ticket);
}

static void on_disk_failed(struct env *env, void *state, ticket_t ticket, enum disk_error error)
{
	(void)state;
	tell(error == DISK_FULL ? ".full(%" PRIu64 ")" : ".failed(%" PRIu64 ")", env_self(env),
	     ticket);
	if (play.script.disk_failed)
		play.script.disk_failed(env, ticket, error);
}

static uint64_t digest(const struct env *env, const void *state)
{
	const struct player *player = state;

	(void)env;
	return player->heard;
}

static nanoseconds patience(const void *options)
{
	(void)options;
	return S;
}

static uint64_t inspect_role(const struct env *env, const void *state)
{
	(void)env;
	return ((const struct player *)state)->role;
}

static uint64_t inspect_term(const struct env *env, const void *state)
{
	(void)env;
	return ((const struct player *)state)->term;
}

static const char *const roles[] = {"follower", "leader", NULL};

static const struct field number_fields[] = {
	FIELD(struct number_body, number, FIELD_NUMBER),
	{0},
};

#define PLAYERS(label, when_durable, when_disk_fails)                                              \
	{                                                                                          \
		.version = ORDEAL_VERSION, .size = sizeof(struct protocol), .name = label,         \
		.paper = "none", .summary = "processes that follow a script",                      \
		.state_size = sizeof(struct player), .boot = on_boot, .request = on_request,       \
		.durable = when_durable, .disk_failed = when_disk_fails, .digest = digest,         \
		.patience = patience,                                                              \
		.messages = (const struct message_type[]){{.name = "Plain",                        \
							   .size = sizeof(struct number_body),     \
							   .fields = number_fields,                \
							   .handle = on_plain},                    \
							  {.name = "Promise",                      \
							   .size = sizeof(struct number_body),     \
							   .promises = true,                       \
							   .fields = number_fields,                \
							   .handle = on_promise},                  \
							  {.name = "Long",                         \
							   .size = sizeof(struct number_body),     \
							   .fields = number_fields,                \
							   .element = sizeof(struct number_body),  \
							   .element_fields = number_fields,        \
							   .handle = on_long},                     \
							  {.name = "Other",                        \
							   .size = sizeof(struct number_body),     \
							   .fields = number_fields,                \
							   .handle = on_other},                    \
							  {0}},                                    \
		.timers = (const struct timer_type[]){{"tick", on_tick}, {"tock", on_tock}, {0}},  \
		.inspectors = (const struct inspector[]){{"role", inspect_role, roles},            \
							 {"term", inspect_term, NULL},             \
							 {0}},                                     \
		.options = (const struct option[]){{0}},                                           \
		.observes = (const unsigned[]){OBSERVATION_COUNT},                                 \
		.bugs = (const struct bug[]){{0}}, .sometimes = (const struct sometimes[]){{0}},   \
	}

const struct protocol players = PLAYERS("players", on_durable, on_disk_failed);
const struct protocol players_helpless = PLAYERS("players-helpless", NULL, NULL);

/* ---- The app --------------------------------------------------------------------------------- */

static unsigned sum_keys(const void *command, size_t size, uint64_t *keys)
{
	(void)command, (void)size;
	keys[0] = 0;
	return 1;
}

struct total {
	uint64_t sum;
	void *memory; /* of its own, to be freed by the kernel */
};

static size_t sum_apply(struct env *env, void *state, const void *command, size_t size,
			void *answer)
{
	struct total *total = state;
	uint64_t add = 0;

	total->memory = env_realloc(env, total->memory, 200);
	memcpy(&add, command, size < sizeof(add) ? size : sizeof(add));
	total->sum += add;
	memcpy(answer, &total->sum, sizeof(total->sum));
	return sizeof(total->sum);
}

static size_t sum_query(struct env *env, const void *state, const void *command, size_t size,
			void *answer)
{
	(void)env, (void)command, (void)size;
	memcpy(answer, state, sizeof(uint64_t));
	return sizeof(uint64_t);
}

static size_t sum_image(struct env *env, const void *state, void *bytes)
{
	(void)env;
	if (bytes)
		memcpy(bytes, state, sizeof(uint64_t));
	return sizeof(uint64_t);
}

static void sum_restore(struct env *env, void *state, const void *bytes, size_t size)
{
	(void)env;
	memcpy(state, bytes, size);
}

static uint64_t sum_digest(const void *state)
{
	uint64_t sum;

	memcpy(&sum, state, sizeof(sum));
	return sum;
}

static const struct app sum = {
	.name = "sum",
	.summary = "adds up",
	.state_size = sizeof(struct total),
	.keys = sum_keys,
	.apply = sum_apply,
	.query = sum_query,
	.image = sum_image,
	.restore = sum_restore,
	.digest = sum_digest,
};

/* ---- The observer ---------------------------------------------------------------------------- */

static void observed(struct world *world, process_id id, enum observation what, uint64_t a,
		     uint64_t b, uint64_t c, uint64_t command)
{
	(void)world, (void)b, (void)c, (void)command;
	tell(what == SAW_VOTED            ? ".voted(%" PRIu64 ")"
	     : what == SAW_TERM_ENTERED   ? ".term(%" PRIu64 ")"
	     : what == SAW_LEADER_ELECTED ? ".elected(%" PRIu64 ")"
					  : ".saw(%" PRIu64 ")",
	     id, a);
}

static void appended(struct world *world, process_id id, struct log_record *record)
{
	(void)world;
	if (play.tell_log)
		tell("+%" PRIu64, id, record->index);
}

static void truncated(struct world *world, process_id id, uint64_t first_removed)
{
	(void)world;
	if (play.tell_log)
		tell("-%" PRIu64, id, first_removed);
}

static void durable(struct world *world, process_id id, uint64_t last)
{
	(void)world;
	if (play.tell_log)
		tell(".kept(%" PRIu64 ")", id, last);
}

static void recovered(struct world *world, process_id id, uint64_t first_changed)
{
	(void)world;
	if (play.tell_log)
		tell(".recovered(%" PRIu64 ")", id, first_changed);
}

static void booted(struct world *world, process_id id, enum boot boot)
{
	(void)world, (void)id, (void)boot;
}

static void applied(struct world *world, process_id id, uint64_t index, uint64_t command,
		    request_id operation)
{
	(void)world, (void)index, (void)command;
	if (play.tell_log)
		tell(".applied(%" PRIu64 ")", id, operation);
}

static void queried(struct world *world, process_id id, request_id operation)
{
	(void)world, (void)id, (void)operation;
}

static void withdrawn(struct world *world, process_id id, enum observation what, uint64_t a,
		      uint64_t b)
{
	(void)world, (void)what, (void)b;
	tell(".withdrawn(%" PRIu64 ")", id, a);
}

static void unwritten(struct world *world, process_id id, enum observation what, uint64_t a,
		      uint64_t b)
{
	(void)world, (void)id, (void)what, (void)a, (void)b;
}

static void left_early(struct world *world, process_id id, const struct env_message *message,
		       ticket_t needed)
{
	uint64_t number;

	(void)world, (void)needed;
	memcpy(&number, message->body, sizeof(number));
	tell(".early(%" PRIu64 ")", id, message->kind == MESSAGE_PROTOCOL ? number : number >> 16);
}

static void hid(struct world *world, process_id id, const char *variable)
{
	(void)world;
	play_say(" n%u.hid(%s)", id + 1, variable ? variable : "");
}

static void failed(struct world *world, process_id id, const char *what)
{
	(void)world;
	tell(".died(%" PRIu64 ")", id, ++play.failures);
	snprintf(play.failure, sizeof(play.failure), "%s", what);
}

static const struct observer observer = {.observed = observed,
					 .withdrawn = withdrawn,
					 .unwritten = unwritten,
					 .appended = appended,
					 .truncated = truncated,
					 .durable = durable,
					 .recovered = recovered,
					 .booted = booted,
					 .applied = applied,
					 .queried = queried,
					 .left_early = left_early,
					 .hid = hid,
					 .failed = failed};

static void answered(struct world *world, unsigned client, const struct env_message *message)
{
	const struct answer_body *body = (const struct answer_body *)message->body;

	if (play.quiet)
		return;
	play_say("%sc%u<%" PRIu64 "@%" PRId64, play.tale_size ? " " : "", client + 1,
		 body->id >> 16, world->now / US);
}

/* ---- Acts ------------------------------------------------------------------------------------ */

void play_act(process_id id, void (*handler)(struct env *))
{
	struct process *process = world_process(play.world, id);

	handler_begin(play.world, process);
	handler(&process->env);
	handler_end(play.world, process);
}

struct env *play_enter(process_id id)
{
	handler_begin(play.world, world_process(play.world, id));
	return play_env(id);
}

void play_leave(void)
{
	handler_end(play.world, play.world->outside->current);
}

static bool act_due(struct world *world, uint32_t number)
{
	const struct act *act = &play.acts[number];

	world_digest(world, number, 0);
	if (act->direct)
		act->direct(world);
	else
		play_act(act->id, act->handler);
	return true;
}

static void schedule(nanoseconds at, struct act act)
{
	if (play.act_count == ACTS_MAX)
		abort();
	play.acts[play.act_count] = act;
	world_schedule(play.world, at, FLOOR_RUN, play.act_count++);
}

void play_act_at(nanoseconds at, process_id id, void (*handler)(struct env *))
{
	schedule(at, (struct act){.id = id, .handler = handler});
}

void play_do_at(nanoseconds at, void (*direct)(struct world *))
{
	schedule(at, (struct act){.direct = direct});
}

void play_override(enum choice_kind kind, unsigned from, unsigned to, unsigned type, uint32_t nth,
		   uint64_t value)
{
	play.overrides[play.override_count++] = (struct override){
		.address = choice_address(kind, from, to, type, nth), .value = value};
}

void play_request(request_id number, process_id to, uint64_t add)
{
	struct {
		request_id id;
		uint64_t add;
	} command = {number << 16, add};
	struct request request = {.id = command.id,
				  .kind = REQUEST_WRITE,
				  .command = &command,
				  .size = sizeof(command)};

	world_request(play.world, 0, to, &request);
}

void play_send_after(struct env *env, ticket_t ticket, process_id to, unsigned type,
		     uint64_t number)
{
	struct number_body *body = env_send_after(env, ticket, to, type, 0);

	body->number = number;
}

void play_send(struct env *env, process_id to, unsigned type, uint64_t number)
{
	struct number_body *body = env_send(env, to, type, 0);

	body->number = number;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void close_last(void)
{
	if (play.world)
		world_close(play.world);
	play.world = NULL;
}

/* The world of a test is closed by the next one, or at the end: a test may leave by longjmp. */
void play_prepare(void)
{
	static bool registered;

	if (!registered)
		registered = atexit(close_last) == 0;
	close_last();
	memset(&play, 0, sizeof(play));
	play.base = ARENA_BASE;
	play.arena_limit = (uint64_t)64 << 20;
	play.setup = (struct setup){
		.seed = 1,
		.group_count = 1,
		.groups = {{.protocol = &players, .app = &sum, .members = 3}},
		.clients = 1,
		.link = {.latency = {CONSTANT, MS, 0, 0}},
		.retransmit = {CONSTANT, 10 * MS, 0, 0},
		.disk = {.write = {CONSTANT, 0, 0, 0}, .sync = {CONSTANT, MS, 0, 0}},
		.max_events = 1000 * 1000,
		.foreign = true,
	};
	play.above = (struct above){
		.observer = &observer, .due = {[FLOOR_RUN] = act_due}, .answered = answered};
}

static void boot(struct world *world, void *context)
{
	(void)context;
	world_boot(world);
}

void play_reset(void)
{
	const char *limit;

	play.act_count = 0;
	world_begin(play.world, &play.setup, &play.above);
	if (play.override_count) {
		overrides_init(&play.source, play.overrides, play.override_count,
			       play.world->observed);
		play.world->choices.source = &play.source.source;
	}
	world_enter(play.world, boot, NULL, &limit);
}

void play_begin(void)
{
	play.world = world_open(play.base, play.arena_limit);
	if (!play.world)
		abort();
	play.world->arena.junk = play.junk;
	play_reset();
	play.tale_size = 0;
	play.tale[0] = '\0';
}

enum outcome play_run(nanoseconds until)
{
	const char *limit;

	return world_run(play.world, until, &limit);
}
