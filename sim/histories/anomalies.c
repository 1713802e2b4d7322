/* Anomalies of transactions, told in the words of the file: which transactions, on which lines, and
 * how each depends on the one before it. */
#include "sim/histories/explanation.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct call *call_of(const struct recording *recording,
				  const struct transactions *transactions, const struct step *step)
{
	if (step->transaction >= transactions->count)
		return NULL;
	return &recording->calls[transactions->list[step->transaction].source];
}

static const struct datum *value_of_call(const struct call *call)
{
	return call->told.kind == DATUM_NIL ? &call->asked : &call->told;
}

/* ---- In lanes -------------------------------------------------------------------------------- */

static bool is_shown(const struct explanation *explanation, const struct call *call)
{
	for (unsigned i = 0; i < explanation->count; i++)
		if (explanation->shown[i].call == call)
			return true;
	return false;
}

static void show_call(struct explanation *explanation, const struct call *call)
{
	struct shown *shown = &explanation->shown[explanation->count++];
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	datum_print(out, value_of_call(call));
	fclose(out);
	shown->call = call;
	explanation_label(shown->label, text, size);
	free(text);
}

static int by_invocation(const void *a, const void *b)
{
	const struct call *left = ((const struct shown *)a)->call;
	const struct call *right = ((const struct shown *)b)->call;

	return (left > right) - (left < right);
}

void explain_anomaly(const struct recording *recording, const struct transactions_finding *finding,
		     const struct transaction_history *history, struct explanation *explanation)
{
	*explanation = (struct explanation){0};
	if (!finding->found_count)
		return;
	const struct anomaly_found *found = &finding->found[0];

	for (uint32_t i = 0; i < found->step_count; i++) {
		const struct step *step = &finding->steps[found->first_step + i];
		const struct call *call = call_of(recording, &history->transactions, step);

		if (!call || is_shown(explanation, call))
			continue;
		if (explanation->count < SHOWN_MAX)
			show_call(explanation, call);
		else
			explanation->left_out++;
	}
	qsort(explanation->shown, explanation->count, sizeof(explanation->shown[0]), by_invocation);
	explanation_place(recording, explanation);
}

/* ---- In words -------------------------------------------------------------------------------- */

/* A version: what was written under a key; amounts of a bank stand for themselves. */
static void print_version(FILE *out, const struct transaction_history *history, uint64_t value)
{
	const struct datum nil = {.kind = DATUM_NIL};

	if (history->transactions.model == TRANSACTION_BANK)
		fprintf(out, "%" PRId64, (int64_t)value);
	else
		datum_print(out, value && value <= history->value_names.count
					 ? &history->value_names.data[value - 1]
					 : &nil);
}

static void print_dependency(FILE *out, const struct transaction_history *history,
			     const struct step *step)
{
	static const char *const words[] = {
		[DEPENDS_WW] = ", and the next writes behind it ",
		[DEPENDS_WR] = ", and the next reads ",
		[DEPENDS_RW] = ", which the next overwrites with ",
	};

	if (step->dependency == DEPENDS_REALTIME) {
		fputs("returned before the next began", out);
		return;
	}
	if (!step->key || step->key > history->key_names.count)
		return;
	datum_print_bare(out, &history->key_names.data[step->key - 1]);
	fputs(" = ", out);
	print_version(out, history, step->value);
	if (step->dependency == DEPENDS_NOT)
		return;
	fputs(words[step->dependency], out);
	print_version(out, history, step->next);
}

static void print_step(FILE *out, const struct recording *recording,
		       const struct transaction_history *history, const struct step *step)
{
	const struct call *call = call_of(recording, &history->transactions, step);
	char lines[32];

	if (!call) {
		fputs("    not in the history    ", out);
	} else {
		snprintf(lines, sizeof(lines), "%u-%u", call->invoked_line, call->returned_line);
		fprintf(out, "    line %-11s ", lines);
		datum_print(out, value_of_call(call));
		fputs("\n        ", out);
	}
	print_dependency(out, history, step);
	fputc('\n', out);
}

void anomalies_print(FILE *out, const struct recording *recording,
		     const struct transactions_finding *finding,
		     const struct transaction_history *history)
{
	for (unsigned i = 0; i < finding->found_count; i++) {
		const struct anomaly_found *found = &finding->found[i];
		const struct anomaly_kind *kind = &anomalies[found->kind];

		fprintf(out, "  %s%s: %s\n    it refutes %s (%s)\n", kind->name,
			found->realtime ? " in real time" : "", kind->what,
			found->realtime ? "strict serializability" : kind->refutes, kind->source);
		for (uint32_t s = 0; s < found->step_count; s++)
			print_step(out, recording, history, &finding->steps[found->first_step + s]);
	}
}
