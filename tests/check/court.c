/* See court.h. The app is a sum of letters, where their order counts. */
#include "tests/check/court.h"

#include "tests/tests.h"

/* ---- The app --------------------------------------------------------------------------------- */

static size_t sum_apply(struct env *env, void *state, const void *command, size_t size,
			void *answer)
{
	uint64_t *sum = state;

	(void)env, (void)answer;
	for (size_t i = 0; i < size; i++)
		*sum = 31 * *sum + ((const uint8_t *)command)[i];
	return 0;
}
static size_t sum_query(struct env *env, const void *state, const void *command, size_t size,
			void *answer)
{
	(void)env, (void)command, (void)size;
	memcpy(answer, state, sizeof(uint64_t));
	return sizeof(uint64_t);
}
static uint64_t sum_digest(const void *state)
{
	return *(const uint64_t *)state;
}
static const struct app sum = {.name = "sum",
			       .state_size = sizeof(uint64_t),
			       .apply = sum_apply,
			       .query = sum_query,
			       .digest = sum_digest};

/* ---- The protocol: it does nothing by itself ------------------------------------------------- */

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot;
}
static void on_disk_failed(struct env *env, void *state, ticket_t ticket, enum disk_error error)
{
	(void)env, (void)state, (void)ticket, (void)error;
}
static void on_vote(struct env *env, void *state, process_id from, const void *body, size_t count)
{
	(void)env, (void)state, (void)from, (void)body, (void)count;
}

/* Takes what it is sent, in place of whatever stands there; a gap it leaves alone. */
static void on_entries(struct env *env, void *state, process_id from, const void *body,
		       size_t count)
{
	struct record_view record = {0}, own;

	(void)state, (void)from, (void)count;
	while (env_next_record(body, &record)) {
		if (record.index > env_log_last(env) + 1)
			return;
		if (env_log_read(env, record.index, &own) == WHOLE && own.term == record.term)
			continue;
		env_log_truncate(env, record.index);
		env_log_append(env, record.term, record.command, record.size);
	}
}

static uint64_t see_role(const struct env *env, const void *state)
{
	(void)env;
	return ((const struct court_state *)state)->leads != 0;
}
static uint64_t see_term(const struct env *env, const void *state)
{
	(void)env;
	return ((const struct court_state *)state)->term;
}

static const struct field vote_fields[] = {FIELD(struct court_vote, term, FIELD_TERM), {0}};
static const struct message_type messages[] = {
	[COURT_VOTE] = {.name = "Vote",
			.size = sizeof(struct court_vote),
			.promises = true,
			.fields = vote_fields,
			.handle = on_vote},
	[COURT_ENTRIES] = {.name = "Entries", .size = 8, .handle = on_entries},
	{0},
};
static const char *const roles[] = {"follower", "leader", NULL};
static const struct inspector inspectors[] = {
	{"role", see_role, roles}, {"term", see_term, NULL}, {0}};
static const unsigned observes[] = {SAW_TERM_ENTERED,    SAW_VOTED,
				    SAW_LEADER_ELECTED,  SAW_LEADER_STEPPED_DOWN,
				    SAW_COMMIT_ADVANCED, OBSERVATION_COUNT};
static const struct timer_type timers[] = {{0}};
static const struct protocol court = {.version = ORDEAL_VERSION,
				      .size = sizeof(struct protocol),
				      .name = "court",
				      .state_size = sizeof(struct court_state),
				      .boot = on_boot,
				      .disk_failed = on_disk_failed,
				      .messages = messages,
				      .timers = timers,
				      .inspectors = inspectors,
				      .observes = observes};

/* ---- The world ------------------------------------------------------------------------------- */

struct theatre_of_one { /* what must outlive the run */
	struct setup setup;
	struct above above;
};

static bool never_due(struct world *world, uint32_t argument)
{
	(void)world, (void)argument;
	return false;
}

struct world *court_watched(unsigned members, const struct observer *observer, uint64_t seed)
{
	struct theatre_of_one *theatre = calloc(1, sizeof(*theatre));
	struct world *world = world_open(ARENA_BASE, 64 << 20);

	if (!theatre || !world)
		abort();
	theatre->setup = (struct setup){
		.seed = seed,
		.group_count = 1,
		.groups = {{.protocol = &court, .app = &sum, .members = members}},
		.clients = 1,
		.link = {.latency = {.kind = CONSTANT, .a = 1000000}},
		.disk = {.sync = {.kind = CONSTANT, .a = 1000000},
			 .crash = CRASH_LOSE_UNSYNCED,
			 .torn = PROBABILITY_ONE / 2},
		.max_events = UINT64_MAX,
		.foreign = true,
	};
	theatre->above.observer = observer;
	for (unsigned floor = 0; floor < FLOORS; floor++)
		theatre->above.due[floor] = never_due;
	world_begin(world, &theatre->setup, &theatre->above);
	check_begin(world, &(struct check_setup){0});
	world_boot(world);
	return world;
}

struct world *court_open(unsigned members)
{
	return court_watched(members, &check_observer, 1);
}

void court_close(struct world *world)
{
	void *theatre = (void *)(uintptr_t)world->setup; /* its first member */

	world_close(world);
	free(theatre);
}

struct court_state *court_state(struct world *world, process_id id)
{
	return world_process(world, id)->state;
}

/* ---- Deeds ----------------------------------------------------------------------------------- */

struct env *court_begins(struct world *world, process_id id)
{
	world->events++;
	handler_begin(world, world_process(world, id));
	return &world_process(world, id)->env;
}

void court_ends(struct world *world, process_id id)
{
	handler_end(world, world_process(world, id));
}

void court_says(struct world *world, process_id id, enum observation what, uint64_t a, uint64_t b,
		uint64_t c)
{
	env_observe(court_begins(world, id), what, a, b, c, NULL, 0);
	court_ends(world, id);
}

enum { COMMAND_SIZE = 9 };
static const uint8_t *command_of(char letter, uint8_t command[COMMAND_SIZE])
{
	memset(command, 0, COMMAND_SIZE);
	command[COMMAND_SIZE - 1] = (uint8_t)letter;
	return command;
}

void court_appends(struct world *world, process_id id, uint64_t term, char letter)
{
	uint8_t command[COMMAND_SIZE];

	env_log_append(court_begins(world, id), term, command_of(letter, command), COMMAND_SIZE);
	court_ends(world, id);
}

void court_truncates(struct world *world, process_id id, uint64_t first_removed)
{
	env_log_truncate(court_begins(world, id), first_removed);
	court_ends(world, id);
}

void court_commits(struct world *world, process_id id, uint64_t up_to, uint64_t term, bool leads)
{
	court_says(world, id, SAW_COMMIT_ADVANCED, up_to, term, leads);
}

void court_applies(struct world *world, process_id id, uint64_t index, char letter)
{
	uint8_t command[COMMAND_SIZE];
	size_t size;

	env_apply(court_begins(world, id), index, command_of(letter, command), COMMAND_SIZE, &size);
	court_ends(world, id);
}

void court_queries(struct world *world, process_id id, request_id operation)
{
	size_t size;

	env_query(court_begins(world, id), &operation, sizeof(operation), &size);
	court_ends(world, id);
}

void court_rests(struct world *world)
{
	while (world_step(world))
		continue;
}

void court_restarts(struct world *world, process_id id)
{
	world->events++;
	world_crash_now(world, id);
	world_restart(world, id);
}

void court_log(struct world *world, process_id id, const char *letters, const char *terms)
{
	for (size_t i = 0; letters[i]; i++)
		court_appends(world, id, (uint64_t)(terms[i] - '0'), letters[i]);
	court_rests(world);
}

/* ---- The judgement --------------------------------------------------------------------------- */

struct check_result court_result(struct world *world)
{
	struct check_result result;

	world->events++; /* whatever a handler could explain, it has */
	check_result(world, &result);
	return result;
}

void court_acquits(struct world *world, enum judge judge)
{
	struct check_result result = court_result(world);

	if (result.violated)
		printf("\n  %s: %s", judges[result.first.judge].name, result.first.sentence);
	CU_ASSERT(!result.violated);
	EQUAL(result.verdict[judge], HOLDS);
	court_close(world);
}

void court_convicts(struct world *world, enum judge judge, process_id accused, const char *sentence)
{
	struct check_result result = court_result(world);

	EQUAL(result.violations, 1);
	EQUAL(result.verdict[judge], VIOLATED);
	EQUAL(result.first.judge, judge);
	EQUAL(result.first.process, accused);
	CONTAINS(result.first.sentence, sentence);
	court_close(world);
}
