// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/behind.h"

/* The stream that a write at @off continues; else the one that rests longer starts anew there. */
static unsigned int stream_at(struct behind *behind, uint64_t off)
{
	unsigned int i;

	for (i = 0; i < BEHIND_STREAMS; i++)
		if (behind->streams[i].filling.end == off)
			return i;
	i = (behind->last + 1) % BEHIND_STREAMS;
	behind->streams[i].filling = (struct range){ .start = off, .end = off };
	return i;
}

bool behind_add(struct behind *behind, uint64_t off, uint64_t len, struct range *ret_start,
		struct range *ret_done)
{
	unsigned int i = stream_at(behind, off);
	struct range *filling = &behind->streams[i].filling, *going = &behind->streams[i].going;

	behind->last = i;
	filling->end = off + len;
	if (filling->end - filling->start < BEHIND_CHUNK)
		return false;
	*ret_start = *filling;
	*ret_done = *going;
	*going = *filling;
	filling->start = filling->end;
	return true;
}
