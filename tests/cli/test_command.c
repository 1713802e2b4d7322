/* The command: what it takes, what it refuses, and what its exit status says. */
#include "tests/tests.h"

#include <unistd.h>

#include "tests/cli/shell.h"

#define SMALL(name, more)                                                                          \
	"scenario: 1\nname: " name "\n"                                                            \
	"cluster: {protocol: single, nodes: 1, app: register}\n"                                   \
	"workload: {clients: 2, rate: 50/s, arrival: poisson, keys: 3, timeout: 500ms}\n"          \
	"run: {duration: 2s, seeds: 1..1}\nplots: []\n" more

static const char good[] = SMALL("good", "expect: [safe, linearizable, live]\n");
static const char unmet[] = SMALL("unmet", "faults:\n  - {at: 500ms, crash: n1, for: 1s}\n"
					   "expect:\n  - safe\n  - availability: {min: 99%}\n");
static const char unknown[] = SMALL(
	"unknown", "faults:\n  - {at: 500ms, crash: follower, for: 100ms}\nexpect: [safe]\n");
static const char bad[] = SMALL("bad", "expectt: [safe]\n");

static void begin(void)
{
	shell_begin();
	shell_file("good.yaml", good);
	shell_file("unmet.yaml", unmet);
	shell_file("unknown.yaml", unknown);
	shell_file("bad.yaml", bad);
}

static void help_teaches(void)
{
	static const char *const of_run[] = {"--seeds A..B",     "--seed N",
					     "--jobs N",         "--until TIME|EVENT",
					     "--inspect n2|all", "timer election",
					     "--bug NAME",       "--no-bugs",
					     "--for TIME",       "--stop-on-violation",
					     "--json",           "--trace",
					     "--out DIR",        "--quiet",
					     "Examples:",        "Exit status:"};

	begin();
	EQUAL(shell("$ORDEAL --help"), 0);
	CONTAINS(shell_out(), "ordeal run FILE...");
	CONTAINS(shell_out(), "ordeal lint FILE...");
	CONTAINS(shell_out(), "ordeal list KIND...");
	CONTAINS(shell_out(), "ordeal schema");
	CONTAINS(shell_out(), "ordeal report PATH...");
	CONTAINS(shell_out(), "interrupted");
	EQUAL(shell("$ORDEAL run --help"), 0);
	for (size_t i = 0; i < sizeof(of_run) / sizeof(of_run[0]); i++)
		CONTAINS(shell_out(), of_run[i]);
	EQUAL(shell("$ORDEAL help list"), 0);
	CONTAINS(shell_out(), "Usage: ordeal list KIND...");
	EQUAL(shell("$ORDEAL"), 2);
	CONTAINS(shell_err(), "Usage:");
	EQUAL(shell("$ORDEAL --version"), 0);
	CONTAINS(shell_out(), "ordeal 1");
	shell_end();
}

static void a_wrong_word_is_told_its_neighbour(void)
{
	begin();
	EQUAL(shell("$ORDEAL rnu good.yaml"), 2);
	CONTAINS(shell_err(), "there is no command \"rnu\"; did you mean run?");
	EQUAL(shell("$ORDEAL run good.yaml --sedes 1..2"), 2);
	CONTAINS(shell_err(), "there is no option \"sedes\"; did you mean seeds?");
	EQUAL(shell("$ORDEAL list judgse"), 2);
	CONTAINS(shell_err(), "did you mean judges?");
	shell_file("raft.yaml",
		   "scenario: 1\nname: raft\n"
		   "cluster: {protocol: raft, nodes: 3, app: kv}\nrun: {duration: 1s}\n");
	EQUAL(shell("$ORDEAL run raft.yaml --bug raft.ignores-lgo"), 2);
	CONTAINS(shell_err(), "did you mean raft.ignores-log?");
	EQUAL(shell("$ORDEAL run good.yaml --bug raft.ignores-log"), 2);
	CONTAINS(shell_err(), "there is no bug");
	EQUAL(shell("test -e out"), 1);
	shell_end();
}

static void a_wrong_value_is_told_what_is_accepted(void)
{
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{"$ORDEAL run good.yaml --seeds 9..1", "a range A..B"},
		{"$ORDEAL run good.yaml --seeds 1..x", "a range A..B"},
		{"$ORDEAL run good.yaml --seeds 1..3000000000", "at most a billion"},
		{"$ORDEAL run good.yaml --seed -1", "a seed is a number"},
		{"$ORDEAL run good.yaml --seed 99999999999999999999", "a seed is a number"},
		{"$ORDEAL run good.yaml --jobs 0", "from 1 to"},
		{"$ORDEAL run good.yaml --jobs 1000", "from 1 to"},
		{"$ORDEAL run good.yaml --until 10x", "a number with its unit"},
		{"$ORDEAL run good.yaml --until 0", "an event a number without"},
		{"$ORDEAL run good.yaml --inspect m2", "a process is n1 to n64, or all"},
		{"$ORDEAL run good.yaml --inspect n0", "a process is n1 to n64, or all"},
		{"$ORDEAL run good.yaml --inspect n2", "no such process; accepted: n1 to n1"},
		{"$ORDEAL run good.yaml --seed 1 --seeds 1..2", "seeds are given more than once"},
		{"$ORDEAL run good.yaml --seed 1 --seed 2", "seeds are given more than once"},
		{"$ORDEAL run good.yaml --bug raft.ignores-log --no-bugs", "one of them"},
		{"$ORDEAL run good.yaml --until 0s", "above zero"},
		{"$ORDEAL run good.yaml --out ''", "a folder has a name"},
		{"$ORDEAL run good.yaml --seed", "needs a value"},
		{"$ORDEAL run good.yaml --quiet=1", "takes no value"},
		{"$ORDEAL run", "needs a scenario file"},
		{"$ORDEAL lint", "needs a scenario file"},
		{"$ORDEAL list", "needs a kind"},
		{"$ORDEAL list keys > /dev/full", "cannot print: No space left"},
		{"$ORDEAL schema > /dev/full", "cannot print: No space left"},
	};

	begin();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		EQUAL(shell(wrong[i].line), 2);
		CONTAINS(shell_err(), wrong[i].says);
	}
	EQUAL(shell("test -e out"), 1);
	shell_end();
}

static void the_exit_status_is_the_verdict(void)
{
	begin();
	EQUAL(shell("$ORDEAL run good.yaml"), 0);
	CONTAINS(shell_out(), "good: holds");
	EQUAL(shell("$ORDEAL run unmet.yaml"), 1);
	CONTAINS(shell_out(), "unmet: UNMET");
	/* As it was called, so that it can be typed again here. */
	CONTAINS(shell_out(), "again: /");
	CONTAINS(shell_out(), "/ordeal run unmet.yaml --seed 1\n");
	CONTAINS(shell_text("out/latest/verdict.json"),
		 "\"replay\": \"ordeal run unmet.yaml --seed 1\"");
	EQUAL(shell("$ORDEAL run unknown.yaml"), 3);
	CONTAINS(shell_out(), "never fired");
	EQUAL(shell("$ORDEAL run bad.yaml"), 2);
	shell_end();
}

static void over_several_files_the_gravest_counts_and_all_run(void)
{
	begin();
	EQUAL(shell("$ORDEAL run good.yaml unknown.yaml"), 3);
	EQUAL(shell("$ORDEAL run unmet.yaml unknown.yaml good.yaml"), 1);
	EQUAL(shell("rm -r out; $ORDEAL run bad.yaml unmet.yaml good.yaml"), 2);
	EQUAL(shell("test -f out/unmet/seed-1/verdict.json -a -f out/good/seed-1/verdict.json"), 0);
	EQUAL(shell("$ORDEAL run good.yaml good.yaml"), 2);
	CONTAINS(shell_err(), "its results would be lost");
	shell_end();
}

static void quiet_says_nothing_of_what_holds(void)
{
	begin();
	EQUAL(shell("$ORDEAL run good.yaml unmet.yaml --quiet"), 1);
	CU_ASSERT(strstr(shell_out(), "good") == NULL);
	CONTAINS(shell_out(), "unmet: UNMET");
	shell_end();
}

static void bad_input_is_refused_with_its_place_and_leaves_nothing(void)
{
	begin();
	EQUAL(shell("$ORDEAL run bad.yaml"), 2);
	CONTAINS(shell_err(), "bad.yaml:7:1: error:");
	CONTAINS(shell_err(), "expect");
	CONTAINS(shell_err(), "^");
	EQUAL(shell("$ORDEAL run missing.yaml"), 2);
	CONTAINS(shell_err(), "missing.yaml");
	EQUAL(shell("$ORDEAL run ."), 2);
	EQUAL(shell("head -c 4096 /dev/urandom > noise.yaml; $ORDEAL run noise.yaml"), 2);
	EQUAL(shell(": > empty.yaml; $ORDEAL run empty.yaml"), 2);
	EQUAL(shell("test -e out"), 1);
	shell_end();
}

static void lint_tells_what_is_wrong_and_what_is_odd(void)
{
	begin();
	EQUAL(shell("$ORDEAL lint good.yaml"), 0);
	CONTAINS(shell_out(), "good.yaml: sound");
	EQUAL(shell("$ORDEAL lint good.yaml bad.yaml"), 2);
	CONTAINS(shell_err(), "bad.yaml:7:1: error:");
	shell_file("odd.yaml", SMALL("odd", "expect: []\n"));
	EQUAL(shell("$ORDEAL lint odd.yaml"), 0);
	CONTAINS(shell_out(), "warning: it expects nothing");
	shell_file("hasty.yaml", SMALL("hasty", "network: {default: {latency: 400ms}}\n"));
	EQUAL(shell("$ORDEAL lint hasty.yaml"), 0);
	CONTAINS(shell_out(),
		 "hasty.yaml:4:72: warning: workload.timeout is 500ms, and there and back");
	EQUAL(shell("$ORDEAL run hasty.yaml --until 1s"), 0);
	CONTAINS(shell_err(), "hasty.yaml:4:72: warning: workload.timeout is 500ms, and there and");
	EQUAL(shell("sed 's/keys: 3/keys: x/' hasty.yaml > both.yaml; $ORDEAL lint both.yaml"), 2);
	CONTAINS(shell_err(), "both.yaml:4:60: error: keys");
	CONTAINS(shell_err(), "both.yaml:4:72: warning: workload.timeout");
	EQUAL(shell("$ORDEAL run good.yaml && test ! -s .stderr && rm -r out"), 0);
	EQUAL(shell("test -e out"), 1);
	shell_end();
}

static void every_kind_of_list_has_something_in_it(void)
{
	static const struct {
		const char *line, *says;
	} kinds[] = {
		{"$ORDEAL list protocols", "raft"},
		{"$ORDEAL list apps", "register"},
		{"$ORDEAL list workloads", "poisson"},
		{"$ORDEAL list faults", "partition"},
		{"$ORDEAL list judges", "leader-completeness"},
		{"$ORDEAL list bugs", "raft.ignores-log"},
		{"$ORDEAL list bugs", "raft, by sections of Ongaro and Ousterhout, USENIX ATC"},
		{"$ORDEAL list bugs", "Guerraoui, Levy, ICDCS 2004:"},
		{"$ORDEAL list limits", "open operations"},
		{"$ORDEAL list keys", "duration"},
	};

	begin();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		EQUAL(shell(kinds[i].line), 0);
		CONTAINS(shell_out(), kinds[i].says);
	}
	shell_end();
}

static void examples_name_what_there_is(void)
{
	begin();
	EQUAL(shell("for c in '' run check lint list schema report; do $ORDEAL help $c; done | "
		    "grep -oE 'scenarios/[a-z]+/[a-z-]+[.]yaml|out/raft-[a-z-]+' | "
		    "sed 's,out/raft-\\(.*\\),scenarios/raft/\\1.yaml,' | sort -u > named"),
	      0);
	EQUAL(shell("test $(wc -l < named) -gt 1"), 0);
	EQUAL(shell("while read file; do test -e \"$HERE/$file\" || echo \"$file\"; done < named"),
	      0);
	CU_ASSERT_STRING_EQUAL(shell_out(), "");
	shell_end();
}

static void the_schema_is_printed(void)
{
	begin();
	EQUAL(shell("$ORDEAL schema"), 0);
	CONTAINS(shell_out(), "\"$schema\": \"http://json-schema.org/draft-07/schema#\"");
	CONTAINS(shell_out(), "\"election_timeout\"");
	CONTAINS(shell_out(), "\"slow_disk\"");
	EQUAL(shell("$ORDEAL schema good.yaml"), 2);
	CONTAINS(shell_err(), "schema takes no files");
	shell_end();
}

static void a_run_ends_after_the_event_that_is_asked_for(void)
{
	begin();
	EQUAL(shell("$ORDEAL run good.yaml --until 217 --trace --inspect all"), 0);
	CONTAINS(shell_out(), "seed 1: 217 events in ");
	CONTAINS(shell_out(), "not judged: the run was cut short");
	CONTAINS(shell_out(), ", after event 217: single of group 0, up, booted 1 time\n");
	CONTAINS(shell_text("out/latest/trace.txt"), "#   time in s   event  what\n");
	EQUAL(shell("tail -n 1 out/latest/trace.txt | grep -q ' 217  '"), 0);
	CONTAINS(shell_text("out/latest/verdict.json"), "--until 217 --seed 1");
	CONTAINS(shell_text("out/latest/inspect.txt"), "n1 at ");
	EQUAL(shell("rm -r out; $ORDEAL run good.yaml --until 1500ms --inspect n1"), 0);
	CONTAINS(shell_out(), "n1 at 1.500000 s, after event ");
	EQUAL(shell("rm -r out; $ORDEAL run good.yaml --until 1.25s --inspect n1"), 0);
	CONTAINS(shell_out(), "n1 at 1.250000 s, after event "); /* not after event 1 */
	EQUAL(shell("rm -r out; $ORDEAL run good.yaml --until 100000000"), 0);
	EQUAL(shell("test -e out/latest/inspect.txt"), 1);
	shell_end();
}

static void what_a_run_cut_short_cannot_decide_is_not_judged(void)
{
	begin();
	/* The server is down still: what succeeded so far says nothing of the whole. */
	EQUAL(shell("echo '  - recovers: {within: 1s, after: fault}' >> unmet.yaml; "
		    "$ORDEAL run unmet.yaml --until 1200ms"),
	      0);
	CONTAINS(shell_out(), "unmet: holds, as far as it went\n");
	CONTAINS(shell_out(), " unknown, with what was open at the cut\n");
	CONTAINS(shell_out(), "s of simulated time; cut short by --until 1200ms\n");
	CONTAINS(shell_out(), "availability: {min: 99%}           not judged: the run was cut ");
	CONTAINS(shell_out(), "after: fault} not judged: the run was cut short");
	CONTAINS(shell_text("out/latest/verdict.json"), "\"cut_short\": true");
	EQUAL(shell("$ORDEAL run good.yaml --until 1"), 0);
	CONTAINS(shell_out(), "linearizable                       not judged: the run was cut ");
	shell_end();
}

static void an_end_beyond_the_end_is_told(void)
{
	begin();
	EQUAL(shell("$ORDEAL run good.yaml --until 9999999"), 0);
	CONTAINS(shell_out(), "; it ended before --until 9999999\n");
	CONTAINS(shell_out(), "live                               met");
	EQUAL(shell("$ORDEAL run good.yaml --until 1h --seeds 1..3"), 0);
	CONTAINS(shell_out(), "; 3 ended before --until 1h\n");
	EQUAL(shell("$ORDEAL run good.yaml"), 0);
	CU_ASSERT(!strstr(shell_out(), "--until"));
	shell_end();
}

/* One client, so that the last write that was answered is what a key holds. */
static void an_inspected_process_tells_its_values(void)
{
	begin();
	EQUAL(shell("sed 's/clients: 2/clients: 1, mix: {read: 30%, write: 70%}/' good.yaml > "
		    "one.yaml && $ORDEAL run one.yaml --inspect n1 && "
		    "grep -A1 '  register  ' out/latest/inspect.txt | tail -n 1 > values"),
	      0);
	EQUAL(shell("for k in k0 k1 k2; do grep '\"type\":\"ok\",\"f\":\"write\",\"key\":\"'$k "
		    "out/latest/history.jsonl | tail -n 1 | "
		    "sed 's/.*\"value\":\\([0-9]*\\).*/'$k' = \\1/'; done | paste -sd, | "
		    "sed 's/,/, /g; s/^/    /' > last; test -s last && diff last values"),
	      0);
	CU_ASSERT_STRING_EQUAL(shell_out(), "");
	/* Of many keys the first: a line has eight of them. */
	EQUAL(shell("sed 's/keys: 3/keys: 300/; s/50\\/s/500\\/s/' one.yaml > many.yaml && "
		    "$ORDEAL run many.yaml --inspect n1"),
	      0);
	EQUAL(shell("sed -n 's/^    k[0-9]* = .*/&/p' out/latest/inspect.txt > values; "
		    "test $(wc -l < values) -eq 8 -a $(tr -cd = < values | wc -c) -eq 64"),
	      0);
	EQUAL(shell("tail -n 1 values | grep -qE ', and [0-9]+ more$'"), 0);
	EQUAL(shell("$ORDEAL run many.yaml --until 1 --inspect n1 && "
		    "! grep ' k[0-9]' out/latest/inspect.txt"),
	      0);
	shell_end();
}

static void a_conviction_is_inspected_where_it_fell(void)
{
	char event[32];

	begin();
	shell_file("raft.yaml",
		   "scenario: 1\nname: raft\ncluster: {protocol: raft, nodes: 3, app: kv}\n"
		   "run: {duration: 2s}\nplots: []\n");
	EQUAL(shell("$ORDEAL run raft.yaml --bug raft.quorum-too-small --bug "
		    "raft.ignores-log --seeds 1..200 --inspect all --jobs 1 | head -n 400 > said; "
		    "grep -m 1 '\"event\"' out/latest/verdict.json | tr -dc 0-9 > event; "
		    "test -s event"),
	      0);
	snprintf(event, sizeof(event), "after event %.16s:", shell_text("event"));
	CONTAINS(shell_text("said"), event);
	shell_end();
}

/* The source is what names limits: one that the list lacks is found here. */
static void every_limit_that_ends_a_run_is_listed(void)
{
	char line[256], here[4096];

	if (!getcwd(here, sizeof(here)))
		abort();
	begin();
	setenv("SOURCE", here, 1);
	EQUAL(shell("grep -rhoE 'world_limit\\([^;]*\"[^\"]+\"' \"$SOURCE/sim\" | "
		    "sed -E 's/.*\"([^\"]+)\"/\\1/' | sort -u > names; test -s names"),
	      0);
	char *copy = strdup(shell_text("names")), *rest = copy, *name;

	EQUAL(shell("$ORDEAL list limits"), 0);
	while ((name = strsep(&rest, "\n")))
		if (name[0]) {
			snprintf(line, sizeof(line), "%s ", name);
			CONTAINS(shell_out(), line);
		}
	free(copy);
	shell_end();
}

CU_TestInfo command_tests[] = {
	{"help teaches each command, its options and its exit statuses", help_teaches},
	{"a wrong word is told its neighbour", a_wrong_word_is_told_its_neighbour},
	{"a wrong value is told what is accepted", a_wrong_value_is_told_what_is_accepted},
	{"the exit status is the verdict", the_exit_status_is_the_verdict},
	{"over several files the gravest counts, and all run",
	 over_several_files_the_gravest_counts_and_all_run},
	{"quiet says nothing of what holds", quiet_says_nothing_of_what_holds},
	{"bad input is refused with its place, and leaves nothing",
	 bad_input_is_refused_with_its_place_and_leaves_nothing},
	{"lint tells what is wrong and what is odd", lint_tells_what_is_wrong_and_what_is_odd},
	{"every kind of list has something in it", every_kind_of_list_has_something_in_it},
	{"the schema of scenarios is printed", the_schema_is_printed},
	{"the help pages name scenarios that exist", examples_name_what_there_is},
	{"a run ends after the event that is asked for, and tells of its processes",
	 a_run_ends_after_the_event_that_is_asked_for},
	{"what a run cut short cannot decide is not judged",
	 what_a_run_cut_short_cannot_decide_is_not_judged},
	{"an end beyond a run's own end is told", an_end_beyond_the_end_is_told},
	{"an inspected process tells its values", an_inspected_process_tells_its_values},
	{"a conviction is inspected where it fell", a_conviction_is_inspected_where_it_fell},
	{"every limit that ends a run is listed", every_limit_that_ends_a_run_is_listed},
	CU_TEST_INFO_NULL,
};
