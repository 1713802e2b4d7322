/*
 * Builds the tree from libyaml's events.
 *
 * One thing is read more kindly than by YAML: inside {} and [] a comma ends a plain scalar, so that
 * `{latency: uniform(1ms, 5ms)}` would fall apart into `latency: uniform(1ms` and `5ms)`. A text
 * with an open parenthesis is joined again with what follows its comma.
 */
#include "sim/scenario/tree.h"
#include "sim/scenario/schema.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct builder {
	yaml_parser_t parser;
	struct complaints *complaints;
	const char *text, *end;
	bool failed; /* nothing that follows can be understood */
};

/* ---- Bytes that no text has ------------------------------------------------------------------ */

/* Length of the UTF-8 character at `at`; 0 where it is none, or one that no YAML file has. */
static size_t character(const unsigned char *at, size_t left)
{
	size_t size = *at < 0x80       ? 1
		      : *at >> 5 == 6  ? 2
		      : *at >> 4 == 14 ? 3
		      : *at >> 3 == 30 ? 4
				       : 0;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	if (!size || size > left)
		return 0;
	uint32_t code = size == 1 ? *at : *at & (0x7Fu >> size);
	for (size_t i = 1; i < size; i++) {
		if (at[i] >> 6 != 2)
			return 0;
		code = code << 6 | (at[i] & 0x3Fu);
	}
	if (code < ' ' ? code != '\t' && code != '\n' && code != '\r' : code >= 127 && code < 0xA0)
		return 0;
	if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ||
	    code == 0xFFFE || code == 0xFFFF)
		return 0;
	/* Line breaks to YAML alone, and a byte order mark that marks nothing. */
	if (code == 0x2028 || code == 0x2029 || code == 0xFEFF)
		return 0;
	return size;
}

static bool printable(const char *text, size_t size)
{
	for (size_t at = 0, step; at < size; at += step)
		if (!(step = character((const unsigned char *)text + at, size - at)))
			return false;
	return true;
}

static bool is_text(const char *text, size_t size, struct complaints *complaints)
{
	unsigned line = 1, column = 1;

	for (size_t at = 0, step; at < size; at += step) {
		step = character((const unsigned char *)text + at, size - at);
		if (!step) {
			complain(complaints, line, column,
				 "byte 0x%02X is no text here; accepted: UTF-8 without control "
				 "characters",
				 (unsigned char)text[at]);
			return false;
		}
		column++;
		if (text[at] == '\n') {
			line++;
			column = 1;
		}
	}
	return true;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void complain_at(struct builder *builder, yaml_mark_t mark, const char *what)
{
	complain(builder->complaints, (unsigned)mark.line + 1, (unsigned)mark.column + 1, "%s",
		 what);
}

/* Does the line begin with a tab? YAML wants spaces, and says so in words that help nobody. */
static bool begins_with_tab(const char *text, const char *end, size_t line)
{
	for (; line && text < end; text++)
		line -= *text == '\n';
	while (text < end && *text == ' ')
		text++;
	return text < end && *text == '\t';
}

/* False at an error, which has been complained about. */
static bool next_event(struct builder *builder, yaml_event_t *event)
{
	const yaml_parser_t *parser = &builder->parser;

	if (builder->failed)
		return false;
	if (yaml_parser_parse(&builder->parser, event))
		return true;
	if (begins_with_tab(builder->text, builder->end, parser->problem_mark.line))
		complain_at(builder, parser->problem_mark,
			    "a tab indents this line; accepted: spaces");
	else if (parser->problem && parser->context)
		complain(builder->complaints, (unsigned)parser->problem_mark.line + 1,
			 (unsigned)parser->problem_mark.column + 1,
			 "this is no YAML: %s, %s that begins in line %u", parser->problem,
			 parser->context, (unsigned)parser->context_mark.line + 1);
	else
		complain_at(builder, parser->problem_mark,
			    parser->problem ? parser->problem : "this is no YAML");
	builder->failed = true;
	return false;
}

static struct node *new_node(enum node_kind kind, yaml_mark_t mark)
{
	struct node *node = scenario_room(NULL, 0, sizeof(*node));

	node->kind = kind;
	node->line = (unsigned)mark.line + 1;
	node->column = (unsigned)mark.column + 1;
	return node;
}

void tree_free(struct node *node)
{
	while (node) {
		struct node *next = node->next;

		tree_free(node->first);
		tree_free(node->value);
		free(node->text);
		free(node);
		node = next;
	}
}

static void refuse_properties(struct builder *builder, yaml_mark_t mark, const void *anchor,
			      const void *tag)
{
	if (anchor)
		complain_at(builder, mark,
			    "an anchor (&) stands here; accepted: plain values, each said where it "
			    "is used");
	if (tag)
		complain_at(builder, mark,
			    "a tag (!) stands here; accepted: plain values, whose type the key "
			    "decides");
}

static struct node *text_node(struct builder *builder, const yaml_event_t *event)
{
	struct node *node = new_node(NODE_TEXT, event->start_mark);
	yaml_scalar_style_t style = event->data.scalar.style;

	refuse_properties(builder, event->start_mark, event->data.scalar.anchor,
			  event->data.scalar.tag);
	node->text = copy_text((const char *)event->data.scalar.value);
	if (!printable((const char *)event->data.scalar.value, event->data.scalar.length)) {
		complain_at(
			builder, event->start_mark,
			"an escape (\\) stands for a character that no text has; accepted: UTF-8 "
			"without control characters");
		node->kind = NODE_BROKEN;
	}
	/* Block scalars (| and >) end with line breaks that nobody means. */
	size_t size = strlen(node->text);
	while (style != YAML_PLAIN_SCALAR_STYLE && size && node->text[size - 1] == '\n')
		node->text[--size] = 0;
	node->open = style == YAML_PLAIN_SCALAR_STYLE;
	return node;
}

static struct node *build(struct builder *, yaml_event_t *, unsigned depth);

static bool unclosed(const struct node *node)
{
	int depth = 0;

	if (!node || node->kind != NODE_TEXT || !node->open)
		return false;
	for (const char *at = node->text; *at; at++)
		depth += (*at == '(') - (*at == ')');
	return depth > 0;
}

static void join(struct node *node, const char *rest)
{
	struct text joined = {0};

	text_add(&joined, "%s, %s", node->text, rest);
	free(node->text);
	node->text = joined.bytes;
}

static struct node *build_list(struct builder *builder, const yaml_event_t *begin, unsigned depth)
{
	struct node *list = new_node(NODE_LIST, begin->start_mark), **end = &list->first,
		    *last = NULL;
	bool flow = begin->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	yaml_event_t event;

	refuse_properties(builder, begin->start_mark, begin->data.sequence_start.anchor,
			  begin->data.sequence_start.tag);
	while (next_event(builder, &event)) {
		bool over = event.type == YAML_SEQUENCE_END_EVENT;
		struct node *item = over ? NULL : build(builder, &event, depth + 1);

		yaml_event_delete(&event);
		if (!item)
			break;
		if (flow && unclosed(last) && item->kind == NODE_TEXT && item->open) {
			join(last, item->text);
			tree_free(item);
			continue;
		}
		*end = last = item;
		end = &item->next;
		list->count++;
	}
	return list;
}

/* Complains about keys that cannot stand in this map; false where the key is none at all. */
static bool sound_key(struct builder *builder, const struct node *map, const struct node *key)
{
	char shown[QUOTE_MAX];
	const struct node *before;

	if (key->kind == NODE_BROKEN)
		return false;
	if (key->kind != NODE_TEXT) {
		complain(builder->complaints, key->line, key->column,
			 "a key that is no word; accepted: `key: value`");
		return false;
	}
	if (!strcmp(key->text, "<<")) {
		complain(builder->complaints, key->line, key->column,
			 "a merge key (<<) stands here; accepted: every key said where it counts");
		return false;
	}
	if ((before = tree_key(map, key->text))) {
		complain(builder->complaints, key->line, key->column,
			 "\"%s\" stands here twice, first in line %u; accepted: each key once",
			 quote(key->text, shown), before->line);
		return false;
	}
	if (map->count == MAP_KEYS_MAX) {
		complain(builder->complaints, key->line, key->column,
			 "more than %d keys in one mapping; accepted: those of the reference",
			 MAP_KEYS_MAX);
		builder->failed = true;
		return false;
	}
	return true;
}

static struct node *build_map(struct builder *builder, const yaml_event_t *begin, unsigned depth)
{
	struct node *map = new_node(NODE_MAP, begin->start_mark), **end = &map->first, *last = NULL;
	bool flow = begin->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	yaml_event_t event;

	refuse_properties(builder, begin->start_mark, begin->data.mapping_start.anchor,
			  begin->data.mapping_start.tag);
	while (next_event(builder, &event)) {
		bool over = event.type == YAML_MAPPING_END_EVENT;
		struct node *key = over ? NULL : build(builder, &event, depth + 1);

		yaml_event_delete(&event);
		if (!key)
			break;
		if (next_event(builder, &event)) {
			key->value = build(builder, &event, depth + 1);
			yaml_event_delete(&event);
		}
		if (!key->value) {
			tree_free(key);
			break;
		}
		if (flow && unclosed(last) && key->kind == NODE_TEXT && key->open &&
		    key->value->kind == NODE_TEXT && !key->value->text[0]) {
			join(last, key->text);
			tree_free(key);
			continue;
		}
		if (!sound_key(builder, map, key)) {
			tree_free(key);
			last = NULL;
			continue;
		}
		*end = key;
		end = &key->next;
		last = key->value;
		map->count++;
	}
	return map;
}

/* The node that begins with this event; NULL where the file cannot be understood from here on. */
static struct node *build(struct builder *builder, yaml_event_t *event, unsigned depth)
{
	if (depth > NESTING_MAX) {
		complain(builder->complaints, (unsigned)event->start_mark.line + 1,
			 (unsigned)event->start_mark.column + 1,
			 "more than %d levels of nesting; accepted: those of the reference",
			 NESTING_MAX);
		builder->failed = true;
		return NULL;
	}
	switch (event->type) {
	case YAML_SCALAR_EVENT: return text_node(builder, event);
	case YAML_SEQUENCE_START_EVENT: return build_list(builder, event, depth);
	case YAML_MAPPING_START_EVENT: return build_map(builder, event, depth);
	default:
		complain_at(builder, event->start_mark,
			    "an alias (*) stands here; accepted: plain values, each said where it "
			    "is used");
		return new_node(NODE_BROKEN, event->start_mark);
	}
}

/* ---- The document ---------------------------------------------------------------------------- */

static void refuse_directives(struct builder *builder, const yaml_event_t *event)
{
	if (event->data.document_start.version_directive ||
	    event->data.document_start.tag_directives.start !=
		    event->data.document_start.tag_directives.end)
		complain_at(builder, event->start_mark,
			    "a directive (%) stands here; accepted: the scenario alone");
}

static struct node *build_document(struct builder *builder)
{
	struct node *root = NULL;
	yaml_event_t event;
	bool over = false;

	for (unsigned documents = 0; !over && next_event(builder, &event);) {
		switch (event.type) {
		case YAML_DOCUMENT_START_EVENT:
			refuse_directives(builder, &event);
			if (documents++) {
				complain_at(builder, event.start_mark,
					    "a second document begins here; accepted: one scenario "
					    "a file");
				over = true;
			}
			break;
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT: break;
		case YAML_STREAM_END_EVENT: over = true; break;
		default: root = build(builder, &event, 0); break;
		}
		yaml_event_delete(&event);
	}
	return root;
}

struct node *tree_read(const char *text, size_t size, struct complaints *complaints)
{
	struct builder builder = {.complaints = complaints};
	size_t mark = size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0;

	text += mark;
	size -= mark;
	builder.text = text;
	builder.end = text + size;
	if (!is_text(text, size, complaints))
		return NULL;
	if (!yaml_parser_initialize(&builder.parser)) {
		complain(complaints, 0, 0, "there is not enough memory to read it");
		return NULL;
	}
	yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&builder.parser, (const unsigned char *)text, size);
	struct node *root = build_document(&builder);
	yaml_parser_delete(&builder.parser);
	if (!root && !complaints->count)
		complain(
			complaints, 0, 0,
			"the file is empty; accepted: a scenario, which begins with `scenario: %d`",
			SCENARIO_VERSION);
	if (builder.failed) {
		tree_free(root);
		return NULL;
	}
	return root;
}

struct node *tree_key(const struct node *map, const char *name)
{
	for (struct node *key = map && map->kind == NODE_MAP ? map->first : NULL; key;
	     key = key->next)
		if (!strcmp(key->text, name))
			return key;
	return NULL;
}

struct node *tree_find(const struct node *map, const char *name)
{
	struct node *key = tree_key(map, name);

	return key ? key->value : NULL;
}
