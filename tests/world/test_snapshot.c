/*
 * Snapshots: going back gives the same run again, branches keep their records, and neither the
 * arena's place nor what stands in freed memory decides anything.
 */
#include "tests/world/stage.h"

/* ---- A run in which much happens ------------------------------------------------------------- */

static void chatter(struct env *env)
{
	process_id to = (process_id)env_random(env, 3);
	uint64_t value = env_random(env, 1000), last = env_log_last(env);
	struct record_view record;

	switch (env_random(env, 9)) {
	case 0: env_cell_put(env, value % 7, &value, sizeof(value)); break;
	case 1:
	case 2: env_log_append(env, value, &value, sizeof(value)); break;
	case 3:
		if (last > env_log_first(env) && value < 100)
			env_log_truncate(env, last);
		break;
	case 4: env_log_discard(env, last > 50 ? last - 50 : 0); break;
	case 5: env_observe(env, SAW_VOTED, value, to, 0, NULL, 0); break;
	case 6: memset(env_realloc(env, env_alloc(env, value), 2 * value + 1), 1, value); break;
	case 7:
		env_snapshot_stage(env, 0, &value, sizeof(value));
		env_snapshot_commit(env, last, sizeof(value), &value, sizeof(value));
		break;
	default: break;
	}
	play_send(env, to, value % 2 ? PLAIN : PROMISE, value);
	struct number_body *body = env_send_after(env, 0, to, LONG, 2);
	body[1].number = value;
	for (uint64_t index = env_log_first(env); index <= env_log_last(env); index++)
		if (env_log_last(env) - index < 8 && env_log_read(env, index, &record) == WHOLE)
			env_attach_log(env, body, index, index);
	records_append(play.world, RECORDS_HISTORY, 8);
	memcpy(records_at(play.world, RECORDS_HISTORY,
			  records_size(play.world, RECORDS_HISTORY) - 8),
	       &value, 8);
}

static void chatter_on(struct env *env, unsigned type, uint64_t key)
{
	chatter(env);
	env_arm(env, type, key, MS, 10 * MS);
}

static void listen(struct env *env, process_id from, unsigned type, uint64_t number,
		   const void *body)
{
	struct record_view view = {0};

	(void)from, (void)type;
	while (env_next_record(body, &view))
		if (view.index == env_log_last(env) + 1)
			env_log_append(env, view.term, view.command, view.size);
	env_arm(env, TOCK, number % 5, 0, 20 * MS);
	if (number % 16 == 0)
		env_reply(env, (request_id)number << 16, &number, sizeof(number));
}

static void start(struct env *env, enum boot boot)
{
	env_arm(env, TICK, boot, 0, 10 * MS);
}

/* What breaks stands in the run's own queue, so that a restore brings it back. */
static bool trouble(struct world *world, uint32_t number)
{
	process_id id = (process_id)(number % 3), next = (process_id)((number + 1) % 3);

	switch (number / 3 % 6) {
	case 0: world_crash(world, id); break;
	case 1: world_restart(world, id); break;
	case 2: world_pause(world, id); break;
	case 3: world_resume(world, id); break;
	case 4: world_cut(world, id, next); break;
	case 5: world_mend(world, id, next); break;
	}
	world_digest(world, number, 1);
	world_schedule(world, world->now + 7 * MS, FLOOR_FAULTS, number + 1);
	return true;
}

static void prepare(void)
{
	play_prepare();
	play.quiet = true;
	play.setup.clients = 2;
	play.setup.link = (struct link_setup){
		.latency = {LOGNORMAL, 2 * MS, 20 * MS, 0},
		.loss = PROBABILITY_ONE / 20,
		.duplicate = PROBABILITY_ONE / 20,
		.reorder = PROBABILITY_ONE / 20,
		.held_back = {UNIFORM, MS, 30 * MS, 0},
	};
	play.setup.disk.write = (struct distribution){UNIFORM, 0, 300 * US, 0};
	play.setup.disk.sync = (struct distribution){EXPONENTIAL, MS, 0, 0};
	play.setup.disk.crash = CRASH_REORDER;
	play.setup.disk.torn = PROBABILITY_ONE / 2;
	play.setup.service = (struct distribution){UNIFORM, 0, 100 * US, 0};
	play.setup.drift_ppm = 500;
	play.setup.clock_offset = (struct distribution){UNIFORM, 0, 50 * MS, 0};
	play.above.due[FLOOR_FAULTS] = trouble;
	play.script.boot = start;
	play.script.timer = chatter_on;
	play.script.message = listen;
}

static void begin(void)
{
	prepare();
	play_begin();
	world_schedule(play.world, 5 * MS, FLOOR_FAULTS, 0);
}

static uint64_t digest_at(nanoseconds until)
{
	EQUAL(play_run(until), RAN_UNTIL);
	return play.world->digest ^ records_size(play.world, RECORDS_HISTORY) << 20;
}

static uint64_t straight(nanoseconds until)
{
	begin();
	uint64_t digest = digest_at(until);

	CU_ASSERT(play.world->counters.crashes > 10 && play.world->counters.pauses > 10);
	CU_ASSERT(play.world->counters.cut > 10 && play.world->counters.duplicated > 10);
	return digest;
}

/* ---- Going back ------------------------------------------------------------------------------ */

static void going_back_gives_the_same_run_again(void)
{
	uint64_t digest = straight(2 * S);

	begin();
	uint64_t early = digest_at(500 * MS);
	struct snapshot *snapshot = world_snapshot(play.world);
	EQUAL(snapshot_bytes(snapshot), play.world->arena.used);
	CU_ASSERT(digest_at(2 * S) == digest);
	for (unsigned i = 0; i < 3; i++) {
		world_restore(play.world, snapshot);
		EQUAL(play.world->now, 500 * MS);
		EQUAL(play.world->arena.used, snapshot_bytes(snapshot));
		CU_ASSERT(digest_at(500 * MS) == early);
		CU_ASSERT(digest_at(2 * S) == digest);
	}
	snapshot_free(play.world, snapshot);
	snapshot_free(play.world, NULL);
}

static void goes_back_with(struct choice_source *source, nanoseconds early)
{
	begin();
	uint64_t untouched = digest_at(1 * S);

	begin();
	play.world->choices.source = source;
	digest_at(early);
	struct snapshot *snapshot = world_snapshot(play.world);
	uint64_t digest = digest_at(1 * S);

	CU_ASSERT(digest != untouched); /* it had something to say */
	world_restore(play.world, snapshot);
	CU_ASSERT(digest_at(1 * S) == digest);
}

static void what_a_choice_source_has_counted_goes_back_too(void)
{
	struct override list[8];
	struct overrides overrides;
	uint8_t bytes[4096];
	struct tape tape;
	struct enumerator enumerator;

	for (unsigned i = 0; i < 8; i++)
		list[i] = (struct override){
			.address = choice_address(CHOICE_LOSS, 0, 1, LONG, 3 + 5 * i), .value = 1};
	overrides_init(&overrides, list, 8, play.world->observed);
	goes_back_with(&overrides.source, 50 * MS);
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 7 == 3);
	tape_init(&tape, bytes, sizeof(bytes));
	goes_back_with(&tape.source, 50 * MS);
	enumerator_init(&enumerator, (uint64_t)1 << CHOICE_DUPLICATE);
	for (unsigned i = 0; i < ENUMERATOR_DEPTH; i++)
		enumerator.taken[i] = i % 3 == 0;
	goes_back_with(&enumerator.source, 2 * MS);
}

static void take_without_end(struct env *env)
{
	for (;;)
		env_alloc(env, 100000);
}

static void a_world_goes_back_from_a_limit_too(void)
{
	uint64_t digest = straight(1 * S);

	begin();
	play_run(500 * MS);
	struct snapshot *snapshot = world_snapshot(play.world);
	play_act_at(600 * MS, 1, take_without_end);
	EQUAL(play_run(1 * S), RAN_LIMIT);
	world_restore(play.world, snapshot);
	CU_ASSERT(digest_at(1 * S) == digest);
}

static void branches_differ_and_do_not_touch_each_other(void)
{
	uint64_t digest = straight(2 * S);

	begin();
	play_run(500 * MS);
	struct snapshot *first = world_snapshot(play.world);
	play_run(1 * S);
	struct snapshot *second = world_snapshot(play.world);
	world_restore(play.world, first);
	world_crash_now(play.world, 1);
	world_wipe(play.world, 1);
	uint64_t branch = digest_at(2 * S);
	CU_ASSERT(branch != digest);
	struct snapshot *third = world_snapshot(play.world);
	uint64_t further = digest_at(3 * S);
	world_restore(play.world, second);
	CU_ASSERT(digest_at(2 * S) == digest);
	world_restore(play.world, third);
	CU_ASSERT(digest_at(2 * S) == branch);
	CU_ASSERT(digest_at(3 * S) == further);
	snapshot_free(play.world, second);
	world_restore(play.world, first);
	CU_ASSERT(digest_at(2 * S) == digest);
	world_restore(play.world, third);
	CU_ASSERT(digest_at(3 * S) == further);
}

static void a_reset_forgets_the_run_its_records_and_its_snapshots(void)
{
	uint64_t digest = straight(1 * S);

	world_snapshot(play.world);
	play_reset();
	EQUAL(records_size(play.world, RECORDS_HISTORY), 0);
	CU_ASSERT_PTR_NULL(play.world->outside->snapshots);
	world_schedule(play.world, 5 * MS, FLOOR_FAULTS, 0);
	CU_ASSERT(digest_at(1 * S) == digest);
}

static void neither_the_arenas_place_nor_junk_decides_anything(void)
{
	uint64_t digest = straight(2 * S);
	uintptr_t first = (uintptr_t)play.world;

	prepare();
	play.base = ARENA_BASE + ((uintptr_t)1 << 36);
	play.arena_limit = 128 << 20;
	play.junk = true;
	play_begin();
	CU_ASSERT((uintptr_t)play.world != first);
	CU_ASSERT(play.world->arena.junk);
	world_schedule(play.world, 5 * MS, FLOOR_FAULTS, 0);
	CU_ASSERT(digest_at(2 * S) == digest);
	struct snapshot *snapshot = world_snapshot(play.world);
	digest = digest_at(3 * S);
	world_restore(play.world, snapshot);
	CU_ASSERT(digest_at(3 * S) == digest);
}

static void another_seed_is_another_run(void)
{
	uint64_t digest = straight(1 * S);

	prepare();
	play.setup.seed = 2;
	play_begin();
	world_schedule(play.world, 5 * MS, FLOOR_FAULTS, 0);
	CU_ASSERT(digest_at(1 * S) != digest);
}

static void nobody_judging_changes_nothing(void)
{
	uint64_t digest = straight(1 * S);

	prepare();
	play.above.observer = NULL;
	play_begin();
	world_schedule(play.world, 5 * MS, FLOOR_FAULTS, 0);
	CU_ASSERT(digest_at(1 * S) == digest);
}

/* ---- The digests of events ------------------------------------------------------------------- */

enum { EVENTS = 400 };
struct heard {
	size_t count;
	uint64_t event[EVENTS], digest[EVENTS];
};

static void hear(void *context, uint64_t event, uint64_t digest)
{
	struct heard *heard = context;

	if (heard->count == EVENTS)
		return;
	heard->event[heard->count] = event;
	heard->digest[heard->count++] = digest;
}

static void digests_tell_the_first_event_in_which_two_runs_part(void)
{
	static struct heard heard[2];

	memset(heard, 0, sizeof(heard));
	for (unsigned i = 0; i < 2; i++) {
		begin();
		world_digests_to(play.world, hear, &heard[i]);
		play_run(60 * MS);
		if (i)
			world_clock_step(play.world, 0, S); /* which nobody reads */
		play_run(80 * MS);
		if (i)
			play_send(play_enter(0), 1, PLAIN, 5);
		if (i)
			play_leave();
		play_run(S);
		world_digests_to(play.world, NULL, NULL);
	}
	size_t same = 0;
	while (same < EVENTS && heard[0].digest[same] == heard[1].digest[same] &&
	       heard[0].event[same] == heard[1].event[same])
		same++;
	CU_ASSERT(same > 20 && same < EVENTS);
	for (size_t i = 1; i < same; i++) {
		CU_ASSERT(heard[0].event[i] >= heard[0].event[i - 1]);
		CU_ASSERT(heard[0].digest[i] != heard[0].digest[i - 1]);
	}
}

/* ---- Records --------------------------------------------------------------------------------- */

enum { KEPT = 12, LENGTH = 20000 };

/* What a branch's records are: of the world now, and of each snapshot kept. */
struct line {
	struct snapshot *snapshot;
	size_t size[2];
	uint32_t word[2][LENGTH];
};
static struct line now, kept[KEPT];

static unsigned differences(void)
{
	unsigned wrong = 0;

	for (unsigned kind = 0; kind < 2; kind++) {
		wrong += records_size(play.world, kind) != now.size[kind] * sizeof(uint32_t);
		if (now.size[kind])
			wrong += memcmp(records_at(play.world, kind, 0), now.word[kind],
					now.size[kind] * sizeof(uint32_t)) != 0;
	}
	return wrong;
}

static void write_records(struct pcg32 *pcg)
{
	unsigned kind = pcg32_below(pcg, 2);
	size_t count = pcg32_below(pcg, 60);

	if (now.size[kind] + count > LENGTH)
		return;
	uint32_t *words = records_append(play.world, kind, count * sizeof(*words));

	for (size_t i = 0; i < count; i++)
		words[i] = now.word[kind][now.size[kind] + i] = pcg32_next(pcg);
	now.size[kind] += count;
}

static void branch_at_random(struct pcg32 *pcg)
{
	struct line *line = &kept[pcg32_below(pcg, KEPT)];

	switch (pcg32_below(pcg, 8)) {
	case 0:
		snapshot_free(play.world, line->snapshot);
		line->snapshot = NULL;
		break;
	case 1:
		if (line->snapshot)
			snapshot_free(play.world, line->snapshot);
		*line = now;
		line->snapshot = world_snapshot(play.world);
		break;
	case 2:
		if (line->snapshot) {
			world_restore(play.world, line->snapshot);
			now = *line;
		}
		break;
	default: write_records(pcg); break;
	}
}

static void every_branch_keeps_its_records_in_whatever_order_it_is_visited(void)
{
	struct pcg32 pcg = pcg32_seeded(11, 1);
	unsigned wrong = 0;

	memset(&now, 0, sizeof(now));
	memset(kept, 0, sizeof(kept));
	play_prepare();
	play_begin();
	for (unsigned step = 0; step < 20000; step++) {
		branch_at_random(&pcg);
		wrong += differences();
	}
	EQUAL(wrong, 0);
	for (unsigned i = 0; i < KEPT; i++) /* and at last all that are kept */
		if (kept[i].snapshot) {
			world_restore(play.world, kept[i].snapshot);
			now = kept[i];
			EQUAL(differences(), 0);
		}
}

static void records_are_zeroed_where_a_branch_wrote_before(void)
{
	play_prepare();
	play_begin();
	struct snapshot *snapshot = world_snapshot(play.world);
	memset(records_append(play.world, RECORDS_SERIES, 100), 7, 100);
	world_restore(play.world, snapshot);
	const uint8_t *bytes = records_append(play.world, RECORDS_SERIES, 100);
	for (unsigned i = 0; i < 100; i++)
		EQUAL(bytes[i], 0);
	EQUAL(records_size(play.world, RECORDS_SERIES), 100);
}

CU_TestInfo snapshot_tests[] = {
	{"going back gives the same run again", going_back_gives_the_same_run_again},
	{"what a choice source has counted goes back too",
	 what_a_choice_source_has_counted_goes_back_too},
	{"a world goes back from a limit too", a_world_goes_back_from_a_limit_too},
	{"branches differ, and don't touch each other",
	 branches_differ_and_do_not_touch_each_other},
	{"a reset forgets the run, its records and its snapshots",
	 a_reset_forgets_the_run_its_records_and_its_snapshots},
	{"neither the arena's place nor junk decides anything",
	 neither_the_arenas_place_nor_junk_decides_anything},
	{"another seed is another run", another_seed_is_another_run},
	{"nobody judging changes nothing", nobody_judging_changes_nothing},
	{"digests tell the first event in which two runs part",
	 digests_tell_the_first_event_in_which_two_runs_part},
	{"every branch keeps its records, in whatever order it is visited",
	 every_branch_keeps_its_records_in_whatever_order_it_is_visited},
	{"records are zeroed where a branch wrote before",
	 records_are_zeroed_where_a_branch_wrote_before},
	CU_TEST_INFO_NULL,
};
