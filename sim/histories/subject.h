/*
 * What a history is about: the model that gives its operations their meaning. It is guessed from
 * the names of operations and the shape of values, unless somebody says it.
 */
#ifndef SIM_HISTORIES_SUBJECT_H
#define SIM_HISTORIES_SUBJECT_H

#include "sim/consistency/transactions.h"
#include "sim/histories/recording.h"

struct subject {
	const char *name;          /* NULL: no model is known */
	const struct model *model; /* of an object; NULL: transactions, then */
	enum transaction_model transactions;
};

/* A model by its name; "kv-append" is kv. False: there is none. */
bool subject_named(const char *name, struct subject *);
/* All names, in the order of their tables; returns their number. */
enum { SUBJECTS_MAX = 32 };
size_t subject_names(const char *names[SUBJECTS_MAX]);

/* False, with the reason in `trouble`, where nothing fits. A history without operations has no
 * subject, and that is no trouble. */
bool subject_guess(const struct recording *, struct subject *, struct trouble *);

/* Does this value look like a transaction: [[:r 1 nil] [:append 2 3]]? */
bool is_transaction(const struct datum *);

#endif
