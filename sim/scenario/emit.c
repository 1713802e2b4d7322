/*
 * The canonical text of a scenario: the schema's order, one spelling of every value, and only what
 * differs from its default. Reading it gives the same scenario; emitting that, the same text.
 */
#define XXH_INLINE_ALL
#include <xxhash.h> /* first: it has its own use for names of sim/gnu.h */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/reader.h"

/* ---- Is it the default? ---------------------------------------------------------------------- */

/* The table's default, as the emitter would spell it. */
static void write_fallback(const struct key *key, struct text *out)
{
	union {
		char *text;
		uint64_t numbers[sizeof(struct distribution) / 8 + 1];
	} value = {.numbers = {0}};
	struct key alone = *key;

	alone.offset = 0;
	value_read(&alone, key->fallback, &value);
	value_write(&alone, &value, out);
	if (key->type == TYPE_NAME || key->type == TYPE_TEXT)
		free(value.text);
}

/* Is that of a link as it would be if `links` did not name it? */
static bool is_usual_link(const struct scenario *scenario, const struct key *key,
			  const struct link_override *link, const char *written)
{
	struct link_override usual = {.link = region_link(scenario, link->from, link->to)};
	struct text text = {0};

	value_write(key, &usual, &text);
	bool equal = !strcmp(text.bytes, written);

	free(text.bytes);
	/* A latency that was said has no distance to be added. */
	return equal && (key->type != TYPE_DISTRIBUTION || strcmp(key->name, "latency") != 0 ||
			 usual.link.distance == link->link.distance);
}

/* Those that are said in words. `base` is what the key belongs to. */
static bool is_derived(const struct scenario *scenario, const struct key *key, const void *base,
		       const char *written)
{
	bool equal = false;

	if (key->section == IN_LINK) {
		equal = is_usual_link(scenario, key, base, written);
	} else if (key->section == IN_NEMESIS) {
		const struct nemesis *nemesis = base;

		equal = !nemesis->between[0] && nemesis->between[1] == scenario->heal;
	} else if (key->type == TYPE_SEEDS) {
		equal = scenario->first_seed == 1 && scenario->last_seed == derived_seeds(scenario);
	} else if (key->type == TYPE_DURATION) {
		equal = scenario->heal == scenario->duration;
	}
	return equal;
}

/* Adds `name: value` unless it is the default; `lead` goes before it. */
static bool emit_value(const struct scenario *scenario, const struct key *key, const void *base,
		       const char *lead, struct text *out)
{
	struct text written = {0}, fallback = {0};
	bool skip = false;

	value_write(key, base, &written);
	if (key_derived(key)) {
		skip = is_derived(scenario, key, base, written.bytes);
	} else if (key->fallback) {
		write_fallback(key, &fallback);
		skip = fallback.bytes && !strcmp(written.bytes, fallback.bytes);
	}
	if (!skip)
		text_add(out, "%s%s: %s", lead, key->name, written.bytes);
	free(written.bytes);
	free(fallback.bytes);
	return !skip;
}

/* ---- Values of several parts ----------------------------------------------------------------- */

/* `lead` stands before the section's keys; options go one level deeper. */
static void emit_options(const struct scenario *scenario, const struct cluster_group *group,
			 const char *lead, struct text *out)
{
	struct text inner = {0};
	char deeper[16];

	snprintf(deeper, sizeof(deeper), "%s  ", lead);
	for (const struct option *option = group->protocol->options; option && option->name;
	     option++) {
		struct key key = key_of_option(option);

		emit_value(scenario, &key, group->options, deeper, &inner);
	}
	if (inner.size)
		text_add(out, "%soptions:%s", lead, inner.bytes);
	free(inner.bytes);
}

static void emit_mix(const struct scenario *scenario, struct text *out)
{
	const struct app *app = asked_group(scenario)->app;
	struct scenario equal = *scenario;
	struct key share = {.type = TYPE_PERCENT, .width = sizeof(uint32_t)};
	unsigned written = 0;

	equal_shares(&equal);
	if (!memcmp(equal.workload.weight, scenario->workload.weight,
		    sizeof(equal.workload.weight)))
		return;
	text_add(out, "\n  mix: {");
	for (unsigned i = 0; i < operation_count(app); i++) {
		if (!scenario->workload.weight[i])
			continue;
		text_add(out, "%s%s: ", written++ ? ", " : "", app->operations[i].name);
		value_write(&share, &scenario->workload.weight[i], out);
	}
	text_add(out, "}");
}

static void emit_links(const struct scenario *scenario, struct text *out)
{
	if (scenario->link_count)
		text_add(out, "\n  links:");
	for (size_t i = 0; i < scenario->link_count; i++) {
		const char *lead = "\n    - ";

		for (const struct key *key = NULL; (key = key_next(IN_LINK, key));)
			if (key->type != TYPE_NOT_YET &&
			    emit_value(scenario, key, &scenario->links[i], lead, out))
				lead = "\n      ";
	}
}

static void emit_faults(const struct scenario *scenario, struct text *out)
{
	if (scenario->fault_count)
		text_add(out, "faults:\n");
	for (unsigned i = 0; i < scenario->fault_count; i++) {
		text_add(out, "  - ");
		write_fault(scenario, &scenario->faults[i], out);
		text_add(out, "\n");
	}
}

static bool emit_nemesis_key(const struct scenario *scenario, const struct nemesis *nemesis,
			     const struct key *key, const char *lead, struct text *out)
{
	static const uint32_t none[FAULT_KINDS];

	switch (key->type) {
	case TYPE_KINDS:
		if (!memcmp(nemesis->weight, none, sizeof(none)))
			return false;
		text_add(out, "%s%s: ", lead, key->name);
		write_kinds(nemesis->weight, out);
		return true;
	case TYPE_TARGET:
		if (!nemesis->target.count)
			return false;
		text_add(out, "%s%s: ", lead, key->name);
		write_target(&nemesis->target, out);
		return true;
	default: return emit_value(scenario, key, nemesis, lead, out);
	}
}

static void emit_nemeses(const struct scenario *scenario, struct text *out)
{
	if (scenario->nemesis_count)
		text_add(out, "nemesis:");
	for (unsigned i = 0; i < scenario->nemesis_count; i++) {
		const char *lead = "\n  - ";

		for (const struct key *key = NULL; (key = key_next(IN_NEMESIS, key));)
			if (emit_nemesis_key(scenario, &scenario->nemeses[i], key, lead, out))
				lead = "\n    ";
	}
	if (scenario->nemesis_count)
		text_add(out, "\n");
}

static bool default_expectations(const struct scenario *scenario)
{
	const struct expectation *expect = scenario->expect;

	return scenario->expectation_count == 3 && expect[0].kind == EXPECT_SAFE &&
	       expect[1].kind == EXPECT_LINEARIZABLE && expect[2].kind == EXPECT_LIVE;
}

static void emit_expect(const struct scenario *scenario, struct text *out)
{
	if (default_expectations(scenario))
		return;
	text_add(out, "expect:%s\n", scenario->expectation_count ? "" : " []");
	for (unsigned i = 0; i < scenario->expectation_count; i++) {
		const struct expectation *expect = &scenario->expect[i];
		const struct expectation_form *form = &expectation_forms[expect->kind];
		const char *lead = ": {";

		text_add(out, "  - %s", form->name);
		for (const struct key *key = NULL;
		     form->inner != SECTIONS && (key = key_next(form->inner, key));)
			if (emit_value(scenario, key, expect, lead, out))
				lead = ", ";
		text_add(out, form->inner == SECTIONS ? "\n" : "}\n");
	}
}

static void emit_set(const struct key *key, uint32_t set, uint32_t usual, struct text *out)
{
	if (set == usual)
		return;
	text_add(out, "%s: ", key->name);
	write_set(key, set, out);
	text_add(out, "\n");
}

/* ---- The walk -------------------------------------------------------------------------------- */

static void emit_of_group(const struct scenario *scenario, const struct key *key,
			  const struct cluster_group *group, const char *lead, struct text *out)
{
	if (key->type == TYPE_OPTIONS) {
		emit_options(scenario, group, lead, out);
		return;
	}
	if (key->type == TYPE_GROUP && !group->on)
		return;
	/* Readers of YAML 1.1 take a plain `on` for true. */
	text_add(out, key->type == TYPE_GROUP ? "%s\"%s\": " : "%s%s: ", lead, key->name);
	if (key->type == TYPE_PROTOCOL)
		text_add(out, "%s", group->protocol->name);
	else if (key->type == TYPE_APP)
		text_add(out, "%s", group->app ? group->app->name : "none");
	else
		write_on(scenario, group, out);
}

/* What stands inside a section, at most one level deeper. Of the cluster, `base` is a group. */
static void emit_section(const struct scenario *scenario, enum section section, const void *base,
			 const char *lead, struct text *out)
{
	for (const struct key *key = NULL; (key = key_next(section, key));) {
		struct text inner = {0};

		switch (key->type) {
		case TYPE_NOT_YET: break;
		case TYPE_SECTION:
			emit_section(scenario, key->inner, base, "\n    ", &inner);
			if (inner.size)
				text_add(out, "%s%s:%s", lead, key->name, inner.bytes);
			break;
		case TYPE_PROTOCOL:
		case TYPE_APP:
		case TYPE_OPTIONS:
		case TYPE_GROUP: emit_of_group(scenario, key, base, lead, out); break;
		case TYPE_MIX: emit_mix(scenario, out); break;
		case TYPE_LINKS: emit_links(scenario, out); break;
		case TYPE_REGIONS: write_regions(scenario, out); break;
		case TYPE_DURATIONS:
		case TYPE_BANDWIDTHS: write_matrix(scenario, key, out); break;
		default: emit_value(scenario, key, base, lead, out); break;
		}
		free(inner.bytes);
	}
}

/* One group is a mapping, several are a list of them. */
static void emit_cluster(const struct scenario *scenario, struct text *out)
{
	if (scenario->group_count == 1) {
		emit_section(scenario, IN_CLUSTER, &scenario->groups[0], "\n  ", out);
		return;
	}
	for (unsigned i = 0; i < scenario->group_count; i++) {
		size_t dash = out->size + 3; /* behind a line's end and two spaces */

		emit_section(scenario, IN_CLUSTER, &scenario->groups[i], "\n    ", out);
		assert(out->bytes); /* of a group its protocol is always told */
		out->bytes[dash] = '-';
	}
}

static void emit_top(const struct scenario *scenario, const struct key *key, struct text *out)
{
	struct text inner = {0};

	switch (key->type) {
	case TYPE_NOT_YET: break;
	case TYPE_SECTION:
		if (key->inner == IN_CLUSTER)
			emit_cluster(scenario, &inner);
		else
			emit_section(scenario, key->inner, scenario, "\n  ", &inner);
		if (inner.size)
			text_add(out, "%s:%s\n", key->name, inner.bytes);
		break;
	case TYPE_FAULTS: emit_faults(scenario, out); break;
	case TYPE_NEMESES: emit_nemeses(scenario, out); break;
	case TYPE_BUGS:
		if (!scenario_buggy(scenario))
			break;
		text_add(out, "bugs: ");
		write_bugs(scenario, out);
		text_add(out, "\n");
		break;
	case TYPE_EXPECT: emit_expect(scenario, out); break;
	case TYPE_JUDGES: emit_set(key, scenario->stop_on, all_judges(), out); break;
	case TYPE_PLOTS: emit_set(key, scenario->plots, (1u << PLOTS) - 1, out); break;
	default:
		if (emit_value(scenario, key, scenario, "", out))
			text_add(out, "\n");
		break;
	}
	free(inner.bytes);
}

char *scenario_emit(const struct scenario *scenario)
{
	struct text out = {0};

	for (const struct key *key = NULL; (key = key_next(IN_SCENARIO, key));)
		emit_top(scenario, key, &out);
	return out.bytes;
}

void scenario_rehash(struct scenario *scenario)
{
	char *text = scenario_emit(scenario);

	scenario->hash = XXH3_64bits(text, strlen(text));
	free(text);
}
