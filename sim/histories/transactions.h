/* From calls to transactions. */
#ifndef SIM_HISTORIES_TRANSACTIONS_H
#define SIM_HISTORIES_TRANSACTIONS_H

#include "sim/histories/subject.h"

struct transaction_history {
	struct transactions transactions; /* `source` is the index of the call */
	struct transaction *list;
	struct micro *micros;
	uint64_t *values;
	size_t micro_room, value_room;
	/* What keys and values stand for. A bank's values are amounts, and themselves; in a
	 * multi-register the number 0 is the state at first, which is 0. */
	struct names key_names, value_names;
};

/* Failed calls are aborted transactions. False, with `trouble` at a line, where one is no
 * transaction of the model. */
bool transactions_of_calls(const struct recording *, enum transaction_model,
			   struct transaction_history *, struct trouble *);
void transaction_history_free(struct transaction_history *);

#endif
