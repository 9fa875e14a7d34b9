/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How kallsyms stores addresses, found out by experiment. It changed with
 * a081b5789255 (7.0, place-relative), 01157ddc58dc (6.15, no absolute-percpu)
 * and 64e166099b69 (6.11, no absolute), and distributions backport.
 */
#include <string.h>

#include "base/checked.h"
#include "kernel/kallsyms_internal.h"

static const char *const encoding_names[KALLSYMS_ENCODINGS] = {
	[KALLSYMS_ABSOLUTE] = "absolute",
	[KALLSYMS_RELATIVE] = "relative",
	[KALLSYMS_ABSOLUTE_PERCPU] = "absolute-percpu",
	[KALLSYMS_PLACE_RELATIVE] = "place-relative",
};

const char *kallsyms_encoding_name(enum kallsyms_encoding encoding)
{
	return encoding_names[encoding];
}

/* Whether there is what @encoding needs. */
static bool possible(const struct kallsyms *k, enum kallsyms_encoding encoding)
{
	switch (encoding) {
	case KALLSYMS_ABSOLUTE:
		return k->tables.addresses != 0;
	case KALLSYMS_RELATIVE:
		/* Without a base it is 0: 32-bit kernels that are not relocatable. */
		return k->tables.offsets && (k->tables.relative_base || k->memory.word == 4);
	case KALLSYMS_ABSOLUTE_PERCPU:
		return k->tables.offsets && k->tables.relative_base;
	default:
		return k->tables.offsets && !k->tables.relative_base;
	}
}

static unsigned int element_size(const struct kallsyms *k, enum kallsyms_encoding encoding)
{
	return encoding == KALLSYMS_ABSOLUTE ? k->memory.word : 4;
}

static uint64_t element_address(const struct kallsyms *k, enum kallsyms_encoding encoding,
				uint32_t index)
{
	uint64_t table = encoding == KALLSYMS_ABSOLUTE ? k->tables.addresses : k->tables.offsets;

	return table + (uint64_t)index * element_size(k, encoding);
}

static uint64_t decode(const struct kallsyms *k, enum kallsyms_encoding encoding, uint32_t index,
		       const uint8_t *raw)
{
	uint64_t value = get_word(raw, element_size(k, encoding), k->memory.order);
	uint64_t extended = (uint64_t)(int64_t)(int32_t)value;
	uint64_t ret = value;

	if (encoding == KALLSYMS_RELATIVE)
		ret = k->relative_base + value;
	else if (encoding == KALLSYMS_ABSOLUTE_PERCPU && (int32_t)value < 0)
		ret = k->relative_base - 1 - extended;
	else if (encoding == KALLSYMS_PLACE_RELATIVE)
		ret = element_address(k, encoding, index) + extended;
	return k->memory.word == 4 ? (uint32_t)ret : ret;
}

struct err *kallsyms_decode(const struct kallsyms *k, enum kallsyms_encoding encoding,
			    uint32_t index, uint64_t *ret)
{
	uint8_t raw[8];

	if (index >= k->count)
		return err_new(ERR_BAD_INPUT, "kallsyms: symbol %u of %u", index, k->count);
	TRY(k->memory.read(k->memory.ctx, element_address(k, encoding, index), raw,
			   element_size(k, encoding)));
	*ret = decode(k, encoding, index, raw);
	return NULL;
}

/* A run through all addresses under one encoding. */
struct rise {
	uint64_t last;
	uint32_t steps;		/* where the address became higher */
	bool falls;
};

static void rise_over(const struct kallsyms *k, enum kallsyms_encoding encoding, uint32_t index,
		      const uint8_t *raw, uint32_t count, struct rise *rise)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t address = decode(k, encoding, index + i, raw + (size_t)i * element_size(k, encoding));

		rise->falls |= address < rise->last;
		rise->steps += address > rise->last;
		rise->last = address;
	}
}

/*
 * Symbols are sorted by address, and few share one. That tells the encodings
 * apart: offsets of one do not rise when read as another's. (Relative ones
 * do as absolute-percpu, which is why that comes later.)
 */
bool kallsyms_addresses_rise(const struct kallsyms *k, enum kallsyms_encoding encoding)
{
	uint32_t each = KALLSYMS_PIECE / element_size(k, encoding);
	uint8_t raw[KALLSYMS_PIECE];
	struct rise rise = { .last = 0 };

	for (uint32_t i = 0; i < k->count && !rise.falls; i += each) {
		uint32_t now = k->count - i < each ? k->count - i : each;
		struct err *e = k->memory.read(k->memory.ctx, element_address(k, encoding, i), raw,
					       (size_t)now * element_size(k, encoding));

		if (e) {
			err_free(e);
			return false;
		}
		rise_over(k, encoding, i, raw, now, &rise);
	}
	return !rise.falls && rise.steps >= k->count / 2;
}

enum banner { BANNER_UNKNOWN, BANNER_UNREADABLE, BANNER_RIGHT, BANNER_WRONG };

/* What is at the address that linux_banner has under @encoding. */
static enum banner look_at_banner(const struct kallsyms *k, enum kallsyms_encoding encoding)
{
	static const char banner[] = "Linux version ";
	char text[sizeof(banner) - 1];
	uint64_t address;
	struct err *e;

	if (!k->has_anchor[ANCHOR_BANNER] ||
	    (k->memory.physical && encoding != KALLSYMS_PLACE_RELATIVE))
		return BANNER_UNKNOWN;
	e = kallsyms_decode(k, encoding, k->anchor[ANCHOR_BANNER], &address);
	if (!e)
		e = k->memory.read(k->memory.ctx, address, text, sizeof(text));
	if (e) {
		err_free(e);
		return BANNER_UNREADABLE;
	}
	return memcmp(text, banner, sizeof(text)) == 0 ? BANNER_RIGHT : BANNER_WRONG;
}

/* _stext is where it is known to be. */
static bool stext_fits(const struct kallsyms *k, enum kallsyms_encoding encoding, uint64_t stext)
{
	uint64_t address;
	struct err *e = kallsyms_decode(k, encoding, k->anchor[ANCHOR_STEXT], &address);

	if (e) {
		err_free(e);
		return false;
	}
	return address == stext;
}

/* A page that the dump lacks does not speak against what _stext says. */
static bool fits(const struct kallsyms *k, enum kallsyms_encoding encoding, uint64_t stext)
{
	enum banner banner = look_at_banner(k, encoding);

	if (stext && k->has_anchor[ANCHOR_STEXT])
		return stext_fits(k, encoding, stext) && banner != BANNER_WRONG;
	return kallsyms_addresses_rise(k, encoding) && banner != BANNER_WRONG &&
	       banner != BANNER_UNREADABLE;
}

struct err *kallsyms_choose_encoding(struct kallsyms *k, uint64_t stext)
{
	for (enum kallsyms_encoding i = 0; i < KALLSYMS_ENCODINGS; i++) {
		if (possible(k, i) && fits(k, i, stext)) {
			k->encoding = i;
			return NULL;
		}
	}
	if (stext && k->has_anchor[ANCHOR_STEXT])
		return err_new(ERR_BAD_INPUT, "kallsyms: no way to read the addresses gives _stext %#llx",
			       (unsigned long long)stext);
	return err_new(ERR_BAD_INPUT, "kallsyms: no way to read the addresses makes sense");
}
