/* Opens scenario files for the commands, loads plug-ins, and tells what is wrong with them. */
#include "sim/cli/file.h"

#include <stdlib.h>

#include "sim/cli/cli.h"
#include "sim/plugin/plugin.h"

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

_Static_assert(sizeof(char[PLUGIN_WHY_MAX]) <= sizeof(char[COMPLAINT_MAX]),
	       "what is wrong with a plug-in can be told");

bool take_plugin(void *settings, const char *value, char complaint[COMPLAINT_MAX])
{
	(void)settings;
	return plugin_load(value, complaint);
}
