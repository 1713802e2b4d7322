/*
 * Pictures, as the command draws them: what is written beside each, that they are the same bytes
 * from run to run, and that no renderer changes a verdict.
 */
#include "tests/tests.h"

#include "tests/cli/shell.h"

/* Three faults that overlap, and one that lasts only a moment. */
static const char scenario[] =
	"scenario: 1\n"
	"name: pictured\n"
	"shows: Pictures of three servers of which one after the other is in trouble.\n"
	"cluster: {protocol: raft, nodes: 3, app: kv}\n"
	"workload: {clients: 3, rate: 50/s, arrival: constant, keys: 3,  mix: {get: 50%, put: "
	"50%}}\n"
	"run: {duration: 6s, heal: 5s, seeds: 1..1}\n"
	"faults:\n"
	"  - {at: 2s, crash: leader, for: 1s}\n"
	"  - {at: 2500ms, pause: n1, for: 1s}\n"
	"  - {at: 2600ms, cut: n2 -> n3, for: 1s}\n"
	"  - {at: 4s, clock_jump: n2, by: 1s}\n"
	"plots: [latency, availability, leaders]\n";

static const char run_it[] = "$ORDEAL run pictured.yaml --seeds 1..1 --out out";
#define PLACE "out/pictured/seed-1/"

static void begin(void)
{
	shell_begin();
	shell_file("pictured.yaml", scenario);
}

static bool gnuplot_is_here(void)
{
	bool here = shell("command -v gnuplot >/dev/null") == 0;

	if (!here)
		printf("\n  SKIPPED: needs gnuplot (apt-get install gnuplot-nox)\n");
	return here;
}

static void each_is_complete(void)
{
	begin();
	if (gnuplot_is_here()) {
		EQUAL(shell(run_it), 0);
		EQUAL(shell("for plot in latency availability leaders; do "
			    "for kind in dat gp txt svg png; do "
			    "test -s " PLACE "$plot.$kind || exit 1; done; done"),
		      0);
		EQUAL(shell("grep -q '</svg>' " PLACE "leaders.svg"), 0);
		EQUAL(shell("od -An -c -N4 " PLACE "leaders.png | grep -q 'P *N *G'"), 0);
	}
	shell_end();
}

static void twice_the_same(void)
{
	begin();
	if (gnuplot_is_here()) {
		EQUAL(shell(run_it), 0);
		EQUAL(shell("mv out first && $ORDEAL run pictured.yaml --seeds 1..1 --out out"), 0);
		EQUAL(shell("diff -r first out"), 0);
	}
	shell_end();
}

static void scripts_stand_alone(void)
{
	begin();
	if (gnuplot_is_here()) {
		EQUAL(shell(run_it), 0);
		EQUAL(shell("mkdir alone && cd alone && cp ../" PLACE "latency.gp ../" PLACE
			    "latency.dat . && gnuplot -d latency.gp && cmp latency.svg ../" PLACE
			    "latency.svg"),
		      0);
		CU_ASSERT_STRING_EQUAL(shell_err(), "");
	}
	shell_end();
}

static void faults_have_lanes(void)
{
	begin();
	EQUAL(shell(run_it), 0);
	EQUAL(shell("sed -n '/^# faults/,/^NaN/p' " PLACE "latency.dat | grep -v '#' | "
		    "cut -d ' ' -f 1,3 > lanes"),
	      0);
	CU_ASSERT_STRING_EQUAL(shell_text("lanes"), "2.000000 0\n2.500000 1\n2.600000 2\n"
						    "4.000000 0\nNaN NaN\n");
	CONTAINS(shell_text(PLACE "latency.dat"), "\"pause n1\"");
	shell_end();
}

static void a_violation_has_its_moment(void)
{
	static const char *const pictures[] = {"leaders", "latency", "availability"};
	char line[128];

	begin();
	EQUAL(shell("$ORDEAL run \"$HERE/scenarios/zoo/16-commits-unverified.yaml\" --seed 2"), 0);
	shell("cat out/zoo-16-commits-unverified/seed-2/leaders.dat");
	/* The lane of n1, and one below that of the fault; the name before the end of the run. */
	CONTAINS(shell_out(), "\n2.009502 0 1\n");
	CONTAINS(strstr(shell_out(), "# left-of"),
		 "\n2.009502 1 \"violated: state-machine-safety, n1\"\n");
	EQUAL(shell("$ORDEAL run \"$HERE/scenarios/raft/majority-partition.yaml\" --seed 1 "
		    "--bug raft.serves-stale-reads"),
	      1);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "cat out/latest/%s.dat", pictures[i]);
		shell(line);
		CONTAINS(shell_out(), "\n9.264454 NaN 1\n");
		CONTAINS(shell_out(), "\n9.264454 1 \"violated: linearizability\"\n");
	}
	EQUAL(shell(run_it), 0); /* where there is none */
	shell("cat " PLACE "latency.dat");
	CU_ASSERT_PTR_NULL(strstr(shell_out(), "violated"));
	CONTAINS(shell_out(), "# violation\n# at (s), the accused's lane, lane\nNaN");
	shell_end();
}

static void captions(void)
{
	begin();
	EQUAL(shell(run_it), 0);
	CONTAINS(shell_text(PLACE "availability.txt"), "Scenario pictured (");
	CONTAINS(shell_text(PLACE "availability.txt"), ", seed 1, n = ");
	CONTAINS(shell_text(PLACE "availability.txt"), "each bucket of 50 ms");
	shell_end();
}

static void a_failing_renderer(void)
{
	begin();
	shell_file("gnuplot", "#!/bin/sh\nexit 1\n");
	EQUAL(shell("chmod +x gnuplot && PATH=$T:$PATH $ORDEAL run pictured.yaml --seeds 1..1 "
		    "--out out"),
	      0);
	CONTAINS(shell_out(), "plots failed: gnuplot could not draw latency");
	shell_end();
}

CU_TestInfo plots_tests[] = {
	{"each picture has its data, its script and its caption", each_is_complete},
	{"pictures of one seed are the same bytes", twice_the_same},
	{"a script draws its picture from its data alone", scripts_stand_alone},
	{"faults that overlap are named in lanes of their own", faults_have_lanes},
	{"the first violation is a moment in each picture over time, named by its judge",
	 a_violation_has_its_moment},
	{"a caption says what is shown, of which run", captions},
	{"a renderer that fails changes no verdict", a_failing_renderer},
	CU_TEST_INFO_NULL,
};
