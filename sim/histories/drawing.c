/*
 * An explanation as SVG: a lane a process, a box an operation, the order of invocations and returns
 * from left to right; what lies between two of them is as wide as the labels need. Every number is
 * whole and comes from the history, so the same history gives the same bytes. The one that has no
 * place is told by colour, by a thicker border and by a dash (B. Wong, Nature Methods 8, 2011, for
 * the colours).
 */
#include "sim/histories/explanation.h"

#include <inttypes.h>

/* In pixels of 1/96 inch; a letter of the 11 px font is at most 6.7 wide. */
enum {
	LEFT = 96,
	RIGHT = 24,
	TOP = 14,
	LANE = 34,
	BOX = 24,
	STEP_MIN = 14,
	LETTER_TENTHS = 67,
	PAD = 12,
	FOOT = 52,
	FAULT = 16
};

static unsigned letters(const char *text)
{
	unsigned count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

static unsigned label_width(const char *text)
{
	return (letters(text) * LETTER_TENTHS + 9) / 10 + PAD;
}

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '&': fputs("&amp;", out); break;
		default: fputc(*text, out); break;
		}
	}
}

/* A picture's moments: where each stands. The last entry is the right border of the lanes. */
struct picture {
	const struct explanation *explanation;
	unsigned x[2 * SHOWN_MAX + 1];
	unsigned top, bottom;
};

static uint32_t end_of(const struct explanation *explanation, const struct shown *shown)
{
	return shown->to < explanation->moments ? shown->to : explanation->moments;
}

/* From left to right: a return stands as far behind its invocation as the label needs. */
static void place_moments(struct picture *picture)
{
	const struct explanation *explanation = picture->explanation;

	picture->x[0] = LEFT;
	for (unsigned moment = 1; moment <= explanation->moments; moment++) {
		picture->x[moment] = picture->x[moment - 1] + STEP_MIN;
		for (unsigned i = 0; i < explanation->count; i++) {
			const struct shown *shown = &explanation->shown[i];
			unsigned wanted = picture->x[shown->from] + label_width(shown->label);

			if (end_of(explanation, shown) == moment && picture->x[moment] < wanted)
				picture->x[moment] = wanted;
		}
	}
}

static void draw_text(FILE *svg, unsigned x, unsigned y, const char *anchor, const char *text)
{
	fprintf(svg, "<text x=\"%u\" y=\"%u\" text-anchor=\"%s\">", x, y, anchor);
	put_escaped(svg, text);
	fputs("</text>\n", svg);
}

static void draw_lanes(FILE *svg, const struct picture *picture)
{
	const struct explanation *explanation = picture->explanation;

	for (unsigned i = 0; i < explanation->lanes; i++) {
		unsigned y = picture->top + i * LANE + LANE / 2;
		char name[40] = "no process";

		if (explanation->processes[i] >= 0)
			snprintf(name, sizeof(name), "process %" PRId64, explanation->processes[i]);
		draw_text(svg, LEFT - 10, y + 4, "end", name);
		fprintf(svg, "<line x1=\"%d\" y1=\"%u\" x2=\"%u\" y2=\"%u\" stroke=\"#CCCCCC\"/>\n",
			LEFT, y, picture->x[explanation->moments], y);
	}
}

static void draw_operation(FILE *svg, const struct picture *picture, const struct shown *shown)
{
	unsigned x = picture->x[shown->from];
	unsigned width = picture->x[end_of(picture->explanation, shown)] - x;
	unsigned y = picture->top + shown->lane * LANE + (LANE - BOX) / 2;
	const char *look = shown->stuck ? "fill=\"#FBE9DF\" stroke=\"#D55E00\" stroke-width=\"2\" "
					  "stroke-dasharray=\"5 2\""
					: "fill=\"#E3F0F8\" stroke=\"#0072B2\"";

	fprintf(svg,
		"<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%d\" rx=\"3\" %s>"
		"<title>line %u",
		x, y, width, BOX, look, shown->call->invoked_line);
	if (shown->call->returned != NEVER_RETURNED)
		fprintf(svg, ", answered in line %u", shown->call->returned_line);
	fputs("</title></rect>\n", svg);
	draw_text(svg, x + width / 2, y + BOX / 2 + 4, "middle", shown->label);
}

static unsigned fault_x(const struct picture *picture, const struct near *near)
{
	return near->moment ? (picture->x[near->moment - 1] + picture->x[near->moment]) / 2
			    : LEFT - 4;
}

/* Each fault has its line of text on top, and a dotted line down through the lanes. */
static void draw_faults(FILE *svg, const struct picture *picture)
{
	for (unsigned i = 0; i < picture->explanation->near_count; i++) {
		const struct near *near = &picture->explanation->near[i];
		unsigned x = fault_x(picture, near), y = TOP + i * FAULT;

		fprintf(svg,
			"<line x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\" stroke=\"#555555\" "
			"stroke-dasharray=\"2 3\"/>\n",
			x, y - 8, x, picture->bottom);
		draw_text(svg, x + 4, y, "start", near->label);
	}
}

/* When the moments were, where that was recorded and there is room: seconds. */
static void draw_times(FILE *svg, const struct picture *picture)
{
	const struct explanation *explanation = picture->explanation;
	unsigned free_from = 0, y = picture->bottom;
	char text[40];

	for (unsigned i = 0; i < explanation->moments; i++) {
		unsigned x = picture->x[i];

		fprintf(svg, "<line x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\" stroke=\"#000000\"/>\n",
			x, y, x, y + 5);
		if (explanation->times[i] == INT64_MIN)
			continue;
		snprintf(text, sizeof(text), "%.3f", (double)explanation->times[i] / 1e9);
		unsigned half = label_width(text) / 2;

		if (x < free_from + half)
			continue;
		draw_text(svg, x, y + 18, "middle", text);
		free_from = x + half;
	}
}

static unsigned width_of(const struct picture *picture)
{
	const struct explanation *explanation = picture->explanation;
	unsigned width = picture->x[explanation->moments];

	for (unsigned i = 0; i < explanation->near_count; i++) {
		const struct near *near = &explanation->near[i];
		unsigned end = fault_x(picture, near) + label_width(near->label);

		width = end > width ? end : width;
	}
	return width + RIGHT;
}

void explanation_draw(FILE *svg, const struct explanation *explanation)
{
	bool timed = explanation->moments && explanation->times[0] != INT64_MIN;
	struct picture picture = {.explanation = explanation,
				  .top = TOP + explanation->near_count * FAULT};

	picture.bottom = picture.top + explanation->lanes * LANE;
	place_moments(&picture);
	fprintf(svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"font-family=\"Helvetica, Arial, sans-serif\" font-size=\"11\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#FFFFFF\"/>\n",
		width_of(&picture), picture.bottom + (timed ? FOOT : FOOT - 16));
	draw_lanes(svg, &picture);
	draw_faults(svg, &picture);
	for (unsigned i = 0; i < explanation->count; i++)
		draw_operation(svg, &picture, &explanation->shown[i]);
	draw_times(svg, &picture);
	draw_text(svg, LEFT, picture.bottom + (timed ? 38 : 22), "start",
		  timed ? "time (s), in the order of events, not to scale"
			: "the order of invocations and returns");
	fputs("</svg>\n", svg);
}
