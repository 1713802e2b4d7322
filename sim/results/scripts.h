/*
 * The gnuplot scripts of reports/, as the build turns them into C (reports/embed.awk): lists of
 * lines, ended by NULL.
 */
#ifndef SIM_RESULTS_SCRIPTS_H
#define SIM_RESULTS_SCRIPTS_H

extern const char *const script_style[];
extern const char *const script_latency[];
extern const char *const script_availability[];
extern const char *const script_leaders[];
extern const char *const script_ribbon[];
extern const char *const script_cdf[];
extern const char *const script_compare[];
extern const char *const script_nothing[];

#endif
