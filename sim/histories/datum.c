/*
 * Values, the pool that they live in, and numbers for them: a table with open addressing, at most
 * half full, whose slots hold numbers, so that the order of numbers is the order of the text.
 */
#include "sim/histories/datum.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- The pool -------------------------------------------------------------------------------- */

enum { BLOCK_SIZE = 64 * 1024, NAMES_FIRST = 64 };

struct block {
	struct block *next;
	uint64_t bytes[];
};

void *pool_take(struct pool *pool, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if ((size_t)(pool->end - pool->at) < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
		struct block *block = malloc(sizeof(*block) + room);

		if (!block)
			abort();
		block->next = pool->blocks;
		pool->blocks = block;
		pool->at = (char *)block->bytes;
		pool->end = pool->at + room;
	}
	void *taken = pool->at;

	pool->at += size;
	return taken;
}

void pool_free(struct pool *pool)
{
	while (pool->blocks) {
		struct block *next = pool->blocks->next;

		free(pool->blocks);
		pool->blocks = next;
	}
	*pool = (struct pool){0};
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static bool has_text(const struct datum *datum)
{
	return datum->kind == DATUM_WORD || datum->kind == DATUM_STRING;
}

static bool has_items(const struct datum *datum)
{
	return datum->kind >= DATUM_LIST;
}

bool datum_equal(const struct datum *a, const struct datum *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == DATUM_NUMBER)
		return a->number == b->number;
	if (a->kind < DATUM_NUMBER)
		return true;
	if (a->size != b->size)
		return false;
	if (has_text(a))
		return !memcmp(a->text, b->text, a->size);
	for (uint32_t i = 0; i < a->size; i++)
		if (!datum_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

/* The finalizer of MurmurHash3 (A. Appleby, public domain): every bit moves every bit. */
static uint64_t stir(uint64_t x)
{
	x = (x ^ x >> 33) * 0xFF51AFD7ED558CCDu;
	x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53u;
	return x ^ x >> 33;
}

uint64_t datum_hash(const struct datum *datum)
{
	uint64_t hash = (uint64_t)datum->kind;

	if (datum->kind == DATUM_NUMBER)
		return stir((uint64_t)datum->number ^ hash << 56);
	for (uint32_t i = 0; has_text(datum) && i < datum->size; i++)
		hash = hash * 0x100000001B3u ^ (unsigned char)datum->text[i];
	for (uint32_t i = 0; has_items(datum) && i < datum->size; i++)
		hash = stir(hash + i) ^ datum_hash(&datum->items[i]);
	return stir(hash);
}

bool datum_says(const struct datum *datum, const char *text)
{
	uint32_t at = datum->kind == DATUM_WORD && datum->size && datum->text[0] == ':';

	if (!has_text(datum))
		return false;
	for (; at < datum->size; at++, text++)
		if (!*text || *text != datum->text[at])
			return false;
	return !*text;
}

void datum_name(const struct datum *datum, char *name, size_t size)
{
	size_t skip = datum->kind == DATUM_WORD && datum->size && datum->text[0] == ':';

	name[0] = '\0';
	if (!has_text(datum) || datum->size - skip >= size)
		return;
	memcpy(name, datum->text + skip, datum->size - skip);
	name[datum->size - skip] = '\0';
}

/* ---- Printing -------------------------------------------------------------------------------- */

/* Bytes of the character at `text` that may be printed as they are; 0: none. */
static size_t printable(const char *text, size_t size)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t length = byte[0] < 0xC2 ? 1 : byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;

	if (byte[0] < 0x80)
		return byte[0] >= 0x20 && byte[0] != 0x7F;
	if (byte[0] < 0xC2 || byte[0] > 0xF4 || length > size)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((byte[i] & 0xC0) != 0x80)
			return 0;
	if (length == 2)
		return byte[0] == 0xC2 && byte[1] < 0xA0 ? 0 : 2;
	/* Too long for what they say, or halves of UTF-16. */
	if ((byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xED && byte[1] > 0x9F) ||
	    (byte[0] == 0xF0 && byte[1] < 0x90) || (byte[0] == 0xF4 && byte[1] > 0x8F))
		return 0;
	return length;
}

static void print_text(FILE *out, const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t length = printable(text + at, size - at);

		if (length)
			fwrite(text + at, 1, length, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)text[at]);
		at += length ? length : 1;
	}
}

static void print_items(FILE *out, const struct datum *datum, const char *open, const char *close)
{
	fputs(open, out);
	for (uint32_t i = 0; i < datum->size; i++) {
		if (i)
			fputs(datum->kind == DATUM_MAP && i % 2 == 0 ? ", " : " ", out);
		datum_print(out, &datum->items[i]);
	}
	fputs(close, out);
}

void datum_print(FILE *out, const struct datum *datum)
{
	switch (datum->kind) {
	case DATUM_NIL: fputs("nil", out); break;
	case DATUM_FALSE: fputs("false", out); break;
	case DATUM_TRUE: fputs("true", out); break;
	case DATUM_NUMBER: fprintf(out, "%" PRId64, datum->number); break;
	case DATUM_WORD: print_text(out, datum->text, datum->size); break;
	case DATUM_STRING:
		fputc('"', out);
		print_text(out, datum->text, datum->size);
		fputc('"', out);
		break;
	case DATUM_LIST: print_items(out, datum, "[", "]"); break;
	case DATUM_SET: print_items(out, datum, "#{", "}"); break;
	case DATUM_MAP: print_items(out, datum, "{", "}"); break;
	}
}

void datum_print_bare(FILE *out, const struct datum *datum)
{
	size_t skip = datum->kind == DATUM_WORD && datum->size && datum->text[0] == ':';

	if (has_text(datum))
		print_text(out, datum->text + skip, datum->size - skip);
	else
		datum_print(out, datum);
}

/* ---- Numbers for data ------------------------------------------------------------------------ */

static uint32_t *slot_of(const struct names *names, const struct datum *datum)
{
	for (uint64_t at = datum_hash(datum);; at++) {
		uint32_t *slot = &names->slots[at & names->mask];

		if (!*slot || datum_equal(&names->data[*slot - 1], datum))
			return slot;
	}
}

static void grow(struct names *names)
{
	names->room = names->room ? 2 * names->room : NAMES_FIRST;
	names->data = realloc(names->data, names->room * sizeof(*names->data));
	free(names->slots);
	names->slots = calloc(2 * (size_t)names->room, sizeof(*names->slots));
	if (!names->data || !names->slots)
		abort();
	names->mask = 2 * names->room - 1;
	for (uint32_t i = 0; i < names->count; i++)
		*slot_of(names, &names->data[i]) = i + 1;
}

uint32_t names_of(struct names *names, const struct datum *datum)
{
	if (datum->kind == DATUM_NIL)
		return 0;
	if (names->count == names->room)
		grow(names);
	uint32_t *slot = slot_of(names, datum);

	if (!*slot) {
		names->data[names->count] = *datum;
		*slot = ++names->count;
	}
	return *slot;
}

uint32_t names_find(const struct names *names, const struct datum *datum)
{
	return datum->kind == DATUM_NIL || !names->count ? 0 : *slot_of(names, datum);
}

void names_free(struct names *names)
{
	free(names->data);
	free(names->slots);
	*names = (struct names){0};
}
