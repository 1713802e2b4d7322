/* Effects: what a handler does leaves after it, in order, when the disk allows, or never. */
#include "tests/world/stage.h"

static void put(struct env *env, uint64_t value)
{
	env_cell_put(env, 1, &value, sizeof(value));
}

static uint64_t got(process_id id)
{
	const void *value;
	uint64_t number = 0;
	size_t size;

	if (env_cell_get(play_env(id), 1, &value, &size) == WHOLE)
		memcpy(&number, value, sizeof(number));
	return number;
}

/* ---- When a send leaves ---------------------------------------------------------------------- */

static void send_around_a_write(struct env *env)
{
	play_send(env, 1, PLAIN, 1);
	put(env, 5);
	play_send(env, 1, PLAIN, 2);
}

static void a_send_waits_for_all_writes_of_its_handler(void)
{
	play_prepare();
	play_begin();
	play_act(0, send_around_a_write);
	play_run(S);
	TOLD("n1.durable(1)@1000 n2<1@2000 n2<2@2000");
}

static void send_only(struct env *env)
{
	play_send(env, 1, PLAIN, 3);
}

static void a_send_waits_for_the_writes_of_handlers_before(void)
{
	play_prepare();
	play_begin();
	play_act(0, send_around_a_write);
	play_act_at(300 * US, 0, send_only);
	play_act_at(1500 * US, 0, send_only);
	play_run(S);
	TOLD("n1.durable(1)@1000 n2<1@2000 n2<2@2000 n2<3@2000 n2<3@2500");
}

static void send_loosely(struct env *env)
{
	uint64_t value = 6;
	ticket_t first = env_cell_put(env, 1, &value, sizeof(value));

	play_send_after(env, first, 1, PLAIN, 1);
	play_send_after(env, 0, 1, PLAIN, 2);
	play_send(env, 1, PLAIN, 3);
}

static void write_more(struct env *env)
{
	put(env, 7);
	play_send(env, 1, PLAIN, 5);
	play_send_after(env, 1, 1, PLAIN, 4);
}

static void a_send_after_a_ticket_waits_for_that_write_alone(void)
{
	play_prepare();
	play_begin();
	play_act(0, send_loosely);
	play_act_at(500 * US, 0, write_more);
	play_run(S);
	TOLD("n2<2@1000 n1.durable(1)@1000 n2<1@2000 n2<3@2000 n2<4@2000 n1.durable(2)@2000 "
	     "n2<5@3000");
}

static void send_to_itself(struct env *env)
{
	play_send(env, 0, PLAIN, 1);
	play_send(env, 0, PLAIN, 2);
	play_say("handler-ends");
}

static void a_message_to_itself_comes_after_the_handler_and_is_never_lost(void)
{
	play_prepare();
	play.setup.link.loss = PROBABILITY_ONE;
	play_begin();
	for (int i = 0; i < 2; i++)
		play_act(0, send_to_itself);
	play_run(S);
	TOLD("handler-endshandler-ends n1<1@0 n1<2@0 n1<1@0 n1<2@0");
	EQUAL(play.world->counters.lost, 0);
}

static void write_and_send_to_itself(struct env *env)
{
	put(env, 1);
	play_send(env, 0, PROMISE, 1);
	play_send_after(env, 0, 0, PROMISE, 2);
}

static void a_message_to_itself_waits_for_the_disk_too_and_is_no_early_promise(void)
{
	play_prepare();
	play_begin();
	play_act(0, write_and_send_to_itself);
	play_run(S);
	TOLD("n1<2@0 n1.durable(1)@1000 n1<1@1000");
}

static void reorder_self(struct world *world)
{
	world_crash_now(world, 0);
	world_restart(world, 0);
}

static void a_message_to_itself_does_not_outlive_its_process(void)
{
	play_prepare();
	play_override(CHOICE_NEXT, 0, 0, 0, 1, 1); /* the crash comes before the message */
	play_begin();
	play_act(0, send_to_itself);
	play_do_at(0, reorder_self);
	play.overrides[0].value = 2;
	play_run(S);
	TOLD("handler-ends n1.boot(1)@0");
	EQUAL(play.world->counters.refused_dead, 2);
}

/* ---- Promises that leave early --------------------------------------------------------------- */

static void promise_early(struct env *env)
{
	put(env, 1);
	play_send_after(env, 0, 1, PLAIN, 1);
	play_send_after(env, 0, 1, PROMISE, 2);
	play_send(env, 1, PROMISE, 3);
	env_reply_after(env, 0, (request_id)9 << 16, "x", 1);
	env_redirect(env, (request_id)10 << 16, 2);
}

static void leaving_early_is_told_of_promises_alone(void)
{
	play_prepare();
	play_begin();
	play_act(0, promise_early);
	play_run(S);
	TOLD("n1.early(2)@0 n2<1@1000 n2<2@1000 c1<9@1000 c1<10@1000 "
	     "n1.durable(1)@1000 n2<3@2000");
}

static void promise_before_the_write(struct env *env)
{
	play_send_after(env, 0, 1, PROMISE, 2);
	put(env, 1);
}

static void the_writes_after_it_in_its_handler_count_against_an_early_promise(void)
{
	play_prepare();
	play_begin();
	play_act(0, promise_before_the_write);
	TOLD("n1.early(2)@0");
	play_run(S);
}

static void promise_for_an_older_ticket(struct env *env)
{
	put(env, 2);
	play_send_after(env, 1, 1, PROMISE, 4);
}

static void a_promise_after_too_old_a_ticket_is_early_when_it_leaves(void)
{
	play_prepare();
	play_begin();
	play_act(0, send_around_a_write);
	play_act_at(500 * US, 0, promise_for_an_older_ticket);
	play_run(1200 * US);
	TOLD("n1.early(4)@1000 n1.durable(1)@1000");
}

/* ---- Observations ---------------------------------------------------------------------------- */

static void observe_around_a_write(struct env *env)
{
	env_observe(env, SAW_TERM_ENTERED, 4, 0, 0, NULL, 0);
	env_observe(env, SAW_LEADER_ELECTED, 5, 0, 0, NULL, 0);
	put(env, 1);
	env_observe(env, SAW_VOTED, 6, 0, 0, NULL, 0);
}

static void a_promise_observed_binds_when_it_is_durable_others_at_once(void)
{
	play_prepare();
	play_begin();
	play_act(0, observe_around_a_write);
	TOLD("n1.elected(5)@0");
	EQUAL(play.world->observed[SAW_VOTED], 0);
	play_run(S);
	TOLD("n1.term(4)@1000 n1.voted(6)@1000 n1.durable(1)@1000");
	EQUAL(play.world->observed[SAW_VOTED], 1);
}

static void observe_only(struct env *env)
{
	env_observe(env, SAW_VOTED, 7, 0, 0, NULL, 0);
}

static void a_promise_without_writes_binds_with_those_before_it(void)
{
	play_prepare();
	play_begin();
	play_act(0, observe_only);
	TOLD("n1.voted(7)@0");
	play_act(0, observe_around_a_write);
	play_act_at(500 * US, 0, observe_only);
	play_run(S);
	TOLD("n1.elected(5)@0 n1.term(4)@1000 n1.voted(6)@1000 n1.voted(7)@1000 "
	     "n1.durable(1)@1000");
}

static void crash_first(struct world *world)
{
	world_crash_now(world, 0);
	world_restart(world, 0);
}

static void a_crash_withdraws_promises_that_were_not_durable(void)
{
	play_prepare();
	play_begin();
	play_act(0, observe_around_a_write);
	play_act(0, send_around_a_write);
	play_do_at(900 * US, crash_first);
	play_act_at(2 * MS, 0, send_around_a_write);
	play_run(S);
	TOLD("n1.elected(5)@0 n1.boot(1)@900 n1.durable(3)@3000 n2<1@4000 n2<2@4000");
}

/* ---- Timers ---------------------------------------------------------------------------------- */

static void arm_twice(struct env *env)
{
	env_arm(env, TICK, 1, 10 * MS, 10 * MS);
	env_arm(env, TOCK, 2, 5 * MS, 5 * MS);
	env_arm(env, TICK, 1, 20 * MS, 20 * MS);
	env_arm(env, TOCK, 9, 1 * MS, 1 * MS);
	env_disarm(env, TOCK, 9);
}

static void timers_are_armed_and_disarmed_in_order_when_the_handler_ends(void)
{
	play_prepare();
	play_begin();
	play_act_at(3 * MS, 0, arm_twice);
	play_run(S);
	TOLD("n1.tock(2)@8000 n1.tick(1)@23000");
}

/* ---- A crash between two effects ------------------------------------------------------------- */

static void write_send_write_observe(struct env *env)
{
	play_send_after(env, 0, 1, PLAIN, 1);                   /* effect 0 */
	env_log_append(env, 1, "a", 1);                         /* 1 */
	env_observe(env, SAW_LEADER_ELECTED, 1, 0, 0, NULL, 0); /* 2 */
	env_arm(env, TICK, 0, 5 * MS, 5 * MS);                  /* 3 */
	env_log_append(env, 1, "b", 1);                         /* 4 */
	env_log_append(env, 1, "c", 1);                         /* 5 */
	env_observe(env, SAW_LEADER_ELECTED, 2, 0, 0, NULL, 0); /* 6 */
	play_send_after(env, 0, 1, PLAIN, 2);                   /* 7 */
}
enum { POSITIONS = 9 };

static void a_crash_falls_before_a_chosen_effect_and_none_from_there_on_happens(void)
{
	static const unsigned issued[POSITIONS] = {0, 0, 1, 1, 1, 2, 3, 3, 3};

	for (unsigned at = 0; at < POSITIONS; at++) {
		play_prepare();
		play.setup.disk.crash = CRASH_KEEP; /* whatever was issued */
		play_override(CHOICE_CRASH, 0, 0, 0, 1, 1);
		play_override(CHOICE_CRASH, 0, 1, 0, 1, at);
		play_begin();
		CU_ASSERT(world_crash(play.world, 0));
		EQUAL(world_process(play.world, 0)->status, UP);
		play_act(0, write_send_write_observe);
		EQUAL(world_process(play.world, 0)->status, DOWN);
		EQUAL(play_disk(0)->log_last, issued[at]);
		world_restart(play.world, 0);
		play_run(S);
		EQUAL(play_count("n1.elected(1)"), at > 2);
		EQUAL(play_count("n1.elected(2)"), at > 6);
		EQUAL(play_count("n2<1@1000"), at > 0);
		EQUAL(play_count("n2<2@1000"), at > 7);
		EQUAL(play_count("tick"), 0);
		EQUAL(play_count("durable"), 0);
		EQUAL(play.world->counters.crashes, 1);
	}
}

static void a_crash_in_a_handler_loses_any_suffix_of_the_writes_it_issued(void)
{
	for (unsigned lost = 0; lost <= 3; lost++) {
		play_prepare();
		play_override(CHOICE_CRASH, 0, 0, 0, 1, 1);
		play_override(CHOICE_CRASH, 0, 1, 0, 1, 6);
		play_override(CHOICE_SURVIVORS, 0, 0, 0, 1, lost);
		play_begin();
		world_crash(play.world, 0);
		play_act(0, write_send_write_observe);
		EQUAL(play_disk(0)->log_last, 3 - lost);
		EQUAL(env_log_durable(play_env(0)), 3 - lost);
	}
}

static void what_a_dying_handler_recorded_takes_no_memory(void)
{
	uint64_t used = 0;

	play_prepare();
	play.quiet = true;
	play_begin();
	for (unsigned i = 0; i < 1000; i++) {
		world_crash(play.world, 0);
		if (world_process(play.world, 0)->status == UP)
			play_act(0, write_send_write_observe);
		world_restart(play.world, 0);
		env_log_discard(play_enter(0), env_log_last(play_env(0)));
		play_leave();
		play_run(play.world->now + 20 * MS);
		if (i == 100)
			used = play.world->arena.used;
	}
	EQUAL(play.world->counters.crashes, 1000);
	CU_ASSERT(play.world->arena.used - used < 1024);
}

static void a_crash_that_finds_no_handler_falls_by_itself_in_ten_milliseconds(void)
{
	play_prepare();
	play_override(CHOICE_CRASH, 0, 0, 0, 1, 1);
	play_begin();
	world_crash(play.world, 0);
	play_run(9 * MS);
	EQUAL(world_process(play.world, 0)->status, UP);
	play_run(10 * MS);
	EQUAL(world_process(play.world, 0)->status, DOWN);
	EQUAL(world_crash(play.world, 0), false);
}

static void crash_and_write(struct env *env, ticket_t ticket)
{
	(void)ticket;
	put(env, 9);
	play_send_after(env, 0, 1, PLAIN, 9);
}

static void a_process_may_die_in_the_handler_that_the_disk_calls(void)
{
	play_prepare();
	play.script.durable = crash_and_write;
	play_override(CHOICE_CRASH, 0, 0, 0, 1, 1);
	play_override(CHOICE_CRASH, 0, 1, 0, 1, 0);
	play_begin();
	play_act(0, send_around_a_write);
	world_crash(play.world, 0);
	play_run(S);
	/* What the sync released had left before. */
	TOLD("n1.durable(1)@1000 n2<1@2000 n2<2@2000");
	EQUAL(got(0), 5);
	EQUAL(world_process(play.world, 0)->status, DOWN);
}

/* ---- Answers, records, the app --------------------------------------------------------------- */

static void apply_and_answer(struct env *env, const struct request *request)
{
	size_t size;
	const void *answer = env_apply(env, 1, request->command, request->size, &size);

	env_reply(env, request->id, answer, size);
	env_reply(env, 0, answer, size);                        /* nobody's */
	env_reply(env, (request_id)7 << 16 | 55, answer, size); /* of no client that there is */
	EQUAL(*(const uint64_t *)answer, 30);
	EQUAL(request->key_count, 1);
}

static void a_request_reaches_the_app_and_its_answer_the_client(void)
{
	play_prepare();
	play.tell_log = true;
	play.script.request = apply_and_answer;
	play_begin();
	play_request(8, 2, 30);
	play_run(S);
	TOLD("n3<c1:8@1000 n3.applied(524288)@1000 c1<8@2000");
	EQUAL(world_app_digest(play.world, 2), 30);
	EQUAL(world_process(play.world, 2)->applied, 1);
}

static void write_and_answer(struct env *env)
{
	env_redirect(env, (request_id)1 << 16, 2);
	env_reply(env, (request_id)2 << 16, "x", 1);
	env_refuse(env, (request_id)3 << 16);
	env_reply_after(env, 0, (request_id)4 << 16, "x", 1);
	put(env, 1);
}

static void answers_and_refusals_wait_for_the_disk_and_redirects_do_not(void)
{
	play_prepare();
	play_begin();
	play_act(0, write_and_answer);
	play_run(S);
	TOLD("c1<1@1000 c1<4@1000 n1.durable(1)@1000 c1<2@2000 c1<3@2000");
}

static void records_travel(struct env *env)
{
	env_log_append(env, 3, "one", 3);
	env_log_append(env, 3, "two", 3);
	env_log_append(env, 4, NULL, 0);
	struct number_body *body = env_send(env, 1, LONG, 2);

	body[0].number = 70;
	body[1].number = 71;
	body[2].number = 72;
	env_attach_log(env, body, 1, 3);
	for (uint64_t index = 10; index < 20; index++)
		env_attach(env, body, index, 5, "extra", 5);
}

static void check_records(struct env *env, process_id from, unsigned type, uint64_t number,
			  const void *body)
{
	const struct number_body *elements = body;
	struct record_view view = {0};
	uint64_t count = 0;

	(void)env;
	EQUAL(from, 0);
	EQUAL(type, LONG);
	EQUAL(number + elements[1].number + elements[2].number, 70 + 71 + 72);
	EQUAL(env_record_count(body), 13);
	for (; env_next_record(body, &view); count++) {
		EQUAL(view.index, count < 3 ? count + 1 : count + 7);
		EQUAL(view.term, count < 2 ? 3 : count == 2 ? 4 : 5);
		EQUAL(view.size, count < 2 ? 3 : count == 2 ? 0 : 5);
		if (count == 1)
			CU_ASSERT(!memcmp(view.command, "two", 3));
	}
	EQUAL(count, 13);
	play_say(" looked");
}

static void a_message_carries_elements_and_records_whole(void)
{
	play_prepare();
	play.setup.link.duplicate = PROBABILITY_ONE;
	play.script.message = check_records;
	play_begin();
	play_act(0, records_travel);
	play_run(S);
	TOLD("n1.durable(3)@1000 n2<70@2000 looked n2<70@2000 looked");
}

static void fail(struct env *env)
{
	put(env, 1);
	play_send_after(env, 0, 1, PLAIN, 1);
	ORDEAL_ASSERT(env, env_self(env) == 1);
	play_say("unreachable");
}

static void a_failed_assertion_ends_the_run_at_once(void)
{
	play_prepare();
	play_begin();
	play_act_at(MS, 0, fail);
	play_act_at(2 * MS, 0, send_only);
	EQUAL(play_run(S), RAN_FAILED);
	TOLD("n1.died(1)@1000");
	play_reset();
	play_act(0, send_only);
	EQUAL(play_run(S), RAN_UNTIL);
	CU_ASSERT(play_count("n2<3@1000") == 1);
}

static void send_too_many(struct env *env)
{
	env_send(env, 1, LONG, 70000);
}

static void too_many_elements_are_the_protocols_failure(void)
{
	play_prepare();
	play_begin();
	play_act_at(MS, 0, send_too_many);
	EQUAL(play_run(S), RAN_FAILED);
}

CU_TestInfo effects_tests[] = {
	{"a send waits for all writes of its handler, those after it too",
	 a_send_waits_for_all_writes_of_its_handler},
	{"a send waits for the writes of handlers before",
	 a_send_waits_for_the_writes_of_handlers_before},
	{"a send after a ticket waits for that write alone, and order is kept",
	 a_send_after_a_ticket_waits_for_that_write_alone},
	{"a message to itself comes after the handler and is never lost",
	 a_message_to_itself_comes_after_the_handler_and_is_never_lost},
	{"a message to itself waits for the disk too, and is no early promise",
	 a_message_to_itself_waits_for_the_disk_too_and_is_no_early_promise},
	{"a message to itself does not outlive its process",
	 a_message_to_itself_does_not_outlive_its_process},
	{"leaving early is told of promises alone", leaving_early_is_told_of_promises_alone},
	{"the writes after it in its handler count against an early promise",
	 the_writes_after_it_in_its_handler_count_against_an_early_promise},
	{"a promise after too old a ticket is early when it leaves",
	 a_promise_after_too_old_a_ticket_is_early_when_it_leaves},
	{"a promise observed binds when it is durable, others at once",
	 a_promise_observed_binds_when_it_is_durable_others_at_once},
	{"a promise without writes binds with those before it",
	 a_promise_without_writes_binds_with_those_before_it},
	{"a crash withdraws promises and sends that were not durable",
	 a_crash_withdraws_promises_that_were_not_durable},
	{"timers are armed and disarmed in order, when the handler ends",
	 timers_are_armed_and_disarmed_in_order_when_the_handler_ends},
	{"a crash falls before a chosen effect, and none from there on happens",
	 a_crash_falls_before_a_chosen_effect_and_none_from_there_on_happens},
	{"a crash in a handler loses any suffix of the writes it issued",
	 a_crash_in_a_handler_loses_any_suffix_of_the_writes_it_issued},
	{"what a dying handler recorded takes no memory",
	 what_a_dying_handler_recorded_takes_no_memory},
	{"a crash that finds no handler falls by itself in ten milliseconds",
	 a_crash_that_finds_no_handler_falls_by_itself_in_ten_milliseconds},
	{"a process may die in the handler that the disk calls",
	 a_process_may_die_in_the_handler_that_the_disk_calls},
	{"a request reaches the app, and its answer the client",
	 a_request_reaches_the_app_and_its_answer_the_client},
	{"answers and refusals wait for the disk, and redirects don't",
	 answers_and_refusals_wait_for_the_disk_and_redirects_do_not},
	{"a message carries elements and records whole, duplicated too",
	 a_message_carries_elements_and_records_whole},
	{"a failed assertion ends the run at once, and the world can run again",
	 a_failed_assertion_ends_the_run_at_once},
	{"too many elements are the protocol's failure",
	 too_many_elements_are_the_protocols_failure},
	CU_TEST_INFO_NULL,
};
