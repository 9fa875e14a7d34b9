# SPDX-License-Identifier: GPL-2.0-or-later
"""All guests with one program: boot and crash them, verify what came of it.

While one guest runs, in one thread of QEMU, the one before it is verified.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time

from check import check
from machine import MachineError
from packages import PackageError
from run import run
from verify.run import COLUMNS

VERIFY = pathlib.Path(__file__).resolve().parent / "verify" / "run.py"
COUNT = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)


class Verification:
    """verify/run.py for one guest, started at once; finish() waits and prints."""

    def __init__(self, guest, program, folder):
        self.guest = guest
        self.summary = folder / (guest.name + ".summary")
        self.log = folder / (guest.name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, VERIFY, "--program", program.path, "--summary", self.summary,
                 guest.name], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def finish(self):
        """(passed, failed, skipped); a run that counts nothing has failed."""
        status = self.process.wait()
        text = self.log.read_text(encoding="utf-8", errors="replace")
        print(text, end="", flush=True)
        counts = COUNT.findall(text)
        if not counts:
            print(f"FAIL {self.guest.name}: the verification counted nothing, exit status {status}")
            return 0, 1, 0
        passed, failed, skipped = (int(number or 0) for number in counts[-1])
        # A status that no count explains is a failure of its own; 77 says all were skipped.
        return passed, failed or int(status not in (0, 77)), skipped


def _run(guest, program):
    """The folder of results. An emulated machine that stops answering on a busy host gets a second try."""
    def say(text):
        print(f"ok   {text}", flush=True)

    try:
        return run(guest, program, say=say)
    except MachineError as error:
        print(f"     {error}; once more", flush=True)
        return run(guest, program, say=say)


def _boot(guest, program):
    """Run a guest and check its ground truth; returns (passed, failed)."""
    passed = failed = 0
    try:
        folder = _run(guest, program)
        passed += 1
        complaints = check(folder, say=lambda text: None)
        for line in complaints:
            print(f"FAIL {guest.name}: ground truth: {line}")
        passed, failed = passed + (not complaints), failed + len(complaints)
    except (MachineError, PackageError) as error:
        print(f"FAIL {guest.name}: {error}", flush=True)
        failed += 1
    return passed, failed


def test(guests, program):
    """Boot, crash and verify the guests; returns the number of failed cases."""
    totals = [0, 0, 0]
    start = time.monotonic()
    running = None
    with tempfile.TemporaryDirectory(prefix="mdflab-") as scratch:
        folder = pathlib.Path(scratch)
        for guest in guests:
            passed, failed = _boot(guest, program)
            totals[0] += passed
            totals[1] += failed
            if running:
                totals = [a + b for a, b in zip(totals, running.finish())]
            running = Verification(guest, program, folder) if not failed else None
        if running:
            totals = [a + b for a, b in zip(totals, running.finish())]
        lines = [path.read_text(encoding="utf-8") for guest in guests
                 for path in [folder / (guest.name + ".summary")] if path.exists()]
    print("\n" + COLUMNS + "\n" + "".join(lines) + f"\n{len(guests)} guests in {time.monotonic() - start:.0f} s")
    print("{} passed, {} failed, {} skipped".format(*totals))
    return totals[1]
