/* What ordeal says when it cannot do what it was asked: what is wrong, what is accepted, and the
 * nearest thing that was perhaps meant. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "sim/cli/cli.h"
#include "sim/scenario/scenario.h"

int complain_of(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fputs("ordeal: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return STATUS_UNUSABLE;
}

int complain_unknown(const char *kind, const char *word, const char *const *names, size_t count)
{
	const char *near = did_you_mean(word, names, count);

	fflush(stdout);
	fprintf(stderr, "ordeal: there is no %s \"%s\"", kind, word);
	if (near)
		fprintf(stderr, "; did you mean %s?", near);
	fprintf(stderr, "\n  accepted:");
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "%s %s", i ? "," : "", names[i]);
	fputs(count ? "\n" : " none\n", stderr);
	return STATUS_UNUSABLE;
}

int gravest(int a, int b)
{
	static const int order[] = {STATUS_INTERRUPTED, STATUS_DEFECT, STATUS_UNUSABLE,
				    STATUS_VIOLATED, STATUS_INCONCLUSIVE};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return STATUS_HELD;
}

bool parse_count(const char *text, unsigned long long most, unsigned long long *count)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (*end != '\0' || errno != 0 || number > most)
		return false;
	*count = number;
	return true;
}
