/* The reference page of the scenario language, out of the tables that the reader itself uses. */
#include "sim/scenario/reader.h"

#include "protocols/registry.h"

#include <stdlib.h>

/* The struct key that reads a value describes it, too. */
static void print_key(FILE *out, const struct key *key)
{
	struct text accepted = {0};

	if (key->type == TYPE_DISTRIBUTION)
		text_add(&accepted, "a distribution");
	else
		value_accepts(key, &accepted);
	fprintf(out, "| `%s` | %s. Accepted: %s. | %s%s%s |\n", key->name, key->help,
		accepted.bytes, !key->fallback || key_derived(key) ? "" : "`",
		!key->fallback   ? "must be said"
		: *key->fallback ? key->fallback
				 : "\"\"",
		!key->fallback || key_derived(key) ? "" : "`");
	free(accepted.bytes);
}

static void print_head(FILE *out, const char *title)
{
	fprintf(out, "\n## %s\n\n| key | meaning | default |\n|---|---|---|\n", title);
}

static void print_options(FILE *out, const struct protocol *protocol)
{
	char title[80];

	if (!protocol->options || !protocol->options->name)
		return;
	snprintf(title, sizeof(title), "cluster.options of %.40s", protocol->name);
	print_head(out, title);
	for (const struct option *option = protocol->options; option->name; option++) {
		struct key key = key_of_option(option);

		print_key(out, &key);
	}
}

/* "`by`: a duration ...; must be said", "`type`: ..."; nothing where it has neither. */
static void write_amount(const struct fault_kind *kind, const char *quote, struct text *out)
{
	struct key key = key_of_amount(kind);
	int64_t fallback = kind->amount_fallback;

	if (kind->sorted)
		text_add(out,
			 "%stype%s: a message of the protocol, request, answer, redirect, "
			 "refusal, or, where one group stands on another, proposal (sent on from "
			 "member to member of the group below); must be said. ",
			 quote, quote);
	if (kind->amount == AMOUNT_NONE)
		return;
	text_add(out, "%s%s%s: ", quote, kind->amount_key, quote);
	value_accepts(&key, out);
	key.offset = 0;
	text_add(out, key.fallback ? "; default " : "; must be said");
	if (key.fallback)
		value_write(&key, &fallback, out);
}

void scenario_faults(FILE *out)
{
	static const char *const whom[] = {
		[FAULT_ON_PROCESSES] = "whom",
		[FAULT_ON_PARTS] = "[[...], [...]]",
		[FAULT_ON_LINKS] = "from -> to",
	};

	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		const struct fault_kind *kind = &fault_kinds[i];
		struct text amount = {0};

		write_amount(kind, "", &amount);
		fprintf(out, "%-18s %-15s %s%s\n", kind->name, whom[kind->shape], kind->help,
			kind->lasts ? "" : " (at once: no for)");
		if (amount.size)
			fprintf(out, "%-34s %s\n", "", amount.bytes);
		free(amount.bytes);
	}
	fputs("whom: n1, c1, ...", out);
	for (unsigned i = TARGET_ENDPOINT + 1; i < TARGET_KINDS; i++)
		fprintf(out, ", %s", target_names[i]);
	fputc('\n', out);
}

static void print_faults(FILE *out)
{
	static const char *const whom[] = {
		[FAULT_ON_PROCESSES] = "`n3`, `[n1, n2]`, or a role",
		[FAULT_ON_PARTS] = "`[[n1, n2], n3, rest]`",
		[FAULT_ON_LINKS] = "`n1 -> n3`, `leader <-> rest`, `n1 + n2 -> n3`",
	};

	fprintf(out, "\n### Faults\n\n| fault | whom | what happens | its amount "
		     "|\n|---|---|---|---|\n");
	for (unsigned i = 0; i < FAULT_KINDS; i++) {
		const struct fault_kind *kind = &fault_kinds[i];
		struct text amount = {0};

		write_amount(kind, "`", &amount);
		fprintf(out, "| `%s` | %s | %s%s | %s |\n", kind->name, whom[kind->shape],
			kind->help, kind->lasts ? "" : " (at once: no `for`)",
			amount.size ? amount.bytes : "");
		free(amount.bytes);
	}
	fprintf(out, "\nRoles, filled when the fault fires:");
	for (unsigned i = TARGET_ENDPOINT + 1; i < TARGET_KINDS; i++)
		fprintf(out, " `%s`", target_names[i]);
	fprintf(out, "\n");
}

static void print_expectations(FILE *out)
{
	fprintf(out, "\n### Expectations\n\n| word | meaning |\n|---|---|\n");
	for (unsigned i = 0; i < EXPECTATION_KINDS; i++)
		fprintf(out, "| `%s` | %s |\n", expectation_forms[i].name,
			expectation_forms[i].help);
}

void scenario_reference(FILE *out)
{
	struct text distribution = {0};

	fprintf(out,
		"# The scenario language, version %d\n\nA strict subset of YAML: no anchors, "
		"tags, merge keys or second documents; every key once.\n",
		SCENARIO_VERSION);
	value_accepts(&(struct key){.type = TYPE_DISTRIBUTION}, &distribution);
	fprintf(out, "\nA distribution is one of %s.\n", distribution.bytes);
	free(distribution.bytes);
	for (unsigned section = 0; section < SECTIONS; section++) {
		print_head(out, section_names[section]);
		for (const struct key *key = NULL; (key = key_next((enum section)section, key));)
			if (key->type != TYPE_NOT_YET)
				print_key(out, key);
		if (section == IN_CLUSTER)
			for (unsigned i = 0; protocols[i]; i++)
				print_options(out, protocols[i]);
		if (section == IN_FAULT) {
			print_faults(out);
			print_expectations(out);
		}
	}
}
