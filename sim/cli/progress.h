/* How far a campaign is and how long it still takes: on a terminal, where it takes a while. And the
 * wall clock, which nothing but that and `--for` looks at. */
#ifndef SIM_CLI_PROGRESS_H
#define SIM_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

int64_t wall_ms(void); /* it only rises */

struct progress {
	bool terminal, shown;
	int64_t began, last; /* wall clock, in milliseconds */
};

void progress_begin(struct progress *);
/* `ends`: on the wall clock, of a campaign whose runs are not counted beforehand; else 0. */
void progress_show(struct progress *, const char *name, uint64_t done, uint64_t of, int64_t ends);
void progress_end(struct progress *); /* wipes the line */

#endif
