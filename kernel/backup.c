// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/backup.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/corehdr.h"
#include "kernel/internal.h"
#include "kernel/symbols.h"

/* Reaches beyond the last segment in every kernel: 16 of 32 bytes, behind less than 100 bytes. */
#define KIMAGE_LEN 1024u
#define SEGMENT_WORDS 4u
#define PAGE 4096u
/* Of one PT_LOAD; the backup region of x86 has 640 KiB, that of ppc64 64 KiB. */
#define MOVED_LEN_MAX (UINT64_C(64) << 20)
#define MOVED_MAX 4u
#define CHUNK (64u << 10)

struct moved {
	uint64_t paddr, copy, len;
};

struct backup {
	const struct kernel *kernel;
	struct kreader *reader;
	struct kimage_segment segments[KIMAGE_SEGMENTS_MAX];
	size_t segment_count;
	struct moved moved[MOVED_MAX];
	size_t moved_count;
};

/* Words of one struct kexec_segment: buf, bufsz, mem, memsz. */
static bool is_segment(const uint64_t *v, uint64_t end, struct kimage_segment *ret)
{
	*ret = (struct kimage_segment){ v[2], v[3] };
	return v[3] && v[1] <= v[3] && !((v[2] | v[3]) & (PAGE - 1)) && range_fits(v[2], v[3], end);
}

size_t kimage_segments(const uint8_t *bytes, size_t len, unsigned int word, enum byte_order order,
		       uint64_t end, struct kimage_segment ret[KIMAGE_SEGMENTS_MAX])
{
	for (size_t at = 0; at + word <= len; at += word) {
		uint64_t count = get_word(bytes + at, word, order);
		uint64_t v[SEGMENT_WORDS];
		size_t n = 0;

		if (!count || count > KIMAGE_SEGMENTS_MAX ||
		    at + word + count * sizeof(v) / 8 * word > len)
			continue;
		for (; n < count; n++) {
			const uint8_t *p = bytes + at + word + n * SEGMENT_WORDS * word;

			for (size_t i = 0; i < SEGMENT_WORDS; i++)
				v[i] = get_word(p + i * word, word, order);
			if (!is_segment(v, end, &ret[n]))
				break;
		}
		if (n == count)
			return n;
	}
	return 0;
}

/* Some CPU left this kernel, or firmware wrote the dump and nobody knows. */
static bool may_be_moved(const struct kernel *kernel, struct kreader *reader)
{
	struct arch_env env = kernel_arch_env(kernel, &kernel->facts);
	struct arch_cpus cpus = { .here = 0 };

	env.view = kreader_view(reader);
	if (kernel->arch->count_cpus)
		kernel->arch->count_cpus(&env, kernel->arch_state, &cpus);
	return cpus.elsewhere || (!cpus.here && kernel->dump->by_firmware);
}

/* The capture kernel that was loaded; without one there are no segments. */
static struct err *find_segments(struct backup *b)
{
	const struct kernel *kernel = b->kernel;
	uint8_t kimage[KIMAGE_LEN];
	uint64_t symbol, address = 0;

	if (!ksymbol(b->reader, "kexec_crash_image", &symbol)) {
		log_debug(kernel->log, "backup region: symbol kexec_crash_image is not known");
		return NULL;
	}
	TRY(kread_word(b->reader, symbol, &address));
	if (!address)
		return NULL;
	TRY(kread(b->reader, address, kimage, sizeof(kimage)));
	b->segment_count = kimage_segments(kimage, sizeof(kimage), kernel->word, kernel->order,
					   kernel->dump->max_mapnr << kernel->page_shift, b->segments);
	if (!b->segment_count)
		return err_new(ERR_BAD_INPUT, "there are no segments in the struct kimage at %#" PRIx64,
			       address);
	return NULL;
}

/* Purgatory copies at the time of the crash; before, the segment is all zeros. */
static bool has_content(struct dump_view *view, uint64_t pa, uint64_t len)
{
	const uint8_t *bytes;
	const void *got;

	for (; len; pa += min_u64(len, CHUNK), len -= min_u64(len, CHUNK)) {
		size_t part = (size_t)min_u64(len, CHUNK);
		struct err *e = dump_view_get(view, pa, part, &got);

		if (e) {
			err_free(e);
			continue;
		}
		bytes = got;
		if (bytes[0] || memcmp(bytes, bytes + 1, part - 1) != 0)
			return true;
	}
	return false;
}

/* What a PT_LOAD says is elsewhere, in a segment that was loaded for that. */
static bool is_moved(const struct backup *b, const struct elf_segment *load)
{
	if (load->type != PT_LOAD || load->offset == load->paddr || !load->filesz ||
	    load->filesz != load->memsz || load->filesz > MOVED_LEN_MAX)
		return false;
	for (size_t i = 0; i < b->segment_count; i++) {
		const struct kimage_segment *s = &b->segments[i];

		if (load->offset >= s->mem && range_fits(load->offset - s->mem, load->filesz, s->memsz))
			return has_content(kreader_view(b->reader), load->offset, load->filesz);
	}
	return false;
}

static void take_loads(struct backup *b, const struct elf_info *info)
{
	for (size_t i = 0; i < info->segment_count && b->moved_count < MOVED_MAX; i++) {
		const struct elf_segment *load = &info->segments[i];

		if (is_moved(b, load))
			b->moved[b->moved_count++] = (struct moved){ load->paddr, load->offset,
								     load->filesz };
	}
}

/* The segment with the ELF header says what was moved. */
static struct err *find_moved(struct backup *b)
{
	TRY(find_segments(b));
	for (size_t i = 0; i < b->segment_count; i++) {
		struct elf_info *info = NULL;
		struct err *e = corehdr_read(kreader_view(b->reader), b->segments[i].mem, &info);

		if (e == err_nomem)
			return e;
		err_free(e);
		if (e)
			continue;
		take_loads(b, info);
		elf_info_destroy(info);
	}
	return NULL;
}

static struct err *move_all(struct kernel *kernel, const struct backup *b)
{
	const char *name = kernel->dump->src->name;

	for (size_t i = 0; i < b->moved_count; i++) {
		const struct moved *m = &b->moved[i];
		struct err *e = dump_move(kernel->dump, m->paddr, m->copy, m->len);

		if (e == err_nomem)
			return e;
		if (e)
			log_warn(kernel->log, "%s: %" PRIu64 " bytes at physical %#" PRIx64 " are what the "
				 "capture kernel left there: the copy at %#" PRIx64 " cannot be used: %s",
				 name, m->len, m->paddr, m->copy, err_text(e));
		else
			log_warn(kernel->log, "%s: a capture kernel ran; %" PRIu64 " bytes at physical %#"
				 PRIx64 " are taken from the copy at %#" PRIx64 " that was made for it",
				 name, m->len, m->paddr, m->copy);
		err_free(e);
	}
	return dump_set_page_size(kernel->dump, UINT64_C(1) << kernel->page_shift);
}

struct err *kernel_restore_backup(struct kernel *kernel)
{
	struct backup b = { .kernel = kernel };
	struct err *e = NULL;

	if (!kernel->arch || kernel->dump->live)
		return NULL;
	TRY(kreader_create(kernel, &b.reader));
	if (may_be_moved(kernel, b.reader))
		e = find_moved(&b);
	kreader_destroy(b.reader);
	if (!e)
		return b.moved_count ? move_all(kernel, &b) : NULL;
	if (e == err_nomem)
		return e;
	log_warn(kernel->log, "%s: whether memory was moved for a capture kernel cannot be told: %s",
		 kernel->dump->src->name, err_text(e));
	err_free(e);
	return NULL;
}
