/* Runs lines of sh in a folder of their own, for the tests of the command. */
#include "tests/cli/shell.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20 };

static char folder[PATH_MAX], command[PATH_MAX];

static const char *path_of(const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.3000s/%.1000s", folder, name);
	return path;
}

static const char *read_into(char *text, const char *name)
{
	char path[PATH_MAX];
	FILE *file = fopen(path_of(name, path), "re");
	size_t size = file ? fread(text, 1, TEXT_MAX - 1, file) : 0;

	if (file)
		fclose(file);
	text[size] = '\0';
	return text;
}

void shell_begin(void)
{
	const char *given = getenv("ORDEAL"), *place = getenv("TMPDIR");
	char here[PATH_MAX];

	if (!realpath(".", here))
		abort();
	if (!realpath(given ? given : "build/ordeal", command))
		fprintf(stderr, "there is no command %s: set ORDEAL\n", command);
	shell_end();
	snprintf(folder, sizeof(folder), "%.1000s/ordeal-test-XXXXXX", place ? place : P_tmpdir);
	if (!mkdtemp(folder))
		abort();
	setenv("HERE", here, 1);
	setenv("T", folder, 1);
	setenv("ORDEAL", command, 1);
}

void shell_end(void)
{
	if (folder[0] && system("rm -rf \"$T\"") != 0)
		fprintf(stderr, "%s remains\n", folder);
	folder[0] = '\0';
}

void shell_file(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file = fopen(path_of(name, path), "we");

	if (!file)
		abort();
	fputs(text, file);
	fclose(file);
}

int shell(const char *line)
{
	char whole[4096];

	snprintf(whole, sizeof(whole), "cd \"$T\" && { %s\n} >.stdout 2>.stderr", line);
	int status = system(whole);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *shell_out(void)
{
	static char text[TEXT_MAX];

	return read_into(text, ".stdout");
}

const char *shell_err(void)
{
	static char text[TEXT_MAX];

	return read_into(text, ".stderr");
}

const char *shell_text(const char *name)
{
	static char text[TEXT_MAX];

	return read_into(text, name);
}

pid_t shell_start(char *const arguments[])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (chdir(folder) != 0)
		_exit(126);
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	signal(SIGINT, SIG_DFL);
	execv(command, arguments);
	_exit(127);
}

int shell_await(const char *name)
{
	char path[PATH_MAX];
	struct stat there;

	path_of(name, path);
	for (int i = 0; i < 1000; i++, usleep(10000))
		if (stat(path, &there) == 0)
			return 1;
	return 0;
}
