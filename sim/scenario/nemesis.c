/* `nemesis:`, a list of {every: exponential(mean=6s), choose: {crash: 3, pause: 1}, ...}. */
#include "sim/scenario/reader.h"

#include <stdlib.h>
#include <string.h>

/* ---- Kinds and their weights ----------------------------------------------------------------- */

static struct key weight_key(const struct key *kinds, const char *name)
{
	return (struct key){.section = kinds->section,
			    .name = name,
			    .type = TYPE_COUNT,
			    .width = sizeof(uint32_t),
			    .min = kinds->min,
			    .max = kinds->max};
}

/* A kind that would never be drawn looks as if it were. */
static bool may_be_drawn(struct reading *reading, const struct node *entry, unsigned kind,
			 const struct nemesis *nemesis)
{
	const struct scenario *scenario = reading->scenario;
	const struct protocol *protocol = root_group(scenario)->protocol;
	const char *beyond;

	if (!protocol)
		return true;
	beyond = nemesis->beyond_model
			 ? NULL
			 : fault_beyond((enum fault_number)kind, protocol, scenario->disk.crash);
	if (fault_kinds[kind].datagrams && scenario->connections) {
		refuse(reading, entry, "a connection does not %s; accepted: with mode: datagram",
		       fault_kinds[kind].name);
		return false;
	}
	if (beyond)
		refuse(reading, entry,
		       "choose: %s does not claim to survive %s, and it would never be drawn; "
		       "accepted: with beyond_model: true",
		       protocol->name, beyond);
	return !beyond;
}

bool read_kinds(struct reading *reading, const struct key *key, const struct node *map, void *base)
{
	static const char accepted[] =
		"a mapping of kinds of fault to their weights, such as {crash: 3, pause: 1}";
	struct nemesis *nemesis = base;
	const char *names[FAULT_KINDS];

	if (!expect_like(reading, "choose", map, NODE_MAP, accepted))
		return false;
	if (!map->count)
		refuse(reading, map, "choose: no kind of fault stands here; accepted: %s",
		       accepted);
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		names[i] = fault_kinds[i].name;
	for (const struct node *entry = map->first; entry; entry = entry->next) {
		unsigned kind = 0;

		while (kind < FAULT_KINDS && strcmp(names[kind], entry->text) != 0)
			kind++;
		if (kind == FAULT_KINDS) {
			refuse_name(reading, "kind of fault", entry, names, FAULT_KINDS);
			continue;
		}
		struct key weight = weight_key(key, names[kind]);

		if (may_be_drawn(reading, entry, kind, nemesis) && entry->value)
			read_key(reading, &weight, entry->value, &nemesis->weight[kind]);
	}
	return true;
}

void write_kinds(const uint32_t weight[FAULT_KINDS], struct text *out)
{
	const char *between = "{";

	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		if (!weight[i])
			continue;
		text_add(out, "%s%s: %u", between, fault_kinds[i].name, weight[i]);
		between = ", ";
	}
	text_add(out, "}");
}

/* ---- Whom, and when -------------------------------------------------------------------------- */

bool read_nemesis_target(struct reading *reading, const struct node *node, struct nemesis *nemesis)
{
	struct fault hits = {.part_count = 1};
	bool read = read_target(reading, node, &hits.part[0]) &&
		    sound_parts(reading, node, &hits, FAULT_ON_PROCESSES);

	nemesis->target = read ? hits.part[0] : (struct target){0};
	return read;
}

static void check_between(struct reading *reading, const struct node *node,
			  const struct nemesis *nemesis)
{
	const struct scenario *scenario = reading->scenario;
	nanoseconds heal = scenario->heal ? scenario->heal : scenario->duration;
	struct text accepted = {0};

	if (!node || !scenario->duration || nemesis->between[1] <= heal)
		return;
	write_duration(heal, &accepted);
	refuse(reading, node, "between: \"%s\" goes beyond %s at %s; accepted: earlier times",
	       node->text, heal < scenario->duration ? "the heal" : "the run's end",
	       accepted.bytes);
	free(accepted.bytes);
}

bool read_nemeses(struct reading *reading, const struct node *list)
{
	struct scenario *scenario = reading->scenario;

	if (!expect_kind(reading, "nemesis", list, NODE_LIST))
		return false;
	if (list->count > NEMESES_MAX) {
		refuse(reading, list, "nemesis: %u of them; accepted: at most %d", list->count,
		       NEMESES_MAX);
		return false;
	}
	for (const struct node *item = list->first; item; item = item->next) {
		struct nemesis *nemesis = &scenario->nemeses[scenario->nemesis_count++];

		if (!expect_section(reading, "nemesis", item, IN_NEMESIS))
			continue;
		read_section(reading, IN_NEMESIS, item, item, nemesis);
		check_between(reading, tree_find(item, "between"), nemesis);
	}
	return true;
}
