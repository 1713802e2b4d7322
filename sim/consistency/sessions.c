/*
 * Session guarantees (Terry et al., Session Guarantees for Weakly Consistent Replicated Data, PDIS
 * 1994): what each session was promised of its own earlier transactions, whatever the key.
 *
 * A guarantee is broken where a session's later transaction depends the wrong way round on an
 * earlier one: where dependencies lead from the later one back to the earlier, past at most one
 * overwritten read, and the session itself closes the cycle. What the cycle makes of the two names
 * the guarantee: the later one is a reader where its own read was overwritten, else a writer; the
 * earlier one is a reader where the cycle comes to it by what it read, else a writer.
 *
 *                        later reads         later writes
 *     earlier reads      monotonic-reads     writes-follow-reads
 *     earlier wrote      read-your-writes    monotonic-writes
 *
 * Who keeps to real time keeps these guarantees too; where that fails, they tell what a single
 * client could notice.
 */
#include "sim/consistency/dependencies.h"

#include <stdlib.h>

/* ---- The graph ------------------------------------------------------------------------------- */

/* A transaction of a session; of its writes of a key, `write` is the one. */
struct turn {
	uint32_t process, key, transaction, write;
};

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->transaction < y->transaction ? -1 : x->transaction > y->transaction;
}

/* Is `next` of the same session (and key), and did it begin when `turn` was over? */
static bool follows(const struct study *study, const struct turn *turn, const struct turn *next)
{
	const struct transaction *list = study->transactions->list;

	return turn->process == next->process && turn->key == next->key &&
	       (!committed(&list[turn->transaction]) ||
		list[turn->transaction].returned < list[next->transaction].invoked);
}

/* Each session is a line of helpers, one a transaction, from which the later ones are reached. Who
 * never returned is reached, and reaches nobody. */
static void edges_of_sessions(struct graph *graph)
{
	const struct study *study = graph->study;
	const struct transactions *t = study->transactions;
	struct turn *turns = study_room(t->count, sizeof(*turns));
	uint32_t count = 0, line = graph_line(graph);

	for (uint32_t i = 0; i < t->count; i++)
		if (study->happened[i])
			turns[count++] = (struct turn){.process = t->list[i].process,
						       .transaction = i};
	qsort(turns, count, sizeof(*turns), by_turn);
	for (uint32_t i = 0; i + 1 < count; i++) {
		uint32_t at = turns[i].transaction, next = turns[i + 1].transaction;
		struct edge edge = {.from = at, .to = line + at, .dependency = DEPENDS_REALTIME};

		if (!follows(study, &turns[i], &turns[i + 1]))
			continue;
		if (committed(&t->list[at]))
			graph_add(graph, edge);
		edge = (struct edge){.from = line + at,
				     .to = next,
				     .dependency = DEPENDS_REALTIME,
				     .continues = true};
		graph_add(graph, edge);
		edge.to = line + next;
		graph_add(graph, edge);
	}
	free(turns);
}

/* A session wrote one key twice, and no chain tells the order: were it not the session's own, its
 * writes were not monotonic. So who read the first, read what the second overwrites. */
static void overwrite(struct graph *graph, const struct turn *first, const struct turn *second)
{
	const struct study *study = graph->study;
	struct edge edge = {.from = first->transaction,
			    .to = second->transaction,
			    .dependency = DEPENDS_WW,
			    .by_time = true,
			    .key = first->key,
			    .value = study->writes[first->write].value,
			    .next = study->writes[second->write].value};

	graph_add(graph, edge);
	edge.dependency = DEPENDS_RW;
	for (uint32_t i = seen_first(study, first->key, first->write); i < study->seen_count; i++) {
		const struct seen *seen = &study->seen[i];

		if (seen->key != first->key || seen->write != first->write)
			return;
		edge.from = seen->transaction;
		graph_add(graph, edge);
	}
}

static void edges_of_own_writes(struct graph *graph)
{
	const struct study *study = graph->study;
	const struct transaction *list = study->transactions->list;
	struct turn *turns = study_room(study->write_count, sizeof(*turns));
	uint32_t count = 0;

	for (uint32_t i = 0; i < study->write_count; i++) {
		const struct write *write = &study->writes[i];

		if (unchained(study, write) && committed(&list[write->transaction]))
			turns[count++] = (struct turn){list[write->transaction].process, write->key,
						       write->transaction, i};
	}
	qsort(turns, count, sizeof(*turns), by_turn);
	for (uint32_t i = 0; i + 1 < count; i++)
		if (follows(study, &turns[i], &turns[i + 1]))
			overwrite(graph, &turns[i], &turns[i + 1]);
	free(turns);
}

/* Who overwrote what he read: whoever came behind him overwrote it as well. */
static void edges_past_own_write(struct graph *graph, const struct seen *seen)
{
	const struct study *study = graph->study;
	uint32_t length = study->lineages[seen->key].length;
	uint32_t first = seen->write == NOBODY_WROTE ? 0 : study->writes[seen->write].place;
	uint32_t place = first;

	if (!seen->updates || (!first && seen->value))
		return;
	while (place < length &&
	       chained(study, seen->key, place + 1)->transaction == seen->transaction)
		place++;
	if (place == first)
		return;
	graph_add_overwriting(graph, seen, place);
}

/* What the reads make certain, and sessions instead of real time: an edge of real time leads from a
 * transaction to its session's later ones. */
static void build_sessions(struct graph *graph, struct study *study)
{
	graph_begin(graph, study, true);
	edges_of_sessions(graph);
	for (uint32_t i = 0; i < study->seen_count; i++)
		edges_past_own_write(graph, &study->seen[i]);
	if (!of_lists(study->transactions)) /* of lists, nobody read what no chain holds */
		edges_of_own_writes(graph);
	graph_sort(graph);
}

/* ---- Cycles ---------------------------------------------------------------------------------- */

enum { LOOKS_MAX = 10000000 }; /* at edges, for each sort of later transaction */

/* How far a walk has come: along the session; and then without an overwritten read, or past one. */
enum stage { ALONG_SESSION, DEPENDS, DEPENDS_PAST_READ, STAGES };

struct walk {
	const struct graph *graph;
	uint32_t *component;
	uint32_t *came; /* by node and stage: the edge that led there, plus 1 */
	uint32_t *from; /* likewise: out of which node and stage */
	uint32_t *line; /* nodes and stages to look at */
	uint32_t tail;
	const struct edge **cycle;
	struct step *steps;
	uint64_t looks;
	bool later_reads; /* the later transaction that is sought is a reader */
	bool found[2];    /* with an earlier one that wrote; that read */
};

static const enum anomaly guarantees[2][2] = {
	/* by what the earlier one did, and the later one: wrote, read */
	{ANOMALY_MONOTONIC_WRITES, ANOMALY_READ_YOUR_WRITES},
	{ANOMALY_WRITES_FOLLOW_READS, ANOMALY_MONOTONIC_READS},
};

/* The stage behind an edge; STAGES: it leads nowhere. */
static enum stage stage_behind(const struct walk *walk, const struct edge *edge, enum stage stage)
{
	bool overwrites = edge->dependency == DEPENDS_RW;

	if (edge->continues)
		return stage;
	if (edge->dependency == DEPENDS_REALTIME)
		return STAGES;
	if (stage == ALONG_SESSION && overwrites != walk->later_reads)
		return STAGES;
	if (stage == DEPENDS_PAST_READ)
		return overwrites ? STAGES : stage;
	return overwrites ? DEPENDS_PAST_READ : DEPENDS;
}

static void found_cycle(struct walk *walk, const struct edge *start, const struct edge *last,
			uint32_t place, bool earlier_reads)
{
	uint32_t length = 0;

	walk->cycle[length++] = last;
	for (; walk->came[place]; place = walk->from[place])
		walk->cycle[length++] = &walk->graph->edges[walk->came[place] - 1];
	walk->cycle[length++] = start;
	study_found(walk->graph->study, guarantees[earlier_reads][walk->later_reads], true,
		    walk->steps, graph_steps(walk->graph, walk->cycle, length, walk->steps));
	walk->found[earlier_reads] = true;
}

static void look_along(struct walk *walk, const struct edge *start, uint32_t place,
		       const struct edge *edge)
{
	enum stage stage = stage_behind(walk, edge, (enum stage)(place % STAGES));
	uint32_t next = edge->to * STAGES + stage;

	walk->looks++;
	if (stage == STAGES || walk->component[edge->to] != walk->component[start->from])
		return;
	if (edge->to == start->from) {
		if (!walk->found[edge->dependency == DEPENDS_WR])
			found_cycle(walk, start, edge, place, edge->dependency == DEPENDS_WR);
	} else if (!walk->came[next]) {
		walk->came[next] = (uint32_t)(edge - walk->graph->edges) + 1;
		walk->from[next] = place;
		walk->line[walk->tail++] = next;
	}
}

/* From a transaction along its session, and along dependencies back to it. */
static void walk_from(struct walk *walk, const struct edge *start)
{
	const struct graph *graph = walk->graph;

	walk->tail = 0;
	walk->line[walk->tail++] = start->to * STAGES + ALONG_SESSION;
	for (uint32_t head = 0; head < walk->tail; head++) {
		uint32_t place = walk->line[head], node = place / STAGES;

		for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++)
			look_along(walk, start, place, &graph->edges[i]);
	}
	for (uint32_t i = 0; i < walk->tail; i++)
		walk->came[walk->line[i]] = 0;
}

static void seek_guarantees(struct walk *walk)
{
	const struct graph *graph = walk->graph;

	walk->looks = 0;
	walk->found[0] = walk->found[1] = false;
	for (uint32_t i = 0; i < graph->count && walk->looks < LOOKS_MAX; i++) {
		const struct edge *edge = &graph->edges[i];

		if (edge->dependency == DEPENDS_REALTIME && !edge->continues &&
		    walk->component[edge->from] &&
		    walk->component[edge->from] == walk->component[edge->to])
			walk_from(walk, edge);
		if (walk->found[0] && walk->found[1])
			return;
	}
}

void sessions_study(struct study *study)
{
	struct graph graph;

	build_sessions(&graph, study);
	size_t n = graph.nodes, places = n * STAGES;
	struct walk walk = {.graph = &graph,
			    .component = study_room(n, sizeof(uint32_t)),
			    .came = study_room(places, sizeof(uint32_t)),
			    .from = study_room(places, sizeof(uint32_t)),
			    .line = study_room(places, sizeof(uint32_t)),
			    .cycle = study_room(places + 2, sizeof(struct edge *)),
			    .steps = study_room(places + 2, sizeof(struct step))};

	if (graph_components(&graph,
			     1u << DEPENDS_WW | 1u << DEPENDS_WR | 1u << DEPENDS_RW |
				     1u << DEPENDS_REALTIME,
			     walk.component))
		for (unsigned reads = 0; reads < 2; reads++) {
			walk.later_reads = reads;
			seek_guarantees(&walk);
		}
	free(walk.component);
	free(walk.came);
	free(walk.from);
	free(walk.line);
	free(walk.cycle);
	free(walk.steps);
	graph_free(&graph);
}
