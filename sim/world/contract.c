/* What sim/ordeal.h asks of a protocol's table, checked entry by entry. */
#include "sim/world/contract.h"

#include <stdarg.h>

/* Always false, so that a check can end with it. */
static bool refuse(char *why, const char *format, ...) printf_like(2, 3);
static bool refuse(char *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, CONTRACT_WHY_MAX, format, arguments);
	va_end(arguments);
	return false;
}

/* Fields stand in the order of the struct, one behind the other, and fill it: no padding. */
static bool fields_fill(const char *name, const struct field *fields, size_t size, char *why)
{
	size_t end = 0;

	for (const struct field *field = fields; field && field->name; field++) {
		if (field->offset != end)
			return refuse(why,
				      "%s.%s stands at %u, and the field before it ends at %zu",
				      name, field->name, field->offset, end);
		if (field->kind != FIELD_BYTES && field->width != 1 && field->width != 2 &&
		    field->width != 4 && field->width != 8)
			return refuse(why, "%s.%s is %u bytes wide, and no number is", name,
				      field->name, field->width);
		end += field->width;
	}
	if (end != size)
		return refuse(why, "the fields of %s are %zu bytes together, and its size is %zu",
			      name, end, size);
	return true;
}

bool protocol_observes(const struct protocol *protocol, enum observation observation)
{
	for (const unsigned *at = protocol->observes; at && *at != OBSERVATION_COUNT; at++)
		if (*at == observation)
			return true;
	return false;
}

/* A FIELD_TERM is one word of the fixed part, and judged by what its sender observes. */
static bool term_kept(const struct protocol *protocol, const struct message_type *type, char *why)
{
	const struct field *term = NULL;

	for (const struct field *field = type->element_fields; field && field->name; field++)
		if (field->kind == FIELD_TERM)
			return refuse(why,
				      "%s.%s is a FIELD_TERM of an element: it is a FIELD_BALLOT",
				      type->name, field->name);
	for (const struct field *field = type->fields; field && field->name; field++) {
		if (field->kind != FIELD_TERM)
			continue;
		if (term || field->width != sizeof(uint64_t))
			return refuse(why, "%s.%s is %s: a message has one FIELD_TERM, of 8 bytes",
				      type->name, field->name, term ? "a second one" : "narrower");
		term = field;
	}
	if (term && !protocol_observes(protocol, SAW_TERM_ENTERED))
		return refuse(why, "%s.%s is a FIELD_TERM, and TERM_ENTERED is never observed",
			      type->name, term->name);
	return true;
}

static bool messages_kept(const struct protocol *protocol, char *why)
{
	unsigned count = 0;

	for (const struct message_type *type = protocol->messages; type && type->name; type++) {
		char element[64];

		snprintf(element, sizeof(element), "an element of %s", type->name);
		if (!type->handle)
			return refuse(why, "%s has no handler", type->name);
		if (!fields_fill(type->name, type->fields, type->size, why) ||
		    !fields_fill(element, type->element_fields, type->element, why) ||
		    !term_kept(protocol, type, why))
			return false;
		if (++count > MESSAGE_TYPES_MAX)
			return refuse(why, "more than %d message types", MESSAGE_TYPES_MAX);
	}
	return true;
}

static size_t option_size(enum option_kind kind)
{
	switch (kind) {
	case OPT_FLAG: return sizeof(uint8_t);
	case OPT_COUNT:
	case OPT_CHOICE: return sizeof(int64_t);
	case OPT_DURATION: return sizeof(nanoseconds);
	case OPT_RANGE: return 2 * sizeof(nanoseconds);
	}
	return 0;
}

static bool options_kept(const struct protocol *protocol, char *why)
{
	unsigned count = 0;

	for (const struct option *option = protocol->options; option && option->name; option++) {
		size_t size = option_size(option->kind);

		if (!size || option->offset + size > protocol->options_size)
			return refuse(why, "option %s ends beyond the options struct of %zu bytes",
				      option->name, protocol->options_size);
		if (!option->help || !option->fallback)
			return refuse(why, "option %s lacks a help or a default", option->name);
		if (option->kind == OPT_CHOICE && !option->choices)
			return refuse(why, "option %s has nothing to choose from", option->name);
		if (++count > OPTIONS_MAX)
			return refuse(why, "more than %d options", OPTIONS_MAX);
	}
	return true;
}

static bool tables_kept(const struct protocol *protocol, char *why)
{
	unsigned timers = 0, bugs = 0, sometimes = 0;

	for (const struct timer_type *timer = protocol->timers; timer && timer->name; timer++)
		if (!timer->fire || ++timers > TIMERS_MAX)
			return refuse(why, "timer %s has no handler, or is one of more than %d",
				      timer->name, TIMERS_MAX);
	for (const struct inspector *see = protocol->inspectors; see && see->name; see++)
		if (!see->get)
			return refuse(why, "inspector %s sees nothing", see->name);
	for (const struct bug *bug = protocol->bugs; bug && bug->name; bug++)
		if (!bug->breaks || !bug->cite || ++bugs > BUGS_MAX)
			return refuse(why,
				      "bug %s does not say what it breaks and where that is from, "
				      "or is one of more than %d",
				      bug->name, BUGS_MAX);
	while (protocol->sometimes && protocol->sometimes[sometimes].name)
		if (++sometimes > 64)
			return refuse(why, "more than 64 sometimes-properties");
	for (const unsigned *what = protocol->observes; what && *what != OBSERVATION_COUNT; what++)
		if (*what > OBSERVATION_COUNT)
			return refuse(why, "it observes %u, which is no observation", *what);
	return true;
}

static bool app_kept(const struct app *app, char *why)
{
	if (!app->name || !app->summary || !app->operations || !app->operations->name)
		return refuse(why, "an app lacks a name, a summary or operations");
	if (!app->draw || !app->keys || !app->apply || !app->query || !app->image ||
	    !app->restore || !app->digest || !app->tell)
		return refuse(why,
			      "app %s lacks one of draw, keys, apply, query, image, restore, "
			      "digest and tell",
			      app->name);
	if (!app->model || !app->model->name || !app->model->step ||
	    app->model->state_size > MODEL_STATE_MAX)
		return refuse(why,
			      "app %s lacks a model with a step and a state of at most %d bytes",
			      app->name, MODEL_STATE_MAX);
	return true;
}

static bool apps_kept(const struct protocol *protocol, char *why)
{
	for (const struct app *const *app = protocol->apps; app && *app; app++) {
		if (!app_kept(*app, why))
			return false;
		for (const struct app *const *other = protocol->apps; other != app; other++)
			if (!strcmp((*other)->name, (*app)->name))
				return refuse(why, "it brings two apps named %s", (*app)->name);
	}
	return true;
}

bool contract_kept(const struct protocol *protocol, char *why)
{
	if (protocol->version != ORDEAL_VERSION || protocol->size != sizeof(*protocol))
		return refuse(why,
			      "it is built for version %u of ordeal.h (table of %u bytes), "
			      "and this is version %d (%zu bytes)",
			      protocol->version, protocol->size, ORDEAL_VERSION, sizeof(*protocol));
	if (!protocol->name || !protocol->boot || !protocol->request || !protocol->patience)
		return refuse(why, "it lacks a name, boot, request or patience");
	return messages_kept(protocol, why) && options_kept(protocol, why) &&
	       tables_kept(protocol, why) && apps_kept(protocol, why);
}
