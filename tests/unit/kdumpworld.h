/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel whose capture kernel was loaded by kexec, with its low memory copied for it,
 * and a CPU that ran something else: for tests and fuzzing of kernel/backup.c.
 */
#ifndef TESTS_UNIT_KDUMPWORLD_H
#define TESTS_UNIT_KDUMPWORLD_H

#include <stdio.h>

#include "kernel/kernel.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/ptbuild.h"

#define KW_MAP 0xffffffff80000000ull
#define KW_IMAGE_VA 0xffffffff9d400000ull
#define KW_IMAGE_PA 0x12000000ull
#define KW_ROOT 0x1000
#define KW_UTS 0x2000
#define KW_POINTER 0x3000		/* kexec_crash_image */
#define KW_KIMAGE 0x4000
#define KW_KIMAGE_LEN 1024u
#define KW_LOW_PA 0x1000ull
#define KW_LOW_LEN 0x9ec00ull
#define KW_COPY_PA 0x40000000ull	/* of low memory, the first segment */
#define KW_COPY_ROOM 0xa0000ull
#define KW_HEADER_PA 0x40100000ull	/* elfcorehdr, the second */
#define KW_HEADER_LEN 0x1000ull
#define KW_OTHER_ROOT 0x40180000ull
#define KW_POOL_PA 0x40190000ull
#define KW_FILL_LOW 0xdb
#define KW_FILL_COPY 0x11

struct kdumpworld {
	struct memkernel mk;
	struct log_catch log;
	struct kernel *kernel;
};

static inline void kw_kimage(struct kdumpworld *w)
{
	const uint64_t segments[2][2] = { { KW_COPY_PA, KW_COPY_ROOM }, { KW_HEADER_PA, KW_HEADER_LEN } };
	uint64_t at = KW_IMAGE_PA + KW_KIMAGE;

	memkernel_put_u64(&w->mk, KW_IMAGE_PA + KW_POINTER, KW_IMAGE_VA + KW_KIMAGE);
	/* head, entry, last_entry, start, control_code_page, swap_page. */
	for (unsigned int i = 0; i < 6; i++)
		memkernel_put_u64(&w->mk, at + 8 * i, i == 3 ? KW_COPY_PA : KW_IMAGE_VA + i);
	memkernel_put_u64(&w->mk, at + 48, 2);
	for (unsigned int i = 0; i < 2; i++) {
		memkernel_put_u64(&w->mk, at + 56 + 32 * i + 8, segments[i][1]);
		memkernel_put_u64(&w->mk, at + 56 + 32 * i + 16, segments[i][0]);
		memkernel_put_u64(&w->mk, at + 56 + 32 * i + 24, segments[i][1]);
	}
}

static inline void kw_corehdr(struct kdumpworld *w, uint64_t offset, uint64_t len)
{
	struct elf_form form = { 8, ORDER_LITTLE };
	struct elf_segment low = { .type = PT_LOAD, .flags = 7, .offset = offset, .paddr = KW_LOW_PA,
				   .filesz = len, .memsz = len };
	struct elf_segment image = { .type = PT_LOAD, .flags = 7, .offset = KW_IMAGE_PA,
				     .paddr = KW_IMAGE_PA, .filesz = 0x200000, .memsz = 0x200000 };
	uint8_t raw[64 + 2 * 56];

	put_ehdr(raw, form, EM_X86_64, 64, 2);
	put_phdr(raw + 64, form, &image);
	put_phdr(raw + 64 + 56, form, &low);
	memkernel_put(&w->mk, KW_HEADER_PA, raw, sizeof(raw));
}

static inline void kw_fill(struct kdumpworld *w, uint64_t pa, uint64_t len, int byte)
{
	memset(memkernel_at(&w->mk, pa, len), byte, (size_t)len);
}

/* Everything as it should be; the CPU ran with tables that map nothing. */
static inline void kw_init(struct kdumpworld *w)
{
	struct ptbuild pt;

	memset(w, 0, sizeof(*w));
	w->mk.form = (struct elf_form){ 8, ORDER_LITTLE };
	w->mk.machine = EM_X86_64;
	memkernel_add(&w->mk, &(struct memseg){ .paddr = KW_LOW_PA, .size = KW_LOW_LEN, .vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = KW_IMAGE_PA, .size = 0x200000, .vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = KW_COPY_PA, .size = 0x200000, .vaddr = ~0ull });
	pt = (struct ptbuild){
		.mk = &w->mk, .style = STYLE_X86, .page_shift = 12, .va_bits = 48,
		.root = KW_IMAGE_PA + KW_ROOT, .pool = KW_POOL_PA,
	};
	ptbuild_map(&pt, KW_IMAGE_VA, KW_IMAGE_PA, 21);
	memkernel_put_uts(&w->mk, KW_IMAGE_PA + KW_UTS, "5.4.0-test");
	snprintf(w->mk.info, sizeof(w->mk.info), "OSRELEASE=5.4.0-test\nPAGESIZE=4096\n"
		 "SYMBOL(init_uts_ns)=%llx\nSYMBOL(swapper_pg_dir)=%llx\nSYMBOL(kexec_crash_image)=%llx\n"
		 "NUMBER(phys_base)=%lld\n", KW_IMAGE_VA + KW_UTS, KW_IMAGE_VA + KW_ROOT,
		 KW_IMAGE_VA + KW_POINTER, (long long)(KW_IMAGE_PA - (KW_IMAGE_VA - KW_MAP)));
	kw_kimage(w);
	kw_corehdr(w, KW_COPY_PA, KW_LOW_LEN);
	kw_fill(w, KW_LOW_PA, KW_LOW_LEN, KW_FILL_LOW);
	kw_fill(w, KW_COPY_PA, KW_LOW_LEN, KW_FILL_COPY);
	w->mk.cr3 = KW_OTHER_ROOT;
	log_catch_init(&w->log);
}

static inline struct err *kw_open(struct kdumpworld *w)
{
	TRY(memkernel_open(&w->mk, &w->log.log));
	return kernel_create(w->mk.dump, &w->log.log, &w->kernel);
}

static inline void kw_close(struct kdumpworld *w)
{
	kernel_destroy(w->kernel);
	memkernel_close(&w->mk);
}

#endif
