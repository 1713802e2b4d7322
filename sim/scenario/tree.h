/*
 * A YAML file as a tree of maps, lists and texts, each with its place in the file.
 *
 * What no scenario has is refused here: anchors, aliases, tags, merge keys, directives, second
 * documents, duplicate keys, bytes that are not UTF-8. Every scalar stays text, as it was written.
 */
#ifndef SIM_SCENARIO_TREE_H
#define SIM_SCENARIO_TREE_H

#include <stdarg.h>

#include "sim/scenario/scenario.h"

enum node_kind {
	NODE_TEXT,
	NODE_LIST,
	NODE_MAP,
	NODE_BROKEN /* complained about already */
};
struct node {
	enum node_kind kind;
	unsigned line, column; /* from 1 */
	bool open;             /* plain text in [] or {}: a comma may have cut it apart */
	char *text;            /* of NODE_TEXT */
	struct node *first;    /* of a list its items; of a map its keys, each with a value */
	struct node *next;
	struct node *value;
	unsigned count; /* of items or keys */
};

enum { FILE_MAX = 1 << 20, NESTING_MAX = 12, MAP_KEYS_MAX = 128 };

/* NULL where it is no such tree; there may be complaints even where it is one. */
struct node *tree_read(const char *text, size_t size, struct complaints *);
void tree_free(struct node *);
struct node *tree_find(const struct node *map, const char *name); /* the value; or NULL */
struct node *tree_key(const struct node *map, const char *name);  /* the key; or NULL */

/* ---- Complaints ------------------------------------------------------------------------------ */

void complain(struct complaints *, unsigned line, unsigned column, const char *format, ...)
	printf_like(4, 5);
/* What is odd there; not of what was complained about. */
void suspect(struct complaints *, unsigned line, unsigned column, const char *format, va_list)
	ORDEAL_PRINTF(4, 0);
/* In order of line and column. */
void complaints_sort(struct complaints *);
/* What somebody wrote, short and printable, into `shown` of QUOTE_MAX bytes; returns it. */
enum { QUOTE_MAX = 48 };
const char *quote(const char *text, char *shown);
/* Cuts a list of names where it would be too long to read. */
void shorten(char *list);
/* "; did you mean \"x\"?", or "". At most MEAN_MAX bytes, into `mean`; returns it. */
enum { MEAN_MAX = 80 };
const char *meant(const char *word, const char *const *names, size_t count, char *mean);

#endif
