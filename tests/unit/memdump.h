/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small dump in memory with pages whose content is a function of their
 * number: an ELF core, opened through input/, with a kernel and a plan.
 */
#ifndef TESTS_UNIT_MEMDUMP_H
#define TESTS_UNIT_MEMDUMP_H

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "kernel/kernel.h"
#include "pages/plan.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

struct memdump_params {
	unsigned int word;	/* 4 or 8 */
	enum byte_order order;
	uint16_t machine;
	unsigned int page_shift;
	uint64_t low_pfn, low_pages;
	uint64_t high_pfn, high_pages;
	uint64_t cut_pages;	/* at the end of the high part: not in the file any more */
	uint64_t bad_pfn, bad_pages;	/* in the high part: the device refuses to read them */
	size_t plan_budget;
};

/* A source that cannot be mapped, with a stretch that cannot be read. */
struct memdump_source {
	struct source src;
	const uint8_t *data;
	uint64_t bad, bad_len;
};

struct memdump {
	struct memdump_params p;
	uint8_t *file;
	size_t len;
	struct dump *dump;
	struct kernel kernel;
	struct plan *plan;
};

#define MEMDUMP_INFO "OSRELEASE=6.1.0-test\nPAGESIZE=4096\nCRASHTIME=1700000000\n"
#define MEMDUMP_CPUS 2

/* What page @pfn holds: zeros, noise, text, a lone last byte, half noise. */
static inline void memdump_content(uint64_t pfn, uint8_t *buf, size_t size)
{
	size_t i, noise = pfn % 5 == 1 ? size : pfn % 5 == 4 ? size / 2 : 0;
	uint64_t state = pfn;

	memset(buf, 0, size);
	random_fill(&state, buf, noise);
	if (pfn % 5 == 2)
		for (i = 0; i < size; i++)
			buf[i] = "the quick brown fox "[(i + pfn) % 20];
	if (pfn % 5 == 3)
		buf[size - 1] = 1;
}

static inline bool memdump_present(const struct memdump_params *p, uint64_t pfn)
{
	return (pfn >= p->low_pfn && pfn < p->low_pfn + p->low_pages) ||
	       (pfn >= p->high_pfn && pfn < p->high_pfn + p->high_pages);
}

static inline bool memdump_kept(const struct memdump_params *p, uint64_t pfn)
{
	return memdump_present(p, pfn) && pfn % 7 != 2;
}

static inline bool memdump_lost(const struct memdump_params *p, uint64_t pfn)
{
	return pfn >= p->high_pfn + p->high_pages - p->cut_pages ||
	       (pfn >= p->bad_pfn && pfn < p->bad_pfn + p->bad_pages);
}

static inline struct err *memdump_judge(void *ctx, uint64_t block, uint8_t *keep)
{
	const struct memdump_params *p = ctx;
	uint64_t i;

	memset(keep, 0, PLAN_BLOCK / 8);
	for (i = 0; i < PLAN_BLOCK; i++)
		if (memdump_kept(p, block * PLAN_BLOCK + i))
			bits_set(keep, i);
	return NULL;
}

/* An ELF header field or program header value at a position that depends on the class. */
static inline void memdump_phdr(const struct memdump *m, unsigned int i, uint32_t type,
				uint64_t off, uint64_t paddr, uint64_t size)
{
	enum byte_order o = m->p.order;
	unsigned int w = m->p.word;
	uint8_t *h = m->file + (w == 8 ? 64 + i * 56 : 52 + i * 32);

	put_u32(h, type, o);
	put_word(h + (w == 8 ? 8 : 4), off, w, o);
	put_word(h + (w == 8 ? 24 : 12), paddr, w, o);
	put_word(h + (w == 8 ? 32 : 16), size, w, o);
	put_word(h + (w == 8 ? 40 : 20), size, w, o);
}

static inline void memdump_elf_header(const struct memdump *m, unsigned int phnum)
{
	enum byte_order o = m->p.order;
	unsigned int w = m->p.word;
	uint8_t *h = m->file;

	memcpy(h, "\177ELF", 4);
	h[4] = w == 8 ? ELFCLASS64 : ELFCLASS32;
	h[5] = o == ORDER_LITTLE ? ELFDATA2LSB : ELFDATA2MSB;
	h[6] = EV_CURRENT;
	put_u16(h + 16, ET_CORE, o);
	put_u16(h + 18, m->p.machine, o);
	put_u32(h + 20, EV_CURRENT, o);
	put_word(h + (w == 8 ? 32 : 28), w == 8 ? 64 : 52, w, o);
	put_u16(h + (w == 8 ? 52 : 40), w == 8 ? 64 : 52, o);
	put_u16(h + (w == 8 ? 54 : 42), w == 8 ? 56 : 32, o);
	put_u16(h + (w == 8 ? 56 : 44), (uint16_t)phnum, o);
}

static inline size_t memdump_note(uint8_t *at, enum byte_order o, const char *name, uint32_t type,
				  const void *desc, size_t len)
{
	size_t name_len = strlen(name) + 1, name_room = (name_len + 3) & ~(size_t)3;

	put_u32(at, (uint32_t)name_len, o);
	put_u32(at + 4, (uint32_t)len, o);
	put_u32(at + 8, type, o);
	memcpy(at + 12, name, name_len);
	memcpy(at + 12 + name_room, desc, len);
	return 12 + name_room + ((len + 3) & ~(size_t)3);
}

static inline void memdump_build(struct memdump *m)
{
	const struct memdump_params *p = &m->p;
	size_t page = (size_t)1 << p->page_shift, low = 8192, high, note = 1024, i;
	static const uint8_t regs[336];

	high = low + (size_t)p->low_pages * page;
	m->len = high + (size_t)(p->high_pages - p->cut_pages) * page;
	m->file = calloc(1, m->len);
	memdump_elf_header(m, 3);
	for (i = 0; i < MEMDUMP_CPUS; i++)
		note += memdump_note(m->file + note, p->order, "CORE", NT_PRSTATUS, regs,
				     sizeof(regs));
	note += memdump_note(m->file + note, p->order, "VMCOREINFO", 0, MEMDUMP_INFO,
			     strlen(MEMDUMP_INFO));
	memdump_phdr(m, 0, PT_NOTE, 1024, 0, note - 1024);
	memdump_phdr(m, 1, PT_LOAD, low, p->low_pfn << p->page_shift, p->low_pages * page);
	memdump_phdr(m, 2, PT_LOAD, high, p->high_pfn << p->page_shift, p->high_pages * page);
	for (i = 0; i < p->low_pages; i++)
		memdump_content(p->low_pfn + i, m->file + low + i * page, page);
	for (i = 0; i < p->high_pages - p->cut_pages; i++)
		memdump_content(p->high_pfn + i, m->file + high + i * page, page);
}

static inline void memdump_kernel(struct memdump *m)
{
	struct kernel *k = &m->kernel;

	k->dump = m->dump;
	k->page_shift = m->p.page_shift;
	k->word = m->p.word;
	k->order = m->p.order;
	k->crash_time = 1700000000;
	strcpy(k->uts.sysname, "Linux");
	strcpy(k->uts.nodename, "host");
	strcpy(k->uts.release, "6.1.0-test");
	memset(k->uts.version, 'v', 65);	/* not terminated; the file's must be */
	strcpy(k->uts.machine, "test");
	strcpy(k->uts.domainname, "(none)");
}

static inline struct err *memdump_read(struct source *src, uint64_t off, void *buf, size_t len,
				       size_t *ret_len)
{
	struct memdump_source *s = (struct memdump_source *)src;

	if (off < s->bad + s->bad_len && s->bad < off + len)
		return err_sys(EIO, "bad block");
	*ret_len = off >= src->size ? 0 : (size_t)min_u64(len, src->size - off);
	memcpy(buf, s->data + off, *ret_len);
	return NULL;
}

static inline void memdump_source_destroy(struct source *src)
{
	free(src);
}

static inline struct source *memdump_bad_source(const struct memdump *m)
{
	static const struct source_ops ops = { .read = memdump_read,
					       .destroy = memdump_source_destroy };
	struct memdump_source *s = calloc(1, sizeof(*s));
	const struct memdump_params *p = &m->p;

	s->src = (struct source){ .ops = &ops, .name = "bad device", .size = m->len };
	s->data = m->file;
	s->bad = 8192 + ((p->low_pages + p->bad_pfn - p->high_pfn) << p->page_shift);
	s->bad_len = p->bad_pages << p->page_shift;
	return &s->src;
}

static inline bool memdump_open(struct memdump *m, const struct memdump_params *p)
{
	struct plan_judge judge = { .judge = memdump_judge, .ctx = &m->p };
	struct dump_options options = { .no_mmap = false };
	struct source *src;
	uint8_t *keep = calloc(1, PLAN_BLOCK / 8);
	struct err *e = NULL;
	uint64_t b;

	memset(m, 0, sizeof(*m));
	m->p = *p;
	memdump_build(m);
	if (p->bad_pages)
		src = memdump_bad_source(m);
	else
		e = source_open_memory(m->file, m->len, &src);
	if (!e)
		e = dump_open_source(src, &options, &m->dump);
	if (!e)
		e = dump_set_page_size(m->dump, (uint64_t)1 << p->page_shift);
	if (!e)
		e = plan_create(m->dump->max_mapnr, p->plan_budget, &judge, &m->plan);
	for (b = 0; !e && b < plan_blocks(m->plan); b++) {
		e = memdump_judge(&m->p, b, keep);
		if (!e)
			e = plan_put(m->plan, b, keep);
	}
	free(keep);
	if (e) {
		CHECK_OK(e);
		return false;
	}
	memdump_kernel(m);
	return true;
}

static inline void memdump_close(struct memdump *m)
{
	plan_destroy(m->plan);
	dump_close(m->dump);
	free(m->file);
}

#endif
