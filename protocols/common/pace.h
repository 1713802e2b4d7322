/*
 * How long to wait for an answer before asking again, as a process learns from the answers it gets.
 *
 * Who asks again while the answer is merely slow adds to what makes it slow; where all do, the
 * members drown in repeats, and stay so when the load is long gone. Hence two rules, of TCP's. The
 * wait is the usual time of an answer and four times its deviation (Jacobson, Congestion Avoidance
 * and Control, SIGCOMM 1988). And what was asked again measures nothing, for nobody knows which
 * question was answered; instead each wait that was in vain doubles the next of everything that
 * this process asks, until something that was asked once is answered (Karn and Partridge, Improving
 * Round-Trip Time Estimates in Reliable Transport Protocols, SIGCOMM 1987).
 */
#ifndef PROTOCOLS_COMMON_PACE_H
#define PROTOCOLS_COMMON_PACE_H

#include "sim/ordeal.h"

struct pace { /* of a process; zeroed: it knows nothing yet */
	nanoseconds usual, deviation;
	uint32_t doublings;
};
struct asking { /* of one question; zeroed: not asked yet */
	nanoseconds since;
	uint32_t times, doublings;
};

/* Asked now, once more perhaps: arms the timer that fires when the wait was in vain. `retry` is the
 * shortest wait, from least to most; the longest is sixteen times as long. */
void pace_ask(struct env *, const struct pace *, struct asking *, const nanoseconds retry[2],
	      unsigned timer, uint64_t key);
void pace_waited_in_vain(struct pace *, const struct asking *);
void pace_answered(const struct env *, struct pace *, const struct asking *);
nanoseconds pace_longest(const nanoseconds retry[2]);

#endif
