/*
 * The schema table itself: every key of the scenario language, once, in canonical order.
 *
 * A row is {section, name, type, where, bounds, default, meaning}. A default of NULL means that the
 * key must be said; one in parentheses is words, and derived once all else is read.
 */
#include "sim/scenario/schema.h"

#include <string.h>

#define US   INT64_C(1000)
#define MS   INT64_C(1000000)
#define S    INT64_C(1000000000)
#define HOUR (3600 * S)

/* Where a value stands, and its bounds. */
#define AT(of, it) offsetof(of, it), sizeof(((of *)0)->it)
#define OF(it)     AT(struct scenario, it)
#define NOWHERE    0, 0, 0, 0
#define ANY        0, 0
#define CHANCE     0, INT64_C(1) << 32
#define TO_AN_HOUR 0, HOUR
#define LINK_IS    "(its region's, or network.default)"

const char *const section_names[SECTIONS] = {
	[IN_SCENARIO] = "the scenario",
	[IN_CLUSTER] = "cluster",
	[IN_NETWORK] = "network",
	[IN_DEFAULT_LINK] = "network.default",
	[IN_LINK] = "network.links",
	[IN_DISK] = "disk",
	[IN_CLOCKS] = "clocks",
	[IN_PROCESS] = "process",
	[IN_WORKLOAD] = "workload",
	[IN_RUN] = "run",
	[IN_FAULT] = "faults",
	[IN_NEMESIS] = "nemesis",
	[IN_AVAILABILITY] = "expect.availability",
	[IN_RECOVERS] = "expect.recovers",
	[IN_VIOLATION] = "expect.violation",
};

const char *const plot_names[PLOTS + 1] = {[PLOT_LATENCY] = "latency",
					   [PLOT_AVAILABILITY] = "availability",
					   [PLOT_LEADERS] = "leaders",
					   [PLOT_RIBBON] = "ribbon",
					   [PLOT_CDF] = "cdf"};

const struct expectation_form expectation_forms[EXPECTATION_KINDS] = {
	[EXPECT_SAFE] = {"safe", "no safety judge objects", SECTIONS},
	[EXPECT_LINEARIZABLE] = {"linearizable", "the clients' history is linearizable", SECTIONS},
	[EXPECT_LIVE] = {"live",
			 "after the heal every open operation answers, members converge, and "
			 "leaders stop changing",
			 SECTIONS},
	[EXPECT_AVAILABILITY] = {"availability", "a share of all operations succeeds",
				 IN_AVAILABILITY},
	[EXPECT_RECOVERS] = {"recovers", "operations succeed again soon enough", IN_RECOVERS},
	[EXPECT_VIOLATION] = {"violation",
			      "a planted bug is convicted; with no bug on, this turns into `safe`",
			      IN_VIOLATION},
};

static const char *const mode_names[] = {"datagram", "connections", NULL};
static const char *const crash_names[] = {[CRASH_LOSE_UNSYNCED] = "lose_unsynced",
					  [CRASH_REORDER] = "reorder",
					  [CRASH_KEEP] = "keep",
					  [CRASH_KEEP + 1] = NULL};
static const char *const after_names[] = {
	[AFTER_HEAL] = "heal", [AFTER_FAULT] = "fault", [AFTER_FAULT + 1] = NULL};

/* clang-format off */

/* What a link does to messages: of the default, and again of each link that differs from it. */
#define LINK_KEYS(in, of, it, latency_is, chance_is, held_back_is, bandwidth_is, buffer_is) \
	{in, "latency", TYPE_DISTRIBUTION, AT(of, it.latency), TO_AN_HOUR, latency_is, \
		"how long a message takes, one way", NULL, 0}, \
	{in, "loss", TYPE_PROBABILITY, AT(of, it.loss), CHANCE, chance_is, \
		"share of messages that are lost (of a connection: sent again)", NULL, 0}, \
	{in, "duplicate", TYPE_PROBABILITY, AT(of, it.duplicate), CHANCE, chance_is, \
		"share of datagrams that arrive twice", NULL, 0}, \
	{in, "reorder", TYPE_PROBABILITY, AT(of, it.reorder), CHANCE, chance_is, \
		"share of datagrams that are held back: later ones overtake them", NULL, 0}, \
	{in, "held_back", TYPE_DISTRIBUTION, AT(of, it.held_back), TO_AN_HOUR, held_back_is, \
		"for how long those are held back, on top of the latency", NULL, 0}, \
	{in, "corrupt", TYPE_PROBABILITY, AT(of, it.corrupt), CHANCE, chance_is, \
		"share of messages that a checksum discards (of a connection: sent again)", NULL, 0}, \
	{in, "corrupt_undetected", TYPE_PROBABILITY, AT(of, it.alter), CHANCE, chance_is, \
		"share of messages between processes in which one field is false, and nobody notices", \
		NULL, 0}, \
	{in, "bandwidth", TYPE_BANDWIDTH, AT(of, it.bandwidth), 0, BANDWIDTH_MAX, bandwidth_is, \
		"a message occupies its link for its bytes over this, and later ones wait", NULL, 0}, \
	{in, "buffer", TYPE_BYTES, AT(of, it.buffer), 1, BANDWIDTH_MAX, buffer_is, \
		"of a bandwidth: so many bytes may wait, and what finds no room is dropped", NULL, 0}

const struct key schema[] = {
	{IN_SCENARIO, "scenario", TYPE_COUNT, 0, 0, SCENARIO_VERSION, SCENARIO_VERSION, NULL,
		"version of this language", NULL, 0},
	{IN_SCENARIO, "name", TYPE_NAME, OF(name), 1, 64, NULL,
		"names the folder of the results: letters, digits, - and _", NULL, 0},
	{IN_SCENARIO, "shows", TYPE_TEXT, OF(shows), 0, 1000, "",
		"what the scenario shows, in a sentence or two", NULL, 0},

	{IN_SCENARIO, "cluster", TYPE_SECTION, NOWHERE, "(its own)",
		"who runs what: one group, or a list of them, of which clients talk to the last; "
		"processes are n1, n2, ... over all groups", NULL, IN_CLUSTER},
	{IN_CLUSTER, "group", TYPE_NAME, AT(struct cluster_group, name), 1, 64, "group",
		"the group's name", NULL, 0},
	{IN_CLUSTER, "protocol", TYPE_PROTOCOL, AT(struct cluster_group, protocol), ANY, NULL,
		"the protocol on trial", NULL, 0},
	{IN_CLUSTER, "nodes", TYPE_COUNT, AT(struct cluster_group, nodes), 1, PROCESSES_MAX,
		"(as many as the group that it stands on; without one it must be said)",
		"how many processes", NULL, 0},
	{IN_CLUSTER, "app", TYPE_APP, AT(struct cluster_group, app), ANY, NULL,
		"what the protocol replicates, and clients ask for; none: of a group that another "
		"stands on", NULL, 0},
	{IN_CLUSTER, "options", TYPE_OPTIONS, AT(struct cluster_group, options), ANY,
		"(the protocol's)", "options of the protocol", NULL, 0},
	{IN_CLUSTER, "on", TYPE_GROUP, AT(struct cluster_group, on), ANY, "(none)",
		"of a list of groups: member i shares a machine with member i of that one, proposes to "
		"it, and is told what it has applied. Written \"on\", for other readers of YAML may "
		"take a plain on for true", NULL, 0},

	{IN_SCENARIO, "network", TYPE_SECTION, NOWHERE, "(its own)",
		"how messages travel", NULL, IN_NETWORK},
	{IN_NETWORK, "mode", TYPE_CHOICE, OF(connections), ANY, "datagram",
		"datagrams, or FIFO connections that a cut or a crash breaks", mode_names, 0},
	{IN_NETWORK, "retransmit", TYPE_DISTRIBUTION, OF(retransmit), TO_AN_HOUR, "200ms",
		"of connections: how much later a lost message arrives", NULL, 0},
	{IN_NETWORK, "default", TYPE_SECTION, NOWHERE, "(its own)",
		"every link that `links` does not name", NULL, IN_DEFAULT_LINK},
	LINK_KEYS(IN_DEFAULT_LINK, struct scenario, link, "uniform(1ms, 5ms)", "0%",
		  "exponential(mean=10ms)", "none", "1MB"),
	{IN_NETWORK, "regions", TYPE_REGIONS, OF(regions), ANY, "{}",
		"names, and the endpoints in each; what is in none keeps the default link", NULL, 0},
	{IN_NETWORK, "rtt", TYPE_DURATIONS, OF(regions.rtt), TO_AN_HOUR, "{}",
		"the round trip between each two regions and within each, said once; a message takes "
		"half of it, and the jitter", NULL, 0},
	{IN_NETWORK, "jitter", TYPE_DISTRIBUTION, OF(regions.jitter), TO_AN_HOUR, "0s",
		"of links between and within regions: on top of half a round trip, in place of the "
		"default link's latency", NULL, 0},
	{IN_NETWORK, "bandwidth", TYPE_BANDWIDTHS, OF(regions.bandwidth), 0, BANDWIDTH_MAX, "{}",
		"of each link between two regions or within one; where it is not said, the default "
		"link's", NULL, 0},
	{IN_NETWORK, "links", TYPE_LINKS, OF(links), ANY, "[]",
		"links that differ from the default, each in one direction", NULL, IN_LINK},
	{IN_LINK, "from", TYPE_ENDPOINT, AT(struct link_override, from), ANY, NULL,
		"a process or a client", NULL, 0},
	{IN_LINK, "to", TYPE_ENDPOINT, AT(struct link_override, to), ANY, NULL,
		"a process or a client", NULL, 0},
	LINK_KEYS(IN_LINK, struct link_override, link, LINK_IS, LINK_IS, LINK_IS, LINK_IS, LINK_IS),

	{IN_SCENARIO, "disk", TYPE_SECTION, NOWHERE, "(its own)",
		"every process's disk", NULL, IN_DISK},
	{IN_DISK, "write", TYPE_DISTRIBUTION, OF(disk.write), TO_AN_HOUR, "0s",
		"how long one write takes", NULL, 0},
	{IN_DISK, "sync", TYPE_DISTRIBUTION, OF(disk.sync), TO_AN_HOUR, "1ms",
		"how long a sync takes, which covers all that was written before it", NULL, 0},
	{IN_DISK, "crash", TYPE_CHOICE, OF(disk.crash), ANY, "lose_unsynced",
		"what a crash does to unsynced writes: a prefix survives, any part, or all",
		crash_names, 0},
	{IN_DISK, "torn", TYPE_PROBABILITY, OF(disk.torn), CHANCE, "50%",
		"how often the first write that is lost stands torn at the log's end", NULL, 0},

	{IN_SCENARIO, "clocks", TYPE_SECTION, NOWHERE, "(its own)",
		"every process's clocks", NULL, IN_CLOCKS},
	{IN_CLOCKS, "offset", TYPE_OFFSET, OF(clock_offset), TO_AN_HOUR, "0s",
		"how far each wall clock is off at first; a coin gives the sign", NULL, 0},
	{IN_CLOCKS, "drift", TYPE_PPM, OF(drift_ppm), 0, 100000, "0ppm",
		"each clock's drift is drawn from minus to plus this much", NULL, 0},

	{IN_SCENARIO, "process", TYPE_SECTION, NOWHERE, "(its own)",
		"every process's speed", NULL, IN_PROCESS},
	{IN_PROCESS, "service", TYPE_DISTRIBUTION, OF(service), TO_AN_HOUR, "0s",
		"how long a process works on each message", NULL, 0},

	{IN_SCENARIO, "workload", TYPE_SECTION, NOWHERE, "(its own)",
		"what clients ask; they are c1, c2, ...", NULL, IN_WORKLOAD},
	{IN_WORKLOAD, "clients", TYPE_COUNT, OF(workload.clients), 0, CLIENTS_MAX, "4",
		"how many clients; 0: none asks anything", NULL, 0},
	{IN_WORKLOAD, "rate", TYPE_RATE, OF(workload.interval), US, HOUR, "none",
		"of an open loop: operations over all clients", NULL, 0},
	{IN_WORKLOAD, "arrival", TYPE_CHOICE, OF(workload.arrival), ANY, "closed",
		"a closed loop asks on after an answer; an open loop when it is due",
		arrival_names, 0},
	{IN_WORKLOAD, "think", TYPE_DISTRIBUTION, OF(workload.think), TO_AN_HOUR,
		"exponential(mean=20ms)",
		"of a closed loop: from an answer to the next operation", NULL, 0},
	{IN_WORKLOAD, "backoff", TYPE_DISTRIBUTION, OF(workload.backoff), TO_AN_HOUR,
		"uniform(10ms, 30ms)", "after a `not now`, before asking somebody else", NULL, 0},
	{IN_WORKLOAD, "keys", TYPE_COUNT, OF(workload.keys), 1, KEYS_MAX, "5",
		"how many objects operations are about", NULL, 0},
	{IN_WORKLOAD, "skew", TYPE_SKEW, OF(workload.zipf_thousandths), 1, 10000, "uniform",
		"how popular each key is", NULL, 0},
	{IN_WORKLOAD, "mix", TYPE_MIX, OF(workload.weight), 0, 10000, "(equal shares)",
		"shares of the app's operations; together 100%", NULL, 0},
	{IN_WORKLOAD, "timeout", TYPE_DURATION, OF(workload.timeout), US, HOUR, "1s",
		"from an invocation to giving up, its outcome unknown", NULL, 0},
	{IN_WORKLOAD, "operations", TYPE_COUNT, OF(workload.operations), 0, INT64_MAX, "0",
		"at most so many are begun; 0: no bound", NULL, 0},
	{IN_WORKLOAD, "starts", TYPE_DURATION, OF(workload.starts), 0, 1000 * HOUR, "0s",
		"when the first operation may begin", NULL, 0},

	{IN_SCENARIO, "run", TYPE_SECTION, NOWHERE, "(its own)",
		"how long, and how often", NULL, IN_RUN},
	{IN_RUN, "duration", TYPE_DURATION, OF(duration), MS, 1000 * HOUR, NULL,
		"simulated time, of faults and of arrivals", NULL, 0},
	{IN_RUN, "warmup", TYPE_DURATION, OF(warmup), 0, 1000 * HOUR, "0s",
		"left out of metrics", NULL, 0},
	{IN_RUN, "heal", TYPE_DURATION, OF(heal), MS, 1000 * HOUR, "(run.duration)",
		"when every fault ends, the network's own losses too, clients stop, and liveness begins "
		"to count", NULL, 0},
	{IN_RUN, "heal_mode", TYPE_CHOICE, OF(heal_mode), ANY, "all",
		"mend everything, or only a random quorum, the rest dead or cut off for ever; or draw "
		"which",
		heal_mode_names, 0},
	{IN_RUN, "max_events", TYPE_COUNT, OF(max_events), 1, INT64_MAX, "50M",
		"a run that needs more ends as unknown", NULL, 0},
	{IN_RUN, "seeds", TYPE_SEEDS, OF(first_seed), 0, INT64_MAX,
		"(1, or as many as an expected violation may take)", "a run each", NULL, 0},

	{IN_SCENARIO, "faults", TYPE_FAULTS, OF(faults), ANY, "[]",
		"what breaks, when, and whom", NULL, IN_FAULT},
	{IN_FAULT, "at", TYPE_DURATION, AT(struct fault, at), 0, 1000 * HOUR, NULL,
		"when it fires; a crash may fall up to 10ms later, in the middle of a handler; a role "
		"that nobody fills is waited for, up to five times the protocol's patience", NULL, 0},
	{IN_FAULT, "for", TYPE_DURATION, AT(struct fault, lasts), 1, 1000 * HOUR,
		"(as the fault says)", "how long it lasts; most last until the heal", NULL, 0},
	{IN_SCENARIO, "nemesis", TYPE_NEMESES, OF(nemeses), ANY, "[]",
		"faults that are drawn: how often, which, and whom", NULL, IN_NEMESIS},
	{IN_NEMESIS, "every", TYPE_DISTRIBUTION, AT(struct nemesis, every), TO_AN_HOUR, NULL,
		"from one draw to the next, 1ms at least; a draw that finds nobody, or goes beyond what "
		"the protocol survives, comes to nothing", NULL, 0},
	{IN_NEMESIS, "between", TYPE_RANGE, AT(struct nemesis, between), 0, 1000 * HOUR,
		"(from the start to the heal)", "when faults may begin", NULL, 0},
	{IN_NEMESIS, "for", TYPE_DISTRIBUTION, AT(struct nemesis, lasts), TO_AN_HOUR,
		"uniform(500ms, 3s)", "how long each lasts, unless its kind happens at once", NULL, 0},
	{IN_NEMESIS, "beyond_model", TYPE_FLAG, AT(struct nemesis, beyond_model), ANY, "false",
		"draw also what the protocol does not claim to survive: what judges find then is "
		"unknown", NULL, 0},
	{IN_NEMESIS, "choose", TYPE_KINDS, AT(struct nemesis, weight), 1, 1000,
		"(each that the protocol survives, alike)", "kinds of faults, and how often each is "
		"drawn beside the others; at most a minority is ever down or has a broken disk",
		NULL, 0},
	{IN_NEMESIS, "target", TYPE_TARGET, AT(struct nemesis, target), ANY,
		"(leader, follower, random, random_minority or all, drawn each time)",
		"whom they hit; of cuts, whom they cut from the rest", NULL, 0},
	{IN_NEMESIS, "swarm", TYPE_FLAG, AT(struct nemesis, swarm), ANY, "true",
		"each run draws which kinds take part in it at all, at least one", NULL, 0},
	{IN_NEMESIS, "weather", TYPE_CHOICE, AT(struct nemesis, weather), ANY, "changing",
		"stretches of calm with no faults and storms with four times as many, or none of "
		"this", weather_names, 0},

	{IN_SCENARIO, "bugs", TYPE_BUGS, NOWHERE, "[]",
		"planted bugs that are on; none in a normal scenario", NULL, 0},

	{IN_SCENARIO, "expect", TYPE_EXPECT, OF(expect), ANY, "[safe, linearizable, live]",
		"what must come out", NULL, 0},
	{IN_AVAILABILITY, "min", TYPE_PROBABILITY, AT(struct expectation, min), CHANCE, NULL,
		"ok / invoked, at least", NULL, 0},
	{IN_AVAILABILITY, "outside_faults", TYPE_FLAG, AT(struct expectation, outside_faults), ANY,
		"false", "count only operations begun while no fault was active", NULL, 0},
	{IN_RECOVERS, "within", TYPE_DURATION, AT(struct expectation, within), MS, HOUR, NULL,
		"from the end of trouble to success again", NULL, 0},
	{IN_RECOVERS, "after", TYPE_CHOICE, AT(struct expectation, after), ANY, "heal",
		"the heal, or each fault's end", after_names, 0},
	{IN_VIOLATION, "of", TYPE_JUDGE, AT(struct expectation, of), ANY, NULL,
		"the judge that must object", NULL, 0},
	{IN_VIOLATION, "within", TYPE_COUNT, AT(struct expectation, within_seeds), 1, 1000000, NULL,
		"in at least one of so many seeds", NULL, 0},

	{IN_SCENARIO, "stop_on", TYPE_JUDGES, OF(stop_on), ANY, "(all judges)",
		"judges that end a run; the others record, and the run goes on", NULL, 0},
	{IN_SCENARIO, "plots", TYPE_PLOTS, OF(plots), ANY, "[latency, availability, leaders]",
		"pictures to draw", plot_names, 0},
	{.name = NULL},
};

/* clang-format on */

const struct key *key_next(enum section section, const struct key *key)
{
	for (key = key ? key + 1 : schema; key->name; key++)
		if (key->section == section)
			return key;
	return NULL;
}

const struct key *key_named(enum section section, const char *name)
{
	const struct key *key = NULL;

	while ((key = key_next(section, key)))
		if (!strcmp(key->name, name))
			return key;
	return NULL;
}

struct key key_of_option(const struct option *option)
{
	static const struct {
		enum type type;
		size_t width;
	} as[] = {
		[OPT_FLAG] = {TYPE_FLAG, 1},         [OPT_COUNT] = {TYPE_COUNT, 8},
		[OPT_DURATION] = {TYPE_DURATION, 8}, [OPT_RANGE] = {TYPE_RANGE, 16},
		[OPT_CHOICE] = {TYPE_CHOICE, 8},
	};

	return (struct key){
		.section = IN_CLUSTER,
		.name = option->name,
		.type = as[option->kind].type,
		.offset = option->offset,
		.width = as[option->kind].width,
		.min = option->min,
		.max = option->max,
		.fallback = option->fallback,
		.help = option->help,
		.choices = option->choices,
	};
}

struct key key_of_amount(const struct fault_kind *kind)
{
	static const enum type as[] = {
		[AMOUNT_NONE] = TYPE_NOT_YET,      [AMOUNT_DURATION] = TYPE_DURATION,
		[AMOUNT_SHARE] = TYPE_PROBABILITY, [AMOUNT_FACTOR] = TYPE_FACTOR,
		[AMOUNT_PPM] = TYPE_PPM,           [AMOUNT_CHOICE] = TYPE_CHOICE,
		[AMOUNT_COUNT] = TYPE_COUNT,       [AMOUNT_BANDWIDTH] = TYPE_BANDWIDTH,
	};

	return (struct key){
		.section = IN_FAULT,
		.name = kind->amount_key,
		.type = as[kind->amount],
		.offset = offsetof(struct fault, amount),
		.width = sizeof(((struct fault *)0)->amount),
		.min = kind->amount_min,
		.max = kind->amount_max,
		.fallback = kind->amount_fallback == INT64_MIN ? NULL : "(the fault's)",
		.help = kind->help,
		.choices = kind->choices,
	};
}
