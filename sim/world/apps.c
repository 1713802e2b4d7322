/*
 * What a process may do with its own memory and its own app; and an app outside of any process, for
 * a judge that replays what was committed.
 */
#include "sim/world/kernel.h"

/* ---- Memory: gone when the process crashes --------------------------------------------------- */

struct block {
	ref_t next, before; /* of the same process */
	uint64_t size;      /* header included */
};
#define BLOCK_MAX (((size_t)1 << 31) - sizeof(struct block))
_Static_assert(sizeof(struct block) == ARENA_ALIGN, "blocks stay aligned");

void *env_alloc(struct env *env, size_t size)
{
	struct process *process = process_of(env);
	struct arena *arena = &process->world->arena;

	if (size > BLOCK_MAX)
		arena->full(arena);
	struct block *block = arena_take(arena, sizeof(*block) + size);
	ref_t ref = arena_ref(arena, block);

	block->size = sizeof(*block) + size;
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

	if (!memory)
		return;
	struct block *block = (struct block *)memory - 1;

	if (block->next)
		((struct block *)arena_at(arena, block->next))->before = block->before;
	if (block->before)
		((struct block *)arena_at(arena, block->before))->next = block->next;
	else
		process->blocks = block->next;
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

void process_memory_free(struct world *world, struct process *process)
{
	struct arena *arena = &world->arena;

	while (process->blocks) {
		struct block *block = arena_at(arena, process->blocks);

		process->blocks = block->next;
		arena_give(arena, block, block->size);
	}
}

/* ---- The app --------------------------------------------------------------------------------- */

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

	*answer_size = 0;
	if (size)
		ORDEAL_ASSERT(env, size >= ID_SIZE && size <= COMMAND_MAX);
	if (size && app) {
		*answer_size = app->apply(env, process->app, (const uint8_t *)command + ID_SIZE,
					  size - ID_SIZE, answer);
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

	ORDEAL_ASSERT(env, app && size >= ID_SIZE && size <= COMMAND_MAX);
	*answer_size = app->query(env, process->app, (const uint8_t *)command + ID_SIZE,
				  size - ID_SIZE, answer);
	if (world->above->observer)
		world->above->observer->queried(world, process->id, operation_of(command, size));
	return answer;
}

const void *env_app_image(struct env *env, size_t *size)
{
	struct process *process = process_of(env);
	struct outside *outside = process->world->outside;
	const struct app *app = process->world->groups[process->group].app;

	*size = app ? app->image(env, process->app, NULL) : 0;
	if (*size > IMAGE_MAX)
		world_limit(process->world, "app image");
	if (app)
		app->image(env, process->app, outside->image);
	return outside->image;
}

void env_app_restore(struct env *env, uint64_t index, const void *image, size_t size)
{
	struct process *process = process_of(env);
	const struct app *app = process->world->groups[process->group].app;

	if (app)
		app->restore(env, process->app, image, size);
	process->applied = index;
	if (process->world->above->observer && process->world->above->observer->restored)
		process->world->above->observer->restored(process->world, process->id, index);
}

uint64_t world_app_digest(struct world *world, process_id id)
{
	struct process *process = world_process(world, id);

	return world->groups[process->group].app->digest(process->app);
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
	if (size >= ID_SIZE)
		*answer_size = world->groups[audit->process.group].app->apply(
			&audit->process.env, audit->process.app, (const uint8_t *)command + ID_SIZE,
			size - ID_SIZE, answer);
	return answer;
}

uint64_t world_audit_digest(struct audit *audit)
{
	return audit->process.world->groups[audit->process.group].app->digest(audit->process.app);
}

void world_audit_end(struct audit *audit)
{
	struct world *world = audit->process.world;

	process_memory_free(world, &audit->process);
	arena_give(&world->arena, audit->process.app,
		   world->groups[audit->process.group].app->state_size);
}
