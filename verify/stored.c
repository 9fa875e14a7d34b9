/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages that the dump says it has: each is read, and unpacked where it is packed. */
#include <stdlib.h>

#include "base/bits.h"
#include "base/checked.h"
#include "verify/internal.h"

#define CHUNK (UINT64_C(1) << 15)	/* pfns whose bits are held at a time */
#define TICK 256			/* pages between two ticks */

/* Read what is stored of [from, to), at most CHUNK pfns. @bits: room for it. */
static struct err *look_at_chunk(struct verify *v, uint64_t from, uint64_t to, uint8_t *bits)
{
	const struct dump *dump = v->kernel->dump;

	TRY(dump_stored_bits(dump, from, to, bits));
	for (uint64_t i = bits_next_set(bits, 0, to - from); i < to - from;
	     i = bits_next_set(bits, i + 1, to - from)) {
		v->area->counts.objects++;
		if (!(++v->done % TICK))
			TRY(verify_tick(v));
		verify_physical(v, (from + i) * v->page_size, CONTENT_ANY);
	}
	return NULL;
}

static struct err *look_at_stored(struct verify *v, uint8_t *bits)
{
	const struct dump *dump = v->kernel->dump;
	struct range range = { 0, 0 };

	for (uint64_t pfn = 0; pfn < dump->max_mapnr; pfn = range.end) {
		bool found = false;

		TRY(dump_next_present(dump, pfn, dump->max_mapnr, &range, &found));
		if (!found)
			break;
		for (uint64_t at = range.start; at < range.end; at += CHUNK)
			TRY(look_at_chunk(v, at, min_u64(at + CHUNK, range.end), bits));
	}
	return NULL;
}

/* What the headers promise against what the file holds: bitmaps, descriptors, lengths, data. */
struct err *verify_stored(struct verify *v)
{
	const struct dump *dump = v->kernel->dump;
	uint8_t *bits = malloc(CHUNK / 8);
	struct err *e;

	if (!bits)
		return err_nomem;
	if (dump->incomplete)
		verify_broken(v, err_new(ERR_BAD_INPUT, "the dump is marked incomplete or cut off"));
	e = look_at_stored(v, bits);
	free(bits);
	return e;
}

/* The notes with the registers of the CPUs; of a dump of a running system there need not be any. */
struct err *verify_registers(struct verify *v)
{
	v->area->counts.objects = v->kernel->dump->nr_cpus;
	if (!v->area->counts.objects)
		verify_gap(v, "the dump has no notes with registers");
	return NULL;
}
