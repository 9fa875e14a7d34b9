#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Command line of the lab: list, run GUEST..., run-all, check GUEST...; see README.md."""

import argparse
import pathlib
import sys

from capture import Program
from check import check
from guests import GUESTS, guest
from machine import MachineError
from packages import PackageError
from run import result_dir, run


def main():
    """Exit status 0 when every wanted guest gave its results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["list", "run", "run-all", "check"])
    parser.add_argument("guests", nargs="*", metavar="GUEST")
    parser.add_argument("--program", type=pathlib.Path, help="makedumpfile that the capture kernel runs")
    parser.add_argument("--program-root", type=pathlib.Path,
                        help="folder of unpacked packages with the program's libraries")
    parser.add_argument("--capture", type=pathlib.Path, default=Program.script,
                        help="sh file with what the capture kernel runs")
    args = parser.parse_args()
    if args.command == "list":
        for item in GUESTS:
            print(f"{item.name:20} {item.why}")
        return 0
    if args.command == "check":
        wrong = [line for name in args.guests for line in check(result_dir(guest(name)))]
        print("\n".join(wrong), end="\n" if wrong else "")
        return 1 if wrong else 0
    program = args.program and Program(args.program, args.program_root, args.capture)
    failed = 0
    for item in GUESTS if args.command == "run-all" else [guest(name) for name in args.guests]:
        try:
            run(item, program)
            print(f"{item.name}: {result_dir(item)}", flush=True)
        except (MachineError, PackageError) as error:
            print(f"{item.name}: FAILED: {error}", flush=True)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
