/*
 * Simulated objects and clients that are always busy: each begins its next operation where the last
 * one returned. An operation takes effect at a moment between, on a plain object of its own kind
 * written here, so that the answers are right by construction; then some are made up.
 */
#include "tests/consistency/histories.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS_MAX = 256, HELD_MAX = 16 };
enum { ADD, REMOVE, INSERT, DELETE, CONTAINS, READ_ALL };

/* ---- Objects -------------------------------------------------------------------------------- */

/* Of a container: `held` is what is in it, a queue from `first` on. */
struct thing {
	uint64_t value, token;
	uint64_t *held;
	size_t first, count, room;
};

static void put_in(struct thing *thing, uint64_t element)
{
	if (thing->count == thing->room) {
		thing->room = thing->room ? 2 * thing->room : 16;
		thing->held = realloc(thing->held, thing->room * sizeof(uint64_t));
		assert(thing->held);
	}
	thing->held[thing->count++] = element;
}

static size_t where(const struct thing *thing, uint64_t element)
{
	size_t at = 0;

	while (at < thing->count && thing->held[at] != element)
		at++;
	return at;
}

struct making {
	const struct recipe *recipe;
	struct pcg32 *pcg;
	struct thing *things;
	struct made made;
	size_t element_count, element_room;
	uint64_t effects, fresh;
	bool *certain; /* by operation: it failed, and is left out */
};

static void tell_element(struct making *making, uint64_t element)
{
	if (making->element_count == making->element_room) {
		making->element_room = making->element_room ? 2 * making->element_room : 1024;
		making->made.elements = realloc(making->made.elements,
						making->element_room * sizeof(uint64_t));
		assert(making->made.elements);
	}
	making->made.elements[making->element_count++] = element;
}

static void tell_all(struct making *making, const struct thing *thing, struct told *told)
{
	told->result = making->element_count;
	told->value = thing->count;
	for (size_t i = 0; i < thing->count; i++)
		tell_element(making, thing->held[i]);
}

static void act_on_set(struct making *making, struct thing *thing, struct told *told)
{
	size_t at = where(thing, told->value);
	bool there = at < thing->count;

	if (told->operation == READ_ALL) {
		tell_all(making, thing, told);
		return;
	}
	told->matched = (told->operation == INSERT) != there;
	if ((told->operation == ADD || told->operation == INSERT) && !there)
		put_in(thing, told->value);
	if ((told->operation == REMOVE || told->operation == DELETE) && there)
		thing->held[at] = thing->held[--thing->count];
}

static void act_on_lock(struct thing *thing, struct told *told)
{
	bool acquires = told->operation == 0;

	told->matched = thing->value != acquires;
	if (told->matched)
		thing->value = acquires;
	if (told->matched && acquires)
		told->result = ++thing->token;
}

static void act_on_number(const struct model *model, struct thing *thing, struct told *told)
{
	enum { READ };
	bool kv = model == &model_kv,
	     cas = told->operation == (unsigned)(kv ? KV_CAS : REGISTER_CAS);

	told->result = thing->value;
	if (told->operation == READ)
		return;
	if (model == &model_counter) {
		thing->value += told->value;
		told->result = thing->value;
		return;
	}
	if (kv && told->operation == KV_APPEND) { /* strings are the model's own */
		thing->value = string_after(thing->value, told->value, told->expected);
		told->matched = true;
		return;
	}
	told->matched = !cas || thing->value == told->expected;
	if (told->matched)
		thing->value = kv && told->operation == KV_DELETE ? 0 : told->value;
}

static void act(struct making *making, struct told *told)
{
	const struct model *model = making->recipe->model;
	struct thing *thing = &making->things[told->key];

	if (model == &model_set) {
		act_on_set(making, thing, told);
	} else if (model == &model_queue) {
		if (told->operation == 0)
			put_in(thing, told->value);
		else if (thing->first < thing->count)
			told->result = thing->held[thing->first++];
	} else if (model == &model_mutex || model == &model_fenced_lock) {
		act_on_lock(thing, told);
	} else {
		act_on_number(model, thing, told);
	}
}

/* ---- Operations ----------------------------------------------------------------------------- */

static bool chance(struct making *making, unsigned percent)
{
	return percent && pcg32_below(making->pcg, 100) < percent;
}

static unsigned draw_operation(struct making *making)
{
	const unsigned *weights = making->recipe->weights;
	unsigned sum = 0, operation = 0;

	for (unsigned i = 0; i < 8; i++)
		sum += weights[i];
	for (unsigned at = pcg32_below(making->pcg, sum); at >= weights[operation]; operation++)
		at -= weights[operation];
	return operation;
}

/* Of a set where no element is put in twice, who does not add one asks for one of the last. */
static uint64_t draw_value(struct making *making, unsigned operation)
{
	unsigned values = making->recipe->values;
	uint64_t recent = making->fresh < 2 * making->recipe->clients ? making->fresh
								      : 2 * making->recipe->clients;

	if (values)
		return 1 + pcg32_below(making->pcg, values);
	if (making->recipe->model == &model_set && recent && operation != ADD &&
	    operation != INSERT)
		return making->fresh - pcg32_below(making->pcg, (uint32_t)recent);
	return ++making->fresh;
}

static struct told draw_told(struct making *making)
{
	const struct recipe *recipe = making->recipe;
	struct told told = {.operation = draw_operation(making),
			    .key = pcg32_below(making->pcg, recipe->keys)};

	if (recipe->model == &model_mutex || recipe->model == &model_fenced_lock)
		return told;
	told.value = draw_value(making, told.operation);
	if (recipe->model == &model_kv && told.operation == 2)
		told.value = 0;
	if (recipe->model == &model_kv && told.operation == 3)
		told.expected = string_shift(1);
	else if (!recipe->values) /* a cas worth trying */
		told.expected = making->things[told.key].value;
	else
		told.expected = pcg32_below(making->pcg, recipe->values + 1);
	return told;
}

/* All but one that was there; now and then with another one, which perhaps nobody added. */
static void lie_about_all(struct making *making, struct told *told)
{
	uint64_t from = told->result, count = told->value;
	uint64_t without = pcg32_below(making->pcg, (uint32_t)count + 1);
	uint64_t other = 1 + pcg32_below(making->pcg, making->recipe->values + 1);
	bool held = false;

	told->result = making->element_count;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t element = making->made.elements[from + i];

		held |= element == other;
		if (i != without)
			tell_element(making, element);
	}
	if (!held && chance(making, 30))
		tell_element(making, other);
	told->value = making->element_count - told->result;
}

/* An answer that may or may not be possible. */
static void lie(struct making *making, struct told *told)
{
	const struct recipe *recipe = making->recipe;
	unsigned values = recipe->values ? recipe->values : (unsigned)making->fresh + 1;

	if (recipe->model == &model_set && told->operation == READ_ALL)
		lie_about_all(making, told);
	else if (pcg32_below(making->pcg, 2))
		told->matched ^= 1;
	else
		told->result = pcg32_below(making->pcg, values + 1);
}

/* ---- Clients -------------------------------------------------------------------------------- */

struct client {
	struct told told; /* with its answer, once it took effect */
	uint32_t operation;
	bool busy, done;
};

static void begin(struct making *making, struct client *client, uint32_t process, uint32_t place)
{
	uint32_t number = (uint32_t)making->made.history.count++;

	*client = (struct client){.told = draw_told(making), .operation = number, .busy = true};
	making->made.operations[number] = (struct operation){.told = client->told,
							     .invoked = place,
							     .returned = NEVER_RETURNED,
							     .process = process,
							     .source = place};
}

static void take_effect(struct making *making, struct client *client)
{
	client->done = true;
	act(making, &client->told);
	if (making->recipe->witness)
		making->made.operations[client->operation].witness = ++making->effects;
}

static bool failed(const struct making *making, const struct told *told)
{
	const struct model *model = making->recipe->model;

	if (model == &model_mutex || model == &model_fenced_lock)
		return !told->matched;
	return model->operations[told->operation].act == ACT_CAS && !told->matched;
}

static void end(struct making *making, struct client *client, uint32_t place)
{
	struct operation *operation = &making->made.operations[client->operation];

	client->busy = false;
	if (making->recipe->hide_misses && failed(making, &client->told)) {
		making->certain[client->operation] = true;
		return;
	}
	if (chance(making, making->recipe->lies))
		lie(making, &client->told);
	operation->told = client->told;
	operation->told.answered = true;
	operation->returned = place;
}

static void leave_out_failed(struct making *making)
{
	size_t kept = 0;

	for (size_t i = 0; i < making->made.history.count; i++)
		if (!making->certain[i])
			making->made.operations[kept++] = making->made.operations[i];
	making->made.history.count = kept;
}

static void run_clients(struct making *making)
{
	const struct recipe *recipe = making->recipe;
	struct client client[CLIENTS_MAX] = {{.busy = false}};
	unsigned busy = 0;

	for (uint32_t place = 0; busy || making->made.history.count < recipe->operations;) {
		uint32_t who = pcg32_below(making->pcg, recipe->clients);
		struct client *one = &client[who];

		if (!one->busy && making->made.history.count < recipe->operations) {
			begin(making, one, who, place++);
			busy++;
		} else if (one->busy && !one->done) {
			if (chance(making, recipe->unknown)) { /* gives up; perhaps it happens */
				if (chance(making, 50))
					take_effect(making, one);
				one->busy = false;
				busy--;
			} else {
				take_effect(making, one);
			}
		} else if (one->busy) {
			end(making, one, place++);
			busy--;
			if (making->made.history.count < recipe->operations) {
				begin(making, one, who, place++);
				busy++;
			}
		}
	}
}

struct made make_history(const struct recipe *recipe, struct pcg32 *pcg)
{
	struct making making = {.recipe = recipe, .pcg = pcg};

	assert(recipe->clients <= CLIENTS_MAX);
	making.things = calloc(recipe->keys, sizeof(struct thing));
	making.made.operations = calloc(recipe->operations, sizeof(struct operation));
	making.certain = calloc(recipe->operations, sizeof(bool));
	assert(making.things && making.made.operations && making.certain);
	run_clients(&making);
	leave_out_failed(&making);
	making.made.history.operations = making.made.operations;
	making.made.history.elements = making.made.elements;
	for (unsigned i = 0; i < recipe->keys; i++)
		free(making.things[i].held);
	free(making.things);
	free(making.certain);
	return making.made;
}

void made_free(struct made *made)
{
	free(made->operations);
	free(made->elements);
}

/* ---- A wrong one ---------------------------------------------------------------------------- */

static bool swap_one(struct made *made, const struct model *model, struct pcg32 *pcg)
{
	size_t count = made->history.count;
	size_t i = count / 2 + pcg32_below(pcg, (uint32_t)(count - count / 2));
	struct operation *read = &made->operations[i];
	const struct operation *write = &made->operations[pcg32_below(pcg, (uint32_t)(i / 2 + 1))];

	if (model->operations[read->told.operation].act != ACT_READ ||
	    read->returned == NEVER_RETURNED ||
	    model->operations[write->told.operation].act != ACT_WRITE ||
	    write->returned >= read->invoked || write->told.key != read->told.key ||
	    write->told.value == read->told.result)
		return false;
	read->told.result = write->told.value;
	return true;
}

bool swap_reads(struct made *made, const struct model *model, unsigned times, struct pcg32 *pcg)
{
	for (unsigned attempt = 0; times && attempt < 100000; attempt++)
		times -= swap_one(made, model, pcg);
	return !times;
}

/* Those of the same operation and close to each other, so that it may be legal still. */
static bool swap_two(struct made *made, uint32_t reach, struct pcg32 *pcg)
{
	size_t count = made->history.count;
	size_t i = pcg32_below(pcg, (uint32_t)count);
	size_t j = i + 1 + pcg32_below(pcg, reach);
	struct told *one = &made->operations[i].told, *other = &made->operations[j % count].told;
	struct told before = *one;

	if (j >= count || one->operation != other->operation || !one->answered ||
	    !other->answered || (one->result == other->result && one->matched == other->matched))
		return false;
	one->result = other->result;
	one->matched = other->matched;
	other->result = before.result;
	other->matched = before.matched;
	if (made->elements) { /* a read of all: how many there are is of the answer, too */
		one->value = other->value;
		other->value = before.value;
	}
	return true;
}

void swap_answers(struct made *made, uint32_t reach, struct pcg32 *pcg)
{
	for (unsigned attempt = 0; attempt < 1000 && !swap_two(made, reach, pcg); attempt++)
		;
}

/* ---- The twin ------------------------------------------------------------------------------- */

struct held {
	uint64_t words[4];
	uint64_t list[HELD_MAX];
	unsigned count;
};

static bool twin_queue(struct held *held, const struct told *told)
{
	if (told->operation == 0) {
		held->list[held->count++] = told->value;
		return true;
	}
	uint64_t head = held->count ? held->list[0] : 0;

	if (held->count)
		memmove(held->list, held->list + 1, --held->count * sizeof(uint64_t));
	return !told->answered || told->result == head;
}

static bool twin_set(struct held *held, const struct history *history, const struct told *told)
{
	unsigned at = 0;

	if (told->operation == READ_ALL) {
		bool all = told->value == held->count;

		for (uint64_t i = 0; told->answered && i < told->value; i++) {
			for (at = 0; at < held->count; at++)
				if (held->list[at] == history->elements[told->result + i])
					break;
			all &= at < held->count;
		}
		return !told->answered || all;
	}
	while (at < held->count && held->list[at] != told->value)
		at++;
	bool there = at < held->count;
	bool adds = told->operation == ADD || told->operation == INSERT;

	if (adds && !there)
		held->list[held->count++] = told->value;
	if (!adds && there && told->operation != CONTAINS)
		held->list[at] = held->list[--held->count];
	if (told->operation == ADD || told->operation == REMOVE)
		return true;
	return !told->answered || told->matched == ((told->operation == INSERT) != there);
}

static bool twin_step(const struct model *model, struct held *held, const struct history *history,
		      const struct told *told)
{
	if (model == &model_queue)
		return twin_queue(held, told);
	if (model == &model_set)
		return twin_set(held, history, told);
	return model->step(held->words, told);
}

/* Objects do not mix: of one key at a time. */
static bool complete(const struct model *model, const struct history *history, uint64_t key,
		     uint64_t placed, struct held before)
{
	const struct operation *operation = history->operations;
	uint32_t earliest = NEVER_RETURNED;

	for (size_t i = 0; i < history->count; i++)
		if (operation[i].told.key == key && !(placed >> i & 1) &&
		    operation[i].returned < earliest)
			earliest = operation[i].returned;
	if (earliest == NEVER_RETURNED)
		return true;
	for (size_t i = 0; i < history->count; i++) {
		struct held held = before;

		if (operation[i].told.key != key || placed >> i & 1 ||
		    operation[i].invoked > earliest ||
		    !twin_step(model, &held, history, &operation[i].told))
			continue;
		if (complete(model, history, key, placed | (uint64_t)1 << i, held))
			return true;
	}
	return false;
}

bool twin_finds_order(const struct model *model, const struct history *history)
{
	for (size_t i = 0; i < history->count; i++)
		if (!complete(model, history, history->operations[i].told.key, 0,
			      (struct held){.count = 0}))
			return false;
	return true;
}
