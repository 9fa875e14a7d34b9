// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/space.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/checked.h"
#include "kernel/symbols.h"

/*
 * Steps per stored page, before that has come to nothing: a page of pointers has 512, and each of
 * several rules goes its own way.
 */
#define STEPS_PER_PAGE 1024u
#define STEPS_FREE (UINT64_C(1) << 20)

static void tell(struct erase_space *space, const char *text)
{
	if (space->unknown++ < ERASE_WARNINGS_MAX)
		log_warn(space->log, "not erased: %s", text);
}

struct err *erase_forgive(struct erase_space *space, struct err *e)
{
	if (!err_is_unreadable(e))
		return e;
	tell(space, err_text(e));
	err_free(e);
	return NULL;
}

void erase_doubt(struct erase_space *space, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tell(space, text);
}

uint64_t erase_at_most(struct erase_space *space, uint64_t n, uint64_t max, const char *fmt, ...)
{
	char what[192];
	va_list args;

	if (n <= max)
		return n;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	erase_doubt(space, "%s: %" PRIu64 " of them, of which %" PRIu64 " are looked at", what, n, max);
	return max;
}

bool erase_step(struct erase_space *space)
{
	uint64_t pages = kreader_kernel(space->reader)->dump->stored_count;
	uint64_t limit = STEPS_FREE + pages * STEPS_PER_PAGE;

	if (space->steps == limit)
		erase_doubt(space, "what is looked for after %" PRIu64 " steps through lists and tables of %"
			    PRIu64 " pages: they do not end", limit, pages);
	space->steps += space->steps <= limit;
	return space->steps <= limit;
}

/* How far the kernel was moved from where it was linked: what both know tells. */
static bool find_slide(const struct erase_space *space, uint64_t *ret)
{
	const struct facts *facts = &kreader_kernel(space->reader)->facts;
	uint64_t run, linked;

	if (!fact_symbol(facts, "_stext", &run) || !vmlinux_symbol(space->vmlinux, "_stext", &linked))
		return false;
	*ret = run - linked;
	return true;
}

unsigned int erase_symbol(struct erase_space *space, const char *name, uint64_t *ret)
{
	struct symbol_want want = { .name = name };
	unsigned int found = 0;
	uint64_t slide;

	err_free(ksymbols_find(space->reader, &want, 1));
	if (want.found) {
		*ret = want.address;
		return want.found;
	}
	if (space->vmlinux && find_slide(space, &slide))
		found = vmlinux_symbol(space->vmlinux, name, ret);
	if (found)
		*ret += slide;
	return found;
}

/* Physical [pa, pa + len), page by page. */
static struct err *add_pages(struct erase_space *space, uint64_t pa, uint64_t len)
{
	uint64_t page = UINT64_C(1) << kreader_kernel(space->reader)->page_shift;

	while (len) {
		uint64_t now = min_u64(len, page - (pa & (page - 1)));

		TRY(erase_set_add(space->set, pa, (uint32_t)now));
		pa += now;
		len -= now;
	}
	return NULL;
}

/* One stretch at @va; *done says how far it went. */
static struct err *add_stretch(struct erase_space *space, erase_translate_fn *translate, void *ctx,
			       uint64_t va, uint64_t len, uint64_t *done)
{
	uint64_t page = UINT64_C(1) << kreader_kernel(space->reader)->page_shift;
	struct mapping map;
	struct err *e = translate(ctx, va, &map);

	*done = min_u64(len, page - (va & (page - 1)));
	if (err_kind(e) == ERR_NO_MAPPING) {
		err_free(e);
		return NULL;
	}
	if (e)
		return erase_forgive(space, err_prepend(e, "page at %#" PRIx64, va));
	*done = min_u64(len, map.len);
	return add_pages(space, map.pa, *done);
}

struct err *erase_object(struct erase_space *space, erase_translate_fn *translate, void *ctx,
			 uint64_t va, uint64_t size, uint8_t byte)
{
	uint64_t end, done;

	if (!checked_add(va, size, &end)) {
		erase_doubt(space, "%" PRIu64 " bytes at %#" PRIx64 " do not end", size, va);
		return NULL;
	}
	TRY(erase_set_object(space->set, size, byte));
	for (; va < end && erase_step(space); va += done)
		TRY(add_stretch(space, translate, ctx, va, end - va, &done));
	return NULL;
}

static struct err *translate_kernel(void *ctx, uint64_t va, struct mapping *ret)
{
	return kread_vtop(ctx, va, ret);
}

struct err *erase_kernel_object(struct erase_space *space, uint64_t va, uint64_t size, uint8_t byte)
{
	return erase_object(space, translate_kernel, space->reader, va, size, byte);
}
