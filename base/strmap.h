/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A string-keyed map of pointers, in insertion order; keys are copied. */
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct strmap_entry {
	char *key;
	void *value;
};

struct strmap {
	struct strmap_entry *v;		/* insertion order */
	size_t count;
	size_t room;
	size_t *slots;			/* open addressing; index + 1 into v, 0 empty */
	size_t slot_count;		/* power of two or 0 */
};

/* A zero-filled struct is an empty map. Values belong to the caller. */
void strmap_init(struct strmap *map);
void strmap_deinit(struct strmap *map);

/* The value of @key or NULL. @len is the key's length without NUL. */
void *strmap_get(const struct strmap *map, const char *key, size_t len);

/* Set @key to @value (not NULL); replaces. */
struct err *strmap_put(struct strmap *map, const char *key, size_t len, void *value)
	__attribute__((warn_unused_result));

#endif
