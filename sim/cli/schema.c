/* `ordeal schema`: the JSON Schema of scenarios, from the table that reads them. */
#include "sim/cli/cli.h"
#include "sim/scenario/scenario.h"

static int run_schema(int argc, char **argv)
{
	int at = 0, status = options_read(&schema_command, argc, argv, NULL, &at);

	if (status != STATUS_GO_ON)
		return status;
	if (at != argc)
		return complain_of("schema takes no files; see: ordeal help schema");
	scenario_schema(stdout);
	return STATUS_HELD;
}

static const char *const examples[] = {
	"ordeal schema > scenario-1.schema.json",
	"into a file, for an editor",
	NULL,
};
static const struct flag flags[] = {PLUGIN_FLAG, {NULL, NULL, NULL, NULL}};
const struct command schema_command = {
	.name = "schema",
	.usage = "schema",
	.summary = "the JSON Schema of scenarios, for editors",
	.what = "Prints the JSON Schema (draft-07) of the scenario language. An editor that "
		"speaks to\n"
		"yaml-language-server then completes keys, tells what each means, and marks what "
		"is\n"
		"wrong, where the scenario begins with the line\n"
		"\n"
		"  # yaml-language-server: $schema=scenario-1.schema.json\n"
		"\n"
		"`ordeal lint` knows more: what keys say together no schema can tell.\n",
	.examples = examples,
	.flags = flags,
	.run = run_schema,
};
