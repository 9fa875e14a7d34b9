#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""smallest.py: the smallest crashkernel= with which a real crash ends in a whole dump.

A guest crashes again and again, each time with 4 MiB more, until the capture
succeeds. All runs have the same capture kernel and the same initramfs, with both
programs and their libraries in it; only the command differs, which is on a disk.
The search starts where the capture kernel by itself comes up, with a command that
does nothing.

A program of its own because tests/vm and tests/gen have modules of the same name.
The result, JSON on standard output, is {who: what Size says}; the search is told
on standard error.
"""

import argparse
import dataclasses
import json
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "vm"), str(HERE.parent)]
import capture  # noqa: E402
import foreign  # noqa: E402
import matrix  # noqa: E402
import run  # noqa: E402
from machine import MachineError  # noqa: E402
from packages import cache_dir  # noqa: E402
from pylib import kdumpfile  # noqa: E402

STEP = 4
LEAST, MOST = 64, 192       # MiB; the former is too small for a kernel and its initramfs
SECONDS = 240      # a capture of level 1 takes 100 on a busy machine
WATCHED_TRIES = 2
NOTHING = "exec true"
COMMANDS = {"incumbent": "exec /bin/incumbent", "one": "exec /bin/makedumpfile"}
ALONE = "alone"     # the kernel without a program
DUMP = "dump"
OUT_OF_MEMORY = re.compile(r"out of memory|oom-kill|page allocation failure", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Both(capture.Program):
    """Our program as /bin/makedumpfile and the incumbent as /bin/incumbent."""

    other: foreign.Foreign | None = None

    def add_to(self, image):
        super().add_to(image)
        capture.add_foreign(image, capture.Program(self.other.path, self.other.root),
                            "bin/incumbent")


@dataclasses.dataclass
class Size:
    """What was found for one program: MiB; memory of a run that was watched, in KiB."""

    reserved: int
    least_available: int = 0
    most_own: int = 0


class Kdump:
    """Crashes of one guest with a given pair of programs."""

    def __init__(self, program, name, floor=None):
        self.guest = matrix.guest(name)
        self.program = Both(pathlib.Path(program), script=HERE / "kdump-capture",
                            other=foreign.makedumpfile())
        self.known_floor = floor

    @staticmethod
    def say(text):
        """Tell how the search goes."""
        print(text, file=sys.stderr, flush=True)

    def crash(self, command, reserved, watch, judge):
        """One crash; what judge() makes of the folder of results, None for a failure."""
        folder = cache_dir() / "bench"
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="kdump-", dir=folder) as name:
            work = pathlib.Path(name)
            given = work / "given"
            given.mkdir()
            (given / "command").write_text(command + "\n", encoding="ascii")
            if watch:
                (given / "watch").touch()
            try:
                steps = run.crash_once(self.guest, self.program, work, f"{reserved}M", given,
                                       SECONDS)
            except MachineError as error:
                self.say(f"  {reserved}M: {str(error).splitlines()[0]}")
                return None
            status = steps.get("collect", {}).get("status")
            result = judge(work / "out/crash") if status == 0 else None
            self.say(f"  {reserved}M: exit status {status}, "
                     f"{'complete' if result else 'incomplete'}")
            return result

    def floor(self):
        """The least size with which the capture kernel comes up and mounts its disk."""
        low, high = LEAST, MOST
        while not self.known_floor:
            if high - low == STEP:
                self.known_floor = high
                break
            middle = (low + high) // 2 // STEP * STEP
            if self.crash(NOTHING, middle, False, lambda folder: True):
                high = middle
            else:
                low = middle
        return self.known_floor

    def smallest(self, who, options):
        """The Size of one program with these options; None when even MOST is too small."""
        command = " ".join([COMMANDS[who], *options, "/proc/vmcore", f"/result/{DUMP}"])
        self.say(f"{command}:")
        for reserved in range(self.floor(), MOST + STEP, STEP):
            # Twice, for what fits only by luck does not fit.
            if self.crash(command, reserved, False, whole) and \
                    self.crash(command, reserved, False, whole):
                return Size(reserved)
        return None

    def watched(self, who, options, size, reserved):
        """Fill in the memory of a run at this size, which is one where it succeeds."""
        command = " ".join([COMMANDS[who], *options, "/proc/vmcore", f"/result/{DUMP}"])
        for _ in range(WATCHED_TRIES):
            values = self.crash(command, reserved, True, memory)
            if values:
                size.least_available, size.most_own = values
                break


def whole(folder):
    """True when the dump is complete and nothing ran out of memory on the way."""
    if OUT_OF_MEMORY.search((folder / "dmesg").read_text(encoding="utf-8", errors="replace")):
        return False
    return not kdumpfile.check(folder / DUMP, deep=False)


def memory(folder):
    """(least MemAvailable, most RssAnon + VmPTE) of a watched run."""
    text = (folder / "memory").read_text(encoding="ascii")
    return tuple(int(number) for number in re.findall(r"=(\d+)", text))


def search(kdump, options):
    """{who: Size or None}. Both programs are watched at the larger of both sizes."""
    found = {who: kdump.smallest(who, options) for who in COMMANDS}
    most = max((size.reserved for size in found.values() if size), default=0)
    for who, size in found.items():
        if size:
            kdump.watched(who, options, size, most)
    return {ALONE: Size(kdump.floor()), **found}


def main():
    """Command line; what is behind -- goes to both programs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--floor", type=int, help="MiB the kernel alone needs, when known")
    parser.add_argument("guest")
    parser.add_argument("options", nargs="+")
    args = parser.parse_args()
    found = search(Kdump(args.program, args.guest, args.floor), args.options)
    print(json.dumps({who: size and dataclasses.asdict(size) for who, size in found.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
