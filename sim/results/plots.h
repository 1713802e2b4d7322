/*
 * Pictures of one finished run: the data, a script that stands alone, a caption, and what gnuplot
 * makes of them (.dat, .gp, .txt; .svg and .png, the same bytes from run to run). They are drawn
 * from the run's folder, by `ordeal run` as by `ordeal report`.
 */
#ifndef SIM_RESULTS_PLOTS_H
#define SIM_RESULTS_PLOTS_H

#include "sim/results/folder.h"
#include "sim/results/recorded.h"

/* None of these ever changes a verdict. */
enum plots_outcome {
	PLOTS_DRAWN,
	PLOTS_SKIPPED,  /* gnuplot is not there; data, scripts and captions are */
	PLOTS_FAILED,   /* gnuplot refused one */
	PLOTS_UNWRITTEN /* the folder has an error */
};

/* Those plots (a set of enum plot), into the folder. A line about what could not be drawn goes to
 * `say` (NULL: nowhere). */
enum plots_outcome plots_draw(struct folder *, const struct recorded *, uint32_t plots, FILE *say);
/* All that there is something to see in: nobody leads a protocol without leaders. */
uint32_t plots_possible(const struct recorded *);

/* What other pictures need: a script's beginning (the caller adds its sizes) and end; gnuplot. */
void script_begin(FILE *, const char *name);
void script_end(FILE *, const char *const *script);
enum plots_outcome picture_draw(const struct folder *, const char *plot, FILE *say);

#endif
