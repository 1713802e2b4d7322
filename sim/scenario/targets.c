/*
 * Whom a fault hits, as text: `n3`, `[n1, c2]`, `leader`, and of links `n1 + n2 -> rest`.
 */
#include "sim/scenario/reader.h"

#include <stdlib.h>
#include <string.h>

static const char arrow[] = "->", both_arrow[] = "<->";

/* ---- One target ------------------------------------------------------------------------------ */

static const struct key endpoint_key = {
	.name = "target", .type = TYPE_ENDPOINT, .width = sizeof(endpoint_t)};

bool names_target(const char *text)
{
	endpoint_t endpoint;

	for (unsigned i = TARGET_ENDPOINT + 1; i < TARGET_KINDS; i++)
		if (!strcmp(target_names[i], text))
			return true;
	return !value_read(&endpoint_key, text, &endpoint);
}

static bool leads(const struct protocol *protocol)
{
	const struct inspector *inspector = protocol->inspectors;

	for (; inspector && inspector->name; inspector++)
		for (unsigned i = 0;
		     !strcmp(inspector->name, "role") && inspector->values && inspector->values[i];
		     i++)
			if (!strcmp(inspector->values[i], target_names[TARGET_LEADER]))
				return true;
	return false;
}

/* A leader that no group has, neither the one that clients talk to nor what it stands on, would be
 * waited for in vain. */
static bool has_role(const struct scenario *scenario, unsigned kind)
{
	const struct cluster_group *group = asked_group(scenario);

	if (kind != TARGET_LEADER)
		return true;
	while (group->protocol && !leads(group->protocol)) {
		if (!group->on)
			return false;
		group = &scenario->groups[group->on - 1];
	}
	return true; /* or not known, which has been complained about */
}

static void refuse_target(struct reading *reading, const struct node *node, const char *text)
{
	char shown[QUOTE_MAX], mean[MEAN_MAX];
	const struct scenario *scenario = reading->scenario;
	const char *const *roles = target_names + TARGET_ENDPOINT + 1;
	bool lacks_leader = !strcmp(text, target_names[TARGET_LEADER]);
	struct text accepted = {0};

	text_add(&accepted, "n1 to n%u", scenario_nodes(scenario));
	if (scenario->workload.clients)
		text_add(&accepted, ", c1 to c%u", scenario->workload.clients);
	for (unsigned i = TARGET_ENDPOINT + 1; i < TARGET_KINDS; i++)
		if (has_role(scenario, i))
			text_add(&accepted, ", %s", target_names[i]);
	refuse(reading, node, "\"%s\" is nobody in this cluster%s; accepted: %s%s",
	       quote(text, shown), lacks_leader ? ", whose protocol has no such role" : "",
	       accepted.bytes,
	       lacks_leader ? "" : meant(text, roles, TARGET_KINDS - TARGET_ENDPOINT - 1, mean));
	free(accepted.bytes);
}

static bool exists(const struct scenario *scenario, endpoint_t endpoint)
{
	/* Where the number of nodes is not known, that has been complained about. */
	return is_endpoint(scenario, endpoint) ||
	       (endpoint < CLIENT_FIRST && !scenario_nodes(scenario));
}

static bool add_item(struct reading *reading, const struct node *node, const char *text,
		     struct target *target)
{
	struct target_item *item = &target->item[target->count];

	if (target->count == TARGET_ITEMS_MAX) {
		refuse(reading, node, "more than %d targets; accepted: a role such as all",
		       TARGET_ITEMS_MAX);
		return false;
	}
	item->kind = TARGET_ENDPOINT;
	for (unsigned i = TARGET_ENDPOINT + 1; i < TARGET_KINDS; i++)
		if (!strcmp(target_names[i], text))
			item->kind = (uint16_t)i;
	if (!has_role(reading->scenario, item->kind) ||
	    (item->kind == TARGET_ENDPOINT && (value_read(&endpoint_key, text, &item->endpoint) ||
					       !exists(reading->scenario, item->endpoint)))) {
		refuse_target(reading, node, text);
		return false;
	}
	target->count++;
	return true;
}

bool read_target(struct reading *reading, const struct node *node, struct target *target)
{
	if (node->kind == NODE_TEXT)
		return add_item(reading, node, node->text, target);
	if (!expect_kind(reading, "target", node, NODE_LIST))
		return false;
	if (!node->count) {
		refuse(reading, node, "target: nobody stands here; accepted: such as [n1, n2]");
		return false;
	}
	for (const struct node *item = node->first; item; item = item->next)
		if (!expect_kind(reading, "target", item, NODE_TEXT) ||
		    !add_item(reading, item, item->text, target))
			return false;
	return true;
}

/* ---- Links ----------------------------------------------------------------------------------- */

/* One side, `n1 + n2`, between two places in the text. */
static bool read_side(struct reading *reading, const struct node *node, const char *from,
		      const char *to, struct target *target)
{
	char name[QUOTE_MAX];
	bool more = true;

	while (more) {
		const char *end = memchr(from, '+', (size_t)(to - from));
		const char *next = end ? end + 1 : to;

		more = end != NULL;
		end = end ? end : to;
		while (from < end && *from == ' ')
			from++;
		while (from < end && end[-1] == ' ')
			end--;
		snprintf(name, sizeof(name), "%.*s", (int)(end - from), from);
		if (!add_item(reading, node, name, target))
			return false;
		from = next;
	}
	return true;
}

bool read_link_expression(struct reading *reading, const struct node *node, struct fault *fault)
{
	if (!expect_kind(reading, "links", node, NODE_TEXT))
		return false;
	const char *text = node->text, *at = strstr(text, both_arrow);
	char shown[QUOTE_MAX];

	fault->both_ways = at != NULL;
	if (!at)
		at = strstr(text, arrow);
	if (!at) {
		refuse(reading, node,
		       "\"%s\" names no links; accepted: n1 -> n3 (one way), leader <-> rest (both "
		       "ways), n1 + n2 -> n3",
		       quote(text, shown));
		return false;
	}
	const char *after = at + strlen(fault->both_ways ? both_arrow : arrow);
	fault->part_count = 2;
	return read_side(reading, node, text, at, &fault->part[0]) &&
	       read_side(reading, node, after, text + strlen(text), &fault->part[1]);
}

/* ---- What makes no sense together ------------------------------------------------------------ */

/* May a role stand more than once in one fault? Each takes those that are still free. */
static bool repeats(enum target_kind kind)
{
	return kind == TARGET_FOLLOWER || kind == TARGET_RANDOM || kind == TARGET_RANDOM_MINORITY;
}

static const char *item_name(const struct target_item *item, char *name)
{
	return item->kind == TARGET_ENDPOINT ? endpoint_name(item->endpoint, name)
					     : target_names[item->kind];
}

static bool same(const struct target_item *a, const struct target_item *b)
{
	return a->kind == b->kind &&
	       (a->kind == TARGET_ENDPOINT ? a->endpoint == b->endpoint : !repeats(a->kind));
}

bool is_client(const struct target_item *item)
{
	return item->kind == TARGET_CLIENTS ||
	       (item->kind == TARGET_ENDPOINT && item->endpoint >= CLIENT_FIRST);
}

/* Do the two overlap for certain? Of links only within a side: `n1 -> all` is meant so. */
static bool clash(const struct target_item *a, const struct target_item *b, bool apart)
{
	if (same(a, b))
		return !apart || a->kind == TARGET_LEADER || a->kind == TARGET_REST ||
		       a->kind == TARGET_RANDOM_MAJORITY;
	return !apart && ((a->kind == TARGET_ALL && !is_client(b)) ||
			  (b->kind == TARGET_ALL && !is_client(a)));
}

static const struct target_item *find_clash(const struct fault *fault, bool links)
{
	for (unsigned p = 0; p < fault->part_count; p++)
		for (unsigned i = 0; i < fault->part[p].count; i++)
			for (unsigned q = p; q < fault->part_count; q++)
				for (unsigned j = q == p ? i + 1 : 0; j < fault->part[q].count; j++)
					if (clash(&fault->part[p].item[i], &fault->part[q].item[j],
						  links && p != q))
						return &fault->part[q].item[j];
	return NULL;
}

static bool only_clients(const struct target *target)
{
	for (unsigned i = 0; i < target->count; i++)
		if (!is_client(&target->item[i]))
			return false;
	return true;
}

static bool sound_processes(struct reading *reading, const struct node *node,
			    const struct target *target)
{
	char name[8];

	for (unsigned i = 0; i < target->count; i++)
		if (is_client(&target->item[i]) || target->item[i].kind == TARGET_REST) {
			refuse(reading, node,
			       "\"%s\" is no process that this fault could hit; accepted: "
			       "processes "
			       "such as n1, and roles but rest and clients",
			       item_name(&target->item[i], name));
			return false;
		}
	return true;
}

static bool sound_link(struct reading *reading, const struct node *node, const struct fault *fault)
{
	const struct target *from = &fault->part[0], *to = &fault->part[1];

	if (only_clients(from) && only_clients(to)) {
		refuse(reading, node,
		       "no link leads from client to client; accepted: a process on one "
		       "side");
		return false;
	}
	if (from->count == 1 && to->count == 1 && from->item[0].kind == TARGET_ENDPOINT &&
	    same(&from->item[0], &to->item[0])) {
		refuse(reading, node,
		       "no link leads from a process to itself; accepted: two of them");
		return false;
	}
	return true;
}

bool sound_parts(struct reading *reading, const struct node *node, const struct fault *fault,
		 enum fault_shape shape)
{
	const struct target_item *twice = find_clash(fault, shape == FAULT_ON_LINKS);
	char name[8];

	if (twice) {
		refuse(reading, node, "\"%s\" is in it twice; accepted: each %s once",
		       item_name(twice, name),
		       shape == FAULT_ON_PARTS ? "endpoint in one part," : "target");
		return false;
	}
	switch (shape) {
	case FAULT_ON_PROCESSES: return sound_processes(reading, node, &fault->part[0]);
	case FAULT_ON_LINKS: return sound_link(reading, node, fault);
	default: return true;
	}
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_items(const struct target *target, const char *between, struct text *out)
{
	char name[8];

	for (unsigned i = 0; i < target->count; i++)
		text_add(out, "%s%s", i ? between : "", item_name(&target->item[i], name));
}

void write_target(const struct target *target, struct text *out)
{
	if (target->count == 1) {
		write_items(target, "", out);
		return;
	}
	text_add(out, "[");
	write_items(target, ", ", out);
	text_add(out, "]");
}

void write_sides(const struct fault *fault, struct text *out)
{
	write_items(&fault->part[0], " + ", out);
	text_add(out, " %s ", fault->both_ways ? both_arrow : arrow);
	write_items(&fault->part[1], " + ", out);
}
