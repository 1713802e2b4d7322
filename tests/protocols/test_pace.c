/* pace: when a process asks again, seen on abd, whose members ask each other. */
#include "tests/protocols/cluster.h"

static const struct {
	nanoseconds retry[2];
	int64_t under_way;
} options = {{25 * MS, 50 * MS}, 8};

static void abd_options(struct setup *setup)
{
	setup->groups[0].options = &options;
}

/* Links that take a while: twice as long as it waits at first. */
static void far_from_each_other(struct setup *setup)
{
	abd_options(setup);
	setup->link.latency = (struct distribution){.kind = CONSTANT, .a = 50 * MS, .b = 50 * MS};
}

static bool answered(const struct cluster *at, request_id id)
{
	const struct answer *told = cluster_told(at, id);

	return told && told->kind == MESSAGE_ANSWER;
}

/* How many messages the members sent in that time; clients' requests are none of them. */
static uint64_t sent_within(struct cluster *at, nanoseconds time)
{
	uint64_t before = at->world->counters.sent;

	cluster_run(at, time);
	return at->world->counters.sent - before;
}

/* A read of what was never written: two questions, two answers and the client's. */
enum { SENT_AT_LEAST = 5 };

static uint64_t sent_by_a_read(struct cluster *at)
{
	request_id read = cluster_ask(at, 0, READ, 1, 0);
	uint64_t sent = sent_within(at, 2000 * MS);

	CU_ASSERT(answered(at, read));
	return sent;
}

static void it_learns_how_long_answers_take(void)
{
	struct cluster *at = cluster_open_with("abd", 3, far_from_each_other);

	CU_ASSERT(sent_by_a_read(at) > SENT_AT_LEAST); /* it knows nothing yet */
	for (unsigned i = 0; i < 10; i++)
		sent_by_a_read(at);
	EQUAL(sent_by_a_read(at), SENT_AT_LEAST);
	for (unsigned i = 0; i < 8; i++)
		cluster_ask(at, 0, READ, i, 0);
	EQUAL(sent_within(at, 2000 * MS), 8 * SENT_AT_LEAST);
	for (unsigned i = 0; i < 10; i++)
		sent_by_a_read(at);
	cluster_isolate(at, 0);
	cluster_ask(at, 0, READ, 1, 0);
	CU_ASSERT(sent_within(at, 350 * MS) > 2); /* and waits hardly longer */
}

/* Whatever a process asks goes slower, not only what has waited in vain. */
static void a_wait_in_vain_slows_down_all_that_is_asked(void)
{
	struct cluster *at = cluster_open_with("abd", 3, abd_options);

	cluster_isolate(at, 0);
	cluster_ask(at, 0, READ, 1, 0);
	EQUAL(sent_within(at, 20 * MS), 2);
	CU_ASSERT(sent_within(at, 980 * MS) >= 2 * 4);
	cluster_run(at, 2000 * MS);
	uint64_t one = sent_within(at, 8000 * MS);

	CU_ASSERT(one >= 2 * 8000 / 800 && one <= 2 * 8000 / 400); /* the longest wait */
	request_id other = cluster_ask(at, 0, READ, 2, 0);

	cluster_run(at, 20 * MS);
	EQUAL(cluster_see(at, 0, "open"), 2);
	CU_ASSERT(sent_within(at, 380 * MS) <= 2); /* the first one's, if any */
	cluster_rejoin(at, 0);
	cluster_run(at, 810 * MS);
	CU_ASSERT(answered(at, other));
	EQUAL(cluster_see(at, 0, "open"), 0);
}

/* A read of what was never written is one question; a write is two, and its second is asked once.
 */
static void one_answer_to_what_was_asked_once_ends_that(void)
{
	static const struct {
		unsigned waits;
		bool then_reads, ends;
	} ways[] = {{READ, false, false}, {READ, true, true}, {WRITE, false, true}};

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct cluster *at = cluster_open_with("abd", 3, abd_options);

		cluster_isolate(at, 0);
		cluster_ask(at, 0, ways[i].waits, 1, 5);
		cluster_run(at, 3000 * MS);
		cluster_rejoin(at, 0);
		cluster_run(at, 820 * MS); /* it is answered, and was asked often */
		EQUAL(cluster_see(at, 0, "open"), 0);
		if (ways[i].then_reads)
			EQUAL(sent_by_a_read(at), SENT_AT_LEAST);
		cluster_isolate(at, 0);
		cluster_ask(at, 0, READ, 2, 0);
		CU_ASSERT((sent_within(at, 60 * MS) >= 4) == ways[i].ends);
	}
	cluster_close();
}

CU_TestInfo pace_tests[] = {
	{"it learns how long answers take", it_learns_how_long_answers_take},
	{"a wait in vain slows down all that is asked",
	 a_wait_in_vain_slows_down_all_that_is_asked},
	{"one answer to what was asked once ends that",
	 one_answer_to_what_was_asked_once_ends_that},
	CU_TEST_INFO_NULL,
};
