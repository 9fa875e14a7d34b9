# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: -q on the dump of a kernel that chose the pages worth dumping itself.

The bitmap is made by a module (guest/crashbitmap) in a panic notifier, from the kernel's own page
flags, so it is also a second opinion on every page of the dump.
"""

import json
import re
import struct
import subprocess

import verify.paths  # noqa: F401
from pylib import bits
from pylib.harness import expect, expect_equal
from verify import program
from verify.compare import sound
from verify.mapped import MappedCore, same_file
from verify.subject import kept_pages
from verify.tags import judge

SCRIPT = "bitmap"
PLACE = re.compile(r"crashbitmap: struct at ([0-9a-f]+), (\d+) page frames")
FILLED = re.compile(r"crashbitmap: filled in (\d+) us")
SECONDS = re.compile(r"^Seconds         : Checking for memory holes ([\d.]+), "
                     r"Excluding unnecessary pages ([\d.]+), ", re.M)
OBEYED = "-q: pages are left out as the crashed kernel chose."
SYMBOL = b"SYMBOL(crash_dump_bitmap_info)="
# The struct: version, bitmap, bitmap_size, and the counters with their rows of the report.
INFO = struct.Struct("<IxxxxQQ5Q")
ROWS = ("Non-private cache pages", "Private cache pages", "User process data pages", "Free pages",
        "Hwpoison pages")
FREE = 48
# What is written over the struct, and what the message must say then.
EDITS = {
    "another version": (0, "I", 2, "crash_dump_bitmap_info.version is 2, not 1"),
    "no bitmap": (8, "Q", 0, "crash_dump_bitmap_info.bitmap is 0"),
    "a bitmap outside of memory": (8, "Q", 1 << 40, "is not in the dump"),
    "a bitmap elsewhere": (8, "Q", 16 << 20, " bitmap "),
    "an absurd counter": (40, "Q", 1 << 40, "crash_dump_bitmap_info.user_pages is 1099511627776"),
    "a counter of 0": (FREE, "Q", 0, "of them for pages of this dump, and the counters"),
}


class Chosen:
    """The crash of the guest, the kernel's struct and the set of pages it keeps."""

    def __init__(self, subject):
        self.subject, self.folder = subject, subject.folder / "crash"
        self.steps = json.loads((self.folder / "steps.json").read_text(encoding="utf-8"))
        self.core = MappedCore(self.folder / "vmcore.elf")
        self.log = (self.folder / "dmesg.txt").read_text(encoding="latin-1")
        place = PLACE.search(self.log)
        expect(place, "the module says nothing in the log")
        self.place = int(place[1], 16)
        _, self.bitmap, self.size, *self.counters = INFO.unpack(
            self.core.read_phys(self.place, INFO.size))
        self.kept = int.from_bytes(self.core.read_phys(self.bitmap, self.size), "little")

    def offset(self, address):
        """Place in the file of a physical address."""
        load = next(item for item in self.core.loads
                    if item.paddr <= address < item.paddr + item.filesz)
        return load.offset + address - load.paddr

    def said(self, name):
        """What a step printed."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")


def seconds(chosen, kind):
    """Seconds before the copy, of the fastest of three runs: (finding out, judging, both)."""
    runs = [tuple(map(float, SECONDS.search(chosen.said(f"{kind}.{turn}")).groups()))
            for turn in (1, 2, 3)]
    return min(((*run, sum(run)) for run in runs), key=lambda run: run[2])


def steps(chosen):
    """The capture kernel's runs, and what they took."""
    for name, step in chosen.steps.items():
        expect_equal(step["status"], 0, f"{name}: exit status")
    for name in ("bitmap.31", "bitmap.1", "bitmap.2", "bitmap.3"):
        expect(OBEYED in chosen.said(name), f"{name}: {chosen.said(name)[:200]!r}")
    filled = FILLED.search(chosen.log)
    expect(filled, "the module did not fill its bitmap")
    print(f"     the kernel took {int(filled[1]) / 1e6:.3f} s to choose, before the capture kernel ran")
    for kind, text in (("bitmap", "with -q"), ("scan", "without")):
        learn, classify, both = seconds(chosen, kind)
        print(f"     {text}: {learn:.3f} s to find memory and symbols, {classify:.3f} s to judge, "
              f"together {both:.3f} s")
    print("     whole runs: " + ", ".join(f"{name} {chosen.steps[name]['seconds']} s"
                                          for name in ("bitmap.31", "dump.31")))


def exact(chosen):
    """Just the pages of the bitmap are there, equal to the source, and counted as in the struct."""
    done = sound(chosen.folder / "bitmap.31", chosen.core, 31)
    present = chosen.core.present()
    wrong = done.kept ^ (present & chosen.kept)
    expect(not wrong, f"not as the bitmap says: {bits.show(wrong)}")
    expect_equal((present & ~chosen.kept).bit_count(), sum(chosen.counters), "pages the kernel counted")
    rows = program.Output(None, chosen.said("bitmap.31"), 0).rows
    expect_equal([rows[row] for row in ROWS], chosen.counters, "the report")
    expect(all(chosen.counters[:4]), f"a class without pages proves little: {chosen.counters}")
    judge(chosen.core, chosen.subject.folder, done.tagged)


def second_opinion(chosen):
    """The kernel and we judge every page alike."""
    wrong = kept_pages(chosen.folder / "dump.31") ^ kept_pages(chosen.folder / "bitmap.31")
    expect(not wrong, f"judged otherwise: {bits.show(wrong)}")
    at = same_file(chosen.folder / "dump.31", chosen.folder / "bitmap.31")
    expect(at is None, f"differs at byte {at}")


def again(chosen, *words, source=None):
    """-q -d 31 with more options here; (path, what it said)."""
    target = chosen.subject.scratch / "q"
    status, out, err, _ = program.run(chosen.subject.program, "-f", "-q", "-l", "-d", "31", *words,
                                      source or chosen.folder / "vmcore.elf", target)
    expect(status == 0, f"{' '.join(words)}: exit status {status}: {err[-300:]}")
    return target, out + err


def options(chosen):
    """Threads, a small plan and -e give what they give without -q."""
    for words in (["--num-threads", "2"], ["--cyclic-buffer", "1", "--non-mmap"]):
        target, said = again(chosen, *words)
        expect(OBEYED in said, said)
        at = same_file(target, chosen.folder / "bitmap.31")
        expect(at is None, f"{words}: differs at byte {at}")
    without = ["-e", "--work-dir", "/tmp"]
    target, said = again(chosen, *without)
    expect(OBEYED in said, said)
    plain = program.filter_dump(chosen.subject.program, chosen.folder / "vmcore.elf",
                                chosen.subject.scratch / "plain", "-l", "-d", "31", *without)
    at = same_file(target, plain.path)
    expect(at is None, f"-e: differs at byte {at}")
    plain.path.unlink()
    target.unlink()


class Copy:
    """A copy of the dump to write into; what was written is taken back at the end of a `with`."""

    def __init__(self, chosen):
        self.chosen, self.path, self.undo = chosen, chosen.subject.scratch / "copy", []
        subprocess.run(["cp", "--sparse=always", chosen.folder / "vmcore.elf", self.path], check=True)

    def write(self, offset, data):
        """Overwrite bytes of the file."""
        with open(self.path, "r+b") as file:
            file.seek(offset)
            self.undo.append((offset, file.read(len(data))))
            file.seek(offset)
            file.write(data)

    def restore(self):
        """Take back all that was written."""
        for offset, data in reversed(self.undo):
            with open(self.path, "r+b") as file:
                file.seek(offset)
                file.write(data)
        self.undo = []


def obeyed(chosen, copy):
    """It is the bitmap that decides: pages it keeps in addition are kept."""
    gone = chosen.core.present() & ~chosen.kept
    more = bits.from_iterable(pfn for number, pfn in enumerate(bits.iterate(gone)) if not number % 97)
    changed = (chosen.kept | more).to_bytes(chosen.size, "little")
    for at in range(0, chosen.size, chosen.core.page_size):
        copy.write(chosen.offset(chosen.bitmap + at), changed[at:at + chosen.core.page_size])
    copy.write(chosen.offset(chosen.place + FREE),
               struct.pack("<Q", chosen.counters[3] - more.bit_count()))
    target, said = again(chosen, source=copy.path)
    expect(OBEYED in said, said)
    wrong = kept_pages(target) ^ (chosen.core.present() & (chosen.kept | more))
    expect(not wrong, f"not as the changed bitmap says: {bits.show(wrong)}")


def module_symbol(chosen, copy):
    """Without a word in VMCOREINFO the symbol is found in the module's own table."""
    raw = copy.path.read_bytes()[:1 << 20]
    at = raw.find(SYMBOL)
    expect(at >= 0, "VMCOREINFO is not in the first MiB")
    copy.write(at, b"X")
    target, said = again(chosen, source=copy.path)
    expect(OBEYED in said, said)
    wrong = kept_pages(target) ^ kept_pages(chosen.folder / "bitmap.31")
    expect(not wrong, f"other pages: {bits.show(wrong)}")


def refused(chosen, copy, offset, code, value, text):
    """A struct that cannot be obeyed: a message, and the dump of struct pages."""
    copy.write(chosen.offset(chosen.place + offset), struct.pack("<" + code, value))
    target, said = again(chosen, source=copy.path)
    expect(f"{copy.path}: -q has no effect: " in said and text in said, f"it says {said[:400]!r}")
    wrong = kept_pages(target) ^ kept_pages(chosen.folder / "dump.31")
    expect(not wrong, f"other pages than without -q: {bits.show(wrong)}")


def other_level(chosen):
    """The kernel left out more than a level does."""
    target, said = again(chosen, "-d", "1")
    expect("-q has no effect: the kernel left out more than -d 1 does: crash_dump_bitmap_info." in said,
           said)
    wrong = kept_pages(target) ^ chosen.core.present()
    expect(not wrong, f"level 1 has lost {bits.show(wrong)}")


def not_filled(chosen):
    """A dump from outside, before the kernel panicked."""
    subject = chosen.subject
    target, said = again(chosen, source=subject.vmcore)
    expect("the kernel did not fill its bitmap" in said, said)
    at = same_file(target, subject.output(31, "-l").path)
    expect(at is None, f"differs at byte {at}")


def add(suite, subject):
    """Add the cases of the guest with a bitmap."""
    chosen = Chosen(subject)
    copies = []

    def on_copy(case, *words):
        copies.extend([] if copies else [Copy(chosen)])
        try:
            case(chosen, copies[0], *words)
        finally:
            copies[0].restore()

    suite.add("bitmap: the capture kernel's runs", lambda: steps(chosen))
    suite.add("bitmap: exactly its pages, counted as the kernel did, no user text", lambda: exact(chosen))
    suite.add("bitmap: the kernel and struct pages say the same", lambda: second_opinion(chosen))
    suite.add("bitmap: threads, a small plan, -e", lambda: options(chosen))
    suite.add("bitmap: what it keeps in addition stays", lambda: on_copy(obeyed))
    suite.add("bitmap: found through the module's symbols", lambda: on_copy(module_symbol))
    for name, words in EDITS.items():
        suite.add(f"bitmap: {name}: struct pages are read", lambda words=words: on_copy(refused, *words))
    suite.add("bitmap: a level that keeps more", lambda: other_level(chosen))
    suite.add("bitmap: a kernel that did not crash", lambda: not_filled(chosen))
