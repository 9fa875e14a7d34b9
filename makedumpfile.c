/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "makedumpfile.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/checked.h"
#include "cli/run.h"

static volatile sig_atomic_t stop_requested;

/* The first signal ends the run in order, so that the output opens; the second ends it now. */
static void on_stop(int signum)
{
	(void)signum;
	if (stop_requested)
		_exit(EXIT_FAILED);
	stop_requested = 1;
	alarm(1);
}

/*
 * A signal that comes between the look at stop_requested and the system call
 * would be missed: reading from or writing to a pipe that stalls never ends.
 * So every second there is one more, until the run is over.
 */
static void on_alarm(int signum)
{
	(void)signum;
	alarm(1);
}

/* A full pipe or a size limit must come back from write(), where the output is closed properly. */
static void set_signals(void)
{
	static const int stops[] = { SIGTERM, SIGINT, SIGHUP };
	static const int ignored[] = { SIGPIPE, SIGXFSZ };
	struct sigaction action = { .sa_handler = on_stop }, old;

	for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
		/* Whoever started us with nohup meant it. */
		if (!sigaction(stops[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(stops[i], &action, NULL);
	}
	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, NULL);
	action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		sigaction(ignored[i], &action, NULL);
}

int main(int argc, char **argv)
{
	set_signals();
	return (int)cli_run(argc, argv, &stop_requested);
}
