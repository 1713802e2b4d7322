/*
 * What a scenario expected, held against what one run was.
 *
 * Invariant: an expectation is met only by something that was looked at. A judge that saw nothing,
 * a figure without operations behind it and a run that was cut short never meet one.
 */
#include "sim/results/judgement.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

const char *const fulfilment_names[] = {"met", "not judged", "unknown", "unmet"};

struct found {
	enum fulfilment outcome;
	double badness;
	char *why;
};

/* ---- Texts ----------------------------------------------------------------------------------- */

const char *duration_text(nanoseconds time, char text[DURATION_TEXT_MAX])
{
	static const struct {
		const char *name;
		nanoseconds size;
	} units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (time < units[i].size && time > -units[i].size)
			continue;
		snprintf(text, DURATION_TEXT_MAX, "%.4g%s", (double)time / (double)units[i].size,
			 units[i].name);
		return text;
	}
	snprintf(text, DURATION_TEXT_MAX, "%" PRId64 "ns", time);
	return text;
}

static const char *percent_text(double share, char text[DURATION_TEXT_MAX])
{
	snprintf(text, DURATION_TEXT_MAX, "%.4g%%", share * 100);
	return text;
}

const char *expectation_text(const struct expectation *expect, char text[EXPECTATION_TEXT_MAX])
{
	char amount[DURATION_TEXT_MAX];

	switch (expect->kind) {
	case EXPECT_SAFE: return "safe";
	case EXPECT_LINEARIZABLE: return "linearizable";
	case EXPECT_LIVE: return "live";
	case EXPECT_AVAILABILITY:
		percent_text((double)expect->min / (double)PROBABILITY_ONE, amount);
		snprintf(text, EXPECTATION_TEXT_MAX, "availability: {min: %s%s}", amount,
			 expect->outside_faults ? ", outside_faults: true" : "");
		return text;
	case EXPECT_RECOVERS:
		snprintf(text, EXPECTATION_TEXT_MAX, "recovers: {within: %s, after: %s}",
			 duration_text(expect->within, amount),
			 expect->after == AFTER_HEAL ? "heal" : "fault");
		return text;
	case EXPECT_VIOLATION:
		snprintf(text, EXPECTATION_TEXT_MAX, "violation: {of: %s, within: %" PRIu32 "}",
			 judges[expect->of].name, expect->within_seeds);
		return text;
	}
	return "?";
}

/* ---- One expectation ------------------------------------------------------------------------- */

static void find(struct found *finding, enum fulfilment outcome, const char *format, ...)
	printf_like(3, 4);
static void find(struct found *finding, enum fulfilment outcome, const char *format, ...)
{
	va_list arguments;

	if (outcome < finding->outcome)
		return;
	finding->outcome = outcome;
	va_start(arguments, format);
	vsnprintf(finding->why, REASON_MAX, format, arguments);
	va_end(arguments);
}

static const char cut_short[] = "the run was cut short";

/* All of a set of judges: violated by one is violated, unknown to one is unknown, and at least one
 * must have seen something. */
static void by_judges(const struct run_result *result, uint32_t set, struct found *finding)
{
	const struct check_result *check = &result->check;
	bool seen = false;

	for (unsigned i = 0; i < JUDGES; i++) {
		if (!(set >> i & 1))
			continue;
		seen = seen || check->verdict[i] != NOT_EXERCISED;
		if (check->verdict[i] == VIOLATED)
			find(finding, UNMET, "%s is violated", judges[i].name);
		else if (check->verdict[i] == UNKNOWN)
			find(finding, UNSETTLED, "%s: %.80s", judges[i].name, check->unknown[i]);
	}
	if (!seen && check->violated)
		find(finding, NOT_JUDGED, "the violation ended the run");
	else if (!seen && result->cut_short)
		find(finding, NOT_JUDGED, cut_short);
	else if (!seen)
		find(finding, UNSETTLED, "no judge saw anything to check");
}

static uint32_t safety_judges(void)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < JUDGES; i++)
		set |= (uint32_t)judges[i].safety << i;
	return set;
}

static void by_availability(const struct expectation *expect, const struct metrics *metrics,
			    struct found *finding)
{
	double share = expect->outside_faults ? metrics->availability_outside
					      : metrics->availability;
	char text[DURATION_TEXT_MAX];

	if (!isfinite(share)) {
		find(finding, UNSETTLED, "no operation was begun after the warm-up%s",
		     isfinite(metrics->availability) ? " and outside of faults" : "");
		return;
	}
	/* A threshold is a whole number of 2^-32: half a step is its rounding. */
	bool enough = share * (double)PROBABILITY_ONE + 0.5 >= (double)expect->min;

	finding->badness = -share;
	find(finding, enough ? MET : UNMET, "%s succeeded", percent_text(share, text));
}

static void by_heal(const struct expectation *expect, const struct run_result *result,
		    struct found *finding)
{
	char text[DURATION_TEXT_MAX];

	if (!result->healed && result->check.violated) {
		find(finding, NOT_JUDGED, "the violation ended the run");
	} else if (!result->healed) {
		find(finding, UNSETTLED, "the run did not come to its heal");
	} else if (!result->settled) {
		find(finding, UNMET, "not settled when the run ended");
	} else {
		nanoseconds took = result->settled - result->healed;

		finding->badness = (double)took;
		find(finding, took <= expect->within ? MET : UNMET, "settled after %s",
		     duration_text(took, text));
	}
}

static void by_outages(const struct expectation *expect, const struct metrics *metrics,
		       struct found *finding)
{
	char text[DURATION_TEXT_MAX];
	nanoseconds slowest = -1;
	unsigned of = 0;

	for (unsigned i = 0; i < metrics->outage_count; i++) {
		nanoseconds took = metrics->outages[i].recovered_after;

		if (took < 0) {
			find(finding, UNMET, "never after the end of fault %u",
			     metrics->outages[i].fault + 1);
			return;
		}
		if (took > slowest) {
			slowest = took;
			of = metrics->outages[i].fault + 1;
		}
	}
	if (metrics->outage_count == 0) {
		find(finding, UNSETTLED, "no fault fired");
		return;
	}
	finding->badness = (double)slowest;
	find(finding, slowest <= expect->within ? MET : UNMET,
	     "the slowest took %s from the end of fault %u", duration_text(slowest, text), of);
}

static void judge_expectation(const struct expectation *expect, const struct run_result *result,
			      const struct metrics *metrics, struct found *finding)
{
	switch (expect->kind) {
	case EXPECT_SAFE: by_judges(result, safety_judges(), finding); break;
	case EXPECT_LINEARIZABLE: by_judges(result, 1u << JUDGE_LINEARIZABILITY, finding); break;
	case EXPECT_LIVE:
		by_judges(result, 1u << JUDGE_CONVERGENCE | 1u << JUDGE_LIVENESS, finding);
		break;
	case EXPECT_AVAILABILITY: by_availability(expect, metrics, finding); break;
	case EXPECT_RECOVERS:
		if (expect->after == AFTER_HEAL)
			by_heal(expect, result, finding);
		else
			by_outages(expect, metrics, finding);
		break;
	case EXPECT_VIOLATION:
		if (result->check.verdict[expect->of] == VIOLATED)
			find(finding, MET, "convicted");
		else
			find(finding, NOT_JUDGED,
			     result->cut_short ? cut_short : "not convicted by this run alone");
		break;
	}
}

/* ---- A run ----------------------------------------------------------------------------------- */

/* Does it speak of the whole run? A safety judge speaks of every moment. */
static bool needs_the_end(const struct expectation *expect)
{
	return expect->kind == EXPECT_LIVE || expect->kind == EXPECT_AVAILABILITY ||
	       expect->kind == EXPECT_RECOVERS;
}

struct expectation judged_expectation(const struct scenario *scenario, unsigned i)
{
	struct expectation expect = scenario->expect[i];

	if (expect.kind == EXPECT_VIOLATION && !scenario_hunts(scenario))
		expect.kind = EXPECT_SAFE;
	return expect;
}

void judge_run(const struct scenario *scenario, const struct run_result *result,
	       const struct metrics *metrics, struct judgement *judgement)
{
	bool hunts = scenario_hunts(scenario);

	memset(judgement, 0, sizeof(*judgement));
	for (unsigned i = 0; i < scenario->expectation_count; i++) {
		struct expectation expect = judged_expectation(scenario, i);
		struct found finding = {MET, 0, judgement->why[i]};

		if (expect.kind != scenario->expect[i].kind)
			find(&finding, MET, "no bug is on, so no violation of %s is expected",
			     judges[expect.of].name);
		if (hunts && expect.kind != EXPECT_VIOLATION)
			find(&finding, NOT_JUDGED, "a bug is on");
		else if (result->cut_short && needs_the_end(&expect))
			find(&finding, NOT_JUDGED, cut_short);
		else
			judge_expectation(&expect, result, metrics, &finding);
		judgement->outcome[i] = finding.outcome;
		judgement->badness[i] = finding.badness;
	}
}

bool scenario_hunts(const struct scenario *scenario)
{
	return hunt_seeds(scenario) && scenario_buggy(scenario);
}

uint32_t hunt_seeds(const struct scenario *scenario)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < scenario->expectation_count; i++) {
		const struct expectation *expect = &scenario->expect[i];

		if (expect->kind == EXPECT_VIOLATION && expect->within_seeds > most)
			most = expect->within_seeds;
	}
	return most;
}

bool worth_keeping(const struct scenario *scenario, const struct run_record *record)
{
	if (record->result.verdict == VIOLATED || record->result.check.violated)
		return true;
	if (scenario_hunts(scenario))
		return false;
	if (record->result.verdict == UNKNOWN)
		return true;
	for (unsigned i = 0; i < scenario->expectation_count; i++)
		if (record->judgement.outcome[i] >= UNSETTLED)
			return true;
	return false;
}
