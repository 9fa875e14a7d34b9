# SPDX-License-Identifier: GPL-2.0-or-later
"""A Xen host as an ELF core: machine memory, the hypervisor's page tables, its
list of domains and its frame table. README.md lists the keys of a [xen] section.

Machine memory, from the bottom of the first range:

	2 MiB       the hypervisor's image: data and page tables
	16 MiB      heap: struct domain, one page each
	20 MiB      the frame table
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
TEXT, DIRECT, FRAMES = 0xFFFF82D080000000, 0xFFFF830000000000, 0xFFFF82E000000000
IMAGE_PA, HEAP_PA, TABLE_PA, FIRST_FREE = 2 << 20, 16 << 20, 20 << 20, 32 << 20
INFO_SIZE, COUNT_INFO, OWNER = 32, 8, 24
DOMAIN_ID, NEXT_IN_LIST, DOMAIN_SIZE = 0, 120, 1024
ALLOCATED, HEAP = 1 << 63, 1 << 62
# state bits: where they were up to 4.13, and later
STATES = {"old": 55, "new": 58}
CRASH_INFO, CRASH_REGS = 0x1000001, 0x1000002


class XenHost:
    """Builds one dump. Use: XenHost(path, section, frames, info edits, pokes).build()."""

    def __init__(self, path, config, frames=(), edits=(), pokes=()):
        self.path, self.config = str(path), config
        self.frames, self.edits, self.pokes = list(frames), list(edits), list(pokes)
        self.ram = parse_ranges(config.get("ram", "0-48M"))
        self.state = STATES[config.get("layout", "new")]
        self.domains = [number(word) for word in config.get("domains", "0 1 2").split()]
        self.image_next = IMAGE_PA + PAGE
        self.dropped = {"xen_guest": [], "free": []}

    def owner(self, domain):
        """What _domain of a frame of this domain holds."""
        if domain not in self.domains:
            return (HEAP_PA >> 12) + 100 + domain
        return (HEAP_PA >> 12) + self.domains.index(domain)

    def info(self, words):
        """(count_info, owner, class) of one kind of frame."""
        kind = words[0]
        if kind == "dom0":
            return ALLOCATED | 1, self.owner(0), "kernel"
        if kind == "guest":
            return ALLOCATED | 2, self.owner(number(words[1])), "xen_guest"
        if kind == "unknown":
            return ALLOCATED | 1, self.owner(99), "kernel"
        if kind == "free":
            return 3 << self.state, 9, "free"
        if kind == "dirty":  # free, to be scrubbed
            return 3 << self.state | ALLOCATED, 0, "free"
        if kind == "heap":
            return HEAP | 1, 0, "kernel"
        if kind == "shared":  # of Xen's heap, given to a guest
            return HEAP | ALLOCATED | 1, self.owner(self.domains[-1]), "kernel"
        if kind == "extra":  # of a guest, used by Xen
            return ALLOCATED | 1 << 61, self.owner(self.domains[-1]), \
                "kernel" if self.state == 58 else "xen_guest"
        if kind == "anonymous":
            return 0, 0, "kernel"
        raise RecipeError(f"unknown kind of frame {kind!r}")

    def write(self, pa, data):
        """Write machine memory."""
        self.elf.write_phys(pa, data)

    def word(self, value):
        """Eight bytes."""
        return struct.pack("<Q", value & (1 << 64) - 1)

    def variable(self, name, value):
        """A pointer of the hypervisor; registers its symbol."""
        self.symbols[name] = TEXT + self.image_next - IMAGE_PA
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
        self.variable("domain_list", DIRECT + HEAP_PA)
        self.variable("frame_table", FRAMES)
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
        self.symbols["pgd_l4"] = TEXT + root - IMAGE_PA
        self.table = PageTable(x86_format(4), "<", self.alloc_table, root)
        self.table.map(TEXT, IMAGE_PA, 2 << 20)
        hole = self.config.number("pdx_hole")
        for first, end in self.ram:
            start = first // (2 << 20) * (2 << 20)
            self.table.map(DIRECT + (start - hole if hole and start else start), start,
                           align_up(end, 2 << 20) - start)
        self.table.map(FRAMES, TABLE_PA, 8 << 20, 2 << 20)
        self.table.flush(self.write)

    def build_domains(self):
        """The chain of struct domain."""
        order = range(len(self.domains))
        for index in order:
            following = DIRECT + HEAP_PA + (index + 1) * PAGE if index + 1 < len(self.domains) else 0
            raw = bytearray(DOMAIN_SIZE)
            struct.pack_into("<H", raw, DOMAIN_ID, self.domains[index])
            struct.pack_into("<Q", raw, NEXT_IN_LIST, following)
            self.write(HEAP_PA + index * PAGE, bytes(raw))

    def set_frame(self, mfn, info, owner):
        """struct page_info of a machine frame."""
        raw = struct.pack("<QQQII", 0, info, 0, owner, 0)
        self.write(TABLE_PA + mfn * INFO_SIZE, raw)

    def build_frames(self):
        """Frame table and contents of the [frames] statements."""
        for index in range(len(self.domains)):
            self.set_frame((HEAP_PA >> 12) + index, HEAP, 0)
        mfn = FIRST_FREE >> 12
        for words in self.frames:
            plain, options = words_to_options(words)
            count = next((number(w[1:]) for w in plain if w[0] == "x" and w[1:].isdigit()), 1)
            plain = [w for w in plain if not (w[0] == "x" and w[1:].isdigit())]
            mfn = number(options["at"]) if "at" in options else mfn
            info, owner, kind = self.info(plain)
            for at in range(mfn, mfn + count):
                self.set_frame(at, info, owner)
                if options.get("content") != "zero":
                    self.write(at * PAGE, f"MDFTAG-{plain[0]}-{at:x}".encode().ljust(64, b"."))
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
        lines += [f"SIZE(page_info)={INFO_SIZE}", f"SIZE(domain)={DOMAIN_SIZE}",
                  f"OFFSET(page_info.count_info)={COUNT_INFO}", f"OFFSET(page_info._domain)={OWNER}",
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
        `frame MFN owner VALUE`, `symbol NAME VALUE` (what the variable holds)."""
        value = number(words[-1]) & (1 << 64) - 1
        if words[0] == "symbol":
            self.write(self.symbols[words[1]] - TEXT + IMAGE_PA, self.word(value))
        elif words[0] == "domain":
            at = HEAP_PA + number(words[1]) * PAGE
            if words[2] == "next":
                self.write(at + NEXT_IN_LIST, self.word(value))
            else:
                self.write(at + DOMAIN_ID, struct.pack("<H", value))
        else:
            at = TABLE_PA + number(words[1]) * INFO_SIZE
            if words[2] == "info":
                self.write(at + COUNT_INFO, self.word(value))
            else:
                self.write(at + OWNER, struct.pack("<I", value))

    def write_json(self):
        """What a filter must do with it; "xen" says what -X does: ok, refused, either."""
        present = bits.from_ranges((a // PAGE, -(-b // PAGE)) for a, b in self.ram)
        dropped = [run for runs in self.dropped.values() for run in runs]
        record = {"page_size": PAGE, "max_mapnr": -(-self.ram[-1][1] // PAGE), "arch": "x86_64",
                  "present": bits.ranges(present), "runs": merge_runs([]), "zero": [], "log": None,
                  "notes": {"xen": self.config.get("x", "ok"), "xen_dropped": bits.merge(dropped)}}
        with open(self.path + ".json", "w", encoding="utf-8") as stream:
            json.dump(record, stream)


def from_sections(path, by_name):
    """The host described by parsed recipe sections."""
    def statements(name):
        return [s for section in by_name.get(name, ()) for s in section.statements]

    return XenHost(path, by_name["xen"][0], statements("frames"), statements("vmcoreinfo"),
                   statements("poke"))
