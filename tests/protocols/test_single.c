/* single: it answers what its disk has taken, and nothing else. */
#include "tests/protocols/cluster.h"

static void a_request_before_the_boot_is_counted_is_told_not_now(void)
{
	struct cluster *at = cluster_open("single", 1);
	request_id id = cluster_ask(at, 0, WRITE, 1, 5); /* arrives as the first sync ends */

	at->world->processes[0].disk.slower = 1000000; /* but the next one takes long */
	world_crash_now(at->world, 0);
	world_restart(at->world, 0);
	cluster_run(at, 2 * MS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cluster_told(at, id));
	EQUAL(cluster_told(at, id)->kind, MESSAGE_REDIRECT);
	EQUAL(cluster_told(at, id)->whom, 0);
}

static void a_write_is_answered_when_it_is_durable_and_not_before(void)
{
	struct cluster *at = cluster_open("single", 1);

	cluster_run(at, 10 * MS);
	request_id id = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, MS); /* it has arrived, and waits for the sync */
	EQUAL(cluster_see(at, 0, "commit"), 0);
	cluster_run(at, MS);
	EQUAL(cluster_see(at, 0, "commit"), 1);
	cluster_run(at, MS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cluster_told(at, id));
	EQUAL(cluster_told(at, id)->kind, MESSAGE_ANSWER);
	EQUAL(at->early, 0);
}

static void a_read_sees_what_was_answered_before_it(void)
{
	struct cluster *at = cluster_open("single", 1);

	cluster_run(at, 10 * MS);
	cluster_ask(at, 0, WRITE, 1, 5);
	cluster_run(at, 10 * MS);
	cluster_ask(at, 0, WRITE, 1, 6);
	request_id early = cluster_ask(at, 0, READ, 1, 0); /* the new value is not durable yet */

	cluster_run(at, 10 * MS);
	request_id late = cluster_ask(at, 0, READ, 1, 0);

	cluster_run(at, 10 * MS);
	EQUAL(cluster_told(at, early)->told.result, 5);
	EQUAL(cluster_told(at, late)->told.result, 6);
	EQUAL(cluster_saw(at, 0, SAW_READ_SERVED), 2);
}

static void a_crash_takes_back_only_what_was_never_answered(void)
{
	struct cluster *at = cluster_open("single", 1);

	cluster_run(at, 10 * MS);
	cluster_ask(at, 0, WRITE, 1, 5);
	cluster_run(at, 10 * MS);
	request_id lost = cluster_ask(at, 0, WRITE, 1, 6);

	cluster_run(at, MS);
	world_crash_now(at->world, 0);
	world_restart(at->world, 0);
	cluster_run(at, 10 * MS);
	request_id id = cluster_ask(at, 0, READ, 1, 0);

	cluster_run(at, 10 * MS);
	CU_ASSERT_PTR_NULL(cluster_told(at, lost));
	uint64_t result = cluster_told(at, id)->told.result;

	CU_ASSERT(result == 5 || result == 6); /* the write itself may have survived */
	EQUAL(cluster_see(at, 0, "term"), 2);
}

static void each_boot_takes_a_term_of_its_own(void)
{
	struct cluster *at = cluster_open("single", 1);

	for (unsigned boots = 1; boots <= 5; boots++) {
		cluster_run(at, 10 * MS);
		EQUAL(cluster_see(at, 0, "term"), boots);
		cluster_ask(at, 0, WRITE, boots, boots);
		cluster_run(at, 10 * MS);
		EQUAL(world_log(at->world, 0, boots)->term, boots);
		world_crash_now(at->world, 0);
		world_restart(at->world, 0);
		EQUAL(cluster_see(at, 0, "commit"), boots); /* applied anew at boot */
	}
}

static void a_write_torn_by_a_crash_is_dropped(void)
{
	struct cluster *at = cluster_open("single", 1);
	unsigned torn = 0;

	at->setup.disk.torn = PROBABILITY_ONE;
	for (unsigned i = 1; i <= 20; i++) {
		cluster_run(at, 10 * MS);
		cluster_ask(at, 0, WRITE, 1, i);
		cluster_run(at, MS);
		world_crash_now(at->world, 0);
		torn += world_process(at->world, 0)->disk.log_last >
			world_process(at->world, 0)->disk.log_durable;
		world_restart(at->world, 0);
		cluster_run(at, 10 * MS);
		EQUAL(cluster_see(at, 0, "commit"), world_process(at->world, 0)->disk.log_last);
	}
	CU_ASSERT(torn > 0);
}

static void with_a_lost_disk_or_a_rotten_record_it_falls_silent(void)
{
	for (unsigned lost = 0; lost <= 1; lost++) {
		struct cluster *at = cluster_open("single", 1);

		cluster_run(at, 10 * MS);
		cluster_ask(at, 0, WRITE, 1, 5);
		cluster_run(at, 10 * MS);
		world_crash_now(at->world, 0);
		if (lost)
			world_wipe(at->world, 0);
		else
			CU_ASSERT(world_disk_rot(at->world, 0, STORE_LOG, 1));
		world_restart(at->world, 0);
		request_id id = cluster_ask(at, 0, READ, 1, 0);

		cluster_run(at, 10 * MS);
		EQUAL(cluster_told(at, id)->kind, MESSAGE_REDIRECT);
		EQUAL(cluster_saw(at, 0, SAW_SILENCED), 1);
	}
}

static void what_rots_before_it_is_applied_is_not_answered(void)
{
	struct cluster *at = cluster_open("single", 1);

	cluster_run(at, 10 * MS);
	request_id id = cluster_ask(at, 0, WRITE, 1, 5);

	cluster_run(at, MS + MS / 2); /* it is on its way to the platter */
	world_pause(at->world, 0);
	cluster_run(at, 10 * MS);
	CU_ASSERT(world_disk_rot(at->world, 0, STORE_LOG, 1));
	world_resume(at->world, 0);
	cluster_run(at, 10 * MS);
	CU_ASSERT_PTR_NULL(cluster_told(at, id));
	EQUAL(cluster_saw(at, 0, SAW_SILENCED), 1);
	EQUAL(cluster_see(at, 0, "commit"), 0);
	cluster_close();
}

CU_TestInfo single_tests[] = {
	{"a request before the boot is counted is told not now",
	 a_request_before_the_boot_is_counted_is_told_not_now},
	{"a write is answered when it is durable and not before",
	 a_write_is_answered_when_it_is_durable_and_not_before},
	{"a read sees what was answered before it", a_read_sees_what_was_answered_before_it},
	{"a crash takes back only what was never answered",
	 a_crash_takes_back_only_what_was_never_answered},
	{"each boot takes a term of its own", each_boot_takes_a_term_of_its_own},
	{"a write torn by a crash is dropped", a_write_torn_by_a_crash_is_dropped},
	{"with a lost disk or a rotten record it falls silent",
	 with_a_lost_disk_or_a_rotten_record_it_falls_silent},
	{"what rots before it is applied is not answered",
	 what_rots_before_it_is_applied_is_not_answered},
	CU_TEST_INFO_NULL,
};
