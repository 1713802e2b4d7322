/*
 * Mutations of good files: whatever they become, there is a scenario that survives being written,
 * or at least one complaint with a place that exists, and never a crash.
 */
#include "sim/scenario/reader.h"
#include "tests/tests.h"

#include "sim/world/pcg.h"

#define GOOD "tests/data/scenarios/good/"

enum { MUTANTS = 1500, MUTANT_MAX = 16384 };

struct mutant {
	char text[MUTANT_MAX];
	size_t size;
};

static size_t below(struct pcg32 *pcg, size_t bound)
{
	return bound ? pcg32_below(pcg, (uint32_t)bound) : 0;
}

/* The line around `at`: its begin, and its end behind the line break. */
static void line_around(const struct mutant *mutant, size_t at, size_t *begin, size_t *end)
{
	for (*begin = at; *begin && mutant->text[*begin - 1] != '\n';)
		--*begin;
	for (*end = at; *end < mutant->size && mutant->text[(*end)++] != '\n';)
		;
}

/* Puts `size` bytes where those of [from, to) stood. */
static void splice(struct mutant *mutant, size_t from, size_t to, const char *bytes, size_t size)
{
	char copy[MUTANT_MAX];

	if (size > sizeof(copy) || mutant->size - (to - from) + size > MUTANT_MAX)
		return;
	memcpy(copy, bytes, size);
	memmove(mutant->text + from + size, mutant->text + to, mutant->size - to);
	memcpy(mutant->text + from, copy, size);
	mutant->size = mutant->size - (to - from) + size;
}

static void mutate(struct mutant *mutant, struct pcg32 *pcg)
{
	static const char *const words[] = {"{",
					    "}",
					    "[",
					    "]",
					    ",",
					    ":",
					    "-",
					    "\"",
					    "'",
					    "#",
					    "\n",
					    "\t",
					    "&a ",
					    "*a ",
					    "!t ",
					    "<<",
					    "---",
					    "|",
					    ">",
					    "%",
					    "(",
					    ")",
					    "-1",
					    "0",
					    "1e99",
					    "1000000000000000000000",
					    "ms",
					    "n65",
					    "c0",
					    "->",
					    "<->",
					    "+",
					    "leader",
					    "\xFF",
					    "\xC3\xA9",
					    "null",
					    "\"\\x81\"",
					    "\"\\L\"",
					    "\xE2\x80\xA8",
					    "\xEF\xBB\xBF",
					    "~",
					    "99.999%",
					    "? ",
					    "[[[[[[[[[[[[",
					    "..",
					    "rest"};
	size_t at = below(pcg, mutant->size), begin, end, other_begin, other_end;
	const char *word = words[below(pcg, sizeof(words) / sizeof(words[0]))];

	line_around(mutant, at, &begin, &end);
	line_around(mutant, below(pcg, mutant->size), &other_begin, &other_end);
	switch (pcg32_below(pcg, 7)) {
	case 0: mutant->text[at] = (char)(mutant->text[at] ^ 1 << pcg32_below(pcg, 8)); break;
	case 1: splice(mutant, at, at + (at < mutant->size), "", 0); break;
	case 2: splice(mutant, begin, end, "", 0); break;
	case 3: /* twice */ splice(mutant, begin, begin, mutant->text + begin, end - begin); break;
	case 4: /* in another place too */
		splice(mutant, other_begin, other_begin, mutant->text + begin, end - begin);
		break;
	case 5: splice(mutant, at, at, word, strlen(word)); break;
	default: /* one word instead of another */
		end = at + strspn(mutant->text + at, "abcdefghijklmnopqrstuvwxyz0123456789.%_");
		splice(mutant, at, end < mutant->size ? end : mutant->size, word, strlen(word));
		break;
	}
	if (mutant->size < MUTANT_MAX)
		mutant->text[mutant->size] = 0;
}

static unsigned lines_of(const struct mutant *mutant)
{
	unsigned lines = 1;

	for (size_t i = 0; i < mutant->size; i++)
		lines += mutant->text[i] == '\n' || mutant->text[i] == '\r';
	return lines;
}

/* Returns whether it was a scenario. */
static bool judge(const struct mutant *mutant, FILE *nowhere)
{
	struct complaints complaints;
	struct scenario *scenario = scenario_parse("mutant.yaml", mutant->text, mutant->size,
						   &complaints);

	CU_ASSERT((scenario != NULL) == (complaints.count == 0));
	if (!scenario) {
		char *text = calloc(1, mutant->size + 1);

		memcpy(text, mutant->text, mutant->size);
		for (unsigned i = 0; i < complaints.count; i++) {
			/* A character that is no line break for us may be one for YAML. */
			CU_ASSERT(complaints.list[i].line <= lines_of(mutant) + 8);
			CU_ASSERT(strlen(complaints.list[i].text) > 0);
		}
		complaints_print(nowhere, "mutant.yaml", text, &complaints);
		free(text);
		return false;
	}
	char *first = scenario_emit(scenario);
	struct scenario *again = scenario_parse("mutant.yaml", first, strlen(first), &complaints);
	char *second = again ? scenario_emit(again) : NULL;
	if (!second || strcmp(first, second) != 0)
		printf("\n  no fixed point:\n%s\n", first);
	CU_ASSERT(second && !strcmp(first, second));
	free(first);
	free(second);
	scenario_free(again);
	scenario_free(scenario);
	return true;
}

static void mutants(void)
{
	static const char *const files[] = {GOOD "everything.yaml", GOOD "wide-area.yaml",
					    GOOD "conviction.yaml"};
	struct mutant *mutant = calloc(1, sizeof(*mutant)), *whole = calloc(1, sizeof(*whole));
	FILE *nowhere = fopen("/dev/null", "w");
	unsigned good = 0, bad = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *file = fopen(files[i], "rb");
		struct pcg32 pcg = pcg32_seeded(i, 7);

		CU_ASSERT(file != NULL);
		whole->size = file ? fread(whole->text, 1, MUTANT_MAX / 2, file) : 0;
		if (file)
			fclose(file);
		for (unsigned round = 0; round < MUTANTS; round++) {
			*mutant = *whole;
			for (unsigned times = 1 + pcg32_below(&pcg, 3); times; times--)
				mutate(mutant, &pcg);
			bool was_good = judge(mutant, nowhere);
			good += was_good;
			bad += !was_good;
		}
	}
	/* Both kinds of outcome must have been seen, or the mutations are too harsh or too mild. */
	CU_ASSERT(good > MUTANTS / 20);
	CU_ASSERT(bad > MUTANTS);
	fclose(nowhere);
	free(mutant);
	free(whole);
}

/* A file may end anywhere. */
static void prefixes(void)
{
	struct mutant *mutant = calloc(1, sizeof(*mutant));
	FILE *file = fopen(GOOD "everything.yaml", "rb"), *nowhere = fopen("/dev/null", "w");

	CU_ASSERT(file != NULL);
	size_t size = file ? fread(mutant->text, 1, MUTANT_MAX, file) : 0;
	if (file)
		fclose(file);
	for (mutant->size = 0; mutant->size <= size; mutant->size++)
		judge(mutant, nowhere);
	fclose(nowhere);
	free(mutant);
}

CU_TestInfo scenario_mutants_tests[] = {
	{"mutants of good files are scenarios or complaints, never crashes", mutants},
	{"a file that ends anywhere is a scenario or a complaint", prefixes},
	CU_TEST_INFO_NULL,
};
