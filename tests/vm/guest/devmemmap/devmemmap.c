// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exports where the struct pages of persistent memory are, the way the kernel
 * patches for dumping them proposed (RFC v2 "pmem memmap dump support",
 * linux-nvdimm list, April 2023).  No released kernel has them, so this module
 * gives a stock kernel the same list: SYMBOL(devm_memmap_vmcore_head), a
 * list_head with one element per device whose memmap is on the device.
 *
 * The ranges are the kernel's own: every dev_pagemap is looked up through the
 * page frames of the "Persistent Memory" resources, and its altmap says which
 * of them hold struct pages.
 */
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "vmcoreinfo.h"

/* Size and offsets as proposed; consumers take them from VMCOREINFO. */
struct devm_memmap_vmcore {
	struct list_head entry;
	unsigned long start;	/* first page frame of the memmap */
	unsigned long end;	/* the one behind its last */
	unsigned long reserved;
};

static LIST_HEAD(devm_memmap_vmcore_head);

static int memmap_add(const struct vmem_altmap *altmap)
{
	struct devm_memmap_vmcore *item = kzalloc(sizeof(*item), GFP_KERNEL);

	if (!item)
		return -ENOMEM;
	item->start = altmap->base_pfn + altmap->reserve;
	item->end = item->start + altmap->free;
	list_add_tail(&item->entry, &devm_memmap_vmcore_head);
	pr_info("devmemmap: range %lx-%lx, %lu pages used\n", item->start, item->end,
		altmap->alloc + altmap->align);
	return 0;
}

/* Called for each "Persistent Memory" resource. */
static int visit_resource(struct resource *resource, void *unused)
{
	unsigned long pfn = PHYS_PFN(resource->start);
	unsigned long end = PHYS_PFN(resource->end + 1);

	while (pfn < end) {
		struct dev_pagemap *pgmap = get_dev_pagemap(pfn, NULL);
		int failure = 0;

		if (!pgmap) {	/* before the data: info block and the memmap itself */
			pfn++;
			continue;
		}
		if (pgmap->flags & PGMAP_ALTMAP_VALID)
			failure = memmap_add(&pgmap->altmap);
		put_dev_pagemap(pgmap);
		if (failure)
			return failure;
		pfn = PHYS_PFN(pgmap->range.end + 1);
	}
	return 0;
}

static int __init devmemmap_init(void)
{
	struct vmcoreinfo vmcoreinfo;
	int failure;

	if (!vmcoreinfo_find(&vmcoreinfo))
		return -ENOENT;
	failure = walk_iomem_res_desc(IORES_DESC_PERSISTENT_MEMORY, IORESOURCE_MEM, 0, -1, NULL,
				      visit_resource);
	if (failure)
		return failure;
	if (list_empty(&devm_memmap_vmcore_head))
		return -ENODEV;
	vmcoreinfo.append("SYMBOL(devm_memmap_vmcore_head)=%lx\n",
			  (unsigned long)&devm_memmap_vmcore_head);
	vmcoreinfo.append("SIZE(devm_memmap_vmcore)=%zu\n", sizeof(struct devm_memmap_vmcore));
	vmcoreinfo.append("OFFSET(devm_memmap_vmcore.entry)=%zu\n",
			  offsetof(struct devm_memmap_vmcore, entry));
	vmcoreinfo.append("OFFSET(devm_memmap_vmcore.start)=%zu\n",
			  offsetof(struct devm_memmap_vmcore, start));
	vmcoreinfo.append("OFFSET(devm_memmap_vmcore.end)=%zu\n",
			  offsetof(struct devm_memmap_vmcore, end));
	vmcoreinfo.save();
	return 0;
}

/* No exit function: the list must stay, so the module cannot be unloaded. */
module_init(devmemmap_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("List of the on-device memmaps of persistent memory in VMCOREINFO");
