/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMCOREINFO of a dump that came without its note: the kernel keeps the
 * text (vmcoreinfo_data) and the note that it makes of it (vmcoreinfo_note) in
 * memory, and for the time of a crash a copy of the text. Since v4.13 these have
 * pages of their own (203e9e41219b, "kexec: move vmcoreinfo out of the kernel's
 * .bss section").
 */
#ifndef KERNEL_RECOVER_H
#define KERNEL_RECOVER_H

#include "kernel/kernel.h"

/* More than any kernel's: it has a page for the text, 64 KiB where pages are largest. */
#define RECOVER_TEXT_MAX (64u << 10)

#define RECOVER_START "OSRELEASE="
#define RECOVER_START_LEN (sizeof(RECOVER_START) - 1)
#define RECOVER_NOTE_NAME "VMCOREINFO"
#define RECOVER_NOTE_HEAD 24u	/* bytes of namesz, descsz, type, the name padded to 12 bytes */

/* A note header in RECOVER_NOTE_HEAD bytes; @order is that of the dump. */
bool recover_is_note(const uint8_t *p, enum byte_order order);

/* The text's first bytes, and not those of the format string that it is made with. */
bool recover_is_start(const uint8_t *p, size_t len);

/* A text as the kernel writes it, as far as that can be told without its memory. */
struct recover_text {
	struct facts facts;	/* what it says */
	char *text;		/* malloc'd, whole lines only, not NUL-terminated */
	size_t len;
	uint64_t pa;		/* where it begins */
	bool in_note;		/* behind a note header */
	bool has_crashtime;
	bool ran;		/* the CPUs' registers are of its kernel */
};

/*
 * Of @len bytes the text that they begin with: it starts with a plausible
 * OSRELEASE, has a possible PAGESIZE, not more than fits a page of that size,
 * and some symbols. *ok is false for anything else. The caller frees it.
 */
struct err *recover_text_parse(const char *bytes, size_t len, struct recover_text *ret, bool *ok)
	__attribute__((warn_unused_result));
void recover_text_free(struct recover_text *text);

/* Whether the dump came with a VMCOREINFO that says something. */
bool recover_is_needed(const struct kernel *kernel);

/*
 * Look for the text where the kernel that the CPUs ran has it, and unless @cpus_only
 * in all the memory of kernel->dump; take the one that leads to a
 * kernel of its own release as the dump's VMCOREINFO and its facts as
 * kernel->facts (provider "memory"), and say so. Of an architecture without
 * translation it is taken unproved where all that are found agree. Nothing
 * found is no error: then nothing has changed.
 */
struct err *kernel_recover(struct kernel *kernel, bool cpus_only) __attribute__((warn_unused_result));

#endif
