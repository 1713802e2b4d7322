/*
 * What the files that read a tree into a scenario share: read.c walks the schema, its neighbours
 * know the values that have several parts, and how to write them.
 */
#ifndef SIM_SCENARIO_READER_H
#define SIM_SCENARIO_READER_H

#include "sim/scenario/schema.h"
#include "sim/scenario/tree.h"

struct reading {
	struct scenario *scenario;
	struct complaints *complaints;
	struct cluster_group *group; /* that is being read */
};

void refuse(struct reading *, const struct node *, const char *format, ...) printf_like(3, 4);
/* `text` stands there, and is `wrong`: with what the key accepts, and a name that is near. */
void refuse_value(struct reading *, const struct key *, const struct node *, const char *wrong);
/* Complains, and returns false, where the node is of another kind. */
bool expect_kind(struct reading *, const char *what, const struct node *, enum node_kind);
/* The same, where more can be said of what is accepted: in words, or as a section's keys. */
bool expect_like(struct reading *, const char *what, const struct node *, enum node_kind,
		 const char *accepted);
bool expect_section(struct reading *, const char *what, const struct node *, enum section);
/* A key that this section does not have: says which it has. `more` are further names. */
void refuse_key(struct reading *, const struct node *, enum section, const char *const *more,
		size_t more_count);

/* A key that must be said is not. `at` is where to complain. */
void refuse_missing(struct reading *, const struct key *, const struct node *at);

/* Reads one key, or its default where `node` is NULL; false: complained. */
bool read_key(struct reading *, const struct key *, const struct node *, void *base);
/* Reads every key of a section from a map. `at` is where to complain about what is missing. */
void read_section(struct reading *, enum section, const struct node *map, const struct node *at,
		  void *base);

/* "x" is no `what`: says which there are. */
void refuse_name(struct reading *, const char *what, const struct node *, const char *const *names,
		 size_t count);

/* ---- Values of several parts ----------------------------------------------------------------- */

/* groups.c: the cluster as a list of groups */
void read_cluster(struct reading *, const struct node *);
bool read_on(struct reading *, const struct node *);
void write_on(const struct scenario *, const struct cluster_group *, struct text *);
/* The one that clients talk to. */
struct cluster_group *asked_group(const struct scenario *);
/* That one, or what it stands on at the bottom. */
const struct cluster_group *root_group(const struct scenario *);
unsigned scenario_nodes(const struct scenario *); /* over all groups; 0: not known */

/* cluster.c: a group's, and what depends on its protocol and app */
bool read_protocol(struct reading *, const struct node *);
bool read_app(struct reading *, const struct node *);
void read_options(struct reading *, const struct node *);
bool read_mix(struct reading *, const struct key *, const struct node *);
void equal_shares(struct scenario *);
bool read_bugs(struct reading *, const struct node *);
void write_bugs(const struct scenario *, struct text *);
unsigned operation_count(const struct app *);

/* faults.c and targets.c */
bool read_faults(struct reading *, const struct node *);
void write_fault(const struct scenario *, const struct fault *, struct text *);
bool is_client(const struct target_item *); /* or all of them */
bool names_target(const char *text);        /* n3, c1 or a role, in whatever cluster */
bool read_target(struct reading *, const struct node *, struct target *);
bool read_link_expression(struct reading *, const struct node *, struct fault *);
void write_target(const struct target *, struct text *);
void write_sides(const struct fault *, struct text *);
bool sound_parts(struct reading *, const struct node *, const struct fault *, enum fault_shape);

/* nemesis.c */
bool read_nemeses(struct reading *, const struct node *);
bool read_kinds(struct reading *, const struct key *, const struct node *, void *base);
bool read_nemesis_target(struct reading *, const struct node *, struct nemesis *);
void write_kinds(const uint32_t weight[FAULT_KINDS], struct text *);

/* links.c */
bool read_links(struct reading *, const struct node *);
void check_links(struct reading *, const struct node *list);

/* Is it somebody of the cluster, or a client? */
bool is_endpoint(const struct scenario *, endpoint_t);

/* regions.c */
bool read_regions(struct reading *, const struct node *);
bool read_matrix(struct reading *, const struct key *, const struct node *);
void write_regions(const struct scenario *, struct text *);
void write_matrix(const struct scenario *, const struct key *, struct text *);
void check_regions(struct reading *, const struct node *network);
void derive_regions(struct scenario *);
void free_regions(struct regions *);
/* What a link between these two is where `links` does not name it. */
struct link_setup region_link(const struct scenario *, endpoint_t from, endpoint_t to);

/* expect.c */
bool read_expect(struct reading *, const struct node *);
bool read_set(struct reading *, const struct key *, const struct node *, uint32_t *set);
void write_set(const struct key *, uint32_t set, struct text *);
uint32_t all_judges(void);

/* sound.c: what no key can know alone. Called where every key was read. */
void check_sound(struct reading *, const struct node *root);
/* Where that key's value stands, or else what is nearest to it. */
const struct node *place_in(const struct node *root, const char *section, const char *name);
bool expects(const struct scenario *, enum expectation_kind);
/* odd.c: what is legal and probably not meant. Also where a key was refused: its default stands. */
void look_for_odd(struct reading *, const struct node *root);
/* Derived defaults. */
void derive(struct scenario *);
uint64_t derived_seeds(const struct scenario *);

/* emit.c */
void scenario_rehash(struct scenario *);

#endif
