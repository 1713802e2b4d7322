/* What must come out: `expect:`, and the sets of judges and of plots. */
#include "sim/scenario/reader.h"

#include <stdlib.h>
#include <string.h>

uint32_t all_judges(void)
{
	return ((uint32_t)1 << JUDGES) - 1;
}

/* ---- Sets of names --------------------------------------------------------------------------- */

/* Judges or plots, as a key whose names are to choose from. */
static struct key member_key(const struct key *set)
{
	struct key member = *set;

	member.type = set->type == TYPE_JUDGES ? TYPE_JUDGE : TYPE_CHOICE;
	member.offset = 0;
	member.width = sizeof(uint32_t);
	member.fallback = NULL;
	return member;
}

bool read_set(struct reading *reading, const struct key *key, const struct node *node,
	      uint32_t *set)
{
	const struct node *item = node->kind == NODE_LIST ? node->first : node;
	struct key member = member_key(key);
	uint32_t which;

	*set = 0;
	for (; item; item = item == node ? NULL : item->next)
		if (read_key(reading, &member, item, &which))
			*set |= (uint32_t)1 << which;
	return true;
}

void write_set(const struct key *key, uint32_t set, struct text *out)
{
	struct key member = member_key(key);
	unsigned written = 0;

	text_add(out, "[");
	for (uint32_t which = 0; which < 32; which++) {
		if (!(set >> which & 1))
			continue;
		text_add(out, written++ ? ", " : "");
		value_write(&member, &which, out);
	}
	text_add(out, "]");
}

/* ---- Expectations ---------------------------------------------------------------------------- */

static void refuse_expectation(struct reading *reading, const struct node *node)
{
	const char *names[EXPECTATION_KINDS];
	char shown[QUOTE_MAX], mean[MEAN_MAX];
	struct text accepted = {0};

	for (unsigned i = 0; i < EXPECTATION_KINDS; i++) {
		names[i] = expectation_forms[i].name;
		text_add(&accepted, "%s%s", i ? ", " : "", names[i]);
	}
	refuse(reading, node, "\"%s\" is no expectation; accepted: %s%s", quote(node->text, shown),
	       accepted.bytes, meant(node->text, names, EXPECTATION_KINDS, mean));
	free(accepted.bytes);
}

static bool stands_already(const struct scenario *scenario, enum expectation_kind kind)
{
	for (unsigned i = 0; i < scenario->expectation_count; i++)
		if (scenario->expect[i].kind == kind && expectation_forms[kind].inner == SECTIONS)
			return true;
	return false;
}

/* A bare word, or a word with a mapping of its keys. */
static void read_expectation(struct reading *reading, const struct node *word,
			     const struct node *keys)
{
	struct scenario *scenario = reading->scenario;
	struct expectation *expect = &scenario->expect[scenario->expectation_count];
	unsigned kind = 0;

	while (kind < EXPECTATION_KINDS && strcmp(expectation_forms[kind].name, word->text) != 0)
		kind++;
	if (kind == EXPECTATION_KINDS) {
		refuse_expectation(reading, word);
		return;
	}
	enum section inner = expectation_forms[kind].inner;
	if (scenario->expectation_count == EXPECTATIONS_MAX) {
		refuse(reading, word, "expect: too many of them; accepted: at most %d",
		       EXPECTATIONS_MAX);
		return;
	}
	if (stands_already(scenario, (enum expectation_kind)kind))
		refuse(reading, word, "\"%s\" is expected twice; accepted: each once", word->text);
	scenario->expectation_count++;
	expect->kind = (enum expectation_kind)kind;
	if (inner == SECTIONS) {
		if (keys)
			refuse(reading, keys, "\"%s\" takes no keys; accepted: the word alone",
			       word->text);
	} else if (!keys || expect_section(reading, word->text, keys, inner)) {
		read_section(reading, inner, keys, word, expect);
	}
}

bool read_expect(struct reading *reading, const struct node *node)
{
	const struct node *item = node->kind == NODE_LIST ? node->first : node;

	for (; item; item = item == node ? NULL : item->next) {
		if (item->kind == NODE_TEXT)
			read_expectation(reading, item, NULL);
		else if (!expect_kind(reading, "expect", item, NODE_MAP))
			continue;
		else if (item->count != 1)
			refuse(reading, item,
			       "%u expectations in one mapping; accepted: one an item",
			       item->count);
		else
			read_expectation(reading, item->first, item->first->value);
	}
	return true;
}
