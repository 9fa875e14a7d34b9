// SPDX-License-Identifier: GPL-2.0-or-later
#include "codec/zstd_match.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

/* Bytes that are read at a place that is hashed or compared. */
#define LOOK 8
/*
 * So many of them are hashed. Matches of ZSTD_MATCH_MIN bytes are found by chance, or by
 * repetition: looking for them costs more time than it saves bytes.
 */
#define HASHED 5
/* Without a match for 2^this bytes, every second place is tried, then every third. */
#define PATIENCE 7

struct finder {
	const uint8_t *src;
	size_t len;
	uint16_t *head;
	struct zstd_sequence *sequence;	/* the next one */
	uint8_t *literals;	/* where the next ones go */
	size_t anchor;		/* everything before is in a sequence */
	size_t offset;		/* of the last match */
	size_t offset2;		/* of the last one that was different */
};

static inline uint32_t word_at(const uint8_t *p)
{
	return get_u32(p, ORDER_LITTLE);
}

/* The multiplier is 2^64 divided by the golden ratio. */
static inline unsigned int hash(uint64_t bytes)
{
	return (unsigned int)((bytes << (64 - 8 * HASHED)) * 0x9e3779b97f4a7c15u >> (64 - ZSTD_HASH_BITS));
}

static inline void enter(const struct finder *f, size_t at)
{
	f->head[hash(get_u64(f->src + at, ORDER_LITTLE))] = (uint16_t)at;
}

/* How many bytes from @a and @b < @a on are equal. */
static inline size_t equal_bytes(const struct finder *f, size_t a, size_t b)
{
	size_t from = a;

	for (; a + LOOK <= f->len; a += LOOK, b += LOOK) {
		uint64_t differ = get_u64(f->src + a, ORDER_LITTLE) ^ get_u64(f->src + b, ORDER_LITTLE);

		if (differ)
			return a - from + (unsigned int)__builtin_ctzll(differ) / 8;
	}
	while (a < f->len && f->src[a] == f->src[b])
		a++, b++;
	return a - from;
}

static inline void add_literals(struct finder *f, size_t count)
{
	const uint8_t *from = f->src + f->anchor;

	if (count <= ZSTD_LITERALS_SLACK && f->anchor + ZSTD_LITERALS_SLACK <= f->len)
		memcpy(f->literals, from, ZSTD_LITERALS_SLACK);
	else
		memcpy(f->literals, from, count);
	f->literals += count;
}

/* A match of @n bytes at @at. */
static inline void add_match(struct finder *f, size_t at, size_t n, size_t offset_value)
{
	size_t literals = at - f->anchor;

	add_literals(f, literals);
	f->sequence->literals = (uint16_t)literals;
	f->sequence->match = (uint16_t)n;
	f->sequence->offset = (uint32_t)offset_value;
	f->sequence++;
	f->anchor = at + n;
}

/* Matches of the last offset but one right behind a match: Offset_Value 1 means that one there. */
static inline void add_repeated(struct finder *f, size_t end)
{
	size_t at, n, offset;

	while (f->anchor < end && f->offset2 <= f->anchor &&
	       word_at(f->src + f->anchor) == word_at(f->src + f->anchor - f->offset2)) {
		at = f->anchor + ZSTD_MATCH_MIN;
		offset = f->offset2;
		n = ZSTD_MATCH_MIN + equal_bytes(f, at, at - offset);
		f->offset2 = f->offset;
		f->offset = offset;
		enter(f, f->anchor);
		add_match(f, f->anchor, n, 1);
	}
}

/* The match at @at, which is no repetition, with the one at @from; it may begin before @at. */
static inline void add_new(struct finder *f, size_t at, size_t from)
{
	size_t n = ZSTD_MATCH_MIN + equal_bytes(f, at + ZSTD_MATCH_MIN, from + ZSTD_MATCH_MIN);

	while (at > f->anchor && from && f->src[at - 1] == f->src[from - 1])
		at--, from--, n++;
	f->offset2 = f->offset;
	f->offset = at - from;
	add_match(f, at, n, f->offset + 3);
}

/*
 * From @at on: the first match before @end, added. Returns the place where it was seen, or
 * something from @end on.
 */
static inline size_t find_next(struct finder *f, size_t at, size_t end)
{
	const uint8_t *src = f->src;
	size_t offset = f->offset, from, n;

	for (; at < end; at += 1 + ((at - f->anchor) >> PATIENCE)) {
		uint64_t bytes = get_u64(src + at, ORDER_LITTLE);
		uint16_t *head = &f->head[hash(bytes)];

		from = *head;
		*head = (uint16_t)at;
		if (offset <= at + 1 && (uint32_t)(bytes >> 8) == word_at(src + at + 1 - offset)) {
			n = equal_bytes(f, at + 1 + ZSTD_MATCH_MIN, at + 1 + ZSTD_MATCH_MIN - offset);
			add_match(f, at + 1, ZSTD_MATCH_MIN + n, 1);
			break;
		}
		if (word_at(src + from) == (uint32_t)bytes) {
			add_new(f, at, from);
			break;
		}
	}
	return at;
}

void zstd_find_matches(struct zstd_matches *m, const uint8_t *src, size_t len)
{
	/* The offsets every frame begins with: 3.1.1.5. */
	struct finder f = { .src = src, .len = len, .head = m->head, .sequence = m->sequences,
			    .literals = m->literals, .offset = 1, .offset2 = 4 };
	size_t at = 1, end = len > LOOK ? len - LOOK : 0;

	/* So place 0 is in all of it, and all places in it are before the one that is looked at. */
	memset(m->head, 0, sizeof(*m->head) << ZSTD_HASH_BITS);
	for (;;) {
		at = find_next(&f, at, end);
		if (at >= end)
			break;
		if (f.anchor < end) {
			/* Two places of a match stand for all. */
			enter(&f, at + 2);
			enter(&f, f.anchor - 2);
			add_repeated(&f, end);
		}
		at = f.anchor;
	}
	add_literals(&f, len - f.anchor);
	m->count = (size_t)(f.sequence - m->sequences);
	m->literal_count = (size_t)(f.literals - m->literals);
}
