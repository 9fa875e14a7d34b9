/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bring-up of a dump of a Xen host: notes, facts, translation. */
#include "kernel/xen.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64.h"
#include "base/checked.h"
#include "base/file.h"
#include "kernel/xen_internal.h"
#include "kernel/xen_syms.h"

#define TEXT_MAX (1u << 20)
#define TEXT_WINDOW (UINT64_C(1) << 30)

/* The crash info note: an array of longs. */
enum {
	INFO_MAJOR = 0,
	INFO_MINOR = 1,
	INFO_LONGS_MIN = 8,
	/* With ten and more the last but one is xen_phys_start; older ones were linked to run in the direct map. */
	INFO_LONGS_PHYS_START = 10,
};

static uint64_t info_long(const struct dump *dump, size_t index)
{
	return get_u64(dump->xen_info + 8 * index, dump->order);
}

static struct err *read_info(struct xen *xen)
{
	const struct dump *dump = xen->dump;
	size_t longs = dump->xen_info_len / 8;

	if (dump->machine != EM_X86_64)
		return err_new(ERR_UNSUPPORTED, "pages of Xen guests can be told on x86_64 only");
	if (longs < INFO_LONGS_MIN)
		return err_new(ERR_BAD_INPUT, "Xen's crash info note has %zu bytes, less than %d longs",
			       dump->xen_info_len, INFO_LONGS_MIN);
	xen->major = info_long(dump, INFO_MAJOR);
	xen->minor = info_long(dump, INFO_MINOR);
	log_debug(xen->log, "Xen version %" PRIu64 ".%" PRIu64, xen->major, xen->minor);
	return NULL;
}

/* Where the image is; text_va is known. */
static struct err *find_image(struct xen *xen, const struct xen_given *given)
{
	size_t longs = xen->dump->xen_info_len / 8;

	if (given->has_phys_start)
		xen->text_pa = given->phys_start;
	else if (longs >= INFO_LONGS_PHYS_START)
		xen->text_pa = info_long(xen->dump, longs - 2);
	else if (xen->text_va >= XEN_DIRECT_MAP)
		xen->text_pa = xen->text_va - XEN_DIRECT_MAP;
	else
		return err_new(ERR_NOT_FOUND, "Xen's crash info note does not tell xen_phys_start; "
			       "--xen_phys_start can");
	return NULL;
}

static struct err *read_file(const char *path, char **ret, size_t *ret_len)
{
	char *text = malloc(TEXT_MAX);
	struct source *src;
	struct err *e;

	if (!text)
		return err_nomem;
	e = source_open_file(path, false, &src);
	if (!e) {
		e = source_read_some(src, 0, text, TEXT_MAX, ret_len);
		source_destroy(src);
	}
	if (e) {
		free(text);
		return e;
	}
	*ret = text;
	return NULL;
}

static struct err *read_text(struct xen *xen, const struct xen_given *given)
{
	const struct dump *dump = xen->dump;
	char *text = NULL;
	size_t len = 0;
	struct err *e;

	if (!given->vmcoreinfo && !dump->xen_vmcoreinfo)
		return NULL;
	if (!given->vmcoreinfo)
		return facts_add_vmcoreinfo(&xen->facts, dump->xen_vmcoreinfo,
					    dump->xen_vmcoreinfo_len, "VMCOREINFO_XEN", xen->log);
	TRY(read_file(given->vmcoreinfo, &text, &len));
	e = facts_add_vmcoreinfo(&xen->facts, text, len, "--xen-vmcoreinfo", xen->log);
	free(text);
	return e;
}

/* Xen is not moved: whatever both name must be the same, or the file is another hypervisor's. */
static struct err *check_same(const struct xen *xen, const struct facts *theirs, const char *path)
{
	for (size_t i = 0; i < theirs->map.count; i++) {
		const char *key = theirs->map.v[i].key;
		const struct fact *their = theirs->map.v[i].value;
		const struct fact *own = strmap_get(&xen->facts.map, key, strlen(key));

		if (own && own->kind == their->kind && own->value != their->value)
			return err_new(ERR_WRONG_RELEASE, "%s is of another hypervisor: its %s is %s, that of "
				       "%s is %s", path, key, their->text, own->provider, own->text);
	}
	return NULL;
}

static struct err *read_facts(struct xen *xen, const struct xen_given *given)
{
	struct facts facts;
	struct err *e;

	if (!given->vmcoreinfo && !given->syms && !xen->dump->xen_vmcoreinfo)
		return err_new(ERR_NOT_FOUND, "the dump has no VMCOREINFO_XEN; --xen-syms or "
			       "--xen-vmcoreinfo can tell what it would");
	TRY(read_text(xen, given));
	if (!given->syms)
		return NULL;
	facts_init(&facts);
	e = xen_syms_read(given->syms, xen->log, &facts);
	if (!e)
		e = check_same(xen, &facts, given->syms);
	if (!e)
		e = facts_merge(&xen->facts, &facts);
	facts_deinit(&facts);
	return e;
}

static bool in_text(const struct xen *xen, uint64_t va)
{
	return va - xen->text_va < TEXT_WINDOW;
}

/* The image's place is taken from two numbers; its own page tables must agree with them. */
static struct err *start_translation(struct xen *xen, const struct xen_given *given,
				     struct dump_view *view)
{
	struct mapping map = { 0 };
	uint64_t list, root;
	struct err *e;

	if (!fact_symbol(&xen->facts, "domain_list", &list))
		return err_new(ERR_NOT_FOUND, "VMCOREINFO_XEN: SYMBOL(domain_list) is not known");
	if (!fact_symbol(&xen->facts, "pgd_l4", &root))
		return err_new(ERR_NOT_FOUND, "VMCOREINFO_XEN: SYMBOL(pgd_l4) is not known");
	xen->text_va = round_down(list, TEXT_WINDOW);
	if (!in_text(xen, root))
		return err_new(ERR_BAD_INPUT, "VMCOREINFO_XEN: SYMBOL(pgd_l4)=%" PRIx64 " is not within a "
			       "gigabyte of SYMBOL(domain_list)=%" PRIx64, root, list);
	TRY(find_image(xen, given));
	x86_64_form_init(&xen->form, 4, 0);
	xen->root = root - xen->text_va + xen->text_pa;
	e = pt_walk(&xen->form, view, xen->root, root, &map);
	if (err_kind(e) == ERR_NOMEM)
		return e;
	if (e || root - map.va + map.pa != xen->root) {
		err_free(e);
		return err_new(ERR_BAD_INPUT, "Xen's page tables are not at machine address %#" PRIx64
			       ", where xen_phys_start %#" PRIx64 " puts them", xen->root, xen->text_pa);
	}
	return NULL;
}

struct err *xen_vtop(const struct xen *xen, struct dump_view *view, uint64_t va,
		     struct mapping *ret)
{
	return pt_walk(&xen->form, view, xen->root, va, ret);
}

struct err *xen_read(const struct xen *xen, struct dump_view *view, uint64_t va, void *buf,
		     size_t len)
{
	struct mapping map = { 0 };
	uint8_t *to = buf;

	while (len) {
		struct err *e = xen_vtop(xen, view, va, &map);
		size_t n = 0;

		if (!e) {
			n = (size_t)min_u64(len, map.len - (va - map.va));
			e = dump_view_read(view, mapping_pa(&map, va), to, n);
		}
		if (e)
			return err_prepend(e, "Xen's memory at %#" PRIx64, va);
		va += n;
		to += n;
		len -= n;
	}
	return NULL;
}

struct err *xen_offset(const struct xen *xen, const char *name, uint64_t *ret)
{
	if (fact_offset(&xen->facts, name, ret) && *ret < 1u << 20)
		return NULL;
	return err_new(ERR_NOT_FOUND, "VMCOREINFO_XEN: OFFSET(%s) is not known or no offset", name);
}

struct err *xen_read_long(const struct xen *xen, struct dump_view *view, uint64_t va, uint64_t *ret)
{
	uint8_t raw[8];

	TRY(xen_read(xen, view, va, raw, sizeof(raw)));
	*ret = get_u64(raw, xen->dump->order);
	return NULL;
}

static struct err *learn(struct xen *xen, const struct xen_given *given)
{
	struct dump_view *view;
	struct err *e;

	TRY(read_info(xen));
	TRY(read_facts(xen, given));
	TRY(dump_view_create(xen->dump, 0, &view));
	e = start_translation(xen, given, view);
	if (!e)
		e = xen_find_domains(xen, view);
	if (!e)
		e = xen_find_frames(xen, view);
	if (!e)
		e = xen_find_bitmap(xen, view);
	if (!e)
		e = xen_sample_frames(xen, view);
	dump_view_destroy(view);
	return e;
}

struct err *xen_create(struct dump *dump, const struct xen_given *given, const struct log *log,
		       struct xen **ret)
{
	struct xen *xen = calloc(1, sizeof(*xen));
	struct err *e;

	if (!xen)
		return err_nomem;
	xen->dump = dump;
	xen->log = log;
	facts_init(&xen->facts);
	e = learn(xen, given);
	if (e) {
		xen_destroy(xen);
		return e;
	}
	*ret = xen;
	return NULL;
}

void xen_destroy(struct xen *xen)
{
	if (!xen)
		return;
	facts_deinit(&xen->facts);
	free(xen->guests);
	free(xen);
}
