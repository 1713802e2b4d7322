/* What is built in adds its line here; what is loaded is added behind: see registry.h. */
#include "protocols/registry.h"

#include <string.h>

extern const struct protocol abd_protocol, counter_protocol, raft_protocol, single_protocol;
extern const struct app app_kv, app_register;

const struct protocol *protocols[REGISTRY_MAX + 1] = {&abd_protocol, &counter_protocol,
						      &raft_protocol, &single_protocol};
const struct app *apps[REGISTRY_MAX + 1] = {&app_kv, &app_register};

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

static unsigned protocol_count(void)
{
	unsigned count = 0;

	while (protocols[count])
		count++;
	return count;
}

static unsigned app_count(void)
{
	unsigned count = 0;

	while (apps[count])
		count++;
	return count;
}

bool registry_has_room(unsigned more_apps)
{
	return protocol_count() < REGISTRY_MAX && more_apps <= REGISTRY_MAX - app_count();
}

void registry_add(const struct protocol *protocol)
{
	unsigned next = app_count();

	protocols[protocol_count()] = protocol;
	for (const struct app *const *app = protocol->apps; app && *app; app++)
		apps[next++] = *app;
}
