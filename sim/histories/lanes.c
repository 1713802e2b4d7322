/* An explanation as lines of text: an operation a line, its time a bar beside it. */
#include "sim/histories/explanation.h"

#include <inttypes.h>
#include <stdlib.h>

enum { BAR_MAX = 40, LABEL_COLUMNS = 40 };

/* The column of a moment, where all of them share the width. */
static unsigned column(const struct explanation *explanation, uint32_t moment)
{
	unsigned steps = explanation->moments > 1 ? explanation->moments - 1 : 1;
	unsigned width = 3 * steps < BAR_MAX ? 3 * steps : BAR_MAX;

	return moment * width / steps;
}

static void print_bar(FILE *out, const struct explanation *explanation, const struct shown *shown)
{
	unsigned from = column(explanation, shown->from);
	bool returns = shown->to < explanation->moments;
	unsigned to = column(explanation, returns ? shown->to : explanation->moments - 1);

	fprintf(out, "%*s|", (int)from, "");
	for (unsigned at = from + 1; at < to; at++)
		fputc(shown->stuck ? '=' : '-', out);
	if (to > from || !returns)
		fputc(returns ? '|' : '>', out);
	if (shown->stuck)
		fputs(" no place", out);
}

/* Columns that a text takes, and its bytes so far: a character of several bytes takes one. */
static unsigned width_of(const char *text, int *bytes)
{
	unsigned width = 0;

	for (*bytes = 0; text[*bytes]; ++*bytes) {
		bool begins = ((unsigned char)text[*bytes] & 0xC0) != 0x80;

		if (begins && width == LABEL_COLUMNS)
			break;
		width += begins;
	}
	return width;
}

static void print_lines(FILE *out, const struct call *call)
{
	char lines[32];

	if (call->returned == NEVER_RETURNED)
		snprintf(lines, sizeof(lines), "%u", call->invoked_line);
	else
		snprintf(lines, sizeof(lines), "%u-%u", call->invoked_line, call->returned_line);
	fprintf(out, "  line %-11s", lines);
}

static void print_process(FILE *out, int64_t process)
{
	char name[32] = "      (none)";

	if (process >= 0)
		snprintf(name, sizeof(name), "process %4" PRId64, process);
	fprintf(out, "  %s", name);
}

static void print_short(FILE *out, const struct datum *datum)
{
	char *text = NULL, label[LABEL_MAX];
	size_t size = 0;
	FILE *whole = open_memstream(&text, &size);

	if (!whole)
		abort();
	datum_print(whole, datum);
	fclose(whole);
	explanation_label(label, text, size);
	free(text);
	fputs(label, out);
}

/* Nothing where the read returned the one thing that it could. */
static void print_answers(FILE *out, const struct shown *shown)
{
	const struct datum *told = &shown->said;
	bool among = false;

	for (unsigned i = 0; i < shown->answer_count; i++)
		among |= datum_equal(&shown->answers[i], told);
	if (shown->answer_count == 0 || (shown->answer_count == 1 && among))
		return;
	fprintf(out, "  %s of line %u could have returned ", shown->label,
		shown->call->invoked_line);
	for (unsigned i = 0; i < shown->answer_count; i++) {
		if (i)
			fputs(i + 1 == shown->answer_count && !shown->more ? " or " : ", ", out);
		print_short(out, &shown->answers[i]);
	}
	if (shown->more)
		fputs(" or others", out);
	if (!among) {
		fputs(", not ", out);
		print_short(out, told);
	}
	fputc('\n', out);
}

static void print_near(FILE *out, const struct explanation *explanation)
{
	for (unsigned i = 0; i < explanation->near_count; i++) {
		const struct near *near = &explanation->near[i];
		int64_t time = near->disturbance->time, then = explanation->times[0];

		fprintf(out, "  line %u, fault: %s", near->disturbance->line, near->label);
		if (near->moment == 0 && time != INT64_MIN && then != INT64_MIN && time <= then)
			fprintf(out, ", %.3f s before", (double)(then - time) / 1e9);
		else
			fputs(near->moment ? ", meanwhile" : ", before", out);
		fputc('\n', out);
	}
}

void explanation_print(FILE *out, const struct explanation *explanation)
{
	unsigned widest = 0;
	int bytes;

	for (unsigned i = 0; i < explanation->count; i++) {
		unsigned width = width_of(explanation->shown[i].label, &bytes);

		widest = width > widest ? width : widest;
	}
	for (unsigned i = 0; i < explanation->count; i++) {
		const struct shown *shown = &explanation->shown[i];
		unsigned width = width_of(shown->label, &bytes);

		print_lines(out, shown->call);
		print_process(out, shown->call->process);
		fprintf(out, "  %.*s%*s  ", bytes, shown->label, (int)(widest - width), "");
		print_bar(out, explanation, shown);
		fputc('\n', out);
	}
	if (explanation->left_out)
		fprintf(out, "  and %zu before these\n", explanation->left_out);
	for (unsigned i = 0; i < explanation->count; i++)
		print_answers(out, &explanation->shown[i]);
	if (explanation->source[0])
		fprintf(out, "  %s\n", explanation->source);
	print_near(out, explanation);
}
