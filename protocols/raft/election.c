/*
 * Elections: terms, votes, and who leads (5.1, 5.2, 5.4.1).
 *
 * The invariant: at most one leader a term (Election Safety, Figure 3). A server votes once a term
 * and never forgets it: the vote is in the cell before the reply leaves, and any two quorums share
 * a voter. A candidate's own vote is a promise like any other: it counts when it is durable.
 */
#include "protocols/raft/raft.h"

/* ---- State ----------------------------------------------------------------------------------- */

static void persist_vote(struct env *env, struct raft *raft)
{
	struct raft_vote vote = {
		.term = raft->term,
		.voted_for = BUG(env, VOTE_NOT_PERSISTED) ? NO_PROCESS : raft->voted_for, /* 5.2 */
	};

	raft->vote_ticket = env_cell_put(env, VOTE_CELL, &vote, sizeof(vote));
}

bool raft_recall_vote(struct env *env, struct raft *raft)
{
	const void *value;
	size_t size;
	enum record found = env_cell_get(env, VOTE_CELL, &value, &size);

	raft->term = 0;
	raft->voted_for = NO_PROCESS;
	if (found == WHOLE) {
		const struct raft_vote *vote = value;

		raft->term = vote->term;
		raft->voted_for = (process_id)vote->voted_for;
	}
	return found != ROTTEN;
}

/* ---- Transitions ----------------------------------------------------------------------------- */

void raft_await_leader(struct env *env)
{
	const struct raft_options *options = env_options(env);

	/* 5.2: drawn anew each time, so that split votes are rare. */
	env_arm(env, ELECTION, 0, options->election_timeout[0], options->election_timeout[1]);
}

void raft_step_down(struct env *env, struct raft *raft)
{
	if (raft->role == LEADER) {
		env_disarm(env, HEARTBEAT, 0);
		raft_await_leader(env);
		env_observe(env, SAW_LEADER_STEPPED_DOWN, raft->term, 0, 0, NULL, 0);
		env_sometimes(env, LEADER_DEPOSED);
	}
	raft->role = FOLLOWER;
	raft->leader = NO_PROCESS;
}

/* Figure 2, "all servers": a newer term is adopted, and whoever sees one follows (5.1). */
void raft_enter_term(struct env *env, struct raft *raft, uint64_t term)
{
	ORDEAL_ASSERT(env, term > raft->term);
	raft_step_down(env, raft);
	raft->term = term;
	raft->voted_for = NO_PROCESS;
	persist_vote(env, raft);
	env_observe(env, SAW_TERM_ENTERED, term, 0, 0, NULL, 0);
}

void raft_follow(struct env *env, struct raft *raft, process_id leader)
{
	if (raft->role == CANDIDATE) {
		raft->role = FOLLOWER; /* 5.2: the other one has won this term */
		if (BUG(env, STEP_DOWN_CLEARS_VOTE)) {
			raft->voted_for = NO_PROCESS; /* but the vote stays given */
			persist_vote(env, raft);
		}
	}
	raft->leader = leader;
	raft_await_leader(env);
}

static void become_leader(struct env *env, struct raft *raft)
{
	const struct raft_options *options = env_options(env);

	raft->role = LEADER;
	raft->leader = raft->self;
	env_disarm(env, ELECTION, 0);
	env_arm(env, HEARTBEAT, 0, options->heartbeat, options->heartbeat);
	env_observe(env, SAW_LEADER_ELECTED, raft->term, 0, 0, NULL, 0);
	raft_begin_replication(env, raft);
}

static void count_vote(struct env *env, struct raft *raft, process_id from)
{
	uint64_t voter = (uint64_t)1 << from;

	if (raft->voters & voter && !BUG(env, COUNTS_VOTES_NOT_VOTERS))
		return; /* the network may repeat a reply */
	raft->voters |= voter;
	if (++raft->votes >= raft->quorum)
		become_leader(env, raft);
}

void raft_count_own_vote(struct env *env, struct raft *raft)
{
	if (!(raft->voters >> raft->self & 1))
		count_vote(env, raft, raft->self);
}

static void start_election(struct env *env, struct raft *raft)
{
	uint64_t last = env_log_last(env);
	uint64_t last_term = raft_term_at(env, raft, last);

	if (raft->silent)
		return;
	raft->role = CANDIDATE;
	raft->leader = NO_PROCESS;
	raft->term++;
	raft->voted_for = raft->self;
	raft->voters = 0;
	raft->votes = 0;
	persist_vote(env, raft);
	env_observe(env, SAW_TERM_ENTERED, raft->term, 0, 0, NULL, 0);
	env_observe(env, SAW_VOTED, raft->term, raft->self, 0, NULL, 0);
	raft_await_leader(env);
	for (unsigned i = 0; i < raft->member_count; i++) {
		if (raft->members[i] == raft->self)
			continue;
		struct request_vote *m = env_send(env, raft->members[i], REQUEST_VOTE, 0);

		m->term = raft->term;
		m->last_index = last;
		m->last_term = last_term;
	}
}

/* 5.4.1: the later last term is more up to date; of equal terms, the longer log. */
static bool up_to_date(struct env *env, struct raft *raft, const struct request_vote *m)
{
	uint64_t last = env_log_last(env);
	uint64_t last_term = raft_term_at(env, raft, last);

	if (BUG(env, COMPARES_LENGTH_FIRST) && m->last_index != last)
		return m->last_index > last;
	if (m->last_term != last_term)
		return m->last_term > last_term;
	return m->last_index >= last;
}

/* 5.2: one vote a term, first come, first served. */
static bool may_vote_for(const struct raft *raft, process_id candidate)
{
	return raft->voted_for == NO_PROCESS || raft->voted_for == candidate;
}

static void vote_for(struct env *env, struct raft *raft, process_id candidate)
{
	raft_await_leader(env);
	if (raft->voted_for != candidate) { /* or the reply was lost, or the request repeated */
		raft->voted_for = candidate;
		persist_vote(env, raft);
	}
	env_observe(env, SAW_VOTED, raft->term, candidate, 0, NULL, 0);
}

/* ---- Message handlers ------------------------------------------------------------------------ */

void raft_on_request_vote(struct env *env, void *state, process_id from, const void *body,
			  size_t count)
{
	struct raft *raft = state;
	const struct request_vote *m = body;

	(void)count;
	if (raft->silent)
		return;
	if (m->term > raft->term)
		raft_enter_term(env, raft, m->term);
	/* The buggy leader does not look at its own vote, nor at its log, where its own no-op would
	 * stop every candidate of its term. */
	bool granted = m->term == raft->term &&
		       ((may_vote_for(raft, from) &&
			 (up_to_date(env, raft, m) || BUG(env, IGNORES_LOG))) ||
			(BUG(env, LEADER_GRANTS_VOTES) && raft->role == LEADER));

	if (raft->silent)
		return;
	if (granted)
		vote_for(env, raft, from);
	struct request_vote_reply *reply = env_send(env, from, REQUEST_VOTE_REPLY, 0);

	reply->term = raft->term;
	reply->granted = granted;
}

void raft_on_request_vote_reply(struct env *env, void *state, process_id from, const void *body,
				size_t count)
{
	struct raft *raft = state;
	const struct request_vote_reply *m = body;

	(void)count;
	if (raft->silent)
		return;
	if (m->term > raft->term)
		raft_enter_term(env, raft, m->term);
	/* A grant of an earlier candidacy is worth nothing in this one. */
	bool current = m->term == raft->term || BUG(env, COUNTS_OLD_VOTES);

	if (raft->role == CANDIDATE && current && m->granted)
		count_vote(env, raft, from);
}

/* ---- Timer handlers -------------------------------------------------------------------------- */

void raft_on_election_timeout(struct env *env, void *state, uint64_t key)
{
	struct raft *raft = state;

	(void)key;
	if (raft->silent)
		return;
	if (raft->role == CANDIDATE)
		env_sometimes(env, VOTE_SPLIT);
	start_election(env, raft);
}
