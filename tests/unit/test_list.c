/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists in kernel memory: whole, damaged, endless; and the list of pmem metadata. */
#include "kernel/pmem.h"
#include "tests/unit/flatkernel.h"

#define MEM 0x100000ull
#define HEAD (MEM + 0x10)
#define GONE (MEM + 0x10000)
#define PMEM 0x40000000ull
#define PMEM_PAGES 0x1000ull

static void world_init(struct flatkernel *fk, struct elf_form form)
{
	flatkernel_init(fk, form);
	memkernel_add(&fk->mk, &(struct memseg){ .paddr = MEM, .size = 0x10000, .vaddr = ~0ull });
	memkernel_add(&fk->mk, &(struct memseg){ .paddr = GONE, .size = 0x1000, .vaddr = ~0ull,
						 .excluded = true });
	memkernel_add(&fk->mk, &(struct memseg){ .paddr = PMEM, .size = PMEM_PAGES << 12, .vaddr = ~0ull,
						 .excluded = true, .pmem = true });
}

static uint64_t node_at(unsigned int i)
{
	return MEM + 0x1000 + i * 64;
}

static void link_nodes(struct flatkernel *fk, uint64_t from, uint64_t to)
{
	memkernel_put_word(&fk->mk, from, to);
	if (memkernel_at(&fk->mk, to, 16))
		memkernel_put_word(&fk->mk, to + fk->mk.form.word, from);
}

/* Head, @count nodes and back. */
static void make_list(struct flatkernel *fk, unsigned int count)
{
	uint64_t from = HEAD;

	for (unsigned int i = 0; i < count; i++) {
		link_nodes(fk, from, node_at(i));
		from = node_at(i);
	}
	link_nodes(fk, from, HEAD);
}

struct seen {
	unsigned int count;
	bool in_order;
	unsigned int stop_at;	/* 0: never */
};

static struct err *visit(void *ctx, uint64_t node)
{
	struct seen *seen = ctx;

	seen->in_order &= node == node_at(seen->count);
	seen->count++;
	return seen->count == seen->stop_at ? err_stopped : NULL;
}

/* Walk with @limit; the outcome, and how many elements came. */
static void check_walk(struct flatkernel *fk, uint64_t limit, int kind, unsigned int count)
{
	struct seen seen = { .in_order = true };

	if (!flatkernel_open(fk, "X=y\n"))
		return;
	if (kind)
		CHECK_ERR(klist_for_each(fk->reader, HEAD, limit, visit, &seen), (enum err_kind)kind);
	else
		CHECK_OK(klist_for_each(fk->reader, HEAD, limit, visit, &seen));
	CHECK_EQ(seen.count, count);
	CHECK(seen.in_order);
	flatkernel_close(fk);
}

static void test_whole(void)
{
	static const unsigned int counts[] = { 0, 1, 2, 100 };

	for (size_t f = 0; f < ELF_FORMS; f++) {
		for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
			struct flatkernel fk;

			world_init(&fk, elf_forms[f]);
			make_list(&fk, counts[i]);
			check_walk(&fk, 100, 0, counts[i]);
		}
	}
}

static void test_limit(void)
{
	struct flatkernel fk;

	world_init(&fk, elf_forms[0]);
	make_list(&fk, 100);
	check_walk(&fk, 99, ERR_BAD_INPUT, 99);
}

static void test_callback_stops(void)
{
	struct seen seen = { .in_order = true, .stop_at = 3 };
	struct flatkernel fk;

	world_init(&fk, elf_forms[0]);
	make_list(&fk, 10);
	if (!flatkernel_open(&fk, "X=y\n"))
		return;
	CHECK_ERR(klist_for_each(fk.reader, HEAD, 100, visit, &seen), ERR_STOPPED);
	CHECK_EQ(seen.count, 3);
	flatkernel_close(&fk);
}

/* Each element comes once, even where the list runs in circles. */
static void test_cycles(void)
{
	struct flatkernel fk;

	world_init(&fk, elf_forms[0]);
	make_list(&fk, 10);
	memkernel_put_word(&fk.mk, node_at(9), node_at(4));
	check_walk(&fk, 1000000, ERR_BAD_INPUT, 10);

	/* The same with the back pointer bent too: found when the cycle is entered. */
	world_init(&fk, elf_forms[0]);
	make_list(&fk, 10);
	link_nodes(&fk, node_at(9), node_at(4));
	check_walk(&fk, 1000000, ERR_BAD_INPUT, 4);

	world_init(&fk, elf_forms[0]);
	make_list(&fk, 10);
	link_nodes(&fk, node_at(5), node_at(5));
	check_walk(&fk, 1000000, ERR_BAD_INPUT, 5);
}

static void test_unreadable(void)
{
	struct flatkernel fk;

	world_init(&fk, elf_forms[0]);
	make_list(&fk, 10);
	memkernel_put_word(&fk.mk, node_at(6), GONE);
	check_walk(&fk, 100, ERR_EXCLUDED, 7);

	world_init(&fk, elf_forms[0]);
	make_list(&fk, 10);
	memkernel_put_word(&fk.mk, node_at(6), 0);
	check_walk(&fk, 100, ERR_NOT_PRESENT, 7);
}

#define PMEM_FACTS                                                                    \
	"SYMBOL(devm_memmap_vmcore_head)=100010\nSIZE(devm_memmap_vmcore)=40\n"       \
	"OFFSET(devm_memmap_vmcore.entry)=0\nOFFSET(devm_memmap_vmcore.start)=16\n"   \
	"OFFSET(devm_memmap_vmcore.end)=24\n"

static void put_range(struct flatkernel *fk, unsigned int i, uint64_t start, uint64_t end)
{
	memkernel_put_word(&fk->mk, node_at(i) + 16, start);
	memkernel_put_word(&fk->mk, node_at(i) + 24, end);
}

static void test_pmem_metadata(void)
{
	uint64_t first = PMEM >> 12;
	struct ranges set;
	struct flatkernel fk;
	bool found = false;

	world_init(&fk, elf_forms[0]);
	ranges_init(&set);
	make_list(&fk, 5);
	put_range(&fk, 0, first, first + 0x10);
	put_range(&fk, 1, first + 0x100, first + 0x80);		/* backwards */
	put_range(&fk, 2, 0x100, 0x110);			/* not persistent memory */
	put_range(&fk, 3, first + 0xff0, ~0ull);		/* beyond its end */
	put_range(&fk, 4, first + 0x20, first + 0x21);
	if (!flatkernel_open(&fk, PMEM_FACTS))
		return;
	CHECK_OK(kernel_pmem_listed(fk.reader, &set, &found));
	CHECK(found);
	CHECK_EQ(set.count, 3);
	CHECK_EQ(ranges_total(&set), 0x10 + 1 + 0x10);
	CHECK(ranges_covers(&set, first, first + 0x10));
	CHECK(ranges_covers(&set, first + 0xff0, first + PMEM_PAGES));
	CHECK_EQ(fk.log.warnings, 2);
	CHECK(log_caught(&fk.log, "2 list elements ignored"));
	ranges_deinit(&set);
	flatkernel_close(&fk);
}

static void check_pmem(const char *info, bool bend, bool want_found, uint64_t want_total)
{
	struct ranges set;
	struct flatkernel fk;
	bool found = !want_found;

	world_init(&fk, elf_forms[0]);
	ranges_init(&set);
	make_list(&fk, 3);
	for (unsigned int i = 0; i < 3; i++)
		put_range(&fk, i, (PMEM >> 12) + i * 2, (PMEM >> 12) + i * 2 + 1);
	if (bend)
		memkernel_put_word(&fk.mk, node_at(1), node_at(0));
	if (!flatkernel_open(&fk, info))
		return;
	CHECK_OK(kernel_pmem_listed(fk.reader, &set, &found));
	CHECK_EQ(found, want_found);
	CHECK_EQ(ranges_total(&set), want_total);
	CHECK_EQ(fk.log.warnings > 0, bend || strstr(info, "SYMBOL(devm") != NULL);
	ranges_deinit(&set);
	flatkernel_close(&fk);
}

static void test_pmem_broken(void)
{
	check_pmem("X=y\n", false, false, 0);
	check_pmem("SYMBOL(devm_memmap_vmcore_head)=100010\n", false, false, 0);
	/* What came before the damage counts. */
	check_pmem(PMEM_FACTS, true, true, 2);
}

int main(void)
{
	RUN(test_whole);
	RUN(test_limit);
	RUN(test_callback_stops);
	RUN(test_cycles);
	RUN(test_unreadable);
	RUN(test_pmem_metadata);
	RUN(test_pmem_broken);
	return unit_status();
}
