/*
 * Cycles of dependencies, and their names, which are Adya's (1999, sections 3.1 to 4.2) and, where
 * real time takes part, Elle's.
 *
 * Of each sort of cycle the shortest through some edge is told. A sort is made of kinds of edges:
 * the fewer kinds, the graver. Strongly connected components say which edges can be part of one.
 */
#include "sim/consistency/dependencies.h"

#include <stdlib.h>

enum { TRIES_MAX = 200 }; /* edges of one sort from which a cycle is sought */

struct cycles {
	const struct graph *graph;
	uint32_t *component;       /* of a node, from 1; 0: alone */
	uint32_t *came;            /* the edge by which a node was reached, plus 1 */
	uint32_t *line;            /* nodes to look at */
	const struct edge **cycle; /* that was found, the last edge first */
	struct step *steps;
};

/* ---- Components ----------------------------------------------------------------------------- */

struct tarjan {
	const struct graph *graph;
	uint32_t *component;
	uint32_t *index, *low, *stack, *path, *edge;
	bool *on;
	uint32_t next, depth, top, components;
};

/* Out of a helper the way goes on as it came in. */
static bool within(uint32_t dependencies, const struct edge *edge)
{
	return edge->continues || dependencies >> edge->dependency & 1;
}

static void tarjan_close(struct tarjan *tarjan, uint32_t node)
{
	bool alone = tarjan->stack[tarjan->top - 1] == node;
	uint32_t member;

	tarjan->components += !alone;
	do {
		member = tarjan->stack[--tarjan->top];
		tarjan->on[member] = false;
		tarjan->component[member] = alone ? 0 : tarjan->components;
	} while (member != node);
}

static void tarjan_enter(struct tarjan *tarjan, uint32_t node)
{
	tarjan->index[node] = tarjan->low[node] = ++tarjan->next;
	tarjan->edge[node] = tarjan->graph->first[node];
	tarjan->on[node] = true;
	tarjan->stack[tarjan->top++] = node;
	tarjan->path[tarjan->depth++] = node;
}

static void tarjan_from(struct tarjan *tarjan, uint32_t root, uint32_t dependencies)
{
	const struct graph *graph = tarjan->graph;

	tarjan_enter(tarjan, root);
	while (tarjan->depth) {
		uint32_t node = tarjan->path[tarjan->depth - 1];

		if (tarjan->edge[node] < graph->first[node + 1]) {
			const struct edge *edge = &graph->edges[tarjan->edge[node]++];

			if (!within(dependencies, edge))
				continue;
			if (!tarjan->index[edge->to])
				tarjan_enter(tarjan, edge->to);
			else if (tarjan->on[edge->to] &&
				 tarjan->index[edge->to] < tarjan->low[node])
				tarjan->low[node] = tarjan->index[edge->to];
			continue;
		}
		tarjan->depth--;
		if (tarjan->depth) {
			uint32_t above = tarjan->path[tarjan->depth - 1];

			if (tarjan->low[node] < tarjan->low[above])
				tarjan->low[above] = tarjan->low[node];
		}
		if (tarjan->low[node] == tarjan->index[node])
			tarjan_close(tarjan, node);
	}
}

/* Tarjan, SIAM J. Comput. 1(2) 1972. */
bool graph_components(const struct graph *graph, uint32_t dependencies, uint32_t *component)
{
	uint32_t n = graph->nodes;
	struct tarjan tarjan = {.graph = graph,
				.component = component,
				.index = study_room(n, sizeof(uint32_t)),
				.low = study_room(n, sizeof(uint32_t)),
				.stack = study_room(n, sizeof(uint32_t)),
				.path = study_room(n, sizeof(uint32_t)),
				.edge = study_room(n, sizeof(uint32_t)),
				.on = study_room(n, sizeof(bool))};

	for (uint32_t node = 0; node < n; node++)
		if (!tarjan.index[node])
			tarjan_from(&tarjan, node, dependencies);
	free(tarjan.index);
	free(tarjan.low);
	free(tarjan.stack);
	free(tarjan.path);
	free(tarjan.edge);
	free(tarjan.on);
	return tarjan.components != 0;
}

/* ---- Cycles ---------------------------------------------------------------------------------- */

/*
 * The shortest way, along edges of these kinds, from where an edge leads back to where it begins;
 * so the two make a cycle: cycles->cycle. Returns their number; 0: none.
 */
static uint32_t cycle_through(struct cycles *cycles, uint32_t at, uint32_t dependencies)
{
	const struct graph *graph = cycles->graph;
	const struct edge *start = &graph->edges[at];
	uint32_t head = 0, tail = 0, length = 0;

	cycles->came[start->to] = at + 1;
	cycles->line[tail++] = start->to;
	while (head < tail && !cycles->came[start->from]) {
		uint32_t node = cycles->line[head++];

		for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++) {
			const struct edge *edge = &graph->edges[i];

			if (!within(dependencies, edge) || cycles->came[edge->to] ||
			    cycles->component[edge->to] != cycles->component[start->to])
				continue;
			cycles->came[edge->to] = i + 1;
			cycles->line[tail++] = edge->to;
		}
	}
	if (cycles->came[start->from])
		for (uint32_t node = start->from; !length || node != start->from;) {
			cycles->cycle[length] = &graph->edges[cycles->came[node] - 1];
			node = cycles->cycle[length++]->from;
		}
	for (uint32_t i = 0; i < tail; i++)
		cycles->came[cycles->line[i]] = 0;
	return length;
}

uint32_t graph_steps(const struct graph *graph, const struct edge *const cycle[], uint32_t length,
		     struct step steps[])
{
	uint32_t count = 0;

	while (length-- > 0) {
		const struct edge *edge = cycle[length];

		if (edge->from < graph->transactions)
			steps[count++] = (struct step){
				.transaction = edge->from,
				.dependency = (enum dependency)edge->dependency,
				.by_time = edge->by_time,
				.key = edge->key,
				.value = edge->value,
				.next = edge->next};
		else
			steps[count - 1].next = edge->next;
	}
	return count;
}

/* What the kinds of a cycle's dependencies make it (Adya 1999; a long fork: Sovran et al., SOSP
 * 2011: two readers that saw two writes in opposite orders). */
static enum anomaly name_of(const struct step steps[], uint32_t count, bool *realtime)
{
	unsigned reads = 0, overwrites = 0;

	*realtime = false;
	for (uint32_t i = 0; i < count; i++) {
		reads += steps[i].dependency == DEPENDS_WR;
		overwrites += steps[i].dependency == DEPENDS_RW;
		*realtime = *realtime || steps[i].by_time ||
			    steps[i].dependency == DEPENDS_REALTIME;
	}
	if (overwrites == 1)
		return ANOMALY_G_SINGLE;
	if (overwrites == 2 && reads == 2 && count == 4 &&
	    steps[0].dependency == steps[2].dependency)
		return ANOMALY_LONG_FORK;
	if (overwrites)
		return ANOMALY_G2;
	return reads ? ANOMALY_G1C : ANOMALY_G0;
}

/* Seeks a cycle through an edge of one kind, the rest of it along some kinds. */
static bool seek(struct cycles *cycles, enum dependency through, uint32_t along)
{
	const struct graph *graph = cycles->graph;
	unsigned tries = 0;

	for (uint32_t i = 0; i < graph->count && tries < TRIES_MAX; i++) {
		const struct edge *edge = &graph->edges[i];

		if (edge->dependency != through || edge->continues ||
		    !cycles->component[edge->from] ||
		    cycles->component[edge->from] != cycles->component[edge->to])
			continue;
		tries++;
		uint32_t length = cycle_through(cycles, i, along);

		if (!length)
			continue;
		uint32_t count = graph_steps(graph, cycles->cycle, length, cycles->steps);
		bool realtime;
		enum anomaly name = name_of(cycles->steps, count, &realtime);

		study_found(graph->study, name, realtime, cycles->steps, count);
		return true;
	}
	return false;
}

/* The gravest first: fewer kinds of dependencies make a graver cycle. */
static bool seek_all(struct cycles *cycles, uint32_t also)
{
	const uint32_t ww = 1u << DEPENDS_WW | also, wr = 1u << DEPENDS_WR, rw = 1u << DEPENDS_RW;
	bool found = false;

	if (graph_components(cycles->graph, ww, cycles->component))
		found = seek(cycles, DEPENDS_WW, ww) || found;
	if (graph_components(cycles->graph, ww | wr, cycles->component))
		found = seek(cycles, DEPENDS_WR, ww | wr) || found;
	if (!graph_components(cycles->graph, ww | wr | rw, cycles->component))
		return found;
	bool single = seek(cycles, DEPENDS_RW, ww | wr);

	if (!single)
		found = seek(cycles, DEPENDS_RW, ww | wr | rw) || found;
	return found || single;
}

void cycles_study(const struct graph *graph)
{
	size_t n = graph->nodes;
	struct cycles cycles = {.graph = graph,
				.component = study_room(n, sizeof(uint32_t)),
				.came = study_room(n, sizeof(uint32_t)),
				.line = study_room(n, sizeof(uint32_t)),
				.cycle = study_room(n, sizeof(struct edge *)),
				.steps = study_room(n, sizeof(struct step))};

	if (!seek_all(&cycles, 0))
		seek_all(&cycles, 1u << DEPENDS_REALTIME);
	free(cycles.component);
	free(cycles.came);
	free(cycles.line);
	free(cycles.cycle);
	free(cycles.steps);
}
