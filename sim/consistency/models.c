/*
 * The sequential objects, each a small table: what one operation does to one object, and whether
 * its answer fits. Where `answered` is false the outcome is not known, and any fits.
 *
 *                 told.value          told.expected   told.result       told.matched
 *   read, get                                         what was read
 *   write, put    what to write
 *   cas           what to write       what to find                      was it there?
 *   append        hash to append      shift                             was it not refused?
 *   counter add   how much (int64)
 *   add-and-get   how much                            the sum after it
 *   set: add ..   the element                                           (see set_step)
 *   set: read     number of elements                  where they begin
 *   enqueue       the element
 *   dequeue                                           it; 0: was empty
 *   acquire                                           token (fenced)    did it get the lock?
 *   release       token (fenced; 0: any)                                did it hold it?
 */
#include "sim/consistency/engines.h"
#include "sim/gnu.h"

#include <string.h>

/* ---- Registers ------------------------------------------------------------------------------- */

struct one {
	uint64_t value;
};

/* An unknown one happened if it matched: that is what a retry would have met. */
static bool compare_and_set(struct one *one, const struct told *told)
{
	bool matches = one->value == told->expected;

	if (matches)
		one->value = told->value;
	return !told->answered || told->matched == matches;
}

static bool look(const struct one *one, const struct told *told)
{
	return !told->answered || told->result == one->value;
}

static bool register_step(void *state, const struct told *told)
{
	struct one *one = state;

	if (told->operation == REGISTER_READ)
		return look(one, told);
	if (told->operation == REGISTER_CAS)
		return compare_and_set(one, told);
	one->value = told->value;
	return true;
}

static const struct model_operation register_operations[] = {
	[REGISTER_READ] = {"read", ACT_READ},
	[REGISTER_WRITE] = {"write", ACT_WRITE},
	{0},
};
static const struct model_operation cas_register_operations[] = {
	[REGISTER_READ] = {"read", ACT_READ},
	[REGISTER_WRITE] = {"write", ACT_WRITE},
	[REGISTER_CAS] = {"cas", ACT_CAS},
	{0},
};

/* ---- Strings --------------------------------------------------------------------------------- */

/* The prime 2^61 - 1: a product of two residues is reduced by adding its two halves. */
#define STRING_PRIME (((uint64_t)1 << 61) - 1)
static const uint64_t string_base = 0x12d7f3a96b5e84c1; /* any residue that nobody chose to meet */

static uint64_t times(uint64_t a, uint64_t b)
{
	uint128_t product = (uint128_t)a * b;
	uint64_t sum = (uint64_t)(product & STRING_PRIME) + (uint64_t)(product >> 61);

	return sum >= STRING_PRIME ? sum - STRING_PRIME : sum;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a + b >= STRING_PRIME ? a + b - STRING_PRIME : a + b;
}

/* The bytes are the digits of a number, each one more than it is: no leading zeroes. */
uint64_t string_hash(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	uint64_t hash = 0;

	for (size_t i = 0; i < size; i++)
		hash = plus(times(hash, string_base), (uint64_t)byte[i] + 1);
	return hash;
}

uint64_t string_shift(size_t size)
{
	uint64_t shift = 1, power = string_base;

	for (; size; size >>= 1, power = times(power, power))
		if (size & 1)
			shift = times(shift, power);
	return shift;
}

uint64_t string_after(uint64_t string, uint64_t tail, uint64_t tail_shift)
{
	return plus(times(string, tail_shift), tail);
}

static bool kv_step(void *state, const struct told *told)
{
	struct one *one = state;

	switch ((enum kv_operation)told->operation) {
	case KV_GET: return look(one, told);
	case KV_CAS: return compare_and_set(one, told);
	case KV_PUT: one->value = told->value; break;
	case KV_DELETE: one->value = 0; break;
	case KV_APPEND:
		if (!told->answered || told->matched)
			one->value = string_after(one->value, told->value, told->expected);
		break;
	}
	return true;
}

static const struct model_operation kv_operations[] = {
	[KV_GET] = {"get", ACT_READ},        [KV_PUT] = {"put", ACT_WRITE},
	[KV_DELETE] = {"delete", ACT_WRITE}, [KV_APPEND] = {"append", ACT_OTHER},
	[KV_CAS] = {"cas", ACT_CAS},         {0},
};

/* ---- A counter: modulo 2^64, so that int64 and uint64 are the same -------------------------- */

static bool counter_step(void *state, const struct told *told)
{
	struct one *one = state;

	if (told->operation == COUNTER_READ)
		return look(one, told);
	one->value += told->value;
	return told->operation == COUNTER_ADD || look(one, told);
}

static const struct model_operation counter_operations[] = {
	[COUNTER_READ] = {"read", ACT_READ},
	[COUNTER_ADD] = {"add", ACT_OTHER},
	[COUNTER_ADD_AND_GET] = {"add-and-get", ACT_OTHER},
	{0},
};

/* ---- A lock, with and without fencing tokens ------------------------------------------------ */

/* A mutex is a register of 0 and 1: an acquire sets it from 0 to 1, a release back. */
static bool mutex_step(void *state, const struct told *told)
{
	struct told cas = *told;

	cas.expected = told->operation == LOCK_RELEASE;
	cas.value = 1 - cas.expected;
	return compare_and_set(state, &cas);
}

enum { FREE, HELD, HELD_UNSEEN };
struct fenced {
	uint64_t held;  /* HELD_UNSEEN: nobody saw the token, which is `token` or greater */
	uint64_t token; /* the greatest that was given out */
};

static bool fenced_acquire(struct fenced *fenced, const struct told *told)
{
	if (fenced->held != FREE)
		return !told->answered || !told->matched;
	if (told->answered && (!told->matched || told->result <= fenced->token))
		return false;
	fenced->held = told->answered ? HELD : HELD_UNSEEN;
	fenced->token = told->answered ? told->result : fenced->token + 1;
	return true;
}

static bool fenced_release(struct fenced *fenced, const struct told *told)
{
	bool fits = fenced->held != FREE &&
		    (!told->value || told->value == fenced->token ||
		     (fenced->held == HELD_UNSEEN && told->value > fenced->token));

	if (told->answered && told->matched != fits)
		return false;
	if (fits && told->value)
		fenced->token = told->value;
	if (fits)
		fenced->held = FREE;
	return true;
}

/* Tokens grow from holder to holder. One that nobody saw is the least that it can be, which leaves
 * the most room to those that come after it. */
static bool fenced_lock_step(void *state, const struct told *told)
{
	return told->operation == LOCK_ACQUIRE ? fenced_acquire(state, told)
					       : fenced_release(state, told);
}

static const struct model_operation lock_operations[] = {
	[LOCK_ACQUIRE] = {"acquire", ACT_OTHER},
	[LOCK_RELEASE] = {"release", ACT_OTHER},
	{0},
};

/* ---- Containers ------------------------------------------------------------------------------ */

/*
 * A set is judged element by element, and each is a register of 0 and 1 (Horn and Kroening, Faster
 * Linearizability Checking via P-Compositionality, FORTE 2015). An add and a remove tell nothing;
 * an insert tells whether the element was new, a delete and a contains whether it was there. A read
 * of the whole set is more than one element can judge.
 */
static bool set_step(void *state, const struct told *told)
{
	struct one *one = state;
	bool there = one->value;

	switch ((enum set_operation)told->operation) {
	case SET_ADD: one->value = 1; return true;
	case SET_REMOVE: one->value = 0; return true;
	case SET_INSERT: one->value = 1; return !told->answered || told->matched == !there;
	case SET_DELETE: one->value = 0; return !told->answered || told->matched == there;
	case SET_CONTAINS: return !told->answered || told->matched == there;
	case SET_READ: break;
	}
	return true;
}

static const struct model_operation set_operations[] = {
	[SET_ADD] = {"add", ACT_OTHER},
	[SET_REMOVE] = {"remove", ACT_OTHER},
	[SET_INSERT] = {"insert", ACT_OTHER},
	[SET_DELETE] = {"delete", ACT_OTHER},
	[SET_CONTAINS] = {"contains", ACT_OTHER},
	[SET_READ] = {"read", ACT_OTHER},
	{0},
};

/* A queue is longer than a state: it has an engine, and no step. */
static const struct model_operation queue_operations[] = {
	[QUEUE_ENQUEUE] = {"enqueue", ACT_OTHER},
	[QUEUE_DEQUEUE] = {"dequeue", ACT_OTHER},
	{0},
};

/* ---- The table ------------------------------------------------------------------------------- */

const struct model model_register = {"register", sizeof(struct one), register_step,
				     register_operations};
const struct model model_cas_register = {"cas-register", sizeof(struct one), register_step,
					 cas_register_operations};
const struct model model_kv = {"kv", sizeof(struct one), kv_step, kv_operations};
const struct model model_counter = {"counter", sizeof(struct one), counter_step,
				    counter_operations};
const struct model model_set = {"set", sizeof(struct one), set_step, set_operations};
const struct model model_queue = {"queue", 0, NULL, queue_operations};
const struct model model_mutex = {"mutex", sizeof(struct one), mutex_step, lock_operations};
const struct model model_fenced_lock = {"fenced-lock", sizeof(struct fenced), fenced_lock_step,
					lock_operations};

const struct model *const models[] = {
	&model_register, &model_cas_register, &model_kv,          &model_counter, &model_set,
	&model_queue,    &model_mutex,        &model_fenced_lock, NULL,
};

const struct model *model_named(const char *name)
{
	for (const struct model *const *model = models; *model; model++)
		if (!strcmp((*model)->name, name))
			return *model;
	return NULL;
}

int model_operation(const struct model *model, const char *name)
{
	for (int i = 0; model->operations && model->operations[i].name; i++)
		if (!strcmp(model->operations[i].name, name))
			return i;
	return -1;
}
