/* Every protocol and every app, by name: those that are built in, and those of plug-ins. */
#ifndef PROTOCOLS_REGISTRY_H
#define PROTOCOLS_REGISTRY_H

#include "sim/ordeal.h"

enum { REGISTRY_MAX = 64 }; /* of each */

extern const struct protocol *protocols[REGISTRY_MAX + 1]; /* ended by NULL */
extern const struct app *apps[REGISTRY_MAX + 1];           /* ended by NULL */

const struct protocol *protocol_named(const char *name); /* NULL: none */
const struct app *app_named(const char *name);
/* Room for one more protocol, and that many apps. */
bool registry_has_room(unsigned apps);
/* A plug-in's, with the apps that it brings. There must be room, and their names be free. */
void registry_add(const struct protocol *);

#endif
