/*
 * What each process applied, and the order of operations that follows from it.
 *
 * Invariant: the first command applied at an index fixes it for the whole run; a process that
 * starts anew may apply it again, and it is the same. Commands are compared by the digest of the
 * command alone, whatever term or ballot it was chosen under.
 *
 * The witness: an operation stands where it was first applied, a query right behind the last
 * command that its process had applied. It may lie; linearizability verifies it before it believes
 * it.
 */
#include "sim/check/ledger.h"

#include <inttypes.h>

/* ---- The witness ----------------------------------------------------------------------------- */

enum { READS_BITS = 20 };

/* Operations are numbered from 1 without gaps (request_number), so that their places are a plain
 * list. */
static uint64_t *witness_make(struct world *world, request_id operation)
{
	return pages_make(&world->arena, &check_of(world)->witnesses, request_number(operation));
}

uint64_t check_witness(struct world *world, request_id operation)
{
	if (!world->check)
		return 0;
	const uint64_t *place = pages_find(&world->arena, &check_of(world)->witnesses,
					   request_number(operation));

	return place ? *place : 0;
}

/* ---- Applied --------------------------------------------------------------------------------- */

static void first_applied(struct world *world, const struct judged *judged,
			  struct position *position, uint64_t index, uint64_t digest,
			  request_id operation)
{
	position->applied = true;
	position->digest = digest;
	position->time = world->now;
	position->by = judged->id;
	if (!operation)
		return;
	uint64_t *place = witness_make(world, operation);

	if (!*place)
		*place = index << READS_BITS;
}

static void applied_twice(struct world *world, const struct judged *judged, uint64_t index)
{
	char name[8];

	check_violated(world, JUDGE_STATE_MACHINE_SAFETY, judged->id,
		       "%s applied index %" PRIu64 " after index %" PRIu64
		       ": a process applies each index once, in order (Raft, 5.3)",
		       endpoint_name(judged->id, name), index, judged->applied);
}

static void applied_other(struct world *world, const struct judged *judged,
			  const struct position *position, uint64_t index)
{
	char name[8], other[8], time[TIME_TEXT_MAX];

	check_violated(world, JUDGE_STATE_MACHINE_SAFETY, judged->id,
		       "%s applied another command at index %" PRIu64 " than %s had at %s: one "
		       "command an index (Raft, Figure 3, State Machine Safety)",
		       endpoint_name(judged->id, name), index, endpoint_name(position->by, other),
		       time_text(position->time, time));
}

static void applied_gap(struct world *world, const struct judged *judged, uint64_t index)
{
	char name[8];

	check_violated(world, JUDGE_STATE_MACHINE_SAFETY, judged->id,
		       "%s applied index %" PRIu64 " right after index %" PRIu64
		       ": a process applies each index once, in order (Raft, 5.3)",
		       endpoint_name(judged->id, name), index, judged->applied);
}

/* A client's command, and not one that the protocol has wrapped or made itself: it begins with the
 * id of an operation. */
static bool plain(const struct world *world, const struct log_record *record)
{
	request_id id = 0;

	if (record->size < sizeof(id))
		return false;
	memcpy(&id, record->command, sizeof(id));
	return request_client(id) < world->client_count && request_number(id) != 0 &&
	       request_number(id) <= UINT32_MAX;
}

/* What its own log holds at that index is what it applies. */
static void judge_faithful(struct world *world, const struct judged *judged, uint64_t index,
			   uint64_t digest)
{
	ref_t entry = judged_entry(world, judged, index);
	const struct log_record *record = entry ? world_record(world,
							       entry_at(world, entry)->record)
						: NULL;
	char name[8];

	if (!record || likely(record->digest == digest) || !plain(world, record))
		return;
	check_violated(world, JUDGE_STATE_MACHINE_SAFETY, judged->id,
		       "%s applied another command at index %" PRIu64
		       " than its own log holds there: the log is what is applied (Raft, 5.3)",
		       endpoint_name(judged->id, name), index);
}

void judged_restored(struct world *world, process_id id, uint64_t index)
{
	judged_of(world, id)->applied = index;
}

void judged_applied(struct world *world, process_id id, uint64_t index, uint64_t digest,
		    request_id operation)
{
	struct check *check = check_of(world);
	struct judged *judged = &check->judged[id];
	struct position *position = position_at(world, judged->ledger, index);

	check->checks[JUDGE_STATE_MACHINE_SAFETY]++;
	if (unlikely(index <= judged->applied))
		applied_twice(world, judged, index);
	else if (unlikely(index != judged->applied + 1))
		applied_gap(world, judged, index);
	judge_faithful(world, judged, index, digest);
	judged->applied = index;
	if (!position->applied)
		first_applied(world, judged, position, index, digest, operation);
	else if (unlikely(position->digest != digest))
		applied_other(world, judged, position, index);
	if (judged->ledger->tells_commits && index > judged->commit) {
		judged->ahead = index;
		doubt(world, judged, DOUBT_AHEAD);
	}
}

/* ---- Queried --------------------------------------------------------------------------------- */

void judged_queried(struct world *world, process_id id, request_id operation)
{
	struct judged *judged = judged_of(world, id);
	uint64_t index = world_process(world, id)->applied;
	struct position *position = position_at(world, judged->ledger, index);

	if (!operation || position->reads >> READS_BITS)
		return; /* more queries than the witness can number: it has no place for this one */
	/* Asked again elsewhere, it stands where it was answered last. */
	if (++position->reads >> READS_BITS == 0)
		*witness_make(world, operation) = index << READS_BITS | position->reads;
}
