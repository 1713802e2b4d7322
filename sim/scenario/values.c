/*
 * Values that are one scalar: from text, to text, and what is accepted, in words.
 *
 * Every function works on (key, base): the key says type, place and bounds. Invariant: what
 * value_write wrote, value_read reads back as the same value.
 */
#include "sim/scenario/scan.h"

#include <ctype.h>
#include <stdarg.h>

/* Two numbers that belong together stand side by side. */
_Static_assert(offsetof(struct scenario, last_seed) ==
		       offsetof(struct scenario, first_seed) + sizeof(uint64_t),
	       "seeds are a pair");

/* ---- Memory and text ------------------------------------------------------------------------- */

void *scenario_room(void *old, size_t old_size, size_t size)
{
	char *room = realloc(old, size ? size : 1);

	if (!room) {
		fputs("out of memory\n", stderr);
		abort();
	}
	if (size > old_size)
		memset(room + old_size, 0, size - old_size);
	return room;
}

char *copy_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(scenario_room(NULL, 0, size), text, size);
}

void text_add(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);

	if (text->size + (size_t)size + 1 > text->room) {
		size_t room = (text->size + (size_t)size + 1) * 2;
		text->bytes = scenario_room(text->bytes, text->room, room);
		text->room = room;
	}
	va_start(arguments, format);
	vsnprintf(text->bytes + text->size, text->room - text->size, format, arguments);
	va_end(arguments);
	text->size += (size_t)size;
}

/* ---- Numbers of any width -------------------------------------------------------------------- */

static void store(const struct key *key, void *base, int64_t value)
{
	char *at = (char *)base + key->offset;

	switch (key->width) {
	case 0: break;
	case 1: *(uint8_t *)at = (uint8_t)value; break;
	case 2: *(uint16_t *)(void *)at = (uint16_t)value; break;
	case 4: *(int32_t *)(void *)at = (int32_t)value; break;
	default: *(int64_t *)(void *)at = value; break;
	}
}

static int64_t load(const struct key *key, const void *base)
{
	const char *at = (const char *)base + key->offset;

	switch (key->width) {
	case 0: return key->min;
	case 1: return *(const uint8_t *)at;
	case 2: return *(const uint16_t *)(const void *)at;
	case 4: return *(const int32_t *)(const void *)at;
	default: return *(const int64_t *)(const void *)at;
	}
}

static const char *store_within(const struct key *key, void *base, int64_t value)
{
	if (value < key->min || value > key->max)
		return "is out of range";
	store(key, base, value);
	return NULL;
}

/* ---- Reading, type by type ------------------------------------------------------------------- */

/* 200, 20K, 5M: K and M are 10^3 and 10^6. Returns what follows, NULL where it is none. */
static const char *scan_count(const char *text, uint128_t *count)
{
	const char *rest = scan_decimal(text, 0, count);

	if (rest && (*rest == 'K' || *rest == 'M'))
		*count *= *rest++ == 'K' ? 1000 : 1000000;
	return rest;
}

static const char *read_count(const struct key *key, const char *text, void *base)
{
	uint128_t count;
	const char *rest = scan_count(text, &count);

	if (!rest || *rest)
		return *text == '-' ? "is out of range" : "is no whole number";
	if (count > INT64_MAX)
		return "is out of range";
	return store_within(key, base, (int64_t)count);
}

static const char *read_time(const struct key *key, const char *text, void *base)
{
	nanoseconds time;
	const char *wrong = read_duration(text, &time);

	return wrong ? wrong : store_within(key, base, time);
}

static const char *read_range(const struct key *key, const char *text, void *base)
{
	nanoseconds *range = (nanoseconds *)(void *)((char *)base + key->offset), least, most;
	const char *dots = strstr(text, "..");
	char first[48];

	if (dots && (size_t)(dots - text) >= sizeof(first))
		return "is no range";
	snprintf(first, sizeof(first), "%.*s", dots ? (int)(dots - text) : 47, text);
	const char *wrong = read_duration(first, &least);
	if (!wrong)
		wrong = read_duration(dots ? dots + 2 : text, &most);
	if (wrong)
		return wrong;
	if (least > most)
		return "has its ends in the wrong order";
	if (least < key->min || most > key->max)
		return "is out of range";
	range[0] = least;
	range[1] = most;
	return NULL;
}

static const char *read_chance(const struct key *key, const char *text, void *base)
{
	probability_t chance;
	const char *wrong = read_probability(text, &chance);

	return wrong ? wrong : store_within(key, base, (int64_t)chance);
}

static const char *read_percent(const struct key *key, const char *text, void *base)
{
	uint128_t hundredths;
	const char *rest = scan_decimal(text, 2, &hundredths);

	if (!rest)
		return no_number(text, "is no percentage");
	if (strcmp(rest, "%") != 0)
		return *rest ? "is no percentage" : "has no % sign";
	if (hundredths > INT64_MAX)
		return "is out of range";
	return store_within(key, base, (int64_t)hundredths);
}

/* 200/s, or 1/50ms: kept as the time between two, rounded to a nanosecond. */
static const char *read_rate(const struct key *key, const char *text, void *base)
{
	uint128_t count;
	const char *rest = scan_count(text, &count);
	nanoseconds per;

	if (!strcmp(text, "none")) {
		store(key, base, 0);
		return NULL;
	}
	if (!rest)
		return "is no rate";
	if (*rest != '/')
		return *rest ? "is no rate" : "has no unit";
	rest++;
	if (isdigit((unsigned char)*rest)) {
		const char *wrong = read_duration(rest, &per);
		if (wrong)
			return wrong;
	} else if (!(per = unit_named(rest))) {
		return "has no unit that is known";
	}
	if (!count || count > INT64_MAX / 4 || per > INT64_MAX / 4)
		return "is out of range";
	return store_within(key, base, (int64_t)(((uint128_t)per * 2 + count) / (count * 2)));
}

static const char *read_seeds(const struct key *key, const char *text, void *base)
{
	uint64_t *seeds = (uint64_t *)(void *)((char *)base + key->offset);
	uint128_t first, last;
	const char *rest = scan_decimal(text, 0, &first);

	last = first;
	if (rest && !strncmp(rest, "..", 2))
		rest = scan_decimal(rest + 2, 0, &last);
	if (!rest || *rest)
		return "is no range of seeds";
	if (first > last)
		return "has its ends in the wrong order";
	if (last > INT64_MAX)
		return "is out of range";
	seeds[0] = (uint64_t)first;
	seeds[1] = (uint64_t)last;
	return NULL;
}

static const char *read_ppm(const struct key *key, const char *text, void *base)
{
	bool negative = *text == '-';
	uint128_t ppm;
	const char *rest = scan_decimal(text + negative, 0, &ppm);

	if (!rest || (*rest && strcmp(rest, "ppm") != 0))
		return "is no number of ppm";
	if (!*rest)
		return "has no unit";
	if (ppm > INT32_MAX)
		return "is out of range";
	return store_within(key, base, negative ? -(int64_t)ppm : (int64_t)ppm);
}

static const char *read_factor(const struct key *key, const char *text, void *base)
{
	uint128_t thousandths;
	const char *rest = scan_decimal(text, 3, &thousandths);

	if (!rest)
		return no_number(text, "is no factor");
	if (*rest && strcmp(rest, "x") != 0)
		return "is no factor";
	if (thousandths > INT64_MAX)
		return "is out of range";
	return store_within(key, base, (int64_t)thousandths);
}

static const char *read_size(const struct key *key, const char *text, void *base)
{
	uint64_t bytes;
	const char *wrong = key->type == TYPE_BYTES ? read_bytes(text, &bytes)
						    : read_bandwidth(text, &bytes);

	return wrong ? wrong : store_within(key, base, (int64_t)bytes);
}

static const char *read_flag(const struct key *key, const char *text, void *base)
{
	bool yes = !strcmp(text, "true");

	if (!yes && strcmp(text, "false") != 0)
		return "is neither true nor false";
	store(key, base, yes);
	return NULL;
}

static const char *read_skew(const struct key *key, const char *text, void *base)
{
	uint128_t thousandths;

	if (!strcmp(text, "uniform")) {
		store(key, base, 0);
		return NULL;
	}
	if (strncmp(text, "zipf(", 5) != 0)
		return "is no skew";
	const char *rest = scan_decimal(text + 5, 3, &thousandths);
	if (!rest)
		return no_number(text + 5, "is no skew");
	if (strcmp(rest, ")") != 0)
		return "is no skew";
	if (thousandths > INT64_MAX)
		return "is out of range";
	return store_within(key, base, (int64_t)thousandths);
}

size_t value_choices(const struct key *key, const char **names, size_t max)
{
	size_t count = 0;

	if (key->type == TYPE_JUDGE)
		for (; count < JUDGES && count < max; count++)
			names[count] = judges[count].name;
	else
		for (; key->choices && key->choices[count] && count < max; count++)
			names[count] = key->choices[count];
	return count;
}

enum { CHOICES_MAX = 64 };

static const char *read_choice(const struct key *key, const char *text, void *base)
{
	const char *names[CHOICES_MAX];
	size_t count = value_choices(key, names, CHOICES_MAX);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], text)) {
			store(key, base, (int64_t)i);
			return NULL;
		}
	return "is unknown";
}

static const char *read_name(const struct key *key, const char *text, void *base)
{
	size_t size = strlen(text);

	if (size < (size_t)key->min || size > (size_t)key->max)
		return size ? "is too long" : "is empty";
	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) && (at == text || !strchr("-_", *at)))
			return "has a character that no name has";
	*(char **)(void *)((char *)base + key->offset) = copy_text(text);
	return NULL;
}

static const char *read_text(const struct key *key, const char *text, void *base)
{
	if (strlen(text) > (size_t)key->max)
		return "is too long";
	for (const char *at = text; *at; at++)
		if (iscntrl((unsigned char)*at))
			return "is more than one line of text";
	*(char **)(void *)((char *)base + key->offset) = copy_text(text);
	return NULL;
}

static const char *read_endpoint(const struct key *key, const char *text, void *base)
{
	uint128_t number;
	const char *rest = *text ? scan_decimal(text + 1, 0, &number) : NULL;

	if ((*text != 'n' && *text != 'c') || !rest || *rest || text[1] == '0')
		return "is neither a process nor a client";
	if (number > (*text == 'n' ? PROCESSES_MAX : CLIENTS_MAX))
		return "is out of range";
	store(key, base, (int64_t)number - 1 + (*text == 'n' ? 0 : CLIENT_FIRST));
	return NULL;
}

const char *value_read(const struct key *key, const char *text, void *base)
{
	if (!*text && key->type != TYPE_TEXT)
		return "is empty";
	switch (key->type) {
	case TYPE_COUNT: return read_count(key, text, base);
	case TYPE_DURATION: return read_time(key, text, base);
	case TYPE_RANGE: return read_range(key, text, base);
	case TYPE_DISTRIBUTION:
	case TYPE_OFFSET:
		return read_distribution(
			text, key->max, key->type == TYPE_OFFSET,
			(struct distribution *)(void *)((char *)base + key->offset));
	case TYPE_PROBABILITY: return read_chance(key, text, base);
	case TYPE_PERCENT: return read_percent(key, text, base);
	case TYPE_RATE: return read_rate(key, text, base);
	case TYPE_SEEDS: return read_seeds(key, text, base);
	case TYPE_PPM: return read_ppm(key, text, base);
	case TYPE_FACTOR: return read_factor(key, text, base);
	case TYPE_BYTES:
	case TYPE_BANDWIDTH: return read_size(key, text, base);
	case TYPE_FLAG: return read_flag(key, text, base);
	case TYPE_SKEW: return read_skew(key, text, base);
	case TYPE_CHOICE:
	case TYPE_JUDGE: return read_choice(key, text, base);
	case TYPE_NAME: return read_name(key, text, base);
	case TYPE_TEXT: return read_text(key, text, base);
	case TYPE_ENDPOINT: return read_endpoint(key, text, base);
	default: return "is no scalar";
	}
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_count(uint64_t count, struct text *out)
{
	if (count && count % 1000000 == 0)
		text_add(out, "%lluM", (unsigned long long)count / 1000000);
	else if (count >= 10000 && count % 1000 == 0)
		text_add(out, "%lluK", (unsigned long long)count / 1000);
	else
		text_add(out, "%llu", (unsigned long long)count);
}

/* So many a second, minute or hour where that gives the same interval; else one an interval. */
static void write_rate(nanoseconds interval, struct text *out)
{
	static const char *const per[] = {"s", "m", "h"};

	if (!interval) {
		text_add(out, "none");
		return;
	}
	for (unsigned i = 0; i < sizeof(per) / sizeof(per[0]); i++) {
		nanoseconds length = unit_named(per[i]);
		nanoseconds count = (length * 2 + interval) / (interval * 2);

		if (count && (length * 2 + count) / (count * 2) == interval) {
			write_count((uint64_t)count, out);
			text_add(out, "/%s", per[i]);
			return;
		}
	}
	text_add(out, "1/");
	write_duration(interval, out);
}

/* Plain where nobody could misread it, else in double quotes. */
static void write_text(const char *text, struct text *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789 .,;()/%'+-_=?!";
	size_t size = strlen(text);

	if (size && isalnum((unsigned char)text[0]) && text[size - 1] != ' ' &&
	    strspn(text, plain) == size) {
		text_add(out, "%s", text);
		return;
	}
	text_add(out, "\"");
	for (; *text; text++)
		text_add(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	text_add(out, "\"");
}

static void write_pair(const struct key *key, const void *base, struct text *out)
{
	const int64_t *pair = (const int64_t *)(const void *)((const char *)base + key->offset);

	for (unsigned i = 0; i < (pair[0] == pair[1] ? 1 : 2); i++) {
		text_add(out, i ? ".." : "");
		if (key->type == TYPE_RANGE)
			write_duration(pair[i], out);
		else
			text_add(out, "%lld", (long long)pair[i]);
	}
}

static void write_choice(const struct key *key, int64_t value, struct text *out)
{
	const char *names[CHOICES_MAX];

	value_choices(key, names, CHOICES_MAX);
	text_add(out, "%s", names[value]);
}

void value_write(const struct key *key, const void *base, struct text *out)
{
	const void *at = (const char *)base + key->offset;
	char name[8];

	switch (key->type) {
	case TYPE_COUNT: write_count((uint64_t)load(key, base), out); break;
	case TYPE_DURATION: write_duration(load(key, base), out); break;
	case TYPE_RANGE:
	case TYPE_SEEDS: write_pair(key, base, out); break;
	case TYPE_DISTRIBUTION:
	case TYPE_OFFSET: write_distribution(at, key->type == TYPE_OFFSET, out); break;
	case TYPE_PROBABILITY: write_probability((probability_t)load(key, base), out); break;
	case TYPE_PERCENT:
		write_decimal((uint64_t)load(key, base), 2, out);
		text_add(out, "%%");
		break;
	case TYPE_RATE: write_rate(load(key, base), out); break;
	case TYPE_PPM: text_add(out, "%lldppm", (long long)load(key, base)); break;
	case TYPE_FACTOR:
		write_decimal((uint64_t)load(key, base), 3, out);
		text_add(out, "x");
		break;
	case TYPE_BYTES: write_bytes((uint64_t)load(key, base), out); break;
	case TYPE_BANDWIDTH: write_bandwidth((uint64_t)load(key, base), out); break;
	case TYPE_FLAG: text_add(out, load(key, base) ? "true" : "false"); break;
	case TYPE_SKEW:
		text_add(out, load(key, base) ? "zipf(" : "uniform");
		if (load(key, base)) {
			write_decimal((uint64_t)load(key, base), 3, out);
			text_add(out, ")");
		}
		break;
	case TYPE_CHOICE:
	case TYPE_JUDGE: write_choice(key, load(key, base), out); break;
	case TYPE_NAME:
	case TYPE_TEXT: write_text(*(char *const *)at, out); break;
	case TYPE_ENDPOINT:
		text_add(out, "%s", endpoint_name((endpoint_t)load(key, base), name));
		break;
	default: break;
	}
}

/* ---- In words -------------------------------------------------------------------------------- */

static const char a_distribution[] =
	"1ms, uniform(1ms, 5ms), exponential(mean=2ms), normal(mean=5ms, sd=1ms), "
	"lognormal(p50=20ms, p99=80ms), bimodal(1ms, 50ms, share=5%), "
	"pareto(p50=2ms, p99=90ms) or empirical(p0=1ms, p50=2ms, p99=20ms, p100=90ms)";

static const char *const accepts[] = {
	[TYPE_COUNT] = "a whole number such as 200, 20K or 5M",
	[TYPE_DURATION] = "a duration such as 150ms, 3s or 1h",
	[TYPE_RANGE] = "a range of durations such as 150ms..300ms",
	[TYPE_DISTRIBUTION] = a_distribution,
	[TYPE_OFFSET] = "uniform(-50ms, 50ms), or how far: 50ms, exponential(mean=20ms)",
	[TYPE_PROBABILITY] = "a percentage such as 0.1%",
	[TYPE_PERCENT] = "a percentage such as 60%",
	[TYPE_RATE] = "a rate such as 200/s, 30/m or 1/50ms",
	[TYPE_SEEDS] = "seeds such as 1..1000, or one",
	[TYPE_PPM] = "parts per million, such as 50ppm",
	[TYPE_FACTOR] = "a factor such as 20x",
	[TYPE_BYTES] = "bytes such as 64KB or 1MB",
	[TYPE_BANDWIDTH] = "bytes a second such as 10MB/s",
	[TYPE_FLAG] = "true or false",
	[TYPE_SKEW] = "uniform, or zipf(0.99) with an exponent",
	[TYPE_CHOICE] = "one of ",
	[TYPE_JUDGE] = "one of ",
	[TYPE_NAME] = "letters and digits, and after the first - and _",
	[TYPE_TEXT] = "one line of text",
	[TYPE_ENDPOINT] = "n1 to n64, or c1 to c256",
	[TYPE_SECTION] = "a mapping",
	[TYPE_PROTOCOL] = "the name of a protocol",
	[TYPE_APP] = "the name of an app",
	[TYPE_OPTIONS] = "a mapping of options",
	[TYPE_GROUP] = "the name of an earlier group",
	[TYPE_MIX] = "a mapping of operations to percentages",
	[TYPE_LINKS] = "a list of links",
	[TYPE_REGIONS] = "a mapping of names to lists of endpoints",
	[TYPE_DURATIONS] = "durations by pair, such as {east: {east: 1ms, west: 66ms}}",
	[TYPE_BANDWIDTHS] = "bandwidths by pair, such as {east: {west: 10MB/s}}",
	[TYPE_FAULTS] = "a list of faults",
	[TYPE_NEMESES] = "a list such as [{every: 2s, choose: {crash: 3, pause: 1}}]",
	[TYPE_KINDS] = "a mapping of kinds of faults to weights such as {crash: 3, pause: 1}",
	[TYPE_TARGET] = "n3, [n1, n2], or a role such as leader",
	[TYPE_BUGS] = "a list of bugs, each as protocol.bug",
	[TYPE_EXPECT] = "a list of expectations",
	[TYPE_JUDGES] = "a list of judges",
	[TYPE_PLOTS] = "a list of plots",
	[TYPE_NOT_YET] = "nothing",
};

/* The bound that stands at `offset` of the key, as a value of that key. */
static void add_bound(const struct key *key, size_t offset, struct text *out)
{
	struct key plain = *key;

	plain.offset = offset;
	plain.width = sizeof(int64_t);
	if (key->type == TYPE_RANGE)
		plain.type = TYPE_DURATION;
	value_write(&plain, key, out);
}

static void add_bounds(const struct key *key, struct text *out)
{
	size_t first = offsetof(struct key, min), last = offsetof(struct key, max);
	bool open = key->type == TYPE_COUNT && key->max == INT64_MAX;

	if (key->min == key->max) {
		text_add(out, ": %lld", (long long)key->min);
		return;
	}
	text_add(out, ", from ");
	if (key->type == TYPE_SKEW) {
		write_decimal((uint64_t)key->min, 3, out);
		text_add(out, " to ");
		write_decimal((uint64_t)key->max, 3, out);
		return;
	}
	add_bound(key, key->type == TYPE_RATE ? last : first, out);
	text_add(out, open ? " on" : " to ");
	if (!open)
		add_bound(key, key->type == TYPE_RATE ? first : last, out);
}

void value_accepts(const struct key *key, struct text *out)
{
	const char *names[CHOICES_MAX];
	size_t count = value_choices(key, names, CHOICES_MAX);

	if (key->type == TYPE_COUNT && key->max < 10000)
		text_add(out, "a whole number");
	else
		text_add(out, "%s", accepts[key->type]);
	switch (key->type) {
	case TYPE_COUNT:
	case TYPE_DURATION:
	case TYPE_RANGE:
	case TYPE_RATE:
	case TYPE_PPM:
	case TYPE_FACTOR:
	case TYPE_BYTES:
	case TYPE_BANDWIDTH:
	case TYPE_SKEW:
	case TYPE_PERCENT:
	case TYPE_PROBABILITY: add_bounds(key, out); break;
	case TYPE_CHOICE:
	case TYPE_JUDGE:
		for (size_t i = 0; i < count; i++)
			text_add(out, "%s%s", i ? ", " : "", names[i]);
		break;
	case TYPE_PLOTS:
		for (size_t i = 0; i < count; i++)
			text_add(out, "%s%s", i ? ", " : ": ", names[i]);
		break;
	case TYPE_NAME: text_add(out, ", at most %lld of them", (long long)key->max); break;
	case TYPE_TEXT: text_add(out, ", at most %lld bytes", (long long)key->max); break;
	default: break;
	}
}
