/* Explanations: what is said and drawn of operations that no order explains. The cores are given
 * here by hand, so that nothing depends on which one a judge would find. */
#include "sim/histories/explanation.h"
#include "tests/tests.h"

static struct recording recording;
static struct object_history object;
static struct transaction_history transactions;
static struct transactions_finding anomalies_found;
static struct explanation explanation;
static struct room *room;
static char *text, *told;

static void all_free(void)
{
	recording_free(&recording);
	object_history_free(&object);
	transaction_history_free(&transactions);
	transactions_finding_free(&anomalies_found);
	anomalies_found = (struct transactions_finding){0};
	if (room)
		room_close(room);
	room = NULL;
	free(text);
	free(told);
	text = told = NULL;
}

static void read_text(const char *given)
{
	enum format format;

	all_free();
	text = strdup(given);
	room = room_open();
	CU_ASSERT(format_guess(text, strlen(text), &format));
	CU_ASSERT(recording_read(&recording, format, text, strlen(text)));
}

static const char *printed(void (*print)(FILE *, const struct explanation *))
{
	size_t size;
	FILE *out;

	free(told);
	out = open_memstream(&told, &size);
	print(out, &explanation);
	fclose(out);
	return told;
}

/* Explains a history whose core these operations are, by the lines of their invocations. */
static void explain_text(const char *given, const struct model *model, const unsigned *lines,
			 size_t count)
{
	struct trouble trouble = {0};
	uint32_t core[8];
	struct finding finding = {.legality = ILLEGAL, .core = core, .core_minimal = true};

	read_text(given);
	CU_ASSERT(operations_of_calls(&recording, model, &object, &trouble));
	for (size_t i = 0; i < object.history.count; i++)
		for (size_t j = 0; j < count; j++)
			if (recording.calls[object.operations[i].source].invoked_line == lines[j])
				core[finding.core_count++] = (uint32_t)i;
	EQUAL(finding.core_count, count);
	explain(room, &recording, model, &object, &finding, &explanation);
}

static const char stale[] = "0\t:invoke\t:write\t1\n" /* 1 */
			    "0\t:ok\t:write\t1\n"
			    ":nemesis\t:info\t:start\t{:isolated [n1]}\n" /* 3 */
			    "0\t:invoke\t:write\t2\n"                     /* 4 */
			    "3\t:invoke\t:write\t7\n"                     /* 5 */
			    "0\t:ok\t:write\t2\n"
			    "1\t:invoke\t:read\tnil\n" /* 7 */
			    ":nemesis\t:info\t:stop\tnil\n"
			    "1\t:ok\t:read\t1\n"
			    "1\t:invoke\t:read\tnil\n" /* 10 */
			    "1\t:ok\t:read\t2\n";
static const unsigned stale_core[] = {1, 4, 7};

static void a_stale_read_is_told_what_it_could_have_returned(void)
{
	explain_text(stale, &model_register, stale_core, 3);
	EQUAL(explanation.count, 3);
	CU_ASSERT_FALSE(explanation.shown[1].stuck);
	CU_ASSERT(explanation.shown[2].stuck);
	EQUAL(explanation.shown[2].answer_count, 2);
	CONTAINS(printed(explanation_print),
		 "read -> 1 of line 7 could have returned 7 or 2, not 1");
	all_free();
}

static void what_came_after_a_read_does_not_bind_it(void)
{
	explain_text("0\t:invoke\t:write\t1\n0\t:ok\t:write\t1\n"
		     "0\t:invoke\t:write\t2\n0\t:ok\t:write\t2\n"
		     "3\t:invoke\t:write\t7\n"
		     "1\t:invoke\t:read\tnil\n" /* 6 */
		     "2\t:invoke\t:read\tnil\n"
		     "1\t:ok\t:read\t1\n"
		     "2\t:ok\t:read\t9\n", /* nothing explains it, but it is told later */
		     &model_register, (const unsigned[]){1, 3, 6}, 3);
	CONTAINS(printed(explanation_print), "of line 6 could have returned 7 or 2, not 1");
	all_free();
}

static void lanes_show_who_was_under_way_when(void)
{
	explain_text(stale, &model_register, stale_core, 3);
	EQUAL(explanation.lanes, 2);
	EQUAL(explanation.moments, 6);
	CONTAINS(printed(explanation_print),
		 "  line 1-2          process    0  write 1    |--|\n"
		 "  line 4-6          process    0  write 2          |--|\n"
		 "  line 7-9          process    1  read -> 1              |==| no place\n");
	all_free();
}

static void faults_that_were_near_are_named(void)
{
	explain_text(stale, &model_register, stale_core, 3);
	EQUAL(explanation.near_count, 2);
	CONTAINS(printed(explanation_print), "line 3, fault: start {:isolated [n1]}, meanwhile");
	CONTAINS(printed(explanation_print), "line 8, fault: stop");
	/* Of those before, the last one. */
	explain_text(stale, &model_register, (const unsigned[]){10}, 1);
	EQUAL(explanation.near_count, 1);
	CONTAINS(printed(explanation_print), "line 8, fault: stop, before");
	all_free();
}

static void a_time_that_was_recorded_is_told(void)
{
	explain_text("{:process :nemesis :type :info :f :kill :time 1000000000}\n"
		     "{:process 1 :type :invoke :f :read :time 3500000000}\n"
		     "{:process 1 :type :ok :f :read :value 5 :time 3600000000}\n",
		     &model_register, (const unsigned[]){2}, 1);
	CONTAINS(printed(explanation_print), "line 1, fault: kill, 2.500 s before");
	CONTAINS(printed(explanation_draw), ">3.500</text>");
	CONTAINS(printed(explanation_draw), "not to scale");
	all_free();
}

static void a_value_without_a_writer_is_told(void)
{
	explain_text("1\t:invoke\t:read\tnil\n1\t:ok\t:read\t3\n", &model_register,
		     (const unsigned[]){1}, 1);
	CONTAINS(printed(explanation_print), "read -> 3 of line 1 could have returned nil, not 3");
	CONTAINS(printed(explanation_print), "nobody wrote what it returned");
	explain_text("2\t:invoke\t:write\t3\n2\t:fail\t:write\t3\n"
		     "1\t:invoke\t:read\tnil\n1\t:ok\t:read\t3\n",
		     &model_register, (const unsigned[]){3}, 1);
	CONTAINS(printed(explanation_print), "written by line 1 alone, which failed (line 2)");
	all_free();
}

static void where_more_was_wrong_the_core_alone_counts(void)
{
	/* The first read can't be explained, so nothing after it can, taken as it was. */
	explain_text("0\t:invoke\t:read\tnil\n0\t:ok\t:read\t9\n"
		     "0\t:invoke\t:write\t1\n0\t:ok\t:write\t1\n"
		     "0\t:invoke\t:write\t2\n0\t:ok\t:write\t2\n"
		     "0\t:invoke\t:read\tnil\n0\t:ok\t:read\t1\n",
		     &model_register, (const unsigned[]){3, 5, 7}, 3);
	CONTAINS(printed(explanation_print), "of line 7 could have returned 2, not 1");
	all_free();
}

#define ASKED(process, name, value)                                                                \
	"{:process " process " :type :invoke :f :" name " :value " value "}\n"
#define TOLD(process, name, value)                                                                 \
	"{:process " process " :type :ok :f :" name " :value " value "}\n"
#define DONE(process, name, value) ASKED(process, name, value) TOLD(process, name, value)

static void other_models_are_asked_too(void)
{
	explain_text(DONE("1", "enqueue", "7") DONE("1", "enqueue", "8")
			     ASKED("2", "dequeue", "nil") TOLD("2", "dequeue", "8"),
		     &model_queue, (const unsigned[]){1, 5}, 2);
	CONTAINS(printed(explanation_print), "dequeue -> 8 of line 5 could have returned 7, not 8");
	/* One sum is certain, one may be; the last comes too late. */
	explain_text(DONE("1", "add", "7") ASKED("1", "add", "8") ASKED("2", "read", "nil")
			     TOLD("2", "read", "8") DONE("3", "add", "100"),
		     &model_counter, (const unsigned[]){1, 4}, 2);
	CONTAINS(printed(explanation_print),
		 "read -> 8 of line 4 could have returned 7 or 15, not 8");
	explain_text(DONE("1", "add", "7") DONE("2", "remove", "7") DONE("2", "contains", "7"),
		     &model_set, (const unsigned[]){1, 3, 5}, 3);
	CONTAINS(printed(explanation_print),
		 "contains 7 of line 5 could have returned false, not true");
	explain_text(DONE("1", "acquire", "nil") DONE("2", "acquire", "nil"), &model_mutex,
		     (const unsigned[]){1, 3}, 2);
	CONTAINS(printed(explanation_print), "acquire of line 3 could have returned false");
	CU_ASSERT_PTR_NULL(strstr(told, "of line 1 could"));
	all_free();
}

static unsigned width_of_picture(void)
{
	unsigned width = 0;

	CU_ASSERT(sscanf(printed(explanation_draw), "<svg xmlns=\"%*[^\"]\" width=\"%u", &width) ==
		  1);
	return width;
}

static void a_caption_has_room(void)
{
	explain_text(DONE("1", "read", "9"), &model_register, (const unsigned[]){1}, 1);
	CU_ASSERT(width_of_picture() > 96 + 36 * 6); /* its letters */
	all_free();
}

static void the_picture_has_a_box_an_operation(void)
{
	const char *svg;
	unsigned boxes = 0;

	explain_text(stale, &model_register, stale_core, 3);
	svg = printed(explanation_draw);
	CONTAINS(svg, "<svg xmlns=");
	CONTAINS(svg, ">process 1</text>");
	CONTAINS(svg, ">read -&gt; 1</text>");
	CONTAINS(svg, ">start {:isolated [n1]}</text>");
	CONTAINS(svg, "line 7, answered in line 9");
	for (const char *at = svg; (at = strstr(at, " rx=\"3\"")); at++)
		boxes++;
	EQUAL(boxes, 3);
	all_free();
}

static void a_picture_is_never_broken_by_a_value(void)
{
	explain_text("{:process 1 :type :invoke :f :read}\n"
		     "{:process 1 :type :ok :f :read :value \"<b>&\\u0007\xff\xc3\xa9"
		     "0123456789012345678901234567890123456789012345678901234567890123456789\"}\n",
		     &model_register, (const unsigned[]){1}, 1);
	CONTAINS(printed(explanation_draw), "\"&lt;b&gt;&amp;\\x07\\xff\xc3\xa9"
					    "0123456789");
	CONTAINS(printed(explanation_draw), "...</text>");
	all_free();
}

static void labels_say_what_was_asked_and_told(void)
{
	static const char *const labels[] = {"get k -> 5", "cas k [5 6] -> false", "put k 7",
					     "delete k"};
	char label[LABEL_MAX];

	read_text("{\"process\":1,\"type\":\"invoke\",\"f\":\"get\",\"key\":\"k\"}"
		  "{\"process\":1,\"type\":\"ok\",\"f\":\"get\",\"key\":\"k\",\"value\":5}"
		  "{\"process\":1,\"type\":\"invoke\",\"f\":\"cas\",\"key\":\"k\",\"value\":[5,6]}"
		  "{\"process\":1,\"type\":\"ok\",\"f\":\"cas\",\"key\":\"k\",\"result\":false}"
		  "{\"process\":1,\"type\":\"invoke\",\"f\":\"put\",\"key\":\"k\",\"value\":7}"
		  "{\"process\":2,\"type\":\"invoke\",\"f\":\"delete\",\"key\":\"k\",\"value\":"
		  "null}");
	for (uint32_t i = 0; i < 4; i++) {
		call_label(&recording, &model_kv, &recording.calls[i], label);
		CU_ASSERT_STRING_EQUAL(label, labels[i]);
	}
	all_free();
}

static void an_anomaly_is_its_cycle(void)
{
	const struct judge_limits limits = {0};
	struct trouble trouble = {0};
	size_t size;

	read_text("{:process 1 :type :invoke :value [[:r :x nil] [:append :y 1]]}\n"
		  "{:process 2 :type :invoke :value [[:r :y nil] [:append :x 2]]}\n"
		  "{:process 1 :type :ok :value [[:r :x nil] [:append :y 1]]}\n"
		  "{:process 2 :type :ok :value [[:r :y nil] [:append :x 2]]}\n"
		  "{:process 3 :type :invoke :value [[:r :x nil] [:r :y nil]]}\n"
		  "{:process 3 :type :ok :value [[:r :x [2]] [:r :y [1]]]}\n");
	CU_ASSERT(transactions_of_calls(&recording, TRANSACTION_LIST_APPEND, &transactions,
					&trouble));
	judge_transactions(&transactions.transactions, &limits, &anomalies_found);
	EQUAL(anomalies_found.serializable, ILLEGAL);
	explain_anomaly(&recording, &anomalies_found, &transactions, &explanation);
	EQUAL(explanation.count, 2);
	EQUAL(explanation.lanes, 2);
	EQUAL(explanation.edge_count, 2);
	CU_ASSERT(explanation.edges[0].from != explanation.edges[1].from);
	EQUAL(explanation.edges[0].from, explanation.edges[1].to);
	EQUAL(explanation.edges[1].from, explanation.edges[0].to);
	CONTAINS(printed(explanation_draw), ">rw</text>");
	CONTAINS(told, "marker-end=\"url(#arrow)\"");
	CONTAINS(printed(explanation_print), "line 1-3");
	FILE *out = (free(told), open_memstream(&told, &size));

	anomalies_print(out, &recording, &anomalies_found, &transactions);
	fclose(out);
	CONTAINS(told, "G2-item: write skew");
	CONTAINS(told, "    line 2-4         [[:r :y nil] [:append :x 2]]\n"
		       "        y = nil, which the next overwrites with 1\n");
	all_free();
}

static void a_wrong_total_tells_both_sums(void)
{
	const struct judge_limits limits = {0};
	struct trouble trouble = {0};
	size_t size;

	read_text(DONE("1", "read", "{0 50 1 50}") DONE("2", "read", "{0 40 1 50}"));
	CU_ASSERT(transactions_of_calls(&recording, TRANSACTION_BANK, &transactions, &trouble));
	judge_transactions(&transactions.transactions, &limits, &anomalies_found);
	explain_anomaly(&recording, &anomalies_found, &transactions, &explanation);
	EQUAL(explanation.edge_count, 0); /* no cycle */
	FILE *out = (free(told), open_memstream(&told, &size));

	anomalies_print(out, &recording, &anomalies_found, &transactions);
	fclose(out);
	CONTAINS(told, "it sums up to 90, the first one to 100\n");
	all_free();
}

/* Two readers, and two writers that the history lacks: what leads through them is one arrow. */
static void an_arrow_leads_through_what_is_not_there(void)
{
	const struct judge_limits limits = {0};
	struct trouble trouble = {0};

	read_text(DONE("1", "read", "[[:r 0 1] [:r 1 nil]]")
			  DONE("2", "read", "[[:r 0 nil] [:r 1 1]]"));
	CU_ASSERT(
		transactions_of_calls(&recording, TRANSACTION_LONG_FORK, &transactions, &trouble));
	judge_transactions(&transactions.transactions, &limits, &anomalies_found);
	explain_anomaly(&recording, &anomalies_found, &transactions, &explanation);
	EQUAL(explanation.count, 2);
	EQUAL(explanation.edge_count, 2);
	CU_ASSERT_STRING_EQUAL(explanation.edges[0].name, "rw, wr");
	CU_ASSERT_STRING_EQUAL(explanation.edges[1].name, "rw, wr");
	all_free();
}

CU_TestInfo explanation_tests[] = {
	{"a stale read is told what it could have returned",
	 a_stale_read_is_told_what_it_could_have_returned},
	{"what came after a read does not bind it", what_came_after_a_read_does_not_bind_it},
	{"lanes show who was under way when", lanes_show_who_was_under_way_when},
	{"faults that were near are named", faults_that_were_near_are_named},
	{"a time that was recorded is told", a_time_that_was_recorded_is_told},
	{"a value without a writer is told", a_value_without_a_writer_is_told},
	{"where more was wrong, the core alone counts", where_more_was_wrong_the_core_alone_counts},
	{"the picture has a box an operation", the_picture_has_a_box_an_operation},
	{"a picture is never broken by a value", a_picture_is_never_broken_by_a_value},
	{"labels say what was asked and told", labels_say_what_was_asked_and_told},
	{"an anomaly is its cycle", an_anomaly_is_its_cycle},
	{"queues, counters, sets and locks are asked, too", other_models_are_asked_too},
	{"a picture is as wide as its caption", a_caption_has_room},
	{"a wrong total tells both sums", a_wrong_total_tells_both_sums},
	{"an arrow leads through what is not there", an_arrow_leads_through_what_is_not_there},
	CU_TEST_INFO_NULL,
};
