// SPDX-License-Identifier: GPL-2.0-or-later
/* BTF, whole and split, in both byte orders, and what is wrong with damaged ones. */
#include "kernel/btf.h"
#include "tests/unit/btfbuild.h"
#include "tests/unit/unit.h"

enum {
	INT = 1, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC,
	FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64,
};

static struct err *load(const struct btfbuild *b, uint32_t hdr_len, const struct types *base,
			struct types **ret)
{
	size_t len;
	uint8_t *blob = btfbuild_blob(b, hdr_len, &len);

	return btf_parse(blob, len, b->order, base, ret);
}

/*
 * struct page { unsigned long flags; union { struct { list_head_t lru; void *mapping; };
 * struct pgmap *pgmap; }; int count; } as page, and one of everything else.
 */
static void fill(struct btfbuild *b)
{
	uint32_t ulong_id = btfbuild_int(b, "long unsigned int", 8, 0, 64);	/* 1 */
	uint32_t int_id = btfbuild_int(b, "int", 4, 1, 32);			/* 2 */
	uint32_t ptr = btfbuild_record(b, "", PTR, false, 0, 0);		/* 3, void * */
	uint32_t list = btfbuild_record(b, "list_head", STRUCT, false, 2, 16);	/* 4 */
	uint32_t inner, outer, id;

	btfbuild_member(b, "next", ptr, 0);
	btfbuild_member(b, "prev", ptr, 64);
	id = btfbuild_record(b, "list_head_t", TYPEDEF, false, 0, list);	/* 5 */
	id = btfbuild_record(b, "", CONST, false, 0, id);			/* 6 */
	inner = btfbuild_record(b, "", STRUCT, false, 2, 24);			/* 7 */
	btfbuild_member(b, "lru", id, 0);
	btfbuild_member(b, "mapping", ptr, 128);
	outer = btfbuild_record(b, "", UNION, false, 2, 24);			/* 8 */
	btfbuild_member(b, "", inner, 0);
	btfbuild_member(b, "pgmap", ptr, 0);
	btfbuild_record(b, "page", FWD, false, 0, 0);				/* 9: incomplete */
	btfbuild_record(b, "page", STRUCT, false, 3, 40);			/* 10 */
	btfbuild_member(b, "flags", ulong_id, 0);
	btfbuild_member(b, "", outer, 64);
	btfbuild_member(b, "count", int_id, 256);
	id = btfbuild_array(b, int_id, ulong_id, 6);				/* 11 */
	id = btfbuild_array(b, id, ulong_id, 5);				/* 12: int [5][6] */
	btfbuild_record(b, "info", STRUCT, true, 4, 128);			/* 13 */
	btfbuild_member(b, "facility", int_id, 0);
	btfbuild_member(b, "flags", int_id, 5 << 24 | 32);
	btfbuild_member(b, "level", int_id, 3 << 24 | 37);
	btfbuild_member(b, "table", id, 64);
	btfbuild_record(b, "pageflags", ENUM, false, 3, 4);			/* 14 */
	btfbuild_value(b, "PG_locked", 0);
	btfbuild_value(b, "PG_lru", 5);
	btfbuild_value(b, "PG_big", 0x80000000);
	btfbuild_record(b, "sign", ENUM, true, 1, 4);				/* 15 */
	btfbuild_value(b, "MINUS_TWO", (uint32_t)-2);
	btfbuild_record(b, "wide", ENUM64, false, 1, 8);			/* 16 */
	btfbuild_value(b, "WIDE", 0x89abcdef);
	btfbuild_u32(b, 0x01234567);
	id = btfbuild_record(b, "cpu_var", VAR, false, 0, 13);			/* 17 */
	btfbuild_u32(b, 1);
	btfbuild_record(b, ".data..percpu", DATASEC, false, 1, 128);		/* 18 */
	btfbuild_u32(b, id);
	btfbuild_u32(b, 0);
	btfbuild_u32(b, 128);
	id = btfbuild_record(b, "", FUNC_PROTO, false, 1, int_id);		/* 19 */
	btfbuild_value(b, "arg", ptr);
	btfbuild_record(b, "page", FUNC, false, 1, id);				/* 20: a function of that name */
	btfbuild_record(b, "double", FLOAT, false, 0, 8);			/* 21 */
	btfbuild_record(b, "tag", DECL_TAG, false, 0, 10);			/* 22 */
	btfbuild_u32(b, 0xffffffff);
	btfbuild_record(b, "user", TYPE_TAG, false, 0, int_id);			/* 23 */
	btfbuild_record(b, "", VOLATILE, false, 0, 23);				/* 24 */
	btfbuild_record(b, "tagged_t", TYPEDEF, false, 0, 24);			/* 25 */
}

static struct type_info describe(struct type type)
{
	struct type_info info = { .kind = TYPE_VOID };

	CHECK(type_describe(type, &info));
	return info;
}

static void check_page(const struct types *set)
{
	uint64_t offset = 0, size = 0;
	struct type page = { .set = NULL };

	CHECK(types_find(set, TYPE_STRUCT, "page", &page));
	CHECK_EQ(describe(page).size, 40);
	CHECK(!strcmp(describe(page).name, "page"));
	CHECK(type_offset(page, "mapping", &offset, &size) && offset == 24 && size == 8);
	CHECK(type_offset(page, "lru.prev", &offset, &size) && offset == 16 && size == 8);
	CHECK(type_offset(page, "pgmap", &offset, &size) && offset == 8);
	CHECK(type_offset(page, "count", &offset, &size) && offset == 32 && size == 4);
	CHECK(!type_offset(page, "next", &offset, &size));
	CHECK(!type_offset(page, "lru.", &offset, &size));
	CHECK(!type_offset(page, "", &offset, &size));
	CHECK(!type_offset(page, "mapping.x", &offset, &size));
}

static void check_others(const struct types *set)
{
	struct type type = { .set = NULL };
	struct type_member member = { .bit_offset = 0 };
	uint64_t offset, size;

	CHECK(types_find(set, TYPE_STRUCT, "info", &type));
	CHECK(type_member(type, "level", &member) && member.bit_offset == 37 && member.bit_size == 3);
	CHECK(!type_offset(type, "level", &offset, &size));
	CHECK(type_member(type, "table", &member) && member.bit_offset == 64 && !member.bit_size);
	CHECK_EQ(describe(member.type).kind, TYPE_ARRAY);
	CHECK_EQ(describe(member.type).count, 5);
	CHECK_EQ(describe(member.type).size, 120);
	CHECK_EQ(describe(describe(member.type).target).count, 6);
	CHECK(types_find_any(set, "tagged_t", &type));
	CHECK_EQ(describe(type).kind, TYPE_INT);
	CHECK(describe(type).is_signed);
	CHECK(types_variable(set, "cpu_var", &type) && describe(type).kind == TYPE_STRUCT);
	CHECK(!types_variable(set, "page", &type));
	CHECK(!types_find_any(set, "pageflags", &type));
	CHECK(types_find(set, TYPE_ENUM, "pageflags", &type) && describe(type).size == 4);
	CHECK(types_find_any(set, "list_head_t", &type) && describe(type).size == 16);
}

static void check_numbers(const struct types *set)
{
	int64_t value = 0;

	CHECK(types_enumerator(set, "PG_lru", &value) && value == 5);
	CHECK(types_enumerator(set, "PG_big", &value) && value == 0x80000000);
	CHECK(types_enumerator(set, "MINUS_TWO", &value) && value == -2);
	CHECK(types_enumerator(set, "WIDE", &value) && value == 0x0123456789abcdef);
	CHECK(!types_enumerator(set, "PG_none", &value));
	CHECK(!types_enumerator(set, "", &value));
}

static void test_all_kinds(void)
{
	static const uint32_t header_sizes[] = { 24, 32, 48 };
	struct btfbuild b;

	for (unsigned int i = 0; i < 6; i++) {
		struct types *set = NULL;

		btfbuild_init(&b, i % 2 ? ORDER_BIG : ORDER_LITTLE);
		fill(&b);
		CHECK_OK(load(&b, header_sizes[i / 2], NULL, &set));
		if (!set)
			continue;
		check_page(set);
		check_others(set);
		check_numbers(set);
		types_destroy(set);
	}
}

static void test_split(void)
{
	struct btfbuild b, own;
	struct types *base = NULL, *set = NULL;
	struct type type = { .set = NULL };
	uint64_t offset = 0, size = 0;

	btfbuild_init(&b, ORDER_LITTLE);
	fill(&b);
	btfbuild_split(&own, &b);
	btfbuild_record(&own, "page", STRUCT, false, 0, 4);	/* does not hide the kernel's */
	btfbuild_record(&own, "dev", STRUCT, false, 2, 64);
	btfbuild_member(&own, "base_page", 10, 0);
	btfbuild_member(&own, "self", own.next_id, 320);
	btfbuild_record(&own, "", PTR, false, 0, own.next_id - 1);
	btfbuild_record(&own, "state", ENUM, false, 1, 4);
	btfbuild_value(&own, "DEV_UP", 3);
	CHECK_OK(load(&b, 24, NULL, &base));
	CHECK_OK(load(&own, 24, base, &set));
	check_page(set);
	check_numbers(set);
	CHECK(types_find_any(set, "dev", &type));
	CHECK(type_offset(type, "base_page.mapping", &offset, &size) && offset == 24);
	CHECK(type_offset(type, "self", &offset, &size) && offset == 40 && size == 8);
	CHECK(!types_find_any(base, "dev", &type));
	types_destroy(set);
	/* Without its base it refers to types that are not there. */
	CHECK_ERR(load(&own, 24, NULL, &set), ERR_BAD_INPUT);
	types_destroy(base);
}

/* Widths of bit-fields as producers wrote them before kind_flag was. */
static void test_old_bitfield(void)
{
	struct type_member member = { .bit_offset = 0 };
	struct type type = { .set = NULL };
	struct types *set = NULL;
	struct btfbuild b;
	uint32_t id;

	btfbuild_init(&b, ORDER_LITTLE);
	id = btfbuild_record(&b, "", INT, false, 0, 4);
	btfbuild_u32(&b, 2 << 16 | 3);
	btfbuild_record(&b, "s", STRUCT, false, 2, 8);
	btfbuild_member(&b, "bits", id, 32);
	btfbuild_member(&b, "odd", 0, 3);
	CHECK_OK(load(&b, 24, NULL, &set));
	CHECK(types_find_any(set, "s", &type));
	CHECK(type_member(type, "bits", &member) && member.bit_offset == 34 && member.bit_size == 3);
	CHECK(!type_member(type, "odd", &member));
	types_destroy(set);
}

/* A typedef of itself, arrays of themselves, anonymous structs in themselves: found false, and soon. */
static void test_cycles(void)
{
	struct type_info info;
	struct type type = { .set = NULL };
	struct type_member member;
	struct types *set = NULL;
	struct btfbuild b;
	uint32_t id;

	btfbuild_init(&b, ORDER_BIG);
	btfbuild_record(&b, "self_t", TYPEDEF, false, 0, 1);
	btfbuild_array(&b, 2, 1, 3);
	btfbuild_record(&b, "array_t", TYPEDEF, false, 0, 2);
	id = btfbuild_record(&b, "nest", STRUCT, false, 64, 1u << 20);
	for (unsigned int i = 0; i < 64; i++)
		btfbuild_member(&b, "", id, 0);
	btfbuild_int(&b, "int", 4, 0, 32);
	id = btfbuild_array(&b, 5, 5, 0xffffffff);
	id = btfbuild_array(&b, id, 5, 0xffffffff);
	btfbuild_record(&b, "huge_t", TYPEDEF, false, 0, id);
	CHECK_OK(load(&b, 24, NULL, &set));
	CHECK(types_find_any(set, "self_t", &type) && !type_describe(type, &info));
	CHECK(types_find_any(set, "array_t", &type) && !type_describe(type, &info));
	CHECK(types_find_any(set, "huge_t", &type) && !type_describe(type, &info));
	CHECK(types_find_any(set, "nest", &type) && !type_member(type, "x", &member));
	types_destroy(set);
}

/* A member beyond the end of its struct is damage, not a place to read at. */
static void test_member_outside(void)
{
	struct type type = { .set = NULL };
	struct type_member member;
	struct types *set = NULL;
	struct btfbuild b;

	btfbuild_init(&b, ORDER_LITTLE);
	btfbuild_int(&b, "int", 4, 0, 32);
	btfbuild_array(&b, 1, 1, 0);
	btfbuild_record(&b, "s", STRUCT, false, 3, 8);
	btfbuild_member(&b, "in", 1, 32);
	btfbuild_member(&b, "flexible", 2, 64);
	btfbuild_member(&b, "out", 1, 96);
	CHECK_OK(load(&b, 24, NULL, &set));
	CHECK(types_find_any(set, "s", &type));
	CHECK(type_member(type, "in", &member) && type_member(type, "flexible", &member));
	CHECK(!type_member(type, "out", &member));
	types_destroy(set);
}

/* A kind of the future: by the layout that the blob brings, or not at all. */
static void test_unknown_kind(void)
{
	struct btfbuild b;
	struct types *set = NULL;
	struct type type;
	uint8_t *blob, *longer;
	size_t len;
	struct err *e;

	btfbuild_init(&b, ORDER_LITTLE);
	btfbuild_record(&b, "new", 22, false, 2, 0);
	for (unsigned int i = 0; i < 5; i++)
		btfbuild_u32(&b, 0xffffffff);
	btfbuild_record(&b, "s", STRUCT, false, 0, 8);
	e = load(&b, 24, NULL, &set);
	CHECK(e && strstr(err_text(e), "kind 22"));
	err_free(e);
	blob = btfbuild_blob(&b, 32, &len);
	longer = calloc(1, len + 92);
	memcpy(longer, blob, len);
	free(blob);
	put_u32(longer + 24, (uint32_t)len - 32, ORDER_LITTLE);
	put_u32(longer + 28, 92, ORDER_LITTLE);
	longer[len + 88] = 4;	/* 4 bytes, and 8 per element */
	longer[len + 89] = 8;
	CHECK_OK(btf_parse(longer, len + 92, ORDER_LITTLE, NULL, &set));
	CHECK(types_find_any(set, "s", &type));
	types_destroy(set);
}

/* Change one word of good BTF: at @off of the blob, or of the record with @id where that is not 0. */
static struct err *damaged(uint32_t id, uint32_t off, uint32_t value, size_t cut)
{
	struct types *set = NULL;
	struct btfbuild b;
	uint8_t *blob;
	struct err *e;
	size_t len;

	btfbuild_init(&b, ORDER_LITTLE);
	btfbuild_int(&b, "int", 4, 1, 32);			/* at 24 */
	btfbuild_record(&b, "s", STRUCT, false, 1, 4);		/* at 40 */
	btfbuild_member(&b, "m", 1, 0);
	btfbuild_array(&b, 1, 1, 2);				/* at 64 */
	btfbuild_record(&b, "e", ENUM, false, 1, 4);		/* at 88 */
	btfbuild_value(&b, "E", 1);
	blob = btfbuild_blob(&b, 24, &len);
	put_u32(blob + id + off, value, ORDER_LITTLE);
	e = btf_parse(blob, len - cut, ORDER_LITTLE, NULL, &set);
	if (!e)
		types_destroy(set);
	return e;
}

static void test_damage(void)
{
	CHECK_OK(damaged(0, 0, 0x0001eb9f, 0));
	CHECK_ERR(damaged(0, 0, 0x0001eb9e, 0), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 0, 0x0002eb9f, 0), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 4, 23, 0), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 4, 0xfffffff0, 0), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 8, 0xfffffff0, 0), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 12, 0xfffffff0, 0), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 16, 0xfffffff0, 0), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 20, 0, 0), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 20, 3, 0), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 0, 0x0001eb9f, 1), ERR_BAD_INPUT);
	CHECK_ERR(damaged(0, 0, 0x0001eb9f, 60), ERR_BAD_INPUT);
	CHECK_ERR(damaged(24, 0, 1000, 0), ERR_BAD_INPUT);		/* name */
	CHECK_ERR(damaged(24, 4, 0, 0), ERR_BAD_INPUT);			/* no kind */
	CHECK_ERR(damaged(40, 4, 4u << 24 | 0xffffff, 0), ERR_BAD_INPUT);	/* members */
	CHECK_ERR(damaged(40, 12, 1000, 0), ERR_BAD_INPUT);		/* a member's name */
	CHECK_ERR(damaged(40, 16, 5, 0), ERR_BAD_INPUT);		/* its type */
	CHECK_ERR(damaged(64, 12, 5, 0), ERR_BAD_INPUT);		/* elements */
	CHECK_ERR(damaged(64, 16, 5, 0), ERR_BAD_INPUT);		/* index */
	CHECK_ERR(damaged(88, 12, 1000, 0), ERR_BAD_INPUT);		/* an enumerator's name */
	CHECK_ERR(damaged(88, 4, 6u << 24 | 2, 0), ERR_BAD_INPUT);
}

static void test_nobody_knows(void)
{
	struct type type = { .set = NULL };
	struct type_member member;
	struct type_info info;
	int64_t value;

	CHECK(!types_find_any(NULL, "page", &type));
	CHECK(!types_enumerator(NULL, "PG_lru", &value));
	CHECK(!types_variable(NULL, "x", &type));
	CHECK(!type_describe(type, &info));
	CHECK(!type_member(type, "x", &member));
	types_destroy(NULL);
}

int main(void)
{
	RUN(test_all_kinds);
	RUN(test_split);
	RUN(test_old_bitfield);
	RUN(test_cycles);
	RUN(test_member_outside);
	RUN(test_unknown_kind);
	RUN(test_damage);
	RUN(test_nobody_knows);
	return unit_status();
}
