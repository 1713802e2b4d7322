/* Formats: what is read out of a file, and what is refused, with its line. */
#include "sim/histories/recording.h"
#include "sim/histories/text.h"
#include "tests/tests.h"

#define DATA "tests/data/histories/"

static struct recording recording;
static char *text;

/* Reads a text in the format that is guessed; false: it was refused. */
static bool read_text(const char *given)
{
	enum format format = FORMAT_EDN;
	size_t size = strlen(given);

	free(text);
	text = strdup(given);
	recording_free(&recording);
	CU_ASSERT(format_guess(text, size, &format));
	return recording_read(&recording, format, text, size);
}

static const struct call *call(uint32_t index)
{
	static const struct call none;

	CU_ASSERT(index < recording.count);
	return index < recording.count ? &recording.calls[index] : &none;
}

static const char *printed(const struct datum *datum)
{
	static char line[256];
	FILE *out = fmemopen(line, sizeof(line), "w");

	datum_print(out, datum);
	fclose(out);
	return line;
}

static void all_free(void)
{
	recording_free(&recording);
	free(text);
	text = NULL;
}

/* ---- Files of others ------------------------------------------------------------------------- */

static void read_listed(const char *path, const char *format, unsigned count)
{
	char full[300];
	size_t size = 0;
	enum format guessed = FORMAT_LOG; /* what the one empty file would have been */

	snprintf(full, sizeof(full), DATA "%s", path);
	free(text);
	text = text_of_file(full, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	recording_free(&recording);
	CU_ASSERT(format_guess(text, size, &guessed) == (size != 0));
	CU_ASSERT_STRING_EQUAL(formats[guessed].name, format);
	if (!recording_read(&recording, guessed, text, size))
		printf("\n  %s:%u: %s", path, recording.trouble.line, recording.trouble.text);
	EQUAL(recording.trouble.line, 0);
	EQUAL(recording.count, count);
	EQUAL(recording.ok + recording.failed + recording.unknown, count);
}

static void others_files_are_read(void)
{
	FILE *list = fopen(DATA "verdicts.tsv", "r");
	char path[200], format[30], model[30], verdict[30];
	unsigned count, files = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	CU_ASSERT(fscanf(list, "%*[^\n]") == 0);
	while (fscanf(list, " %199[^\t] %29s %29s %29s %u %*[^\n]", path, format, model, verdict,
		      &count) == 5) {
		read_listed(path, format, count);
		files++;
	}
	EQUAL(files, 67);
	fclose(list);
	all_free();
}

static void times_that_decrease_are_counted(void)
{
	read_listed("knossos/cas-register/bad/rethink-fail-smaller.edn", "jepsen-edn", 250);
	EQUAL(recording.backwards, 12);
	CU_ASSERT(read_text("{:process 1 :type :invoke :time 7}{:process 1 :type :ok :time 7}"
			    "{:process 1 :type :invoke :time 6}"));
	EQUAL(recording.backwards, 1);
	all_free();
}

/* Who failed may go on, and so may others. */
static void who_comes_back_from_an_unknown_outcome_is_counted(void)
{
	static const char unknown[] = "{:process 1 :type :invoke}{:process 1 :type :info}"
				      "{:process 2 :type :invoke}{:process 2 :type :fail}"
				      "{:process 2 :type :invoke}{:process 2 :type :ok}";
	char history[512];

	CU_ASSERT(read_text(unknown));
	EQUAL(recording.came_back, 0);
	snprintf(history, sizeof(history),
		 "%s{:process 1 :type :invoke}{:process 1 :type :ok}"
		 "{:process 1 :type :invoke}",
		 unknown);
	CU_ASSERT(read_text(history));
	EQUAL(recording.came_back, 1);
	EQUAL(recording.unknown, 2);
	all_free();
}

/* ---- What stands in a history ---------------------------------------------------------------- */

static void an_operation_is_its_two_events(void)
{
	CU_ASSERT(read_text(
		"{\"index\":0,\"process\":3,\"type\":\"invoke\",\"f\":\"cas\",\"key\":\"k1\","
		"\"value\":[1,2],\"time\":7}\n"
		"{\"index\":1,\"process\":4,\"type\":\"invoke\",\"f\":\"get\",\"key\":\"k2\","
		"\"value\":null,\"time\":8}\n"
		"{\"index\":2,\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"crash\","
		"\"phase\":\"begin\",\"value\":[\"n1\"],\"time\":8}\n"
		"{\"index\":3,\"process\":3,\"type\":\"ok\",\"f\":\"cas\",\"key\":\"k1\","
		"\"value\":[1,2],\"result\":false,\"time\":9}\n"
		"{\"index\":4,\"process\":4,\"type\":\"info\",\"f\":\"get\",\"key\":\"k2\","
		"\"value\":null,\"time\":10}\n"));
	EQUAL(recording.count, 2);
	EQUAL(recording.events, 5);
	EQUAL(recording.processes, 2);
	EQUAL(recording.most_open, 2);
	EQUAL(call(0)->process, 3);
	EQUAL(call(0)->answer, ANSWER_OK);
	CU_ASSERT(call(0)->untrue);
	EQUAL(call(0)->invoked, 0);
	EQUAL(call(0)->returned, 3);
	EQUAL(call(0)->invoked_line, 1);
	EQUAL(call(0)->returned_line, 4);
	EQUAL(call(0)->invoked_time, 7);
	EQUAL(call(0)->returned_time, 9);
	CU_ASSERT_STRING_EQUAL(printed(&call(0)->asked), "[1 2]");
	EQUAL(call(1)->answer, ANSWER_UNKNOWN);
	EQUAL(call(1)->returned, NEVER_RETURNED);
	CU_ASSERT(call(0)->key != call(1)->key && call(0)->name != call(1)->name);
	EQUAL(recording.disturbance_count, 1);
	EQUAL(recording.disturbances[0].at, 2);
	CU_ASSERT_STRING_EQUAL(printed(&recording.disturbances[0].value), "[\"n1\"]");
	all_free();
}

static void edn_is_read_as_people_write_it(void)
{
	CU_ASSERT(read_text("; a comment\n"
			    "({:process 1 :type :invoke :f :write\n"
			    "  :value -7 ; behind\n"
			    "  :extra #{:a :b} :error [:x {:y #inst \"now\"}]},,,\n"
			    " #_ {:type :ok} {:type :ok, :f :write, :process 1, :value -7}\n"
			    " #jepsen.history.Op{:process 2 :type :invoke :f :read "
			    ":value \"a \\\"b\\\" \\u00e9\\n\"}\n"
			    " {:process 2, :type :fail, :f :read, :value 12345678901234567890N}\n"
			    " {:type :info :process :nemesis :f :start})\n"
			    "; the end\n"));
	EQUAL(recording.count, 2);
	EQUAL(call(0)->asked.number, -7);
	EQUAL(call(0)->invoked_line, 2);
	EQUAL(call(0)->returned_line, 5);
	CU_ASSERT_STRING_EQUAL(printed(&call(1)->asked), "\"a \"b\" \xC3\xA9\\x0a\"");
	EQUAL(call(1)->answer, ANSWER_FAIL);
	EQUAL(recording.disturbance_count, 1);
	all_free();
}

static void events_without_a_process_belong_to_the_latest_invocation(void)
{
	CU_ASSERT(read_text("{:type :invoke :value 1} {:type :invoke :value 2}\n"
			    "{:type :ok :value 2} {:type :ok :value 1}\n"));
	EQUAL(call(0)->returned, 3);
	EQUAL(call(1)->returned, 2);
	all_free();
}

static void logs_are_read_among_other_lines(void)
{
	CU_ASSERT(read_text("INFO  jepsen.system.etcd - :n1 etcd started\n"
			    "INFO  jepsen.util - 0\t:invoke\t:cas\t[3 0]\n"
			    "INFO  jepsen.util - :nemesis :info  :start Cut off {:n1 #{:n2\n"
			    "INFO  jepsen.util - 1   :invoke :read   nil\r\n"
			    "INFO  jepsen.util - 0\t:info\t:cas\t:timed-out\n"));
	EQUAL(recording.count, 2);
	EQUAL(recording.strange, 1);
	EQUAL(recording.disturbance_count, 1);
	EQUAL(recording.unknown, 2);
	EQUAL(call(0)->invoked_line, 2);
	EQUAL(call(1)->invoked_line, 4);
	all_free();
}

static void a_failed_line_may_say_more(void)
{
	CU_ASSERT(read_text("8\t:invoke\t:read\tnil\n"
			    "8\t:fail\t:read\tnil\tconnection \"error (really\n"
			    "8\t:invoke\t:read\tnil\n"));
	EQUAL(recording.count, 2);
	EQUAL(recording.failed, 1);
	all_free();
}

static void a_process_may_come_back_after_an_unknown_outcome(void)
{
	CU_ASSERT(read_text("8\t:invoke\t:write\t1\n8\t:info\t:write\t1\n8\t:invoke\t:read\tnil\n"
			    "8\t:ok\t:read\tnil\n"));
	EQUAL(call(0)->returned, NEVER_RETURNED);
	EQUAL(call(1)->returned, 3);
	EQUAL(recording.processes, 1);
	all_free();
}

/* ---- What is refused ------------------------------------------------------------------------- */

#define A "{:process 1 :type :invoke :f :read}\n"
#define B "{:process 1 :type :ok :f :read :value 1}\n"
#define J "{\"process\":1,\"type\":\"invoke\",\"f\":\"read\""

static const struct {
	const char *text;
	unsigned line, column;
	const char *says;
} refused[] = {
	{B, 1, 1, "process 1 answers, but has asked nothing"},
	{A B B, 3, 1, "process 1 answers, but has asked nothing"},
	{"{:type :ok}", 1, 1, "an event without a process answers, but has asked nothing"},
	{"\n" A A, 3, 1, "process 1 asks again, while its last question is open (line 2)"},
	{A "{:process 1 :type :ok :f :write}", 2, 1,
	 "answers another operation than it asked for (line 1)"},
	{"{:process 1 :type :invoke :key 1}\n{:process 1 :type :ok :key 2}", 2, 1,
	 "answers for another key than it asked for (line 1)"},
	{"{:process 1 :index 4 :type :invoke}\n{:process 1 :index 3 :type :ok}", 2, 1,
	 "index 3 follows index 4"},
	{"{:process 1 :index 4 :type :invoke}\n{:process 1 :index 4 :type :ok}", 2, 1,
	 "index 4 follows index 4"},
	{"{:process 1 :type :ivoke}", 1, 25, "an event's type is invoke, ok, fail or info"},
	{"{:process 1}", 1, 13, "an event without a type"},
	{"{:process 1 :type :invoke :process 2}", 1, 35, "one event has \"process\" twice"},
	{"[" A B, 3, 1, "the file ends before a ']'"},
	{"[" A B "]]", 3, 2, "something follows the last bracket"},
	{A "{:process 1 :type :ok :f :re", 2, 29, "the file ends before a '}'"},
	{A "{:process 1 :type :ok :f \"re", 2, 29, "the file ends within a string"},
	{A "{:process 1 :type :ok :value [1 2}", 2, 34, "a '}' where a value is due"},
	{A "{:process 1 :type :ok :value}", 2, 29, "a '}' where a value is due"},
	{A "{:process 1 :type", 2, 18, "the file ends where a value is due"},
	{A "7", 2, 1, "an event is a map"},
	{A "{:process 1 :type :ok :value # 3}", 2, 31, "a '#' that is followed by no tag"},
	{"{:type :invoke :value \"\\q\"}", 1, 25, "no such escape"},
	{"{:type :invoke :value \"\\u12g4\"}", 1, 28, "four hexadecimal digits"},
	{"{:type :invoke :value \"\\ud800x\"}", 1, 30, "half a character"},
	{"{:type :invoke :value \"\\ud800\\u0041\"}", 1, 36, "half a character"},
	{"{:type :invoke :value \"\\udc00\"}", 1, 30, "half a character"},
	{"[" J "}" J "}]", 1, 42, "',' or ']' is missing"},
	{"[" J "},]", 1, 43, "nothing follows the last ','"},
	{"[" J " \"key\":1}]", 1, 42, "',' or '}' is missing"},
	{"[" J ",\"key\" 1}]", 1, 48, "':' is missing"},
	{J ",\"key\":k1}", 1, 47, "no value of JSON: \"k1\""},
	{J ",\"key\":007}", 1, 47, "no value of JSON: \"007\""},
	{J ",\"key\":+7}", 1, 47, "no value of JSON: \"+7\""},
	{J ",\"key\":1.}", 1, 47, "no value of JSON: \"1.\""},
	{J ",\"key\":1e}", 1, 47, "no value of JSON: \"1e\""},
	{J ",\"key\":{7:8}}", 1, 49, "a key of JSON is a string"},
	{J ",\"key\":\"\n\"}", 1, 48, "a string of JSON has no line breaks"},
	{"INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:invo\n", 2, 28,
	 "an event's type is invoke, ok, fail or info"},
	{"INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:ok\n", 2, 26,
	 "the line ends before its operation"},
	{"INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.ut", 2, 1,
	 "the last line does not end"},
	{"0\t:invoke\t:write\t34", 1, 20, "the last line does not end"},
	{"0\t:invoke\t:write\n", 1, 17, "the line ends before its value"},
	{"0\t:invoke\t:cas\t[1\n 2]\n", 1, 18, "the file ends before a ']'"},
};

static void nonsense_is_refused_with_its_line(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		CU_ASSERT_FALSE(read_text(refused[i].text));
		CONTAINS(recording.trouble.text, refused[i].says);
		if (recording.trouble.line != refused[i].line ||
		    recording.trouble.column != refused[i].column)
			printf("\n  %s", refused[i].text);
		EQUAL(recording.trouble.line, refused[i].line);
		EQUAL(recording.trouble.column, refused[i].column);
	}
	all_free();
}

static void too_many_brackets_are_refused(void)
{
	char deep[400] = "{:type :invoke :value ", wide[400] = "{:type :invoke :value ";

	memset(deep + strlen(deep), '[', 200);
	CU_ASSERT_FALSE(read_text(deep));
	CONTAINS(recording.trouble.text, "brackets more than 64 deep");
	for (size_t i = 0, end = strlen(wide); i < 90; i++, end += 3)
		memcpy(wide + end, "#_ ", 4);
	CU_ASSERT_FALSE(read_text(wide));
	CONTAINS(recording.trouble.text, "more than 64 values are skipped at once");
	all_free();
}

static void what_is_no_history_has_no_format(void)
{
	static const char *const strange[] = {"", "\n \n", "; nothing\n", "hello\nworld\n",
					      "INFO  jepsen.util - Begin\n"};
	enum format format;

	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
		CU_ASSERT_FALSE(format_guess(strange[i], strlen(strange[i]), &format));
}

static void values_have_numbers(void)
{
	static const char *const values[] = {"1",     "2",     ":a",     "\"a\"",
					     "[1 2]", "[2 1]", "#{1 2}", "{1 2}",
					     "true",  "false", "1.5",    "[1 [2]]"};
	enum { VALUES = sizeof(values) / sizeof(values[0]) };
	struct names names = {0};
	char line[2000] = "";

	for (int times = 0; times < 2; times++)
		for (size_t i = 0; i < VALUES; i++)
			sprintf(line + strlen(line), "{:type :invoke :value %s}", values[i]);
	CU_ASSERT(read_text(line));
	for (uint32_t i = 0; i < 2 * VALUES; i++) {
		EQUAL(names_of(&names, &call(i)->asked), i % VALUES + 1);
		EQUAL(names_find(&names, &call(i)->asked), i % VALUES + 1);
	}
	EQUAL(names_of(&names, &(struct datum){.kind = DATUM_NIL}), 0);
	for (int64_t i = 0; i < 1000; i++)
		names_of(&names, &(struct datum){.kind = DATUM_NUMBER, .number = i * i});
	EQUAL(names_find(&names, &(struct datum){.kind = DATUM_NUMBER, .number = 998001}),
	      names.count);
	EQUAL(names_find(&names, &(struct datum){.kind = DATUM_NUMBER, .number = 3}), 0);
	names_free(&names);
	all_free();
}

CU_TestInfo formats_tests[] = {
	{"each history of others is read in its format, with all its operations",
	 others_files_are_read},
	{"times that decrease are counted, not refused", times_that_decrease_are_counted},
	{"who comes back from an unknown outcome is counted",
	 who_comes_back_from_an_unknown_outcome_is_counted},
	{"an operation is its two events", an_operation_is_its_two_events},
	{"EDN is read as people write it", edn_is_read_as_people_write_it},
	{"events without a process belong to the latest invocation",
	 events_without_a_process_belong_to_the_latest_invocation},
	{"a log's history is read among its other lines", logs_are_read_among_other_lines},
	{"a failed line may say more", a_failed_line_may_say_more},
	{"a process may come back after an unknown outcome",
	 a_process_may_come_back_after_an_unknown_outcome},
	{"nonsense is refused with its line", nonsense_is_refused_with_its_line},
	{"brackets have a depth", too_many_brackets_are_refused},
	{"what is no history has no format", what_is_no_history_has_no_format},
	{"equal values have equal numbers, in the order of the text", values_have_numbers},
	CU_TEST_INFO_NULL,
};
