# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: what the commands of the distributions left of one real crash.

All of them saved the same /proc/vmcore at level 31, so with the same codec
they must have written the same file, whichever way it went.
"""

import gzip
import json
import re
import shutil
import subprocess

import verify.paths  # noqa: F401
from pylib import bits, kdumpcheck
from pylib.harness import expect, expect_equal
from pylib.kdumpfile import KdumpFile
from verify.crashes import PANIC
from verify.mapped import same_file

CALLERS = ("check", "fedora", "raw", "ssh", "suse", "debian-1.8", "debian-new", "debian-ssh")
FLAT = b"makedumpfile\0\0\0\0"
TAG = b"MDFTAG-"


class Called:
    """The folder crash/ of the guest's results."""

    def __init__(self, subject):
        self.subject = subject
        self.folder = subject.folder / "crash"
        self.steps = json.loads((self.folder / "steps.json").read_text(encoding="utf-8"))
        self.fedora = self.folder / "fedora.d/vmcore"

    def said(self, name, stream="err"):
        """What a step printed."""
        return (self.folder / f"{name}.{stream}").read_text(encoding="utf-8", errors="replace")

    def rearranged(self, path, *command):
        """The file a flattened stream carries, made by makedumpfile -R here (or by command)."""
        # Unbuffered: the program reads on where this one stopped.
        with open(path, "rb", buffering=0) as stream:
            expect_equal(stream.read(len(FLAT)), FLAT, f"{path}: signature")
            stream.seek(0)
            target = self.subject.scratch / "rearranged"
            target.unlink(missing_ok=True)
            done = subprocess.run([*(command or (self.subject.program, "-R")), target],
                                  stdin=stream, capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"{path}: -R: {done.stderr}")
        return target

    def debian(self, name):
        """(dump, log) of one kdump-config, the dump rearranged."""
        files = sorted((self.folder / f"{name}.d").rglob("*"))
        dumps = [path for path in files if path.name.startswith("dump.")]
        logs = [path for path in files if path.name.startswith("dmesg.")]
        expect(len(dumps) == 1 and len(logs) == 1, f"{name}: {[path.name for path in files]}")
        path = dumps[0]
        if path.suffix == ".gz":
            plain = self.subject.scratch / "plain"
            with gzip.open(path) as packed, open(plain, "wb") as out:
                shutil.copyfileobj(packed, out)
            path = plain
        return self.rearranged(path), logs[0]


def status(called, name):
    """The step succeeded."""
    step = called.steps.get(name)
    expect(step, f"the capture kernel did not come to {name}")
    expect(step["status"] == 0, f"exit status {step['status']}: {called.said(name)[-600:]}")


def fedora(called):
    """The file itself: form, pages decode, no user text, the panic's time."""
    faults = kdumpcheck.check(str(called.fedora))
    expect(not faults, f"{faults[:3]}")
    leaks = []
    with KdumpFile(called.fedora) as dump:
        expect_equal(dump.vmcoreinfo.get("OSRELEASE"), called.subject.meta["release"], "release")
        expect_equal(dump.head["tv_sec"], int(dump.vmcoreinfo["CRASHTIME"]), "timestamp")
        for pfn in bits.iterate(dump.kept()):
            if (dump.page(pfn) or b"").startswith(TAG):
                leaks.append(pfn)
    expect(len(leaks) <= 64, f"{len(leaks)} pages of user text, first {leaks[:3]}")


def same_as_fedora(called, path):
    """A file made with the same options is the same file."""
    at = same_file(path, called.fedora)
    expect(at is None, f"{path}: differs from {called.fedora} at byte {at}")


def same_pages(called, path):
    """Another codec: the same page frames with the same contents."""
    faults = kdumpcheck.check(str(path), deep=False)
    expect(not faults, f"{faults[:3]}")
    with KdumpFile(path) as dump, KdumpFile(called.fedora) as other:
        expect(dump.kept() == other.kept(), "other pages than with -l")
        for pfn in bits.iterate(dump.kept()):
            expect(dump.page(pfn) == other.page(pfn), f"pfn {pfn:#x} differs")


def suse_log(called):
    """stdout is the log and nothing else; stderr tells release and time."""
    text = (called.folder / "suse.d/dmesg.txt").read_bytes()
    for line in PANIC:
        expect(line in text, f"{line.decode()!r} is missing")
    expect(re.match(rb"\[ *\d+\.\d{6}\]", text), f"begins with {text[:40]!r}")
    told = dict(re.findall(r"^\s*(\w+)=(.*)$", (called.folder / "suse.d/stderr").read_text(
        encoding="utf-8"), re.M))
    expect_equal(told.get("OSRELEASE"), called.subject.meta["release"], "OSRELEASE on stderr")
    with KdumpFile(called.fedora) as dump:
        expect_equal(told.get("CRASHTIME"), dump.vmcoreinfo["CRASHTIME"], "CRASHTIME on stderr")


def debian_log(called, name):
    """kdump-config's log file is the same log."""
    _, log = called.debian(name)
    expect_equal(log.read_bytes(), (called.folder / "suse.d/dmesg.txt").read_bytes(), log.name)


def by_perl(called):
    """makedumpfile-R.pl makes the same file of the stream."""
    script = verify.paths.ROOT / "scripts/makedumpfile-R.pl"
    same_as_fedora(called, called.rearranged(called.folder / "ssh.d/vmcore.flat", "perl", script))


def add(suite, subject):
    """Add the cases of the guest that was captured by callers."""
    called = Called(subject)
    for name in CALLERS:
        suite.add(f"callers: {name}: exit status", lambda name=name: status(called, name))
    suite.add("callers: kdump-utils: the dump is sound, without user text", lambda: fedora(called))
    suite.add("callers: kdump-utils: raw device recovered by -R",
              lambda: same_as_fedora(called, called.folder / "raw.d/vmcore"))
    suite.add("callers: kdump-utils: ssh and dd",
              lambda: same_as_fedora(called, called.rearranged(called.folder / "ssh.d/vmcore.flat")))
    suite.add("callers: kdump-utils: the stream by makedumpfile-R.pl", lambda: by_perl(called))
    suite.add("callers: openSUSE: the log through a FIFO", lambda: suse_log(called))
    suite.add("callers: openSUSE: the dump through a FIFO",
              lambda: same_as_fedora(called, called.rearranged(called.folder / "suse.d/vmcore")))
    for name in ("debian-1.8", "debian-new", "debian-ssh"):
        suite.add(f"callers: kdump-tools: {name}: dump",
                  lambda name=name: same_pages(called, called.debian(name)[0]))
        suite.add(f"callers: kdump-tools: {name}: log", lambda name=name: debian_log(called, name))
