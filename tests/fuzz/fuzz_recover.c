// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of a dump that says nothing of its kernel: the first byte of the input chooses the
 * machine, the rest is memory from physical 0 on. Whatever is found in it was
 * checked, and what was not found changes nothing.
 */
#include "kernel/kernel.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/memkernel.h"

#define PAGE 4096u

static const struct {
	uint16_t machine;
	struct elf_form form;
} machines[] = {
	{ EM_X86_64, { 8, ORDER_LITTLE } }, { EM_AARCH64, { 8, ORDER_LITTLE } },
	{ EM_S390, { 8, ORDER_BIG } }, { EM_PPC, { 4, ORDER_BIG } }, { 0, { 8, ORDER_LITTLE } },
};

static void check(const struct kernel *kernel)
{
	const char *release = NULL;

	if (!kernel->dump->vmcoreinfo) {
		require(kernel->no_arch && kernel->facts.map.count == 0);
		return;
	}
	require(kernel->dump->vmcoreinfo_len > 0);
	require(fact_text(&kernel->facts, "OSRELEASE", &release));
	/* Where memory can be translated, that was the proof. */
	require(arch_by_machine(kernel->dump->machine) == NULL || !kernel->no_arch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct memkernel mk = { .segs = 0 };
	const struct log log = { .mask = 0x1f, .emit = fuzz_discard };
	struct kernel *kernel = NULL;
	struct err *e;

	if (len < 2)
		return 0;
	mk.machine = machines[data[0] % ARRAY_LEN(machines)].machine;
	mk.form = machines[data[0] % ARRAY_LEN(machines)].form;
	memkernel_add(&mk, &(struct memseg){ .size = round_up(len - 1, PAGE), .vaddr = ~0ull });
	memcpy(mk.mem[0], data + 1, len - 1);
	e = memkernel_open(&mk, &log);
	if (!e)
		e = kernel_create(mk.dump, &log, &kernel);
	if (!e)
		check(kernel);
	err_free(e);
	kernel_destroy(kernel);
	memkernel_close(&mk);
	return 0;
}
