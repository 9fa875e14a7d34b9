/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts that cannot be true together, and facts that the kernel's own types
 * contradict. Who of the two lies is not known, so neither is believed.
 */
#include <stdio.h>

#include "base/checked.h"
#include "pages/auditor.h"
#include "pages/decode.h"

struct member {
	const char *name;
	bool known;
	uint32_t offset;
	uint32_t width;
	uint32_t classes;	/* that are judged by it */
};

static bool overlap(const struct member *a, const struct member *b)
{
	return a->known && b->known && a->offset < b->offset + b->width &&
	       b->offset < a->offset + a->width;
}

/* No two of these share a byte in any kernel from 2.6.32 to 7.2. */
static void check_members(struct audit *audit)
{
	const struct page_layout *layout = audit->layout;
	uint32_t word = layout->word;
	const struct member members[] = {
		{ "flags", true, layout->flags, word, ALL_CLASSES },
		{ "mapping", true, layout->mapping, word, OWNED_CLASSES },
		{ "_mapcount", layout->has_mapcount, layout->mapcount, 4, ALL_CLASSES },
		{ "private", layout->has_private, layout->private, word, CLASS_BIT(PAGE_FREE) },
		{ "lru", audit->has_lru, audit->lru, 2 * word, 0 },
		{ "_refcount", audit->has_refcount, audit->refcount, 4, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		for (size_t j = i + 1; j < ARRAY_LEN(members); j++) {
			const struct member *a = &members[i], *b = &members[j];

			if (overlap(a, b))
				audit_find(audit, AUDIT_FACTS, a->classes | b->classes,
					   "OFFSET(page.%s)=%u and OFFSET(page.%s)=%u overlap", a->name,
					   a->offset, b->name, b->offset);
		}
	}
}

struct flag {
	const char *name;
	uint64_t mask;
	uint32_t classes;
};

static void check_flags(struct audit *audit)
{
	const struct page_layout *layout = audit->layout;
	const struct flag flags[] = {
		{ "PG_lru", layout->pg_lru, CACHE_CLASSES },
		{ "PG_private", layout->pg_private, CACHE_CLASSES },
		{ "PG_swapcache", layout->pg_swapcache, CACHE_CLASSES },
		{ "PG_swapbacked", layout->pg_swapbacked, CACHE_CLASSES },
		{ "PG_slab", layout->pg_slab, OWNED_CLASSES },
		{ "PG_hwpoison", layout->pg_hwpoison, CLASS_BIT(PAGE_HWPOISON) },
		{ "PG_head_mask", layout->pg_head, OWNED_CLASSES },
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		for (size_t j = i + 1; j < ARRAY_LEN(flags); j++) {
			if (flags[i].mask & flags[j].mask)
				audit_find(audit, AUDIT_FACTS, flags[i].classes | flags[j].classes,
					   "%s and %s are the same bit, mask %#llx", flags[i].name,
					   flags[j].name, (unsigned long long)flags[i].mask);
		}
	}
}

struct type_fact {
	const char *name;
	const struct page_type *type;
	uint32_t classes;
};

/*
 * The type "offline" came as the one beside "buddy" and has stayed there: the next
 * bit since 5.1, the next one down since 6.11, the next number since 6.12.
 */
static bool beside_buddy(uint32_t buddy, uint32_t offline)
{
	uint32_t a = ~buddy, b = ~offline;

	if (buddy >= 0xf0000000u && !(buddy & 0xffffff))
		return offline == buddy + 0x1000000;
	return is_pow2(a) && is_pow2(b) && (a << 1 == b || a >> 1 == b);
}

static void check_types(struct audit *audit)
{
	const struct page_layout *layout = audit->layout;
	const struct type_fact types[] = {
		{ "BUDDY", &layout->buddy, CLASS_BIT(PAGE_FREE) },
		{ "OFFLINE", &layout->offline, CLASS_BIT(PAGE_OFFLINE) },
		{ "SLAB", &layout->slab, OWNED_CLASSES },
		{ "HUGETLB", &layout->hugetlb, CLASS_BIT(PAGE_USER) },
		{ "UNACCEPTED", &layout->unaccepted, CLASS_BIT(PAGE_FREE) },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (type_is(types[i].type, UINT32_MAX) || type_is(types[i].type, 0))
			audit_find(audit, AUDIT_FACTS, types[i].classes,
				   "PAGE_%s_MAPCOUNT_VALUE=%#x is what pages without a type have",
				   types[i].name, types[i].type->value);
		for (size_t j = i + 1; j < ARRAY_LEN(types); j++) {
			if (types[i].type->known && type_is(types[j].type, types[i].type->value))
				audit_find(audit, AUDIT_FACTS, types[i].classes | types[j].classes,
					   "PAGE_%s_MAPCOUNT_VALUE and PAGE_%s_MAPCOUNT_VALUE are both %#x",
					   types[i].name, types[j].name, types[i].type->value);
		}
	}
	if (layout->offline.known && layout->buddy.known &&
	    !beside_buddy(layout->buddy.value, layout->offline.value))
		audit_find(audit, AUDIT_FACTS, CLASS_BIT(PAGE_OFFLINE),
			   "PAGE_OFFLINE_MAPCOUNT_VALUE=%#x is not the one beside "
			   "PAGE_BUDDY_MAPCOUNT_VALUE=%#x", layout->offline.value, layout->buddy.value);
}

void audit_check_facts(struct audit *audit)
{
	check_members(audit);
	check_flags(audit);
	check_types(audit);
	audit->result.ran[AUDIT_FACTS] = true;
}

/* Facts that types have, too, and what is judged by them. */
static const struct {
	const char *fact;	/* as in VMCOREINFO */
	const char *name;	/* of the struct, or of the enumerator */
	const char *member;
	uint32_t classes;
} typed_facts[] = {
	{ "SIZE(page)", "page", NULL, ALL_CLASSES },
	{ "OFFSET(page.flags)", "page", "flags", ALL_CLASSES },
	{ "OFFSET(page.mapping)", "page", "mapping", OWNED_CLASSES },
	{ "OFFSET(page._mapcount)", "page", "_mapcount", ALL_CLASSES },
	{ "OFFSET(page.private)", "page", "private", CLASS_BIT(PAGE_FREE) },
	{ "OFFSET(page.compound_head)", "page", "compound_head", ALL_CLASSES },
	{ "OFFSET(page.compound_info)", "page", "compound_info", ALL_CLASSES },
	{ "OFFSET(page.compound_order)", "page", "compound_order", OWNED_CLASSES },
	{ "OFFSET(page.compound_dtor)", "page", "compound_dtor", OWNED_CLASSES },
	{ "OFFSET(folio._folio_order)", "folio", "_folio_order", OWNED_CLASSES },
	{ "OFFSET(folio._folio_dtor)", "folio", "_folio_dtor", OWNED_CLASSES },
	{ "SIZE(mem_section)", "mem_section", NULL, ALL_CLASSES },
	{ "OFFSET(mem_section.section_mem_map)", "mem_section", "section_mem_map", ALL_CLASSES },
};

/* Enumerators, their numbers shifted to the left by @shift. */
static const struct {
	const char *fact;
	const char *name;
	unsigned int shift;
	uint32_t classes;
} enum_facts[] = {
	{ "PG_lru", "PG_lru", 0, CACHE_CLASSES },
	{ "PG_private", "PG_private", 0, CACHE_CLASSES },
	{ "PG_swapcache", "PG_swapcache", 0, CACHE_CLASSES },
	{ "PG_swapbacked", "PG_swapbacked", 0, CACHE_CLASSES },
	{ "PG_slab", "PG_slab", 0, OWNED_CLASSES },
	{ "PG_hwpoison", "PG_hwpoison", 0, CLASS_BIT(PAGE_HWPOISON) },
	{ "PG_hugetlb", "PG_hugetlb", 0, CLASS_BIT(PAGE_USER) },
	{ "HUGETLB_PAGE_DTOR", "HUGETLB_PAGE_DTOR", 0, CLASS_BIT(PAGE_USER) },
	{ "PAGE_BUDDY_MAPCOUNT_VALUE", "PGTY_buddy", 24, CLASS_BIT(PAGE_FREE) },
	{ "PAGE_OFFLINE_MAPCOUNT_VALUE", "PGTY_offline", 24, CLASS_BIT(PAGE_OFFLINE) },
	{ "PAGE_SLAB_MAPCOUNT_VALUE", "PGTY_slab", 24, OWNED_CLASSES },
	{ "PAGE_HUGETLB_MAPCOUNT_VALUE", "PGTY_hugetlb", 24, CLASS_BIT(PAGE_USER) },
	{ "PAGE_UNACCEPTED_MAPCOUNT_VALUE", "PGTY_unaccepted", 24, CLASS_BIT(PAGE_FREE) },
};

static void compare(struct audit *audit, const char *fact, int64_t said, int64_t typed,
		    const char *provider, uint32_t classes)
{
	if (said != typed)
		audit_find(audit, AUDIT_TYPES, classes, "%s=%lld, but the kernel's types (%s) say %lld",
			   fact, (long long)said, provider, (long long)typed);
}

static void check_typed(struct audit *audit, const struct types *types, size_t i)
{
	const struct fact *fact = strmap_get(&audit->kernel->facts.map, typed_facts[i].fact,
					     strlen(typed_facts[i].fact));
	struct type_info info;
	struct type type;
	uint64_t offset, size;

	if (!fact || fact->kind == FACT_TEXT ||
	    !types_find(types, TYPE_STRUCT, typed_facts[i].name, &type))
		return;
	if (!typed_facts[i].member && type_describe(type, &info))
		offset = info.size;
	else if (!typed_facts[i].member ||
		 !type_offset(type, typed_facts[i].member, &offset, &size))
		return;
	compare(audit, typed_facts[i].fact, fact->value, (int64_t)offset, types->ops->name,
		typed_facts[i].classes);
}

static void check_enum(struct audit *audit, const struct types *types, size_t i)
{
	int64_t said, typed;
	char text[64];

	if (!fact_number(&audit->kernel->facts, enum_facts[i].fact, &said) ||
	    !types_enumerator(types, enum_facts[i].name, &typed))
		return;
	if (enum_facts[i].shift) {
		/* Page types are the top byte of 32 bits with a sign. */
		typed = (int32_t)((uint32_t)typed << enum_facts[i].shift);
		said = (int32_t)said;
	}
	snprintf(text, sizeof(text), "NUMBER(%s)", enum_facts[i].fact);
	compare(audit, text, said, typed, types->ops->name, enum_facts[i].classes);
}

void audit_check_types(struct audit *audit, const struct types *types)
{
	const struct page_layout *layout = audit->layout;
	int64_t bit;

	for (size_t i = 0; i < ARRAY_LEN(typed_facts); i++)
		check_typed(audit, types, i);
	for (size_t i = 0; i < ARRAY_LEN(enum_facts); i++)
		check_enum(audit, types, i);
	if (layout->pg_head && types_enumerator(types, "PG_head", &bit) && bit >= 0 && bit < 64 &&
	    layout->pg_head != UINT64_C(1) << bit)
		audit_find(audit, AUDIT_TYPES, OWNED_CLASSES,
			   "NUMBER(PG_head_mask)=%#llx, but the kernel's types (%s) say bit %lld",
			   (unsigned long long)layout->pg_head, types->ops->name, (long long)bit);
	audit->result.ran[AUDIT_TYPES] = true;
}
