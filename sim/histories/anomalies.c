/* Anomalies of transactions, told in the words of the file: which transactions, on which lines, and
 * how each depends on the one before it. */
#include "sim/histories/explanation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

/* Overwrites, reads, is overwritten after it was read, comes later in real time (Adya). */
static const char *const edge_names[] = {
	[DEPENDS_WW] = "ww", [DEPENDS_WR] = "wr", [DEPENDS_RW] = "rw", [DEPENDS_REALTIME] = "rt"};

/* ---- In lanes -------------------------------------------------------------------------------- */

/* Where it stands; the count: nowhere. */
static unsigned place_of(const struct explanation *explanation, const struct call *call)
{
	unsigned i = 0;

	while (i < explanation->count && explanation->shown[i].call != call)
		i++;
	return i;
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

/* From each that is shown to the next that is. */
static void show_cycle(struct explanation *explanation, const struct recording *recording,
		       const struct transactions *transactions, const struct step *steps,
		       uint32_t count)
{
	unsigned nowhere = explanation->count;
	struct edge edge = {.from = nowhere};

	/* Twice around, for the cycle may begin with one that is not shown. */
	for (uint32_t i = 0; i < 2 * count && steps[0].dependency != DEPENDS_NOT; i++) {
		const struct step *step = &steps[i % count];
		size_t length = strlen(edge.name);

		edge.to = place_of(explanation, call_of(recording, transactions, step));
		if (edge.to < nowhere) {
			if (edge.from < nowhere && explanation->edge_count < SHOWN_MAX)
				explanation->edges[explanation->edge_count++] = edge;
			if (i >= count)
				return;
			edge = (struct edge){.from = edge.to};
			length = 0;
		}
		snprintf(edge.name + length, sizeof(edge.name) - length, "%s%s", length ? ", " : "",
			 edge_names[step->dependency]);
	}
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

		if (!call || place_of(explanation, call) < explanation->count)
			continue;
		if (explanation->count < SHOWN_MAX)
			show_call(explanation, call);
		else
			explanation->left_out++;
	}
	qsort(explanation->shown, explanation->count, sizeof(explanation->shown[0]), by_invocation);
	explanation_place(recording, explanation);
	show_cycle(explanation, recording, &history->transactions,
		   &finding->steps[found->first_step], found->step_count);
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
	if (history->transactions.model == TRANSACTION_BANK && !step->key) {
		fprintf(out, "it sums up to %" PRId64 ", the first one to %" PRId64,
			(int64_t)step->value, (int64_t)step->next);
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
