/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kallsyms: the kernel's own table of its symbols, read where it lies in the
 * dump's memory. Nothing is kept but the tokens that names are made of: every
 * question is one pass over the compressed names (3 MB in 7.2).
 *
 * Addresses are those at run time. A kernel without CONFIG_KALLSYMS_ALL has the
 * functions only: its tables are whole, and `modules` or `prb` are not in them.
 */
#ifndef KERNEL_KALLSYMS_H
#define KERNEL_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/strmap.h"

#define KALLSYMS_MAX (4u << 20)	/* symbols; what has more is not believed */
#define KALLSYMS_NAME_MAX 512	/* KSYM_NAME_LEN since 6.1; 128 before */

/* The memory the tables are in, by virtual or by physical address. */
struct kallsyms_memory {
	struct err *(*read)(void *ctx, uint64_t address, void *buf, size_t len);
	void *ctx;
	unsigned int word;	/* the kernel's: 4 or 8 bytes */
	enum byte_order order;
	bool physical;		/* read() takes physical addresses: symbols' own may not be readable */
};

/* Where the tables are, in the addresses that read() takes; 0: there is no such table. */
struct kallsyms_tables {
	uint64_t names;
	uint64_t num_syms;	/* a u32 */
	uint64_t token_table;
	uint64_t token_index;
	uint64_t offsets;	/* u32 each ... */
	uint64_t relative_base;	/* ... an unsigned long; up to 6.19 */
	uint64_t addresses;	/* unsigned longs instead of offsets; up to 6.10 */
};

/* How the address of symbol i is stored; it follows from the tables' content. */
enum kallsyms_encoding {
	KALLSYMS_ABSOLUTE,		/* addresses[i] */
	KALLSYMS_RELATIVE,		/* base + offset, unsigned */
	KALLSYMS_ABSOLUTE_PERCPU,	/* offset, or base - 1 - offset of a negative one: x86_64 up to 6.14 */
	KALLSYMS_PLACE_RELATIVE,	/* where the offset lies + offset: since 7.0 */
	KALLSYMS_ENCODINGS,
};

struct kallsyms;

/*
 * Check the tables and find out how addresses are stored: @stext is the run-time
 * address of _stext, which the right encoding gives back; 0: unknown, then it is
 * the encoding under which addresses rise and linux_banner is at its own.
 * @memory and its ctx must outlive *ret. ERR_BAD_INPUT: damaged, or no encoding fits.
 */
struct err *kallsyms_open(const struct kallsyms_memory *memory, const struct kallsyms_tables *tables,
			  uint64_t stext, struct kallsyms **ret) __attribute__((warn_unused_result));

/* What is asked about a name. */
struct kallsyms_want {
	bool asked;		/* else nothing of it is changed */
	unsigned int found;	/* how many symbols have the name */
	uint32_t index;		/* of the first */
};

/* One pass for all of @wants, a struct kallsyms_want for each name. */
void kallsyms_find(struct kallsyms *kallsyms, const struct strmap *wants);

/*
 * kallsyms_open() and kallsyms_find() in one: opening takes a pass over the names anyway.
 * @wants may be NULL. After an error nothing is found.
 */
struct err *kallsyms_open_asking(const struct kallsyms_memory *memory,
				 const struct kallsyms_tables *tables, uint64_t stext,
				 const struct strmap *wants, struct kallsyms **ret)
	__attribute__((warn_unused_result));
void kallsyms_close(struct kallsyms *kallsyms);

/*
 * Look for the tables in [start, end), the kernel image or what it lies in, by
 * what they look like: for kernels before 6.0, whose VMCOREINFO does not name
 * them, and for dumps without it. Kernels with up to 256 symbols are not
 * found. @stext as above. What cannot be read is passed over. ERR_NOT_FOUND.
 */
struct err *kallsyms_locate(const struct kallsyms_memory *memory, uint64_t start, uint64_t end,
			    uint64_t stext, struct kallsyms_tables *ret)
	__attribute__((warn_unused_result));

/*
 * Where kallsyms_locate() found the tables of one kernel, for all threads that
 * may ask. NULL is a place where nothing is kept.
 */
struct kallsyms_place;

struct err *kallsyms_place_create(struct kallsyms_place **ret) __attribute__((warn_unused_result));
void kallsyms_place_destroy(struct kallsyms_place *place);

/* False: nobody has looked yet. All tables are 0 when there was nothing. */
bool kallsyms_place_known(struct kallsyms_place *place, struct kallsyms_tables *ret);
void kallsyms_place_tell(struct kallsyms_place *place, const struct kallsyms_tables *tables);

uint32_t kallsyms_count(const struct kallsyms *kallsyms);

/* Symbols whose name can be read: the first ones; fewer than the count when the names are damaged. */
uint32_t kallsyms_named(const struct kallsyms *kallsyms);

/* It has not only functions (CONFIG_KALLSYMS_ALL): linux_banner, which every kernel has, is there. */
bool kallsyms_has_variables(const struct kallsyms *kallsyms);

enum kallsyms_encoding kallsyms_encoding(const struct kallsyms *kallsyms);
const char *kallsyms_encoding_name(enum kallsyms_encoding encoding);

/* One symbol, while a pass is at it. */
struct kallsyms_symbol {
	uint32_t index;		/* by address: neighbours' never fall */
	char type;		/* letter as in nm; .data has 'T' in 7.2: decide nothing by it */
	const char *name;	/* NUL-terminated */
	size_t len;		/* of the name */
};

/*
 * One pass over symbols from the first on, until @fn returns false; @fn may ask for
 * addresses, but not start another pass. A symbol whose name is longer than
 * KALLSYMS_NAME_MAX is passed over.
 */
void kallsyms_for_each(struct kallsyms *kallsyms,
		       bool (*fn)(void *ctx, const struct kallsyms_symbol *symbol), void *ctx);

/*
 * The address of symbol @index. With place-relative offsets it is one in the
 * addresses of read(); the other encodings store virtual addresses.
 * ERR_BAD_INPUT: no such symbol.
 */
struct err *kallsyms_address(const struct kallsyms *kallsyms, uint32_t index, uint64_t *ret)
	__attribute__((warn_unused_result));

#endif
