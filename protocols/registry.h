/* Every protocol and every app that is built in, by name. */
#ifndef PROTOCOLS_REGISTRY_H
#define PROTOCOLS_REGISTRY_H

#include "sim/ordeal.h"

extern const struct protocol *const protocols[]; /* ended by NULL */
extern const struct app *const apps[];           /* ended by NULL */

const struct protocol *protocol_named(const char *name); /* NULL: none */
const struct app *app_named(const char *name);

#endif
