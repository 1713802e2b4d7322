/*
 * Clients: what they ask goes through the log, and is answered when it is applied (5.3, 8).
 *
 * The invariant: an answer tells the effect of its command at its own place in the log. Reads take
 * the same way, and so see every write that was answered before them.
 */
#include "protocols/raft/raft.h"

/* ---- Transitions ----------------------------------------------------------------------------- */

void raft_apply(struct env *env, struct raft *raft)
{
	while (raft->applied < raft->commit) {
		struct record_view entry;
		size_t size;
		enum record found = env_log_read(env, raft->applied + 1, &entry);

		if (ORDEAL_UNLIKELY(found != WHOLE)) {
			ORDEAL_ASSERT(env, found == ROTTEN);
			raft_fall_silent(env, raft);
			return;
		}
		raft->applied++;
		const void *answer = env_apply(env, entry.index, entry.command, entry.size, &size);
		/* Who leads no more still answers, if it is its own entry that stands here. */
		request_id request = pending_take(&raft->pending, entry.index, entry.term);

		if (!request)
			continue;
		if (raft->role != LEADER)
			env_sometimes(env, DEPOSED_LEADER_ANSWERED);
		/* Ticket 0: what a quorum holds does not wait for this disk. */
		env_reply_after(env, 0, request, answer, size);
	}
}

/* ---- Message handlers ------------------------------------------------------------------------ */

void raft_on_request(struct env *env, void *state, const struct request *request)
{
	struct raft *raft = state;

	if (raft->role != LEADER) { /* 8: the client is told who leads, or "not now" */
		bool known = raft->leader != NO_PROCESS;

		env_redirect(env, request->id, known ? raft->leader : raft->self);
		return;
	}
	if (request->kind != REQUEST_WRITE && request->kind != REQUEST_READ) {
		env_refuse(env, request->id);
		return;
	}
	/* 8: it may have been deposed without knowing, and what it has applied be old. */
	if (BUG(env, SERVES_STALE_READS) && request->kind == REQUEST_READ) {
		size_t size;
		const void *answer = env_query(env, request->command, request->size, &size);

		env_reply_after(env, 0, request->id, answer, size);
		return;
	}
	struct written entry = env_log_append(env, raft->term, request->command, request->size);

	pending_add(env, &raft->pending, entry.index, raft->term, request->id);
	raft_replicate_to_all(env, raft);
}
