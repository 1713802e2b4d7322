/*
 * What depends on the protocol and the app: who they are, options and bugs of the one, the mix of
 * operations of the other.
 */
#include "sim/scenario/reader.h"

#include "protocols/registry.h"
#include "sim/world/contract.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 128, MIX_WHOLE = 10000 /* hundredths of a percent */ };

/* The defaults of a plug-in's options were read by nobody yet. */
static bool defaults_read(struct reading *reading, const struct protocol *protocol,
			  const struct node *node)
{
	for (const struct option *option = protocol->options; option && option->name; option++) {
		struct key key = key_of_option(option);
		nanoseconds value[2] = {0};

		key.offset = 0;
		if (!value_read(&key, option->fallback, value))
			continue;
		refuse(reading, node, "the default \"%s\" of %s's option \"%s\" is no value of it",
		       option->fallback, protocol->name, option->name);
		return false;
	}
	return true;
}

bool read_protocol(struct reading *reading, const struct node *node)
{
	const char *names[NAMES_MAX];
	char why[CONTRACT_WHY_MAX];
	size_t count = 0;

	if (!expect_kind(reading, "protocol", node, NODE_TEXT))
		return false;
	const struct protocol *protocol = protocol_named(node->text);

	if (protocol && contract_kept(protocol, why)) {
		if (!defaults_read(reading, protocol, node))
			return false;
		reading->group->protocol = protocol;
		return true;
	}
	if (protocol) {
		refuse(reading, node, "%s does not keep the contract of ordeal.h: %s", node->text,
		       why);
		return false;
	}
	for (; protocols[count] && count < NAMES_MAX - 1; count++)
		names[count] = protocols[count]->name;
	names[count++] = "what --plugin FILE.so brings";
	refuse_name(reading, "protocol", node, names, count);
	return false;
}

/* Clients ask the last group for what its app offers; those below may do without one. */
bool read_app(struct reading *reading, const struct node *node)
{
	const char *names[NAMES_MAX];
	size_t count = 0;

	if (!expect_kind(reading, "app", node, NODE_TEXT))
		return false;
	if (reading->group != asked_group(reading->scenario)) {
		if (!strcmp(node->text, "none"))
			return true;
		names[count++] = "none";
	}
	reading->group->app = app_named(node->text);
	if (reading->group->app)
		return true;
	for (unsigned i = 0; apps[i] && count < NAMES_MAX; i++)
		names[count++] = apps[i]->name;
	refuse_name(reading, "app", node, names, count);
	return false;
}

/* ---- Options --------------------------------------------------------------------------------- */

static void refuse_strange_options(struct reading *reading, const struct protocol *protocol,
				   const struct node *map)
{
	const char *names[NAMES_MAX];
	char what[80];
	size_t count = 0;

	for (const struct option *option = protocol->options; option && option->name; option++)
		if (count < NAMES_MAX)
			names[count++] = option->name;
	snprintf(what, sizeof(what), "option of %.40s", protocol->name);
	for (const struct node *entry = map->first; entry; entry = entry->next) {
		bool known = false;

		for (size_t i = 0; i < count; i++)
			known |= !strcmp(entry->text, names[i]);
		if (!known)
			refuse_name(reading, what, entry, names, count);
	}
}

void read_options(struct reading *reading, const struct node *map)
{
	struct cluster_group *group = reading->group;
	const struct protocol *protocol = group->protocol;

	if (map && !expect_kind(reading, "options", map, NODE_MAP))
		map = NULL;
	if (!protocol)
		return; /* complained about already */
	if (!group->options)
		group->options = scenario_room(NULL, 0, protocol->options_size);
	if (map)
		refuse_strange_options(reading, protocol, map);
	for (const struct option *option = protocol->options; option && option->name; option++) {
		struct key key = key_of_option(option);

		read_key(reading, &key, tree_find(map, option->name), group->options);
	}
}

/* ---- The mix --------------------------------------------------------------------------------- */

unsigned operation_count(const struct app *app)
{
	unsigned count = 0;

	while (app && app->operations[count].name && count < OPERATIONS_MAX)
		count++;
	return count;
}

static bool takes(const struct protocol *protocol, const struct app_operation *operation)
{
	return !protocol->blind_writes_only || operation->reads || operation->blind;
}

/* Of the operations that the protocol takes; the first one gets what is left over. */
void equal_shares(struct scenario *scenario)
{
	const struct cluster_group *group = asked_group(scenario);
	unsigned count = operation_count(group->app), taken = 0;
	uint32_t left = MIX_WHOLE, *first = NULL;

	for (unsigned i = 0; i < count; i++)
		taken += takes(group->protocol, &group->app->operations[i]);
	for (unsigned i = 0; i < count; i++) {
		scenario->workload.weight[i] = 0;
		if (!takes(group->protocol, &group->app->operations[i]))
			continue;
		first = first ? first : &scenario->workload.weight[i];
		scenario->workload.weight[i] = MIX_WHOLE / taken;
		left -= MIX_WHOLE / taken;
	}
	if (first)
		*first += left;
}

static void read_share(struct reading *reading, const struct key *mix, const struct node *entry,
		       uint32_t *weight)
{
	const struct cluster_group *group = asked_group(reading->scenario);
	const char *names[OPERATIONS_MAX];
	unsigned count = operation_count(group->app), which = 0;
	char what[80];

	for (unsigned i = 0; i < count; i++)
		names[i] = group->app->operations[i].name;
	while (which < count && strcmp(names[which], entry->text) != 0)
		which++;
	if (which == count) {
		snprintf(what, sizeof(what), "operation of %.40s", group->app->name);
		refuse_name(reading, what, entry, names, count);
		return;
	}
	struct key key = *mix;
	key.name = names[which];
	key.type = TYPE_PERCENT;
	key.offset = which * sizeof(*weight);
	key.width = sizeof(*weight);
	key.fallback = NULL;
	if (!read_key(reading, &key, entry->value, weight) || !weight[which] || !group->protocol)
		return;
	if (!takes(group->protocol, &group->app->operations[which]))
		refuse(reading, entry,
		       "mix: %s takes no \"%s\", whose effect depends on what is there; "
		       "accepted: reads and blind writes",
		       group->protocol->name, entry->text);
}

bool read_mix(struct reading *reading, const struct key *mix, const struct node *map)
{
	struct scenario *scenario = reading->scenario;
	unsigned complaints = reading->complaints->count;
	uint64_t sum = 0;

	if (!expect_kind(reading, "mix", map, NODE_MAP))
		return false;
	if (!asked_group(scenario)->app)
		return true; /* complained about already */
	for (const struct node *entry = map->first; entry; entry = entry->next)
		read_share(reading, mix, entry, scenario->workload.weight);
	for (unsigned i = 0; i < OPERATIONS_MAX; i++)
		sum += scenario->workload.weight[i];
	if (sum != MIX_WHOLE && reading->complaints->count == complaints)
		refuse(reading, map, "mix: its shares sum to %llu.%02llu%%; accepted: 100%%",
		       (unsigned long long)sum / 100, (unsigned long long)sum % 100);
	return true;
}

/* ---- Bugs ------------------------------------------------------------------------------------ */

/* Which bug of the group's protocol "raft.votes-twice" is; -1: none. */
static int bug_named(const struct protocol *protocol, const char *name)
{
	size_t size = strlen(protocol->name);

	if (strncmp(name, protocol->name, size) != 0 || name[size] != '.')
		return -1;
	for (int i = 0; protocol->bugs && protocol->bugs[i].name && i < BUG_WORDS * 64; i++)
		if (!strcmp(protocol->bugs[i].name, name + size + 1))
			return i;
	return -1;
}

/* In every group of that protocol. */
static bool turn_bug(struct scenario *scenario, const char *name, bool on)
{
	bool known = false;

	for (unsigned i = 0; i < scenario->group_count; i++) {
		struct cluster_group *group = &scenario->groups[i];
		int bug = group->protocol ? bug_named(group->protocol, name) : -1;
		uint64_t bit = bug < 0 ? 0 : (uint64_t)1 << bug % 64;

		if (bug < 0)
			continue;
		known = true;
		if (on)
			group->bugs[bug / 64] |= bit;
		else
			group->bugs[bug / 64] &= ~bit;
	}
	return known;
}

bool scenario_bug(struct scenario *scenario, const char *name, bool on)
{
	bool known = turn_bug(scenario, name, on);

	if (known)
		scenario_rehash(scenario);
	return known;
}

bool scenario_buggy(const struct scenario *scenario)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < scenario->group_count; i++)
		for (unsigned word = 0; word < BUG_WORDS; word++)
			any |= scenario->groups[i].bugs[word];
	return any != 0;
}

nanoseconds scenario_patience(const struct scenario *scenario)
{
	const struct cluster_group *group = &scenario->groups[scenario->workload.group];
	nanoseconds longest = group->patience;

	while (group->on) {
		group = &scenario->groups[group->on - 1];
		if (group->patience > longest)
			longest = group->patience;
	}
	return longest;
}

static void refuse_bug(struct reading *reading, const struct node *node)
{
	const struct scenario *scenario = reading->scenario;
	char full[NAMES_MAX][64];
	const char *names[NAMES_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < scenario->group_count; i++) {
		const struct protocol *protocol = scenario->groups[i].protocol;
		const struct bug *bug = protocol && !protocol_repeated(scenario, i) ? protocol->bugs
										    : NULL;

		for (; bug && bug->name && count < NAMES_MAX; bug++, count++) {
			snprintf(full[count], sizeof(full[count]), "%.20s.%.40s", protocol->name,
				 bug->name);
			names[count] = full[count];
		}
	}
	refuse_name(reading, "bug of this cluster's protocol", node, names, count);
}

bool read_bugs(struct reading *reading, const struct node *node)
{
	const struct node *item = node->kind == NODE_LIST ? node->first : node;

	for (; item; item = item == node ? NULL : item->next) {
		if (!expect_kind(reading, "bugs", item, NODE_TEXT))
			continue;
		if (!asked_group(reading->scenario)->protocol)
			continue; /* complained about already */
		if (!turn_bug(reading->scenario, item->text, true))
			refuse_bug(reading, item);
	}
	return true;
}

void write_bugs(const struct scenario *scenario, struct text *out)
{
	unsigned written = 0;

	text_add(out, "[");
	for (unsigned i = 0; i < scenario->group_count; i++) {
		const struct cluster_group *group = &scenario->groups[i];
		const struct bug *bugs = protocol_repeated(scenario, i) ? NULL
									: group->protocol->bugs;

		for (unsigned bug = 0; bugs && bugs[bug].name && bug < BUG_WORDS * 64; bug++)
			if (group->bugs[bug / 64] >> bug % 64 & 1)
				text_add(out, "%s%s.%s", written++ ? ", " : "",
					 group->protocol->name, bugs[bug].name);
	}
	text_add(out, "]");
}
