/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages that the dump says it has: each is read, and unpacked where it is packed. */
#include <stdlib.h>

#include "base/bits.h"
#include "base/checked.h"
#include "verify/internal.h"

#define TICK 256			/* pages between two ticks */

struct stored_walk {
	struct verify *v;
	uint8_t *bits;		/* VERIFY_CHUNK bits */
};

/* Read what is stored of [from, to). */
static struct err *look_at_chunk(void *ctx, uint64_t from, uint64_t to)
{
	const struct stored_walk *walk = ctx;
	struct verify *v = walk->v;

	TRY(dump_stored_bits(v->kernel->dump, from, to, walk->bits));
	for (uint64_t i = bits_next_set(walk->bits, 0, to - from); i < to - from;
	     i = bits_next_set(walk->bits, i + 1, to - from)) {
		v->area->counts.objects++;
		if (!(++v->done % TICK))
			TRY(verify_tick(v));
		verify_physical(v, (from + i) * v->page_size, CONTENT_ANY);
	}
	return NULL;
}

/* What the headers promise against what the file holds: bitmaps, descriptors, lengths, data. */
struct err *verify_stored(struct verify *v)
{
	struct stored_walk walk = { .v = v, .bits = malloc(VERIFY_CHUNK / 8) };
	struct err *e;

	if (!walk.bits)
		return err_nomem;
	if (v->kernel->dump->incomplete)
		verify_broken(v, err_new(ERR_BAD_INPUT, "the dump is marked incomplete or cut off"));
	e = verify_each_chunk(v, look_at_chunk, &walk);
	free(walk.bits);
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
