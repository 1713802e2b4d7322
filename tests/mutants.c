/*
 * Mutants of scenarios, at length: each is refused with a complaint, or is a scenario that survives
 * being written and can be run. Under the sanitizers, none may make them speak; and none may take
 * longer than some seconds.
 *
 * A mutant is made of its number and the list of files alone: number n is made of file n modulo
 * their count. Two processes share the work; who dies has told how far it came.
 *
 * usage: mutants N FILE... | mutants --only NUMBER FILE...: prints that one, and judges it
 */
#include "tests/scenario/mutants.h"
#include "sim/cli/child.h"
#include "sim/cli/progress.h"
#include "sim/run/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORKERS = 2, SECONDS_EACH = 20, EVENTS_EACH = 3000, WRONG_MAX = 96 };

struct task {
	char **files;
	uint64_t file_count, mutants;
	unsigned worker; /* makes mutants worker, worker + WORKERS, ... */
};

struct report {
	bool good;
	char wrong[WRONG_MAX]; /* empty: nothing */
};

static void make_mutant(struct mutant *mutant, const struct task *task, uint64_t number)
{
	const char *path = task->files[number % task->file_count];
	struct pcg32 pcg = pcg32_seeded(number, 11);

	if (!mutant_read(mutant, path)) {
		fprintf(stderr, "mutants: %s can't be read\n", path);
		exit(2);
	}
	mutant_spoil(mutant, &pcg);
}

/* A scenario that is accepted can be run, a little: whatever comes of it but a crash. */
static void try_mutant(struct theatre *theatre, const struct mutant *mutant, FILE *nowhere,
		       struct report *report)
{
	const struct run_options options = {.seed = 1, .events_max = EVENTS_EACH};
	struct scenario *scenario;
	struct run_result result;
	const char *wrong = mutant_judge(mutant, nowhere, &scenario);

	*report = (struct report){.good = scenario != NULL};
	if (wrong)
		snprintf(report->wrong, sizeof(report->wrong), "%s", wrong);
	if (scenario)
		run_scenario(theatre, scenario, &options, &result);
	scenario_free(scenario);
}

static void work(int to, void *context)
{
	static struct mutant mutant;
	const struct task *task = context;
	struct theatre *theatre = theatre_open(ARENA_BASE);
	FILE *nowhere = fopen("/dev/null", "w");
	struct report report;

	if (!theatre || !nowhere)
		return;
	for (uint64_t i = task->worker; i < task->mutants; i += WORKERS) {
		make_mutant(&mutant, task, i);
		alarm(SECONDS_EACH);
		try_mutant(theatre, &mutant, nowhere, &report);
		if (!child_tell(to, &report, sizeof(report)))
			break;
	}
	fclose(nowhere);
	theatre_close(theatre);
}

static _Noreturn void give_up(struct child *workers, const char *why, uint64_t number)
{
	for (unsigned w = 0; w < WORKERS; w++)
		child_kill(&workers[w]);
	printf("%s at mutant %" PRIu64 "\n", why, number);
	exit(1);
}

static int judge_all(const struct task *task)
{
	struct task tasks[WORKERS];
	struct child workers[WORKERS] = {0};
	struct progress progress;
	struct report report;
	uint64_t good = 0, wrong = 0;

	for (unsigned w = 0; w < WORKERS; w++) {
		tasks[w] = *task;
		tasks[w].worker = w;
		if (!child_start(&workers[w], work, &tasks[w]))
			give_up(workers, "no process for a worker", 0);
	}
	progress_begin(&progress);
	for (uint64_t i = 0; i < task->mutants; i++) {
		switch (child_read(&workers[i % WORKERS], &report, sizeof(report))) {
		case HEARD: break;
		case HEARD_NOTHING_MORE: give_up(workers, "a worker died or hung", i);
		case HEARD_INTERRUPT: give_up(workers, "interrupted", i);
		}
		good += report.good;
		wrong += report.wrong[0] != 0;
		if (report.wrong[0])
			printf("mutant %" PRIu64 ": %s\n", i, report.wrong);
		progress_show(&progress, "mutants", i + 1, task->mutants, 0);
	}
	progress_end(&progress);
	for (unsigned w = 0; w < WORKERS; w++)
		child_end(&workers[w]);
	printf("%" PRIu64 " mutants of %" PRIu64 " scenarios: %" PRIu64 " refused, %" PRIu64
	       " accepted and run, %" PRIu64 " wrong\n",
	       task->mutants, task->file_count, task->mutants - good, good, wrong);
	return wrong != 0;
}

static int judge_one(const struct task *task, uint64_t number)
{
	static struct mutant mutant;
	struct theatre *theatre = theatre_open(ARENA_BASE);
	struct report report;

	if (!theatre)
		return 1;
	make_mutant(&mutant, task, number);
	fwrite(mutant.text, 1, mutant.size, stdout);
	fflush(stdout);
	try_mutant(theatre, &mutant, stderr, &report);
	fprintf(stderr, "%s%s\n", report.good ? "accepted" : "refused", report.wrong);
	theatre_close(theatre);
	return report.wrong[0] != 0;
}

int main(int argc, char **argv)
{
	bool only = argc > 3 && !strcmp(argv[1], "--only");
	int first = only ? 3 : 2;
	uint64_t number = argc > first ? strtoull(argv[first - 1], NULL, 10) : 0;
	struct task task = {argv + first, (uint64_t)(argc - first), number, 0};

	if (argc <= first || (!only && !number) || !interrupts_watch()) {
		fprintf(stderr, "usage: mutants N FILE... | mutants --only NUMBER FILE...\n");
		return 2;
	}
	return only ? judge_one(&task, number) : judge_all(&task);
}
