/* See transaction_histories.h. A key's values are numbered from 1, so the store is a number a key.
 */
#include "tests/consistency/transaction_histories.h"

#include <assert.h>
#include <stdlib.h>

enum { ACCESSES_MAX = 4, CLIENTS_MAX = 64 };

struct making {
	struct made_transactions made;
	struct pcg32 *pcg;
	uint32_t alive;  /* keys in use ... */
	uint32_t *key;   /* ... which they are */
	uint32_t *there; /* by key: how often it was written */
	uint64_t value_room;
	uint32_t value_count;
};

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	assert(memory);
	return memory;
}

static void read_list(struct making *making, struct micro *micro)
{
	micro->first = making->value_count;
	micro->count = making->there[micro->key];
	if (making->value_count + micro->count > making->value_room) {
		making->value_room = 2 * making->value_room + RETIRES_AFTER + ACCESSES_MAX;
		making->made.values = realloc(making->made.values,
					      making->value_room * sizeof(uint64_t));
		assert(making->made.values);
	}
	for (uint32_t i = 1; i <= micro->count; i++)
		making->made.values[making->value_count++] = i;
}

static void take_effect(struct making *making, struct transaction *transaction)
{
	struct transactions *t = &making->made.transactions;
	bool lists = t->model == TRANSACTION_LIST_APPEND;

	transaction->first = (uint32_t)t->micro_count;
	transaction->count = 1 + pcg32_below(making->pcg, ACCESSES_MAX);
	for (uint32_t i = 0; i < transaction->count; i++) {
		uint32_t *key = &making->key[pcg32_below(making->pcg, making->alive)];
		struct micro *micro = &making->made.micros[t->micro_count++];

		*micro = (struct micro){.kind = MICRO_READ, .key = *key};
		if (pcg32_below(making->pcg, 2)) {
			micro->kind = lists ? MICRO_APPEND : MICRO_WRITE;
			micro->value = ++making->there[*key];
		} else if (lists) {
			read_list(making, micro);
		} else {
			micro->value = making->there[*key];
		}
		if (making->there[*key] >= RETIRES_AFTER)
			*key = ++t->keys;
	}
}

static void run_clients(struct making *making, unsigned clients, uint32_t count)
{
	struct transactions *t = &making->made.transactions;
	uint32_t open[CLIENTS_MAX], phase[CLIENTS_MAX] = {0}, position = 0, returned = 0;

	while (returned < count) {
		uint32_t client = pcg32_below(making->pcg, clients);

		if (phase[client] == 0) {
			if (t->count == count)
				continue;
			open[client] = t->count++;
			making->made.list[open[client]] = (struct transaction){
				.invoked = position++, .process = client, .source = open[client]};
		} else if (phase[client] == 1) {
			take_effect(making, &making->made.list[open[client]]);
		} else {
			making->made.list[open[client]].returned = position++;
			returned++;
		}
		phase[client] = (phase[client] + 1) % 3;
	}
}

struct made_transactions make_transactions(enum transaction_model model, unsigned clients,
					   uint32_t count, uint32_t keys, struct pcg32 *pcg)
{
	struct making making = {.pcg = pcg, .alive = keys};
	struct made_transactions *made = &making.made;

	made->transactions = (struct transactions){.model = model, .keys = keys};
	made->list = allocate(count, sizeof(*made->list));
	made->micros = allocate((size_t)count * ACCESSES_MAX, sizeof(*made->micros));
	making.key = allocate(keys, sizeof(uint32_t));
	making.there = allocate(keys + (size_t)count * ACCESSES_MAX / RETIRES_AFTER + 1,
				sizeof(uint32_t));
	for (uint32_t i = 0; i < keys; i++)
		making.key[i] = i + 1;
	run_clients(&making, clients, count);
	free(making.key);
	free(making.there);
	made->transactions.list = made->list;
	made->transactions.micros = made->micros;
	made->transactions.values = made->values;
	made->transactions.value_count = making.value_count;
	return *made;
}

void made_transactions_free(struct made_transactions *made)
{
	free(made->list);
	free(made->micros);
	free(made->values);
}

/* Own writes of its transaction before it would make it contradict itself: another sort of lie. */
static bool may_lie(const struct made_transactions *made, const struct transaction *transaction,
		    uint32_t i)
{
	const struct micro *micro = &made->micros[transaction->first + i];
	bool lists = made->transactions.model == TRANSACTION_LIST_APPEND;

	if (micro->kind != MICRO_READ || (lists ? micro->count : micro->value) == 0)
		return false;
	for (uint32_t j = 0; j < transaction->count; j++)
		if (j != i && made->micros[transaction->first + j].key == micro->key)
			return false;
	return true;
}

bool lie_of_one_read(struct made_transactions *made, struct pcg32 *pcg)
{
	uint32_t count = made->transactions.count;

	for (unsigned tries = 0; tries < 1000; tries++) {
		const struct transaction *transaction =
			&made->list[count / 2 + pcg32_below(pcg, count - count / 2)];
		uint32_t i = pcg32_below(pcg, transaction->count);
		struct micro *micro = &made->micros[transaction->first + i];

		if (!may_lie(made, transaction, i))
			continue;
		if (made->transactions.model == TRANSACTION_LIST_APPEND)
			micro->count--;
		else
			micro->value--;
		return true;
	}
	return false;
}
