/* A folder with what outsiders have: the tree by its path alone, and what tests/plugin/outside has.
 */
#ifndef TESTS_PLUGIN_OUTSIDERS_H
#define TESTS_PLUGIN_OUTSIDERS_H

#include "tests/cli/shell.h"

/* Ends with shell_end(). */
void outsiders_begin(void);
/* mine.c: a whole plug-in, "mine", around what is said in front of it, in its request, and in its
 * table. */
void plug_in_write(const char *front, const char *body, const char *table);
/* Scenarios for it, and for tally.c. */
extern const char mine_yaml[], tally_yaml[];

#endif
