/*
 * Loads a plug-in: its file is read first (elf.c), then a child process loads it, for what the
 * dynamic linker and our own look at its tables may stumble over, and only then does this one.
 */
#include "sim/plugin/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocols/registry.h"
#include "sim/plugin/elf.h"
#include "sim/world/contract.h"

enum { FILE_MAX = 64 << 20, LOAD_SECONDS = 10, DATA_MAX = PLUGINS_MAX * SHARED_DATA_MAX };

struct image { /* the file, and where it lies; kept, for the names of its static objects */
	unsigned char *bytes;
	size_t size;
	char *base;
};

static struct {
	unsigned count, data_count;
	const char *paths[PLUGINS_MAX + 1];
	struct image images[PLUGINS_MAX];
	struct static_data data[DATA_MAX];
} loaded;

/* Always false, so that a check can end with it. */
static bool refuse(char *why, const char *format, ...) printf_like(2, 3);
static bool refuse(char *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, PLUGIN_WHY_MAX, format, arguments);
	va_end(arguments);
	return false;
}

/* ---- The file -------------------------------------------------------------------------------- */

static bool read_file(const char *path, struct image *image, char *why)
{
	FILE *file = fopen(path, "re");
	size_t capacity = 0, got = 1;

	if (!file)
		return refuse(why, "cannot open it: %s", strerror(errno));
	while (got && image->size <= FILE_MAX) {
		if (image->size == capacity) {
			capacity = capacity ? 2 * capacity : 1 << 16;
			image->bytes = realloc(image->bytes, capacity);
			if (!image->bytes)
				abort();
		}
		got = fread(image->bytes + image->size, 1, capacity - image->size, file);
		image->size += got;
	}
	int error = ferror(file) ? errno : 0;

	fclose(file);
	if (error)
		return refuse(why, "cannot read it: %s", strerror(error));
	return image->size <= FILE_MAX || refuse(why, "it has more than %d bytes", FILE_MAX);
}

/* ---- Its tables ------------------------------------------------------------------------------ */

/* A name that a scenario can say, and that nobody has. */
static bool name_free(const char *kind, const char *name, bool taken, char *why)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (taken)
		return refuse(why, "its %s \"%s\" is there already: give it another name", kind,
			      name);
	if (!name[0] || name[strspn(name, good)] || strlen(name) > 40)
		return refuse(why, "\"%.60s\" is no name of its %s: letters, digits, - and _", name,
			      kind);
	return true;
}

static bool names_free(const struct protocol *protocol, char *why)
{
	unsigned count = 0;

	if (!name_free("protocol", protocol->name, protocol_named(protocol->name) != NULL, why))
		return false;
	for (const struct app *const *app = protocol->apps; app && *app; app++, count++)
		if (!name_free("app", (*app)->name, app_named((*app)->name) != NULL, why))
			return false;
	if (!registry_has_room(count))
		return refuse(why, "there are more protocols or apps than %d", REGISTRY_MAX);
	return true;
}

/* Loads it into this process; its tables are found sound. */
static const struct protocol *load(const char *path, char *why)
{
	char contract[CONTRACT_WHY_MAX], real[PATH_MAX];
	void *handle = realpath(path, real) ? dlopen(real, RTLD_NOW | RTLD_LOCAL) : NULL;
	const struct protocol *protocol = handle ? dlsym(handle, "ordeal_protocol") : NULL;

	if (!handle) {
		refuse(why, "%s", dlerror());
	} else if (!protocol) {
		refuse(why, "it has no `const struct protocol ordeal_protocol`");
	} else if (!contract_kept(protocol, contract)) {
		refuse(why, "it does not keep the contract of ordeal.h: %s", contract);
	} else if (names_free(protocol, why)) {
		return protocol;
	}
	if (handle)
		dlclose(handle);
	return NULL;
}

/* Does a child survive it? What it stumbles over, it tells. */
static bool survives_loading(const char *path, char *why)
{
	int ends[2], status = 0;
	size_t size = 0;
	ssize_t got;

	if (pipe(ends) != 0)
		return refuse(why, "no pipe: %s", strerror(errno));
	fflush(NULL);
	pid_t pid = fork();

	if (pid == 0) {
		why[0] = '\0';
		alarm(LOAD_SECONDS);
		bool told = load(path, why) || write(ends[1], why, strlen(why)) > 0;

		_exit(!told);
	}
	close(ends[1]);
	while (pid > 0 && size < PLUGIN_WHY_MAX - 1 &&
	       (got = read(ends[0], why + size, PLUGIN_WHY_MAX - 1 - size)) > 0)
		size += (size_t)got;
	why[size] = '\0';
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return refuse(why, "no process to try it in: %s", strerror(errno));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return refuse(why, "loading it does not end");
	if (WIFSIGNALED(status) || WEXITSTATUS(status))
		return refuse(why, "a process that loads it dies: its tables point nowhere, or do "
				   "not end (by name == NULL, or OBSERVATION_COUNT)");
	return size == 0;
}

/* ---- Its static data ------------------------------------------------------------------------- */

static const char *name_of_static(const struct static_data *data, size_t offset)
{
	for (unsigned i = 0; i < loaded.count; i++) {
		const struct image *image = &loaded.images[i];

		if (data->owner == loaded.paths[i])
			return shared_object_named(
				image->bytes, image->size,
				(uint64_t)((char *)data->at + offset - image->base));
	}
	return NULL;
}

static void keep_data(const struct shared_object *object, const struct image *image,
		      const char *path)
{
	for (unsigned i = 0; i < object->data_count; i++) {
		struct static_data *data = &loaded.data[loaded.data_count++];
		void *copy = malloc(object->data[i].size);

		if (!copy)
			abort();
		*data = (struct static_data){.at = image->base + object->data[i].at,
					     .size = object->data[i].size,
					     .loaded = copy,
					     .owner = path,
					     .name = name_of_static};
		memcpy(copy, data->at, data->size);
	}
}

const struct static_data *plugin_data(unsigned *count)
{
	*count = loaded.data_count;
	return loaded.data;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void keep(const struct protocol *protocol, const struct shared_object *object,
		 struct image *image, const char *path)
{
	Dl_info found;

	if (!dladdr(protocol, &found))
		abort(); /* it was found by name just now */
	image->base = found.dli_fbase;
	const char *kept = loaded.paths[loaded.count] = strdup(path);

	if (!kept)
		abort();
	keep_data(object, image, kept);
	loaded.images[loaded.count++] = *image;
	registry_add(protocol);
}

bool plugin_load(const char *path, char *why)
{
	struct shared_object object;
	struct image image = {0};
	const struct protocol *protocol = NULL;

	if (loaded.count == PLUGINS_MAX)
		return refuse(why, "at most %d plug-ins", PLUGINS_MAX);
	if (read_file(path, &image, why) &&
	    shared_object_read(image.bytes, image.size, &object, why) &&
	    survives_loading(path, why))
		protocol = load(path, why);
	if (protocol)
		keep(protocol, &object, &image, path);
	else
		free(image.bytes);
	return protocol != NULL;
}

const char *plugin_path(unsigned which)
{
	return loaded.paths[which];
}
