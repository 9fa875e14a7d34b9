# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: a dump whose facts are wrong loses no page that the true facts keep.

One line of VMCOREINFO is changed in a copy of the dump; then the program must
refuse the dump, keep what it cannot be sure of, or be right all the same.
"""

import pathlib
import re
import shutil
import struct
import sys
import tempfile

if __name__ == "__main__":
    # As in run.py: the folder of this file would hide modules of tests/vm.
    sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)
import verify.paths  # noqa: E402,F401
from packages import cache_dir  # noqa: E402
from pylib import bits  # noqa: E402
from pylib.elfnote import VMCOREINFO, Vmcoreinfo  # noqa: E402
from pylib.harness import expect  # noqa: E402
from verify import program  # noqa: E402
from verify.subject import Subject, kept_pages  # noqa: E402

# An old and a new layout of struct page.
GUESTS = ("x86-5.10", "x86-7.2")
LEVEL = "31"
# One in so many lies is told of each guest: a minute and a half for all of them is too much.
SHARE = 4
# Lines that only the kernel log needs: they make room for longer values.
LOG_LINE = re.compile(r"^(OFFSET|SIZE|LENGTH)\((printk|prb|dev_printk|latched)[^\n]*\n", re.M)
WARNING = re.compile(r"^.*audit: .*$", re.M)

# Lies by key: values added to what the kernel says.
SHIFTS = {
    "OFFSET(page.flags)": (8, 16, 24, 40),
    "OFFSET(page._refcount)": (-4, 4, -52),
    "OFFSET(page.mapping)": (-24, -16, -8, 8, 16),
    "OFFSET(page.lru)": (-8, 8, 16, 24),
    "OFFSET(page._mapcount)": (-8, -4, 4, 8, -48),
    "OFFSET(page.private)": (-40, -16, -8, 8, 16),
    "OFFSET(page.compound_head)": (-8, 8, 16, 24),
    "OFFSET(page.compound_info)": (-8, 8, 16, 24),
    "OFFSET(page.compound_order)": (-1, 1, 2),
    "OFFSET(page.compound_dtor)": (-1, 1, 2),
    "SIZE(page)": (-8, 8, -16, 16, 64),
    "SIZE(mem_section)": (8, 16),
    "OFFSET(mem_section.section_mem_map)": (8,),
    "LENGTH(mem_section)": (-1, 1),
    "NUMBER(SECTION_SIZE_BITS)": (-1, 1),
    "LENGTH(zone.free_area)": (-1, -4, 1, 8),
    "LENGTH(free_area.free_list)": (-1, 1),
    "OFFSET(zone.free_area)": (-8, 8),
    "OFFSET(zone.vm_stat)": (-8, 8),
    "OFFSET(free_area.free_list)": (8,),
    "SIZE(zone)": (-64, 64),
    "SIZE(free_area)": (-8, 8),
    "NUMBER(NR_FREE_PAGES)": (1, 2, 3),
    "NUMBER(HUGETLB_PAGE_DTOR)": (-2, -1, 1),
    "SYMBOL(_stext)": (0x1000, 0x200000),
    "SYMBOL(node_data)": (8,),
}
FLAGS = ("PG_lru", "PG_private", "PG_swapcache", "PG_swapbacked", "PG_slab", "PG_hwpoison")
TYPES = ("BUDDY", "OFFLINE", "HUGETLB", "SLAB", "UNACCEPTED")


class Note:
    """The VMCOREINFO text of a dump, which can be replaced in place."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            head = file.read(1 << 20)
        at = head.index(VMCOREINFO.encode() + b"\0")
        _, self.room, _ = struct.unpack_from("<III", head, at - 12)
        self.at = at + (len(VMCOREINFO) + 4) // 4 * 4
        self.text = head[self.at:self.at + self.room].rstrip(b"\0").decode("ascii")

    def write(self, changes):
        """Put the text with {key: value} changed into the file."""
        text = self.text
        for key, value in changes.items():
            text = re.sub(rf"^{re.escape(key)}=.*$", f"{key}={value}", text, flags=re.M)
        while len(text) > self.room:
            shorter = LOG_LINE.sub("", text, count=1)
            expect(shorter != text, "no room in the note")
            text = shorter
        with open(self.path, "r+b") as file:
            file.seek(self.at)
            file.write(text.encode("ascii").ljust(self.room, b"\0"))


def shown(key, value):
    """A value as VMCOREINFO writes it."""
    return f"{value:x}" if key.startswith("SYMBOL") else str(value)


def swaps(info, names, template):
    """{name: changes}: every two of the names exchanged, and one taking the other's value."""
    known = [template.format(name) for name in names if template.format(name) in info]
    result = {}
    for i, one in enumerate(known):
        for two in known[i + 1:]:
            result[f"{one} and {two} exchanged"] = {one: info[two], two: info[one]}
            result[f"{one} = {two}"] = {one: info[two]}
            result[f"{two} = {one}"] = {two: info[one]}
    return result


def type_lies(info):
    """Types one beside the true one, and what stands for no type."""
    result = {}
    for name in TYPES:
        key = f"NUMBER(PAGE_{name}_MAPCOUNT_VALUE)"
        if key not in info:
            continue
        value = int(info[key])
        top = not value & 0xffffff
        others = [value + (n << 24) for n in (-1, 1, 2, 4)] if top else \
            [~(~value << 1), ~(~value << 2), ~(~value >> 1)]
        for other in others + [-1, 0, 1, -2]:
            result[f"{key}={other}"] = {key: other}
    return result


def lies(info, some_bits=range(24)):
    """{name: {key: value}} for a Vmcoreinfo; flags get each of some_bits."""
    result = {}
    for key, shifts in SHIFTS.items():
        if key in info:
            value = int(info[key], 16 if key.startswith("SYMBOL") else 10)
            for shift in shifts:
                result[f"{key} {shift:+}"] = {key: shown(key, value + shift)}
    for name in FLAGS:
        key = f"NUMBER({name})"
        for bit in some_bits if key in info else ():
            if bit != int(info[key]):
                result[f"{key}={bit}"] = {key: bit}
    for bit in some_bits:
        if 1 << bit != int(info["NUMBER(PG_head_mask)"]):
            result[f"PG_head_mask=1<<{bit}"] = {"NUMBER(PG_head_mask)": 1 << bit}
    result |= swaps(info, FLAGS, "NUMBER({})") | type_lies(info)
    result |= swaps(info, TYPES, "NUMBER(PAGE_{}_MAPCOUNT_VALUE)")
    members = ("flags", "mapping", "private", "lru", "_mapcount", "_refcount")
    result |= swaps(info, members, "OFFSET(page.{})")
    result |= swaps(info, ("free_area", "vm_stat"), "OFFSET(zone.{})")
    return result


class Liar:
    """A copy of a guest's dump whose VMCOREINFO can be made to lie."""

    def __init__(self, subject, options=()):
        self.program, self.scratch = subject.program, pathlib.Path(subject.scratch)
        self.copy = self.scratch / "lying.elf"
        shutil.copyfile(subject.vmcore, self.copy)
        self.copy.chmod(0o600)
        self.note, self.options = Note(self.copy), options
        self.info = Vmcoreinfo(self.note.text)
        self.truth = self.kept({})[0]
        expect(self.truth, "the true facts give no dump")

    def kept(self, changes):
        """(set of kept pages or None when the dump was refused, what was said)."""
        self.note.write(changes)
        target = self.scratch / "lied"
        status, out, err, _ = program.run(self.program, "-f", "-d", LEVEL, *self.options,
                                          self.copy, target)
        if status != 0:
            expect(status == 1, f"exit status {status}: {err[-300:]}")
            expect(err.strip(), "refused without a word")
            return None, err
        result = kept_pages(target)
        target.unlink()
        return result, out + err

    def verdict(self, changes):
        """(pages lost, one word): what a lie led to."""
        kept, said = self.kept(changes)
        if kept is None:
            return 0, "refused"
        lost = self.truth & ~kept
        word = "kept" if kept & ~self.truth else "harmless"
        if WARNING.search(said):
            word = "caught"
        return lost, word

    def close(self):
        """Remove the copy."""
        self.copy.unlink()


# Lies about flags that cost most without the audit: PG_reserved, head, order bits of tails.
SOME_BITS = (0, 1, 6, 9, 12, 13, 17)


def add(suite, subject, _facts):
    """Add the cases."""
    liars = []

    def liar():
        if not liars:
            liars.append(Liar(subject))
        return liars[0]

    def group_of(number):
        """Every eighth lie of those that are this guest's turn, so that a case takes seconds."""
        all_lies = list(lies(liar().info, SOME_BITS).items())
        all_lies = all_lies[GUESTS.index(subject.meta["guest"])::SHARE]
        bad = []
        for name, changes in all_lies[number::8]:
            lost, _ = liar().verdict(changes)
            if lost:
                bad.append(f"{name}: {bits.show(lost)}")
        expect(not bad, f"pages are lost by {'; '.join(bad)}")

    def strict():
        target = liar().scratch / "strict"
        liar().note.write({})
        words = ("-f", "-d", LEVEL, "--strict", liar().copy, target)
        status, _, err, _ = program.run(subject.program, *words)
        expect(status == 0 and not WARNING.search(err), f"the truth: exit status {status}, {err[-200:]}")
        target.unlink()
        liar().note.write({"OFFSET(page._mapcount)": 44})
        status, _, err, _ = program.run(subject.program, *words)
        expect(status == 1 and "--strict" in err, f"a lie: exit status {status}, {err[-200:]}")
        expect(not target.exists(), "a dump was written all the same")

    def end():
        liar().close()

    for number in range(8):
        suite.add(f"audit: no page is lost by a lie, part {number + 1}",
                  lambda number=number: group_of(number))
    suite.add("audit: --strict", strict)
    suite.add("audit: the copy is removed", end)


def main():
    """audit.py PROGRAM GUEST [WORD...]: a table of all lies whose names have a WORD."""
    folder = cache_dir() / "vm" / sys.argv[2]
    with tempfile.TemporaryDirectory(dir=program.scratch_parent()) as scratch:
        liar = Liar(Subject(folder, folder / "vmcore.elf", pathlib.Path(sys.argv[1]).resolve(),
                            scratch))
        for name, changes in lies(liar.info).items():
            if len(sys.argv) > 3 and not any(word in name for word in sys.argv[3:]):
                continue
            lost, word = liar.verdict(changes)
            print(f"{f'LOST {lost.bit_count()}' if lost else word:12} {name}", flush=True)
        liar.close()


if __name__ == "__main__":
    main()
