/*
 * Folders of results: complete, or not there.
 *
 *     out/<scenario>/seed-<n>/     one run
 *     out/<scenario>/runs.csv      many runs, a line each
 *     out/latest                   a link to the run folder worth opening first
 *
 * A folder is filled under another name beside its place and renamed when all of it is written.
 */
#ifndef SIM_RESULTS_FOLDER_H
#define SIM_RESULTS_FOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { FOLDER_PATH_MAX = 2048, FOLDER_ERROR_MAX = 2304 };

struct folder {
	char path[FOLDER_PATH_MAX];                           /* where it will stand */
	char now[FOLDER_PATH_MAX];                            /* where it is filled until then */
	char scenario[FOLDER_PATH_MAX], out[FOLDER_PATH_MAX]; /* the folders around it */
	char error[FOLDER_ERROR_MAX];                         /* empty: all is well so far */
};

/* All return false, with `error` filled in, where the machine refuses. */
bool folder_begin(struct folder *, const char *out, const char *scenario, uint64_t seed);
/* A folder that stands already, or is made: what is written into it is there at once. */
bool folder_open(struct folder *, const char *path);
/* A file of the folder; NULL: refused. folder_close tells whether all bytes were taken. */
FILE *folder_file(struct folder *, const char *name);
bool folder_close(struct folder *, FILE *, const char *name);
/* Moves the folder to its place; what stood there before goes. */
bool folder_commit(struct folder *);
/* Removes what was written, and the folders around it where that leaves them empty. */
void folder_discard(struct folder *);
/* Points out/latest at a run's folder. */
bool folder_point_latest(struct folder *, const char *out, const char *scenario, uint64_t seed);

/* The same for the one file runs.csv: `now` and `path` name files. */
FILE *table_begin(struct folder *, const char *out, const char *scenario);
bool table_commit(struct folder *, FILE *);
void table_discard(struct folder *, FILE *);

/* Removes a run's folder, where there is one: it is no longer what that run leaves. */
void folder_remove(const char *out, const char *scenario, uint64_t seed);

#endif
