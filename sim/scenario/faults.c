/*
 * `faults:`, the schedule: {at: 10s, crash: leader, for: 5s}. Kinds and amounts come from the table
 * of faults (sim/faults), so that a new kind needs no word here.
 */
#include "sim/scenario/reader.h"

#include <stdlib.h>
#include <string.h>

static const struct fault_kind *kind_named(const char *name)
{
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		if (!strcmp(fault_kinds[i].name, name))
			return &fault_kinds[i];
	return NULL;
}

static bool is_amount(const struct fault_kind *kind, const char *name)
{
	return kind && kind->amount != AMOUNT_NONE && !strcmp(kind->amount_key, name);
}

static const char sort_key[] = "type";

/* The entry's one key that says what breaks; NULL: complained. */
static const struct node *find_kind(struct reading *reading, const struct node *map)
{
	const struct node *found = NULL;

	for (const struct node *entry = map->first; entry; entry = entry->next) {
		if (!kind_named(entry->text))
			continue;
		if (found) {
			refuse(reading, entry,
			       "\"%s\" stands beside \"%s\"; accepted: one fault an entry",
			       entry->text, found->text);
			return NULL;
		}
		found = entry;
	}
	return found;
}

/* Keys that no fault has, or not this kind of fault. Returns whether all was well. */
static bool known_keys(struct reading *reading, const struct node *map,
		       const struct fault_kind *kind)
{
	const char *more[FAULT_KINDS + 2];
	size_t count = 0;
	unsigned before = reading->complaints->count;

	if (kind)
		more[count++] = kind->name;
	for (unsigned i = 0; !kind && i < FAULT_KINDS; i++)
		more[count++] = fault_kinds[i].name;
	if (kind && kind->amount != AMOUNT_NONE)
		more[count++] = kind->amount_key;
	if (kind && kind->sorted)
		more[count++] = sort_key;
	for (const struct node *entry = map->first; entry; entry = entry->next) {
		const struct key *key = key_named(IN_FAULT, entry->text);

		if (key && key->type == TYPE_NOT_YET)
			refuse(reading, entry, "\"%s\" is not yet built; accepted: %s", key->name,
			       key->help);
		else if (key || kind_named(entry->text) || is_amount(kind, entry->text) ||
			 (kind && kind->sorted && !strcmp(entry->text, sort_key)))
			continue;
		else if (kind && names_target(entry->text))
			refuse(reading, entry,
			       "\"%s\" is no key of faults: a comma ends what is hit; accepted: %s",
			       entry->text,
			       kind->shape == FAULT_ON_LINKS
				       ? "links such as n1 -> n2, or n1 + n2 -> rest"
				       : "several in a list, such as [n1, n2]");
		else
			refuse_key(reading, entry, IN_FAULT, more, count);
	}
	return reading->complaints->count == before;
}

static bool read_parts(struct reading *reading, const struct node *node,
		       const struct fault_kind *kind, struct fault *fault)
{
	if (!expect_like(reading, kind->name, node, NODE_LIST,
			 "a list of parts, such as [[n1, n2], rest]"))
		return false;
	if (node->count < kind->parts_min || node->count > FAULT_PARTS_MAX) {
		refuse(reading, node, "%u part%s; accepted: %u to %d, such as [[n1, n2], %srest]",
		       node->count, node->count == 1 ? "" : "s", kind->parts_min, FAULT_PARTS_MAX,
		       kind->parts_min > 3   ? "n3, n4, "
		       : kind->parts_min > 2 ? "n3, "
					     : "");
		return false;
	}
	for (const struct node *part = node->first; part; part = part->next)
		if (!read_target(reading, part, &fault->part[fault->part_count++]))
			return false;
	return true;
}

static bool read_whom(struct reading *reading, const struct node *node,
		      const struct fault_kind *kind, struct fault *fault)
{
	bool read;

	switch (kind->shape) {
	case FAULT_ON_PROCESSES:
		fault->part_count = 1;
		read = read_target(reading, node, &fault->part[0]);
		break;
	case FAULT_ON_PARTS: read = read_parts(reading, node, kind, fault); break;
	default: read = read_link_expression(reading, node, fault); break;
	}
	return read && sound_parts(reading, node, fault, kind->shape);
}

static void read_amount(struct reading *reading, const struct node *map, const struct node *at,
			const struct fault_kind *kind, struct fault *fault)
{
	struct key key = key_of_amount(kind);
	const struct node *node = kind->amount == AMOUNT_NONE ? NULL : tree_find(map, key.name);
	struct text accepted = {0};

	fault->amount = kind->amount_fallback;
	if (node) {
		read_key(reading, &key, node, fault);
	} else if (kind->amount != AMOUNT_NONE && !key.fallback) {
		value_accepts(&key, &accepted);
		refuse(reading, at, "\"%s\" needs \"%s\"; accepted: %s", kind->name, key.name,
		       accepted.bytes);
		free(accepted.bytes);
	}
}

/* ---- Which messages -------------------------------------------------------------------------- */

/* The protocol that clients talk to, or one below it where that one's members send nothing. */
static const struct protocol *talked_to(const struct scenario *scenario)
{
	const struct cluster_group *group = asked_group(scenario);

	while (group->on && group->protocol && !group->protocol->messages[0].name)
		group = &scenario->groups[group->on - 1];
	return group->protocol;
}

/* NULL: there is none. Proposals are sent where one group stands on another. */
static const char *sort_name(const struct scenario *scenario, unsigned sort)
{
	if (sort == MESSAGE_TYPES_MAX + MESSAGE_PROPOSAL && !asked_group(scenario)->on)
		return NULL;
	return message_sort_name(talked_to(scenario), sort);
}

static size_t sort_names(const struct scenario *scenario, const char *names[MESSAGE_SORTS])
{
	size_t count = 0;

	for (unsigned sort = 0; sort < MESSAGE_SORTS; sort++)
		if (sort_name(scenario, sort))
			names[count++] = sort_name(scenario, sort);
	return count;
}

static void refuse_sort(struct reading *reading, const struct node *at, const struct node *said)
{
	const char *names[MESSAGE_SORTS];
	size_t count = sort_names(reading->scenario, names);
	struct text accepted = {0};
	char shown[QUOTE_MAX], mean[MEAN_MAX];

	for (size_t i = 0; i < count; i++)
		text_add(&accepted, "%s%s", i ? ", " : "", names[i]);
	if (said)
		refuse(reading, said, "type: \"%s\" is no message of %s; accepted: %s%s",
		       quote(said->text, shown), talked_to(reading->scenario)->name, accepted.bytes,
		       meant(said->text, names, count, mean));
	else
		refuse(reading, at, "\"%s\" needs \"type\"; accepted: %s", at->text,
		       accepted.bytes);
	free(accepted.bytes);
}

static bool has_side(const struct target *target, bool client)
{
	for (unsigned i = 0; i < target->count; i++)
		if (is_client(&target->item[i]) == client)
			return true;
	return false;
}

/* Does a message of that sort ever pass? A fault that does nothing would look as if it did. */
static bool travels(const struct fault *fault, bool from_client, bool to_client)
{
	const struct target *from = &fault->part[0], *to = &fault->part[1];

	return (has_side(from, from_client) && has_side(to, to_client)) ||
	       (fault->both_ways && has_side(to, from_client) && has_side(from, to_client));
}

static void read_sort(struct reading *reading, const struct node *map, const struct node *at,
		      struct fault *fault)
{
	const struct protocol *protocol = talked_to(reading->scenario);
	const struct node *said = tree_find(map, sort_key);

	if (!protocol || (said && !expect_kind(reading, sort_key, said, NODE_TEXT)))
		return;
	for (unsigned sort = 0; said && sort < MESSAGE_SORTS; sort++) {
		const char *name = sort_name(reading->scenario, sort);

		if (!name || strcmp(name, said->text) != 0)
			continue;
		fault->sort = sort;
		bool request = sort == MESSAGE_TYPES_MAX + MESSAGE_REQUEST;
		bool to_process = request || sort < MESSAGE_TYPES_MAX ||
				  sort == MESSAGE_TYPES_MAX + MESSAGE_PROPOSAL;

		if (!travels(fault, request, !to_process))
			refuse(reading, at->value,
			       "no \"%s\" passes here; accepted: links from %s to %s", name,
			       request ? "clients" : "processes",
			       to_process ? "processes" : "clients");
		return;
	}
	refuse_sort(reading, at, said);
}

/* ---- When ------------------------------------------------------------------------------------ */

static void read_times(struct reading *reading, const struct node *map,
		       const struct fault_kind *kind, struct fault *fault)
{
	const struct scenario *scenario = reading->scenario;
	nanoseconds heal = scenario->heal ? scenario->heal : scenario->duration;
	const struct node *at = tree_find(map, "at"), *lasts = tree_find(map, "for");
	struct text accepted = {0};

	if (!at) {
		refuse(reading, map, "this fault has no \"at\"; accepted: a time such as at: 10s");
	} else if (read_key(reading, key_named(IN_FAULT, "at"), at, fault) && scenario->duration &&
		   fault->at >= heal) {
		write_duration(heal, &accepted);
		refuse(reading, at,
		       "at: \"%s\" is not before %s at %s, and it would never fire; accepted: "
		       "earlier times",
		       at->text, heal < scenario->duration ? "the heal" : "the run's end",
		       accepted.bytes);
		free(accepted.bytes);
	}
	if (lasts && !kind->lasts)
		refuse(reading, tree_key(map, "for"),
		       "\"%s\" happens at once, and takes no \"for\"; accepted: at", kind->name);
	else if (lasts)
		read_key(reading, key_named(IN_FAULT, "for"), lasts, fault);
}

static void read_fault(struct reading *reading, const struct node *map, struct fault *fault)
{
	unsigned before = reading->complaints->count;

	if (!expect_like(reading, "faults", map, NODE_MAP,
			 "a mapping, such as {at: 10s, crash: n1, for: 5s}"))
		return;
	const struct node *what = find_kind(reading, map);
	if (!what && reading->complaints->count != before)
		return;
	const struct fault_kind *kind = what ? kind_named(what->text) : NULL;
	if (!known_keys(reading, map, kind))
		return;
	if (!kind) {
		struct text accepted = {0};
		for (unsigned i = 0; i < FAULT_KINDS; i++)
			text_add(&accepted, "%s%s", i ? ", " : "", fault_kinds[i].name);
		refuse(reading, map, "this entry says no fault; accepted: %s", accepted.bytes);
		free(accepted.bytes);
		return;
	}
	fault->kind = (enum fault_number)(kind - fault_kinds);
	read_times(reading, map, kind, fault);
	bool whom = read_whom(reading, what->value, kind, fault);

	read_amount(reading, map, what, kind, fault);
	if (kind->sorted && whom)
		read_sort(reading, map, what, fault);
	if (fault->kind == FAULT_CORRUPT_UNDETECTED && whom && !travels(fault, false, false))
		refuse(reading, what->value,
		       "what clients say and hear is never false; accepted: links between "
		       "processes");
	if (kind->datagrams && reading->scenario->connections)
		refuse(reading, what, "a connection does not %s; accepted: with mode: datagram",
		       kind->name);
}

bool read_faults(struct reading *reading, const struct node *list)
{
	struct scenario *scenario = reading->scenario;

	if (!expect_kind(reading, "faults", list, NODE_LIST))
		return false;
	if (list->count > FAULTS_MAX) {
		refuse(reading, list, "faults: %u of them; accepted: at most %d", list->count,
		       FAULTS_MAX);
		return false;
	}
	scenario->faults = scenario_room(NULL, 0, list->count * sizeof(*scenario->faults));
	for (const struct node *item = list->first; item; item = item->next)
		read_fault(reading, item, &scenario->faults[scenario->fault_count++]);
	return true;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_whom(const struct fault *fault, enum fault_shape shape, struct text *out)
{
	if (shape == FAULT_ON_LINKS) {
		write_sides(fault, out);
		return;
	}
	if (shape == FAULT_ON_PROCESSES) {
		write_target(&fault->part[0], out);
		return;
	}
	text_add(out, "[");
	for (unsigned i = 0; i < fault->part_count; i++) {
		text_add(out, i ? ", " : "");
		write_target(&fault->part[i], out);
	}
	text_add(out, "]");
}

void write_fault(const struct scenario *scenario, const struct fault *fault, struct text *out)
{
	const struct fault_kind *kind = &fault_kinds[fault->kind];
	struct key amount = key_of_amount(kind);

	text_add(out, "{at: ");
	write_duration(fault->at, out);
	text_add(out, ", %s: ", kind->name);
	write_whom(fault, kind->shape, out);
	if (kind->sorted)
		text_add(out, ", %s: %s", sort_key,
			 message_sort_name(talked_to(scenario), fault->sort));
	if (kind->amount != AMOUNT_NONE && fault->amount != kind->amount_fallback) {
		text_add(out, ", %s: ", amount.name);
		value_write(&amount, fault, out);
	}
	if (fault->lasts) {
		text_add(out, ", for: ");
		write_duration(fault->lasts, out);
	}
	text_add(out, "}");
}
