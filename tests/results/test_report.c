/*
 * Pictures from results: that they are those which the run drew, what they say of a few operations
 * counted by hand, how results are compared, and what is refused.
 */
#include "tests/tests.h"

#include "tests/cli/shell.h"

/* ---- A folder by hand: four successes and one failure within 4 s, a fault from 2 s to 3 s --- */

static const char verdict[] =
	"{\"scenario\": \"hand\", \"scenario_hash\": \"00ff\", \"seed\": 7, \"bugs\": [\"p.b\"],\n"
	"\"faults\": [{\"fault\": \"loss\", \"what\": \"loss 30% n1 -> all\", \"began\": "
	"2000000000,"
	" \"ended\": 3000000000},\n"
	"{\"fault\": \"crash\", \"what\": \"crash\", \"began\": null, \"ended\": null},\n"
	"{\"fault\": \"pause\", \"what\": \"pause n1\", \"began\": 2500000000, \"ended\": "
	"2750000000}],\n"
	"\"metrics\": {\"availability\": 0.8, \"latency_p99\": 40000000},\n"
	"\"warmup\": 0, \"healed\": 4000000000, \"ended\": 5000000000}\n";
#define INVOKE(process, time)                                                                      \
	"{\"process\":" #process ",\"type\":\"invoke\",\"f\":\"get\",\"time\":" #time "}\n"
#define END(process, type, time)                                                                   \
	"{\"process\":" #process ",\"type\":\"" #type "\",\"f\":\"get\",\"time\":" #time "}\n"
static const char history[] = INVOKE(1, 100000000) END(1, ok, 110000000) INVOKE(2, 200000000)
	INVOKE(1, 210000000) END(2, ok, 220000000)
		END(1, ok, 250000000) "{\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"loss\","
				      "\"value\":[],\"time\":2000000000}\n" INVOKE(1, 2100000000)
					      INVOKE(2, 2200000000) END(2, fail, 2210000000)
						      END(1, ok, 2130000000);
static const char metrics[] = "from_ns,invoked,ok,p50_ns,p99_ns,under_fault_ns,avoidable_ns\n"
			      "0,3,3,20000000,40000000,0,0\n"
			      "1000000000,0,0,,,0,0\n"
			      "2000000000,2,1,30000000,30000000,1000000000,0\n"
			      "3000000000,0,0,,,0,0\n";
static const char series[] = "time_ns,process,status,role,term,cut\n"
			     "0,n1,down,follower,0,\n"
			     "0,n1,up,leader,1,\n"
			     "0,n2,up,follower,1,\n"
			     "2000000000,n1,up,leader,1,cut\n";

static void by_hand(void)
{
	shell_begin();
	EQUAL(shell("mkdir hand"), 0);
	shell_file("hand/verdict.json", verdict);
	shell_file("hand/history.jsonl", history);
	shell_file("hand/metrics.csv", metrics);
	shell_file("hand/series.csv", series);
}

/* The lines of a block of data, without its heading. */
static const char *block(const char *file, const char *name)
{
	char line[300];

	snprintf(line, sizeof(line),
		 "awk '/^# %s$/ {getline; on = 1; next} /^$/ {if (on && !seen++) next; on = 0} "
		 "on && !/^NaN/ {print}' hand/%s > block",
		 name, file);
	EQUAL(shell(line), 0);
	return shell_text("block");
}

static void figures_by_hand(void)
{
	by_hand();
	EQUAL(shell("$ORDEAL report hand"), 0);
	CU_ASSERT_STRING_EQUAL(block("cdf.dat", "all"), "10.000000 25.000000 1\n"
							"20.000000 50.000000 0.75\n"
							"30.000000 75.000000 0.5\n"
							"40.000000 100.000000 0.25\n");
	CU_ASSERT_STRING_EQUAL(block("cdf.dat", "calm"), "10.000000 33.333333 1\n"
							 "20.000000 66.666667 0.666666667\n"
							 "40.000000 100.000000 0.333333333\n");
	CU_ASSERT_STRING_EQUAL(block("cdf.dat", "faulty"), "30.000000 100.000000 1\n");
	CONTAINS(shell_text("hand/cdf.txt"), "1 of 5 operations did not succeed");
	/* The whole run is one slice: p50 is the second of four, p95 and p99 the last. */
	CU_ASSERT_STRING_EQUAL(block("ribbon.dat", "ribbon"),
			       "0.000000 20.000000 40.000000 40.000000 4\n"
			       "4.000000 20.000000 40.000000 40.000000 4\n");
	CU_ASSERT_STRING_EQUAL(block("latency.dat", "fail"), "2.200000 10.000000\n");
	CU_ASSERT_STRING_EQUAL(block("leaders.dat", "cut"), "0 2.000000 5.000000\n");
	CU_ASSERT_STRING_EQUAL(block("leaders.dat", "odd"), "0 0.000000 5.000000\n");
	shell_end();
}

/* Of a run without faults, the calm operations are all there are. */
static void a_curve_that_is_another_is_not_drawn(void)
{
	by_hand();
	EQUAL(shell("sed -i 's/\"faults\"/\"none\"/' hand/verdict.json && "
		    "$ORDEAL report hand --plots cdf"),
	      0);
	CONTAINS(shell_text("hand/cdf.gp"), "title_all = 'all: 4 of 5 operations succeeded'\n"
					    "title_calm = ''\ntitle_faulty = ''\n");
	CU_ASSERT_STRING_EQUAL(block("cdf.dat", "calm"), "");
	CU_ASSERT_STRING_EQUAL(block("cdf.dat", "calm-marks"), "");
	shell_end();
}

static void faults_are_shaded_once(void)
{
	by_hand();
	EQUAL(shell("$ORDEAL report hand --plots latency"), 0);
	CU_ASSERT_STRING_EQUAL(block("latency.dat", "shade"), "2.000000 3.000000\n");
	CU_ASSERT_STRING_EQUAL(block("latency.dat", "faults"),
			       "2.000000 3.000000 0\n2.500000 2.750000 1\n");
	CU_ASSERT_STRING_EQUAL(block("latency.dat", "right-of"),
			       "2.000000 0 \"loss 30% n1 -> all\"\n2.500000 1 \"pause n1\"\n");
	CONTAINS(shell_text("hand/latency.txt"), "Scenario hand with p.b (00ff), seed 7, n = 5");
	EQUAL(shell("test -e hand/cdf.dat"), 1);
	shell_end();
}

/* A legend that lists what is not there sends the eye on a search. */
static void legends_name_what_occurs(void)
{
	by_hand();
	EQUAL(shell("$ORDEAL report hand"), 0);
	CONTAINS(shell_text("hand/latency.gp"), "has_fail = 1\nhas_unknown = 0\n");
	CONTAINS(shell_text("hand/leaders.gp"), "has_candidate = 0\nhas_even = 0\nhas_odd = 1\n");
	CONTAINS(shell_text("hand/leaders.gp"), "has_down = 0\nhas_paused = 0\nhas_cut = 1\n");
	CONTAINS(shell_text("hand/availability.gp"), "has_avoidable = 0\nhas_failures = 1\n");
	shell_end();
}

/* To the right there is no room for the second name and none on either side for the last. The heal
 * is a bar, but no shade. */
static void names_of_faults_stay_in_the_picture(void)
{
	by_hand();
	EQUAL(shell("sed -i 's/loss 30% n1 -> all/bandwidth 90296B\\/s n1 n2 n4 n5 c1..c6 <-> n3/; "
		    "s/2500000000/4500000000/; s/2750000000/4600000000/; s/pause n1/pause n1 and a "
		    "name that goes on and on and has no place anywhere, and on, and on, and on/; "
		    "s/\"warmup\"/\"heal\": {\"what\": \"core n1 n2, n3 dead\", \"core\": [], "
		    "\"dead\": [\"n3\"], \"cut\": []}, \"warmup\"/' hand/verdict.json && "
		    "$ORDEAL report hand --plots latency"),
	      0);
	CU_ASSERT_STRING_EQUAL(block("latency.dat", "faults"),
			       "2.000000 3.000000 0\n4.500000 4.600000 1\n4.000000 5.000000 2\n");
	CU_ASSERT_STRING_EQUAL(block("latency.dat", "right-of"),
			       "2.000000 0 \"bandwidth 90296B/s n1 n2 n4 n5 c1..c6 <-> n3\"\n");
	CU_ASSERT_STRING_EQUAL(
		block("latency.dat", "left-of"),
		"4.500000 1 \"pause n1 and a name that goes on and on and has no place "
		"anywhere, and on, a...\"\n4.000000 2 \"heal: core n1 n2, n3 dead\"\n");
	CU_ASSERT_STRING_EQUAL(block("latency.dat", "shade"),
			       "2.000000 3.000000\n4.500000 4.600000\n");
	CONTAINS(shell_text("hand/latency.txt"), "1 of their names had no room");
	CONTAINS(shell_text("hand/latency.txt"), "mended only a quorum: core n1 n2, n3 dead");
	shell_end();
}

/* From 10 to 40 ms, with room for 1, 2 and 5; over seven powers of ten there is none. */
static void logarithmic_axes_can_be_read(void)
{
	by_hand();
	EQUAL(shell("$ORDEAL report hand --plots latency,cdf"), 0);
	CONTAINS(shell_text("hand/latency.gp"), "y_ticks = '\"\" 6 1, \"\" 7 1, \"\" 8 1, \"\" 9 "
						"1, 10, 20, \"\" 30 1, \"\" 40 1, 50, "
						"\"\" 60 1'\n");
	CONTAINS(shell_text("hand/cdf.gp"), "y_ticks = '0.2, \"\" 0.3 1, \"\" 0.4 1, 0.5, ");
	EQUAL(shell("sed -i 's/110000000/100000010/' hand/history.jsonl && "
		    "$ORDEAL report hand --plots latency"),
	      0);
	CONTAINS(shell_text("hand/latency.gp"), "0.001, \"\" 0.002 1, \"\" 0.003 1");
	shell_end();
}

static void nothing_to_see_is_said(void)
{
	by_hand();
	EQUAL(shell("sed -i 's/\"ok\"/\"info\"/' hand/history.jsonl && $ORDEAL report hand"), 0);
	CONTAINS(shell_text("hand/cdf.gp"), "sentence = 'no operation succeeded");
	CONTAINS(shell_text("hand/ribbon.gp"), "sentence = 'no operation succeeded");
	EQUAL(shell("grep -q sentence hand/latency.gp hand/availability.gp hand/leaders.gp"), 1);
	EQUAL(shell(": > hand/history.jsonl; $ORDEAL report hand"), 0);
	for (unsigned i = 0; i < 4; i++) {
		static const char *const plots[] = {"latency", "availability", "ribbon", "cdf"};
		char name[40];

		snprintf(name, sizeof(name), "hand/%s.gp", plots[i]);
		CONTAINS(shell_text(name), "sentence = 'no operation was begun'");
		snprintf(name, sizeof(name), "test -s hand/%s.svg", plots[i]);
		EQUAL(shell("! command -v gnuplot") && shell(name), 0);
	}
	shell_end();
}

/* The first operation begins in the first second, the last is answered in the third: the fourth
 * would look like an outage. What probes ask after the heal does not go on. */
static void lines_end_where_clients_end(void)
{
	by_hand();
	EQUAL(shell("for i in $(seq 100); do for type in invoke ok; do "
		    "echo '{\"process\":3,\"type\":\"'$type'\",\"time\":'$((1000000000 + i * "
		    "1000000))'}'; "
		    "done; done > more && sed -i '6r more' hand/history.jsonl && "
		    "for type in invoke ok; do "
		    "echo '{\"process\":3,\"type\":\"'$type'\",\"time\":4500000000}'; "
		    "done >> hand/history.jsonl && "
		    "$ORDEAL report hand --plots availability"),
	      0);
	CU_ASSERT_STRING_EQUAL(block("availability.dat", "rates"),
			       "0.000000 3.0000 3.0000\n1.000000 0.0000 0.0000\n"
			       "2.000000 2.0000 1.0000\n3.000000 2.0000 1.0000\n");
	shell_end();
}

/* Two gaps in a row are gaps, and no end; operations that took no time have a place on the axis. */
static void a_ribbon_goes_on_after_gaps(void)
{
	by_hand();
	EQUAL(shell("for i in $(seq 400); do for type in invoke ok; do "
		    "echo '{\"process\":3,\"type\":\"'$type'\",\"time\":'$((3000000000 + i * "
		    "1000000))'}'; done; done > more && sed -i '/\"ok\".*2130000000/s/ok/info/' "
		    "hand/history.jsonl && cat more >> hand/history.jsonl && "
		    "$ORDEAL report hand --plots ribbon"),
	      0);
	CU_ASSERT_STRING_EQUAL(block("ribbon.dat", "ribbon"),
			       "0.000000 20.000000 40.000000 40.000000 3\n"
			       "1.000000 20.000000 40.000000 40.000000 3\n"
			       "3.000000 0.000000 0.000000 0.000000 400\n"
			       "4.000000 0.000000 0.000000 0.000000 400\n");
	CONTAINS(shell_text("hand/ribbon.gp"), "y_min = 0.0235294\n");
	EQUAL(shell("grep -c '^$' hand/ribbon.dat | grep -qx 16"), 0);
	shell_end();
}

static void mostly_avoidable_is_drawn(void)
{
	by_hand();
	EQUAL(shell("sed -i 's/^1000000000,.*/1000000000,0,0,,,0,600000000/; "
		    "s/^2000000000,.*/2000000000,2,1,30,30,0,400000000/' hand/metrics.csv && "
		    "$ORDEAL report hand --plots availability"),
	      0);
	CU_ASSERT_STRING_EQUAL(block("availability.dat", "avoidable"), "1.000000 2.000000\n");
	CONTAINS(shell_text("hand/availability.gp"), "has_avoidable = 1\n");
	shell_end();
}

/* A candidate for 10 ms of 5 s is drawn as wide as a hair; a follower so short is not seen. */
static void moments_are_seen(void)
{
	by_hand();
	EQUAL(shell("{ echo '2500000000,n2,up,candidate,1,'; echo '2502000000,n2,up,leader,2,'; } "
		    ">> hand/series.csv && $ORDEAL report hand --plots leaders"),
	      0);
	CU_ASSERT_STRING_EQUAL(block("leaders.dat", "candidate"), "1 2.492260 2.502000\n");
	CONTAINS(shell_text("hand/leaders.gp"),
		 "has_follower = 1\nhas_candidate = 1\nhas_even = 1\n");
	EQUAL(shell("sed -i 's/^0,n2,up,follower,1/1000000,n2,up,leader,1/; "
		    "2s/down/up/; 3s/^0/1000000/' hand/series.csv && "
		    "$ORDEAL report hand --plots leaders"),
	      0);
	CU_ASSERT_STRING_EQUAL(block("leaders.dat", "follower"), "0 0.000000 0.001000\n");
	CONTAINS(shell_text("hand/leaders.gp"), "has_follower = 0\n");
	shell_end();
}

/* ---- What a run drew ------------------------------------------------------------------------- */

static const char drawn[] = "scenario: 1\nname: drawn\n"
			    "cluster: {protocol: raft, nodes: 3, app: kv}\n"
			    "workload: {clients: 3, rate: 50/s, arrival: poisson, keys: 3}\n"
			    "run: {duration: 4s, heal: 3s, warmup: 500ms}\n"
			    "faults: [{at: 1s, crash: leader, for: 1s}]\n"
			    "plots: [latency, availability, leaders, ribbon, cdf]\n";

static void the_same_pictures(void)
{
	shell_begin();
	shell_file("drawn.yaml", drawn);
	EQUAL(shell("$ORDEAL run drawn.yaml --seeds 1..2 && cp -r out first && "
		    "rm out/drawn/seed-1/*.dat out/drawn/seed-1/*.gp out/drawn/seed-1/*.txt && "
		    "rm -f out/drawn/seed-1/*.svg out/drawn/seed-1/*.png"),
	      0);
	EQUAL(shell("$ORDEAL report out/drawn && diff -r first out"), 0);
	CONTAINS(shell_out(), "out/drawn/seed-1: latency.svg availability.svg leaders.svg "
			      "ribbon.svg cdf.svg (and .png; what each means: .txt)");
	EQUAL(shell("$ORDEAL report out/latest/ out && diff -r first out"), 0);
	shell_end();
}

static void without_gnuplot(void)
{
	by_hand();
	EQUAL(shell("PATH=/nowhere $ORDEAL report hand"), 0);
	CONTAINS(shell_out(), "plots skipped: gnuplot not found");
	EQUAL(shell("test -s hand/cdf.gp -a ! -e hand/cdf.svg"), 0);
	shell_end();
}

/* ---- Comparisons ----------------------------------------------------------------------------- */

static void compare(void)
{
	by_hand();
	EQUAL(shell("mkdir a b && cp -r hand a/seed-7 && cp -r hand b/seed-7 && "
		    "sed -i 's/\"p.b\"//' b/seed-7/verdict.json && "
		    "{ echo 'seed,because,availability,p99_ns'; "
		    "for i in 1 2 3 4 5; do echo $i,'\"a, b\"',0.9,${i}000000; done; } > "
		    "a/runs.csv && "
		    "{ echo 'seed,because,availability,p99_ns'; "
		    "for i in 3 4 5 6; do echo $i,,0.95,$((i + 2))000000; done; } > b/runs.csv"),
	      0);
	EQUAL(shell("$ORDEAL report a b --compare --out c"), 0);
	CONTAINS(shell_out(), "A  hand with p.b, 5 seeds: p99 3 ms (");
	CONTAINS(shell_out(), "B  hand, 4 seeds: p99 6.5 ms (");
	CONTAINS(shell_out(),
		 "B against A, over 3 seeds of both: p99 +2 ms (95% interval +2 to +2), "
		 "availability +5 points (95% interval +5 to +5)");
	CONTAINS(shell_text("c/compare.txt"), "B against A, over 3 seeds of both");
	CONTAINS(shell_text("c/compare.dat"), "0 3.000000 90.000000 3\n1 5.000000 95.000000 3\n");
	CONTAINS(shell_text("c/compare.dat"), "10.000000 25.000000 1\n");
	EQUAL(shell("! command -v gnuplot || test -s c/compare.svg -a -s c/compare.png"), 0);
	EQUAL(shell("cp -r c d && $ORDEAL report a b --compare --out c && diff -r c d"), 0);
	EQUAL(shell("$ORDEAL report a/seed-7 b/seed-7 --compare --out c"), 0);
	CONTAINS(shell_out(), "B against A, over 1 seed of both: p99 +0 ms");
	EQUAL(shell("sed -i 's/^3,/13,/; s/^4,/14,/; s/^5,/15,/' b/runs.csv && "
		    "$ORDEAL report a b --compare --out c"),
	      0);
	CONTAINS(shell_out(), "no seed in common, nothing to pair");
	shell_end();
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void refusals(void)
{
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{"$ORDEAL report", "needs a folder of results"},
		{"$ORDEAL report nowhere", "cannot read nowhere: No such file"},
		{"mkdir empty && $ORDEAL report empty", "empty holds no results"},
		{"$ORDEAL report hand --plots ribon", "did you mean ribbon?"},
		{"$ORDEAL report hand --compare", "1 result to compare; accepted: 2 to 7"},
		{"$ORDEAL report hand hand/series.csv --compare", "series.csv holds no results"},
		{"$ORDEAL report hand --out ''", "a folder has a name"},
		{"cp -r hand h1; echo '{}' > h1/verdict.json; $ORDEAL report h1",
		 "h1/verdict.json is no verdict"},
		{"cp -r hand h2; echo '{\"process\": 1}' >> h2/history.jsonl; $ORDEAL report h2",
		 "h2/history.jsonl:12 is no record"},
		{"cp -r hand h3; echo '{\"process\": 99999999999, \"type\": \"ok\", \"time\": 1}' "
		 ">> "
		 "h3/history.jsonl; $ORDEAL report h3",
		 "h3/history.jsonl:12 is no record"},
		{"cp -r hand h4; echo 7,n1 >> h4/series.csv; $ORDEAL report h4",
		 "h4/series.csv:6 is no line of it"},
		{"cp -r hand h5; echo 7,n99,up,,1, >> h5/series.csv; $ORDEAL report h5",
		 "h5/series.csv:6 is no line of it"},
		{"cp -r hand h6; echo 9000000000,1,1,1,1,1,1 >> h6/metrics.csv; $ORDEAL report h6",
		 "h6/metrics.csv:6 is no line of it"},
		{"cp -r hand h7; rm h7/series.csv; $ORDEAL report h7", "cannot read h7/series.csv"},
		{"cp -r hand h8; sed -i 's/hand/foot/' h8/verdict.json; mkdir two; "
		 "cp -r hand h8 two; $ORDEAL report two hand --compare",
		 "results of several scenarios"},
	};

	by_hand();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		EQUAL(shell(wrong[i].line), 2);
		CONTAINS(shell_err(), wrong[i].says);
	}
	EQUAL(shell("test -e out"), 1);
	EQUAL(shell("rm -r h1; cp -r hand h1; mkdir h1/cdf.dat; $ORDEAL report h1"), 2);
	CONTAINS(shell_err(), "cannot write h1/cdf.dat");
	CU_ASSERT_STRING_EQUAL(shell_out(), ""); /* no pictures are promised */
	shell_end();
}

CU_TestInfo report_tests[] = {
	{"a picture's figures are those that are counted by hand", figures_by_hand},
	{"a curve that is another is not drawn", a_curve_that_is_another_is_not_drawn},
	{"faults are shaded once, and named with their amounts; the caption names the bug",
	 faults_are_shaded_once},
	{"a legend names what occurs", legends_name_what_occurs},
	{"names of faults stay in the picture, beside the tick of their bar",
	 names_of_faults_stay_in_the_picture},
	{"a logarithmic axis has numbers enough to be read", logarithmic_axes_can_be_read},
	{"a picture without anything to see says so", nothing_to_see_is_said},
	{"the lines of availability end where the clients end", lines_end_where_clients_end},
	{"a ribbon goes on after gaps", a_ribbon_goes_on_after_gaps},
	{"buckets that were avoidable for the most part are drawn so", mostly_avoidable_is_drawn},
	{"moments are seen, and what cannot be seen is in no legend", moments_are_seen},
	{"a report draws the same pictures as the run", the_same_pictures},
	{"a report without gnuplot skips the plots", without_gnuplot},
	{"a comparison pairs the seeds of two results", compare},
	{"a report refuses what is no result", refusals},
	CU_TEST_INFO_NULL,
};
