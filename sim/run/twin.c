/*
 * Twins: the first run's digests are kept, the second's compared as they come; where they part,
 * both are run again with a trace, to say in words what happened.
 */
#include "sim/run/twin.h"

#include <inttypes.h>
#include <stdlib.h>

struct digests {
	struct entry {
		uint64_t event, digest;
	} * list;
	size_t count, capacity, compared;
	struct world *world;
	struct twin *twin;
	bool full; /* no more memory: what is there is compared */
};

static void keep(void *context, uint64_t event, uint64_t digest)
{
	struct digests *digests = context;

	if (digests->count == digests->capacity) {
		size_t capacity = digests->capacity ? 2 * digests->capacity : 4096;
		void *list = realloc(digests->list, capacity * sizeof(*digests->list));

		if (!list) {
			digests->full = true;
			return;
		}
		digests->list = list;
		digests->capacity = capacity;
	}
	digests->list[digests->count++] = (struct entry){event, digest};
}

static void compare(void *context, uint64_t event, uint64_t digest)
{
	struct digests *digests = context;
	size_t i = digests->compared++;

	if (!digests->twin->equal)
		return;
	if (i < digests->count && digests->list[i].event == event &&
	    digests->list[i].digest == digest)
		return;
	if (i >= digests->count && digests->full)
		return;
	digests->twin->equal = false;
	digests->twin->event = event;
	digests->twin->time = digests->world->now;
}

/* The trace's first line about that event, or a word that there is none. */
static void line_of(struct theatre *theatre, const struct scenario *scenario,
		    struct run_options options, uint64_t event, char *line)
{
	char *text = NULL, *rest = NULL;
	size_t size = 0;
	struct run_result result;

	snprintf(line, TWIN_LINE, "(no line: the run had ended)");
	options.trace = open_memstream(&text, &size);
	if (!options.trace)
		return;
	run_scenario(theatre, scenario, &options, &result);
	fclose(options.trace);
	for (char *at = strtok_r(text, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest)) {
		uint64_t number = 0;

		if (sscanf(at, "%*s %" SCNu64, &number) != 1 || number != event)
			continue;
		snprintf(line, TWIN_LINE, "%s", at);
		break;
	}
	free(text);
}

void run_twins(struct theatre *theatre, struct theatre *other, const struct scenario *scenario,
	       const struct run_options *asked, struct twin *twin)
{
	struct run_options options = *asked;
	struct run_result first, second;
	struct digests digests = {.twin = twin, .world = theatre_world(other)};

	*twin = (struct twin){.equal = true};
	options.trace = NULL;
	options.digests_context = &digests;
	options.digests = keep;
	run_scenario(theatre, scenario, &options, &first);
	twin->fingerprint = first.fingerprint;
	options.digests = compare;
	options.junk = true;
	run_scenario(other, scenario, &options, &second);
	if (twin->equal && !digests.full && digests.compared < digests.count) {
		twin->equal = false;
		twin->event = digests.list[digests.compared].event;
		twin->time = second.ended;
	}
	free(digests.list);
	if (twin->equal)
		return;
	options.digests = NULL;
	line_of(other, scenario, options, twin->event, twin->second);
	options.junk = asked->junk;
	line_of(theatre, scenario, options, twin->event, twin->first);
}
