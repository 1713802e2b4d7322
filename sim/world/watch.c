/*
 * The watch: which code of a plug-in writes where it must not. For a run that has killed ordeal,
 * and is done again: it is slow.
 *
 * While a call of a plug-in's is under way the arena is read-only. Each store then raises a signal,
 * and it is asked whose it is: ordeal's own code (an env_ function) may write, and so may the
 * plug-in's to what is its process's: its state, its app's, its memory, the bodies of messages that
 * it has begun. Then the page is open for that one instruction. Anything else is a wild write, and
 * ends the run at that very instruction.
 *
 * What it misses: a write through a bad pointer that an env_ function was given to fill in; what an
 * app does that no process runs; memory outside of the arena; and, where the machine can't be told
 * to step over one instruction, all but the first store to a page in a call.
 */
#include "sim/world/kernel.h"

#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { WATCH_PAGE = 4096, STEP_FLAG = 0x100 };

/* ---- Whose code is it? ----------------------------------------------------------------------- */

struct place {
	uintptr_t at;
	unsigned object; /* from 1, in the order of loading: the first is ordeal's program */
	unsigned found;
};

static int find_object(struct dl_phdr_info *info, size_t size, void *context)
{
	struct place *place = context;

	(void)size;
	place->object++;
	for (unsigned i = 0; i < info->dlpi_phnum && !place->found; i++) {
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type == PT_LOAD && place->at >= start &&
		    place->at - start < info->dlpi_phdr[i].p_memsz)
			place->found = place->object;
	}
	return 0;
}

static unsigned object_with(uintptr_t address)
{
	struct place place = {.at = address};

	dl_iterate_phdr(find_object, &place);
	return place.found;
}

/* In a library's function, what called it counts: those that write memory have no frame. Where a
 * handler's last act is such a call, it returns to where the handler was called. */
static bool by_plug_in(const struct world *world, const ucontext_t *context)
{
#if defined(__x86_64__)
	uintptr_t code = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
	uintptr_t stack = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
	uintptr_t caller = *(const uintptr_t *)stack;
#else
	uintptr_t code = (uintptr_t)context->uc_mcontext.pc;
	uintptr_t stack = (uintptr_t)context->uc_mcontext.sp;
	uintptr_t caller = (uintptr_t)context->uc_mcontext.regs[30];
#endif
	const struct outside *outside = world->outside;
	unsigned in = object_with(code), called_from = object_with(caller);
	bool last_act = outside->in_handler && stack == outside->called_at;

	for (unsigned i = 0; i < world->group_count; i++) {
		const struct group *group = &world->groups[i];
		unsigned own = object_with((uintptr_t)group->protocol);

		if (own > 1 && (in == own || (in != 1 && (called_from == own || last_act))))
			return true;
	}
	return false;
}

/* ---- Whose memory is it? --------------------------------------------------------------------- */

static bool within(uintptr_t at, const void *start, size_t size)
{
	return at >= (uintptr_t)start && at - (uintptr_t)start < size;
}

static bool is_own(struct world *world, uintptr_t at)
{
	const struct outside *outside = world->outside;
	const struct process *process = outside->in_handler ? outside->current
							    : outside->question.process;

	if (!process)
		return true; /* an app's that no process runs: not told apart */
	const struct app *app = world->groups[process->group].app;

	if (within(at, process->state, process->protocol->state_size) ||
	    (app && within(at, process->app, app->state_size)) || process_owns(process, at))
		return true;
	for (uint32_t i = 0; i < outside->effect_count; i++) {
		if (outside->effects[i].kind != EFFECT_MESSAGE)
			continue;
		const struct env_message *message = message_at(world, outside->effects[i].message);

		if (within(at, message->body, message->size))
			return true;
	}
	return false;
}

/* ---- The watch ------------------------------------------------------------------------------- */

void world_watch(struct world *world, bool on)
{
	world->outside->watched = on;
}

/* handler_begin jumps here as its last act, so that this returns to where it was called from, which
 * is where the handler will be called from. */
void watch_begin(struct world *world)
{
	world->outside->called_at = return_slot();
	mprotect(world, (world->arena.used + WATCH_PAGE - 1) / WATCH_PAGE * WATCH_PAGE, PROT_READ);
}

void watch_end(struct world *world)
{
	mprotect(world, world->arena.limit / WATCH_PAGE * WATCH_PAGE, PROT_READ | PROT_WRITE);
	world->outside->stepped = NULL;
}

static void *page_of(uintptr_t at)
{
	return (void *)(at / WATCH_PAGE * WATCH_PAGE);
}

bool watch_store(struct world *world, void *address, void *context)
{
	uintptr_t at = (uintptr_t)address;
	ucontext_t *machine = context;

	if (!within(at, world, world->arena.limit))
		return false;
	if (by_plug_in(world, machine) && !is_own(world, at)) {
		world->outside->wild = true;
		return false;
	}
#if defined(__x86_64__)
	world->outside->stepped = page_of(at);
	machine->uc_mcontext.gregs[REG_EFL] |= STEP_FLAG;
#endif
	return mprotect(page_of(at), WATCH_PAGE, PROT_READ | PROT_WRITE) == 0;
}

bool watch_stepped(struct world *world, void *context)
{
	struct outside *outside = world->outside;

	if (!outside->stepped)
		return false;
#if defined(__x86_64__)
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~STEP_FLAG;
#endif
	(void)context;
	mprotect(outside->stepped, WATCH_PAGE, PROT_READ);
	outside->stepped = NULL;
	return true;
}
