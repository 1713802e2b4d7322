/*
 * More dependencies of registers, from those that are known.
 *
 * Where R reads the version of W, every other writer V of that key came before W or after R:
 * nothing else lets R see it (the constraints of a polygraph: Papadimitriou, J. ACM 26(4) 1979). If
 * V is known to come before R, it came before W; if it is known to come after W, it came after R.
 * Each edge found so may decide others, so this goes on until nothing new follows.
 *
 * What comes before what is kept as a row of bits a node, which grows with the square. So a long
 * history is looked at through a window that slides over the invocations: a path between two
 * transactions that overlap in time leads through none that lies wholly before or behind both, or
 * the edges go round in a circle, which needs no closure to be found. Of those that are open for
 * longer than a window is wide the latest go along with it.
 *
 * Invariant: what is known within a window is known in the whole; so each edge that is added is
 * certain, and one that is missed costs the search some time and no verdict its truth.
 */
#include "sim/consistency/dependencies.h"

#include <stdlib.h>
#include <string.h>

enum {
	WHOLE_MAX = 16384, /* nodes of a graph that one window holds */
	STEP = 64,         /* transactions; a window is two steps wide */
	PASSES_MAX = 32,
};
#define NOT_HERE UINT32_MAX

struct begun {
	uint32_t invoked, transaction;
};

struct window {
	struct graph *graph;
	struct begun *begun; /* what happened, by invocation */
	uint32_t begun_count;
	/* What a transaction saw and wrote: lists by number in the study, plus 1; 0 ends them. */
	uint32_t *saw, *saw_next, *wrote, *wrote_next;
	uint32_t *open, open_count; /* from before the window, and not yet returned in it */
	bool *due;                  /* by window: something follows there, perhaps */
	uint32_t fresh; /* the edges from here on were added by the window before, or by this */
	bool added, added_before; /* in this window; and what the one before could have used */
	/* What is in it: nodes, their numbers there, and the edges between them. */
	struct graph part;
	uint32_t *nodes, *number;
	uint32_t *rivals, *rivals_next; /* by key, by write: likewise a list, plus 1 */
	uint64_t *rows;                 /* by number: the set of nodes that come after it */
	size_t rows_room;
	uint32_t words;
};

/* ---- What is in a window --------------------------------------------------------------------- */

static void enter(struct window *window, uint32_t node)
{
	if (window->number[node] != NOT_HERE)
		return;
	window->number[node] = window->part.nodes;
	window->nodes[window->part.nodes++] = node;
}

static void enter_writes(struct window *window, uint32_t transaction)
{
	const struct study *study = window->graph->study;

	for (uint32_t at = window->wrote[transaction]; at; at = window->wrote_next[at - 1]) {
		uint32_t *first = &window->rivals[study->writes[at - 1].key];

		window->rivals_next[at - 1] = *first;
		*first = at;
	}
}

static void enter_edge(struct window *window, const struct edge *edge)
{
	uint32_t from = window->number[edge->from], to = window->number[edge->to];

	if (from != NOT_HERE && to != NOT_HERE)
		graph_add(&window->part, (struct edge){.from = from, .to = to});
}

/* Transactions, the helpers that they lead to, and all edges between these. */
static void enter_all(struct window *window, uint32_t from, uint32_t to)
{
	const struct graph *graph = window->graph;
	struct graph *part = &window->part;

	part->nodes = part->count = 0;
	for (uint32_t i = 0; i < window->open_count; i++)
		enter(window, window->open[i]);
	for (uint32_t i = from; i < to; i++)
		enter(window, window->begun[i].transaction);
	part->transactions = part->nodes;
	for (uint32_t n = 0; n < part->transactions; n++) {
		uint32_t node = window->nodes[n];

		enter_writes(window, node);
		for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++)
			if (graph->edges[i].to >= graph->transactions)
				enter(window, graph->edges[i].to);
	}
	for (uint32_t n = 0; n < part->nodes; n++)
		for (uint32_t i = graph->first[window->nodes[n]];
		     i < graph->first[window->nodes[n] + 1]; i++)
			enter_edge(window, &graph->edges[i]);
	for (uint32_t i = window->fresh; i < graph->count; i++)
		enter_edge(window, &graph->edges[i]);
	graph_sort(part);
}

static void leave_all(struct window *window)
{
	const struct study *study = window->graph->study;

	for (uint32_t n = 0; n < window->part.nodes; n++) {
		uint32_t node = window->nodes[n];

		window->number[node] = NOT_HERE;
		if (n >= window->part.transactions)
			continue;
		for (uint32_t at = window->wrote[node]; at; at = window->wrote_next[at - 1])
			window->rivals[study->writes[at - 1].key] = 0;
	}
}

/* ---- What follows in it ---------------------------------------------------------------------- */

static bool comes_before(const struct window *window, uint32_t a, uint32_t b)
{
	return window->rows[(size_t)a * window->words + b / 64] >> b % 64 & 1;
}

/* False: the edges go round in a circle. */
static bool close_over(struct window *window)
{
	const struct graph *part = &window->part;
	uint32_t *order = study_room(part->nodes, sizeof(uint32_t));
	bool ordered = graph_order_nodes(part, order);
	size_t room;

	window->words = (part->nodes + 63) / 64;
	room = (size_t)part->nodes * window->words;
	if (room > window->rows_room) {
		free(window->rows);
		window->rows = study_room(room, sizeof(uint64_t));
		window->rows_room = room;
	}
	memset(window->rows, 0, room * sizeof(uint64_t));
	for (uint32_t n = part->nodes; ordered && n-- > 0;) {
		uint64_t *row = window->rows + (size_t)order[n] * window->words;

		for (uint32_t i = part->first[order[n]]; i < part->first[order[n] + 1]; i++) {
			uint32_t to = part->edges[i].to;
			const uint64_t *after = window->rows + (size_t)to * window->words;

			row[to / 64] |= (uint64_t)1 << to % 64;
			for (uint32_t w = 0; w < window->words; w++)
				row[w] |= after[w];
		}
	}
	free(order);
	return ordered;
}

/* What follows for one read and one other writer of its key. */
static bool decide(struct window *window, const struct seen *seen, const struct write *read,
		   const struct write *rival)
{
	uint32_t reader = window->number[seen->transaction];
	uint32_t writer = window->number[read->transaction];
	uint32_t other = window->number[rival->transaction];
	struct edge edge = {.by_time = window->graph->realtime, .key = seen->key};

	if (other == writer || other == reader)
		return false;
	if (comes_before(window, other, reader) && !comes_before(window, other, writer)) {
		edge.from = rival->transaction;
		edge.to = read->transaction;
		edge.dependency = DEPENDS_WW;
		edge.value = rival->value;
		edge.next = read->value;
	} else if (comes_before(window, writer, other) && !comes_before(window, reader, other)) {
		edge.from = seen->transaction;
		edge.to = rival->transaction;
		edge.dependency = DEPENDS_RW;
		edge.value = read->value;
		edge.next = rival->value;
	} else {
		return false;
	}
	graph_add(window->graph, edge);
	enter_edge(window, &edge);
	window->added = true;
	window->added_before |= window->number[edge.from] < window->open_count + STEP &&
				window->number[edge.to] < window->open_count + STEP;
	return true;
}

static bool decide_all(struct window *window)
{
	const struct study *study = window->graph->study;
	bool more = false;

	for (uint32_t n = 0; n < window->part.transactions; n++)
		for (uint32_t s = window->saw[window->nodes[n]]; s; s = window->saw_next[s - 1]) {
			const struct seen *seen = &study->seen[s - 1];
			const struct write *read = &study->writes[seen->write];

			if (window->number[read->transaction] == NOT_HERE)
				continue;
			for (uint32_t w = window->rivals[seen->key]; w;
			     w = window->rivals_next[w - 1])
				more |= decide(window, seen, read, &study->writes[w - 1]);
		}
	return more;
}

/* ---- The window slides ----------------------------------------------------------------------- */

static int by_invocation(const void *a, const void *b)
{
	const struct begun *x = a, *y = b;

	return x->invoked < y->invoked ? -1 : x->invoked > y->invoked;
}

static void window_open(struct window *window, struct graph *graph)
{
	const struct study *study = graph->study;
	uint32_t count = graph->transactions;

	*window = (struct window){.graph = graph, .part = {.study = graph->study}};
	window->begun = study_room(count, sizeof(*window->begun));
	window->open = study_room(2 * STEP, sizeof(uint32_t));
	window->due = study_room(count / STEP + 1, sizeof(bool));
	memset(window->due, true, count / STEP + 1);
	window->nodes = study_room(graph->nodes, sizeof(uint32_t));
	window->number = study_room(graph->nodes, sizeof(uint32_t));
	memset(window->number, 0xff, graph->nodes * sizeof(uint32_t));
	window->saw = study_room(count, sizeof(uint32_t));
	window->saw_next = study_room(study->seen_count, sizeof(uint32_t));
	window->wrote = study_room(count, sizeof(uint32_t));
	window->wrote_next = study_room(study->write_count, sizeof(uint32_t));
	window->rivals = study_room(study->transactions->keys, sizeof(uint32_t));
	window->rivals_next = study_room(study->write_count, sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++)
		if (study->happened[i])
			window->begun[window->begun_count++] = (struct begun){
				study->transactions->list[i].invoked, i};
	qsort(window->begun, window->begun_count, sizeof(*window->begun), by_invocation);
	for (uint32_t i = 0; i < study->seen_count; i++) {
		uint32_t *first = &window->saw[study->seen[i].transaction];

		if (study->seen[i].write == NOBODY_WROTE)
			continue;
		window->saw_next[i] = *first;
		*first = i + 1;
	}
	for (uint32_t i = 0; i < study->write_count; i++) {
		uint32_t *first = &window->wrote[study->writes[i].transaction];

		if (!study->writes[i].last)
			continue;
		window->wrote_next[i] = *first;
		*first = i + 1;
	}
}

static void window_close(struct window *window)
{
	graph_free(&window->part);
	free(window->begun);
	free(window->open);
	free(window->due);
	free(window->nodes);
	free(window->number);
	free(window->saw);
	free(window->saw_next);
	free(window->wrote);
	free(window->wrote_next);
	free(window->rivals);
	free(window->rivals_next);
	free(window->rows);
}

/* Keeps those that are open still, the latest STEP of them at most. */
static void carry(struct window *window, uint32_t from)
{
	const struct transaction *list = window->graph->study->transactions->list;
	uint32_t now = window->begun[from].invoked, kept = 0;

	for (uint32_t i = from - STEP; i < from; i++)
		window->open[window->open_count++] = window->begun[i].transaction;
	for (uint32_t i = 0; i < window->open_count; i++)
		if (list[window->open[i]].returned > now)
			window->open[kept++] = window->open[i];
	window->open_count = kept < STEP ? kept : STEP;
	memmove(window->open, window->open + kept - window->open_count,
		window->open_count * sizeof(uint32_t));
}

static void saturate_part(struct window *window, uint32_t from, uint32_t to)
{
	window->added = window->added_before = false;
	enter_all(window, from, to);
	while (close_over(window) && decide_all(window))
		graph_sort(&window->part);
	leave_all(window);
}

/* From the first to the last. What one adds, the next one sees. False: nothing is left to do. */
static bool slide(struct window *window, uint32_t width)
{
	uint32_t windows = (window->begun_count + STEP - 1) / STEP, before = window->graph->count;
	bool again = false;

	window->open_count = 0;
	for (uint32_t n = 0; n < windows; n++) {
		uint32_t from = n * STEP, left = window->begun_count - from;

		window->fresh = before;
		before = window->graph->count;
		if (n)
			carry(window, from);
		if (!window->due[n])
			continue;
		window->due[n] = false;
		saturate_part(window, from, left < width ? window->begun_count : from + width);
		if (left <= width)
			return again;
		window->due[n + 1] |= window->added;
		if (n && window->added_before)
			again = window->due[n - 1] = true;
	}
	return again;
}

void graph_saturate(struct graph *graph)
{
	struct window window;
	uint32_t width = graph->nodes <= WHOLE_MAX ? graph->nodes : 2 * STEP;
	bool again = true;

	window_open(&window, graph);
	for (unsigned pass = 0; pass < PASSES_MAX && again; pass++) {
		again = slide(&window, width);
		graph_sort(graph);
	}
	window_close(&window);
}
