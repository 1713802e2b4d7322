/* Does nothing at all. It is live in no sense: convicted by `liveness`. */
#include "sim/ordeal.h"

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)env, (void)state, (void)boot;
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	(void)env, (void)state, (void)request;
}

static nanoseconds patience(const void *options)
{
	(void)options;
	return 100000000;
}

const struct protocol ordeal_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "silent",
	.summary = "does nothing",
	.boot = on_boot,
	.request = on_request,
	.patience = patience,
};
