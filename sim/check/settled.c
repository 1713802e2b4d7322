/*
 * After the heal: has the cluster come to rest, and is what it rests on right?
 *
 * Whether it has settled is asked of the world alone, so that a run ends at the same event with and
 * without judges. Convergence is then judged against the ledger: its commands, applied in order by
 * a fresh app, must give the state that every member is in.
 */
#include "sim/check/ledger.h"
#include "sim/world/contract.h"

#include <inttypes.h>
#include <stdarg.h>

/* ---- Who counts ------------------------------------------------------------------------------ */

/* Members of the core; those that rightly keep silent are left out while the others are a quorum.
 * */
static uint64_t members_that_count(struct world *world, group_id id, uint64_t core)
{
	const struct group *group = &world->groups[id];
	uint64_t members = 0, speaking = 0;

	for (unsigned i = 0; i < group->count; i++) {
		process_id member = group->members[i];
		uint64_t bit = core & (uint64_t)1 << member;

		members |= bit;
		if (!world_process(world, member)->silenced)
			speaking |= bit;
	}
	return count_bits(speaking) > group->count / 2 ? speaking : members;
}

/* ---- Settled --------------------------------------------------------------------------------- */

static void unsettle(struct unsettled *unsettled, const char *why, ...) printf_like(2, 3);
static void unsettle(struct unsettled *unsettled, const char *why, ...)
{
	va_list arguments;

	va_start(arguments, why);
	vsnprintf(unsettled->why, SENTENCE_MAX, why, arguments);
	va_end(arguments);
	unsettled->settled = false;
}

static bool all_up(struct world *world, uint64_t members, struct unsettled *unsettled)
{
	char name[8];

	for (uint64_t left = members; left; left &= left - 1) {
		const struct process *process = world_process(world, (process_id)lowest_bit(left));

		endpoint_name(process->id, name);
		if (process->status != UP)
			unsettle(unsettled, "%s is %s", name,
				 process->status == DOWN ? "down" : "paused");
		else if (process->silenced)
			unsettle(unsettled, "%s keeps silent, and the others are no quorum", name);
	}
	return unsettled->settled;
}

/* Members that apply at no position of a log owe each other no state: a register's value is what a
 * quorum says, and the others may never hear of it. */
static bool keep_a_log(struct world *world, uint64_t members)
{
	for (uint64_t left = members; left; left &= left - 1)
		if (world_process(world, (process_id)lowest_bit(left))->applied)
			return true;
	return false;
}

static void same_state(struct world *world, group_id group, uint64_t members,
		       struct unsettled *unsettled)
{
	if (!keep_a_log(world, members))
		return;
	process_id first = (process_id)lowest_bit(members);
	uint64_t applied = world_process(world, first)->applied;
	char name[8], other[8];

	endpoint_name(first, name);
	for (uint64_t left = members & (members - 1); left; left &= left - 1) {
		process_id id = (process_id)lowest_bit(left);

		endpoint_name(id, other);
		if (world_process(world, id)->applied != applied)
			unsettle(unsettled, "%s has applied %" PRIu64 " commands, %s %" PRIu64,
				 name, applied, other, world_process(world, id)->applied);
		else if (world->groups[group].app &&
			 world_app_digest(world, id) != world_app_digest(world, first))
			unsettle(unsettled,
				 "the states of %s and %s differ after %" PRIu64 " commands", name,
				 other, applied);
	}
}

/* A leader that all of them follow: they are in its term. */
static void one_leader(struct world *world, group_id group, uint64_t members,
		       struct unsettled *unsettled)
{
	process_id leader = world_leader(world, group);
	char name[8], other[8];

	if (leader == NO_PROCESS || !(members >> leader & 1)) {
		unsettle(unsettled, "there is no leader");
		return;
	}
	uint64_t term = world_inspect(world, leader, "term", 0);

	endpoint_name(leader, name);
	for (uint64_t left = members; left; left &= left - 1) {
		process_id id = (process_id)lowest_bit(left);
		uint64_t own = world_inspect(world, id, "term", term);

		if (own != term)
			unsettle(unsettled,
				 "%s leads in term %" PRIu64 ", and %s is in term %" PRIu64, name,
				 term, endpoint_name(id, other), own);
	}
}

/* False: not all of its members are there, and nothing else is to be said. */
static bool group_settled(struct world *world, group_id group, uint64_t core,
			  struct unsettled *unsettled)
{
	uint64_t members = members_that_count(world, group, core);
	group_id base = world->groups[group].base;

	if (!members || !all_up(world, members, unsettled)) {
		unsettled->settled = false;
		return false;
	}
	same_state(world, group, members, unsettled);
	if (protocol_observes(world->groups[group].protocol, SAW_LEADER_ELECTED))
		one_leader(world, group, members, unsettled);
	return base == group || group_settled(world, base, core, unsettled);
}

void check_settled(struct world *world, group_id group, uint64_t core, unsigned open_operations,
		   struct unsettled *unsettled)
{
	unsettled->settled = true;
	unsettled->why[0] = '\0';
	if (group_settled(world, group, core, unsettled) && open_operations)
		unsettle(unsettled, "%u operations have no outcome yet", open_operations);
}

/* ---- Convergence ----------------------------------------------------------------------------- */

enum replay { REPLAYED, NOT_KNOWN, WRAPPED };

/* What a fresh app is in after the first `count` commands of the ledger. */
static enum replay replay(struct world *world, struct ledger *ledger, uint64_t count,
			  uint64_t *digest)
{
	struct audit audit;
	enum replay outcome = REPLAYED;
	size_t answer_size;

	if (count > ledger->committed)
		return NOT_KNOWN;
	world_audit_begin(world, &audit, ledger->group);
	for (uint64_t index = 1; index <= count && outcome == REPLAYED; index++) {
		const struct position *position = position_at(world, ledger, index);

		if (!position->committed || !position->applied) {
			outcome = NOT_KNOWN;
			break;
		}
		const struct log_record *record = world_record(
			world, entry_at(world, position->committed)->record);

		if (record->digest != position->digest)
			outcome = WRAPPED;
		else
			world_audit_apply(&audit, record->command, record->size, &answer_size);
	}
	*digest = world_audit_digest(&audit);
	world_audit_end(&audit);
	return outcome;
}

static void judge_replay(struct world *world, struct ledger *ledger, process_id id)
{
	uint64_t applied = world_process(world, id)->applied, digest;
	char name[8];

	switch (replay(world, ledger, applied, &digest)) {
	case NOT_KNOWN:
		if (ledger->tells_commits)
			check_unknown(world, JUDGE_CONVERGENCE,
				      "the ledger lacks commands that were applied");
		break;
	case WRAPPED:
		check_unknown(world, JUDGE_CONVERGENCE,
			      "the log wraps its commands: the ledger can't replay them");
		break;
	case REPLAYED:
		check_count(world, JUDGE_CONVERGENCE, 1);
		if (digest == world_app_digest(world, id))
			break;
		check_violated(world, JUDGE_CONVERGENCE, id,
			       "%s is in another state after %" PRIu64
			       " commands than a fresh app that replays them: replicas apply what "
			       "was committed, and nothing else (Raft, 5.3)",
			       endpoint_name(id, name), applied);
	}
}

static void group_converged(struct world *world, group_id group, uint64_t core)
{
	uint64_t members = members_that_count(world, group, core);
	struct unsettled unsettled = {.settled = true};

	if (!members || !keep_a_log(world, members))
		return;
	check_count(world, JUDGE_CONVERGENCE, count_bits(members));
	if (all_up(world, members, &unsettled))
		same_state(world, group, members, &unsettled);
	if (!unsettled.settled)
		check_violated(world, JUDGE_CONVERGENCE, NO_PROCESS,
			       "the members have not come together: %s", unsettled.why);
	else if (world->groups[group].app)
		judge_replay(world, &check_of(world)->ledgers[group],
			     (process_id)lowest_bit(members));
}

void check_convergence(struct world *world, group_id group, uint64_t core)
{
	group_id base = world->groups[group].base;

	if (!world->check)
		return;
	group_converged(world, group, core);
	if (base != group)
		check_convergence(world, base, core);
}
