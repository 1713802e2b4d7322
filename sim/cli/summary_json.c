/*
 * What a program reads of a campaign: the same that `summary.c` tells a person, as JSON.
 *
 * It holds what does not depend on the machine: no time of the wall clock, no number of jobs.
 */
#include <stdlib.h>

#include "sim/cli/cli.h"
#include "sim/cli/summary.h"
#include "sim/results/json.h"
#include "sim/results/writers.h"

static const char *verdict_of(const struct scenario *scenario, const struct campaign *campaign)
{
	bool hunts = scenario_hunts(scenario);

	switch (campaign->status) {
	case STATUS_HELD: return hunts ? "convicted" : "holds";
	case STATUS_VIOLATED:
		return hunts ? "not convicted" : campaign->violated ? "violated" : "unmet";
	case STATUS_INCONCLUSIVE: return "unknown";
	case STATUS_INTERRUPTED: return "interrupted";
	case STATUS_DEFECT: return "defect";
	default: return "unusable";
	}
}

static json_t *seeds_json(const struct campaign *campaign)
{
	json_t *object = json_object();

	put_count(object, "first", campaign->first);
	put_count(object, "planned", campaign->planned);
	put_count(object, "run", campaign->runs);
	put_count(object, "violated", campaign->violated);
	put_count(object, "unmet", campaign->unmet);
	put_count(object, "unknown", campaign->unknown);
	put_count(object, "cut_short", campaign->cut_short);
	put_count(object, "died", campaign->died);
	return object;
}

static json_t *expectations_json(const struct scenario *scenario, const struct campaign *campaign)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < scenario->expectation_count; i++) {
		const struct campaign_expectation *found = &campaign->expectation[i];
		struct expectation judged = judged_expectation(scenario, i);
		enum fulfilment worst = expectation_over_all(scenario, campaign, i);
		char text[EXPECTATION_TEXT_MAX];
		json_t *object = json_object();

		put_text(object, "expected", expectation_text(&judged, text));
		put_text(object, "outcome", fulfilment_names[worst]);
		if (found->why[0] && worst == found->worst) {
			put_text(object, "because", found->why);
			put_count(object, "seed", found->seed);
		}
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *judges_json(const struct campaign *campaign)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < JUDGES; i++) {
		json_t *object = json_object();

		put_text(object, "judge", judges[i].name);
		put_text(object, "verdict", verdict_names[judge_over_all(campaign, i)]);
		put_count(object, "checks", campaign->checks[i]);
		json_array_append_new(list, object);
	}
	return list;
}

/* The runs that are worth a second look. */
static json_t *noted_json(const struct scenario *scenario, const struct campaign_options *options,
			  const struct campaign *campaign)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < campaign->noted_count; i++) {
		const struct noted *noted = &campaign->noted[i];
		const struct check_result *check = &noted->record.result.check;
		json_t *object = json_object();
		char folder[FOLDER_PATH_MAX] = "", *again = again_text(options, noted->seed);

		if (noted->kept)
			folder_of(folder, scenario, options, noted->seed);
		put_count(object, "seed", noted->seed);
		put_text(object, "verdict", record_verdict(scenario, &noted->record));
		put_text(object, "judge", check->violated ? judges[check->first.judge].name : "");
		put_text(object, "because", record_reason(scenario, &noted->record));
		put_text(object, "folder", folder);
		put_text(object, "again", again);
		free(again);
		json_array_append_new(list, object);
	}
	return list;
}

json_t *summary_json(const struct scenario *scenario, const struct campaign_options *options,
		     const struct campaign *campaign)
{
	json_t *object = json_object();

	put_text(object, "file", scenario->path);
	put_text(object, "scenario", scenario->name);
	put_text(object, "verdict", verdict_of(scenario, campaign));
	put(object, "status", json_integer(campaign->status));
	put(object, "seeds", seeds_json(campaign));
	put_count(object, "events", campaign->events);
	put_count(object, "simulated", (uint64_t)campaign->simulated);
	put(object, "expectations", expectations_json(scenario, campaign));
	put(object, "judges", judges_json(campaign));
	put(object, "noted", noted_json(scenario, options, campaign));
	return object;
}
