/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SPARSEMEM: finding out how its tables are to be read.
 *
 * The facts leave open, for some kernels, how large a section is, whether there
 * are roots (EXTREME), and whether SYMBOL(mem_section) is the array's address
 * or that of a pointer to it. Each reading the facts allow is tried on the
 * dump, likeliest first; one that yields nonsense is not used.
 */
#include "pages/sparse.h"

#include <elf.h>

#include "base/checked.h"

/*
 * SECTION_SIZE_BITS where nobody says it (VMCOREINFO does since 5.13, 4f5aecdff25f;
 * it is a macro, so no description of types does): arch/NAME/include/asm/sparsemem.h.
 * Of several for a machine the smaller come first: with too small ones most of the
 * dump's memory has no section, with too large ones it still may have.
 */
static const struct {
	uint16_t machine;
	uint8_t page_shift;	/* 0: any */
	uint8_t bits;
} section_bits[] = {
	{ EM_X86_64, 0, 27 },
	/* Since 5.12, f0b13ee23241 ("arm64/sparsemem: reduce SECTION_SIZE_BITS"). */
	{ EM_AARCH64, 12, 27 },
	{ EM_AARCH64, 14, 27 },
	{ EM_AARCH64, 16, 29 },
	{ EM_AARCH64, 0, 30 },
	{ EM_ARM, 0, 28 },
	{ EM_PPC64, 0, 24 },
	{ EM_S390, 0, 28 },
	{ EM_RISCV, 0, 27 },
	{ EM_MIPS, 0, 28 },
	{ EM_SPARCV9, 0, 30 },
	{ EM_IA_64, 0, 30 },
	{ EM_SH, 0, 26 },
};

/* The @nth size that the machine's kernels may have; 0: there is none. */
static unsigned int section_bits_of(const struct kernel *kernel, unsigned int nth)
{
	if (kernel->arch->machine == EM_386 && !nth)
		return fact_has(&kernel->facts, "CONFIG_X86_PAE") ? 29 : 26;
	for (size_t i = 0; i < ARRAY_LEN(section_bits); i++) {
		if (section_bits[i].machine != kernel->arch->machine ||
		    (section_bits[i].page_shift && section_bits[i].page_shift != kernel->page_shift))
			continue;
		if (!nth--)
			return section_bits[i].bits;
	}
	return 0;
}

static unsigned int log2_of(uint64_t v)
{
	return v ? log2_floor(v) : 0;
}

/* A number of bits as a fact; 0 when it is missing or absurd. */
static unsigned int bits_fact(const struct kernel *kernel, const char *name)
{
	int64_t bits;

	if (!fact_number(&kernel->facts, name, &bits) || bits < 1 || bits > 64)
		return 0;
	return (unsigned int)bits;
}

/* What is known before anything is tried. */
struct sparse_facts {
	uint64_t symbol;
	uint64_t section_size;
	uint64_t map_off;
	uint64_t length;		/* 0 unknown */
	uint64_t per_root;		/* with EXTREME; 0: no roots possible */
	unsigned int section_bits;	/* 0 unknown */
	unsigned int memory_bits;	/* 0 unknown */
};

static struct err *find_facts(const struct kernel *kernel, struct sparse_facts *ret)
{
	const struct facts *facts = &kernel->facts;
	uint64_t page_size = UINT64_C(1) << kernel->page_shift;
	struct sparse_facts known = { 0 };

	if (!fact_symbol(facts, "mem_section", &known.symbol) ||
	    !fact_size(facts, "mem_section", &known.section_size) ||
	    !fact_offset(facts, "mem_section.section_mem_map", &known.map_off))
		return err_not_found;
	if (!is_pow2(known.section_size) || known.section_size > page_size ||
	    !range_fits(known.map_off, kernel->word, known.section_size) ||
	    known.map_off % kernel->word)
		return err_new(ERR_BAD_INPUT, "SIZE(mem_section)=%llu with section_mem_map at %llu is "
			       "no table of sections", (unsigned long long)known.section_size,
			       (unsigned long long)known.map_off);
	if (!fact_length(facts, "mem_section", &known.length))
		known.length = 0;
	known.per_root = page_size / known.section_size;
	known.section_bits = bits_fact(kernel, "SECTION_SIZE_BITS");
	known.memory_bits = bits_fact(kernel, "MAX_PHYSMEM_BITS");
	*ret = known;
	return NULL;
}

/*
 * Section size for one reading: the fact, or what makes LENGTH(mem_section) and
 * MAX_PHYSMEM_BITS agree, or the @nth of the architecture's. 0 when none applies.
 */
static unsigned int form_section_bits(const struct kernel *kernel,
				      const struct sparse_facts *known, bool extreme,
				      unsigned int nth)
{
	unsigned int sections_log2 = log2_of(known->length) +
				     (extreme ? log2_of(known->per_root) : 0);

	if (known->section_bits)
		return nth ? 0 : known->section_bits;
	if (known->memory_bits && known->length)
		return !nth && known->memory_bits > sections_log2 ?
		       known->memory_bits - sections_log2 : 0;
	return section_bits_of(kernel, nth);
}

/* The facts do not rule this reading out. */
static bool form_possible(const struct sparse_facts *known, bool extreme)
{
	uint64_t sections;

	if (!known->section_bits || !known->memory_bits || !known->length ||
	    known->memory_bits < known->section_bits)
		return true;
	sections = UINT64_C(1) << (known->memory_bits - known->section_bits) % 64;
	return known->length == (extreme ? div_round_up(sections, known->per_root) : sections);
}

static bool form_init(const struct kernel *kernel, const struct sparse_facts *known, bool extreme,
		      unsigned int nth, struct sparse_form *ret)
{
	unsigned int bits = form_section_bits(kernel, known, extreme, nth);

	if (!form_possible(known, extreme) || bits <= kernel->page_shift || bits > 48)
		return false;
	*ret = (struct sparse_form){
		.extreme = extreme,
		.guessed = section_bits_of(kernel, 1) && !known->section_bits &&
			   !(known->memory_bits && known->length),
		.array = known->symbol,
		.section_shift = bits - kernel->page_shift,
		.section_size = known->section_size,
		.map_off = known->map_off,
		.per_root = extreme ? known->per_root : 1,
		.roots = known->length ? known->length : UINT64_MAX,
	};
	return true;
}

/*
 * A right reading may meet damaged tables, a wrong one meets little else; one
 * section in 16 is where the line is drawn. Where the size of sections is a guess,
 * most of the dump's memory has to lie in some.
 */
static bool stats_good(const struct sparse_stats *stats, bool guessed)
{
	return stats->usable && stats->probed && stats->nonsense <= stats->usable / 16 &&
	       (!guessed || stats->absent <= stats->usable);
}

/* Try one reading; when it is good, take the runs, else say in the log what was seen. */
static struct err *try_form(struct mem_map_build *build, const struct sparse_form *form,
			    bool *taken)
{
	struct sparse_stats stats;
	bool skip_offline;

	TRY(sparse_walk(build, form, false, false, &stats));
	*taken = stats_good(&stats, form->guessed);
	if (!*taken) {
		log_debug(build->kernel->log, "mem_section at %#llx as %s: %llu sections usable, "
			  "%llu absent, %llu nonsense, %llu unreadable%s",
			  (unsigned long long)form->array, form->extreme ? "roots" : "sections",
			  (unsigned long long)stats.usable, (unsigned long long)stats.absent,
			  (unsigned long long)stats.nonsense, (unsigned long long)stats.unreadable,
			  stats.usable && !stats.probed ? ", no struct page readable" : "");
		build->map->bad_sections += stats.unreadable;
		return NULL;
	}
	/*
	 * Where a section is marked online at all (4.13+), one that is not has
	 * struct pages that the kernel itself does not look at (pfn_to_online_page()):
	 * never initialised, or left over. Device memory (ZONE_DEVICE) is never
	 * online; none of its pages has a class to drop.
	 */
	skip_offline = stats.offline < stats.usable;
	TRY(sparse_walk(build, form, true, skip_offline, &stats));
	build->map->model = form->extreme ? MODEL_SPARSE_EXTREME : MODEL_SPARSE;
	build->map->bad_sections = stats.unreadable + stats.nonsense;
	build->map->offline_sections = skip_offline ? stats.offline : 0;
	return NULL;
}

/*
 * 4.15 made mem_section a pointer to the array (83e3c48729d9) and VMCOREINFO
 * exports its value (a0b1280368d1), so SYMBOL() still is the array; but not in
 * kernels with only the first change, nor when the symbol comes from elsewhere.
 */
static struct err *try_extreme(struct mem_map_build *build, struct sparse_form *form, bool *taken)
{
	uint64_t symbol = form->array;
	struct err *e;

	TRY(try_form(build, form, taken));
	if (*taken)
		return NULL;
	e = kread_word(build->reader, symbol, &form->array);
	if (e || !mem_map_kernel_address(build, form->array)) {
		err_free(e);
		return NULL;
	}
	return try_form(build, form, taken);
}

/* All readings with the @nth size of sections; *possible: there is such a size. */
static struct err *try_size(struct mem_map_build *build, const struct sparse_facts *known,
			    unsigned int nth, bool *possible, bool *taken)
{
	const struct kernel *kernel = build->kernel;
	struct sparse_form form;

	*possible = false;
	if (form_init(kernel, known, true, nth, &form)) {
		*possible = true;
		TRY(try_extreme(build, &form, taken));
	}
	if (!*taken && form_init(kernel, known, false, nth, &form)) {
		*possible = true;
		TRY(try_form(build, &form, taken));
	}
	return NULL;
}

struct err *mem_map_sparse(struct mem_map_build *build)
{
	bool taken = false, possible = true;
	struct sparse_facts known;

	TRY(find_facts(build->kernel, &known));
	for (unsigned int nth = 0; !taken && possible; nth++)
		TRY(try_size(build, &known, nth, &possible, &taken));
	if (!taken)
		return err_new(ERR_BAD_INPUT, "SYMBOL(mem_section)=%llx: %s",
			       (unsigned long long)known.symbol,
			       build->map->bad_sections ? "the section tables cannot be read" :
			       "no reading of the section tables gives struct pages");
	return NULL;
}
