/*
 * The judge of histories against the twin that tries every order, and against bad patterns.
 *
 * usage: agreement TIMES [KIND]: so many random small histories of each kind, and for a hundred of
 * these a long one
 */
#include "tests/consistency/transaction_twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned tell(const char *name, const struct agreement *agreement)
{
	printf("%-40s %9u legal %9u illegal %9u differ %9u bad cores %9u bad accused\n", name,
	       agreement->legal, agreement->illegal, agreement->differences, agreement->bad_cores,
	       agreement->bad_accused);
	return agreement->differences + agreement->bad_cores + agreement->bad_accused;
}

int main(int argc, char **argv)
{
	unsigned times = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0, wrong = 0;
	const char *kind = argc > 2 ? argv[2] : "";
	struct agreement agreement;

	if (!times) {
		fprintf(stderr, "usage: agreement TIMES [KIND]\n");
		return 2;
	}
	for (const struct subject *subject = subjects; subject->name; subject++) {
		if (!strstr(subject->name, kind))
			continue;
		agree(subject, times, 2, &agreement);
		wrong += tell(subject->name, &agreement);
	}
	for (const struct subject *subject = long_subjects; subject->name; subject++) {
		if (!strstr(subject->name, kind))
			continue;
		agree_at_length(subject, (times + 99) / 100, 2, &agreement);
		wrong += tell(subject->name, &agreement);
	}
	for (const struct transaction_subject *subject = transaction_subjects; subject->name;
	     subject++) {
		if (!strstr(subject->name, kind))
			continue;
		transactions_agree(subject, times, 2, &agreement);
		wrong += tell(subject->name, &agreement);
	}
	return wrong != 0;
}
