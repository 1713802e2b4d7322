/*
 * What the tree promises about itself: who includes whom, and what a run may not contain. Read from
 * the sources, so it runs in the project's own folder.
 */
#include "tests/tests.h"

#include <dirent.h>
#include <stdbool.h>

/* From the ground up: a floor includes itself and those before it. */
static const char *const floors[] = {
	"sim/consistency/", "sim/histories/", "sim/world/",           "sim/workload/",
	"sim/faults/",      "sim/check/",     "protocols/registry.h", "sim/plugin/",
	"sim/scenario/",    "sim/run/",       "sim/results/",         "sim/cli/",
};
enum { FLOORS_COUNT = sizeof(floors) / sizeof(floors[0]) };
/* Of the same height: neither knows the other. */
static const char *const strangers[][2] = {
	{"sim/faults/", "sim/check/"},       {"sim/check/", "sim/faults/"},
	{"sim/world/", "sim/consistency/"},  {"sim/workload/", "sim/consistency/"},
	{"sim/faults/", "sim/consistency/"}, {"sim/world/", "sim/histories/"},
	{"sim/workload/", "sim/histories/"}, {"sim/faults/", "sim/histories/"},
	{"sim/check/", "sim/histories/"}};

static int floor_of(const char *path)
{
	for (int i = 0; i < FLOORS_COUNT; i++)
		if (!strncmp(path, floors[i], strlen(floors[i])))
			return i;
	return -1;
}

static bool anywhere(const char *path)
{
	return !strcmp(path, "sim/ordeal.h") || !strcmp(path, "sim/gnu.h");
}

/* Only what is pure: a protocol has no clock, no chance, no file. */
static bool pure(const char *header)
{
	static const char *const allowed[] = {"stdbool.h",  "stddef.h", "stdint.h",
					      "inttypes.h", "limits.h", "string.h"};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (!strcmp(header, allowed[i]))
			return true;
	return false;
}

static bool may_include(const char *file, const char *header)
{
	if (!strncmp(file, "protocols/", 10)) {
		const char *slash = strchr(file + 10, '/');
		size_t own = slash ? (size_t)(slash - file) + 1 : 10;

		return !strcmp(header, "sim/ordeal.h") || !strncmp(header, file, own) ||
		       !strncmp(header, "protocols/common/", 17);
	}
	int from = floor_of(file), to = floor_of(header);

	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		if (!strncmp(file, strangers[i][0], strlen(strangers[i][0])) &&
		    !strncmp(header, strangers[i][1], strlen(strangers[i][1])))
			return false;
	return anywhere(header) || (from >= 0 && to >= 0 && to <= from);
}

static void complain(const char *file, const char *what, const char *line)
{
	printf("\n  %s %s: %s", file, what, line);
	CU_FAIL("the tree does not keep its promise");
}

/* Words that have no place in a run. */
static bool forbidden(const char *line)
{
	static const char *const words[] = {
		" rand(",    " random(", "time(NULL", "gettimeofday", "getpid",  "clock_gettime(",
		"\tdouble ", "(double",  "\tfloat ",  "(float",       " qsort(",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static bool in_a_run(const char *file)
{
	return !strncmp(file, "sim/world/", 10) || !strncmp(file, "sim/faults/", 11) ||
	       !strncmp(file, "sim/workload/", 13) || !strncmp(file, "protocols/", 10);
}

static unsigned looked_at;

static void look_at(const char *file)
{
	char line[512], header[256];
	FILE *in = fopen(file, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	looked_at++;
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "#include \"%255[^\"]\"", header) == 1) {
			if (!may_include(file, header))
				complain(file, "may not include", line);
		} else if (!strncmp(file, "protocols/", 10) &&
			   sscanf(line, "#include <%255[^>]>", header) == 1 && !pure(header)) {
			complain(file, "includes what is not pure", line);
		}
		if (in_a_run(file) && forbidden(line) && !strstr(line, " * "))
			complain(file, "uses", line);
		if (strlen(line) > 101 + 60) /* tabs count once here: clang-format holds the line */
			complain(file, "has a long line", line);
	}
	fclose(in);
}

static void walk(const char *folder, void (*visit)(const char *file), const char *ending)
{
	DIR *dir = opendir(folder);

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[600];
		size_t length = (size_t)snprintf(path, sizeof(path), "%s/%s", folder,
						 entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR)
			walk(path, visit, ending);
		else if (length > 2 &&
			 (!strcmp(path + length - 2, ".c") || !strcmp(path + length - 2, ending)))
			visit(path);
	}
	closedir(dir);
}

static void floors_know_only_those_below(void)
{
	looked_at = 0;
	walk("sim", look_at, ".h");
	walk("protocols", look_at, ".h");
	CU_ASSERT(looked_at > 50);
}

static void the_rule_can_say_no(void)
{
	CU_ASSERT(may_include("sim/run/run.c", "sim/world/world.h"));
	CU_ASSERT(may_include("sim/world/disk.c", "sim/ordeal.h"));
	CU_ASSERT(may_include("protocols/raft/raft.c", "protocols/common/mix.h"));
	CU_ASSERT_FALSE(may_include("sim/world/world.c", "sim/check/check.h"));
	CU_ASSERT_FALSE(may_include("sim/check/judges.c", "sim/faults/faults.h"));
	CU_ASSERT_FALSE(may_include("protocols/raft/raft.c", "sim/world/world.h"));
	CU_ASSERT_FALSE(may_include("protocols/raft/raft.c", "protocols/single/single.h"));
	CU_ASSERT_FALSE(pure("stdlib.h"));
	CU_ASSERT(forbidden("	double x = 1;"));
	CU_ASSERT_FALSE(forbidden("	uint64_t x = 1;"));
}

static void has_readme(const char *folder)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/README.md", folder);
	FILE *in = fopen(path, "r");

	if (!in)
		printf("\n  %s is missing", path);
	CU_ASSERT_PTR_NOT_NULL(in);
	if (in)
		fclose(in);
}

static void every_folder_opens_with_a_readme(void)
{
	static const char *const folders[] = {
		".",
		"sim",
		"sim/world",
		"sim/faults",
		"sim/check",
		"sim/plugin",
		"sim/run",
		"sim/workload",
		"sim/scenario",
		"sim/results",
		"sim/cli",
		"protocols",
		"protocols/raft",
		"scenarios",
		"reports",
		"protocols/apps",
		"tests",
		"sim/consistency",
		"sim/histories",
		"tests/data/histories",
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		has_readme(folders[i]);
}

CU_TestInfo tree_tests[] = {
	{"each floor includes only itself and the floors below, protocols only the contract",
	 floors_know_only_those_below},
	{"the rule of who includes whom can say no", the_rule_can_say_no},
	{"every folder opens with a README", every_folder_opens_with_a_readme},
	CU_TEST_INFO_NULL,
};
