/*
 * Plug-ins: protocols that are compiled out of the tree, with sim/ordeal.h alone, and loaded.
 *
 * Nothing of a plug-in runs before its file was read and found sound: a shared object that calls
 * only what a protocol may call, and that has no constructors. Then the registry knows it as it
 * knows its own, and every run begins with its static data as it was loaded.
 */
#ifndef SIM_PLUGIN_PLUGIN_H
#define SIM_PLUGIN_PLUGIN_H

#include "sim/world/world.h"

enum { PLUGIN_WHY_MAX = 480, PLUGINS_MAX = 16 };

/* Loads it for as long as this process lives. False, with the reason in `why` (PLUGIN_WHY_MAX
 * bytes), where it is refused; the registry is then as it was. */
bool plugin_load(const char *path, char *why);
/* The path of each, as it was given, in order; NULL behind the last. */
const char *plugin_path(unsigned which);
/* The static data of all that are loaded, for the setup of a run. */
const struct static_data *plugin_data(unsigned *count);

#endif
