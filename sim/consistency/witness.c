/*
 * The order that somebody knows: a ledger's. Checked against the model and real time in one pass,
 * so that even a lying ledger is harmless: a witness that holds proves, one that fails proves
 * nothing.
 */
#include "sim/consistency/engines.h"

/* What the ledger doesn't know has not happened; who was told otherwise belies it. */
static size_t take_witnessed(const struct object *object, struct sortable *item)
{
	size_t count = 0;

	for (uint32_t i = 0; i < object->count; i++) {
		const struct call *call = &object->calls[i];
		uint64_t witness = object->history->operations[call->index].witness;

		if (witness)
			item[count++] = (struct sortable){witness, i};
		else if (call_returned(call))
			return 0;
	}
	return count;
}

static bool register_accepts(uint64_t *value, const struct call *call)
{
	switch ((enum call_kind)call->kind) {
	case CALL_READ: return *value == call->value;
	case CALL_MISS: return *value != call->expected;
	case CALL_CAS:
		if (*value != call->expected)
			return !call_returned(call);
		break;
	case CALL_WRITE:
	case CALL_OTHER: break;
	}
	*value = call->value;
	return true;
}

static bool accepts(const struct object *object, uint64_t *state, const struct call *call)
{
	if (object->is_register)
		return register_accepts(state, call);
	return step_call(object, state, call);
}

void engine_witness(struct room *room, const struct object *object, struct opinion *opinion)
{
	if (!has_states(object))
		return;
	opinion->engine = ENGINE_WITNESS;
	struct sortable *item = room_take(room, object->count, sizeof(struct sortable));
	size_t count = take_witnessed(object, item);
	uint64_t state[STATE_WORDS] = {0};
	uint32_t latest = 0;

	item = sorted(room, item, count);
	opinion->calls = room_take(room, count, sizeof(uint32_t));
	for (size_t i = 0; i < count; i++) {
		const struct call *call = &object->calls[item[i].what];

		if (call->returned < latest || !accepts(object, state, call))
			return;
		if (latest < call->invoked)
			latest = call->invoked;
		opinion->calls[i] = item[i].what;
	}
	if (!count && object->returns)
		return;
	opinion->count = count;
	opinion->legality = LEGAL;
}
