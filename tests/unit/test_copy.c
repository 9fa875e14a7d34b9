// SPDX-License-Identifier: GPL-2.0-or-later
/* The copy pipeline on its own: what a page becomes, order, and how it ends. */
#include "output/copy.h"

#include "tests/unit/memdump.h"

static const struct memdump_params params = {
	.word = 8, .order = ORDER_LITTLE, .machine = EM_X86_64, .page_shift = 12,
	.low_pfn = 10, .low_pages = 400, .high_pfn = 0x90000, .high_pages = 300,
	.cut_pages = 10, .plan_budget = 1 << 20,
};

/* A codec that stores a page's first byte, as often as that byte chooses. */
static size_t odd_size(uint8_t first, size_t len)
{
	switch (first % 5) {
	case 0:
		return 0;		/* cannot be compressed */
	case 1:
		return 1;
	case 2:
		return len - 1;
	case 3:
		return len;		/* not smaller */
	default:
		return len + 7;
	}
}

static size_t odd_bound(size_t len)
{
	return len + 7;
}

static struct err *odd_create(size_t block_size, void **ret_ctx)
{
	*ret_ctx = malloc(block_size);
	return *ret_ctx ? NULL : err_nomem;
}

static void odd_destroy(void *ctx)
{
	free(ctx);
}

static size_t odd_compress(void *ctx, const void *src, size_t len, void *dst)
{
	uint8_t first = *(const uint8_t *)src;
	size_t size = odd_size(first, len);

	memset(ctx, first, len);
	/* Uses the whole bound, whatever it returns. */
	memset(dst, first, odd_bound(len));
	return size;
}

static const struct codec odd = {
	.name = "odd", .page_flag = 0x40, .available = true, .bound = odd_bound,
	.create = odd_create, .destroy = odd_destroy, .compress = odd_compress,
};

struct check {
	const struct memdump *dump;
	const struct codec *codec;
	bool share_zero;
	const struct erase_set *erase;
	uint64_t next;		/* pfn */
	uint64_t pages;
	uint64_t fail_at;	/* page that the writer refuses */
};

static void check_page(const struct check *check, const struct copy_page *page)
{
	uint8_t want[4096];
	size_t size = 0;
	bool zero;

	if (memdump_lost(&check->dump->p, page->pfn))
		memset(want, 0, sizeof(want));
	else
		memdump_content(page->pfn, want, sizeof(want));
	if (check->erase && !page->lost)
		erase_set_apply(check->erase, page->pfn << 12, want, sizeof(want));
	zero = !want[0] && !memcmp(want, want + 1, sizeof(want) - 1);
	CHECK_EQ(page->lost, memdump_lost(&check->dump->p, page->pfn));
	CHECK_EQ(!page->data, zero && check->share_zero);
	if (!page->data) {
		CHECK_EQ(page->len + page->flags, 0);
		return;
	}
	if (check->codec)
		size = odd_size(want[0], sizeof(want));
	if (size && size < sizeof(want)) {
		CHECK_EQ(page->flags, odd.page_flag);
		CHECK_EQ(page->len, size);
		memset(want, want[0], size);
	} else {
		CHECK_EQ(page->flags, 0);
		CHECK_EQ(page->len, sizeof(want));
	}
	CHECK(!memcmp(page->data, want, page->len));
}

static struct err *take_page(void *ctx, const struct copy_page *page)
{
	struct check *check = ctx;

	while (!memdump_kept(&check->dump->p, check->next))
		check->next++;
	CHECK_EQ(page->pfn, check->next);
	check->next++;
	if (check->pages++ == check->fail_at)
		return err_new(ERR_LIMIT, "enough");
	check_page(check, page);
	return NULL;
}

static struct err *copy(struct check *check, unsigned int threads, struct copy_stats *stats)
{
	struct copy_params copy = { .dump = check->dump->dump, .plan = check->dump->plan,
				    .codec = check->codec, .share_zero = check->share_zero,
				    .erase = check->erase,
				    .threads = threads };
	struct copy_writer writer = { .page = take_page, .ctx = check };

	return copy_pages(&copy, &writer, stats);
}

static void test_pages(void)
{
	struct copy_stats stats;
	struct memdump m;
	unsigned int i;

	if (!memdump_open(&m, &params))
		return;
	for (i = 0; i < 12; i++) {
		struct check check = { .dump = &m, .codec = i & 1 ? &odd : NULL,
				       .share_zero = i & 2, .fail_at = UINT64_MAX };

		CHECK_OK(copy(&check, i / 4, &stats));
		CHECK_EQ(stats.pages, plan_kept(m.plan));
		CHECK_EQ(stats.pages, check.pages);
		CHECK(stats.lost >= 8 && stats.lost <= 10);
		CHECK(i & 2 ? stats.zero > 100 : stats.zero == 0);
	}
	memdump_close(&m);
}

/* The writer's error ends the run at once, whatever is in flight. */
static void test_writer_fails(void)
{
	struct copy_stats stats;
	struct memdump m;
	unsigned int i;

	if (!memdump_open(&m, &params))
		return;
	for (i = 0; i < 12; i++) {
		struct check check = { .dump = &m, .codec = &odd, .fail_at = i * 37 };

		CHECK_ERR(copy(&check, i % 4, &stats), ERR_LIMIT);
		CHECK_EQ(check.pages, check.fail_at + 1);
		CHECK_EQ(stats.pages, check.fail_at);
	}
	memdump_close(&m);
}

/* Some bytes of every third page, all of every seventh; others with zeros. */
static void make_set(struct erase_set *set)
{
	erase_set_init(set);
	CHECK_OK(erase_set_rule(set, "some"));
	for (uint64_t pfn = 0; pfn < 400; pfn++) {
		CHECK_OK(erase_set_object(set, 1, pfn % 2 ? ERASE_BYTE : ERASE_NULL));
		if (pfn % 7 == 0)
			CHECK_OK(erase_set_add(set, pfn << 12, 4096));
		else if (pfn % 3 == 0)
			CHECK_OK(erase_set_add(set, (pfn << 12) + pfn, 100));
	}
	CHECK_OK(erase_set_close(set));
}

/* What is erased is erased before the test for zeros and before it is compressed. */
static void test_erased(void)
{
	struct copy_stats plain, stats;
	struct erase_set set;
	struct memdump m;
	unsigned int i;

	if (!memdump_open(&m, &params))
		return;
	make_set(&set);
	for (i = 0; i < 12; i++) {
		struct check check = { .dump = &m, .codec = i & 1 ? &odd : NULL,
				       .share_zero = i & 2, .fail_at = UINT64_MAX };

		CHECK_OK(copy(&check, i / 4, &plain));
		check.next = check.pages = 0;
		check.erase = &set;
		CHECK_OK(copy(&check, i / 4, &stats));
		CHECK_EQ(stats.pages, plain.pages);
		CHECK_EQ(stats.lost, plain.lost);
		CHECK(!(i & 2) || stats.zero != plain.zero);
	}
	erase_set_deinit(&set);
	memdump_close(&m);
}

static void test_nothing_kept(void)
{
	struct memdump_params p = params;
	struct copy_stats stats = { .pages = 77 };
	struct memdump m;

	p.low_pfn = 2;
	p.low_pages = 1;
	p.high_pfn = 9;
	p.high_pages = 1;
	p.cut_pages = 0;
	if (!memdump_open(&m, &p))
		return;
	CHECK_EQ(plan_kept(m.plan), 0);
	{
		struct check check = { .dump = &m, .fail_at = UINT64_MAX };

		CHECK_OK(copy(&check, 2, &stats));
	}
	CHECK_EQ(stats.pages, 0);
	memdump_close(&m);
}

int main(void)
{
	RUN(test_pages);
	RUN(test_writer_fails);
	RUN(test_erased);
	RUN(test_nothing_kept);
	return unit_status();
}
