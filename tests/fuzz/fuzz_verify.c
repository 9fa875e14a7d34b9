// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --verify on memory nobody can trust: tasks, run queues, open files and types of
 * tests/unit/verifyrig.h. Byte 0: which page is away, 0 for none; the rest patches memory: offset
 * (3 bytes, little), length (1 byte), bytes.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/verifyrig.h"

#define PATCH_HEAD 4

static void patch(struct machine *m, const uint8_t *data, size_t len)
{
	while (len >= PATCH_HEAD) {
		uint64_t at = get_u32(data, ORDER_LITTLE) & 0xffffff;
		size_t now = (size_t)min_u64(data[3], len - PATCH_HEAD);

		if (range_fits(at, now, MEMORY))
			memcpy(machine_mem(m, at), data + PATCH_HEAD, now);
		data += PATCH_HEAD + now;
		len -= PATCH_HEAD + now;
	}
}

/* Lines go to a terminal. */
static void look(const struct log *log, enum log_level level, const char *line)
{
	(void)log;
	(void)level;
	for (; *line; line++)
		require(*line >= ' ' && *line <= '~');
}

static void check(const struct verify_result *result)
{
	struct verify_counts total = verify_total(result);

	require(result->area_count > 10 && result->gap_count <= VERIFY_GAPS_MAX);
	require(total.missing + total.damaged + total.unmapped + total.zeros <= total.pages);
	for (size_t i = 0; i < result->gap_count; i++)
		require(result->gap[i].area && result->gap[i].why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct verify_params params = { .kernel = NULL };
	static struct rig r;
	uint64_t hole;

	if (len < 1)
		return 0;
	hole = data[0] ? data[0] * MACHINE_PAGE : MEMORY - MACHINE_PAGE;
	if (hole == MEMORY - MACHINE_PAGE)
		hole -= MACHINE_PAGE;
	rig_open(&r, hole, 1, false, true);
	r.log.log.emit = look;
	patch(&r.m, data + 1, len - 1);
	params.kernel = &r.m.kernel;
	params.log = &r.log.log;
	err_free(verify_dump(&params, &r.result));
	check(&r.result);
	rig_close(&r);
	return 0;
}
