/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known about the crashed kernel, by name.
 *
 * Absent is not zero: every question returns whether the fact is known. The
 * first provider to know a fact wins, so providers are asked in order of
 * trust: the dump's VMCOREINFO, then whatever fills gaps. No question is
 * ever answered from a kernel version.
 */
#ifndef FACTS_FACTS_H
#define FACTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "base/strmap.h"

enum fact_kind {
	FACT_SYMBOL,	/* run-time virtual address, KASLR applied */
	FACT_SIZE,	/* bytes */
	FACT_OFFSET,	/* bytes from the start of the struct; name "struct.member" */
	FACT_LENGTH,	/* array elements */
	FACT_NUMBER,	/* signed */
	FACT_TEXT,	/* anything else: OSRELEASE, PAGESIZE, KERNELOFFSET, CONFIG_X ... */
};

/* The provider that is the dump's own VMCOREINFO. */
#define FACTS_OWN "vmcoreinfo"

struct fact {
	enum fact_kind kind;
	int64_t value;		/* FACT_TEXT: 0 */
	char *text;		/* the value as it was written */
	const char *provider;	/* name of the source for messages; outlives the fact */
};

struct facts {
	struct strmap map;	/* key as in VMCOREINFO: "OFFSET(page.flags)", "OSRELEASE" */
};

void facts_init(struct facts *facts);
void facts_deinit(struct facts *facts);

/*
 * Add a fact unless it is known already; one whose value could not be parsed
 * is not known. @name as in VMCOREINFO, without the kind. @provider must
 * outlive the fact.
 */
struct err *facts_add(struct facts *facts, enum fact_kind kind, const char *name, int64_t value,
		      const char *provider) __attribute__((warn_unused_result));

/* Text under a key of its own, such as OSRELEASE; else as facts_add(). */
struct err *facts_add_text(struct facts *facts, const char *key, const char *text,
			   const char *provider) __attribute__((warn_unused_result));

/*
 * Add @by to the symbols of the kernel image: those within 2 GiB of _stext or
 * init_uts_ns. Others (VMCOREINFO gives the values of pointers for some) stay.
 */
struct err *facts_move_image(struct facts *facts, uint64_t by)
	__attribute__((warn_unused_result));

/* Move to @facts what it does not know. @from is only good for facts_deinit() then. */
struct err *facts_merge(struct facts *facts, struct facts *from)
	__attribute__((warn_unused_result));

bool fact_symbol(const struct facts *facts, const char *name, uint64_t *ret);
bool fact_size(const struct facts *facts, const char *name, uint64_t *ret);
bool fact_offset(const struct facts *facts, const char *name, uint64_t *ret);
bool fact_length(const struct facts *facts, const char *name, uint64_t *ret);
bool fact_number(const struct facts *facts, const char *name, int64_t *ret);
/* Borrowed text, valid until facts are added. */
bool fact_text(const struct facts *facts, const char *key, const char **ret);
/* Text keys that hold a number: "PAGESIZE" in base 10, "KERNELOFFSET" in base 16. */
bool fact_text_number(const struct facts *facts, const char *key, unsigned int base, uint64_t *ret);
/* The whole key is present, e.g. fact_has(f, "NUMBER(PG_slab)"). */
bool fact_has(const struct facts *facts, const char *key);

/*
 * Add all lines of a VMCOREINFO text of @len bytes. Not NUL-terminated, may be
 * NUL-padded; a last line without newline or without '=' is a cut-off line
 * and ignored (the kernel writes through a page-sized buffer). Of repeated
 * keys within one text the last wins. Numbers that do not parse are kept as
 * text only and reported through @log.
 */
struct err *facts_add_vmcoreinfo(struct facts *facts, const char *text, size_t len,
				 const char *provider, const struct log *log)
	__attribute__((warn_unused_result));

/*
 * The text of a vmcoreinfo file: OSRELEASE, PAGESIZE, then what of
 * facts/wanted.c is known, in that order. malloc'd, *ret_len bytes.
 */
struct err *facts_format_vmcoreinfo(const struct facts *facts, uint64_t page_size, char **ret,
				    size_t *ret_len) __attribute__((warn_unused_result));

/*
 * The same of everything that is known: what the kernel would have said of
 * itself, for a dump that does not say it.
 */
struct err *facts_format_all(const struct facts *facts, uint64_t page_size, char **ret,
			     size_t *ret_len) __attribute__((warn_unused_result));

#endif
