/*
 * Child processes. Each has a process group of its own, so that a key pressed in the terminal
 * reaches the parent alone, and the parent ends a child with everything that the child started.
 *
 * Invariant: an interrupt is seen only where the parent waits. It blocks the signals and polls a
 * signalfd beside the pipe: nothing happens inside a signal handler, and none is missed.
 */
#include "sim/cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* The process's own, as signals are: which end it, and where they are read. */
static sigset_t interrupting;
static int signals = -1;

/* What whoever started us has us ignore (nohup does) stays ignored. */
bool interrupts_watch(void)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action;

	sigemptyset(&interrupting);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (sigaction(all[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&interrupting, all[i]);
	if (sigprocmask(SIG_BLOCK, &interrupting, NULL) != 0)
		return false;
	signals = signalfd(-1, &interrupting, SFD_CLOEXEC);
	return signals >= 0;
}

bool was_interrupted(void)
{
	struct pollfd waiting = {signals, POLLIN, 0};

	return poll(&waiting, 1, 0) > 0;
}

bool child_start(struct child *child, void (*work)(int to, void *context), void *context)
{
	int ends[2];

	*child = (struct child){0};
	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		close(ends[0]), close(ends[1]);
		return false;
	}
	if (pid > 0) {
		setpgid(pid, pid);
		close(ends[1]);
		*child = (struct child){pid, ends[0]};
		return true;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigprocmask(SIG_UNBLOCK, &interrupting, NULL);
	close(ends[0]);
	work(ends[1], context);
	fflush(NULL);
	_exit(0);
}

bool child_tell(int to, const void *bytes, size_t size)
{
	for (const char *at = bytes; size;) {
		ssize_t wrote = write(to, at, size);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		at += wrote;
		size -= (size_t)wrote;
	}
	return true;
}

enum heard child_read(struct child *child, void *bytes, size_t size)
{
	for (char *at = bytes; size;) {
		struct pollfd waiting[] = {{signals, POLLIN, 0}, {child->from, POLLIN, 0}};

		if (poll(waiting, 2, -1) < 0 && errno != EINTR)
			return HEARD_NOTHING_MORE;
		if (waiting[0].revents & POLLIN)
			return HEARD_INTERRUPT;
		if (!waiting[1].revents)
			continue;
		ssize_t got = read(child->from, at, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return HEARD_NOTHING_MORE;
		at += got;
		size -= (size_t)got;
	}
	return HEARD;
}

int child_end(struct child *child)
{
	int status = 0;

	if (!child->pid)
		return 0;
	close(child->from);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

void child_kill(struct child *child)
{
	if (!child->pid)
		return;
	kill(-child->pid, SIGKILL);
	kill(child->pid, SIGKILL);
	child_end(child);
}
