/*
 * Reads a command line by the command's table of options, with getopt_long.
 *
 * This file sees nothing of the simulator: getopt.h and the contract both have a `struct option`.
 */
#include <getopt.h>
#include <string.h>

#include "sim/cli/cli.h"

enum { FLAGS_MAX = 32, FLAG_BASE = 256 };

static size_t flag_names(const struct command *command, const char *names[FLAGS_MAX + 1])
{
	size_t count = 0;

	for (; command->flags[count].name && count < FLAGS_MAX; count++)
		names[count] = command->flags[count].name;
	names[count++] = "help";
	return count;
}

/* The word that getopt stumbled over, without dashes and value. */
static int complain_option(const struct command *command, const char *word)
{
	const char *names[FLAGS_MAX + 1];
	size_t count = flag_names(command, names);
	char name[64];

	while (*word == '-')
		word++;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	int status = complain_unknown("option", name, names, count);

	fprintf(stderr, "  see: ordeal help %s\n", command->name);
	return status;
}

static int take(const struct command *command, const struct flag *flag, void *settings,
		const char *value)
{
	char complaint[COMPLAINT_MAX] = "";

	if (flag->take(settings, value, complaint))
		return STATUS_GO_ON;
	complain_of("--%s %s: %s", flag->name, value ? value : "", complaint);
	fprintf(stderr, "  see: ordeal help %s\n", command->name);
	return STATUS_UNUSABLE;
}

static int refused(const struct command *command, int what, char **argv)
{
	if (what == ':')
		return complain_of("%s needs a value; see: ordeal help %s", argv[optind - 1],
				   command->name);
	if (optopt >= FLAG_BASE)
		return complain_of("--%s takes no value", command->flags[optopt - FLAG_BASE].name);
	return complain_option(command, argv[optind - 1]);
}

int options_read(const struct command *command, int argc, char **argv, void *settings,
		 int *operands)
{
	struct option table[FLAGS_MAX + 2] = {{0}};
	size_t count = 0;

	for (; command->flags[count].name && count < FLAGS_MAX; count++)
		table[count] = (struct option){command->flags[count].name,
					       command->flags[count].argument ? required_argument
									      : no_argument,
					       NULL, FLAG_BASE + (int)count};
	table[count] = (struct option){"help", no_argument, NULL, 'h'};
	opterr = 0;
	optind = 1;
	for (;;) {
		int what = getopt_long(argc, argv, ":h", table, NULL);
		int status = STATUS_GO_ON;

		if (what == -1)
			break;
		if (what == 'h') {
			help_command_page(stdout, command);
			status = STATUS_HELD;
		} else if (what == '?' || what == ':') {
			status = refused(command, what, argv);
		} else {
			status = take(command, &command->flags[what - FLAG_BASE], settings, optarg);
		}
		if (status != STATUS_GO_ON)
			return status;
	}
	*operands = optind;
	return STATUS_GO_ON;
}

void shell_word(FILE *out, const char *word)
{
	if (word[0] && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789_-./:,+=@%")]) {
		fprintf(out, " %s", word);
		return;
	}
	fputs(" '", out);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, out);
	fputc('\'', out);
}
