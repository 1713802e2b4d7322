/*
 * The judge of histories: against a twin that tries every order, against patterns that must not
 * occur, and on histories that everybody knows.
 */
#include "tests/tests.h"

#include "tests/consistency/agreement.h"

static void as_the_twin_says(void)
{
	for (const struct subject *subject = subjects; subject->name; subject++) {
		struct agreement agreement;

		agree(subject, 10000, 1, &agreement);
		EQUAL(agreement.differences, 0);
		EQUAL(agreement.bad_cores, 0);
		EQUAL(agreement.bad_accused, 0);
		CU_ASSERT(agreement.legal > 2000);
		CU_ASSERT(agreement.unknown > 2000);
		if (subject->recipe.model != &model_set && subject->recipe.model != &model_queue)
			CU_ASSERT(agreement.witnessed > 500);
		CU_ASSERT(agreement.illegal > 500);
	}
}

static void as_the_patterns_say(void)
{
	for (const struct subject *subject = long_subjects; subject->name; subject++) {
		struct agreement agreement;

		agree_at_length(subject, 100, 1, &agreement);
		EQUAL(agreement.differences, 0);
		CU_ASSERT(agreement.legal > 20);
		EQUAL(agreement.unsure, 0);
		CU_ASSERT(agreement.illegal > 20);
		CU_ASSERT(!subject->recipe.unknown || agreement.unknown > 1000);
	}
}

static void cores_hold(void)
{
	for (const struct subject *subject = core_subjects; subject->name; subject++) {
		struct agreement agreement;

		agree_on_cores(subject, 300, 1, &agreement);
		EQUAL(agreement.differences, 0);
		EQUAL(agreement.bad_cores, 0);
		CU_ASSERT(agreement.illegal > 20);
		CU_ASSERT(agreement.unknown > 100);
	}
}

/* ---- Each engine on what it is for ---------------------------------------------------------- */

enum { NEVER = -1, HISTORY_MAX = 8 };
#define SHIFT 1357821721651872961 /* string_shift(1) */

struct known {
	const struct model *model;
	const char *engine; /* that decides */
	enum legality legality;
	unsigned core; /* operations, where illegal */
	struct {
		const char *name; /* NULL: the history ends */
		int invoked, returned;
		uint64_t value, expected, result;
		bool missed;
	} operations[HISTORY_MAX];
};

static const struct known known[] = {
	/* Of two values read in turns, one would have to come back. */
	{&model_register,
	 "zones",
	 ILLEGAL,
	 3, /* three of the reads: the writes are there, whatever is known of them */
	 {{"write", 0, 20, 1, 0, 0, 0},
	  {"write", 1, 21, 2, 0, 0, 0},
	  {"read", 2, 3, 0, 0, 1, 0},
	  {"read", 4, 5, 0, 0, 2, 0},
	  {"read", 6, 7, 0, 0, 1, 0},
	  {"read", 8, 9, 0, 0, 2, 0}}},
	{&model_register, "zones", ILLEGAL, 1, {{"read", 0, 1, 0, 0, 1, 0}}},
	/* A write that nobody knows the end of, seen at last; and one too late. */
	{&model_register,
	 "zones",
	 LEGAL,
	 0,
	 {{"write", 0, NEVER, 1, 0, 0, 0}, {"read", 1, 2, 0, 0, 0, 0}, {"read", 3, 4, 0, 0, 1, 0}}},
	{&model_register,
	 "zones",
	 ILLEGAL,
	 1,
	 {{"read", 0, 1, 0, 0, 1, 0}, {"write", 2, NEVER, 1, 0, 0, 0}}},
	/* Two found the same value, which was there once; a ring without a beginning. */
	{&model_cas_register,
	 "chains",
	 ILLEGAL,
	 2,
	 {{"cas", 0, 5, 1, 0, 0, 0}, {"cas", 1, 6, 2, 0, 0, 0}}},
	{&model_cas_register,
	 "chains",
	 ILLEGAL,
	 1,
	 {{"cas", 0, 5, 1, 2, 0, 0}, {"cas", 1, 6, 2, 1, 0, 0}}},
	{&model_cas_register,
	 "chains",
	 LEGAL,
	 0,
	 {{"cas", 0, 5, 2, 1, 0, 0}, {"cas", 1, 6, 1, 0, 0, 0}, {"cas", 7, 8, 3, 1, 0, 1}}},
	{&model_cas_register,
	 "search",
	 ILLEGAL,
	 2,
	 {{"cas", 0, 1, 1, 0, 0, 0}, {"cas", 2, 3, 2, 1, 0, 1}}},
	/* A write of unknown outcome came just after one that had not returned yet, and put back
	 * what was there before: for the cas, and then for the append. */
	{&model_cas_register,
	 "search",
	 LEGAL,
	 0,
	 {{"write", 0, 1, 1, 0, 0, 0},
	  {"write", 2, 7, 2, 0, 0, 0},
	  {"write", 3, NEVER, 1, 0, 0, 0},
	  {"cas", 4, 5, 3, 1, 0, 0},
	  {"read", 8, 9, 0, 0, 3, 0}}},
	{&model_kv,
	 "search",
	 LEGAL,
	 0,
	 {{"put", 0, 6, 1, 0, 0, 0},
	  {"delete", 1, NEVER, 0, 0, 0, 0},
	  {"append", 3, 4, 2, SHIFT, 0, 0},
	  {"get", 7, 8, 0, 0, 2, 0}}},
	/* With the delete or with the cas: those who know of neither can be explained like that. */
	{&model_kv,
	 "search",
	 ILLEGAL,
	 4,
	 {{"put", 0, 6, 1, 0, 0, 0},
	  {"delete", 1, 2, 0, 0, 0, 0},
	  {"append", 3, 4, 2, SHIFT, 0, 0},
	  {"cas", 5, 9, 1, 1, 0, 0},
	  {"get", 7, 8, 0, 0, 2, 0}}},
	{&model_queue,
	 "queue",
	 ILLEGAL,
	 1,
	 {{"dequeue", 0, 1, 0, 0, 7, 0}, {"enqueue", 2, 3, 7, 0, 0, 0}}},
	{&model_queue,
	 "queue",
	 ILLEGAL,
	 2, /* the second enqueue was not invoked in time to be first */
	 {{"enqueue", 0, 1, 7, 0, 0, 0},
	  {"enqueue", 2, 3, 8, 0, 0, 0},
	  {"dequeue", 4, 5, 0, 0, 8, 0}}},
	/* Somebody may have taken 7, but not if he came too late. */
	{&model_queue,
	 "queue",
	 LEGAL,
	 0,
	 {{"enqueue", 0, 1, 7, 0, 0, 0},
	  {"enqueue", 2, 3, 8, 0, 0, 0},
	  {"dequeue", 4, NEVER, 0, 0, 0, 0},
	  {"dequeue", 5, 6, 0, 0, 8, 0}}},
	{&model_queue,
	 "queue",
	 ILLEGAL,
	 2, /* the second enqueue was not invoked in time to be first */
	 {{"enqueue", 0, 1, 7, 0, 0, 0},
	  {"enqueue", 2, 3, 8, 0, 0, 0},
	  {"dequeue", 4, 5, 0, 0, 8, 0},
	  {"dequeue", 6, NEVER, 0, 0, 0, 0}}},
	{&model_queue,
	 "queue",
	 ILLEGAL,
	 2,
	 {{"enqueue", 0, 1, 7, 0, 0, 0},
	  {"dequeue", 2, 3, 0, 0, 0, 0},
	  {"dequeue", 4, NEVER, 0, 0, 0, 0}}},
	/* What is taken away again may explain what is too much. */
	{&model_counter,
	 "search",
	 ILLEGAL,
	 3,
	 {{"add", 0, 1, 3, 0, 0, 0},
	  {"add", 2, 3, (uint64_t)-1, 0, 0, 0},
	  {"add", 4, 5, (uint64_t)-1, 0, 0, 0},
	  {"add", 6, 7, (uint64_t)-1, 0, 0, 0},
	  {"read", 8, 9, 0, 0, 2, 0}}},
	/* Three were added since the first read, for sure. */
	{&model_counter,
	 "search",
	 ILLEGAL,
	 3,
	 {{"add", 0, NEVER, 4, 0, 0, 0},
	  {"add", 1, NEVER, 1, 0, 0, 0},
	  {"read", 2, 3, 0, 0, 5, 0},
	  {"add", 4, 5, 1, 0, 0, 0},
	  {"add", 6, 7, 2, 0, 0, 0},
	  {"read", 8, 9, 0, 0, 6, 0}}},
	/* So much was never added. */
	{&model_counter,
	 "search",
	 ILLEGAL,
	 1,
	 {{"add", 0, 1, 5, 0, 0, 0}, {"add", 2, NEVER, 2, 0, 0, 0}, {"read", 3, 4, 0, 0, 8, 0}}},
	/* Whatever an unknown dequeue took, it came too late for these; that nothing was found
	 * earlier does not matter. */
	{&model_queue,
	 "queue",
	 ILLEGAL,
	 3,

	 {{"dequeue", 0, 1, 0, 0, 0, 0},
	  {"enqueue", 2, 3, 7, 0, 0, 0},
	  {"enqueue", 4, 5, 8, 0, 0, 0},
	  {"dequeue", 6, 7, 0, 0, 8, 0},
	  {"dequeue", 8, 9, 0, 0, 7, 0},
	  {"enqueue", 10, 11, 9, 0, 0, 0},
	  {"dequeue", 12, NEVER, 0, 0, 0, 0}}},
	/* Nothing found, while 7 and then 8 were inside all the time; and with a gap between. */
	{&model_queue,
	 "queue",
	 ILLEGAL,
	 3,
	 {{"enqueue", 0, 1, 7, 0, 0, 0},
	  {"dequeue", 2, 9, 0, 0, 0, 0},
	  {"enqueue", 3, 4, 8, 0, 0, 0},
	  {"dequeue", 5, 6, 0, 0, 7, 0},
	  {"dequeue", 10, 11, 0, 0, 8, 0}}},
	{&model_queue,
	 "queue",
	 LEGAL,
	 0,
	 {{"enqueue", 0, 1, 7, 0, 0, 0},
	  {"dequeue", 2, 9, 0, 0, 0, 0},
	  {"dequeue", 3, 4, 0, 0, 7, 0},
	  {"enqueue", 5, 6, 8, 0, 0, 0},
	  {"dequeue", 10, 11, 0, 0, 8, 0}}},
	{&model_counter,
	 "search",
	 ILLEGAL,
	 1,
	 {{"add", 0, 1, 2, 0, 0, 0}, {"read", 2, 3, 0, 0, 1, 0}}},
	{&model_fenced_lock,
	 "search",
	 ILLEGAL,
	 2,
	 {{"acquire", 0, 1, 0, 0, 2, 0},
	  {"release", 2, 3, 2, 0, 0, 0},
	  {"acquire", 4, 5, 0, 0, 2, 0}}},
	{&model_mutex,
	 "search",
	 ILLEGAL,
	 2,
	 {{"acquire", 0, 1, 0, 0, 0, 0}, {"acquire", 2, 3, 0, 0, 0, 0}}},
};

static void judge_known(struct room *room, const struct known *one)
{
	struct operation operations[HISTORY_MAX];
	struct history history = {operations, 0, NULL};
	struct judge_limits limits = {.core = true};
	struct finding finding;

	for (size_t i = 0; i < HISTORY_MAX && one->operations[i].name; i++) {
		int returned = one->operations[i].returned;
		struct told told = {
			.operation = (unsigned)model_operation(one->model, one->operations[i].name),
			.answered = returned != NEVER,
			.matched = returned != NEVER && !one->operations[i].missed,
			.value = one->operations[i].value,
			.expected = one->operations[i].expected,
			.result = one->operations[i].result,
		};

		operations[history.count++] = (struct operation){
			.told = told,
			.invoked = (uint32_t)one->operations[i].invoked,
			.returned = returned == NEVER ? NEVER_RETURNED : (uint32_t)returned,
		};
	}
	judge(room, one->model, &history, &limits, &finding);
	EQUAL(finding.legality, one->legality);
	EQUAL(finding.core_count, one->core);
	if (strcmp(finding.engine, one->engine) != 0)
		printf("\n  %s %zu: by %s, not %s", one->model->name, (size_t)(one - known),
		       finding.engine, one->engine);
	CU_ASSERT_STRING_EQUAL(finding.engine, one->engine);
}

static void engines(void)
{
	struct room *room = room_open();

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		judge_known(room, &known[i]);
	room_close(room);
}

/* Too little memory, or too few configurations, give no verdict; what is spent is named. */
static void budgets(void)
{
	struct recipe recipe = {.model = &model_cas_register,
				.clients = 20,
				.operations = 2000,
				.keys = 1,
				.values = 5,
				.weights = {1, 1, 1}};
	struct pcg32 pcg = pcg32_seeded(1, 3);
	struct made made = make_history(&recipe, &pcg);
	struct room *room = room_open();
	struct finding finding;

	judge(room, recipe.model, &made.history, &(struct judge_limits){.configurations = 100},
	      &finding);
	EQUAL(finding.legality, UNDECIDED);
	EQUAL(finding.configurations, 100);
	CU_ASSERT_STRING_EQUAL(finding.limit, "configurations");
	CU_ASSERT(finding.reached > 0 && finding.reached < finding.returns);
	judge(room, recipe.model, &made.history, &(struct judge_limits){0}, &finding);
	EQUAL(finding.legality, LEGAL);
	size_t held = room_held(room);

	judge(room, recipe.model, &made.history, &(struct judge_limits){0}, &finding);
	EQUAL(room_held(room), held); /* warm: it asks for no more */
	room_close(room);
	room = room_open();
	judge(room, recipe.model, &made.history, &(struct judge_limits){.memory = 200000},
	      &finding);
	EQUAL(finding.legality, UNDECIDED);
	CU_ASSERT_STRING_EQUAL(finding.limit, "memory");
	CU_ASSERT(room_held(room) <= 200000);
	room_close(room);
	made_free(&made);
}

/* Elements are judged one by one; their orders are merged key by key. */
static void sets_of_many_keys(void)
{
	struct recipe recipe = {.model = &model_set,
				.clients = 10,
				.operations = 5000,
				.keys = 500,
				.values = 3,
				.weights = {2, 2, 2, 2, 2}};
	struct pcg32 pcg = pcg32_seeded(1, 3);
	struct made made = make_history(&recipe, &pcg);
	struct room *room = room_open();
	struct finding finding;

	judge(room, recipe.model, &made.history, &(struct judge_limits){.core = true}, &finding);
	EQUAL(finding.legality, LEGAL);
	uint32_t *order = malloc(finding.order_count * sizeof(*order));

	memcpy(order, finding.order, finding.order_count * sizeof(*order));
	CU_ASSERT(order_holds(room, recipe.model, &made.history, order, finding.order_count));
	free(order);
	room_close(room);
	made_free(&made);
}

/* With all of the core known but one, and all else unknown. */
static enum legality without_one(const struct model *model, const struct history *history,
				 const struct finding *finding, size_t without)
{
	struct operation *operations = calloc(history->count, sizeof(*operations));
	struct history less = {operations, history->count, NULL};
	struct room *room = room_open();
	struct finding found;

	know_core(history, finding, without, operations);
	judge(room, model, &less, &(struct judge_limits){0}, &found);
	room_close(room);
	free(operations);
	return found.legality;
}

/* Whatever is taken as unknown may be what made up for it, so a core holds all writes of a value
 * that somebody read too late; but those of the others it need not hold, nor their reads. */
static void few_values_have_cores_too(void)
{
	struct recipe recipe = {.model = &model_register,
				.clients = 20,
				.operations = 10000,
				.keys = 1,
				.values = 5,
				.weights = {1, 1}};
	struct pcg32 pcg = pcg32_seeded(13, 3);
	struct made made = make_history(&recipe, &pcg);
	struct room *room = room_open();
	struct finding finding;

	CU_ASSERT(swap_reads(&made, recipe.model, 20, &pcg));
	judge(room, recipe.model, &made.history, &(struct judge_limits){.core = true}, &finding);
	EQUAL(finding.legality, ILLEGAL);
	CU_ASSERT(finding.core_minimal);
	CU_ASSERT(finding.core_count > 100 && finding.core_count < 600);
	for (size_t i = 1; i < finding.core_count; i++)
		CU_ASSERT(made.operations[finding.core[i - 1]].invoked <
			  made.operations[finding.core[i]].invoked);
	for (size_t i = 0; i < finding.core_count; i += 20)
		EQUAL(without_one(recipe.model, &made.history, &finding, i), LEGAL);
	EQUAL(without_one(recipe.model, &made.history, &finding, finding.core_count), ILLEGAL);
	room_close(room);
	made_free(&made);
}

/* A failed cas is one that may yet happen, so its core is larger, but not much. */
static void cas_has_cores_too(void)
{
	struct recipe recipe = {.model = &model_cas_register,
				.clients = 10,
				.operations = 20000,
				.keys = 1,
				.values = 5,
				.weights = {1, 1, 2}};
	unsigned illegal = 0;

	for (unsigned seed = 1; seed <= 5; seed++) {
		struct pcg32 pcg = pcg32_seeded(seed, 3);
		struct made made = make_history(&recipe, &pcg);
		struct room *room = room_open();
		struct finding finding;

		CU_ASSERT(swap_reads(&made, recipe.model, 20, &pcg));
		judge(room, recipe.model, &made.history, &(struct judge_limits){.core = true},
		      &finding);
		illegal += finding.legality == ILLEGAL;
		CU_ASSERT(finding.legality != ILLEGAL || finding.core_minimal);
		CU_ASSERT(finding.core_count < recipe.operations / 5);
		room_close(room);
		made_free(&made);
	}
	CU_ASSERT(illegal > 2);
}

/* Who checks the orders can say no. */
static void the_verifier_says_no(void)
{
	struct operation operations[] = {
		{.told = {.operation = REGISTER_WRITE, .answered = true, .value = 1},
		 .invoked = 0,
		 .returned = 1},
		{.told = {.operation = REGISTER_READ, .answered = true, .result = 1},
		 .invoked = 2,
		 .returned = 5},
		{.told = {.operation = REGISTER_WRITE, .answered = true, .value = 2},
		 .invoked = 3,
		 .returned = 4},
	};
	struct history history = {operations, 3, NULL};
	struct room *room = room_open();

	CU_ASSERT(order_holds(room, &model_register, &history, (uint32_t[]){0, 1, 2}, 3));
	CU_ASSERT_FALSE(order_holds(room, &model_register, &history, (uint32_t[]){0, 2, 1}, 3));
	CU_ASSERT_FALSE(order_holds(room, &model_register, &history, (uint32_t[]){2, 0, 1}, 3));
	CU_ASSERT_FALSE(order_holds(room, &model_register, &history, (uint32_t[]){0, 1}, 2));
	CU_ASSERT_FALSE(order_holds(room, &model_register, &history, (uint32_t[]){0, 1, 2, 1}, 4));
	operations[1].told.key = 1; /* of another object, where nothing was written */
	operations[1].told.result = 0;
	CU_ASSERT(order_holds(room, &model_register, &history, (uint32_t[]){0, 2, 1}, 3));
	CU_ASSERT_FALSE(order_holds(room, &model_register, &history, (uint32_t[]){0, 1, 2}, 3));
	room_close(room);
}

CU_TestInfo judge_tests[] = {
	{"each engine decides what it is for, and its cores are as small as can be", engines},
	{"who runs out of memory or of configurations says so, and a warm room asks for no more",
	 budgets},
	{"sets of many keys have an order", sets_of_many_keys},
	{"a history of few values has a core that leaves most of it out, and is minimal",
	 few_values_have_cores_too},
	{"so has one of few values that are compared and set", cas_has_cores_too},
	{"an order against time, against the model, or not complete does not hold",
	 the_verifier_says_no},
	{"10,000 random small histories of each model are judged as by a twin that tries every "
	 "order",
	 as_the_twin_says},
	{"cores are illegal, and legal without any one of them", cores_hold},
	{"long histories of queues and sets are judged as by what must not occur in them",
	 as_the_patterns_say},
	CU_TEST_INFO_NULL,
};
