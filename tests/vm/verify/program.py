# SPDX-License-Identifier: GPL-2.0-or-later
"""Running the program under test, and reading its report."""

import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile
import time

import verify.paths  # noqa: F401
from pylib.harness import Failure, expect

TIMEOUT = 1800
# What the report must contain, in this order; the value of a row is hexadecimal.
ROW = re.compile(r"^ *(\S[^:\n]*?) *: (0x[0-9a-f]{16})$", re.M)
CLASS_ROWS = ("Pages filled with zero", "Non-private cache pages", "Private cache pages",
              "User process data pages", "Free pages", "Hwpoison pages", "Offline pages")
PMEM_ROWS = ("pmem metadata pages", "pmem userdata pages")
DOUBT_ROWS = ("Corrupt page order", "Unreadable struct page", "No struct page",
              "Uninitialised struct")
SCRATCH_NEEDED = 2 << 30


@dataclasses.dataclass
class Output:
    """One dump the program wrote: its path, its report and what it took."""

    path: pathlib.Path
    text: str
    seconds: float

    @property
    def rows(self):
        """{label: number} of the statistics block."""
        return {label: int(value, 16) for label, value in ROW.findall(self.text)}

    @property
    def written(self):
        """The "Write bytes" of the report."""
        return int(re.search(r"^Write bytes     : (\d+)$", self.text, re.M).group(1))

    @property
    def own_kib(self):
        """Peak memory of its own (RssAnon + VmPTE) as the report says."""
        return int(re.search(r"^Peak memory     : (\d+) KiB own", self.text, re.M).group(1))


def scratch_parent():
    """/dev/shm where it has room, since flushing to a disk costs minutes; else TMPDIR."""
    shm = pathlib.Path("/dev/shm")
    if shm.is_dir() and os.access(shm, os.W_OK):
        room = os.statvfs(shm)
        if room.f_bavail * room.f_frsize >= SCRATCH_NEEDED:
            return str(shm)
    return tempfile.gettempdir()


def run(program, *words):
    """Run the program; return (exit status, stdout, stderr, seconds)."""
    start = time.monotonic()
    try:
        done = subprocess.run([str(program), *map(str, words)], capture_output=True,
                              timeout=TIMEOUT, stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(map(str, words))}: still running after {TIMEOUT} s") from None
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    return done.returncode, out, err, time.monotonic() - start


def filter_dump(program, source, target, *options):
    """Write target from source, which must succeed; the Output, with its report."""
    status, out, err, seconds = run(program, "-f", "--message-level", "22", *options, source, target)
    words = " ".join(map(str, options))
    expect(status == 0, f"{words}: exit status {status}: {err.strip()[-300:]}")
    expect(not err.strip(), f"{words}: complains although it succeeded: {err.strip()[:300]}")
    expect(out.endswith("\nmakedumpfile Completed.\n"), f"{words}: the last line is {out[-60:]!r}")
    return Output(pathlib.Path(target), out, seconds)
