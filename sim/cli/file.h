/* Scenario files, as the commands open them. */
#ifndef SIM_CLI_FILE_H
#define SIM_CLI_FILE_H

#include "sim/scenario/scenario.h"

/* NULL, after complaints on stderr with file, line and column, where it is unusable. What is odd in
 * a usable one goes to `warnings`. */
struct scenario *scenario_of_file(const char *path, FILE *warnings);

#endif
