#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""-x, -g and -i with the vmlinux of real kernels, whose packages are 300 MB each.

Usage: tests/vm/verify/debuginfo.py --program PROGRAM [GUEST...]

A guest's dump is taken as it is and with its VMCOREINFO made unreadable; what
-x and -i make of the second must be what the first has. The files of -g are
compared with those of the newest packaged makedumpfile.
"""

import argparse
import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

import foreign  # noqa: E402
import kernels  # noqa: E402
from matrix import guest  # noqa: E402
from pylib import elfnote  # noqa: E402
from pylib.elfcore import ElfCore  # noqa: E402
from pylib.harness import Suite, expect, expect_equal  # noqa: E402
from pylib.kdumpfile import KdumpFile  # noqa: E402
from run import result_dir  # noqa: E402

GUESTS = ("x86-6.1", "x86-7.2")
LEVELS = (1, 31)
# Values of pointers in VMCOREINFO, addresses of variables in a vmlinux.
POINTERS = {"SYMBOL(mem_section)", "SYMBOL(vmemmap)"}
# "An array of unknown length" in files of other versions; ours have the length.
LENGTHS = {"LENGTH(node_data)"}


def call(program, *words, status=0):
    """Run; its stdout and stderr."""
    done = subprocess.run([str(program), *map(str, words)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    expect_equal(done.returncode, status, f"exit status of {words}: {done.stderr}")
    return done.stdout + done.stderr


def lines(text):
    """key -> value of a vmcoreinfo text."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


class Subject:
    """A guest's dump, its copy without VMCOREINFO, and its vmlinux."""

    def __init__(self, name, program, scratch):
        self.program, self.scratch = program, scratch
        row = guest(name)
        self.vmcore = result_dir(row) / "vmcore.elf"
        self.vmlinux = kernels.vmlinux(row.kernel)
        self.other = kernels.vmlinux("7.2" if row.kernel != "7.2" else "6.1")

    @functools.cached_property
    def info(self):
        """The dump's VMCOREINFO text."""
        with ElfCore(str(self.vmcore)) as core:
            return core.vmcoreinfo_text

    @functools.cached_property
    def bare(self):
        """The dump with the note's name overwritten."""
        path = self.scratch / "bare"
        subprocess.run(["cp", "--sparse=always", self.vmcore, path], check=True)
        path.chmod(0o600)
        with open(path, "r+b") as file:
            head = file.read(1 << 20)
            at = head.index(elfnote.VMCOREINFO.encode() + b"\0")
            file.seek(at)
            file.write(b"X" * len(elfnote.VMCOREINFO))
        return path

    @functools.cached_property
    def text(self):
        """The file that -g writes."""
        path = self.scratch / "facts"
        call(self.program, "-g", path, "-x", self.vmlinux)
        return path

    def pages(self, level, *words):
        """Page sets of what the program makes of a dump."""
        out = self.scratch / "out"
        call(self.program, "-f", "-l", "-d", level, *words, out)
        with KdumpFile(str(out)) as dump:
            return dump.bitmap1, dump.bitmap2, dump.sub["phys_base"]

    def log(self, *words):
        """The log as the program writes it."""
        out = self.scratch / "log"
        call(self.program, "-f", "--dump-dmesg", *words, out)
        return out.read_bytes()


def facts_equal(subject):
    """Everything that both know, symbols moved by KERNELOFFSET."""
    info, ours = lines(subject.info), lines(subject.text.read_text(encoding="ascii"))
    slide, compared = int(info.get("KERNELOFFSET", "0"), 16), 0
    for key in info.keys() & ours.keys() - POINTERS:
        value = ours[key]
        if key.startswith("SYMBOL("):
            value = f"{int(value, 16) + slide:x}"
        expect_equal(value, info[key], key)
        compared += 1
    expect(compared > 60, f"only {compared} facts are in both")
    print(f"     {compared} facts equal")


def same_pages(subject, *words):
    """The page sets without VMCOREINFO are those with it."""
    for level in LEVELS:
        expect(subject.pages(level, *words, subject.bare) == subject.pages(level, subject.vmcore),
               f"level {level}: other pages")


def same_log(subject):
    """The log too."""
    want = subject.log(subject.vmcore)
    for option, path in (("-x", subject.vmlinux), ("-i", subject.text)):
        expect(subject.log(option, path, subject.bare) == want, f"{option}: another log")


def others_lines(subject):
    """Each line of the packaged makedumpfile's file is in ours, in that order."""
    theirs = subject.scratch / "theirs"
    subprocess.run([*foreign.makedumpfile().command, "-f", "-g", theirs, "-x", subject.vmlinux],
                   check=True, capture_output=True)
    want = [line for line in theirs.read_text(encoding="ascii").splitlines()
            if line.split("=")[0] not in LENGTHS]
    ours = subject.text.read_text(encoding="ascii").splitlines()
    expect_equal([line for line in ours if line in set(want)], want, "their lines in ours")
    print(f"     {len(want)} lines, {len(ours) - len(want)} more")


def wrong_kernel(subject):
    """Another kernel's vmlinux: exit status 2 and no output."""
    out = subject.scratch / "none"
    for dump in (subject.vmcore, subject.bare):
        text = call(subject.program, "-d", 31, "-x", subject.other, dump, out, status=2)
        expect("of another kernel" in text, text)
        expect(not out.exists(), "something was written")


def add_cases(suite, name, program, scratch):
    """All cases of one guest."""
    subject = functools.lru_cache(None)(lambda: Subject(name, program, scratch))
    for title, function in (
            ("facts of -x are VMCOREINFO's", facts_equal),
            ("-x: the same pages", lambda s: same_pages(s, "-x", s.vmlinux)),
            ("-i: the same pages", lambda s: same_pages(s, "-i", s.text)),
            ("-x and -i: the same log", same_log),
            ("-g against the packaged makedumpfile", others_lines),
            ("another kernel's vmlinux", wrong_kernel)):
        suite.add(f"{name}: {title}", lambda function=function: function(subject()))


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, type=lambda path: Path(path).resolve(strict=True))
    parser.add_argument("guest", nargs="*", default=GUESTS)
    args = parser.parse_args()
    suite = Suite("dbg")
    scratch = Path(tempfile.mkdtemp(prefix="dbg-"))
    try:
        for name in args.guest:
            (scratch / name).mkdir()
            add_cases(suite, name, args.program, scratch / name)
        return suite.main()
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    sys.exit(main())
