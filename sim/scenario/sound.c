/*
 * What no key can know alone: does it all fit together? And the defaults that follow from the rest.
 */
#include "sim/scenario/reader.h"

/* ---- Derived defaults ------------------------------------------------------------------------ */

uint64_t derived_seeds(const struct scenario *scenario)
{
	uint64_t last = 1;

	for (unsigned i = 0; i < scenario->expectation_count; i++)
		if (scenario->expect[i].kind == EXPECT_VIOLATION &&
		    scenario->expect[i].within_seeds > last)
			last = scenario->expect[i].within_seeds;
	return last;
}

static uint64_t weight_sum(const struct scenario *scenario)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < OPERATIONS_MAX; i++)
		sum += scenario->workload.weight[i];
	return sum;
}

void derive(struct scenario *scenario)
{
	if (!scenario->heal)
		scenario->heal = scenario->duration;
	for (unsigned i = 0; i < scenario->nemesis_count; i++)
		if (!scenario->nemeses[i].between[1])
			scenario->nemeses[i].between[1] = scenario->heal;
	if (!weight_sum(scenario))
		equal_shares(scenario);
	if (scenario->first_seed > scenario->last_seed)
		scenario->last_seed = derived_seeds(scenario);
	derive_regions(scenario);
}

/* ---- What does not fit together -------------------------------------------------------------- */

const struct node *place_in(const struct node *root, const char *section, const char *name)
{
	const struct node *inner = tree_find(root, section);
	const struct node *value = name ? tree_find(inner, name) : NULL;

	return value ? value : inner ? inner : root;
}

static void check_run(struct reading *reading, const struct node *root)
{
	const struct scenario *scenario = reading->scenario;

	if (scenario->heal > scenario->duration)
		refuse(reading, place_in(root, "run", "heal"),
		       "heal: later than the run's end; accepted: at most its duration");
	if (scenario->warmup >= scenario->duration)
		refuse(reading, place_in(root, "run", "warmup"),
		       "warmup: nothing of the run is left; accepted: less than its duration");
	if (scenario->workload.starts >= scenario->heal)
		refuse(reading, place_in(root, "workload", "starts"),
		       "starts: no operation would begin; accepted: earlier than the heal");
}

static void check_workload(struct reading *reading, const struct node *root)
{
	const struct workload_setup *workload = &reading->scenario->workload;
	const struct node *section = tree_find(root, "workload");
	bool open = workload->arrival != ARRIVAL_CLOSED;

	if (!open && workload->interval)
		refuse(reading, place_in(root, "workload", "rate"),
		       "rate: a closed loop has none; accepted: with arrival: poisson or constant");
	if (open && !workload->interval)
		refuse(reading, place_in(root, "workload", "arrival"),
		       "arrival: an open loop needs a rate; accepted: with a rate such as rate: "
		       "200/s");
	if (open && !workload->clients)
		refuse(reading, place_in(root, "workload", "clients"),
		       "clients: an open loop needs one at least; accepted: 1 to %d", CLIENTS_MAX);
	if (open && tree_find(section, "think"))
		refuse(reading, place_in(root, "workload", "think"),
		       "think: an open loop does not wait; accepted: with arrival: closed");
}

/* A key that does nothing would look as if it did. */
static void check_network(struct reading *reading, const struct node *root)
{
	const struct scenario *scenario = reading->scenario;
	const struct node *network = tree_find(root, "network");
	const struct node *link = tree_find(network, "default");
	bool strange = scenario->link.duplicate || scenario->link.reorder;

	for (size_t i = 0; i < scenario->link_count; i++)
		strange |= scenario->links[i].link.duplicate || scenario->links[i].link.reorder;
	if (scenario->connections && strange)
		refuse(reading, link ? link : network,
		       "a connection neither duplicates nor reorders; accepted: those keys with "
		       "mode: datagram");
	if (!scenario->connections && tree_find(network, "retransmit"))
		refuse(reading, place_in(root, "network", "retransmit"),
		       "retransmit: a lost datagram is not sent again; accepted: with mode: "
		       "connections");
	check_regions(reading, network);
	check_links(reading, tree_find(network, "links"));
}

bool expects(const struct scenario *scenario, enum expectation_kind kind)
{
	for (unsigned i = 0; i < scenario->expectation_count; i++)
		if (scenario->expect[i].kind == kind)
			return true;
	return false;
}

static void check_expectations(struct reading *reading, const struct node *root)
{
	const struct scenario *scenario = reading->scenario;
	uint64_t seeds = scenario->last_seed - scenario->first_seed + 1;
	bool violation = expects(scenario, EXPECT_VIOLATION);

	if (expects(scenario, EXPECT_SAFE) && violation)
		refuse(reading, place_in(root, "expect", NULL),
		       "expect: no run is both safe and a violation; accepted: one of them");
	if (violation && derived_seeds(scenario) > seeds)
		refuse(reading, place_in(root, "run", "seeds"),
		       "seeds: %llu of them, fewer than the %llu that the expected violation may "
		       "take; "
		       "accepted: at least as many",
		       (unsigned long long)seeds, (unsigned long long)derived_seeds(scenario));
}

void check_sound(struct reading *reading, const struct node *root)
{
	check_run(reading, root);
	check_workload(reading, root);
	check_network(reading, root);
	check_expectations(reading, root);
}
