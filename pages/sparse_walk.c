/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPARSEMEM's tables: from a section number to its struct pages. */
#include <stdlib.h>

#include "base/checked.h"
#include "pages/sparse.h"

/*
 * Low bits of section_mem_map. The map's address is at least page aligned and
 * so is what is subtracted from it, and the kernel guarantees 6 free bits;
 * 6.15 uses the sixth (SECTION_IS_VMEMMAP_PREINIT), older kernels have zeros there.
 */
#define SECTION_PRESENT 0x1u
#define SECTION_HAS_MEM_MAP 0x2u
#define SECTION_ONLINE 0x4u		/* since 4.13 (2d070eab2e82) */
#define SECTION_FLAGS 0x3fu

/* Sections whose struct pages are tried before a reading of the tables is given up. */
#define PROBES 16u

/* With this many bad sections the tables are not worth walking on; the rest stays. */
#define FAILURES_MAX (UINT64_C(1) << 20)

/* A page-sized piece of a table, counted from the table's start: words never straddle two. */
struct table_piece {
	uint64_t va;
	bool valid;
	uint8_t *bytes;
};

struct walk {
	struct mem_map_build *build;
	const struct sparse_form *form;
	size_t page_size;
	struct table_piece array;
	struct table_piece root;
	struct sparse_stats stats;
	unsigned int probes;
	bool add;
	bool skip_offline;
};

/* The word at @off of the table at @base. */
static struct err *table_word(struct walk *walk, struct table_piece *piece, uint64_t base,
			      uint64_t off, uint64_t *ret)
{
	const struct kernel *kernel = walk->build->kernel;
	uint64_t va = base + round_down(off, walk->page_size);
	struct err *e;

	if (!piece->valid || piece->va != va) {
		e = kread(walk->build->reader, va, piece->bytes, walk->page_size);
		piece->valid = !e;
		piece->va = va;
		/* The end of a table may share its piece with memory that is not there. */
		if (e) {
			err_free(e);
			return kread_word(walk->build->reader, base + off, ret);
		}
	}
	*ret = get_word(piece->bytes + off % walk->page_size, kernel->word, kernel->order);
	return NULL;
}

/* section_mem_map of section @n; 0 when there is no such section. */
static struct err *section_word(struct walk *walk, uint64_t n, uint64_t *ret)
{
	const struct sparse_form *form = walk->form;
	uint64_t root;

	if (n / form->per_root >= form->roots) {
		*ret = 0;
		return NULL;
	}
	if (!form->extreme)
		return table_word(walk, &walk->array, form->array,
				  n * form->section_size + form->map_off, ret);
	TRY(table_word(walk, &walk->array, form->array,
		       n / form->per_root * walk->build->kernel->word, &root));
	if (!root) {
		*ret = 0;
		return NULL;
	}
	if (!mem_map_kernel_address(walk->build, root))
		return err_new(ERR_BAD_INPUT, "no address");
	return table_word(walk, &walk->root, root,
			  n % form->per_root * form->section_size + form->map_off, ret);
}

static void probe(struct walk *walk, uint64_t pfn, uint64_t first, uint64_t va)
{
	if (walk->stats.probed || walk->probes >= PROBES)
		return;
	walk->probes++;
	walk->stats.probed = mem_map_probe(walk->build,
					   va + (pfn - first) * walk->build->map->struct_size);
}

/* Section @n, of which @pfn is the first page in the dump. */
static struct err *walk_section(struct walk *walk, uint64_t n, uint64_t pfn)
{
	unsigned int shift = walk->form->section_shift;
	struct mem_map_build *build = walk->build;
	uint64_t word, va, first = n << shift;
	bool ok = true;
	struct err *e = section_word(walk, n, &word);

	if (e) {
		if (err_is_unreadable(e))
			walk->stats.unreadable++;
		else
			walk->stats.nonsense++;
		err_free(e);
		return NULL;
	}
	if (!(word & SECTION_PRESENT) || !(word & SECTION_HAS_MEM_MAP)) {
		walk->stats.absent++;
		return NULL;
	}
	va = ((word & ~(uint64_t)SECTION_FLAGS) + first * build->map->struct_size) & build->va_max;
	if (!mem_map_kernel_address(build, va)) {
		walk->stats.nonsense++;
		return NULL;
	}
	walk->stats.usable++;
	probe(walk, pfn, first, va);
	if (!(word & SECTION_ONLINE)) {
		walk->stats.offline++;
		if (walk->skip_offline)
			return NULL;
	}
	if (walk->add)
		TRY(mem_map_add(build, first, UINT64_C(1) << shift, va, &ok));
	walk->stats.nonsense += !ok;
	return NULL;
}

static struct err *walk_sections(struct walk *walk)
{
	const struct dump *dump = walk->build->kernel->dump;
	unsigned int shift = walk->form->section_shift;
	struct range range;
	bool found;

	for (uint64_t next = 0;; next = ((range.start >> shift) + 1) << shift) {
		TRY(dump_next_present(dump, next, dump->max_mapnr, &range, &found));
		if (!found || walk->stats.unreadable + walk->stats.nonsense > FAILURES_MAX)
			return NULL;
		TRY(walk_section(walk, range.start >> shift, range.start));
	}
}

struct err *sparse_walk(struct mem_map_build *build, const struct sparse_form *form, bool add,
			bool skip_offline, struct sparse_stats *ret)
{
	size_t page_size = (size_t)1 << build->kernel->page_shift;
	uint8_t *bytes = malloc(2 * page_size);
	struct walk walk = {
		.build = build,
		.form = form,
		.page_size = page_size,
		.array.bytes = bytes,
		.root.bytes = bytes ? bytes + page_size : NULL,
		.add = add,
		.skip_offline = skip_offline,
	};
	struct err *e;

	if (!bytes)
		return err_nomem;
	e = walk_sections(&walk);
	free(bytes);
	TRY(e);
	*ret = walk.stats;
	return NULL;
}
