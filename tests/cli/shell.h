/*
 * The command as a person types it: each test has a folder of its own, $T, and the command,
 * $ORDEAL; the tree is $HERE.
 */
#ifndef TESTS_CLI_SHELL_H
#define TESTS_CLI_SHELL_H

#include <sys/types.h>

/* A fresh folder, entered as $T; remains of an earlier test are removed. */
void shell_begin(void);
void shell_end(void);
/* Writes a file of the folder. */
void shell_file(const char *name, const char *text);
/* Runs a line of sh; returns its exit status, -1 where it died. What it printed is said below. */
int shell(const char *line);
const char *shell_out(void);
const char *shell_err(void);
/* The text of a file of the folder; "" where there is none. */
const char *shell_text(const char *name);
/* Starts $ORDEAL with these arguments in the folder, and does not wait. */
pid_t shell_start(char *const arguments[]);
/* Waits until the file exists; false: not within ten seconds. */
int shell_await(const char *name);

#endif
