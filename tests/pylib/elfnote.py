# SPDX-License-Identifier: GPL-2.0-or-later
"""ELF notes and the VMCOREINFO text.

A note is three 32-bit words (name size, data size, type), then name and data,
each padded to 4 bytes; dumps use 4-byte padding in ELF64 too.
"""

import struct

NT_PRSTATUS, NT_PRPSINFO, NT_TASKSTRUCT = 1, 3, 4
VMCOREINFO = "VMCOREINFO"


class Note:
    """One note: name without NUL, type, data, position of the data in the area."""

    def __init__(self, name, kind, desc, position):
        self.name, self.type, self.desc, self.position = name, kind, desc, position


def pad4(size):
    """size rounded up to a multiple of 4."""
    return (size + 3) & ~3


def parse(area, order):
    """(notes, problems) of a note area; order is '<' or '>'.

    Parsing ends at an all-zero note header (padding) or at the first note
    that does not fit, which is reported in problems.
    """
    notes, problems, at = [], [], 0
    while at + 12 <= len(area):
        namesz, descsz, kind = struct.unpack_from(order + "III", area, at)
        if namesz == 0 and descsz == 0 and kind == 0:
            break
        desc_at = at + 12 + pad4(namesz)
        if desc_at + descsz > len(area):
            problems.append(f"note at {at:#x} does not fit: name {namesz}, data {descsz} bytes")
            break
        name = area[at + 12:at + 12 + namesz].split(b"\0")[0].decode("latin-1")
        notes.append(Note(name, kind, area[desc_at:desc_at + descsz], desc_at))
        at = desc_at + pad4(descsz)
    return notes, problems


def build(name, kind, desc, order):
    """Bytes of one note; the name gets its terminating NUL."""
    raw = name.encode("latin-1") + b"\0"
    return (struct.pack(order + "III", len(raw), len(desc), kind)
            + raw.ljust(pad4(len(raw)), b"\0") + desc.ljust(pad4(len(desc)), b"\0"))


class Vmcoreinfo(dict):
    """KEY -> value text, with typed getters that return None when absent.

    A repeated key keeps its last value. A last line without newline was cut
    by the kernel when its page was full and is ignored.
    """

    def __init__(self, text=""):
        super().__init__()
        complete = text.rstrip("\0").rpartition("\n")[0]
        for line in complete.split("\n"):
            key, equals, value = line.partition("=")
            if equals:
                self[key] = value

    def number(self, name):
        """NUMBER(name): decimal with sign, or hex with 0x."""
        return self._parse(f"NUMBER({name})", 0)

    def symbol(self, name):
        """SYMBOL(name): address, hex without 0x."""
        return self._parse(f"SYMBOL({name})", 16)

    def size(self, name):
        """SIZE(name) in bytes."""
        return self._parse(f"SIZE({name})", 10)

    def offset(self, name):
        """OFFSET(struct.member) in bytes."""
        return self._parse(f"OFFSET({name})", 10)

    def length(self, name):
        """LENGTH(name) in elements."""
        return self._parse(f"LENGTH({name})", 10)

    def _parse(self, key, base):
        text = self.get(key)
        if text is None:
            return None
        try:
            return int(text, base)
        except ValueError:
            return None
