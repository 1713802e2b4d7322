/*
 * A court without a protocol: a real world whose processes do, on command, what a test wants
 * judged.
 *
 * Each of these is one handler of one process, in an event of its own.
 */
#ifndef TESTS_CHECK_COURT_H
#define TESTS_CHECK_COURT_H

#include "sim/world/kernel.h"

#include "sim/check/check.h"

enum { N1, N2, N3, N4, N5 };
enum { COURT_VOTE, COURT_ENTRIES }; /* its messages: a promise, and one that carries records */
struct court_vote {
	uint64_t term;
};
enum { SECOND = 1000000000 };

/* What its processes believe, for a test to set. */
struct court_state {
	uint64_t term, leads;
};
struct court_state *court_state(struct world *, process_id);

/* Up and judged; the run goes on after a violation. */
struct world *court_open(unsigned members);
/* The same under another observer, which passes on to check_observer what it sees. */
struct world *court_watched(unsigned members, const struct observer *, uint64_t seed);
void court_close(struct world *);

/* A handler of several deeds: what is between these two. */
struct env *court_begins(struct world *, process_id);
void court_ends(struct world *, process_id);

void court_says(struct world *, process_id, enum observation, uint64_t a, uint64_t b, uint64_t c);
/* A letter stands for a command: its entry is the letter, behind an operation id of 0. */
void court_appends(struct world *, process_id, uint64_t term, char letter);
void court_truncates(struct world *, process_id, uint64_t first_removed);
void court_commits(struct world *, process_id, uint64_t up_to, uint64_t term, bool leads);
void court_applies(struct world *, process_id, uint64_t index, char letter);
void court_queries(struct world *, process_id, request_id);
/* Writes reach every disk, messages their processes; time passes. */
void court_rests(struct world *);
void court_restarts(struct world *, process_id); /* a crash before it, where it is up */

/* Appends the letters, one term each, and has every disk take them. */
void court_log(struct world *, process_id, const char *letters, const char *terms);

/* ---- The judgement --------------------------------------------------------------------------- */

struct check_result court_result(struct world *);
/* That judge looked and nobody objected; the world is closed. */
void court_acquits(struct world *, enum judge);
/* That judge, and no other, convicts that process, in these words; the world is closed. */
void court_convicts(struct world *, enum judge, process_id accused, const char *sentence);

#endif
