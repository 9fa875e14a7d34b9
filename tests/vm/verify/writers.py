# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: ELF output and split sets of the guest's memory, and what readers make of them."""

import subprocess
import sys

from verify.paths import TESTS
from pylib import bits, elfcheck
from pylib.elfcore import ElfCore
from pylib.harness import expect, expect_equal
from pylib.kdumpfile import KdumpFile
from verify.mapped import same_file
from verify.program import TIMEOUT, filter_dump

GUESTS = ("x86-6.1", "arm64-6.1")
CHECK_DRGN = TESTS / "readers" / "check_elf.py"


def nonzero(path):
    """Kept pages of a kdump file that are not filled with zeros."""
    with KdumpFile(path) as dump:
        return bits.from_iterable(pfn for pfn, data in dump.pages() if data.strip(b"\0"))


def add_elf(suite, subject):
    """ELF cores: pages, bytes, readers; straight, and from a kdump file."""
    def made(name):
        return subject.scratch / f"{name}.elf"

    def straight():
        filter_dump(subject.program, subject.vmcore, made("straight"), "-E", "-d", "31")
        faults = elfcheck.check(made("straight"), subject.vmcore)
        expect(not faults, "; ".join(faults))
        with ElfCore(made("straight")) as core:
            expect_equal(bits.show(elfcheck.stored_pages(core) ^ nonzero(subject.output(31, "-l").path)),
                         bits.show(0), "pages in one of ELF and kdump only")

    def from_kdump():
        source = subject.output(31, "-l").path
        filter_dump(subject.program, source, made("refiltered"), "-E", "-d", "31")
        faults = elfcheck.check(made("refiltered"), subject.vmcore)
        expect(not faults, "; ".join(faults))

    def read(name):
        done = subprocess.run([sys.executable, CHECK_DRGN, made(name), subject.vmcore],
                              capture_output=True, text=True, timeout=TIMEOUT, check=False)
        made(name).unlink()
        expect(done.returncode == 0, done.stdout + done.stderr)

    suite.add("-E: pages and bytes of the source", straight)
    suite.add("-E: drgn and gdb", lambda: read("straight"))
    suite.add("-E of a kdump file: bytes of the source", from_kdump)
    suite.add("-E of a kdump file: drgn and gdb", lambda: read("refiltered"))


def add_sets(suite, subject):
    """Split sets: together they are the dump that was not split."""
    def split():
        pieces = [subject.scratch / f"piece{i}" for i in range(3)]
        # The last two of the names come as source and target.
        filter_dump(subject.program, *pieces[1:], "-l", "-d", "31", "--split", subject.vmcore, pieces[0])
        again = subject.scratch / "reassembled"
        filter_dump(subject.program, pieces[1], again, "--reassemble", pieces[2], pieces[0])
        at = same_file(subject.output(31, "-l").path, again)
        for path in (*pieces, again):
            path.unlink()
        expect(at is None, f"differs at byte {at}")

    suite.add("--split and --reassemble: the same bytes", split)


def add(suite, subject, _facts):
    """Add the cases of one guest."""
    add_elf(suite, subject)
    add_sets(suite, subject)
