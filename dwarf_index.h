/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug information as a set of types, and the names in it: what dwarf_types.c asks. */
#ifndef DWARF_INDEX_H
#define DWARF_INDEX_H

#include <elfutils/libdw.h>

#include "base/strmap.h"
#include "facts/types.h"
#include "facts/vmlinux.h"

/* Names by what they name. */
enum dwarf_index {
	INDEX_STRUCT,
	INDEX_UNION,
	INDEX_ENUM,
	INDEX_TYPEDEF,
	INDEX_VARIABLE,
	INDEX_ENUMERATOR,	/* made when first asked */
	INDEX_COUNT,
};

struct dwarf_types {
	struct types types;		/* first: what callers hold */
	struct vmlinux *vmlinux;
	Dwarf *dwarf;
	Dwarf *alternate;		/* where dwz moved common parts; belongs to dwarf; or NULL */
	struct strmap names[INDEX_COUNT];	/* to dwarf_id_value() */
	bool has_enumerators;
};

/*
 * The id of a type: where its entry is, in which of the two files, and, of an
 * array, how many dimensions are already behind. 0 is void: no entry is there.
 */
#define DWARF_ID_OFFSET ((UINT64_C(1) << 48) - 1)
#define DWARF_ID_DIMENSION_SHIFT 48
#define DWARF_ID_ALTERNATE (UINT64_C(1) << 63)

uint64_t dwarf_id_of(const struct dwarf_types *set, Dwarf_Die *die);
bool dwarf_die_of(const struct dwarf_types *set, uint64_t id, Dwarf_Die *ret);

/* What @name names first and completely; false: nothing. */
bool dwarf_lookup(const struct dwarf_types *set, enum dwarf_index index, const char *name,
		  Dwarf_Die *ret);

/* Fill the index, but for the enumerators. */
struct err *dwarf_make_index(struct dwarf_types *set) __attribute__((warn_unused_result));
struct err *dwarf_index_enumerators(struct dwarf_types *set) __attribute__((warn_unused_result));

extern const struct types_ops dwarf_types_ops;

#endif
