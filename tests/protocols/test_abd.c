/* abd: registers under quorums, driven by hand through the stories of its papers. */
#include "tests/protocols/cluster.h"

static const struct {
	nanoseconds retry[2];
	int64_t under_way;
} options = {{25 * MS, 50 * MS}, 8};

static void abd_options(struct setup *setup)
{
	setup->groups[0].options = &options;
}

static struct cluster *open_abd(unsigned members)
{
	return cluster_open_with("abd", members, abd_options);
}

static bool answered(const struct cluster *at, request_id id)
{
	const struct answer *told = cluster_told(at, id);

	return told && told->kind == MESSAGE_ANSWER;
}

static void what_one_member_wrote_every_other_reads(void)
{
	struct cluster *at = open_abd(5);

	for (process_id writer = 0; writer < 5; writer++) {
		request_id wrote = cluster_ask(at, writer, WRITE, 1, 10 + writer);

		cluster_run(at, 20 * MS);
		CU_ASSERT(answered(at, wrote));
		for (process_id reader = 0; reader < 5; reader++) {
			request_id read = cluster_ask(at, reader, READ, 1, 0);

			cluster_run(at, 20 * MS);
			CU_ASSERT_FATAL(answered(at, read));
			EQUAL(cluster_told(at, read)->told.result, 10 + writer);
		}
	}
	EQUAL(at->early, 0);
}

/* The writer would give it again, to another value. */
static void a_tag_that_a_crash_could_take_is_shown_to_nobody(void)
{
	struct cluster *at = open_abd(3);

	cluster_isolate(at, 2);
	world_disk_slower(at->world, 0, 100 * 1000);
	cluster_ask(at, 0, WRITE, 1, 5);
	cluster_run(at, 10 * MS);
	EQUAL(cluster_see(at, 0, "highest"), 1); /* and not durable yet */
	request_id read = cluster_ask(at, 1, READ, 1, 0);

	cluster_run(at, 20 * MS);
	EQUAL(cluster_see(at, 1, "highest"), 0);
	CU_ASSERT(!answered(at, read));
	cluster_run(at, 200 * MS);
	CU_ASSERT_FATAL(answered(at, read));
	EQUAL(cluster_told(at, read)->told.result, 5);
	EQUAL(at->early, 0);
}

static void a_key_never_written_reads_as_nothing(void)
{
	struct cluster *at = open_abd(3);
	request_id read = cluster_ask(at, 1, READ, 7, 0);

	cluster_run(at, 20 * MS);
	CU_ASSERT_FATAL(answered(at, read));
	EQUAL(cluster_told(at, read)->told.result, 0);
}

static void a_lone_member_answers_when_its_disk_has_it(void)
{
	struct cluster *at = open_abd(1);
	request_id wrote = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, MS); /* it has arrived, and waits for the sync */
	EQUAL(cluster_see(at, 0, "highest"), 1);
	CU_ASSERT(!answered(at, wrote));
	cluster_run(at, MS);
	CU_ASSERT(!answered(at, wrote)); /* on its way */
	cluster_run(at, MS);
	CU_ASSERT(answered(at, wrote));
}

/* n1 has chosen what to store, and nobody but itself has it. */
static void leave_half_done(struct cluster *at)
{
	cluster_ask(at, 0, WRITE, 1, 5);
	cluster_run(at, 3 * MS + MS / 2);
	world_cut(at->world, 0, 1);
	world_cut(at->world, 0, 2);
	cluster_run(at, 3 * MS);
	EQUAL(cluster_see(at, 0, "highest"), 1);
	EQUAL(cluster_see(at, 1, "highest"), 0);
	EQUAL(cluster_see(at, 2, "highest"), 0);
	world_mend(at->world, 0, 1);
}

/* One read finds the write with n1 alone; n1 dies; another read asks the others. */
static uint64_t read_again_elsewhere(bool buggy)
{
	struct cluster *at = open_abd(3);

	if (buggy)
		cluster_bug(at, "no-write-back");
	leave_half_done(at);
	request_id first = cluster_ask(at, 0, READ, 1, 0);

	cluster_run(at, 8 * MS);
	CU_ASSERT_FATAL(answered(at, first));
	EQUAL(cluster_told(at, first)->told.result, 5);
	world_crash_now(at->world, 0);
	request_id second = cluster_ask(at, 2, READ, 1, 0);

	cluster_run(at, 20 * MS);
	CU_ASSERT_FATAL(answered(at, second));
	return cluster_told(at, second)->told.result;
}

static void a_later_read_finds_no_less(void)
{
	EQUAL(read_again_elsewhere(false), 5);
	EQUAL(read_again_elsewhere(true), 0); /* the write-back is what it is for */
}

static void a_reader_takes_over_what_it_finds_elsewhere(void)
{
	struct cluster *at = open_abd(3);

	leave_half_done(at);
	world_cut(at->world, 1, 2); /* n2 asks n1 alone */
	request_id read = cluster_ask(at, 1, READ, 1, 0);

	cluster_run(at, 10 * MS);
	CU_ASSERT_FATAL(answered(at, read));
	EQUAL(cluster_told(at, read)->told.result, 5);
	EQUAL(cluster_see(at, 1, "highest"), 1);
}

static void two_writers_that_meet_take_different_tags(void)
{
	struct cluster *at = open_abd(3);
	uint64_t seen[3];

	for (process_id writer = 0; writer < 3; writer++) {
		cluster_ask(at, writer, WRITE, 1, 10 + writer);
		cluster_ask(at, writer, WRITE, 1,
			    20 + writer); /* its own do not share one either */
	}
	cluster_run(at, 100 * MS);
	EQUAL(cluster_see(at, 0, "highest"), 2);
	for (process_id reader = 0; reader < 3; reader++) {
		request_id read = cluster_ask(at, reader, READ, 1, 0);

		cluster_run(at, 20 * MS);
		CU_ASSERT_FATAL(answered(at, read));
		seen[reader] = cluster_told(at, read)->told.result;
	}
	EQUAL(seen[0], 22); /* the highest process has the last word */
	CU_ASSERT(seen[0] == seen[1] && seen[1] == seen[2]);
}

static void a_minority_answers_nothing_and_a_majority_goes_on(void)
{
	struct cluster *at = open_abd(5);

	cluster_isolate(at, 0);
	cluster_isolate(at, 1);
	request_id lost = cluster_ask(at, 0, WRITE, 1, 5);
	request_id read = cluster_ask(at, 1, READ, 1, 0);
	request_id done = cluster_ask(at, 3, WRITE, 1, 6);

	cluster_run(at, 500 * MS);
	CU_ASSERT(!answered(at, lost) && !answered(at, read));
	CU_ASSERT(answered(at, done));
	cluster_rejoin(at, 0);
	cluster_rejoin(at, 1);
	cluster_run(at, 1000 * MS); /* they have asked again */
	CU_ASSERT(answered(at, lost));
	CU_ASSERT_FATAL(answered(at, read));
	uint64_t result = cluster_told(at, read)->told.result;

	CU_ASSERT(result == 5 || result == 6);
}

static void half_of_an_even_number_is_no_majority(void)
{
	struct cluster *at = open_abd(4);

	cluster_isolate(at, 2);
	cluster_isolate(at, 3);
	request_id wrote = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, 500 * MS);
	CU_ASSERT(!answered(at, wrote));
}

static void copies_of_an_answer_count_once(void)
{
	struct cluster *at = open_abd(5);

	for (process_id other = 2; other < 5; other++)
		cluster_isolate(at, other);
	for (process_id who = 0; who < 2; who++)
		world_link(at->world, who, 1 - who)->duplicate = PROBABILITY_ONE;
	request_id wrote = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, 500 * MS);
	EQUAL(at->world->counters.duplicated, 3); /* the question, and its two answers */
	CU_ASSERT(!answered(at, wrote));
}

static void what_is_held_already_is_not_written_again(void)
{
	struct cluster *at = open_abd(3);

	for (process_id other = 1; other < 3; other++)
		world_link(at->world, 0, other)->duplicate = PROBABILITY_ONE;
	cluster_ask(at, 0, WRITE, 1, 5);
	cluster_run(at, 50 * MS);
	CU_ASSERT(at->world->counters.duplicated >= 4);
	EQUAL(at->world->counters.writes, 3);
}

static void what_was_answered_outlives_a_crash_of_all(void)
{
	struct cluster *at = open_abd(3);
	request_id wrote = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, 20 * MS);
	CU_ASSERT(answered(at, wrote));
	for (process_id who = 0; who < 3; who++)
		world_crash_now(at->world, who);
	for (process_id who = 0; who < 3; who++)
		world_restart(at->world, who);
	request_id read = cluster_ask(at, 2, READ, 1, 0);

	cluster_run(at, 20 * MS);
	CU_ASSERT_FATAL(answered(at, read));
	EQUAL(cluster_told(at, read)->told.result, 5);
	request_id next = cluster_ask(at, 1, WRITE, 1, 6);

	cluster_run(at, 20 * MS);
	CU_ASSERT(answered(at, next));
	EQUAL(cluster_see(at, 1, "highest"), 2); /* above what it had before the crash */
}

static void lost_messages_are_sent_again_until_a_majority_answers(void)
{
	struct cluster *at = open_abd(3);

	cluster_isolate(at, 0);
	request_id wrote = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, 3000 * MS);
	uint64_t sent = at->world->counters.sent;

	cluster_run(at, 3000 * MS);
	CU_ASSERT(at->world->counters.sent - sent <= 2 * 3000 / 200); /* ever more rarely */
	EQUAL(cluster_see(at, 0, "open"), 1);
	cluster_rejoin(at, 0);
	cluster_run(at, 900 * MS);
	CU_ASSERT(answered(at, wrote));
	EQUAL(cluster_see(at, 0, "open"), 0);
	sent = at->world->counters.sent;
	cluster_run(at, 3000 * MS);
	EQUAL(at->world->counters.sent, sent); /* and then no more */
}

static void who_has_its_hands_full_says_not_now(void)
{
	struct cluster *at = open_abd(3);
	request_id wrote[8];

	cluster_isolate(at, 0);
	for (unsigned i = 0; i < 8; i++)
		wrote[i] = cluster_ask(at, 0, WRITE, i, 10 + i);
	cluster_run(at, 20 * MS);
	request_id one_more = cluster_ask(at, 0, WRITE, 8, 18);

	cluster_run(at, 20 * MS);
	CU_ASSERT_FATAL(cluster_told(at, one_more) != NULL);
	EQUAL(cluster_told(at, one_more)->kind, MESSAGE_REDIRECT);
	EQUAL(cluster_told(at, one_more)->whom, 0);
	EQUAL(cluster_see(at, 0, "open"), 8);
	cluster_rejoin(at, 0);
	cluster_run(at, 500 * MS);
	for (unsigned i = 0; i < 8; i++)
		CU_ASSERT(answered(at, wrote[i]));
	EQUAL(cluster_see(at, 0, "open"), 0);
	one_more = cluster_ask(at, 0, WRITE, 8, 18); /* places are taken again */
	cluster_run(at, 20 * MS);
	CU_ASSERT(answered(at, one_more));
}

static void with_a_lost_disk_it_falls_silent_for_good(void)
{
	struct cluster *at = open_abd(3);

	cluster_run(at, 10 * MS);
	world_crash_now(at->world, 0);
	world_wipe(at->world, 0);
	for (unsigned boots = 1; boots <= 2; boots++) {
		world_restart(at->world, 0);
		cluster_run(at, 10 * MS);
		request_id id = cluster_ask(at, 0, READ, 1, 0);

		cluster_run(at, 10 * MS);
		EQUAL(cluster_told(at, id)->kind, MESSAGE_REDIRECT);
		EQUAL(cluster_saw(at, 0, SAW_SILENCED), boots);
		world_crash_now(at->world, 0);
	}
	world_restart(at->world, 0);
	request_id wrote = cluster_ask(at, 1, WRITE, 1, 5);

	cluster_run(at, 3 * MS + MS / 2);
	world_cut(at->world, 1, 2); /* who is silent acknowledges nothing */
	cluster_run(at, 200 * MS);
	CU_ASSERT(!answered(at, wrote));
	request_id read = cluster_ask(at, 1, READ, 2, 0);

	cluster_run(at, 200 * MS); /* nor does it say that there is nothing */
	CU_ASSERT(!answered(at, read));
	world_mend(at->world, 1, 2); /* and the others are a quorum */
	cluster_run(at, 500 * MS);
	CU_ASSERT(answered(at, wrote));
	cluster_close();
}

/* All three hold a value; n2's rots, and n3 is out of reach, so that n1 has nobody else. */
static struct cluster *open_with_rot(void)
{
	struct cluster *at = open_abd(3);
	request_id wrote = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, 50 * MS);
	CU_ASSERT(answered(at, wrote));
	CU_ASSERT(world_disk_rot_any(at->world, 1, 0, 0)); /* there is but one cell */
	cluster_isolate(at, 2);
	return at;
}

/* What n1 asks of n2, or a client of n2, is never answered: "never written" would be a lie. */
static void who_finds_a_rotten_cell_falls_silent(void)
{
	static const struct {
		process_id asked;
		unsigned what;
	} ways[] = {{0, READ}, {0, WRITE}, {1, READ}, {1, WRITE}};

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct cluster *at = open_with_rot();
		request_id id = cluster_ask(at, ways[i].asked, ways[i].what, 1, 6);

		cluster_run(at, 2000 * MS);
		CU_ASSERT(!answered(at, id));
		EQUAL(cluster_saw(at, 1, SAW_SILENCED), 1);
		cluster_rejoin(at, 2); /* n1 and n3 are a quorum */
		request_id after = cluster_ask(at, 0, READ, 1, 0);

		cluster_run(at, 2000 * MS);
		CU_ASSERT_FATAL(answered(at, after));
		CU_ASSERT(cluster_told(at, after)->told.result == 5 ||
			  cluster_told(at, after)->told.result == 6);
		CU_ASSERT(answered(at, id) == (ways[i].asked == 0));
		cluster_close();
	}
}

/* It rots between the phases of n1's write: with n2, who is told to store what is newer, or with
 * n1, who sends again what it stores. */
static void what_rots_between_the_phases_silences(void)
{
	for (process_id rots = 0; rots < 2; rots++) {
		struct cluster *at = open_abd(3);

		cluster_ask(at, 0, WRITE, 1, 5);
		cluster_run(at, 50 * MS);
		cluster_isolate(at, 2);
		request_id wrote = cluster_ask(at, 0, WRITE, 1, 6);

		cluster_run(at, 3 * MS + MS / 2);
		EQUAL(cluster_see(at, 0, "highest"), 2);
		if (rots == 0)
			world_cut(at->world, 0, 1);
		cluster_run(at, rots == 0 ? 3 * MS : 0);
		CU_ASSERT(world_disk_rot_any(at->world, rots, 0, 0));
		cluster_run(at, 60 * MS);
		EQUAL(cluster_saw(at, rots, SAW_SILENCED), 1);
		uint64_t sent = at->world->counters.sent;

		if (rots == 0)
			world_mend(at->world, 0, 1);
		cluster_run(at, 2000 * MS);
		CU_ASSERT(!answered(at, wrote));
		CU_ASSERT((at->world->counters.sent == sent) == (rots == 0)); /* n1 asks on */
		cluster_close();
	}
}

/* n2 and n3 hold a value, and n1 does not: with n3 out of reach nobody can tell what n2 has lost.
 */
static void a_rotten_cell_is_not_told_as_never_written(void)
{
	struct cluster *at = open_abd(3);

	cluster_isolate(at, 0);
	request_id wrote = cluster_ask(at, 1, WRITE, 1, 5);

	cluster_run(at, 500 * MS);
	CU_ASSERT(answered(at, wrote));
	CU_ASSERT(world_disk_rot_any(at->world, 1, 0, 0));
	cluster_isolate(at, 2);
	cluster_rejoin(at, 0);
	request_id read = cluster_ask(at, 0, READ, 1, 0);

	cluster_run(at, 2000 * MS);
	CU_ASSERT(!answered(at, read));
	cluster_close();
}

/* A write of key 2 is under way when a read of key 1 finds the rot. */
static void who_falls_silent_drops_its_other_operations(void)
{
	struct cluster *at = open_abd(3);

	cluster_ask(at, 0, WRITE, 1, 5);
	cluster_run(at, 50 * MS);
	CU_ASSERT(world_disk_rot_any(at->world, 0, 0, 0));
	request_id wrote = cluster_ask(at, 0, WRITE, 2, 6);
	request_id read = cluster_ask(at, 0, READ, 1, 0);

	cluster_run(at, 2000 * MS);
	CU_ASSERT(!answered(at, wrote) && !answered(at, read));
	uint64_t sent = at->world->counters.sent;

	cluster_run(at, 2000 * MS);
	EQUAL(at->world->counters.sent, sent);
	cluster_close();
}

static void a_rotten_cell_silences_at_boot(void)
{
	struct cluster *at = open_with_rot();

	world_crash_now(at->world, 1);
	world_restart(at->world, 1);
	request_id id = cluster_ask(at, 1, READ, 1, 0);

	cluster_run(at, 10 * MS);
	EQUAL(cluster_told(at, id)->kind, MESSAGE_REDIRECT);
	EQUAL(cluster_saw(at, 1, SAW_SILENCED), 1);
	cluster_close();
}

CU_TestInfo abd_tests[] = {
	{"what one member wrote every other reads", what_one_member_wrote_every_other_reads},
	{"a key never written reads as nothing", a_key_never_written_reads_as_nothing},
	{"a lone member answers when its disk has it", a_lone_member_answers_when_its_disk_has_it},
	{"a later read finds no less", a_later_read_finds_no_less},
	{"a tag that a crash could take is shown to nobody",
	 a_tag_that_a_crash_could_take_is_shown_to_nobody},
	{"a reader takes over what it finds elsewhere",
	 a_reader_takes_over_what_it_finds_elsewhere},
	{"two writers that meet take different tags", two_writers_that_meet_take_different_tags},
	{"a minority answers nothing and a majority goes on",
	 a_minority_answers_nothing_and_a_majority_goes_on},
	{"half of an even number is no majority", half_of_an_even_number_is_no_majority},
	{"copies of an answer count once", copies_of_an_answer_count_once},
	{"what is held already is not written again", what_is_held_already_is_not_written_again},
	{"what was answered outlives a crash of all", what_was_answered_outlives_a_crash_of_all},
	{"lost messages are sent again until a majority answers",
	 lost_messages_are_sent_again_until_a_majority_answers},
	{"who has its hands full says \"not now\"", who_has_its_hands_full_says_not_now},
	{"with a lost disk it falls silent for good", with_a_lost_disk_it_falls_silent_for_good},
	{"who finds a rotten cell falls silent, whatever it looked for",
	 who_finds_a_rotten_cell_falls_silent},
	{"what rots between the phases of an operation silences, too",
	 what_rots_between_the_phases_silences},
	{"a rotten cell is not told as never written", a_rotten_cell_is_not_told_as_never_written},
	{"who falls silent drops its other operations",
	 who_falls_silent_drops_its_other_operations},
	{"a rotten cell silences at boot", a_rotten_cell_silences_at_boot},
	CU_TEST_INFO_NULL,
};
