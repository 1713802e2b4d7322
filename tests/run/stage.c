/* See stage.h. */
#include "tests/run/stage.h"

struct theatre *here, *elsewhere;
struct scenario *scenario;
struct run_result result;

void open_theatres(void)
{
	here = theatre_open(ARENA_BASE);
	elsewhere = theatre_open(ARENA_BASE + ((uintptr_t)1 << 40));
	CU_ASSERT_FATAL(here && elsewhere);
}

void close_theatres(void)
{
	if (scenario)
		scenario_free(scenario);
	scenario = NULL;
	theatre_close(here);
	theatre_close(elsewhere);
}

void parse(const char *cluster, const char *more)
{
	struct complaints complaints = {0};
	char text[2000];

	if (scenario)
		scenario_free(scenario);
	snprintf(text, sizeof(text),
		 "scenario: 1\nname: test\nshows: A test.\ncluster: {%s}\n"
		 "workload: {clients: 3, rate: 50/s, arrival: poisson, keys: 3, timeout: 1s}\n%s",
		 cluster, more);
	scenario = scenario_parse("test", text, strlen(text), &complaints);
	if (!scenario)
		complaints_print(stdout, "test", text, &complaints);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scenario);
}

void run_seed(uint64_t seed)
{
	run_scenario(here, scenario, &(struct run_options){.seed = seed}, &result);
}

const char *const raft3 = "protocol: raft, nodes: 3, app: register";
const char *const single = "protocol: single, nodes: 1, app: register";

struct protocol changed;
const struct protocol *original;

void replace(void)
{
	original = scenario->groups[0].protocol;
	changed = *original;
	scenario->groups[0].protocol = &changed;
}

void request_asserts(struct env *env, void *state, const struct request *request)
{
	ORDEAL_ASSERT(env, env_now(env) < 1000000000);
	original->request(env, state, request);
}
