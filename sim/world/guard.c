/*
 * The guard: a protocol that crashes or does not return loses its run, and nothing else is lost.
 *
 * Signals that a handler raises come back to world_enter, as a failed assertion does, and the world
 * tells the observer whose handler it was. Its main invariant: only what a handler raises is the
 * protocol's, and what the code of a plug-in raises outside of handlers (an inspector, an app's
 * words, a model); what ordeal's own code raises, or somebody sends, takes its course, as if nobody
 * watched.
 *
 * An endless handler either makes effects without end, and these are counted, or it computes: a
 * clock of processor time ticks beside the run and looks whether a handler that it has seen before
 * still runs. So nobody pays for the watch, and no clock decides anything in a run whose handlers
 * return.
 */
#include "sim/world/kernel.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

enum { TICK_US = 250000, TICKS = HANDLER_SECONDS * (1000000 / TICK_US) };

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

/* Signals belong to the process, and so does what watches for them. */
static struct {
	unsigned worlds; /* open ones */
	struct world *run;
	struct sigaction before[DEADLY], before_tick;
	/* The handler that the last ticks have seen, by its event's fingerprint. */
	const struct process *process;
	uint64_t digest;
	unsigned ticks;
} guard;

/* ---- Signals --------------------------------------------------------------------------------- */

static const void *object_of(const void *address)
{
	Dl_info info;

	return dladdr(address, &info) ? info.dli_fbase : NULL;
}

/* A plug-in is known by its static data. */
static bool in_plug_in(const struct setup *setup, const ucontext_t *context)
{
#if defined(__x86_64__)
	const void *code = (const void *)context->uc_mcontext.gregs[REG_RIP];
#else
	const void *code = (const void *)context->uc_mcontext.pc;
#endif

	for (unsigned i = 0; i < setup->static_count; i++)
		if (object_of(code) == object_of(setup->statics[i].at))
			return true;
	return false;
}

/* NULL: what runs is ordeal's own code. */
static struct outside *protocol_under_way(const void *context)
{
	struct outside *outside = guard.run ? guard.run->outside : NULL;

	if (!outside || !outside->escapes)
		return NULL;
	return outside->in_handler || in_plug_in(guard.run->setup, context) ? outside : NULL;
}

/* No signal is blocked here, so none has to be given back when this is left by a jump. */
static _Noreturn void end_run(struct outside *outside, int signal)
{
	outside->died_of = signal;
	longjmp(outside->escape, RAN_FAILED);
}

static void on_deadly(int signal, siginfo_t *info, void *context)
{
	struct outside *outside = protocol_under_way(context);

	if (outside && info->si_code != SI_USER) /* not from elsewhere */
		end_run(outside, signal);
	for (unsigned i = 0; i < DEADLY; i++)
		if (deadly[i].signal == signal)
			sigaction(signal, &guard.before[i], NULL);
	if (info->si_code <= 0) /* it was sent; the others come again by themselves */
		raise(signal);
}

static void on_tick(int signal, siginfo_t *info, void *context)
{
	struct outside *outside = protocol_under_way(context);

	(void)info;
	if (!outside || outside->current != guard.process || guard.run->digest != guard.digest) {
		guard.process = outside ? outside->current : NULL;
		guard.digest = outside ? guard.run->digest : 0;
		guard.ticks = 0;
	} else if (++guard.ticks >= TICKS) {
		guard.process = NULL;
		end_run(outside, signal);
	}
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

	if (guard.worlds++)
		return;
	stack_for_signals();
	for (unsigned i = 0; i < DEADLY; i++)
		sigaction(deadly[i].signal, &die, &guard.before[i]);
	sigaction(SIGPROF, &tick, &guard.before_tick);
	tick_every(TICK_US);
}

void guard_close(void)
{
	if (--guard.worlds)
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

/* ---- What is told of it ---------------------------------------------------------------------- */

enum { HANDLER_TEXT_MAX = 80, FAILED_TEXT_MAX = 320 };

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

/* `process` is NULL where it was no process's own code. */
static void tell_failed(struct world *world, const struct process *process, const char *how)
{
	const struct observer *observer = world->above->observer;
	char handler[HANDLER_TEXT_MAX], what[FAILED_TEXT_MAX + HANDLER_TEXT_MAX + 40];

	if (world->outside->in_handler) {
		handler_text(world, process, handler);
		snprintf(what, sizeof(what), "%s, in %s (event %" PRIu64 ")", how, handler,
			 world->events);
	} else {
		snprintf(what, sizeof(what), "%s, outside of its handlers (event %" PRIu64 ")", how,
			 world->events);
	}
	world->outside->in_handler = false;
	if (observer)
		observer->failed(world, process ? process->id : NO_PROCESS, what);
}

void guard_told(struct world *world)
{
	struct outside *outside = world->outside;
	char how[FAILED_TEXT_MAX];

	if (!outside->died_of)
		return;
	snprintf(how, sizeof(how), "did not return within %d s of processor time", HANDLER_SECONDS);
	for (unsigned i = 0; i < DEADLY; i++)
		if (deadly[i].signal == outside->died_of)
			snprintf(how, sizeof(how), "died of %s", deadly[i].name);
	outside->died_of = 0;
	tell_failed(world, outside->in_handler ? outside->current : NULL, how);
}

static _Noreturn void fail_run(struct env *env, const char *how)
{
	struct process *process = process_of(env);
	struct outside *outside = process->world->outside;

	if (!outside->escapes) {
		fprintf(stderr, "ordeal: a protocol %s, outside of any run\n", how);
		abort();
	}
	tell_failed(process->world, process, how);
	longjmp(outside->escape, RAN_FAILED);
}

_Noreturn void effects_endless(struct world *world)
{
	struct env *env = &world->outside->current->env;
	char how[FAILED_TEXT_MAX];

	snprintf(how, sizeof(how), "made more than %d effects and did not return", EFFECTS_MAX);
	fail_run(env, how);
}

_Noreturn void env_failed(struct env *env, const char *fact, const char *file, int line)
{
	char how[FAILED_TEXT_MAX];

	snprintf(how, sizeof(how), "failed its own assertion \"%.160s\" at %.100s:%d", fact, file,
		 line);
	fail_run(env, how);
}
