/*
 * The judge of transactions: each anomaly by its textbook example, and the judge against a twin
 * that tries every serial order.
 *
 * Examples are written as a client would note them, one transaction a word: "1:r(x)=12,a(y)3" is
 * session 1 reading the list 1, 2 under x and appending 3 to y. They follow one another in real
 * time; a word that begins with '&' overlaps the one before it; '!' aborted, '?' is of unknown
 * fate.
 */
#include "sim/consistency/transactions.h"
#include "tests/consistency/transaction_twin.h"
#include "tests/tests.h"

enum { LIST_MAX = 64, MICROS_MAX = 256, ELEMENTS_MAX = 1024, KEYS = 3 };

static struct {
	struct transactions t;
	struct transaction list[LIST_MAX];
	struct micro micros[MICROS_MAX];
	uint64_t elements[ELEMENTS_MAX];
	uint32_t micro_count, element_count;
} noted;

static void note_begin(bool lists)
{
	memset(&noted, 0, sizeof(noted));
	noted.t = (struct transactions){.list = noted.list,
					.micros = noted.micros,
					.values = noted.elements,
					.keys = KEYS,
					.model = lists ? TRANSACTION_LIST_APPEND
						       : TRANSACTION_RW_REGISTER};
}

static void note_micro(struct micro micro)
{
	noted.micros[noted.micro_count++] = micro;
	noted.t.micro_count = noted.micro_count;
	noted.list[noted.t.count].count++;
}

/* One "r(x)=12" or "w(y)3"; returns what follows. */
static const char *note_access(const char *word)
{
	struct micro micro = {.kind = word[0] == 'r'   ? MICRO_READ
				      : word[0] == 'w' ? MICRO_WRITE
						       : MICRO_APPEND,
			      .key = (uint32_t)(word[2] - 'x') + 1};

	word += 4;
	if (micro.kind == MICRO_READ) {
		word += *word == '=';
		micro.first = noted.element_count;
	}
	for (; *word >= '0' && *word <= '9'; word++) {
		if (micro.kind == MICRO_READ && (noted.t.model == TRANSACTION_LIST_APPEND)) {
			noted.elements[noted.element_count++] = (uint64_t)(*word - '0');
			micro.count++;
		} else {
			micro.value = (uint64_t)(*word - '0');
		}
	}
	note_micro(micro);
	return word;
}

static void note_history(bool lists, const char *text)
{
	note_begin(lists);
	for (const char *at = text; *at; at += *at == ' ') {
		struct transaction *transaction = &noted.list[noted.t.count];
		bool overlaps = *at == '&';

		at += overlaps;
		bool unknown = *at == '?';

		transaction->aborted = *at == '!';
		at += transaction->aborted || unknown;
		transaction->process = (uint32_t)(*at - '0');
		transaction->source = noted.t.count;
		transaction->first = noted.micro_count;
		transaction->invoked = 100 * noted.t.count + 100 - (overlaps ? 99 : 0);
		transaction->returned = unknown ? NEVER_RETURNED : 100 * noted.t.count + 150;
		if (overlaps && noted.t.count) /* all that overlap begin before the first ends */
			transaction->invoked = transaction[-1].invoked + 1;
		for (at++; *at && *at != ' ';)
			at = note_access(at + 1);
		noted.t.count++;
	}
	/* Those that overlap return together, after the last of them was invoked. */
	for (uint32_t i = noted.t.count; i-- > 1;)
		if (noted.list[i].invoked == noted.list[i - 1].invoked + 1 &&
		    noted.list[i - 1].returned != NEVER_RETURNED)
			noted.list[i - 1].returned = 100 * i + 149 - (uint32_t)(noted.t.count - i);
}

static struct transactions_finding finding;

static void judge_noted(void)
{
	transactions_finding_free(&finding);
	judge_transactions(&noted.t, &(struct judge_limits){0}, &finding);
	if (noted.t.model == TRANSACTION_LONG_FORK)
		return;
	if (finding.strict == LEGAL)
		CU_ASSERT(serial_order_holds(&noted.t, finding.order, finding.order_count, true));
	if (finding.serializable == LEGAL)
		CU_ASSERT(serial_order_holds(&noted.t, finding.order, finding.order_count, false));
}

static bool names(enum anomaly kind, bool realtime)
{
	for (unsigned i = 0; i < finding.found_count; i++)
		if (finding.found[i].kind == kind && finding.found[i].realtime == realtime)
			return true;
	return false;
}

static void refutes(bool lists, const char *text, enum anomaly kind)
{
	note_history(lists, text);
	judge_noted();
	CU_ASSERT_EQUAL(finding.serializable, ILLEGAL);
	CU_ASSERT_EQUAL(finding.strict, ILLEGAL);
	if (!names(kind, false))
		printf("\n  \"%s\" is not named %s", text, anomalies[kind].name);
	CU_ASSERT(names(kind, false));
}

static void legal(bool lists, const char *text, enum legality strict)
{
	note_history(lists, text);
	judge_noted();
	if (finding.strict != strict || finding.serializable != LEGAL)
		printf("\n  \"%s\": strict %d, serializable %d", text, finding.strict,
		       finding.serializable);
	CU_ASSERT_EQUAL(finding.strict, strict);
	CU_ASSERT_EQUAL(finding.serializable, LEGAL);
}

/* ---- Examples -------------------------------------------------------------------------------- */

static void right_histories_of_lists_are_strictly_serializable(void)
{
	legal(true, "", LEGAL);
	legal(true, "1:a(x)1 2:r(x)=1,a(x)2 1:r(x)=12", LEGAL);
	legal(true, "1:a(x)1 &2:a(x)2 1:r(x)=21", LEGAL);
	legal(true, "1:a(x)1 ?2:a(x)2 1:r(x)=12", LEGAL);
	legal(true, "1:a(x)1 ?2:a(x)2 1:r(x)=1 1:r(x)=12", LEGAL);
	legal(true, "1:a(x)1 !2:a(x)2 1:r(x)=1", LEGAL);
	legal(true, "1:a(x)1,r(x)=1,a(x)2,r(x)=12 2:r(x)=12", LEGAL);
	/* Appended, and never read again. */
	legal(true, "1:a(x)1 2:r(x)=1,a(x)2 1:a(x)3", LEGAL);
}

static void right_histories_of_registers_are_strictly_serializable(void)
{
	legal(false, "1:w(x)1 2:r(x)=1,w(x)2 1:r(x)=2", LEGAL);
	legal(false, "1:w(x)1 &2:w(x)2 1:r(x)=1", LEGAL);
	legal(false, "1:r(x)= 1:w(x)1 2:r(x)=1,r(y)=", LEGAL);
	legal(false, "1:w(x)1 ?2:w(x)2 1:r(x)=1 1:r(x)=2", LEGAL);
	/* Values written twice. */
	legal(false, "1:w(x)1 2:w(x)2 1:w(x)1 2:r(x)=1", LEGAL);
}

static void real_time_is_told_apart(void)
{
	legal(true, "1:a(x)1 2:r(x)=", ILLEGAL);
	CU_ASSERT(names(ANOMALY_G_SINGLE, true));
	legal(true, "1:a(x)1 2:a(x)2 1:r(x)=21", ILLEGAL);
	CU_ASSERT(names(ANOMALY_G0, true));
	legal(false, "1:w(x)1 2:w(x)2 1:r(x)=1", ILLEGAL);
	legal(false, "1:w(x)1 2:w(x)2 1:w(x)1 2:r(x)=2", ILLEGAL);
}

static void what_contradicts_itself_is_internal(void)
{
	refutes(true, "1:a(x)1 2:r(x)=1,a(x)2,r(x)=1", ANOMALY_INTERNAL);
	refutes(true, "1:a(x)1 2:a(x)2,r(x)=1", ANOMALY_INTERNAL);
	refutes(true, "1:a(x)1 2:r(x)=,r(x)=1", ANOMALY_INTERNAL);
	refutes(false, "1:w(x)1 2:w(x)2,r(x)=1", ANOMALY_INTERNAL);
	refutes(false, "1:w(x)1 2:r(x)=1,r(x)=", ANOMALY_INTERNAL);
}

static void what_nobody_wrote_is_named(void)
{
	refutes(true, "1:a(x)1 2:r(x)=13", ANOMALY_UNWRITTEN);
	refutes(false, "1:w(x)1 2:r(x)=3", ANOMALY_UNWRITTEN);
	refutes(true, "1:a(x)1 2:r(x)=11", ANOMALY_DUPLICATE);
	refutes(true, "1:a(x)1 2:a(x)2 1:r(x)=12 2:r(x)=21", ANOMALY_INCOMPATIBLE);
	refutes(true, "!1:a(x)1 2:r(x)=1", ANOMALY_G1A);
	refutes(false, "!1:w(x)1 2:r(x)=1", ANOMALY_G1A);
	refutes(true, "1:a(x)1,a(x)2 2:r(x)=1", ANOMALY_G1B);
	refutes(false, "1:w(x)1,w(x)2 2:r(x)=1", ANOMALY_G1B);
}

static void cycles_have_their_names(void)
{
	refutes(true, "1:a(x)1,a(y)1 &2:a(x)2,a(y)2 3:r(x)=12,r(y)=21", ANOMALY_G0);
	refutes(true, "1:a(x)1,r(y)=1 &2:a(y)1,r(x)=1", ANOMALY_G1C);
	refutes(false, "1:w(x)1,r(y)=1 &2:w(y)1,r(x)=1", ANOMALY_G1C);
	refutes(true, "1:a(x)1 2:r(x)=1,a(x)2 &3:r(x)=1,a(x)3 1:r(x)=123", ANOMALY_LOST_UPDATE);
	refutes(false, "1:w(x)1 2:r(x)=1,w(x)2 &3:r(x)=1,w(x)3 1:r(x)=3", ANOMALY_LOST_UPDATE);
	refutes(true, "1:a(x)1,a(y)1 &2:r(x)=,r(y)=1", ANOMALY_G_SINGLE);
	refutes(false, "1:w(x)1,w(y)1 &2:r(x)=,r(y)=1", ANOMALY_G_SINGLE);
	refutes(true, "1:r(x)=,a(y)1 &2:r(y)=,a(x)1 3:r(x)=1,r(y)=1", ANOMALY_G2);
	refutes(false, "1:r(x)=,w(y)1 &2:r(y)=,w(x)1 3:r(x)=1,r(y)=1", ANOMALY_G2);
	/* Nobody read the appends: they came after all that was read, all the same. */
	refutes(true, "1:r(x)=,a(y)1 &2:r(y)=,a(x)1", ANOMALY_G2);
	refutes(true, "1:a(x)1 &2:a(y)1 &3:r(x)=1,r(y)= &4:r(x)=,r(y)=1", ANOMALY_LONG_FORK);
	refutes(false, "1:w(x)1 &2:w(y)1 &3:r(x)=1,r(y)= &4:r(x)=,r(y)=1", ANOMALY_LONG_FORK);
}

static void a_cycle_is_told_step_by_step(void)
{
	note_history(true, "1:r(x)=,a(y)1 &2:r(y)=,a(x)1 3:r(x)=1,r(y)=1");
	judge_noted();
	CU_ASSERT_FATAL(finding.found_count >= 1);
	const struct step *steps = finding.steps + finding.found[0].first_step;

	EQUAL(finding.found[0].step_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		uint32_t key = 1 + steps[i].transaction; /* which it read */

		EQUAL(steps[i].dependency, DEPENDS_RW);
		EQUAL(steps[i].key, key);
		EQUAL(steps[i].value, 0);
		EQUAL(steps[i].next, 1);
	}
	CU_ASSERT(steps[0].transaction != steps[1].transaction);
}

/* Of the four guarantees, this one is broken, and no other. */
static void breaks(bool lists, const char *text, enum anomaly guarantee)
{
	note_history(lists, text);
	judge_noted();
	CU_ASSERT_EQUAL(finding.strict, ILLEGAL);
	for (unsigned kind = ANOMALY_READ_YOUR_WRITES; kind <= ANOMALY_WRITES_FOLLOW_READS;
	     kind++) {
		bool named = names((enum anomaly)kind, true);

		if (named != (kind == guarantee))
			printf("\n  \"%s\" is %s %s", text, named ? "named" : "not named",
			       anomalies[kind].name);
		CU_ASSERT_EQUAL(named, kind == guarantee);
	}
}

static void sessions_that_go_back_are_named(void)
{
	breaks(true, "1:a(x)1 2:a(x)2 3:r(x)=12 3:r(x)=1", ANOMALY_MONOTONIC_READS);
	breaks(true, "1:a(x)1 2:a(x)2 2:r(x)=1 3:r(x)=12", ANOMALY_READ_YOUR_WRITES);
	breaks(true, "1:a(x)1 1:a(x)2 2:r(x)=21", ANOMALY_MONOTONIC_WRITES);
	breaks(true, "1:a(x)1 2:r(x)=1 2:a(x)2 3:r(x)=21", ANOMALY_WRITES_FOLLOW_READS);
	/* Nobody read it later. */
	breaks(true, "1:a(x)1 1:r(x)=", ANOMALY_READ_YOUR_WRITES);
	breaks(false, "1:w(x)1 1:r(x)=", ANOMALY_READ_YOUR_WRITES);
	/* Something lies between the two. */
	breaks(true, "1:a(x)1 1:a(y)1 1:r(z)= 1:r(x)=", ANOMALY_READ_YOUR_WRITES);
}

static void sessions_of_registers_that_go_back_are_named(void)
{
	breaks(false, "1:w(x)1 1:r(x)= 2:r(x)=1", ANOMALY_READ_YOUR_WRITES);
	breaks(false, "1:w(x)1 1:w(x)2 1:r(x)=1", ANOMALY_READ_YOUR_WRITES);
	breaks(false, "3:w(x)1 3:r(x)=1,w(x)2 1:r(x)=2 1:r(x)=1", ANOMALY_MONOTONIC_READS);
	breaks(false, "3:w(x)1 3:w(x)2 3:w(x)3 1:r(x)=3 1:r(x)=1", ANOMALY_MONOTONIC_READS);
	breaks(false, "3:w(x)1 1:r(x)=1 1:r(x)=", ANOMALY_MONOTONIC_READS);
	breaks(false, "1:w(x)1 1:w(y)1 2:r(y)=1,r(x)=", ANOMALY_MONOTONIC_WRITES);
	breaks(false, "1:w(x)1 2:r(x)=1 2:w(y)1 3:r(y)=1,r(x)=", ANOMALY_WRITES_FOLLOW_READS);
}

/* It overwrote what it had read, which was older than its session's own write. */
static void who_overwrites_what_he_read_has_read_it(void)
{
	note_history(false, "1:w(x)1 1:r(x)=,w(x)2");
	judge_noted();
	CU_ASSERT(names(ANOMALY_READ_YOUR_WRITES, true));
	CU_ASSERT(names(ANOMALY_MONOTONIC_WRITES, true));
	note_history(true, "1:a(x)1 1:r(x)=,a(x)2 2:r(x)=21");
	judge_noted();
	CU_ASSERT(names(ANOMALY_READ_YOUR_WRITES, true));
	CU_ASSERT(names(ANOMALY_MONOTONIC_WRITES, true));
}

static void sessions_are_held_across_keys(void)
{
	breaks(true, "1:a(x)1 2:r(x)=1 2:a(y)1 3:r(y)=1,r(x)=", ANOMALY_WRITES_FOLLOW_READS);
	breaks(true, "1:a(x)1,a(y)1 2:r(x)=1 2:r(y)=", ANOMALY_MONOTONIC_READS);
	breaks(true, "1:a(x)1 1:a(y)1 2:r(y)=1,r(x)=", ANOMALY_MONOTONIC_WRITES);
	breaks(false, "1:w(x)1,w(y)1 2:r(x)=1 2:r(y)=", ANOMALY_MONOTONIC_READS);
}

/* A stale read of another session's write breaks real time alone; so does one after an append that
 * may have come late, or while the session's own was open. */
static void other_sessions_are_promised_nothing(void)
{
	breaks(true, "1:a(x)1 2:r(x)=", ANOMALIES);
	breaks(false, "1:w(x)1 2:r(x)=", ANOMALIES);
	breaks(true, "?1:a(x)1 2:r(x)=1 1:r(x)=", ANOMALIES);
	breaks(true, "1:a(x)1 2:r(x)=1 3:r(x)= 3:r(x)=1", ANOMALIES);
	breaks(true, "1:a(x)1 &1:r(x)= 2:a(y)1 3:r(y)=", ANOMALIES);
	/* Past two overwritten reads: the session itself missed nothing of its own. */
	breaks(true, "1:a(x)1 &3:a(y)1,r(x)= 1:r(y)=", ANOMALIES);
}

/* Of a bank, "w(x)3" takes 3 out of x, and the access after it brings them to its own account. */
static void bank(const char *text, enum legality strict, enum legality serializable)
{
	note_history(false, text);
	noted.t.model = TRANSACTION_BANK;
	for (uint32_t i = 0; i < noted.micro_count; i++) {
		if (noted.micros[i].kind == MICRO_READ)
			continue;
		noted.micros[i].kind = noted.micros[i + 1].kind = MICRO_ADD;
		noted.micros[i + 1].value = noted.micros[i].value;
		noted.micros[i].value = 0 - noted.micros[i].value;
		i++;
	}
	judge_noted();
	if (finding.strict != strict || finding.serializable != serializable)
		printf("\n  \"%s\": strict %d, serializable %d", text, finding.strict,
		       finding.serializable);
	CU_ASSERT_EQUAL(finding.strict, strict);
	CU_ASSERT_EQUAL(finding.serializable, serializable);
}

static void transfers_explain_what_a_bank_tells(void)
{
	bank("1:r(x)=5,r(y)=5 2:w(y)2,w(x) 1:r(x)=7,r(y)=3", LEGAL, LEGAL);
	bank("1:r(x)=5,r(y)=5 ?2:w(y)2,w(x) 1:r(x)=5,r(y)=5 1:r(x)=7,r(y)=3", LEGAL, LEGAL);
	bank("1:r(x)=5,r(y)=5 !2:w(y)2,w(x) 1:r(x)=5,r(y)=5", LEGAL, LEGAL);
	bank("2:w(y)2,w(x) &1:r(x)=5,r(y)=5 &3:r(x)=7,r(y)=3", LEGAL, LEGAL);
	/* Before anybody has read, a balance may be anything. */
	bank("2:w(y)9,w(x) 1:r(x)=5,r(y)=5", LEGAL, LEGAL);
	/* A stale read; two that each saw another transfer alone. */
	bank("1:r(x)=5,r(y)=5 2:w(y)2,w(x) 1:r(x)=5,r(y)=5", ILLEGAL, LEGAL);
	bank("1:r(x)=5,r(y)=5,r(z)=0 ?2:w(x)2,w(y) ?3:w(y)2,w(z) 4:r(x)=3,r(y)=7,r(z)=0 "
	     "5:r(x)=5,r(y)=3,r(z)=2",
	     ILLEGAL, ILLEGAL);
	EQUAL(finding.found_count, 0);
	CU_ASSERT_STRING_EQUAL(finding.engine, "search");
}

static void what_no_transfers_explain_is_named(void)
{
	bank("1:r(x)=5,r(y)=5 2:r(x)=7,r(y)=3", ILLEGAL, ILLEGAL);
	CU_ASSERT(names(ANOMALY_UNEXPLAINED, false));
	bank("1:r(x)=5,r(y)=5 2:w(y)1,w(x) 2:r(x)=7,r(y)=3", ILLEGAL, ILLEGAL);
	CU_ASSERT(names(ANOMALY_UNEXPLAINED, false));
	bank("1:r(x)=5,r(y)=5 !2:w(y)2,w(x) 2:r(x)=7,r(y)=3", ILLEGAL, ILLEGAL);
	CU_ASSERT(names(ANOMALY_UNEXPLAINED, false));
	/* The money went to another account than it was sent to. */
	bank("1:r(x)=5,r(y)=5,r(z)=0 2:w(x)2,w(y) 1:r(x)=5,r(y)=3,r(z)=2", ILLEGAL, ILLEGAL);
	CU_ASSERT(names(ANOMALY_UNEXPLAINED, false));
	/* No more than what was moved, and by accounts that no transfer joins. */
	bank("1:r(x)=5,r(y)=5,r(z)=5 2:w(x)2,w(y) 2:w(z)5,w(z) 1:r(x)=5,r(y)=3,r(z)=7", ILLEGAL,
	     ILLEGAL);
	CU_ASSERT(names(ANOMALY_UNEXPLAINED, false));
	bank("1:r(x)=5,r(y)=5 2:r(x)=7,r(y)=5", ILLEGAL, ILLEGAL);
	CU_ASSERT(names(ANOMALY_WRONG_TOTAL, false));
	CU_ASSERT_STRING_EQUAL(finding.engine, "balances");
	noted.micros[2].value = (uint64_t)-1;
	judge_noted();
	CU_ASSERT(names(ANOMALY_OVERDRAWN, false));
	/* Where money may go to an account that no read tells of, nothing is known of the sum. */
	bank("1:r(x)=5,r(y)=5 2:w(x)2,w(z) 1:r(x)=3,r(y)=5", LEGAL, LEGAL);
}

static void a_long_fork_may_lack_its_writes(void)
{
	note_history(false, "1:r(x)=1,r(y)= &2:r(x)=,r(y)=1");
	noted.t.model = TRANSACTION_LONG_FORK;
	judge_noted();
	CU_ASSERT_EQUAL(finding.serializable, ILLEGAL);
	CU_ASSERT(names(ANOMALY_LONG_FORK, false));
	note_history(false, "1:r(x)=1,r(y)= &2:r(x)=1,r(y)=1");
	noted.t.model = TRANSACTION_LONG_FORK;
	judge_noted();
	CU_ASSERT_EQUAL(finding.serializable, LEGAL);
}

/* Of a value that was written twice, a read does not tell by whom: nothing is held against it that
 * an order explains. */
static void a_value_written_again_is_no_anomaly(void)
{
	legal(true, "!1:a(x)1 1:a(x)1 2:r(x)=1", LEGAL);
	legal(true, "?1:a(x)1 3:a(x)1 2:r(x)=1", LEGAL);
	legal(true, "?1:a(x)1 3:a(x)1 2:r(x)=11", LEGAL);
	legal(true, "1:a(x)1 1:a(x)1 2:r(x)=11", LEGAL);
	legal(true, "1:a(x)1,a(x)2 &2:a(x)1 3:r(x)=121,a(x)3", LEGAL);
	legal(true, "1:a(x)0 2:r(x)=0", LEGAL);
	legal(false, "!1:w(x)1 1:w(x)1 2:r(x)=1", LEGAL);
	legal(true, "1:a(x)1 1:a(x)1 2:r(x)=1", ILLEGAL);
	CU_ASSERT_STRING_EQUAL(finding.engine, "search");
}

static void beside_a_value_written_again_all_else_is_judged(void)
{
	refutes(true, "1:a(x)1 1:a(x)1 2:a(y)1,r(z)=9", ANOMALY_UNWRITTEN);
	CU_ASSERT_STRING_EQUAL(finding.engine, "reads");
	refutes(true, "1:a(x)1 1:a(x)1 !2:a(x)2 3:r(x)=112", ANOMALY_G1A);
	refutes(true, "1:a(x)1 1:a(x)1 2:a(x)2,a(x)3 3:r(x)=112", ANOMALY_G1B);
	refutes(true, "1:a(x)1 1:a(x)1 2:a(x)2 3:r(x)=1122", ANOMALY_DUPLICATE);
	refutes(false, "1:w(x)1 1:w(x)1 !2:w(x)2 3:r(x)=2", ANOMALY_G1A);
	note_history(true, "1:a(x)1 1:a(x)1 2:r(x)=111");
	judge_noted();
	CU_ASSERT_EQUAL(finding.serializable, ILLEGAL);
	CU_ASSERT_EQUAL(finding.strict, ILLEGAL);
}

/* ---- Against a twin that tries every order --------------------------------------------------- */

static void judge_and_twin_agree(void)
{
	enum { TIMES = 10000 };
	const struct transaction_subject *subject = transaction_subjects;

	for (; subject->name; subject++) {
		struct agreement agreement;

		transactions_agree(subject, TIMES, 1, &agreement);
		EQUAL(agreement.differences, 0);
		CU_ASSERT(agreement.legal > TIMES / 10);
		CU_ASSERT(agreement.illegal > TIMES / 50);
	}
}

/* ---- Long ones ------------------------------------------------------------------------------ */

static void long_histories(enum transaction_model model)
{
	struct pcg32 pcg = pcg32_seeded(7, model);
	unsigned refuted = 0;

	for (unsigned i = 0; i < 20; i++) {
		struct made_transactions made = make_transactions(model, 10, 1000, 5, &pcg);

		transactions_finding_free(&finding);
		judge_transactions(&made.transactions, &(struct judge_limits){0}, &finding);
		CU_ASSERT_EQUAL(finding.strict, LEGAL);
		CU_ASSERT(serial_order_holds(&made.transactions, finding.order, finding.order_count,
					     true));
		CU_ASSERT(lie_of_one_read(&made, &pcg));
		transactions_finding_free(&finding);
		judge_transactions(&made.transactions, &(struct judge_limits){0}, &finding);
		CU_ASSERT(finding.strict != UNDECIDED);
		refuted += finding.strict == ILLEGAL;
		made_transactions_free(&made);
	}
	/* A read of what stood there a moment ago may still be right: clients overlap. */
	CU_ASSERT(refuted >= 10);
}

static void long_histories_of_lists_are_decided(void)
{
	long_histories(TRANSACTION_LIST_APPEND);
}
static void long_histories_of_registers_are_decided(void)
{
	long_histories(TRANSACTION_RW_REGISTER);
}

/* Seven values over and over: a read tells the whole list, and so its place in the order. */
static void long_histories_of_few_values_are_decided(void)
{
	struct pcg32 pcg = pcg32_seeded(8, 1);

	for (unsigned i = 0; i < 5; i++) {
		struct made_transactions made = make_transactions(TRANSACTION_LIST_APPEND, 10, 1000,
								  5, &pcg);

		for (size_t v = 0; v < made.transactions.value_count; v++)
			made.values[v] = 1 + made.values[v] % 7;
		for (size_t m = 0; m < made.transactions.micro_count; m++)
			made.micros[m].value = 1 + made.micros[m].value % 7;
		transactions_finding_free(&finding);
		judge_transactions(&made.transactions, &(struct judge_limits){0}, &finding);
		CU_ASSERT_EQUAL(finding.strict, LEGAL);
		made_transactions_free(&made);
	}
}

static void judge_forgets(void)
{
	transactions_finding_free(&finding);
	memset(&finding, 0, sizeof(finding));
}

/* More transactions than one closure holds; the lie is one that a search alone does not find. */
static void what_follows_is_found_through_a_window(void)
{
	struct pcg32 pcg = pcg32_seeded(16, 5);
	struct made_transactions made = make_transactions(TRANSACTION_RW_REGISTER, 10, 10000, 5,
							  &pcg);
	uint32_t returned[10000];

	for (uint32_t i = 0; i < 10000; i++)
		returned[i] = made.list[i].returned;
	for (uint32_t i = 0; i < 10000; i += 97)
		made.list[i].returned = NEVER_RETURNED;
	judge_forgets();
	judge_transactions(&made.transactions, &(struct judge_limits){0}, &finding);
	EQUAL(finding.strict, LEGAL);
	for (uint32_t i = 0; i < 10000; i++)
		made.list[i].returned = returned[i];
	CU_ASSERT(lie_of_one_read(&made, &pcg));
	judge_forgets();
	judge_transactions(&made.transactions, &(struct judge_limits){0}, &finding);
	EQUAL(finding.strict, ILLEGAL);
	CU_ASSERT(finding.found_count > 0);
	made_transactions_free(&made);
}

static void and_nothing_is_left(void)
{
	judge_forgets();
	CU_ASSERT_PTR_NULL(finding.order);
}

CU_TestInfo transactions_tests[] = {
	{"right histories of lists are strictly serializable",
	 right_histories_of_lists_are_strictly_serializable},
	{"right histories of registers are strictly serializable",
	 right_histories_of_registers_are_strictly_serializable},
	{"real time is told apart", real_time_is_told_apart},
	{"what contradicts itself is internal", what_contradicts_itself_is_internal},
	{"what nobody wrote, or not for good, is named", what_nobody_wrote_is_named},
	{"cycles have their names", cycles_have_their_names},
	{"a cycle is told step by step", a_cycle_is_told_step_by_step},
	{"sessions that go back are named", sessions_that_go_back_are_named},
	{"sessions of registers that go back are named",
	 sessions_of_registers_that_go_back_are_named},
	{"who overwrites what he read, has read it", who_overwrites_what_he_read_has_read_it},
	{"sessions are held across keys", sessions_are_held_across_keys},
	{"other sessions are promised nothing", other_sessions_are_promised_nothing},
	{"transfers explain what a bank tells", transfers_explain_what_a_bank_tells},
	{"what no transfers explain is named", what_no_transfers_explain_is_named},
	{"a long fork may lack its writes", a_long_fork_may_lack_its_writes},
	{"a value written again is no anomaly", a_value_written_again_is_no_anomaly},
	{"beside a value written again, all else is judged",
	 beside_a_value_written_again_all_else_is_judged},
	{"judge and twin agree on every small history", judge_and_twin_agree},
	{"long histories of lists are decided", long_histories_of_lists_are_decided},
	{"long histories of registers are decided", long_histories_of_registers_are_decided},
	{"long histories of few values are decided", long_histories_of_few_values_are_decided},
	{"what follows in a history longer than a window is found",
	 what_follows_is_found_through_a_window},
	{"and nothing is left", and_nothing_is_left},
	CU_TEST_INFO_NULL,
};
