/*
 * The network: directed links that delay, lose, duplicate and hold back messages, and cuts. What
 * else a link may do to a message, its wire does (wire.c).
 *
 * Every choice about a message has the address (kind, link, type, ordinal), where a link counts its
 * messages by type once, and loss, latency and the rest share that ordinal: taking one fault away
 * never shifts another's draws. Cuts act when a message is sent and when it arrives.
 */
#include "sim/world/kernel.h"

enum { RETRANSMITS_MAX = 16 };

const char *endpoint_name(endpoint_t endpoint, char *text)
{
	if (endpoint < CLIENT_FIRST)
		snprintf(text, 8, "n%u", endpoint + 1u);
	else
		snprintf(text, 8, "c%u", endpoint - CLIENT_FIRST + 1u);
	return text;
}

/* ---- Messages -------------------------------------------------------------------------------- */

struct env_message *message_new(struct world *world, enum message_kind kind, endpoint_t from,
				endpoint_t to, size_t size)
{
	size_t whole = sizeof(struct env_message) + (size + 15) / 16 * 16;
	struct env_message *message = arena_take_part(&world->arena, whole, 0);

	memset(message, 0, sizeof(*message));
	for (size_t at = 0; at < size; at += 16) /* short: cheaper than a call */
		memset(message->body + at, 0, 16);

	message->allocated = (uint32_t)whole;
	message->record_capacity = MESSAGE_RECORDS_INLINE;
	message->size = (uint32_t)size;
	message->from = from;
	message->to = to;
	message->kind = (uint8_t)kind;
	return message;
}

ref_t *message_records(struct world *world, struct env_message *message)
{
	return message->records ? arena_at(&world->arena, message->records) : message->record;
}

static inline uint64_t digest_with(uint64_t digest, const struct log_record *record)
{
	uint64_t turned = record->term << 32 | record->term >> 32; /* false ones are large, too */

	return (digest ^ record->digest ^ turned ^ record->index) * 0x9E3779B97F4A7C15u;
}

/* Takes over the caller's hold on the record. */
void message_attach(struct world *world, struct env_message *message, struct log_record *record)
{
	ref_t *records = message_records(world, message);

	if (message->record_count == message->record_capacity) {
		size_t bytes = message->record_capacity * sizeof(ref_t);
		ref_t *more = arena_take(&world->arena, 2 * bytes);

		memcpy(more, records, bytes);
		if (message->records)
			arena_give(&world->arena, records, bytes);
		message->records = arena_ref(&world->arena, more);
		message->record_capacity *= 2;
		records = more;
	}
	records[message->record_count++] = arena_ref(&world->arena, record);
	message->records_digest = digest_with(message->records_digest, record);
}

void message_digest_records(struct world *world, struct env_message *message)
{
	const ref_t *records = message_records(world, message);

	message->records_digest = 0;
	for (uint32_t i = 0; i < message->record_count; i++)
		message->records_digest = digest_with(message->records_digest,
						      world_record(world, records[i]));
}

void message_free(struct world *world, struct env_message *message)
{
	ref_t *records = message_records(world, message);

	for (uint32_t i = 0; i < message->record_count; i++)
		record_release(world, world_record(world, records[i]));
	if (message->records)
		arena_give(&world->arena, records, message->record_capacity * sizeof(ref_t));
	arena_give(&world->arena, message, message->allocated);
}

/* The same once more, as the network may do. */
static struct env_message *message_copy(struct world *world, const struct env_message *message)
{
	struct env_message *copy = arena_take_part(&world->arena, message->allocated, 0);
	const ref_t *records = message->records ? arena_at(&world->arena, message->records)
						: message->record;

	memcpy(copy, message, message->allocated);
	copy->records = 0;
	copy->record_count = 0;
	copy->record_capacity = MESSAGE_RECORDS_INLINE;
	copy->records_digest = 0;
	for (uint32_t i = 0; i < message->record_count; i++) {
		struct log_record *record = world_record(world, records[i]);

		record->holders++;
		message_attach(world, copy, record);
	}
	return copy;
}

/* ---- Links ----------------------------------------------------------------------------------- */

const struct link_setup *link_setup(const struct world *world, const struct link *link)
{
	const struct setup *setup = world->setup;

	if (likely(!link->setup))
		return &setup->link;
	if (link->setup <= setup->link_count)
		return &setup->links[link->setup - 1].link;
	return &setup->between[link->setup - 1 - setup->link_count];
}

/* Where a link's counters of messages begin, and the link itself. */
static struct link *find_link(struct world *world, endpoint_t from, endpoint_t to,
			      uint32_t *ordinals)
{
	unsigned n = world->process_count, clients = world->client_count;

	*ordinals = 0;
	if (from < CLIENT_FIRST && to < CLIENT_FIRST) {
		unsigned i = from * n + to;

		*ordinals = i * world->type_count;
		return &world->links[i];
	}
	if (from >= CLIENT_FIRST && to >= CLIENT_FIRST)
		return NULL;
	unsigned i = from >= CLIENT_FIRST ? (unsigned)(from - CLIENT_FIRST) * n + to
					  : clients * n + from * clients + (to - CLIENT_FIRST);

	*ordinals = n * n * world->type_count + i * MESSAGE_KINDS;
	return &world->client_links[i];
}

struct link *world_link(struct world *world, endpoint_t from, endpoint_t to)
{
	uint32_t ordinals;

	return find_link(world, from, to, &ordinals);
}

/* Without sessions no protocol could tell a copy of a request from a second operation: clients'
 * links repeat nothing, unless the scenario says so of that very link. */
static bool repeats(const struct world *world, const struct link *link)
{
	return link < world->client_links ||
	       (link->setup && link->setup <= world->setup->link_count);
}

void world_link_reset(struct world *world, struct link *link)
{
	const struct link_setup *setup = link_setup(world, link);

	link->loss = setup->loss;
	link->duplicate = repeats(world, link) ? setup->duplicate : 0;
	link->reorder = setup->reorder;
	link->slower = setup->distance;
	if (!link->wire && !(setup->corrupt | setup->alter | setup->bandwidth))
		return;
	struct wire *wire = world_wire(world, link);

	wire_heal(world, wire);
	wire->corrupt = setup->corrupt;
	wire->alter = setup->alter;
	wire->bandwidth = setup->bandwidth;
}

static uint32_t region_setup(const struct setup *setup, endpoint_t from, endpoint_t to)
{
	unsigned a = setup->region_count ? setup->region[from] : 0;
	unsigned b = setup->region_count ? setup->region[to] : 0;

	if (!a || !b)
		return 0;
	return (uint32_t)setup->link_count + (a - 1) * setup->region_count + b;
}

static void place_links(struct world *world)
{
	const struct setup *setup = world->setup;
	unsigned ends = CLIENT_FIRST + world->client_count;

	for (unsigned from = 0; setup->region_count && from < ends; from++)
		for (unsigned to = 0; to < ends; to++) {
			bool there = (from < world->process_count || from >= CLIENT_FIRST) &&
				     (to < world->process_count || to >= CLIENT_FIRST);
			struct link *link = there ? world_link(world, (endpoint_t)from,
							       (endpoint_t)to)
						  : NULL;

			if (link)
				link->setup = region_setup(setup, (endpoint_t)from, (endpoint_t)to);
		}
	for (size_t i = 0; i < setup->link_count; i++) {
		struct link *link = world_link(world, setup->links[i].from, setup->links[i].to);

		if (link)
			link->setup = (uint32_t)i + 1;
	}
}

void network_init(struct world *world)
{
	size_t n = world->process_count, clients = world->client_count;
	size_t between = n * n, with_clients = 2 * clients * n;

	world->links = arena_bump(&world->arena, (between + with_clients) * sizeof(struct link));
	world->client_links = world->links + between;
	world->ordinals = arena_bump(&world->arena,
				     (between * world->type_count + with_clients * MESSAGE_KINDS) *
					     sizeof(uint32_t));
	place_links(world);
	for (size_t i = 0; i < between + with_clients; i++) {
		world_link_reset(world, &world->links[i]);
		world->links[i].delivered = -1;
	}
}

/* ---- Sending --------------------------------------------------------------------------------- */

static nanoseconds latency(struct world *world, const struct link *link, address_t address)
{
	const struct link_setup *setup = link_setup(world, link);
	nanoseconds took = choose_duration(&world->choices, address, &setup->latency);

	if (unlikely(world->healed)) {
		nanoseconds cap = distribution_p99(&setup->latency);

		if (took > cap)
			took = cap;
	}
	return took + link->slower;
}

void network_lose(struct world *world, struct link *link, struct env_message *message,
		  enum trace_kind how, uint64_t *counter)
{
	link->lost++;
	++*counter;
	trace_message(world, how, message);
	message_free(world, message);
}

/* Of a FIFO connection: a loss costs a retransmission, and nobody overtakes. */
static void send_connected(struct world *world, struct link *link, struct env_message *message,
			   address_t base, nanoseconds waits)
{
	struct pcg32 pcg = choice_pcg(&world->choices, of_kind(base, CHOICE_LOSS));
	nanoseconds due = world->now + waits + latency(world, link, of_kind(base, CHOICE_LATENCY));
	bool lost = accident(world, base, CHOICE_LOSS, link->loss);

	pcg32_next(&pcg); /* that one is spent */
	for (unsigned i = 0; lost && i < RETRANSMITS_MAX; i++) {
		due += distribution_draw(&world->setup->retransmit, &pcg);
		world->counters.lost++;
		lost = pcg32_next(&pcg) < link->loss;
	}
	if (due < link->last)
		due = link->last;
	link->last = due;
	message->place = ++link->place;
	world_push(world, due, arena_ref(&world->arena, message));
}

static void send_datagram(struct world *world, struct link *link, struct env_message *message,
			  address_t base, nanoseconds waits)
{
	if (accident(world, base, CHOICE_LOSS, link->loss)) {
		network_lose(world, link, message, TRACE_LOST, &world->counters.lost);
		return;
	}
	nanoseconds due = world->now + waits;
	nanoseconds took = latency(world, link, of_kind(base, CHOICE_LATENCY));

	if (accident(world, base, CHOICE_REORDER, link->reorder)) {
		took += choose_duration(&world->choices,
					of_kind(base, CHOICE_REORDER) | SECOND_DURATION,
					&link_setup(world, link)->held_back);
		world->counters.reordered++;
	}
	world_push(world, due + took, arena_ref(&world->arena, message));
	if (accident(world, base, CHOICE_DUPLICATE, link->duplicate)) {
		nanoseconds again = latency(world, link,
					    of_kind(base, CHOICE_LATENCY) | SECOND_DURATION);

		world->counters.duplicated++;
		world_push(world, due + again,
			   arena_ref(&world->arena, message_copy(world, message)));
	}
}

/* Where anything at all may happen to it. Not inline: the plain way has all registers. */
static never_inline void send_with_accidents(struct world *world, struct link *link,
					     struct env_message *message, address_t base)
{
	nanoseconds waits = 0;

	if (link->cuts)
		network_lose(world, link, message, TRACE_LOST, &world->counters.cut);
	else if ((link->wire || world->choices.source) &&
		 !wire_take(world, link, message, base, &waits))
		return;
	else if (world->setup->connections)
		send_connected(world, link, message, base, waits);
	else
		send_datagram(world, link, message, base, waits);
}

void network_send(struct world *world, struct env_message *message)
{
	ref_t ref = arena_ref(&world->arena, message);

	if (message->from == message->to) { /* it is there already, and leaves nobody */
		message->arrived = true;
		message->incarnation = world_process(world, (process_id)message->to)->incarnation;
		world_push(world, world->now, ref);
		return;
	}
	if (message->needed) {
		process_id sender = (process_id)message->from;

		if (unlikely(message->needed > world_process(world, sender)->disk.durable &&
			     world->above->observer))
			world->above->observer->left_early(world, sender, message, message->needed);
	}
	uint32_t ordinals;
	struct link *link = find_link(world, message->from, message->to, &ordinals);
	bool protocol = message->kind == MESSAGE_PROTOCOL;

	message->link = (uint32_t)(link - world->links);
	uint32_t slot = protocol                            ? message->type
			: message->kind == MESSAGE_PROPOSAL ? world->type_count - 1
							    : message->kind;
	uint32_t ordinal = ++world->ordinals[ordinals + slot];
	address_t base = choice_address(0, message->from, message->to, message_sort(message),
					ordinal);

	world->counters.sent++;
	world->counters.bytes += message->size;
	if (likely(!(link->loss | link->reorder | link->duplicate | link->wire | link->cuts) &&
		   !world->choices.source && !world->setup->connections))
		world_push(world, world->now + latency(world, link, of_kind(base, CHOICE_LATENCY)),
			   ref);
	else
		send_with_accidents(world, link, message, base);
}

void world_request(struct world *world, unsigned client, process_id to,
		   const struct request *request)
{
	struct env_message *message = message_new(world, MESSAGE_REQUEST,
						  (endpoint_t)(CLIENT_FIRST + client), to,
						  sizeof(struct request_body) + request->size);
	struct request_body *body = (struct request_body *)message->body;

	*body = (struct request_body){.id = request->id,
				      .session = request->session,
				      .sequence = request->sequence,
				      .kind = request->kind,
				      .size = (uint32_t)request->size};
	memcpy(body + 1, request->command, request->size);
	message->group = world_process(world, to)->group;
	network_send(world, message);
}

/* ---- Arriving -------------------------------------------------------------------------------- */

/* Is this queue item a message under way on that connection, sent after the one at `place`? */
static bool in_flight(const struct world *world, uint32_t ref, endpoint_t from, endpoint_t to,
		      uint32_t place)
{
	const struct env_message *message = message_at(world, ref);

	return ref % ARENA_ALIGN == ITEM_MESSAGE && message->from == from && message->to == to &&
	       !message->arrived && message->place > place;
}

/* A message of a broken connection was lost as it arrived: what comes behind it in that connection
 * goes too, for a connection loses a suffix and never a part in between. */
static void lose_behind(struct world *world, const struct env_message *message)
{
	const struct link *link = &world->links[message->link];

	for (uint32_t i = 0; world->setup->connections && i < world->queue.count; i++) {
		uint32_t ref = world->queue.item[i].ref;

		if (in_flight(world, ref, message->from, message->to, message->place) &&
		    message_at(world, ref)->place <= link->broken_place)
			message_at(world, ref)->lost = true;
	}
}

bool network_deliver(struct world *world, struct env_message *message)
{
	struct link *link = NULL;

	if (message->from != message->to) {
		link = &world->links[message->link];
		if (unlikely((link->cuts || message->lost) && !message->arrived)) {
			lose_behind(world, message);
			network_lose(world, link, message, TRACE_LOST,
				     link->cuts ? &world->counters.cut : &world->counters.broken);
			return false;
		}
	}
	if (message->to < CLIENT_FIRST) {
		struct process *process = world_process(world, (process_id)message->to);

		if (unlikely(process->status == DOWN ||
			     (message->arrived && message->incarnation != process->incarnation))) {
			if (link)
				link->lost++;
			world->counters.refused_dead++;
			if (!message->arrived)
				lose_behind(world, message);
			trace_message(world, TRACE_LOST, message);
			message_free(world, message);
			return false;
		}
		if (link) {
			link->delivered = world->now;
			link->delivered_sort = message_sort(message);
		}
		return process_receive(world, process, message);
	}
	world->links[message->link].delivered = world->now;
	world->links[message->link].delivered_sort = message_sort(message);
	message_delivered(world, message);
	world->above->answered(world, message->to - (unsigned)CLIENT_FIRST, message);
	message_free(world, message);
	return true;
}

/* ---- Cuts and broken connections ------------------------------------------------------------- */

bool network_overtakes(const struct env_message *message, const struct env_message *other)
{
	if (message->kind == MESSAGE_APPLIED || other->kind == MESSAGE_APPLIED)
		return applied_overtakes(message, other);
	return message->from == other->from && message->to == other->to && !message->arrived &&
	       (other->arrived || other->place < message->place);
}

/* Whoever boots has no connections: what was sent to it while it was down reaches nobody. */
void network_forget(struct world *world, process_id id)
{
	for (uint32_t i = 0; world->setup->connections && i < world->queue.count; i++) {
		uint32_t ref = world->queue.item[i].ref;

		if (ref % ARENA_ALIGN == ITEM_MESSAGE && message_at(world, ref)->to == id &&
		    !message_at(world, ref)->arrived)
			message_at(world, ref)->lost = true;
	}
}

void network_break(struct world *world, endpoint_t from, endpoint_t to)
{
	struct link *link = world_link(world, from, to);
	uint32_t flying = 0;

	if (!world->setup->connections || !link)
		return;
	for (uint32_t i = 0; i < world->queue.count; i++)
		flying += in_flight(world, world->queue.item[i].ref, from, to, link->broken_place);
	uint32_t lost = choose_below(&world->choices,
				     choice_address(CHOICE_BREAK, from, to, 0, link->place),
				     flying + 1);

	for (uint32_t i = 0; i < world->queue.count; i++) {
		uint32_t ref = world->queue.item[i].ref;

		if (in_flight(world, ref, from, to, link->place - lost))
			message_at(world, ref)->lost = true;
	}
	link->broken_place = link->place;
}

static void note_cut_change(struct world *world)
{
	world->cut_changes++;
	world->cut_changed = world->now;
}

void world_cut(struct world *world, endpoint_t from, endpoint_t to)
{
	struct link *link = world_link(world, from, to);

	note_cut_change(world);
	if (link && from != to && link->cuts++ == 0)
		network_break(world, from, to);
}

void world_mend(struct world *world, endpoint_t from, endpoint_t to)
{
	struct link *link = world_link(world, from, to);

	note_cut_change(world);
	if (link && from != to) {
		assert(link->cuts > 0);
		link->cuts--;
	}
}

void world_heal(struct world *world)
{
	size_t n = world->process_count, clients = world->client_count;

	world->healed = true;
	for (size_t i = 0; i < n * n + 2 * clients * n; i++) {
		struct link *link = &world->links[i];

		link->loss = link->duplicate = link->reorder = 0;
		link->slower = link_setup(world, link)->distance;
		if (link->wire)
			wire_heal(world, arena_at(&world->arena, link->wire));
	}
}
