/*
 * Every accident is a choice, and every choice has an address.
 *
 * The address is (kind, place, message or timer type, ordinal within these). Hashed with the run's
 * seed it starts a short PCG32, so that a choice is a pure function of its address: the absence of
 * one fault never shifts another's draws, and taking one thing away does not reshuffle the rest.
 *
 * A choice comes from the seed, or from a source that is asked first: overrides ("drop the 3rd
 * AppendEntries from n1 to n2 after the second election"), a byte tape (a fuzzer's input), or an
 * enumerator (every alternative in turn). Alternative 0 is always the benign one.
 */
#ifndef SIM_WORLD_CHOICE_H
#define SIM_WORLD_CHOICE_H

#include "sim/world/distribution.h"

/* What is chosen. Those marked (time) are durations; they stay with the seed unless a source says
 * otherwise. */
enum choice_kind {
	CHOICE_NEXT,      /* which pending event happens next: 0 is the earliest */
	CHOICE_LATENCY,   /* (time) of a message on its link */
	CHOICE_LOSS,      /* is this message lost? */
	CHOICE_DUPLICATE, /* does it arrive twice? */
	CHOICE_REORDER,   /* is it held back? */
	CHOICE_BREAK,     /* how many messages in flight a broken connection loses */
	CHOICE_TIMER,     /* (time) */
	CHOICE_RANDOM,    /* env_random */
	CHOICE_WRITE,     /* (time) of a disk write */
	CHOICE_SYNC,      /* (time) of a disk sync */
	CHOICE_DISK,      /* does this sync fail? */
	CHOICE_SERVICE,   /* (time) that a message takes its process */
	CHOICE_CLOCK,     /* (time) a clock's first offset, and its drift */
	CHOICE_CRASH,     /* before which effect of which handler a crash falls */
	CHOICE_SURVIVORS, /* how many unsynced writes survive a crash */
	CHOICE_TORN,      /* is the first write that does not survive torn? */
	CHOICE_TARGET,    /* whom a fault hits */
	CHOICE_FAULT,     /* what a nemesis does, when and for how long */
	CHOICE_ARRIVAL,   /* (time) between two operations */
	CHOICE_OPERATION, /* which operation a client begins */
	CHOICE_KEY,       /* on which key */
	CHOICE_VALUE,     /* which value it expects */
	CHOICE_SERVER,    /* whom a client asks */
	CHOICE_BACKOFF,   /* (time) before it asks again */
	CHOICE_CORE,      /* which quorum a heal mends */
	CHOICE_ROT,       /* what on a disk rots */
	CHOICE_DROP,      /* does a fault that names its type take this message? */
	CHOICE_FLAKY,     /* is a flaky link out, this stretch of time? */
	CHOICE_CORRUPT,   /* does a message arrive so that its checksum discards it? */
	CHOICE_ALTER,     /* or so that nobody notices? */
	CHOICE_FALSEHOOD, /* and what of it is false then */
	CHOICE_KINDS
};
extern const char *const choice_kind_names[CHOICE_KINDS];

typedef uint64_t address_t;
/* Places are endpoints (world.h) or whatever else numbers the kind, below 1024; types below 64. */
static inline address_t choice_address(enum choice_kind kind, unsigned from, unsigned to,
				       unsigned type, uint32_t ordinal)
{
	return (address_t)kind << 58 | (address_t)from << 48 | (address_t)to << 38 |
	       (address_t)type << 32 | ordinal;
}

struct choice_source;
#define CHOICE_LEFT_TO_SEED UINT64_MAX
struct choices {
	uint64_t seed;
	struct choice_source *source; /* asked first; NULL: the seed decides all */
};
struct choice_source {
	/*
	 * An alternative below `bound`, or CHOICE_LEFT_TO_SEED. A bound of 0 asks for a duration.
	 * A bound of 1 asks about an accident that the scenario never has: only an override, which
	 * names this very choice, may bring it about, by any other value than 0.
	 */
	uint64_t (*ask)(struct choice_source *, address_t, uint64_t bound);
	void *counts; /* what asking changes: a snapshot keeps it, and going back brings it back */
	size_t counts_size;
};

static inline struct pcg32 choice_pcg(const struct choices *choices, address_t address)
{
	uint64_t x = address * 0x9E3779B97F4A7C15u + choices->seed;

	x = (x ^ x >> 32) * 0xD6E8FEB86659FD93u;
	x = (x ^ x >> 29) * 0xBF58476D1CE4E5B9u;
	return (struct pcg32){x ^ x >> 32, (uint64_t)PCG32_DEFAULT_STREAM << 1 | 1};
}

static inline bool choose_chance(const struct choices *choices, address_t address,
				 probability_t chance)
{
	if (unlikely(choices->source != NULL)) {
		uint64_t said = choices->source->ask(choices->source, address, chance ? 2 : 1);

		if (said != CHOICE_LEFT_TO_SEED)
			return said;
	}
	if (!chance)
		return false;
	struct pcg32 pcg = choice_pcg(choices, address);

	return pcg32_next(&pcg) < chance;
}

static inline uint32_t choose_below(const struct choices *choices, address_t address,
				    uint32_t bound)
{
	if (unlikely(choices->source != NULL) && bound > 1) {
		uint64_t said = choices->source->ask(choices->source, address, bound);

		if (said != CHOICE_LEFT_TO_SEED)
			return (uint32_t)said;
	}
	struct pcg32 pcg = choice_pcg(choices, address);

	return pcg32_below(&pcg, bound);
}

static inline nanoseconds choose_duration(const struct choices *choices, address_t address,
					  const struct distribution *distribution)
{
	if (unlikely(choices->source != NULL)) {
		uint64_t said = choices->source->ask(choices->source, address, 0);

		if (said != CHOICE_LEFT_TO_SEED)
			return (nanoseconds)said;
	}
	if (distribution->kind == CONSTANT)
		return distribution->a;
	struct pcg32 pcg = choice_pcg(choices, address);

	return distribution_draw(distribution, &pcg);
}

/* ---- Sources --------------------------------------------------------------------------------- */

/*
 * "The nth choice of this kind at this place, counted from the anchor, is `value`": an alternative
 * (the last one, where there are fewer) or a duration.
 */
struct override {
	address_t address;     /* its ordinal is n, from 1 */
	unsigned anchor;       /* counted from the anchor_count-th such observation on ... */
	uint32_t anchor_count; /* ... or, where that is 0, from the start of the run */
	uint64_t value;
	uint32_t seen; /* such choices since the anchor: the source's own */
};
struct overrides {
	struct choice_source source;
	struct override *list;
	size_t count;
	const uint32_t
		*observed; /* per observation kind: how many there were; the world's counters */
};
void overrides_init(struct overrides *, struct override *, size_t count, const uint32_t *observed);

/*
 * One byte a choice; 0, and an exhausted tape, mean the benign alternative. Durations stay with the
 * seed, unless the tape claims them: then 0 (and an exhausted tape) still leaves one to the seed,
 * and a byte b says 2^(b/8) ns, a scale from 1 ns to 4 s.
 */
struct tape {
	struct choice_source source;
	const uint8_t *bytes;
	size_t size, position;
	bool claims_time; /* false, until the caller sets it */
};
void tape_init(struct tape *, const uint8_t *bytes, size_t size);

/*
 * Every path through the first ENUMERATOR_DEPTH choices of some kinds, depth first; those beyond
 * are benign. Durations stay with the seed. One run a path: enumerator_next between two runs.
 */
enum { ENUMERATOR_DEPTH = 64 };
struct enumerator {
	struct choice_source source;
	uint32_t taken[ENUMERATOR_DEPTH], bound[ENUMERATOR_DEPTH];
	unsigned depth; /* choices made in this run */
	uint64_t kinds; /* set of choice kinds that it claims, one bit a kind: 1 << CHOICE_LOSS */
	bool beyond;    /* a run needed more than ENUMERATOR_DEPTH */
};
void enumerator_init(struct enumerator *, uint64_t kinds);
bool enumerator_next(struct enumerator *); /* moves to the next path; false: all were taken */

#endif
