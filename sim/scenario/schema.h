/*
 * The schema: one table of every key that a scenario may have. Reader, emitter, complaints and the
 * reference page walk this table, so that none of them can drift from the others.
 *
 * A key knows its section, its type, where its value stands (offset and width within the section's
 * struct), its bounds, its default as a scenario would write it, and its meaning in words. Options
 * of protocols and amounts of faults are tables of their own elsewhere: they are turned into keys
 * here, and read and written by the same functions.
 */
#ifndef SIM_SCENARIO_SCHEMA_H
#define SIM_SCENARIO_SCHEMA_H

#include "sim/scenario/scenario.h"

/* ---- Text under construction ----------------------------------------------------------------- */

struct text {
	char *bytes; /* always ended by a 0 once something was added; the owner frees it */
	size_t size, room;
};
void text_add(struct text *, const char *format, ...) printf_like(2, 3);

/* Zeroed memory, or the end of the program: a scenario is small. */
void *scenario_room(void *old, size_t old_size, size_t size);
char *copy_text(const char *);

/* ---- Types of values ------------------------------------------------------------------------- */

enum type {
	/* One scalar each: value_read and value_write know them. */
	TYPE_COUNT,        /* 200, 20K, 5M */
	TYPE_DURATION,     /* 150ms */
	TYPE_RANGE,        /* 150ms..300ms: two nanoseconds, least and most */
	TYPE_DISTRIBUTION, /* 1ms, uniform(1ms, 5ms), ... */
	TYPE_OFFSET,       /* a distribution whose sign a coin gives: uniform(-50ms, 50ms) */
	TYPE_PROBABILITY,  /* 0.1% */
	TYPE_PERCENT,      /* 60%, in hundredths of a percent: shares of a mix */
	TYPE_RATE,         /* 200/s, as the interval */
	TYPE_SEEDS,        /* 1..1000: two uint64_t */
	TYPE_PPM,          /* 50ppm */
	TYPE_FACTOR,       /* 20x, in thousandths */
	TYPE_BYTES,        /* 64KB */
	TYPE_BANDWIDTH,    /* 10MB/s, in bytes a second; none: 0 */
	TYPE_FLAG,         /* true, false */
	TYPE_SKEW,         /* uniform, zipf(0.99), in thousandths */
	TYPE_CHOICE,       /* one of `choices` */
	TYPE_JUDGE,        /* one of the judges */
	TYPE_NAME,         /* a name that can be a folder's */
	TYPE_TEXT,         /* one line of prose */
	TYPE_ENDPOINT,     /* n3, c1 */
	/* Of several parts: read.c and its neighbours know them. */
	TYPE_SECTION,
	TYPE_PROTOCOL,
	TYPE_APP,
	TYPE_OPTIONS,
	TYPE_GROUP, /* an earlier one, by name */
	TYPE_MIX,
	TYPE_LINKS,
	TYPE_REGIONS,
	TYPE_DURATIONS,  /* of each two regions */
	TYPE_BANDWIDTHS, /* likewise */
	TYPE_FAULTS,
	TYPE_NEMESES,
	TYPE_KINDS,  /* of faults, each with its weight */
	TYPE_TARGET, /* of struct nemesis */
	TYPE_BUGS,
	TYPE_EXPECT,
	TYPE_JUDGES,
	TYPE_PLOTS,
	TYPE_NOT_YET /* known, and refused: the help says what there is instead */
};

enum section {
	IN_SCENARIO,
	IN_CLUSTER,      /* of struct cluster_group */
	IN_NETWORK,      /* of struct scenario, where not said otherwise */
	IN_DEFAULT_LINK, /* network.default */
	IN_LINK,         /* network.links: struct link_override */
	IN_DISK,
	IN_CLOCKS,
	IN_PROCESS,
	IN_WORKLOAD,
	IN_RUN,
	IN_FAULT,        /* of struct fault */
	IN_NEMESIS,      /* of struct nemesis */
	IN_AVAILABILITY, /* of struct expectation, and so the next two */
	IN_RECOVERS,
	IN_VIOLATION,
	SECTIONS
};
extern const char *const section_names[SECTIONS]; /* "network.default" */

struct key {
	enum section section;
	const char *name;
	enum type type;
	size_t offset, width;
	int64_t min, max;     /* inclusive, in the unit that is stored */
	const char *fallback; /* NULL: it must be said. "(...)": in words, derived after reading */
	const char *help;
	const char *const *choices; /* of TYPE_CHOICE, ended by NULL */
	enum section inner;         /* of TYPE_SECTION */
};
extern const struct key schema[]; /* in canonical order; ended by name == NULL */

/* Begin at NULL; the next key of that section, NULL at its end. */
const struct key *key_next(enum section, const struct key *);
const struct key *key_named(enum section, const char *name); /* NULL: none */

struct key key_of_option(const struct option *);
struct key key_of_amount(const struct fault_kind *);
static inline bool key_derived(const struct key *key)
{
	return key->fallback && key->fallback[0] == '(';
}

/* What `expect:` may name, by enum expectation_kind. `inner` is SECTIONS for a bare word. */
struct expectation_form {
	const char *name, *help;
	enum section inner;
};
enum { EXPECTATION_KINDS = EXPECT_VIOLATION + 1 };
extern const struct expectation_form expectation_forms[EXPECTATION_KINDS];

/* ---- Values and their text ------------------------------------------------------------------- */

/* NULL where it is read; else what is wrong with it, as the end of a sentence: "has no unit". */
const char *value_read(const struct key *, const char *text, void *base);
/* So that value_read gives the same value again. */
void value_write(const struct key *, const void *base, struct text *);
/* What value_read takes for this key, in words. */
void value_accepts(const struct key *, struct text *);
/* The names to choose from, of TYPE_CHOICE and TYPE_JUDGE; returns how many, at most `max`. */
size_t value_choices(const struct key *, const char **names, size_t max);

/* The parts that distribution.c needs of values.c. Each returns what is wrong, or NULL. */
const char *read_duration(const char *text, nanoseconds *);
void write_duration(nanoseconds, struct text *);
const char *read_probability(const char *text, probability_t *);
void write_probability(probability_t, struct text *);
const char *read_distribution(const char *text, nanoseconds max, bool two_sided,
			      struct distribution *);
void write_distribution(const struct distribution *, bool two_sided, struct text *);

#endif
