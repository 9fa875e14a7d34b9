/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays that grow by doubling: an element costs the same however many there are. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stdint.h>
#include <stdlib.h>

/*
 * Room for an element behind the first @count of @v, which has room for *room of
 * @size bytes each, and gets room for @first to begin with. Returns the array, moved
 * perhaps, or NULL without memory: then @v and *room are as before.
 */
static inline void *array_more(void *v, size_t count, size_t *room, size_t size, size_t first)
{
	size_t more = *room ? 2 * *room : first;

	if (count < *room)
		return v;
	v = *room > SIZE_MAX / 2 ? NULL : reallocarray(v, more, size);
	if (v)
		*room = more;
	return v;
}

#endif
