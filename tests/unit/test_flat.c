// SPDX-License-Identifier: GPL-2.0-or-later
/* Flattened dumps as input: heads, the index of runs, and the file seen through it. */
#include "input/flat.h"

#include <errno.h>

#include "base/checked.h"
#include "input/dump.h"
#include "input/flat_format.h"
#include "input/flat_index.h"
#include "tests/unit/core_model.h"
#include "tests/unit/fault_source.h"
#include "tests/unit/flatbuild.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define MODEL 20000u	/* largest file of a random stream */

static struct log_catch caught;

static void test_heads(void)
{
	static const struct {
		uint64_t off, size;
		enum flat_head what;
	} heads[] = {
		{ 0, 1, FLAT_RECORD }, { INT64_MAX - 1, 1, FLAT_RECORD },
		{ 4096, INT64_MAX - 4096, FLAT_RECORD }, { UINT64_MAX, UINT64_MAX, FLAT_END },
		{ 0, 0, FLAT_BAD }, { 5, UINT64_MAX, FLAT_BAD }, { UINT64_MAX, 5, FLAT_BAD },
		{ INT64_MAX, 1, FLAT_BAD }, { 1, INT64_MAX, FLAT_BAD }, { UINT64_MAX, 0, FLAT_BAD },
		{ UINT64_C(1) << 63, 1, FLAT_BAD }, { 0, UINT64_C(1) << 63, FLAT_BAD },
	};
	uint8_t head[FLAT_RECORD_HEAD], end[FLAT_RECORD_HEAD];
	struct flat_record record;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		record = (struct flat_record){ heads[i].off, heads[i].size };
		flat_record_put(head, &record);
		CHECK_EQ(get_u64(head, ORDER_BIG), heads[i].off);
		CHECK_EQ(get_u64(head + 8, ORDER_BIG), heads[i].size);
		CHECK_EQ(flat_record_get(head, &record), heads[i].what);
		CHECK(record.off == heads[i].off && record.size == heads[i].size);
	}
	flat_end_put(end);
	CHECK_EQ(flat_record_get(end, &record), FLAT_END);
}

static void test_header(void)
{
	uint8_t header[FLAT_HEADER_SIZE];
	struct flatbuild b;

	flatbuild_init(&b);
	memset(header, 0xaa, sizeof(header));
	flat_header_put(header);
	CHECK(!memcmp(header, b.bytes, sizeof(header)));
	CHECK_OK(flat_header_check(header, "x"));
	header[31] = 2;
	CHECK_ERR(flat_header_check(header, "x"), ERR_UNSUPPORTED);
	header[31] = 1;
	header[23] = 0;
	CHECK_ERR(flat_header_check(header, "x"), ERR_UNSUPPORTED);
	header[15] = 1;
	CHECK_ERR(flat_header_check(header, "x"), ERR_NOT_MINE);
	flatbuild_free(&b);
}

/* Add @count records of @size, back to back from @at in the stream; returns where the next head is. */
static uint64_t add_records(struct flat_index *index, uint64_t off, uint64_t size, size_t count,
			    uint64_t at)
{
	for (size_t i = 0; i < count; i++) {
		struct flat_record record = { off + i * size, size };

		CHECK_OK(flat_index_add(index, &record, at + FLAT_RECORD_HEAD));
		at += FLAT_RECORD_HEAD + size;
	}
	return at;
}

/* A million records of a dump are a handful of runs. */
static void test_runs(void)
{
	struct flat_index index = { 0 };
	uint64_t at = FLAT_HEADER_SIZE, where, len, turn;

	for (turn = 0; turn < 10; turn++) {
		at = add_records(&index, UINT64_C(1) << 40 | turn * 100000 * 65536, 65536, 100000, at);
		at = add_records(&index, turn * 65536, 65536, 1, at);
	}
	add_records(&index, (UINT64_C(1) << 40) + 1000000 * UINT64_C(65536), 77, 1, at);
	CHECK_EQ(index.count, 21);
	CHECK_OK(flat_index_finish(&index));
	CHECK_EQ(index.count, 21);
	CHECK_EQ(index.size, (UINT64_C(1) << 40) + 1000000 * UINT64_C(65536) + 77);
	/* Byte 5 of record 1234 of the first run. */
	CHECK(flat_index_find(&index, (UINT64_C(1) << 40) + 1234 * 65536 + 5, &where, &len));
	CHECK_EQ(where, FLAT_HEADER_SIZE + 1235 * 16 + 1234 * UINT64_C(65536) + 5);
	CHECK_EQ(len, 65531);
	CHECK(!flat_index_find(&index, 10 * 65536, &where, &len));
	CHECK_EQ(len, (UINT64_C(1) << 40) - 10 * 65536);
	CHECK(flat_index_find(&index, index.size - 1, &where, &len) && len == 1);
	flat_index_deinit(&index);
}

/* What continues the file but not the stride, or not the stream, is a run of its own. */
static void test_what_ends_a_run(void)
{
	struct flat_index index = { 0 };
	uint64_t at = add_records(&index, 0, 100, 3, 5000);

	at = add_records(&index, 300, 50, 1, at);	/* shorter: the last of its run */
	CHECK_EQ(index.count, 1);
	at = add_records(&index, 350, 50, 1, at);
	CHECK_EQ(index.count, 2);
	at = add_records(&index, 400, 60, 1, at);	/* longer */
	CHECK_EQ(index.count, 3);
	at = add_records(&index, 460, 60, 1, at + 1);	/* not behind it in the stream */
	CHECK_EQ(index.count, 4);
	at = add_records(&index, 521, 60, 1, at);	/* not behind it in the file */
	CHECK_EQ(index.count, 5);
	add_records(&index, 581, UINT64_C(5) << 32, 2, at);
	CHECK_EQ(index.count, 7);
	flat_index_deinit(&index);
}

static void test_too_many_runs(void)
{
	struct flat_index index = { 0 };
	struct err *e = NULL;
	size_t i;

	for (i = 0; !e && i <= FLAT_RUNS_MAX; i++) {
		struct flat_record record = { 3 * i, 1 };

		e = flat_index_add(&index, &record, 17 * i);
	}
	CHECK_EQ(i, FLAT_RUNS_MAX + 1);
	CHECK(strstr(err_text(e), "makedumpfile -R"));
	CHECK_EQ(err_kind(e), ERR_UNSUPPORTED);
	err_free(e);
	flat_index_deinit(&index);
}

/* Hand the stream to source_open_flat() as a file in memory. */
static struct err *open_flat(const uint8_t *bytes, size_t len, struct source **ret)
{
	struct source *inner = NULL;
	struct err *e;

	log_catch_init(&caught);
	CHECK_OK(source_open_memory(bytes, len, &inner));
	e = source_open_flat(inner, &caught.log, ret);
	if (e)
		source_destroy(inner);
	return e;
}

static void check_file(struct source *src, const uint8_t *want, size_t len)
{
	uint8_t *got = malloc(len + 1);
	size_t n = 0;

	CHECK_EQ(src->size, len);
	CHECK_OK(source_read_some(src, 0, got, len + 1, &n));
	CHECK_EQ(n, len);
	CHECK(!memcmp(got, want, len));
	free(got);
}

/*
 * A random stream: records of a few sizes, in order and out of order, over each
 * other, with runs; and the file by doing what it says.
 */
static size_t random_stream(uint64_t *state, struct flatbuild *b, uint8_t *file)
{
	size_t len = 0, records = 1 + random_below(state, 60), off = 0, size = 1;
	uint8_t data[600];

	memset(file, 0, MODEL);
	for (size_t i = 0; i < records; i++) {
		if (!random_below(state, 3))
			off = random_below(state, MODEL - sizeof(data));
		if (!random_below(state, 4))
			size = 1 + random_below(state, sizeof(data));
		if (off + size > MODEL)
			off = 0;
		random_fill(state, data, size);
		flatbuild_record(b, off, data, size);
		memcpy(file + off, data, size);
		off += size;
		len = max_u64(len, off);
	}
	return len;
}

static void test_random_streams(void)
{
	static uint8_t file[MODEL], got[MODEL];
	uint64_t state = 1;

	for (int round = 0; round < 500; round++) {
		struct source *src = NULL;
		struct flatbuild b;
		size_t len, n;

		flatbuild_init(&b);
		len = random_stream(&state, &b, file);
		flatbuild_end(&b);
		CHECK_OK(open_flat(b.bytes, b.len + random_below(&state, 100), &src));
		if (!src)
			return;
		CHECK(!src->incomplete && caught.warnings == 0);
		check_file(src, file, len);
		for (int i = 0; i < 50; i++) {
			uint64_t off = random_below(&state, len);
			size_t want = 1 + random_below(&state, 2000);

			CHECK_OK(source_read_some(src, off, got, want, &n));
			CHECK_EQ(n, min_u64(want, len - off));
			CHECK(!memcmp(got, file + off, n));
		}
		source_destroy(src);
		flatbuild_free(&b);
	}
}

/* A placeholder and the real thing behind it, as makedumpfile -F -E sends before 1.7.6. */
static void test_later_records_win(void)
{
	struct source *src = NULL;
	struct flatbuild b;

	flatbuild_init(&b);
	flatbuild_record(&b, 0, "aaaaaaaaaa", 10);
	flatbuild_record(&b, 3, "bbb", 3);
	flatbuild_record(&b, 14, "cc", 2);
	flatbuild_record(&b, 5, "d", 1);
	flatbuild_end(&b);
	CHECK_OK(open_flat(b.bytes, b.len, &src));
	check_file(src, (const uint8_t *)"aaabbdaaaa\0\0\0\0cc", 16);
	CHECK_EQ(src->ops->map == NULL, true);
	source_destroy(src);
	flatbuild_free(&b);
}

/* Whatever is cut off, what came before is there. */
static void test_cut_off_anywhere(void)
{
	static uint8_t file[32];
	struct source *src;
	struct flatbuild b;
	size_t first, len;

	flatbuild_init(&b);
	flatbuild_record(&b, 16, "0123456789abcdef", 16);
	first = b.len;
	flatbuild_record(&b, 0, "ABCDEFGHIJKLMNOP", 16);
	flatbuild_end(&b);
	for (len = 4096 + 17; len < b.len; len++) {
		size_t second = len > first + 16 ? min_u64(len - first - 16, 16) : 0;

		memset(file, 0, sizeof(file));
		memcpy(file, "ABCDEFGHIJKLMNOP", second);
		memcpy(file + 16, "0123456789abcdef", min_u64(len - 4096 - 16, 16));
		src = NULL;
		CHECK_OK(open_flat(b.bytes, len, &src));
		CHECK(src->incomplete && caught.warnings == 1);
		CHECK(log_caught(&caught, "there is no end record"));
		check_file(src, file, min_u64(len - 4096, 32));
		source_destroy(src);
	}
	flatbuild_free(&b);
}

/* A partition whose writer was stopped: what follows is no record. */
static void test_garbage_behind(void)
{
	struct source *src = NULL;
	struct flatbuild b;

	flatbuild_init(&b);
	flatbuild_record(&b, 0, "abc", 3);
	flatbuild_head(&b, 1, UINT64_C(1) << 63);
	flatbuild_record(&b, 0, "xyz", 3);
	flatbuild_end(&b);
	CHECK_OK(open_flat(b.bytes, b.len, &src));
	CHECK(src->incomplete && log_caught(&caught, "cut off in record 2"));
	check_file(src, (const uint8_t *)"abc", 3);
	source_destroy(src);
	flatbuild_free(&b);
}

static void test_refused(void)
{
	struct source *src = NULL;
	struct flatbuild b;

	flatbuild_init(&b);
	CHECK_ERR(open_flat(b.bytes, 31, &src), ERR_NOT_MINE);
	CHECK_ERR(open_flat(b.bytes, 12, &src), ERR_NOT_MINE);
	CHECK_ERR(open_flat(b.bytes, 4096, &src), ERR_BAD_INPUT);
	flatbuild_end(&b);
	CHECK_ERR(open_flat(b.bytes, b.len, &src), ERR_BAD_INPUT);
	b.len = 4096;
	flatbuild_head(&b, 0, UINT64_MAX);
	CHECK_ERR(open_flat(b.bytes, b.len, &src), ERR_BAD_INPUT);
	b.len = 4096;
	flatbuild_record(&b, 0, b.bytes, 4096);
	flatbuild_end(&b);
	CHECK_ERR(open_flat(b.bytes, b.len, &src), ERR_UNSUPPORTED);
	CHECK(!src);
	flatbuild_free(&b);
}

/* A device that cannot be read says so; it is not taken for an end. */
static void test_unreadable_heads(void)
{
	struct fault_source fault;
	struct source *src = NULL;
	struct flatbuild b;

	flatbuild_init(&b);
	flatbuild_record(&b, 0, "abc", 3);
	flatbuild_end(&b);
	fault_source_init(&fault, b.bytes, b.len);
	fault.bad_start = 4096;
	fault.bad_end = 4100;
	fault.bad_errno = EIO;
	log_catch_init(&caught);
	CHECK_ERR(source_open_flat(&fault.base, &caught.log, &src), ERR_IO);
	CHECK(!fault.destroyed && !src);
	flatbuild_free(&b);
}

/* Large records are stepped over, not read. */
static void test_payloads_are_not_read(void)
{
	struct fault_source fault;
	struct source *src = NULL;
	static uint8_t data[100000];
	struct flatbuild b;

	flatbuild_init(&b);
	for (uint64_t i = 0; i < 10; i++)
		flatbuild_record(&b, i * sizeof(data), data, sizeof(data));
	flatbuild_end(&b);
	fault_source_init(&fault, b.bytes, b.len);
	log_catch_init(&caught);
	CHECK_OK(source_open_flat(&fault.base, &caught.log, &src));
	/* The header, each head, and the first bytes of the file within. */
	CHECK(fault.reads <= 13);
	source_destroy(src);
	CHECK(fault.destroyed);
	flatbuild_free(&b);
}

/* The core of test_dump's sort, cut in records of @piece bytes in reverse order. */
static void flatten_core(struct flatbuild *b, const struct core_model *core, size_t piece)
{
	size_t off = (core->len - 1) / piece * piece;

	flatbuild_init(b);
	for (;; off -= piece) {
		flatbuild_record(b, off, core->file + off, min_u64(piece, core->len - off));
		if (!off)
			break;
	}
	flatbuild_end(b);
}

/* Every reader sees the file; an ELF core here. */
static void test_core_inside(void)
{
	struct elf_segment loads[] = {
		{ .paddr = 0x1000, .memsz = 40960, .filesz = 40960 },
		{ .paddr = 0x100000, .memsz = 300000, .filesz = 300000 },
	};
	static const size_t pieces[] = { 100, 4096, 65536 };
	static uint8_t got[300000];

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct dump_options options = { .log = &caught.log };
		struct dump_view *view = NULL;
		struct source *src = NULL;
		struct dump *dump = NULL;
		struct core_model core;
		struct flatbuild b;

		core_build(&core, elf_forms[0], loads, 2, 7);
		flatten_core(&b, &core, pieces[i]);
		log_catch_init(&caught);
		CHECK_OK(source_open_memory(b.bytes, b.len - (i == 1 ? 16 : 0), &src));
		CHECK_OK(dump_open_source(src, &options, &dump));
		CHECK_EQ(dump->incomplete, i == 1);
		CHECK_OK(dump_view_create(dump, 0, &view));
		CHECK_OK(dump_view_read(view, 0x100000, got, sizeof(got)));
		CHECK(!memcmp(got, core.file + loads[1].offset, sizeof(got)));
		dump_view_destroy(view);
		dump_close(dump);
		flatbuild_free(&b);
		core_free(&core);
	}
}

int main(void)
{
	RUN(test_heads);
	RUN(test_header);
	RUN(test_runs);
	RUN(test_what_ends_a_run);
	RUN(test_too_many_runs);
	RUN(test_random_streams);
	RUN(test_later_records_win);
	RUN(test_cut_off_anywhere);
	RUN(test_garbage_behind);
	RUN(test_refused);
	RUN(test_unreadable_heads);
	RUN(test_payloads_are_not_read);
	RUN(test_core_inside);
	return unit_status();
}
