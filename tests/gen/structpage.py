# SPDX-License-Identifier: GPL-2.0-or-later
"""struct page contents for every kind of page, in the layout of an era.

Each kind is a method of Pages named kind_NAME(pfn, order, options) which
returns (bytes of 2^order struct pages, [(number of pages, class), ...]).
Classes are those of expect.py. To add a kind: add the method and a line to
the table in README.md.
"""

import struct

SIZE = 64
NO_TYPE = 0xFFFFFFFF
# node 0, zone Normal, as seen on x86_64 (upper bits are no page flags)
ZONE_BITS = 0x0017FFFFC0000000
LIST_POISON = 0xDEAD000000000100
TAIL_MAPPING = 0xDEAD000000000400
COMPOUND_DTOR, HUGETLB_DTOR, TRANSHUGE_DTOR = 1, 2, 3


class Pages:
    """Builds struct pages. address(pfn) gives the kernel virtual address of a
    struct page; pointer is any kernel pointer to use as a mapping or list;
    nowhere is one to memory that the dump does not have."""

    def __init__(self, era, order_char, address, pointer, nowhere):
        self.era, self.order = era, order_char
        self.address, self.pointer, self.nowhere = address, pointer, nowhere
        self.packer = struct.Struct(order_char + "QQQQQQIIQ")
        self.kinds = {name[5:].replace("_", "-"): getattr(self, name)
                      for name in dir(self) if name.startswith("kind_")}

    def page(self, flags=(), w8=None, w16=0, mapping=0, private=0, mapcount=NO_TYPE, ref=0,
             raw_flags=0):
        """One struct page; flags are names of page flags."""
        head = ZONE_BITS | self.era.bit(*flags) | raw_flags
        link = self.pointer + 8 if w8 is None else w8
        return self.packer.pack(head, link, w16, mapping, 0, private, mapcount & NO_TYPE, ref, 0)

    def head_link(self, pfn, order):
        """Word 8 of a tail: head address | 1, or from 7.1 on a mask | 1
        (kernel mm "compound_info", v7.1: ~0 << (order + log2 of 64))."""
        if self.era.version >= (7, 1):
            return ((1 << 64) - 1) << (order + 6) & ((1 << 64) - 1) | 1
        return self.address(pfn) | 1

    def first_tail(self, pfn, order, dtor, rmappable):
        """page[1] of a compound page: where order and destructor live."""
        link = self.head_link(pfn, order)
        if self.era.compound in ("page", "folio"):
            word = dtor | order << 8
            if self.order == ">":
                word = dtor << 56 | order << 48
            return self.page((), link, word, TAIL_MAPPING)
        flags = order
        if self.era.compound == "pgflag" and dtor == HUGETLB_DTOR:
            flags |= self.era.bit("active")
        if rmappable:
            flags |= self.era.bit("workingset")
        return self.page((), link, 0, TAIL_MAPPING, raw_flags=flags)

    def compound(self, pfn, order, head, dtor=COMPOUND_DTOR, rmappable=False, bad_tail=None):
        """Head, page[1] and plain tails; bad_tail = index of a poisoned subpage."""
        if order == 0:
            return head
        tail = self.page((), self.head_link(pfn, order), 0, TAIL_MAPPING)
        data = bytearray(head + self.first_tail(pfn, order, dtor, rmappable)
                         + tail * ((1 << order) - 2))
        if bad_tail:
            struct.pack_into(self.order + "Q", data, bad_tail * SIZE, struct.unpack_from(
                self.order + "Q", data, bad_tail * SIZE)[0] | self.era.bit("hwpoison"))
        return bytes(data)

    def plain(self, order, page, kind):
        """2^order copies of an order-0 page of one class."""
        return page * (1 << order), [(1 << order, kind)]

    def whole(self, data, kind):
        """A block of one class."""
        return data, [(len(data) // SIZE, kind)]

    # --- pages that are never dropped ---

    def kind_kernel(self, pfn, order, options):
        """Allocated by the kernel, not compound."""
        return self.plain(order, self.page((), LIST_POISON, ref=1), "kernel")

    def kind_reserved(self, pfn, order, options):
        """PG_reserved: boot memory, firmware, the kernel image."""
        return self.plain(order, self.page(("reserved",), self.address(pfn) + 8, ref=1), "kernel")

    def kind_image(self, pfn, order, options):
        """Page of the kernel image: as set up at boot, a list element of its own."""
        link = self.address(pfn) + 8
        return self.plain(order, self.page(("reserved",), link, link, ref=1), "kernel")

    def kind_pcp(self, pfn, order, options):
        """Free on a per-CPU list: no type, no reference."""
        return self.plain(order, self.page((), ref=0), "kernel")

    def kind_stale_lru(self, pfn, order, options):
        """Reserved kernel image page with a left-over PG_lru."""
        return self.plain(order, self.page(("reserved", "lru"), ref=1), "kernel")

    def kind_poisoned_struct(self, pfn, order, options):
        """Struct page never initialised: all ones."""
        return self.plain(order, b"\xff" * SIZE, "kernel")

    def kind_slab(self, pfn, order, options):
        """Slab; word 24 may be odd since v6.2 (slab list there)."""
        flags = ("slab",) if "slab" not in self.era.types else ()
        flags += ("head",) if order else ()
        mapcount = self.era.types.get("slab", NO_TYPE)
        odd = 1 if self.era.version >= (6, 2) else 0
        head = self.page(flags, self.pointer, 0, LIST_POISON + 0x22 + odd, 0x400040, mapcount, 1)
        return self.whole(self.compound(pfn, order, head), "kernel")

    def kind_compound(self, pfn, order, options):
        """Compound page of a driver."""
        head = self.page(("head",) if order else (), LIST_POISON, ref=1)
        return self.whole(self.compound(pfn, order, head), "kernel")

    def kind_large_kmalloc(self, pfn, order, options):
        """kmalloc larger than a slab; a page type of its own since v6.15."""
        mapcount = self.era.types.get("large_kmalloc", NO_TYPE)
        head = self.page(("head",) if order else (), 0, mapcount=mapcount, ref=1)
        return self.whole(self.compound(pfn, order, head), "kernel")

    def kind_pagetable(self, pfn, order, options):
        """Page table page; its word 24 may hold anything, an odd value too."""
        return self.plain(order, self.page((), 0, 0, self.pointer, 0, self.era.types["table"], 1),
                          "kernel")

    def kind_odd_table(self, pfn, order, options):
        """Typed page whose word 24 has bit 0 set: still not anonymous."""
        return self.plain(order, self.page((), 0, 0, self.pointer | 1, 0,
                                           self.era.types["table"], 1), "kernel")

    def kind_zone_device(self, pfn, order, options):
        """Persistent memory page: word 8 = pgmap pointer, no PG_lru."""
        return self.plain(order, self.page(("reserved",), self.pointer, self.pointer, ref=1),
                          "kernel")

    # --- free ---

    def kind_free(self, pfn, order, options):
        """A block on the buddy lists, alone on its own; only its first page says so."""
        # Struct pages that stand for several sections cannot point to themselves.
        link = self.nowhere if options.get("link") == "hole" else self.address(pfn) + 8
        first = self.page((), link, link, 0, order, self.era.types["buddy"])
        rest = self.page((), LIST_POISON)
        return self.whole(first + rest * ((1 << order) - 1), "free")

    def kind_unaccepted(self, pfn, order, options):
        """Unaccepted memory (v6.12 type, v6.16 key); always a largest block."""
        link = self.address(pfn) + 8
        first = self.page((), link, link, 0, 0, self.era.types["unaccepted"])
        rest = self.page((), LIST_POISON)
        return self.whole(first + rest * ((1 << order) - 1), "free")

    # --- user ---

    def kind_anon(self, pfn, order, options):
        """Anonymous page on the LRU."""
        page = self.page(("uptodate", "lru", "swapbacked"), None, 0, self.pointer | 1, 0, 0, 1)
        return self.plain(order, page, "user")

    def kind_anon_nolru(self, pfn, order, options):
        """Anonymous page still in a per-CPU LRU batch."""
        page = self.page(("uptodate", "swapbacked"), 0, 0, self.pointer | 1, 0, 0, 2)
        return self.plain(order, page, "user")

    def kind_anon_waiters(self, pfn, order, options):
        """Anonymous page with PG_waiters; from v6.10 that is the bit PG_slab had."""
        page = self.page(("uptodate", "lru", "swapbacked", "waiters"), None, 0,
                         self.pointer | 1, 0, 0, 1)
        return self.plain(order, page, "user")

    def kind_anon_swapcache(self, pfn, order, options):
        """Anonymous page in the swap cache."""
        page = self.page(("uptodate", "lru", "swapbacked", "owner"), None, 0,
                         self.pointer | 1, 0x1234, 0, 2)
        return self.plain(order, page, "user")

    def kind_ksm(self, pfn, order, options):
        """Merged page: both low bits of mapping set."""
        page = self.page(("uptodate", "lru", "swapbacked"), None, 0, self.pointer | 3, 0, 0, 1)
        return self.plain(order, page, "user")

    def kind_thp(self, pfn, order, options):
        """Anonymous large folio; bad=N poisons subpage N."""
        bad = int(options.get("bad", 0))
        head = self.page(("uptodate", "lru", "swapbacked", "head"), None, 0, self.pointer | 1, 0,
                         NO_TYPE, 1)
        data = self.compound(pfn, order, head, TRANSHUGE_DTOR, True, bad)
        if not bad:
            return self.whole(data, "user")
        return data, [(bad, "user"), (1, "hwpoison"), ((1 << order) - bad - 1, "user")]

    def kind_hugetlb(self, pfn, order, options):
        """HugeTLB page; in use, or free in its pool with state=free."""
        used = options.get("state", "used") == "used"
        flags = ("head", "referenced", "active") if used else ("head",)
        mapping = self.pointer | 1 if used else 0
        if options.get("file") == "yes":
            mapping = self.pointer
        mapcount = self.era.types.get("hugetlb", NO_TYPE)
        head = self.page(flags, None, 0, mapping, order, mapcount, int(used))
        return self.whole(self.compound(pfn, order, head, HUGETLB_DTOR), "user")

    def kind_hugetlb_poisoned(self, pfn, order, options):
        """HugeTLB page with PG_hwpoison on its head."""
        mapcount = self.era.types.get("hugetlb", NO_TYPE)
        head = self.page(("head", "hwpoison"), None, 0, self.pointer | 1, order, mapcount, 1)
        return self.whole(self.compound(pfn, order, head, HUGETLB_DTOR), "hwpoison")

    # --- cache ---

    def _cache(self, pfn, order, flags, kind, private=0):
        flags = ("uptodate", "lru") + flags + (("head",) if order else ())
        head = self.page(flags, None, 0, self.pointer, private, NO_TYPE if order else 0, 2)
        return self.whole(self.compound(pfn, order, head, COMPOUND_DTOR, True), kind)

    def kind_cache(self, pfn, order, options):
        """Page cache, order > 0 = large folio."""
        return self._cache(pfn, order, (), "cache")

    def kind_shmem(self, pfn, order, options):
        """tmpfs page: swap-backed cache."""
        return self._cache(pfn, order, ("swapbacked",), "cache")

    def kind_cache_private(self, pfn, order, options):
        """Page cache with buffers or other private data."""
        return self._cache(pfn, order, ("private",), "cache_private", self.pointer)

    def kind_shmem_swapcache(self, pfn, order, options):
        """tmpfs page in the swap cache, off the LRU."""
        page = self.page(("uptodate", "swapbacked", "owner"), None, 0, 0, 0x55, 0, 2)
        return self.plain(order, page, "cache")

    def kind_owner_only(self, pfn, order, options):
        """PG_owner_priv_1 (same bit as PG_swapcache) without PG_swapbacked: no cache."""
        return self.plain(order, self.page(("owner",), 0, ref=1), "kernel")

    # --- unusable ---

    def kind_hwpoison(self, pfn, order, options):
        """Page taken out of use by memory_failure()."""
        return self.plain(order, self.page(("hwpoison",), LIST_POISON, ref=1), "hwpoison")

    def kind_anon_hwpoison(self, pfn, order, options):
        """Poisoned page that still looks anonymous."""
        page = self.page(("uptodate", "lru", "swapbacked", "hwpoison"), None, 0,
                         self.pointer | 1, 0, 0, 1)
        return self.plain(order, page, "hwpoison")

    def kind_offline(self, pfn, order, options):
        """PageOffline: balloon, virtio-mem."""
        return self.plain(order, self.page((), 0, mapcount=self.era.types["offline"], ref=1),
                          "offline")
