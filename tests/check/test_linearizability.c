/*
 * The checker of linearizability: histories that everybody knows, and many small random ones
 * against a naive twin that tries every order.
 */
#include "tests/tests.h"

#include "sim/check/linearizability.h"
#include "sim/world/pcg.h"

extern const struct app app_register, app_kv;

/* ---- A register ------------------------------------------------------------------------------ */

enum { READ, WRITE, CAS };

static bool register_step(void *state, const struct told *told)
{
	uint64_t held;

	memcpy(&held, state, sizeof(held));
	bool fits = held == told->expected;

	if (told->operation == READ)
		return !told->answered || told->result == held;
	if (told->operation == CAS && told->answered && told->matched != fits)
		return false;
	if (told->operation == WRITE || fits)
		memcpy(state, &told->value, sizeof(held));
	return true;
}
static const struct model register_model = {
	.name = "register", .state_size = sizeof(uint64_t), .step = register_step};

enum { NEVER = -1, PLENTY = 1000000 };

static struct operation lasting(int invoked, int returned, struct told told)
{
	told.answered = returned != NEVER;
	return (struct operation){.invoked = invoked,
				  .returned = returned == NEVER ? INT64_MAX : returned,
				  .order = (uint32_t)invoked,
				  .record = (uint32_t)invoked,
				  .returned_order = returned == NEVER ? UINT32_MAX
								      : (uint32_t)returned,
				  .told = told};
}
static struct operation reads(int invoked, int returned, uint64_t result)
{
	return lasting(invoked, returned, (struct told){.operation = READ, .result = result});
}
static struct operation writes(int invoked, int returned, uint64_t value)
{
	return lasting(invoked, returned, (struct told){.operation = WRITE, .value = value});
}
static struct operation compares(int invoked, int returned, uint64_t expected, uint64_t value,
				 bool matched)
{
	return lasting(invoked, returned,
		       (struct told){.operation = CAS,
				     .expected = expected,
				     .value = value,
				     .matched = matched});
}

static struct linearizability judge(struct operation *operation, size_t count, uint64_t budget)
{
	struct linearizability_room *room = linearizability_room();
	struct linearizability result;

	linearizable(room, &register_model, operation, count, budget, &result);
	linearizability_room_free(room);
	return result;
}
#define VERDICT(...)                                                                               \
	judge((struct operation[]){__VA_ARGS__},                                                   \
	      sizeof((struct operation[]){__VA_ARGS__}) / sizeof(struct operation), PLENTY)        \
		.verdict

/* ---- Histories that everybody knows ---------------------------------------------------------- */

static void nothing(void)
{
	struct linearizability result = judge(NULL, 0, PLENTY);

	EQUAL(result.verdict, NOT_EXERCISED);
	EQUAL(VERDICT(writes(0, NEVER, 1)), NOT_EXERCISED);
}

static void one_after_the_other(void)
{
	EQUAL(VERDICT(reads(0, 1, 0), writes(2, 3, 7), reads(4, 5, 7)), HOLDS);
	EQUAL(VERDICT(writes(0, 1, 7), writes(2, 3, 8), reads(4, 5, 8)), HOLDS);
}

static void stale_read(void)
{
	struct operation operation[] = {writes(0, 1, 7), writes(2, 3, 8), reads(4, 5, 7)};
	struct linearizability result = judge(operation, 3, PLENTY);

	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.key, 0);
	EQUAL(result.stuck_count, 1);
	EQUAL(result.stuck[0], 4); /* the record of the read */
	EQUAL(VERDICT(writes(0, 1, 7), reads(2, 3, 0)), VIOLATED);
}

static void concurrent_reads(void)
{
	EQUAL(VERDICT(writes(0, 9, 7), reads(1, 2, 0), reads(3, 4, 7)), HOLDS);
	EQUAL(VERDICT(writes(0, 9, 7), reads(1, 2, 7), reads(3, 4, 0)), VIOLATED);
	EQUAL(VERDICT(writes(0, 9, 7), reads(1, 4, 7), reads(3, 5, 0)), HOLDS);
}

static void unknown_writes(void)
{
	EQUAL(VERDICT(writes(0, NEVER, 7), reads(1, 2, 0), reads(3, 4, 7)), HOLDS);
	EQUAL(VERDICT(writes(0, NEVER, 7), reads(1, 2, 0), reads(3, 4, 0)), HOLDS);
	EQUAL(VERDICT(writes(0, NEVER, 7), reads(1, 2, 7), reads(3, 4, 0)), VIOLATED);
	EQUAL(VERDICT(reads(0, 1, 7), writes(2, NEVER, 7)), VIOLATED);
}

static void comparisons(void)
{
	EQUAL(VERDICT(compares(0, 1, 0, 5, true), compares(2, 3, 5, 6, true), reads(4, 5, 6)),
	      HOLDS);
	EQUAL(VERDICT(compares(0, 1, 0, 5, true), compares(2, 3, 0, 6, true)), VIOLATED);
	EQUAL(VERDICT(compares(0, 1, 0, 5, true), compares(2, 3, 0, 6, false), reads(4, 5, 5)),
	      HOLDS);
	EQUAL(VERDICT(writes(0, 1, 5), compares(2, 3, 5, 6, false)), VIOLATED);
	/* Unknown, it happened while the register held 5. */
	EQUAL(VERDICT(compares(0, NEVER, 5, 6, false), writes(1, 2, 5), reads(3, 4, 6)), HOLDS);
	EQUAL(VERDICT(compares(0, NEVER, 4, 6, false), writes(1, 2, 5), reads(3, 4, 6)), VIOLATED);
}

static void every_object_counts(void)
{
	struct operation operation[] = {writes(0, 1, 7), reads(2, 3, 7), writes(4, 5, 8),
					reads(6, 7, 0)};
	struct linearizability result;

	operation[2].told.key = operation[3].told.key = 3;
	result = judge(operation, 4, PLENTY);
	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.key, 3);
	EQUAL(result.objects, 2);
	EQUAL(result.operations, 4);
}

/* ---- The budget ------------------------------------------------------------------------------ */

/* Writes all at once, and two reads that no order of them explains. */
static void budget_spent(void)
{
	enum { WRITES = 12 };
	struct operation operation[WRITES + 2];

	for (int i = 0; i < WRITES; i++)
		operation[i] = writes(i, 100, (uint64_t)i + 1);
	operation[WRITES] = reads(101, 102, 1);
	operation[WRITES + 1] = reads(103, 104, 2);
	struct linearizability result = judge(operation, WRITES + 2, 1000);

	EQUAL(result.verdict, UNKNOWN);
	EQUAL(result.configurations, 1000);
	EQUAL(result.stuck_count, 0);
	result = judge(operation, WRITES + 2, PLENTY);
	EQUAL(result.verdict, VIOLATED);
	/* Each set of writes, with each of its members as the last one; and with a read of 1. */
	EQUAL(result.configurations, WRITES * (1 << (WRITES - 1)) + 1);
}

/* Whatever else is too hard to know, one object convicted is enough. */
static void guilt_over_doubt(void)
{
	enum { WRITES = 12, EACH = WRITES + 2 };
	struct operation operation[2 * EACH];

	for (uint64_t hard = 0; hard < 2; hard++) {
		struct operation *stale = &operation[hard ? EACH : 0];
		struct operation *doubtful = &operation[hard ? 0 : EACH];

		for (int i = 0; i < WRITES; i++) {
			doubtful[i] = writes(i, 100, (uint64_t)i + 1);
			stale[i] = writes(2 * i, 2 * i + 1, (uint64_t)i + 1);
		}
		doubtful[WRITES] = reads(101, 102, 1);
		doubtful[WRITES + 1] = reads(103, 104, 2);
		stale[WRITES] = stale[WRITES + 1] = reads(101, 102, 1);
		for (unsigned i = 0; i < EACH; i++) {
			doubtful[i].told.key = hard;
			stale[i].told.key = 1 - hard;
		}
		struct linearizability result = judge(operation, 2 * EACH, 1000);

		EQUAL(result.verdict, VIOLATED);
		EQUAL(result.key, 1 - hard);
		EQUAL(result.stuck_count, 2);
	}
}

/* ---- The witness ----------------------------------------------------------------------------- */

static void right_witness(void)
{
	struct operation operation[] = {reads(3, 6, 7), writes(0, 5, 8), writes(1, 4, 7),
					writes(2, NEVER, 9), reads(7, 8, 7)};

	operation[1].witness = 1;
	operation[2].witness = 2;
	operation[0].witness = 3;
	operation[4].witness = 4;
	struct linearizability result = judge(operation, 5, PLENTY);

	EQUAL(result.verdict, HOLDS);
	CU_ASSERT(result.by_witness);
	EQUAL(result.configurations, 0);
}

static void wrong_witness(void)
{
	struct operation swapped[] = {writes(0, 1, 7), writes(2, 3, 8), reads(4, 5, 8)};

	/* Against real time alone, and against the model alone. */
	swapped[0].witness = 1;
	swapped[1].witness = 2;
	swapped[2].witness = 3;
	CU_ASSERT(judge(swapped, 3, PLENTY).by_witness);
	swapped[0].witness = 4;
	CU_ASSERT(!judge(swapped, 3, PLENTY).by_witness);
	EQUAL(judge(swapped, 3, PLENTY).verdict, HOLDS);
	struct operation concurrent[] = {writes(0, 3, 7), writes(1, 2, 8), reads(4, 5, 8)};

	concurrent[0].witness = 2;
	concurrent[1].witness = 1;
	concurrent[2].witness = 3;
	CU_ASSERT(!judge(concurrent, 3, PLENTY).by_witness);
	EQUAL(judge(concurrent, 3, PLENTY).verdict, HOLDS);
	/* What returned and is not in the ledger. */
	concurrent[0].witness = 0;
	CU_ASSERT(!judge(concurrent, 3, PLENTY).by_witness);
	EQUAL(judge(concurrent, 3, PLENTY).verdict, HOLDS);
}

static void lying_ledger(void)
{
	struct operation stale[] = {writes(0, 1, 7), writes(2, 3, 8), reads(4, 5, 7)};

	/* In the ledger's order, the read comes before the write that it missed. */
	stale[0].witness = 1;
	stale[2].witness = 2;
	stale[1].witness = 3;
	EQUAL(judge(stale, 3, PLENTY).verdict, VIOLATED);
}

/* A long history, nearly all of it proved by the witness, is judged in one pass. */
static void long_history(void)
{
	enum { COUNT = 100000, KEYS = 7 };
	struct operation *operation = calloc(COUNT, sizeof(*operation));

	for (int i = 0; i < COUNT; i++) {
		operation[i] = i / KEYS % 2 ? reads(2 * i, 2 * i + 1, (uint64_t)i - KEYS + 1)
					    : writes(2 * i, 2 * i + 1, (uint64_t)i + 1);
		operation[i].told.key = (uint64_t)i % KEYS;
		operation[i].witness = (uint64_t)i + 1;
	}
	struct linearizability result = judge(operation, COUNT, PLENTY);

	EQUAL(result.verdict, HOLDS);
	EQUAL(result.objects, KEYS);
	CU_ASSERT(result.by_witness);
	/* Without a witness, the search needs one step for each. */
	for (int i = 0; i < COUNT; i++)
		operation[i].witness = 0;
	result = judge(operation, COUNT, PLENTY);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.configurations, COUNT);
	free(operation);
}

/* ---- The naive twin -------------------------------------------------------------------------- */

enum { SMALL = 6, CLIENTS = 3 };

/* A model, and how many operations it knows. Each state begins with what a read sees. */
struct subject {
	const struct model *model;
	unsigned operations;
};
union state {
	uint64_t seen;
	uint8_t bytes[32];
};

/* Can `order`, so far `placed` long, be made complete? Leaves the complete order there. */
static bool twin_completes(const struct model *model, const struct operation *operation,
			   unsigned count, unsigned *order, unsigned placed, union state before,
			   unsigned *length)
{
	bool all = true;

	for (unsigned i = 0; i < count; i++) {
		bool used = false, early = false;
		union state state = before;

		for (unsigned j = 0; j < placed; j++) {
			used |= order[j] == i;
			early |= operation[i].returned_order < operation[order[j]].order;
		}
		if (used)
			continue;
		all &= !operation[i].told.answered;
		if (early || !model->step(&state, &operation[i].told))
			continue;
		order[placed] = i;
		if (twin_completes(model, operation, count, order, placed + 1, state, length))
			return true;
	}
	if (all)
		*length = placed;
	return all;
}

/* What a real object would answer. */
static void answer(const struct model *model, union state *state, struct told *told)
{
	union state after = *state;

	told->answered = true;
	told->result = state->seen;
	told->matched = true;
	if (!model->step(&after, told)) {
		told->matched = false;
		after = *state;
		model->step(&after, told);
	}
	*state = after;
}

/* Three clients that begin, end and give up as it happens. Most answers are a real object's, so
 * that both verdicts occur. */
static unsigned draw_history(const struct subject *subject, struct pcg32 *pcg,
			     struct operation *operation)
{
	unsigned count = 0, wanted = 1 + pcg32_below(pcg, SMALL);
	int open[CLIENTS] = {NEVER, NEVER, NEVER};
	union state state = {0};

	for (int order = 0; order < 4 * SMALL; order++) {
		unsigned client = pcg32_below(pcg, CLIENTS);

		if (open[client] == NEVER && count < wanted) {
			struct told told = {.operation = pcg32_below(pcg, subject->operations),
					    .value = 1 + pcg32_below(pcg, 2),
					    .expected = pcg32_below(pcg, 3)};

			open[client] = (int)count;
			operation[count++] = lasting(order, NEVER, told);
		} else if (open[client] != NEVER) {
			struct operation *ending = &operation[open[client]];
			struct told told = ending->told;

			open[client] = NEVER;
			if (pcg32_below(pcg, 4))
				answer(subject->model, &state, &told);
			if (pcg32_below(pcg, 4) == 0)
				continue; /* it gives up */
			if (pcg32_below(pcg, 3) == 0) {
				told.result = pcg32_below(pcg, 3);
				told.matched = pcg32_below(pcg, 2);
			}
			*ending = lasting((int)ending->order, order, told);
		}
	}
	return count;
}

struct tally {
	unsigned verdicts[4], unknown, proved, differences;
};

/* Once without a witness, once with one that may be anything, once with the twin's own order. */
static void compare(const struct subject *subject, struct linearizability_room *room,
		    struct pcg32 *pcg, struct tally *tally)
{
	struct operation operation[SMALL];
	unsigned order[SMALL], length = 0, count = draw_history(subject, pcg, operation);
	struct linearizability result;
	bool holds = twin_completes(subject->model, operation, count, order, 0, (union state){0},
				    &length);

	linearizable(room, subject->model, operation, count, PLENTY, &result);
	tally->verdicts[result.verdict]++;
	tally->differences += (result.verdict == VIOLATED) == holds;
	for (unsigned j = 0; j < count; j++) {
		tally->unknown += !operation[j].told.answered;
		operation[j].witness = pcg32_below(pcg, SMALL);
	}
	linearizable(room, subject->model, operation, count, PLENTY, &result);
	tally->differences += (result.verdict == VIOLATED) == holds;
	for (unsigned j = 0; j < count; j++)
		operation[j].witness = 0;
	for (unsigned j = 0; j < length; j++)
		operation[order[j]].witness = j + 1;
	linearizable(room, subject->model, operation, count, PLENTY, &result);
	tally->differences += (result.verdict == VIOLATED) == holds;
	tally->differences += result.by_witness != holds;
	tally->proved += result.by_witness;
}

static void as_the_twin_says(void)
{
	const struct subject subjects[] = {
		{&register_model, 3}, {app_register.model, 3}, {app_kv.model, 5}};
	struct linearizability_room *room = linearizability_room();

	for (unsigned i = 0; i < 3; i++) {
		struct pcg32 pcg = pcg32_seeded(1, i);
		struct tally tally = {0};

		for (int run = 0; run < 10000; run++)
			compare(&subjects[i], room, &pcg, &tally);
		EQUAL(tally.differences, 0);
		CU_ASSERT(tally.verdicts[HOLDS] > 2000 && tally.verdicts[VIOLATED] > 2000);
		CU_ASSERT(tally.proved > 2000 && tally.unknown > 2000);
	}
	linearizability_room_free(room);
}

CU_TestInfo linearizability_tests[] = {
	{"a history without answers exercises nothing", nothing},
	{"one operation after the other is linearizable", one_after_the_other},
	{"a stale read is convicted, and named", stale_read},
	{"what overlaps a write may see the old or the new value, but time never runs back",
	 concurrent_reads},
	{"a write of unknown outcome may happen late, or never, but not before it was asked for",
	 unknown_writes},
	{"a comparison must hold, or fail, as the state says", comparisons},
	{"each object is judged, and the guilty one is named", every_object_counts},
	{"a spent budget gives unknown, never a pass", budget_spent},
	{"one guilty object outweighs one in doubt", guilt_over_doubt},
	{"the ledger's order proves a history without any search", right_witness},
	{"a wrong order proves nothing, and the search decides", wrong_witness},
	{"a ledger that lies does not hide a stale read", lying_ledger},
	{"a hundred thousand operations are judged", long_history},
	{"30,000 random small histories are judged as by a twin that tries every order",
	 as_the_twin_says},
	CU_TEST_INFO_NULL,
};
