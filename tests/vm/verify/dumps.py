# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: form and contents of what is written, whatever the codec, threads and budget."""

import verify.paths  # noqa: F401
from pylib import bits, kpageflags
from pylib.harness import expect
from verify.compare import sound
from verify.mapped import same_file
from verify.subject import kept_pages

CODECS = {"zlib": "-c", "lzo": "-l", "snappy": "-p", "zstd": "-z", "none": None}
# How pages are packed, and by how many threads, has to do with the form of the input, not
# with the kernel: small, large, with holes, on a device, other pages. The other guests have
# lzo, and all at once.
FORMS = ("x86-5.10", "x86-7.2-big", "x86-6.12-hotplug", "x86-6.1-pmem", "arm64-7.2", "arm64-7.2-16k")
# Each must give the bytes of the plain run.
SAME_BYTES = {
    "no threads": ["--num-threads", "0"], "1 thread": ["--num-threads", "1"],
    "2 threads": ["--num-threads", "2"],
    "a plan of 1 KiB": ["--cyclic-buffer", "1"],
    "a plan of 1 KiB, 2 threads": ["--cyclic-buffer", "1", "--num-threads", "2"],
    "read()": ["--non-mmap"], "read(), 2 threads": ["--non-mmap", "--num-threads", "2"],
}
AT_ONCE = {"read(), a plan of 1 KiB, 2 threads": ["--non-mmap", "--cyclic-buffer", "1", "--num-threads", "2"]}


def add(suite, subject, facts):
    """Add the cases of a dump; facts collects what the summary shows."""
    def level_0():
        output = subject.output(0, "-l")
        done = sound(output.path, subject.core, 0)
        always = kpageflags.select(subject.flags, ["HWPOISON"]) \
            | kpageflags.select(subject.flags, ["OFFLINE"])
        wrong = subject.core.present() & ~facts["never"] & ~done.kept ^ always & ~facts["never"]
        expect(not wrong, f"level 0 has lost, or kept, {bits.show(wrong)}")
        facts["kept 0"], facts["pass 0"] = done.kept.bit_count(), done

    def level_1():
        output = subject.output(1, "-l")
        done = sound(output.path, subject.core, 1)
        expect(done.kept.bit_count() == facts["kept 0"], "level 1 has other pages than level 0")
        expect(output.rows["Pages filled with zero"] == done.zero_pages,
               f"{output.rows['Pages filled with zero']} zero pages reported, {done.zero_pages} found")

    def codec(option):
        output = subject.output(31, *([option] if option else []))
        done = sound(output.path, subject.core, 31)
        facts.setdefault("pass 31", done)
        facts["bytes " + str(option)] = output.path.stat().st_size
        expect(done.kept == facts["pass 31"].kept, "another codec, another set of pages")
        if option != "-l":
            subject.drop(output)

    def same(words):
        other = subject.output(31, "-l", *words)
        at = same_file(subject.output(31, "-l").path, other.path)
        subject.drop(other)
        expect(at is None, f"differs at byte {at}")

    suite.add("level 0: every page, equal to the source", level_0)
    suite.add("level 1: zero pages stored once", level_1)
    forms = subject.meta["guest"] in FORMS
    # lzo first: the others are compared with its pages.
    for name in sorted(CODECS if forms else ["lzo"], key=lambda name: name != "lzo"):
        suite.add(f"level 31, {name}: sound, pages equal to the source",
                  lambda name=name: codec(CODECS[name]))
    for name, words in (SAME_BYTES if forms else AT_ONCE).items():
        suite.add(f"level 31 with {name}: the same bytes", lambda words=words: same(words))
    if forms:
        suite.add("levels 2, 4, 8, 16: nothing is lost that another level keeps",
                  lambda: single_levels(subject, facts))


def single_levels(subject, facts):
    """What level 31 leaves out is the union of what its bits leave out."""
    lost, present = 0, subject.core.present()
    for level in (2, 4, 8, 16):
        output = subject.output(level, "-p")
        lost |= present & ~kept_pages(output.path)
        subject.drop(output)
    wrong = (present & ~lost) ^ facts["pass 31"].kept
    expect(not wrong, f"kept by 31 or by all of its bits, not by both: {bits.show(wrong)}")
