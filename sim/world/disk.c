/*
 * The disk: what a process sees of it, the writes on their way to it, and what a crash takes.
 *
 * The view changes at once; each change leaves a disk_write behind that can undo it. Once the
 * handler has returned, its writes are issued; a sync then makes durable all that was issued before
 * it began. A crash undoes the waiting writes from the last one backwards, down to a chosen
 * survivor.
 *
 * Main invariant: waiting holds the writes with tickets really + 1 .. ticket, in that order.
 */
#include "sim/world/kernel.h"

enum { FIRST_WAITING = 16, FIRST_CELLS = 4 };

void disk_init(struct world *world, struct disk *disk)
{
	(void)world;
	pages_init(&disk->log, sizeof(struct log_slot));
	disk->log_first = 1;
}

/* ---- Records --------------------------------------------------------------------------------- */

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

/* ---- Writes on their way --------------------------------------------------------------------- */

static struct disk_write *waiting_at(struct disk *disk, uint32_t i)
{
	return &disk->waiting[(disk->waiting_first + i) & (disk->waiting_capacity - 1)];
}

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

/* Notes a write that the view shows already, and records its effect. */
static struct disk_write *write_begin(struct process *process, enum write_kind kind, uint64_t key)
{
	struct world *world = process->world;
	struct outside *outside = world->outside;
	struct disk *disk = &process->disk;

	if (unlikely(outside->effect_count == EFFECTS_MAX))
		world_limit(world, "effects");
	if (unlikely(disk->waiting_count == disk->waiting_capacity))
		waiting_grow(world, disk);
	struct disk_write *write = waiting_at(disk, disk->waiting_count++);

	*write = (struct disk_write){.kind = kind, .key = key};
	outside->effects[outside->effect_count++] = (struct effect){.kind = EFFECT_WRITE,
								    .a = ++disk->ticket};
	return write;
}

static size_t block_size(const struct snapshot_block *block)
{
	return sizeof(*block) + block->header_size + block->image_size;
}

static void block_free(struct world *world, ref_t ref)
{
	if (ref)
		arena_give(&world->arena, arena_at(&world->arena, ref),
			   block_size(arena_at(&world->arena, ref)));
}

static void cell_free(struct world *world, ref_t ref)
{
	struct cell *cell = arena_at(&world->arena, ref);

	if (ref)
		arena_give(&world->arena, cell, sizeof(*cell) + cell->size);
}

static void slot_release(struct world *world, const struct log_slot *slot)
{
	if (slot->state != TORN)
		record_release(world, world_record(world, slot->record));
}

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

/* The write can't be undone any more: what would have undone it goes. */
static void write_settle(struct world *world, struct disk *disk, struct disk_write *write)
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

void disk_begin_sync(struct world *world, struct process *process)
{
	struct disk *disk = &process->disk;

	nanoseconds took = slowed(
		disk, choose_duration(&world->choices,
				      choice_address(CHOICE_SYNC, process->id, 0, 0, disk->syncs++),
				      &world->setup->disk.sync));
	nanoseconds start = disk->busy_until > world->now ? disk->busy_until : world->now;

	disk->syncing = disk->issued;
	world_push(world, start + took,
		   (disk->generation << 6 | process->id) << ITEM_BITS | ITEM_SYNC);
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

/* ---- Undoing --------------------------------------------------------------------------------- */

static uint32_t cell_position(struct world *world, const struct disk *disk, uint64_t key)
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

static struct cell *cell_at(struct world *world, const struct disk *disk, uint64_t key)
{
	uint32_t at = cell_position(world, disk, key);
	struct cell *cell = at < disk->cell_count ? arena_at(&world->arena, disk->cells[at]) : NULL;

	return cell && cell->key == key ? cell : NULL;
}

/* Puts `ref` (0: nothing) where that key's cell stands; returns what stood there. */
static ref_t cell_exchange(struct world *world, struct disk *disk, uint64_t key, ref_t ref)
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

static void put_slot(struct world *world, struct disk *disk, uint64_t index, struct log_slot slot)
{
	*(struct log_slot *)pages_make(&world->arena, &disk->log, index) = slot;
}

/* Takes the write back. Returns the first log index that this changed, or UINT64_MAX. */
static uint64_t write_undo(struct world *world, struct disk *disk, struct disk_write *write)
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

enum store { STORE_LOG, STORE_CELLS, STORE_SNAPSHOT, STORES };
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
static uint64_t undo_beyond(struct world *world, struct disk *disk,
			    const uint32_t survivors[STORES])
{
	uint64_t changed = UINT64_MAX;

	for (uint32_t i = disk->waiting_count; i-- > 0;) {
		struct disk_write *write = waiting_at(disk, i);

		if (i < survivors[store_of(write->kind)])
			continue;
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
	uint64_t changed = undo_beyond(world, disk, survivors);

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

	trace_process(world, TRACE_DISK_FAILED, process, failed,
		      error == DISK_FULL ? "disk full" : "write error");
	if (!process->protocol->disk_failed) {
		process->dead_disk = true;
		world_crash_now(world, process->id);
		return;
	}
	held_release(world, process, failed - 1);
	held_drop(world, process, failed);
	uint64_t changed = undo_beyond(world, disk, (uint32_t[]){survive, survive, survive});

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

/* ---- What waits for the disk ----------------------------------------------------------------- */

void held_add(struct world *world, struct process *process, const struct held *what)
{
	struct held *held = arena_take_part(&world->arena, sizeof(*held), 0);
	ref_t ref = arena_ref(&world->arena, held);

	*held = *what;
	held->next = 0;
	/* In order of ticket; nearly always the last. */
	struct held *last = arena_at(&world->arena, process->held_last);

	if (!process->held_first) {
		process->held_first = process->held_last = ref;
	} else if (last->after <= held->after) {
		last->next = ref;
		process->held_last = ref;
	} else {
		ref_t *at = &process->held_first;
		struct held *next;

		while (next = arena_at(&world->arena, *at), next->after <= held->after)
			at = &next->next;
		held->next = *at;
		*at = ref;
	}
}

static void release_message(struct world *world, struct process *process,
			    struct env_message *message)
{
	if (process->status != PAUSED) {
		network_send(world, message);
		return;
	}
	ref_t ref = arena_ref(&world->arena, message);

	message->next = 0;
	if (process->released_first)
		message_at(world, process->released_last)->next = ref;
	else
		process->released_first = ref;
	process->released_last = ref;
}

void held_release(struct world *world, struct process *process, ticket_t durable)
{
	while (process->held_first) {
		struct held *held = arena_at(&world->arena, process->held_first);

		if (held->after > durable)
			break;
		process->held_first = held->next;
		if (held->message)
			release_message(world, process, message_at(world, held->message));
		else
			process_saw(world, process, held->what, held->a, held->b, held->c,
				    held->digest);
		arena_give(&world->arena, held, sizeof(*held));
	}
}

void held_drop(struct world *world, struct process *process, ticket_t from)
{
	ref_t *at = &process->held_first;

	process->held_last = 0;
	while (*at) {
		ref_t ref = *at;
		struct held *held = arena_at(&world->arena, ref);

		if (held->after < from) {
			process->held_last = ref;
			at = &held->next;
			continue;
		}
		*at = held->next;
		if (held->message)
			message_free(world, message_at(world, held->message));
		arena_give(&world->arena, held, sizeof(*held));
	}
}

/* ---- The log, as a process sees it ----------------------------------------------------------- */

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

/* ---- Faults ---------------------------------------------------------------------------------- */

void world_disk_slower(struct world *world, process_id id, uint32_t times_thousandth)
{
	world_process(world, id)->disk.slower = times_thousandth;
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

bool world_disk_rot(struct world *world, process_id id, uint64_t index)
{
	struct disk *disk = &world_process(world, id)->disk;
	struct log_slot *slot = disk_slot(world, disk, index);

	if (!slot || index > disk->log_durable || slot->state != WHOLE)
		return false;
	slot->state = ROTTEN;
	return true;
}
