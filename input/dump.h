/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An opened dump: physical memory by address, and what came with it.
 *
 * A format registers physical segments and a way to read them; from then on
 * nobody asks which format it was. Overlaps, gaps, fractional pages, holes in
 * the file and unreadable pages are decided here, once.
 *
 * To add a format: write input/NAME.c with a `const struct dump_format
 * dump_format_NAME`, and add it to the table in input/dump.c.
 */
#ifndef INPUT_DUMP_H
#define INPUT_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/ranges.h"

/* A stretch of physical memory. Order as in the file: the first one that holds a byte's data wins. */
struct dump_segment {
	uint64_t paddr;		/* first byte; any alignment */
	uint64_t memsz;		/* bytes that existed; > 0 */
	uint64_t filesz;	/* bytes stored, <= memsz; the rest was left out by an earlier filter */
	uint64_t offset;	/* of the data in the file, for formats that have one */
	uint64_t vaddr;		/* kernel virtual address, valid when has_vaddr */
	bool has_vaddr;		/* false for all ones, and where it only repeats paddr */
	bool is_pmem;		/* p_flags bit 4, PF_DEV: persistent memory (RFC "pmem memmap dump", 2023-04) */
};

struct dump;

/*
 * For formats with bitmaps instead of many segments: which page frames there
 * are. Frames are of dump->page_shift, and below dump->max_mapnr.
 */
struct dump_page_ops {
	/* The page size was set: fill in max_mapnr, present_count and stored_count. */
	struct err *(*start)(struct dump *dump);
	/* As dump_next_present(). */
	struct err *(*next_present)(const struct dump *dump, uint64_t from, uint64_t to,
				    struct range *ret, bool *found);
	/*
	 * Set the bits that dump_present_bits() and dump_stored_bits() tell of; all of @bits is
	 * clear. The first may be NULL: then next_present() is asked run by run.
	 */
	struct err *(*present)(const struct dump *dump, uint64_t from, uint64_t to, uint8_t *bits);
	struct err *(*stored)(const struct dump *dump, uint64_t from, uint64_t to, uint8_t *bits);
};

/* A page the way the input stores it. */
struct dump_stored {
	const void *data;	/* @len bytes; valid until the next call on the view */
	uint32_t len;
	uint32_t flags;		/* as page_desc.flags: the codec's bit, or 0 */
};

/* For formats whose reading needs something of each thread's own: unpacked pages, codecs. */
struct dump_view_ops {
	struct err *(*create)(struct dump *dump, void **ret);
	void (*destroy)(void *state);
	/*
	 * As dump_format.read. Also err_not_present and err_excluded, for pages
	 * that struct dump_page_ops does not name.
	 */
	struct err *(*read)(void *state, const struct dump_segment *seg, uint64_t paddr, void *buf,
			    size_t len);
	/* As dump_view_stored(). */
	bool (*stored)(void *state, uint64_t pfn, struct dump_stored *ret);
};

struct dump_format {
	const char *name;	/* for messages: "ELF vmcore" */
	/*
	 * Required. err_not_mine when the first bytes are another format's;
	 * ERR_BAD_INPUT or ERR_UNSUPPORTED when it is this one but unusable; only
	 * these reach the user. On success fills @dump and sets dump->priv.
	 */
	struct err *(*open)(struct dump *dump);
	/*
	 * Required without @view. Read @len bytes at physical @paddr, which lie in the page
	 * frame(s) of one segment's stored data. ERR_LOST where the file is cut off.
	 */
	struct err *(*read)(struct dump *dump, const struct dump_segment *seg, uint64_t paddr,
			    void *buf, size_t len);
	/* File offsets equal seg->offset + (paddr - seg->paddr), so windows of the file can be mapped. */
	bool mappable;
	const struct dump_page_ops *pages;	/* NULL: the segments tell */
	const struct dump_view_ops *view;	/* NULL: @read does */
	/* open() takes the files of dump->more, too. */
	bool sets;
	/* NULL when there is nothing to free. Also called when open() failed. */
	void (*close)(struct dump *dump);
};

/*
 * What a CPU's registers tell beside its PRSTATUS note, of formats that take the
 * machine's word for them and not a kernel's.
 */
struct dump_cpu {
	uint64_t apic_id;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t gdt;		/* virtual address; 0: not known */
};

/* A file header's utsname, where the format has one (kdump-compressed). */
struct dump_uts {
	char field[6][65];	/* sysname nodename release version machine domainname */
};

struct dump {
	struct source *src;
	struct source **more;	/* further files of the same dump: pieces of a set */
	size_t more_count;
	const struct dump_format *format;
	void *priv;
	const struct log *log;

	unsigned int word;	/* of the file: 4 or 8 */
	enum byte_order order;
	uint16_t machine;	/* EM_*; 0 when the format does not say */
	uint64_t lacking;	/* page frames of a split set that no piece at hand is to have */
	bool incomplete;	/* marked so by whoever wrote it, or cut off */
	bool no_vmemmap;	/* whoever wrote it left out unused struct pages (-e) */
	uint64_t crash_time;	/* seconds since the epoch; 0: only the kernel's VMCOREINFO may tell */
	/*
	 * /proc/kcore of the kernel that runs here: memory changes while it is read.
	 * What was read twice may differ, and a page may be gone.
	 */
	bool live;
	uint64_t layout;	/* of a live file when it was opened; see dump_layout_changed() */
	bool paddr_guessed;	/* the file tells no physical addresses; they were worked out */

	struct dump_segment *segments;	/* usable ones: paddr known, sane */
	size_t segment_count;

	const uint8_t *notes;	/* all ELF notes, raw, in the dump's byte order; NULL when none */
	size_t notes_len;
	const char *vmcoreinfo;	/* text inside notes (or the file), not NUL-terminated; NULL when absent */
	size_t vmcoreinfo_len;
	char *given_vmcoreinfo;	/* owned; vmcoreinfo when dump_give_vmcoreinfo() gave it */
	unsigned int nr_cpus;	/* number of PRSTATUS notes */
	/*
	 * Firmware wrote it, for whatever kernel ran last: the crashed one, or the capture
	 * kernel. Its CPUs are in no order that a kernel knows.
	 */
	bool by_firmware;
	const struct dump_cpu *cpus;	/* in the order of their PRSTATUS notes; NULL: none */
	size_t cpu_count;
	uint8_t *given_notes;	/* owned; notes when dump_give_notes() gave them */
	const uint8_t *xen_info;	/* Xen's crash info: of a Xen host; NULL for any other dump */
	size_t xen_info_len;
	const char *xen_vmcoreinfo;	/* the hypervisor's text, NUL-padded; NULL when absent */
	size_t xen_vmcoreinfo_len;

	/* What a file header says beside the notes (kdump-compressed); 0 and NULL for others. */
	unsigned int dump_level;
	const struct dump_uts *uts;
	bool has_phys_base;
	uint64_t phys_base;	/* as in struct arch */
	uint32_t page_flags;	/* KDUMP_PAGE_CODECS of its status: what pages may be compressed with */
	const char *eraseinfo;	/* what was erased from it, text, not NUL-terminated */
	size_t eraseinfo_len;

	/* Set by dump_set_page_size(). */
	unsigned int page_shift;
	uint64_t max_mapnr;	/* pfns are below this: end of the highest segment, rounded up to a page */
	uint64_t present_count;	/* pages that exist: what dump_next_present() tells in all */
	uint64_t stored_count;	/* of these, with data in the dump */
	/* Formats without page ops; ask dump_next_present() and dump_stored_bits(). */
	struct ranges present;	/* pfns that a segment touches: bitmap1 */
	struct ranges missing;	/* present pfns without stored data (memsz beyond filesz) */
	struct ranges pmem;	/* pfns inside segments marked is_pmem; see dump_mark_pmem() */
	/* Lookup index over segments, private to input/. */
	struct dump_index *index;
};

struct dump_options {
	bool no_mmap;		/* --non-mmap */
	const struct log *log;
};

/*
 * Open @path with the first format that says it is its own. The error names
 * the file, and what it is when that is known and not supported.
 */
struct err *dump_open(const char *path, const struct dump_options *options, struct dump **ret)
	__attribute__((warn_unused_result));

/*
 * Open @count files as one dump: the pieces of a split set, in any order. One
 * path is the same as dump_open(). ERR_BAD_INPUT when they do not belong
 * together; page frames that no piece has are warned about and make the dump incomplete.
 */
struct err *dump_open_set(const char *const *paths, size_t count,
			  const struct dump_options *options, struct dump **ret)
	__attribute__((warn_unused_result));

/*
 * The same over sources: the first, and @more_count others in @more, which is
 * malloc'd. The dump then owns all of them (also on failure).
 */
struct err *dump_open_sources(struct source *src, struct source **more, size_t more_count,
			      const struct dump_options *options, struct dump **ret)
	__attribute__((warn_unused_result));

/* The same over a source, which the dump then owns (also on failure). */
struct err *dump_open_source(struct source *src, const struct dump_options *options,
			     struct dump **ret) __attribute__((warn_unused_result));
void dump_close(struct dump *dump);

/*
 * The file of a running system is laid out otherwise now than when it was
 * opened: memory was plugged in or out, and what was read since may come from
 * wrong places. False for every other file. ERR_* when that cannot be told.
 */
struct err *dump_layout_changed(struct dump *dump, bool *ret) __attribute__((warn_unused_result));

/*
 * For a dump without VMCOREINFO, what it would have said: the dump takes
 * malloc'd @text over, and the output gets it as a note.
 */
void dump_give_vmcoreinfo(struct dump *dump, char *text, size_t len);

/*
 * Better notes than those it came with: the dump takes malloc'd @notes over. They
 * have PRSTATUS notes only, in the order of the kernel's CPU numbers; cpus is then empty.
 */
void dump_give_notes(struct dump *dump, uint8_t *notes, size_t len);

/*
 * Memory was moved before the dump was taken: the @len bytes that belong at
 * physical @paddr lie at @copy. From now on they are read from there, too. Before
 * dump_set_page_size(), or it must be called again. ERR_LOST: the dump does not have
 * the whole copy. ERR_UNSUPPORTED: a format with bitmaps, whose pages have fixed places.
 */
struct err *dump_move(struct dump *dump, uint64_t paddr, uint64_t copy, uint64_t len)
	__attribute__((warn_unused_result));

/*
 * Tell the page size in bytes (a power of two, 4 KiB to 256 KiB) once it is
 * known; computes max_mapnr, present, missing and pmem. Must precede pfn use;
 * reads by address work before it.
 */
struct err *dump_set_page_size(struct dump *dump, uint64_t page_size)
	__attribute__((warn_unused_result));

/*
 * What the kernel says of the bytes [start, end), in machine addresses: persistent memory,
 * whatever their segments say, or none. Whole pages go into dump->pmem, if any of
 * them is in the dump; touched ones come out of it.
 */
struct err *dump_mark_pmem(struct dump *dump, uint64_t start, uint64_t end)
	__attribute__((warn_unused_result));
struct err *dump_unmark_pmem(struct dump *dump, uint64_t start, uint64_t end)
	__attribute__((warn_unused_result));

/*
 * Next run of page frames that exist in [from, to), clipped to it: all there
 * were in the machine, whether stored or not. *found false when there is none.
 * A run may end although the next frame exists.
 */
struct err *dump_next_present(const struct dump *dump, uint64_t from, uint64_t to,
			      struct range *ret, bool *found) __attribute__((warn_unused_result));

/*
 * Bits of page frames [from, to): those that exist; those of which the dump has
 * data. @bits has room for to - from bits in whole 64-bit words, all of which are written.
 */
struct err *dump_present_bits(const struct dump *dump, uint64_t from, uint64_t to, uint8_t *bits)
	__attribute__((warn_unused_result));
struct err *dump_stored_bits(const struct dump *dump, uint64_t from, uint64_t to, uint8_t *bits)
	__attribute__((warn_unused_result));

/* The segment that answers for physical address @paddr (data preferred), or NULL. */
const struct dump_segment *dump_find(const struct dump *dump, uint64_t paddr);

/*
 * A reader's window on a dump. One per thread; dump itself is shared and
 * read-only. Uses a large mapped window of the file where it can, and
 * read() into its own buffer where it cannot.
 */
struct dump_view;

#define DUMP_VIEW_MAX (256u << 10)	/* most bytes one dump_view_get() can give */

/* @window: bytes to map at a time, a power of two from 64 KiB; 0 for the default of 4 MiB. */
struct err *dump_view_create(struct dump *dump, size_t window, struct dump_view **ret)
	__attribute__((warn_unused_result));
void dump_view_destroy(struct dump_view *view);

/*
 * @len bytes (1 .. DUMP_VIEW_MAX) at physical @paddr, valid until the next call
 * on this view. A page only partly in the dump is filled with zeros; a page
 * no byte of which is there gives ERR_NOT_PRESENT, one left out by an earlier
 * filter ERR_EXCLUDED, one that cannot be read ERR_LOST; *ret is then untouched.
 * One such page among several fails the call: ask for them one by one.
 * Before dump_set_page_size() every byte must be there.
 */
struct err *dump_view_get(struct dump_view *view, uint64_t paddr, size_t len, const void **ret)
	__attribute__((warn_unused_result));

/*
 * How many bytes from @paddr on, at most @want, one mapped piece could serve,
 * or one read of a file that cannot be mapped: lets a caller take long runs at
 * once. At most DUMP_VIEW_MAX, in whole pages unless @want ends inside one. 0
 * when the page must be assembled, or could not be mapped with its neighbours:
 * then ask for it alone, so that an unreadable one is alone, too.
 */
size_t dump_view_contiguous(struct dump_view *view, uint64_t paddr, size_t want);

/*
 * How many bytes from @paddr on lie behind the end of a file that was cut off, as far as one
 * piece goes: whoever goes through a dump need not ask for each page of a claim that may be
 * any. 0: they are not of such a piece.
 */
uint64_t dump_view_cut_off(struct dump_view *view, uint64_t paddr);

/*
 * The bytes that page @pfn, which can be read, is stored as, compressed or not;
 * false when this dump stores no page by itself. Valid until the next call on
 * this view; what dump_view_get() gave before stays valid, too.
 */
bool dump_view_stored(struct dump_view *view, uint64_t pfn, struct dump_stored *ret);

/* Copy @len bytes, any length; errors as above. */
struct err *dump_view_read(struct dump_view *view, uint64_t paddr, void *buf, size_t len)
	__attribute__((warn_unused_result));

#endif
