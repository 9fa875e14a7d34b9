/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crashed kernel as rules see it, and the way from an object in its memory to
 * the set of what is erased.
 */
#ifndef ERASE_SPACE_H
#define ERASE_SPACE_H

#include "erase/set.h"
#include "facts/types.h"
#include "facts/vmlinux.h"
#include "kernel/module.h"

/* What could not be judged, because the memory that tells is damaged or not in the dump. */
#define ERASE_WARNINGS_MAX 8	/* told one by one */

struct erase_space {
	struct kreader *reader;		/* with translation */
	const struct types *types;	/* of the kernel itself; NULL: none are known */
	const struct vmlinux *vmlinux;	/* -x: for symbols that the dump lacks; NULL: none */
	const struct log *log;
	struct erase_set *set;		/* to be filled */
	uint64_t unknown;		/* objects, links and pages that could not be looked at */
	uint64_t steps;			/* see erase_step() */
};

/*
 * Virtual addresses to physical ones: the kernel's, or a process's. As kread_vtop().
 * ERR_NO_MAPPING: nothing is there.
 */
typedef struct err *erase_translate_fn(void *ctx, uint64_t va, struct mapping *ret);

/*
 * An object of the rule at hand: @size bytes from @va on. Page by page through the
 * translation, so that memory that is contiguous only virtually is found; pages that are
 * not there need no erasing.
 */
struct err *erase_kernel_object(struct erase_space *space, uint64_t va, uint64_t size, uint8_t byte)
	__attribute__((warn_unused_result));
struct err *erase_object(struct erase_space *space, erase_translate_fn *translate, void *ctx,
			 uint64_t va, uint64_t size, uint8_t byte)
	__attribute__((warn_unused_result));

/*
 * A variable of the kernel: kallsyms of a kernel without CONFIG_KALLSYMS_ALL have functions
 * only, so the symbols of -x are asked, too. How many have that name, 0 when nobody knows
 * it: of static variables there may be several, and *ret is only one of them.
 */
unsigned int erase_symbol(struct erase_space *space, const char *name, uint64_t *ret);

/* What an error says of an unknown one: where to get it from. */
#define ERASE_SYMBOL_HINT "(a kernel without CONFIG_KALLSYMS_ALL does not tell its variables: " \
			  "give -x VMLINUX)"

/*
 * @n, or @max where it is more: that is damage, or more than is looked at, and is told; the text
 * names what is counted.
 */
uint64_t erase_at_most(struct erase_space *space, uint64_t n, uint64_t max, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * One step more along a list, a tree, a table, or the pages of an object. False, which is told once:
 * there were more than this dump can have things of their own, so what is damaged leads
 * back into itself, and whoever walks it is to stop.
 */
bool erase_step(struct erase_space *space);

/*
 * Take @e, which came of looking at something: memory that cannot be read is counted and
 * told, and the run goes on without it; the result is NULL then. Other errors are returned.
 */
struct err *erase_forgive(struct erase_space *space, struct err *e)
	__attribute__((warn_unused_result));

/* The same for what can be read, but is damaged; the text names it. */
void erase_doubt(struct erase_space *space, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
