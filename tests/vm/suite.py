# SPDX-License-Identifier: GPL-2.0-or-later
"""All guests with one program: boot and crash them, verify what came of it.

Guests are verified in a thread of their own, one after the other, while further ones
run, each in one thread of QEMU; kernels are fetched ahead in another. So two cores are
busy, and none waits for the network.
"""

import concurrent.futures
import functools
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from check import check
from kernels import kernel
from machine import MachineError
from packages import PackageError
from run import run
from verify.run import COLUMNS

VERIFY = pathlib.Path(__file__).resolve().parent / "verify" / "run.py"
COUNT = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)


def _verify(guest, program, folder):
    """Run verify/run.py for one guest, then print what it said, and leave its line of the table in folder.

    (passed, failed, skipped); a run that counts nothing has failed.
    """
    done = subprocess.run([sys.executable, VERIFY, "--program", program.path, "--summary",
                           folder / (guest.name + ".summary"), guest.name], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode("utf-8", "replace")
    counts = COUNT.findall(text)
    if not counts:
        print(f"{text}FAIL {guest.name}: the verification counted nothing, exit status "
              f"{done.returncode}", flush=True)
        return 0, 1, 0
    print(text, end="", flush=True)
    passed, failed, skipped = (int(number or 0) for number in counts[-1])
    # A status that no count explains is a failure of its own; 77 says all were skipped.
    return passed, failed or int(done.returncode not in (0, 77)), skipped


def _fetch(guests, more):
    """Fetch the guests' kernels in the order they are wanted, then call each of more.

    Who needs what cannot be had says so.
    """
    kernels = dict.fromkeys(guest.kernel for guest in guests)
    for fetch in [*(functools.partial(kernel, name) for name in kernels), *more]:
        try:
            fetch()
        except (PackageError, OSError):
            pass


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


def test(guests, program, more=()):
    """Boot, crash and verify the guests; returns the number of failed cases.

    more: functions that fetch what a later part of the suite needs.
    """
    start = time.monotonic()
    threading.Thread(target=_fetch, args=(guests, more), daemon=True).start()
    counts = []
    with tempfile.TemporaryDirectory(prefix="mdflab-") as scratch, \
            concurrent.futures.ThreadPoolExecutor(max_workers=1) as verifying:
        folder = pathlib.Path(scratch)
        verified = []
        for guest in guests:
            passed, failed = _boot(guest, program)
            counts.append((passed, failed, 0))
            if not failed:
                verified.append(verifying.submit(_verify, guest, program, folder))
        totals = [sum(column) for column in zip(*counts, *(future.result() for future in verified))]
        lines = [path.read_text(encoding="utf-8") for guest in guests
                 for path in [folder / (guest.name + ".summary")] if path.exists()]
    print("\n" + COLUMNS + "\n" + "".join(lines) + f"\n{len(guests)} guests in {time.monotonic() - start:.0f} s")
    print("{} passed, {} failed, {} skipped".format(*totals))
    return totals[1]
