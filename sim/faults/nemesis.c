/*
 * The nemesis: faults that nobody has scheduled, drawn one after the other while the run goes on.
 *
 * Each draw has an address made of the nemesis, what is drawn, and the draw's number, so that a
 * fault that is taken away (an override of DRAW_FIRES), or finds nobody, moves no other. Of several
 * kinds the one whose exponential clock rings first is taken: a kind that is left out changes only
 * the draws that it had won.
 *
 * What makes runs differ is not only where faults fall. Each run has a mix of its own: of every
 * kind a coin says whether it takes part, for a fault that is there all the time can hide what its
 * absence would show (swarm testing: Groce et al., ISSTA 2012). And the weather changes: stretches
 * of calm, in which things recover, and storms, in which accidents meet.
 */
#include "sim/faults/internal.h"

enum {
	MILLISECOND = 1000000,
	STORM = 4,              /* times as many faults as in fair weather */
	STRETCHES_AT_LEAST = 2, /* a stretch lasts at most half of the time ... */
	STRETCHES_AT_MOST = 8,  /* ... and at least an eighth of it */
};
#define RACE INT64_C(1000000000000) /* mean time until the clock of a kind of weight 1 rings */

_Static_assert(FAULT_KINDS <= 64, "a kind is a type of a choice, and a bit of a set");

const char *const weather_names[] = {
	[WEATHER_CHANGING] = "changing", [WEATHER_STEADY] = "steady", NULL};

/* ---- Which kinds ----------------------------------------------------------------------------- */

static uint32_t weight_of(const struct nemesis *nemesis, unsigned kind)
{
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		if (nemesis->weight[i])
			return nemesis->weight[kind];
	return 1;
}

/* One of a set of kinds, by their weights. */
static enum fault_number draw_kind(struct world *world, unsigned number, uint64_t kinds,
				   enum draw what, uint32_t draw)
{
	const struct faults *faults = world->faults;
	const struct nemesis *nemesis = &faults->setup.nemeses[number];
	nanoseconds first = INT64_MAX;
	unsigned winner = 0;

	for (; kinds; kinds &= kinds - 1) {
		unsigned kind = lowest_bit(kinds);
		struct distribution clock = {.kind = EXPONENTIAL,
					     .a = RACE / weight_of(nemesis, kind)};
		nanoseconds rings = choose_duration(&world->choices,
						    draw_address(number, what, kind, draw), &clock);

		if (rings < first) {
			first = rings;
			winner = kind;
		}
	}
	return (enum fault_number)winner;
}

/* Those that take part in this run. */
static uint64_t draw_members(struct world *world, unsigned number)
{
	const struct faults *faults = world->faults;
	const struct nemesis *nemesis = &faults->setup.nemeses[number];
	uint64_t may = 0, members = 0;

	for (uint64_t left = budget_kinds(world, nemesis); left; left &= left - 1)
		if (weight_of(nemesis, lowest_bit(left)))
			may |= left & -left;
	if (!nemesis->swarm || !may)
		return may;
	for (uint64_t left = may; left; left &= left - 1)
		if (choose_below(&world->choices,
				 draw_address(number, DRAW_MEMBER, lowest_bit(left), 0), 2))
			members |= left & -left;
	if (!members)
		members = (uint64_t)1 << draw_kind(world, number, may, DRAW_LAST_MEMBER, 0);
	return members;
}

/* ---- When ------------------------------------------------------------------------------------ */

/* The weather at this moment. */
static void look_at_the_sky(struct world *world, unsigned number)
{
	static const unsigned rates[] = {0, 1, 1, STORM};
	struct faults *faults = world->faults;
	struct nemesis_state *state = &faults->nemeses[number];
	const struct nemesis *nemesis = &faults->setup.nemeses[number];
	nanoseconds whole = nemesis->between[1] - nemesis->between[0];
	struct distribution stretch = {UNIFORM, whole / STRETCHES_AT_MOST,
				       whole / STRETCHES_AT_LEAST, 0};

	while (nemesis->weather == WEATHER_CHANGING && world->now >= state->weather_until) {
		uint32_t n = state->stretches++;

		state->rate = rates[choose_below(&world->choices,
						 draw_address(number, DRAW_WEATHER, 0, n), 4)];
		state->weather_until += 1 +
					choose_duration(&world->choices,
							draw_address(number, DRAW_STRETCH, 0, n),
							&stretch);
	}
}

static void schedule_next(struct world *world, unsigned number, nanoseconds after)
{
	const struct faults *faults = world->faults;
	const struct nemesis_state *state = &faults->nemeses[number];
	const struct nemesis *nemesis = &faults->setup.nemeses[number];
	nanoseconds pause = choose_duration(&world->choices,
					    draw_address(number, DRAW_INTERVAL, 0, state->draws),
					    &nemesis->every) /
			    (state->rate ? state->rate : 1);

	if (pause < MILLISECOND)
		pause = MILLISECOND;
	if (after + pause <= nemesis->between[1])
		faults_schedule_draw(world, after + pause, number);
}

/* ---- Whom ------------------------------------------------------------------------------------ */

static void add_item(struct target *target, enum target_kind kind, endpoint_t endpoint)
{
	target->item[target->count++] = (struct target_item){(uint16_t)kind, endpoint};
}

static void aim_at_a_role(struct world *world, unsigned number, uint32_t draw,
			  struct target *target)
{
	static const enum target_kind roles[] = {TARGET_LEADER, TARGET_FOLLOWER, TARGET_RANDOM,
						 TARGET_RANDOM_MINORITY, TARGET_ALL};
	uint32_t role = choose_below(&world->choices, draw_address(number, DRAW_ROLE, 0, draw),
				     sizeof(roles) / sizeof(roles[0]));

	add_item(target, roles[role], 0);
}

static bool takes_all(const struct target *target)
{
	for (unsigned i = 0; i < target->count; i++)
		if (target->item[i].kind == TARGET_ALL)
			return true;
	return false;
}

/* The processes of the group in an order that is drawn, one a part; of a large group several. */
static void line_up(struct world *world, unsigned number, uint32_t draw, struct fault *fault)
{
	const struct faults *faults = world->faults;
	uint64_t left = set_group(world, faults->setup.group);

	for (uint32_t place = 0; left; place++) {
		uint64_t next = set_choose(
			world, draw_address(number, DRAW_ORDER, 0, draw * PROCESSES_MAX + place),
			left, 1);

		add_item(&fault->part[place % FAULT_PARTS_MAX], TARGET_ENDPOINT,
			 (endpoint_t)lowest_bit(next));
		if (fault->part_count < FAULT_PARTS_MAX)
			fault->part_count++;
		left &= ~next;
	}
}

/* Clients keep all their links, or stand in one of the parts. */
static void place_clients(struct world *world, unsigned number, uint32_t draw, struct fault *fault)
{
	uint32_t part = choose_below(&world->choices, draw_address(number, DRAW_CLIENTS, 0, draw),
				     2 * fault->part_count);

	if (part < fault->part_count)
		add_item(&fault->part[part], TARGET_CLIENTS, 0);
}

static void aim_at_parts(struct world *world, unsigned number, uint32_t draw, struct fault *fault)
{
	if (fault->kind == FAULT_RING || fault->kind == FAULT_CHAIN) {
		fault->part[0] = (struct target){0};
		fault->part_count = 0;
		line_up(world, number, draw, fault);
		place_clients(world, number, draw, fault);
		return;
	}
	if (takes_all(&fault->part[0]))
		fault->part[0] = (struct target){1, {{TARGET_RANDOM_MINORITY, 0}}};
	fault->part_count = fault_kinds[fault->kind].parts_min;
	for (unsigned part = 1; part + 1 < fault->part_count; part++)
		add_item(&fault->part[part], TARGET_RANDOM_MINORITY, 0);
	add_item(&fault->part[fault->part_count - 1], TARGET_REST, 0);
	place_clients(world, number, draw, fault);
}

/* Its links to all others, to clients too or not; one way, the other, or both. */
static void aim_at_links(struct world *world, unsigned number, uint32_t draw, struct fault *fault)
{
	enum { THERE, BACK, BOTH, WAYS };
	uint32_t way = choose_below(&world->choices, draw_address(number, DRAW_WAY, 0, draw), WAYS);
	struct target *others = &fault->part[1];

	fault->part_count = 2;
	add_item(others, takes_all(&fault->part[0]) ? TARGET_ALL : TARGET_REST, 0);
	if (choose_below(&world->choices, draw_address(number, DRAW_CLIENTS, 0, draw), 2) &&
	    !fault_kinds[fault->kind].spares_clients)
		add_item(others, TARGET_CLIENTS, 0);
	fault->both_ways = way == BOTH;
	if (way == BACK) {
		struct target from = fault->part[0];

		fault->part[0] = *others;
		*others = from;
	}
}

/* Who is alone has links to clients, and no others. */
static void aim_at_clients_links(struct fault *fault)
{
	bool spared = fault_kinds[fault->kind].spares_clients;

	fault->part_count = 2;
	fault->both_ways = true;
	add_item(&fault->part[1], spared ? TARGET_REST : TARGET_CLIENTS, 0);
}

static void aim(struct world *world, unsigned number, uint32_t draw, struct fault *fault)
{
	const struct faults *faults = world->faults;
	enum fault_shape shape = fault_kinds[fault->kind].shape;

	fault->part[0] = faults->setup.nemeses[number].target;
	fault->part_count = 1;
	if (!fault->part[0].count)
		aim_at_a_role(world, number, draw, &fault->part[0]);
	if (shape == FAULT_ON_PROCESSES)
		return;
	if (world->process_count == 1)
		aim_at_clients_links(fault);
	else if (shape == FAULT_ON_PARTS)
		aim_at_parts(world, number, draw, fault);
	else
		aim_at_links(world, number, draw, fault);
}

/* ---- One fault ------------------------------------------------------------------------------- */

/* False where there is no amount that the protocol survives. */
static bool draw_amount(struct world *world, unsigned number, uint32_t draw, struct fault *fault)
{
	const struct faults *faults = world->faults;
	const struct fault_kind *kind = &fault_kinds[fault->kind];
	struct distribution above = {.kind = UNIFORM};
	int64_t amounts[2];

	if (kind->amount == AMOUNT_NONE)
		return true;
	if (!budget_amounts(world, kind, &faults->setup.nemeses[number], amounts))
		return false;
	above.b = amounts[1] - amounts[0];
	fault->amount = amounts[0] + choose_duration(&world->choices,
						     draw_address(number, DRAW_AMOUNT,
								  (unsigned)fault->kind, draw),
						     &above);
	if (fault->amount > amounts[1])
		fault->amount = amounts[1]; /* a source may say anything */
	if (kind->amount == AMOUNT_DURATION)
		fault->amount -= fault->amount % MILLISECOND; /* as a person would say it */
	return true;
}

static bool has_clients(const struct fault *fault)
{
	for (unsigned part = 0; part < fault->part_count; part++)
		for (unsigned i = 0; i < fault->part[part].count; i++)
			if (fault->part[part].item[i].kind == TARGET_CLIENTS)
				return true;
	return false;
}

/* Of what may pass there: a protocol's messages between its processes, the others to and from
 * clients. False where nothing does. */
static bool draw_sort(struct world *world, unsigned number, uint32_t draw, struct fault *fault)
{
	const struct faults *faults = world->faults;
	const struct protocol *protocol = world->groups[faults->setup.group].protocol;
	unsigned sorts[MESSAGE_SORTS], count = 0;

	if (!fault_kinds[fault->kind].sorted)
		return true;
	for (unsigned sort = 0; sort < MESSAGE_TYPES_MAX + MESSAGE_KINDS; sort++) {
		bool passes = sort < MESSAGE_TYPES_MAX ? world->process_count > 1
						       : has_clients(fault);

		if (passes && message_sort_name(protocol, sort))
			sorts[count++] = sort;
	}
	if (!count)
		return false;
	fault->sort = sorts[choose_below(&world->choices, draw_address(number, DRAW_SORT, 0, draw),
					 count)];
	return true;
}

static bool draw_fault(struct world *world, unsigned number, uint32_t draw)
{
	const struct faults *faults = world->faults;
	const struct nemesis *nemesis = &faults->setup.nemeses[number];
	struct fault fault = {.at = world->now};

	fault.kind = draw_kind(world, number, faults->nemeses[number].kinds, DRAW_KIND, draw);
	aim(world, number, draw, &fault);
	if (fault_kinds[fault.kind].lasts)
		fault.lasts = 1 + choose_duration(&world->choices,
						  draw_address(number, DRAW_LASTS, 0, draw),
						  &nemesis->lasts);
	return draw_sort(world, number, draw, &fault) && draw_amount(world, number, draw, &fault) &&
	       faults_fire_drawn(world, number, draw, &fault);
}

bool nemesis_due(struct world *world, unsigned number)
{
	struct faults *faults = world->faults;
	struct nemesis_state *state = &faults->nemeses[number];
	uint32_t draw = state->draws++;
	address_t fires = draw_address(number, DRAW_FIRES, 0, draw);

	look_at_the_sky(world, number);
	schedule_next(world, number, world->now);
	return state->rate && choose_chance(&world->choices, fires, PROBABILITY_ONE) &&
	       draw_fault(world, number, draw);
}

void nemeses_begin(struct world *world)
{
	struct faults *faults = world->faults;
	unsigned count = faults->setup.nemesis_count;

	assert(count <= NEMESES_MAX);
	if (count)
		faults->nemeses = world_take(world, count * sizeof(*faults->nemeses));
	for (unsigned i = 0; i < count; i++) {
		struct nemesis_state *state = &faults->nemeses[i];
		nanoseconds begins = faults->setup.nemeses[i].between[0];

		state->kinds = draw_members(world, i);
		state->weather_until = begins;
		state->rate = 1;
		if (state->kinds)
			schedule_next(world, i, begins);
	}
}
