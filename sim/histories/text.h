/* The text of a file. */
#ifndef SIM_HISTORIES_TEXT_H
#define SIM_HISTORIES_TEXT_H

#include <stddef.h>

/* All of it, with a byte 0 behind, to be freed; "-" is standard input. NULL, with errno, where the
 * machine refuses. */
char *text_of_file(const char *path, size_t *size);

#endif
