/*
 * Pictures of one finished run: the data, a script that stands alone, a caption, and what gnuplot
 * makes of them (.dat, .gp, .txt; .svg and .png, the same bytes from run to run).
 */
#ifndef SIM_RESULTS_PLOTS_H
#define SIM_RESULTS_PLOTS_H

#include "sim/results/folder.h"
#include "sim/results/metrics.h"

/* None of these ever changes a verdict. */
enum plots_outcome {
	PLOTS_DRAWN,
	PLOTS_SKIPPED,  /* gnuplot is not there; data, scripts and captions are */
	PLOTS_FAILED,   /* gnuplot refused one */
	PLOTS_UNWRITTEN /* the folder has an error */
};

/*
 * The plots that the scenario asks for, into a folder that is being filled. The world is as the run
 * left it, and took its series. A line about what could not be drawn goes to `say` (NULL: nowhere).
 */
enum plots_outcome plots_draw(struct folder *, struct world *, const struct scenario *,
			      const struct run_result *, const struct metrics *, FILE *say);

#endif
