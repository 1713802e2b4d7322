/*
 * A history as a file: formats, and the events that stand in one, in the file's order.
 */
#ifndef SIM_HISTORIES_EVENTS_H
#define SIM_HISTORIES_EVENTS_H

#include "sim/histories/notation.h"

enum format {
	FORMAT_JSONL, /* ordeal's own history.jsonl: an object a line */
	FORMAT_EDN,   /* Jepsen: maps, one after another or in brackets */
	FORMAT_JSON,  /* elle-cli: an array of objects */
	FORMAT_LOG,   /* Jepsen's log: INFO  jepsen.util - 0 :invoke :read nil */
	FORMAT_TXT,   /* Jepsen's history.txt: 0 :invoke :read nil */
	FORMATS
};
struct format_kind {
	const char *name, *summary;
};
extern const struct format_kind formats[FORMATS];

enum event_type { EVENT_INVOKE, EVENT_OK, EVENT_FAIL, EVENT_INFO };
struct event {
	unsigned line;
	enum event_type type;
	bool anonymous; /* it says no process */
	bool nemesis;   /* its process is no number: a fault */
	bool untrue;    /* `result` is false: a cas that did not find what it expected */
	bool has_index, has_time;
	int64_t process, index, time;
	struct datum name, key, value; /* of a line of the nemesis: the rest of it, as a word */
	struct datum phase, what;      /* ordeal's nemesis: begin, end; the fault in words */
};

/* A file's text in memory, and where its reader stands. */
struct events {
	struct notation notation;
	enum format format;
	char closing; /* of the brackets around all; 0: none */
	bool first;
	unsigned strange; /* lines of a log that are not the history's: passed over */
};

/* Which format is this? False: nothing in it tells. */
bool format_guess(const char *text, size_t size, enum format *);

/* `text` has `size` bytes and a 0 behind them; it is written to, and must stay. */
void events_begin(struct events *, enum format, char *text, size_t size, struct pool *,
		  struct trouble *);
/* False at the end, and after trouble. */
bool events_next(struct events *, struct event *);
void events_end(struct events *);

#endif
