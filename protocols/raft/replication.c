/*
 * Replication: how a leader's log becomes everyone's, and what is committed (5.3, 5.4.2).
 *
 * The invariant: two logs that hold an entry of the same index and term are the same up to there
 * (Log Matching, Figure 3), because a follower takes entries only behind one that it shares; and an
 * entry counts as replicated only where it is durable. A leader sends to its followers while its
 * own disk is still writing (thesis 10.2.1), in batches and several messages ahead of the replies
 * (10.2.2).
 */
#include "protocols/raft/raft.h"

/* ---- State ----------------------------------------------------------------------------------- */

uint64_t raft_term_at(struct env *env, struct raft *raft, uint64_t index)
{
	struct record_view entry;

	if (index == 0)
		return 0;
	enum record found = env_log_read(env, index, &entry);

	if (ORDEAL_UNLIKELY(found != WHOLE)) {
		ORDEAL_ASSERT(env, found == ROTTEN);
		raft_fall_silent(env, raft);
	}
	return entry.term;
}

/* The first index whose entry has this term or a later one: terms never fall along a log. */
static uint64_t first_of_term(struct env *env, struct raft *raft, uint64_t term)
{
	uint64_t low = env_log_first(env);
	uint64_t high = env_log_last(env) + 1;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (raft_term_at(env, raft, middle) < term)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- Transitions: a leader sends ------------------------------------------------------------- */

/* With no entries it is a heartbeat, and asks whether the follower's log agrees so far. */
static void send_entries(struct env *env, struct raft *raft, process_id to,
			 const struct follower *follower, uint64_t count)
{
	uint64_t prev_term = raft_term_at(env, raft, follower->next - 1);

	if (ORDEAL_UNLIKELY(raft->silent))
		return;
	/* Ticket 0: it leaves at once, for it promises nothing that this disk must keep. */
	struct append_entries *m = env_send_after(env, 0, to, APPEND_ENTRIES, 0);

	m->term = raft->term;
	m->prev_index = follower->next - 1;
	m->prev_term = prev_term;
	m->commit = raft->commit;
	if (count && env_attach_log(env, m, follower->next, follower->next + count - 1) < count)
		raft_fall_silent(env, raft); /* the next one is damaged */
}

static void probe_from(struct follower *follower, uint64_t next)
{
	follower->probing = true;
	follower->next = next;
	follower->flying_count = 0;
}

static void replicate(struct env *env, struct raft *raft, process_id to)
{
	struct follower *follower = raft_follower(raft, to);
	uint32_t window = follower->probing ? 1 : raft->pipeline;
	uint64_t last = env_log_last(env);

	ORDEAL_ASSERT(env, follower->match < follower->next);
	while (follower->next <= last && follower->flying_count < window) {
		uint64_t left = last - follower->next + 1;
		uint64_t count = left < raft->batch ? left : raft->batch;
		uint32_t place = follower->flying_first + follower->flying_count++;

		send_entries(env, raft, to, follower, count);
		follower->flying[place % raft->pipeline] = follower->next + count - 1;
		if (!follower->probing)
			follower->next += count; /* thesis 10.2.2: as if it had been taken */
	}
	if (follower->next <= last && !follower->probing)
		env_sometimes(env, PIPELINE_FULL);
}

void raft_replicate_to_all(struct env *env, struct raft *raft)
{
	for (unsigned i = 0; i < raft->member_count; i++)
		if (raft->members[i] != raft->self)
			replicate(env, raft, raft->members[i]);
}

void raft_begin_replication(struct env *env, struct raft *raft)
{
	uint64_t last = env_log_last(env);

	for (unsigned i = 0; i < raft->member_count; i++) {
		struct follower *follower = raft_follower(raft, raft->members[i]);

		probe_from(follower, last + 1); /* Figure 2: leader last log index + 1 */
		follower->match = 0;
	}
	/* 8: an entry of its own term, behind which what earlier terms left is committed too. */
	raft->noop = env_log_append(env, raft->term, NULL, 0).index;
	raft_replicate_to_all(env, raft);
}

/* ---- Transitions: what is committed ---------------------------------------------------------- */

static void commit_up_to(struct env *env, struct raft *raft, uint64_t index)
{
	raft->commit = index;
	env_observe(env, SAW_COMMIT_ADVANCED, index, raft->term, raft->role == LEADER, NULL, 0);
	raft_apply(env, raft);
}

/* The highest index that a quorum holds durably; a leader is one of them when its disk has it. */
static uint64_t quorum_match(struct env *env, struct raft *raft)
{
	uint64_t above[PROCESSES_MAX]; /* the commit index, falling */
	unsigned count = 0;

	ORDEAL_ASSERT(env, raft->quorum > 0);
	for (unsigned i = 0; i < raft->member_count; i++) {
		process_id member = raft->members[i];
		uint64_t match = member == raft->self ? env_log_durable(env)
						      : raft_follower(raft, member)->match;

		if (match <= raft->commit)
			continue;
		unsigned place = count++;

		for (; place > 0 && above[place - 1] < match; place--)
			above[place] = above[place - 1];
		above[place] = match;
	}
	return count < raft->quorum ? raft->commit : above[raft->quorum - 1];
}

void raft_advance_commit(struct env *env, struct raft *raft)
{
	uint64_t index = quorum_match(env, raft);

	if (index <= raft->commit)
		return;
	/* 5.4.2, Figure 8: counting replicas commits only entries of the leader's own term, and
	 * with them all before; an entry of an earlier term can be on a quorum and
	 * still be lost. */
	if (index < raft->noop && !BUG(env, COMMITS_OLD_TERMS))
		return;
	if (raft->commit + 1 < raft->noop)
		env_sometimes(env, ENTRY_OF_OLD_TERM_COMMITTED);
	commit_up_to(env, raft, index);
}

/* ---- Transitions: a follower takes ----------------------------------------------------------- */

static void remove_suffix(struct env *env, struct raft *raft, uint64_t first_removed)
{
	if (first_removed > env_log_last(env))
		return;
	env_log_truncate(env, first_removed);
	pending_forget(&raft->pending, first_removed);
	env_sometimes(env, SUFFIX_REMOVED);
}

/* Figure 2, AppendEntries 2: false where the log has no entry at prev_index of prev_term. */
static bool shares_previous(struct env *env, struct raft *raft, const struct append_entries *m,
			    struct append_entries_reply *conflict)
{
	uint64_t last = env_log_last(env);

	if (m->prev_index > last) {
		conflict->conflict_index = last + 1;
		return false;
	}
	uint64_t term = raft_term_at(env, raft, m->prev_index);

	if (term == m->prev_term)
		return true;
	/* 5.3: the term of the conflicting entry, and the first index of it. */
	conflict->conflict_term = term;
	conflict->conflict_index = first_of_term(env, raft, term);
	return false;
}

/* Returns how many were not in the log already. */
static unsigned take_entries(struct env *env, struct raft *raft, const void *body)
{
	struct record_view entry = {0};
	unsigned taken = 0;

	while (env_next_record(body, &entry)) {
		if (entry.index <= env_log_last(env)) {
			uint64_t term = raft_term_at(env, raft, entry.index);

			if (raft->silent)
				break;
			if (term == entry.term)
				continue; /* Log Matching: it is the same entry */
			/* Figure 2, AppendEntries 3: it conflicts, and so does all behind it. */
			remove_suffix(env, raft, entry.index);
		}
		env_log_append(env, entry.term, entry.command, entry.size);
		taken++;
	}
	return taken;
}

/* ---- Message handlers ------------------------------------------------------------------------ */

static void refuse(struct env *env, const struct raft *raft, process_id to,
		   const struct append_entries *m, const struct append_entries_reply *conflict)
{
	struct append_entries_reply *reply = env_send(env, to, APPEND_ENTRIES_REPLY, 0);

	*reply = *conflict;
	reply->term = raft->term;
	reply->index = m->prev_index;
}

/* Figure 2, AppendEntries 5, after the entries are in the log. */
static void learn_commit(struct env *env, struct raft *raft, uint64_t leader_commit,
			 uint64_t verified)
{
	/* "Index of last new entry": what lies behind it may be another leader's leftover. */
	uint64_t limit = BUG(env, COMMITS_UNVERIFIED) ? env_log_last(env) : verified;
	uint64_t commit = leader_commit < limit ? leader_commit : limit;

	/* Messages are delayed, and a new leader may know less at first: it only rises. */
	if (commit > raft->commit || (BUG(env, COMMIT_GOES_BACK) && commit < raft->commit))
		commit_up_to(env, raft, commit);
}

void raft_on_append_entries(struct env *env, void *state, process_id from, const void *body,
			    size_t count)
{
	struct raft *raft = state;
	const struct append_entries *m = body;
	struct append_entries_reply conflict = {0};

	(void)count;
	if (raft->silent)
		return;
	if (m->term > raft->term)
		raft_enter_term(env, raft, m->term);
	if (m->term < raft->term) { /* Figure 2, AppendEntries 1 */
		refuse(env, raft, from, m, &conflict);
		return;
	}
	if (raft->role == LEADER)
		return; /* two leaders in one term: beyond what Raft could mend */
	raft_follow(env, raft, from);
	bool shares = shares_previous(env, raft, m, &conflict);

	if (ORDEAL_UNLIKELY(raft->silent))
		return;
	if (!shares) {
		/* Behind the commit index may stand what was acknowledged: it stays until an entry
		 * of the leader really conflicts. */
		if (BUG(env, ROLLS_BACK_TO_COMMIT))
			remove_suffix(env, raft, raft->commit + 1);
		refuse(env, raft, from, m, &conflict);
		return;
	}
	uint64_t verified = m->prev_index + env_record_count(body);
	unsigned taken = take_entries(env, raft, body);

	if (ORDEAL_UNLIKELY(raft->silent))
		return;
	/* The message may be old, and what follows it in the log newer: that stays. */
	if (BUG(env, TRUNCATES_MATCHING_SUFFIX))
		remove_suffix(env, raft, verified + 1);
	/* The promise covers what was written by earlier messages as well, so that a reply to an
	 * empty or repeated one waits for the disk too. */
	struct append_entries_reply *reply = BUG(env, ACKS_BEFORE_DURABLE) && taken == 0
						     ? env_send_after(env, 0, from,
								      APPEND_ENTRIES_REPLY, 0)
						     : env_send(env, from, APPEND_ENTRIES_REPLY, 0);

	reply->term = raft->term;
	reply->success = true;
	reply->index = verified;
	learn_commit(env, raft, m->commit, verified);
}

static void accepted(struct env *env, struct raft *raft, struct follower *follower, uint64_t index)
{
	/* Replies overtake each other. A match that falls is odd and harmless: each reply says what
	 * the follower has for ever, and a lower number only understates it. */
	if (index > follower->match || BUG(env, MATCH_GOES_BACK))
		follower->match = index;
	if (follower->next <= index)
		follower->next = index + 1;
	/* It may be a heartbeat that was answered, and the probe with its entries lost. */
	if (follower->probing)
		follower->flying_count = 0;
	follower->probing = false;
	while (follower->flying_count > 0 &&
	       follower->flying[follower->flying_first % raft->pipeline] <= index) {
		follower->flying_first = (follower->flying_first + 1) % raft->pipeline;
		follower->flying_count--;
	}
	if (follower->match > raft->commit)
		raft_advance_commit(env, raft);
}

/* 5.3: behind its last entry of the conflicting term, where the leader has that term; else before
 * all that the follower has of it. */
static uint64_t next_after_conflict(struct env *env, struct raft *raft,
				    const struct append_entries_reply *m)
{
	uint64_t behind = m->conflict_term ? first_of_term(env, raft, m->conflict_term + 1) : 0;

	if (behind > env_log_first(env) && behind <= m->index &&
	    raft_term_at(env, raft, behind - 1) == m->conflict_term)
		return behind;
	return m->conflict_index < m->index ? m->conflict_index : m->index;
}

static void refused(struct env *env, struct raft *raft, struct follower *follower,
		    const struct append_entries_reply *m)
{
	/* Of a message whose place has been settled since, by another reply. */
	if (m->index <= follower->match || m->index >= follower->next)
		return;
	if (follower->probing && m->index != follower->next - 1)
		return;
	uint64_t next = next_after_conflict(env, raft, m);

	probe_from(follower, next > follower->match ? next : follower->match + 1);
}

void raft_on_append_entries_reply(struct env *env, void *state, process_id from, const void *body,
				  size_t count)
{
	struct raft *raft = state;
	const struct append_entries_reply *m = body;

	(void)count;
	if (raft->silent)
		return;
	if (m->term > raft->term)
		raft_enter_term(env, raft, m->term);
	if (raft->role != LEADER || m->term != raft->term)
		return;
	struct follower *follower = raft_follower(raft, from);

	if (m->success)
		accepted(env, raft, follower, m->index);
	else
		refused(env, raft, follower, m);
	replicate(env, raft, from);
}

/* ---- Timer handlers -------------------------------------------------------------------------- */

/* 5.2, 5.3: a heartbeat to all. It asks for what was sent last: where that was lost, it is refused,
 * and replication begins anew behind what the follower has. */
void raft_on_heartbeat_due(struct env *env, void *state, uint64_t key)
{
	struct raft *raft = state;
	const struct raft_options *options = env_options(env);

	(void)key;
	if (raft->silent)
		return;
	for (unsigned i = 0; i < raft->member_count; i++) {
		process_id to = raft->members[i];

		if (to != raft->self)
			send_entries(env, raft, to, raft_follower(raft, to), 0);
	}
	env_arm(env, HEARTBEAT, 0, options->heartbeat, options->heartbeat);
}
