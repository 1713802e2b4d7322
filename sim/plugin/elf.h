/* Reads a shared object, with bounds, and runs nothing of it. */
#ifndef SIM_PLUGIN_ELF_H
#define SIM_PLUGIN_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHARED_DATA_MAX = 4, SHARED_WHY_MAX = 400 };

/* What the program headers say of its static data: where they come to lie, from its base. */
struct shared_object {
	unsigned data_count;
	struct {
		uint64_t at, size;
	} data[SHARED_DATA_MAX];
};

/*
 * Is this a shared object of this machine, that calls only what a plug-in may call, and that runs
 * nothing when it is loaded? False, with the reason in `why` (SHARED_WHY_MAX bytes).
 */
bool shared_object_read(const void *bytes, size_t size, struct shared_object *, char *why);
/* The static object of the program that lies at `address` (from its base): its name, in `bytes`;
 * NULL where the file does not say. */
const char *shared_object_named(const void *bytes, size_t size, uint64_t address);

#endif
