/*
 * What a child process does: performs runs, and sends a letter about each.
 */
#ifndef SIM_CLI_PERFORM_H
#define SIM_CLI_PERFORM_H

#include "sim/cli/campaign.h"

enum trouble {
	NO_TROUBLE,
	NO_MEMORY,   /* the machine has no room for a theatre */
	NOT_WRITTEN, /* the folder's `error` is in the text */
	NOT_REPEATED /* a run done again was another: a defect */
};
struct letter {
	enum trouble trouble;
	char text[FOLDER_ERROR_MAX];
	char plots[PLOTS_NOTE_MAX];
	struct run_record record;
};

#define INSPECT_FILE "inspect.txt"

/* Many runs without a folder: seeds first, first + step, ...: `count` of them. */
struct bulk {
	const struct scenario *scenario;
	const struct campaign_options *options;
	uint64_t first, step, count;
};
void bulk_work(int to, void *context); /* a struct bulk */

/*
 * One run that fills its folder. The trace is written where the caller asks for it or the run turns
 * out to be worth a second look.
 */
struct keep {
	const struct scenario *scenario;
	const struct campaign_options *options;
	uint64_t seed;
	struct folder *folder;
	bool watched; /* the run has killed ordeal: what its plug-ins write is looked at */
	const struct run_record
		*known; /* of the same run done before; NULL: this is the first look */
};
void keep_work(int to, void *context); /* a struct keep */

#endif
