# SPDX-License-Identifier: GPL-2.0-or-later
"""Address space of generated machines, one class per architecture.

To add an architecture: write a class with the members of X86 below and put
it in ARCHES. All addresses are bytes; every machine is 64-bit.
"""

import pagetable

MASK = (1 << 64) - 1


class X86:
    """x86_64, 4 or 5 levels. Options: levels, kaslr, sme (bit number)."""

    name, machine, order, utsname = "x86_64", 62, "<", "x86_64"
    page_shift, section_bits = 12, 27
    phys_start, prstatus = 0, 336
    TEXT_BASE = 0xFFFFFFFF80000000

    def __init__(self, options):
        self.levels = options.number("levels", 4)
        five, moved = self.levels == 5, options.flag("kaslr")
        self.page_offset = 0xFF11000000000000 if five else 0xFFFF888000000000
        self.vmemmap = 0xFFD4000000000000 if five else 0xFFFFEA0000000000
        self.vmalloc = 0xFFA0000000000000 if five else 0xFFFFC90000000000
        self.kaslr_offset = 0x15200000 if moved else 0
        if moved:
            self.page_offset += 0x123 << 30
            self.vmemmap += 0x45 << 30
            self.vmalloc += 0x67 << 30
        self.text_va = self.TEXT_BASE + 0x1000000 + self.kaslr_offset
        self.kernel_pa = options.number("kernel_pa", 0xF600000 if moved else 0x1000000)
        self.sme_mask = 1 << options.number("sme") if options.get("sme") else 0
        self.max_physmem_bits = 52 if five else 46

    def linear(self, pa):
        """Direct map address of a physical address."""
        return (self.page_offset + pa) & MASK

    def kcore_areas(self):
        """(start, size) of what /proc/kcore lists beside RAM and text: vmalloc, modules, vmemmap."""
        return [(self.vmalloc, (32 << 40) - 1), (0xFFFFFFFFC0000000, 0x3F000000),
                (self.vmemmap + 0x40, 1 << 20)]

    def tables(self):
        """Page table format."""
        return pagetable.x86_format(self.levels, self.sme_mask)

    def root_symbol(self):
        """Name of the top page table."""
        return "init_top_pgt"

    def lines(self, version):
        """VMCOREINFO lines of the architecture."""
        base = self.kernel_pa - (self.text_va - self.TEXT_BASE)
        lines = [f"NUMBER(phys_base)={base}",
                 f"NUMBER(pgtable_l5_enabled)={int(self.levels == 5)}",
                 f"KERNELOFFSET={self.kaslr_offset:x}", "NUMBER(KERNEL_IMAGE_SIZE)=1073741824"]
        signed = self.sme_mask - (1 << 64) if self.sme_mask >> 63 else self.sme_mask
        lines.append(f"NUMBER(sme_mask)={signed}")
        if version >= (6, 9):
            lines.append(f"NUMBER(VMALLOC_START)=0x{self.vmalloc:x}")
        return lines


class Arm64:
    """arm64. Options: page (4K, 16K, 64K), va_bits (config), wide=yes for 52-bit
    physical addresses (LPA2 with 4K and 16K)."""

    name, machine, order, utsname = "arm64", 183, "<", "aarch64"
    prstatus = 392

    def __init__(self, options):
        page = options.number("page", 4096)
        self.page_shift = page.bit_length() - 1
        self.phys_start = options.number("phys_start", 0x40000000)
        self.va_bits = options.number("va_bits", 47 if page == 16384 else 48)
        self.wide = options.flag("wide", self.va_bits == 52)
        self.section_bits = 29 if page == 65536 else 27
        self.page_offset = -(1 << self.va_bits) & MASK
        least = 47 if page == 16384 and self.va_bits != 52 else min(self.va_bits, 48)
        page_end = -(1 << least - 1) & MASK
        self.modules = page_end
        self.kaslr_offset = 0x2A00000 if options.flag("kaslr") else 0
        self.text_va = page_end + (128 << 20) + 0x8000000 + self.kaslr_offset
        self.kernel_pa = self.phys_start + 0x200000
        self.version = tuple(int(x) for x in options.get("era", "6.12").split("."))
        size = ((page_end - self.page_offset) >> self.page_shift) * 64
        if self.version >= (6, 9):
            self.vmemmap_start = (-(1 << 30) & MASK) - size
        elif self.version >= (5, 11):
            self.vmemmap_start = -(1 << self.va_bits - (self.page_shift - 6)) & MASK
        else:
            self.vmemmap_start = ((-size & MASK) - (2 << 20)) & MASK
        self.vmemmap_end = (self.vmemmap_start + size) & MASK
        self.vmemmap = (self.vmemmap_start - (self.phys_start >> self.page_shift) * 64) & MASK
        self.vmalloc = self.modules + (2 << 30)
        self.max_physmem_bits = 52 if self.wide else 48

    def linear(self, pa):
        """Linear map address (physical memory starts at PHYS_OFFSET)."""
        return (self.page_offset + pa - self.phys_start) & MASK

    def kcore_areas(self):
        """(start, size) of what /proc/kcore lists beside RAM and text: modules with vmalloc."""
        return [(self.modules, 1 << 40)]

    def tables(self):
        """Page table format; LPA2 for 4K and 16K pages."""
        wide = None
        if self.wide:
            wide = "64k" if self.page_shift == 16 else "lpa2"
        return pagetable.arm64_format(self.page_shift, self.va_bits, wide)

    def root_symbol(self):
        """Name of the top page table."""
        return "swapper_pg_dir"

    def lines(self, version):
        """VMCOREINFO lines of the architecture."""
        offset = (self.text_va - self.kernel_pa) & MASK
        lines = [f"NUMBER(VA_BITS)={self.va_bits}"]
        if version >= (6, 1):
            lines += [f"NUMBER(MODULES_VADDR)=0x{self.modules:x}",
                      f"NUMBER(MODULES_END)=0x{self.modules + (128 << 20):x}",
                      f"NUMBER(VMALLOC_START)=0x{self.vmalloc:x}",
                      f"NUMBER(VMALLOC_END)=0x{self.vmemmap_start - (256 << 20):x}",
                      f"NUMBER(VMEMMAP_START)=0x{self.vmemmap_start:x}",
                      f"NUMBER(VMEMMAP_END)=0x{self.vmemmap_end:x}"]
        lines += [f"NUMBER(kimage_voffset)=0x{offset:x}",
                  f"NUMBER(PHYS_OFFSET)=0x{self.phys_start:x}",
                  f"NUMBER(TCR_EL1_T1SZ)=0x{64 - self.va_bits:x}",
                  f"KERNELOFFSET={self.kaslr_offset:x}", "NUMBER(KERNELPACMASK)=0x0"]
        return lines


class S390:
    """s390x before 6.10: virtual = physical, big endian, no page table needed
    for FLATMEM and SPARSEMEM. Stands for "any big-endian machine" in tests."""

    name, machine, order, utsname = "s390x", 22, ">", "s390x"
    page_shift, section_bits, max_physmem_bits = 12, 28, 46
    phys_start, page_offset, kaslr_offset, prstatus = 0, 0, 0, 336
    vmemmap = 0

    def __init__(self, options):
        self.kernel_pa = self.text_va = 0x1000000

    def linear(self, pa):
        """Identity."""
        return pa

    def tables(self):
        """No tables are built."""
        return None

    def root_symbol(self):
        """Name of the top page table."""
        return "swapper_pg_dir"

    def lines(self, version):
        """VMCOREINFO lines of the architecture."""
        return ["SYMBOL(high_memory)=0", "KERNELOFFSET=0"]


ARCHES = {"x86_64": X86, "arm64": Arm64, "s390x": S390}
