/*
 * Child processes that do runs and tell about them through a pipe, and the signals that end it all.
 */
#ifndef SIM_CLI_CHILD_H
#define SIM_CLI_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* 0: none */
	int from;  /* the end of its pipe that we read */
};

/* From now on SIGINT, SIGTERM and SIGHUP wait until child_read or was_interrupted looks. False: the
 * machine refuses. */
bool interrupts_watch(void);
bool was_interrupted(void);

/* Starts `work`, which writes to `to` and returns. False: the machine refuses. */
bool child_start(struct child *, void (*work)(int to, void *context), void *context);
/* For the child: all bytes, or false. */
bool child_tell(int to, const void *bytes, size_t size);

enum heard { HEARD, HEARD_NOTHING_MORE, HEARD_INTERRUPT };
enum heard child_read(struct child *, void *bytes, size_t size);

/* Waits for its end: 0, the signal that it died of, or -(its exit status). */
int child_end(struct child *);
/* Ends it, and whatever it started, at once. */
void child_kill(struct child *);

#endif
