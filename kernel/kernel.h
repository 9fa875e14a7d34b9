/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crashed kernel: reading its memory by virtual address, and bring-up.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/err.h"
#include "base/log.h"
#include "facts/facts.h"
#include "input/dump.h"

/* utsname of the crashed kernel, each field NUL-terminated. */
struct kernel_uts {
	char sysname[65];
	char nodename[65];
	char release[65];
	char version[65];
	char machine[65];
	char domainname[65];
};

struct kallsyms_place;

struct kernel {
	struct dump *dump;		/* borrowed */
	const struct log *log;
	struct facts facts;
	unsigned int page_shift;
	unsigned int word;		/* bytes of an unsigned long of the kernel */
	enum byte_order order;
	const struct arch *arch;	/* NULL: architecture unknown or unusable, see no_arch */
	void *arch_state;
	struct err *no_arch;		/* why there is no translation; NULL when there is */
	struct kernel_uts uts;		/* from memory, else the file header, else OSRELEASE and the machine's name */
	bool uts_from_memory;
	const char *vmlinux;		/* of -x, whose debug information has types; borrowed, NULL: none */
	struct kallsyms_place *kallsyms_place;	/* owned; NULL: each reader that asks looks for itself */
	uint64_t crash_time;		/* or that of the capture; seconds since the epoch; 0 when unknown */
};

/*
 * Learn what the dump says: page size, facts, architecture, utsname. Fails
 * only where nothing at all could be done with the dump (no page size). A dump
 * whose kernel memory cannot be translated is returned with no_arch set:
 * levels 0 and 1 need no kernel knowledge.
 */
struct err *kernel_create(struct dump *dump, const struct log *log, struct kernel **ret)
	__attribute__((warn_unused_result));

/* Facts from files that whoever started the program names; borrowed, NULL where there is none. */
struct kernel_files {
	const char *vmlinux;	/* -x: symbols and debug information */
	const char *vmcoreinfo;	/* -i: text as VMCOREINFO or as -g writes it */
};

/*
 * The same with facts from @files for what the dump does not say itself.
 * ERR_WRONG_RELEASE: they are of another kernel than the dump.
 */
struct err *kernel_create_with(struct dump *dump, const struct kernel_files *files,
			       const struct log *log, struct kernel **ret)
	__attribute__((warn_unused_result));
void kernel_destroy(struct kernel *kernel);

/*
 * Ask the dump's memory for every wanted fact that is not known: kallsyms for
 * symbols, BTF for types. Bring-up does it only when facts_missing() says that
 * VMCOREINFO is not whole. Not while readers of @kernel exist. What cannot be found is
 * no error, nor is a kernel whose memory cannot be read; damage is reported as a warning.
 */
struct err *kernel_fill_facts(struct kernel *kernel) __attribute__((warn_unused_result));

/*
 * A reader of kernel memory; one per thread. Keeps the last translations. Can
 * be made for a kernel without translation too: then reads by virtual address
 * fail with the kind and text of no_arch.
 */
struct kreader;

struct err *kreader_create(const struct kernel *kernel, struct kreader **ret)
	__attribute__((warn_unused_result));
/* The same with a window of @window bytes for data, see dump_view_create(): for long stretches. */
struct err *kreader_create_window(const struct kernel *kernel, size_t window,
				  struct kreader **ret) __attribute__((warn_unused_result));
void kreader_destroy(struct kreader *reader);

/*
 * The types of the crashed kernel, for whoever wants more than single facts: from the debug
 * information of the file of -x, else from BTF in its memory (kernel/btf.h). The
 * caller destroys the set, which takes some megabytes. ERR_NOT_FOUND: nobody
 * knows them.
 */
struct types;
struct err *kernel_load_types(struct kreader *reader, struct types **ret)
	__attribute__((warn_unused_result));

/* The kernel a reader was made for. */
const struct kernel *kreader_kernel(const struct kreader *reader);

/* The view behind a reader, for reads by physical address in the same thread. */
struct dump_view *kreader_view(struct kreader *reader);

/* Translate; *ret holds at least the byte at @va, up to a whole leaf from @va on (ret->va == va). */
struct err *kread_vtop(struct kreader *reader, uint64_t va, struct mapping *ret)
	__attribute__((warn_unused_result));

/*
 * Copy @len bytes from @va, page by page through the translation. The error
 * names the address; then nothing in @buf counts.
 */
struct err *kread(struct kreader *reader, uint64_t va, void *buf, size_t len)
	__attribute__((warn_unused_result));

/*
 * The same for a format whose readers take pages without data for zeros: bytes of such a page
 * are. A page table without data is an error still.
 */
struct err *kread_sparse(struct kreader *reader, uint64_t va, void *buf, size_t len)
	__attribute__((warn_unused_result));
struct err *kread_u32(struct kreader *reader, uint64_t va, uint32_t *ret)
	__attribute__((warn_unused_result));
struct err *kread_u64(struct kreader *reader, uint64_t va, uint64_t *ret)
	__attribute__((warn_unused_result));
/* An unsigned long or pointer of the kernel. */
struct err *kread_word(struct kreader *reader, uint64_t va, uint64_t *ret)
	__attribute__((warn_unused_result));

/*
 * Walk a circular list of struct list_head from @head (not an element):
 * fn is called with the address of each element's list_head until it returns
 * an error, the list closes, or @limit elements were seen. An element that
 * does not point back (which is how a cycle that misses the head shows),
 * an unreadable one and the limit are ERR_BAD_INPUT or the read's error;
 * elements seen before have been delivered, each once.
 */
struct err *klist_for_each(struct kreader *reader, uint64_t head, uint64_t limit,
			   struct err *(*fn)(void *ctx, uint64_t node), void *ctx)
	__attribute__((warn_unused_result));

/* The same from the last element to the first: what lies behind a break of the list can be had so. */
struct err *klist_for_each_back(struct kreader *reader, uint64_t head, uint64_t limit,
				struct err *(*fn)(void *ctx, uint64_t node), void *ctx)
	__attribute__((warn_unused_result));

/*
 * Write the kernel log as text: "[%5lld.%06ld] text\n" per record, with the
 * caller id where the kernel records one. Kernels up to 3.4 have text already,
 * which is written as it is. @since_clear: only what came after the log was
 * last cleared, where the kernel says when; else all, with a warning.
 * write() gets pieces of text in order. Bounded against corruption; records that
 * cannot be read are counted in *@lost and skipped.
 */
struct klog_out {
	struct err *(*write)(void *ctx, const char *text, size_t len);
	void *ctx;
};
struct err *klog_dump(struct kreader *reader, bool since_clear, const struct klog_out *out,
		      uint64_t *records, uint64_t *lost) __attribute__((warn_unused_result));

#endif
