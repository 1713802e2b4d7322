/*
 * What a disk keeps: the log's records, the cells, the snapshot; and how a write to one of them is
 * settled for ever or taken back.
 *
 * Main invariant: undoing the waiting writes, last first, restores exactly what was there before
 * the first of them; settling one frees what would have undone it.
 */
#include "sim/world/disk_writes.h"

enum { FIRST_CELLS = 4 };

/* ---- The log --------------------------------------------------------------------------------- */

uint64_t command_digest(const void *command, size_t size)
{
	return XXH3_64bits(command, size);
}

struct log_record *record_new(struct world *world, uint64_t index, uint64_t term,
			      const void *command, size_t size)
{
	struct log_record *record = arena_take_part(&world->arena, sizeof(*record) + size,
						    sizeof(*record));

	record->holders = 1;
	record->size = (uint32_t)size;
	record->index = index;
	record->term = term;
	record->digest = command_digest(command, size);
	if (size)
		memcpy(record->command, command, size);
	return record;
}

void record_release(struct world *world, struct log_record *record)
{
	if (--record->holders == 0)
		arena_give(&world->arena, record, sizeof(*record) + record->size);
}

struct log_slot *disk_slot(struct world *world, struct disk *disk, uint64_t index)
{
	if (index < disk->log_first || index > disk->log_last)
		return NULL;
	return pages_at(&world->arena, &disk->log, index);
}

struct log_record *world_log(struct world *world, process_id id, uint64_t index)
{
	struct log_slot *slot = disk_slot(world, &world_process(world, id)->disk, index);

	return slot && slot->state == WHOLE ? world_record(world, slot->record) : NULL;
}

void slot_release(struct world *world, const struct log_slot *slot)
{
	if (slot->state != TORN)
		record_release(world, world_record(world, slot->record));
}

void put_slot(struct world *world, struct disk *disk, uint64_t index, struct log_slot slot)
{
	*(struct log_slot *)pages_make(&world->arena, &disk->log, index) = slot;
}

/* ---- Cells ----------------------------------------------------------------------------------- */

void cell_free(struct world *world, ref_t ref)
{
	struct cell *cell = arena_at(&world->arena, ref);

	if (ref)
		arena_give(&world->arena, cell, sizeof(*cell) + cell->size);
}

uint32_t cell_position(struct world *world, const struct disk *disk, uint64_t key)
{
	uint32_t low = 0, high = disk->cell_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		struct cell *cell = arena_at(&world->arena, disk->cells[middle]);

		if (cell->key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct cell *cell_at(struct world *world, const struct disk *disk, uint64_t key)
{
	uint32_t at = cell_position(world, disk, key);
	struct cell *cell = at < disk->cell_count ? arena_at(&world->arena, disk->cells[at]) : NULL;

	return cell && cell->key == key ? cell : NULL;
}

ref_t cell_exchange(struct world *world, struct disk *disk, uint64_t key, ref_t ref)
{
	uint32_t at = cell_position(world, disk, key);
	struct cell *found = cell_at(world, disk, key);
	ref_t before = found ? disk->cells[at] : 0;
	size_t behind = disk->cell_count - at;

	if (found && !ref) {
		memmove(&disk->cells[at], &disk->cells[at + 1], (behind - 1) * sizeof(ref_t));
		disk->cell_count--;
	} else if (found) {
		disk->cells[at] = ref;
	} else if (ref) {
		if (disk->cell_count == disk->cell_capacity) {
			uint32_t capacity = disk->cell_capacity ? 2 * disk->cell_capacity
								: FIRST_CELLS;
			ref_t *cells = arena_take(&world->arena, capacity * sizeof(ref_t));

			if (disk->cell_capacity) {
				memcpy(cells, disk->cells, disk->cell_count * sizeof(ref_t));
				arena_give(&world->arena, disk->cells,
					   disk->cell_capacity * sizeof(ref_t));
			}
			disk->cells = cells;
			disk->cell_capacity = capacity;
		}
		memmove(&disk->cells[at + 1], &disk->cells[at], behind * sizeof(ref_t));
		disk->cells[at] = ref;
		disk->cell_count++;
	}
	return before;
}

/* ---- The snapshot ---------------------------------------------------------------------------- */

static size_t block_size(const struct snapshot_block *block)
{
	return sizeof(*block) + block->header_size + block->image_size;
}

void block_free(struct world *world, ref_t ref)
{
	if (ref)
		arena_give(&world->arena, arena_at(&world->arena, ref),
			   block_size(arena_at(&world->arena, ref)));
}

/* ---- Settling and undoing -------------------------------------------------------------------- */

static void removed_slots_free(struct world *world, const struct disk_write *write)
{
	if (write->count)
		arena_give(&world->arena, arena_at(&world->arena, write->before),
			   write->count * sizeof(struct log_slot));
}

/* Gives back the pages of the log that held nothing but what this write discarded. */
static void drop_pages(struct world *world, struct disk *disk, const struct disk_write *discard)
{
	uint32_t shift = disk->log.shift;
	uint64_t end = (((discard->first + discard->count - 1) >> shift) + 1) << shift;

	if (discard->count)
		pages_drop_below(&world->arena, &disk->log,
				 discard->key < end ? discard->key + 1 : end);
}

void write_settle(struct world *world, struct disk *disk, struct disk_write *write)
{
	const struct log_slot *removed = arena_at(&world->arena, write->before);

	switch ((enum write_kind)write->kind) {
	case WRITE_TRUNCATE:
	case WRITE_DISCARD:
		for (uint32_t i = 0; i < write->count; i++)
			slot_release(world, &removed[i]);
		removed_slots_free(world, write);
		if (write->kind == WRITE_TRUNCATE)
			disk->truncations--;
		else
			drop_pages(world, disk, write);
		break;
	case WRITE_CELL: cell_free(world, write->before); break;
	case WRITE_SNAPSHOT: block_free(world, write->before); break;
	case WRITE_APPEND:
	case WRITE_STAGE: break;
	}
}

uint64_t write_undo(struct world *world, struct disk *disk, struct disk_write *write)
{
	const struct log_slot *removed = arena_at(&world->arena, write->before);

	switch ((enum write_kind)write->kind) {
	case WRITE_APPEND:
		slot_release(world, pages_at(&world->arena, &disk->log, write->key));
		disk->log_last = write->key - 1;
		return write->key;
	case WRITE_TRUNCATE:
		disk->truncations--;
		for (uint32_t i = 0; i < write->count; i++)
			put_slot(world, disk, write->key + i, removed[i]);
		disk->log_last = write->key + write->count - 1;
		break;
	case WRITE_DISCARD:
		for (uint32_t i = 0; i < write->count; i++)
			put_slot(world, disk, write->first + i, removed[i]);
		if (disk->log_last < disk->log_first) /* it had emptied the log */
			disk->log_last = write->first + write->count - 1;
		disk->log_first = write->first;
		break;
	case WRITE_CELL:
		cell_free(world, cell_exchange(world, disk, write->key, write->before));
		return UINT64_MAX;
	case WRITE_STAGE:
		if (disk->staged_size > write->key)
			disk->staged_size = (uint32_t)write->key;
		return UINT64_MAX;
	case WRITE_SNAPSHOT:
		block_free(world, disk->snapshot);
		disk->snapshot = write->before;
		return UINT64_MAX;
	}
	removed_slots_free(world, write);
	return write->kind == WRITE_TRUNCATE ? write->key : write->first;
}
