/* What a recording means: its model, its operations, its transactions. */
#include "sim/histories/operations.h"
#include "sim/histories/text.h"
#include "sim/histories/transactions.h"
#include "tests/tests.h"

#define DATA "tests/data/histories/"

static struct recording recording;
static struct object_history object;
static struct transaction_history transactions;
static struct trouble trouble;
static char *text;

static void all_free(void)
{
	recording_free(&recording);
	object_history_free(&object);
	transaction_history_free(&transactions);
	free(text);
	text = NULL;
}

static void read_text(const char *given)
{
	enum format format;

	all_free();
	text = strdup(given);
	trouble = (struct trouble){0};
	CU_ASSERT(format_guess(text, strlen(text), &format));
	CU_ASSERT(recording_read(&recording, format, text, strlen(text)));
}

static const char *guessed(const char *given)
{
	struct subject subject;

	read_text(given);
	return subject_guess(&recording, &subject, &trouble) ? subject.name : trouble.text;
}

static bool convert(const char *given, const struct model *model)
{
	read_text(given);
	return operations_of_calls(&recording, model, &object, &trouble);
}

static const struct told *told(size_t index)
{
	static const struct told none;

	CU_ASSERT(index < object.history.count);
	return index < object.history.count ? &object.operations[index].told : &none;
}

/* ---- Which model? ---------------------------------------------------------------------------- */

static void guess_listed(const char *path, const char *model)
{
	struct subject subject, listed = {0};
	char full[300];
	size_t size = 0;
	enum format format = FORMAT_LOG;
	struct trouble why = {0};

	snprintf(full, sizeof(full), DATA "%s", path);
	all_free();
	text = text_of_file(full, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	format_guess(text, size, &format);
	CU_ASSERT(recording_read(&recording, format, text, size));
	CU_ASSERT(subject_guess(&recording, &subject, &why));
	CU_ASSERT(subject_named(model, &listed));
	if (!recording.count) {
		CU_ASSERT(subject.name == NULL);
		return;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(subject.name);
	/* Where no cas is asked for, a register is all that can be seen. */
	if (strcmp(subject.name, listed.name) != 0 && strcmp(subject.name, "register") != 0)
		printf("\n  %s: %s, not %s", path, subject.name, listed.name);
	CU_ASSERT(!strcmp(subject.name, listed.name) ||
		  (subject.model == &model_register && listed.model == &model_cas_register));
	if (subject.model)
		CU_ASSERT(operations_of_calls(&recording, subject.model, &object, &why));
	if (!subject.model)
		CU_ASSERT(transactions_of_calls(&recording, subject.transactions, &transactions,
						&why));
	if (why.line)
		printf("\n  %s:%u: %s", path, why.line, why.text);
	if (subject.model)
		EQUAL(object.history.count, recording.count - recording.failed);
	else /* the failed ones are kept: nobody may see them */
		EQUAL(transactions.transactions.count, recording.count);
}

static void others_models_are_guessed(void)
{
	FILE *list = fopen(DATA "verdicts.tsv", "r");
	char path[200], format[30], model[30];
	unsigned files = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT(fscanf(list, "%*[^\n]") == 0);
	while (fscanf(list, " %199[^\t] %29s %29s %*[^\n]", path, format, model) == 3) {
		guess_listed(path, model);
		files++;
	}
	EQUAL(files, 67);
	fclose(list);
	all_free();
}

#define CALL(name, asked, told)                                                                    \
	"{:process 1 :type :invoke :f " name " :value " asked "}"                                  \
	"{:process 1 :type :ok :f " name " :value " told "}"

static void models_are_guessed_by_names_and_shapes(void)
{
	static const char *const cases[][2] = {
		{CALL(":read", "nil", "1"), "register"},
		{CALL(":read", "nil", "1") CALL(":cas", "[1 2]", "[1 2]"), "cas-register"},
		{CALL(":get", "nil", "1") CALL(":delete", "nil", "nil"), "kv"},
		{CALL(":add", "1", "1") CALL(":read", "nil", "1"), "counter"},
		{CALL(":add", "1", "1") CALL(":read", "nil", "[1]"), "set"},
		{CALL(":add", "1", "1") CALL(":read", "nil", "#{1}"), "set"},
		{CALL(":add", "1", "1") CALL(":contains", "1", "1"), "set"},
		{CALL(":enqueue", "1", "1") CALL(":dequeue", "nil", "1"), "queue"},
		{CALL(":acquire", "nil", "nil") CALL(":release", "nil", "nil"), "mutex"},
		{CALL(":acquire", "nil", "7") CALL(":release", "7", "7"), "fenced-lock"},
		{CALL(":txn", "[[:append 1 2] [:r 2 nil]]", "nil"), "list-append"},
		{CALL(":txn", "[[:w 1 2] [:r 2 nil]]", "nil"), "rw-register"},
		{CALL(":txn", "[]", "[]") CALL(":txn", "[[:write 1 2]]", "nil"), "multi-register"},
		{CALL(":read", "[[:r 1 nil]]", "nil") CALL(":write", "[[:w 1 1]]", "nil"),
		 "long-fork"},
		{CALL(":transfer", "{:from 1 :to 2 :amount 3}", "nil"), "bank"},
		{CALL(":read", "nil", "{1 2}"), "bank"},
		{CALL(":flub", "nil", "nil") CALL(":read", "nil", "1"),
		 "no model has all these operations: :flub :read; see: ordeal list models"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CONTAINS(guessed(cases[i][0]), cases[i][1]);
	all_free();
}

/* ---- Operations ------------------------------------------------------------------------------ */

static void a_register_compares_values(void)
{
	CU_ASSERT(convert(
		"{\"process\":1,\"type\":\"invoke\",\"f\":\"write\",\"key\":\"k1\",\"value\":0}\n"
		"{\"process\":2,\"type\":\"invoke\",\"f\":\"cas\",\"key\":\"k2\","
		"\"value\":[null,7]}\n"
		"{\"process\":3,\"type\":\"invoke\",\"f\":\"read\",\"key\":\"k1\",\"value\":5}\n"
		"{\"process\":1,\"type\":\"ok\",\"f\":\"write\",\"key\":\"k1\",\"value\":0}\n"
		"{\"process\":3,\"type\":\"ok\",\"f\":\"read\",\"key\":\"k1\",\"value\":0}\n"
		"{\"process\":4,\"type\":\"invoke\",\"f\":\"cas\",\"key\":\"k2\","
		"\"value\":[7,0]}\n"
		"{\"process\":5,\"type\":\"invoke\",\"f\":\"write\",\"key\":\"k1\",\"value\":9}\n"
		"{\"process\":4,\"type\":\"ok\",\"f\":\"cas\",\"key\":\"k2\","
		"\"value\":[7,0],\"result\":false}\n"
		"{\"process\":5,\"type\":\"fail\",\"f\":\"write\",\"key\":\"k1\",\"value\":9}\n",
		&model_cas_register));
	EQUAL(object.history.count, 4); /* the failed write is none */
	CU_ASSERT(told(0)->value != 0); /* the number 0 is not nothing */
	EQUAL(told(2)->result, told(0)->value);
	EQUAL(told(1)->expected, 0);
	CU_ASSERT(told(1)->value != told(0)->value);
	CU_ASSERT(!told(1)->answered && told(3)->answered && !told(3)->matched);
	EQUAL(told(3)->expected, told(1)->value);
	EQUAL(told(3)->value, told(0)->value);
	EQUAL(told(0)->key, told(2)->key);
	EQUAL(told(1)->key, told(3)->key);
	CU_ASSERT(told(0)->key != told(1)->key);
	EQUAL(object.operations[1].returned, NEVER_RETURNED);
	EQUAL(object.operations[2].invoked, 2);
	EQUAL(object.operations[2].returned, 4);
	EQUAL(object.operations[3].source, 3);
	all_free();
}

static void strings_grow_by_their_hashes(void)
{
	uint64_t number;
	int64_t both[] = {5, 7};

	CU_ASSERT(convert(CALL(":put", "\"ab\"", "\"ab\"") CALL(":append", "\"c\"", "nil")
				  CALL(":get", "nil", "\"abc\"") CALL(":get", "nil", "\"\"")
					  CALL(":append", "7", "7") CALL(":get", "nil", "[5 7]"),
			  &model_kv));
	EQUAL(told(0)->value, string_hash("ab", 2));
	EQUAL(told(1)->value, string_hash("c", 1));
	EQUAL(told(1)->expected, string_shift(1));
	EQUAL(told(2)->result, string_hash("abc", 3));
	EQUAL(told(3)->result, 0);
	EQUAL(told(4)->value, string_hash(&both[1], 8));
	EQUAL(told(4)->expected, string_shift(8));
	EQUAL(told(5)->result, string_hash(both, 16));
	CU_ASSERT(number_of_value(&object, &model_kv, &recording.calls[2].told, &number));
	EQUAL(number, told(2)->result);
	all_free();
}

static void numbers_count_themselves(void)
{
	CU_ASSERT(convert(CALL(":add", "-3", "-3") CALL(":read", "nil", "-3"), &model_counter));
	EQUAL(told(0)->value, -3);
	EQUAL(told(1)->result, -3);
	CU_ASSERT(convert(CALL(":acquire", "nil", "33") CALL(":release", "33", "33"),
			  &model_fenced_lock));
	EQUAL(told(0)->result, 33);
	EQUAL(told(1)->value, 33);
	CU_ASSERT(told(0)->matched);
	all_free();
}

static void a_set_is_its_elements(void)
{
	CU_ASSERT(convert(CALL(":add", ":a", ":a") CALL(":read", "nil", "[:a :b :a]")
				  CALL(":read", "nil", "#{}") CALL(":read", "nil", "#{:b}"),
			  &model_set));
	EQUAL(told(1)->value, 2);
	EQUAL(object.elements[told(1)->result], told(0)->value);
	EQUAL(told(2)->value, 0);
	EQUAL(told(3)->value, 1);
	EQUAL(object.elements[told(3)->result], object.elements[told(1)->result + 1]);
	all_free();
}

static void keys_may_stand_in_the_values(void)
{
	CU_ASSERT(convert(CALL(":write", "[:x 1]", "[:x 1]") CALL(":read", "[:y nil]", "[:y nil]")
				  CALL(":read", "[:x nil]", "[:x 1]")
					  CALL(":cas", "[:y [nil 2]]", "[:y [nil 2]]"),
			  &model_cas_register));
	EQUAL(told(0)->key, told(2)->key);
	EQUAL(told(1)->key, told(3)->key);
	CU_ASSERT(told(0)->key != told(1)->key);
	EQUAL(told(2)->result, told(0)->value);
	EQUAL(told(1)->result, 0);
	EQUAL(told(3)->expected, 0);
	CU_ASSERT(told(3)->value != 0);
	CU_ASSERT(datum_says(key_of_object(&recording, &object, told(1)->key), "y"));
	CU_ASSERT(key_of_object(&recording, &object, 0) == NULL);
	all_free();
}

static void what_makes_no_sense_is_refused(void)
{
	static const struct {
		const char *text;
		const struct model *model;
		const char *says;
	} refused[] = {
		{CALL(":write", "1", "2"), &model_register,
		 "write: it was asked with another value than it answers"},
		{CALL(":cas", "7", "7"), &model_cas_register,
		 "cas: it takes two values, [old new]"},
		{CALL(":cas", "[1 2]", "nil"), &model_register,
		 "cas: register has no such operation; accepted: read, write"},
		{CALL(":add", ":a", "nil"), &model_counter, "add: it takes a number"},
		{CALL(":read", "nil", ":a"), &model_counter, "read: what it tells is no number"},
		{CALL(":read", "nil", "7"), &model_set, "read: what it tells is no set"},
		{"{:type :invoke :value 7}", &model_register, "register has no such operation"},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		CU_ASSERT_FALSE(convert(refused[i].text, refused[i].model));
		CONTAINS(trouble.text, refused[i].says);
		EQUAL(trouble.line, 1);
	}
	/* An answer may say nothing, or a reason. */
	CU_ASSERT(
		convert(CALL(":write", "1", "nil") CALL(":write", "1", ":done"), &model_register));
	all_free();
}

/* ---- Transactions ---------------------------------------------------------------------------- */

static bool convert_transactions(const char *given, enum transaction_model model)
{
	read_text(given);
	return transactions_of_calls(&recording, model, &transactions, &trouble);
}

static void a_transaction_is_its_micro_operations(void)
{
	CU_ASSERT(convert_transactions(
		CALL(":txn", "[[:append :x 1] [:r :y nil]]", "[[:append :x 1] [:r :y [3 4]]]")
			CALL(":txn", "[[:r :x [9]]]", "[[:r :x nil]]") CALL(
				":txn", "[]", "[]") "{:type :invoke :f :txn :value [[:r :x 1]]}",
		TRANSACTION_LIST_APPEND));
	const struct transactions *all = &transactions.transactions;

	EQUAL(all->count, 4);
	EQUAL(all->keys, 2);
	EQUAL(all->list[0].count, 2);
	EQUAL(all->list[1].first, 2);
	EQUAL(all->list[2].count, 0);
	EQUAL(all->list[3].returned, NEVER_RETURNED);
	EQUAL(all->micros[0].kind, MICRO_APPEND);
	EQUAL(all->micros[0].key, 1);
	EQUAL(all->micros[1].kind, MICRO_READ);
	EQUAL(all->micros[1].key, 2);
	EQUAL(all->micros[1].count, 2);
	EQUAL(all->values[all->micros[1].first + 1], all->values[all->micros[1].first] + 1);
	EQUAL(all->micros[2].count, 0);
	all_free();
}

static void registers_of_transactions_start_empty_or_at_zero(void)
{
	CU_ASSERT(convert_transactions(
		CALL(":txn", "[[:w :x 0] [:r :x nil]]", "[[:w :x 0] [:r :x 0]]"),
		TRANSACTION_RW_REGISTER));
	CU_ASSERT(transactions.micros[0].value != 0);
	EQUAL(transactions.micros[1].value, transactions.micros[0].value);
	CU_ASSERT(convert_transactions(CALL(":txn", "[[:write :x 0]]", "[[:write :x 0]]"),
				       TRANSACTION_MULTI_REGISTER));
	EQUAL(transactions.micros[0].value, 0);
	EQUAL(transactions.micros[0].kind, MICRO_WRITE);
	all_free();
}

static void a_bank_moves_amounts(void)
{
	CU_ASSERT(convert_transactions(CALL(":read", "nil", "{\"0\" 10, \"1\" -4}") CALL(
					       ":transfer", "{:from 1 :to 0 :amount 3}", "nil"),
				       TRANSACTION_BANK));
	EQUAL(transactions.micros[1].value, -4);
	EQUAL(transactions.micros[1].key, transactions.micros[2].key);
	EQUAL(transactions.micros[2].kind, MICRO_ADD);
	EQUAL(transactions.micros[2].value, -3);
	EQUAL(transactions.micros[3].value, 3);
	EQUAL(transactions.micros[3].key, transactions.micros[0].key);
	all_free();
}

static void transactions_that_make_no_sense_are_refused(void)
{
	static const struct {
		const char *text;
		enum transaction_model model;
		const char *says;
	} refused[] = {
		{CALL(":txn", "[[:r 1 nil]]", "[[:r 2 1]]"), TRANSACTION_RW_REGISTER,
		 "answers another transaction"},
		{CALL(":txn", "[[:r 1 nil]]", "[[:r 1 1] [:r 2 2]]"), TRANSACTION_RW_REGISTER,
		 "answers another transaction"},
		{CALL(":txn", "[[:w 1 2]]", "[[:w 1 3]]"), TRANSACTION_RW_REGISTER,
		 "answers with another value"},
		{CALL(":txn", "[[:w 1 2]]", "[[:w 1 2]]"), TRANSACTION_LIST_APPEND,
		 "appends and writes belong to different models"},
		{CALL(":txn", "[[:q 1 2]]", "[[:q 1 2]]"), TRANSACTION_RW_REGISTER,
		 "a micro-operation is"},
		{CALL(":txn", "[[:r 1 nil]]", "[[:r 1 7]]"), TRANSACTION_LIST_APPEND,
		 "a read of list-append tells a list"},
		{CALL(":txn", "7", "7"), TRANSACTION_RW_REGISTER, "a list of [name key value]"},
		{CALL(":transfer", "{:from 1 :to 2}", "nil"), TRANSACTION_BANK, "a transfer takes"},
		{CALL(":read", "nil", "7"), TRANSACTION_BANK, "a read of a bank tells"},
		{CALL(":read", "nil", "{1 :a}"), TRANSACTION_BANK, "a balance is a whole number"},
		{CALL(":write", "1", "1"), TRANSACTION_BANK, "a bank has transfer and read"},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		CU_ASSERT_FALSE(convert_transactions(refused[i].text, refused[i].model));
		CONTAINS(trouble.text, refused[i].says);
		EQUAL(trouble.line, 1);
	}
	all_free();
}

CU_TestInfo operations_tests[] = {
	{"the model of each history of others is guessed, and fits", others_models_are_guessed},
	{"models are guessed by names and shapes", models_are_guessed_by_names_and_shapes},
	{"a register compares values", a_register_compares_values},
	{"strings grow by their hashes", strings_grow_by_their_hashes},
	{"numbers count themselves", numbers_count_themselves},
	{"a set is its elements", a_set_is_its_elements},
	{"keys may stand in the values", keys_may_stand_in_the_values},
	{"calls that make no sense in the model are refused", what_makes_no_sense_is_refused},
	{"a transaction is its micro-operations", a_transaction_is_its_micro_operations},
	{"registers of transactions start empty, multi-registers at zero",
	 registers_of_transactions_start_empty_or_at_zero},
	{"a bank moves amounts", a_bank_moves_amounts},
	{"transactions that make no sense are refused",
	 transactions_that_make_no_sense_are_refused},
	CU_TEST_INFO_NULL,
};
