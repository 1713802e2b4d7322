/* Warnings: what is legal and probably not meant. */
#include "sim/scenario/scenario.h"
#include "tests/tests.h"

#include <glob.h>

static char said[2000];

static void say(void *context, const char *warning)
{
	size_t size = strlen(said);

	(void)context;
	snprintf(said + size, sizeof(said) - size, "%s\n", warning);
}

/* All that is said of a scenario with these lines. */
static const char *warnings(const char *lines)
{
	struct complaints complaints;
	char text[1000];

	snprintf(text, sizeof(text), "scenario: 1\nname: x\n%s\n", lines);
	struct scenario *scenario = scenario_parse("x.yaml", text, strlen(text), &complaints);

	said[0] = '\0';
	if (!scenario)
		printf("\n  %s", complaints.list[0].text);
	CU_ASSERT_FATAL(scenario != NULL);
	scenario_odd(scenario, say, NULL);
	scenario_free(scenario);
	return said;
}

#define SINGLE "cluster: {protocol: single, nodes: 1, app: kv}\n"
#define RAFT(options)                                                                              \
	"cluster: {protocol: raft, nodes: 3, app: kv, options: {" options "}}\n"                   \
	"run: {duration: 10s}"

static void each_oddity_is_said(void)
{
	CU_ASSERT_STRING_EQUAL(warnings(SINGLE "run: {duration: 10s, heal: 5s, warmup: 5s}"),
			       "run.warmup lasts until the heal or longer: nothing is measured\n");
	CU_ASSERT_STRING_EQUAL(warnings(SINGLE "run: {duration: 10s, heal: 5s, warmup: 4999ms}"),
			       "");
	CONTAINS(warnings(SINGLE "run: {duration: 10s}\nnetwork: {default: {latency: 0s}}\n"
				 "workload: {think: 0s}"),
		 "may ask for ever while no time passes, until run.max_events ends it");
	CU_ASSERT_STRING_EQUAL(warnings(SINGLE
					"run: {duration: 10s}\nnetwork: {default: {latency: "
					"0s}}\nworkload: {think: 0s}\nprocess: {service: 1us}"),
			       "");
	CU_ASSERT_STRING_EQUAL(warnings(SINGLE "run: {duration: 10s}\nworkload: {think: 0s}"), "");
	CU_ASSERT_STRING_EQUAL(warnings(SINGLE "run: {duration: 10s}\nnetwork: {default: {latency: "
					       "0s}}\nworkload: {rate: 5/s, arrival: poisson}"),
			       "");
}

static void timeouts_are_held_against_the_network(void)
{
	static const struct {
		const char *latency, *says;
	} networks[] = {
		{"10ms", "workload.timeout is 19ms, and there and back again takes 20ms"},
		{"9ms", ""},
		{"\"uniform(2ms, 18ms)\"", "takes 20ms"},
		{"\"lognormal(p50=10ms, p99=90ms)\"", "takes 20ms"},
		{"\"lognormal(p50=9ms, p99=900ms)\"", ""},
	};
	char lines[400];

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		snprintf(lines, sizeof(lines),
			 SINGLE "run: {duration: 10s}\nnetwork: {default: {latency: %s}}\n"
				"workload: {timeout: 19ms}",
			 networks[i].latency);
		CONTAINS(warnings(lines), networks[i].says);
		CU_ASSERT(networks[i].says[0] || !said[0]);
	}
	CU_ASSERT_STRING_EQUAL(
		warnings(SINGLE "run: {duration: 10s}\nnetwork: {default: {latency: 10ms}}\n"
				"workload: {timeout: 19ms, clients: 0}"),
		"");
}

static void protocols_speak_for_their_options(void)
{
	CU_ASSERT_STRING_EQUAL(warnings(RAFT("heartbeat: 150ms")),
			       "options of raft: heartbeat is not below the least "
			       "election_timeout: followers depose a leader that is well\n");
	CU_ASSERT_STRING_EQUAL(warnings(RAFT("heartbeat: 149ms")), "");
	CU_ASSERT_STRING_EQUAL(warnings(RAFT("heartbeat: 150ms, election_timeout: 200ms..300ms")),
			       "");
}

static void no_scenario_of_the_tree_is_odd(void)
{
	glob_t found;

	CU_ASSERT(glob("scenarios/*/*.yaml", 0, NULL, &found) == 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct complaints complaints;
		struct scenario *scenario = scenario_read(found.gl_pathv[i], &complaints);

		said[0] = '\0';
		CU_ASSERT_FATAL(scenario != NULL);
		scenario_odd(scenario, say, NULL);
		if (said[0])
			printf("\n  %s: %s", found.gl_pathv[i], said);
		CU_ASSERT(!said[0]);
		scenario_free(scenario);
	}
	globfree(&found);
}

CU_TestInfo odd_tests[] = {
	{"a warm-up without end and a loop without time are odd", each_oddity_is_said},
	{"a timeout below a round trip is odd", timeouts_are_held_against_the_network},
	{"a protocol speaks for options that cannot work", protocols_speak_for_their_options},
	{"no scenario of the tree is odd", no_scenario_of_the_tree_is_odd},
	CU_TEST_INFO_NULL,
};
