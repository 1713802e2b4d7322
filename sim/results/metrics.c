/*
 * Figures of a finished run, from its history, the states of its faults and the series of what its
 * processes were. What each means is said in metrics.h.
 *
 * The history is in order of time, so the calls of a bucket or a window stand side by side, and
 * every figure is one sweep.
 */
#include "sim/results/metrics.h"

#include <math.h>
#include <stdlib.h>

enum { THRESHOLD_PERCENT = 95, RECOVERED_BUCKETS = 3, BUCKETS_WANTED = 200 };
static const nanoseconds second = 1000000000, millisecond = 1000000;

struct interval {
	nanoseconds from, to;
};

/* What is measured: calls by invocation, from the end of the warm-up to the end of arrivals. */
struct measured {
	struct world *world;
	const struct scenario *scenario;
	const struct run_result *result;
	nanoseconds from, until;
	struct call *calls;
	size_t count;
	size_t first, end;       /* of them: invoked after the warm-up, and up to the heal */
	struct interval *faulty; /* disjoint, in order */
	unsigned faulty_count;
};

static nanoseconds overlap(nanoseconds a, nanoseconds b, nanoseconds from, nanoseconds to)
{
	nanoseconds start = a > from ? a : from, end = b < to ? b : to;

	return end > start ? end - start : 0;
}

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* ---- Operations ------------------------------------------------------------------------------ */

struct call *calls_of(struct world *world, nanoseconds timeout, nanoseconds ended, size_t *count)
{
	size_t records = history_count(world);
	struct call *calls = must(calloc(records + 1, sizeof(*calls)));
	size_t *call_of = must(calloc(records + 1, sizeof(*call_of)));

	*count = 0;
	for (size_t i = 0; i < records; i++) {
		const struct history_record *record = history_at(world, i);

		if (record->type == HISTORY_INVOKE) {
			call_of[i] = *count;
			calls[(*count)++] = (struct call){.invoked = record->time,
							  .ended = ended,
							  .outcome = HISTORY_INFO,
							  .client = record->client};
		} else if (record->type < HISTORY_FAULT_BEGINS) {
			struct call *call = &calls[call_of[record->invocation]];

			call->ended = record->time;
			call->outcome = record->type;
			call->success = record->type == HISTORY_OK &&
					record->time - call->invoked <= timeout;
		}
	}
	free(call_of);
	return calls;
}

static int by_time(const void *a, const void *b)
{
	nanoseconds x = *(const nanoseconds *)a, y = *(const nanoseconds *)b;

	return (x > y) - (x < y);
}

size_t latencies(const struct call *calls, size_t from, size_t to, nanoseconds *latency)
{
	size_t successes = 0;

	for (size_t i = from; i < to; i++)
		if (calls[i].success)
			latency[successes++] = calls[i].ended - calls[i].invoked;
	qsort(latency, successes, sizeof(*latency), by_time);
	return successes;
}

nanoseconds percentile(const nanoseconds *sorted, size_t count, size_t percent)
{
	return count ? sorted[(count * percent + 99) / 100 - 1] : -1;
}

static size_t successes(const struct call *calls, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += calls[i].success;
	return sum;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : NAN;
}

/* ---- Faults ---------------------------------------------------------------------------------- */

static bool fired(const struct fault_state *state)
{
	return state->state == FAULT_ACTIVE || state->state == FAULT_OVER;
}

static nanoseconds fault_end(const struct measured *measured, const struct fault_state *state)
{
	return state->state == FAULT_OVER ? state->ended : measured->result->ended;
}

static int by_start(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* The time under a fault, as disjoint intervals. */
static void faulty_time(struct measured *measured)
{
	unsigned faults = faults_count(measured->world), count = 0, last = 0;
	struct interval *all = must(calloc(faults + 1, sizeof(*all)));

	for (unsigned i = 0; i < faults; i++) {
		const struct fault_state *state = faults_state(measured->world, i);

		if (fired(state))
			all[count++] = (struct interval){state->began, fault_end(measured, state)};
	}
	qsort(all, count, sizeof(*all), by_start);
	for (unsigned i = 1; i < count; i++) {
		if (all[i].from > all[last].to)
			all[++last] = all[i];
		else if (all[i].to > all[last].to)
			all[last].to = all[i].to;
	}
	measured->faulty = all;
	measured->faulty_count = count ? last + 1 : 0;
}

static nanoseconds faulty_within(const struct measured *measured, nanoseconds from, nanoseconds to)
{
	nanoseconds sum = 0;

	for (unsigned i = 0; i < measured->faulty_count; i++)
		sum += overlap(measured->faulty[i].from, measured->faulty[i].to, from, to);
	return sum;
}

static bool under_fault(const struct measured *measured, nanoseconds time)
{
	for (unsigned i = 0; i < measured->faulty_count; i++)
		if (time >= measured->faulty[i].from && time < measured->faulty[i].to)
			return true;
	return false;
}

/* ---- Buckets --------------------------------------------------------------------------------- */

static nanoseconds bucket_width(nanoseconds duration)
{
	static const nanoseconds steps[] = {1, 2, 5};

	for (nanoseconds power = millisecond;; power *= 10)
		for (unsigned i = 0; i < 3; i++)
			if (steps[i] * power * BUCKETS_WANTED >= duration)
				return steps[i] * power;
}

static void fill_buckets(const struct measured *measured, struct metrics *metrics)
{
	nanoseconds *latency = must(calloc(measured->end + 1, sizeof(*latency)));
	size_t call = 0;

	for (unsigned i = 0; i < metrics->bucket_count; i++) {
		struct bucket *bucket = &metrics->buckets[i];
		bool last = i + 1 == metrics->bucket_count;
		nanoseconds end = (i + 1) * metrics->width;
		size_t first = call;

		while (call < measured->end && (last || measured->calls[call].invoked < end))
			call++;
		size_t ok = latencies(measured->calls, first, call, latency);

		bucket->invoked = (uint32_t)(call - first);
		bucket->ok = (uint32_t)ok;
		bucket->p50 = percentile(latency, ok, 50);
		bucket->p99 = percentile(latency, ok, 99);
		bucket->faulty = faulty_within(measured, end - metrics->width, end);
	}
	free(latency);
}

static bool bucket_good(const struct bucket *bucket)
{
	return (uint64_t)bucket->ok * 100 >= (uint64_t)bucket->invoked * THRESHOLD_PERCENT;
}

static double good_slices(const struct measured *measured, const struct metrics *metrics)
{
	unsigned good = 0, all = 0;

	for (unsigned i = 0; i < metrics->bucket_count; i++) {
		const struct bucket *bucket = &metrics->buckets[i];

		if (i * metrics->width < measured->from || !bucket->invoked)
			continue;
		all++;
		good += bucket_good(bucket);
	}
	return ratio(good, all);
}

/* ---- Windows --------------------------------------------------------------------------------- */

struct windows {
	const struct measured *measured;
	const size_t *ok; /* successes among the first so many calls */
	nanoseconds width;
	double worst;
};

/* How many calls were invoked before `time`. */
static size_t invoked_before(const struct measured *measured, nanoseconds time)
{
	size_t low = 0, high = measured->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (measured->calls[middle].invoked < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void look_at_window(struct windows *windows, nanoseconds start)
{
	nanoseconds end = start + windows->width;

	if (start < windows->measured->from || end > windows->measured->until)
		return;
	size_t first = invoked_before(windows->measured, start);
	size_t last = invoked_before(windows->measured, end);

	if (last > first)
		windows->worst = fmin(windows->worst,
				      ratio(windows->ok[last] - windows->ok[first], last - first));
}

/*
 * The worst ratio over all windows of a width that lie within the measured time. As a window
 * slides, its ratio changes only where a call has just entered or just left it: these places, and
 * the first window, are all that need be looked at. A shorter measured time is one window.
 */
static double worst_window(const struct measured *measured, const size_t *ok, nanoseconds width)
{
	size_t first = measured->first, end = measured->end;
	struct windows windows = {measured, ok, width, NAN};

	if (measured->until - measured->from < width)
		return ratio(ok[end] - ok[first], end - first);
	look_at_window(&windows, measured->from);
	for (size_t i = first; i < end; i++) {
		look_at_window(&windows, measured->calls[i].invoked - width + 1);
		look_at_window(&windows, measured->calls[i].invoked + 1);
	}
	return windows.worst;
}

static void windowed(const struct measured *measured, struct metrics *metrics)
{
	static const nanoseconds widths[] = {1, 2, 5, 10, 30};
	size_t *ok = must(calloc(measured->count + 1, sizeof(*ok)));

	for (size_t i = 0; i < measured->count; i++)
		ok[i + 1] = ok[i] + measured->calls[i].success;
	for (unsigned i = 0; i < 5; i++)
		metrics->windowed[i] = worst_window(measured, ok, widths[i] * second);
	free(ok);
}

/* ---- Outages --------------------------------------------------------------------------------- */

static nanoseconds outage_length(const struct measured *measured, nanoseconds began)
{
	nanoseconds last = -1, next = INT64_MAX;

	for (size_t i = 0; i < measured->count; i++) {
		const struct call *call = &measured->calls[i];

		if (!call->success)
			continue;
		if (call->ended <= began && call->ended > last)
			last = call->ended;
		if (call->invoked >= began && call->ended < next)
			next = call->ended;
	}
	return next == INT64_MAX ? -1 : next - (last < 0 ? began : last);
}

static nanoseconds recovery(const struct measured *measured, const struct metrics *metrics,
			    nanoseconds end)
{
	unsigned in_a_row = 0, start = 0;
	bool any = false;

	for (unsigned i = (unsigned)(end / metrics->width); i < metrics->bucket_count; i++) {
		const struct bucket *bucket = &metrics->buckets[i];

		if (!bucket->invoked)
			continue;
		any = true;
		if (!bucket_good(bucket))
			in_a_row = 0;
		else if (++in_a_row == 1)
			start = i;
		if (in_a_row == RECOVERED_BUCKETS)
			break;
	}
	if (in_a_row) { /* three, or all that there were */
		nanoseconds from = start * metrics->width;

		return from > end ? from - end : 0;
	}
	if (!any && measured->result->settled >= end)
		return measured->result->settled - end;
	return -1;
}

static void list_outages(const struct measured *measured, struct metrics *metrics)
{
	unsigned count = faults_count(measured->world);

	metrics->outages = must(calloc(count + 1, sizeof(*metrics->outages)));
	for (unsigned i = 0; i < count; i++) {
		const struct fault_state *state = faults_state(measured->world, i);

		if (!fired(state))
			continue;
		metrics->outages[metrics->outage_count++] = (struct outage){
			.fault = i,
			.lasted = outage_length(measured, state->began),
			.recovered_after = recovery(measured, metrics, fault_end(measured, state)),
		};
	}
}

/* ---- What the processes were ----------------------------------------------------------------- */

int leader_role(const struct protocol *protocol)
{
	for (const struct inspector *i = protocol->inspectors; i && i->name; i++) {
		if (strcmp(i->name, "role") != 0 || !i->values)
			continue;
		for (int value = 0; i->values[value]; value++)
			if (!strcmp(i->values[value], "leader"))
				return value;
	}
	return -1;
}

struct clients {
	uint64_t set[CLIENTS_MAX / 64];
};

static bool share_a_client(const struct clients *a, const struct clients *b)
{
	uint64_t shared = 0;

	for (unsigned i = 0; i < CLIENTS_MAX / 64; i++)
		shared |= a->set[i] & b->set[i];
	return shared != 0;
}

/* Who had an operation open in each bucket; nobody where one invoked or answered in it was a
 * success. */
static struct clients *unserved_clients(const struct measured *measured,
					const struct metrics *metrics)
{
	unsigned count = metrics->bucket_count;
	struct clients *unserved = must(calloc(count, sizeof(*unserved)));
	bool *lit = must(calloc(count, sizeof(*lit)));

	for (size_t i = 0; i < measured->count; i++) {
		const struct call *call = &measured->calls[i];
		nanoseconds first = call->invoked / metrics->width;
		nanoseconds last = call->ended / metrics->width;

		for (nanoseconds b = first; b <= last && b < count; b++)
			unserved[b].set[call->client / 64] |= (uint64_t)1 << call->client % 64;
		if (call->success && first < count)
			lit[first] = true;
		if (call->success && last < count)
			lit[last] = true;
	}
	for (unsigned b = 0; b < count; b++)
		if (lit[b])
			unserved[b] = (struct clients){{0}};
	free(lit);
	return unserved;
}

struct sweep {
	const struct group *led, *asked; /* asked by clients: it may stand on the one that leads */
	uint64_t whole, leads; /* sets of processes: live and not cut; of these, leaders */
	struct clients reach[PROCESSES_MAX]; /* that reach each process, and are reached */
	struct clients *unserved;            /* of each bucket */
};

/* The clients that a connected, live majority could serve: none where there is no majority. */
static struct clients servable(const struct measured *measured, const struct sweep *sweep)
{
	struct clients all = {{0}};

	if (count_bits(sweep->whole) <= sweep->led->count / 2u)
		return all;
	for (unsigned m = 0; m < sweep->asked->count; m++) {
		process_id id = sweep->asked->members[m];

		if (!(world_process(measured->world, id)->machine & sweep->whole))
			continue;
		for (unsigned i = 0; i < CLIENTS_MAX / 64; i++)
			all.set[i] |= sweep->reach[id].set[i];
	}
	return all;
}

/* Nothing changed from `from` to `to`; what follows the end of arrivals does not count. */
static void sweep_over(const struct measured *measured, const struct sweep *sweep, nanoseconds from,
		       nanoseconds to, struct metrics *metrics)
{
	struct clients clients = servable(measured, sweep);

	to = to < measured->until ? to : measured->until;
	if (!sweep->leads && metrics->leaderless >= 0)
		metrics->leaderless += overlap(from, to, measured->from, measured->until);
	for (nanoseconds b = from / metrics->width;
	     b < metrics->bucket_count && b * metrics->width < to; b++) {
		nanoseconds start = b * metrics->width;
		nanoseconds shared = overlap(from, to, start, start + metrics->width);

		if (!share_a_client(&clients, &sweep->unserved[b]))
			continue;
		metrics->buckets[b].avoidable += shared;
		metrics->avoidable += shared;
	}
}

static void take_record(struct sweep *sweep, const struct series_record *record, int leader)
{
	uint64_t bit = (uint64_t)1 << record->process;
	bool whole = record->status == UP && !record->cut;

	memcpy(sweep->reach[record->process].set, record->clients, sizeof(record->clients));
	if (record->process < sweep->led->first ||
	    record->process >= sweep->led->first + sweep->led->count)
		return;
	sweep->whole = whole ? sweep->whole | bit : sweep->whole & ~bit;
	sweep->leads = whole && record->role == leader ? sweep->leads | bit : sweep->leads & ~bit;
}

/* Processes that each reach a majority make one together, but for exotic cuts. */
static void sweep_series(const struct measured *measured, struct metrics *metrics)
{
	struct world *world = measured->world;
	group_id asked = measured->scenario->workload.group;
	struct sweep sweep = {.led = &world->groups[world_led_group(world, asked)],
			      .asked = &world->groups[asked]};
	size_t count = records_size(world, RECORDS_SERIES) / sizeof(struct series_record);
	int leader = leader_role(sweep.led->protocol);
	nanoseconds since = 0;

	metrics->avoidable = count ? 0 : -1;
	metrics->leaderless = count && leader >= 0 ? 0 : -1;
	if (!count)
		return;
	struct clients *unserved = unserved_clients(measured, metrics);

	sweep.unserved = unserved;
	for (size_t i = 0; i < count; i++) {
		const struct series_record *record = records_at(world, RECORDS_SERIES,
								i * sizeof(*record));

		if (record->time > since)
			sweep_over(measured, &sweep, since, record->time, metrics);
		since = record->time;
		take_record(&sweep, record, leader);
	}
	sweep_over(measured, &sweep, since, measured->until, metrics);
	free(unserved);
}

/* ---- All of them ----------------------------------------------------------------------------- */

/* What was open when the run was cut short, and in time still, has neither failed nor succeeded. */
static void leave_out_undecided(struct measured *measured)
{
	nanoseconds ended = measured->result->ended, timeout = measured->scenario->workload.timeout;
	size_t kept = 0;

	for (size_t i = 0; i < measured->count; i++) {
		const struct call *call = &measured->calls[i];

		if (call->outcome != HISTORY_INFO || call->invoked + timeout <= ended)
			measured->calls[kept++] = *call;
	}
	measured->count = kept;
}

static void measure(struct measured *measured, struct world *world, const struct scenario *scenario,
		    const struct run_result *result)
{
	nanoseconds until = result->healed ? result->healed : result->ended;

	*measured = (struct measured){.world = world, .scenario = scenario, .result = result};
	measured->until = until;
	measured->from = scenario->warmup < until ? scenario->warmup : until;
	measured->calls = calls_of(world, scenario->workload.timeout, result->ended,
				   &measured->count);
	if (result->cut_short)
		leave_out_undecided(measured);
	measured->first = invoked_before(measured, measured->from);
	measured->end = invoked_before(measured, until + 1);
	faulty_time(measured);
}

static void figures_of_calls(const struct measured *measured, struct metrics *metrics)
{
	const struct call *calls = measured->calls;
	size_t count = measured->end - measured->first, outside = 0, outside_ok = 0;
	nanoseconds *latency = must(calloc(count + 1, sizeof(*latency)));
	size_t ok = latencies(calls, measured->first, measured->end, latency);

	metrics->availability = ratio(ok, count);
	metrics->p50 = percentile(latency, ok, 50);
	metrics->p95 = percentile(latency, ok, 95);
	metrics->p99 = percentile(latency, ok, 99);
	metrics->max = percentile(latency, ok, 100);
	for (size_t i = measured->first; i < measured->end; i++) {
		if (under_fault(measured, calls[i].invoked))
			continue;
		outside++;
		outside_ok += calls[i].success;
	}
	metrics->availability_outside = ratio(outside_ok, outside);
	metrics->throughput = (double)second *
			      ratio(ok, (uint64_t)(measured->until - measured->from));
	free(latency);
}

void metrics_of_world(struct world *world, const struct scenario *scenario,
		      const struct run_result *result, struct metrics *metrics)
{
	struct measured measured;
	size_t ok;

	measure(&measured, world, scenario, result);
	*metrics = (struct metrics){.leader_changes = result->leader_changes};
	metrics->width = bucket_width(scenario->duration > measured.until ? scenario->duration
									  : measured.until);
	metrics->bucket_count = (unsigned)((measured.until + metrics->width - 1) / metrics->width);
	if (metrics->bucket_count == 0)
		metrics->bucket_count = 1;
	assert(metrics->bucket_count <= BUCKETS_MAX);
	metrics->buckets = must(calloc(metrics->bucket_count, sizeof(*metrics->buckets)));
	fill_buckets(&measured, metrics);
	figures_of_calls(&measured, metrics);
	windowed(&measured, metrics);
	metrics->slices = good_slices(&measured, metrics);
	list_outages(&measured, metrics);
	sweep_series(&measured, metrics);
	ok = successes(measured.calls, measured.count);
	metrics->messages_per_commit = ratio(result->counters.sent, ok);
	metrics->bytes_per_commit = ratio(result->counters.bytes, ok);
	free(measured.calls);
	free(measured.faulty);
}

void metrics_of(struct theatre *theatre, const struct scenario *scenario,
		const struct run_result *result, struct metrics *metrics)
{
	metrics_of_world(theatre_world(theatre), scenario, result, metrics);
}

void metrics_free(struct metrics *metrics)
{
	free(metrics->buckets);
	free(metrics->outages);
	metrics->buckets = NULL;
	metrics->outages = NULL;
}
