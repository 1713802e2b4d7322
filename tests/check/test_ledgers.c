/*
 * The ledgers against a naive twin: five processes append, copy, cut, crash, lose their disks,
 * elect and commit at random. The twin keeps whole logs and whole prefixes as arrays, and compares
 * them letter by letter; after every deed both must have convicted as often, by the same judge.
 */
#include "tests/check/court.h"

#include "sim/check/ledger.h"
#include "tests/tests.h"

enum { MEMBERS = 5, LENGTH_MAX = 24, PREFIXES_MAX = 8192, ELECTIONS_MAX = 64, TERMS = 6 };

/* A log from its first entry on. */
struct prefix {
	unsigned length;
	uint64_t term[LENGTH_MAX];
	uint64_t digest[LENGTH_MAX];
};

struct twin {
	struct prefix log[MEMBERS];
	struct prefix written[PREFIXES_MAX]; /* every prefix that was ever appended to */
	unsigned written_count;
	struct prefix committed[LENGTH_MAX]; /* [i]: what was committed up to index i + 1 */
	uint64_t commit_term[LENGTH_MAX];
	unsigned committed_count;
	struct {
		uint64_t term;
		process_id leader;
		struct prefix log;
	} elections[ELECTIONS_MAX];
	unsigned election_count;
	unsigned convictions[JUDGES];
};

static struct twin *twin; /* the observer has no other way to it; one test at a time */

/* ---- The twin -------------------------------------------------------------------------------- */

static bool same_prefix(const struct prefix *a, const struct prefix *b, unsigned length)
{
	if (a->length < length || b->length < length)
		return false;
	for (unsigned i = 0; i < length; i++)
		if (a->term[i] != b->term[i] || a->digest[i] != b->digest[i])
			return false;
	return true;
}

static bool same_commands(const struct prefix *a, const struct prefix *b, unsigned length)
{
	for (unsigned i = 0; i < length; i++)
		if (a->digest[i] != b->digest[i])
			return false;
	return true;
}

static void twin_append(process_id id, uint64_t term, uint64_t digest, bool judged)
{
	struct prefix *log = &twin->log[id];
	unsigned at = log->length++;
	bool rival = false;

	log->term[at] = term;
	log->digest[at] = digest;
	for (unsigned i = 0; i < twin->written_count; i++) {
		const struct prefix *other = &twin->written[i];

		if (other->length != log->length || other->term[at] != term)
			continue;
		if (same_prefix(other, log, log->length))
			return;
		rival = true;
	}
	twin->written[twin->written_count++] = *log;
	CU_ASSERT(judged); /* a crash brings back nothing that was never written */
	twin->convictions[JUDGE_LOG_MATCHING] += rival;
	twin->convictions[JUDGE_LOG_TERMS] += at > 0 && term < log->term[at - 1];
}

static void twin_elect(process_id id, uint64_t term)
{
	const struct prefix *log = &twin->log[id];
	unsigned length = twin->committed_count;
	bool known = false;

	for (unsigned i = 0; i < twin->election_count; i++) {
		if (twin->elections[i].term != term)
			continue;
		known = true;
		twin->convictions[JUDGE_ELECTION_SAFETY] += twin->elections[i].leader != id;
	}
	if (!known) {
		twin->elections[twin->election_count].term = term;
		twin->elections[twin->election_count].leader = id;
		twin->elections[twin->election_count++].log = *log;
	}
	if (log->length && log->term[log->length - 1] > term)
		twin->convictions[JUDGE_LOG_TERMS]++;
	while (length && twin->commit_term[length - 1] >= term)
		length--;
	if (length && !same_prefix(log, &twin->committed[length - 1], length))
		twin->convictions[JUDGE_LEADER_COMPLETENESS]++;
}

static void twin_extend(const struct prefix *log, unsigned up_to, uint64_t term)
{
	unsigned first_new = twin->committed_count;

	for (; twin->committed_count < up_to; twin->committed_count++) {
		twin->committed[twin->committed_count] = *log;
		twin->commit_term[twin->committed_count] = term;
	}
	for (unsigned i = 0; i < twin->election_count; i++) {
		bool holds = true;

		for (unsigned length = first_new + 1; length <= up_to; length++)
			holds = holds && same_prefix(&twin->elections[i].log, log, length);
		twin->convictions[JUDGE_LEADER_COMPLETENESS] += twin->elections[i].term > term &&
								!holds;
	}
}

static unsigned twin_holders(struct world *world, const struct prefix *log, unsigned length)
{
	unsigned holders = 0;

	for (process_id id = 0; id < MEMBERS; id++)
		holders += world_process(world, id)->disk.log_durable >= length &&
			   same_prefix(&twin->log[id], log, length);
	return holders;
}

static void twin_advance(struct world *world, process_id id, unsigned up_to, uint64_t term,
			 bool leads)
{
	const struct prefix *log = &twin->log[id];
	unsigned known = twin->committed_count, both = up_to < known ? up_to : known;

	if (log->length && log->term[log->length - 1] > term)
		twin->convictions[JUDGE_LOG_TERMS]++;
	if (leads || judged_of(world, id)->leads == term) {
		twin->convictions[JUDGE_COMMIT_RULE] += log->term[up_to - 1] != term;
		twin->convictions[JUDGE_COMMIT_DURABLE] += twin_holders(world, log, up_to) <=
							   MEMBERS / 2;
	}
	if (both && !same_commands(log, &twin->committed[both - 1], both))
		twin->convictions[JUDGE_STATE_MACHINE_SAFETY]++;
	else if (up_to > known)
		twin_extend(log, up_to, term);
}

/* ---- Both hear the same ---------------------------------------------------------------------- */

static void on_appended(struct world *world, process_id id, struct log_record *record)
{
	twin_append(id, record->term, record->digest, true);
	check_observer.appended(world, id, record);
}

/* Of what it removes, is something committed that stands on too few other disks? */
static bool leaves_too_few(struct world *world, process_id id, uint64_t first_removed)
{
	const struct prefix *log = &twin->log[id];
	uint64_t durable = judged_of(world, id)->durable; /* its disk has gone on already */

	for (unsigned length = (unsigned)first_removed; length <= durable; length++) {
		bool itself = world_process(world, id)->disk.log_durable >= length;

		if (length <= twin->committed_count &&
		    same_prefix(log, &twin->committed[length - 1], length) &&
		    twin_holders(world, log, length) - itself <= MEMBERS / 2)
			return true;
	}
	return false;
}

static void on_truncated(struct world *world, process_id id, uint64_t first_removed)
{
	/* What is committed stays. */
	if (first_removed <= judged_of(world, id)->commit)
		twin->convictions[JUDGE_STATE_MACHINE_SAFETY]++;
	else
		twin->convictions[JUDGE_COMMIT_DURABLE] += leaves_too_few(world, id, first_removed);
	if (first_removed <= twin->log[id].length)
		twin->log[id].length = (unsigned)first_removed - 1;
	check_observer.truncated(world, id, first_removed);
}

static void on_recovered(struct world *world, process_id id, uint64_t first_changed)
{
	struct log_record *record;

	twin->log[id].length = 0;
	for (uint64_t index = 1; (record = world_log(world, id, index)); index++)
		twin_append(id, record->term, record->digest, false);
	check_observer.recovered(world, id, first_changed);
}

/* ---- Random deeds ---------------------------------------------------------------------------- */

static void copies(struct world *world, struct pcg32 *pcg, process_id from, process_id to)
{
	struct env *env = court_begins(world, from);
	uint64_t last = twin->log[from].length;

	if (last) {
		uint64_t first = 1 + pcg32_below(pcg, (uint32_t)last);
		void *body = env_send_after(env, 0, to, COURT_ENTRIES, 0);

		env_attach_log(env, body, first,
			       first + pcg32_below(pcg, (uint32_t)(last - first) + 1));
	}
	court_ends(world, from);
}

/* What a crash tore goes first, as every protocol must see to. */
static void restarts(struct world *world, process_id id)
{
	const struct env *env = &world_process(world, id)->env;
	struct record_view record;

	court_restarts(world, id);
	if (env_log_read(env, env_log_last(env), &record) == TORN)
		court_truncates(world, id, env_log_last(env));
}

static void loses_its_disk(struct world *world, process_id id)
{
	world_crash_now(world, id);
	world_wipe(world, id);
	world_restart(world, id);
}

static void commits(struct world *world, struct pcg32 *pcg, process_id id)
{
	unsigned length = twin->log[id].length;

	if (!length)
		return;
	unsigned up_to = 1 + pcg32_below(pcg, length);
	uint64_t term = 1 + pcg32_below(pcg, TERMS);
	bool leads = pcg32_below(pcg, 2);
	uint64_t before = judged_of(world, id)->commit;

	if (up_to < before)
		up_to = (unsigned)before; /* commit monotone has its own canary */
	if (up_to > length)
		return;
	twin_advance(world, id, up_to, term, leads);
	court_says(world, id, SAW_COMMIT_ADVANCED, up_to, term, leads);
}

static void some_deed(struct world *world, struct pcg32 *pcg, unsigned mischief)
{
	process_id id = (process_id)pcg32_below(pcg, MEMBERS);
	process_id other = (process_id)pcg32_below(pcg, MEMBERS);
	uint64_t term = 1 + pcg32_below(pcg, TERMS);
	unsigned length = twin->log[id].length, draw = pcg32_below(pcg, 100);

	if (draw < 25 && length < LENGTH_MAX) {
		uint64_t last = length ? twin->log[id].term[length - 1] : 1;

		if (pcg32_below(pcg, 100) >= mischief)
			term = last + pcg32_below(pcg, 2);
		court_appends(world, id, term, (char)('a' + pcg32_below(pcg, 1 + mischief / 25)));
	} else if (draw < 55) {
		copies(world, pcg, id, other);
	} else if (draw < 58 && length) {
		court_truncates(world, id, 1 + pcg32_below(pcg, length));
	} else if (draw < 62) {
		restarts(world, id);
	} else if (draw < 63) {
		loses_its_disk(world, id);
	} else if (draw < 66 && twin->election_count < ELECTIONS_MAX) {
		twin_elect(id, term);
		court_says(world, id, SAW_LEADER_ELECTED, term, 0, 0);
		court_says(world, id, SAW_LEADER_STEPPED_DOWN, term, 0, 0);
	} else if (draw < 72) {
		commits(world, pcg, id);
	} else {
		world_step(world);
	}
}

/* ---- The comparison -------------------------------------------------------------------------- */

/* Every log, and every mark of a disk that holds an entry, as the disks have it. */
static unsigned wrong_logs(struct world *world)
{
	unsigned wrong = 0;

	for (process_id id = 0; id < MEMBERS; id++) {
		const struct judged *judged = judged_of(world, id);
		const struct prefix *log = &twin->log[id];

		wrong += judged->last != log->length;
		for (unsigned i = 0; i < log->length && i < judged->last; i++) {
			ref_t ref = judged_entry(world, judged, i + 1);
			const struct entry *entry = entry_at(world, ref);

			wrong += entry->term != log->term[i] || entry->index != i + 1;
			wrong += entry_digest(world, entry) != log->digest[i];
			wrong += count_bits(entry->holders) != twin_holders(world, log, i + 1);
			wrong += !entry_holds(world, judged->tip, ref);
		}
	}
	return wrong;
}

static unsigned convictions_missed(struct world *world)
{
	struct check_result result;
	unsigned total = 0, wrong = 0;

	check_result(world, &result);
	for (unsigned judge = 0; judge < JUDGES; judge++) {
		total += twin->convictions[judge];
		wrong += (result.verdict[judge] == VIOLATED) != (twin->convictions[judge] != 0);
	}
	return wrong + (result.violations != total);
}

/* Returns how often the ledgers and their twin parted. */
static unsigned one_run(uint64_t seed, unsigned mischief, unsigned convictions[JUDGES])
{
	struct observer watched = check_observer;
	unsigned wrong = 0;

	watched.appended = on_appended;
	watched.truncated = on_truncated;
	watched.recovered = on_recovered;
	twin = calloc(1, sizeof(*twin));
	struct world *world = court_watched(MEMBERS, &watched, seed);
	struct pcg32 pcg = pcg32_seeded(seed, PCG32_DEFAULT_STREAM);

	for (unsigned i = 0; i < 300 && !wrong; i++) {
		some_deed(world, &pcg, mischief);
		wrong += wrong_logs(world) + convictions_missed(world);
	}
	for (unsigned judge = 0; judge < JUDGES; judge++)
		convictions[judge] += twin->convictions[judge];
	court_close(world);
	free(twin);
	return wrong;
}

static void ledgers_and_twin_convict_alike(void)
{
	static const enum judge expected[] = {JUDGE_ELECTION_SAFETY,     JUDGE_LOG_TERMS,
					      JUDGE_LOG_MATCHING,        JUDGE_STATE_MACHINE_SAFETY,
					      JUDGE_COMMIT_DURABLE,      JUDGE_COMMIT_RULE,
					      JUDGE_LEADER_COMPLETENESS, JUDGES};
	unsigned convictions[JUDGES] = {0};

	for (uint64_t seed = 1; seed <= 600; seed++)
		EQUAL(one_run(seed, (unsigned)(seed % 3) * 30, convictions), 0);
	for (unsigned i = 0; expected[i] != JUDGES; i++)
		CU_ASSERT(convictions[expected[i]] > 0);
}

/* ---- Ancestors ------------------------------------------------------------------------------- */

/* How many steps lead from an entry to the one at `index`. */
static unsigned steps_to(struct world *world, ref_t ref, uint64_t index)
{
	unsigned steps = 0;

	for (const struct entry *entry; (entry = entry_at(world, ref))->index > index; steps++)
		ref = entry_at(world, entry->jump)->index >= index ? entry->jump : entry->parent;
	return steps;
}

static void an_ancestor_far_up_is_found_in_few_steps(void)
{
	enum { LENGTH = 5000, STEPS_MAX = 3 * 13 }; /* 2^13 is more than LENGTH */
	struct world *world = court_open(2);
	const struct judged *judged = judged_of(world, 0);
	unsigned wrong = 0;

	for (unsigned i = 0; i < LENGTH; i++) {
		court_appends(world, 0, 1, 'a');
		if (i % 100 == 99)
			court_rests(world);
	}
	court_appends(world, 1, 2, 'a');
	for (uint64_t index = 1; index <= LENGTH; index++) {
		ref_t above = judged_entry(world, judged, index);

		wrong += !entry_holds(world, judged->tip, above);
		wrong += index < LENGTH && entry_holds(world, above, judged->tip);
		wrong += entry_holds(world, above, judged_of(world, 1)->tip);
		wrong += steps_to(world, judged->tip, index) > STEPS_MAX;
	}
	EQUAL(wrong, 0);
	court_close(world);
}

CU_TestInfo ledgers_tests[] = {
	{"the ledgers and a naive twin convict alike", ledgers_and_twin_convict_alike},
	{"an ancestor far up is found in few steps", an_ancestor_far_up_is_found_in_few_steps},
	CU_TEST_INFO_NULL,
};
