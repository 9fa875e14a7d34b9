/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of kallsyms by what they look like.
 *
 * Every digit is a token by itself, so that the token table holds "0", "1" ...
 * "9" one behind another, and the token index behind it says where. The markers
 * end below the token table, the names below the markers, and the number of
 * symbols is below the names, in every layout from 5.10 to 7.2. 6.1 has the order of
 * the symbols by name (seqs) between markers and token table. The offsets
 * come before the number up to 6.3 and behind the token index since 6.4.
 */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/kallsyms_internal.h"

static const char digits[20] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

#define HOLE_MAX (UINT64_C(16) << 20)
#define INDEX_BYTES (2u * TOKENS)
#define INDEX_WITHIN 4096u	/* of the digits */
#define MARKER_SPAN 256u	/* symbols per marker */
#define PADDING_MAX 8u
#define MARKERS_MAX (KALLSYMS_MAX / MARKER_SPAN)
#define SEQ_BYTES 3u		/* per symbol */
/* What there is for 256 symbols each of markers and seqs. */
#define SEQ_SPAN (4u + MARKER_SPAN * SEQ_BYTES)
/* What the symbols behind the last marker may take at most. */
#define LAST_SPAN_MAX (MARKER_SPAN * (KALLSYMS_NAME_MAX + 2u))
#define COUNT_WITHIN 8u		/* below the names: a u32, aligned like a word or not */
#define BUF_MAX (MARKERS_MAX * 8u + PADDING_MAX + LAST_SPAN_MAX + COUNT_WITHIN)

/* Look-alikes that are followed up: memory that is full of them is no kernel image. */
#define ATTEMPTS_MAX 64u

struct search {
	const struct kallsyms_memory *memory;
	uint64_t stext;
	struct kallsyms_tables tables;
	uint64_t markers;		/* address */
	uint32_t marker_count;
	uint32_t marker_first;		/* the second marker's value: bytes of the first span ... */
	uint64_t marker_last;		/* ... and the last one's */
	uint32_t symbols;
	unsigned int tokens_tried;
	unsigned int markers_tried;
	struct names_stream names;
	uint8_t buf[BUF_MAX];
};

static bool read_quietly(const struct kallsyms_memory *memory, uint64_t address, void *buf, size_t len)
{
	struct err *e = memory->read(memory->ctx, address, buf, len);
	bool ok = !e;

	err_free(e);
	return ok;
}

/* As much of [address, address + len) as can be read in one go from its start. */
static size_t read_up(const struct kallsyms_memory *memory, uint64_t address, uint8_t *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t now = (size_t)min_u64(len - done, KALLSYMS_PIECE - (address + done) % KALLSYMS_PIECE);

		if (!read_quietly(memory, address + done, buf + done, now))
			break;
		done += now;
	}
	return done;
}

/* The last bytes before @end, at most @len, to the end of @buf; returns how many there are. */
static size_t read_down(const struct kallsyms_memory *memory, uint64_t end, uint8_t *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		uint64_t top = end - done;
		size_t now = (size_t)min_u64(len - done, (top - 1) % KALLSYMS_PIECE + 1);

		if (top < now || !read_quietly(memory, top - now, buf + len - done - now, now))
			break;
		done += now;
	}
	return done;
}

/* A token index that says that '0' is @before bytes below it or more, and the other digits follow. */
static bool is_token_index(const uint8_t *raw, enum byte_order order, uint64_t before)
{
	if (get_u16(raw, order) != 0)
		return false;
	for (unsigned int i = 1; i < TOKENS; i++) {
		if (get_u16(raw + 2 * i, order) <= get_u16(raw + 2 * (i - 1), order))
			return false;
	}
	for (unsigned int i = '1'; i <= '9'; i++) {
		if (get_u16(raw + 2 * i, order) - get_u16(raw + 2 * (i - 1), order) != 2)
			return false;
	}
	return get_u16(raw + 2 * (TOKENS - 1), order) < get_u16(raw + 2 * '0', order) + before;
}

/* Token table and index around the digits at @at. */
static bool find_tokens(struct search *s, uint64_t at)
{
	uint8_t raw[INDEX_WITHIN + INDEX_BYTES];
	uint64_t from = round_up(at + sizeof(digits), 4);
	size_t len = read_up(s->memory, from, raw, sizeof(raw));

	for (size_t i = 0; i + INDEX_BYTES <= len; i += 4) {
		if (!is_token_index(raw + i, s->memory->order, from + i - at))
			continue;
		s->tables.token_index = from + i;
		s->tables.token_table = at - get_u16(raw + i + 2 * '0', s->memory->order);
		return true;
	}
	return false;
}

/* @count markers of @size bytes each at @address, @raw: they rise from 0. */
static bool take_markers(struct search *s, uint64_t address, const uint8_t *raw, uint32_t count,
			 unsigned int size)
{
	enum byte_order order = s->memory->order;
	uint64_t last = 0;

	if (count < 2 || get_word(raw, size, order) != 0)
		return false;
	for (uint32_t i = 1; i < count; i++) {
		uint64_t value = get_word(raw + (size_t)i * size, size, order);

		if (value <= last || value > UINT32_MAX)
			return false;
		last = value;
	}
	s->markers = address;
	s->marker_count = count;
	s->marker_first = (uint32_t)get_word(raw + size, size, order);
	s->marker_last = last;
	return true;
}

/*
 * Markers of @size bytes each (4, before 4.20 a word) right below the token
 * table: from the last one down they end at the first 0.
 */
static bool markers_below(struct search *s, unsigned int size)
{
	size_t want = MARKERS_MAX * size + PADDING_MAX;
	size_t len = read_down(s->memory, s->tables.token_table, s->buf, want);
	const uint8_t *end = s->buf + want, *at = end;
	uint32_t count = 0;

	while ((size_t)(end - at) + size <= len) {
		uint64_t value = get_word(at - size, size, s->memory->order);

		at -= size;
		if (count == 0 && value == 0 && (size_t)(end - at) < PADDING_MAX)
			continue;
		count++;
		if (value == 0)
			return take_markers(s, s->tables.token_table - (uint64_t)(s->buf + want - at), at,
					    count, size);
	}
	return false;
}

/* Markers at @address, and seqs from their end to the token table: their number follows from that. */
static bool markers_with_seqs(struct search *s, uint64_t address)
{
	uint64_t len = s->tables.token_table - address;
	uint32_t most = (uint32_t)(len / SEQ_SPAN) + 1;
	size_t got;

	if (most > MARKERS_MAX)
		return false;
	got = read_up(s->memory, address, s->buf, 4 * most);
	return got == 4 * most && (take_markers(s, address, s->buf, most, 4) ||
				   take_markers(s, address, s->buf, most - 1, 4));
}

/* @count records from @from on end at @to, or as far below as padding goes. */
static bool records_end(struct search *s, uint64_t from, uint64_t to, uint32_t count, uint64_t padding)
{
	const uint8_t *codes;
	size_t len;

	for (unsigned int wide = 0; wide < 2; wide++) {
		uint32_t i = 0;

		names_start(&s->names, s->memory, from, to, !wide);
		while (i < count && names_next(&s->names, &codes, &len))
			i++;
		if (i == count && to - names_address(&s->names) <= padding)
			return true;
	}
	return false;
}

/* Names at @names with @symbols of them: what the markers say is true of it. */
static bool names_fit(struct search *s, uint64_t names, uint32_t symbols)
{
	uint32_t before = (s->marker_count - 1) * MARKER_SPAN;

	return symbols > before && symbols - before <= MARKER_SPAN &&
	       records_end(s, names, names + s->marker_first, MARKER_SPAN, 0) &&
	       records_end(s, names + s->marker_last, s->markers, symbols - before, PADDING_MAX);
}

/* The count is right below the names, or aligned to a word there. */
static bool find_names(struct search *s)
{
	uint8_t *raw = s->buf;
	size_t span = LAST_SPAN_MAX + COUNT_WITHIN;
	uint64_t end = round_down(s->markers - s->marker_last, 4);
	size_t len = read_down(s->memory, end, raw, span);

	for (size_t below = 0; below + COUNT_WITHIN <= len; below += 4) {
		for (unsigned int gap = 4; gap <= COUNT_WITHIN; gap += 4) {
			uint32_t symbols = get_u32(raw + span - below - gap, s->memory->order);

			if (!names_fit(s, end - below, symbols))
				continue;
			s->symbols = symbols;
			s->tables.names = end - below;
			s->tables.num_syms = end - below - gap;
			return true;
		}
	}
	return false;
}

/* From the token table down: a 0 and a first marker, and what follows from them. */
static bool find_names_below_seqs(struct search *s)
{
	uint8_t raw[KALLSYMS_PIECE + 8];
	uint64_t at = round_down(s->tables.token_table, 4);

	for (uint64_t seen = 0; seen < (uint64_t)MARKERS_MAX * SEQ_SPAN; seen += KALLSYMS_PIECE) {
		if (at < sizeof(raw) || read_down(s->memory, at, raw, sizeof(raw)) != sizeof(raw))
			return false;
		for (size_t i = KALLSYMS_PIECE; i > 0; i -= 4) {
			uint32_t value = get_u32(raw + i, s->memory->order);

			if (get_u32(raw + i - 4, s->memory->order) != 0 || value < 2 * MARKER_SPAN ||
			    value > LAST_SPAN_MAX || !markers_with_seqs(s, at - sizeof(raw) + i - 4))
				continue;
			if (find_names(s))
				return true;
			if (s->markers_tried++ == ATTEMPTS_MAX)
				return false;
		}
		at -= KALLSYMS_PIECE;
	}
	return false;
}

static bool opens(struct search *s, const struct kallsyms_tables *tables)
{
	struct kallsyms *k = NULL;
	struct err *e = kallsyms_open(s->memory, tables, s->stext, &k);
	bool ok = !e && kallsyms_addresses_rise(k, kallsyms_encoding(k));

	kallsyms_close(k);
	err_free(e);
	if (ok)
		s->tables = *tables;
	return ok;
}

/* The addresses in the layouts there were: the tables' content tells which it is. */
static bool find_addresses(struct search *s)
{
	unsigned int word = s->memory->word;
	uint64_t behind = s->tables.token_index + INDEX_BYTES;
	uint64_t aligned = round_up(behind, word), below = round_down(s->tables.num_syms, word);
	uint64_t bytes = 4ull * s->symbols;
	struct kallsyms_tables layout[5];

	for (unsigned int i = 0; i < ARRAY_LEN(layout); i++)
		layout[i] = s->tables;
	layout[0].offsets = aligned;
	layout[0].relative_base = round_up(aligned + bytes, word);
	layout[1].addresses = aligned;
	layout[2].offsets = behind;
	layout[3].relative_base = below - word;
	layout[3].offsets = below - word - round_up(bytes, word);
	layout[4].addresses = below - (uint64_t)word * s->symbols;
	for (unsigned int i = 0; i < ARRAY_LEN(layout); i++) {
		if (opens(s, &layout[i]))
			return true;
	}
	return false;
}

/* All tables around the digits at @at. */
static bool try_at(struct search *s, uint64_t at)
{
	memset(&s->tables, 0, sizeof(s->tables));
	s->markers_tried = 0;
	if (s->tokens_tried == ATTEMPTS_MAX || !find_tokens(s, at))
		return false;
	s->tokens_tried++;
	if ((markers_below(s, 4) && find_names(s)) ||
	    (s->memory->word == 8 && markers_below(s, 8) && find_names(s)) ||
	    find_names_below_seqs(s))
		return find_addresses(s);
	return false;
}

/* The digits in @len bytes read from @address on. */
static bool try_all(struct search *s, uint64_t address, const uint8_t *buf, size_t len)
{
	const uint8_t *from = buf, *hit;

	while ((hit = memmem(from, len - (size_t)(from - buf), digits, sizeof(digits)))) {
		if (try_at(s, address + (uint64_t)(hit - buf)))
			return true;
		from = hit + 1;
	}
	return false;
}

/*
 * Piece by piece; the end of one stays for a pattern that goes on in the next. An
 * image that is over for so long has no tables; physical memory has holes of any size.
 */
static bool scan(struct search *s, uint64_t start, uint64_t end)
{
	uint8_t buf[sizeof(digits) + KALLSYMS_PIECE];
	uint64_t hole = 0;
	size_t kept = 0;

	for (uint64_t at = start; at < end;) {
		size_t now = (size_t)min_u64(end - at, KALLSYMS_PIECE - at % KALLSYMS_PIECE);

		if (read_quietly(s->memory, at, buf + kept, now)) {
			if (try_all(s, at - kept, buf, kept + now))
				return true;
			now += kept;
			kept = (size_t)min_u64(now, sizeof(digits) - 1);
			memmove(buf, buf + now - kept, kept);
			hole = 0;
		} else {
			kept = 0;
			hole += KALLSYMS_PIECE;
		}
		at = round_down(at, KALLSYMS_PIECE) + KALLSYMS_PIECE;
		if (at == 0 || (!s->memory->physical && hole >= HOLE_MAX))
			break;
	}
	return false;
}

struct err *kallsyms_locate(const struct kallsyms_memory *memory, uint64_t start, uint64_t end,
			    uint64_t stext, struct kallsyms_tables *ret)
{
	struct search *s = calloc(1, sizeof(*s));
	bool found;

	if (!s)
		return err_nomem;
	s->memory = memory;
	s->stext = stext;
	found = scan(s, start, end);
	if (found)
		*ret = s->tables;
	free(s);
	if (!found)
		return err_new(ERR_NOT_FOUND, "no kallsyms from %#llx to %#llx", (unsigned long long)start,
			       (unsigned long long)end);
	return NULL;
}
