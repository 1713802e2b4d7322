/*
 * The judge of histories against the twin that tries every order, at length.
 *
 * usage: agreement TIMES [MODEL]: so many random small histories of each kind
 */
#include "tests/consistency/agreement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	unsigned times = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0, wrong = 0;

	if (!times) {
		fprintf(stderr, "usage: agreement TIMES [KIND]\n");
		return 2;
	}
	for (const struct subject *subject = subjects; subject->name; subject++) {
		struct agreement agreement;

		if (argc > 2 && !strstr(subject->name, argv[2]))
			continue;
		agree(subject, times, 2, &agreement);
		printf("%-40s %9u legal %9u illegal %9u differ %9u bad cores\n", subject->name,
		       agreement.legal, agreement.illegal, agreement.differences,
		       agreement.bad_cores);
		wrong += agreement.differences + agreement.bad_cores;
	}
	return wrong != 0;
}
