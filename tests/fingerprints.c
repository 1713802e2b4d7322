/*
 * Determinism, shown: runs every scenario that is named (one seed, its first ten simulated seconds)
 * twice, the second time with its arena elsewhere and junk in freed memory, then with no judges,
 * then with a trace. All must have one fingerprint; it is printed, so that builds can be compared.
 * Over many seeds it is the fingerprints' own digest that is printed.
 *
 * usage: fingerprints [--seeds N] FILE...
 */
#include "sim/run/twin.h"

#include <inttypes.h>
#include <stdlib.h>

static struct theatre *here, *elsewhere;
static FILE *nowhere;

/* The whole run, its liveness phase too, judged and not. */
static bool whole(const struct scenario *scenario, uint64_t seed, uint64_t *digest)
{
	struct run_options options = {.seed = seed};
	struct run_result judged, unjudged;

	run_scenario(here, scenario, &options, &judged);
	options.unjudged = true;
	run_scenario(here, scenario, &options, &unjudged);
	if (judged.verdict == VIOLATED)
		return true; /* stopped early: it has no unjudged twin */
	*digest = (*digest ^ judged.fingerprint) * 0x9E3779B97F4A7C15u;
	if (judged.fingerprint == unjudged.fingerprint)
		return true;
	printf("%s seed %" PRIu64 ": as a whole %016" PRIx64 ", unjudged %016" PRIx64 "\n",
	       scenario->path, seed, judged.fingerprint, unjudged.fingerprint);
	return false;
}

/* Mixes the run's fingerprint into `digest`. */
static bool one(const struct scenario *scenario, uint64_t seed, uint64_t *digest)
{
	struct run_options options = {.seed = seed, .duration_max = 10 * (nanoseconds)1000000000};
	struct run_result unjudged, traced;
	struct twin twin;

	run_twins(here, elsewhere, scenario, &options, &twin);
	if (!twin.equal) {
		printf("%s seed %" PRIu64 ": the runs part at event %" PRIu64 "\n  %s\n  %s\n",
		       scenario->path, seed, twin.event, twin.first, twin.second);
		return false;
	}
	options.trace = nowhere;
	run_scenario(here, scenario, &options, &traced);
	options.trace = NULL;
	/* A run that a judge stopped early has no unjudged twin. */
	bool stopped = traced.verdict == VIOLATED;

	options.unjudged = true;
	run_scenario(here, scenario, &options, &unjudged);
	if (traced.fingerprint != twin.fingerprint ||
	    (!stopped && unjudged.fingerprint != twin.fingerprint)) {
		printf("%s seed %" PRIu64 ": %016" PRIx64 ", traced %016" PRIx64
		       ", unjudged %016" PRIx64 "\n",
		       scenario->path, seed, twin.fingerprint, traced.fingerprint,
		       unjudged.fingerprint);
		return false;
	}
	*digest = (*digest ^ twin.fingerprint) * 0x9E3779B97F4A7C15u;
	return stopped || whole(scenario, seed, digest);
}

int main(int argc, char **argv)
{
	uint64_t seeds = 1;
	bool equal = true;
	int first = 1;

	if (argc > 2 && !strcmp(argv[1], "--seeds")) {
		seeds = strtoull(argv[2], NULL, 10);
		first = 3;
	}
	here = theatre_open(ARENA_BASE);
	elsewhere = theatre_open(ARENA_BASE + ((uintptr_t)1 << 40));
	nowhere = fopen("/dev/null", "w");
	if (!here || !elsewhere || !nowhere || first >= argc) {
		fprintf(stderr, "usage: fingerprints [--seeds N] FILE...\n");
		return 2;
	}
	for (int i = first; i < argc; i++) {
		struct complaints complaints = {0};
		struct scenario *scenario = scenario_read(argv[i], &complaints);

		if (!scenario) {
			complaints_print(stdout, argv[i], NULL, &complaints);
			return 2;
		}
		uint64_t digest = 0;

		for (uint64_t seed = 1; seed <= seeds; seed++)
			equal &= one(scenario, seed, &digest);
		printf("%016" PRIx64 "  %s\n", digest, argv[i]);
		fflush(stdout);
		scenario_free(scenario);
	}
	fclose(nowhere);
	theatre_close(here);
	theatre_close(elsewhere);
	return !equal;
}
