/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which layout a kdump-compressed header has. No field says it: each layout is
 * given points for what makes sense when it is read that way, and the best one wins.
 */
#include <string.h>

#include "base/checked.h"
#include "input/kdump_file.h"

struct reading {
	const struct kdump_header_layout *head;
	unsigned int word;
	enum byte_order order;
};

/* Usual ones first: they win where nothing tells. */
static const struct reading readings[] = {
	{ &kdump_header_64, 8, ORDER_LITTLE },
	{ &kdump_header_64, 8, ORDER_BIG },
	{ &kdump_header_32, 4, ORDER_LITTLE },
	{ &kdump_header_32, 4, ORDER_BIG },
	{ &kdump_header_32_time64, 4, ORDER_LITTLE },
	/* ARM and its like with a 64-bit time_t. */
	{ &kdump_header_64, 4, ORDER_LITTLE },
	{ &kdump_header_64, 4, ORDER_BIG },
};

/* Machines of 4-byte words that are not to be found by "64" in their names. */
static const char *const words4[] = {
	"i386", "i486", "i586", "i686", "arm", "ppc", "s390", "mips", "sparc", "parisc", "sh",
	"m68k", "riscv32", "loongarch32",
};

/* Word size that utsname.machine stands for; 0 when it is empty or unknown. */
static unsigned int machine_word(const char *machine)
{
	if (strstr(machine, "64") || !strcmp(machine, "s390x") || !strcmp(machine, "alpha"))
		return 8;
	for (size_t i = 0; i < ARRAY_LEN(words4); i++) {
		if (!strncmp(machine, words4[i], strlen(words4[i])))
			return 4;
	}
	return 0;
}

static bool is_x86(const char *machine)
{
	return machine[0] == 'i' && strlen(machine) == 4 && !strcmp(machine + 2, "86");
}

static unsigned int machine_points(const struct reading *r, const char *machine)
{
	unsigned int word = machine_word(machine);

	/* Only a name tells this one from a 64-bit machine's. */
	if (r->head == &kdump_header_64 && r->word == 4)
		return word == 4 && !is_x86(machine) ? 4 : 0;
	if (r->head == &kdump_header_32_time64 && !is_x86(machine))
		return 0;
	return word == r->word || !word ? 3 : 0;
}

static unsigned int count_points(const struct reading *r, const uint8_t *start)
{
	const struct kdump_header_layout *head = r->head;
	uint32_t version = get_u32(start + KDUMP_SIGNATURE_LEN, r->order);
	uint32_t block = get_u32(start + head->block_size, r->order);
	uint32_t sub = get_u32(start + head->sub_hdr_size, r->order);
	uint32_t bitmaps = get_u32(start + head->bitmap_blocks, r->order);
	uint64_t max = get_u32(start + head->max_mapnr, r->order);
	unsigned int points = 0;

	points += version <= KDUMP_VERSION ? 4 : 0;
	points += is_pow2(block) && block >= KDUMP_BLOCK_MIN && block <= KDUMP_BLOCK_MAX ? 4 : 0;
	points += sub >= 1 && sub <= 65536 ? 2 : 0;
	points += bitmaps >= 1 ? 1 : 0;
	points += bitmaps >= 1 && div_round_up(max, 8) <= (uint64_t)bitmaps * block ? 2 : 0;
	points += get_u32(start + head->nr_cpus, r->order) <= 65536 ? 1 : 0;
	points += get_u32(start + head->status, r->order) <= 0x3f ? 1 : 0;
	return points;
}

void kdump_file_guess(struct kdump_file *file, const uint8_t *start)
{
	unsigned int best = 0;
	char machine[UTS_FIELD_LEN];

	memcpy(machine, start + kdump_header_64.utsname + 4 * UTS_FIELD_LEN, sizeof(machine));
	machine[sizeof(machine) - 1] = '\0';
	file->head = NULL;
	for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
		const struct reading *r = &readings[i];
		unsigned int points = count_points(r, start) + machine_points(r, machine);

		if (file->head && points <= best)
			continue;
		best = points;
		file->head = r->head;
		file->word = r->word;
		file->order = r->order;
	}
}

static bool part_fits(const struct kdump_file *file, const uint8_t *sub, unsigned int at_off,
		      unsigned int at_size, uint64_t limit)
{
	uint64_t off = get_u64(sub + at_off, file->order);
	uint64_t size = get_word(sub + at_size, 4, file->order);

	if (!off && !size)
		return true;
	return off >= kdump_block_size(file) && range_fits(off, size, limit);
}

/* How many of the places that the version has make sense. */
static unsigned int sub_points(const struct kdump_file *file, const struct kdump_sub_layout *layout,
			       const uint8_t *sub)
{
	uint64_t limit = file->src->size;
	unsigned int points = 0;

	if (file->version >= 3)
		points += part_fits(file, sub, layout->offset_vmcoreinfo, layout->size_vmcoreinfo, limit);
	if (file->version >= 4)
		points += part_fits(file, sub, layout->offset_note, layout->size_note, limit);
	if (file->version >= 5)
		points += part_fits(file, sub, layout->offset_eraseinfo, layout->size_eraseinfo, limit);
	if (file->version >= 6) {
		uint32_t max = get_u32(sub + layout->max_mapnr_64, file->order);

		points += max && max == (uint32_t)file->max_mapnr;
	}
	return points;
}

void kdump_file_guess_sub(struct kdump_file *file, const uint8_t *sub)
{
	const char *machine = file->uts.field[4];
	unsigned int packed, aligned;

	if (file->word == 8) {
		file->sub = &kdump_sub_64;
		return;
	}
	packed = sub_points(file, &kdump_sub_32_packed, sub);
	aligned = sub_points(file, &kdump_sub_32_aligned, sub);
	if (packed == aligned)
		file->sub = !machine[0] || is_x86(machine) ? &kdump_sub_32_packed :
							    &kdump_sub_32_aligned;
	else
		file->sub = packed > aligned ? &kdump_sub_32_packed : &kdump_sub_32_aligned;
}
