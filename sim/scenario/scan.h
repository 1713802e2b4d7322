/* Decimal numbers, exactly: what distribution.c and values.c read and write them with. */
#ifndef SIM_SCENARIO_SCAN_H
#define SIM_SCENARIO_SCAN_H

#include "sim/scenario/schema.h"

/* Digits, a point and at most so many decimals, in units of 10^-decimals; saturates far above any
 * bound. Returns what follows, or NULL where it is no such number. */
const char *scan_decimal(const char *text, unsigned decimals, uint128_t *scaled);
/* Why scan_decimal returned NULL: its decimals, or `otherwise`. */
const char *no_number(const char *text, const char *otherwise);
/* Without trailing zeros. */
void write_decimal(uint64_t scaled, unsigned decimals, struct text *out);
nanoseconds unit_named(const char *name); /* 0: none */
/* 64KB; 10MB/s. Each returns what is wrong, or NULL. */
const char *read_bytes(const char *text, uint64_t *bytes);
const char *read_bandwidth(const char *text, uint64_t *bytes);
void write_bytes(uint64_t bytes, struct text *out);
void write_bandwidth(uint64_t bytes, struct text *out); /* 0: none */

/* The same as regular expressions, for the schema: what is read, but for bounds and order. */
void unit_pattern(struct text *out);
void bytes_pattern(struct text *out);
void duration_pattern(bool signed_too, struct text *out);
void distribution_pattern(bool two_sided, struct text *out);
extern const char rest_of_distribution[]; /* an argument after a comma, where braces cut it off */

#endif
