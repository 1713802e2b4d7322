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
#include "sim/consistency/dependencies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- Edges ----------------------------------------------------------------------------------- */

void graph_add(struct graph *graph, struct edge edge)
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

/* The two helpers behind a key's chain: what overwrites its end, and what overwrites those who read
 * its end. */
static uint32_t behind(const struct graph *graph, uint32_t key, enum dependency dependency)
{
	return graph->transactions + 2 * key + (dependency == DEPENDS_RW);
}

/* Who is himself among them goes to the others directly: through the helper he would come back to
 * himself. */
void graph_add_behind(struct graph *graph, uint32_t from, enum dependency dependency, uint32_t key,
		      uint64_t value)
{
	const struct study *study = graph->study;
	const struct lineage *object = &study->lineages[key];
	bool among = false;

	for (uint32_t i = 0; i < object->writes && !among; i++) {
		const struct write *write = &study->writes[object->first_write + i];

		among = write->transaction == from && unchained(study, write);
	}
	if (!among) {
		graph_add(graph, (struct edge){.from = from,
					       .to = behind(graph, key, dependency),
					       .dependency = (uint8_t)dependency,
					       .key = key,
					       .value = value});
		return;
	}
	for (uint32_t i = 0; i < object->writes; i++) {
		const struct write *write = &study->writes[object->first_write + i];

		if (unchained(study, write))
			graph_add(graph, (struct edge){.from = from,
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
	const struct lineage *object = &study->lineages[key];

	for (uint32_t place = 1; place < object->length; place++) {
		const struct write *write = chained(study, key, place),
				   *next = chained(study, key, place + 1);

		graph_add(graph, (struct edge){.from = write->transaction,
					       .to = next->transaction,
					       .dependency = DEPENDS_WW,
					       .key = key,
					       .value = write->value,
					       .next = next->value});
	}
	if (object->length) {
		const struct write *last = chained(study, key, object->length);

		graph_add_behind(graph, last->transaction, DEPENDS_WW, key, last->value);
	}
	for (uint32_t i = 0; i < object->writes; i++) {
		const struct write *write = &study->writes[object->first_write + i];

		for (unsigned d = DEPENDS_WW; unchained(study, write) && d <= DEPENDS_RW;
		     d += DEPENDS_RW - DEPENDS_WW)
			graph_add(graph,
				  (struct edge){.from = behind(graph, key, (enum dependency)d),
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
		graph_add(graph, (struct edge){.from = seen->transaction,
					       .to = other->transaction,
					       .dependency = DEPENDS_RW,
					       .key = seen->key,
					       .value = seen->value});
	}
}

void graph_add_overwriting(struct graph *graph, const struct seen *seen, uint32_t place)
{
	const struct study *study = graph->study;

	if (place == study->lineages[seen->key].length) {
		graph_add_behind(graph, seen->transaction, DEPENDS_RW, seen->key, seen->value);
		return;
	}
	const struct write *next = chained(study, seen->key, place + 1);

	graph_add(graph, (struct edge){.from = seen->transaction,
				       .to = next->transaction,
				       .dependency = DEPENDS_RW,
				       .key = seen->key,
				       .value = seen->value,
				       .next = next->value});
}

static void edges_of_read(struct graph *graph, uint32_t at)
{
	const struct study *study = graph->study;
	const struct seen *seen = &study->seen[at];
	uint32_t place = 0;

	if (seen->write != NOBODY_WROTE) {
		const struct write *write = &study->writes[seen->write];

		graph_add(graph, (struct edge){.from = write->transaction,
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
	graph_add_overwriting(graph, seen, place);
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
	uint32_t *returns = study_room(t->count, sizeof(*returns));
	uint32_t count = 0, line = graph_line(graph);

	for (uint32_t i = 0; i < t->count; i++)
		if (committed(&t->list[i]))
			returns[count++] = t->list[i].returned;
	qsort(returns, count, sizeof(*returns), by_position);
	for (uint32_t i = 0; i + 1 < count; i++)
		graph_add(graph, (struct edge){.from = line + i,
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
			graph_add(graph, (struct edge){.from = line + low - 1,
						       .to = i,
						       .dependency = DEPENDS_REALTIME,
						       .continues = true});
		const uint32_t *at = !committed(&t->list[i])
					     ? NULL
					     : bsearch(&t->list[i].returned, returns, count,
						       sizeof(*returns), by_position);
		if (at)
			graph_add(graph, (struct edge){.from = i,
						       .to = line + (uint32_t)(at - returns),
						       .dependency = DEPENDS_REALTIME});
	}
	free(returns);
}

/* ---- What real time says of versions that no chain orders ------------------------------------ */

/* A transaction's last write of a key, as its rivals see it. */
struct rival {
	uint32_t invoked, returned, transaction;
	uint64_t value;
};

static int by_invocation(const void *a, const void *b)
{
	const struct rival *x = a, *y = b;

	return x->invoked < y->invoked ? -1 : x->invoked > y->invoked;
}
static int by_return(const void *a, const void *b)
{
	const struct rival *x = a, *y = b;

	return x->returned < y->returned ? -1 : x->returned > y->returned;
}

static uint32_t rivals_of(const struct study *study, uint32_t key, struct rival *rivals)
{
	const struct lineage *object = &study->lineages[key];
	const struct transaction *list = study->transactions->list;
	uint32_t count = 0;

	assert(list || !object->writes);
	for (uint32_t i = 0; i < object->writes; i++) {
		const struct write *write = &study->writes[object->first_write + i];
		const struct transaction *writer = &list[write->transaction];

		if (write->last && study->happened[write->transaction])
			rivals[count++] = (struct rival){writer->invoked, writer->returned,
							 write->transaction, write->value};
	}
	return count;
}

/* Who began to write after that version's writer had returned, overwrote it: after it was read. Of
 * those who follow one another the first is enough. */
static void edges_to_later(struct graph *graph, const struct seen *seen,
			   const struct transaction *writer, const struct rival *rivals,
			   uint32_t count)
{
	uint32_t low = 0, high = count, earliest = NEVER_RETURNED;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (writer && rivals[middle].invoked <= writer->returned)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && rivals[low].invoked <= earliest; low++) {
		graph_add(graph, (struct edge){.from = seen->transaction,
					       .to = rivals[low].transaction,
					       .dependency = DEPENDS_RW,
					       .by_time = true,
					       .key = seen->key,
					       .value = seen->value,
					       .next = rivals[low].value});
		if (rivals[low].returned < earliest)
			earliest = rivals[low].returned;
	}
}

/* Who had written before it was read, and does not show, was overwritten by it. */
static void edges_from_earlier(struct graph *graph, const struct seen *seen, uint32_t writer,
			       const struct rival *rivals, uint32_t count)
{
	uint32_t before = graph->study->transactions->list[seen->transaction].invoked;
	uint32_t low = 0, high = count, latest = 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (rivals[middle].returned < before)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low-- > 0 && rivals[low].returned >= latest;) {
		graph_add(graph, (struct edge){.from = rivals[low].transaction,
					       .to = writer,
					       .dependency = DEPENDS_WW,
					       .by_time = true,
					       .key = seen->key,
					       .value = rivals[low].value,
					       .next = seen->value});
		if (rivals[low].invoked > latest)
			latest = rivals[low].invoked;
	}
}

/* `seen` is sorted by key: so are its rivals taken. */
static void edges_of_rivals(struct graph *graph)
{
	const struct study *study = graph->study;
	struct rival *rivals = study_room(study->write_count, sizeof(*rivals));
	struct rival *returns = study_room(study->write_count, sizeof(*returns));
	uint32_t key = 0, count = 0;

	for (uint32_t i = 0; i < study->seen_count; i++) {
		const struct seen *seen = &study->seen[i];
		const struct transaction *writer = NULL;

		if (seen->key != key) {
			key = seen->key;
			count = rivals_of(study, key, rivals);
			qsort(rivals, count, sizeof(*rivals), by_invocation);
			memcpy(returns, rivals, count * sizeof(*rivals));
			qsort(returns, count, sizeof(*returns), by_return);
		}
		if (seen->write == NOBODY_WROTE && seen->value)
			continue;
		if (seen->write != NOBODY_WROTE) {
			uint32_t by = study->writes[seen->write].transaction;

			writer = &study->transactions->list[by];
			edges_from_earlier(graph, seen, by, returns, count);
		}
		if (!writer || writer->returned != NEVER_RETURNED)
			edges_to_later(graph, seen, writer, rivals, count);
	}
	free(rivals);
	free(returns);
}

/* ---- All together ---------------------------------------------------------------------------- */

void graph_sort(struct graph *graph)
{
	struct edge *sorted = study_room(graph->count, sizeof(struct edge));

	free(graph->first);
	graph->first = study_room(graph->nodes + 1, sizeof(uint32_t));
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
	graph->room = graph->count;
}

void graph_begin(struct graph *graph, struct study *study, bool times)
{
	const struct transactions *t = study->transactions;

	*graph = (struct graph){.study = study, .transactions = t->count};
	graph->nodes = graph->transactions * (times ? 2 : 1) + 2 * (t->keys + 1);
	for (uint32_t key = 1; key <= t->keys; key++)
		edges_of_key(graph, key);
	for (uint32_t i = 0; i < study->seen_count; i++)
		edges_of_read(graph, i);
}

void graph_build(struct graph *graph, struct study *study, bool realtime)
{
	const struct transactions *t = study->transactions;

	graph_begin(graph, study, realtime);
	graph->realtime = realtime;
	if (realtime)
		edges_of_time(graph);
	if (realtime && !of_lists(t)) /* of lists, the chains say all */
		edges_of_rivals(graph);
	graph_sort(graph);
	if (!of_lists(t))
		graph_saturate(graph);
	study->finding->dependencies = graph->count;
}

void graph_free(struct graph *graph)
{
	free(graph->edges);
	free(graph->first);
}

/* ---- An order -------------------------------------------------------------------------------- */

/* Kahn's (CACM 5(11) 1962): what nothing precedes any more comes next. */
bool graph_order_nodes(const struct graph *graph, uint32_t *order)
{
	uint32_t *before = study_room(graph->nodes, sizeof(uint32_t));
	uint32_t head = 0, tail = 0;

	for (uint32_t i = 0; i < graph->count; i++)
		before[graph->edges[i].to]++;
	for (uint32_t node = 0; node < graph->nodes; node++)
		if (!before[node])
			order[tail++] = node;
	while (head < tail) {
		uint32_t node = order[head++];

		for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++)
			if (--before[graph->edges[i].to] == 0)
				order[tail++] = graph->edges[i].to;
	}
	free(before);
	return tail == graph->nodes;
}

bool graph_order(const struct graph *graph, uint32_t *order, uint32_t *count)
{
	uint32_t *nodes = study_room(graph->nodes, sizeof(uint32_t));
	bool ordered = graph_order_nodes(graph, nodes);

	*count = 0;
	for (uint32_t i = 0; ordered && i < graph->nodes; i++)
		if (nodes[i] < graph->transactions && graph->study->happened[nodes[i]])
			order[(*count)++] = nodes[i];
	free(nodes);
	return ordered;
}
