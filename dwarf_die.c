/* SPDX-License-Identifier: GPL-2.0-or-later */
#if USE_DW

#include "dwarf_die.h"

#define TYPEDEFS_MAX 32

bool die_type_of(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Die type;

	if (!dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attr), &type))
		return false;
	for (unsigned int i = 0; i < TYPEDEFS_MAX; i++) {
		switch (dwarf_tag(&type)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
			if (!dwarf_formref_die(dwarf_attr_integrate(&type, DW_AT_type, &attr), &type))
				return false;
			break;
		default:
			*ret = type;
			return true;
		}
	}
	return false;
}

static bool unsigned_attr(Dwarf_Die *die, unsigned int name, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr_integrate(die, name, &attr), &value))
		return false;
	*ret = value;
	return true;
}

bool die_array_length(Dwarf_Die *array, uint64_t *ret)
{
	Dwarf_Die child;
	uint64_t n;

	if (dwarf_tag(array) != DW_TAG_array_type || dwarf_child(array, &child) ||
	    dwarf_tag(&child) != DW_TAG_subrange_type)
		return false;
	if (unsigned_attr(&child, DW_AT_count, &n))
		*ret = n;
	else if (unsigned_attr(&child, DW_AT_upper_bound, &n) && n < DIE_SIZE_MAX)
		*ret = n + 1;
	else
		return false;
	return *ret > 0 && *ret < DIE_SIZE_MAX;
}

bool die_member_offset(Dwarf_Die *member, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr(member, DW_AT_data_member_location, &attr)) {
		*ret = 0;
		/* A union's members have no location. */
		return !dwarf_hasattr(member, DW_AT_data_bit_offset);
	}
	if (unsigned_attr(member, DW_AT_data_member_location, ret))
		return *ret < DIE_SIZE_MAX;
	/* DWARF 2 and 3: an expression that adds a constant. */
	if (dwarf_getlocation(&attr, &ops, &count) || count != 1 || ops[0].atom != DW_OP_plus_uconst)
		return false;
	*ret = ops[0].number;
	return *ret < DIE_SIZE_MAX;
}

bool die_constant_value(Dwarf_Die *enumerator, int64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Sword number;
	Dwarf_Word word;

	if (!dwarf_attr(enumerator, DW_AT_const_value, &attr))
		return false;
	switch (dwarf_whatform(&attr)) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
		if (dwarf_formudata(&attr, &word))
			return false;
		*ret = (int64_t)word;
		return true;
	default:
		if (dwarf_formsdata(&attr, &number))
			return false;
		*ret = number;
		return true;
	}
}

#endif
