/*
 * The disk against a naive twin that keeps every version: random work on log, cells and snapshot,
 * with crashes, failed writes, lies and rot.
 */
#include "tests/world/disk_words.h"

enum { ENTRIES = 64, KEYS = 6, VERSIONS = 512, STAGED_MAX = 24, VALUES_MAX = 1 << 16 };

struct version {
	uint64_t first, last;
	struct entry {
		uint64_t value, term;
		bool torn;
	} entry[ENTRIES];
	uint64_t cell[KEYS]; /* 0: absent */
	uint64_t snapshot;   /* the value in its header; 0: none */
	uint32_t image_size, staged_size;
	char image[STAGED_MAX], staged[STAGED_MAX];
};

struct twin {
	struct choice_source source;
	struct pcg32 pcg;
	struct version version[VERSIONS]; /* the first is really durable, the last is the view */
	uint32_t count, issued;           /* versions; of them issued, the first included */
	uint32_t claimed;                 /* said to be durable */
	ticket_t base;                    /* the ticket of the first */
	uint64_t value;                   /* the last used: each write has one of its own */
	bool rotten[VALUES_MAX];          /* by value */
	uint32_t lost[3];                 /* what the last crash took of each store */
	uint32_t crash_before;            /* which effect; UINT32_MAX: none */
	bool torn, asked, fail;
	unsigned crashes, tears, failures, lies, rots[STORES];
};
static struct twin twin;

static uint32_t draw(uint32_t bound)
{
	return pcg32_below(&twin.pcg, bound);
}

static uint64_t ask_twin(struct choice_source *source, address_t address, uint64_t bound)
{
	unsigned type = address >> 32 & 63, to = address >> 38 & 1023;

	(void)source;
	switch ((enum choice_kind)(address >> 58)) {
	case CHOICE_SURVIVORS:
		CU_ASSERT(bound == twin.issued);
		twin.asked = true;
		return twin.lost[type] = draw((uint32_t)bound);
	case CHOICE_TORN: return twin.torn = draw(2);
	case CHOICE_CRASH:
		if (!to)
			return twin.crash_before != UINT32_MAX;
		CU_ASSERT(twin.crash_before < bound);
		return twin.crash_before;
	case CHOICE_DISK: return twin.fail = draw(4) == 0;
	default: return CHOICE_LEFT_TO_SEED;
	}
}

static struct version *view(void)
{
	return &twin.version[twin.count - 1];
}

static struct version *next_version(void)
{
	if (twin.count == VERSIONS)
		abort();
	twin.version[twin.count] = *view();
	twin.count++;
	return view();
}

static struct entry *entry_at(struct version *version, uint64_t index)
{
	return &version->entry[index % ENTRIES];
}

/* As far as every version from the claimed one on holds what the view holds. */
static uint64_t twin_log_durable(void)
{
	for (uint64_t index = 1;; index++)
		for (uint32_t i = twin.claimed; i < twin.count; i++) {
			struct version *version = &twin.version[i];
			struct entry *held = entry_at(version, index);

			if (index < version->first)
				continue;
			if (index > version->last || held->torn || index > view()->last)
				return index - 1;
			if (index >= view()->first && held->value != entry_at(view(), index)->value)
				return index - 1;
		}
}

static uint64_t next_value(void)
{
	if (twin.value + 1 == VALUES_MAX)
		abort();
	return ++twin.value;
}

static unsigned snapshot_differences(void)
{
	struct snapshot_view found;
	enum record state = env_snapshot_get(play_env(0), &found);
	uint64_t value;

	if (env_snapshot_staged(play_env(0)) != view()->staged_size)
		return 1;
	if (!view()->snapshot || twin.rotten[view()->snapshot])
		return state != (view()->snapshot ? ROTTEN : ABSENT);
	if (state != WHOLE || found.header_size != sizeof(value))
		return 1;
	memcpy(&value, found.header, sizeof(value));
	return value != view()->snapshot || found.index != value / 2 ||
	       found.image_size != view()->image_size ||
	       memcmp(found.image, view()->image, found.image_size) != 0;
}

static unsigned differences(void)
{
	const struct env *env = play_env(0);
	unsigned wrong = env_log_first(env) != view()->first || env_log_last(env) != view()->last ||
			 env_log_durable(env) != twin_log_durable() ||
			 env_log_ticket(env) != twin.base + twin.count - 1;

	wrong += snapshot_differences();

	for (uint64_t index = view()->first; index <= view()->last; index++) {
		struct entry *entry = entry_at(view(), index);
		struct record_view record;
		enum record found = env_log_read(env, index, &record);
		uint64_t value = 0;

		if (found == WHOLE)
			memcpy(&value, record.command, sizeof(value));
		enum record expected = entry->torn                 ? TORN
				       : twin.rotten[entry->value] ? ROTTEN
								   : WHOLE;

		wrong += found != expected;
		if (expected == WHOLE)
			wrong += value != entry->value || record.term != entry->term;
	}
	for (uint64_t key = 0, expected = 0; key <= KEYS; key++) {
		const void *bytes;
		uint64_t value = 0;
		size_t size;

		for (expected = key; expected < KEYS && !view()->cell[expected];)
			expected++;
		wrong += env_cell_next(env, key) != (expected < KEYS ? expected : UINT64_MAX);
		if (key == KEYS)
			continue;
		uint64_t held = view()->cell[key];
		enum record found = env_cell_get(env, key, &bytes, &size);

		if (found == WHOLE)
			memcpy(&value, bytes, sizeof(value));
		wrong += twin.rotten[held] ? found != ROTTEN : value != held;
	}
	return wrong;
}

static void append_both(struct env *env)
{
	if (view()->last - view()->first + 1 >= ENTRIES - 1)
		return;
	struct version *version = next_version();

	*entry_at(version, ++version->last) = (struct entry){.value = next_value(),
							     .term = twin.value / 3};
	struct written written = env_log_append(env, twin.value / 3, &twin.value,
						sizeof(twin.value));
	EQUAL(written.index, version->last);
	EQUAL(written.ticket, twin.base + twin.count - 1);
}

static void truncate_both(struct env *env, uint64_t first_removed)
{
	if (first_removed <= view()->last)
		next_version()->last = first_removed - 1;
	env_log_truncate(env, first_removed);
}

static void discard_both(struct env *env, uint64_t last_discarded)
{
	if (last_discarded >= view()->first) {
		struct version *version = next_version();

		version->first = last_discarded + 1;
		if (version->last < last_discarded)
			version->last = last_discarded;
	}
	env_log_discard(env, last_discarded);
}

static void stage_both(struct env *env)
{
	uint32_t offset = draw(3) ? view()->staged_size : draw(view()->staged_size + 1);
	uint32_t size = draw(8);
	char bytes[8];

	if (offset + size > STAGED_MAX)
		offset = 0;
	for (uint32_t i = 0; i < size; i++)
		bytes[i] = (char)draw(256);
	struct version *version = next_version();

	memcpy(version->staged + offset, bytes, size);
	if (offset == 0 || offset + size > version->staged_size)
		version->staged_size = offset + size;
	env_snapshot_stage(env, offset, bytes, size);
}

static void commit_both(struct env *env)
{
	struct version *version = next_version();

	version->snapshot = next_value();
	version->image_size = draw(version->staged_size + 1);
	memcpy(version->image, version->staged, version->image_size);
	version->staged_size = 0;
	env_snapshot_commit(env, version->snapshot / 2, version->image_size, &version->snapshot,
			    sizeof(version->snapshot));
}

static void operate(struct env *env)
{
	uint64_t held = view()->last + 1 - view()->first, key = draw(KEYS);

	if (held && entry_at(view(), view()->last)->torn) {
		truncate_both(env, view()->last);
		return;
	}
	switch (draw(13)) {
	case 10:
	case 11: stage_both(env); break;
	case 12: commit_both(env); break;
	case 0: truncate_both(env, view()->first + draw((uint32_t)held + 2)); break;
	case 1:
		if (draw(3) == 0)
			discard_both(env, view()->first + draw((uint32_t)held + 5) - 1);
		break;
	case 2:
	case 3:
		next_version()->cell[key] = next_value();
		env_cell_put(env, key, &twin.value, sizeof(twin.value));
		break;
	case 4:
		for (uint64_t at = key; at < KEYS && at <= key + 1; at++)
			if (view()->cell[at])
				next_version()->cell[at] = 0;
		env_cell_drop(env, key, key + 1);
		break;
	default: append_both(env); break;
	}
}

/* All versions but this one go: it is the first, and the last. Of what was staged, any first part
 * may be left. */
static void only(struct version version, ticket_t ticket)
{
	size_t staged = env_snapshot_staged(play_env(0));

	CU_ASSERT(staged <= version.staged_size);
	version.staged_size = (uint32_t)staged;
	twin.version[0] = version;
	twin.count = twin.issued = 1;
	twin.claimed = 0;
	twin.base = ticket;
}

static void crash_twin(void)
{
	ticket_t ticket = twin.base + twin.count - 1;
	uint32_t last = twin.issued - 1;
	enum crash_mode mode = play.setup.disk.crash;

	twin.crashes++;
	if (twin.count == 1) /* nothing waited */
		return;
	if (mode == CRASH_KEEP || !twin.asked)
		memset(twin.lost, 0, sizeof(twin.lost));
	if (mode != CRASH_REORDER)
		twin.lost[1] = twin.lost[2] = twin.lost[0];
	struct version after = twin.version[last - twin.lost[0]];

	const struct version *stored = &twin.version[last - twin.lost[2]];

	memcpy(after.cell, twin.version[last - twin.lost[1]].cell, sizeof(after.cell));
	after.snapshot = stored->snapshot;
	after.image_size = stored->image_size;
	after.staged_size = stored->staged_size;
	memcpy(after.image, stored->image, sizeof(after.image));
	memcpy(after.staged, stored->staged, sizeof(after.staged));
	if (twin.torn) {
		/* The write that was lost first has to be an append at the end of what is left. */
		struct version *lost = &twin.version[last - twin.lost[0] + 1];

		*entry_at(&after, ++after.last) = (struct entry){.torn = true};
		CU_ASSERT(twin.lost[0] > 0 && lost->last == after.last);
		twin.tears++;
	}
	only(after, ticket);
}

static void on_durable(struct env *env, ticket_t ticket)
{
	(void)env;
	twin.claimed = (uint32_t)(ticket - twin.base);
	if (play_disk(0)->lying) {
		twin.lies++;
		return;
	}
	memmove(twin.version, &twin.version[twin.claimed],
		(twin.count - twin.claimed) * sizeof(struct version));
	twin.count -= twin.claimed;
	twin.issued -= twin.claimed;
	twin.base = ticket;
	twin.claimed = 0;
}

static void on_failed(struct env *env, ticket_t ticket, enum disk_error error)
{
	(void)env;
	EQUAL(error, WRITE_ERROR);
	EQUAL(ticket, twin.base + twin.claimed + 1);
	only(twin.version[twin.claimed], twin.base + twin.count - 1);
	twin.failures++;
}

static void handler_on_both(bool dies)
{
	twin.crash_before = UINT32_MAX;
	uint32_t before = twin.count, operations = 1 + draw(5), at = draw(6);

	if (dies) {
		twin.crash_before = 0;
		world_crash(play.world, 0);
	}
	struct env *env = play_enter(0);
	for (uint32_t i = 0; i < operations; i++)
		operate(env);
	uint32_t writes = twin.count - before; /* each is an effect */
	if (dies)
		twin.crash_before = at < writes ? at : writes;
	twin.issued = before + (dies ? twin.crash_before : writes);
	CU_ASSERT_FATAL(differences() == 0);
	play_leave();
}

/* Is this what every version holds there, so that no write to it is on its way? */
static bool settled_in_twin(enum store store, uint64_t key)
{
	for (uint32_t i = 1; i < twin.count; i++)
		if (store == STORE_CELLS ? twin.version[i].cell[key] != twin.version[0].cell[key]
					 : twin.version[i].snapshot != twin.version[0].snapshot)
			return false;
	return true;
}

static void rot_both(void)
{
	enum store store = (enum store)draw(STORES);
	uint64_t held = view()->last + 1 - view()->first;
	uint64_t key = store == STORE_LOG     ? view()->first + draw((uint32_t)held + 2)
		       : store == STORE_CELLS ? draw(KEYS)
					      : 0;
	uint64_t value = store == STORE_CELLS ? view()->cell[key] : view()->snapshot;
	bool can = store != STORE_LOG && value && settled_in_twin(store, key);

	if (store == STORE_LOG && key <= view()->last && key <= twin_log_durable()) {
		value = entry_at(view(), key)->value;
		can = !entry_at(view(), key)->torn;
	}
	can = can && !twin.rotten[value];
	CU_ASSERT(world_disk_rot(play.world, 0, store, key) == can);
	if (!can)
		return;
	twin.rotten[value] = true;
	twin.rots[store]++;
}

static void step_of_both(void)
{
	bool dies = draw(12) == 0, crashes = dies || draw(12) == 0;

	twin.torn = twin.asked = false;
	if (draw(30) == 0)
		world_disk_lying(play.world, 0, draw(2));
	if (draw(10) == 0)
		world_disk_failing(play.world, 0, draw(3) ? 0 : PROBABILITY_ONE / 2);
	if (draw(8) == 0)
		rot_both();
	handler_on_both(dies);
	if (crashes) {
		if (!dies)
			world_crash_now(play.world, 0);
		crash_twin();
		CU_ASSERT_FATAL(differences() == 0);
		world_restart(play.world, 0);
	}
	play_run(play.world->now + (nanoseconds)draw(3) * 600 * US);
	if (twin.count > VERSIONS / 2) { /* lies pile up: end them */
		world_disk_lying(play.world, 0, false);
		play_run(play.world->now + 2 * MS);
	}
	CU_ASSERT_FATAL(differences() == 0);
}

static void fuzz(enum crash_mode mode, uint64_t seed)
{
	play_prepare();
	play.quiet = true;
	play.setup.disk.crash = mode;
	play.setup.disk.torn = PROBABILITY_ONE / 2;
	play.setup.max_events = UINT64_MAX;
	play.script.durable = on_durable;
	play.script.disk_failed = on_failed;
	memset(&twin, 0, sizeof(twin));
	twin.source.ask = ask_twin;
	twin.pcg = pcg32_seeded(seed, mode);
	twin.crash_before = UINT32_MAX;
	twin.version[0].first = 1;
	twin.count = twin.issued = 1;
	play_begin();
	play.world->choices.source = &twin.source;
	for (unsigned step = 0; step < 6000; step++)
		step_of_both();
	CU_ASSERT(twin.crashes > 800 && twin.lies > 100 && twin.failures > 20);
	CU_ASSERT(mode == CRASH_KEEP || twin.tears > 50);
	for (unsigned store = 0; store < STORES; store++)
		CU_ASSERT(twin.rots[store] > 60);
}

static void random_work_with_crashes_equals_a_twin_that_keeps_every_version(void)
{
	fuzz(CRASH_LOSE_UNSYNCED, 1);
	fuzz(CRASH_REORDER, 2);
	fuzz(CRASH_KEEP, 3);
}

CU_TestInfo disk_twin_tests[] = {
	{"random work with crashes equals a twin that keeps every version",
	 random_work_with_crashes_equals_a_twin_that_keeps_every_version},
	CU_TEST_INFO_NULL,
};
