/*
 * How fast the judge of histories is: right ones, and wrong ones by a read that tells a value
 * written and overwritten before it. Where values are few, most wrong reads can be explained, so
 * twenty are swapped; how many histories were illegal then is a figure, too. Making the histories
 * is not counted; the order is, or the core.
 */
#include "tests/consistency/figures.h"

#include "tests/consistency/histories.h"
#include "tests/consistency/transaction_histories.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 20 };

static const struct kind {
	const char *name;
	struct recipe recipe;
	unsigned swaps; /* of reads, in a wrong one; 0: there is none */
} kinds[] = {
	{"check_register_unique_1M",
	 {.model = &model_register,
	  .clients = 50,
	  .operations = 1000000,
	  .keys = 1,
	  .weights = {1, 1}},
	 1},
	{"check_queue_100k",
	 {.model = &model_queue, .clients = 10, .operations = 100000, .keys = 1, .weights = {1, 1}},
	 0},
	{"check_kv_100k",
	 {.model = &model_kv,
	  .clients = 10,
	  .operations = 100000,
	  .keys = 10,
	  .weights = {4, 4, 0, 0, 2}},
	 1},
	{"check_register_5_values_10k",
	 {.model = &model_register,
	  .clients = 20,
	  .operations = 10000,
	  .keys = 1,
	  .values = 5,
	  .weights = {1, 1}},
	 20},
	{"check_cas_5_values_10k",
	 {.model = &model_cas_register,
	  .clients = 20,
	  .operations = 10000,
	  .keys = 1,
	  .values = 5,
	  .weights = {1, 1, 1}},
	 20},
	{"check_cas_hidden_5_values_10k",
	 {.model = &model_cas_register,
	  .clients = 20,
	  .operations = 10000,
	  .keys = 1,
	  .values = 5,
	  .weights = {1, 1, 1},
	  .hide_misses = true},
	 20},
	{"check_cas_100k",
	 {.model = &model_cas_register,
	  .clients = 10,
	  .operations = 100000,
	  .keys = 1,
	  .values = 5,
	  .weights = {1, 1, 2}},
	 20},
	{"check_pending_writes_1k",
	 {.model = &model_register,
	  .clients = 20,
	  .operations = 1000,
	  .keys = 1,
	  .values = 5,
	  .weights = {1, 1},
	  .unknown = 20},
	 20},
	{"check_pending_cas_1k",
	 {.model = &model_cas_register,
	  .clients = 20,
	  .operations = 1000,
	  .keys = 1,
	  .values = 5,
	  .weights = {1, 1, 1},
	  .unknown = 10},
	 20},
	{"check_set_reads_10k",
	 {.model = &model_set,
	  .clients = 10,
	  .operations = 10000,
	  .keys = 1,
	  .weights = {50, 0, 0, 0, 0, 1},
	  .unknown = 5},
	 0},
};

struct measured {
	double took[SEEDS];
	unsigned illegal, minimal; /* histories; cores */
	double core[SEEDS];        /* operations, of those that are illegal */
	bool sound;
	size_t held; /* bytes */
};

static void judge_one(const struct kind *kind, struct made *made, bool wrong,
		      double (*seconds)(void), double *took, struct measured *measured)
{
	struct room *room = room_open();
	struct judge_limits limits = {.core = true};
	struct finding finding;
	double start = seconds();

	judge(room, kind->recipe.model, &made->history, &limits, &finding);
	*took = seconds() - start;
	if (finding.legality == ILLEGAL)
		measured->core[measured->illegal++] = (double)finding.core_count;
	measured->minimal += finding.legality == ILLEGAL && finding.core_minimal;
	measured->sound &= finding.legality != UNDECIDED &&
			   (finding.legality != ILLEGAL || (wrong && finding.core_count)) &&
			   (finding.legality != LEGAL || !wrong || kind->swaps != 1);
	if (room_held(room) > measured->held)
		measured->held = room_held(room);
	room_close(room);
}

static int by_size(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static bool measure(const struct kind *kind, bool wrong, double (*seconds)(void),
		    void (*figure)(const char *, double, const char *))
{
	struct measured measured = {.sound = true};
	char name[64];
	size_t bytes = kind->recipe.operations * sizeof(struct operation);

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		struct pcg32 pcg = pcg32_seeded(seed, 3);
		struct made made = make_history(&kind->recipe, &pcg);

		if (wrong && !swap_reads(&made, kind->recipe.model, kind->swaps, &pcg))
			measured.sound = false;
		judge_one(kind, &made, wrong, seconds, &measured.took[seed - 1], &measured);
		made_free(&made);
	}
	qsort(measured.took, SEEDS, sizeof(double), by_size);
	snprintf(name, sizeof(name), "%s.%s", kind->name, wrong ? "wrong" : "right");
	figure(name, 1e3 * (measured.took[SEEDS / 2 - 1] + measured.took[SEEDS / 2]) / 2,
	       "ms, median of 20");
	snprintf(name, sizeof(name), "%s.%s.max", kind->name, wrong ? "wrong" : "right");
	figure(name, 1e3 * measured.took[SEEDS - 1], "ms");
	snprintf(name, sizeof(name), "%s.%s.memory", kind->name, wrong ? "wrong" : "right");
	figure(name, (double)(measured.held + bytes) / 1e6, "MB, history included");
	if (wrong) {
		snprintf(name, sizeof(name), "%s.wrong.illegal", kind->name);
		figure(name, measured.illegal, "of 20");
		snprintf(name, sizeof(name), "%s.wrong.minimal", kind->name);
		figure(name, measured.minimal, "of the cores, seen to be minimal");
		qsort(measured.core, measured.illegal, sizeof(double), by_size);
		snprintf(name, sizeof(name), "%s.wrong.core", kind->name);
		figure(name, measured.core[measured.illegal / 2], "operations, median");
		snprintf(name, sizeof(name), "%s.wrong.core.max", kind->name);
		figure(name, measured.illegal ? measured.core[measured.illegal - 1] : 0,
		       "operations");
	}
	if (!measured.sound)
		printf("%s: A VERDICT IS WRONG, OR MISSING\n", kind->name);
	return measured.sound;
}

/* ---- Transactions ---------------------------------------------------------------------------- */

/* Right ones, then with one read that lies; 10 clients, keys that retire after 100 writes. */
static bool measure_transactions(const char *kind, enum transaction_model model, uint32_t count,
				 bool wrong, double (*seconds)(void),
				 void (*figure)(const char *, double, const char *))
{
	double took[SEEDS];
	unsigned illegal = 0, undecided = 0;
	char name[64];

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		struct pcg32 pcg = pcg32_seeded(seed, 5);
		struct made_transactions made = make_transactions(model, 10, count, 5, &pcg);
		struct transactions_finding finding;

		if (wrong && !lie_of_one_read(&made, &pcg))
			return false;
		double start = seconds();

		judge_transactions(&made.transactions, &(struct judge_limits){0}, &finding);
		took[seed - 1] = seconds() - start;
		illegal += finding.strict == ILLEGAL;
		undecided += finding.strict == UNDECIDED;
		transactions_finding_free(&finding);
		made_transactions_free(&made);
	}
	qsort(took, SEEDS, sizeof(double), by_size);
	snprintf(name, sizeof(name), "%s.%s", kind, wrong ? "wrong" : "right");
	figure(name, 1e3 * (took[SEEDS / 2 - 1] + took[SEEDS / 2]) / 2, "ms, median of 20");
	snprintf(name, sizeof(name), "%s.%s.max", kind, wrong ? "wrong" : "right");
	figure(name, 1e3 * took[SEEDS - 1], "ms");
	if (wrong) { /* a read of what stood there a moment ago may be right: clients overlap */
		snprintf(name, sizeof(name), "%s.wrong.illegal", kind);
		figure(name, illegal, "of 20");
		snprintf(name, sizeof(name), "%s.wrong.undecided", kind);
		figure(name, undecided, "of 20");
	}
	return wrong || (!illegal && !undecided);
}

static bool transaction_figures(const char *only, double (*seconds)(void),
				void (*figure)(const char *, double, const char *))
{
	static const struct {
		const char *name;
		enum transaction_model model;
		uint32_t count;
	} of[] = {{"check_list_append_100k", TRANSACTION_LIST_APPEND, 100000},
		  {"check_rw_register_100k", TRANSACTION_RW_REGISTER, 100000},
		  {"check_rw_register_5k", TRANSACTION_RW_REGISTER, 5000}};
	bool sound = true;

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		for (int wrong = 0; wrong < 2 && strstr(of[i].name, only); wrong++)
			if (!measure_transactions(of[i].name, of[i].model, of[i].count, wrong,
						  seconds, figure)) {
				printf("%s: A VERDICT IS WRONG, OR MISSING\n", of[i].name);
				sound = false;
			}
	return sound;
}

/* ---- All of them ----------------------------------------------------------------------------- */

bool history_figures(const char *only, double (*seconds)(void),
		     void (*figure)(const char *name, double value, const char *unit))
{
	bool sound = true;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strstr(kinds[i].name, only))
			continue;
		sound &= measure(&kinds[i], false, seconds, figure);
		if (kinds[i].swaps)
			sound &= measure(&kinds[i], true, seconds, figure);
	}
	return transaction_figures(only, seconds, figure) && sound;
}
