/* ordeal: puts consensus protocols on trial. Finds the command and lets it run. */
#include <errno.h>
#include <string.h>

#include "sim/cli/cli.h"

static int obey(int argc, char **argv)
{
	if (argc < 2) {
		help_overview(stderr);
		return STATUS_UNUSABLE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help_overview(stdout);
		return STATUS_HELD;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("ordeal 1");
		return STATUS_HELD;
	}
	const struct command *command = command_named(argv[1]);

	return command ? command->run(argc - 1, argv + 1) : STATUS_UNUSABLE;
}

int main(int argc, char **argv)
{
	int status = obey(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout))
		status = gravest(status, complain_of("cannot print: %s", strerror(errno)));
	return status;
}
