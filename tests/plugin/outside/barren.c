/* Elects a leader, who takes every command into its log and commits none: convicted by
 * `liveness`. */
#include "sim/ordeal.h"

enum { TERM = 1 };
enum { ELECTION }; /* its only timer */

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)state;
	if (boot == BOOT_FIRST && env_self(env) == 0)
		env_arm(env, ELECTION, 0, 10000000, 20000000);
}

static void on_election(struct env *env, void *state, uint64_t key)
{
	(void)key;
	*(bool *)state = true;
	env_observe(env, SAW_TERM_ENTERED, TERM, 0, 0, NULL, 0);
	env_observe(env, SAW_LEADER_ELECTED, TERM, 0, 0, NULL, 0);
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	if (*(bool *)state)
		env_log_append(env, TERM, request->command, request->size);
	else
		env_redirect(env, request->id, 0);
}

static nanoseconds patience(const void *options)
{
	(void)options;
	return 100000000;
}

const struct protocol ordeal_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "barren",
	.summary = "elects, and never commits",
	.state_size = sizeof(bool), /* does it lead? */
	.boot = on_boot,
	.request = on_request,
	.patience = patience,
	.timers = (const struct timer_type[]){{"election", on_election}, {0}},
	.observes = (const unsigned[]){SAW_TERM_ENTERED, SAW_LEADER_ELECTED, OBSERVATION_COUNT},
};
