/*
 * Transactions: lists of micro-operations, each on one key, that happen together or not at all.
 *
 * A history of them is in real time, as in consistency.h. Keys and values are numbers; 0 is nothing
 * there, the state of every key at first.
 */
#ifndef SIM_CONSISTENCY_TRANSACTIONS_H
#define SIM_CONSISTENCY_TRANSACTIONS_H

#include "sim/consistency/consistency.h"

/*
 *   multi-register  reads and writes; values need not be unique
 *   list-append     appends, unique a key, and reads of whole lists
 *   rw-register     reads and writes, unique a key
 *   bank            transfers between accounts, and reads of all of them: their sum stays as the
 *                   first read tells it, and no balance is below zero
 *   long-fork       writes, one a key, and reads of many keys
 */
enum transaction_model {
	TRANSACTION_MULTI_REGISTER,
	TRANSACTION_LIST_APPEND,
	TRANSACTION_RW_REGISTER,
	TRANSACTION_BANK,
	TRANSACTION_LONG_FORK,
	TRANSACTION_MODELS
};
extern const char *const transaction_models[TRANSACTION_MODELS]; /* their names */

enum micro_kind {
	MICRO_READ,
	MICRO_WRITE,
	MICRO_APPEND,
	MICRO_ADD /* to a balance; a transfer is two of them */
};
struct micro {
	enum micro_kind kind;
	uint32_t key;
	/* Where the transaction has committed, a read tells what it saw: `value`, or of list-append
	 * its `count` elements in values[first]. Else it tells nothing. */
	uint32_t first, count;
	uint64_t value; /* of a bank: an int64_t */
};

struct transaction {
	uint32_t first, count; /* its micro-operations, in order */
	uint32_t invoked;      /* positions, as of operations */
	uint32_t returned;     /* or NEVER_RETURNED: it may have committed, at any time, or never */
	uint32_t process;
	uint32_t source;
};

/* Those that certainly did not commit are left out. */
struct transactions {
	enum transaction_model model;
	const struct transaction *list; /* by invocation */
	size_t count;
	const struct micro *micros;
	size_t micro_count;
	const uint64_t *values; /* elements of lists */
	size_t value_count;
	uint32_t keys; /* keys are 1 .. keys */
};

#endif
