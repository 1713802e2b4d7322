/*
 * Plug-ins: what is loaded and what is refused, and the seven in tests/plugin/outside, each of them
 * wrong in its own way and convicted by name of judge.
 */
#include "tests/tests.h"

#include <elf.h>

#include "sim/plugin/elf.h"
#include "sim/world/pcg.h"
#include "tests/plugin/outsiders.h"

static int on_trial(const char *name, const char *more)
{
	char line[400];

	snprintf(line, sizeof(line),
		 "make -s %s.so && sed 's/NAME/%s/' trial.yaml > %s.yaml && "
		 "echo '%s' >> %s.yaml && $ORDEAL run %s.yaml --plugin ./%s.so --seed 1 --trace",
		 name, name, name, more, name, name, name);
	return shell(line);
}

/* ---- Convictions ----------------------------------------------------------------------------- */

static void seven_that_are_wrong_are_convicted_by_name(void)
{
	static const struct {
		const char *name, *more, *judge, *says;
	} seven[] = {
		{"silent", "", "liveness",
		 "no operation that was begun after the heal is answered"},
		{"instant", "stop_on: [linearizability]", "linearizability", "no order of the"},
		{"barren", "", "liveness",
		 "no operation that was begun after the heal is answered"},
		{"sulky", "", "liveness", "no operation that was begun after the heal is answered"},
		{"asserting", "", "protocol-crashed",
		 "failed its own assertion \"++asserting->asked < 3\" at asserting.c:"},
		{"looping", "", "protocol-crashed",
		 "did not return within 2 s of processor time, in its handler of a request from c"},
		{"counting", "", "no-hidden-state", "changed requests, static data of its plug-in"},
	};
	char violated[64];

	outsiders_begin();
	for (size_t i = 0; i < sizeof(seven) / sizeof(seven[0]); i++) {
		EQUAL(on_trial(seven[i].name, seven[i].more), 1);
		snprintf(violated, sizeof(violated), "seed 1 violated %s:", seven[i].judge);
		CONTAINS(shell_out(), violated);
		CONTAINS(shell_out(), seven[i].says);
		CONTAINS(shell_out(), ".yaml --plugin ./");
		EQUAL(shell_err()[0], 0);
		/* Events lead to it; the trace's legend does not. */
		CU_ASSERT(!strstr(shell_out(), "    | #") && !strstr(shell_out(), "    | \n"));
		if (!strcmp(seven[i].name, "silent")) /* it tells no role and no term */
			CONTAINS(shell_out(), "    | n1   up, applied 0");
	}
	shell_end();
}

/* ---- What is loaded is as what is built in --------------------------------------------------- */

static void a_plug_in_brings_its_app_and_its_model(void)
{
	outsiders_begin();
	shell_file("tally.yaml", tally_yaml);
	EQUAL(shell("make -s tally.so"), 0);
	EQUAL(shell("$ORDEAL run tally.yaml --plugin ./tally.so --jobs 2"), 0);
	CONTAINS(shell_out(), "tally: holds");
	CONTAINS(shell_out(), "no-hidden-state        holds");
	EQUAL(shell("$ORDEAL run tally.yaml --plugin ./tally.so --bug tally-keeper.forgets"), 1);
	CONTAINS(shell_out(), "seed 1 violated linearizability:");
	CONTAINS(shell_out(), "ordeal run tally.yaml --plugin ./tally.so "
			      "--bug tally-keeper.forgets --seed 1");
	shell_end();
}

static void the_registry_knows_it_as_its_own(void)
{
	static const struct {
		const char *line, *says;
	} lines[] = {
		{"$ORDEAL list protocols --plugin ./tally.so", "one process that adds up"},
		{"$ORDEAL list protocols --plugin ./tally.so", "how long it may take"},
		{"$ORDEAL list apps --plugin ./tally.so", "operations: add sum (reads)"},
		{"$ORDEAL list bugs --plugin ./tally.so", "tally-keeper.forgets"},
		{"$ORDEAL list keys --plugin ./tally.so", "cluster.options of tally-keeper"},
		{"$ORDEAL schema --plugin ./tally.so", "tally-keeper"},
		{"$ORDEAL lint tally.yaml --plugin ./tally.so", "tally.yaml: sound"},
		{"$ORDEAL run tally.yaml --plugin ./tally.so --plugin ./silent.so", "holds"},
	};

	outsiders_begin();
	shell_file("tally.yaml", tally_yaml);
	EQUAL(shell("make -s tally.so silent.so"), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		EQUAL(shell(lines[i].line), 0);
		CONTAINS(shell_out(), lines[i].says);
	}
	EQUAL(shell("$ORDEAL list protocols --plugin ./silent.so | grep -c null"), 1);
	EQUAL(shell("sed s/tally-keeper/tally-keper/ tally.yaml > typo.yaml; "
		    "$ORDEAL lint typo.yaml --plugin ./tally.so"),
	      2);
	CONTAINS(shell_err(), "did you mean \"tally-keeper\"?");
	EQUAL(shell("sed s/50ms/50s/ tally.yaml > much.yaml; "
		    "$ORDEAL lint much.yaml --plugin ./tally.so"),
	      2);
	CONTAINS(shell_err(), "patience");
	EQUAL(shell("$ORDEAL lint tally.yaml"), 2);
	CONTAINS(shell_err(), "\"tally-keeper\" is no protocol");
	shell_end();
}

static void two_runs_of_a_plug_in_are_one(void)
{
	outsiders_begin();
	shell_file("tally.yaml", tally_yaml);
	EQUAL(shell("make -s tally.so && "
		    "$ORDEAL run tally.yaml --plugin ./tally.so --jobs 1 --out a && "
		    "$ORDEAL run tally.yaml --plugin ./tally.so --jobs 2 --out b && diff -r a b"),
	      0);
	shell_end();
}

/* Raft, word for word, from outside: it is the same run. */
static void a_plug_in_runs_as_what_is_built_in_does(void)
{
	outsiders_begin();
	shell_file("raft.yaml",
		   "scenario: 1\nname: raft\ncluster: {protocol: raft, nodes: 5, app: kv}\n"
		   "workload: {clients: 4, rate: 100/s, arrival: poisson}\n"
		   "faults: [{at: 1s, crash: leader, for: 1s}]\n"
		   "run: {duration: 4s}\nplots: []\nexpect: [safe, linearizable, live]\n");
	EQUAL(shell("sed s/protocol:\\ raft/protocol:\\ raft-outside/ raft.yaml > outside.yaml; "
		    "cp -r \"$ORDEAL_TREE\"/protocols . && "
		    "sed -i 's/\"raft\"/\"raft-outside\"/' protocols/raft/raft.c && "
		    "cc -O2 -shared -fPIC -I. -I\"$ORDEAL_TREE\" -Draft_protocol=ordeal_protocol "
		    "-o raft.so protocols/raft/*.c protocols/common/*.c"),
	      0);
	EQUAL(shell("$ORDEAL run raft.yaml --out a && "
		    "$ORDEAL run outside.yaml --out b --plugin ./raft.so"),
	      0);
	EQUAL(shell("for f in a b; do grep '\"fingerprint\"' $f/raft/seed-1/verdict.json; done | "
		    "uniq -c | grep -q '^ *2 '"),
	      0);
	shell_end();
}

/* Also where judges have their own questions after a handler: it applies, commits and leads. */
static void what_it_hides_is_seen_however_late_it_begins(void)
{
	outsiders_begin();
	shell_file("hides.yaml",
		   "scenario: 1\nname: hides\ncluster: {protocol: hides, nodes: 3, app: register}\n"
		   "workload: {clients: 2, rate: 50/s, arrival: poisson}\n"
		   "run: {duration: 4s}\nplots: []\n");
	EQUAL(shell("cp -r \"$ORDEAL_TREE\"/protocols . && "
		    "sed -i 's/\"raft\"/\"hides\"/' protocols/raft/raft.c && "
		    "sed -i 's/^\t\traft->applied++;/\t\tstatic uint64_t hidden;\\n"
		    "\t\thidden += raft->applied++ > 20;/' protocols/raft/client.c && "
		    "grep -q hidden protocols/raft/client.c && "
		    "cc -O2 -shared -fPIC -I. -I\"$ORDEAL_TREE\" -Draft_protocol=ordeal_protocol "
		    "-o hides.so protocols/raft/*.c protocols/common/*.c"),
	      0);
	EQUAL(shell("$ORDEAL run hides.yaml --plugin ./hides.so --seed 1"), 1);
	CONTAINS(shell_out(), "seed 1 violated no-hidden-state:");
	CONTAINS(shell_out(), "changed hidden"); /* .0, as compilers call it */
	shell_end();
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void what_it_may_not_call_is_refused_by_name(void)
{
	static const struct {
		const char *front, *body, *says[2];
	} calls[] = {
		{"#include <time.h>", "time(NULL);", {"it may not use time (clocks", "env_now"}},
		{"#include <stdlib.h>", "srand(1);", {"srand (randomness", "env_random draws"}},
		{"#include <threads.h>", "thrd_yield();", {"thrd_yield (threads", ""}},
		{"#include <unistd.h>", "fork();", {"fork (processes", "ORDEAL_ASSERT"}},
		{"#include <sys/socket.h>", "socket(1, 1, 1);", {"socket (sockets", "env_send"}},
		{"#include <fcntl.h>", "open(\"x\", 0);", {"open (files", "env_log_append"}},
		{"#include <stdlib.h>\nstatic void *volatile at;",
		 "at = malloc(9); free(at);",
		 {"malloc (allocation: env_alloc", "free (allocation"}},
		{"#include <stdio.h>", "printf(\"%d\", 7);", {"printf (stdio: env_note", ""}},
		{"double sqrt(double);\nstatic volatile double x;",
		 "x = sqrt(x);",
		 {"sqrt (floating point", "libm differs"}},
		{"#include <errno.h>", "errno = 1;", {"__errno_location (errno", ""}},
		{"#include <stdlib.h>", "qsort(0, 0, 1, 0);", {"qsort (sorting", ""}},
		{"void strange(void);", "strange();", {"strange (unknown: it is not known", ""}},
		{"void env_sned(struct env *);",
		 "env_sned(env);",
		 {"it calls env_sned, which ordeal.h does not have", ""}},
		{"static _Thread_local int mine;", "mine++;", {"variables of a thread", "threads"}},
		{"static volatile int it;\n__attribute__((constructor)) static void begin(void) { "
		 "it++; }",
		 "",
		 {"it has constructors", ""}},
		{"static volatile int it;\n__attribute__((destructor)) static void end(void) { "
		 "it++; }",
		 "",
		 {"it has constructors or destructors", ""}},
		{"static void one(void) {}\nstatic void *choose(void) { return (void *)one; }\n"
		 "static void chosen(void) __attribute__((ifunc(\"choose\")));",
		 "chosen();",
		 {"chosen by code when it is loaded", ""}},
		{"int fputs_unlocked(int x);\nint fputs_unlocked(int x) { return x; }\n"
		 "int (*volatile at)(int) = fputs_unlocked;",
		 "at(1);",
		 {"its own fputs_unlocked is also a name of a library", "make it static"}},
	};

	outsiders_begin();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		plug_in_write(calls[i].front, calls[i].body, "");
		EQUAL(shell("make -s mine.so CFLAGS='-w' 2>cc; $ORDEAL list apps --plugin "
			    "./mine.so"),
		      2);
		CONTAINS(shell_err(), "ordeal: --plugin ./mine.so: ");
		CONTAINS(shell_err(), calls[i].says[0]);
		CONTAINS(shell_err(), calls[i].says[1]);
	}
	shell_end();
}

static void what_a_compiler_puts_in_is_allowed(void)
{
	outsiders_begin();
	plug_in_write("#include <assert.h>\n#include <string.h>",
		      "volatile char text[200]; memset((char *)text, env_random(env, 9), 200);"
		      "assert(strlen((char *)text) < 300);",
		      "");
	EQUAL(shell("for f in '-O0 -fstack-protector-all' '-O2 -D_FORTIFY_SOURCE=2' '-O3 -g0' "
		    "'-Wl,-z,norelro' '-Wl,-z,now' '-Wl,--pack-dyn-relocs=relr'; do "
		    "for c in gcc clang; do "
		    "$c $f -shared -fPIC -I\"$ORDEAL_TREE\" -o mine.so mine.c 2>/dev/null || "
		    "continue; $ORDEAL list protocols --plugin ./mine.so >/dev/null || exit 1; "
		    "done; done"),
	      0);
	EQUAL(shell_err()[0], 0);
	shell_end();
}

static void a_table_that_does_not_add_up_is_refused(void)
{
	static const struct {
		const char *front, *table, *says;
	} tables[] = {
		{"", ".version = 999,", "it is built for version 999 of ordeal.h"},
		{"", ".size = 12,", "(table of 12 bytes)"},
		{"", ".name = \"raft\",", "its protocol \"raft\" is there already"},
		{"", ".name = \"my own\",", "\"my own\" is no name of its protocol"},
		{"", ".boot = NULL,", "it lacks a name, boot, request or patience"},
		{"", ".timers = (const struct timer_type[]){{\"tick\", 0}, {0}},",
		 "timer tick has no handler"},
		{"static void on(struct env *e, void *s, process_id f, const void *b, size_t c)\n"
		 "{ (void)e, (void)s, (void)f, (void)b, (void)c; }",
		 ".messages = (const struct message_type[]){{.name = \"M\", .size = 8, .handle = "
		 "on},"
		 "{0}},",
		 "the fields of M are 0 bytes together, and its size is 8"},
		{"static const struct app none = {.name = \"none\"};\n"
		 "static const struct app *const brought[] = {&none, NULL};",
		 ".apps = brought,", "an app lacks a name, a summary or operations"},
		{"", ".timers = (const struct timer_type *)8,", "a process that loads it dies"},
	};

	outsiders_begin();
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		plug_in_write(tables[i].front, "", tables[i].table);
		EQUAL(shell("make -s mine.so CC='cc -w' && $ORDEAL lint x.yaml --plugin ./mine.so"),
		      2);
		CONTAINS(shell_err(), tables[i].says);
	}
	shell_end();
}

static void a_default_that_is_no_value_is_refused(void)
{
	outsiders_begin();
	plug_in_write(
		"", "",
		".options_size = 8, .options = (const struct option[]){{.name = \"wait\", "
		".help = \"h\", .fallback = \"soon\", .kind = OPT_DURATION, .max = 9}, {0}},");
	shell_file("mine.yaml", "scenario: 1\nname: mine\n"
				"cluster: {protocol: mine, nodes: 1, app: kv}\n"
				"run: {duration: 1s}\n");
	EQUAL(shell("make -s mine.so && $ORDEAL lint mine.yaml --plugin ./mine.so"), 2);
	CONTAINS(shell_err(),
		 "mine.yaml:3:21: error: the default \"soon\" of mine's option \"wait\"");
	shell_end();
}

static void what_is_no_plug_in_is_refused(void)
{
	static const struct {
		const char *line, *says;
	} files[] = {
		{"$ORDEAL list apps --plugin ./none.so", "cannot open it: No such file"},
		{"$ORDEAL list apps --plugin .", "cannot read it: Is a directory"},
		{"$ORDEAL list apps --plugin ./tally.c", "it is no shared object"},
		{": > empty.so; $ORDEAL list apps --plugin ./empty.so", "it is no shared object"},
		{"$ORDEAL list apps --plugin \"$ORDEAL\"", "it is a program"},
		{"cc -c -fPIC -I\"$ORDEAL_TREE\" tally.c && $ORDEAL list apps --plugin ./tally.o",
		 "build it with -shared -fPIC"},
		{"make -s tally.so && head -c 9000 tally.so > cut.so; "
		 "$ORDEAL list apps --plugin ./cut.so",
		 "it is cut off"},
		{"echo 'int x = 1;' > x.c; make -s x.so && $ORDEAL list apps --plugin ./x.so",
		 "it has no `const struct protocol ordeal_protocol`"},
		{"cc -shared -fPIC -w -I\"$ORDEAL_TREE\" -o lib.so silent.c -Wl,--no-as-needed "
		 "-lm; "
		 "$ORDEAL list apps --plugin ./lib.so",
		 "it needs libm.so.6"},
		{"printf '#include \"silent.c\"\\nstatic volatile int it;\\n"
		 "__attribute__((constructor)) static void begin(void) { it++; }\\n' > begins.c; "
		 "cc -shared -fPIC -nostartfiles -I\"$ORDEAL_TREE\" -o begins.so begins.c; "
		 "$ORDEAL list apps --plugin ./begins.so",
		 "it has constructors: begin would run when it is loaded"},
		{"$ORDEAL list apps --plugin ./tally.so --plugin ./tally.so",
		 "its protocol \"tally-keeper\" is there already"},
		{"sed s/tally-keeper/other/ tally.c > other.c; make -s other.so; "
		 "$ORDEAL list apps --plugin ./tally.so --plugin ./other.so",
		 "its app \"tally\" is there already"},
	};

	outsiders_begin();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		EQUAL(shell(files[i].line), 2);
		CONTAINS(shell_err(), files[i].says);
	}
	shell_end();
}

/* ---- Files that lie -------------------------------------------------------------------------- */

static unsigned char *file_bytes(const char *name, size_t *size)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("T"), name);
	FILE *file = fopen(path, "rb");
	unsigned char *bytes = malloc(1 << 20);

	if (!file || !bytes)
		abort();
	*size = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	return bytes;
}

/* The reader sees a copy of just that size, so that a sanitizer knows where it ends. */
static bool sound(const unsigned char *bytes, size_t size)
{
	struct shared_object object;
	char why[SHARED_WHY_MAX] = "";
	unsigned char *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, size);
	bool read = shared_object_read(copy, size, &object, why);

	CU_ASSERT(read || why[0]);
	for (uint64_t address = 0; read && address < 0x6000; address += 0x333)
		shared_object_named(copy, size, address);
	free(copy);
	return read;
}

/* Each segment in turn reaches a byte beyond the file, whose tables are all in place. */
static void segments_end_within_the_file(unsigned char *bytes, size_t size)
{
	Elf64_Ehdr head;

	memcpy(&head, bytes, sizeof(head));
	for (unsigned i = 0; i < head.e_phnum; i++) {
		unsigned char *at = bytes + head.e_phoff + i * sizeof(Elf64_Phdr);
		Elf64_Phdr segment, longer;

		memcpy(&segment, at, sizeof(segment));
		longer = segment;
		longer.p_filesz = longer.p_memsz = size - segment.p_offset + 1;
		memcpy(at, &longer, sizeof(longer));
		CU_ASSERT(segment.p_type != PT_LOAD || !sound(bytes, size));
		memcpy(at, &segment, sizeof(segment));
	}
}

static void no_file_makes_the_reader_stumble(void)
{
	struct pcg32 pcg = pcg32_seeded(1, PCG32_DEFAULT_STREAM);
	unsigned refused = 0;
	size_t size;

	outsiders_begin();
	EQUAL(shell("make -s tally.so"), 0);
	unsigned char *bytes = file_bytes("tally.so", &size);
	unsigned char *changed = malloc(size);

	CU_ASSERT(sound(bytes, size));
	for (size_t cut = 0; cut < size; cut += 1 + cut / 500)
		refused += !sound(bytes, cut);
	CU_ASSERT(refused > 500);
	segments_end_within_the_file(bytes, size);
	CU_ASSERT(sound(bytes, size));
	for (unsigned i = 0; i < 20000; i++) {
		memcpy(changed, bytes, size);
		for (unsigned n = 1 + pcg32_below(&pcg, 4); n; n--) {
			/* Half of them in the headers and tables, where it hurts. */
			size_t range = pcg32_below(&pcg, 2) ? 0x700 : size;

			changed[pcg32_below(&pcg, (uint32_t)range)] = (unsigned char)pcg32_below(
				&pcg, 256);
		}
		refused += !sound(changed, size);
	}
	CU_ASSERT(refused > 5000);
	free(changed);
	free(bytes);
	shell_end();
}

/* The whole way, through the dynamic linker: a complaint or a plug-in, whatever the bytes. */
static void no_file_makes_the_command_stumble(void)
{
	outsiders_begin();
	EQUAL(shell("make -s tally.so"), 0);
	shell_file("mutate.sh",
		   "size=$(stat -c %s tally.so)\n"
		   "for i in $(seq 60); do\n"
		   "	cp tally.so bad.so\n"
		   "	for k in 1 2 3; do\n"
		   "		at=$(( (i * 7919 + k * 104729) % (k == 1 ? 2048 : size) ))\n"
		   "		printf '\\'$(printf %o $(( (i * 31 + k * 17) % 256 ))) |\n"
		   "			dd of=bad.so bs=1 seek=$at conv=notrunc status=none\n"
		   "	done\n"
		   "	$ORDEAL list apps --plugin ./bad.so >out.txt 2>err.txt\n"
		   "	echo $? >> statuses\n"
		   "done\n");
	EQUAL(shell("sh mutate.sh; sort statuses | uniq -c; ! grep -qvx '[02]' statuses"), 0);
	EQUAL(shell("grep -qx 2 statuses"), 0);
	shell_end();
}

CU_TestInfo plugin_tests[] = {
	{"seven that are wrong are convicted, by name of judge",
	 seven_that_are_wrong_are_convicted_by_name},
	{"a plug-in brings its app and its model", a_plug_in_brings_its_app_and_its_model},
	{"the registry knows it as its own", the_registry_knows_it_as_its_own},
	{"a plug-in runs as what is built in does", a_plug_in_runs_as_what_is_built_in_does},
	{"what it hides is seen, however late it begins",
	 what_it_hides_is_seen_however_late_it_begins},
	{"two runs of a plug-in leave the same bytes", two_runs_of_a_plug_in_are_one},
	{"what it may not call is refused by name", what_it_may_not_call_is_refused_by_name},
	{"what a compiler puts in is allowed", what_a_compiler_puts_in_is_allowed},
	{"a table that does not add up is refused", a_table_that_does_not_add_up_is_refused},
	{"a default that is no value of its option is refused",
	 a_default_that_is_no_value_is_refused},
	{"what is no plug-in is refused", what_is_no_plug_in_is_refused},
	{"no file makes the reader stumble", no_file_makes_the_reader_stumble},
	{"no file makes the command stumble", no_file_makes_the_command_stumble},
	CU_TEST_INFO_NULL,
};
