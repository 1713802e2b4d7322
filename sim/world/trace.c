/*
 * The trace: one aligned line an event, for people. The legend below stands at the head of every
 * trace.txt, and in the command's help.
 */
#include "sim/world/kernel.h"

#include <inttypes.h>
#include <stdarg.h>

static const char *const legend[] = {
	"  time in s   event  what",
	"   1.204512     317  n1  -> n3  AppendEntries      term=3 commit=11 +2 [13/3..14/3]",
	"   1.204513     318  n2         timer election",
	"   1.204513     318  n2            write 17: cell 0, 16 bytes",
	"   1.205517     319  n3         disk synced        up to write 41",
	"   1.205517     319  n3            voted in term 4 for n2",
	"   1.206001     320  n1  -x n3  AppendEntries      term=3 commit=11  LOST",
	"   1.206100     320  n1  -~ n2  AppendEntries      term=67 commit=11  ALTERED",
	"   1.206230     320  n3            write 42: log cut from 13",
	"   1.207119     321  c1  -> n2  request            operation 41: put k3 = 1107",
	"   2.000000     321  n2         CRASHED            its log ends at 17",
	"   2.000000     322  ## fault begins: crash n2",
	"A line tells of a message when it arrives: from whom, to whom, its type and fields, and "
	"the",
	"log records in it (how many, the first and the last as index/term). LOST: by the link, by "
	"a",
	"cut, or because the receiver is down; where that shows on arrival it is no event, and the",
	"number is the next one's. CORRUPT: discarded by a checksum. ALTERED: one thing that it "
	"says",
	"is false, as shown, and nobody will notice; it is sent off like that. Indented lines "
	"stand",
	"below the event that they are part of: observations where they bind, and writes where a",
	"handler makes them, durable once the disk has synced up to their number. Of the log's "
	"writes",
	"only cuts are told; what is appended shows in the messages. Lines with ## tell of faults,",
	"operations and violations.",
	NULL,
};

void world_trace_legend(FILE *out, const char *before)
{
	for (const char *const *line = legend; *line; line++)
		fprintf(out, "%s%s\n", before, *line);
}

static void begin_line_at(FILE *out, nanoseconds time, uint64_t event)
{
	fprintf(out, "%4" PRId64 ".%06" PRId64 " %7" PRIu64 "  ", time / 1000000000,
		time / 1000 % 1000000, event);
}

static void begin_line(struct world *world)
{
	begin_line_at(world->outside->trace, world->now, world->events);
}

/* ---- Messages -------------------------------------------------------------------------------- */

static uint64_t number_at(const void *at, unsigned width)
{
	uint64_t value = 0;

	memcpy(&value, at, width); /* little-endian, as all that this runs on */
	return value;
}

static void print_field(FILE *out, const struct field *field, const uint8_t *at)
{
	uint64_t value = field->width <= 8 ? number_at(at + field->offset, field->width) : 0;

	switch (field->kind) {
	case FIELD_PROCESS:
		if (value < PROCESSES_MAX)
			fprintf(out, " %s=n%" PRIu64, field->name, value + 1);
		else
			fprintf(out, " %s=none", field->name);
		break;
	case FIELD_FLAG: fprintf(out, " %s=%s", field->name, value ? "yes" : "no"); break;
	case FIELD_NUMBER:
	case FIELD_TERM:
	case FIELD_BALLOT: fprintf(out, " %s=%" PRIu64, field->name, value); break;
	case FIELD_BYTES: fprintf(out, " %s=(%u bytes)", field->name, field->width); break;
	}
}

static void print_fields(FILE *out, const struct field *fields, const uint8_t *at)
{
	for (const struct field *field = fields; field && field->name; field++)
		if (strcmp(field->name, "unused") != 0)
			print_field(out, field, at);
}

static void print_fields_of(struct world *world, const struct env_message *message, FILE *out)
{
	const struct message_type *type =
		&world->groups[message->group].protocol->messages[message->type];

	fprintf(out, "%-18s", type->name);
	print_fields(out, type->fields, message->body);
	for (unsigned i = 0; i < message->count; i++) {
		fputs(" {", out);
		print_fields(out, type->element_fields,
			     message->body + type->size + i * type->element);
		fputs(" }", out);
	}
	if (!message->record_count)
		return;
	const ref_t *records = message->records ? arena_at(&world->arena, message->records)
						: message->record;
	const struct log_record *first = world_record(world, records[0]);
	const struct log_record *last = world_record(world, records[message->record_count - 1]);

	fprintf(out, " +%u [%" PRIu64 "/%" PRIu64, message->record_count, first->index,
		first->term);
	if (first != last)
		fprintf(out, "..%" PRIu64 "/%" PRIu64, last->index, last->term);
	fputc(']', out);
}

static const char *const kind_names[] = {
	[MESSAGE_REQUEST] = "request",   [MESSAGE_ANSWER] = "answer",
	[MESSAGE_REDIRECT] = "redirect", [MESSAGE_REFUSAL] = "refusal",
	[MESSAGE_PROPOSAL] = "proposal",
};

const char *message_sort_name(const struct protocol *protocol, unsigned sort)
{
	const struct message_type *type = protocol->messages;

	if (sort >= MESSAGE_TYPES_MAX)
		return sort < MESSAGE_SORTS ? kind_names[sort - MESSAGE_TYPES_MAX] : NULL;
	while (type && type->name && sort-- > 0)
		type++;
	return type ? type->name : NULL;
}

/* What became of it: the arrow, and the line's end. */
static const struct fate {
	char arrow;
	const char *word;
} fates[] = {
	[TRACE_DELIVER] = {'>', ""},
	[TRACE_LOST] = {'x', "  LOST"},
	[TRACE_CORRUPT] = {'x', "  CORRUPT"},
	[TRACE_ALTERED] = {'~', "  ALTERED"},
};

static bool is_of_message(enum trace_kind kind)
{
	return kind == TRACE_DELIVER || kind == TRACE_LOST || kind == TRACE_CORRUPT ||
	       kind == TRACE_ALTERED;
}

/* A long value is known by its digest, as in the history. */
void trace_print_value(FILE *out, const char *before, uint64_t value)
{
	fprintf(out, value > UINT32_MAX ? "%s#%016" PRIx64 : "%s%" PRIu64, before, value);
}

/* "put k3 = 17", "cas k3: 4 -> 17", "get k3", as the app tells; where it does not, the size. */
void trace_print_command(struct world *world, group_id group, const void *command, size_t size,
			 FILE *out)
{
	const struct app *app = world->groups[group].app;
	struct told told = {0};
	unsigned operations = 0;
	uint64_t id = 0;

	if (size < sizeof(id)) {
		fprintf(out, size ? "%zu bytes" : "no command", size);
		return;
	}
	memcpy(&id, command, sizeof(id));
	fprintf(out, "operation %" PRIu64, request_number(id));
	while (app && app->operations && app->operations[operations].name)
		operations++;
	if (app && app->tell)
		world_app_tell(world, group, (const char *)command + sizeof(id), size - sizeof(id),
			       NULL, 0, &told);
	if (told.operation >= operations)
		return;
	const struct app_operation *operation = &app->operations[told.operation];

	fprintf(out, ": %s k%" PRIu64, operation->name, told.key);
	if (operation->compares) {
		trace_print_value(out, ": ", told.expected);
		trace_print_value(out, " -> ", told.value);
	} else if (!operation->reads && told.value) {
		trace_print_value(out, " = ", told.value);
	}
}

void trace_print_body(struct world *world, const struct env_message *message, FILE *out)
{
	const struct answer_body *body = (const struct answer_body *)message->body;
	const struct request_body *request = (const struct request_body *)message->body;
	char to[8];

	if (message->kind == MESSAGE_PROTOCOL) {
		print_fields_of(world, message, out);
		return;
	}
	if (message->kind == MESSAGE_APPLIED) {
		const struct applied_body *told = (const struct applied_body *)message->body;

		fprintf(out, "%-18s index %" PRIu64 ": ", "applied below", told->index);
		trace_print_command(world, (group_id)message->group, told + 1, told->size, out);
		return;
	}
	fprintf(out, "%-18s ", kind_names[message->kind]);
	if (message->kind == MESSAGE_REQUEST) {
		trace_print_command(world, (group_id)message->group, request + 1,
				    message->size - sizeof(*request), out);
		return;
	}
	fprintf(out, "operation %" PRIu64, request_number(body->id));
	if (message->kind == MESSAGE_REDIRECT && body->whom == message->from)
		fputs(" not now", out);
	else if (message->kind == MESSAGE_REDIRECT)
		fprintf(out, " to %s", endpoint_name((endpoint_t)body->whom, to));
}

static void print_message(struct world *world, const struct env_message *message,
			  const struct fate *fate)
{
	FILE *out = world->outside->trace;
	char from[8], to[8];

	begin_line(world);
	fprintf(out, "%-3s -%c %-3s ", endpoint_name(message->from, from), fate->arrow,
		endpoint_name(message->to, to));
	trace_print_body(world, message, out);
	fprintf(out, "%s\n", fate->word);
}

void trace_print_message(struct world *world, enum trace_kind kind,
			 const struct env_message *message)
{
	print_message(world, message, &fates[kind]);
}

/* ---- Processes ------------------------------------------------------------------------------- */

static void print_process(FILE *out, enum trace_kind kind, endpoint_t id, uint64_t detail,
			  const char *text)
{
	static const char *const boots[] = {"first", "restart", "with an empty disk"};
	char name[8];

	fprintf(out, "%-10s ", endpoint_name(id, name));
	switch (kind) {
	case TRACE_TIMER: fprintf(out, "timer %s", text); break;
	case TRACE_SYNC: fprintf(out, "%-18s up to write %" PRIu64, "disk synced", detail); break;
	case TRACE_DISK_FAILED:
		fprintf(out, "%-18s %s, from write %" PRIu64, "DISK FAILED", text, detail);
		break;
	case TRACE_ROT: fprintf(out, "%-18s %s %" PRIu64, "DISK ROTS", text, detail); break;
	case TRACE_CRASH: fprintf(out, "%-18s its log ends at %" PRIu64, "CRASHED", detail); break;
	case TRACE_BOOT: fprintf(out, "%-18s %s", "BOOTED", boots[detail]); break;
	case TRACE_PAUSE: fputs("PAUSED", out); break;
	case TRACE_RESUME:
		fprintf(out, "%-18s %" PRIu64 " messages wait", "RESUMED", detail);
		break;
	case TRACE_DELIVER:
	case TRACE_LOST:
	case TRACE_CORRUPT:
	case TRACE_ALTERED:
	case TRACE_FLOOR: break;
	}
	fputc('\n', out);
}

void trace_print_process(struct world *world, enum trace_kind kind, const struct process *process,
			 uint64_t detail, const char *text)
{
	begin_line(world);
	print_process(world->outside->trace, kind, process->id, detail, text);
}

/* ---- Writes ---------------------------------------------------------------------------------- */

void trace_print_write(const struct process *process, const char *what, uint64_t key, size_t size)
{
	FILE *out = process->world->outside->trace;
	char name[8];

	begin_line(process->world);
	fprintf(out, "%-10s    write %" PRIu64 ": %s %" PRIu64, endpoint_name(process->id, name),
		process->disk.ticket, what, key);
	if (size)
		fprintf(out, ", %zu bytes", size);
	fputc('\n', out);
}

/* ---- Observations ---------------------------------------------------------------------------- */

void trace_saw(struct world *world, const struct process *process, uint32_t what, uint64_t a,
	       uint64_t b, uint64_t c)
{
	static const struct {
		const char *words;
		unsigned arguments;
	} observations[OBSERVATION_COUNT] = {
		[SAW_TERM_ENTERED] = {"entered term", 1},
		[SAW_VOTED] = {"voted", 2},
		[SAW_LEADER_ELECTED] = {"was elected, term", 1},
		[SAW_LEADER_STEPPED_DOWN] = {"stepped down, term", 1},
		[SAW_PROMISED] = {"promised", 3},
		[SAW_PROPOSED] = {"proposed", 2},
		[SAW_ACCEPTED] = {"accepted", 2},
		[SAW_CHOSEN] = {"chose", 2},
		[SAW_APPENDED] = {"appended", 2},
		[SAW_TRUNCATED] = {"truncated from", 1},
		[SAW_COMMIT_ADVANCED] = {"committed up to", 2},
		[SAW_CONFIG_ADOPTED] = {"adopted configuration", 3},
		[SAW_READ_SERVED] = {"served a read", 2},
		[SAW_TXN_VOTED] = {"voted on transaction", 2},
		[SAW_TXN_DECIDED] = {"decided transaction", 2},
		[SAW_TOKEN_HELD] = {"holds token", 2},
		[SAW_SILENCED] = {"fell silent", 0},
	};
	const uint64_t arguments[] = {a, b, c};
	FILE *out = world->outside->trace;
	char name[8];

	assert(observations[what].arguments <= sizeof(arguments) / sizeof(arguments[0]));
	begin_line(world);
	fprintf(out, "%-10s    %s", endpoint_name(process->id, name), observations[what].words);
	if (what == SAW_VOTED) {
		fprintf(out, " in term %" PRIu64 " for %s\n", a,
			endpoint_name((endpoint_t)b, name));
		return;
	}
	for (unsigned i = 0; i < observations[what].arguments; i++)
		fprintf(out, "%s %" PRIu64, i ? "," : "", arguments[i]);
	fputc('\n', out);
}

/* ---- The ring -------------------------------------------------------------------------------- */

/* Less than a trace would say: a record has no room for what a message holds. */
static void print_record(struct world *world, const struct trace_record *record, FILE *out)
{
	process_id sender = (process_id)record->from;
	const char *text = "error";
	char from[8], to[8];

	begin_line_at(out, record->time, record->event);
	if (record->kind == TRACE_FLOOR) {
		fprintf(out, "## floor %u has its turn\n", record->from);
	} else if (is_of_message(record->kind)) {
		if (record->from >= CLIENT_FIRST)
			text = "request";
		else if (record->to >= CLIENT_FIRST)
			text = "answer";
		else
			text = world_protocol(world, sender)->messages[record->type].name;
		fprintf(out, "%-3s -%c %-3s %s\n", endpoint_name(record->from, from),
			fates[record->kind].arrow, endpoint_name(record->to, to), text);
	} else {
		if (record->kind == TRACE_ROT)
			text = "something at";
		else if (record->kind == TRACE_TIMER)
			text = world_protocol(world, sender)->timers[record->detail].name;
		print_process(out, record->kind, record->from, record->detail, text);
	}
}

void world_trace_recent(struct world *world, FILE *out)
{
	uint64_t first = world->events < TRACE_RING ? 1 : world->events - TRACE_RING + 1;

	for (uint64_t event = first; event <= world->events; event++)
		if (world->ring[event % TRACE_RING].event == (uint32_t)event)
			print_record(world, &world->ring[event % TRACE_RING], out);
}

/* ---- The floors above ------------------------------------------------------------------------ */

void world_trace_to(struct world *world, FILE *out)
{
	world->outside->trace = out;
}

bool world_tracing(const struct world *world)
{
	return world->outside->trace != NULL;
}

void world_trace_line(struct world *world, const char *format, ...)
{
	FILE *out = world->outside->trace;
	va_list arguments;

	if (!out)
		return;
	begin_line(world);
	fputs("## ", out);
	va_start(arguments, format);
	vfprintf(out, format, arguments);
	va_end(arguments);
	fputc('\n', out);
}

void world_digests_to(struct world *world,
		      void (*take)(void *context, uint64_t event, uint64_t digest), void *context)
{
	world->outside->digests = take;
	world->outside->digests_context = context;
}
