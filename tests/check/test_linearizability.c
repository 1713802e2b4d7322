/*
 * The judge of a run's linearizability: histories that everybody knows, budgets and witnesses.
 * Small random histories against a twin are in tests/consistency.
 */
#include "tests/tests.h"

#include "sim/check/linearizability.h"
#include "sim/world/pcg.h"

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
	return (struct operation){.invoked = (uint32_t)invoked,
				  .returned = returned == NEVER ? NEVER_RETURNED
								: (uint32_t)returned,
				  .source = (uint32_t)invoked,
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

static struct linearizability judged(struct operation *operation, size_t count, uint64_t budget)
{
	struct linearizability_room *room = linearizability_room();
	struct linearizability result;

	linearizable(room, &register_model, operation, count, budget, &result);
	linearizability_room_free(room);
	return result;
}
#define VERDICT(...)                                                                               \
	judged((struct operation[]){__VA_ARGS__},                                                  \
	       sizeof((struct operation[]){__VA_ARGS__}) / sizeof(struct operation), PLENTY)       \
		.verdict

/* ---- Histories that everybody knows ---------------------------------------------------------- */

static void nothing(void)
{
	struct linearizability result = judged(NULL, 0, PLENTY);

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
	struct linearizability result = judged(operation, 3, PLENTY);

	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.key, 0);
	EQUAL(result.stuck_count, 3);
	EQUAL(result.stuck[0], 4); /* the record of the read */
	EQUAL(result.stuck[1], 2); /* of the write that it missed */
	EQUAL(result.stuck[2], 0); /* of the one that it saw: unknown, it might have come late */
	EQUAL(VERDICT(writes(0, 1, 7), reads(2, 3, 0)), VIOLATED);
}

/* Later ones are as stale; the first is accused, in whichever object it stands. */
static void first_stale_read(void)
{
	struct operation operation[] = {writes(0, 1, 1),  reads(2, 3, 1),    writes(4, 5, 2),
					reads(6, 11, 1),  reads(7, 8, 1),    reads(9, 10, 1),
					reads(12, 13, 1), writes(20, 21, 1), reads(22, 23, 2),
					writes(24, 25, 2)};
	struct linearizability result = judged(operation, 7, PLENTY);

	EQUAL(result.verdict, VIOLATED);
	EQUAL(result.stuck_count, 3);
	EQUAL(result.core_count, 3);
	EQUAL(result.stuck[0], 7);
	EQUAL(result.stuck[1], 4);
	EQUAL(result.stuck[2], 0); /* of the write that it saw */
	for (int i = 7; i < 10; i++)
		operation[i].told.key = 1; /* wrong, too, but later */
	result = judged(operation, 10, PLENTY);
	EQUAL(result.key, 0);
	EQUAL(result.stuck[0], 7);
	for (int i = 0; i < 7; i++)
		operation[i].told.key = 2; /* whichever is looked at first */
	result = judged(operation, 10, PLENTY);
	EQUAL(result.key, 2);
	EQUAL(result.stuck[0], 7);
	for (int i = 0; i < 7; i++) {
		operation[i].invoked += 100;
		operation[i].returned += 100;
	}
	result = judged(operation, 10, PLENTY);
	EQUAL(result.key, 1);
	EQUAL(result.stuck[0], 22);
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
	result = judged(operation, 4, PLENTY);
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
		operation[i] = writes(i, 100 + i, (uint64_t)i + 1);
	operation[WRITES] = reads(200, 201, 1);
	operation[WRITES + 1] = reads(202, 203, 2);
	struct linearizability result = judged(operation, WRITES + 2, 1000);

	EQUAL(result.verdict, UNKNOWN);
	EQUAL(result.configurations, 1000);
	EQUAL(result.stuck_count, 0);
	result = judged(operation, WRITES + 2, PLENTY);
	EQUAL(result.verdict, VIOLATED);
	CU_ASSERT(result.configurations > 1000);
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
			doubtful[i] = writes(i, 100 + i, (uint64_t)i + 1);
			stale[i] = writes(1000 + 2 * i, 1001 + 2 * i, (uint64_t)i + 1);
		}
		doubtful[WRITES] = reads(200, 201, 1);
		doubtful[WRITES + 1] = reads(202, 203, 2);
		stale[WRITES] = reads(1100, 1102, 1);
		stale[WRITES + 1] = reads(1101, 1103, 1);
		for (unsigned i = 0; i < EACH; i++) {
			doubtful[i].told.key = hard;
			stale[i].told.key = 1 - hard;
		}
		struct linearizability result = judged(operation, 2 * EACH, 1000);

		EQUAL(result.verdict, VIOLATED);
		EQUAL(result.key, 1 - hard);
		CU_ASSERT(result.stuck_count >= 2);
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
	struct linearizability result = judged(operation, 5, PLENTY);

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
	CU_ASSERT(judged(swapped, 3, PLENTY).by_witness);
	swapped[0].witness = 4;
	CU_ASSERT(!judged(swapped, 3, PLENTY).by_witness);
	EQUAL(judged(swapped, 3, PLENTY).verdict, HOLDS);
	struct operation concurrent[] = {writes(0, 3, 7), writes(1, 2, 8), reads(4, 5, 8)};

	concurrent[0].witness = 2;
	concurrent[1].witness = 1;
	concurrent[2].witness = 3;
	CU_ASSERT(!judged(concurrent, 3, PLENTY).by_witness);
	EQUAL(judged(concurrent, 3, PLENTY).verdict, HOLDS);
	/* What returned and is not in the ledger. */
	concurrent[0].witness = 0;
	CU_ASSERT(!judged(concurrent, 3, PLENTY).by_witness);
	EQUAL(judged(concurrent, 3, PLENTY).verdict, HOLDS);
}

static void lying_ledger(void)
{
	struct operation stale[] = {writes(0, 1, 7), writes(2, 3, 8), reads(4, 5, 7)};

	/* In the ledger's order, the read comes before the write that it missed. */
	stale[0].witness = 1;
	stale[2].witness = 2;
	stale[1].witness = 3;
	EQUAL(judged(stale, 3, PLENTY).verdict, VIOLATED);
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
	struct linearizability result = judged(operation, COUNT, PLENTY);

	EQUAL(result.verdict, HOLDS);
	EQUAL(result.objects, KEYS);
	CU_ASSERT(result.by_witness);
	/* Without a witness, the search needs one step for each. */
	for (int i = 0; i < COUNT; i++)
		operation[i].witness = 0;
	result = judged(operation, COUNT, PLENTY);
	EQUAL(result.verdict, HOLDS);
	EQUAL(result.configurations, COUNT);
	free(operation);
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
	{"the first stale read is accused, of all objects", first_stale_read},
	{"the ledger's order proves a history without any search", right_witness},
	{"a wrong order proves nothing, and the search decides", wrong_witness},
	{"a ledger that lies does not hide a stale read", lying_ledger},
	{"a hundred thousand operations are judged", long_history},
	CU_TEST_INFO_NULL,
};
