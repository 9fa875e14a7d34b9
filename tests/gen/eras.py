# SPDX-License-Identifier: GPL-2.0-or-later
"""What struct page looks like in each kernel era, and what VMCOREINFO says.

Numbers were read from VMCOREINFO and /proc/kcore of Debian's amd64 kernels
(5.10, 6.1, 6.12, 6.16, 7.1, 7.2); 6.4, 6.7, 6.10 and 6.11 follow the kernel's
include/linux/page-flags.h and kernel/crash_core.c of those releases.
PG_hwpoison is given to every era, as with CONFIG_MEMORY_FAILURE.
"""

# How the order of a compound page and "is hugetlb" are stored (page[1] = first tail):
#   page    page.compound_dtor/order: bytes 16 and 17 of page[1]
#   folio   folio._folio_dtor/_order: the same bytes, counted from the head
#           (kernel 1c5509be58f6, in v6.3)
#   pgflag  order in the low byte of page[1].flags, PG_hugetlb in page[1].flags
#           (9c5ccf2db04b, in v6.6)
#   type    order as before, page type hugetlb in the head (d99e3140a4d3, in v6.9)

OLD_FLAGS = dict(locked=0, referenced=1, uptodate=2, dirty=3, lru=4, active=5, waiters=7, error=8,
                 slab=9, owner=10, reserved=12, private=13, head=16, reclaim=18, swapbacked=19,
                 hwpoison=23)
MID_FLAGS = dict(locked=0, writeback=1, referenced=2, uptodate=3, dirty=4, lru=5, head=6,
                 waiters=7, active=8, workingset=9, error=10, slab=11, owner=12, reserved=14,
                 private=15, reclaim=18, swapbacked=19, hwpoison=22)
NEW_FLAGS = dict(locked=0, writeback=1, referenced=2, uptodate=3, dirty=4, lru=5, head=6,
                 waiters=7, active=8, workingset=9, owner=10, reserved=13, private=14,
                 reclaim=16, swapbacked=17, hwpoison=20)
NEWER_FLAGS = NEW_FLAGS | {"hwpoison": 21}

BIT_CLEAR = dict(buddy=0xFFFFFF7F, offline=0xFFFFFEFF, table=0xFFFFFDFF, guard=0xFFFFFBFF)
BIT_CLEAR_610 = BIT_CLEAR | {"hugetlb": 0xFFFFF7FF, "slab": 0xFFFFEFFF}
BIT_HIGH = dict(buddy=0xBFFFFFFF, offline=0xDFFFFFFF, table=0xEFFFFFFF, guard=0xF7FFFFFF,
                hugetlb=0xFBFFFFFF, slab=0xFDFFFFFF)
TOP_BYTE = dict(buddy=0xF0000000, offline=0xF1000000, table=0xF2000000, guard=0xF3000000,
                hugetlb=0xF4000000, slab=0xF5000000, zsmalloc=0xF6000000,
                unaccepted=0xF7000000)
TOP_BYTE_615 = TOP_BYTE | {"large_kmalloc": 0xF8000000}


class Era:
    """Facts of one kernel release, `version` as a (major, minor) tuple."""

    def __init__(self, version, flags, types, compound, sizes):
        self.version = version
        self.flags, self.types, self.compound = flags, types, compound
        (self.zone_size, self.zone_free_area, self.zone_vm_stat, self.zone_spanned,
         self.free_area_size, self.migrate_types) = sizes

    @property
    def name(self):
        """For example 6.12."""
        return "%d.%d" % self.version

    @property
    def head_key(self):
        """Name of the member whose bit 0 marks a tail (d50569612c29, in v7.1)."""
        return "compound_info" if self.version >= (7, 1) else "compound_head"

    def bit(self, *names):
        """OR of the masks of the named page flags."""
        return sum(1 << self.flags[name] for name in names)

    def page_type(self, name):
        """_mapcount value of a typed page, None when the era has no such type."""
        return self.types.get(name)


ERAS = {era.name: era for era in (
    Era((5, 10), OLD_FLAGS, BIT_CLEAR, "page", (1472, 192, 1280, 120, 88, 5)),
    Era((6, 1), OLD_FLAGS, BIT_CLEAR, "page", (1536, 256, 1344, 144, 88, 5)),
    Era((6, 4), OLD_FLAGS, BIT_CLEAR, "folio", (1536, 256, 1344, 144, 88, 5)),
    Era((6, 7), MID_FLAGS, BIT_CLEAR, "pgflag", (1536, 256, 1344, 144, 88, 5)),
    Era((6, 10), MID_FLAGS, BIT_CLEAR_610, "type", (1536, 256, 1344, 144, 88, 5)),
    Era((6, 11), NEW_FLAGS, BIT_HIGH, "type", (1536, 256, 1344, 160, 88, 5)),
    Era((6, 12), NEW_FLAGS, TOP_BYTE, "type", (1536, 256, 1344, 160, 88, 5)),
    Era((6, 16), NEWER_FLAGS, TOP_BYTE_615, "type", (1600, 256, 1408, 160, 88, 5)),
    Era((7, 1), NEWER_FLAGS, TOP_BYTE_615, "type", (1728, 256, 1408, 160, 88, 5)),
    Era((7, 2), NEWER_FLAGS, TOP_BYTE_615, "type", (1856, 256, 1536, 160, 104, 6)),
)}


def signed(value, width=32):
    """value as the kernel prints it with NUMBER(): signed decimal."""
    return value - (1 << width) if value >> (width - 1) else value


def page_lines(era, hugetlb=True):
    """VMCOREINFO lines about struct page, compound pages, zones and types."""
    flags, types = era.flags, era.types
    lines = ["SIZE(page)=64", "SIZE(pglist_data)=176000", f"SIZE(zone)={era.zone_size}",
             f"SIZE(free_area)={era.free_area_size}", "SIZE(list_head)=16", "SIZE(nodemask_t)=128",
             "OFFSET(page.flags)=0", "OFFSET(page._refcount)=52", "OFFSET(page.mapping)=24",
             "OFFSET(page.lru)=8", "OFFSET(page._mapcount)=48", "OFFSET(page.private)=40"]
    if era.compound == "page":
        lines += ["OFFSET(page.compound_dtor)=16", "OFFSET(page.compound_order)=17"]
    elif era.compound == "folio":
        lines += ["OFFSET(folio._folio_dtor)=80", "OFFSET(folio._folio_order)=81"]
    lines += [f"OFFSET(page.{era.head_key})=8",
              "OFFSET(pglist_data.node_zones)=0", "OFFSET(pglist_data.nr_zones)=172032",
              "OFFSET(pglist_data.node_start_pfn)=172040",
              "OFFSET(pglist_data.node_spanned_pages)=172056", "OFFSET(pglist_data.node_id)=172064",
              f"OFFSET(zone.free_area)={era.zone_free_area}",
              f"OFFSET(zone.vm_stat)={era.zone_vm_stat}",
              f"OFFSET(zone.spanned_pages)={era.zone_spanned}", "OFFSET(free_area.free_list)=0",
              "OFFSET(list_head.next)=0", "OFFSET(list_head.prev)=8",
              "LENGTH(zone.free_area)=11", f"LENGTH(free_area.free_list)={era.migrate_types}",
              "NUMBER(NR_FREE_PAGES)=0", f"NUMBER(PG_lru)={flags['lru']}",
              f"NUMBER(PG_private)={flags['private']}", f"NUMBER(PG_swapcache)={flags['owner']}",
              f"NUMBER(PG_swapbacked)={flags['swapbacked']}"]
    if "slab" not in types:
        lines.append(f"NUMBER(PG_slab)={flags['slab']}")
    else:
        lines.append(f"NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)={signed(types['slab'])}")
    lines += [f"NUMBER(PG_hwpoison)={flags['hwpoison']}", f"NUMBER(PG_head_mask)={era.bit('head')}",
              f"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)={signed(types['buddy'])}",
              f"NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)={signed(types['offline'])}"]
    if hugetlb:
        lines.append({"page": "NUMBER(HUGETLB_PAGE_DTOR)=2", "folio": "NUMBER(HUGETLB_PAGE_DTOR)=2",
                      "pgflag": f"NUMBER(PG_hugetlb)={flags['active']}",
                      "type": "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)="
                              f"{signed(types.get('hugetlb', 0))}"}[era.compound])
    if "unaccepted" in types and era.version >= (6, 16):
        lines.append(f"NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)={signed(types['unaccepted'])}")
    return lines
