// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bitmap of the pages worth dumping, made by the kernel itself when it
 * panics, the way a patch series proposed ("crash dump bitmap", kexec list,
 * March 2013).  No released kernel has it, so this module gives a stock kernel
 * the same struct and SYMBOL(crash_dump_bitmap_info).
 *
 * It runs from a panic notifier: the kernel must be booted with
 * crash_kexec_post_notifiers, and stops the other CPUs before.
 */
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page-flags.h>
#include <linux/panic_notifier.h>

#include "vmcoreinfo.h"

/* As proposed. */
struct crash_dump_bitmap_info {
	unsigned int version;
	u64 bitmap;		/* physical address; bit n: page frame n stays */
	u64 bitmap_size;	/* bytes */
	unsigned long cache_pages;
	unsigned long cache_private_pages;
	unsigned long user_pages;
	unsigned long free_pages;
	unsigned long hwpoison_pages;
};

/* On one page, so that its physical address tells where all of it is. */
static struct crash_dump_bitmap_info crash_dump_bitmap_info __aligned(64);

/* Bits as of -d; only 2 to 16 are looked at. */
static unsigned int level = 31;
module_param(level, uint, 0644);

static u8 *bits;
static unsigned long pfns;	/* page frames below this have a bit */

/* The counter of a page's class, or NULL for a page that stays at this level. */
static unsigned long *counter_of(struct page *page)
{
	struct crash_dump_bitmap_info *info = &crash_dump_bitmap_info;
	struct page *head = compound_head(page);

	if (PageHWPoison(page))
		return &info->hwpoison_pages;
	if (PageSlab(head) || PageReserved(page))
		return NULL;
	if (PageHuge(page))
		return !(level & 8) ? NULL : page_count(head) ? &info->user_pages : &info->free_pages;
	if (page_has_type(head))
		return NULL;
	if (PageAnon(head))
		return level & 8 ? &info->user_pages : NULL;
	if (!PageLRU(head) && !PageSwapCache(head))
		return NULL;
	if (PagePrivate(head))
		return level & 4 ? &info->cache_private_pages : NULL;
	return level & 6 ? &info->cache_pages : NULL;
}

static void leave_out(unsigned long pfn, unsigned long count, unsigned long *counter)
{
	for (; count && pfn < pfns; count--, pfn++) {
		bits[pfn / 8] &= ~(1u << pfn % 8);
		(*counter)++;
	}
}

static int fill(struct notifier_block *block, unsigned long event, void *unused)
{
	u64 start = ktime_get_mono_fast_ns();
	unsigned long pfn = 0, count;

	for (; pfn < pfns; pfn += count) {
		struct page *page = pfn_to_online_page(pfn);
		unsigned long *counter;

		count = 1;
		if (!page)
			continue;
		if (PageBuddy(page)) {
			count = 1ul << min_t(unsigned long, page_private(page), MAX_ORDER - 1);
			counter = level & 16 ? &crash_dump_bitmap_info.free_pages : NULL;
		} else {
			counter = counter_of(page);
		}
		if (counter)
			leave_out(pfn, count, counter);
	}
	pr_info("crashbitmap: filled in %llu us\n", (ktime_get_mono_fast_ns() - start) / 1000);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = fill };

static int visit_ram(struct resource *resource, void *unused)
{
	pfns = max_t(unsigned long, pfns, PHYS_PFN(resource->end + 1));
	return 0;
}

static void tell(const struct vmcoreinfo *vmcoreinfo)
{
	phys_addr_t page = page_to_phys(vmalloc_to_page(&crash_dump_bitmap_info));

	vmcoreinfo->append("SYMBOL(crash_dump_bitmap_info)=%lx\n",
			   (unsigned long)&crash_dump_bitmap_info);
	vmcoreinfo->save();
	pr_info("crashbitmap: struct at %llx, %lu page frames\n",
		(u64)page + offset_in_page(&crash_dump_bitmap_info), pfns);
}

static int __init crashbitmap_init(void)
{
	struct crash_dump_bitmap_info *info = &crash_dump_bitmap_info;
	struct vmcoreinfo vmcoreinfo;

	if (!vmcoreinfo_find(&vmcoreinfo))
		return -ENOENT;
	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, -1, NULL,
			    visit_ram);
	info->bitmap_size = DIV_ROUND_UP(pfns, 8);
	bits = (u8 *)__get_free_pages(GFP_KERNEL, get_order(info->bitmap_size));
	if (!bits)
		return -ENOMEM;
	memset(bits, 0xff, PAGE_SIZE << get_order(info->bitmap_size));
	info->bitmap = virt_to_phys(bits);
	info->version = 1;
	tell(&vmcoreinfo);
	return atomic_notifier_chain_register(&panic_notifier_list, &notifier);
}

/* No exit function: VMCOREINFO names the struct for good. */
module_init(crashbitmap_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Bitmap of the pages worth dumping, filled when the kernel panics");
