/* Its own assertion fails at the third request of a process: convicted by `protocol-crashed`. */
#include <assert.h>

#include "sim/ordeal.h"

struct asserting {
	uint64_t asked;
};

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot;
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	struct asserting *asserting = state;

	assert(++asserting->asked < 3);
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
	.name = "asserting",
	.summary = "stakes the run on what does not hold",
	.state_size = sizeof(struct asserting),
	.boot = on_boot,
	.request = on_request,
	.patience = patience,
};
