/* When to ask again: see pace.h. */
#include "protocols/common/pace.h"

enum { DOUBLINGS = 4 };

void pace_ask(struct env *env, const struct pace *pace, struct asking *asking,
	      const nanoseconds retry[2], unsigned timer, uint64_t key)
{
	nanoseconds longer = (pace->usual + 4 * pace->deviation) / retry[0] + 1;

	if (longer < 1 << DOUBLINGS)
		longer <<= pace->doublings;
	if (longer > 1 << DOUBLINGS)
		longer = 1 << DOUBLINGS;
	env_arm(env, timer, key, longer * retry[0], longer * retry[1]);
	if (asking->times++ == 0)
		asking->since = env_now(env);
	asking->doublings = pace->doublings;
}

/* Of all that were asked at one pace, the first slows it down. */
void pace_waited_in_vain(struct pace *pace, const struct asking *asking)
{
	if (asking->doublings == pace->doublings && pace->doublings < DOUBLINGS)
		pace->doublings++;
}

void pace_answered(const struct env *env, struct pace *pace, const struct asking *asking)
{
	if (asking->times != 1)
		return;
	nanoseconds error = env_now(env) - asking->since - pace->usual;

	pace->usual += error / 8;
	pace->deviation += ((error < 0 ? -error : error) - pace->deviation) / 4;
	pace->doublings = 0;
}

nanoseconds pace_longest(const nanoseconds retry[2])
{
	return retry[1] << DOUBLINGS;
}
