/*
 * Queues where no element is put in twice: linear time, by taking away a front element that no
 * other one has to precede, again and again (decrease and conquer: Lee and Mathur, Efficient
 * Decrease-and-Conquer Linearizability Monitoring, OOPSLA 2025).
 *
 * Each element has two spans of time, that of its enqueue and that of its dequeue (at the end of
 * time where there is none), which begins no earlier than the enqueue did. Then u must be in front
 * of v where u's enqueue was over before v's began, or u's dequeue before v's. Both demands are
 * interval orders; on a ring of demands, two of one kind in a row are one, and where the kinds
 * alternate the absence of 2 + 2 in an interval order cuts the ring down to a pair. So where no
 * element is free of demands, two contradict each other, and where there always is one, enqueues
 * and dequeues in the order found, each as early as it may be, agree with real time.
 *
 * A dequeue that found nothing needs a moment in its own span when no element is in the queue for
 * sure: after its enqueue was over, before its dequeue began. At such a moment every element can be
 * wholly before or wholly after, and no demand is broken (Abdulla et al., Efficient Linearizability
 * Monitoring, PLDI 2025, look for such moments as well).
 *
 * A dequeue of unknown outcome may have taken any element. Those that must be gone and that nobody
 * is known to have taken are given to such dequeues, the most urgent one first. With dequeues that
 * found nothing that may not be the best way to give: then only an order proves anything.
 */
#include "sim/consistency/engines.h"

#include <assert.h>

#define END NEVER_RETURNED /* of time */

struct span {
	uint32_t from, to;
};
struct element {
	struct span in, out;
	uint32_t enqueue, dequeue; /* calls, plus 1; 0: none */
	bool taken;                /* out of the demands: it is placed */
	bool first_in, first_out;  /* nobody has to precede it, as far as this kind goes */
};

struct queue {
	struct room *room;
	const struct object *object;
	struct opinion *opinion;
	struct numbering numbers;
	struct element *elements; /* by number; 0 is not one: it stands for nothing found */
	uint32_t count;
	uint32_t *blind, blind_count; /* dequeues of unknown outcome, by invocation */
	uint32_t *empty, empty_count; /* dequeues that found nothing, by invocation */
	uint32_t *moment;             /* by empty: the event after which it stands */
	uint32_t *order;              /* elements from front to back */
};

static const struct told *told_of(const struct queue *queue, uint32_t number)
{
	return &queue->object->history->operations[queue->object->calls[number].index].told;
}

static void convict(struct queue *queue, uint32_t a, uint32_t b)
{
	queue->opinion->legality = ILLEGAL;
	queue->opinion->calls = room_take(queue->room, 4, sizeof(uint32_t));
	queue->opinion->calls[0] = a;
	queue->opinion->calls[1] = b;
	queue->opinion->count = 2;
}

/* ---- Elements
 * ------------------------------------------------------------------------------------ */

/* False: an element is put in twice, or is the 0 that means nothing. */
static bool number_elements(struct queue *queue)
{
	const struct object *object = queue->object;

	numbering_begin(&queue->numbers, queue->room);
	number_of(&queue->numbers, 0);
	for (uint32_t i = 0; i < object->count; i++) {
		const struct told *told = told_of(queue, i);
		uint32_t before = queue->numbers.count;

		if (told->operation == QUEUE_ENQUEUE &&
		    number_of(&queue->numbers, told->value) != before)
			return false;
	}
	queue->count = queue->numbers.count;
	queue->elements = room_zeroed(queue->room, queue->count, sizeof(struct element));
	queue->blind = room_take(queue->room, object->count, sizeof(uint32_t));
	queue->empty = room_take(queue->room, object->count, sizeof(uint32_t));
	return true;
}

/* False, and convicted: it took what nobody put in, or what was taken. */
static bool enter_dequeue(struct queue *queue, uint32_t number)
{
	const struct call *call = &queue->object->calls[number];

	if (!call_returned(call)) {
		queue->blind[queue->blind_count++] = number;
		return true;
	}
	uint32_t taken = number_known(&queue->numbers, told_of(queue, number)->result);

	if (taken == 0) {
		queue->empty[queue->empty_count++] = number;
		return true;
	}
	if (taken == NO_NUMBER) {
		convict(queue, number, number);
		return false;
	}
	struct element *element = &queue->elements[taken];

	if (element->dequeue) {
		convict(queue, element->dequeue - 1, number);
		return false;
	}
	element->dequeue = number + 1;
	element->out = (struct span){call->invoked, call->returned};
	return true;
}

static bool enter_calls(struct queue *queue)
{
	const struct object *object = queue->object;

	for (uint32_t i = 0; i < object->count; i++) {
		const struct told *told = told_of(queue, i);

		if (told->operation == QUEUE_DEQUEUE) {
			if (!enter_dequeue(queue, i))
				return false;
			continue;
		}
		struct element *element =
			&queue->elements[number_known(&queue->numbers, told->value)];

		element->enqueue = i + 1;
		element->in = (struct span){object->calls[i].invoked, object->calls[i].returned};
	}
	return true;
}

/* A dequeue begins no earlier than the enqueue. One that is over by then precedes itself, which is
 * as good a contradiction as any. */
static void tune(struct queue *queue)
{
	for (uint32_t i = 1; i < queue->count; i++) {
		struct element *element = &queue->elements[i];

		if (!element->dequeue) {
			element->out = (struct span){END, END};
			element->taken = element->in.to == END; /* it has not happened */
		} else if (element->out.from < element->in.from) {
			element->out.from = element->in.from;
		}
	}
}

/* ---- Dequeues of unknown outcome
 * ----------------------------------------------------------------- */

/* For each event: by when what was in the queue for sure before it must be out. */
static uint32_t *deadlines(struct queue *queue)
{
	const struct object *object = queue->object;
	uint32_t *deadline = room_take(queue->room, object->event_count + 1, sizeof(uint32_t));

	memset(deadline, 0xff, (object->event_count + 1) * sizeof(uint32_t));
	for (uint32_t i = 1; i < queue->count; i++) {
		const struct element *element = &queue->elements[i];

		if (element->dequeue)
			deadline[element->in.from] = element->out.to;
	}
	for (uint32_t i = 0; i < queue->empty_count; i++) {
		const struct call *call = &object->calls[queue->empty[i]];

		deadline[call->invoked] = call->returned;
	}
	for (uint32_t i = object->event_count; i-- > 0;)
		if (deadline[i + 1] < deadline[i])
			deadline[i] = deadline[i + 1];
	return deadline;
}

/* False: there are not enough of them in time. */
static bool give_away(struct queue *queue)
{
	const uint32_t *deadline = deadlines(queue);
	struct sortable *urgent = room_take(queue->room, queue->count, sizeof(struct sortable));
	uint32_t count = 0;

	for (uint32_t i = 1; i < queue->count; i++) {
		const struct element *element = &queue->elements[i];

		if (!element->dequeue && !element->taken && deadline[element->in.to] != END)
			urgent[count++] = (struct sortable){deadline[element->in.to], i};
	}
	if (count > queue->blind_count)
		return false;
	urgent = sorted(queue->room, urgent, count);
	for (uint32_t i = 0; i < count; i++) {
		struct element *element = &queue->elements[urgent[i].what];
		uint32_t invoked = queue->object->calls[queue->blind[i]].invoked;

		if (invoked > urgent[i].by)
			return false;
		element->dequeue = queue->blind[i] + 1;
		element->out.from = invoked > element->in.from ? invoked : element->in.from;
	}
	return true;
}

/* ---- Dequeues that found nothing
 * ----------------------------------------------------------------- */

/* Each stands after the event `moment`, as early as it may. False: there is no such moment. */
static bool find_moments(struct queue *queue)
{
	const struct object *object = queue->object;
	uint32_t events = object->event_count;
	int32_t *more = room_zeroed(queue->room, events + 1, sizeof(int32_t));
	uint32_t *next = room_take(queue->room, events + 1, sizeof(uint32_t));
	int32_t inside = 0;

	queue->moment = room_take(queue->room, queue->empty_count, sizeof(uint32_t));
	for (uint32_t i = 1; i < queue->count; i++) {
		const struct element *element = &queue->elements[i];

		if (element->taken || element->in.to >= element->out.from)
			continue;
		more[element->in.to]++;
		if (element->out.from != END)
			more[element->out.from]--;
	}
	for (uint32_t i = 0; i < events; i++) {
		inside += more[i];
		more[i] = inside;
	}
	next[events] = END;
	for (uint32_t i = events; i-- > 0;)
		next[i] = more[i] ? next[i + 1] : i;
	for (uint32_t i = 0; i < queue->empty_count; i++) {
		const struct call *call = &object->calls[queue->empty[i]];

		queue->moment[i] = next[call->invoked];
		if (queue->moment[i] >= call->returned)
			return false;
	}
	return true;
}

/* What is dequeued after such a moment for sure is enqueued after it. */
static void keep_clear(struct queue *queue)
{
	uint32_t events = queue->object->event_count;
	uint32_t *last = room_zeroed(queue->room, events + 1, sizeof(uint32_t));

	for (uint32_t i = 0; i < queue->empty_count; i++)
		last[queue->moment[i] + 1] = queue->moment[i] + 1;
	for (uint32_t i = 1; i <= events; i++)
		if (!last[i])
			last[i] = last[i - 1];
	for (uint32_t i = 1; i < queue->count; i++) {
		struct element *element = &queue->elements[i];
		uint32_t out = element->out.from < events ? element->out.from : events;

		if (element->taken || last[out] <= element->in.from)
			continue;
		element->in.from = last[out];
		if (element->out.from < element->in.from)
			element->out.from = element->in.from;
	}
}

/* No moment for this one: elements that were inside one after the other, all the time. Too many of
 * them, and the core is looked for among all. */
static void convict_empty(struct queue *queue, uint32_t number)
{
	enum { CHAIN_MAX = 64 };
	const struct call *call = &queue->object->calls[number];
	uint32_t *calls = room_take(queue->room, 2 * CHAIN_MAX + 1, sizeof(uint32_t));
	uint32_t count = 0, at = call->invoked;

	calls[count++] = number;
	while (at < call->returned && count < 2 * CHAIN_MAX) {
		const struct element *longest = NULL;

		for (uint32_t i = 1; i < queue->count; i++) {
			const struct element *element = &queue->elements[i];

			if (!element->taken && element->in.to <= at &&
			    (!longest || element->out.from > longest->out.from))
				longest = element;
		}
		assert(longest); /* or the dequeue of nothing would have been explained */
		calls[count++] = longest->enqueue - 1;
		if (longest->dequeue)
			calls[count++] = longest->dequeue - 1;
		at = longest->out.from;
	}
	queue->opinion->legality = ILLEGAL;
	queue->opinion->calls = calls;
	queue->opinion->count = at < call->returned ? 0 : count;
}

/* ---- The order
 * ----------------------------------------------------------------------------------- */

/* Elements by the beginning or the end of one of their two spans. */
struct ranking {
	struct sortable *from, *to;
	uint32_t next, least; /* how far each is consumed */
};

static struct sortable *ranked(struct queue *queue, bool out, bool to)
{
	struct sortable *item = room_take(queue->room, queue->count, sizeof(struct sortable));
	uint32_t count = 0;

	for (uint32_t i = 1; i < queue->count; i++) {
		const struct element *element = &queue->elements[i];
		const struct span *span = out ? &element->out : &element->in;

		if (!element->taken)
			item[count++] = (struct sortable){to ? span->to : span->from, i};
	}
	return sorted(queue->room, item, count);
}

/* Those that nobody has to precede any more, as far as one kind of demand goes. */
static void advance(struct queue *queue, struct ranking *ranking, uint32_t many, bool out,
		    uint32_t *ready, uint32_t *ready_count)
{
	while (ranking->least < many && queue->elements[ranking->to[ranking->least].what].taken)
		ranking->least++;
	uint64_t least = ranking->least < many ? ranking->to[ranking->least].by : END;

	for (; ranking->next < many && ranking->from[ranking->next].by <= least; ranking->next++) {
		uint32_t number = ranking->from[ranking->next].what;
		struct element *element = &queue->elements[number];

		*(out ? &element->first_out : &element->first_in) = true;
		if (element->first_in && element->first_out)
			ready[(*ready_count)++] = number;
	}
}

/* Returns how many could be put in order: all, or as many as contradict nothing. */
static uint32_t take_fronts(struct queue *queue, uint32_t many, struct ranking *in,
			    struct ranking *out)
{
	uint32_t ready = 0, taken = 0;

	queue->order = room_take(queue->room, queue->count, sizeof(uint32_t));
	for (;;) {
		advance(queue, in, many, false, queue->order, &ready);
		advance(queue, out, many, true, queue->order, &ready);
		if (taken == ready)
			return taken;
		queue->elements[queue->order[taken++]].taken = true;
	}
}

/* The one whose enqueue was over first and the one whose dequeue was: each must precede the other.
 */
static void convict_pair(struct queue *queue, const struct ranking *in, const struct ranking *out)
{
	const struct element *a = &queue->elements[in->to[in->least].what];
	const struct element *b = &queue->elements[out->to[out->least].what];

	convict(queue, a->enqueue - 1, b->enqueue - 1);
	if (a->dequeue)
		queue->opinion->calls[queue->opinion->count++] = a->dequeue - 1;
	if (b->dequeue)
		queue->opinion->calls[queue->opinion->count++] = b->dequeue - 1;
}

/* ---- The calls, in order
 * ------------------------------------------------------------------------- */

/* When each takes effect, at the earliest; times are doubled, so that moments fit between. */
static struct sortable *effects(struct queue *queue, uint32_t many, size_t *count)
{
	struct sortable *item = room_take(queue->room, queue->object->count,
					  sizeof(struct sortable));
	uint32_t in = 0, out = 0;
	size_t made = 0;

	for (uint32_t i = 0; i < many; i++) { /* before all dequeues of the same time */
		const struct element *element = &queue->elements[queue->order[i]];

		in = element->in.from > in ? element->in.from : in;
		item[made++] = (struct sortable){2 * (uint64_t)in, element->enqueue - 1};
	}
	in = 0;
	for (uint32_t i = 0; i < many; i++) {
		const struct element *element = &queue->elements[queue->order[i]];

		in = element->in.from > in ? element->in.from : in;
		if (!element->dequeue)
			continue;
		out = element->out.from > out ? element->out.from : out;
		out = in > out ? in : out;
		item[made++] = (struct sortable){2 * (uint64_t)out, element->dequeue - 1};
	}
	for (uint32_t i = 0; i < queue->empty_count; i++)
		item[made++] = (struct sortable){2 * (uint64_t)queue->moment[i] + 1,
						 queue->empty[i]};
	*count = made;
	return sorted(queue->room, item, made);
}

static void write_order(struct queue *queue, uint32_t many)
{
	struct opinion *opinion = queue->opinion;
	size_t count;
	const struct sortable *item = effects(queue, many, &count);

	opinion->calls = room_take(queue->room, count, sizeof(uint32_t));
	for (size_t i = 0; i < count; i++) {
		const struct call *call = &queue->object->calls[item[i].what];

		if (call_returned(call) && item[i].by > 2 * (uint64_t)call->returned)
			return; /* too late: dequeues were given away in vain */
		opinion->calls[i] = item[i].what;
	}
	opinion->count = count;
	opinion->legality = LEGAL;
}

/* ---- The whole
 * ----------------------------------------------------------------------------------- */

static bool find_order(struct queue *queue)
{
	struct ranking in = {ranked(queue, false, false), ranked(queue, false, true), 0, 0};
	struct ranking out = {ranked(queue, true, false), ranked(queue, true, true), 0, 0};
	uint32_t many = 0;

	for (uint32_t i = 1; i < queue->count; i++)
		many += !queue->elements[i].taken;
	if (take_fronts(queue, many, &in, &out) < many) {
		convict_pair(queue, &in, &out);
		return false;
	}
	write_order(queue, many);
	return true;
}

static void look_at_empties(struct queue *queue)
{
	if (find_moments(queue)) {
		keep_clear(queue);
		find_order(queue);
		return;
	}
	uint32_t bad = 0;

	while (queue->moment[bad] < queue->object->calls[queue->empty[bad]].returned)
		bad++;
	convict_empty(queue, queue->empty[bad]);
}

/* As if each element that nobody is known to have taken could be gone as soon as the first dequeue
 * of unknown outcome began. */
static bool is_illegal_anyway(struct queue *queue)
{
	uint32_t invoked = queue->object->calls[queue->blind[0]].invoked;

	queue->opinion->legality = UNDECIDED;
	memset(queue->elements, 0, queue->count * sizeof(struct element));
	queue->blind_count = queue->empty_count = 0;
	enter_calls(queue);
	tune(queue);
	for (uint32_t i = 1; i < queue->count; i++) {
		struct element *element = &queue->elements[i];

		if (!element->dequeue)
			element->out.from = invoked > element->in.from ? invoked : element->in.from;
	}
	look_at_empties(queue);
	return queue->opinion->legality == ILLEGAL;
}

void engine_queue(struct room *room, const struct object *object, struct opinion *opinion)
{
	struct queue queue = {.room = room, .object = object, .opinion = opinion};

	if (object->model != &model_queue || !number_elements(&queue))
		return;
	opinion->engine = ENGINE_QUEUE;
	if (!enter_calls(&queue))
		return;
	tune(&queue);
	if (!give_away(&queue)) {
		opinion->legality = ILLEGAL;
		return;
	}
	if (queue.empty_count)
		look_at_empties(&queue);
	else
		find_order(&queue);
	if (opinion->legality != ILLEGAL || !queue.blind_count)
		return;
	/* What was given away may not be in the core, and with empties it may have been given
	 * wrong. */
	if (queue.empty_count && !is_illegal_anyway(&queue))
		opinion->legality = UNDECIDED;
	opinion->calls = NULL;
	opinion->count = 0;
}
