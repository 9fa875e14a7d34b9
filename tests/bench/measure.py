# SPDX-License-Identifier: GPL-2.0-or-later
"""Running one program once and measuring it.

A run's memory is what the program itself takes: anonymous pages and page
tables, looked at every few milliseconds. Pages of the mapped input belong to
the page cache and are not counted. For programs started through a loader the
loader is the program.
"""

import contextlib
import dataclasses
import os
import pty
import re
import select
import signal
import subprocess
import time

POLL = 0.01
STEP = re.compile(rb"STEP \[([^]]*?) *\] : ([0-9.]+) seconds")
EXCLUDING, COPYING = b"Excluding unnecessary pages", b"Copying data"
MEMORY = re.compile(rb"^(?:RssAnon|VmPTE):\s*(\d+) kB", re.MULTILINE)


class MeasureError(Exception):
    """The program failed; str() holds its last words."""


@dataclasses.dataclass
class Result:
    """One run. Seconds; memory in KiB; size in bytes, None without output."""

    wall: float | None
    cpu: float | None
    memory: int
    size: int | None = None


def own_memory(pid):
    """RssAnon + VmPTE of a process in KiB, 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", "rb") as stream:
            return sum(int(number) for number in MEMORY.findall(stream.read()))
    except OSError:
        return 0


def _start(command, output):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


@contextlib.contextmanager
def _discarded(piped):
    """Where standard output goes: nowhere, or through a pipe to cat and then nowhere."""
    with open(os.devnull, "wb") as null:
        if not piped:
            yield null
            return
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=null) as cat:
            yield cat.stdin


def whole_run(command, products, piped=False):
    """Run to the end; products are the paths of the files it writes."""
    begin, peak = time.monotonic(), 0
    with open(os.devnull, "wb") as null, _discarded(piped) as output, \
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=null) as process:
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, own_memory(process.pid))
            time.sleep(POLL)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise MeasureError(f"{' '.join(command)}: exit status {process.returncode}")
    size = sum(os.stat(path).st_size for path in products) if products else None
    return Result(wall, usage.ru_utime + usage.ru_stime, peak, size)


def cpu_seconds(pid):
    """CPU seconds a process has used so far, all threads (the clock of clock_getcpuclockid())."""
    return time.clock_gettime((~pid << 3) | 2)


def classify_run(command, limit=None):
    """Run until the pages are classified and copying has begun, then stop the program.

    Both programs say how long their steps took, and what they are at. The
    incumbent classifies once more for each cycle when its bitmap does not fit
    at once, so the steps are added up. wall is the sum of the steps; cpu is
    what was used until the last of them was seen. limit: seconds after which
    to stop in any case; wall is None then.
    """
    master, slave = pty.openpty()
    process = _start(command, slave)
    os.close(slave)
    text, peak, steps, cpu, begin = b"", 0, [], 0.0, time.monotonic()
    late = False
    while COPYING not in text and not late:
        if select.select([master], [], [], POLL)[0]:
            try:
                text += os.read(master, 65536)
            except OSError:
                break
        peak = max(peak, own_memory(process.pid))
        found = [float(seconds) for name, seconds in STEP.findall(text) if name == EXCLUDING]
        if len(found) > len(steps):
            steps, cpu = found, cpu_seconds(process.pid)
        late = limit is not None and time.monotonic() - begin > limit
    process.send_signal(signal.SIGKILL)
    process.wait()
    os.close(master)
    if late:
        return Result(None, None, peak)
    if not steps:
        raise MeasureError(f"{' '.join(command)}: {text[-400:].decode('latin-1')}")
    return Result(sum(steps), cpu, peak)
