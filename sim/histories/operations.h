/* From calls to operations, in the numbers of a model. */
#ifndef SIM_HISTORIES_OPERATIONS_H
#define SIM_HISTORIES_OPERATIONS_H

#include "sim/histories/subject.h"

struct object_history {
	struct history history; /* operations by invocation; `source` is the index of the call */
	struct operation *operations;
	uint64_t *elements;
	struct names
		values; /* what the values stand for, where the model does not look into them */
};

/* Failed calls are left out. False, with `trouble` at a line, where a call makes no sense in the
 * model. */
bool operations_of_calls(const struct recording *, const struct model *, struct object_history *,
			 struct trouble *);
void object_history_free(struct object_history *);

/* The number that stands for a value which a read of this model returns. */
bool number_of_value(struct object_history *, const struct model *, const struct datum *,
		     uint64_t *number);

/* Do the calls of this recording name their key as the first of two: [key value]? Jepsen's
 * independent histories do. */
bool keys_in_values(const struct recording *, const struct model *);

#endif
