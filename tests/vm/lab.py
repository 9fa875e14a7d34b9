#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Command line of the lab; see README.md."""

import argparse
import pathlib
import sys

import foreign
from capture import Program
from check import check
from kernels import vmlinux
from machine import MachineError
from matrix import GUESTS, guest
from packages import PackageError
from run import result_dir, run
from suite import test
from verify.crashtool import test_crash
from verify.demo import demo


def program_of(text):
    """A capture.Program from the value of --program: a path, or `package`."""
    if text == "package":
        found = foreign.makedumpfile()
        return Program(found.path, found.root)
    return Program(pathlib.Path(text).resolve(strict=True))


def list_guests(_wanted, _args):
    """Print the table."""
    for item in GUESTS:
        print(f"{item.name:18} {item.memory:5} MiB  {item.why}")
    return 0


def run_guests(wanted, args):
    """Boot the guests whose results are not fresh; the number that failed."""
    program = program_of(args.program) if args.program else None
    failed = 0
    for item in wanted:
        try:
            print(f"{item.name}: {run(item, program)}", flush=True)
        except (MachineError, PackageError) as error:
            print(f"{item.name}: FAILED: {error}", flush=True)
            failed += 1
    return failed


def check_guests(wanted, _args):
    """Compare ground truth and dumps; the number of complaints."""
    wrong = [line for item in wanted for line in check(result_dir(item))]
    print("\n".join(["", *wrong, f"{len(wrong)} complaints"]))
    return len(wrong)


def test_guests(wanted, args):
    """Run and verify; the last line counts the cases."""
    more = () if args.guests else (foreign.crash, lambda: vmlinux(guest(DEMO_GUEST).kernel))
    return test(wanted, program_of(args.program), more)


def demo_guest(wanted, args):
    """Let one guest crash and show what happens."""
    return demo(wanted[0] if args.guests else guest(DEMO_GUEST), program_of(args.program))


def test_crash_guest(wanted, args):
    """Open one guest's dumps with the crash utility; the last line counts the cases."""
    return test_crash(wanted[0] if args.guests else guest(DEMO_GUEST), program_of(args.program))


DEMO_GUEST = "x86-6.1"
COMMANDS = {"list": list_guests, "run": run_guests, "run-all": run_guests, "check": check_guests,
            "test": test_guests, "test-crash": test_crash_guest, "demo": demo_guest}
NEED_PROGRAM = ("test", "test-crash", "demo")


def main():
    """Exit status 0 when all that was asked for went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("guests", nargs="*", metavar="GUEST", help="none: all")
    parser.add_argument("--program", help="makedumpfile that the capture kernel runs: a path, or "
                        "`package` for the archive's newest; without it nothing crashes")
    args = parser.parse_args()
    if args.command in NEED_PROGRAM and not args.program:
        parser.error(f"{args.command} needs --program")
    wanted = [guest(name) for name in args.guests] or GUESTS
    return 1 if COMMANDS[args.command](wanted, args) else 0


if __name__ == "__main__":
    sys.exit(main())
