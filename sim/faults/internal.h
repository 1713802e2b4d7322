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
	const struct fault *fault;
	struct fault_state state;
	const char **beyond; /* by group: what its protocol does not claim to survive; or NULL */
	uint32_t record;     /* where the history says that it began */
	uint32_t ordinal;    /* of the choices of whom it hits ... */
	unsigned place;      /* ... and their place */
	struct endpoint_set hit[]; /* by part, once it has fired */
};

/* What a nemesis has drawn so far. */
struct nemesis_state {
	uint64_t kinds; /* that take part in this run */
	nanoseconds weather_until;
	uint32_t stretches; /* of weather */
	unsigned rate;      /* in this stretch; 0: calm */
	uint32_t draws;
};

struct faults {
	struct faults_setup setup;
	struct nemesis_state *nemeses;
	struct pages entries; /* ref_t of struct fault_entry: the scheduled ones first */
	unsigned count;
	int32_t drift[PROCESSES_MAX];        /* of each clock, in ppm, with no fault on it */
	uint64_t damaged;                    /* lost or rotten disks, not known to be repaired */
	uint64_t repaired_at[PROCESSES_MAX]; /* the index that it must have applied by then */
	uint64_t core;                       /* whole after the heal */
	uint64_t dead;                       /* down for ever after the heal */
	bool healed;
};

static inline struct fault_entry *fault_entry(const struct world *world, unsigned number)
{
	const struct faults *faults = world->faults;

	return arena_at(&world->arena, *(ref_t *)pages_at(&world->arena, &faults->entries, number));
}

/* ---- Sets of endpoints ----------------------------------------------------------------------- */

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
/* These, and all that share their machines. */
uint64_t set_machines(const struct world *, uint64_t processes);
/* Chooses `count` members of a set; each draw has an address of its own, from `address` on. */
uint64_t set_choose(struct world *, address_t address, uint64_t set, unsigned count);

/* ---- Between the files ----------------------------------------------------------------------- */

/* faults.c: fires a fault of a nemesis, which is kept where it hits anybody. */
bool faults_fire_drawn(struct world *, unsigned nemesis, uint32_t draw, const struct fault *);
void faults_schedule_draw(struct world *, nanoseconds time, unsigned nemesis);
/* The nemesis that drew it; NULL: it was scheduled. */
static inline const struct nemesis *drawn_by(const struct world *world,
					     const struct fault_entry *entry)
{
	const struct faults *faults = world->faults;

	return entry->place < FAULTS_MAX ? NULL : &faults->setup.nemeses[entry->place - FAULTS_MAX];
}

/* nemesis.c */
void nemeses_begin(struct world *);
bool nemesis_due(struct world *, unsigned nemesis); /* whether a fault has fired */

/* budget.c */
/* Leaves of those hit whom the model lets be hit. False: nobody. */
bool budget_trim(struct world *, struct fault_entry *);
/* What goes beyond the model of a group where the fault hits as it does; NULL: nothing. */
const char *budget_beyond(struct world *, const struct fault_entry *, group_id);
/* It has fired: those whose disk is lost or rotten are damaged until they are repaired. */
void budget_note(struct world *, const struct fault_entry *);
/* The amounts that may be drawn: least and most. False: none. */
bool budget_amounts(const struct world *, const struct fault_kind *, const struct nemesis *,
		    int64_t amounts[2]);
/* The kinds that a nemesis may draw. */
uint64_t budget_kinds(const struct world *, const struct nemesis *);

/* What a nemesis draws, beside whom: the place of its choice. */
enum draw {
	DRAW_MEMBER,
	DRAW_LAST_MEMBER,
	DRAW_WEATHER,
	DRAW_STRETCH,
	DRAW_INTERVAL,
	DRAW_FIRES,
	DRAW_KIND,
	DRAW_ROLE,
	DRAW_ORDER,
	DRAW_WAY,
	DRAW_CLIENTS,
	DRAW_SORT,
	DRAW_AMOUNT,
	DRAW_LASTS,
	DRAW_SPARED
};
static inline address_t draw_address(unsigned nemesis, enum draw what, unsigned type,
				     uint32_t ordinal)
{
	return choice_address(CHOICE_FAULT, nemesis, what, type, ordinal);
}

/* Says whom a fault hits, part by part. False where nobody fills one of its roles. */
bool faults_resolve(struct world *, struct fault_entry *);
/* Whether an active fault of one of these kinds (a set) hits the process. */
bool faults_hold(struct world *, process_id, uint32_t kinds);
/* Restarts it, unless a fault still keeps it down, and pauses it again if one asks for that. */
void faults_release(struct world *, process_id);
/* Is it down, or does a fault keep it so? */
bool faults_keep_down(struct world *, process_id);

/* Active faults of a kind, one after the other: from *at == 0 on; NULL: no more. */
const struct fault_entry *next_active(const struct world *, enum fault_number, unsigned *at);
/* That one of two independent accidents happens. */
static inline probability_t either(probability_t a, probability_t b)
{
	uint128_t neither = (uint128_t)(PROBABILITY_ONE - a) * (PROBABILITY_ONE - b);

	return PROBABILITY_ONE - (probability_t)(neither >> 32);
}
typedef void process_change(struct world *, process_id);
/* Changes each; false where there is nobody. */
bool on_processes(struct world *, const struct endpoint_set *hit, process_change *);

/* ---- What each kind does: the table is in kinds.c -------------------------------------------- */

typedef bool fault_begin(struct world *, const struct fault *, const struct endpoint_set *hit);
typedef void fault_end(struct world *, const struct fault *, const struct endpoint_set *hit);

/* processes.c */
fault_begin begin_crash, begin_wipe, begin_pause;
fault_end end_crash, end_wipe, end_pause;
/* cuts.c */
fault_begin begin_partition, begin_bridge, begin_ring, begin_chain, begin_isolate, begin_cut;
fault_end end_partition, end_bridge, end_ring, end_chain, end_isolate, end_cut;
/* links.c */
fault_begin begin_bend;
fault_end end_bend;
typedef void link_change(struct world *, endpoint_t from, endpoint_t to);
bool on_links_from_to(struct world *, const struct endpoint_set *from,
		      const struct endpoint_set *to, link_change *);
bool on_links(struct world *, const struct fault *, const struct endpoint_set *hit, link_change *);
/* disks.c */
fault_begin begin_slow_disk, begin_write_error, begin_full_disk, begin_lying_sync, begin_rot;
fault_end end_slow_disk, end_write_error, end_full_disk, end_lying_sync;
/* clocks.c */
fault_begin begin_clock_jump, begin_clock_drift;
fault_end end_clock_drift;

#endif
