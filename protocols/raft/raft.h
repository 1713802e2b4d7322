/*
 * Raft: what its files share. The state of one server, its messages, its timers, its bugs.
 *
 * Sources: Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (extended
 * version), 2014: "Figure 2", "5.3"; Ongaro, Consensus: Bridging Theory and Practice, 2014: "thesis
 * 10.2". In each file: state, transitions, message handlers, timer handlers, inspectors, table.
 */
#ifndef PROTOCOLS_RAFT_RAFT_H
#define PROTOCOLS_RAFT_RAFT_H

#include "protocols/common/pending.h"
#include "sim/ordeal.h"

/* ---- State ----------------------------------------------------------------------------------- */

enum raft_role { FOLLOWER, CANDIDATE, LEADER };

struct raft_options {
	nanoseconds election_timeout[2]; /* least, most */
	nanoseconds heartbeat;
	int64_t batch, pipeline;
};

/* Term and vote stand in one cell, so that no crash can part them. */
enum { VOTE_CELL };
struct raft_vote {
	uint64_t term, voted_for;
};

/* What a leader knows of another member (Figure 2, "volatile state on leaders"). */
struct follower {
	uint64_t next;    /* nextIndex: a guess, optimistic while not probing */
	uint64_t match;   /* matchIndex: durable there, for certain */
	uint64_t *flying; /* a ring: the last index of each message with entries in flight */
	uint32_t flying_first, flying_count;
	bool probing; /* where its log parts from ours is not known yet: one message at a time */
};

struct raft {
	/* Figure 2, "persistent state", as the cell has it; the log is the disk's. */
	uint64_t term;
	process_id voted_for;

	process_id self;
	process_id leader; /* NO_PROCESS: not known */
	bool silent;       /* it can't prove what it promised, and takes no part any more */
	enum raft_role role;
	unsigned quorum, member_count;
	const process_id *members;
	uint64_t commit, applied;

	/* Of a candidate. */
	ticket_t vote_ticket; /* when this is durable, its own vote counts */
	uint64_t voters;      /* a set */
	unsigned votes;

	/* Of a leader. */
	uint64_t noop; /* the index of the first entry of its term */
	struct follower *followers;
	uint32_t batch, pipeline;

	struct pending pending; /* clients, by the entry that they wait for */
};

static inline struct follower *raft_follower(struct raft *raft, process_id member)
{
	return &raft->followers[member - raft->members[0]];
}

/* ---- Messages and timers --------------------------------------------------------------------- */

/* Figure 2's candidateId and leaderId are the sender of the message. */
enum { REQUEST_VOTE, REQUEST_VOTE_REPLY, APPEND_ENTRIES, APPEND_ENTRIES_REPLY };

struct request_vote {
	uint64_t term, last_index, last_term;
};

struct request_vote_reply {
	uint64_t term, granted;
};

struct append_entries { /* the entries are attached records */
	uint64_t term, prev_index, prev_term, commit;
};

/*
 * With success, all up to `index` is as the leader has it, and durable: an old or repeated reply
 * says nothing false. Without, `index` is the prev_index that was refused, and the conflict is
 * where to try next (5.3).
 */
struct append_entries_reply {
	uint64_t term, success, index, conflict_term, conflict_index;
};

enum { ELECTION, HEARTBEAT };

/* ---- Bugs and situations --------------------------------------------------------------------- */

enum raft_bug {
	VOTE_NOT_PERSISTED,
	COUNTS_VOTES_NOT_VOTERS,
	COUNTS_OLD_VOTES,
	STEP_DOWN_CLEARS_VOTE,
	IGNORES_LOG,
	COMPARES_LENGTH_FIRST,
	QUORUM_TOO_SMALL,
	LEADER_GRANTS_VOTES,
	COMMITS_OLD_TERMS,
	TRUNCATES_MATCHING_SUFFIX,
	ROLLS_BACK_TO_COMMIT,
	COMMITS_UNVERIFIED,
	COMMIT_GOES_BACK,
	MATCH_GOES_BACK,
	ACKS_BEFORE_DURABLE,
	SERVES_STALE_READS,
};

enum raft_sometimes {
	LEADER_DEPOSED,
	VOTE_SPLIT,
	SUFFIX_REMOVED,
	TORN_TAIL_DROPPED,
	PIPELINE_FULL,
	ENTRY_OF_OLD_TERM_COMMITTED,
	DEPOSED_LEADER_ANSWERED,
	DISK_FAILED,
};

/* ---- raft.c ---------------------------------------------------------------------------------- */

/* For good: it can't prove what it promised. */
void raft_fall_silent(struct env *, struct raft *);

/* ---- election.c ------------------------------------------------------------------------------ */

/* Reads back the cell. False where it is rotten. */
bool raft_recall_vote(struct env *, struct raft *);
void raft_enter_term(struct env *, struct raft *, uint64_t term);
/* A leader of the current term has spoken. */
void raft_follow(struct env *, struct raft *, process_id leader);
/* Back to a follower that knows no leader, in the same term. */
void raft_step_down(struct env *, struct raft *);
void raft_await_leader(struct env *);
void raft_count_own_vote(struct env *, struct raft *);
void raft_on_request_vote(struct env *, void *state, process_id, const void *body, size_t);
void raft_on_request_vote_reply(struct env *, void *state, process_id, const void *body, size_t);
void raft_on_election_timeout(struct env *, void *state, uint64_t key);

/* ---- replication.c --------------------------------------------------------------------------- */

/* 0 before the first entry. Where the entry is damaged the server has fallen silent on return, and
 * its handler says nothing more. */
uint64_t raft_term_at(struct env *, struct raft *, uint64_t index);
/* The first acts of a leader: a no-op, and an AppendEntries to all. */
void raft_begin_replication(struct env *, struct raft *);
/* Sends what there is to send, and the windows allow. */
void raft_replicate_to_all(struct env *, struct raft *);
void raft_advance_commit(struct env *, struct raft *);
void raft_on_append_entries(struct env *, void *state, process_id, const void *body, size_t);
void raft_on_append_entries_reply(struct env *, void *state, process_id, const void *body, size_t);
void raft_on_heartbeat_due(struct env *, void *state, uint64_t key);

/* ---- client.c -------------------------------------------------------------------------------- */

void raft_on_request(struct env *, void *state, const struct request *);
/* Applies what is committed, and answers who waits for it. */
void raft_apply(struct env *, struct raft *);

#endif
