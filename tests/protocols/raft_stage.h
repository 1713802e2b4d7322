/* Raft on the stage: what its tests ask of a cluster, and do to it. */
#ifndef TESTS_PROTOCOLS_RAFT_STAGE_H
#define TESTS_PROTOCOLS_RAFT_STAGE_H

#include "tests/protocols/cluster.h"

#include "protocols/raft/raft.h"

#define SECOND (1000 * MS)

static inline bool did(const struct cluster *at, enum raft_sometimes what)
{
	return at->world->sometimes[0] >> what & 1;
}

static inline uint64_t last_index(struct cluster *at, process_id who)
{
	return cluster_see(at, who, "last_index");
}

/* All live members have applied as much, and are in the same state. */
static inline bool converged(struct cluster *at)
{
	for (unsigned who = 1; who < at->world->process_count; who++)
		if (cluster_see(at, (process_id)who, "applied") != cluster_see(at, 0, "applied") ||
		    world_app_digest(at->world, (process_id)who) != world_app_digest(at->world, 0))
			return false;
	return true;
}

/* Its clock runs so fast that it asks for votes before anybody else does. */
static inline void make_leader(struct cluster *at, process_id who)
{
	world_clock_drift(at->world, who, 9000000);
	for (int i = 0; i < 2000 && cluster_see(at, who, "role") != LEADER; i++)
		cluster_run(at, MS / 4);
	world_clock_drift(at->world, who, 0);
	EQUAL(cluster_see(at, who, "role"), LEADER);
}

static inline void forge_request_vote(struct cluster *at, process_id from, process_id to,
				      uint64_t term, uint64_t last_index, uint64_t last_term)
{
	struct request_vote *m = cluster_forge(at, from, to, REQUEST_VOTE);

	*m = (struct request_vote){term, last_index, last_term};
	cluster_run(at, 5 * MS);
}

#endif
