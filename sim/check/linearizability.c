/*
 * A run's history for the judge of histories, and its finding in a judge's words. Records are in
 * the order in which they happened, so their numbers are positions in real time.
 */
#include "sim/check/linearizability.h"

#include <stdlib.h>

#include "sim/workload/history.h"

struct linearizability_room {
	struct room *room;
	struct operation *operations;
	uint32_t *place; /* by record: its operation */
	size_t records;  /* that there is room for */
};

struct linearizability_room *linearizability_room(void)
{
	struct linearizability_room *room = calloc(1, sizeof(*room));

	if (!room)
		return NULL;
	room->room = room_open();
	if (room->room)
		return room;
	free(room);
	return NULL;
}

void linearizability_room_free(struct linearizability_room *room)
{
	if (!room)
		return;
	room_close(room->room);
	free(room->operations);
	free(room->place);
	free(room);
}

/* ---- From the history ------------------------------------------------------------------------ */

static void reserve(struct linearizability_room *room, size_t records)
{
	if (records <= room->records)
		return;
	free(room->operations);
	free(room->place);
	room->records = 2 * records;
	room->operations = malloc(room->records * sizeof(struct operation));
	room->place = malloc(room->records * sizeof(uint32_t));
	if (!room->operations || !room->place)
		abort(); /* of the machine, not of the run */
}

static struct operation invoked(struct world *world, uint32_t index)
{
	const struct history_record *record = history_at(world, index);

	return (struct operation){.told = history_told(record),
				  .witness = check_witness(world, record->id),
				  .invoked = index,
				  .returned = NEVER_RETURNED,
				  .process = record->process,
				  .source = index};
}

size_t operations_before(struct world *world, struct linearizability_room *room, uint32_t records,
			 struct operation **operations)
{
	enum { FAILED = 1 };
	uint32_t count = 0;

	reserve(room, records);
	*operations = room->operations;
	for (uint32_t i = 0; i < records; i++) {
		const struct history_record *record = history_at(world, i);

		room->place[i] = 0;
		if (record->type == HISTORY_FAIL)
			room->place[record->invocation] = FAILED;
	}
	for (uint32_t i = 0; i < records; i++) {
		const struct history_record *record = history_at(world, i);

		if (record->type == HISTORY_INVOKE && room->place[i] != FAILED) {
			room->operations[count] = invoked(world, i);
			room->place[i] = count++;
		} else if (record->type == HISTORY_OK) {
			struct operation *operation =
				&room->operations[room->place[record->invocation]];

			operation->returned = i;
			operation->told = history_told(record);
		}
	}
	return count;
}

size_t operations_of(struct world *world, struct linearizability_room *room,
		     struct operation **operations)
{
	return operations_before(world, room, (uint32_t)history_count(world), operations);
}

/* ---- The verdict ----------------------------------------------------------------------------- */

static void take_core(const struct operation *operation, const struct finding *finding,
		      struct linearizability *result)
{
	result->core_count = finding->core_count;
	if (finding->core_count)
		result->stuck[result->stuck_count++] = operation[finding->accused].source;
	for (size_t i = finding->core_count; i-- > 0 && result->stuck_count < STUCK_MAX;)
		if (finding->core[i] != finding->accused)
			result->stuck[result->stuck_count++] = operation[finding->core[i]].source;
}

void linearizable(struct linearizability_room *room, const struct model *model,
		  const struct operation *operation, size_t count, uint64_t budget,
		  struct linearizability *result)
{
	static const enum verdict verdicts[] = {
		[LEGAL] = HOLDS, [ILLEGAL] = VIOLATED, [UNDECIDED] = UNKNOWN};
	struct history history = {.operations = operation, .count = count};
	struct judge_limits limits = {.configurations = budget, .core = true};
	struct finding finding;
	bool answered = false;

	for (size_t i = 0; i < count && !answered; i++)
		answered = operation[i].returned != NEVER_RETURNED;
	*result = (struct linearizability){.verdict = NOT_EXERCISED, .by_witness = true};
	if (!answered)
		return;
	judge(room->room, model, &history, &limits, &finding);
	result->verdict = verdicts[finding.legality];
	result->engine = finding.engine;
	result->by_witness = finding.by_witness;
	result->operations = count;
	result->objects = finding.objects;
	result->configurations = finding.configurations;
	result->key = finding.key;
	if (finding.legality == ILLEGAL)
		take_core(operation, &finding, result);
}
