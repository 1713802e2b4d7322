/* Opens scenario files for the commands, loads plug-ins, and tells what is wrong with them. */
#include "sim/cli/file.h"

#include "sim/cli/cli.h"
#include "sim/plugin/plugin.h"

struct scenario *scenario_of_file(const char *path, FILE *warnings)
{
	struct complaints complaints = {0};
	struct scenario *scenario = scenario_read(path, &complaints);

	fflush(stdout);
	complaints_print(scenario ? warnings : stderr, path, NULL, &complaints);
	return scenario;
}

_Static_assert(sizeof(char[PLUGIN_WHY_MAX]) <= sizeof(char[COMPLAINT_MAX]),
	       "what is wrong with a plug-in can be told");

bool take_plugin(void *settings, const char *value, char complaint[COMPLAINT_MAX])
{
	(void)settings;
	return plugin_load(value, complaint);
}
