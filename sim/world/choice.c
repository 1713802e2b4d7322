/*
 * The sources that a choice is asked of before the seed: overrides, a tape, an enumerator.
 *
 * A source stands outside the arena and counts what it was asked, so one run takes one, from its
 * beginning; what it counts goes back with the run when a snapshot is restored. Alternative 0 is
 * benign everywhere: a source that knows nothing to say of a choice can always say that.
 */
#include "sim/world/choice.h"

#include <assert.h>

const char *const choice_kind_names[CHOICE_KINDS] = {
	[CHOICE_NEXT] = "next",
	[CHOICE_LATENCY] = "latency",
	[CHOICE_LOSS] = "loss",
	[CHOICE_DUPLICATE] = "duplicate",
	[CHOICE_REORDER] = "reorder",
	[CHOICE_BREAK] = "break",
	[CHOICE_TIMER] = "timer",
	[CHOICE_RANDOM] = "random",
	[CHOICE_WRITE] = "write",
	[CHOICE_SYNC] = "sync",
	[CHOICE_DISK] = "disk",
	[CHOICE_SERVICE] = "service",
	[CHOICE_CLOCK] = "clock",
	[CHOICE_CRASH] = "crash",
	[CHOICE_SURVIVORS] = "survivors",
	[CHOICE_TORN] = "torn",
	[CHOICE_TARGET] = "target",
	[CHOICE_FAULT] = "fault",
	[CHOICE_ARRIVAL] = "arrival",
	[CHOICE_OPERATION] = "operation",
	[CHOICE_KEY] = "key",
	[CHOICE_VALUE] = "value",
	[CHOICE_SERVER] = "server",
	[CHOICE_BACKOFF] = "backoff",
	[CHOICE_CORE] = "core",
	[CHOICE_ROT] = "rot",
	[CHOICE_DROP] = "drop",
	[CHOICE_FLAKY] = "flaky",
	[CHOICE_CORRUPT] = "corrupt",
	[CHOICE_ALTER] = "alter",
	[CHOICE_FALSEHOOD] = "falsehood",
};

static_assert(CHOICE_KINDS <= 64, "a kind has six bits of an address, and one of a set of kinds");

/* ---- Overrides ------------------------------------------------------------------------------- */

static inline bool same_place(address_t a, address_t b)
{
	return a >> 32 == b >> 32;
}

/* Counts one more such choice where the anchor is reached. Is it the one that is meant? */
static bool override_meant(struct override *entry, const uint32_t *observed)
{
	if (observed[entry->anchor] < entry->anchor_count)
		return false;
	entry->seen++;
	return entry->seen == (uint32_t)entry->address;
}

/* All that stand at this place count on, also when one has spoken: the last in the list wins. */
static uint64_t overrides_ask(struct choice_source *source, address_t address, uint64_t bound)
{
	struct overrides *overrides = (struct overrides *)source;
	uint64_t said = CHOICE_LEFT_TO_SEED;

	for (size_t i = 0; i < overrides->count; i++) {
		struct override *entry = &overrides->list[i];

		if (same_place(entry->address, address) &&
		    override_meant(entry, overrides->observed))
			said = entry->value;
	}
	if (said != CHOICE_LEFT_TO_SEED && bound > 1 && said >= bound)
		return bound - 1;
	return said;
}

void overrides_init(struct overrides *overrides, struct override *list, size_t count,
		    const uint32_t *observed)
{
	*overrides = (struct overrides){
		{overrides_ask, list, count * sizeof(*list)}, list, count, observed};
	for (size_t i = 0; i < count; i++) {
		assert(list[i].anchor < OBSERVATION_COUNT);
		list[i].seen = 0;
	}
}

/* ---- Tape ------------------------------------------------------------------------------------ */

static uint8_t tape_byte(struct tape *tape)
{
	return tape->position < tape->size ? tape->bytes[tape->position++] : 0;
}

static uint64_t tape_duration(uint8_t byte)
{
	return byte ? fixed_exp2((uint64_t)byte << 29) : CHOICE_LEFT_TO_SEED;
}

static uint64_t tape_ask(struct choice_source *source, address_t address, uint64_t bound)
{
	struct tape *tape = (struct tape *)source;

	(void)address;
	if (bound == 0)
		return tape->claims_time ? tape_duration(tape_byte(tape)) : CHOICE_LEFT_TO_SEED;
	if (bound == 1)
		return 0;
	if (bound == 2)
		return tape_byte(tape) != 0;
	return tape_byte(tape) % bound;
}

void tape_init(struct tape *tape, const uint8_t *bytes, size_t size)
{
	*tape = (struct tape){.source = {tape_ask, &tape->position, sizeof(tape->position)},
			      .bytes = bytes,
			      .size = size};
}

/* ---- Enumerator ------------------------------------------------------------------------------ */

/* An odometer: `taken` is the path of this run, zero beyond the wheel that moved last. */
static uint64_t enumerator_ask(struct choice_source *source, address_t address, uint64_t bound)
{
	struct enumerator *enumerator = (struct enumerator *)source;

	if (bound == 0 || !(enumerator->kinds >> (address >> 58) & 1))
		return CHOICE_LEFT_TO_SEED;
	if (bound == 1)
		return 0;
	if (enumerator->depth == ENUMERATOR_DEPTH) {
		enumerator->beyond = true;
		return 0;
	}
	unsigned wheel = enumerator->depth++;

	assert(enumerator->taken[wheel] < bound);
	enumerator->bound[wheel] = (uint32_t)bound;
	return enumerator->taken[wheel];
}

void enumerator_init(struct enumerator *enumerator, uint64_t kinds)
{
	/* Its path outlives the run; how far along it the run has come does not. */
	*enumerator = (struct enumerator){
		.source = {enumerator_ask, &enumerator->depth, sizeof(enumerator->depth)},
		.kinds = kinds};
}

/* The last wheel that can still turn does; those after it, in the new branch, begin anew. */
bool enumerator_next(struct enumerator *enumerator)
{
	unsigned wheel = enumerator->depth;

	enumerator->depth = 0;
	while (wheel > 0) {
		wheel--;
		if (++enumerator->taken[wheel] < enumerator->bound[wheel])
			return true;
		enumerator->taken[wheel] = 0;
	}
	return false;
}
