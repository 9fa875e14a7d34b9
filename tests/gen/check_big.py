#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_big.py --program PROG [--limit-mib 40] [--keep FOLDER]: the 1 TiB machine.

Generates recipes/big-1t.recipe (1 GiB on disk, sparse), filters it at level 31 and
checks the kept pages and the memory the program needed: anonymous memory and page
tables, without mapped pages of the dump. Resident memory as a whole, which the
system measures without gaps, decides when it is low enough by itself.
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time

import genpath
import mkdump
from expect import Expected
from pylib import harness
from pylib.kdumpfile import KdumpFile

INTERVAL = 0.02
FIELD = re.compile(r"^(RssAnon|RssShmem|VmPTE|VmSwap):\s+(\d+) kB", re.M)


def watch(words):
    """Run; (exit status, output, peak resident KiB, peak sampled anonymous KiB, peak table KiB)."""
    anonymous = tables = 0
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            with contextlib.suppress(OSError):
                with open(f"/proc/{process.pid}/status", encoding="ascii") as stream:
                    seen = {name: int(value) for name, value in FIELD.findall(stream.read())}
                tables = max(tables, seen.pop("VmPTE", 0))
                anonymous = max(anonymous, sum(seen.values()))
            time.sleep(INTERVAL)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode("latin-1")
    return process.returncode, text, usage.ru_maxrss, anonymous, tables


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--limit-mib", type=int, default=40)
    parser.add_argument("--keep", help="folder for the generated machine, reused when it is there")
    args = parser.parse_args()
    suite, state = harness.Suite("1 TiB"), {}
    with contextlib.ExitStack() as stack:
        folder = args.keep or stack.enter_context(
            tempfile.TemporaryDirectory(prefix="big-", dir="/var/tmp"))
        dump, output = os.path.join(folder, "vmcore"), os.path.join(folder, "dump.31")

        @suite.case("generated")
        def generated():
            if not os.path.exists(dump + ".json"):
                recipe = genpath.HERE / "recipes/big-1t.recipe"
                mkdump.make(recipe.read_text(encoding="utf-8"), dump)

        @suite.case("memory")
        def memory():
            status, text, resident, anonymous, tables = watch(
                [args.program, "-f", "-l", "-d", "31", dump, output])
            harness.expect(status == 0, f"exit status {status}: {text[-400:]}")
            state["done"] = True
            print(f"     peak resident {resident} KiB, of that sampled anonymous {anonymous} KiB; "
                  f"page tables {tables} KiB")
            used = min(resident, anonymous) + tables if anonymous else resident + tables
            if resident + tables <= args.limit_mib * 1024:
                used = resident + tables
            harness.expect(used <= args.limit_mib * 1024, f"{used} KiB, limit {args.limit_mib} MiB")

        @suite.case("pages")
        def pages():
            if "done" not in state:
                raise harness.Skip("no dump was written")
            expected = Expected(dump + ".json")
            with KdumpFile(output) as written:
                faults = expected.compare(written.bitmap2, 31)
                harness.expect(not faults, "; ".join(faults))
                print(f"     {written.bitmap2.bit_count()} of {expected.present.bit_count()} pages kept")

        return suite.main()


if __name__ == "__main__":
    sys.exit(main())
