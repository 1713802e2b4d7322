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

void judged_applied(struct world *world, process_id id, uint64_t index, uint64_t digest,
		    request_id operation)
{
	struct check *check = check_of(world);
	struct judged *judged = &check->judged[id];
	struct position *position = position_at(world, judged->ledger, index);

	doubts_end(world, judged);
	check->checks[JUDGE_STATE_MACHINE_SAFETY]++;
	if (unlikely(index <= judged->applied))
		applied_twice(world, judged, index);
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

	doubts_end(world, judged);
	if (!operation || position->reads >> READS_BITS)
		return; /* more queries than the witness can number: it has no place for this one */
	/* Asked again elsewhere, it stands where it was answered last. */
	if (++position->reads >> READS_BITS == 0)
		*witness_make(world, operation) = index << READS_BITS | position->reads;
}
