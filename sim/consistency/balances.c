/*
 * What is wrong with a bank in every order: a balance below zero, another sum than before, money
 * that no transfers can have moved there. What is left is searched for a serial order.
 *
 * Reads tell balances, and nobody wrote the first: so reads are compared with the first of them.
 * Whatever was transferred between two reads, the accounts that transfers join keep their sum, and
 * no balance changed by more than all transfers of its account together. Those of unknown fate may
 * have taken place, those that failed did not.
 */
#include "sim/consistency/versions.h"

#include <stdlib.h>

struct bank {
	struct study *study;
	uint32_t *joined; /* by account: another that it exchanges money with, or itself */
	uint64_t *moved;  /* by account: as much as can have come or gone */
	bool *known;      /* by account: has the first read told of it? */
	bool *open;       /* by the first that are joined: money may go where no read tells of it */
	bool leaks;       /* some are open */
	uint64_t *start;  /* ... and what it told */
	int64_t *missing; /* by the first of the accounts that are joined: what they have lost */
	uint32_t first, accounts;
	int64_t sum; /* of the first read */
};

static uint32_t root_of(const struct bank *bank, uint32_t account)
{
	while (bank->joined[account] != account)
		account = bank->joined[account];
	return account;
}

static uint64_t magnitude(uint64_t amount)
{
	return (int64_t)amount < 0 ? 0 - amount : amount;
}

static bool is_transfer(const struct study *study, uint32_t i)
{
	const struct transaction *transaction = &study->transactions->list[i];

	return transaction->count == 2 && !transaction->aborted &&
	       micro_at(study, i, 0)->kind == MICRO_ADD;
}

static bool is_read(const struct study *study, uint32_t i)
{
	const struct transaction *transaction = &study->transactions->list[i];

	return transaction->count && committed(transaction) &&
	       micro_at(study, i, 0)->kind == MICRO_READ;
}

static void note_transfer(struct bank *bank, uint32_t i)
{
	uint32_t from = micro_at(bank->study, i, 0)->key, to = micro_at(bank->study, i, 1)->key;
	uint32_t roots[2] = {root_of(bank, from), root_of(bank, to)};
	uint64_t amount = magnitude(micro_at(bank->study, i, 0)->value);

	bank->joined[roots[0] < roots[1] ? roots[1] : roots[0]] = roots[0] < roots[1] ? roots[0]
										      : roots[1];
	for (unsigned side = 0; side < 2; side++) {
		uint64_t *moved = &bank->moved[side ? to : from];

		*moved = *moved + amount < *moved ? UINT64_MAX : *moved + amount;
	}
}

static struct step told(uint32_t transaction, uint32_t key, uint64_t value)
{
	return (struct step){.transaction = transaction,
			     .dependency = DEPENDS_NOT,
			     .key = key,
			     .value = value,
			     .next = value};
}

/* Does it tell of the accounts that the first read told of, and of no others? */
static bool tells_the_same(const struct bank *bank, uint32_t i)
{
	uint32_t count = bank->study->transactions->list[i].count;

	for (uint32_t m = 0; m < count; m++)
		if (!bank->known[micro_at(bank->study, i, m)->key])
			return false;
	return count == bank->accounts;
}

static void unexplained(struct bank *bank, uint32_t i, const struct micro *micro)
{
	struct step steps[2] = {told(bank->first, micro->key, bank->start[micro->key]),
				told(i, micro->key, micro->value)};

	study_found(bank->study, ANOMALY_UNEXPLAINED, false, steps, 2);
}

/* Can transfers have led from the first read to this one, or back? */
static void explain_read(struct bank *bank, uint32_t i)
{
	struct study *study = bank->study;
	uint32_t count = study->transactions->list[i].count;

	for (uint32_t m = 0; m < count; m++)
		bank->missing[root_of(bank, micro_at(study, i, m)->key)] = 0;
	for (uint32_t m = 0; m < count; m++) {
		const struct micro *micro = micro_at(study, i, m);
		uint64_t change = micro->value - bank->start[micro->key];
		int64_t *missing = &bank->missing[root_of(bank, micro->key)];

		*missing = (int64_t)((uint64_t)*missing - change);
		if (magnitude(change) > bank->moved[micro->key])
			unexplained(bank, i, micro);
	}
	for (uint32_t m = 0; m < count; m++) {
		const struct micro *micro = micro_at(study, i, m);

		uint32_t root = root_of(bank, micro->key);

		if (bank->missing[root] && !bank->open[root] &&
		    micro->value != bank->start[micro->key])
			unexplained(bank, i, micro);
	}
}

static void note_first(struct bank *bank, uint32_t i, int64_t sum)
{
	uint32_t count = bank->study->transactions->list[i].count;

	for (uint32_t m = 0; m < count; m++) {
		const struct micro *micro = micro_at(bank->study, i, m);

		bank->known[micro->key] = true;
		bank->start[micro->key] = micro->value;
	}
	for (uint32_t key = 1; key <= bank->study->transactions->keys; key++) {
		bool open = !bank->known[key] && bank->moved[key];

		bank->open[root_of(bank, key)] |= open;
		bank->leaks |= open;
	}
	bank->first = i;
	bank->accounts = count;
	bank->sum = sum;
}

static void study_read(struct bank *bank, uint32_t i)
{
	struct study *study = bank->study;
	uint32_t count = study->transactions->list[i].count;
	int64_t sum = 0;

	for (uint32_t m = 0; m < count; m++) {
		const struct micro *micro = micro_at(study, i, m);
		struct step step = told(i, micro->key, micro->value);

		sum = (int64_t)((uint64_t)sum + micro->value);
		if ((int64_t)micro->value < 0)
			study_found(study, ANOMALY_OVERDRAWN, false, &step, 1);
	}
	if (!bank->accounts)
		note_first(bank, i, sum);
	if (!tells_the_same(bank, i))
		return;
	struct step step = told(i, 0, (uint64_t)sum);

	step.next = (uint64_t)bank->sum;
	if (sum != bank->sum && !bank->leaks)
		study_found(study, ANOMALY_WRONG_TOTAL, false, &step, 1);
	else
		explain_read(bank, i);
}

void balances_study(struct study *study)
{
	const struct transactions *t = study->transactions;
	struct bank bank = {.study = study,
			    .joined = study_room(t->keys, sizeof(uint32_t)),
			    .moved = study_room(t->keys, sizeof(uint64_t)),
			    .known = study_room(t->keys, sizeof(bool)),
			    .open = study_room(t->keys, sizeof(bool)),
			    .start = study_room(t->keys, sizeof(uint64_t)),
			    .missing = study_room(t->keys, sizeof(int64_t))};

	for (uint32_t key = 1; key <= t->keys; key++)
		bank.joined[key] = key;
	for (uint32_t i = 0; i < t->count; i++)
		if (is_transfer(study, i))
			note_transfer(&bank, i);
	for (uint32_t i = 0; i < t->count; i++)
		if (is_read(study, i))
			study_read(&bank, i);
	free(bank.joined);
	free(bank.moved);
	free(bank.known);
	free(bank.open);
	free(bank.start);
	free(bank.missing);
}
