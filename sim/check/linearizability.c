/*
 * Is there an order of the operations that the object's sequential model accepts, and that agrees
 * with real time: what returned before another was invoked stands before it? (Herlihy and Wing,
 * TOPLAS 12(3), 1990, section 2.) Objects are judged one by one, which is sound because the
 * property is local (their Theorem 1).
 *
 * The witness comes first: the order that the ledger knows, checked in one pass. Where it fails,
 * the search decides: Wing and Gong's (J. Parallel Distrib. Comput. 17, 1993), depth first, over a
 * linked list of invocations and returns from which what is placed is lifted out, and with a memory
 * of the configurations (set of operations placed, state) already seen (Lowe, "Testing for
 * linearizability", Concurrency Computat. 29(4), 2017, section 4). Its invariant: all on the stack
 * are placed, in that order; all in the list are not.
 *
 * An operation whose outcome is unknown may happen at any time after its invocation, or never. The
 * search places one only where it changes the state: elsewhere it explains nothing.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/check/linearizability.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/workload/history.h"

enum { STATE_MAX = 32, RUN = 16, MEMORY_FIRST = 256, BUCKETS_MAX = 65536, SHIFTS_MAX = 16 };

/* What is sorted: operations by object and witness, or happenings by when they happened. */
struct entry {
	uint64_t major, minor;
	uint32_t operation;
	bool returns;
};

/* An invocation or a return in the list of the search. Number 0 is its head and its end. */
struct happening {
	uint32_t next, before;
	uint32_t operation;
	uint32_t returned; /* of an invocation: its return in the list, 0 where there is none */
	bool returns;
};

/* A set of placed operations with the state that they lead to, as a digest of 128 bits: that two
 * different ones meet is as good as impossible. All zero: a free place. */
struct configuration {
	uint64_t low, high;
};

/* A step of the search: what was placed, and on which state. */
struct placed {
	uint32_t happening, unused;
	uint64_t state[STATE_MAX / 8];
};

struct linearizability_room {
	struct operation *operations; /* of operations_of */
	uint32_t *place; /* of operations_of: by record; of a search: by operation, its happening */
	struct entry *entries, *moments; /* twice as long as what is sorted: a merge needs both */
	struct happening *list;
	struct placed *stack;
	uint32_t *buckets;            /* by object */
	struct configuration *memory; /* open addressing; the room is a power of two */
	size_t operation_room, place_room, entry_room, moment_room, list_room, stack_room;
	size_t memory_room, memory_count, bucket_room;
};

struct linearizability_room *linearizability_room(void)
{
	return calloc(1, sizeof(struct linearizability_room));
}

void linearizability_room_free(struct linearizability_room *room)
{
	if (!room)
		return;
	free(room->operations);
	free(room->place);
	free(room->entries);
	free(room->moments);
	free(room->list);
	free(room->buckets);
	free(room->stack);
	free(room->memory);
	free(room);
}

static void *allocate(size_t count, size_t size)
{
	void *array = calloc(count, size);

	if (!array)
		abort();
	return array;
}

/* An array of at least `count` elements; what it held is lost where it has to grow. */
static void *reserve(void *array, size_t *room, size_t count, size_t size)
{
	if (count <= *room)
		return array;
	free(array);
	*room = 2 * count;
	return allocate(*room, size);
}

/* ---- Sorting --------------------------------------------------------------------------------- */

static bool entry_before(const struct entry *a, const struct entry *b)
{
	if (a->major != b->major)
		return a->major < b->major;
	if (a->minor != b->minor)
		return a->minor < b->minor;
	return a->operation < b->operation;
}

/* By insertion: best for what is nearly sorted. Gives up, with nothing lost, where it is not. */
static bool sort_run(struct entry *entry, size_t count)
{
	size_t shifts = 0;

	for (size_t i = 1; i < count; i++) {
		struct entry moving = entry[i];
		size_t at = i;

		for (; at > 0 && entry_before(&moving, &entry[at - 1]); at--)
			entry[at] = entry[at - 1];
		entry[at] = moving;
		shifts += i - at;
		if (shifts > SHIFTS_MAX * count)
			return false;
	}
	return true;
}

static void merge(const struct entry *from, struct entry *to, size_t left, size_t middle,
		  size_t end)
{
	size_t right = middle;

	for (size_t i = left; i < end; i++) {
		bool from_right = right < end &&
				  (left == middle || entry_before(&from[right], &from[left]));

		to[i] = from[from_right ? right++ : left++];
	}
}

/* A merge sort: short runs by insertion, then run with run from one half of the array into the
 * other. Returns the half that ends up sorted. */
static struct entry *sort(struct entry *entry, size_t count)
{
	struct entry *from = entry, *to = entry + count;

	for (size_t begin = 0; begin < count; begin += RUN)
		sort_run(entry + begin, begin + RUN < count ? RUN : count - begin);
	for (size_t run = RUN; run < count; run *= 2) {
		for (size_t begin = 0; begin < count; begin += 2 * run) {
			size_t middle = begin + run < count ? begin + run : count;
			size_t end = middle + run < count ? middle + run : count;

			merge(from, to, begin, middle, end);
		}
		struct entry *sorted = to;

		to = from;
		from = sorted;
	}
	return from;
}

/* By object first, stably, where objects have small numbers; false where they have not. */
static bool into_buckets(struct linearizability_room *room, const struct entry *from,
			 struct entry *to, size_t count)
{
	uint64_t last = 0;

	for (size_t i = 0; i < count; i++)
		last = from[i].major > last ? from[i].major : last;
	if (last >= BUCKETS_MAX || last > count)
		return false;
	room->buckets = reserve(room->buckets, &room->bucket_room, last + 2, sizeof(uint32_t));
	memset(room->buckets, 0, (last + 2) * sizeof(uint32_t));
	for (size_t i = 0; i < count; i++)
		room->buckets[from[i].major + 1]++;
	for (size_t key = 0; key <= last; key++)
		room->buckets[key + 1] += room->buckets[key];
	for (size_t i = 0; i < count; i++)
		to[room->buckets[from[i].major]++] = from[i];
	return true;
}

/* By object and witness. Clients ask nearly in the order in which the ledger applies, so that a
 * run's own history is nearly sorted, object by object. */
static const struct entry *sort_objects(struct linearizability_room *room, size_t count)
{
	struct entry *sorted = room->entries + count;

	if (into_buckets(room, room->entries, sorted, count) && sort_run(sorted, count))
		return sorted;
	return sort(room->entries, count);
}

/* ---- The witness ----------------------------------------------------------------------------- */

/* Must be placed: it returned. Others may, wherever that helps. */
static bool owed(const struct operation *operation)
{
	return operation->returned_order != UINT32_MAX;
}

/* Are these, in their order, a linearization? What the ledger doesn't know has not happened. */
static bool witness_holds(const struct model *model, const struct operation *operation,
			  const struct entry *entry, size_t count)
{
	uint64_t state[STATE_MAX / 8] = {0};
	uint32_t latest = 0; /* invocation of all that was placed */

	for (size_t i = 0; i < count; i++) {
		const struct operation *next = &operation[entry[i].operation];

		if (!next->witness) {
			if (owed(next))
				return false;
			continue;
		}
		if (next->returned_order < latest || !model->step(state, &next->told))
			return false;
		if (latest < next->order)
			latest = next->order;
	}
	return true;
}

/* ---- The memory of the search ---------------------------------------------------------------- */

static void memory_clear(struct linearizability_room *room)
{
	free(room->memory);
	room->memory_room = MEMORY_FIRST;
	room->memory_count = 0;
	room->memory = allocate(room->memory_room, sizeof(struct configuration));
}

static struct configuration *memory_find(struct linearizability_room *room,
					 struct configuration wanted)
{
	size_t at = wanted.low & (room->memory_room - 1);

	for (;; at = (at + 1) & (room->memory_room - 1)) {
		struct configuration *found = &room->memory[at];

		if (!found->low && !found->high)
			return found;
		if (found->low == wanted.low && found->high == wanted.high)
			return found;
	}
}

static void memory_grow(struct linearizability_room *room)
{
	struct configuration *old = room->memory;
	size_t old_room = room->memory_room;

	room->memory_room = 2 * old_room;
	room->memory = allocate(room->memory_room, sizeof(struct configuration));
	for (size_t i = 0; i < old_room; i++)
		if (old[i].low || old[i].high)
			*memory_find(room, old[i]) = old[i];
	free(old);
}

/* False: it was there already. */
static bool memory_add(struct linearizability_room *room, struct configuration configuration)
{
	struct configuration *place = memory_find(room, configuration);

	if (place->low || place->high)
		return false;
	*place = configuration;
	room->memory_count++;
	if (room->memory_count * 4 > room->memory_room * 3)
		memory_grow(room);
	return true;
}

/* A set is the exclusive or of its members (Zobrist, 1970): one more or one less is one step. */
static struct configuration member(struct configuration set, uint32_t operation)
{
	XXH128_hash_t hash = XXH3_128bits(&operation, sizeof(operation));

	return (struct configuration){set.low ^ hash.low64, set.high ^ hash.high64};
}

/* ---- The search ------------------------------------------------------------------------------ */

struct search {
	struct linearizability_room *room;
	const struct model *model;
	const struct operation *operation;
	struct configuration set; /* of what is placed */
	uint64_t state[STATE_MAX / 8];
	uint32_t depth, owed; /* placed so far; returned and not yet placed */
	uint32_t deepest;
	uint64_t budget;
	struct linearizability *result;
};

/* Writes the list of invocations and returns, in the order in which they happened. */
static void list_happenings(struct search *search, const struct entry *entry, size_t count)
{
	struct linearizability_room *room = search->room;
	size_t happenings = 0;

	room->moments = reserve(room->moments, &room->moment_room, 4 * count, sizeof(struct entry));
	for (size_t i = 0; i < count; i++) {
		uint32_t number = entry[i].operation;
		const struct operation *operation = &search->operation[number];

		room->moments[happenings++] = (struct entry){operation->order, 0, number, false};
		if (owed(operation))
			room->moments[happenings++] = (struct entry){operation->returned_order, 1,
								     number, true};
	}
	const struct entry *moment = sort(room->moments, happenings);
	struct happening *list = reserve(room->list, &room->list_room, happenings + 1,
					 sizeof(struct happening));

	list[0] = (struct happening){.next = 1, .before = (uint32_t)happenings};
	for (uint32_t i = 1; i <= happenings; i++) {
		uint32_t number = moment[i - 1].operation;

		list[i] = (struct happening){i == happenings ? 0 : i + 1, i - 1, number, 0,
					     moment[i - 1].returns};
		if (list[i].returns)
			list[room->place[number]].returned = i;
		else
			room->place[number] = i;
	}
	room->list = list;
}

static void unlink_happening(struct happening *list, uint32_t at)
{
	list[list[at].before].next = list[at].next;
	list[list[at].next].before = list[at].before;
}

static void relink_happening(struct happening *list, uint32_t at)
{
	list[list[at].before].next = at;
	list[list[at].next].before = at;
}

/* Places the operation invoked here, if it fits and leads to something new. */
static bool place(struct search *search, uint32_t at)
{
	struct happening *list = search->room->list;
	const struct operation *operation = &search->operation[list[at].operation];
	uint64_t state[STATE_MAX / 8];

	memcpy(state, search->state, sizeof(state));
	if (!search->model->step(state, &operation->told))
		return false;
	if (!owed(operation) && !memcmp(state, search->state, sizeof(state)))
		return false;

	struct configuration set = member(search->set, list[at].operation);
	XXH128_hash_t hash = XXH3_128bits(state, sizeof(state));

	if (!memory_add(search->room,
			(struct configuration){set.low ^ hash.low64, set.high ^ hash.high64}))
		return false;
	struct placed *step = &search->room->stack[search->depth++];

	step->happening = at;
	memcpy(step->state, search->state, sizeof(state));
	memcpy(search->state, state, sizeof(state));
	search->set = set;
	search->owed -= owed(operation);
	unlink_happening(list, at);
	if (list[at].returned)
		unlink_happening(list, list[at].returned);
	return true;
}

/* Takes the last placed one back; returns where the search goes on. */
static uint32_t take_back(struct search *search)
{
	struct happening *list = search->room->list;
	const struct placed *step = &search->room->stack[--search->depth];
	uint32_t at = step->happening;

	if (list[at].returned)
		relink_happening(list, list[at].returned);
	relink_happening(list, at);
	memcpy(search->state, step->state, sizeof(search->state));
	search->set = member(search->set, list[at].operation);
	search->owed += owed(&search->operation[list[at].operation]);
	return list[at].next;
}

/* No further than here on this path: this return, and what could not be placed before it. The
 * deepest path is what a person wants to see. */
static void note_stuck(struct search *search, uint32_t at)
{
	struct linearizability *result = search->result;
	const struct happening *list = search->room->list;

	if (result->stuck_count && search->depth <= search->deepest)
		return;
	search->deepest = search->depth;
	result->stuck[0] = search->operation[list[at].operation].record;
	result->stuck_count = 1;
	for (uint32_t i = list[0].next; i != at && result->stuck_count < STUCK_MAX;
	     i = list[i].next)
		if (list[i].operation != list[at].operation && list[i].returned)
			result->stuck[result->stuck_count++] =
				search->operation[list[i].operation].record;
}

static enum verdict search_list(struct search *search)
{
	struct happening *list = search->room->list;
	uint32_t at = list[0].next;

	search->result->stuck_count = 0;
	while (search->owed) {
		if (list[at].returns) {
			note_stuck(search, at);
			if (!search->depth)
				return VIOLATED;
			at = take_back(search);
		} else if (search->room->memory_count == search->budget) {
			return UNKNOWN;
		} else if (place(search, at)) {
			at = list[0].next;
		} else {
			at = list[at].next;
		}
	}
	return HOLDS;
}

/* One object whose witness did not hold. */
static enum verdict search_object(struct search *search, const struct entry *entry, size_t count)
{
	struct linearizability_room *room = search->room;

	list_happenings(search, entry, count);
	room->stack = reserve(room->stack, &room->stack_room, count, sizeof(struct placed));
	memory_clear(room);
	for (size_t i = 0; i < count; i++)
		search->owed += owed(&search->operation[entry[i].operation]);
	enum verdict verdict = search_list(search);

	search->result->configurations += room->memory_count;
	if (verdict != VIOLATED)
		search->result->stuck_count = 0;
	return verdict;
}

/* ---- All objects ----------------------------------------------------------------------------- */

void linearizable(struct linearizability_room *room, const struct model *model,
		  struct operation *operation, size_t count, uint64_t budget,
		  struct linearizability *result)
{
	*result = (struct linearizability){.verdict = NOT_EXERCISED, .by_witness = true};
	assert(model->state_size <= STATE_MAX);
	if (!count)
		return;
	room->entries = reserve(room->entries, &room->entry_room, 2 * count, sizeof(struct entry));
	room->place = reserve(room->place, &room->place_room, count, sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++) {
		room->entries[i] = (struct entry){operation[i].told.key, operation[i].witness, i,
						  0};
		if (owed(&operation[i]))
			result->verdict = HOLDS;
	}
	const struct entry *entry = sort_objects(room, count);

	result->operations = count;
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && entry[end].major == entry[first].major;)
			end++;
		result->objects++;
		if (witness_holds(model, operation, entry + first, end - first))
			continue;
		result->by_witness = false;
		struct search search = {.room = room,
					.model = model,
					.operation = operation,
					.budget = budget,
					.result = result};
		enum verdict verdict = search_object(&search, entry + first, end - first);

		if (verdict == HOLDS || (verdict == UNKNOWN && result->verdict == UNKNOWN))
			continue;
		result->verdict = verdict;
		result->key = entry[first].major;
		if (verdict == VIOLATED)
			return;
	}
}

/* ---- From the history ------------------------------------------------------------------------ */

static struct operation invoked(struct world *world, uint32_t index)
{
	const struct history_record *record = history_at(world, index);

	return (struct operation){.invoked = record->time,
				  .returned = INT64_MAX,
				  .witness = check_witness(world, record->id),
				  .record = index,
				  .order = index,
				  .returned_order = UINT32_MAX,
				  .told = history_told(record)};
}

size_t operations_of(struct world *world, struct linearizability_room *room,
		     struct operation **operations)
{
	enum { FAILED = 1 };
	uint32_t records = (uint32_t)history_count(world), count = 0;

	room->place = reserve(room->place, &room->place_room, records, sizeof(uint32_t));
	room->operations = reserve(room->operations, &room->operation_room, records,
				   sizeof(struct operation));
	*operations = room->operations;
	for (uint32_t i = 0; i < records; i++) {
		const struct history_record *record = history_at(world, i);

		room->place[i] = 0;
		if (record->type == HISTORY_FAIL)
			room->place[record->invocation] = FAILED;
	}
	for (uint32_t i = 0; i < records; i++) {
		const struct history_record *record = history_at(world, i);

		if (record->type == HISTORY_INVOKE && room->place[i] != FAILED) {
			room->operations[count] = invoked(world, i);
			room->place[i] = count++;
		} else if (record->type == HISTORY_OK) {
			struct operation *operation =
				&room->operations[room->place[record->invocation]];

			operation->returned = record->time;
			operation->returned_order = i;
			operation->told = history_told(record);
		}
	}
	return count;
}
