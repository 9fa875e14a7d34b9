# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines of 1 TiB and 16 TiB, filtered in bounded memory.

The dumps are sparse: about 1 GiB of disk. Some GiB of a machine have struct pages
of their own; the sections behind share those of one section. The limit is set
twice: RLIMIT_DATA makes the kernel refuse more private memory, and RssAnon +
VmPTE of /proc/PID/status are watched while the program runs.
"""

import os
import pathlib
import re
import resource
import shutil
import subprocess
import time

import expect
import machine
import mkdump
import recipe
import tail
from expect import Expected
from pylib import harness
from pylib.kdumpfile import KdumpFile
from pylib.scratch import scratch

RECIPES = pathlib.Path(__file__).resolve().parent.parent / "gen/recipes"
WIDE = 1 << 32   # the first pfn of more than 32 bits
LIMIT_KIB = 40 << 10
TIMEOUT = 1800
POLL_SECONDS = 0.01
DISK_NEEDED = 4 << 30
ROW = re.compile(r"^ +(\S[^:\n]*?) *: 0x([0-9a-f]{16})$", re.M)
STATUS = re.compile(r"^(RssAnon|VmPTE|VmData):\s+(\d+) kB$", re.M)


def disk():
    """A folder on a file system whose sparse files cost no memory to read.

    The holes of a tmpfs file turn into pages of memory when they are mapped and
    read, 1 TiB of them.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = pathlib.Path(base) / "makedumpfile" / "synthetic"
    folder.mkdir(parents=True, exist_ok=True)
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True,
                          check=True).stdout.strip()
    if kind in ("tmpfs", "ramfs"):
        raise harness.Skip(f"{folder} is on {kind}; set XDG_CACHE_HOME to a disk")
    if shutil.disk_usage(folder).free < DISK_NEEDED:
        raise harness.Skip(f"{folder} has less than {DISK_NEEDED >> 30} GiB free")
    return folder


def watch(process):
    """(peak of RssAnon + VmPTE in KiB, samples) until the process ends."""
    peak = samples = 0
    end = time.monotonic() + TIMEOUT
    while process.poll() is None:
        if time.monotonic() > end:
            process.kill()
            raise harness.Failure(f"still running after {TIMEOUT} s")
        try:
            with open(f"/proc/{process.pid}/status", encoding="ascii", errors="replace") as file:
                values = dict(STATUS.findall(file.read()))
        except OSError:
            break
        if "RssAnon" in values:
            peak = max(peak, int(values["RssAnon"]) + int(values["VmPTE"]))
            samples += 1
        time.sleep(POLL_SECONDS)
    return peak, samples


def limited():
    """In the child: no more private writable memory than the limit."""
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_KIB << 10, LIMIT_KIB << 10))


def run(program, dump, output, options):
    """Filter under the limit; returns (report, peak in KiB)."""
    words = [program, "-f", "-l", "-d", "31", "--message-level", "20", *options, dump, output]
    with open(f"{output}.log", "wb+") as log:
        with subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, preexec_fn=limited) as process:
            peak, samples = watch(process)
        log.seek(0)
        text = log.read().decode("latin-1")
    harness.expect(process.returncode == 0, f"exit status {process.returncode}: {text[-400:]}")
    # RLIMIT_DATA is what no run gets past, however short; a fast machine gives few samples.
    harness.expect(samples >= 10, f"only {samples} samples: too few to speak of a peak")
    harness.expect(0 < peak < LIMIT_KIB, f"peak of {peak} KiB, {LIMIT_KIB} allowed")
    return text, peak


def check(dump, output, text):
    """Counters of the report and pages of the file are those of the recipe."""
    expected = Expected(f"{dump}.json")
    rows = {label: int(value, 16) for label, value in ROW.findall(text)}
    want = expected.counters(31)
    got = {label: rows.get(label, 0) for label in want}
    harness.expect(got == want, harness.first_differences(got, want))
    with KdumpFile(output) as written:
        wrong = expected.compare(written.bitmap2, 31)
    harness.expect(not wrong, "; ".join(wrong[:4]))


def check_wide(built, output, text):
    """Counters, and the pages whose pfns need more than 32 bits."""
    dropped = {}
    for first, end, kind in built.runs:
        if expect.dropped_at(kind, 31):
            label = expect.REPORT_ROWS[kind]
            dropped[label] = dropped.get(label, 0) + end - first
    rows = {label: int(value, 16) for label, value in ROW.findall(text)}
    got = {label: rows.get(label) for label in dropped}
    harness.expect(got == dropped, harness.first_differences(got, dropped))
    tail.check(output, built, WIDE)


def big_1t(program):
    """1 TiB, compared page by page."""
    start = time.monotonic()
    with scratch("big-", disk()) as name:
        dump, output = f"{name}/vmcore", f"{name}/dump"
        mkdump.make((RECIPES / "big-1t.recipe").read_text(encoding="utf-8"), dump)
        laps, used = [time.monotonic() - start], os.stat(dump).st_blocks * 512 >> 20
        text, peak = run(program, dump, output, [])
        laps.append(time.monotonic() - start - sum(laps))
        check(dump, output, text)
        laps.append(time.monotonic() - start - sum(laps))
    print(f"     1 TiB, {used} MiB on disk: generated in {laps[0]:.0f} s, filtered in "
          f"{laps[1]:.0f} s, checked in {laps[2]:.0f} s; peak {peak} KiB of "
          f"{LIMIT_KIB} KiB")


def big_16t(program):
    """16 TiB and more: pfns of more than 32 bits."""
    start = time.monotonic()
    with scratch("big-", disk()) as name:
        dump, output = f"{name}/vmcore", f"{name}/dump"
        sections = {section.name: section for section in recipe.parse(
            (RECIPES / "big-16t.recipe").read_text(encoding="utf-8"))}
        built = machine.Unexplained(dump, sections["machine"], sections["pages"].statements)
        built.build()
        laps = [time.monotonic() - start]
        text, peak = run(program, dump, output, [])
        laps.append(time.monotonic() - start - sum(laps))
        check_wide(built, output, text)
    print(f"     16 TiB: generated in {laps[0]:.0f} s, filtered in {laps[1]:.0f} s; peak {peak} "
          f"KiB of {LIMIT_KIB} KiB")


def add(suite, program):
    """Add the cases."""
    suite.add("big-1t in 40 MiB", lambda: big_1t(program))
    suite.add("big-16t in 40 MiB", lambda: big_16t(program))
