/* Answers like `instant`, but never again once a time-out told it that its friend is gone: whoever
 * heals the network heals nothing. Convicted by `liveness`. */
#include "sim/ordeal.h"

enum { PING };    /* its only message */
enum { SILENCE }; /* its only timer */
static const nanoseconds a_while = 50000000;

struct sulky {
	bool hurt;
};

static void ping(struct env *env)
{
	env_send(env, !env_self(env), PING, 0);
	env_arm(env, SILENCE, 0, a_while, 2 * a_while);
}

static void on_boot(struct env *env, void *state, enum boot boot)
{
	(void)state, (void)boot;
	ping(env);
}

static void on_ping(struct env *env, void *state, process_id from, const void *body, size_t count)
{
	struct sulky *sulky = state;

	(void)from, (void)body, (void)count;
	if (!sulky->hurt)
		ping(env);
}

static void on_silence(struct env *env, void *state, uint64_t key)
{
	struct sulky *sulky = state;

	(void)env, (void)key;
	sulky->hurt = true;
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	const struct sulky *sulky = state;
	size_t size;

	if (sulky->hurt)
		return;
	if (env_self(env) != 0) {
		env_redirect(env, request->id, 0);
		return;
	}
	const void *answer = env_apply(env, 0, request->command, request->size, &size);

	env_reply(env, request->id, answer, size);
}

static nanoseconds patience(const void *options)
{
	(void)options;
	return 2 * a_while;
}

const struct protocol ordeal_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "sulky",
	.summary = "never answers after it was alone once",
	.state_size = sizeof(struct sulky),
	.boot = on_boot,
	.request = on_request,
	.patience = patience,
	.messages = (const struct message_type[]){{.name = "Ping", .handle = on_ping}, {0}},
	.timers = (const struct timer_type[]){{"silence", on_silence}, {0}},
};
