/*
 * abd - registers that every member may write and read, under quorums alone: no leader, no log.
 *
 * Each key is a register, and each member holds what it knows of it: the latest write under the
 * highest tag. An operation takes two phases, each to a majority: it asks for the highest tag, and
 * then it stores, the writer under a higher tag of its own, the reader what it found: the
 * write-back, without which a later reader could find less.
 *
 * Its main invariant: once an operation is answered, a majority holds its tag or a higher one on
 * their disks; so every later operation meets it, for any two majorities share a member.
 *
 * Sources: Attiya, Bar-Noy, Dolev, Sharing Memory Robustly in Message-Passing Systems, JACM 42(1)
 * 1995 ("ABD"); for many writers, tags of (number, process): Lynch and Shvartsman, FTCS 1997
 * ("LS"); for members that crash and come back: Guerraoui and Levy, Robust Emulations of Shared
 * Memory in a Crash-Recovery Model, ICDCS 2004 ("GL").
 */
#include "protocols/common/inspect.h"
#include "protocols/common/mix.h"
#include "protocols/common/pace.h"

#include <string.h>

/* ---- State ----------------------------------------------------------------------------------- */

/* The order of tags is that of numbers, and then of processes (LS): no two writes share one. */
typedef uint64_t tag_t;
enum { PROCESS_BITS = 8 };
static tag_t tag_of(uint64_t number, process_id process)
{
	return number << PROCESS_BITS | process;
}
static uint64_t number_of(tag_t tag)
{
	return tag >> PROCESS_BITS;
}

/* The registers are cells: what was acknowledged is on the disk, and memory need not hold it. */
struct held {
	tag_t tag; /* 0: never written */
	uint8_t command[COMMAND_MAX];
};

struct holding {
	tag_t tag;
	const void *command; /* NULL where it was never written */
	size_t size;
};

enum phase { FREE, QUERYING, STORING };

struct operation {
	request_id request; /* in messages too: a member's older ones are not mistaken for it */
	enum phase phase;
	bool reads;
	unsigned answers;
	uint64_t answered; /* the set of those that have, in this phase */
	struct asking asking;
	uint64_t key;
	tag_t tag;     /* querying: the highest that was told; storing: what is stored */
	void *command; /* the client's, until it is chosen what to store */
	size_t command_size;
	void *answer; /* from then on */
	size_t answer_size;
};

enum role { SERVING, SILENT };

struct abd {
	enum role role;
	process_id self;
	unsigned quorum, member_count;
	const process_id *members;
	struct operation *operations; /* those under way, in `places`; the others are free */
	uint64_t places, open;
	struct pace pace;
	uint64_t highest; /* the highest number of a tag that it has stored */
};

struct abd_options {
	nanoseconds retry[2]; /* least, most */
	int64_t under_way;
};

struct query {
	uint64_t operation, key;
	uint64_t with_value; /* a writer needs the tag alone */
};
struct query_reply { /* and the command that was stored under it, where that was asked for */
	uint64_t operation;
	tag_t tag;
};
struct store { /* and the command */
	uint64_t operation, key;
	tag_t tag;
};
struct store_ack {
	uint64_t operation;
	tag_t tag;
};

enum { QUERY, QUERY_REPLY, STORE, STORE_ACK };
enum { RETRY };
enum {
	NO_WRITE_BACK,
	MINORITY_QUORUM,
	ACKS_BEFORE_DURABLE,
	STORES_BEFORE_DURABLE,
	REUSES_TAG,
	NUMBERS_ALONE,
	SKIPS_QUERY,
};
enum { READER_CAUGHT_UP, STORE_CAME_LATE, PHASE_REPEATED, WRITES_MET, HANDS_FULL };

/* ---- Transitions ----------------------------------------------------------------------------- */

static enum record look_at(const struct env *env, uint64_t cell, struct holding *holding)
{
	const void *bytes;
	size_t size;
	enum record found = env_cell_get(env, cell, &bytes, &size);

	*holding = (struct holding){0};
	if (found == WHOLE) {
		const struct held *held = bytes;

		holding->tag = held->tag;
		holding->command = held->command;
		holding->size = size - offsetof(struct held, command);
	}
	return found;
}

/* It can't tell any more what it acknowledged: it takes no part in anything again. Nor does it
 * write, so that each boot to come finds what this one found: a damaged cell, or nothing at all. */
static void fall_silent(struct env *env, struct abd *abd)
{
	if (abd->role == SILENT)
		return;
	abd->role = SILENT;
	env_observe(env, SAW_SILENCED, 0, 0, 0, NULL, 0);
}

/* What this member holds of a register. False: it has rotted, and the member falls silent. */
static bool held_of(struct env *env, struct abd *abd, uint64_t key, struct holding *holding)
{
	enum record found = look_at(env, key, holding);

	if (found != WHOLE && found != ABSENT)
		fall_silent(env, abd);
	return abd->role != SILENT;
}

/* Holds it from now on. Returns what the app answers to the command. */
static const void *hold(struct env *env, struct abd *abd, uint64_t key, tag_t tag,
			const void *command, size_t size, size_t *answer_size)
{
	struct held held;

	held.tag = tag;
	memcpy(held.command, command, size);
	env_cell_put(env, key, &held, offsetof(struct held, command) + size);
	if (number_of(tag) > abd->highest)
		abd->highest = number_of(tag);
	return env_apply(env, 0, command, size, answer_size);
}

/* ABD 3, LS: what has a lower tag than what it holds is over, and nothing is done. */
static bool hold_if_newer(struct env *env, struct abd *abd, uint64_t key, tag_t tag,
			  const void *command, size_t size)
{
	struct holding own;
	size_t ignored;

	if (!held_of(env, abd, key, &own) || tag <= own.tag)
		return false;
	hold(env, abd, key, tag, command, size, &ignored);
	return true;
}

static void send_query(struct env *env, const struct operation *operation, process_id to)
{
	/* It promises nothing, and waits for no disk. */
	struct query *query = env_send_after(env, 0, to, QUERY, 0);

	query->operation = operation->request;
	query->key = operation->key;
	query->with_value = operation->reads;
}

/* What it holds by now has that tag or a higher one, which does as well. It leaves when it is
 * durable here: so a tag that others have seen is not given again after a crash (GL, 4). */
static void send_store(struct env *env, struct abd *abd, const struct operation *operation,
		       process_id to)
{
	struct holding own;

	if (!held_of(env, abd, operation->key, &own))
		return;
	struct store *store = BUG(env, STORES_BEFORE_DURABLE) ? env_send_after(env, 0, to, STORE, 0)
							      : env_send(env, to, STORE, 0);

	store->operation = operation->request;
	store->key = operation->key;
	store->tag = own.tag;
	env_attach(env, store, operation->key, own.tag, own.command, own.size);
}

/* Those that have not answered are asked, again and again, but never faster than answers come. */
static void ask(struct env *env, struct abd *abd, struct operation *operation)
{
	const struct abd_options *options = env_options(env);

	for (unsigned i = 0; i < abd->member_count; i++) {
		process_id to = abd->members[i];

		if (operation->answered >> to & 1)
			continue;
		if (operation->phase == QUERYING)
			send_query(env, operation, to);
		else
			send_store(env, abd, operation, to);
	}
	pace_ask(env, &abd->pace, &operation->asking, options->retry, RETRY,
		 (uint64_t)(operation - abd->operations));
}

/* The answer leaves when this member's own disk has what it rests on. */
static void finish(struct env *env, struct abd *abd, struct operation *operation)
{
	env_reply(env, operation->request, operation->answer, operation->answer_size);
	env_disarm(env, RETRY, (uint64_t)(operation - abd->operations));
	env_free(env, operation->command);
	env_free(env, operation->answer);
	*operation = (struct operation){.phase = FREE};
	abd->open--;
}

/* Its own answer is there first: what it holds is looked at when the phase ends, and what it stores
 * is durable before anybody else hears of it. */
static bool begin_phase(struct env *env, struct abd *abd, struct operation *operation,
			enum phase phase)
{
	operation->phase = phase;
	operation->asking = (struct asking){0};
	operation->answers = 1;
	operation->answered = (uint64_t)1 << abd->self;
	if (operation->answers >= abd->quorum)
		return true;
	ask(env, abd, operation);
	return false;
}

static void keep_answer(struct env *env, struct operation *operation, const void *answer,
			size_t size)
{
	operation->answer = env_alloc(env, size);
	operation->answer_size = size;
	memcpy(operation->answer, answer, size);
}

/* LS: a number above all that a majority told, made unique by the process. Its own is looked at
 * now: another write of this member may have taken that number meanwhile. */
static void write_above(struct env *env, struct abd *abd, struct operation *operation, tag_t own)
{
	tag_t highest = own > operation->tag && !BUG(env, REUSES_TAG) ? own : operation->tag;
	process_id process = BUG(env, NUMBERS_ALONE) ? 0 : abd->self;
	size_t size;

	if (own > operation->tag)
		env_sometimes(env, WRITES_MET);
	operation->tag = tag_of(number_of(highest) + 1, process);
	const void *answer = hold(env, abd, operation->key, operation->tag, operation->command,
				  operation->command_size, &size);

	keep_answer(env, operation, answer, size);
}

/* A majority has told. The reader has taken over what was higher than its own, and answers what it
 * holds now: another write may overtake it before the write-back is over. */
static void choose(struct env *env, struct abd *abd, struct operation *operation)
{
	struct holding own;

	if (!held_of(env, abd, operation->key, &own))
		return;
	if (operation->reads) {
		size_t size;
		const void *answer = env_query(env, operation->command, operation->command_size,
					       &size);

		operation->tag = own.tag;
		keep_answer(env, operation, answer, size);
		/* ABD 3, step 2 of a read. What was never written needs no write-back. */
		if (own.tag == 0 || BUG(env, NO_WRITE_BACK)) {
			finish(env, abd, operation);
			return;
		}
	} else {
		write_above(env, abd, operation, own.tag);
	}
	if (begin_phase(env, abd, operation, STORING))
		finish(env, abd, operation);
}

/* Of who is silent none goes on. */
static struct operation *operation_named(struct abd *abd, request_id request, enum phase phase)
{
	if (abd->role == SILENT)
		return NULL;
	for (uint64_t i = 0; i < abd->places; i++)
		if (abd->operations[i].request == request && abd->operations[i].phase == phase)
			return &abd->operations[i];
	return NULL;
}

/* True: with this one, a majority has answered. */
static bool heard(const struct env *env, struct abd *abd, struct operation *operation,
		  process_id from)
{
	if (operation->answered >> from & 1)
		return false; /* a copy, or the answer to a repeated question */
	operation->answered |= (uint64_t)1 << from;
	if (++operation->answers < abd->quorum)
		return false;
	pace_answered(env, &abd->pace, &operation->asking);
	return true;
}

/* NULL: as many are under way as may be. Each sends to all the others, and it is by taking on ever
 * more that a member under load would keep them all from their end. */
static struct operation *take_place(struct abd *abd)
{
	uint64_t place = 0;

	while (place < abd->places && abd->operations[place].phase != FREE)
		place++;
	if (place == abd->places)
		return NULL;
	abd->open++;
	return &abd->operations[place];
}

/* ---- Message handlers ------------------------------------------------------------------------ */

/* The app gets back what the cells hold. False: a cell is rotten. */
static bool recall(struct env *env, struct abd *abd)
{
	for (uint64_t cell = env_cell_next(env, 0); cell != UINT64_MAX;
	     cell = env_cell_next(env, cell + 1)) {
		struct holding own;
		size_t ignored;

		if (look_at(env, cell, &own) != WHOLE)
			return false;
		if (number_of(own.tag) > abd->highest)
			abd->highest = number_of(own.tag);
		env_apply(env, 0, own.command, own.size, &ignored);
	}
	return true;
}

static void on_boot(struct env *env, void *state, enum boot boot)
{
	const struct abd_options *options = env_options(env);
	struct abd *abd = state;

	abd->self = env_self(env);
	abd->member_count = env_members(env, env_group(env), &abd->members);
	abd->places = (uint64_t)options->under_way;
	abd->operations = env_alloc(env, abd->places * sizeof(*abd->operations));
	/* ABD 3: any two majorities share a member. */
	abd->quorum = abd->member_count / 2 + 1;
	if (BUG(env, MINORITY_QUORUM) && abd->quorum > 1)
		abd->quorum--;
	if (boot == BOOT_EMPTY || !recall(env, abd))
		fall_silent(env, abd);
}

static void on_request(struct env *env, void *state, const struct request *request)
{
	struct abd *abd = state;
	bool reads = request->kind == REQUEST_READ;

	if (abd->role == SILENT) {
		env_redirect(env, request->id, abd->self); /* not now */
		return;
	}
	if ((!reads && request->kind != REQUEST_WRITE) || request->key_count != 1) {
		env_refuse(env, request->id);
		return;
	}
	if (operation_named(abd, request->id, QUERYING) ||
	    operation_named(abd, request->id, STORING))
		return; /* a copy of the request */
	struct operation *operation = take_place(abd);

	if (!operation) {
		env_sometimes(env, HANDS_FULL);
		env_redirect(env, request->id, abd->self);
		return;
	}
	*operation = (struct operation){.request = request->id,
					.reads = reads,
					.key = request->keys[0],
					.command = env_alloc(env, request->size),
					.command_size = request->size};
	ORDEAL_ASSERT(env, operation->key < UINT64_MAX);
	memcpy(operation->command, request->command, request->size);
	/* LS: with many writers, a writer can't know by itself which number is the next. */
	if (BUG(env, SKIPS_QUERY) && !reads)
		choose(env, abd, operation);
	else if (begin_phase(env, abd, operation, QUERYING))
		choose(env, abd, operation);
}

static void on_query(struct env *env, void *state, process_id from, const void *body, size_t count)
{
	struct abd *abd = state;
	const struct query *query = body;
	struct holding own;

	(void)count;
	if (abd->role == SILENT || !held_of(env, abd, query->key, &own))
		return;
	struct query_reply *reply = env_send(env, from, QUERY_REPLY, 0);

	reply->operation = query->operation;
	reply->tag = own.tag;
	if (query->with_value && own.tag)
		env_attach(env, reply, query->key, own.tag, own.command, own.size);
}

static void on_query_reply(struct env *env, void *state, process_id from, const void *body,
			   size_t count)
{
	struct abd *abd = state;
	const struct query_reply *reply = body;
	struct operation *operation = operation_named(abd, reply->operation, QUERYING);
	struct record_view held = {0};

	(void)count;
	if (!operation)
		return;
	if (reply->tag > operation->tag)
		operation->tag = reply->tag;
	if (env_next_record(body, &held) &&
	    hold_if_newer(env, abd, operation->key, reply->tag, held.command, held.size))
		env_sometimes(env, READER_CAUGHT_UP);
	if (heard(env, abd, operation, from))
		choose(env, abd, operation);
}

static void on_store(struct env *env, void *state, process_id from, const void *body, size_t count)
{
	struct abd *abd = state;
	const struct store *store = body;
	struct record_view held = {0};

	(void)count;
	if (abd->role == SILENT || !env_next_record(body, &held))
		return;
	if (!hold_if_newer(env, abd, store->key, store->tag, held.command, held.size)) {
		if (abd->role == SILENT)
			return;
		env_sometimes(env, STORE_CAME_LATE);
	}
	/* GL, 4: it leaves when what it acknowledges is durable, an older or a newer write alike.
	 */
	struct store_ack *ack = BUG(env, ACKS_BEFORE_DURABLE)
					? env_send_after(env, 0, from, STORE_ACK, 0)
					: env_send(env, from, STORE_ACK, 0);

	ack->operation = store->operation;
	ack->tag = store->tag;
}

static void on_store_ack(struct env *env, void *state, process_id from, const void *body,
			 size_t count)
{
	struct abd *abd = state;
	const struct store_ack *ack = body;
	struct operation *operation = operation_named(abd, ack->operation, STORING);

	(void)count;
	if (operation && ack->tag >= operation->tag && heard(env, abd, operation, from))
		finish(env, abd, operation);
}

/* ---- Timer handlers -------------------------------------------------------------------------- */

static void on_retry(struct env *env, void *state, uint64_t place)
{
	struct abd *abd = state;

	if (abd->role == SILENT)
		return;
	env_sometimes(env, PHASE_REPEATED);
	pace_waited_in_vain(&abd->pace, &abd->operations[place].asking);
	ask(env, abd, &abd->operations[place]);
}

/* ---- Inspectors ------------------------------------------------------------------------------ */

SEE(struct abd, role)
SEE(struct abd, open)
SEE(struct abd, highest)

static uint64_t digest(const struct env *env, const void *state)
{
	const struct abd *abd = state;
	uint64_t sum = mix_after(abd->role, abd->highest);

	for (uint64_t cell = env_cell_next(env, 0); cell != UINT64_MAX;
	     cell = env_cell_next(env, cell + 1)) {
		struct holding own;

		look_at(env, cell, &own);
		sum = mix_after(mix_after(sum, cell), own.tag);
	}
	for (uint64_t i = 0; i < abd->places; i++) { /* in whatever places they stand */
		const struct operation *operation = &abd->operations[i];

		if (operation->phase != FREE)
			sum += mix_after(mix_after(mix_after(operation->request, operation->phase),
						   operation->answered),
					 operation->tag);
	}
	return sum;
}

static nanoseconds patience(const void *options)
{
	return pace_longest(((const struct abd_options *)options)->retry);
}

/* ---- The table ------------------------------------------------------------------------------- */

#define NUMBER(type, member) FIELD(struct type, member, FIELD_NUMBER)
/* Whoever made it: no member has a term of its own. */
#define TAG(type, member) FIELD(struct type, member, FIELD_BALLOT)

static const struct message_type messages[] = {
	[QUERY] = {.name = "Query",
		   .size = sizeof(struct query),
		   .fields = (const struct field[]){NUMBER(query, operation),
						    NUMBER(query, key),
						    FIELD(struct query, with_value, FIELD_FLAG),
						    {0}},
		   .handle = on_query},
	[QUERY_REPLY] = {.name = "QueryReply",
			 .size = sizeof(struct query_reply),
			 .promises = true, /* nobody sees a tag that may be given again */
			 .fields = (const struct field[]){NUMBER(query_reply, operation),
							  TAG(query_reply, tag),
							  {0}},
			 .handle = on_query_reply},
	[STORE] = {.name = "Store",
		   .size = sizeof(struct store),
		   .promises = true,
		   .fields = (const struct field[]){NUMBER(store, operation),
						    NUMBER(store, key),
						    TAG(store, tag),
						    {0}},
		   .handle = on_store},
	[STORE_ACK] = {.name = "StoreAck",
		       .size = sizeof(struct store_ack),
		       .promises = true,
		       .fields = (const struct field[]){NUMBER(store_ack, operation),
							TAG(store_ack, tag),
							{0}},
		       .handle = on_store_ack},
	{0},
};

static const char *const roles[] = {"serving", "silent", NULL};

#define MILLISECOND ((int64_t)1000000)

const struct protocol abd_protocol = {
	.version = ORDEAL_VERSION,
	.size = sizeof(struct protocol),
	.name = "abd",
	.paper = "Attiya, Bar-Noy, Dolev, JACM 42(1), 1995; Lynch, Shvartsman, FTCS 1997; "
		 "Guerraoui, Levy, ICDCS 2004",
	.summary = "registers under quorums alone: no leader, no log",
	.state_size = sizeof(struct abd),
	.options_size = sizeof(struct abd_options),
	.survives = {.survives_restart = true,
		     .survives_lost_unsynced = true,
		     .survives_reordered_unsynced = true,
		     .clock_drift_ppm = -1},
	.boot = on_boot,
	.request = on_request,
	.digest = digest,
	.patience = patience,
	.blind_writes_only = true,
	.messages = messages,
	.timers = (const struct timer_type[]){[RETRY] = {"retry", on_retry}, {0}},
	.inspectors = (const struct inspector[]){{"role", see_role, roles},
						 {"open", see_open, NULL},
						 {"highest", see_highest, NULL},
						 {0}},
	.options =
		(const struct option[]){
			{.name = "retry",
			 .help = "how long a phase waits for answers before it asks again, where "
				 "they come fast; up to sixteen times as long where they don't",
			 .fallback = "25ms..50ms",
			 .kind = OPT_RANGE,
			 .offset = offsetof(struct abd_options, retry),
			 .min = MILLISECOND,
			 .max = 3600000 * MILLISECOND},
			{.name = "under_way",
			 .help = "how many operations a member takes on at once; whoever asks for "
				 "more is told 'not now'",
			 .fallback = "8",
			 .kind = OPT_COUNT,
			 .offset = offsetof(struct abd_options, under_way),
			 .min = 1,
			 .max = 4096},
			{0}},
	.observes = (const unsigned[]){OBSERVATION_COUNT},
	.bugs =
		(const struct bug[]){
			[NO_WRITE_BACK] = {"no-write-back",
					   "a later read finds no less than an earlier one",
					   "Attiya, Bar-Noy, Dolev, 3"},
			[MINORITY_QUORUM] = {"minority-quorum", "any two quorums share a member",
					     "Attiya, Bar-Noy, Dolev, 3"},
			[ACKS_BEFORE_DURABLE] = {"acks-before-durable",
						 "what was acknowledged is durable",
						 "Guerraoui, Levy, 4"},
			[STORES_BEFORE_DURABLE] = {"stores-before-durable",
						   "a tag that others see outlives a crash of its "
						   "writer",
						   "Guerraoui, Levy, 4"},
			[REUSES_TAG] = {"reuses-tag",
					"a writer's next number is above its own write under way",
					"Lynch, Shvartsman"},
			[NUMBERS_ALONE] = {"numbers-alone", "no two writes share a tag",
					   "Lynch, Shvartsman"},
			[SKIPS_QUERY] = {"skips-query",
					 "a write's tag is above all that was answered before it",
					 "Lynch, Shvartsman"},
			{0}},
	.sometimes =
		(const struct sometimes[]){
			[READER_CAUGHT_UP] = {"a reader found a newer value elsewhere"},
			[STORE_CAME_LATE] = {"a store came after a newer one"},
			[PHASE_REPEATED] = {"a phase was repeated"},
			[WRITES_MET] = {"two writes of one key met"},
			[HANDS_FULL] = {"a member had its hands full"},
			{0}},
};
