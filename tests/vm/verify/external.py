# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges that are programs of their own: the oracle, the comparison, the readers.

Each prints its cases and, last, a line that counts them. They run one after
the other in a thread while this process goes through its own cases.
"""

import dataclasses
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time

import foreign
import matrix
from verify.paths import ROOT, TESTS

COUNT = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
SECONDS = 3600
ALL_SKIPPED = 77
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass(frozen=True)
class Judge:
    """name: what to call it; command: list of words."""

    name: str
    command: list


def count(text, status):
    """(passed, failed, skipped) of a finished judge; one that counts nothing has failed."""
    found = COUNT.findall(text)
    if not found:
        return 0, 1, 0
    passed, failed, skipped = (int(value or 0) for value in found[-1])
    unexplained = status not in (0, ALL_SKIPPED) and not failed
    return passed, failed + int(unexplained or not passed + failed + skipped), skipped


# The distribution's package is judged on the kernels of its time, the archive's newest on
# later ones: versions up to 1.7.5 misread page types of 6.12.
INSTALLED, NEWEST = ("x86-5.10", "x86-6.1"), ("x86-6.12", "x86-6.18")
# Each program at all 32 levels once; elsewhere each bit, and sets of them that callers use.
EVERY_LEVEL, SOME_LEVELS = ("x86-5.10", "x86-6.18"), "0,1,2,4,8,16,17,27,31"
# Oldest, newest, the distribution's own kernel and each page size: what readers see of a
# dump is its form, which is the same for those between. And what they make of each codec
# has to do with the machine only.
READ_BACK = ("x86-5.10", "x86-6.1", "x86-7.2", "arm64-7.2", "arm64-7.2-16k")
EVERY_CODEC, ONE_CODEC = ("x86-6.1", "arm64-7.2"), "lzo"
# The oldest and newest kernels; other guests' /proc/vmcore is their dump a moment later.
CRASHES = ("x86-5.10", "x86-7.3", "x86-6.12-hotplug")


def _script(path, *words):
    return [sys.executable, str(TESTS / path), *map(str, words)]


def _other_program(guest):
    """The other makedumpfile to compare with on this guest, as words; None for no comparison."""
    if guest in INSTALLED:
        return [shutil.which("makedumpfile", path=SYSTEM_PATH) or "/usr/bin/makedumpfile"]
    return foreign.makedumpfile().command if guest in NEWEST else None


def _crash_folder(subject):
    """A folder as the oracle wants it with /proc/vmcore of the crash as the dump.

    What the kernel said of its pages is from before the crash, as for the other dump.
    """
    folder = subject.scratch / (subject.meta["guest"] + "-crash")
    folder.mkdir()
    (folder / "vmcore.elf").symlink_to(subject.folder / "crash/vmcore.elf")
    for name in ("kpageflags.bin", "workload"):
        (folder / name).symlink_to(subject.folder / name)
    return folder


def judges(subject):
    """The judges of one guest's dumps; a guest captured by callers is there for their sake alone."""
    if matrix.guest(subject.meta["guest"]).script != "capture":
        return []
    guest, vmcore = subject.meta["guest"], subject.folder / "vmcore.elf"
    folders = [subject.folder]
    if guest in CRASHES and (subject.folder / "crash/vmcore.elf").exists():
        folders.append(_crash_folder(subject))
    result = [Judge("oracle", _script("compat/oracle.py", "--program", subject.program, *folders))]
    other = _other_program(guest)
    if other:
        levels = [] if guest in EVERY_LEVEL else ["--levels", SOME_LEVELS]
        result.append(Judge("compat", _script("compat/compare.py", "--ours", subject.program,
                                              "--theirs", shlex.join(other), *levels, vmcore)))
    if guest in READ_BACK:
        codecs = [] if guest in EVERY_CODEC else ["--codec", ONE_CODEC]
        result.append(Judge("readers", _script("readers/run.py", "--program", subject.program,
                                               "--newest", *codecs, vmcore)))
    return result


class Background(threading.Thread):
    """Runs judges; finish() prints what they said and returns the sums."""

    def __init__(self, wanted):
        super().__init__(daemon=True)
        self.wanted, self.texts, self.counts = wanted, [], [0, 0, 0]

    def run(self):
        """Thread body."""
        for judge in self.wanted:
            start = time.monotonic()
            try:
                done = subprocess.run(judge.command, cwd=ROOT, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      timeout=SECONDS, check=False)
                text, status = done.stdout.decode("utf-8", "replace"), done.returncode
            except subprocess.TimeoutExpired:
                text, status = f"still running after {SECONDS} s", 1
            self.counts = [a + b for a, b in zip(self.counts, count(text, status))]
            seconds = time.monotonic() - start
            self.texts.append(f"--- {judge.name}: {seconds:.0f} s, exit status {status}\n{text}")

    def finish(self):
        """Wait; (passed, failed, skipped)."""
        self.join()
        print("\n".join(self.texts), flush=True)
        return self.counts
