/* What was found out about a history, for people and for programs. Wall-clock times are printed
 * only on request: what is compared holds none. */
#include "sim/cli/checked.h"
#include "sim/results/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

/* The headline and what the exit status follows, so that they cannot contradict each other. */
struct verdict {
	enum legality legality;
	const char *words;
};

/* Of transactions that are serializable, but not in real time, both is told. */
static struct verdict verdict_of(const struct checked *checked)
{
	static const char *const of_objects[] = {
		[LEGAL] = "linearizable", [ILLEGAL] = "not linearizable", [UNDECIDED] = "unknown"};
	static const char *const of_transactions[3][3] = {
		/* by strictly serializable, and by serializable */
		[LEGAL] = {[LEGAL] = "strictly serializable"},
		[ILLEGAL] = {[LEGAL] = "serializable, but not in real time",
			     [ILLEGAL] = "not serializable",
			     [UNDECIDED] = "not in real time; serializability unknown"},
		[UNDECIDED] =
			{[LEGAL] = "serializable; in real time unknown", [UNDECIDED] = "unknown"},
	};
	enum legality strict = checked->anomalies.strict;
	enum legality serializable = checked->anomalies.serializable;

	if (!checked->subject.name || checked->subject.model)
		return (struct verdict){checked->finding.legality,
					of_objects[checked->finding.legality]};
	if (checked->subject.transactions == TRANSACTION_BANK && strict == UNDECIDED &&
	    serializable == UNDECIDED)
		return (struct verdict){UNDECIDED, "balances hold; serializability unknown"};
	return (struct verdict){checked->serializable_will_do ? serializable : strict,
				of_transactions[strict][serializable]};
}

enum legality checked_legality(const struct checked *checked)
{
	return verdict_of(checked).legality;
}

void checked_free(struct checked *checked)
{
	object_history_free(&checked->object);
	transaction_history_free(&checked->transactions);
	transactions_finding_free(&checked->anomalies);
	recording_free(&checked->recording);
	free(checked->text);
	free(checked->core);
	*checked = (struct checked){0};
}

static void datum_text(const struct datum *datum, char **text)
{
	size_t size;
	FILE *out = open_memstream(text, &size);

	if (!out)
		abort();
	datum_print(out, datum);
	fclose(out);
}

/* ---- For people ------------------------------------------------------------------------------ */

static void print_subject(FILE *out, const struct checked *checked)
{
	const struct recording *recording = &checked->recording;

	fprintf(out, "  %s%s, %s%s: ",
		checked->format_known ? formats[recording->format].name : "no events",
		checked->format_given ? " (as you say)" : "",
		checked->subject.name ? checked->subject.name : "no operations",
		checked->model_given ? " (as you say)" : "");
	fprintf(out,
		"%" PRIu32 " operations (%" PRIu32 " ok, %" PRIu32 " failed, %" PRIu32
		" unknown), processes %" PRIu32 ", at most %" PRIu32 " open at once\n",
		recording->count, recording->ok, recording->failed, recording->unknown,
		recording->processes, recording->most_open);
	if (recording->backwards)
		fprintf(out,
			"  times run backwards %" PRIu32 " times; the order of the file counts\n",
			recording->backwards);
	if (recording->came_back)
		fprintf(out,
			"  processes come back from an unknown outcome %" PRIu32
			" times, which none should; it stays unknown\n",
			recording->came_back);
	if (recording->strange)
		fprintf(out, "  %" PRIu32 " lines are no events and were passed over\n",
			recording->strange);
}

/* The object that was found wrong, where there are several. */
static void print_key(FILE *out, const struct checked *checked)
{
	const struct datum *key = key_of_object(&checked->recording, &checked->object,
						checked->finding.key);

	if (checked->finding.objects < 2 || !key)
		return;
	fputs(" of ", out);
	datum_print_bare(out, key);
}

static void print_transactions(FILE *out, const struct checked *checked)
{
	const struct transactions_finding *finding = &checked->anomalies;
	enum legality legality = checked_legality(checked);

	fprintf(out, "  decided by %s: ", finding->engine);
	if (legality == UNDECIDED)
		fprintf(out, "%s\n", finding->limit);
	else if (legality == LEGAL && finding->order_count)
		fprintf(out, "a serial order of %" PRIu32 " transactions was found, and holds\n",
			finding->order_count);
	else if (legality == LEGAL)
		fputs("no anomaly\n", out);
	else if (finding->found_count)
		fprintf(out, finding->found_count == 1 ? "%u anomaly\n" : "%u anomalies\n",
			finding->found_count);
	else
		fprintf(out, "no serial order%s explains the reads\n",
			finding->serializable == ILLEGAL ? "" : " that agrees with real time");
	anomalies_print(out, &checked->recording, finding, &checked->transactions);
}

static void print_core(FILE *out, const struct checked *checked)
{
	const struct finding *finding = &checked->finding;

	if (finding->core_count == 0)
		fputs("there is no order of the operations", out);
	else if (finding->core_count == 1)
		fputs("no order explains this one operation", out);
	else
		fprintf(out, "no order explains these %zu operations", finding->core_count);
	print_key(out, checked);
	fputs(finding->core_count ? ", were all others unknown\n" : "\n", out);
	if (finding->core_count && !finding->core_minimal)
		fputs("  (perhaps fewer would do: the budget was spent before that was sure)\n",
		      out);
}

static void print_finding(FILE *out, const struct checked *checked)
{
	const struct finding *finding = &checked->finding;

	if (!checked->subject.name) {
		fputs("  there is nothing to judge\n", out);
		return;
	}
	if (!checked->subject.model) {
		print_transactions(out, checked);
		return;
	}
	fprintf(out, "  decided by %s: ", finding->engine);
	switch (finding->legality) {
	case LEGAL:
		fprintf(out, "an order of %zu operations was found, and holds\n",
			finding->order_count);
		break;
	case ILLEGAL: print_core(out, checked); break;
	case UNDECIDED:
		fprintf(out, "%s was spent at return %" PRIu64 " of %" PRIu64, finding->limit,
			finding->reached, finding->returns);
		print_key(out, checked);
		fputs("; --budget gives more\n", out);
		break;
	}
}

void checked_print(FILE *out, const struct checked *checked, bool times)
{
	fprintf(out, "%s: %s\n", checked->path, verdict_of(checked).words);
	print_subject(out, checked);
	print_finding(out, checked);
	explanation_print(out, &checked->explanation);
	if (times)
		fprintf(out, "  read in %.3f s, judged in %.3f s\n", checked->read_seconds,
			checked->judge_seconds);
}

/* ---- For programs ---------------------------------------------------------------------------- */

static void put_datum(json_t *object, const char *key, const struct datum *datum)
{
	char *text;

	if (datum->kind == DATUM_NIL)
		return;
	datum_text(datum, &text);
	put(object, key,
	    datum->kind == DATUM_NUMBER ? json_integer(datum->number) : json_string(text));
	free(text);
}

static json_t *operations_json(const struct recording *recording)
{
	json_t *json = json_object();

	put_count(json, "all", recording->count);
	put_count(json, "ok", recording->ok);
	put_count(json, "fail", recording->failed);
	put_count(json, "unknown", recording->unknown);
	put_count(json, "processes", recording->processes);
	put_count(json, "most_open", recording->most_open);
	put_count(json, "times_backwards", recording->backwards);
	put_count(json, "came_back_after_unknown", recording->came_back);
	put_count(json, "lines_passed_over", recording->strange);
	put_count(json, "faults", recording->disturbance_count);
	return json;
}

static json_t *call_json(const struct recording *recording, const struct call *call)
{
	json_t *json = json_object();

	put_count(json, "line", call->invoked_line);
	if (call->returned != NEVER_RETURNED)
		put_count(json, "answer_line", call->returned_line);
	if (call->process >= 0)
		put(json, "process", json_integer(call->process));
	if (call->name)
		put_datum(json, "f", &recording->operations.data[call->name - 1]);
	if (call->key)
		put_datum(json, "key", &recording->keys.data[call->key - 1]);
	put_datum(json, "asked", &call->asked);
	put_datum(json, "told", &call->told);
	return json;
}

static json_t *core_json(const struct checked *checked)
{
	const struct recording *recording = &checked->recording;
	json_t *json = json_array();

	for (size_t i = 0; i < checked->finding.core_count; i++) {
		uint32_t source = checked->object.operations[checked->core[i]].source;

		json_array_append_new(json, call_json(recording, &recording->calls[source]));
	}
	return json;
}

/* What the reads of the core could have returned, by the line of their answer. */
static json_t *answers_json(const struct explanation *explanation)
{
	json_t *json = json_array();

	for (unsigned i = 0; i < explanation->count; i++) {
		const struct shown *shown = &explanation->shown[i];
		json_t *read = json_object(), *answers = json_array();

		for (unsigned a = 0; a < shown->answer_count; a++) {
			char *text;

			datum_text(&shown->answers[a], &text);
			json_array_append_new(answers, json_string(text));
			free(text);
		}
		put_count(read, "line", shown->call->invoked_line);
		put(read, "possible", answers);
		if (shown->answer_count)
			json_array_append(json, read);
		json_decref(read);
	}
	return json;
}

static json_t *near_json(const struct explanation *explanation)
{
	json_t *json = json_array();

	for (unsigned i = 0; i < explanation->near_count; i++) {
		json_t *near = json_object();

		put_count(near, "line", explanation->near[i].disturbance->line);
		put(near, "fault", json_string(explanation->near[i].label));
		json_array_append_new(json, near);
	}
	return json;
}

static json_t *anomalies_json(const struct checked *checked)
{
	const struct transactions_finding *finding = &checked->anomalies;
	const struct transactions *transactions = &checked->transactions.transactions;
	json_t *json = json_array();

	for (unsigned i = 0; i < finding->found_count; i++) {
		const struct anomaly_found *found = &finding->found[i];
		json_t *anomaly = json_object(), *calls = json_array();

		for (uint32_t s = 0; s < found->step_count; s++) {
			uint32_t at = finding->steps[found->first_step + s].transaction;

			if (at < transactions->count)
				json_array_append_new(
					calls,
					call_json(&checked->recording,
						  &checked->recording
							   .calls[transactions->list[at].source]));
		}
		put(anomaly, "name", json_string(anomalies[found->kind].name));
		put(anomaly, "realtime", json_boolean(found->realtime));
		put(anomaly, "transactions", calls);
		json_array_append_new(json, anomaly);
	}
	return json;
}

static void put_anomalies(json_t *json, const struct checked *checked)
{
	const struct transactions_finding *finding = &checked->anomalies;

	put(json, "engine", json_string(finding->engine));
	put_count(json, "dependencies", finding->dependencies);
	put_count(json, "configurations", finding->configurations);
	if (finding->limit && checked_legality(checked) == UNDECIDED)
		put(json, "limit", json_string(finding->limit));
	put(json, "anomalies", anomalies_json(checked));
	put(json, "faults_near", near_json(&checked->explanation));
}

static void put_finding(json_t *json, const struct checked *checked)
{
	const struct finding *finding = &checked->finding;

	if (!checked->subject.name)
		return;
	if (!checked->subject.model) {
		put_anomalies(json, checked);
		return;
	}
	put(json, "engine", json_string(finding->engine));
	put_count(json, "objects", finding->objects);
	put_count(json, "configurations", finding->configurations);
	if (finding->legality == ILLEGAL) {
		put(json, "core", core_json(checked));
		put(json, "core_minimal", json_boolean(finding->core_minimal));
		put(json, "could_have_returned", answers_json(&checked->explanation));
		put(json, "faults_near", near_json(&checked->explanation));
	}
	if (finding->legality == UNDECIDED) {
		put(json, "limit", json_string(finding->limit));
		put_count(json, "reached", finding->reached);
		put_count(json, "returns", finding->returns);
	}
}

void checked_print_json(FILE *out, const struct checked *checked, bool times)
{
	json_t *json = json_object();

	put(json, "file", json_string(checked->path));
	put(json, "verdict", json_string(verdict_of(checked).words));
	put(json, "format",
	    checked->format_known ? json_string(formats[checked->recording.format].name)
				  : json_null());
	put(json, "model",
	    checked->subject.name ? json_string(checked->subject.name) : json_null());
	put(json, "operations", operations_json(&checked->recording));
	put_finding(json, checked);
	if (times) {
		put(json, "read_seconds", json_real(checked->read_seconds));
		put(json, "judge_seconds", json_real(checked->judge_seconds));
	}
	json_dumpf(json, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(json);
}
