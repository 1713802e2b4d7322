/* Warnings: what is legal and probably not meant. */
#include "sim/scenario/scenario.h"
#include "tests/tests.h"

#include <glob.h>

static struct complaints complaints;
static char said[2000];

/* All that is said of it, a line each. */
static const char *say_odd(void)
{
	said[0] = '\0';
	for (unsigned i = 0; i < complaints.odd_count; i++) {
		size_t size = strlen(said);

		snprintf(said + size, sizeof(said) - size, "%s\n", complaints.odd[i].text);
	}
	return said;
}

/* Of a scenario with these lines. */
static const char *warnings(const char *lines)
{
	char text[1000];

	snprintf(text, sizeof(text), "scenario: 1\nname: x\n%s\n", lines);
	struct scenario *scenario = scenario_parse("x.yaml", text, strlen(text), &complaints);

	if (!scenario)
		printf("\n  %s", complaints.list[0].text);
	CU_ASSERT_FATAL(scenario != NULL);
	scenario_free(scenario);
	return say_odd();
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

static void what_no_protocol_claims_to_survive_is_told(void)
{
	static const char single[] = "cluster: {protocol: single, nodes: 1, app: kv}\n"
				     "run: {duration: 10s}\n";
	static const char raft[] = RAFT("") "\n", keeps[] = "disk: {crash: keep}\n";
	static const struct {
		const char *cluster, *more, *says;
	} faults[] = {
		{raft, "faults: [{at: 1s, wipe: n2, for: 1s}]",
		 "raft does not claim to survive a wiped disk: what judges find after this fault "
		 "convicts nobody, and makes the verdict unknown\n"},
		{raft, "faults: [{at: 1s, lying_sync: leader, for: 1s}]",
		 "raft does not claim to survive lying_sync"},
		{raft, "faults: [{at: 1s, rot: n1}]",
		 "does not claim to survive a record that rots"},
		{raft, "faults: [{at: 1s, crash: all, for: 1s}]", ""},
		{single, "faults: [{at: 1s, crash: n1, for: 1s}]", ""},
		{raft, "nemesis: [{every: 1s, choose: {wipe: 1}, beyond_model: true}]", ""},
	};
	char lines[600];

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		snprintf(lines, sizeof(lines), "%s%s%s", faults[i].cluster, keeps, faults[i].more);
		CONTAINS(warnings(lines), faults[i].says);
		CU_ASSERT(faults[i].says[0] || !said[0]);
	}
}

/* Each group has a protocol of its own: only one of them is hit by what names its members. */
static void only_who_is_hit_need_survive(void)
{
	static const char groups[] = "cluster:\n"
				     "  - {group: log, protocol: abd, nodes: 3, app: kv}\n"
				     "  - {group: one, protocol: single, nodes: 1, app: kv}\n"
				     "run: {duration: 10s}\nfaults: [{at: 1s, wipe: %s}]";
	static const struct {
		const char *whom, *says;
	} hits[] = {
		{"n4", "single does not claim"},    {"n3", "abd does not claim"},
		{"[n1, n4]", "abd does not claim"}, {"random", "single does not claim"},
		{"all", "abd does not claim"},
	};
	char lines[600];

	for (size_t i = 0; i < sizeof(hits) / sizeof(hits[0]); i++) {
		snprintf(lines, sizeof(lines), groups, hits[i].whom);
		CONTAINS(warnings(lines), hits[i].says);
		EQUAL(complaints.odd_count, 1);
	}
}

static void a_fault_that_the_heal_cuts_short_is_told(void)
{
	static const char run[] = SINGLE "run: {duration: 20s, heal: 18s}\n";
	char lines[600];

	snprintf(lines, sizeof(lines), "%sfaults:\n  - {at: 17s, pause: n1, for: 5s}", run);
	CU_ASSERT_STRING_EQUAL(
		warnings(lines),
		"for: this fault would last until 22s, and the heal at 18s ends it\n");
	EQUAL(complaints.odd[0].line, 6);
	EQUAL(complaints.odd[0].column, 31);
	snprintf(lines, sizeof(lines), "%sfaults: [{at: 17s, pause: n1, for: 1s}]", run);
	CU_ASSERT_STRING_EQUAL(warnings(lines), "");
	snprintf(lines, sizeof(lines), "%sfaults: [{at: 17s, pause: n1}]", run);
	CU_ASSERT_STRING_EQUAL(warnings(lines), "");
}

static void expectations_that_cannot_be_meant_are_told(void)
{
	CU_ASSERT_STRING_EQUAL(warnings(SINGLE "run: {duration: 10s}\nexpect: []"),
			       "it expects nothing: only a violation fails it\n");
	CU_ASSERT_STRING_EQUAL(warnings(RAFT("") "\nbugs: [raft.ignores-log]"),
			       "a bug is on, but no violation is expected\n");
	CU_ASSERT_STRING_EQUAL(
		warnings(RAFT("") "\nexpect: [violation: {of: vote-once, within: 2}]"),
		"a violation is expected, but no bug is on: it turns to safe\n");
}

static void what_is_odd_is_told_beside_what_is_wrong(void)
{
	static const char text[] = "scenario: 1\nname: x\n"
				   "cluster: {protocol: raft, nodes: 3, app: kv}\n"
				   "run: {duration: 10s, warmup: 30s}\n"
				   "workload: {timeout: 1ms, keys: many}\n"
				   "faults: [{at: 1s, wipe: n1, for: 20s}, {at: x, wipe: n1}]\n"
				   "expect: [fast]\n";

	CU_ASSERT(!scenario_parse("x.yaml", text, strlen(text), &complaints));
	EQUAL(complaints.count, 3);
	CONTAINS(say_odd(), "run.warmup lasts until the heal or longer");
	CONTAINS(said, "workload.timeout is 1ms");
	CONTAINS(said, "raft does not claim to survive a wiped disk");
	CONTAINS(said, "would last until 21s, and the heal at 10s ends it");
	CU_ASSERT(complaints.odd_count >= 4);
	for (unsigned i = 0; i + 1 < complaints.odd_count; i++)
		CU_ASSERT(complaints.odd[i].line <= complaints.odd[i + 1].line);
}

static void of_what_was_refused_nothing_more_is_said(void)
{
	static const char text[] = "scenario: 1\nname: x\n" SINGLE "run: {duration: 10s}\n"
				   "network: {default: {latency: 10s}}\n"
				   "workload: {timeout: soon}\n";

	CU_ASSERT(!scenario_parse("x.yaml", text, strlen(text), &complaints));
	EQUAL(complaints.count, 1);
	CU_ASSERT_STRING_EQUAL(say_odd(), "");
}

static void no_scenario_of_the_tree_is_odd(void)
{
	glob_t found;

	CU_ASSERT(glob("scenarios/*/*.yaml", 0, NULL, &found) == 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct scenario *scenario = scenario_read(found.gl_pathv[i], &complaints);
		/* A bug that breaks no rule, and rot that is seen in time. */
		bool odd = strstr(found.gl_pathv[i], "18-match-goes-back.yaml") ||
			   strstr(found.gl_pathv[i], "rotten-records.yaml");

		CU_ASSERT_FATAL(scenario != NULL);
		if ((complaints.odd_count != 0) != odd)
			printf("\n  %s: %s", found.gl_pathv[i], say_odd());
		EQUAL(complaints.odd_count != 0, odd);
		scenario_free(scenario);
	}
	globfree(&found);
}

CU_TestInfo odd_tests[] = {
	{"a warm-up without end and a loop without time are odd", each_oddity_is_said},
	{"a timeout below a round trip is odd", timeouts_are_held_against_the_network},
	{"a protocol speaks for options that cannot work", protocols_speak_for_their_options},
	{"what no protocol claims to survive is told", what_no_protocol_claims_to_survive_is_told},
	{"only who is hit need survive", only_who_is_hit_need_survive},
	{"a fault that the heal cuts short is told", a_fault_that_the_heal_cuts_short_is_told},
	{"expectations that cannot be meant are told", expectations_that_cannot_be_meant_are_told},
	{"what is odd is told beside what is wrong", what_is_odd_is_told_beside_what_is_wrong},
	{"of what was refused nothing more is said", of_what_was_refused_nothing_more_is_said},
	{"no scenario of the tree is odd, but those that mean to be",
	 no_scenario_of_the_tree_is_odd},
	CU_TEST_INFO_NULL,
};
