/*
 * What waits for the disk: messages that may not leave, and promises that do not bind, before a
 * write is durable.
 *
 * Main invariant: a process's list is in order of ticket.
 */
#include "sim/world/kernel.h"

void held_add(struct world *world, struct process *process, const struct held *what)
{
	struct held *held = arena_take_part(&world->arena, sizeof(*held), 0);
	ref_t ref = arena_ref(&world->arena, held);

	*held = *what;
	held->next = 0;
	/* In order of ticket; nearly always the last. */
	struct held *last = arena_at(&world->arena, process->held_last);

	if (!process->held_first) {
		process->held_first = process->held_last = ref;
	} else if (last->after <= held->after) {
		last->next = ref;
		process->held_last = ref;
	} else {
		ref_t *at = &process->held_first;
		struct held *next;

		while (next = arena_at(&world->arena, *at), next->after <= held->after)
			at = &next->next;
		held->next = *at;
		*at = ref;
	}
}

static void release_message(struct world *world, struct process *process,
			    struct env_message *message)
{
	if (process->status != PAUSED) {
		network_send(world, message);
		return;
	}
	ref_t ref = arena_ref(&world->arena, message);

	message->next = 0;
	if (process->released_first)
		message_at(world, process->released_last)->next = ref;
	else
		process->released_first = ref;
	process->released_last = ref;
}

void held_release(struct world *world, struct process *process, ticket_t durable)
{
	while (process->held_first) {
		struct held *held = arena_at(&world->arena, process->held_first);

		if (held->after > durable)
			break;
		process->held_first = held->next;
		if (held->message)
			release_message(world, process, message_at(world, held->message));
		else
			process_saw(world, process, held->what, held->a, held->b, held->c,
				    held->digest);
		arena_give(&world->arena, held, sizeof(*held));
	}
}

/* From 0 on: a crash, and what was under way may be on the disk all the same. Else a write failed,
 * and is undone. */
void held_drop(struct world *world, struct process *process, ticket_t from)
{
	const struct observer *observer = from ? world->above->observer : NULL;
	ref_t *at = &process->held_first;

	process->held_last = 0;
	while (*at) {
		ref_t ref = *at;
		struct held *held = arena_at(&world->arena, ref);

		if (held->after < from) {
			process->held_last = ref;
			at = &held->next;
			continue;
		}
		*at = held->next;
		if (held->message)
			message_free(world, message_at(world, held->message));
		else if (observer)
			observer->withdrawn(world, process->id, held->what, held->a, held->b);
		arena_give(&world->arena, held, sizeof(*held));
	}
}
