/* Links: what they delay, lose, double and hold back; what a cut or a broken connection takes. */
#include "tests/world/stage.h"

enum { MANY = 4000 };

static nanoseconds arrived[2][MANY + 1][2]; /* by run, number, and the first or second time */
static uint64_t order[2 * MANY];
static unsigned run, order_count, copies[MANY + 1];
static nanoseconds apart;

static void note(struct env *env, process_id from, unsigned type, uint64_t number, const void *body)
{
	(void)env, (void)from, (void)type, (void)body;
	if (copies[number] < 2)
		arrived[run][number][copies[number]] = play.world->now;
	copies[number]++;
	order[order_count++] = number;
}

static void send_next(struct env *env, unsigned type, uint64_t number)
{
	(void)type;
	play_send(env, 1, PLAIN, number);
	if (number < MANY)
		env_arm(env, TICK, number + 1, apart, apart);
}

static void send_first(struct env *env)
{
	send_next(env, TICK, 1);
}

/* n1 sends MANY numbered messages to n2, so long apart; `change` is done to the world first. */
static void stream(unsigned which, nanoseconds so_long)
{
	run = which;
	apart = so_long;
	order_count = 0;
	memset(copies, 0, sizeof(copies));
	memset(arrived[run], 0, sizeof(arrived[run]));
	play.quiet = true;
	play.script.message = note;
	play.script.timer = send_next;
	play_begin();
	play_act(0, send_first);
	play_run(1000 * S);
}

static nanoseconds sent(uint64_t number)
{
	return (nanoseconds)(number - 1) * apart;
}

#define BETWEEN(actual, least, most)                                                               \
	do {                                                                                       \
		long long is_ = (long long)(actual);                                               \
		if (is_ < (least) || is_ > (most))                                                 \
			printf("\n  %s:%d: %s is %lld", __FILE__, __LINE__, #actual, is_);         \
		CU_ASSERT(is_ >= (least) && is_ <= (most));                                        \
	} while (0)

/* ---- Datagrams ------------------------------------------------------------------------------- */

static void latencies_are_drawn_from_their_distribution(void)
{
	nanoseconds total = 0, least = S, most = 0;

	play_prepare();
	play.setup.link.latency = (struct distribution){UNIFORM, 1 * MS, 5 * MS, 0};
	stream(0, MS);
	EQUAL(order_count, MANY);
	for (uint64_t i = 1; i <= MANY; i++) {
		nanoseconds took = arrived[0][i][0] - sent(i);

		total += took;
		least = took < least ? took : least;
		most = took > most ? took : most;
	}
	BETWEEN(least, 1 * MS, 1 * MS + 20 * US);
	BETWEEN(most, 5 * MS - 20 * US, 5 * MS);
	BETWEEN(total / MANY, 2950 * US, 3050 * US);
	EQUAL(play.world->counters.sent, MANY);
	EQUAL(play.world->counters.delivered, MANY);
	EQUAL(play.world->counters.bytes, MANY * sizeof(struct number_body));
}

static void losses_come_at_their_rate_and_shift_nobody_elses_latency(void)
{
	unsigned lost = 0;

	play_prepare();
	play.setup.link.latency = (struct distribution){UNIFORM, 1 * MS, 5 * MS, 0};
	stream(0, MS);
	play_prepare();
	play.setup.link.latency = (struct distribution){UNIFORM, 1 * MS, 5 * MS, 0};
	play.setup.link.loss = PROBABILITY_ONE / 5;
	stream(1, MS);
	for (uint64_t i = 1; i <= MANY; i++) {
		lost += copies[i] == 0;
		if (copies[i])
			CU_ASSERT(arrived[1][i][0] == arrived[0][i][0]);
	}
	BETWEEN(lost, MANY / 5 - 100, MANY / 5 + 100);
	EQUAL(play.world->counters.lost, lost);
	EQUAL(world_link(play.world, 0, 1)->lost, lost);
	EQUAL(world_link(play.world, 1, 0)->lost, 0);
}

static void duplicates_come_at_their_rate_with_a_latency_of_their_own(void)
{
	unsigned doubled = 0, differ = 0;

	play_prepare();
	play.setup.link.latency = (struct distribution){UNIFORM, 1 * MS, 5 * MS, 0};
	stream(0, MS);
	play_prepare();
	play.setup.link.latency = (struct distribution){UNIFORM, 1 * MS, 5 * MS, 0};
	play.setup.link.duplicate = PROBABILITY_ONE / 4;
	stream(1, MS);
	for (uint64_t i = 1; i <= MANY; i++) {
		CU_ASSERT(copies[i] == 1 || copies[i] == 2);
		doubled += copies[i] == 2;
		differ += copies[i] == 2 && arrived[1][i][0] != arrived[1][i][1];
		CU_ASSERT(arrived[1][i][0] == arrived[0][i][0] ||
			  arrived[1][i][1] == arrived[0][i][0]);
		BETWEEN(arrived[1][i][copies[i] - 1] - sent(i), 1 * MS, 5 * MS);
	}
	BETWEEN(doubled, MANY / 4 - 110, MANY / 4 + 110);
	BETWEEN(differ, doubled - 5, doubled);
	EQUAL(play.world->counters.duplicated, doubled);
}

static void a_message_held_back_is_overtaken(void)
{
	unsigned held = 0, overtaken = 0;

	play_prepare();
	play.setup.link.reorder = PROBABILITY_ONE / 10;
	play.setup.link.held_back = (struct distribution){UNIFORM, 10 * MS, 20 * MS, 0};
	stream(0, MS);
	for (uint64_t i = 1; i <= MANY; i++) {
		nanoseconds took = arrived[0][i][0] - sent(i);

		held += took != MS;
		if (took != MS)
			BETWEEN(took, 11 * MS, 21 * MS);
	}
	for (unsigned i = 1; i < order_count; i++)
		overtaken += order[i] < order[i - 1];
	BETWEEN(held, MANY / 10 - 80, MANY / 10 + 80);
	CU_ASSERT(overtaken > held / 2);
	EQUAL(play.world->counters.reordered, held);
}

static void send_of_both_types(struct env *env, unsigned type, uint64_t number)
{
	play_send(env, 1, OTHER, MANY);
	play_send(env, 2, PLAIN, MANY);
	send_next(env, type, number);
}

static void other_traffic_shifts_no_draw(void)
{
	struct distribution latency = {LOGNORMAL, 3 * MS, 20 * MS, 0};

	play_prepare();
	play.setup.link.latency = latency;
	play.setup.link.loss = PROBABILITY_ONE / 5;
	stream(0, MS);
	play_prepare();
	play.setup.link.latency = latency;
	play.setup.link.loss = PROBABILITY_ONE / 5;
	run = 1;
	memset(arrived[1], 0, sizeof(arrived[1]));
	memset(copies, 0, sizeof(copies));
	order_count = 0;
	play.quiet = true;
	play.script.message = note;
	play.script.timer = send_of_both_types;
	play_begin();
	play_act(0, send_first);
	play_run(MS * MANY / 4);
	for (uint64_t i = 1; i < MANY / 5; i++)
		CU_ASSERT(arrived[1][i][0] == arrived[0][i][0]);
	CU_ASSERT(play.world->counters.sent > MANY / 2);
}

static void two_messages(struct env *env)
{
	for (process_id to = 0; to < 3; to++)
		if (to != env_self(env))
			play_send(env, to, PLAIN, to + 1u);
}

static void the_last_setup_of_a_pair_counts_and_the_others_take_the_default(void)
{
	static const struct link_override links[] = {
		{0, 1, {.latency = {CONSTANT, 7 * MS, 0, 0}}},
		{0, 1, {.latency = {CONSTANT, 2 * MS, 0, 0}}},
		{CLIENT_FIRST, 2, {.latency = {CONSTANT, 3 * MS, 0, 0}}},
		{1, 2, {.latency = {CONSTANT, MS, 0, 0}, .loss = PROBABILITY_ONE}},
	};

	play_prepare();
	play.setup.links = links;
	play.setup.link_count = 4;
	play_begin();
	play_act(0, two_messages);
	play_act(1, two_messages);
	play_request(1, 2, 0);
	play_run(S);
	TOLD("n3<3@1000 n1<1@1000 n2<2@2000 n3<c1:1@3000");
}

/* ---- Cuts ------------------------------------------------------------------------------------ */

static void send_numbers(struct env *env)
{
	play_send(env, 1, PLAIN, 1);
	play_send(env, 1, PLAIN, 2);
}

static void cut_one_way(struct world *world)
{
	world_cut(world, 0, 1);
}

static void mend_one_way(struct world *world)
{
	world_mend(world, 0, 1);
}

static void cuts_are_counted_directed_and_act_at_both_ends(void)
{
	play_prepare();
	play_begin();
	play_act(0, two_messages); /* under way when the cut falls */
	play_do_at(500 * US, cut_one_way);
	play_do_at(600 * US, cut_one_way);
	play_act_at(2 * MS, 0, two_messages); /* lost at once */
	play_act_at(2 * MS, 1, two_messages); /* the other way round is whole */
	play_do_at(3 * MS, mend_one_way);
	play_act_at(4 * MS, 0, two_messages); /* still cut once */
	play_do_at(5 * MS, mend_one_way);
	play_act_at(6 * MS, 0, two_messages);
	play_run(S);
	TOLD("n3<3@1000 n3<3@3000 n1<1@3000 n3<3@3000 n3<3@5000 n2<2@7000 n3<3@7000");
	EQUAL(play.world->counters.cut, 3);
	EQUAL(world_link(play.world, 0, 1)->lost, 3);
	EQUAL(world_link(play.world, 0, 1)->delivered, 7 * MS);
	EQUAL(world_link(play.world, 0, 1)->cuts, 0);
	EQUAL(world_link(play.world, 2, 1)->delivered, -1);
}

static void a_message_cut_off_and_mended_before_it_arrives_comes_through(void)
{
	play_prepare();
	play_begin();
	play_act(0, send_numbers);
	play_do_at(200 * US, cut_one_way);
	play_do_at(800 * US, mend_one_way);
	play_run(S);
	TOLD("n2<1@1000 n2<2@1000");
}

static void nothing_is_cut_between_a_process_and_itself(void)
{
	play_prepare();
	play_begin();
	world_cut(play.world, 0, 0);
	world_mend(play.world, 0, 0);
	EQUAL(world_link(play.world, 0, 0)->cuts, 0);
	CU_ASSERT_PTR_NULL(world_link(play.world, CLIENT_FIRST, CLIENT_FIRST + 0));
	world_cut(play.world, CLIENT_FIRST, CLIENT_FIRST);
}

static void answer(struct env *env, const struct request *request)
{
	env_reply(env, request->id, "12345678", 8);
}

static void cut_client(struct world *world)
{
	world_cut(world, CLIENT_FIRST, 0);
	world_cut(world, 1, CLIENT_FIRST);
}

static void clients_have_links_like_others(void)
{
	play_prepare();
	play.script.request = answer;
	play_begin();
	for (process_id to = 0; to < 3; to++)
		play_request(to + 1u, to, 0);
	play_do_at(500 * US, cut_client);
	play_run(S);
	TOLD("n2<c1:2@1000 n3<c1:3@1000 c1<3@2000");
	EQUAL(world_link(play.world, CLIENT_FIRST, 0)->lost, 1);
	EQUAL(world_link(play.world, 1, CLIENT_FIRST)->lost, 1);
	EQUAL(play.world->counters.cut, 2);
}

static void what_has_arrived_and_waits_to_be_served_no_cut_takes(void)
{
	play_prepare();
	play.setup.service = (struct distribution){CONSTANT, 5 * MS, 0, 0};
	play_begin();
	play_act(0, send_numbers);
	play_do_at(2 * MS, cut_one_way);
	play_run(S);
	TOLD("n2<1@6000 n2<2@11000");
}

static void crash_second(struct world *world)
{
	world_crash_now(world, 1);
}

static void restart_second(struct world *world)
{
	world_restart(world, 1);
}

static void what_waits_to_be_served_dies_with_its_process(void)
{
	play_prepare();
	play.setup.service = (struct distribution){CONSTANT, 5 * MS, 0, 0};
	play_begin();
	play_act(0, send_numbers);
	play_do_at(2 * MS, crash_second);
	play_do_at(3 * MS, restart_second);
	play_act_at(4 * MS, 0, send_numbers);
	play_run(S);
	TOLD("n2.boot(1)@3000 n2<1@10000 n2<2@15000");
	EQUAL(play.world->counters.refused_dead, 2);
}

static void a_dead_process_takes_nothing_but_a_datagram_finds_the_next_one(void)
{
	play_prepare();
	play_begin();
	play_act(0, send_numbers);
	play_do_at(500 * US, crash_second);
	play_act_at(800 * US, 0, send_numbers);
	play_do_at(1500 * US, restart_second);
	play_run(S);
	TOLD("n2.boot(1)@1500 n2<1@1800 n2<2@1800");
	EQUAL(play.world->counters.refused_dead, 2);
	EQUAL(world_link(play.world, 0, 1)->lost, 2);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void a_connection_keeps_order_and_a_loss_becomes_delay(void)
{
	nanoseconds worst = 0;

	play_prepare();
	play.setup.connections = true;
	play.setup.link.latency = (struct distribution){UNIFORM, 1 * MS, 5 * MS, 0};
	play.setup.link.loss = PROBABILITY_ONE / 5;
	stream(0, 3 * MS);
	EQUAL(order_count, MANY);
	for (uint64_t i = 1; i <= MANY; i++) {
		nanoseconds took = arrived[0][i][0] - sent(i);

		CU_ASSERT(order[i - 1] == i);
		worst = took > worst ? took : worst;
	}
	BETWEEN(play.world->counters.lost, MANY / 4 - 110, MANY / 4 + 110);
	CU_ASSERT(worst >= 31 * MS); /* three in a row, somewhere */
}

static void a_retransmission_takes_what_its_distribution_says(void)
{
	nanoseconds extra = 0;

	play_prepare();
	play.setup.connections = true;
	play.setup.link.loss = PROBABILITY_ONE / 10;
	play.setup.retransmit = (struct distribution){UNIFORM, 10 * MS, 20 * MS, 0};
	stream(0, 200 * MS);
	for (uint64_t i = 1; i <= MANY; i++)
		extra += arrived[0][i][0] - sent(i) - MS;
	CU_ASSERT_FATAL(play.world->counters.lost > 0);
	BETWEEN(extra / (nanoseconds)play.world->counters.lost, 14500 * US, 15500 * US);
}

static void send_five(struct env *env)
{
	for (uint64_t number = 1; number <= 5; number++)
		play_send(env, 1, PLAIN, number);
}

static void cut_and_mend(struct world *world)
{
	world_cut(world, 0, 1);
	world_mend(world, 0, 1);
}

static void a_cut_breaks_the_connection_and_loses_a_suffix(void)
{
	static const char *const survivors[] = {
		" n2<1@1000 n2<2@1000 n2<3@1000 n2<4@1000 n2<5@1000",
		" n2<1@1000 n2<2@1000 n2<3@1000 n2<4@1000",
		" n2<1@1000 n2<2@1000 n2<3@1000",
		" n2<1@1000 n2<2@1000",
		" n2<1@1000",
		""};

	for (unsigned lost = 0; lost <= 5; lost++) {
		char tale[200];

		play_prepare();
		play.setup.connections = true;
		play_override(CHOICE_BREAK, 0, 1, 0, 1, lost);
		play_begin();
		play_act(0, send_five);
		play_do_at(300 * US, cut_and_mend);
		play_act_at(400 * US, 0, send_numbers);
		play_run(S);
		snprintf(tale, sizeof(tale), "%s n2<1@1400 n2<2@1400", survivors[lost]);
		TOLD(tale + 1);
		EQUAL(play.world->counters.broken, lost);
	}
}

static void a_second_break_takes_nothing_of_what_outlived_the_first(void)
{
	play_prepare();
	play.setup.connections = true;
	play_override(CHOICE_BREAK, 0, 1, 0, 1, 2);
	play_override(CHOICE_BREAK, 0, 1, 0, 2, 9); /* all that it can */
	play_begin();
	play_act(0, send_five);
	play_do_at(300 * US, cut_and_mend);
	play_act_at(400 * US, 0, send_numbers);
	play_do_at(500 * US, cut_and_mend);
	play_run(S);
	TOLD("n2<1@1000 n2<2@1000 n2<3@1000");
}

static void crash_and_restart_second(struct world *world)
{
	world_crash_now(world, 1);
	world_restart(world, 1);
}

static void a_crash_breaks_all_connections_of_its_process(void)
{
	play_prepare();
	play.setup.connections = true;
	play_override(CHOICE_BREAK, 0, 1, 0, 1, 4);
	play_override(CHOICE_BREAK, 1, 0, 0, 1, 1);
	play_override(CHOICE_BREAK, 1, 2, 0, 1, 0);
	play_override(CHOICE_BREAK, CLIENT_FIRST, 1, 0, 1, 1);
	play_begin();
	play_act(0, send_five);
	play_act(1, two_messages);
	play_request(1, 1, 0);
	play_do_at(300 * US, crash_and_restart_second);
	play_run(S);
	TOLD("n2.boot(1)@300 n3<3@1000");
	EQUAL(play.world->counters.broken, 7);
}

/* A scheduler that takes any of the pending events. */
struct any {
	struct choice_source source;
	struct pcg32 pcg;
};
static uint64_t ask_any(struct choice_source *source, address_t address, uint64_t bound)
{
	struct any *any = (struct any *)source;

	return address >> 58 == CHOICE_NEXT ? pcg32_below(&any->pcg, (uint32_t)bound)
					    : CHOICE_LEFT_TO_SEED;
}

static void send_in_bulk(struct env *env)
{
	for (uint64_t number = 1; number <= 100; number++)
		play_send(env, 1, PLAIN, number);
}

static unsigned inversions_under_any_schedule(bool connections)
{
	struct any any = {{.ask = ask_any}, pcg32_seeded(5, 5)};
	unsigned inversions = 0;

	play_prepare();
	play.setup.connections = connections;
	play.quiet = true;
	play.script.message = note;
	order_count = 0;
	play_begin();
	play.world->choices.source = &any.source;
	play_act(0, send_in_bulk);
	play_act(2, send_in_bulk);
	play_run(S);
	EQUAL(order_count, 200);
	uint64_t last[2] = {0};
	for (unsigned i = 0; i < 200; i++)
		if (order[i] != last[0] + 1 && order[i] != last[1] + 1)
			inversions++;
		else
			last[order[i] != last[0] + 1] = order[i];
	return inversions;
}

static void a_connection_keeps_order_under_any_schedule(void)
{
	EQUAL(inversions_under_any_schedule(true), 0);
	CU_ASSERT(inversions_under_any_schedule(false) > 50);
}

/* ---- Healing --------------------------------------------------------------------------------- */

static void healing_ends_every_accident_and_caps_latencies(void)
{
	static const struct link_override links[] = {
		{0,
		 1,
		 {.latency = {BIMODAL, 2 * MS, 500 * MS, PROBABILITY_ONE / 200},
		  .loss = PROBABILITY_ONE / 2,
		  .duplicate = PROBABILITY_ONE / 2,
		  .reorder = PROBABILITY_ONE / 2,
		  .held_back = {CONSTANT, 50 * MS, 0, 0}}},
	};

	play_prepare();
	play.setup.links = links;
	play.setup.link_count = 1;
	run = 0;
	apart = MS;
	order_count = 0;
	memset(copies, 0, sizeof(copies));
	memset(arrived, 0, sizeof(arrived));
	play.quiet = true;
	play.script.message = note;
	play.script.timer = send_next;
	play_begin();
	world_link(play.world, 0, 1)->slower = 9 * MS;
	play_act(0, send_first);
	play_run(1 * S);
	CU_ASSERT(play.world->counters.lost > 400);
	world_heal(play.world);
	uint64_t first = 0;
	for (uint64_t i = 1; i <= MANY; i++) /* what is sent from now on */
		first = sent(i) <= 1 * S ? i + 1 : first;
	play_run(100 * S);
	unsigned wrong = 0;
	for (uint64_t i = first; i <= MANY; i++)
		wrong += copies[i] != 1 || arrived[0][i][0] != sent(i) + 2 * MS;
	EQUAL(wrong, 0);
}

/* ---- Overrides ------------------------------------------------------------------------------- */

static void an_override_drops_doubles_or_holds_back_the_one_message_that_it_names(void)
{
	play_prepare();
	play_override(CHOICE_LOSS, 0, 1, PLAIN, 3, 1);
	play_override(CHOICE_DUPLICATE, 0, 1, PLAIN, 3, 1); /* of those that were not lost: 4 */
	play_override(CHOICE_LATENCY, 0, 1, PLAIN, 1, (uint64_t)(4 * MS));
	play.setup.link.held_back = (struct distribution){CONSTANT, 10 * MS, 0, 0};
	play_override(CHOICE_REORDER, 0, 1, PLAIN, 2, 1);
	play_override(CHOICE_REORDER, 0, 1, PLAIN, 4, 1);
	play_begin();
	play_act(0, send_five);
	play_act(2, send_numbers);
	play_run(S);
	TOLD("n2<4@1000 n2<4@1000 n2<1@1000 n2<2@1000 n2<1@4000 n2<2@11000 n2<5@11000");
}

static void elect(struct env *env)
{
	env_observe(env, SAW_LEADER_ELECTED, 1, 0, 0, NULL, 0);
}

static void an_override_counts_from_its_anchor(void)
{
	play_prepare();
	play_override(CHOICE_LOSS, 0, 1, PLAIN, 2, 1);
	play.overrides[0].anchor = SAW_LEADER_ELECTED;
	play.overrides[0].anchor_count = 2;
	play_begin();
	play_act(0, send_numbers);
	play_act(2, elect);
	play_act(0, send_numbers);
	play_act(1, elect);
	play_act(0, send_numbers);
	play_act(0, send_numbers);
	play_run(S);
	TOLD("n3.elected(1)@0 n2.elected(1)@0 n2<1@1000 n2<2@1000 n2<1@1000 n2<2@1000 n2<1@1000 "
	     "n2<1@1000 n2<2@1000");
}

CU_TestInfo network_tests[] = {
	{"latencies are drawn from their distribution",
	 latencies_are_drawn_from_their_distribution},
	{"losses come at their rate, and shift nobody else's latency",
	 losses_come_at_their_rate_and_shift_nobody_elses_latency},
	{"duplicates come at their rate, with a latency of their own",
	 duplicates_come_at_their_rate_with_a_latency_of_their_own},
	{"a message held back is overtaken", a_message_held_back_is_overtaken},
	{"other traffic shifts no draw", other_traffic_shifts_no_draw},
	{"the last setup of a pair counts, and the others take the default",
	 the_last_setup_of_a_pair_counts_and_the_others_take_the_default},
	{"cuts are counted, directed, and act at both ends",
	 cuts_are_counted_directed_and_act_at_both_ends},
	{"a message cut off and mended before it arrives comes through",
	 a_message_cut_off_and_mended_before_it_arrives_comes_through},
	{"nothing is cut between a process and itself, nor between clients",
	 nothing_is_cut_between_a_process_and_itself},
	{"clients have links like others", clients_have_links_like_others},
	{"what has arrived and waits to be served, no cut takes",
	 what_has_arrived_and_waits_to_be_served_no_cut_takes},
	{"what waits to be served dies with its process",
	 what_waits_to_be_served_dies_with_its_process},
	{"a dead process takes nothing, but a datagram finds the next one",
	 a_dead_process_takes_nothing_but_a_datagram_finds_the_next_one},
	{"a connection keeps order, and a loss becomes delay",
	 a_connection_keeps_order_and_a_loss_becomes_delay},
	{"a retransmission takes what its distribution says",
	 a_retransmission_takes_what_its_distribution_says},
	{"a cut breaks the connection and loses a suffix",
	 a_cut_breaks_the_connection_and_loses_a_suffix},
	{"a second break takes nothing of what outlived the first",
	 a_second_break_takes_nothing_of_what_outlived_the_first},
	{"a crash breaks all connections of its process",
	 a_crash_breaks_all_connections_of_its_process},
	{"a connection keeps order under any schedule",
	 a_connection_keeps_order_under_any_schedule},
	{"healing ends every accident and caps latencies",
	 healing_ends_every_accident_and_caps_latencies},
	{"an override drops, doubles or holds back the one message that it names",
	 an_override_drops_doubles_or_holds_back_the_one_message_that_it_names},
	{"an override counts from its anchor", an_override_counts_from_its_anchor},
	CU_TEST_INFO_NULL,
};
