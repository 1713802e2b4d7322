/* What runs leave behind: whole, the same every time, and nothing else. */
#include "tests/tests.h"

#include <jansson.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/check/check.h"
#include "tests/cli/shell.h"

static const char raft[] = "scenario: 1\n"
			   "name: raft\n"
			   "cluster: {protocol: raft, nodes: 3, app: kv}\n"
			   "workload: {clients: 2, rate: 50/s, arrival: poisson, keys: 3,"
			   " timeout: 500ms}\n"
			   "run: {duration: 3s, heal: 2500ms, seeds: 1..12}\n"
			   "faults:\n"
			   "  - {at: 800ms, partition: [[leader], [rest]], for: 600ms}\n"
			   "expect: [safe, linearizable, live]\n";

/* About every second run is convicted, by state-machine-safety alone. */
static const char hunt[] =
	"scenario: 1\n"
	"name: hunt\n"
	"cluster: {protocol: raft, nodes: 3, app: kv}\n"
	"workload: {clients: 4, rate: 100/s, arrival: poisson, keys: 5, timeout: 1s}\n"
	"run: {duration: 3s, seeds: 1..60}\n"
	"faults:\n"
	"  - {at: 1s, partition: [[leader], [rest]], for: 1s}\n"
	"bugs: [raft.commits-unverified]\n"
	"plots: []\n"
	"expect:\n"
	"  - violation: {of: state-machine-safety, within: 60}\n";

static void begin(void)
{
	shell_begin();
	shell_file("raft.yaml", raft);
	shell_file("hunt.yaml", hunt);
}

static void two_runs_leave_the_same_bytes_however_many_jobs(void)
{
	begin();
	EQUAL(shell("$ORDEAL run raft.yaml --out a --jobs 1 --trace > one"), 0);
	EQUAL(shell("$ORDEAL run raft.yaml --out b/c --jobs 3 --trace"), 0);
	EQUAL(shell("diff -r a b/c"), 0);
	EQUAL(shell("test $(wc -l < a/raft/runs.csv) -eq 13"), 0);
	EQUAL(shell("cut -d, -f1 a/raft/runs.csv | tail -n +2 | sort -nc"), 0);
	EQUAL(shell("awk -F, '{print NF}' a/raft/runs.csv | sort -u | wc -l | grep -qx 1"), 0);
	EQUAL(shell("$ORDEAL run raft.yaml --out a --jobs 2 --trace > two; cmp one two"), 0);
	EQUAL(shell("diff -r a b/c"), 0);
	shell_end();
}

static void a_run_leaves_all_that_it_should_and_no_more(void)
{
	begin();
	EQUAL(shell("$ORDEAL run raft.yaml --seed 5"), 0);
	EQUAL(shell("ls -A out"), 0);
	CU_ASSERT_STRING_EQUAL(shell_out(), "latest\nraft\n");
	EQUAL(shell("ls -A out/raft"), 0);
	CU_ASSERT_STRING_EQUAL(shell_out(), "seed-5\n");
	EQUAL(shell("cd out/latest && ls verdict.json history.jsonl metrics.csv scenario.yaml "
		    "latency.gp latency.dat"),
	      0);
	EQUAL(shell("test -e out/latest/trace.txt"), 1);
	EQUAL(shell("test $(readlink out/latest) = raft/seed-5"), 0);
	EQUAL(shell("grep -c '\"type\":\"invoke\"' out/latest/history.jsonl"), 0);
	CU_ASSERT(atoi(shell_out()) > 50);
	EQUAL(shell("$ORDEAL run raft.yaml --seed 5 --trace && test -s out/latest/trace.txt"), 0);
	EQUAL(shell("grep -rlE \"$T|jobs\" out"), 1);
	shell_end();
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void the_verdict_tells_how_to_run_it_again(void)
{
	char line[1024];

	begin();
	EQUAL(shell("$ORDEAL run raft.yaml --seed 5 --until 1500ms --jobs 2 --trace --out a"), 0);
	json_t *verdict = json_loads(shell_text("a/latest/verdict.json"), 0, NULL);

	CU_ASSERT_STRING_EQUAL(text_at(verdict, "replay"),
			       "ordeal run raft.yaml --until 1500ms --seed 5");
	CU_ASSERT_STRING_EQUAL(text_at(verdict, "verdict"), "holds");
	EQUAL(json_array_size(json_object_get(verdict, "judges")), JUDGES);
	EQUAL(strlen(text_at(verdict, "fingerprint")), 16);
	snprintf(line, sizeof(line),
		 "ordeal() { $ORDEAL \"$@\"; }; %s --trace --out b && diff -r a b",
		 text_at(verdict, "replay"));
	EQUAL(shell(line), 0);
	json_decref(verdict);
	shell_end();
}

/* Who reaches whom is no column: that it changes is no line either. */
static void a_line_of_the_series_is_a_change(void)
{
	begin();
	EQUAL(shell("sed -i 's/\\[\\[leader\\], \\[rest\\]\\]/[[clients], [n1, n2, n3]]/' "
		    "raft.yaml && "
		    "$ORDEAL run raft.yaml --seed 5 && grep -q 'partition c1 c2' "
		    "out/latest/verdict.json && awk -F, '{now = $3 FS $4 FS $5 FS $6; "
		    "if (now == last[$2]) exit 1; last[$2] = now}' out/latest/series.csv"),
	      0);
	shell_end();
}

/* In the same words everywhere: summary, verdict, trace and caption. A heal of all says nothing. */
static void a_heal_of_a_core_is_told(void)
{
	char line[400];

	begin();
	EQUAL(shell("sed -i 's/heal: 2500ms/heal: 2500ms, heal_mode: core/' raft.yaml && "
		    "$ORDEAL run raft.yaml --seed 5 --trace"),
	      0);
	json_t *verdict = json_loads(shell_text("out/latest/verdict.json"), 0, NULL);
	const json_t *heal = json_object_get(verdict, "heal");
	const char *what = text_at(heal, "what");

	EQUAL(json_array_size(json_object_get(heal, "core")), 2);
	EQUAL(json_array_size(json_object_get(heal, "dead")) +
		      json_array_size(json_object_get(heal, "cut")),
	      1);
	EQUAL(strncmp(what, "core n", 6), 0);
	CONTAINS(shell_text("out/latest/trace.txt"), what);
	snprintf(line, sizeof(line),
		 "$ORDEAL run raft.yaml --seed 5 | grep -qx '  heal          %s' && "
		 "$ORDEAL report out/latest | grep -q latency && "
		 "grep -q '\"heal: %s\"' out/latest/latency.dat",
		 what, what);
	EQUAL(shell(line), 0);
	EQUAL(shell("sed -i 's/, heal_mode: core//' raft.yaml && $ORDEAL run raft.yaml --seed 5 > "
		    "told && ! grep '^  heal' told && grep -q '\"what\": \"all\"' "
		    "out/latest/verdict.json && ! grep '\"heal: ' out/latest/latency.dat"),
	      0);
	json_decref(verdict);
	shell_end();
}

/* The partition is scheduled; the first nemesis pauses, the second crashes. */
static void a_drawn_fault_names_its_nemesis(void)
{
	unsigned of[3] = {0};
	char line[64];

	begin();
	EQUAL(shell("sed '/^faults:/i nemesis: [{every: 300ms, choose: {pause: 1}, for: 100ms},"
		    " {every: 300ms, choose: {crash: 1}, for: 100ms}]' raft.yaml > drawn.yaml"),
	      0);
	EQUAL(shell("$ORDEAL run drawn.yaml --seed 1 --trace"), 0);
	json_t *verdict = json_loads(shell_text("out/latest/verdict.json"), 0, NULL), *fault;
	size_t i;

	json_array_foreach(json_object_get(verdict, "faults"), i, fault)
	{
		const char *kind = text_at(fault, "fault");
		const json_t *nemesis = json_object_get(fault, "nemesis");
		unsigned expected = !strcmp(kind, "pause") ? 1 : !strcmp(kind, "crash") ? 2 : 0;

		EQUAL(json_is_true(json_object_get(fault, "drawn")), expected != 0);
		EQUAL(nemesis != NULL, expected != 0);
		EQUAL(json_integer_value(nemesis), expected);
		of[expected]++;
	}
	EQUAL(of[0], 1);
	CU_ASSERT(of[1] > 0 && of[2] > 0);
	EQUAL(json_integer_value(json_object_get(verdict, "faults_drawn")), of[1] + of[2]);
	json_decref(verdict);
	EQUAL(shell("grep -c 'fault begins: crash.*, drawn by nemesis 2$' out/latest/trace.txt"),
	      0);
	EQUAL(atoi(shell_out()), of[2]);
	EQUAL(shell("grep 'fault begins: partition.*drawn' out/latest/trace.txt"), 1);
	snprintf(line, sizeof(line), "%u fired, %u of them drawn\n", 1 + of[1] + of[2],
		 of[1] + of[2]);
	EQUAL(shell("$ORDEAL run drawn.yaml --seed 1"), 0);
	CONTAINS(shell_out(), line);
	EQUAL(shell("$ORDEAL run raft.yaml --seed 1"), 0);
	CONTAINS(shell_out(), "1 fired\n");
	shell_end();
}

static void a_hunt_ends_at_the_first_conviction(void)
{
	begin();
	EQUAL(shell("$ORDEAL run hunt.yaml --out a --jobs 1"), 0);
	CONTAINS(shell_out(), "hunt: convicted, as expected");
	CONTAINS(shell_out(), "violated state-machine-safety:");
	CONTAINS(shell_out(), "what led to it:");
	CONTAINS(shell_out(), "AppendEntries");
	CONTAINS(shell_out(), "ordeal run hunt.yaml --seed ");
	EQUAL(shell("tail -n 1 a/hunt/runs.csv | grep -q ,violated,state-machine-safety,"), 0);
	EQUAL(shell("grep -c ,violated, a/hunt/runs.csv | grep -qx 1"), 0);
	EQUAL(shell("test -s a/latest/trace.txt"), 0);
	EQUAL(shell("$ORDEAL run hunt.yaml --out b --jobs 4 && diff -r a b"), 0);
	shell_end();
}

static void a_hunt_that_convicts_nobody_or_by_another_judge_fails(void)
{
	begin();
	EQUAL(shell("$ORDEAL run hunt.yaml --until 500ms --seeds 1..3"), 3);
	CONTAINS(shell_out(), "within: 60} not judged: the run was cut short");
	EQUAL(shell("sed 's/at: 1s/at: 2990ms/' hunt.yaml > late.yaml; "
		    "$ORDEAL run late.yaml --seeds 1..3"),
	      1);
	CONTAINS(shell_out(), "NOT CONVICTED");
	CONTAINS(shell_out(), "convicted by nobody");
	EQUAL(shell("sed -i 's/of: state-machine-safety/of: vote-once/' hunt.yaml; "
		    "$ORDEAL run hunt.yaml"),
	      1);
	CONTAINS(shell_out(), "convicted instead by state-machine-safety");
	shell_end();
}

static void with_its_bug_off_a_hunt_turns_to_safe(void)
{
	begin();
	EQUAL(shell("$ORDEAL run hunt.yaml --no-bugs --seeds 1..10"), 0);
	CONTAINS(shell_out(), "hunt: holds");
	CONTAINS(shell_out(), "safe                               met: no bug is on, so no ");
	CU_ASSERT(!strstr(shell_out(), "violation: {of:"));
	EQUAL(shell("grep -q '\"expected\": \"safe\"' out/latest/verdict.json"), 0);
	EQUAL(shell("grep -q 'run hunt.yaml --no-bugs --seed 1' out/latest/verdict.json"), 0);
	EQUAL(shell("grep -q '\"bugs\": \\[\\]' out/latest/verdict.json"), 0);
	shell_end();
}

static void each_violated_run_keeps_a_folder_up_to_ten(void)
{
	begin();
	EQUAL(shell("sed -i 's/^bugs.*//; s/^  - violation.*/  - safe/' hunt.yaml; "
		    "$ORDEAL run hunt.yaml --bug raft.commits-unverified"),
	      1);
	CONTAINS(shell_out(), "hunt: VIOLATED");
	EQUAL(shell("n=$(grep -c ,violated, out/hunt/runs.csv); k=$(ls -d out/hunt/seed-* | wc "
		    "-l); "
		    "test $n -gt 10 -a $k -eq 11"),
	      0);
	EQUAL(shell("for f in out/hunt/seed-*; do test $f = out/hunt/seed-1 || "
		    "test -s $f/trace.txt || exit 1; done"),
	      0);
	/* A run that holds now keeps no folder of the time when it did not. */
	EQUAL(shell("$ORDEAL run hunt.yaml"), 0);
	EQUAL(shell("ls out/hunt"), 0);
	CU_ASSERT_STRING_EQUAL(shell_out(), "runs.csv\nseed-1\n");
	shell_end();
}

static void one_seed_leaves_the_table_of_many_alone(void)
{
	begin();
	EQUAL(shell("$ORDEAL run raft.yaml --seeds 1..4 && cp out/raft/runs.csv ."), 0);
	EQUAL(shell("$ORDEAL run raft.yaml --seed 3 && cmp runs.csv out/raft/runs.csv"), 0);
	EQUAL(shell("ls -d out/raft/seed-1 out/raft/seed-3"), 0);
	shell_end();
}

static void without_gnuplot_the_verdict_is_the_same(void)
{
	begin();
	EQUAL(shell("$ORDEAL run raft.yaml --seed 1 --out a"), 0);
	CONTAINS(shell_out(), "latency.svg");
	EQUAL(shell("mkdir none; PATH=none $ORDEAL run raft.yaml --seed 1 --out b"), 0);
	CONTAINS(shell_out(), "plots skipped");
	EQUAL(shell("cmp a/latest/verdict.json b/latest/verdict.json"), 0);
	EQUAL(shell("cmp a/latest/latency.dat b/latest/latency.dat"), 0);
	EQUAL(shell("test -e b/latest/latency.svg"), 1);
	shell_end();
}

static void an_output_folder_that_takes_nothing_is_refused(void)
{
	begin();
	shell_file("file", "");
	EQUAL(shell("$ORDEAL run raft.yaml --out file"), 2);
	CONTAINS(shell_err(), "cannot write file");
	EQUAL(shell("$ORDEAL run raft.yaml --out file/below"), 2);
	EQUAL(shell("$ORDEAL run raft.yaml --out /proc/none --seed 1"), 2);
	if (geteuid() != 0) {
		EQUAL(shell("mkdir locked && chmod 555 locked; "
			    "$ORDEAL run raft.yaml --out locked"),
		      2);
		CONTAINS(shell_err(), "Permission denied");
	}
	shell_end();
}

/* A limit on the size of files stands in for a disk that is full: writes fail half way. */
static void a_disk_that_fills_up_leaves_nothing_half_written(void)
{
	begin();
	EQUAL(shell("trap '' XFSZ; ulimit -f 2; $ORDEAL run raft.yaml --seeds 1..3"), 2);
	CONTAINS(shell_err(), "cannot write out/raft/seed-1/");
	EQUAL(shell("test -e out"), 1);
	EQUAL(shell("$ORDEAL run raft.yaml --seed 1 && cp -r out before; "
		    "trap '' XFSZ; ulimit -f 2; $ORDEAL run raft.yaml --seed 1"),
	      2);
	EQUAL(shell("diff -r before out"), 0);
	shell_end();
}

static void an_interrupt_keeps_what_was_finished(void)
{
	static char *const many[] = {"ordeal",       "run",    "raft.yaml", "--seeds",
				     "1..100000000", "--jobs", "2",         NULL};
	int status = 0;

	begin();
	pid_t pid = shell_start(many);

	CU_ASSERT(shell_await("out/raft/seed-1"));
	usleep(300000);
	kill(pid, SIGINT);
	CU_ASSERT(waitpid(pid, &status, 0) == pid);
	CU_ASSERT(WIFEXITED(status));
	EQUAL(WEXITSTATUS(status), 130);
	EQUAL(shell("ls -A out/raft"), 0);
	CU_ASSERT_STRING_EQUAL(shell_out(), "runs.csv\nseed-1\n");
	EQUAL(shell("test -s out/latest/verdict.json"), 0);
	EQUAL(shell("awk -F, 'NF != 19 { exit 1 }' out/raft/runs.csv"), 0);
	EQUAL(shell("test $(wc -l < out/raft/runs.csv) -gt 2"), 0);
	shell_end();
}

/* The first child of the process, once it has one; 0: it has none any more. */
static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	for (int i = 0; i < 1000 && !child; i++, usleep(1000)) {
		FILE *file = fopen(path, "re");

		if (!file)
			return 0;
		if (fscanf(file, "%d", &child) != 1)
			child = 0;
		fclose(file);
	}
	return child;
}

static void a_worker_that_dies_is_told_and_the_other_runs_go_on(void)
{
	static char *const some[] = {"ordeal", "run",    "raft.yaml", "--seeds",
				     "1..600", "--jobs", "1",         NULL};
	int status = 0;

	begin();
	pid_t pid = shell_start(some);

	CU_ASSERT(shell_await("out/raft/seed-1"));
	pid_t worker = child_of(pid);

	CU_ASSERT(worker > 0);
	if (worker > 0)
		kill(worker, SIGSEGV);
	CU_ASSERT(waitpid(pid, &status, 0) == pid);
	EQUAL(WEXITSTATUS(status), 70);
	EQUAL(shell("grep -c ,died, out/raft/runs.csv | grep -qx 1"), 0);
	EQUAL(shell("awk -F, 'NF != 19 { exit 1 }' out/raft/runs.csv"), 0);
	EQUAL(shell("test $(wc -l < out/raft/runs.csv) -eq 601"), 0);
	shell_end();
}

static void a_stall_is_told(void)
{
	begin();
	shell_file(
		"churn.yaml",
		"scenario: 1\nname: churn\ncluster: {protocol: raft, nodes: 3, app: kv, options: "
		"{heartbeat: 400ms}}\nworkload: {clients: 2, rate: 20/s, arrival: poisson}\n"
		"run: {duration: 2s}\nplots: []\n");
	EQUAL(shell("$ORDEAL run churn.yaml"), 1);
	CONTAINS(shell_out(), "violated liveness:");
	CONTAINS(shell_out(), "after the heal; the last answer was to operation ");
	CONTAINS(shell_out(), "    | operations: open ");
	CONTAINS(shell_out(), "    | n3   ");
	CU_ASSERT(!strstr(shell_out(), "    | n3  ,"));
	CONTAINS(shell_out(), "; heard n");
	CU_ASSERT(strstr(shell_out(), "what led to it") == NULL);
	json_t *verdict = json_loads(shell_text("out/latest/verdict.json"), 0, NULL);
	json_t *stall = json_object_get(verdict, "stall");
	json_t *last = json_array_get(json_object_get(stall, "processes"), 2);
	json_t *heard = json_array_get(json_object_get(last, "heard"), 1);

	CU_ASSERT(json_integer_value(json_object_get(stall, "elections_since_heal")) > 5);
	CU_ASSERT_STRING_EQUAL(text_at(last, "process"), "n3");
	CU_ASSERT_STRING_EQUAL(text_at(last, "status"), "up");
	CU_ASSERT(strlen(text_at(last, "role")) > 0);
	CU_ASSERT(json_integer_value(json_object_get(last, "term")) > 5);
	CU_ASSERT_STRING_EQUAL(text_at(heard, "from"), "n2");
	CU_ASSERT(strlen(text_at(heard, "message")) > 0);
	CU_ASSERT(json_integer_value(json_object_get(heard, "at")) > 0);
	json_decref(verdict);
	EQUAL(shell("sed 's/2s}/2s, max_events: 60}/; s/{heartbeat: 400ms}/{}/' churn.yaml > "
		    "short.yaml && "
		    "$ORDEAL run short.yaml"),
	      3);
	CONTAINS(shell_out(), "the limit 'events' was reached");
	CONTAINS(shell_out(), " waits since ");
	CONTAINS(shell_out(), ", asked n");
	EQUAL(shell("$ORDEAL run raft.yaml --seed 1 && ! grep stall out/latest/verdict.json"), 0);
	shell_end();
}

CU_TestInfo results_tests[] = {
	{"two runs leave the same bytes, however many jobs",
	 two_runs_leave_the_same_bytes_however_many_jobs},
	{"a run leaves all that it should, and no more",
	 a_run_leaves_all_that_it_should_and_no_more},
	{"the verdict tells how to run it again", the_verdict_tells_how_to_run_it_again},
	{"a line of the series is a change", a_line_of_the_series_is_a_change},
	{"a heal of a core is told in the same words everywhere", a_heal_of_a_core_is_told},
	{"a drawn fault names its nemesis", a_drawn_fault_names_its_nemesis},
	{"a hunt ends at the first conviction", a_hunt_ends_at_the_first_conviction},
	{"a hunt that convicts nobody, or by another judge, fails",
	 a_hunt_that_convicts_nobody_or_by_another_judge_fails},
	{"with its bug off a hunt turns to safe", with_its_bug_off_a_hunt_turns_to_safe},
	{"each violated run keeps a folder, up to ten", each_violated_run_keeps_a_folder_up_to_ten},
	{"one seed leaves the table of many alone", one_seed_leaves_the_table_of_many_alone},
	{"a run that does not finish tells who waits for whom", a_stall_is_told},
	{"without gnuplot the verdict is the same", without_gnuplot_the_verdict_is_the_same},
	{"an output folder that takes nothing is refused",
	 an_output_folder_that_takes_nothing_is_refused},
	{"a disk that fills up leaves nothing half written",
	 a_disk_that_fills_up_leaves_nothing_half_written},
	{"an interrupt keeps what was finished", an_interrupt_keeps_what_was_finished},
	{"a worker that dies is told, and the other runs go on",
	 a_worker_that_dies_is_told_and_the_other_runs_go_on},
	CU_TEST_INFO_NULL,
};
