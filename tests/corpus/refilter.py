# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kdump-compressed recipe must become: its pages, and only those.

The recipe without its [kdump] section (and [flatten]) is the memory it was made of, so every
page of the output can be held against it.
"""

import re

import kdumpbuild
import mkdump
import recipe
from pylib import bits, harness
from pylib.elfcore import ElfCore
from pylib.kdumpfile import KdumpFile


class Source:
    """The memory of a kdump-compressed recipe, and which of it the dump has."""

    def __init__(self, text, folder):
        sections = recipe.parse(text)
        section = next(s for s in sections if s.name == "kdump")
        self.damaged = any(s.name == "damage" or s.name == "flatten" and "truncate" in s.keys
                           for s in sections)
        path = folder / "memory"
        mkdump.make(re.sub(r"^\[(kdump|damage|flatten)\][^\[]*", "", text, flags=re.M), str(path))
        self.core = ElfCore(str(path))
        made = kdumpbuild.KdumpFile(section, self.core, None)
        self.level = section.number("level")
        self.erased = section.text
        self.size = size = self.core.page_size
        # A single bitmap tells nothing of pages that are not stored.
        made.present = made.present if section.number("bitmaps", 2) == 2 else made.stored
        self.present = kdumpbuild.scale(made.present, made.block, size)
        self.stored = kdumpbuild.scale(made.own(), made.block, size)
        self.parts = self.stored ^ kdumpbuild.scale(made.present & ~made.own(), made.block, size) \
            if made.block < size else self.stored
        self.bad = kdumpbuild.scale(made.bad("lost") | made.bad("corrupt"), made.block, size)
        self.incomplete = section.flag("incomplete") or "split" in section.keys

    def close(self):
        """Release the memory's file."""
        self.core.close()

    def check(self, output, level):
        """Compare what was written from the undamaged dump."""
        with KdumpFile(str(output)) as written:
            if self.damaged:
                return
            harness.expect(written.bitmap1 == self.present, "bitmap1 is not the source's")
            stray = written.bitmap2 & ~self.stored
            harness.expect(not stray, f"pages that the source has not: {bits.show(stray)}")
            if not level & ~1 and not self.core.vmcoreinfo.get("SYMBOL(init_uts_ns)"):
                harness.expect(written.bitmap2 == self.stored, "level 0 or 1 left pages out")
            harness.expect_equal(written.sub["dump_level"], level | self.level, "dump_level")
            harness.expect_equal(bool(written.head["status"] & 8), self.incomplete, "incomplete")
            self._check_erased(written)
            self._check_bytes(written)

    def _check_erased(self, written):
        with open(written.path, "rb") as stream:
            stream.seek(written.sub["offset_eraseinfo"])
            text = stream.read(written.sub["size_eraseinfo"]).decode("latin-1")
        harness.expect_equal(text, "".join(line + "\n" for line in self.erased), "eraseinfo")

    def _check_bytes(self, written):
        zero = bytes(self.size)
        for pfn, page in written.pages():
            if not self.parts >> pfn & 1:
                continue
            want = zero if self.bad >> pfn & 1 else self.core.page(pfn)
            harness.expect(page == want, f"page {pfn:#x} has other bytes than the memory")


def of(text, folder):
    """The Source of a recipe whose dump is kdump-compressed, else None."""
    return Source(text, folder) if re.search(r"^\[kdump\]", text, re.M) else None
