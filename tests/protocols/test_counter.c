/* counter: one group on another, driven by hand: machines, proposals, what is told from below. */
#include "tests/protocols/cluster.h"

static const nanoseconds retry[2] = {200 * MS, 200 * MS};

/* The members of the base are the first, those of the counter the rest. */
static void put_counter_on_top(struct setup *setup)
{
	setup->groups[1] = setup->groups[0];
	setup->groups[1].protocol = protocol_named("counter");
	setup->groups[1].options = retry;
	setup->groups[1].on = 1;
	setup->groups[0].app = NULL;
	setup->group_count = 2;
}

static struct cluster *open_on(const char *base, unsigned members)
{
	return cluster_open_with(base, members, put_counter_on_top);
}

static bool answered(const struct cluster *at, request_id id)
{
	const struct answer *told = cluster_told(at, id);

	return told && told->kind == MESSAGE_ANSWER;
}

static uint64_t read_at(struct cluster *at, process_id whom, uint64_t key)
{
	request_id id = cluster_ask(at, whom, READ, key, 0);

	cluster_run(at, 50 * MS);
	CU_ASSERT_FATAL(answered(at, id));
	return cluster_told(at, id)->told.result;
}

/* ---- On single ------------------------------------------------------------------------------- */

static void what_is_asked_is_answered_once_it_is_applied_below(void)
{
	struct cluster *at = open_on("single", 1);

	cluster_run(at, 10 * MS);
	request_id wrote = cluster_ask(at, 1, WRITE, 1, 5);

	cluster_run(at, MS + MS / 2); /* below, it waits for the disk */
	EQUAL(cluster_see(at, 1, "waiting"), 1);
	EQUAL(cluster_see(at, 1, "applied"), 0);
	cluster_run(at, 2 * MS);
	CU_ASSERT(answered(at, wrote));
	EQUAL(cluster_see(at, 1, "waiting"), 0);
	EQUAL(cluster_see(at, 0, "commit"), 1);
	EQUAL(read_at(at, 1, 1), 5);
	EQUAL(world_process(at->world, 1)->applied, 2);
}

static void a_machine_crashes_as_one_and_comes_back_as_one(void)
{
	for (process_id hit = 0; hit < 2; hit++) {
		struct cluster *at = open_on("single", 1);

		cluster_run(at, 10 * MS);
		cluster_ask(at, 1, WRITE, 1, 5);
		cluster_run(at, 10 * MS);
		world_crash_now(at->world, hit);
		EQUAL(world_process(at->world, 0)->status, DOWN);
		EQUAL(world_process(at->world, 1)->status, DOWN);
		world_restart(at->world, hit);
		EQUAL(world_process(at->world, 0)->status, UP);
		EQUAL(world_process(at->world, 1)->status, UP);
		EQUAL(world_process(at->world, 1)->boots, 2);
		cluster_run(at, 10 * MS);
		EQUAL(cluster_see(at, 1, "applied"), 1); /* told again, from the first one */
		EQUAL(read_at(at, 1, 1), 5);
	}
}

static void who_dies_of_its_disk_keeps_its_machine_down(void)
{
	struct cluster *at = open_on("single", 1);

	cluster_run(at, 10 * MS);
	world_disk_failing(at->world, 0, PROBABILITY_ONE);
	cluster_ask(at, 1, WRITE, 1, 5);
	cluster_run(at, 10 * MS);
	EQUAL(world_process(at->world, 0)->status, DOWN);
	EQUAL(world_process(at->world, 1)->status, DOWN);
	world_restart(at->world, 1);
	EQUAL(world_process(at->world, 1)->status, DOWN);
	world_disk_failing(at->world, 0, 0);
	EQUAL(world_process(at->world, 0)->status, UP);
	EQUAL(world_process(at->world, 1)->status, UP);
}

static void wandering_clocks(struct setup *setup)
{
	put_counter_on_top(setup);
	setup->drift_ppm = 10000;
	setup->clock_offset = (struct distribution){.kind = UNIFORM, .a = 0, .b = 1000 * MS};
}

static void a_machine_has_one_clock(void)
{
	struct cluster *at = cluster_open_with("raft", 3, wandering_clocks);
	bool differ = false;

	for (process_id who = 0; who < 3; who++) {
		const struct clock *below = &world_process(at->world, who)->clock;
		const struct clock *above = &world_process(at->world, who + 3)->clock;

		EQUAL(below->ppm, above->ppm);
		EQUAL(below->wall_ahead, above->wall_ahead);
		differ |= below->ppm != world_process(at->world, 0)->clock.ppm;
	}
	CU_ASSERT(differ);
}

/* What was asked under that id comes to the log once more, as if it had been proposed again. */
static void propose_again(struct cluster *at, request_id id)
{
	char command[64];

	memcpy(command, &id, sizeof(id));
	memcpy(command + sizeof(id), at->sent[id >> 16], 32);
	world_request(at->world, 0, 0,
		      &(struct request){.id = (request_id)TOLD_MAX << 16,
					.kind = REQUEST_WRITE,
					.command = command,
					.size = sizeof(id) + 32});
}

/* More than a paused process's socket takes. */
static void nothing_that_was_applied_is_lost_in_a_pause(void)
{
	enum { MANY = INBOX_MAX + 76 };
	struct cluster *at = open_on("single", 1);

	cluster_run(at, 10 * MS);
	request_id first = cluster_ask(at, 1, WRITE, 1, 5);

	for (unsigned i = 0; i < MANY; i++)
		propose_again(at, first);
	cluster_run(at, 20 * MS);
	world_crash_now(at->world, 0);
	world_restart(at->world, 0); /* all at once, from the first one on */
	world_pause(at->world, 1);
	cluster_run(at, 20 * MS);
	EQUAL(cluster_see(at, 0, "commit"), MANY + 1);
	EQUAL(cluster_see(at, 1, "applied"), 0);
	world_resume(at->world, 1);
	cluster_run(at, MS);
	EQUAL(cluster_see(at, 1, "applied"), MANY + 1);
	EQUAL(at->world->counters.inbox_dropped, 0);
}

/* Of all that is due, the one that came last is chosen. */
static uint64_t choose_last(struct choice_source *source, address_t address, uint64_t bound)
{
	(void)source;
	return address >> 58 == CHOICE_NEXT ? bound - 1 : CHOICE_LEFT_TO_SEED;
}

static void what_is_applied_is_told_in_order_whatever_is_chosen_next(void)
{
	struct cluster *at = open_on("single", 1);
	struct choice_source source = {.ask = choose_last};

	cluster_run(at, 10 * MS);
	for (unsigned i = 1; i <= 20; i++) {
		cluster_ask(at, 1, WRITE, 1, i);
		cluster_run(at, 5 * MS);
	}
	world_crash_now(at->world, 0);
	world_restart(at->world, 0);
	at->world->choices.source = &source;
	for (uint64_t last = 0; last < 20 && world_step(at->world);) {
		uint64_t now = cluster_see(at, 1, "applied");

		CU_ASSERT(now == last || now == last + 1);
		last = now;
	}
	at->world->choices.source = NULL;
	EQUAL(cluster_see(at, 1, "applied"), 20);
	EQUAL(read_at(at, 1, 1), 20);
}

static uint64_t proposed_within(struct cluster *at, nanoseconds time)
{
	uint64_t before = at->world->proposals;

	cluster_run(at, time);
	return at->world->proposals - before;
}

static void who_proposes_in_vain_does_so_ever_more_rarely(void)
{
	struct cluster *at = open_on("single", 1);

	cluster_run(at, 10 * MS);
	world_pause(at->world, 0); /* the base applies nothing any more */
	cluster_ask(at, 1, WRITE, 1, 5);
	EQUAL(proposed_within(at, 700 * MS), 3);
	cluster_run(at, 6000 * MS);
	CU_ASSERT(proposed_within(at, 16000 * MS) <= 5);
	world_resume(at->world, 0);
	cluster_run(at, 10 * MS);
	cluster_ask(at, 1, WRITE, 1, 6); /* is proposed once, and answered */
	cluster_run(at, 10 * MS);
	EQUAL(cluster_see(at, 1, "waiting"), 0);
	world_pause(at->world, 0);
	cluster_ask(at, 1, WRITE, 1, 7);
	EQUAL(proposed_within(at, 700 * MS), 3);
}

static void who_has_proposed_enough_says_not_now(void)
{
	enum { UNDER_WAY = 64 };
	struct cluster *at = open_on("single", 1);
	request_id asked[UNDER_WAY + 1];

	cluster_run(at, 10 * MS);
	world_disk_slower(at->world, 0, 100 * 1000); /* the base applies nothing for a while */
	for (unsigned i = 0; i <= UNDER_WAY; i++)
		asked[i] = cluster_ask(at, 1, WRITE, 1, 1 + i);
	cluster_run(at, 5 * MS);
	EQUAL(cluster_see(at, 1, "waiting"), UNDER_WAY);
	CU_ASSERT_FATAL(cluster_told(at, asked[UNDER_WAY]) != NULL);
	EQUAL(cluster_told(at, asked[UNDER_WAY])->kind, MESSAGE_REDIRECT);
	cluster_run(at, 500 * MS);
	for (unsigned i = 0; i < UNDER_WAY; i++)
		CU_ASSERT(answered(at, asked[i]));
	EQUAL(cluster_see(at, 1, "waiting"), 0);
}

static void an_answer_before_it_is_applied_may_be_taken_back(void)
{
	struct cluster *at = open_on("single", 1);

	cluster_bug(at, "answers-before-applied");
	cluster_run(at, 10 * MS);
	world_process(at->world, 0)->disk.slower = 100000;
	request_id wrote = cluster_ask(at, 1, WRITE, 1, 5);

	cluster_run(at, 3 * MS);
	CU_ASSERT(answered(at, wrote));
	world_process(at->world, 0)->disk.slower = 1000;
	at->setup.disk.crash = CRASH_LOSE_UNSYNCED;
	world_crash_now(at->world, 0);
	world_restart(at->world, 0);
	EQUAL(world_process(at->world, 0)->disk.log_last <= 1, true);
	EQUAL(cluster_see(at, 1, "applied"), 0);
}

/* ---- On raft --------------------------------------------------------------------------------- */

static process_id elected(struct cluster *at)
{
	for (int i = 0; i < 500 && world_leader(at->world, 0) == NO_PROCESS; i++)
		cluster_run(at, 10 * MS);
	cluster_run(at, 100 * MS); /* until all know it */
	return world_leader(at->world, 0);
}

static void a_proposal_follows_its_redirect_to_the_leader(void)
{
	struct cluster *at = open_on("raft", 3);
	process_id leader = elected(at);

	for (process_id who = 3; who < 6; who++) {
		request_id wrote = cluster_ask(at, who, WRITE, 1, who);

		cluster_run(at,
			    60 * MS); /* a follower learns of a commit with the next heartbeat */
		CU_ASSERT(answered(at, wrote));
		EQUAL(world_log(at->world, leader, who - 1)->index, who - 1);
	}
	CU_ASSERT(!(at->world->sometimes[1] & 1)); /* none was proposed again */
	EQUAL(read_at(at, 4, 1), 5);
}

static void a_lost_proposal_is_made_again_and_counts_once(void)
{
	struct cluster *at = open_on("raft", 3);
	process_id leader = elected(at), other = leader == 0 ? 1 : 0;

	world_cut(at->world, other, leader);
	request_id lost = cluster_ask(at, other + 3, WRITE, 1, 5);

	cluster_run(at, 700 * MS); /* it is lost each time */
	CU_ASSERT(!answered(at, lost));
	EQUAL(cluster_see(at, other + 3, "waiting"), 1);
	world_mend(at->world, other, leader);
	/* Its answer would leave, but its own base hears of no commit: it proposes and proposes. */
	world_cut(at->world, leader, other);
	cluster_run(at, 120 * MS);
	world_mend(at->world, leader, other);
	cluster_run(at, 2000 * MS);
	CU_ASSERT(answered(at, lost));
	EQUAL(cluster_see(at, other + 3, "waiting"), 0);
	CU_ASSERT(at->world->sometimes[1] & 1);
	EQUAL(read_at(at, leader + 3, 1), 5);
}

static void an_operation_that_is_applied_twice_happens_once(void)
{
	for (unsigned buggy = 0; buggy < 2; buggy++) {
		struct cluster *at = open_on("single", 1);

		if (buggy)
			cluster_bug(at, "counts-twice");
		cluster_run(at, 10 * MS);
		request_id first = cluster_ask(at, 1, WRITE, 1, 5);

		cluster_run(at, 10 * MS);
		cluster_ask(at, 1, WRITE, 1, 6);
		cluster_run(at, 10 * MS);
		propose_again(at, first);
		cluster_run(at, 10 * MS);
		EQUAL(cluster_see(at, 1, "applied"), 3);
		CU_ASSERT(at->world->sometimes[1] >> 1 & 1);
		EQUAL(read_at(at, 1, 1), buggy ? 5 : 6);
	}
	cluster_close();
}

CU_TestInfo counter_tests[] = {
	{"what is asked is answered once it is applied below",
	 what_is_asked_is_answered_once_it_is_applied_below},
	{"a machine crashes as one and comes back as one",
	 a_machine_crashes_as_one_and_comes_back_as_one},
	{"who dies of its disk keeps its machine down",
	 who_dies_of_its_disk_keeps_its_machine_down},
	{"a machine has one clock", a_machine_has_one_clock},
	{"nothing that was applied is lost in a pause",
	 nothing_that_was_applied_is_lost_in_a_pause},
	{"what is applied is told in order whatever is chosen next",
	 what_is_applied_is_told_in_order_whatever_is_chosen_next},
	{"who proposes in vain does so ever more rarely",
	 who_proposes_in_vain_does_so_ever_more_rarely},
	{"who has proposed enough says \"not now\"", who_has_proposed_enough_says_not_now},
	{"an answer before it is applied may be taken back",
	 an_answer_before_it_is_applied_may_be_taken_back},
	{"a proposal follows its redirect to the leader",
	 a_proposal_follows_its_redirect_to_the_leader},
	{"a lost proposal is made again and counts once",
	 a_lost_proposal_is_made_again_and_counts_once},
	{"an operation that is applied twice happens once",
	 an_operation_that_is_applied_twice_happens_once},
	CU_TEST_INFO_NULL,
};
