/*
 * What makes an object's history illegal: few operations that no order explains, even if of every
 * other one the return is forgotten, so that it may have happened or not.
 *
 * The fewer operations count, the more is legal. So whatever can be left out is, half of them at
 * once, then quarters, down to each alone: what was needed among more is needed among fewer, and
 * one pass over single ones makes the core minimal. An engine's own suspects come first; that they
 * suffice is checked, not believed. Where an engine has none, tail.c and tally.c may find some.
 */
#include "sim/consistency/engines.h"

#include <assert.h>

/* Spent on leaving out, in calls and words looked at. Then what is left is the core. The more is
 * unknown, the wider is the search: so one question may cost twice as much as the whole did, and
 * some, lest the first one is the last. */
enum { PATIENCE = 50 * 1000 * 1000, QUESTION_FREE = 100 * 1000 };

struct core {
	struct room *room;
	const struct object *object;
	uint64_t budget, work, patience; /* configurations; done; to be done at most */
	uint64_t question;               /* likewise, for one of them */
	/* The part of the object's history that can matter, and each one's call. */
	struct history history;
	struct operation *operations;
	uint32_t *call_of;
	uint64_t *known;    /* set of the history's operations */
	uint32_t *suspects; /* calls */
	size_t suspect_count;
	const bool *needed; /* by call: was it seen that it must stay? NULL: of none */
	uint32_t *members;  /* operations of the history: those known */
	size_t member_count;
};

/* ---- Who matters ---------------------------------------------------------------------------- */

/*
 * Of a register: values that a suspect saw or found, and those that a cas may have made them of. A
 * call whose return is forgotten may have done what it is known not to have: so `loose` calls
 * count.
 */
struct relevance {
	struct numbering values;
	struct call *loose;
	uint32_t *makers; /* by value: a list of calls that make it, plus 1 */
	uint32_t *link;   /* by call */
	bool *wanted;     /* by value */
	uint32_t *stack, depth;
};

static void want(struct relevance *relevance, uint64_t value)
{
	uint32_t number = number_known(&relevance->values, value);

	if (number == NO_NUMBER || relevance->wanted[number])
		return;
	relevance->wanted[number] = true;
	relevance->stack[relevance->depth++] = number;
}

static void list_makers(struct core *core, struct relevance *relevance)
{
	const struct object *object = core->object;

	numbering_begin(&relevance->values, core->room);
	relevance->loose = room_take(core->room, object->count, sizeof(struct call));
	relevance->makers = room_zeroed(core->room, object->count, sizeof(uint32_t));
	relevance->link = room_zeroed(core->room, object->count, sizeof(uint32_t));
	relevance->wanted = room_zeroed(core->room, object->count, sizeof(bool));
	relevance->stack = room_take(core->room, object->count, sizeof(uint32_t));
	for (uint32_t i = 0; i < object->count; i++) {
		if (!loosened(object, &object->calls[i], &relevance->loose[i]))
			continue;
		uint32_t number = number_of(&relevance->values, relevance->loose[i].value);

		relevance->link[i] = relevance->makers[number];
		relevance->makers[number] = i + 1;
	}
}

/* Marks the calls that make a value that matters. False: all matter, for somebody found something
 * else than he expected. */
static bool mark_makers(struct core *core, bool *matters)
{
	const struct call *calls = core->object->calls;
	struct relevance relevance = {.depth = 0};

	list_makers(core, &relevance);
	for (size_t i = 0; i < core->suspect_count; i++) {
		const struct call *call = &calls[core->suspects[i]];

		if (call->kind == CALL_MISS)
			return false;
		if (call->kind != CALL_WRITE)
			want(&relevance, call->kind == CALL_READ ? call->value : call->expected);
	}
	while (relevance.depth) {
		uint32_t number = relevance.stack[--relevance.depth];

		for (uint32_t at = relevance.makers[number]; at; at = relevance.link[at - 1]) {
			matters[at - 1] = true;
			if (relevance.loose[at - 1].kind == CALL_CAS)
				want(&relevance, relevance.loose[at - 1].expected);
		}
	}
	return true;
}

static void set_known(struct core *core, size_t from, size_t to, bool known)
{
	for (size_t i = from; i < to; i++) {
		uint64_t bit = (uint64_t)1 << core->members[i] % 64;
		uint64_t *word = &core->known[core->members[i] / 64];

		*word = known ? *word | bit : *word & ~bit;
	}
}

/* The suspects, and whatever else may have happened before they were over. */
static void take_history(struct core *core)
{
	const struct object *object = core->object;
	bool *suspect = room_zeroed(core->room, object->count, sizeof(bool));
	bool *matters = room_zeroed(core->room, object->count, sizeof(bool));
	uint32_t end = 0;
	size_t count = 0;

	for (size_t i = 0; i < core->suspect_count; i++) {
		const struct call *call = &object->calls[core->suspects[i]];

		suspect[core->suspects[i]] = call_returned(call);
		if (call_returned(call) && call->returned > end)
			end = call->returned;
	}
	if (!object->is_register || !mark_makers(core, matters))
		memset(matters, true, object->count);
	core->operations = room_take(core->room, object->count, sizeof(struct operation));
	core->call_of = room_take(core->room, object->count, sizeof(uint32_t));
	core->known = room_zeroed(core->room, object->count / 64 + 1, sizeof(uint64_t));
	core->members = room_take(core->room, object->count, sizeof(uint32_t));
	core->member_count = 0;
	for (uint32_t i = 0; i < object->count; i++) {
		const struct call *call = &object->calls[i];
		struct call loose;

		if (!suspect[i] &&
		    (!matters[i] || call->invoked > end || !loosened(object, call, &loose)))
			continue;
		core->operations[count] = object->history->operations[call->index];
		core->operations[count].invoked = call->invoked;
		core->operations[count].returned = call->returned;
		core->operations[count].witness = 0;
		core->call_of[count] = i;
		if (suspect[i])
			core->members[core->member_count++] = (uint32_t)count;
		count++;
	}
	core->history = (struct history){core->operations, count, object->history->elements};
	set_known(core, 0, core->member_count, true);
}

/* ---- Leaving out ---------------------------------------------------------------------------- */

/* Fewer known reads may split a set into more objects: all of them count. */
static enum legality judge_known(struct core *core)
{
	struct room_mark mark = room_marked(core->room);
	enum legality legality = LEGAL;
	struct objects objects;

	split(core->room, core->object->model, &core->history, core->known, &objects);
	for (size_t i = 0; i < objects.count && legality != ILLEGAL; i++) {
		struct opinion opinion;

		core->room->patience = core->patience - core->work;
		if (core->room->patience > core->question)
			core->room->patience = core->question;
		judge_object(core->room, &objects.object[i], core->budget, &opinion);
		core->work += opinion.work < core->room->patience ? opinion.work
								  : core->room->patience;
		if (opinion.legality != LEGAL)
			legality = opinion.legality;
	}
	core->work += core->history.count < core->patience - core->work
			      ? core->history.count
			      : core->patience - core->work;
	room_release(core->room, mark);
	return legality;
}

/* One pass over the members in pieces of this size. False: the budget is spent. */
static bool leave_out(struct core *core, size_t piece, bool *sure)
{
	size_t kept = 0;

	for (size_t from = 0; from < core->member_count; from += piece) {
		size_t to = from + piece < core->member_count ? from + piece : core->member_count;

		if (core->needed && core->needed[core->call_of[core->members[from]]]) {
			core->members[kept++] = core->members[from];
			continue;
		}
		if (core->work >= core->patience) {
			memmove(core->members + kept, core->members + from,
				(core->member_count - from) * sizeof(uint32_t));
			core->member_count -= from - kept;
			return false;
		}
		set_known(core, from, to, false);
		enum legality legality = judge_known(core);

		*sure &= legality != UNDECIDED;
		if (legality == ILLEGAL)
			continue;
		set_known(core, from, to, true);
		memmove(core->members + kept, core->members + from, (to - from) * sizeof(uint32_t));
		kept += to - from;
	}
	core->member_count = kept;
	return true;
}

/*
 * Alike stand together: where few values are written again and again, all writes of one that nobody
 * read in time matter, or none does; likewise the reads of one. Who made what the accused saw is
 * left out last, for it makes the core easy to understand.
 */
static void line_up(struct core *core, uint32_t accused)
{
	const struct call *calls = core->object->calls;
	struct room_mark mark = room_marked(core->room);
	struct sortable *item = room_take(core->room, core->member_count, sizeof(*item));
	uint64_t seen;
	bool sees = call_sees(&calls[accused], &seen);

	for (size_t i = 0; i < core->member_count; i++) {
		const struct call *call = &calls[core->call_of[core->members[i]]];
		uint64_t makes = sees && call_makes(call, seen);

		item[i] = (struct sortable){makes << 63 | (call->value << 3 | call->kind) << 1 >> 1,
					    core->members[i]};
	}
	item = sorted(core->room, item, core->member_count);
	for (size_t i = 0; i < core->member_count; i++)
		core->members[i] = item[i].what;
	room_release(core->room, mark);
}

/* Returns whether the core is minimal for sure. */
static bool minimize(struct core *core)
{
	size_t piece = 1;
	bool sure = true;

	while (!core->needed && piece < core->member_count / 2)
		piece *= 2;
	for (; piece > 1; piece /= 2)
		if (!leave_out(core, piece, &sure))
			return false;
	sure = true;
	return leave_out(core, 1, &sure) && sure;
}

/* ---- The whole ------------------------------------------------------------------------------ */

/* Are the suspects illegal on their own? */
static bool suffice(struct core *core)
{
	take_history(core);
	return judge_known(core) == ILLEGAL;
}

/* All that had returned when the history became illegal. */
static void suspect_all(struct core *core, uint32_t before)
{
	const struct object *object = core->object;

	core->suspects = room_take(core->room, before + 1, sizeof(uint32_t));
	core->suspect_count = 0;
	for (uint32_t i = 0; core->suspect_count <= before; i++)
		if (object->events[i] & 1)
			core->suspects[core->suspect_count++] = object->events[i] >> 1;
}

/* Where an engine suspects nobody. That they suffice has been seen. */
static bool suspect_some(struct core *core, uint32_t accused)
{
	const struct object *object = core->object;
	bool *known = room_zeroed(core->room, object->count, sizeof(bool));
	bool *needed = room_zeroed(core->room, object->count, sizeof(bool));

	if (!find_late_core(core->room, object, core->budget, accused, PATIENCE, known, needed) &&
	    !find_tally_core(core->room, object, accused, known, needed))
		return false;
	core->needed = needed;
	core->suspects = room_take(core->room, object->count, sizeof(uint32_t));
	for (uint32_t i = 0; i < object->count; i++)
		if (known[i])
			core->suspects[core->suspect_count++] = i;
	take_history(core);
	return true;
}

/* By invocation. */
static void give(struct core *core, struct finding *finding)
{
	struct sortable *item = room_take(core->room, core->member_count, sizeof(*item));
	uint32_t *indexes = room_take(core->room, core->member_count, sizeof(uint32_t));

	for (size_t i = 0; i < core->member_count; i++) {
		const struct call *call = &core->object->calls[core->call_of[core->members[i]]];

		item[i] = (struct sortable){call->invoked, call->index};
	}
	item = sorted(core->room, item, core->member_count);
	for (size_t i = 0; i < core->member_count; i++)
		indexes[i] = item[i].what;
	finding->core = indexes;
	finding->core_count = core->member_count;
}

void find_core(struct room *room, const struct object *object, uint64_t budget,
	       const struct opinion *opinion, uint32_t accused, struct finding *finding)
{
	struct core core = {.room = room,
			    .object = object,
			    .budget = budget,
			    .patience = PATIENCE,
			    .question = PATIENCE,
			    .suspects = opinion->calls,
			    .suspect_count = opinion->count};

	if (opinion->count || !suspect_some(&core, accused)) {
		if (!opinion->count || !suffice(&core)) {
			core.patience = core.question = UINT64_MAX; /* it was seen before */
			core.work = 0;
			suspect_all(&core, opinion->reached);
			if (!suffice(&core))
				return; /* too hard to see again in the memory that is left */
		}
		line_up(&core, accused);
		core.question = 2 * core.work + QUESTION_FREE;
		core.work = 0;
	}
	core.patience = PATIENCE;
	finding->core_minimal = minimize(&core);
	room->patience = UINT64_MAX;
	give(&core, finding);
}
