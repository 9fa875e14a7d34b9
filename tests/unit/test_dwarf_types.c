// SPDX-License-Identifier: GPL-2.0-or-later
/* Debug information of this very program, against what the compiler says of it. */
#include "dwarf_types.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "dwarf_info.h"
#include "tests/unit/unit.h"

struct probe_list {
	struct probe_list *next, *prev;
};

typedef const volatile struct probe_list probe_list_t;

enum probe_state { PROBE_STATE_OFF, PROBE_STATE_ON = 7, PROBE_STATE_LESS = -3 };

struct probe_page {
	unsigned long flags;
	union {
		struct {
			probe_list_t lru;
			void *mapping;
		};
		struct { long alone; } named;
		enum probe_state state;
	};
	unsigned int low : 3, middle : 7, high : 22;
	int table[5][6];
	char text[16];
	struct probe_unknown *unknown;	/* declared only */
	int (*call)(int);
	unsigned char tail[];
};

/* A place that is found in the file by its bytes. */
#define ODD_PLACE 0x6b7d

struct __attribute__((packed)) probe_odd {
	char before[ODD_PLACE];
	char odd[4];
};

struct probe_odd *probe_odd_pointer;
struct probe_page probe_variable;
static volatile enum probe_state probe_use = PROBE_STATE_LESS;

static struct types *self;

static struct type find_page(void)
{
	struct type type = { .set = NULL };

	CHECK(types_find_any(self, "probe_page", &type));
	return type;
}

static struct type_info describe_member(const char *name)
{
	struct type_member member = { .bit_offset = 0 };
	struct type_info info = { .kind = TYPE_VOID };

	CHECK(type_member(find_page(), name, &member));
	CHECK(type_describe(member.type, &info));
	return info;
}

static void check_offset(const char *path, size_t offset, size_t size)
{
	uint64_t got = 0, got_size = 0;

	CHECK(type_offset(find_page(), path, &got, &got_size));
	CHECK_EQ(got, offset);
	CHECK_EQ(got_size, size);
}

static void test_offsets(void)
{
	struct type_info info = { .kind = TYPE_VOID };

	CHECK(type_describe(find_page(), &info));
	CHECK(info.kind == TYPE_STRUCT && !strcmp(info.name, "probe_page"));
	CHECK_EQ(info.size, sizeof(struct probe_page));
	check_offset("flags", offsetof(struct probe_page, flags), sizeof(long));
	check_offset("lru.prev", offsetof(struct probe_page, lru.prev), sizeof(void *));
	check_offset("mapping", offsetof(struct probe_page, mapping), sizeof(void *));
	check_offset("named.alone", offsetof(struct probe_page, named.alone), sizeof(long));
	check_offset("state", offsetof(struct probe_page, state), sizeof(int));
	check_offset("table", offsetof(struct probe_page, table), 120);
	check_offset("tail", offsetof(struct probe_page, tail), 0);
	CHECK(!type_offset(find_page(), "alone", &(uint64_t){ 0 }, &(uint64_t){ 0 }));
	CHECK(!type_offset(find_page(), "low", &(uint64_t){ 0 }, &(uint64_t){ 0 }));
}

static void test_kinds(void)
{
	struct type_info info = describe_member("table");

	CHECK(info.kind == TYPE_ARRAY && info.count == 5);
	CHECK(type_describe(info.target, &info) && info.kind == TYPE_ARRAY && info.count == 6);
	CHECK_EQ(info.size, 24);
	CHECK(type_describe(info.target, &info) && info.kind == TYPE_INT && info.is_signed);
	info = describe_member("flags");
	CHECK(info.kind == TYPE_INT && !info.is_signed);
	info = describe_member("mapping");
	CHECK(info.kind == TYPE_POINTER && info.size == sizeof(void *));
	CHECK(type_describe(info.target, &info) && info.kind == TYPE_VOID);
	info = describe_member("lru");
	CHECK(info.kind == TYPE_STRUCT && info.size == sizeof(struct probe_list));
	CHECK(describe_member("state").kind == TYPE_ENUM);
	info = describe_member("unknown");
	CHECK(type_describe(info.target, &info) && info.kind == TYPE_STRUCT && !info.size);
	info = describe_member("call");
	CHECK(type_describe(info.target, &info) && info.kind == TYPE_FUNCTION);
	info = describe_member("tail");
	CHECK(info.kind == TYPE_ARRAY && !info.count && !info.size);
}

static void test_bitfields(void)
{
	struct type_member low = { .bit_offset = 0 }, high = { .bit_offset = 0 };

	CHECK(type_member(find_page(), "low", &low) && type_member(find_page(), "high", &high));
	CHECK_EQ(low.bit_size, 3);
	CHECK_EQ(high.bit_size, 22);
	CHECK_EQ(high.bit_offset - low.bit_offset, 10);
}

static void test_names(void)
{
	struct type type = { .set = NULL };
	struct type_info info = { .kind = TYPE_VOID };
	int64_t value = 0;

	CHECK(types_find_any(self, "probe_list_t", &type) && type_describe(type, &info));
	CHECK(info.kind == TYPE_STRUCT && info.size == sizeof(struct probe_list));
	CHECK(types_variable(self, "probe_variable", &type) && type_describe(type, &info));
	CHECK_EQ(info.size, sizeof(struct probe_page));
	CHECK(types_variable(self, "probe_use", &type) && type_describe(type, &info));
	CHECK(info.kind == TYPE_ENUM);
	CHECK(types_enumerator(self, "PROBE_STATE_ON", &value) && value == 7);
	CHECK(types_enumerator(self, "PROBE_STATE_LESS", &value) && value == -3);
	CHECK(!types_enumerator(self, "PROBE_STATE_NONE", &value));
	CHECK(!types_find_any(self, "probe_unknown", &type));
	CHECK(!types_find_any(self, "probe_nothing", &type));
	CHECK(!types_variable(self, "probe_nothing", &type));
}

static bool knows_odd(const struct types *types)
{
	uint64_t offset, size;
	struct type type;

	return types_find_any(types, "probe_odd", &type) && type_offset(type, "odd", &offset, &size);
}

/* This program, with each ODD_PLACE that it has moved on by one. */
static void write_damaged(int fd)
{
	const uint16_t place = ODD_PLACE, moved = ODD_PLACE + 1;
	struct source *src = NULL;
	uint8_t *bytes, *at;
	size_t left;

	CHECK_OK(source_open_file("/proc/self/exe", false, &src));
	bytes = malloc((size_t)src->size);
	CHECK_OK(source_read(src, 0, bytes, (size_t)src->size));
	for (left = (size_t)src->size, at = bytes; (at = memmem(at, left, &place, sizeof(place)));) {
		memcpy(at, &moved, sizeof(moved));
		left = (size_t)(bytes + src->size - at);
	}
	CHECK_EQ(write(fd, bytes, (size_t)src->size), src->size);
	free(bytes);
	source_destroy(src);
}

/* A member that would reach beyond its struct is damage. */
static void test_member_outside(void)
{
	char path[] = "/tmp/test_dwarf_types.XXXXXX";
	int fd = mkstemp(path);
	struct types *types = NULL;

	CHECK(fd >= 0 && knows_odd(self));
	write_damaged(fd);
	close(fd);
	CHECK_OK(dwarf_types_open(path, NULL, &types));
	CHECK(types && !knows_odd(types));
	types_destroy(types);
	unlink(path);
}

int main(void)
{
	struct err *e = dwarf_types_open("/proc/self/exe", NULL, &self);

	(void)probe_use;
	(void)probe_odd_pointer;
	if (!dwarf_info_available || err_kind(e) == ERR_NOT_FOUND) {
		/* Built without libdw or without -g: there is nothing to ask. */
		CHECK(e != NULL && !self);
		err_free(e);
		return unit_current != 0;
	}
	CHECK_OK(e);
	if (!self)
		return 1;
	RUN(test_offsets);
	RUN(test_kinds);
	RUN(test_bitfields);
	RUN(test_names);
	RUN(test_member_outside);
	types_destroy(self);
	return unit_status();
}
