/* A run as a whole: its phases, its verdict, its twins. */
#include "tests/run/stage.h"

#include "sim/run/stall.h"
#include "sim/run/twin.h"

/* ---- Verdicts -------------------------------------------------------------------------------- */

static void a_healthy_run_holds(void)
{
	open_theatres();
	parse(raft3, "run: {duration: 5s}\nfaults: [{at: 2s, crash: leader, for: 1s}]\n");
	run_seed(1);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.check.verdict[JUDGE_LINEARIZABILITY], HOLDS);
	EQUAL(result.check.verdict[JUDGE_LIVENESS], HOLDS);
	EQUAL(result.check.verdict[JUDGE_CONVERGENCE], HOLDS);
	EQUAL(result.faults_fired, 1);
	CU_ASSERT(result.operations.ok > 100);
	CU_ASSERT(result.settled > result.healed);
	EQUAL(result.healed, 5000000000);
	close_theatres();
}

static void a_fault_that_never_fires_is_unknown(void)
{
	open_theatres();
	/* With everybody down there is no follower to crash. */
	parse(raft3, "run: {duration: 12s}\n"
		     "faults: [{at: 1s, crash: all}, {at: 2s, crash: follower, for: 1s}]\n");
	run_seed(1);
	EQUAL(result.faults_never_fired, 1);
	EQUAL(result.verdict, UNKNOWN);
	CONTAINS(result.reason, "never fired");
	/* Nor can a server be paused that is down all the while. */
	parse(single, "run: {duration: 9s}\nfaults: [{at: 1s, crash: n1}, {at: 2s, pause: n1}]\n");
	run_seed(1);
	EQUAL(result.faults_never_fired, 1);
	EQUAL(result.verdict, UNKNOWN);
	close_theatres();
}

static void a_limit_is_unknown_and_named(void)
{
	open_theatres();
	parse(raft3, "run: {duration: 5s, max_events: 500}\n");
	run_seed(1);
	EQUAL(result.verdict, UNKNOWN);
	EQUAL(result.events, 500);
	CONTAINS(result.reason, "'events'");
	parse(raft3, "run: {duration: 5s}\n");
	run_seed(1);
	EQUAL(result.verdict, HOLDS); /* the theatre is as good as new */
	close_theatres();
}

static void a_core_is_enough(void)
{
	open_theatres();
	parse("protocol: raft, nodes: 5, app: register",
	      "run: {duration: 6s, heal: 4s, heal_mode: core}\n"
	      "faults: [{at: 2s, pause: random_minority, for: 1s}]\n");
	for (uint64_t seed = 1; seed <= 10; seed++) {
		run_seed(seed);
		EQUAL(result.verdict, HOLDS);
		EQUAL(count_bits(faults_core(theatre_world(here))), 3);
	}
	close_theatres();
}

/* ---- Protocols that go wrong in ways that only a whole run shows ----------------------------- */

static void request_before_heal(struct env *env, void *state, const struct request *request)
{
	if (env_now(env) < 3000000000)
		original->request(env, state, request);
}

static void silence_after_the_heal_is_convicted(void)
{
	open_theatres();
	parse(single, "run: {duration: 4s, heal: 3s}\n");
	replace();
	changed.request = request_before_heal;
	run_seed(1);
	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.check.first.judge, JUDGE_LIVENESS);
	CONTAINS(result.check.first.sentence, "answer");
	close_theatres();
}

static void request_drops_half(struct env *env, void *state, const struct request *request)
{
	if (env_now(env) < 3000000000 || env_random(env, 2))
		original->request(env, state, request);
}

static void who_waits_is_told(void)
{
	open_theatres();
	parse(single, "run: {duration: 4s, heal: 3s}\n");
	run_seed(1);
	CU_ASSERT(!theatre_stall(here)->stalled);
	replace();
	changed.request = request_before_heal;
	run_seed(1);
	const struct stall *stall = theatre_stall(here);
	const struct open_operation *oldest = &stall->operation[0];
	const struct link *link = world_link(theatre_world(here), CLIENT_FIRST, 0);

	CU_ASSERT(stall->stalled);
	EQUAL(stall->at, result.ended);
	CU_ASSERT(stall->open > 0 && stall->told > 0 && stall->told <= stall->open);
	CU_ASSERT(oldest->since > result.healed && oldest->since < stall->at);
	EQUAL(oldest->server, 0);
	EQUAL(oldest->asked, 1);
	EQUAL(oldest->asks_at, -1);
	CU_ASSERT(request_number(oldest->id) <= result.operations.invoked);
	CU_ASSERT(request_number(oldest->id) > stall->answered);
	CU_ASSERT(stall->answered_at > result.healed - 200000000); /* the last of them */
	CU_ASSERT(stall->answered_at < result.healed);
	CU_ASSERT(stall->given_up > 0 && stall->given_up <= result.operations.unknown);
	CU_ASSERT(link->delivered > result.healed);
	CU_ASSERT_STRING_EQUAL(message_sort_name(&changed, link->delivered_sort), "request");
	close_theatres();
}

static void dropped_requests_are_convicted(void)
{
	open_theatres();
	parse(single, "run: {duration: 4s, heal: 3s}\n");
	replace();
	changed.request = request_drops_half;
	unsigned convicted = 0;

	for (uint64_t seed = 1; seed <= 10; seed++) {
		run_seed(seed);
		convicted += result.verdict == VIOLATED &&
			     result.check.first.judge == JUDGE_LIVENESS;
	}
	CU_ASSERT(convicted >= 7); /* three clients ask once more, and seven of eight times one of
				      them is dropped */
	close_theatres();
}

static struct timer_type timers[3];
enum { RAFT_HEARTBEAT = 1 };

/* A leader that now and then forgets its heartbeat for ever, and is deposed. */
static void heartbeat_forgets(struct env *env, void *state, uint64_t key)
{
	if (env_now(env) < 3000000000 || env_random(env, 10))
		original->timers[RAFT_HEARTBEAT].fire(env, state, key);
}

static void leaders_that_never_stop_changing_are_convicted(void)
{
	open_theatres();
	parse(raft3, "run: {duration: 20s, heal: 3s}\n");
	replace();
	memcpy(timers, original->timers, sizeof(timers));
	timers[RAFT_HEARTBEAT].fire = heartbeat_forgets;
	changed.timers = timers;
	run_seed(1);
	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.check.first.judge, JUDGE_LIVENESS);
	CU_ASSERT(result.leader_changes > 5);
	CU_ASSERT(theatre_stall(here)->stalled);
	CU_ASSERT(theatre_stall(here)->elections > 2);
	CU_ASSERT(theatre_stall(here)->elections < result.leader_changes);
	close_theatres();
}

static void a_failed_assertion_is_the_protocols(void)
{
	open_theatres();
	parse(single, "run: {duration: 4s}\n");
	replace();
	changed.request = request_asserts;
	run_seed(1);
	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.check.first.judge, JUDGE_PROTOCOL_CRASHED);
	CONTAINS(result.check.first.sentence, "env_now(env) < 1000000000");
	close_theatres();
}

static void regions_are_where_the_run_has_its_links(void)
{
	open_theatres();
	parse(raft3, "run: {duration: 3s}\nnetwork:\n  regions: {east: [n1, c1], west: [n2, n3]}\n"
		     "  rtt: {east: {west: 66ms, east: 4ms}, west: {west: 2ms}}\n"
		     "  bandwidth: {east: {west: 2MB/s}}\n"
		     "  links: [{from: n2, to: n1, loss: 1%}, {from: n1, to: n2, latency: 1ms}]\n");
	run_seed(1);
	struct world *world = theatre_world(here);

	EQUAL(result.verdict, HOLDS);
	EQUAL(world_link(world, 0, 2)->slower, 33000000);
	EQUAL(world_link(world, 2, 0)->slower, 33000000);
	EQUAL(world_link(world, 1, 2)->slower, 1000000);
	EQUAL(world_link(world, CLIENT_FIRST, 0)->slower, 2000000);
	EQUAL(world_link(world, CLIENT_FIRST + 1, 0)->slower, 0); /* in no region */
	EQUAL(world_link(world, 1, 0)->slower, 33000000);
	EQUAL(world_link(world, 0, 1)->slower, 0); /* its latency was said */
	EQUAL(world_wire(world, world_link(world, 0, 2))->bandwidth, 2000000);
	EQUAL(world_wire(world, world_link(world, 1, 0))->bandwidth, 2000000);
	EQUAL(world_link(world, 1, 2)->wire, 0);
	close_theatres();
}

/* ---- Twins ----------------------------------------------------------------------------------- */

static void twins_are_equal(void)
{
	struct twin twin;

	open_theatres();
	parse(raft3, "run: {duration: 5s}\n"
		     "faults: [{at: 2s, crash: leader, for: 1s}, {at: 3s, loss: all -> all, "
		     "share: 20%, for: 1s}]\n");
	run_twins(here, elsewhere, scenario, &(struct run_options){.seed = 7}, &twin);
	CU_ASSERT(twin.equal);
	run_seed(7);
	CU_ASSERT(result.fingerprint == twin.fingerprint);
	run_seed(8);
	CU_ASSERT(result.fingerprint != twin.fingerprint);
	close_theatres();
}

static unsigned calls; /* static mutable state: just what a protocol must not have */

static void request_remembers(struct env *env, void *state, const struct request *request)
{
	if (++calls == 20)
		env_redirect(env, request->id, env_self(env));
	else
		original->request(env, state, request);
}

static void the_first_diverging_event_is_named(void)
{
	struct twin twin;

	open_theatres();
	parse(single, "run: {duration: 4s}\n");
	replace();
	changed.request = request_remembers;
	calls = 0;
	run_twins(here, elsewhere, scenario, &(struct run_options){.seed = 1}, &twin);
	CU_ASSERT_FALSE(twin.equal);
	CU_ASSERT(twin.event > 20);
	CU_ASSERT(twin.time > 0);
	CU_ASSERT(strlen(twin.first) > 20);
	CU_ASSERT(strlen(twin.second) > 20);
	close_theatres();
}

static void judges_and_traces_change_nothing(void)
{
	uint64_t fingerprint;
	FILE *nowhere = fopen("/dev/null", "w");

	open_theatres();
	CU_ASSERT_PTR_NOT_NULL_FATAL(nowhere);
	parse(raft3, "run: {duration: 5s}\nfaults: [{at: 2s, crash: leader, for: 1s}]\n");
	struct run_options options = {.seed = 3, .duration_max = 4000000000};

	run_scenario(here, scenario, &options, &result);
	fingerprint = result.fingerprint;
	options.unjudged = true;
	run_scenario(here, scenario, &options, &result);
	CU_ASSERT(result.fingerprint == fingerprint);
	options.duration_max = 0; /* the whole run, to the last event of its liveness phase */
	run_scenario(here, scenario, &options, &result);
	fingerprint = result.fingerprint;
	options.unjudged = false;
	run_scenario(here, scenario, &options, &result);
	CU_ASSERT(result.fingerprint == fingerprint);
	options.trace = nowhere;
	options.series = true;
	run_scenario(here, scenario, &options, &result);
	CU_ASSERT(result.fingerprint == fingerprint);
	fclose(nowhere);
	close_theatres();
}

/* ---- Cut short ------------------------------------------------------------------------------- */

enum { DIGESTS_MAX = 1 << 16 };
static uint64_t digests[2][DIGESTS_MAX];

static void note_digest(void *to, uint64_t event, uint64_t digest)
{
	if (event < DIGESTS_MAX)
		((uint64_t *)to)[event] = digest;
}

/* Runs seed 5 up to there, which is to be the beginning of the whole run. */
static void run_cut(nanoseconds time, uint64_t event)
{
	struct run_options options = {.seed = 5,
				      .duration_max = time,
				      .events_max = event,
				      .digests = note_digest,
				      .digests_context = digests[1]};

	run_scenario(here, scenario, &options, &result);
	CU_ASSERT(result.events > 100 && result.events < DIGESTS_MAX);
	EQUAL(memcmp(digests[0], digests[1], (size_t)result.events * sizeof(uint64_t)), 0);
}

static void a_run_cut_short_is_the_beginning_of_the_whole(void)
{
	struct run_options whole = {
		.seed = 5, .digests = note_digest, .digests_context = digests[0]};

	open_theatres();
	parse(raft3, "run: {duration: 4s, heal: 3s}\nfaults: [{at: 1s, crash: leader, for: 1s}]\n");
	run_scenario(here, scenario, &whole, &result);
	uint64_t events = result.events;
	nanoseconds ended = result.ended;

	CU_ASSERT(!result.cut_short && result.settled);
	run_cut(2000000000, 0);
	CU_ASSERT(result.cut_short && !result.healed);
	EQUAL(result.ended, 2000000000);
	run_cut(3333333333, 0); /* while the cluster settles */
	CU_ASSERT(result.cut_short);
	EQUAL(result.healed, 3000000000);
	EQUAL(result.ended, 3333333333);
	EQUAL(result.check.verdict[JUDGE_LIVENESS], NOT_EXERCISED);
	run_cut(0, events / 2);
	CU_ASSERT(result.cut_short);
	run_cut(ended + 1000000000, 0);
	CU_ASSERT(!result.cut_short);
	EQUAL(result.events, events);
	EQUAL(result.ended, ended);
	EQUAL(result.check.verdict[JUDGE_LIVENESS], HOLDS);
	run_cut(0, events + 1);
	CU_ASSERT(!result.cut_short);
	close_theatres();
}

/* The last that the series tells of n1 up to some second. */
static const struct series_record *n1_at(size_t second)
{
	struct world *world = theatre_world(here);
	const struct series_record *found = NULL, *at;
	size_t size = records_size(world, RECORDS_SERIES);

	for (size_t i = 0; i < size; i += sizeof(*at)) {
		at = records_at(world, RECORDS_SERIES, i);
		if (at->process == 0 && at->time <= (nanoseconds)second * 1000000000)
			found = at;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	return found;
}

/* c1 is cut off both ways, then on its way there, then on its way back. */
static void the_series_tells_who_reaches_whom(void)
{
	struct run_options options = {.seed = 1, .series = true};

	open_theatres();
	parse(raft3, "run: {duration: 8s}\nfaults: [\n"
		     "{at: 1s, partition: [[c1], [n1, n2, n3, c2, c3]], for: 1s},\n"
		     "{at: 3s, cut: c1 -> n1, for: 1s}, {at: 5s, cut: n1 -> c1, for: 1s}]\n");
	run_scenario(here, scenario, &options, &result);
	EQUAL(n1_at(0)->clients[0], 7);
	EQUAL(n1_at(1)->clients[0], 6);
	EQUAL(n1_at(1)->time, 1000000000);
	EQUAL(n1_at(2)->clients[0], 7);
	EQUAL(n1_at(3)->clients[0], 6);
	EQUAL(n1_at(4)->clients[0], 7);
	EQUAL(n1_at(5)->clients[0], 6);
	EQUAL(n1_at(6)->clients[0], 7);
	EQUAL(n1_at(6)->time, 6000000000);
	EQUAL(n1_at(6)->clients[1] | n1_at(6)->clients[3], 0);
	close_theatres();
}

CU_TestInfo run_tests[] = {
	{"a run cut short is the beginning of the whole",
	 a_run_cut_short_is_the_beginning_of_the_whole},
	{"a healthy run holds, and says what was exercised", a_healthy_run_holds},
	{"a fault that never fires makes the verdict unknown", a_fault_that_never_fires_is_unknown},
	{"a limit of ours makes the verdict unknown, and is named", a_limit_is_unknown_and_named},
	{"after a core heal, the core answers and agrees", a_core_is_enough},
	{"regions are where the run has its links", regions_are_where_the_run_has_its_links},
	{"a run that does not finish tells who waits, and since when", who_waits_is_told},
	{"a protocol that answers nobody after the heal is convicted of liveness",
	 silence_after_the_heal_is_convicted},
	{"a protocol that drops half of all requests after the heal is convicted of liveness",
	 dropped_requests_are_convicted},
	{"leaders that never stop changing are convicted of liveness",
	 leaders_that_never_stop_changing_are_convicted},
	{"a failed assertion convicts the protocol", a_failed_assertion_is_the_protocols},
	{"two runs of one seed are equal, elsewhere and among junk", twins_are_equal},
	{"where two runs part, the first diverging event is named",
	 the_first_diverging_event_is_named},
	{"the series tells which clients and servers reach each other",
	 the_series_tells_who_reaches_whom},
	{"judges, trace and series change no fingerprint", judges_and_traces_change_nothing},
	CU_TEST_INFO_NULL,
};
