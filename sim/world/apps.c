/*
 * What a process may do with its own memory; what is asked of an app, by its process and by others;
 * and an app outside of any process, for a judge that replays what was committed.
 */
#include "sim/world/guard.h"
#include "sim/world/kernel.h"

#include <inttypes.h>
#include <stdarg.h>

/* ---- Memory: gone when the process crashes --------------------------------------------------- */

struct block {
	ref_t next, before; /* of the same process */
	uint64_t size;      /* header included */
};
_Static_assert(sizeof(struct block) == ARENA_ALIGN, "blocks stay aligned");
_Static_assert(MEMORY_MAX < (uint64_t)1 << 31, "a block's class is below the arena's end");

static void must_have_memory(const struct env *env, const char *what)
{
	const struct outside *outside = process_of(env)->world->outside;

	if (unlikely(!outside->effects_max && !outside->question.takes_memory && outside->foreign))
		effects_refused(env, what);
}

void *env_alloc(struct env *env, size_t size)
{
	struct process *process = process_of(env);
	struct arena *arena = &process->world->arena;

	must_have_memory(env, "took memory");
	if (unlikely(size > MEMORY_MAX ||
		     process->memory + sizeof(struct block) + size > MEMORY_MAX))
		fail_run(process->world,
			 "asked for %zu bytes of memory beside the %" PRIu64
			 " that it held, and a process has %d",
			 size, process->memory, MEMORY_MAX);
	struct block *block = arena_take(arena, sizeof(*block) + size);
	ref_t ref = arena_ref(arena, block);

	block->size = sizeof(*block) + size;
	process->memory += block->size;
	block->next = process->blocks;
	if (block->next)
		((struct block *)arena_at(arena, block->next))->before = ref;
	process->blocks = ref;
	return block + 1;
}

void env_free(struct env *env, void *memory)
{
	struct process *process = process_of(env);
	struct arena *arena = &process->world->arena;

	must_have_memory(env, "gave memory back");
	if (!memory)
		return;
	struct block *block = (struct block *)memory - 1;

	if (block->next)
		((struct block *)arena_at(arena, block->next))->before = block->before;
	if (block->before)
		((struct block *)arena_at(arena, block->before))->next = block->next;
	else
		process->blocks = block->next;
	process->memory -= block->size;
	arena_give(arena, block, block->size);
}

void *env_realloc(struct env *env, void *memory, size_t size)
{
	if (!memory)
		return env_alloc(env, size);
	const struct block *block = (const struct block *)memory - 1;
	size_t held = block->size - sizeof(*block);
	void *moved = env_alloc(env, size);

	memcpy(moved, memory, held < size ? held : size);
	env_free(env, memory);
	return moved;
}

bool process_owns(const struct process *process, uintptr_t address)
{
	const struct arena *arena = &process->world->arena;

	for (ref_t at = process->blocks; at;) {
		const struct block *block = arena_at(arena, at);

		if (address >= (uintptr_t)(block + 1) && address < (uintptr_t)block + block->size)
			return true;
		at = block->next;
	}
	return false;
}

void process_memory_free(struct world *world, struct process *process)
{
	struct arena *arena = &world->arena;

	while (process->blocks) {
		struct block *block = arena_at(arena, process->blocks);

		process->blocks = block->next;
		arena_give(arena, block, block->size);
	}
	process->memory = 0;
}

/* ---- The app --------------------------------------------------------------------------------- */

/* Around each call of its functions. `takes_memory`: it gets an env, for that. */
static void app_begin(struct world *world, const struct app *app, struct process *process,
		      const char *function, bool takes_memory)
{
	question_begin(world, (struct question){.function = function,
						.of = app->name,
						.process = process,
						.takes_memory = takes_memory});
}

/* What it returned can't be: `is`, and at most `most`. */
static void must_be_at_most(struct world *world, uint64_t is, uint64_t most, const char *what)
{
	if (unlikely(is > most))
		fail_run(world, "returned %" PRIu64 " %s: more than the %" PRIu64 " that there are",
			 is, what, most);
}

/* The end of a call that returned `is`. */
static void app_end(struct world *world, uint64_t is, uint64_t most, const char *what)
{
	if (unlikely(world->outside->foreign)) {
		must_be_at_most(world, is, most, what);
		question_end(world);
	}
}

enum { ID_SIZE = sizeof(request_id) };

static request_id operation_of(const void *command, size_t size)
{
	request_id id = 0;

	if (size >= ID_SIZE)
		memcpy(&id, command, ID_SIZE);
	return id;
}

/* Nearly always the command stands in the log at that very index, with its digest. */
static uint64_t applied_digest(struct world *world, struct process *process, uint64_t index,
			       const void *command, size_t size)
{
	struct log_slot *slot = disk_slot(world, &process->disk, index);

	if (slot && slot->state == WHOLE) {
		const struct log_record *record = world_record(world, slot->record);

		if (record->size == size && (size == 0 || record->command == command))
			return record->digest;
	}
	return command_digest(command, size);
}

const void *env_apply(struct env *env, uint64_t index, const void *command, size_t size,
		      size_t *answer_size)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	const struct app *app = world->groups[process->group].app;
	void *answer = world->outside->answer;

	must_be_handler(env, "applied a command");
	*answer_size = 0;
	if (size)
		ORDEAL_ASSERT(env, size >= ID_SIZE && size <= COMMAND_MAX);
	if (size && app) {
		app_begin(world, app, process, "apply", true);
		*answer_size = app->apply(env, process->app, (const uint8_t *)command + ID_SIZE,
					  size - ID_SIZE, answer);
		app_end(world, *answer_size, ANSWER_MAX, "bytes of an answer");
	}
	if (index == 0)
		return answer;
	process->applied = index;
	if (unlikely(world->groups[process->group].carries))
		hand_up(process, index, command, size);
	if (world->above->observer)
		world->above->observer->applied(
			world, process->id, index,
			applied_digest(world, process, index, command, size),
			operation_of(command, size));
	return answer;
}

const void *env_query(struct env *env, const void *command, size_t size, size_t *answer_size)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	const struct app *app = world->groups[process->group].app;
	void *answer = world->outside->answer;

	must_be_handler(env, "asked its app");
	ORDEAL_ASSERT(env, app && size >= ID_SIZE && size <= COMMAND_MAX);
	app_begin(world, app, process, "query", true);
	*answer_size = app->query(env, process->app, (const uint8_t *)command + ID_SIZE,
				  size - ID_SIZE, answer);
	app_end(world, *answer_size, ANSWER_MAX, "bytes of an answer");
	if (world->above->observer)
		world->above->observer->queried(world, process->id, operation_of(command, size));
	return answer;
}

const void *env_app_image(struct env *env, size_t *size)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	const struct app *app = world->groups[process->group].app;

	must_be_handler(env, "asked for its app's image");
	*size = 0;
	if (!app)
		return world->outside->image;
	app_begin(world, app, process, "image", true);
	*size = app->image(env, process->app, NULL);
	if (*size > IMAGE_MAX)
		world_limit(world, "app image");
	must_be_at_most(world, app->image(env, process->app, world->outside->image), *size,
			"bytes of an image");
	question_end(world);
	return world->outside->image;
}

void env_app_restore(struct env *env, uint64_t index, const void *image, size_t size)
{
	struct process *process = process_of(env);
	const struct app *app = process->world->groups[process->group].app;

	must_be_handler(env, "restored its app");
	if (app) {
		app_begin(process->world, app, process, "restore", true);
		app->restore(env, process->app, image, size);
		question_end(process->world);
	}
	process->applied = index;
	if (process->world->above->observer && process->world->above->observer->restored)
		process->world->above->observer->restored(process->world, process->id, index);
}

uint64_t world_app_digest(struct world *world, process_id id)
{
	struct process *process = world_process(world, id);
	const struct app *app = world->groups[process->group].app;

	app_begin(world, app, process, "digest", false);
	uint64_t digest = app->digest(process->app);

	question_end(world);
	return digest;
}

/* ---- What others ask of an app --------------------------------------------------------------- */

unsigned app_keys(struct process *process, const void *command, size_t size, uint64_t *keys)
{
	struct world *world = process->world;
	const struct app *app = world->groups[process->group].app;

	app_begin(world, app, process, "keys", false);
	unsigned count = app->keys(command, size, keys);

	app_end(world, count, APP_KEYS_MAX, "keys");
	return count;
}

size_t world_app_draw(struct world *world, group_id group, const struct drawn *drawn, void *command)
{
	const struct app *app = world->groups[group].app;

	app_begin(world, app, NULL, "draw", false);
	size_t size = app->draw(drawn, command);

	app_end(world, size, COMMAND_MAX - ID_SIZE, "bytes of a command");
	return size;
}

void world_app_tell(struct world *world, group_id group, const void *command, size_t size,
		    const void *answer, size_t answer_size, struct told *told)
{
	const struct app *app = world->groups[group].app;

	app_begin(world, app, NULL, "tell", false);
	app->tell(command, size, answer, answer_size, told);
	question_end(world);
}

/* Draws it a read, as the workload does. No observer hears of it. */
bool world_app_read(struct world *world, process_id id, uint64_t key, struct told *told)
{
	struct process *process = world_process(world, id);
	const struct app *app = world->groups[process->group].app;
	struct drawn drawn = {.key = key};
	uint8_t command[COMMAND_MAX];

	if (!app->operations)
		return false;
	while (app->operations[drawn.operation].name && !app->operations[drawn.operation].reads)
		drawn.operation++;
	if (!app->operations[drawn.operation].name)
		return false;
	size_t size = world_app_draw(world, process->group, &drawn, command);

	app_begin(world, app, process, "query", true);
	size_t answer_size = app->query(&process->env, process->app, command, size,
					world->outside->answer);

	app_end(world, answer_size, ANSWER_MAX, "bytes of an answer");
	*told = (struct told){0};
	world_app_tell(world, process->group, command, size, world->outside->answer, answer_size,
		       told);
	return true;
}

_Noreturn void world_app_lied(struct world *world, group_id group, const char *function,
			      const char *format, ...)
{
	char how[GUARD_HOW_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(how, sizeof(how), format, arguments);
	va_end(arguments);
	app_begin(world, world->groups[group].app, NULL, function, false);
	fail_run(world, "%s", how);
}

/* ---- An app outside any process -------------------------------------------------------------- */

void world_audit_begin(struct world *world, struct audit *audit, group_id group)
{
	const struct app *app = world->groups[group].app;

	audit->process = (struct process){.world = world, .group = group, .id = NO_PROCESS};
	audit->process.env.bugs = world->groups[group].bugs;
	audit->process.app = arena_take(&world->arena, app->state_size);
}

const void *world_audit_apply(struct audit *audit, const void *command, size_t size,
			      size_t *answer_size)
{
	struct world *world = audit->process.world;
	void *answer = world->outside->answer;

	*answer_size = 0;
	if (size < ID_SIZE)
		return answer;
	const struct app *app = world->groups[audit->process.group].app;

	app_begin(world, app, NULL, "apply", true);
	*answer_size = app->apply(&audit->process.env, audit->process.app,
				  (const uint8_t *)command + ID_SIZE, size - ID_SIZE, answer);
	question_end(world);
	return answer;
}

uint64_t world_audit_digest(struct audit *audit)
{
	struct world *world = audit->process.world;
	const struct app *app = world->groups[audit->process.group].app;

	app_begin(world, app, NULL, "digest", false);
	uint64_t digest = app->digest(audit->process.app);

	question_end(world);
	return digest;
}

void world_audit_end(struct audit *audit)
{
	struct world *world = audit->process.world;

	process_memory_free(world, &audit->process);
	arena_give(&world->arena, audit->process.app,
		   world->groups[audit->process.group].app->state_size);
}
