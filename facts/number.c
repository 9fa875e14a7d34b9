// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/number.h"

#include <string.h>

#include "base/checked.h"

static bool digit_value(char c, unsigned int base, unsigned int *ret)
{
	unsigned int v;

	if (c >= '0' && c <= '9')
		v = (unsigned int)(c - '0');
	else if (c >= 'a' && c <= 'f')
		v = (unsigned int)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		v = (unsigned int)(c - 'A') + 10;
	else
		return false;
	*ret = v;
	return v < base;
}

static bool has_hex_prefix(const char *text, size_t len)
{
	return len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

bool parse_unsigned(const char *text, size_t len, unsigned int base, uint64_t *ret)
{
	size_t i = base == 16 && has_hex_prefix(text, len) ? 2 : 0;
	unsigned int digit;
	uint64_t v = 0;

	if (i >= len)
		return false;
	for (; i < len; i++)
		if (!digit_value(text[i], base, &digit) || !checked_mul(v, base, &v) ||
		    !checked_add(v, digit, &v))
			return false;
	*ret = v;
	return true;
}

/* "12" is twelve, "0x12" and "1a" are hexadecimal. */
static bool parse_either(const char *text, size_t len, uint64_t *ret)
{
	return parse_unsigned(text, len, 10, ret) || parse_unsigned(text, len, 16, ret);
}

/*
 * The kernel prints with %ld, so a mask that an int held is negative; lines of
 * architecture code are hexadecimal and may use all 64 bits.
 */
static bool parse_signed(const char *text, size_t len, int64_t *ret)
{
	bool negative = len > 0 && text[0] == '-';
	uint64_t v;

	if (!parse_either(text + negative, len - negative, &v))
		return false;
	if (negative && v > UINT64_C(1) << 63)
		return false;
	*ret = (int64_t)(negative ? 0 - v : v);
	return true;
}

bool parse_value(enum fact_kind kind, const char *text, size_t len, int64_t *ret)
{
	uint64_t v;

	if (kind == FACT_NUMBER)
		return parse_signed(text, len, ret);
	if (kind == FACT_SYMBOL) {
		if (!parse_unsigned(text, len, 16, &v) || v == 0 || v == UINT64_MAX)
			return false;
	} else if (!parse_either(text, len, &v) || v > INT64_MAX) {
		return false;
	}
	*ret = (int64_t)v;
	return true;
}
