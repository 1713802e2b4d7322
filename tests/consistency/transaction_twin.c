/* See transaction_twin.h. A serial run, some of whose reads lie, overlapping in real time. */
#include "tests/consistency/transaction_twin.h"

#include <stdio.h>
#include <string.h>

enum { SMALL = 5, ACCESSES = 3, KEYS = 2, ACCOUNTS = 3, WRITES_MAX = SMALL * ACCESSES };

const struct transaction_subject transaction_subjects[] = {
	{"list-append", TRANSACTION_LIST_APPEND, true},
	{"list-append, values appended twice", TRANSACTION_LIST_APPEND, false},
	{"rw-register", TRANSACTION_RW_REGISTER, true},
	{"rw-register, values written twice", TRANSACTION_RW_REGISTER, false},
	{"bank", TRANSACTION_BANK, false},
	{NULL, TRANSACTION_RW_REGISTER, false},
};

struct small {
	struct transactions t;
	struct transaction list[SMALL];
	struct micro micros[WRITES_MAX];
	uint64_t values[WRITES_MAX * WRITES_MAX];
	/* The store: all that was written to each key. */
	uint64_t there[KEYS + 1][WRITES_MAX];
	uint32_t length[KEYS + 1];
	uint64_t next;
	uint64_t balance[ACCOUNTS + 1], before[ACCOUNTS + 1]; /* now, and one transfer ago */
};

/* ---- Making them ----------------------------------------------------------------------------- */

static void make_write(struct small *small, struct micro *micro, bool unique, bool happens,
		       struct pcg32 *pcg)
{
	bool lists = small->t.model == TRANSACTION_LIST_APPEND;

	micro->kind = lists ? MICRO_APPEND : MICRO_WRITE;
	micro->value = unique ? ++small->next : 1 + pcg32_below(pcg, 2);
	if (happens)
		small->there[micro->key][small->length[micro->key]++] = micro->value;
}

/* A lie is what stood there one write before. */
static void make_read(struct small *small, struct micro *micro, bool lies)
{
	uint32_t length = small->length[micro->key];

	if (lies && length)
		length--;
	if (small->t.model != TRANSACTION_LIST_APPEND) {
		micro->value = length ? small->there[micro->key][length - 1] : 0;
		return;
	}
	micro->first = (uint32_t)small->t.value_count;
	micro->count = length;
	for (uint32_t i = 0; i < length; i++)
		small->values[small->t.value_count++] = small->there[micro->key][i];
}

/* A read tells all balances, a lie what they were or what they are not; or some are transferred. */
static void make_balances(struct small *small, struct transaction *transaction, bool happens,
			  struct pcg32 *pcg)
{
	struct micro *micros = &small->micros[small->t.micro_count];
	bool reads = pcg32_below(pcg, 2), stale = pcg32_below(pcg, 6) == 0;
	uint32_t from = 1 + pcg32_below(pcg, ACCOUNTS), to = 1 + pcg32_below(pcg, ACCOUNTS);
	uint64_t amount = 1 + pcg32_below(pcg, 2);

	transaction->count = reads ? ACCOUNTS : 2;
	small->t.micro_count += transaction->count;
	for (uint32_t key = 1; reads && key <= ACCOUNTS; key++)
		micros[key - 1] = (struct micro){.kind = MICRO_READ,
						 .key = key,
						 .value = stale ? small->before[key]
								: small->balance[key]};
	if (reads) {
		bool false_move = pcg32_below(pcg, 8) == 0;

		micros[from - 1].value += false_move;
		micros[to - 1].value -= false_move;
		return;
	}
	micros[0] = (struct micro){.kind = MICRO_ADD, .key = from, .value = 0 - amount};
	micros[1] = (struct micro){.kind = MICRO_ADD, .key = to, .value = amount};
	if (!happens)
		return;
	memcpy(small->before, small->balance, sizeof(small->before));
	small->balance[from] -= amount;
	small->balance[to] += amount;
}

static void make_transaction(struct small *small, uint32_t i, bool unique, struct pcg32 *pcg)
{
	struct transaction *transaction = &small->list[i];
	/* A client tries again what failed, or may have: so values are written twice. */
	uint32_t fate = pcg32_below(pcg, unique ? 12 : 6);

	transaction->first = (uint32_t)small->t.micro_count;
	transaction->count = 1 + pcg32_below(pcg, ACCESSES);
	transaction->aborted = fate == 0;
	transaction->process = pcg32_below(pcg, 2);
	transaction->invoked = 4 * i + 1 - (i ? 4 * pcg32_below(pcg, 2) : 0);
	if (i && transaction->invoked <= transaction[-1].invoked)
		transaction->invoked = transaction[-1].invoked + 1;
	transaction->returned = 4 * i + 3 + 4 * pcg32_below(pcg, 2);
	if (fate == 1)
		transaction->returned = NEVER_RETURNED;
	bool happens = fate > 1 || (fate == 1 && pcg32_below(pcg, 2));

	if (small->t.model == TRANSACTION_BANK) {
		make_balances(small, transaction, happens, pcg);
		return;
	}
	for (uint32_t m = 0; m < transaction->count; m++) {
		struct micro *micro = &small->micros[small->t.micro_count++];
		bool lies = pcg32_below(pcg, 8) == 0;

		*micro = (struct micro){.kind = MICRO_READ, .key = 1 + pcg32_below(pcg, KEYS)};
		if (pcg32_below(pcg, 2))
			make_write(small, micro, unique, happens || lies, pcg);
		else
			make_read(small, micro, lies);
	}
}

static void make_small(struct small *small, const struct transaction_subject *subject,
		       struct pcg32 *pcg)
{
	*small = (struct small){.t = {.model = subject->model, .keys = KEYS}};
	if (subject->model == TRANSACTION_BANK)
		small->t.keys = ACCOUNTS;
	for (uint32_t key = 1; key <= ACCOUNTS; key++)
		small->balance[key] = small->before[key] = 4;
	small->t.count = 2 + pcg32_below(pcg, SMALL - 1);
	small->t.list = small->list;
	small->t.micros = small->micros;
	small->t.values = small->values;
	for (uint32_t i = 0; i < small->t.count; i++)
		make_transaction(small, i, subject->unique, pcg);
}

/* ---- The twin -------------------------------------------------------------------------------- */

static bool any_order(const struct transactions *t, uint32_t *order, uint32_t count, uint32_t used,
		      bool strict)
{
	bool whole = true;

	for (uint32_t i = 0; i < t->count; i++)
		whole = whole && (used >> i & 1 || t->list[i].aborted ||
				  t->list[i].returned == NEVER_RETURNED);
	if (whole && serial_order_holds(t, order, count, strict))
		return true;
	for (uint32_t i = 0; i < t->count; i++) {
		if (used >> i & 1 || t->list[i].aborted)
			continue;
		order[count] = i;
		if (any_order(t, order, count + 1, used | 1u << i, strict))
			return true;
	}
	return false;
}

static enum legality twin_says(const struct transactions *t, bool strict)
{
	uint32_t order[SMALL];

	for (uint32_t i = 0; t->model == TRANSACTION_BANK && i < t->count; i++)
		for (uint32_t m = 0; m < t->list[i].count; m++) {
			const struct micro *micro = &t->micros[t->list[i].first + m];

			if (micro->kind == MICRO_READ && (int64_t)micro->value < 0 &&
			    !t->list[i].aborted && t->list[i].returned != NEVER_RETURNED)
				return ILLEGAL; /* whatever the order */
		}
	return any_order(t, order, 0, 0, strict) ? LEGAL : ILLEGAL;
}

void transactions_agree(const struct transaction_subject *subject, unsigned times, uint64_t seed,
			struct agreement *agreement)
{
	struct pcg32 pcg = pcg32_seeded(seed, 9);

	*agreement = (struct agreement){.legal = 0};
	for (unsigned i = 0; i < times; i++) {
		struct transactions_finding finding;
		struct small small;

		make_small(&small, subject, &pcg);
		judge_transactions(&small.t, &(struct judge_limits){0}, &finding);
		enum legality strict = twin_says(&small.t, true);
		enum legality serializable = strict == LEGAL ? LEGAL : twin_says(&small.t, false);
		bool differs = finding.strict != strict || finding.serializable != serializable;

		if (differs && !agreement->differences)
			printf("\n  %s: they differ, first at history %u\n", subject->name, i);
		agreement->differences += differs;
		agreement->legal += strict == LEGAL;
		agreement->illegal += serializable == ILLEGAL;
		transactions_finding_free(&finding);
	}
}
