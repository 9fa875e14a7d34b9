// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/rearrange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/ranges.h"
#include "input/flat_format.h"
#include "output/mark.h"

#define BUFFER_SIZE (1u << 20)

/* On a device what no record covers must be written: pieces of the file remembered for that. */
#define PIECES_MAX 65536

struct rearranger {
	const struct flat_stream *in;
	struct sink *out;
	uint8_t *buf;			/* BUFFER_SIZE bytes */
	size_t pos, len;		/* what of it is not used yet */
	uint64_t records;		/* begun so far */
	struct ranges written;		/* of the file; only kept for an output that is not zero-filled */
	uint8_t front[MARK_FRONT];	/* the first bytes of the file, front_len of them so far */
	size_t front_len;
	bool marked;			/* the file says that it is incomplete */
};

/* Exactly @len bytes, or fewer at the end of the stream. */
static struct err *read_all(const struct flat_stream *in, uint8_t *buf, size_t len, size_t *ret)
{
	size_t got = 0, n;

	do {
		TRY(in->read(in->ctx, buf + got, len - got, &n));
		got += n;
	} while (n && got < len);
	*ret = got;
	return NULL;
}

static struct err *no_stream(const struct flat_stream *in, const uint8_t *start, size_t len)
{
	char hex[3 * 16 + 1] = "";
	size_t i;

	for (i = 0; i < len && i < 16; i++)
		snprintf(hex + 3 * i, 4, " %02x", start[i]);
	return err_new(ERR_BAD_INPUT, "%s: is no flattened dump: it %s%s", in->name,
		       len ? "starts with bytes" : "is empty", hex);
}

struct err *rearrange_header(const struct flat_stream *in)
{
	uint8_t header[FLAT_HEADER_SIZE];
	struct err *e;
	size_t got;

	/* First the signature alone: whoever sends something else may never send more. */
	TRY(read_all(in, header, FLAT_SIGNATURE_LEN, &got));
	if (got < FLAT_SIGNATURE_LEN || memcmp(header, FLAT_SIGNATURE, FLAT_SIGNATURE_LEN))
		return no_stream(in, header, got);
	TRY(read_all(in, header + got, sizeof(header) - got, &got));
	if (got < sizeof(header) - FLAT_SIGNATURE_LEN)
		return err_new(ERR_BAD_INPUT, "%s: ends inside its flattened header", in->name);
	e = flat_header_check(header, in->name);
	return err_kind(e) == ERR_NOT_MINE ? no_stream(in, header, sizeof(header)) : e;
}

/* Bytes not used yet, at least one; none at the end of the stream. */
static struct err *refill(struct rearranger *r)
{
	if (r->pos < r->len)
		return NULL;
	r->pos = 0;
	r->len = 0;
	return r->in->read(r->in->ctx, r->buf, BUFFER_SIZE, &r->len);
}

static struct err *cut_off(const struct rearranger *r)
{
	return err_new(ERR_BAD_INPUT, "%s: is cut off: it ends in record %" PRIu64
		       " without an end record", r->in->name, r->records);
}

/* Copy @len bytes out of the stream, which must have them. */
static struct err *take(struct rearranger *r, uint8_t *dst, size_t len)
{
	size_t n;

	for (; len; len -= n, dst += n) {
		TRY(refill(r));
		n = (size_t)min_u64(len, r->len - r->pos);
		if (!n)
			return cut_off(r);
		memcpy(dst, r->buf + r->pos, n);
		r->pos += n;
	}
	return NULL;
}

static struct err *place(struct rearranger *r, uint64_t off, const uint8_t *data, size_t len)
{
	TRY(sink_write(r->out, off, data, len));
	if (off < sizeof(r->front)) {
		memcpy(r->front + off, data, (size_t)min_u64(len, sizeof(r->front) - off));
		r->front_len = (size_t)min_u64(max_u64(r->front_len, off + len), sizeof(r->front));
	}
	if (r->out->zero_filled)
		return NULL;
	TRY(ranges_add(&r->written, off, off + len));
	if (r->written.count > PIECES_MAX)
		return err_new(ERR_UNSUPPORTED, "%s: the dump has more than %d gaps, which cannot be "
			       "filled with zeros on a device; write it to a file", r->out->name,
			       PIECES_MAX);
	return NULL;
}

static struct err *copy_record(struct rearranger *r, const struct flat_record *record)
{
	uint64_t off = record->off, left = record->size;
	size_t n;

	for (; left; left -= n, off += n) {
		TRY(refill(r));
		n = (size_t)min_u64(left, r->len - r->pos);
		if (!n)
			return cut_off(r);
		TRY(place(r, off, r->buf + r->pos, n));
		r->pos += n;
	}
	return NULL;
}

static struct err *copy_records(struct rearranger *r)
{
	uint8_t head[FLAT_RECORD_HEAD];
	struct flat_record record;

	for (;;) {
		r->records++;
		TRY(take(r, head, sizeof(head)));
		switch (flat_record_get(head, &record)) {
		case FLAT_END:
			return NULL;
		case FLAT_RECORD:
			TRY(copy_record(r, &record));
			/* From its first bytes on: a run that is killed cannot say so any more. */
			if (record.off < sizeof(r->front))
				r->marked = r->front_len == sizeof(r->front) &&
					    mark_incomplete(r->out, r->front);
			break;
		case FLAT_BAD:
			return err_new(ERR_BAD_INPUT, "%s: record %" PRIu64 ": offset %" PRId64
				       " and size %" PRId64 " make no sense", r->in->name,
				       r->records, (int64_t)record.off, (int64_t)record.size);
		}
	}
}

static struct err *fill(struct rearranger *r, struct range gap)
{
	size_t n;

	for (; gap.start < gap.end; gap.start += n) {
		n = (size_t)min_u64(gap.end - gap.start, BUFFER_SIZE);
		TRY(sink_write(r->out, gap.start, r->buf, n));
	}
	return NULL;
}

/* A device holds what was there before where nothing was written. */
static struct err *fill_gaps(struct rearranger *r)
{
	struct range gap = { 0, 0 };
	size_t i;

	if (!r->written.count)
		return NULL;
	memset(r->buf, 0, BUFFER_SIZE);
	for (i = 0; i < r->written.count; i++) {
		gap.end = r->written.v[i].start;
		TRY(fill(r, gap));
		gap.start = r->written.v[i].end;
	}
	return NULL;
}

/* All is there: the front as it came. */
static struct err *finish(struct rearranger *r)
{
	if (r->marked)
		TRY(sink_rewrite(r->out, 0, r->front, r->front_len));
	r->marked = false;
	return sink_finish(r->out);
}

static struct err *give_up(struct rearranger *r, struct err *e)
{
	if (!r->out->written)
		return e;
	err_free(fill_gaps(r));
	if (r->marked || mark_incomplete(r->out, r->front))
		return err_prepend(e, "%s: has what arrived and is marked incomplete", r->out->name);
	return err_prepend(e, "%s: has what arrived, but could not be marked incomplete",
			   r->out->name);
}

struct err *rearrange(const struct flat_stream *in, struct sink *out)
{
	struct rearranger r = { .in = in, .out = out, .buf = malloc(BUFFER_SIZE) };
	struct err *e = r.buf ? NULL : err_nomem;

	if (!e)
		e = copy_records(&r);
	if (!e && !out->written)
		e = err_new(ERR_BAD_INPUT, "%s: is a flattened dump of nothing", in->name);
	if (!e)
		e = fill_gaps(&r);
	if (!e)
		e = finish(&r);
	if (e && r.buf)
		e = give_up(&r, e);
	ranges_deinit(&r.written);
	free(r.buf);
	return e;
}
