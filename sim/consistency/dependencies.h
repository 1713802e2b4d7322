/*
 * The graph of dependencies between transactions: built by dependencies.c, searched for cycles by
 * cycles.c, and kept to by the search of serial.c.
 */
#ifndef SIM_CONSISTENCY_DEPENDENCIES_H
#define SIM_CONSISTENCY_DEPENDENCIES_H

#include "sim/consistency/versions.h"

struct edge {
	uint32_t from, to;
	uint8_t dependency; /* that it is */
	bool continues;     /* out of a helper */
	bool by_time;       /* a dependency that only real time makes certain */
	uint32_t key;
	uint64_t value, next;
};

/* Nodes are transactions, then helpers (see dependencies.c). */
struct graph {
	struct study *study;
	uint32_t transactions, nodes;
	bool realtime;      /* its edges are of real time, too */
	struct edge *edges; /* by `from` */
	uint32_t count, room;
	uint32_t *first; /* where the edges of a node begin; one more than there are nodes */
};

void graph_build(struct graph *, struct study *, bool realtime);
/* Opens it with what the reads alone make certain; with `times`, there are helpers for times: one a
 * transaction, from graph_line on. graph_sort closes it. */
void graph_begin(struct graph *, struct study *, bool times);
static inline uint32_t graph_line(const struct graph *graph)
{
	return graph->transactions + 2 * (graph->study->transactions->keys + 1);
}
void graph_free(struct graph *);
/* Adds edges; graph_sort then puts them in their places. */
void graph_add(struct graph *, struct edge);
/* From who wrote or read the end of a key's chain to all versions that no chain holds. */
void graph_add_behind(struct graph *, uint32_t from, enum dependency, uint32_t key, uint64_t value);
/* From who read to who wrote next in the key's chain, behind that place. */
void graph_add_overwriting(struct graph *, const struct seen *, uint32_t place);
void graph_sort(struct graph *);
/* Adds what follows for registers, until nothing more does. */
void graph_saturate(struct graph *);
/* An order of all nodes that agrees with all edges; false: they go round in a circle. */
bool graph_order_nodes(const struct graph *, uint32_t *order);
/* An order of what happened that agrees with all edges; false: they go round in a circle. */
bool graph_order(const struct graph *, uint32_t *order, uint32_t *count);

/* Strongly connected components of some kinds of edges, by node, from 1; 0: alone. False: all are.
 */
bool graph_components(const struct graph *, uint32_t dependencies, uint32_t *component);
/* The steps of a cycle, whose last edge comes first: an edge into a helper and those out of it are
 * one. Returns their number. */
uint32_t graph_steps(const struct graph *, const struct edge *const cycle[], uint32_t length,
		     struct step steps[]);
/* Looks for cycles, and notes them by name: those that need real time only where no other is. */
void cycles_study(const struct graph *);

/* Searches for a serial order of registers' transactions that agrees with all edges; `strict`: and
 * with real time. `graph` NULL: nothing is known. */
enum legality serial_search(struct study *, const struct graph *, const struct judge_limits *,
			    bool strict);

#endif
