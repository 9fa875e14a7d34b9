// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * struct kernel_symbol { s32 value, name, namespace; }: each is the distance from the
 * member itself to what it means. So an entry is a word that leads from its own
 * place to a string that is the name, and neighbours lead to the next names.
 */
#include "kernel/ksymtab.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/image.h"

#define ENTRY_BYTES 12
#define ENTRY_VALUE 0
#define ENTRY_NAME 4

/* Places where a wanted name stands as a string; in descriptions of types, for one. */
#define STRINGS_MAX 1024u

/* As much of a name as is compared, and entries on one side of it that must be in order. */
#define NAME_BYTES 64
#define NEIGHBOURS 8

struct name_place {
	uint64_t va;		/* of the string */
	size_t want;
};

struct ksymtab_search {
	struct kreader *reader;
	enum byte_order order;
	struct symbol_want *wants;
	size_t count;
	struct strmap names;	/* to the first of wants that has the name */
	size_t longest;
	struct name_place *places;
	size_t place_count;
	unsigned int *values;	/* different ones of each want */
};

static void note_place(struct ksymtab_search *search, uint64_t va, size_t want)
{
	if (search->place_count < STRINGS_MAX)
		search->places[search->place_count++] = (struct name_place){ va, want };
}

/*
 * Strings that end in what is new of these bytes. What the bytes begin with may be the
 * end of a string, but then it is longer than any name.
 */
static struct err *find_strings(void *ctx, uint64_t va, const uint8_t *bytes, size_t len,
				size_t seen)
{
	struct ksymtab_search *search = ctx;
	const uint8_t *start = bytes, *end;

	while ((end = memchr(start, 0, len - (size_t)(start - bytes)))) {
		size_t text = (size_t)(end - start);
		const struct symbol_want *want = NULL;

		if (text && text <= search->longest && (size_t)(end - bytes) >= seen)
			want = strmap_get(&search->names, (const char *)start, text);
		if (want)
			note_place(search, va + (uint64_t)(start - bytes),
				   (size_t)(want - search->wants));
		/* A kernel image is full of zeros. */
		for (start = end + 1; start < bytes + len && !*start; start++)
			;
	}
	return NULL;
}

static int compare_places(const void *a, const void *b)
{
	uint64_t x = ((const struct name_place *)a)->va, y = ((const struct name_place *)b)->va;

	return x < y ? -1 : x > y;
}

/* Where the word at @off of what lies at @va leads. */
static uint64_t target(const struct ksymtab_search *search, uint64_t va, const uint8_t *bytes,
		       size_t off)
{
	return va + off + (uint64_t)(int64_t)(int32_t)get_u32(bytes + off, search->order);
}

static bool is_identifier(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") ==
	       strlen(text);
}

/* The name in the entry at @va, cut to NAME_BYTES; false: that is no entry. */
static bool entry_name(const struct ksymtab_search *search, uint64_t va, char *name)
{
	uint8_t raw[ENTRY_BYTES];
	struct err *e = kread(search->reader, va, raw, sizeof(raw));

	if (!e)
		e = kread(search->reader, target(search, va, raw, ENTRY_NAME), name, NAME_BYTES);
	err_free(e);
	name[NAME_BYTES - 1] = '\0';
	return !e && *name && is_identifier(name);
}

/* The kernel looks names up by bisection: behind this entry, or before it, they go on in order. */
static bool in_order(const struct ksymtab_search *search, uint64_t va, bool up)
{
	char name[NAME_BYTES], next[NAME_BYTES];

	if (!entry_name(search, va, name))
		return false;
	for (unsigned int i = 0; i < NEIGHBOURS; i++) {
		va = up ? va + ENTRY_BYTES : va - ENTRY_BYTES;
		if (!entry_name(search, va, next) || (strcmp(name, next) < 0) != up)
			return false;
		memcpy(name, next, sizeof(name));
	}
	return true;
}

/* The word at @va leads to a wanted name: what does the entry around it say? */
static void take_entry(struct ksymtab_search *search, uint64_t va, const struct name_place *place)
{
	struct symbol_want *want = &search->wants[place->want];
	uint64_t entry = va - ENTRY_NAME, value;
	uint8_t raw[ENTRY_BYTES] = { 0 };

	if (!in_order(search, entry, true) && !in_order(search, entry, false))
		return;
	err_free(kread(search->reader, entry, raw, sizeof(raw)));
	value = target(search, entry, raw, ENTRY_VALUE);
	if (search->values[place->want] && want->address == value)
		return;
	want->address = value;
	search->values[place->want]++;
}

static struct err *find_entries(void *ctx, uint64_t va, const uint8_t *bytes, size_t len,
				size_t seen)
{
	struct ksymtab_search *search = ctx;
	uint64_t low = search->places[0].va, high = search->places[search->place_count - 1].va;

	(void)seen;
	for (size_t off = 0; off + 4 <= len; off += 4) {
		struct name_place key = { .va = target(search, va, bytes, off) };
		const struct name_place *place;

		if (key.va < low || key.va > high)
			continue;
		place = bsearch(&key, search->places, search->place_count, sizeof(key),
				compare_places);
		if (place)
			take_entry(search, va + off, place);
	}
	return NULL;
}

static struct err *search_image(struct ksymtab_search *search)
{
	TRY(image_for_each(search->reader, search->longest + 1, find_strings, search));
	if (!search->place_count)
		return NULL;
	qsort(search->places, search->place_count, sizeof(*search->places), compare_places);
	return image_for_each(search->reader, 0, find_entries, search);
}

/* The names that nobody knows, and how long they are. */
static struct err *list_names(struct ksymtab_search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		struct symbol_want *want = &search->wants[i];
		size_t len = strlen(want->name);

		if (want->found || !len || strmap_get(&search->names, want->name, len))
			continue;
		TRY(strmap_put(&search->names, want->name, len, want));
		if (len > search->longest)
			search->longest = len;
	}
	return NULL;
}

/* Where a name is wanted twice, both get what was found. */
static void take_values(struct ksymtab_search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		struct symbol_want *want = &search->wants[i];
		const struct symbol_want *first = strmap_get(&search->names, want->name,
							     strlen(want->name));

		if (!first || !search->values[first - search->wants])
			continue;
		want->address = first->address;
		want->found = search->values[first - search->wants];
	}
}

static struct err *search_all(struct ksymtab_search *search)
{
	struct err *e;

	TRY(list_names(search));
	if (!search->longest)
		return NULL;
	e = search_image(search);
	if (err_kind(e) == ERR_NOT_FOUND) {
		err_free(e);
		return NULL;
	}
	TRY(e);
	take_values(search);
	return NULL;
}

struct err *ksymtab_find(struct kreader *reader, struct symbol_want *wants, size_t count)
{
	struct ksymtab_search search = {
		.reader = reader,
		.order = kreader_kernel(reader)->order,
		.wants = wants,
		.count = count,
		.places = calloc(STRINGS_MAX, sizeof(*search.places)),
		.values = calloc(count + 1, sizeof(*search.values)),
	};
	struct err *e = err_nomem;

	strmap_init(&search.names);
	if (search.places && search.values)
		e = search_all(&search);
	strmap_deinit(&search.names);
	free(search.places);
	free(search.values);
	return e;
}
