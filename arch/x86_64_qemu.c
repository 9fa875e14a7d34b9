// SPDX-License-Identifier: GPL-2.0-or-later
/* CPUs' registers as QEMU notes them, and whether these CPUs ran a kernel. */
#include "arch/x86_64.h"

#include "arch/probe.h"
#include "elf_info.h"

/* QEMUCPUState, the desc of its notes, version 1: at least so long, registers at these offsets. */
#define QEMU_LEN 432u
#define QEMU_CR3 416u
#define QEMU_CR4 424u
#define CR3_ADDRESS 0x000ffffffffff000ull
#define CR4_LA57 (UINT64_C(1) << 12)

bool x86_64_next_cpu(const struct dump *dump, size_t *pos, struct x86_64_cpu *ret)
{
	struct elf_note note;

	while (elf_note_next(dump->notes, dump->notes_len, dump->order, pos, &note)) {
		if (!elf_note_is(&note, "QEMU", 0) || note.desc_len < QEMU_LEN)
			continue;
		ret->root_pa = get_u64(note.desc + QEMU_CR3, ORDER_LITTLE) & CR3_ADDRESS;
		ret->levels = get_u64(note.desc + QEMU_CR4, ORDER_LITTLE) & CR4_LA57 ? 5 : 4;
		return true;
	}
	return false;
}

enum probe x86_64_ran(const struct arch_env *env, const void *priv)
{
	const struct x86_64 *state = priv;
	uint64_t root_va = state->root_pa - state->phys_base + X86_64_KERNEL_MAP;
	enum probe answer = PROBE_UNKNOWN;
	struct x86_64_cpu cpu;
	size_t pos = 0;

	while (x86_64_next_cpu(env->dump, &pos, &cpu)) {
		uint64_t kernel_half = cpu.root_pa & ~X86_64_USER_HALF;

		answer = PROBE_NO;
		if (cpu.levels == state->form.levels &&
		    (probe_walk(env, &state->form, cpu.root_pa, root_va, state->root_pa) == PROBE_YES ||
		     probe_walk(env, &state->form, kernel_half, root_va, state->root_pa) == PROBE_YES))
			return PROBE_YES;
	}
	return answer;
}
