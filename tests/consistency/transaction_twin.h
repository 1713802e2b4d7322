/*
 * Random small histories of transactions, judged, and by a twin that tries every serial order.
 */
#ifndef TESTS_CONSISTENCY_TRANSACTION_TWIN_H
#define TESTS_CONSISTENCY_TRANSACTION_TWIN_H

#include "tests/consistency/agreement.h"
#include "tests/consistency/transaction_histories.h"

struct transaction_subject {
	const char *name;
	enum transaction_model model;
	bool unique; /* no value is written to a key twice */
};
extern const struct transaction_subject transaction_subjects[]; /* ended by name == NULL */

/* Legal: strictly serializable; illegal: not even serializable. Of `agreement`, no cores. */
void transactions_agree(const struct transaction_subject *, unsigned times, uint64_t seed,
			struct agreement *);

#endif
