/*
 * Mutations of good histories, and good histories that end anywhere: each is a recording that adds
 * up, is judged and explained, or trouble with a place that exists; never a crash, never a loop.
 */
#include "sim/histories/explanation.h"
#include "sim/histories/text.h"
#include "sim/world/pcg.h"
#include "tests/tests.h"

#define DATA "tests/data/histories/"

enum { MUTANTS = 600, MUTANT_MAX = 12000 };

static const char *const files[] = {
	DATA "porcupine/jepsen/etcd_000.log",
	DATA "porcupine/kv/c01-bad.txt",
	DATA "knossos/cas-register/bad/bad-analysis.edn",
	DATA "elle/si-without-g-single.edn",
	DATA "elle-cli/elle/paper-example.json",
	DATA "elle-cli/jepsen/bank-negative-balances.json",
	DATA "redis/redis-simple-test/history.txt",
};
enum { FILES = sizeof(files) / sizeof(files[0]) };

struct mutant {
	char text[MUTANT_MAX + 1];
	size_t size;
};

static size_t below(struct pcg32 *pcg, size_t bound)
{
	return bound ? pcg32_below(pcg, (uint32_t)bound) : 0;
}

/* Puts `size` bytes where those of [from, to) stood. */
static void splice(struct mutant *mutant, size_t from, size_t to, const char *bytes, size_t size)
{
	char copy[MUTANT_MAX];

	if (mutant->size - (to - from) + size > MUTANT_MAX)
		return;
	memcpy(copy, bytes, size);
	memmove(mutant->text + from + size, mutant->text + to, mutant->size - to);
	memcpy(mutant->text + from, copy, size);
	mutant->size = mutant->size - (to - from) + size;
}

static void line_around(const struct mutant *mutant, size_t at, size_t *begin, size_t *end)
{
	for (*begin = at; *begin && mutant->text[*begin - 1] != '\n';)
		--*begin;
	for (*end = at; *end < mutant->size && mutant->text[(*end)++] != '\n';)
		;
}

static void mutate(struct mutant *mutant, struct pcg32 *pcg)
{
	static const char *const words[] = {
		"{",        "}",
		"[",        "]",
		"(",        ")",
		"#{",       "#_",
		"#",        ",",
		":",        "\"",
		"\\",       ";",
		"\n",       "\t",
		" ",        ":ok",
		":info",    ":process",
		":nemesis", "nil",
		"null",     "-1",
		"1e9",      "99999999999999999999",
		"1.5",      "\"\\u",
		"\xFF",     "[[[[[[[[",
		":invoke",  ":f",
		"true",     "INFO  jepsen.util - 0",
		"\r\n",     "#jepsen.Op",
	};
	size_t at = below(pcg, mutant->size), begin, end, other, other_end;
	const char *word = words[below(pcg, sizeof(words) / sizeof(words[0]))];

	line_around(mutant, at, &begin, &end);
	line_around(mutant, below(pcg, mutant->size), &other, &other_end);
	switch (pcg32_below(pcg, 8)) {
	case 0: mutant->text[at] = (char)(mutant->text[at] ^ 1 << pcg32_below(pcg, 8)); break;
	case 1: splice(mutant, at, at + (at < mutant->size), "", 0); break;
	case 2: splice(mutant, begin, end, "", 0); break;
	case 3: splice(mutant, begin, begin, mutant->text + begin, end - begin); break;
	case 4: splice(mutant, other, other, mutant->text + begin, end - begin); break;
	case 5: splice(mutant, at, at, word, strlen(word)); break;
	case 6: mutant->text[at] = 0; break;
	default: mutant->size = at; break;
	}
	mutant->text[mutant->size] = 0;
}

static struct room *room;
static struct explanation explanation;
static FILE *nowhere;

/* Small ones, so that a mutant is not thought over for long. */
static const struct judge_limits limits = {.memory = 8 << 20, .configurations = 500, .core = true};

static bool judge_object(const struct recording *recording, const struct model *model,
			 struct trouble *trouble)
{
	struct object_history object;
	struct finding finding;
	bool good = operations_of_calls(recording, model, &object, trouble);

	if (good) {
		judge(room, model, &object.history, &limits, &finding);
		if (finding.legality == ILLEGAL) {
			uint32_t *core = malloc((finding.core_count + 1) * sizeof(*core));

			for (size_t i = 0; i < finding.core_count; i++)
				core[i] = finding.core[i];
			finding.core = core;
			explain(room, recording, model, &object, &finding, &explanation);
			explanation_print(nowhere, &explanation);
			explanation_draw(nowhere, &explanation);
			free(core);
		}
	}
	object_history_free(&object);
	return good;
}

static bool judge_all_transactions(const struct recording *recording, enum transaction_model model,
				   struct trouble *trouble)
{
	struct transaction_history history;
	struct transactions_finding finding = {0};
	bool good = transactions_of_calls(recording, model, &history, trouble);

	if (good) {
		judge_transactions(&history.transactions, &limits, &finding);
		explain_anomaly(recording, &finding, &history, &explanation);
		anomalies_print(nowhere, recording, &finding, &history);
		explanation_draw(nowhere, &explanation);
	}
	transactions_finding_free(&finding);
	transaction_history_free(&history);
	return good;
}

/* Under any model: it makes sense there, or there is a line where it makes none. */
static void understand(const struct recording *recording, struct pcg32 *pcg)
{
	const char *names[SUBJECTS_MAX];
	size_t count = subject_names(names);
	struct subject subject = {0};
	struct trouble trouble = {0};
	bool good = subject_guess(recording, &subject, &trouble);

	CU_ASSERT(good == !trouble.line);
	if (!good || pcg32_below(pcg, 4) == 0)
		subject_named(names[below(pcg, count)], &subject);
	trouble = (struct trouble){0};
	good = subject.model ? judge_object(recording, subject.model, &trouble)
			     : judge_all_transactions(recording, subject.transactions, &trouble);
	CU_ASSERT(good == !trouble.line);
}

/* Returns whether it was a history. */
static bool look_at(struct mutant *mutant, enum format format, struct pcg32 *pcg)
{
	struct recording recording;
	bool good = recording_read(&recording, format, mutant->text, mutant->size);
	unsigned lines = 1;

	for (size_t i = 0; i < mutant->size; i++)
		lines += mutant->text[i] == '\n';
	CU_ASSERT(good == (recording.trouble.line == 0));
	CU_ASSERT(recording.trouble.line <= lines);
	CU_ASSERT(good || recording.trouble.text[0]);
	CU_ASSERT(recording.ok + recording.failed + recording.unknown == recording.count);
	for (uint32_t i = 0; i < recording.count; i++) {
		const struct call *call = &recording.calls[i];

		CU_ASSERT(call->invoked < call->returned);
		CU_ASSERT((call->returned == NEVER_RETURNED) == (call->answer == ANSWER_UNKNOWN));
		CU_ASSERT(call->invoked_line >= 1 && call->invoked_line <= lines);
	}
	if (good)
		understand(&recording, pcg);
	recording_free(&recording);
	return good;
}

static enum format load(struct mutant *mutant, const char *file)
{
	enum format format = FORMAT_EDN;
	size_t size = 0;
	char *text = text_of_file(file, &size);

	CU_ASSERT(text && size < MUTANT_MAX);
	mutant->size = text && size < MUTANT_MAX ? size : 0;
	if (text)
		memcpy(mutant->text, text, mutant->size);
	mutant->text[mutant->size] = 0;
	free(text);
	CU_ASSERT(format_guess(mutant->text, mutant->size, &format));
	return format;
}

static void open_all(void)
{
	room = room_open();
	nowhere = fopen("/dev/null", "w");
}

static void close_all(void)
{
	room_close(room);
	fclose(nowhere);
}

static void mutants(void)
{
	struct mutant *mutant = calloc(1, sizeof(*mutant)), *whole = calloc(1, sizeof(*whole));
	unsigned good = 0, bad = 0;

	open_all();
	for (size_t i = 0; i < FILES; i++) {
		enum format format = load(whole, files[i]);
		struct pcg32 pcg = pcg32_seeded(i, 11);

		for (unsigned round = 0; round < MUTANTS; round++) {
			*mutant = *whole;
			for (unsigned times = 1 + pcg32_below(&pcg, 3); times; times--)
				mutate(mutant, &pcg);
			enum format guessed = format;

			/* Mostly as what it was, sometimes as what it seems, or as anything. */
			if (round % 8 == 0)
				format_guess(mutant->text, mutant->size, &guessed);
			else if (round % 8 == 1)
				guessed = (enum format)pcg32_below(&pcg, FORMATS);
			bool was_good = look_at(mutant, guessed, &pcg);

			good += was_good;
			bad += !was_good;
		}
	}
	/* Both must have been seen, or the mutations are too harsh or too mild. */
	CU_ASSERT(good > MUTANTS / 2);
	CU_ASSERT(bad > MUTANTS);
	close_all();
	free(mutant);
	free(whole);
}

static void prefixes(void)
{
	struct mutant *mutant = calloc(1, sizeof(*mutant)), *whole = calloc(1, sizeof(*whole));

	open_all();
	for (size_t i = 0; i < FILES; i++) {
		enum format format = load(whole, files[i]);
		struct pcg32 pcg = pcg32_seeded(i, 12);

		for (size_t size = 0; size < whole->size; size += 1 + whole->size / 500) {
			*mutant = *whole;
			mutant->size = size;
			mutant->text[size] = 0;
			look_at(mutant, format, &pcg);
		}
	}
	close_all();
	free(mutant);
	free(whole);
}

CU_TestInfo formats_mutants_tests[] = {
	{"mutants of good histories are histories or trouble, never crashes", mutants},
	{"a history that ends anywhere is a history or trouble", prefixes},
	CU_TEST_INFO_NULL,
};
