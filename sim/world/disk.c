/*
 * The disk as a device: the writes on their way to it, the syncs that make them durable, what a
 * crash takes, and what breaks it.
 *
 * What a process writes stands in its view at once (disk_view.c); here it waits. Once the handler
 * has returned, its writes are issued; a sync then makes durable all that was issued before it
 * began. A crash undoes the waiting writes from the last one backwards, down to a chosen survivor.
 *
 * Main invariant: waiting holds the writes with tickets really + 1 .. ticket, in that order.
 */
#include "sim/world/disk_writes.h"

enum { FIRST_WAITING = 16 };

void disk_init(struct world *world, struct disk *disk)
{
	(void)world;
	pages_init(&disk->log, sizeof(struct log_slot));
	disk->log_first = 1;
}

/* ---- Writes on their way --------------------------------------------------------------------- */

static void waiting_grow(struct world *world, struct disk *disk)
{
	uint32_t capacity = disk->waiting_capacity ? 2 * disk->waiting_capacity : FIRST_WAITING;
	struct disk_write *ring = arena_take(&world->arena, capacity * sizeof(*ring));

	for (uint32_t i = 0; i < disk->waiting_count; i++)
		ring[i] = *waiting_at(disk, i);
	if (disk->waiting_capacity)
		arena_give(&world->arena, disk->waiting, disk->waiting_capacity * sizeof(*ring));
	disk->waiting = ring;
	disk->waiting_first = 0;
	disk->waiting_capacity = capacity;
}

struct disk_write *write_begin(struct process *process, enum write_kind kind, uint64_t key)
{
	struct world *world = process->world;
	struct outside *outside = world->outside;
	struct disk *disk = &process->disk;

	if (unlikely(outside->effect_count >= outside->effects_max))
		effects_refused(&process->env, "wrote to its disk");
	if (unlikely(disk->waiting_count == disk->waiting_capacity))
		waiting_grow(world, disk);
	struct disk_write *write = waiting_at(disk, disk->waiting_count++);

	*write = (struct disk_write){.kind = kind, .key = key};
	outside->effects[outside->effect_count++] = (struct effect){.kind = EFFECT_WRITE,
								    .a = ++disk->ticket};
	return write;
}

/* ---- Syncs ----------------------------------------------------------------------------------- */

static nanoseconds slowed(const struct disk *disk, nanoseconds took)
{
	if (likely(disk->slower == 0))
		return took;
	int128_t slow = (int128_t)took * disk->slower / 1000;

	return slow < DURATION_MAX ? (nanoseconds)slow : DURATION_MAX;
}

void disk_issue(struct world *world, struct process *process, ticket_t ticket)
{
	struct disk *disk = &process->disk;
	const struct disk_setup *setup = &world->setup->disk;

	disk->issued = ticket;
	world->counters.writes++;
	if (setup->write.kind == CONSTANT && setup->write.a == 0)
		return;
	nanoseconds took = slowed(disk, choose_duration(&world->choices,
							choice_address(CHOICE_WRITE, process->id, 0,
								       0, disk->writes++),
							&setup->write));
	nanoseconds start = disk->busy_until > world->now ? disk->busy_until : world->now;

	disk->busy_until = start + took;
}

static void sync_at(struct world *world, struct process *process, nanoseconds due)
{
	process->disk.sync_due = due;
	world_push(world, due,
		   (process->disk.generation << 6 | process->id) << ITEM_BITS | ITEM_SYNC);
}

void disk_begin_sync(struct world *world, struct process *process)
{
	struct disk *disk = &process->disk;

	nanoseconds took = slowed(
		disk, choose_duration(&world->choices,
				      choice_address(CHOICE_SYNC, process->id, 0, 0, disk->syncs++),
				      &world->setup->disk.sync));
	nanoseconds start = disk->busy_until > world->now ? disk->busy_until : world->now;

	disk->syncing = disk->issued;
	sync_at(world, process, start + took);
}

/* The first index that a truncation still on its way removes: what was appended there before, and
 * is durable by now, is not in the view. */
static uint64_t pending_truncation(struct disk *disk, uint32_t from)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = from; disk->truncations && i < disk->waiting_count; i++) {
		struct disk_write *write = waiting_at(disk, i);

		if (write->kind == WRITE_TRUNCATE && write->key < least)
			least = write->key;
	}
	return least;
}

/* The write counts as durable; `later` is the place of the first one after it that waits. */
static void advance_log(struct disk *disk, const struct disk_write *write, uint32_t later)
{
	uint64_t index = write->key;

	if (write->kind != WRITE_APPEND && write->kind != WRITE_DISCARD)
		return;
	uint64_t first_removed = pending_truncation(disk, later);

	if (index >= first_removed)
		index = first_removed - 1;
	if (index > disk->log_durable)
		disk->log_durable = index;
}

/* Writes up to `ticket` have reached the platter. */
static void settle_up_to(struct world *world, struct disk *disk, ticket_t ticket)
{
	while (disk->really < ticket) {
		struct disk_write *write = waiting_at(disk, 0);

		write_settle(world, disk, write);
		disk->waiting_first = (disk->waiting_first + 1) & (disk->waiting_capacity - 1);
		disk->waiting_count--;
		disk->really++;
		advance_log(disk, write, 0);
	}
}

/* While syncs lie, what they covered counts as durable and waits on, for a crash to take. */
static void lie_up_to(struct disk *disk, ticket_t ticket)
{
	for (uint32_t i = 0; i < ticket - disk->really; i++)
		advance_log(disk, waiting_at(disk, i), i + 1);
}

/* ---- What a crash takes ---------------------------------------------------------------------- */

static enum store store_of(uint32_t kind)
{
	switch ((enum write_kind)kind) {
	case WRITE_CELL: return STORE_CELLS;
	case WRITE_STAGE:
	case WRITE_SNAPSHOT: return STORE_SNAPSHOT;
	case WRITE_APPEND:
	case WRITE_TRUNCATE:
	case WRITE_DISCARD: break;
	}
	return STORE_LOG;
}

/* Undoes, last first, each store's waiting writes but its first survivors; the others settle. */
static uint64_t undo_beyond(struct world *world, struct process *process,
			    const uint32_t survivors[STORES])
{
	struct disk *disk = &process->disk;
	uint64_t changed = UINT64_MAX;

	for (uint32_t i = disk->waiting_count; i-- > 0;) {
		struct disk_write *write = waiting_at(disk, i);

		if (i < survivors[store_of(write->kind)])
			continue;
		if (disk->really + 1 + i <= disk->durable) {
			world->counters.betrayed++;
			harm_note(world, &world->groups[process->group].betrayed);
		}
		uint64_t index = write_undo(world, disk, write);

		if (index < changed)
			changed = index;
		write->count = 0; /* nothing is left to settle */
		write->before = 0;
		write->kind = WRITE_APPEND;
	}
	for (uint32_t i = 0; i < disk->waiting_count; i++)
		write_settle(world, disk, waiting_at(disk, i));
	disk->waiting_first = disk->waiting_count = 0;
	disk->truncations = 0;
	disk->issued = disk->durable = disk->really = disk->ticket;
	disk->syncing = 0;
	disk->generation++;
	disk->log_durable = disk->log_last;
	for (struct log_slot *slot;
	     (slot = disk_slot(world, disk, disk->log_durable)) && slot->state == TORN;)
		disk->log_durable--;
	return changed;
}

/* The write at `i` was under way when the power went: as an append, it may stand there torn. */
static void maybe_tear(struct world *world, struct process *process, const struct disk_write *write)
{
	struct disk *disk = &process->disk;
	address_t address = choice_address(CHOICE_TORN, process->id, 0, 0, disk->unsynced_torn++);

	if (write->kind != WRITE_APPEND || write->key != disk->log_last + 1)
		return;
	if (!choose_chance(&world->choices, address, world->setup->disk.torn))
		return;
	put_slot(world, disk, write->key, (struct log_slot){0, TORN});
	disk->log_last = write->key;
}

uint64_t disk_crash(struct world *world, struct process *process)
{
	struct disk *disk = &process->disk;
	uint32_t issued = (uint32_t)(disk->issued - disk->really);
	uint32_t survivors[STORES] = {issued, issued, issued};
	enum crash_mode mode = world->setup->disk.crash;

	if (disk->waiting_count == 0) {
		disk->syncing = 0;
		disk->generation++;
		return UINT64_MAX;
	}
	for (unsigned store = 0; mode != CRASH_KEEP && store < STORES; store++) {
		address_t address = choice_address(CHOICE_SURVIVORS, process->id, 0, store,
						   process->crashes);

		survivors[store] -= choose_below(&world->choices, address, issued + 1);
		if (mode == CRASH_LOSE_UNSYNCED) { /* one prefix for all */
			survivors[STORE_CELLS] = survivors[STORE_SNAPSHOT] = survivors[STORE_LOG];
			break;
		}
	}
	struct disk_write lost = {.kind = WRITE_STAGE};

	if (survivors[STORE_LOG] < issued)
		lost = *waiting_at(disk, survivors[STORE_LOG]);
	uint64_t changed = undo_beyond(world, process, survivors);

	maybe_tear(world, process, &lost);
	return changed;
}

void disk_wipe(struct world *world, struct process *process)
{
	struct disk *disk = &process->disk;
	struct disk fresh = {.slower = disk->slower,
			     .failing = disk->failing,
			     .full = disk->full,
			     .lying = disk->lying,
			     .ticket = disk->ticket,
			     .issued = disk->ticket,
			     .durable = disk->ticket,
			     .really = disk->ticket,
			     .writes = disk->writes,
			     .syncs = disk->syncs,
			     .generation = disk->generation,
			     .unsynced_torn = disk->unsynced_torn,
			     .waiting = disk->waiting,
			     .waiting_capacity = disk->waiting_capacity};

	for (uint64_t index = disk->log_first; index <= disk->log_last; index++)
		slot_release(world, disk_slot(world, disk, index));
	for (uint32_t i = 0; i < disk->cell_count; i++)
		cell_free(world, disk->cells[i]);
	if (disk->cell_capacity)
		arena_give(&world->arena, disk->cells, disk->cell_capacity * sizeof(ref_t));
	block_free(world, disk->snapshot);
	if (disk->staged)
		arena_give(&world->arena, arena_at(&world->arena, disk->staged),
			   disk->staged_capacity);
	pages_free(&world->arena, &disk->log);
	process->harmed = true;
	*disk = fresh;
	disk_init(world, disk);
}

/* ---- A sync ends ----------------------------------------------------------------------------- */

static bool grows(const struct disk_write *write)
{
	return write->kind == WRITE_APPEND || write->kind == WRITE_STAGE ||
	       write->kind == WRITE_SNAPSHOT || write->kind == WRITE_CELL;
}

/* The ticket of the write that this sync could not take, or 0. */
static ticket_t failed_ticket(struct world *world, struct process *process, enum disk_error *error)
{
	struct disk *disk = &process->disk;
	address_t address = choice_address(CHOICE_DISK, process->id, 0, 0, disk->syncs);

	if (disk->failing && choose_chance(&world->choices, address, disk->failing)) {
		*error = WRITE_ERROR;
		return disk->durable + 1;
	}
	for (ticket_t ticket = disk->durable + 1; disk->full && ticket <= disk->syncing; ticket++) {
		*error = DISK_FULL;
		if (grows(waiting_at(disk, (uint32_t)(ticket - disk->really - 1))))
			return ticket;
	}
	return 0;
}

void disk_tell_failed(struct world *world, struct process *process)
{
	ticket_t failed = process->failed_write;

	process->failed_write = 0;
	handler_begin(world, process);
	process->protocol->disk_failed(&process->env, process->state, failed,
				       (enum disk_error)process->failed_how);
	handler_end(world, process);
}

static void disk_fails(struct world *world, struct process *process, ticket_t failed,
		       enum disk_error error)
{
	const struct observer *observer = world->above->observer;
	struct disk *disk = &process->disk;
	uint32_t survive = (uint32_t)(failed - 1 - disk->really);
	uint64_t log_durable = disk->log_durable;

	process->harmed = true;
	trace_process(world, TRACE_DISK_FAILED, process, failed,
		      error == DISK_FULL ? "disk full" : "write error");
	if (!process->protocol->disk_failed) {
		process->dead_disk = true;
		world_crash_now(world, process->id);
		return;
	}
	held_release(world, process, failed - 1);
	held_drop(world, process, failed);
	uint64_t changed = undo_beyond(world, process, (uint32_t[]){survive, survive, survive});

	if (observer && changed != UINT64_MAX)
		observer->recovered(world, process->id, changed);
	if (observer && disk->log_durable > log_durable)
		observer->durable(world, process->id, disk->log_durable);
	process->failed_write = failed;
	process->failed_how = (uint8_t)error;
	if (process->status != PAUSED) /* else once it resumes */
		disk_tell_failed(world, process);
}

void disk_synced(struct world *world, struct process *process)
{
	struct disk *disk = &process->disk;
	const struct observer *observer = world->above->observer;
	uint64_t log_durable = disk->log_durable;

	world->counters.syncs++;
	if (unlikely(disk->failing || disk->full)) {
		enum disk_error error;
		ticket_t failed = failed_ticket(world, process, &error);

		if (failed) {
			disk_fails(world, process, failed, error);
			return;
		}
	}
	disk->durable = disk->syncing;
	disk->syncing = 0;
	if (unlikely(disk->lying))
		lie_up_to(disk, disk->durable);
	else
		settle_up_to(world, disk, disk->durable);
	if (observer && disk->log_durable > log_durable)
		observer->durable(world, process->id, disk->log_durable);
	held_release(world, process, disk->durable);
	const struct protocol *protocol = process->protocol;

	if (protocol->durable && process->status == PAUSED) {
		process->durable_waits = true;
	} else if (protocol->durable) {
		handler_begin(world, process);
		protocol->durable(&process->env, process->state, disk->durable);
		handler_end(world, process);
	}
	disk_sync(world, process);
}

/* ---- Faults ---------------------------------------------------------------------------------- */

/* What is left until then, for a disk that is so many times as slow as it was. */
static nanoseconds rescaled(const struct world *world, nanoseconds then, uint32_t from, uint32_t to)
{
	if (then <= world->now)
		return then;
	int128_t left = (int128_t)(then - world->now) * (to ? to : 1000) / (from ? from : 1000);

	return world->now + (left < DURATION_MAX ? (nanoseconds)left : DURATION_MAX);
}

/* What is under way goes on at the new speed: or the sync of a slow disk would hold up its process
 * long after the disk is well. */
void world_disk_slower(struct world *world, process_id id, uint32_t times_thousandth)
{
	struct process *process = world_process(world, id);
	struct disk *disk = &process->disk;
	uint32_t before = disk->slower;

	disk->slower = times_thousandth;
	disk->busy_until = rescaled(world, disk->busy_until, before, times_thousandth);
	if (!disk->syncing)
		return;
	disk->generation++;
	sync_at(world, process, rescaled(world, disk->sync_due, before, times_thousandth));
}

/* Who died of its disk boots when the disk works again. */
static void disk_mended(struct world *world, struct process *process)
{
	if (!process->dead_disk || process->disk.failing || process->disk.full)
		return;
	process->dead_disk = false;
	world_restart(world, process->id);
}

void world_disk_failing(struct world *world, process_id id, probability_t chance)
{
	world_process(world, id)->disk.failing = chance;
	disk_mended(world, world_process(world, id));
}

void world_disk_full(struct world *world, process_id id, bool full)
{
	world_process(world, id)->disk.full = full;
	disk_mended(world, world_process(world, id));
}

void world_disk_lying(struct world *world, process_id id, bool lying)
{
	world_process(world, id)->disk.lying = lying;
}

/* No write of that kind is on its way there: the view shows what the platter has. */
static bool on_platter(struct disk *disk, enum write_kind kind, uint64_t key)
{
	for (uint32_t i = 0; i < disk->waiting_count; i++) {
		const struct disk_write *write = waiting_at(disk, i);

		if (write->kind == kind && (kind == WRITE_SNAPSHOT || write->key == key))
			return false;
	}
	return true;
}

/* The state of what is durable there, or NULL. */
static uint32_t *durable_state(struct world *world, struct disk *disk, enum store store,
			       uint64_t key)
{
	struct log_slot *slot = store == STORE_LOG ? disk_slot(world, disk, key) : NULL;
	struct cell *cell = store == STORE_CELLS ? cell_at(world, disk, key) : NULL;
	struct snapshot_block *block = arena_at(&world->arena, disk->snapshot);

	if (slot && key <= disk->log_durable)
		return &slot->state;
	if (cell && on_platter(disk, WRITE_CELL, key))
		return &cell->state;
	if (store == STORE_SNAPSHOT && disk->snapshot && on_platter(disk, WRITE_SNAPSHOT, 0))
		return &block->state;
	return NULL;
}

bool world_disk_rot(struct world *world, process_id id, enum store store, uint64_t key)
{
	static const char *const names[STORES] = {"log record", "cell", "snapshot"};
	struct process *process = world_process(world, id);
	uint32_t *state = durable_state(world, &process->disk, store, key);

	if (!state || *state != WHOLE)
		return false;
	*state = ROTTEN;
	process->harmed = true;
	trace_process(world, TRACE_ROT, process, key, names[store]);
	return true;
}

/* How many things there are in that store, durable or not, and the key of one of them. */
static uint32_t count_in(const struct disk *disk, enum store store)
{
	const uint64_t counts[STORES] = {disk->log_last + 1 - disk->log_first, disk->cell_count, 1};

	return (uint32_t)counts[store];
}

static uint64_t key_in(struct world *world, const struct disk *disk, enum store store, uint32_t nth)
{
	if (store != STORE_CELLS)
		return disk->log_first + nth;
	return ((struct cell *)arena_at(&world->arena, disk->cells[nth]))->key;
}

bool world_disk_rotten(struct world *world, process_id id)
{
	struct disk *disk = &world_process(world, id)->disk;

	for (unsigned store = 0; store < STORES; store++)
		for (uint32_t i = 0; i < count_in(disk, store); i++) {
			uint64_t key = key_in(world, disk, store, i);
			const uint32_t *state = durable_state(world, disk, store, key);

			if (state && *state == ROTTEN)
				return true;
		}
	return false;
}

/* One store is chosen, and where in it the search for something durable begins. */
bool world_disk_rot_any(struct world *world, process_id id, unsigned place, uint32_t ordinal)
{
	const struct disk *disk = &world_process(world, id)->disk;
	address_t address = choice_address(CHOICE_ROT, id, place, 0, ordinal);
	uint32_t first = choose_below(&world->choices, address, STORES);

	for (unsigned i = 0; i < STORES; i++) {
		enum store store = (enum store)((first + i) % STORES);
		uint32_t count = count_in(disk, store);

		if (!count)
			continue;
		address = choice_address(CHOICE_ROT, id, place, 1 + store, ordinal);
		uint32_t from = choose_below(&world->choices, address, count);

		for (uint32_t k = 0; k < count; k++)
			if (world_disk_rot(world, id, store,
					   key_in(world, disk, store, (from + k) % count)))
				return true;
	}
	return false;
}
