# SPDX-License-Identifier: GPL-2.0-or-later
"""The [pages] statements of a machine: struct pages, page contents, classes.

A statement is `KIND [xCOUNT] [order=N] [at=PFN] [content=WHAT] [option=...]`.
Without at= it takes the next free pages, aligned to its order. WHAT is one of
tag (text that names kind and pfn), random, half (second half zero), mixed
(the three by turns), zero. `mix xPAGES` expands to a realistic mixture.
"""

import random

import infoblock
from elfbuild import align_up
from pylib import bits
from recipe import RecipeError, number, words_to_options
from structpage import SIZE, Pages

# What `mix` lays out in each block of 1024 pages: (kind, order, count)
MIXTURES = (
    (("free", 10, 1),),
    (("free", 9, 1), ("thp", 9, 1)),
    (("slab", 3, 16), ("free", 3, 3), ("anon", 0, 600), ("cache", 0, 200), ("kernel", 0, 32),
     ("cache-private", 0, 32), ("pcp", 0, 8)),
    (("cache", 4, 32), ("cache", 0, 512)),
    (("thp", 9, 2),),
    (("slab", 3, 64), ("large-kmalloc", 3, 16), ("kernel", 0, 200), ("pagetable", 0, 184)),
    (("hugetlb", 9, 2),),
    (("anon", 0, 900), ("anon-nolru", 0, 24), ("shmem", 0, 100)),
)
MIX_ORDER = (0, 2, 7, 3, 4, 2, 1, 0, 7, 2, 3, 6, 2, 4, 7, 0, 5, 2, 7, 3)
BLOCK = 1024


class Writer:
    """Carries out statements in order; remembers which pfns are taken."""

    def __init__(self, machine, first_free):
        self.machine = machine
        self.pages = Pages(machine.era, machine.order, machine.page_va,
                           machine.arch.linear(machine.kernel_pa + 0x3000),
                           machine.arch.linear(0xa0000))
        self.cursor = first_free >> machine.page_shift
        self.taken = []
        self.default_content = machine.config.get("content", "mixed")
        self.huge_order = machine.page_shift - 3
        self.tails = {}

    def statement(self, words):
        """Carry out one statement."""
        plain, options = words_to_options(words)
        kind, count = plain[0], 1
        for word in plain[1:]:
            if not word.startswith("x"):
                raise RecipeError(f"unexpected word {word!r} in {' '.join(words)!r}")
            count = number(word[1:])
        if kind == "mix":
            self.mix(count, options)
            return
        if kind not in self.pages.kinds:
            raise RecipeError(f"unknown kind of page {kind!r}")
        order = number(options.get("order", self.default_order(kind)))
        if "at" in options:
            pfn = number(options["at"])
        else:
            pfn = self.cursor = align_up(self.cursor, 1 << order)
        self.place(kind, pfn, order, count, options)
        if "at" not in options:
            self.cursor = pfn + (count << order)

    def default_order(self, kind):
        """Order of a kind when the statement gives none."""
        if kind in ("thp", "hugetlb", "hugetlb-poisoned"):
            return str(self.huge_order)
        return "10" if kind == "unaccepted" else "0"

    def mix(self, count, options):
        """Fill `count` pages (a multiple of 1024) with the mixtures by turns."""
        self.cursor = align_up(number(options.pop("at", str(self.cursor))), BLOCK)
        for block in range(count // BLOCK):
            pfn = self.cursor + block * BLOCK
            if self.machine.model != "flatmem" and pfn // self.machine.pps not in self.machine.arrays:
                continue  # a hole in memory has no struct pages
            chosen = MIXTURES[MIX_ORDER[(pfn // BLOCK) % len(MIX_ORDER)]]
            for kind, order, repeat in chosen:
                self.place(kind, pfn, order, repeat, options)
                pfn += repeat << order
        self.cursor += count // BLOCK * BLOCK

    def place(self, kind, pfn, order, count, options):
        """Write `count` blocks of one kind from pfn on."""
        build = self.pages.kinds[kind]
        if kind == "hugetlb" and options.get("hvo") == "yes":
            self.hvo(build, pfn, order, count, options)
        elif order == 0 and kind != "free":
            data, classes = build(pfn, 0, options)
            self.machine.write_structs(pfn, data * count)
            self.machine.runs.append([pfn, pfn + count, classes[0][1]])
        else:
            self.blocks(build, pfn, order, count, options)
        end = pfn + (count << order)
        self.taken.append((pfn, end))
        self.contents(kind, pfn, end, options.get("content", self.default_content))

    def blocks(self, build, pfn, order, count, options):
        """Blocks of order > 0, each with its own head address."""
        parts, first = [], pfn
        for at in range(pfn, pfn + (count << order), 1 << order):
            data, classes = build(at, order, options)
            parts.append(data)
            for length, name in classes:
                self.machine.runs.append([at, at + length, name])
                at += length
            if len(parts) * len(data) >= 4 << 20:
                self.machine.write_structs(first, b"".join(parts))
                first += sum(map(len, parts)) // SIZE
                parts = []
        self.machine.write_structs(first, b"".join(parts))

    def hvo(self, build, pfn, order, count, options):
        """HugeTLB pages whose struct pages share memory: up to v7.0 every page
        of struct pages shows the first one (kernel e7d324850bfc, in v5.18);
        from v7.1 all but the first show one page of tails (8c846c879e22)."""
        machine, size = self.machine, self.machine.page_size
        if machine.model != "vmemmap":
            raise RecipeError("hvo=yes needs model = vmemmap")
        for at in range(pfn, pfn + (count << order), 1 << order):
            data, _ = build(at, order, options)
            machine.write_structs(at, data[:size])
            shared = machine.page_pa(at)
            if machine.era.version >= (7, 1):
                shared = self.shared_tails(order, data)
            for offset in range(size, len(data), size):
                machine.overrides[machine.page_va(at) + offset] = shared
            machine.runs.append([at, at + (1 << order), "user"])
        if options.get("preinit") == "yes":
            sections = range(pfn // machine.pps, (pfn + (count << order)) // machine.pps)
            machine.notes_for_json.setdefault("preinit_sections", set()).update(sections)

    def shared_tails(self, order, data):
        """Place of the page of tails that all HugeTLB pages of an order share."""
        if order not in self.tails:
            self.tails[order] = self.machine.alloc_boot(self.machine.page_size)
            self.machine.write(self.tails[order],
                               data[-SIZE:] * (self.machine.page_size // SIZE))
        return self.tails[order]

    def contents(self, kind, pfn, end, what):
        """Write page bytes; pages outside RAM have none."""
        if what == "zero":
            return
        size = self.machine.page_size
        for at in range(pfn, end):
            if self.machine.elf.load_of(at * size) and self.machine.elf.load_of(at * size + size - 1):
                self.machine.write(at * size, page_bytes(kind, at, size, what))

    def finish(self):
        """Give every pfn of a present section that no statement took a struct
        page: the kernel's image, kernel data where there is RAM, reserved elsewhere."""
        machine = self.machine
        ram = bits.merge((first // machine.page_size, -(-end // machine.page_size))
                         for first, end in machine.ram)
        if machine.model == "flatmem":
            spans = [(machine.flat_start, machine.max_mapnr)]
        else:
            spans = [(s * machine.pps, (s + 1) * machine.pps) for s in machine.arrays
                     if not machine.alias.is_copy(s)]
        image = [(machine.kernel_pa // machine.page_size, machine.image_end // machine.page_size)]
        for first, end in subtract(intersect(spans, intersect(ram, image)),
                                   bits.merge(self.taken)):
            machine.write_structs(first, b"".join(self.pages.kinds["image"](pfn, 0, {})[0]
                                                  for pfn in range(first, end)))
            self.taken.append((first, end))
        for kind, ranges in (("kernel", ram), ("reserved", [(0, 1 << 52)])):
            for first, end in subtract(intersect(spans, ranges), bits.merge(self.taken)):
                data, _ = self.pages.kinds[kind](first, 0, {})
                for at in range(first, end, 65536):
                    machine.write_structs(at, data * (min(at + 65536, end) - at))
                self.taken.append((first, end))
        self.alias_runs()

    def alias_runs(self):
        """Repeat the classes of the aliased section for every section that shares it."""
        machine, alias = self.machine, self.machine.alias
        low, high = alias.first * machine.pps, (alias.first + 1) * machine.pps
        model = [run for run in machine.runs if low <= run[0] < high]
        for section in filter(alias.is_copy, machine.arrays):
            shift = section * machine.pps - low
            machine.runs += [[a + shift, b + shift, kind] for a, b, kind in model]


def page_bytes(kind, pfn, size, what):
    """Content of one page; every kind of content starts with the page's tag."""
    tag = f"MDFTAG-{kind.upper()}-{pfn:010x} ".encode()
    if what == "mixed":
        what = {3: "random", 5: "half"}.get(pfn % 8, "tag")
    if what == "random":
        return tag + random.Random(pfn).randbytes(size - len(tag))
    if what == "half":
        return (tag * (size // len(tag) + 1))[:size // 2].ljust(size, b"\0")
    if what == "tag":
        return (tag * (size // len(tag) + 1))[:size]
    raise RecipeError(f"unknown content {what!r}")


def intersect(one, other):
    """Common parts of two lists of half-open ranges."""
    return bits.merge((max(a, c), min(b, d)) for a, b in one for c, d in other)


def subtract(ranges, taken):
    """Parts of ranges outside the sorted ranges `taken`."""
    result = []
    for first, end in ranges:
        for low, high in taken:
            if high <= first or low >= end:
                continue
            if first < low:
                result.append((first, low))
            first = max(first, high)
        if first < end:
            result.append((first, end))
    return result


class Alias:
    """Sections that show the struct pages of another: number `first` is repeated by all
    sections behind it and before `end`.

    With alias_repeat, the memory of these sections is stored in PT_LOADs of that
    many bytes which share the bytes of the file, so that memory may be larger than
    a file can be.
    """

    def __init__(self, machine):
        config, shift = machine.config, machine.arch.section_bits
        # Without alias_from no section begins at or behind this one.
        self.low = config.number("alias_from", 1 << 64)
        self.high = config.number("alias_to", 1 << 64)
        self.first, self.end = self.low >> shift, self.high >> shift
        self.repeat = config.number("alias_repeat", 0)

    def is_copy(self, section):
        """True when a section has no struct pages of its own."""
        return self.first < section < self.end

    def cut(self, ranges):
        """Ranges of physical memory in pieces of one PT_LOAD each."""
        for first, end in ranges:
            if self.repeat and first < self.low < end:
                high = min(end, self.high)
                yield first, self.low
                for at in range(self.low, high, self.repeat):
                    yield at, min(at + self.repeat, high)
                first = high
            if first < end:
                yield first, end


def fill(machine, first_free):
    """Carry out all statements of a machine; the rest of RAM becomes kernel pages.

    Boot memory below first_free is left to the kernel class as well.
    """
    writer = Writer(machine, first_free)
    for words in machine.statements:
        writer.statement(words)
    for first, end in machine.pmem:
        pmem_runs(machine, writer, first, end)
    writer.finish()


def pmem_runs(machine, writer, first, end):
    """Struct pages and classes of a persistent memory region whose own struct
    pages lie at its start."""
    size = machine.page_size
    sections = (end - first) >> machine.arch.section_bits
    meta = first + (2 << 20) + sections * machine.pps * SIZE
    writer.place("zone-device", first // size, 0, (end - first) // size, {"content": "zero"})
    machine.runs.pop()
    machine.runs.append([first // size, meta // size, "pmem_metadata"])
    machine.runs.append([meta // size, end // size, "pmem_userdata"])
    machine.write(meta, page_bytes("pmem-user", meta // size, size, "tag"))
    machine.notes_for_json.setdefault("pmem_metadata", []).append((first // size, meta // size))
    kind = machine.config.get("pmem_block")
    if kind:
        machine.write(first + infoblock.OFFSET, infoblock.info_block(
            kind, infoblock.DEVICE, meta - first, end - first))
