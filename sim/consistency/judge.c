/*
 * A history, object by object, each by the fastest engine that can tell: an order that somebody
 * knows, then what its values allow, then the search.
 */
#include "sim/consistency/engines.h"

#include <assert.h>

enum { MEMORY_DEFAULT = 1 << 30 };

static const char *const engine_names[ENGINES] = {
	[ENGINE_NONE] = "none",     [ENGINE_WITNESS] = "witness", [ENGINE_ZONES] = "zones",
	[ENGINE_CHAINS] = "chains", [ENGINE_QUEUE] = "queue",     [ENGINE_INCLUSION] = "inclusion",
	[ENGINE_SEARCH] = "search",
};

/* ---- One object ---------------------------------------------------------------------------- */

/* Each engine that may know, from the fastest to the one that always does. */
static void ask_engines(struct room *room, const struct object *object, uint64_t budget,
			struct opinion *opinion)
{
	if (!object->sketch) {
		if (object->witnessed)
			engine_witness(room, object, opinion);
		if (opinion->legality == UNDECIDED)
			engine_zones(room, object, opinion);
		if (opinion->legality == UNDECIDED)
			engine_queue(room, object, opinion);
		if (opinion->legality == UNDECIDED)
			engine_inclusion(room, object, opinion);
	}
	if (opinion->legality == UNDECIDED)
		engine_search(room, object, budget, opinion);
}

void judge_object(struct room *room, const struct object *object, uint64_t budget,
		  struct opinion *opinion)
{
	jmp_buf outer;

	memcpy(outer, room->spent, sizeof(outer));
	*opinion = (struct opinion){.legality = UNDECIDED};
	if (!setjmp(room->spent))
		ask_engines(room, object, budget, opinion);
	else
		opinion->legality = UNDECIDED;
	memcpy(room->spent, outer, sizeof(outer));
}

/* ---- All of them --------------------------------------------------------------------------- */

struct judging {
	struct room *room;
	const struct history *history;
	uint64_t budget;
	bool core;
	bool parts; /* objects are elements of sets */
	struct finding *finding;
	uint32_t *order;
	struct sortable *timed; /* the order, where objects are parts */
	uint32_t hardest;       /* enum engine */
};

/*
 * Elements of a set commute, so any way to merge their orders is an order of the set, if it agrees
 * with real time. Each call takes effect, at the earliest, when all that stand before it in its own
 * order have been invoked; by these moments orders can be merged (Herlihy and Wing, Theorem 1).
 */
static void append_timed(struct judging *judging, const struct object *object,
			 const struct opinion *opinion, struct numbering *keys)
{
	uint64_t key = number_of(keys, object->key);
	uint32_t latest = 0;

	for (size_t i = 0; i < opinion->count; i++) {
		uint32_t index = object->calls[opinion->calls[i]].index;
		uint32_t invoked = judging->history->operations[index].invoked;

		latest = latest < invoked ? invoked : latest;
		judging->timed[judging->finding->order_count++] = (struct sortable){
			key << 32 | latest, index};
	}
}

static void append_order(struct judging *judging, const struct object *object,
			 const struct opinion *opinion)
{
	for (size_t i = 0; i < opinion->count; i++)
		judging->order[judging->finding->order_count++] =
			object->calls[opinion->calls[i]].index;
}

static void finish_order(struct judging *judging)
{
	struct finding *finding = judging->finding;

	if (judging->parts) {
		judging->timed = sorted(judging->room, judging->timed, finding->order_count);
		for (size_t i = 0; i < finding->order_count; i++)
			judging->order[i] = judging->timed[i].what;
	}
	finding->order = judging->order;
}

/* A convicted object outweighs one in doubt, and that all that are legal. */
static void conclude(struct judging *judging, const struct object *object,
		     const struct opinion *opinion)
{
	struct finding *finding = judging->finding;

	finding->configurations += opinion->configurations;
	if (opinion->legality == ILLEGAL ||
	    (finding->legality != ILLEGAL && opinion->engine > judging->hardest))
		judging->hardest = opinion->engine;
	if (opinion->legality == LEGAL || finding->legality == ILLEGAL ||
	    finding->legality == opinion->legality)
		return;
	finding->legality = opinion->legality;
	finding->key = object->key;
	if (opinion->legality == UNDECIDED) {
		finding->reached = opinion->reached;
		finding->returns = object->returns;
		finding->limit = judging->room->limit;
	}
}

/* False: too little memory. Then there is a verdict, but nothing more. */
static bool explain(struct judging *judging, const struct object *object,
		    const struct opinion *opinion)
{
	struct finding *finding = judging->finding, before = *finding;
	struct opinion first = *opinion;
	jmp_buf outer;

	memcpy(outer, judging->room->spent, sizeof(outer));
	finding->core_count = 0;
	if (!setjmp(judging->room->spent)) {
		uint32_t call = find_earliest(judging->room, object, judging->budget, &first);

		finding->accused = object->calls[call].index;
		finding->key = object->key;
		find_core(judging->room, object, judging->budget, &first, call, finding);
	}
	memcpy(judging->room->spent, outer, sizeof(outer));
	if (finding->core_count)
		return true;
	*finding = before;
	return false;
}

/* Of an object, what happened before another one became illegal. */
static struct object cut(struct judging *judging, const struct object *object)
{
	const struct operation *accused = &judging->history->operations[judging->finding->accused];
	struct object before;
	uint32_t *numbers;

	object_prefix(judging->room, object, events_before(object, accused->returned), &before,
		      &numbers);
	return before;
}

static void append(struct judging *judging, const struct object *object,
		   const struct opinion *opinion, struct numbering *keys)
{
	if (judging->parts)
		append_timed(judging, object, opinion, keys);
	else
		append_order(judging, object, opinion);
}

/* Once one object is convicted, only what became illegal before it is of interest. */
static void judge_objects(struct judging *judging, const struct objects *objects)
{
	struct finding *finding = judging->finding;
	bool explained = true;
	struct numbering keys;

	if (judging->parts)
		numbering_begin(&keys, judging->room);
	for (size_t i = 0; i < objects->count && judging->parts; i++)
		number_of(&keys, objects->object[i].key); /* now, for it stays in the room */
	for (size_t i = 0; i < objects->count && explained; i++) {
		struct room_mark mark = room_marked(judging->room);
		struct object object = objects->object[i];
		struct opinion opinion;

		if (finding->legality == ILLEGAL)
			object = cut(judging, &objects->object[i]);
		judge_object(judging->room, &object, judging->budget, &opinion);
		conclude(judging, &object, &opinion);
		if (opinion.legality == ILLEGAL) {
			explained = judging->core && explain(judging, &object, &opinion);
			continue; /* the core stays in the room */
		}
		if (finding->legality != ILLEGAL)
			append(judging, &object, &opinion, &keys);
		room_release(judging->room, mark);
	}
	finding->engine = engine_names[judging->hardest];
	finding->by_witness = finding->legality == LEGAL && judging->hardest <= ENGINE_WITNESS;
}

/*
 * The order that somebody knows of everything: if it holds, nothing else need be asked. Runs are
 * judged by it, thousands a second.
 */
static bool holds_by_witness(struct judging *judging, const struct model *model)
{
	const struct history *history = judging->history;
	struct sortable *item = room_take(judging->room, history->count, sizeof(*item));
	struct numbering keys;
	size_t count = 0;

	for (uint32_t i = 0; i < history->count; i++)
		if (history->operations[i].witness)
			item[count++] = (struct sortable){history->operations[i].witness, i};
		else if (history->operations[i].returned != NEVER_RETURNED)
			return false;
	if (!count)
		return false;
	item = sorted(judging->room, item, count);
	uint32_t *key = room_take(judging->room, count, sizeof(*key));
	uint32_t *next = room_zeroed(judging->room, count + 1, sizeof(*next));

	numbering_begin(&keys, judging->room);
	for (size_t i = 0; i < count; i++) {
		key[i] = number_of(&keys, history->operations[item[i].what].told.key);
		next[key[i] + 1]++;
	}
	for (size_t i = 0; i < keys.count; i++)
		next[i + 1] += next[i];
	for (size_t i = 0; i < count; i++) /* object by object */
		judging->order[next[key[i]]++] = item[i].what;
	judging->finding->objects = keys.count;
	judging->finding->operations = judging->finding->order_count = count;
	return replay(judging->room, model, history, judging->order, count);
}

/* The same, with the room as it was where it does not. */
static bool judge_by_witness(struct judging *judging, const struct model *model)
{
	struct room_mark mark = room_marked(judging->room);
	struct finding *finding = judging->finding;

	if (holds_by_witness(judging, model)) {
		finding->order = judging->order;
		finding->engine = engine_names[ENGINE_WITNESS];
		return finding->by_witness = true;
	}
	finding->objects = finding->operations = finding->order_count = 0;
	room_release(judging->room, mark);
	return false;
}

static void judge_history(struct judging *judging, const struct model *model)
{
	const struct history *history = judging->history;
	struct finding *finding = judging->finding;
	struct objects objects;

	judging->order = room_take(judging->room, history->count, sizeof(uint32_t));
	if (judge_by_witness(judging, model))
		return;
	judging->parts = model == &model_set;
	if (judging->parts)
		judging->timed = room_take(judging->room, history->count, sizeof(struct sortable));
	split(judging->room, model, history, NULL, &objects);
	for (size_t i = 0; i < objects.count; i++)
		finding->operations += objects.object[i].count;
	finding->objects = objects.count;
	judge_objects(judging, &objects);
	if (finding->legality != LEGAL)
		return;
	finish_order(judging);
	bool holds = replay(judging->room, model, history, finding->order, finding->order_count);

	assert(holds);
	(void)holds;
}

void judge(struct room *room, const struct model *model, const struct history *history,
	   const struct judge_limits *limits, struct finding *finding)
{
	struct judging judging = {
		.room = room, .history = history, .finding = finding, .core = limits->core};

	room_release(room, (struct room_mark){0, 0});
	room->limit = NULL;
	room->patience = UINT64_MAX;
	room->budget = limits->memory ? limits->memory : MEMORY_DEFAULT;
	judging.budget = limits->configurations ? limits->configurations : UINT64_MAX;
	*finding = (struct finding){.legality = LEGAL, .engine = engine_names[ENGINE_NONE]};
	if (!setjmp(room->spent)) {
		judge_history(&judging, model);
		return;
	}
	finding->legality = UNDECIDED;
	finding->limit = room->limit;
}
