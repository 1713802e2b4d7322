/*
 * An explanation as SVG: a lane a process, a box an operation, the order of invocations and returns
 * from left to right; what lies between two of them is as wide as the labels need. Of transactions
 * that depend on each other in a cycle, each dependency is an arrow with its name. Every number is
 * whole and comes from the history, so the same history gives the same bytes. The one that has no
 * place is told by colour, by a thicker border and by a dash (B. Wong, Nature Methods 8, 2011, for
 * the colours).
 */
#include "sim/histories/explanation.h"

#include <inttypes.h>
#include <stdlib.h>

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
	FAULT = 16,
	LANE_OF_EDGES = 68 /* lanes that arrows cross have room for their names */
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
	unsigned top, bottom, lane; /* lane: its height */
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
		unsigned y = picture->top + i * picture->lane + picture->lane / 2;
		char name[40] = "no process";

		if (explanation->processes[i] >= 0)
			snprintf(name, sizeof(name), "process %" PRId64, explanation->processes[i]);
		draw_text(svg, LEFT - 10, y + 4, "end", name);
		fprintf(svg, "<line x1=\"%d\" y1=\"%u\" x2=\"%u\" y2=\"%u\" stroke=\"#CCCCCC\"/>\n",
			LEFT, y, picture->x[explanation->moments], y);
	}
}

static unsigned top_of(const struct picture *picture, const struct shown *shown)
{
	return picture->top + shown->lane * picture->lane + (picture->lane - BOX) / 2;
}

static void draw_operation(FILE *svg, const struct picture *picture, const struct shown *shown)
{
	unsigned x = picture->x[shown->from];
	unsigned width = picture->x[end_of(picture->explanation, shown)] - x;
	unsigned y = top_of(picture, shown);
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

/* Where arrows touch a box: those that go down, or to the right, at a third of it, the others at
 * two thirds, so that both of a cycle of two are seen. */
static unsigned end_x(const struct picture *picture, const struct shown *shown, bool back)
{
	unsigned from = picture->x[shown->from];
	unsigned to = picture->x[end_of(picture->explanation, shown)];

	return from + (to - from) * (back ? 2 : 1) / 3;
}

static void draw_name(FILE *svg, int x, int y, const char *name)
{
	int width = (int)label_width(name);

	fprintf(svg, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"13\" fill=\"#FFFFFF\"/>\n",
		x - width / 2, y - 7, width);
	draw_text(svg, (unsigned)x, (unsigned)y + 4, "middle", name);
}

/* Between lanes a straight line, named before it comes to the next lane; in a lane, where one
 * process asked both, an arc: above it, or below it where it goes back. */
static void draw_edge(FILE *svg, const struct picture *picture, const struct edge *edge)
{
	const struct shown *a = &picture->explanation->shown[edge->from];
	const struct shown *b = &picture->explanation->shown[edge->to];
	bool same = a->lane == b->lane, back = same ? a->from > b->from : a->lane > b->lane;
	int ax = (int)end_x(picture, a, back), ay = (int)top_of(picture, a);
	int bx = (int)end_x(picture, b, back), by = (int)top_of(picture, b);
	int gap = ((int)picture->lane - BOX) / 2, arc = back ? BOX : -BOX;

	ay += same == back ? BOX : 0;
	by += back ? BOX : 0;
	fprintf(svg,
		"<path d=\"M%d %d Q%d %d %d %d\" fill=\"none\" stroke=\"#000000\" "
		"marker-end=\"url(#arrow)\"/>\n",
		ax, ay, (ax + bx) / 2, (ay + by) / 2 + (same ? arc : 0), bx, by);
	if (same)
		draw_name(svg, (ax + bx) / 2, ay + arc / 2, edge->name);
	else
		draw_name(svg, ax + (bx - ax) * gap / abs(by - ay), ay + (back ? -gap : gap),
			  edge->name);
}

static void draw_edges(FILE *svg, const struct picture *picture)
{
	if (!picture->explanation->edge_count)
		return;
	fputs("<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"9\" refY=\"4\" "
	      "markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
	      "<path d=\"M0 0 L8 4 L0 8 z\"/></marker></defs>\n",
	      svg);
	for (unsigned i = 0; i < picture->explanation->edge_count; i++)
		draw_edge(svg, picture, &picture->explanation->edges[i]);
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

static unsigned width_of(const struct picture *picture, const char *caption)
{
	const struct explanation *explanation = picture->explanation;
	unsigned width = picture->x[explanation->moments], written = LEFT + label_width(caption);

	width = written > width ? written : width;
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
	const char *caption = timed ? "time (s), in the order of events, not to scale"
				    : "the order of invocations and returns";
	struct picture picture = {.explanation = explanation,
				  .top = TOP + explanation->near_count * FAULT,
				  .lane = explanation->edge_count ? LANE_OF_EDGES : LANE};

	picture.bottom = picture.top + explanation->lanes * picture.lane;
	place_moments(&picture);
	fprintf(svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"font-family=\"Helvetica, Arial, sans-serif\" font-size=\"11\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#FFFFFF\"/>\n",
		width_of(&picture, caption), picture.bottom + (timed ? FOOT : FOOT - 16));
	draw_lanes(svg, &picture);
	draw_faults(svg, &picture);
	draw_edges(svg, &picture);
	for (unsigned i = 0; i < explanation->count; i++)
		draw_operation(svg, &picture, &explanation->shown[i]);
	draw_times(svg, &picture);
	draw_text(svg, LEFT, picture.bottom + (timed ? 38 : 22), "start", caption);
	fputs("</svg>\n", svg);
}
