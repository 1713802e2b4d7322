/*
 * Complaints: collected several per pass, printed as file:line:col with the line and a caret.
 */
#include "sim/scenario/tree.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void complain(struct complaints *complaints, unsigned line, unsigned column, const char *format,
	      ...)
{
	if (complaints->count == COMPLAINTS_MAX)
		return;
	struct complaint *complaint = &complaints->list[complaints->count++];
	va_list arguments;

	complaint->line = line;
	complaint->column = column;
	va_start(arguments, format);
	vsnprintf(complaint->text, sizeof(complaint->text), format, arguments);
	va_end(arguments);
}

void suspect(struct complaints *complaints, unsigned line, unsigned column, const char *format,
	     va_list arguments)
{
	for (unsigned i = 0; i < complaints->count; i++)
		if (complaints->list[i].line == line && complaints->list[i].column == column)
			return;
	if (complaints->odd_count == COMPLAINTS_MAX)
		return;
	struct complaint *odd = &complaints->odd[complaints->odd_count++];

	odd->line = line;
	odd->column = column;
	vsnprintf(odd->text, sizeof(odd->text), format, arguments);
}

static void sort(struct complaint *list, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct complaint moved = list[i];
		unsigned to = i;

		for (; to; to--) {
			const struct complaint *before = &list[to - 1];
			if (before->line < moved.line ||
			    (before->line == moved.line && before->column <= moved.column))
				break;
			list[to] = *before;
		}
		list[to] = moved;
	}
}

void complaints_sort(struct complaints *complaints)
{
	sort(complaints->list, complaints->count);
	sort(complaints->odd, complaints->odd_count);
}

const char *quote(const char *text, char *shown)
{
	size_t size = strlen(text), kept = size < QUOTE_MAX ? size : QUOTE_MAX - 4;

	while (kept < size && kept && ((unsigned char)text[kept] & 0xC0) == 0x80)
		kept--; /* no character is cut in the middle */
	for (size_t i = 0; i < kept; i++)
		shown[i] = (unsigned char)text[i] < ' ' || text[i] == 127 ? ' ' : text[i];
	memcpy(shown + kept, kept < size ? "..." : "", kept < size ? 4 : 1);
	return shown;
}

void shorten(char *list)
{
	enum { LIST_MAX = 500 };
	size_t cut = LIST_MAX;

	if (strlen(list) <= LIST_MAX)
		return;
	while (cut && list[cut] != ',')
		cut--;
	memcpy(list + cut, ", ...", 6);
}

/* ---- Did you mean ---------------------------------------------------------------------------- */

enum { WORD_MAX = 63 };

/* Insertions, deletions, replacements and swaps of neighbours that turn one into the other
 * (Damerau, CACM 7(3) 1964, no part edited twice). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][WORD_MAX + 1] = {{0}};
	unsigned *before = row[0], *above = row[1], *here = row[2];

	for (unsigned j = 0; b[j]; j++)
		above[j + 1] = j + 1;
	for (unsigned i = 0; a[i]; i++) {
		here[0] = i + 1;
		for (unsigned j = 0; b[j]; j++) {
			unsigned best = above[j] + (a[i] != b[j]);

			if (above[j + 1] + 1 < best)
				best = above[j + 1] + 1;
			if (here[j] + 1 < best)
				best = here[j] + 1;
			if (i && j && a[i] == b[j - 1] && a[i - 1] == b[j] &&
			    before[j - 1] + 1 < best)
				best = before[j - 1] + 1;
			here[j + 1] = best;
		}
		unsigned *oldest = before;
		before = above;
		above = here;
		here = oldest;
	}
	return above[strlen(b)];
}

const char *did_you_mean(const char *word, const char *const *names, size_t count)
{
	const char *nearest = NULL;
	unsigned least = 0;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t a = strlen(word), b = strlen(names[i]), longer = a > b ? a : b;

		if (b > WORD_MAX)
			continue;
		unsigned far = distance(word, names[i]);
		/* A third of the letters wrong is still worth asking about. */
		if (far <= (longer + 2) / 3 && far < longer && (!nearest || far < least)) {
			nearest = names[i];
			least = far;
		}
	}
	return nearest;
}

const char *meant(const char *word, const char *const *names, size_t count, char *mean)
{
	const char *name = did_you_mean(word, names, count);

	mean[0] = 0;
	if (name)
		snprintf(mean, MEAN_MAX, "; did you mean \"%.50s\"?", name);
	return mean;
}

/* ---- Printing -------------------------------------------------------------------------------- */

enum { LINE_SHOWN = 120, LINE_BEFORE_CARET = 60 };

static const char *line_of(const char *text, unsigned line)
{
	while (text && --line) {
		const char *end = strchr(text, '\n');

		text = end ? end + 1 : NULL;
	}
	return text;
}

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xC0) == 0x80;
}

/* The part of the line around the column, and a caret below; control characters as spaces. */
static void print_line(FILE *out, const char *line, unsigned column)
{
	unsigned from = column > LINE_SHOWN - 20 ? column - LINE_BEFORE_CARET : 1, at = 0;

	fputs("  ", out);
	for (; *line && *line != '\n'; line++) {
		at += !continues(*line);
		if (at >= from && at < from + LINE_SHOWN)
			fputc((unsigned char)*line < ' ' || *line == 127 ? ' ' : *line, out);
	}
	fprintf(out, "\n  %*s^\n", (int)(column - from), "");
}

static char *file_text(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = file ? calloc(1, FILE_MAX + 1) : NULL;

	if (text && fread(text, 1, FILE_MAX, file) == 0) {
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text;
}

static void print_list(FILE *out, const char *path, const char *text, const char *gravity,
		       const struct complaint *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct complaint *complaint = &list[i];

		fputs(path, out);
		if (complaint->line)
			fprintf(out, ":%u:%u", complaint->line, complaint->column);
		fprintf(out, ": %s: %s\n", gravity, complaint->text);
		const char *line = complaint->line ? line_of(text, complaint->line) : NULL;
		if (line)
			print_line(out, line, complaint->column);
	}
	if (count == COMPLAINTS_MAX)
		fprintf(out, "%s: that is enough for one pass; there may be more\n", path);
}

void complaints_print(FILE *out, const char *path, const char *text,
		      const struct complaints *complaints)
{
	char *own = text ? NULL : file_text(path);

	if (!text)
		text = own;
	print_list(out, path, text, "error", complaints->list, complaints->count);
	print_list(out, path, text, "warning", complaints->odd, complaints->odd_count);
	free(own);
}
