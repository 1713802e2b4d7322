/*
 * The scenario language as files: every refusal has one, and what is read survives being written.
 *
 * A file in tests/data/scenarios/bad begins with a line `# expect: LINE:COLUMN: MESSAGE` for each
 * complaint that it must raise; " ..." in a message stands for any words.
 */
#include "sim/scenario/reader.h"
#include "tests/tests.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#define BAD  "tests/data/scenarios/bad"
#define GOOD "tests/data/scenarios/good"

enum { PATH_SIZE = 512 };

static char *text_of(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, FILE_MAX + 1);

	*size = file ? fread(text, 1, FILE_MAX, file) : 0;
	if (file)
		fclose(file);
	return text;
}

/* Calls `check` for each .yaml of a folder; returns how many there were. */
static unsigned each_file(const char *folder, void (*check)(const char *path))
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	unsigned files = 0;
	char path[PATH_SIZE];

	for (int i = 0; i < count; i++) {
		size_t size = strlen(entries[i]->d_name);

		if (size > 5 && !strcmp(entries[i]->d_name + size - 5, ".yaml")) {
			snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
			check(path);
			files++;
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return files;
}

static struct scenario *parse(const char *text, struct complaints *complaints)
{
	return scenario_parse("test.yaml", text, strlen(text), complaints);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static bool matches(const char *said, const char *pattern)
{
	const char *gap = strstr(pattern, " ...");

	if (!gap)
		return !strcmp(said, pattern);
	if (strncmp(said, pattern, (size_t)(gap - pattern)) != 0)
		return false;
	size_t rest = strlen(gap + 4), size = strlen(said);
	return size >= rest && !strcmp(said + size - rest, gap + 4);
}

static void check_refusal(const char *path)
{
	struct complaints complaints;
	size_t size;
	char *text = text_of(path, &size), said[1000];
	const char *line = text;
	struct scenario *scenario = scenario_read(path, &complaints);
	unsigned expected = 0;

	CU_ASSERT(!scenario);
	scenario_free(scenario);
	for (; !strncmp(line, "# expect: ", 10); expected++) {
		size_t length = strcspn(line, "\n");
		char pattern[1000];

		snprintf(pattern, sizeof(pattern), "%.*s", (int)length - 10, line + 10);
		line += length + 1;
		if (expected >= complaints.count)
			continue;
		const struct complaint *complaint = &complaints.list[expected];
		snprintf(said, sizeof(said), "%u:%u: %s", complaint->line, complaint->column,
			 complaint->text);
		if (!matches(said, pattern))
			printf("\n  %s says\n    %s\n  not\n    %s\n", path, said, pattern);
		CU_ASSERT(matches(said, pattern));
	}
	if (expected != complaints.count || !expected)
		printf("\n  %s: %u complaints, not %u\n", path, complaints.count, expected);
	CU_ASSERT(expected == complaints.count && expected > 0);
	free(text);
}

static void every_bad_file(void)
{
	CU_ASSERT(each_file(BAD, check_refusal) >= 200);
}

/* Files that cannot stand in a tree. */
static void files_that_cannot_be_read(void)
{
	struct complaints complaints;
	char path[] = P_tmpdir "/ordeal-test-XXXXXX";
	int file = mkstemp(path);
	char block[4096];

	CU_ASSERT(file >= 0);
	memset(block, '#', sizeof(block));
	for (int i = 0; i <= FILE_MAX / (int)sizeof(block); i++)
		CU_ASSERT(write(file, block, sizeof(block)) == (ssize_t)sizeof(block));
	close(file);
	CU_ASSERT(!scenario_read(path, &complaints));
	CONTAINS(complaints.list[0].text, "too large");
	CU_ASSERT(truncate(path, 0) == 0);
	CU_ASSERT(!scenario_read(path, &complaints));
	CONTAINS(complaints.list[0].text, "the file is empty");
	CU_ASSERT(chmod(path, 0) == 0);
	if (geteuid() != 0) { /* nothing is unreadable for root */
		CU_ASSERT(!scenario_read(path, &complaints));
		CONTAINS(complaints.list[0].text, "Permission denied");
	}
	unlink(path);
	CU_ASSERT(!scenario_read(path, &complaints));
	CONTAINS(complaints.list[0].text, "No such file");
	CU_ASSERT(!scenario_read(GOOD, &complaints));
	CONTAINS(complaints.list[0].text, "Is a directory");
	EQUAL(complaints.count, 1);
	EQUAL(complaints.list[0].line, 0);
}

static void too_many_links(void)
{
	struct text text = {0};
	struct complaints complaints;

	text_add(&text, "scenario: 1\nname: links\ncluster: {protocol: raft, nodes: 3, app: kv}\n"
			"run: {duration: 1s}\nnetwork:\n  links:\n");
	for (int i = 0; i < 8193; i++)
		text_add(&text, "    - {from: n1, to: n2}\n");
	CU_ASSERT(!parse(text.bytes, &complaints));
	CONTAINS(complaints.list[0].text, "links: 8193 of them; accepted: at most 8192");
	free(text.bytes);
}

/* No protocol that is built in refuses them: this one stands in for it. */
static void blind_protocols_take_no_comparisons(void)
{
	static const char whole[] = "{put: 50%, get: 50%}", cas[] = "{put: 50%, cas: 50%}";
	struct protocol blind = {.name = "blind", .blind_writes_only = true};
	struct scenario scenario = {.group_count = 1};
	struct complaints complaints = {0};
	struct reading reading = {&scenario, &complaints, &scenario.groups[0]};
	const struct key *mix = key_named(IN_WORKLOAD, "mix");

	struct complaints none = {0};
	struct scenario *minimal = parse("scenario: 1\nname: a\nrun: {duration: 1s}\n"
					 "cluster: {protocol: raft, nodes: 3, app: kv}\n",
					 &none);
	CU_ASSERT_PTR_NOT_NULL_FATAL(minimal);
	scenario.groups[0].app = minimal->groups[0].app;
	scenario_free(minimal);
	scenario.groups[0].protocol = &blind;
	struct node *node = tree_read(whole, strlen(whole), &complaints);
	read_mix(&reading, mix, node);
	EQUAL(complaints.count, 0);
	tree_free(node);
	memset(scenario.workload.weight, 0, sizeof(scenario.workload.weight));
	node = tree_read(cas, strlen(cas), &complaints);
	read_mix(&reading, mix, node);
	tree_free(node);
	EQUAL(complaints.count, 1);
	CONTAINS(complaints.list[0].text, "mix: blind takes no \"cas\"");
	equal_shares(&scenario);
	uint32_t sum = 0;
	for (unsigned i = 0; i < operation_count(scenario.groups[0].app); i++) {
		const struct app_operation *operation = &scenario.groups[0].app->operations[i];

		CU_ASSERT(operation->reads || operation->blind || !scenario.workload.weight[i]);
		sum += scenario.workload.weight[i];
	}
	EQUAL(sum, 10000);
}

/* ---- What is read survives ------------------------------------------------------------------- */

static bool same_target(const struct target *a, const struct target *b)
{
	bool same = a->count == b->count;

	for (unsigned i = 0; same && i < a->count; i++)
		same = a->item[i].kind == b->item[i].kind &&
		       a->item[i].endpoint == b->item[i].endpoint;
	return same;
}

static bool same_fault(const struct fault *a, const struct fault *b)
{
	bool same = a->kind == b->kind && a->at == b->at && a->lasts == b->lasts &&
		    a->part_count == b->part_count && a->both_ways == b->both_ways &&
		    a->amount == b->amount && a->sort == b->sort;

	for (unsigned i = 0; same && i < a->part_count; i++)
		same = same_target(&a->part[i], &b->part[i]);
	return same;
}

/* Every scalar of a section, key by key, by its text. */
static bool same_section(enum section section, const void *a, const void *b)
{
	bool same = true;

	for (const struct key *key = NULL; (key = key_next(section, key));) {
		struct text first = {0}, second = {0};

		value_write(key, a, &first);
		value_write(key, b, &second);
		if (first.bytes && strcmp(first.bytes, second.bytes) != 0) {
			printf("\n  %s: %s became %s\n", key->name, first.bytes, second.bytes);
			same = false;
		}
		free(first.bytes);
		free(second.bytes);
	}
	return same;
}

static bool same_options(const struct cluster_group *a, const struct cluster_group *b)
{
	bool same = true;

	for (const struct option *option = a->protocol->options; option && option->name; option++) {
		struct text first = {0}, second = {0};
		struct key key = key_of_option(option);

		value_write(&key, a->options, &first);
		value_write(&key, b->options, &second);
		same &= !strcmp(first.bytes, second.bytes);
		free(first.bytes);
		free(second.bytes);
	}
	return same;
}

static bool same_way(const struct link_setup *a, const struct link_setup *b)
{
	return a->distance == b->distance && a->bandwidth == b->bandwidth &&
	       a->latency.kind == b->latency.kind && a->latency.a == b->latency.a &&
	       a->latency.b == b->latency.b && a->loss == b->loss && a->buffer == b->buffer;
}

static bool same_regions(const struct regions *a, const struct regions *b)
{
	bool same = a->count == b->count && !memcmp(a->of, b->of, sizeof(a->of)) &&
		    !memcmp(a->rtt, b->rtt, sizeof(a->rtt)) &&
		    !memcmp(a->bandwidth, b->bandwidth, sizeof(a->bandwidth));

	for (unsigned i = 0; same && i < a->count; i++)
		same = !strcmp(a->name[i], b->name[i]);
	for (unsigned i = 0; same && i < a->count * a->count; i++)
		same = same_way(&a->between[i], &b->between[i]);
	return same;
}

static bool same_group(const struct cluster_group *a, const struct cluster_group *b)
{
	return same_section(IN_CLUSTER, a, b) && a->protocol == b->protocol && a->app == b->app &&
	       a->on == b->on && same_options(a, b) && !memcmp(a->bugs, b->bugs, sizeof(a->bugs));
}

static bool same_scenario(const struct scenario *a, const struct scenario *b)
{
	static const enum section sections[] = {IN_SCENARIO, IN_NETWORK, IN_DEFAULT_LINK, IN_DISK,
						IN_CLOCKS,   IN_PROCESS, IN_WORKLOAD,     IN_RUN};
	bool same = a->link_count == b->link_count && a->fault_count == b->fault_count &&
		    a->nemesis_count == b->nemesis_count &&
		    a->expectation_count == b->expectation_count && a->plots == b->plots &&
		    a->stop_on == b->stop_on && a->hash == b->hash &&
		    same_regions(&a->regions, &b->regions);

	for (unsigned i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		same &= same_section(sections[i], a, b);
	same &= !memcmp(a->workload.weight, b->workload.weight, sizeof(a->workload.weight)) &&
		a->group_count == b->group_count;
	for (unsigned i = 0; same && i < a->group_count; i++)
		same = same_group(&a->groups[i], &b->groups[i]);
	for (size_t i = 0; same && i < a->link_count; i++)
		same = same_section(IN_LINK, &a->links[i], &b->links[i]) &&
		       same_way(&a->links[i].link, &b->links[i].link);
	for (unsigned i = 0; same && i < a->fault_count; i++)
		same = same_fault(&a->faults[i], &b->faults[i]);
	for (unsigned i = 0; same && i < a->nemesis_count; i++)
		same = same_section(IN_NEMESIS, &a->nemeses[i], &b->nemeses[i]) &&
		       same_target(&a->nemeses[i].target, &b->nemeses[i].target) &&
		       !memcmp(a->nemeses[i].weight, b->nemeses[i].weight,
			       sizeof(a->nemeses[i].weight));
	for (unsigned i = 0; same && i < a->expectation_count; i++) {
		enum section inner = expectation_forms[a->expect[i].kind].inner;

		same = a->expect[i].kind == b->expect[i].kind &&
		       (inner == SECTIONS || same_section(inner, &a->expect[i], &b->expect[i]));
	}
	return same;
}

static void check_survival(const char *path)
{
	struct complaints complaints;
	struct scenario *first = scenario_read(path, &complaints);

	if (!first)
		complaints_print(stdout, path, NULL, &complaints);
	CU_ASSERT_PTR_NOT_NULL(first);
	if (!first)
		return;
	char *text = scenario_emit(first);
	struct scenario *second = parse(text, &complaints);
	if (!second)
		complaints_print(stdout, path, text, &complaints);
	CU_ASSERT_PTR_NOT_NULL(second);
	char *again = second ? scenario_emit(second) : NULL;
	CU_ASSERT(again && !strcmp(text, again));
	CU_ASSERT(second && same_scenario(first, second));
	CU_ASSERT(!strstr(text, " on: ")); /* which YAML 1.1 takes for true */
	free(text);
	free(again);
	scenario_free(first);
	scenario_free(second);
}

static void every_good_file(void)
{
	CU_ASSERT(each_file(GOOD, check_survival) >= 5);
	CU_ASSERT(each_file("scenarios/raft", check_survival) > 0);
	each_file("scenarios/single", check_survival);
	each_file("scenarios/abd", check_survival);
	each_file("scenarios/counter", check_survival);
	each_file("scenarios/zoo", check_survival);
}

static void check_yaml_1_1(const char *path)
{
	size_t size;
	char *text = text_of(path, &size);

	CU_ASSERT(text && strstr(text, "protocol: counter, \"on\": log"));
	CU_ASSERT(text && !strstr(text, " on: "));
	free(text);
}

static void other_readers_know_on_for_a_key(void)
{
	CU_ASSERT(each_file("scenarios/counter", check_yaml_1_1) > 0);
}

static void every_key_is_in_everything(void)
{
	size_t size;
	char *text = text_of(GOOD "/everything.yaml", &size);
	struct complaints complaints;
	struct scenario *scenario = scenario_read(GOOD "/everything.yaml", &complaints);

	CU_ASSERT_PTR_NOT_NULL_FATAL(scenario);
	char *canonical = scenario_emit(scenario);
	for (const struct key *key = schema; key->name; key++) {
		/* Those contradict something else in that file. */
		bool elsewhere = key->section == IN_VIOLATION || !strcmp(key->name, "think") ||
				 !strcmp(key->name, "duplicate") || !strcmp(key->name, "reorder") ||
				 !strcmp(key->name, "outside_faults");
		char name[40];

		snprintf(name, sizeof(name), "%s:", key->name);
		if (key->type != TYPE_NOT_YET && !elsewhere)
			CONTAINS(canonical, name);
	}
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		if (!fault_kinds[i].datagrams) /* it has connections */
			CONTAINS(canonical, fault_kinds[i].name);
	free(canonical);
	scenario_free(scenario);
	free(text);
}

static void values_stand_where_they_should(void)
{
	struct complaints complaints;
	struct scenario *s = scenario_read(GOOD "/everything.yaml", &complaints);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_STRING_EQUAL(s->name, "every-key_1");
	CU_ASSERT_STRING_EQUAL(s->shows, "It's said: \"every\" key # has a value, \xC3\xA9 too");
	CU_ASSERT_STRING_EQUAL(s->groups[0].name, "log");
	EQUAL(s->groups[0].nodes, 7);
	EQUAL(s->connections, true);
	EQUAL(s->retransmit.kind, BIMODAL);
	EQUAL(s->retransmit.share, PROBABILITY_ONE / 8);
	EQUAL(s->link.latency.b, 1500000);
	EQUAL(s->link.loss, 1);
	EQUAL(s->links[0].from, 0);
	EQUAL(s->links[0].to, CLIENT_FIRST + 1);
	EQUAL(s->links[0].link.loss, PROBABILITY_ONE - 1);
	EQUAL(s->links[1].link.loss, 1);
	EQUAL(s->links[1].link.held_back.a, 7000000);
	EQUAL(s->disk.crash, CRASH_REORDER);
	EQUAL(s->drift_ppm, 200);
	EQUAL(s->workload.interval, 8571428571);
	EQUAL(s->workload.arrival, ARRIVAL_CONSTANT);
	EQUAL(s->workload.keys, 20000);
	EQUAL(s->workload.zipf_thousandths, 1001);
	EQUAL(s->workload.operations, 1000000);
	EQUAL(s->workload.starts, 2250000000);
	EQUAL(s->duration, 5400000000000);
	EQUAL(s->heal_mode, HEAL_CORE);
	EQUAL(s->first_seed, 7);
	EQUAL(s->last_seed, 7);
	EQUAL(s->faults[0].part[0].count, 4);
	EQUAL(s->faults[1].lasts, 0);
	EQUAL(s->faults[3].part_count, 3);
	EQUAL(s->faults[3].part[2].item[0].kind, TARGET_REST);
	EQUAL(s->faults[3].part[2].item[1].endpoint, CLIENT_FIRST + 2);
	EQUAL(s->faults[4].both_ways, false);
	EQUAL(s->faults[6].both_ways, true);
	EQUAL(s->faults[7].amount, 1500);
	EQUAL(s->faults[8].amount, PROBABILITY_ONE);
	EQUAL(s->faults[10].amount, -3000000000);
	EQUAL(s->faults[11].amount, -500);
	EQUAL(s->link.corrupt, PROBABILITY_ONE / 200);
	EQUAL(s->link.alter, PROBABILITY_ONE / 400);
	EQUAL(s->link.bandwidth, 1500000);
	EQUAL(s->link.buffer, 64000);
	EQUAL(s->regions.of[1], 1);
	EQUAL(s->regions.of[4], 0);
	EQUAL(s->regions.of[CLIENT_FIRST + 1], 2);
	EQUAL(s->regions.between[1].distance, 33000000);
	EQUAL(s->regions.between[3].distance, 33000000);
	EQUAL(s->regions.between[1].latency.kind, EXPONENTIAL);
	EQUAL(s->regions.between[1].loss, s->link.loss);
	EQUAL(s->regions.between[3].bandwidth, 10000000);
	EQUAL(s->regions.between[5].bandwidth, 0);
	EQUAL(s->regions.between[8].bandwidth, 1500000);
	EQUAL(s->links[2].link.distance, 0);
	EQUAL(s->links[3].link.distance, 33000000);
	EQUAL(s->links[3].link.bandwidth, 0);
	EQUAL(s->links[4].link.bandwidth, 10000000);
	EQUAL(s->nemesis_count, 3);
	EQUAL(s->nemeses[0].every.kind, EXPONENTIAL);
	EQUAL(s->nemeses[0].between[0], 5000000000);
	EQUAL(s->nemeses[0].between[1], 50000000000);
	EQUAL(s->nemeses[0].lasts.b, 5000000000);
	EQUAL(s->nemeses[0].weight[FAULT_CRASH], 3);
	EQUAL(s->nemeses[0].weight[FAULT_CLOCK_JUMP], 1000);
	EQUAL(s->nemeses[0].weight[FAULT_CUT], 0);
	EQUAL(s->nemeses[0].target.count, 2);
	EQUAL(s->nemeses[0].target.item[1].endpoint, 2);
	EQUAL(s->nemeses[0].swarm, false);
	EQUAL(s->nemeses[0].weather, WEATHER_CHANGING);
	EQUAL(s->nemeses[1].beyond_model, true);
	EQUAL(s->nemeses[1].weather, WEATHER_STEADY);
	EQUAL(s->nemeses[2].between[0], 0);
	EQUAL(s->nemeses[2].between[1], s->heal);
	EQUAL(s->nemeses[2].lasts.a, 500000000);
	EQUAL(s->nemeses[2].target.count, 0);
	EQUAL(s->nemeses[2].swarm, true);
	EQUAL(s->nemeses[2].beyond_model, false);
	EQUAL(s->expect[3].after, AFTER_FAULT);
	EQUAL(s->expect[4].within, 3000000000);
	EQUAL(s->stop_on, 1 << JUDGE_VOTE_ONCE | 1 << JUDGE_LINEARIZABILITY);
	EQUAL(s->plots, 1 << PLOT_LEADERS);
	scenario_free(s);
}

static void defaults_are_the_tables(void)
{
	struct complaints complaints;
	struct scenario *s = scenario_read(GOOD "/minimal.yaml", &complaints);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	EQUAL(s->link.latency.kind, UNIFORM);
	EQUAL(s->link.latency.a, 1000000);
	EQUAL(s->link.latency.b, 5000000);
	EQUAL(s->link.loss, 0);
	EQUAL(s->disk.write.a, 0);
	EQUAL(s->disk.sync.a, 1000000);
	EQUAL(s->disk.crash, CRASH_LOSE_UNSYNCED);
	EQUAL(s->disk.torn, PROBABILITY_ONE / 2);
	EQUAL(s->workload.backoff.b, 30000000);
	EQUAL(s->workload.timeout, 1000000000);
	EQUAL(s->heal, s->duration);
	EQUAL(s->first_seed, 1);
	EQUAL(s->last_seed, 1);
	EQUAL(s->max_events, 50000000);
	EQUAL(s->expectation_count, 3);
	EQUAL(s->expect[2].kind, EXPECT_LIVE);
	EQUAL(s->stop_on, all_judges());
	EQUAL(s->plots, 7);
	CU_ASSERT_STRING_EQUAL(s->shows, "");
	uint32_t sum = 0;
	for (unsigned i = 0; i < OPERATIONS_MAX; i++)
		sum += s->workload.weight[i];
	EQUAL(sum, 10000);
	scenario_free(s);
}

static void seeds_follow_the_violation(void)
{
	struct complaints complaints;
	struct scenario *s = scenario_read(GOOD "/conviction.yaml", &complaints);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	EQUAL(s->last_seed, 200);
	EQUAL(s->expect[0].of, JUDGE_VOTE_ONCE);
	CU_ASSERT_STRING_EQUAL(s->shows, "A folded text, on two lines.");
	scenario_free(s);
}

static void bugs_turn_on_and_off(void)
{
	struct complaints complaints;
	struct scenario *s = scenario_read(GOOD "/conviction.yaml", &complaints);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	uint64_t with = s->hash;
	CU_ASSERT(scenario_buggy(s));
	CU_ASSERT(scenario_bug(s, "raft.vote-not-persisted", false));
	CU_ASSERT(!scenario_buggy(s));
	CU_ASSERT(s->hash != with);
	CU_ASSERT(!scenario_bug(s, "raft.no-such-bug", true));
	CU_ASSERT(!scenario_bug(s, "single.vote-not-persisted", true));
	CU_ASSERT(!scenario_bug(s, "raft", true));
	CU_ASSERT(!scenario_buggy(s));
	CU_ASSERT(scenario_bug(s, "raft.vote-not-persisted", true));
	CU_ASSERT(s->hash == with);
	CU_ASSERT(scenario_patience(s) > 0);
	scenario_free(s);
}

static void the_hash_is_of_the_meaning(void)
{
	static const char one[] =
		"scenario: 1\nname: a\ncluster: {protocol: raft, nodes: 3, app: kv}\n"
		"run: {duration: 60s}\n";
	static const char other[] =
		"\xEF\xBB\xBF# said otherwise\nname: a\nrun: {duration: 1m, seeds: 1}\n"
		"cluster: {app: kv, nodes: 3, protocol: raft}\nscenario: 1\n";
	struct complaints complaints;
	struct scenario *a = scenario_parse("here.yaml", one, strlen(one), &complaints);
	struct scenario *b = scenario_parse("there.yaml", other, strlen(other), &complaints);

	CU_ASSERT_FATAL(a && b);
	CU_ASSERT(a->hash == b->hash);
	CU_ASSERT_STRING_EQUAL(b->path, "there.yaml");
	scenario_free(a);
	scenario_free(b);
}

/* ---- Printing -------------------------------------------------------------------------------- */

static char *printed(const char *path, const char *text, const struct complaints *complaints)
{
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);

	complaints_print(file, path, text, complaints);
	fclose(file);
	return out;
}

static void a_caret_stands_under_the_mistake(void)
{
	static const char text[] =
		"scenario: 1\nname: \xC3\xA9t\xC3\xA9 # a\tb\nrun: {duration: 1}\n";
	struct complaints complaints;

	CU_ASSERT(!parse(text, &complaints));
	char *out = printed("x.yaml", text, &complaints);
	CONTAINS(out,
		 "x.yaml:2:7: error: name: \"\xC3\xA9t\xC3\xA9\" has a character that no name has; "
		 "accepted: ");
	CONTAINS(out, "  name: \xC3\xA9t\xC3\xA9 # a b\n        ^\n");
	CONTAINS(out, "  run: {duration: 1}\n                  ^\n");
	free(out);
}

static void the_file_itself_is_quoted(void)
{
	struct complaints complaints;
	const char *path = BAD "/duration-without-unit.yaml";

	CU_ASSERT(!scenario_read(path, &complaints));
	char *out = printed(path, NULL, &complaints);
	CONTAINS(out, "duration-without-unit.yaml:5:17: error: ");
	CONTAINS(out, "  run: {duration: 10}\n                  ^\n");
	free(out);
	CU_ASSERT(!scenario_read("no/such/file.yaml", &complaints));
	out = printed("no/such/file.yaml", NULL, &complaints);
	CONTAINS(out, "no/such/file.yaml: error: it cannot be read: No such file");
	free(out);
}

static void long_lines_are_cut_around_the_caret(void)
{
	struct text text = {0};
	struct complaints complaints;

	text_add(&text, "process: {");
	for (int i = 0; i < 40; i++)
		text_add(&text, "service: 1ms, ");
	text_add(&text, "last: 1}\n");
	CU_ASSERT(!parse(text.bytes, &complaints));
	EQUAL(complaints.count, COMPLAINTS_MAX);
	char *out = printed("x.yaml", text.bytes, &complaints);
	CONTAINS(out, "that is enough for one pass");
	for (const char *line = out; *line; line += strcspn(line, "\n") + 1)
		CU_ASSERT(strcspn(line, "\n") < 220);
	free(out);
	free(text.bytes);
}

/* ---- The reference --------------------------------------------------------------------------- */

static void the_reference_has_every_key(void)
{
	char *out = NULL, name[64];
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);

	scenario_reference(file);
	fclose(file);
	for (const struct key *key = schema; key->name; key++) {
		snprintf(name, sizeof(name), "\n| `%s` | %s", key->name,
			 key->type == TYPE_NOT_YET ? "" : key->help);
		if (key->type != TYPE_NOT_YET)
			CONTAINS(out, name);
	}
	for (unsigned i = 0; i < FAULT_KINDS; i++)
		CONTAINS(out, fault_kinds[i].help);
	CONTAINS(out, "`election_timeout`");
	CONTAINS(out, "`violation`");
	free(out);
}

CU_TestInfo scenario_tests[] = {
	{"every bad file is refused, in the words on its first lines", every_bad_file},
	{"files that are too large, empty, unreadable or folders are refused",
	 files_that_cannot_be_read},
	{"more links than the bound are refused", too_many_links},
	{"a protocol of blind writes takes no comparisons", blind_protocols_take_no_comparisons},
	{"every good file survives being written and read", every_good_file},
	{"readers of YAML 1.1 know `on` for a key", other_readers_know_on_for_a_key},
	{"every key and fault stands in everything.yaml, off its default",
	 every_key_is_in_everything},
	{"values stand where they should", values_stand_where_they_should},
	{"what is not said is as the table says", defaults_are_the_tables},
	{"seeds follow an expected violation", seeds_follow_the_violation},
	{"bugs turn on and off by name", bugs_turn_on_and_off},
	{"the hash is of the meaning, not of the spelling or the path", the_hash_is_of_the_meaning},
	{"a caret stands under the mistake", a_caret_stands_under_the_mistake},
	{"without a text, the file itself is quoted", the_file_itself_is_quoted},
	{"long lines are cut around the caret", long_lines_are_cut_around_the_caret},
	{"the reference has every key", the_reference_has_every_key},
	CU_TEST_INFO_NULL,
};
