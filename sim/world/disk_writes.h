/*
 * What the files of the disk share: a write is begun by disk_view.c, waits in disk.c, and is
 * settled or undone by disk_stores.c.
 */
#ifndef SIM_WORLD_DISK_WRITES_H
#define SIM_WORLD_DISK_WRITES_H

#include "sim/world/kernel.h"

/* ---- disk.c ---------------------------------------------------------------------------------- */

static inline struct disk_write *waiting_at(struct disk *disk, uint32_t i)
{
	return &disk->waiting[(disk->waiting_first + i) & (disk->waiting_capacity - 1)];
}
/* Notes a write that the view shows already, and records its effect. */
struct disk_write *write_begin(struct process *, enum write_kind, uint64_t key);

/* ---- disk_stores.c --------------------------------------------------------------------------- */

/* The write can't be undone any more: what would have undone it goes. */
void write_settle(struct world *, struct disk *, struct disk_write *);
/* Takes the write back. Returns the first log index that this changed, or UINT64_MAX. */
uint64_t write_undo(struct world *, struct disk *, struct disk_write *);
void put_slot(struct world *, struct disk *, uint64_t index, struct log_slot);
void slot_release(struct world *, const struct log_slot *);
/* Where that key's cell stands, or would. */
uint32_t cell_position(struct world *, const struct disk *, uint64_t key);
struct cell *cell_at(struct world *, const struct disk *, uint64_t key); /* NULL: none */
/* Puts `ref` (0: nothing) where that key's cell stands; returns what stood there. */
ref_t cell_exchange(struct world *, struct disk *, uint64_t key, ref_t);
void cell_free(struct world *, ref_t);  /* 0: none */
void block_free(struct world *, ref_t); /* likewise */

#endif
