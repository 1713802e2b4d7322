/*
 * The guard: a protocol that crashes or does not return loses its run, and nothing else is lost.
 *
 * Two sorts of calls are watched: handlers, and questions (an inspector, an app's digest, a model,
 * what a protocol says of its options), which may only look. Signals that they raise come back to
 * world_enter, as a failed assertion does, and the world tells the observer whose call it was;
 * where no run is under way, guard_call says it. Its main invariant: only what such a call raises
 * is the protocol's; what ordeal's own code raises, or somebody sends, takes its course, as if
 * nobody watched.
 *
 * An endless call either makes effects without end, and these are counted, or it computes: a clock
 * of processor time ticks beside the run and looks whether a call that it has seen before is still
 * under way. So nobody pays for the watch, and no clock decides anything in a run whose calls
 * return.
 */
#include "sim/world/guard.h"
#include "sim/world/kernel.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/time.h>

enum { TICK_US = 250000, TICKS = HANDLER_SECONDS * (1000000 / TICK_US), STUCK_TICKS = 5 * TICKS };

/* What a person is told of each. */
static const struct {
	int signal;
	const char *name;
} deadly[] = {
	{SIGSEGV, "SIGSEGV: a pointer to nowhere, or a recursion without end"},
	{SIGBUS, "SIGBUS: a pointer to nowhere"},
	{SIGFPE, "SIGFPE: a division by zero"},
	{SIGILL, "SIGILL: no instruction, or a trap"},
	{SIGTRAP, "SIGTRAP: a trap"},
	{SIGABRT, "SIGABRT: it gave up"},
};
enum { DEADLY = sizeof(deadly) / sizeof(deadly[0]) };

struct lone_call { /* of a function where no run is under way */
	jmp_buf escape;
	int died_of;
};

/* Signals belong to the process, and so does what watches for them. */
static struct {
	unsigned watchers; /* open worlds, and lone calls */
	struct world *run;
	struct lone_call *lone;
	struct sigaction before[DEADLY], before_tick;
	/* The call that the last ticks have seen. */
	const void *within;
	uint64_t call;
	unsigned ticks;
	/* The event of the last ticks that found ordeal's own code. */
	uint64_t event;
	unsigned stuck_ticks;
	/* The model of a plug-in's app that is asked: its steps know of no world. */
	struct model model;
	bool (*step)(void *state, const struct told *);
	const struct app *app;
} guard;

/* ---- Signals --------------------------------------------------------------------------------- */

/* Where a call of a protocol's or an app's is under way, and which one; NULL: nowhere, what runs is
 * ordeal's own code. */
static const void *under_way(uint64_t *call)
{
	const struct outside *outside = guard.run ? guard.run->outside : NULL;

	*call = outside ? guard.run->events + outside->calls : 0;
	if (guard.lone)
		return guard.lone;
	if (!outside || !outside->escapes)
		return NULL;
	return outside->in_handler || outside->question.function ? outside : NULL;
}

/* No signal is blocked here, so none has to be given back when this is left by a jump. */
static _Noreturn void end_call(int signal)
{
	if (guard.lone) {
		guard.lone->died_of = signal;
		longjmp(guard.lone->escape, 1);
	}
	guard.run->outside->died_of = signal;
	longjmp(guard.run->outside->escape, RAN_FAILED);
}

static void on_deadly(int signal, siginfo_t *info, void *context)
{
	uint64_t call;
	bool asked = under_way(&call) && info->si_code != SI_USER; /* not from elsewhere */

	if (asked && !guard.lone && guard.run->outside->watched &&
	    ((signal == SIGSEGV && watch_store(guard.run, info->si_addr, context)) ||
	     (signal == SIGTRAP && watch_stepped(guard.run, context))))
		return;
	if (asked)
		end_call(signal);
	for (unsigned i = 0; i < DEADLY; i++)
		if (deadly[i].signal == signal)
			sigaction(signal, &guard.before[i], NULL);
	if (info->si_code <= 0) /* it was sent; the others come again by themselves */
		raise(signal);
}

/* One event takes so long, in ordeal's own code, that what it works on must be broken; where
 * plug-ins may have broken it. */
static bool is_stuck(void)
{
	const struct world *world = guard.run;

	if (!world || !world->outside->looping || !world->setup->static_count ||
	    world->events != guard.event) {
		guard.event = world ? world->events : 0;
		guard.stuck_ticks = 0;
	}
	return ++guard.stuck_ticks >= STUCK_TICKS;
}

static void on_tick(int signal, siginfo_t *info, void *context)
{
	uint64_t call;
	const void *within = under_way(&call);

	(void)info, (void)context;
	if (!within || within != guard.within || call != guard.call) {
		guard.within = within;
		guard.call = call;
		guard.ticks = 0;
	} else if (++guard.ticks >= TICKS) {
		guard.within = NULL;
		end_call(signal);
	}
	if (!within && is_stuck())
		abort();
}

/* A stack that has overflown has no room for a signal's handler. */
static void stack_for_signals(void)
{
	static _Alignas(16) char stack[64 * 1024];
	stack_t there;

	if (sigaltstack(NULL, &there) == 0 && (there.ss_flags & SS_DISABLE))
		sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL);
}

static void tick_every(suseconds_t us)
{
	struct timeval time = {.tv_usec = us};

	setitimer(ITIMER_PROF, &(struct itimerval){time, time}, NULL);
}

void guard_open(void)
{
	struct sigaction die = {.sa_sigaction = on_deadly,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	struct sigaction tick = {.sa_sigaction = on_tick,
				 .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART};

	if (guard.watchers++)
		return;
	stack_for_signals();
	for (unsigned i = 0; i < DEADLY; i++)
		sigaction(deadly[i].signal, &die, &guard.before[i]);
	sigaction(SIGPROF, &tick, &guard.before_tick);
	tick_every(TICK_US);
}

void guard_close(void)
{
	if (--guard.watchers)
		return;
	tick_every(0);
	sigaction(SIGPROF, &guard.before_tick, NULL);
	for (unsigned i = 0; i < DEADLY; i++)
		sigaction(deadly[i].signal, &guard.before[i], NULL);
}

struct world *guard_run(struct world *world)
{
	struct world *before = guard.run;

	guard.run = world;
	return before;
}

/* ---- Where no run is under way --------------------------------------------------------------- */

static void signal_text(int signal, char *how)
{
	snprintf(how, GUARD_HOW_MAX, "did not return within %d s of processor time",
		 HANDLER_SECONDS);
	for (unsigned i = 0; i < DEADLY; i++)
		if (deadly[i].signal == signal)
			snprintf(how, GUARD_HOW_MAX, "died of %s", deadly[i].name);
}

bool guard_call(void (*call)(void *context), void *context, char *how)
{
	struct lone_call lone = {.died_of = 0};

	assert(!guard.lone && !guard.run);
	guard_open();
	guard.lone = &lone;
	bool returned = setjmp(lone.escape) == 0;

	if (returned)
		call(context);
	else
		signal_text(lone.died_of, how);
	guard.lone = NULL;
	guard_close();
	return returned;
}

/* ---- Questions ------------------------------------------------------------------------------- */

void handler_guard(struct world *world)
{
	struct outside *outside = world->outside;

	outside->effects_max = EFFECTS_MAX;
	outside->calls++;
	if (outside->watched)
		watch_begin(world);
}

void handler_over(struct world *world)
{
	struct outside *outside = world->outside;

	outside->effects_max = 0;
	if (outside->watched)
		watch_end(world);
}

void question_guard(struct world *world, const char *function, const char *of,
		    struct process *process, bool takes_memory)
{
	struct outside *outside = world->outside;

	outside->question = (struct question){function, of, process, takes_memory};
	outside->effects_max = 0;
	outside->calls++;
	if (outside->watched)
		watch_begin(world);
}

void question_answered(struct world *world)
{
	struct outside *outside = world->outside;

	outside->question.function = NULL;
	outside->effects_max = outside->in_handler ? EFFECTS_MAX : 0;
	outside->calls++;
	if (outside->watched && !outside->in_handler)
		watch_end(world);
}

/* ---- A plug-in's model ----------------------------------------------------------------------- */

static const void *object_of(const void *address)
{
	Dl_info info;

	return dladdr(address, &info) ? info.dli_fbase : NULL;
}

static bool guarded_step(void *state, const struct told *told)
{
	question_begin(guard.run,
		       (struct question){.function = "its model's step", .of = guard.app->name});
	bool possible = guard.step(state, told);

	question_end(guard.run);
	return possible;
}

const struct model *world_app_model(const struct world *world, group_id group)
{
	const struct app *app = world->groups[group].app;

	if (object_of((const void *)(uintptr_t)app->model->step) == object_of(&guard))
		return app->model;
	guard.app = app;
	guard.step = app->model->step;
	guard.model = *app->model;
	guard.model.step = guarded_step;
	return &guard.model;
}

/* ---- What is told of it ---------------------------------------------------------------------- */

enum { HANDLER_TEXT_MAX = 80, PLACE_TEXT_MAX = 240 };

/* What the handler that runs was called for: the ring's record of this event says it. */
static void handler_text(const struct world *world, const struct process *process, char *text)
{
	const struct trace_record *record = &world->ring[world->events % TRACE_RING];
	char from[8];

	snprintf(text, HANDLER_TEXT_MAX, "its handler");
	if (record->event != (uint32_t)world->events)
		return;
	switch ((enum trace_kind)record->kind) {
	case TRACE_DELIVER:
		endpoint_name(record->from, from);
		if (record->from >= CLIENT_FIRST)
			snprintf(text, HANDLER_TEXT_MAX, "its handler of a request from %s", from);
		else
			snprintf(text, HANDLER_TEXT_MAX, "its handler of %.40s from %s",
				 process->protocol->messages[record->type].name, from);
		break;
	case TRACE_TIMER:
		snprintf(text, HANDLER_TEXT_MAX, "its handler of timer %.40s",
			 process->protocol->timers[record->detail].name);
		break;
	case TRACE_BOOT: snprintf(text, HANDLER_TEXT_MAX, "its boot"); break;
	case TRACE_DISK_FAILED:
		snprintf(text, HANDLER_TEXT_MAX, "its handler of failed writes");
		break;
	case TRACE_SYNC:
	case TRACE_RESUME:
	case TRACE_LOST: /* of what the disk has released, before the process is told */
		snprintf(text, HANDLER_TEXT_MAX, "its handler of durable writes");
		break;
	default: break; /* no handler follows these */
	}
}

/* Where in the accused's code it happened. */
static void place_text(const struct world *world, const struct process *accused, char *text)
{
	const struct outside *outside = world->outside;
	const struct question *question = &outside->question;
	char handler[HANDLER_TEXT_MAX];
	int used = 0;

	if (question->function && !strcmp(question->function, "inspector"))
		used = snprintf(text, PLACE_TEXT_MAX, "in its inspector %.40s", question->of);
	else if (question->function)
		used = snprintf(text, PLACE_TEXT_MAX, accused ? "in %s of its app %.40s" : "in %s",
				question->function, question->of);
	if (!outside->in_handler)
		return;
	handler_text(world, outside->current, handler);
	snprintf(text + used, PLACE_TEXT_MAX - (size_t)used, "%sin %s", used ? ", " : "", handler);
}

static void tell_failed(struct world *world, const char *how)
{
	const struct observer *observer = world->above->observer;
	struct outside *outside = world->outside;
	const struct process *accused = outside->question.function ? outside->question.process
								   : outside->current;
	char place[PLACE_TEXT_MAX] = "", what[GUARD_HOW_MAX + PLACE_TEXT_MAX + 100];

	place_text(world, accused, place);
	if (accused)
		snprintf(what, sizeof(what), "%s, %s (event %" PRIu64 ")", how, place,
			 world->events);
	else
		snprintf(what, sizeof(what), "the app %.40s %s, %s (event %" PRIu64 ")",
			 outside->question.of, how, place, world->events);
	outside->in_handler = false;
	outside->question.function = NULL;
	if (observer)
		observer->failed(world, accused ? accused->id : NO_PROCESS, what);
}

void guard_told(struct world *world)
{
	struct outside *outside = world->outside;
	char how[GUARD_HOW_MAX];

	if (!outside->died_of)
		return;
	signal_text(outside->died_of, how);
	if (outside->wild)
		snprintf(how, sizeof(how), "wrote to memory that is not its own");
	outside->died_of = 0;
	outside->wild = false;
	tell_failed(world, how);
}

_Noreturn void fail_run(struct world *world, const char *format, ...)
{
	struct outside *outside = world->outside;
	char how[GUARD_HOW_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(how, sizeof(how), format, arguments);
	va_end(arguments);
	if (!outside->escapes) {
		fprintf(stderr, "ordeal: a protocol %s, outside of any run\n", how);
		abort();
	}
	tell_failed(world, how);
	longjmp(outside->escape, RAN_FAILED);
}

_Noreturn void effects_refused(const struct env *env, const char *effect)
{
	struct world *world = process_of(env)->world;

	if (world->outside->effects_max)
		fail_run(world, "made more than %d effects and did not return", EFFECTS_MAX);
	fail_run(world, "%s, which only a handler may", effect);
}

_Noreturn void env_failed(struct env *env, const char *fact, const char *file, int line)
{
	fail_run(process_of(env)->world, "failed its own assertion \"%.160s\" at %.100s:%d", fact,
		 file, line);
}
