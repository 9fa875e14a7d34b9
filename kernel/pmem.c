/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Persistent memory, from all that knows of it. */
#include "kernel/pmem.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/dev_pagemap.h"
#include "kernel/nvdimm.h"
#include "kernel/resource.h"
#include "kernel/symbols.h"

/* System RAM in include/linux/ioport.h (4.6), whatever it is called: "System RAM (kmem)". */
#define IORESOURCE_SYSRAM UINT64_C(0x01000000)

/* Namespaces of one marked segment to look for. */
#define NAMESPACES_MAX 4096u

struct search {
	struct kreader *reader;
	const struct types *types;
	struct dump *dump;
	const struct log *log;
	struct ranges device;	/* bytes that are persistent memory, or were before they became RAM */
	struct ranges ram;	/* bytes of System RAM */
	struct ranges *metadata;	/* pfns */
	int64_t desc[2];	/* values of resource.desc that say persistent memory; 0: unknown */
	bool known;
};

/* Bytes [start, end) are the kernel's: every page they touch is. */
static struct err *add_metadata(struct search *search, uint64_t start, uint64_t end)
{
	unsigned int shift = search->dump->page_shift;

	search->known = true;
	return ranges_add(search->metadata, start >> shift,
			  div_round_up(end, UINT64_C(1) << shift));
}

/* What the info block of the namespace at @start says, if there is one. */
static struct err *look_at_block(struct search *search, uint64_t start, uint64_t end,
				 struct nvdimm_block *block, bool *found)
{
	TRY(nvdimm_block_read(kreader_view(search->reader), start, end, block, found));
	if (!*found)
		return NULL;
	log_debug(search->log, "pmem: %s namespace at %#llx, %#llx bytes of metadata, struct pages %s",
		  block->dax ? "devdax" : "fsdax", (unsigned long long)start,
		  (unsigned long long)block->metadata, block->memmap ? "in them" : "in RAM");
	return add_metadata(search, start, start + block->metadata);
}

static bool is_ram(const struct kresource *resource)
{
	return (resource->flags & IORESOURCE_SYSRAM) ||
	       strncmp(resource->name, "System RAM", strlen("System RAM")) == 0;
}

static void find_descs(struct search *search)
{
	static const char *const names[ARRAY_LEN(search->desc)] = {
		"IORES_DESC_PERSISTENT_MEMORY", "IORES_DESC_PERSISTENT_MEMORY_LEGACY",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!types_enumerator(search->types, names[i], &search->desc[i]))
			search->desc[i] = 0;
}

static bool is_pmem(const struct search *search, const struct kresource *resource)
{
	unsigned int region, namespace;

	for (size_t i = 0; i < ARRAY_LEN(search->desc); i++)
		if (search->desc[i] && resource->desc == (uint64_t)search->desc[i])
			return true;
	/* "Persistent Memory (legacy)" too. Regions of virtio_pmem and ppc64 are only known by the second. */
	return strncmp(resource->name, "Persistent Memory", strlen("Persistent Memory")) == 0 ||
	       sscanf(resource->name, "namespace%u.%u", &region, &namespace) == 2;
}

static struct err *visit_resource(void *ctx, const struct kresource *resource)
{
	struct search *search = ctx;
	struct nvdimm_block block;
	bool found;

	if (is_ram(resource))
		return ranges_add(&search->ram, resource->start, resource->end);
	if (!is_pmem(search, resource))
		return NULL;
	TRY(ranges_add(&search->device, resource->start, resource->end));
	return look_at_block(search, resource->start, resource->end, &block, &found);
}

/* Two witnesses of where a namespace's data begins. What either calls metadata is kept. */
static void compare(const struct search *search, const struct dev_pagemap *map,
		    const struct nvdimm_block *block)
{
	uint64_t told = block->memmap ? map->start + block->metadata : 0;

	if (told != map->memmap_end)
		log_warn(search->log, "pmem: namespace at %#llx: struct pages on it end at %#llx by its info"
			 " block and at %#llx by its page map: what is before either is kept",
			 (unsigned long long)map->start, (unsigned long long)told,
			 (unsigned long long)map->memmap_end);
}

static struct err *visit_pagemap(void *ctx, const struct dev_pagemap *map)
{
	struct search *search = ctx;
	struct nvdimm_block block;
	bool found;

	if (!map->fs_dax && !map->generic)
		return NULL;
	TRY(nvdimm_block_read(kreader_view(search->reader), map->start, map->end, &block, &found));
	/* Memory that is no user's has generic page maps, too (Xen's balloon). */
	if (!map->fs_dax && !(found && block.dax) &&
	    !ranges_covers(&search->device, map->start, map->end))
		return NULL;
	log_debug(search->log, "pmem: page map of %s from %#llx to %#llx, data from %#llx on",
		  map->fs_dax ? "fsdax" : "devdax", (unsigned long long)map->start,
		  (unsigned long long)map->end,
		  (unsigned long long)max_u64(map->start, map->memmap_end));
	TRY(ranges_add(&search->device, map->start, map->end));
	search->known = true;
	if (found) {
		compare(search, map, &block);
		TRY(add_metadata(search, map->start, map->start + block.metadata));
	}
	if (map->memmap_end > map->memmap_start)
		return add_metadata(search, map->memmap_start, map->memmap_end);
	return NULL;
}

/* What a walk that failed has found proves nothing; only errors that end the run come back. */
static struct err *forgive(const struct search *search, struct err *e)
{
	if (!e || err_kind(e) == ERR_NOMEM)
		return e;
	if (err_kind(e) == ERR_NOT_FOUND)
		log_debug(search->log, "pmem: %s", err_text(e));
	else
		log_warn(search->log, "pmem: %s: what it says of persistent memory is not believed",
			 err_text(e));
	err_free(e);
	return NULL;
}

static struct err *ask_resources(struct search *search, uint64_t root)
{
	struct err *e;

	find_descs(search);
	e = kresources_for_each(search->reader, search->types, root, visit_resource, search);
	if (e) {
		ranges_deinit(&search->device);
		ranges_deinit(&search->ram);
	}
	return forgive(search, e);
}

static struct err *ask_kernel(struct search *search)
{
	struct symbol_want wants[] = { { .name = "iomem_resource" }, { .name = "pgmap_array" } };

	TRY(forgive(search, ksymbols_find(search->reader, wants, ARRAY_LEN(wants))));
	if (wants[0].found)
		TRY(ask_resources(search, wants[0].address));
	if (wants[1].found)
		TRY(forgive(search, kdev_pagemaps_for_each(search->reader, search->types,
							   wants[1].address, visit_pagemap, search)));
	return NULL;
}

/* Namespaces of a marked segment, one behind the other from its start on. */
static struct err *ask_segment(struct search *search, const struct dump_segment *seg)
{
	uint64_t at = seg->paddr, end = seg->paddr + seg->memsz;
	struct nvdimm_block block;
	bool found = true;

	for (unsigned int i = 0; found && i < NAMESPACES_MAX && at < end; i++) {
		TRY(look_at_block(search, at, end, &block, &found));
		if (found)
			at += min_u64(round_up(min_u64(block.size, end - at), NVDIMM_BLOCK_BYTES), end - at);
	}
	return NULL;
}

static struct err *ask_segments(struct search *search)
{
	const struct dump *dump = search->dump;

	for (size_t i = 0; i < dump->segment_count; i++)
		if (dump->segments[i].is_pmem)
			TRY(ask_segment(search, &dump->segments[i]));
	return NULL;
}

static struct err *mark(struct search *search)
{
	const struct ranges *ram = &search->ram, *device = &search->device;
	size_t i;

	for (i = 0; i < device->count; i++)
		TRY(dump_mark_pmem(search->dump, device->v[i].start, device->v[i].end));
	/* Also of marked segments: whoever marks them does not know that memory was plugged in. */
	for (i = 0; i < ram->count && search->dump->pmem.count; i++)
		TRY(dump_unmark_pmem(search->dump, ram->v[i].start, ram->v[i].end));
	return NULL;
}

/* The kernel's list, where it has one, says it all. */
static struct err *prefer_list(struct search *search)
{
	struct ranges listed;
	bool found;
	struct err *e;

	ranges_init(&listed);
	e = kernel_pmem_listed(search->reader, &listed, &found);
	search->known |= found;
	if (!e && listed.count) {
		ranges_deinit(search->metadata);
		*search->metadata = listed;
		return NULL;
	}
	ranges_deinit(&listed);
	return e;
}

struct err *kernel_find_pmem(struct kreader *reader, const struct types *types,
			     struct ranges *metadata, bool *known)
{
	const struct kernel *kernel = kreader_kernel(reader);
	struct search search = {
		.reader = reader,
		.types = types,
		.dump = kernel->dump,
		.log = kernel->log,
		.metadata = metadata,
	};
	struct err *e = NULL;

	if (types)
		e = ask_kernel(&search);
	if (!e)
		e = ask_segments(&search);
	if (!e)
		e = mark(&search);
	if (!e)
		e = prefer_list(&search);
	ranges_deinit(&search.device);
	ranges_deinit(&search.ram);
	*known = search.known;
	return e;
}
