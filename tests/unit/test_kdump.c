// SPDX-License-Identifier: GPL-2.0-or-later
/* The kdump writer, read back: codecs, layouts, page sizes, threads. */
#include "diskdump_mod.h"
#include "output/kdump.h"

#include "output/zero.h"
#include "pages/class.h"
#include "tests/unit/kdumpread.h"

static const struct memdump_params x86_64 = {
	.word = 8, .order = ORDER_LITTLE, .machine = EM_X86_64, .page_shift = 12,
	.low_pfn = 3, .low_pages = 500,
	/* A plan block without memory lies between, and more descriptors than one buffer holds. */
	.high_pfn = 0x100010, .high_pages = 3300, .cut_pages = 40, .plan_budget = 1 << 20,
};

static struct writer_params params_of(const struct memdump *m, const struct codec *codec,
				     unsigned int level, unsigned int threads)
{
	return (struct writer_params){
		.kernel = &m->kernel,
		.level = level,
		.copy = { .dump = m->dump, .plan = m->plan, .codec = codec,
			  .share_zero = level & LEVEL_ZERO, .threads = threads },
	};
}

/* Zero pages and lost pages among those that stay. */
static void expected(const struct memdump_params *p, struct copy_stats *want)
{
	uint64_t pfn;

	memset(want, 0, sizeof(*want));
	for (pfn = 0; pfn < p->high_pfn + p->high_pages; pfn++) {
		if (!memdump_kept(p, pfn))
			continue;
		want->pages++;
		want->lost += memdump_lost(p, pfn);
		want->zero += !memdump_lost(p, pfn) && pfn % 5 == 0;
	}
}

/* Write @m and check everything about the result, which the caller destroys. */
static struct memsink *write_and_check(const struct memdump *m, const struct codec *codec,
				       unsigned int level, unsigned int threads, bool file)
{
	struct writer_params params = params_of(m, codec, level, threads);
	struct memsink *out = memsink_create(file);
	uint32_t status = (codec ? codec->page_flag : 0) | (m->dump->incomplete ? 8 : 0);
	struct copy_stats stats, want;
	struct kdumpread r;

	CHECK_OK(kdump_write(&params, &out->sink, &stats));
	CHECK(out->finished);
	kdumpread_init(&r, m, out);
	kdumpread_check_headers(&r, status, level);
	kdumpread_check_pages(&r);
	kdumpread_check_once(&r);
	expected(&m->p, &want);
	CHECK_EQ(stats.pages, want.pages);
	CHECK_EQ(stats.lost, want.lost);
	CHECK_EQ(stats.zero, level & LEVEL_ZERO ? want.zero : 0);
	CHECK_EQ(r.stored, want.pages);
	if (level & LEVEL_ZERO)
		CHECK_EQ(r.shared, want.zero + want.lost);
	else
		CHECK(r.shared <= 1);
	return out;
}

static void test_codecs(void)
{
	struct memdump m;
	size_t i;

	if (!memdump_open(&m, &x86_64))
		return;
	memsink_destroy(&write_and_check(&m, NULL, 0, 0, true)->sink);
	memsink_destroy(&write_and_check(&m, NULL, 31, 0, true)->sink);
	for (i = 0; codecs[i]; i++) {
		if (!codecs[i]->available) {
			printf("# built without %s\n", codecs[i]->name);
			continue;
		}
		memsink_destroy(&write_and_check(&m, codecs[i], 0, 0, true)->sink);
		memsink_destroy(&write_and_check(&m, codecs[i], 31, 2, true)->sink);
	}
	memdump_close(&m);
}

/* Every byte is the same, whatever the number of threads and the memory of the plan. */
static void test_threads(void)
{
	struct memdump_params poor = x86_64;
	struct memsink *one, *many;
	struct memdump m, again;
	unsigned int threads;

	poor.plan_budget = 0;
	if (!memdump_open(&m, &x86_64) || !memdump_open(&again, &poor))
		return;
	CHECK(plan_forgotten(again.plan) > 0);
	one = write_and_check(&m, codecs[0], 1, 0, true);
	for (threads = 0; threads < 8; threads = 2 * threads + 1) {
		many = write_and_check(&again, codecs[0], 1, threads, true);
		CHECK(many->len == one->len && !memcmp(many->data, one->data, one->len));
		memsink_destroy(&many->sink);
	}
	memsink_destroy(&one->sink);
	memdump_close(&m);
	memdump_close(&again);
}

static void check_layout(unsigned int word, enum byte_order order, uint16_t machine,
			 unsigned int page_shift)
{
	struct memdump_params p = x86_64;
	struct memdump m;

	p.word = word;
	p.order = order;
	p.machine = machine;
	p.page_shift = page_shift;
	p.low_pages = 50;
	p.high_pfn = word == 4 ? 0x3000 : 0x50000;
	p.high_pages = page_shift > 16 ? 10 : 60;
	p.cut_pages = 3;
	if (!memdump_open(&m, &p))
		return;
	memsink_destroy(&write_and_check(&m, codecs[0], 0, 0, true)->sink);
	memsink_destroy(&write_and_check(&m, NULL, 1, 1, true)->sink);
	memdump_close(&m);
}

static void test_layouts(void)
{
	check_layout(8, ORDER_BIG, EM_S390, 12);
	check_layout(8, ORDER_LITTLE, EM_AARCH64, 14);
	check_layout(8, ORDER_LITTLE, EM_AARCH64, 16);
	check_layout(8, ORDER_BIG, EM_PPC64, 16);
	check_layout(8, ORDER_LITTLE, EM_PPC64, 18);
	check_layout(4, ORDER_LITTLE, EM_386, 12);
	check_layout(4, ORDER_LITTLE, EM_ARM, 12);
	check_layout(4, ORDER_BIG, EM_PPC, 12);
}

/* A page that cannot be read costs none of its neighbours and does not end the run. */
static void test_bad_pages(void)
{
	struct memdump_params p = x86_64;
	struct memdump m;

	p.cut_pages = 0;
	p.bad_pfn = p.high_pfn + 200;
	p.bad_pages = 9;
	if (!memdump_open(&m, &p))
		return;
	memsink_destroy(&write_and_check(&m, codecs[0], 1, 0, true)->sink);
	memsink_destroy(&write_and_check(&m, NULL, 0, 3, true)->sink);
	memdump_close(&m);
}

/* Nothing of what the device held before shows through. */
static void test_device(void)
{
	struct memdump m;
	struct memsink *out;

	if (!memdump_open(&m, &x86_64))
		return;
	out = write_and_check(&m, codecs[0], 1, 1, false);
	memsink_destroy(&out->sink);
	memdump_close(&m);
}

/* VMCOREINFO from elsewhere gets a note of its own behind the others. */
static void test_own_vmcoreinfo_note(void)
{
	struct memdump m;
	char *info = strdup(MEMDUMP_INFO);
	size_t whole;

	if (!memdump_open(&m, &x86_64))
		return;
	whole = m.dump->notes_len;
	m.dump->vmcoreinfo = info;
	/* Only the PRSTATUS notes; cut so that the new one must be aligned first. */
	m.dump->notes_len = whole - 24 - strlen(MEMDUMP_INFO) - 1;
	memsink_destroy(&write_and_check(&m, codecs[0], 1, 0, true)->sink);
	free(info);
	memdump_close(&m);
}

/* A dump that was filtered and marked before stays so. */
static void test_inherits(void)
{
	struct memdump_params p = x86_64;
	struct memdump m;
	struct memsink *out;
	struct writer_params params;
	struct copy_stats stats;
	struct kdumpread r;

	p.cut_pages = 0;
	if (!memdump_open(&m, &p))
		return;
	m.dump->dump_level = 16;
	m.dump->incomplete = true;
	m.dump->no_vmemmap = true;
	params = params_of(&m, NULL, 8, 0);
	out = memsink_create(true);
	CHECK_OK(kdump_write(&params, &out->sink, &stats));
	kdumpread_init(&r, &m, out);
	kdumpread_check_headers(&r, KDUMP_INCOMPLETE | KDUMP_NO_VMEMMAP, 24);
	memsink_destroy(&out->sink);
	memdump_close(&m);
}

static void test_zero(void)
{
	uint8_t *buf = calloc(1, 2048 + 64);
	size_t off, len, at;

	for (off = 0; off < 64; off += 7) {
		for (len = 0; len < 1100; len += len < 20 ? 1 : 61) {
			buf[off + len] = 1;
			CHECK(is_zero(buf + off, len));
			buf[off + len] = 0;
			for (at = 0; at < len; at += 1 + at / 8) {
				buf[off + at] = 0x80;
				CHECK(!is_zero(buf + off, len));
				buf[off + at] = 0;
			}
			if (len) {
				buf[off + len - 1] = 1;
				CHECK(!is_zero(buf + off, len));
				buf[off + len - 1] = 0;
			}
		}
	}
	free(buf);
}

int main(void)
{
	RUN(test_zero);
	RUN(test_codecs);
	RUN(test_threads);
	RUN(test_layouts);
	RUN(test_bad_pages);
	RUN(test_device);
	RUN(test_own_vmcoreinfo_note);
	RUN(test_inherits);
	return unit_status();
}
