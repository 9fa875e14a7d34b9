// SPDX-License-Identifier: GPL-2.0-or-later
#include "erase/set.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/bits.h"
#include "base/checked.h"

void erase_set_init(struct erase_set *set)
{
	*set = (struct erase_set){ 0 };
}

void erase_set_deinit(struct erase_set *set)
{
	for (size_t i = 0; i < set->text_count; i++)
		free(set->texts[i]);
	free(set->texts);
	free(set->objects);
	free(set->pieces);
	ranges_deinit(&set->spans);
	ranges_deinit(&set->zeros);
	erase_set_init(set);
}

static struct err *check_count(size_t count)
{
	if (count < ERASE_OBJECTS_MAX)
		return NULL;
	return err_new(ERR_UNSUPPORTED, "more than %u objects or pages of objects are to be erased",
		       ERASE_OBJECTS_MAX);
}

struct err *erase_set_rule(struct erase_set *set, const char *text)
{
	char **texts = array_more(set->texts, set->text_count, &set->text_room, sizeof(*texts), 64);

	if (!texts)
		return err_nomem;
	set->texts = texts;
	texts[set->text_count] = strdup(text);
	if (!texts[set->text_count])
		return err_nomem;
	set->text_count++;
	return NULL;
}

struct err *erase_set_object(struct erase_set *set, uint64_t size, uint8_t byte)
{
	struct erase_object *v;

	TRY(check_count(set->object_count));
	v = array_more(set->objects, set->object_count, &set->object_room, sizeof(*v), 64);
	if (!v)
		return err_nomem;
	set->objects = v;
	set->objects[set->object_count++] = (struct erase_object){
		.text = set->texts[set->text_count - 1],
		.size = size,
		.byte = byte,
	};
	return NULL;
}

struct err *erase_set_add(struct erase_set *set, uint64_t pa, uint32_t len)
{
	struct erase_piece *v;

	if (!len)
		return NULL;
	TRY(check_count(set->piece_count));
	v = array_more(set->pieces, set->piece_count, &set->piece_room, sizeof(*v), 64);
	if (!v)
		return err_nomem;
	set->pieces = v;
	set->pieces[set->piece_count++] = (struct erase_piece){
		.pa = pa,
		.len = len,
		.object = (uint32_t)(set->object_count - 1),
	};
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct erase_piece *x = a, *y = b;

	return x->pa < y->pa ? -1 : x->pa > y->pa;
}

struct err *erase_set_close(struct erase_set *set)
{
	if (set->piece_count)
		qsort(set->pieces, set->piece_count, sizeof(*set->pieces), by_address);
	/* In ascending order each range is added at the end. */
	for (size_t i = 0; i < set->piece_count; i++) {
		const struct erase_piece *piece = &set->pieces[i];

		TRY(ranges_add(&set->spans, piece->pa, piece->pa + piece->len));
		if (set->objects[piece->object].byte == ERASE_NULL)
			TRY(ranges_add(&set->zeros, piece->pa, piece->pa + piece->len));
	}
	return NULL;
}

bool erase_set_hits(const struct erase_set *set, uint64_t pa, size_t len)
{
	struct range span;

	return set && ranges_next(&set->spans, pa, pa + len, &span);
}

static void fill(const struct ranges *spans, uint64_t pa, uint8_t *bytes, size_t len, uint8_t byte)
{
	struct range span;

	for (uint64_t at = pa; ranges_next(spans, at, pa + len, &span); at = span.end)
		memset(bytes + (span.start - pa), byte, (size_t)(span.end - span.start));
}

void erase_set_apply(const struct erase_set *set, uint64_t pa, uint8_t *bytes, size_t len)
{
	fill(&set->spans, pa, bytes, len, ERASE_BYTE);
	fill(&set->zeros, pa, bytes, len, ERASE_NULL);
}

/* Some of bytes [from, to) is not zero. */
static bool has_data(const uint8_t *bytes, size_t from, size_t to)
{
	while (from < to && !bytes[from])
		from++;
	return from < to;
}

bool erase_set_leaves_zeros(const struct erase_set *set, uint64_t pa, const uint8_t *bytes,
			    size_t len)
{
	struct range span;
	uint64_t at = pa;

	while (ranges_next(&set->spans, at, pa + len, &span)) {
		if (!ranges_covers(&set->zeros, span.start, span.end) ||
		    has_data(bytes, (size_t)(at - pa), (size_t)(span.start - pa)))
			return false;
		at = span.end;
	}
	return !has_data(bytes, (size_t)(at - pa), len);
}

/* Bytes of each object that are in pages of @plan, into @written. */
static struct err *count_written(const struct erase_set *set, struct plan_cursor *cursor,
				 const struct range *pfns, unsigned int page_shift,
				 uint64_t *written)
{
	const uint8_t *bits = NULL;
	uint64_t block = UINT64_MAX;

	for (size_t i = 0; i < set->piece_count; i++) {
		const struct erase_piece *piece = &set->pieces[i];
		uint64_t pfn = piece->pa >> page_shift;

		if (pfns->end && (pfn < pfns->start || pfn >= pfns->end))
			continue;
		if (cursor && pfn / PLAN_BLOCK != block) {
			block = pfn / PLAN_BLOCK;
			TRY(plan_block_bits(cursor, block, &bits));
		}
		if (!bits || bits_test(bits, pfn % PLAN_BLOCK))
			written[piece->object] += piece->len;
	}
	return NULL;
}

static void put_object(FILE *out, const struct erase_object *object, uint64_t written)
{
	char size[32] = " nullify\n";

	if (object->byte != ERASE_NULL)
		snprintf(size, sizeof(size), " size %" PRIu64 "\n", written);
	fwrite("erase ", 1, 6, out);
	fwrite(object->text, 1, strlen(object->text), out);
	fwrite(size, 1, strlen(size), out);
}

static struct err *print(const struct erase_set *set, const uint64_t *written, char **ret,
			 size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return err_nomem;
	for (size_t i = 0; i < set->object_count; i++) {
		if (written[i])
			put_object(out, &set->objects[i], written[i]);
	}
	if (fclose(out)) {
		free(text);
		return err_nomem;
	}
	if (!len) {
		free(text);
		text = NULL;
	}
	*ret = text;
	*ret_len = len;
	return NULL;
}

struct err *erase_set_text(const struct erase_set *set, const struct plan *plan,
			   const struct range *pfns, unsigned int page_shift, char **ret,
			   size_t *ret_len)
{
	uint64_t *written = calloc(set->object_count + 1, sizeof(*written));
	struct plan_cursor *cursor = NULL;
	struct err *e;

	if (!written)
		return err_nomem;
	e = plan ? plan_cursor_create(plan, &cursor) : NULL;
	if (!e)
		e = count_written(set, cursor, pfns, page_shift, written);
	if (!e)
		e = print(set, written, ret, ret_len);
	plan_cursor_destroy(cursor);
	free(written);
	return e;
}
