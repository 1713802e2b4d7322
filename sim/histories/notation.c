/*
 * A reader by recursive descent, to a fixed depth. Texts without escapes are not copied: they stay
 * where they stand in the file. The byte 0 behind the text stops every loop.
 */
#include "sim/histories/notation.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool notation_trouble(struct notation *notation, const char *format, ...)
{
	struct trouble *trouble = notation->trouble;
	va_list arguments;

	if (trouble->line)
		return false;
	trouble->line = notation->line;
	trouble->column = (unsigned)(notation->at - notation->line_begins) + 1;
	va_start(arguments, format);
	vsnprintf(trouble->text, TROUBLE_MAX, format, arguments);
	va_end(arguments);
	return false;
}

void notation_free(struct notation *notation)
{
	free(notation->open);
	notation->open = NULL;
}

/* ---- Blanks ---------------------------------------------------------------------------------- */

static void next_line(struct notation *notation, const char *begins)
{
	notation->line++;
	notation->line_begins = begins;
}

bool notation_blanks(struct notation *notation, bool *more)
{
	if (notation->json && (unsigned char)*notation->at > ' ') /* mostly */
		return *more = true;
	for (;;) {
		char c = *notation->at;

		if (c == '\n') {
			next_line(notation, ++notation->at);
		} else if (c == ' ' || c == '\t' || c == '\r' || (c == ',' && !notation->json)) {
			notation->at++;
		} else if (c == ';' && !notation->json) {
			notation->at += strcspn(notation->at, "\n");
		} else if (c == '#' && notation->at[1] == '_' && !notation->json) {
			notation->at += 2;
			if (!notation_skip(notation))
				return false;
		} else {
			*more = notation->at < notation->end;
			return true;
		}
	}
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = length; i-- > 1; c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3F));
	to[0] = (char)((length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0) | c);
	return length;
}

/* Four hexadecimal digits. */
static bool take_hex(struct notation *notation, uint32_t *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++) {
		char c = *notation->at;
		uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
				 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
				 : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
							: 16;

		if (digit == 16)
			return notation_trouble(notation, "\\u needs four hexadecimal digits");
		*code = *code << 4 | digit;
		notation->at++;
	}
	return true;
}

static bool take_unicode(struct notation *notation, uint32_t *code)
{
	uint32_t low;

	if (!take_hex(notation, code))
		return false;
	if (*code < 0xD800 || *code > 0xDFFF)
		return true;
	if (*code > 0xDBFF || notation->at[0] != '\\' || notation->at[1] != 'u')
		return notation_trouble(notation, "half a character of UTF-16");
	notation->at += 2;
	if (!take_hex(notation, &low))
		return false;
	if (low < 0xDC00 || low > 0xDFFF)
		return notation_trouble(notation, "half a character of UTF-16");
	*code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
	return true;
}

/* Behind a backslash; puts what it stands for. */
static bool take_escape(struct notation *notation, char *to, size_t *length)
{
	static const char marks[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *mark = *notation->at ? strchr(marks, *notation->at) : NULL;
	uint32_t code;

	if (mark) {
		notation->at++;
		to[0] = means[mark - marks];
		*length = 1;
		return true;
	}
	if (*notation->at != 'u')
		return notation_trouble(notation, "no such escape");
	notation->at++;
	if (!take_unicode(notation, &code))
		return false;
	*length = put_utf8(to, code);
	return true;
}

/* Up to the closing quote or a backslash; line breaks are counted. */
static bool run_of_text(struct notation *notation)
{
	for (;; notation->at++) {
		char c = *notation->at;

		if (c == '"' || c == '\\')
			return true;
		if ((unsigned char)c >= 0x20)
			continue;
		if (notation->at == notation->end)
			return notation_trouble(notation, "the file ends within a string");
		if (notation->json)
			return notation_trouble(notation,
						"a string of JSON has no line breaks or control "
						"characters");
		if (c == '\n')
			next_line(notation, notation->at + 1);
	}
}

static bool text_with_escapes(struct notation *notation, const char *begins, struct datum *datum)
{
	size_t size = (size_t)(notation->at - begins), room = 64 + 2 * size;
	char *text = malloc(room);
	bool good = true;

	if (!text)
		abort();
	memcpy(text, begins, size);
	while (good && *notation->at == '\\') {
		size_t length = 0;

		notation->at++;
		good = take_escape(notation, text + size, &length);
		size += length;
		const char *run = notation->at;

		good = good && run_of_text(notation);
		length = (size_t)(notation->at - run);
		if (size + length + 8 > room) {
			room = 2 * (size + length + 8);
			text = realloc(text, room);
			if (!text)
				abort();
		}
		memcpy(text + size, run, length);
		size += length;
	}
	if (good && size > UINT32_MAX)
		good = notation_trouble(notation, "a string beyond 4 GiB");
	if (good) {
		char *kept = pool_take(notation->pool, size);

		memcpy(kept, text, size);
		*datum = (struct datum){DATUM_STRING, (uint32_t)size, {.text = kept}};
	}
	free(text);
	return good;
}

static bool take_string(struct notation *notation, struct datum *datum)
{
	const char *begins = ++notation->at;

	if (!run_of_text(notation))
		return false;
	size_t size = (size_t)(notation->at - begins);

	*datum = (struct datum){DATUM_STRING, (uint32_t)size, {.text = begins}};
	if (*notation->at == '\\' && !text_with_escapes(notation, begins, datum))
		return false;
	if (size > UINT32_MAX)
		return notation_trouble(notation, "a string beyond 4 GiB");
	notation->at++;
	return true;
}

/* ---- Numbers and words ----------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of a word end at blanks, brackets, quotes; in JSON at its marks too. */
static size_t word_size(const struct notation *notation)
{
	return strcspn(notation->at, notation->json ? " \t\r\n,:[]{}()\"" : " \t\r\n,;[]{}()\"");
}

/* A word is a number of JSON: -?int frac? exp? */
static bool json_number(const char *text, size_t size)
{
	const char *end = text + size;

	text += *text == '-';
	if (*text == '0')
		text++;
	else if (is_digit(*text))
		text += strspn(text, "0123456789");
	else
		return false;
	if (*text == '.') {
		size_t digits = strspn(++text, "0123456789");

		if (!digits)
			return false;
		text += digits;
	}
	if (*text == 'e' || *text == 'E') {
		text += 1 + (text[1] == '+' || text[1] == '-');
		size_t digits = strspn(text, "0123456789");

		if (!digits)
			return false;
		text += digits;
	}
	return text == end;
}

/* A whole number of 64 bits at `at`; false where it is more, or none. */
static bool take_number(struct notation *notation, struct datum *datum)
{
	const char *at = notation->at;
	bool negative = *at == '-';
	uint64_t number = 0;
	unsigned digits = 0;

	at += negative || (*at == '+' && !notation->json);
	if (notation->json && at[0] == '0' && is_digit(at[1]))
		return false;
	for (; is_digit(*at) && digits < 19; digits++)
		number = number * 10 + (uint64_t)(*at++ - '0');
	if (!digits || number > INT64_MAX)
		return false;
	if (*at == 'N' && !notation->json) /* a big one that fits */
		at++;
	if (*at && !strchr(" \t\r\n,;:[]{}()\"", *at))
		return false;
	*datum = (struct datum){.kind = DATUM_NUMBER,
				.number = negative ? -(int64_t)number : (int64_t)number};
	notation->at = at;
	return true;
}

static bool take_word(struct notation *notation, struct datum *datum)
{
	static const struct {
		const char *text;
		enum datum_kind kind;
	} known[] = {{"nil", DATUM_NIL},
		     {"null", DATUM_NIL},
		     {"true", DATUM_TRUE},
		     {"false", DATUM_FALSE}};
	size_t size = word_size(notation);

	if (!size || size > UINT32_MAX)
		return notation_trouble(notation, size ? "a word beyond 4 GiB" : "no value");
	*datum = (struct datum){DATUM_WORD, (uint32_t)size, {.text = notation->at}};
	for (size_t i = notation->json; i < sizeof(known) / sizeof(known[0]); i++)
		if ((notation->json || i != 1) && datum_says(datum, known[i].text) &&
		    *notation->at != ':')
			*datum = (struct datum){.kind = known[i].kind};
	if (notation->json && datum->kind == DATUM_WORD && !json_number(notation->at, size))
		return notation_trouble(notation, "no value of JSON: \"%.*s\"",
					(int)(size < 32 ? size : 32), notation->at);
	notation->at += size;
	return true;
}

/* ---- Brackets -------------------------------------------------------------------------------- */

bool notation_item(struct notation *notation, char closing, bool first, bool *more)
{
	bool any;

	if (!notation_blanks(notation, &any))
		return false;
	if (!any)
		return notation_trouble(notation, "the file ends before a '%c'", closing);
	*more = *notation->at != closing;
	if (!*more) {
		notation->at++;
		return true;
	}
	if (!notation->json || first)
		return true;
	if (*notation->at != ',')
		return notation_trouble(notation, "',' or '%c' is missing", closing);
	notation->at++;
	if (!notation_blanks(notation, &any))
		return false;
	return *notation->at != closing ||
	       notation_trouble(notation, "nothing follows the last ','");
}

bool notation_colon(struct notation *notation)
{
	bool more;

	if (!notation->json)
		return true;
	if (!notation_blanks(notation, &more))
		return false;
	if (*notation->at != ':')
		return notation_trouble(notation, "':' is missing");
	notation->at++;
	return true;
}

static void push(struct notation *notation, const struct datum *datum)
{
	if (notation->open_count == notation->open_room) {
		notation->open_room = notation->open_room ? 2 * notation->open_room : 64;
		notation->open = realloc(notation->open,
					 notation->open_room * sizeof(*notation->open));
		if (!notation->open)
			abort();
	}
	notation->open[notation->open_count++] = *datum;
}

/* One key and its value, or one item. `wanted`: they are kept. */
static bool read_value(struct notation *notation, bool wanted, struct datum *datum);

static bool read_member(struct notation *notation, bool map, bool wanted)
{
	struct datum datum;

	if (map) {
		bool quoted = *notation->at == '"';

		if (!read_value(notation, wanted, &datum))
			return false;
		if (notation->json && !quoted)
			return notation_trouble(notation, "a key of JSON is a string");
		if (wanted)
			push(notation, &datum);
		if (!notation_colon(notation))
			return false;
	}
	if (!read_value(notation, wanted, &datum))
		return false;
	if (wanted)
		push(notation, &datum);
	return true;
}

static bool take_brackets(struct notation *notation, enum datum_kind kind, char closing,
			  bool wanted, struct datum *datum)
{
	size_t base = notation->open_count;
	bool more = false;

	if (notation->depth == DEPTH_MAX)
		return notation_trouble(notation, "brackets more than %d deep", DEPTH_MAX);
	notation->depth++;
	for (bool first = true;; first = false) {
		if (!notation_item(notation, closing, first, &more))
			return false;
		if (!more)
			break;
		if (!read_member(notation, kind == DATUM_MAP, wanted))
			return false;
	}
	notation->depth--;
	size_t count = notation->open_count - base;

	if (count > UINT32_MAX)
		return notation_trouble(notation, "a list of more than 2^32 items");
	*datum = (struct datum){.kind = kind, .size = (uint32_t)count};
	if (count) {
		struct datum *items = pool_take(notation->pool, count * sizeof(*items));

		memcpy(items, notation->open + base, count * sizeof(*items));
		datum->items = items;
	}
	notation->open_count = base;
	return true;
}

/* Behind a '#': a set, a pattern, or a tag, which says nothing that we need. */
static bool take_dispatch(struct notation *notation, bool wanted, struct datum *datum)
{
	if (*notation->at == '{') {
		notation->at++;
		return take_brackets(notation, DATUM_SET, '}', wanted, datum);
	}
	if (*notation->at == '"')
		return take_string(notation, datum);
	size_t size = word_size(notation);

	if (!size)
		return notation_trouble(notation, "a '#' that is followed by no tag and no '{'");
	if (notation->depth == DEPTH_MAX)
		return notation_trouble(notation, "tags more than %d deep", DEPTH_MAX);
	notation->at += size;
	notation->depth++;
	bool good = read_value(notation, wanted, datum);

	notation->depth--;
	return good;
}

static bool read_value(struct notation *notation, bool wanted, struct datum *datum)
{
	bool more;

	if (!notation_blanks(notation, &more))
		return false;
	if (!more)
		return notation_trouble(notation, "the file ends where a value is due");
	char c = *notation->at;

	if ((is_digit(c) || c == '-' || c == '+') && take_number(notation, datum))
		return true;
	if (c == '"')
		return take_string(notation, datum);
	if (c == '[' || c == '{' || (c == '(' && !notation->json)) {
		notation->at++;
		return take_brackets(notation, c == '{' ? DATUM_MAP : DATUM_LIST,
				     c == '{'   ? '}'
				     : c == '[' ? ']'
						: ')',
				     wanted, datum);
	}
	if (c == ']' || c == '}' || c == ')')
		return notation_trouble(notation, "a '%c' where a value is due", c);
	if (c == '#' && !notation->json) {
		notation->at++;
		return take_dispatch(notation, wanted, datum);
	}
	return take_word(notation, datum);
}

bool notation_read(struct notation *notation, struct datum *datum)
{
	return read_value(notation, true, datum);
}

bool notation_skip(struct notation *notation)
{
	struct datum datum;

	if (notation->depth == DEPTH_MAX)
		return notation_trouble(notation, "more than %d values are skipped at once",
					DEPTH_MAX);
	notation->depth++;
	bool good = read_value(notation, false, &datum);

	notation->depth--;
	return good;
}
