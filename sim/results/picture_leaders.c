/* A lane for each process: what it was, and which term the leaders led. */
#include "sim/results/picture.h"

#include <inttypes.h>
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

/* Bars that are in no way different are one bar. */
static void write_bars(const struct show *show, unsigned process, unsigned bar, bool terms,
		       FILE *out)
{
	const struct recorded *run = show->run;
	bool leads = bar == BARS_EVEN || bar == BARS_ODD;

	for (size_t i = next_state(run, process, 0), next; i < run->state_count; i = next) {
		const struct recorded_state *first = &run->states[i];
		bool in = in_bar(first, bar);
		char term[24];

		next = next_state(run, process, i + 1);
		while (next < run->state_count && in == in_bar(&run->states[next], bar) &&
		       (!leads || !in || run->states[next].term == first->term))
			next = next_state(run, process, next + 1);
		double from = seconds(first->time);
		double to = seconds(next < run->state_count ? run->states[next].time : run->ended);

		snprintf(term, sizeof(term), "%" PRIu64, first->term);
		if (in && !terms)
			fprintf(out, "%u %.6f %.6f\n", process, from, to);
		else if (in &&
			 to - from > axis_seconds(show, (double)strlen(term) * LETTER_CM + 0.15))
			fprintf(out, "%u %.6f %s %d\n", process, from, term,
				bar == BARS_ODD ? 0 : 0xFFFFFF);
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
			write_bars(show, i, bar, false, out);
		end_block(out);
	}
	begin_block(out, "terms", "lane, from (s), term, colour");
	for (unsigned i = 0; i < processes; i++) {
		write_bars(show, i, BARS_EVEN, true, out);
		write_bars(show, i, BARS_ODD, true, out);
	}
	end_block(out);
}

/* Was any process that, and not only before its boot at the same moment? */
static bool occurs(const struct recorded *run, unsigned bar)
{
	for (size_t i = 0; i < run->state_count; i++) {
		size_t next = next_state(run, run->states[i].process, i + 1);
		nanoseconds until = next < run->state_count ? run->states[next].time : run->ended;

		if (in_bar(&run->states[i], bar) && until > run->states[i].time)
			return true;
	}
	return false;
}

/* The legend names what occurs. */
void leaders_sizes(const struct show *show, FILE *out)
{
	const struct recorded *run = show->run;

	fprintf(out, "nodes = %u\nlane = %g\n", run->process_count,
		run->process_count <= 10 ? 0.55 : 0.36);
	for (unsigned bar = 0; bar < BARS; bar++)
		fprintf(out, "has_%s = %d\n", bar_names[bar], occurs(run, bar));
}

void leaders_caption(const struct show *show, FILE *out)
{
	(void)show;
	fprintf(out, "What each process was: leaders with their term (two colours tell even terms "
		     "from odd ones), candidates, followers; down, "
		     "paused, or cut (live without a link to a majority).\n");
}
