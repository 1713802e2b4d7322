/* From calls to operations, in the numbers of a model. */
#ifndef SIM_HISTORIES_OPERATIONS_H
#define SIM_HISTORIES_OPERATIONS_H

#include "sim/histories/subject.h"

/* What an operation takes with its invocation and tells with its answer. */
enum part {
	TAKES = 1,     /* a value */
	TELLS = 2,     /* a value */
	COMPARES = 4,  /* takes two: what it expects, and what it writes */
	APPENDS = 8,   /* a string to a string */
	ALL_OF_IT = 16 /* tells all elements */
};
unsigned operation_parts(const struct model *, const char *name);

struct object_history {
	struct history history; /* operations by invocation; `source` is the index of the call */
	struct operation *operations;
	uint64_t *elements;
	struct names values; /* of the numbers that a model only compares */
	struct names keys;   /* of objects, where their keys stand in the values */
};

/* Failed calls are left out. False, with `trouble` at a line, where a call makes no sense in the
 * model. */
bool operations_of_calls(const struct recording *, const struct model *, struct object_history *,
			 struct trouble *);
void object_history_free(struct object_history *);

/* The number that stands for a value which a read of this model returns. */
bool number_of_value(struct object_history *, const struct model *, const struct datum *,
		     uint64_t *number);

/* What an object's number stands for; NULL: nothing, there is but one. */
const struct datum *key_of_object(const struct recording *, const struct object_history *,
				  uint64_t key);

/* Do the calls of this recording name their key as the first of two: [key value]? Jepsen's
 * independent histories do. */
bool keys_in_values(const struct recording *, const struct model *);

#endif
