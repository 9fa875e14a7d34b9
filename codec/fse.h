/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finite state entropy, the coder of zstd's sequences and Huffman weights:
 * RFC 8878 section 4.1. Encoding only.
 *
 * A state is a number in [2^log, 2^(log + 1)). Symbols are encoded from last to first:
 * each takes some low bits of the state out and leads to the next state.
 */
#ifndef CODEC_FSE_H
#define CODEC_FSE_H

#include <stdint.h>

#include "codec/bit_writer.h"

#define FSE_SYMBOLS_MAX 64
#define FSE_LOG_MIN 5
#define FSE_LOG_MAX 9

/* How often each symbol occurs among 2^log states; -1: less than once, which has one state too. */
struct fse_shares {
	unsigned int log;	/* FSE_LOG_MIN to FSE_LOG_MAX */
	unsigned int count;	/* of symbols; the last one occurs */
	int16_t share[FSE_SYMBOLS_MAX];
};

struct fse_symbol {
	uint32_t bits;		/* (state + this) >> 16 is how many bits to take out */
	int32_t to;		/* what is left of the state, and this: its place in next[] */
};

struct fse_table {
	unsigned int log;	/* 0: of fse_build_single() */
	struct fse_symbol symbol[FSE_SYMBOLS_MAX];
	uint16_t next[1u << FSE_LOG_MAX];
	uint16_t first[FSE_SYMBOLS_MAX];	/* a state that yields the symbol, and needs bits to go on */
};

/* Shares sum up to 2^log. */
void fse_build(struct fse_table *table, const struct fse_shares *shares);

/*
 * Shares for symbols that occur @freq[i] times, i below @count, the last one at least once,
 * @total times in all; at least two kinds. @log_max: the largest log the format allows.
 */
void fse_share_out(struct fse_shares *shares, const uint32_t *freq, unsigned int count,
		   uint32_t total, unsigned int log_max);

/* The description of a table as a decoder expects it, up to a byte boundary: 4.1.1. */
void fse_put_shares(struct bit_writer *w, const struct fse_shares *shares);

/* One symbol that is always the same: no bits, ever. */
void fse_build_single(struct fse_table *table, unsigned int symbol);

/*
 * Encode one symbol: the bits it takes out go above the *@count ones in *@bits. Returns the
 * next state.
 */
static inline uint32_t fse_encode(const struct fse_table *table, uint32_t state, unsigned int symbol,
				  uint64_t *bits, unsigned int *count)
{
	const struct fse_symbol *s = &table->symbol[symbol];
	unsigned int out = (state + s->bits) >> 16;

	*bits |= (uint64_t)(state & ((1u << out) - 1)) << *count;
	*count += out;
	return table->next[(int32_t)(state >> out) + s->to];
}

/* The last step: where a decoder begins. */
static inline void fse_put_state(struct bit_writer *w, const struct fse_table *table, uint32_t state)
{
	bits_put(w, state - (1u << table->log), table->log);
}

#endif
