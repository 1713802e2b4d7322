/* What a person reads of a campaign, and what a program does. */
#ifndef SIM_CLI_SUMMARY_H
#define SIM_CLI_SUMMARY_H

#include <jansson.h>

#include "sim/cli/campaign.h"

/* `quiet`: only what did not hold. */
void summary_print(FILE *, const struct scenario *, const struct campaign_options *,
		   const struct campaign *, bool quiet);
/* summary_json.c: of one file. */
json_t *summary_json(const struct scenario *, const struct campaign_options *,
		     const struct campaign *);

/* ---- What both tell -------------------------------------------------------------------------- */

void folder_of(char folder[FOLDER_PATH_MAX], const struct scenario *,
	       const struct campaign_options *, uint64_t seed);
/* The command that gives a run again, the way this one was called. Malloced. */
char *again_text(const struct campaign_options *, uint64_t seed);
enum fulfilment expectation_over_all(const struct scenario *, const struct campaign *, unsigned i);
/* The worst that a judge said, but `holds` where it saw something at least once. */
enum verdict judge_over_all(const struct campaign *, unsigned judge);

#endif
