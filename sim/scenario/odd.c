/*
 * What is legal in a scenario and probably not meant: said by `ordeal lint`, and before a run.
 */
#include "sim/scenario/reader.h"

#include <stdarg.h>
#include <stdlib.h>

static void warn(const struct reading *, const struct node *, const char *format, ...)
	printf_like(3, 4);
static void warn(const struct reading *reading, const struct node *node, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	suspect(reading->complaints, node->line, node->column, format, arguments);
	va_end(arguments);
}

static bool takes_no_time(const struct distribution *d)
{
	return d->a == 0 && d->b == 0 && d->kind != EMPIRICAL;
}

static nanoseconds measured_median(const struct quantiles *quantiles)
{
	unsigned point = 0;

	while (point + 1 < quantiles->count && quantiles->point[point].share < PROBABILITY_ONE / 2)
		point++;
	return quantiles->point[point].at;
}

/* Half of all draws are about that long. */
static nanoseconds typical(const struct distribution *d)
{
	switch (d->kind) {
	case UNIFORM: return d->a + (d->b - d->a) / 2;
	case EMPIRICAL: return measured_median(distribution_quantiles(d));
	default: return d->a;
	}
}

/* ---- Clients, times, options ----------------------------------------------------------------- */

static void odd_clients(const struct reading *reading, const struct node *root)
{
	const struct scenario *scenario = reading->scenario;
	const struct workload_setup *workload = &scenario->workload;
	nanoseconds round_trip = 2 * typical(&scenario->link.latency);
	struct text timeout = {0}, trip = {0};

	if (!workload->clients)
		return;
	if (workload->arrival == ARRIVAL_CLOSED && takes_no_time(&workload->think) &&
	    takes_no_time(&scenario->link.latency) && takes_no_time(&scenario->service))
		warn(reading, place_in(root, "workload", "think"),
		     "a closed loop without think, over a network without latency, may ask for "
		     "ever while no time passes, until run.max_events ends it");
	if (workload->timeout < round_trip) {
		write_duration(workload->timeout, &timeout);
		write_duration(round_trip, &trip);
		warn(reading, place_in(root, "workload", "timeout"),
		     "workload.timeout is %s, and there and back again takes %s: hardly any "
		     "operation can succeed",
		     timeout.bytes, trip.bytes);
		free(timeout.bytes);
		free(trip.bytes);
	}
}

/* 0: not known, for it was refused. */
static nanoseconds healed_at(const struct scenario *scenario)
{
	return scenario->heal ? scenario->heal : scenario->duration;
}

static void odd_times(const struct reading *reading, const struct node *root)
{
	nanoseconds heal = healed_at(reading->scenario);

	if (heal && reading->scenario->warmup >= heal)
		warn(reading, place_in(root, "run", "warmup"),
		     "run.warmup lasts until the heal or longer: nothing is measured");
}

static void odd_options(const struct reading *reading, const struct node *root)
{
	for (unsigned g = 0; g < reading->scenario->group_count; g++) {
		const struct cluster_group *group = &reading->scenario->groups[g];

		if (group->unsound[0])
			warn(reading, place_in(root, "cluster", "options"), "options of %s: %s",
			     group->protocol->name, group->unsound);
	}
}

/* ---- Faults ---------------------------------------------------------------------------------- */

/* May it hit members of that group? Roles are those of the group that is led. */
static bool may_hit(const struct scenario *scenario, const struct fault *fault, unsigned g)
{
	unsigned first = 0;

	for (unsigned i = 0; i < g; i++)
		first += scenario->groups[i].nodes;
	for (unsigned part = 0; part < fault->part_count; part++)
		for (unsigned i = 0; i < fault->part[part].count; i++) {
			const struct target_item *item = &fault->part[part].item[i];
			bool all = item->kind == TARGET_ALL || item->kind == TARGET_REST;

			if (item->kind == TARGET_ENDPOINT
				    ? item->endpoint >= first &&
					      item->endpoint - first < scenario->groups[g].nodes
				    : all || (!is_client(item) &&
					      root_group(scenario) == &scenario->groups[g]))
				return true;
		}
	return false;
}

static void odd_fault(const struct reading *reading, const struct node *node,
		      const struct fault *fault)
{
	const struct scenario *scenario = reading->scenario;
	nanoseconds heal = healed_at(scenario);
	struct text ends = {0}, healed = {0};

	for (unsigned g = 0; g < scenario->group_count; g++) {
		const struct protocol *protocol = scenario->groups[g].protocol;
		const char *beyond = protocol ? fault_beyond(fault->kind, protocol,
							     scenario->disk.crash)
					      : NULL;

		if (!beyond || !may_hit(scenario, fault, g))
			continue;
		warn(reading, node,
		     "%s does not claim to survive %s: what judges find after this fault convicts "
		     "nobody, and makes the verdict unknown",
		     protocol->name, beyond);
		break;
	}
	if (!fault->lasts || !heal || fault->at + fault->lasts <= heal)
		return;
	write_duration(fault->at + fault->lasts, &ends);
	write_duration(heal, &healed);
	warn(reading, tree_find(node, "for"),
	     "for: this fault would last until %s, and the heal at %s ends it", ends.bytes,
	     healed.bytes);
	free(ends.bytes);
	free(healed.bytes);
}

static void odd_faults(const struct reading *reading, const struct node *list)
{
	const struct node *node = list ? list->first : NULL;

	for (unsigned i = 0; i < reading->scenario->fault_count; i++, node = node->next)
		odd_fault(reading, node, &reading->scenario->faults[i]);
}

/* ---- Expectations ---------------------------------------------------------------------------- */

static void odd_expectations(const struct reading *reading, const struct node *root)
{
	const struct scenario *scenario = reading->scenario;
	bool hunts = expects(scenario, EXPECT_VIOLATION), buggy = scenario_buggy(scenario);

	if (scenario->expectation_count == 0)
		warn(reading, place_in(root, "expect", NULL),
		     "it expects nothing: only a violation fails it");
	if (buggy && !hunts)
		warn(reading, place_in(root, "bugs", NULL),
		     "a bug is on, but no violation is expected");
	if (!buggy && hunts)
		warn(reading, place_in(root, "expect", NULL),
		     "a violation is expected, but no bug is on: it turns to safe");
}

void look_for_odd(struct reading *reading, const struct node *root)
{
	odd_clients(reading, root);
	odd_times(reading, root);
	odd_options(reading, root);
	odd_faults(reading, tree_find(root, "faults"));
	odd_expectations(reading, root);
}
