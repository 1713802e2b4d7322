/*
 * Registers where no value is made twice: near-linear time, by zones (Gibbons and Korach, Testing
 * Shared Memories, SIAM J. Comput. 26(4) 1997, section 4), extended from writes to chains of cas.
 *
 * A read says whose value it saw, so a value's maker and readers stand together in any order, and
 * where a cas found a value it follows them at once. So the history falls into blocks: a write, its
 * readers, the cas that found it, the readers of that, and so on; the first block begins with what
 * was there at first. Only the order of whole blocks is open. X must come before Y where anything
 * in X returned before anything in Y was invoked: where X's earliest return, f, is before Y's
 * latest invocation, s. If these demands contradict each other at all, two blocks do: take the
 * block with the least f on a cycle; who must come after its predecessor's predecessor must also
 * come after it. And where no two do, the order by min(f, s) meets all demands: were Y demanded
 * before X, and X sorted first, then f(Y) < s(X), so min(f, s) of X is f(X), which is then below
 * s(Y) too.
 *
 * So it sorts, and looks whether the order agrees with real time. What has an unknown outcome
 * happened if somebody saw it, and else may be left out. A cas that found something else stands
 * wherever its value is not; where that fails for this order it may not fail for another, and the
 * search decides.
 */
#include "sim/consistency/engines.h"

enum { NONE = 0 }; /* calls and values are stored plus 1 */

struct value {
	uint32_t maker;       /* call, plus 1 */
	uint32_t reader;      /* first of its readers, plus 1; further ones are linked */
	uint32_t next;        /* value that a cas made of it, plus 1 */
	uint32_t proof;       /* call that returned and shows that it was there, plus 1 */
	uint32_t first, last; /* of a block, in the value that it begins with: its calls with the
				 earliest return and the latest invocation, plus 1 */
};

struct zones {
	struct room *room;
	const struct object *object;
	struct opinion *opinion;
	struct numbering numbers;
	struct value *values;
	uint32_t *link;     /* by call: the next reader, plus 1 */
	uint32_t *order;    /* of calls, block by block; without misses */
	uint32_t *value_of; /* by place in the order */
	uint32_t *root;     /* by value: the one that its block begins with */
	uint32_t count;
	uint32_t misses, cas;
};

static const struct call *call_at(const struct zones *zones, uint32_t plus_one)
{
	return &zones->object->calls[plus_one - 1];
}

static void convict(struct zones *zones, const uint32_t *plus_one, size_t count)
{
	uint32_t *calls = room_take(zones->room, count, sizeof(uint32_t));
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (plus_one[i] != NONE)
			calls[kept++] = plus_one[i] - 1;
	zones->opinion->legality = ILLEGAL;
	zones->opinion->calls = calls;
	zones->opinion->count = kept;
}

/* ---- Values --------------------------------------------------------------------------------- */

/* False: some value is made twice, or is the one that was there at first. */
static bool number_values(struct zones *zones)
{
	const struct object *object = zones->object;

	numbering_begin(&zones->numbers, zones->room);
	number_of(&zones->numbers, 0);
	for (uint32_t i = 0; i < object->count; i++) {
		const struct call *call = &object->calls[i];

		if (call_looks(call))
			continue;
		uint32_t before = zones->numbers.count;

		if (number_of(&zones->numbers, call->value) != before)
			return false;
	}
	zones->values = room_zeroed(zones->room, zones->numbers.count, sizeof(struct value));
	zones->link = room_zeroed(zones->room, object->count, sizeof(uint32_t));
	return true;
}

/* Of calls: who made what, who read it. False, and convicted: a value that nobody made. */
static bool enter_calls(struct zones *zones)
{
	const struct object *object = zones->object;

	for (uint32_t i = object->count; i-- > 0;) {
		const struct call *call = &object->calls[i];

		zones->misses += call->kind == CALL_MISS;
		zones->cas += call->kind == CALL_CAS;
		if (call->kind == CALL_MISS)
			continue;
		uint32_t number = number_known(&zones->numbers, call->value);

		if (number == NO_NUMBER) {
			convict(zones, (uint32_t[]){i + 1}, 1);
			return false;
		}
		struct value *value = &zones->values[number];

		if (call->kind == CALL_READ) {
			zones->link[i] = value->reader;
			value->reader = i + 1;
		} else {
			value->maker = i + 1;
		}
		if (call_returned(call))
			value->proof = i + 1;
	}
	return true;
}

/* The cas that made this value found another one there: that one was there too, and nobody else
 * found it. False, and convicted, where that can't be. */
static bool follow_back(struct zones *zones, uint32_t number)
{
	for (;;) {
		struct value *value = &zones->values[number];

		if (!value->maker || call_at(zones, value->maker)->kind != CALL_CAS)
			return true;
		uint32_t found = number_known(&zones->numbers,
					      call_at(zones, value->maker)->expected);

		if (found == NO_NUMBER) {
			convict(zones, &value->proof, 1);
			return false;
		}
		struct value *before = &zones->values[found];

		if (before->next == number + 1)
			return true;
		if (before->next) {
			uint32_t both[] = {value->proof, zones->values[before->next - 1].proof};

			convict(zones, both, 2);
			return false;
		}
		before->next = number + 1;
		if (!before->proof)
			before->proof = value->proof;
		number = found;
	}
}

static bool link_values(struct zones *zones)
{
	for (uint32_t i = 0; zones->cas && i < zones->numbers.count; i++)
		if (zones->values[i].proof && !follow_back(zones, i))
			return false;
	return true;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

static void note_extremes(struct zones *zones, struct value *block, uint32_t number)
{
	const struct call *call = &zones->object->calls[number];

	if (!block->first || call->returned < call_at(zones, block->first)->returned)
		block->first = number + 1;
	if (!block->last || call->invoked > call_at(zones, block->last)->invoked)
		block->last = number + 1;
}

/* Appends a call to the order. */
static void write_call(struct zones *zones, uint32_t value, uint32_t plus_one)
{
	zones->value_of[zones->count] = value;
	zones->order[zones->count++] = plus_one - 1;
}

static void write_block(struct zones *zones, uint32_t root)
{
	for (uint32_t number = root;;) {
		const struct value *value = &zones->values[number];

		if (value->maker)
			write_call(zones, number, value->maker);
		for (uint32_t at = value->reader; at; at = zones->link[at - 1])
			write_call(zones, number, at);
		if (!value->next)
			return;
		number = value->next - 1;
	}
}

static void measure_block(struct zones *zones, uint32_t root)
{
	for (uint32_t number = root;;) {
		const struct value *value = &zones->values[number];

		zones->root[number] = root;
		if (value->maker)
			note_extremes(zones, &zones->values[root], value->maker - 1);
		for (uint32_t at = value->reader; at; at = zones->link[at - 1])
			note_extremes(zones, &zones->values[root], at - 1);
		if (!value->next)
			return;
		number = value->next - 1;
	}
}

/* Each block begins with a write, the first one with what was there at first. By min(f, s), which
 * is a position: no two have the same. */
static void sort_blocks(struct zones *zones)
{
	const struct object *object = zones->object;
	uint32_t *at = room_zeroed(zones->room, object->event_count, sizeof(uint32_t));

	zones->order = room_take(zones->room, object->count, sizeof(uint32_t));
	zones->value_of = room_take(zones->room, object->count, sizeof(uint32_t));
	zones->root = room_zeroed(zones->room, zones->numbers.count, sizeof(uint32_t));
	measure_block(zones, 0);
	write_block(zones, 0);
	for (uint32_t i = 1; i < zones->numbers.count; i++) {
		struct value *value = &zones->values[i];

		if (!value->proof || call_at(zones, value->maker)->kind == CALL_CAS)
			continue;
		measure_block(zones, i);
		uint32_t f = call_at(zones, value->first)->returned;
		uint32_t s = call_at(zones, value->last)->invoked;

		at[f < s ? f : s] = i;
	}
	for (uint32_t i = 0; i < object->event_count; i++)
		if (at[i])
			write_block(zones, at[i]);
}

static void earlier(const struct zones *zones, uint32_t plus_one, uint32_t event,
		    uint32_t *earliest)
{
	if (plus_one == NONE || call_at(zones, plus_one)->invoked < event)
		return;
	if (*earliest == NONE ||
	    call_at(zones, plus_one)->returned < call_at(zones, *earliest)->returned)
		*earliest = plus_one;
}

/* Of a block's calls that were invoked after an event, the one that returned first. */
static uint32_t earliest_after(const struct zones *zones, uint32_t root, uint32_t event)
{
	uint32_t earliest = NONE;

	for (uint32_t number = root;;) {
		const struct value *value = &zones->values[number];

		earlier(zones, value->maker, event, &earliest);
		for (uint32_t at = value->reader; at; at = zones->link[at - 1])
			earlier(zones, at, event, &earliest);
		if (!value->next)
			return earliest;
		number = value->next - 1;
	}
}

/* Each has a call that was invoked after one of the other had returned. Those that say so first:
 * the sooner the suspects had returned, the less is to be probed (earliest.c). */
static void convict_blocks(struct zones *zones, uint32_t a, uint32_t b)
{
	uint32_t first_a = zones->values[a].first, first_b = zones->values[b].first;
	uint32_t all[] = {first_a, first_b,
			  earliest_after(zones, a, call_at(zones, first_b)->returned),
			  earliest_after(zones, b, call_at(zones, first_a)->returned)};

	convict(zones, all, 4);
}

/* False, and convicted: two calls that stand against real time. */
static bool agrees_with_time(struct zones *zones)
{
	const struct call *calls = zones->object->calls;
	uint32_t latest = 0, of = 0;

	for (uint32_t i = 0; i < zones->count; i++) {
		const struct call *call = &calls[zones->order[i]];

		if (call->returned < latest) {
			uint32_t a = zones->root[zones->value_of[of]];
			uint32_t b = zones->root[zones->value_of[i]];
			uint32_t both[] = {zones->order[of] + 1, zones->order[i] + 1};

			if (a == b)
				convict(zones, both, 2);
			else
				convict_blocks(zones, a, b);
			return false;
		}
		if (latest <= call->invoked) {
			latest = call->invoked;
			of = i;
		}
	}
	return true;
}

static uint32_t found_by(const struct zones *zones, uint32_t number)
{
	return number_known(&zones->numbers, call_at(zones, zones->values[number].maker)->expected);
}

/* Values that found each other in a ring have no beginning. False, and convicted. */
static bool all_in_blocks(struct zones *zones)
{
	bool *placed = room_zeroed(zones->room, zones->numbers.count, sizeof(bool));
	uint32_t number = 1, count = 0;

	for (uint32_t i = 0; i < zones->count; i++)
		placed[zones->value_of[i]] = true;
	while (number < zones->numbers.count && (!zones->values[number].proof || placed[number]))
		number++;
	if (number == zones->numbers.count)
		return true;
	for (uint32_t i = 0; i < zones->numbers.count; i++) /* from a tail into the ring */
		number = found_by(zones, number);
	uint32_t *ring = room_take(zones->room, zones->numbers.count, sizeof(uint32_t));
	uint32_t start = number;

	do {
		ring[count++] = zones->values[number].proof;
		number = found_by(zones, number);
	} while (number != start);
	convict(zones, ring, count);
	return false;
}

/* ---- A cas that found something else -------------------------------------------------------- */

/*
 * Between the order's calls are gaps; gap k is before the k-th. A call may stand in those before
 * which only such as were invoked before it returned stand, and after which none that returned
 * before it was invoked: gaps from `low` to `high`.
 */
struct gaps {
	const uint32_t *latest;   /* by gap: invocation of what stands before it */
	const uint32_t *earliest; /* by gap: return of what stands after it */
	uint32_t *other;          /* by gap: the next one with another value */
	uint32_t *misses;         /* by gap: a list of misses, plus 1 */
};

static uint32_t value_at(const struct zones *zones, uint32_t gap)
{
	return gap ? zones->value_of[gap - 1] : 0;
}

static void measure_gaps(struct zones *zones, struct gaps *gaps)
{
	const struct call *calls = zones->object->calls;
	uint32_t count = zones->count;
	uint32_t *latest = room_take(zones->room, count + 1, sizeof(uint32_t));
	uint32_t *earliest = room_take(zones->room, count + 1, sizeof(uint32_t));

	latest[0] = 0;
	earliest[count] = NEVER_RETURNED;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t invoked = calls[zones->order[i]].invoked;

		latest[i + 1] = invoked > latest[i] ? invoked : latest[i];
	}
	for (uint32_t i = count; i-- > 0;) {
		uint32_t returned = calls[zones->order[i]].returned;

		earliest[i] = returned < earliest[i + 1] ? returned : earliest[i + 1];
	}
	gaps->other = room_take(zones->room, count + 1, sizeof(uint32_t));
	gaps->other[count] = count + 1;
	for (uint32_t i = count; i-- > 0;)
		gaps->other[i] = value_at(zones, i + 1) == value_at(zones, i) ? gaps->other[i + 1]
									      : i + 1;
	gaps->latest = latest;
	gaps->earliest = earliest;
	gaps->misses = room_zeroed(zones->room, count + 1, sizeof(uint32_t));
}

static uint32_t first_gap(const struct zones *zones, const struct gaps *gaps, uint32_t invoked)
{
	uint32_t low = 0, high = zones->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (gaps->earliest[middle] > invoked)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* In the first gap where the value is another one; false: there is none. */
static bool place_miss(struct zones *zones, struct gaps *gaps, uint32_t number, uint32_t floor,
		       uint32_t *gap)
{
	const struct call *call = &zones->object->calls[number];
	uint32_t expected = number_known(&zones->numbers, call->expected);
	uint32_t at = first_gap(zones, gaps, call->invoked);

	if (at < floor)
		at = floor;
	if (value_at(zones, at) == expected)
		at = gaps->other[at];
	*gap = at;
	return at <= zones->count && gaps->latest[at] < call->returned;
}

/* By the order of events: what was invoked after a miss returned stands no earlier than it. */
static bool place_misses(struct zones *zones, struct gaps *gaps)
{
	const struct object *object = zones->object;
	uint32_t *gap_of = room_take(zones->room, object->count, sizeof(uint32_t));
	uint32_t floor = 0;

	for (uint32_t i = 0; i < object->event_count; i++) {
		uint32_t number = object->events[i] >> 1;

		if (object->calls[number].kind != CALL_MISS)
			continue;
		if (object->events[i] & 1)
			floor = gap_of[number] > floor ? gap_of[number] : floor;
		else if (!place_miss(zones, gaps, number, floor, &gap_of[number]))
			return false;
	}
	for (uint32_t i = object->count; i-- > 0;) { /* lists begin with the earliest */
		if (object->calls[i].kind != CALL_MISS)
			continue;
		zones->link[i] = gaps->misses[gap_of[i]];
		gaps->misses[gap_of[i]] = i + 1;
	}
	return true;
}

/* False: not in this order. */
static bool with_misses(struct zones *zones)
{
	struct gaps gaps;
	uint32_t *order = room_take(zones->room, zones->object->count, sizeof(uint32_t));
	uint32_t count = 0;

	measure_gaps(zones, &gaps);
	if (!place_misses(zones, &gaps))
		return false;
	for (uint32_t i = 0; i <= zones->count; i++) {
		for (uint32_t at = gaps.misses[i]; at; at = zones->link[at - 1])
			order[count++] = at - 1;
		if (i < zones->count)
			order[count++] = zones->order[i];
	}
	zones->order = order;
	zones->count = count;
	return true;
}

/* ---- The whole ------------------------------------------------------------------------------ */

void engine_zones(struct room *room, const struct object *object, struct opinion *opinion)
{
	struct zones zones = {.room = room, .object = object, .opinion = opinion};

	if (!object->is_register || !number_values(&zones))
		return;
	opinion->engine = ENGINE_ZONES;
	if (!enter_calls(&zones))
		return;
	if (zones.cas)
		opinion->engine = ENGINE_CHAINS;
	if (!link_values(&zones))
		return;
	sort_blocks(&zones);
	if (!all_in_blocks(&zones) || !agrees_with_time(&zones))
		return;
	if (zones.misses && !with_misses(&zones))
		return;
	opinion->calls = zones.order;
	opinion->count = zones.count;
	opinion->legality = LEGAL;
}
