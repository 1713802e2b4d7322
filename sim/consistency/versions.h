/*
 * What the files of the judge of transactions share: who wrote each version, and in which order the
 * versions of a key came about, as far as the reads tell.
 */
#ifndef SIM_CONSISTENCY_VERSIONS_H
#define SIM_CONSISTENCY_VERSIONS_H

#include "sim/consistency/transactions.h"

#define NOBODY_WROTE UINT32_MAX

/* One version of a key: who wrote it. */
struct write {
	uint64_t value;
	uint32_t key, transaction;
	uint32_t place; /* in the key's chain, from 1; 0: not in it */
	bool last;      /* of its transaction's on this key */
	bool once;      /* nobody else wrote that value to that key: who reads it, read this */
};

/* A read of what stood there before its transaction, and whether that overwrote it. */
struct seen {
	uint32_t transaction, key;
	uint32_t write; /* into `writes`; NOBODY_WROTE: nothing was there */
	uint64_t value; /* of that version; 0: nothing */
	bool updates;
};

/*
 * The chain: versions of which each directly follows the one before. Of a list it is the longest
 * read; of a register, the writes that read what they overwrote, from the initial value on. All
 * other versions come after the whole chain, for nothing comes between its links.
 */
struct lineage {
	uint32_t first_write, writes; /* of this key, in `writes` */
	uint32_t *chain;              /* into `writes` */
	uint32_t length;
	const uint64_t *longest; /* of a list, the longest read ... */
	uint32_t seen_length; /* ... its length, which is more than the chain's where values ... */
	uint32_t reader;      /* ... were written twice, and who read it */
};

struct study {
	const struct transactions *transactions;
	struct transactions_finding *finding;
	struct write *writes; /* by key and value */
	uint32_t write_count;
	struct seen *seen; /* external reads of those that committed, one a transaction and key */
	uint32_t seen_count;
	struct lineage *lineages; /* by key */
	uint32_t *chains;         /* the memory of all chains */
	bool *happened;           /* committed, or of unknown fate and seen */
	bool unique;              /* every write is `once`: the graph and the sessions need it */
};

/* Its reads tell something, and it did happen. */
static inline bool committed(const struct transaction *transaction)
{
	return !transaction->aborted && transaction->returned != NEVER_RETURNED;
}

static inline bool of_lists(const struct transactions *transactions)
{
	return transactions->model == TRANSACTION_LIST_APPEND;
}

static inline const struct micro *micro_at(const struct study *study, uint32_t transaction,
					   uint32_t i)
{
	const struct transactions *t = study->transactions;

	return &t->micros[t->list[transaction].first + i];
}

static inline const struct write *chained(const struct study *study, uint32_t key, uint32_t place)
{
	return &study->writes[study->lineages[key].chain[place - 1]];
}

/* Does this write stand outside the chain? It happened, so it came after. */
static inline bool unchained(const struct study *study, const struct write *write)
{
	return !write->place && write->last && study->happened[write->transaction];
}

/* Zeroed, one more than asked for; aborts where memory ends. free() gives it back. */
void *study_room(size_t count, size_t size);
/* Notes an anomaly, the first of its kind. */
void study_found(struct study *, enum anomaly, bool realtime, const struct step *, uint32_t count);

/* ---- versions.c ------------------------------------------------------------------------------ */

/* Works out writes, reads and chains, and notes what needs no cycle to be wrong. */
void versions_study(struct study *);
void versions_free(struct study *);
/* The version's place among the others; NOBODY_WROTE: nobody wrote that value. */
uint32_t write_find(const struct study *, uint32_t key, uint64_t value);
/* The first in `seen` that read that version: those that overwrote it come first. */
uint32_t seen_first(const struct study *, uint32_t key, uint32_t write);

/* ---- balances.c ------------------------------------------------------------------------------ */

/* Notes what is wrong with a bank whatever the order is. */
void balances_study(struct study *);

/* ---- sessions.c ------------------------------------------------------------------------------ */

/* Holds each session to what it was promised of its own earlier transactions. */
void sessions_study(struct study *);

#endif
