// SPDX-License-Identifier: GPL-2.0-or-later
/* Section numbers are those of RFC 8878. */
#include "codec/fse.h"

#include "base/checked.h"

static unsigned int states_of(int share)
{
	return share < 0 ? 1 : (unsigned int)share;
}

/* Which symbol each state yields: 4.1.1, "From normalized distribution to decoding tables". */
static void spread(uint8_t *symbols, const struct fse_shares *shares)
{
	unsigned int size = 1u << shares->log, step = (size >> 1) + (size >> 3) + 3;
	unsigned int high = size, at = 0, s;
	int i;

	for (s = 0; s < shares->count; s++)
		if (shares->share[s] < 0)
			symbols[--high] = (uint8_t)s;
	for (s = 0; s < shares->count; s++)
		for (i = 0; i < shares->share[s]; i++) {
			symbols[at] = (uint8_t)s;
			do
				at = (at + step) & (size - 1);
			while (at >= high);
		}
}

/*
 * A symbol with n states takes a state x to x >> bits in [n, 2n), which is the
 * rank of the next one among its own, plus n.
 */
void fse_build(struct fse_table *table, const struct fse_shares *shares)
{
	unsigned int size = 1u << shares->log, start = 0, s, n, bits;
	uint8_t symbols[1u << FSE_LOG_MAX];
	uint16_t place[FSE_SYMBOLS_MAX];

	spread(symbols, shares);
	table->log = shares->log;
	for (s = 0; s < shares->count; s++) {
		n = states_of(shares->share[s]);
		place[s] = (uint16_t)start;
		if (n) {
			bits = shares->log - log2_floor(n);
			table->symbol[s].bits = (bits << 16) - (n << bits);
			table->symbol[s].to = (int32_t)start - (int32_t)n;
		}
		start += n;
	}
	for (s = 0; s < size; s++)
		table->next[place[symbols[s]]++] = (uint16_t)(size + s);
	/* Of the states that yield a symbol the lowest goes on with the most bits. */
	for (s = 0; s < shares->count; s++) {
		n = states_of(shares->share[s]);
		if (n)
			table->first[s] = table->next[place[s] - n];
	}
}

void fse_build_single(struct fse_table *table, unsigned int symbol)
{
	table->log = 0;
	table->symbol[symbol] = (struct fse_symbol){ .bits = 0, .to = -1 };
	table->next[0] = 1;
	table->first[symbol] = 1;
}

static unsigned int choose_log(const uint32_t *freq, unsigned int count, uint32_t total,
			       unsigned int log_max)
{
	unsigned int used = 0, s, log;

	for (s = 0; s < count; s++)
		used += freq[s] > 0;
	/* Finer shares than the sample tells are not worth their description. */
	log = (unsigned int)max_u64(log2_floor(total - 1), 2) - 2;
	log = (unsigned int)max_u64(log, log2_floor(used) + 1);
	return (unsigned int)min_u64(max_u64(log, FSE_LOG_MIN), log_max);
}

static unsigned int largest(const struct fse_shares *shares)
{
	unsigned int s, best = 0;

	for (s = 1; s < shares->count; s++)
		if (shares->share[s] > shares->share[best])
			best = s;
	return best;
}

void fse_share_out(struct fse_shares *shares, const uint32_t *freq, unsigned int count,
		   uint32_t total, unsigned int log_max)
{
	uint32_t inverse;
	unsigned int s;
	int left, take;

	shares->log = choose_log(freq, count, total, log_max);
	shares->count = count;
	left = 1 << shares->log;
	inverse = (1u << 24) / total;
	for (s = 0; s < count; s++) {
		uint32_t share = (freq[s] * inverse + (1u << (23 - shares->log))) >> (24 - shares->log);

		shares->share[s] = (int16_t)(freq[s] ? max_u64(share, 1) : 0);
		left -= shares->share[s];
	}
	/* What rounding left or took too much is a matter of the most frequent ones. */
	while (left) {
		s = largest(shares);
		take = left > 0 ? left : -(int)min_u64((uint64_t)-left, (uint64_t)(shares->share[s] + 3) / 4);
		shares->share[s] = (int16_t)(shares->share[s] + take);
		left -= take;
	}
}

/* How many symbols from @s on do not occur. */
static unsigned int zeros_at(const struct fse_shares *shares, unsigned int s)
{
	unsigned int n = 0;

	while (s + n < shares->count && !shares->share[s + n])
		n++;
	return n;
}

/* 4.1.1: the value @v of at most @most, where small values take a bit less if they can. */
static void put_value(struct bit_writer *w, unsigned int v, unsigned int most)
{
	unsigned int bits = log2_floor(most) + 1, half = 1u << (bits - 1);
	unsigned int spare = (1u << bits) - 1 - most;

	if (v < spare)
		bits_put(w, v, bits - 1);
	else
		bits_put(w, v < half ? v : v + spare, bits);
}

void fse_put_shares(struct bit_writer *w, const struct fse_shares *shares)
{
	unsigned int left = 1u << shares->log, s = 0, zeros;

	bits_put(w, shares->log - FSE_LOG_MIN, 4);
	while (left && s < shares->count) {
		int share = shares->share[s++];

		put_value(w, (unsigned int)(share + 1), left + 1);
		left -= states_of(share);
		if (share)
			continue;
		zeros = zeros_at(shares, s);
		s += zeros;
		for (; zeros >= 3; zeros -= 3)
			bits_put(w, 3, 2);
		bits_put(w, zeros, 2);
	}
	bits_put(w, 0, (8 - w->count) & 7);
}
