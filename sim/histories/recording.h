/*
 * A recorded history: what clients asked, and what they were told, in the order of the file, which
 * is the order in time.
 */
#ifndef SIM_HISTORIES_RECORDING_H
#define SIM_HISTORIES_RECORDING_H

#include "sim/consistency/consistency.h"
#include "sim/histories/events.h"

enum answer {
	ANSWER_OK,
	ANSWER_FAIL,   /* it certainly did not happen */
	ANSWER_UNKNOWN /* info, or the file ends: it may happen at any time, or never */
};

/* One operation: an invocation and its completion. */
struct call {
	struct datum asked, told;            /* the values of the two events; nil: none */
	int64_t process;                     /* anonymous ones count down from -1 */
	int64_t invoked_time, returned_time; /* as recorded; INT64_MIN: not */
	uint32_t invoked, returned; /* positions among the events; NEVER_RETURNED: no return */
	uint32_t invoked_line, returned_line;
	uint32_t key;  /* in `keys`; 0: none */
	uint16_t name; /* in `operations`, from 1; 0: none */
	uint8_t answer;
	bool untrue; /* a cas that did not find what it expected */
};

/* A line of the nemesis. */
struct disturbance {
	struct datum name, value, phase, what;
	int64_t time; /* INT64_MIN: not recorded */
	uint32_t at;  /* position among the events */
	unsigned line;
};

struct recording {
	enum format format;
	struct call *calls; /* in the order of their invocations */
	uint32_t count;
	struct disturbance *disturbances;
	uint32_t disturbance_count;
	uint32_t events;
	struct names operations, keys;
	uint32_t ok, failed, unknown;
	uint32_t processes;     /* that ever asked */
	uint32_t most_open;     /* at one time, those of unknown outcome not counted */
	uint32_t backwards;     /* events whose time is less than that of the one before */
	uint32_t came_back;     /* questions of a process whose last outcome was unknown */
	uint32_t strange;       /* lines of a log that are not the history's */
	struct trouble trouble; /* line 0: none */
	struct pool pool;
};

/* False, with `trouble`, where this is no history. The text must stay as long as the recording. */
bool recording_read(struct recording *, enum format, char *text, size_t size);
void recording_free(struct recording *);

/* False, always; says at the line of the call, or of its answer, what makes no sense there. */
bool call_trouble(const struct recording *, const struct call *, bool answer, const char *what,
		  struct trouble *);

#endif
