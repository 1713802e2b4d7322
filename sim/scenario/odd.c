/*
 * What is legal in a scenario and probably not meant: said by `ordeal lint`, and before a run.
 */
#include "sim/scenario/schema.h"

#include <stdarg.h>
#include <stdlib.h>

struct odd {
	void (*say)(void *context, const char *warning);
	void *context;
};

static void warn(const struct odd *odd, const char *format, ...) printf_like(2, 3);
static void warn(const struct odd *odd, const char *format, ...)
{
	char text[ODD_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	odd->say(odd->context, text);
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

static void odd_clients(const struct odd *odd, const struct scenario *scenario)
{
	const struct workload_setup *workload = &scenario->workload;
	nanoseconds round_trip = 2 * typical(&scenario->link.latency);
	struct text timeout = {0}, trip = {0};

	if (!workload->clients)
		return;
	if (workload->arrival == ARRIVAL_CLOSED && takes_no_time(&workload->think) &&
	    takes_no_time(&scenario->link.latency) && takes_no_time(&scenario->service))
		warn(odd, "a closed loop without think, over a network without latency, may ask "
			  "for ever while no time passes, until run.max_events ends it");
	if (workload->timeout < round_trip) {
		write_duration(workload->timeout, &timeout);
		write_duration(round_trip, &trip);
		warn(odd,
		     "workload.timeout is %s, and there and back again takes %s: hardly any "
		     "operation can succeed",
		     timeout.bytes, trip.bytes);
		free(timeout.bytes);
		free(trip.bytes);
	}
}

static void odd_times(const struct odd *odd, const struct scenario *scenario)
{
	if (scenario->warmup >= scenario->heal)
		warn(odd, "run.warmup lasts until the heal or longer: nothing is measured");
}

static void odd_options(const struct odd *odd, const struct scenario *scenario)
{
	for (unsigned g = 0; g < scenario->group_count; g++) {
		const struct cluster_group *group = &scenario->groups[g];

		if (group->unsound[0])
			warn(odd, "options of %s: %s", group->protocol->name, group->unsound);
	}
}

void scenario_odd(const struct scenario *scenario, void (*say)(void *context, const char *warning),
		  void *context)
{
	const struct odd odd = {say, context};

	odd_clients(&odd, scenario);
	odd_times(&odd, scenario);
	odd_options(&odd, scenario);
}
