/* What breaks a disk: failed writes, a full disk, syncs that lie, rot, a disk that is lost. */
#include "tests/world/disk_words.h"

static void send_and_write(struct env *env, uint64_t number)
{
	append(env, 1, "w");
	play_send(env, 1, PLAIN, number);
}

static void a_write_error_undoes_that_write_and_all_after_it(void)
{
	play_prepare();
	play.tell_log = true;
	play_begin();
	send_and_write(play_enter(0), 1);
	play_leave();
	play_run(1500 * US);
	world_disk_failing(play.world, 0, PROBABILITY_ONE);
	send_and_write(play_enter(0), 2);
	env_observe(play_env(0), SAW_VOTED, 1, 0, 0, NULL, 0);
	play_leave();
	play_run(2 * MS);
	send_and_write(play_enter(0), 3);
	env_log_truncate(play_env(0), 1);
	play_leave();
	LOG(0, "empty 1");
	TOLD("n1+1@0 n1.kept(1)@1000 n1.durable(1)@1000 n1+2@1500 n2<1@2000 n1+3@2000 n1-1@2000");
	play_run(3 * MS);
	TOLD("n1.withdrawn(1)@2500 n1.recovered(1)@2500 n1.kept(1)@2500 "
	     "n1.failed(2)@2500");
	LOG(0, "1:w/1");
	EQUAL(env_log_durable(play_env(0)), 1);
	world_disk_failing(play.world, 0, 0);
	send_and_write(play_enter(0), 4);
	play_leave();
	play_run(S);
	TOLD("n1+2@3000 n1.kept(2)@4000 n1.durable(5)@4000 n2<4@5000");
	EQUAL(world_process(play.world, 0)->status, UP);
}

static void a_full_disk_fails_the_first_write_that_grows(void)
{
	play_prepare();
	begin_abc();
	play.tell_log = true;
	world_disk_full(play.world, 0, true);
	env_log_truncate(play_enter(0), 3);
	play_send(play_env(0), 1, PLAIN, 1);
	play_leave();
	play_run(5 * MS);
	TOLD("n1-3@1000 n1.durable(4)@2000 n2<1@3000");
	env_log_truncate(play_enter(0), 2);
	play_send_after(play_env(0), env_log_ticket(play_env(0)), 1, PLAIN, 2);
	append(play_env(0), 2, "x");
	play_send(play_env(0), 1, PLAIN, 3);
	play_leave();
	play_run(10 * MS);
	TOLD("n1-2@5000 n1+2@5000 n1.recovered(2)@6000 n1.full(6)@6000 n2<2@7000");
	LOG(0, "1:a/1");
	world_disk_full(play.world, 0, false);
	append(play_enter(0), 2, "y");
	play_leave();
	play_run(S);
	TOLD("n1+2@10000 n1.kept(2)@11000 n1.durable(7)@11000");
}

static void a_full_disk_has_room_again_when_the_fault_ends(void)
{
	play_prepare();
	play.tell_log = true;
	play_begin();
	append(play_enter(0), 1, "a");
	append(play_env(0), 1, "b");
	play_leave();
	play_run(500 * US);
	world_disk_full(play.world, 0, true);
	play_run(S);
	TOLD("n1+1@0 n1+2@0 n1.recovered(1)@1000 n1.full(1)@1000");
	world_disk_full(play.world, 0, false);
	append(play_enter(0), 1, "a");
	play_leave();
	play_run(2 * S);
	TOLD("n1+1@1000000 n1.kept(1)@1001000 n1.durable(3)@1001000");
}

static void who_cannot_take_a_failed_write_crashes_and_boots_when_the_fault_ends(void)
{
	play_prepare();
	play.setup.groups[0].protocol = &players_helpless;
	play_begin();
	world_disk_failing(play.world, 0, PROBABILITY_ONE);
	put(play_enter(0), 1, "x");
	play_leave();
	play_run(S);
	TOLD("");
	EQUAL(world_process(play.world, 0)->status, DOWN);
	world_restart(play.world, 0); /* its disk still fails */
	EQUAL(world_process(play.world, 0)->status, DOWN);
	world_disk_full(play.world, 0, true);
	world_disk_failing(play.world, 0, 0);
	EQUAL(world_process(play.world, 0)->status, DOWN);
	world_disk_full(play.world, 0, false);
	EQUAL(world_process(play.world, 0)->status, UP);
	TOLD("n1.boot(1)@1000000");
	world_disk_full(play.world, 0, true);
	put(play_enter(0), 1, "x");
	play_leave();
	play_run(2 * S);
	world_disk_failing(play.world, 0, PROBABILITY_ONE);
	world_disk_full(play.world, 0, false);
	EQUAL(world_process(play.world, 0)->status, DOWN);
	world_disk_failing(play.world, 0, 0);
	EQUAL(world_process(play.world, 0)->status, UP);
}

static void a_paused_process_hears_of_a_failed_write_once_it_resumes(void)
{
	begin();
	put(play_enter(0), 1, "x");
	play_send(play_env(0), 1, PLAIN, 1);
	play_leave();
	play_run(500 * US);
	put(play_enter(0), 2, "y");
	play_send(play_env(0), 1, PLAIN, 2);
	play_leave();
	world_pause(play.world, 0);
	play_run(1500 * US);
	world_disk_failing(play.world, 0, PROBABILITY_ONE);
	play_run(5 * MS);
	TOLD("");
	CELLS(0, "1=x");
	world_disk_failing(play.world, 0, 0);
	world_resume(play.world, 0);
	play_run(S);
	TOLD("n1.failed(2)@5000 n1.durable(2)@5000 n2<1@6000");
}

static void a_sync_that_lies_makes_durable_what_a_crash_takes(void)
{
	play_prepare();
	loses(1, 0, 4);
	begin_abc();
	world_disk_lying(play.world, 0, true);
	struct env *env = play_enter(0);
	env_log_truncate(env, 3);
	append(env, 2, "x");
	append(env, 2, "y");
	play_send(env, 1, PROMISE, 1);
	play_leave();
	play_run(2 * MS);
	TOLD("n1.durable(6)@2000");
	EQUAL(env_log_durable(play_env(0)), 4);
	put(play_enter(0), 1, "z");
	play_leave();
	play_run(10 * MS);
	TOLD("n2<1@3000 n1.durable(7)@3000");
	crash_and_restart(0);
	LOG(0, "1:a/1 2:b/1 3:c/1");
	CELLS(0, "");
	EQUAL(play.world->counters.betrayed, 4);
	append(play_enter(0), 2, "x");
	play_leave();
	crash_and_restart(0); /* no sync had said anything of it */
	EQUAL(play.world->counters.betrayed, 4);
}

static void a_sync_that_does_not_lie_covers_what_others_lied_about(void)
{
	play_prepare();
	loses(1, 0, 9);
	begin_abc();
	world_disk_lying(play.world, 0, true);
	append(play_enter(0), 2, "x");
	play_leave();
	play_run(5 * MS);
	world_disk_lying(play.world, 0, false);
	put(play_enter(0), 1, "z");
	play_leave();
	play_run(S);
	crash_and_restart(0);
	LOG(0, "1:a/1 2:b/1 3:c/1 4:x/2");
	CELLS(0, "1=z");
}

static void rot_reads_as_rotten_and_stays(void)
{
	play_prepare();
	loses(1, 0, 1);
	begin_abc();
	append(play_enter(0), 1, "d");
	play_leave();
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_LOG, 4)); /* not durable yet */
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_LOG, 5));
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_LOG, 0));
	CU_ASSERT(world_disk_rot(play.world, 0, STORE_LOG, 2));
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_LOG, 2));
	LOG(0, "1:a/1 2:rotten 3:c/1 4:d/1");
	CU_ASSERT_PTR_NULL(world_log(play.world, 0, 2));
	play_run(2 * MS);
	env_log_truncate(play_enter(0), 2);
	play_leave();
	crash_and_restart(0); /* undone */
	LOG(0, "1:a/1 2:rotten 3:c/1 4:d/1");
	world_crash_now(play.world, 0);
	world_wipe(play.world, 0);
}

static enum record cell_state(process_id id, uint64_t key)
{
	const void *value;
	size_t size;

	return env_cell_get(play_env(id), key, &value, &size);
}

static enum record snapshot_state(process_id id)
{
	struct snapshot_view view;

	return env_snapshot_get(play_env(id), &view);
}

static void write_all_three(const char *value)
{
	put(play_enter(0), 5, value);
	stage(play_env(0), 0, value);
	commit(play_env(0), 1, "head");
	play_leave();
}

static void cells_and_snapshots_rot_once_durable_until_written_anew(void)
{
	play_prepare();
	loses(1, 0, 3);
	begin_abc();
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_CELLS, 5));
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_SNAPSHOT, 0));
	write_all_three("old");
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_CELLS, 5)); /* on their way */
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_SNAPSHOT, 0));
	play_run(3 * MS);
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_CELLS, 4));
	CU_ASSERT(world_disk_rot(play.world, 0, STORE_CELLS, 5));
	CU_ASSERT(!world_disk_rot(play.world, 0, STORE_CELLS, 5)); /* once is enough */
	CU_ASSERT(world_disk_rot(play.world, 0, STORE_SNAPSHOT, 0));
	EQUAL(cell_state(0, 5), ROTTEN);
	EQUAL(snapshot_state(0), ROTTEN);
	EQUAL(env_cell_next(play_env(0), 0), 5); /* it is there */
	write_all_three("new");
	EQUAL(cell_state(0, 5), WHOLE);
	EQUAL(snapshot_state(0), WHOLE);
	crash_and_restart(0); /* the new ones are lost, and what rotted is back */
	EQUAL(cell_state(0, 5), ROTTEN);
	EQUAL(snapshot_state(0), ROTTEN);
	write_all_three("new");
	play_run(S);
	CELLS(0, "5=new");
	SNAPSHOT(0, "1 head new");
}

/* Everything that n1 has durably: three log records, two cells, a snapshot. */
static unsigned rotten_things(void)
{
	struct record_view view;
	unsigned rotten = snapshot_state(0) == ROTTEN;

	for (uint64_t index = 1; index <= 3; index++)
		rotten |= (env_log_read(play_env(0), index, &view) == ROTTEN ? 1u : 0) << index;
	rotten |= (cell_state(0, 5) == ROTTEN ? 1u : 0) << 4;
	rotten |= (cell_state(0, 6) == ROTTEN ? 1u : 0) << 5;
	return rotten;
}

static void what_rots_is_a_choice_of_all_that_is_durable(void)
{
	unsigned ever = 0;

	for (unsigned number = 0; number < 100; number++) {
		play_prepare();
		begin_abc();
		CU_ASSERT(!world_disk_rot_any(play.world, 1, 7, number)); /* n2 has nothing */
		write_all_three("x");
		put(play_enter(0), 6, "y");
		play_leave();
		play_run(4 * MS);
		append(play_enter(0), 1, "never: not durable yet");
		play_leave();
		CU_ASSERT(world_disk_rot_any(play.world, 0, 7, number));
		unsigned first = rotten_things();
		EQUAL(__builtin_popcount(first), 1);
		ever |= first;
		for (unsigned left = 5; left > 0; left--)
			CU_ASSERT(world_disk_rot_any(play.world, 0, 7, number));
		CU_ASSERT(!world_disk_rot_any(play.world, 0, 7, number)); /* nothing is whole */
		EQUAL(rotten_things(), 63);
	}
	EQUAL(ever, 63);
}

static void a_log_is_attached_up_to_the_first_record_that_is_not_whole(void)
{
	begin_abc();
	world_disk_rot(play.world, 0, STORE_LOG, 3);
	struct env *env = play_enter(0);
	void *body = env_send(env, 1, PLAIN, 0);
	EQUAL(env_attach_log(env, body, 1, 2), 2);
	EQUAL(env_attach_log(env, body, 2, 3), 1);
	EQUAL(env_attach_log(env, body, 3, 3), 0);
	EQUAL(env_record_count(body), 3);
	play_leave();
	play_run(S);
}

static void a_wiped_disk_is_empty_and_its_process_told(void)
{
	play_prepare();
	play.tell_log = true;
	play_begin();
	struct env *env = play_enter(0);
	append(env, 1, "a");
	put(env, 1, "x");
	stage(env, 0, "image");
	commit(env, 1, "head");
	stage(env, 0, "more");
	play_leave();
	play_run(MS);
	world_crash_now(play.world, 0);
	TOLD("n1+1@0 n1.kept(1)@1000 n1.durable(5)@1000 n1.recovered(18446744073709551615)@1000");
	world_wipe(play.world, 0);
	world_restart(play.world, 0);
	TOLD("n1.recovered(1)@1000 n1.boot(2)@1000");
	LOG(0, "empty 1");
	CELLS(0, "");
	SNAPSHOT(0, "none");
	EQUAL(env_snapshot_staged(play_env(0)), 0);
	EQUAL(env_log_durable(play_env(0)), 0);
	append(play_enter(0), 1, "b");
	play_leave();
	play_run(S);
	TOLD("n1+1@1000 n1.kept(1)@2000 n1.durable(6)@2000");
	crash_and_restart(0);
	CU_ASSERT(play_count("n1.boot(1)") == 1);
}

static void a_wiped_disk_is_empty_until_something_stays_on_it(void)
{
	play_prepare();
	play.setup.disk.torn = PROBABILITY_ONE;
	loses(1, 0, 1);
	begin_abc();
	world_crash_now(play.world, 0);
	world_wipe(play.world, 0);
	world_restart(play.world, 0);
	append(play_enter(0), 1, "x");
	play_leave();
	crash_and_restart(0); /* it was lost, and stands torn: a read can't tell what it was */
	LOG(0, "1:torn");
	TOLD("n1.boot(2)@1000 n1.boot(2)@1000");
	env_log_truncate(play_enter(0), 1);
	append(play_env(0), 1, "x");
	play_leave();
	play_run(S);
	crash_and_restart(0);
	TOLD("n1.durable(6)@2000 n1.boot(1)@1000000");
}

CU_TestInfo disk_faults_tests[] = {
	{"a write error undoes that write and all after it",
	 a_write_error_undoes_that_write_and_all_after_it},
	{"a full disk fails the first write that grows",
	 a_full_disk_fails_the_first_write_that_grows},
	{"a full disk has room again when the fault ends",
	 a_full_disk_has_room_again_when_the_fault_ends},
	{"who cannot take a failed write crashes, and boots when the fault ends",
	 who_cannot_take_a_failed_write_crashes_and_boots_when_the_fault_ends},
	{"a paused process hears of a failed write once it resumes",
	 a_paused_process_hears_of_a_failed_write_once_it_resumes},
	{"a sync that lies makes durable what a crash takes",
	 a_sync_that_lies_makes_durable_what_a_crash_takes},
	{"a sync that does not lie covers what others lied about",
	 a_sync_that_does_not_lie_covers_what_others_lied_about},
	{"rot reads as rotten, and stays", rot_reads_as_rotten_and_stays},
	{"cells and snapshots rot once they are durable, until they are written anew",
	 cells_and_snapshots_rot_once_durable_until_written_anew},
	{"what rots is a choice of all that is durable",
	 what_rots_is_a_choice_of_all_that_is_durable},
	{"a log is attached up to the first record that is not whole",
	 a_log_is_attached_up_to_the_first_record_that_is_not_whole},
	{"a wiped disk is empty, and its process told", a_wiped_disk_is_empty_and_its_process_told},
	{"a wiped disk is empty until something stays on it",
	 a_wiped_disk_is_empty_until_something_stays_on_it},
	CU_TEST_INFO_NULL,
};
