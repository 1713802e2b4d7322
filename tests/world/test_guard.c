/* The guard: a handler that crashes or does not return ends its run, and the world runs again. */
#include "tests/world/stage.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))

/* ---- What a handler may do wrong ------------------------------------------------------------- */

static int *volatile nowhere;
static volatile int zero, sink = 1;

UNCHECKED static void follows_a_stray_pointer(struct env *env)
{
	(void)env;
	*nowhere = 1;
}

UNCHECKED static void divides_by_zero(struct env *env)
{
	(void)env;
	sink = (sink + 100) / zero;
}

static void traps(struct env *env)
{
	(void)env;
	__builtin_trap();
}

static void gives_up(struct env *env)
{
	(void)env;
	abort();
}

UNCHECKED static int deeper(volatile int *above)
{
	volatile int here[1000];

	here[0] = *above + 1;
	return here[0] + (sink < 0 ? 0 : deeper(here)) + here[0];
}

static void recurses_without_end(struct env *env)
{
	(void)env;
	sink = deeper(&zero);
}

static void computes_without_end(struct env *env)
{
	(void)env;
	for (;;)
		sink = zero;
}

static void writes_without_end(struct env *env)
{
	for (;;)
		env_log_append(env, 1, "x", 1);
}

static void arms_without_end(struct env *env)
{
	for (;;)
		env_arm(env, TICK, 0, 1, 1);
}

/* ---- Whatever it is -------------------------------------------------------------------------- */

static void send_seven(struct env *env)
{
	play_send(env, 1, PLAIN, 7);
}

static uint64_t digest_of_a_run(void)
{
	play_act_at(MS, 0, send_seven);
	EQUAL(play_run(S), RAN_UNTIL);
	return play.world->digest;
}

static void whatever_a_handler_does_its_run_alone_ends(void)
{
	static const struct {
		void (*handler)(struct env *);
		const char *says;
	} wrongs[] = {
		{follows_a_stray_pointer, "died of SIGSEGV"},
		{divides_by_zero, "died of SIGFPE"},
		{traps, "died of SIGILL"},
		{gives_up, "died of SIGABRT"},
		{recurses_without_end, "died of SIGSEGV"},
		{writes_without_end, "made more than 65536 effects and did not return"},
		{arms_without_end, "made more than 65536 effects and did not return"},
		{computes_without_end, "did not return within 2 s of processor time"},
	};

	play_prepare();
	play_begin();
	uint64_t digest = digest_of_a_run();
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		play_reset();
		play_act_at(MS, 1, wrongs[i].handler);
		play_act_at(2 * MS, 1, send_seven);
		play.tale_size = 0;
		EQUAL(play_run(S), RAN_FAILED);
		EQUAL(play.failures, i + 1);
		CONTAINS(play.failure, wrongs[i].says);
		EQUAL(play.world->now, MS);
		EQUAL(play_count("n2.died"), 1);
		play_reset();
		CU_ASSERT(digest_of_a_run() == digest);
	}
}

/* ---- Which handler it was -------------------------------------------------------------------- */

static void stumble(struct env *env)
{
	if (env_now(env) >= MS)
		follows_a_stray_pointer(env);
}
static void in_boot(struct env *env, enum boot boot)
{
	(void)boot;
	stumble(env);
}
static void in_request(struct env *env, const struct request *request)
{
	(void)request;
	stumble(env);
}
static void in_message(struct env *env, process_id from, unsigned type, uint64_t number,
		       const void *body)
{
	(void)from, (void)type, (void)number, (void)body;
	stumble(env);
}
static void in_timer(struct env *env, unsigned type, uint64_t key)
{
	(void)type, (void)key;
	stumble(env);
}
static void in_durable(struct env *env, ticket_t ticket)
{
	(void)ticket;
	stumble(env);
}
static void in_disk_failed(struct env *env, ticket_t ticket, enum disk_error error)
{
	(void)ticket, (void)error;
	stumble(env);
}

static void cause_boot(void)
{
	world_crash_now(play.world, 0);
	world_restart(play.world, 0);
}
static void cause_request(void)
{
	play_request(1, 0, 1);
}
static void cause_message(void)
{
	play_send(play_enter(1), 0, PLAIN, 1);
	play_leave();
}
static void cause_timer(void)
{
	env_arm(play_enter(0), TICK, 0, 1, 1);
	play_leave();
}
static void cause_durable(void)
{
	env_log_append(play_enter(0), 1, "x", 1);
	play_leave();
}
static void cause_disk_failed(void)
{
	world_disk_failing(play.world, 0, PROBABILITY_ONE);
	cause_durable();
}

static void (*cause)(void);
static void cause_it(struct world *world)
{
	(void)world;
	cause();
}

static void the_handler_and_its_event_are_named(void)
{
	static const struct {
		struct script script;
		void (*cause)(void);
		const char *says;
	} cases[] = {
		{{.boot = in_boot}, cause_boot, ", in its boot (event 1)"},
		{{.request = in_request},
		 cause_request,
		 ", in its handler of a request from c1 (event 2)"},
		{{.message = in_message},
		 cause_message,
		 ", in its handler of Plain from n2 (event 2)"},
		{{.timer = in_timer}, cause_timer, ", in its handler of timer tick (event 2)"},
		{{.durable = in_durable},
		 cause_durable,
		 ", in its handler of durable writes (event 2)"},
		{{.disk_failed = in_disk_failed},
		 cause_disk_failed,
		 ", in its handler of failed writes (event 2)"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		play_prepare();
		play.script = cases[i].script;
		play_begin();
		cause = cases[i].cause;
		play_do_at(MS, cause_it);
		EQUAL(play_run(S), RAN_FAILED);
		EQUAL(play_count("n1.died(1)"), 1);
		CONTAINS(play.failure, cases[i].says);
	}
}

/* ---- Who may only look ----------------------------------------------------------------------- */

static void looks_around(struct env *env)
{
	const process_id *members;
	struct snapshot_view snapshot;
	struct record_view record;
	const void *value;
	size_t size;

	env_members(env, 0, &members);
	env_log_read(env, env_log_last(env), &record);
	env_cell_get(env, env_cell_next(env, 0), &value, &size);
	env_snapshot_get(env, &snapshot);
	env_note(env, "%p %d", env_options(env), env_wall(env) == env_now(env));
}

static void sends(struct env *env)
{
	env_send(env, 1, PLAIN, 0);
}
static void replies(struct env *env)
{
	env_reply(env, 1 << 16, "x", 1);
}
static void redirects(struct env *env)
{
	env_redirect(env, 1 << 16, 1);
}
static void refuses(struct env *env)
{
	env_refuse(env, 1 << 16);
}
static void arms(struct env *env)
{
	env_arm(env, TICK, 0, 1, 1);
}
static void disarms(struct env *env)
{
	env_disarm(env, TICK, 0);
}
static void observes(struct env *env)
{
	env_observe(env, SAW_VOTED, 1, 0, 0, NULL, 0);
}
static void happens(struct env *env)
{
	env_sometimes(env, 0);
}
static void draws(struct env *env)
{
	env_random(env, 9);
}
static void allocates(struct env *env)
{
	env_alloc(env, 1);
}
static void reallocates(struct env *env)
{
	env_realloc(env, NULL, 1);
}
static void frees(struct env *env)
{
	env_free(env, NULL);
}
static void appends(struct env *env)
{
	env_log_append(env, 1, "x", 1);
}
static void truncates(struct env *env)
{
	env_log_truncate(env, 1);
}
static void discards(struct env *env)
{
	env_log_discard(env, 1);
}
static void puts_cell(struct env *env)
{
	env_cell_put(env, 1, "x", 1);
}
static void drops_cell(struct env *env)
{
	env_cell_drop(env, 0, 9);
}
static void stages(struct env *env)
{
	env_snapshot_stage(env, 0, "x", 1);
}
static void commits(struct env *env)
{
	env_snapshot_commit(env, 0, 0, NULL, 0);
}
static void applies(struct env *env)
{
	size_t size;

	env_apply(env, 1, "12345678x", 9, &size);
}
static void queries(struct env *env)
{
	size_t size;

	env_query(env, "12345678x", 9, &size);
}
static void takes_image(struct env *env)
{
	size_t size;

	env_app_image(env, &size);
}
static void restores(struct env *env)
{
	env_app_restore(env, 1, "12345678", 8);
}

static void (*asked)(struct env *);
static bool in_app;

static void ask(struct world *world)
{
	struct process *process = world_process(world, 1);

	question_begin(world, (struct question){.function = in_app ? "apply" : "inspector",
						.of = in_app ? "sum" : "role",
						.process = process,
						.takes_memory = in_app});
	asked(&process->env);
	question_end(world);
}

static void has_a_log_and_a_cell(struct env *env)
{
	appends(env);
	puts_cell(env);
}

static enum outcome ask_once(void (*what)(struct env *), bool by_app)
{
	asked = what;
	in_app = by_app;
	play_reset();
	play_act_at(MS, 1, has_a_log_and_a_cell);
	play_do_at(10 * MS, ask);
	return play_run(S);
}

static void who_is_asked_may_look_and_no_more(void)
{
	static const struct {
		void (*does)(struct env *);
		const char *says;
	} wrongs[] = {
		{sends, "sent a message"},
		{replies, "sent a message"},
		{redirects, "sent a message"},
		{refuses, "sent a message"},
		{arms, "armed a timer"},
		{disarms, "disarmed a timer"},
		{observes, "observed something"},
		{happens, "said what has happened"},
		{draws, "drew a number"},
		{appends, "wrote to its disk"},
		{truncates, "wrote to its disk"},
		{discards, "wrote to its disk"},
		{puts_cell, "wrote to its disk"},
		{drops_cell, "wrote to its disk"},
		{stages, "wrote to its disk"},
		{commits, "wrote to its disk"},
		{applies, "applied a command"},
		{queries, "asked its app"},
		{takes_image, "asked for its app's image"},
		{restores, "restored its app"},
		{allocates, "took memory"},
		{reallocates, "took memory"},
		{frees, "gave memory back"},
	};
	char says[120];

	play_prepare();
	play_begin();
	EQUAL(ask_once(looks_around, false), RAN_UNTIL);
	EQUAL(play.failures, 0);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		bool memory = i + 3 >= sizeof(wrongs) / sizeof(wrongs[0]);

		EQUAL(ask_once(wrongs[i].does, false), RAN_FAILED);
		snprintf(says, sizeof(says), "%s, which only a handler may, in its inspector role ",
			 wrongs[i].says);
		CONTAINS(play.failure, says);
		EQUAL(ask_once(wrongs[i].does, true), memory ? RAN_UNTIL : RAN_FAILED);
		CONTAINS(play.failure, memory ? "role" : "may, in apply of its app sum (event ");
	}
}

/* A question within a handler: what the handler may is not lost by it. */
static void asks_its_app_and_sends(struct env *env)
{
	size_t size;

	env_query(env, "12345678x", 9, &size);
	env_send(env, 0, PLAIN, 0);
}

static void a_handler_may_again_when_its_app_has_answered(void)
{
	play_prepare();
	play_begin();
	play_act_at(MS, 1, asks_its_app_and_sends);
	EQUAL(play_run(S), RAN_UNTIL);
	EQUAL(play.failures, 0);
	EQUAL(play_count("n1<0"), 1);
}

/* ---- What is nobody's, and what is slow ------------------------------------------------------ */

static void stumble_outside(struct world *world)
{
	(void)world;
	follows_a_stray_pointer(NULL);
}

static void is_shot_from_elsewhere(struct env *env)
{
	(void)env;
	kill(getpid(), SIGSEGV);
}

/* In a process of its own, which must die of it. */
static void takes_its_course(void)
{
	int status = 0;

	fflush(NULL);
	pid_t child = fork();

	if (child == 0) {
		fclose(stderr); /* a sanitizer has much to say about it */
		play_run(S);
		_exit(0);
	}
	EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

static void ordeals_own_crash_takes_its_course(void)
{
	play_prepare();
	play_begin();
	play_do_at(MS, stumble_outside);
	takes_its_course();
}

static void a_signal_from_elsewhere_is_not_the_handlers(void)
{
	play_prepare();
	play_begin();
	play_act_at(MS, 0, is_shot_from_elsewhere);
	takes_its_course();
}

static void work_for_a_while(struct env *env)
{
	clock_t start = clock();

	while (clock() - start < CLOCKS_PER_SEC * 3 / 4)
		sink = zero;
	play_send(env, 1, PLAIN, 7);
}

static void a_slow_handler_is_not_endless(void)
{
	play_prepare();
	play_begin();
	play_act_at(MS, 0, work_for_a_while);
	EQUAL(play_run(S), RAN_UNTIL);
	EQUAL(play.failures, 0);
}

static void note_without_end(struct env *env)
{
	for (;;)
		env_note(env, "still here");
}

static void an_endless_handler_does_not_fill_the_trace(void)
{
	char *text = NULL;
	size_t size = 0, lines = 0;
	FILE *trace = open_memstream(&text, &size);

	play_prepare();
	play_begin();
	world_trace_to(play.world, trace);
	play_act_at(MS, 0, note_without_end);
	EQUAL(play_run(S), RAN_FAILED);
	world_trace_to(play.world, NULL);
	fclose(trace);
	for (const char *at = text; (at = strstr(at, "still here")); at++)
		lines++;
	EQUAL(lines, NOTES_MAX);
	CONTAINS(text, "and more notes, which are left out");
	free(text);
}

CU_TestInfo guard_tests[] = {
	{"whatever a handler does wrong, its run alone ends, and the world runs again",
	 whatever_a_handler_does_its_run_alone_ends},
	{"the handler and its event are named", the_handler_and_its_event_are_named},
	{"who is asked may look, and no more", who_is_asked_may_look_and_no_more},
	{"a handler may again when its app has answered",
	 a_handler_may_again_when_its_app_has_answered},
	{"a crash of ordeal's own takes its course", ordeals_own_crash_takes_its_course},
	{"a signal from elsewhere is not the handler's",
	 a_signal_from_elsewhere_is_not_the_handlers},
	{"an endless handler does not fill the trace", an_endless_handler_does_not_fill_the_trace},
	{"a slow handler is not endless", a_slow_handler_is_not_endless},
	CU_TEST_INFO_NULL,
};
