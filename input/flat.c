// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Heads are found by stepping from record to record, which reads a page per
 * large record and each byte of small ones once. Payloads lie at odd offsets
 * between heads, so nothing is mapped: readers that ask for much at a time, as
 * they do of a source without mapping, get it in one read per record.
 */
#include "input/flat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "input/flat_format.h"
#include "input/flat_index.h"

/* Read at a time while stepping. */
#define STEP_BYTES 4096u

struct flat_source {
	struct source base;
	struct source *inner;
	struct flat_index index;
};

/* Stepping through the records. */
struct walk {
	struct source *src;
	struct flat_index *index;
	uint64_t pos;			/* of the next head */
	uint64_t records;		/* heads looked at */
	uint64_t window;		/* offset of what is in buf */
	size_t held;			/* bytes in buf */
	uint8_t buf[STEP_BYTES];
};

static struct err *flat_read(struct source *src, uint64_t off, void *buf, size_t len,
			     size_t *ret_len)
{
	const struct flat_source *flat = (const struct flat_source *)src;
	uint64_t at, piece;
	size_t done, n, got;

	for (done = 0; done < len; done += n) {
		bool is_there = flat_index_find(&flat->index, off + done, &at, &piece);

		n = (size_t)min_u64(len - done, piece);
		if (!is_there) {
			memset((uint8_t *)buf + done, 0, n);
			continue;
		}
		TRY(source_read_some(flat->inner, at, (uint8_t *)buf + done, n, &got));
		if (got < n) {
			done += got;
			break;	/* the file became shorter since it was opened */
		}
	}
	*ret_len = done;
	return NULL;
}

static void flat_destroy(struct source *src)
{
	struct flat_source *flat = (struct flat_source *)src;

	flat_index_deinit(&flat->index);
	source_destroy(flat->inner);
	free(flat);
}

static const struct source_ops flat_ops = {
	.read = flat_read,
	.destroy = flat_destroy,
};

/* The head at walk->pos; *ret is NULL where the stream ends before it does. */
static struct err *next_head(struct walk *walk, const uint8_t **ret)
{
	*ret = NULL;
	if (!range_fits(walk->pos, FLAT_RECORD_HEAD, walk->src->size))
		return NULL;
	if (walk->pos < walk->window ||
	    !range_fits(walk->pos - walk->window, FLAT_RECORD_HEAD, walk->held)) {
		walk->window = walk->pos;
		TRY(source_read_some(walk->src, walk->pos, walk->buf, sizeof(walk->buf),
				     &walk->held));
		if (walk->held < FLAT_RECORD_HEAD)
			return NULL;
	}
	*ret = walk->buf + (walk->pos - walk->window);
	return NULL;
}

/* Take the next record. *ret says what came: FLAT_BAD also where the stream ends. */
static struct err *step(struct walk *walk, enum flat_head *ret)
{
	struct flat_record record;
	const uint8_t *head;
	uint64_t at = walk->pos + FLAT_RECORD_HEAD, left;

	TRY(next_head(walk, &head));
	walk->records++;
	*ret = head ? flat_record_get(head, &record) : FLAT_BAD;
	if (*ret != FLAT_RECORD)
		return NULL;
	left = walk->src->size - at;
	if (record.size > left) {
		record.size = left;
		*ret = FLAT_BAD;
	}
	/* No wrap: both are sizes of the same file. */
	walk->pos = at + record.size;
	return record.size ? flat_index_add(walk->index, &record, at) : NULL;
}

static struct err *walk_records(struct flat_source *flat, const struct log *log)
{
	struct walk walk = { .src = flat->inner, .index = &flat->index, .pos = FLAT_HEADER_SIZE };
	const char *name = flat->inner->name;
	enum flat_head what;

	do
		TRY(err_prepend(step(&walk, &what), "%s", name));
	while (what == FLAT_RECORD);
	if (!flat->index.count)
		return err_new(ERR_BAD_INPUT, "%s: is a flattened dump without a single record", name);
	flat->base.incomplete = what != FLAT_END;
	if (flat->base.incomplete)
		log_warn(log, "%s: the flattened dump is cut off in record %" PRIu64 ", at %" PRIu64
			 " of %" PRIu64 " bytes: there is no end record", name, walk.records,
			 walk.pos, flat->inner->size);
	TRY(err_prepend(flat_index_finish(&flat->index), "%s", name));
	log_debug(log, "%s: flattened, %" PRIu64 " records in %zu runs", name,
		  walk.records - 1, flat->index.count);
	return NULL;
}

static struct err *check_header(struct source *inner)
{
	uint8_t header[FLAT_HEADER_USED];
	size_t got;

	TRY(source_read_some(inner, 0, header, sizeof(header), &got));
	return got < sizeof(header) ? err_not_mine : flat_header_check(header, inner->name);
}

static struct err *refuse_nested(struct flat_source *flat)
{
	struct err *e = check_header(&flat->base);

	if (err_kind(e) == ERR_NOT_MINE)
		return NULL;
	err_free(e);
	return err_new(ERR_UNSUPPORTED, "%s: is a flattened dump inside a flattened dump; take it out "
		       "with makedumpfile -R", flat->base.name);
}

struct err *source_open_flat(struct source *inner, const struct log *log, struct source **ret)
{
	struct flat_source *flat;
	struct err *e;

	TRY(check_header(inner));
	flat = calloc(1, sizeof(*flat));
	if (!flat)
		return err_nomem;
	flat->base.ops = &flat_ops;
	flat->base.name = inner->name;
	flat->inner = inner;
	e = walk_records(flat, log);
	flat->base.size = flat->index.size;
	if (!e)
		e = refuse_nested(flat);
	if (e) {
		flat->inner = NULL;
		flat_destroy(&flat->base);
		return e;
	}
	*ret = &flat->base;
	return NULL;
}
