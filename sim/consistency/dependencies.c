/*
 * Dependencies between transactions, and the cycles among them.
 *
 * A node is a transaction; three sorts of helpers keep the edges few. Behind each key's chain stand
 * two of them, through which all that comes before reaches the versions that no chain holds; and
 * each return has one, from which the returns after it and the invocations behind it are reached:
 * so real time costs an edge or two a transaction. An edge out of a helper continues the edge that
 * led into it, and counts as nothing in a cycle.
 *
 * Invariant: an edge stands only where the dependency is certain, whatever the rest of the order
 * is. So a cycle convicts; the absence of one proves only as much as the chains tell, and the order
 * that comes of it is verified before anyone believes it. Cycles are named as Adya names them
 * (1999, sections 3.1 to 4.2), and those of real time as Elle does.
 */
#include "sim/consistency/versions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES_MAX = 200 }; /* edges of one sort from which a cycle is sought */

struct edge {
	uint32_t from, to;
	uint8_t dependency; /* that it is */
	bool continues;     /* out of a helper */
	uint32_t key;
	uint64_t value, next;
};

struct graph {
	struct study *study;
	uint32_t transactions, nodes;
	struct edge *edges; /* by `from`, once they are sorted */
	uint32_t count, room;
	uint32_t *first;     /* where the edges of a node begin; one more than there are nodes */
	uint32_t *component; /* of a node, from 1; 0: alone */
	uint32_t *came;      /* of a search: the edge by which a node was reached, plus 1 */
	uint32_t *line;      /* of a search, or of an order: nodes to look at */
	const struct edge **cycle; /* that a search found */
	struct step *steps;
};

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (!memory)
		abort();
	return memory;
}

/* ---- Edges ----------------------------------------------------------------------------------- */

static void edge(struct graph *graph, struct edge edge)
{
	if (edge.from == edge.to)
		return;
	if (graph->count == graph->room) {
		graph->room = graph->room ? 2 * graph->room : 1024;
		graph->edges = realloc(graph->edges, graph->room * sizeof(struct edge));
		if (!graph->edges)
			abort();
	}
	graph->edges[graph->count++] = edge;
}

static const struct write *chained(const struct study *study, uint32_t key, uint32_t place)
{
	return &study->writes[study->objects[key].chain[place - 1]];
}

/* The two helpers behind a key's chain: what overwrites its end, and what overwrites those who read
 * its end. */
static uint32_t behind(const struct graph *graph, uint32_t key, enum dependency dependency)
{
	return graph->transactions + 2 * key + (dependency == DEPENDS_RW);
}

/* Does this write stand outside the chain? It happened, so it came after. */
static bool unchained(const struct study *study, const struct write *write)
{
	return !write->place && write->last && study->happened[write->transaction];
}

/* From the end of a chain to all versions that no chain holds. Who is himself among them goes to
 * the others directly: through the helper he would come back to himself. */
static void edges_behind(struct graph *graph, uint32_t from, enum dependency dependency,
			 uint32_t key, uint64_t value)
{
	const struct study *study = graph->study;
	const struct object *object = &study->objects[key];
	bool among = false;

	for (uint32_t i = 0; i < object->writes && !among; i++) {
		const struct write *write = &study->writes[object->first_write + i];

		among = write->transaction == from && unchained(study, write);
	}
	if (!among) {
		edge(graph, (struct edge){.from = from,
					  .to = behind(graph, key, dependency),
					  .dependency = (uint8_t)dependency,
					  .key = key,
					  .value = value});
		return;
	}
	for (uint32_t i = 0; i < object->writes; i++) {
		const struct write *write = &study->writes[object->first_write + i];

		if (unchained(study, write))
			edge(graph, (struct edge){.from = from,
						  .to = write->transaction,
						  .dependency = (uint8_t)dependency,
						  .key = key,
						  .value = value,
						  .next = write->value});
	}
}

static void edges_of_key(struct graph *graph, uint32_t key)
{
	const struct study *study = graph->study;
	const struct object *object = &study->objects[key];

	for (uint32_t place = 1; place < object->length; place++) {
		const struct write *write = chained(study, key, place),
				   *next = chained(study, key, place + 1);

		edge(graph, (struct edge){.from = write->transaction,
					  .to = next->transaction,
					  .dependency = DEPENDS_WW,
					  .key = key,
					  .value = write->value,
					  .next = next->value});
	}
	if (object->length) {
		const struct write *last = chained(study, key, object->length);

		edges_behind(graph, last->transaction, DEPENDS_WW, key, last->value);
	}
	for (uint32_t i = 0; i < object->writes; i++) {
		const struct write *write = &study->writes[object->first_write + i];

		for (unsigned d = DEPENDS_WW; unchained(study, write) && d <= DEPENDS_RW;
		     d += DEPENDS_RW - DEPENDS_WW)
			edge(graph, (struct edge){.from = behind(graph, key, (enum dependency)d),
						  .to = write->transaction,
						  .dependency = (uint8_t)d,
						  .continues = true,
						  .key = key,
						  .next = write->value});
	}
}

/* Of a version outside the chain, all that is known is who overwrote it having read it. */
static void edges_to_updaters(struct graph *graph, uint32_t at)
{
	const struct study *study = graph->study;
	const struct seen *seen = &study->seen[at];

	for (uint32_t i = seen_first(study, seen->key, seen->write); i < study->seen_count; i++) {
		const struct seen *other = &study->seen[i];

		if (other->key != seen->key || other->write != seen->write || !other->updates)
			break;
		edge(graph, (struct edge){.from = seen->transaction,
					  .to = other->transaction,
					  .dependency = DEPENDS_RW,
					  .key = seen->key,
					  .value = seen->value});
	}
}

static void edges_of_read(struct graph *graph, uint32_t at)
{
	const struct study *study = graph->study;
	const struct seen *seen = &study->seen[at];
	const struct object *object = &study->objects[seen->key];
	uint32_t place = 0;

	if (seen->write != NOBODY_WROTE) {
		const struct write *write = &study->writes[seen->write];

		edge(graph, (struct edge){.from = write->transaction,
					  .to = seen->transaction,
					  .dependency = DEPENDS_WR,
					  .key = seen->key,
					  .value = seen->value,
					  .next = seen->value});
		place = write->place;
		if (!place) {
			edges_to_updaters(graph, at);
			return;
		}
	} else if (seen->value) {
		return; /* nobody wrote it: nothing follows from that */
	}
	if (place == object->length) {
		edges_behind(graph, seen->transaction, DEPENDS_RW, seen->key, seen->value);
		return;
	}
	const struct write *next = chained(study, seen->key, place + 1);

	edge(graph, (struct edge){.from = seen->transaction,
				  .to = next->transaction,
				  .dependency = DEPENDS_RW,
				  .key = seen->key,
				  .value = seen->value,
				  .next = next->value});
}

static int by_position(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Real time, as a line of returns: each leads to the next, and to what is invoked behind it. */
static void edges_of_time(struct graph *graph)
{
	const struct study *study = graph->study;
	const struct transactions *t = study->transactions;
	uint32_t *returns = allocate(t->count, sizeof(*returns));
	uint32_t count = 0, line = graph->transactions + 2 * (t->keys + 1);

	for (uint32_t i = 0; i < t->count; i++)
		if (committed(&t->list[i]))
			returns[count++] = t->list[i].returned;
	qsort(returns, count, sizeof(*returns), by_position);
	for (uint32_t i = 0; i + 1 < count; i++)
		edge(graph, (struct edge){.from = line + i,
					  .to = line + i + 1,
					  .dependency = DEPENDS_REALTIME,
					  .continues = true});
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t low = 0, high = count; /* returns before it was invoked */

		if (!study->happened[i])
			continue;
		while (low < high) {
			uint32_t middle = low + (high - low) / 2;

			if (returns[middle] < t->list[i].invoked)
				low = middle + 1;
			else
				high = middle;
		}
		if (low)
			edge(graph, (struct edge){.from = line + low - 1,
						  .to = i,
						  .dependency = DEPENDS_REALTIME,
						  .continues = true});
		const uint32_t *at = !committed(&t->list[i])
					     ? NULL
					     : bsearch(&t->list[i].returned, returns, count,
						       sizeof(*returns), by_position);
		if (at)
			edge(graph, (struct edge){.from = i,
						  .to = line + (uint32_t)(at - returns),
						  .dependency = DEPENDS_REALTIME});
	}
	free(returns);
}

static void sort_edges(struct graph *graph)
{
	struct edge *sorted = allocate(graph->count, sizeof(struct edge));

	graph->first = allocate(graph->nodes + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < graph->count; i++)
		graph->first[graph->edges[i].from + 1]++;
	for (uint32_t i = 0; i < graph->nodes; i++)
		graph->first[i + 1] += graph->first[i];
	for (uint32_t i = 0; i < graph->count; i++)
		sorted[graph->first[graph->edges[i].from]++] = graph->edges[i];
	memmove(graph->first + 1, graph->first, graph->nodes * sizeof(uint32_t));
	graph->first[0] = 0;
	free(graph->edges);
	graph->edges = sorted;
}

static void graph_build(struct graph *graph, struct study *study, bool realtime)
{
	const struct transactions *t = study->transactions;

	*graph = (struct graph){.study = study, .transactions = (uint32_t)t->count};
	graph->nodes = graph->transactions * (realtime ? 2 : 1) + 2 * (t->keys + 1);
	for (uint32_t key = 1; key <= t->keys; key++)
		edges_of_key(graph, key);
	for (uint32_t i = 0; i < study->seen_count; i++)
		edges_of_read(graph, i);
	if (realtime)
		edges_of_time(graph);
	study->finding->dependencies = graph->count;
	sort_edges(graph);
	graph->component = allocate(graph->nodes, sizeof(uint32_t));
	graph->came = allocate(graph->nodes, sizeof(uint32_t));
	graph->line = allocate(graph->nodes, sizeof(uint32_t));
	graph->cycle = allocate(graph->nodes, sizeof(*graph->cycle));
	graph->steps = allocate(graph->nodes, sizeof(*graph->steps));
}

static void graph_free(struct graph *graph)
{
	free(graph->edges);
	free(graph->first);
	free(graph->component);
	free(graph->came);
	free(graph->line);
	free(graph->cycle);
	free(graph->steps);
}

/* ---- An order ----------------------------------------------------------------------------------
 */

/* Kahn's (CACM 5(11) 1962): what nothing precedes any more comes next. False: there is a cycle. */
static bool order_of(struct graph *graph, uint32_t *order, uint32_t *placed)
{
	uint32_t *before = allocate(graph->nodes, sizeof(uint32_t));
	uint32_t head = 0, tail = 0, count = 0;

	for (uint32_t i = 0; i < graph->count; i++)
		before[graph->edges[i].to]++;
	for (uint32_t node = 0; node < graph->nodes; node++)
		if (!before[node])
			graph->line[tail++] = node;
	while (head < tail) {
		uint32_t node = graph->line[head++];

		if (node < graph->transactions && graph->study->happened[node])
			order[count++] = node;
		for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++)
			if (--before[graph->edges[i].to] == 0)
				graph->line[tail++] = graph->edges[i].to;
	}
	free(before);
	*placed = count;
	return tail == graph->nodes;
}

/* ---- Components --------------------------------------------------------------------------------
 */

struct tarjan {
	uint32_t *index, *low, *stack, *path, *edge;
	bool *on;
	uint32_t next, depth, top, components;
};

/* Out of a helper the way goes on as it came in. */
static bool within(uint32_t dependencies, const struct edge *edge)
{
	return edge->continues || dependencies >> edge->dependency & 1;
}

static void tarjan_close(struct graph *graph, struct tarjan *tarjan, uint32_t node)
{
	bool alone = tarjan->stack[tarjan->top - 1] == node;
	uint32_t member;

	tarjan->components += !alone;
	do {
		member = tarjan->stack[--tarjan->top];
		tarjan->on[member] = false;
		graph->component[member] = alone ? 0 : tarjan->components;
	} while (member != node);
}

static void tarjan_enter(struct graph *graph, struct tarjan *tarjan, uint32_t node)
{
	tarjan->index[node] = tarjan->low[node] = ++tarjan->next;
	tarjan->edge[node] = graph->first[node];
	tarjan->on[node] = true;
	tarjan->stack[tarjan->top++] = node;
	tarjan->path[tarjan->depth++] = node;
}

static void tarjan_from(struct graph *graph, struct tarjan *tarjan, uint32_t root,
			uint32_t dependencies)
{
	tarjan_enter(graph, tarjan, root);
	while (tarjan->depth) {
		uint32_t node = tarjan->path[tarjan->depth - 1];

		if (tarjan->edge[node] < graph->first[node + 1]) {
			const struct edge *edge = &graph->edges[tarjan->edge[node]++];

			if (!within(dependencies, edge))
				continue;
			if (!tarjan->index[edge->to])
				tarjan_enter(graph, tarjan, edge->to);
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
			tarjan_close(graph, tarjan, node);
	}
}

/* Strongly connected components (Tarjan, SIAM J. Comput. 1(2) 1972) of some kinds of edges. */
static bool components(struct graph *graph, uint32_t dependencies)
{
	uint32_t n = graph->nodes;
	struct tarjan tarjan = {.index = allocate(n, sizeof(uint32_t)),
				.low = allocate(n, sizeof(uint32_t)),
				.stack = allocate(n, sizeof(uint32_t)),
				.path = allocate(n, sizeof(uint32_t)),
				.edge = allocate(n, sizeof(uint32_t)),
				.on = allocate(n, sizeof(bool))};

	for (uint32_t node = 0; node < n; node++)
		if (!tarjan.index[node])
			tarjan_from(graph, &tarjan, node, dependencies);
	free(tarjan.index);
	free(tarjan.low);
	free(tarjan.stack);
	free(tarjan.path);
	free(tarjan.edge);
	free(tarjan.on);
	return tarjan.components != 0;
}

/* ---- Cycles ------------------------------------------------------------------------------------
 */

enum { CYCLE_MAX = 64 };

/*
 * The shortest way, along edges of these kinds, from where an edge leads back to where it begins;
 * * so the two make a cycle: graph->cycle, the last edge first. Returns their number; 0: none.
 */
static uint32_t cycle_through(struct graph *graph, uint32_t at, uint32_t dependencies)
{
	const struct edge *start = &graph->edges[at];
	uint32_t head = 0, tail = 0, length = 0;

	graph->came[start->to] = at + 1;
	graph->line[tail++] = start->to;
	while (head < tail && !graph->came[start->from]) {
		uint32_t node = graph->line[head++];

		for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++) {
			const struct edge *edge = &graph->edges[i];

			if (!within(dependencies, edge) || graph->came[edge->to] ||
			    graph->component[edge->to] != graph->component[start->to])
				continue;
			graph->came[edge->to] = i + 1;
			graph->line[tail++] = edge->to;
		}
	}
	if (graph->came[start->from])
		for (uint32_t node = start->from; !length || node != start->from;) {
			graph->cycle[length] = &graph->edges[graph->came[node] - 1];
			node = graph->cycle[length++]->from;
		}
	for (uint32_t i = 0; i < tail; i++)
		graph->came[graph->line[i]] = 0;
	return length;
}

/* An edge into a helper and those out of it are one step. */
static uint32_t steps_of(struct graph *graph, uint32_t length)
{
	uint32_t count = 0;

	while (length-- > 0) {
		const struct edge *edge = graph->cycle[length];

		if (edge->from < graph->transactions)
			graph->steps[count++] = (struct step){
				.transaction = edge->from,
				.dependency = (enum dependency)edge->dependency,
				.key = edge->key,
				.value = edge->value,
				.next = edge->next};
		else
			graph->steps[count - 1].next = edge->next;
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
		*realtime = *realtime || steps[i].dependency == DEPENDS_REALTIME;
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
static bool seek(struct graph *graph, enum dependency through, uint32_t along)
{
	unsigned tries = 0;

	for (uint32_t i = 0; i < graph->count && tries < TRIES_MAX; i++) {
		const struct edge *edge = &graph->edges[i];

		if (edge->dependency != through || edge->continues ||
		    !graph->component[edge->from] ||
		    graph->component[edge->from] != graph->component[edge->to])
			continue;
		tries++;
		uint32_t length = cycle_through(graph, i, along);

		if (!length)
			continue;
		uint32_t count = steps_of(graph, length);
		bool realtime;
		enum anomaly name = name_of(graph->steps, count, &realtime);

		study_found(graph->study, name, realtime, graph->steps, count);
		return true;
	}
	return false;
}

/* The gravest first: fewer kinds of dependencies make a graver cycle. */
static bool seek_all(struct graph *graph, uint32_t also)
{
	const uint32_t ww = 1u << DEPENDS_WW | also, wr = 1u << DEPENDS_WR, rw = 1u << DEPENDS_RW;
	bool found = false;

	if (components(graph, ww))
		found = seek(graph, DEPENDS_WW, ww) || found;
	if (components(graph, ww | wr))
		found = seek(graph, DEPENDS_WR, ww | wr) || found;
	if (!components(graph, ww | wr | rw))
		return found;
	bool single = seek(graph, DEPENDS_RW, ww | wr);

	if (!single)
		found = seek(graph, DEPENDS_RW, ww | wr | rw) || found;
	return found || single;
}

bool dependencies_study(struct study *study, bool realtime, uint32_t *order, uint32_t *count)
{
	struct graph graph;

	graph_build(&graph, study, realtime);
	bool ordered = order_of(&graph, order, count);

	if (!ordered && !seek_all(&graph, 0) && realtime)
		seek_all(&graph, 1u << DEPENDS_REALTIME);
	graph_free(&graph);
	return ordered;
}
