// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BTF from an untrusted dump, and a second set split from it. Byte 0: bit 0 is
 * the byte order; bytes 1 and 2 are the length of the first set, 0 for all.
 */
#include "kernel/btf.h"
#include "tests/fuzz/fuzz.h"

#define IDS 64

/* What was found is described alike whenever it is asked, and what it refers to can be asked about. */
static void look_at(struct type type)
{
	struct type_info info, target;
	struct type_member member;
	uint64_t offset, size;

	if (!type_describe(type, &info))
		return;
	require(info.size <= UINT64_C(1) << 31);
	require(!info.name || strlen(info.name) < BTF_BYTES_MAX);
	if (info.kind == TYPE_POINTER || info.kind == TYPE_ARRAY)
		type_describe(info.target, &target);
	if (type_member(type, "flags", &member)) {
		require(member.bit_offset + member.bit_size <= info.size * 8);
		require(member.bit_size || member.bit_offset % 8 == 0);
		type_describe(member.type, &target);
	}
	if (type_offset(type, "lru.next", &offset, &size))
		require(offset + size <= info.size);
}

static void ask(const struct types *set)
{
	static const char *const names[] = { "page", "list_head", "info", "int", "pageflags" };
	struct type type;
	int64_t value;

	for (uint64_t id = 0; id < IDS; id++)
		look_at((struct type){ .set = set, .id = id });
	look_at((struct type){ .set = set, .id = UINT64_MAX });
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (types_find_any(set, names[i], &type) || types_find(set, TYPE_ENUM, names[i], &type))
			look_at(type);
		if (types_variable(set, names[i], &type))
			look_at(type);
	}
	types_enumerator(set, "PG_lru", &value);
	types_enumerator(set, "WIDE", &value);
}

static struct types *parse(const uint8_t *data, size_t len, enum byte_order order,
			   const struct types *base)
{
	uint8_t *blob = malloc(len + !len);
	struct types *set = NULL;
	struct err *e;

	require(blob != NULL);
	memcpy(blob, data, len);
	e = btf_parse(blob, len, order, base, &set);
	require(!e == !!set);
	err_free(e);
	return set;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum byte_order order;
	struct types *base, *split = NULL;
	size_t first;

	if (len < 3)
		return 0;
	order = data[0] & 1 ? ORDER_BIG : ORDER_LITTLE;
	first = get_u16(data + 1, ORDER_LITTLE);
	data += 3;
	len -= 3;
	if (!first || first > len)
		first = len;
	base = parse(data, first, order, NULL);
	if (base) {
		ask(base);
		split = parse(data + first, len - first, order, base);
	}
	if (split)
		ask(split);
	types_destroy(split);
	types_destroy(base);
	return 0;
}
