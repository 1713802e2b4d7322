/*
 * The tables: metrics.csv, a line a bucket of one run; series.csv, a line for each time that a
 * process became something else; and runs.csv, a line a run of many.
 *
 * Times are whole nanoseconds, named so in the heading; a figure that does not exist (the latency
 * of no operation) is an empty field.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "sim/results/writers.h"

static void time_field(FILE *out, nanoseconds time)
{
	if (time >= 0)
		fprintf(out, "%" PRId64, time);
}

static void share_field(FILE *out, double share)
{
	if (isfinite(share))
		fprintf(out, "%.6f", share);
}

/* Quoted: a sentence may hold a comma. */
static void text_field(FILE *out, const char *text)
{
	if (!text[0])
		return;
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

void metrics_write(FILE *out, const struct metrics *metrics)
{
	fputs("from_ns,invoked,ok,p50_ns,p99_ns,under_fault_ns,avoidable_ns\n", out);
	for (unsigned i = 0; i < metrics->bucket_count; i++) {
		const struct bucket *bucket = &metrics->buckets[i];

		fprintf(out, "%" PRId64 ",%" PRIu32 ",%" PRIu32 ",", i * metrics->width,
			bucket->invoked, bucket->ok);
		time_field(out, bucket->ok ? bucket->p50 : -1);
		fputc(',', out);
		time_field(out, bucket->ok ? bucket->p99 : -1);
		fprintf(out, ",%" PRId64 ",%" PRId64 "\n", bucket->faulty, bucket->avoidable);
	}
}

/* The name of a process's role; "" where its protocol has none. */
static const char *role_name(struct world *world, const struct series_record *record)
{
	const struct inspector *i = world_protocol(world, record->process)->inspectors;

	for (; i && i->name; i++) {
		if (strcmp(i->name, "role") != 0 || !i->values)
			continue;
		for (unsigned value = 0; i->values[value]; value++)
			if (value == record->role)
				return i->values[value];
	}
	return "";
}

/* Who reaches it is no column: the figures alone need it. */
static bool same_columns(const struct series_record *a, const struct series_record *b)
{
	return a->status == b->status && a->role == b->role && a->term == b->term &&
	       a->cut == b->cut;
}

void series_write(FILE *out, struct world *world)
{
	static const char *const statuses[] = {[UP] = "up", [DOWN] = "down", [PAUSED] = "paused"};
	size_t count = records_size(world, RECORDS_SERIES) / sizeof(struct series_record);
	struct series_record last[PROCESSES_MAX];

	memset(last, 0xFF, sizeof(last)); /* what none is */
	fputs("time_ns,process,status,role,term,cut\n", out);
	for (size_t i = 0; i < count; i++) {
		const struct series_record *record = records_at(world, RECORDS_SERIES,
								i * sizeof(*record));
		bool same = same_columns(record, &last[record->process]);
		char name[8];

		last[record->process] = *record;
		if (same)
			continue;
		fprintf(out, "%" PRId64 ",%s,%s,%s,%" PRIu64 ",%s\n", record->time,
			endpoint_name(record->process, name), statuses[record->status],
			role_name(world, record), record->term, record->cut ? "cut" : "");
	}
}

const char *record_verdict(const struct scenario *scenario, const struct run_record *record)
{
	bool unsettled = record->result.verdict == UNKNOWN;

	if (record->died)
		return "died";
	if (record->result.check.violated || record->result.verdict == VIOLATED)
		return "violated";
	for (unsigned i = 0; i < scenario->expectation_count; i++) {
		if (record->judgement.outcome[i] == UNMET)
			return "unmet";
		unsettled = unsettled || record->judgement.outcome[i] == UNSETTLED;
	}
	return unsettled ? "unknown" : "holds";
}

void runs_header_write(FILE *out)
{
	fputs("seed,verdict,judge,because,events,ended_ns,invoked,ok,failed,unknown,availability,"
	      "p50_ns,p95_ns,p99_ns,max_ns,leader_changes,faults_fired,faults_never_fired,"
	      "fingerprint\n",
	      out);
}

const char *record_reason(const struct scenario *scenario, const struct run_record *record)
{
	const struct judgement *judgement = &record->judgement;
	enum fulfilment worst = NOT_JUDGED;
	const char *why = "";

	if (record->result.check.violated)
		return record->result.check.first.sentence;
	if (record->result.verdict == UNKNOWN && record->result.reason[0])
		return record->result.reason;
	for (unsigned i = 0; i < scenario->expectation_count; i++) {
		if (judgement->outcome[i] <= worst)
			continue;
		worst = judgement->outcome[i];
		why = judgement->why[i];
	}
	return why;
}

void runs_line_write(FILE *out, const struct scenario *scenario, const struct run_record *record,
		     uint64_t seed)
{
	const struct run_result *result = &record->result;
	const struct workload_counts *operations = &result->operations;
	const struct metrics *metrics = &record->metrics;
	const nanoseconds latency[] = {metrics->p50, metrics->p95, metrics->p99, metrics->max};

	fprintf(out, "%" PRIu64 ",%s,", seed, record_verdict(scenario, record));
	if (record->died) {
		fputs(",,,,,,,,,,,,,,,,\n", out);
		return;
	}
	if (result->check.violated)
		fputs(judges[result->check.first.judge].name, out);
	fputc(',', out);
	text_field(out, record_reason(scenario, record));
	fprintf(out, ",%" PRIu64 ",%" PRId64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",",
		result->events, result->ended, operations->invoked, operations->ok,
		operations->failed, operations->unknown);
	share_field(out, metrics->availability);
	for (unsigned i = 0; i < sizeof(latency) / sizeof(latency[0]); i++) {
		fputc(',', out);
		time_field(out, latency[i]);
	}
	fprintf(out, ",%" PRIu64 ",%u,%u,%016" PRIx64 "\n", result->leader_changes,
		result->faults_fired, result->faults_never_fired, result->fingerprint);
}
