/*
 * `network.regions`: who is where, and what the way between two regions is like.
 *
 * A link between two endpoints that both have a region is the default link, but that it takes half
 * of a round trip and the jitter, and has the bandwidth of that pair. Each pair is said once, in
 * either order, and holds both ways.
 */
#include "sim/scenario/reader.h"
#include "sim/scenario/scan.h"

#include <stdlib.h>
#include <string.h>

enum { NOT_SAID = -1 };

static const struct key region_name = {
	.name = "regions", .type = TYPE_NAME, .width = sizeof(char *), .min = 1, .max = 64};
static const struct key endpoint_key = {
	.name = "regions", .type = TYPE_ENDPOINT, .width = sizeof(endpoint_t)};

static const struct regions *regions_of(const struct scenario *scenario)
{
	return &scenario->regions;
}

struct link_setup region_link(const struct scenario *scenario, endpoint_t from, endpoint_t to)
{
	const struct regions *regions = regions_of(scenario);
	struct link_setup link = scenario->link;
	unsigned a = regions->of[from], b = regions->of[to];

	if (!a || !b)
		return link;
	link.latency = regions->jitter;
	/* Not said of a region of one, which has no link to itself. */
	if (regions->rtt[a - 1][b - 1] != NOT_SAID)
		link.distance = regions->rtt[a - 1][b - 1] / 2;
	if (regions->bandwidth[a - 1][b - 1] != NOT_SAID)
		link.bandwidth = (uint64_t)regions->bandwidth[a - 1][b - 1];
	return link;
}

/* Some endpoint of that region: only where it is counts. */
static endpoint_t member(const struct regions *regions, unsigned region)
{
	endpoint_t at = 0;

	while (regions->of[at] != region + 1)
		at++;
	return at;
}

void derive_regions(struct scenario *scenario)
{
	struct regions *regions = &scenario->regions;
	unsigned n = regions->count;

	regions->between = scenario_room(NULL, 0, (size_t)n * n * sizeof(*regions->between));
	for (unsigned a = 0; a < n; a++)
		for (unsigned b = 0; b < n; b++)
			regions->between[a * n + b] = region_link(scenario, member(regions, a),
								  member(regions, b));
}

void free_regions(struct regions *regions)
{
	for (unsigned i = 0; i < regions->count; i++)
		free(regions->name[i]);
	free(regions->between);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void read_member(struct reading *reading, const struct node *item)
{
	struct regions *regions = &reading->scenario->regions;
	endpoint_t endpoint;

	if (!expect_kind(reading, "regions", item, NODE_TEXT))
		return;
	const char *wrong = value_read(&endpoint_key, item->text, &endpoint);

	if (wrong)
		refuse_value(reading, &endpoint_key, item, wrong);
	else if (regions->of[endpoint])
		refuse(reading, item, "regions: \"%s\" is in %s already; accepted: each once",
		       item->text, regions->name[regions->of[endpoint] - 1]);
	else
		regions->of[endpoint] = (uint8_t)(regions->count + 1);
}

bool read_regions(struct reading *reading, const struct node *map)
{
	struct regions *regions = &reading->scenario->regions;

	if (!expect_kind(reading, "regions", map, NODE_MAP))
		return false;
	if (map->count > REGIONS_MAX) {
		refuse(reading, map, "regions: %u of them; accepted: at most %d", map->count,
		       REGIONS_MAX);
		return false;
	}
	for (const struct node *entry = map->first; entry; entry = entry->next) {
		const char *wrong = value_read(&region_name, entry->text,
					       &regions->name[regions->count]);

		if (wrong) {
			refuse_value(reading, &region_name, entry, wrong);
			continue;
		}
		if (expect_kind(reading, "regions", entry->value, NODE_LIST)) {
			if (!entry->value->count)
				refuse(reading, entry,
				       "regions: nobody is in \"%s\"; accepted: a list such as "
				       "[n1, n2, c1]",
				       entry->text);
			for (const struct node *item = entry->value->first; item; item = item->next)
				read_member(reading, item);
		}
		regions->count++;
	}
	return true;
}

/* REGIONS_MAX: there is none of that name, and that was complained about. */
static unsigned region_named(struct reading *reading, const struct key *key,
			     const struct node *entry)
{
	const struct regions *regions = regions_of(reading->scenario);
	const char *const *names = (const char *const *)regions->name;
	char shown[QUOTE_MAX], mean[MEAN_MAX];
	struct text accepted = {0};

	for (unsigned i = 0; i < regions->count; i++)
		if (!strcmp(names[i], entry->text))
			return i;
	for (unsigned i = 0; i < regions->count; i++)
		text_add(&accepted, "%s%s", i ? ", " : "", names[i]);
	refuse(reading, entry, "%s: \"%s\" is no region; accepted: %s%s", key->name,
	       quote(entry->text, shown), regions->count ? accepted.bytes : "one of `regions`",
	       meant(entry->text, names, regions->count, mean));
	free(accepted.bytes);
	return REGIONS_MAX;
}

static void read_pair(struct reading *reading, const struct key *key, unsigned row,
		      const struct node *entry, pair_values *matrix)
{
	struct key cell = *key;
	unsigned column = region_named(reading, key, entry);
	int64_t value = NOT_SAID;

	cell.type = key->type == TYPE_DURATIONS ? TYPE_DURATION : TYPE_BANDWIDTH;
	cell.offset = 0;
	cell.width = sizeof(value);
	if (column == REGIONS_MAX || !expect_kind(reading, key->name, entry->value, NODE_TEXT))
		return;
	const char *wrong = value_read(&cell, entry->value->text, &value);

	if (wrong)
		refuse_value(reading, &cell, entry->value, wrong);
	else if (matrix[row][column] != NOT_SAID)
		refuse(reading, entry,
		       "%s: this pair of regions stands here twice; accepted: each once, in "
		       "either order",
		       key->name);
	matrix[row][column] = matrix[column][row] = value;
}

static pair_values *matrix_of(const struct key *key, const struct scenario *scenario)
{
	return (pair_values *)(uintptr_t)((const char *)scenario + key->offset);
}

bool read_matrix(struct reading *reading, const struct key *key, const struct node *map)
{
	pair_values *matrix = matrix_of(key, reading->scenario);

	for (unsigned a = 0; a < REGIONS_MAX; a++)
		for (unsigned b = 0; b < REGIONS_MAX; b++)
			matrix[a][b] = NOT_SAID;
	if (!expect_kind(reading, key->name, map, NODE_MAP))
		return false;
	for (const struct node *entry = map->first; entry; entry = entry->next) {
		unsigned row = region_named(reading, key, entry);

		if (row == REGIONS_MAX || !expect_kind(reading, key->name, entry->value, NODE_MAP))
			continue;
		for (const struct node *pair = entry->value->first; pair; pair = pair->next)
			read_pair(reading, key, row, pair, matrix);
	}
	return true;
}

/* ---- Does it fit together? ------------------------------------------------------------------- */

static void check_members(struct reading *reading, const struct node *map)
{
	const struct scenario *scenario = reading->scenario;
	endpoint_t endpoint;

	for (const struct node *entry = map ? map->first : NULL; entry; entry = entry->next)
		for (const struct node *item = entry->value->first; item; item = item->next)
			if (!value_read(&endpoint_key, item->text, &endpoint) &&
			    !is_endpoint(scenario, endpoint))
				refuse(reading, item,
				       "regions: \"%s\" is nobody in this cluster; accepted: n1 "
				       "to n%u, c1 to c%u",
				       item->text, scenario_nodes(scenario),
				       scenario->workload.clients);
}

static bool is_alone(const struct regions *regions, unsigned region)
{
	unsigned members = 0;

	for (unsigned at = 0; at < ENDPOINTS; at++)
		members += regions->of[at] == region + 1;
	return members < 2;
}

/* Between each two regions, and within those where two could talk. */
static void check_distances(struct reading *reading, const struct node *network)
{
	const struct regions *regions = regions_of(reading->scenario);
	const struct node *rtt = tree_find(network, "rtt");

	for (unsigned a = 0; a < regions->count; a++)
		for (unsigned b = a; b < regions->count; b++)
			if (regions->rtt[a][b] == NOT_SAID && !(a == b && is_alone(regions, a)))
				refuse(reading, rtt ? rtt : tree_key(network, "regions"),
				       "rtt: none from %s to %s; accepted: one for each two "
				       "regions, and for each to itself",
				       regions->name[a], regions->name[b]);
}

void check_regions(struct reading *reading, const struct node *network)
{
	if (!regions_of(reading->scenario)->count && tree_find(network, "jitter"))
		refuse(reading, tree_key(network, "jitter"),
		       "jitter: without regions it changes nothing; accepted: with `regions`");
	check_members(reading, tree_find(network, "regions"));
	check_distances(reading, network);
}

/* ---- Writing --------------------------------------------------------------------------------- */

void write_regions(const struct scenario *scenario, struct text *out)
{
	const struct regions *regions = regions_of(scenario);
	char name[8];

	if (regions->count)
		text_add(out, "\n  regions:");
	for (unsigned i = 0; i < regions->count; i++) {
		const char *lead = "";

		text_add(out, "\n    %s: [", regions->name[i]);
		for (unsigned at = 0; at < ENDPOINTS; at++) {
			if (regions->of[at] != i + 1)
				continue;
			text_add(out, "%s%s", lead, endpoint_name((endpoint_t)at, name));
			lead = ", ";
		}
		text_add(out, "]");
	}
}

void write_matrix(const struct scenario *scenario, const struct key *key, struct text *out)
{
	const struct regions *regions = regions_of(scenario);
	pair_values *matrix = matrix_of(key, scenario);
	bool any = false;

	for (unsigned a = 0; a < regions->count; a++) {
		const char *lead = "{";

		for (unsigned b = a; b < regions->count; b++) {
			if (matrix[a][b] == NOT_SAID)
				continue;
			if (!any)
				text_add(out, "\n  %s:", key->name);
			any = true;
			if (*lead == '{')
				text_add(out, "\n    %s: ", regions->name[a]);
			text_add(out, "%s%s: ", lead, regions->name[b]);
			if (key->type == TYPE_DURATIONS)
				write_duration(matrix[a][b], out);
			else
				write_bandwidth((uint64_t)matrix[a][b], out);
			lead = ", ";
		}
		text_add(out, *lead == ',' ? "}" : "");
	}
}
