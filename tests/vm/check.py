# SPDX-License-Identifier: GPL-2.0-or-later
"""Does a guest's ground truth hold?  A lab that lies proves nothing.

For every page of the workload: do the kernel's page flags fit its kind, and
does the dump hold the page's own tag at the frame the list names?
"""

import dataclasses
import json
import pathlib
import sys

from matrix import guest

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent))
from pylib import kpageflags  # noqa: E402
from pylib.elfcore import ElfCore  # noqa: E402

# Kind -> (flags set, flags clear) for a page that is still what it was.
EXPECTED = {
    "anon": ("ANON MMAP", "THP HUGE"), "thp": ("ANON THP", "HUGE"), "mlock": ("ANON MMAP", "THP"),
    "hugetlb": ("HUGE", ""), "hugetlb1g": ("HUGE", ""), "tmpfs": ("SWAPBACKED", "ANON"),
    "clean": ("", "DIRTY ANON MMAP"), "dirty": ("DIRTY", "ANON MMAP"), "mapped": ("MMAP", "ANON"),
    "poison": ("HWPOISON", ""), "free": ("BUDDY", ""), "swapped": ("ANON MMAP", ""),
}
# Share of the pages of a kind that may have moved; some of the freed ones are
# used again or wait on the per-CPU lists, which no flag tells.
MOVED_LIMIT = 0.01
MOVED_LIMIT_FREE = 0.10
TAG_BYTES = 32


@dataclasses.dataclass
class Kind:
    """What became of the pages of one kind: numbers of pages."""

    name: str
    pages: int = 0
    present: int = 0
    flags_fit: int = 0
    tagged: int = 0

    @property
    def good(self):
        """True when so many pages fit that the rest can have moved meanwhile."""
        share = 1 - (MOVED_LIMIT_FREE if self.name == "free" else MOVED_LIMIT)
        least = self.present * share
        # The soft half of the poisoned pages has moved away; a private map is half copies.
        tags_wanted = {"poison": 0, "cow": self.present // 2}.get(self.name, self.present)
        return (self.present > 0 and self.flags_fit >= least
                and self.tagged >= tags_wanted * share)


def page_list(path):
    """[(index, pfn)] of a workload list; pages that were not present have pfn 0."""
    lines = path.read_text(encoding="ascii").splitlines()
    return [(int(index), int(pfn, 16)) for index, pfn in (line.split() for line in lines)]


def tag(kind, index):
    """The text each 32 bytes of a tagged page start with."""
    return f"MDFTAG-{kind}-{index:010}:".encode()


def _mask(names):
    return sum(kpageflags.MASK[name] for name in names.split())


def _flags_fit(kind, index, value):
    if kind == "cow":
        return bool(value & kpageflags.MASK["ANON"]) == (index % 2 == 1)
    wanted, unwanted = map(_mask, EXPECTED[kind])
    return value & wanted == wanted and not value & unwanted


def check_kind(path, flags, core):
    """The Kind of one workload list."""
    kind = Kind(path.stem)
    for index, pfn in page_list(path):
        kind.pages += 1
        if not pfn:
            continue
        kind.present += 1
        # Frames of persistent memory are beyond the end of /proc/kpageflags.
        kind.flags_fit += kind.name == "dax" or _flags_fit(kind.name, index, flags[pfn])
        data = core.page(pfn)
        name, number = kind.name, index
        if name == "cow" and index % 2 == 0:
            name = "cowfile"
        wanted = tag(name, number)
        kind.tagged += data is not None and data[:len(wanted)] == wanted and \
            data == data[:TAG_BYTES] * (core.page_size // TAG_BYTES)
    return kind


def check(folder, say=print):
    """Check the results of one guest; returns a list of complaints, empty when all holds."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    flags = kpageflags.load(folder / "kpageflags.bin")
    wrong = []
    for dump in [folder / "vmcore.elf", folder / "crash/vmcore.elf"]:
        if not dump.exists():
            continue
        with ElfCore(dump) as core:
            if core.vmcoreinfo.get("OSRELEASE") != meta["release"]:
                wrong.append(f"{dump}: no VMCOREINFO of {meta['release']}")
                continue
            say(f"{dump}:")
            for path in sorted((folder / "workload").glob("*.txt")):
                if path.stem == "dax" and dump.parent != folder:
                    continue    # the crash kernel is not told of persistent memory
                if path.stem == "free" and dump.parent != folder and (folder / "live").is_dir():
                    continue    # the live dump, written since, took what was free for its file
                kind = check_kind(path, flags, core)
                say(f"  {kind.name:10} {kind.pages:7} pages {kind.present:7} present "
                    f"{kind.flags_fit:7} with fitting flags {kind.tagged:7} tagged"
                    f"{'' if kind.good else '  WRONG'}")
                if not kind.good:
                    wrong.append(f"{dump}: {kind}")
    offline = kpageflags.MASK["OFFLINE"]
    wanted_offline = guest(meta["guest"]).balloon << 20 >> 12
    if sum(1 for value in flags if value & offline) < wanted_offline:
        wrong.append(f"{folder}: fewer than {wanted_offline} pages in the balloon")
    return wrong
