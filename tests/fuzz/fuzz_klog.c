// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A printk ring buffer nobody can trust. The first 8 bytes choose word size,
 * byte order, layout and one more line of facts; the rest is memory, laid out
 * as tests/unit/ringbuild.h has it, with missing memory behind it.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/ringbuild.h"

#define CHOICES 8

static const char *const fact_names[] = {
	"OFFSET(printk_ringbuffer.desc_ring)", "OFFSET(printk_ringbuffer.text_data_ring)",
	"OFFSET(prb_desc_ring.count_bits)", "OFFSET(prb_desc_ring.descs)",
	"OFFSET(prb_desc_ring.head_id)", "OFFSET(prb_desc_ring.tail_id)", "SIZE(prb_desc)",
	"OFFSET(prb_desc.state_var)", "OFFSET(prb_desc.text_blk_lpos)",
	"OFFSET(prb_data_blk_lpos.next)", "SIZE(printk_info)", "OFFSET(printk_info.ts_nsec)",
	"OFFSET(printk_info.text_len)", "OFFSET(printk_info.caller_id)",
	"OFFSET(prb_data_ring.size_bits)", "OFFSET(atomic_long_t.counter)",
	"SYMBOL(printk_rb_static)",
};

static void add_fact(char *info, size_t room, const uint8_t *choices)
{
	size_t used = strlen(info);

	if (choices[1] < ARRAY_LEN(fact_names))
		snprintf(info + used, room - used, "%s=%u\n", fact_names[choices[1]],
			 get_u16(choices + 2, ORDER_LITTLE));
}

static void dump_log(struct flatkernel *fk, unsigned int most)
{
	uint64_t total = 0, records = 0, lost = 0;
	struct klog_out out = { fuzz_look, &total };
	struct err *e = klog_dump(fk->reader, false, &out, &records, &lost);

	if (e)
		require(strlen(err_text(e)) > 0);
	else
		require(records + lost <= most && total >= records);
	err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct ringbuild rb;
	struct ring_shape shape = { .count_bits = 4, .size_bits = 10 };
	char info[4096];
	size_t memory;

	if (len < CHOICES)
		return 0;
	shape.form = elf_forms[data[0] & 3];
	shape.info_size = data[0] & 4 ? 112 : 88;
	shape.no_caller = data[0] & 8;
	ring_init(&rb, &shape);
	memkernel_add(&rb.fk.mk, &(struct memseg){ .paddr = RING_MEM + RING_MEM_SIZE, .size = 0x10000,
						   .vaddr = ~0ull, .excluded = true });
	memory = min_u64(len - CHOICES, RING_MEM_SIZE);
	memkernel_put(&rb.fk.mk, RING_MEM, data + CHOICES, memory);
	ring_facts(&rb, info, sizeof(info));
	add_fact(info, sizeof(info), data);
	if (flatkernel_open(&rb.fk, info))
		dump_log(&rb.fk, 1u << 18);
	flatkernel_close(&rb.fk);
	return 0;
}
