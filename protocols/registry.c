/* Every protocol and every app that is built in: see registry.h. A new one adds its line here. */
#include "protocols/registry.h"

#include <string.h>

extern const struct protocol abd_protocol, raft_protocol, single_protocol;
extern const struct app app_kv, app_register;

const struct protocol *const protocols[] = {&abd_protocol, &raft_protocol, &single_protocol, NULL};
const struct app *const apps[] = {&app_kv, &app_register, NULL};

const struct protocol *protocol_named(const char *name)
{
	for (const struct protocol *const *at = protocols; *at; at++)
		if (!strcmp((*at)->name, name))
			return *at;
	return NULL;
}

const struct app *app_named(const char *name)
{
	for (const struct app *const *at = apps; *at; at++)
		if (!strcmp((*at)->name, name))
			return *at;
	return NULL;
}
