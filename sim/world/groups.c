/*
 * One group on another: member i of the upper one shares a machine with member i of its base, hands
 * it commands, and is told what it has applied.
 *
 * A machine's processes have one clock and one fate: they crash and restart together. What they
 * hand each other never touches the network: it arrives right after the handler, and is lost only
 * with the machine. It comes from its receiver, as the network sees it, like what a process sends
 * to itself.
 */
#include "sim/world/kernel.h"

/* ---- Machines -------------------------------------------------------------------------------- */

/* `process` is member `m` of its group; those before it have their machines already. */
void machine_join(struct world *world, struct process *process, unsigned m)
{
	const struct group *group = &world->groups[process->group];

	process->machine = (uint64_t)1 << process->id;
	if (group->base == process->group)
		return;
	process->machine |= world_process(world, world->groups[group->base].members[m])->machine;
	for (uint64_t left = process->machine; left; left &= left - 1)
		world_process(world, (process_id)lowest_bit(left))->machine = process->machine;
}

/* Its member of that group, or NULL. */
static struct process *mate_of(struct world *world, const struct process *process, group_id group)
{
	for (uint64_t left = process->machine; left; left &= left - 1) {
		struct process *mate = world_process(world, (process_id)lowest_bit(left));

		if (mate->group == group)
			return mate;
	}
	return NULL;
}

group_id env_base(const struct env *env)
{
	const struct process *process = process_of(env);

	return process->world->groups[process->group].base;
}

/* ---- Proposals: from the upper group to its base --------------------------------------------- */

enum { HOPS_MAX = 8 };           /* members that send it on to each other: then it is lost */
enum { NO_CLIENT = UINT16_MAX }; /* the client of a proposal's id */
_Static_assert((int)NO_CLIENT >= (int)CLIENTS_MAX, "a proposal is no client's");

static struct env_message *proposal_new(struct world *world, endpoint_t from, process_id to,
					request_id id, const void *command, size_t size)
{
	struct env_message *message = message_new(world, MESSAGE_PROPOSAL, from, to,
						  sizeof(struct request_body) + size);
	struct request_body *body = (struct request_body *)message->body;

	*body = (struct request_body){.id = id, .kind = REQUEST_WRITE, .size = (uint32_t)size};
	memcpy(body + 1, command, size);
	message->group = world_process(world, to)->group;
	return message;
}

void env_propose(struct env *env, group_id group, const void *command, size_t size)
{
	struct process *process = process_of(env);
	struct world *world = process->world;

	ORDEAL_ASSERT(env, group < world->group_count && group != process->group);
	ORDEAL_ASSERT(env, size > 0 && size <= COMMAND_MAX);
	struct process *mate = mate_of(world, process, group);

	ORDEAL_ASSERT(env, mate != NULL);
	request_id id = request_name(++world->proposals, NO_CLIENT);

	effect_message(process, proposal_new(world, mate->id, mate->id, id, command, size),
		       AFTER_ALL);
}

void proposal_redirected(struct process *process, request_id id, process_id whom)
{
	struct world *world = process->world;
	const struct env_message *received = world->outside->received;

	/* "Not now", or said when it is too late to send it on: it is lost. */
	if (!received || received->kind != MESSAGE_PROPOSAL || received->count == HOPS_MAX ||
	    whom == process->id || whom >= world->process_count ||
	    world_process(world, whom)->group != process->group)
		return;
	const struct request_body *body = (const struct request_body *)received->body;

	if (body->id != id)
		return;
	struct env_message *message = proposal_new(world, process->id, whom, id, body + 1,
						   body->size);

	message->count = (uint16_t)(received->count + 1);
	effect_message(process, message, 0);
}

/* ---- What was applied: from the base to those that stand on it ------------------------------- */

static void tell_applied(struct world *world, const struct process *process, struct process *upper,
			 uint64_t index, const void *command, size_t size)
{
	struct env_message *message = message_new(world, MESSAGE_APPLIED, upper->id, upper->id,
						  sizeof(struct applied_body) + size);
	struct applied_body *body = (struct applied_body *)message->body;

	*body = (struct applied_body){
		.index = index, .group = process->group, .size = (uint32_t)size};
	if (size)
		memcpy(body + 1, command, size);
	message->group = upper->group;
	network_send(world, message);
}

/* Nobody re-enters: it is an event of its own, after this handler. If the handler's end is a crash,
 * it took the whole machine. */
void hand_up(struct process *process, uint64_t index, const void *command, size_t size)
{
	struct world *world = process->world;

	for (uint64_t left = process->machine; left; left &= left - 1) {
		struct process *upper = world_process(world, (process_id)lowest_bit(left));

		if (upper->id != process->id && upper->protocol->applied &&
		    world->groups[upper->group].base == process->group)
			tell_applied(world, process, upper, index, command, size);
	}
}

void handle_applied(struct process *process, const struct env_message *message)
{
	const struct applied_body *body = (const struct applied_body *)message->body;

	process->protocol->applied(&process->env, process->state, (group_id)body->group,
				   body->index, body->size ? body + 1 : NULL, body->size);
}

bool applied_overtakes(const struct env_message *message, const struct env_message *other)
{
	const struct applied_body *body = (const struct applied_body *)message->body;
	const struct applied_body *first = (const struct applied_body *)other->body;

	return message->kind == other->kind && message->to == other->to &&
	       first->group == body->group && message->incarnation == other->incarnation &&
	       first->index < body->index;
}
