// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams out and back: the flattened sink, the plain one, and rearranging. */
#include "output/rearrange.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/checked.h"
#include "diskdump_mod.h"
#include "input/flat_format.h"
#include "output/mark.h"
#include "tests/unit/elf_build.h"
#include "tests/unit/flatbuild.h"
#include "tests/unit/memsink.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

/* A stream in memory that comes in pieces of any size. */
struct feed {
	const uint8_t *bytes;
	size_t len;
	size_t pos;
	size_t piece;
	size_t fail_at;		/* of pos: the read fails; SIZE_MAX: never */
};

static struct err *feed_read(void *ctx, void *buf, size_t len, size_t *ret)
{
	struct feed *feed = ctx;

	if (feed->pos >= feed->fail_at)
		return err_sys(EIO, "injected");
	*ret = min_u64(min_u64(len, feed->piece), feed->len - feed->pos);
	memcpy(buf, feed->bytes + feed->pos, *ret);
	feed->pos += *ret;
	return NULL;
}

/* Rearrange what @feed has into @sink; the header's error, or the records'. */
static struct err *run(struct feed *feed, struct sink *sink)
{
	const struct flat_stream in = { .name = "feed", .read = feed_read, .ctx = feed };

	TRY(rearrange_header(&in));
	return rearrange(&in, sink);
}

static struct err *run_bytes(const struct flatbuild *b, size_t len, size_t piece, struct sink *sink)
{
	struct feed feed = { b->bytes, len, 0, piece, SIZE_MAX };

	return run(&feed, sink);
}

static void test_records(void)
{
	static const size_t pieces[] = { 1, 7, 4096, 1 << 20 };
	struct flatbuild b;

	flatbuild_init(&b);
	flatbuild_record(&b, 10, "0123456789", 10);
	flatbuild_record(&b, 0, "abc", 3);
	flatbuild_record(&b, 12, "XY", 2);
	flatbuild_end(&b);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct memsink *m = memsink_create(true);

		CHECK_OK(run_bytes(&b, b.len, pieces[i], &m->sink));
		CHECK_EQ(m->len, 20);
		CHECK(!memcmp(m->data, "abc\0\0\0\0\0\0\0" "01XY456789", 20));
		CHECK(m->finished);
		sink_destroy(&m->sink);
	}
	flatbuild_free(&b);
}

/* On a raw partition other bytes follow, and perhaps a stream that never ends. */
static void test_stops_at_the_end_record(void)
{
	struct memsink *m = memsink_create(true);
	struct flatbuild b;
	struct feed feed;
	size_t end;

	flatbuild_init(&b);
	flatbuild_record(&b, 0, "abc", 3);
	flatbuild_end(&b);
	end = b.len;
	flatbuild_record(&b, 0, "garbage", 7);
	feed = (struct feed){ b.bytes, b.len, 0, 1, end };
	CHECK_OK(run(&feed, &m->sink));
	CHECK_EQ(feed.pos, end);
	CHECK(m->len == 3 && !memcmp(m->data, "abc", 3));
	sink_destroy(&m->sink);
	flatbuild_free(&b);
}

static void test_no_stream(void)
{
	struct memsink *m = memsink_create(true);
	struct flatbuild b;
	struct feed feed;
	struct err *e;

	flatbuild_init(&b);
	b.bytes[0] = 'M';
	/* Nothing is waited for behind the signature. */
	feed = (struct feed){ b.bytes, b.len, 0, 1, 16 };
	e = run(&feed, &m->sink);
	CHECK_EQ(err_kind(e), ERR_BAD_INPUT);
	CHECK(strstr(err_text(e), "4d 61 6b 65"));
	err_free(e);
	b.bytes[0] = 'm';
	CHECK_ERR(run_bytes(&b, 0, 1, &m->sink), ERR_BAD_INPUT);
	CHECK_ERR(run_bytes(&b, 15, 1, &m->sink), ERR_BAD_INPUT);
	CHECK_ERR(run_bytes(&b, 4095, 100, &m->sink), ERR_BAD_INPUT);
	CHECK_ERR(run_bytes(&b, 4096, 100, &m->sink), ERR_BAD_INPUT);
	b.bytes[31] = 9;
	CHECK_ERR(run_bytes(&b, 4096, 100, &m->sink), ERR_UNSUPPORTED);
	b.bytes[31] = 1;
	flatbuild_end(&b);
	CHECK_ERR(run_bytes(&b, b.len, 100, &m->sink), ERR_BAD_INPUT);
	CHECK(m->calls == 0 && !m->finished);
	sink_destroy(&m->sink);
	flatbuild_free(&b);
}

/* The front of a kdump-compressed header, as far as a mark needs it. */
static size_t kdump_front(uint8_t *at, const struct kdump_header_layout *layout,
			  enum byte_order order)
{
	memset(at, 0, 4096);
	memcpy(at, KDUMP_SIGNATURE, KDUMP_SIGNATURE_LEN);
	put_u32(at + 8, 6, order);
	put_u32(at + layout->status, KDUMP_LZO, order);
	put_u32(at + layout->block_size, 4096, order);
	put_u32(at + layout->sub_hdr_size, 1, order);
	put_u32(at + layout->bitmap_blocks, 2, order);
	put_u32(at + layout->max_mapnr, 8192, order);
	return 4096;
}

/* Send @front and cut the stream off; the word at @mark must then be @want. */
static void check_marked(const uint8_t *front, size_t len, size_t mark, uint32_t want,
			 enum byte_order order)
{
	struct memsink *m = memsink_create(true);
	struct flatbuild b;
	struct err *e;

	flatbuild_init(&b);
	flatbuild_record(&b, 5000, "later", 5);
	flatbuild_record(&b, 0, front, len);
	e = run_bytes(&b, b.len, 100, &m->sink);
	CHECK_EQ(err_kind(e), ERR_BAD_INPUT);
	CHECK(strstr(err_text(e), "is marked incomplete") && strstr(err_text(e), "record 3"));
	err_free(e);
	CHECK_EQ(get_u32(m->data + mark, order), want);
	CHECK(!memcmp(m->data + 5000, "later", 5));
	memcpy(m->data + mark, front + mark, 4);
	CHECK(!memcmp(m->data, front, len));
	sink_destroy(&m->sink);
	flatbuild_free(&b);
}

static void test_marks(void)
{
	uint8_t front[4096];

	for (int big = 0; big < 2; big++) {
		enum byte_order order = big ? ORDER_BIG : ORDER_LITTLE;

		kdump_front(front, &kdump_header_64, order);
		check_marked(front, 4096, kdump_header_64.status, KDUMP_LZO | KDUMP_INCOMPLETE, order);
		kdump_front(front, &kdump_header_32, order);
		check_marked(front, 4096, kdump_header_32.status, KDUMP_LZO | KDUMP_INCOMPLETE, order);
	}
	for (size_t i = 0; i < ELF_FORMS; i++) {
		struct elf_form form = elf_forms[i];

		put_ehdr(front, form, 62, 64, 1);
		put_e_flags(front, form, 0x10);
		check_marked(front, elf_ehdr_size(form), form.word == 8 ? 48 : 36, 0x11, form.order);
	}
}

/* Neither format: kept all the same, and said. */
static void test_no_mark(void)
{
	struct memsink *m = memsink_create(true);
	struct flatbuild b;
	struct err *e;

	flatbuild_init(&b);
	flatbuild_record(&b, 0, "some text", 9);
	flatbuild_head(&b, 0, UINT64_MAX);
	e = run_bytes(&b, b.len, 100, &m->sink);
	CHECK(strstr(err_text(e), "could not be marked") && strstr(err_text(e), "offset 0 and size -1"));
	err_free(e);
	CHECK(m->len == 9 && !m->finished);
	sink_destroy(&m->sink);
	flatbuild_free(&b);
}

/* A full disk keeps what fits, marked. */
static void test_no_space(void)
{
	struct memsink *m = memsink_create(true);
	struct flatbuild b;
	uint8_t front[4096];

	flatbuild_init(&b);
	flatbuild_record(&b, 0, front, kdump_front(front, &kdump_header_64, ORDER_LITTLE));
	flatbuild_record(&b, 4096, front, 4096);
	flatbuild_end(&b);
	m->space = 4096;
	CHECK_ERR(run_bytes(&b, b.len, 1 << 20, &m->sink), ERR_NO_SPACE);
	CHECK_EQ(get_u32(m->data + kdump_header_64.status, ORDER_LITTLE),
		 KDUMP_LZO | KDUMP_INCOMPLETE);
	sink_destroy(&m->sink);
	flatbuild_free(&b);
}

/* A device holds old bytes where no record comes. */
static void test_gaps_on_a_device(void)
{
	static const uint8_t zeros[200];
	struct memsink *m = memsink_create(false);
	struct flatbuild b;

	flatbuild_init(&b);
	flatbuild_record(&b, 300, "end", 3);
	flatbuild_record(&b, 100, "middle", 6);
	flatbuild_end(&b);
	CHECK_OK(run_bytes(&b, b.len, 100, &m->sink));
	CHECK(!memcmp(m->data, zeros, 100) && !memcmp(m->data + 100, "middle", 6));
	CHECK(!memcmp(m->data + 106, zeros, 194) && !memcmp(m->data + 300, "end", 3));
	CHECK_EQ(m->data[303], 0xaa);
	sink_destroy(&m->sink);
	flatbuild_free(&b);
}

/* What the sink sent to its pipe. */
static size_t drain(int fd, uint8_t *buf, size_t room)
{
	size_t len = 0;
	ssize_t n;

	while (len < room && (n = read(fd, buf + len, room - len)) > 0)
		len += (size_t)n;
	return len;
}

static void test_sink_flat(void)
{
	struct memsink *m = memsink_create(true);
	struct flatbuild want;
	uint8_t got[8192];
	struct feed feed;
	struct sink *sink;
	int ends[2];
	size_t len;

	CHECK(pipe(ends) == 0);
	CHECK_OK(sink_open_flat(ends[1], "pipe", NULL, &sink));
	CHECK(fcntl(ends[1], F_GETPIPE_SZ) >= 1 << 20);
	CHECK_OK(sink_write(sink, 0, "front", 5));
	CHECK_OK(sink_write(sink, 100, "data", 4));
	CHECK_OK(sink_extend(sink, 50));
	CHECK_OK(sink_write(sink, 5, "descs", 5));
	CHECK_OK(sink_write(sink, 20, "", 0));
	CHECK_ERR(sink_rewrite(sink, 0, "FRONT", 5), ERR_UNSUPPORTED);
	CHECK_ERR(sink_restart(sink), ERR_UNSUPPORTED);
	CHECK_OK(sink_finish(sink));
	CHECK_EQ(sink->written, 14);
	sink_destroy(sink);
	close(ends[1]);
	len = drain(ends[0], got, sizeof(got));
	close(ends[0]);
	flatbuild_init(&want);
	flatbuild_record(&want, 0, "front", 5);
	flatbuild_record(&want, 100, "data", 4);
	flatbuild_record(&want, 5, "descs", 5);
	flatbuild_end(&want);
	CHECK_EQ(len, want.len);
	CHECK(!memcmp(got, want.bytes, len));
	feed = (struct feed){ got, len, 0, 3, SIZE_MAX };
	CHECK_OK(run(&feed, &m->sink));
	CHECK_EQ(m->len, 104);
	sink_destroy(&m->sink);
	flatbuild_free(&want);
}

/* A file that ends in zeros nobody wrote has its length all the same. */
static void test_sink_flat_length(void)
{
	uint8_t got[8192];
	struct flat_record record;
	struct sink *sink;
	int ends[2];
	size_t len;

	CHECK(pipe(ends) == 0);
	CHECK_OK(sink_open_flat(ends[1], "pipe", NULL, &sink));
	CHECK_OK(sink_write(sink, 0, "front", 5));
	CHECK_OK(sink_extend(sink, 1000));
	CHECK_OK(sink_finish(sink));
	sink_destroy(sink);
	close(ends[1]);
	len = drain(ends[0], got, sizeof(got));
	close(ends[0]);
	CHECK_EQ(len, 4096 + 16 + 5 + 16 + 1 + 16);
	CHECK_EQ(flat_record_get(got + 4096 + 21, &record), FLAT_RECORD);
	CHECK(record.off == 999 && record.size == 1 && got[4096 + 37] == 0);
}

/* No end record, and nothing behind a write that failed. */
static void test_sink_flat_broken_pipe(void)
{
	struct sink *sink;
	struct err *e;
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	CHECK(pipe(ends) == 0);
	CHECK_OK(sink_open_flat(ends[1], "STDOUT", NULL, &sink));
	close(ends[0]);
	e = sink_write(sink, 0, "front", 5);
	CHECK_EQ(err_errnum(e), EPIPE);
	CHECK(strstr(err_text(e), "STDOUT"));
	err_free(e);
	CHECK_ERR(sink_write(sink, 5, "more", 4), ERR_IO);
	CHECK_ERR(sink_finish(sink), ERR_IO);
	CHECK(sink->ops->unfinished && strstr(sink->ops->unfinished, "end record"));
	sink_destroy(sink);
	close(ends[1]);
}

/* A stream is cut off at once when the run is to end. */
static void test_sink_flat_stop(void)
{
	volatile sig_atomic_t stop = 0;
	uint8_t got[8192];
	struct sink *sink;
	int ends[2];

	CHECK(pipe(ends) == 0);
	CHECK_OK(sink_open_flat(ends[1], "pipe", &stop, &sink));
	CHECK_OK(sink_write(sink, 0, "front", 5));
	stop = 1;
	CHECK_ERR(sink_write(sink, 5, "more", 4), ERR_STOPPED);
	stop = 0;
	CHECK_ERR(sink_finish(sink), ERR_IO);
	sink_destroy(sink);
	close(ends[1]);
	CHECK_EQ(drain(ends[0], got, sizeof(got)), 4096 + 16 + 5);
	close(ends[0]);
}

static void test_sink_stream(void)
{
	struct sink *sink;
	char got[64];
	int ends[2];

	CHECK(pipe(ends) == 0);
	CHECK_OK(sink_open_stream(ends[1], "pipe", NULL, &sink));
	CHECK_OK(sink_write(sink, 0, "one ", 4));
	CHECK_ERR(sink_write(sink, 5, "gap", 3), ERR_OTHER);
	CHECK_OK(sink_write(sink, 4, "two", 3));
	CHECK_OK(sink_finish(sink));
	sink_destroy(sink);
	close(ends[1]);
	CHECK_EQ(drain(ends[0], (uint8_t *)got, sizeof(got)), 7);
	CHECK(!memcmp(got, "one two", 7));
	close(ends[0]);
}

int main(void)
{
	RUN(test_records);
	RUN(test_stops_at_the_end_record);
	RUN(test_no_stream);
	RUN(test_marks);
	RUN(test_no_mark);
	RUN(test_no_space);
	RUN(test_gaps_on_a_device);
	RUN(test_sink_flat);
	RUN(test_sink_flat_length);
	RUN(test_sink_flat_broken_pipe);
	RUN(test_sink_flat_stop);
	RUN(test_sink_stream);
	return unit_status();
}
