# SPDX-License-Identifier: GPL-2.0-or-later
"""A generated machine as the paravirtual domain 0 of a Xen host.

Machine memory is the machine's with neighbouring blocks of 2 MiB swapped; page tables
have machine addresses, and lists of frames (p2m) are in boot memory. What would be
VMCOREINFO is in OUT.vmcoreinfo. Keys of [machine] beside `xen_dom0 = yes`:

	p2m_longs     longs of the crash info note (10)
	p2m_list      what it has as the frame of the list of lists
	p2m_entry     LEVEL VALUE: the entry that leads to the root of the page tables
"""

import struct

import genpath  # noqa: F401
import machineinfo
from machine import Machine
from pylib import elfnote
from recipe import number

BLOCK, PAGE, PER_PAGE = 2 << 20, 4096, 512
CRASH_INFO, CRASH_REGS = 0x1000001, 0x1000002


def machine_address(pa):
    """Where the domain's memory is."""
    return pa ^ BLOCK


class Domain0(Machine):
    """Use as Machine. RAM must be whole pairs of blocks, from 0 on."""

    def _open(self):
        form = self.arch.tables()
        table, leaf = form.table, form.leaf
        form.table = lambda pa: table(machine_address(pa))
        form.leaf = lambda pa, shift: leaf(machine_address(pa), shift)
        self.arch.tables = lambda: form
        super()._open()

    def write(self, pa, data):
        """Write what the domain calls physical memory."""
        view = memoryview(data)
        while len(view):
            count = min(len(view), BLOCK - pa % BLOCK)
            super().write(machine_address(pa), view[:count])
            pa, view = pa + count, view[count:]

    def build_tables(self):
        """Page tables, and the three levels of lists of frames."""
        super().build_tables()
        level = [machine_address(pfn * PAGE) // PAGE for pfn in range(self.max_mapnr)]
        lists = []
        while not lists or len(level) > 1 or len(lists) < 3:
            pages = [level[at:at + PER_PAGE] for at in range(0, len(level), PER_PAGE)]
            places = [self.alloc_boot(PAGE) for _ in pages]
            for place, entries in zip(places, pages):
                self.write(place, struct.pack(f"<{len(entries)}Q", *entries))
            lists.append(places)
            level = [machine_address(place) // PAGE for place in places]
        self.p2m = level[0]
        if self.config.get("p2m_entry"):
            self._damage(lists, *map(number, self.config.get("p2m_entry").split()))

    def _damage(self, lists, level, value):
        """The entry of a level, 0 = top, for the root's frame."""
        pfn = (self.symbols[self.arch.root_symbol()] - self.arch.TEXT_BASE) // PAGE
        below = PER_PAGE ** (2 - level)
        page = lists[2 - level][pfn // below // PER_PAGE]
        self.write(page + pfn // below % PER_PAGE * 8, self.word(value))

    def notes(self):
        """Registers and the crash info; no VMCOREINFO."""
        info = [4, 17] + [0x1000] * 5 + [0, 0x200000, self.config.number("p2m_list", self.p2m)]
        count = self.config.number("p2m_longs", 10)
        area = machineinfo.cpu_notes(self) + elfnote.build("Xen", CRASH_REGS, bytes(32), self.order)
        area += elfnote.build("Xen", CRASH_INFO, struct.pack(f"<{count}Q", *info[:count]), self.order)
        text = machineinfo.edit_vmcoreinfo(machineinfo.vmcoreinfo_lines(self), self.info_edits)
        with open(self.path + ".vmcoreinfo", "w", encoding="latin-1") as stream:
            stream.write(text)
        return area
