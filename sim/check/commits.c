/*
 * What is committed, by whom, and on how many disks: commit rule, commit durable, leader
 * completeness, commit monotone, and the half of state machine safety that looks at logs.
 *
 * Invariant: the first advance over an index fixes the entry committed there for the whole run.
 * What is committed at one index is compared by the command alone, what a leader must hold by the
 * entry: its index, term and prefix (Raft, Figure 3 and 5.4).
 */
#include "sim/check/ledger.h"

#include <inttypes.h>

static const struct commit *commit_at(const struct world *world, const struct ledger *ledger,
				      uint32_t number)
{
	return pages_at(&world->arena, &ledger->commits, number);
}

const struct commit *commit_of(const struct world *world, const struct ledger *ledger,
			       uint64_t index)
{
	uint32_t low = 0, high = ledger->commit_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (commit_at(world, ledger, middle)->last < index)
			low = middle + 1;
		else
			high = middle;
	}
	return commit_at(world, ledger, low);
}

/* ---- What a leader may commit ---------------------------------------------------------------- */

static void commit_rule(struct world *world, const struct judged *judged, const struct entry *entry,
			uint64_t term)
{
	char name[8];

	check_of(world)->checks[JUDGE_COMMIT_RULE]++;
	if (likely(entry->term == term))
		return;
	check_violated(world, JUDGE_COMMIT_RULE, judged->id,
		       "%s advanced its commit index to %" PRIu64 " as leader of term %" PRIu64
		       ", with an entry of term %" PRIu64
		       ": a leader counts replicas only for entries of its own term (Raft, 5.4.2)",
		       endpoint_name(judged->id, name), entry->index, term, entry->term);
}

static void commit_durable(struct world *world, const struct judged *judged,
			   const struct entry *entry)
{
	unsigned members = judged->ledger->members, holders = count_bits(entry->holders);
	char name[8], set[SET_TEXT_MAX];

	check_of(world)->checks[JUDGE_COMMIT_DURABLE]++;
	if (likely(holders > members / 2))
		return;
	check_violated(world, JUDGE_COMMIT_DURABLE, judged->id,
		       "%s committed entry %" PRIu64 " of term %" PRIu64
		       " while %u of %u disks held it (%s): a majority must, crashed members "
		       "counted (Raft, 5.3)",
		       endpoint_name(judged->id, name), entry->index, entry->term, holders, members,
		       set_text(entry->holders, set));
}

/* ---- Leader completeness --------------------------------------------------------------------- */

static void incomplete(struct world *world, process_id accused, const struct ledger *ledger,
		       uint64_t missing, process_id leader, uint64_t leader_term)
{
	const struct commit *commit = commit_of(world, ledger, missing);
	char name[8], other[8], time[TIME_TEXT_MAX];

	check_violated(world, JUDGE_LEADER_COMPLETENESS, accused,
		       "%s was elected leader of term %" PRIu64 " without entry %" PRIu64
		       ", which %s committed in term %" PRIu64
		       " at %s: a leader holds every entry committed in earlier terms (Raft, "
		       "Figure 3, Leader Completeness)",
		       endpoint_name(leader, name), leader_term, missing,
		       endpoint_name(commit->by, other), commit->term,
		       time_text(commit->time, time));
}

void completeness_of(struct world *world, struct judged *judged, uint64_t term)
{
	struct ledger *ledger = judged->ledger;
	uint32_t before = ledger->commit_count;

	check_of(world)->checks[JUDGE_LEADER_COMPLETENESS]++;
	while (before && commit_at(world, ledger, before - 1)->term >= term)
		before--;
	if (!before)
		return;
	uint64_t last = commit_at(world, ledger, before - 1)->last, missing = judged->first;

	if (last < judged->first ||
	    judged_entry(world, judged, last) == position_at(world, ledger, last)->committed)
		return;
	while (judged_entry(world, judged, missing) ==
	       position_at(world, ledger, missing)->committed)
		missing++;
	incomplete(world, judged->id, ledger, missing, judged->id, term);
}

/* What is committed in `term` only now: the leaders of later terms, elected before, must have held
 * it too. */
static void completeness_of_later(struct world *world, const struct judged *judged,
				  uint64_t first_new, uint64_t term)
{
	struct ledger *ledger = judged->ledger;

	for (ref_t at = ledger->elections; at && term_fact_at(world, at)->term > term;
	     at = term_fact_at(world, at)->older) {
		const struct term_fact *election = term_fact_at(world, at);
		uint64_t missing = first_new;

		check_of(world)->checks[JUDGE_LEADER_COMPLETENESS]++;
		while (missing <= ledger->committed &&
		       entry_holds(world, election->entry,
				   position_at(world, ledger, missing)->committed))
			missing++;
		if (missing <= ledger->committed)
			incomplete(world, judged->id, ledger, missing, election->whom,
				   election->term);
	}
}

/* ---- Advances -------------------------------------------------------------------------------- */

/* Does its log up to `index` hold what is committed there? Convicts where it does not. */
static bool agrees(struct world *world, struct judged *judged, uint64_t index, uint64_t up_to)
{
	struct ledger *ledger = judged->ledger;
	ref_t committed = position_at(world, ledger, index)->committed;
	ref_t held = judged_entry(world, judged, index);

	if (likely(held == committed) || !held || !committed)
		return true; /* or a snapshot stands in its place */
	uint64_t parted = entries_part(world, held, committed);

	if (!parted)
		return true;
	const struct commit *commit = commit_of(world, ledger, parted);
	char name[8], other[8], time[TIME_TEXT_MAX];

	check_violated(world, JUDGE_STATE_MACHINE_SAFETY, judged->id,
		       "%s advanced its commit index to %" PRIu64
		       " over another command at index %" PRIu64
		       " than %s committed there at %s: one command an index (Raft, Figure 3, "
		       "State Machine Safety)",
		       endpoint_name(judged->id, name), up_to, parted,
		       endpoint_name(commit->by, other), time_text(commit->time, time));
	return false;
}

static void extend(struct world *world, struct judged *judged, uint64_t up_to, uint64_t term)
{
	struct ledger *ledger = judged->ledger;
	uint64_t first_new = ledger->committed + 1;
	struct commit *commit = pages_make(&world->arena, &ledger->commits, ledger->commit_count++);

	*commit = (struct commit){up_to, term, world->now, judged->id, {0}};
	if (first_new < judged->first)
		first_new = judged->first;
	for (uint64_t index = first_new; index <= up_to; index++)
		position_at(world, ledger, index)->committed = judged_entry(world, judged, index);
	ledger->committed = up_to;
	completeness_of_later(world, judged, first_new, term);
}

static void fell_back(struct world *world, const struct judged *judged, uint64_t before)
{
	char name[8];

	check_violated(world, JUDGE_COMMIT_MONOTONE, judged->id,
		       "%s moved its commit index from %" PRIu64 " back to %" PRIu64
		       ": it never falls while the process lives (Raft, Figure 2, State)",
		       endpoint_name(judged->id, name), before, judged->commit);
}

static void beyond_log(struct world *world, const struct judged *judged)
{
	char name[8];

	check_violated(world, JUDGE_STATE_MACHINE_SAFETY, judged->id,
		       "%s advanced its commit index to %" PRIu64 ", and its log ends at %" PRIu64
		       ": what is committed is in the log (Raft, Figure 2, AppendEntries)",
		       endpoint_name(judged->id, name), judged->commit, judged->last);
}

/* A commit index never falls, and never points beyond the log. */
static bool within_bounds(struct world *world, struct judged *judged, uint64_t up_to)
{
	uint64_t before = judged->commit;

	judged->commit = judged->kept = up_to;
	check_of(world)->checks[JUDGE_COMMIT_MONOTONE]++;
	if (unlikely(up_to < before))
		fell_back(world, judged, before);
	if (up_to < judged->first || up_to < world_process(world, judged->id)->disk.log_first)
		return false; /* a snapshot stands in its place */
	if (likely(up_to <= judged->last))
		return true;
	beyond_log(world, judged);
	return false;
}

/* It removes its log from `first` on: what is committed stands on a quorum's disks without it. */
void committed_lost(struct world *world, const struct judged *judged, uint64_t first)
{
	struct ledger *ledger = judged->ledger;
	char name[8], set[SET_TEXT_MAX];

	for (uint64_t index = first; index <= judged->durable && index <= ledger->committed;
	     index++) {
		ref_t entry = judged_entry(world, judged, index);

		if (!entry || entry != position_at(world, ledger, index)->committed)
			continue; /* another one was committed here */
		uint64_t left = entry_at(world, entry)->holders & ~((uint64_t)1 << judged->id);

		check_of(world)->checks[JUDGE_COMMIT_DURABLE]++;
		if (count_bits(left) > ledger->members / 2)
			continue;
		check_violated(world, JUDGE_COMMIT_DURABLE, judged->id,
			       "%s removed entry %" PRIu64
			       ", which was committed, and left it on %u of %u disks (%s): what is "
			       "committed stays on a majority's disks (Raft, 5.3 and 5.4.1)",
			       endpoint_name(judged->id, name), index, count_bits(left),
			       ledger->members, set_text(left, set));
		return;
	}
}

void judged_advanced(struct world *world, struct judged *judged, uint64_t up_to, uint64_t term,
		     bool leads)
{
	struct ledger *ledger = judged->ledger;

	if (up_to >= judged->ahead)
		explained(world, judged, DOUBT_AHEAD);
	judged_acts_in(world, judged, term, "advanced its commit index in");
	log_within(world, judged, term);
	if (!within_bounds(world, judged, up_to))
		return;
	/* Whether it leads is not for the accused alone to say. */
	if (leads || (judged->leads && judged->leads == term)) {
		const struct entry *entry = entry_at(world, judged_entry(world, judged, up_to));

		commit_rule(world, judged, entry, term);
		commit_durable(world, judged, entry);
	}
	check_of(world)->checks[JUDGE_STATE_MACHINE_SAFETY]++;
	if (up_to <= ledger->committed)
		agrees(world, judged, up_to, up_to);
	else if (agrees(world, judged, ledger->committed, up_to))
		extend(world, judged, up_to, term);
}
