/* A protocol that brings its own app and its model, and is right while nobody crashes: one
 * process adds up numbers. */
#include "sim/ordeal.h"

#include <string.h>

/* ---- The app: `add` says the sum after it, `sum` says it ------------------------------------- */

enum { ADD, SUM };
struct command {
	uint64_t operation, value;
};

static const struct app_operation operations[] = {
	{.name = "add"}, {.name = "sum", .reads = true}, {0}};

static size_t draw(const struct drawn *drawn, void *bytes)
{
	const struct command command = {drawn->operation, drawn->fresh};

	memcpy(bytes, &command, sizeof(command));
	return sizeof(command);
}

static unsigned keys(const void *command, size_t size, uint64_t *keys)
{
	(void)command, (void)size;
	keys[0] = 0; /* there is one sum */
	return 1;
}

static size_t query(struct env *env, const void *state, const void *command, size_t size,
		    void *answer)
{
	(void)env, (void)command, (void)size;
	memcpy(answer, state, sizeof(uint64_t));
	return sizeof(uint64_t);
}

static size_t apply(struct env *env, void *state, const void *bytes, size_t size, void *answer)
{
	struct command command;
	uint64_t *sum = state;

	memcpy(&command, bytes, sizeof(command));
	if (command.operation == ADD)
		*sum += command.value;
	return query(env, state, bytes, size, answer);
}

static size_t image(struct env *env, const void *state, void *bytes)
{
	(void)env;
	if (bytes)
		memcpy(bytes, state, sizeof(uint64_t));
	return sizeof(uint64_t);
}

static void restore(struct env *env, void *state, const void *bytes, size_t size)
{
	(void)env;
	memcpy(state, bytes, size);
}

static uint64_t digest(const void *state)
{
	return *(const uint64_t *)state;
}

static void tell(const void *bytes, size_t size, const void *answer, size_t answer_size,
		 struct told *told)
{
	struct command command;

	(void)size;
	memcpy(&command, bytes, sizeof(command));
	told->operation = (unsigned)command.operation;
	told->key = 0;
	told->value = command.value;
	told->answered = answer != NULL;
	if (answer)
		memcpy(&told->result, answer, answer_size);
}

static bool step(void *state, const struct told *told)
{
	uint64_t *sum = state;

	if (told->operation == ADD)
		*sum += told->value;
	return !told->answered || told->result == *sum;
}

static const struct model model = {.name = "sum", .state_size = sizeof(uint64_t), .step = step};

static const struct app app = {
	.name = "tally",
	.summary = "one sum",
	.state_size = sizeof(uint64_t),
	.operations = operations,
	.model = &model,
	.draw = draw,
	.keys = keys,
	.apply = apply,
	.query = query,
	.image = image,
	.restore = restore,
	.digest = digest,
	.tell = tell,
};

/* ---- The protocol: what is durable is applied and answered ----------------------------------- */

struct options {
	nanoseconds patience;
};

enum { FORGETS };

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot;
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	(void)state;
	env_log_append(env, 1, request->command, request->size);
}

static void on_durable(struct env *env, void *state, ticket_t ticket)
{
	uint64_t *applied = state, sum;
	struct record_view entry;
	size_t size;

	(void)ticket;
	while (*applied < env_log_durable(env)) {
		env_log_read(env, ++*applied, &entry);
		const void *answer = env_apply(env, *applied, entry.command, entry.size, &size);
		const request_id *request = entry.command; /* a command begins with its id */

		memcpy(&sum, answer, sizeof(sum));
		if (BUG(env, FORGETS) && env_random(env, 10) == 0)
			sum = 0;
		env_reply(env, *request, &sum, sizeof(sum));
	}
}

static nanoseconds patience(const void *options)
{
	return ((const struct options *)options)->patience;
}

static const struct app *const apps[] = {&app, NULL};

const struct protocol ordeal_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "tally-keeper",
	.summary = "one process that adds up",
	.state_size = sizeof(uint64_t), /* how many are applied */
	.options_size = sizeof(struct options),
	.boot = on_boot,
	.request = on_request,
	.durable = on_durable,
	.patience = patience,
	.apps = apps,
	.options = (const struct option[]){{.name = "patience",
					    .help = "how long it may take",
					    .fallback = "100ms",
					    .kind = OPT_DURATION,
					    .offset = offsetof(struct options, patience),
					    .min = 1000000,
					    .max = 1000000000},
					   {0}},
	.bugs = (const struct bug[]){{"forgets", "the sum", "none"}, {0}},
};
