/*
 * Session guarantees (Terry et al., Session Guarantees for Weakly Consistent Replicated Data, PDIS
 * 1994): each session's reads and writes of a key never go back along the order of its versions.
 *
 * Only versions in a chain are compared, whose order is certain. Who keeps to real time keeps these
 * guarantees too; where that fails, they tell what a single client could notice.
 */
#include "sim/consistency/versions.h"

#include <stdlib.h>

/* What a session did to a key last. */
struct memory {
	uint32_t process, key;
	uint32_t read, wrote; /* places in the chain, 0: none yet */
	uint32_t reader, writer;
};

/* One look or deed of a session. */
struct deed {
	uint32_t process, key, transaction, place;
	bool writes;
};

/* By session and key, in the session's order; within one transaction, external reads first. */
static int deed_order(const void *a, const void *b)
{
	const struct deed *x = a, *y = b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->transaction != y->transaction)
		return x->transaction < y->transaction ? -1 : 1;
	if (x->writes != y->writes)
		return x->writes ? 1 : -1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void went_back(struct study *study, enum anomaly kind, const struct deed *deed,
		      uint32_t earlier, uint32_t place)
{
	const struct lineage *object = &study->lineages[deed->key];
	uint64_t before = study->writes[object->chain[place - 1]].value;
	uint64_t now = deed->place ? study->writes[object->chain[deed->place - 1]].value : 0;
	struct step steps[2] = {{.transaction = earlier,
				 .dependency = DEPENDS_NOT,
				 .key = deed->key,
				 .value = before},
				{.transaction = deed->transaction,
				 .dependency = DEPENDS_NOT,
				 .key = deed->key,
				 .value = now}};

	study_found(study, kind, true, steps, 2);
}

static void judge_deed(struct study *study, struct memory *memory, const struct deed *deed)
{
	uint32_t place = deed->place;

	if (deed->writes) {
		if (place < memory->wrote)
			went_back(study, ANOMALY_MONOTONIC_WRITES, deed, memory->writer,
				  memory->wrote);
		if (place < memory->read && memory->reader != deed->transaction)
			went_back(study, ANOMALY_WRITES_FOLLOW_READS, deed, memory->reader,
				  memory->read);
		memory->wrote = place;
		memory->writer = deed->transaction;
		return;
	}
	if (place < memory->wrote)
		went_back(study, ANOMALY_READ_YOUR_WRITES, deed, memory->writer, memory->wrote);
	if (place < memory->read)
		went_back(study, ANOMALY_MONOTONIC_READS, deed, memory->reader, memory->read);
	memory->read = place;
	memory->reader = deed->transaction;
}

void sessions_study(struct study *study)
{
	const struct transaction *list = study->transactions->list;
	struct deed *deeds = study_room(study->seen_count + study->write_count, sizeof(*deeds));
	struct memory memory = {0};
	uint32_t count = 0;

	for (uint32_t i = 0; i < study->seen_count; i++) {
		const struct seen *seen = &study->seen[i];
		uint32_t place = seen->write == NOBODY_WROTE ? 0 : study->writes[seen->write].place;

		if (place || !seen->value)
			deeds[count++] = (struct deed){list[seen->transaction].process, seen->key,
						       seen->transaction, place, false};
	}
	for (uint32_t i = 0; i < study->write_count; i++) {
		const struct write *write = &study->writes[i];

		if (write->place && committed(&list[write->transaction]))
			deeds[count++] = (struct deed){list[write->transaction].process, write->key,
						       write->transaction, write->place, true};
	}
	qsort(deeds, count, sizeof(*deeds), deed_order);
	for (uint32_t i = 0; i < count; i++) {
		if (i == 0 || deeds[i].process != memory.process || deeds[i].key != memory.key)
			memory = (struct memory){.process = deeds[i].process, .key = deeds[i].key};
		judge_deed(study, &memory, &deeds[i]);
	}
	free(deeds);
}
