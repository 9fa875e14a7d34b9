# SPDX-License-Identifier: GPL-2.0-or-later
"""A Xen host as an ELF core: machine memory, the hypervisor's page tables, its
list of domains and its frame table. README.md lists the keys of a [xen] section.

Machine memory, from the bottom of the first range:

	2 MiB       the hypervisor's image: data and page tables
	16 MiB      heap: struct domain, one page each
	20 MiB      the frame table
	28 MiB      the bitmap of frames in use (layouts of Xen 3)
	32 MiB      what the [frames] statements say, one after another
"""

import json
import struct

import genpath  # noqa: F401
from elfbuild import ElfFile, Load, align_up
from machine import merge_runs, parse_ranges
from pagetable import PageTable, x86_format
from pylib import bits, elfnote
from recipe import RecipeError, number, words_to_options

PAGE = 4096
DIRECT = 0xFFFF830000000000
IMAGE_PA, HEAP_PA, TABLE_PA, BITMAP_PA, FIRST_FREE = 2 << 20, 16 << 20, 20 << 20, 28 << 20, 32 << 20
DOMAIN_ID, NEXT_IN_LIST, DOMAIN_SIZE = 0, 120, 1024
CRASH_INFO, CRASH_REGS = 0x1000001, 0x1000002


class Layout:
    """How a hypervisor keeps account of frames, and where it is mapped."""

    text, frames = 0xFFFF82D080000000, 0xFFFF82E000000000
    # struct page_info: its size, and where members are
    size, count_info, owner = 32, 8, 24
    count = "<Q"          # type of count_info
    state = 58            # where the state bits are; None: a bitmap tells free frames
    extra = 0             # bit of count_info: pages of a guest that Xen uses
    domain_at = 0         # of struct domain in its page; an owner is its frame ...
    by_address = False    # ... or its machine address

    @property
    def allocated(self):
        """Bit of count_info."""
        return 1 << 8 * struct.calcsize(self.count) - 1

    @property
    def heap(self):
        """Bit of count_info; 0: a range of memory."""
        return 1 << 62 if self.count == "<Q" else 0


class New(Layout):
    """Since 4.14."""

    extra = 1 << 61


class Old(Layout):
    """Up to 4.13: cacheattr bits lie above those of the state."""

    state = 55


class Bitmap(Layout):
    """3.4"""

    text, frames, state = 0xFFFF828C80000000, 0xFFFF828400000000, None


class Int(Bitmap):
    """Up to 3.3: count_info has 32 bits, an owner is an address, Xen's heap a range."""

    size, count_info, owner, count = 40, 16, 20, "<I"
    domain_at, by_address = 0x80, True


class Direct(Int):
    """Up to 3.2: the hypervisor was linked to run in the direct map."""

    text = DIRECT + IMAGE_PA


LAYOUTS = {"new": New, "old": Old, "bitmap": Bitmap, "int": Int, "direct": Direct}


class XenHost:
    """Builds one dump. Use: XenHost(path, section, frames, info edits, pokes).build()."""

    def __init__(self, path, config, frames=(), edits=(), pokes=()):
        self.path, self.config = str(path), config
        self.frames, self.edits, self.pokes = list(frames), list(edits), list(pokes)
        self.ram = parse_ranges(config.get("ram", "0-48M"))
        self.layout = LAYOUTS[config.get("layout", "new")]()
        self.domains = [number(word) for word in config.get("domains", "0 1 2").split()]
        self.image_next = IMAGE_PA + PAGE
        self.dropped = {"xen_guest": [], "free": []}
        self.bits, self.kinds = {}, {}

    def owner(self, domain):
        """What _domain of a frame of this domain holds."""
        index = self.domains.index(domain) if domain in self.domains else 100 + domain
        at = HEAP_PA + index * PAGE + self.layout.domain_at
        return at if self.layout.by_address else at >> 12

    def free_info(self, kind):
        """(count_info, owner) of a free frame."""
        if self.layout.state is None:
            return 1 << 24 if kind == "dirty" else 0, 9
        info = 3 << self.layout.state
        return (info | self.layout.allocated, 0) if kind == "dirty" else (info, 9)

    def info(self, words):
        """(count_info, owner, class) of one kind of frame."""
        allocated, heap, kind = self.layout.allocated, self.layout.heap, words[0]
        if kind in ("free", "dirty"):  # dirty: to be scrubbed, or with bits of no meaning here
            return *self.free_info(kind), "free"
        guest = self.owner(self.domains[-1])
        kinds = {
            "dom0": lambda: (allocated | 1, self.owner(0), "kernel"),
            "guest": lambda: (allocated | 2, self.owner(number(words[1])), "xen_guest"),
            "unknown": lambda: (allocated | 1, self.owner(99), "kernel"),
            "heap": lambda: (heap | 1, 0, "kernel"),
            # of Xen's heap, given to a guest
            "shared": lambda: (heap | allocated | 1, guest, "kernel"),
            # of a guest, used by Xen where it has a bit for that
            "extra": lambda: (allocated | allocated >> 2, guest,
                              "kernel" if self.layout.extra else "xen_guest"),
            # a shadow page table: what it has in the place of an owner is a frame's number
            "shadow": lambda: (0, guest, "kernel"),
            "anonymous": lambda: (0, 0, "kernel"),
        }
        if kind not in kinds:
            raise RecipeError(f"unknown kind of frame {kind!r}")
        return kinds[kind]()

    def write(self, pa, data):
        """Write machine memory."""
        self.elf.write_phys(pa, data)

    def word(self, value):
        """Eight bytes."""
        return struct.pack("<Q", value & (1 << 64) - 1)

    def variable(self, name, value):
        """A pointer of the hypervisor; registers its symbol."""
        self.symbols[name] = self.layout.text + self.image_next - IMAGE_PA
        self.write(self.image_next, self.word(value))
        self.image_next += 8

    def alloc_table(self, size):
        """Room for a page table."""
        self.table_next = align_up(self.table_next, PAGE)
        self.table_next += size
        return self.table_next - size

    def build(self):
        """Write the dump and DUMP.json."""
        self.elf = ElfFile(self.path, page=PAGE)
        self.elf.note_room = 16 << 10
        self.elf.loads = [Load(first, end - first, 0) for first, end in self.ram]
        self.elf.layout()
        self.symbols = {}
        self.table_next = IMAGE_PA + 16 * PAGE
        self.build_tables()
        self.variable("domain_list", DIRECT + HEAP_PA + self.layout.domain_at)
        self.variable("frame_table", self.layout.frames)
        if self.layout.state is None:
            self.variable("alloc_bitmap", DIRECT + BITMAP_PA)
            self.write(BITMAP_PA, b"\xff" * (self.ram[-1][1] // PAGE // 8 + 8))
        if not self.layout.heap or self.config.flag("heap_end"):
            self.variable("xenheap_phys_end", TABLE_PA)
        for name in ("dom_xen", "dom_io"):
            self.variable(name, DIRECT + HEAP_PA + 64 * PAGE)
        self.variable("max_page", self.ram[-1][1] >> 12)
        self.build_domains()
        self.build_frames()
        self.elf.notes = self.notes()
        self.elf.write_headers()
        for words in self.pokes:
            self.poke(words)
        self.write_json()
        self.elf.close()

    def build_tables(self):
        """Image, direct map and frame table."""
        root = IMAGE_PA + 8 * PAGE
        self.symbols["pgd_l4"] = self.layout.text + root - IMAGE_PA
        self.table = PageTable(x86_format(4), "<", self.alloc_table, root)
        if self.layout.text < DIRECT:
            self.table.map(self.layout.text, IMAGE_PA, 2 << 20)
        hole = self.config.number("pdx_hole")
        for first, end in self.ram:
            start = first // (2 << 20) * (2 << 20)
            self.table.map(DIRECT + (start - hole if hole and start else start), start,
                           align_up(end, 2 << 20) - start)
        self.table.map(self.layout.frames, TABLE_PA, 8 << 20, 2 << 20)
        self.table.flush(self.write)

    def build_domains(self):
        """The chain of struct domain."""
        base = HEAP_PA + self.layout.domain_at
        for index in range(len(self.domains)):
            following = DIRECT + base + (index + 1) * PAGE if index + 1 < len(self.domains) else 0
            raw = bytearray(DOMAIN_SIZE)
            struct.pack_into("<H", raw, DOMAIN_ID, self.domains[index])
            struct.pack_into("<Q", raw, NEXT_IN_LIST, following)
            self.write(base + index * PAGE, bytes(raw))

    def set_frame(self, mfn, info, owner):
        """struct page_info of a machine frame."""
        raw = bytearray(self.layout.size)
        struct.pack_into(self.layout.count, raw, self.layout.count_info, info)
        struct.pack_into("<I", raw, self.layout.owner, owner)
        self.write(TABLE_PA + mfn * self.layout.size, bytes(raw))

    def set_bit(self, mfn, value):
        """A machine frame's bit in alloc_bitmap; one byte holds those of eight frames."""
        self.bits[mfn // 8] = self.bits.get(mfn // 8, 0xFF) & ~(1 << mfn % 8) | value << mfn % 8
        self.write(BITMAP_PA + mfn // 8, bytes([self.bits[mfn // 8]]))

    def build_frames(self):
        """Frame table and contents of the [frames] statements."""
        for index in range(len(self.domains)):
            self.set_frame((HEAP_PA >> 12) + index, self.layout.heap, 0)
        mfn = FIRST_FREE >> 12
        for words in self.frames:
            plain, options = words_to_options(words)
            count = next((number(w[1:]) for w in plain if w[0] == "x" and w[1:].isdigit()), 1)
            plain = [w for w in plain if not (w[0] == "x" and w[1:].isdigit())]
            mfn = number(options["at"]) if "at" in options else mfn
            info, owner, kind = self.info(plain)
            for at in range(mfn, mfn + count):
                self.set_frame(at, info, owner)
                if kind == "free" and self.layout.state is None:
                    self.set_bit(at, 0)
                if options.get("content") != "zero":
                    self.write(at * PAGE, f"MDFTAG-{plain[0]}-{at:x}".encode().ljust(64, b"."))
            self.kinds.setdefault(plain[0], []).append((mfn, mfn + count))
            if kind in self.dropped:
                self.dropped[kind].append((mfn, mfn + count))
            mfn += count

    def crash_info(self):
        """The longs of the crash info note."""
        version = self.config.get("version", "4.17").split(".")
        longs = [number(version[0]), number(version[1])] + [0x1000] * 5 + [0]
        longs += [IMAGE_PA, 0x777][:max(self.config.number("longs", 10) - 8, 0)]
        return b"".join(self.word(value) for value in longs[:self.config.number("longs", 10)])

    def info_text(self):
        """VMCOREINFO_XEN."""
        lines = ["PAGESIZE=4096"]
        lines += [f"SYMBOL({name})={value:x}" for name, value in self.symbols.items()]
        lines += [f"SIZE(page_info)={self.layout.size}", f"SIZE(domain)={DOMAIN_SIZE}",
                  f"OFFSET(page_info.count_info)={self.layout.count_info}",
                  f"OFFSET(page_info._domain)={self.layout.owner}",
                  f"OFFSET(domain.domain_id)={DOMAIN_ID}",
                  f"OFFSET(domain.next_in_list)={NEXT_IN_LIST}"]
        for words in self.edits:
            key = words[1].split("=")[0]
            lines = [line for line in lines if line.split("=")[0] != key]
            if words[0] == "set":
                lines.append(words[1])
        return "".join(line + "\n" for line in lines)

    def notes(self):
        """Per CPU registers, crash info of the first, the hypervisor's text."""
        area = b""
        for cpu in range(2):
            area += elfnote.build("CORE", 1, bytes(336), "<")
            area += elfnote.build("Xen", CRASH_REGS, bytes(32), "<")
            if cpu == 0:
                area += elfnote.build("Xen", CRASH_INFO, self.crash_info(), "<")
        if not self.config.flag("no_info"):
            text = self.info_text().encode()
            area += elfnote.build("VMCOREINFO_XEN", 0, text.ljust(4096 - 32, b"\0"), "<")
        else:
            with open(self.path + ".vmcoreinfo", "w", encoding="utf-8") as stream:
                stream.write(self.info_text())
        return area

    def poke(self, words):
        """`domain INDEX next VALUE`, `domain INDEX id VALUE`, `frame MFN info VALUE`,
        `frame MFN owner VALUE`, `bit MFN VALUE` of alloc_bitmap, `symbol NAME VALUE` (what
        the variable holds)."""
        value = number(words[-1]) & (1 << 64) - 1
        if words[0] == "symbol":
            self.write(self.symbols[words[1]] - self.layout.text + IMAGE_PA, self.word(value))
        elif words[0] == "bit":
            self.set_bit(number(words[1]), value)
        elif words[0] == "domain":
            at = HEAP_PA + number(words[1]) * PAGE + self.layout.domain_at
            if words[2] == "next":
                self.write(at + NEXT_IN_LIST, self.word(value))
            else:
                self.write(at + DOMAIN_ID, struct.pack("<H", value))
        else:
            at = TABLE_PA + number(words[1]) * self.layout.size
            if words[2] == "info":
                self.write(at + self.layout.count_info, struct.pack(self.layout.count, value))
            else:
                self.write(at + self.layout.owner, struct.pack("<I", value))

    def write_json(self):
        """What a filter must do with it; "xen" says what -X does: ok, refused, either."""
        present = bits.from_ranges((a // PAGE, -(-b // PAGE)) for a, b in self.ram)
        dropped = [run for runs in self.dropped.values() for run in runs]
        record = {"page_size": PAGE, "max_mapnr": -(-self.ram[-1][1] // PAGE), "arch": "x86_64",
                  "present": bits.ranges(present), "runs": merge_runs([]), "zero": [], "log": None,
                  "notes": {"xen": self.config.get("x", "ok"), "xen_dropped": bits.merge(dropped),
                            "xen_kinds": self.kinds}}
        with open(self.path + ".json", "w", encoding="utf-8") as stream:
            json.dump(record, stream)


def from_sections(path, by_name):
    """The host described by parsed recipe sections."""
    def statements(name):
        return [s for section in by_name.get(name, ()) for s in section.statements]

    return XenHost(path, by_name["xen"][0], statements("frames"), statements("vmcoreinfo"),
                   statements("poke"))
