/*
 * Queues and sets judged by what must not occur in a history: the cross-check of the judge at
 * sizes where no twin can try every order.
 */
#ifndef TESTS_CONSISTENCY_PATTERNS_H
#define TESTS_CONSISTENCY_PATTERNS_H

#include "sim/consistency/consistency.h"

/* UNDECIDED: they don't tell, for an element is put in twice, there are several objects, or
 * dequeues of unknown outcome stand beside some that found nothing. */
enum legality patterns_say(const struct model *, const struct history *);

#endif
