/* The history on paper, and what the checker reads out of it. */
#include "tests/tests.h"

#include <jansson.h>

#include "sim/check/linearizability.h"
#include "sim/faults/faults.h"
#include "tests/workload/stage.h"

extern const struct protocol single_protocol;

static struct history_record *add(struct stage *stage, uint32_t process, enum history_type type,
				  unsigned operation)
{
	struct history_record *record = history_append(stage->world);

	*record = (struct history_record){.time = (nanoseconds)history_count(stage->world) * 1000,
					  .process = process,
					  .type = (uint8_t)type,
					  .operation = (uint8_t)operation};
	return record;
}

/* A stage on which nothing happens by itself. */
static void prepare_empty(struct stage *stage, const struct app *app)
{
	stage_prepare(stage, app);
	stage->workload.clients = 0;
	stage_begin(stage);
}

static const char *describe_by_number(struct world *world, unsigned number,
				      char text[FAULT_TEXT_MAX])
{
	(void)world;
	snprintf(text, FAULT_TEXT_MAX, "fault %u", number);
	return text;
}

static char *written(struct stage *stage)
{
	static const struct fault_words words = {fault_name, describe_by_number};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	history_write(stage->world, stage->setup.groups[0].app, &words, out);
	fclose(out);
	return text;
}

static void every_kind_of_line(void)
{
	struct stage stage;
	struct history_record *record;
	static const uint64_t numbers[] = {4, 5};
	const uint64_t digest = 0xFEDCBA9876543210;

	prepare_empty(&stage, &app_kv);
	record = add(&stage, 3, HISTORY_INVOKE, KV_CAS);
	record->key = 1;
	record->expected = 1;
	record->value = 2;
	record = add(&stage, 3, HISTORY_OK, KV_CAS);
	record->key = 1;
	record->expected = 1;
	record->value = 2;
	record = add(&stage, 3, HISTORY_OK, KV_CAS);
	record->value = 2;
	record->matched = true;
	add(&stage, 4, HISTORY_INVOKE, KV_GET);
	add(&stage, 4, HISTORY_OK, KV_GET);
	add(&stage, 4, HISTORY_OK, KV_GET)->result = 6;
	add(&stage, 4, HISTORY_OK, KV_GET)->result = digest;
	add(&stage, 4, HISTORY_OK, KV_GET)->result = digest + 1;
	add(&stage, 5, HISTORY_FAIL, KV_PUT)->value = 7;
	add(&stage, 5, HISTORY_INFO, KV_DELETE);
	record = add(&stage, 5, HISTORY_OK, KV_APPEND);
	record->value = 8;
	record->matched = true;
	record = add(&stage, 5, HISTORY_OK, KV_CAS);
	record->expected = digest;
	record->value = 9;
	record->matched = true;
	add(&stage, 5, HISTORY_OK, KV_PUT)->value = 1; /* always takes effect, said or not */
	add(&stage, 2, HISTORY_FAULT_BEGINS, FAULT_PARTITION)->key = 0x5;
	add(&stage, 2, HISTORY_FAULT_ENDS, FAULT_PARTITION)->key = 0x5;
	history_keep_value(stage.world, digest, numbers, sizeof(numbers));
	char *text = written(&stage);

	CU_ASSERT_STRING_EQUAL(
		text,
		"{\"index\":0,\"process\":3,\"type\":\"invoke\",\"f\":\"cas\",\"key\":\"k1\","
		"\"value\":[1,2],\"time\":1000}\n"
		"{\"index\":1,\"process\":3,\"type\":\"ok\",\"f\":\"cas\",\"key\":\"k1\","
		"\"value\":[1,2],\"result\":false,\"time\":2000}\n"
		"{\"index\":2,\"process\":3,\"type\":\"ok\",\"f\":\"cas\",\"key\":\"k0\","
		"\"value\":[null,2],\"time\":3000}\n"
		"{\"index\":3,\"process\":4,\"type\":\"invoke\",\"f\":\"get\",\"key\":\"k0\","
		"\"value\":null,\"time\":4000}\n"
		"{\"index\":4,\"process\":4,\"type\":\"ok\",\"f\":\"get\",\"key\":\"k0\","
		"\"value\":null,\"time\":5000}\n"
		"{\"index\":5,\"process\":4,\"type\":\"ok\",\"f\":\"get\",\"key\":\"k0\","
		"\"value\":6,\"time\":6000}\n"
		"{\"index\":6,\"process\":4,\"type\":\"ok\",\"f\":\"get\",\"key\":\"k0\","
		"\"value\":[4,5],\"time\":7000}\n"
		"{\"index\":7,\"process\":4,\"type\":\"ok\",\"f\":\"get\",\"key\":\"k0\","
		"\"value\":\"#fedcba9876543211\",\"time\":8000}\n"
		"{\"index\":8,\"process\":5,\"type\":\"fail\",\"f\":\"put\",\"key\":\"k0\","
		"\"value\":7,\"time\":9000}\n"
		"{\"index\":9,\"process\":5,\"type\":\"info\",\"f\":\"delete\",\"key\":\"k0\","
		"\"value\":null,\"time\":10000}\n"
		"{\"index\":10,\"process\":5,\"type\":\"ok\",\"f\":\"append\",\"key\":\"k0\","
		"\"value\":8,\"time\":11000}\n"
		"{\"index\":11,\"process\":5,\"type\":\"ok\",\"f\":\"cas\",\"key\":\"k0\","
		"\"value\":[[4,5],9],\"time\":12000}\n"
		"{\"index\":12,\"process\":5,\"type\":\"ok\",\"f\":\"put\",\"key\":\"k0\","
		"\"value\":1,\"time\":13000}\n"
		"{\"index\":13,\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"partition\","
		"\"phase\":\"begin\",\"value\":[\"n1\",\"n3\"],\"what\":\"fault "
		"2\",\"time\":14000}\n"
		"{\"index\":14,\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"partition\","
		"\"phase\":\"end\",\"value\":[\"n1\",\"n3\"],\"what\":\"fault "
		"2\",\"time\":15000}\n");
	free(text);
	stage_end(&stage);
}

static void prepare_kv(struct stage *stage)
{
	stage_prepare(stage, &app_kv);
	stage->setup.groups[0].protocol = &single_protocol;
	stage->setup.groups[0].members = 1;
	stage->setup.disk.sync = (struct distribution){CONSTANT, MILLISECOND, 0, 0};
	stage->workload.clients = 4;
	stage->workload.keys = 3;
	for (unsigned i = KV_GET; i <= KV_CAS; i++)
		stage->workload.weight[i] = 1;
	stage->workload.weight[KV_APPEND] = 3;
}

static void lines_are_json(void)
{
	struct stage stage;
	unsigned lines = 0, lists = 0, digests = 0;

	prepare_kv(&stage);
	stage_begin(&stage);
	stage_run(&stage, 5 * SECOND);
	char *text = written(&stage);

	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
		json_error_t error;
		json_t *json = json_loadb(line, (size_t)(end - line), 0, &error);
		const char *f = json_string_value(json_object_get(json, "f"));
		const char *type = json_string_value(json_object_get(json, "type"));
		json_t *value = json_object_get(json, "value");

		CU_ASSERT_PTR_NOT_NULL(json);
		EQUAL(json_integer_value(json_object_get(json, "index")), lines);
		if (f && type && !strcmp(f, "get") && !strcmp(type, "ok")) {
			lists += json_is_array(value);
			digests += json_is_string(value);
		}
		json_decref(json);
	}
	EQUAL(lines, history_count(stage.world));
	CU_ASSERT(lines > 1000 && lists > 50);
	EQUAL(digests, 0); /* what was read was kept */
	free(text);
	stage_end(&stage);
}

static void long_values(void)
{
	struct stage stage;
	uint64_t numbers[40];

	for (uint64_t i = 0; i < 40; i++)
		numbers[i] = i + 1;
	prepare_empty(&stage, &app_kv);
	for (uint64_t length = 2; length <= 40; length++)
		for (int again = 0; again < 2; again++)
			history_keep_value(stage.world, length, numbers, length * 8);
	size_t once = records_size(stage.world, RECORDS_VALUES);

	EQUAL(once, (40 * 41 / 2 - 1) * 8 + 39 * 16);
	/* Going back forgets what the other branch kept. */
	struct snapshot *snapshot = world_snapshot(stage.world);

	history_keep_value(stage.world, 99, numbers, 16);
	EQUAL(records_size(stage.world, RECORDS_VALUES), once + 32);
	world_restore(stage.world, snapshot);
	EQUAL(records_size(stage.world, RECORDS_VALUES), once);
	history_keep_value(stage.world, 99, numbers, 16); /* anew, for it is forgotten */
	EQUAL(records_size(stage.world, RECORDS_VALUES), once + 32);
	snapshot_free(stage.world, snapshot);
	stage_end(&stage);
}

/* ---- For the checker ------------------------------------------------------------------------- */

static void operations_from_records(void)
{
	struct stage stage;
	struct linearizability_room *room = linearizability_room();
	struct operation *operation;
	struct history_record *record;

	prepare_empty(&stage, &app_register);
	add(&stage, 0, HISTORY_INVOKE, WRITE)->value = 5;
	add(&stage, 1, HISTORY_INVOKE, WRITE)->value = 6;
	add(&stage, 0, HISTORY_FAULT_BEGINS, FAULT_CRASH)->key = 1;
	add(&stage, 2, HISTORY_INVOKE, READ);
	add(&stage, 3, HISTORY_INVOKE, WRITE)->value = 7;
	add(&stage, 1, HISTORY_FAIL, WRITE)->invocation = 1;
	record = add(&stage, 2, HISTORY_OK, READ);
	record->invocation = 3;
	record->result = 5;
	add(&stage, 0, HISTORY_INFO, WRITE)->invocation = 0;
	EQUAL(operations_of(stage.world, room, &operation), 3);
	EQUAL(operation[0].told.value, 5);
	CU_ASSERT(!operation[0].told.answered);
	EQUAL(operation[0].returned, NEVER_RETURNED);
	EQUAL(operation[1].source, 3);
	EQUAL(operation[1].invoked, 3);
	EQUAL(operation[1].returned, 6);
	EQUAL(operation[1].told.result, 5);
	CU_ASSERT(operation[1].told.answered);
	EQUAL(operation[2].told.value, 7);
	linearizability_room_free(room);
	stage_end(&stage);
}

/* What a lone server did is linearizable, and is no longer once an answer is forged. */
static void a_run_judged(void)
{
	struct stage stage;
	struct linearizability_room *room = linearizability_room();
	struct linearizability result;
	struct operation *operation;

	prepare_kv(&stage);
	stage.above.observer = &check_observer;
	stage_begin(&stage);
	stage_run(&stage, 5 * SECOND);
	workload_end(stage.world);
	size_t count = operations_of(stage.world, room, &operation);

	EQUAL(count, workload_counts(stage.world)->invoked);
	linearizable(room, app_kv.model, operation, count, 1000000, &result);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.objects, 3);
	CU_ASSERT(result.by_witness);
	for (size_t i = 0; i < count; i++)
		operation[i].witness = 0;
	linearizable(room, app_kv.model, operation, count, 1000000, &result);
	EQUAL(result.verdict, HOLDS);
	CU_ASSERT(!result.by_witness);
	count = operations_of(stage.world, room, &operation);
	for (size_t i = count; i-- > 0;)
		if (operation[i].told.operation == KV_GET && operation[i].told.answered) {
			operation[i].told.result++;
			break;
		}
	linearizable(room, app_kv.model, operation, count, 1000000, &result);
	EQUAL(result.verdict, VIOLATED);
	linearizability_room_free(room);
	stage_end(&stage);
}

CU_TestInfo history_tests[] = {
	{"each kind of line is written as documented", every_kind_of_line},
	{"every line of a run is JSON, and long values are lists", lines_are_json},
	{"long values are kept once, and belong to their branch", long_values},
	{"failed operations are left out for the checker, unknown ones stay",
	 operations_from_records},
	{"a run is judged from its history, and a forged answer is found", a_run_judged},
	CU_TEST_INFO_NULL,
};
