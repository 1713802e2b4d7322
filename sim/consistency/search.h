/*
 * The parts of the search: states (states.c), configurations and frontiers (frontier.c), and the
 * orders that led to them (paths.c). search.c says what it is about.
 */
#ifndef SIM_CONSISTENCY_SEARCH_H
#define SIM_CONSISTENCY_SEARCH_H

#include "sim/consistency/engines.h"

/* What the search knows of a call beforehand. */
struct fate {
	uint32_t slot;     /* while it is open */
	uint32_t from, to; /* numbers of values */
	uint32_t alike;    /* number of its class */
	bool left_out;
};

enum status { WORK_FRESH, WORK, KEPT, DROPPED };

/*
 * A configuration is 1 + 2 * width words: the state's number, owed, free. Paths lead back through
 * what took effect.
 */
struct frontier {
	uint64_t *words;
	uint32_t *paths;
	uint32_t *link;  /* to another kept one of the same state, plus 1; 0: none */
	uint8_t *status; /* enum status */
	uint32_t count, room_for;
};

struct path {
	uint32_t before, call, time;
};

struct search {
	struct room *room;
	const struct object *object;
	uint64_t budget, *configurations, *work;
	/* Values, and open calls by what they look for. */
	struct numbering values;
	uint32_t other;     /* the number of all values that nobody looks for */
	bool misses;        /* there are calls of kind MISS */
	bool wanted;        /* may anybody look for what the call that returns now writes? */
	bool only_writes;   /* nothing but looks and writes */
	struct fate *fates; /* by call */
	uint32_t *seen;     /* by class: stamp of the configuration that tried it */
	uint32_t stamp;
	uint32_t slots, width;
	uint32_t *call_at;              /* by slot */
	uint32_t *ranked, ranked_count; /* open calls that change something */
	uint32_t *born, born_count;     /* invoked since the last return */
	uint64_t *readers, *missers;    /* by value: sets of slots */
	uint64_t *open_misses, *open_writes, *born_looks, *born_owed, *born_free;
	/* States of a model that is not a register. */
	uint64_t *state_words;
	uint32_t *state_value, *state_places;
	uint32_t *state_rest;    /* of queues: the state without the front; NO_NUMBER: not known */
	uint64_t *state_scratch; /* of sets */
	struct numbering elements; /* likewise */
	uint32_t state_width, state_count, state_room, state_places_room;
	/* Configurations. */
	size_t stride;
	uint64_t *scratch;
	struct frontier now, next;
	uint32_t *places;                  /* hash table of `next`: index plus 1 */
	uint32_t places_room, places_most; /* in use; taken */
	uint32_t *heads;                   /* by state: first kept one of `next`, plus 1 */
	uint32_t heads_room;
	uint32_t beam;
	bool was_cut;
	/* Paths. */
	struct path *path;
	uint32_t path_count, path_room, path_limit;
};

static inline uint32_t state_of(const uint64_t *configuration)
{
	return (uint32_t)configuration[0];
}
static inline uint64_t *owed_of(uint64_t *configuration)
{
	return configuration + 1;
}
static inline uint64_t *free_of(const struct search *search, const uint64_t *configuration)
{
	return (uint64_t *)(uintptr_t)configuration + 1 + search->width;
}
static inline uint64_t *frontier_at(const struct search *search, const struct frontier *frontier,
				    uint32_t index)
{
	return frontier->words + index * search->stride;
}
/* The number of the value that a configuration's state begins with. */
static inline uint32_t frontier_value(const struct search *search, const uint64_t *configuration)
{
	uint32_t state = state_of(configuration);

	return search->object->is_register ? state : search->state_value[state];
}
static inline void search_count(struct search *search)
{
	if (*search->configurations == search->budget)
		room_spent(search->room, "configurations");
	++*search->configurations;
}
static inline void search_works(struct search *search, uint64_t words)
{
	*search->work += words;
	if (*search->work > search->room->patience)
		room_spent(search->room, "patience");
}
uint32_t search_value(const struct search *, uint64_t value);

/* states.c */
void states_begin(struct search *);
/* False: the call can't take effect in this state. */
bool states_step(struct search *, uint32_t state, const struct call *, uint32_t *next);

/* frontier.c */
void frontiers_begin(struct search *);
void frontier_begin(struct search *);
void frontier_add(struct search *, uint64_t *configuration, uint32_t path, enum status);
void frontier_end(struct search *);

/* paths.c */
void paths_begin(struct search *);
uint32_t path_after(struct search *, uint32_t path, uint32_t call, uint32_t time);
void paths_tidy(struct search *);
void search_order(struct search *, struct opinion *);

#endif
