// SPDX-License-Identifier: GPL-2.0-or-later
#include "input/window.h"

#include <unistd.h>

#include "base/checked.h"

void window_init(struct window *window, struct dump *dump, size_t size)
{
	long page = sysconf(_SC_PAGESIZE);

	*window = (struct window){
		.dump = dump,
		.size = size,
		.host_page = page > 0 ? (size_t)page : 4096,
	};
}

static void unmap(struct window *window)
{
	if (window->addr)
		source_unmap(window->dump->src, (void *)(uintptr_t)window->addr,
			     window->at.end - window->at.off);
	window->addr = NULL;
}

void window_deinit(struct window *window)
{
	unmap(window);
}

static bool holds(const struct window_range *range, uint64_t off, size_t len)
{
	return off >= range->off && off <= range->end && len <= range->end - off;
}

static bool has_failed(const struct window *window, uint64_t off)
{
	unsigned int i;

	for (i = 0; i < WINDOW_FAILURES && i < window->failures; i++)
		if (holds(&window->failed[i], off, 1))
			return true;
	return false;
}

/*
 * The window to map for [off, off + len): aligned to its size, and inside
 * whole host pages of what @seg stores. Bytes that straddle its end, as pages
 * at unaligned offsets do, get the next window with the bytes in front of it.
 * A page at the edge of a segment of /proc/vmcore can hold other bytes than
 * memory, and behind the end of a file there is only SIGBUS.
 */
static bool choose(const struct window *window, const struct dump_segment *seg, uint64_t off,
		   size_t len, struct window_range *ret)
{
	uint64_t page = window->host_page;
	uint64_t low = seg->offset, high = min_u64(seg->offset + seg->filesz,
						   window->dump->src->size);
	uint64_t start = round_down(off, window->size), end = start + window->size;

	/* No wrap: the file's size is an off_t. */
	if (off < low || off > high || len > high - off)
		return false;
	low = round_up(low, page);
	high = round_down(high, page);
	if (off + len > end) {
		start = round_down(off, page);
		end = max_u64(end + window->size, round_up(off + len, page));
	}
	ret->off = max_u64(start, low);
	ret->end = min_u64(end, high);
	return ret->off < ret->end && holds(ret, off, len);
}

/* Asked first, because a refused source_map() costs an error object per page. */
bool window_can_map(const struct window *window)
{
	return source_can_map(window->dump->src);
}

static bool map_for(struct window *window, const struct dump_segment *seg, uint64_t off, size_t len)
{
	struct window_range range;
	void *addr = NULL;
	struct err *e;

	if (!window_can_map(window) || has_failed(window, off) ||
	    !choose(window, seg, off, len, &range))
		return false;
	/* Many small segments: reading costs less than a mapping for each. */
	if (range.end - range.off < WINDOW_MIN)
		return false;
	unmap(window);
	e = source_map(window->dump->src, range.off, range.end - range.off, &addr);
	if (e) {
		log_debug(window->dump->log, "%s; reading instead", err_text(e));
		err_free(e);
		window->failed[window->failures++ % WINDOW_FAILURES] = range;
		return false;
	}
	window->addr = addr;
	window->at = range;
	return true;
}

const void *window_get(struct window *window, const struct dump_segment *seg, uint64_t off,
		       size_t len, bool move)
{
	if (!(window->addr && holds(&window->at, off, len)) &&
	    !(move && map_for(window, seg, off, len)))
		return NULL;
	return window->addr + (off - window->at.off);
}

uint64_t window_reach(struct window *window, const struct dump_segment *seg, uint64_t off,
		      size_t len)
{
	if (!window_get(window, seg, off, len, true))
		return 0;
	return window->at.end - off;
}
