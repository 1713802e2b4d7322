/*
 * What wires do: bandwidth and its queue, outages, drops by name, corruption that a checksum finds
 * and corruption that nobody does; and regions.
 */
#include "tests/world/stage.h"

enum { MANY = 3000, EVERY = MS };

/* ---- A stream of messages that say their number three times ---------------------------------- */

static uint8_t copies[MANY + 1], false_copies[MANY + 1];
static nanoseconds arrived[MANY + 1];

/* One field at most is false: two of three agree. */
static uint64_t majority(uint64_t a, uint64_t b, uint64_t c)
{
	return a == b || a == c ? a : b;
}

static void note(struct env *env, process_id from, unsigned type, uint64_t number, const void *body)
{
	const struct number_body *said = body;
	uint64_t truly = majority(number, said[1].number, said[2].number);

	(void)env, (void)from, (void)type;
	CU_ASSERT_FATAL(truly >= 1 && truly <= MANY);
	if (!copies[truly]++)
		arrived[truly] = play.world->now;
	if (number != truly || said[1].number != truly || said[2].number != truly)
		false_copies[truly]++;
}

static void send_next(struct env *env, unsigned type, uint64_t number)
{
	struct number_body *body = env_send_after(env, 0, 1, LONG, 2);

	(void)type;
	for (unsigned i = 0; i < 3; i++)
		body[i].number = number;
	if (number < MANY)
		env_arm(env, TICK, number + 1, EVERY, EVERY);
}

static void send_first(struct env *env)
{
	send_next(env, TICK, 1);
}

/* All accidents of a link at once, but `without`. */
enum { LOSS, DUPLICATE, REORDER, CORRUPT, ALTER, DROP, FLAKY, ACCIDENTS, NONE };

static void set_accidents(struct world *world, unsigned without, bool alone)
{
	struct link *link = world_link(world, 0, 1);
	struct wire *wire = world_wire(world, link);
	probability_t chance[ACCIDENTS];

	for (unsigned i = 0; i < ACCIDENTS; i++)
		chance[i] = (i == without) == alone ? PROBABILITY_ONE / 10 : 0;
	link->loss = chance[LOSS];
	link->duplicate = chance[DUPLICATE];
	link->reorder = chance[REORDER];
	wire->corrupt = chance[CORRUPT];
	wire->alter = chance[ALTER];
	wire->stretch = chance[FLAKY] ? 10 * MS : 0;
	world_wire_drops(world, wire)[LONG] = chance[DROP];
}

static void stream(unsigned which, bool alone)
{
	memset(copies, 0, sizeof(copies));
	memset(false_copies, 0, sizeof(false_copies));
	play_prepare();
	play.setup.link.latency = (struct distribution){UNIFORM, MS, 5 * MS, 0};
	play.setup.link.held_back = (struct distribution){CONSTANT, 50 * MS, 0, 0};
	play.quiet = true;
	play.script.message = note;
	play.script.timer = send_next;
	play_begin();
	set_accidents(play.world, which, alone);
	play_act(0, send_first);
	play_run(100 * S);
}

#define ABOUT(count, expected, slack)                                                              \
	do {                                                                                       \
		long long is_ = (long long)(count), off_ = is_ - (expected);                       \
		if (off_ > (slack) || off_ < -(slack))                                             \
			printf("\n  %s:%d: %s is %lld", __FILE__, __LINE__, #count, is_);          \
		CU_ASSERT(off_ <= (slack) && off_ >= -(slack));                                    \
	} while (0)

static unsigned missing(void)
{
	unsigned count = 0;

	for (unsigned i = 1; i <= MANY; i++)
		count += !copies[i];
	return count;
}

static void every_accident_comes_at_its_rate_and_is_counted_apart(void)
{
	const struct counters *counters;

	stream(CORRUPT, true);
	counters = &play.world->counters;
	ABOUT(counters->corrupted, MANY / 10, 80);
	EQUAL(missing(), counters->corrupted);
	EQUAL(counters->lost, 0);
	EQUAL(world_link(play.world, 0, 1)->lost, counters->corrupted);
	stream(DROP, true);
	ABOUT(counters->dropped, MANY / 10, 80);
	EQUAL(missing(), counters->dropped);
	stream(FLAKY, true);
	ABOUT(counters->lost, MANY / 2, 300);
	EQUAL(missing(), counters->lost);
	stream(ALTER, true);
	unsigned altered = 0;
	for (unsigned i = 1; i <= MANY; i++)
		altered += false_copies[i];
	ABOUT(counters->altered, MANY / 10, 80);
	EQUAL(altered, counters->altered);
	EQUAL(missing(), 0);
	stream(NONE, true);
	EQUAL(missing() + counters->lost + counters->corrupted + counters->altered, 0);
}

/* All that happens to the others is the same, to the nanosecond. */
static void the_absence_of_one_accident_shifts_no_other(void)
{
	static nanoseconds all_arrived[MANY + 1];
	static uint8_t all_copies[MANY + 1], all_false[MANY + 1];

	stream(NONE, false);
	memcpy(all_arrived, arrived, sizeof(arrived));
	memcpy(all_copies, copies, sizeof(copies));
	memcpy(all_false, false_copies, sizeof(false_copies));
	for (unsigned absent = 0; absent < ACCIDENTS; absent++) {
		unsigned more = 0, other = 0;

		stream(absent, false);
		for (unsigned i = 1; i <= MANY; i++) {
			if (all_copies[i] && !copies[i])
				other++;
			else if (!all_copies[i])
				more += copies[i] > 0;
			else if (arrived[i] == all_arrived[i])
				other += absent != DUPLICATE && absent != REORDER &&
					 (copies[i] != all_copies[i] ||
					  (absent != ALTER && false_copies[i] != all_false[i]));
			else /* held back no more; or a copy came first, and comes no more */
				other += absent == REORDER     ? arrived[i] > all_arrived[i]
					 : absent == DUPLICATE ? arrived[i] < all_arrived[i]
							       : 1;
		}
		EQUAL(other, 0);
		CU_ASSERT((more > 100) == (absent == LOSS || absent == CORRUPT || absent == DROP ||
					   absent == FLAKY));
	}
}

/* ---- Bandwidth ------------------------------------------------------------------------------- */

static void send_three(struct env *env)
{
	for (uint64_t number = 1; number <= 3; number++)
		play_send(env, 1, PLAIN, number);
	play_send(env, 2, PLAIN, 4);
}

static void narrow(uint64_t bandwidth, uint64_t buffer)
{
	play_prepare();
	play.setup.link.bandwidth = bandwidth;
	play.setup.link.buffer = buffer;
}

static void a_message_occupies_its_wire_and_later_ones_queue_behind_it(void)
{
	narrow(8000, 1000); /* a message of eight bytes takes a millisecond */
	play_begin();
	play_act(0, send_three);
	play_act_at(10 * MS, 0, send_three);
	play_run(S);
	TOLD("n2<1@2000 n3<4@2000 n2<2@3000 n2<3@4000 n2<1@12000 n3<4@12000 n2<2@13000 "
	     "n2<3@14000");
	EQUAL(play.world->counters.overflowed, 0);
}

static void what_finds_no_room_is_dropped_and_counted(void)
{
	narrow(8000, 16);
	play_begin();
	play_act(0, send_three);
	play_act_at(500 * US, 0, send_three); /* one more has room: half of the first is gone */
	play_act_at(20 * MS, 0, send_three);
	play_run(S);
	TOLD("n2<1@2000 n3<4@2000 n2<2@3000 n3<4@3000 n2<1@22000 n3<4@22000 n2<2@23000");
	EQUAL(play.world->counters.overflowed, 5);
	EQUAL(play.world->counters.lost, 0);
	EQUAL(world_link(play.world, 0, 1)->lost, 5);
}

static void a_message_larger_than_the_buffer_passes_an_idle_wire(void)
{
	narrow(8000, 4);
	play_begin();
	play_act(0, send_three);
	play_run(S);
	TOLD("n2<1@2000 n3<4@2000");
}

static void send_records(struct env *env)
{
	struct number_body *body = env_send_after(env, 0, 1, PLAIN, 0);
	char command[76] = {0};

	body->number = 7;
	env_attach(env, body, 1, 1, command, sizeof(command)); /* 92 bytes with index and term */
}

static void records_take_their_time_too(void)
{
	narrow(1000, 1000);
	play_begin();
	play_act(0, send_records);
	play_run(S);
	TOLD("n2<7@101000");
	narrow(3000, 1000);
	play_begin();
	play_act(0, send_records);
	EQUAL(world_wire(play.world, world_link(play.world, 0, 1))->free, 33333334); /* up */
}

static void a_connection_has_a_bandwidth_and_keeps_its_order(void)
{
	narrow(8000, 1000);
	play.setup.connections = true;
	play_begin();
	play_act(0, send_three);
	play_run(S);
	TOLD("n2<1@2000 n3<4@2000 n2<2@3000 n2<3@4000");
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void of_a_connection_a_checksum_costs_a_retransmission(void)
{
	play_prepare();
	play.setup.connections = true;
	play.setup.retransmit = (struct distribution){CONSTANT, 20 * MS, 0, 0};
	play_override(CHOICE_CORRUPT, 0, 1, PLAIN, 2, 1);
	play_begin();
	play_act(0, send_three);
	play_run(S);
	TOLD("n2<1@1000 n3<4@1000 n2<2@21000 n2<3@21000");
	EQUAL(play.world->counters.corrupted, 1);
}

static void make_flaky(struct world *world)
{
	world_wire(world, world_link(world, 0, 1))->stretch = 10 * MS;
	world_wire(world, world_link(world, 1, 0))->stretch = 10 * MS;
}

static void of_a_connection_an_outage_costs_its_rest(void)
{
	play_prepare();
	play.setup.connections = true;
	play_override(CHOICE_FLAKY, 0, 1, 0, 1, 1);
	play_override(CHOICE_FLAKY, 0, 1, 0, 2, 0);
	play_begin();
	make_flaky(play.world);
	play_act_at(3 * MS, 0, send_three);
	play_act_at(12 * MS, 0, send_three);
	play_run(S);
	TOLD("n3<4@4000 n2<1@11000 n2<2@11000 n2<3@11000 n2<1@13000 n2<2@13000 n2<3@13000 "
	     "n3<4@13000");
	EQUAL(play.world->counters.lost, 0);
}

static unsigned heard[2];

static void answer_back(struct env *env, process_id from, unsigned type, uint64_t number,
			const void *body)
{
	(void)from, (void)type, (void)number, (void)body;
	heard[env_self(env)]++;
}

static void beat_both(struct env *env, unsigned type, uint64_t key)
{
	(void)type;
	play_send(env, !env_self(env), PLAIN, key);
	env_arm(env, TICK, 0, MS, MS);
}

static void begin_beat(struct env *env, enum boot boot)
{
	(void)boot;
	if (env_self(env) < 2)
		env_arm(env, TICK, 0, MS, MS);
}

static void both_directions_of_a_flaky_wire_are_out_at_once(void)
{
	play_prepare();
	play.quiet = true;
	play.script.boot = begin_beat;
	play.script.timer = beat_both;
	play.script.message = answer_back;
	memset(heard, 0, sizeof(heard));
	play_begin();
	make_flaky(play.world);
	play_run(10 * S);
	EQUAL(heard[0], heard[1]);
	ABOUT(heard[0], 5000, 800);
}

/* ---- Named messages -------------------------------------------------------------------------- */

static void send_each_type(struct env *env)
{
	play_send(env, 1, PLAIN, 1);
	play_send(env, 1, OTHER, 2);
}

static void drop_some(struct world *world)
{
	struct link *link = world_link(world, 0, 1), *client = world_link(world, CLIENT_FIRST, 0);

	world_wire_drops(world, world_wire(world, link))[OTHER] = PROBABILITY_ONE;
	world_wire_drops(world, world_wire(world, client))[MESSAGE_TYPES_MAX + MESSAGE_REQUEST] =
		PROBABILITY_ONE;
}

static void only_messages_of_that_name_are_dropped(void)
{
	play_prepare();
	play_begin();
	drop_some(play.world);
	play_act(0, send_each_type);
	play_request(1, 0, 0);
	play_request(2, 1, 0);
	play_run(S);
	TOLD("n2<1@1000 n2<c1:2@1000");
	EQUAL(play.world->counters.dropped, 2);
	EQUAL(message_sort_name(&players, OTHER)[0], 'O');
	CU_ASSERT_PTR_NULL(message_sort_name(&players, OTHER + 1));
	CU_ASSERT_PTR_NULL(message_sort_name(&players, MESSAGE_TYPES_MAX + MESSAGE_PROTOCOL));
	CU_ASSERT_STRING_EQUAL(message_sort_name(&players, MESSAGE_TYPES_MAX + MESSAGE_REFUSAL),
			       "refusal");
}

/* ---- Falsehoods ------------------------------------------------------------------------------ */

struct rich {
	uint64_t number;
	uint32_t ballot;
	uint8_t flag, who, bytes[10];
	uint64_t unused;
};
struct rich_element {
	uint32_t number;
	uint8_t flag, who, pad[2];
};
static const struct field rich_fields[] = {FIELD(struct rich, number, FIELD_NUMBER),
					   FIELD(struct rich, ballot, FIELD_BALLOT),
					   FIELD(struct rich, flag, FIELD_FLAG),
					   FIELD(struct rich, who, FIELD_PROCESS),
					   FIELD(struct rich, bytes, FIELD_BYTES),
					   FIELD(struct rich, unused, FIELD_NUMBER),
					   {0}};
static const struct field element_fields[] = {FIELD(struct rich_element, number, FIELD_NUMBER),
					      FIELD(struct rich_element, flag, FIELD_FLAG),
					      FIELD(struct rich_element, who, FIELD_PROCESS),
					      FIELD(struct rich_element, pad, FIELD_BYTES),
					      {0}};
enum { ELEMENTS = 3, RECORDS = 6 };

static struct rich sent_body;
static struct rich_element sent_element[ELEMENTS];
static unsigned changed_in[6], changed_of_element[4], changed_of_record[3], changed_in_all;
static unsigned changed_element[ELEMENTS], changed_record[RECORDS];

static unsigned count_bits_of(const void *a, const void *b, size_t size)
{
	unsigned bits = 0;

	for (size_t i = 0; i < size; i++)
		bits += count_bits(((const uint8_t *)a)[i] ^ ((const uint8_t *)b)[i]);
	return bits;
}

static unsigned compare_fields(const struct field *fields, const void *sent, const void *got,
			       unsigned *changed)
{
	unsigned count = 0;

	for (unsigned i = 0; fields[i].name; i++) {
		const char *a = (const char *)sent + fields[i].offset;
		const char *b = (const char *)got + fields[i].offset;

		if (!memcmp(a, b, fields[i].width))
			continue;
		count++;
		changed[i]++;
		switch (fields[i].kind) {
		case FIELD_PROCESS: CU_ASSERT((uint8_t)*b < 3); break;
		case FIELD_FLAG: CU_ASSERT((uint8_t)*b <= 1); break;
		default: EQUAL(count_bits_of(a, b, fields[i].width), 1);
		}
	}
	return count;
}

static unsigned compare_records(const void *body)
{
	struct record_view view = {0};
	unsigned count = 0;

	for (uint64_t index = 1; env_next_record(body, &view); index++) {
		char command[24] = {(char)index};
		bool others[3] = {view.index != index, view.term != 3,
				  memcmp(view.command, command, sizeof(command)) != 0};

		EQUAL(view.size, sizeof(command));
		for (unsigned i = 0; i < 3; i++) {
			count += others[i];
			changed_of_record[i] += others[i];
			changed_record[index - 1] += others[i];
		}
		EQUAL(play.world->outside->viewed->digest, command_digest(view.command, view.size));
	}
	return count;
}

static void take_rich(struct env *env, void *state, process_id from, const void *body, size_t count)
{
	const struct rich_element *element =
		(const struct rich_element *)(const void *)((const struct rich *)body + 1);
	unsigned changes = compare_fields(rich_fields, &sent_body, body, changed_in);

	(void)env, (void)state, (void)from;
	EQUAL(count, ELEMENTS);
	for (unsigned i = 0; i < ELEMENTS; i++) {
		unsigned of_this = compare_fields(element_fields, &sent_element[i], &element[i],
						  changed_of_element);

		changed_element[i] += of_this;
		changes += of_this;
	}
	changes += compare_records(body);
	EQUAL(changes, 1);
	changed_in_all += changes;
}

static void rich_boot(struct env *env, void *state, enum boot boot)
{
	(void)state, (void)boot;
	for (uint64_t index = 1; env_self(env) == 0 && index <= RECORDS; index++) {
		char command[24] = {(char)index};

		env_log_append(env, 3, command, sizeof(command));
	}
}

static void send_rich(struct env *env)
{
	struct rich *body = env_send_after(env, 0, 1, 0, ELEMENTS);

	*body = sent_body;
	memcpy(body + 1, sent_element, sizeof(sent_element));
	env_attach_log(env, body, 1, RECORDS);
}

static void one_field_and_nothing_else_becomes_false(void)
{
	static const struct message_type messages[] = {{.name = "Rich",
							.size = sizeof(struct rich),
							.fields = rich_fields,
							.element = sizeof(struct rich_element),
							.element_fields = element_fields,
							.handle = take_rich},
						       {0}};
	struct protocol liars = players;

	liars.messages = messages;
	liars.boot = rich_boot;
	sent_body = (struct rich){77, 5, 1, 2, "bytes", 0};
	for (unsigned i = 0; i < ELEMENTS; i++)
		sent_element[i] = (struct rich_element){i, 0, NO_PROCESS, {1, 2}};
	play_prepare();
	play.quiet = true;
	play.setup.groups[0].protocol = &liars;
	play.setup.link.alter = PROBABILITY_ONE;
	play_begin();
	for (unsigned i = 0; i < 2000; i++) {
		play_act(0, send_rich);
		play_run((i + 1) * 10 * MS);
	}
	EQUAL(changed_in_all, 2000);
	EQUAL(play.world->counters.altered, 2000);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT(changed_in[i] > 80);
	EQUAL(changed_in[5], 0); /* "unused" */
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT(changed_of_element[i] > 80);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT(changed_of_record[i] > 80);
	for (unsigned i = 0; i < ELEMENTS; i++)
		CU_ASSERT(changed_element[i] > 80);
	for (unsigned i = 0; i < RECORDS; i++)
		CU_ASSERT(changed_record[i] > 40);
	/* The sender's own log was shared with every message, and is as it was. */
	for (uint64_t index = 1; index <= RECORDS; index++) {
		const struct log_record *record = world_log(play.world, 0, index);
		char command[24] = {(char)index};

		EQUAL(record->index, index);
		EQUAL(record->term, 3);
		CU_ASSERT(!memcmp(record->command, command, sizeof(command)));
		EQUAL(record->holders, 1); /* what lied is freed */
	}
}

static void what_clients_say_and_hear_is_never_false(void)
{
	play_prepare();
	play.setup.link.alter = PROBABILITY_ONE;
	play_begin();
	for (uint64_t number = 1; number <= 20; number++)
		play_request(number, 0, number);
	play_run(S);
	EQUAL(play.world->counters.altered, 0);
	EQUAL(play_count("n1<c1:"), 20);
}

static void an_override_corrupts_the_one_message_that_it_names(void)
{
	play_prepare();
	play_override(CHOICE_CORRUPT, 0, 1, PLAIN, 1, 1);
	play_override(CHOICE_ALTER, 0, 1, PLAIN, 2, 1);       /* of those that arrive: the third */
	play_override(CHOICE_FALSEHOOD, 512, 1, PLAIN, 1, 0); /* the lowest bit */
	play_begin();
	play_act(0, send_three);
	play_run(S);
	TOLD("n2<2@1000 n2<2@1000 n3<4@1000");
	EQUAL(play.world->counters.corrupted, 1);
	EQUAL(play.world->counters.altered, 1);
}

static uint64_t fingerprint_with(probability_t alter, void (*send)(struct env *))
{
	play.quiet = true;
	play.setup.link.alter = alter;
	play_begin();
	play_act(0, send);
	play_run(S);
	return play.world->digest;
}

/* Of the index, the term or the command of its one record. */
static uint64_t fingerprint_of_record(probability_t alter, unsigned part)
{
	play_prepare();
	play_override(CHOICE_FALSEHOOD, 0, 1, PLAIN, 1, 1 + part);
	return fingerprint_with(alter, send_records);
}

static void a_falsehood_is_part_of_the_fingerprint(void)
{
	play_prepare();
	uint64_t truth = fingerprint_with(0, send_three);

	play_prepare();
	CU_ASSERT(truth == fingerprint_with(0, send_three));
	play_prepare();
	CU_ASSERT(truth != fingerprint_with(PROBABILITY_ONE, send_three));
	for (unsigned part = 0; part < 3; part++)
		CU_ASSERT(fingerprint_of_record(0, part) !=
			  fingerprint_of_record(PROBABILITY_ONE, part));
}

/* ---- Healing, and setups --------------------------------------------------------------------- */

static void healing_ends_what_wires_do_but_for_their_bandwidth(void)
{
	narrow(8000, 1000);
	play.setup.link.corrupt = PROBABILITY_ONE;
	play.setup.link.alter = PROBABILITY_ONE;
	play.setup.link.distance = 5 * MS;
	play_begin();
	drop_some(play.world);
	make_flaky(play.world);
	world_link(play.world, 0, 1)->slower += 100 * MS;
	play_act(0, send_three);
	play_run(MS);
	world_heal(play.world);
	play_act_at(20 * MS, 0, send_three);
	play_run(S);
	TOLD("n2<1@27000 n3<4@27000 n2<2@28000 n2<3@29000");
	EQUAL(play.world->counters.altered, 0);
}

static void a_link_is_set_back_to_its_setup(void)
{
	narrow(8000, 1000);
	play.setup.link.corrupt = PROBABILITY_ONE / 4;
	play.setup.link.distance = 5 * MS;
	play_begin();
	struct link *link = world_link(play.world, 0, 1);
	struct wire *wire = world_wire(play.world, link);

	drop_some(play.world);
	wire->corrupt = wire->alter = PROBABILITY_ONE;
	wire->bandwidth = 5;
	wire->stretch = MS;
	link->slower = 99;
	link->reorder = link->loss = link->duplicate = 98;
	world_link_reset(play.world, link);
	EQUAL(wire->corrupt, PROBABILITY_ONE / 4);
	EQUAL(wire->alter, 0);
	EQUAL(wire->bandwidth, 8000);
	EQUAL(wire->stretch, 0);
	EQUAL(wire->drops, 0);
	EQUAL(link->slower, 5 * MS);
	EQUAL(link->loss + link->duplicate + link->reorder, 0);
}

static void ask_all(struct env *env)
{
	for (process_id to = 0; to < 3; to++)
		if (to != env_self(env))
			play_send(env, to, PLAIN, to + 1u);
}

static void regions_have_their_own_links_and_named_links_come_first(void)
{
	static uint8_t region[ENDPOINTS] = {[0] = 1, [1] = 2, [CLIENT_FIRST] = 2};
	static const struct link_setup between[4] = {
		{.latency = {CONSTANT, MS, 0, 0}},
		{.latency = {CONSTANT, MS, 0, 0}, .distance = 30 * MS},
		{.latency = {CONSTANT, MS, 0, 0},
		 .distance = 40 * MS,
		 .duplicate = PROBABILITY_ONE},
		{.latency = {CONSTANT, MS, 0, 0},
		 .distance = 2 * MS,
		 .duplicate = PROBABILITY_ONE}};
	/* Clients' links, which repeat nothing unless named. */
	static const struct link_override links[] = {{1, 0, {.latency = {CONSTANT, 9 * MS, 0, 0}}}};

	play_prepare();
	play.setup.region_count = 2;
	play.setup.region = region;
	play.setup.between = between;
	play.setup.links = links;
	play.setup.link_count = 1;
	play_begin();
	play_act(0, ask_all);
	play_act(1, ask_all);
	play_act(2, ask_all);
	play_request(1, 0, 0);
	play_request(2, 1, 0);
	play_request(3, 2, 0);
	play_run(S);
	TOLD("n3<3@1000 n3<3@1000 n1<1@1000 n2<2@1000 n3<c1:3@1000 n2<c1:2@3000 n1<1@9000 "
	     "n2<2@31000 n1<c1:1@41000");
}

CU_TestInfo wire_tests[] = {
	{"every accident comes at its rate, and is counted apart",
	 every_accident_comes_at_its_rate_and_is_counted_apart},
	{"the absence of one accident shifts no other",
	 the_absence_of_one_accident_shifts_no_other},
	{"a message occupies its wire, and later ones queue behind it",
	 a_message_occupies_its_wire_and_later_ones_queue_behind_it},
	{"what finds no room is dropped, and counted", what_finds_no_room_is_dropped_and_counted},
	{"a message larger than the buffer passes an idle wire",
	 a_message_larger_than_the_buffer_passes_an_idle_wire},
	{"records take their time too", records_take_their_time_too},
	{"a connection has a bandwidth, and keeps its order",
	 a_connection_has_a_bandwidth_and_keeps_its_order},
	{"of a connection, a checksum costs a retransmission",
	 of_a_connection_a_checksum_costs_a_retransmission},
	{"of a connection, an outage costs its rest", of_a_connection_an_outage_costs_its_rest},
	{"both directions of a flaky wire are out at once",
	 both_directions_of_a_flaky_wire_are_out_at_once},
	{"only messages of that name are dropped", only_messages_of_that_name_are_dropped},
	{"one field, and nothing else, becomes false", one_field_and_nothing_else_becomes_false},
	{"what clients say and hear is never false", what_clients_say_and_hear_is_never_false},
	{"an override corrupts the one message that it names",
	 an_override_corrupts_the_one_message_that_it_names},
	{"a falsehood is part of the fingerprint", a_falsehood_is_part_of_the_fingerprint},
	{"healing ends what wires do, but for their bandwidth",
	 healing_ends_what_wires_do_but_for_their_bandwidth},
	{"a link is set back to its setup", a_link_is_set_back_to_its_setup},
	{"regions have their own links, and named links come first",
	 regions_have_their_own_links_and_named_links_come_first},
	CU_TEST_INFO_NULL,
};
