/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of one dump: whether they belong together, and what they leave out. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "input/kdump_reader.h"

/* A piece without pages goes before the one that begins where it ends. */
static int compare_files(const void *a, const void *b)
{
	const struct kdump_file *x = a, *y = b;

	if (x->first != y->first)
		return (x->first > y->first) - (x->first < y->first);
	return (x->end > y->end) - (x->end < y->end);
}

/* A piece that has nothing to do with the first one. */
static struct err *check_kin(const struct kdump_file *first, const struct kdump_file *file)
{
	if (file->max_mapnr != first->max_mapnr || file->block_shift != first->block_shift ||
	    file->word != first->word || file->order != first->order)
		return err_new(ERR_BAD_INPUT, "%s: is no piece of the dump that %s is a piece of: "
			       "max_mapnr %#" PRIx64 " and block_size %" PRIu64 ", not %#" PRIx64
			       " and %" PRIu64, file->src->name, first->src->name, file->max_mapnr,
			       kdump_block_size(file), first->max_mapnr, kdump_block_size(first));
	if (file->tv_sec != first->tv_sec || memcmp(&file->uts, &first->uts, sizeof(file->uts)))
		return err_new(ERR_BAD_INPUT, "%s: is no piece of the dump that %s is a piece of: "
			       "utsname or timestamp differ", file->src->name, first->src->name);
	if (!file->split)
		return err_new(ERR_BAD_INPUT, "%s: is no piece of a split dump, but a whole one",
			       file->src->name);
	if (file->dump_level != first->dump_level)
		return err_new(ERR_BAD_INPUT, "%s: is no piece of the dump that %s is a piece of: "
			       "dump_level %u, not %u", file->src->name, first->src->name,
			       file->dump_level, first->dump_level);
	return NULL;
}

static struct err *check_order(const struct kdump_set *set)
{
	for (size_t i = 1; i < set->count; i++) {
		const struct kdump_file *before = &set->files[i - 1], *file = &set->files[i];

		if (file->first < before->end)
			return err_new(ERR_BAD_INPUT, "%s and %s both have the page frames from %#"
				       PRIx64 " on", before->src->name, file->src->name, file->first);
	}
	return NULL;
}

/* Page frames that no piece has. */
static void check_gaps(struct kdump_set *set, const struct log *log)
{
	uint64_t at = 0, end = set->files[0].max_mapnr;

	for (size_t i = 0; i <= set->count; i++) {
		uint64_t next = i < set->count ? set->files[i].first : end;

		if (at < next) {
			log_warn(log, "%s: page frames %#" PRIx64 " to %#" PRIx64 " are in another "
				 "piece of this split dump, which was not given", set->files[0].src->name,
				 at, next - 1);
			set->incomplete = true;
			set->lacking += next - at;
		}
		at = i < set->count ? set->files[i].end : end;
	}
}

static struct err *open_one(struct kdump_set *set, struct source *src, const struct log *log)
{
	struct kdump_file *file = &set->files[set->count];
	struct err *e = kdump_file_open(src, log, file);

	if (set->count && err_kind(e) == ERR_NOT_MINE)
		return err_new(ERR_BAD_INPUT, "%s: is no kdump-compressed file like %s", src->name,
			       set->files[0].src->name);
	TRY(e);
	set->count++;
	set->incomplete |= file->cut || file->status & KDUMP_INCOMPLETE;
	return NULL;
}

struct err *kdump_set_open(struct source *const *sources, size_t count, const struct log *log,
			   struct kdump_set *set)
{
	*set = (struct kdump_set){ .files = calloc(count, sizeof(*set->files)) };
	if (!set->files)
		return err_nomem;
	for (size_t i = 0; i < count; i++)
		TRY(open_one(set, sources[i], log));
	for (size_t i = 0; count > 1 && i < count; i++)
		TRY(check_kin(&set->files[0], &set->files[i]));
	qsort(set->files, count, sizeof(*set->files), compare_files);
	TRY(check_order(set));
	check_gaps(set, log);
	return kdump_file_present(&set->files[0], &set->present);
}

void kdump_set_close(struct kdump_set *set)
{
	bitfile_close(&set->present);
	for (size_t i = 0; i < set->count; i++)
		kdump_file_close(&set->files[i]);
	free(set->files);
	*set = (struct kdump_set){ 0 };
}
