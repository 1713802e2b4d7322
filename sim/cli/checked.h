/* What `ordeal check` found out about one file, and how it is told. */
#ifndef SIM_CLI_CHECKED_H
#define SIM_CLI_CHECKED_H

#include "sim/histories/explanation.h"

struct checked {
	const char *path;
	char *text;
	bool format_known; /* not of a file without a single event */
	bool format_given, model_given;
	struct recording recording;
	struct subject subject;
	struct object_history object;
	struct finding finding; /* of an object */
	uint32_t *core;         /* the finding's, kept */
	bool serializable_will_do;
	struct transaction_history transactions;
	struct transactions_finding anomalies;
	struct explanation explanation;
	double read_seconds, judge_seconds;
};

enum legality checked_legality(const struct checked *);

/* The verdict, what the file is, what decided, and the explanation where there is one. */
void checked_print(FILE *, const struct checked *, bool times);
/* The same as one line of JSON. */
void checked_print_json(FILE *, const struct checked *, bool times);

void checked_free(struct checked *);

#endif
