/*
 * The JSON Schema of scenarios, held against files as an editor reads them: plain YAML by libyaml,
 * scalars resolved by YAML's core schema, and a validator of so much of draft-07 as the schema uses
 * (a word that it does not know fails the test).
 */
#include "sim/scenario/reader.h"
#include "tests/tests.h"

#include <dirent.h>
#include <jansson.h>
#include <regex.h>
#include <yaml.h>

/* ---- YAML as JSON ---------------------------------------------------------------------------- */

static bool has_pattern(const char *text, const char *pattern)
{
	regex_t regex;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
		printf("\n  no pattern: %s", pattern);
		CU_FAIL("a pattern of the schema is none");
		return false;
	}
	bool has = regexec(&regex, text, 0, NULL, 0) == 0;

	regfree(&regex);
	return has;
}

static json_t *scalar(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return json_string(text);
	if (has_pattern(text, "^[-+]?[0-9]{1,18}$"))
		return json_integer(strtoll(text, NULL, 10));
	if (has_pattern(text, "^[-+]?[0-9]+(\\.[0-9]+)?$"))
		return json_real(strtod(text, NULL));
	if (!strcmp(text, "true") || !strcmp(text, "false"))
		return json_boolean(text[0] == 't');
	return !*text || !strcmp(text, "null") || !strcmp(text, "~") ? json_null()
								     : json_string(text);
}

static json_t *json_of(yaml_document_t *document, int index)
{
	const yaml_node_t *node = yaml_document_get_node(document, index);
	json_t *made;

	if (node->type == YAML_SCALAR_NODE)
		return scalar(node);
	if (node->type == YAML_SEQUENCE_NODE) {
		made = json_array();
		for (yaml_node_item_t *item = node->data.sequence.items.start;
		     item < node->data.sequence.items.top; item++)
			json_array_append_new(made, json_of(document, *item));
		return made;
	}
	made = json_object();
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(document, pair->key);

		if (key->type == YAML_SCALAR_NODE)
			json_object_set_new(made, (const char *)key->data.scalar.value,
					    json_of(document, pair->value));
	}
	return made;
}

/* NULL: it is no YAML. */
static json_t *json_of_text(const char *text, size_t size)
{
	yaml_parser_t parser;
	yaml_document_t document;
	json_t *made = NULL;

	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (yaml_parser_load(&parser, &document)) {
		if (yaml_document_get_root_node(&document))
			made = json_of(&document, 1);
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	return made;
}

/* ---- So much of JSON Schema ------------------------------------------------------------------ */

static json_t *root; /* the schema as a whole */

static bool valid(json_t *rules, json_t *value);

static bool has_type(const char *type, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return !strcmp(type, "object");
	case JSON_ARRAY: return !strcmp(type, "array");
	case JSON_STRING: return !strcmp(type, "string");
	case JSON_INTEGER: return !strcmp(type, "integer") || !strcmp(type, "number");
	case JSON_REAL: return !strcmp(type, "number");
	case JSON_NULL: return !strcmp(type, "null");
	default: return !strcmp(type, "boolean");
	}
}

static bool check_type(json_t *types, json_t *value)
{
	bool any = json_is_string(types) && has_type(json_string_value(types), value);

	for (size_t i = 0; i < json_array_size(types); i++)
		any |= has_type(json_string_value(json_array_get(types, i)), value);
	return any;
}

static bool check_enum(json_t *values, json_t *value)
{
	for (size_t i = 0; i < json_array_size(values); i++)
		if (json_equal(json_array_get(values, i), value))
			return true;
	return false;
}

static bool check_any(json_t *schemas, json_t *value)
{
	for (size_t i = 0; i < json_array_size(schemas); i++)
		if (valid(json_array_get(schemas, i), value))
			return true;
	return false;
}

static bool check_all(json_t *schemas, json_t *value)
{
	for (size_t i = 0; i < json_array_size(schemas); i++)
		if (!valid(json_array_get(schemas, i), value))
			return false;
	return true;
}

/* properties, patternProperties and additionalProperties: false, together */
static bool check_members(json_t *rules, json_t *value)
{
	json_t *patterns = json_object_get(rules, "patternProperties");
	bool open = !json_is_false(json_object_get(rules, "additionalProperties"));
	const char *name, *pattern;
	json_t *member, *of;

	json_object_foreach (value, name, member) {
		bool known = open;

		of = json_object_get(json_object_get(rules, "properties"), name);
		if (of && !valid(of, member))
			return false;
		known |= of != NULL;
		json_object_foreach (patterns, pattern, of) {
			if (!has_pattern(name, pattern))
				continue;
			known = true;
			if (!valid(of, member))
				return false;
		}
		if (!known)
			return false;
	}
	return true;
}

static bool check_required(json_t *names, json_t *value)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		if (!json_object_get(value, json_string_value(json_array_get(names, i))))
			return false;
	return true;
}

static bool check_text(const char *word, json_t *limit, const char *text)
{
	if (!strcmp(word, "pattern"))
		return has_pattern(text, json_string_value(limit));
	if (!strcmp(word, "minLength"))
		return (json_int_t)strlen(text) >= json_integer_value(limit);
	if (!strcmp(word, "maxLength"))
		return (json_int_t)strlen(text) <= json_integer_value(limit);
	return false;
}

static bool check_amount(const char *word, json_t *limit, double amount)
{
	return !strncmp(word, "min", 3) ? amount >= json_number_value(limit)
					: amount <= json_number_value(limit);
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

/* One word of a schema; other types than its own are none of its business. */
static bool check_word(json_t *rules, const char *word, json_t *of, json_t *value)
{
	static const char *const texts[] = {"pattern", "minLength", "maxLength", NULL};
	static const char *const amounts[] = {"minimum", "maximum", NULL};
	static const char *const items[] = {"minItems", "maxItems", NULL};
	static const char *const members[] = {"minProperties", "maxProperties", NULL};
	static const char *const silent[] = {"$schema",
					     "title",
					     "description",
					     "definitions",
					     "then",
					     "enumDescriptions",
					     "patternProperties",
					     "additionalProperties",
					     NULL};

	if (is_one_of(word, texts))
		return !json_is_string(value) || check_text(word, of, json_string_value(value));
	if (is_one_of(word, amounts))
		return !json_is_number(value) || check_amount(word, of, json_number_value(value));
	if (is_one_of(word, items))
		return !json_is_array(value) ||
		       check_amount(word, of, (double)json_array_size(value));
	if (is_one_of(word, members))
		return !json_is_object(value) ||
		       check_amount(word, of, (double)json_object_size(value));
	if (!strcmp(word, "type"))
		return check_type(of, value);
	if (!strcmp(word, "enum"))
		return check_enum(of, value);
	if (!strcmp(word, "const"))
		return json_equal(of, value);
	if (!strcmp(word, "anyOf"))
		return check_any(of, value);
	if (!strcmp(word, "allOf"))
		return check_all(of, value);
	if (!strcmp(word, "not"))
		return !valid(of, value);
	if (!strcmp(word, "if"))
		return !valid(of, value) || valid(json_object_get(rules, "then"), value);
	if (!strcmp(word, "properties"))
		return !json_is_object(value) || check_members(rules, value);
	if (!strcmp(word, "required"))
		return !json_is_object(value) || check_required(of, value);
	if (!strcmp(word, "$ref"))
		return valid(json_object_get(json_object_get(root, "definitions"),
					     json_string_value(of) + strlen("#/definitions/")),
			     value);
	if (!strcmp(word, "items")) {
		for (size_t i = 0; i < json_array_size(value); i++)
			if (!valid(of, json_array_get(value, i)))
				return false;
		return true;
	}
	if (!is_one_of(word, silent))
		printf("\n  unknown word: %s", word);
	CU_ASSERT(is_one_of(word, silent));
	return true;
}

static bool valid(json_t *rules, json_t *value)
{
	const char *word;
	json_t *of;

	CU_ASSERT(json_is_object(rules));
	json_object_foreach (rules, word, of)
		if (!check_word(rules, word, of, value))
			return false;
	return true;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void begin(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_FATAL(out != NULL);
	scenario_schema(out);
	fclose(out);
	root = json_loadb(text, size, 0, NULL);
	free(text);
	CU_ASSERT_FATAL(root != NULL);
}

static void end(void)
{
	json_decref(root);
	root = NULL;
}

static char *text_of(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, FILE_MAX + 1);

	*size = file ? fread(text, 1, FILE_MAX, file) : 0;
	if (file)
		fclose(file);
	return text;
}

static bool valid_text(const char *text, size_t size)
{
	json_t *value = json_of_text(text, size);
	bool is_valid = value && valid(root, value);

	json_decref(value);
	return is_valid;
}

/* Calls `check` for each .yaml below a folder; returns how many there were. */
static unsigned each_file(const char *folder, void (*check)(const char *path))
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	unsigned files = 0;
	char path[512];

	for (int i = 0; i < count; i++) {
		size_t size = strlen(entries[i]->d_name);

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (size > 5 && !strcmp(entries[i]->d_name + size - 5, ".yaml")) {
			check(path);
			files++;
		} else if (entries[i]->d_type == DT_DIR && entries[i]->d_name[0] != '.') {
			files += each_file(path, check);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return files;
}

static void check_accepted(const char *path)
{
	size_t size;
	char *text = text_of(path, &size);
	bool is_valid = valid_text(text, size);

	if (!is_valid)
		printf("\n  %s is refused", path);
	CU_ASSERT(is_valid);
	free(text);
}

static void every_scenario_is_accepted(void)
{
	begin();
	CU_ASSERT(each_file("scenarios", check_accepted) >= 20);
	CU_ASSERT(each_file("tests/data/scenarios/good", check_accepted) >= 4);
	end();
}

/* As the emitter writes it, it says every key. */
static void check_emitted(const char *path)
{
	struct complaints complaints;
	struct scenario *scenario = scenario_read(path, &complaints);

	CU_ASSERT_FATAL(scenario != NULL);
	char *text = scenario_emit(scenario);

	if (!valid_text(text, strlen(text)))
		printf("\n  %s, emitted, is refused:\n%s", path, text);
	CU_ASSERT(valid_text(text, strlen(text)));
	free(text);
	scenario_free(scenario);
}

static void every_emitted_scenario_is_accepted(void)
{
	begin();
	CU_ASSERT(each_file("scenarios", check_emitted) >= 20);
	CU_ASSERT(each_file("tests/data/scenarios/good", check_emitted) >= 4);
	end();
}

/* What the reader says of rules that a schema can tell, too: of one key or value alone. */
static const char *const told_too[] = {
	"which must be said",
	"has no unit",
	" is no key of ",
	"is no whole number",
	"accepted: one value",
	"accepted: a list",
	"accepted: a mapping",
	" is no option of ",
	" is no operation of ",
	" is no distribution;",
	"is no percentage",
	" is no bug of ",
	" is no protocol;",
	" is no app;",
	"is unknown;",
	"is no expectation",
	"is not yet built;",
	"has no % sign",
	" is no duration",
	"names no links",
	"has a character that no name has",
	"neither true nor false",
	"has no \"at\"",
	"says no fault",
	" stands beside ",
	"no process that this",
	"is empty;",
	"takes no \"for\"",
	"\" needs \"",
	"is no skew",
	"is no rate",
};
/* Braces cut a distribution apart, so that an editor's schema can't see its end; and what a group
 * may say depends on the others. */
static const char *const not_told[] = {"distribution-", "app-none-for-clients", "bug-of-no-group"};

static unsigned refused;

static void check_refused(const char *path)
{
	size_t size;
	char *text = text_of(path, &size);
	bool told = false;

	for (char *line = text; !strncmp(line, "# expect: ", 10);) {
		size_t length = strcspn(line, "\n");
		char end = line[length];

		line[length] = '\0';
		for (size_t i = 0; i < sizeof(told_too) / sizeof(told_too[0]); i++)
			told |= strstr(line, told_too[i]) != NULL;
		line[length] = end;
		line += length + 1;
	}
	for (size_t i = 0; i < sizeof(not_told) / sizeof(not_told[0]); i++)
		told &= strstr(path, not_told[i]) == NULL;
	if (told && valid_text(text, size))
		printf("\n  %s is accepted", path);
	CU_ASSERT(!told || !valid_text(text, size));
	refused += told;
	free(text);
}

static void what_is_wrong_with_one_key_is_refused(void)
{
	begin();
	refused = 0;
	each_file("tests/data/scenarios/bad", check_refused);
	CU_ASSERT(refused >= 100);
	end();
}

/* What no file of the tree says. */
static void bounds_are_told_where_a_pattern_can(void)
{
	static const struct {
		const char *line;
		bool is_valid;
	} lines[] = {
		{"run: {duration: 1ms}", true},
		{"run: {duration: 0ms}", false},
		{"run: {duration: 0.0s}", false},
		{"run: {duration: 10s, warmup: 0s, max_events: 20K}", true},
		{"run: {duration: 10s, max_events: 0}", false},
		{"run: {duration: 10s, max_events: \"7\"}", true},
		{"run: {duration: 10s, seeds: 7}", true},
		{"run: {duration: 10s, seeds: -7}", false},
		{"run: {duration: 10s}\nclocks: {offset: \"uniform(-5ms, 5ms)\"}", true},
		{"run: {duration: 10s}\nprocess: {service: \"uniform(-5ms, 5ms)\"}", false},
		{"run: {duration: 10s}\nplots: latency\nshows: 5", true},
		{"run: {duration: 10s}\nfaults: [{at: 1s, clock_jump: n1, by: -5ms}]", true},
		{"run: {duration: 10s}\nfaults: [{at: 1s, clock_drift: n1, ppm: 7ppm}]", true},
		{"run: {duration: 10s}\nfaults: [{at: 1s, slow_disk: [n1], times: 5}]", true},
		{"run: {duration: 10s}\nfaults: [{at: 1s, slow_disk: n1, times: 0.5}]", false},
	};
	char text[400];

	begin();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text),
			 "scenario: 1\nname: x\ncluster: {protocol: single, nodes: 1, app: "
			 "kv}\n%s\n",
			 lines[i].line);
		if (valid_text(text, strlen(text)) != lines[i].is_valid)
			printf("\n  %s", lines[i].line);
		CU_ASSERT(valid_text(text, strlen(text)) == lines[i].is_valid);
	}
	end();
}

/* An editor shows what a key means. */
static void count_descriptions(json_t *rules, unsigned *keys)
{
	const char *name;
	json_t *member;

	json_object_foreach (json_object_get(rules, "properties"), name, member) {
		const char *words = json_string_value(json_object_get(member, "description"));

		if (!words)
			printf("\n  %s has no description", name);
		CU_ASSERT(words && strlen(words) > 8);
		(*keys)++;
		count_descriptions(member, keys);
	}
}

static void every_key_says_what_it_means(void)
{
	unsigned keys = 0;

	begin();
	count_descriptions(root, &keys);
	count_descriptions(json_object_get(json_object_get(root, "definitions"), "group"), &keys);
	CU_ASSERT(keys > 50);
	end();
}

CU_TestInfo schema_tests[] = {
	{"the schema accepts every scenario of the tree", every_scenario_is_accepted},
	{"the schema accepts every scenario as the emitter writes it",
	 every_emitted_scenario_is_accepted},
	{"the schema refuses what is wrong with one key alone",
	 what_is_wrong_with_one_key_is_refused},
	{"bounds are told where a pattern can", bounds_are_told_where_a_pattern_can},
	{"every key of the schema says what it means", every_key_says_what_it_means},
	CU_TEST_INFO_NULL,
};
