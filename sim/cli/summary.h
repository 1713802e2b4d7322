/* What a person reads of a campaign. */
#ifndef SIM_CLI_SUMMARY_H
#define SIM_CLI_SUMMARY_H

#include "sim/cli/campaign.h"

/* `quiet`: only what did not hold. */
void summary_print(FILE *, const struct scenario *, const struct campaign_options *,
		   const struct campaign *, bool quiet);

#endif
