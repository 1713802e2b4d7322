/*
 * The judge of histories against the twin that tries every order, and against bad patterns.
 *
 * usage: agreement TIMES [KIND]: so many random small histories of each kind, for a hundred of
 * these a long one, and for twenty one whose core is looked at
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
	return agreement->differences + agreement->bad_cores + agreement->bad_accused +
	       agreement->unsure;
}

static unsigned each(const struct subject *subjects_of, const char *kind,
		     void (*how)(const struct subject *, unsigned, uint64_t, struct agreement *),
		     unsigned times)
{
	struct agreement agreement;
	unsigned wrong = 0;

	for (const struct subject *subject = subjects_of; subject->name; subject++) {
		if (!strstr(subject->name, kind))
			continue;
		how(subject, times, 2, &agreement);
		wrong += tell(subject->name, &agreement);
	}
	return wrong;
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
	wrong += each(subjects, kind, agree, times);
	wrong += each(long_subjects, kind, agree_at_length, (times + 99) / 100);
	wrong += each(core_subjects, kind, agree_on_cores, (times + 19) / 20);
	for (const struct transaction_subject *subject = transaction_subjects; subject->name;
	     subject++) {
		if (!strstr(subject->name, kind))
			continue;
		transactions_agree(subject, times, 2, &agreement);
		wrong += tell(subject->name, &agreement);
	}
	return wrong != 0;
}
