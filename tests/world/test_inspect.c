/* A process in words: everything that it is and has at a moment, and that telling changes nothing.
 */
#include "tests/world/stage.h"

static char *text;
static size_t text_size;

static const char *inspect(process_id id)
{
	free(text);
	text = NULL;
	FILE *out = open_memstream(&text, &text_size);

	if (!out)
		abort();
	world_print_process(play.world, id, 1, out);
	fclose(out);
	return text;
}

static void end(void)
{
	free(text);
	text = NULL;
}

static void write_and_send(struct env *env)
{
	uint64_t vote[2] = {7, 0x0102};

	env_log_append(env, 3, NULL, 0);
	env_log_append(env, 4, "12345678abcd", 12);
	env_cell_put(env, 5, vote, sizeof(vote));
	env_send(env, 1, LONG, 1);
	env_observe(env, SAW_VOTED, 4, 1, 0, NULL, 0);
	env_arm(env, TICK, 3, 4 * MS, 9 * MS);
	env_arm(env, TOCK, 0, 6 * MS, 6 * MS);
	env_arm(env, TICK, 9, MS, MS);
	env_disarm(env, TICK, 9);
}

static void all_that_waits_and_is_kept(void)
{
	play_prepare();
	play_begin();
	play_act(0, write_and_send);
	((struct player *)world_process(play.world, 0)->state)->role = 1;
	((struct player *)world_process(play.world, 0)->state)->term = 4;
	inspect(0);
	CONTAINS(text, "n1 at 0.000000 s, after event 0: players of group 0, up, booted 1 time\n");
	CONTAINS(text, "  role         leader\n");
	CONTAINS(text, "  term         4\n");
	CONTAINS(text, "  clock        0.000000 s, +0 ppm; wall clock +0 us\n");
	CONTAINS(text, "  timer        tick of 3 fires at the earliest at 0.004000 s\n");
	CONTAINS(text, "  timer        tock fires at 0.006000 s\n");
	CU_ASSERT(strstr(text, "tick of 9") == NULL);
	CONTAINS(text, "write 3 is the latest, durable up to 0; a sync is under way\n");
	CONTAINS(text, "  cell         5: 16 bytes: 07 00 00 00 00 00 00 00  02 01 00");
	CONTAINS(text, "  log          1 to 2, durable up to 0\n"
		       "    1/3          no command  not durable\n"
		       "    2/4          operation ");
	CONTAINS(text,
		 "  held         n1 -> n2 Long               number=0 { number=0 }, until write "
		 "3 is durable\n");
	CONTAINS(text, "  held         a promise, until write 3 is durable\n");
	play_run(2 * MS);
	inspect(0);
	CONTAINS(text, "durable up to 3\n");
	CONTAINS(text, "  log          1 to 2, durable up to 2\n    1/3          no command\n");
	CU_ASSERT(strstr(text, "held") == NULL);
	end();
}

static void long_log(struct env *env)
{
	for (unsigned i = 0; i < 25; i++)
		env_log_append(env, 1, "", 0);
	env_snapshot_stage(env, 0, "abc", 3);
	env_snapshot_commit(env, 9, 3, "", 0);
}

static void the_last_entries_of_a_long_log(void)
{
	play_prepare();
	play_begin();
	play_act(0, long_log);
	play_run(5 * MS);
	inspect(0);
	CONTAINS(text, "  snapshot     up to index 9, an image of 3 bytes\n");
	CONTAINS(text, "  log          1 to 25, durable up to 25; the last 20:\n    6/1 ");
	CU_ASSERT(strstr(text, "    5/1 ") == NULL);
	CU_ASSERT(world_disk_rot(play.world, 0, STORE_LOG, 25));
	CONTAINS(inspect(0), "    25/1         no command  ROTTEN\n");
	end();
}

static void ask_two(struct env *env)
{
	play_send(env, 1, PLAIN, 42);
}

static void who_is_down_or_paused(void)
{
	play_prepare();
	play_begin();
	world_pause(play.world, 1);
	world_crash_now(play.world, 2);
	play_act(0, ask_two);
	play_run(3 * MS);
	CONTAINS(inspect(1), "PAUSED, booted 1 time\n");
	CONTAINS(text, "  inbox        n1 -> n2 Plain              number=42\n");
	CONTAINS(inspect(2), "n3 at 0.003000 s, after event 0: players of group 0, DOWN");
	CU_ASSERT(strstr(text, "role") == NULL);
	CONTAINS(text, "  log          empty; the next entry is 1\n");
	world_restart(play.world, 2);
	CONTAINS(inspect(2), "up, booted 2 times\n");
	end();
}

static void telling_changes_nothing(void)
{
	play_prepare();
	play_begin();
	play_act(0, write_and_send);
	size_t size = play.world->arena.used;
	void *before = malloc(size);

	if (!before)
		abort();
	memcpy(before, play.world, size);
	inspect(0);
	inspect(1);
	EQUAL(play.world->arena.used, size);
	CU_ASSERT(memcmp(before, play.world, size) == 0);
	free(before);
	end();
}

CU_TestInfo inspect_tests[] = {
	{"a process is told with its timers, disk, and what waits", all_that_waits_and_is_kept},
	{"of a long log the last entries are told, and what is damaged",
	 the_last_entries_of_a_long_log},
	{"who is down has no state, and who is paused has an inbox", who_is_down_or_paused},
	{"telling of a process changes nothing", telling_changes_nothing},
	CU_TEST_INFO_NULL,
};
