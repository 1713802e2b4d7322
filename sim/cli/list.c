/*
 * `ordeal list KIND`: what there is to write into a scenario, and what bounds a run. Printed from
 * the tables that the simulator itself uses, so that nothing is named here that does not exist.
 */
#include <inttypes.h>
#include <string.h>

#include "protocols/registry.h"
#include "sim/cli/cli.h"
#include "sim/run/run.h"

static void list_protocols(void)
{
	for (size_t i = 0; protocols[i]; i++) {
		const struct protocol *protocol = protocols[i];

		puts(protocol->name);
		if (protocol->summary)
			printf("  %s\n", protocol->summary);
		if (protocol->paper)
			printf("  %s\n", protocol->paper);
		for (const struct option *option = protocol->options; option && option->name;
		     option++)
			printf("    %-22s %s (default: %s)\n", option->name, option->help,
			       option->fallback);
	}
}

static void list_apps(void)
{
	for (size_t i = 0; apps[i]; i++) {
		printf("%-12s %s\n  operations:", apps[i]->name, apps[i]->summary);
		for (const struct app_operation *op = apps[i]->operations; op->name; op++)
			printf(" %s%s", op->name, op->reads ? " (reads)" : "");
		putchar('\n');
	}
}

static void list_workloads(void)
{
	static const char *const arrivals[] = {
		[ARRIVAL_CLOSED] = "a client begins an operation when its last one is over",
		[ARRIVAL_CONSTANT] = "operations are due at equal distances, however many are open",
		[ARRIVAL_POISSON] = "operations are due at random, however many are open",
	};

	for (size_t i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++)
		printf("arrival: %-12s %s\n", arrival_names[i], arrivals[i]);
	puts("skew: uniform         every key is as likely as any other\n"
	     "skew: zipf(S)         the k-th key is chosen in proportion to 1 / k^S");
}

static void list_faults(void)
{
	scenario_faults(stdout);
}

static void list_judges(void)
{
	for (size_t i = 0; i < JUDGES; i++)
		printf("%-22s %-8s %s\n%-31s %s\n", judges[i].name,
		       judges[i].safety ? "safety" : "", judges[i].rule, "", judges[i].source);
}

static void list_bugs(void)
{
	for (size_t i = 0; protocols[i]; i++) {
		const struct bug *bug = protocols[i]->bugs;

		if (bug && bug->name && protocols[i]->paper)
			printf("%s, by sections of %s:\n", protocols[i]->name, protocols[i]->paper);
		for (; bug && bug->name; bug++)
			printf("  %s.%s\n      breaks: %s\n      %s\n", protocols[i]->name,
			       bug->name, bug->breaks, bug->cite);
	}
	puts("\nowner/project#12 is where it was seen: an issue or a pull request on github.com.");
}

/* Names are those that an unknown verdict gives. */
static const struct {
	const char *name;
	uint64_t most;
	const char *unit, *of;
} limits[] = {
	{"arena", UINT32_MAX, "bytes", "all that changes during one run"},
	{"records", RECORDS_MAX, "bytes",
	 "of each kind that a run leaves: history, values, series"},
	{"app image", IMAGE_MAX, "bytes", "of one app's state, for a snapshot"},
	{"memory", 0, "", "what the machine has: for the snapshots that are kept"},
	{"events", 0, "", "of one run: `max_events` in the scenario"},
	{"open operations", OPEN_OPERATIONS_MAX, "operations", "without an outcome, at one time"},
	{"faults", FAULTS_OF_A_RUN_MAX, "faults", "of one run, those of a nemesis too"},
	{"configurations", CONFIGURATIONS_MAX, "configurations",
	 "that the search for an order of one object's operations looks at"},
};

static void list_limits(void)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		char most[48] = "";

		if (limits[i].most)
			snprintf(most, sizeof(most), "%" PRIu64 " %s", limits[i].most,
				 limits[i].unit);
		printf("%-18s %-26s %s\n", limits[i].name, most, limits[i].of);
	}
	printf("\nA run that reaches one of these is unknown, by its name. A scenario has at most\n"
	       "%d processes in %d groups, %d clients, %d keys and %d faults; a paused process's\n"
	       "inbox holds %d messages and drops the rest, as modelled.\n"
	       "A handler that makes more than %d effects, or computes for %d s of processor "
	       "time,\n"
	       "is endless, and a process that holds more than %d bytes of env_alloc leaks: the\n"
	       "judge protocol-crashed convicts its protocol.\n",
	       PROCESSES_MAX, GROUPS_MAX, CLIENTS_MAX, KEYS_MAX, FAULTS_MAX, INBOX_MAX, EFFECTS_MAX,
	       HANDLER_SECONDS, MEMORY_MAX);
}

static void list_keys(void)
{
	scenario_reference(stdout);
}

static const struct {
	const char *name;
	void (*list)(void);
} kinds[] = {
	{"protocols", list_protocols}, {"apps", list_apps},     {"workloads", list_workloads},
	{"faults", list_faults},       {"judges", list_judges}, {"bugs", list_bugs},
	{"limits", list_limits},       {"keys", list_keys},     {"formats", list_formats},
	{"models", list_models},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static int list_kind(const char *name)
{
	const char *names[KINDS];

	for (size_t i = 0; i < KINDS; i++) {
		names[i] = kinds[i].name;
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		kinds[i].list();
		return STATUS_HELD;
	}
	return complain_unknown("kind of list", name, names, KINDS);
}

static int run_list(int argc, char **argv)
{
	int at = 0, status = options_read(&list_command, argc, argv, NULL, &at);

	if (status != STATUS_GO_ON)
		return status;
	if (at == argc)
		return complain_of("list needs a kind; see: ordeal help list");
	status = STATUS_HELD;
	for (; at < argc; at++)
		status = gravest(status, list_kind(argv[at]));
	return status;
}

static const char *const examples[] = {
	"ordeal list bugs",
	"the planted bugs, what each breaks, and where it was seen",
	"ordeal list keys",
	"every key of a scenario, its type, default and meaning",
	NULL,
};
static const struct flag flags[] = {PLUGIN_FLAG, {NULL, NULL, NULL, NULL}};
const struct command list_command = {
	.name = "list",
	.usage = "list KIND...",
	.summary = "protocols, apps, workloads, faults, ...",
	.what = "Prints what there is of a kind: protocols, apps, workloads, faults, judges, "
		"bugs,\n"
		"limits, keys (all that a scenario may say), or the formats and models of "
		"histories.\n",
	.examples = examples,
	.flags = flags,
	.run = run_list,
};
