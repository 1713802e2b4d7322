/* Raft and its disk: what is torn, lost, rotten or full, and what a server makes of it. */
#include "tests/protocols/raft_stage.h"

static void torn(struct setup *setup)
{
	setup->disk.torn = PROBABILITY_ONE;
}

static void a_torn_tail_is_dropped_and_fetched_again(void)
{
	for (int failing = 0; failing <= 1; failing++) {
		struct cluster *at = cluster_open_with("raft", 3, torn);

		for (unsigned i = 1; i <= 40; i++) {
			process_id leader = cluster_elect(at), who = (process_id)((leader + 1) % 3);

			cluster_ask(at, leader, WRITE, 1, i);
			cluster_run(at, 2 * MS + MS / 2); /* it is on its way to the platter */
			world_crash_now(at->world, who);
			/* A disk that fails undoes the truncation, and the tail is back. */
			world_disk_failing(at->world, who, failing ? PROBABILITY_ONE : 0);
			world_restart(at->world, who);
			cluster_run(at, 20 * MS);
			world_disk_failing(at->world, who, 0);
			cluster_run(at, 30 * MS);
		}
		cluster_run(at, SECOND);
		CU_ASSERT(did(at, TORN_TAIL_DROPPED));
		CU_ASSERT(did(at, DISK_FAILED) == failing);
		CU_ASSERT(converged(at));
	}
}

static void reordering(struct setup *setup)
{
	setup->disk.crash = CRASH_REORDER;
	setup->disk.sync = (struct distribution){CONSTANT, 10 * MS, 0, 0};
}

static uint64_t term_on_disk(struct cluster *at, process_id who)
{
	const void *vote;
	size_t size;

	if (env_cell_get(&world_process(at->world, who)->env, 0, &vote, &size) != WHOLE)
		return 0;
	return ((const struct raft_vote *)vote)->term;
}

static void a_lost_term_is_learnt_again_from_the_log(void)
{
	struct cluster *at = cluster_open_with("raft", 3, reordering);
	unsigned lost = 0;

	/* A member hears of a term by its first entry, and dies before its disk has either: it may
	 * keep the entry alone. */
	for (unsigned i = 0; i < 60; i++) {
		process_id leader = cluster_elect(at), who = (process_id)((leader + 1) % 3);
		process_id next = (process_id)((leader + 2) % 3);
		uint64_t before = last_index(at, next);

		cluster_isolate(at, who); /* it is not asked for its vote */
		world_clock_drift(at->world, next, 9000000);
		for (unsigned k = 0; k < 1000 && cluster_see(at, next, "role") != CANDIDATE; k++)
			cluster_run(at, MS / 4);
		world_clock_drift(at->world, next, 0);
		cluster_run(at, 12 * MS); /* its vote is durable, and it has asked */
		cluster_rejoin(at, who);
		for (unsigned k = 0; k < 1000 && last_index(at, who) == before; k++)
			cluster_run(at, MS / 4);
		world_crash_now(at->world, who);
		struct disk *disk = &world_process(at->world, who)->disk;
		struct log_record *record = world_log(at->world, who, disk->log_last);

		lost += record->term > term_on_disk(at, who);
		world_restart(at->world, who);
		CU_ASSERT(cluster_see(at, who, "term") >= record->term);
		cluster_run(at, 300 * MS);
	}
	CU_ASSERT(lost > 0);
}

static void who_lost_its_disk_falls_silent_for_ever_and_the_others_go_on(void)
{
	for (unsigned lost = 0; lost <= 1; lost++) {
		struct cluster *at = cluster_open("raft", 3);

		make_leader(at, 0);
		cluster_ask(at, 0, WRITE, 1, 5);
		cluster_run(at, 100 * MS);
		world_crash_now(at->world, 2);
		if (lost)
			world_wipe(at->world, 2);
		else
			CU_ASSERT(world_disk_rot(at->world, 2, STORE_LOG, 1));
		world_restart(at->world, 2);
		cluster_run(at, 100 * MS);
		world_crash_now(at->world, 2);
		world_restart(at->world, 2); /* an ordinary restart, by now */
		unsigned voted = cluster_saw(at, 2, SAW_VOTED);

		cluster_run(at, SECOND);
		world_crash_now(at->world, 0);
		world_restart(at->world, 0);
		cluster_run(at, 3 * SECOND);
		EQUAL(cluster_saw(at, 2, SAW_VOTED), voted);
		EQUAL(cluster_saw(at, 2, SAW_SILENCED), 2);
		process_id leader = cluster_leader(at);
		request_id id = cluster_ask(at, leader, WRITE, 1, 6);

		cluster_run(at, 100 * MS);
		CU_ASSERT(leader < 2);
		EQUAL(cluster_told(at, id)->kind, MESSAGE_ANSWER);
	}
}

/* n1 leads in a cluster of three, and all have its ten writes. */
static struct cluster *ten_writes(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	for (unsigned i = 1; i <= 10; i++)
		cluster_ask(at, 0, WRITE, 1, i);
	cluster_run(at, 225 * MS); /* between two heartbeats */
	EQUAL(last_index(at, 2), last_index(at, 0));
	return at;
}

static void rot(struct cluster *at, process_id who, uint64_t index)
{
	CU_ASSERT(world_disk_rot(at->world, who, STORE_LOG, index));
}

/* When anything of it last reached another member. */
static nanoseconds last_heard(struct cluster *at, process_id who)
{
	nanoseconds last = 0;

	for (process_id other = 0; other < 3; other++)
		if (other != who && world_link(at->world, who, other)->delivered > last)
			last = world_link(at->world, who, other)->delivered;
	return last;
}

/* It has said so, and nothing since; the two others elect a leader, and answer. */
static void check_silent(struct cluster *at, process_id who)
{
	EQUAL(cluster_saw(at, who, SAW_SILENCED), 1);
	EQUAL(cluster_see(at, who, "role"), FOLLOWER);
	unsigned voted = cluster_saw(at, who, SAW_VOTED);
	uint64_t last = last_index(at, who);

	cluster_run(at, 2 * SECOND);
	process_id leader = cluster_leader(at);

	CU_ASSERT_FATAL(leader != NO_PROCESS && leader != who);
	request_id id = cluster_ask(at, leader, WRITE, 1, 99);

	cluster_run(at, 100 * MS);
	EQUAL(cluster_told(at, id)->kind, MESSAGE_ANSWER);
	EQUAL(cluster_saw(at, who, SAW_VOTED), voted);
	EQUAL(last_index(at, who), last);
	EQUAL(cluster_saw(at, who, SAW_SILENCED), 1);
}

static void a_leader_that_reads_a_damaged_entry_falls_silent(void)
{
	/* The entry before the next one: its term is asked for. */
	struct cluster *at = ten_writes();

	rot(at, 0, last_index(at, 0));
	nanoseconds heard = last_heard(at, 0);
	request_id id = cluster_ask(at, 0, WRITE, 1, 11);

	cluster_run(at, 5 * MS);
	EQUAL(last_heard(at, 0), heard);
	EQUAL(cluster_saw(at, 0, SAW_LEADER_STEPPED_DOWN), 1);
	CU_ASSERT_PTR_NULL(cluster_told(at, id));
	check_silent(at, 0);
	/* One that a follower lacks: those before it are sent. */
	at = ten_writes();
	cluster_isolate(at, 2);
	for (unsigned i = 0; i < 3; i++)
		cluster_ask(at, 0, WRITE, 1, 20 + i);
	cluster_run(at, 20 * MS);
	uint64_t behind = last_index(at, 2);

	EQUAL(last_index(at, 0), behind + 3);
	rot(at, 0, behind + 2);
	cluster_rejoin(at, 2);
	cluster_run(at, 60 * MS);
	EQUAL(last_index(at, 2), behind + 1);
	check_silent(at, 0);
}

static void a_follower_that_reads_a_damaged_entry_falls_silent(void)
{
	/* Its last one, which the next message stands behind. */
	struct cluster *at = ten_writes();

	rot(at, 2, last_index(at, 2));
	nanoseconds heard = last_heard(at, 2);

	cluster_run(at, 60 * MS);
	EQUAL(last_heard(at, 2), heard);
	check_silent(at, 2);
	/* One that it has not applied yet. */
	at = ten_writes();
	world_crash_now(at->world, 2);
	world_restart(at->world, 2);
	rot(at, 2, 5);
	cluster_run(at, 60 * MS);
	EQUAL(cluster_see(at, 2, "applied"), 4);
	check_silent(at, 2);
	/* One that comes again: what is behind it stays, for it was acknowledged. */
	at = ten_writes();
	struct append_entries *m = cluster_forge(at, 0, 2, APPEND_ENTRIES);
	uint64_t last = last_index(at, 2);

	m->term = cluster_see(at, 0, "term");
	m->prev_index = last - 3;
	m->prev_term = m->term;
	cluster_attach(at, m, 0, last - 2);
	rot(at, 2, last - 2);
	heard = last_heard(at, 2);
	cluster_run(at, 5 * MS);
	EQUAL(last_heard(at, 2), heard);
	EQUAL(last_index(at, 2), last);
	check_silent(at, 2);
}

static void who_cannot_read_its_last_entry_neither_votes_nor_asks_for_votes(void)
{
	struct cluster *at = ten_writes();
	unsigned voted = cluster_saw(at, 2, SAW_VOTED);
	uint64_t term = cluster_see(at, 2, "term");

	cluster_isolate(at, 0);
	rot(at, 2, last_index(at, 2));
	forge_request_vote(at, 1, 2, term + 1, 1, 1); /* far behind */
	cluster_run(at, 10 * MS);
	EQUAL(cluster_saw(at, 2, SAW_VOTED), voted);
	EQUAL(cluster_saw(at, 2, SAW_SILENCED), 1);
	at = ten_writes();
	cluster_isolate(at, 2);
	cluster_run(at, 60 * MS);
	rot(at, 2, last_index(at, 2));
	cluster_run(at, SECOND);
	EQUAL(cluster_see(at, 2, "term"), cluster_see(at, 0, "term"));
	EQUAL(cluster_saw(at, 2, SAW_SILENCED), 1);
}

static void a_full_disk_acknowledges_nothing_and_goes_on_when_it_has_room(void)
{
	struct cluster *at = ten_writes();

	/* Of a follower on which it depends. */
	world_crash_now(at->world, 1);
	world_disk_full(at->world, 2, true);
	request_id id = cluster_ask(at, 0, WRITE, 1, 11);

	cluster_run(at, SECOND);
	CU_ASSERT_PTR_NULL(cluster_told(at, id));
	EQUAL(cluster_leader(at), 0);
	CU_ASSERT(did(at, DISK_FAILED));
	world_disk_full(at->world, 2, false);
	cluster_run(at, 200 * MS);
	EQUAL(cluster_told(at, id)->kind, MESSAGE_ANSWER);
	/* Of all: nobody is elected either, for no vote is kept. */
	world_restart(at->world, 1);
	cluster_run(at, 200 * MS);
	for (process_id who = 0; who < 3; who++)
		world_disk_full(at->world, who, true);
	id = cluster_ask(at, 0, WRITE, 1, 12);
	cluster_run(at, 50 * MS);
	CU_ASSERT(cluster_leader(at) == NO_PROCESS);
	uint64_t elections = cluster_saw(at, 0, SAW_LEADER_ELECTED) +
			     cluster_saw(at, 1, SAW_LEADER_ELECTED) +
			     cluster_saw(at, 2, SAW_LEADER_ELECTED);

	cluster_run(at, 3 * SECOND);
	EQUAL(elections, cluster_saw(at, 0, SAW_LEADER_ELECTED) +
				 cluster_saw(at, 1, SAW_LEADER_ELECTED) +
				 cluster_saw(at, 2, SAW_LEADER_ELECTED));
	CU_ASSERT_PTR_NULL(cluster_told(at, id));
	for (process_id who = 0; who < 3; who++)
		world_disk_full(at->world, who, false);
	id = cluster_ask(at, cluster_elect(at), WRITE, 1, 13);
	cluster_run(at, SECOND);
	EQUAL(cluster_told(at, id)->kind, MESSAGE_ANSWER);
	CU_ASSERT(converged(at));
}

static void a_leader_whose_disk_fails_leads_no_more(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	cluster_run(at, 100 * MS);
	uint64_t last = last_index(at, 0);
	request_id id = cluster_ask(at, 0, WRITE, 1, 5);

	world_disk_failing(at->world, 0, PROBABILITY_ONE);
	cluster_run(at, 2 * MS + MS / 2);
	CU_ASSERT(cluster_see(at, 0, "role") != LEADER);
	EQUAL(last_index(at, 0), last); /* undone in its own view, though sent to the others */
	CU_ASSERT(did(at, DISK_FAILED));
	cluster_run(at, SECOND);
	process_id leader = cluster_leader(at);

	CU_ASSERT(leader == 1 || leader == 2);
	request_id read = cluster_ask(at, leader, READ, 1, 0);

	cluster_run(at, 100 * MS);
	EQUAL(cluster_told(at, read)->told.result, 5);
	world_disk_failing(at->world, 0, 0);
	cluster_run(at, SECOND);
	CU_ASSERT(converged(at));
	CU_ASSERT(cluster_told(at, id) == NULL || cluster_told(at, id)->kind == MESSAGE_ANSWER);
}

static void a_slow_disk_of_the_leader_keeps_nobody_waiting(void)
{
	struct cluster *at = cluster_open("raft", 3);

	make_leader(at, 0);
	cluster_run(at, 100 * MS);
	world_disk_slower(at->world, 0, 1000000); /* a thousand times */
	request_id id = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, 10 * MS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cluster_told(at, id));
	EQUAL(cluster_told(at, id)->kind, MESSAGE_ANSWER);
	CU_ASSERT(world_process(at->world, 0)->disk.log_durable < last_index(at, 0));
	cluster_close();
}

CU_TestInfo raft_disk_tests[] = {
	{"a torn tail is dropped and fetched again", a_torn_tail_is_dropped_and_fetched_again},
	{"a lost term is learnt again from the log", a_lost_term_is_learnt_again_from_the_log},
	{"who lost its disk falls silent for ever and the others go on",
	 who_lost_its_disk_falls_silent_for_ever_and_the_others_go_on},
	{"a leader that reads a damaged entry falls silent",
	 a_leader_that_reads_a_damaged_entry_falls_silent},
	{"a follower that reads a damaged entry falls silent",
	 a_follower_that_reads_a_damaged_entry_falls_silent},
	{"who cannot read its last entry neither votes nor asks for votes",
	 who_cannot_read_its_last_entry_neither_votes_nor_asks_for_votes},
	{"a full disk acknowledges nothing and goes on when it has room",
	 a_full_disk_acknowledges_nothing_and_goes_on_when_it_has_room},
	{"a leader whose disk fails leads no more", a_leader_whose_disk_fails_leads_no_more},
	{"a slow disk of the leader keeps nobody waiting",
	 a_slow_disk_of_the_leader_keeps_nobody_waiting},
	CU_TEST_INFO_NULL,
};
