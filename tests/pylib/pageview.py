# SPDX-License-Identifier: GPL-2.0-or-later
"""Every struct page of a dump, and what kind of page each describes.

A second opinion for the tests, written page by page where the program works
by ranges: a tail asks its own head pointer, a page inside a free block is
found from the block's first page. SPARSEMEM kernels, 64-byte struct page.
"""

import struct

from .kmem import KernelMemory, NotMapped

SP = 64
NO_STRUCT = None


class Page:
    """Words of one struct page."""

    __slots__ = ("pfn", "flags", "link", "w16", "mapping", "private", "mapcount", "refcount")

    def __init__(self, pfn, words):
        self.pfn = pfn
        (self.flags, self.link, self.w16, self.mapping, _, self.private, self.mapcount,
         self.refcount, _) = words

    def __str__(self):
        return (f"pfn {self.pfn:x} flags {self.flags:x} @8 {self.link:x} @16 {self.w16:x} mapping "
                f"{self.mapping:x} private {self.private:x} mapcount {self.mapcount:08x} "
                f"refcount {self.refcount}")


class PageView:
    """pages: dict pfn -> Page for every pfn with a readable struct page."""

    def __init__(self, core):
        self.core, self.info = core, core.vmcoreinfo
        self.memory = KernelMemory(core)
        if self.info.size("page") != SP:
            raise NotMapped(f"SIZE(page) is {self.info.size('page')}, not {SP}")
        self.pages, self.addresses, self.section_flags = {}, {}, {}
        self._read_sections()
        self._numbers()

    def _read_sections(self):
        info, size = self.info, self.core.page_size
        section_bits = info.number("SECTION_SIZE_BITS")
        per_section = 1 << section_bits >> size.bit_length() - 1
        count = 1 << info.number("MAX_PHYSMEM_BITS") - section_bits
        entry = info.size("mem_section")
        per_root = size // entry if info.length("mem_section") < count else 1
        array = info.symbol("mem_section")
        for section in range(min(count, -(-self.core.max_mapnr() // per_section))):
            root = array + section * entry
            if per_root > 1:
                root = self.memory.word(array + section // per_root * 8)
                if root == 0:
                    continue
                root += section % per_root * entry
            value = self.memory.word(root + info.offset("mem_section.section_mem_map"))
            if value & 3 == 3:
                self.section_flags[section] = value & 0x3F
                # the low six bits are flags at most (include/linux/mmzone.h, v6.15)
                self._read_section(section * per_section, per_section, value & ~0x3F)

    def _read_section(self, first, count, base):
        step = self.core.page_size // SP
        form = struct.Struct(self.core.order + "QQQQQQIIQ")
        for pfn in range(first, first + count, step):
            try:
                raw = self.memory.read((base + pfn * SP) & (1 << 64) - 1, self.core.page_size)
            except NotMapped:
                continue
            for index, words in enumerate(form.iter_unpack(raw)):
                self.pages[pfn + index] = Page(pfn + index, words)
        self.addresses[first // count] = base
        self.per_section = count

    def _numbers(self):
        number = self.info.number
        self.bit = {name: 1 << number("PG_" + name) if number("PG_" + name) is not None else 0
                    for name in ("lru", "private", "swapcache", "swapbacked", "slab", "hwpoison",
                                 "hugetlb")}
        self.head_mask = number("PG_head_mask")
        self.types = {}
        for name in ("BUDDY", "OFFLINE", "HUGETLB", "SLAB", "UNACCEPTED"):
            value = number(f"PAGE_{name}_MAPCOUNT_VALUE")
            if value is not None:
                self.types[name.lower()] = value & 0xFFFFFFFF

    def has_type(self, page, name):
        """True when _mapcount says this page type."""
        value = self.types.get(name)
        if value is None:
            return False
        if value & 0xFFFFFF == 0:  # since v6.12 only the top byte is the type
            return page.mapcount >> 24 == value >> 24
        return page.mapcount == value

    def head_of(self, page):
        """The head of the compound page that this page is a tail of, or None."""
        if not page.link & 1:
            after = self.pages.get(page.pfn + 1)
            # a repeated head (HugeTLB vmemmap optimisation): the next page's
            # head pointer leads elsewhere
            if page.flags & self.head_mask and after is not None and after.link & 1:
                head = self.tail_target(after)
                return head if head is not None and head.pfn != page.pfn else None
            return None
        return self.tail_target(page)

    def tail_target(self, tail):
        """The page a tail's head word leads to."""
        base = self.addresses[tail.pfn // self.per_section]
        if tail.link >= (1 << 64) - (1 << 32):  # mask form, since v7.1
            address = (base + tail.pfn * SP) & tail.link & ~1
        else:
            address = tail.link - 1
        return self.pages.get(((address - base) & (1 << 64) - 1) // SP)

    def free_pages(self):
        """pfn -> order for every page of every free block."""
        result = {}
        unaccepted = (self.info.length("zone.free_area") or 11) - 1
        for page in self.pages.values():
            order = page.private if self.has_type(page, "buddy") else None
            if order is None and self.has_type(page, "unaccepted"):
                order = unaccepted
            if order is not None and order <= 20 and page.pfn % (1 << order) == 0:
                for pfn in range(page.pfn, page.pfn + (1 << order)):
                    result[pfn] = order
        return result

    def is_slab(self, page):
        """Slab page (head)."""
        return self.has_type(page, "slab") or bool(page.flags & self.bit["slab"])

    def is_hugetlb(self, head):
        """Head of a HugeTLB page."""
        if "hugetlb" in self.types:
            return self.has_type(head, "hugetlb")
        first = self.pages.get(head.pfn + 1)
        if not head.flags & self.head_mask or first is None:
            return False
        if self.bit["hugetlb"]:
            return bool(first.flags & self.bit["hugetlb"])
        return first.w16 & 0xFF == self.info.number("HUGETLB_PAGE_DTOR")

    def kind(self, pfn, free):
        """free, user, cache, cache_private, hwpoison, offline, kernel or none."""
        page = self.pages.get(pfn)
        if page is None:
            return "none"
        if page.flags & self.bit["hwpoison"] and page.flags != (1 << 64) - 1:
            return "hwpoison"
        if pfn in free:
            return "free"
        head = self.head_of(page) or page
        if page.flags == (1 << 64) - 1 or self.is_slab(head):
            return "kernel"
        if self.has_type(head, "offline"):
            return "offline"
        if self.is_hugetlb(head):
            # memory_failure() marks the head; which subpage is bad is not told
            return "hwpoison" if head.flags & self.bit["hwpoison"] else "user"
        if self.types["buddy"] & 0xFFFFFF == 0 and 0xF0 <= head.mapcount >> 24 < 0xFF:
            return "kernel"  # a typed page has no mapping
        if head.mapping & 1 and head.mapping > 4096:
            return "user"
        swap = head.flags & self.bit["swapcache"] and head.flags & self.bit["swapbacked"]
        if head.flags & self.bit["lru"] or swap:
            return "cache_private" if head.flags & self.bit["private"] else "cache"
        return "kernel"

    def kinds(self):
        """dict kind -> set of pfns (see bits)."""
        from . import bits
        free = self.free_pages()
        lists = {}
        for pfn in self.pages:
            lists.setdefault(self.kind(pfn, free), []).append(pfn)
        return {kind: bits.from_iterable(members) for kind, members in lists.items()}
