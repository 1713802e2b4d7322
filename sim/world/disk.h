/*
 * One process's disk: a log, cells and a snapshot, and the writes that are on their way to it.
 *
 * The process sees its own writes at once. Each takes a ticket; a sync makes durable all that was
 * queued before it began. Until then a write can be undone: at a crash a prefix of the waiting
 * writes survives, the rest is undone, last first, and the first that was lost may stand torn at
 * the end of the log.
 */
#ifndef SIM_WORLD_DISK_H
#define SIM_WORLD_DISK_H

#include "sim/world/arena.h"
#include "sim/world/distribution.h"

/* An entry of a log. Immutable, and shared by every log, message and ledger that holds it. */
struct log_record {
	uint32_t holders, size;
	uint64_t index, term;
	uint64_t digest; /* of the command alone */
	ref_t node;      /* the judges' own note on it */
	uint32_t unused;
	uint8_t command[];
};

struct log_slot {
	ref_t record;
	uint32_t state; /* enum record */
};

struct cell {
	uint64_t key;
	uint32_t size, state; /* enum record */
	uint8_t value[];
};

struct snapshot_block {
	uint64_t index;
	uint32_t header_size, image_size;
	uint32_t state, unused; /* enum record */
	uint8_t bytes[];        /* header, then image */
};

enum store { STORE_LOG, STORE_CELLS, STORE_SNAPSHOT, STORES };

enum write_kind {
	WRITE_APPEND,
	WRITE_TRUNCATE,
	WRITE_DISCARD,
	WRITE_CELL,
	WRITE_STAGE,
	WRITE_SNAPSHOT
};
/* A write not yet durable, with what undoes it. The i-th waiting one's ticket is really + 1 + i. */
struct disk_write {
	uint32_t kind;  /* enum write_kind */
	uint32_t count; /* log slots removed */
	uint64_t key;   /* log index or cell key; of a stage: where it begins to write over */
	ref_t before;   /* the log slots removed, or the cell or snapshot that stood there */
	uint32_t unused;
	uint64_t first; /* of a discard: the log's first index before */
};

enum crash_mode { CRASH_LOSE_UNSYNCED, CRASH_REORDER, CRASH_KEEP };

/* How a disk behaves: of a scenario, the same for all processes. */
struct disk_setup {
	struct distribution write, sync;
	enum crash_mode crash;
	probability_t torn; /* of the first lost append */
};

struct disk {
	struct pages log; /* of struct log_slot, by index */
	uint64_t log_first, log_last, log_durable;
	ref_t *cells; /* struct cell, sorted by key */
	uint32_t cell_count, cell_capacity;
	ref_t snapshot; /* struct snapshot_block */
	ref_t staged;   /* bytes of the next one */
	uint32_t staged_size, staged_capacity;

	struct disk_write *waiting; /* a ring, in order of ticket */
	uint32_t waiting_first, waiting_count, waiting_capacity;
	uint32_t truncations;   /* among them */
	uint32_t unsynced_torn; /* how many crashes tore a record: the ordinal of that choice */
	ticket_t ticket;        /* of the last write */
	ticket_t issued;        /* all up to it were handed to the platter */
	ticket_t durable;       /* all up to it are, or were said to be */
	ticket_t really;        /* all up to it are: lags behind durable while syncs lie */
	ticket_t syncing;       /* the sync under way covers up to it; 0: none is */
	nanoseconds busy_until; /* the platter has taken all writes queued so far */
	nanoseconds sync_due;   /* of the sync under way */
	uint32_t writes, syncs; /* ordinals of choices */
	uint32_t generation;    /* of its syncs: a crash ends the one under way */

	/* Faults. */
	uint32_t slower;       /* times as slow, in thousandths; 0: as ever */
	probability_t failing; /* of a sync */
	bool full, lying;
};

#endif
