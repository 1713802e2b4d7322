/*
 * The disk as a process sees it: the calls of ordeal.h on its log, its cells and its snapshot.
 *
 * The view changes at once; each change leaves a disk_write behind that can undo it.
 */
#include "sim/world/disk_writes.h"

/* ---- The log --------------------------------------------------------------------------------- */

/* A record that came in a message and goes into the log unchanged is shared, not copied. */
static struct log_record *shared_record(struct outside *outside, uint64_t index, uint64_t term,
					const void *command, size_t size)
{
	struct log_record *viewed = outside->viewed;

	if (!viewed || viewed->index != index || viewed->term != term || viewed->size != size)
		return NULL;
	if (size && viewed->command != command)
		return NULL;
	viewed->holders++;
	return viewed;
}

struct written env_log_append(struct env *env, uint64_t term, const void *command, size_t size)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	struct disk *disk = &process->disk;
	uint64_t index = disk->log_last + 1;
	struct log_record *record = shared_record(world->outside, index, term, command, size);

	if (!record)
		record = record_new(world, index, term, command, size);
	put_slot(world, disk, index, (struct log_slot){arena_ref(&world->arena, record), WHOLE});
	disk->log_last = index;
	write_begin(process, WRITE_APPEND, index);
	if (world->above->observer)
		world->above->observer->appended(world, process->id, record);
	return (struct written){index, disk->ticket};
}

/* Copies slots [first, last], as they are, for an undo. */
static ref_t take_slots(struct world *world, struct disk *disk, uint64_t first, uint64_t last,
			uint32_t *count)
{
	*count = last + 1 > first ? (uint32_t)(last + 1 - first) : 0;
	if (!*count)
		return 0;
	struct log_slot *removed = arena_take(&world->arena, *count * sizeof(*removed));

	for (uint32_t i = 0; i < *count; i++)
		removed[i] = *disk_slot(world, disk, first + i);
	return arena_ref(&world->arena, removed);
}

ticket_t env_log_truncate(struct env *env, uint64_t first_removed)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	struct disk *disk = &process->disk;

	if (first_removed > disk->log_last)
		return disk->ticket;
	ORDEAL_ASSERT(env, first_removed >= disk->log_first);
	struct disk_write *write = write_begin(process, WRITE_TRUNCATE, first_removed);

	write->before = take_slots(world, disk, first_removed, disk->log_last, &write->count);
	disk->truncations++;
	disk->log_last = first_removed - 1;
	if (disk->log_durable >= first_removed)
		disk->log_durable = first_removed - 1;
	trace_write(process, "log cut from", first_removed, 0);
	if (world->above->observer)
		world->above->observer->truncated(world, process->id, first_removed);
	return disk->ticket;
}

ticket_t env_log_discard(struct env *env, uint64_t last_discarded)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	struct disk *disk = &process->disk;
	uint64_t last = last_discarded < disk->log_last ? last_discarded : disk->log_last;

	if (last_discarded < disk->log_first)
		return disk->ticket;
	struct disk_write *write = write_begin(process, WRITE_DISCARD, last_discarded);

	write->first = disk->log_first;
	write->before = take_slots(world, disk, disk->log_first, last, &write->count);
	disk->log_first = last_discarded + 1;
	if (disk->log_last < last_discarded)
		disk->log_last = last_discarded;
	trace_write(process, "log discarded up to", last_discarded, 0);
	return disk->ticket;
}

enum record env_log_read(const struct env *env, uint64_t index, struct record_view *view)
{
	struct process *process = process_of(env);
	struct log_slot *slot = disk_slot(process->world, &process->disk, index);

	*view = (struct record_view){.index = index};
	if (!slot)
		return ABSENT;
	if (slot->state != WHOLE)
		return (enum record)slot->state;
	struct log_record *record = world_record(process->world, slot->record);

	view->term = record->term;
	view->command = record->size ? record->command : NULL;
	view->size = record->size;
	return WHOLE;
}

uint64_t env_log_first(const struct env *env)
{
	return process_of(env)->disk.log_first;
}

uint64_t env_log_last(const struct env *env)
{
	return process_of(env)->disk.log_last;
}

uint64_t env_log_durable(const struct env *env)
{
	return process_of(env)->disk.log_durable;
}

ticket_t env_log_ticket(const struct env *env)
{
	return process_of(env)->disk.ticket;
}

/* ---- Cells ----------------------------------------------------------------------------------- */

ticket_t env_cell_put(struct env *env, uint64_t key, const void *value, size_t size)
{
	struct process *process = process_of(env);
	struct world *world = process->world;

	ORDEAL_ASSERT(env, size <= CELL_MAX);
	struct cell *cell = arena_take_part(&world->arena, sizeof(*cell) + size, sizeof(*cell));

	cell->key = key;
	cell->size = (uint32_t)size;
	if (size)
		memcpy(cell->value, value, size);
	ref_t before = cell_exchange(world, &process->disk, key, arena_ref(&world->arena, cell));

	write_begin(process, WRITE_CELL, key)->before = before;
	trace_write(process, "cell", key, size);
	return process->disk.ticket;
}

enum record env_cell_get(const struct env *env, uint64_t key, const void **value, size_t *size)
{
	struct process *process = process_of(env);
	struct cell *cell = cell_at(process->world, &process->disk, key);

	*value = NULL;
	*size = 0;
	if (!cell)
		return ABSENT;
	if (cell->state != WHOLE)
		return (enum record)cell->state;
	*value = cell->value;
	*size = cell->size;
	return WHOLE;
}

uint64_t env_cell_next(const struct env *env, uint64_t key)
{
	struct process *process = process_of(env);
	uint32_t at = cell_position(process->world, &process->disk, key);

	if (at == process->disk.cell_count)
		return UINT64_MAX;
	return ((struct cell *)arena_at(&process->world->arena, process->disk.cells[at]))->key;
}

ticket_t env_cell_drop(struct env *env, uint64_t first, uint64_t last)
{
	struct process *process = process_of(env);
	struct world *world = process->world;

	for (uint64_t key; (key = env_cell_next(env, first)) <= last && key != UINT64_MAX;) {
		ref_t before = cell_exchange(world, &process->disk, key, 0);

		write_begin(process, WRITE_CELL, key)->before = before;
		trace_write(process, "dropped cell", key, 0);
	}
	return process->disk.ticket;
}

/* ---- The snapshot ---------------------------------------------------------------------------- */

ticket_t env_snapshot_stage(struct env *env, uint64_t offset, const void *bytes, size_t size)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	struct disk *disk = &process->disk;

	if (offset == 0)
		disk->staged_size = 0;
	ORDEAL_ASSERT(env, offset <= disk->staged_size && offset + size <= UINT32_MAX / 2);
	uint32_t end = (uint32_t)(offset + size);

	if (end > disk->staged_capacity) {
		uint32_t capacity = 2u << log2_of(end);
		uint8_t *staged = arena_take(&world->arena, capacity);

		memcpy(staged, arena_at(&world->arena, disk->staged), disk->staged_size);
		if (disk->staged)
			arena_give(&world->arena, arena_at(&world->arena, disk->staged),
				   disk->staged_capacity);
		disk->staged = arena_ref(&world->arena, staged);
		disk->staged_capacity = capacity;
	}
	write_begin(process, WRITE_STAGE, offset);
	if (size)
		memcpy((uint8_t *)arena_at(&world->arena, disk->staged) + offset, bytes, size);
	if (end > disk->staged_size)
		disk->staged_size = end;
	trace_write(process, "snapshot staged at", offset, size);
	return disk->ticket;
}

size_t env_snapshot_staged(const struct env *env)
{
	return process_of(env)->disk.staged_size;
}

ticket_t env_snapshot_commit(struct env *env, uint64_t index, size_t image_size, const void *header,
			     size_t header_size)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	struct disk *disk = &process->disk;

	ORDEAL_ASSERT(env, image_size <= disk->staged_size && header_size <= CELL_MAX);
	struct snapshot_block *block = arena_take(&world->arena,
						  sizeof(*block) + header_size + image_size);

	block->index = index;
	block->header_size = (uint32_t)header_size;
	block->image_size = (uint32_t)image_size;
	if (header_size)
		memcpy(block->bytes, header, header_size);
	memcpy(block->bytes + header_size, arena_at(&world->arena, disk->staged), image_size);
	ref_t before = disk->snapshot;

	disk->snapshot = arena_ref(&world->arena, block);
	disk->staged_size = 0;
	write_begin(process, WRITE_SNAPSHOT, index)->before = before;
	trace_write(process, "snapshot of", index, header_size + image_size);
	return disk->ticket;
}

enum record env_snapshot_get(const struct env *env, struct snapshot_view *view)
{
	struct process *process = process_of(env);
	struct snapshot_block *block = arena_at(&process->world->arena, process->disk.snapshot);

	*view = (struct snapshot_view){0};
	if (!process->disk.snapshot)
		return ABSENT;
	if (block->state != WHOLE)
		return (enum record)block->state;
	*view = (struct snapshot_view){
		.index = block->index,
		.header = block->bytes,
		.image = block->bytes + block->header_size,
		.header_size = block->header_size,
		.image_size = block->image_size,
	};
	return WHOLE;
}
