/* Reads a whole file. A pipe does not say its length, so room is made as it is needed. */
#include "sim/histories/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *all_of(int file, size_t *size)
{
	struct stat there;
	size_t room = 64 * 1024;
	char *text = NULL;

	if (fstat(file, &there) == 0 && S_ISREG(there.st_mode))
		room = (size_t)there.st_size + 2; /* so that the end is seen without growing */
	*size = 0;
	for (;;) {
		char *grown = realloc(text, room);

		if (!grown)
			break;
		text = grown;
		ssize_t got = read(file, text + *size, room - 1 - *size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		*size += (size_t)got;
		text[*size] = '\0';
		if (got == 0)
			return text;
		if (*size + 1 == room)
			room *= 2;
	}
	free(text);
	return NULL;
}

char *text_of_file(const char *path, size_t *size)
{
	bool standard = !strcmp(path, "-");
	int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return NULL;
	char *text = all_of(file, size);
	int error = errno;

	if (!standard)
		close(file);
	errno = error;
	return text;
}
