/*
 * A value as histories write it: a number, a word, a string, or some of these together.
 *
 * Texts point into the history's own text, or into a pool; lists, sets and maps into a pool. A
 * datum is copied freely: nothing in it is owned.
 */
#ifndef SIM_HISTORIES_DATUM_H
#define SIM_HISTORIES_DATUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum datum_kind {
	DATUM_NIL,
	DATUM_FALSE,
	DATUM_TRUE,
	DATUM_NUMBER, /* a whole one of 64 bits; others are words */
	DATUM_WORD,   /* :ok, nemesis, 1.5 */
	DATUM_STRING,
	DATUM_LIST,
	DATUM_SET,
	DATUM_MAP /* its items are keys and values in turn */
};

struct datum {
	enum datum_kind kind;
	uint32_t size; /* bytes of a text; items of the others */
	union {
		int64_t number;
		const char *text;
		const struct datum *items;
	};
};

/* Memory that is freed as a whole. A pool that is all zero is empty. */
struct pool {
	struct block *blocks;
	char *at, *end;
};
void *pool_take(struct pool *, size_t); /* 8-aligned, not zeroed; aborts where memory ends */
void pool_free(struct pool *);

bool datum_equal(const struct datum *, const struct datum *);
uint64_t datum_hash(const struct datum *); /* equal data have equal ones; the same in each run */
/* A word, with or without its colon, or a string, that says this. */
bool datum_says(const struct datum *, const char *text);
/* What a word (without its colon) or a string says; "" where it is neither, or too long. */
void datum_name(const struct datum *, char *name, size_t size);
/* As EDN writes it; bytes that are no UTF-8 or control the terminal are escaped. */
void datum_print(FILE *, const struct datum *);
/* Likewise, but a string or keyword stands bare: k4, not "k4"; partition, not :partition. */
void datum_print_bare(FILE *, const struct datum *);

/* Numbers given to data in the order in which they are first seen, from 1; nil is 0. */
struct names {
	struct datum *data; /* data[n - 1] is what n stands for */
	uint32_t count, room;
	uint32_t *slots, mask;
};
uint32_t names_of(struct names *, const struct datum *);         /* takes it in */
uint32_t names_find(const struct names *, const struct datum *); /* 0: was never seen, or is nil */
void names_free(struct names *);

#endif
