/*
 * Versions: who wrote what each transaction read, and in which order they came about.
 *
 * Invariant: once versions_study has returned, every entry of a chain names a write, and no two the
 * same place. What is wrong without any cycle is found here: a transaction that contradicts itself,
 * a value that nobody wrote, or whose writer was aborted or had not done with it (Adya 1999,
 * sections 3.1 and 3.2; Kingsbury and Alvaro 2020, section 4).
 */
#include "sim/consistency/versions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct transaction *transaction_at(const struct study *study, uint32_t i)
{
	return &study->transactions->list[i];
}

static void found_two(struct study *study, enum anomaly kind, struct step first, struct step second)
{
	struct step steps[2] = {first, second};

	study_found(study, kind, false, steps, 2);
}

static void found_one(struct study *study, enum anomaly kind, struct step step)
{
	study_found(study, kind, false, &step, 1);
}

static struct step about(uint32_t transaction, uint32_t key, uint64_t value)
{
	return (struct step){.transaction = transaction,
			     .dependency = DEPENDS_NOT,
			     .key = key,
			     .value = value,
			     .next = value};
}

void *study_room(size_t count, size_t size)
{
	void *room = calloc(count + 1, size);

	if (!room)
		abort();
	return room;
}

/* ---- Writes ---------------------------------------------------------------------------------- */

static int write_order(const void *a, const void *b)
{
	const struct write *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->transaction < y->transaction ? -1 : x->transaction > y->transaction;
}

static bool written_again(const struct study *study, uint32_t transaction, uint32_t i)
{
	const struct micro *micro = micro_at(study, transaction, i);

	for (uint32_t j = i + 1; j < transaction_at(study, transaction)->count; j++) {
		const struct micro *later = micro_at(study, transaction, j);

		if (later->kind != MICRO_READ && later->key == micro->key)
			return true;
	}
	return false;
}

static void collect_writes(struct study *study)
{
	const struct transactions *t = study->transactions;
	uint32_t count = 0;

	for (uint32_t i = 0; i < t->count; i++)
		count += t->list[i].count;
	study->writes = study_room(count, sizeof(struct write));
	for (uint32_t i = 0; i < t->count; i++)
		for (uint32_t m = 0; m < t->list[i].count; m++) {
			const struct micro *micro = micro_at(study, i, m);

			if (micro->kind != MICRO_READ)
				study->writes[study->write_count++] = (struct write){
					.value = micro->value,
					.key = micro->key,
					.transaction = i,
					.last = !written_again(study, i, m)};
		}
	qsort(study->writes, study->write_count, sizeof(struct write), write_order);
	study->unique = true;
	for (uint32_t i = 0; i < study->write_count; i++) {
		struct write *write = &study->writes[i];
		struct lineage *object = &study->lineages[write->key];

		if (object->writes++ == 0)
			object->first_write = i;
		write->once = write->value != 0; /* 0 is there at first */
		if (object->writes > 1 && write[-1].value == write->value)
			write->once = write[-1].once = false;
		study->unique = study->unique && write->once;
	}
}

uint32_t write_find(const struct study *study, uint32_t key, uint64_t value)
{
	const struct lineage *object = &study->lineages[key];
	uint32_t low = object->first_write, high = low + object->writes;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (study->writes[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == object->first_write + object->writes || study->writes[low].value != value)
		return NOBODY_WROTE;
	return low;
}

/* ---- A transaction and itself ---------------------------------------------------------------- */

/* Of a list: what it must hold is what was read before, and what was appended since. */
static bool list_agrees(const struct study *study, uint32_t transaction, uint32_t i)
{
	const struct micro *read = micro_at(study, transaction, i), *before = NULL;
	const uint64_t *values = study->transactions->values;
	uint32_t end = read->count;

	for (uint32_t j = i; j-- > 0 && !before;) {
		const struct micro *micro = micro_at(study, transaction, j);

		if (micro->key != read->key)
			continue;
		if (micro->kind == MICRO_READ) {
			before = micro;
			continue;
		}
		if (end == 0 || values[read->first + --end] != micro->value)
			return false;
	}
	return !before ||
	       (end == before->count &&
		!memcmp(values + read->first, values + before->first, end * sizeof(uint64_t)));
}

/* Of a register: what was read or written last. */
static bool register_agrees(const struct study *study, uint32_t transaction, uint32_t i)
{
	const struct micro *read = micro_at(study, transaction, i);

	for (uint32_t j = i; j-- > 0;) {
		const struct micro *micro = micro_at(study, transaction, j);

		if (micro->key == read->key)
			return micro->value == read->value;
	}
	return true;
}

static void study_itself(struct study *study, uint32_t transaction)
{
	for (uint32_t i = 0; i < transaction_at(study, transaction)->count; i++) {
		const struct micro *micro = micro_at(study, transaction, i);

		if (micro->kind != MICRO_READ)
			continue;
		if (of_lists(study->transactions) ? !list_agrees(study, transaction, i)
						  : !register_agrees(study, transaction, i))
			found_one(study, ANOMALY_INTERNAL,
				  about(transaction, micro->key,
					of_lists(study->transactions) ? 0 : micro->value));
	}
}

/* ---- What was read from others --------------------------------------------------------------- */

/* Is it the transaction's first look at that key? Own appends before it are at the list's end. */
static bool external(const struct study *study, uint32_t transaction, uint32_t i, uint32_t *own)
{
	const struct micro *read = micro_at(study, transaction, i);

	*own = 0;
	for (uint32_t j = 0; j < i; j++) {
		const struct micro *micro = micro_at(study, transaction, j);

		if (micro->key != read->key)
			continue;
		if (!of_lists(study->transactions) || micro->kind == MICRO_READ)
			return false;
		++*own;
	}
	return *own <= read->count || !of_lists(study->transactions);
}

static bool writes_key(const struct study *study, uint32_t transaction, uint32_t key)
{
	for (uint32_t i = 0; i < transaction_at(study, transaction)->count; i++) {
		const struct micro *micro = micro_at(study, transaction, i);

		if (micro->key == key && micro->kind != MICRO_READ)
			return true;
	}
	return false;
}

/* A version that somebody else read: its writer ought to have committed, and to be done with it. */
static void study_seen(struct study *study, struct seen *seen, uint64_t value)
{
	seen->write = NOBODY_WROTE;
	seen->value = value;
	if (!value)
		return;
	seen->write = write_find(study, seen->key, value);
	if (seen->write == NOBODY_WROTE) {
		found_one(study, ANOMALY_UNWRITTEN, about(seen->transaction, seen->key, value));
		return;
	}
	const struct write *write = &study->writes[seen->write];

	if (!write->once)
		return;
	if (transaction_at(study, write->transaction)->aborted)
		found_two(study, ANOMALY_G1A, about(write->transaction, seen->key, value),
			  about(seen->transaction, seen->key, value));
	else if (!write->last && write->transaction != seen->transaction)
		found_two(study, ANOMALY_G1B, about(write->transaction, seen->key, value),
			  about(seen->transaction, seen->key, value));
	study->happened[write->transaction] = true;
}

static void collect_seen(struct study *study)
{
	const struct transactions *t = study->transactions;
	uint32_t count = 0, own;

	for (uint32_t i = 0; i < t->count; i++)
		count += t->list[i].count;
	study->seen = study_room(count, sizeof(struct seen));
	for (uint32_t i = 0; i < t->count; i++)
		for (uint32_t m = 0; committed(&t->list[i]) && m < t->list[i].count; m++) {
			const struct micro *micro = micro_at(study, i, m);

			if (micro->kind != MICRO_READ || !external(study, i, m, &own))
				continue;
			struct seen *seen = &study->seen[study->seen_count++];
			uint32_t length = micro->count - own;

			seen->transaction = i;
			seen->key = micro->key;
			seen->updates = writes_key(study, i, micro->key);
			study_seen(study, seen,
				   !of_lists(t) ? micro->value
				   : length     ? t->values[micro->first + length - 1]
						: 0);
		}
}

/* ---- Chains of lists ------------------------------------------------------------------------- */

static void find_longest(struct study *study)
{
	const struct transactions *t = study->transactions;

	for (uint32_t i = 0; i < t->count; i++)
		for (uint32_t m = 0; committed(&t->list[i]) && m < t->list[i].count; m++) {
			const struct micro *micro = micro_at(study, i, m);
			struct lineage *object = &study->lineages[micro->key];

			if (micro->kind != MICRO_READ || micro->count <= object->seen_length)
				continue;
			object->longest = t->values + micro->first;
			object->seen_length = micro->count;
			object->reader = i;
		}
}

static uint64_t first_difference(const uint64_t *a, const uint64_t *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (a[i] != b[i])
			return a[i];
	return 0;
}

/* Lists only grow at their end: every read is a beginning of the longest. */
static void compare_reads(struct study *study)
{
	const struct transactions *t = study->transactions;

	for (uint32_t i = 0; i < t->count; i++)
		for (uint32_t m = 0; committed(&t->list[i]) && m < t->list[i].count; m++) {
			const struct micro *micro = micro_at(study, i, m);
			const struct lineage *object = &study->lineages[micro->key];

			if (micro->kind != MICRO_READ || micro->count == 0 ||
			    !memcmp(t->values + micro->first, object->longest,
				    micro->count * sizeof(uint64_t)))
				continue;
			uint64_t other = first_difference(t->values + micro->first, object->longest,
							  micro->count);

			found_two(study, ANOMALY_INCOMPATIBLE, about(i, micro->key, other),
				  about(object->reader, micro->key, other));
		}
}

/* The chain ends at the first value of which the writer is not known; what stands behind is still
 * held to have been written, once, by somebody who was not aborted. */
static void chain_list(struct study *study, uint32_t key)
{
	struct lineage *object = &study->lineages[key];

	for (uint32_t i = 0; i < object->seen_length; i++) {
		uint64_t value = object->longest[i];
		uint32_t at = write_find(study, key, value);

		if (at == NOBODY_WROTE) {
			found_one(study, ANOMALY_UNWRITTEN, about(object->reader, key, value));
			return; /* nothing is known of what comes behind it */
		}
		struct write *write = &study->writes[at];

		if (!write->once)
			continue;
		if (write->place) {
			found_one(study, ANOMALY_DUPLICATE, about(object->reader, key, value));
			return;
		}
		if (transaction_at(study, write->transaction)->aborted)
			found_two(study, ANOMALY_G1A, about(write->transaction, key, value),
				  about(object->reader, key, value));
		study->happened[write->transaction] = true;
		write->place = i + 1;
		if (object->length == i)
			object->chain[object->length++] = at;
	}
}

/* ---- Chains of registers --------------------------------------------------------------------- */

/* By key and version, those that overwrote it first. */
static int seen_order(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->write != y->write)
		return x->write < y->write ? -1 : 1;
	if (x->updates != y->updates)
		return x->updates ? -1 : 1;
	return x->transaction < y->transaction ? -1 : x->transaction > y->transaction;
}

/* Two that read one version and both overwrote it: one update is lost. */
static void study_updates(struct study *study)
{
	qsort(study->seen, study->seen_count, sizeof(struct seen), seen_order);
	for (uint32_t i = 0; i + 1 < study->seen_count; i++) {
		const struct seen *seen = &study->seen[i], *next = seen + 1;

		if (seen->updates && next->updates && seen->key == next->key &&
		    seen->value == next->value)
			found_two(study, ANOMALY_LOST_UPDATE,
				  about(seen->transaction, seen->key, seen->value),
				  about(next->transaction, seen->key, seen->value));
	}
}

uint32_t seen_first(const struct study *study, uint32_t key, uint32_t write)
{
	uint32_t low = 0, high = study->seen_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct seen *seen = &study->seen[middle];

		if (seen->key < key || (seen->key == key && seen->write < write))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Who overwrote that version, having read it; NULL where nobody did, or more than one. */
static const struct seen *updater(const struct study *study, uint32_t key, uint32_t write)
{
	const struct seen *end = study->seen + study->seen_count;
	const struct seen *seen = study->seen + seen_first(study, key, write);

	if (seen == end || seen->key != key || seen->write != write || !seen->updates)
		return NULL;
	if (seen + 1 < end && seen[1].key == key && seen[1].write == write && seen[1].updates)
		return NULL;
	return seen;
}

/* The version that a transaction leaves behind under a key. */
static uint32_t last_write(const struct study *study, uint32_t transaction, uint32_t key)
{
	for (uint32_t i = transaction_at(study, transaction)->count; i-- > 0;) {
		const struct micro *micro = micro_at(study, transaction, i);

		if (micro->key == key && micro->kind != MICRO_READ)
			return write_find(study, key, micro->value);
	}
	return NOBODY_WROTE;
}

static void chain_register(struct study *study, uint32_t key)
{
	struct lineage *object = &study->lineages[key];
	const struct seen *next;
	uint32_t at = NOBODY_WROTE;

	while ((next = updater(study, key, at)) != NULL) {
		at = last_write(study, next->transaction, key);
		if (study->writes[at].place)
			return; /* round in a circle: a cycle of dependencies, found as such */
		assert(object->chain);
		object->chain[object->length++] = at;
		study->writes[at].place = object->length;
	}
}

/* ---- All together ---------------------------------------------------------------------------- */

void versions_study(struct study *study)
{
	const struct transactions *t = study->transactions;
	uint32_t room = 0;

	study->lineages = study_room(t->keys, sizeof(struct lineage));
	study->happened = study_room(t->count, sizeof(bool));
	for (uint32_t i = 0; i < t->count; i++) {
		study->happened[i] = committed(&t->list[i]);
		if (committed(&t->list[i]))
			study_itself(study, i);
	}
	collect_writes(study);
	study->chains = study_room(study->write_count, sizeof(uint32_t));
	for (uint32_t key = 1; key <= t->keys; key++) {
		study->lineages[key].chain = study->chains + room;
		room += study->lineages[key].writes;
	}
	if (of_lists(t)) {
		find_longest(study);
		compare_reads(study);
		for (uint32_t key = 1; key <= t->keys; key++)
			chain_list(study, key);
	}
	collect_seen(study);
	if (!study->unique)
		return;
	study_updates(study);
	for (uint32_t key = 0; key < t->keys && !of_lists(t); key++)
		chain_register(study, key);
}

void versions_free(struct study *study)
{
	free(study->lineages);
	free(study->happened);
	free(study->writes);
	free(study->chains);
	free(study->seen);
}
