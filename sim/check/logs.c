/*
 * Each process's log, and whose disks hold what: log matching, log terms, leader append-only.
 *
 * A log is a list of references into the tree of entries. Its first `durable` ones are marked in
 * the entries themselves as held by this process, so that a quorum is counted with one popcount; a
 * crash leaves those marks, for the disk outlives its process.
 *
 * Invariant: a process's bit stands in an entry's `holders` exactly where the entry is in its log,
 * at an index up to `durable`; what a snapshot replaces keeps it.
 */
#include "sim/check/ledger.h"

#include <inttypes.h>

/* ---- The list -------------------------------------------------------------------------------- */

static void log_put(struct world *world, struct judged *judged, uint64_t index, ref_t entry)
{
	*(ref_t *)pages_make(&world->arena, &judged->log, index) = entry;
	judged->last = index;
	judged->tip = entry;
}

/* Marks what has become durable. */
static void log_hold(struct world *world, struct judged *judged, uint64_t durable)
{
	if (durable > judged->last)
		durable = judged->last;
	for (; judged->durable < durable; judged->durable++) {
		ref_t entry = judged_entry(world, judged, judged->durable + 1);

		if (likely(entry != 0))
			entry_at(world, entry)->holders |= (uint64_t)1 << judged->id;
	}
}

/* What stands at the end of a log that ends at `last`: where a snapshot has taken its place, what
 * the ledger knows as committed there. */
static ref_t tip_at(struct world *world, const struct judged *judged, uint64_t last)
{
	struct ledger *ledger = judged->ledger;
	ref_t tip = judged_entry(world, judged, last);

	if (!tip && last <= ledger->committed)
		tip = position_at(world, ledger, last)->committed;
	return tip ? tip : ledger->entries.root;
}

/* Drops the entries from that index on, and their marks. */
static void log_drop(struct world *world, struct judged *judged, uint64_t first)
{
	if (first > judged->last)
		return;
	for (; judged->durable >= first; judged->durable--) {
		ref_t entry = judged_entry(world, judged, judged->durable);

		if (entry)
			entry_at(world, entry)->holders &= ~((uint64_t)1 << judged->id);
	}
	judged->tip = tip_at(world, judged, first - 1);
	judged->last = first - 1;
	if (judged->first > first)
		judged->first = first;
}

/* A snapshot has taken the place of all up to `last`, and the log goes on behind it. */
static void log_jump(struct world *world, struct judged *judged, uint64_t last)
{
	log_drop(world, judged, last + 1);
	judged->tip = tip_at(world, judged, last);
	judged->first = last + 1;
	judged->last = judged->durable = last;
}

/* ---- Appending ------------------------------------------------------------------------------- */

static void judge_terms(struct world *world, const struct judged *judged, const struct entry *entry)
{
	const struct entry *before = entry_at(world, entry->parent);
	char name[8];

	if (entry->term >= before->term)
		return;
	check_violated(world, JUDGE_LOG_TERMS, judged->id,
		       "%s appended entry %" PRIu64 " of term %" PRIu64
		       " behind one of term %" PRIu64 ": terms never fall along a log (Raft, 5.3)",
		       endpoint_name(judged->id, name), entry->index, entry->term, before->term);
}

static void judge_rival(struct world *world, const struct judged *judged, const struct entry *entry,
			const struct entry *rival)
{
	const char *how = entry_digest(world, entry) != entry_digest(world, rival)
				  ? "with another command"
				  : "behind another prefix";
	char name[8], other[8], time[TIME_TEXT_MAX];

	check_violated(world, JUDGE_LOG_MATCHING, judged->id,
		       "%s appended entry %" PRIu64 " of term %" PRIu64
		       " %s than %s had at %s: one index and term, one command and one prefix "
		       "(Raft, Figure 3, Log Matching)",
		       endpoint_name(judged->id, name), entry->index, entry->term, how,
		       endpoint_name(rival->writer, other), time_text(rival->time, time));
}

/* The record's place in the tree, when it is not the one that it was last seen at. */
static never_inline ref_t log_place(struct world *world, const struct judged *judged,
				    struct log_record *record)
{
	struct entries *entries = &judged->ledger->entries;
	uint64_t before = world->arena.used;
	ref_t rival, ref = entry_place(world, entries, judged->tip, record, judged->id, &rival);
	const struct entry *entry = entry_at(world, ref);

	if (world->arena.used == before)
		return ref; /* it was in the tree already, and judged then */
	judge_terms(world, judged, entry);
	if (unlikely(rival != 0))
		judge_rival(world, judged, entry, entry_at(world, rival));
	return ref;
}

static inline void log_append(struct world *world, struct judged *judged, struct log_record *record)
{
	ref_t entry = record->node;

	if (unlikely(record->index != judged->last + 1))
		log_jump(world, judged, record->index - 1);
	if (!entry || entry_at(world, entry)->parent != judged->tip)
		entry = log_place(world, judged, record);
	log_put(world, judged, record->index, entry);
}

void judged_appended(struct world *world, process_id id, struct log_record *record)
{
	struct check *check = check_of(world);
	struct judged *judged = &check->judged[id];

	log_append(world, judged, record);
	check->checks[JUDGE_LOG_MATCHING]++;
	check->checks[JUDGE_LOG_TERMS]++;
	check->checks[JUDGE_LEADER_APPEND_ONLY] += judged->leads != 0;
}

/*
 * LogTerms has a second half: no entry's term exceeds its process's own. The process enters a term
 * by a promise, which binds only when it is durable, while the append binds at once: so this is
 * looked at where the process itself says in which term it acts.
 */
void log_within(struct world *world, struct judged *judged, uint64_t term)
{
	const struct entry *tip = entry_at(world, judged->tip);
	char name[8];

	check_of(world)->checks[JUDGE_LOG_TERMS]++;
	if (likely(tip->term <= term))
		return;
	check_violated(world, JUDGE_LOG_TERMS, judged->id,
		       "%s acted in term %" PRIu64 " with entry %" PRIu64 " of term %" PRIu64
		       " in its log: no entry is of a term that its process has not entered "
		       "(Raft, 5.1 and 5.3)",
		       endpoint_name(judged->id, name), term, tip->index, tip->term);
}

/* ---- Truncating ------------------------------------------------------------------------------ */

static void judge_removal(struct world *world, const struct judged *judged, uint64_t first_removed)
{
	char name[8];

	check_violated(world, JUDGE_STATE_MACHINE_SAFETY, judged->id,
		       "%s removed entries from %" PRIu64 " on, and had committed up to %" PRIu64
		       ": what is committed stays (Raft, Figure 3, State Machine Safety)",
		       endpoint_name(judged->id, name), first_removed, judged->commit);
}

void judged_truncated(struct world *world, process_id id, uint64_t first_removed)
{
	struct judged *judged = judged_of(world, id);

	check_of(world)->checks[JUDGE_LEADER_APPEND_ONLY]++;
	if (judged->leads && judged->ledger->tells_step_downs && first_removed <= judged->last) {
		judged->truncated = first_removed;
		doubt(world, judged, DOUBT_TRUNCATED);
	}
	if (unlikely(first_removed <= judged->kept))
		judge_removal(world, judged, first_removed);
	else if (unlikely(first_removed <= judged->ledger->committed))
		committed_lost(world, judged, first_removed);
	log_drop(world, judged, first_removed);
}

/* ---- The disk -------------------------------------------------------------------------------- */

void judged_durable(struct world *world, process_id id, uint64_t last)
{
	struct judged *judged = judged_of(world, id);

	log_hold(world, judged, last);
}

void judged_recovered(struct world *world, process_id id, uint64_t first_changed)
{
	struct judged *judged = judged_of(world, id);
	const struct process *process = world_process(world, id);
	struct log_record *record;

	if (process->status == DOWN) {
		judged->leads = 0;
		judged->doubts = 0; /* it may have died before it could explain itself */
	}
	if (first_changed <= judged->kept)
		judged->kept = first_changed - 1;
	if (first_changed < process->disk.log_first)
		first_changed = process->disk.log_first;
	log_drop(world, judged, first_changed);
	for (uint64_t index = first_changed; (record = world_log(world, id, index)); index++)
		log_append(world, judged, record);
	log_hold(world, judged, process->disk.log_durable);
}

void judged_booted(struct world *world, process_id id, enum boot boot)
{
	struct judged *judged = judged_of(world, id);

	(void)boot; /* what it promised binds it, whatever became of its disk */
	check_of(world)->checks[JUDGE_PROTOCOL_CRASHED]++;
	judged->leads = 0;
	judged->doubts = 0;
	judged->commit = judged->kept = 0;
	judged->applied = 0;
}

/* ---- Doubts that nothing has explained ------------------------------------------------------- */

void judged_handled(struct world *world, process_id id)
{
	struct judged *judged = judged_of(world, id);
	unsigned doubts = judged->doubts;
	char name[8];

	if (likely(!doubts))
		return; /* all is explained */
	judged->doubts = 0;
	endpoint_name(judged->id, name);
	if (doubts & DOUBT_TRUNCATED)
		check_violated(world, JUDGE_LEADER_APPEND_ONLY, judged->id,
			       "%s removed entries from %" PRIu64
			       " on from its own log as the leader of term %" PRIu64
			       ": a leader only appends (Raft, Figure 3, Leader Append-Only)",
			       name, judged->truncated, judged->leads);
	if (doubts & DOUBT_AHEAD)
		check_violated(
			world, JUDGE_COMMIT_MONOTONE, judged->id,
			"%s applied entry %" PRIu64 " with its commit index at %" PRIu64
			": nothing is applied before it is committed (Raft, Figure 2, State)",
			name, judged->ahead, judged->commit);
}
