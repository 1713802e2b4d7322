/*
 * What the pictures of a run share: its faults in lanes above each, blocks of data, and equal parts
 * of time. Each picture is a row of the table in plots.c and a file of its own.
 */
#ifndef SIM_RESULTS_PICTURE_H
#define SIM_RESULTS_PICTURE_H

#include "sim/results/recorded.h"

enum { LABEL_MAX = 80, LANES_MAX = 12 };

/* A fault, or whom the heal left behind, in a lane where its bar and its name have room. */
struct band {
	nanoseconds from, to;
	bool to_the_left; /* its name ends at its beginning */
	bool after_heal;
	unsigned lane;
	char label[LABEL_MAX]; /* "": there is no room */
};

/* One run, as its pictures need it. */
struct show {
	const struct recorded *run;
	struct band *bands; /* malloced */
	unsigned band_count, lanes;
	unsigned nameless;     /* of the bands: in part at least */
	struct band violation; /* below the faults; without a label there is none */
};

/* Centimetres: of a picture, its margins, and a letter of 8 pt. */
#define WIDTH_CM  17.5
#define LEFT_CM   1.75
#define RIGHT_CM  0.35
#define LETTER_CM 0.155

static inline double seconds(nanoseconds time)
{
	return (double)time / 1e9;
}
static inline double milliseconds(nanoseconds time)
{
	return (double)time / 1e6;
}
/* Seconds that so many centimetres are on the time axis. */
double axis_seconds(const struct show *, double cm);

void place_faults(struct show *);
/* A block ends with an undefined point, so that none is empty. */
void begin_block(FILE *, const char *name, const char *columns);
void end_block(FILE *);
/* The blocks that every picture over time has: faults, the heal, the violation. */
void write_faults(const struct show *, FILE *);

/*
 * The ticks of a logarithmic axis of so many centimetres: as many of them numbered (1, 2 and 5 of
 * each power of ten, or 1 and 3, or 1 alone) as stand at least `apart`.
 */
void write_ticks(const char *axis, double least, double most, double cm, double apart, FILE *);
#define NUMBERS_BESIDE_CM 0.6 /* two numbers beside each other, and one above the other */
#define NUMBERS_ABOVE_CM  0.36

/*
 * The time of arrivals in equal parts of so many buckets that each part has some operations (about
 * `wanted`, up to twenty buckets), for the noise of small numbers would hide what there is to see.
 */
unsigned slice_buckets(const struct recorded *, unsigned wanted);
/* The last bucket may be cut short by the end of arrivals. */
nanoseconds bucket_end(const struct recorded *, unsigned bucket);
/* Why there is nothing to see; NULL: there is. */
const char *nothing_begun(const struct show *);
const char *nothing_succeeded(const struct show *);

/* ---- The pictures: data, what the script must know beforehand, and the words below ----------- */

void latency_data(const struct show *, FILE *);
void latency_sizes(const struct show *, FILE *);
void latency_caption(const struct show *, FILE *);
void ribbon_data(const struct show *, FILE *);
void ribbon_sizes(const struct show *, FILE *);
void ribbon_caption(const struct show *, FILE *);
void cdf_data(const struct show *, FILE *);
void cdf_sizes(const struct show *, FILE *);
void cdf_caption(const struct show *, FILE *);
void availability_data(const struct show *, FILE *);
void availability_sizes(const struct show *, FILE *);
void availability_caption(const struct show *, FILE *);
void leaders_data(const struct show *, FILE *);
void leaders_sizes(const struct show *, FILE *);
void leaders_caption(const struct show *, FILE *);

/* ---- Distributions of latency ---------------------------------------------------------------- */

/* Successes invoked from the warm-up to the heal, sorted, malloced. `under_fault`: -1 all, 0 those
 * begun while no fault was active, 1 the others. */
nanoseconds *sorted_latencies(const struct recorded *, int under_fault, size_t *count);
/* Rows of latency (ms), share of operations that took at most so long (%), and at least (1); ever
 * denser towards the slowest, of which none is left out. */
void write_distribution_of(const nanoseconds *sorted, size_t count, FILE *);
/* The same of the i-th. */
void write_rank(const nanoseconds *sorted, size_t count, size_t i, FILE *);

#endif
