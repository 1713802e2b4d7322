/*
 * PCG32 against what its author published: the output of her demonstration program, and her C++
 * library where it is installed.
 */
#include "tests/tests.h"

#include <inttypes.h>
#include <unistd.h>

#include "sim/world/pcg.h"

/*
 * pcg32-demo (pcg-random.org, seed 42, stream 54) prints six draws a round, and then uses 65 for
 * coins, 33 for rolls of a die and 51 to shuffle cards.
 */
static void the_published_vectors_come_out(void)
{
	static const uint32_t published[5][6] = {
		{0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e},
		{0x74ab93ad, 0x1c1da000, 0x494ff896, 0x34462f2f, 0xd308a3e5, 0x0fa83bab},
		{0x39af5f9f, 0x04196b18, 0xc3c3eb28, 0xc076c60c, 0xc693e135, 0xf8f63932},
		{0x55ce6851, 0x97a7726d, 0x17e10815, 0x58007d43, 0x962fb148, 0xb9bb55bd},
		{0xfcef7cd6, 0x1b488b5a, 0xd0daf7ea, 0x1d9a70f7, 0x241a37cf, 0x9a3857b7},
	};
	struct pcg32 pcg = pcg32_seeded(42, 54);

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 6; i++)
			EQUAL(pcg32_next(&pcg), published[round][i]);
		for (int i = 0; i < 65 + 33 + 51; i++)
			pcg32_next(&pcg);
	}
}

static void two_draws_make_a_long_one_the_first_on_top(void)
{
	struct pcg32 pcg = pcg32_seeded(42, 54);

	EQUAL(pcg32_next64(&pcg), 0xa15c02b77b47f409);
	EQUAL(pcg32_next64(&pcg), 0xba1d333083d2f293);
}

static void a_bounded_draw_takes_every_value_equally_often(void)
{
	enum { BOUND = 7, DRAWS = 700000 };
	struct pcg32 pcg = pcg32_seeded(1, 1);
	int counts[BOUND] = {0};

	for (int i = 0; i < DRAWS; i++)
		counts[pcg32_below(&pcg, BOUND)]++;
	for (int i = 0; i < BOUND; i++)
		CU_ASSERT(abs(counts[i] - DRAWS / BOUND) < 5 * 300); /* five standard deviations */
	EQUAL(pcg32_below(&pcg, 1), 0);
}

static void streams_of_one_seed_differ(void)
{
	struct pcg32 one = pcg32_seeded(42, 1), other = pcg32_seeded(42, 2);
	int equal = 0;

	for (int i = 0; i < 1000; i++)
		equal += pcg32_next(&one) == pcg32_next(&other);
	EQUAL(equal, 0);
}

/* ---- Against the C++ library ----------------------------------------------------------------- */

static const uint64_t seeds[][2] = {
	{42, 54}, {0, 0}, {1, 1}, {UINT64_MAX, INT64_MAX}, {0x9E3779B97F4A7C15, 12345},
};
enum { SEEDS = sizeof(seeds) / sizeof(seeds[0]) };

static void compare_with(FILE *reference)
{
	int draws = 0;

	for (int i = 0; i < SEEDS; i++) {
		struct pcg32 pcg = pcg32_seeded(seeds[i][0], seeds[i][1]);
		unsigned long theirs;

		for (int draw = 0; draw < 10 && fscanf(reference, "%lu", &theirs) == 1; draw++) {
			EQUAL(pcg32_next(&pcg), theirs);
			draws++;
		}
	}
	EQUAL(draws, 10 * SEEDS);
}

static void run_reference(const char *folder)
{
	char command[1024];

	snprintf(command, sizeof(command), "g++ -o %s/reference tests/world/pcg_reference.cpp",
		 folder);
	EQUAL(system(command), 0);
	int length = snprintf(command, sizeof(command), "%s/reference", folder);

	for (int i = 0; i < SEEDS; i++)
		length += snprintf(command + length, sizeof(command) - (size_t)length,
				   " %" PRIu64 " %" PRIu64, seeds[i][0], seeds[i][1]);
	FILE *reference = popen(command, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(reference);
	compare_with(reference);
	EQUAL(pclose(reference), 0);
	snprintf(command, sizeof(command), "%s/reference", folder);
	unlink(command);
}

static void the_authors_library_draws_the_same(void)
{
	if (system("echo '#include <pcg_random.hpp>' | g++ -fsyntax-only -x c++ - 2>/dev/null")) {
		printf("\n  SKIPPED: needs g++ and pcg_random.hpp (apt-get install g++ "
		       "libpcg-cpp-dev)\n");
		return;
	}
	const char *parent = getenv("TMPDIR");
	char folder[512];

	snprintf(folder, sizeof(folder), "%s/ordeal-pcg-XXXXXX", parent ? parent : P_tmpdir);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	run_reference(folder);
	rmdir(folder);
}

CU_TestInfo pcg_tests[] = {
	{"the published vectors come out", the_published_vectors_come_out},
	{"two draws make a long one, the first on top", two_draws_make_a_long_one_the_first_on_top},
	{"a bounded draw takes every value equally often",
	 a_bounded_draw_takes_every_value_equally_often},
	{"streams of one seed differ", streams_of_one_seed_differ},
	{"the author's own C++ library draws the same", the_authors_library_draws_the_same},
	CU_TEST_INFO_NULL,
};
