/*
 * The one table of kinds of faults. What each does to the world stands in the file named at its
 * row; what it needs of a protocol, and between which amounts a nemesis draws, stands in the row.
 *
 * Two faults on the same process or link never disturb each other: see internal.h.
 */
#include "sim/faults/internal.h"

#define MS           INT64_C(1000000)
#define SECOND       (1000 * MS)
#define MINUTE       (60 * SECOND)
#define HOUR         (60 * MINUTE)
#define CERTAIN      ((int64_t)PROBABILITY_ONE)
#define MUST_BE_SAID INT64_MIN

static const char *const client_names[] = {
	[CLIENTS_CUT] = "cut", [CLIENTS_STAY] = "stay", [CLIENTS_STAY + 1] = NULL};

const struct fault_kind fault_kinds[FAULT_KINDS] = {
	/* processes.c */
	[FAULT_CRASH] = {.name = "crash",
			 .help = "the process crashes; it restarts from its disk at the end",
			 .shape = FAULT_ON_PROCESSES,
			 .needs = NEEDS_RESTART,
			 .lasts = true,
			 .begin = begin_crash,
			 .end = end_crash},
	[FAULT_PAUSE] = {.name = "pause",
			 .help = "the process stands still; its messages wait, its disk goes on",
			 .shape = FAULT_ON_PROCESSES,
			 .lasts = true,
			 .begin = begin_pause,
			 .end = end_pause},
	[FAULT_WIPE] =
		{.name = "wipe",
		 .help = "the process crashes, loses its disk, and comes back with an empty one",
		 .shape = FAULT_ON_PROCESSES,
		 .needs = NEEDS_WIPE,
		 .lasts = true,
		 .lasts_fallback = 100 * MS, /* an empty disk is soon put in */
		 .begin = begin_wipe,
		 .end = end_wipe},
	/* cuts.c */
	[FAULT_PARTITION] =
		{.name = "partition",
		 .help = "endpoints of different parts do not reach each other; those in "
			 "no part, clients too, reach everyone",
		 .shape = FAULT_ON_PARTS,
		 .parts_min = 2,
		 .lasts = true,
		 .begin = begin_partition,
		 .end = end_partition},
	[FAULT_CUT] = {.name = "cut",
		       .help = "nothing passes from the first to the second",
		       .shape = FAULT_ON_LINKS,
		       .lasts = true,
		       .begin = begin_cut,
		       .end = end_cut},
	/* links.c */
	[FAULT_LOSS] =
		{.name = "loss",
		 .help = "links lose this share of their messages, beside what they lose anyway",
		 .shape = FAULT_ON_LINKS,
		 .amount = AMOUNT_SHARE,
		 .amount_key = "share",
		 .amount_fallback = MUST_BE_SAID,
		 .amount_min = 1,
		 .amount_max = CERTAIN,
		 .drawn_least = CERTAIN / 20,
		 .drawn_most = CERTAIN / 2,
		 .lasts = true,
		 .begin = begin_loss,
		 .end = end_loss},
	[FAULT_DELAY] = {.name = "delay",
			 .help = "links take so much longer for each message",
			 .shape = FAULT_ON_LINKS,
			 .amount = AMOUNT_DURATION,
			 .amount_key = "by",
			 .amount_fallback = MUST_BE_SAID,
			 .amount_min = 1,
			 .amount_max = HOUR,
			 .drawn_least = 5 * MS,
			 .drawn_most = 300 * MS,
			 .lasts = true,
			 .begin = begin_delay,
			 .end = end_delay},
	/* disks.c */
	[FAULT_SLOW_DISK] = {.name = "slow_disk",
			     .help = "writes and syncs take so many times as long",
			     .shape = FAULT_ON_PROCESSES,
			     .amount = AMOUNT_FACTOR,
			     .amount_key = "times",
			     .amount_fallback = 10 * 1000,
			     .amount_min = 1000,
			     .amount_max = 10000 * 1000,
			     .drawn_least = 2 * 1000,
			     .drawn_most = 100 * 1000,
			     .lasts = true,
			     .begin = begin_slow_disk,
			     .end = end_slow_disk},
	[FAULT_WRITE_ERROR] = {.name = "write_error",
			       .help = "this share of syncs fails, and the process is told",
			       .shape = FAULT_ON_PROCESSES,
			       .amount = AMOUNT_SHARE,
			       .amount_key = "share",
			       .amount_fallback = CERTAIN,
			       .amount_min = 1,
			       .amount_max = CERTAIN,
			       .drawn_least = CERTAIN / 20,
			       .drawn_most = CERTAIN,
			       .needs = NEEDS_RESTART,
			       .lasts = true,
			       .begin = begin_write_error,
			       .end = end_write_error},
	[FAULT_FULL_DISK] = {.name = "full_disk",
			     .help = "writes that need room fail, and the process is told",
			     .shape = FAULT_ON_PROCESSES,
			     .needs = NEEDS_RESTART,
			     .lasts = true,
			     .begin = begin_full_disk,
			     .end = end_full_disk},
	[FAULT_LYING_SYNC] = {.name = "lying_sync",
			      .help = "syncs say that they are done, but a crash takes what they "
				      "should have kept",
			      .shape = FAULT_ON_PROCESSES,
			      .needs = NEEDS_MORE,
			      .lasts = true,
			      .begin = begin_lying_sync,
			      .end = end_lying_sync},
	[FAULT_ROT] = {.name = "rot",
		       .help = "something durable is damaged, and reads tell: the log record of "
			       "that index, or (0) any record, cell or snapshot",
		       .shape = FAULT_ON_PROCESSES,
		       .amount = AMOUNT_COUNT,
		       .amount_key = "record",
		       .amount_max = INT64_MAX,
		       .needs = NEEDS_DETECTED_ROT,
		       .begin = begin_rot},
	/* clocks.c */
	[FAULT_CLOCK_JUMP] = {.name = "clock_jump",
			      .help = "the wall clock jumps; the monotonic one does not",
			      .shape = FAULT_ON_PROCESSES,
			      .amount = AMOUNT_DURATION,
			      .amount_key = "by",
			      .amount_fallback = MUST_BE_SAID,
			      .amount_min = -HOUR,
			      .amount_max = HOUR,
			      .drawn_least = -10 * MINUTE,
			      .drawn_most = 10 * MINUTE,
			      .begin = begin_clock_jump},
	[FAULT_CLOCK_DRIFT] = {.name = "clock_drift",
			       .help = "both clocks run so much faster (or slower)",
			       .shape = FAULT_ON_PROCESSES,
			       .amount = AMOUNT_PPM,
			       .amount_key = "ppm",
			       .amount_fallback = MUST_BE_SAID,
			       .amount_min = -500000,
			       .amount_max = 500000,
			       .drawn_least = -100000,
			       .drawn_most = 100000,
			       .needs = NEEDS_DRIFT,
			       .lasts = true,
			       .begin = begin_clock_drift,
			       .end = end_clock_drift},
	/* cuts.c */
	[FAULT_BRIDGE] = {.name = "bridge",
			  .help = "only the first part reaches all others, and is reached by them",
			  .shape = FAULT_ON_PARTS,
			  .parts_min = 3,
			  .lasts = true,
			  .begin = begin_bridge,
			  .end = end_bridge},
	[FAULT_RING] = {.name = "ring",
			.help = "each part reaches the one before it and the one behind it, the "
				"last the first",
			.shape = FAULT_ON_PARTS,
			.parts_min = 4, /* of three all are neighbours */
			.lasts = true,
			.begin = begin_ring,
			.end = end_ring},
	[FAULT_CHAIN] = {.name = "chain",
			 .help = "each part reaches the one before it and the one behind it",
			 .shape = FAULT_ON_PARTS,
			 .parts_min = 3,
			 .lasts = true,
			 .begin = begin_chain,
			 .end = end_chain},
	[FAULT_ISOLATE] = {.name = "isolate",
			   .help = "each process named is cut from every other, and from clients "
				   "unless these stay",
			   .shape = FAULT_ON_PROCESSES,
			   .amount = AMOUNT_CHOICE,
			   .amount_key = "clients",
			   .choices = client_names,
			   .amount_fallback = CLIENTS_CUT,
			   .amount_max = CLIENTS_STAY,
			   .drawn_most = CLIENTS_STAY,
			   .lasts = true,
			   .begin = begin_isolate,
			   .end = end_isolate},
};

const char *fault_name(unsigned kind)
{
	return fault_kinds[kind].name;
}
