/* A protocol's table is refused where it does not keep the contract. */
#include "protocols/registry.h"
#include "sim/world/contract.h"
#include "tests/tests.h"

struct hole { /* the compiler pads it */
	uint8_t small;
	uint64_t large;
};

static void handle(struct env *env, void *state, process_id from, const void *body, size_t count)
{
	(void)env, (void)state, (void)from, (void)body, (void)count;
}

static const struct protocol *raft(void)
{
	return protocol_named("raft");
}

static char why[CONTRACT_WHY_MAX];

static void built_in_ones_keep_it(void)
{
	for (const struct protocol *const *at = protocols; *at; at++) {
		CU_ASSERT(contract_kept(*at, why));
		if (!contract_kept(*at, why))
			printf("\n  %s: %s", (*at)->name, why);
	}
}

static void padding_is_refused(void)
{
	static const struct field fields[] = {FIELD(struct hole, small, FIELD_NUMBER),
					      FIELD(struct hole, large, FIELD_NUMBER),
					      {0}};
	struct message_type messages[] = {
		{.name = "Hole", .size = sizeof(struct hole), .fields = fields, .handle = handle},
		{0}};
	struct protocol changed = *raft();

	changed.messages = messages;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "Hole.large stands at 8");
	messages[0].fields = NULL;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "0 bytes together");
	messages[0].size = 0;
	CU_ASSERT(contract_kept(&changed, why));
	messages[0].handle = NULL;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "Hole has no handler");
}

struct of_terms {
	uint32_t narrow, unused;
	uint64_t own, other;
};

static void is_refused_for(const struct field *fields, const struct field *element,
			   const unsigned *observes, const char *reason)
{
	const struct message_type messages[] = {
		{"Claim", sizeof(struct of_terms), false, fields, element ? 8 : 0, element, handle},
		{0}};
	struct protocol changed = *raft();

	changed.messages = messages;
	if (observes)
		changed.observes = observes;
	CU_ASSERT_EQUAL(contract_kept(&changed, why), reason == NULL);
	if (reason)
		CONTAINS(why, reason);
}

static void a_message_has_one_term_that_can_be_judged(void)
{
	struct field fields[] = {FIELD(struct of_terms, narrow, FIELD_NUMBER),
				 FIELD(struct of_terms, unused, FIELD_NUMBER),
				 FIELD(struct of_terms, own, FIELD_TERM),
				 FIELD(struct of_terms, other, FIELD_BALLOT),
				 {0}};
	static const struct field element[] = {{"term", 0, 8, FIELD_TERM}, {0}};
	static const unsigned silent[] = {SAW_VOTED, OBSERVATION_COUNT};

	is_refused_for(fields, NULL, NULL, NULL);
	is_refused_for(fields, element, NULL, "Claim.term is a FIELD_TERM of an element");
	is_refused_for(fields, NULL, silent, "Claim.own is a FIELD_TERM, and TERM_ENTERED");
	fields[3].kind = FIELD_TERM;
	is_refused_for(fields, NULL, NULL, "Claim.other is a second one");
	fields[0].kind = FIELD_TERM;
	is_refused_for(fields, NULL, NULL, "Claim.narrow is narrower");
	fields[0].kind = fields[2].kind = fields[3].kind = FIELD_NUMBER;
	is_refused_for(fields, NULL, silent, NULL);
}

static void another_version_is_refused(void)
{
	struct protocol changed = *raft();

	changed.version++;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "version 2");
	changed = *raft();
	changed.size -= 8;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	changed = *raft();
	changed.patience = NULL;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "patience");
}

static void options_lie_within_their_struct(void)
{
	struct protocol changed = *raft();

	changed.options_size = 8;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "beyond the options struct of 8 bytes");
}

static void a_bug_names_its_rule(void)
{
	struct bug bugs[] = {{"careless", NULL, "5.2"}, {0}};
	struct protocol changed = *raft();

	changed.bugs = bugs;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "bug careless");
	bugs[0].breaks = "a rule";
	CU_ASSERT(contract_kept(&changed, why));
}

static void an_app_is_whole(void)
{
	struct model model = *app_named("register")->model;
	struct app app = *app_named("register");
	const struct app *const brought[] = {&app, &app, NULL};
	struct protocol changed = *raft();

	changed.apps = brought + 1;
	CU_ASSERT(contract_kept(&changed, why));
	changed.apps = brought;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "two apps named register");
	changed.apps = brought + 1;
	app.model = &model;
	model.state_size = 33;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "app register lacks a model with a step and a state of at most 32 bytes");
	model = *app_named("register")->model;
	app.tell = NULL;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "app register lacks one of draw");
	app.summary = NULL;
	CU_ASSERT_FALSE(contract_kept(&changed, why));
	CONTAINS(why, "lacks a name, a summary or operations");
}

CU_TestInfo contract_tests[] = {
	{"every built-in protocol keeps the contract", built_in_ones_keep_it},
	{"a message with padding is refused, and one without a handler", padding_is_refused},
	{"a message has one term, and it can be judged", a_message_has_one_term_that_can_be_judged},
	{"a table of another version or size is refused", another_version_is_refused},
	{"an option outside its struct is refused", options_lie_within_their_struct},
	{"an app that a protocol brings is whole, and has a name of its own", an_app_is_whole},
	{"a bug that does not say what it breaks is refused", a_bug_names_its_rule},
	CU_TEST_INFO_NULL,
};
