/* Opens scenario files for the commands, and prints what is wrong with them. */
#include "sim/cli/file.h"

#include <stdlib.h>

/* The whole file, for the lines that complaints quote; NULL: unreadable. */
static char *text_of(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

struct scenario *scenario_of_file(const char *path)
{
	struct complaints complaints = {0};
	struct scenario *scenario = scenario_read(path, &complaints);

	if (scenario)
		return scenario;
	char *text = text_of(path);

	fflush(stdout);
	complaints_print(stderr, path, text, &complaints);
	free(text);
	return NULL;
}
