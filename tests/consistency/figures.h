/*
 * How fast the judge of histories is, over histories of the seeds 1 to 20.
 */
#ifndef TESTS_CONSISTENCY_FIGURES_H
#define TESTS_CONSISTENCY_FIGURES_H

#include <stdbool.h>

/* Those whose names contain `only`. False: a verdict was wrong, or the judge could not tell. */
bool history_figures(const char *only, double (*seconds)(void),
		     void (*figure)(const char *name, double value, const char *unit));

#endif
