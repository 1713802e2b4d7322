/* `network.links`: each entry is its region's link, or the default one, but for what it says. */
#include "sim/scenario/reader.h"

#include <string.h>

enum { LINKS_MAX = 8192 };

bool is_endpoint(const struct scenario *scenario, endpoint_t endpoint)
{
	return endpoint < CLIENT_FIRST ? endpoint < scenario_nodes(scenario)
				       : endpoint - CLIENT_FIRST < (int)scenario->workload.clients;
}

/* Runs once all is read: the schema has `workload` after `network`. */
void check_links(struct reading *reading, const struct node *list)
{
	const struct scenario *scenario = reading->scenario;
	const struct node *item = list ? list->first : NULL;

	for (size_t i = 0; item && i < scenario->link_count; i++, item = item->next) {
		const struct link_override *link = &scenario->links[i];

		if (!is_endpoint(scenario, link->from) || !is_endpoint(scenario, link->to))
			refuse(reading, item,
			       "this link has an end that is nobody; accepted: n1 to n%u, c1 to "
			       "c%u",
			       scenario_nodes(scenario), scenario->workload.clients);
		else if (link->from == link->to)
			refuse(reading, item,
			       "no link leads from a process to itself; accepted: two of them");
		else if (link->from >= CLIENT_FIRST && link->to >= CLIENT_FIRST)
			refuse(reading, item,
			       "no link leads from client to client; accepted: a process "
			       "on one side");
		else if (tree_find(item, "corrupt_undetected") && link->link.alter &&
			 (link->from >= CLIENT_FIRST || link->to >= CLIENT_FIRST))
			refuse(reading, tree_key(item, "corrupt_undetected"),
			       "corrupt_undetected: what clients say and hear is never false; "
			       "accepted: between processes");
		for (size_t j = 0; j < i; j++)
			if (scenario->links[j].from == link->from &&
			    scenario->links[j].to == link->to)
				refuse(reading, item,
				       "this link stands here twice; accepted: each once");
	}
}

static void read_link(struct reading *reading, const struct node *item, struct link_override *link)
{
	read_section(reading, IN_LINK, item, item, link);
	struct link_setup usual = region_link(reading->scenario, link->from, link->to);

	if (!tree_find(item, "latency")) {
		link->link.latency = usual.latency;
		link->link.distance = usual.distance;
	}
	if (!tree_find(item, "bandwidth"))
		link->link.bandwidth = usual.bandwidth;
}

bool read_links(struct reading *reading, const struct node *list)
{
	struct scenario *scenario = reading->scenario;

	if (!expect_kind(reading, "links", list, NODE_LIST))
		return false;
	if (list->count > LINKS_MAX) {
		refuse(reading, list, "links: %u of them; accepted: at most %d", list->count,
		       LINKS_MAX);
		return false;
	}
	scenario->links = scenario_room(NULL, 0, list->count * sizeof(*scenario->links));
	for (const struct node *item = list->first; item; item = item->next) {
		struct link_override *link = &scenario->links[scenario->link_count++];

		link->link = scenario->link;
		if (expect_section(reading, "links", item, IN_LINK))
			read_link(reading, item, link);
	}
	return true;
}
