# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole synthetic Linux machine as a sparse ELF core.

Memory holds real page tables, mem_section roots, struct pages, a printk ring
and utsname; VMCOREINFO matches. Physical layout, from the start of memory:

	kernel image   text (2 MiB) and data (2 MiB)
	boot memory    struct pages, mem_section, log, page tables
	the rest       what the [pages] statements say

README.md lists the keys of a [machine] section.
"""

import itertools
import json
import os
import struct

import genpath  # noqa: F401
import machinecpus
import machineinfo
import machinepages
import machinepoke
from arch import ARCHES
from elfbuild import ElfFile, Load, align_up
from eras import ERAS
from pagetable import PageTable
from pylib import bits
from pylib.elfcore import PT_LOAD
from recipe import RecipeError, Section, number

IMAGE_SIZE, DATA_START = 4 << 20, 2 << 20
SP = 64
NOTE_ROOM = 64 << 10
# section_mem_map bits: present, has map, online (v4.13), early (v5.3)
SECTION_FLAGS = 0x0F


def parse_ranges(text):
    """[(first, end)] in bytes from "0x1000-0x9fc00 1M-64M"."""
    result = []
    for word in text.split():
        first, dash, end = word.partition("-")
        if not dash:
            raise RecipeError(f"not a range: {word!r}")
        result.append((number(first), number(end)))
    return sorted(result)


class Machine:
    """Builds one dump. Use: Machine(path, config, ...).build()."""

    def __init__(self, path, config, pages=(), vmcoreinfo=(), pokes=(), log=None):
        self.path, self.config = str(path), config
        self.statements, self.info_edits, self.pokes = list(pages), list(vmcoreinfo), list(pokes)
        self.log_statements = log
        self.era = ERAS[config.get("era", "6.12")]
        self.arch = ARCHES[config.get("arch", "x86_64")](config)
        self.model = config.get("model", "vmemmap")
        if self.model not in ("vmemmap", "extreme", "sparsemem", "flatmem"):
            raise RecipeError(f"unknown model {self.model!r}")
        self.order = self.arch.order
        self.page_shift = self.arch.page_shift
        self.page_size = 1 << self.page_shift
        self._memory_ranges()
        self.symbols, self.notes_for_json = {}, {}
        self.runs, self.overrides = [], {}
        self.kernel_pa = self.arch.kernel_pa
        self.data_next = self.kernel_pa + DATA_START
        self.image_end = self.boot_next = self.kernel_pa + IMAGE_SIZE
        self.elf = None

    def _memory_ranges(self):
        start, size = self.arch.phys_start, self.config.number("memory", 64 << 20)
        text = self.config.get("ram")
        self.ram = parse_ranges(text) if text else [(start, start + size)]
        pmem = self.config.get("pmem")
        self.pmem = parse_ranges(pmem) if pmem else []
        self.pps = 1 << (self.arch.section_bits - self.page_shift)
        self.alias = machinepages.Alias(self)
        self.max_mapnr = -(-max(end for _, end in self.ram + self.pmem) // self.page_size)

    # --- addresses and allocation ---

    def text_va(self, pa):
        """Kernel image address of a physical address inside the image."""
        return self.arch.text_va + pa - self.kernel_pa

    def alloc_data(self, name, size, align=8):
        """Room in kernel data; registers SYMBOL(name); returns its pa."""
        pa = align_up(self.data_next, align)
        self.data_next = pa + size
        if self.data_next > self.kernel_pa + IMAGE_SIZE:
            raise RecipeError("kernel data is full")
        self.symbols[name] = self.text_va(pa)
        return pa

    def alloc_boot(self, size, align=None):
        """Room in boot memory; returns its pa."""
        pa = align_up(self.boot_next, align or min(align_up(size, self.page_size), 2 << 20))
        self.boot_next = pa + size
        if not any(first <= pa and pa + size <= end for first, end in self.ram):
            raise RecipeError("boot memory does not fit the first RAM range")
        return pa

    def write(self, pa, data):
        """Write physical memory."""
        self.elf.write_phys(pa, data)

    def word(self, value):
        """Eight bytes in the machine's order."""
        return struct.pack(self.order + "Q", value & (1 << 64) - 1)

    # --- struct pages ---

    def sections(self):
        """Numbers of the sections that hold RAM or persistent memory."""
        result = set()
        size = 1 << self.arch.section_bits
        for first, end in self.ram + self.pmem:
            result |= set(range(first // size, -(-end // size)))
        return sorted(result)

    def plan_mem_map(self):
        """Choose the physical place of every struct page array."""
        self.arrays = {}
        if self.model == "flatmem":
            self.flat_start = self.arch.phys_start >> self.page_shift
            self.flat_pa = self.alloc_boot((self.max_mapnr - self.flat_start) * SP)
            return
        size = self.pps * SP
        numbers = self.sections()
        # classic SPARSEMEM arrays need not be contiguous: place them backwards
        if self.model != "vmemmap":
            numbers = numbers[::-1]
        for section in numbers:
            first = section << self.arch.section_bits
            device = [p for p in self.pmem if p[0] <= first < p[1]]
            if device:
                base = device[0][0]
                self.arrays[section] = base + (2 << 20) + (first - base >> self.arch.section_bits) * size
            elif self.alias.is_copy(section):
                self.arrays[section] = self.arrays[self.alias.first]
            else:
                self.arrays[section] = self.alloc_boot(size)

    def page_va(self, pfn):
        """Kernel virtual address of a struct page."""
        if self.model == "vmemmap":
            return (self.arch.vmemmap + pfn * SP) & (1 << 64) - 1
        return self.arch.linear(self.page_pa(pfn))

    def page_pa(self, pfn):
        """Physical address of the memory that backs a struct page."""
        if self.model == "flatmem":
            return self.flat_pa + (pfn - self.flat_start) * SP
        section, index = divmod(pfn, self.pps)
        return self.arrays[section] + index * SP

    def write_structs(self, pfn, data):
        """Store struct pages from pfn on; the arrays may be apart."""
        view = memoryview(data)
        while len(view):
            room = len(view) if self.model == "flatmem" else (self.pps - pfn % self.pps) * SP
            count = min(len(view), room)
            self.write(self.page_pa(pfn), view[:count])
            view = view[count:]
            pfn += count // SP

    # --- mem_section, page tables ---

    def section_value(self, section):
        """section_mem_map of a present section."""
        start = section * self.pps
        value = self.page_va(start) - start * SP
        preinit = self.notes_for_json.get("preinit_sections", ())
        return (value & (1 << 64) - 1) | SECTION_FLAGS | (0x20 if section in preinit else 0)

    def build_mem_section(self):
        """mem_section as exported since v4.15: the address of the root array."""
        if self.model == "flatmem":
            pa = self.alloc_data("mem_map", 8)
            self.write(pa, self.word(self.page_va(self.flat_start)))
            return
        count = 1 << (self.arch.max_physmem_bits - self.arch.section_bits)
        per_root = 1 if self.model == "sparsemem" else self.page_size // 16
        self.mem_section_length = -(-count // per_root)
        self.section_places = {}
        if self.model == "sparsemem":
            pa = self.alloc_boot(count * 16)
            self.root_array = pa
            for section in self.sections():
                self.section_places[section] = pa + section * 16
        else:
            # deliberately not page aligned, as on real kernels
            pa = self.alloc_boot(self.mem_section_length * 8 + 0x680) + 0x680
            self.root_array = pa
            for root, sections in itertools.groupby(self.sections(), lambda n: n // per_root):
                place = self.alloc_boot(self.page_size)
                self.write(pa + root * 8, self.word(self.arch.linear(place)))
                for section in sections:
                    self.section_places[section] = place + section % per_root * 16
        self.symbols["mem_section"] = self.arch.linear(pa)
        for section, place in self.section_places.items():
            self.write(place, self.word(self.section_value(section)))

    def build_tables(self):
        """Kernel page tables: direct map, image, vmemmap."""
        form = self.arch.tables()
        root = self.alloc_data(self.arch.root_symbol(), 8 * self.page_size, 2 * self.page_size)
        if form is None:
            return
        self.table = PageTable(form, self.order, self.alloc_boot, root)
        for first, end in bits.merge((a // (2 << 20) * (2 << 20), align_up(b, 2 << 20))
                                     for a, b in self.ram):
            self.table.map(self.arch.linear(first), first, end - first)
        self.table.map(self.arch.text_va, self.kernel_pa, IMAGE_SIZE)
        if self.model == "vmemmap":
            for section, pa in self.arrays.items():
                self._map_vmemmap(self.page_va(section * self.pps), pa)
        machinecpus.map_entry_areas(self)

    def _map_vmemmap(self, va, pa):
        """Map one section's struct pages, page by page where HVO remapped some."""
        step = min(2 << 20, self.pps * SP)
        for at in range(0, self.pps * SP, step):
            pages = range(va + at, va + at + step, self.page_size)
            if not self.overrides or not any(page in self.overrides for page in pages):
                self.table.map(va + at, pa + at, step)
                continue
            for page in pages:
                place = self.overrides.get(page, pa + page - va)
                self.table.map(page, place, self.page_size, self.page_size)

    # --- the whole ---

    def build(self):
        """Write the dump and DUMP.json."""
        self._open()
        self.plan_mem_map()
        log = machineinfo.build_log(self)
        boot_guess = align_up(self.boot_next + self._table_room(), 2 << 20)
        machinepages.fill(self, boot_guess)
        self.build_mem_section()
        machineinfo.build_data(self)
        self.build_tables()
        if self.boot_next > boot_guess:
            raise RecipeError("boot memory is larger than planned")
        machinepoke.before_flush(self)
        if self.arch.tables() is not None:
            self.table.flush(self.write)
        self.elf.notes = self.notes()
        if len(self.elf.notes) > NOTE_ROOM:
            raise RecipeError("notes are larger than planned")
        self.elf.write_headers()
        machinecpus.finish(self)
        machinepoke.after_flush(self)
        self._write_json(log)
        self.elf.close()

    def notes(self):
        """What is in the note area."""
        return machineinfo.notes(self)

    def _table_room(self):
        """Generous size of what is allocated after the struct pages."""
        memory = sum(end - first for first, end in self.ram)
        mem_section = (1 << self.arch.max_physmem_bits - self.arch.section_bits) * 16
        if self.model != "sparsemem":
            mem_section = mem_section // self.page_size * 8 + len(self.sections()) * 64
        struct_map = len(self.sections()) * 8 * self.page_size // 64
        return (2 << 20) + mem_section + memory // 4096 + struct_map + 64 * self.page_size

    def _open(self):
        qemu = self.config.get("elf", "kexec") == "qemu"
        self.elf = ElfFile(self.path, order=self.order, machine=self.arch.machine,
                           phoff_mode="after-sections" if qemu else "after-ehdr",
                           xnum=self.config.flag("xnum"), ehsize=8 if qemu else None,
                           page=self.page_size)
        self.elf.note_room = NOTE_ROOM
        ram, repeated = [], None
        for first, end in self.alias.cut(self.ram):
            ram.append(Load(first, end - first, first if qemu else self.arch.linear(first),
                            flags=0 if qemu else 7))
            if self.alias.is_copy(first >> self.arch.section_bits):
                ram[-1].repeat = repeated
            elif first == self.alias.low:
                repeated = ram[-1]
        # Thousands of them are no place to look for what is written.
        ram.sort(key=lambda load: load.repeat is not None)
        ram += [Load(first, end - first, first, flags=0x17) for first, end in self.pmem]
        text = []
        if not qemu:
            owner = next((l for l in ram if l.paddr <= self.kernel_pa < l.paddr + l.memsz), None)
            if owner is None:
                raise RecipeError("the kernel image is not in RAM")
            text = [Load(self.kernel_pa, IMAGE_SIZE, self.arch.text_va, share=owner)]
        self.elf.loads = text + ram
        if self.config.get("elf", "kexec") == "kcore":
            self._shape_as_kcore()
        self.elf.layout()

    def _shape_as_kcore(self):
        """The other areas of virtual memory, stored nowhere, and no size of the notes in memory."""
        self.elf.note_memsz = 0
        for load in self.elf.loads:
            load.align = self.page_size
        for start, size in self.arch.kcore_areas():
            self.elf.extra_phdrs.append((PT_LOAD, 7, (start & (1 << 47) - 1) + NOTE_ROOM, start, -1,
                                         size, size, self.page_size))

    def zero_ranges(self):
        """Half-open pfn ranges whose bytes in the file are all zero."""
        present, nonzero = 0, []
        zero = bytes(self.page_size)
        for load in self.elf.loads:
            first, end = load.paddr // self.page_size, -(-(load.paddr + load.memsz) // self.page_size)
            present |= bits.from_ranges([(first, end)])
            at = load.offset
            while True:
                try:
                    start = os.lseek(self.elf.fd, at, os.SEEK_DATA)
                except OSError:
                    break
                stop = min(os.lseek(self.elf.fd, start, os.SEEK_HOLE), load.offset + load.filesz)
                if start >= stop:
                    break
                nonzero += self._nonzero_pages(load, start, stop, zero)
                at = stop
        self.present = present
        return bits.ranges(present & ~bits.from_iterable(nonzero))

    def _nonzero_pages(self, load, start, stop, zero):
        """Pfns with a non-zero byte in the file range [start, stop) of a load."""
        result, size = [], self.page_size
        shift = load.paddr - load.offset
        step = 256 * size
        at = (start + shift) // size * size - shift
        while at < stop:
            low = max(at, load.offset)
            data = os.pread(self.elf.fd, min(at + step, load.offset + load.filesz) - low, low)
            for page in range(at, min(at + step, stop), size):
                part = data[max(page - low, 0):page + size - low]
                if part != zero[:len(part)]:
                    result.append((page + shift) // size)
            at += step
        return result

    def memory_map(self):
        """[[pfn, pa]]: each page of memory, pa, that holds struct pages of the pfns from
        this one on, as many as fit. Where one is mapped twice, it is there twice."""
        per = self.page_size // SP
        if self.model == "flatmem":
            starts = [(self.flat_start, self.max_mapnr)]
        else:
            starts = [(s * self.pps, (s + 1) * self.pps) for s in sorted(self.arrays)]
        return [[pfn, self.overrides.get(self.page_va(pfn), self.page_pa(pfn))]
                for first, end in starts for pfn in range(first, end, per)]

    def _write_json(self, log):
        zero = self.zero_ranges()
        self.notes_for_json["symbols"] = {k: f"{v:x}" for k, v in self.symbols.items()}
        record = {"page_size": self.page_size, "max_mapnr": self.max_mapnr,
                  "arch": self.arch.name, "era": self.era.name, "model": self.model,
                  "present": bits.ranges(self.present), "runs": merge_runs(self.runs),
                  "zero": zero, "memory_map": self.memory_map(), "log": log, "notes": self.notes_for_json}
        with open(self.path + ".json", "w", encoding="utf-8") as stream:
            json.dump(record, stream, default=sorted)


class Unexplained(Machine):
    """A machine without DUMP.json, which takes long to work out for terabytes."""

    def _write_json(self, log):
        pass


def merge_runs(runs):
    """Sorted runs with neighbours of the same class joined; later runs must not overlap."""
    result = []
    for first, end, kind in sorted(runs):
        if result and first < result[-1][1]:
            raise RecipeError(f"pages {first:#x}-{end:#x} are described twice")
        if result and result[-1][1] == first and result[-1][2] == kind:
            result[-1] = [result[-1][0], end, kind]
        else:
            result.append([first, end, kind])
    return [run for run in result if run[2] != "kernel"]


def from_sections(path, sections, special=None):
    """The Machine described by parsed recipe sections, or one of a special kind."""
    by_name = {}
    for section in sections:
        by_name.setdefault(section.name, []).append(section)
    if len(by_name.get("machine", ())) != 1:
        raise RecipeError("a machine recipe has exactly one [machine] section")

    def statements(name):
        return [s for section in by_name.get(name, ()) for s in section.statements]

    log = statements("log") if "log" in by_name else None
    return (special or Machine)(path, by_name["machine"][0], statements("pages"), statements("vmcoreinfo"),
                   statements("poke"), log)


def config(**keys):
    """A [machine] section from keyword arguments, for tests written in Python."""
    section = Section("machine", 0)
    section.keys = {key: str(value) for key, value in keys.items()}
    return section
