/*
 * Disks in the words of a test: what a process sees of its own, and short ways to write to it.
 */
#ifndef TESTS_WORLD_DISK_WORDS_H
#define TESTS_WORLD_DISK_WORDS_H

#include "tests/world/stage.h"

static char words[4096];

/* "1:a/1 2:b/1 3:torn": index, command and term; "empty 11": the next append is 11. */
static inline const char *log_of(process_id id)
{
	const struct env *env = play_env(id);
	size_t at = 0;
	struct record_view view;

	snprintf(words, sizeof(words), "empty %u", (unsigned)env_log_last(env) + 1);
	for (uint64_t index = env_log_first(env); index <= env_log_last(env); index++) {
		unsigned i = (unsigned)index;

		switch (env_log_read(env, index, &view)) {
		case WHOLE:
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u:%.*s/%u",
					       at ? " " : "", i, (int)view.size,
					       (const char *)view.command, (unsigned)view.term);
			break;
		case TORN:
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u:torn",
					       at ? " " : "", i);
			break;
		case ROTTEN:
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u:rotten",
					       at ? " " : "", i);
			break;
		case ABSENT:
			at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u:absent",
					       at ? " " : "", i);
			break;
		}
	}
	return words;
}

/* "3=abc 9=x" */
static inline const char *cells_of(process_id id)
{
	const struct env *env = play_env(id);
	size_t at = 0;

	words[0] = '\0';
	for (uint64_t key = 0; (key = env_cell_next(env, key)) != UINT64_MAX; key++) {
		const void *value = NULL;
		size_t size = 0;

		EQUAL(env_cell_get(env, key, &value, &size), WHOLE);
		at += (size_t)snprintf(words + at, sizeof(words) - at, "%s%u=%.*s", at ? " " : "",
				       (unsigned)key, (int)size, (const char *)value);
	}
	return words;
}

/* "7 header image", or "none" */
static inline const char *snapshot_of(process_id id)
{
	struct snapshot_view view;

	if (env_snapshot_get(play_env(id), &view) != WHOLE)
		return "none";
	snprintf(words, sizeof(words), "%u %.*s %.*s", (unsigned)view.index, (int)view.header_size,
		 (const char *)view.header, (int)view.image_size, (const char *)view.image);
	return words;
}

static inline bool same(const char *actual, const char *expected, const char *file, int line)
{
	if (strcmp(actual, expected) != 0)
		printf("\n  %s:%d: '%s', not '%s'", file, line, actual, expected);
	return !strcmp(actual, expected);
}
#define LOG(id, expected)      CU_ASSERT(same(log_of(id), (expected), __FILE__, __LINE__))
#define CELLS(id, expected)    CU_ASSERT(same(cells_of(id), (expected), __FILE__, __LINE__))
#define SNAPSHOT(id, expected) CU_ASSERT(same(snapshot_of(id), (expected), __FILE__, __LINE__))

static inline void append(struct env *env, uint64_t term, const char *command)
{
	env_log_append(env, term, command, strlen(command));
}

static inline void put(struct env *env, uint64_t key, const char *value)
{
	env_cell_put(env, key, value, strlen(value));
}

static inline void stage(struct env *env, uint64_t offset, const char *bytes)
{
	env_snapshot_stage(env, offset, bytes, strlen(bytes));
}

static inline void commit(struct env *env, uint64_t index, const char *header)
{
	env_snapshot_commit(env, index, env_snapshot_staged(env), header, strlen(header));
}

static inline void begin(void)
{
	play_prepare();
	play_begin();
}

/* n1's log is a, b, c in term 1, durable; and time is 1 ms. */
static inline void begin_abc(void)
{
	play_begin();
	struct env *env = play_enter(0);
	append(env, 1, "a");
	append(env, 1, "b");
	append(env, 1, "c");
	play_leave();
	play_run(play.world->now + 1 * MS);
	TOLD("n1.durable(3)@1000");
}

static inline void crash_and_restart(process_id id)
{
	world_crash_now(play.world, id);
	world_restart(play.world, id);
}

/* Of the nth crash of n1, so many of the issued writes are lost (of one store, in reorder mode). */
static inline void loses(uint32_t nth, unsigned store, uint64_t count)
{
	play_override(CHOICE_SURVIVORS, 0, 0, store, nth, count);
}

#endif
