/*
 * Queues and sets where no element is put in twice, judged by bad patterns: a history is legal if
 * and only if none of them occurs. It shares no code and no idea with the engines, which look for
 * an order.
 *
 * Of a queue (Henzinger, Sezgin and Vafeiadis, Aspect-Oriented Linearizability Proofs, CONCUR 2013;
 * found by sorting, in O(n log n), as Abdulla et al. do, Efficient Linearizability Monitoring,
 * PLDI 2025):
 *   - an element is dequeued that was never enqueued, or is dequeued twice, or its dequeue was
 *     over before its enqueue began;
 *   - a's enqueue was over before b's began, and b's dequeue before a's began, or a was never
 *     dequeued;
 *   - a dequeue found nothing, and at each moment of it some element was inside for certain:
 *     after its enqueue was over, before its dequeue began.
 *
 * Those are patterns of histories where all has returned. An enqueue of unknown outcome whose
 * element was dequeued did happen, and its return is at the end of time; one whose element was not
 * dequeued is left out: that it happened could only do harm. A dequeue of unknown outcome may have
 * taken any element that nobody else did, and takes one only where that one would be the `a` of
 * the second pattern. It then never returns, so that it makes no new patterns, and which one takes
 * which is a matter of deadlines: the kth most urgent needs the kth that was invoked. Where others
 * found nothing it matters more, and the patterns do not tell.
 *
 * Of a set the patterns stand where they are looked for, below.
 */
#include "tests/consistency/patterns.h"

#include <assert.h>
#include <stdlib.h>

#define END NEVER_RETURNED /* of time; its moment comes after all events */

struct span {
	uint32_t from, to; /* events */
};

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void *taken(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	assert(memory);
	return memory;
}

/* By the first member, a number of 32 or 64 bits. */
static int by_number(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static int by_name(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* ---- Queues --------------------------------------------------------------------------------- */

struct element {
	uint64_t name;
	struct span in, out;
	bool is_out;
};

struct queue {
	struct element *elements; /* by name, then by enqueue, latest first */
	struct span *empties;
	uint32_t *blind, *deadlines;
	size_t count, empty_count, blind_count, needy;
};

static enum legality enter_enqueues(struct queue *queue, const struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct operation *operation = &history->operations[i];

		if (operation->told.operation == 0)
			queue->elements[queue->count++] = (struct element){
				.name = operation->told.value,
				.in = {operation->invoked, operation->returned},
				.out = {END, END}};
	}
	qsort(queue->elements, queue->count, sizeof(struct element), by_name);
	for (size_t i = 0; i < queue->count; i++)
		if (!queue->elements[i].name ||
		    queue->elements[i].name == queue->elements[i + 1].name)
			return UNDECIDED;
	return LEGAL;
}

/* The first pattern. */
static enum legality enter_dequeues(struct queue *queue, const struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct operation *operation = &history->operations[i];
		uint64_t name = operation->told.result;
		struct span span = {operation->invoked, operation->returned};

		if (operation->told.operation == 0)
			continue;
		if (span.to == END) {
			queue->blind[queue->blind_count++] = span.from;
			continue;
		}
		if (!name) {
			queue->empties[queue->empty_count++] = span;
			continue;
		}
		struct element *element = bsearch(&name, queue->elements, queue->count,
						  sizeof(struct element), by_name);

		if (!element || element->is_out || span.to < element->in.from)
			return ILLEGAL;
		element->out = span;
		element->is_out = true;
	}
	return queue->blind_count && queue->empty_count ? UNDECIDED : LEGAL;
}

static int latest_first(const void *a, const void *b)
{
	const struct element *left = a, *right = b;

	return by_number(&right->in.from, &left->in.from);
}

static int latest_return_first(const void *a, const void *b)
{
	const struct element *const *left = a, *const *right = b;

	return by_number(&(*right)->in.to, &(*left)->in.to);
}

/* The second pattern. By when an element must be on its way out: those that were put in after it
 * for certain are. */
static enum legality keep_order(struct queue *queue)
{
	const struct element **ended = taken(queue->count, sizeof(*ended));
	enum legality legality = LEGAL;
	uint32_t deadline = END;
	size_t later = 0;

	qsort(queue->elements, queue->count, sizeof(struct element), latest_first);
	for (size_t i = 0; i < queue->count; i++)
		ended[i] = &queue->elements[i];
	qsort(ended, queue->count, sizeof(*ended), latest_return_first);
	for (size_t i = 0; i < queue->count; i++) {
		const struct element *a = ended[i];

		for (; queue->elements[later].in.from > a->in.to; later++)
			deadline = least(deadline, queue->elements[later].out.to);
		if (a->is_out && deadline < a->out.from)
			legality = ILLEGAL;
		if (!a->is_out && a->in.to != END && deadline != END)
			queue->deadlines[queue->needy++] = deadline;
	}
	free(ended);
	return legality;
}

static enum legality give_away(struct queue *queue)
{
	if (queue->needy > queue->blind_count)
		return ILLEGAL;
	qsort(queue->deadlines, queue->needy, sizeof(uint32_t), by_number);
	qsort(queue->blind, queue->blind_count, sizeof(uint32_t), by_number);
	for (size_t i = 0; i < queue->needy; i++)
		if (queue->blind[i] > queue->deadlines[i])
			return ILLEGAL;
	return LEGAL;
}

/* Spans that touch or overlap become one. */
static size_t merge(struct span *spans, size_t count)
{
	size_t merged = 0;

	qsort(spans, count, sizeof(*spans), by_number);
	for (size_t i = 0; i < count; i++) {
		if (merged && spans[i].from <= spans[merged - 1].to)
			spans[merged - 1].to = most(spans[merged - 1].to, spans[i].to);
		else
			spans[merged++] = spans[i];
	}
	return merged;
}

/* The third pattern: does a dequeue that found nothing lie within the union of what was inside? */
static enum legality find_gaps(struct queue *queue)
{
	struct span *inside = taken(queue->count, sizeof(*inside));
	enum legality legality = LEGAL;
	size_t count = 0, at = 0;

	for (size_t i = 0; i < queue->count; i++) {
		struct span span = {queue->elements[i].in.to, queue->elements[i].out.from};

		if (span.from < span.to)
			inside[count++] = span;
	}
	count = merge(inside, count);
	qsort(queue->empties, queue->empty_count, sizeof(*queue->empties), by_number);
	for (size_t i = 0; i < queue->empty_count; i++) {
		const struct span *empty = &queue->empties[i];

		while (at < count && inside[at].from < empty->from)
			at++;
		if (at && empty->to < inside[at - 1].to)
			legality = ILLEGAL;
	}
	free(inside);
	return legality;
}

static enum legality queue_patterns(const struct history *history)
{
	struct queue queue = {.elements = taken(history->count, sizeof(struct element)),
			      .empties = taken(history->count, sizeof(struct span)),
			      .blind = taken(history->count, sizeof(uint32_t)),
			      .deadlines = taken(history->count, sizeof(uint32_t))};
	enum legality legality = enter_enqueues(&queue, history);

	if (legality == LEGAL)
		legality = enter_dequeues(&queue, history);
	if (legality == LEGAL)
		legality = keep_order(&queue);
	if (legality == LEGAL)
		legality = give_away(&queue);
	if (legality == LEGAL)
		legality = find_gaps(&queue);
	free(queue.elements);
	free(queue.empties);
	free(queue.blind);
	free(queue.deadlines);
	return legality;
}

/* ---- Sets, element by element --------------------------------------------------------------- */

enum { ADD, REMOVE, INSERT, DELETE, CONTAINS, READ };

/* What was told of one element. */
struct life {
	const struct operation *const *told;
	size_t count;
};

static bool returned(const struct operation *operation)
{
	return operation->returned != END;
}

static bool puts_in(const struct operation *operation)
{
	return operation->told.operation == ADD ||
	       (operation->told.operation == INSERT &&
		(!returned(operation) || operation->told.matched));
}

/* Who saw it there; who saw that it is not, but for the one who took it out. */
static bool sees(const struct operation *operation)
{
	return returned(operation) &&
	       ((operation->told.operation == CONTAINS && operation->told.matched) ||
		(operation->told.operation == INSERT && !operation->told.matched));
}

static bool misses(const struct operation *operation)
{
	return returned(operation) && !puts_in(operation) && !sees(operation);
}

/*
 * Is there a moment to come and a later one to go, by `out` if that is not NULL, so that who saw it
 * did so between? Who missed it must not lie wholly between. The later it comes and the earlier it
 * goes the better: where these moments can be the same, nobody lies between.
 */
static bool can_go_by(const struct life *life, const struct operation *out)
{
	struct span come = {END, END}, go = {END, END};

	if (out)
		go = (struct span){out->invoked, out->returned};
	for (size_t i = 0; i < life->count; i++)
		if (puts_in(life->told[i]))
			come = (struct span){life->told[i]->invoked, life->told[i]->returned};
	for (size_t i = 0; i < life->count; i++) {
		if (!sees(life->told[i]))
			continue;
		come.to = least(come.to, life->told[i]->returned);
		go.from = most(go.from, life->told[i]->invoked);
	}
	if ((come.to != END && come.to <= come.from) ||
	    (go.to != END && go.to <= most(come.from, go.from)))
		return false;
	for (size_t i = 0; i < life->count; i++) {
		const struct operation *one = life->told[i];

		if (one != out && misses(one) && go.from > come.to && one->invoked > come.to &&
		    one->returned < go.from)
			return false;
	}
	return true;
}

static enum legality life_patterns(const struct life *life)
{
	const struct operation *out = NULL;
	unsigned attempts = 0, outs = 0;
	bool fits = can_go_by(life, NULL);

	for (size_t i = 0; i < life->count; i++) {
		const struct operation *one = life->told[i];
		unsigned operation = one->told.operation;

		attempts += operation == ADD || operation == INSERT;
		if (operation == DELETE && returned(one) && one->told.matched) {
			out = one;
			outs++;
		} else if (operation == REMOVE || (operation == DELETE && !returned(one))) {
			fits = fits || can_go_by(life, one);
		}
	}
	if (attempts > 1)
		return UNDECIDED;
	if (outs)
		fits = outs == 1 && can_go_by(life, out);
	return fits ? LEGAL : ILLEGAL;
}

static int by_element(const void *a, const void *b)
{
	const struct operation *const *left = a, *const *right = b;

	return by_name(&(*left)->told.value, &(*right)->told.value);
}

/* Elements are objects of their own. */
static enum legality element_patterns(const struct history *history)
{
	const struct operation **told = taken(history->count, sizeof(*told));
	enum legality legality = LEGAL;

	for (size_t i = 0; i < history->count; i++)
		told[i] = &history->operations[i];
	qsort(told, history->count, sizeof(*told), by_element);
	for (size_t from = 0, to; from < history->count && legality == LEGAL; from = to) {
		for (to = from + 1; to < history->count; to++)
			if (told[to]->told.value != told[from]->told.value)
				break;
		legality = life_patterns(&(struct life){told + from, to - from});
	}
	free(told);
	return legality;
}

/* ---- Sets that only grow, read as a whole ------------------------------------------------------
 *
 * Each read must have what any smaller read has: then it is as long as there are elements that
 * some read of its size or less has. So reads and adds stand in stages, and what belongs to a later
 * one must not be over before what belongs to an earlier one began.
 */

struct added {
	uint64_t name;
	const struct operation *by;
	uint64_t least; /* read that has it */
};

struct staged {
	uint64_t stage; /* reads of n elements: 2n + 1; adds of what they show first: 2n */
	struct span span;
};

static enum legality enter_adds(struct added *added, size_t *count, const struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct operation *operation = &history->operations[i];

		if (operation->told.operation == ADD)
			added[(*count)++] = (struct added){operation->told.value, operation,
							   history->count};
		else if (operation->told.operation != READ)
			return UNDECIDED;
	}
	qsort(added, *count, sizeof(*added), by_name);
	for (size_t i = 1; i < *count; i++)
		if (added[i - 1].name == added[i].name)
			return UNDECIDED;
	return LEGAL;
}

static enum legality enter_reads(struct added *added, size_t count, const struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct operation *read = &history->operations[i];

		if (read->told.operation != READ || !returned(read))
			continue;
		for (uint64_t at = 0; at < read->told.value; at++) {
			struct added *one = bsearch(history->elements + read->told.result + at,
						    added, count, sizeof(*added), by_name);

			if (!one)
				return ILLEGAL;
			if (read->told.value < one->least)
				one->least = read->told.value;
		}
	}
	return LEGAL;
}

static bool each_has_the_smaller(const struct added *added, size_t count,
				 const struct history *history)
{
	uint64_t *shown = taken(history->count, sizeof(*shown)); /* by reads of so many or fewer */
	bool has = true;

	for (size_t i = 0; i < count; i++)
		shown[added[i].least]++;
	for (size_t i = 0; i < history->count; i++)
		shown[i + 1] += shown[i];
	for (size_t i = 0; i < history->count; i++) {
		const struct operation *read = &history->operations[i];

		if (read->told.operation == READ && returned(read))
			has &= shown[read->told.value] == read->told.value;
	}
	free(shown);
	return has;
}

static bool stages_agree(const struct added *added, size_t count, const struct history *history)
{
	struct staged *staged = taken(history->count, sizeof(*staged));
	uint32_t begun = 0, begun_before = 0; /* the latest, in this stage and before it */
	bool agree = true;
	size_t many = 0;

	for (size_t i = 0; i < count; i++)
		if (added[i].least < history->count || returned(added[i].by))
			staged[many++] = (struct staged){
				2 * added[i].least, {added[i].by->invoked, added[i].by->returned}};
	for (size_t i = 0; i < history->count; i++) {
		const struct operation *read = &history->operations[i];

		if (read->told.operation == READ && returned(read))
			staged[many++] = (struct staged){2 * read->told.value + 1,
							 {read->invoked, read->returned}};
	}
	qsort(staged, many, sizeof(*staged), by_name);
	for (size_t i = 0; i < many; i++) {
		if (i && staged[i].stage != staged[i - 1].stage)
			begun_before = begun;
		agree &= staged[i].span.to >= begun_before;
		begun = most(begun, staged[i].span.from);
	}
	free(staged);
	return agree;
}

static enum legality growth_patterns(const struct history *history)
{
	struct added *added = taken(history->count, sizeof(*added));
	size_t count = 0;
	enum legality legality = enter_adds(added, &count, history);

	if (legality == LEGAL)
		legality = enter_reads(added, count, history);
	if (legality == LEGAL &&
	    (!each_has_the_smaller(added, count, history) || !stages_agree(added, count, history)))
		legality = ILLEGAL;
	free(added);
	return legality;
}

/* ---- The whole ------------------------------------------------------------------------------ */

enum legality patterns_say(const struct model *model, const struct history *history)
{
	bool whole = false;

	for (size_t i = 0; i < history->count; i++) {
		if (history->operations[i].told.key != history->operations[0].told.key)
			return UNDECIDED;
		whole |= history->operations[i].told.operation == READ;
	}
	if (model == &model_queue)
		return queue_patterns(history);
	if (model != &model_set)
		return UNDECIDED;
	return whole ? growth_patterns(history) : element_patterns(history);
}
