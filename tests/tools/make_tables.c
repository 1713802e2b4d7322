/*
 * Writes sim/world/distribution_tables.h: the fixed-point tables that distributions are drawn from.
 *
 * The tables are committed, because libm's last bits differ between machines and a run's may not;
 * this program stands beside them so that nobody has to take them on trust, and
 * tests/world/test_distribution.c holds every value against the C library. To write them anew:
 *
 *     cc -std=c11 -D_GNU_SOURCE -I. tests/tools/make_tables.c -lm -o make_tables
 *     ./make_tables > sim/world/distribution_tables.h
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { MANTISSAS = 256, STEPS = 16, OCTAVES = 64 };

static uint64_t fixed(long double value, int bits)
{
	return (uint64_t)roundl(ldexpl(value, bits));
}

/* The x that a standard normal exceeds with probability 2^-octaves, by Newton's method. */
static long double normal_beyond(long double octaves)
{
	long double wanted = exp2l(-octaves);
	long double x = octaves > 1 ? sqrtl(2 * logl(2) * (octaves - 1)) : 0;

	for (int i = 0; i < 100; i++) {
		long double tail = erfcl(x / sqrtl(2)) / 2;
		long double density = expl(-x * x / 2) / sqrtl(2 * acosl(-1));

		x += (tail - wanted) / density;
	}
	return x;
}

static void write_table(const char *name, const char *type, int count,
			void (*write_value)(int index))
{
	printf("static const %s %s[%d] = {", type, name, count);
	for (int i = 0; i < count; i++) {
		printf(i % 4 ? " " : "\n\t");
		write_value(i);
		putchar(',');
	}
	printf("\n};\n");
}

static void write_log2(int index)
{
	printf("0x%016" PRIx64, fixed(log2l(1 + (long double)index / MANTISSAS), 63));
}

static void write_exp2(int index)
{
	printf("0x%016" PRIx64, fixed(exp2l((long double)index / MANTISSAS), 63));
}

static void write_normal(int index)
{
	printf("%12lld", llrintl(ldexpl(normal_beyond(1 + (index - 1) / (long double)STEPS), 32)));
}

int main(void)
{
	printf("/*\n"
	       " * Fixed-point tables, written by tests/tools/make_tables.c and held against the "
	       "C\n"
	       " * library by tests/world/test_distribution.c. What each is for stands where it "
	       "is\n"
	       " * used, in sim/world/distribution.c.\n"
	       " */\n"
	       "#ifndef SIM_WORLD_DISTRIBUTION_TABLES_H\n"
	       "#define SIM_WORLD_DISTRIBUTION_TABLES_H\n\n"
	       "#include <stdint.h>\n\n"
	       "enum { MANTISSAS = %d, NORMAL_STEPS = %d, NORMAL_POINTS = %d };\n\n",
	       MANTISSAS, STEPS, OCTAVES * STEPS + 4);
	printf("/* clang-format off */\n");
	printf("#define LN_2   0x%016" PRIx64 "u /* in 2^-64 */\n", fixed(logl(2), 64));
	printf("#define LOG2_E 0x%016" PRIx64 "u /* in 2^-63 */\n", fixed(log2l(expl(1)), 63));
	printf("#define LN_100 0x%016" PRIx64 "u /* in 2^-61 */\n", fixed(logl(100), 61));
	printf("#define Z_99   0x%016" PRIx64 "u /* in 2^-62: a normal's 99th percentile */\n",
	       fixed(normal_beyond(log2l(100)), 62));
	printf("#define Z_99_INVERSE %lld /* in 2^-32 */\n",
	       llrintl(ldexpl(1 / normal_beyond(log2l(100)), 32)));
	printf("#define LOG2_50_INVERSE %lld /* in 2^-32 */\n\n",
	       llrintl(ldexpl(1 / log2l(50), 32)));
	printf("/* log2(1 + i / %d), in 2^-63. */\n", MANTISSAS);
	write_table("log2_table", "uint64_t", MANTISSAS, write_log2);
	printf("\n/* 2^(i / %d), in 2^-63. */\n", MANTISSAS);
	write_table("exp2_table", "uint64_t", MANTISSAS, write_exp2);
	printf("\n/* What a standard normal exceeds with probability 2^-(1 + (i - 1) / %d), in "
	       "2^-32. "
	       "*/\n",
	       STEPS);
	write_table("normal_table", "int64_t", OCTAVES * STEPS + 4, write_normal);
	printf("/* clang-format on */\n\n#endif\n");
	return 0;
}
