/*
 * `ordeal help`, and every --help: printed from the same tables that read the command line, so that
 * what is said is what works.
 */
#include <string.h>

#include "sim/cli/cli.h"

const struct command *const commands[] = {
	&run_command,    &check_command,  &lint_command, &list_command,
	&schema_command, &report_command, &help_command, NULL};

static const struct {
	int status;
	const char *meaning;
} statuses[] = {
	{STATUS_HELD, "every expectation held"},
	{STATUS_VIOLATED, "a violation, or an unmet expectation"},
	{STATUS_UNUSABLE, "unusable arguments, input or output folder"},
	{STATUS_INCONCLUSIVE, "inconclusive: something could not be judged"},
	{STATUS_DEFECT, "a defect of ordeal's own"},
	{STATUS_INTERRUPTED, "interrupted; what was finished is kept"},
};

static size_t command_names(const char **names)
{
	size_t count = 0;

	for (; commands[count]; count++)
		names[count] = commands[count]->name;
	return count;
}

const struct command *command_named(const char *name)
{
	const char *names[sizeof(commands) / sizeof(commands[0])];

	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	complain_unknown("command", name, names, command_names(names));
	return NULL;
}

static void print_statuses(FILE *out)
{
	fputs("\nExit status:\n", out);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		fprintf(out, "  %3d  %s\n", statuses[i].status, statuses[i].meaning);
}

void help_overview(FILE *out)
{
	fputs("ordeal puts consensus protocols on trial: one run is a whole cluster in one "
	      "thread,\n"
	      "with simulated clocks, network, disks, clients and faults, and the judges that "
	      "decide\n"
	      "what it has shown. The same scenario and seed give the same run, bit for bit.\n"
	      "\nUsage:\n",
	      out);
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, "  ordeal %-29s %s\n", commands[i]->usage, commands[i]->summary);
	fputs("  ordeal --version\n"
	      "\nA first run, and what it can show:\n"
	      "  ordeal run scenarios/raft/calm.yaml\n"
	      "  ordeal check out/raft-calm/seed-1/history.jsonl\n"
	      "  ordeal list judges\n",
	      out);
	print_statuses(out);
	fputs("  over several files the gravest: 70, then 2, then 1, then 3\n", out);
}

enum { LEFT_WIDTH = 19 }; /* of the options' names */

void help_command_page(FILE *out, const struct command *command)
{
	char left[64];

	fprintf(out, "Usage: ordeal %s\n\n%s", command->usage, command->what);
	fputs("\nExamples:\n", out);
	for (size_t i = 0; command->examples[i]; i += 2)
		fprintf(out, "  %s\n      %s\n", command->examples[i], command->examples[i + 1]);
	fputs("\nOptions:\n", out);
	for (const struct flag *flag = command->flags; flag->name; flag++) {
		snprintf(left, sizeof(left), "--%s%s%s", flag->name, flag->argument ? " " : "",
			 flag->argument ? flag->argument : "");
		fprintf(out, "  %-*s ", LEFT_WIDTH, left);
		for (const char *at = flag->help; *at; at++) {
			fputc(*at, out);
			if (*at == '\n')
				fprintf(out, "  %-*s ", LEFT_WIDTH, "");
		}
		fputc('\n', out);
	}
	fprintf(out, "  %-*s %s\n", LEFT_WIDTH, "--help", "this page");
	if (command->more)
		command->more(out);
	print_statuses(out);
}

static int run_help(int argc, char **argv)
{
	int at = 0, status = options_read(&help_command, argc, argv, NULL, &at);

	if (status != STATUS_GO_ON)
		return status;
	if (at == argc) {
		help_overview(stdout);
		return STATUS_HELD;
	}
	for (; at < argc; at++) {
		const struct command *command = command_named(argv[at]);

		if (!command)
			return STATUS_UNUSABLE;
		help_command_page(stdout, command);
	}
	return STATUS_HELD;
}

static const char *const examples[] = {
	"ordeal help",
	"what there is", /**/
	"ordeal help run",
	"all options of one of them",
	NULL,
};
static const struct flag flags[] = {{NULL, NULL, NULL, NULL}};
const struct command help_command = {
	.name = "help",
	.usage = "help [COMMAND]",
	.summary = "this page, or a command's own",
	.what = "Prints what ordeal can do, or the page of one command.\n",
	.examples = examples,
	.flags = flags,
	.run = run_help,
};
