/*
 * The JSON Schema of values that are one scalar: what value_read takes, as a pattern.
 *
 * Bounds of numbers with a unit, and the order of two, are left to the reader. An editor resolves
 * plain scalars as YAML's core schema does: 5 is a number there, 5ms a text, so that what has no
 * unit may be either.
 */
#include "sim/scenario/json_schema.h"
#include "sim/scenario/scan.h"

#include <stdlib.h>

const char endpoint_pattern[] = "(n[1-9][0-9]?|c[1-9][0-9]{0,2})";

/* ---- Building blocks ------------------------------------------------------------------------- */

json_t *json_typed(const char *type)
{
	return json_pack("{s:s}", "type", type);
}

json_t *json_matching(const char *pattern)
{
	return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

json_t *json_any_of(json_t *first, json_t *second)
{
	return json_pack("{s:[o, o]}", "anyOf", first, second);
}

struct menu menu_begin(void)
{
	return (struct menu){json_array(), json_array()};
}

void menu_add(struct menu *menu, const char *name, const char *meaning)
{
	json_array_append_new(menu->names, json_string(name));
	json_array_append_new(menu->meanings, json_string(meaning ? meaning : ""));
}

json_t *menu_end(struct menu *menu)
{
	return json_pack("{s:o, s:o}", "enum", menu->names, "enumDescriptions", menu->meanings);
}

/* ---- Patterns -------------------------------------------------------------------------------- */

static const char *const fixed_patterns[TYPE_NOT_YET] = {
	[TYPE_COUNT] = "0*[0-9]{1,19}[KM]?",
	[TYPE_PROBABILITY] = "[0-9]+(\\.[0-9]{1,8})?%",
	[TYPE_PERCENT] = "[0-9]+(\\.[0-9]{1,2})?%",
	[TYPE_SEEDS] = "[0-9]+(\\.\\.[0-9]+)?",
	[TYPE_PPM] = "-?[0-9]+ppm",
	[TYPE_FACTOR] = "[0-9]+(\\.[0-9]{1,3})?x?",
	[TYPE_SKEW] = "uniform|zipf\\([0-9]+(\\.[0-9]{1,3})?\\)",
	[TYPE_NAME] = "[A-Za-z0-9][A-Za-z0-9_-]*",
	[TYPE_ENDPOINT] = endpoint_pattern,
};

static void range_pattern(struct text *out)
{
	duration_pattern(false, out);
	text_add(out, "(\\.\\.");
	duration_pattern(false, out);
	text_add(out, ")?");
}

/* 200/s, 1/50ms */
static void rate_pattern(struct text *out)
{
	text_add(out, "none|[0-9]+[KM]?/(");
	duration_pattern(false, out);
	text_add(out, "|");
	unit_pattern(out);
	text_add(out, ")");
}

static json_t *of_pattern(const struct key *key)
{
	struct text pattern = {0};

	text_add(&pattern, "^(");
	switch (key->type) {
	case TYPE_DURATION: duration_pattern(key->min < 0, &pattern); break;
	case TYPE_RANGE: range_pattern(&pattern); break;
	case TYPE_DISTRIBUTION:
	case TYPE_OFFSET: distribution_pattern(key->type == TYPE_OFFSET, &pattern); break;
	case TYPE_RATE: rate_pattern(&pattern); break;
	case TYPE_BYTES: bytes_pattern(&pattern); break;
	case TYPE_BANDWIDTH:
		text_add(&pattern, key->min ? "" : "none|");
		bytes_pattern(&pattern);
		text_add(&pattern, "/s");
		break;
	default: text_add(&pattern, "%s", fixed_patterns[key->type]); break;
	}
	text_add(&pattern, ")$");
	json_t *made = json_matching(pattern.bytes);

	free(pattern.bytes);
	return made;
}

/* ---- More than a pattern --------------------------------------------------------------------- */

static json_t *of_count(const struct key *key)
{
	return json_any_of(json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
				     (json_int_t)key->min, "maximum", (json_int_t)key->max),
			   of_pattern(key));
}

static json_t *of_duration(const struct key *key)
{
	json_t *made = of_pattern(key);

	if (key->min > 0)
		put(made, "not", json_pack("{s:s}", "pattern", "^[0.]+[a-z]+$"));
	return made;
}

static json_t *of_seeds(const struct key *key)
{
	return json_any_of(
		json_pack("{s:s, s:I}", "type", "integer", "minimum", (json_int_t)key->min),
		of_pattern(key));
}

static json_t *of_factor(const struct key *key)
{
	return json_any_of(json_pack("{s:s, s:f, s:f}", "type", "number", "minimum",
				     (double)key->min / 1000, "maximum", (double)key->max / 1000),
			   of_pattern(key));
}

static json_t *of_choice(const struct key *key)
{
	const char *names[64];
	size_t count = value_choices(key, names, 64);
	struct menu menu = menu_begin();

	for (size_t i = 0; i < count; i++)
		menu_add(&menu, names[i], key->type == TYPE_JUDGE ? judges[i].rule : NULL);
	return menu_end(&menu);
}

/* A name or a line of prose may look like a number, and is text all the same. */
static json_t *of_name(const struct key *key)
{
	json_t *made = of_pattern(key);

	put(made, "type", json_pack("[s, s, s]", "string", "integer", "boolean"));
	put(made, "minLength", json_integer(key->min));
	put(made, "maxLength", json_integer(key->max));
	return made;
}

static json_t *of_text(const struct key *key)
{
	return json_pack("{s:[s, s, s, s], s:I}", "type", "string", "number", "boolean", "null",
			 "maxLength", (json_int_t)key->max);
}

json_t *json_of_scalar(const struct key *key)
{
	switch (key->type) {
	case TYPE_COUNT: return of_count(key);
	case TYPE_DURATION: return of_duration(key);
	case TYPE_SEEDS: return of_seeds(key);
	case TYPE_FACTOR: return of_factor(key);
	case TYPE_FLAG: return json_typed("boolean");
	case TYPE_CHOICE:
	case TYPE_JUDGE: return of_choice(key);
	case TYPE_NAME: return of_name(key);
	case TYPE_TEXT: return of_text(key);
	case TYPE_RANGE:
	case TYPE_DISTRIBUTION:
	case TYPE_OFFSET:
	case TYPE_PROBABILITY:
	case TYPE_PERCENT:
	case TYPE_RATE:
	case TYPE_BYTES:
	case TYPE_BANDWIDTH:
	case TYPE_PPM:
	case TYPE_SKEW:
	case TYPE_ENDPOINT: return of_pattern(key);
	default: return NULL;
	}
}
