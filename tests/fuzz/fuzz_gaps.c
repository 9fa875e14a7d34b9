// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Facts from a kernel's memory that nobody can trust: exported symbols and BTF. Byte 0
 * chooses word size and byte order, bytes 1 to 4 where BTF is said to begin and end,
 * in units of 16 bytes; the rest is the image.
 */
#include "facts/wanted.h"
#include "kernel/btf.h"
#include "kernel/ksymtab.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/flatkernel.h"

#define CHOICES 5
#define IMAGE 0x100000u
#define IMAGE_BYTES 0x10000u

static void look_for_exports(struct flatkernel *fk)
{
	struct symbol_want wants[] = {
		{ .name = "name_c" }, { .name = "name_m" }, { .name = "init_uts_ns" }, { .name = "" },
	};
	struct err *e = ksymtab_find(fk->reader, wants, ARRAY_LEN(wants));

	require(!e || err_kind(e) == ERR_NOMEM);
	err_free(e);
}

static void fill(struct flatkernel *fk)
{
	const struct facts *facts = &fk->kernel.facts;
	size_t before = facts->map.count;
	struct types *types = NULL;
	struct err *e = btf_load(fk->reader, &types);

	require(!e == !!types);
	if (types)
		require(!facts_add_types(&fk->kernel.facts, types));
	require(!facts_derive(&fk->kernel.facts, "derived"));
	types_destroy(types);
	err_free(e);
	require(facts->map.count >= before);
	for (size_t i = before; i < facts->map.count; i++)
		require(((struct fact *)facts->map.v[i].value)->provider != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct flatkernel fk;
	char info[256];

	if (len < CHOICES)
		return 0;
	flatkernel_init(&fk, elf_forms[data[0] & 3]);
	memkernel_add(&fk.mk, &(struct memseg){ .paddr = IMAGE, .size = IMAGE_BYTES,
						.vaddr = UINT64_MAX });
	memkernel_put(&fk.mk, IMAGE, data + CHOICES, min_u64(len - CHOICES, IMAGE_BYTES));
	snprintf(info, sizeof(info), "SYMBOL(_stext)=%x\nSYMBOL(__start_BTF)=%x\nSYMBOL(__stop_BTF)=%x\n",
		 IMAGE, IMAGE + 16u * get_u16(data + 1, ORDER_LITTLE),
		 IMAGE + 16u * get_u16(data + 3, ORDER_LITTLE));
	if (flatkernel_open(&fk, info)) {
		look_for_exports(&fk);
		fill(&fk);
	}
	flatkernel_close(&fk);
	return 0;
}
