/*
 * What the two files of the JSON Schema share: json_values.c makes the schema of one scalar, and
 * json_schema.c that of all that has several parts.
 */
#ifndef SIM_SCENARIO_JSON_SCHEMA_H
#define SIM_SCENARIO_JSON_SCHEMA_H

#include <jansson.h>

#include "sim/scenario/schema.h"

static inline void put(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

/* {"type": "object"} */
json_t *json_typed(const char *type);
/* Text that has this pattern, as POSIX and ECMAScript both spell it. */
json_t *json_matching(const char *pattern);
/* Takes both. */
json_t *json_any_of(json_t *first, json_t *second);

/* Names to choose from, each with its meaning, which an editor shows beside it. */
struct menu {
	json_t *names, *meanings;
};
struct menu menu_begin(void);
void menu_add(struct menu *, const char *name, const char *meaning);
json_t *menu_end(struct menu *); /* the schema */

/* The schema of a key that is one scalar: what value_read takes. NULL: it has several parts. */
json_t *json_of_scalar(const struct key *);
/* n3, c1: what text has a process or a client in it. */
extern const char endpoint_pattern[];

#endif
