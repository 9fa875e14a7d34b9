# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases: what the capture kernel of a real crash made of /proc/vmcore with our program."""

import json
import re

import verify.paths  # noqa: F401
from matrix import guest
from pylib import bits
from pylib.harness import Skip, expect, expect_equal
from pylib.kdumpfile import KdumpFile
from verify.compare import sound
from verify.dmesg import match
from verify.mapped import MappedCore, same_file
from verify.program import filter_dump, run
from verify.tags import DumpCore, judge

# Peak resident size in the capture kernel, mapped parts of /proc/vmcore included.
RESIDENT_LIMIT_KIB = 64 << 10
OWN_LIMIT_KIB = 40 << 10
OWN = re.compile(r"^Peak memory     : (\d+) KiB own", re.M)
PANIC = (b"sysrq: Trigger a crash", b"Kernel panic - not syncing: sysrq triggered crash")


class Crash:
    """The folder crash/ of a guest's results, its dumps read once."""

    def __init__(self, subject):
        self.subject = subject
        self.folder = subject.folder / "crash"
        self.steps = json.loads((self.folder / "steps.json").read_text(encoding="utf-8"))
        self.passes = {}

    def has(self, name):
        """True when the capture side left a file of this name."""
        return (self.folder / name).exists()

    def need(self, name):
        """Path of a file; Skip where the guest is too large for it."""
        if not self.has(name):
            raise Skip(f"{self.subject.meta['guest']} is captured without {name}")
        return self.folder / name

    def source(self):
        """What the pages of dump.31 must equal: /proc/vmcore as dd copied it."""
        return MappedCore(self.need("vmcore.elf"))


def steps(crash):
    """Exit status and memory of each run, and what it printed."""
    for name in ("dump.31", "dmesg", *(["dump.0"] if guest(crash.subject.meta["guest"]).whole else [])):
        step = crash.steps[name]
        expect_equal(step["status"], 0, f"{name}: exit status")
        expect(step["maxrss_kib"] < RESIDENT_LIMIT_KIB, f"{name}: {step['maxrss_kib']} KiB resident")
        said = (crash.folder / f"{name}.log").read_text(encoding="utf-8")
        expect(said.endswith("makedumpfile Completed.\n"), f"{name}: prints {said[-80:]!r}")
    own = OWN.search((crash.folder / "dump.31.log").read_text(encoding="utf-8"))
    expect(own, "dump.31: the report does not say how much memory it took")
    expect(int(own.group(1)) < OWN_LIMIT_KIB, f"dump.31: {own.group(0)}")
    print(f"     dump.31 took {own.group(1)} KiB of memory of its own")
    print("     " + ", ".join(f"{name} {step['seconds']} s, {step['maxrss_kib']} KiB"
                              for name, step in crash.steps.items() if "seconds" in step))


def dump_31(crash, facts):
    """dump.31 against the copy of /proc/vmcore; no user text in it."""
    core = crash.source()
    done = sound(crash.folder / "dump.31", core, 31)
    facts["crash kept"] = done.kept
    judge(core, crash.subject.folder, done.tagged)
    core.close()


def dump_0(crash, facts):
    """dump.0 has every page of dump.31, and all equal to the copy."""
    path = crash.need("dump.0")
    core = crash.source()
    done = sound(path, core, 0)
    core.close()
    extra = facts["crash kept"] & ~done.kept
    expect(not extra, f"in dump.31 and not in dump.0: {bits.show(extra)}")
    expect(len(done.tagged) > 1000, f"only {len(done.tagged)} tagged pages at level 0")


def lone_dump(crash):
    """dump.31 of a guest whose /proc/vmcore is not copied: form, decoding, user text."""
    core = DumpCore(crash.folder / "dump.31")
    done = sound(crash.folder / "dump.31", core, 31)
    judge(core, crash.subject.folder, done.tagged)


def again(crash):
    """The same program on the copy of /proc/vmcore gives the same file here."""
    source = crash.need("vmcore.elf")
    subject = crash.subject
    output = filter_dump(subject.program, source, subject.scratch / "again", "-l", "-d", "31",
                         "--num-threads", "2")
    at = same_file(output.path, crash.folder / "dump.31")
    output.path.unlink()
    expect(at is None, f"differs at byte {at}")


def log(crash):
    """The panic is in the log, behind what the guest saw of it before."""
    text = (crash.folder / "dmesg.txt").read_bytes()
    equal, new, lost = match((crash.subject.folder / "kmsg.txt").read_bytes(), text)
    print(f"     {equal} records equal, {new} newer, {lost} evicted since")
    at = 0
    for line in PANIC:
        expect(line in text[at:], f"{line.decode()!r} is missing or out of order")
        at = text.index(line, at)
    if not crash.has("vmcore.elf"):
        return
    target = crash.subject.scratch / "crash-dmesg"
    status, _, err, _ = run(crash.subject.program, "--dump-dmesg", "-f",
                            crash.folder / "vmcore.elf", target)
    expect(status == 0, err)
    expect(target.read_bytes() == text, "the copy of /proc/vmcore gives another log")
    target.unlink()


def notes(crash):
    """The dump says when and on which CPU: CRASHTIME, notes of both CPUs, release."""
    with KdumpFile(crash.folder / "dump.31") as dump:
        expect_equal(dump.vmcoreinfo.get("OSRELEASE"), crash.subject.meta["release"], "release")
        expect_equal(dump.head["tv_sec"], int(dump.vmcoreinfo["CRASHTIME"]), "timestamp")
        expect_equal(dump.head["nr_cpus"], 2, "CPUs")


def add(suite, subject, facts):
    """Add the cases of a guest that crashed."""
    crash = Crash(subject)
    suite.add("crash: the capture kernel's runs", lambda: steps(crash))
    suite.add("crash: log with the panic", lambda: log(crash))
    suite.add("crash: header and notes", lambda: notes(crash))
    if crash.has("vmcore.elf"):
        suite.add("crash: dump.31 sound, equal to /proc/vmcore, no user text",
                  lambda: dump_31(crash, facts))
        if guest(subject.meta["guest"]).whole:
            suite.add("crash: dump.0 sound, equal, contains dump.31", lambda: dump_0(crash, facts))
        suite.add("crash: the same file from the copy of /proc/vmcore", lambda: again(crash))
    else:
        suite.add("crash: dump.31 sound, no user text", lambda: lone_dump(crash))
