# SPDX-License-Identifier: GPL-2.0-or-later
"""sadump files out of an ELF core: single partition, disk set, media backup.

Block sequences, headers and bitmaps as Fujitsu's firmware writes them. Nothing
is checked for sanity: tests need wrong files as much as good ones. README.md
lists the keys of a [sadump] section.
"""

import os
import struct

import genpath  # noqa: F401
from pylib import bits
from pylib.elfcore import ElfCore
from recipe import RecipeError, number

SIGNATURE = b"sadump\0\0"
SYSTEM, DISK_SET = bytes(range(0x10, 0x20)), bytes(range(0x20, 0x30))
SMRAM_SIZE = 1024

# Offsets and struct codes of the fields that a recipe may set; media and set: header of that name.
FIELDS = {
    "part": {"enable": (8, "I"), "reboot": (12, "I"), "compress": (16, "I"), "recycle": (20, "I"),
             "system": (88, "16s"), "set_id": (104, "16s"), "vol_id": (120, "16s"),
             "year": (136, "H"), "second": (142, "B"), "disk": (152, "I"), "used": (160, "Q"),
             "magic": (168, "I")},
    "dump": {"version": (8, "I"), "year": (16, "H"), "month": (18, "B"), "day": (19, "B"),
             "second": (22, "B"), "zone": (28, "H"), "status": (32, "I"),
             "compress": (36, "I"), "block_size": (40, "I"), "sub_hdr_size": (48, "I"),
             "bitmap_blocks": (52, "I"), "dumpable_blocks": (56, "I"), "max_mapnr": (60, "I"),
             "total_ram": (64, "I"), "device": (68, "I"), "written": (72, "I"),
             "current_cpu": (76, "I"), "nr_cpus": (80, "I"), "max_mapnr_64": (88, "Q"),
             "total_ram_64": (96, "Q"), "device_64": (104, "Q"), "written_64": (112, "Q")},
    "set": {"size": (0, "I"), "disks": (4, "I"), "set_size": (8, "Q")},
    "media": {"system": (0, "16s"), "set_id": (16, "16s"), "year": (32, "H"), "number": (48, "B"),
              "term": (49, "B"), "set_header": (50, "B"), "disks": (51, "B")},
}

# Where a CPU's SMRAM state keeps what (offset, size).
SMRAM = {"gdt_high": (464, 4), "gdt_low": (652, 4), "idt_high": (472, 4), "idt_low": (660, 4),
         "cr4": (576, 8), "r15": (796, 8), "r14": (804, 8), "r13": (812, 8), "r12": (820, 8),
         "r11": (828, 8), "r10": (836, 8), "r9": (844, 8), "r8": (852, 8), "rax": (860, 8),
         "rcx": (868, 8), "rdx": (876, 8), "rbx": (884, 8), "rsp": (892, 8), "rbp": (900, 8),
         "rsi": (908, 8), "rdi": (916, 8), "es": (936, 4), "cs": (940, 4), "ss": (944, 4),
         "ds": (948, 4), "fs": (952, 4), "gs": (956, 4), "rip": (984, 8), "efer": (992, 8),
         "rflags": (1000, 8), "cr3": (1008, 8), "cr0": (1016, 8)}


def set_fields(header, kind, values):
    """Put {field: number or bytes} into a header."""
    for name, value in values.items():
        if name not in FIELDS[kind]:
            raise RecipeError(f"{kind} header has no field {name!r}")
        offset, code = FIELDS[kind][name]
        if code == "16s" and isinstance(value, int):
            value = bytes([value & 0xFF]) * 16
        elif code != "16s":
            value &= (1 << 8 * struct.calcsize(code)) - 1
        struct.pack_into("<" + code, header, offset, value)


def parse_range(text):
    """(first, end) in bytes of "FIRST-END"."""
    first, _, end = text.partition("-")
    return number(first), number(end)


def msb_first(image):
    """A bitmap image with the bits of each byte in the other order."""
    table = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
    return image.translate(table)


def smram_state(cpu, wide, values):
    """One CPU's registers; each has a value that tells register and CPU."""
    state = bytearray(SMRAM_SIZE)
    for index, (name, (offset, size)) in enumerate(SMRAM.items()):
        value = index << 8 | 0x1000000 * (cpu + 1)
        if name in ("cs", "ss", "ds", "es", "fs", "gs"):
            value = 0x10 + cpu
        elif name == "efer":
            value = 0xD01 if wide else 0
        elif name == "cr0":
            value = 0x80050033
        elif name in ("cr3", "cr4", "gdt_high", "gdt_low", "idt_high", "idt_low"):
            value = 0
        struct.pack_into("<Q" if size == 8 else "<I", state, offset, values.get(name, value))
    return bytes(state)


# QEMUCPUState: registers in a row, then segments of 24 bytes with their base at 16, then cr0 to cr4.
QEMU_REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "r8", "r9", "r10", "r11",
                  "r12", "r13", "r14", "r15", "rip", "rflags")
QEMU_SEGMENTS = ("cs", "ds", "es", "fs", "gs", "ss")
QEMU_AT_REGISTERS, QEMU_AT_SEGMENTS, QEMU_AT_TABLES, QEMU_AT_CR = 8, 152, {"gdt": 360, "idt": 384}, 392


def qemu_states(core):
    """The registers of QEMU's notes in a core, one dictionary for each CPU."""
    result = []
    for note in core.notes:
        if note.name != "QEMU":
            continue
        values = dict(zip(QEMU_REGISTERS, struct.unpack_from("<18Q", note.desc, QEMU_AT_REGISTERS)))
        for index, name in enumerate(QEMU_SEGMENTS):
            values[name] = struct.unpack_from("<I", note.desc, QEMU_AT_SEGMENTS + 24 * index)[0]
        for name, at in QEMU_AT_TABLES.items():
            values[f"{name}_low"], values[f"{name}_high"] = struct.unpack_from("<II", note.desc, at)
        control = struct.unpack_from("<5Q", note.desc, QEMU_AT_CR)
        values["cr0"], values["cr3"], values["cr4"] = control[0], control[3], control[4]
        result.append(values)
    return result


class Sadump:
    """One [sadump] section applied to an ELF core. Use: Sadump(section, core).write(path)."""

    def __init__(self, section, core):
        self.section, self.core = section, core
        self.block = section.number("block", core.page_size)
        self.form = section.get("form", "single")
        if self.form not in ("single", "diskset", "media"):
            raise RecipeError(f"unknown form {self.form!r}")
        self.disks = section.number("disks", 2) if self.form == "diskset" else 1
        self.states = qemu_states(core)
        self.cpus = section.number("cpus", len(self.states) or 2)
        self.cpu_order = [number(word) for word in section.get("cpu_order", "").split()]
        self._find_pages()

    def _find_pages(self):
        self.ram = self.core.present()
        zero = bytes(self.block)
        keep_zero = self.section.flag("store_zero")
        self.pages = [pfn for pfn in bits.iterate(self.ram)
                      if keep_zero or self.core.page(pfn) != zero]
        self.stored = bits.from_iterable(self.pages)
        self.max_mapnr = self.core.max_mapnr()

    def _edits(self, kind, disk=None):
        """Fields of keys `KIND.FIELD`, or `KIND.DISK.FIELD` for one disk."""
        result = {}
        for key, value in self.section.keys.items():
            words = key.split(".")
            if words[0] == kind and (len(words) == 2 or words[1] == str(disk)):
                result[words[-1]] = number(value)
        return result

    def part_header(self, disk, used):
        """Header of a partition; disk 0: not one of a set."""
        header = bytearray(self.block)
        header[:8] = SIGNATURE
        set_fields(header, "part", {
            "enable": 1, "system": SYSTEM, "set_id": DISK_SET, "vol_id": 0x40 + disk,
            "year": 2026, "second": 7, "disk": disk, "used": used})
        edits = self._edits("part", disk)
        set_fields(header, "part", edits)
        magic = edits.get("magic", 0x1234567 + disk)
        for at in range(168, self.block, 4):
            struct.pack_into("<I", header, at, magic)
            magic = 11 * (magic + 7) & 0xFFFFFFFF
        return bytes(header)

    def dump_header(self, sub_blocks, bitmap_blocks):
        """The header of the dump itself."""
        header = bytearray(self.block)
        header[:8] = SIGNATURE
        version = self._edits("dump").get("version", 1)
        small = min(self.max_mapnr, 0xFFFFFFFF)
        written = 3 + sub_blocks + 2 * bitmap_blocks + len(self.pages)
        set_fields(header, "dump", {
            "version": version, "year": 2026, "month": 11, "day": 26, "second": 7, "block_size": self.block,
            "sub_hdr_size": sub_blocks, "bitmap_blocks": bitmap_blocks,
            "dumpable_blocks": bitmap_blocks, "max_mapnr": small if version == 0 else 0,
            "total_ram": self.ram.bit_count(), "nr_cpus": self.cpus, "written": written,
            "max_mapnr_64": self.max_mapnr if version else 0,
            "total_ram_64": self.ram.bit_count() if version else 0})
        set_fields(header, "dump", self._edits("dump"))
        return bytes(header)

    def sub_header(self):
        """CPU states, in whole blocks."""
        wide = self.section.number("word", 8) == 8
        area = struct.pack("<I", self.section.number("states_size", self.cpus * SMRAM_SIZE))
        order = self.cpu_order or range(self.cpus)
        ids = [number(word) for word in self.section.get("apic_ids", "").split()] or range(self.cpus)
        for cpu in order:
            area += struct.pack("<QQ", ids[cpu], 1 << cpu % 64)
        for cpu in order:
            values = self.states[cpu] if cpu < len(self.states) else {}
            area += smram_state(cpu, wide, values | self._edits("smram", cpu))
        return area.ljust(-(-len(area) // self.block) * self.block, b"\0")

    def set_header(self):
        """Header of a disk set, on its first disk."""
        header = bytearray(self.block)
        set_fields(header, "set", {"size": 1, "disks": self.disks})
        for disk in range(2, self.disks + 1):
            struct.pack_into("<16sQII", header, 16 + 32 * (disk - 2), bytes([0x40 + disk]) * 16,
                             1 << 30, 0, 0)
        set_fields(header, "set", self._edits("set"))
        return bytes(header)

    def media_header(self):
        """Header of a medium of a backup."""
        header = bytearray(self.block)
        set_fields(header, "media", {"system": SYSTEM, "set_id": DISK_SET, "year": 2026,
                                     "number": 1, "term": 1, "disks": 1})
        set_fields(header, "media", self._edits("media"))
        return bytes(header)

    def bitmap(self, pages, blocks):
        """One bitmap of so many blocks."""
        return msb_first(bits.to_bytes(pages)).ljust(blocks * self.block, b"\0")

    def body(self):
        """Everything between the part header and the pages."""
        blocks = -(-self.max_mapnr // (8 * self.block))
        sub = self.sub_header()
        return (self.dump_header(len(sub) // self.block, blocks) + sub +
                self.bitmap(self.ram, blocks) + self.bitmap(self.stored, blocks))

    def write(self, path):
        """The file, or the files PATH, PATH.2, PATH.3 ... of a disk set."""
        front = self.body()
        if self.form == "diskset":
            front = self.set_header() + front
        shares = self._shares()
        at = 0
        for disk, count in enumerate(shares, 1):
            head = front if disk == 1 else b""
            used = self.block + len(head) + count * self.block
            part = self.part_header(disk if self.form == "diskset" else 0, used)
            name = path if disk == 1 else f"{path}.{disk}"
            with open(name, "wb") as stream:
                if self.form == "media":
                    stream.write(self.media_header())
                stream.write(part + head)
                for pfn in self.pages[at:at + count]:
                    stream.write(self._page(pfn))
            at += count

    def _page(self, pfn):
        """A page as firmware found it: what a capture kernel uses is no longer what it was."""
        page, at = self.core.page(pfn), pfn * self.block
        first, end = (min(max(edge - at, 0), self.block)
                      for edge in parse_range(self.section.get("spoiled", "0-0")))
        return page[:first] + b"\xdb" * (end - first) + page[end:]

    def _shares(self):
        """Pages on each disk; the last one takes the rest."""
        each = self.section.number("pages_per_disk", -(-len(self.pages) // self.disks))
        shares = [min(each, max(len(self.pages) - each * i, 0)) for i in range(self.disks)]
        shares[-1] += len(self.pages) - sum(shares)
        return shares


def convert(path, section):
    """Turn the ELF core at path into sadump files; the core stays as PATH.elf, its VMCOREINFO
    as PATH.vmcoreinfo."""
    os.rename(path, f"{path}.elf")
    # Blocks are pages for this format, whatever the kernel's are.
    with ElfCore(f"{path}.elf", section.number("block") or None) as core:
        text = core.vmcoreinfo_text
        Sadump(section, core).write(path)
    if text:
        with open(f"{path}.vmcoreinfo", "w", encoding="latin-1") as stream:
            stream.write(text)
