/* `ordeal lint`: is this scenario sound? All complaints and warnings are the reader's own. */
#include "sim/cli/cli.h"
#include "sim/cli/file.h"

static int lint(const char *path)
{
	struct scenario *scenario = scenario_of_file(path, stdout);

	if (!scenario)
		return STATUS_UNUSABLE;
	printf("%s: sound\n", path);
	scenario_free(scenario);
	return STATUS_HELD;
}

static int run_lint(int argc, char **argv)
{
	int at = 0, status = options_read(&lint_command, argc, argv, NULL, &at);

	if (status != STATUS_GO_ON)
		return status;
	if (at == argc)
		return complain_of("lint needs a scenario file; see: ordeal help lint");
	status = STATUS_HELD;
	for (; at < argc; at++)
		status = gravest(status, lint(argv[at]));
	return status;
}

static const char *const examples[] = {
	"ordeal lint scenarios/raft/calm.yaml",
	"one file",
	"ordeal lint scenarios/*/*.yaml",
	"all of them",
	NULL,
};
static const struct flag flags[] = {PLUGIN_FLAG, {NULL, NULL, NULL, NULL}};
const struct command lint_command = {
	.name = "lint",
	.usage = "lint FILE...",
	.summary = "is this scenario sound?",
	.what = "Reads scenarios without running them. Each mistake is told with its place, what "
		"is\n"
		"accepted there, and what was perhaps meant; what is legal and odd is a "
		"warning, told with them.\n",
	.examples = examples,
	.flags = flags,
	.run = run_lint,
};
