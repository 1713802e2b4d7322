/* What tests of plug-ins share: see outsiders.h. */
#include "tests/plugin/outsiders.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/tests.h"

void outsiders_begin(void)
{
	char here[4096];

	if (!getcwd(here, sizeof(here)))
		abort();
	setenv("ORDEAL_TREE", here, 1);
	shell_begin();
	EQUAL(shell("cp \"$ORDEAL_TREE\"/tests/plugin/outside/* ."), 0);
}

void plug_in_write(const char *front, const char *body, const char *table)
{
	char text[4000];

	snprintf(text, sizeof(text),
		 "#include \"sim/ordeal.h\"\n%s\n"
		 "static void on_boot(struct env *env, void *state, enum boot boot)\n"
		 "{ (void)env, (void)state, (void)boot; }\n"
		 "static void on_request(struct env *env, void *state,\n"
		 "	const struct request *request)\n"
		 "{ (void)state; env_refuse(env, request->id); %s }\n"
		 "static nanoseconds patience(const void *options)\n"
		 "{ (void)options; return 100000000; }\n"
		 "const struct protocol ordeal_protocol = { .version = ORDEAL_VERSION,\n"
		 ".size = sizeof(struct protocol), .name = \"mine\", .boot = on_boot,\n"
		 ".request = on_request, .patience = patience, %s };\n",
		 front, body, table);
	shell_file("mine.c", text);
}

const char tally_yaml[] = "scenario: 1\nname: tally\n"
			  "cluster: {protocol: tally-keeper, nodes: 1, app: tally,\n"
			  "  options: {patience: 50ms}}\n"
			  "workload: {clients: 4, rate: 200/s, arrival: poisson, keys: 1}\n"
			  "run: {duration: 4s, seeds: 1..20}\nplots: []\n"
			  "expect: [safe, linearizable, live]\n";

const char mine_yaml[] = "scenario: 1\nname: mine\n"
			 "cluster: {protocol: mine, nodes: 2, app: register}\n"
			 "run: {duration: 1s}\nplots: []\n";
