/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compressed names of kallsyms, record by record through a bounded buffer. */
#include <string.h>

#include "base/checked.h"
#include "kernel/kallsyms_internal.h"

void names_start(struct names_stream *names, const struct kallsyms_memory *memory, uint64_t start,
		 uint64_t end, bool wide)
{
	names->memory = memory;
	names->next = start;
	names->end = end;
	names->wide = wide;
	names->pos = 0;
	names->fill = 0;
}

uint64_t names_address(const struct names_stream *names)
{
	return names->next - (names->fill - names->pos);
}

/* One piece more, up to the next boundary of pieces. */
static bool fetch(struct names_stream *names)
{
	uint64_t len = KALLSYMS_PIECE - names->next % KALLSYMS_PIECE;
	struct err *e;

	len = min_u64(len, names->end - names->next);
	if (len == 0)
		return false;
	if (names->pos) {
		memmove(names->buf, names->buf + names->pos, names->fill - names->pos);
		names->fill -= names->pos;
		names->pos = 0;
	}
	e = names->memory->read(names->memory->ctx, names->next, names->buf + names->fill, (size_t)len);
	if (e) {
		err_free(e);
		return false;
	}
	names->fill += (size_t)len;
	names->next += len;
	return true;
}

/* At least @len bytes from pos on; no more than a record has. */
static bool have(struct names_stream *names, size_t len)
{
	while (names->fill - names->pos < len) {
		if (!fetch(names))
			return false;
	}
	return true;
}

bool names_next_any(struct names_stream *names, const uint8_t **ret, size_t *ret_len)
{
	size_t head = 1, len;

	if (!have(names, 1))
		return false;
	len = names->buf[names->pos];
	if (names->wide && (len & 0x80)) {
		if (!have(names, 2) || (names->buf[names->pos + 1] & 0x80))
			return false;
		len = (len & 0x7f) | (size_t)names->buf[names->pos + 1] << 7;
		head = 2;
	}
	if (len == 0 || !have(names, head + len))
		return false;
	*ret = names->buf + names->pos + head;
	*ret_len = len;
	names->pos += head + len;
	return true;
}
