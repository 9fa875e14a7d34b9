// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BTF as bytes: the header, an index of the records, and one check of every
 * reference in them, so that no question has to check again.
 */
#include <stdlib.h>

#include "base/checked.h"
#include "kernel/btf.h"
#include "kernel/btf_internal.h"

/* What follows the first 12 bytes of a record: @once, and @each times vlen. */
struct btf_tail {
	uint8_t once, each;
};

static const struct btf_tail tails[] = {
	[BTF_INT] = { 4, 0 },
	[BTF_ARRAY] = { 12, 0 },
	[BTF_STRUCT] = { 0, 12 },
	[BTF_UNION] = { 0, 12 },
	[BTF_ENUM] = { 0, 8 },
	[BTF_FUNC_PROTO] = { 0, 8 },
	[BTF_VAR] = { 4, 0 },
	[BTF_DATASEC] = { 0, 12 },
	[BTF_DECL_TAG] = { 4, 0 },
	[BTF_ENUM64] = { 0, 12 },
};

/* Bits of the info word. The classic widths are smaller, and what lies beyond them is 0 then. */
#define INFO_KIND(info) ((info) >> 24 & 0x7f)
#define INFO_COUNT(info) ((info) & 0xffffff)
#define INFO_FLAG(info) ((info) >> 31)

#define LAYOUT_BYTES 4	/* u8 info_sz, u8 elem_sz, u16 flags, one per kind */

bool btf_read_header(const uint8_t *head, size_t len, enum byte_order order,
		     struct btf_header *ret)
{
	if (len < BTF_HEADER_BYTES || get_u16(head, order) != BTF_MAGIC || head[2] != BTF_VERSION)
		return false;
	*ret = (struct btf_header){
		.hdr_len = get_u32(head + 4, order),
		.type_off = get_u32(head + 8, order),
		.type_len = get_u32(head + 12, order),
		.str_off = get_u32(head + 16, order),
		.str_len = get_u32(head + 20, order),
	};
	if (ret->hdr_len < BTF_HEADER_BYTES)
		return false;
	if (ret->hdr_len >= BTF_HEADER_LAYOUT_BYTES && len >= BTF_HEADER_LAYOUT_BYTES) {
		ret->layout_off = get_u32(head + 24, order);
		ret->layout_len = get_u32(head + 28, order);
	}
	return true;
}

uint32_t btf_end_id(const struct btf *btf)
{
	return btf ? btf->first_id + btf->count : 1;
}

uint32_t btf_end_string(const struct btf *btf)
{
	return btf ? btf->first_string + btf->header.str_len : 0;
}

bool btf_get(const struct btf *btf, uint64_t id, struct btf_record *ret)
{
	const uint8_t *raw;
	uint32_t info;

	*ret = (struct btf_record){ .btf = btf, .kind = BTF_VOID, .name = "" };
	if (!id)
		return true;
	if (id >= btf_end_id(btf))
		return false;
	while (id < btf->first_id)
		btf = btf->base;
	raw = btf->records + btf->at[id - btf->first_id];
	info = get_u32(raw + 4, btf->order);
	*ret = (struct btf_record){
		.btf = btf,
		.kind = INFO_KIND(info),
		.flag = INFO_FLAG(info),
		.count = INFO_COUNT(info),
		.value = get_u32(raw + 8, btf->order),
		.name = btf_string(btf, get_u32(raw, btf->order)),
		.data = raw + BTF_RECORD_BYTES,
	};
	return true;
}

static uint32_t group_start(const struct btf *btf, enum btf_group group)
{
	return group ? btf->group_end[group - 1] : 0;
}

bool btf_get_grouped(const struct btf *btf, enum btf_group group, uint32_t i, uint64_t *ret_id,
		     struct btf_record *ret)
{
	uint32_t start = group_start(btf, group);

	if (i >= btf->group_end[group] - start)
		return false;
	*ret_id = (uint64_t)btf->first_id + btf->grouped[start + i];
	return btf_get(btf, *ret_id, ret);
}

bool btf_get_named(const struct btf *btf, enum btf_group group, const char *name, uint32_t *i,
		   uint64_t *ret_id, struct btf_record *ret)
{
	uint32_t end = btf->group_end[group], at = group_start(btf, group) + *i;

	for (; at < end; at++) {
		uint32_t record = btf->grouped[at];

		if (btf_string_is(btf, get_u32(btf->records + btf->at[record], btf->order), name)) {
			*i = at + 1 - group_start(btf, group);
			*ret_id = (uint64_t)btf->first_id + record;
			return btf_get(btf, *ret_id, ret);
		}
	}
	return false;
}

/* The section [off, off + len) behind the header lies in a blob of @size bytes. */
static bool section_fits(const struct btf_header *header, uint32_t off, uint32_t len, size_t size)
{
	return range_fits((uint64_t)header->hdr_len + off, len, size);
}

static struct err *check_header(struct btf *btf, size_t len)
{
	const struct btf_header *header = &btf->header;

	if (len > BTF_BYTES_MAX)
		return err_new(ERR_BAD_INPUT, "BTF: %zu bytes are more than any kernel has", len);
	if (!btf_read_header(btf->blob, len, btf->order, &btf->header))
		return err_new(ERR_BAD_INPUT, "BTF: no header at the start of its %zu bytes", len);
	if (!section_fits(header, header->type_off, header->type_len, len) ||
	    !section_fits(header, header->str_off, header->str_len, len) ||
	    !section_fits(header, header->layout_off, header->layout_len, len))
		return err_new(ERR_BAD_INPUT, "BTF: sections (types %#x + %#x, strings %#x + %#x) are not "
			       "in its %zu bytes", header->type_off, header->type_len, header->str_off,
			       header->str_len, len);
	btf->records = btf->blob + header->hdr_len + header->type_off;
	btf->strings = (const char *)btf->blob + header->hdr_len + header->str_off;
	return NULL;
}

/* Each string ends within the section, and offset 0, which is no name, is the empty one. */
static struct err *check_strings(const struct btf *btf)
{
	uint32_t len = btf->header.str_len;

	if (!len && btf->base)
		return NULL;
	if (!len || btf->strings[len - 1] || (!btf->base && btf->strings[0]))
		return err_new(ERR_BAD_INPUT, "BTF: the %#x bytes of strings do not begin and end with "
			       "a zero", len);
	return NULL;
}

/* What is behind the first bytes of a record of @kind, by the blob's own word for newer kinds. */
static bool find_tail(const struct btf *btf, unsigned int kind, struct btf_tail *ret)
{
	const struct btf_header *header = &btf->header;
	const uint8_t *layout = btf->blob + header->hdr_len + header->layout_off;

	if (kind == BTF_VOID)
		return false;
	if (kind <= BTF_ENUM64) {
		*ret = kind < ARRAY_LEN(tails) ? tails[kind] : (struct btf_tail){ 0, 0 };
		return true;
	}
	if ((kind + 1) * LAYOUT_BYTES > header->layout_len)
		return false;
	*ret = (struct btf_tail){ layout[kind * LAYOUT_BYTES], layout[kind * LAYOUT_BYTES + 1] };
	return true;
}

/* Bytes of the record at @off of the type section. */
static struct err *record_bytes(const struct btf *btf, uint32_t off, uint32_t *ret)
{
	uint32_t room = btf->header.type_len - off;
	struct btf_tail tail = { 0, 0 };
	uint64_t len = BTF_RECORD_BYTES;
	uint32_t info;

	if (room < len)
		return err_new(ERR_BAD_INPUT, "BTF: type at %#x is cut off", off);
	info = get_u32(btf->records + off + 4, btf->order);
	if (!find_tail(btf, INFO_KIND(info), &tail))
		return err_new(ERR_BAD_INPUT, "BTF: type at %#x is of kind %u, which is not known", off,
			       INFO_KIND(info));
	len += tail.once + (uint64_t)tail.each * INFO_COUNT(info);
	if (len > room)
		return err_new(ERR_BAD_INPUT, "BTF: type at %#x has %llu bytes, the section %u more", off,
			       (unsigned long long)len, room);
	*ret = (uint32_t)len;
	return NULL;
}

/* The group of records of @kind; BTF_GROUPS: none. */
static enum btf_group group_of(unsigned int kind)
{
	switch (kind) {
	case BTF_STRUCT:
		return BTF_STRUCTS;
	case BTF_UNION:
		return BTF_UNIONS;
	case BTF_ENUM:
	case BTF_ENUM64:
		return BTF_ENUMS;
	case BTF_TYPEDEF:
		return BTF_TYPEDEFS;
	case BTF_VAR:
		return BTF_VARIABLES;
	default:
		return BTF_GROUPS;
	}
}

static uint32_t info_at(const struct btf *btf, uint32_t off)
{
	return get_u32(btf->records + off + 4, btf->order);
}

/* Where each record starts, and where in btf->grouped each group does. */
static struct err *index_records(struct btf *btf)
{
	uint32_t most = btf->header.type_len / BTF_RECORD_BYTES, counts[BTF_GROUPS + 1] = { 0 };
	uint32_t off = 0, len = 0, sum = 0;
	uint32_t *fitting;

	btf->at = malloc(((size_t)most + 1) * sizeof(*btf->at));
	if (!btf->at)
		return err_nomem;
	for (btf->count = 0; off < btf->header.type_len; off += len) {
		TRY(record_bytes(btf, off, &len));
		btf->at[btf->count++] = off;
		counts[group_of(INFO_KIND(info_at(btf, off)))]++;
	}
	fitting = realloc(btf->at, ((size_t)btf->count + 1) * sizeof(*btf->at));
	btf->at = fitting ? fitting : btf->at;
	/* group_records() moves these on to where the groups end. */
	for (unsigned int group = 0; group < BTF_GROUPS; group++) {
		btf->group_end[group] = sum;
		sum += counts[group];
	}
	btf->grouped = malloc(((size_t)sum + 1) * sizeof(*btf->grouped));
	return btf->grouped ? NULL : err_nomem;
}

/* One in three records has a name that somebody asks for. */
static void group_records(struct btf *btf)
{
	for (uint32_t i = 0; i < btf->count; i++) {
		enum btf_group group = group_of(INFO_KIND(info_at(btf, btf->at[i])));

		if (group < BTF_GROUPS)
			btf->grouped[btf->group_end[group]++] = i;
	}
}

/* What references have to be below. */
struct btf_ends {
	enum byte_order order;
	uint32_t id, string;
};

/* The value of these is the id of a type. */
static bool refers(unsigned int kind)
{
	return kind == BTF_PTR || (kind >= BTF_TYPEDEF && kind <= BTF_VAR) || kind == BTF_DECL_TAG ||
	       kind == BTF_TYPE_TAG;
}

/* Names and types of the @count elements at @raw, of a struct or union. */
static bool check_members(const struct btf_ends *ends, const uint8_t *raw, uint32_t count)
{
	for (; count; count--, raw += tails[BTF_STRUCT].each) {
		if (get_u32(raw, ends->order) >= ends->string || get_u32(raw + 4, ends->order) >= ends->id)
			return false;
	}
	return true;
}

/* Names of the @count elements of @bytes each at @raw, of an enum. */
static bool check_enumerators(const struct btf_ends *ends, const uint8_t *raw, uint32_t count,
			      size_t bytes)
{
	for (; count; count--, raw += bytes) {
		if (get_u32(raw, ends->order) >= ends->string)
			return false;
	}
	return true;
}

/* References in the record at @raw, whose name was checked. */
static bool check_record(const struct btf_ends *ends, const uint8_t *raw)
{
	uint32_t info = get_u32(raw + 4, ends->order), count = INFO_COUNT(info);
	unsigned int kind = INFO_KIND(info);
	const uint8_t *data = raw + BTF_RECORD_BYTES;

	switch (kind) {
	case BTF_ARRAY:
		return get_u32(data, ends->order) < ends->id && get_u32(data + 4, ends->order) < ends->id;
	case BTF_STRUCT:
	case BTF_UNION:
		return check_members(ends, data, count);
	case BTF_ENUM:
	case BTF_ENUM64:
		return check_enumerators(ends, data, count, tails[kind].each);
	default:
		return !refers(kind) || get_u32(raw + 8, ends->order) < ends->id;
	}
}

static struct err *check_records(const struct btf *btf)
{
	const struct btf_ends ends = { btf->order, btf_end_id(btf), btf_end_string(btf) };

	for (uint32_t i = 0; i < btf->count; i++) {
		const uint8_t *raw = btf->records + btf->at[i];
		uint32_t name = get_u32(raw, btf->order);

		if (name && name >= ends.string)
			return err_new(ERR_BAD_INPUT, "BTF: type %u has its name at %#x of %#x bytes",
				       btf->first_id + i, name, ends.string);
		if (!check_record(&ends, raw))
			return err_new(ERR_BAD_INPUT, "BTF: type %u (kind %u) refers to what is not there",
				       btf->first_id + i, INFO_KIND(get_u32(raw + 4, btf->order)));
	}
	return NULL;
}

/* As wide as an unsigned long, which compilers call by one of two names. */
static unsigned int find_pointer_size(const struct btf *btf)
{
	for (uint32_t i = 0; i < btf->count; i++) {
		struct btf_record record;

		if (INFO_KIND(info_at(btf, btf->at[i])) == BTF_INT &&
		    btf_get(btf, btf->first_id + i, &record) &&
		    (!strcmp(record.name, "long unsigned int") || !strcmp(record.name, "unsigned long")))
			return record.value == 4 || record.value == 8 ? record.value : 0;
	}
	return 0;
}

static struct err *parse(struct btf *btf, size_t len)
{
	TRY(check_header(btf, len));
	TRY(check_strings(btf));
	btf->first_id = btf_end_id(btf->base);
	btf->first_string = btf_end_string(btf->base);
	TRY(index_records(btf));
	group_records(btf);
	TRY(check_records(btf));
	btf->pointer_size = btf->base ? btf->base->pointer_size : find_pointer_size(btf);
	return NULL;
}

struct err *btf_parse(uint8_t *blob, size_t len, enum byte_order order, const struct types *base,
		      struct types **ret)
{
	struct btf *btf = calloc(1, sizeof(*btf));
	struct err *e;

	if (!btf) {
		free(blob);
		return err_nomem;
	}
	btf->types.ops = &btf_ops;
	btf->base = (const struct btf *)base;
	btf->blob = blob;
	btf->order = order;
	e = parse(btf, len);
	if (e) {
		types_destroy(&btf->types);
		return e;
	}
	*ret = &btf->types;
	return NULL;
}
