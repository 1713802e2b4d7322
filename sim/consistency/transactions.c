/* The names of the models of transactions. */
#include "sim/consistency/transactions.h"

const char *const transaction_models[TRANSACTION_MODELS] = {
	[TRANSACTION_MULTI_REGISTER] = "multi-register", [TRANSACTION_LIST_APPEND] = "list-append",
	[TRANSACTION_RW_REGISTER] = "rw-register",       [TRANSACTION_BANK] = "bank",
	[TRANSACTION_LONG_FORK] = "long-fork",
};
