/*
 * Whose is an assert() that fails? A plug-in's is its own failure, told as that of an ORDEAL_ASSERT
 * is. One of ours is a defect, wherever it stands: also where a handler has called us.
 *
 * This takes the place of libc's function of that name, which assert() calls, for us and for what
 * we load.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/ordeal.h"

static const void *object_of(const void *code)
{
	Dl_info info;

	return dladdr(code, &info) ? info.dli_fbase : NULL;
}

_Noreturn void __assert_fail(const char *fact, const char *file, unsigned line,
			     const char *function);
void __assert_fail(const char *fact, const char *file, unsigned line, const char *function)
{
	static const char ours;

	if (object_of(__builtin_return_address(0)) != object_of(&ours) && env_current())
		env_failed(env_current(), fact, file, (int)line);
	fprintf(stderr, "ordeal: %s:%u: %s: assertion `%s' failed\n", file, line, function, fact);
	signal(SIGABRT, SIG_DFL);
	abort();
}
