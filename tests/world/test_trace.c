/* The trace: what its lines say, and that it changes nothing. */
#include "tests/world/stage.h"

static void answer_or_redirect(struct env *env, const struct request *request)
{
	uint64_t number = request->id >> 16;

	if (number == 1)
		env_reply(env, request->id, "12345678", 8);
	else if (number == 2)
		env_redirect(env, request->id, 2);
	else if (number == 3)
		env_redirect(env, request->id, env_self(env));
	else
		env_refuse(env, request->id);
}

static void everything(struct env *env)
{
	struct number_body *body = env_send(env, 1, LONG, 2);

	body[0].number = 7;
	body[1].number = 8;
	env_log_append(env, 3, "a", 1);
	env_log_append(env, 3, "b", 1);
	env_attach_log(env, body, 1, 2);
	env_attach_log(env, env_send(env, 2, PLAIN, 0), 1, 1);
	env_observe(env, SAW_VOTED, 4, 1, 0, NULL, 0);
	env_observe(env, SAW_LEADER_ELECTED, 4, 0, 0, NULL, 0);
	env_observe(env, SAW_ACCEPTED, 5, 6, 0, "x", 1);
	env_observe(env, SAW_SILENCED, 0, 0, 0, NULL, 0);
	env_arm(env, TICK, 3, 4 * MS, 4 * MS);
	env_note(env, "count is %d", 12);
}

static void break_things(struct world *world)
{
	world_trace_line(world, "cut n1 from %s", "n3");
	world_cut(world, 0, 2);
	world_disk_failing(world, 1, PROBABILITY_ONE);
}

static void write_and_pause(struct world *world)
{
	env_cell_put(play_enter(1), 1, "x", 1);
	play_leave();
	world_pause(world, 2);
}

static void crash_and_restart(struct world *world)
{
	world_crash_now(world, 0);
	world_restart(world, 0);
	world_resume(world, 2);
	world_crash_now(world, 2);
	world_wipe(world, 2);
	world_restart(world, 2);
}

static const char golden[] =
	"   0.000000       0  n1            was elected, term 4\n"
	"   0.000000       0  n1            fell silent\n"
	"   0.001000       1  c1  -> n2  request            operation 1\n"
	"   0.001000       2  c1  -> n2  request            operation 2\n"
	"   0.001000       3  c1  -> n2  request            operation 3\n"
	"   0.001000       4  c1  -> n2  request            operation 4\n"
	"   0.001000       5  n1         disk synced        up to write 2\n"
	"   0.001000       5  n1            voted in term 4 for n2\n"
	"   0.001000       5  n1            accepted 5, 6\n"
	"   0.001500       6  ## cut n1 from n3\n"
	"   0.002000       7  n2  -> c1  answer             operation 1\n"
	"   0.002000       8  n2  -> c1  redirect           operation 2 to n3\n"
	"   0.002000       9  n2  -> c1  redirect           operation 3 not now\n"
	"   0.002000      10  n2  -> c1  refusal            operation 4\n"
	"   0.002000      11  n1  -> n2  Long               number=7 { number=8 } { number=0 } +2 "
	"[1/3..2/3]\n"
	"   0.002000      12  n1  -x n3  Plain              number=0 +1 [1/3]  LOST\n"
	"   0.003000      12  n2            write 1: cell 1, 1 bytes\n"
	"   0.003000      12  n3         PAUSED\n"
	"   0.004000      13  n1         timer tick\n"
	"   0.004000      14  n2         disk synced        up to write 1\n"
	"   0.004000      14  n2         DISK FAILED        write error, from write 1\n"
	"   0.005000      15  n1         CRASHED            its log ends at 2\n"
	"   0.005000      15  n1         BOOTED             restart\n"
	"   0.005000      15  n3         RESUMED            0 messages wait\n"
	"   0.005000      15  n3         CRASHED            its log ends at 0\n"
	"   0.005000      15  n3         BOOTED             with an empty disk\n";

static char *text;
static size_t text_size;

static uint64_t run(bool traced)
{
	FILE *out = traced ? open_memstream(&text, &text_size) : NULL;

	play_prepare();
	play.script.request = answer_or_redirect;
	play_begin();
	world_trace_to(play.world, out);
	CU_ASSERT(world_tracing(play.world) == traced);
	for (request_id number = 1; number <= 4; number++)
		play_request(number, 1, 0);
	everything(play_enter(0));
	play_leave();
	play_do_at(1500 * US, break_things);
	play_do_at(3 * MS, write_and_pause);
	play_do_at(5 * MS, crash_and_restart);
	play_run(S);
	world_trace_to(play.world, NULL);
	if (out)
		fclose(out);
	return play.world->digest;
}

static void a_line_an_event_as_the_legend_says(void)
{
	run(true);
	/* The note stands first: it is told at once. */
	const char *note = "   0.000000       0  ## n1 notes: count is 12\n";
	bool same = !strncmp(text, note, strlen(note)) && !strcmp(text + strlen(note), golden);

	if (!same)
		printf("\n%s\nand not\n%s%s", text, note, golden);
	CU_ASSERT(same);
	free(text);
}

static void every_write_but_appends_is_told_and_what_rots(void)
{
	static const char expected[] =
		"   0.000000       0  n1            write 4: log cut from 3\n"
		"   0.000000       0  n1            write 5: log discarded up to 1\n"
		"   0.000000       0  n1            write 6: cell 7, 2 bytes\n"
		"   0.000000       0  n1            write 7: cell 8\n"
		"   0.000000       0  n1            write 8: dropped cell 8\n"
		"   0.000000       0  n1            write 9: snapshot staged at 0, 5 bytes\n"
		"   0.000000       0  n1            write 10: snapshot of 1, 9 bytes\n"
		"   0.001000       1  n1         disk synced        up to write 10\n"
		"   0.002000       1  n1         DISK ROTS          log record 2\n"
		"   0.002000       1  n1         DISK ROTS          cell 7\n"
		"   0.002000       1  n1         DISK ROTS          snapshot 0\n";
	FILE *out = open_memstream(&text, &text_size);

	play_prepare();
	play_begin();
	world_trace_to(play.world, out);
	struct env *env = play_enter(0);
	for (unsigned i = 0; i < 3; i++)
		env_log_append(env, 1, "a", 1);
	env_log_truncate(env, 3);
	env_log_discard(env, 1);
	env_cell_put(env, 7, "xy", 2);
	env_cell_put(env, 8, NULL, 0);
	env_cell_drop(env, 8, 9);
	env_snapshot_stage(env, 0, "image", 5);
	env_snapshot_commit(env, 1, 5, "head", 4);
	play_leave();
	play_run(2 * MS);
	world_disk_rot(play.world, 0, STORE_LOG, 2);
	world_disk_rot(play.world, 0, STORE_CELLS, 7);
	world_disk_rot(play.world, 0, STORE_SNAPSHOT, 0);
	world_trace_to(play.world, NULL);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, expected);
	free(text);
	out = open_memstream(&text, &text_size);
	world_trace_recent(play.world, out);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, "   0.002000       1  n1         DISK ROTS          "
				     "something at 0\n");
	free(text);
}

static void a_trace_changes_no_digest(void)
{
	uint64_t digest = run(false);

	CU_ASSERT(run(true) == digest);
	free(text);
}

static void the_ring_keeps_the_last_events_traced_or_not(void)
{
	play_prepare();
	play.quiet = true;
	play_begin();
	for (unsigned i = 0; i < 300; i++) {
		play_send(play_enter(0), 1, OTHER, i);
		play_leave();
		play_run(play.world->now + MS);
	}
	uint64_t events = play.world->events;
	for (uint64_t event = events - 100; event <= events; event++) {
		const struct trace_record *record = &play.world->ring[event % TRACE_RING];

		EQUAL(record->event, event);
		EQUAL(record->time, (nanoseconds)(event - (events - 300)) * MS);
		EQUAL(record->kind, TRACE_DELIVER);
		EQUAL(record->type, OTHER);
		EQUAL(record->from, 0);
		EQUAL(record->to, 1);
	}
}

static void the_ring_is_told_a_line_an_event(void)
{
	static const char recent[] =
		"   0.001000       1  c1  -> n2  request\n"
		"   0.001000       2  c1  -> n2  request\n"
		"   0.001000       3  c1  -> n2  request\n"
		"   0.001000       4  c1  -> n2  request\n"
		"   0.001000       5  n1         disk synced        up to write 2\n"
		"   0.001500       6  ## floor 3 has its turn\n"
		"   0.002000       7  n2  -> c1  answer\n"
		"   0.002000       8  n2  -> c1  answer\n"
		"   0.002000       9  n2  -> c1  answer\n"
		"   0.002000      10  n2  -> c1  answer\n"
		"   0.002000      11  n1  -> n2  Long\n"
		"   0.003000      12  ## floor 3 has its turn\n"
		"   0.004000      13  n1         timer tick\n"
		"   0.004000      14  n2         DISK FAILED        error, from write 1\n"
		"   0.005000      15  ## floor 3 has its turn\n";
	FILE *out = open_memstream(&text, &text_size);

	/* Of an event that did several things, the last. */
	run(false);
	world_trace_recent(play.world, out);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, recent);
	free(text);
}

CU_TestInfo trace_tests[] = {
	{"a line an event, as the legend says", a_line_an_event_as_the_legend_says},
	{"every write but appends is told, and what rots",
	 every_write_but_appends_is_told_and_what_rots},
	{"a trace changes no digest", a_trace_changes_no_digest},
	{"the ring keeps the last events, traced or not",
	 the_ring_keeps_the_last_events_traced_or_not},
	{"the ring is told, a line an event", the_ring_is_told_a_line_an_event},
	CU_TEST_INFO_NULL,
};
