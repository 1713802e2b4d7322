/* A disk's log, cells and snapshot: what is removed, put back, staged; and the memory that they
 * take. */
#include "tests/world/disk_words.h"

/* ---- Truncating and discarding --------------------------------------------------------------- */

static void what_was_truncated_and_written_anew_comes_back_undone(void)
{
	static const char *const logs[] = {"1:a/1 2:x/2 3:y/3", "1:a/1 2:x/2", "1:a/1 2:x/2 3:y/2",
					   "1:a/1 2:x/2",       "1:a/1",       "1:a/1 2:b/1 3:c/1"};

	for (unsigned lost = 0; lost <= 5; lost++) {
		play_prepare();
		loses(1, 0, lost);
		begin_abc();
		struct env *env = play_enter(0);
		env_log_truncate(env, 2);
		append(env, 2, "x");
		append(env, 2, "y");
		env_log_truncate(env, 3);
		append(env, 3, "y");
		EQUAL(env_log_truncate(env, 9), env_log_ticket(env)); /* nothing there */
		play_leave();
		EQUAL(env_log_ticket(play_env(0)), 8);
		crash_and_restart(0);
		LOG(0, logs[lost]);
	}
}

static void a_log_is_durable_as_far_as_no_crash_can_take_it(void)
{
	play_prepare();
	begin_abc();
	struct env *env = play_enter(0);
	EQUAL(env_log_durable(env), 3);
	append(env, 1, "d");
	EQUAL(env_log_durable(env), 3);
	env_log_truncate(env, 3);
	EQUAL(env_log_durable(env), 2);
	play_leave();
	play_run(play.world->now + 500 * US);
	append(play_enter(0), 2, "z");
	env_log_truncate(play_env(0), 3);
	append(play_env(0), 3, "y");
	play_leave();
	play_run(play.world->now + 500 * US); /* the first sync; z is covered by the second */
	EQUAL(env_log_durable(play_env(0)), 2);
	play_run(S);
	EQUAL(env_log_durable(play_env(0)), 3);
	env_log_discard(play_enter(0), 10);
	EQUAL(env_log_durable(play_env(0)), 3); /* until the discard itself is durable */
	play_leave();
	play_run(2 * S);
	EQUAL(env_log_durable(play_env(0)), 10);
	append(play_enter(0), 3, "k");
	play_leave();
	EQUAL(env_log_durable(play_env(0)), 10);
	play_run(3 * S);
	EQUAL(env_log_durable(play_env(0)), 11);
}

static void discarding_forgets_the_front_and_can_be_undone(void)
{
	static const char *const logs[] = {"4:d/2", "3:c/1", "3:c/1", "1:a/1 2:b/1 3:c/1"};

	for (unsigned lost = 0; lost <= 3; lost++) {
		play_prepare();
		loses(1, 0, lost);
		begin_abc();
		struct env *env = play_enter(0);
		env_log_discard(env, 2);
		EQUAL(env_log_discard(env, 2), 4); /* no write: it was */
		EQUAL(env_log_discard(env, 1), 4);
		EQUAL(env_log_first(env), 3);
		append(env, 2, "d");
		if (lost == 1) {
			env_log_truncate(env, 4);
			play_leave();
			play_run(play.world->now + MS);
			LOG(0, "3:c/1");
			continue;
		}
		env_log_discard(env, 3);
		play_leave();
		LOG(0, "4:d/2");
		struct record_view view;
		EQUAL(env_log_read(play_env(0), 3, &view), ABSENT);
		EQUAL(env_log_read(play_env(0), 5, &view), ABSENT);
		crash_and_restart(0);
		LOG(0, logs[lost]);
	}
}

static void a_log_discarded_beyond_its_end_is_empty_and_goes_on_from_there(void)
{
	static const char *const logs[] = {"11:k/2", "empty 11", "1:a/1 2:b/1 3:c/1"};

	for (unsigned lost = 0; lost <= 2; lost++) {
		play_prepare();
		loses(1, 0, lost);
		begin_abc();
		struct env *env = play_enter(0);
		env_log_discard(env, 10);
		EQUAL(env_log_first(env), 11);
		EQUAL(env_log_last(env), 10);
		append(env, 2, "k");
		play_leave();
		LOG(0, "11:k/2");
		crash_and_restart(0);
		LOG(0, logs[lost]);
	}
	play_prepare();
	loses(1, 0, 1);
	play_begin();
	env_log_discard(play_enter(0), 7); /* of a log that was empty */
	play_leave();
	LOG(0, "empty 8");
	crash_and_restart(0);
	LOG(0, "empty 1");
}

static void discarded_pages_are_given_back(void)
{
	uint64_t used = 0;
	char command[100] = {0};

	begin();
	for (unsigned i = 0; i < 200; i++) {
		struct env *env = play_enter(0);

		for (unsigned k = 0; k < 100; k++)
			env_log_append(env, 1, command, sizeof(command));
		env_log_discard(env, env_log_last(env) - (i % 7 ? 30 : 0));
		if (i % 10 == 9)
			env_log_discard(env, env_log_last(env) + 2000);
		play_leave();
		play_run(play.world->now + 2 * MS);
		if (i == 100)
			used = play.world->arena.used;
	}
	/* The directory of pages doubles once more or so; a page a jump stays behind. */
	CU_ASSERT(play.world->arena.used - used < 100 * 1024);
}

/* ---- Cells ----------------------------------------------------------------------------------- */

static void cells_are_put_read_in_order_of_their_keys_and_dropped(void)
{
	const void *value = NULL;
	size_t size = 1;

	begin();
	struct env *env = play_enter(0);
	for (uint64_t key = 40; key > 0; key -= 4)
		put(env, key, key % 8 ? "odd" : "even");
	put(env, 12, "other");
	env_cell_put(env, 0, NULL, 0);
	EQUAL(env_cell_get(env, 0, &value, &size), WHOLE);
	EQUAL(size, 0);
	EQUAL(env_cell_get(env, 13, &value, &size), ABSENT);
	EQUAL(env_cell_next(env, 13), 16);
	EQUAL(env_cell_next(env, 16), 16);
	EQUAL(env_cell_next(env, 41), UINT64_MAX);
	ticket_t before = env_log_ticket(env);
	EQUAL(env_cell_drop(env, 13, 15), before); /* none: no write */
	EQUAL(env_cell_drop(env, 16, 36), before + 6);
	EQUAL(env_cell_drop(env, 0, 3), before + 7);
	play_leave();
	CELLS(0, "4=odd 8=even 12=other 40=even");
	play_run(S);
	env_cell_drop(play_enter(0), 0, UINT64_MAX);
	play_leave();
	CELLS(0, "");
}

static void cells_come_back_when_their_writes_are_undone(void)
{
	static const char *const cells[] = {"9=z", "5=y 9=z", "5=y", "3=x 5=y", "3=a 5=y", "3=a"};

	for (unsigned lost = 0; lost <= 5; lost++) {
		play_prepare();
		loses(1, 0, lost);
		play_begin();
		put(play_enter(0), 3, "a");
		play_leave();
		play_run(MS);
		struct env *env = play_enter(0);
		put(env, 5, "y");
		put(env, 3, "x");
		env_cell_drop(env, 0, 4);
		put(env, 9, "z");
		env_cell_drop(env, 5, 5);
		play_leave();
		crash_and_restart(0);
		CELLS(0, cells[lost]);
	}
}

/* ---- The snapshot ---------------------------------------------------------------------------- */

static void a_snapshot_is_staged_in_pieces_and_committed_as_a_whole(void)
{
	begin();
	SNAPSHOT(0, "none");
	struct env *env = play_enter(0);
	stage(env, 0, "abcdef");
	stage(env, 3, "DEFGHI");
	EQUAL(env_snapshot_staged(env), 9);
	SNAPSHOT(0, "none");
	env_snapshot_commit(env, 7, 8, "head", 4);
	EQUAL(env_snapshot_staged(env), 0);
	play_leave();
	SNAPSHOT(0, "7 head abcDEFGH");
	play_run(S);
	env = play_enter(0);
	stage(env, 0, "longer than before");
	stage(env, 0, "new"); /* begins anew */
	EQUAL(env_snapshot_staged(env), 3);
	env_snapshot_commit(env, 9, 3, NULL, 0);
	play_leave();
	SNAPSHOT(0, "9  new");
	crash_and_restart(0);
}

static void the_old_snapshot_stays_until_the_new_one_is_durable(void)
{
	static const char *const snapshots[] = {"2 new BB", "1 old A", "1 old A", "1 old A"};
	static const unsigned staged[] = {0, 0, 1, 0};

	for (unsigned lost = 0; lost <= 3; lost++) {
		play_prepare();
		loses(1, 0, lost);
		play_begin();
		struct env *env = play_enter(0);
		stage(env, 0, "A");
		commit(env, 1, "old");
		play_leave();
		play_run(MS);
		env = play_enter(0);
		stage(env, 0, "B");
		stage(env, 1, "B");
		commit(env, 2, "new");
		play_leave();
		SNAPSHOT(0, "2 new BB");
		crash_and_restart(0);
		SNAPSHOT(0, snapshots[lost]);
		if (lost >
		    1) /* staged bytes may outlive a crash; those that do are those written */
			CU_ASSERT(env_snapshot_staged(play_env(0)) <= staged[lost]);
	}
}

static void staged_bytes_that_were_written_over_are_not_taken_for_whole(void)
{
	play_prepare();
	loses(1, 0, 1);
	play_begin();
	stage(play_enter(0), 0, "abcdef");
	play_leave();
	play_run(MS);
	stage(play_enter(0), 2, "XY");
	play_leave();
	EQUAL(env_snapshot_staged(play_env(0)), 6);
	crash_and_restart(0);
	EQUAL(env_snapshot_staged(play_env(0)), 2);
	stage(play_enter(0), 2, "cd");
	env_snapshot_commit(play_env(0), 1, 4, "", 0);
	play_leave();
	SNAPSHOT(0, "1  abcd");
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void append_what_came(struct env *env, process_id from, unsigned type, uint64_t number,
			     const void *body)
{
	struct record_view view = {0};

	(void)from, (void)type, (void)number;
	while (env_next_record(body, &view))
		if (view.index == env_log_last(env) + 1)
			env_log_append(env, view.term, view.command, view.size);
}

static void replicate(unsigned count)
{
	struct env *env = play_enter(0);
	uint64_t first = env_log_last(env) + 1;

	for (unsigned i = 0; i < count; i++)
		append(env, 1, "record");
	for (process_id to = 1; to < 3; to++)
		env_attach_log(env, env_send(env, to, PLAIN, 0), first, first + count - 1);
	play_leave();
}

static void a_record_received_and_appended_is_shared(void)
{
	play_prepare();
	play.script.message = append_what_came;
	play_begin();
	replicate(7);
	play_run(1500 * US);
	EQUAL(world_log(play.world, 0, 7)->holders, 3); /* its log, and two messages */
	play_run(S);
	LOG(1, log_of(0));
	for (uint64_t index = 1; index <= 7; index++) {
		CU_ASSERT(world_log(play.world, 1, index) == world_log(play.world, 0, index));
		EQUAL(world_log(play.world, 2, index)->holders, 3);
	}
	append(play_enter(1), 1, "record"); /* equal, but its own */
	play_leave();
	EQUAL(world_log(play.world, 1, 8)->holders, 1);
	env_log_truncate(play_enter(1), 3);
	play_leave();
	EQUAL(world_log(play.world, 0, 3)->holders, 3); /* until the truncation is durable */
	play_run(2 * S);
	EQUAL(world_log(play.world, 0, 3)->holders, 2);
	EQUAL(world_log(play.world, 0, 2)->holders, 3);
	world_crash_now(play.world, 2);
	world_wipe(play.world, 2);
	EQUAL(world_log(play.world, 0, 3)->holders, 1);
}

static void append_another(struct env *env, process_id from, unsigned type, uint64_t number,
			   const void *body)
{
	struct record_view view = {0};

	(void)from, (void)type, (void)number;
	CU_ASSERT(env_next_record(body, &view));
	env_log_append(env, view.term, "RECORD", view.size);
}

static void a_record_that_only_looks_like_one_received_is_its_own(void)
{
	play_prepare();
	play.script.message = append_another;
	play_begin();
	replicate(1);
	play_run(S);
	LOG(0, "1:record/1");
	LOG(1, "1:RECORD/1");
}

static void memory_does_not_grow_over_ten_thousand_crashes(void)
{
	uint64_t used = 0;

	play_prepare();
	play.quiet = true;
	play.setup.link.loss = PROBABILITY_ONE / 10;
	play.setup.link.duplicate = PROBABILITY_ONE / 10;
	play.setup.link.latency = (struct distribution){UNIFORM, 100 * US, 900 * US, 0};
	play.setup.disk.torn = PROBABILITY_ONE / 2;
	play.script.message = append_what_came;
	play_begin();
	for (unsigned i = 0; i < 10000; i++) {
		replicate(1 + i % 9);
		struct env *env = play_enter(0);
		put(env, i % 5, i % 3 ? "short" : "a longer value than before, in another class");
		stage(env, 0, "an image of some length");
		commit(env, i, "head");
		env_arm(env, TICK, i % 4, MS, MS);
		env_alloc(env, i % 1000);
		if (i % 4 == 0)
			env_log_truncate(env, env_log_last(env) / 2 + 1);
		if (i % 100 == 99)
			env_cell_drop(env, 0, UINT64_MAX);
		play_leave();
		play_run(play.world->now + (nanoseconds)(i % 5) * 700 * US);
		process_id victim = (process_id)(i % 3);
		world_crash_now(play.world, victim);
		if (i % 11 == 0)
			world_wipe(play.world, victim);
		world_restart(play.world, victim);
		if (env_log_last(play_env(victim)) >= env_log_first(play_env(victim)) && i % 2) {
			env_log_truncate(play_enter(victim), 1 + i % 2);
			play_leave();
		}
		if (i == 2000)
			used = play.world->arena.used;
	}
	/* A peak may come late; a block lost in each round would make 128 KiB. */
	CU_ASSERT(play.world->arena.used - used < 4096);
	EQUAL(play.world->counters.crashes, 10000);
}

CU_TestInfo disk_stores_tests[] = {
	{"what was truncated and written anew comes back, undone",
	 what_was_truncated_and_written_anew_comes_back_undone},
	{"a log is durable as far as no crash can take it",
	 a_log_is_durable_as_far_as_no_crash_can_take_it},
	{"discarding forgets the front, and can be undone",
	 discarding_forgets_the_front_and_can_be_undone},
	{"a log discarded beyond its end is empty and goes on from there",
	 a_log_discarded_beyond_its_end_is_empty_and_goes_on_from_there},
	{"discarded pages are given back", discarded_pages_are_given_back},
	{"cells are put, read in order of their keys, and dropped",
	 cells_are_put_read_in_order_of_their_keys_and_dropped},
	{"cells come back when their writes are undone",
	 cells_come_back_when_their_writes_are_undone},
	{"a snapshot is staged in pieces and committed as a whole",
	 a_snapshot_is_staged_in_pieces_and_committed_as_a_whole},
	{"the old snapshot stays until the new one is durable",
	 the_old_snapshot_stays_until_the_new_one_is_durable},
	{"staged bytes that were written over are not taken for whole",
	 staged_bytes_that_were_written_over_are_not_taken_for_whole},
	{"a record received and appended is shared", a_record_received_and_appended_is_shared},
	{"a record that only looks like one received is its own",
	 a_record_that_only_looks_like_one_received_is_its_own},
	{"memory does not grow over ten thousand crashes",
	 memory_does_not_grow_over_ten_thousand_crashes},
	CU_TEST_INFO_NULL,
};
