/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is erased from the pages that are written: physical ranges with the byte
 * that goes there, and the object each belongs to, for the text in the dump that
 * says what was erased.
 *
 * Filled while nothing is copied; erase_set_close() sorts it, and from then on it
 * is read-only, shared by threads, and answers in O(log n).
 */
#ifndef ERASE_SET_H
#define ERASE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ranges.h"
#include "pages/plan.h"

#define ERASE_BYTE 'X'
#define ERASE_NULL 0

/*
 * Objects and pieces of objects that a set holds: with a text for each object, as built-in
 * rules have, some 130 MB at most. More is an error.
 */
#define ERASE_OBJECTS_MAX (1u << 20)

struct erase_piece {
	uint64_t pa;		/* bytes [pa, pa + len), inside one page */
	uint32_t len;
	uint32_t object;	/* index */
};

struct erase_object {
	const char *text;	/* of the rule, owned by the set */
	uint64_t size;		/* bytes asked for, in memory or not */
	uint8_t byte;		/* that goes there */
};

struct erase_set {
	struct erase_object *objects;	/* in the order of the rules */
	size_t object_count, object_room;
	struct erase_piece *pieces;	/* closed: sorted by pa */
	size_t piece_count, piece_room;
	char **texts;			/* of the rules */
	size_t text_count, text_room;
	/* Closed: what goes where. Zeros win where both do. */
	struct ranges spans;
	struct ranges zeros;		/* of spans */
};

void erase_set_init(struct erase_set *set);
void erase_set_deinit(struct erase_set *set);

/* Begin a rule: objects added from now on are listed as "erase @text ...". */
struct err *erase_set_rule(struct erase_set *set, const char *text)
	__attribute__((warn_unused_result));

/* Begin an object of the rule at hand; @byte is ERASE_BYTE or ERASE_NULL. */
struct err *erase_set_object(struct erase_set *set, uint64_t size, uint8_t byte)
	__attribute__((warn_unused_result));

/* The object at hand has physical bytes [pa, pa + len), which do not cross a page. */
struct err *erase_set_add(struct erase_set *set, uint64_t pa, uint32_t len)
	__attribute__((warn_unused_result));

struct err *erase_set_close(struct erase_set *set) __attribute__((warn_unused_result));

/* Some of physical [pa, pa + len) is to be overwritten. NULL @set: nothing is. */
bool erase_set_hits(const struct erase_set *set, uint64_t pa, size_t len);

/* Overwrite in @bytes, which are physical [pa, pa + len). */
void erase_set_apply(const struct erase_set *set, uint64_t pa, uint8_t *bytes, size_t len);

/* The same @bytes would be nothing but zeros then. */
bool erase_set_leaves_zeros(const struct erase_set *set, uint64_t pa, const uint8_t *bytes,
			    size_t len);

/*
 * The text for the dump: a line for each object, with the bytes that are in pages of
 * @plan (NULL: of all pages), for objects of which there are any. @pfns: of these pages only; all zero:
 * all. malloc'd, *ret_len bytes; NULL when nothing was erased. "erase EXPR size N\n", "erase
 * EXPR nullify\n": IMPLEMENTATION of makedumpfile, makedumpfile.conf(5).
 */
struct err *erase_set_text(const struct erase_set *set, const struct plan *plan,
			   const struct range *pfns, unsigned int page_shift, char **ret,
			   size_t *ret_len) __attribute__((warn_unused_result));

#endif
