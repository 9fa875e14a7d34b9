# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: a kdump file that QEMU wrote, of the same moment as its ELF file.

Debian's QEMU writes kdump-zlib only; it is built without lzo and snappy, whose
pages the recipes of tests/gen have in QEMU's layout.

It comes flattened, without the kernel's names in its header, with zero pages
shared, and on arm64 in blocks of 64 KiB whatever the kernel's page size is.
"""

import verify.paths  # noqa: F401
from pylib import bits
from pylib.harness import expect
from verify import program
from verify.compare import sound
from verify.subject import kept_pages

NAME = "vmcore.flat"


def refiltered(subject, level, *options):
    """The dump is sound, its pages are the ELF file's, and no other pages than from that."""
    output = program.filter_dump(subject.program, subject.folder / NAME, subject.scratch / "qemu",
                                 "-d", str(level), *options)
    done = sound(output.path, subject.core, level | 1)
    wrong = done.kept ^ kept_pages(subject.output(level, *options).path)
    output.path.unlink()
    expect(not wrong, f"in one and not in the other: {bits.show(wrong)}")


def log(subject):
    """The same log as from the ELF file."""
    texts = []
    for source in (subject.folder / NAME, subject.vmcore):
        target = subject.scratch / "qemu-log"
        status, _, err, _ = program.run(subject.program, "-f", "--dump-dmesg", source, target)
        expect(status == 0, err)
        texts.append(target.read_bytes())
        target.unlink()
    expect(texts[0] == texts[1], "another log than from the ELF file")


def add(suite, subject):
    """Add the cases of a guest with such a file."""
    suite.add("QEMU's kdump file: level 31", lambda: refiltered(subject, 31, "-l"))
    suite.add("QEMU's kdump file: level 0", lambda: refiltered(subject, 0, "-l"))
    suite.add("QEMU's kdump file: log", lambda: log(subject))
