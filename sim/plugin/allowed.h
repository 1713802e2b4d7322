/* What a plug-in may call. */
#ifndef SIM_PLUGIN_ALLOWED_H
#define SIM_PLUGIN_ALLOWED_H

#include <stdbool.h>

/* A function of ordeal.h, a pure one of libc, or what compilers put in by themselves. */
bool name_allowed(const char *name);
/* Of a name that is not: what it belongs to, and what there is in its place. */
void name_family(const char *name, const char **family, const char **instead);

#endif
