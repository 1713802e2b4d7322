/*
 * The search, for what no faster engine decides: all at once, event by event, through what an
 * object may be by now. It is Wing and Gong's (J. Parallel Distrib. Comput. 17, 1993) with Lowe's
 * just-in-time linearization (Testing for linearizability, Concurrency Computat. 29(4), 2017): an
 * operation takes effect only when a return demands it. A configuration is (events so far, open
 * calls that took effect, state); those of one prefix are kept together, in a frontier, and earlier
 * prefixes are forgotten. The history is illegal at the return that no configuration survives.
 *
 * Each call that is open has a slot, and each configuration two sets of slots:
 *   owed  must take effect before it returns, and has not;
 *   free  can still take effect where that helps.
 * Its invariant: what a configuration can become, it could become in a frontier that leaves nothing
 * out. What keeps frontiers small, and why nothing is lost:
 *
 * 1. A look (a read, a cas that found something else) takes effect as soon as the state fits it: it
 *    changes nothing, and is owed no more. It is never free.
 * 2. A write that another write follows at once leaves no trace. So a write need not be placed to
 * be done: when any write is placed, every other open one could have been placed just before it,
 *    and is owed no more; but it stays free, for it need not have been there. So to place a write
 *    can help even where it leaves the state as it is.
 * 3. Of calls that say the same, the one that returns first takes effect first: in an order where
 * it comes later the two can change places, for both were invoked and neither had returned.
 * 4. Of two configurations with the same state, one that owes no more and is as free, or freer, can
 *    do whatever the other can. The other is dropped.
 * 5. A write that nobody sees before the next write is the write of rule 2: it is not placed.
 *    Its last chance to be seen is its own return.
 * 6. Values that nobody reads or expects are one value. What has an unknown outcome and makes the
 *    value one that nobody looks for is left out, as long as nobody has to find something else.
 *
 * A frontier that grows is first cut to its most promising part. An order found there is an order;
 * where none is found, the search begins again with a wider one, until nothing has been cut.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/consistency/search.h"

enum { BEAM_FIRST = 64, BEAM_FACTOR = 16, EXPANSIONS_MAX = 4 };

/* ---- Before the search: values, classes, slots ----------------------------------------------- */

/* The numbers of the values that anybody looks for; 0 is the first one's, that of "nothing". */
static void number_values(struct search *search)
{
	const struct object *object = search->object;

	numbering_begin(&search->values, search->room);
	number_of(&search->values, 0);
	for (uint32_t i = 0; i < object->count; i++) {
		const struct call *call = &object->calls[i];

		if (call->kind == CALL_READ)
			number_of(&search->values, call->value);
		if (call->kind == CALL_MISS || call->kind == CALL_CAS)
			number_of(&search->values, call->expected);
		search->misses |= call->kind == CALL_MISS;
	}
	search->other = search->values.count;
}

uint32_t search_value(const struct search *search, uint64_t value)
{
	uint32_t number = number_known(&search->values, value);

	return number == NO_NUMBER ? search->other : number;
}

/* Calls of one class say the same. */
static uint64_t class_of(const struct search *search, const struct call *call,
			 const struct fate *fate)
{
	if (search->object->is_register)
		return (uint64_t)call->kind << 62 | (uint64_t)call->optional << 61 |
		       (uint64_t)fate->from << 30 | fate->to;
	struct told told = search->object->history->operations[call->index].told;
	uint64_t said[] = {told.operation, told.value, told.expected, 0, 0};

	if (call_returned(call)) {
		said[3] = told.result;
		said[4] = 1 + (uint64_t)told.matched;
	}
	return XXH3_64bits(said, sizeof(said));
}

/* Rule 6. */
static bool useless(const struct search *search, const struct call *call, const struct fate *fate)
{
	return search->object->is_register && !call_returned(call) && !search->misses &&
	       fate->to == search->other;
}

static void number_calls(struct search *search)
{
	const struct object *object = search->object;
	struct numbering classes;

	numbering_begin(&classes, search->room);
	search->fates = room_take(search->room, object->count, sizeof(struct fate));
	for (uint32_t i = 0; i < object->count; i++) {
		const struct call *call = &object->calls[i];
		struct fate *fate = &search->fates[i];

		*fate = (struct fate){.slot = NO_NUMBER};
		fate->to = search_value(search, call->value);
		if (call->kind == CALL_MISS || call->kind == CALL_CAS)
			fate->from = search_value(search, call->expected);
		fate->left_out = useless(search, call, fate);
		if (!call_looks(call) && !fate->left_out)
			fate->alike = number_of(&classes, class_of(search, call, fate));
	}
	search->seen = room_zeroed(search->room, classes.count + 1, sizeof(uint32_t));
}

/* As many slots as calls are ever open together. */
static void count_slots(struct search *search)
{
	const struct object *object = search->object;
	uint32_t open = 0, most = 1;

	for (uint32_t i = 0; i < object->event_count; i++) {
		uint32_t event = object->events[i];

		if (search->fates[event >> 1].left_out)
			continue;
		open += event & 1 ? -1u : 1;
		most = open > most ? open : most;
	}
	search->slots = most;
	search->width = (most + 63) / 64;
}

static void make_slots(struct search *search)
{
	size_t masks = search->other + 1;
	uint32_t width = search->width;

	search->call_at = room_take(search->room, search->slots, sizeof(uint32_t));
	memset(search->call_at, 0xff, search->slots * sizeof(uint32_t));
	search->ranked = room_take(search->room, search->slots, sizeof(uint32_t));
	search->ranked_count = 0;
	search->born = room_take(search->room, search->slots, sizeof(uint32_t));
	search->born_count = 0;
	search->readers = room_zeroed(search->room, masks * width, sizeof(uint64_t));
	search->missers = room_zeroed(search->room, masks * width, sizeof(uint64_t));
	search->open_misses = room_zeroed(search->room, width, sizeof(uint64_t));
	search->open_writes = room_zeroed(search->room, width, sizeof(uint64_t));
	search->born_looks = room_take(search->room, width, sizeof(uint64_t));
	search->born_owed = room_take(search->room, width, sizeof(uint64_t));
	search->born_free = room_take(search->room, width, sizeof(uint64_t));
}

/* ---- Calls that open and close -------------------------------------------------------------- */

static void flip(uint64_t *mask, uint32_t slot)
{
	mask[slot / 64] ^= (uint64_t)1 << slot % 64;
}

static bool has(const uint64_t *mask, uint32_t slot)
{
	return mask[slot / 64] >> slot % 64 & 1;
}

static uint64_t *mask_of(uint64_t *masks, uint32_t value, uint32_t width)
{
	return masks + (size_t)value * width;
}

/* Enters a call where those like it are looked up, or takes it out again. */
static void enter(struct search *search, uint32_t number)
{
	const struct call *call = &search->object->calls[number];
	const struct fate *fate = &search->fates[number];

	if (call->kind == CALL_READ)
		flip(mask_of(search->readers, fate->to, search->width), fate->slot);
	if (call->kind == CALL_MISS) {
		flip(mask_of(search->missers, fate->from, search->width), fate->slot);
		flip(search->open_misses, fate->slot);
	}
	if (call->kind == CALL_WRITE)
		flip(search->open_writes, fate->slot);
}

/* Among those that change something, by when they return. */
static void rank(struct search *search, uint32_t number)
{
	const struct call *calls = search->object->calls;
	uint32_t at = search->ranked_count++;

	for (; at && calls[search->ranked[at - 1]].returned > calls[number].returned; at--)
		search->ranked[at] = search->ranked[at - 1];
	search->ranked[at] = number;
}

static void unrank(struct search *search, uint32_t number)
{
	uint32_t at = 0;

	while (search->ranked[at] != number)
		at++;
	search->ranked_count--;
	memmove(search->ranked + at, search->ranked + at + 1,
		(search->ranked_count - at) * sizeof(uint32_t));
}

static void open_call(struct search *search, uint32_t number)
{
	struct fate *fate = &search->fates[number];

	if (fate->left_out)
		return;
	fate->slot = 0;
	while (search->call_at[fate->slot] != NO_NUMBER)
		fate->slot++;
	search->call_at[fate->slot] = number;
	search->born[search->born_count++] = number;
	enter(search, number);
	if (!call_looks(&search->object->calls[number]))
		rank(search, number);
}

static void close_call(struct search *search, uint32_t number)
{
	search->call_at[search->fates[number].slot] = NO_NUMBER;
	enter(search, number);
	if (!call_looks(&search->object->calls[number]))
		unrank(search, number);
}

/* What those invoked since the last return add to every configuration. */
static void gather_born(struct search *search)
{
	size_t bytes = search->width * sizeof(uint64_t);

	memset(search->born_looks, 0, bytes);
	memset(search->born_owed, 0, bytes);
	memset(search->born_free, 0, bytes);
	for (uint32_t i = 0; i < search->born_count; i++) {
		const struct call *call = &search->object->calls[search->born[i]];
		uint32_t slot = search->fates[search->born[i]].slot;

		if (call_looks(call)) {
			flip(search->born_looks, slot);
			continue;
		}
		flip(search->born_free, slot);
		if (call_returned(call) && !call->optional)
			flip(search->born_owed, slot);
	}
	search->born_count = 0;
}

/* ---- One configuration becomes another ------------------------------------------------------ */

static uint64_t fitting(const struct search *search, uint32_t value, uint32_t word)
{
	size_t at = (size_t)value * search->width + word;

	return search->readers[at] | (search->open_misses[word] & ~search->missers[at]);
}

/* Rule 1. Returns whether any look was served. */
static bool serve_looks(const struct search *search, uint64_t *configuration)
{
	uint32_t value = frontier_value(search, configuration);
	uint64_t *owed = owed_of(configuration), served = 0;

	for (uint32_t word = 0; word < search->width; word++) {
		uint64_t fits = owed[word] & fitting(search, value, word);

		owed[word] ^= fits;
		served |= fits;
	}
	return served;
}

/* False: it can't take effect here. */
static bool take_step(struct search *search, const uint64_t *from, uint32_t number, uint32_t *state)
{
	const struct call *call = &search->object->calls[number];
	const struct fate *fate = &search->fates[number];

	if (!search->object->is_register)
		return states_step(search, state_of(from), call, state);
	*state = fate->to;
	return call->kind == CALL_WRITE || state_of(from) == fate->from;
}

/*
 * Does a write that leaves the state as it is excuse another one (rule 2)? To place that one before
 * it would not do, for rule 5 lets no write follow at once. Where there are only looks and writes,
 * this one can wait until the other has returned: nothing in between needs it to have been there.
 */
static bool excuses(const struct search *search, uint64_t *from, const struct call *call)
{
	uint64_t excused = 0;

	for (uint32_t word = 0; word < search->width; word++)
		excused |= owed_of(from)[word] & search->open_writes[word];
	return excused && call->kind == CALL_WRITE && !search->only_writes;
}

/* Places a call, into the search's scratch configuration. False: that leads nowhere new. */
static bool place(struct search *search, const uint64_t *from, uint32_t number, bool *fresh)
{
	const struct call *call = &search->object->calls[number];
	uint64_t *to = search->scratch;
	uint32_t state, slot = search->fates[number].slot;

	if (!take_step(search, from, number, &state))
		return false;
	memcpy(to, from, search->stride * sizeof(uint64_t));
	if (state == state_of(from) && !call_returned(call) && !excuses(search, to, call))
		return false;
	to[0] = state;
	if (!call->endless)
		flip(free_of(search, to), slot);
	if (has(owed_of(to), slot))
		flip(owed_of(to), slot);
	if (call->kind == CALL_WRITE) /* rule 2 */
		for (uint32_t word = 0; word < search->width; word++)
			owed_of(to)[word] &= ~search->open_writes[word];
	*fresh = !serve_looks(search, to) && call->kind == CALL_WRITE;
	return true;
}

/* ---- One return ------------------------------------------------------------------------------ */

/*
 * What the scratch configuration is to the call in this slot, which returns. A write that rule 2
 * has excused may leave without a trace; but this is also its last chance to be seen.
 */
static void keep(struct search *search, uint32_t slot, uint32_t path, bool fresh)
{
	uint64_t *made = search->scratch;
	bool owed = has(owed_of(made), slot), placeable = has(free_of(search, made), slot);

	if (owed || (placeable && search->wanted)) {
		if (!fresh || !search->only_writes) /* else, rule 5: nothing could come between */
			frontier_add(search, made, path, fresh ? WORK_FRESH : WORK);
	}
	if (owed)
		return;
	if (placeable)
		flip(free_of(search, made), slot);
	frontier_add(search, made, path, KEPT);
}

static void expand(struct search *search, uint32_t from, uint32_t slot, uint32_t time)
{
	uint32_t stamp = ++search->stamp, path = search->next.paths[from];

	search_works(search, search->ranked_count);
	bool was_fresh = search->next.status[from] == WORK_FRESH;

	for (uint32_t i = 0; i < search->ranked_count; i++) {
		uint32_t number = search->ranked[i];
		const struct fate *fate = &search->fates[number];
		const uint64_t *configuration = frontier_at(search, &search->next, from);
		bool fresh;

		if (!has(free_of(search, configuration), fate->slot) ||
		    search->seen[fate->alike] == stamp)
			continue;
		search->seen[fate->alike] = stamp; /* rule 3 */
		if (was_fresh && search->object->calls[number].kind == CALL_WRITE)
			continue; /* rule 5 */
		if (!place(search, configuration, number, &fresh))
			continue;
		search_count(search);
		search_works(search, search->stride);
		keep(search, slot, path_after(search, path, number, time), fresh);
	}
}

static void process_return(struct search *search, uint32_t number, uint32_t time)
{
	uint32_t slot = search->fates[number].slot;

	search->wanted = !search->object->is_register || search->misses ||
			 search->fates[number].to != search->other;
	gather_born(search);
	frontier_begin(search);
	search_works(search, search->slots + search->now.count * search->stride);
	for (uint32_t i = 0; i < search->now.count; i++) {
		uint64_t *made = search->scratch;

		memcpy(made, frontier_at(search, &search->now, i),
		       search->stride * sizeof(uint64_t));
		for (uint32_t word = 0; word < search->width; word++) {
			owed_of(made)[word] |= search->born_owed[word] | search->born_looks[word];
			free_of(search, made)[word] |= search->born_free[word];
		}
		serve_looks(search, made);
		keep(search, slot, search->now.paths[i], false);
	}
	for (uint32_t i = 0, expanded = 0; i < search->next.count; i++) {
		if (search->next.status[i] > WORK)
			continue;
		if (expanded++ / EXPANSIONS_MAX >= search->beam) {
			search->was_cut = true;
			break;
		}
		expand(search, i, slot, time);
	}
	close_call(search, number);
	frontier_end(search);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void begin_pass(struct search *search, uint32_t beam)
{
	search->beam = beam;
	search->was_cut = false;
	search->only_writes = true;
	number_values(search);
	number_calls(search);
	for (uint32_t i = 0; i < search->object->count; i++)
		search->only_writes &= search->object->calls[i].kind <= CALL_WRITE;
	count_slots(search);
	make_slots(search);
	states_begin(search);
	paths_begin(search);
	frontiers_begin(search);
}

/* False: no configuration is left. */
static bool pass(struct search *search, struct opinion *opinion)
{
	const struct object *object = search->object;
	uint32_t returns = 0;

	for (uint32_t time = 0; time < object->event_count; time++) {
		uint32_t event = object->events[time];

		if (!(event & 1)) {
			open_call(search, event >> 1);
			continue;
		}
		process_return(search, event >> 1, time);
		if (!search->now.count)
			return false;
		opinion->reached = ++returns;
		paths_tidy(search);
	}
	if (!object->sketch)
		search_order(search, opinion);
	return true;
}

void engine_search(struct room *room, const struct object *object, uint64_t budget,
		   struct opinion *opinion)
{
	struct search search = {.room = room,
				.object = object,
				.budget = budget,
				.configurations = &opinion->configurations,
				.work = &opinion->work};
	struct room_mark mark = room_marked(room);

	opinion->engine = ENGINE_SEARCH;
	for (uint32_t beam = BEAM_FIRST;; beam *= BEAM_FACTOR) {
		begin_pass(&search, beam);
		if (pass(&search, opinion)) {
			opinion->legality = LEGAL;
			return;
		}
		if (!search.was_cut) {
			opinion->legality = ILLEGAL;
			return;
		}
		if (beam > UINT32_MAX / BEAM_FACTOR)
			beam = UINT32_MAX / BEAM_FACTOR;
		room_release(room, mark);
	}
}
