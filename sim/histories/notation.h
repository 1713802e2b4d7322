/*
 * Reads EDN (github.com/edn-format/edn) and JSON (RFC 8259), one value at a time: both write
 * brackets, strings, numbers and words, and differ in a few marks.
 *
 * A text ends with a byte 0 that does not belong to it. Each function returns false after the first
 * trouble, which says where and what.
 */
#ifndef SIM_HISTORIES_NOTATION_H
#define SIM_HISTORIES_NOTATION_H

#include "sim/gnu.h"
#include "sim/histories/datum.h"

enum { TROUBLE_MAX = 240, DEPTH_MAX = 64 };

struct trouble {
	unsigned line, column; /* from 1 */
	char text[TROUBLE_MAX];
};

struct notation {
	const char *at, *end;
	const char *line_begins;
	unsigned line, depth;
	bool json;
	struct pool *pool;
	struct datum *open; /* items of brackets that are not closed yet */
	size_t open_count, open_room;
	struct trouble *trouble;
};

/* False, always: so that a reader can leave with it. The first trouble stays. */
bool notation_trouble(struct notation *, const char *format, ...) printf_like(2, 3);

/* Past blanks, comments and discarded values. *more: is there anything before the end? */
bool notation_blanks(struct notation *, bool *more);
bool notation_read(struct notation *, struct datum *);
bool notation_skip(struct notation *); /* a value that nobody wants */

/*
 * Brackets by hand: after the opening one was passed, each call says whether another item follows
 * (`first`: none came before); if not, the closing one is passed too.
 */
bool notation_item(struct notation *, char closing, bool first, bool *more);
/* Between key and value of a map. */
bool notation_colon(struct notation *);

void notation_free(struct notation *);

#endif
