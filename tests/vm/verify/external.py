# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges that are programs of their own: the oracle, the comparison, the readers.

Each prints its cases and, last, a line that counts them. They run one after
the other in a thread while this process goes through its own cases.
"""

import dataclasses
import re
import subprocess
import sys
import threading
import time

import foreign
from verify.paths import ROOT, TESTS

COUNT = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
SECONDS = 900
ALL_SKIPPED = 77


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


def judges(subject):
    """The judges of one guest's dump."""
    script = [sys.executable, str(TESTS / "compat/oracle.py"), "--program", str(subject.program)]
    return [Judge("oracle", [*script, str(subject.folder)])]


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
