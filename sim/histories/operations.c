/*
 * From calls to operations.
 *
 * What an operation takes and tells is said by its name, in a table; how a value becomes a number,
 * by its model: most models only compare values, and get the number of first sight; a counter and a
 * lock calculate with theirs; kv extends strings, and gets their hash. A set that is read becomes a
 * list of elements.
 */
#include "sim/histories/operations.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- What an operation takes and tells ------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned parts;
} meanings[] = {
	{"read", TELLS},    {"get", TELLS},      {"write", TAKES},
	{"put", TAKES},     {"cas", COMPARES},   {"append", TAKES | APPENDS},
	{"add", TAKES},     {"remove", TAKES},   {"insert", TAKES},
	{"delete", TAKES},  {"contains", TAKES}, {"add-and-get", TAKES | TELLS},
	{"enqueue", TAKES}, {"dequeue", TELLS},  {"acquire", TELLS},
	{"release", TAKES},
};

unsigned operation_parts(const struct model *model, const char *name)
{
	if (model == &model_mutex)
		return 0;
	if (model == &model_set && !strcmp(name, "read"))
		return TELLS | ALL_OF_IT;
	if (model == &model_kv && !strcmp(name, "delete"))
		return 0;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (!strcmp(meanings[i].name, name))
			return meanings[i].parts;
	return 0;
}

/* ---- Values become numbers ------------------------------------------------------------------- */

/* The string that a value of kv is: a text's bytes; of numbers, eight bytes each, so that an append
 * is the same for both; of anything else, how it is written. To be freed. */
static char *string_of(const struct datum *datum, size_t *size)
{
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, size);
	bool list = datum->kind == DATUM_LIST;

	if (!out)
		abort();
	if (datum->kind == DATUM_STRING)
		fwrite(datum->text, 1, datum->size, out);
	else if (datum->kind == DATUM_NUMBER)
		fwrite(&datum->number, sizeof(datum->number), 1, out);
	else if (datum->kind != DATUM_NIL && !list)
		datum_print(out, datum);
	for (uint32_t i = 0; list && i < datum->size; i++) {
		size_t part;
		char *item = string_of(&datum->items[i], &part);

		fwrite(item, 1, part, out);
		free(item);
	}
	fclose(out);
	return bytes;
}

static uint64_t hash_of_string(const struct datum *datum, uint64_t *shift)
{
	bool plain = datum->kind == DATUM_STRING, number = datum->kind == DATUM_NUMBER;
	size_t size = plain ? datum->size : sizeof(datum->number);
	char *bytes = plain || number ? NULL : string_of(datum, &size);
	uint64_t hash = string_hash(plain    ? datum->text
				    : number ? (const void *)&datum->number
					     : bytes,
				    size);

	if (shift)
		*shift = string_shift(size);
	free(bytes);
	return hash;
}

static bool calculates(const struct model *model)
{
	return model == &model_counter || model == &model_fenced_lock;
}

bool number_of_value(struct object_history *object, const struct model *model,
		     const struct datum *datum, uint64_t *number)
{
	if (model == &model_kv) {
		*number = hash_of_string(datum, NULL);
		return true;
	}
	if (!calculates(model)) {
		*number = names_of(&object->values, datum);
		return true;
	}
	*number = datum->kind == DATUM_NUMBER ? (uint64_t)datum->number : 0;
	return datum->kind == DATUM_NUMBER || datum->kind == DATUM_NIL;
}

/* ---- One call -------------------------------------------------------------------------------- */

struct conversion {
	const struct recording *recording;
	const struct model *model;
	struct object_history *object;
	struct trouble *trouble;
	bool tuples; /* keys stand in the values */
	size_t element_count, element_room;
	uint32_t *met, met_count; /* by element: the latest read that told it, from 1 */
	struct {
		int index; /* among the model's operations; -1: it has none of this name */
		unsigned parts;
	} * operations; /* by the number of their name */
};

static bool nonsense(const struct conversion *conversion, const struct call *call, bool answer,
		     const char *what)
{
	return call_trouble(conversion->recording, call, answer, what, conversion->trouble);
}

static bool no_such_operation(const struct conversion *conversion, const struct call *call)
{
	const struct model *model = conversion->model;
	char text[TROUBLE_MAX];
	size_t at = (size_t)snprintf(text, sizeof(text),
				     "%s has no such operation; accepted:", model->name);

	for (unsigned i = 0; model->operations[i].name && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s %s", i ? "," : "",
				       model->operations[i].name);
	return nonsense(conversion, call, false, text);
}

static const struct datum nil;

/* The value of an event, without the key where that stands in it. */
static const struct datum *value_in(const struct conversion *conversion, const struct datum *datum)
{
	if (!conversion->tuples || datum->kind == DATUM_NIL)
		return datum;
	return datum->kind == DATUM_LIST && datum->size == 2 ? &datum->items[1] : &nil;
}

/* Some write a set as a list, and an element twice. */
static bool met_before(struct conversion *conversion, uint32_t element, const struct call *call)
{
	uint32_t mark = (uint32_t)(call - conversion->recording->calls) + 1;

	if (element >= conversion->met_count) {
		uint32_t count = 2 * element + 64;

		conversion->met = realloc(conversion->met, count * sizeof(*conversion->met));
		if (!conversion->met)
			abort();
		memset(conversion->met + conversion->met_count, 0,
		       (count - conversion->met_count) * sizeof(*conversion->met));
		conversion->met_count = count;
	}
	bool before = conversion->met[element] == mark;

	conversion->met[element] = mark;
	return before;
}

static bool take_elements(struct conversion *conversion, const struct call *call, struct told *told)
{
	struct object_history *object = conversion->object;
	const struct datum *all = value_in(conversion, &call->told);
	size_t first = conversion->element_count;

	if (all->kind != DATUM_LIST && all->kind != DATUM_SET && all->kind != DATUM_NIL)
		return nonsense(conversion, call, true, "what it tells is no set");
	uint32_t size = all->kind == DATUM_NIL ? 0 : all->size;

	if (first + size > conversion->element_room) {
		conversion->element_room = 2 * (first + size);
		object->elements = realloc(object->elements,
					   conversion->element_room * sizeof(*object->elements));
		if (!object->elements)
			abort();
	}
	told->result = first;
	told->value = 0;
	for (uint32_t i = 0; i < size; i++) {
		uint32_t element = names_of(&object->values, &all->items[i]);

		if (!met_before(conversion, element, call))
			object->elements[first + told->value++] = element;
	}
	conversion->element_count += told->value;
	return true;
}

/* An answer repeats the value that it was asked with, or says nothing, or gives a reason. */
static bool repeats(const struct datum *asked, const struct datum *told)
{
	return told->kind == DATUM_NIL || told->kind == DATUM_WORD || asked->kind == DATUM_NIL ||
	       datum_equal(asked, told);
}

static bool take_asked(struct conversion *conversion, const struct call *call, unsigned parts,
		       struct told *told)
{
	struct object_history *object = conversion->object;
	const struct model *model = conversion->model;
	const struct datum *asked = value_in(conversion, &call->asked);

	if (parts & COMPARES) {
		if (asked->kind != DATUM_LIST || asked->size != 2)
			return nonsense(conversion, call, false, "it takes two values, [old new]");
		return number_of_value(object, model, &asked->items[0], &told->expected) &&
		       number_of_value(object, model, &asked->items[1], &told->value);
	}
	if (parts & APPENDS)
		told->value = hash_of_string(asked, &told->expected);
	else if (!number_of_value(object, model, asked, &told->value))
		return nonsense(conversion, call, false, "it takes a number");
	return true;
}

static bool take_call(struct conversion *conversion, const struct call *call,
		      struct operation *operation)
{
	unsigned parts = conversion->operations[call->name].parts;
	struct told *told = &operation->told;
	bool ok = call->answer == ANSWER_OK;

	told->answered = ok;
	told->matched = ok && !call->untrue;
	if (conversion->operations[call->name].index < 0)
		return no_such_operation(conversion, call);
	told->operation = (unsigned)conversion->operations[call->name].index;
	if (parts & (TAKES | COMPARES)) {
		if (!take_asked(conversion, call, parts, told))
			return false;
		if (ok && !(parts & TELLS) && !repeats(&call->asked, &call->told))
			return nonsense(conversion, call, true,
					"it was asked with another value than it answers");
	}
	if (!ok)
		return true;
	if (parts & ALL_OF_IT)
		return take_elements(conversion, call, told);
	if (parts & TELLS && !number_of_value(conversion->object, conversion->model,
					      value_in(conversion, &call->told), &told->result))
		return nonsense(conversion, call, true, "what it tells is no number");
	return true;
}

/* ---- All of them ----------------------------------------------------------------------------- */

bool keys_in_values(const struct recording *recording, const struct model *model)
{
	bool reads = false;

	if (model != &model_register && model != &model_cas_register)
		return false;
	for (uint32_t i = 0; i < recording->count; i++) {
		const struct call *call = &recording->calls[i];
		const struct datum *asked = &call->asked;

		if (asked->kind != DATUM_LIST || asked->size != 2 || !call->name)
			return false;
		if (!datum_says(&recording->operations.data[call->name - 1], "read"))
			continue;
		if (asked->items[1].kind != DATUM_NIL)
			return false;
		reads = true;
	}
	return reads;
}

/* What each name of the recording is in the model. */
static void find_operations(struct conversion *conversion)
{
	const struct names *names = &conversion->recording->operations;
	char name[64];

	conversion->operations = calloc(names->count + 1, sizeof(*conversion->operations));
	if (!conversion->operations)
		abort();
	conversion->operations[0].index = -1;
	for (uint32_t i = 0; i < names->count; i++) {
		const struct datum *datum = &names->data[i];

		datum_name(datum, name, sizeof(name));
		conversion->operations[i + 1].index = model_operation(conversion->model, name);
		conversion->operations[i + 1].parts = operation_parts(conversion->model, name);
	}
}

static uint64_t key_of(struct conversion *conversion, const struct call *call)
{
	return conversion->tuples ? names_of(&conversion->object->keys, &call->asked.items[0])
				  : call->key;
}

const struct datum *key_of_object(const struct recording *recording,
				  const struct object_history *object, uint64_t key)
{
	const struct names *keys = object->keys.count ? &object->keys : &recording->keys;

	return key && key <= keys->count ? &keys->data[key - 1] : NULL;
}

bool operations_of_calls(const struct recording *recording, const struct model *model,
			 struct object_history *object, struct trouble *trouble)
{
	struct conversion conversion = {.recording = recording,
					.model = model,
					.object = object,
					.trouble = trouble,
					.tuples = keys_in_values(recording, model)};
	size_t count = 0;
	bool good = true;

	*object = (struct object_history){0};
	object->operations = malloc((recording->count + 1) * sizeof(*object->operations));
	if (!object->operations)
		abort();
	find_operations(&conversion);
	for (uint32_t i = 0; good && i < recording->count; i++) {
		const struct call *call = &recording->calls[i];

		if (call->answer == ANSWER_FAIL)
			continue;
		object->operations[count] = (struct operation){
			.told.key = key_of(&conversion, call),
			.invoked = call->invoked,
			.returned = call->returned,
			.process = (uint32_t)call->process,
			.source = i,
		};
		good = take_call(&conversion, call, &object->operations[count++]);
	}
	object->history = (struct history){object->operations, count, object->elements};
	free(conversion.operations);
	free(conversion.met);
	return good;
}

void object_history_free(struct object_history *object)
{
	free(object->operations);
	free(object->elements);
	names_free(&object->keys);
	names_free(&object->values);
	*object = (struct object_history){0};
}
