/*
 * The serial order itself: one that is given is verified, and where dependencies do not tell it (of
 * registers written blindly, of values written twice, of a bank), one is searched for.
 *
 * The search is Wing and Gong's, with whole transactions for operations: depth first, a transaction
 * may come next if all that returned before it was invoked have come, and if its reads say what
 * stands there. Two rules keep it narrow. A transaction that only reads, and may come next, comes
 * next: it changes nothing for the others. And where values are written once, nothing may overwrite
 * a version that somebody has yet to read: it would never be there again. A list is never as short
 * again, whatever is appended; and what is appended is what the longest read shows at that place.
 *
 * Invariant: what is placed stands on the stack in its order, with what it overwrote beside it;
 * what is not, in the list. Configurations (what is placed, and what stands there) are kept in mind
 * as digests of 128 bits.
 */
#include "sim/consistency/dependencies.h"
#include "sim/consistency/engines.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- Verifying ------------------------------------------------------------------------------- */

struct cell {           /* what stands under a key */
	uint64_t value; /* of a register; of a list, its last element */
	uint64_t *list;
	uint32_t length, room;
	bool told; /* of an account: a read has told its balance; before, `value` is what came in */
};

static void cell_append(struct cell *cell, uint64_t value)
{
	if (cell->length == cell->room) {
		cell->room = cell->room ? 2 * cell->room : 8;
		cell->list = realloc(cell->list, cell->room * sizeof(uint64_t));
		if (!cell->list)
			abort();
	}
	cell->list[cell->length++] = value;
}

static bool micro_holds(const struct transactions *t, struct cell *cells, const struct micro *micro,
			bool told)
{
	struct cell *cell = &cells[micro->key];

	switch (micro->kind) {
	case MICRO_WRITE: cell->value = micro->value; return true;
	case MICRO_APPEND: cell_append(cell, micro->value); return true;
	case MICRO_ADD: cell->value += micro->value; return true;
	case MICRO_READ: break;
	}
	if (!told)
		return true;
	if (t->model == TRANSACTION_BANK && !cell->told) {
		cell->told = true;
		cell->value = micro->value;
	}
	if (!of_lists(t))
		return micro->value == cell->value;
	return micro->count == cell->length &&
	       (cell->length == 0 ||
		!memcmp(cell->list, t->values + micro->first, cell->length * sizeof(uint64_t)));
}

/* Nothing stands before what had returned before it was invoked; all that committed is there. */
static bool order_agrees(const struct transactions *t, const uint32_t *order, uint32_t count,
			 bool strict)
{
	bool *there = study_room(t->count, sizeof(bool));
	uint32_t earliest_return = NEVER_RETURNED;
	bool agrees = true;

	for (uint32_t i = count; i-- > 0;) {
		const struct transaction *transaction = &t->list[order[i]];

		agrees = agrees && !there[order[i]] && !transaction->aborted;
		agrees = agrees && (!strict || transaction->invoked <= earliest_return);
		there[order[i]] = true;
		if (committed(transaction) && transaction->returned < earliest_return)
			earliest_return = transaction->returned;
	}
	for (uint32_t i = 0; i < t->count; i++)
		agrees = agrees && (there[i] || !committed(&t->list[i]));
	free(there);
	return agrees;
}

bool serial_order_holds(const struct transactions *t, const uint32_t *order, uint32_t count,
			bool strict)
{
	struct cell *cells = study_room(t->keys, sizeof(*cells));
	bool holds = order_agrees(t, order, count, strict);

	for (uint32_t i = 0; i < count && holds; i++) {
		const struct transaction *transaction = &t->list[order[i]];

		for (uint32_t m = 0; m < transaction->count && holds; m++)
			holds = micro_holds(t, cells, &t->micros[transaction->first + m],
					    committed(transaction));
	}
	for (uint32_t key = 1; key <= t->keys; key++)
		free(cells[key].list);
	free(cells);
	return holds;
}

/* ---- Searching ------------------------------------------------------------------------------- */

struct configuration {
	uint64_t low, high; /* all zero: a free place */
};

enum { CONFIGURATIONS_MEMORY = 1 << 27, LOOKS_MAX = 50000000 }; /* where nobody says how much */

struct undo {
	uint32_t key, version;
	uint64_t value;
};

struct placed {
	uint32_t transaction;
	uint32_t undo; /* where its own begin */
	bool forced;   /* nothing else was worth trying here */
};

struct search {
	const struct study *study;
	const struct graph *graph;
	uint32_t *waits; /* by node: edges from what is not placed */
	const struct transactions *t;
	bool strict;
	uint32_t *next,
		*before;   /* the list of what is not placed, by invocation; `count` its head */
	uint64_t *value;   /* by key; of a list, a digest of its elements */
	uint32_t *version; /* likewise: the write that stands there; NOBODY_WROTE: initial ... */
	uint32_t *awaited; /* by write: external reads of it that are not placed */
	uint32_t *first_awaited; /* by key: of the initial value */
	uint32_t *lengths;       /* ... of a list: its length; by key, where its lengths begin in
				    `awaited` */
	uint64_t *shown;         /* by micro-operation: digests of the lists that were read */
	struct placed *stack;
	uint32_t depth, left; /* committed ones that are not placed */
	struct undo *undos;
	uint32_t undo_count, undo_room;
	uint64_t low, high; /* digest of the configuration */
	struct configuration *seen;
	uint64_t seen_count, seen_room, seen_most;
	uint64_t looks; /* at transactions that might come next: bounds the time */
};

static void toggle(struct search *search, uint64_t what, uint64_t value)
{
	search->low ^= mixed(mixed(what) + value);
	search->high ^= mixed(mixed(~what) + value);
}

/* False: it was there already. `full` is set where there is no more room to keep it in mind. */
static bool keep_in_mind(struct search *search, bool *full)
{
	if (search->seen_count * 2 >= search->seen_room) {
		uint64_t room = search->seen_room ? 2 * search->seen_room : 1024;

		if (room > search->seen_most) {
			*full = true;
			return false;
		}
		struct configuration *old = search->seen;

		search->seen = study_room(room, sizeof(*old));
		for (uint64_t i = 0; i < search->seen_room; i++) {
			uint64_t at = old[i].low & (room - 1);

			if (!old[i].low && !old[i].high)
				continue;
			while (search->seen[at].low || search->seen[at].high)
				at = (at + 1) & (room - 1);
			search->seen[at] = old[i];
		}
		free(old);
		search->seen_room = room;
	}
	uint64_t at = search->low & (search->seen_room - 1);

	for (; search->seen[at].low || search->seen[at].high;
	     at = (at + 1) & (search->seen_room - 1))
		if (search->seen[at].low == search->low && search->seen[at].high == search->high)
			return false;
	search->seen[at] = (struct configuration){search->low, search->high};
	search->seen_count++;
	return true;
}

static void put(struct search *search, uint32_t key, uint64_t value, uint32_t version)
{
	toggle(search, key, search->value[key]);
	search->value[key] = value;
	search->version[key] = version;
	toggle(search, key, value);
}

static void note_undo(struct search *search, uint32_t key)
{
	if (search->undo_count == search->undo_room) {
		search->undo_room = search->undo_room ? 2 * search->undo_room : 256;
		search->undos = realloc(search->undos, search->undo_room * sizeof(struct undo));
		if (!search->undos)
			abort();
	}
	search->undos[search->undo_count++] = (struct undo){key, search->version[key],
							    search->value[key]};
}

/* Those that wait for what stands there. Nobody waits for more than the longest list. */
static uint32_t *awaiting(struct search *search, uint32_t key)
{
	uint32_t version = search->version[key];

	if (search->lengths) {
		uint32_t longest = search->study->lineages[key].seen_length;

		return &search->awaited[search->lengths[key] +
					(version <= longest ? version : longest + 1)];
	}
	return version == NOBODY_WROTE ? &search->first_awaited[key] : &search->awaited[version];
}

/* What it reads from others; each counts once, at its first look at a key. */
static bool first_look(const struct search *search, uint32_t transaction, uint32_t i)
{
	const struct micro *micro = micro_at(search->study, transaction, i);

	if (micro->kind != MICRO_READ || !committed(&search->t->list[transaction]))
		return false;
	for (uint32_t j = 0; j < i; j++)
		if (micro_at(search->study, transaction, j)->key == micro->key)
			return false;
	return true;
}

static void take_back(struct search *search, uint32_t undo)
{
	while (search->undo_count > undo) {
		const struct undo *last = &search->undos[--search->undo_count];

		put(search, last->key, last->value, last->version);
	}
}

static uint64_t grown(uint64_t list, uint64_t element)
{
	return mixed(mixed(list + 1) ^ element);
}

/* What an append makes of a list; false: the longest read shows something else in its place. */
static bool append(struct search *search, const struct micro *micro)
{
	const struct lineage *object = &search->study->lineages[micro->key];
	uint32_t length = search->version[micro->key];

	if (length < object->seen_length && object->longest[length] != micro->value)
		return false;
	put(search, micro->key, grown(search->value[micro->key], micro->value), length + 1);
	return true;
}

static bool shows(const struct search *search, const struct micro *micro)
{
	uint64_t there = search->value[micro->key];

	return there == (search->shown ? search->shown[micro - search->t->micros] : micro->value);
}

/* Nobody wrote the first balance: it is what makes the first read of the account right. */
static bool tells_balance(struct search *search, const struct micro *micro)
{
	if (search->t->model != TRANSACTION_BANK || search->version[micro->key] != NOBODY_WROTE)
		return false;
	note_undo(search, micro->key);
	put(search, micro->key, micro->value, 0);
	return true;
}

/* May nothing that is written be left unread for good? So it is where versions have names. */
static bool has_readers(const struct search *search)
{
	return search->study->unique || search->lengths;
}

/* Carries it out where its reads allow it; `reads_only` says whether it changed nothing. */
static bool carry_out(struct search *search, uint32_t transaction, bool *reads_only)
{
	uint32_t undo = search->undo_count;

	*reads_only = true;
	for (uint32_t i = 0; i < search->t->list[transaction].count; i++) {
		const struct micro *micro = micro_at(search->study, transaction, i);

		if (micro->kind == MICRO_READ) {
			if (!committed(&search->t->list[transaction]))
				continue;
			if (tells_balance(search, micro))
				*reads_only = false;
			else if (!shows(search, micro))
				goto impossible;
			continue;
		}
		bool own = false;

		for (uint32_t j = 0; j < i && !own; j++)
			own = first_look(search, transaction, j) &&
			      micro_at(search->study, transaction, j)->key == micro->key;
		if (has_readers(search) && *awaiting(search, micro->key) > own)
			goto impossible;
		note_undo(search, micro->key);
		*reads_only = false;
		if (micro->kind == MICRO_WRITE)
			put(search, micro->key, micro->value,
			    search->study->unique
				    ? write_find(search->study, micro->key, micro->value)
				    : NOBODY_WROTE);
		else if (micro->kind == MICRO_ADD)
			put(search, micro->key, search->value[micro->key] + micro->value,
			    search->version[micro->key]);
		else if (!append(search, micro))
			goto impossible;
	}
	return true;
impossible:
	take_back(search, undo);
	return false;
}

static void count_reads(struct search *search, uint32_t transaction, int32_t by)
{
	for (uint32_t i = 0; has_readers(search) && i < search->t->list[transaction].count; i++) {
		const struct micro *micro = micro_at(search->study, transaction, i);

		if (!first_look(search, transaction, i))
			continue;
		uint32_t write = search->lengths ? search->lengths[micro->key] + micro->count
				 : !micro->value
					 ? NOBODY_WROTE
					 : write_find(search->study, micro->key, micro->value);
		uint32_t *count = write == NOBODY_WROTE ? &search->first_awaited[micro->key]
							: &search->awaited[write];

		*count = (uint32_t)((int32_t)*count + by);
	}
}

/* A node is placed: so are the helpers that waited for nothing else. */
static void release(struct search *search, uint32_t node)
{
	const struct graph *graph = search->graph;

	for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++) {
		uint32_t to = graph->edges[i].to;

		if (--search->waits[to] == 0 && to >= graph->transactions)
			release(search, to);
	}
}

static void hold(struct search *search, uint32_t node)
{
	const struct graph *graph = search->graph;

	for (uint32_t i = graph->first[node]; i < graph->first[node + 1]; i++) {
		uint32_t to = graph->edges[i].to;

		if (search->waits[to]++ == 0 && to >= graph->transactions)
			hold(search, to);
	}
}

static void place(struct search *search, uint32_t transaction, uint32_t undo, bool forced)
{
	if (search->graph)
		release(search, transaction);
	search->stack[search->depth++] = (struct placed){transaction, undo, forced};
	search->next[search->before[transaction]] = search->next[transaction];
	search->before[search->next[transaction]] = search->before[transaction];
	count_reads(search, transaction, -1);
	toggle(search, (uint64_t)1 << 32 | transaction, 1);
	search->left -= committed(&search->t->list[transaction]);
}

/* Takes the last one back. Returns where the list goes on behind it. */
static uint32_t lift(struct search *search)
{
	struct placed placed = search->stack[--search->depth];
	uint32_t transaction = placed.transaction;

	search->next[search->before[transaction]] = transaction;
	search->before[search->next[transaction]] = transaction;
	if (search->graph)
		hold(search, transaction);
	count_reads(search, transaction, 1);
	toggle(search, (uint64_t)1 << 32 | transaction, 1);
	take_back(search, placed.undo);
	search->left += committed(&search->t->list[transaction]);
	return search->next[transaction];
}

static uint32_t earliest_before(const struct search *search, uint32_t transaction)
{
	uint32_t head = search->t->count, earliest = NEVER_RETURNED;

	for (uint32_t i = search->next[head]; i != transaction; i = search->next[i])
		if (committed(&search->t->list[i]) && search->t->list[i].returned < earliest)
			earliest = search->t->list[i].returned;
	return earliest;
}

/* Places the next that fits, from `at` on in the list; false where none does. */
static bool advance(struct search *search, uint32_t at, bool *full)
{
	uint32_t head = search->t->count;
	uint32_t earliest = search->strict ? earliest_before(search, at) : NEVER_RETURNED;

	for (; at != head; at = search->next[at]) {
		const struct transaction *transaction = &search->t->list[at];
		uint32_t undo = search->undo_count;
		bool reads_only;

		if (transaction->invoked > earliest)
			return false; /* somebody returned before all from here on */
		if (++search->looks > LOOKS_MAX) {
			*full = true;
			return false;
		}
		if (search->strict && committed(transaction) && transaction->returned < earliest)
			earliest = transaction->returned;
		if ((search->graph && search->waits[at]) || !carry_out(search, at, &reads_only))
			continue;
		place(search, at, undo, reads_only);
		if (keep_in_mind(search, full))
			return true;
		lift(search);
		if (*full || reads_only)
			return false;
	}
	return false;
}

static enum legality run(struct search *search)
{
	uint32_t head = search->t->count, at = search->next[head];
	bool full = false;

	while (search->left) {
		if (advance(search, at, &full)) {
			at = search->next[head];
			continue;
		}
		bool forced;

		do {
			if (full || !search->depth)
				return full ? UNDECIDED : ILLEGAL;
			forced = search->stack[search->depth - 1].forced;
			at = lift(search);
		} while (forced);
	}
	return LEGAL;
}

/* Helpers for which nothing waits from the start are placed before all. */
static void wait_for_edges(struct search *search)
{
	const struct graph *graph = search->graph;
	uint32_t *incoming;

	search->waits = study_room(graph->nodes, sizeof(uint32_t));
	incoming = study_room(graph->nodes, sizeof(uint32_t));
	for (uint32_t i = 0; i < graph->count; i++) {
		search->waits[graph->edges[i].to]++;
		incoming[graph->edges[i].to]++;
	}
	for (uint32_t node = graph->transactions; node < graph->nodes; node++)
		if (!incoming[node])
			release(search, node);
	free(incoming);
}

/* Of lists, versions are lengths, and what a read shows is kept as a digest. */
static void measure_lists(struct search *search)
{
	const struct transactions *t = search->t;
	uint32_t lengths = 0;

	search->lengths = study_room(t->keys, sizeof(uint32_t));
	search->shown = study_room(t->micro_count, sizeof(uint64_t));
	for (uint32_t key = 1; key <= t->keys; key++) {
		search->lengths[key] = lengths;
		search->version[key] = 0;
		lengths += search->study->lineages[key].seen_length + 2;
	}
	free(search->awaited);
	search->awaited = study_room(lengths, sizeof(uint32_t));
	for (size_t i = 0; i < t->micro_count; i++)
		for (uint32_t n = 0; t->micros[i].kind == MICRO_READ && n < t->micros[i].count; n++)
			search->shown[i] = grown(search->shown[i],
						 t->values[t->micros[i].first + n]);
}

/* Can anybody have seen what it wrote? If not, it need not have happened. */
static bool may_be_seen(const struct study *study, uint32_t transaction)
{
	if (study->unique || !of_lists(study->transactions) ||
	    committed(&study->transactions->list[transaction]))
		return !study->unique || study->happened[transaction];
	for (uint32_t i = 0; i < study->transactions->list[transaction].count; i++) {
		const struct micro *micro = micro_at(study, transaction, i);
		const struct lineage *object = &study->lineages[micro->key];

		for (uint32_t n = 0; micro->kind != MICRO_READ && n < object->seen_length; n++)
			if (object->longest[n] == micro->value)
				return true;
	}
	return false;
}

static void search_open(struct search *search, const struct study *study, const struct graph *graph,
			const struct judge_limits *limits, bool strict)
{
	const struct transactions *t = study->transactions;
	uint64_t memory = limits->memory ? limits->memory : CONFIGURATIONS_MEMORY;
	uint32_t last = t->count;

	*search = (struct search){
		.study = study, .graph = graph, .t = t, .strict = strict, .seen_most = 1024};
	while (search->seen_most * 2 * sizeof(struct configuration) <= memory)
		search->seen_most *= 2;
	search->next = study_room(t->count, sizeof(uint32_t));
	search->before = study_room(t->count, sizeof(uint32_t));
	search->value = study_room(t->keys, sizeof(uint64_t));
	search->version = study_room(t->keys, sizeof(uint32_t));
	search->awaited = study_room(study->write_count, sizeof(uint32_t));
	search->first_awaited = study_room(t->keys, sizeof(uint32_t));
	search->stack = study_room(t->count, sizeof(struct placed));
	for (uint32_t key = 1; key <= t->keys; key++)
		search->version[key] = NOBODY_WROTE;
	if (of_lists(t))
		measure_lists(search);
	for (uint32_t i = 0; i < t->count; i++) {
		if (t->list[i].aborted || !may_be_seen(study, i))
			continue;
		search->next[last] = i;
		search->before[i] = last;
		last = i;
		count_reads(search, i, 1);
		search->left += committed(&t->list[i]);
	}
	search->next[last] = t->count;
	search->before[t->count] = last;
	if (graph)
		wait_for_edges(search);
}

static void search_close(struct search *search)
{
	free(search->waits);
	free(search->next);
	free(search->before);
	free(search->value);
	free(search->version);
	free(search->awaited);
	free(search->first_awaited);
	free(search->lengths);
	free(search->shown);
	free(search->stack);
	free(search->undos);
	free(search->seen);
}

enum legality serial_search(struct study *study, const struct graph *graph,
			    const struct judge_limits *limits, bool strict)
{
	struct transactions_finding *finding = study->finding;
	struct search search;

	search_open(&search, study, graph, limits, strict);
	enum legality legality = run(&search);

	finding->configurations += search.seen_count;
	if (legality == LEGAL) {
		finding->order_count = search.depth;
		for (uint32_t i = 0; i < search.depth; i++)
			finding->order[i] = search.stack[i].transaction;
	}
	search_close(&search);
	return legality;
}
