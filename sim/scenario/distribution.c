/*
 * Times and chances as text: durations, probabilities, distributions.
 *
 * Invariant: reading what was written gives the same value, to the last nanosecond and to the last
 * of 2^32 thresholds. Numbers are read in decimal, exactly; nothing here is floating point.
 */
#include "sim/scenario/scan.h"
#include "sim/scenario/schema.h"

#include <string.h>

/* ---- Decimals -------------------------------------------------------------------------------- */

const char *scan_decimal(const char *text, unsigned decimals, uint128_t *scaled)
{
	const uint128_t enough = (uint128_t)1
				 << 80; /* beyond that, it only has to stay too large */
	const char *at = text;
	unsigned fraction = 0;

	*scaled = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		*scaled = *scaled < enough ? *scaled * 10 + (unsigned)(*at - '0') : enough;
	if (at == text)
		return NULL;
	if (at[0] == '.' && at[1] >= '0' && at[1] <= '9')
		for (at++; *at >= '0' && *at <= '9'; at++, fraction++) {
			if (fraction == decimals)
				return NULL;
			*scaled = *scaled * 10 + (unsigned)(*at - '0');
		}
	for (; fraction < decimals; fraction++)
		*scaled *= 10;
	return at;
}

const char *no_number(const char *text, const char *otherwise)
{
	return *text >= '0' && *text <= '9' ? "has too many decimals" : otherwise;
}

void write_decimal(uint64_t scaled, unsigned decimals, struct text *out)
{
	char digits[32];
	uint64_t one = 1;

	for (unsigned i = 0; i < decimals; i++)
		one *= 10;
	text_add(out, "%llu", (unsigned long long)(scaled / one));
	if (scaled % one == 0)
		return;
	snprintf(digits, sizeof(digits), "%0*llu", (int)decimals,
		 (unsigned long long)(scaled % one));
	for (size_t end = strlen(digits); digits[end - 1] == '0';)
		digits[--end] = 0;
	text_add(out, ".%s", digits);
}

/* ---- Durations ------------------------------------------------------------------------------- */

static const struct unit {
	const char *name;
	nanoseconds length;
} units[] = {
	{"h", INT64_C(3600000000000)},
	{"m", INT64_C(60000000000)},
	{"s", 1000000000},
	{"ms", 1000000},
	{"us", 1000},
	{"ns", 1},
};
enum { UNITS = sizeof(units) / sizeof(units[0]) };

nanoseconds unit_named(const char *name)
{
	for (unsigned i = 0; i < UNITS; i++)
		if (!strcmp(units[i].name, name))
			return units[i].length;
	return 0;
}

const char *read_duration(const char *text, nanoseconds *duration)
{
	bool negative = *text == '-';
	uint128_t scaled;
	const char *unit = scan_decimal(text + negative, 9, &scaled);

	if (!unit)
		return no_number(text + negative, "is no duration");
	if (!*unit)
		return "has no unit";
	if (strstr(unit, ".."))
		return "is a range";
	nanoseconds length = unit_named(unit);

	if (!length)
		return "has no unit that is known";
	if (scaled / 1000000000 > INT64_MAX / (uint64_t)length)
		return "is too long";
	scaled *= (uint64_t)length;
	if (scaled % 1000000000)
		return "is finer than a nanosecond";
	scaled /= 1000000000;
	if (scaled > INT64_MAX)
		return "is too long";
	*duration = negative ? -(nanoseconds)scaled : (nanoseconds)scaled;
	return NULL;
}

bool parse_duration(const char *text, nanoseconds *duration)
{
	return *text != '-' && !read_duration(text, duration);
}

/* In the largest unit that leaves a whole number. */
void write_duration(nanoseconds duration, struct text *out)
{
	unsigned i = 0;

	if (duration == 0) {
		text_add(out, "0s");
		return;
	}
	while (duration % units[i].length)
		i++;
	text_add(out, "%lld%s", (long long)(duration / units[i].length), units[i].name);
}

/* ---- Probabilities: thresholds out of 2^32 --------------------------------------------------- */

/* 10^8 steps a percent are finer than 2^32 steps a whole, so that each threshold has a text. */
enum { PERCENT_DECIMALS = 8 };
#define PERCENT_ALL ((uint128_t)100 * 100000000)

static uint64_t threshold(uint128_t scaled)
{
	return (uint64_t)((scaled * PROBABILITY_ONE * 2 + PERCENT_ALL) / (PERCENT_ALL * 2));
}

const char *read_probability(const char *text, probability_t *probability)
{
	uint128_t scaled;
	const char *rest = scan_decimal(text, PERCENT_DECIMALS, &scaled);

	if (!rest)
		return no_number(text, "is no percentage");
	if (strcmp(rest, "%") != 0)
		return *rest ? "is no percentage" : "has no % sign";
	if (scaled > PERCENT_ALL)
		return "is more than 100%";
	*probability = threshold(scaled);
	if (scaled && !*probability)
		return "is too small to ever happen";
	return NULL;
}

/* The shortest percentage that reads back as the same threshold. */
void write_probability(probability_t probability, struct text *out)
{
	uint128_t exact = (uint128_t)probability * PERCENT_ALL; /* in 2^-32 */
	uint64_t step = 100000000, scaled = 0;

	for (; step; step /= 10) {
		scaled = (uint64_t)((exact / step + PROBABILITY_ONE / 2) >> 32) * step;
		if (threshold(scaled) == probability)
			break;
	}
	write_decimal(scaled, PERCENT_DECIMALS, out);
	text_add(out, "%%");
}

/* ---- Distributions --------------------------------------------------------------------------- */

/* Arguments in order: a, b, share. */
static const struct form {
	const char *name, *argument[3];
	unsigned arguments;
} forms[DISTRIBUTIONS] = {
	[CONSTANT] = {"constant", {""}, 1},
	[UNIFORM] = {"uniform", {"", ""}, 2},
	[EXPONENTIAL] = {"exponential", {"mean="}, 1},
	[NORMAL] = {"normal", {"mean=", "sd="}, 2},
	[LOGNORMAL] = {"lognormal", {"p50=", "p99="}, 2},
	[BIMODAL] = {"bimodal", {"", "", "share="}, 3},
	[PARETO] = {"pareto", {"p50=", "p99="}, 2},
	[EMPIRICAL] = {"empirical", {""}, 0}, /* as many as there are */
};

enum { ARGUMENT_MAX = 48 };

/* Copies the next argument, trimmed, and moves on. Returns what is wrong. */
static const char *any_argument(const char **at, bool last, char *argument)
{
	const char *from = *at + strspn(*at, " ");
	size_t size = strcspn(from, ",)");
	char end = from[size];

	if (!end)
		return "has no closing parenthesis";
	*at = from + size + 1;
	if ((end == ')') != last)
		return last ? "has too many arguments" : "has too few arguments";
	while (size && from[size - 1] == ' ')
		size--;
	if (!size)
		return "has an empty argument";
	if (size >= ARGUMENT_MAX)
		return "has an argument that is too long";
	memcpy(argument, from, size);
	argument[size] = 0;
	return NULL;
}

/* The same without its name, which it must have. */
static const char *next_argument(const char **at, const char *name, bool last, char *argument)
{
	const char *wrong = any_argument(at, last, argument);
	size_t named = strlen(name);

	if (wrong)
		return wrong;
	if (strncmp(argument, name, named) != 0)
		return "does not name its arguments as it should";
	if (!named && strchr(argument, '='))
		return "names an argument that has no name";
	memmove(argument, argument + named, strlen(argument) + 1 - named);
	return *argument ? NULL : "has an empty argument";
}

static const char *sound(struct distribution *d, nanoseconds max, bool two_sided)
{
	/* A coin gives an offset's sign: from -x to x is from 0 to x. */
	if (two_sided && d->kind == UNIFORM && d->a < 0) {
		if (d->a != -d->b)
			return "is not the same on both sides of 0";
		d->a = 0;
	}
	if (d->a < 0 || d->b < 0)
		return "has a negative argument";
	if (d->a > max || d->b > max)
		return "has an argument that is out of range";
	bool percentiles = d->kind == LOGNORMAL || d->kind == PARETO;

	if ((d->kind == UNIFORM || percentiles) && d->a > d->b)
		return "has its arguments in the wrong order";
	if (percentiles && d->a == 0)
		return "has a median of 0";
	return NULL;
}

static const char *read_arguments(const struct form *form, const char *at, struct distribution *d)
{
	nanoseconds *const times[] = {&d->a, &d->b};
	char argument[ARGUMENT_MAX];

	for (unsigned i = 0; i < form->arguments; i++) {
		const char *wrong = next_argument(&at, form->argument[i], i + 1 == form->arguments,
						  argument);
		if (!wrong)
			wrong = i < 2 ? read_duration(argument, times[i])
				      : read_probability(argument, &d->share);
		if (wrong)
			return wrong;
	}
	return *at ? "goes on after its closing parenthesis" : NULL;
}

/* ---- Quantiles ------------------------------------------------------------------------------- */

/*
 * Lists that were read, each once, until the program ends: a distribution is copied with the struct
 * that it stands in, and its list must outlive every copy.
 */
static const struct quantiles *keep(const struct quantiles *read)
{
	static struct kept {
		struct kept *next;
		struct quantiles list;
	} * first;
	struct kept *kept = first;

	while (kept && !quantiles_equal(&kept->list, read))
		kept = kept->next;
	if (!kept) {
		kept = scenario_room(NULL, 0, sizeof(*kept));
		kept->list = *read;
		kept->next = first;
		first = kept;
	}
	return &kept->list;
}

/* "p99.9=40ms" */
static const char *read_quantile(const char *argument, nanoseconds max, struct quantile *point)
{
	const char *equals = strchr(argument, '=');
	char share[ARGUMENT_MAX + 1];

	if (*argument != 'p' || !equals)
		return "does not name its arguments as it should";
	snprintf(share, sizeof(share), "%.*s%%", (int)(equals - argument - 1), argument + 1);
	const char *wrong = read_probability(share, &point->share);

	if (wrong)
		return "does not name its arguments as it should";
	wrong = read_duration(equals + 1, &point->at);
	if (!wrong && point->at < 0)
		wrong = "has a negative argument";
	if (!wrong && point->at > max)
		wrong = "has an argument that is out of range";
	return wrong;
}

static const char *read_quantiles(const char *at, nanoseconds max, struct distribution *d)
{
	struct quantiles read = {0};
	struct quantile *point = read.point;

	for (bool last = false; !last; point++) {
		char argument[ARGUMENT_MAX];
		const char *end = at + strcspn(at, ",)");

		last = *end != ',';
		if (read.count++ == QUANTILES_MAX)
			return "has too many arguments";
		const char *wrong = any_argument(&at, last, argument);

		if (!wrong)
			wrong = read_quantile(argument, max, point);
		if (wrong)
			return wrong;
		if (point > read.point &&
		    (point[-1].share >= point->share || point[-1].at > point->at))
			return "has its arguments in the wrong order";
	}
	if (*at)
		return "goes on after its closing parenthesis";
	if (read.count < 2 || read.point[0].share || point[-1].share != PROBABILITY_ONE)
		return "does not go from p0 to p100";
	d->share = (uintptr_t)keep(&read);
	return NULL;
}

static void write_quantiles(const struct distribution *d, struct text *out)
{
	const struct quantiles *quantiles = distribution_quantiles(d);

	for (unsigned i = 0; i < quantiles->count; i++) {
		text_add(out, "%sp", i ? ", " : "");
		write_probability(quantiles->point[i].share, out);
		out->bytes[--out->size] = 0; /* no % sign */
		text_add(out, "=");
		write_duration(quantiles->point[i].at, out);
	}
}

const char *read_distribution(const char *text, nanoseconds max, bool two_sided,
			      struct distribution *out)
{
	size_t name = strcspn(text, "(");
	struct distribution d = {.kind = CONSTANT};
	const char *wrong = "is no distribution";

	if (!text[name]) {
		wrong = read_duration(text, &d.a);
	} else {
		for (unsigned i = 0; i < DISTRIBUTIONS; i++) {
			if (strlen(forms[i].name) != name ||
			    strncmp(text, forms[i].name, name) != 0)
				continue;
			d.kind = (enum distribution_kind)i;
			wrong = i == EMPIRICAL ? read_quantiles(text + name + 1, max, &d)
					       : read_arguments(&forms[i], text + name + 1, &d);
		}
	}
	if (!wrong)
		wrong = sound(&d, max, two_sided);
	if (!wrong)
		*out = d;
	return wrong;
}

void write_distribution(const struct distribution *d, bool two_sided, struct text *out)
{
	const struct form *form = &forms[d->kind];
	const nanoseconds times[] = {two_sided && d->kind == UNIFORM && !d->a ? -d->b : d->a, d->b};

	if (d->kind == CONSTANT) {
		write_duration(d->a, out);
		return;
	}
	text_add(out, "%s(", form->name);
	if (d->kind == EMPIRICAL)
		write_quantiles(d, out);
	for (unsigned i = 0; i < form->arguments; i++) {
		text_add(out, "%s%s", i ? ", " : "", form->argument[i]);
		if (i < 2)
			write_duration(times[i], out);
		else
			write_probability(d->share, out);
	}
	text_add(out, ")");
}

/* ---- As regular expressions ------------------------------------------------------------------ */

void unit_pattern(struct text *out)
{
	for (unsigned i = 0; i < UNITS; i++)
		text_add(out, "%s%s", i ? "|" : "(", units[i].name);
	text_add(out, ")");
}

void duration_pattern(bool signed_too, struct text *out)
{
	text_add(out, "%s[0-9]+(\\.[0-9]{1,9})?", signed_too ? "-?" : "");
	unit_pattern(out);
}

static void argument_pattern(const struct form *form, unsigned which, bool signed_too,
			     struct text *out)
{
	text_add(out, " *%s", form->argument[which]);
	if (which < 2)
		duration_pattern(signed_too, out);
	else
		text_add(out, "[0-9]+(\\.[0-9]{1,%d})?%%", PERCENT_DECIMALS);
	text_add(out, " *");
}

/* Cut off at a comma, as all the others may be. */
static void quantiles_pattern(struct text *out)
{
	const char *lead = "";

	for (unsigned i = 0; i < 2; i++) {
		text_add(out, "%s *p[0-9]+(\\.[0-9]{1,%d})?=", lead, PERCENT_DECIMALS);
		duration_pattern(false, out);
		text_add(out, " *");
		lead = "(,";
	}
	text_add(out, ")*\\)?");
}

void distribution_pattern(bool two_sided, struct text *out)
{
	duration_pattern(false, out);
	for (unsigned i = 0; i < DISTRIBUTIONS; i++) {
		text_add(out, "|%s\\(", forms[i].name);
		if (i == EMPIRICAL) {
			quantiles_pattern(out);
			continue;
		}
		argument_pattern(&forms[i], 0, two_sided && i == UNIFORM, out);
		/* In braces a comma ends a text for an editor, and the rest is keys: see
		 * rest_of_distribution. */
		text_add(out, forms[i].arguments > 1 ? "(" : "");
		for (unsigned j = 1; j < forms[i].arguments; j++) {
			text_add(out, ",");
			argument_pattern(&forms[i], j, two_sided && i == UNIFORM, out);
		}
		text_add(out, forms[i].arguments > 1 ? "\\))?" : "\\)");
	}
}

const char rest_of_distribution[] = "^([a-z0-9.]+=)?-?[0-9][0-9.a-z%]*\\)?$";
