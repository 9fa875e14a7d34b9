/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of a kernel with a log older than the ring: variables and a buffer. */
#ifndef TESTS_UNIT_OLDLOG_H
#define TESTS_UNIT_OLDLOG_H

#include "tests/unit/flatkernel.h"

#define OLDLOG_MEM 0x100000ull	/* variables, 16 bytes each, in the order of the facts */
#define OLDLOG_BUF 0x101000ull
#define OLDLOG_BUF_LEN 8192u

enum oldlog_variable {
	OLDLOG_LOG_BUF, OLDLOG_LOG_BUF_LEN, OLDLOG_FIRST, OLDLOG_NEXT, OLDLOG_CLEAR, OLDLOG_END,
	OLDLOG_CHARS,
};

static inline uint64_t oldlog_variable_at(enum oldlog_variable i)
{
	return OLDLOG_MEM + 16 * (uint64_t)i;
}

static const char oldlog_records_facts[] =
	"SYMBOL(log_buf)=100000\nSYMBOL(log_buf_len)=100010\nSYMBOL(log_first_idx)=100020\n"
	"SYMBOL(log_next_idx)=100030\nSYMBOL(clear_idx)=100040\nSIZE(printk_log)=16\n"
	"OFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\nOFFSET(printk_log.text_len)=10\n";

static const char oldlog_text_facts[] =
	"SYMBOL(log_buf)=100000\nSYMBOL(log_buf_len)=100010\nSYMBOL(log_end)=100050\n"
	"SYMBOL(logged_chars)=100060\n";

static inline void oldlog_init(struct flatkernel *fk, struct elf_form form)
{
	flatkernel_init(fk, form);
	memkernel_add(&fk->mk, &(struct memseg){ .paddr = OLDLOG_MEM, .vaddr = ~0ull,
						 .size = OLDLOG_BUF - OLDLOG_MEM + OLDLOG_BUF_LEN });
	memkernel_put_word(&fk->mk, oldlog_variable_at(OLDLOG_LOG_BUF), OLDLOG_BUF);
	memkernel_put_u32(&fk->mk, oldlog_variable_at(OLDLOG_LOG_BUF_LEN), OLDLOG_BUF_LEN);
}

/* A record at index @at; returns the index behind it. */
static inline uint32_t oldlog_put_record(struct flatkernel *fk, uint32_t at, const char *text,
					 size_t len)
{
	uint64_t va = OLDLOG_BUF + at;
	uint16_t whole = (uint16_t)((16 + len + 3) / 4 * 4);
	uint8_t raw[2];

	memkernel_put_u64(&fk->mk, va, UINT64_C(1500000000) + at * 1000);
	put_u16(raw, whole, fk->mk.form.order);
	memkernel_put(&fk->mk, va + 8, raw, 2);
	put_u16(raw, (uint16_t)len, fk->mk.form.order);
	memkernel_put(&fk->mk, va + 10, raw, 2);
	memkernel_put(&fk->mk, va + 16, text, len);
	return at + whole;
}

#endif
