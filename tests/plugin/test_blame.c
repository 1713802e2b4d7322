/*
 * Whose fault it is: whatever code of a plug-in does wrong, in handlers and outside of them, is its
 * own, told with the function; nothing of it hangs ordeal, and nothing is taken for ordeal's own.
 */
#include "tests/tests.h"

#include "tests/plugin/outsiders.h"

/* ---- What is asked outside of handlers ------------------------------------------------------- */

/* Its inspectors, its app's words and its model run outside of handlers. */
static void what_crashes_outside_of_handlers_is_the_protocols_too(void)
{
	static const struct {
		const char *change, *says;
	} wrongs[] = {
		{"s/^\tconst struct command command = /\t__builtin_trap();\\n&/",
		 "the app tally died of SIGILL: no instruction, or a trap, in draw (event 1)"},
		{"s/^\tkeys.0. = 0;/\t__builtin_trap();/",
		 "n1 died of SIGILL: no instruction, or a trap, in keys of its app tally, in its "
		 "handler of a request from c"},
		{"s/^\tif (command.operation == ADD)/\t__builtin_trap();\\n&/",
		 "n1 died of SIGILL: no instruction, or a trap, in apply of its app tally, in its"},
		{"s/^\ttold->key = 0;/\t__builtin_trap();/",
		 "the app tally died of SIGILL: no instruction, or a trap, in tell (event 1)"},
		{"s/^\ttold->key = 0;/\tmemset((void *)8, 1, size);/",
		 "the app tally died of SIGSEGV: a pointer to nowhere, or a recursion without end, "
		 "in tell (event 1)"},
		{"s/^\treturn !told->answered/\t__builtin_trap();\\n&/",
		 "the app tally died of SIGILL: no instruction, or a trap, in its model's step"},
		{"s/^\treturn !told->answered/\tfor (volatile int i = 0;; i++)\\n;&/",
		 "the app tally did not return within 2 s of processor time, in its model's step"},
		{"s/^\treturn sizeof(command);/\treturn 5000;/",
		 "the app tally returned 5000 bytes of a command: more than the 4088 that there "
		 "are, in draw (event 1)"},
		{"s/^\treturn 1;/\treturn 17;/",
		 "n1 returned 17 keys: more than the 16 that there are, in keys of its app tally"},
		{"s/^\ttold->key = 0;/\ttold->key = 1;/",
		 "the app tally told of key 1, and there are 1 from 0, in tell (event 1)"},
		{"s/^\ttold->operation = /\ttold->operation = 7 + /",
		 "the app tally told of operation "},
	};

	outsiders_begin();
	shell_file("tally.yaml", tally_yaml);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		setenv("CHANGE", wrongs[i].change, 1);
		EQUAL(shell("sed \"$CHANGE\" tally.c > wrong.c; ! cmp -s tally.c wrong.c && "
			    "make -s wrong.so CFLAGS=-w && "
			    "$ORDEAL run tally.yaml --plugin ./wrong.so --seed 1 --trace"),
		      1);
		CONTAINS(shell_out(), "seed 1 violated protocol-crashed:");
		CONTAINS(shell_out(), wrongs[i].says);
	}
	shell_end();
}

/* An inspector may look, and nothing else; nor may it look for ever. */
static void who_is_asked_to_look_only_looks(void)
{
	static const struct {
		const char *does, *says;
	} wrongs[] = {
		{"env_arm(e, 0, 0, 1, 1);", "n1 armed a timer, which only a handler may, "},
		{"env_cell_put(e, 1, \"x\", 1);",
		 "n1 wrote to its disk, which only a handler may, "},
		{"env_alloc(e, 1);", "n1 took memory, which only a handler may, "},
		{"*(volatile int *)0 = 1;", "n1 died of SIGSEGV: a pointer to nowhere"},
		{"for (char at[9];;) memcpy(at, s, 8);", "n1 did not return within 2 s of"},
	};
	char front[600];

	outsiders_begin();
	shell_file("mine.yaml", mine_yaml);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		snprintf(front, sizeof(front),
			 "#include <string.h>\nstatic uint64_t see(const struct env *env, const "
			 "void *s)\n"
			 "{ struct env *e = (struct env *)env; (void)s; %s return 0; }\n",
			 wrongs[i].does);
		plug_in_write(
			front, "",
			".state_size = 64,\n.timers = (const struct timer_type[]){{0}},\n"
			".inspectors = (const struct inspector[]){{\"role\", see, NULL}, {0}},");
		EQUAL(shell("make -s mine.so CFLAGS=-w && "
			    "$ORDEAL run mine.yaml --plugin ./mine.so --seed 1"),
		      1);
		CONTAINS(shell_out(), "seed 1 violated protocol-crashed:");
		CONTAINS(shell_out(), wrongs[i].says);
		CONTAINS(shell_out(), ", in its inspector role (event ");
	}
	shell_end();
}

/* What only a debugger asks is asked when the verdict is out. */
static void what_an_inspection_asks_may_crash_or_loop(void)
{
	outsiders_begin();
	shell_file("tally.yaml", tally_yaml);
	EQUAL(shell("sed 's/^\treturn \\*(const uint64_t \\*)state;/\tfor (;;)\\n\t\t;/' tally.c > "
		    "wrong.c; ! cmp -s tally.c wrong.c && make -s wrong.so CFLAGS=-w && "
		    "$ORDEAL run tally.yaml --plugin ./wrong.so --seed 1 --inspect n1"),
	      0);
	CONTAINS(shell_out(), "clock        4.");
	CONTAINS(shell_out(), "and no more of it: tally-keeper crashed, or did not return, when "
			      "it was asked");
	shell_end();
}

/* A role without a name is nobody's crash. */
static void a_role_beyond_its_names_is_no_leaders(void)
{
	outsiders_begin();
	shell_file("mine.yaml", mine_yaml);
	plug_in_write("static uint64_t see(const struct env *env, const void *s)\n"
		      "{ (void)env, (void)s; return 1ul << 40; }\n"
		      "static const char *const roles[] = {\"leader\", NULL};\n",
		      "", ".inspectors = (const struct inspector[]){{\"role\", see, roles}, {0}},");
	EQUAL(shell("echo 'faults: [{at: 500ms, crash: leader, for: 100ms}]' >> mine.yaml && "
		    "make -s mine.so CFLAGS=-w && "
		    "$ORDEAL run mine.yaml --plugin ./mine.so --seed 1 --inspect all"),
	      3);
	CONTAINS(shell_out(), "1 scheduled fault(s) never fired");
	shell_end();
}

/* Where no run has begun: what the reader of a scenario asks. */
static void what_is_asked_before_a_run_may_not_crash_or_loop(void)
{
	static const struct {
		const char *front, *table, *says;
	} wrongs[] = {
		{"static const char *look(const void *o) { for (;;) *(volatile int *)&o; }",
		 ".unsound = look",
		 "mine's function unsound did not return within 2 s of processor time; accepted: "
		 "one that returns a sentence, or NULL"},
		{"static const char *look(const void *o) { return (const char *)8; }",
		 ".unsound = look",
		 "mine's function unsound died of SIGSEGV: a pointer to nowhere"},
		{"static nanoseconds slow(const void *o) { __builtin_trap(); }", ".patience = slow",
		 "mine's function patience died of SIGILL: no instruction, or a trap; accepted: "},
		{"static nanoseconds slow(const void *o) { return *(volatile int *)8; }",
		 ".patience = slow", "mine's function patience died of SIGSEGV"},
		{"static nanoseconds slow(const void *o) { return 0; }", ".patience = slow",
		 "mine's function patience returned 0 ns; accepted: 1 ns to 1000 h"},
		{"static nanoseconds slow(const void *o) { return INT64_MAX; }", ".patience = slow",
		 "mine's function patience returned 9223372036854775807 ns"},
	};

	outsiders_begin();
	shell_file("mine.yaml", mine_yaml);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		plug_in_write(wrongs[i].front, "", wrongs[i].table);
		EQUAL(shell("make -s mine.so CFLAGS=-w && "
			    "$ORDEAL lint mine.yaml --plugin ./mine.so"),
		      2);
		CONTAINS(shell_err(), "mine.yaml:3:21: error: ");
		CONTAINS(shell_err(), wrongs[i].says);
	}
	EQUAL(shell("$ORDEAL run mine.yaml --plugin ./mine.so"), 2);
	CONTAINS(shell_err(), "mine's function patience returned");
	shell_end();
}

/* ---- What breaks ordeal's own memory --------------------------------------------------------- */

/* A sanitizer's memset stands in ordeal's program, and is taken for ordeal's; and it has much to
 * say of each death. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#ifdef SANITIZED
enum { WATCHED = false };
#else
enum { WATCHED = true };
#endif

static const char front[] = "#include <string.h>\n"
			    "struct mine { uint64_t asked, text[3]; };\n";

/* It dies in ordeal's own code, and only a second, watched run can say why. */
static void who_breaks_ordeals_memory_is_convicted(void)
{
	static const char *const wrongs[] = {
		"memset(mine->text, 255, 400);", /* beyond its state; by a library's function: */
		"memset(mine->text, 255, 400 + env_random(env, 9)); mine->asked++;",
		"memset((char *)request->command + 64, 255, 4000);",
		"memset(env, 255, 64);",
		"memset((char *)env - (size_t)env % 4096, 255, 8192);",
	};
	char body[300];

	if (!WATCHED)
		return;
	outsiders_begin();
	shell_file("mine.yaml", mine_yaml);
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		snprintf(body, sizeof(body),
			 "struct mine *mine = state; if (++mine->asked > 2) { %s }", wrongs[i]);
		plug_in_write(front, body, ".state_size = sizeof(struct mine),");
		EQUAL(shell("make -s mine.so CFLAGS='-w -O2' && "
			    "$ORDEAL run mine.yaml --plugin ./mine.so --seed 1"),
		      1);
		CONTAINS(shell_out(), "seed 1 violated protocol-crashed:");
		CONTAINS(
			shell_out(),
			" wrote to memory that is not its own, in its handler of a request from c");
		EQUAL(shell_err()[0], 0);
	}
	shell_end();
}

/* Of a whole protocol, all that it may do is let be until it does what it may not; in bulk, too. */
static void what_is_right_is_not_taken_for_wrong(void)
{
	if (!WATCHED)
		return;
	outsiders_begin();
	shell_file("hurts.yaml",
		   "scenario: 1\nname: hurts\ncluster: {protocol: hurts, nodes: 3, app: kv}\n"
		   "workload: {clients: 2, rate: 50/s, arrival: poisson}\n"
		   "run: {duration: 2s, seeds: 1..3}\nplots: []\n");
	EQUAL(shell("cp -r \"$ORDEAL_TREE\"/protocols . && "
		    "sed -i 's/\"raft\"/\"hurts\"/' protocols/raft/raft.c && "
		    "sed -i 's/^\t\traft->applied++;/\t\tif (raft->applied++ == 30)\\n"
		    "\t\t\tmemset((char *)env - (size_t)env % 4096, 255, 8192);/' "
		    "protocols/raft/client.c && grep -q 8192 protocols/raft/client.c && "
		    "cc -O2 -shared -fPIC -I. -I\"$ORDEAL_TREE\" -Draft_protocol=ordeal_protocol "
		    "-o hurts.so protocols/raft/*.c protocols/common/*.c"),
	      0);
	EQUAL(shell("$ORDEAL run hurts.yaml --plugin ./hurts.so"), 1);
	EQUAL(shell("grep -c 'wrote to memory that is not its own' out/hurts/seed-*/verdict.json | "
		    "grep -c ':[1-9]'"),
	      0);
	CONTAINS(shell_out(), "3");
	shell_end();
}

CU_TestInfo blame_tests[] = {
	{"what crashes outside of handlers is the protocol's, too",
	 what_crashes_outside_of_handlers_is_the_protocols_too},
	{"who is asked to look only looks", who_is_asked_to_look_only_looks},
	{"what an inspection asks may crash or loop", what_an_inspection_asks_may_crash_or_loop},
	{"a role beyond its names is no leader's", a_role_beyond_its_names_is_no_leaders},
	{"what is asked before a run may not crash or loop",
	 what_is_asked_before_a_run_may_not_crash_or_loop},
	{"who breaks ordeal's memory is convicted", who_breaks_ordeals_memory_is_convicted},
	{"what is right is not taken for wrong", what_is_right_is_not_taken_for_wrong},
	CU_TEST_INFO_NULL,
};
