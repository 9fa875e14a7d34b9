/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/percpu.h"

#include "base/checked.h"
#include "kernel/symbols.h"

/* CONFIG_NR_CPUS goes up to 8192 on every architecture. */
#define CPUS_MAX 8192u

struct percpu_array {
	uint64_t offsets;	/* address of __per_cpu_offset[] */
	unsigned int cpus;	/* 0: nr_cpu_ids is unknown, or makes no sense */
};

static struct err *find_array(struct kreader *reader, struct percpu_array *ret)
{
	struct symbol_want wants[] = { { .name = "__per_cpu_offset" }, { .name = "nr_cpu_ids" } };
	uint32_t cpus = 0;

	TRY(ksymbols_find(reader, wants, ARRAY_LEN(wants)));
	if (!wants[0].found)
		return err_new(ERR_NOT_FOUND, "per-CPU data: symbol __per_cpu_offset is not known");
	if (wants[1].found)
		TRY(err_prepend(kread_u32(reader, wants[1].address, &cpus), "nr_cpu_ids"));
	ret->offsets = wants[0].address;
	ret->cpus = cpus <= CPUS_MAX ? cpus : 0;
	return NULL;
}

struct err *percpu_address(struct kreader *reader, uint64_t symbol, unsigned int cpu, uint64_t *ret)
{
	unsigned int word = kreader_kernel(reader)->word;
	struct percpu_array array;
	uint64_t offset;

	TRY(find_array(reader, &array));
	if (cpu >= array.cpus && (array.cpus || cpu >= CPUS_MAX))
		return err_new(ERR_BAD_INPUT, "per-CPU data: no CPU %u of %u", cpu, array.cpus);
	TRY(err_prepend(kread_word(reader, array.offsets + (uint64_t)cpu * word, &offset),
			"__per_cpu_offset[%u]", cpu));
	*ret = word == 8 ? symbol + offset : (uint32_t)(symbol + offset);
	return NULL;
}

unsigned int percpu_count(struct kreader *reader)
{
	struct percpu_array array = { .cpus = 0 };
	struct err *e = find_array(reader, &array);

	err_free(e);
	return e ? 0 : array.cpus;
}
