/*
 * The states of objects that are not registers, each with a number: equal states have equal
 * numbers.
 *
 * A state is a few words. Of a model that has steps they are the model's own. Of a set that is read
 * as a whole they are bits, one an element. Of a queue they are the number of the state that lacks
 * its last element, and that element: putting in is one step, and what is left when the front is
 * taken is found once for each state and remembered.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/consistency/search.h"

enum { STATES_FIRST = 64 };

/* ---- Numbers of states ---------------------------------------------------------------------- */

static const uint64_t *words_of(const struct search *search, uint32_t state)
{
	return search->state_words + (size_t)state * search->state_width;
}

static uint32_t *place_of(const struct search *search, const uint64_t *words)
{
	size_t bytes = search->state_width * sizeof(uint64_t);
	size_t at = XXH3_64bits(words, bytes) & (search->state_places_room - 1);

	for (;; at = (at + 1) & (search->state_places_room - 1)) {
		uint32_t *place = &search->state_places[at];

		if (!*place || !memcmp(words_of(search, *place - 1), words, bytes))
			return place;
	}
}

static void more_states(struct search *search)
{
	uint32_t count = search->state_count, room_for = 2 * search->state_room;
	struct room *room = search->room;

	search->state_words = room_grown(room, search->state_words,
					 (size_t)count * search->state_width,
					 (size_t)room_for * search->state_width, sizeof(uint64_t));
	search->state_value = room_grown(room, search->state_value, count, room_for,
					 sizeof(uint32_t));
	search->state_rest = room_grown(room, search->state_rest, count, room_for,
					sizeof(uint32_t));
	search->state_room = room_for;
	search->state_places_room = 2 * room_for;
	search->state_places = room_zeroed(room, search->state_places_room, sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++)
		*place_of(search, words_of(search, i)) = i + 1;
}

static uint32_t number_words(struct search *search, const uint64_t *words)
{
	uint32_t *place = place_of(search, words);

	if (*place)
		return *place - 1;
	if (search->state_count == search->state_room) {
		more_states(search);
		place = place_of(search, words);
	}
	uint32_t number = search->state_count++;

	*place = number + 1;
	memcpy(search->state_words + (size_t)number * search->state_width, words,
	       search->state_width * sizeof(uint64_t));
	search->state_value[number] = search_value(search, words[0]);
	search->state_rest[number] = NO_NUMBER;
	return number;
}

static const struct told *told_of(const struct search *search, const struct call *call)
{
	return &search->object->history->operations[call->index].told;
}

/* ---- Queues --------------------------------------------------------------------------------- */

enum { BEFORE, LAST, QUEUE_WORDS }; /* the empty queue is number 0, and has no last */

static uint64_t front_of(const struct search *search, uint32_t state)
{
	while (words_of(search, state)[BEFORE])
		state = (uint32_t)words_of(search, state)[BEFORE];
	return words_of(search, state)[LAST];
}

static uint32_t put_in(struct search *search, uint32_t state, uint64_t element)
{
	return number_words(search, (uint64_t[QUEUE_WORDS]){state, element});
}

/* What is left without the front: of a longer queue, that of the shorter one and its last. */
static uint32_t rest_of(struct search *search, uint32_t state)
{
	struct room *room = search->room;
	uint32_t length = 0, at = state, count = 0;

	for (; search->state_rest[at] == NO_NUMBER && words_of(search, at)[BEFORE]; length++)
		at = (uint32_t)words_of(search, at)[BEFORE];
	uint32_t *longer = room_take(room, length + 1, sizeof(uint32_t));

	for (uint32_t up = state; up != at; up = (uint32_t)words_of(search, up)[BEFORE])
		longer[count++] = up;
	uint32_t rest = search->state_rest[at] == NO_NUMBER ? 0 : search->state_rest[at];

	search->state_rest[at] = rest;
	while (count) {
		uint32_t of = longer[--count];

		rest = put_in(search, rest, words_of(search, of)[LAST]);
		search->state_rest[of] = rest;
	}
	return rest;
}

static bool queue_step(struct search *search, uint32_t state, const struct call *call,
		       uint32_t *next)
{
	const struct told *told = told_of(search, call);

	if (told->operation == QUEUE_ENQUEUE) {
		*next = put_in(search, state, told->value);
		return true;
	}
	uint64_t front = state ? front_of(search, state) : 0;

	*next = state ? rest_of(search, state) : 0;
	return !call_returned(call) || told->result == front;
}

/* ---- Sets that are read as a whole ---------------------------------------------------------- */

static void number_elements(struct search *search)
{
	const struct object *object = search->object;

	numbering_begin(&search->elements, search->room);
	for (uint32_t i = 0; i < object->count; i++) {
		const struct told *told = told_of(search, &object->calls[i]);

		if (told->operation != SET_READ)
			number_of(&search->elements, told->value);
	}
	search->state_width = search->elements.count / 64 + 1;
	search->state_scratch = room_take(search->room, search->state_width, sizeof(uint64_t));
}

static bool holds_all(const struct search *search, const uint64_t *words, const struct told *told)
{
	uint64_t held = 0;

	for (uint32_t i = 0; i < search->state_width; i++)
		held += count_bits(words[i]);
	if (held != told->value)
		return false;
	for (uint64_t i = 0; i < told->value; i++) {
		uint64_t element = search->object->history->elements[told->result + i];
		uint32_t number = number_known(&search->elements, element);

		if (number == NO_NUMBER || !(words[number / 64] >> number % 64 & 1))
			return false;
	}
	return true;
}

static bool set_step(struct search *search, uint32_t state, const struct call *call, uint32_t *next)
{
	struct told told = *told_of(search, call);
	uint64_t *words = search->state_scratch;

	memcpy(words, words_of(search, state), search->state_width * sizeof(uint64_t));
	if (told.operation == SET_READ) {
		*next = state;
		return holds_all(search, words, &told);
	}
	uint32_t number = number_known(&search->elements, told.value);
	uint64_t *word = &words[number / 64], bit = (uint64_t)1 << number % 64;
	uint64_t there[STATE_WORDS] = {!!(*word & bit)};

	told.answered &= call_returned(call);
	if (!model_set.step(there, &told))
		return false;
	*word = there[0] ? *word | bit : *word & ~bit;
	*next = number_words(search, words);
	return true;
}

/* ---- The whole ------------------------------------------------------------------------------ */

void states_begin(struct search *search)
{
	const struct model *model = search->object->model;

	if (search->object->is_register)
		return;
	if (model == &model_set)
		number_elements(search);
	else if (model == &model_queue)
		search->state_width = QUEUE_WORDS;
	else
		search->state_width = (uint32_t)(model->state_size + 7) / 8;
	search->state_count = 0;
	search->state_room = STATES_FIRST / 2;
	more_states(search);
	number_words(search, room_zeroed(search->room, search->state_width, sizeof(uint64_t)));
}

bool states_step(struct search *search, uint32_t state, const struct call *call, uint32_t *next)
{
	const struct model *model = search->object->model;
	uint64_t words[STATE_WORDS] = {0};

	if (model == &model_queue)
		return queue_step(search, state, call, next);
	if (model == &model_set)
		return set_step(search, state, call, next);
	memcpy(words, words_of(search, state), search->state_width * sizeof(uint64_t));
	if (!step_call(search->object, words, call))
		return false;
	*next = number_words(search, words);
	return true;
}
