/*
 * The history as text, in the words of Jepsen: a line of JSON an event, so that other checkers can
 * read it too. Nothing in it depends on an operation's name: what it means is said by the app's
 * table (does it read, does it compare) and by what the app told of it.
 *
 * Also the long values: a record of their own, whose numbers stand first and whose description
 * last, so that the newest is found first and nothing but the records themselves is kept.
 */
#include "sim/workload/history.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

/* ---- Long values ----------------------------------------------------------------------------- */

enum { KEPT_LATELY = 16 };

struct kept {
	uint64_t digest, size; /* of the numbers before it, in bytes */
};

/* The value that ends at `end` of the records; the one before it ends where its bytes begin. */
static const struct kept *kept_at(struct world *world, size_t end, const void **bytes)
{
	const struct kept *kept = records_at(world, RECORDS_VALUES, end - sizeof(*kept));

	*bytes = (const char *)kept - kept->size;
	return kept;
}

static size_t kept_size(const struct kept *kept)
{
	return kept->size + sizeof(*kept);
}

void history_keep_value(struct world *world, uint64_t digest, const void *bytes, size_t size)
{
	size_t end = records_size(world, RECORDS_VALUES);

	assert(size % sizeof(uint64_t) == 0);
	/* Mostly it is asked for again before it changes. */
	for (int i = 0; i < KEPT_LATELY && end > 0; i++) {
		const void *other;
		const struct kept *kept = kept_at(world, end, &other);

		if (kept->digest == digest)
			return;
		end -= kept_size(kept);
	}
	char *record = records_append(world, RECORDS_VALUES, size + sizeof(struct kept));
	struct kept kept = {.digest = digest, .size = size};

	memcpy(record, bytes, size);
	memcpy(record + size, &kept, sizeof(kept));
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* While the history is written, long values are found by their digest in a table with open
 * addressing: it holds where they end in the records, 0 where it is free. */
struct writer {
	struct world *world;
	const struct app *app;
	FILE *out;
	const struct fault_words *fault;
	size_t *ends, mask;
};

static size_t *find_value(const struct writer *writer, uint64_t digest)
{
	for (size_t at = digest & writer->mask;; at = (at + 1) & writer->mask) {
		size_t *end = &writer->ends[at];
		const void *bytes;

		if (!*end || kept_at(writer->world, *end, &bytes)->digest == digest)
			return end;
	}
}

static void index_values(struct writer *writer)
{
	size_t all = records_size(writer->world, RECORDS_VALUES), count = 0, room = 16;
	const void *bytes;

	for (size_t end = all; end > 0; end -= kept_size(kept_at(writer->world, end, &bytes)))
		count++;
	while (room < 2 * count)
		room *= 2;
	writer->ends = calloc(room, sizeof(size_t));
	if (!writer->ends)
		abort();
	writer->mask = room - 1;
	for (size_t end = all; end > 0;) {
		const struct kept *kept = kept_at(writer->world, end, &bytes);

		*find_value(writer, kept->digest) = end;
		end -= kept_size(kept);
	}
}

/* 0 is nothing; a long value is its list of numbers; one that nobody ever read, its digest. */
static void write_value(const struct writer *writer, uint64_t value)
{
	const void *bytes = NULL;
	size_t end = *find_value(writer, value), size = 0;

	if (end)
		size = kept_at(writer->world, end, &bytes)->size;
	for (size_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
		uint64_t number;

		memcpy(&number, (const char *)bytes + at, sizeof(number));
		fprintf(writer->out, "%s%" PRIu64, at ? "," : "[", number);
	}
	if (end)
		fputs("]", writer->out);
	else if (!value)
		fputs("null", writer->out);
	else if (value <= UINT32_MAX)
		fprintf(writer->out, "%" PRIu64, value);
	else
		fprintf(writer->out, "\"#%016" PRIx64 "\"", value);
}

void history_write_value(struct world *world, uint64_t value, FILE *out)
{
	struct writer writer = {.world = world, .out = out};

	index_values(&writer);
	write_value(&writer, value);
	free(writer.ends);
}

static void write_operation(const struct writer *writer, const struct history_record *record)
{
	static const char *const types[] = {"invoke", "ok", "fail", "info"};
	const struct app_operation *operation = &writer->app->operations[record->operation];
	struct told told = history_told(record);

	fprintf(writer->out,
		"\"process\":%" PRIu32 ",\"type\":\"%s\",\"f\":\"%s\",\"key\":\"k%" PRIu64
		"\",\"value\":",
		record->process, types[record->type], operation->name, told.key);
	if (operation->reads) {
		write_value(writer, told.result); /* 0 while there is no answer */
		return;
	}
	if (operation->compares) {
		fputs("[", writer->out);
		write_value(writer, told.expected);
		fputs(",", writer->out);
	}
	write_value(writer, told.value);
	if (operation->compares)
		fputs("]", writer->out);
	if (told.answered && !operation->blind && !told.matched)
		fputs(",\"result\":false", writer->out);
}

static void write_fault(const struct writer *writer, const struct history_record *record)
{
	char name[8], text[FAULT_TEXT_MAX];

	fprintf(writer->out,
		"\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"%s\",\"phase\":\"%s\",\"value\":"
		"[",
		writer->fault->name(record->operation),
		record->type == HISTORY_FAULT_BEGINS ? "begin" : "end");
	for (uint64_t hit = record->key; hit; hit &= hit - 1)
		fprintf(writer->out, "%s\"%s\"", hit == record->key ? "" : ",",
			endpoint_name((endpoint_t)lowest_bit(hit), name));
	fprintf(writer->out, "],\"what\":\"%s\"",
		writer->fault->describe(writer->world, record->process, text));
}

void history_write(struct world *world, const struct app *app, const struct fault_words *fault,
		   FILE *out)
{
	struct writer writer = {.world = world, .app = app, .fault = fault, .out = out};

	index_values(&writer);
	for (size_t i = 0; i < history_count(world); i++) {
		const struct history_record *record = history_at(world, i);

		fprintf(out, "{\"index\":%zu,", i);
		if (record->type <= HISTORY_INFO)
			write_operation(&writer, record);
		else
			write_fault(&writer, record);
		fprintf(out, ",\"time\":%" PRId64 "}\n", record->time);
	}
	free(writer.ends);
}
