/*
 * A stage for clients: three servers that do as they are told, a millisecond away.
 */
#ifndef TESTS_WORKLOAD_STAGE_H
#define TESTS_WORKLOAD_STAGE_H

#include "sim/check/check.h"
#include "sim/workload/workload.h"

enum how { ANSWERS, IS_SILENT, REFUSES, NOT_NOW, REDIRECTS };
enum { SERVERS = 3 };
#define MILLISECOND ((nanoseconds)1000000)
#define SECOND      (1000 * MILLISECOND)
enum { READ, WRITE, CAS }; /* operations of the app register */

/* What the servers do; it may change between two steps. */
struct manners {
	enum how how[SERVERS];
	process_id whom; /* where REDIRECTS points */
};

struct stage {
	struct manners manners;
	struct workload_setup workload;
	struct setup setup;
	struct above above; /* with an observer, it is judged */
	struct check_setup check;
	struct world *world;
};

/* With a single client in a closed loop that writes; change it before stage_begin. */
void stage_prepare(struct stage *, const struct app *);
void stage_begin(struct stage *);
/* Runs until then; returns what world_run did. */
enum outcome stage_run(struct stage *, nanoseconds until);
void stage_end(struct stage *);
unsigned stage_asked(struct stage *, process_id); /* how many requests it has got */

extern const struct app app_register, app_kv;

#endif
