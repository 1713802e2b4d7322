/*
 * `ordeal schema`: the JSON Schema (draft-07) of the scenario language, for editors.
 *
 * It is made of the tables that the reader walks (keys, options of protocols, kinds of faults,
 * judges, apps), one maker a type of value, so that a new key is in it without a word here.
 * Invariant: whatever the reader takes, the schema takes. What no schema can say (a sum of shares,
 * a fault after the heal) is left to the reader.
 */
#include "sim/scenario/json_schema.h"
#include "sim/scenario/scan.h"

#include "protocols/registry.h"

#include <stdlib.h>
#include <string.h>

/* ---- Building blocks ------------------------------------------------------------------------- */

static json_t *of_section_keys(enum section section);
static json_t *of_key(const struct key *key);

static json_t *list_of(json_t *item)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", item);
}

/* Takes both. */
static json_t *closed_object(json_t *properties, json_t *required)
{
	return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties,
			 "required", required, "additionalProperties", 0);
}

/* ---- Cluster and workload -------------------------------------------------------------------- */

static json_t *of_protocol(const struct key *key)
{
	struct menu menu = menu_begin();

	(void)key;
	for (unsigned i = 0; protocols[i]; i++)
		menu_add(&menu, protocols[i]->name, protocols[i]->summary);
	return menu_end(&menu);
}

static json_t *of_app(const struct key *key)
{
	struct menu menu = menu_begin();

	(void)key;
	for (unsigned i = 0; apps[i]; i++)
		menu_add(&menu, apps[i]->name, apps[i]->summary);
	menu_add(&menu, "none", "nothing: of a group that another stands on");
	return menu_end(&menu);
}

/* Which options there are depends on the protocol: see of_cluster. */
static json_t *of_options(const struct key *key)
{
	(void)key;
	return json_typed("object");
}

static json_t *of_group(const struct key *key)
{
	(void)key;
	return json_typed("string");
}

static json_t *options_of(const struct protocol *protocol)
{
	json_t *properties = json_object();

	for (const struct option *option = protocol->options; option && option->name; option++) {
		struct key key = key_of_option(option);

		put(properties, option->name, of_key(&key));
	}
	return closed_object(properties, json_array());
}

/* One group, or a list of them; with this protocol, these options. */
static json_t *of_cluster(const struct key *key)
{
	json_t *group = of_section_keys(key->inner), *cases = json_array();

	for (unsigned i = 0; protocols[i]; i++)
		json_array_append_new(cases,
				      json_pack("{s:{s:[s], s:{s:{s:s}}}, s:{s:{s:o}}}", "if",
						"required", "protocol", "properties", "protocol",
						"const", protocols[i]->name, "then", "properties",
						"options", options_of(protocols[i])));
	put(group, "allOf", cases);
	put(group, "anyOf", json_pack("[{s:[s]}, {s:[s]}]", "required", "nodes", "required", "on"));
	json_t *list = list_of(json_pack("{s:s}", "$ref", "#/definitions/group"));

	put(list, "minItems", json_integer(1));
	return json_pack("{s:[{s:s}, o], s:o}", "anyOf", "$ref", "#/definitions/group", list,
			 "group", group);
}

/* Operations of every app: which of them this app has is left to the reader. */
static json_t *of_mix(const struct key *key)
{
	json_t *properties = json_object();
	struct key share = *key;

	share.type = TYPE_PERCENT;
	for (unsigned i = 0; apps[i]; i++)
		for (const struct app_operation *of = apps[i]->operations; of && of->name; of++) {
			json_t *made = json_of_scalar(&share);

			put(made, "description",
			    json_sprintf("share of this operation, which is of %s", apps[i]->name));
			put(properties, of->name, made);
		}
	return closed_object(properties, json_array());
}

static json_t *of_bugs(const struct key *key)
{
	struct menu menu = menu_begin();

	(void)key;
	for (unsigned i = 0; protocols[i]; i++)
		for (const struct bug *bug = protocols[i]->bugs; bug && bug->name; bug++) {
			struct text name = {0};

			text_add(&name, "%s.%s", protocols[i]->name, bug->name);
			menu_add(&menu, name.bytes, bug->breaks);
			free(name.bytes);
		}
	json_t *one = menu_end(&menu);

	return json_any_of(list_of(one), json_incref(one));
}

static json_t *of_links(const struct key *key)
{
	return list_of(of_section_keys(key->inner));
}

/* Names are the author's own. */
static json_t *by_name(json_t *value)
{
	return json_pack("{s:s, s:{}, s:{s:o}, s:b}", "type", "object", "properties",
			 "patternProperties", "^[A-Za-z0-9][A-Za-z0-9_-]*$", value,
			 "additionalProperties", 0);
}

static json_t *of_regions(const struct key *key)
{
	struct text endpoint = {0};

	(void)key;
	text_add(&endpoint, "^%s$", endpoint_pattern);
	json_t *list = list_of(json_matching(endpoint.bytes)), *made = by_name(list);

	free(endpoint.bytes);
	put(list, "minItems", json_integer(1));
	put(made, "maxProperties", json_integer(REGIONS_MAX));
	return made;
}

static json_t *of_pairs(const struct key *key)
{
	struct key value = *key;

	value.type = key->type == TYPE_DURATIONS ? TYPE_DURATION : TYPE_BANDWIDTH;
	return by_name(by_name(json_of_scalar(&value)));
}

/* ---- Faults ---------------------------------------------------------------------------------- */

/* May that role stand where processes are meant? */
static bool is_process(unsigned role)
{
	return role != TARGET_REST && role != TARGET_CLIENTS;
}

static json_t *of_whom(bool processes)
{
	struct menu roles = menu_begin();
	struct text anybody = {0};

	for (unsigned i = TARGET_ENDPOINT + 1; i < TARGET_KINDS; i++)
		if (!processes || is_process(i))
			menu_add(&roles, target_names[i], NULL);
	text_add(&anybody, "^%s$", endpoint_pattern);
	json_t *one = json_any_of(menu_end(&roles),
				  json_matching(processes ? "^n[1-9][0-9]?$" : anybody.bytes));
	json_t *many = list_of(one);

	free(anybody.bytes);
	put(many, "minItems", json_integer(1));
	put(many, "maxItems", json_integer(TARGET_ITEMS_MAX));
	return json_any_of(json_incref(one), many);
}

/* n1 + n2 -> rest */
static json_t *of_link_expression(void)
{
	struct text side = {0}, pattern = {0};

	text_add(&side, "(%s", endpoint_pattern);
	for (unsigned i = TARGET_ENDPOINT + 1; i < TARGET_KINDS; i++)
		text_add(&side, "|%s", target_names[i]);
	text_add(&side, ")");
	text_add(&pattern, "^ *%s( *\\+ *%s)* *<?-> *%s( *\\+ *%s)* *$", side.bytes, side.bytes,
		 side.bytes, side.bytes);
	json_t *made = json_matching(pattern.bytes);

	free(side.bytes);
	free(pattern.bytes);
	return made;
}

static json_t *of_shape(const struct fault_kind *kind)
{
	json_t *parts;

	switch (kind->shape) {
	case FAULT_ON_PROCESSES: return of_whom(true);
	case FAULT_ON_LINKS: return of_link_expression();
	case FAULT_ON_PARTS:
		parts = list_of(of_whom(false));
		put(parts, "minItems", json_integer(kind->parts_min));
		put(parts, "maxItems", json_integer(FAULT_PARTS_MAX));
		return parts;
	}
	return json_object();
}

/* Messages of every protocol, those of clients, and those between groups. */
static json_t *of_sorts(void)
{
	struct menu menu = menu_begin();

	for (unsigned i = 0; protocols[i]; i++)
		for (unsigned sort = 0; sort < MESSAGE_TYPES_MAX; sort++)
			if (message_sort_name(protocols[i], sort))
				menu_add(&menu, message_sort_name(protocols[i], sort),
					 protocols[i]->name);
	for (unsigned sort = MESSAGE_TYPES_MAX; sort < MESSAGE_SORTS; sort++)
		if (message_sort_name(protocols[0], sort))
			menu_add(&menu, message_sort_name(protocols[0], sort),
				 sort == MESSAGE_TYPES_MAX + MESSAGE_PROPOSAL ? "between groups"
									      : "of clients");
	return menu_end(&menu);
}

/* An entry that says this fault: its own key and amount beside those that all have. */
static json_t *of_fault(const struct fault_kind *kind)
{
	json_t *whom = of_shape(kind), *entry = of_section_keys(IN_FAULT);
	json_t *properties = json_object_get(entry, "properties");
	json_t *required = json_object_get(entry, "required");

	put(entry, "title", json_string(kind->name));
	put(entry, "description", json_string(kind->help));
	put(whom, "description", json_string(kind->help));
	put(properties, kind->name, whom);
	json_array_append_new(required, json_string(kind->name));
	if (!kind->lasts)
		json_object_del(properties, "for");
	if (kind->amount != AMOUNT_NONE) {
		struct key key = key_of_amount(kind);

		put(properties, key.name, of_key(&key));
		if (!key.fallback)
			json_array_append_new(required, json_string(key.name));
	}
	if (kind->sorted) {
		put(properties, "type", of_sorts());
		json_array_append_new(required, json_string("type"));
	}
	return entry;
}

static json_t *of_faults(const struct key *key)
{
	json_t *kinds = json_array();

	(void)key;
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		json_array_append_new(kinds, of_fault(&fault_kinds[i]));
	json_t *list = list_of(json_pack("{s:o}", "anyOf", kinds));

	put(list, "maxItems", json_integer(FAULTS_MAX));
	return list;
}

static json_t *of_nemeses(const struct key *key)
{
	json_t *list = list_of(of_section_keys(key->inner));

	put(list, "maxItems", json_integer(NEMESES_MAX));
	return list;
}

static json_t *of_kinds(const struct key *key)
{
	json_t *properties = json_object();
	struct key weight = *key;

	weight.type = TYPE_COUNT;
	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		json_t *made = json_of_scalar(&weight);

		put(made, "description", json_string(fault_kinds[i].help));
		put(properties, fault_kinds[i].name, made);
	}
	json_t *kinds = closed_object(properties, json_array());

	put(kinds, "minProperties", json_integer(1));
	return kinds;
}

static json_t *of_target(const struct key *key)
{
	(void)key;
	return of_whom(true);
}

/* ---- Expectations, and sets of names --------------------------------------------------------- */

static bool must_say(enum section section)
{
	for (const struct key *key = NULL; (key = key_next(section, key));)
		if (!key->fallback)
			return true;
	return false;
}

static json_t *of_expect(const struct key *key)
{
	struct menu words = menu_begin();
	json_t *forms = json_object();

	(void)key;
	for (unsigned i = 0; i < EXPECTATION_KINDS; i++) {
		const struct expectation_form *form = &expectation_forms[i];

		if (form->inner == SECTIONS || !must_say(form->inner))
			menu_add(&words, form->name, form->help);
		if (form->inner == SECTIONS)
			continue;
		json_t *keys = of_section_keys(form->inner);

		put(keys, "description", json_string(form->help));
		put(forms, form->name, keys);
	}
	json_t *with_keys = closed_object(forms, json_array());

	put(with_keys, "minProperties", json_integer(1));
	put(with_keys, "maxProperties", json_integer(1));
	json_t *one = json_any_of(menu_end(&words), with_keys), *list = list_of(one);

	put(list, "maxItems", json_integer(EXPECTATIONS_MAX));
	return json_any_of(list, json_incref(one));
}

/* Judges or plots: one, or a list. */
static json_t *of_set(const struct key *key)
{
	struct key member = *key;

	member.type = key->type == TYPE_JUDGES ? TYPE_JUDGE : TYPE_CHOICE;
	json_t *one = json_of_scalar(&member);

	return json_any_of(list_of(one), json_incref(one));
}

/* ---- A key, whatever its type ---------------------------------------------------------------- */

static json_t *of_section(const struct key *key)
{
	return key->inner == IN_CLUSTER ? of_cluster(key) : of_section_keys(key->inner);
}

/* Of several parts; scalars have theirs in json_values.c, and TYPE_NOT_YET is left out. */
static json_t *(*const makers[TYPE_NOT_YET])(const struct key *) = {
	[TYPE_SECTION] = of_section, [TYPE_PROTOCOL] = of_protocol, [TYPE_APP] = of_app,
	[TYPE_OPTIONS] = of_options, [TYPE_GROUP] = of_group,       [TYPE_MIX] = of_mix,
	[TYPE_LINKS] = of_links,     [TYPE_NEMESES] = of_nemeses,   [TYPE_KINDS] = of_kinds,
	[TYPE_TARGET] = of_target,   [TYPE_FAULTS] = of_faults,     [TYPE_BUGS] = of_bugs,
	[TYPE_EXPECT] = of_expect,   [TYPE_JUDGES] = of_set,        [TYPE_PLOTS] = of_set,
	[TYPE_REGIONS] = of_regions, [TYPE_DURATIONS] = of_pairs,   [TYPE_BANDWIDTHS] = of_pairs,
};

/* "how many processes. Accepted: a whole number, from 1 to 64. Default: 5." */
static json_t *description(const struct key *key)
{
	struct text words = {0};

	text_add(&words, "%s", key->help);
	if (key->type != TYPE_SECTION) {
		text_add(&words, ". Accepted: ");
		value_accepts(key, &words);
	}
	if (!key->fallback)
		text_add(&words, ". It must be said.");
	else if (key_derived(key))
		text_add(&words, ". Default: %.*s.", (int)strlen(key->fallback) - 2,
			 key->fallback + 1);
	else
		text_add(&words, ". Default: %s.", *key->fallback ? key->fallback : "none");
	json_t *string = json_string(words.bytes);

	free(words.bytes);
	return string;
}

static json_t *of_key(const struct key *key)
{
	json_t *made = makers[key->type] ? makers[key->type](key) : json_of_scalar(key);

	if (!made) {
		fprintf(stderr, "the schema has no maker for the type of \"%s\"\n", key->name);
		abort();
	}
	put(made, "description", description(key));
	return made;
}

static json_t *of_section_keys(enum section section)
{
	json_t *properties = json_object(), *required = json_array();
	bool cut = false;

	for (const struct key *key = NULL; (key = key_next(section, key));) {
		if (key->type == TYPE_NOT_YET)
			continue;
		cut |= key->type == TYPE_DISTRIBUTION || key->type == TYPE_OFFSET;
		put(properties, key->name, of_key(key));
		if (!key->fallback || (key->type == TYPE_SECTION && must_say(key->inner)))
			json_array_append_new(required, json_string(key->name));
	}
	json_t *made = closed_object(properties, required);

	if (cut)
		put(made, "patternProperties",
		    json_pack("{s:o}", rest_of_distribution, json_typed("null")));
	return made;
}

void scenario_schema(FILE *out)
{
	json_t *made = of_section_keys(IN_SCENARIO);
	json_t *cluster = json_object_get(json_object_get(made, "properties"), "cluster");
	json_t *root = json_pack("{s:s, s:s}", "$schema", "http://json-schema.org/draft-07/schema#",
				 "title", "A scenario of ordeal");

	/* A group may stand alone or in a list: it is defined once. */
	put(root, "definitions", json_pack("{s:O}", "group", json_object_get(cluster, "group")));
	json_object_del(cluster, "group");
	json_object_update_missing(root, made);
	json_dumpf(root, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(made);
	json_decref(root);
}
