/*
 * From a file to a scenario: the walk over the schema.
 *
 * Keys are read in the schema's order, whatever their order in the file, so that a key may rely on
 * those before it (the mix on the app, faults on the number of nodes). A value that is refused
 * leaves its default behind, so that one mistake is one complaint.
 */
#include "sim/scenario/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Complaining ----------------------------------------------------------------------------- */

void refuse(struct reading *reading, const struct node *node, const char *format, ...)
{
	char text[sizeof(((struct complaint *)0)->text)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	complain(reading->complaints, node ? node->line : 0, node ? node->column : 0, "%s", text);
}

void refuse_value(struct reading *reading, const struct key *key, const struct node *node,
		  const char *wrong)
{
	const char *names[64];
	size_t count = value_choices(key, names, 64);
	char shown[QUOTE_MAX], mean[MEAN_MAX];
	struct text accepted = {0};

	value_accepts(key, &accepted);
	shorten(accepted.bytes);
	refuse(reading, node, "%s: \"%s\" %s; accepted: %s%s", key->name, quote(node->text, shown),
	       wrong, accepted.bytes, meant(node->text, names, count, mean));
	free(accepted.bytes);
}

bool expect_like(struct reading *reading, const char *what, const struct node *node,
		 enum node_kind kind, const char *accepted)
{
	static const char *const kinds[] = {"one value", "a list", "a mapping", ""};

	if (node->kind == kind)
		return true;
	if (node->kind == NODE_TEXT && !node->text[0])
		refuse(reading, node, "%s: nothing stands here; accepted: %s", what, accepted);
	else if (node->kind != NODE_BROKEN)
		refuse(reading, node, "%s: %s stands here; accepted: %s", what, kinds[node->kind],
		       accepted);
	return false;
}

bool expect_kind(struct reading *reading, const char *what, const struct node *node,
		 enum node_kind kind)
{
	static const char *const kinds[] = {
		"one value", "a list: in [ ], or a line with a dash for each item",
		"a mapping: in { }, or a line with its key for each value", ""};

	return expect_like(reading, what, node, kind, kinds[kind]);
}

static void list_keys(enum section section, struct text *out)
{
	const char *between = "";

	for (const struct key *key = NULL; (key = key_next(section, key));) {
		if (key->type == TYPE_NOT_YET)
			continue;
		text_add(out, "%s%s", between, key->name);
		between = ", ";
	}
}

bool expect_section(struct reading *reading, const char *what, const struct node *node,
		    enum section section)
{
	struct text accepted = {0};

	if (node->kind == NODE_MAP)
		return true;
	text_add(&accepted, "a mapping of ");
	list_keys(section, &accepted);
	expect_like(reading, what, node, NODE_MAP, accepted.bytes);
	free(accepted.bytes);
	return false;
}

/* A scalar, where its key tells what it may be. */
static bool expect_value(struct reading *reading, const struct key *key, const struct node *node)
{
	struct text accepted = {0};

	if (node->kind == NODE_TEXT)
		return true;
	value_accepts(key, &accepted);
	shorten(accepted.bytes);
	expect_like(reading, key->name, node, NODE_TEXT, accepted.bytes);
	free(accepted.bytes);
	return false;
}

void refuse_key(struct reading *reading, const struct node *node, enum section section,
		const char *const *more, size_t more_count)
{
	const char *names[128];
	size_t count = 0;
	char shown[QUOTE_MAX], mean[MEAN_MAX];
	struct text accepted = {0};

	for (const struct key *key = NULL; (key = key_next(section, key));)
		if (key->type != TYPE_NOT_YET)
			names[count++] = key->name;
	for (size_t i = 0; i < more_count; i++)
		names[count++] = more[i];
	for (size_t i = 0; i < count; i++)
		text_add(&accepted, "%s%s", i ? ", " : "", names[i]);
	shorten(accepted.bytes);
	refuse(reading, node, "\"%s\" is no key of %s; accepted: %s%s", quote(node->text, shown),
	       section_names[section], accepted.bytes, meant(node->text, names, count, mean));
	free(accepted.bytes);
}

void refuse_name(struct reading *reading, const char *what, const struct node *node,
		 const char *const *names, size_t count)
{
	char shown[QUOTE_MAX], mean[MEAN_MAX];
	struct text accepted = {0};

	for (size_t i = 0; i < count; i++)
		text_add(&accepted, "%s%s", i ? ", " : "", names[i]);
	if (count)
		shorten(accepted.bytes);
	refuse(reading, node, "\"%s\" is no %s; accepted: %s%s", quote(node->text, shown), what,
	       count ? accepted.bytes : "none", meant(node->text, names, count, mean));
	free(accepted.bytes);
}

void refuse_missing(struct reading *reading, const struct key *key, const struct node *at)
{
	struct text accepted = {0};

	value_accepts(key, &accepted);
	refuse(reading, at, "%s has no key \"%s\", which must be said; accepted: %s",
	       section_names[key->section], key->name, accepted.bytes);
	free(accepted.bytes);
}

/* ---- Keys and sections ----------------------------------------------------------------------- */

static bool read_scalar(struct reading *reading, const struct key *key, const struct node *node,
			void *base)
{
	const char *wrong;

	if (!expect_value(reading, key, node))
		return false;
	wrong = value_read(key, node->text, base);
	if (wrong)
		refuse_value(reading, key, node, wrong);
	return !wrong;
}

static bool read_node(struct reading *reading, const struct key *key, const struct node *node,
		      void *base)
{
	switch (key->type) {
	case TYPE_PROTOCOL: return read_protocol(reading, node);
	case TYPE_APP: return read_app(reading, node);
	case TYPE_OPTIONS: read_options(reading, node); return true;
	case TYPE_GROUP: return read_on(reading, node);
	case TYPE_MIX: return read_mix(reading, key, node);
	case TYPE_LINKS: return read_links(reading, node);
	case TYPE_REGIONS: return read_regions(reading, node);
	case TYPE_DURATIONS:
	case TYPE_BANDWIDTHS: return read_matrix(reading, key, node);
	case TYPE_FAULTS: return read_faults(reading, node);
	case TYPE_NEMESES: return read_nemeses(reading, node);
	case TYPE_KINDS: return read_kinds(reading, key, node, base);
	case TYPE_TARGET: return read_nemesis_target(reading, node, base);
	case TYPE_BUGS: return read_bugs(reading, node);
	case TYPE_EXPECT: return read_expect(reading, node);
	case TYPE_JUDGES: return read_set(reading, key, node, &reading->scenario->stop_on);
	case TYPE_PLOTS: return read_set(reading, key, node, &reading->scenario->plots);
	default: return read_scalar(reading, key, node, base);
	}
}

/* The table's own text, read by the same reader: it cannot be wrong. */
static void read_fallback(struct reading *reading, const struct key *key, void *base)
{
	struct complaints complaints = {0};
	struct reading aside = {reading->scenario, &complaints, reading->group};
	struct node *node;
	bool read = true;

	if (!key->fallback || key_derived(key)) {
		/* Options are derived one by one, also where the scenario names none. */
		if (key->type == TYPE_OPTIONS)
			read_options(&aside, NULL);
		return;
	}
	if (!*key->fallback) {
		value_read(key, "", base);
		return;
	}
	node = tree_read(key->fallback, strlen(key->fallback), &complaints);
	read = node && read_node(&aside, key, node, base);
	tree_free(node);
	if (!read) {
		fprintf(stderr, "the default \"%s\" of \"%s\" is no value of it\n", key->fallback,
			key->name);
		abort();
	}
}

bool read_key(struct reading *reading, const struct key *key, const struct node *node, void *base)
{
	bool read = node && read_node(reading, key, node, base);

	if (!read)
		read_fallback(reading, key, base);
	return read;
}

static bool must_be_said(enum section section)
{
	for (const struct key *key = NULL; (key = key_next(section, key));)
		if (!key->fallback)
			return true;
	return false;
}

static void read_inner(struct reading *reading, const struct key *key, const struct node *node,
		       const struct node *at, void *base)
{
	bool list = key->inner == IN_CLUSTER && node && node->kind == NODE_LIST;

	if (node && !list && !expect_section(reading, key->name, node, key->inner))
		return;
	if (!node && must_be_said(key->inner))
		refuse_missing(reading, key, at);
	else if (key->inner == IN_CLUSTER)
		read_cluster(reading, node);
	else
		read_section(reading, key->inner, node, node ? node : at, base);
}

void read_section(struct reading *reading, enum section section, const struct node *map,
		  const struct node *at, void *base)
{
	for (const struct node *entry = map ? map->first : NULL; entry; entry = entry->next) {
		const struct key *key = key_named(section, entry->text);

		if (!key)
			refuse_key(reading, entry, section, NULL, 0);
		else if (key->type == TYPE_NOT_YET)
			refuse(reading, entry, "\"%s\" is not yet built; accepted: %s", key->name,
			       key->help);
	}
	for (const struct key *key = NULL; (key = key_next(section, key));) {
		const struct node *node = tree_find(map, key->name);

		if (key->type == TYPE_SECTION)
			read_inner(reading, key, node, at, base);
		else if (!node && !key->fallback)
			refuse_missing(reading, key, at);
		else if (key->type != TYPE_NOT_YET)
			read_key(reading, key, node, base);
	}
}

/* ---- The whole ------------------------------------------------------------------------------- */

void scenario_free(struct scenario *scenario)
{
	if (!scenario)
		return;
	for (unsigned i = 0; i < SCENARIO_GROUPS_MAX; i++) {
		free(scenario->groups[i].name);
		free(scenario->groups[i].options);
	}
	free(scenario->path);
	free(scenario->name);
	free(scenario->shows);
	free(scenario->links);
	free_regions(&scenario->regions);
	free(scenario->faults);
	free(scenario);
}

struct scenario *scenario_parse(const char *path, const char *text, size_t size,
				struct complaints *complaints)
{
	struct scenario *scenario = scenario_room(NULL, 0, sizeof(*scenario));
	struct reading reading = {scenario, complaints, &scenario->groups[0]};

	complaints->count = complaints->odd_count = 0;
	scenario->path = copy_text(path);
	scenario->stop_on = all_judges();
	scenario->first_seed = 1; /* after the last one: none are said */
	struct node *root = NULL;
	if (size > FILE_MAX)
		complain(complaints, 0, 0, "the file has %zu bytes; accepted: at most %d", size,
			 FILE_MAX);
	else
		root = tree_read(text, size, complaints);
	if (root && expect_kind(&reading, "scenario", root, NODE_MAP)) {
		scenario->group_count = 1;
		read_section(&reading, IN_SCENARIO, root, root, scenario);
		if (!complaints->count) {
			derive(scenario);
			check_sound(&reading, root);
		}
		look_for_odd(&reading, root);
	}
	tree_free(root);
	complaints_sort(complaints);
	if (complaints->count) {
		scenario_free(scenario);
		return NULL;
	}
	scenario_rehash(scenario);
	return scenario;
}

struct scenario *scenario_read(const char *path, struct complaints *complaints)
{
	struct scenario *scenario = NULL;
	FILE *file = fopen(path, "rb");
	char *text = scenario_room(NULL, 0, FILE_MAX + 1);
	size_t size = file ? fread(text, 1, FILE_MAX + 1, file) : 0;

	complaints->count = complaints->odd_count = 0;
	if (!file || ferror(file))
		complain(complaints, 0, 0, "it cannot be read: %s; accepted: a scenario's file",
			 strerror(errno));
	else if (size > FILE_MAX)
		complain(complaints, 0, 0, "the file is too large; accepted: at most %d bytes",
			 FILE_MAX);
	else
		scenario = scenario_parse(path, text, size, complaints);
	if (file)
		fclose(file);
	free(text);
	return scenario;
}
