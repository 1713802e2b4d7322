/* Counts requests in a static variable, which no crash takes and all processes share: convicted by
 * `no-hidden-state`. */
#include "sim/ordeal.h"

struct counting {
	uint64_t asked;
};

static uint64_t requests; /* the sin */

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot;
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	struct counting *counting = state;

	counting->asked = ++requests;
	env_refuse(env, request->id);
}

static nanoseconds patience(const void *options)
{
	(void)options;
	return 100000000;
}

const struct protocol ordeal_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "counting",
	.summary = "remembers what it must not",
	.state_size = sizeof(struct counting),
	.boot = on_boot,
	.request = on_request,
	.patience = patience,
};
