/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an address to the symbol it is in, for messages. */
#include <stdio.h>

#include "kernel/internal.h"
#include "kernel/kallsyms.h"
#include "kernel/symbols.h"

/* How many of the first @count symbols are below @address, or at it when @at_too. */
static struct err *count_below(const struct kallsyms *kallsyms, uint32_t count, uint64_t address,
			       bool at_too, uint32_t *ret)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint64_t start;

		TRY(kallsyms_address(kallsyms, middle, &start));
		if (start < address || (at_too && start == address))
			low = middle + 1;
		else
			high = middle;
	}
	*ret = low;
	return NULL;
}

/*
 * The last symbol that is not above @address, of several at one address the first.
 * ERR_NOT_FOUND: none, or no symbol comes behind, which would bound it.
 */
static struct err *find_below(const struct kallsyms *kallsyms, uint64_t address, uint32_t *ret,
			      uint64_t *ret_start)
{
	uint32_t count = kallsyms_count(kallsyms), below;

	TRY(count_below(kallsyms, count, address, true, &below));
	if (below == 0 || below == count)
		return err_not_found;
	TRY(kallsyms_address(kallsyms, below - 1, ret_start));
	if (*ret_start > address)
		return err_not_found;
	return count_below(kallsyms, below - 1, *ret_start, false, ret);
}

struct naming {
	uint32_t index;
	uint64_t offset;	/* bytes behind the symbol */
	char *buf;
	size_t size;
	bool done;
};

static bool note_name(void *ctx, const struct kallsyms_symbol *symbol)
{
	struct naming *naming = ctx;

	if (symbol->index < naming->index)
		return true;
	naming->done = symbol->index == naming->index;
	if (naming->done && naming->offset)
		snprintf(naming->buf, naming->size, "%s+%#llx", symbol->name,
			 (unsigned long long)naming->offset);
	else if (naming->done)
		snprintf(naming->buf, naming->size, "%s", symbol->name);
	return false;
}

/* Per-CPU symbols at small addresses would name what is near NULL. */
static bool is_offset(const struct kallsyms *kallsyms, uint64_t address)
{
	return kallsyms_encoding(kallsyms) == KALLSYMS_ABSOLUTE_PERCPU && address < PERCPU_REACH;
}

bool ksymbol_name(struct kreader *reader, uint64_t address, char *buf, size_t size)
{
	struct naming naming = { .buf = buf, .size = size };
	struct kallsyms *kallsyms = NULL;
	struct err *e = kreader_get_kallsyms(reader, &kallsyms);
	uint64_t start = 0;

	if (!e && (!kallsyms || is_offset(kallsyms, address)))
		return false;
	if (!e)
		e = find_below(kallsyms, address, &naming.index, &start);
	if (e || is_offset(kallsyms, start)) {
		err_free(e);
		return false;
	}
	naming.offset = address - start;
	kallsyms_for_each(kallsyms, note_name, &naming);
	return naming.done;
}
