/*
 * Guessing a model. An object's model fits where it has an operation of every name in the history;
 * the first that fits is taken, so those with fewer operations stand first. Where names leave two
 * (a counter and a set both have add and read), the shape of an answer decides.
 */
#include "sim/histories/subject.h"

#include <string.h>

/* ---- Names ----------------------------------------------------------------------------------- */

bool subject_named(const char *name, struct subject *subject)
{
	const struct model *model = model_named(strcmp(name, "kv-append") ? name : "kv");

	if (model) {
		*subject = (struct subject){.name = model->name, .model = model};
		return true;
	}
	for (unsigned i = 0; i < TRANSACTION_MODELS; i++) {
		if (strcmp(transaction_models[i], name) != 0)
			continue;
		*subject = (struct subject){.name = transaction_models[i],
					    .transactions = (enum transaction_model)i};
		return true;
	}
	return false;
}

size_t subject_names(const char *names[SUBJECTS_MAX])
{
	size_t count = 0;

	for (; models[count] && count < SUBJECTS_MAX; count++)
		names[count] = models[count]->name;
	for (unsigned i = 0; i < TRANSACTION_MODELS && count < SUBJECTS_MAX; i++)
		names[count++] = transaction_models[i];
	return count;
}

/* ---- Shapes ---------------------------------------------------------------------------------- */

static bool is_text(const struct datum *datum)
{
	return datum->kind == DATUM_WORD || datum->kind == DATUM_STRING;
}

bool is_transaction(const struct datum *datum)
{
	if (datum->kind != DATUM_LIST || datum->size == 0)
		return false;
	for (uint32_t i = 0; i < datum->size; i++) {
		const struct datum *micro = &datum->items[i];

		if (micro->kind != DATUM_LIST || micro->size != 3 || !is_text(&micro->items[0]))
			return false;
	}
	return true;
}

/* Is there an operation of this name? */
static bool has(const struct recording *recording, const char *name)
{
	for (uint32_t i = 0; i < recording->operations.count; i++)
		if (datum_says(&recording->operations.data[i], name))
			return true;
	return false;
}

/* Is there an answered operation of this name whose answer is of one of two kinds? */
static bool tells(const struct recording *recording, const char *name, enum datum_kind kind,
		  enum datum_kind other)
{
	for (uint32_t i = 0; i < recording->count; i++) {
		const struct call *call = &recording->calls[i];

		if (call->answer == ANSWER_OK && call->name &&
		    (call->told.kind == kind || call->told.kind == other) &&
		    datum_says(&recording->operations.data[call->name - 1], name))
			return true;
	}
	return false;
}

static bool fits_shape(const struct recording *recording, const struct model *model)
{
	if (model == &model_counter)
		return !tells(recording, "read", DATUM_LIST, DATUM_SET);
	if (model == &model_mutex)
		return !tells(recording, "acquire", DATUM_NUMBER, DATUM_NUMBER);
	return true;
}

/* ---- Transactions ---------------------------------------------------------------------------- */

static bool micro_says(const struct datum *transaction, const char *name)
{
	for (uint32_t i = 0; i < transaction->size; i++)
		if (datum_says(&transaction->items[i].items[0], name))
			return true;
	return false;
}

/* Some write whole words, some letters: those of Knossos are multi-registers, those of Elle may be
 * anything; a long fork's have names of their own. */
static enum transaction_model transactions_of(const struct recording *recording)
{
	bool appends = false, words = false;

	for (uint32_t i = 0; i < recording->count; i++) {
		const struct datum *asked = &recording->calls[i].asked;

		if (!is_transaction(asked))
			continue;
		appends |= micro_says(asked, "append");
		words |= micro_says(asked, "read") || micro_says(asked, "write");
	}
	return appends                                             ? TRANSACTION_LIST_APPEND
	       : words                                             ? TRANSACTION_MULTI_REGISTER
	       : has(recording, "read") || has(recording, "write") ? TRANSACTION_LONG_FORK
								   : TRANSACTION_RW_REGISTER;
}

static bool has_transactions(const struct recording *recording)
{
	for (uint32_t i = 0; i < recording->count; i++) {
		const struct datum *asked = &recording->calls[i].asked;
		bool empty = asked->kind == DATUM_NIL ||
			     (asked->kind >= DATUM_LIST && !asked->size);

		if (!empty)
			return is_transaction(asked);
	}
	return false;
}

/* ---- The guess ------------------------------------------------------------------------------- */

static bool fits_names(const struct recording *recording, const struct model *model)
{
	char name[64];

	for (uint32_t i = 0; i < recording->operations.count; i++) {
		datum_name(&recording->operations.data[i], name, sizeof(name));
		if (model_operation(model, name) < 0)
			return false;
	}
	return recording->operations.count > 0;
}

static bool nothing_fits(const struct recording *recording, struct trouble *trouble)
{
	FILE *out = fmemopen(trouble->text, TROUBLE_MAX, "w");

	trouble->line = recording->calls[0].invoked_line;
	trouble->column = 1;
	if (!out)
		return false;
	fputs("no model has all these operations:", out);
	for (uint32_t i = 0; i < recording->operations.count; i++) {
		fputc(' ', out);
		datum_print(out, &recording->operations.data[i]);
	}
	fputs(recording->operations.count ? "; see: ordeal list models"
					  : " they have no names, and are no transactions",
	      out);
	fclose(out);
	trouble->text[TROUBLE_MAX - 1] = '\0';
	return false;
}

bool subject_guess(const struct recording *recording, struct subject *subject,
		   struct trouble *trouble)
{
	*subject = (struct subject){0};
	if (!recording->count)
		return true;
	if (has_transactions(recording))
		return subject_named(transaction_models[transactions_of(recording)], subject);
	/* Of a bank perhaps nothing but reads was recorded. */
	if (has(recording, "transfer") ||
	    (!has(recording, "write") && tells(recording, "read", DATUM_MAP, DATUM_MAP)))
		return subject_named(transaction_models[TRANSACTION_BANK], subject);
	for (const struct model *const *model = models; *model; model++)
		if (fits_names(recording, *model) && fits_shape(recording, *model))
			return subject_named((*model)->name, subject);
	return nothing_fits(recording, trouble);
}
