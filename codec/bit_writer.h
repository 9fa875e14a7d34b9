/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bits on their way out, the first one lowest, as deflate and zstd lay them. */
#ifndef CODEC_BIT_WRITER_H
#define CODEC_BIT_WRITER_H

#include <stdint.h>

#include "base/bytes.h"

/* Writes in words, so that it may pass the last bit by less than this many bytes. */
#define BIT_WRITER_SLACK 8u

struct bit_writer {
	uint8_t *to;
	uint64_t waiting;
	unsigned int count;	/* of bits that wait: fewer than 8 after each put */
};

/* At most 56 bits at a time; those of @bits above them are 0. */
static inline void bits_put(struct bit_writer *w, uint64_t bits, unsigned int count)
{
	w->waiting |= bits << w->count;
	w->count += count;
	put_u64(w->to, w->waiting, ORDER_LITTLE);
	w->to += w->count / 8;
	w->waiting >>= w->count & ~7u;
	w->count &= 7;
}

/* The end of what was put, in whole bytes; the last one is filled up with 0. */
static inline uint8_t *bits_end(const struct bit_writer *w)
{
	return w->to + (w->count > 0);
}

#endif
