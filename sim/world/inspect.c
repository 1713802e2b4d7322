/*
 * One process at one moment, in words: what its inspectors tell, its clock, app and timers, its
 * disk, and what waits. For a person; it changes nothing.
 */
#include "sim/world/disk_writes.h"

#include <inttypes.h>

enum { ENTRIES_SHOWN = 20, BYTES_SHOWN = 24, VALUES_SHOWN = 64, VALUES_A_LINE = 8 };

struct page {
	struct world *world;
	struct process *process;
	unsigned keys; /* that clients ask for */
	FILE *out;
};

static void print_time(FILE *out, nanoseconds time)
{
	fprintf(out, "%" PRId64 ".%06" PRId64 " s", time / 1000000000, time / 1000 % 1000000);
}

static const char *state_name(uint32_t state)
{
	static const char *const names[] = {
		[WHOLE] = "", [ABSENT] = "  ABSENT", [TORN] = "  TORN", [ROTTEN] = "  ROTTEN"};

	return names[state];
}

/* ---- What it is ------------------------------------------------------------------------------ */

static void print_head(const struct page *page)
{
	static const char *const statuses[] = {[UP] = "up", [DOWN] = "DOWN", [PAUSED] = "PAUSED"};
	const struct process *process = page->process;
	char name[8];

	fprintf(page->out, "%s at ", endpoint_name(process->id, name));
	print_time(page->out, page->world->now);
	fprintf(page->out, ", after event %" PRIu64 ": %s of group %u, %s, booted %u time%s\n",
		page->world->events, process->protocol->name, process->group,
		statuses[process->status], process->boots, process->boots == 1 ? "" : "s");
}

static void print_inspectors(const struct page *page)
{
	const struct process *process = page->process;
	const struct inspector *i = process->protocol->inspectors;
	char name[8];

	for (; i && i->name && process->status != DOWN; i++) {
		uint64_t value = inspector_value(page->process, i);
		const char *value_said = value_name(i, value);

		fprintf(page->out, "  %-12s ", i->name);
		if (value_said)
			fprintf(page->out, "%s\n", value_said);
		else if (!strcmp(i->name, "leader"))
			fprintf(page->out, "%s\n",
				value < page->world->process_count
					? endpoint_name((endpoint_t)value, name)
					: "not known");
		else
			fprintf(page->out, "%" PRIu64 "\n", value);
	}
}

static void print_clock(const struct page *page)
{
	const struct clock *clock = &page->process->clock;

	fprintf(page->out, "  %-12s ", "clock");
	print_time(page->out, clock_local(clock, page->world->now));
	fprintf(page->out, ", %+" PRId32 " ppm; wall clock %+" PRId64 " us\n", clock->ppm,
		clock->wall_ahead / 1000);
}

/* What a read would find here, under each key that holds something: 0 is nothing. */
static void print_values(const struct page *page)
{
	unsigned found = 0;
	struct told told;

	for (unsigned key = 0; key < page->keys; key++) {
		if (!world_app_read(page->world, page->process->id, key, &told))
			return;
		if (!told.result || found++ >= VALUES_SHOWN)
			continue;
		fputs(found == 1                   ? "    "
		      : found % VALUES_A_LINE == 1 ? ",\n    "
						   : ", ",
		      page->out);
		fprintf(page->out, "k%u", key);
		trace_print_value(page->out, " = ", told.result);
	}
	if (found > VALUES_SHOWN)
		fprintf(page->out, ", and %u more", found - VALUES_SHOWN);
	if (found)
		fputc('\n', page->out);
}

static void print_app(const struct page *page)
{
	const struct app *app = page->world->groups[page->process->group].app;

	if (!app || page->process->status == DOWN)
		return;
	fprintf(page->out, "  %-12s applied up to %" PRIu64 ", digest %016" PRIx64 "\n", app->name,
		page->process->applied, world_app_digest(page->world, page->process->id));
	print_values(page);
}

/* ---- Timers ---------------------------------------------------------------------------------- */

static void print_timer(const struct page *page, const struct timer *timer)
{
	const struct process *process = page->process;
	nanoseconds due = clock_true(&process->clock, timer->deadline);

	fprintf(page->out, "  %-12s %s", "timer", process->protocol->timers[timer->type].name);
	if (timer->key)
		fprintf(page->out, " of %" PRIu64, timer->key);
	bool known = timer->drawn || timer->least == timer->most;

	fprintf(page->out, known ? " fires at " : " fires at the earliest at ");
	print_time(page->out, due);
	fputc('\n', page->out);
}

static void print_timers(const struct page *page)
{
	const struct process *process = page->process;
	const struct timer_type *types = process->protocol->timers;

	for (unsigned type = 0; types && types[type].name && process->timers; type++)
		for (ref_t at = process->timers[type]; at;) {
			const struct timer *timer = arena_at(&page->world->arena, at);

			if (timer->armed)
				print_timer(page, timer);
			at = timer->next;
		}
}

/* ---- The disk -------------------------------------------------------------------------------- */

static void print_entry(const struct page *page, const struct log_slot *slot)
{
	const struct log_record *record = world_record(page->world, slot->record);
	const struct process *process = page->process;
	char place[48];

	snprintf(place, sizeof(place), "%" PRIu64 "/%" PRIu64, record->index, record->term);
	fprintf(page->out, "    %-12s ", place);
	trace_print_command(page->world, process->group, record->command, record->size, page->out);
	fprintf(page->out, "%s%s\n", state_name(slot->state),
		record->index > process->disk.log_durable ? "  not durable" : "");
}

static void print_log(const struct page *page)
{
	struct disk *disk = &page->process->disk;
	uint64_t first = disk->log_first;

	fprintf(page->out, "  %-12s ", "log");
	if (disk->log_last < first) {
		fprintf(page->out, "empty; the next entry is %" PRIu64 "\n", disk->log_last + 1);
		return;
	}
	fprintf(page->out, "%" PRIu64 " to %" PRIu64 ", durable up to %" PRIu64, first,
		disk->log_last, disk->log_durable);
	if (disk->log_last - first >= ENTRIES_SHOWN)
		first = disk->log_last - ENTRIES_SHOWN + 1;
	fprintf(page->out, first > disk->log_first ? "; the last %d:\n" : "\n", ENTRIES_SHOWN);
	for (uint64_t index = first; index <= disk->log_last; index++)
		print_entry(page, disk_slot(page->world, disk, index));
}

static void print_bytes(FILE *out, const uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size && i < BYTES_SHOWN; i++)
		fprintf(out, "%s%02x", i && i % 8 == 0 ? "  " : " ", bytes[i]);
	fputs(size > BYTES_SHOWN ? " ..." : "", out);
}

static void print_cells(const struct page *page)
{
	const struct disk *disk = &page->process->disk;

	for (uint32_t i = 0; i < disk->cell_count; i++) {
		const struct cell *cell = arena_at(&page->world->arena, disk->cells[i]);

		fprintf(page->out, "  %-12s %" PRIu64 ": %u bytes:", "cell", cell->key, cell->size);
		print_bytes(page->out, cell->value, cell->size);
		fprintf(page->out, "%s\n", state_name(cell->state));
	}
}

static void print_snapshot(const struct page *page)
{
	const struct disk *disk = &page->process->disk;
	const struct snapshot_block *block = arena_at(&page->world->arena, disk->snapshot);

	if (disk->snapshot)
		fprintf(page->out, "  %-12s up to index %" PRIu64 ", an image of %u bytes%s\n",
			"snapshot", block->index, block->image_size, state_name(block->state));
	if (disk->staged_size)
		fprintf(page->out, "  %-12s %u bytes of the next snapshot\n", "staged",
			disk->staged_size);
	fprintf(page->out,
		"  %-12s write %" PRIu64 " is the latest, durable up to %" PRIu64 "%s%s%s\n",
		"disk", disk->ticket, disk->durable, disk->syncing ? "; a sync is under way" : "",
		disk->full ? "; FULL" : "", disk->lying ? "; its syncs LIE" : "");
}

/* ---- What waits ------------------------------------------------------------------------------ */

static void print_waiting(const struct page *page, const char *why, ref_t message)
{
	const struct env_message *of = message_at(page->world, message);
	char from[8], to[8];

	fprintf(page->out, "  %-12s %s -> %s ", why, endpoint_name(of->from, from),
		endpoint_name(of->to, to));
	trace_print_body(page->world, of, page->out);
}

static void print_held(const struct page *page)
{
	const struct process *process = page->process;

	for (ref_t at = process->held_first; at;) {
		const struct held *held = arena_at(&page->world->arena, at);

		if (held->message)
			print_waiting(page, "held", held->message);
		else
			fprintf(page->out, "  %-12s a promise", "held");
		fprintf(page->out, ", until write %" PRIu64 " is durable\n", held->after);
		at = held->next;
	}
	for (ref_t at = process->released_first; at; at = message_at(page->world, at)->next) {
		print_waiting(page, "held", at);
		fputs(", until it resumes\n", page->out);
	}
	for (ref_t at = process->inbox_first; at; at = message_at(page->world, at)->next) {
		print_waiting(page, "inbox", at);
		fputc('\n', page->out);
	}
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void print_page(struct world *world, void *context)
{
	const struct page *page = context;

	(void)world;
	print_head(page);
	print_inspectors(page);
	print_clock(page);
	print_app(page);
	print_timers(page);
	print_snapshot(page);
	print_cells(page);
	print_log(page);
	print_held(page);
}

void world_print_process(struct world *world, process_id id, unsigned keys, FILE *out)
{
	struct page page = {world, world_process(world, id), keys, out};
	const char *limit;

	if (world->outside->escapes)
		print_page(world, &page);
	else if (world_enter(world, print_page, &page, &limit) == RAN_FAILED)
		fprintf(out,
			"and no more of it: %s crashed, or did not return, when it was asked\n",
			page.process->protocol->name);
}
