/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many instructions a function takes: its cost, without a clock. A child
 * runs it and is single-stepped.
 */
#ifndef TESTS_UNIT_STEPS_H
#define TESTS_UNIT_STEPS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void steps_child(void (*fn)(void *), void *arg)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(1);
	raise(SIGSTOP);
	fn(arg);
	raise(SIGSTOP);
	_exit(0);
}

/* Instructions of fn(@arg), with a few around it; 0 where single-stepping is not possible. */
static inline unsigned long steps_of(void (*fn)(void *), void *arg)
{
	unsigned long steps = 0;
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		steps_child(fn, arg);
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		return 0;
	/* The signal of the second raise() ends the count. */
	while (!ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) &&
	       waitpid(child, &status, 0) == child && WIFSTOPPED(status) &&
	       WSTOPSIG(status) == SIGTRAP)
		steps++;
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) == child && !WIFEXITED(status) && !WIFSIGNALED(status))
		;
	return steps;
}

#endif
