/*
 * What a protocol or an app is asked where no run is under way: it may crash, or not return, and
 * whoever asked is told.
 */
#ifndef SIM_WORLD_GUARD_H
#define SIM_WORLD_GUARD_H

#include <stdbool.h>

enum { GUARD_HOW_MAX = 320 };

/* False: it did not return. `how` (GUARD_HOW_MAX bytes) then says what it did: "died of ...". */
bool guard_call(void (*call)(void *context), void *context, char *how);

#endif
