/* The run itself: the order of events, the `next` choice and its sources, limits, and what can be
 * seen. */
#include "tests/world/stage.h"

static void begin(void)
{
	play_prepare();
	play_begin();
}

static const char *limit;

static enum outcome run_to_limit(nanoseconds until)
{
	limit = NULL;
	return world_run(play.world, until, &limit);
}

static void send_one(struct env *env)
{
	play_send(env, 1, PLAIN, env_self(env) + 1u);
}

/* ---- The order of events --------------------------------------------------------------------- */

static void say_a(struct world *world)
{
	(void)world;
	play_say("a");
}

static void say_b(struct world *world)
{
	(void)world;
	play_say("b");
}

static void say_c(struct world *world)
{
	(void)world;
	play_say("c");
}

static void events_come_by_time_and_then_in_the_order_they_were_scheduled(void)
{
	begin();
	play_do_at(2 * MS, say_c);
	play_do_at(MS, say_b);
	play_do_at(2 * MS, say_a);
	play_do_at(MS, say_a);
	EQUAL(play_run(S), RAN_UNTIL);
	TOLD("baca");
	EQUAL(play.world->now, S);
	EQUAL(play.world->events, 4);
}

static void a_run_ends_before_the_first_event_that_is_later_than_it_may(void)
{
	begin();
	play_do_at(MS, say_a);
	play_do_at(MS + 1, say_b);
	play_run(MS);
	TOLD("a");
	EQUAL(play.world->now, MS);
	play_run(MS + 1);
	TOLD("b");
}

static void stop(struct world *world)
{
	world->stop = true;
}

static void a_floor_above_may_end_the_run_at_this_event(void)
{
	begin();
	play_do_at(MS, say_a);
	play_do_at(2 * MS, stop);
	play_do_at(2 * MS, say_b);
	EQUAL(play_run(S), RAN_STOPPED);
	TOLD("a");
	EQUAL(play.world->now, 2 * MS);
	play.world->stop = false;
	EQUAL(play_run(S), RAN_UNTIL);
	TOLD("b");
}

static void a_world_held_still_moves_one_event_at_a_time(void)
{
	begin();
	play_do_at(MS, say_a);
	play_do_at(5 * MS, say_b);
	CU_ASSERT(world_step(play.world));
	TOLD("a");
	CU_ASSERT(world_step(play.world));
	TOLD("b");
	EQUAL(play.world->now, 5 * MS);
	CU_ASSERT(!world_step(play.world));
}

static bool nothing_happened(struct world *world, uint32_t argument)
{
	(void)world;
	play_say("(%u)", argument);
	return false;
}

static void what_was_due_and_changed_nothing_is_no_event(void)
{
	play_prepare();
	play.above.due[FLOOR_CHECK] = nothing_happened;
	play_begin();
	uint64_t events = play.world->events, digest = play.world->digest;
	world_schedule(play.world, MS, FLOOR_CHECK, 0);
	world_schedule(play.world, MS, FLOOR_CHECK, (1 << 24) - 1);
	play_run(S);
	TOLD("(0)(16777215)");
	EQUAL(play.world->events, events);
	CU_ASSERT(play.world->digest == digest);
}

/* ---- Which event comes next ------------------------------------------------------------------ */

static void the_next_event_is_a_choice_and_time_never_goes_back(void)
{
	play_prepare();
	play_override(CHOICE_NEXT, 0, 0, 0, 1, 2);
	play_override(CHOICE_NEXT, 0, 0, 0, 2, 0);
	play_begin();
	play_do_at(1 * MS, say_a);
	play_do_at(2 * MS, say_b);
	play_do_at(3 * MS, say_c);
	CU_ASSERT(world_step(play.world));
	EQUAL(play.world->now, 3 * MS);
	TOLD("c");
	CU_ASSERT(world_step(play.world));
	EQUAL(play.world->now, 3 * MS);
	CU_ASSERT(world_step(play.world));
	TOLD("ab");
}

static void a_timer_chosen_early_brings_its_time_along(void)
{
	play_prepare();
	play_override(CHOICE_NEXT, 0, 0, 0, 1, 1);
	play_begin();
	env_arm(play_enter(0), TICK, 0, 50 * MS, 50 * MS);
	play_send(play_env(0), 1, PLAIN, 1);
	play_leave();
	play_run(S);
	TOLD("n1.tick(0)@50000 n2<1@50000");
}

static void a_choice_beyond_what_is_pending_takes_the_last(void)
{
	play_prepare();
	play_override(CHOICE_NEXT, 0, 0, 0, 1, 77);
	play_begin();
	play_do_at(MS, say_a); /* a single one is no choice */
	play_run(MS);
	TOLD("a");
	play_do_at(2 * MS, say_a);
	play_do_at(3 * MS, say_b);
	play_run(S);
	TOLD("ba");
}

static void an_override_of_next_counts_from_its_anchor(void)
{
	play_prepare();
	play_override(CHOICE_NEXT, 0, 0, 0, 1, 1);
	play.overrides[0].anchor = SAW_LEADER_ELECTED;
	play.overrides[0].anchor_count = 1;
	play_begin();
	play_do_at(1 * MS, say_a);
	play_do_at(2 * MS, say_b);
	play_do_at(3 * MS, say_c);
	CU_ASSERT(world_step(play.world));
	env_observe(play_enter(0), SAW_LEADER_ELECTED, 1, 0, 0, NULL, 0);
	play_leave();
	play_run(S);
	TOLD("a n1.elected(1)@1000cb");
}

static void a_tape_says_who_comes_next_and_then_all_is_benign(void)
{
	static const uint8_t bytes[] = {2, 1};
	struct tape tape;

	tape_init(&tape, bytes, sizeof(bytes));
	begin();
	play.world->choices.source = &tape.source;
	play_do_at(1 * MS, say_a);
	play_do_at(2 * MS, say_b);
	play_do_at(3 * MS, say_c);
	play_do_at(4 * MS, say_a);
	play_run(S);
	TOLD("cbaa");
}

static void an_enumerator_takes_every_order(void)
{
	struct enumerator paths;
	char seen[7][4] = {{0}};
	unsigned count = 0;

	enumerator_init(&paths, (uint64_t)1 << CHOICE_NEXT);
	do {
		begin();
		play.world->choices.source = &paths.source;
		play_do_at(1 * MS, say_a);
		play_do_at(2 * MS, say_b);
		play_do_at(3 * MS, say_c);
		play_run(S);
		CU_ASSERT_FATAL(count < 6 && play.tale_size == 3);
		memcpy(seen[count], play.tale, 3);
		for (unsigned i = 0; i < count; i++)
			CU_ASSERT(strcmp(seen[i], seen[count]) != 0);
		count++;
	} while (enumerator_next(&paths));
	EQUAL(count, 6);
}

static void a_source_that_leaves_all_to_the_seed_changes_nothing(void)
{
	uint64_t digest[2];

	for (unsigned i = 0; i < 2; i++) {
		play_prepare();
		play.setup.link.latency = (struct distribution){UNIFORM, MS, 5 * MS, 0};
		play.setup.link.duplicate = play.setup.link.loss = PROBABILITY_ONE / 3;
		if (i)
			play_override(CHOICE_VALUE, 0, 0, 0, 1, 1); /* of which there is none */
		play_begin();
		for (unsigned k = 0; k < 100; k++)
			play_act((process_id)(k % 3), send_one);
		play_run(S);
		digest[i] = play.world->digest;
	}
	CU_ASSERT(digest[0] == digest[1]);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static uint64_t digest_of_a_run(void)
{
	play_act_at(MS, 0, send_one);
	play_act_at(2 * MS, 2, send_one);
	EQUAL(run_to_limit(S), RAN_UNTIL);
	CU_ASSERT_PTR_NULL(limit);
	return play.world->digest;
}

static void take_without_end(struct env *env)
{
	for (;;)
		env_alloc(env, 1000);
}

static void each_limit_ends_the_run_with_its_name_and_the_world_runs_again(void)
{
	static const struct {
		void (*handler)(struct env *);
		const char *name;
	} cases[] = {{take_without_end, "arena"}};

	play_prepare();
	play.arena_limit = 4 << 20;
	play_begin();
	uint64_t digest = digest_of_a_run();
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		play_reset();
		play_act_at(MS, 1, cases[i].handler);
		play_do_at(2 * MS, say_a);
		play.tale_size = 0;
		EQUAL(run_to_limit(S), RAN_LIMIT);
		CU_ASSERT_STRING_EQUAL(limit, cases[i].name);
		EQUAL(play.world->now, MS);
		EQUAL(play.tale_size, 0);
		play_reset();
		CU_ASSERT(digest_of_a_run() == digest);
	}
}

static void tick_on(struct env *env, unsigned type, uint64_t key)
{
	env_arm(env, type, key, MS, MS);
}

static void too_many_events_end_the_run(void)
{
	play_prepare();
	play.quiet = true;
	play.script.timer = tick_on;
	play.setup.max_events = 100;
	play_begin();
	tick_on(play_enter(0), TICK, 0);
	play_leave();
	EQUAL(run_to_limit(S), RAN_LIMIT);
	CU_ASSERT_STRING_EQUAL(limit, "events");
	EQUAL(play.world->events, 100);
}

static void lay_out(struct world *world, void *context)
{
	(void)context;
	world_begin(world, &play.setup, &play.above);
	world_boot(world);
}

static void a_world_too_small_for_its_cluster_says_so(void)
{
	play_prepare();
	play.setup.groups[0].members = PROCESSES_MAX;
	play.world = world_open(ARENA_BASE, 64 << 10);
	EQUAL(world_enter(play.world, lay_out, NULL, &limit), RAN_LIMIT);
	CU_ASSERT_STRING_EQUAL(limit ? limit : "none", "arena");
}

/* ---- What can be seen ------------------------------------------------------------------------ */

static struct player *player(process_id id)
{
	return world_process(play.world, id)->state;
}

static void the_leader_is_the_live_one_with_the_highest_term(void)
{
	begin();
	EQUAL(world_leader(play.world, 0), NO_PROCESS);
	*player(0) = (struct player){.role = 1, .term = 4};
	*player(1) = (struct player){.role = 1, .term = 6};
	*player(2) = (struct player){.role = 0, .term = 9};
	EQUAL(world_leader(play.world, 0), 1);
	EQUAL(world_inspect(play.world, 1, "term", 77), 6);
	EQUAL(world_inspect(play.world, 1, "nothing of that name", 77), 77);
	world_pause(play.world, 1);
	EQUAL(world_leader(play.world, 0), 0);
	world_crash_now(play.world, 0);
	EQUAL(world_leader(play.world, 0), NO_PROCESS);
	EQUAL(world_inspect(play.world, 0, "term", 77), 77);
}

static void groups_number_their_processes_one_after_the_other(void)
{
	const process_id *members;

	play_prepare();
	play.setup.group_count = 2;
	play.setup.groups[1] = play.setup.groups[0];
	play.setup.groups[1].members = 2;
	play.setup.groups[1].options = "options";
	play_begin();
	EQUAL(play.world->process_count, 5);
	EQUAL(env_members(play_env(0), 1, &members), 2);
	EQUAL(members[0], 3);
	EQUAL(members[1], 4);
	EQUAL(env_members(play_env(4), 0, &members), 3);
	EQUAL(members[2], 2);
	EQUAL(env_group(play_env(2)), 0);
	EQUAL(env_group(play_env(3)), 1);
	EQUAL(env_self(play_env(3)), 3);
	CU_ASSERT_PTR_NULL(env_options(play_env(0)));
	CU_ASSERT_STRING_EQUAL((const char *)env_options(play_env(4)), "options");
}

static void names_are_those_of_scenarios(void)
{
	char text[8];

	CU_ASSERT_STRING_EQUAL(endpoint_name(0, text), "n1");
	CU_ASSERT_STRING_EQUAL(endpoint_name(CLIENT_FIRST - 1, text), "n64");
	CU_ASSERT_STRING_EQUAL(endpoint_name(CLIENT_FIRST, text), "c1");
	CU_ASSERT_STRING_EQUAL(endpoint_name(CLIENT_FIRST + CLIENTS_MAX - 1, text), "c256");
}

static void an_app_runs_outside_any_process_for_a_judge(void)
{
	uint64_t command[2] = {1, 30};
	struct audit audit;
	size_t size;

	begin();
	uint64_t used = play.world->arena.used;
	for (unsigned i = 0; i < 10; i++) {
		world_audit_begin(play.world, &audit, 0);
		world_audit_apply(&audit, command, sizeof(command), &size);
		const uint64_t *answer = world_audit_apply(&audit, command, sizeof(command), &size);
		EQUAL(size, 8);
		EQUAL(*answer, 60);
		world_audit_apply(&audit, NULL, 0, &size); /* a no-op */
		EQUAL(size, 0);
		EQUAL(world_audit_digest(&audit), 60);
		EQUAL(world_app_digest(play.world, 0), 0);
		world_audit_end(&audit);
	}
	CU_ASSERT(play.world->arena.used <= used + 1024);
}

static void an_app_is_restored_from_its_image(void)
{
	uint64_t command[2] = {1, 30};
	size_t size;

	begin();
	struct env *env = play_enter(0);
	env_apply(env, 0, command, sizeof(command), &size); /* no log's position */
	EQUAL(world_process(play.world, 0)->applied, 0);
	env_apply(env, 5, command, sizeof(command), &size);
	env_apply(env, 6, NULL, 0, &size);
	EQUAL(world_process(play.world, 0)->applied, 6);
	const void *image = env_app_image(env, &size);
	env_app_restore(play_env(1), 6, image, size);
	play_leave();
	EQUAL(world_app_digest(play.world, 1), 60);
	EQUAL(world_process(play.world, 1)->applied, 6);
	const uint64_t *answer = env_query(play_enter(1), command, sizeof(command), &size);
	EQUAL(*answer, 60);
	play_leave();
}

CU_TestInfo world_tests[] = {
	{"events come by time, and then in the order they were scheduled",
	 events_come_by_time_and_then_in_the_order_they_were_scheduled},
	{"a run ends before the first event that is later than it may",
	 a_run_ends_before_the_first_event_that_is_later_than_it_may},
	{"a floor above may end the run at this event",
	 a_floor_above_may_end_the_run_at_this_event},
	{"a world held still moves one event at a time",
	 a_world_held_still_moves_one_event_at_a_time},
	{"what was due and changed nothing is no event",
	 what_was_due_and_changed_nothing_is_no_event},
	{"the next event is a choice, and time never goes back",
	 the_next_event_is_a_choice_and_time_never_goes_back},
	{"a timer chosen early brings its time along", a_timer_chosen_early_brings_its_time_along},
	{"a choice beyond what is pending takes the last",
	 a_choice_beyond_what_is_pending_takes_the_last},
	{"an override of next counts from its anchor", an_override_of_next_counts_from_its_anchor},
	{"a tape says who comes next, and then all is benign",
	 a_tape_says_who_comes_next_and_then_all_is_benign},
	{"an enumerator takes every order", an_enumerator_takes_every_order},
	{"a source that leaves all to the seed changes nothing",
	 a_source_that_leaves_all_to_the_seed_changes_nothing},
	{"each limit ends the run with its name, and the world runs again",
	 each_limit_ends_the_run_with_its_name_and_the_world_runs_again},
	{"too many events end the run", too_many_events_end_the_run},
	{"a world too small for its cluster says so", a_world_too_small_for_its_cluster_says_so},
	{"the leader is the live one with the highest term",
	 the_leader_is_the_live_one_with_the_highest_term},
	{"groups number their processes one after the other",
	 groups_number_their_processes_one_after_the_other},
	{"names are those of scenarios", names_are_those_of_scenarios},
	{"an app runs outside any process, for a judge",
	 an_app_runs_outside_any_process_for_a_judge},
	{"an app is restored from its image", an_app_is_restored_from_its_image},
	CU_TEST_INFO_NULL,
};
