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
#include "protocols/common/pace.h"
#include "protocols/common/table.h"

#include <string.h>

/* ---- State ----------------------------------------------------------------------------------- */

/* What a client waits for, to be proposed again. */
struct proposal {
	request_id operation; /* 0: none, the place is free */
	void *command;
	size_t size;
	struct asking asking;
};

enum { UNDER_WAY = 64 }; /* proposals at once; who asks for more is told "not now" */
struct counter {
	struct table counted; /* by operation: how often it was applied below */
	struct proposal proposals[UNDER_WAY];
	uint64_t waiting;
	uint64_t applied; /* the last index below */
	struct pace pace;
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

/* The proposal of that operation, or of 0 a free place; NULL: there is none. */
static struct proposal *proposal_of(struct counter *counter, request_id operation)
{
	for (unsigned i = 0; i < UNDER_WAY; i++)
		if (counter->proposals[i].operation == operation)
			return &counter->proposals[i];
	return NULL;
}

static void propose(struct env *env, struct counter *counter, struct proposal *proposal)
{
	const struct counter_options *options = env_options(env);

	env_propose(env, env_base(env), proposal->command, proposal->size);
	pace_ask(env, &counter->pace, &proposal->asking, options->retry, RETRY,
		 (uint64_t)(proposal - counter->proposals));
}

static void answer_to(struct env *env, struct counter *counter, struct proposal *proposal,
		      const void *answer, size_t size)
{
	env_reply(env, proposal->operation, answer, size);
	env_disarm(env, RETRY, (uint64_t)(proposal - counter->proposals));
	pace_answered(env, &counter->pace, &proposal->asking);
	env_free(env, proposal->command);
	*proposal = (struct proposal){0};
	counter->waiting--;
}

/* ---- Message handlers ------------------------------------------------------------------------ */

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot; /* all comes again from below */
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	struct counter *counter = state;
	struct proposal *proposal = proposal_of(counter, 0);

	if (request->kind != REQUEST_WRITE && request->kind != REQUEST_READ) {
		env_refuse(env, request->id);
		return;
	}
	if (!proposal) {
		env_redirect(env, request->id, env_self(env)); /* not now */
		return;
	}
	/* Nobody else knows of it yet, and a crash takes it. */
	if (BUG(env, ANSWERS_TOO_SOON)) {
		size_t size;
		const void *answer = env_apply(env, 0, request->command, request->size, &size);

		env_reply(env, request->id, answer, size);
	}
	*proposal = (struct proposal){.operation = operation_of(request->command),
				      .command = env_alloc(env, request->size),
				      .size = request->size};
	memcpy(proposal->command, request->command, request->size);
	counter->waiting++;
	propose(env, counter, proposal);
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
	struct proposal *proposal = operation ? proposal_of(counter, operation) : NULL;

	if (proposal)
		answer_to(env, counter, proposal, answer, size);
}

/* ---- Timer handlers -------------------------------------------------------------------------- */

static void on_retry(struct env *env, void *state, uint64_t place)
{
	struct counter *counter = state;

	env_sometimes(env, PROPOSED_AGAIN);
	pace_waited_in_vain(&counter->pace, &counter->proposals[place].asking);
	propose(env, counter, &counter->proposals[place]);
}

/* ---- Inspectors ------------------------------------------------------------------------------ */

SEE(struct counter, waiting)
SEE(struct counter, applied)

static nanoseconds patience(const void *options)
{
	return pace_longest(((const struct counter_options *)options)->retry);
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
	.options =
		(const struct option[]){
			{.name = "retry",
			 .help = "how long it waits before it proposes again, where answers come "
				 "fast; up to sixteen times as long where they don't",
			 .fallback = "50ms..100ms",
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
