/* The stage: see cluster.h. */
#include "sim/world/kernel.h" /* first: it brings a header that minds our macros */

#include "tests/protocols/cluster.h"

#include "protocols/raft/raft.h"

static struct cluster cluster;
static struct raft_options raft_options;

/* The group that clients talk to: the last. */
static const struct group_setup *asked_group(void)
{
	return &cluster.setup.groups[cluster.setup.group_count - 1];
}

/* ---- What the floors above would do ---------------------------------------------------------- */

static void observed(struct world *world, process_id who, enum observation what, uint64_t a,
		     uint64_t b, uint64_t c, uint64_t digest)
{
	(void)digest;
	if (cluster.seen_count < SEEN_MAX)
		cluster.seen[cluster.seen_count++] = (struct seen){world->now, who, what, a, b, c};
}

static void appended(struct world *world, process_id who, struct log_record *record)
{
	(void)world, (void)who, (void)record;
}

static void truncated(struct world *world, process_id who, uint64_t first_removed)
{
	(void)world, (void)who, (void)first_removed;
}

static void durable(struct world *world, process_id who, uint64_t last)
{
	(void)world, (void)who, (void)last;
}

static void booted(struct world *world, process_id who, enum boot boot)
{
	(void)world, (void)who, (void)boot;
}

static void applied(struct world *world, process_id who, uint64_t index, uint64_t digest,
		    request_id operation)
{
	(void)world, (void)who, (void)index, (void)digest, (void)operation;
}

static void queried(struct world *world, process_id who, request_id operation)
{
	(void)world, (void)who, (void)operation;
}

static void left_early(struct world *world, process_id who, const struct env_message *message,
		       ticket_t needed)
{
	(void)world, (void)who, (void)message, (void)needed;
	cluster.early++;
}

static void ignored(struct world *world, process_id who, enum observation what, uint64_t a,
		    uint64_t b)
{
	(void)world, (void)who, (void)what, (void)a, (void)b;
}

static void term_ahead(struct world *world, process_id who, const struct env_message *message,
		       uint64_t term)
{
	(void)world, (void)message, (void)term;
	cluster.failures++;
	snprintf(cluster.failure, sizeof(cluster.failure), "n%u is behind its message", who + 1);
}

static void failed(struct world *world, process_id who, const char *what)
{
	(void)world;
	cluster.failures++;
	snprintf(cluster.failure, sizeof(cluster.failure), "n%u %s", who + 1, what);
}

static const struct observer observer = {.observed = observed,
					 .withdrawn = ignored,
					 .unwritten = ignored,
					 .appended = appended,
					 .truncated = truncated,
					 .durable = durable,
					 .recovered = durable,
					 .booted = booted,
					 .applied = applied,
					 .queried = queried,
					 .left_early = left_early,
					 .term_ahead = term_ahead,
					 .failed = failed};

static bool due(struct world *world, uint32_t argument)
{
	(void)world, (void)argument;
	return false;
}

static void answered(struct world *world, unsigned client, const struct env_message *message)
{
	const struct answer_body *body = (const struct answer_body *)message->body;
	struct answer *answer = &cluster.told[cluster.told_count];

	(void)world, (void)client;
	if (cluster.told_count == TOLD_MAX)
		return;
	cluster.told_count++;
	*answer = (struct answer){.id = body->id,
				  .kind = (enum message_kind)message->kind,
				  .whom = (process_id)body->whom};
	if (message->kind == MESSAGE_ANSWER)
		asked_group()->app->tell(cluster.sent[body->id >> 16], 32, body + 1, body->size,
					 &answer->told);
}

static void changed(struct world *world, process_id who)
{
	(void)world, (void)who;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static struct distribution constant(nanoseconds a)
{
	return (struct distribution){.kind = CONSTANT, .a = a, .b = a};
}

struct cluster *cluster_open_with(const char *protocol, unsigned members,
				  void (*change)(struct setup *))
{
	cluster_close();
	raft_options = (struct raft_options){.election_timeout = {150 * MS, 300 * MS},
					     .heartbeat = 50 * MS,
					     .batch = 64,
					     .pipeline = 8};
	cluster.setup = (struct setup){
		.seed = 1,
		.group_count = 1,
		.groups = {{.protocol = protocol_named(protocol),
			    .app = app_named("register"),
			    .options = &raft_options,
			    .members = members}},
		.clients = 4,
		.link = {.latency = constant(MS), .held_back = constant(0)},
		.retransmit = constant(MS),
		.disk = {.write = constant(0), .sync = constant(MS)},
		.clock_offset = constant(0),
		.service = constant(0),
		.max_events = UINT64_MAX,
		.foreign = true,
	};
	if (change)
		change(&cluster.setup);
	cluster.above = (struct above){.observer = &observer,
				       .due = {due, due, due, due},
				       .answered = answered,
				       .changed = changed};
	cluster.world = world_open(ARENA_BASE, (uint64_t)1 << 28);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cluster.world);
	world_begin(cluster.world, &cluster.setup, &cluster.above);
	world_boot(cluster.world);
	return &cluster;
}

struct cluster *cluster_open(const char *protocol, unsigned members)
{
	return cluster_open_with(protocol, members, NULL);
}

void cluster_close(void)
{
	if (cluster.world)
		world_close(cluster.world);
	memset(&cluster, 0, sizeof(cluster));
}

void cluster_bug(struct cluster *at, const char *name)
{
	for (unsigned g = 0; g < at->setup.group_count; g++) {
		const struct bug *bugs = at->setup.groups[g].protocol->bugs;

		for (unsigned i = 0; bugs[i].name; i++)
			if (!strcmp(bugs[i].name, name)) {
				at->world->groups[g].bugs[i / 64] |= (uint64_t)1 << i % 64;
				return;
			}
	}
	CU_FAIL_FATAL("no bug of that name");
}

/* ---- Driving --------------------------------------------------------------------------------- */

void cluster_run(struct cluster *at, nanoseconds for_so_long)
{
	const char *limit;

	world_run(at->world, at->world->now + for_so_long, &limit);
	if (at->failures)
		printf("\n  %s", at->failure);
	CU_ASSERT_EQUAL_FATAL(at->failures, 0);
}

request_id cluster_ask(struct cluster *at, process_id whom, unsigned operation, uint64_t key,
		       uint64_t value)
{
	request_id id = (request_id)++at->requests << 16;
	const struct app *app = asked_group()->app;
	struct drawn drawn = {.operation = operation, .key = key, .fresh = value};
	char command[64];

	memcpy(command, &id, sizeof(id));
	size_t size = app->draw(&drawn, command + sizeof(id));

	memcpy(at->sent[at->requests], command + sizeof(id), size);
	world_request(at->world, 0, whom,
		      &(struct request){.id = id,
					.kind = operation == READ ? REQUEST_READ : REQUEST_WRITE,
					.command = command,
					.size = sizeof(id) + size});
	return id;
}

void *cluster_forge(struct cluster *at, process_id from, process_id to, unsigned type)
{
	size_t size = at->setup.groups[0].protocol->messages[type].size;
	struct env_message *message = message_new(at->world, MESSAGE_PROTOCOL, from, to, size);

	message->type = (uint8_t)type;
	network_send(at->world, message);
	return message->body;
}

void cluster_attach(struct cluster *at, void *body, process_id who, uint64_t index)
{
	uint8_t *message = (uint8_t *)body - offsetof(struct env_message, body);
	struct log_record *record = world_log(at->world, who, index);

	record->holders++;
	message_attach(at->world, (struct env_message *)message, record);
}

void cluster_isolate(struct cluster *at, process_id who)
{
	for (unsigned other = 0; other < at->world->process_count; other++)
		if (other != who) {
			world_cut(at->world, who, (endpoint_t)other);
			world_cut(at->world, (endpoint_t)other, who);
		}
}

void cluster_rejoin(struct cluster *at, process_id who)
{
	for (unsigned other = 0; other < at->world->process_count; other++)
		if (other != who) {
			world_mend(at->world, who, (endpoint_t)other);
			world_mend(at->world, (endpoint_t)other, who);
		}
}

/* ---- Looking --------------------------------------------------------------------------------- */

const struct answer *cluster_told(const struct cluster *at, request_id id)
{
	for (unsigned i = at->told_count; i-- > 0;)
		if (at->told[i].id == id)
			return &at->told[i];
	return NULL;
}

unsigned cluster_saw(const struct cluster *at, process_id who, enum observation what)
{
	unsigned count = 0;

	for (unsigned i = 0; i < at->seen_count; i++)
		count += at->seen[i].who == who && at->seen[i].what == what;
	return count;
}

process_id cluster_leader(const struct cluster *at)
{
	return world_leader(at->world, 0);
}

uint64_t cluster_see(struct cluster *at, process_id who, const char *inspector)
{
	return world_inspect(at->world, who, inspector, UINT64_MAX);
}

static bool all_follow(struct cluster *at, process_id leader)
{
	for (unsigned who = 0; who < at->world->process_count; who++)
		if (world_process(at->world, (process_id)who)->status == UP &&
		    cluster_see(at, (process_id)who, "leader") != leader)
			return false;
	return true;
}

process_id cluster_elect(struct cluster *at)
{
	for (int i = 0; i < 500; i++) {
		process_id leader = cluster_leader(at);

		if (leader != NO_PROCESS && all_follow(at, leader))
			return leader;
		cluster_run(at, 10 * MS);
	}
	CU_FAIL_FATAL("no leader");
	return NO_PROCESS;
}
