/*
 * Effects: what a handler does to the world outside its process is recorded while it runs, and
 * carried out here, in order, after it has returned.
 *
 * So nothing re-enters, a crash can fall between any two effects, and a send can wait for writes
 * that come after it in its handler.
 */
#include "sim/world/kernel.h"

#include <stdarg.h>

static struct effect *effect_add(const struct env *env, enum effect_kind kind)
{
	static const char *const said[] = {[EFFECT_MESSAGE] = "sent a message",
					   [EFFECT_OBSERVE] = "observed something",
					   [EFFECT_ARM] = "armed a timer",
					   [EFFECT_DISARM] = "disarmed a timer"};
	struct outside *outside = process_of(env)->world->outside;

	if (unlikely(outside->effect_count >= outside->effects_max))
		effects_refused(env, said[kind]);
	struct effect *effect = &outside->effects[outside->effect_count++];

	effect->kind = kind;
	return effect;
}

/* ---- Messages and answers -------------------------------------------------------------------- */

void effect_message(struct process *process, struct env_message *message, ticket_t after)
{
	struct world *world = process->world;

	message->group = process->group;
	message->after = after;
	effect_add(&process->env, EFFECT_MESSAGE)->message = arena_ref(&world->arena, message);
}

void *env_send_after(struct env *env, ticket_t after, process_id to, unsigned type, size_t count)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	const struct message_type *message_type = &process->protocol->messages[type];
	size_t size = message_type->size + count * message_type->element;
	struct env_message *message = message_new(world, MESSAGE_PROTOCOL, process->id, to, size);

	ORDEAL_ASSERT(env, to < world->process_count);
	ORDEAL_ASSERT(env, count == 0 || (message_type->element && count <= UINT16_MAX));
	message->promises = message_type->promises;
	message->term_at = process->term_at[type];
	message->type = (uint8_t)type;
	message->count = (uint16_t)count;
	effect_message(process, message, after);
	return message->body;
}

void *env_send(struct env *env, process_id to, unsigned type, size_t count)
{
	return env_send_after(env, AFTER_ALL, to, type, count);
}

static struct env_message *message_of(const void *body)
{
	return (struct env_message *)((uintptr_t)body - offsetof(struct env_message, body));
}

uint64_t env_attach_log(struct env *env, void *body, uint64_t first, uint64_t last)
{
	struct process *process = process_of(env);
	struct world *world = process->world;

	must_be_handler(env, "added to a message");
	for (uint64_t index = first; index <= last; index++) {
		struct log_slot *slot = disk_slot(world, &process->disk, index);

		ORDEAL_ASSERT(env, slot);
		if (unlikely(slot->state != WHOLE))
			return index - first;
		struct log_record *record = world_record(world, slot->record);

		record->holders++;
		message_attach(world, message_of(body), record);
	}
	return last + 1 - first;
}

void env_attach(struct env *env, void *body, uint64_t index, uint64_t term, const void *command,
		size_t size)
{
	struct world *world = process_of(env)->world;

	must_be_handler(env, "added to a message");
	message_attach(world, message_of(body), record_new(world, index, term, command, size));
}

size_t env_record_count(const void *body)
{
	return message_of(body)->record_count;
}

bool env_next_record(const void *body, struct record_view *view)
{
	const struct env_message *message = message_of(body);
	struct process *process = process_of(env_current());
	struct world *world = process->world;

	if (view->cursor == message->record_count)
		return false;
	const ref_t *records = message->records ? arena_at(&world->arena, message->records)
						: message->record;
	struct log_record *record = world_record(world, records[view->cursor]);

	*view = (struct record_view){.index = record->index,
				     .term = record->term,
				     .command = record->size ? record->command : NULL,
				     .size = record->size,
				     .cursor = view->cursor + 1};
	world->outside->viewed = record;
	return true;
}

static void answer_client(struct env *env, ticket_t after, enum message_kind kind, request_id id,
			  uint32_t whom, const void *answer, size_t size)
{
	struct process *process = process_of(env);
	struct world *world = process->world;
	unsigned client = request_client(id);

	if (id == 0 ||
	    client >= world->client_count) /* proposed by another protocol: nobody waits */
		return;
	ORDEAL_ASSERT(env, size <= ANSWER_MAX);
	struct env_message *message = message_new(world, kind, process->id,
						  (endpoint_t)(CLIENT_FIRST + client),
						  sizeof(struct answer_body) + size);
	struct answer_body *body = (struct answer_body *)message->body;

	*body = (struct answer_body){.id = id, .whom = whom, .size = (uint32_t)size};
	if (size)
		memcpy(body + 1, answer, size);
	effect_message(process, message, after);
}

void env_reply_after(struct env *env, ticket_t after, request_id id, const void *answer,
		     size_t size)
{
	answer_client(env, after, MESSAGE_ANSWER, id, 0, answer, size);
}

void env_reply(struct env *env, request_id id, const void *answer, size_t size)
{
	env_reply_after(env, AFTER_ALL, id, answer, size);
}

void env_redirect(struct env *env, request_id id, process_id whom)
{
	struct process *process = process_of(env);

	if (unlikely(request_client(id) >= process->world->client_count))
		proposal_redirected(process, id, whom);
	else
		answer_client(env, 0, MESSAGE_REDIRECT, id, whom, NULL, 0);
}

void env_refuse(struct env *env, request_id id)
{
	answer_client(env, AFTER_ALL, MESSAGE_REFUSAL, id, 0, NULL, 0);
}

/* ---- Timers ---------------------------------------------------------------------------------- */

void env_arm(struct env *env, unsigned timer, uint64_t key, nanoseconds min, nanoseconds max)
{
	struct effect *effect = effect_add(env, EFFECT_ARM);

	ORDEAL_ASSERT(env, 0 <= min && min <= max);
	effect->what = timer;
	effect->a = key;
	effect->b = (uint64_t)min;
	effect->c = (uint64_t)max;
}

void env_disarm(struct env *env, unsigned timer, uint64_t key)
{
	struct effect *effect = effect_add(env, EFFECT_DISARM);

	effect->what = timer;
	effect->a = key;
}

/* ---- Observations ---------------------------------------------------------------------------- */

/* Who says this is in that term. */
static bool is_in_term(uint32_t what)
{
	const uint32_t in_term = 1u << SAW_TERM_ENTERED | 1u << SAW_VOTED |
				 1u << SAW_LEADER_ELECTED;

	return in_term >> what & 1;
}

static bool is_promise(uint32_t what)
{
	const uint32_t promises = 1u << SAW_TERM_ENTERED | 1u << SAW_VOTED | 1u << SAW_PROMISED |
				  1u << SAW_ACCEPTED | 1u << SAW_TXN_VOTED | 1u << SAW_TXN_DECIDED;

	return promises >> what & 1;
}

void env_observe(struct env *env, enum observation what, uint64_t a, uint64_t b, uint64_t c,
		 const void *command, size_t size)
{
	struct process *process = process_of(env);
	struct effect *effect = effect_add(env, EFFECT_OBSERVE);

	if (is_in_term(what) && a > process->term)
		process->term = a;
	effect->what = what;
	effect->a = a;
	effect->b = b;
	effect->c = c;
	effect->digest = command ? command_digest(command, size) : 0;
}

void process_saw(struct world *world, struct process *process, uint32_t what, uint64_t a,
		 uint64_t b, uint64_t c, uint64_t digest)
{
	world->observed[what]++;
	if (what == SAW_SILENCED)
		process->silenced = true;
	if (unlikely(world->outside->trace != NULL))
		trace_saw(world, process, what, a, b, c);
	if (world->above->observer)
		world->above->observer->observed(world, process->id, what, a, b, c, digest);
}

void env_note(struct env *env, const char *format, ...)
{
	struct process *process = process_of(env);
	struct outside *outside = process->world->outside;

	if (!outside->trace)
		return;
	if (outside->noted_at != process->world->events)
		outside->notes = 0;
	outside->noted_at = process->world->events;
	if (outside->notes++ == NOTES_MAX)
		world_trace_line(process->world, "and more notes, which are left out");
	if (outside->notes > NOTES_MAX)
		return;
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	char name[8];

	world_trace_line(process->world, "%s notes: %s", endpoint_name(process->id, name), text);
}

void env_sometimes(struct env *env, unsigned which)
{
	struct process *process = process_of(env);

	must_be_handler(env, "said what has happened");
	process->world->sometimes[process->group] |= (uint64_t)1 << which;
}

/* ---- Around a handler ------------------------------------------------------------------------ */

static _Thread_local struct env *current_env;

struct env *env_current(void)
{
	return current_env;
}

void handler_begin(struct world *world, struct process *process)
{
	struct outside *outside = world->outside;

	assert(!outside->in_handler);
	outside->in_handler = true;
	outside->current = process;
	outside->effect_count = 0;
	outside->viewed = NULL;
	current_env = &process->env;
	if (unlikely(outside->foreign))
		handler_guard(world);
}

/* After the handler: it may fill in a message before it says that it has entered its term. */
static void look_at_term(struct world *world, struct process *process,
			 const struct env_message *message)
{
	uint64_t term;

	memcpy(&term, message->body + message->term_at - 1, sizeof(term));
	if (unlikely(term > process->term && world->above->observer))
		world->above->observer->term_ahead(world, process->id, message, term);
}

static void carry_message(struct world *world, struct process *process, struct env_message *message)
{
	const struct disk *disk = &process->disk;

	if (message->term_at)
		look_at_term(world, process, message);
	/* A promise ought not to leave before the writes of its handler are durable. An answer to a
	 * client may: what is committed is on a quorum's disks, and need not be on this one. */
	message->needed = message->promises ? disk->ticket : 0;
	if (message->after == AFTER_ALL)
		message->after = disk->ticket;
	if (message->after <= disk->durable) {
		network_send(world, message);
		return;
	}
	held_add(world, process,
		 &(struct held){.message = arena_ref(&world->arena, message),
				.after = message->after});
}

static void carry_observation(struct world *world, struct process *process,
			      const struct effect *effect)
{
	const struct observer *observer = world->above->observer;

	if (is_promise(effect->what) && process->disk.ticket > process->disk.durable) {
		held_add(world, process,
			 &(struct held){.after = process->disk.ticket,
					.what = effect->what,
					.a = effect->a,
					.b = effect->b,
					.c = effect->c,
					.digest = effect->digest});
		return;
	}
	if (is_promise(effect->what) && observer)
		observer->unwritten(world, process->id, effect->what, effect->a, effect->b);
	process_saw(world, process, effect->what, effect->a, effect->b, effect->c, effect->digest);
}

static void carry_out(struct world *world, struct process *process, const struct effect *effect)
{
	switch ((enum effect_kind)effect->kind) {
	case EFFECT_MESSAGE:
		carry_message(world, process, message_at(world, effect->message));
		break;
	case EFFECT_WRITE: disk_issue(world, process, effect->a); break;
	case EFFECT_OBSERVE: carry_observation(world, process, effect); break;
	case EFFECT_ARM: process_arm(world, process, effect); break;
	case EFFECT_DISARM: process_disarm(world, process, effect); break;
	}
}

/* It dies before one of its effects: those before happen, those from there on never do. */
static void die_in_handler(struct world *world, struct process *process)
{
	struct outside *outside = world->outside;
	uint32_t count = outside->effect_count;
	uint32_t before = choose_below(
		&world->choices, choice_address(CHOICE_CRASH, process->id, 1, 0, process->crashes),
		count + 1);

	for (uint32_t i = 0; i < before; i++)
		carry_out(world, process, &outside->effects[i]);
	for (uint32_t i = before; i < count; i++)
		if (outside->effects[i].kind == EFFECT_MESSAGE)
			message_free(world, message_at(world, outside->effects[i].message));
	process->crash_armed = false;
	world_crash_now(world, process->id);
}

void handler_end(struct world *world, struct process *process)
{
	struct outside *outside = world->outside;

	outside->in_handler = false;
	outside->current = NULL;
	if (unlikely(outside->foreign))
		handler_over(world);
	if (unlikely(process->crash_armed)) {
		die_in_handler(world, process);
	} else {
		const struct effect *end = outside->effects + outside->effect_count;

		for (const struct effect *effect = outside->effects; effect < end; effect++)
			carry_out(world, process, effect);
		disk_sync(world, process);
	}
	if (unlikely(world->ask_when_handled)) {
		const struct observer *observer = world->above->observer;

		world->ask_when_handled = world->setup->static_count != 0;
		if (world->ask_when_handled)
			statics_watch(world, process);
		if (observer && observer->handled)
			observer->handled(world, process->id);
	}
}
