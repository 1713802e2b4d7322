/*
 * Spoilt scenarios: bytes, words and lines that are flipped, lost, repeated or exchanged; numbers
 * beyond any range, brackets within brackets, a file that ends too soon.
 */
#include "tests/scenario/mutants.h"

#include "sim/scenario/reader.h"

#include <stdlib.h>

#define WORD "abcdefghijklmnopqrstuvwxyz0123456789.%_"

bool mutant_read(struct mutant *mutant, const char *path)
{
	FILE *file = fopen(path, "rb");

	mutant->size = file ? fread(mutant->text, 1, MUTANT_MAX, file) : 0;
	if (file)
		fclose(file);
	return mutant->size > 0 && mutant->size <= MUTANT_MAX / 2;
}

static size_t below(struct pcg32 *pcg, size_t bound)
{
	return bound ? pcg32_below(pcg, (uint32_t)bound) : 0;
}

/* A stretch of the text: [begin, end). */
struct stretch {
	size_t begin, end;
};

/* The line around `at`, with its line break. */
static struct stretch line_around(const struct mutant *mutant, size_t at)
{
	struct stretch line = {at, at};

	while (line.begin && mutant->text[line.begin - 1] != '\n')
		line.begin--;
	while (line.end < mutant->size && mutant->text[line.end++] != '\n')
		;
	return line;
}

/* The rest of a word from `at` on; empty where none stands there. */
static struct stretch word_at(const struct mutant *mutant, size_t at)
{
	struct stretch word = {at, at};

	while (word.end < mutant->size && mutant->text[word.end] &&
	       strchr(WORD, mutant->text[word.end]))
		word.end++;
	return word;
}

/* Puts `size` bytes where a stretch stood, if there is room. */
static void splice(struct mutant *mutant, struct stretch at, const char *bytes, size_t size)
{
	char copy[MUTANT_MAX]; /* the bytes may be the mutant's own */

	if (mutant->size - (at.end - at.begin) + size > MUTANT_MAX)
		return;
	memcpy(copy, bytes, size);
	memmove(mutant->text + at.begin + size, mutant->text + at.end, mutant->size - at.end);
	memcpy(mutant->text + at.begin, copy, size);
	mutant->size = mutant->size - (at.end - at.begin) + size;
}

/* Nothing where they overlap. */
static void exchange(struct mutant *mutant, struct stretch a, struct stretch b)
{
	if (a.begin > b.begin) {
		struct stretch c = a;

		a = b;
		b = c;
	}
	const struct stretch order[] = {
		{0, a.begin}, b, {a.end, b.begin}, a, {b.end, mutant->size}};
	struct mutant before = *mutant;
	size_t size = 0;

	for (size_t i = 0; a.end <= b.begin && i < sizeof(order) / sizeof(order[0]); i++) {
		memcpy(mutant->text + size, before.text + order[i].begin,
		       order[i].end - order[i].begin);
		size += order[i].end - order[i].begin;
	}
}

static const char *odd_word(struct pcg32 *pcg)
{
	static const char *const words[] = {
		"{",
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
		"rest",
	};

	return words[below(pcg, sizeof(words) / sizeof(words[0]))];
}

/* Digits at or after `at`; the unit behind them stays. */
static void enlarge(struct mutant *mutant, struct pcg32 *pcg, size_t at)
{
	static const char *const numbers[] = {
		"9223372036854775807",
		"9223372036854775808",
		"-9223372036854775808",
		"18446744073709551616",
		"4294967296",
		"2147483648",
		"65536",
		"00000000000000000000000000000000000000001",
		"0.00000000000000000000000000000000000001",
		"99999999999999999999999999999999999999999999999999999999999999999999999999999999",
		"1e308",
	};
	const char *number = numbers[below(pcg, sizeof(numbers) / sizeof(numbers[0]))];
	struct stretch digits = {at, at};

	while (digits.begin < mutant->size &&
	       (mutant->text[digits.begin] < '0' || mutant->text[digits.begin] > '9'))
		digits.begin++;
	digits.end = digits.begin;
	while (digits.end < mutant->size && mutant->text[digits.end] >= '0' &&
	       mutant->text[digits.end] <= '9')
		digits.end++;
	splice(mutant, digits, number, strlen(number));
}

static void nest(struct mutant *mutant, struct pcg32 *pcg, size_t at)
{
	static const char *const brackets[] = {"[", "{a: ", "- ", "(", "? ", "[{faults: "};
	const char *bracket = brackets[below(pcg, sizeof(brackets) / sizeof(brackets[0]))];

	for (size_t depth = below(pcg, 3000); depth; depth--)
		splice(mutant, (struct stretch){at, at}, bracket, strlen(bracket));
}

static void spoil_once(struct mutant *mutant, struct pcg32 *pcg)
{
	enum { KINDS = 14, RARE = 2 };
	size_t at = below(pcg, mutant->size), other = below(pcg, mutant->size);
	const struct stretch line = line_around(mutant, at), elsewhere = line_around(mutant, other);
	const struct stretch here = {at, at}, byte = {at, at + (at < mutant->size)};
	const char *word = odd_word(pcg);

	switch (below(pcg, KINDS)) {
	case 0:
		if (at < mutant->size)
			mutant->text[at] = (char)(mutant->text[at] ^ 1 << below(pcg, 8));
		break;
	case 1: splice(mutant, byte, "", 0); break;
	case 2: splice(mutant, line, "", 0); break;
	case 3:
		splice(mutant, line, mutant->text + elsewhere.begin,
		       elsewhere.end - elsewhere.begin);
		break;
	case 4: /* in another place too, or twice here */
		splice(mutant, (struct stretch){elsewhere.begin, elsewhere.begin},
		       mutant->text + line.begin, line.end - line.begin);
		break;
	case 5: exchange(mutant, line, elsewhere); break;
	case 6: exchange(mutant, word_at(mutant, at), word_at(mutant, other)); break;
	case 7: splice(mutant, here, word, strlen(word)); break;
	case 8:
	case 9:
	case 10: splice(mutant, word_at(mutant, at), word, strlen(word)); break;
	case 11: enlarge(mutant, pcg, at); break;
	case 12:
		if (!below(pcg, RARE))
			nest(mutant, pcg, at);
		break;
	default:
		if (!below(pcg, RARE))
			mutant->size = at;
		break;
	}
}

void mutant_spoil(struct mutant *mutant, struct pcg32 *pcg)
{
	for (uint32_t times = 1 + pcg32_below(pcg, 3); times; times--)
		spoil_once(mutant, pcg);
}

/* ---- What becomes of it ---------------------------------------------------------------------- */

static unsigned lines_of(const struct mutant *mutant)
{
	unsigned lines = 1;

	for (size_t i = 0; i < mutant->size; i++)
		lines += mutant->text[i] == '\n' || mutant->text[i] == '\r';
	return lines;
}

static const char *judge_refusal(const struct mutant *mutant, FILE *nowhere,
				 const struct complaints *complaints)
{
	char *text = calloc(1, mutant->size + 1);
	const char *wrong = complaints->count ? NULL : "refused without a complaint";

	memcpy(text, mutant->text, mutant->size);
	for (unsigned i = 0; i < complaints->count; i++) {
		/* A character that is no line break for us may be one for YAML. */
		if (complaints->list[i].line > lines_of(mutant) + 8)
			wrong = "a complaint about a line that does not exist";
		if (!complaints->list[i].text[0])
			wrong = "a complaint without a word";
	}
	complaints_print(nowhere, "mutant.yaml", text, complaints);
	free(text);
	return wrong;
}

static const char *judge_scenario(const struct scenario *scenario)
{
	struct complaints complaints;
	char *first = scenario_emit(scenario);
	struct scenario *again = scenario_parse("mutant.yaml", first, strlen(first), &complaints);
	char *second = again ? scenario_emit(again) : NULL;
	const char *wrong = !again                       ? "written, it is refused"
			    : strcmp(first, second) != 0 ? "written twice, it is not the same"
							 : NULL;

	free(first);
	free(second);
	scenario_free(again);
	return wrong;
}

const char *mutant_judge(const struct mutant *mutant, FILE *nowhere, struct scenario **scenario)
{
	struct complaints complaints;

	*scenario = scenario_parse("mutant.yaml", mutant->text, mutant->size, &complaints);
	if (!*scenario)
		return judge_refusal(mutant, nowhere, &complaints);
	return complaints.count ? "accepted with a complaint" : judge_scenario(*scenario);
}
