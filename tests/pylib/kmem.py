# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel virtual memory of an ELF core, by walking the dumped page tables.

Only what the tests need: x86_64 (4 and 5 levels) and arm64 (4K and 16K
pages, 64K pages), located through VMCOREINFO.
"""

import struct

from .elfcore import EM_AARCH64, EM_X86_64

TEXT_BASE = 0xFFFFFFFF80000000
MASK = (1 << 64) - 1
PA_MASK = (1 << 52) - 1


class NotMapped(Exception):
    """The address is not mapped, or its page is not in the dump."""


class KernelMemory:
    """read(va, size) over an ElfCore with VMCOREINFO."""

    def __init__(self, core):
        self.core, self.info = core, core.vmcoreinfo
        self.page_size = core.page_size
        self.shift = self.page_size.bit_length() - 1
        self.tables, self.cache = {}, {}
        if core.machine == EM_X86_64:
            self._x86()
        elif core.machine == EM_AARCH64:
            self._arm64()
        else:
            raise NotMapped(f"no page table walk for machine {core.machine}")

    def _x86(self):
        base = self.info.number("phys_base") or 0
        five = self.info.number("pgtable_l5_enabled") == 1
        self.root = (self.info.symbol("init_top_pgt") - TEXT_BASE + base) & MASK
        self.shifts = [48, 39, 30, 21, 12][0 if five else 1:]
        self.index_bits, self.top_bits = 9, 9
        clear = (self.info.number("sme_mask") or 0) & MASK
        self.address = lambda entry: entry & PA_MASK & ~0xFFF & ~clear
        self.present = lambda entry: bool(entry & 1)
        self.leaf = lambda entry, shift: shift == 12 or shift <= 30 and bool(entry & 0x80)

    def _arm64(self):
        info = self.info
        self.root = (info.symbol("swapper_pg_dir") - info.number("kimage_voffset")) & MASK
        configured = info.number("VA_BITS")
        size = configured
        if self.shift != 16 and info.number("TCR_EL1_T1SZ") is not None:
            size = 64 - info.number("TCR_EL1_T1SZ")
        self.index_bits = self.shift - 3
        levels = -(-(size - self.shift) // self.index_bits)
        self.shifts = [self.shift + k * self.index_bits for k in range(levels - 1, -1, -1)]
        self.top_bits = size - self.shifts[0]
        wide = (info.number("MAX_PHYSMEM_BITS") or 48) == 52
        low = (1 << 48) - self.page_size
        if wide and self.shift == 16:
            self.address = lambda entry: entry & low | (entry >> 12 & 0xF) << 48
        elif wide:
            self.address = lambda entry: entry & (1 << 50) - self.page_size | (entry >> 8 & 3) << 50
        else:
            self.address = lambda entry: entry & low
        self.present = lambda entry: bool(entry & 1)
        self.leaf = lambda entry, shift: shift == self.shift or not entry & 2

    def translate(self, va):
        """Physical address of a kernel virtual address."""
        page = va >> self.shift
        if page not in self.cache:
            self.cache[page] = self._walk(va & ~(self.page_size - 1))
        return self.cache[page] + (va & (self.page_size - 1))

    def _walk(self, va):
        table = self.root
        for level, shift in enumerate(self.shifts):
            bits = self.index_bits if level else self.top_bits
            entry = self._table(table, bits)[va >> shift & ((1 << bits) - 1)]
            if not self.present(entry):
                raise NotMapped(f"{va:#x}: entry {entry:#x} at shift {shift} is not present")
            base = self.address(entry)
            if self.leaf(entry, shift):
                span = (1 << shift) - 1
                return base & ~span | va & span
            table = base
        raise NotMapped(f"{va:#x}: no leaf")

    def _table(self, pa, bits):
        if pa not in self.tables:
            raw = self.core.read_phys(pa, 8 << bits)
            if raw is None:
                raise NotMapped(f"page table at {pa:#x} is not in the dump")
            self.tables[pa] = struct.unpack(f"{self.core.order}{1 << bits}Q", raw)
        return self.tables[pa]

    def read(self, va, size):
        """Bytes at a virtual address."""
        parts = []
        while size:
            count = min(size, self.page_size - va % self.page_size)
            data = self.core.read_phys(self.translate(va), count)
            if data is None:
                raise NotMapped(f"{va:#x} is mapped to memory outside the dump")
            parts.append(data)
            va += count
            size -= count
        return b"".join(parts)

    def word(self, va):
        """Eight bytes as a number."""
        return struct.unpack(self.core.order + "Q", self.read(va, 8))[0]
