/* A lane for each process: what it was, and which term the leaders led. */
#include "sim/results/picture.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Leaders of one term and of the next have different colours. */
enum { BARS_FOLLOWER, BARS_CANDIDATE, BARS_EVEN, BARS_ODD, BARS_DOWN, BARS_PAUSED, BARS_CUT, BARS };
static const char *const bar_names[BARS] = {"follower", "candidate", "even", "odd",
					    "down",     "paused",    "cut"};

static bool in_bar(const struct recorded_state *state, unsigned bar)
{
	switch (bar) {
	case BARS_CUT: return state->cut && state->lane != LANE_DOWN;
	case BARS_EVEN: return state->lane == LANE_LEADER && state->term % 2 == 0;
	case BARS_ODD: return state->lane == LANE_LEADER && state->term % 2 == 1;
	case BARS_DOWN: return state->lane == LANE_DOWN;
	case BARS_PAUSED: return state->lane == LANE_PAUSED;
	case BARS_CANDIDATE: return state->lane == LANE_CANDIDATE;
	default: return state->lane == LANE_FOLLOWER;
	}
}

/* The next state of that process, from `index` on; the count where there is none. */
static size_t next_state(const struct recorded *run, unsigned process, size_t index)
{
	while (index < run->state_count && run->states[index].process != process)
		index++;
	return index;
}

struct bar {
	double from, to;
	uint64_t term;
};

/* The next bar of a kind, from the state *at on: states that are in no way different are one. *at
 * moves behind it. A moment is made wide enough to be seen. False: there is none. */
static bool next_bar(const struct show *show, unsigned process, unsigned kind, size_t *at,
		     struct bar *bar)
{
	const struct recorded *run = show->run;
	bool leads = kind == BARS_EVEN || kind == BARS_ODD;
	double least = kind == BARS_FOLLOWER ? 0 : axis_seconds(show, 0.03);
	size_t first = next_state(run, process, *at);

	while (first < run->state_count && !in_bar(&run->states[first], kind))
		first = next_state(run, process, first + 1);
	*at = first;
	if (first == run->state_count)
		return false;
	do
		*at = next_state(run, process, *at + 1);
	while (*at < run->state_count && in_bar(&run->states[*at], kind) &&
	       (!leads || run->states[*at].term == run->states[first].term));
	*bar = (struct bar){
		.from = seconds(run->states[first].time),
		.to = seconds(*at < run->state_count ? run->states[*at].time : run->ended),
		.term = run->states[first].term,
	};
	if (bar->to > bar->from)
		bar->from = fmax(0, fmin(bar->from, bar->to - least));
	return true;
}

static void write_bars(const struct show *show, unsigned process, unsigned kind, FILE *out)
{
	struct bar bar;

	for (size_t at = 0; next_bar(show, process, kind, &at, &bar);)
		fprintf(out, "%u %.6f %.6f\n", process, bar.from, bar.to);
}

/* Of leaders, where there is room. */
static void write_terms(const struct show *show, unsigned process, unsigned kind, FILE *out)
{
	struct bar bar;
	char term[24];

	for (size_t at = 0; next_bar(show, process, kind, &at, &bar);) {
		snprintf(term, sizeof(term), "%" PRIu64, bar.term);
		if (bar.to - bar.from > axis_seconds(show, (double)strlen(term) * LETTER_CM + 0.15))
			fprintf(out, "%u %.6f %s %d\n", process, bar.from, term,
				kind == BARS_ODD ? 0 : 0xFFFFFF);
	}
}

void leaders_data(const struct show *show, FILE *out)
{
	unsigned processes = show->run->process_count;

	write_faults(show, out);
	begin_block(out, "names", "lane, name");
	for (unsigned i = 0; i < processes; i++)
		fprintf(out, "%u n%u\n", i, i + 1);
	fputs("\n\n", out);
	for (unsigned bar = 0; bar < BARS; bar++) {
		begin_block(out, bar_names[bar], "lane, from (s), to (s)");
		for (unsigned i = 0; i < processes; i++)
			write_bars(show, i, bar, out);
		end_block(out);
	}
	begin_block(out, "terms", "lane, from (s), term, colour");
	for (unsigned i = 0; i < processes; i++) {
		write_terms(show, i, BARS_EVEN, out);
		write_terms(show, i, BARS_ODD, out);
	}
	end_block(out);
}

/* Is any of its bars wide enough to be seen? */
static bool seen(const struct show *show, unsigned kind)
{
	struct bar bar;

	for (unsigned process = 0; process < show->run->process_count; process++)
		for (size_t at = 0; next_bar(show, process, kind, &at, &bar);)
			if (bar.to - bar.from > axis_seconds(show, 0.02))
				return true;
	return false;
}

/* The legend names what can be seen. */
void leaders_sizes(const struct show *show, FILE *out)
{
	const struct recorded *run = show->run;

	fprintf(out, "nodes = %u\nlane = %g\n", run->process_count,
		run->process_count <= 10 ? 0.55 : 0.36);
	unsigned named = (show->band_count > 0 ? 1u : 0) + (run->healed >= 0 ? 1u : 0);

	for (unsigned bar = 0; bar < BARS; bar++) {
		fprintf(out, "has_%s = %d\n", bar_names[bar], seen(show, bar));
		named += seen(show, bar);
	}
	fprintf(out, "named = %u\n", named);
}

void leaders_caption(const struct show *show, FILE *out)
{
	(void)show;
	fprintf(out, "What each process was: leaders with their term (two colours tell even terms "
		     "from odd ones), candidates, followers; down, "
		     "paused, or cut (live without a link to a majority).\n");
}
