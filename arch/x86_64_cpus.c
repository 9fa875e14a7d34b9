// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPUs' control registers where a dump has them, in QEMU's notes or from firmware
 * (dump->cpus), and whether these CPUs ran a kernel.
 */
#include "arch/x86_64.h"

#include "arch/probe.h"
#include "elf_info.h"

/* QEMUCPUState, the desc of its notes, version 1: at least so long, registers at these offsets. */
#define QEMU_LEN 432u
#define QEMU_CR3 416u
#define QEMU_CR4 424u
#define CR3_ADDRESS 0x000ffffffffff000ull
#define CR4_LA57 (UINT64_C(1) << 12)

static void from_registers(uint64_t cr3, uint64_t cr4, struct x86_64_cpu *ret)
{
	ret->root_pa = cr3 & CR3_ADDRESS;
	ret->levels = cr4 & CR4_LA57 ? 5 : 4;
}

bool x86_64_next_cpu(const struct dump *dump, struct x86_64_cpu_pos *pos, struct x86_64_cpu *ret)
{
	struct elf_note note;

	if (pos->cpu < dump->cpu_count) {
		const struct dump_cpu *cpu = &dump->cpus[pos->cpu++];

		from_registers(cpu->cr3, cpu->cr4, ret);
		return true;
	}
	while (elf_note_next(dump->notes, dump->notes_len, dump->order, &pos->note, &note)) {
		if (!elf_note_is(&note, "QEMU", 0) || note.desc_len < QEMU_LEN)
			continue;
		from_registers(get_u64(note.desc + QEMU_CR3, ORDER_LITTLE),
			       get_u64(note.desc + QEMU_CR4, ORDER_LITTLE), ret);
		return true;
	}
	return false;
}

/* The tables of the CPU, or the kernel's half beside those of a program, map the kernel's own root. */
static bool runs(const struct arch_env *env, const struct x86_64 *state, const struct x86_64_cpu *cpu)
{
	uint64_t root_va = state->root_pa - state->phys_base + X86_64_KERNEL_MAP;
	uint64_t root_pa = cpu->root_pa & state->form.pa_mask;
	uint64_t kernel_half = root_pa & ~X86_64_USER_HALF;

	return cpu->levels == state->form.levels &&
	       (probe_walk(env, &state->form, root_pa, root_va, state->root_pa) == PROBE_YES ||
		probe_walk(env, &state->form, kernel_half, root_va, state->root_pa) == PROBE_YES);
}

void x86_64_count_cpus(const struct arch_env *env, const void *priv, struct arch_cpus *ret)
{
	struct x86_64_cpu_pos pos = { .cpu = 0 };
	struct x86_64_cpu cpu;

	*ret = (struct arch_cpus){ .here = 0 };
	while (x86_64_next_cpu(env->dump, &pos, &cpu)) {
		if (runs(env, priv, &cpu))
			ret->here++;
		else
			ret->elsewhere++;
	}
}
