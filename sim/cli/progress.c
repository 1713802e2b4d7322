/* The progress line. It goes to stderr, and only where that is a terminal: what is printed
 * elsewhere does not depend on how fast the machine is. */
#include "sim/cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_AFTER_MS = 2000, AGAIN_AFTER_MS = 250 };

int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress)
{
	progress->terminal = isatty(STDERR_FILENO);
	progress->shown = false;
	progress->began = progress->last = wall_ms();
}

void progress_show(struct progress *progress, const char *name, uint64_t done, uint64_t of,
		   int64_t ends)
{
	if (!progress->terminal)
		return;
	int64_t now = wall_ms(), spent = now - progress->began;

	if (spent < FIRST_AFTER_MS || now - progress->last < AGAIN_AFTER_MS)
		return;
	double left = (double)spent / 1000 * (double)(of - done) / (double)done;

	fprintf(stderr, "\r\033[K%s: %" PRIu64, name, done);
	if (!ends)
		fprintf(stderr, " of %" PRIu64, of);
	fprintf(stderr, " runs, about %.0f s left", ends ? (double)(ends - now) / 1000 : left);
	fflush(stderr);
	progress->last = now;
	progress->shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
