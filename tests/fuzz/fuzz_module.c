// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loaded modules nobody can trust. The first byte chooses word size, byte order
 * and era; the rest patches the lists, structs and tables of
 * tests/unit/modulebuild.h: offset (3 bytes, little), length (1 byte), bytes.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/modulebuild.h"

#define PATCH_HEAD 4

static void patch(struct mbuild *mb, const uint8_t *data, size_t len)
{
	while (len >= PATCH_HEAD) {
		uint64_t at = MB_MEM + (get_u32(data, ORDER_LITTLE) & 0xffffff);
		size_t now = (size_t)min_u64(data[3], len - PATCH_HEAD);
		uint8_t *to = memkernel_at(&mb->fk.mk, at, now);

		if (to)
			memcpy(to, data + PATCH_HEAD, now);
		data += PATCH_HEAD + now;
		len -= PATCH_HEAD + now;
	}
}

static bool look(void *ctx, const char *name, uint64_t address)
{
	(void)ctx;
	(void)address;
	require(*name && strlen(name) < MODULE_SYMBOL_BYTES);
	return true;
}

static struct err *visit(void *ctx, const struct kmodule *module)
{
	struct mbuild *mb = ctx;
	struct types *types = NULL;
	struct err *e;

	require(module->name[0] && strlen(module->name) < MB_NAME_BYTES);
	require(module->region_count <= MODULE_REGIONS_MAX && module->symbol_count <= 1u << 20);
	kmodule_for_each_symbol(mb->fk.reader, module, look, NULL);
	e = kmodule_types(mb->fk.reader, module, NULL, &types);
	types_destroy(types);
	err_free(e);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct mbuild mb;

	if (len < 1)
		return 0;
	mb_build(&mb, elf_forms[data[0] & 3], (data[0] >> 2) % MB_ERAS);
	patch(&mb, data + 1, len - 1);
	if (flatkernel_open(&mb.fk, MB_INFO))
		err_free(kmodules_for_each(mb.fk.reader, &mb.set.types, visit, &mb));
	flatkernel_close(&mb.fk);
	return 0;
}
