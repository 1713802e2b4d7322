/*
 * The core of a counter that only grows. A call that saw more than can have been added is one
 * alone. Where a call saw too little, there is an earlier one, or the beginning, since which more
 * was added for sure; these two and the additions that it takes are a core: the largest first,
 * until it is enough, so that without any of them it is not.
 *
 * That the others have an order then is seen, too: nothing forbids unknown additions to happen late
 * or never, so only the sums must be made up of some of them. Where that is not easy, core.c asks
 * the search.
 */
#include "sim/consistency/engines.h"

/* No addition is greater, so that sums fit; and work to be done, in additions looked at. */
#define AMOUNT_MAX ((int64_t)1 << 32)
enum { LOOKED_AT_MAX = 1 << 26 };

struct tally {
	struct room *room;
	const struct object *object;
	uint32_t accused, end; /* a call, and the event of its return */
	uint32_t earlier;      /* the other one, or NO_NUMBER: the beginning */
	int64_t from, to;      /* what the earlier one left; what the accused call found */
	int64_t sum;           /* of the known additions */
	bool *known, *needed;  /* by call */
	uint64_t looked_at;
};

/* ---- Calls ----------------------------------------------------------------------------------- */

static const struct told *told_of(const struct tally *tally, uint32_t number)
{
	return &tally->object->history->operations[tally->object->calls[number].index].told;
}

static bool sees(const struct tally *tally, uint32_t number)
{
	return tally->object->calls[number].returned <= tally->end &&
	       told_of(tally, number)->operation != COUNTER_ADD;
}

static int64_t amount(const struct tally *tally, uint32_t number)
{
	const struct told *told = told_of(tally, number);

	return told->operation != COUNTER_READ ? (int64_t)told->value : 0;
}

/* May it have been added before the accused call saw the sum? The two are counted apart. */
static bool may_count(const struct tally *tally, uint32_t number)
{
	return tally->object->calls[number].invoked < tally->end && number != tally->accused &&
	       number != tally->earlier;
}

/* After the earlier call and before the accused one, for sure. */
static bool is_between(const struct tally *tally, uint32_t number)
{
	const struct call *calls = tally->object->calls;

	return calls[number].returned < calls[tally->accused].invoked &&
	       (tally->earlier == NO_NUMBER ||
		calls[number].invoked > calls[tally->earlier].returned);
}

static bool may_be_before(const struct tally *tally, uint32_t number)
{
	const struct call *calls = tally->object->calls;

	return tally->earlier != NO_NUMBER &&
	       calls[number].invoked < calls[tally->earlier].returned;
}

/* ---- The two of them ------------------------------------------------------------------------- */

/* Nothing is taken away, and no sum is too great. */
static bool only_grows(const struct tally *tally)
{
	for (uint32_t i = 0; i < tally->object->count; i++)
		if (amount(tally, i) < 0 || amount(tally, i) > AMOUNT_MAX)
			return false;
	return true;
}

/* Was more added in between than the accused call saw, for sure? */
static bool contradicts(struct tally *tally, uint32_t earlier)
{
	int64_t least = earlier == NO_NUMBER ? 0 : (int64_t)told_of(tally, earlier)->result;

	tally->earlier = earlier;
	tally->from = least;
	for (uint32_t i = 0; i < tally->object->count; i++)
		if (may_count(tally, i) && is_between(tally, i))
			least += amount(tally, i);
	tally->looked_at += tally->object->count;
	return least > tally->to;
}

static bool saw_too_much(struct tally *tally)
{
	int64_t most = 0;

	tally->earlier = NO_NUMBER;
	for (uint32_t i = 0; i < tally->object->count; i++)
		if (may_count(tally, i))
			most += amount(tally, i);
	return most < tally->to;
}

/* The beginning, or the last one that contradicts the accused. */
static bool find_earlier(struct tally *tally)
{
	const struct call *calls = tally->object->calls;

	if (contradicts(tally, NO_NUMBER))
		return true;
	for (uint32_t i = tally->object->count; i-- > 0 && tally->looked_at < LOOKED_AT_MAX;)
		if (sees(tally, i) && calls[i].returned < calls[tally->accused].invoked &&
		    contradicts(tally, i))
			return true;
	return false;
}

static void know_enough(struct tally *tally)
{
	const struct object *object = tally->object;
	struct sortable *item = room_take(tally->room, object->count, sizeof(*item));
	size_t count = 0;

	for (uint32_t i = 0; i < object->count; i++)
		if (may_count(tally, i) && amount(tally, i) && is_between(tally, i))
			item[count++] = (struct sortable){(uint64_t)(AMOUNT_MAX - amount(tally, i)),
							  i};
	item = sorted(tally->room, item, count);
	for (size_t i = 0; i < count && tally->from + tally->sum <= tally->to; i++) {
		tally->known[item[i].what] = true;
		tally->sum += amount(tally, item[i].what);
	}
	if (tally->earlier != NO_NUMBER)
		tally->known[tally->earlier] = true;
}

/* ---- Is each one needed? --------------------------------------------------------------------- */

/* Takes some that make up the sum out of the list, the first ones that fit. */
static bool make_up(const struct tally *tally, struct sortable *item, size_t *count, int64_t sum)
{
	size_t left = 0;

	for (size_t i = 0; i < *count; i++) {
		if (amount(tally, item[i].what) <= sum)
			sum -= amount(tally, item[i].what);
		else
			item[left++] = item[i];
	}
	*count = left;
	return !sum;
}

/* All that are unknown then, those first that can't be before the earlier call, and the larger. */
static struct sortable *unknown_without(struct tally *tally, uint32_t number, size_t *count)
{
	const struct object *object = tally->object;
	struct sortable *item = room_take(tally->room, object->count, sizeof(*item));

	*count = 0;
	for (uint32_t i = 0; i < object->count; i++) {
		uint64_t early = may_be_before(tally, i), size = (uint64_t)amount(tally, i);

		if (size && (i == number || (may_count(tally, i) && !tally->known[i])))
			item[(*count)++] = (struct sortable){
				early << 40 | ((uint64_t)AMOUNT_MAX - size), i};
	}
	tally->looked_at += object->count;
	return sorted(tally->room, item, *count);
}

static bool is_needed(struct tally *tally, uint32_t number)
{
	size_t count, early = 0;
	struct sortable *item = unknown_without(tally, number, &count);

	if (number == tally->earlier)
		return make_up(tally, item, &count, tally->to - tally->sum);
	int64_t sum = tally->to - tally->from - tally->sum + amount(tally, number);

	if (!make_up(tally, item, &count, sum))
		return false;
	if (tally->earlier == NO_NUMBER)
		return true;
	for (size_t i = 0; i < count; i++)
		if (may_be_before(tally, item[i].what))
			item[early++] = item[i];
	return make_up(tally, item, &early, tally->from - amount(tally, tally->earlier));
}

/* One that tells the sum that it made must tell the right one: then sums are not all. */
static bool tells_more(const struct tally *tally)
{
	for (uint32_t i = 0; i < tally->object->count; i++)
		if (tally->known[i] && may_count(tally, i) && sees(tally, i))
			return true;
	return false;
}

/* Additions of the same amount are as good as each other. */
static void prove_needed(struct tally *tally)
{
	const struct object *object = tally->object;
	struct numbering amounts;
	bool *asked = room_zeroed(tally->room, object->count, sizeof(bool));
	bool *answer = room_zeroed(tally->room, object->count, sizeof(bool));

	numbering_begin(&amounts, tally->room);
	tally->needed[tally->accused] = true; /* before its return there was an order */
	if (tells_more(tally))
		return;
	for (uint32_t i = 0; i < object->count && tally->looked_at < LOOKED_AT_MAX; i++) {
		struct room_mark mark;
		uint32_t of;

		if (!tally->known[i] || i == tally->accused)
			continue;
		of = i == tally->earlier ? 0 : number_of(&amounts, (uint64_t)amount(tally, i)) + 1;
		mark = room_marked(tally->room);
		if (!asked[of])
			answer[of] = is_needed(tally, i);
		asked[of] = true;
		tally->needed[i] = answer[of];
		room_release(tally->room, mark);
	}
}

bool find_tally_core(struct room *room, const struct object *object, uint32_t accused, bool *known,
		     bool *needed)
{
	struct tally tally = {.room = room,
			      .object = object,
			      .accused = accused,
			      .end = object->calls[accused].returned,
			      .known = known,
			      .needed = needed};

	if (object->model != &model_counter || !sees(&tally, accused) || !only_grows(&tally))
		return false;
	uint64_t found = told_of(&tally, accused)->result - (uint64_t)amount(&tally, accused);

	if (found > (uint64_t)AMOUNT_MAX * object->count)
		return false; /* below nothing, or far too much: one search will do */
	tally.to = (int64_t)found;
	bool high = saw_too_much(&tally);

	if (!high && !find_earlier(&tally))
		return false;
	known[accused] = true;
	if (!high)
		know_enough(&tally);
	prove_needed(&tally);
	return true;
}
