/*
 * Static data of plug-ins: memory that outlives a crash and is shared by all processes, and so
 * memory that no machine has. A protocol keeps none.
 *
 * The invariant: between two handlers this data is as it was loaded. Whoever changes it in a
 * handler is told of right after that handler, and the data is put back: so no run, and no branch
 * from a snapshot, can know of another.
 */
#include "sim/world/kernel.h"

void statics_reset(struct world *world)
{
	for (unsigned i = 0; i < world->setup->static_count; i++) {
		const struct static_data *data = &world->setup->statics[i];

		memcpy(data->at, data->loaded, data->size);
	}
	world->ask_when_handled = world->setup->static_count != 0;
}

static void tell_changed(struct world *world, const struct process *process,
			 const struct static_data *data)
{
	const struct observer *observer = world->above->observer;
	const char *bytes = data->at, *loaded = data->loaded;
	size_t offset = 0;

	while (bytes[offset] == loaded[offset])
		offset++;
	if (observer && observer->hid)
		observer->hid(world, process->id, data->name(data, offset));
}

void statics_watch(struct world *world, const struct process *process)
{
	world->counters.statics_watched++;
	for (unsigned i = 0; i < world->setup->static_count; i++) {
		const struct static_data *data = &world->setup->statics[i];

		if (likely(memcmp(data->at, data->loaded, data->size) == 0))
			continue;
		tell_changed(world, process, data);
		memcpy(data->at, data->loaded, data->size);
	}
}
