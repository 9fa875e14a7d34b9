/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside kernel/kallsyms*.c: the stream of names, and what an opened table is. */
#ifndef KERNEL_KALLSYMS_INTERNAL_H
#define KERNEL_KALLSYMS_INTERNAL_H

#include "kernel/kallsyms.h"

/* Pages are read one by one, so that one which is lost costs no names before it. */
#define KALLSYMS_PIECE 4096u

/* Longest record: two bytes of length, 14 bits of codes. */
#define NAMES_RECORD_MAX (2u + 0x3fffu)
#define NAMES_BUF (NAMES_RECORD_MAX + KALLSYMS_PIECE)

/* The compressed names: records of a length and as many codes. */
struct names_stream {
	const struct kallsyms_memory *memory;
	uint64_t next;		/* address of the first byte that is not in buf yet */
	uint64_t end;		/* no record goes beyond it */
	bool wide;		/* bit 7 of a length announces a second byte of it: since 6.1 */
	size_t pos, fill;
	uint8_t buf[NAMES_BUF];
};

void names_start(struct names_stream *names, const struct kallsyms_memory *memory, uint64_t start,
		 uint64_t end, bool wide);

/* The next record's codes; false: the end, a byte that cannot be read, or no record. */
bool names_next_any(struct names_stream *names, const uint8_t **ret, size_t *ret_len);

static inline bool names_next(struct names_stream *names, const uint8_t **ret, size_t *ret_len)
{
	const uint8_t *at = names->buf + names->pos;
	size_t ready = names->fill - names->pos;

	/* Nearly all are short, and here as a whole. */
	if (!ready || !*at || *at >= 0x80 || *at >= ready)
		return names_next_any(names, ret, ret_len);
	*ret = at + 1;
	*ret_len = *at;
	names->pos += 1 + (size_t)*at;
	return true;
}

/* Address of the next record. */
uint64_t names_address(const struct names_stream *names);

#define TOKENS 256
#define TOKEN_INDEX_MAX (16u << 10)	/* the last token starts below */
#define TOKEN_MAX 512u

/* Symbols that prove an encoding. */
enum anchor { ANCHOR_STEXT, ANCHOR_BANNER, ANCHORS };

struct kallsyms {
	struct kallsyms_memory memory;
	struct kallsyms_tables tables;
	uint32_t count;
	uint32_t named;
	bool wide;			/* as in struct names_stream */
	enum kallsyms_encoding encoding;
	uint64_t relative_base;		/* what is stored there; 0 without one */
	bool has_anchor[ANCHORS];
	uint32_t anchor[ANCHORS];	/* index of the symbol */
	uint16_t token_at[TOKENS];
	uint16_t token_len[TOKENS];
	uint32_t token_head[TOKENS];	/* its first three characters, the first one lowest */
	char tokens[TOKEN_INDEX_MAX + TOKEN_MAX];
	struct names_stream names;
};

/* Set kallsyms->encoding, by the anchors or by plausibility. */
struct err *kallsyms_choose_encoding(struct kallsyms *kallsyms, uint64_t stext)
	__attribute__((warn_unused_result));

/* Under @encoding no address is below the one before, and few are the same. */
bool kallsyms_addresses_rise(const struct kallsyms *kallsyms, enum kallsyms_encoding encoding);

/* kallsyms_address() by one encoding, whether it is the right one or not. */
struct err *kallsyms_decode(const struct kallsyms *kallsyms, enum kallsyms_encoding encoding,
			    uint32_t index, uint64_t *ret) __attribute__((warn_unused_result));

#endif
