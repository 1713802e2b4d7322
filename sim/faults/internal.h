/*
 * What the files of this folder share: the state of a run's faults, and sets of endpoints.
 *
 * The state stands in the arena. That several faults may act on one process or link at once is
 * handled by one rule: what they bend is never toggled, it is computed anew from the setup and from
 * all faults that are active at that moment. Only cuts are counted instead, by the links.
 */
#ifndef SIM_FAULTS_INTERNAL_H
#define SIM_FAULTS_INTERNAL_H

#include "sim/faults/faults.h"

struct fault_entry {
	struct fault_state state;
	struct endpoint_set *hit; /* by part, once it has fired */
	uint32_t record;          /* where the history says that it began */
};

struct faults {
	struct faults_setup setup;
	struct fault_entry *entry;    /* as many as the setup has faults */
	int32_t drift[PROCESSES_MAX]; /* of each clock, in ppm, with no fault on it */
	uint64_t core;                /* whole after the heal */
	uint64_t dead;                /* down for ever after the heal */
	bool healed;
};

/* ---- Sets of endpoints ----------------------------------------------------------------------- */

enum { ENDPOINTS = CLIENT_FIRST + CLIENTS_MAX }; /* also: no endpoint */

static inline uint64_t *set_word(struct endpoint_set *set, endpoint_t endpoint)
{
	if (endpoint < CLIENT_FIRST)
		return &set->processes;
	return &set->clients[(endpoint - CLIENT_FIRST) / 64u];
}
static inline void set_add(struct endpoint_set *set, endpoint_t endpoint)
{
	*set_word(set, endpoint) |= (uint64_t)1 << endpoint % 64;
}
static inline bool set_has(const struct endpoint_set *set, endpoint_t endpoint)
{
	if (endpoint < CLIENT_FIRST)
		return set->processes >> endpoint & 1;
	return set->clients[(endpoint - CLIENT_FIRST) / 64u] >> endpoint % 64 & 1;
}
/* The first member not below `from`, or ENDPOINTS. */
endpoint_t set_next(const struct endpoint_set *, unsigned from);
/* The processes of a group; all of them. */
uint64_t set_group(const struct world *, group_id);
uint64_t set_everyone(const struct world *);
/* Chooses `count` members of a set; each draw has an address of its own, from `address` on. */
uint64_t set_choose(struct world *, address_t address, uint64_t set, unsigned count);

/* ---- Between the files ----------------------------------------------------------------------- */

/* Says whom fault `number` hits, part by part. False where nobody fills one of its roles. */
bool faults_resolve(struct world *, unsigned number, struct endpoint_set *hit);
/* Whether an active fault of one of these kinds (a set) hits the process. */
bool faults_hold(struct world *, process_id, uint32_t kinds);
/* Restarts it, unless a fault still keeps it down, and pauses it again if one asks for that. */
void faults_release(struct world *, process_id);

#endif
