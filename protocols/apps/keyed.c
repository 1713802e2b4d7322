/* Commands on one key: see keyed.h. */
#include "protocols/apps/keyed.h"

#include <string.h>

/* ---- Commands -------------------------------------------------------------------------------- */

size_t keyed_draw(const struct drawn *drawn, void *command)
{
	struct keyed_command built = {
		.operation = drawn->operation,
		.key = drawn->key,
		.value = drawn->fresh,
		.expected = drawn->seen,
	};

	memcpy(command, &built, sizeof(built));
	return sizeof(built);
}

unsigned keyed_keys(const void *command, size_t size, uint64_t *keys)
{
	(void)size;
	memcpy(keys, (const char *)command + offsetof(struct keyed_command, key), sizeof(*keys));
	return 1;
}

struct keyed_command keyed_read(struct env *env, const void *command, size_t size)
{
	struct keyed_command read;

	ORDEAL_ASSERT(env, size == sizeof(read));
	memcpy(&read, command, sizeof(read));
	return read;
}

void keyed_tell(const void *command, size_t size, const void *answer, struct told *told)
{
	struct keyed_command read = {0};

	if (size == sizeof(read)) /* whatever else was recorded tells nothing */
		memcpy(&read, command, sizeof(read));
	*told = (struct told){
		.operation = (unsigned)read.operation,
		.answered = answer != NULL,
		.key = read.key,
		.value = read.value,
		.expected = read.expected,
	};
}

size_t keyed_answer(void *answer, bool done)
{
	uint64_t number = done;

	memcpy(answer, &number, sizeof(number));
	return sizeof(number);
}

bool keyed_done(const void *answer, size_t size)
{
	uint64_t number = 0;

	memcpy(&number, answer, size < sizeof(number) ? size : sizeof(number));
	return number != 0;
}
