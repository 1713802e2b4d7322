/*
 * The judge of transactions: from the plainest anomaly to the serial order.
 *
 * Every legal verdict carries an order that serial_order_holds accepts; every illegal one either
 * names an anomaly, or comes of a search that found no order. See transactions.h.
 */
#include "sim/consistency/dependencies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const transaction_models[TRANSACTION_MODELS] = {
	[TRANSACTION_MULTI_REGISTER] = "multi-register", [TRANSACTION_LIST_APPEND] = "list-append",
	[TRANSACTION_RW_REGISTER] = "rw-register",       [TRANSACTION_BANK] = "bank",
	[TRANSACTION_LONG_FORK] = "long-fork",
};

#define ADYA "Adya 1999, "
const struct anomaly_kind anomalies[ANOMALIES] = {
	[ANOMALY_INTERNAL] = {"internal", "a transaction contradicts its own reads or writes",
			      "read uncommitted", "Kingsbury and Alvaro 2020, 6.1"},
	[ANOMALY_UNWRITTEN] = {"unwritten-read", "a value was read that nobody wrote",
			       "read uncommitted", "Kingsbury and Alvaro 2020, 4.2"},
	[ANOMALY_DUPLICATE] = {"duplicate-elements", "a value that was appended once stands twice",
			       "read uncommitted", "Kingsbury and Alvaro 2020, 6.1"},
	[ANOMALY_INCOMPATIBLE] = {"incompatible-order", "two reads of a list part",
				  "read uncommitted", "Kingsbury and Alvaro 2020, 4.2"},
	[ANOMALY_OVERDRAWN] = {"negative-balance", "an account was seen below zero",
			       "read uncommitted", "the bank of Jepsen"},
	[ANOMALY_WRONG_TOTAL] = {"wrong-total", "a read of all accounts told another sum",
				 "snapshot isolation", "the bank of Jepsen"},
	[ANOMALY_UNEXPLAINED] = {"unexplained-balance",
				 "no transfers lead from one read to another", "read uncommitted",
				 "the accounts that transfers join keep their sum"},
	[ANOMALY_G1A] = {"G1a", "aborted read: what an aborted transaction wrote was read",
			 "read committed", ADYA "3.1.1"},
	[ANOMALY_G1B] = {"G1b", "intermediate read: the writer had not done with the key",
			 "read committed", ADYA "3.1.1"},
	[ANOMALY_G0] = {"G0", "write cycle: each overwrote the next", "read uncommitted",
			ADYA "3.1"},
	[ANOMALY_G1C] = {"G1c", "circular information flow: each read or overwrote the next",
			 "read committed", ADYA "3.1.1"},
	[ANOMALY_LOST_UPDATE] = {"lost-update", "two overwrote one version that both had read",
				 "snapshot isolation", "Berenson et al., SIGMOD 1995, P4"},
	[ANOMALY_G_SINGLE] = {"G-single", "read skew: a cycle with one overwritten read",
			      "snapshot isolation", ADYA "4.2"},
	[ANOMALY_LONG_FORK] = {"long-fork", "two readers saw two writes in opposite orders",
			       "snapshot isolation", "Sovran et al., SOSP 2011"},
	[ANOMALY_G2] = {"G2-item", "write skew: a cycle with overwritten reads", "repeatable read",
			ADYA "3.2.3"},
	[ANOMALY_READ_YOUR_WRITES] = {"read-your-writes", "a session did not see its own write",
				      "session guarantees", "Terry et al., PDIS 1994"},
	[ANOMALY_MONOTONIC_READS] = {"monotonic-reads",
				     "a session saw an older version than before",
				     "session guarantees", "Terry et al., PDIS 1994"},
	[ANOMALY_MONOTONIC_WRITES] = {"monotonic-writes",
				      "a session's later write stands before an earlier one",
				      "session guarantees", "Terry et al., PDIS 1994"},
	[ANOMALY_WRITES_FOLLOW_READS] = {"writes-follow-reads",
					 "a session's write stands before what it had read",
					 "session guarantees", "Terry et al., PDIS 1994"},
};

void study_found(struct study *study, enum anomaly kind, bool realtime, const struct step *steps,
		 uint32_t count)
{
	struct transactions_finding *finding = study->finding;

	for (unsigned i = 0; i < finding->found_count; i++)
		if (finding->found[i].kind == kind && finding->found[i].realtime == realtime)
			return;
	finding->steps = realloc(finding->steps,
				 (finding->step_count + count) * sizeof(struct step));
	if (!finding->steps)
		abort();
	memcpy(finding->steps + finding->step_count, steps, count * sizeof(struct step));
	finding->found[finding->found_count++] = (struct anomaly_found){
		.kind = kind,
		.realtime = realtime,
		.first_step = finding->step_count,
		.step_count = count,
	};
	finding->step_count += count;
}

static bool refuted(const struct transactions_finding *finding, bool strict)
{
	for (unsigned i = 0; i < finding->found_count; i++)
		if (strict || !finding->found[i].realtime)
			return true;
	return false;
}

static int by_kind(const void *a, const void *b)
{
	const struct anomaly_found *x = a, *y = b;

	if (x->realtime != y->realtime)
		return x->realtime ? 1 : -1;
	return (int)x->kind - (int)y->kind;
}

/* What the dependencies alone say. */
static enum legality judge_graph(struct study *study, const struct graph *graph, bool strict)
{
	struct transactions_finding *finding = study->finding;

	finding->engine = "dependencies";
	if (!graph_order(graph, finding->order, &finding->order_count))
		cycles_study(graph);
	if (refuted(finding, strict))
		return ILLEGAL;
	if (serial_order_holds(study->transactions, finding->order, finding->order_count, strict))
		return LEGAL;
	return UNDECIDED;
}

/* One of the two questions: by the dependencies, or else by a search that keeps to them. */
static enum legality judge_order(struct study *study, const struct judge_limits *limits,
				 bool strict)
{
	struct transactions_finding *finding = study->finding;
	enum legality legality = UNDECIDED;
	struct graph graph = {0};

	if (study->unique) {
		graph_build(&graph, study, strict);
		legality = judge_graph(study, &graph, strict);
	} else if (refuted(finding, strict)) {
		finding->engine = study->transactions->model == TRANSACTION_BANK ? "balances"
										 : "reads";
		legality = ILLEGAL;
	}
	if (legality == UNDECIDED) {
		finding->engine = "search";
		legality = serial_search(study, study->unique ? &graph : NULL, limits, strict);
		if (legality == UNDECIDED)
			finding->limit = "configurations";
		else if (legality == LEGAL)
			assert(serial_order_holds(study->transactions, finding->order,
						  finding->order_count, strict));
	}
	graph_free(&graph);
	return legality;
}

/* ---- Long forks ------------------------------------------------------------------------------ */

/*
 * Of a long fork, a history may show the reads alone: a value that nobody wrote in it was written
 * by somebody of whom nothing else is known. Those stand behind the others.
 */
static struct transactions with_unseen_writers(const struct transactions *t)
{
	struct transactions all = *t;
	uint32_t reads = 0, micros = (uint32_t)t->micro_count;

	for (uint32_t i = 0; i < t->count; i++)
		reads += t->list[i].count;
	struct transaction *list = study_room(t->count + reads, sizeof(*list));
	struct micro *micro = study_room(t->micro_count + reads, sizeof(*micro));

	memcpy(list, t->list, t->count * sizeof(*list));
	if (micros)
		memcpy(micro, t->micros, t->micro_count * sizeof(*micro));
	for (uint32_t i = 0; i < micros; i++) {
		bool known = micro[i].kind != MICRO_READ || !micro[i].value;

		for (uint32_t j = 0; j < all.micro_count && !known; j++)
			known = micro[j].kind == MICRO_WRITE && micro[j].key == micro[i].key &&
				micro[j].value == micro[i].value;
		if (known)
			continue;
		list[all.count++] = (struct transaction){
			.first = (uint32_t)all.micro_count, .count = 1, .returned = NEVER_RETURNED};
		micro[all.micro_count++] = (struct micro){
			.kind = MICRO_WRITE, .key = micro[i].key, .value = micro[i].value};
	}
	all.list = list;
	all.micros = micro;
	return all;
}

/* ---- All together ---------------------------------------------------------------------------- */

static void judge_both(struct study *study, const struct judge_limits *limits)
{
	struct transactions_finding *finding = study->finding;

	finding->strict = judge_order(study, limits, true);
	finding->serializable = finding->strict;
	if (finding->strict != LEGAL) {
		if (study->unique)
			sessions_study(study);
		if (finding->strict == UNDECIDED && refuted(finding, true)) {
			finding->strict = ILLEGAL;
			finding->engine = "dependencies";
		}
		finding->serializable = refuted(finding, false) ? ILLEGAL
								: judge_order(study, limits, false);
	}
	if (finding->serializable == ILLEGAL)
		finding->strict = ILLEGAL;
	if (finding->serializable != LEGAL)
		finding->order_count = 0;
}

void judge_transactions(const struct transactions *transactions, const struct judge_limits *limits,
			struct transactions_finding *finding)
{
	bool unseen = transactions->model == TRANSACTION_LONG_FORK;
	struct transactions all = unseen ? with_unseen_writers(transactions) : *transactions;
	struct study study = {.transactions = &all, .finding = finding};

	memset(finding, 0, sizeof(*finding));
	finding->order = study_room(all.count, sizeof(uint32_t));
	if (all.model == TRANSACTION_BANK)
		balances_study(&study);
	else
		versions_study(&study);
	judge_both(&study, limits);
	versions_free(&study);
	qsort(finding->found, finding->found_count, sizeof(finding->found[0]), by_kind);
	if (unseen) {
		free((void *)(uintptr_t)all.list);
		free((void *)(uintptr_t)all.micros);
	}
}

void transactions_finding_free(struct transactions_finding *finding)
{
	free(finding->steps);
	free(finding->order);
}
