/* The disk: what a process sees, what a sync makes of it, and what a crash leaves. */
#include "tests/world/disk_words.h"

/* ---- Syncs ----------------------------------------------------------------------------------- */

static void a_sync_covers_what_was_queued_before_it_began(void)
{
	begin();
	put(play_enter(0), 1, "x");
	play_leave();
	play_run(500 * US);
	put(play_enter(0), 2, "y");
	put(play_env(0), 3, "z");
	play_leave();
	play_run(S);
	TOLD("n1.durable(1)@1000 n1.durable(3)@2000");
	EQUAL(play.world->counters.syncs, 2);
	EQUAL(play.world->counters.writes, 3);
}

static void writes_and_syncs_take_their_own_times(void)
{
	play_prepare();
	play.setup.disk.write = (struct distribution){CONSTANT, 300 * US, 0, 0};
	play_begin();
	put(play_enter(0), 1, "x");
	put(play_env(0), 2, "y");
	play_leave();
	play_run(700 * US);
	put(play_enter(0), 3, "z");
	play_leave();
	play_run(1400 * US);
	put(play_enter(0), 4,
	    "w"); /* still on its way to the platter when the next sync could begin */
	play_leave();
	play_run(S);
	TOLD("n1.durable(2)@1600 n1.durable(4)@2700");
}

static void a_slow_disk_is_slower_in_both(void)
{
	play_prepare();
	play.setup.disk.write = (struct distribution){CONSTANT, 300 * US, 0, 0};
	play_begin();
	world_disk_slower(play.world, 0, 2500);
	put(play_enter(0), 1, "x");
	play_leave();
	put(play_enter(1), 1, "x");
	play_leave();
	play_run(S);
	TOLD("n2.durable(1)@1300 n1.durable(1)@3250");
	world_disk_slower(play.world, 0, 0);
	put(play_enter(0), 1, "x");
	play_leave();
	play_run(2 * S);
	TOLD("n1.durable(2)@1001300");
}

static void a_disk_changes_its_speed_under_way(void)
{
	play_prepare();
	play.setup.disk.write = (struct distribution){CONSTANT, 300 * US, 0, 0};
	play_begin();
	world_disk_slower(play.world, 0, 10000);
	put(play_enter(0), 1, "x");
	play_leave();
	play_run(3 * MS); /* of thirteen, ten are left, or one */
	world_disk_slower(play.world, 0, 1000);
	play_run(3500 * US); /* half a millisecond is left, or one and a half */
	world_disk_slower(play.world, 0, 3000);
	play_run(S);
	TOLD("n1.durable(1)@5000");
	EQUAL(play.world->counters.syncs, 1);
}

/* ---- Crashes --------------------------------------------------------------------------------- */

static void a_prefix_of_the_waiting_writes_survives_a_crash(void)
{
	static const char *const logs[] = {"1:a/1 2:x/2", "1:a/1 2:x/2", "1:a/1", "1:a/1",
					   "1:a/1 2:b/1 3:c/1"};
	static const char *const cells[] = {"5=new", "5=old", "5=old", "", ""};
	struct enumerator paths;
	unsigned path = 0;

	enumerator_init(&paths, (uint64_t)1 << CHOICE_SURVIVORS);
	do {
		play_prepare();
		begin_abc();
		play.world->choices.source = &paths.source;
		struct env *env = play_enter(0);
		env_log_truncate(env, 2);
		put(env, 5, "old");
		append(env, 2, "x");
		put(env, 5, "new");
		play_leave();
		LOG(0, "1:a/1 2:x/2");
		CELLS(0, "5=new");
		crash_and_restart(0);
		CU_ASSERT_FATAL(path < 5);
		LOG(0, logs[path]);
		CELLS(0, cells[path]);
		EQUAL(env_log_durable(play_env(0)), env_log_last(play_env(0)));
		play_run(S);
		TOLD("n1.boot(1)@1000"); /* the sync under way ended with the crash */
		path++;
	} while (enumerator_next(&paths));
	EQUAL(path, 5);
}

static void what_a_crash_took_is_told_from_the_first_change_on(void)
{
	play_prepare();
	play.tell_log = true;
	loses(1, 0, 2);
	play_begin();
	struct env *env = play_enter(0);
	append(env, 1, "a");
	append(env, 1, "b");
	play_leave();
	play_run(MS);
	env = play_enter(0);
	env_log_truncate(env, 2);
	append(env, 2, "x");
	put(env, 1, "y");
	play_leave();
	world_crash_now(play.world, 0);
	TOLD("n1+1@0 n1+2@0 n1.kept(2)@1000 n1.durable(2)@1000 n1-2@1000 n1+2@1000 "
	     "n1.recovered(2)@1000");
	LOG(0, "1:a/1");
	world_restart(play.world, 0);
	world_crash_now(play.world, 0);
	TOLD("n1.boot(1)@1000 n1.recovered(18446744073709551615)@1000");
}

static void a_torn_tail_counts_in_the_log_until_it_is_cut_off(void)
{
	play_prepare();
	loses(1, 0, 2);
	play_override(CHOICE_TORN, 0, 0, 0, 1, 1);
	loses(2, 0, 1);
	begin_abc();
	struct env *env = play_enter(0);
	append(env, 2, "d");
	append(env, 2, "e");
	append(env, 2, "f");
	play_leave();
	crash_and_restart(0);
	LOG(0, "1:a/1 2:b/1 3:c/1 4:d/2 5:torn");
	EQUAL(env_log_last(play_env(0)), 5);
	EQUAL(env_log_durable(play_env(0)), 4);
	CU_ASSERT_PTR_NULL(world_log(play.world, 0, 5));
	env_log_truncate(play_enter(0), 5);
	play_leave();
	LOG(0, "1:a/1 2:b/1 3:c/1 4:d/2");
	crash_and_restart(0); /* the cut was not durable: the torn bytes are still there */
	LOG(0, "1:a/1 2:b/1 3:c/1 4:d/2 5:torn");
	EQUAL(env_log_durable(play_env(0)), 4);
	env = play_enter(0);
	env_log_truncate(env, 5);
	append(env, 3, "g");
	play_leave();
	play_run(S);
	LOG(0, "1:a/1 2:b/1 3:c/1 4:d/2 5:g/3");
	EQUAL(env_log_durable(play_env(0)), 5);
}

static void a_torn_tail_is_durable_by_no_later_write(void)
{
	play_prepare();
	loses(1, 0, 1);
	play_override(CHOICE_TORN, 0, 0, 0, 1, 1);
	loses(2, 0, 1);
	begin_abc();
	append(play_enter(0), 2, "d");
	play_leave();
	crash_and_restart(0);
	put(play_enter(0), 1, "x");
	play_leave();
	crash_and_restart(0);
	LOG(0, "1:a/1 2:b/1 3:c/1 4:torn");
	EQUAL(env_log_durable(play_env(0)), 3);
}

static void only_an_append_tears_and_only_where_the_odds_say(void)
{
	play_prepare();
	play.setup.disk.torn = PROBABILITY_ONE;
	loses(1, 0, 2);
	loses(2, 0, 1);
	begin_abc();
	struct env *env = play_enter(0);
	put(env, 1, "first of those lost");
	append(env, 2, "d");
	play_leave();
	crash_and_restart(0);
	LOG(0, "1:a/1 2:b/1 3:c/1");
	append(play_enter(0), 2, "d");
	play_leave();
	crash_and_restart(0);
	LOG(0, "1:a/1 2:b/1 3:c/1 4:torn");
	play_prepare();
	loses(1, 0, 1);
	begin_abc();
	append(play_enter(0), 2, "d");
	play_leave();
	crash_and_restart(0);
	LOG(0, "1:a/1 2:b/1 3:c/1");
}

static void who_appends_behind_a_torn_tail_has_a_hole(void)
{
	play_prepare();
	loses(1, 0, 1);
	play_override(CHOICE_TORN, 0, 0, 0, 1, 1);
	loses(2, 0, 1);
	begin_abc();
	append(play_enter(0), 2, "d");
	play_leave();
	crash_and_restart(0);
	append(play_enter(0), 2, "e");
	play_leave();
	play_run(S);
	LOG(0, "1:a/1 2:b/1 3:c/1 4:torn 5:e/2");
	env_log_truncate(play_enter(0), 2);
	play_leave();
	LOG(0, "1:a/1");
	crash_and_restart(0);
	LOG(0, "1:a/1 2:b/1 3:c/1 4:torn 5:e/2");
	env_log_discard(play_enter(0), 4);
	play_leave();
	play_run(2 * S);
	LOG(0, "5:e/2");
	world_crash_now(play.world, 0);
	world_wipe(play.world, 0);
}

/* Which stores lost something, as a set: log 1, cells 2, snapshot 4. */
static unsigned lost_of_all_three(void)
{
	struct env *env = play_enter(0);

	append(env, 1, "a");
	put(env, 1, "x");
	stage(env, 0, "image");
	commit(env, 1, "head");
	play_leave();
	crash_and_restart(0);
	unsigned lost = 0;

	if (env_log_last(play_env(0)) == 0)
		lost |= 1;
	if (env_cell_next(play_env(0), 0) == UINT64_MAX)
		lost |= 2;
	if (!strcmp(snapshot_of(0), "none"))
		lost |= 4;
	CU_ASSERT(lost & 4 || same(snapshot_of(0), "1 head image", __FILE__, __LINE__));
	return lost;
}

static unsigned all_ways_to_lose(enum crash_mode mode)
{
	struct enumerator paths;
	unsigned ways = 0;

	enumerator_init(&paths, (uint64_t)1 << CHOICE_SURVIVORS);
	do {
		play_prepare();
		play.setup.disk.crash = mode;
		play_begin();
		play.world->choices.source = &paths.source;
		ways |= 1u << lost_of_all_three();
	} while (enumerator_next(&paths));
	return ways;
}

static void each_mode_of_crash_loses_in_its_own_ways(void)
{
	EQUAL(all_ways_to_lose(CRASH_KEEP), 1u << 0);
	EQUAL(all_ways_to_lose(CRASH_LOSE_UNSYNCED), 1u << 0 | 1u << 4 | 1u << 6 | 1u << 7);
	EQUAL(all_ways_to_lose(CRASH_REORDER), 0xFF);
}

static void without_overrides_every_number_of_survivors_occurs(void)
{
	unsigned seen[5] = {0};

	for (uint64_t seed = 1; seed <= 200; seed++) {
		play_prepare();
		play.setup.seed = seed;
		play_begin();
		struct env *env = play_enter(0);
		for (unsigned i = 0; i < 4; i++)
			append(env, 1, "a");
		play_leave();
		crash_and_restart(0);
		seen[env_log_last(play_env(0))]++;
	}
	for (unsigned survivors = 0; survivors <= 4; survivors++)
		CU_ASSERT(seen[survivors] > 20 && seen[survivors] < 60);
}

CU_TestInfo disk_tests[] = {
	{"a sync covers what was queued before it began",
	 a_sync_covers_what_was_queued_before_it_began},
	{"writes and syncs take their own times", writes_and_syncs_take_their_own_times},
	{"a slow disk is slower in both", a_slow_disk_is_slower_in_both},
	{"what is under way goes on at a disk's new speed", a_disk_changes_its_speed_under_way},
	{"a prefix of the waiting writes survives a crash, each of them somewhere",
	 a_prefix_of_the_waiting_writes_survives_a_crash},
	{"what a crash took is told from the first change on",
	 what_a_crash_took_is_told_from_the_first_change_on},
	{"a torn tail counts in the log until it is cut off",
	 a_torn_tail_counts_in_the_log_until_it_is_cut_off},
	{"a torn tail is durable by no later write", a_torn_tail_is_durable_by_no_later_write},
	{"only an append tears, and only where the odds say",
	 only_an_append_tears_and_only_where_the_odds_say},
	{"who appends behind a torn tail has a hole", who_appends_behind_a_torn_tail_has_a_hole},
	{"each mode of crash loses in its own ways", each_mode_of_crash_loses_in_its_own_ways},
	{"without overrides every number of survivors occurs",
	 without_overrides_every_number_of_survivors_occurs},
	CU_TEST_INFO_NULL,
};
