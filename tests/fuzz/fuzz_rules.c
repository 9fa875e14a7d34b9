// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules that erase, carried out on memory that nobody can trust. The first byte chooses
 * the byte order, the rest is memory over what tests/unit/eraseworld.h has there.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/eraseworld.h"

/* All forms of commands and loops; names and types are right. */
static const char rules[] =
	"erase node0.name erase first.next.next.name erase text erase text size 100 "
	"erase first.next.bytes size first.next.len erase first.text nullify "
	"for n in head within node:link erase n.text erase n.bytes size n.len endfor "
	"for n in first via next erase n.name erase n.next.other.text endfor "
	"for n in node0 via other erase n.data size 12K endfor "
	"for n in table erase n.len erase n.text endfor "
	"for n in matrix erase n endfor ";

struct input {
	const uint8_t *data;
	size_t len;
};

static void overlay(struct world *w)
{
	const struct input *in = w->ctx;

	memkernel_put(&w->fk.mk, MEM + 0x100, in->data, (size_t)min_u64(in->len, 0x800));
}

static void check_set(const struct erase_set *set)
{
	for (size_t i = 0; i < set->piece_count; i++) {
		const struct erase_piece *piece = &set->pieces[i];

		require(piece->len && piece->object < set->object_count);
		require((piece->pa & 4095) + piece->len <= 4096);
		require(erase_set_hits(set, piece->pa, 1));
	}
}

static void run(struct world *w)
{
	struct erase_config *config = NULL;
	struct err *e = erase_config_parse("rules", rules, strlen(rules), &config);

	require(!e);
	w->space = (struct erase_space){ .reader = w->fk.reader, .types = w->types, .set = &w->set,
					 .log = &w->fk.log.log };
	e = erase_resolve(&w->space, config);
	/* Memory alone is no reason to fail, but that it asks for more than there is room for. */
	require(!e || err_kind(e) == ERR_UNSUPPORTED);
	err_free(e);
	require(!erase_set_close(&w->set));
	check_set(&w->set);
	erase_config_destroy(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data + 1, len - 1 };
	static struct world w;

	if (len < 1)
		return 0;
	if (world_open(&w, data[0] & 1 ? ORDER_BIG : ORDER_LITTLE, overlay, &in))
		run(&w);
	erase_set_deinit(&w.set);
	world_close(&w);
	return 0;
}
