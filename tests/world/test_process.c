/* Processes: what a pause holds back, what service costs, timers on drifting clocks, memory. */
#include "tests/world/stage.h"

static void begin(void)
{
	play_prepare();
	play_begin();
}

static void arm(process_id id, unsigned timer, uint64_t key, nanoseconds after)
{
	env_arm(play_enter(id), timer, key, after, after);
	play_leave();
}

/* ---- Pauses ---------------------------------------------------------------------------------- */

static void a_paused_process_does_nothing_until_it_resumes_and_then_all_in_order(void)
{
	begin();
	struct env *env = play_enter(0);
	env_log_append(env, 1, "x", 1);
	play_send(env, 2, PLAIN, 9); /* when the write is durable */
	env_arm(env, TICK, 5, 3 * MS, 3 * MS);
	env_arm(env, TOCK, 6, 8 * MS, 8 * MS);
	play_leave();
	for (uint64_t number = 1; number <= 3; number++) {
		play_send(play_enter(1), 0, PLAIN, number);
		play_leave();
	}
	CU_ASSERT(world_pause(play.world, 0));
	CU_ASSERT(!world_pause(play.world, 0));
	play_run(5 * MS);
	TOLD("");
	EQUAL(env_log_durable(env), 1); /* its disk went on */
	world_resume(play.world, 0);
	world_resume(play.world, 0); /* nothing more */
	play_run(S);
	TOLD("n1.durable(1)@5000 n1<1@5000 n1<2@5000 n1<3@5000 n1.tick(5)@5000 n3<9@6000 "
	     "n1.tock(6)@8000");
	EQUAL(play.world->counters.pauses, 1);
}

static void what_a_paused_process_has_received_no_cut_takes(void)
{
	begin();
	play_send(play_enter(1), 0, PLAIN, 1);
	play_leave();
	world_pause(play.world, 0);
	play_run(2 * MS);
	world_cut(play.world, 1, 0);
	play_send(play_enter(2), 0, PLAIN, 2);
	play_leave();
	play_run(5 * MS);
	world_resume(play.world, 0);
	play_run(S);
	TOLD("n1<1@5000 n1<2@5000");
}

static void a_paused_process_holds_so_many_messages_and_drops_the_rest(void)
{
	begin();
	play.quiet = true;
	world_pause(play.world, 0);
	struct env *env = play_enter(1);
	for (uint64_t number = 1; number <= INBOX_MAX + 10; number++)
		play_send(env, 0, PLAIN, 1);
	play_leave();
	uint64_t events = play.world->events;
	play_run(2 * MS);
	EQUAL(play.world->counters.inbox_dropped, 10);
	EQUAL(play.world->events, events); /* they are events when they are handled */
	world_resume(play.world, 0);
	play_run(S);
	EQUAL(((struct player *)world_process(play.world, 0)->state)->heard, INBOX_MAX);
	EQUAL(play.world->events, events + INBOX_MAX);
	world_pause(play.world, 0); /* room again */
	play_send(play_enter(1), 0, PLAIN, 1);
	play_leave();
	play_run(2 * S);
	EQUAL(play.world->counters.inbox_dropped, 10);
}

static void a_crash_in_a_pause_loses_what_waited(void)
{
	begin();
	struct env *env = play_enter(0);
	env_log_append(env, 1, "x", 1);
	play_send(env, 2, PLAIN, 9);
	env_arm(env, TICK, 5, 3 * MS, 3 * MS);
	play_leave();
	play_send(play_enter(1), 0, PLAIN, 1);
	play_leave();
	world_pause(play.world, 0);
	play_run(5 * MS);
	CU_ASSERT(world_crash(play.world, 0));
	EQUAL(world_process(play.world, 0)->status,
	      DOWN); /* at once, for it has no handler to die in */
	world_restart(play.world, 0);
	play_run(S);
	TOLD("n1.boot(1)@5000");
	EQUAL(env_log_last(play_env(0)), 1);
}

static void a_second_pause_finds_what_the_first_left(void)
{
	begin();
	for (uint64_t number = 1; number <= 2; number++) {
		play_send(play_enter(1), 0, PLAIN, number);
		play_leave();
	}
	world_pause(play.world, 0);
	play_run(2 * MS);
	world_resume(play.world, 0);
	world_pause(play.world, 0);
	play_send(play_enter(1), 0, PLAIN, 3);
	play_leave();
	play_run(5 * MS);
	TOLD("");
	world_resume(play.world, 0);
	play_run(S);
	TOLD("n1<1@5000 n1<2@5000 n1<3@5000");
}

/* ---- Service --------------------------------------------------------------------------------- */

static void messages_queue_for_a_process_that_takes_its_time(void)
{
	play_prepare();
	play.setup.service = (struct distribution){CONSTANT, 5 * MS, 0, 0};
	play_begin();
	struct env *env = play_enter(1);
	play_send(env, 0, PLAIN, 1);
	play_send(env, 0, PLAIN, 2);
	play_send(env, 2, PLAIN, 3);
	play_leave();
	play_run(8 * MS);
	play_send(play_enter(1), 0, PLAIN, 4);
	play_leave();
	play_run(100 * MS);
	play_send(play_enter(1), 0, PLAIN, 5); /* to an idle one: no queue */
	play_leave();
	play_run(S);
	TOLD("n1<1@6000 n3<3@6000 n1<2@11000 n1<4@16000 n1<5@106000");
}

static void service_times_are_drawn(void)
{
	play_prepare();
	play.quiet = true;
	play.setup.service = (struct distribution){UNIFORM, 1 * MS, 3 * MS, 0};
	play_begin();
	struct env *env = play_enter(1);
	for (unsigned i = 0; i < 1000; i++)
		play_send(env, 0, PLAIN, 1);
	play_leave();
	while (((struct player *)world_process(play.world, 0)->state)->heard < 1000)
		CU_ASSERT_FATAL(world_step(play.world));
	CU_ASSERT(play.world->now > 1950 * MS && play.world->now < 2050 * MS);
}

/* ---- Timers ---------------------------------------------------------------------------------- */

static void a_timer_armed_again_fires_once_at_its_last_deadline(void)
{
	begin();
	for (unsigned i = 0; i < 1000; i++)
		arm(0, TICK, 0, 10 * MS + i * US);
	EQUAL(play.world->queue.count, 1); /* a re-arm costs no item */
	play_run(5 * MS);
	arm(0, TICK, 0, 20 * MS);
	play_run(S);
	TOLD("n1.tick(0)@25000");
	arm(0, TICK, 0, 20 * MS);
	arm(0, TICK, 0, 2 * MS); /* earlier */
	play_run(S + 5 * MS);
	TOLD("n1.tick(0)@1002000");
	arm(0, TICK, 0, 30 * MS);
	play_run(S + 28 * MS);
	EQUAL(play.world->queue.count, 1); /* the item that the earlier one superseded is gone */
	play_run(2 * S);
	TOLD("n1.tick(0)@1035000");
	EQUAL(play.world->counters.timers, 3);
}

static void timers_of_other_keys_and_types_are_others(void)
{
	begin();
	for (uint64_t key = 0; key < 5; key++)
		arm(0, TICK, key, (nanoseconds)(5 - key) * MS);
	arm(0, TOCK, 2, 10 * MS);
	env_disarm(play_enter(0), TICK, 2);
	env_disarm(play_env(0), TICK, 99);
	play_leave();
	play_run(4500 * US);
	arm(0, TICK, 2, MS);
	arm(0, TICK, 1000, MS);
	play_run(S);
	TOLD("n1.tick(4)@1000 n1.tick(3)@2000 n1.tick(1)@4000 n1.tick(0)@5000 n1.tick(2)@5500 "
	     "n1.tick(1000)@5500 n1.tock(2)@10000");
}

static void many_keys_used_once_share_their_memory(void)
{
	begin();
	play.quiet = true;
	arm(0, TICK, 0, MS);
	play_run(2 * MS);
	uint64_t used = play.world->arena.used;
	for (uint64_t key = 1; key < 1000; key++) {
		arm(0, TICK, key, MS);
		play_run(play.world->now + 2 * MS);
	}
	EQUAL(play.world->arena.used, used);
	EQUAL(play.world->counters.timers, 1000);
}

static void timers_die_with_their_process(void)
{
	begin();
	arm(0, TICK, 1, 10 * MS);
	arm(0, TICK, 2, 20 * MS);
	world_crash_now(play.world, 0);
	world_restart(play.world, 0);
	arm(0, TICK, 2, 30 * MS); /* while the old item still stands in the queue */
	play_run(S);
	TOLD("n1.boot(1)@0 n1.tick(2)@30000");
}

static nanoseconds fired_at;
static void note_time(struct env *env, unsigned type, uint64_t key)
{
	(void)env, (void)type, (void)key;
	fired_at = play.world->now;
}

static nanoseconds fires(void)
{
	fired_at = -1;
	play_run(play.world->now + 10 * S);
	return fired_at;
}

static void durations_of_timers_are_drawn_between_least_and_most(void)
{
	nanoseconds least = S, most = 0, total = 0;

	play_prepare();
	play.quiet = true;
	play.script.timer = note_time;
	play_begin();
	for (unsigned i = 0; i < 1000; i++) {
		nanoseconds start = play.world->now;

		env_arm(play_enter(0), TICK, 0, 100 * MS, 200 * MS);
		play_leave();
		nanoseconds took = fires() - start;

		least = took < least ? took : least;
		most = took > most ? took : most;
		total += took;
	}
	CU_ASSERT(least >= 100 * MS && least < 101 * MS);
	CU_ASSERT(most <= 200 * MS && most > 199 * MS);
	CU_ASSERT(total > 147 * S && total < 153 * S);
}

/* ---- Clocks ---------------------------------------------------------------------------------- */

static void begin_timed(void)
{
	play_prepare();
	play.quiet = true;
	play.script.timer = note_time;
	play_begin();
}

static void a_timer_of_a_drifting_clock_fires_when_that_clock_says(void)
{
	begin_timed();
	world_clock_drift(play.world, 0, 100000);
	arm(0, TICK, 0, S);
	EQUAL(fires(), 909090910);
	begin_timed();
	world_clock_drift(play.world, 0, -100000);
	arm(0, TICK, 0, S);
	EQUAL(fires(), 1111111112);
	EQUAL(env_now(play_env(0)), 9 * S);
	EQUAL(env_now(play_env(1)), 10 * S);
}

static void a_change_of_drift_moves_timers_under_way(void)
{
	begin_timed();
	arm(0, TICK, 0, S);
	play_run(500 * MS);
	world_clock_drift(play.world, 0, 100000);
	EQUAL(env_now(play_env(0)), 500 * MS); /* no jump */
	EQUAL(fires(), 500 * MS + 454545455);
	begin_timed();
	arm(0, TICK, 0, S);
	play_run(500 * MS);
	world_clock_drift(play.world, 0, -100000);
	EQUAL(fires(), 500 * MS + 555555556);
	begin_timed();
	world_clock_drift(play.world, 0, -100000);
	arm(0, TICK, 0, S);
	play_run(500 * MS);
	world_clock_drift(play.world, 0, 0);
	EQUAL(fires(), 1050 * MS);
}

static void a_drift_that_changes_in_a_pause_counts_after_it(void)
{
	begin_timed();
	arm(0, TICK, 0, S);
	world_pause(play.world, 0);
	play_run(500 * MS);
	world_clock_drift(play.world, 0, 100000);
	play_run(600 * MS);
	world_resume(play.world, 0);
	EQUAL(fires(), 500 * MS + 454545455);
}

static void the_first_moment_that_reads_a_time_is_found(void)
{
	static const int32_t drifts[] = {0,      1,      -1,      7,      -7,     333,
					 -12345, 100000, -100000, 999999, -999999};

	for (size_t i = 0; i < sizeof(drifts) / sizeof(drifts[0]); i++)
		for (nanoseconds local = 500; local < 4000; local += 7) {
			struct clock clock = {.true_at = 100, .local_at = 400, .ppm = drifts[i]};
			nanoseconds due = clock_true(&clock, local);

			CU_ASSERT(clock_local(&clock, due) >= local);
			CU_ASSERT(clock_local(&clock, due - 1) < local);
		}
}

static void the_wall_clock_steps_and_timers_do_not_mind(void)
{
	begin_timed();
	arm(0, TICK, 0, S);
	world_clock_step(play.world, 0, 3600 * S);
	EQUAL(env_wall(play_env(0)) - env_now(play_env(0)), 3600 * S);
	EQUAL(env_now(play_env(0)), 0);
	world_clock_step(play.world, 0, -7200 * S);
	EQUAL(env_wall(play_env(0)), -3600 * S);
	EQUAL(env_wall(play_env(1)), 0);
	EQUAL(fires(), S);
}

static void clocks_begin_apart_and_drift_as_the_setup_says(void)
{
	unsigned ahead = 0, fast = 0, outside = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		play_prepare();
		play.setup.seed = seed;
		play.setup.clock_offset = (struct distribution){UNIFORM, 1 * MS, 50 * MS, 0};
		play.setup.drift_ppm = 200;
		play_begin();
		const struct clock *clock = &world_process(play.world, 1)->clock;
		nanoseconds wall = env_wall(play_env(1));

		ahead += wall > 0;
		fast += clock->ppm > 0;
		outside += clock->ppm < -200 || clock->ppm > 200 || wall == 0 || wall > 50 * MS ||
			   wall < -50 * MS;
		outside += world_process(play.world, 0)->clock.wall_ahead == wall;
	}
	EQUAL(outside, 0);
	CU_ASSERT(ahead > 70 && ahead < 130 && fast > 70 && fast < 130);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void memory_is_zeroed_aligned_grows_and_shrinks(void)
{
	begin();
	struct env *env = play_enter(0);
	uint8_t *first = env_alloc(env, 100), *second = env_alloc(env, 1);
	EQUAL((uintptr_t)first % 16 + (uintptr_t)second % 16, 0);
	for (unsigned i = 0; i < 100; i++)
		EQUAL(first[i], 0);
	memset(first, 7, 100);
	first = env_realloc(env, first, 1000);
	EQUAL(first[99], 7);
	EQUAL(first[100] + first[999], 0);
	first = env_realloc(env, first, 10);
	EQUAL(first[9], 7);
	uint8_t *third = env_realloc(env, NULL, 50);
	EQUAL(third[49], 0);
	env_free(env, NULL);
	env_free(env, second); /* the middle of the three */
	env_free(env, first);
	env_free(env, third);
	EQUAL(world_process(play.world, 0)->blocks, 0);
	play_leave();
}

static void memory_dies_with_its_process(void)
{
	uint64_t used = 0;

	begin();
	play.quiet = true;
	for (unsigned i = 0; i < 100; i++) {
		struct env *env = play_enter(0);

		for (unsigned k = 0; k < 50; k++)
			env_alloc(env, 10 + k * 37);
		play_leave();
		if (i == 1)
			used = play.world->arena.used;
		world_crash_now(play.world, 0);
		world_restart(play.world, 0);
	}
	EQUAL(play.world->arena.used, used);
}

static void send_too_much(struct env *env)
{
	while (env_now(env) >= 0)
		env_send(env, 1, LONG, 1000);
}

static void running_out_of_memory_ends_the_run_not_the_call(void)
{
	const char *limit = NULL;

	play_prepare();
	play.junk = true;
	play_begin();
	play_act_at(MS, 0, send_too_much);
	EQUAL(world_run(play.world, S, &limit), RAN_LIMIT);
	CU_ASSERT_STRING_EQUAL(limit, "arena");
	TOLD("");
}

static void restart_first(struct world *world)
{
	world_crash_now(world, 0);
	world_restart(world, 0);
}

static void take_all(struct env *env)
{
	enum { HEADER = 16 };

	env_free(env, env_alloc(env, MEMORY_MAX - HEADER));
	env_alloc(env, MEMORY_MAX / 4 - HEADER);
	env_alloc(env, MEMORY_MAX / 4 * 3 - HEADER);
	play_say("all");
}

static void take_all_and_more(struct env *env)
{
	take_all(env);
	env_alloc(env, 1);
	play_say("went on");
}

static void allocate_without_end(struct env *env)
{
	for (;;)
		env_alloc(env, 0);
}

static void realloc_without_end(struct env *env)
{
	void *memory = NULL;

	for (size_t size = 1;; size *= 2)
		memory = env_realloc(env, memory, size);
}

static void a_process_has_so_much_memory_and_no_more(void)
{
	static const struct {
		void (*handler)(struct env *);
		const char *says;
	} wrongs[] = {
		{take_all_and_more, "asked for 1 bytes of memory beside the 67108864 that it held, "
				    "and a process has 67108864"},
		{allocate_without_end, "asked for 0 bytes of memory beside the 67108864"},
		{realloc_without_end, "asked for 67108864 bytes of memory beside the 33554448"},
	};

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		play_prepare();
		play.arena_limit = (uint64_t)1 << 30;
		play_begin();
		play_act_at(MS, 0, take_all);
		play_do_at(2 * MS, restart_first);
		play_act_at(3 * MS, 0, wrongs[i].handler);
		EQUAL(play_run(S), RAN_FAILED);
		EQUAL(play.world->now, 3 * MS);
		CONTAINS(play.failure, wrongs[i].says);
		EQUAL(play_count("all"), i ? 1 : 2);
		EQUAL(play_count("went on"), 0);
	}
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void a_process_is_told_why_it_boots_and_forgets_its_state(void)
{
	play_prepare();
	play_begin();
	struct player *player = world_process(play.world, 0)->state;
	size_t size;
	uint64_t command[2] = {1, 40};

	player->heard = 5;
	env_apply(play_enter(0), 3, command, sizeof(command), &size);
	play_leave();
	EQUAL(world_app_digest(play.world, 0), 40);
	EQUAL(world_process(play.world, 0)->applied, 3);
	world_restart(play.world, 0); /* nothing: it is up */
	EQUAL(player->heard, 5);
	world_crash_now(play.world, 0);
	world_crash_now(play.world, 0); /* nothing: it is down */
	EQUAL(play.world->counters.crashes, 1);
	CU_ASSERT(!world_pause(play.world, 0));
	world_restart(play.world, 0);
	EQUAL(player->heard, 0);
	EQUAL(world_app_digest(play.world, 0), 0);
	EQUAL(world_process(play.world, 0)->applied, 0);
	world_crash_now(play.world, 0);
	world_wipe(play.world, 0);
	world_restart(play.world, 0);
	world_crash_now(play.world, 0);
	world_restart(play.world, 0);
	TOLD("n1.boot(1)@0 n1.boot(2)@0 n1.boot(2)@0"); /* still empty */
	EQUAL(play.world->counters.boots, 3 + 3);
}

static void silence_lasts_until_the_next_boot(void)
{
	begin();
	env_observe(play_enter(0), SAW_SILENCED, 0, 0, 0, NULL, 0);
	play_leave();
	CU_ASSERT(world_process(play.world, 0)->silenced);
	world_crash_now(play.world, 0);
	world_restart(play.world, 0);
	CU_ASSERT(!world_process(play.world, 0)->silenced);
}

static void a_restart_takes_back_a_crash_that_has_not_fallen_yet(void)
{
	play_prepare();
	play_override(CHOICE_CRASH, 0, 0, 0, 1, 1);
	play_begin();
	world_crash(play.world, 0);
	world_restart(play.world, 0);
	arm(0, TICK, 0, MS);
	play_run(S);
	TOLD("n1.tick(0)@1000");
}

static uint32_t drawn;

static void draw(struct env *env)
{
	drawn = env_random(env, 10);
}

static void random_numbers_are_below_their_bound_and_each_process_has_its_own(void)
{
	unsigned count[10] = {0}, equal = 0;

	begin();
	for (unsigned i = 0; i < 10000; i++) {
		play_act(0, draw);
		uint32_t mine = drawn;

		count[mine]++;
		play_act(1, draw);
		equal += mine == drawn;
	}
	for (unsigned i = 0; i < 10; i++)
		CU_ASSERT(count[i] > 880 && count[i] < 1120);
	CU_ASSERT(equal > 880 && equal < 1120);
}

CU_TestInfo process_tests[] = {
	{"a paused process does nothing until it resumes, and then all in order",
	 a_paused_process_does_nothing_until_it_resumes_and_then_all_in_order},
	{"what a paused process has received, no cut takes",
	 what_a_paused_process_has_received_no_cut_takes},
	{"a paused process holds so many messages and drops the rest",
	 a_paused_process_holds_so_many_messages_and_drops_the_rest},
	{"a crash in a pause loses what waited", a_crash_in_a_pause_loses_what_waited},
	{"a second pause finds what the first left", a_second_pause_finds_what_the_first_left},
	{"messages queue for a process that takes its time",
	 messages_queue_for_a_process_that_takes_its_time},
	{"service times are drawn", service_times_are_drawn},
	{"a timer armed again fires once, at its last deadline",
	 a_timer_armed_again_fires_once_at_its_last_deadline},
	{"timers of other keys and types are others", timers_of_other_keys_and_types_are_others},
	{"many keys used once share their memory", many_keys_used_once_share_their_memory},
	{"timers die with their process", timers_die_with_their_process},
	{"durations of timers are drawn between least and most",
	 durations_of_timers_are_drawn_between_least_and_most},
	{"a timer of a drifting clock fires when that clock says",
	 a_timer_of_a_drifting_clock_fires_when_that_clock_says},
	{"a change of drift moves timers under way", a_change_of_drift_moves_timers_under_way},
	{"a drift that changes in a pause counts after it",
	 a_drift_that_changes_in_a_pause_counts_after_it},
	{"the first moment that reads a time is found",
	 the_first_moment_that_reads_a_time_is_found},
	{"the wall clock steps, and timers don't mind",
	 the_wall_clock_steps_and_timers_do_not_mind},
	{"clocks begin apart and drift as the setup says",
	 clocks_begin_apart_and_drift_as_the_setup_says},
	{"memory is zeroed, aligned, grows and shrinks",
	 memory_is_zeroed_aligned_grows_and_shrinks},
	{"memory dies with its process", memory_dies_with_its_process},
	{"running out of memory ends the run, not the call",
	 running_out_of_memory_ends_the_run_not_the_call},
	{"a process has so much memory and no more", a_process_has_so_much_memory_and_no_more},
	{"a process is told why it boots, and forgets its state",
	 a_process_is_told_why_it_boots_and_forgets_its_state},
	{"silence lasts until the next boot", silence_lasts_until_the_next_boot},
	{"a restart takes back a crash that has not fallen yet",
	 a_restart_takes_back_a_crash_that_has_not_fallen_yet},
	{"random numbers are below their bound, and each process has its own",
	 random_numbers_are_below_their_bound_and_each_process_has_its_own},
	CU_TEST_INFO_NULL,
};
