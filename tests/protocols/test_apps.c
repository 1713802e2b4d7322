/* Apps: what they do is what their models say that it means; and their states travel. */
#include "sim/world/kernel.h"

#include "tests/protocols/cluster.h"

#include "protocols/apps/keyed.h"
#include "protocols/common/pending.h"
#include "protocols/common/table.h"
#include "sim/world/pcg.h"

enum { KEYS = 40, STEPS = 20000 };

/* An app outside any process, in an empty world. */
struct stage {
	const struct app *app;
	struct world *world;
	struct setup setup;
	struct above above;
	struct audit audit;
};
static struct stage stage;

static struct env *env_of(struct audit *audit)
{
	return &audit->process.env;
}

static void stage_close(void)
{
	if (stage.world)
		world_close(stage.world);
	memset(&stage, 0, sizeof(stage));
}

static void stage_open(const struct app *app)
{
	stage_close();
	stage.app = app;
	stage.setup = (struct setup){
		.seed = 1,
		.group_count = 1,
		.groups = {{.protocol = protocol_named("single"), .app = app, .members = 1}},
	};
	stage.world = world_open(ARENA_BASE, (uint64_t)1 << 28);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stage.world);
	world_begin(stage.world, &stage.setup, &stage.above);
	world_audit_begin(stage.world, &stage.audit, 0);
	question_begin(stage.world, (struct question){"a test's", app->name, NULL, true});
}

/* Carries one operation out, and tells it. */
static struct told act(unsigned operation, uint64_t key, uint64_t fresh, uint64_t seen)
{
	static uint64_t answer[ANSWER_MAX / sizeof(uint64_t)];
	struct drawn drawn = {.operation = operation, .key = key, .fresh = fresh, .seen = seen};
	uint64_t command[16], keys[16];
	struct told told;
	size_t size = stage.app->draw(&drawn, command);
	size_t answered = stage.app->apply(env_of(&stage.audit), stage.audit.process.app, command,
					   size, answer);

	EQUAL(stage.app->keys(command, size, keys), 1);
	EQUAL(keys[0], key);
	stage.app->tell(command, size, answer, answered, &told);
	CU_ASSERT(told.answered);
	EQUAL(told.key, key);
	return told;
}

static unsigned operation_named(const char *name)
{
	for (unsigned i = 0; stage.app->operations[i].name; i++)
		if (!strcmp(stage.app->operations[i].name, name))
			return i;
	CU_FAIL_FATAL("no such operation");
	return 0;
}

static struct told say(const char *operation, uint64_t key, uint64_t fresh, uint64_t seen)
{
	return act(operation_named(operation), key, fresh, seen);
}

static uint64_t state_digest(void)
{
	return stage.app->digest(stage.audit.process.app);
}

/* ---- Model and app agree --------------------------------------------------------------------- */

static void agree(const struct app *app)
{
	static uint64_t model[KEYS][4];
	static uint64_t seen[KEYS];
	struct pcg32 pcg;
	unsigned operations = 1, matched = 0;

	stage_open(app);
	memset(model, 0, sizeof(model));
	memset(seen, 0, sizeof(seen));
	pcg = pcg32_seeded(7, 1);
	while (app->operations[operations].name)
		operations++;
	CU_ASSERT_FATAL(app->model->state_size <= sizeof(model[0]));
	for (uint64_t i = 1; i <= STEPS; i++) {
		unsigned operation = pcg32_next(&pcg) % operations;
		uint64_t key = pcg32_next(&pcg) % KEYS;
		struct told told = act(operation, key, i, seen[key]);
		bool possible = app->model->step(model[key], &told);

		CU_ASSERT(possible);
		matched += told.matched;
		if (app->operations[operation].reads)
			seen[key] = told.result;
	}
	CU_ASSERT(matched > STEPS / 100); /* comparisons that held among them */
}

static void register_and_its_model_agree(void)
{
	agree(app_named("register"));
}

static void kv_and_its_model_agree(void)
{
	agree(app_named("kv"));
}

static void a_model_refuses_a_wrong_answer(void)
{
	for (unsigned i = 0; apps[i]; i++) {
		uint64_t state[4] = {0};

		stage_open(apps[i]);
		const char *write = i == 0 ? "put" : "write", *read = i == 0 ? "get" : "read";
		struct told wrote = say(write, 3, 17, 0);
		struct told seen = say(read, 3, 0, 0);

		EQUAL(seen.result, 17);
		CU_ASSERT(apps[i]->model->step(state, &wrote));
		CU_ASSERT(apps[i]->model->step(state, &seen));
		seen.result = 18;
		CU_ASSERT(!apps[i]->model->step(state, &seen));
		seen.answered = false; /* nobody knows what it would have been told */
		CU_ASSERT(apps[i]->model->step(state, &seen));
	}
}

static void a_comparison_is_judged_by_what_is_there(void)
{
	for (unsigned i = 0; apps[i]; i++) {
		uint64_t state[4] = {0}, before[4];

		stage_open(apps[i]);
		struct told absent = say("cas", 3, 17, 0);
		struct told wrong = say("cas", 3, 18, 5);

		CU_ASSERT(absent.matched);
		CU_ASSERT(!wrong.matched);
		CU_ASSERT(apps[i]->model->step(state, &absent));
		memcpy(before, state, sizeof(state));
		CU_ASSERT(apps[i]->model->step(state, &wrong));
		CU_ASSERT(!memcmp(before, state, sizeof(state)));
		wrong.matched = true;
		CU_ASSERT(!apps[i]->model->step(state, &wrong));
		/* Unanswered, it takes effect all the same, where it matches. */
		struct told unknown = say("cas", 3, 19, 17);

		memcpy(state, before, sizeof(state));
		unknown.answered = unknown.matched = false;
		CU_ASSERT(apps[i]->model->step(state, &unknown));
		CU_ASSERT(memcmp(before, state, sizeof(state)) != 0);
	}
}

/* ---- Values of kv ---------------------------------------------------------------------------- */

static void kv_tells_one_number_as_itself_and_absence_as_zero(void)
{
	stage_open(app_named("kv"));
	EQUAL(say("get", 1, 0, 0).result, 0);
	say("put", 1, 5, 0);
	EQUAL(say("get", 1, 0, 0).result, 5);
	say("append", 2, 6, 0);
	EQUAL(say("get", 2, 0, 0).result, 6);
	say("append", 2, 7, 0);
	uint64_t both = say("get", 2, 0, 0).result;

	CU_ASSERT(both != 6 && both != 7 && both != 0);
	CU_ASSERT(say("cas", 2, 8, both).matched);
	EQUAL(say("get", 2, 0, 0).result, 8);
	EQUAL(say("delete", 2, 9, 0).value, 0);
	EQUAL(say("get", 2, 0, 0).result, 0);
}

static void kv_refuses_to_grow_a_full_value_and_its_model_knows(void)
{
	uint64_t state[4] = {0};
	bool matched = true, possible = true;
	unsigned taken = 0;

	stage_open(app_named("kv"));
	for (uint64_t i = 1; i <= 1100; i++) {
		struct told told = say("append", 4, i, 0);

		possible = possible && stage.app->model->step(state, &told);
		matched = told.matched;
		taken += told.matched;
	}
	CU_ASSERT(possible);
	CU_ASSERT(!matched);
	EQUAL(taken, 1024);
	EQUAL(say("get", 4, 0, 0).result, state[0]);
}

/* ---- States ---------------------------------------------------------------------------------- */

static void fill(const struct app *app, uint64_t keys)
{
	stage_open(app);
	for (uint64_t i = 1; i <= keys; i++) {
		say(app == app_named("kv") ? "put" : "write", i * 31, i, 0);
		if (app == app_named("kv"))
			say("append", i % 7 * 31, 1000 + i, 0);
	}
}

static void an_image_restores_the_same_state_over_any_other(void)
{
	for (unsigned i = 0; apps[i]; i++) {
		fill(apps[i], 300);
		uint64_t digest = state_digest();
		struct env *env = env_of(&stage.audit);
		size_t size = apps[i]->image(env, stage.audit.process.app, NULL);
		void *bytes = malloc(size);

		EQUAL(apps[i]->image(env, stage.audit.process.app, bytes), size);
		fill(apps[i], 120);
		CU_ASSERT(state_digest() != digest);
		apps[i]->restore(env_of(&stage.audit), stage.audit.process.app, bytes, size);
		EQUAL(state_digest(), digest);
		EQUAL(apps[i]->image(env, stage.audit.process.app, NULL), size);
		free(bytes);
	}
}

static void equal_states_have_equal_digests_whatever_the_path(void)
{
	for (unsigned i = 0; apps[i]; i++) {
		const char *write = i == 0 ? "put" : "write";

		stage_open(apps[i]);
		uint64_t empty = state_digest();

		for (uint64_t key = 0; key < 100; key++)
			say(write, key, key + 1, 0);
		uint64_t rising = state_digest();

		say(write, 50, 7, 0);
		CU_ASSERT(state_digest() != rising);
		say(write, 50, 51, 0);
		EQUAL(state_digest(), rising);
		stage_open(apps[i]);
		EQUAL(state_digest(), empty);
		say("cas", 7, 1, 99); /* touched, and still not there */
		EQUAL(state_digest(), empty);
		for (uint64_t key = 100; key-- > 0;)
			say(write, key, key + 1, 0);
		EQUAL(state_digest(), rising);
	}
	stage_open(app_named("kv"));
	uint64_t empty = state_digest();

	say("append", 1, 2, 0);
	say("append", 1, 3, 0);
	uint64_t appended = state_digest();

	say("delete", 1, 0, 0);
	EQUAL(state_digest(), empty);
	say("append", 1, 3, 0);
	say("append", 1, 2, 0);
	CU_ASSERT(state_digest() != appended); /* the order within a value counts */
}

/* ---- What they stand on ---------------------------------------------------------------------- */

static void the_table_agrees_with_a_plain_array(void)
{
	static uint64_t twin[500];
	struct table table = {0};
	struct pcg32 pcg;
	bool same = true;

	stage_open(app_named("register"));
	memset(twin, 0, sizeof(twin));
	pcg = pcg32_seeded(3, 1);
	for (uint64_t i = 1; i <= STEPS; i++) {
		/* Far apart and crowded keys alike. */
		uint64_t place = pcg32_next(&pcg) % 500, probe = pcg32_next(&pcg) % 500;

		*table_at(env_of(&stage.audit), &table,
			  place << (place % 3 * 20)) = twin[place] = i;
		same = same && table_get(&table, probe << (probe % 3 * 20)) == twin[probe];
	}
	CU_ASSERT(same);
	table_clear(env_of(&stage.audit), &table);
	EQUAL(table_get(&table, 1), 0);
}

static void pending_requests_agree_with_a_plain_list(void)
{
	static struct waiting twin[STEPS + 1];
	struct pending pending = {0};
	struct pcg32 pcg;
	uint64_t first = 0, count = 0, index = 0;
	bool same = true;

	stage_open(app_named("register"));
	pcg = pcg32_seeded(5, 1);
	for (uint64_t i = 1; i <= STEPS; i++) {
		uint32_t what = pcg32_next(&pcg) % 16;

		if (what == 0 && count > first) { /* a conflict */
			uint64_t cut = twin[count - 1].index - pcg32_next(&pcg) % 3;

			pending_forget(&pending, cut);
			while (count > first && twin[count - 1].index >= cut)
				count--;
			index = count > first ? twin[count - 1].index : cut;
		} else if (what < 8 && count > first) { /* applied, perhaps another's entry */
			struct waiting next = twin[first++];
			uint64_t term = next.term + (what == 1);
			request_id taken = pending_take(&pending, next.index, term);

			same = same && taken == (what == 1 ? 0 : next.request);
		} else {
			index += 1 + pcg32_next(&pcg) % 2;
			twin[count++] = (struct waiting){index, i / 100, i};
			pending_add(env_of(&stage.audit), &pending, index, i / 100, i);
		}
		same = same && pending.count == count - first;
	}
	CU_ASSERT(same);
	CU_ASSERT(pending.capacity > 16); /* it had to grow */
}

static void tables_of_protocols_and_apps_are_sound(void)
{
	for (unsigned i = 0; apps[i]; i++) {
		CU_ASSERT_PTR_EQUAL(app_named(apps[i]->name), apps[i]);
		CU_ASSERT(apps[i]->model->state_size <= 32);
	}
	for (unsigned i = 0; protocols[i]; i++) {
		const struct protocol *protocol = protocols[i];

		CU_ASSERT_PTR_EQUAL(protocol_named(protocol->name), protocol);
		EQUAL(protocol->version, ORDEAL_VERSION);
		EQUAL(protocol->size, sizeof(*protocol));
		for (const struct message_type *type = protocol->messages; type->name; type++) {
			size_t sum = 0;

			for (const struct field *field = type->fields; field->name; field++) {
				EQUAL(field->offset, sum); /* in order, no padding, none left out */
				sum += field->width;
			}
			EQUAL(sum, type->size);
			CU_ASSERT_PTR_NOT_NULL(type->handle);
		}
		for (const struct bug *bug = protocol->bugs; bug->name; bug++)
			CU_ASSERT(bug->breaks != NULL && bug->cite != NULL);
	}
	CU_ASSERT_PTR_NULL(protocol_named("rafts"));
	CU_ASSERT_PTR_NULL(app_named(""));
	stage_close();
}

CU_TestInfo apps_tests[] = {
	{"register and its model agree", register_and_its_model_agree},
	{"kv and its model agree", kv_and_its_model_agree},
	{"a model refuses a wrong answer", a_model_refuses_a_wrong_answer},
	{"a comparison is judged by what is there", a_comparison_is_judged_by_what_is_there},
	{"kv tells one number as itself and absence as zero",
	 kv_tells_one_number_as_itself_and_absence_as_zero},
	{"kv refuses to grow a full value and its model knows",
	 kv_refuses_to_grow_a_full_value_and_its_model_knows},
	{"an image restores the same state over any other",
	 an_image_restores_the_same_state_over_any_other},
	{"equal states have equal digests whatever the path",
	 equal_states_have_equal_digests_whatever_the_path},
	{"the table agrees with a plain array", the_table_agrees_with_a_plain_array},
	{"pending requests agree with a plain list", pending_requests_agree_with_a_plain_list},
	{"tables of protocols and apps are sound", tables_of_protocols_and_apps_are_sound},
	CU_TEST_INFO_NULL,
};
