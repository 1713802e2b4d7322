/*
 * Members of JSON objects, as all that is written for programs has them. The object takes the value
 * over.
 */
#ifndef SIM_RESULTS_JSON_H
#define SIM_RESULTS_JSON_H

#include <jansson.h>
#include <stdint.h>

static inline void put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static inline void put_count(json_t *object, const char *key, uint64_t count)
{
	put(object, key, json_integer((json_int_t)count));
}

/* Null where there is none, or an empty one. */
static inline void put_text(json_t *object, const char *key, const char *text)
{
	put(object, key, text && text[0] ? json_string(text) : json_null());
}

#endif
