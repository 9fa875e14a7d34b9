// SPDX-License-Identifier: GPL-2.0-or-later
#include "input/flat_format.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"

#define TYPE_OFFSET 16
#define VERSION_OFFSET 24
#define TYPE_FLAT_HEADER 1
#define VERSION_FLAT_HEADER 1

_Static_assert(sizeof(FLAT_SIGNATURE) == FLAT_SIGNATURE_LEN, "the signature is padded with NULs");

void flat_header_put(uint8_t header[FLAT_HEADER_SIZE])
{
	memset(header, 0, FLAT_HEADER_SIZE);
	memcpy(header, FLAT_SIGNATURE, FLAT_SIGNATURE_LEN);
	put_u64(header + TYPE_OFFSET, TYPE_FLAT_HEADER, ORDER_BIG);
	put_u64(header + VERSION_OFFSET, VERSION_FLAT_HEADER, ORDER_BIG);
}

struct err *flat_header_check(const uint8_t header[FLAT_HEADER_USED], const char *name)
{
	uint64_t type, version;

	if (memcmp(header, FLAT_SIGNATURE, FLAT_SIGNATURE_LEN))
		return err_not_mine;
	type = get_u64(header + TYPE_OFFSET, ORDER_BIG);
	version = get_u64(header + VERSION_OFFSET, ORDER_BIG);
	if (type == TYPE_FLAT_HEADER && version == VERSION_FLAT_HEADER)
		return NULL;
	return err_new(ERR_UNSUPPORTED, "%s: flattened header of type %" PRIu64 " and version %" PRIu64
		       "; only type 1, version 1 is known", name, type, version);
}

void flat_record_put(uint8_t head[FLAT_RECORD_HEAD], const struct flat_record *record)
{
	put_u64(head, record->off, ORDER_BIG);
	put_u64(head + 8, record->size, ORDER_BIG);
}

void flat_end_put(uint8_t head[FLAT_RECORD_HEAD])
{
	memset(head, 0xff, FLAT_RECORD_HEAD);
}

enum flat_head flat_record_get(const uint8_t head[FLAT_RECORD_HEAD], struct flat_record *ret)
{
	ret->off = get_u64(head, ORDER_BIG);
	ret->size = get_u64(head + 8, ORDER_BIG);
	if (ret->off == UINT64_MAX && ret->size == UINT64_MAX)
		return FLAT_END;
	return ret->size && range_fits(ret->off, ret->size, INT64_MAX) ? FLAT_RECORD : FLAT_BAD;
}
