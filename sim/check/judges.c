/*
 * The judges: their names, their verdicts, and where each observation goes.
 *
 * Invariant: a verdict is violated before unknown, unknown before holds, and holds only where
 * something was looked at. The first sentence is kept, that of a judge on which the run stops
 * before any other.
 */
#include "sim/check/ledger.h"
#include "sim/world/contract.h"

#include <inttypes.h>
#include <stdarg.h>

const struct judge_kind judges[JUDGES] = {
	[JUDGE_ELECTION_SAFETY] = {"election-safety",
				   "At most one leader is ever elected in a term.",
				   "Raft, Figure 3", true},
	[JUDGE_VOTE_ONCE] = {"vote-once",
			     "A process votes for at most one candidate in a term, crashes or not.",
			     "Raft, 5.2", true},
	[JUDGE_PERSIST_BEFORE_SEND] = {"persist-before-send",
				       "No promise leaves before what it rests on is durable.",
				       "Raft, Figure 2, State", true},
	[JUDGE_TERM_MONOTONE] = {"term-monotone",
				 "A process's term never falls, crashes or not, and none of its "
				 "messages is ahead of it.",
				 "Raft, 5.1", true},
	[JUDGE_LEADER_APPEND_ONLY] =
		{"leader-append-only",
		 "A leader never overwrites or removes entries of its own log.", "Raft, Figure 3",
		 true},
	[JUDGE_LOG_TERMS] = {"log-terms",
			     "Terms never fall along a log, nor exceed the term of its process.",
			     "Raft, 5.3", true},
	[JUDGE_LOG_MATCHING] =
		{"log-matching",
		 "Two logs with an entry of the same index and term are equal up to it.",
		 "Raft, Figure 3", true},
	[JUDGE_STATE_MACHINE_SAFETY] =
		{"state-machine-safety",
		 "No two processes commit or apply different commands at one "
		 "index.",
		 "Raft, Figure 3", true},
	[JUDGE_COMMIT_DURABLE] = {"commit-durable",
				  "What a leader commits stands on the disks of a majority.",
				  "Raft, 5.3", true},
	[JUDGE_COMMIT_RULE] = {"commit-rule",
			       "A leader counts replicas only to commit an entry of its own term.",
			       "Raft, 5.4.2", true},
	[JUDGE_LEADER_COMPLETENESS] =
		{"leader-completeness",
		 "A leader's log holds every entry committed in earlier terms.", "Raft, Figure 3",
		 true},
	[JUDGE_COMMIT_MONOTONE] =
		{"commit-monotone",
		 "A commit index never falls while its process lives, and nothing is "
		 "applied beyond it.",
		 "Raft, Figure 2, State", true},
	[JUDGE_PROTOCOL_CRASHED] = {"protocol-crashed",
				    "Every call returns, does what it may, and its own assertions "
				    "hold.",
				    "the protocol's authors", true},
	[JUDGE_NO_HIDDEN_STATE] =
		{"no-hidden-state",
		 "A protocol keeps no static data: no crash would take it, and all would share it.",
		 "sim/ordeal.h", true},
	[JUDGE_CONVERGENCE] =
		{"convergence",
		 "After the heal all members have applied the same commands, and their "
		 "apps are in the state that these give.",
		 "Raft, 5.3", false},
	[JUDGE_LIVENESS] = {"liveness",
			    "After the heal every operation is answered and the leader stays.",
			    "Raft, 5.4", false},
	[JUDGE_LINEARIZABILITY] =
		{"linearizability",
		 "Each operation takes effect at one moment between its invocation "
		 "and its answer.",
		 "Herlihy and Wing, TOPLAS 12(3), 1990", false},
};
_Static_assert(JUDGES <= 32, "a set of judges is one uint32_t");

const char *const verdict_names[] = {
	[HOLDS] = "holds",
	[NOT_EXERCISED] = "not exercised",
	[UNKNOWN] = "unknown",
	[VIOLATED] = "violated",
};

/* ---- Begin ----------------------------------------------------------------------------------- */

static void ledger_begin(struct world *world, struct ledger *ledger, group_id id)
{
	const struct group *group = &world->groups[id];

	entries_init(world, &ledger->entries);
	pages_init(&ledger->positions, sizeof(struct position));
	pages_init(&ledger->commits, sizeof(struct commit));
	ledger->group = id;
	ledger->members = group->count;
	ledger->tells_commits = protocol_observes(group->protocol, SAW_COMMIT_ADVANCED);
	ledger->tells_step_downs = protocol_observes(group->protocol, SAW_LEADER_STEPPED_DOWN);
}

void check_begin(struct world *world, const struct check_setup *setup)
{
	struct check *check = arena_bump(&world->arena, sizeof(*check));

	check->setup = *setup;
	pages_init(&check->witnesses, sizeof(uint64_t));
	check->ledgers = arena_bump(&world->arena, world->group_count * sizeof(struct ledger));
	check->judged = arena_bump(&world->arena, world->process_count * sizeof(struct judged));
	for (unsigned i = 0; i < world->group_count; i++)
		ledger_begin(world, &check->ledgers[i], (group_id)i);
	for (unsigned i = 0; i < world->process_count; i++) {
		struct judged *judged = &check->judged[i];

		judged->ledger = &check->ledgers[world_process(world, (process_id)i)->group];
		pages_init(&judged->log, sizeof(ref_t));
		judged->first = 1;
		judged->tip = judged->ledger->entries.root;
		judged->id = (process_id)i;
	}
	world->check = check;
}

/* ---- Verdicts -------------------------------------------------------------------------------- */

static void excused(struct world *world, enum judge judge, const char *why)
{
	char reason[REASON_MAX];

	snprintf(reason, sizeof(reason),
		 "it objects, but its protocol does not claim to survive %s", why);
	check_unknown(world, judge, reason);
	check_of(world)->excused++;
}

/* A violation whose sentence is still to be written. */
static void speak(struct world *world, struct violation *violation, const char *sentence,
		  va_list arguments)
{
	struct check *check = world->check;
	const struct check_setup *setup = &check->setup;
	enum judge judge = violation->judge;
	const char *excuse = setup->excuse ? setup->excuse(world, judge, violation->process,
							   setup->excuse_context)
					   : NULL;
	bool stops = setup->stop_on >> judge & 1;
	bool keep = check->violations == 0 || (stops && !check->first_stops);

	vsnprintf(violation->sentence, SENTENCE_MAX, sentence, arguments);
	world->stop = world->stop || stops;
	if (world_tracing(world))
		world_trace_line(world, "%s is %s: %s", judges[judge].name,
				 excuse ? "violated, and excused" : "violated",
				 violation->sentence);
	if (excuse) {
		excused(world, judge, excuse);
		return;
	}
	if (keep) {
		check->first = *violation;
		check->first_stops = stops;
	}
	check->violated |= 1u << judge;
	check->violations++;
}

void check_violated(struct world *world, enum judge judge, process_id process, const char *sentence,
		    ...)
{
	struct violation violation = {
		.judge = judge, .time = world->now, .event = world->events, .process = process};
	va_list arguments;

	va_start(arguments, sentence);
	if (world->check) /* else it is a run without judges */
		speak(world, &violation, sentence, arguments);
	va_end(arguments);
}

void check_violated_at(struct world *world, enum judge judge, nanoseconds time,
		       const char *sentence, ...)
{
	struct violation violation = {.judge = judge, .time = time, .process = NO_PROCESS};
	va_list arguments;

	va_start(arguments, sentence);
	if (world->check)
		speak(world, &violation, sentence, arguments);
	va_end(arguments);
}

void check_unknown(struct world *world, enum judge judge, const char *reason)
{
	struct check *check = world->check;

	if (!check)
		return;
	if (!(check->unknown >> judge & 1))
		snprintf(check->reason[judge], REASON_MAX, "%s", reason);
	check->unknown |= 1u << judge;
}

void check_count(struct world *world, enum judge judge, uint64_t checks)
{
	if (world->check)
		check_of(world)->checks[judge] += checks;
}

static enum verdict verdict_of(const struct check *check, unsigned judge)
{
	if (check->violated >> judge & 1)
		return VIOLATED;
	if (check->unknown >> judge & 1)
		return UNKNOWN;
	return check->checks[judge] ? HOLDS : NOT_EXERCISED;
}

void check_result(struct world *world, struct check_result *result)
{
	struct check *check = world->check;

	memset(result, 0, sizeof(*result));
	for (unsigned i = 0; i < JUDGES; i++)
		result->verdict[i] = NOT_EXERCISED;
	if (!check)
		return;
	/* The world looks at every message as it leaves, and at plug-ins after each handler. */
	check->checks[JUDGE_PERSIST_BEFORE_SEND] = world->counters.sent;
	check->checks[JUDGE_NO_HIDDEN_STATE] = world->counters.statics_watched;
	for (unsigned i = 0; i < JUDGES; i++)
		result->verdict[i] = verdict_of(check, i);
	memcpy(result->checks, check->checks, sizeof(result->checks));
	memcpy(result->unknown, check->reason, sizeof(result->unknown));
	result->violated = check->violations != 0;
	result->first = check->first;
	result->violations = check->violations;
	result->excused = check->excused;
}

/* ---- Words of a sentence --------------------------------------------------------------------- */

const char *time_text(nanoseconds time, char text[TIME_TEXT_MAX])
{
	snprintf(text, TIME_TEXT_MAX, "%" PRId64 ".%03" PRId64 " s", time / 1000000000,
		 time / 1000000 % 1000);
	return text;
}

const char *set_text(uint64_t processes, char text[SET_TEXT_MAX])
{
	size_t length = 0;

	snprintf(text, SET_TEXT_MAX, "nobody");
	for (uint64_t left = processes; left; left &= left - 1) {
		char name[8];
		const char *comma = left == processes ? "" : ", ";

		endpoint_name((endpoint_t)lowest_bit(left), name);
		length += (size_t)snprintf(text + length, SET_TEXT_MAX - length, "%s%s", comma,
					   name);
		if (length >= SET_TEXT_MAX)
			break;
	}
	return text;
}

/* ---- The observer ---------------------------------------------------------------------------- */

static void observed(struct world *world, process_id id, enum observation what, uint64_t a,
		     uint64_t b, uint64_t c, uint64_t digest)
{
	struct judged *judged = judged_of(world, id);

	(void)digest;
	switch (what) {
	case SAW_TERM_ENTERED: judged_entered(world, judged, a); break;
	case SAW_VOTED: judged_voted(world, judged, a, (process_id)b); break;
	case SAW_LEADER_ELECTED: judged_elected(world, judged, a); break;
	case SAW_LEADER_STEPPED_DOWN: judged_stepped_down(world, judged); break;
	case SAW_SILENCED: judged_silenced(world, judged); break;
	case SAW_COMMIT_ADVANCED: judged_advanced(world, judged, a, b, c != 0); break;
	case SAW_APPENDED:
	case SAW_TRUNCATED:
		check_unknown(world, JUDGE_LOG_MATCHING,
			      "logs that the kernel does not keep are not judged yet");
		break;
	default: break; /* of protocols whose ledgers come with them */
	}
}

static void left_early(struct world *world, process_id id, const struct env_message *message,
		       ticket_t needed)
{
	const char *type = world_protocol(world, id)->messages[message->type].name;
	char from[8], to[8];

	check_violated(world, JUDGE_PERSIST_BEFORE_SEND, id,
		       "%s sent %s to %s before its write %" PRIu64
		       " was durable (its disk had come to %" PRIu64
		       "): what a promise rests on is on stable storage before it leaves (Raft, "
		       "Figure 2, State)",
		       endpoint_name(id, from), type, endpoint_name(message->to, to), needed,
		       world_process(world, id)->disk.durable);
}

static void failed(struct world *world, process_id id, const char *what)
{
	char name[8];

	check_violated(world, JUDGE_PROTOCOL_CRASHED, id, "%s%s%s",
		       id == NO_PROCESS ? "" : endpoint_name(id, name), id == NO_PROCESS ? "" : " ",
		       what);
}

static void hid(struct world *world, process_id id, const char *variable)
{
	char name[8];

	check_violated(world, JUDGE_NO_HIDDEN_STATE, id,
		       "a handler of %s changed %s, static data of its plug-in: what a process "
		       "remembers stands in its state, which a crash takes, or on its disk",
		       endpoint_name(id, name), variable ? variable : "a variable");
}

const struct observer check_observer = {
	.observed = observed,
	.withdrawn = judged_withdrawn,
	.unwritten = judged_unwritten,
	.appended = judged_appended,
	.truncated = judged_truncated,
	.durable = judged_durable,
	.recovered = judged_recovered,
	.booted = judged_booted,
	.applied = judged_applied,
	.restored = judged_restored,
	.queried = judged_queried,
	.handled = judged_handled,
	.left_early = left_early,
	.term_ahead = judged_term_ahead,
	.hid = hid,
	.failed = failed,
};
