/*
 * A small world for the nemesis: processes that do nothing but write one cell when they boot, of a
 * protocol that survives what a test says, under faults that are drawn every hundred milliseconds.
 */
#ifndef TESTS_FAULTS_TRIAL_H
#define TESTS_FAULTS_TRIAL_H

#include "sim/faults/internal.h"
#include "tests/tests.h"

#define MS ((nanoseconds)1000000)
#define S  (1000 * MS)

enum { N1, N2, N3, N4, N5, PROCESSES };

struct trial {
	struct world *world;
	struct protocol protocol;
	struct setup setup;
	struct nemesis nemesis;
	struct fault list[4];
	struct faults_setup faults;
	struct choice_source *source;
};

/* From one to nine seconds, in steady weather, all of what is chosen. */
void trial_open(struct trial *);
void trial_begin(struct trial *);
void trial_play(struct trial *, nanoseconds until);
void trial_close(struct trial *);
/* One kind among those that are drawn; whom they hit. */
void trial_choose(struct trial *, enum fault_number);
void trial_aim(struct trial *, enum target_kind);

/* What fired in one run, for comparison. */
enum { FIRED_MAX = 400 };
struct fired {
	unsigned count;
	struct shot {
		enum fault_number kind;
		nanoseconds began;
		int64_t amount;
		uint64_t hit;
		nanoseconds lasts;
	} shot[FIRED_MAX];
};

/* Begins, plays and closes. */
void trial_perform(struct trial *, struct fired *);
uint64_t fired_kinds(const struct fired *); /* a set */

#endif
