/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of architectures, and the names of ELF machines. */
#include "arch/arch.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "arch/rows.h"
#include "base/checked.h"

static const struct arch *const arch_table[] = {
	&arch_x86_64,
	&arch_arm64,
};

/* What an ELF machine number says about kernels on it, translated here or not. */
struct machine {
	uint16_t number;
	uint16_t word;		/* bytes of an unsigned long; 0: as the file's class */
	uint32_t min_page;	/* bytes */
	const char *name;	/* uname -m; with word 0 the 64-bit one */
	const char *name32;	/* uname -m of the 32-bit kernel where word is 0 */
};

/*
 * 64-bit PowerPC, S/390 and MIPS share a number with their 32-bit kernels or
 * have one of their own; uname says ppc64le and not ppc64 for little endian,
 * which the number alone does not tell.
 */
static const struct machine machines[] = {
	{ EM_SPARC, 4, 4096, "sparc", NULL },
	{ EM_386, 4, 4096, "i686", NULL },
	{ EM_MIPS, 0, 4096, "mips64", "mips" },
	{ EM_PARISC, 0, 4096, "parisc64", "parisc" },
	{ EM_PPC, 4, 4096, "ppc", NULL },
	{ EM_PPC64, 8, 4096, "ppc64", NULL },
	{ EM_S390, 0, 4096, "s390x", "s390" },
	{ EM_ARM, 4, 4096, "armv7l", NULL },
	{ EM_SH, 4, 4096, "sh4", NULL },
	{ EM_SPARCV9, 8, 8192, "sparc64", NULL },
	{ EM_IA_64, 8, 4096, "ia64", NULL },
	{ EM_X86_64, 8, 4096, "x86_64", NULL },
	{ EM_AARCH64, 8, 4096, "aarch64", NULL },
	{ EM_RISCV, 0, 4096, "riscv64", "riscv32" },
	{ 258, 0, 4096, "loongarch64", "loongarch32" }, /* EM_LOONGARCH, elf.h since glibc 2.36 */
	{ EM_ALPHA, 8, 8192, "alpha", NULL },
};

static const struct machine *find_machine(uint16_t number)
{
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		if (machines[i].number == number)
			return &machines[i];
	}
	return NULL;
}

const struct arch *arch_by_machine(uint16_t machine)
{
	for (size_t i = 0; i < ARRAY_LEN(arch_table); i++) {
		if (arch_table[i]->machine == machine)
			return arch_table[i];
	}
	return NULL;
}

static bool tells(const struct arch *arch, const struct facts *facts)
{
	const char *const *name = arch->telling_facts;

	while (name && *name && !fact_has(facts, *name))
		name++;
	return name && *name;
}

uint16_t arch_machine_by_facts(const struct facts *facts)
{
	for (size_t i = 0; i < ARRAY_LEN(arch_table); i++) {
		if (tells(arch_table[i], facts))
			return arch_table[i]->machine;
	}
	return 0;
}

/* @word is one of the blank-separated words of @list. */
static bool list_has(const char *list, const char *word)
{
	size_t want = strlen(word);

	if (want == 0)
		return false;
	while (*list) {
		size_t len = strcspn(list, " ");

		if (len == want && memcmp(list, word, len) == 0)
			return true;
		list += len;
		list += strspn(list, " ");
	}
	return false;
}

const struct arch *arch_of_domain0(uint16_t machine)
{
	return machine == arch_x86_64_xen.machine ? &arch_x86_64_xen : NULL;
}

const struct arch *arch_by_uts_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(arch_table); i++) {
		if (list_has(arch_table[i]->uts_names, name))
			return arch_table[i];
	}
	return NULL;
}

const char *arch_machine_name(uint16_t machine, char *buf, size_t len)
{
	const struct machine *known = find_machine(machine);

	snprintf(buf, len, "%s (%u)", known ? known->name : "unknown machine", machine);
	return buf;
}

/* Further names: processors of one family, and other words for one thing. */
static const struct {
	const char *start;	/* what the name begins with */
	uint16_t number;
} families[] = {
	{ "arm64", EM_AARCH64 },
	{ "aarch64", EM_AARCH64 },
	{ "arm", EM_ARM },
	{ "ppc64", EM_PPC64 },
	{ "i386", EM_386 },
	{ "i486", EM_386 },
	{ "i586", EM_386 },
};

uint16_t arch_machine_by_uname(const char *name, unsigned int word)
{
	/* A 64-bit machine that runs a 32-bit kernel. */
	if (!strcmp(name, "x86_64") && word == 4)
		return EM_386;
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		const struct machine *m = &machines[i];

		if (!strcmp(name, m->name) || (m->name32 && !strcmp(name, m->name32)))
			return m->number;
	}
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (!strncmp(name, families[i].start, strlen(families[i].start)))
			return families[i].number;
	}
	return 0;
}

const char *arch_machine_uname(uint16_t machine, unsigned int word)
{
	const struct machine *known = find_machine(machine);

	if (!known)
		return NULL;
	return word == 4 && known->name32 ? known->name32 : known->name;
}

unsigned int arch_machine_word(uint16_t machine, unsigned int file_word)
{
	const struct machine *known = find_machine(machine);

	return known && known->word ? known->word : file_word;
}

uint64_t arch_machine_min_page(uint16_t machine)
{
	const struct machine *known = find_machine(machine);

	return known ? known->min_page : 4096;
}
