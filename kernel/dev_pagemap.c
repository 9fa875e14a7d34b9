/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk over pgmap_array. */
#include "kernel/dev_pagemap.h"

#include "base/bytes.h"
#include "base/checked.h"
#include "kernel/xarray.h"

/* PGMAP_ALTMAP_VALID (5.3). */
#define FLAG_ALTMAP 1u

#define XARRAY_NODES_MAX (1u << 20)

enum {
	P_TYPE, P_FLAGS, P_START, P_END, P_BASE, P_RESERVE, P_FREE, P_REQUIRED,
	P_RANGES = P_REQUIRED,	/* number of ranges; 5.10 */
	P_FIELDS,
};

static const char *const field_names[P_FIELDS] = {
	"type", "flags", "range.start", "range.end", "altmap.base_pfn", "altmap.reserve", "altmap.free",
	"nr_range",
};

/* Before 5.10 (a4574f63edc6 "mm/memremap_pages: convert to 'struct range'"). */
static const char *const old_names[P_FIELDS] = {
	[P_START] = "res.start", [P_END] = "res.end",
};

struct field {
	uint64_t offset, size;
};

struct walk {
	struct kreader *reader;
	struct err *(*fn)(void *ctx, const struct dev_pagemap *map);
	void *ctx;
	struct field fields[P_FIELDS];
	bool several;		/* nr_range is known: there may be more than one */
	int64_t fs_dax, generic;	/* values of enum memory_type; -1: unknown */
	struct ranges seen;	/* addresses of structs */
	unsigned int count;
	bool ended;		/* by @fn, or for lack of memory */
	unsigned int bad;	/* damaged maps */
};

static bool find_field(struct type type, const char *name, struct field *ret)
{
	return name && type_offset(type, name, &ret->offset, &ret->size) &&
	       (ret->size == 4 || ret->size == 8);
}

static struct err *find_fields(struct walk *walk, const struct types *types)
{
	struct type type;

	if (!types_find(types, TYPE_STRUCT, "dev_pagemap", &type))
		return err_new(ERR_NOT_FOUND, "struct dev_pagemap is not known");
	for (unsigned int i = 0; i < P_REQUIRED; i++)
		if (!find_field(type, field_names[i], &walk->fields[i]) &&
		    !find_field(type, old_names[i], &walk->fields[i]))
			return err_new(ERR_NOT_FOUND, "dev_pagemap.%s is not known", field_names[i]);
	walk->several = find_field(type, field_names[P_RANGES], &walk->fields[P_RANGES]);
	if (!types_enumerator(types, "MEMORY_DEVICE_FS_DAX", &walk->fs_dax))
		walk->fs_dax = -1;
	if (!types_enumerator(types, "MEMORY_DEVICE_GENERIC", &walk->generic) &&
	    !types_enumerator(types, "MEMORY_DEVICE_DEVDAX", &walk->generic))
		walk->generic = -1;
	return NULL;
}

/* Field @i of the struct at @address, moved on by @skip bytes. */
static struct err *read_field(const struct walk *walk, uint64_t address, unsigned int i,
			      uint64_t skip, uint64_t *ret)
{
	const struct field *field = &walk->fields[i];
	uint8_t bytes[8];

	TRY(kread(walk->reader, address + field->offset + skip, bytes, (size_t)field->size));
	*ret = get_word(bytes, (unsigned int)field->size, kreader_kernel(walk->reader)->order);
	return NULL;
}

static struct err *read_range(const struct walk *walk, uint64_t number, struct dev_pagemap *map)
{
	/* An array of struct range, of which range.start and range.end are the first one's. */
	uint64_t skip = number * 2 * walk->fields[P_END].size;

	TRY(read_field(walk, map->address, P_START, skip, &map->start));
	TRY(read_field(walk, map->address, P_END, skip, &map->end));
	if (map->end < map->start || map->end == UINT64_MAX)
		return err_new(ERR_BAD_INPUT, "range %#llx to %#llx", (unsigned long long)map->start,
			       (unsigned long long)map->end);
	map->end++;
	return NULL;
}

/* vmem_altmap_offset(): pages for drivers and for struct pages come first, from base_pfn on. */
static struct err *read_memmap(const struct walk *walk, struct dev_pagemap *map)
{
	unsigned int shift = kreader_kernel(walk->reader)->page_shift;
	uint64_t flags, base, reserve, pages, end;

	TRY(read_field(walk, map->address, P_FLAGS, 0, &flags));
	if (!(flags & FLAG_ALTMAP))
		return NULL;
	TRY(read_field(walk, map->address, P_BASE, 0, &base));
	TRY(read_field(walk, map->address, P_RESERVE, 0, &reserve));
	TRY(read_field(walk, map->address, P_FREE, 0, &pages));
	if (!checked_add(base, reserve, &end) || !checked_add(end, pages, &end) ||
	    end > UINT64_MAX >> shift || end << shift > map->end)
		return err_new(ERR_BAD_INPUT, "altmap of %#llx and %#llx pages from pfn %#llx on is not in"
			       " its range", (unsigned long long)reserve, (unsigned long long)pages,
			       (unsigned long long)base);
	/* The base is that of a section: what is before the range is not the device's. */
	map->memmap_start = min_u64(max_u64(base << shift, map->start), end << shift);
	map->memmap_end = end << shift;
	return NULL;
}

static struct err *read_map(struct walk *walk, uint64_t address)
{
	struct dev_pagemap map = { .address = address };
	uint64_t type, count = 1;
	struct err *e;

	TRY(read_field(walk, address, P_TYPE, 0, &type));
	if (walk->several)
		TRY(read_field(walk, address, P_RANGES, 0, &count));
	if (count == 0 || count > DEV_PAGEMAP_RANGES_MAX)
		return err_new(ERR_BAD_INPUT, "%llu ranges", (unsigned long long)count);
	map.fs_dax = (int64_t)type == walk->fs_dax;
	map.generic = (int64_t)type == walk->generic;
	for (uint64_t i = 0; i < count; i++) {
		TRY(read_range(walk, i, &map));
		map.memmap_start = map.memmap_end = 0;
		if (i == 0)
			TRY(read_memmap(walk, &map));
		e = walk->fn(walk->ctx, &map);
		walk->ended = e != NULL;
		if (e)
			return e;
	}
	return NULL;
}

static struct err *visit(void *ctx, uint64_t index, uint64_t entry)
{
	struct walk *walk = ctx;
	struct err *e;

	(void)index;
	if (ranges_contains(&walk->seen, entry))
		return NULL;
	if (walk->count++ == DEV_PAGEMAPS_MAX)
		return err_new(ERR_BAD_INPUT, "pgmap_array: more than %u device page maps",
			       DEV_PAGEMAPS_MAX);
	TRY(ranges_add(&walk->seen, entry, entry + 1));
	e = read_map(walk, entry);
	if (walk->ended || err_kind(e) == ERR_NOMEM)
		return e;
	if (e && walk->bad++ == 0)
		log_warn(kreader_kernel(walk->reader)->log, "device page map at %#llx: %s, ignored",
			 (unsigned long long)entry, err_text(e));
	err_free(e);
	return NULL;
}

struct err *kdev_pagemaps_for_each(struct kreader *reader, const struct types *types, uint64_t array,
				   struct err *(*fn)(void *ctx, const struct dev_pagemap *map), void *ctx)
{
	struct walk walk = { .reader = reader, .fn = fn, .ctx = ctx };
	struct err *e;

	TRY(find_fields(&walk, types));
	e = kxarray_for_each(reader, types, array, XARRAY_NODES_MAX, visit, &walk);
	ranges_deinit(&walk.seen);
	if (walk.bad > 1)
		log_warn(kreader_kernel(reader)->log, "%u device page maps ignored", walk.bad);
	return e;
}
