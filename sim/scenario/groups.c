/*
 * The cluster: one group, or a list of them, each on machines of its own or on those of an earlier
 * one. Clients talk to the last.
 */
#include "sim/scenario/reader.h"
#include "sim/world/guard.h"

#include <stdlib.h>
#include <string.h>

struct cluster_group *asked_group(const struct scenario *scenario)
{
	return (struct cluster_group *)&scenario->groups[scenario->workload.group];
}

const struct cluster_group *root_group(const struct scenario *scenario)
{
	const struct cluster_group *group = asked_group(scenario);

	while (group->on)
		group = &scenario->groups[group->on - 1];
	return group;
}

unsigned scenario_nodes(const struct scenario *scenario)
{
	unsigned nodes = 0;

	for (unsigned i = 0; i < scenario->group_count; i++) {
		if (!scenario->groups[i].nodes)
			return 0;
		nodes += scenario->groups[i].nodes;
	}
	return nodes;
}

bool protocol_repeated(const struct scenario *scenario, unsigned which)
{
	for (unsigned i = 0; i < which; i++)
		if (scenario->groups[i].protocol == scenario->groups[which].protocol)
			return true;
	return false;
}

/* One that was refused may have no name. */
static bool is_called(const struct cluster_group *group, const char *name)
{
	return group->name && !strcmp(group->name, name);
}

/* ---- What a group stands on ------------------------------------------------------------------ */

bool read_on(struct reading *reading, const struct node *node)
{
	const struct scenario *scenario = reading->scenario;
	unsigned own = (unsigned)(reading->group - scenario->groups), count = 0;
	const char *names[SCENARIO_GROUPS_MAX];

	if (!expect_kind(reading, "on", node, NODE_TEXT))
		return false;
	for (unsigned i = 0; i < own; i++) {
		if (scenario->groups[i].name)
			names[count++] = scenario->groups[i].name;
		if (is_called(&scenario->groups[i], node->text))
			reading->group->on = (uint8_t)(i + 1);
	}
	if (!reading->group->on)
		refuse_name(reading, "earlier group", node, names, count);
	return reading->group->on != 0;
}

void write_on(const struct scenario *scenario, const struct cluster_group *group, struct text *out)
{
	text_add(out, "%s", scenario->groups[group->on - 1].name);
}

/* ---- What does not fit together -------------------------------------------------------------- */

/* Where that key's value stands in a group's map, or else the map. */
static const struct node *place(const struct node *map, const char *key)
{
	const struct node *value = tree_find(map, key);

	return value ? value : map;
}

static void check_name(struct reading *reading, const struct node *map)
{
	const struct cluster_group *group = reading->group;

	for (const struct cluster_group *other = reading->scenario->groups; other < group; other++)
		if (is_called(other, group->name)) {
			refuse(reading, place(map, "group"),
			       "group: two of them are called \"%s\"; accepted: a name of its own "
			       "for each",
			       group->name);
			return;
		}
}

static void check_base(struct reading *reading, const struct node *map)
{
	const struct cluster_group *group = reading->group;
	const struct cluster_group *base = &reading->scenario->groups[group->on - 1];

	if (!group->protocol->applied)
		refuse(reading, place(map, "on"),
		       "on: %s stands on no other group; accepted: a protocol that is told what "
		       "another one has applied",
		       group->protocol->name);
	if (group->nodes > base->nodes && base->nodes)
		refuse(reading, place(map, "nodes"),
		       "nodes: %u on the machines of %u; accepted: at most as many", group->nodes,
		       base->nodes);
	if (base->app)
		refuse(reading, place(map, "on"),
		       "on: \"%s\" replicates %s, and would not understand what this group "
		       "proposes; accepted: a group with app: none",
		       base->name, base->app->name);
}

static void check_group(struct reading *reading, const struct node *map)
{
	const struct cluster_group *group = reading->group;

	check_name(reading, map);
	if (group->protocol && group->on)
		check_base(reading, map);
	else if (group->protocol && group->protocol->applied)
		refuse(reading, place(map, "protocol"),
		       "%s stands on another group; accepted: with on: and the name of one",
		       group->protocol->name);
}

/* ---- What the protocol says of its options --------------------------------------------------- */

#define PATIENCE_MAX ((nanoseconds)1000 * 3600 * 1000000000)

static void ask_patience(void *context)
{
	struct cluster_group *group = context;

	group->patience = group->protocol->patience(group->options);
}

/* The text is the protocol's, and so read where it is guarded. */
static void ask_unsound(void *context)
{
	struct cluster_group *group = context;
	const char *unsound = group->protocol->unsound(group->options);

	if (unsound)
		snprintf(group->unsound, sizeof(group->unsound), "%s", unsound);
}

/* A protocol may be a stranger's: it may crash, and it may not return. */
static void ask_protocol(struct reading *reading, const struct node *map)
{
	struct cluster_group *group = reading->group;
	char how[GUARD_HOW_MAX];

	if (!guard_call(ask_patience, group, how))
		refuse(reading, place(map, "protocol"),
		       "%s's function patience %s; accepted: one that returns how long its slowest "
		       "time-out is",
		       group->protocol->name, how);
	else if (group->patience <= 0 || group->patience > PATIENCE_MAX)
		refuse(reading, place(map, "protocol"),
		       "%s's function patience returned %lld ns; accepted: 1 ns to 1000 h",
		       group->protocol->name, (long long)group->patience);
	if (group->protocol->unsound && !guard_call(ask_unsound, group, how))
		refuse(reading, place(map, "protocol"),
		       "%s's function unsound %s; accepted: one that returns a sentence, or NULL",
		       group->protocol->name, how);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void read_group(struct reading *reading, const struct node *map)
{
	unsigned complaints = reading->complaints->count;
	struct cluster_group *group = reading->group;

	if (!tree_find(map, "nodes") && !tree_find(map, "on"))
		refuse_missing(reading, key_named(IN_CLUSTER, "nodes"), map);
	read_section(reading, IN_CLUSTER, map, map, group);
	if (group->on && !group->nodes)
		group->nodes = reading->scenario->groups[group->on - 1].nodes;
	if (reading->complaints->count == complaints)
		check_group(reading, map);
	/* It has none where its text was refused before it was looked at. */
	if (reading->complaints->count == complaints && group->protocol)
		ask_protocol(reading, map);
}

void read_cluster(struct reading *reading, const struct node *node)
{
	struct scenario *scenario = reading->scenario;
	bool list = node->kind == NODE_LIST;

	if (list && (node->count == 0 || node->count > SCENARIO_GROUPS_MAX)) {
		refuse(reading, node, "cluster: a list of %u groups; accepted: 1 to %d",
		       node->count, SCENARIO_GROUPS_MAX);
		return;
	}
	scenario->group_count = list ? node->count : 1;
	scenario->workload.group = (group_id)(scenario->group_count - 1);
	const struct node *map = list ? node->first : node;

	for (unsigned i = 0; i < scenario->group_count; i++, map = map->next) {
		reading->group = &scenario->groups[i];
		if (expect_section(reading, "cluster", map, IN_CLUSTER))
			read_group(reading, map);
	}
	if (scenario_nodes(scenario) > PROCESSES_MAX)
		refuse(reading, node, "cluster: %u processes in all groups; accepted: at most %d",
		       scenario_nodes(scenario), PROCESSES_MAX);
}
