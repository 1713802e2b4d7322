/*
 * From text to events. There are two families: maps (EDN, JSON), read by their keys in any order,
 * and lines (Jepsen's log and history.txt), read by their columns. The columns of both are EDN
 * again, but for what follows the value, and for the nemesis, whose value is anything.
 */
#include "sim/histories/events.h"

#include <string.h>

const struct format_kind formats[FORMATS] = {
	[FORMAT_JSONL] = {"jsonl", "ordeal's history.jsonl: an object of JSON a line"},
	[FORMAT_EDN] = {"jepsen-edn", "maps of EDN, as Jepsen, Knossos, Elle and Porcupine have"},
	[FORMAT_JSON] = {"jepsen-json", "an array of objects, as elle-cli has it"},
	[FORMAT_LOG] = {"jepsen-log", "Jepsen's log: INFO  jepsen.util - 0 :invoke :read nil"},
	[FORMAT_TXT] = {"jepsen-txt", "Jepsen's history.txt: 0 :invoke :read nil"},
};

/* ---- Which format? --------------------------------------------------------------------------- */

static const char logger[] = "jepsen.util - ";

/* Of the line at `text`: where its columns begin; NULL: it is no line of a log's history. */
static const char *log_columns(const char *text, const char *end)
{
	const char *line_end = memchr(text, '\n', (size_t)(end - text));
	const char *found = memmem(text, (size_t)((line_end ? line_end : end) - text), logger,
				   sizeof(logger) - 1);

	if (!found)
		return NULL;
	found += sizeof(logger) - 1;
	return (*found >= '0' && *found <= '9') || *found == ':' ? found : NULL;
}

/* A line of columns: a process, blanks, a keyword. */
static bool is_columns(const char *text)
{
	size_t process = *text == ':' ? strcspn(text, " \t\n") : strspn(text, "0123456789");
	size_t blanks = strspn(text + process, " \t");

	return process && blanks && text[process + blanks] == ':';
}

/* Past what brackets and maps may stand behind. */
static const char *past_blanks(const char *at)
{
	for (;;) {
		at += strspn(at, " \t\r\n,");
		if (*at != ';')
			return at;
		at += strcspn(at, "\n");
	}
}

bool format_guess(const char *text, size_t size, enum format *format)
{
	const char *end = text + size, *at = past_blanks(text);
	bool bracket = *at == '[' || *at == '(';

	if (at == end)
		return false;
	if (bracket || *at == '{' || *at == '#') {
		const char *map = bracket ? past_blanks(at + 1) : at;
		const char *key = *map == '{' ? map + 1 + strspn(map + 1, " \t\r\n") : map;

		*format = *map != '{' || *key != '"' || *at == '(' ? FORMAT_EDN
			  : bracket                                ? FORMAT_JSON
								   : FORMAT_JSONL;
		return true;
	}
	if (is_columns(at)) {
		*format = FORMAT_TXT;
		return true;
	}
	*format = FORMAT_LOG;
	while (at < end && !log_columns(at, end)) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		at = line_end ? line_end + 1 : end;
	}
	return at < end;
}

/* ---- Maps ------------------------------------------------------------------------------------ */

enum member {
	MEMBER_PROCESS,
	MEMBER_TYPE,
	MEMBER_NAME,
	MEMBER_VALUE,
	MEMBER_KEY,
	MEMBER_INDEX,
	MEMBER_TIME,
	MEMBER_RESULT,
	MEMBER_PHASE,
	MEMBER_WHAT,
	MEMBERS
};
static const char *const member_names[MEMBERS] = {"process", "type", "f",      "value", "key",
						  "index",   "time", "result", "phase", "what"};

static const char *const type_names[] = {"invoke", "ok", "fail", "info"};

static bool take_type(struct notation *notation, const struct datum *datum, struct event *event)
{
	for (unsigned i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		if (!datum_says(datum, type_names[i]))
			continue;
		event->type = (enum event_type)i;
		return true;
	}
	return notation_trouble(notation, "an event's type is invoke, ok, fail or info");
}

static void take_process(const struct datum *datum, struct event *event)
{
	event->anonymous = datum->kind == DATUM_NIL;
	event->nemesis = !event->anonymous && datum->kind != DATUM_NUMBER;
	event->process = datum->kind == DATUM_NUMBER ? datum->number : 0;
}

static bool take_member(struct notation *notation, enum member member, struct event *event)
{
	struct datum datum = {.kind = DATUM_NIL};

	if (!notation_read(notation, &datum))
		return false;
	switch (member) {
	case MEMBER_PROCESS: take_process(&datum, event); break;
	case MEMBER_TYPE: return take_type(notation, &datum, event);
	case MEMBER_NAME: event->name = datum; break;
	case MEMBER_VALUE: event->value = datum; break;
	case MEMBER_KEY: event->key = datum; break;
	case MEMBER_PHASE: event->phase = datum; break;
	case MEMBER_WHAT: event->what = datum; break;
	case MEMBER_RESULT: event->untrue = datum.kind == DATUM_FALSE; break;
	case MEMBER_INDEX:
		event->has_index = datum.kind == DATUM_NUMBER;
		event->index = event->has_index ? datum.number : 0;
		break;
	case MEMBER_TIME: /* some have it as a fraction of seconds: only its order is used */
		event->has_time = datum.kind == DATUM_NUMBER;
		event->time = event->has_time ? datum.number : 0;
		break;
	case MEMBERS: break;
	}
	return true;
}

static enum member member_of(const struct datum *key)
{
	unsigned member = 0;

	while (member < MEMBERS && !datum_says(key, member_names[member]))
		member++;
	return (enum member)member;
}

static bool read_members(struct notation *notation, struct event *event)
{
	unsigned seen = 0;
	struct datum key;
	bool more;

	for (bool first = true;; first = false) {
		if (!notation_item(notation, '}', first, &more) ||
		    (more && (!notation_read(notation, &key) || !notation_colon(notation))))
			return false;
		if (!more)
			break;
		enum member member = member_of(&key);

		if (seen >> member & 1 && member < MEMBERS)
			return notation_trouble(notation, "one event has \"%s\" twice",
						member_names[member]);
		seen |= 1u << member;
		if (member == MEMBERS ? !notation_skip(notation)
				      : !take_member(notation, member, event))
			return false;
	}
	return seen >> MEMBER_TYPE & 1 || notation_trouble(notation, "an event without a type");
}

static bool next_map(struct events *events, struct event *event)
{
	struct notation *notation = &events->notation;
	bool more;

	if (events->closing) {
		if (!notation_item(notation, events->closing, events->first, &more))
			return false;
		events->first = false;
		if (!more) {
			events->closing = 0;
			if (notation_blanks(notation, &more) && more)
				notation_trouble(notation, "something follows the last bracket");
			return false;
		}
	} else if (!notation_blanks(notation, &more) || !more) {
		return false;
	}
	event->line = notation->line;
	event->anonymous = true;
	if (*notation->at == '#' && !notation->json) /* #jepsen.history.Op{...} */
		notation->at += 1 + strcspn(notation->at + 1, " \t\r\n,;[]{}()\"");
	if (*notation->at != '{')
		return notation_trouble(notation, "an event is a map: {...}");
	notation->at++;
	return read_members(notation, event);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* One of the first columns; `what` is missing where the line ends. */
static bool read_column(struct notation *notation, const char *what, struct datum *datum)
{
	bool more;

	if (!notation_blanks(notation, &more))
		return false;
	return more ? notation_read(notation, datum)
		    : notation_trouble(notation, "the line ends before its %s", what);
}

/* The process is the first column, type and name follow, then the value; more may follow. */
static bool read_columns(struct notation *notation, struct event *event)
{
	struct datum process = {.kind = DATUM_NIL}, type = process;

	if (!read_column(notation, "process", &process) || !read_column(notation, "type", &type) ||
	    !take_type(notation, &type, event) || !read_column(notation, "operation", &event->name))
		return false;
	take_process(&process, event);
	if (!event->nemesis)
		return read_column(notation, "value", &event->value);
	notation->at += strspn(notation->at, " \t");
	size_t size = (size_t)(notation->end - notation->at);

	if (size && size < UINT32_MAX)
		event->value = (struct datum){DATUM_WORD, (uint32_t)size, {.text = notation->at}};
	if (datum_says(&event->value, "nil"))
		event->value.kind = DATUM_NIL;
	return true;
}

/* Reads one line as if it were all: what is beyond it is restored by the caller. */
static bool read_line(struct events *events, const char *columns, char *line_end,
		      struct event *event)
{
	struct notation *notation = &events->notation;
	const char *end = notation->end;
	char kept = *line_end;

	*line_end = '\0';
	notation->at = columns;
	notation->end = line_end;
	event->line = notation->line;
	bool good = read_columns(notation, event);

	*line_end = kept;
	notation->end = end;
	return good;
}

static bool next_line(struct events *events, struct event *event)
{
	struct notation *notation = &events->notation;

	while (notation->at < notation->end) {
		const char *line = notation->at, *columns = line;
		char *line_end = memchr(line, '\n', (size_t)(notation->end - line));
		bool last = !line_end, good = true;

		if (last) /* the byte 0 behind the text */
			line_end = (char *)(uintptr_t)notation->end;
		notation->line_begins = line;
		if (events->format == FORMAT_LOG)
			columns = log_columns(line, line_end);
		bool blank = strspn(line, " \t\r") >= (size_t)(line_end - line);
		bool event_here = columns && !blank;

		if (event_here)
			good = read_line(events, columns, line_end, event);
		if (good && !blank && last)
			good = notation_trouble(notation, "the last line does not end: is the file "
							  "cut off? (if not, end the line)");
		events->strange += !event_here && !blank;
		if (!good)
			return false;
		notation->at = line_end + !last;
		notation->line++;
		if (event_here)
			return true;
	}
	return false;
}

/* ---- A file ---------------------------------------------------------------------------------- */

void events_begin(struct events *events, enum format format, char *text, size_t size,
		  struct pool *pool, struct trouble *trouble)
{
	struct notation *notation = &events->notation;
	bool more;

	*events = (struct events){.format = format, .first = true};
	*trouble = (struct trouble){0};
	notation->at = notation->line_begins = text;
	notation->end = text + size;
	notation->line = 1;
	notation->json = format == FORMAT_JSONL || format == FORMAT_JSON;
	notation->pool = pool;
	notation->trouble = trouble;
	if (format == FORMAT_LOG || format == FORMAT_TXT || !notation_blanks(notation, &more))
		return;
	if (*notation->at == '[' || (*notation->at == '(' && format == FORMAT_EDN))
		events->closing = *notation->at++ == '[' ? ']' : ')';
}

bool events_next(struct events *events, struct event *event)
{
	if (events->notation.trouble->line)
		return false;
	*event = (struct event){0};
	return events->format == FORMAT_LOG || events->format == FORMAT_TXT
		       ? next_line(events, event)
		       : next_map(events, event);
}

void events_end(struct events *events)
{
	notation_free(&events->notation);
}
