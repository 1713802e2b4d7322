/*
 * Random histories, judged by the engines and by others: small ones by the twin that tries every
 * order, long ones by the patterns that must not occur. The twin judges the patterns, too.
 */
#include "tests/consistency/agreement.h"
#include "tests/consistency/patterns.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPERATIONS_MAX = 7, CLIENTS_MAX = 5 };

const struct subject subjects[] = {
	{"register, few values",
	 {.model = &model_register, .keys = 1, .values = 2, .weights = {2, 2}}},
	{"register, unique values", {.model = &model_register, .keys = 1, .weights = {2, 2}}},
	{"cas-register, unique values",
	 {.model = &model_cas_register, .keys = 1, .weights = {2, 1, 2}}},
	{"cas-register, few values",
	 {.model = &model_cas_register, .keys = 1, .values = 2, .weights = {1, 1, 2}}},
	{"cas-register, misses left out",
	 {.model = &model_cas_register,
	  .keys = 2,
	  .values = 3,
	  .weights = {1, 1, 4},
	  .hide_misses = true}},
	{"kv", {.model = &model_kv, .keys = 1, .values = 2, .weights = {3, 1, 1, 3, 1}}},
	{"kv, no appends",
	 {.model = &model_kv, .keys = 1, .values = 2, .weights = {2, 2, 2, 0, 2}}},
	{"counter", {.model = &model_counter, .keys = 1, .values = 2, .weights = {2, 2, 1}}},
	{"mutex", {.model = &model_mutex, .keys = 1, .weights = {2, 2}}},
	{"fenced-lock", {.model = &model_fenced_lock, .keys = 1, .values = 3, .weights = {2, 2}}},
	{"queue, unique elements", {.model = &model_queue, .keys = 1, .weights = {2, 3}}},
	{"queue, few elements", {.model = &model_queue, .keys = 1, .values = 2, .weights = {2, 3}}},
	{"set, read as a whole",
	 {.model = &model_set, .keys = 1, .values = 2, .weights = {2, 2, 1, 1, 1, 2}}},
	{"set that only grows, read as a whole",
	 {.model = &model_set, .keys = 1, .values = 3, .weights = {4, 0, 0, 0, 0, 3}}},
	{"set that only grows, unique elements",
	 {.model = &model_set, .keys = 1, .weights = {4, 0, 0, 0, 0, 3}}},
	{"set, unique elements", {.model = &model_set, .keys = 1, .weights = {1, 1, 2, 2, 2}}},
	{"set", {.model = &model_set, .keys = 1, .values = 2, .weights = {2, 2, 2, 2, 2}}},
	{0},
};

const struct subject core_subjects[] = {
	{"cores of a register", {.model = &model_register, .keys = 1, .weights = {2, 2}}},
	{"cores of a cas-register",
	 {.model = &model_cas_register, .keys = 1, .weights = {2, 1, 2}}},
	{"cores of a cas-register, misses left out",
	 {.model = &model_cas_register, .keys = 1, .weights = {2, 2, 3}, .hide_misses = true}},
	{"cores of a cas-register that is seldom read",
	 {.model = &model_cas_register, .keys = 1, .weights = {1, 3, 6}}},
	{"cores of a kv", {.model = &model_kv, .keys = 2, .weights = {3, 2, 1, 0, 2}}},
	{"cores of a mutex", {.model = &model_mutex, .keys = 1, .weights = {2, 2}}},
	{"cores of a set", {.model = &model_set, .keys = 1, .weights = {1, 1, 1, 1, 3}}},
	{0},
};

const struct subject long_subjects[] = {
	{"queue that is found empty",
	 {.model = &model_queue, .keys = 1, .clients = 10, .weights = {2, 3}}},
	{"queue that is long",
	 {.model = &model_queue, .keys = 1, .clients = 20, .weights = {3, 2}}},
	{"queue, dequeues of unknown outcome",
	 {.model = &model_queue, .keys = 1, .clients = 10, .weights = {5, 4}, .unknown = 2}},
	{"set, elements put in once",
	 {.model = &model_set, .keys = 1, .clients = 10, .weights = {1, 1, 2, 2, 6}, .unknown = 3}},
	{"set that only grows",
	 {.model = &model_set, .keys = 1, .clients = 5, .weights = {1, 0, 0, 0, 0, 1}}},
	{0},
};

static void show(const struct subject *subject, const struct history *history, bool legal)
{
	const struct model *model = subject->recipe.model;

	printf("\n%s: the twin says %s\n", subject->name, legal ? "legal" : "illegal");
	for (size_t i = 0; i < history->count; i++) {
		const struct operation *operation = &history->operations[i];
		const struct told *told = &operation->told;

		printf("  [%u,%d] k%llu %s value %llu expected %llu%s", operation->invoked,
		       (int)operation->returned, (unsigned long long)told->key,
		       model->operations[told->operation].name, (unsigned long long)told->value,
		       (unsigned long long)told->expected, told->answered ? "" : "\n");
		if (told->answered)
			printf(" result %llu %s\n", (unsigned long long)told->result,
			       told->matched ? "matched" : "");
	}
}

void know_core(const struct history *history, const struct finding *finding, size_t without,
	       struct operation *operations)
{
	for (size_t i = 0; i < history->count; i++) {
		operations[i] = history->operations[i];
		operations[i].returned = NEVER_RETURNED;
		operations[i].told.answered = false;
	}
	for (size_t i = 0; i < finding->core_count; i++)
		if (i != without)
			operations[finding->core[i]] = history->operations[finding->core[i]];
}

/* By the twin; or, where histories are too long for it, by the judge without a wish for a core. */
static enum legality has_order(struct room *room, const struct model *model,
			       const struct history *history)
{
	const struct judge_limits limits = {.configurations = 1000000};
	struct finding finding;

	if (!room)
		return twin_finds_order(model, history) ? LEGAL : ILLEGAL;
	judge(room, model, history, &limits, &finding);
	return finding.legality;
}

/* Illegal with all others taken as unknown; legal once any one of them is, too. */
static bool core_holds(struct room *room, const struct model *model, const struct history *history,
		       const struct finding *finding, unsigned *unsure)
{
	struct operation *operations = calloc(history->count, sizeof(*operations));
	struct history less = {operations, history->count, history->elements};
	bool holds = finding->core_count > 0 && finding->core_minimal;

	for (size_t without = 0; without <= finding->core_count; without++) {
		know_core(history, finding, without, operations);
		enum legality legality = has_order(room, model, &less);

		*unsure += legality == UNDECIDED;
		holds &= legality != (without < finding->core_count ? ILLEGAL : LEGAL);
	}
	free(operations);
	return holds;
}

/* The history as it was after an event: what is open then is unknown. */
static size_t history_until(const struct history *history, uint32_t position,
			    struct operation operations[OPERATIONS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < history->count; i++) {
		const struct operation *operation = &history->operations[i];

		if (operation->invoked > position)
			continue;
		operations[count] = *operation;
		if (operation->returned > position) {
			operations[count].returned = NEVER_RETURNED;
			operations[count].told.answered = operations[count].told.matched = false;
		}
		count++;
	}
	return count;
}

/* Does it become illegal by the return of the accused? By the twin. */
static bool accused_holds(const struct model *model, const struct history *history,
			  const struct finding *finding)
{
	struct operation operations[OPERATIONS_MAX];
	uint32_t at = history->operations[finding->accused].returned;
	bool in_core = false;

	for (size_t i = 0; i < finding->core_count; i++)
		in_core |= finding->core[i] == finding->accused;
	for (unsigned before = 0; before < 2; before++) {
		struct history part = {operations, history_until(history, at - before, operations),
				       history->elements};

		if (twin_finds_order(model, &part) != before)
			return false;
	}
	return in_core;
}

static unsigned count_unknown(const struct history *history)
{
	unsigned unknown = 0;

	for (size_t i = 0; i < history->count; i++)
		unknown += history->operations[i].returned == NEVER_RETURNED;
	return unknown;
}

static void compare(struct room *room, const struct subject *subject, const struct recipe *recipe,
		    struct pcg32 *pcg, struct agreement *agreement)
{
	struct made made = make_history(recipe, pcg);
	bool legal = twin_finds_order(recipe->model, &made.history);
	struct judge_limits limits = {.core = true};
	struct finding finding;

	enum legality patterns = patterns_say(recipe->model, &made.history);

	if (patterns != UNDECIDED && patterns != (legal ? LEGAL : ILLEGAL) &&
	    !agreement->differences++)
		show(subject, &made.history, legal);
	judge(room, recipe->model, &made.history, &limits, &finding);
	agreement->witnessed += finding.by_witness;
	agreement->unknown += count_unknown(&made.history);
	agreement->legal += legal;
	agreement->illegal += !legal;
	if (finding.legality != (legal ? LEGAL : ILLEGAL) && !agreement->differences++)
		show(subject, &made.history, legal);
	if (finding.legality == ILLEGAL &&
	    !core_holds(NULL, recipe->model, &made.history, &finding, &agreement->unsure) &&
	    !agreement->bad_cores++)
		show(subject, &made.history, legal);
	if (finding.legality == ILLEGAL && !accused_holds(recipe->model, &made.history, &finding) &&
	    !agreement->bad_accused++)
		show(subject, &made.history, legal);
	for (size_t i = 0; i < made.history.count; i++) /* who lies changes nothing */
		made.operations[i].witness = pcg32_below(pcg, OPERATIONS_MAX);
	judge(room, recipe->model, &made.history, &(struct judge_limits){0}, &finding);
	agreement->differences += finding.legality != (legal ? LEGAL : ILLEGAL);
	made_free(&made);
}

void agree(const struct subject *subject, unsigned times, uint64_t seed,
	   struct agreement *agreement)
{
	struct room *room = room_open();
	struct pcg32 pcg = pcg32_seeded(seed, 7);

	*agreement = (struct agreement){.legal = 0};
	for (unsigned i = 0; i < times; i++) {
		struct recipe recipe = subject->recipe;

		recipe.operations = 1 + pcg32_below(&pcg, OPERATIONS_MAX);
		recipe.clients = 1 + pcg32_below(&pcg, CLIENTS_MAX);
		recipe.witness = pcg32_below(&pcg, 2);
		recipe.unknown = pcg32_below(&pcg, 3) * 20;
		recipe.lies = pcg32_below(&pcg, 3) * 30;
		compare(room, subject, &recipe, &pcg, agreement);
	}
	room_close(room);
}

/* ---- At length ------------------------------------------------------------------------------ */

/*
 * Beside dequeues of unknown outcome the patterns do not tell of those that found nothing. And of
 * the others now and then one is left out, so that somebody unknown must have taken its element,
 * if he came in time.
 */
static void leave_out_dequeues(struct made *made, unsigned percent, struct pcg32 *pcg)
{
	size_t kept = 0;

	for (size_t i = 0; i < made->history.count; i++) {
		const struct told *told = &made->operations[i].told;

		if (told->operation == 0 || !told->answered ||
		    (told->result && pcg32_below(pcg, 100) >= percent))
			made->operations[kept++] = made->operations[i];
	}
	made->history.count = kept;
}

static void compare_at_length(struct room *room, const struct subject *subject,
			      const struct recipe *recipe, unsigned swaps, struct pcg32 *pcg,
			      struct agreement *agreement)
{
	struct made made = make_history(recipe, pcg);
	struct finding finding;

	while (swaps--)
		swap_answers(&made, 2 * recipe->clients, pcg);
	if (recipe->model == &model_queue && recipe->unknown)
		leave_out_dequeues(&made, pcg32_below(pcg, 3), pcg);
	enum legality patterns = patterns_say(recipe->model, &made.history);

	judge(room, recipe->model, &made.history, &(struct judge_limits){0}, &finding);
	agreement->unknown += count_unknown(&made.history);
	agreement->legal += patterns == LEGAL;
	agreement->illegal += patterns == ILLEGAL;
	if ((patterns == UNDECIDED || finding.legality != patterns) && !agreement->differences++)
		printf("\n%s, %zu operations: the patterns say %d, the judge %d\n", subject->name,
		       made.history.count, (int)patterns, (int)finding.legality);
	made_free(&made);
}

void agree_at_length(const struct subject *subject, unsigned times, uint64_t seed,
		     struct agreement *agreement)
{
	enum { SHORTEST = 100, DOUBLINGS = 6, SWAPS_MAX = 3 };
	bool whole = subject->recipe.weights[5];
	struct room *room = room_open();
	struct pcg32 pcg = pcg32_seeded(seed, 8);

	*agreement = (struct agreement){.legal = 0};
	for (unsigned i = 0; i < times; i++) {
		struct recipe recipe = subject->recipe;
		unsigned most = (unsigned)SHORTEST << (1 + pcg32_below(&pcg, DOUBLINGS));

		recipe.operations = most / 2 + pcg32_below(&pcg, most);
		if (whole)
			recipe.operations /= 10;
		compare_at_length(room, subject, &recipe, pcg32_below(&pcg, SWAPS_MAX + 1), &pcg,
				  agreement);
	}
	room_close(room);
}

/* ---- Their cores ----------------------------------------------------------------------------- */

void agree_on_cores(const struct subject *subject, unsigned times, uint64_t seed,
		    struct agreement *agreement)
{
	enum { SHORTEST = 12, RANGE = 80, CLIENTS = 6, SWAPS = 8 };
	struct room *room = room_open(), *other = room_open();
	struct pcg32 pcg = pcg32_seeded(seed, 9);

	*agreement = (struct agreement){.legal = 0};
	for (unsigned i = 0; i < times; i++) {
		struct recipe recipe = subject->recipe;
		struct finding finding;

		recipe.operations = SHORTEST + pcg32_below(&pcg, RANGE);
		recipe.clients = 2 + pcg32_below(&pcg, CLIENTS);
		recipe.values = 1 + pcg32_below(&pcg, 4);
		recipe.unknown = pcg32_below(&pcg, 3) * 4;
		recipe.lies = pcg32_below(&pcg, 2) * 3;
		struct made made = make_history(&recipe, &pcg);

		if (recipe.weights[0] && !recipe.lies)
			swap_reads(&made, recipe.model, 1 + pcg32_below(&pcg, SWAPS), &pcg);
		judge(room, recipe.model, &made.history, &(struct judge_limits){.core = true},
		      &finding);
		agreement->unknown += count_unknown(&made.history);
		agreement->legal += finding.legality == LEGAL;
		agreement->illegal += finding.legality == ILLEGAL;
		agreement->differences += finding.legality == UNDECIDED;
		if (finding.legality == ILLEGAL &&
		    !core_holds(other, recipe.model, &made.history, &finding, &agreement->unsure) &&
		    !agreement->bad_cores++)
			show(subject, &made.history, false);
		made_free(&made);
	}
	room_close(other);
	room_close(room);
}
