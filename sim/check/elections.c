/*
 * Terms, votes and leaders: election safety, vote once, term monotone.
 *
 * Invariant: of each process the ledger keeps one vote a term and the highest term entered, of each
 * group one leader a term, for the whole run: no crash and no lost disk takes them back, for others
 * may have acted upon them. Facts stand in a list, the highest term first, so that the newest,
 * which is nearly always asked for, is found at once. Raft: Ongaro and Ousterhout, In Search of an
 * Understandable Consensus Algorithm, USENIX ATC 2014.
 */
#include "sim/check/ledger.h"

#include <inttypes.h>

/* Where the fact of that term stands in the list, or would. */
static ref_t *place_of(struct world *world, ref_t *newest, uint64_t term)
{
	ref_t *at = newest;

	while (*at && term_fact_at(world, *at)->term > term)
		at = &term_fact_at(world, *at)->older;
	return at;
}

static const struct term_fact *fact_of(struct world *world, ref_t newest, uint64_t term)
{
	ref_t at = *place_of(world, &newest, term);

	return at && term_fact_at(world, at)->term == term ? term_fact_at(world, at) : NULL;
}

/* The fact of that term in the list; `made` where there was none. */
static struct term_fact *term_fact(struct world *world, ref_t *newest, uint64_t term, bool *made)
{
	ref_t *at = place_of(world, newest, term);

	*made = !*at || term_fact_at(world, *at)->term != term;
	if (*made) {
		struct term_fact *fact = arena_bump(&world->arena, sizeof(*fact));

		fact->term = term;
		fact->time = world->now;
		fact->older = *at;
		*at = arena_ref(&world->arena, fact);
	}
	return term_fact_at(world, *at);
}

/* ---- Terms ----------------------------------------------------------------------------------- */

void judged_acts_in(struct world *world, struct judged *judged, uint64_t term, const char *what)
{
	char name[8], time[TIME_TEXT_MAX];

	check_of(world)->checks[JUDGE_TERM_MONOTONE]++;
	if (likely(term >= judged->term))
		return;
	check_violated(world, JUDGE_TERM_MONOTONE, judged->id,
		       "%s %s term %" PRIu64 ", and had entered term %" PRIu64
		       " at %s: a term never falls, crashes or not (Raft, 5.1)",
		       endpoint_name(judged->id, name), what, term, judged->term,
		       time_text(judged->term_time, time));
}

void judged_term_ahead(struct world *world, process_id id, const struct env_message *message,
		       uint64_t term)
{
	const struct process *process = world_process(world, id);
	char name[8], to[8];

	check_violated(
		world, JUDGE_TERM_MONOTONE, id,
		"%s says term %" PRIu64 " in its %s to %s, and has entered none above %" PRIu64
		": a message's term is at most its sender's (Raft, 5.1)",
		endpoint_name(id, name), term, process->protocol->messages[message->type].name,
		endpoint_name(message->to, to), process->term);
}

/* It is in that term from now on, and can't be the leader of an earlier one. */
static void raise_term(struct world *world, struct judged *judged, uint64_t term)
{
	if (term > judged->term) {
		judged->term = term;
		judged->term_time = world->now;
	}
	if (term > judged->leads)
		judged_stepped_down(world, judged);
}

void judged_entered(struct world *world, struct judged *judged, uint64_t term)
{
	judged_acts_in(world, judged, term, "entered");
	raise_term(world, judged, term);
}

/* ---- Votes ----------------------------------------------------------------------------------- */

void judged_voted(struct world *world, struct judged *judged, uint64_t term, process_id whom)
{
	char name[8], now_for[8], before[8], time[TIME_TEXT_MAX];
	bool made;

	judged_acts_in(world, judged, term, "voted in");
	raise_term(world, judged, term);
	check_of(world)->checks[JUDGE_VOTE_ONCE]++;
	struct term_fact *vote = term_fact(world, &judged->votes, term, &made);

	if (made)
		vote->whom = whom;
	if (vote->whom == whom)
		return;
	check_violated(world, JUDGE_VOTE_ONCE, judged->id,
		       "%s voted for %s in term %" PRIu64
		       ", in which it had voted for %s at %s: at most one vote a term, crashes or "
		       "not (Raft, 5.2)",
		       endpoint_name(judged->id, name), endpoint_name(whom, now_for), term,
		       endpoint_name(vote->whom, before), time_text(vote->time, time));
}

/* A write failed, and with it went the vote that it would have kept. */
void judged_withdrawn(struct world *world, process_id id, enum observation what, uint64_t term,
		      uint64_t whom)
{
	struct judged *judged = judged_of(world, id);

	if (what != SAW_VOTED)
		return;
	judged->lost_vote.term = term;
	judged->lost_vote.whom = (process_id)whom;
}

/* Nothing that the process wrote is under way: a vote that it tells now is on its disk, or nowhere.
 * So it is with a vote that is granted again, after its write failed. */
void judged_unwritten(struct world *world, process_id id, enum observation what, uint64_t term,
		      uint64_t whom)
{
	const struct judged *judged = judged_of(world, id);
	char name[8], candidate[8];

	if (what != SAW_VOTED || judged->lost_vote.term != term || judged->lost_vote.whom != whom ||
	    fact_of(world, judged->votes, term))
		return;
	check_violated(
		world, JUDGE_PERSIST_BEFORE_SEND, id,
		"%s votes for %s in term %" PRIu64
		", and the write of that vote has failed: a vote is on stable storage before "
		"it is told (Raft, Figure 2, State)",
		endpoint_name(id, name), endpoint_name((process_id)whom, candidate), term);
}

/* ---- Silence -------------------------------------------------------------------------------- */

/* Who is silent is exempt from much: it must have a reason. */
void judged_silenced(struct world *world, const struct judged *judged)
{
	char name[8];

	if (world_process(world, judged->id)->harmed)
		return;
	check_violated(
		world, JUDGE_LIVENESS, judged->id,
		"%s fell silent, and its disk has lost nothing, damaged nothing and refused "
		"nothing: only who cannot prove what it promised may keep silent (sim/ordeal.h)",
		endpoint_name(judged->id, name));
}

/* ---- Leaders --------------------------------------------------------------------------------- */

static void one_leader(struct world *world, struct judged *judged, uint64_t term)
{
	char name[8], before[8], time[TIME_TEXT_MAX];
	bool made;
	struct term_fact *election = term_fact(world, &judged->ledger->elections, term, &made);

	check_of(world)->checks[JUDGE_ELECTION_SAFETY]++;
	if (made) {
		election->whom = judged->id;
		election->entry = judged->tip;
	}
	if (election->whom == judged->id)
		return;
	check_violated(world, JUDGE_ELECTION_SAFETY, judged->id,
		       "%s was elected leader of term %" PRIu64
		       ", in which %s had been elected at %s: at most one leader a term (Raft, "
		       "Figure 3, Election Safety)",
		       endpoint_name(judged->id, name), term, endpoint_name(election->whom, before),
		       time_text(election->time, time));
}

void judged_elected(struct world *world, struct judged *judged, uint64_t term)
{
	judged_acts_in(world, judged, term, "was elected in");
	one_leader(world, judged, term);
	log_within(world, judged, term);
	completeness_of(world, judged, term);
	judged->leads = term;
}

void judged_stepped_down(struct world *world, struct judged *judged)
{
	judged->leads = 0;
	explained(world, judged, DOUBT_TRUNCATED);
}
