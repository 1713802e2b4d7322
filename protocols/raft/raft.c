/*
 * raft - Raft's core: elections, log replication, persistence, recovery; and its table.
 *
 * What holds it together is Figure 3: Election Safety (election.c), Log Matching and Leader
 * Completeness (replication.c), and from these State Machine Safety (client.c). This file boots a
 * server from its disk, and says what becomes of it when that disk fails.
 */
#include "protocols/raft/raft.h"

#include "protocols/common/inspect.h"
#include "protocols/common/mix.h"

/* ---- State ----------------------------------------------------------------------------------- */

static void lay_out(struct env *env, struct raft *raft)
{
	const struct raft_options *options = env_options(env);

	raft->self = env_self(env);
	raft->leader = NO_PROCESS;
	raft->voted_for = NO_PROCESS;
	raft->member_count = env_members(env, env_group(env), &raft->members);
	/* 5.2, 5.3: any two quorums share a member, and so no two of them decide differently. */
	raft->quorum = raft->member_count / 2 + 1;
	if (BUG(env, QUORUM_TOO_SMALL) && raft->quorum > 1)
		raft->quorum--;
	raft->batch = (uint32_t)options->batch;
	raft->pipeline = (uint32_t)options->pipeline;

	size_t count = raft->member_count;
	uint64_t *flying = env_alloc(env, count * raft->pipeline * sizeof(*flying));

	raft->followers = env_alloc(env, count * sizeof(struct follower));
	for (size_t i = 0; i < count; i++)
		raft->followers[i].flying = flying + i * raft->pipeline;
}

/* ---- Transitions ----------------------------------------------------------------------------- */

/* What was synced is WHOLE; a torn tail never was, nobody heard of it, and it goes. */
static bool recover_log(struct env *env)
{
	for (uint64_t i = env_log_first(env); i <= env_log_last(env); i++) {
		struct record_view entry;
		enum record found = env_log_read(env, i, &entry);

		if (found == ROTTEN)
			return false;
		if (found == TORN) {
			env_log_truncate(env, i);
			env_sometimes(env, TORN_TAIL_DROPPED);
		}
	}
	return true;
}

/* It may have voted, or acknowledged, what it does not know any more: it neither votes nor
 * acknowledges again. Nor does it write, so that each boot to come finds what this one found: a
 * damaged record, or nothing at all. */
void raft_fall_silent(struct env *env, struct raft *raft)
{
	if (raft->silent)
		return;
	raft_step_down(env, raft);
	raft->silent = true;
	env_observe(env, SAW_SILENCED, 0, 0, 0, NULL, 0);
}

/* ---- Message handlers ------------------------------------------------------------------------ */

static void on_boot(struct env *env, void *state, enum boot boot)
{
	struct raft *raft = state;

	lay_out(env, raft);
	if (boot == BOOT_EMPTY || !raft_recall_vote(env, raft) || !recover_log(env)) {
		raft_fall_silent(env, raft);
		return;
	}
	/* A disk that reorders may have kept an entry and lost the term that it came in. */
	uint64_t last_term = raft_term_at(env, raft, env_log_last(env));

	if (last_term > raft->term)
		raft_enter_term(env, raft, last_term);
	raft_await_leader(env);
}

static void on_durable(struct env *env, void *state, ticket_t ticket)
{
	struct raft *raft = state;

	if (raft->role == CANDIDATE && ticket >= raft->vote_ticket)
		raft_count_own_vote(env, raft);
	else if (raft->role == LEADER)
		raft_advance_commit(env, raft);
}

/* What is undone was never promised to anyone. A leader has sent its entries all the same, and they
 * may be committed elsewhere: it leads no more, for it must not write others in their place, and
 * goes on from what its disk still has. What it has committed is a quorum's, and stays. */
static void on_disk_failed(struct env *env, void *state, ticket_t ticket, enum disk_error error)
{
	struct raft *raft = state;

	(void)ticket, (void)error;
	raft_step_down(env, raft);
	if (!raft_recall_vote(env, raft) || !recover_log(env)) /* a torn tail may be back, too */
		raft_fall_silent(env, raft);
	pending_forget(&raft->pending, env_log_last(env) + 1);
	env_sometimes(env, DISK_FAILED);
}

/* ---- Inspectors ------------------------------------------------------------------------------ */

SEE(struct raft, role)
SEE(struct raft, term)
SEE(struct raft, commit)
SEE(struct raft, applied)
SEE(struct raft, leader)

static uint64_t see_last_index(const struct env *env, const void *state)
{
	(void)state;
	return env_log_last(env);
}

static uint64_t digest(const struct env *env, const void *state)
{
	const struct raft *raft = state;
	const uint64_t parts[] = {
		raft->term,   raft->voted_for, raft->role,        raft->leader,
		raft->silent, raft->commit,    raft->applied,     raft->noop,
		raft->votes,  raft->voters,    env_log_last(env),
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		sum = mix_after(sum, parts[i]);
	for (unsigned i = 0; i < raft->member_count && raft->role == LEADER; i++) {
		sum = mix_after(sum, raft->followers[i].next);
		sum = mix_after(sum, raft->followers[i].match);
		sum = mix_after(sum, raft->followers[i].probing);
	}
	return sum;
}

static nanoseconds patience(const void *options)
{
	return ((const struct raft_options *)options)->election_timeout[1];
}

/* 5.6: broadcastTime << electionTimeout, and a heartbeat comes in between. */
static const char *unsound(const void *chosen)
{
	const struct raft_options *with = chosen;

	if (with->heartbeat >= with->election_timeout[0])
		return "heartbeat is not below the least election_timeout: followers depose a "
		       "leader that is well";
	return NULL;
}

/* ---- The table ------------------------------------------------------------------------------- */

#define NUMBER(type, member)   FIELD(struct type, member, FIELD_NUMBER)
#define TERM(type)             FIELD(struct type, term, FIELD_TERM) /* 5.1: its sender's */
#define OF_ENTRY(type, member) FIELD(struct type, member, FIELD_BALLOT)
#define FLAG(type, member)     FIELD(struct type, member, FIELD_FLAG)

static const struct field request_vote_fields[] = {TERM(request_vote),
						   NUMBER(request_vote, last_index),
						   OF_ENTRY(request_vote, last_term),
						   {0}};

static const struct field request_vote_reply_fields[] = {
	TERM(request_vote_reply), FLAG(request_vote_reply, granted), {0}};

static const struct field append_entries_fields[] = {TERM(append_entries),
						     NUMBER(append_entries, prev_index),
						     OF_ENTRY(append_entries, prev_term),
						     NUMBER(append_entries, commit),
						     {0}};

static const struct field append_entries_reply_fields[] = {
	TERM(append_entries_reply),
	FLAG(append_entries_reply, success),
	NUMBER(append_entries_reply, index),
	OF_ENTRY(append_entries_reply, conflict_term),
	NUMBER(append_entries_reply, conflict_index),
	{0}};

static const struct message_type messages[] = {
	[REQUEST_VOTE] = {.name = "RequestVote",
			  .size = sizeof(struct request_vote),
			  .promises = true,
			  .fields = request_vote_fields,
			  .handle = raft_on_request_vote},
	[REQUEST_VOTE_REPLY] = {.name = "RequestVoteReply",
				.size = sizeof(struct request_vote_reply),
				.promises = true,
				.fields = request_vote_reply_fields,
				.handle = raft_on_request_vote_reply},
	[APPEND_ENTRIES] = {.name = "AppendEntries",
			    .size = sizeof(struct append_entries),
			    .fields = append_entries_fields,
			    .handle = raft_on_append_entries},
	[APPEND_ENTRIES_REPLY] = {.name = "AppendEntriesReply",
				  .size = sizeof(struct append_entries_reply),
				  .promises = true,
				  .fields = append_entries_reply_fields,
				  .handle = raft_on_append_entries_reply},
	{0},
};

static const struct timer_type timers[] = {
	[ELECTION] = {"election", raft_on_election_timeout},
	[HEARTBEAT] = {"heartbeat", raft_on_heartbeat_due},
	{0},
};

static const char *const roles[] = {"follower", "candidate", "leader", NULL};

static const struct inspector inspectors[] = {
	{"role", see_role, roles},
	{"term", see_term, NULL},
	{"commit", see_commit, NULL},
	{"applied", see_applied, NULL},
	{"leader", see_leader, NULL},
	{"last_index", see_last_index, NULL},
	{0},
};

#define MILLISECOND ((int64_t)1000000)

static const struct option options[] = {
	{.name = "election_timeout",
	 .help = "how long a follower waits for its leader before it asks for votes",
	 .fallback = "150ms..300ms",
	 .kind = OPT_RANGE,
	 .offset = offsetof(struct raft_options, election_timeout),
	 .min = MILLISECOND,
	 .max = 3600000 * MILLISECOND},
	{.name = "heartbeat",
	 .help = "how often a leader speaks to all; less than the least election timeout",
	 .fallback = "50ms",
	 .kind = OPT_DURATION,
	 .offset = offsetof(struct raft_options, heartbeat),
	 .min = MILLISECOND,
	 .max = 3600000 * MILLISECOND},
	{.name = "batch",
	 .help = "the most entries in one AppendEntries",
	 .fallback = "64",
	 .kind = OPT_COUNT,
	 .offset = offsetof(struct raft_options, batch),
	 .min = 1,
	 .max = 1024},
	{.name = "pipeline",
	 .help = "the most AppendEntries with entries in flight to one follower",
	 .fallback = "8",
	 .kind = OPT_COUNT,
	 .offset = offsetof(struct raft_options, pipeline),
	 .min = 1,
	 .max = 64},
	{0},
};

static const unsigned observes[] = {SAW_TERM_ENTERED,    SAW_VOTED,
				    SAW_LEADER_ELECTED,  SAW_LEADER_STEPPED_DOWN,
				    SAW_COMMIT_ADVANCED, OBSERVATION_COUNT};

static const struct bug bugs[] = {
	[VOTE_NOT_PERSISTED] = {"vote-not-persisted", "a vote outlives a crash",
				"5.2; wenweihu86/raft-java#57, vesoft-inc/nebula#3415"},
	[COUNTS_VOTES_NOT_VOTERS] = {"counts-votes-not-voters", "a repeated grant counts once",
				     "5.2; ktoso/akka-raft#45, xnnyygn/xraft#27"},
	[COUNTS_OLD_VOTES] = {"counts-old-votes", "a grant counts in its own term alone",
			      "5.2; xnnyygn/xraft#33, andreev-io/little-raft#44"},
	[STEP_DOWN_CLEARS_VOTE] = {"step-down-clears-vote", "a vote stands until the term ends",
				   "5.2; ktoso/akka-raft#56, microsoft/CCF#5891"},
	[IGNORES_LOG] = {"ignores-log", "votes go to logs that are up to date",
			 "5.4.1; hydro-project/hydro#3082"},
	[COMPARES_LENGTH_FIRST] = {"compares-length-first",
				   "of two logs the later last term is more up to date", "5.4.1"},
	[QUORUM_TOO_SMALL] = {"quorum-too-small", "any two quorums share a member",
			      "5.2; hydro-project/hydro#3082"},
	[LEADER_GRANTS_VOTES] = {"leader-grants-votes", "a leader has voted for itself",
				 "5.2; daos-stack/raft#70"},
	[COMMITS_OLD_TERMS] = {"commits-old-terms",
			       "only entries of the own term are committed by counting",
			       "5.4.2, Figure 8; logcabin/logcabin#44, bakwc/PySyncObj#169"},
	[TRUNCATES_MATCHING_SUFFIX] = {"truncates-matching-suffix",
				       "only a conflict removes entries",
				       "5.3; ktoso/akka-raft#66, redpanda-data/redpanda#25018"},
	[ROLLS_BACK_TO_COMMIT] = {"rolls-back-to-commit", "what was acknowledged stays",
				  "5.3; vesoft-inc/nebula#2483"},
	[COMMITS_UNVERIFIED] = {"commits-unverified",
				"a follower commits only what it shares with the leader",
				"Figure 2, AppendEntries 5; atomix/copycat#265"},
	[COMMIT_GOES_BACK] = {"commit-goes-back", "the commit index only rises",
			      "Figure 2; bakwc/PySyncObj#166"},
	[MATCH_GOES_BACK] = {"match-goes-back", "no rule: odd, and safe",
			     "Figure 2; zhebrak/raftos#25, bakwc/PySyncObj#167"},
	[ACKS_BEFORE_DURABLE] = {"acks-before-durable", "an acknowledged entry is durable",
				 "Figure 2; yugabyte/yugabyte-db#32875"},
	[SERVES_STALE_READS] =
		{"serves-stale-reads", "a read sees every write answered before it",
		 "8; Ongaro's thesis (2014), 6.4; etcd 0.4.1 as tested in aphyr.com/posts/316"},
	{0},
};

static const struct sometimes sometimes[] = {
	[LEADER_DEPOSED] = {"a leader was deposed"},
	[VOTE_SPLIT] = {"a vote was split"},
	[SUFFIX_REMOVED] = {"a conflicting suffix was removed"},
	[TORN_TAIL_DROPPED] = {"a torn tail was dropped"},
	[PIPELINE_FULL] = {"a pipeline was full"},
	[ENTRY_OF_OLD_TERM_COMMITTED] = {"an entry of an earlier term was committed"},
	[DEPOSED_LEADER_ANSWERED] = {"a deposed leader answered its client"},
	[DISK_FAILED] = {"a write failed"},
	{0},
};

const struct protocol raft_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "raft",
	.paper = "Ongaro and Ousterhout, USENIX ATC 2014 (extended version)",
	.summary = "a replicated log under one strong leader",
	.state_size = sizeof(struct raft),
	.options_size = sizeof(struct raft_options),
	.survives = {.survives_restart = true,
		     .survives_lost_unsynced = true,
		     .survives_reordered_unsynced = true,
		     .clock_drift_ppm = -1},
	.boot = on_boot,
	.request = raft_on_request,
	.durable = on_durable,
	.disk_failed = on_disk_failed,
	.digest = digest,
	.patience = patience,
	.unsound = unsound,
	.messages = messages,
	.timers = timers,
	.inspectors = inspectors,
	.options = options,
	.observes = observes,
	.bugs = bugs,
	.sometimes = sometimes,
};
