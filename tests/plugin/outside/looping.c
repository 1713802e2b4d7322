/* Its third handler of a request never ends, and calls nothing: convicted by `protocol-crashed`. */
#include "sim/ordeal.h"

struct looping {
	uint64_t asked;
};

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot;
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	struct looping *looping = state;

	env_refuse(env, request->id);
	looping->asked++;
	for (volatile uint64_t i = 0; looping->asked >= 3; i++)
		;
}

static nanoseconds patience(const void *options)
{
	(void)options;
	return 100000000;
}

const struct protocol ordeal_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "looping",
	.summary = "does not return",
	.state_size = sizeof(struct looping),
	.boot = on_boot,
	.request = on_request,
	.patience = patience,
};
