/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One page after the other: what a reader meets there, counted and told. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "verify/internal.h"

static const char *const state_words[] = {
	[PAGE_STORED] = "there",
	[PAGE_LEFT_OUT] = "missing",
	[PAGE_NOWHERE] = "missing",
	[PAGE_DAMAGED] = "damaged",
	[PAGE_UNMAPPED] = "unmapped",
	[PAGE_NO_TABLE] = "missing",
};

static const char *const state_reasons[] = {
	[PAGE_STORED] = "",
	[PAGE_LEFT_OUT] = "left out of the dump",
	[PAGE_NOWHERE] = "not among the memory of the dump",
	[PAGE_DAMAGED] = "its data cannot be read or unpacked",
	[PAGE_UNMAPPED] = "not mapped by the page tables",
	[PAGE_NO_TABLE] = "a page table on the way is not in the dump",
};

void verify_name(struct verify *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->what, sizeof(v->what), fmt, ap);
	va_end(ap);
}

/* Room for one more line of this area; the last one says that there are more. */
static bool may_print(struct verify *v)
{
	if (v->lines == VERIFY_LINES_MAX)
		log_common(v->log, "%s: further findings are counted, not listed", v->area->name);
	return v->lines++ < VERIFY_LINES_MAX;
}

void verify_flush(struct verify *v)
{
	struct finding *f = &v->pending;
	char va[48] = "", pfn[32] = "", more[48] = "";

	if (f->state == PAGE_STORED)
		return;
	if (f->has_va)
		snprintf(va, sizeof(va), " va %#llx", (unsigned long long)f->va);
	if (f->state != PAGE_UNMAPPED && f->state != PAGE_NO_TABLE)
		snprintf(pfn, sizeof(pfn), " pfn %#llx", (unsigned long long)f->pfn);
	if (f->pages > 1)
		snprintf(more, sizeof(more), " and %llu more pages", (unsigned long long)f->pages - 1);
	if (may_print(v))
		log_common(v->log, "%s: %s:%s%s%s: %s", state_words[f->state], f->what, va, pfn,
			   more, state_reasons[f->state]);
	f->state = PAGE_STORED;
}

void verify_broken(struct verify *v, struct err *e)
{
	verify_flush(v);
	v->area->counts.broken++;
	if (may_print(v))
		log_common(v->log, "broken: %s: %s", v->what, err_text(e));
	err_free(e);
}

/* The page at @pa of memory does not read as it should. */
static void note(struct verify *v, enum page_state state, bool has_va, uint64_t va, uint64_t pa)
{
	struct finding *f = &v->pending;

	if (f->state == state && f->has_va == has_va && !strcmp(f->what, v->what) &&
	    (has_va ? f->va + f->pages * v->page_size == va : f->pfn + f->pages == pa / v->page_size)) {
		f->pages++;
		return;
	}
	verify_flush(v);
	*f = (struct finding){ .state = state, .has_va = has_va, .va = va,
			       .pfn = pa / v->page_size, .pages = 1 };
	memcpy(f->what, v->what, sizeof(f->what));
}

/* Add a page to the counts; true when it reads. */
static bool judge(struct verify *v, enum page_state state, enum page_content content)
{
	struct verify_counts *counts = &v->area->counts;

	counts->pages++;
	switch (state) {
	case PAGE_STORED:
		return true;
	case PAGE_LEFT_OUT:
		if (v->absent_is_zero && content == CONTENT_ANY) {
			counts->zeros++;
			return true;
		}
		counts->missing++;
		return false;
	case PAGE_NOWHERE:
	case PAGE_NO_TABLE:
		counts->missing++;
		return false;
	case PAGE_DAMAGED:
		counts->damaged++;
		return false;
	case PAGE_UNMAPPED:
		counts->unmapped++;
		return false;
	}
	return false;
}

static enum page_state state_of(struct err *e)
{
	enum err_kind kind = err_kind(e);

	err_free(e);
	switch ((int)kind) {
	case 0:
		return PAGE_STORED;
	case ERR_EXCLUDED:
		return PAGE_LEFT_OUT;
	case ERR_NOT_PRESENT:
		return PAGE_NOWHERE;
	default:
		return PAGE_DAMAGED;
	}
}

static enum page_state look(struct verify *v, uint64_t pa)
{
	uint64_t pfn = pa / v->page_size;
	struct page_seen *seen = &v->seen[pfn % VERIFY_SEEN_SLOTS];
	const void *data;

	if (seen->pfn_plus_1 != pfn + 1) {
		seen->state = state_of(dump_view_get(kreader_view(v->reader), pfn * v->page_size,
						     (size_t)v->page_size, &data));
		seen->pfn_plus_1 = pfn + 1;
	}
	return seen->state;
}

bool verify_physical(struct verify *v, uint64_t pa, enum page_content content)
{
	enum page_state state = look(v, pa);
	bool good = judge(v, state, content);

	if (!good)
		note(v, state, false, 0, pa);
	return good;
}

/* The first page of [va, ...) is not translated. */
static void note_untranslated(struct verify *v, uint64_t va, struct err *e)
{
	enum page_state state = err_kind(e) == ERR_NO_MAPPING ? PAGE_UNMAPPED : PAGE_NO_TABLE;

	err_free(e);
	judge(v, state, CONTENT_NOT_ZERO);
	note(v, state, true, va, 0);
}

/* Pages of one leaf, from page-aligned @map->va on. */
static bool look_at_leaf(struct verify *v, const struct mapping *map, uint64_t pages,
			 enum page_content content)
{
	bool good = true;

	for (uint64_t i = 0; i < pages; i++) {
		uint64_t pa = map->pa + i * v->page_size;
		enum page_state state = look(v, pa);

		if (judge(v, state, content))
			continue;
		note(v, state, true, map->va + i * v->page_size, pa);
		good = false;
	}
	return good;
}

/* A length out of damaged memory must not keep this busy for years. */
static bool is_possible(uint64_t va, uint64_t len)
{
	return !len || (len <= VERIFY_RANGE_MAX && len - 1 <= UINT64_MAX - va);
}

bool verify_range(struct verify *v, uint64_t va, uint64_t len, enum page_content content)
{
	uint64_t at = round_down(va, v->page_size);
	uint64_t pages, now;
	bool good = true;

	if (!len)
		return true;
	if (!is_possible(va, len)) {
		verify_broken(v, err_new(ERR_BAD_INPUT, "%#llx bytes at %#llx are not possible",
					 (unsigned long long)len, (unsigned long long)va));
		return false;
	}
	pages = (va - at + (len - 1)) / v->page_size + 1;
	for (; pages; pages -= now, at += now * v->page_size) {
		struct mapping map;
		struct err *e = kread_vtop(v->reader, at, &map);

		now = 1;
		if (e) {
			note_untranslated(v, at, e);
			good = false;
			continue;
		}
		now = min_u64(pages, max_u64(map.len / v->page_size, 1));
		good &= look_at_leaf(v, &map, now, content);
	}
	return good;
}

bool verify_object(struct verify *v, uint64_t va, uint64_t len)
{
	uint64_t first = min_u64(len, v->page_size - va % v->page_size);
	bool good;

	/* One that is not possible is told of once. */
	if (!is_possible(va, len))
		return verify_range(v, va, len, CONTENT_ANY);
	good = verify_range(v, va, first, CONTENT_NOT_ZERO);
	return verify_range(v, va + first, len - first, CONTENT_ANY) && good;
}

struct err *verify_read(struct verify *v, uint64_t va, void *buf, size_t len)
{
	return v->absent_is_zero ? kread_sparse(v->reader, va, buf, len) :
				   kread(v->reader, va, buf, len);
}

struct err *verify_read_u32(struct verify *v, uint64_t va, uint32_t *ret)
{
	uint8_t raw[4];

	TRY(verify_read(v, va, raw, sizeof(raw)));
	*ret = get_u32(raw, v->kernel->order);
	return NULL;
}

bool verify_pointer(struct verify *v, uint64_t va, uint64_t *ret)
{
	const struct kernel *kernel = v->kernel;
	uint8_t raw[8];
	struct err *e = verify_read(v, va, raw, kernel->word);

	if (e)
		verify_broken(v, e);
	else
		*ret = get_word(raw, kernel->word, kernel->order);
	return !e;
}
