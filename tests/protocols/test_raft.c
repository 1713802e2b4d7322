/* Raft's core, driven by hand through the stories of its paper. */
#include "tests/protocols/raft_stage.h"

/* ---- Elections ------------------------------------------------------------------------------- */

static void five_members_elect_one_leader_whom_all_follow(void)
{
	struct cluster *at = cluster_open("raft", 5);
	process_id leader = cluster_elect(at);
	uint64_t term = cluster_see(at, leader, "term");

	cluster_run(at, 10 * SECOND);
	EQUAL(cluster_leader(at), leader);
	for (process_id who = 0; who < 5; who++) {
		EQUAL(cluster_see(at, who, "term"), term);
		EQUAL(cluster_saw(at, who, SAW_LEADER_ELECTED), who == leader);
		EQUAL(cluster_see(at, who, "applied"), 1); /* its no-op */
	}
	EQUAL(at->early, 0);
}

static void a_lone_member_elects_itself_once_its_vote_is_durable(void)
{
	struct cluster *at = cluster_open("raft", 1);

	while (cluster_see(at, 0, "role") == FOLLOWER)
		cluster_run(at, MS / 4);
	EQUAL(cluster_see(at, 0, "role"), CANDIDATE);
	cluster_run(at, 2 * MS);
	EQUAL(cluster_see(at, 0, "role"), LEADER);
	request_id id = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, 10 * MS);
	EQUAL(cluster_told(at, id)->kind, MESSAGE_ANSWER);
}

static void a_crashed_leader_is_replaced_and_what_it_answered_is_still_there(void)
{
	struct cluster *at = cluster_open("raft", 5);
	process_id first = cluster_elect(at);
	request_id wrote = cluster_ask(at, first, WRITE, 1, 5);

	cluster_run(at, 20 * MS);
	EQUAL(cluster_told(at, wrote)->kind, MESSAGE_ANSWER);
	world_crash_now(at->world, first);
	process_id second = cluster_elect(at);

	CU_ASSERT(second != first);
	request_id read = cluster_ask(at, second, READ, 1, 0);

	cluster_run(at, 100 * MS);
	EQUAL(cluster_told(at, read)->told.result, 5);
	world_restart(at->world, first);
	cluster_run(at, SECOND);
	EQUAL(cluster_see(at, first, "leader"), second);
	CU_ASSERT(converged(at));
}

static void a_minority_elects_nobody_and_a_majority_goes_on(void)
{
	struct cluster *at = cluster_open("raft", 5);

	cluster_elect(at);
	for (process_id who = 0; who < 2; who++)
		cluster_isolate(at, who);
	cluster_run(at, 3 * SECOND);
	process_id leader = cluster_leader(at);

	CU_ASSERT(leader >= 2 && leader < 5);
	request_id id = cluster_ask(at, leader, WRITE, 1, 5);

	cluster_run(at, 50 * MS);
	EQUAL(cluster_told(at, id)->kind, MESSAGE_ANSWER);
	cluster_isolate(at, leader); /* two of five are left */
	uint64_t elected = 0;

	for (process_id who = 0; who < 5; who++)
		elected += cluster_saw(at, who, SAW_LEADER_ELECTED);
	cluster_run(at, 5 * SECOND);
	for (process_id who = 0; who < 5; who++)
		elected -= cluster_saw(at, who, SAW_LEADER_ELECTED);
	EQUAL(elected, 0);
	CU_ASSERT(did(at, VOTE_SPLIT));
}

/* It asks for votes, and nobody hears it. */
static uint64_t make_candidate(struct cluster *at, process_id who)
{
	for (unsigned other = 0; other < at->world->process_count; other++)
		if (other != who)
			world_cut(at->world, who, (endpoint_t)other);
	world_clock_drift(at->world, who, 9000000);
	for (int i = 0; i < 2000 && cluster_see(at, who, "role") != CANDIDATE; i++)
		cluster_run(at, MS / 4);
	world_clock_drift(at->world, who, 0);
	cluster_run(at, 5 * MS);
	EQUAL(cluster_see(at, who, "role"), CANDIDATE);
	return cluster_see(at, who, "term");
}

static void forge_grant(struct cluster *at, process_id from, process_id to, uint64_t term)
{
	struct request_vote_reply *m = cluster_forge(at, from, to, REQUEST_VOTE_REPLY);

	*m = (struct request_vote_reply){term, true};
	cluster_run(at, 2 * MS);
}

static void a_vote_outlives_a_crash(void)
{
	struct cluster *at = cluster_open("raft", 3);

	forge_request_vote(at, 1, 0, 7, 0, 0);
	EQUAL(cluster_saw(at, 0, SAW_VOTED), 1);
	forge_request_vote(at, 1, 0, 7, 0, 0); /* asked again, it says so again */
	EQUAL(cluster_saw(at, 0, SAW_VOTED), 2);
	forge_request_vote(at, 2, 0, 7, 0, 0);
	EQUAL(cluster_saw(at, 0, SAW_VOTED), 2);
	world_crash_now(at->world, 0);
	world_restart(at->world, 0);
	EQUAL(cluster_see(at, 0, "term"), 7);
	forge_request_vote(at, 2, 0, 7, 0, 0);
	EQUAL(cluster_saw(at, 0, SAW_VOTED), 2);
	forge_request_vote(at, 2, 0, 8, 0, 0);
	EQUAL(cluster_saw(at, 0, SAW_VOTED), 3);
}

static void a_candidate_counts_voters_of_its_own_term_once_each(void)
{
	struct cluster *at = cluster_open("raft", 5);
	uint64_t term = make_candidate(at, 0);

	for (unsigned i = 0; i < 3; i++)
		forge_grant(at, 1, 0, term);
	for (process_id voter = 2; voter < 5; voter++)
		forge_grant(at, voter, 0, term - 1);
	EQUAL(cluster_see(at, 0, "role"), CANDIDATE);
	forge_grant(at, 2, 0, term); /* with its own, the third of five */
	EQUAL(cluster_see(at, 0, "role"), LEADER);
}

static void a_candidate_that_follows_another_keeps_its_vote(void)
{
	struct cluster *at = cluster_open("raft", 5);
	uint64_t term = make_candidate(at, 0);
	struct append_entries *m = cluster_forge(at, 1, 0, APPEND_ENTRIES);

	m->term = term;
	cluster_run(at, 5 * MS);
	EQUAL(cluster_see(at, 0, "role"), FOLLOWER);
	EQUAL(cluster_see(at, 0, "leader"), 1);
	forge_request_vote(at, 2, 0, term, 100, term);
	EQUAL(cluster_saw(at, 0, SAW_VOTED), 1); /* for itself */
}

static void a_leader_gives_its_vote_to_nobody(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	forge_request_vote(at, 1, 0, cluster_see(at, 0, "term"), 100, 100);
	EQUAL(cluster_saw(at, 0, SAW_VOTED), 1);
	EQUAL(cluster_see(at, 0, "role"), LEADER);
}

static void the_later_last_term_is_more_up_to_date_then_the_longer_log(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	for (unsigned i = 1; i <= 10; i++)
		cluster_ask(at, 0, WRITE, 1, i);
	cluster_run(at, 100 * MS);
	world_crash_now(at->world, 0);
	uint64_t last = last_index(at, 1), term = world_log(at->world, 1, last)->term;

	EQUAL(last, 11);
	forge_request_vote(at, 2, 1, term + 1, last + 5, term - 1);
	EQUAL(cluster_saw(at, 1, SAW_VOTED), 1); /* the one for 0 */
	forge_request_vote(at, 2, 1, term + 1, last - 1, term);
	EQUAL(cluster_saw(at, 1, SAW_VOTED), 1);
	forge_request_vote(at, 2, 1, term + 1, last, term);
	EQUAL(cluster_saw(at, 1, SAW_VOTED), 2);
	forge_request_vote(at, 2, 1, term + 2, 1, term + 1);
	EQUAL(cluster_saw(at, 1, SAW_VOTED), 3);
}

static void a_candidate_whose_log_is_behind_gets_no_vote(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	cluster_isolate(at, 2);
	cluster_ask(at, 0, WRITE, 1, 5);
	cluster_run(at, 400 * MS); /* 2 has raised its term, and lacks the write */
	cluster_rejoin(at, 2);
	cluster_run(at, 2 * SECOND);
	EQUAL(cluster_saw(at, 2, SAW_LEADER_ELECTED), 0);
	CU_ASSERT(did(at, LEADER_DEPOSED)); /* by its higher term */
	CU_ASSERT(converged(at));
}

/* ---- Clients --------------------------------------------------------------------------------- */

static void who_does_not_lead_names_the_leader_or_says_not_now(void)
{
	struct cluster *at = cluster_open("raft", 3);
	request_id early = cluster_ask(at, 1, WRITE, 1, 5);

	cluster_run(at, 5 * MS);
	EQUAL(cluster_told(at, early)->kind, MESSAGE_REDIRECT);
	EQUAL(cluster_told(at, early)->whom, 1);
	process_id leader = cluster_elect(at);
	process_id other = leader == 0 ? 1 : 0;
	request_id late = cluster_ask(at, other, WRITE, 1, 5);

	cluster_run(at, 5 * MS);
	EQUAL(cluster_told(at, late)->kind, MESSAGE_REDIRECT);
	EQUAL(cluster_told(at, late)->whom, leader);
}

static void a_deposed_leader_answers_for_its_own_entries_alone(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	cluster_run(at, 100 * MS);
	/* What 0 sends arrives, what it should hear does not. */
	world_cut(at->world, 1, 0);
	world_cut(at->world, 2, 0);
	request_id kept = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, 10 * MS);
	CU_ASSERT_PTR_NULL(cluster_told(at, kept));
	world_cut(at->world, 0, 1);
	world_cut(at->world, 0, 2);
	request_id lost = cluster_ask(at, 0, WRITE, 1, 6);

	cluster_run(at, SECOND); /* 1 or 2 leads, and commits what both have */
	cluster_rejoin(at, 0);
	cluster_run(at, SECOND);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cluster_told(at, kept));
	EQUAL(cluster_told(at, kept)->kind, MESSAGE_ANSWER);
	CU_ASSERT_PTR_NULL(cluster_told(at, lost));
	CU_ASSERT(did(at, DEPOSED_LEADER_ANSWERED));
	CU_ASSERT(did(at, SUFFIX_REMOVED));
	CU_ASSERT(converged(at));
}

static void a_read_by_a_deposed_leader_is_never_answered_from_its_own_state(void)
{
	for (int buggy = 0; buggy <= 1; buggy++) {
		struct cluster *at = cluster_open("raft", 3);

		if (buggy)
			cluster_bug(at, "serves-stale-reads");
		make_leader(at, 0);
		cluster_ask(at, 0, WRITE, 1, 5);
		cluster_run(at, 100 * MS);
		cluster_isolate(at, 0);
		cluster_run(at, SECOND);
		make_leader(at, 1);
		EQUAL(cluster_see(at, 0, "role"), LEADER); /* it does not know */
		cluster_ask(at, 1, WRITE, 1, 6);
		cluster_run(at, 50 * MS);
		request_id read = cluster_ask(at, 0, READ, 1, 0);

		cluster_run(at, 50 * MS);
		const struct answer *told = cluster_told(at, read);

		CU_ASSERT((told != NULL) == buggy);
		CU_ASSERT(!told || told->told.result == 5);
	}
}

/* ---- Replication ----------------------------------------------------------------------------- */

static void every_write_is_answered_once_and_applied_by_all(void)
{
	struct cluster *at = cluster_open("raft", 5);
	process_id leader = cluster_elect(at);
	unsigned asked = 0;

	for (; asked < 200; asked++) {
		cluster_ask(at, leader, WRITE, asked % 7, asked + 1);
		cluster_run(at, MS / 3);
	}
	cluster_run(at, 200 * MS);
	EQUAL(at->told_count, asked);
	for (request_id id = 1; id <= asked; id++)
		EQUAL(cluster_told(at, id << 16)->kind, MESSAGE_ANSWER);
	EQUAL(cluster_see(at, leader, "applied"), asked + 1);
	CU_ASSERT(converged(at));
}

static void a_follower_far_behind_catches_up_in_batches(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	world_crash_now(at->world, 2);
	for (unsigned i = 1; i <= 900; i++)
		cluster_ask(at, 0, WRITE, i, i);
	cluster_run(at, SECOND);
	EQUAL(last_index(at, 0), 901);
	uint64_t sent = at->world->counters.sent;

	world_restart(at->world, 2);
	cluster_run(at, 110 * MS);
	EQUAL(last_index(at, 2), 901);
	CU_ASSERT(at->world->counters.sent - sent < 80); /* 15 batches of 64, not 900 messages */
	CU_ASSERT(did(at, PIPELINE_FULL));
	cluster_run(at, 100 * MS);
	CU_ASSERT(converged(at));
}

/* The leaders of two terms each leave a long tail on one member. One hint settles a whole term. */
static void a_conflict_is_found_term_by_term_not_entry_by_entry(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	cluster_isolate(at, 0);
	for (unsigned i = 1; i <= 300; i++)
		cluster_ask(at, 0, WRITE, i, i);
	cluster_run(at, SECOND);
	make_leader(at, 1);
	for (unsigned i = 1; i <= 300; i++)
		cluster_ask(at, 1, WRITE, i, 1000 + i);
	cluster_run(at, SECOND);
	cluster_rejoin(at, 0);
	cluster_run(at, 100 * MS); /* one heartbeat and a few round trips */
	EQUAL(last_index(at, 0), last_index(at, 1));
	cluster_run(at, SECOND);
	CU_ASSERT(did(at, SUFFIX_REMOVED));
	CU_ASSERT(converged(at));
}

static void rough(struct setup *setup)
{
	setup->link.loss = PROBABILITY_ONE / 10;
	setup->link.duplicate = PROBABILITY_ONE / 5;
	setup->link.reorder = PROBABILITY_ONE / 5;
	setup->link.held_back = (struct distribution){.kind = UNIFORM, .a = 0, .b = 60 * MS};
}

static void lost_repeated_and_late_messages_change_nothing(void)
{
	struct cluster *at = cluster_open_with("raft", 5, rough);
	unsigned answers = 0;

	for (unsigned i = 1; i <= 800; i++) {
		process_id leader = cluster_leader(at);

		if (leader != NO_PROCESS)
			cluster_ask(at, leader, WRITE, i % 5, i);
		cluster_run(at, 5 * MS);
	}
	world_heal(at->world);
	cluster_elect(at);
	cluster_run(at, SECOND);
	CU_ASSERT(converged(at));
	for (unsigned i = 0; i < at->told_count; i++)
		answers += at->told[i].kind == MESSAGE_ANSWER;
	CU_ASSERT(answers > 300);
	EQUAL(at->early, 0);
}

static void an_old_message_takes_nothing_back(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	for (unsigned i = 1; i <= 10; i++)
		cluster_ask(at, 0, WRITE, 1, i);
	cluster_run(at, 200 * MS);
	EQUAL(cluster_see(at, 1, "commit"), 11);
	struct append_entries *m = cluster_forge(at, 0, 1, APPEND_ENTRIES);

	m->term = cluster_see(at, 0, "term");
	m->prev_index = m->prev_term = 1;
	m->commit = 1;
	cluster_run(at, 5 * MS);
	EQUAL(cluster_see(at, 1, "commit"), 11);
	EQUAL(last_index(at, 1), 11);
}

/* What it acknowledged in an earlier term may have been overwritten since. */
static void an_old_acknowledgement_commits_nothing(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	make_leader(at, 1);
	make_leader(at, 0);
	cluster_run(at, 100 * MS);
	world_cut(at->world, 0, 1); /* it hears, and nobody hears it */
	world_cut(at->world, 0, 2);
	uint64_t term = cluster_see(at, 0, "term"), commit = cluster_see(at, 0, "commit");

	cluster_ask(at, 0, WRITE, 1, 5);
	cluster_run(at, 10 * MS);
	EQUAL(last_index(at, 0), commit + 1);
	for (uint64_t of = term - 1; of <= term; of++) {
		struct append_entries_reply *m = cluster_forge(at, 1, 0, APPEND_ENTRIES_REPLY);

		*m = (struct append_entries_reply){.term = of, .success = 1, .index = commit + 1};
		cluster_run(at, 2 * MS);
		EQUAL(cluster_see(at, 0, "commit"), commit + (of == term));
	}
}

/* ---- Figure 8 -------------------------------------------------------------------------------- */

static void one_by_one(struct setup *setup)
{
	static const struct raft_options options = {
		.election_timeout = {150 * MS, 300 * MS},
		.heartbeat = 50 * MS,
		.batch = 1,
		.pipeline = 8,
	};

	setup->groups[0].options = &options;
}

/* Did a leader count replicas to commit an entry that is not of its own term? */
static bool committed_old_term(struct cluster *at)
{
	for (unsigned i = 0; i < at->seen_count; i++) {
		const struct seen *seen = &at->seen[i];

		if (seen->what == SAW_COMMIT_ADVANCED && seen->c &&
		    world_log(at->world, seen->who, seen->a)->term < seen->b)
			return true;
	}
	return false;
}

/* The paper's own story up to (c): S1 leads again, and a majority comes to hold its old entry. */
static void entries_of_old_terms_are_not_committed_by_counting(void)
{
	for (int buggy = 0; buggy <= 1; buggy++) {
		struct cluster *at = cluster_open_with("raft", 5, one_by_one);

		if (buggy)
			cluster_bug(at, "commits-old-terms");
		/* (a) S1 leads, and its entry reaches S2 alone. */
		make_leader(at, 0);
		cluster_run(at, 100 * MS);
		uint64_t old = last_index(at, 0) + 1;

		for (process_id who = 2; who < 5; who++)
			world_cut(at->world, 0, who);
		cluster_ask(at, 0, WRITE, 1, 5);
		cluster_run(at, 10 * MS);
		EQUAL(last_index(at, 1), old);
		EQUAL(last_index(at, 2), old - 1);
		/* (b) S1 crashes; S5, elected by S3 and S4, writes unseen, and crashes. */
		world_crash_now(at->world, 0);
		cluster_isolate(at, 1);
		make_leader(at, 4);
		cluster_isolate(at, 4);
		cluster_run(at, 5 * MS);
		EQUAL(world_log(at->world, 4, old)->term, cluster_see(at, 4, "term"));
		EQUAL(last_index(at, 2), old - 1);
		world_crash_now(at->world, 4);
		/* (c) S1 restarts, leads again, and goes on replicating. */
		cluster_rejoin(at, 1);
		for (process_id who = 2; who < 5; who++)
			world_mend(at->world, 0, who);
		world_restart(at->world, 0);
		make_leader(at, 0);
		CU_ASSERT(world_log(at->world, 0, old)->term < cluster_see(at, 0, "term"));
		cluster_run(at, 50 * MS);
		EQUAL(committed_old_term(at), buggy);
		EQUAL(cluster_see(at, 0, "commit"), old + 1); /* with its own, the old one too */
		CU_ASSERT(buggy || did(at, ENTRY_OF_OLD_TERM_COMMITTED));
	}
}

/* Nothing that a member promises leaves before its disk has it, whatever the disk does. */
static void no_promise_leaves_before_the_disk_has_it(void)
{
	for (int buggy = 0; buggy <= 1; buggy++) {
		struct cluster *at = cluster_open_with("raft", 3, rough);

		if (buggy)
			cluster_bug(at, "acks-before-durable");
		for (unsigned i = 1; i <= 400; i++) {
			process_id leader = cluster_leader(at);

			if (leader != NO_PROCESS)
				cluster_ask(at, leader, WRITE, 1, i);
			cluster_run(at, MS);
		}
		CU_ASSERT((at->early > 0) == buggy);
	}
	cluster_close();
}

CU_TestInfo raft_tests[] = {
	{"five members elect one leader whom all follow",
	 five_members_elect_one_leader_whom_all_follow},
	{"a lone member elects itself once its vote is durable",
	 a_lone_member_elects_itself_once_its_vote_is_durable},
	{"a crashed leader is replaced and what it answered is still there",
	 a_crashed_leader_is_replaced_and_what_it_answered_is_still_there},
	{"a minority elects nobody and a majority goes on",
	 a_minority_elects_nobody_and_a_majority_goes_on},
	{"a vote outlives a crash", a_vote_outlives_a_crash},
	{"a candidate counts voters of its own term once each",
	 a_candidate_counts_voters_of_its_own_term_once_each},
	{"a candidate that follows another keeps its vote",
	 a_candidate_that_follows_another_keeps_its_vote},
	{"a leader gives its vote to nobody", a_leader_gives_its_vote_to_nobody},
	{"the later last term is more up to date then the longer log",
	 the_later_last_term_is_more_up_to_date_then_the_longer_log},
	{"a candidate whose log is behind gets no vote",
	 a_candidate_whose_log_is_behind_gets_no_vote},
	{"who does not lead names the leader or says not now",
	 who_does_not_lead_names_the_leader_or_says_not_now},
	{"a deposed leader answers for its own entries alone",
	 a_deposed_leader_answers_for_its_own_entries_alone},
	{"a read by a deposed leader is never answered from its own state",
	 a_read_by_a_deposed_leader_is_never_answered_from_its_own_state},
	{"every write is answered once and applied by all",
	 every_write_is_answered_once_and_applied_by_all},
	{"a follower far behind catches up in batches",
	 a_follower_far_behind_catches_up_in_batches},
	{"a conflict is found term by term not entry by entry",
	 a_conflict_is_found_term_by_term_not_entry_by_entry},
	{"lost repeated and late messages change nothing",
	 lost_repeated_and_late_messages_change_nothing},
	{"an old message takes nothing back", an_old_message_takes_nothing_back},
	{"an old acknowledgement commits nothing", an_old_acknowledgement_commits_nothing},
	{"entries of old terms are not committed by counting",
	 entries_of_old_terms_are_not_committed_by_counting},
	{"no promise leaves before the disk has it", no_promise_leaves_before_the_disk_has_it},
	CU_TEST_INFO_NULL,
};
