// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --scrub keys on memory nobody can trust: the kernel of tests/unit/scrubworld.h, which the input
 * patches: offset (2 bytes, little), length (1 byte), bytes. Byte 0: the order of bytes.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/scrubworld.h"

#define PATCH_HEAD 3

static void patch(const struct memkernel *mk, const uint8_t *data, size_t len)
{
	while (len >= PATCH_HEAD) {
		uint64_t at = get_u16(data, ORDER_LITTLE);
		size_t now = (size_t)min_u64(data[2], len - PATCH_HEAD);

		if (range_fits(at, now, MEM_BYTES))
			memcpy(memkernel_at(mk, MEM + at, now), data + PATCH_HEAD, now);
		data += PATCH_HEAD + now;
		len -= PATCH_HEAD + now;
	}
}

/* Names in it are out of the dump. */
static void check_text(const struct erase_set *set)
{
	const struct range all = { 0, 0 };
	char *text = NULL;
	size_t len = 0;

	require(!erase_set_text(set, NULL, &all, 12, &text, &len) && !text == !len);
	for (size_t i = 0; i < len; i++)
		require(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct scrubworld w;
	struct err *e;

	if (len < 1)
		return 0;
	scrubworld_init(&w, data[0] & 1 ? ORDER_BIG : ORDER_LITTLE);
	patch(&w.fk.mk, data + 1, len - 1);
	require(scrubworld_open(&w));
	w.fk.log.log.emit = fuzz_discard;
	e = scrub_run(&w.space, SCRUB_KEYS);
	require(!e || err_kind(e) == ERR_BAD_INPUT || err_kind(e) == ERR_UNSUPPORTED);
	if (!e) {
		require(!erase_set_close(&w.set));
		check_text(&w.set);
	}
	err_free(e);
	scrubworld_close(&w);
	return 0;
}
