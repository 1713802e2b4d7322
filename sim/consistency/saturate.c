/*
 * More dependencies of registers, from those that are known.
 *
 * Where R reads the version of W, every other writer V of that key came before W or after R:
 * nothing else lets R see it (the constraints of a polygraph: Papadimitriou, J. ACM 26(4) 1979). If
 * V is known to come before R, it came before W; if it is known to come after W, it came after R.
 * Each edge found so may decide others, so this goes on until nothing new follows.
 *
 * What comes before what is kept as a row of bits a node, which bounds the size of histories that
 * this is worth its memory for; the search decides the others alone.
 */
#include "sim/consistency/dependencies.h"

#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 16384 };

struct closure {
	struct graph *graph;
	uint64_t *rows; /* by node: the set of nodes that come after it */
	uint32_t words;
};

static bool comes_before(const struct closure *closure, uint32_t a, uint32_t b)
{
	return closure->rows[(size_t)a * closure->words + b / 64] >> b % 64 & 1;
}

/* False: the edges go round in a circle. */
static bool close_over(struct closure *closure)
{
	struct graph *graph = closure->graph;
	uint32_t *order = study_room(graph->nodes, sizeof(uint32_t));
	bool ordered = graph_order_nodes(graph, order);

	memset(closure->rows, 0, (size_t)graph->nodes * closure->words * sizeof(uint64_t));
	for (uint32_t n = graph->nodes; ordered && n-- > 0;) {
		uint64_t *row = closure->rows + (size_t)order[n] * closure->words;

		for (uint32_t i = graph->first[order[n]]; i < graph->first[order[n] + 1]; i++) {
			uint32_t to = graph->edges[i].to;
			const uint64_t *after = closure->rows + (size_t)to * closure->words;

			row[to / 64] |= (uint64_t)1 << to % 64;
			for (uint32_t w = 0; w < closure->words; w++)
				row[w] |= after[w];
		}
	}
	free(order);
	return ordered;
}

/* What follows for one read and one other writer of its key. */
static bool decide(struct closure *closure, const struct seen *seen, const struct write *read,
		   const struct write *rival)
{
	uint32_t reader = seen->transaction, writer = read->transaction, other = rival->transaction;
	struct edge edge = {.by_time = closure->graph->realtime, .key = seen->key};

	if (other == writer || other == reader)
		return false;
	if (comes_before(closure, other, reader) && !comes_before(closure, other, writer)) {
		edge.from = other;
		edge.to = writer;
		edge.dependency = DEPENDS_WW;
		edge.value = rival->value;
		edge.next = read->value;
	} else if (comes_before(closure, writer, other) && !comes_before(closure, reader, other)) {
		edge.from = reader;
		edge.to = other;
		edge.dependency = DEPENDS_RW;
		edge.value = read->value;
		edge.next = rival->value;
	} else {
		return false;
	}
	graph_add(closure->graph, edge);
	return true;
}

static bool decide_all(struct closure *closure)
{
	const struct study *study = closure->graph->study;
	bool more = false;

	for (uint32_t i = 0; i < study->seen_count; i++) {
		const struct seen *seen = &study->seen[i];
		const struct lineage *object = &study->lineages[seen->key];

		for (uint32_t w = 0; seen->write != NOBODY_WROTE && w < object->writes; w++) {
			const struct write *rival = &study->writes[object->first_write + w];

			if (rival->last && study->happened[rival->transaction])
				more = decide(closure, seen, &study->writes[seen->write], rival) ||
				       more;
		}
	}
	return more;
}

void graph_saturate(struct graph *graph)
{
	struct closure closure = {.graph = graph, .words = (graph->nodes + 63) / 64};

	if (graph->nodes > NODES_MAX)
		return;
	closure.rows = study_room((size_t)graph->nodes * closure.words, sizeof(uint64_t));
	while (close_over(&closure) && decide_all(&closure))
		graph_sort(graph);
	free(closure.rows);
}
