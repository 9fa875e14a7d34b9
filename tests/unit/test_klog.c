/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log: rings of every shape, wrapped, damaged and partly missing. */
#include "tests/unit/random.h"
#include "tests/unit/ringbuild.h"

#define LE64 { 8, ORDER_LITTLE }

static const struct ring_shape plain = { LE64, 8, 13, true, 88, false, 0x3fffffffffffeeffull };

struct out {
	char *text;
	size_t len;
};

static struct err *out_write(void *ctx, const char *text, size_t len)
{
	struct out *out = ctx;

	out->text = realloc(out->text, out->len + len + 1);
	memcpy(out->text + out->len, text, len);
	out->len += len;
	out->text[out->len] = '\0';
	return NULL;
}

struct result {
	struct out out;
	uint64_t records, lost;
};

/* Open and dump; the ring is used up. @kind 0: success. */
static void ring_dump(struct ringbuild *rb, const char *more_facts, int kind, struct result *res)
{
	struct klog_out out = { out_write, &res->out };
	char info[2048];
	struct err *e;

	memset(res, 0, sizeof(*res));
	ring_facts(rb, info, sizeof(info));
	strcat(info, more_facts);
	if (!flatkernel_open(&rb->fk, info))
		return;
	e = klog_dump(rb->fk.reader, false, &out, &res->records, &res->lost);
	if (kind)
		CHECK_ERR(e, (enum err_kind)kind);
	else
		CHECK_OK(e);
	if (!res->out.text)
		CHECK_OK(out_write(&res->out, "", 0));
	flatkernel_close(&rb->fk);
}

/* "[%5lld.%06ld] [%8s] " with the text as it is: for records without odd bytes. */
static void expect_record(const struct ringbuild *rb, const struct ring_record *r, struct out *want)
{
	char line[512], who[16];
	int n;

	snprintf(who, sizeof(who), "%s%u", r->caller >> 31 ? "C" : "T", r->caller & 0x7fffffff);
	if (rb->shape.no_caller)
		n = snprintf(line, sizeof(line), "[%5lld.%06ld] %.*s\n", (long long)(r->ts / 1000000000),
			     (long)(r->ts % 1000000000 / 1000), (int)r->len, r->text);
	else
		n = snprintf(line, sizeof(line), "[%5lld.%06ld] [%8s] %.*s\n",
			     (long long)(r->ts / 1000000000), (long)(r->ts % 1000000000 / 1000), who,
			     (int)r->len, r->text);
	CHECK_OK(out_write(want, line, (size_t)n));
}

/* The dump equals what the writer knows to be in the ring. */
static void check_ring(struct ringbuild *rb, unsigned int least)
{
	struct out want = { NULL, 0 };
	struct result res;
	unsigned int there = 0;

	CHECK_OK(out_write(&want, "", 0));
	for (unsigned int i = 0; i < rb->count; i++) {
		if (rb->rec[i].gone)
			continue;
		expect_record(rb, &rb->rec[i], &want);
		there++;
	}
	CHECK(there >= least);
	ring_headers(rb);
	ring_dump(rb, "", 0, &res);
	CHECK_EQ(res.records, there);
	CHECK_EQ(res.lost, 0);
	if (strcmp(res.out.text, want.text) != 0) {
		printf("# got:\n%.600s\n# want:\n%.600s\n", res.out.text, want.text);
		CHECK(!"the text is right");
	}
	free(res.out.text);
	free(want.text);
}

static void push_random(struct ringbuild *rb, unsigned int count, uint64_t *state, unsigned int max)
{
	char text[300];

	for (unsigned int i = 0; i < count; i++) {
		size_t len = random_below(state, max + 1);

		for (size_t k = 0; k < len; k++)
			text[k] = (char)('a' + (i + k) % 26);
		ring_push(rb, text, len, 0);
	}
}

static void test_few(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));

	ring_init(rb, &plain);
	ring_push(rb, "hello", 5, 0);
	ring_push(rb, "", 0, 0);
	ring_push(rb, "a longer line of text", 21, 0);
	check_ring(rb, 3);
	/* Nothing logged yet: only the descriptor every kernel starts with. */
	ring_init(rb, &plain);
	check_ring(rb, 0);
	free(rb);
}

/* Every word size, byte order and style of wrapping; rings gone round many times. */
static void test_wrapped(void)
{
	static const unsigned int maxima[] = { 8, 23, 40, 100, 290 };
	struct ringbuild *rb = malloc(sizeof(*rb));
	uint64_t seed = 42;

	for (size_t f = 0; f < ELF_FORMS; f++) {
		for (size_t i = 0; i < 2 * ARRAY_LEN(maxima); i++) {
			struct ring_shape shape = plain;

			shape.form = elf_forms[f];
			shape.fits_end = i % 2;
			shape.info_size = i % 3 ? 88 : 112;
			shape.no_caller = i % 4 == 3;
			shape.count_bits = 5 + i % 4;
			shape.size_bits = 10 + i % 3;
			ring_init(rb, &shape);
			push_random(rb, 1000 + (unsigned int)i * 37, &seed, maxima[i / 2]);
			check_ring(rb, 2);
		}
	}
	free(rb);
}

/*
 * Blocks of 64 bytes in a ring of 1 KiB: the 16th ends exactly at the ring's
 * end. Up to v6.18 it is moved to index 0, since v6.19 it stays and next is at index 0.
 */
static void one_exact(struct elf_form form, bool fits_end, unsigned int count)
{
	size_t len = 64 - form.word;
	struct ringbuild *rb = malloc(sizeof(*rb));
	struct ring_shape shape = plain;
	char text[80];

	shape.form = form;
	shape.size_bits = 10;
	shape.fits_end = fits_end;
	ring_init(rb, &shape);
	for (unsigned int i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%05u%055u", i, i);
		ring_push(rb, text, len, 0);
	}
	if (count == 16) {
		CHECK_EQ(rb->rec[15].begin & 1023, 0x3c0);
		CHECK_EQ(rb->rec[15].next & 1023, fits_end ? 0 : 64);
	}
	check_ring(rb, 15);
	free(rb);
}

static void test_block_ends_at_ring_end(void)
{
	for (unsigned int count = 15; count < 40; count++) {
		for (size_t f = 0; f < ELF_FORMS; f++) {
			one_exact(elf_forms[f], false, count);
			one_exact(elf_forms[f], true, count);
		}
	}
}

/* Ids: up to v6.18 computed in 32 bits and run past 2^32; later wrap at the word's 62 or 30 bits. */
static void test_id_wrap(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	uint64_t seed = 7;

	for (size_t f = 0; f < ELF_FORMS; f++) {
		struct ring_shape shape = plain;

		shape.form = elf_forms[f];
		shape.count_bits = 6;
		shape.first_id = -65ull;
		ring_init(rb, &shape);
		push_random(rb, 100, &seed, 20);
		CHECK(rb->head < 64);
		check_ring(rb, 60);
		shape.first_id = 0xffffffbf;
		ring_init(rb, &shape);
		push_random(rb, 100, &seed, 20);
		check_ring(rb, 60);
	}
	free(rb);
}

static void test_states(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));

	ring_init(rb, &plain);
	for (unsigned int i = 0; i < 8; i++)
		ring_push(rb, "text", 4, 0);
	/* Being written, and given back: not there. */
	ring_state(rb, ring_id(rb, 2), 0);
	ring_state(rb, ring_id(rb, 4), 3);
	/* Another record's descriptor. */
	memkernel_put_u64(&rb->fk.mk, ring_desc(rb, ring_id(rb, 5)),
			  (ring_id(rb, 5) + 0x1000) | 2ull << 62);
	rb->rec[2].gone = rb->rec[4].gone = rb->rec[5].gone = true;
	check_ring(rb, 5);
	free(rb);
}

/* Without a block: 3 is an empty line as v5.10 logs it, 1 a message that found no room. */
static void test_dataless(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	struct result res;

	ring_init(rb, &plain);
	ring_push(rb, "before", 6, 0);
	ring_push(rb, "", 0, 3);
	ring_push(rb, "lost", 4, 1);
	ring_push(rb, "after", 5, 0);
	ring_headers(rb);
	ring_dump(rb, "", 0, &res);
	CHECK(strcmp(res.out.text, "[    0.000000] [      C0] before\n[    0.000001] [      T1] \n"
				   "[    0.000003] [      T3] after\n") == 0);
	CHECK_EQ(res.records, 3);
	CHECK_EQ(res.lost, 1);
	free(res.out.text);
	free(rb);
}

static void test_text(void)
{
	static const char odd[] = "tab\there\vff\fcr\r esc\033[1m del\177 utf\303\251 bs\\ nul\0end\nsecond\n";
	struct ringbuild *rb = malloc(sizeof(*rb));
	struct result res;

	ring_init(rb, &plain);
	ring_push(rb, odd, sizeof(odd) - 1, 0);
	rb->rec[0].ts = 0;
	ring_push(rb, "late", 4, 0);
	memkernel_put_u64(&rb->fk.mk, ring_info(rb, ring_id(rb, 1)) + 8, 1234567890123456ull);
	memkernel_put_u32(&rb->fk.mk, ring_info(rb, ring_id(rb, 1)) + 20, 123456789);
	ring_headers(rb);
	ring_dump(rb, "", 0, &res);
	CHECK(strcmp(res.out.text,
		     "[    0.000000] [      C0] tab\there\vff\fcr\r esc\\x1b[1m del\\x7f utf\\xc3\\xa9 "
		     "bs\\ nul\\x00end\n                          second\n                          \n"
		     "[1234567.890123] [T123456789] late\n") == 0);
	free(res.out.text);

	ring_init(rb, &plain);
	rb->shape.no_caller = true;
	ring_push(rb, "one\ntwo", 7, 0);
	ring_headers(rb);
	ring_dump(rb, "", 0, &res);
	CHECK(strcmp(res.out.text, "[    0.000000] one\n               two\n") == 0);
	free(res.out.text);
	free(rb);
}

/* A text longer than any buffer on the way, and a length that exceeds its block. */
static void test_lengths(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	struct result res;
	uint8_t len[2];

	ring_init(rb, &plain);
	ring_push(rb, "0123456789abcdef", 16, 0);
	ring_push(rb, "next", 4, 0);
	put_u16(len, 60000, ORDER_LITTLE);
	memkernel_put(&rb->fk.mk, ring_info(rb, ring_id(rb, 0)) + 16, len, 2);
	/* A block that has room for its id only. */
	memkernel_put_u64(&rb->fk.mk, ring_desc(rb, ring_id(rb, 1)) + 16, rb->rec[1].begin + 8);
	ring_headers(rb);
	ring_dump(rb, "", 0, &res);
	CHECK(strcmp(res.out.text, "[    0.000000] [      C0] 0123456789abcdef\n"
				   "[    0.000001] [      T1] \n") == 0);
	free(res.out.text);
	free(rb);
}

/* Spoil one word of record 1 of 3; the others still come. */
static void one_damaged(unsigned int desc_word, uint64_t value)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	struct result res;

	ring_init(rb, &plain);
	for (unsigned int i = 0; i < 3; i++)
		ring_push(rb, "some text", 9, 0);
	memkernel_put_u64(&rb->fk.mk, ring_desc(rb, ring_id(rb, 1)) + desc_word * 8, value);
	ring_headers(rb);
	ring_dump(rb, "", 0, &res);
	CHECK_EQ(res.records, 2);
	CHECK_EQ(res.lost, 1);
	CHECK(strcmp(res.out.text, "[    0.000000] [      C0] some text\n"
				   "[    0.000002] [      T2] some text\n") == 0);
	free(res.out.text);
	free(rb);
}

static void test_damaged_blocks(void)
{
	uint64_t start = -(1ull << 13);

	one_damaged(1, start + 0x1a);		/* begin not aligned */
	one_damaged(1, start);			/* another record's block */
	one_damaged(2, start + 0x18);		/* next not behind begin */
	one_damaged(2, start + (1ull << 14));	/* more than the ring */
	one_damaged(2, start + 0x18 + 0x1800);	/* more than half of it */
	one_damaged(2, 0x7ffffffffffffff8ull);
	one_damaged(2, 0x3ull);
}

static void damaged_header(uint64_t at, uint64_t value, unsigned int bytes, const char *part)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	struct klog_out out = { out_write, NULL };
	uint64_t records, lost;
	char info[2048];
	struct err *e;

	ring_init(rb, &plain);
	ring_push(rb, "x", 1, 0);
	ring_headers(rb);
	if (bytes == 4)
		memkernel_put_u32(&rb->fk.mk, at, (uint32_t)value);
	else
		memkernel_put_u64(&rb->fk.mk, at, value);
	ring_facts(rb, info, sizeof(info));
	if (flatkernel_open(&rb->fk, info)) {
		e = klog_dump(rb->fk.reader, false, &out, &records, &lost);
		CHECK(e && strstr(err_text(e), part));
		err_free(e);
		flatkernel_close(&rb->fk);
	}
	free(rb);
}

static void test_damaged_headers(void)
{
	damaged_header(RING_RB, 0, 4, "count_bits is 0");
	damaged_header(RING_RB, 27, 4, "count_bits is 27");
	damaged_header(RING_RB, 26, 4, "bytes of memory");
	damaged_header(RING_RB + 48, 9, 4, "size_bits is 9");
	damaged_header(RING_RB + 48, 32, 4, "size_bits is 32");
	damaged_header(RING_RB + 48, 31, 4, "bytes of memory");
	damaged_header(RING_VAR, 0x666000, 8, "0x666000");
}

/* Head and tail that cannot both be right: the newest records, and an end. */
static void test_damaged_ids(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	struct result res;
	uint64_t seed = 3;

	ring_init(rb, &plain);
	push_random(rb, 600, &seed, 9);
	ring_headers(rb);
	memkernel_put_u64(&rb->fk.mk, RING_RB + 32, rb->head + 1);
	ring_dump(rb, "", 0, &res);
	CHECK_EQ(res.records, 256);
	free(res.out.text);

	ring_init(rb, &plain);
	push_random(rb, 600, &seed, 9);
	ring_headers(rb);
	memkernel_put_u64(&rb->fk.mk, RING_RB + 24, 0x1234567);
	ring_dump(rb, "", 0, &res);
	CHECK_EQ(res.records, 0);
	free(res.out.text);
	free(rb);
}

/* Move an array so that its end lies in memory that an earlier filter left out. */
static void one_missing(uint64_t pointer, uint64_t from, uint64_t bytes, unsigned int want_lost)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	uint64_t gone = RING_MEM + RING_MEM_SIZE, keep = 4096, to = gone - keep;
	struct result res;
	uint64_t seed = 5;

	ring_init(rb, &plain);
	memkernel_add(&rb->fk.mk, &(struct memseg){ .paddr = gone, .size = 0x20000, .vaddr = ~0ull,
						    .excluded = true });
	push_random(rb, 256, &seed, 3);
	ring_headers(rb);
	memcpy(memkernel_at(&rb->fk.mk, to, keep), memkernel_at(&rb->fk.mk, from, bytes), keep);
	memkernel_put_u64(&rb->fk.mk, pointer, to);
	ring_dump(rb, "", 0, &res);
	CHECK_EQ(res.records + res.lost, 256);
	CHECK_EQ(res.lost, want_lost);
	free(res.out.text);
	free(rb);
}

static void test_missing_memory(void)
{
	/* A descriptor of 24 bytes, an info of 88, a block of 8 or 16 bytes: what is not in 4096 bytes whole. */
	one_missing(RING_RB + 8, RING_DESCS, 256 * 24, 256 - 4096 / 24);
	one_missing(RING_RB + 16, RING_INFOS, 256 * 88, 256 - 4096 / 88);
}

static void test_missing_text(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	uint64_t gone = RING_MEM + RING_MEM_SIZE;
	struct result res;

	ring_init(rb, &plain);
	memkernel_add(&rb->fk.mk, &(struct memseg){ .paddr = gone, .size = 0x20000, .vaddr = ~0ull,
						    .excluded = true });
	ring_push(rb, "here", 4, 0);
	ring_push(rb, "some of this is gone", 20, 0);
	ring_push(rb, "gone", 4, 0);
	ring_push(rb, "", 0, 3);
	ring_headers(rb);
	memcpy(memkernel_at(&rb->fk.mk, gone - 32, 32), memkernel_at(&rb->fk.mk, RING_TEXT, 32), 32);
	memkernel_put_u64(&rb->fk.mk, RING_RB + 56, gone - 32);
	ring_dump(rb, "", 0, &res);
	CHECK_EQ(res.records, 2);
	CHECK_EQ(res.lost, 2);
	CHECK(strcmp(res.out.text, "[    0.000000] [      C0] here\n[    0.000003] [      T3] \n") == 0);
	free(res.out.text);
	free(rb);
}

/* prb leads nowhere: the buffer the kernel started with. */
static void test_static_buffer(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	struct result res;

	ring_init(rb, &plain);
	ring_push(rb, "early", 5, 0);
	ring_headers(rb);
	memkernel_put_u64(&rb->fk.mk, RING_VAR, 0x10);
	ring_dump(rb, "SYMBOL(printk_rb_static)=100100\n", 0, &res);
	CHECK(strcmp(res.out.text, "[    0.000000] [      C0] early\n") == 0);
	CHECK(log_caught(&rb->fk.log, "printk_rb_static"));
	free(res.out.text);
	free(rb);
}

static void check_refused(const char *info, enum err_kind kind, const char *part)
{
	struct klog_out out = { out_write, NULL };
	uint64_t records, lost;
	struct flatkernel fk;
	struct err *e;

	flatkernel_init(&fk, elf_forms[0]);
	memkernel_add(&fk.mk, &(struct memseg){ .paddr = RING_MEM, .size = 4096, .vaddr = ~0ull });
	if (!flatkernel_open(&fk, info))
		return;
	e = klog_dump(fk.reader, false, &out, &records, &lost);
	CHECK_EQ(err_kind(e), kind);
	CHECK(e && strstr(err_text(e), part));
	err_free(e);
	flatkernel_close(&fk);
}

static void test_refused(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	char info[2048], *line;

	check_refused("X=y\n", ERR_NOT_FOUND, "SYMBOL(prb)");
	check_refused("SYMBOL(log_buf)=1000\nSYMBOL(log_end)=2000\n", ERR_NOT_FOUND,
		      "SYMBOL(log_buf_len)");
	check_refused("SYMBOL(log_buf)=1000\nSYMBOL(log_first_idx)=2000\n", ERR_NOT_FOUND,
		      "SIZE(printk_log)");
	check_refused("SYMBOL(log_first_idx)=2000\nSIZE(printk_log)=16\nOFFSET(printk_log.ts_nsec)=0\n"
		      "OFFSET(printk_log.len)=15\n", ERR_NOT_FOUND, "outside SIZE(printk_log)=16");
	check_refused("SYMBOL(prb)=1000\n", ERR_NOT_FOUND, "OFFSET(printk_ringbuffer.desc_ring)");
	ring_init(rb, &plain);
	ring_facts(rb, info, sizeof(info));
	line = strstr(info, "SIZE(printk_info)=88");
	if (line)
		memcpy(line, "SIZE(printk_info)=17", 20);
	check_refused(info, ERR_BAD_INPUT, "SIZE(printk_info)=17");
	ring_facts(rb, info, sizeof(info));
	strcat(info, "OFFSET(printk_info.ts_nsec)=99999\n");
	check_refused(info, ERR_BAD_INPUT, "OFFSET(printk_info.ts_nsec)=99999");
	memkernel_close(&rb->fk.mk);
	free(rb);
}

static struct err *refuse(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	(void)len;
	return err_new(ERR_NO_SPACE, "full");
}

static void test_output_fails(void)
{
	struct ringbuild *rb = malloc(sizeof(*rb));
	struct klog_out out = { refuse, NULL };
	uint64_t records, lost;
	char info[2048];

	ring_init(rb, &plain);
	ring_push(rb, "x", 1, 0);
	ring_headers(rb);
	ring_facts(rb, info, sizeof(info));
	if (flatkernel_open(&rb->fk, info)) {
		CHECK_ERR(klog_dump(rb->fk.reader, false, &out, &records, &lost), ERR_NO_SPACE);
		flatkernel_close(&rb->fk);
	}
	free(rb);
}

int main(void)
{
	RUN(test_few);
	RUN(test_wrapped);
	RUN(test_block_ends_at_ring_end);
	RUN(test_id_wrap);
	RUN(test_states);
	RUN(test_dataless);
	RUN(test_text);
	RUN(test_lengths);
	RUN(test_damaged_blocks);
	RUN(test_damaged_headers);
	RUN(test_damaged_ids);
	RUN(test_missing_memory);
	RUN(test_missing_text);
	RUN(test_static_buffer);
	RUN(test_refused);
	RUN(test_output_fails);
	return unit_status();
}
