/*
 * Bytes, and bytes a second, as text: 64KB, 1.5MB, 10MB/s. Units are powers of a thousand.
 *
 * Invariant: reading what was written gives the same number.
 */
#include "sim/scenario/scan.h"

#include <string.h>

static const struct unit {
	const char *name;
	uint64_t bytes;
} units[] = {
	{"TB", 1000000000000}, {"GB", 1000000000}, {"MB", 1000000}, {"KB", 1000}, {"B", 1},
};
enum { UNITS = sizeof(units) / sizeof(units[0]), DECIMALS = 3 };

static const char *read_up_to(const char *text, const char *end, uint64_t *bytes)
{
	uint128_t scaled;
	const char *unit = scan_decimal(text, DECIMALS, &scaled);
	size_t size = unit ? strlen(unit) : 0, tail = strlen(end);

	if (!unit)
		return no_number(text, "is no number of bytes");
	if (!*unit)
		return "has no unit";
	if (size < tail || strcmp(unit + size - tail, end) != 0)
		return "says no time";
	for (unsigned i = 0; i < UNITS; i++) {
		if (strlen(units[i].name) != size - tail ||
		    strncmp(units[i].name, unit, size - tail) != 0)
			continue;
		scaled *= units[i].bytes;
		if (scaled % 1000)
			return "is finer than a byte";
		if (scaled / 1000 > INT64_MAX)
			return "is out of range";
		*bytes = (uint64_t)(scaled / 1000);
		return NULL;
	}
	return "has no unit that is known";
}

const char *read_bytes(const char *text, uint64_t *bytes)
{
	return read_up_to(text, "", bytes);
}

const char *read_bandwidth(const char *text, uint64_t *bytes)
{
	*bytes = 0;
	if (!strcmp(text, "none"))
		return NULL;
	const char *wrong = read_up_to(text, "/s", bytes);

	return wrong || *bytes ? wrong : "carries nothing";
}

/* In the largest unit that leaves a whole number. */
void write_bytes(uint64_t bytes, struct text *out)
{
	unsigned i = 0;

	while (i + 1 < UNITS && (!bytes || bytes % units[i].bytes))
		i++;
	text_add(out, "%llu%s", (unsigned long long)(bytes / units[i].bytes), units[i].name);
}

void write_bandwidth(uint64_t bytes, struct text *out)
{
	if (!bytes) {
		text_add(out, "none");
		return;
	}
	write_bytes(bytes, out);
	text_add(out, "/s");
}

void bytes_pattern(struct text *out)
{
	text_add(out, "[0-9]+(\\.[0-9]{1,%d})?(", DECIMALS);
	for (unsigned i = 0; i < UNITS; i++)
		text_add(out, "%s%s", i ? "|" : "", units[i].name);
	text_add(out, ")");
}
