/*
 * Corruption that no checksum has noticed: one thing that a message says becomes false.
 *
 * What changes is a field of the protocol's own tables, in the fixed part or in one trailing
 * element, or the index, the term or one bit of the command of one record: a number other than the
 * one that was sent, another process, the opposite of a flag, one bit of some bytes. So handlers
 * get a well-formed message that lies, as "Practical Hardening of Crash-Tolerant Systems" (Correia
 * et al., USENIX ATC 2012) and the outage of Amazon S3 in July 2008 have it, and never memory
 * beyond it. Records are shared with logs and other messages: the one that lies is a copy.
 *
 * Each draw is a choice with an address of its own.
 */
#include "sim/world/kernel.h"

/* A message's second and later draws about its falsehood: the bits above an endpoint are free. */
#define WHICH ((address_t)512 << 38)
#define VALUE ((address_t)512 << 48)

enum { OF_A_RECORD = 3 }; /* its index, its term, its command */

static uint64_t number_at(const uint8_t *at, unsigned width)
{
	uint64_t value = 0;

	memcpy(&value, at, width); /* little-endian, as all that this runs on */
	return value;
}

/* Which bit turns over: the low ones more often, for a falsehood that looks likely goes further. */
static unsigned false_bit(struct world *world, address_t address, unsigned bits)
{
	unsigned low = bits < 4 ? bits : 4;
	uint32_t drawn = choose_below(&world->choices, address | VALUE, 2 * low + bits);

	return drawn < 2 * low ? drawn / 2 : drawn - 2 * low;
}

/* Another process than this one, which may be none. */
static uint64_t false_process(struct world *world, address_t address, uint64_t sent)
{
	uint32_t count = world->process_count, drawn;

	if (sent >= count)
		return choose_below(&world->choices, address | VALUE, count);
	if (count == 1)
		return NO_PROCESS;
	drawn = choose_below(&world->choices, address | VALUE, count - 1);
	return (sent + 1 + drawn) % count;
}

static void alter_field(struct world *world, address_t address, const struct field *field,
			uint8_t *body)
{
	uint8_t *at = body + field->offset;
	uint64_t value = field->width <= 8 ? number_at(at, field->width) : 0;
	unsigned bit;

	switch (field->kind) {
	case FIELD_FLAG: value = !value; break;
	case FIELD_PROCESS: value = false_process(world, address, value); break;
	case FIELD_NUMBER:
	case FIELD_TERM:
	case FIELD_BALLOT:
		value ^= (uint64_t)1 << false_bit(world, address, field->width * 8u);
		break;
	case FIELD_BYTES:
		bit = choose_below(&world->choices, address | VALUE, field->width * 8u);
		at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		return;
	}
	memcpy(at, &value, field->width);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* Padding that has a name is nobody's to read, and no lie. */
static bool is_said(const struct field *field)
{
	return strcmp(field->name, "unused") != 0 && field->width > 0;
}

static unsigned fields_of(const struct field *fields)
{
	unsigned count = 0;

	for (; fields && fields->name; fields++)
		count += is_said(fields);
	return count;
}

static const struct field *nth_field(const struct field *fields, unsigned n)
{
	while (!is_said(fields) || n-- > 0)
		fields++;
	return fields;
}

/* ---- Records --------------------------------------------------------------------------------- */

static void alter_record(struct world *world, struct env_message *message, address_t address,
			 unsigned part)
{
	ref_t *records = message_records(world, message);
	uint32_t n = choose_below(&world->choices, address | WHICH, message->record_count);
	struct log_record *sent = world_record(world, records[n]);
	uint64_t index = sent->index, term = sent->term;

	if (part == 2 && !sent->size)
		part = 1; /* no command to alter */
	if (part == 0)
		index ^= (uint64_t)1 << false_bit(world, address, 64);
	if (part == 1)
		term ^= (uint64_t)1 << false_bit(world, address, 64);
	struct log_record *copy = record_new(world, index, term, sent->command, sent->size);

	if (part == 2) {
		uint32_t bit = choose_below(&world->choices, address | VALUE, sent->size * 8);

		copy->command[bit / 8] ^= (uint8_t)(1u << bit % 8);
		copy->digest = command_digest(copy->command, copy->size);
	}
	records[n] = arena_ref(&world->arena, copy);
	record_release(world, sent);
	message_digest_records(world, message);
}

void message_alter(struct world *world, struct env_message *message, address_t address)
{
	const struct message_type *type =
		&world->groups[message->group].protocol->messages[message->type];
	unsigned fixed = fields_of(type->fields);
	unsigned element = message->count ? fields_of(type->element_fields) : 0;
	unsigned record = message->record_count ? OF_A_RECORD : 0;

	if (!(fixed + element + record))
		return;
	unsigned n = choose_below(&world->choices, address, fixed + element + record);

	if (n < fixed) {
		alter_field(world, address, nth_field(type->fields, n), message->body);
	} else if (n < fixed + element) {
		uint32_t which = choose_below(&world->choices, address | WHICH, message->count);

		alter_field(world, address, nth_field(type->element_fields, n - fixed),
			    message->body + type->size + which * type->element);
	} else {
		alter_record(world, message, address, n - fixed - element);
	}
}
