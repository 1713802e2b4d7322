/*
 * Folders of results.
 *
 * Invariant: under its final name a folder or table is complete. It is filled beside its place,
 * every write and close is checked, and a rename puts it there.
 */
#include "sim/results/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/gnu.h"

static bool refuse(struct folder *folder, const char *path)
{
	if (!folder->error[0])
		snprintf(folder->error, sizeof(folder->error), "cannot write %s: %s", path,
			 strerror(errno));
	return false;
}

static bool path_of(struct folder *folder, char *path, const char *format, ...) printf_like(3, 4);
static bool path_of(struct folder *folder, char *path, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(path, FOLDER_PATH_MAX, format, arguments);
	va_end(arguments);
	if (length >= 0 && length < FOLDER_PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return refuse(folder, path);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
	(void)stat, (void)type, (void)where;
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* mkdir -p */
static bool make_path(struct folder *folder, const char *path)
{
	char part[FOLDER_PATH_MAX];
	size_t length = strlen(path);

	memcpy(part, path, length + 1);
	for (size_t i = 1; i <= length; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return refuse(folder, part);
		part[i] = path[i];
	}
	return true;
}

/* A name must stay one step below the output folder. */
static bool surroundings(struct folder *folder, const char *out, const char *scenario)
{
	memset(folder, 0, sizeof(*folder));
	if (!scenario[0] || scenario[0] == '.' || strchr(scenario, '/')) {
		snprintf(folder->error, sizeof(folder->error),
			 "a scenario named \"%.100s\" cannot name a folder", scenario);
		return false;
	}
	return path_of(folder, folder->out, "%s", out) &&
	       path_of(folder, folder->scenario, "%s/%s", out, scenario) &&
	       make_path(folder, folder->scenario);
}

/* mkdtemp and mkstemp make what only the owner can read; results are as open as any other file. */
static mode_t open_mode(mode_t mode)
{
	mode_t mask = umask(0);

	umask(mask);
	return mode & ~mask;
}

bool folder_begin(struct folder *folder, const char *out, const char *scenario, uint64_t seed)
{
	if (!surroundings(folder, out, scenario) ||
	    !path_of(folder, folder->path, "%s/seed-%" PRIu64, folder->scenario, seed) ||
	    !path_of(folder, folder->now, "%s/.seed-%" PRIu64 "-XXXXXX", folder->scenario, seed))
		return false;
	if (!mkdtemp(folder->now) || chmod(folder->now, open_mode(0777)) != 0)
		return refuse(folder, folder->scenario);
	return true;
}

bool folder_open(struct folder *folder, const char *path)
{
	memset(folder, 0, sizeof(*folder));
	return path_of(folder, folder->path, "%s", path) &&
	       path_of(folder, folder->now, "%s", path) && make_path(folder, path);
}

FILE *folder_file(struct folder *folder, const char *name)
{
	char path[FOLDER_PATH_MAX], place[FOLDER_PATH_MAX];

	if (!path_of(folder, path, "%s/%s", folder->now, name) ||
	    !path_of(folder, place, "%s/%s", folder->path, name))
		return NULL;
	FILE *file = fopen(path, "we");

	if (!file)
		refuse(folder, place);
	return file;
}

bool folder_close(struct folder *folder, FILE *file, const char *name)
{
	char place[FOLDER_PATH_MAX];
	bool taken = !ferror(file) && fflush(file) == 0;
	int why = errno;

	taken = fclose(file) == 0 && taken;
	if (taken)
		return true;
	errno = why;
	return path_of(folder, place, "%s/%s", folder->path, name) && refuse(folder, place);
}

bool folder_commit(struct folder *folder)
{
	char old[FOLDER_PATH_MAX];

	if (rename(folder->now, folder->path) == 0)
		return true;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return refuse(folder, folder->path);
	if (!path_of(folder, old, "%s-old", folder->now))
		return false;
	if (rename(folder->path, old) != 0 || rename(folder->now, folder->path) != 0)
		return refuse(folder, folder->path);
	remove_tree(old);
	return true;
}

void folder_discard(struct folder *folder)
{
	if (folder->now[0])
		remove_tree(folder->now);
	if (folder->scenario[0] && rmdir(folder->scenario) == 0)
		rmdir(folder->out);
}

bool folder_point_latest(struct folder *folder, const char *out, const char *scenario,
			 uint64_t seed)
{
	char link[FOLDER_PATH_MAX], fresh[FOLDER_PATH_MAX];

	if (!surroundings(folder, out, scenario) ||
	    !path_of(folder, folder->path, "%s/seed-%" PRIu64, scenario, seed) ||
	    !path_of(folder, link, "%s/latest", out) ||
	    !path_of(folder, fresh, "%s/.latest-%ld", out, (long)getpid()))
		return false;
	unlink(fresh);
	if (symlink(folder->path, fresh) != 0)
		return refuse(folder, link);
	if (rename(fresh, link) == 0)
		return true;
	refuse(folder, link);
	unlink(fresh);
	return false;
}

FILE *table_begin(struct folder *folder, const char *out, const char *scenario)
{
	if (!surroundings(folder, out, scenario) ||
	    !path_of(folder, folder->path, "%s/runs.csv", folder->scenario) ||
	    !path_of(folder, folder->now, "%s/.runs-XXXXXX", folder->scenario))
		return NULL;
	int descriptor = mkostemp(folder->now, O_CLOEXEC);

	if (descriptor < 0) {
		folder->now[0] = '\0';
		refuse(folder, folder->path);
		return NULL;
	}
	fchmod(descriptor, open_mode(0666));
	return fdopen(descriptor, "w");
}

bool table_commit(struct folder *folder, FILE *file)
{
	bool taken = !ferror(file) && fflush(file) == 0;

	if (!taken)
		refuse(folder, folder->path);
	if (fclose(file) != 0 && taken)
		taken = refuse(folder, folder->path);
	if (taken && rename(folder->now, folder->path) != 0)
		taken = refuse(folder, folder->path);
	if (!taken)
		unlink(folder->now);
	return taken;
}

void table_discard(struct folder *folder, FILE *file)
{
	fclose(file);
	unlink(folder->now);
	if (rmdir(folder->scenario) == 0)
		rmdir(folder->out);
}

void folder_remove(const char *out, const char *scenario, uint64_t seed)
{
	char path[FOLDER_PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/%s/seed-%" PRIu64, out, scenario, seed);
	struct stat there;

	if (length < (int)sizeof(path) && lstat(path, &there) == 0)
		remove_tree(path);
}
