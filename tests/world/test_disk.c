/*
 * The disk: what a process sees, what a sync makes of it, and what a crash leaves; at the end
 * against a naive twin that keeps every version.
 */
#include "tests/world/stage.h"

/* ---- The disk in words ----------------------------------------------------------------------- */

static char words[4096];

/* "1:a/1 2:b/1 3:torn": index, command and term; "empty 11": the next append is 11. */
static const char *log_of(process_id id)
{
	const struct env *env = play_env(id);
	size_t at = 0;
	struct record_view view;

	snprintf(words, sizeof(words), "empty %u", (unsigned)env_log_last(env) + 1);
	for (uint64_t index = env_log_first(env); index <= env_log_last(env); index++) {
		unsigned i = (unsigned)index;

		switch (env_log_read(env, index, &view)) {
		case WHOLE:
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u:%.*s/%u",
					       at ? " " : "", i, (int)view.size,
					       (const char *)view.command, (unsigned)view.term);
			break;
		case TORN:
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u:torn",
					       at ? " " : "", i);
			break;
		case ROTTEN:
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u:rotten",
					       at ? " " : "", i);
			break;
		case ABSENT:
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u:absent",
					       at ? " " : "", i);
			break;
		}
	}
	return words;
}

/* "3=abc 9=x" */
static const char *cells_of(process_id id)
{
	const struct env *env = play_env(id);
	size_t at = 0;

	words[0] = '\0';
	for (uint64_t key = 0; (key = env_cell_next(env, key)) != UINT64_MAX; key++) {
		const void *value = NULL;
		size_t size = 0;

		EQUAL(env_cell_get(env, key, &value, &size), WHOLE);
		at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u=%.*s", at ? " " : "",
				       (unsigned)key, (int)size, (const char *)value);
	}
	return words;
}

/* "7 header image", or "none" */
static const char *snapshot_of(process_id id)
{
	struct snapshot_view view;

	if (env_snapshot_get(play_env(id), &view) != WHOLE)
		return "none";
	snprintf(words, sizeof(words), "%u %.*s %.*s", (unsigned)view.index, (int)view.header_size,
		 (const char *)view.header, (int)view.image_size, (const char *)view.image);
	return words;
}

static bool same(const char *actual, const char *expected, int line)
{
	if (strcmp(actual, expected) != 0)
		printf("\n  %s:%d: '%s', not '%s'", __FILE__, line, actual, expected);
	return !strcmp(actual, expected);
}
#define LOG(id, expected)      CU_ASSERT(same(log_of(id), (expected), __LINE__))
#define CELLS(id, expected)    CU_ASSERT(same(cells_of(id), (expected), __LINE__))
#define SNAPSHOT(id, expected) CU_ASSERT(same(snapshot_of(id), (expected), __LINE__))

static void append(struct env *env, uint64_t term, const char *command)
{
	env_log_append(env, term, command, strlen(command));
}

static void put(struct env *env, uint64_t key, const char *value)
{
	env_cell_put(env, key, value, strlen(value));
}

static void stage(struct env *env, uint64_t offset, const char *bytes)
{
	env_snapshot_stage(env, offset, bytes, strlen(bytes));
}

static void commit(struct env *env, uint64_t index, const char *header)
{
	env_snapshot_commit(env, index, env_snapshot_staged(env), header, strlen(header));
}

static void begin(void)
{
	play_prepare();
	play_begin();
}

/* n1's log is a, b, c in term 1, durable; and time is 1 ms. */
static void begin_abc(void)
{
	play_begin();
	struct env *env = play_enter(0);
	append(env, 1, "a");
	append(env, 1, "b");
	append(env, 1, "c");
	play_leave();
	play_run(play.world->now + 1 * MS);
	TOLD("n1.durable(3)@1000");
}

static void crash_and_restart(process_id id)
{
	world_crash_now(play.world, id);
	world_restart(play.world, id);
}

/* Of the nth crash of n1, so many of the issued writes are lost (of one store, in reorder mode). */
static void loses(uint32_t nth, unsigned store, uint64_t count)
{
	play_override(CHOICE_SURVIVORS, 0, 0, store, nth, count);
}

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
	CU_ASSERT(lost & 4 || same(snapshot_of(0), "1 head image", __LINE__));
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

/* ---- Faults ---------------------------------------------------------------------------------- */

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
	TOLD("n1.recovered(1)@2500 n1.kept(1)@2500 n1.failed(2)@2500");
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

/* ---- Against a twin that keeps every version ------------------------------------------------- */

enum { ENTRIES = 64, KEYS = 6, VERSIONS = 512, STAGED_MAX = 24, VALUES_MAX = 1 << 16 };

struct version {
	uint64_t first, last;
	struct entry {
		uint64_t value, term;
		bool torn;
	} entry[ENTRIES];
	uint64_t cell[KEYS]; /* 0: absent */
	uint64_t snapshot;   /* the value in its header; 0: none */
	uint32_t image_size, staged_size;
	char image[STAGED_MAX], staged[STAGED_MAX];
};

struct twin {
	struct choice_source source;
	struct pcg32 pcg;
	struct version version[VERSIONS]; /* the first is really durable, the last is the view */
	uint32_t count, issued;           /* versions; of them issued, the first included */
	uint32_t claimed;                 /* said to be durable */
	ticket_t base;                    /* the ticket of the first */
	uint64_t value;                   /* the last used: each write has one of its own */
	bool rotten[VALUES_MAX];          /* by value */
	uint32_t lost[3];                 /* what the last crash took of each store */
	uint32_t crash_before;            /* which effect; UINT32_MAX: none */
	bool torn, asked, fail;
	unsigned crashes, tears, failures, lies, rots[STORES];
};
static struct twin twin;

static uint32_t draw(uint32_t bound)
{
	return pcg32_below(&twin.pcg, bound);
}

static uint64_t ask_twin(struct choice_source *source, address_t address, uint64_t bound)
{
	unsigned type = address >> 32 & 63, to = address >> 38 & 1023;

	(void)source;
	switch ((enum choice_kind)(address >> 58)) {
	case CHOICE_SURVIVORS:
		CU_ASSERT(bound == twin.issued);
		twin.asked = true;
		return twin.lost[type] = draw((uint32_t)bound);
	case CHOICE_TORN: return twin.torn = draw(2);
	case CHOICE_CRASH:
		if (!to)
			return twin.crash_before != UINT32_MAX;
		CU_ASSERT(twin.crash_before < bound);
		return twin.crash_before;
	case CHOICE_DISK: return twin.fail = draw(4) == 0;
	default: return CHOICE_LEFT_TO_SEED;
	}
}

static struct version *view(void)
{
	return &twin.version[twin.count - 1];
}

static struct version *next_version(void)
{
	if (twin.count == VERSIONS)
		abort();
	twin.version[twin.count] = *view();
	twin.count++;
	return view();
}

static struct entry *entry_at(struct version *version, uint64_t index)
{
	return &version->entry[index % ENTRIES];
}

/* As far as every version from the claimed one on holds what the view holds. */
static uint64_t twin_log_durable(void)
{
	for (uint64_t index = 1;; index++)
		for (uint32_t i = twin.claimed; i < twin.count; i++) {
			struct version *version = &twin.version[i];
			struct entry *held = entry_at(version, index);

			if (index < version->first)
				continue;
			if (index > version->last || held->torn || index > view()->last)
				return index - 1;
			if (index >= view()->first && held->value != entry_at(view(), index)->value)
				return index - 1;
		}
}

static uint64_t next_value(void)
{
	if (twin.value + 1 == VALUES_MAX)
		abort();
	return ++twin.value;
}

static unsigned snapshot_differences(void)
{
	struct snapshot_view found;
	enum record state = env_snapshot_get(play_env(0), &found);
	uint64_t value;

	if (env_snapshot_staged(play_env(0)) != view()->staged_size)
		return 1;
	if (!view()->snapshot || twin.rotten[view()->snapshot])
		return state != (view()->snapshot ? ROTTEN : ABSENT);
	if (state != WHOLE || found.header_size != sizeof(value))
		return 1;
	memcpy(&value, found.header, sizeof(value));
	return value != view()->snapshot || found.index != value / 2 ||
	       found.image_size != view()->image_size ||
	       memcmp(found.image, view()->image, found.image_size) != 0;
}

static unsigned differences(void)
{
	const struct env *env = play_env(0);
	unsigned wrong = env_log_first(env) != view()->first || env_log_last(env) != view()->last ||
			 env_log_durable(env) != twin_log_durable() ||
			 env_log_ticket(env) != twin.base + twin.count - 1;

	wrong += snapshot_differences();

	for (uint64_t index = view()->first; index <= view()->last; index++) {
		struct entry *entry = entry_at(view(), index);
		struct record_view record;
		enum record found = env_log_read(env, index, &record);
		uint64_t value = 0;

		if (found == WHOLE)
			memcpy(&value, record.command, sizeof(value));
		enum record expected = entry->torn                 ? TORN
				       : twin.rotten[entry->value] ? ROTTEN
								   : WHOLE;

		wrong += found != expected;
		if (expected == WHOLE)
			wrong += value != entry->value || record.term != entry->term;
	}
	for (uint64_t key = 0, expected = 0; key <= KEYS; key++) {
		const void *bytes;
		uint64_t value = 0;
		size_t size;

		for (expected = key; expected < KEYS && !view()->cell[expected];)
			expected++;
		wrong += env_cell_next(env, key) != (expected < KEYS ? expected : UINT64_MAX);
		if (key == KEYS)
			continue;
		uint64_t held = view()->cell[key];
		enum record found = env_cell_get(env, key, &bytes, &size);

		if (found == WHOLE)
			memcpy(&value, bytes, sizeof(value));
		wrong += twin.rotten[held] ? found != ROTTEN : value != held;
	}
	return wrong;
}

static void append_both(struct env *env)
{
	if (view()->last - view()->first + 1 >= ENTRIES - 1)
		return;
	struct version *version = next_version();

	*entry_at(version, ++version->last) = (struct entry){.value = next_value(),
							     .term = twin.value / 3};
	struct written written = env_log_append(env, twin.value / 3, &twin.value,
						sizeof(twin.value));
	EQUAL(written.index, version->last);
	EQUAL(written.ticket, twin.base + twin.count - 1);
}

static void truncate_both(struct env *env, uint64_t first_removed)
{
	if (first_removed <= view()->last)
		next_version()->last = first_removed - 1;
	env_log_truncate(env, first_removed);
}

static void discard_both(struct env *env, uint64_t last_discarded)
{
	if (last_discarded >= view()->first) {
		struct version *version = next_version();

		version->first = last_discarded + 1;
		if (version->last < last_discarded)
			version->last = last_discarded;
	}
	env_log_discard(env, last_discarded);
}

static void stage_both(struct env *env)
{
	uint32_t offset = draw(3) ? view()->staged_size : draw(view()->staged_size + 1);
	uint32_t size = draw(8);
	char bytes[8];

	if (offset + size > STAGED_MAX)
		offset = 0;
	for (uint32_t i = 0; i < size; i++)
		bytes[i] = (char)draw(256);
	struct version *version = next_version();

	memcpy(version->staged + offset, bytes, size);
	if (offset == 0 || offset + size > version->staged_size)
		version->staged_size = offset + size;
	env_snapshot_stage(env, offset, bytes, size);
}

static void commit_both(struct env *env)
{
	struct version *version = next_version();

	version->snapshot = next_value();
	version->image_size = draw(version->staged_size + 1);
	memcpy(version->image, version->staged, version->image_size);
	version->staged_size = 0;
	env_snapshot_commit(env, version->snapshot / 2, version->image_size, &version->snapshot,
			    sizeof(version->snapshot));
}

static void operate(struct env *env)
{
	uint64_t held = view()->last + 1 - view()->first, key = draw(KEYS);

	if (held && entry_at(view(), view()->last)->torn) {
		truncate_both(env, view()->last);
		return;
	}
	switch (draw(13)) {
	case 10:
	case 11: stage_both(env); break;
	case 12: commit_both(env); break;
	case 0: truncate_both(env, view()->first + draw((uint32_t)held + 2)); break;
	case 1:
		if (draw(3) == 0)
			discard_both(env, view()->first + draw((uint32_t)held + 5) - 1);
		break;
	case 2:
	case 3:
		next_version()->cell[key] = next_value();
		env_cell_put(env, key, &twin.value, sizeof(twin.value));
		break;
	case 4:
		for (uint64_t at = key; at < KEYS && at <= key + 1; at++)
			if (view()->cell[at])
				next_version()->cell[at] = 0;
		env_cell_drop(env, key, key + 1);
		break;
	default: append_both(env); break;
	}
}

/* All versions but this one go: it is the first, and the last. Of what was staged, any first part
 * may be left. */
static void only(struct version version, ticket_t ticket)
{
	size_t staged = env_snapshot_staged(play_env(0));

	CU_ASSERT(staged <= version.staged_size);
	version.staged_size = (uint32_t)staged;
	twin.version[0] = version;
	twin.count = twin.issued = 1;
	twin.claimed = 0;
	twin.base = ticket;
}

static void crash_twin(void)
{
	ticket_t ticket = twin.base + twin.count - 1;
	uint32_t last = twin.issued - 1;
	enum crash_mode mode = play.setup.disk.crash;

	twin.crashes++;
	if (twin.count == 1) /* nothing waited */
		return;
	if (mode == CRASH_KEEP || !twin.asked)
		memset(twin.lost, 0, sizeof(twin.lost));
	if (mode != CRASH_REORDER)
		twin.lost[1] = twin.lost[2] = twin.lost[0];
	struct version after = twin.version[last - twin.lost[0]];

	const struct version *stored = &twin.version[last - twin.lost[2]];

	memcpy(after.cell, twin.version[last - twin.lost[1]].cell, sizeof(after.cell));
	after.snapshot = stored->snapshot;
	after.image_size = stored->image_size;
	after.staged_size = stored->staged_size;
	memcpy(after.image, stored->image, sizeof(after.image));
	memcpy(after.staged, stored->staged, sizeof(after.staged));
	if (twin.torn) {
		/* The write that was lost first has to be an append at the end of what is left. */
		struct version *lost = &twin.version[last - twin.lost[0] + 1];

		*entry_at(&after, ++after.last) = (struct entry){.torn = true};
		CU_ASSERT(twin.lost[0] > 0 && lost->last == after.last);
		twin.tears++;
	}
	only(after, ticket);
}

static void on_durable(struct env *env, ticket_t ticket)
{
	(void)env;
	twin.claimed = (uint32_t)(ticket - twin.base);
	if (play_disk(0)->lying) {
		twin.lies++;
		return;
	}
	memmove(twin.version, &twin.version[twin.claimed],
		(twin.count - twin.claimed) * sizeof(struct version));
	twin.count -= twin.claimed;
	twin.issued -= twin.claimed;
	twin.base = ticket;
	twin.claimed = 0;
}

static void on_failed(struct env *env, ticket_t ticket, enum disk_error error)
{
	(void)env;
	EQUAL(error, WRITE_ERROR);
	EQUAL(ticket, twin.base + twin.claimed + 1);
	only(twin.version[twin.claimed], twin.base + twin.count - 1);
	twin.failures++;
}

static void handler_on_both(bool dies)
{
	twin.crash_before = UINT32_MAX;
	uint32_t before = twin.count, operations = 1 + draw(5), at = draw(6);

	if (dies) {
		twin.crash_before = 0;
		world_crash(play.world, 0);
	}
	struct env *env = play_enter(0);
	for (uint32_t i = 0; i < operations; i++)
		operate(env);
	uint32_t writes = twin.count - before; /* each is an effect */
	if (dies)
		twin.crash_before = at < writes ? at : writes;
	twin.issued = before + (dies ? twin.crash_before : writes);
	CU_ASSERT_FATAL(differences() == 0);
	play_leave();
}

/* Is this what every version holds there, so that no write to it is on its way? */
static bool settled_in_twin(enum store store, uint64_t key)
{
	for (uint32_t i = 1; i < twin.count; i++)
		if (store == STORE_CELLS ? twin.version[i].cell[key] != twin.version[0].cell[key]
					 : twin.version[i].snapshot != twin.version[0].snapshot)
			return false;
	return true;
}

static void rot_both(void)
{
	enum store store = (enum store)draw(STORES);
	uint64_t held = view()->last + 1 - view()->first;
	uint64_t key = store == STORE_LOG     ? view()->first + draw((uint32_t)held + 2)
		       : store == STORE_CELLS ? draw(KEYS)
					      : 0;
	uint64_t value = store == STORE_CELLS ? view()->cell[key] : view()->snapshot;
	bool can = store != STORE_LOG && value && settled_in_twin(store, key);

	if (store == STORE_LOG && key <= view()->last && key <= twin_log_durable()) {
		value = entry_at(view(), key)->value;
		can = !entry_at(view(), key)->torn;
	}
	can = can && !twin.rotten[value];
	CU_ASSERT(world_disk_rot(play.world, 0, store, key) == can);
	if (!can)
		return;
	twin.rotten[value] = true;
	twin.rots[store]++;
}

static void step_of_both(void)
{
	bool dies = draw(12) == 0, crashes = dies || draw(12) == 0;

	twin.torn = twin.asked = false;
	if (draw(30) == 0)
		world_disk_lying(play.world, 0, draw(2));
	if (draw(10) == 0)
		world_disk_failing(play.world, 0, draw(3) ? 0 : PROBABILITY_ONE / 2);
	if (draw(8) == 0)
		rot_both();
	handler_on_both(dies);
	if (crashes) {
		if (!dies)
			world_crash_now(play.world, 0);
		crash_twin();
		CU_ASSERT_FATAL(differences() == 0);
		world_restart(play.world, 0);
	}
	play_run(play.world->now + (nanoseconds)draw(3) * 600 * US);
	if (twin.count > VERSIONS / 2) { /* lies pile up: end them */
		world_disk_lying(play.world, 0, false);
		play_run(play.world->now + 2 * MS);
	}
	CU_ASSERT_FATAL(differences() == 0);
}

static void fuzz(enum crash_mode mode, uint64_t seed)
{
	play_prepare();
	play.quiet = true;
	play.setup.disk.crash = mode;
	play.setup.disk.torn = PROBABILITY_ONE / 2;
	play.setup.max_events = UINT64_MAX;
	play.script.durable = on_durable;
	play.script.disk_failed = on_failed;
	memset(&twin, 0, sizeof(twin));
	twin.source.ask = ask_twin;
	twin.pcg = pcg32_seeded(seed, mode);
	twin.crash_before = UINT32_MAX;
	twin.version[0].first = 1;
	twin.count = twin.issued = 1;
	play_begin();
	play.world->choices.source = &twin.source;
	for (unsigned step = 0; step < 6000; step++)
		step_of_both();
	CU_ASSERT(twin.crashes > 800 && twin.lies > 100 && twin.failures > 20);
	CU_ASSERT(mode == CRASH_KEEP || twin.tears > 50);
	for (unsigned store = 0; store < STORES; store++)
		CU_ASSERT(twin.rots[store] > 60);
}

static void random_work_with_crashes_equals_a_twin_that_keeps_every_version(void)
{
	fuzz(CRASH_LOSE_UNSYNCED, 1);
	fuzz(CRASH_REORDER, 2);
	fuzz(CRASH_KEEP, 3);
}

CU_TestInfo disk_tests[] = {
	{"a sync covers what was queued before it began",
	 a_sync_covers_what_was_queued_before_it_began},
	{"writes and syncs take their own times", writes_and_syncs_take_their_own_times},
	{"a slow disk is slower in both", a_slow_disk_is_slower_in_both},
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
	{"a record received and appended is shared", a_record_received_and_appended_is_shared},
	{"a record that only looks like one received is its own",
	 a_record_that_only_looks_like_one_received_is_its_own},
	{"memory does not grow over ten thousand crashes",
	 memory_does_not_grow_over_ten_thousand_crashes},
	{"random work with crashes equals a twin that keeps every version",
	 random_work_with_crashes_equals_a_twin_that_keeps_every_version},
	CU_TEST_INFO_NULL,
};
