/* Static data of plug-ins: whoever changes it is told of, and nobody finds it changed. */
#include "tests/world/stage.h"

static struct {
	uint64_t quiet, counter;
} memory;
static const uint64_t as_loaded[2] = {3, 5};

static const char *name_of(const struct static_data *data, size_t offset)
{
	CU_ASSERT_PTR_EQUAL(data->at, &memory);
	return offset >= 8 ? "counter" : NULL;
}

static const struct static_data statics[] = {
	{.at = &memory.quiet, .size = 0, .loaded = ""},
	{.at = &memory, .size = sizeof(memory), .loaded = as_loaded, .name = name_of}};

static void prepare(void)
{
	play_prepare();
	play.setup.statics = statics;
	play.setup.static_count = 2;
	memory.counter = 77; /* of some run before */
	play_begin();
}

static void count(struct env *env)
{
	memory.counter++;
	play_say(" n%u counts %d", env_self(env) + 1, (int)memory.counter);
}

static void change_the_other(struct env *env)
{
	(void)env;
	memory.quiet = 0;
}

static void look(struct env *env)
{
	play_say(" n%u sees %d", env_self(env) + 1, (int)memory.counter);
}

static void who_changes_static_data_is_told_of_and_nobody_finds_it_changed(void)
{
	prepare();
	EQUAL(memory.counter, 5);
	play_act_at(MS, 0, count);
	play_act_at(2 * MS, 1, look);
	play_act_at(3 * MS, 1, count);
	play_act_at(4 * MS, 2, change_the_other);
	play.tale_size = 0;
	EQUAL(play_run(S), RAN_UNTIL);
	TOLD(" n1 counts 6 n1.hid(counter) n2 sees 5 n2 counts 6 n2.hid(counter) n3.hid()");
	EQUAL(memory.quiet, 3);
	EQUAL(play.world->counters.statics_watched, 3 + 4); /* boots, too */
}

static void a_run_and_a_branch_begin_with_it_as_it_was_loaded(void)
{
	prepare();
	struct snapshot *snapshot = world_snapshot(play.world);

	memory.counter = 99; /* as an inspector might */
	world_restore(play.world, snapshot);
	EQUAL(memory.counter, 5);
	memory.counter = 99;
	play_reset();
	EQUAL(memory.counter, 5);
}

static void stumble(struct env *env)
{
	memory.counter = 99;
	ORDEAL_ASSERT(env, false);
}

static void what_a_dying_handler_changed_does_not_last(void)
{
	prepare();
	play_act_at(MS, 0, stumble);
	EQUAL(play_run(S), RAN_FAILED);
	play_reset();
	EQUAL(memory.counter, 5);
	EQUAL(play_count("hid"), 0);
}

static void without_an_observer_it_is_put_back_all_the_same(void)
{
	prepare();
	play.above.observer = NULL;
	play_act(0, count);
	EQUAL(memory.counter, 5);
}

static void without_plug_ins_nothing_is_watched(void)
{
	play_prepare();
	play_begin();
	play_act(0, count);
	EQUAL(play.world->counters.statics_watched, 0);
	EQUAL(play_count("hid"), 0);
}

CU_TestInfo statics_tests[] = {
	{"who changes static data is told of, and nobody finds it changed",
	 who_changes_static_data_is_told_of_and_nobody_finds_it_changed},
	{"a run and a branch begin with it as it was loaded",
	 a_run_and_a_branch_begin_with_it_as_it_was_loaded},
	{"what a dying handler changed does not last", what_a_dying_handler_changed_does_not_last},
	{"without an observer it is put back all the same",
	 without_an_observer_it_is_put_back_all_the_same},
	{"without plug-ins nothing is watched", without_plug_ins_nothing_is_watched},
	CU_TEST_INFO_NULL,
};
