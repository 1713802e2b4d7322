/*
 * From calls to transactions. A micro-operation is [name key value]; the answer repeats the whole
 * transaction with its reads filled in. A bank speaks otherwise: a transfer {:from :to :amount}
 * becomes two additions, and a read, which tells a map, a read of each account.
 */
#include "sim/histories/transactions.h"

#include <stdlib.h>

struct conversion {
	const struct recording *recording;
	struct transaction_history *history;
	struct trouble *trouble;
	enum transaction_model model;
};

static bool nonsense(const struct conversion *conversion, const struct call *call, bool answer,
		     const char *what)
{
	return call_trouble(conversion->recording, call, answer, what, conversion->trouble);
}

/* ---- Growing lists --------------------------------------------------------------------------- */

static struct micro *add_micro(struct conversion *conversion)
{
	struct transaction_history *history = conversion->history;
	struct transactions *transactions = &history->transactions;

	if (transactions->micro_count == history->micro_room) {
		history->micro_room = history->micro_room ? 2 * history->micro_room : 256;
		history->micros = realloc(history->micros,
					  history->micro_room * sizeof(*history->micros));
		if (!history->micros)
			abort();
	}
	struct micro *micro = &history->micros[transactions->micro_count++];

	*micro = (struct micro){0};
	return micro;
}

static void add_value(struct conversion *conversion, uint64_t value)
{
	struct transaction_history *history = conversion->history;
	struct transactions *transactions = &history->transactions;

	if (transactions->value_count == history->value_room) {
		history->value_room = history->value_room ? 2 * history->value_room : 256;
		history->values = realloc(history->values,
					  history->value_room * sizeof(*history->values));
		if (!history->values)
			abort();
	}
	history->values[transactions->value_count++] = value;
}

static uint64_t value_of(struct conversion *conversion, const struct datum *datum)
{
	if (conversion->model == TRANSACTION_MULTI_REGISTER && datum->kind == DATUM_NUMBER &&
	    datum->number == 0)
		return 0;
	return names_of(&conversion->history->value_names, datum);
}

/* ---- Micro-operations ------------------------------------------------------------------------ */

/* What a read saw. */
static bool take_seen(struct conversion *conversion, const struct call *call,
		      const struct datum *seen, struct micro *micro)
{
	if (conversion->model != TRANSACTION_LIST_APPEND) {
		micro->value = value_of(conversion, seen);
		return true;
	}
	if (seen->kind != DATUM_LIST && seen->kind != DATUM_NIL)
		return nonsense(conversion, call, true, "a read of list-append tells a list");
	micro->first = (uint32_t)conversion->history->transactions.value_count;
	micro->count = seen->kind == DATUM_NIL ? 0 : seen->size;
	for (uint32_t i = 0; i < micro->count; i++)
		add_value(conversion, value_of(conversion, &seen->items[i]));
	return true;
}

static bool take_micro(struct conversion *conversion, const struct call *call,
		       const struct datum *asked, const struct datum *told)
{
	static const struct {
		const char *name;
		enum micro_kind kind;
	} kinds[] = {{"r", MICRO_READ},
		     {"read", MICRO_READ},
		     {"w", MICRO_WRITE},
		     {"write", MICRO_WRITE},
		     {"append", MICRO_APPEND}};
	size_t kind = 0;

	while (kind < sizeof(kinds) / sizeof(kinds[0]) &&
	       !datum_says(&asked->items[0], kinds[kind].name))
		kind++;
	if (kind == sizeof(kinds) / sizeof(kinds[0]))
		return nonsense(conversion, call, false,
				"a micro-operation is :r, :w or :append (:read, :write)");
	struct micro *micro = add_micro(conversion);

	micro->kind = kinds[kind].kind;
	micro->key = names_of(&conversion->history->key_names, &asked->items[1]);
	if ((micro->kind == MICRO_APPEND) != (conversion->model == TRANSACTION_LIST_APPEND) &&
	    micro->kind != MICRO_READ)
		return nonsense(conversion, call, false,
				"appends and writes belong to different models");
	if (told && (!datum_equal(&asked->items[0], &told->items[0]) ||
		     !datum_equal(&asked->items[1], &told->items[1])))
		return nonsense(conversion, call, true, "answers another transaction");
	if (micro->kind == MICRO_READ)
		return !told || take_seen(conversion, call, &told->items[2], micro);
	micro->value = value_of(conversion, &asked->items[2]);
	if (told && !datum_equal(&asked->items[2], &told->items[2]))
		return nonsense(conversion, call, true, "answers with another value");
	return true;
}

static bool take_micros(struct conversion *conversion, const struct call *call)
{
	const struct datum *asked = &call->asked, *told = &call->told;
	bool ok = call->answer == ANSWER_OK;

	if (asked->kind == DATUM_LIST && !asked->size)
		return true;
	if (!is_transaction(asked))
		return nonsense(conversion, call, false,
				"a transaction is a list of [name key value]");
	if (ok && (!is_transaction(told) || told->size != asked->size))
		return nonsense(conversion, call, true, "answers another transaction");
	for (uint32_t i = 0; i < asked->size; i++)
		if (!take_micro(conversion, call, &asked->items[i], ok ? &told->items[i] : NULL))
			return false;
	return true;
}

/* ---- A bank ---------------------------------------------------------------------------------- */

static const struct datum *member(const struct datum *map, const char *name)
{
	for (uint32_t i = 0; map->kind == DATUM_MAP && i + 1 < map->size; i += 2)
		if (datum_says(&map->items[i], name))
			return &map->items[i + 1];
	return NULL;
}

/* JSON has no numbers for keys: "7" is the account 7. */
static uint32_t account_of(struct conversion *conversion, const struct datum *account)
{
	struct datum number = {.kind = DATUM_NUMBER};
	char name[20], *end;

	datum_name(account, name, sizeof(name));
	number.number = strtoll(name, &end, 10);
	return names_of(&conversion->history->key_names,
			account->kind == DATUM_STRING && name[0] && !*end ? &number : account);
}

static void add_balance(struct conversion *conversion, enum micro_kind kind,
			const struct datum *account, int64_t amount)
{
	struct micro *micro = add_micro(conversion);

	micro->kind = kind;
	micro->key = account_of(conversion, account);
	micro->value = (uint64_t)amount;
}

static bool take_transfer(struct conversion *conversion, const struct call *call)
{
	const struct datum *from = member(&call->asked, "from"), *to = member(&call->asked, "to");
	const struct datum *amount = member(&call->asked, "amount");

	if (!from || !to || !amount || amount->kind != DATUM_NUMBER || amount->number == INT64_MIN)
		return nonsense(conversion, call, false,
				"a transfer takes {:from ACCOUNT, :to ACCOUNT, :amount NUMBER}");
	add_balance(conversion, MICRO_ADD, from, -amount->number);
	add_balance(conversion, MICRO_ADD, to, amount->number);
	return true;
}

static bool take_balances(struct conversion *conversion, const struct call *call)
{
	const struct datum *told = &call->told;

	if (call->answer != ANSWER_OK)
		return true;
	if (told->kind != DATUM_MAP)
		return nonsense(conversion, call, true,
				"a read of a bank tells {ACCOUNT BALANCE ...}");
	for (uint32_t i = 0; i + 1 < told->size; i += 2) {
		if (told->items[i + 1].kind != DATUM_NUMBER)
			return nonsense(conversion, call, true, "a balance is a whole number");
		add_balance(conversion, MICRO_READ, &told->items[i], told->items[i + 1].number);
	}
	return true;
}

static bool take_bank(struct conversion *conversion, const struct call *call)
{
	const struct datum *name = call->name
					   ? &conversion->recording->operations.data[call->name - 1]
					   : NULL;

	if (name && datum_says(name, "transfer"))
		return take_transfer(conversion, call);
	if (name && datum_says(name, "read"))
		return take_balances(conversion, call);
	return nonsense(conversion, call, false, "a bank has transfer and read");
}

/* ---- All of them ----------------------------------------------------------------------------- */

bool transactions_of_calls(const struct recording *recording, enum transaction_model model,
			   struct transaction_history *history, struct trouble *trouble)
{
	struct conversion conversion = {
		.recording = recording, .history = history, .trouble = trouble, .model = model};
	struct transactions *transactions = &history->transactions;
	bool good = true;

	*history = (struct transaction_history){.transactions = {.model = model}};
	history->list = malloc((recording->count + 1) * sizeof(*history->list));
	if (!history->list)
		abort();
	for (uint32_t i = 0; good && i < recording->count; i++) {
		const struct call *call = &recording->calls[i];
		size_t first = transactions->micro_count;

		good = model == TRANSACTION_BANK ? take_bank(&conversion, call)
						 : take_micros(&conversion, call);
		if (transactions->micro_count > UINT32_MAX ||
		    transactions->value_count > UINT32_MAX)
			good = nonsense(&conversion, call, false, "more than 2^32 values");
		history->list[transactions->count++] = (struct transaction){
			.first = (uint32_t)first,
			.count = (uint32_t)(transactions->micro_count - first),
			.invoked = call->invoked,
			.returned = call->returned,
			/* Who says no name has no session. */
			.process = call->process < 0 ? UINT32_MAX - i : (uint32_t)call->process,
			.source = i,
			.aborted = call->answer == ANSWER_FAIL,
		};
	}
	transactions->list = history->list;
	transactions->micros = history->micros;
	transactions->values = history->values;
	transactions->keys = history->key_names.count;
	return good;
}

void transaction_history_free(struct transaction_history *history)
{
	free(history->list);
	free(history->micros);
	free(history->values);
	names_free(&history->key_names);
	names_free(&history->value_names);
	*history = (struct transaction_history){0};
}
