/*
 * The history: what clients asked and were told, in the order in which it happened.
 *
 * A record is written once: an invocation when a client begins, a completion when it learns the
 * outcome (or gives up), each fault when it begins and ends. Open operations live in the workload.
 */
#ifndef SIM_WORKLOAD_HISTORY_H
#define SIM_WORKLOAD_HISTORY_H

#include "sim/world/world.h"

enum history_type {
	HISTORY_INVOKE,
	HISTORY_OK,
	HISTORY_FAIL, /* it certainly did not happen */
	HISTORY_INFO, /* nobody knows */
	HISTORY_FAULT_BEGINS,
	HISTORY_FAULT_ENDS
};

struct history_record {
	nanoseconds time;
	uint32_t process;    /* as in Jepsen: a client that gives up goes on under a new number.
				Of a fault: its number in the run */
	uint32_t invocation; /* of a completion: the index of the record that it completes */
	uint8_t type;        /* enum history_type */
	uint8_t operation;   /* of the app. Of a fault: its kind */
	uint8_t matched, unused;
	uint32_t client; /* from 0 */
	request_id id;
	uint64_t key, value, expected,
		result; /* as told; of a fault: key is the set of processes hit */
};
_Static_assert(sizeof(struct history_record) == 64, "a record is a cache line");

static inline size_t history_count(const struct world *world)
{
	return records_size(world, RECORDS_HISTORY) / sizeof(struct history_record);
}
static inline struct history_record *history_at(struct world *world, size_t index)
{
	return records_at(world, RECORDS_HISTORY, index * sizeof(struct history_record));
}
static inline struct history_record *history_append(struct world *world)
{
	return records_append(world, RECORDS_HISTORY, sizeof(struct history_record));
}

/* What a client's record says of its operation, in the words of models. */
static inline struct told history_told(const struct history_record *record)
{
	return (struct told){.operation = record->operation,
			     .answered = record->type == HISTORY_OK,
			     .matched = record->matched,
			     .key = record->key,
			     .value = record->value,
			     .expected = record->expected,
			     .result = record->result};
}

/*
 * Values that are longer than a number: an app tells their digest, the history keeps their bytes (a
 * string of 8-byte numbers) once, so that they can be printed.
 */
void history_keep_value(struct world *, uint64_t digest, const void *bytes, size_t size);

/* A value in the words of the history: 7, null, [1,2]. */
void history_write_value(struct world *, uint64_t value, FILE *out);

/* How faults are told, for this floor knows none: a kind by its name, and one of the run by its
 * number in full. */
enum { FAULT_TEXT_MAX = 512 };
struct fault_words {
	const char *(*name)(unsigned kind);
	const char *(*describe)(struct world *, unsigned number, char text[FAULT_TEXT_MAX]);
};
/* The whole history as JSONL, in Jepsen's words (`ordeal check` reads the same). */
void history_write(struct world *, const struct app *, const struct fault_words *, FILE *out);

#endif
