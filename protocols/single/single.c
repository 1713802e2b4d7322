/*
 * single - one server and its log, under any app: the smallest protocol that can be right.
 *
 * Its main invariant: it applies and answers only what its disk can't lose any more. A write goes
 * to a write-ahead log (Gray 1978), and is applied and answered when the disk reports it durable; a
 * read looks at what is applied. Each boot takes a new term, so that an entry that a crash took
 * back and the one in its place never share an (index, term).
 */
#include "protocols/common/inspect.h"
#include "protocols/common/pending.h"

/* ---- State ----------------------------------------------------------------------------------- */

enum role { RECOVERING, LEADER, SILENT };
enum { BOOT_COUNT }; /* the key of its only cell */

struct single {
	enum role role;
	uint64_t term;          /* its boot count */
	ticket_t counted;       /* once this is durable, the term is its own for ever */
	uint64_t commit;        /* and applied: alone, it is its own quorum */
	struct pending pending; /* who waits for which entry */
};

/* ---- Transitions ----------------------------------------------------------------------------- */

/* Without its disk it can't prove what it answered: it says nothing any more. */
static void fall_silent(struct env *env, struct single *single)
{
	single->role = SILENT;
	env_observe(env, SAW_SILENCED, 0, 0, 0, NULL, 0);
}

static void commit_up_to(struct env *env, struct single *single, uint64_t last)
{
	if (last > single->commit)
		env_observe(env, SAW_COMMIT_ADVANCED, last, single->term, single->role == LEADER,
			    NULL, 0);
	while (single->commit < last) {
		struct record_view entry;
		size_t size;

		if (env_log_read(env, single->commit + 1, &entry) != WHOLE) {
			fall_silent(env, single); /* it rotted since it was synced */
			return;
		}
		single->commit++;
		const void *answer = env_apply(env, entry.index, entry.command, entry.size, &size);
		request_id request = pending_take(&single->pending, entry.index, entry.term);

		if (request)
			env_reply(env, request, answer, size);
	}
}

/* What was synced is WHOLE. The write that a crash tore was never acknowledged, and goes. */
static bool log_is_sound(struct env *env)
{
	enum record found = WHOLE;
	struct record_view entry;

	for (uint64_t index = 1; index <= env_log_last(env) && found == WHOLE; index++) {
		found = env_log_read(env, index, &entry);
		if (found == TORN)
			env_log_truncate(env, index);
	}
	return found != ROTTEN;
}

/* ---- Message handlers ------------------------------------------------------------------------ */

static void on_boot(struct env *env, void *state, enum boot boot)
{
	struct single *single = state;
	const void *count;
	size_t size;
	enum record found = env_cell_get(env, BOOT_COUNT, &count, &size);

	if (boot == BOOT_EMPTY || found == ROTTEN || !log_is_sound(env)) {
		fall_silent(env, single);
		return;
	}
	single->term = 1 + (found == WHOLE ? *(const uint64_t *)count : 0);
	single->counted = env_cell_put(env, BOOT_COUNT, &single->term, sizeof(single->term));
	env_observe(env, SAW_TERM_ENTERED, single->term, 0, 0, NULL, 0);
	commit_up_to(env, single, env_log_durable(env));
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	struct single *single = state;

	if (single->role != LEADER) {
		env_redirect(env, request->id, env_self(env)); /* not now */
	} else if (request->kind == REQUEST_READ) {
		size_t size;
		const void *answer = env_query(env, request->command, request->size, &size);
		env_observe(env, SAW_READ_SERVED, request->id, single->commit, 0, NULL, 0);
		env_reply(env, request->id, answer, size);
	} else {
		struct written entry = env_log_append(env, single->term, request->command,
						      request->size);

		pending_add(env, &single->pending, entry.index, single->term, request->id);
	}
}

static void on_durable(struct env *env, void *state, ticket_t ticket)
{
	struct single *single = state;

	if (single->role == SILENT)
		return;
	if (single->role == RECOVERING && ticket >= single->counted) {
		single->role = LEADER;
		env_observe(env, SAW_LEADER_ELECTED, single->term, 0, 0, NULL, 0);
	}
	commit_up_to(env, single, env_log_durable(env));
}

/* ---- Inspectors ------------------------------------------------------------------------------ */

SEE(struct single, role)
SEE(struct single, term)
SEE(struct single, commit)

static nanoseconds patience(const void *options)
{
	(void)options;
	return 100000000; /* it has no time-out: a disk answers sooner */
}

/* ---- The table ------------------------------------------------------------------------------- */

static const char *const roles[] = {"recovering", "leader", "silent", NULL};

const struct protocol single_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "single",
	.paper = "Gray, Notes on Data Base Operating Systems, 1978",
	.summary = "one server, which answers what its disk has taken",
	.state_size = sizeof(struct single),
	.survives = {true, true, true, false, false, -1, false},
	.boot = on_boot,
	.request = on_request,
	.durable = on_durable,
	.patience = patience,
	.messages = (const struct message_type[]){{0}}, /* it talks to nobody */
	.timers = (const struct timer_type[]){{0}},
	.inspectors = (const struct inspector[]){{"role", see_role, roles},
						 {"term", see_term, NULL},
						 {"commit", see_commit, NULL},
						 {0}},
	.options = (const struct option[]){{0}},
	.observes = (const unsigned[]){SAW_TERM_ENTERED, SAW_LEADER_ELECTED, SAW_COMMIT_ADVANCED,
				       SAW_READ_SERVED, OBSERVATION_COUNT},
	.bugs = (const struct bug[]){{0}},
	.sometimes = (const struct sometimes[]){{0}},
};
