// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/progress.h"

#include <stddef.h>

struct err *progress_tick(const struct progress *progress, enum phase phase, uint64_t done,
			  uint64_t total)
{
	if (!progress)
		return NULL;
	if (progress->tick)
		progress->tick(progress, phase, done, total);
	if (progress->stop && *progress->stop)
		return err_stopped;
	return NULL;
}
