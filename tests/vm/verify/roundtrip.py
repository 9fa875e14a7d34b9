# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: one dump through every form, each step fed by the one before it.

    ELF -> kdump -> refiltered -> flattened -> -R -> split -> reassembled -> ELF

What is left is the same pages however they came, so each kdump file must have
the bytes of the one made from the guest's dump directly; the ELF file at the
end is compared page by page.
"""

import os
import subprocess

import verify.paths  # noqa: F401
from pylib import bits
from pylib.elfcore import ElfCore
from pylib.harness import expect
from pylib.kdumpfile import KdumpFile
from verify import program
from verify.mapped import same_file
from verify.subject import kept_pages

# Any kernel's dump goes the same way: oldest and newest, with holes, other pages.
GUESTS = ("x86-5.10", "x86-7.2-big", "x86-6.12-hotplug", "arm64-7.2-16k")


class Trip:
    """The file of the last step that succeeded, in the subject's scratch folder."""

    def __init__(self, subject):
        self.subject = subject
        self.at = None

    def path(self, name):
        """A scratch file of this trip, removed if it is there."""
        path = self.subject.scratch / ("trip-" + name)
        path.unlink(missing_ok=True)
        return path

    def arrive(self, path):
        """The next step starts from path; the file before is done with."""
        if self.at:
            self.at.unlink()
        self.at = path

    def direct(self, path, *options):
        """The file has the bytes of one made from the guest's dump at once."""
        other = program.filter_dump(self.subject.program, self.subject.vmcore,
                                    self.path("direct"), *options)
        at = same_file(path, other.path)
        other.path.unlink()
        expect(at is None, f"{' '.join(options)}: differs at byte {at} from the direct way")

    def filtered(self, name, *options):
        """Filter what is there; the path of the result."""
        expect(self.at, "the step before failed")
        return program.filter_dump(self.subject.program, self.at, self.path(name), *options).path


def to_kdump(trip):
    """ELF to kdump, lzo, level 1."""
    trip.at = trip.subject.vmcore
    path = trip.filtered("lzo", "-l", "-d", "1")
    trip.at = path


def refilter(trip):
    """kdump to kdump: zstd, level 31."""
    path = trip.filtered("zstd", "-z", "-d", "31")
    trip.direct(path, "-z", "-d", "31")
    trip.arrive(path)


def stream(trip, *options):
    """Flatten with zlib on standard output, which a file takes."""
    path = trip.path("flat")
    with open(path, "wb") as out:
        done = subprocess.run([trip.subject.program, "-F", *options, trip.at], stdout=out,
                              stderr=subprocess.PIPE, text=True, check=False)
    expect(done.returncode == 0, f"-F: {done.stderr}")
    return path


def flatten(trip):
    """kdump to a flattened stream; read as input it is the dump it carries."""
    expect(trip.at, "the step before failed")
    path = stream(trip, "-c", "-d", "31", "--num-threads", "2")
    trip.arrive(path)
    again = trip.filtered("unflattened", "-c", "-d", "31")
    trip.direct(again, "-c", "-d", "31")
    again.unlink()


def rearrange(trip):
    """The stream back to a file."""
    expect(trip.at, "the step before failed")
    path = trip.path("rearranged")
    with open(trip.at, "rb") as source:
        done = subprocess.run([trip.subject.program, "-R", path], stdin=source,
                              capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"-R: {done.stderr}")
    trip.direct(path, "-c", "-d", "31")
    trip.arrive(path)


def split(trip):
    """Three pieces with snappy, none of them empty, and back to one file."""
    expect(trip.at, "the step before failed")
    pieces = [trip.path(f"piece{number}") for number in range(3)]
    status, _, err, _ = program.run(trip.subject.program, "--split", "-p", "-d", "31", trip.at, *pieces)
    expect(status == 0, f"--split: {err}")
    for piece in pieces:
        with KdumpFile(piece) as dump:
            expect(dump.kept(), f"{piece.name} has no pages")
            expect(dump.sub["start_pfn_64"] % 64 == 0, f"{piece.name} starts at {dump.sub['start_pfn_64']}")
    path = trip.path("reassembled")
    # The order of the pieces is nobody's business.
    status, _, err, _ = program.run(trip.subject.program, "--reassemble", *reversed(pieces), path)
    expect(status == 0, f"--reassemble: {err}")
    for piece in pieces:
        piece.unlink()
    trip.direct(path, "-p", "-d", "31")
    trip.arrive(path)


def stored_pages(core):
    """{pfn: file offset} of the whole pages that a filtered ELF file stores.

    Its loads number tens of thousands; ElfCore's careful way would take minutes.
    """
    size, found = core.page_size, {}
    for load in core.loads:
        first = -(-load.paddr // size)
        for pfn in range(first, (load.paddr + load.filesz) // size):
            found.setdefault(pfn, load.offset + pfn * size - load.paddr)
    return found


def to_elf(trip):
    """kdump to ELF: every page that is not zero, equal, and no other."""
    path = trip.filtered("elf", "-E", "-d", "31", "--num-threads", "2")
    wrong, kept = [], kept_pages(trip.at)
    with ElfCore(path) as core, KdumpFile(trip.at) as dump:
        stored = stored_pages(core)
        zero = bytes(dump.block_size)
        for pfn, page in dump.pages():
            there = os.pread(core.fd, core.page_size, stored[pfn]) if pfn in stored else zero
            if there != page:
                wrong.append(hex(pfn))
        more = bits.from_iterable(stored) & ~kept
    expect(not wrong, f"{len(wrong)} pages differ: {wrong[:4]}")
    expect(not more, f"pages the dump did not have: {bits.show(more)}")
    trip.arrive(path)


def elf_back(trip):
    """The filtered ELF file is an input too: the same pages, less those of zeros."""
    path = trip.filtered("back", "-l", "-d", "31")
    with ElfCore(trip.at) as core:
        stored = bits.from_iterable(stored_pages(core))
    lost = stored & ~kept_pages(path)
    expect(not lost, f"stored, and lost on the way back: {bits.show(lost)}")
    path.unlink()
    trip.at.unlink()


def add(suite, subject, facts):
    """Add the steps, in order."""
    del facts
    trip = Trip(subject)
    for name, step in (("ELF to kdump", to_kdump), ("refiltered", refilter), ("flattened", flatten),
                       ("-R", rearrange), ("split and reassembled", split), ("to ELF", to_elf),
                       ("from filtered ELF", elf_back)):
        suite.add(f"round trip: {name}", lambda step=step: step(trip))
