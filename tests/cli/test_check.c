/* `ordeal check`, as a person types it: verdicts, exit statuses, what is printed and written. */
#include "tests/tests.h"

#include "tests/cli/shell.h"

#define DATA "tests/data/histories/"

#define OP(process, f, asked, told)                                                                \
	process "\t:invoke\t" f "\t" asked "\n" process "\t:ok\t" f "\t" told "\n"

static const char good[] = OP("0", ":write", "1", "1") OP("1", ":read", "nil", "1");
static const char wrong[] = OP("0", ":write", "1", "1") OP("0", ":write", "2", "2")
	OP("1", ":read", "nil", "1");
static const char bad[] = OP("0", ":write", "1", "1") "0\t:ok\t:write\t1\n";

static void begin(void)
{
	shell_begin();
	shell_file("good.txt", good);
	shell_file("wrong.txt", wrong);
	shell_file("bad.txt", bad);
}

/* ---- Verdicts -------------------------------------------------------------------------------- */

/* A line of JSON a file, in the order of the list. */
static void every_history_of_others_gets_its_verdict(void)
{
	FILE *list = fopen(DATA "verdicts.tsv", "r");
	char path[200], format[30], model[30], verdict[30], expected[300];
	const char *line;
	unsigned files = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	begin();
	EQUAL(shell("cd \"$HERE/" DATA "\" && $ORDEAL check --json "
		    "$(tail -n +2 verdicts.tsv | cut -f 1) >\"$T/all\""),
	      1);
	line = shell_text("all");
	CU_ASSERT(fscanf(list, "%*[^\n]") == 0);
	while (fscanf(list, " %199[^\t] %29s %29s %29s %*[^\n]", path, format, model, verdict) ==
	       4) {
		bool ok = !strcmp(verdict, "ok");
		const char *end = strchr(line, '\n');
		size_t size = end ? (size_t)(end - line) : strlen(line);

		snprintf(expected, sizeof(expected), "{\"file\":\"%s\",\"verdict\":\"%s", path,
			 ok ? "" : "not ");
		if (size < strlen(expected) || memcmp(line, expected, strlen(expected)) != 0 ||
		    (ok && (!memcmp(line + strlen(expected), "not ", 4) ||
			    !memcmp(line + strlen(expected), "unknown", 7))))
			printf("\n  %s is %s, not: %.*s", path, verdict, 150, line);
		CU_ASSERT(size > strlen(expected) && !memcmp(line, expected, strlen(expected)));
		CU_ASSERT(!ok || (memcmp(line + strlen(expected), "not ", 4) != 0 &&
				  memcmp(line + strlen(expected), "unknown", 7) != 0));
		line = end ? end + 1 : "";
		files++;
	}
	EQUAL(files, 67);
	fclose(list);
	shell_end();
}

static void the_exit_status_is_the_verdict(void)
{
	begin();
	EQUAL(shell("$ORDEAL check good.txt"), 0);
	CONTAINS(shell_out(), "good.txt: linearizable\n"
			      "  jepsen-txt, register: 2 operations (2 ok, 0 failed, 0 unknown)");
	EQUAL(shell("$ORDEAL check wrong.txt"), 1);
	CONTAINS(shell_out(), "wrong.txt: not linearizable\n");
	CONTAINS(shell_out(), "read -> 1 of line 5 could have returned 2, not 1");
	EQUAL(shell("$ORDEAL check bad.txt"), 2);
	CONTAINS(shell_err(), "bad.txt:3:1: error: process 0 answers, but has asked nothing\n");
	CONTAINS(shell_out(), "");
	EQUAL(shell("$ORDEAL check good.txt wrong.txt"), 1);
	EQUAL(shell("$ORDEAL check bad.txt wrong.txt good.txt"), 2);
	CONTAINS(shell_out(), "wrong.txt: not linearizable\n");
	CONTAINS(shell_out(), "good.txt: linearizable\n");
	shell_end();
}

/* Four clients, forty writes of unknown outcome each, of few values: a search without a way out. */
static void a_spent_budget_is_unknown(void)
{
	begin();
	EQUAL(shell("{ i=0; while [ $i -lt 160 ]; do printf '%d\\t:invoke\\t:cas\\t[%d %d]\\n' "
		    "$i $((i % 37)) $(((i * 7 + 3) % 41)); i=$((i + 1)); done; i=0;"
		    "while [ $i -lt 60 ]; do printf '%d\\t:invoke\\t:write\\t%d\\n' $((200 + i)) "
		    "$((i % 31)); i=$((i + 1)); done;"
		    "printf '999\\t:invoke\\t:read\\tnil\\n999\\t:ok\\t:read\\t77\\n'; } "
		    ">open.txt"),
	      0);
	EQUAL(shell("$ORDEAL check --budget 1MB open.txt"), 3);
	CONTAINS(shell_out(), "open.txt: unknown\n");
	CONTAINS(shell_out(), "--budget gives more");
	EQUAL(shell("$ORDEAL check --budget 1MB open.txt good.txt"), 3);
	EQUAL(shell("$ORDEAL check --budget 1MB open.txt wrong.txt"), 1);
	shell_end();
}

static void transactions_are_judged_at_two_levels(void)
{
	/* The second begins after the first has returned, and does not see it. */
	static const char stale[] = "{:process 1 :type :invoke :f :txn :value [[:w :x 1]]}\n"
				    "{:process 1 :type :ok :f :txn :value [[:w :x 1]]}\n"
				    "{:process 2 :type :invoke :f :txn :value [[:r :x nil]]}\n"
				    "{:process 2 :type :ok :f :txn :value [[:r :x nil]]}\n";

	begin();
	shell_file("stale.edn", stale);
	EQUAL(shell("$ORDEAL check stale.edn"), 1);
	CONTAINS(shell_out(), "stale.edn: serializable, but not in real time\n");
	EQUAL(shell("$ORDEAL check --level serializable stale.edn"), 0);
	shell_end();
}

static void headline_and_status_of_a_level_agree(void)
{
	static const char again[] = "{:process 0 :type :invoke :f :txn :value [[:append 1 1]]}\n"
				    "{:process 0 :type :fail :f :txn :value [[:append 1 1]]}\n"
				    "{:process 0 :type :invoke :f :txn :value [[:append 1 1]]}\n"
				    "{:process 0 :type :ok :f :txn :value [[:append 1 1]]}\n"
				    "{:process 1 :type :invoke :f :txn :value [[:r 1 nil]]}\n"
				    "{:process 1 :type :ok :f :txn :value [[:r 1 [1]]]}\n";
	static const char never[] = "{:process 1 :type :invoke :f :txn :value [[:r 3 nil]]}\n"
				    "{:process 1 :type :ok :f :txn :value [[:r 3 [9]]]}\n";
	char both[1024];

	snprintf(both, sizeof(both), "%s%s", again, never);
	begin();
	shell_file("again.edn", again);
	shell_file("never.edn", both);
	for (unsigned level = 0; level < 2; level++) {
		const char *as = level ? "--level serializable" : "";
		char command[128];

		snprintf(command, sizeof(command), "$ORDEAL check %s again.edn", as);
		EQUAL(shell(command), 0);
		CONTAINS(shell_out(), "again.edn: strictly serializable\n");
		CONTAINS(shell_out(), "decided by search: a serial order of 2 transactions");
		snprintf(command, sizeof(command), "$ORDEAL check %s never.edn", as);
		EQUAL(shell(command), 1);
		CONTAINS(shell_out(), "never.edn: not serializable\n");
		CONTAINS(shell_out(), "decided by reads: 1 anomaly\n  unwritten-read");
	}
	shell_end();
}

static void who_comes_back_from_an_unknown_outcome_is_mentioned(void)
{
	begin();
	shell_file("back.edn", "{:process 1 :type :invoke :f :write :value 1}\n"
			       "{:process 1 :type :info :f :write :value 1}\n"
			       "{:process 1 :type :invoke :f :read :value nil}\n"
			       "{:process 1 :type :ok :f :read :value 1}\n");
	EQUAL(shell("$ORDEAL check back.edn"), 0);
	CONTAINS(shell_out(), "processes come back from an unknown outcome 1 times");
	EQUAL(shell("$ORDEAL check --json back.edn"), 0);
	CONTAINS(shell_out(), "\"came_back_after_unknown\":1");
	EQUAL(shell("$ORDEAL check good.txt"), 0);
	CU_ASSERT_PTR_NULL(strstr(shell_out(), "come back"));
	shell_end();
}

/* ---- A run and its history ------------------------------------------------------------------- */

static void what_a_run_left_is_judged_as_the_run_was(void)
{
	begin();
	EQUAL(shell("$ORDEAL run \"$HERE/scenarios/raft/majority-partition.yaml\" --seed 1 "
		    ">run && $ORDEAL check out/latest/history.jsonl"),
	      0);
	CONTAINS(shell_out(), "history.jsonl: linearizable\n  jsonl, kv: ");
	shell_end();
}

static void what_convicts_a_run_convicts_its_history(void)
{
	begin();
	EQUAL(shell("$ORDEAL run \"$HERE/scenarios/raft/majority-partition.yaml\" --seed 1 "
		    "--bug raft.serves-stale-reads"),
	      1);
	/* Both name the operation by which it became illegal, and its object. */
	const char *said = strstr(shell_out(), "violated linearizability");
	char key[32] = "", process[32] = "", of_key[64], of_process[64];

	CU_ASSERT(said &&
		  sscanf(said, "%*[^:]: the get of %31s that process %31s", key, process) == 2);
	CONTAINS(said, "\"type\":\"invoke\",\"f\":\"get\"");
	CONTAINS(said, "\"type\":\"ok\",\"f\":\"get\"");
	CONTAINS(said,
		 "/ordeal check out/raft-majority-partition/seed-1/history.jsonl\n    drawn: ");
	EQUAL(shell("$ORDEAL check out/latest/history.jsonl"), 1);
	CONTAINS(shell_out(), "history.jsonl: not linearizable\n  jsonl, kv: ");
	snprintf(of_key, sizeof(of_key), "operations of %s, were", key);
	snprintf(of_process, sizeof(of_process), "process  %s  get %s -> ", process, key);
	CONTAINS(shell_out(), of_key);
	CONTAINS(shell_out(), of_process);
	CONTAINS(shell_out(), "fault: partition n2 n4 c1 c2 | n1 n3 n5 c3..c8 begin, ");
	CONTAINS(shell_out(), "no place");
	shell_end();
}

/* What the sentence says of the others stands in the evidence below it, and a path with a blank in
 * it is quoted. */
static void the_sentence_is_made_of_its_evidence(void)
{
	unsigned long value = 0, first = 0, from = 0, to = 0;

	begin();
	EQUAL(shell("$ORDEAL run \"$HERE/scenarios/raft/majority-partition.yaml\" --seed 1 "
		    "--bug raft.serves-stale-reads --out 'o x'"),
	      1);
	const char *said = strstr(shell_out(), " returned ");

	CU_ASSERT_FATAL(said &&
			sscanf(said,
			       " returned %lu, though the put of %lu by process %*u had been "
			       "answered at %*f s and the cas of %lu to %lu by",
			       &value, &first, &from, &to) == 4);
	EQUAL(value, to);
	char put[64], cas[64], get[64];

	snprintf(put, sizeof(put), "\"f\":\"put\",\"key\":\"k1\",\"value\":%lu,", first);
	snprintf(cas, sizeof(cas), "\"f\":\"cas\",\"key\":\"k1\",\"value\":[%lu,%lu],", from, to);
	snprintf(get, sizeof(get), "\"f\":\"get\",\"key\":\"k1\",\"value\":%lu,", value);
	CONTAINS(said, put);
	CONTAINS(said, cas);
	CONTAINS(said, get);
	CONTAINS(said, "/ordeal check 'o x/raft-majority-partition/seed-1/history.jsonl'\n");
	EQUAL(shell("$ORDEAL run \"$HERE/scenarios/zoo/counter-answers-before-applied.yaml\" "
		    "--seed 1"),
	      0);
	CONTAINS(shell_out(), " returned null, though");
	shell_end();
}

/* ---- Options --------------------------------------------------------------------------------- */

static void what_is_guessed_can_be_said(void)
{
	begin();
	EQUAL(shell("$ORDEAL check --format jepsen-txt --model cas-register good.txt"), 0);
	CONTAINS(shell_out(), "jepsen-txt (as you say), cas-register (as you say)");
	EQUAL(shell("$ORDEAL check --model queue good.txt"), 2);
	CONTAINS(shell_err(), "good.txt:1:1: error: write: queue has no such operation; accepted: "
			      "enqueue, dequeue\n");
	EQUAL(shell("$ORDEAL check --format jepsen-edn good.txt"), 2);
	CONTAINS(shell_err(), "good.txt:1:1: error: an event is a map");
	EQUAL(shell("$ORDEAL check - <wrong.txt"), 1);
	CONTAINS(shell_out(), "-: not linearizable");
	EQUAL(shell("cat wrong.txt | $ORDEAL check --format jepsen-txt -"), 1);
	EQUAL(shell("(printf '\\357\\273\\277'; cat wrong.txt) >marked.txt;"
		    "$ORDEAL check marked.txt"),
	      1); /* by an editor */
	shell_end();
}

static void a_wrong_value_is_told_what_is_accepted(void)
{
	static const struct {
		const char *line, *says;
	} refused[] = {
		{"$ORDEAL check", "check needs a history"},
		{"$ORDEAL check none.edn", "none.edn: No such file"},
		{"$ORDEAL check --model registre good.txt", "did you mean register?"},
		{"$ORDEAL check --model registre good.txt", "list-append"},
		{"$ORDEAL check --format edn good.txt", "jepsen-edn"},
		{"$ORDEAL check --level strict good.txt", "strict-serializable"},
		{"$ORDEAL check --budget 5 good.txt", "a number with its unit"},
		{"$ORDEAL check --budget 0MB good.txt", "a number with its unit"},
		{"$ORDEAL check --budget 5mb good.txt", "a number with its unit"},
		{"$ORDEAL check --out '' good.txt", "a folder has a name"},
		{"$ORDEAL check --out o good.txt ./good.txt", "would both be written"},
		{"$ORDEAL check --out good.txt/o good.txt", "good.txt/o: Not a directory"},
		{"echo hello >f; $ORDEAL check f", "f:1:1: error: this looks like none of"},
		{"echo hello >f; $ORDEAL check f", "jepsen-edn"},
		{"$ORDEAL check .", ". is a folder; judged are files, as ./history.jsonl"},
		{"$ORDEAL check --format jepsen-edn good.txt",
		 "good.txt: you say jepsen-edn, but it looks like jepsen-txt"},
		{"$ORDEAL check --model set good.txt", "accepted: add, remove, insert, delete"},
		{"$ORDEAL check --model set good.txt", "you say set, but it looks like register"},
		{"$ORDEAL check --model bank good.txt",
		 "good.txt: you say bank, but it looks like register"},
		{"$ORDEAL check --level serializable good.txt",
		 "good.txt: --level is of transactions, and this is a register"},
		{"$ORDEAL check --budget 9999999MB good.txt", "at most 1048576 of them"},
		{"echo '{:type :invoke :f :raed}' >f; $ORDEAL check f", "see: ordeal list models"},
	};

	begin();
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		EQUAL(shell(refused[i].line), 2);
		CONTAINS(shell_err(), refused[i].says);
	}
	shell_end();
}

static void nothing_to_judge_is_no_violation(void)
{
	begin();
	EQUAL(shell(": >empty; $ORDEAL check empty"), 0);
	CONTAINS(shell_out(), "there is nothing to judge");
	EQUAL(shell("echo '{:process :nemesis :type :info :f :kill}' >f; $ORDEAL check f"), 0);
	CONTAINS(shell_out(), "there is nothing to judge");
	shell_end();
}

static void help_teaches_and_lists(void)
{
	begin();
	EQUAL(shell("$ORDEAL help check"), 0);
	CONTAINS(shell_out(), "Usage: ordeal check HISTORY...");
	CONTAINS(shell_out(), "--budget SIZE");
	EQUAL(shell("$ORDEAL help"), 0);
	CONTAINS(shell_out(), "ordeal check HISTORY...");
	EQUAL(shell("$ORDEAL list formats models"), 0);
	CONTAINS(shell_out(), "jepsen-edn ");
	CONTAINS(shell_out(), "cas-register    read write cas\n");
	CONTAINS(shell_out(), "list-append     transactions\n");
	shell_end();
}

/* ---- What is printed and written ------------------------------------------------------------- */

static void no_wall_clock_time_stands_where_it_was_not_asked_for(void)
{
	begin();
	EQUAL(shell("$ORDEAL check wrong.txt good.txt >1; $ORDEAL check wrong.txt good.txt >2;"
		    "cmp 1 2 && ! grep -q judged 1"),
	      0);
	EQUAL(shell("$ORDEAL check --times good.txt | grep -q 'read in .* s, judged in .* s'"), 0);
	EQUAL(shell("$ORDEAL check --quiet good.txt && $ORDEAL check --quiet --json good.txt"), 0);
	CU_ASSERT_STRING_EQUAL(shell_out(), "");
	shell_end();
}

static void files_are_left_and_are_the_same_each_time(void)
{
	begin();
	EQUAL(shell("$ORDEAL check --out 1 wrong.txt good.txt; $ORDEAL check --out 2 wrong.txt "
		    "good.txt; diff -r 1 2 && ls 1"),
	      0);
	CONTAINS(shell_out(), "good.txt.json\n");
	CONTAINS(shell_out(), "wrong.txt.json\n");
	CONTAINS(shell_text("1/wrong.txt.json"), "\"verdict\":\"not linearizable\"");
	CONTAINS(shell_text("1/wrong.txt.json"), "\"model\":\"register\"");
	CONTAINS(shell_text("1/wrong.txt.json"),
		 "\"could_have_returned\":[{\"line\":5,\"possible\":[\"2\"]}]");
	CONTAINS(shell_text("1/wrong.txt.svg"), ">read -&gt; 1</text>");
	shell_end();
}

CU_TestInfo check_tests[] = {
	{"every history of others gets its verdict", every_history_of_others_gets_its_verdict},
	{"the exit status is the verdict; over several files the gravest",
	 the_exit_status_is_the_verdict},
	{"a spent budget is unknown", a_spent_budget_is_unknown},
	{"transactions are judged with and without real time",
	 transactions_are_judged_at_two_levels},
	{"headline and status of a level agree", headline_and_status_of_a_level_agree},
	{"who comes back from an unknown outcome is mentioned",
	 who_comes_back_from_an_unknown_outcome_is_mentioned},
	{"what a run left is judged as the run was", what_a_run_left_is_judged_as_the_run_was},
	{"what convicts a run convicts its history", what_convicts_a_run_convicts_its_history},
	{"a conviction's sentence is made of the evidence below it",
	 the_sentence_is_made_of_its_evidence},
	{"what is guessed can be said", what_is_guessed_can_be_said},
	{"a wrong value is told what is accepted", a_wrong_value_is_told_what_is_accepted},
	{"nothing to judge is no violation", nothing_to_judge_is_no_violation},
	{"help teaches, and lists formats and models", help_teaches_and_lists},
	{"no wall-clock time is printed unless asked for",
	 no_wall_clock_time_stands_where_it_was_not_asked_for},
	{"files are left, and are the same each time", files_are_left_and_are_the_same_each_time},
	CU_TEST_INFO_NULL,
};
