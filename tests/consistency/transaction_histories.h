/*
 * Histories of transactions, made up for tests and figures: a serial store, and clients that are
 * always busy.
 */
#ifndef TESTS_CONSISTENCY_TRANSACTION_HISTORIES_H
#define TESTS_CONSISTENCY_TRANSACTION_HISTORIES_H

#include "sim/consistency/transactions.h"
#include "sim/world/pcg.h"

enum { RETIRES_AFTER = 100 }; /* writes: then its place is taken by a new key */

/* Right ones: each takes effect at a moment between its invocation and its return. `keys` are alive
 * at a time; each transaction has one to four accesses, reads and writes alike. */
struct made_transactions {
	struct transactions transactions;
	struct transaction *list; /* the transactions' own, to be changed */
	struct micro *micros;
	uint64_t *values;
};
struct made_transactions make_transactions(enum transaction_model, unsigned clients, uint32_t count,
					   uint32_t keys, struct pcg32 *);
void made_transactions_free(struct made_transactions *);
/* Makes a read in the last half tell what stood there one write before. False: there is none. */
bool lie_of_one_read(struct made_transactions *, struct pcg32 *);

#endif
