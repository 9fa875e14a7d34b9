# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel page tables of a generated machine, for any radix geometry."""

import struct


class Format:
    """Entry encoding of an architecture.

    shifts: lowest address bit translated by each level, top level first.
    bits: index bits per level.
    top_bits: index bits of the top level, which may be fewer.
    leaf_levels: shifts at which a leaf (huge page) is allowed.
    """

    def __init__(self, shifts, bits, leaf_levels, table, leaf, top_bits=None):
        self.shifts, self.bits, self.leaf_levels = shifts, bits, leaf_levels
        self.top_bits = bits if top_bits is None else top_bits
        self.table, self.leaf = table, leaf


def x86_format(levels, sme_mask=0):
    """4 or 5 levels of 9 bits; leaves of 4 KiB, 2 MiB and 1 GiB."""
    present, writable, accessed, huge, nx = 1, 2, 0x20, 0x80, 1 << 63

    def table(address):
        return address | sme_mask | present | writable | accessed | 0x40

    def leaf(address, shift):
        flags = present | writable | accessed | 0x40 | 0x100 | nx
        return address | sme_mask | flags | (huge if shift > 12 else 0)

    return Format([48, 39, 30, 21, 12][5 - levels:], 9, (30, 21, 12), table, leaf)


def arm64_format(page_shift, va_bits, wide=None):
    """Tables for a granule and VA size. wide: None = 48-bit output addresses,
    "64k" = bits 51:48 in 15:12, "lpa2" = bits 51:50 in 9:8."""
    bits = page_shift - 3
    levels = -(-(va_bits - page_shift) // bits)
    shifts = [page_shift + level * bits for level in range(levels - 1, -1, -1)]

    def place(address):
        if wide == "64k":
            return address & 0xFFFFFFFF0000 | address >> 48 << 12
        if wide == "lpa2":
            return address & (1 << 50) - (1 << page_shift) | address >> 50 << 8
        return address

    def table(address):
        return place(address) | 3

    def leaf(address, shift):
        share = 0 if wide == "lpa2" else 0x300
        return place(address) | share | 0x400 | (1 << 54) | (3 if shift == page_shift else 1)

    leaves = tuple(s for s in shifts[-3:] if s == page_shift or s <= 30)
    return Format(shifts, bits, leaves, table, leaf, va_bits - shifts[0])


class PageTable:
    """Builds tables in memory obtained from alloc(size) -> physical address.

    entries can be inspected or overwritten before flush(write) stores them.
    """

    def __init__(self, form, order, alloc, root):
        self.form, self.order, self.alloc, self.root = form, order, alloc, root
        self.tables = {root: {}}

    def index(self, va, level):
        """Index of va in a table of this level (0 = top)."""
        bits = self.form.bits if level else self.form.top_bits
        return (va >> self.form.shifts[level]) & ((1 << bits) - 1)

    def table_size(self):
        """Bytes of one table below the top."""
        return 8 << self.form.bits

    def entry_place(self, va, level):
        """(table address, index) of the entry that translates va at a level."""
        table = self.root
        for above in range(level):
            entry = self.tables[table].get(self.index(va, above))
            if not isinstance(entry, tuple):
                raise KeyError(f"{va:#x} has no table at level {above}")
            table = entry[1]
        return table, self.index(va, level)

    def set_raw(self, va, level, value):
        """Overwrite the entry of va at a level with a raw value."""
        table, index = self.entry_place(va, level)
        self.tables[table][index] = value

    def point_to_itself(self, va, level):
        """Make the entry of va at a level point back at its own table."""
        table, index = self.entry_place(va, level)
        self.tables[table][index] = self.form.table(table)

    def map(self, va, pa, size, largest=1 << 40):
        """Map [va, va+size) with the largest leaves that alignment allows."""
        end = va + size
        while va < end:
            for level, shift in enumerate(self.form.shifts):
                span = 1 << shift
                if (shift in self.form.leaf_levels and span <= largest and span <= end - va
                        and not va % span and not pa % span):
                    break
            else:
                level, span = len(self.form.shifts) - 1, 1 << self.form.shifts[-1]
            self._set_leaf(va, pa, level)
            va += span
            pa += span

    def _set_leaf(self, va, pa, leaf_level):
        table = self.root
        for level in range(leaf_level):
            entries, index = self.tables[table], self.index(va, level)
            if index not in entries:
                below = self.alloc(self.table_size())
                self.tables[below] = {}
                entries[index] = ("table", below)
            elif not isinstance(entries[index], tuple):
                raise ValueError(f"{va:#x} is already mapped by a larger page")
            table = entries[index][1]
        self.tables[table][self.index(va, leaf_level)] = \
            self.form.leaf(pa, self.form.shifts[leaf_level])

    def flush(self, write):
        """Store every table through write(pa, bytes)."""
        for address, entries in self.tables.items():
            raw = bytearray(self.table_size())
            for index, entry in entries.items():
                value = self.form.table(entry[1]) if isinstance(entry, tuple) else entry
                struct.pack_into(self.order + "Q", raw, index * 8, value & (1 << 64) - 1)
            write(address, bytes(raw))
