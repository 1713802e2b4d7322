/*
 * Sets that only grow, read as a whole: near-linear time in what was read.
 *
 * Each read must include all smaller ones, so reads have an order, by size; and an element was
 * added just before the first read that has it: the add that was invoked first, where there are
 * several, for the others change nothing. Elements that no read has come last. Only reads of one
 * size, and adds between the same reads, can change places, and by invocation is as good an order
 * of them as any. So the order is found by sorting, and it agrees with real time or no order does.
 */
#include "sim/consistency/engines.h"

enum { NONE = 0 }; /* calls are stored plus 1 */

struct element {
	uint32_t stage; /* of the first read that has it: number of its size, from 1 */
	uint32_t shown; /* that read, plus 1 */
	uint32_t added; /* the add that was invoked first, plus 1 */
};

struct growth {
	struct room *room;
	const struct object *object;
	struct opinion *opinion;
	struct numbering numbers;
	struct element *elements;
	uint32_t *stages; /* by call, of reads */
	uint32_t last_stage;
};

static const struct told *told_of(const struct growth *growth, uint32_t number)
{
	return &growth->object->history->operations[growth->object->calls[number].index].told;
}

static const uint64_t *elements_of(const struct growth *growth, const struct told *told)
{
	return told->value ? growth->object->history->elements + told->result : NULL;
}

static void convict(struct growth *growth, const uint32_t *plus_one, size_t count)
{
	growth->opinion->legality = ILLEGAL;
	growth->opinion->calls = room_take(growth->room, count, sizeof(uint32_t));
	growth->opinion->count = 0;
	for (size_t i = 0; i < count; i++)
		if (plus_one[i] != NONE)
			growth->opinion->calls[growth->opinion->count++] = plus_one[i] - 1;
}

/* False: something else than adds and reads of all. */
static bool enter_adds(struct growth *growth)
{
	const struct object *object = growth->object;

	for (uint32_t i = 0; i < object->count; i++) {
		unsigned operation = told_of(growth, i)->operation;

		if (operation != SET_ADD && operation != SET_READ)
			return false;
		if (operation == SET_ADD)
			number_of(&growth->numbers, told_of(growth, i)->value);
	}
	growth->elements = room_zeroed(growth->room, growth->numbers.count, sizeof(struct element));
	for (uint32_t i = object->count; i-- > 0;)
		if (told_of(growth, i)->operation == SET_ADD)
			growth->elements[number_known(&growth->numbers, told_of(growth, i)->value)]
				.added = i + 1;
	return true;
}

/* ---- Reads by size
 * ------------------------------------------------------------------------------- */

/* A smaller read had something that this one lacks. */
static void convict_read(struct growth *growth, uint32_t number)
{
	const struct told *told = told_of(growth, number);
	const uint64_t *element = elements_of(growth, told);
	bool *has = room_zeroed(growth->room, growth->numbers.count, sizeof(bool));

	for (uint64_t i = 0; i < told->value; i++)
		has[number_known(&growth->numbers, element[i])] = true;
	for (uint32_t i = 0; i < growth->numbers.count; i++)
		if (growth->elements[i].stage && !has[i]) {
			convict(growth, (uint32_t[]){number + 1, growth->elements[i].shown}, 2);
			return;
		}
}

/* False, and convicted: nobody added it, or a smaller read is not part of this one. */
static bool enter_read(struct growth *growth, uint32_t number, uint64_t *seen)
{
	const struct told *told = told_of(growth, number);
	const uint64_t *element = elements_of(growth, told);

	for (uint64_t i = 0; i < told->value; i++) {
		uint32_t known = number_known(&growth->numbers, element[i]);

		if (known == NO_NUMBER) {
			convict(growth, (uint32_t[]){number + 1}, 1);
			return false;
		}
		if (growth->elements[known].stage)
			continue;
		growth->elements[known].stage = growth->last_stage;
		growth->elements[known].shown = number + 1;
		++*seen;
	}
	if (*seen == told->value)
		return true;
	convict_read(growth, number);
	return false;
}

static bool enter_reads(struct growth *growth)
{
	const struct object *object = growth->object;
	struct sortable *read = room_take(growth->room, object->count, sizeof(struct sortable));
	uint64_t seen = 0, size = UINT64_MAX;
	size_t count = 0;

	growth->stages = room_zeroed(growth->room, object->count, sizeof(uint32_t));
	for (uint32_t i = 0; i < object->count; i++)
		if (told_of(growth, i)->operation == SET_READ)
			read[count++] = (struct sortable){told_of(growth, i)->value, i};
	read = sorted(growth->room, read, count);
	for (size_t i = 0; i < count; i++) {
		growth->last_stage += read[i].by != size;
		size = read[i].by;
		growth->stages[read[i].what] = growth->last_stage;
		if (!enter_read(growth, read[i].what, &seen))
			return false;
	}
	return true;
}

/* ---- The order
 * ----------------------------------------------------------------------------------- */

/* Before the reads of its stage: adds; those that change nothing have no place of their own. */
static struct sortable *in_stages(struct growth *growth, size_t *count)
{
	const struct object *object = growth->object;
	struct sortable *item = room_take(growth->room, object->count, sizeof(struct sortable));

	*count = 0;
	for (uint32_t i = 0; i < object->count; i++) {
		uint64_t stage = growth->stages[i];

		if (stage) {
			item[(*count)++] = (struct sortable){2 * stage + 1, i};
			continue;
		}
		const struct element *element = &growth->elements[number_known(
			&growth->numbers, told_of(growth, i)->value)];

		stage = element->stage ? element->stage : growth->last_stage + 1;
		if (element->stage ? element->added == i + 1 : call_returned(&object->calls[i]))
			item[(*count)++] = (struct sortable){2 * stage, i};
	}
	return sorted(growth->room, item, *count);
}

static uint32_t shown_by(const struct growth *growth, uint32_t number)
{
	if (growth->stages[number])
		return number + 1;
	return growth->elements[number_known(&growth->numbers, told_of(growth, number)->value)]
		.shown;
}

/* From stages to moments: each as early as those before it allow. False, and convicted. */
static bool in_time(struct growth *growth, struct sortable *item, size_t count, uint32_t *moment)
{
	const struct call *calls = growth->object->calls;
	uint32_t latest = 0, of = item->what;

	for (size_t i = 0; i < count; i++) {
		uint32_t number = item[i].what;

		if (calls[number].invoked >= latest) {
			latest = calls[number].invoked;
			of = number;
		}
		if (calls[number].returned < latest) {
			uint32_t all[] = {number + 1, of + 1, shown_by(growth, number),
					  shown_by(growth, of)};

			convict(growth, all, 4);
			return false;
		}
		item[i].by = moment[number] = latest;
	}
	return true;
}

/* Adds of what is there already: at any time from then on. False: one was over before. */
static bool add_again(struct growth *growth, struct sortable *item, size_t *count,
		      const uint32_t *moment)
{
	const struct object *object = growth->object;

	for (uint32_t i = 0; i < object->count; i++) {
		const struct call *call = &object->calls[i];

		if (growth->stages[i] || !call_returned(call))
			continue;
		const struct element *element = &growth->elements[number_known(
			&growth->numbers, told_of(growth, i)->value)];
		uint32_t first = element->added - 1;

		if (first == i || !element->stage)
			continue;
		uint32_t at = moment[first] > call->invoked ? moment[first] : call->invoked;

		if (at > call->returned)
			return false;
		item[(*count)++] = (struct sortable){at, i};
	}
	return true;
}

void engine_inclusion(struct room *room, const struct object *object, struct opinion *opinion)
{
	struct growth growth = {.room = room, .object = object, .opinion = opinion};
	size_t count;

	if (object->model != &model_set || object->is_register)
		return;
	numbering_begin(&growth.numbers, room);
	if (!enter_adds(&growth))
		return;
	opinion->engine = ENGINE_INCLUSION;
	if (!enter_reads(&growth))
		return;
	struct sortable *item = in_stages(&growth, &count);
	uint32_t *moment = room_take(room, object->count, sizeof(uint32_t));

	if (!in_time(&growth, item, count, moment))
		return;
	if (!add_again(&growth, item, &count, moment)) {
		opinion->legality = ILLEGAL;
		return;
	}
	item = sorted(room, item, count);
	opinion->calls = room_take(room, count, sizeof(uint32_t));
	for (size_t i = 0; i < count; i++)
		opinion->calls[i] = item[i].what;
	opinion->count = count;
	opinion->legality = LEGAL;
}
