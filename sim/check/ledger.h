/*
 * The ledgers: what the judges know of a run, and what their files share with each other.
 *
 * All of it stands in the arena, behind world->check. A ledger belongs to one group; a struct
 * judged to one process. What a process says or does reaches them through check_observer (judges.c)
 * in the order in which it happened.
 */
#ifndef SIM_CHECK_LEDGER_H
#define SIM_CHECK_LEDGER_H

#include "sim/check/check.h"
#include "sim/check/entries.h"

/* Something that happened once in a term: an election, one process's vote. */
struct term_fact {
	uint64_t term;
	nanoseconds time;
	ref_t older;     /* the next lower term */
	ref_t entry;     /* of an election: the last of the leader's log */
	process_id whom; /* elected, or voted for */
	uint8_t unused[7];
};

/* An advance of what the ledger knows as committed. */
struct commit {
	uint64_t last, term; /* up to this index, in this term */
	nanoseconds time;
	process_id by;
	uint8_t unused[7];
};

/* What is known of one index of the replicated log. */
struct position {
	uint64_t digest;  /* of the command first applied here */
	nanoseconds time; /* when that was */
	ref_t committed;  /* the entry first committed here; 0: none yet */
	uint32_t reads;   /* queries answered from the state right after it */
	process_id by;    /* who applied it first */
	bool applied;
	uint8_t unused[6];
};

struct ledger {
	struct entries entries;
	struct pages positions; /* struct position, by index; 0 is before the first command */
	struct pages commits;   /* struct commit, in order of index */
	uint32_t commit_count;
	uint64_t committed; /* the highest index known as committed */
	ref_t elections;    /* struct term_fact, the highest term first */
	/* What its protocol says that it tells: a judge can only go by what it hears. */
	bool tells_commits, tells_step_downs;
	group_id group;
	uint8_t members;
};

/* Offences that the rest of the handler may still explain: see doubt. */
enum doubt { DOUBT_TRUNCATED = 1, DOUBT_AHEAD = 2 };

struct judged {
	struct ledger *ledger;
	struct pages log;              /* ref_t of entries, by index: the log in its own view */
	uint64_t first, last, durable; /* indexes; empty where first > last */
	ref_t tip;                     /* the entry at last, or the root */
	process_id id;
	uint8_t doubts;            /* set of enum doubt */
	uint64_t truncated, ahead; /* the indexes that they are about */
	/* What it promised binds it for ever, over crashes and lost disks too. */
	uint64_t term; /* the highest that it has entered */
	nanoseconds term_time;
	ref_t votes; /* struct term_fact, the highest term first */
	struct {
		uint64_t term; /* 0: there was none */
		process_id whom;
	} lost_vote; /* the last whose write failed */
	/* Of this incarnation. */
	uint64_t leads; /* the term whose leader it is; 0: of none */
	uint64_t commit, applied;
	uint64_t kept; /* of what it has committed, what its log must keep: not what a failed write
			* took back, for what stands there then was never committed */
};

struct check {
	struct check_setup setup;
	struct ledger *ledgers; /* by group */
	struct judged *judged;  /* by process */
	struct pages witnesses; /* uint64_t, the place of each operation, by its number; 0: none */
	uint64_t checks[JUDGES];
	uint32_t violated, unknown; /* sets of judges */
	uint32_t violations, excused;
	bool first_stops; /* the violation below is one on which the run stops */
	struct violation first;
	char reason[JUDGES][REASON_MAX];
};

static inline struct check *check_of(const struct world *world)
{
	return world->check;
}
static inline struct judged *judged_of(const struct world *world, process_id id)
{
	return &check_of(world)->judged[id];
}

/* ---- judges.c -------------------------------------------------------------------------------- */

/* "3.120 s", into `text`; returns it. */
enum { TIME_TEXT_MAX = 32, SET_TEXT_MAX = 256 };
const char *time_text(nanoseconds, char text[TIME_TEXT_MAX]);
/* "n1, n2", or "nobody". */
const char *set_text(uint64_t processes, char text[SET_TEXT_MAX]);

/* ---- logs.c: each process's log, and whose disks hold what ----------------------------------- */

void judged_appended(struct world *, process_id, struct log_record *);
void judged_truncated(struct world *, process_id, uint64_t first_removed);
void judged_durable(struct world *, process_id, uint64_t last);
void judged_recovered(struct world *, process_id, uint64_t first_changed);
void judged_booted(struct world *, process_id, enum boot);
/* It says that it is in that term: no entry of its log may be of a higher one. */
void log_within(struct world *, struct judged *, uint64_t term);

/* The entry at `index` of its log; 0 where it holds none. */
static inline ref_t judged_entry(const struct world *world, const struct judged *judged,
				 uint64_t index)
{
	if (index < judged->first || index > judged->last)
		return 0;
	return *(ref_t *)pages_at(&world->arena, &judged->log, index);
}

/*
 * What a handler does to its log and its app is seen at once, what it observes only after it has
 * returned. So a truncation by a leader, or a command applied ahead of the commit index, is in
 * doubt until its effects are out: the same handler may yet tell that it stepped down, or that it
 * committed. The world asks then, in judged_handled.
 */
static inline void doubt(struct world *world, struct judged *judged, enum doubt what)
{
	judged->doubts |= (uint8_t)what;
	world->ask_when_handled = true;
}
static inline void explained(struct world *world, struct judged *judged, enum doubt what)
{
	judged->doubts &= (uint8_t)~what;
	if (!judged->doubts && !world->setup->static_count) /* else the world itself asks */
		world->ask_when_handled = false;
}
void judged_handled(struct world *, process_id);

/* ---- elections.c: terms, votes, leaders ------------------------------------------------------ */

void judged_entered(struct world *, struct judged *, uint64_t term);
void judged_voted(struct world *, struct judged *, uint64_t term, process_id whom);
void judged_term_ahead(struct world *, process_id, const struct env_message *, uint64_t term);
void judged_withdrawn(struct world *, process_id, enum observation, uint64_t term, uint64_t whom);
void judged_unwritten(struct world *, process_id, enum observation, uint64_t term, uint64_t whom);
void judged_silenced(struct world *, const struct judged *);
void judged_elected(struct world *, struct judged *, uint64_t term);
void judged_stepped_down(struct world *, struct judged *);
/* A process that acts in a term must not have entered a higher one before. */
void judged_acts_in(struct world *, struct judged *, uint64_t term, const char *what);
static inline struct term_fact *term_fact_at(const struct world *world, ref_t ref)
{
	return arena_at(&world->arena, ref);
}

/* ---- commits.c ------------------------------------------------------------------------------- */

void judged_advanced(struct world *, struct judged *, uint64_t up_to, uint64_t term, bool leads);
void committed_lost(struct world *, const struct judged *, uint64_t first);
/* The advance by which an index became committed. */
const struct commit *commit_of(const struct world *, const struct ledger *, uint64_t index);
/* Holds a new leader's log to what was committed in the terms before its own. */
void completeness_of(struct world *, struct judged *, uint64_t term);

static inline struct position *position_at(struct world *world, struct ledger *ledger,
					   uint64_t index)
{
	return pages_make(&world->arena, &ledger->positions, index);
}

/* ---- applied.c ------------------------------------------------------------------------------- */

void judged_applied(struct world *, process_id, uint64_t index, uint64_t digest,
		    request_id operation);
void judged_restored(struct world *, process_id, uint64_t index);
void judged_queried(struct world *, process_id, request_id operation);

#endif
