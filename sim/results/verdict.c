/*
 * verdict.json: what one run has shown, with everything that its reader needs to doubt it: what was
 * expected, what each judge saw, which faults fired, and the command that gives the run again.
 *
 * Invariant: keys stand in the order of this file, times are whole nanoseconds, and 64-bit hashes
 * are hexadecimal text, because many readers of JSON hold numbers as doubles.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "sim/results/json.h"
#include "sim/results/stall.h"
#include "sim/results/writers.h"

/* A time that may not have been: -1. */
static void put_time(json_t *object, const char *key, nanoseconds time)
{
	put(object, key, time < 0 ? json_null() : json_integer(time));
}

static void put_share(json_t *object, const char *key, double share)
{
	put(object, key, isfinite(share) ? json_real(share) : json_null());
}

static void put_hash(json_t *object, const char *key, uint64_t hash)
{
	char text[20];

	snprintf(text, sizeof(text), "%016" PRIx64, hash);
	put(object, key, json_string(text));
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static json_t *bugs_json(const struct scenario *scenario)
{
	json_t *list = json_array();

	for (unsigned g = 0; g < scenario->group_count; g++) {
		const struct cluster_group *group = &scenario->groups[g];

		if (!group->protocol->bugs || protocol_repeated(scenario, g))
			continue;
		for (unsigned i = 0; group->protocol->bugs[i].name; i++)
			if (group->bugs[i / 64] >> i % 64 & 1)
				json_array_append_new(list,
						      json_sprintf("%s.%s", group->protocol->name,
								   group->protocol->bugs[i].name));
	}
	return list;
}

static json_t *expectations_json(const struct scenario *scenario, const struct run_record *record)
{
	char text[EXPECTATION_TEXT_MAX];
	json_t *list = json_array();

	for (unsigned i = 0; i < scenario->expectation_count; i++) {
		struct expectation judged = judged_expectation(scenario, i);
		json_t *object = json_object();

		put_text(object, "expected", expectation_text(&judged, text));
		put_text(object, "outcome", fulfilment_names[record->judgement.outcome[i]]);
		put_text(object, "because", record->judgement.why[i]);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *violation_json(const struct check_result *check)
{
	const struct violation *first = &check->first;

	if (!check->violated)
		return json_null();
	json_t *object = json_object();

	put_text(object, "judge", judges[first->judge].name);
	put_text(object, "rule", judges[first->judge].rule);
	put_text(object, "source", judges[first->judge].source);
	put_text(object, "sentence", first->sentence);
	put(object, "process",
	    first->process == NO_PROCESS ? json_null() : json_sprintf("n%d", first->process + 1));
	put_time(object, "time", first->time);
	put(object, "event", first->event ? json_integer((json_int_t)first->event) : json_null());
	put_count(object, "of", check->violations);
	return object;
}

static json_t *judges_json(const struct check_result *check)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < JUDGES; i++) {
		json_t *object = json_object();

		put_text(object, "judge", judges[i].name);
		put_text(object, "verdict", verdict_names[check->verdict[i]]);
		put_count(object, "checks", check->checks[i]);
		if (check->verdict[i] == UNKNOWN)
			put_text(object, "because", check->unknown[i]);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *linearizability_json(const struct linearizability *found)
{
	json_t *object = json_object();

	put_text(object, "verdict", verdict_names[found->verdict]);
	put_count(object, "operations", found->operations);
	put_count(object, "objects", found->objects);
	put(object, "by_witness", json_boolean(found->by_witness));
	if (found->engine)
		put_text(object, "engine", found->engine);
	put_count(object, "configurations", found->configurations);
	if (found->verdict != VIOLATED)
		return object;
	json_t *stuck = json_array();

	for (unsigned i = 0; i < found->stuck_count; i++)
		json_array_append_new(stuck, json_integer(found->stuck[i]));
	put_count(object, "key", found->key);
	put(object, "stuck", stuck);
	return object;
}

static json_t *operations_json(const struct workload_counts *operations)
{
	json_t *object = json_object();

	put_count(object, "invoked", operations->invoked);
	put_count(object, "ok", operations->ok);
	put_count(object, "failed", operations->failed);
	put_count(object, "unknown", operations->unknown);
	put_count(object, "redirects", operations->redirects);
	put_count(object, "not_now", operations->not_now);
	put_count(object, "late", operations->late);
	return object;
}

static json_t *counters_json(const struct counters *counters)
{
	json_t *object = json_object();

	put_count(object, "sent", counters->sent);
	put_count(object, "delivered", counters->delivered);
	put_count(object, "lost", counters->lost);
	put_count(object, "cut", counters->cut);
	put_count(object, "duplicated", counters->duplicated);
	put_count(object, "reordered", counters->reordered);
	put_count(object, "refused_dead", counters->refused_dead);
	put_count(object, "broken", counters->broken);
	put_count(object, "dropped", counters->dropped);
	put_count(object, "overflowed", counters->overflowed);
	put_count(object, "corrupted", counters->corrupted);
	put_count(object, "altered", counters->altered);
	put_count(object, "bytes", counters->bytes);
	put_count(object, "timers", counters->timers);
	put_count(object, "writes", counters->writes);
	put_count(object, "syncs", counters->syncs);
	put_count(object, "crashes", counters->crashes);
	put_count(object, "boots", counters->boots);
	put_count(object, "pauses", counters->pauses);
	put_count(object, "inbox_dropped", counters->inbox_dropped);
	return object;
}

static json_t *hit_json(const struct endpoint_set *hit)
{
	json_t *list = json_array();
	char name[8];

	for (unsigned i = 0; i < PROCESSES_MAX; i++)
		if (hit->processes >> i & 1)
			json_array_append_new(list,
					      json_string(endpoint_name((endpoint_t)i, name)));
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (hit->clients[i / 64] >> i % 64 & 1)
			json_array_append_new(list, json_string(endpoint_name(
							    (endpoint_t)(CLIENT_FIRST + i), name)));
	return list;
}

static json_t *faults_json(struct world *world)
{
	static const char *const states[] = {"waiting", "active", "over", "never fired"};
	char text[FAULT_TEXT_MAX];
	json_t *list = json_array();

	for (unsigned i = 0; i < faults_count(world); i++) {
		const struct fault *fault = faults_fault(world, i);
		const struct fault_state *state = faults_state(world, i);
		unsigned nemesis = faults_drawn_by(world, i);
		bool fired = state->state == FAULT_ACTIVE || state->state == FAULT_OVER;
		json_t *object = json_object();

		put_text(object, "fault", fault_kinds[fault->kind].name);
		put_text(object, "what", faults_describe(world, i, text));
		put_time(object, "at", fault->at);
		put(object, "drawn", json_boolean(nemesis != 0));
		if (nemesis)
			put_count(object, "nemesis", nemesis);
		put_text(object, "state", states[state->state]);
		put_time(object, "began", fired ? state->began : -1);
		put_time(object, "ended", state->state == FAULT_OVER ? state->ended : -1);
		put(object, "hit", hit_json(&state->hit));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *processes_json(uint64_t processes)
{
	return hit_json(&(struct endpoint_set){.processes = processes});
}

/* What it mended; null where the run did not come to it. */
static json_t *heal_json(struct world *world, nanoseconds healed)
{
	char text[FAULT_TEXT_MAX];

	if (!healed)
		return json_null();
	json_t *object = json_object();

	put_text(object, "what", faults_describe_heal(world, text));
	put(object, "core", processes_json(faults_core(world)));
	put(object, "dead", processes_json(faults_dead(world)));
	put(object, "cut", processes_json(faults_cut_for_ever(world)));
	return object;
}

static json_t *metrics_json(const struct world *world, const struct metrics *metrics)
{
	static const char *const windows[] = {"1s", "2s", "5s", "10s", "30s"};
	json_t *object = json_object(), *windowed = json_object(), *outages = json_array();

	put_share(object, "availability", metrics->availability);
	put_share(object, "availability_outside_faults", metrics->availability_outside);
	put_share(object, "available_slices", metrics->slices);
	for (unsigned i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
		put_share(windowed, windows[i], metrics->windowed[i]);
	put(object, "worst_window", windowed);
	put_time(object, "avoidable_unavailability", metrics->avoidable);
	put_time(object, "latency_p50", metrics->p50);
	put_time(object, "latency_p95", metrics->p95);
	put_time(object, "latency_p99", metrics->p99);
	put_time(object, "latency_max", metrics->max);
	put_share(object, "throughput_per_second", metrics->throughput);
	put_share(object, "messages_per_commit", metrics->messages_per_commit);
	put_share(object, "bytes_per_commit", metrics->bytes_per_commit);
	put_time(object, "leaderless", metrics->leaderless);
	put_count(object, "leader_changes", metrics->leader_changes);
	for (unsigned i = 0; i < metrics->outage_count; i++) {
		const struct outage *outage = &metrics->outages[i];
		const struct fault *fault = faults_fault(world, outage->fault);
		json_t *one = json_object();

		put_text(one, "fault", fault_kinds[fault->kind].name);
		put_time(one, "at", fault->at);
		put_time(one, "lasted", outage->lasted);
		put_time(one, "recovered_after", outage->recovered_after);
		json_array_append_new(outages, one);
	}
	put(object, "outages", outages);
	return object;
}

/* ---- The whole ------------------------------------------------------------------------------- */

void verdict_write(FILE *out, struct world *world, const struct scenario *scenario,
		   const struct run_record *record, const struct metrics *metrics,
		   const struct stall *stall, const char *replay)
{
	const struct run_result *result = &record->result;
	json_t *root = json_object();

	put_text(root, "scenario", scenario->name);
	put_text(root, "shows", scenario->shows);
	put_hash(root, "scenario_hash", scenario->hash);
	put_count(root, "seed", result->seed);
	put(root, "bugs", bugs_json(scenario));
	put_text(root, "verdict", record_verdict(scenario, record));
	if (result->verdict == UNKNOWN)
		put_text(root, "because", result->reason);
	put(root, "expectations", expectations_json(scenario, record));
	put(root, "violation", violation_json(&result->check));
	if (stall->stalled)
		put(root, "stall",
		    stall_json(world, scenario->groups[scenario->workload.group].app, stall,
			       result->healed));
	put(root, "judges", judges_json(&result->check));
	put(root, "linearizability", linearizability_json(&result->linearizability));
	put(root, "operations", operations_json(&result->operations));
	put(root, "faults", faults_json(world));
	put_count(root, "faults_fired", result->faults_fired);
	put_count(root, "faults_drawn", result->faults_drawn);
	put_count(root, "faults_never_fired", result->faults_never_fired);
	put(root, "heal", heal_json(world, result->healed));
	put(root, "metrics", metrics_json(world, metrics));
	put(root, "counters", counters_json(&result->counters));
	put_time(root, "warmup", scenario->warmup);
	put_time(root, "healed", result->healed ? result->healed : -1);
	put_time(root, "settled", result->settled ? result->settled : -1);
	put_time(root, "ended", result->ended);
	put(root, "cut_short", json_boolean(result->cut_short));
	put_count(root, "events", result->events);
	put_hash(root, "fingerprint", result->fingerprint);
	put_text(root, "replay", replay);
	/* Doubles to six digits: what differs beyond that is arithmetic, not the run. */
	json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	fputc('\n', out);
	json_decref(root);
}
