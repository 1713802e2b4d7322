/* How far a campaign is and how long it still takes: on a terminal, where it takes a while. */
#ifndef SIM_CLI_PROGRESS_H
#define SIM_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool terminal, shown;
	int64_t began, last; /* wall clock, in milliseconds */
};

void progress_begin(struct progress *);
void progress_show(struct progress *, const char *name, uint64_t done, uint64_t of);
void progress_end(struct progress *); /* wipes the line */

#endif
