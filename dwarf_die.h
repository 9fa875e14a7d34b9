/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to one entry (DIE) of debug information; false: it does not say. */
#ifndef DWARF_DIE_H
#define DWARF_DIE_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

/* No object of a kernel is larger. */
#define DIE_SIZE_MAX (UINT64_C(1) << 40)

/* The type of @die without typedefs and qualifiers. */
bool die_type_of(Dwarf_Die *die, Dwarf_Die *ret);

/* Elements of an array, from its first dimension; at least 1. */
bool die_array_length(Dwarf_Die *array, uint64_t *ret);

/* Where a member lies in the struct that holds its DIE; bit-fields have no offset in bytes. */
bool die_member_offset(Dwarf_Die *member, uint64_t *ret);

/*
 * The value of an enumerator as it was written: constants of one to eight
 * bytes are not negative, those have a form of their own.
 */
bool die_constant_value(Dwarf_Die *enumerator, int64_t *ret);

#endif
