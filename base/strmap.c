// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/strmap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void strmap_init(struct strmap *map)
{
	*map = (struct strmap){ 0 };
}

void strmap_deinit(struct strmap *map)
{
	for (size_t i = 0; i < map->count; i++)
		free(map->v[i].key);
	free(map->v);
	free(map->slots);
	strmap_init(map);
}

/* FNV-1a, 64 bits. */
static uint64_t hash_key(const char *key, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)key[i]) * 0x100000001b3ull;
	return hash ^ hash >> 32;
}

/* The slot that holds @key, or the empty one where it belongs; slot_count > 0. */
static size_t find_slot(const struct strmap *map, const char *key, size_t len)
{
	size_t mask = map->slot_count - 1;
	size_t slot = (size_t)hash_key(key, len) & mask;

	while (map->slots[slot]) {
		const char *have = map->v[map->slots[slot] - 1].key;

		if (!strncmp(have, key, len) && !have[len])
			break;
		slot = (slot + 1) & mask;
	}
	return slot;
}

void *strmap_get(const struct strmap *map, const char *key, size_t len)
{
	size_t index;

	if (!map->slot_count || memchr(key, 0, len))
		return NULL;
	index = map->slots[find_slot(map, key, len)];
	return index ? map->v[index - 1].value : NULL;
}

/* At most half of the slots are ever in use, so a search always meets an empty one. */
static struct err *grow_slots(struct strmap *map)
{
	struct strmap bigger = *map;

	if (map->count + 1 <= map->slot_count / 2)
		return NULL;
	bigger.slot_count = map->slot_count ? map->slot_count * 2 : 16;
	bigger.slots = calloc(bigger.slot_count, sizeof(*bigger.slots));
	if (!bigger.slots)
		return err_nomem;
	for (size_t i = 0; i < map->count; i++) {
		const char *key = map->v[i].key;

		bigger.slots[find_slot(&bigger, key, strlen(key))] = i + 1;
	}
	free(map->slots);
	*map = bigger;
	return NULL;
}

static struct err *grow_entries(struct strmap *map)
{
	struct strmap_entry *v = array_more(map->v, map->count, &map->room, sizeof(*v), 8);

	if (!v)
		return err_nomem;
	map->v = v;
	return NULL;
}

struct err *strmap_put(struct strmap *map, const char *key, size_t len, void *value)
{
	size_t slot;
	char *copy;

	if (memchr(key, 0, len))
		return err_new(ERR_BAD_INPUT, "a NUL byte inside the name \"%s\"", key);
	TRY(grow_slots(map));
	slot = find_slot(map, key, len);
	if (map->slots[slot]) {
		map->v[map->slots[slot] - 1].value = value;
		return NULL;
	}
	TRY(grow_entries(map));
	copy = strndup(key, len);
	if (!copy)
		return err_nomem;
	map->v[map->count] = (struct strmap_entry){ .key = copy, .value = value };
	map->slots[slot] = ++map->count;
	return NULL;
}
