/*
 * counter - any app on top of another group: the smallest protocol that stands on one.
 *
 * Whoever is asked proposes the command to the group below, and answers when the member of that
 * group on its own machine has applied it. Agreement, durability and recovery are all below; what
 * is left is on_request and on_applied, and one rule: a proposal may be lost, so it is repeated,
 * and then the group below applies it more than once, so each operation counts once.
 *
 * Its main invariant: all members have applied the same operations, each once, in the order in
 * which the group below applied them first (Schneider, Implementing Fault-Tolerant Services Using
 * the State Machine Approach, ACM Computing Surveys 22(4), 1990).
 */
#include "protocols/common/inspect.h"
#include "protocols/common/table.h"

#include <string.h>

/* ---- State ----------------------------------------------------------------------------------- */

/* A client that waits, and what it asked, to be proposed again. */
struct proposal {
	request_id operation;
	void *command;
	size_t size;
};

struct counter {
	struct table counted; /* by operation: how often it was applied below */
	struct proposal *proposals;
	uint64_t waiting, room;
	uint64_t applied; /* the last index below */
};

struct counter_options {
	nanoseconds retry[2]; /* least, most */
};

enum { RETRY };
enum { ANSWERS_TOO_SOON, COUNTS_TWICE };
enum { PROPOSED_AGAIN, APPLIED_AGAIN };

/* ---- Transitions ----------------------------------------------------------------------------- */

/* Commands begin with the id of their operation. */
static request_id operation_of(const void *command)
{
	request_id operation;

	memcpy(&operation, command, sizeof(operation));
	return operation;
}

static void wait_for(struct env *env, struct counter *counter, const struct request *request)
{
	if (counter->waiting == counter->room) {
		counter->room = counter->room ? 2 * counter->room : 8;
		counter->proposals = env_realloc(env, counter->proposals,
						 counter->room * sizeof(*counter->proposals));
	}
	struct proposal *proposal = &counter->proposals[counter->waiting++];

	*proposal = (struct proposal){.operation = operation_of(request->command),
				      .command = env_alloc(env, request->size),
				      .size = request->size};
	memcpy(proposal->command, request->command, request->size);
}

/* True: a client waits for it, and does so no more. */
static bool waited_for(struct env *env, struct counter *counter, request_id operation)
{
	for (uint64_t i = 0; i < counter->waiting; i++) {
		if (counter->proposals[i].operation != operation)
			continue;
		env_free(env, counter->proposals[i].command);
		counter->proposals[i] = counter->proposals[--counter->waiting];
		return true;
	}
	return false;
}

static void retry_later(struct env *env)
{
	const struct counter_options *options = env_options(env);

	env_arm(env, RETRY, 0, options->retry[0], options->retry[1]);
}

/* ---- Message handlers ------------------------------------------------------------------------ */

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot; /* all comes again from below */
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	struct counter *counter = state;

	if (request->kind != REQUEST_WRITE && request->kind != REQUEST_READ) {
		env_refuse(env, request->id);
		return;
	}
	/* Nobody else knows of it yet, and a crash takes it. */
	if (BUG(env, ANSWERS_TOO_SOON)) {
		size_t size;
		const void *answer = env_apply(env, 0, request->command, request->size, &size);

		env_reply(env, request->id, answer, size);
	}
	wait_for(env, counter, request);
	env_propose(env, env_base(env), request->command, request->size);
	if (counter->waiting == 1)
		retry_later(env);
}

static void on_applied(struct env *env, void *state, group_id group, uint64_t index,
		       const void *command, size_t size)
{
	struct counter *counter = state;
	request_id operation = size ? operation_of(command) : 0;
	uint64_t before = operation ? (*table_at(env, &counter->counted, operation))++ : 0;

	(void)group;
	counter->applied = index;
	if (before)
		env_sometimes(env, APPLIED_AGAIN);
	if (before && !BUG(env, COUNTS_TWICE))
		size = 0; /* it was counted already: nothing happens at this index */
	const void *answer = env_apply(env, index, size ? command : NULL, size, &size);

	if (operation && waited_for(env, counter, operation))
		env_reply(env, operation, answer, size);
}

/* ---- Timer handlers -------------------------------------------------------------------------- */

static void on_retry(struct env *env, void *state, uint64_t key)
{
	const struct counter *counter = state;

	(void)key;
	for (uint64_t i = 0; i < counter->waiting; i++) {
		env_propose(env, env_base(env), counter->proposals[i].command,
			    counter->proposals[i].size);
		env_sometimes(env, PROPOSED_AGAIN);
	}
	if (counter->waiting)
		retry_later(env);
}

/* ---- Inspectors ------------------------------------------------------------------------------ */

SEE(struct counter, waiting)
SEE(struct counter, applied)

static nanoseconds patience(const void *options)
{
	return ((const struct counter_options *)options)->retry[1];
}

/* ---- The table ------------------------------------------------------------------------------- */

#define MILLISECOND ((int64_t)1000000)

const struct protocol counter_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "counter",
	.paper = "Schneider, ACM Computing Surveys 22(4), 1990",
	.summary = "any app on top of another group, each operation once",
	.state_size = sizeof(struct counter),
	.options_size = sizeof(struct counter_options),
	/* It keeps nothing: whatever the group below survives. */
	.survives = {.survives_restart = true,
		     .survives_lost_unsynced = true,
		     .survives_reordered_unsynced = true,
		     .survives_detected_rot = true,
		     .survives_wipe = true,
		     .clock_drift_ppm = -1},
	.boot = on_boot,
	.request = on_request,
	.applied = on_applied,
	.patience = patience,
	.messages = (const struct message_type[]){{0}}, /* its members talk through the log below */
	.timers = (const struct timer_type[]){[RETRY] = {"retry", on_retry}, {0}},
	.inspectors = (const struct inspector[]){{"waiting", see_waiting, NULL},
						 {"applied", see_applied, NULL},
						 {0}},
	.options = (const struct option[]){{.name = "retry",
					    .help = "how long it waits before it proposes again",
					    .fallback = "200ms..400ms",
					    .kind = OPT_RANGE,
					    .offset = offsetof(struct counter_options, retry),
					    .min = MILLISECOND,
					    .max = 3600000 * MILLISECOND},
					   {0}},
	.observes = (const unsigned[]){OBSERVATION_COUNT},
	.bugs = (const struct bug[]){[ANSWERS_TOO_SOON] = {"answers-before-applied",
							   "an answer tells what is agreed upon",
							   "Schneider, 2"},
				     [COUNTS_TWICE] = {"counts-twice", "an operation happens once",
						       "Schneider, 2"},
				     {0}},
	.sometimes =
		(const struct sometimes[]){[PROPOSED_AGAIN] = {"a command was proposed again"},
					   [APPLIED_AGAIN] = {"a command was applied twice below"},
					   {0}},
};
