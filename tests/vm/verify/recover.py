# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: copies of the dump that say less and less of the kernel.

First the VMCOREINFO note is none any more, then its text is wiped out of memory
too, then the CPUs' registers are gone, or in the other order: level 31 and the log
stay what they are.
"""

import mmap
import struct
import subprocess

import verify.paths  # noqa: F401
from pylib import bits, elfnote
from pylib.harness import Failure, expect, expect_equal
from verify import program
from verify.subject import kept_pages

# Every kernel once; copies of larger ones cost more than they tell.
GUESTS = ("x86-5.10", "x86-6.1", "x86-6.12", "x86-6.16", "x86-6.18", "x86-7.0", "x86-7.1",
          "x86-7.2", "x86-7.3", "arm64-6.1", "arm64-7.2", "arm64-7.2-16k")
# Here the registers, which lead to the text, are gone before it: then memory is searched for it.
NO_REGISTERS_FIRST = ("x86-5.10", "x86-7.2")
PT_NOTE = 4
# Not zeros: a page of zeros would be left out.
WIPED = b"\x55"


class Copy:
    """A copy of the guest's dump to take things away from."""

    def __init__(self, subject):
        self.subject, self.path = subject, subject.scratch / "bare"
        self.texts_wiped = 0
        subprocess.run(["cp", "--sparse=always", subject.vmcore, self.path], check=True)
        self.path.chmod(0o600)

    def rename_notes(self, name):
        """Overwrite the names of all notes called so; their number."""
        old, count = name.encode() + b"\0", 0
        with open(self.path, "r+b") as file:
            start, size = self._notes(file)
            file.seek(start)
            notes = file.read(size)
            at = notes.find(old)
            while at >= 0:
                file.seek(start + at)
                file.write(b"X" * len(name))
                count += 1
                at = notes.find(old, at + 1)
        return count

    @staticmethod
    def _notes(file):
        """(offset, size) of the PT_NOTE of a little-endian ELF64 core."""
        head = file.read(64)
        table, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        for number in range(count):
            file.seek(table + number * size)
            kind, _, offset, _, _, filesz = struct.unpack_from("<IIQQQQ", file.read(size))
            if kind == PT_NOTE:
                return offset, filesz
        raise Failure("no PT_NOTE")

    def wipe_texts(self):
        """Overwrite every text that begins as VMCOREINFO does; their number."""
        start, count = f"OSRELEASE={self.subject.meta['release']}\n".encode(), 0
        with open(self.path, "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
            at = view.find(start)
            while at >= 0:
                end = view.find(b"\0", at)
                view[at:end] = WIPED * (end - at)
                count += 1
                at = view.find(start, end)
        self.texts_wiped = count
        return count

    def check(self, words, log=True):
        """Level 31 and the log are those of the dump itself; words are said on stderr."""
        subject, out = self.subject, self.subject.scratch / "recovered"
        status, text, err, _ = program.run(subject.program, "-f", "-l", "-d", "31",
                                           "--message-level", "22", self.path, out)
        expect(status == 0, f"-d 31: {err}")
        expect(words in err, f"not said: {words}: {err}")
        wrong = kept_pages(out) ^ kept_pages(subject.output(31, "-l").path)
        expect(not wrong, f"{wrong.bit_count()} pages in one dump only: {bits.show(wrong)}")
        expect_equal({row: number for row, number in program.ROW.findall(text)
                      if row in program.CLASS_ROWS},
                     {row: f"0x{number:016x}" for row, number in subject.output(31, "-l").rows.items()
                      if row in program.CLASS_ROWS}, "the report")
        out.unlink()
        if log:
            expect(self.log(self.path) == self.log(subject.vmcore), "another log")

    def log(self, source):
        """The kernel's log as the program writes it."""
        target = self.subject.scratch / "recovered-log"
        status, _, err, _ = program.run(self.subject.program, "-f", "--dump-dmesg", source, target)
        expect(status == 0, f"--dump-dmesg: {err}")
        text = target.read_bytes()
        target.unlink()
        return text


def add(suite, subject, facts):
    """Add the cases; they build on each other."""
    release = subject.meta["release"]
    # Debian's 6.1 for arm64 has no CONFIG_KALLSYMS_ALL: no symbol leads to the log.
    variables = " prb\n" in (subject.folder / "kallsyms").read_text(encoding="ascii")
    text = f"no VMCOREINFO note; the VMCOREINFO of kernel {release} at physical 0x"
    tables = f"the page tables of kernel {release} were found in memory and are used"

    def no_note():
        facts["bare dump"] = copy = Copy(subject)
        expect_equal(copy.rename_notes(elfnote.VMCOREINFO), 1, "VMCOREINFO notes")
        copy.check(text)

    def no_text():
        copy = facts["bare dump"]
        expect(copy.wipe_texts() >= 2, "the text was not in memory")
        copy.check(tables, variables)

    def no_registers():
        copy = facts["bare dump"]
        expect(copy.rename_notes("QEMU") >= 1, "no notes of CPUs")
        copy.check(tables if copy.texts_wiped else text)

    without = [("nor its text: the same from page tables, kallsyms and BTF", no_text)]
    if subject.meta["guest"].startswith("x86"):
        without.append(("nor registers: the same", no_registers))
    if subject.meta["guest"] in NO_REGISTERS_FIRST:
        without.reverse()
    suite.add("no VMCOREINFO note: the same from the text in memory", no_note)
    for name, case in without:
        suite.add(name, case)
    suite.add("the copies without VMCOREINFO are gone", lambda: facts["bare dump"].path.unlink())
