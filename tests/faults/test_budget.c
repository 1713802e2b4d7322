/* The fault budget: a nemesis stays within what a protocol declares to survive, and what goes
 * beyond it is noted. */
#include "tests/faults/trial.h"

static void on_disk_failed(struct env *env, void *state, ticket_t ticket, enum disk_error error)
{
	(void)env, (void)state, (void)ticket, (void)error;
}

static nanoseconds since;

/* ---- The budget ------------------------------------------------------------------------------ */

static unsigned down(struct trial *trial)
{
	unsigned count = 0;

	for (unsigned i = 0; i < trial->world->process_count; i++)
		count += world_process(trial->world, (process_id)i)->status == DOWN;
	return count;
}

/* The most that were down at once, where a nemesis crashes all, over and over. */
static unsigned most_down(unsigned members, bool beyond)
{
	unsigned most = 0;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct trial trial;

		trial_open(&trial);
		trial.setup.seed = seed;
		trial.setup.groups[0].members = members;
		trial.nemesis.beyond_model = beyond;
		trial_choose(&trial, FAULT_CRASH);
		trial_aim(&trial, TARGET_ALL);
		trial_begin(&trial);
		for (nanoseconds at = S; at < 9 * S; at += 10 * MS) {
			trial_play(&trial, at);
			most = down(&trial) > most ? down(&trial) : most;
		}
		CU_ASSERT(trial.world->counters.crashes > 10);
		trial_close(&trial);
	}
	return most;
}

static void a_minority_is_down_at_most(void)
{
	EQUAL(most_down(5, false), 2);
	EQUAL(most_down(4, false), 1);
	EQUAL(most_down(3, false), 1);
	EQUAL(most_down(1, false), 1); /* who is alone comes back as it was */
	EQUAL(most_down(5, true), 5);
}

/* Those that fail and those that are down are counted together. */
static void failing_disks_count_as_down(void)
{
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial.protocol.disk_failed = on_disk_failed;
	trial_choose(&trial, FAULT_CRASH);
	trial_choose(&trial, FAULT_WRITE_ERROR);
	trial_choose(&trial, FAULT_FULL_DISK);
	trial_aim(&trial, TARGET_RANDOM_MINORITY);
	trial_perform(&trial, &fired);
	CU_ASSERT(fired.count > 10);
	for (unsigned i = 0; i < fired.count; i++) {
		uint64_t ill = 0;

		for (unsigned j = 0; j <= i; j++)
			if (fired.shot[j].began + fired.shot[j].lasts > fired.shot[i].began)
				ill |= fired.shot[j].hit;
		CU_ASSERT(count_bits(ill) <= 2);
	}
	EQUAL(count_bits(fired_kinds(&fired)), 3);
}

/* Whoever suffers already may suffer more. */
static void the_ill_may_be_hit_again(void)
{
	struct trial trial;
	struct fired fired;
	unsigned again = 0;

	trial_open(&trial);
	trial_choose(&trial, FAULT_WRITE_ERROR);
	trial_aim(&trial, TARGET_RANDOM_MINORITY);
	trial.protocol.disk_failed = on_disk_failed;
	trial_perform(&trial, &fired);
	for (unsigned i = 0; i < fired.count; i++)
		for (unsigned j = 0; j < i; j++)
			again += (fired.shot[i].hit & fired.shot[j].hit) &&
				 fired.shot[j].began + fired.shot[j].lasts > fired.shot[i].began;
	CU_ASSERT(again > 10);
}

/* Whoever is down for another reason counts as well. */
static void others_that_are_down_count(void)
{
	struct trial trial;

	trial_open(&trial);
	trial_choose(&trial, FAULT_CRASH);
	trial_aim(&trial, TARGET_ALL);
	trial_begin(&trial);
	world_crash_now(trial.world, N1);
	world_crash_now(trial.world, N2);
	trial_play(&trial, 9 * S);
	EQUAL(faults_count(trial.world), 0);
	EQUAL(down(&trial), 2);
	trial_close(&trial);
}

static void what_is_not_survived_is_not_drawn(void)
{
	uint64_t within = 0, beyond = 0;
	uint64_t lost = 1u << FAULT_WIPE | 1u << FAULT_ROT | 1u << FAULT_LYING_SYNC;

	for (unsigned more = 0; more < 2; more++) {
		struct trial trial;
		struct fired fired;

		trial_open(&trial);
		trial.nemesis.beyond_model = more;
		trial.nemesis.every.a = 25 * MS;
		trial_perform(&trial, &fired);
		*(more ? &beyond : &within) = fired_kinds(&fired);
	}
	EQUAL(within & lost, 0);
	EQUAL(beyond & lost, lost);
}

static void restarts_must_be_survived(void)
{
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial_choose(&trial, FAULT_CRASH);
	trial_choose(&trial, FAULT_WRITE_ERROR); /* which kills who does not take it */
	trial.protocol.survives.survives_restart = false;
	trial_perform(&trial, &fired);
	EQUAL(fired.count, 0);
	trial_open(&trial);
	trial_choose(&trial, FAULT_CRASH);
	trial.protocol.survives.survives_lost_unsynced = false;
	trial_perform(&trial, &fired);
	EQUAL(fired.count, 0);
	trial_open(&trial);
	trial_choose(&trial, FAULT_CRASH);
	trial.protocol.survives.survives_reordered_unsynced = false;
	trial.setup.disk.crash = CRASH_REORDER;
	trial_perform(&trial, &fired);
	EQUAL(fired.count, 0);
	trial_open(&trial);
	trial_choose(&trial, FAULT_CRASH);
	trial.protocol.survives.survives_lost_unsynced = false;
	trial.setup.disk.crash = CRASH_KEEP;
	trial_perform(&trial, &fired);
	CU_ASSERT(fired.count > 10);
}

static void drifts_keep_the_bound(void)
{
	for (int32_t bound = 0; bound <= 500; bound += 500) {
		struct trial trial;
		bool faster = false, slower = false;

		trial_open(&trial);
		trial_choose(&trial, FAULT_CLOCK_DRIFT);
		trial_aim(&trial, TARGET_ALL);
		trial.protocol.survives.clock_drift_ppm = bound;
		trial.setup.drift_ppm = bound / 2;
		trial_begin(&trial);
		for (nanoseconds at = S; at < 9 * S; at += 20 * MS) {
			trial_play(&trial, at);
			for (unsigned i = 0; i < PROCESSES; i++) {
				int32_t ppm = world_process(trial.world, (process_id)i)->clock.ppm;

				CU_ASSERT(ppm <= bound && ppm >= -bound);
			}
		}
		for (unsigned i = 0; i < faults_count(trial.world); i++) {
			faster |= faults_fault(trial.world, i)->amount > 0;
			slower |= faults_fault(trial.world, i)->amount < 0;
		}
		EQUAL(faster, bound != 0);
		EQUAL(slower, bound != 0);
		CU_ASSERT_PTR_NULL(faults_beyond(trial.world, 0, &since));
		trial_close(&trial);
	}
}

/* What the scenario's own clocks drift leaves no room. */
static void where_no_drift_is_left_none_is_drawn(void)
{
	struct trial trial;
	struct fired fired;

	trial_open(&trial);
	trial_choose(&trial, FAULT_CLOCK_DRIFT);
	trial.protocol.survives.clock_drift_ppm = 500;
	trial.setup.drift_ppm = 500;
	trial_perform(&trial, &fired);
	EQUAL(fired.count, 0);
}

/* ---- Lost disks ------------------------------------------------------------------------------ */

static void all_have_applied(struct trial *trial, uint64_t index)
{
	for (unsigned i = 0; i < PROCESSES; i++)
		world_process(trial->world, (process_id)i)->applied = index;
}

/* Of those that a wipe hit so far. */
static uint64_t wiped(struct trial *trial)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < faults_count(trial->world); i++)
		set |= faults_state(trial->world, i)->hit.processes;
	return set;
}

static void a_lost_disk_is_repaired_before_the_next(void)
{
	struct trial trial;

	trial_open(&trial);
	trial.protocol.survives.survives_wipe = true;
	trial_choose(&trial, FAULT_WIPE);
	trial_aim(&trial, TARGET_RANDOM);
	trial_begin(&trial);
	all_have_applied(&trial, 10);
	trial_play(&trial,
		   4 * S); /* two are wiped, and come back with nothing: then it is enough */
	EQUAL(count_bits(wiped(&trial)), 2);
	for (unsigned i = 0; i < PROCESSES; i++)
		EQUAL(world_process(trial.world, (process_id)i)->applied,
		      wiped(&trial) >> i & 1 ? 0 : 10);
	all_have_applied(&trial, 10);
	for (unsigned i = 0; i < PROCESSES; i++) /* who stays silent is not repaired */
		world_process(trial.world, (process_id)i)->silenced = wiped(&trial) >> i & 1;
	uint64_t silent = wiped(&trial);

	trial_play(&trial, 4100 * MS);
	EQUAL(wiped(&trial), silent);
	for (nanoseconds at = 4200 * MS; at < 5 * S; at += 100 * MS) {
		for (unsigned i = 0; i < PROCESSES; i++) { /* nor who lacks the last command */
			struct process *process = world_process(trial.world, (process_id)i);

			process->silenced = false;
			process->applied = silent >> i & 1 ? 9 : 10;
		}
		trial_play(&trial, at);
		EQUAL(wiped(&trial), silent);
	}
	for (nanoseconds at = 5 * S; at < 9 * S; at += 100 * MS) {
		all_have_applied(&trial, 10);
		trial_play(&trial, at);
	}
	CU_ASSERT(count_bits(wiped(&trial)) > 2);
	CU_ASSERT_PTR_NULL(faults_beyond(trial.world, 0, &since));
	trial_close(&trial);
}

/* What is rotten stays so, where nobody writes it anew. */
static void a_rotten_record_is_not_repaired(void)
{
	struct trial trial;

	trial_open(&trial);
	trial.protocol.survives.survives_detected_rot = true;
	trial_choose(&trial, FAULT_ROT);
	trial_aim(&trial, TARGET_RANDOM);
	trial_begin(&trial);
	trial_play(&trial, 9 * S);
	EQUAL(faults_count(trial.world), 2);
	EQUAL(count_bits(wiped(&trial)), 2);
	CU_ASSERT_PTR_NULL(faults_beyond(trial.world, 0, &since));
	trial_close(&trial);
}

/* Of one or two there is no minority that could be spared. */
static void a_sole_disk_is_not_lost(void)
{
	for (unsigned members = 1; members <= 2; members++) {
		struct trial trial;
		struct fired fired;

		trial_open(&trial);
		trial.protocol.survives.survives_wipe = true;
		trial.setup.groups[0].members = members;
		trial_choose(&trial, FAULT_WIPE);
		trial_aim(&trial, TARGET_ALL);
		trial_perform(&trial, &fired);
		EQUAL(fired.count, 0);
	}
}

/* Three wipes by schedule, a second apart; whoever comes back is repaired, or not. */
static const char *wipe_three(bool repaired)
{
	struct trial trial;
	const char *beyond;

	trial_open(&trial);
	trial.protocol.survives.survives_wipe = true;
	trial.faults.nemesis_count = 0;
	for (unsigned i = 0; i < 3; i++) {
		struct fault *fault = &trial.list[trial.faults.count++];

		*fault = (struct fault){.kind = FAULT_WIPE, .at = (i + 1) * S, .part_count = 1};
		fault->part[0] = (struct target){1, {{TARGET_ENDPOINT, (endpoint_t)i}}};
	}
	trial_begin(&trial);
	all_have_applied(&trial, 10);
	for (unsigned i = 0; i < 3; i++) {
		trial_play(&trial, (i + 1) * S + 500 * MS);
		if (repaired)
			all_have_applied(&trial, 10);
	}
	beyond = faults_beyond(trial.world, 0, &since);
	CU_ASSERT(!beyond || since == 3 * S); /* two of five are a minority */
	trial_close(&trial);
	return beyond;
}

static void a_majority_of_lost_disks_is_beyond_any_model(void)
{
	CU_ASSERT_PTR_NULL(wipe_three(true));
	CONTAINS(wipe_three(false), "more than a minority");
}

CU_TestInfo budget_tests[] = {
	{"at most a minority is down, unless it may go beyond the model",
	 a_minority_is_down_at_most},
	{"failing disks and crashes share one budget", failing_disks_count_as_down},
	{"who suffers already may be hit again", the_ill_may_be_hit_again},
	{"whoever is down, for whatever reason, counts", others_that_are_down_count},
	{"a rotten record is not repaired by waiting", a_rotten_record_is_not_repaired},
	{"where there is no minority no disk is lost", a_sole_disk_is_not_lost},
	{"what the protocol does not survive is drawn only beyond its model",
	 what_is_not_survived_is_not_drawn},
	{"a crash is drawn only where what it loses is survived", restarts_must_be_survived},
	{"drawn drifts, overlapping too, keep the protocol's bound", drifts_keep_the_bound},
	{"where no drift is left none is drawn", where_no_drift_is_left_none_is_drawn},
	{"a lost disk is repaired before a third one is lost",
	 a_lost_disk_is_repaired_before_the_next},
	{"more lost disks than a minority, unrepaired, are beyond any model",
	 a_majority_of_lost_disks_is_beyond_any_model},
	CU_TEST_INFO_NULL,
};
