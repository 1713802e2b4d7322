/* Clients against servers that do as they are told. */
#include "tests/tests.h"

#include "sim/check/linearizability.h"
#include "tests/workload/stage.h"

enum { PROCESSES_SEEN = 4096 };

/* The nth record of that type, from 0. */
static const struct history_record *nth(struct stage *stage, enum history_type type, unsigned n)
{
	static const struct history_record none = {.time = -1};

	for (size_t i = 0; i < history_count(stage->world); i++)
		if (history_at(stage->world, i)->type == type && n-- == 0)
			return history_at(stage->world, i);
	return &none;
}

/* Links of clients copy messages too; by default they don't. */
static void copy_often(struct stage *stage, probability_t chance)
{
	static struct link_override list[2 * CLIENTS_MAX * SERVERS];
	size_t count = 0;

	for (unsigned client = 0; client < stage->workload.clients; client++)
		for (endpoint_t server = 0; server < SERVERS; server++) {
			endpoint_t endpoint = (endpoint_t)(CLIENT_FIRST + client);

			list[count] = (struct link_override){endpoint, server, stage->setup.link};
			list[count++].link.duplicate = chance;
			list[count] = (struct link_override){server, endpoint, stage->setup.link};
			list[count++].link.duplicate = chance;
		}
	stage->setup.links = list;
	stage->setup.link_count = count;
}

/* ---- When operations begin ------------------------------------------------------------------- */

static void closed_loop(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.workload.clients = 3;
	stage_begin(&stage);
	stage_run(&stage, 9995 * MILLISECOND);
	/* 10 ms of thought, 2 ms on the way: the 833rd of each client began at 9,994 ms. */
	EQUAL(workload_counts(stage.world)->invoked, 3 * 833);
	EQUAL(workload_counts(stage.world)->ok, 3 * 832);
	EQUAL(workload_open(stage.world), 3);
	EQUAL(nth(&stage, HISTORY_INVOKE, 0)->time, 10 * MILLISECOND);
	EQUAL(nth(&stage, HISTORY_OK, 0)->time, 12 * MILLISECOND);
	EQUAL(nth(&stage, HISTORY_INVOKE, 3)->time, 22 * MILLISECOND);
	stage_end(&stage);
}

static void bounded(void)
{
	struct stage stage;

	for (enum arrival arrival = ARRIVAL_CLOSED; arrival <= ARRIVAL_POISSON; arrival++) {
		stage_prepare(&stage, &app_register);
		stage.workload.clients = 3;
		stage.workload.operations = 10;
		stage.workload.arrival = arrival;
		stage.workload.starts = 3 * SECOND;
		stage_begin(&stage);
		stage_run(&stage, 10 * SECOND);
		EQUAL(workload_counts(stage.world)->invoked, 10);
		EQUAL(workload_counts(stage.world)->ok, 10);
		CU_ASSERT(nth(&stage, HISTORY_INVOKE, 0)->time > 3 * SECOND);
		stage_end(&stage);
	}
}

static void open_loop(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.workload.arrival = ARRIVAL_CONSTANT;
	stage.workload.clients = 4;
	stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = IS_SILENT;
	stage_begin(&stage);
	stage_run(&stage, SECOND - 1);
	/* Nobody answers, and they come all the same, each on a process of its own. */
	EQUAL(workload_counts(stage.world)->invoked, 99);
	EQUAL(workload_open(stage.world), 99);
	for (unsigned i = 0; i < 99; i++) {
		const struct history_record *record = nth(&stage, HISTORY_INVOKE, i);

		EQUAL(record->time, (nanoseconds)(i + 1) * 10 * MILLISECOND);
		EQUAL(record->process, i);
		EQUAL(record->client, i % 4);
	}
	stage_end(&stage);
}

static void lowest_slot_first(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.workload.arrival = ARRIVAL_CONSTANT;
	stage.workload.interval = MILLISECOND;
	stage_begin(&stage);
	stage_run(&stage, SECOND);
	/* Two are open, and a third where an arrival comes before an answer. */
	for (unsigned i = 0; i < 900; i++)
		CU_ASSERT(nth(&stage, HISTORY_INVOKE, i)->process < 3);
	stage_end(&stage);
	stage.setup.link.latency.a = 100 * MILLISECOND;
	stage_begin(&stage);
	stage_run(&stage, SECOND);
	for (unsigned i = 0; i < 900; i++)
		CU_ASSERT(nth(&stage, HISTORY_INVOKE, i)->process < 201);
	EQUAL(nth(&stage, HISTORY_INVOKE, 199)->process, 199);
	stage_end(&stage);
}

static void poisson(void)
{
	enum { COUNT = 10000 };
	struct stage stage;
	nanoseconds last = 0;
	unsigned longer = 0;

	stage_prepare(&stage, &app_register);
	stage.workload.arrival = ARRIVAL_POISSON;
	stage.workload.operations = COUNT;
	stage_begin(&stage);
	stage_run(&stage, 1000 * SECOND);
	for (size_t i = 0; i < history_count(stage.world); i++) {
		const struct history_record *record = history_at(stage.world, i);

		if (record->type != HISTORY_INVOKE)
			continue;
		longer += record->time - last > 10 * MILLISECOND;
		last = record->time;
	}
	/* A mean of 10 ms, and one in e is longer than that; within five standard deviations. */
	CU_ASSERT(llabs(last / COUNT - 10 * MILLISECOND) < 5 * 10 * MILLISECOND / 100);
	CU_ASSERT(abs((int)longer - 3679) < 5 * 49);
	stage_end(&stage);
}

/* ---- What they ask --------------------------------------------------------------------------- */

static void mix_of_operations(void)
{
	struct stage stage;
	unsigned count[3] = {0}, keys[4] = {0}, matched = 0;

	stage_prepare(&stage, &app_register);
	stage.workload.weight[READ] = 6;
	stage.workload.weight[WRITE] = 3;
	stage.workload.weight[CAS] = 1;
	stage.workload.keys = 4;
	stage.workload.operations = 10000;
	stage.manners.how[1] = stage.manners.how[2] = REDIRECTS;
	stage_begin(&stage);
	stage_run(&stage, 1000 * SECOND);
	for (size_t i = 0; i < history_count(stage.world); i++) {
		const struct history_record *record = history_at(stage.world, i);

		if (record->type == HISTORY_INVOKE) {
			count[record->operation]++;
			keys[record->key]++;
		}
		matched += record->type == HISTORY_OK && record->operation == CAS &&
			   record->matched;
	}
	CU_ASSERT(abs((int)count[READ] - 6000) < 5 * 49);
	CU_ASSERT(abs((int)count[WRITE] - 3000) < 5 * 46);
	CU_ASSERT(abs((int)count[CAS] - 1000) < 5 * 30);
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT(abs((int)keys[i] - 2500) < 5 * 43);
	EQUAL(matched, count[CAS]); /* alone, it expects what is there */
	stage_end(&stage);
}

static void skewed_keys(void)
{
	struct stage stage;
	unsigned keys[3] = {0};

	stage_prepare(&stage, &app_register);
	stage.workload.keys = 3;
	stage.workload.zipf_thousandths = 1000;
	stage.workload.operations = 11000;
	stage_begin(&stage);
	stage_run(&stage, 1000 * SECOND);
	for (size_t i = 0; i < history_count(stage.world); i++)
		if (history_at(stage.world, i)->type == HISTORY_INVOKE)
			keys[history_at(stage.world, i)->key]++;
	/* As 1, 1/2 and 1/3. */
	CU_ASSERT(abs((int)keys[0] - 6000) < 5 * 53);
	CU_ASSERT(abs((int)keys[1] - 3000) < 5 * 47);
	CU_ASSERT(abs((int)keys[2] - 2000) < 5 * 41);
	stage_end(&stage);
}

static void values_are_unique(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.workload.clients = 5;
	stage_begin(&stage);
	stage_run(&stage, SECOND);
	for (unsigned i = 0; i < workload_counts(stage.world)->invoked; i++)
		EQUAL(nth(&stage, HISTORY_INVOKE, i)->value, i + 1);
	stage_end(&stage);
}

/* What each client drew, as text, whatever happened in between. */
static void drawn_by(struct stage *stage, unsigned client, char *text, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < history_count(stage->world) && length + 16 < size; i++) {
		const struct history_record *record = history_at(stage->world, i);

		if (record->type == HISTORY_INVOKE && record->client == client)
			length += (size_t)snprintf(text + length, size - length, "%u/%u ",
						   record->operation, (unsigned)record->key);
	}
}

static void draws_are_not_shifted(void)
{
	struct stage quick, slow;
	char text[2][512] = {{0}};

	stage_prepare(&quick, &app_register);
	quick.workload.clients = 2;
	quick.workload.keys = 50;
	quick.workload.weight[READ] = quick.workload.weight[CAS] = 1;
	quick.workload.operations = 60;
	slow = quick;
	/* From n1 on, answers to the first client take longer, so the second begins more often. */
	struct link_override link = {
		CLIENT_FIRST, 0, {.latency = {CONSTANT, 30 * MILLISECOND, 0, 0}}};

	slow.setup.links = &link;
	slow.setup.link_count = 1;
	stage_begin(&quick);
	stage_run(&quick, 10 * SECOND);
	drawn_by(&quick, 1, text[0], 128);
	stage_begin(&slow);
	stage_run(&slow, 10 * SECOND);
	drawn_by(&slow, 1, text[1], 128);
	CU_ASSERT_STRING_EQUAL(text[0], text[1]);
	CU_ASSERT(strlen(text[0]) > 50);
	CU_ASSERT(quick.world->digest != slow.world->digest);
	stage_end(&quick);
	stage_end(&slow);
}

static void clients_differ(void)
{
	struct stage stage;
	char text[2][256] = {{0}};

	stage_prepare(&stage, &app_register);
	stage.workload.clients = 2;
	stage.workload.keys = 50;
	stage_begin(&stage);
	stage_run(&stage, SECOND);
	drawn_by(&stage, 0, text[0], sizeof(text[0]));
	drawn_by(&stage, 1, text[1], sizeof(text[1]));
	CU_ASSERT_STRING_NOT_EQUAL(text[0], text[1]);
	stage_end(&stage);
}

/* ---- Whom they ask --------------------------------------------------------------------------- */

static void follows_redirects(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.manners.how[0] = stage.manners.how[1] = REDIRECTS;
	stage.manners.whom = 2;
	stage.workload.operations = 50;
	stage.workload.clients = 5;
	stage_begin(&stage);
	stage_run(&stage, 10 * SECOND);
	unsigned elsewhere = stage_asked(&stage, 0) + stage_asked(&stage, 1);

	/* Each client goes wrong once at most, and remembers. */
	CU_ASSERT(elsewhere > 0 && elsewhere <= 5);
	EQUAL(workload_counts(stage.world)->redirects, elsewhere);
	EQUAL(stage_asked(&stage, 2), 50);
	EQUAL(workload_counts(stage.world)->ok, 50);
	EQUAL(workload_counts(stage.world)->unknown, 0);
	stage_end(&stage);
	/* Even while nobody has answered there yet. */
	stage.manners.how[2] = IS_SILENT;
	stage.workload.arrival = ARRIVAL_CONSTANT;
	stage.workload.operations = 0;
	stage_begin(&stage);
	stage_run(&stage, SECOND);
	CU_ASSERT(workload_counts(stage.world)->redirects <= 5);
	EQUAL(workload_open(stage.world), 100);
	stage_end(&stage);
}

static void not_now(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = NOT_NOW;
	stage.workload.operations = 1;
	stage_begin(&stage);
	stage_run(&stage, 10 * MILLISECOND + 200 * MILLISECOND);
	/* 2 ms on the way and 5 ms of waiting; never the same server twice in a row. */
	EQUAL(workload_counts(stage.world)->not_now, 29);
	for (process_id id = 0; id < SERVERS; id++)
		CU_ASSERT(stage_asked(&stage, id) > 0 && stage_asked(&stage, id) <= 15);
	stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = ANSWERS;
	stage_run(&stage, SECOND);
	EQUAL(workload_counts(stage.world)->ok, 1);
	EQUAL(workload_counts(stage.world)->invoked, 1);
	stage_end(&stage);
}

/* A server's word that it sends on is good for one time, however often the network says it. */
static void copies_of_redirects(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	copy_often(&stage, PROBABILITY_ONE);
	stage.manners.how[0] = stage.manners.how[1] = REDIRECTS;
	stage.manners.whom = 2;
	stage.manners.how[2] = NOT_NOW;
	stage.workload.operations = 1;
	stage_begin(&stage);
	stage_run(&stage, SECOND + SECOND / 2);
	const struct workload_counts *counts = workload_counts(stage.world);
	unsigned asked = stage_asked(&stage, 0) + stage_asked(&stage, 1) + stage_asked(&stage, 2);

	/* Each asking arrives twice, and leads to exactly one more. */
	EQUAL(asked, 2 * (1 + counts->redirects + counts->not_now));
	/* By turns: 2 ms for a redirect, 7 for a "not now". */
	CU_ASSERT(counts->redirects - counts->not_now + 1 <= 2);
	EQUAL(counts->redirects + counts->not_now, 222);
	EQUAL(counts->unknown, 1);
	stage_end(&stage);
}

/* The deadline falls into the wait: who is asked afterwards? Nobody. */
static void wait_outlives_operation(void)
{
	struct stage stage;

	for (uint64_t operations = 1; operations <= 2; operations++) {
		stage_prepare(&stage, &app_register);
		stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = NOT_NOW;
		stage.workload.backoff.a = 400 * MILLISECOND;
		stage.workload.timeout = 300 * MILLISECOND;
		stage.workload.operations = operations;
		stage_begin(&stage);
		stage_run(&stage, 100 * MILLISECOND);
		stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = IS_SILENT;
		stage_run(&stage, SECOND);
		EQUAL(workload_counts(stage.world)->unknown, operations);
		EQUAL(stage_asked(&stage, 0) + stage_asked(&stage, 1) + stage_asked(&stage, 2),
		      operations);
		stage_end(&stage);
	}
}

static void senseless_redirect(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = REDIRECTS;
	stage.manners.whom = NO_PROCESS;
	stage_begin(&stage);
	stage_run(&stage, SECOND / 2);
	EQUAL(workload_counts(stage.world)->redirects, 0);
	CU_ASSERT(workload_counts(stage.world)->not_now > 50);
	stage_end(&stage);
}

/* ---- How they end ---------------------------------------------------------------------------- */

static void deadline(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.workload.clients = 2;
	stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = IS_SILENT;
	stage_begin(&stage);
	stage_run(&stage, 2 * SECOND);
	EQUAL(workload_counts(stage.world)->unknown, 2);
	const struct history_record *given_up = nth(&stage, HISTORY_INFO, 1);

	EQUAL(given_up->time, SECOND + 10 * MILLISECOND);
	EQUAL(given_up->process, 1);
	EQUAL(given_up->client, 1);
	EQUAL(history_at(stage.world, given_up->invocation)->time, 10 * MILLISECOND);
	/* They go on under new numbers. */
	EQUAL(nth(&stage, HISTORY_INVOKE, 2)->process, 2);
	EQUAL(nth(&stage, HISTORY_INVOKE, 3)->process, 3);
	EQUAL(nth(&stage, HISTORY_INVOKE, 3)->client, 1);
	EQUAL(nth(&stage, HISTORY_INVOKE, 3)->time, SECOND + 20 * MILLISECOND);
	stage_end(&stage);
}

static void late_answer(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.setup.link.latency.a = 600 * MILLISECOND; /* there and back: more than a second */
	stage.workload.operations = 3;
	stage_begin(&stage);
	stage_run(&stage, 10 * SECOND);
	EQUAL(workload_counts(stage.world)->late, 3);
	EQUAL(workload_counts(stage.world)->ok, 0);
	EQUAL(workload_counts(stage.world)->unknown, 3);
	EQUAL(history_count(stage.world), 6);
	stage_end(&stage);
}

/* Each answer comes twice, the copy when its slot may have another operation. */
static void copies_of_answers(void)
{
	struct stage stage;
	struct linearizability_room *room = linearizability_room();
	struct linearizability result;
	struct operation *operation;
	struct link_override link = {
		0,
		CLIENT_FIRST,
		{.latency = {EXPONENTIAL, 10 * MILLISECOND, 0, 0}, .duplicate = PROBABILITY_ONE}};

	stage_prepare(&stage, &app_register);
	stage.setup.groups[0].members = 1;
	stage.setup.links = &link;
	stage.setup.link_count = 1;
	stage.workload.arrival = ARRIVAL_POISSON;
	stage.workload.weight[READ] = 1;
	stage.workload.operations = 1000;
	stage_begin(&stage);
	stage_run(&stage, 100 * SECOND);
	EQUAL(workload_counts(stage.world)->ok, 1000);
	EQUAL(workload_counts(stage.world)->late, 1000);
	size_t count = operations_of(stage.world, room, &operation);

	linearizable(room, app_register.model, operation, count, 1000000, &result);
	EQUAL(result.verdict, HOLDS);
	linearizability_room_free(room);
	stage_end(&stage);
}

static void refusal(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = REFUSES;
	stage.workload.operations = 4;
	stage_begin(&stage);
	stage_run(&stage, SECOND);
	EQUAL(workload_counts(stage.world)->failed, 4);
	EQUAL(nth(&stage, HISTORY_FAIL, 3)->process, 0); /* it is the same process still */
	EQUAL(nth(&stage, HISTORY_FAIL, 3)->time, 48 * MILLISECOND);
	stage_end(&stage);
}

static void stopped_and_ended(void)
{
	struct stage stage;

	stage_prepare(&stage, &app_register);
	stage.workload.arrival = ARRIVAL_CONSTANT;
	stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = IS_SILENT;
	stage_begin(&stage);
	stage_run(&stage, SECOND / 2);
	workload_stop(stage.world);
	stage_run(&stage, SECOND);
	EQUAL(workload_counts(stage.world)->invoked, 50);
	EQUAL(workload_open(stage.world), 50);
	workload_end(stage.world);
	EQUAL(workload_open(stage.world), 0);
	EQUAL(workload_counts(stage.world)->unknown, 50);
	for (unsigned i = 0; i < 50; i++) /* in the order of invocation */
		EQUAL(nth(&stage, HISTORY_INFO, i)->invocation, i);
	stage_end(&stage);
}

static void too_many_open(void)
{
	struct stage stage;
	const char *limit;

	stage_prepare(&stage, &app_register);
	stage.workload.arrival = ARRIVAL_CONSTANT;
	stage.workload.interval = 1000;
	stage.manners.how[0] = stage.manners.how[1] = stage.manners.how[2] = IS_SILENT;
	stage_begin(&stage);
	EQUAL(world_run(stage.world, SECOND, &limit), RAN_LIMIT);
	CU_ASSERT_STRING_EQUAL(limit, "open operations");
	EQUAL(workload_open(stage.world), OPEN_OPERATIONS_MAX);
	stage_end(&stage);
}

/* Losses, copies, answers late and early: the history is always one that Jepsen would have. */
static void sound_in_a_storm(void)
{
	static uint32_t open[PROCESSES_SEEN]; /* by process: its open invocation + 1 */
	struct stage stage;
	unsigned wrong = 0, begun = 0, ended = 0;

	memset(open, 0, sizeof(open));
	stage_prepare(&stage, &app_register);
	stage.workload.arrival = ARRIVAL_POISSON;
	stage.workload.interval = MILLISECOND;
	stage.workload.clients = 7;
	stage.workload.timeout = 50 * MILLISECOND;
	stage.setup.link.latency = (struct distribution){EXPONENTIAL, 15 * MILLISECOND, 0, 0};
	stage.setup.link.loss = PROBABILITY_ONE / 10;
	copy_often(&stage, PROBABILITY_ONE / 10);
	stage.manners.how[0] = REDIRECTS;
	stage.manners.how[1] = NOT_NOW;
	stage.manners.whom = 2;
	stage_begin(&stage);
	stage_run(&stage, 5 * SECOND);
	workload_end(stage.world);
	for (uint32_t i = 0; i < history_count(stage.world); i++) {
		const struct history_record *record = history_at(stage.world, i);
		uint32_t process = record->process % PROCESSES_SEEN;
		bool begins = record->type == HISTORY_INVOKE;

		wrong += record->process >= PROCESSES_SEEN;
		wrong += begins ? open[process] != 0 : open[process] != record->invocation + 1;
		/* Who gave up is never heard of again. */
		open[process] = begins ? i + 1 : record->type == HISTORY_INFO ? UINT32_MAX : 0;
		*(begins ? &begun : &ended) += 1;
	}
	const struct workload_counts *counts = workload_counts(stage.world);

	EQUAL(wrong, 0);
	EQUAL(begun, counts->invoked);
	EQUAL(ended, counts->invoked);
	EQUAL(counts->ok + counts->unknown, counts->invoked);
	CU_ASSERT(counts->ok > 1000 && counts->unknown > 100 && counts->late > 100);
	CU_ASSERT(counts->redirects > 100 && counts->not_now > 100);
	stage_end(&stage);
}

/* From a snapshot, the same operations follow, in the history too. */
static void branches_from_snapshots(void)
{
	struct stage stage;
	uint64_t digest;
	size_t records;

	stage_prepare(&stage, &app_register);
	stage.workload.arrival = ARRIVAL_POISSON;
	stage.setup.link.loss = PROBABILITY_ONE / 10;
	stage_begin(&stage);
	stage_run(&stage, 3 * SECOND);
	struct snapshot *snapshot = world_snapshot(stage.world);

	stage_run(&stage, 6 * SECOND);
	digest = stage.world->digest;
	records = history_count(stage.world);
	struct history_record last = *history_at(stage.world, records - 1);

	stage.manners.how[1] = IS_SILENT;
	world_restore(stage.world, snapshot);
	stage_run(&stage, 6 * SECOND);
	CU_ASSERT(stage.world->digest != digest);
	stage.manners.how[1] = ANSWERS;
	world_restore(stage.world, snapshot);
	stage_run(&stage, 6 * SECOND);
	EQUAL(stage.world->digest, digest);
	EQUAL(history_count(stage.world), records);
	EQUAL(memcmp(history_at(stage.world, records - 1), &last, sizeof(last)), 0);
	snapshot_free(stage.world, snapshot);
	stage_end(&stage);
}

CU_TestInfo workload_tests[] = {
	{"a closed loop begins an operation when the last one is over", closed_loop},
	{"no more operations begin than are wanted, and none too early", bounded},
	{"an open loop begins operations when they are due, answered or not", open_loop},
	{"an open loop takes the lowest free slot", lowest_slot_first},
	{"Poisson arrivals come at their rate, at random", poisson},
	{"operations and keys come in their proportions, and a lone client's cas matches",
	 mix_of_operations},
	{"keys can be skewed", skewed_keys},
	{"written values are unique, and count from 1", values_are_unique},
	{"a slow answer shifts nothing that another client draws", draws_are_not_shifted},
	{"two clients don't draw the same keys", clients_differ},
	{"a client follows a redirect at once, and remembers where it led", follows_redirects},
	{"after \"not now\" it waits and asks another server", not_now},
	{"a copy of a redirect does not make it ask twice", copies_of_redirects},
	{"a wait that outlives its operation asks nobody", wait_outlives_operation},
	{"a redirect to nobody means \"not now\"", senseless_redirect},
	{"silence until the deadline is unknown, and a new process goes on", deadline},
	{"a late answer changes nothing", late_answer},
	{"a copy of an answer does not answer another operation", copies_of_answers},
	{"a refused operation fails, and its process goes on", refusal},
	{"after the stop nothing begins, and the end leaves nothing open", stopped_and_ended},
	{"too many open operations end the run with that name", too_many_open},
	{"in a storm every process has at most one open operation", sound_in_a_storm},
	{"a branch from a snapshot repeats the same operations", branches_from_snapshots},
	CU_TEST_INFO_NULL,
};
