/*
 * A stable sort of small keys with something to carry: by insertion while nearly sorted, which
 * histories mostly are, else by merging runs.
 */
#include "sim/consistency/engines.h"

enum { RUN = 16, SHIFTS_MAX = 16 };

/* Gives up, with nothing lost, where it is far from sorted. */
static bool sort_run(struct sortable *item, size_t count)
{
	size_t shifts = 0;

	for (size_t i = 1; i < count; i++) {
		struct sortable moving = item[i];
		size_t at = i;

		for (; at > 0 && moving.by < item[at - 1].by; at--)
			item[at] = item[at - 1];
		item[at] = moving;
		shifts += i - at;
		if (shifts > SHIFTS_MAX * count)
			return false;
	}
	return true;
}

static void merge(const struct sortable *from, struct sortable *to, size_t left, size_t middle,
		  size_t end)
{
	size_t right = middle;

	for (size_t i = left; i < end; i++) {
		bool from_right = right < end && (left == middle || from[right].by < from[left].by);

		to[i] = from[from_right ? right++ : left++];
	}
}

struct sortable *sorted(struct room *room, struct sortable *item, size_t count)
{
	if (sort_run(item, count))
		return item;
	struct sortable *from = item, *to = room_take(room, count, sizeof(*to));

	for (size_t begin = 0; begin < count; begin += RUN)
		sort_run(from + begin, begin + RUN < count ? RUN : count - begin);
	for (size_t run = RUN; run < count; run *= 2) {
		for (size_t begin = 0; begin < count; begin += 2 * run) {
			size_t middle = begin + run < count ? begin + run : count;
			size_t end = middle + run < count ? middle + run : count;

			merge(from, to, begin, middle, end);
		}
		struct sortable *other = to;

		to = from;
		from = other;
	}
	return from;
}
